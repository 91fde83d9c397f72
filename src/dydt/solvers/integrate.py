"""The loop of every solve, as a kernel: attempt a step, accept it or not, record it, stop or come back later.

A law and a method become functions on a `Workspace`: ``start`` finds the first step, ``advance`` goes on
until every lane has something to tell (its end, a full buffer, a step that is too small …) or its budget of
attempts is used up, and can be called again to resume.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dydt.kernels.llvm import Function, Module, Value, Variable
from dydt.solvers import control
from dydt.solvers.events import Lookout, arm, write_react
from dydt.solvers.law import CompiledLaw, Setting, setting
from dydt.solvers.methods import Method
from dydt.solvers.saving import Keeper, Keeping
from dydt.solvers.taylor import Taylor
from dydt.solvers.vectors import Array, Components
from dydt.solvers.workspace import (
    CROSSED,
    DONE,
    FRESH,
    FULL,
    HAPPENED,
    NOT_FINITE,
    RUNNING,
    STEP_LIMIT,
    TOO_SMALL,
    Workspace,
)

_TINY = 2.0**-50  # of the time: a step below it no longer moves the clock reliably


def write_kernel(
    law: CompiledLaw, method: Method, layout: Workspace, fused: bool = True, keeping: Keeping | None = None
) -> Module:
    """The module with ``start``, ``advance`` and both in one (``solve``), for as many lanes as the workspace has.

    With `keeping`, what an ensemble keeps of its members is gathered on the way.
    """
    module = Module(fused)
    start = _write_start(module, law, method, layout)
    advance = _write_advance(module, law, method, layout, keeping)
    f = module.function("solve", "integer", [("work", "pointer")])
    f.call(start, "integer", f.arguments[0])
    f.give(f.call(advance, "integer", f.arguments[0]))
    if law.events is not None:
        write_react(module, law, layout)
    return module


# -- start --------------------------------------------------------------------------------------------------------


def _write_start(module: Module, law: CompiledLaw, method: Method, layout: Workspace) -> Function:
    f = module.function("start", "integer", [("work", "pointer")], layout.lanes)
    work = f.arguments[0]
    here = setting(f, work, law, layout)
    t, status = layout.load(f, work, "t"), layout.load(f, work, "status")
    fresh = status.equals(FRESH)
    slope = here.law(t, here.y)
    _put(f, here, fresh, slope, layout.address(f, work, "slope"))
    span = layout.load(f, work, "t_end") - t
    given = layout.load(f, work, "first_step")
    h = f.copysign(given, span)
    if method.adaptive:
        relative = layout.load(f, work, "relative_tolerance")
        found = span
        if not isinstance(method, Taylor):
            found = control.first_step(
                f, here.space, here.law, method.control_order, t, here.y, slope, span, here.absolute, relative
            )
        largest = f.copysign(layout.load(f, work, "largest_step"), span)
        found = f.where(f.absolute(found) > f.absolute(largest), largest, found)
        h = f.where(given.equals(0.0), found, h)
    layout.store(f, work, "h", f.where(fresh, h, layout.load(f, work, "h")))
    place = layout.address(f, work, "guards")
    for i, value in enumerate(here.also(law.guards, t, here.y)):
        f.store(f.where(fresh, value, f.load(place, i, lanes=layout.lanes)), place, i)
    if law.events is not None:
        arm(f, work, here, layout, law.events, t, fresh)
    layout.store(f, work, "status", f.where(fresh, f.constant(RUNNING, "integer"), status))
    f.give(f.constant(0, "integer", 1))
    return f


def _put(f: Function, here: Setting, fresh: Value, slope: Any, place: Value) -> None:
    """Keep the first slope of the lanes that have just begun."""
    if isinstance(here.space, Components):
        for i, (new, old) in enumerate(zip(slope, here.slope, strict=True)):
            f.store(f.where(fresh, new, old), place, i)
    elif f.lanes == 1:
        here.space.copy(slope, here.slope)
    else:
        kept = here.space.map(lambda new, old: f.where(fresh, new, old), slope, here.slope)
        here.space.copy(kept, here.slope)


# -- advance ------------------------------------------------------------------------------------------------------


class _State:
    """What changes from step to step: in variables while the loop runs, in the workspace between calls."""

    _SCALARS = ("t", "h", "control_error", "control_failed", "status", "accepted", "rejected", "recorded")

    def __init__(self, f: Function, work: Value, here: Setting, layout: Workspace) -> None:
        self.f, self.work, self.here, self.layout = f, work, here, layout
        self.scalars = {name: f.variable(layout.load(f, work, name)) for name in self._SCALARS}
        self.in_registers = isinstance(here.space, Components)
        if self.in_registers:
            self.vectors = {
                "y": [f.variable(v) for v in here.y],
                "slope": [f.variable(v) for v in here.slope],
            }
        place = layout.address(f, work, "guards")
        self.guards = [f.variable(f.load(place, i, lanes=layout.lanes)) for i in range(layout.guards)]

    def get(self, name: str) -> Value:
        return self.scalars[name].get()

    def vector(self, name: str) -> Any:
        if self.in_registers:
            return [v.get() for v in self.vectors[name]]
        return self.here.y if name == "y" else self.here.slope

    def accept(self, name: str, vector: Any, accepted: Value) -> None:
        """Take a new vector in the lanes that accepted their step."""
        old = self.vector(name)
        if self.in_registers:
            for variable, new, before in zip(self.vectors[name], vector, old, strict=True):
                variable.set(self.f.where(accepted, new, before))
        elif self.f.lanes == 1:
            with self.f.when(accepted):
                self.here.space.copy(vector, old)
        else:
            self.here.space.map(
                lambda new, before: self.f.where(accepted, new, before), vector, old, into="kept"
            )
            self.here.space.copy(self.here.space.new("kept"), old)

    def save(self) -> None:
        """Back into the workspace."""
        for name, variable in self.scalars.items():
            self.layout.store(self.f, self.work, name, variable.get())
        if self.in_registers:
            for name, variables in self.vectors.items():
                _save_all(self.f, variables, self.layout.address(self.f, self.work, name))
        _save_all(self.f, self.guards, self.layout.address(self.f, self.work, "guards"))


def _save_all(f: Function, variables: Sequence[Variable], place: Value) -> None:
    for i, variable in enumerate(variables):
        f.store(variable.get(), place, i)


def _write_advance(
    module: Module, law: CompiledLaw, method: Method, layout: Workspace, keeping: Keeping | None
) -> Function:
    f = module.function("advance", "integer", [("work", "pointer")], layout.lanes)
    work = f.arguments[0]
    here = setting(f, work, law, layout)
    state = _State(f, work, here, layout)
    uniform = {
        name: layout.load(f, work, name)
        for name in (
            "relative_tolerance",
            "largest_step",
            "budget",
            "patience",
            "step_limit",
            "capacity",
            "rows",
        )
    }
    t_end = layout.load(f, work, "t_end")
    lookout = Lookout(f, work, here, method, layout, law.events) if law.events else None
    keeper = keeping.write(f, work, here, law, method, layout, lookout) if keeping is not None else None
    left = f.variable(uniform["budget"])
    with f.loop() as loop:
        if keeper is not None:
            keeper.ask(state.scalars, t_end)
        running = state.get("status").equals(RUNNING)
        stopped = ~f.any(running) if layout.lanes == 1 else f.tally(~running) >= uniform["patience"]
        loop.leave_if(stopped | (left.get() <= 0))
        left.set(left.get() - 1)
        fresh = _attempt(f, law, here, method, state, uniform, t_end, running, keeper, lookout)
        _record(f, law, state, fresh, uniform, layout)
    state.save()
    if keeper is not None:
        keeper.close()
    if lookout is not None:
        lookout.close()
    layout.store(f, work, "budget", left.get())
    f.give(left.get())
    return f


def _attempt(
    f: Function,
    law: CompiledLaw,
    here: Setting,
    method: Method,
    state: _State,
    uniform: dict[str, Value],
    t_end: Value,
    running: Value,
    keeper: Keeper | None,
    lookout: Lookout | None,
) -> Value:
    """One step attempt in every lane, without a branch; tells which lanes accepted it."""
    t, y = state.get("t"), state.vector("y")
    landing = lookout.landing.get().differs(0) if lookout is not None else None
    relative, h = uniform["relative_tolerance"], state.get("h")
    first = state.vector("slope") if method.keeps_slope else None
    if isinstance(method, Taylor):
        h, first = method.look_ahead(here, t, y, h, relative)
    t1, h, last, tiny = _end_of_step(f, method, t, h, t_end, landing)
    y1, error, slope = method.attempt(here, t, y, h, first, relative)
    good, next_h, memory = _proposal(f, here, method, state, uniform, h, y1, error)
    tried = running & ~tiny
    good = good & tried
    if lookout is not None:
        caught, landing_step = lookout.look(t, y, h, t1, y1, good)
        good, tried = good & ~caught, tried & ~caught
        next_h = f.where(caught, landing_step, next_h)
    status = _count_attempt(f, method, state, uniform, running & tiny, tried, good)
    if lookout is not None:
        status = lookout.piled_up(status)
    status = f.where(good & last, f.constant(DONE, "integer"), status)
    crossed = _crossings(f, law, here, state, t1, y1, good)
    if crossed is not None:
        if keeper is not None:
            crossed, t1, y1 = keeper.judge(t, y, h, t1, y1, crossed)
        status = f.where(crossed, f.constant(CROSSED, "integer"), status)
    if lookout is not None and landing is not None:
        status = f.where(good & landing, f.constant(HAPPENED, "integer"), status)
        lookout.passed(h, t1, y1, good, landing, tried)
    if keeper is not None:
        keeper.look(t, y, h, t1, y1, good)

    new = {"t": f.where(good, t1, t), "h": f.where(running & ~(good & last), next_h, state.get("h"))}
    # A lane that waits for an answer goes on with what its controller remembers.
    kept = (state.get("control_error"), state.get("control_failed"))
    remembered = [f.where(running, now, old) for now, old in zip(memory, kept, strict=True)]
    new |= {"control_error": remembered[0], "control_failed": remembered[1], "status": status}
    for name, value in new.items():
        state.scalars[name].set(value)
    state.accept("y", y1, good)
    if method.keeps_slope:
        state.accept("slope", slope, good)
    return good


def _proposal(
    f: Function,
    here: Setting,
    method: Method,
    state: _State,
    uniform: dict[str, Value],
    h: Value,
    y1: Any,
    error: Any,
) -> tuple[Value, Value, control.Memory]:
    """Whether the step is good, how long the next one should be, and what the controller remembers."""
    memory = control.Memory(state.get("control_error"), state.get("control_failed"))
    if error is None:
        # The mean of 0·y is 0, or NaN if a component is not finite.
        good = here.space.mean(lambda v: v * 0.0, y1).equals(0.0)
        if not method.adaptive:
            return good, state.get("h"), memory
        # A method that looks ahead needs no other limit, unless the step led nowhere.
        longest = f.where(good, uniform["largest_step"], f.absolute(h) * control.LEAST)
        return good, f.copysign(longest, h), memory
    good, factor, memory = control.propose(f, method.control_order, error, memory)
    next_h = h * factor
    largest = f.copysign(uniform["largest_step"], h)
    return good, f.where(f.absolute(next_h) > uniform["largest_step"], largest, next_h), memory


def _end_of_step(
    f: Function, method: Method, t: Value, h: Value, t_end: Value, landing: Value | None
) -> tuple[Value, Value, Value, Value]:
    """Where the step ends, its exact size, whether it is the last, and whether it is too small to move the clock.

    A step that all but reaches the end is made to land on it; adaptive ones may stretch by a hundredth. One that
    lands on an event is taken as it is.
    """
    stretch = 1.01 if method.adaptive else 1.0 + 1e-9
    last = f.absolute(h) * stretch >= f.absolute(t_end - t)
    if landing is not None:
        last = last & ~landing
    t1 = f.where(last, t_end, t + h)
    h = t1 - t
    tiny = (f.absolute(h) <= f.absolute(t) * _TINY) & ~last
    if landing is not None:
        tiny = tiny & ~landing
    return t1, h, last, tiny


def _count_attempt(
    f: Function,
    method: Method,
    state: _State,
    uniform: dict[str, Value],
    stuck: Value,
    tried: Value,
    good: Value,
) -> Value:
    """Count the attempt, and give each lane's status after it as far as steps and limits say."""
    status = f.where(stuck, f.constant(TOO_SMALL, "integer"), state.get("status"))
    if not method.adaptive:
        status = f.where(tried & ~good, f.constant(NOT_FINITE, "integer"), status)
    accepted, rejected = state.get("accepted"), state.get("rejected")
    accepted = f.where(good, accepted + 1, accepted)
    rejected = f.where(tried & ~good, rejected + 1, rejected)
    state.scalars["accepted"].set(accepted)
    state.scalars["rejected"].set(rejected)
    spent = status.equals(RUNNING) & ((accepted + rejected) >= uniform["step_limit"])
    return f.where(spent, f.constant(STEP_LIMIT, "integer"), status)


