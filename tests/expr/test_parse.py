"""The language of laws: statements, and what is said about the ones that can't be used."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dydt.errors import DydtError, InputError, LawError
from dydt.expr.evaluate import evaluate
from dydt.expr.graph import symbol, symbols
from dydt.expr.parse import parse
from tests.problems import PROBLEMS


def written(law):
    """The law as `{state: text of its derivative}`."""
    return {state: str(node) for state, node in zip(law.states, law.derivatives, strict=True)}


def test_lotka_volterra():
    law = parse("""
        # two species
        x' = a*x - b*x*y          # rabbits
        y' = d*x*y - g*y          # foxes
        a = 1.5   # births; not a statement
        x(0) = 2; y(0) = a/2
        t = 0:18
    """)
    assert law.states == ("x", "y")
    assert law.parameters == {"a": 1.5, "b": None, "d": None, "g": None}
    assert {name: str(node) for name, node in law.initial.items()} == {"x": "2", "y": "a/2"}
    assert (law.start, law.span, law.singular, law.independent) == (0.0, (0.0, 18.0), (), "t")


@pytest.mark.parametrize(
    "text",
    ["x'' = -x", "d^2x/dt^2 = -x", "d**2x/dt**2 = -x", "d2x/dt2 = -x",
     "d²x/dt² = -x", "d^2 x / dt^2 = -x", "x''(t) = -x(t)",
     "x'' + x = 0", "0 = x + x''", "-x = x''", "x′′ = −x"],
)  # fmt: skip
def test_second_order(text):
    law = parse(text)
    assert written(law) == {"x": "x'", "x'": "-x"}
    assert law.singular == ()


def test_leibniz_beside_other_names():
    law = parse("dx/dt = d*x/dt2 + dx; dy/dt = 2dx/dt")
    assert law.states == ("x", "y")
    assert law.parameters == {"d": None, "dt2": None, "dx": None}
    assert law.derivatives[1] is 2 * law.derivatives[0]


def test_independent_variable():
    law = parse("dy/dx = x*y + t; x = 0:1; y(0) = 1", independent="x")
    assert (law.states, law.independent, law.span) == (("y",), "x", (0.0, 1.0))
    assert list(law.parameters) == ["t"]
    assert parse("dy/dτ = y", independent="tau").states == ("y",)
    assert parse("y' = e*y", independent="e").derivatives[0] is symbol("e") * symbol("y")


def test_states_in_the_order_of_their_equations():
    assert parse("y' = z; x'' = y'; z' = x'").states == ("y", "x", "x'", "z")
    assert parse("u' - v' = 1; u' + v' = w; w' = 1").states == ("u", "v", "w")


@pytest.mark.parametrize(
    ("text", "derivative", "singular"),
    [
        ("x' + 2x = sin(t)", "sin(t) - 2*x", []),
        ("t*y'' + y^2 = sin(t)", "(sin(t) - y^2)/t", ["t"]),
        ("m*x'' = -k*x", "-k*x/m", ["m"]),
        ("2x' = t", "t/2", []),
        ("5 = t - x'", "t - 5", []),
        ("y = x*y' + 1", "(y - 1)/x", ["x"]),
        ("(x' - t)/b + a*x' = 1", None, ["1/b + a"]),
        ("a*(x' + b*(x' - 1)) = 0", None, ["a*(1 + b)"]),
        ("if(t > 1, x', 2x') = t", None, ["if(t > 1, 1, 2)"]),
        ("F = m*a; m*a = -k*x; a = x''", "-k*x/m", ["m"]),
        ("x' = x'/2 + t", "t/0.5", []),
    ],
)
def test_implicit(text, derivative, singular):
    law = parse(text)
    assert [str(node) for node in law.singular] == singular
    if derivative is not None:
        assert str(law.derivatives[-1]) == derivative


def test_implicit_is_solved_exactly():
    law = parse("(x' - t)/b + a*x' = 1")
    values = {"t": 0.3, "a": 2.0, "b": 0.7}
    slope = evaluate(law.derivatives[0], values)
    assert (slope - 0.3) / 0.7 + 2 * slope == pytest.approx(1.0)


DOUBLE_PENDULUM = """
    (m1 + m2)*l1*p'' + m2*l2*q''*cos(p - q) + m2*l2*q'^2*sin(p - q) + (m1 + m2)*g*sin(p) = 0
    l2*q'' + l1*p''*cos(p - q) = l1*p'^2*sin(p - q) - g*sin(q)
