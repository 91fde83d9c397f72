"""SymPy's own solver, asked where our methods end: an answer without steps."""

from __future__ import annotations

from typing import Any

import sympy

from dydt.analytic.problem import Found, Problem


def solve(problem: Problem) -> Found | None:
    """What `sympy.dsolve` finds; None if that is nothing, a series, or has derivatives left.

    It may take for ever: whoever calls it sees to the time.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> solve(problem(parse("y' = 3*y"), {}, {})).solutions
    (Eq(y(t), C*exp(3*t)),)
    """
    unknowns = list(problem.unknowns)
    try:
        if problem.is_single:
            answer = sympy.dsolve(problem.equations[0], unknowns[0])
        else:
            answer = sympy.dsolve(list(problem.equations), unknowns)
    except (
        NotImplementedError,
        ValueError,
        TypeError,
        ArithmeticError,
        AttributeError,
        KeyError,
        IndexError,
    ):
        return None
    solutions = [s for s in (answer if isinstance(answer, list | tuple) else [answer]) if _is_closed(s)]
    if not solutions:
        return None
    own, solutions = _renamed(problem, solutions)
    title = "SymPy's dsolve, without steps"
    return Found("dsolve", title, tuple(solutions), (), own)


def _is_closed(solution: Any) -> bool:
    return isinstance(solution, sympy.Equality) and not solution.has(
        sympy.Order, sympy.Derivative, sympy.Subs
    )


def _renamed(problem: Problem, solutions: list[Any]) -> tuple[tuple[Any, ...], list[Any]]:
    """Constants as we call them: a single one is C, and all are real."""
    known = {problem.independent, *problem.parameters.values()}
    free = set().union(*(s.free_symbols for s in solutions)) - known
    theirs = sorted((c for c in free if c.name.startswith("C")), key=lambda c: (len(c.name), c.name))
    own = problem.constants(len(theirs))
    return own, [s.xreplace(dict(zip(theirs, own, strict=True))) for s in solutions]
