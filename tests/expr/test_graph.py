"""Simplification changes no value."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dydt.expr.evaluate import evaluate
from dydt.expr.graph import apply, number, symbol, where
from dydt.expr.parse import parse
from tests.expr.random_expressions import NAMES, build, trees, value_of_node, value_of_tree

FLOATS = st.one_of(st.floats(), st.integers(-3, 3).map(float), st.floats(-10, 10))


@settings(max_examples=1000, deadline=None)
@given(trees(), st.fixed_dictionaries(dict.fromkeys(NAMES, FLOATS)))
def test_simplified_is_identical(tree, values):
    values = {name: value + 0.0 for name, value in values.items()}
    plain, simplified = value_of_tree(tree, values), value_of_node(build(tree), values)
    assert plain == simplified or (math.isnan(plain) and math.isnan(simplified))


@given(trees())
def test_equal_expressions_are_one_node(tree):
    assert build(tree) is build(tree)


def test_infinity_survives():
    x = symbol("x")
    assert math.isnan(evaluate(x * 0, {"x": math.inf}))
    assert math.isnan(evaluate(x - x, {"x": math.inf}))
    assert evaluate(apply("pow", x, 0.0), {"x": math.nan}) == 1.0
    assert evaluate(number(1) / x, {"x": -0.0}) == -math.inf


def test_evaluate_beyond_the_finite():
    x = symbol("x")
    for name, at, wanted in [
        ("exp", 1000.0, math.inf), ("sinh", -1000.0, -math.inf), ("cosh", -1000.0, math.inf),
        ("log", 0.0, -math.inf), ("floor", -math.inf, -math.inf), ("step", 0.0, 1.0), ("sign", -3.0, -1.0),
    ]:  # fmt: skip
        assert evaluate(apply(name, x), {"x": at}) == wanted
    for name, at in [("log", -1.0), ("sqrt", -1.0), ("asin", 2.0), ("sin", math.inf), ("floor", math.nan)]:
        assert math.isnan(evaluate(apply(name, x), {"x": at}))
    assert evaluate(x**3, {"x": -1e200}) == -math.inf
    assert evaluate(x**-1, {"x": 0.0}) == math.inf
    assert math.isnan(evaluate(x**0.5, {"x": -2.0}))


def test_yes_and_no_are_one_and_zero_where_a_number_is_wanted():
    x = symbol("x")
    assert (x > 1) * 2 is apply("mul", where(x > 1, 1, 0), 2.0)
    assert apply("and", x > 1, x) is apply("and", x > 1, apply("ne", x, 0.0))
    window = parse("x' = d*(t > 1)*(t < 2) - x")
    found = [evaluate(window.derivatives[0], {"t": t, "x": 0.0, "d": 3.0}) for t in (0.5, 1.5, 2.5)]
    assert found == [0.0, 3.0, 0.0]
    assert parse("x' = (x > 1)").derivatives[0] is where(x > 1, 1, 0)


def test_a_dose_that_is_given_for_a_while():
    import dydt

    by_text = dydt.ODE("x' = -k*x + d*(t > 1)*(t < 2)", k=1, d=2)
    by_function = dydt.ODE(lambda t, y, p: [-p.k * y[0] + (t > 1) * (t < 2) * p.d], states="x", k=1, d=2)
    for law in (by_text, by_function):
        end = law.solve(t=(0, 3), x=0, rtol=1e-10).y[-1, 0]
        assert end == pytest.approx(2 * (1 - np.exp(-1)) * np.exp(-1), rel=1e-7)
