"""Quotients of straight lines, against Boyce & DiPrima, Ince (section 2.121) and Tenenbaum & Pollard (lesson 8)."""

import pytest
import sympy

from dydt.analytic.methods.shifted_homogeneous import centre
from tests.analytic.by_hand import agrees, curves, lost, refuses, solved


@pytest.mark.parametrize(
    ("law", "book", "lines"),
    [
        ("y' = (t + y - 3)/(t - y - 1)", "2*atan((y - 1)/(t - 2)) - log((t - 2)^2 + (y - 1)^2)", set()),
        ("y' = (2*y - t + 5)/(2*t - y - 4)", "(y - t + 3)/(t + y + 1)^3", {"-t - 1", "t - 3"}),
        ("y' = (2*t - y + 1)/(t - 2*y + 1)", "t^2 - t*y + y^2 + t - y", set()),
        ("y' = 2*((y + 2)/(t + y - 1))^2", "log(abs(y + 2)) + 2*atan((y + 2)/(t - 3))", {"-2"}),
    ],
)
def test_the_books_answer(law, book, lines):
    asked, found = solved("shifted_homogeneous", law)
    assert all(agrees(asked, solution, book) for solution in found.solutions)
    assert {sympy.expand(c) for c in lost(found)} == curves(*lines)


@pytest.mark.parametrize(
    "law", ["y' = (t + y)/(t - y)", "y' = t*y", "y' = (t + y + 1)/(t + y - 1)", "y' = y^2", "y'' = y"]
)
def test_other_equations_are_refused(law):
    assert refuses("shifted_homogeneous", law)


def test_the_centre():
    t, y = sympy.symbols("t y", real=True)
    assert centre((t + y - 3) / (t - y - 1), t, y) == (2, 1)
    assert centre((t + y - 3) ** 2 / (t - y - 1), t, y) is None
