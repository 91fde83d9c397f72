"""The checks of steps can fail: a wrong intermediate result and a wrong formula are both caught."""

import pytest
import sympy

from dydt.analytic import search
from dydt.analytic.checks import recheck
from dydt.analytic.methods import (
    constant_coefficients,
    exact,
    linear,
    linear_system,
    separable,
    solver,
    undetermined_coefficients,
    variation_of_parameters,
)
from dydt.analytic.problem import Found
from dydt.calculus.notation import Step
from tests.analytic.by_hand import posed


def judged(method, law):
    asked = posed(law)
    return search.judged(asked, solver(method)(asked))


def doubled(function):
    def wrong(*arguments):
        found = function(*arguments)
        return None if found is None else 2 * found

    return wrong


def plus_one(function):
    return lambda *arguments: function(*arguments) + 1


def of_larger_roots(function):
    def wrong(*arguments):
        found = function(*arguments)
        first = found.roots[0]
        other = type(first)(first.alpha + 1, first.beta, first.multiplicity)
        return type(found)((other, *found.roots[1:]), found.rounded, found.undecided)

    return wrong


def of_other_vectors(function):
    return lambda *arguments: [[v + sympy.ones(*v.shape) for v in chain] for chain in function(*arguments)]


def of_larger_numbers(function):
    return lambda *arguments: {name: value + 1 for name, value in function(*arguments).items()}


@pytest.mark.parametrize(
    ("method", "law", "module", "name", "spoilt"),
    [
        ("separable", "y' = t*y^2", separable, "antiderivative", doubled),
        ("linear", "y' + 2*y/t = t", linear, "exponential", plus_one),
        ("linear", "y' + 2*y/t = t", linear, "antiderivative", doubled),
        ("exact", "2*t + y^2 + 2*t*y*y' = 0", exact, "antiderivative", doubled),
        ("constant_coefficients", "y'' + 5*y' + 6*y = 0", constant_coefficients, "roots", of_larger_roots),
        (
            "undetermined_coefficients",
            "y'' - 3*y' - 4*y = 2*sin(t)",
            undetermined_coefficients,
            "solved",
            of_larger_numbers,
        ),
        ("variation_of_parameters", "y'' + y = 1/cos(t)", variation_of_parameters, "integral", doubled),
        ("variation_of_parameters", "y'' + y = 1/cos(t)", variation_of_parameters, "quotient", doubled),
        ("linear_system", "x' = x + y; y' = 4*x + y", linear_system, "chains", of_other_vectors),
        ("linear_system", "x' = x + y; y' = 4*x + y", linear_system, "roots", of_larger_roots),
        ("linear_system", "x' = y + t; y' = -x", linear_system, "solved", of_larger_numbers),
    ],
)
def test_a_wrong_intermediate_result_is_caught_by_the_check_of_its_step(
    monkeypatch, method, law, module, name, spoilt
):
    assert isinstance(judged(method, law), search.Outcome)
    monkeypatch.setattr(module, name, spoilt(getattr(module, name)))
    try:
        verdict = judged(method, law)
    except AttributeError:  # the method itself saw that something is wrong, and found nothing
        assert solver(method)(posed(law)) is None
        return
    assert isinstance(verdict, str)
    assert verdict.startswith("this step does not hold")


LAWS = (
    ("separable", "y' = 2*y*t + t"),
    ("separable", "y' = t*y^2"),
    ("linear", "t*y' + 2*y = 4*t^2"),
    ("exact", "2*t + y^2 + 2*t*y*y' = 0"),
    ("homogeneous", "y' = (t + y)/(t - y)"),
    ("bernoulli", "t*y' + y = t^2*y^2"),
    ("riccati", "y' = 1 + t^2 - 2*t*y + y^2"),
    ("constant_coefficients", "y'' + 5*y' + 6*y = 0"),
    ("cauchy_euler", "t^2*y'' - 2*t*y' - 4*y = 0"),
)


@pytest.mark.parametrize(("method", "law"), LAWS)
def test_a_corrupted_formula_does_not_hold_along_the_solution(method, law):
    asked = posed(law)
    found = solver(method)(asked)
    plain = [Step(step.says, step.formula) for step in found.steps]
    looked = recheck(asked, found, plain)
    seen = 0
    for k, step in enumerate(looked):
        if not step.checked or not _is_in_known_letters(asked, found, step.formula):
            continue
        corrupted = [*plain[:k], Step(step.says, _corrupted(step.formula, asked.independent))]
        assert not recheck(asked, found, corrupted)[-1].checked, str(corrupted[-1])
        seen += 1
    assert seen >= 1


def _is_in_known_letters(asked, found: Found, formula):
    """Whether it says something of t, y and the constants, and does not just give a name to something."""
    known = {asked.independent, *asked.letters, *found.constants}
    return isinstance(formula, sympy.Equality) and formula.free_symbols <= known


def _corrupted(equation, t):
    return sympy.Eq(equation.lhs, equation.rhs * (1 + t / 7) + t / 5, evaluate=False)
