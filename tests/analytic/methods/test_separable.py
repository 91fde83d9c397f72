"""Separation of variables, against the answers in Boyce & DiPrima (section 2.2), Zill (2.2) and Kreyszig (1.3)."""

import pytest
import sympy

from dydt.analytic.methods.separable import split, zeros
from tests.analytic.by_hand import agrees, curves, is_solution, lost, posed, refuses, solved

# law, what the book says is constant along solutions, constant solutions that are in no member of the family
BOOKS = [
    ("y' = 3*y", "y*exp(-3*t)", set()),
    ("y' = t^2/(1 - y^2)", "-t^3 + 3*y - y^3", set()),  # Boyce & DiPrima 2.2, Example 1
    ("y' = (3*t^2 + 4*t + 2)/(2*(y - 1))", "y^2 - 2*y - t^3 - 2*t^2 - 2*t", set()),  # Example 2
    ("y' = (4*t - t^3)/(4 + y^3)", "y^4 + 16*y + t^4 - 8*t^2", set()),  # Example 3
    ("y' = y*cos(t)/(1 + 2*y^2)", "log(abs(y)) + y^2 - sin(t)", {"0"}),
    ("y' = (1 - 2*t)*y^2", "1/y + t - t^2", {"0"}),  # Problem 9
    ("t*y' = sqrt(1 - y^2)", "log(abs(t)) - asin(y)", {"1", "-1"}),  # Problem 6
    ("y' = t*y^3/sqrt(1 + t^2)", "1/y^2 + 2*sqrt(1 + t^2)", {"0"}),  # Problem 14
    ("(1 + t)*y' = y", "y/(1 + t)", set()),  # Zill 2.2, Example 1
    ("y' = -t/y", "t^2 + y^2", set()),  # Zill 2.2, Example 2
    ("y' = y^2 - 4", "(y - 2)/(y + 2)*exp(-4*t)", {"2"}),  # Zill 2.2, Example 3
    ("y' = 1 + y^2", "atan(y) - t", set()),  # Kreyszig 1.3, Example 1
    ("y' = (t + 1)*exp(-t)*y^2", "1/y - (t + 2)*exp(-t)", {"0"}),  # Kreyszig 1.3, Example 2
    ("y' = -2*t*y", "y*exp(t^2)", set()),  # Kreyszig 1.3, Example 3
    ("y' = exp(t + y)", "exp(t) + exp(-y)", set()),
    ("y' = t*y + 2*t + y + 2", "(y + 2)*exp(-t^2/2 - t)", set()),
    ("y' = t*sqrt((1 - y^2)/(1 - t^2))", "asin(y) + sqrt(1 - t^2)", {"1", "-1"}),
    ("y' = t*cos(y)^2", "tan(y) - t^2/2", {"pi/2", "-pi/2"}),
]


@pytest.mark.parametrize(("law", "book", "rests"), BOOKS)
def test_the_books_answer(law, book, rests):
    asked, found = solved("separable", law)
    assert all(agrees(asked, solution, book) for solution in found.solutions)
    assert lost(found) == curves(*rests)


def test_growth_is_one_exponential():
    _, found = solved("separable", "y' = 3*y")
    (C,) = found.constants
    t = sympy.Symbol("t", real=True)
    assert [s.rhs for s in found.solutions] == [C * sympy.exp(3 * t)]
    assert not found.solutions[0].rhs.has(sympy.Abs, sympy.Piecewise)


def test_zero_is_kept_for_a_square():
    asked, found = solved("separable", "y' = y^2")
    assert lost(found) == {0}
    assert is_solution(asked, found.lost[0])


def test_the_logistic_equation_with_letters():
    asked, found = solved("separable", "y' = r*(1 - y/K)*y")
    assert agrees(asked, found.solutions[0], "(K - y)/y*exp(r*t)")


def test_both_roots_are_kept():
    _, found = solved("separable", "y' = t/y")
    t = sympy.Symbol("t", real=True)
    (C,) = found.constants
    assert {s.rhs for s in found.solutions} == {sympy.sqrt(t**2 + C), -sympy.sqrt(t**2 + C)}


def test_the_steps_read_like_a_board():
    _, found = solved("separable", "y' = 2*y*t + t")
    says = [step.says for step in found.steps]
    assert any("stays as it is" in s for s in says)
    assert any("Divide by 2*y + 1" in s for s in says)
    assert sum("The integral on the" in s for s in says) == 2
    assert found.steps[-1].text == "y = -1/2"


@pytest.mark.parametrize("law", ["y' = t + y", "y' = y^2 + t", "y'' = y", "x' = y; y' = x", "y' = sin(t*y)"])
def test_other_equations_are_refused(law):
    assert refuses("separable", law)


def test_a_product_is_split():
    t, y = sympy.symbols("t y", real=True)
    assert split(sympy.exp(t - y), t, y) == (sympy.exp(t), sympy.exp(-y))
    assert split(t + y, t, y) is None


def test_zeros_are_real_and_sorted():
    y = sympy.Symbol("y", real=True)
    assert zeros(y * (y**2 + 1) * (y - 2) * (y + 3), y) == (-3, 0, 2)
    assert zeros(1 / y, y) == ()
    assert zeros(sympy.exp(y), y) == ()


def test_nothing_changes():
    asked = posed("y' = 0")
    _, found = solved("separable", "y' = 0")
    assert found.solutions[0].lhs == asked.y
    assert found.solutions[0].rhs == found.constants[0]
