"""Equations of first order with |u| or sign(u): one equation where u is positive, another where it is negative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy

from dydt.analytic.algebra.isolate import isolate
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.checks import recheck
from dydt.analytic.failures import none_if_it_fails
from dydt.analytic.forms.first_order import any_slope, with_slope
from dydt.analytic.methods.higher_degree import is_known
from dydt.analytic.part import solve_part
from dydt.analytic.problem import Found, Problem
from dydt.analytic.verify import verify
from dydt.calculus.notation import Step, text


@none_if_it_fails
def solve(problem: Problem) -> Found | None:
    """The solutions on both sides of u = 0, for y' = f(t, y, |u|, sign u).

    Source: Arnold, "Ordinary Differential Equations", section 1.2, on y' = |y| and its like: where f has a corner,
    solutions are joined from pieces.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> solve(problem(parse("y' = abs(y)"), {}, {})).solutions
    (Eq(y(t), exp(t)*Abs(C)), Eq(y(t), -exp(-t)*Abs(C)))
    """
    if not problem.is_single or problem.order != 1:
        return None
    f = any_slope(problem)
    if f is None:
        return None
    y = problem.letters[0]
    insides = {part.args[0] for part in f.atoms(sympy.Abs, sympy.sign) if part.has(y)}
    if len(insides) != 1:
        return None
    u = insides.pop()
    steps: list[Step] = []
    solutions: list[Any] = []
    lost: list[Any] = []
    constants: tuple[Any, ...] = ()
    for side in (1, -1):
        smooth = f.subs({sympy.Abs(u): side * u, sympy.sign(u): side})
        inner = with_slope(problem.independent, y, smooth)
        found = solve_part(inner)
        if found is None:
            return None
        constants = found.constants
        steps += [_side_step(problem, f, smooth, u, side), *recheck(inner, found, found.steps)]
        moving = constants if u == y and not problem.initial else ()
        for solution in found.solutions:
            kept = _on_its_side(problem, solution, moving)
            if kept is not None and not is_known(kept, solutions, constants):
                solutions.append(kept)
        lost += [e for e in found.lost if e not in lost and verify(problem, [e]) is not None]
    if not solutions:
        return None
    steps.append(Step(f"Each of them holds for as long as {text(u)} keeps its sign"))
    title = f"the two cases of {text(sympy.Abs(u))}"
    return Found("absolute value", title, tuple(solutions), tuple(steps), constants, tuple(lost))


def _side_step(problem: Problem, f: Any, smooth: Any, u: Any, side: int) -> Step:
    y, derivative = problem.letters

    def check() -> bool:
        """With u = w² or -w² both are the same."""
        w = sympy.Dummy("w", positive=True)
        places = isolate(u, side * w**2, y)
        return bool(places) and all(is_zero((f - smooth).subs(y, place)) for place in places)

    says = f"Where {text(u)} is {'positive' if side == 1 else 'negative'}"
    return Step(says, sympy.Eq(derivative, smooth, evaluate=False), check)


def _on_its_side(problem: Problem, solution: Any, constants: Sequence[Any]) -> Any | None:
    """The family with constants such that it stays on its side, |C| or -|C|; or as it is where that can't be said."""
    evidence = verify(problem, [solution])
    if evidence is not None and (evidence.everywhere or not constants):
        return solution
    for sign in (1, -1) if constants else ():
        signed = solution.rhs.subs({c: sign * sympy.Abs(c) for c in constants})
        form = sympy.Eq(solution.lhs, signed, evaluate=False)
        found = verify(problem, [form])
        if found is not None and found.everywhere:
            return form
    return None if evidence is None else solution
