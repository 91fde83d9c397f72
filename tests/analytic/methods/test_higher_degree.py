"""Several slopes at one point, against Ince (section 2.4) and Boyce & DiPrima."""

import pytest
import sympy

from tests.analytic.by_hand import agrees, lost, refuses, solved


@pytest.mark.parametrize(
    ("law", "books"),
    [
        ("(y')^2 = 4*y", ["sqrt(y) - t"]),
        ("(y')^2 - (t + y)*y' + t*y = 0", ["y - t^2/2", "y*exp(-t)"]),
        ("(y')^2 - 3*y' + 2 = 0", ["y - t", "y - 2*t"]),
        ("(y')^2 = t", ["y - 2/3*t^1.5", "y + 2/3*t^1.5"]),
        ("y*(y')^2 + (t - y)*y' - t = 0", ["y - t", "y^2 + t^2"]),
        ("abs(y') = y", ["y*exp(-t)", "y*exp(t)"]),
    ],
)
def test_every_branch_is_solved(law, books):
    asked, found = solved("higher_degree", law)
    for book in books:
        assert any(agrees(asked, solution, book) for solution in found.solutions)


def test_the_circle_of_sines():
    _, found = solved("higher_degree", "(y')^2 + y^2 = 1")
    assert lost(found) == {1, -1}
    assert all(s.rhs.has(sympy.sin) for s in found.solutions)


def test_a_family_is_told_once():
    _, found = solved("higher_degree", "(y')^2 = 4*y")
    assert len(found.solutions) == 1
    assert lost(found) == {0}


@pytest.mark.parametrize("law", ["y' = y", "y'' = y", "t*y' = y^2", "x' = y; y' = x"])
def test_one_slope_is_refused(law):
    assert refuses("higher_degree", law)
