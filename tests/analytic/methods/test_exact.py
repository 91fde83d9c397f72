"""Exact equations, against Boyce & DiPrima (section 2.6), Zill (2.4) and others."""

import pytest
import sympy

from dydt.analytic.methods.exact import potential
from tests.analytic.by_hand import agrees, refuses, solved

EXACT = [
    ("2*t + y^2 + 2*t*y*y' = 0", "t^2 + t*y^2"),  # Boyce & DiPrima 2.6, Example 1
    (
        "y*cos(t) + 2*t*exp(y) + (sin(t) + t^2*exp(y) - 1)*y' = 0",
        "y*sin(t) + t^2*exp(y) - y",
    ),  # Example 2
    ("3*t^2 - 2*t*y + 2 + (6*y^2 - t^2 + 3)*y' = 0", "t^3 - t^2*y + 2*t + 2*y^3 + 3*y"),  # Problem 3
    ("2*t*y + (t^2 - 1)*y' = 0", "t^2*y - y"),  # Zill 2.4, Example 1
    (
        "exp(2*y) - y*cos(t*y) + (2*t*exp(2*y) - t*cos(t*y) + 2*y)*y' = 0",
        "t*exp(2*y) - sin(t*y) + y^2",
    ),  # Zill 2.4, Example 2
    ("y' = (t*y^2 - cos(t)*sin(t))/(y*(1 - t^2))", "y^2*(1 - t^2) - cos(t)^2"),  # Zill 2.4, Example 3
    ("cos(t + y) + (3*y^2 + 2*y + cos(t + y))*y' = 0", "sin(t + y) + y^3 + y^2"),  # Kreyszig 1.4, Example 1
    ("cos(y)*sinh(t) + 1 - sin(y)*cosh(t)*y' = 0", "cos(y)*cosh(t) + t"),  # Kreyszig 1.4, Example 2
    (
        "2*t*y - 1/cos(t)^2 + (t^2 + 2*y)*y' = 0",
        "t^2*y - tan(t) + y^2",
    ),  # Nagle, Saff & Snider 2.4, Example 2
]


@pytest.mark.parametrize(("law", "book"), EXACT)
def test_the_books_answer(law, book):
    asked, found = solved("exact", law)
    assert all(agrees(asked, solution, book) for solution in found.solutions)


@pytest.mark.parametrize(
    "law",
    [
        "y' = t^2 + y^2",
        "3*t*y + y^2 + (t^2 + t*y)*y' = 0",
        "y'' = y",
        "(y')^2 = y",
        "x' = y; y' = -x",
        "exp(y') = t + y",
    ],
)
def test_other_equations_are_refused(law):
    assert refuses("exact", law)


def test_a_potential_has_both_derivatives():
    t, y = sympy.symbols("t y", real=True)
    found = potential(sympy.cos(t + y), sympy.cos(t + y) + 2 * y, t, y)
    assert sympy.expand(found.formula - sympy.sin(t + y) - y**2) == 0
