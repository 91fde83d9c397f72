"""Riccati's equation, against Boyce & DiPrima (section 2.6, problem 33), Zill (2.5), Ross (2.3) and Ince (2.15)."""

import pytest
import sympy

from dydt.analytic.methods.riccati import coefficients, particular
from tests.analytic.by_hand import agrees, curves, lost, refuses, solved

# u = 1/(y - y1) times the integrating factor, less its integral, is the constant
BOOKS = [
    ("y' = 1 + t^2 - 2*t*y + y^2", "1/(y - t) + t", "t"),
    ("y' = -1/t^2 - y/t + y^2", "t/(y - 1/t) + t^2/2", "1/t"),
    ("y' = (2*cos(t)^2 - sin(t)^2 + y^2)/(2*cos(t))", "1/((y - sin(t))*cos(t)) + tan(t)/2", "sin(t)"),
    ("y' = -4/t^2 - y/t + y^2", "t^3/(y - 2/t) + t^4/4", "2/t"),
    ("y' = 2*t^2 + y/t - 2*y^2", "(1/(y - t) + 1/(2*t))*t*exp(-2*t^2)", "t"),
    ("y' = exp(2*t) + (1 + 2*exp(t))*y + y^2", "exp(t)/(y + exp(t)) + exp(t)", "-exp(t)"),
    ("y' = t^3*(y - t)^2 + y/t", "t/(y - t) + t^5/5", "t"),
    ("y' = (1 - t)*y^2 + (2*t - 1)*y - t", "(1/(y - 1) + 2 - t)*exp(t)", "1"),
    ("y' = -8*t*y^2 + 4*t*(4*t + 1)*y - (8*t^3 + 4*t^2 - 1)", "(1/(y - t) - 2)*exp(2*t^2)", "t"),
]


@pytest.mark.parametrize(("law", "book", "known"), BOOKS)
def test_the_books_answer(law, book, known):
    asked, found = solved("riccati", law)
    assert all(agrees(asked, solution, book) for solution in found.solutions)
    assert lost(found) == curves(known)


def test_from_the_linear_equation_behind_it():
    """With y = w'/w it is w'' + w/t^2 = 0, and no multiple of 1/t solves it."""
    _, found = solved("riccati", "y' = -y^2 - 1/t^2")
    assert "second order" in found.title
    assert any("w'" in step.text or "w''" in step.text for step in found.steps)


def test_an_error_function_is_an_answer():
    _, found = solved("riccati", "y' + y^2 = 1 + t^2")
    assert found.solutions[0].rhs.has(sympy.erf)


@pytest.mark.parametrize(
    "law", ["y' = y", "y' = t*y^2 + y", "y' = y^3 + t", "y'' = y^2", "y' = sin(y) + y^2"]
)
def test_other_equations_are_refused(law):
    assert refuses("riccati", law)


def test_no_complex_solution_is_guessed():
    t = sympy.Symbol("t", real=True)
    assert particular(sympy.S.One, sympy.S.Zero, sympy.S.One, t) is None


def test_the_coefficients_are_read():
    t, y = sympy.symbols("t y", real=True)
    assert coefficients(1 + t * y - y**2, y) == (1, t, -1)
    assert coefficients(t * y - y**2, y) is None
