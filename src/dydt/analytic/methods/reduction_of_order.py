"""Linear equations of second order with one solution known: the other one by y = u y_1, or both by a substitution."""

from __future__ import annotations

from typing import Any

import sympy

from dydt.analytic.algebra.antiderivative import exponential, log_free
from dydt.analytic.algebra.integral import integral
from dydt.analytic.algebra.known_solutions import known_solution
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.forms.linear_equation import LinearEquation, divide, linear_equation
from dydt.analytic.methods.constant_coefficients import combination, shorter, wronskian_step
from dydt.analytic.methods.undetermined_coefficients import general_step
from dydt.analytic.methods.variation_of_parameters import particular
from dydt.analytic.part import free_name
from dydt.analytic.problem import Found, Problem, listed
from dydt.calculus.notation import Step


def solve(problem: Problem) -> Found | None:
    """The general solution of a_2(t) y'' + a_1(t) y' + a_0(t) y = g(t) by reduction of order.

    A first solution y_1 is searched among powers, exponentials, polynomials and waves; the second is
    y_1 ∫ e^(-∫ p) / y_1², p = a_1 / a_2. Source: Boyce, DiPrima, "Elementary Differential Equations", section 3.4.
    """
    linear = linear_equation(problem)
    if linear is None or linear.order != 2 or linear.coefficients[0] == 0:
        return None
    known = known_solution(linear)
    if known is None:
        return None
    second = _second(problem, linear, known[1])
    if second is None:
        return None
    basis, steps = second
    opening = _opening(problem, linear, *known)
    found = finished(problem, linear, basis, (*opening, *steps))
    return None if found is None else Found("reduction of order", "reduction of order", *found)


def finished(
    problem: Problem, linear: LinearEquation, basis: tuple[Any, Any], steps: tuple[Step, ...]
) -> tuple[tuple[Any, ...], tuple[Step, ...], tuple[Any, ...]] | None:
    """Solutions, steps and constants from a basis, with the forcing by variation of parameters."""
    names = problem.constants(2)
    value = combination(names, basis)
    name = problem.name
    if linear.forcing == 0:
        solution = sympy.Eq(problem.y, value, evaluate=False)
        last = Step("The general solution", solution, lambda: is_zero(linear.apply(value)))
        return (solution,), (*steps, last), names
    found = particular(linear, basis)
    if found is None:
        return None
    y_h = sympy.Eq(sympy.Symbol(f"{name}_h"), value, evaluate=False)
    middle = Step("The general solution without the forcing", y_h, lambda: is_zero(linear.apply(value)))
    solution = sympy.Eq(problem.y, value + found[0], evaluate=False)
    return (solution,), (*steps, middle, *found[1], general_step(linear, solution)), names


def _opening(problem: Problem, linear: LinearEquation, tried: str, first: Any) -> tuple[Step, ...]:
    name = problem.name
    says = "The equation is linear" + ("" if linear.forcing == 0 else "; first without its forcing")
    return (
        Step(says, linear.equation(homogeneous=True)),
        Step(
            f"One solution is found by trying {tried}",
            sympy.Eq(sympy.Symbol(f"{name}_1"), first, evaluate=False),
            lambda: is_zero(linear.apply(first)),
        ),
    )


def _second(
    problem: Problem, linear: LinearEquation, first: Any
) -> tuple[tuple[Any, Any], tuple[Step, ...]] | None:
    """The second solution, and the steps to it."""
    t, name = problem.independent, problem.name
    _, a1, a2 = linear.coefficients
    p = sympy.cancel(a1 / a2) if (a1 / a2).is_rational_function(t) else divide(a1, a2)
    area = integral(p, t)
    if area is None:
        return None
    weight = exponential(-area)
    slope = _short(weight / first**2, t)
    u = integral(slope, t)
    if u is None:
        return None
    scale = _factor(_short(u * first, t), t)
    slope, u = slope / scale, sympy.expand(u / scale)
    second = _product(u, first, t)
    factor = sympy.Function(free_name(problem, "u", "v", "w"), real=True)(t)
    letter, w = factor.func.__name__, free_name(problem, "w", "q", "s")
    w_of = sympy.Function(w, real=True)(t)
    rest = sympy.Eq(first * w_of.diff(t) + _short(2 * first.diff(t) + p * first, t) * w_of, 0, evaluate=False)
    steps = (
        Step(
            f"Look for another one of the form {name} = {letter}*{name}_1",
            sympy.Eq(problem.y, factor * first, evaluate=False),
            lambda: is_zero(linear.apply(first)) and is_zero(linear.apply(log_free(u) * first)),
        ),
        Step(
            f"Put in, the terms with {letter} itself cancel, since {name}_1 is a solution; for {w} = {letter}' an "
            f"equation of first order is left, {name}_1 {w}' + (2 {name}_1' + p {name}_1) {w} = 0, with p the "
            f"coefficient of {name}' divided by that of {name}''",
            rest,
            lambda: is_zero(first * sympy.diff(slope, t) + (2 * sympy.diff(first, t) + p * first) * slope),
        ),
        Step(
            f"Its solution, by separation: {w} = e^(-∫ p d{t}) / {name}_1^2, up to a constant factor",
            sympy.Eq(sympy.Symbol(w), slope, evaluate=False),
            lambda: is_zero(sympy.diff(slope, t) / slope + 2 * sympy.diff(first, t) / first + p),
        ),
        Step(
            "Integrated",
            sympy.Eq(sympy.Symbol(letter), u, evaluate=False),
            lambda: is_zero(sympy.diff(log_free(u), t) - slope),
        ),
        Step(
            "The second solution",
            sympy.Eq(sympy.Symbol(f"{name}_2"), second, evaluate=False),
            lambda: is_zero(linear.apply(second)),
        ),
        wronskian_step((first, log_free(second)), t, name),
    )
    return (first, second), steps


def _product(u: Any, first: Any, t: Any) -> Any:
    """u y_1, multiplied out where u is a fraction and some logarithms."""
    if not first.is_rational_function(t) or not u.is_Add:
        return _short(u * first, t)
    plain = [term for term in u.args if term.is_rational_function(t)]
    others = [term for term in u.args if not term.is_rational_function(t)]
    return sympy.cancel(sympy.Add(*plain) * first) + sympy.Add(
        *(sympy.factor_terms(term * first) for term in others)
    )


def _factor(expression: Any, t: Any) -> Any:
    """The constant factor, with a sign that makes the rest begin without a minus."""
    factor = sympy.factor_terms(expression).as_independent(t, as_Add=False)[0]
    rest = sympy.expand(expression / factor)
    terms = rest.as_ordered_terms()
    return -factor if all(term.could_extract_minus_sign() for term in terms) else factor


def _short(expression: Any, t: Any) -> Any:
    """The shortest of a few ways to write it."""
    forms = [expression, shorter(expression)]
    if expression.is_rational_function(t):
        forms += [sympy.cancel(expression), sympy.factor(expression)]
    else:
        forms.append(sympy.powsimp(sympy.factor_terms(expression)))
    return min(forms, key=lambda form: (form.count_ops(), str(form)))


def basis_step(problem: Problem, linear: LinearEquation, says: str, basis: tuple[Any, Any]) -> Step:
    """Both solutions at once."""
    named = [
        sympy.Eq(sympy.Symbol(f"{problem.name}_{k + 1}"), f, evaluate=False) for k, f in enumerate(basis)
    ]
    return Step(says, listed(named), lambda: all(is_zero(linear.apply(f)) for f in basis))
