"""Equations y = t φ(y') + g(y'): linear for t as a function of the slope. Named for Lagrange and d'Alembert."""

from __future__ import annotations

from typing import Any

import sympy

from dydt.analytic.algebra.absorb import absorb
from dydt.analytic.algebra.isolate import isolate
from dydt.analytic.algebra.unravel import cleared
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.failures import none_if_it_fails
from dydt.analytic.forms.first_order import keeps, letter, solves
from dydt.analytic.methods.clairaut import solved_for_unknown
from dydt.analytic.methods.linear import Integrated, integrate
from dydt.analytic.methods.separable import zeros
from dydt.analytic.problem import Found, Problem, listed
from dydt.calculus.notation import Step, text

_LONGEST = 60


@none_if_it_fails
def solve(problem: Problem) -> Found | None:
    """The solution with the slope p as a parameter, which is then eliminated where that can be done.

    Source: Ince, "Ordinary Differential Equations", section 2.43.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> solve(problem(parse("y = 2*t*y' + (y')^2"), {}, {})).lost
    (Eq(y(t), 0),)
    """
    if not problem.is_single or problem.order != 1:
        return None
    rests = solved_for_unknown(problem)
    t, p = problem.independent, letter("pqrs", problem.residual, problem.independent)
    if len(rests) != 1 or not rests[0].has(p):
        return None
    rest = sympy.expand(rests[0])
    phi, g = rest.coeff(t, 1), rest.subs(t, 0)
    if is_zero(g) and is_zero((p * phi.diff(p) / phi).diff(p)):
        return None  # y' = … y/t: its branches are separable
    if not is_zero(rest - t * phi - g) or phi.has(t) or g.has(t, sympy.nan) or is_zero(phi - p) or phi == 0:
        return None
    phi, g = (min((q, sympy.factor(q)), key=sympy.count_ops) for q in (phi, g))
    return _found(problem, phi, g, t, p)


def _found(problem: Problem, phi: Any, g: Any, t: sympy.Symbol, p: sympy.Symbol) -> Found | None:
    y, derivative = problem.letters
    gap = sympy.factor(p - phi)
    rate, forcing = (sympy.cancel(q.diff(p) / gap) for q in (phi, g))

    def is_form() -> bool:
        return is_zero(gap * (rate * t + forcing) - t * phi.diff(p) - g.diff(p))

    linear = integrate(-rate, forcing, p, t, 1, is_form)
    if linear is None or linear.solution.has(sympy.Integral):
        return None
    slope_of_p = sympy.Symbol(f"{p.name}'", real=True)
    steps = [
        Step(
            f"Solved for {y}, with {p} for {derivative}: {t} times a function of {p}, and another function of {p}",
            sympy.Eq(y, t * phi + g, evaluate=False),
            lambda: is_zero(problem.residual.subs({y: t * phi + g, derivative: p})),
        ),
        Step(
            "Differentiate",
            sympy.Eq(gap, (t * phi.diff(p) + g.diff(p)) * slope_of_p, evaluate=False),
            lambda: is_zero((t * phi + g).diff(t) - p + gap),
        ),
        Step(
            f"Take {t} as a function of {p}: dividing by {slope_of_p}, which is 1/{t}', makes it linear",
            sympy.Eq(sympy.Symbol(f"{t.name}'"), rate * t + forcing, evaluate=False),
            is_form,
        ),
        *linear.steps,
    ]
    curves = _explicit(problem, phi, g, linear, t, p)
    relations = [] if curves else _implicit(problem, phi, g, linear, t, p)
    if not curves and not relations:
        return None
    if curves:
        formula = listed([sympy.Eq(y, c, evaluate=False) for c in curves])
        test = solves(problem)
        steps.append(
            Step(f"Solve for {p} and put it into y = t φ(p) + g(p)", formula, lambda: all(map(test, curves)))
        )
        solutions = tuple(sympy.Eq(problem.y, c, evaluate=False) for c in curves)
    else:
        formula = listed([sympy.Eq(r, linear.constant, evaluate=False) for r in relations])
        keep = keeps(problem)
        says = f"Solve the equation itself for {p}, and put that in: {p} is gone"
        steps.append(Step(says, formula, lambda: all(map(keep, relations))))
        solutions = tuple(
            sympy.Eq(problem.in_functions(r), linear.constant, evaluate=False) for r in relations
        )
    lost = _lines(problem, phi, g, gap, t, p)
    if lost:
        formula = listed([sympy.Eq(y, line, evaluate=False) for line in lost])
        says = f"Divided away above: where {text(gap)} = 0 the slope is constant, straight lines"
        test = solves(problem)
        steps.append(Step(says, formula, lambda: all(map(test, lost))))
    rests = tuple(sympy.Eq(problem.y, line, evaluate=False) for line in lost)
    return Found("Lagrange", "Lagrange's equation", solutions, tuple(steps), (linear.constant,), rests)


def _lines(problem: Problem, phi: Any, g: Any, gap: Any, t: Any, p: Any) -> list[Any]:
    holds = solves(problem)
    lines = [t * phi.subs(p, r) + g.subs(p, r) for r in zeros(gap, p)]
    return [line for line in lines if line.is_finite is not False and holds(line)]


def _explicit(problem: Problem, phi: Any, g: Any, linear: Integrated, t: Any, p: Any) -> list[Any]:
    """y in t, where the slope can be found from t."""
    holds = solves(problem)
    curves = []
    for value in isolate(linear.solution, t, p):
        whole = (t * phi + g).subs(p, value)
        curves.append(min((whole, sympy.expand(whole), sympy.factor(whole)), key=sympy.count_ops))
    if not curves or any(sympy.count_ops(curve) > _LONGEST for curve in curves):
        return []
    curves = absorb(curves, linear.constant)
    return list(dict.fromkeys(curve for curve in curves if holds(curve)))


def _implicit(problem: Problem, phi: Any, g: Any, linear: Integrated, t: Any, p: Any) -> list[Any]:
    """F(t, y) that is constant, where the slope can be found from the equation itself."""
    y = problem.letters[0]
    keep = keeps(problem)
    free = linear.solution.subs(linear.constant, 0)
    factor = sympy.expand(linear.solution - free).coeff(linear.constant, 1)
    relations = []
    for value in isolate(t * phi + g, y, p):
        relation = ((t - free) / factor).subs(p, value)
        relation = cleared(min((relation, sympy.expand(relation)), key=sympy.count_ops))
        if sympy.count_ops(relation) <= 2 * _LONGEST and keep(relation):
            relations.append(relation)
    return list(dict.fromkeys(relations))
