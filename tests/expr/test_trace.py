"""Laws written as Python functions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dydt.errors import InputError, LawError
from dydt.expr.evaluate import evaluate
from dydt.expr.graph import apply, symbol, where
from dydt.expr.parse import parse
from dydt.expr.trace import trace

x, y, t = symbol("x"), symbol("y"), symbol("t")
MATRIX = np.array([[0.0, 1.0], [-2.0, 0.0]])


def lorenz(t, y, p):
    return [p.s * (y[1] - y[0]), y[0] * (p.r - y[2]) - y[1], y[0] * y[1] - p.b * y[2]]


def test_the_same_nodes_as_text():
    law = trace(lorenz, "x y z")
    text = parse("x' = s*(y - x); y' = x*(r - z) - y; z' = x*y - b*z")
    assert law.states == text.states
    assert all(a is b for a, b in zip(law.derivatives, text.derivatives, strict=True))
    assert law.parameters == {"s": None, "r": None, "b": None}


def in_place(t, y):
    slope = np.zeros_like(y)
    slope[0] = y[1]
    slope[1] = -y[0]
    slope += 1
    return slope


def unpacked(t, y, p):
    x, v = y
    a, b = p
    return a * x, b * v


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (lambda t, y: [y["y"], -y.x], [y, -x]),
        (lambda t, y: (y[1], 2), [y, x * 0 + 2]),
        (lambda t, y: {"y": -y[0], "x": y[-1]}, [y, -x]),
        (lambda t, y: MATRIX @ y, [y, -2 * x]),
        (lambda t, y: MATRIX @ np.array(y), [y, -2 * x]),
        (lambda t, y: np.dot(MATRIX, y), [y, -2 * x]),
        (lambda t, y: np.eye(2) @ y * t, [x * t, y * t]),
        (lambda t, y: np.array(y) * 2 - t, [x * 2 - t, y * 2 - t]),
        (lambda t, y: np.sin(y) ** 2, [apply("sin", x) ** 2, apply("sin", y) ** 2]),
        (lambda t, y: [np.sin(y[0]), np.arctan2(y[1], t)], [apply("sin", x), apply("atan2", y, t)]),
        (lambda t, y: np.maximum(2 * y, 0), [apply("max", 2 * x, 0), apply("max", 2 * y, 0)]),
        (lambda t, y: np.where(y > 0, y, 1), [where(x > 0, x, 1), where(y > 0, y, 1)]),
        (lambda t, y: [np.where(y[0] > 0, 1, 2), t], [where(x > 0, 1, 2), t]),
        (
            lambda t, y: np.clip(y, 0, 1),
            [apply("min", apply("max", x, 0), 1), apply("min", apply("max", y, 0), 1)],
        ),
        (lambda t, y: [np.sum(y), y.sum() - y.dot([1, 0])], [x + y, x + y - x]),
        (lambda t, y: np.concatenate([y[1:], -y[:1]]), [y, -x]),
        (lambda t, y: np.stack([y[1], -y[0]]), [y, -x]),
        (lambda t, y: np.roll(y, 1), [y, x]),
        (in_place, [y + 1, -x + 1]),
        (lambda t, y: y, [x, y]),
        (lambda time, state, p=None: state * time, [x * t, y * t]),
        (lambda *arguments: arguments[1], [x, y]),
    ],
)
def test_what_a_law_may_do(function, wanted):
    law = trace(function, "x y")
    values = {"x": 0.3, "y": -1.2, "t": 0.7}
    for ours, theirs in zip(law.derivatives, wanted, strict=True):
        assert evaluate(ours, values) == pytest.approx(evaluate(theirs, values), rel=1e-15)


def test_single_state():
    assert trace(lambda t, y: -y[0], "x").derivatives[0] is -x
    assert trace(lambda t, y: -y, ["x"]).derivatives[0] is -x


def test_given_parameters_keep_their_order():
    law = trace(unpacked, "x v", ["a", "b"])
    assert law.parameters == {"a": None, "b": None}
    assert law.derivatives[1] is symbol("b") * symbol("v")
    assert trace(lambda t, y, p: [p[1]], "x", ["a", "b"]).derivatives[0] is symbol("b")
    assert list(trace(lambda t, y, p: [p.k * p["α"]], "x").parameters) == ["k", "alpha"]


def test_independent_variable():
    law = trace(lambda s, y: [s * y[0]], "y", independent="s")
    assert law.derivatives[0] is symbol("s") * y
    assert law.independent == "s"


def test_a_product_with_a_sparse_matrix_is_quick_and_short():
    matrix = np.diag(np.full(300, -2.0)) + np.diag(np.ones(299), 1) + np.diag(np.ones(299), -1)
    law = trace(lambda t, y: matrix @ y, [f"u{i}" for i in range(300)])
    assert str(law.derivatives[7]) == "u6 + -2*u7 + u8"


def branching(t, y):
    return [y[0] if y[0] > 0 else -y[0], 1]


def filling(t, y):
    slope = np.zeros(2)
    slope[0] = y[1]
    return slope


@pytest.mark.parametrize(
    ("function", "message", "hint"),
    [
        (lambda t, y: None, "returned nothing", "`return` missing? It should give 2 derivatives: x, y"),
        (lambda t, y: [1], "returned 1 value(s)", "2 derivatives: x, y"),
        (lambda t, y: y[0], "returned 1 value(s)", "2 derivatives"),
        (lambda t, y: (item for item in y), "returned a generator", "a list should give"),
        (lambda t, y: "ab", "returned a str", ""),
        (lambda t, y: ["a", 1], "'a' as the derivative of `x`", ""),
        (lambda t, y: [1, 2j], "2j as the derivative of `y`, which is not a real number", ""),
        (lambda t, y: [1, None], "None as the derivative of `y`", ""),
        (lambda t, y: [y, 1], "which is not one number", ""),
        (lambda t, y: [math.nan, 1], "nan as the derivative of `x`", "zero"),
        (lambda t, y: [1, np.inf], "inf as the derivative of `y`", ""),
        (lambda t, y: np.array([y]), "shape (1, 2), not (2,)", ""),
        (lambda t, y: {"x": 1}, "no derivative of `y`", ""),
        (lambda t, y: {"x": 1, "z": 1}, "derivative of 'z', which is no state", ""),
        (lambda t, y: [y[5], 1], "asks for y[5], but has 2 states: x, y", ""),
        (lambda t, y: [y["xx"], 1], "no state `xx`; did you mean `x`?", "states are x, y"),
        (lambda t, y: [y.z, 1], "no state `z`", ""),
        (lambda t, y, p: [p.sgima, 1], "the parameter `sgima`; did you mean `sigma`?", "sigma, rho"),
        (lambda t, y, p: [p["x"], 1], "`x` is not a parameter but a state", ""),
        (lambda t, y, p: [p[2], 1], "asks for p[2], but has 2 parameters", ""),
        (lambda t, y: [math.sin(y[0]), 1], "as a plain float", "np.sin"),
        (lambda t, y: np.linalg.solve(MATRIX, y), "solve", ""),
        (branching, "branches on the value of `x > 0`", "where"),
        (filling, "as a plain float", "np.zeros_like(y)"),
        (lambda t: [1, 2], "the law takes (t)", "f(t, y, p) or f(t, y)"),
        (lambda t, y, p, q: [1, 2], "the law takes (t, y, p, q)", ""),
    ],
)
def test_complaint(function, message, hint):
    with pytest.raises(LawError) as caught:
        trace(function, "x y", ["sigma", "rho"])
    assert message in caught.value.problem
    assert hint in caught.value.hint


def test_parameters_without_an_order():
    for function in (lambda t, y, p: [p[0]], lambda t, y, p: list(p)):
        with pytest.raises(LawError, match="no order"):
            trace(function, "x")


@pytest.mark.parametrize(
    ("states", "message"), [("", "names of its states"), ("2x", "can't name"), ("x x", "twice")]
)
def test_names_of_states(states, message):
    with pytest.raises(InputError, match=message):
        trace(lambda t, y: y, states)


def test_errors_of_the_law_itself_come_through():
    with pytest.raises(ZeroDivisionError):
        trace(lambda t, y: [1 / 0], "x")
