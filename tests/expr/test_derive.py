"""Derivatives against difference quotients in sixty digits."""

from __future__ import annotations

import math

import mpmath as mp
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dydt.expr.derive import derivative, gradient, jacobian, sparsity, time_derivative
from dydt.expr.evaluate import evaluate
from dydt.expr.graph import OPERATIONS, apply, symbol, walk, where
from dydt.expr.parse import parse
from dydt.expr.read import read
from tests.expr.random_expressions import NAMES, build, trees

mp.mp.dps = 60

x, y = symbol("x"), symbol("y")

_IN_MPMATH = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b,
    "neg": lambda a: -a, "abs": abs, "min": min, "max": max, "log10": mp.log10, "pow": mp.power,
    "cbrt": lambda a: mp.sign(a) * mp.cbrt(abs(a)), "mod": lambda a, b: a - b * mp.floor(a / b),
    "step": lambda a: mp.mpf(a >= 0), "select": lambda c, a, b: a if c else b,
    "lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b,
    "not": lambda a: not a, "and": lambda a, b: a and b, "or": lambda a, b: a or b,
}  # fmt: skip


def precise(node, values):
    """The value in sixty digits."""
    found = {}
    for item in walk([node]):
        if item.operation == "number":
            found[item.index] = mp.mpf(item.value)
        elif item.operation == "symbol":
            found[item.index] = values[item.value]
        else:
            function = _IN_MPMATH.get(item.operation) or getattr(mp, item.operation)
            found[item.index] = function(*(found[a.index] for a in item.arguments))
    return found[node.index]


def slopes(node, values, name):
    """Difference quotients to the left and to the right."""
    h = mp.mpf(10) ** -25
    middle = precise(node, values)
    right = precise(node, values | {name: values[name] + h})
    left = precise(node, values | {name: values[name] - h})
    return (middle - left) / h, (right - middle) / h


def check(node, values, name, tolerance=1e-12):
    values = {key: mp.mpf(value) for key, value in values.items()}
    left, right = slopes(node, values, name)
    assert mp.almosteq(left, right, 1e-15, 1e-15)
    assert mp.almosteq(precise(derivative(node, name), values), right, tolerance, tolerance)


@pytest.mark.parametrize(
    "row", [row for row in OPERATIONS.values() if not row.truth], ids=lambda row: row.name
)
@pytest.mark.parametrize("point", [(0.37, 0.71, 0.2), (0.83, 0.29, -0.6)])
def test_every_operation(row, point):
    names = ("p", "q", "r")
    node = apply(row.name, *map(symbol, names[: row.arity]))
    for name in names[: row.arity]:
        check(node, dict(zip(names, point, strict=True)), name)


@pytest.mark.parametrize(
    "row", ["cbrt", "abs", "sinh", "atan", "tan", "floor", "sign", "step", "erf", "tanh"]
)
def test_negative_arguments(row):
    check(apply(row, x), {"x": -0.63}, "x")


SMOOTH = (
    "add",
    "sub",
    "mul",
    "neg",
    "sin",
    "cos",
    "tanh",
    "atan",
    "exp",
    "div",
    "sqrt",
    "select",
    "max",
    "abs",
    "pow",
    "lt",
    "and",
)


