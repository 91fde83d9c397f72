"""Bernoulli's equation, against Zill (section 2.5), Boyce & DiPrima (2.4) and Kreyszig (1.5)."""

import pytest
import sympy

from dydt.analytic.methods.bernoulli import coefficients
from tests.analytic.by_hand import agrees, lost, refuses, solved

BOOKS = [
    ("t*y' + y = t^2*y^2", "1/(t*y) + t"),  # Zill 2.5, Example 2
    ("t*y' + y = 1/y^2", "t^3*(y^3 - 1)"),  # Zill 2.5, 15
    ("y' = y*(t*y^3 - 1)", "(y^(-3) - t - 1/3)*exp(-3*t)"),  # 17
    ("t^2*y' - 2*t*y = 3*y^4", "t^6*y^(-3) + 9/5*t^5"),  # 21
    ("y' = A*y - B*y^2", "(1/y - B/A)*exp(A*t)"),  # Kreyszig 1.5, Example 4
    ("t^2*y' + 2*t*y - y^3 = 0", "(y^(-2) - 2/(5*t))/t^4"),  # Boyce & DiPrima 2.4, 28
    ("y' = r*y - k*y^2", "(1/y - k/r)*exp(r*t)"),  # 29
    ("y' = e1*y - s*y^3", "(y^(-2) - s/e1)*exp(2*e1*t)"),  # 30
    ("y' - 5*y = -5/2*t*y^3", "(y^(-2) - t/2 + 1/20)*exp(10*t)"),  # Nagle, Saff & Snider 2.6, Example 3
    ("y' + t*y = t/y^3", "(y^4 - 1)*exp(2*t^2)"),  # Tenenbaum & Pollard, lesson 11
    ("y' + y = t*y^3", "(y^(-2) - t - 1/2)*exp(-2*t)"),  # Ross 2.3
    ("y' + y = sqrt(y)", "(sqrt(y) - 1)*exp(t/2)"),
]


@pytest.mark.parametrize(("law", "book"), BOOKS)
def test_the_books_answer(law, book):
    asked, found = solved("bernoulli", law)
    assert all(agrees(asked, solution, book) for solution in found.solutions)


def test_zero_is_kept():
    _, found = solved("bernoulli", "t*y' + y = t^2*y^2")
    assert lost(found) == {0}
    _, found = solved("bernoulli", "t*y' + y = 1/y^2")
    assert lost(found) == set()


def test_a_square_has_both_signs():
    _, found = solved("bernoulli", "y' + y = t*y^3")
    one, other = (s.rhs for s in found.solutions)
    assert one == -other


@pytest.mark.parametrize(
    "law", ["y' = t + y", "y' = y^2 + 1", "y' = y + y^2 + y^3", "y' = 3*y", "y' = sin(y)"]
)
def test_other_equations_are_refused(law):
    assert refuses("bernoulli", law)


def test_the_coefficients_are_read():
    t, y, n = sympy.symbols("t y n", real=True)
    assert coefficients(y * (t - y**4), y) == (-t, -1, 5)
    assert coefficients(t * y**n - y, y) == (1, t, n)
    assert coefficients(t + y, y) is None
