"""A smaller equation that a method comes upon, solved by the methods there are, and told as a part of the whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sympy

from dydt.analytic.briefly import briefly
from dydt.analytic.methods import METHODS, solver
from dydt.analytic.problem import Found, Problem
from dydt.analytic.verify import verify
from dydt.calculus.notation import Step

_SECONDS = 2.0  # for one method


def solve_part(problem: Problem, methods: Sequence[str] = ()) -> Found | None:
    """What the first of these methods (all, if none is named) finds that fits and verifies; None if there is none."""
    return next(parts(problem, methods), None)


def parts(problem: Problem, methods: Sequence[str] = ()) -> Iterator[Found]:
    """What each of these methods (all, if none is named) finds that fits and verifies."""
    for name in methods or METHODS:
        found = briefly(_SECONDS, _attempt, problem, name)
        if found is not None:
            yield found


def _attempt(problem: Problem, name: str) -> Found | None:
    try:
        found: Found | None = solver(name)(problem)
    except Exception:  # as in the search for the whole: the next method gets its turn
        return None
    if found is None:
        return None
    if not problem.is_single:
        return found if verify(problem, found.solutions) is not None else None
    good = tuple(solution for solution in found.solutions if verify(problem, (solution,)) is not None)
    return replace(found, solutions=good) if good else None


def single(t: Any, function: Any, left: Any, right: Any) -> Problem:
    """The problem left = right for one unknown function; all other symbols are parameters."""
    names = (left.free_symbols | right.free_symbols) - {t}
    parameters = {s.name: s for s in sorted(names, key=str)}
    return Problem(t, (function,), (sympy.Eq(left, right, evaluate=False),), parameters)


def told(steps: tuple[Step, ...], names: Mapping[Any, Any]) -> tuple[Step, ...]:
    """The steps of a part, with the names that symbols have in the whole."""
    return tuple(_told(step, names) for step in steps)


def _told(step: Step, names: Mapping[Any, Any]) -> Step:
    says = step.says
    for old, new in names.items():
        if new.is_Symbol:
            says = re.sub(rf"\b{re.escape(str(old))}\b", str(new), says)
    formula = step.formula if step.formula is None else step.formula.xreplace(dict(names))
    return replace(step, says=says, formula=formula)


def free_name(problem: Problem, *wanted: str) -> str:
    """The first of these names that the problem does not use."""
    used = {problem.independent.name, *problem.parameters, *(u.func.__name__ for u in problem.unknowns)}
    return next((name for name in wanted if name not in used), wanted[0] + "_")
