"""What y' is, and the tests of formulas and relations that the methods use."""

import pytest
import sympy

from dydt.analytic.forms.first_order import keeps, letter, slope, solves, with_slope
from tests.analytic.by_hand import posed, solved

t, y = sympy.symbols("t y", real=True)


@pytest.mark.parametrize(
    ("law", "expected"),
    [
        ("y' = t*y", t * y),
        ("t*y' + y = 0", -y / t),
        ("2*t + y^2 + 2*t*y*y' = 0", (-2 * t - y**2) / (2 * t * y)),
        ("exp(y') = t", sympy.log(t)),
        ("(y')^2 = y", None),
        ("y' = abs(y)", None),
        ("y' = max(t, y)", None),
        ("y' = y/0", None),
        ("y'' = y", None),
        ("x' = y; y' = x", None),
    ],
)
def test_the_slope(law, expected):
    found = slope(posed(law))
    assert found is None if expected is None else sympy.cancel(found - expected) == 0


def test_formulas_and_relations_are_tried():
    circle = with_slope(t, y, -t / y)
    assert solves(circle)(sympy.sqrt(4 - t**2))
    assert not solves(circle)(sympy.sqrt(4 - t))
    assert keeps(circle)(t**2 + y**2)
    assert not keeps(circle)(t**2 + 2 * y**2)


def test_a_letter_that_is_free():
    u = sympy.Symbol("u", real=True)
    assert letter("uv", t * u).name == "v"
    assert letter("u", t * u).name == "u_1"


@pytest.mark.parametrize(
    ("method", "law", "name"),
    [
        ("linear", "R*C*v' + v = sin(t)", "v"),
        ("separable", "C' = -k*C", "C"),
        ("separable", "C*y' = y^2", "y"),
        ("exact", "2*t + C*y^2 + 2*C*t*y*y' = 0", "y"),
        ("clairaut", "y = t*y' + C*(y')^2", "y"),
    ],
)
def test_a_law_that_has_a_c_itself(method, law, name):
    """The constant of integration gets another letter."""
    asked, found = solved(method, law)
    assert found.constants[0].name == "K"
    assert asked.name == name
