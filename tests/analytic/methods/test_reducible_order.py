"""Equations without y or without t, with the answers of textbooks."""

from dataclasses import replace

import pytest
import sympy

from dydt.analytic.methods.reducible_order import solve
from dydt.calculus.notation import text
from dydt.expr.read import read
from dydt.expr.sympy import to_sympy
from tests.analytic.families import families, posed, refuses, solved, solves

METHOD = "reducible_order"
# Boyce & DiPrima, section 2.9; Zill, section 4.10; Simmons, section 11; Tenenbaum & Pollard, lesson 35.
BOOKS = [
    ("y'' = 2*t*(y')^2", "-atan(t/C1)/C1 + C2"),  # Zill 4.10, Example 1
    ("y*y'' = (y')^2", "C2*exp(C1*t)"),  # Zill 4.10, Example 2
    ("y'' + (y')^2 + 1 = 0", "log(abs(cos(C1 - t))) + C2"),  # Zill 4.10, Exercises
    ("t^2*y'' + (y')^2 = 0", "-C1*t + C1^2*log(abs(t + C1)) + C2"),  # Zill 4.10, Exercises
    ("y*y'' + (y')^2 = 0", "sqrt(C1^2*t + C2^2)"),  # Boyce 2.9, Problem 42: y^2 = C1 t + C2
    ("y'*y'' = 2", "4/3*(t + C1^2)^(3/2) + C2"),  # Boyce 2.9, Problem 48
    ("y'' = 2*y*y'", "C1*tan(C1*t + C2)"),  # Tenenbaum & Pollard, lesson 35
    ("y'' = 1 + (y')^2", "-log(abs(cos(t + C1))) + C2"),  # Simmons, section 11
    ("2*t^2*y'' + (y')^3 = 2*t*y'", "2/3*(t - 2*C1^2)*sqrt(t + C1^2) + C2"),  # Boyce 2.9, Problem 39
    ("(y + 1)*y'' = (y')^2", "C2*exp(C1*t) - 1"),  # Zill 4.10, Exercises
]


@pytest.mark.parametrize("law, book", BOOKS)
def test_the_family_solves_as_the_books_does(law, book):
    """Both are families with two free constants that solve: through every point there is one member, so they agree."""
    asked, found = solved(METHOD, law)
    assert solves(asked, [to_sympy(read(book))])
    assert len(found.constants) == 2
    assert families(asked, found)


def test_repeated_integration():
    _, found = solved(METHOD, "y'''' = sin(t)")
    assert text(found.solutions[0]) == "y = C1*t^3/6 + C2*t^2/2 + C3*t + sin(t) + C4"


def test_two_lower_derivatives_missing():
    _, found = solved(METHOD, "t*y''' = y''")
    assert text(found.solutions[0]) == "y = C1*t^3/6 + C2*t + C3"
    _, found = solved(METHOD, "y''' = (y'')^2")
    assert text(found.lost[0]) == "y = C1*t + C2"


def test_constants_that_are_divided_away_are_kept():
    _, found = solved(METHOD, "y'' = 2*y*y'")
    assert [text(e) for e in found.lost] == ["y = C"]


def test_both_substitutions_are_told():
    _, missing_y = solved(METHOD, "y'' + (y')^2 + 1 = 0")
    assert missing_y.steps[0].says.startswith("y itself does not appear")
    _, missing_t = solved(METHOD, "y*y'' = (y')^2")
    assert missing_t.steps[0].says.startswith("t itself does not appear")
    assert missing_t.steps[0].text == "y*v*v' = v^2"


def test_initial_values_where_the_general_solution_has_no_formula():
    """y'' = 6 y^2 with y(0) = 1, y'(0) = 2 is 1/(1 - t)^2 (escape speed: the constant of energy is zero)."""
    asked = posed("y'' = 6*y^2")
    assert solve(asked) is None
    found = solve(replace(asked, initial={"y": sympy.S.One, "y'": sympy.Integer(2)}))
    assert found is not None
    assert len(found.constants) == 1
    values = [e.rhs.subs(found.constants[0], c) for e in found.solutions for c in (-1, 1)]
    wanted = 1 / (1 - asked.independent) ** 2
    assert any(sympy.simplify(value - wanted) == 0 for value in values)


def test_an_initial_value_of_the_slope_is_used_first():
    """y'' = 1 + y'^2 from rest is the shape of least resistance -log cos t (Simmons, section 11)."""
    asked = posed("y'' = 1 + (y')^2")
    found = solve(replace(asked, initial={"y": sympy.S.Zero, "y'": sympy.S.Zero}))
    assert text(found.solutions[0]) == "y = -log(abs(cos(t))) + C2"
    asked = posed("y'' = 2*t*(y')^2")
    found = solve(replace(asked, initial={"y": sympy.S.One, "y'": sympy.S.Zero}))
    assert text(found.solutions[0]) == "y = C2"


def test_others_are_refused():
    assert refuses(METHOD, "y' = y", "y'' + t*y = 0", "y'' + t*y^2 = 0", "y''' = y*y'", "x' = y; y' = x")