"""


def test_double_pendulum():
    law = parse(DOUBLE_PENDULUM)
    assert law.states == ("p", "p'", "q", "q'")
    assert len(law.singular) == 1
    v = {"p": 1.1, "q": -0.4, "p'": 0.6, "q'": 2.0, "m1": 1.5, "m2": 0.7, "l1": 1.2, "l2": 0.8, "g": 9.81}
    c, s = math.cos(v["p"] - v["q"]), math.sin(v["p"] - v["q"])
    m, l1, l2, m2 = v["m1"] + v["m2"], v["l1"], v["l2"], v["m2"]
    matrix = np.array([[m * l1, m2 * l2 * c], [l1 * c, l2]])
    right = [
        -m2 * l2 * v["q'"] ** 2 * s - m * v["g"] * math.sin(v["p"]),
        l1 * v["p'"] ** 2 * s - v["g"] * math.sin(v["q"]),
    ]
    ours = [evaluate(law.derivatives[row], v) for row in (1, 3)]
    assert ours == pytest.approx(np.linalg.solve(matrix, right), rel=1e-12)
    assert evaluate(law.singular[0], v) == pytest.approx(np.linalg.det(matrix))


def test_four_together():
    rng = np.random.default_rng(3)
    matrix = rng.integers(-4, 5, (4, 4))
    text = "\n".join(
        " + ".join(f"({c})*x{j}'" for j, c in enumerate(row)) + f" = {i + 1}" for i, row in enumerate(matrix)
    )
    law = parse(text)
    ours = [evaluate(node, {}) for node in law.derivatives]
    wanted = dict(zip([f"x{j}" for j in range(4)], np.linalg.solve(matrix, [1, 2, 3, 4]), strict=True))
    assert ours == pytest.approx([wanted[state] for state in law.states])
    assert law.singular == ()


def test_derivatives_of_others_are_put_in():
    assert written(parse("x' = y' + 1; y' = -x")) == {"x": "-x + 1", "y": "-x"}
    law = parse("x' = y' + 1; y' = 2 - x'")
    assert written(law) == {"x": "1.5", "y": "0.5"}
    chain = parse("\n".join(f"x{i}' = x{i + 1}' + 1" for i in range(500)) + "\nx500' = 0")
    assert str(chain.derivatives[0]) == "500"


def test_definitions():
    law = parse("v = 2*u; u = c*x; c = 2*a; a = 8/3; w = x' + 1; x' = -v; speed = 2*pi; h = exp(1)/e")
    assert list(law.intermediates) == ["v", "u", "c", "w"]
    assert law.parameters["a"] == 8 / 3
    assert law.parameters["speed"] == 2 * math.pi
    assert law.parameters["h"] == pytest.approx(1.0)
    x, a = symbol("x"), symbol("a")
    assert law.intermediates["c"] is 2 * a
    assert law.derivatives[0] is -(2 * (2 * a * x))
    assert law.intermediates["w"] is -(2 * (2 * a * x)) + 1


def test_a_long_chain_of_definitions():
    law = parse("\n".join(f"v{i} = v{i + 1} + 1" for i in range(5000)) + "\nv5000 = x\nx' = v0")
    assert len(law.intermediates) == 5001


def test_parameters_in_order_of_appearance():
    assert list(parse("x' = c*x + a; b = 1; x(0) = z; a = 2").parameters) == ["c", "a", "b", "z"]


def test_eulers_number():
    assert evaluate(parse("x' = e*x").derivatives[0], {"x": 1.0}) == math.e
    assert parse("x' = e*x; e = 0.9").parameters == {"e": 0.9}
    assert parse("x' = e*x", values=["e"]).parameters == {"e": None}
    assert parse("e' = -e").states == ("e",)
    assert parse("π' = -π").states == ("pi",)


def test_initial_values():
    law = parse("x'' = -x; x(pi/2) = 1/3; x'(pi/2) = 2^0.5*a")
    assert law.start == math.pi / 2
    assert law.initial["x"].value == 1 / 3
    assert str(law.initial["x'"]) == "2^0.5*a"
    assert list(parse("dx/dt = 1; x(0) = v; v = 2*b").parameters) == ["b"]
    assert parse("d^2x/dt^2 = 1; dx/dt(0) = 5").initial["x'"].value == 5.0
    assert parse("x' = 1").start is None


def test_span():
    assert parse("x' = 1; t = 2*pi:-1").span == (2 * math.pi, -1.0)
    assert parse("x' = 1").span is None


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "hint"),
    [
        ("", 1, 1, "no equation", "write x' = …"),
        ("a = 1", 1, 1, "no equation", ""),
        ("x' = 1\nx'", 2, 1, "no `=`", "remarks follow a `#`"),
        ("x' =", 1, 4, "the expression is missing", ""),
        ("= 1", 1, 1, "the expression is missing", ""),
        ("x' = a*(b\ny' = 2", 1, 8, "never closed", "add a `)`"),
        ("x' = 1\nx' = 2", 2, 1, "`x'` is given twice", "before, on line 1: x' = 1"),
        ("x' = 1\na = 1\na = 2", 3, 1, "`a` is given twice", "line 2: a = 1"),
        ("x' = 1; x(0) = 1\nx(0) = 2", 2, 1, "`x` is given twice", "line 1"),
        ("x' = 1\nx = 3", 2, 1, "`x` is a state", "x(0) = …"),
        ("x' = 1\nx'' = 2", 2, 1, "`x''` is used here, but `x'` is given", "line 1: x' = 1"),
        ("a = a + 1; x' = a", 1, 5, "`a` is defined by itself", "a' = …"),
        ("a = b; b = a; x' = a", 1, 12, "defined by itself", ""),
        ("t' = 1", 1, 1, "`t` is the independent variable", "independent="),
        ("x' = 1; t = 5", 1, 9, "gets no value", "t = 0:10"),
        ("x' = 1; t = 1:1", 1, 9, "begins and ends at 1", ""),
        ("x' = 1; t = 0:1:2", 1, 16, "one `:`", ""),
        ("x' = 1; t = 0:b", 1, 15, "must be a number, not `b`", ""),
        ("x' = 1; t = :b", 1, 13, "the expression is missing", ""),
        ("x' = 1; t = 0:1; t = 0:2", 1, 18, "given twice", ""),
        ("x' = 1; x(1) = 1; t = 0:2", 1, 19, "hold at t = 1", "begin the span at 1"),
        ("x' = 1; y' = 1; x(0) = 1\ny(1) = 2", 2, 1, "two different places", "line 1"),
        ("rabbits' = 1; rabits(0) = 1", 1, 15, "did you mean `rabbits`?", ""),
        ("x'' = 1; x''(0) = 2", 1, 10, "has no initial value", "x, x'"),
        ("x' = 1; x(0) = t", 1, 9, "can't use `t`, which changes", ""),
        ("x' = 1; x(a) = 2", 1, 11, "must be a number, not `a`", ""),
        ("0*x' = 1", 1, 1, "the factor in front is zero", ""),
        ("a*x' - a*x' = 1", 1, 1, "the factor in front is zero", ""),
        ("x' = y' + 1; y' = x' + 1", 1, 1, "don't settle `x'`, `y'`", ""),
        ("x' + y' = 1", 1, 1, "1 equation for 2 highest derivatives: `x'`, `y'`", ""),
        ("x' = 1; 2x' = t", 1, 9, "one equation too many", "take one out"),
        ("x'' = 1; x' + x = t; y' = y", 1, 10, "one equation too many: this constraint leaves nothing", "missing"),
        ("F = m*x''", 1, 7, "there is no equation for `x''`", "`F = …` only names a quantity"),
        ("v = 2*x; x' = v'", 1, 1, "`v` is a state", "for v' is on line 1"),
        ("x\" = -x", 1, 2, "no meaning", "two primes, x''"),
        ("x' = z'", 1, 6, "there is no equation for `z'`", "z' = …"),
        ("x' = 1; v = z''", 1, 13, "there is no equation for `z''`", ""),
        ("0 = x^2 - 2", 1, 1, "no equation says how something changes", "x' = …"),
        ("dx/ds = 1", 1, 1, "with respect to `s`", 'independent="s"'),
        ("d^2x/dt = 1", 1, 1, "the orders above and below", "d^2x/dt^2"),
        ("x' = x(t - 1)", 1, 6, "not yet: `x` is wanted at another place", ""),
        ("x' = a(t)", 1, 6, "`a` is not a function", "a*( … )"),
        ("x' = 1; when x > 0: x = 1", 1, 23, "this event can't be read", "when y = 0 falling"),
        ("sin' = 1", 1, 1, "`sin` is a function", "sin_"),
        ("step = 0.1; x' = 1", 1, 1, "`step` is a function", ""),
        ("x" + "'" * 51 + " = 1", 1, 1, "up to order 50", ""),
        ("x' = sgima\n\ny' = sine(x)", 3, 6, "did you mean `sin`?", ""),
    ],
)  # fmt: skip
def test_complaint(text, line, column, message, hint):
    with pytest.raises(LawError) as caught:
        parse(text)
    error = caught.value
    assert message in error.problem
    assert hint in error.hint
    assert (error.line, error.column) == (line, column)


def test_five_together_are_too_many():
    text = "\n".join(f"x{i}' + x{(i + 1) % 5}' = 1" for i in range(5))
    with pytest.raises(LawError, match="not yet: 5 equations hang together"):
        parse(text)


def test_arguments():
    with pytest.raises(InputError, match="not int"):
        parse(3)
    with pytest.raises(InputError, match="independent"):
        parse("x' = 1", independent="2t")


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=lambda problem: problem.name)
def test_certified_problems_can_be_read(problem):
    law = parse(problem.text, values=problem.parameters)
    assert law.states == problem.states
    assert set(law.parameters) <= set(problem.parameters)


@settings(max_examples=500, deadline=None)
@given(st.text())
def test_any_text(text):
    _read_or_complain(text)


WORDS = """x y a t e pi sin( if( max( ( ) + - * / ^ ** = == < > , : ; ' '' x' x'' y' dx/dt d^2y/dt^2 x(0) x(t) 2 .5
        1e3 ² α and or not when # 0:1""".split()  # noqa: SIM905
WORDS += ["\n", " "]


@settings(max_examples=2000, deadline=None)
@given(st.lists(st.sampled_from(WORDS)).map("".join))
def test_any_words(text):
    _read_or_complain(text)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join), max_size=4))
