"""Simplification changes no value."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from dydt.expr.evaluate import evaluate
from dydt.expr.graph import apply, number, symbol
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
