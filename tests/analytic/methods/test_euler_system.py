"""Systems with a common factor, t x' = A x among them, with the answers of Boyce & DiPrima, section 7.5."""

import pytest

from tests.analytic.families import holds, refuses, solved

METHOD = "euler_system"


@pytest.mark.parametrize(
    "law, book",
    [
        ("t*x' = 2*x - y; t*y' = 3*x - 2*y", ("C1*t + C2/t", "C1*t + 3*C2/t")),  # Problem 21
        ("t*x' = 5*x - y; t*y' = 3*x + y", ("C1*t^2 + C2*t^4", "3*C1*t^2 + C2*t^4")),  # Problem 22
        ("t*x' = 4*x - 3*y; t*y' = 8*x - 6*y", ("3*C1 + C2/t^2", "4*C1 + 2*C2/t^2")),  # Problem 23
        ("t*x' = 3*x - 2*y; t*y' = 2*x - 2*y", ("C1/t + 2*C2*t^2", "2*C1/t + C2*t^2")),  # Problem 24
        ("t*x' = x + t^2; t*y' = x + 2*y", ("C1*t + t^2", "-C1*t + C2*t^2 + t^2*log(t)")),
    ],
)
def test_the_book_is_in_the_family(law, book):
    asked, found = solved(METHOD, law)
    assert holds(asked, found, *book)


def test_other_factors():
    asked, found = solved(METHOD, "x' = -t*y; y' = t*x")
    assert holds(asked, found, "C1*cos(t^2/2) - C2*sin(t^2/2)", "C1*sin(t^2/2) + C2*cos(t^2/2)")
    asked, found = solved(METHOD, "x' = cos(t)*y; y' = cos(t)*x")
    assert holds(asked, found, "C1*exp(sin(t)) + C2*exp(-sin(t))", "C1*exp(sin(t)) - C2*exp(-sin(t))")


def test_others_are_refused():
    assert refuses(
        METHOD, "x' = y; y' = x", "t*x' = y; y' = x", "x' = x*y; t*y' = y", "t*y' = y", "x'' = x/t; y' = y"
    )
