"""A linear equation read from a law."""

import sympy

from dydt.analytic.forms.linear_equation import constant_equation, linear_equation
from dydt.calculus.notation import text
from tests.analytic.families import posed

t = sympy.Symbol("t", real=True)


def test_coefficients_and_forcing():
    linear = linear_equation(posed("t^2*y'' + 3*t*y' = 5*y + sin(t)"))
    assert linear.coefficients == (-5, 3 * t, t**2)
    assert linear.forcing == sympy.sin(t)
    assert text(linear.equation()) == "t^2*y'' + 3*t*y' - 5*y = sin(t)"
    assert text(linear.equation(homogeneous=True)) == "t^2*y'' + 3*t*y' - 5*y = 0"


def test_what_is_left_over():
    linear = linear_equation(posed("y'' + y = t"))
    assert sympy.simplify(linear.leaves(t + sympy.sin(t))) == 0
    assert sympy.simplify(linear.leaves(t**2)) == t**2 - t + 2


def test_a_denominator_with_the_unknown_is_multiplied_away():
    assert linear_equation(posed("y''/y = t")).coefficients == (-t, 0, 1)


def test_constant_after_division():
    assert constant_equation(posed("t*y'' + t*y = t^2")).forcing == t
    assert constant_equation(posed("t*y'' + y = 0")) is None


def test_what_is_not_linear():
    for law in (
        "y'' = y^2",
        "y*y'' = 1",
        "y'' = sin(y)",
        "y'' = abs(y)",
        "y'' + if(t > 1, y, 0) = 0",
        "x' = y; y' = x",
    ):
        assert linear_equation(posed(law)) is None
    assert linear_equation(posed("y'' + y = step(t - 1)")) is None
