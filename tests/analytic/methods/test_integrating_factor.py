"""Integrating factors, against Boyce & DiPrima (section 2.6), Zill (2.4), Kreyszig (1.4) and others."""

import pytest
import sympy

from dydt.analytic.methods.integrating_factor import factors
from tests.analytic.by_hand import agrees, lost, refuses, solved

BOOKS = [
    ("3*t*y + y^2 + (t^2 + t*y)*y' = 0", "t^3*y + t^2*y^2/2"),  # Boyce & DiPrima 2.6, Example 4
    ("3*t^2*y + 2*t*y + y^3 + (t^2 + y^2)*y' = 0", "(3*t^2*y + y^3)*exp(3*t)"),  # Problem 25
    ("1 + (t/y - sin(y))*y' = 0", "t*y + y*cos(y) - sin(y)"),  # Problem 27
    ("y + (2*t*y - exp(-2*y))*y' = 0", "t*exp(2*y) - log(abs(y))"),  # Problem 28
    ("t*y + (2*t^2 + 3*y^2 - 20)*y' = 0", "t^2*y^4/2 + y^6/2 - 5*y^4"),  # Zill 2.4, Example 4
    ("6*t*y + (4*y + 9*t^2)*y' = 0", "3*t^2*y^3 + y^4"),  # Zill 2.4, 33
    ("exp(t + y) + y*exp(y) + (t*exp(y) - 1)*y' = 0", "exp(t) + t*y + exp(-y)"),  # Kreyszig 1.4, Example 5
    ("2*t^2 + y + (t^2*y - t)*y' = 0", "2*t - y/t + y^2/2"),  # Nagle, Saff & Snider 2.5, Example 2
    ("y*(1 + t*y) + t*(1 - t*y)*y' = 0", "log(abs(t/y)) - 1/(t*y)"),  # 1/(t M - y N), Ince 2.2
    ("2*y - 6*t + (3*t - 4*t^2/y)*y' = 0", "t^2*y^3 - 2*t^3*y^2"),  # t^m y^n, Nagle, Saff & Snider 2.5
]


@pytest.mark.parametrize(("law", "book"), BOOKS)
def test_the_books_answer(law, book):
    asked, found = solved("integrating_factor", law)
    assert all(agrees(asked, solution, book) for solution in found.solutions)
    assert any("It is not exact" in step.says for step in found.steps)


def test_a_solution_where_the_factor_has_no_value_is_kept():
    _, found = solved("integrating_factor", "y + (2*t*y - exp(-2*y))*y' = 0")
    assert lost(found) == {0}


@pytest.mark.parametrize(
    "law", ["y' = t^2 + y^2", "y'' = y", "(y')^2 = y", "x' = y; y' = -x", "exp(y') = t + y"]
)
def test_other_equations_are_refused(law):
    assert refuses("integrating_factor", law)


def test_a_factor_with_letters_for_powers():
    t, y, a = sympy.symbols("t y a", real=True)
    found = [factor.formula for factor in factors(a * y, t, t, y)]
    assert t ** (a - 1) in [sympy.powsimp(f) for f in found]
