"""Cauchy–Euler equations, with the answers of textbooks."""

from dataclasses import replace

import pytest
import sympy

from dydt.analytic.methods.cauchy_euler import solve
from dydt.calculus.notation import text
from tests.analytic.families import holds, posed, refuses, solved

METHOD = "cauchy_euler"
# Zill, chapter 4.7; Boyce & DiPrima, chapter 5.4; Kreyszig, chapter 2.5.
BOOKS = [
    ("t^2*y'' - 2*t*y' - 4*y = 0", "C1/t + C2*t^4"),  # Zill 4.7, Example 1
    ("4*t^2*y'' + 8*t*y' + y = 0", "C1/sqrt(t) + C2*log(t)/sqrt(t)"),  # Zill 4.7, Example 2
    ("4*t^2*y'' + 17*y = 0", "sqrt(t)*(C1*cos(2*log(t)) + C2*sin(2*log(t)))"),  # Zill 4.7, Example 3
    (
        "t^3*y''' + 5*t^2*y'' + 7*t*y' + 8*y = 0",
        "C1/t^2 + C2*cos(2*log(t)) + C3*sin(2*log(t))",
    ),  # Zill 4.7, Example 4
    (
        "t^2*y'' - 3*t*y' + 3*y = 2*t^4*exp(t)",
        "C1*t + C2*t^3 + 2*t^2*exp(t) - 2*t*exp(t)",
    ),  # Zill 4.7, Example 5
    ("t^2*y'' - t*y' + y = log(t)", "C1*t + C2*t*log(t) + 2 + log(t)"),  # Zill 4.7, Example 6
    ("2*t^2*y'' + 3*t*y' - y = 0", "C1*sqrt(t) + C2/t"),  # Boyce 5.4, Example 1
    ("t^2*y'' + 5*t*y' + 4*y = 0", "(C1 + C2*log(t))/t^2"),  # Boyce 5.4, Example 2
    ("t^2*y'' + t*y' + y = 0", "C1*cos(log(t)) + C2*sin(log(t))"),  # Boyce 5.4, Example 3
    ("t^2*y'' + 1.5*t*y' - 0.5*y = 0", "C1*sqrt(t) + C2/t"),  # Kreyszig 2.5, Example 1
    (
        "t^2*y'' + 0.6*t*y' + 16.04*y = 0",
        "t^0.2*(C1*cos(4*log(t)) + C2*sin(4*log(t)))",
    ),  # Kreyszig 2.5, Example 2
    ("t^2*y'' - 5*t*y' + 9*y = 0", "(C1 + C2*log(t))*t^3"),  # Kreyszig 2.5, Example 3
    ("t^2*y'' - 2*y = 3*t^2 - 1", "1/2 + t^2*log(t)"),  # Boyce 3.6, Problem 13
    ("t*y'' - y' = 3*t^2", "C1*t^2 + C2 + t^3"),  # Simmons, section 11
]


@pytest.mark.parametrize("law, book", BOOKS)
def test_the_book_is_in_the_family(law, book):
    asked, found = solved(METHOD, law)
    assert holds(asked, found, book)


def test_the_indicial_equation_is_shown():
    _, found = solved(METHOD, "2*t^2*y'' + 3*t*y' - y = 0")
    formulas = [step.text for step in found.steps]
    assert "2*r^2 + r - 1 = 0" in formulas
    assert "(r = -1, r = 1/2)" in formulas
    assert text(found.solutions[0]) == "y = C1/t + C2*sqrt(t)"


def test_for_which_times_it_holds_is_said():
    _, found = solved(METHOD, "t^2*y'' + t*y' + y = 0")
    assert "for t > 0; for t < 0 put -t in place of t" in found.steps[-1].says
    _, found = solved(METHOD, "t^2*y'' - 2*y = 0")
    assert "t > 0" not in found.steps[-1].says


def test_from_a_start_before_zero():
    asked = posed("t^2*y'' + t*y' + y = 0")
    found = solve(replace(asked, start=sympy.Integer(-1), initial={"y": sympy.S.One, "y'": sympy.S.Zero}))
    assert found.solutions[0].rhs.has(sympy.log(-asked.independent))
    assert all(step.check() for step in found.steps if step.check)


def test_powers_of_another_distance():
    asked, found = solved(METHOD, "(2*t + 1)^2*y'' + 2*(2*t + 1)*y' + 4*y = 0")
    assert holds(asked, found, "C1*cos(log(2*t + 1)) + C2*sin(log(2*t + 1))")
    assert any(step.text == "x = t + 1/2" for step in found.steps)


def test_forcing_by_waves_of_the_logarithm():
    """Zill 4.7: with t = e^s the equation has constant coefficients; here y'' + 4 y = sin s + sin 2s in s."""
    asked, found = solved(METHOD, "t^2*y'' + t*y' + 4*y = sin(log(t)) + sin(2*log(t))")
    assert holds(asked, found, "sin(log(t))/3 - log(t)*cos(2*log(t))/4")
    assert any(step.text == "y'' + 4*y = sin(s) + sin(2*s)" for step in found.steps)


def test_others_are_refused():
    assert refuses(
        METHOD, "y'' + y = 0", "t*y'' + y = 0", "t^2*y'' + y^2 = 0", "t*y' + y = 0", "t^2*y'' + t*y' + t^2*y = 0",
        "(1 - t^2)*y'' - 2*t*y' + 2*y = 0", "x' = y/t; y' = x/t",
    )  # fmt: skip
