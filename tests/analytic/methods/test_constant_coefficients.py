"""Homogeneous equations with constant coefficients, with the answers of textbooks."""

import pytest
import sympy

from dydt.analytic.methods.constant_coefficients import solve
from dydt.calculus.notation import text
from tests.analytic.families import holds, posed, refuses, solved

METHOD = "constant_coefficients"
# Boyce & DiPrima, Elementary Differential Equations, chapters 3 and 4; Zill, chapter 4; Kreyszig, chapter 2.
BOOKS = [
    ("y'' - y = 0", "C1*exp(t) + C2*exp(-t)"),  # Boyce 3.1, Example 1
    ("y'' + 5*y' + 6*y = 0", "C1*exp(-2*t) + C2*exp(-3*t)"),  # Boyce 3.1, Example 2
    ("4*y'' - 8*y' + 3*y = 0", "C1*exp(3*t/2) + C2*exp(t/2)"),  # Boyce 3.1, Example 4
    ("y'' + y' + 9.25*y = 0", "exp(-t/2)*(C1*cos(3*t) + C2*sin(3*t))"),  # Boyce 3.3, Example 1
    ("16*y'' - 8*y' + 145*y = 0", "exp(t/4)*(C1*cos(3*t) + C2*sin(3*t))"),  # Boyce 3.3, Example 2
    ("y'' + 9*y = 0", "C1*cos(3*t) + C2*sin(3*t)"),  # Boyce 3.3, Example 3
    ("y'' + 4*y' + 4*y = 0", "C1*exp(-2*t) + C2*t*exp(-2*t)"),  # Boyce 3.4, Example 1
    ("y'' - y' + y/4 = 0", "C1*exp(t/2) + C2*t*exp(t/2)"),  # Boyce 3.4, Example 2
    (
        "y'''' + y''' - 7*y'' - y' + 6*y = 0",
        "C1*exp(t) + C2*exp(-t) + C3*exp(2*t) + C4*exp(-3*t)",
    ),  # Boyce 4.2, Example 1
    ("y'''' - y = 0", "C1*exp(t) + C2*exp(-t) + C3*cos(t) + C4*sin(t)"),  # Boyce 4.2, Example 2
    ("y'''' + 2*y'' + y = 0", "C1*cos(t) + C2*sin(t) + C3*t*cos(t) + C4*t*sin(t)"),  # Boyce 4.2, Example 3
    (
        "y'''' + y = 0",
        "exp(t/sqrt(2))*(C1*cos(t/sqrt(2)) + C2*sin(t/sqrt(2)))"
        " + exp(-t/sqrt(2))*(C3*cos(t/sqrt(2)) + C4*sin(t/sqrt(2)))",
    ),  # Boyce 4.2, Example 4
    ("2*y'' - 5*y' - 3*y = 0", "C1*exp(-t/2) + C2*exp(3*t)"),  # Zill 4.3, Example 1
    ("y''' + 3*y'' - 4*y = 0", "C1*exp(t) + C2*exp(-2*t) + C3*t*exp(-2*t)"),  # Zill 4.3, Example 3
    ("y'' + 0.4*y' + 9.04*y = 0", "exp(-0.2*t)*(C1*cos(3*t) + C2*sin(3*t))"),  # Kreyszig 2.2, Example 5
    ("y''' - 5*y'' + 100*y' - 500*y = 0", "C1*exp(5*t) + C2*cos(10*t) + C3*sin(10*t)"),  # Zill 4.3, 60
]


@pytest.mark.parametrize("law, book", BOOKS)
def test_the_book_is_in_the_family(law, book):
    asked, found = solved(METHOD, law)
    assert holds(asked, found, book)


def test_it_is_written_as_in_a_book():
    _, found = solved(METHOD, "y'' - 3*y' + 2*y = 0")
    assert [text(e) for e in found.solutions] == ["y = C1*exp(t) + C2*exp(2*t)"]
    formulas = [step.text for step in found.steps]
    assert "r^2 - 3*r + 2 = 0" in formulas
    assert "(r - 2)*(r - 1) = 0" in formulas
    assert "(r = 1, r = 2)" in formulas


def test_how_often_a_root_is_repeated_is_said():
    _, found = solved(METHOD, "y''' - 3*y'' + 3*y' - y = 0")
    assert any("three times" in step.says for step in found.steps)
    assert found.solutions[0].rhs.has(posed("y' = y").independent ** 2)


def test_parameters():
    _, spring = solved(METHOD, "y'' = -w^2*y")
    assert text(spring.solutions[0]) == "y = C1*cos(t*w) + C2*sin(t*w)"
    _, beam = solved(METHOD, "y'''' = k^4*y")
    assert beam.solutions[0].rhs.has(sympy.cos, sympy.exp)
    damped = solve(posed("m*u'' + c*u' + k*u = 0"))
    assert any("may be positive or negative" in step.says for step in damped.steps)


def test_the_sign_that_is_taken_is_said():
    _, found = solved(METHOD, "y'' = -k*y")
    assert any("k > 0" in step.text for step in found.steps)


def test_roots_without_a_short_formula_are_decimal_numbers():
    """The real root of r^3 = r + 1 is the plastic number, 1.32471795724474602596 (OEIS A060006)."""
    _, found = solved(METHOD, "y''' = y' + y")
    assert any("≈" in step.says for step in found.steps)
    numbers = found.solutions[0].rhs.atoms(sympy.Float)
    assert min(abs(n - sympy.Float("1.32471795724474602596", 25)) for n in numbers) < 1e-16


def test_a_common_factor_is_divided_out():
    asked, found = solved(METHOD, "t*y'' + t*y = 0")
    assert holds(asked, found, "C1*cos(t) + C2*sin(t)")
    asked, found = solved(METHOD, "y''/y = 1")
    assert holds(asked, found, "C1*exp(t) + C2*exp(-t)")


def test_others_are_refused():
    assert refuses(
        METHOD, "y' = y", "y'' + y = 1", "y'' = y^2", "t*y'' + y = 0", "y'' + sin(y) = 0", "x' = y; y' = -x",
        "y'' = abs(y)", "y'' = if(t > 1, y, 0)", "y*y'' = y'^2",
    )  # fmt: skip
