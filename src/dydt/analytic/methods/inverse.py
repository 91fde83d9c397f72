"""Equations that are linear for t as a function of y, such as y' = 1/(t + y): the roles of t and y exchanged."""

from __future__ import annotations

from typing import Any

import sympy

from dydt.analytic.algebra.unravel import cleared
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.failures import none_if_it_fails
from dydt.analytic.forms.first_order import keeps, slope
from dydt.analytic.methods import bernoulli
from dydt.analytic.methods import linear as first_order_linear
from dydt.analytic.methods.homogeneous import weight
from dydt.analytic.methods.linear import Integrated
from dydt.analytic.methods.separable import zeros
from dydt.analytic.problem import Found, Problem
from dydt.calculus.notation import Step, text


@none_if_it_fails
def solve(problem: Problem) -> Found | None:
    """The relation between t and y from dt/dy = 1/f(t, y), where that is linear in t or Bernoulli's equation.

    Source: Zill, "A First Course in Differential Equations", section 2.3, example 6 (exercises); Ince, "Ordinary
    Differential Equations", section 2.13.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> solve(problem(parse("y' = 1/(t + y)"), {}, {})).solutions
    (Eq((t + y(t) + 1)*exp(-y(t)), C),)
    """
    f = slope(problem)
    if f is None or f == 0 or not (f.has(problem.independent) and f.has(problem.letters[0])):
        return None
    t, y = problem.independent, problem.letters[0]
    if weight(f, t, y) == 1:
        return None  # homogeneous equations have a way of their own
    other = min((1 / f, sympy.expand(sympy.cancel(1 / f))), key=sympy.count_ops)
    linear = first_order_linear.coefficients(sympy.expand(1 / f), t)
    if linear is not None:
        return _from_linear(problem, f, other, linear, t, y)
    parts = bernoulli.coefficients(sympy.expand(sympy.cancel(1 / f)), t)
    return None if parts is None else _from_bernoulli(problem, f, other, parts, t, y)


def _opening(problem: Problem, f: Any, other: Any, t: sympy.Symbol, y: sympy.Symbol, kind: str) -> list[Step]:
    exchanged = sympy.Symbol(f"{t.name}'", real=True)
    return [
        Step(
            f"Take {t} as a function of {y} instead: its derivative is 1/{y.name}', and the equation is {kind}",
            sympy.Eq(exchanged, other, evaluate=False),
            lambda: is_zero(f * other - 1),
        )
    ]


def _from_linear(
    problem: Problem, f: Any, other: Any, parts: Any, t: sympy.Symbol, y: sympy.Symbol
) -> Found | None:
    p, q = parts
    linear = first_order_linear.integrate(p, q, y, t, 1, lambda: is_zero(1 / f - q + p * t))
    if linear is None or linear.solution.has(sympy.Integral):
        return None
    steps = [*_opening(problem, f, other, t, y, f"linear for {t}"), *linear.steps]
    return _finished(problem, f, linear, t, steps, t, y)


def _from_bernoulli(
    problem: Problem, f: Any, other: Any, parts: Any, t: sympy.Symbol, y: sympy.Symbol
) -> Found | None:
    p, q, n = parts
    if n.free_symbols:
        return None
    u = sympy.Symbol("u" if not f.has(sympy.Symbol("u", real=True)) else "v", real=True)
    linear = first_order_linear.integrate((1 - n) * p, (1 - n) * q, y, u, 1)
    if linear is None or linear.solution.has(sympy.Integral):
        return None
    power = t ** (1 - n)
    steps = _opening(problem, f, other, t, y, f"Bernoulli's equation for {t} with n = {text(n)}")
    steps.append(
        Step(
            f"Take {text(power)} as the new unknown {u}: the equation for it is linear",
            sympy.Eq(sympy.Symbol(f"{u.name}'", real=True) + (1 - n) * p * u, (1 - n) * q, evaluate=False),
            lambda: is_zero((1 - n) * t ** (-n) / f + (1 - n) * p * power - (1 - n) * q),
        )
    )
    return _finished(problem, f, linear, power, [*steps, *linear.steps], t, y)


def _finished(
    problem: Problem,
    f: Any,
    linear: Integrated,
    left: Any,
    steps: list[Step],
    t: sympy.Symbol,
    y: sympy.Symbol,
) -> Found | None:
    """left = A(y) + C B(y), solved for C."""
    free = linear.solution.subs(linear.constant, 0)
    factor = sympy.expand(linear.solution - free).coeff(linear.constant, 1)
    relation = (left - free) / factor
    relation = cleared(min((relation, sympy.expand(relation), sympy.factor(relation)), key=sympy.count_ops))
    holds = keeps(problem)
    if not holds(relation):
        return None
    formula = sympy.Eq(relation, linear.constant, evaluate=False)
    steps.append(
        Step(
            f"Solve for {linear.constant}: this is constant along a solution",
            formula,
            lambda: holds(relation),
        )
    )
    lost = tuple(sympy.Eq(problem.y, r, evaluate=False) for r in zeros(sympy.factor(f), y) if not r.has(t))
    if lost:
        says = f"Where {y} does not change, {t} is no function of it: these solutions are added"
        steps.append(Step(says, lost[0] if len(lost) == 1 else sympy.Tuple(*lost)))
    solution = sympy.Eq(problem.in_functions(relation), linear.constant, evaluate=False)
    return Found("inverse", f"{t} as a function of {y}", (solution,), tuple(steps), (linear.constant,), lost)