def _crossings(
    f: Function, law: CompiledLaw, here: Setting, state: _State, t1: Value, y1: Any, good: Value
) -> Value | None:
    """Lanes in which a denominator of the law is zero or has changed its sign at the end of this step."""
    crossed = None
    for variable, new in zip(state.guards, here.also(law.guards, t1, y1), strict=True):
        old = variable.get()
        change = ((old < 0.0) & (new >= 0.0)) | ((old > 0.0) & (new <= 0.0))
        crossed = good & change if crossed is None else crossed | (good & change)
        variable.set(f.where(good, new, old))
    return crossed


def _record(
    f: Function, law: CompiledLaw, state: _State, fresh: Value, uniform: dict[str, Value], layout: Workspace
) -> None:
    """Write a row (t, y) for each lane that just accepted a step, and stop it when there is no more room."""
    rows, capacity = uniform["rows"], uniform["capacity"]
    wanted = f.emit(f"icmp ne ptr {rows.text}, null", "truth", 1)
    width = len(law.states) + 1
    with f.when(wanted & f.any(fresh)):
        t, vector, recorded = state.get("t"), state.vector("y"), state.get("recorded")
        for lane in range(layout.lanes):
            with f.when(f.lane(fresh, lane)):
                row = f.offset(rows, (capacity * lane + f.lane(recorded, lane)) * width)
                f.store(f.lane(t, lane), row)
                write_row(f, vector, row, len(law.states), lane)
        recorded = f.where(fresh, recorded + 1, recorded)
        state.scalars["recorded"].set(recorded)
        full = (recorded >= capacity) & state.get("status").equals(RUNNING)
        state.scalars["status"].set(f.where(full, f.constant(FULL, "integer"), state.get("status")))


def write_row(f: Function, vector: Any, row: Value, size: int, lane: int) -> None:
    """One lane of a state behind the time in a row."""
    if isinstance(vector, Array):
        with f.count(size) as index:
            f.store(f.load(vector.pointer, index * f.lanes + lane), row, index + 1)
    else:
        for i, value in enumerate(vector):
            f.store(f.lane(value, lane), row, i + 1)
