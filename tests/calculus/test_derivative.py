"""Derivatives: the article's numbers, known derivatives, an independent witness, and places without a slope."""

import json
import math

import numpy as np
import pytest

import dydt
from dydt.calculus.function import function
from dydt.calculus.quotient import limit_steps
from dydt.errors import InputError, LawError


def test_the_square_has_slope_2_at_1():
    d = dydt.derivative("f(x) = x^2", at=1, h=[1, 0.5, 0.1])
    assert d.text == "2*x"
    assert d.notations == ("f'(x) = 2*x", "df/dx = 2*x")
    assert (d.value, d.slope, d.trend) == (1, 2, "rising")
    assert [row.right for row in d.quotients] == [3, 2.5, 2.1]
    assert [row.left for row in d.quotients] == [1, 1.5, 1.9]
    secant = d.secant(0.5)
    assert (secant.P, secant.Q, secant.slope) == ((1, 1), (1.5, 2.25), 2.5)
    assert secant.line.equation == "y = 2.5*x - 1.5"
    assert d.tangent.line.equation == "y = 2*x - 1"
    assert d.verified


def test_the_table_goes_to_the_slope_from_both_sides():
    table = dydt.derivative("exp(x)", at=0).table
    errors = np.array([[abs(row.right - 1), abs(row.left - 1)] for row in table])
    assert np.all(np.diff(errors, axis=0) < 0)
    # (e^h - 1)/h = 1 + h/2 + h^2/6: at h = 1e-6 floats alone would be wrong in the tenth digit
    assert table[-1].right == pytest.approx(1 + 0.5e-6 + 1e-12 / 6, abs=1e-15)


def test_the_car_of_the_article():
    v = dydt.derivative("s(t) = -t^2 + 10*t", at=7)
    assert v.slope == -4
    assert v.trend == "falling"
    assert [dydt.derivative("-t^2 + 10*t", at=t).slope for t in (0, 5, 7)] == [10, 0, -4]


def test_the_limit_of_a_polynomial_is_written_out():
    steps = [step.text for step in dydt.derivative("x^2").limit]
    assert steps == [
        "m = (f(x + h) - f(x))/h",
        "m = ((x + h)^2 - x^2)/h",
        "m = (x^2 + 2*h*x + h^2 - x^2)/h",
        "m = (h^2 + 2*h*x)/h",
        "m = h + 2*x",
        "f'(x) = 2*x",
    ]


@pytest.mark.parametrize(
    "text", ["x^5 - 3*x", "1/x", "(x + 1)/(x - 2)", "sqrt(x)", "sqrt(1 + x^2)", "7", "h*x^2"]
)
def test_every_limit_is_checked(text):
    d = dydt.derivative(text, variable="x")
    assert d.limit
    assert all(step.checked for step in d.limit)


def test_a_wrong_slope_does_not_pass_the_limit():
    f = function("x^2")
    assert not limit_steps(f, 3 * f.symbol)[-1].checked


TABLE = {  # Bronstein & Semendjajew, Taschenbuch der Mathematik, table of derivatives
    "x^3": lambda x: 3 * x**2,
    "1/x": lambda x: -1 / x**2,
    "sqrt(x)": lambda x: 0.5 / math.sqrt(x),
    "exp(x)": math.exp,
    "2^x": lambda x: 2**x * math.log(2),
    "log(x)": lambda x: 1 / x,
    "sin(x)": math.cos,
    "cos(x)": lambda x: -math.sin(x),
    "tan(x)": lambda x: 1 / math.cos(x) ** 2,
    "asin(x)": lambda x: 1 / math.sqrt(1 - x * x),
    "acos(x)": lambda x: -1 / math.sqrt(1 - x * x),
    "atan(x)": lambda x: 1 / (1 + x * x),
    "sinh(x)": math.cosh,
    "tanh(x)": lambda x: 1 / math.cosh(x) ** 2,
    "x^x": lambda x: x**x * (1 + math.log(x)),
}


@pytest.mark.parametrize("text", TABLE)
def test_the_table_of_derivatives(text):
    d = dydt.derivative(text, at=0.3)
    assert d.slope == pytest.approx(TABLE[text](0.3), rel=1e-13)
    assert d.verified


