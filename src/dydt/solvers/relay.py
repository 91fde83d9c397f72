"""A solve in several legs, each by its own method, that looks like one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dydt.solvers.run import Run
from dydt.solvers.solver import Solver

Array = Any


class Relay:
    """Legs of a solve; each starts where the one before has ended. See `Run` for the attributes.

    Attributes
    ----------
    legs : list of (Solver, Run)
    """

    def __init__(self, legs: list[tuple[Solver, Run]]) -> None:
        self.legs = legs
        first, last = legs[0][1], legs[-1][1]
        self.t0, self.t1, self.first, self.parameters = first.t0, first.t1, first.first, first.parameters
        self.status, self.t, self.y, self.step = last.status, last.t, last.y, last.step
        self.tail, self.note = last.tail, last.note
        self.seconds = sum(run.seconds for _, run in legs)
        self.accepted = sum(run.accepted for _, run in legs)
        self.rejected = sum(run.rejected for _, run in legs)

    @property
    def chunks(self) -> list[Array]:
        """Rows (t, y…) of all legs; each chunk starts with the last row of the one before."""
        return [chunk for _, run in self.legs for chunk in run.chunks]

    @property
    def saved(self) -> Array | None:
        """States at the times of `saveat`, as far as they were reached."""
        parts = [run.saved for _, run in self.legs if run.saved is not None]
        return np.concatenate(parts) if parts else None

    @property
    def happened(self) -> list[tuple[int, float, Array, Array]]:
        """Events in the order of time: which, when, the state just before and just after."""
        return [event for _, run in self.legs for event in run.happened]

    @property
    def switches(self) -> list[tuple[float, str]]:
        """When the method was changed, and to which."""
        return [(float(run.t0), solver.method.name) for solver, run in self.legs[1:]]

    def dense(self, rows: Array, times: Array, evaluate: Callable[[Solver, Array, Array], Array]) -> Array:
        """States at times sorted along the solve: ``evaluate(solver, rows, times)`` for those of each leg."""
        forward = 1.0 if self.t1 > self.t0 else -1.0
        rows_along, times_along = rows[:, 0] * forward, times * forward
        parts = []
        done = 0
        for index, (solver, run) in enumerate(self.legs):
            last = index == len(self.legs) - 1
            ends = len(times) if last else int(np.searchsorted(times_along, run.t * forward, side="right"))
            ends = max(ends, done)
            first = max(0, int(np.searchsorted(rows_along, run.t0 * forward, side="right")) - 1)
            final = int(np.searchsorted(rows_along, run.t * forward, side="right"))
            parts.append(evaluate(solver, rows[first:final], times[done:ends]))
            done = ends
        return np.concatenate(parts)
