"""A first solution found by trying."""

import pytest
import sympy

from dydt.analytic.algebra.known_solutions import known_solution
from dydt.analytic.forms.linear_equation import linear_equation
from tests.analytic.families import posed

t = sympy.Symbol("t", real=True)


@pytest.mark.parametrize(
    "law, solution",
    [
        ("t^2*y'' - 2*y = 0", t**2),
        ("(t - 1)*y'' - t*y' + y = 0", t),
        ("t*y'' - (2*t + 1)*y' + (t + 1)*y = 0", sympy.exp(t)),
        ("y'' - 2*t*y' - 2*y = 0", sympy.exp(t**2)),
        ("(1 - t^2)*y'' - 2*t*y' + 12*y = 0", 5 * t**3 - 3 * t),
        ("t*y'' + (1 - t)*y' + 3*y = 0", t**3 - 9 * t**2 + 18 * t - 6),
        ("y'' - 2*t*y' + 4*y = 0", 2 * t**2 - 1),
        ("t*y'' + 2*(1 - t)*y' + (t - 2)*y = 0", sympy.exp(t)),
    ],
)
def test_what_is_found(law, solution):
    """Legendre's P_3, Laguerre's L_3 and Hermite's H_2 among them, up to a factor (Abramowitz & Stegun, table 22.3)."""
    _, found = known_solution(linear_equation(posed(law)))
    assert sympy.simplify(sympy.diff(found / solution, t)) == 0


def test_waves_and_logarithms():
    says, found = known_solution(linear_equation(posed("sin(t)*y'' - 2*cos(t)*y' - sin(t)*y = 0")))
    assert found == sympy.cos(t)
    assert says == "simple functions"


def test_nothing():
    assert known_solution(linear_equation(posed("y'' + t*y = 0"))) is None
