"""States at given times, taken from the dense output of each step while an ensemble is solved."""

from __future__ import annotations

from typing import Any

from dydt.kernels.llvm import Function, Value
from dydt.solvers.law import Setting
from dydt.solvers.methods import Method
from dydt.solvers.vectors import Array
from dydt.solvers.workspace import Workspace


class Saver:
    """Writes the states of members at the times of `saveat`, for all lanes of a kernel."""

    def __init__(self, f: Function, work: Value, here: Setting, method: Method, layout: Workspace) -> None:
        self.f, self.here, self.method, self.layout = f, here, method, layout
        self.count = layout.load(f, work, "save_count")
        self.times = layout.load(f, work, "save_times")
        self.states = layout.load(f, work, "save_states")
        self.job = layout.load(f, work, "job")
        self.work = work
        self.saved = f.variable(layout.load(f, work, "saved"))

    def save(self, t: Value, y: Any, h: Value, t1: Value, good: Value) -> None:
        """Save what falls into the step from (t, y) to t1, in the lanes that accepted it."""
        f = self.f
        waiting, _ = self._waiting(h, t1, good)
        with f.when(f.any(waiting)):
            slopes = self.method.dense_slopes(self.here, t, y, h)
            with f.loop() as loop:
                waiting, times = self._waiting(h, t1, good)
                loop.leave_if(~f.any(waiting))
                state = self.method.interpolate(self.here, y, h, slopes, (times - t) / h)
                for lane in range(self.layout.lanes):
                    with f.when(f.lane(waiting, lane)):
                        self._write(state, lane)
                self.saved.set(f.where(waiting, self.saved.get() + 1, self.saved.get()))

    def close(self) -> None:
        """Back into the workspace."""
        self.layout.store(self.f, self.work, "saved", self.saved.get())

    def _waiting(self, h: Value, t1: Value, good: Value) -> tuple[Value, Value]:
        """The lanes whose next time lies in the step, and these times."""
        f, saved = self.f, self.saved.get()
        last = self.count - 1
        times = f.constant(0.0)
        for lane in range(self.layout.lanes):
            index = f.lane(saved, lane)
            times = f.set_lane(times, lane, f.load(self.times, f.where(index > last, last, index)))
        reached = (times - t1) * f.copysign(1.0, h) <= 0.0
        return good & (saved < self.count) & reached, times

    def _write(self, state: Any, lane: int) -> None:
        f, size = self.f, self.here.space.size
        member = f.lane(self.job, lane) * self.count + f.lane(self.saved.get(), lane)
        place = f.offset(self.states, member * size)
        if isinstance(state, Array):
            with f.count(size) as index:
                f.store(f.load(state.pointer, index * f.lanes + lane), place, index)
        else:
            for i, value in enumerate(state):
                f.store(f.lane(value, lane), place, i)