@settings(max_examples=400, deadline=None)
@given(trees(SMOOTH), st.fixed_dictionaries(dict.fromkeys(NAMES, st.floats(0.1, 2.0))))
def test_chains(tree, values):
    node = build(tree)
    values = {key: mp.mpf(value) for key, value in values.items()}
    for name in NAMES:
        try:
            left, right = slopes(node, values, name)
            ours = precise(derivative(node, name), values)
        except (ZeroDivisionError, OverflowError, ValueError, TypeError, MemoryError):
            assume(False)
        assume(all(isinstance(number, mp.mpf) and abs(number) < 1e20 for number in (left, right)))
        assume(mp.almosteq(left, right, 1e-12, 1e-12) and abs(precise(node, values)) < 1e20)
        assume(mp.isfinite(ours))  # 0^0.25 has a vertical tangent
        # Constants are folded in double precision: where huge terms cancel, that shows.
        terms = (precise(part, values) for part in walk([derivative(node, name)]))
        assume(max((abs(term) for term in terms if isinstance(term, mp.mpf)), default=0) < 1e5)
        assert mp.almosteq(ours, right, 1e-9, 1e-9)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("3*x", "3"),
        ("-x", "-1"),
        ("x - y", "1"),
        ("y - x", "-1"),
        ("x^2", "2*x"),
        ("x*y", "y"),
        ("y/x", "-(y/x)/x"),
        ("sin(x)", "cos(x)"),
        ("cos(x)", "-sin(x)"),
        ("y*sin(3*x)", "y*(cos(3*x)*3)"),
        ("exp(-x)", "-exp(-x)"),
        ("y^2", "0"),
        ("floor(x)", "0"),
        ("if(x > 0, x^2, y)", "if(x > 0, 2*x, 0)"),
        ("if(y > 0, x, -x)", "if(y > 0, 1, -1)"),
        ("x^1", "1"),
        ("max(x^2, y)", "if(x^2 >= y, 2*x, 0)"),
        ("x + x", "2"),
    ],
)
def test_reads_well(text, result):
    assert derivative(read(text), "x") is read(result)


def test_a_branch_not_taken_does_not_spoil_the_derivative():
    node = where(x > 0, apply("sqrt", x), 0)
    assert evaluate(derivative(node, "x"), {"x": 0.0}) == 0.0
    assert evaluate(derivative(x**y, "y"), {"x": 0.0, "y": 2.0}) == 0.0
    assert math.isfinite(evaluate(derivative(apply("max", apply("log", x), y), "x"), {"x": 0.0, "y": 1.0}))


def test_gradient():
    assert [str(part) for part in gradient(read("x*sin(y)"), ["y", "z", "x"])] == ["x*cos(y)", "0", "sin(y)"]


LORENZ = parse("x' = s*(y - x); y' = x*(r - z) - y + t^2; z' = x*y - b*z")


def test_jacobian():
    found = jacobian(LORENZ)
    assert {place: str(entry) for place, entry in found.items()} == {
        (0, 0): "-s", (0, 1): "s", (1, 0): "r - z", (1, 1): "-1", (1, 2): "-x", (2, 0): "y", (2, 1): "x", (2, 2): "-b",
    }  # fmt: skip
    by_parameter = jacobian(LORENZ, list(LORENZ.parameters))
    assert {place: str(entry) for place, entry in by_parameter.items()} == {
        (0, 0): "y - x",
        (1, 1): "x",
        (2, 2): "-z",
    }
    assert [str(node) for node in time_derivative(LORENZ)] == ["0", "2*t", "0"]


def test_sparsity():
    assert sparsity(LORENZ) == [(0, 1), (0, 1, 2), (0, 1, 2)]
    assert sparsity(LORENZ, ["t", "r"]) == [(), (0, 1), ()]
    assert sparsity(parse("x' = 1")) == [()]


def test_jacobian_of_a_pendulum_on_a_pendulum():
    law = parse("m*l*p'' + l*q''*cos(p - q) + q'^2*sin(p - q) = -p; q'' + p''*cos(p - q) = -sin(q)")
    values = {"p": 0.4, "q": -0.9, "p'": 1.1, "q'": 0.3, "m": 2.3, "l": 1.4}
    found = jacobian(law)
    for (i, j), entry in found.items():
        precise_values = {key: mp.mpf(value) for key, value in values.items()}
        _, wanted = slopes(law.derivatives[i], precise_values, law.states[j])
        assert mp.almosteq(precise(entry, precise_values), wanted, 1e-12, 1e-12)
    assert {place for place in found if place[0] in (0, 2)} == {(0, 1), (2, 3)}


def test_a_thousand_states():
    n = 1000
    law = parse(
        "\n".join(f"u{i}' = u{(i + 1) % n} - 2*u{i} + u{i - 1 if i else n - 1} - u{i}^3" for i in range(n))
    )
    assert len(jacobian(law)) == 3 * n
    assert sparsity(law)[5] == tuple(sorted(law.states.index(f"u{k}") for k in (4, 5, 6)))


def test_deep_expressions():
    assert derivative(read("sin(" * 900 + "x" + ")" * 900), "x").operation == "mul"
    assert derivative(read("+".join(["x"] * 20_000)), "x").value == 20_000
