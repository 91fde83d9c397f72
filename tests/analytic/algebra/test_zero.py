"""Whether an expression is zero."""

import pytest
import sympy

from dydt.analytic.algebra.zero import is_zero

t, a = sympy.symbols("t a", real=True)


@pytest.mark.parametrize(
    "expression",
    [
        sympy.sin(t) ** 2 + sympy.cos(t) ** 2 - 1,
        sympy.sqrt(2) * sympy.sqrt(3) - sympy.sqrt(6),
        sympy.log(a * t) - sympy.log(a) - sympy.log(t),
        sympy.sqrt(5 + 2 * sympy.sqrt(6)) - sympy.sqrt(2) - sympy.sqrt(3),
        sympy.Matrix([[0, t - t], [sympy.sinh(t) - (sympy.exp(t) - sympy.exp(-t)) / 2, 0]]),
        sympy.S.Zero,
    ],
)
def test_zero(expression):
    assert is_zero(expression)


@pytest.mark.parametrize(
    "expression",
    [sympy.sin(t) - t, t - a, sympy.Rational(1, 10**9), 1 / t, sympy.Matrix([0, t]), sympy.Function("f")(t)],
)
def test_not_zero(expression):
    assert not is_zero(expression)
