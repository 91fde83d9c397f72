"""One small sweep again and again with other numbers, as a fit asks for: all else is laid out once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dydt.solvers.ensemble import Harvest, Sweeper, Task
from dydt.solvers.stiffness import Advice
from dydt.solvers.workspace import CHANGE, FRESH, TOO_SMALL

Array = Any

_BUDGET = 100_000  # attempts after which it is no small sweep


class Repeated:
    """A sweep of a few members that is over in one call of the kernel.

    Parameters
    ----------
    sweeper : Sweeper
    task : Task
        Its columns are replaced in each call.
    explicit : str
        The first method's name.
    changes : bool
        Whether members may change their method.
    """

    def __init__(self, sweeper: Sweeper, task: Task, explicit: str, changes: bool) -> None:
        total, saveat = task.total, task.saveat
        assert saveat is not None
        self._block = np.empty((len(task.columns), total))
        self._harvest = sweeper.begin(total, len(saveat))
        self._members = np.arange(total)
        advice = Advice(sweeper.law, explicit, False) if changes else None
        own = Task(
            task.template, list(self._block), total, task.first_step, task.step_limit, saveat, task.threads
        )
        self._put(task.columns)
        columns = sweeper._columns(own, self._harvest, self._members, advice)
        self._saved, self._times = columns[4], saveat
        self._counter = np.zeros(1, dtype=np.int64)
        self._plan = sweeper._plan(columns, self._counter, self._harvest, self._members)
        self._columns = columns  # what the plan points to
        self._fresh = sweeper._lane_workspace(own, self._harvest, advice)
        self._fresh.view(np.int64)[sweeper.layout.places["budget"]] = _BUDGET
        self._work = self._fresh.copy()
        self._addresses = self._work.ctypes.data, self._plan.ctypes.data
        self._sweeper, self._changes = sweeper, changes

    def _put(self, columns: Sequence[Array]) -> None:
        for row, column in zip(self._block, columns, strict=True):
            row[:] = column

    def __call__(self, columns: Sequence[Array]) -> Harvest | None:
        """Solve with these columns; None if it is not over at once, or a member wants another method.

        What is given is overwritten by the next call.
        """
        self._put(columns)
        if len(self._saved) > 1:
            ahead = 1.0 if self._block[1, 0] > self._block[0, 0] else -1.0
            self._saved[:] = np.searchsorted(self._times * ahead, self._block[0] * ahead)
        harvest = self._harvest
        assert harvest.saved is not None
        harvest.saved.fill(np.nan)
        harvest.states.fill(np.nan)
        harvest.statuses.fill(FRESH)
        self._counter[0] = 0
        self._work[:] = self._fresh
        if self._sweeper._sweep(*self._addresses):
            return None
        if self._changes and np.any((harvest.statuses == CHANGE) | (harvest.statuses == TOO_SMALL)):
            return None
        return harvest
