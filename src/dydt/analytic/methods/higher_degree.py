"""Equations that give several slopes at a point, such as (y')^2 = 4 y: each branch is an equation of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy

from dydt.analytic.algebra.isolate import isolate
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.checks import recheck
from dydt.analytic.failures import none_if_it_fails
from dydt.analytic.forms.first_order import solves, with_slope
from dydt.analytic.part import solve_part
from dydt.analytic.problem import Found, Problem, listed
from dydt.analytic.verify import verify
from dydt.calculus.notation import Step

_MOST = 6
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


@none_if_it_fails
def solve(problem: Problem) -> Found | None:
    """The solutions of all branches y' = f1(t, y), y' = f2(t, y), … of an equation of first order.

    Source: Ince, "Ordinary Differential Equations", section 2.4.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> solve(problem(parse("(y')^2 = 4*y"), {}, {})).solutions
    (Eq(y(t), (C + t)**2),)
    """
    if not problem.is_single or problem.order != 1:
        return None
    slopes, curves = _split(problem)
    if not 1 < len(slopes) + len(curves) <= _MOST or not slopes:
        return None
    parts = []
    for f in slopes:
        part = solve_part(with_slope(problem.independent, problem.letters[0], f))
        if part is None:
            return None
        parts.append(part)
    return _whole(problem, slopes, curves, parts)


def _split(problem: Problem) -> tuple[list[Any], list[Any]]:
    """The slopes, and curves y = r(t) on which a factor without y' vanishes."""
    y, derivative = problem.letters
    slopes: list[Any] = []
    curves: list[Any] = []
    whole = sympy.fraction(sympy.together(problem.residual))[0]
    for factor in sympy.Mul.make_args(sympy.factor(whole)):
        base = factor.base if factor.is_Pow and factor.exp.is_positive else factor
        if base.has(derivative):
            slopes += isolate(base, sympy.S.Zero, derivative)
        elif base.has(y):
            curves += isolate(base, sympy.S.Zero, y)
    holds = solves(problem)
    return list(dict.fromkeys(slopes)), [curve for curve in dict.fromkeys(curves) if holds(curve)]


def _whole(
    problem: Problem, slopes: Sequence[Any], curves: Sequence[Any], parts: Sequence[Found]
) -> Found | None:
    """The solutions of the branches together, each family once."""
    derivative = problem.letters[1]
    holds = _holds(problem)
    formula = listed([sympy.Eq(derivative, f, evaluate=False) for f in slopes])

    def check() -> bool:
        return all(is_zero(problem.residual.subs(derivative, f)) for f in slopes)

    steps = [Step(f"Solved for {derivative}, it has {len(slopes)} branches", formula, check)]
    solutions: list[Any] = []
    lost: list[Any] = [sympy.Eq(problem.y, curve, evaluate=False) for curve in curves]
    for k, (f, part) in enumerate(zip(slopes, parts, strict=True)):
        steps.append(_branch_step(problem, f, _ORDINALS[k]))
        steps += recheck(with_slope(problem.independent, problem.letters[0], f), part, part.steps)
        solutions += [s for s in part.solutions if holds(s) and not is_known(s, solutions, part.constants)]
        lost += [s for s in part.lost if holds(s) and s not in lost]
    if not solutions:
        return None
    return Found(
        "higher degree",
        f"{len(slopes)} branches",
        tuple(solutions),
        tuple(steps),
        parts[0].constants,
        tuple(lost),
    )


def _branch_step(problem: Problem, f: Any, ordinal: str) -> Step:
    derivative = problem.letters[1]
    formula = sympy.Eq(derivative, f, evaluate=False)
    return Step(f"The {ordinal} branch", formula, lambda: is_zero(problem.residual.subs(derivative, f)))


def _holds(problem: Problem) -> Any:
    return lambda solution: verify(problem, [solution]) is not None


def is_known(solution: Any, others: Sequence[Any], constants: Sequence[Any]) -> bool:
    """Whether the family is there already, perhaps with -C for C."""
    for other in others:
        if solution.lhs != other.lhs:
            continue
        for sign in (1, -1):
            signed = solution.rhs.subs({c: sign * c for c in constants}, simultaneous=True)
            if is_zero(signed - other.rhs) and solution.lhs == other.lhs:
                return True
    return False
