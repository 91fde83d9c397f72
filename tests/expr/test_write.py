"""What is written reads back as the same node."""

from __future__ import annotations

import math

from hypothesis import assume, given, settings

from dydt.expr.graph import apply, as_value, symbol
from dydt.expr.parse import parse
from dydt.expr.read import read
from dydt.expr.write import write
from tests.expr.random_expressions import build, has_endless_constant, trees

x, y = symbol("x"), symbol("y")
u, v = symbol("u_of_this_test"), symbol("v_of_this_test")


@settings(max_examples=1000, deadline=None)
@given(trees())
def test_round_trip(tree):
    node = build(tree)
    assume(not has_endless_constant(node))
    assert read(write(node)) is node


@settings(max_examples=200, deadline=None)
@given(trees())
def test_round_trip_through_a_law(tree):
    node = build(tree)
    assume(not has_endless_constant(node))
    assert parse(f"q' = {write(node)}\ny'' = 0").derivatives[0] is as_value(node)


def test_signs_and_powers():
    for node, text in [
        (-(x**2), "-x^2"), ((-x) ** 2, "(-x)^2"), (2 ** (-x), "2^(-x)"), (x ** (y**2), "x^y^2"),
        ((x**y) ** 2, "(x^y)^2"), (x - (y - 1), "x - (y - 1)"), (x / (3 * x), "x/(3*x)"), (-x * y, "-x*y"),
        (-(u * v), "-(u_of_this_test*v_of_this_test)"), (apply("lt", x < y, y), "if(x < y, 1, 0) < y"),
        ((u < v) & (v < 1), "u_of_this_test < v_of_this_test and v_of_this_test < 1"),
        (3 * (y > 0), "3*if(y > 0, 1, 0)"),
    ]:  # fmt: skip
        assert write(node) == text
        assert read(text) is node


def test_eulers_number_is_no_round_trip_trap():
    assert read("e^x") is apply("exp", x)
    assert read(write(apply("pow", math.e, x))) is apply("pow", math.e, x)
