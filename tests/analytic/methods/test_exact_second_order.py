"""Equations of second order that can be integrated as they stand."""

import pytest

from tests.analytic.families import holds, refuses, solved

METHOD = "exact_second_order"
# Boyce & DiPrima, section 3.2, problems 38 to 42 (exact equations of second order).
BOOKS = [
    ("t^2*y'' + t*y' - y = 0", "C1/t + C2*t"),
    ("(1 + t^2)*y'' + 4*t*y' + 2*y = sin(t)", "(C1*t + C2 - sin(t))/(1 + t^2)"),
    ("t*y'' + (t + 2)*y' + y = 0", "(C1 + C2*exp(-t))/t"),
]


@pytest.mark.parametrize("law, book", BOOKS)
def test_the_book_is_in_the_family(law, book):
    asked, found = solved(METHOD, law)
    assert holds(asked, found, book)


def test_one_with_an_error_function():
    """y'' + t y' + y = 0 (Boyce & DiPrima 3.2): y e^(t^2/2) = C1 ∫ e^(s^2/2) ds + C2."""
    asked, found = solved(METHOD, "y'' + t*y' + y = 0")
    assert holds(asked, found, "C1*exp(-t^2/2)")
    assert any(step.text == "d/dt (y' + t*y) = 0" for step in found.steps)


def test_others_are_refused():
    assert refuses(
        METHOD, "y'' + y = 0", "t^2*y'' - 2*t*y' - 6*y = 0", "y' + t*y = 0", "y'' = y^2", "y'' + t*y = 0"
    )
