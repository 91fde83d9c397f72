"""The loop of every solve, as a kernel: attempt a step, accept it or not, record it, stop or come back later.

A law and a method become two functions on a `Workspace`: ``start`` finds the first step, ``advance`` goes on
until every lane has something to tell (its end, a full buffer, a step that is too small …) or its budget of
attempts is used up, and can be called again to resume. A third function, ``dense``, evaluates recorded steps at
any time: a step is recomputed from its two ends, to the same bits, so that solutions need store no slopes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dydt.expr.equations import Equations
from dydt.expr.graph import Node
from dydt.kernels.llvm import Function, Module, Value, Variable
from dydt.kernels.tape import Tape
from dydt.kernels.vecmath import LANE_FUNCTIONS
from dydt.solvers import control, runge_kutta
from dydt.solvers.tableaus import Tableau
from dydt.solvers.vectors import BLOCK, Array, Components, Memory
from dydt.solvers.workspace import (
    CROSSED,
    DONE,
    FULL,
    NOT_FINITE,
    RUNNING,
    STEP_LIMIT,
    TOO_SMALL,
    Workspace,
)

# Operations of all stages together up to which a law is written into each stage. Pleiades with dop853 (6000) takes
# 1.5 s to compile in registers and 0.1 s in memory, where it also runs faster (its loops fill whole registers).
INLINE_WORK = 1500
_TINY = 2.0**-50  # of the time: a step below it no longer moves the clock reliably


class CompiledLaw:
    """A law ready to be written into kernels: its tape, that of its guards, and how they lie in memory."""

    def __init__(self, equations: Equations, guards: Sequence[Node] = ()) -> None:
        self.states = equations.states
        self.parameters = tuple(equations.parameters)
        self.independent = equations.independent
        self.varying = (self.independent, *self.states)
        self.tape = Tape(equations.derivatives, self.varying)
        self.guards = Tape(guards, self.varying)


def is_inline(law: CompiledLaw, tableau: Tableau) -> bool:
    """Whether the law is small enough to be written out in each stage."""
    return (law.tape.work + 4 * len(law.states)) * tableau.stages <= INLINE_WORK


def workspace(law: CompiledLaw, tableau: Tableau, lanes: int = 1, inline: bool | None = None) -> Workspace:
    """The memory a kernel of this law and method needs; the law is inline if it is small, unless said otherwise."""
    n = len(law.states)
    scratch = len(tableau.b) + len(tableau.extra_a) + 8
    if is_inline(law, tableau) if inline is None else inline:
        return Workspace(n, len(law.parameters), 0, len(law.guards.outputs), lanes, scratch)
    padded = -(-n // BLOCK) * BLOCK
    guards = len(law.guards.outputs)
    return Workspace(padded, len(law.parameters), law.tape.prelude, guards, lanes, scratch, inline=False)


def operations(f: Function) -> dict[str, Callable[..., Any]]:
    """What each operation of a tape is in a kernel."""
    table: dict[str, Callable[..., Any]] = {
        "number": f.constant,
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
        "neg": lambda a: -a,
        "fma": f.fma,
        "fms": lambda a, b, c: f.fma(a, b, -c),
        "fnma": lambda a, b, c: f.fma(-a, b, c),
        "select": f.where,
        "and": lambda a, b: a & b,
        "or": lambda a, b: a | b,
        "not": lambda a: ~a,
    }
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        table[name] = lambda a, b, name=name: f.compare(name, a, b)
    for name, function in LANE_FUNCTIONS.items():
        table[name] = lambda *values, function=function: function(f, *values)
    return table


@dataclass
class Setting:
    """A law inside one function of a kernel: how vectors are kept, and how the law is evaluated."""

    space: Any
    law: Callable[[Any, Any], Any]
    guards: Callable[[Any, Any], list[Value]]
    absolute: Any
    y: Any
    slope: Any


def write_kernel(law: CompiledLaw, tableau: Tableau, layout: Workspace, fused: bool = True) -> Module:
    """The module with ``start`` and ``advance``, for as many lanes as the workspace has."""
    module = Module(fused)
    _write_start(module, law, tableau, layout)
    _write_advance(module, law, tableau, layout)
    return module


def write_dense(law: CompiledLaw, tableau: Tableau, layout: Workspace, fused: bool = True) -> Module:
    """The module with ``dense``, for one lane."""
    module = Module(fused)
    _write_dense(module, law, tableau, layout)
    return module


# -- a law inside a function --------------------------------------------------------------------------------------


def _setting(f: Function, work: Value, law: CompiledLaw, layout: Workspace) -> Setting:
    if layout.inline:
        return _setting_in_registers(f, work, law, layout)
    return _setting_in_memory(f, work, law, layout)


def _parameters(f: Function, work: Value, law: CompiledLaw, layout: Workspace) -> dict[str, Value]:
    place = layout.address(f, work, "p")
    return {name: f.load(place, i, lanes=layout.lanes) for i, name in enumerate(law.parameters)}


def _setting_in_registers(f: Function, work: Value, law: CompiledLaw, layout: Workspace) -> Setting:
    table = operations(f)
    parameters = _parameters(f, work, law, layout)
    prelude = law.tape.run_prelude(table, parameters)
    guard_prelude = law.guards.run_prelude(table, parameters)

    def run(tape: Tape, known: list[Any], t: Any, y: Any) -> list[Value]:
        t = f.spread(t, layout.lanes) if isinstance(t, Value) else t
        inputs = dict(zip(law.states, y, strict=True)) | {law.independent: t} | parameters
        return tape.run(table, inputs, known)

    def load(name: str, lanes: int) -> list[Value]:
        place = layout.address(f, work, name)
        return [f.load(place, i, lanes=lanes) for i in range(len(law.states))]

    return Setting(
        Components(f, len(law.states)),
        lambda t, y: run(law.tape, prelude, t, y),
        lambda t, y: run(law.guards, guard_prelude, t, y),
        load("absolute_tolerance", 1),
        load("y", layout.lanes),
        load("slope", layout.lanes),
    )


def _setting_in_memory(f: Function, work: Value, law: CompiledLaw, layout: Workspace) -> Setting:
    called = _write_law(f.module, law, layout)
    prelude = law.tape.run_prelude(operations(f), _parameters(f, work, law, layout))
    constants = layout.address(f, work, "constants")
    for i, value in enumerate(prelude):
        f.store(f.spread(value, layout.lanes), constants, i)
    names: dict[str, int] = {}

    def allocate(name: str) -> Value:
        index = names.setdefault(name, len(names))
        if index >= layout.scratch:
            raise IndexError(f"the workspace has no room for a further vector {name}")
        return f.address_at_entry(work, layout.places["scratch"] + index * layout.size * layout.lanes)

    space = Memory(f, len(law.states), allocate)

    def evaluate(t: Any, y: Array) -> Array:
        out = space.new("")
        t = f.spread(t, layout.lanes) if isinstance(t, Value) else f.constant(t)
        f.call(called, "void", t, y.pointer, constants, layout.address(f, work, "p"), out.pointer)
        return out

    def guards(t: Any, y: Array) -> list[Value]:
        table = operations(f)
        parameters = _parameters(f, work, law, layout)
        used = {row.value for row in law.guards.rows if row.operation == "symbol"}
        states = {s: f.load(y.pointer, i, lanes=layout.lanes) for i, s in enumerate(law.states) if s in used}
        inputs = states | {law.independent: t} | parameters
        return law.guards.run(table, inputs, law.guards.run_prelude(table, parameters))

    return Setting(
        space,
        evaluate,
        guards,
        Array(layout.address(f, work, "absolute_tolerance"), uniform=True),
        Array(layout.address(f, work, "y")),
        Array(layout.address(f, work, "slope")),
    )


def _write_law(module: Module, law: CompiledLaw, layout: Workspace) -> Function:
    """The law as a function of its own: law(t, y, constants, p, out)."""
    if "law" in module.functions:
        return module.functions["law"]
    pointers = [(name, "pointer") for name in ("y", "constants", "p", "out")]
    f = module.function("law", "void", [("t", "number"), *pointers], layout.lanes, internal=True)
    f.attributes = "nounwind noinline"
    t, y, constants, p, out = f.arguments

    class Inputs(dict[str, Value]):
        """Symbols, loaded when they are first used."""

        def __missing__(self, name: str) -> Value:
            states, parameters = law.states.index, law.parameters.index
            place = (p, parameters(name)) if name in law.parameters else (y, states(name))
            self[name] = f.load(*place, lanes=layout.lanes)
            return self[name]

    inputs = Inputs({law.independent: t})
    for i, name in enumerate(law.states):
        if len(law.states) > 50:
            inputs[name] = f.load(y, i, lanes=layout.lanes)
    prelude = [f.load(constants, i, lanes=layout.lanes) for i in range(law.tape.prelude)]
    for i, value in enumerate(law.tape.run(operations(f), inputs, prelude)):
        f.store(f.spread(value, layout.lanes), out, i)
    f.give()
    return f


# -- start --------------------------------------------------------------------------------------------------------


def _write_start(module: Module, law: CompiledLaw, tableau: Tableau, layout: Workspace) -> None:
    f = module.function("start", "integer", [("work", "pointer")], layout.lanes)
    work = f.arguments[0]
    here = _setting(f, work, law, layout)
    t = layout.load(f, work, "t")
    slope = here.law(t, here.y)
    _put(f, here, here.slope, slope, layout.address(f, work, "slope"))
    if tableau.error:
        span = layout.load(f, work, "t_end") - t
        relative = layout.load(f, work, "relative_tolerance")
        found = control.first_step(
            f, here.space, here.law, tableau.error_order + 1, t, here.y, slope, span, here.absolute, relative
        )
        given = layout.load(f, work, "h")
        largest = f.copysign(layout.load(f, work, "largest_step"), span)
        found = f.where(f.absolute(found) > f.absolute(largest), largest, found)
        layout.store(f, work, "h", f.where(given.equals(0.0), found, given))
    for i, value in enumerate(here.guards(t, here.y)):
        f.store(f.spread(value, layout.lanes), layout.address(f, work, "guards"), i)
    f.give(f.constant(0, "integer", 1))


def _put(f: Function, here: Setting, target: Any, vector: Any, place: Value) -> None:
    """Copy a vector to its place in the workspace."""
    if isinstance(here.space, Components):
        for i, value in enumerate(vector):
            f.store(f.spread(value, f.lanes), place, i)
    else:
        _copy(here.space, vector, target)


def _copy(space: Memory, source: Array, target: Array) -> None:
    with space._turns() as index:
        space._store(space._load(source, index), target, index)


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
                _copy(self.here.space, vector, old)
        else:
            self.here.space.map(
                lambda new, before: self.f.where(accepted, new, before), vector, old, into="kept"
            )
            _copy(self.here.space, self.here.space.new("kept"), old)

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


def _write_advance(module: Module, law: CompiledLaw, tableau: Tableau, layout: Workspace) -> None:
    f = module.function("advance", "integer", [("work", "pointer")], layout.lanes)
    work = f.arguments[0]
    here = _setting(f, work, law, layout)
    state = _State(f, work, here, layout)
    uniform = {
        name: layout.load(f, work, name)
        for name in ("relative_tolerance", "largest_step", "budget", "step_limit", "capacity", "rows")
    }
    t_end = layout.load(f, work, "t_end")
    left = f.variable(uniform["budget"])
    with f.loop() as loop:
        running = state.get("status").equals(RUNNING)
        loop.leave_if(~f.any(running) | (left.get() <= 0))
        left.set(left.get() - 1)
        fresh = _attempt(f, here, tableau, state, uniform, t_end, running)
        _record(f, law, state, fresh, uniform, layout)
    state.save()
    f.give(left.get())


def _attempt(
    f: Function,
    here: Setting,
    tableau: Tableau,
    state: _State,
    uniform: dict[str, Value],
    t_end: Value,
    running: Value,
) -> Value:
    """One step attempt in every lane, without a branch; tells which lanes accepted it."""
    t, h, y = state.get("t"), state.get("h"), state.vector("y")
    remaining = t_end - t
    # A step that all but reaches the end is made to land on it; adaptive ones may stretch by a hundredth.
    stretch = 1.01 if tableau.error else 1.0 + 1e-9
    last = f.absolute(h) * stretch >= f.absolute(remaining)
    t1 = f.where(last, t_end, t + h)
    h = t1 - t
    tiny = (f.absolute(h) <= f.absolute(t) * _TINY) & ~last

    first = state.vector("slope") if tableau.first_same_as_last else None
    k, at = runge_kutta.slopes(here.space, here.law, tableau, t, y, h, first)
    y1 = runge_kutta.end(here.space, tableau, y, h, k, at)
    memory = control.Memory(state.get("control_error"), state.get("control_failed"))
    if tableau.error:
        error = runge_kutta.error_squared(
            here.space, tableau, y, y1, h, k, here.absolute, uniform["relative_tolerance"]
        )
        good, factor, memory = control.propose(f, tableau.error_order + 1, error, memory)
        next_h = h * factor
        largest = f.copysign(uniform["largest_step"], h)
        next_h = f.where(f.absolute(next_h) > uniform["largest_step"], largest, next_h)
    else:
        # The mean of 0·y is 0, or NaN if a component is not finite.
        good = here.space.mean(lambda v: v * 0.0, y1).equals(0.0)
        next_h = state.get("h")

    good = good & running & ~tiny
    status = state.get("status")
    status = f.where(running & tiny, f.constant(TOO_SMALL, "integer"), status)
    if not tableau.error:
        status = f.where(running & ~good & ~tiny, f.constant(NOT_FINITE, "integer"), status)
    accepted, rejected = state.get("accepted"), state.get("rejected")
    accepted = f.where(good, accepted + 1, accepted)
    rejected = f.where(running & ~good & ~tiny, rejected + 1, rejected)
    spent = status.equals(RUNNING) & ((accepted + rejected) >= uniform["step_limit"])
    status = f.where(spent, f.constant(STEP_LIMIT, "integer"), status)
    status = f.where(good & last, f.constant(DONE, "integer"), status)
    crossed = _crossings(f, here, state, t1, y1, good)
    if crossed is not None:
        status = f.where(crossed, f.constant(CROSSED, "integer"), status)

    new = {"t": f.where(good, t1, t), "h": f.where(running & ~(good & last), next_h, state.get("h"))}
    new |= {"control_error": memory.error, "control_failed": memory.failed}
    new |= {"status": status, "accepted": accepted, "rejected": rejected}
    for name, value in new.items():
        state.scalars[name].set(value)
    state.accept("y", y1, good)
    if tableau.first_same_as_last:
        state.accept("slope", k[-1], good)
    return good


def _crossings(f: Function, here: Setting, state: _State, t1: Value, y1: Any, good: Value) -> Value | None:
    """Lanes in which a denominator of the law is zero or has changed its sign at the end of this step."""
    crossed = None
    for variable, new in zip(state.guards, here.guards(t1, y1), strict=True):
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
                _write_row(f, vector, row, len(law.states), lane)
        recorded = f.where(fresh, recorded + 1, recorded)
        state.scalars["recorded"].set(recorded)
        full = (recorded >= capacity) & state.get("status").equals(RUNNING)
        state.scalars["status"].set(f.where(full, f.constant(FULL, "integer"), state.get("status")))


def _write_row(f: Function, vector: Any, row: Value, size: int, lane: int) -> None:
    """One lane of a state behind the time in a row."""
    if isinstance(vector, Array):
        with f.count(size) as index:
            f.store(f.load(vector.pointer, index * f.lanes + lane), row, index + 1)
    else:
        for i, value in enumerate(vector):
            f.store(f.lane(value, lane), row, i + 1)


# -- dense output -------------------------------------------------------------------------------------------------


def _write_dense(module: Module, law: CompiledLaw, tableau: Tableau, layout: Workspace) -> None:
    """dense(work, times, count, rows, steps, out): the state at times sorted in the direction of the steps."""
    arguments = [("work", "pointer"), ("times", "pointer"), ("count", "integer")]
    arguments += [("rows", "pointer"), ("steps", "integer"), ("out", "pointer")]
    f = module.function("dense", "integer", arguments)
    work, times, count, rows, steps, out = f.arguments
    size = len(law.states)
    here = _setting(f, work, law, layout)
    kept = _Kept(f, here.space, work, layout)
    direction = f.load(f.offset(rows, steps * (size + 1))) - f.load(rows)
    step = f.variable(f.constant(0, "integer"))
    known = f.variable(f.constant(-1, "integer"))
    with f.count(count) as query:
        t = f.load(times, query)
        with f.loop() as loop:
            after = step.get() + 1
            loop.leave_if(after >= steps)
            loop.leave_if((t - f.load(rows, after * (size + 1))) * direction <= 0.0)
            step.set(after)
        row = f.offset(rows, step.get() * (size + 1))
        t0 = f.load(row)
        h = f.load(row, size + 1) - t0
        y = _read_row(f, here, row, size)
        with f.when(step.get().differs(known.get())):
            known.set(step.get())
            kept.keep(runge_kutta.dense_slopes(here.space, here.law, tableau, t0, y, h))
        weights = runge_kutta.dense_weights(tableau, (t - t0) / h, f.fma)
        result = runge_kutta.advance(here.space, y, h, weights, kept.slopes, into="dense")
        _write_row(f, result, f.offset(out, query * size - 1), size, 0)
    f.give(count)


class _Kept:
    """The slopes of the step at hand, in memory, for all queries that fall into it."""

    def __init__(self, f: Function, space: Any, work: Value, layout: Workspace) -> None:
        self.f, self.space, self.work, self.layout = f, space, work, layout
        self._slopes: list[Any] = []

    def keep(self, slopes: list[Any]) -> None:
        self._slopes = slopes
        if isinstance(self.space, Components):
            place = self.layout.address(self.f, self.work, "scratch")
            for i, value in enumerate(value for slope in slopes for value in slope):
                self.f.store(value, place, i)

    @property
    def slopes(self) -> list[Any]:
        if not isinstance(self.space, Components):
            return self._slopes
        place, size = self.layout.address(self.f, self.work, "scratch"), self.space.size
        count = len(self._slopes)
        return [[self.f.load(place, j * size + i) for i in range(size)] for j in range(count)]


def _read_row(f: Function, here: Setting, row: Value, size: int) -> Any:
    """The state in a row, as a vector."""
    if isinstance(here.space, Components):
        return [f.load(row, i + 1) for i in range(size)]
    with f.count(size) as index:
        f.store(f.load(row, index + 1), here.y.pointer, index)
    return here.y
