"""Antiderivatives with the substitutions of variation of parameters, proved by finite differences."""

import mpmath
import pytest
import sympy

from dydt.analytic.algebra.integral import integral
from dydt.expr.read import read
from dydt.expr.sympy import to_sympy

t = sympy.Symbol("t", real=True)


@pytest.mark.parametrize(
    "text",
    [
        "cos(2*t)/cos(t)", "sin(t)^2/cos(t)", "sin(t)*tan(t)", "cos(3*t)/sin(t)", "cos(t)/sin(t)^3", "tan(t)^2",
        "exp(-2*t)*cos(exp(-t))", "exp(t)/cosh(t)", "1/(1 + exp(t))", "tanh(t)*exp(t)", "sin(exp(t))*exp(2*t)",
        "1/((1 - t^2)*(3*t^2 - 1)^2)", "log(abs(t + 3))", "t*log(abs(t))", "exp(t)*sin(t)", "t^2*exp(-t)",
    ],
)  # fmt: skip
def test_the_slope_of_the_area(text):
    integrand = to_sympy(read(text))
    area = sympy.lambdify(t, integral(integrand, t), "mpmath")
    value = sympy.lambdify(t, integrand, "mpmath")
    for place in (0.31, 0.83):
        assert abs(mpmath.diff(area, place) - value(place)) < 1e-8 * (1 + abs(value(place)))


def test_the_areas_are_short():
    assert integral(sympy.cos(2 * t) / sympy.cos(t), t).count_ops() < 12
    assert integral(sympy.sin(t) / sympy.cos(t), t) == -sympy.log(sympy.Abs(sympy.cos(t)))


def test_none_where_there_is_none():
    assert integral(sympy.sqrt(sympy.cos(t)) * sympy.sin(t) ** 2, t) is None
