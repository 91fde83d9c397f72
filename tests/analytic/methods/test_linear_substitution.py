"""y' = F(a t + b y + c), against Zill (section 2.5)."""

import pytest
import sympy

from dydt.analytic.methods.linear_substitution import argument
from tests.analytic.by_hand import agrees, curves, lost, refuses, solved


@pytest.mark.parametrize(
    ("law", "book", "lines"),
    [
        ("y' = (t + y + 1)^2", "atan(t + y + 1) - t", set()),  # Zill 2.5, 23
        ("y' = (1 - t - y)/(t + y)", "(t + y)^2 - 2*t", set()),  # 24
        ("y' = tan(t + y)^2", "2*y - 2*t + sin(2*(t + y))", set()),  # 25
        ("y' = 2 + sqrt(y - 2*t + 3)", "2*sqrt(y - 2*t + 3) - t", {"2*t - 3"}),  # 27
        ("y' = 1 + exp(y - t + 5)", "exp(-(y - t + 5)) + t", set()),  # 28
        ("y' = cos(t + y)", "tan((t + y)/2) - t", {"pi - t", "-pi - t"}),  # 29
        ("y' = (t + y + 1)/(t + y - 1)", "y - t - log(abs(t + y))", {"-t"}),
    ],
)
def test_the_books_answer(law, book, lines):
    asked, found = solved("linear_substitution", law)
    assert all(agrees(asked, solution, book) for solution in found.solutions)
    assert {sympy.expand(c) for c in lost(found)} == curves(*lines)


@pytest.mark.parametrize("law", ["y' = t*y", "y' = t^2 + y", "y' = y^2", "y'' = t + y"])
def test_other_equations_are_refused(law):
    assert refuses("linear_substitution", law)


def test_the_argument_as_written():
    t, y = sympy.symbols("t y", real=True)
    assert argument(sympy.exp(y - t + 5), t, y) == y - t + 5
    assert argument(t * y, t, y) is None
