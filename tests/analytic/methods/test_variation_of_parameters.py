"""Variation of parameters, with the answers of textbooks."""

import pytest

from dydt.analytic.forms.linear_equation import linear_equation
from dydt.analytic.methods.variation_of_parameters import particular
from dydt.calculus.notation import text
from tests.analytic.families import holds, number, posed, refuses, solved

METHOD = "variation_of_parameters"
# Boyce & DiPrima, chapters 3.6 and 4.4; Zill, chapter 4.6; Kreyszig, chapter 2.10; Nagle, Saff & Snider, chapter 4.6.
BOOKS = [
    ("y'' + 4*y = 3/sin(t)", "3*sin(t) + 3/2*log(abs(1/sin(t) - 1/tan(t)))*sin(2*t)"),  # Boyce 3.6, Example 1
    ("y'' + y = tan(t)", "-cos(t)*log(tan(t) + 1/cos(t))"),  # Boyce 3.6, Problem 5
    ("y'' + 9*y = 9/cos(3*t)^2", "sin(3*t)*log(abs(tan(3*t) + 1/cos(3*t))) - 1"),  # Boyce 3.6, Problem 6
    ("y'' + 4*y' + 4*y = exp(-2*t)/t^2", "-exp(-2*t)*log(t)"),  # Boyce 3.6, Problem 7
    (
        "y'' - 2*y' + y = exp(t)/(1 + t^2)",
        "-exp(t)*log(1 + t^2)/2 + t*exp(t)*atan(t)",
    ),  # Boyce 3.6, Problem 10
    ("y''' + y' = tan(t)", "-log(abs(cos(t))) - sin(t)*log(abs(1/cos(t) + tan(t)))"),  # Boyce 4.4, Problem 1
    (
        "y''' + y' = 1/cos(t)",
        "log(abs(1/cos(t) + tan(t))) - t*cos(t) + sin(t)*log(abs(cos(t)))",
    ),  # Boyce 4.4, 4
    ("y'' - 4*y' + 4*y = (t + 1)*exp(2*t)", "(t^3/6 + t^2/2)*exp(2*t)"),  # Zill 4.6, Example 1
    ("4*y'' + 36*y = 1/sin(3*t)", "-t*cos(3*t)/12 + sin(3*t)*log(abs(sin(3*t)))/36"),  # Zill 4.6, Example 2
    ("y'' + 3*y' + 2*y = 1/(1 + exp(t))", "(exp(-t) + exp(-2*t))*log(1 + exp(t))"),  # Zill 4.6, Problem 11
    ("y'' + 3*y' + 2*y = sin(exp(t))", "-exp(-2*t)*sin(exp(t))"),  # Zill 4.6, Problem 13
    ("y'' + 2*y' + y = exp(-t)*log(t)", "t^2*exp(-t)*log(t)/2 - 3/4*t^2*exp(-t)"),  # Zill 4.6, Problem 15
    ("y'' + y = 1/cos(t)", "cos(t)*log(abs(cos(t))) + t*sin(t)"),  # Kreyszig 2.10, Example 1
    ("y'' + y = tan(t) + 3*t - 1", "3*t - 1 - cos(t)*log(1/cos(t) + tan(t))"),  # Nagle 4.6, Example 3
]


@pytest.mark.parametrize("law, book", BOOKS)
def test_the_books_particular_solution_is_in_the_family(law, book):
    asked, found = solved(METHOD, law)
    assert holds(asked, found, book)


def test_the_answer_is_short():
    _, found = solved(METHOD, "y'' + y = tan(t)")
    assert text(found.solutions[0]) == "y = C1*cos(t) + C2*sin(t) - log(abs(tan(t) + 1/cos(t)))*cos(t)"


def test_the_conditions_and_cramers_rule_are_shown():
    _, found = solved(METHOD, "y'' + y = 1/cos(t)")
    formulas = [step.text for step in found.steps]
    assert "(u_1'*cos(t) + u_2'*sin(t) = 0, -u_1'*sin(t) + u_2'*cos(t) = 1/cos(t))" in formulas
    assert "(u_1' = -sin(t)/cos(t), u_2' = 1)" in formulas


def test_with_any_basis():
    """Boyce & DiPrima 3.6, Problem 13: t^2 y'' - 2 y = 3 t^2 - 1 with t^2 and 1/t."""
    linear = linear_equation(posed("t^2*y'' - 2*y = 3*t^2 - 1"))
    t = linear.independent
    value, steps = particular(linear, (t**2, 1 / t))
    assert all(step.check() for step in steps if step.check)
    assert abs(number(linear.leaves(value), 0.7)) < 1e-15
    assert particular(linear, (t**2, 2 * t**2)) is None


def test_an_integral_that_is_not_elementary_gives_nothing():
    assert refuses(METHOD, "y'' + y = sqrt(cos(t))")


def test_others_are_refused():
    assert refuses(METHOD, "y'' + y = 0", "y' + y = tan(t)", "y'' + t*y = tan(t)", "y'' + y^2 = tan(t)")
