"""Systems in which one equation holds one unknown only: it is solved first, and put into the others."""

from __future__ import annotations

from typing import Any

import sympy

from dydt.analytic.checks import recheck
from dydt.analytic.part import single, solve_part, told
from dydt.analytic.problem import Found, Problem, listed
from dydt.analytic.verify import verify
from dydt.calculus.notation import Step, text

_MOST_UNKNOWNS = 4


def solve(problem: Problem) -> Found | None:
    """The general solution of a decoupled or triangular system, equation by equation.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> solve(problem(parse("x' = t*x; y' = y + x*exp(-t^2/2)"), {}, {})).solutions
    (Eq(x(t), C1*exp(t**2/2)), Eq(y(t), -C1 + C2*exp(t)))
    """
    count = len(problem.unknowns)
    if not 2 <= count <= _MOST_UNKNOWNS or len(problem.equations) != count:
        return None
    order = sum(problem.order_of(u) for u in problem.unknowns)
    names = list(problem.constants(order))
    unused = iter(names)
    values: dict[Any, Any] = {}
    steps: list[Step] = []
    left = list(problem.equations)
    while left:
        turn = _next_equation(problem, left, values)
        if turn is None:
            return None
        equation, unknown = turn
        left.remove(equation)
        solved = _one(problem, equation, unknown, values, unused)
        if solved is None:
            return None
        values[unknown], more = solved
        steps += more
    solutions = tuple(sympy.Eq(u, values[u], evaluate=False) for u in problem.unknowns)
    whole = Step("All together", listed(solutions), lambda: verify(problem, solutions) is not None)
    used = tuple(n for n in names if any(v.has(n) for v in values.values()))
    return Found(
        "triangular system", "solving one equation after the other", solutions, (*steps, whole), used
    )


def _next_equation(problem: Problem, left: list[Any], values: dict[Any, Any]) -> tuple[Any, Any] | None:
    """An equation with a single unknown that is not known yet."""
    for equation in left:
        inside = [u for u in problem.unknowns if u not in values and equation.has(u)]
        if len(inside) == 1:
            return equation, inside[0]
    return None


def _one(
    problem: Problem, equation: Any, unknown: Any, values: dict[Any, Any], unused: Any
) -> tuple[Any, list[Step]] | None:
    """The unknown from its equation, with what is known put in."""
    t = problem.independent
    sides = [side.subs(values).doit() for side in (equation.lhs, equation.rhs)]
    name = unknown.func.__name__
    inner = solve_part(single(t, unknown, *sides))
    if inner is None:
        return None
    explicit = [e for e in inner.solutions if e.lhs == unknown and not e.rhs.has(unknown)]
    if not explicit:
        return None
    own = {c: sympy.Dummy(c.name, real=True) for c in inner.constants}
    final = {dummy: next(unused) for dummy in own.values()}
    renamed = {old: final[dummy] for old, dummy in own.items()}
    value = explicit[0].rhs.xreplace(own).xreplace(final)
    known = [text(u) for u in values if equation.has(u)]
    says = f"The equation for {name} holds no other unknown"
    if known:
        says = f"Put what is known of {' and '.join(known)} into the equation for {name}"
    part = single(t, unknown, *sides)
    first = Step(says, part.equations[0], lambda: verify(part, explicit) is not None)
    return value, [first, *told(recheck(part, inner, inner.steps), renamed)]