@pytest.mark.parametrize(
    "text",
    ["x^2*sin(3*x)", "(x^2 + 1)/(x - 1)", "exp(-x^2)*cos(x)", "abs(x^2 - 1)", "if(x > 0, x^2, -x)", "max(x, 1 - x)",
     "mod(x, 2)*x", "cbrt(x)", "atan2(x, 2)", "log10(x^2 + 1)", "erf(x)", "x*step(x)", "floor(x)*x", "min(x, x^2, 1)"],
)  # fmt: skip
def test_rules_agree_with_the_graph_of_expressions(text):
    d = dydt.derivative(text)
    assert d.verified
    places = np.array([-1.37, -0.61, 0.23, 0.77, 1.19])
    assert d.as_function()(places) == pytest.approx(d.function.slope(places), rel=1e-12)


def test_each_rule_is_named():
    says = " ".join(step.says for step in dydt.derivative("x*sin(2*x) + x/(1 + x^2)").rules)
    for word in ("product rule", "quotient rule", "chain rule", "sum rule", "constant factor"):
        assert word in says


def test_higher_derivatives():
    d = dydt.derivative("sin(x)", at=0.5, order=3)
    assert d.text == "-cos(x)"
    assert d.slope == pytest.approx(-math.cos(0.5))
    assert d.table[-1].right == pytest.approx(d.slope, abs=1e-5)
    assert dydt.derivative("x^3", order=2).notations == ("f''(x) = 6*x", "d^2f/dx^2 = 6*x")


@pytest.mark.parametrize(
    ("text", "at", "kind", "word"),
    [
        ("abs(x)", 0, "corner", "-1 from the left and 1 from the right"),
        ("log(x)", -1, "undefined", "not defined"),
        ("log(x)", 0, "pole", "−∞ from the right"),
        ("sqrt(x)", 0, "edge", "on the right only"),
        ("cbrt(x)", 0, "vertical tangent", "∞ from the left and ∞"),
        ("floor(x)", 1, "jump", "0 from the left and 1 from the right"),
        ("1/x", 0, "pole", "−∞ from the left and ∞ from the right"),
        ("sin(x)/x", 0, "gap", "comes to 1"),
        ("if(x == 0, 0, x*sin(1/x))", 0, "no limit", "no limit"),
    ],
)
def test_places_without_a_slope_get_a_clear_word(text, at, kind, word):
    d = dydt.derivative(text, at=at)
    assert d.point.kind == kind
    assert word in d.point.says
    assert math.isnan(d.slope)
    assert d.tangent is None
    assert word in str(d)


def test_a_joint_without_a_corner_has_a_slope():
    assert dydt.derivative("if(x < 1, x^2, 2*x - 1)", at=1).slope == 2


def test_parameters_by_name():
    assert dydt.derivative("a*x^2", a=3, at=1).slope == 6
    assert dydt.derivative("a*x^2", variable="x").text == "2*a*x"
    assert dydt.derivative("h*x", values={"h": 2}).text == "2"


@pytest.mark.parametrize(
    ("text", "given", "message"),
    [
        ("a*x", {}, "2 names without a value"),
        ("x^2", {"at": 1, "h": 0}, "0/0"),
        ("x^2", {"h": 1}, "h needs a place"),
        ("x^2", {"at": math.nan}, "finite"),
        ("x^2", {"on": (2, 2)}, "empty"),
        ("x^2", {"on": (2, 1)}, "backwards"),
        ("x^2", {"on": (0, math.inf)}, "finite"),
        ("x^2", {"order": 0}, "order"),
        ("x^2", {"k": 1}, "has no `k`"),
        ("a*x^2", {"variable": "x", "at": 1}, "has no value"),
        (3, {}, "a function is text"),
    ],
)
def test_bad_input_is_told(text, given, message):
    with pytest.raises(InputError, match=message):
        dydt.derivative(text, **given)


def test_text_that_is_no_function_has_a_caret():
    with pytest.raises(LawError, match=r"\^"):
        dydt.derivative("f(x) = x^^2")


def test_results_are_data():
    told = json.loads(dydt.derivative("abs(x)", at=0, on=(-1, 1)).to_json())
    assert told["at"]["slope"] is None
    assert told["shape"]["critical"][0]["kind"] == "minimum"
    assert "f'(x) = \\frac{df}{dx} = 2 x" in dydt.derivative("x^2")._repr_latex_()
