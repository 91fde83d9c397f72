"""The points of curves: a solution's quantities at enough times, and the window that shows them best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dydt.errors import InputError

Array = Any

_POINTS = 4000  # wanted for the whole curve
_EACH_STEP = 8  # at least, because a step of a high order covers a good part of a turn
_MOST = 120_000  # beyond this nobody sees a difference but in the waiting


@dataclass(frozen=True)
class Samples:
    """Quantities of a solution along time.

    Attributes
    ----------
    t : ndarray, shape (m,)
    columns : dict of ndarray
        A column a name, in the order they were asked for.
    finished : bool
        Whether the solve reached its end.
    """

    t: Array
    columns: dict[str, Array]
    finished: bool

    def window(self, names: Sequence[str]) -> tuple[float, float]:
        """Limits of an axis that holds these quantities."""
        windows = np.array([window(self.t, self.columns[name], self.finished) for name in names])
        return padded(float(windows[:, 0].min()), float(windows[:, 1].max()))


def samples(solution: Any, names: Sequence[str]) -> Samples:
    """Quantities of a solution, between its steps too; what was saved on purpose stays as it is.

    Raises
    ------
    InputError
        For a name the solution does not have, or a solution without a single time.
    """
    at_steps = {name: solution[name] for name in names}
    if len(solution) == 0:
        raise InputError(
            "the solution holds no times, so there is nothing to draw; ask for some with `saveat`"
        )
    times = solution.t
    finished = solution.is_fine
    if solution.problem.saveat is not None or len(times) < 2:
        return Samples(times, at_steps, finished)
    between = refined(times)
    states = solution(between)
    return Samples(between, {name: quantity(solution, name, between, states) for name in names}, finished)


def refined(times: Array) -> Array:
    """The steps, times between each two of them, and times at even distances; in the order of the solution.

    Of very many steps only some are left: they are many where they are short.
    """
    first, last = times[0], times[-1]
    stride = -(-len(times) // _MOST)
    steps = times[::stride]
    parts = max(1, min(max(_EACH_STEP, _POINTS // len(steps)), _MOST // len(steps)))
    between = steps[:-1, None] + np.diff(steps)[:, None] * (np.arange(parts) / parts)
    # Rounding must not leave the solution's span, so the last time is the solution's own.
    every = np.unique(np.concatenate([between.ravel(), np.linspace(first, last, _POINTS), [last]]))
    return every if last > first else every[::-1]


def quantity(solution: Any, name: str, times: Array, states: Array) -> Array:
    """A state, the independent variable or an intermediate quantity at times of our own."""
    problem = solution.problem
    if name == problem.independent:
        return times
    if name in problem.states:
        return states[:, problem.states.index(name)]
    return problem.intermediate(name, solution._run, times, states)


def window(t: Array, values: Array, finished: bool) -> tuple[float, float]:
    """The least and the most of a curve; of one that ran away, of the part before it did.

    Only a solve that did not finish is cut, and only if its last twentieth goes far beyond everything before:
    the way to 1e14 must not flatten what led there.
    """
    finite = np.isfinite(values)
    if not finite.any():
        return 0.0, 1.0
    t, values = t[finite], values[finite]
    low, high = float(values.min()), float(values.max())
    if finished or len(t) < 3:
        return low, high
    before = values[np.abs(t - t[0]) <= 0.95 * abs(t[-1] - t[0])]
    usual_low, usual_high = float(before.min()), float(before.max())
    spread = usual_high - usual_low
    if spread > 0 and high > usual_high + 4 * spread:
        high = usual_high + 0.3 * spread
    if spread > 0 and low < usual_low - 4 * spread:
        low = usual_low - 0.3 * spread
    return low, high


def padded(low: float, high: float) -> tuple[float, float]:
    """A window with a margin; around a constant, one wide enough that rounding errors don't fill it."""
    size = max(abs(low), abs(high))
    least = 1e-9 * size
    if high - low <= least:
        around = 0.1 * size or 1.0
        return low - around, high + around
    margin = 0.05 * (high - low)
    return (low - margin, high + margin) if np.isfinite(margin) else (low, high)
