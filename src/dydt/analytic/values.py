"""A solution by hand in numbers: its formulas on NumPy arrays, or a relation followed from the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import mpmath
import numpy as np
import sympy

from dydt.analytic.failures import FAILURES
from dydt.analytic.numeric import numeric
from dydt.analytic.problem import Problem
from dydt.analytic.verify import explicit_values
from dydt.errors import InputError, nearest
from dydt.expr.sympy import from_sympy
from dydt.kernels.numpy import evaluate

Array = Any

_STRIDE = 0.02  # the longest stretch of t between two points of a relation that is followed


def values(problem: Problem, solution: Sequence[Any], times: Array, chosen: Mapping[str, float]) -> Array:
    """The unknowns at these times, shape (m,) for one and (m, n) for several; nan where there is no real value.

    Parameters
    ----------
    problem : Problem
    solution : sequence of Eq
    times : ndarray, shape (m,)
    chosen : mapping
        Values of the constants and parameters that are still in the solution.

    Raises
    ------
    InputError
        If one has no value, or is not there.
    """
    formulas = explicit_values(problem, solution)
    if formulas is None and not problem.initial:
        raise InputError("the solution is a relation between two unknowns: give initial values to follow it")
    free = set().union(*(e.free_symbols for e in solution)) - {problem.independent}
    _check({s.name for s in free}, chosen)
    put_in = {s: sympy.Float(chosen[s.name]) for s in free}
    if formulas is None:
        return _followed(problem, (solution[0].lhs - solution[0].rhs).xreplace(put_in), times)
    columns = [_column(problem.independent, f.xreplace(put_in), times) for f in formulas.values()]
    return columns[0] if problem.is_single else np.stack(columns, axis=-1)


def _check(free: set[str], chosen: Mapping[str, float]) -> None:
    for name in chosen:
        if name not in free:
            there = f" It has {', '.join(sorted(free))}" if free else " It has no constants left"
            raise InputError(f"the solution has no `{name}`{nearest(name, free) or '.'}{there}")
    missing = sorted(free - set(chosen))
    if missing:
        example = ", ".join(f"{name}=1" for name in missing)
        raise InputError(f"the solution still has {', '.join(missing)}: give a value, as in (t, {example})")


def _column(t: Any, formula: Any, times: Array) -> Array:
    try:
        column = np.array(
            np.broadcast_to(evaluate([from_sympy(formula)], {str(t): times})[0], times.shape), float
        )
    except (InputError, *FAILURES):  # a function that laws don't have, such as an integral or Ei
        column = np.full(times.shape, np.nan)
    doubtful = np.flatnonzero(~np.isfinite(column))
    if len(doubtful):
        precise = numeric(t, formula)
        for k in doubtful:
            column[k] = _real(precise, times[k])
    return column


def _real(function: Any, time: float) -> float:
    try:
        value = mpmath.mpmathify(function(mpmath.mpf(float(time))))
    except FAILURES:
        return float("nan")
    return float(value.real) if abs(value.imag) <= 1e-9 * (1 + abs(value)) else float("nan")


def _followed(problem: Problem, relation: Any, times: Array) -> Array:
    """y along F(t, y) = 0 by Newton's method, in small strides from the start to each side."""
    t, y = problem.independent, problem.letters[0]
    relation = relation.xreplace({problem.y: y})
    names = (t, y)
    function = numeric(names, relation)
    by_y = numeric(names, sympy.diff(relation, y))
    result = np.full(times.shape, np.nan)
    order = np.argsort(times)
    start, first = float(problem.start), float(problem.initial[problem.name])
    for side in (order[times[order] >= start], order[times[order] < start][::-1]):
        at, now = start, first
        for k in side:
            while at != times[k] and np.isfinite(now):
                at += float(np.clip(times[k] - at, -_STRIDE, _STRIDE))
                at = float(times[k]) if abs(times[k] - at) < 1e-12 else at
                now = _newton(function, by_y, at, now)
            if not np.isfinite(now):
                break
            result[k] = now
    return result


def _newton(function: Any, derivative: Any, at: float, guess: float) -> float:
    value = guess
    try:
        for _ in range(30):
            step = float(function(at, value)) / float(derivative(at, value))
            value -= step
            if abs(step) <= 1e-13 * (1 + abs(value)):
                return value if abs(value - guess) < 0.5 * (1 + abs(guess)) else float("nan")
    except FAILURES:
        pass
    return float("nan")
