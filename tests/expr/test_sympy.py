"""Expressions to SymPy and back: the same values, and numbers that are exact."""

import math

import numpy as np
import pytest

from dydt.errors import InputError
from dydt.expr.graph import symbols
from dydt.expr.read import read
from dydt.expr.sympy import exact, from_sympy, to_sympy
from dydt.kernels.numpy import evaluate

TEXTS = [
    "-x^2 + 3*x*y - y/7",
    "exp(3*t)/2 - exp(-x^2)",
    "sqrt(x)/(1 + y^2)^(3/2)",
    "if(x > y, x, 2*y) + max(x, y, t) - min(x, t)",
    "sin(x)*cos(y) + tan(t)/atan2(y, x)",
    "log(x) + log10(y) + cbrt(-x) + abs(-y) + sign(-t)",
    "step(x - 1) + floor(3*y) + mod(5*x, 2) + erf(t)",
    "asin(x/9) + acos(y/9) + atan(t) + sinh(x) + cosh(y) + tanh(t)",
    "-(x - y)/(x + y)",
    "2^x + x^y",
    "if(x > 0 and y > 0 or not (t > 0), 1, 2)",
]


@pytest.mark.parametrize("text", TEXTS)
def test_there_and_back_has_the_same_value(text):
    node = read(text)
    again = from_sympy(to_sympy(node))
    values = dict(zip(symbols([node]), [np.array([0.7, 1.3]), np.array([1.1, 0.4]), 0.6], strict=False))
    np.testing.assert_allclose(evaluate([again], values)[0], evaluate([node], values)[0], rtol=1e-13)


def test_numbers_are_what_was_meant():
    import sympy

    assert exact(8 / 3) == sympy.Rational(8, 3)
    assert exact(0.1) == sympy.Rational(1, 10)
    assert exact(-math.pi) == -sympy.pi
    assert exact(1e-10) == sympy.Rational(1, 10**10)
    assert float(exact(1.23456789e-7)) == 1.23456789e-7


def test_what_a_law_cannot_say_is_refused():
    import sympy

    x = sympy.Symbol("x")
    with pytest.raises(InputError, match="can't be said"):
        from_sympy(sympy.Integral(sympy.exp(x**3), x))


def test_primes_keep_their_name():
    assert str(from_sympy(to_sympy(read("x'*x")))) == "x*x'"
