"""Integrals: the article's numbers, tables of integrals, what diverges, and quadrature by another method."""

import itertools
import json
import math

import numpy as np
import pytest
import sympy

import dydt
from dydt.calculus.sums import RULES
from dydt.errors import InputError


def test_the_table_of_antiderivatives_of_the_article():
    found = dydt.integral("x")
    assert found.text == "x^2/2 + C"
    assert found.verified


def test_four_by_the_table_by_the_limit_and_by_rectangles():
    found = dydt.integral("2*t", 0, 2, n=8, rule="right")
    assert found.text == "t^2 + C"
    assert (found.value, found.definite.exact) == (4, 4)
    assert found.sum.value == 4.5
    assert found.sum.rectangles[:2] == [(0, 0.25, 0.5, 0.125), (0.25, 0.25, 1, 0.25)]
    assert str(found.closed.formula) == "4 + 4/n"
    assert found.closed.limit == 4
    assert found.closed.at(8) == sympy.Rational(9, 2)
    assert "Σ[i = 1…n] i = n*(n + 1)/2" in [step.text for step in found.closed.steps]
    assert found.verified
    assert found.table[-1][1]["left"] == pytest.approx(4 - 4 / 1024)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("text", ["x^3 - x", "2*x + 1", "x^4/3", "5"])
def test_the_closed_form_is_the_sum(text, rule):
    found = dydt.integral(text, -1, 2, n=7, rule=rule)
    assert float(found.closed.at(7)) == pytest.approx(found.sum.value, abs=1e-12)
    assert found.closed.limit == found.definite.exact
    assert all(step.checked for step in found.closed.steps)


@pytest.mark.parametrize("rule", ["midpoint", "trapezoid"])
def test_the_error_falls_fourfold_when_n_doubles(rule):
    found = dydt.integral("exp(x)", 0, 1, n=8, rule=rule)
    errors = [abs(row[rule] - (math.e - 1)) for _, row in found.table[2:5]]
    assert [a / b for a, b in itertools.pairwise(errors)] == pytest.approx([4, 4], rel=0.02)


KNOWN = {  # Gradshteyn & Ryzhik, Table of Integrals, 2.1–2.6, and 3.3 for the improper ones
    ("x*sin(x)", 0, "pi"): math.pi,
    ("1/(1 + x^2)", "-inf", "inf"): math.pi,
    ("exp(-x^2)", "-inf", "inf"): math.sqrt(math.pi),
    ("sin(x)/x", 0, "inf"): math.pi / 2,
    ("log(x)", 0, 1): -1,
    ("1/sqrt(x)", 0, 1): 2,
    ("1/cbrt(x)", -1, 1): 0,
    ("1/(2 + cos(x))", 0, "2*pi"): 2 * math.pi / math.sqrt(3),
    ("1/(1 + x^4)", "-inf", "inf"): math.pi / math.sqrt(2),
    ("abs(x)", -1, 2): 2.5,
    ("floor(x)", 0, 3): 3,
    ("if(x < 1, x, 3)", 0, 2): 3.5,
    ("x*step(x - 1)", 0, 2): 1.5,
    ("1/(x*log(x)^2)", 0, 0.5): 1 / math.log(2),
    ("x", 2, 0): -2,
}


@pytest.mark.parametrize("given", KNOWN, ids=str)
def test_known_integrals(given):
    found = dydt.integral(*given)
    assert found.definite.status == "exact"
    assert found.value == pytest.approx(KNOWN[given], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [("1/x", -1, 1), ("1/x^2", -1, 1), ("tan(x)", 0, 3), ("1/(x - 0.5)", 0, 1), ("exp(x)/x", -1, 1), ("1/x", 1, "inf"),
     ("x", "-inf", "inf"), ("sin(x)", 0, "inf"), ("1/(x*log(x))", 1, 2)],
)  # fmt: skip
def test_what_diverges_is_never_a_number(text, start, end):
    found = dydt.integral(text, start, end)
    assert found.definite.status == "diverges"
    assert not math.isfinite(found.value)
    assert "diverges" in str(found)


@pytest.mark.parametrize("text", ["x^x", "x/(exp(x) - 1)", "sqrt(1 + x^3)"])
def test_without_an_antiderivative_there_is_a_number(text):
    found = dydt.integral(text, 0, 1)
    assert found.antiderivative is None
    assert "elementary" in found.sentence
    assert found.definite.status == "numeric"
    # Gauss–Legendre with 60 points, which shares nothing with the tanh–sinh rule
    nodes, weights = np.polynomial.legendre.leggauss(60)
    assert found.value == pytest.approx(float(weights @ found.function((nodes + 1) / 2)) / 2, abs=1e-5)


def test_not_elementary_is_said():
    found = dydt.integral("exp(-x^2)")
    assert found.text == "sqrt(pi)*erf(x)/2 + C"
    assert "No antiderivative in elementary terms" in found.sentence


@pytest.mark.parametrize(
    "text",
    ["x*sin(x)", "exp(x)*cos(x)", "1/(x^2 - 1)", "x*exp(-x^2)", "log(x)", "sin(x)^3", "atan(x)", "x^2*log(x)",
     "(x^3 - 2*x + 1)/(x + 2)", "tan(x)", "cos(3*x + 1)"],
)  # fmt: skip
def test_every_step_is_differentiated_back(text):
    found = dydt.integral(text)
    assert found.verified
    assert len(found.found.steps) > 1
    primitive = found.primitive()
    for x in (0.31, 0.52, 0.74):
        step = 1e-5
        slope = float(primitive(x + step) - primitive(x - step)) / (2 * step)
        assert slope == pytest.approx(float(found.function(x)), rel=1e-7)


def test_rules_are_named():
    says = " ".join(
        s.says for t in ("x*sin(x)", "x*exp(-x^2)", "x + 2") for s in dydt.integral(t).found.steps
    )
    for word in ("by parts", "substituting", "sum rule", "power rule", "constant"):
        assert word in says


def test_where_the_integrand_is_not_defined():
    found = dydt.integral("log(x)", -1, 1)
    assert found.definite.status == "undefined"
    assert "not defined between x = -1 and 0" in found.definite.says


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        (("x", 0), {}, "the end is missing"),
        (("x", 0, math.nan), {}, "NaN"),
        (("x", 0, "y"), {}, "takes a number"),
        (("x", 0, 1), {"n": 0}, "number of rectangles"),
        (("x", 0, 1), {"n": 2.5}, "number of rectangles"),
        (("x", 0, 1), {"n": 10**9}, "too many"),
        (("x", 0, 1), {"rule": "middle"}, "midpoint"),
        (("a*x", 0, 1), {}, "2 names"),
        (("floor(1/x)", 0.001, 1), {}, "jumps more than"),
    ],
)
def test_bad_input_is_told(given, options, message):
    with pytest.raises(InputError, match=message):
        dydt.integral(*given, **options)


def test_results_are_data():
    told = json.loads(dydt.integral("2*t", 0, 2).to_json())
    assert told["definite"]["exact"] == "4"
    assert len(told["sum"]["rectangles"]) == 8
    assert json.loads(dydt.integral("1/x", 1, "inf").to_json())["bounds"] == [1, "inf"]
    assert dydt.integral("2*t", 0, 2).latex.endswith(r"\left[t^{2}\right]_{0}^{2} = 4")
