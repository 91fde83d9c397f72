"""Clairaut's equation y = t y' + g(y'): straight lines, and the curve that they envelop."""

from __future__ import annotations

from typing import Any

import sympy

from dydt.analytic.algebra.isolate import isolate
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.failures import none_if_it_fails
from dydt.analytic.forms.first_order import constant_for, letter, solves
from dydt.analytic.problem import Found, Problem, listed
from dydt.calculus.notation import Step, text


@none_if_it_fails
def solve(problem: Problem) -> Found | None:
    """The lines y = C t + g(C), and the singular solution t = -g'(p), y = t p + g(p).

    Source: Ince, "Ordinary Differential Equations", section 2.44; Clairaut 1734.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> found = solve(problem(parse("y = t*y' + (y')^2"), {}, {}))
    >>> found.solutions, found.lost
    ((Eq(y(t), C**2 + C*t),), (Eq(y(t), -t**2/4),))
    """
    if not problem.is_single or problem.order != 1:
        return None
    rests = solved_for_unknown(problem)
    t, p = problem.independent, _p(problem)
    functions = [rest - t * p for rest in rests]
    functions = [min((g, sympy.expand(g)), key=sympy.count_ops) for g in functions]
    functions = [g if not g.has(t) else sympy.simplify(g) for g in functions if is_zero(g.diff(t))]
    if not functions or len(functions) != len(rests) or any(g.has(t) for g in functions):
        return None
    return _found(problem, functions, t, p)


def _p(problem: Problem) -> sympy.Symbol:
    return letter("pqrs", problem.residual, problem.independent)


def solved_for_unknown(problem: Problem) -> list[Any]:
    """What y is, in t and a letter p for y': one formula a branch."""
    y, derivative = problem.letters
    return isolate(problem.residual.subs(derivative, _p(problem)), sympy.S.Zero, y)


def _found(problem: Problem, functions: list[Any], t: sympy.Symbol, p: sympy.Symbol) -> Found | None:
    y, derivative = problem.letters
    constant = constant_for(t, y, *functions)
    holds = solves(problem)
    lines = [constant * t + g.subs(p, constant) for g in functions]
    lines = [line for line in lines if holds(line)]
    if not lines:
        return None
    steps = [
        Step(
            f"Solved for {y}, with {p} for {derivative}, it is {t} {p} and a function of {p}: Clairaut's equation",
            listed([sympy.Eq(y, t * p + g, evaluate=False) for g in functions]),
            lambda: all(is_zero(problem.residual.subs({y: t * p + g, derivative: p})) for g in functions),
        )
    ]
    envelopes: list[Any] = []
    for g in functions:
        more, found = _one(problem, g, t, p, holds)
        steps += more
        envelopes += found
    formula = listed([sympy.Eq(y, line, evaluate=False) for line in lines])
    steps.insert(
        2,
        Step(
            f"{p}' = 0: {p} is a constant {constant}, and the solutions are straight lines",
            formula,
            lambda: all(map(holds, lines)),
        ),
    )
    solutions = tuple(sympy.Eq(problem.y, line, evaluate=False) for line in lines)
    lost = tuple(sympy.Eq(problem.y, curve, evaluate=False) for curve in dict.fromkeys(envelopes))
    return Found("Clairaut", "Clairaut's equation", solutions, tuple(steps), (constant,), lost)


def _one(
    problem: Problem, g: Any, t: sympy.Symbol, p: sympy.Symbol, holds: Any
) -> tuple[list[Step], list[Any]]:
    """The derivative of the equation, and the curve on which its first factor vanishes."""
    y = problem.letters[0]
    rate = g.diff(p)
    slope_of_p = sympy.Symbol(f"{p.name}'", real=True)
    function = sympy.Function(p.name, real=True)(t)
    whole = (
        (t * function + g.subs(p, function)).diff(t)
        - function
        - (t + rate.subs(p, function)) * function.diff(t)
    )
    steps = [
        Step(
            f"Differentiate: {p} is on both sides and cancels, which leaves a product that is zero",
            sympy.Eq((t + rate) * slope_of_p, 0, evaluate=False),
            lambda: is_zero(whole.subs(function.diff(t), sympy.Dummy("s", real=True)).subs(function, p)),
        )
    ]
    curves = []
    for value in isolate(rate, -t, p):
        forms = [(t * p + g).subs(p, value)]
        forms += [sympy.powsimp(forms[0]), sympy.factor(forms[0]), sympy.expand(forms[0]), _radical(forms[0])]
        forms.append(forms[0].replace(lambda e: isinstance(e, sympy.log), _log_of_inverse))
        curve = min(forms, key=sympy.count_ops)
        if holds(curve):
            curves.append(curve)
    if curves:
        formula = listed([sympy.Eq(y, c, evaluate=False) for c in dict.fromkeys(curves)])
        says = f"Or {text(t + rate)} = 0: the curve that all these lines touch, a singular solution"
        steps.append(Step(says, formula, lambda: all(map(holds, curves))))
    return steps, curves


def _log_of_inverse(logarithm: Any) -> Any:
    base, power = logarithm.args[0].as_base_exp()
    return -sympy.log(base) if power == -1 else logarithm


def _radical(formula: Any) -> Any:
    """With what is under each root over one denominator, e.g. √(1 - t^2) from (1 - t^2)/√(1 - t^2)."""
    half = sympy.Rational(1, 2)

    def quotient(root: Any) -> Any:
        above, below = sympy.fraction(sympy.cancel(sympy.together(root.base)))
        if above.is_negative:
            above, below = -above, sympy.expand(-below)
        return above**root.exp * below**-root.exp

    flat = formula.replace(lambda e: e.is_Pow and abs(e.exp) == half and e.base.is_Add, quotient)
    flat = sympy.together(flat)
    above, below = sympy.fraction(flat)
    if below.is_Pow and below.exp == half:
        ratio = sympy.cancel(above / below.base)
        return ratio * below if ratio.is_polynomial() else flat
    return flat
