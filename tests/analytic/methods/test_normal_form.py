"""Substitutions that lead to constant coefficients, with published answers."""

import pytest

from dydt.calculus.notation import text
from tests.analytic.families import holds, refuses, solved

METHOD = "normal_form"
BOOKS = [
    (
        "t^2*y'' + t*y' + (t^2 - 0.25)*y = 0",
        "C1*sin(t)/sqrt(t) + C2*cos(t)/sqrt(t)",
    ),  # Boyce & DiPrima 5.7, Bessel 1/2
    ("t*y'' + 2*y' + t*y = 0", "C1*sin(t)/t + C2*cos(t)/t"),  # spherical Bessel, Abramowitz & Stegun 10.1.11
    ("t*y'' - y' + 4*t^3*y = 0", "C1*cos(t^2) + C2*sin(t^2)"),  # Boyce & DiPrima 3.4, Problem 27
    (
        "t*y'' + (t^2 - 1)*y' + t^3*y = 0",
        "exp(-t^2/4)*(C1*cos(sqrt(3)*t^2/4) + C2*sin(sqrt(3)*t^2/4))",
    ),  # 3.3, 46
    (
        "(9 - t^2)*y'' - t*y' + 4*y = 0",
        "C1*(2*t^2/9 - 1) + C2*t*sqrt(9 - t^2)",
    ),  # Chebyshev's T_2(t/3), A & S 22.4.4
    ("y'' - 4*t*y' + 4*t^2*y = 0", "exp(t^2)*(C1*cos(sqrt(2)*t) + C2*sin(sqrt(2)*t))"),  # Simmons, section 24
    ("t^4*y'' + 2*t^3*y' + y = 0", "C1*cos(1/t) + C2*sin(1/t)"),
    ("t*y'' + 2*y' + t*y = 2", "2/t"),
]


@pytest.mark.parametrize("law, book", BOOKS)
def test_the_book_is_in_the_family(law, book):
    asked, found = solved(METHOD, law)
    assert holds(asked, found, book)


def test_the_steps():
    _, found = solved(METHOD, "t*y'' - y' + 4*t^3*y = 0")
    assert any(step.text == "x = t^2" for step in found.steps)
    _, found = solved(METHOD, "t*y'' + 2*y' + t*y = 0")
    assert any(step.text == "y = u/t" for step in found.steps)


def test_with_a_letter():
    _, found = solved(METHOD, "y'' - y' + n^2*exp(2*t)*y = 0")
    assert text(found.solutions[0]) == "y = C1*cos(n*exp(t)) + C2*sin(n*exp(t))"


def test_others_are_refused():
    assert refuses(METHOD, "y'' + t*y = 0", "y'' + y'/t + y = 0", "y'' + y = 0", "y'' = y^2", "y' = y")
