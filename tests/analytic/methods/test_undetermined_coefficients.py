"""Undetermined coefficients, with the answers of textbooks."""

import pytest
import sympy

from dydt.analytic.forms.linear_equation import constant_equation
from dydt.analytic.methods.undetermined_coefficients import letters, multiplicity
from dydt.calculus.notation import text
from tests.analytic.families import holds, posed, refuses, solved

METHOD = "undetermined_coefficients"
# Boyce & DiPrima, chapters 3.5 and 4.3; Zill, chapter 4.4; Kreyszig, chapter 2.7.
BOOKS = [
    ("y'' - 3*y' - 4*y = 3*exp(2*t)", "-exp(2*t)/2"),  # Boyce 3.5, Example 1
    ("y'' - 3*y' - 4*y = 2*sin(t)", "-5/17*sin(t) + 3/17*cos(t)"),  # Boyce 3.5, Example 2
    (
        "y'' - 3*y' - 4*y = -8*exp(t)*cos(2*t)",
        "10/13*exp(t)*cos(2*t) + 2/13*exp(t)*sin(2*t)",
    ),  # Boyce 3.5, Example 3
    ("y'' - 3*y' - 4*y = 2*exp(-t)", "-2/5*t*exp(-t)"),  # Boyce 3.5, Example 5
    ("y''' - 3*y'' + 3*y' - y = 4*exp(t)", "2/3*t^3*exp(t)"),  # Boyce 4.3, Example 1
    (
        "y'''' + 2*y'' + y = 3*sin(t) - 5*cos(t)",
        "-3/8*t^2*sin(t) + 5/8*t^2*cos(t)",
    ),  # Boyce 4.3, Example 2
    ("y''' - 4*y' = t + 3*cos(t) + exp(-2*t)", "-t^2/8 - 3/5*sin(t) + t*exp(-2*t)/8"),  # Boyce 4.3, Example 3
    ("y'' + 4*y' - 2*y = 2*t^2 - 3*t + 6", "-t^2 - 5/2*t - 9"),  # Zill 4.4, Example 1
    ("y'' - y' + y = 2*sin(3*t)", "6/73*cos(3*t) - 16/73*sin(3*t)"),  # Zill 4.4, Example 2
    (
        "y'' - 2*y' - 3*y = 4*t - 5 + 6*t*exp(2*t)",
        "-4/3*t + 23/9 - (2*t + 4/3)*exp(2*t)",
    ),  # Zill 4.4, Example 3
    ("y'' - 5*y' + 4*y = 8*exp(t)", "-8/3*t*exp(t)"),  # Zill 4.4, Example 4
    ("y'' - 2*y' + y = exp(t)", "t^2*exp(t)/2"),  # Zill 4.4, Example 7
    ("y'' - 6*y' + 9*y = 6*t^2 + 2 - 12*exp(3*t)", "2/3*t^2 + 8/9*t + 2/3 - 6*t^2*exp(3*t)"),  # Example 9
    ("y''' + y'' = exp(t)*cos(t)", "-exp(t)*cos(t)/10 + exp(t)*sin(t)/5"),  # Zill 4.4, Example 10
    ("y'' + y = 0.001*t^2", "0.001*t^2 - 0.002"),  # Kreyszig 2.7, Example 1
    ("y'' + 3*y' + 2.25*y = -10*exp(-1.5*t)", "-5*t^2*exp(-1.5*t)"),  # Kreyszig 2.7, Example 2
]


@pytest.mark.parametrize("law, particular", BOOKS)
def test_the_books_particular_solution_is_in_the_family(law, particular):
    asked, found = solved(METHOD, law)
    assert holds(asked, found, particular)


def test_the_trial_is_shown_and_resonance_said():
    _, found = solved(METHOD, "y'' - 3*y' - 4*y = 2*exp(-t)")
    trial = next(step for step in found.steps if "resonance" in step.says)
    assert trial.text == "y_p = A*t*exp(-t)"
    assert "-1 is a root of the characteristic equation once" in trial.says
    assert "A = -2/5" in [step.text for step in found.steps]


def test_a_comparison_of_coefficients_is_shown():
    _, found = solved(METHOD, "y'' + 4*y' - 2*y = 2*t^2 - 3*t + 6")
    formulas = [step.text for step in found.steps]
    assert "(-2*A = 2, 8*A - 2*B = -3, 2*A + 4*B - 2*D = 6)" in formulas
    assert "(A = -1, B = -5/2, D = -9)" in formulas


@pytest.mark.parametrize(
    "law, particular",
    [
        ("y'' + y = sin(t)^2", "1/2 + cos(2*t)/6"),
        ("y'' - y = cosh(2*t)", "cosh(2*t)/3"),
        ("y'' + y = sin(2*t + 1)", "-sin(2*t + 1)/3"),
        ("y'' + y = 2^t", "2^t/(1 + log(2)^2)"),
        ("y'' + 4*y = sin(t)*cos(t)", "-t*cos(2*t)/8"),
    ],
)
def test_forcing_that_must_be_rewritten(law, particular):
    asked, found = solved(METHOD, law)
    assert holds(asked, found, particular)


def test_a_driven_oscillator_with_letters():
    """Landau & Lifshitz, Mechanics, equation (22.3): f/(m (w^2 - v^2)) cos(v t)."""
    asked, found = solved(METHOD, "y'' + w^2*y = f/m*cos(v*t)")
    rest = found.solutions[0].rhs.subs(dict.fromkeys(found.constants, 0))
    f, m, w, v = (asked.parameters[name] for name in "fmwv")
    assert sympy.simplify(rest - f / m / (w**2 - v**2) * sympy.cos(v * asked.independent)) == 0
    assert any("no resonance" in step.says for step in found.steps)


def test_the_multiplicity_of_a_root():
    linear = constant_equation(posed("y''' - 3*y'' + 3*y' - y = 0"))
    assert [multiplicity(linear, sympy.Integer(n)) for n in (0, 1, 2)] == [0, 3, 0]


def test_letters_leave_out_those_in_use():
    given = letters({"A", "D"})
    assert [next(given).name for _ in range(3)] == ["B", "F", "G"]


def test_many_unknowns_stay_quick():
    _, found = solved(METHOD, "y'' + y = t^6*cos(t)")
    assert "t^7" in text(found.solutions[0])


def test_others_are_refused():
    assert refuses(
        METHOD, "y' + y = exp(t)", "y'' + y = 0", "y'' + y = tan(t)", "y'' + y = 1/t", "y'' + t*y = 1",
        "y'' + y^2 = 1", "y'' + y = exp(t^2)", "y'' + y = sqrt(t)", "y'' + y = abs(t)", "x' = y; y' = -x + 1",
    )  # fmt: skip
