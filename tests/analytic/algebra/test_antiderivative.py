"""Antiderivatives: right by differentiating in fifty digits, real, without cases, and in the form of a table."""

import pytest
import sympy
from sympy import Abs, Rational, atan, cos, cosh, erf, exp, log, sin, sqrt, tan

from dydt.analytic.algebra.antiderivative import antiderivative, exponential, log_free
from tests.analytic.by_hand import vanishes

x, a, b = sympy.symbols("x a b", real=True)

# Bronstein & Semendjajew, "Taschenbuch der Mathematik", table of integrals; Boyce & DiPrima, exercises of chapter 2.
INTEGRANDS = [
    1 / (x**2 - 1),
    1 / (x**3 - 1),
    (x + 1) / (x**2 + 2 * x + 5),
    (2 * x - 1) / (x**2 - 1) ** 2,
    1 / (x * (x + 1) * (x - 2)),
    sqrt(1 + x**2),
    1 / (x * sqrt(1 + x**2)),
    sqrt(1 - x**2) / x,
    1 / (x * sqrt(x - 1)),
    sqrt(x) / (1 + x),
    tan(x),
    1 / cos(x),
    1 / sin(x),
    1 / (1 + cos(x)),
    cos(x) ** 3,
    x / cos(x) ** 2,
    cos(x) / (sin(x) ** 2 + sin(x)),
    exp(x) * (1 / x - 1 / x**2),
    exp(-2 * x) * sin(exp(-x)),
    x**2 * exp(-x) * cos(x),
    exp(a * x) * cos(b * x),
    x * exp(a * x),
    1 / (1 + exp(x)),
    1 / (exp(x) + exp(-x)),
    cosh(x) ** 2,
    log(x) ** 2 * x,
    1 / (x * log(x)),
    1 / (a * x + b),
    1 / (x**2 - a),
    (x**2 + x) * exp(-(x**2) + x),
    x**3 * exp(x**2 / 2),
    x / (x**2 - 9),
    x**a,
]


@pytest.mark.parametrize("integrand", INTEGRANDS, ids=str)
def test_it_differentiates_back(integrand):
    found = antiderivative(integrand, x)
    assert found is not None
    assert not found.has(sympy.Integral, sympy.Piecewise, sympy.I)
    assert vanishes(sympy.diff(log_free(found), x) - integrand)


@pytest.mark.parametrize(
    ("integrand", "expected"),
    [
        (1 / x, log(Abs(x))),
        (3 * x**2, x**3),
        (2 / (2 * x + 1), log(Abs(2 * x + 1))),
        (1 / (x**2 + 4), atan(x / 2) / 2),
        (1 / cos(x) ** 2, tan(x)),
        (x / (1 + x**2), log(x**2 + 1) / 2),
        (exp(-(x**2)), sqrt(sympy.pi) * erf(x) / 2),
        (a, a * x),
        (sympy.S.Zero, sympy.S.Zero),
    ],
)
def test_the_form_of_the_table(integrand, expected):
    assert sympy.expand(antiderivative(integrand, x) - expected) == 0


def test_what_has_none_gives_none():
    assert antiderivative(exp(cos(x)), x) is None
    assert antiderivative(exp(x) * atan(x), x) is None


def test_logarithms_are_undone():
    assert exponential(-log(Abs(x)) / 2 + 3 * x) == exp(3 * x) / sqrt(x)
    assert exponential(2 * log(Abs(x + 1)) - log(Abs(x))) == (x + 1) ** 2 / x
    assert log_free(log(Abs(x)) * Rational(1, 2)) == log(x) / 2