def test_any_right_hand_sides(parts):
    _read_or_complain(
        "\n".join(
            f"{name} = 1 + {part}" for name, part in zip(("x'", "y''", "a", "x(0)"), parts, strict=False)
        )
    )


def _read_or_complain(text):
    try:
        law = parse(text)
    except DydtError:
        return
    assert len(law.states) == len(law.derivatives) > 0
    known = {*law.states, *law.parameters, law.independent}
    assert set(symbols([*law.derivatives, *law.initial.values(), *law.intermediates.values()])) <= known


@pytest.mark.parametrize(
    "text",
    [
        "@" * 10**6,
        "x" * 10**6,
        "(" * 10**6,
        ")" * 10**6,
        "'" * 10**6,
        " " * 10**6,
        "\n" * 10**6,
        "9" * 10**6,
        "x\n" * 500_000,
        "d x " * 250_000,
        "d" * 500_000 + "/" * 500_000,
        "d" + "9" * 10**6 + "x/dt = 1",
        "x" + "'" * 10**6 + " = 1",
        "f" * 10**6 + "(x) = 1",
        "a = 1;" * 170_000,
        "x' = " + "f" * 10**6 + "(x)",
        "x' = " + "9" * 10**6,
        "x' = " + "9^" * 10_000 + "9",
        "x' = " + "sin(" * 200_000,
        "x² = " + "²" * 10**6,
        "0" * 2_000_001,
    ],
    ids=lambda text: f"{text[:8]!r}",
)
def test_large_nonsense_is_refused_quickly(text):
    start = time.process_time()
    with pytest.raises(LawError) as caught:
        parse(text)
    assert time.process_time() - start < 20  # seconds: no hang; about one here
    assert len(str(caught.value)) < 1000


def test_too_many_states():
    with pytest.raises(LawError, match="100000 states"):
        parse("\n".join(f"x{i}'=1" for i in range(100_001)))


def brusselator(cells):
    """A chain of reacting cells, two equations each."""
    return "\n".join(
        f"u{i}' = a + u{i}^2*v{i} - (b + 1)*u{i} + alpha*(u{(i - 1) % cells} - 2*u{i} + u{(i + 1) % cells})\n"
        f"v{i}' = b*u{i} - u{i}^2*v{i} + alpha*(v{(i - 1) % cells} - 2*v{i} + v{(i + 1) % cells})"
        for i in range(cells)
    )


def test_a_thousand_states_are_read_quickly():
    text = brusselator(500)
    start = time.process_time()
    law = parse(text)
    assert (
        time.process_time() - start < 20
    )  # seconds: it grows with the length of the text, not with its square
    assert len(law.states) == 1000
    assert list(law.parameters) == ["a", "b", "alpha"]
