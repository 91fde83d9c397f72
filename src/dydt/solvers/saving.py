"""What an ensemble keeps of its members besides their ends, gathered step by step while they are solved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dydt.kernels.llvm import Function, Value, Variable
from dydt.solvers.law import CompiledLaw, Setting
from dydt.solvers.methods import Method
from dydt.solvers.poles import Poles
from dydt.solvers.reduce import Reducer, Reducing
from dydt.solvers.vectors import Array
from dydt.solvers.workspace import QUESTION, RUNNING, Workspace

if TYPE_CHECKING:
    from dydt.solvers.events import Lookout


@dataclass(frozen=True)
class Keeping:
    """What a kernel for members of an ensemble keeps of them.

    Attributes
    ----------
    saving : bool
        States at given times.
    reducing : Reducing or None
        Numbers such as a largest value along the way.
    """

    saving: bool = False
    reducing: Reducing | None = None

    def write(
        self,
        f: Function,
        work: Value,
        here: Setting,
        law: CompiledLaw,
        method: Method,
        layout: Workspace,
        lookout: Lookout | None,
    ) -> Keeper:
        """The part of a kernel that keeps it."""
        keeper = Keeper(f, work, layout, lookout)
        if law.guards.outputs:
            keeper.poles = Poles(f, here, method, law.guards)
        if self.saving:
            keeper.saver = Saver(f, work, here, method, layout)
        if self.reducing is not None:
            keeper.reducer = Reducer(f, work, here, method, layout, self.reducing, lookout)
        return keeper

    def dense_outputs(self, law: CompiledLaw) -> int:
        """How many times a step's dense output is written into the kernel."""
        return self.saving + (self.reducing is not None) + bool(law.guards.outputs)


class Keeper:
    """The part of the loop that serves an ensemble: it keeps what is wanted, and stops lanes that are to be asked."""

    saver: Saver | None = None
    reducer: Reducer | None = None
    poles: Poles | None = None

    def __init__(self, f: Function, work: Value, layout: Workspace, lookout: Lookout | None) -> None:
        self.f, self.work, self.layout, self.lookout = f, work, layout, lookout
        self.met: Value | None = None
        self.next = f.variable(layout.load(f, work, "next_question"))
        self.operations = layout.load(f, work, "question_work")
        self.price = layout.load(f, work, "question_price")

    def ask(self, state: Mapping[str, Variable], t_end: Value) -> None:
        """Stop the lanes that are due to be asked whether their method is the right one.

        At the same attempts, and on the same condition, as `dydt.solvers.stiffness.Turns` asks a solve of its own.
        """
        f = self.f
        status, attempts = state["status"].get(), state["accepted"].get() + state["rejected"].get()
        due = status.equals(RUNNING) & (attempts >= self.next.get())
        with f.when(f.any(due)):
            self.next.set(f.where(due, attempts * 4, self.next.get()))
            ahead, h = f.absolute(t_end - state["t"].get()), f.absolute(state["h"].get())
            is_far = ahead * self.operations >= self.price * h
            state["status"].set(f.where(due & is_far, f.constant(QUESTION, "integer"), status))

    def judge(
        self, t: Value, y: Any, h: Value, t1: Value, y1: Any, crossed: Value
    ) -> tuple[Value, Value, Any]:
        """Which lanes met a pole where a denominator changed its sign, and where their steps end."""
        if self.poles is None:
            return crossed, t1, y1
        if self.lookout is not None:
            crossed = crossed & self.lookout.landing.get().equals(0)
        self.met, t1, y1 = self.poles.judge(t, y, h, t1, y1, crossed)
        return self.met, t1, y1

    def look(self, t: Value, y: Any, h: Value, t1: Value, y1: Any, good: Value) -> None:
        """Keep what is wanted of the step from (t, y) to (t1, y1), in the lanes that accepted it."""
        if self.saver is not None:
            self.saver.look(t, y, h, t1, good)
        if self.reducer is not None:  # beyond a pole there is nothing to look at
            self.reducer.look(t, y, h, t1, y1, good if self.met is None else good & ~self.met)

    def close(self) -> None:
        """Back into the workspace."""
        self.layout.store(self.f, self.work, "next_question", self.next.get())
        for keeper in (self.saver, self.reducer):
            if keeper is not None:
                keeper.close()


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

    def look(self, t: Value, y: Any, h: Value, t1: Value, good: Value) -> None:
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
