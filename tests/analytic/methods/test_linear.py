"""The integrating factor, against the answers in Boyce & DiPrima (section 2.1), Zill (2.3) and Kreyszig (1.5)."""

import pytest
import sympy

from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.methods.linear import coefficients, integrate, solve
from tests.analytic.by_hand import agrees, posed, refuses, solved

BOOKS = [
    ("(4 + t^2)*y' + 2*t*y = 4*t", "(4 + t^2)*y - 2*t^2"),  # Boyce & DiPrima 2.1, Example 1
    ("y' + y/2 = exp(t/3)/2", "(y - 3/5*exp(t/3))*exp(t/2)"),  # Example 2
    ("y' - 2*y = 4 - t", "(y + 7/4 - t/2)*exp(-2*t)"),  # Example 3
    ("t*y' + 2*y = 4*t^2", "t^2*(y - t^2)"),  # Example 4
    ("y' + 3*y = t + exp(-2*t)", "(y - t/3 + 1/9 - exp(-2*t))*exp(3*t)"),  # Problem 1
    ("t*y' - y = t^2*exp(-t)", "(y + t*exp(-t))/t"),  # Problem 6
    ("t*y' - 4*y = t^6*exp(t)", "y/t^4 - t*exp(t) + exp(t)"),  # Zill 2.3, Example 3
    ("(t^2 - 9)*y' + t*y = 0", "y*sqrt(abs(t^2 - 9))"),  # Zill 2.3, Example 4
    ("y' + y = t", "(y - t + 1)*exp(t)"),  # Zill 2.3, Example 5
    ("y' - y = exp(2*t)", "(y - exp(2*t))*exp(-t)"),  # Kreyszig 1.5, Example 1
    ("y' + y*tan(t) = sin(2*t)", "(y + 2*cos(t)^2)/cos(t)"),  # Kreyszig 1.5, Example 2
    ("2*t*y' + y = 3*t", "(y - t)*sqrt(abs(t))"),
    ("(1 - t^2)*y' - t*y = sqrt(1 - t^2)", "y*sqrt(1 - t^2) - t"),  # Zill 2.3
    ("y' + a*y = b", "(y - b/a)*exp(a*t)"),
    ("L*y' + R*y = V*sin(w*t)", "(y - V*(R*sin(w*t) - w*L*cos(w*t))/(R^2 + w^2*L^2))*exp(R*t/L)"),
    ("y' - y = exp(-t)*sin(exp(-t))", "y*exp(-t) - exp(-t)*cos(exp(-t)) + sin(exp(-t))"),
]


@pytest.mark.parametrize(("law", "book"), BOOKS)
def test_the_books_answer(law, book):
    asked, found = solved("linear", law)
    assert len(found.solutions) == 1
    assert found.solutions[0].lhs == asked.y
    assert agrees(asked, found.solutions[0], book)
    assert not found.solutions[0].rhs.has(sympy.Integral)


def test_the_articles_example():
    _, found = solved("linear", "y' = 2*y*t + t")
    t = sympy.Symbol("t", real=True)
    (C,) = found.constants
    assert found.solutions[0].rhs == C * sympy.exp(t**2) - sympy.Rational(1, 2)
    assert found.solutions[0].rhs.subs(C, sympy.Rational(1, 2)).subs(t, 0) == 0


def test_an_error_function_is_an_answer():
    """Boyce & DiPrima 2.1, Example 5: 2y' + ty = 2."""
    _, found = solved("linear", "2*y' + t*y = 2")
    assert found.solutions[0].rhs.has(sympy.erfi)
    assert not found.solutions[0].rhs.has(sympy.I)


def test_an_integral_that_stays_one_says_so():
    found = solve(posed("y' + y = exp(cos(t))"))
    assert found.solutions[0].rhs.has(sympy.Integral)
    assert any("no elementary form" in step.says for step in found.steps)


def test_powers_are_real_on_both_sides():
    _, found = solved("linear", "2*t*y' + y = 3*t")
    value = found.solutions[0].rhs.subs({found.constants[0]: 1, sympy.Symbol("t", real=True): -4})
    assert value == -4 + sympy.Rational(1, 2)


@pytest.mark.parametrize("law", ["y' = y^2", "y' = sin(y)", "y'' + y = 0", "y' = t/y", "x' = y; y' = x"])
def test_other_equations_are_refused(law):
    assert refuses("linear", law)


def test_the_coefficients_are_read():
    t, y = sympy.symbols("t y", real=True)
    assert coefficients(t - y / t, y) == (1 / t, t)
    assert coefficients((y + 1) ** 2 - y**2, y) == (-2, 1)
    assert coefficients(y**2, y) is None


def test_the_product_rule_is_shown():
    t, y = sympy.symbols("t y", real=True)
    found = integrate(2 / t, 4 * t, t, y)
    assert any("derivative of a product" in step.says for step in found.steps)
    assert is_zero(found.solution - t**2 - found.constant / t**2)
