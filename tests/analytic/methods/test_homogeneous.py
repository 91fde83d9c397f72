"""Homogeneous equations, against the answers in Boyce & DiPrima (section 2.2), Zill (2.5) and Kreyszig (1.3)."""

import pytest
import sympy

from dydt.analytic.methods.homogeneous import weight
from tests.analytic.by_hand import agrees, curves, lost, refuses, solved

BOOKS = [
    ("y' = (y - 4*t)/(t - y)", "abs(y - 2*t)*abs(y + 2*t)^3", {"2*t", "-2*t"}),  # Boyce & DiPrima 2.2, 30
    ("y' = (t^2 + t*y + y^2)/t^2", "atan(y/t) - log(abs(t))", set()),  # 31
    ("y' = (t^2 + 3*y^2)/(2*t*y)", "(t^2 + y^2)/t^3", set()),  # 32
    ("y' = (4*y - 3*t)/(2*t - y)", "abs(y - t)/abs(y + 3*t)^5", {"t", "-3*t"}),  # 33
    ("y' = (t + 3*y)/(t - y)", "log(abs(t + y)) + 2*t/(t + y)", {"-t"}),  # 35
    ("t^2 + y^2 + (t^2 - t*y)*y' = 0", "2*log(abs(1 + y/t)) - y/t + log(abs(t))", {"-t"}),  # Zill 2.5, Ex. 1
    ("2*t*y*y' = y^2 - t^2", "(t^2 + y^2)/t", set()),  # Kreyszig 1.3, Example 8
    ("t*y' = y + t*sin(y/t)", "tan(y/(2*t))/t", {"pi*t"}),
    ("t*y' = y*log(y/t)", "(log(y/t) - 1)/t", set()),
    ("y' = y/t + exp(-y/t)", "exp(y/t) - log(abs(t))", set()),
    ("y' = y/(t + sqrt(t*y))", "log(abs(y)) - 2*sqrt(t/y)", {"0"}),  # Zill 2.5
]


@pytest.mark.parametrize(("law", "book", "lines"), BOOKS)
def test_the_books_answer(law, book, lines):
    asked, found = solved("homogeneous", law)
    assert all(agrees(asked, solution, book) for solution in found.solutions)
    assert lost(found) == curves(*lines)


@pytest.mark.parametrize(
    ("law", "book"),
    [
        ("y' = t + y^2/t^3", "1/(y/t^2 - 1) + log(abs(t))"),  # y = u t^2: u' = (u - 1)^2/t
        ("2*t^2*y' = 1 + 4*t^2*y^2", "atan((4*t*y + 1)/sqrt(3))*2/sqrt(3) - log(abs(t))"),  # y = u/t
    ],
)
def test_other_scales(law, book):
    asked, found = solved("homogeneous", law)
    assert all(agrees(asked, solution, book) for solution in found.solutions)


@pytest.mark.parametrize(
    "law", ["y' = t + y", "y' = sin(t*y)", "y' = 3*y", "y'' = y/t^2", "y' = y/t + t + 1"]
)
def test_other_equations_are_refused(law):
    assert refuses("homogeneous", law)


def test_the_weight():
    t, y = sympy.symbols("t y", real=True)
    assert weight(sympy.sqrt(t**2 + y**2) / t, t, y) == 1
    assert weight(y**2 - 1 / t**2, t, y) == -1
    assert weight(t * y**3 + 1, t, y) is None


def test_the_ratio_may_separate_where_the_scale_is_not_free():
    # Zill 2.5: x y' - y = x^2 + y^2 has y = x tan(x + C).
    asked, found = solved("homogeneous", "t*y' - y = t^2 + y^2")
    assert [str(e.rhs) for e in found.solutions] == ["t*tan(C + t)"]
    assert agrees(asked, found.solutions[0], "atan(y/t) - t")
