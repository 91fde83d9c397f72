"""Reduction of order, with the answers of textbooks."""

import pytest

from dydt.calculus.notation import text
from tests.analytic.families import holds, refuses, solved

METHOD = "reduction_of_order"
# Boyce & DiPrima, section 3.4; Zill, section 4.2; Kreyszig, section 2.1; Simmons, section 16.
BOOKS = [
    ("2*t^2*y'' + 3*t*y' - y = 0", "C1*sqrt(t) + C2/t"),  # Boyce 3.4, Example 3
    ("t^2*y'' - t*(t + 2)*y' + (t + 2)*y = 0", "C1*t + C2*t*exp(t)"),  # Boyce 3.4, Problem 26
    ("(t - 1)*y'' - t*y' + y = 0", "C1*t + C2*exp(t)"),  # Boyce 3.4, Problem 28
    ("(1 - 2*t - t^2)*y'' + 2*(1 + t)*y' - 2*y = 0", "C1*(t + 1) + C2*(t^2 + t + 2)"),  # Zill 4.2, Problem 16
    ("(t^2 - t)*y'' - t*y' + y = 0", "C1*t + C2*(t*log(abs(t)) + 1)"),  # Kreyszig 2.1, Example 7
    (
        "(1 - t^2)*y'' - 2*t*y' + 2*y = 0",
        "C1*t + C2*(t/2*log((1 + t)/abs(1 - t)) - 1)",
    ),  # Simmons, section 16
    ("t*y'' - (t + 1)*y' + y = 0", "C1*exp(t) + C2*(t + 1)"),  # Nagle, Saff & Snider 4.7, Exercises
    (
        "(1 - t)*y'' + t*y' - y = 2*(t - 1)^2*exp(-t)",
        "C1*exp(t) + C2*t + (1/2 - t)*exp(-t)",
    ),  # Boyce 3.6, Problem 16
    ("t*y'' - (1 + t)*y' + y = t^2*exp(2*t)", "C1*(1 + t) + C2*exp(t) + (t - 1)*exp(2*t)/2"),  # Boyce 3.6, 15
    ("y'' - 4*t*y' + (4*t^2 - 2)*y = 0", "C1*exp(t^2) + C2*t*exp(t^2)"),  # Zill 4.2, Exercises
    ("t*y'' - (2*t + 1)*y' + (t + 1)*y = 0", "C1*exp(t) + C2*t^2*exp(t)"),  # Boyce 3.4, Exercises
]


@pytest.mark.parametrize("law, book", BOOKS)
def test_the_book_is_in_the_family(law, book):
    asked, found = solved(METHOD, law)
    assert holds(asked, found, book)


def test_legendre():
    """Abramowitz & Stegun 8.4.6: Q_2(t) = (3 t^2 - 1)/4 log((1 + t)/(1 - t)) - 3 t/2, with P_2 = (3 t^2 - 1)/2."""
    asked, found = solved(METHOD, "(1 - t^2)*y'' - 2*t*y' + 6*y = 0")
    assert holds(asked, found, "(3*t^2 - 1)/4*log((1 + t)/abs(1 - t)) - 3*t/2")
    assert "C1*(3*t^2 - 1)" in text(found.solutions[0])


def test_the_steps():
    _, found = solved(METHOD, "(t - 1)*y'' - t*y' + y = 0")
    says = [step.says for step in found.steps]
    assert "One solution is found by trying t^m" in says
    assert any(step.text == "y = t*u" for step in found.steps)


def test_others_are_refused():
    assert refuses(METHOD, "y'' + t*y = 0", "y' + y = 0", "y'' = y^2", "y'' + exp(t)*y = 0", "y''' + t*y = 0")
