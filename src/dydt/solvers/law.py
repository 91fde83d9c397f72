"""A law ready to be written into kernels: in registers, stage by stage, or as a function on memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from dydt.errors import InputError
from dydt.expr.equations import Equations
from dydt.expr.graph import Node
from dydt.expr.network import networks
from dydt.kernels.batch import find_batches, left_over, write_batch
from dydt.kernels.expansion import Expansion, Operations
from dydt.kernels.llvm import Function, Module, Value
from dydt.kernels.network import lane_function
from dydt.kernels.tape import Tape
from dydt.kernels.vecmath import LANE_FUNCTIONS
from dydt.solvers.consistent import Starter
from dydt.solvers.crossings import Crossings
from dydt.solvers.factors import write_factorisation, write_linearisation, write_substitution
from dydt.solvers.jacobian import Jacobian
from dydt.solvers.methods import Method
from dydt.solvers.taylor import Taylor
from dydt.solvers.vectors import BLOCK, Array, Components, Memory
from dydt.solvers.workspace import Workspace

# Operations of all stages together up to which a law is written into each stage. Pleiades with dop853 (6000) takes
# 1.5 s to compile in registers and 0.1 s in memory, where it also runs faster (its loops fill whole registers).
INLINE_WORK = 1500
# Operations of all Taylor coefficients together; so many take one or two seconds to compile.
EXPANDED_WORK = 8_000


class CompiledLaw:
    """A law ready to be written into kernels.

    Attributes
    ----------
    batches : list of Batch
        Equations of one shape, in laws with many.
    rest : list of int
        The equations in no batch, which `tape` computes.
    guards : Tape
        Denominators that may change their sign.
    events : Crossings or None
    mass : dict or None
        Entries of the mass matrix, if it is singular.
    networks : dict
        Which parameter is the first weight of each network.
    """

    def __init__(self, equations: Equations, guards: Sequence[Node] = ()) -> None:
        self.equations = equations
        self.states = equations.states
        self.parameters = tuple(equations.parameters)
        place = {name: i for i, name in enumerate(self.parameters)}
        self.networks = {n.name: place[n.weights[0]] for n in networks(equations.derivatives)}
        self.independent = equations.independent
        varying = (self.independent, *self.states)
        outputs = equations.derivatives
        self.batches = find_batches(outputs, self.states, self.independent)
        self.rest = left_over(self.batches, len(outputs))
        self.tape = Tape([outputs[i] for i in self.rest], varying)
        self.guards = Tape(guards, varying)
        self.events = Crossings(equations) if equations.events else None
        self.mass = equations.mass

    @cached_property
    def work(self) -> int:
        """How many operations one evaluation takes."""
        return self.tape.work + sum(batch.tape.work * len(batch.outputs) for batch in self.batches)

    @cached_property
    def starter(self) -> Starter:
        """What makes initial states satisfy the constraints of a law that has some."""
        return Starter(self.equations)

    @cached_property
    def expansion(self) -> Expansion:
        """The recurrences of Taylor coefficients, made when a method first asks for them."""
        return Expansion(self.equations.derivatives, self.states, self.independent)

    @cached_property
    def jacobian(self) -> Jacobian:
        """Its linearisation, made when a stiff method first asks for it."""
        return Jacobian(self.equations)


def is_inline(law: CompiledLaw, method: Method) -> bool:
    """Whether the law is small enough to be written out in each stage."""
    if isinstance(method, Taylor):
        _check_expansion(law, method)
        return True
    work = (law.work + 4 * len(law.states)) * method.stages
    if law.batches or work > INLINE_WORK:
        return False
    return not method.linear or work + law.jacobian.elimination.work * method.stages <= INLINE_WORK


def _check_expansion(law: CompiledLaw, method: Taylor) -> None:
    """Raise an InputError if the coefficients of a law are too many to be written out one by one."""
    work = law.expansion.work(method.order)
    if law.batches or work > EXPANDED_WORK:
        raise InputError(
            f"{method.name} writes out {work:,} operations for this law, and up to {EXPANDED_WORK:,} are sensible: "
            "take vern9, or leave the method away"
        )


def attempt_work(law: CompiledLaw, method: Method) -> int:
    """How many operations an attempt of one step takes."""
    if isinstance(method, Taylor):
        return law.expansion.work(method.order)
    work = max(1, law.work + 4 * len(law.states)) * method.stages
    return work + law.jacobian.elimination.work * method.stages if method.linear else work


def workspace(
    law: CompiledLaw,
    method: Method,
    lanes: int = 1,
    inline: bool | None = None,
    dense_outputs: int = 0,
    reductions: int = 0,
) -> Workspace:
    """The memory a kernel of this law and method needs; the law is inline if it is small, unless said otherwise."""
    n = len(law.states)
    factors = len(law.jacobian.elimination.slots) if method.linear else 0
    guards, events = len(law.guards.outputs), law.events.count if law.events else 0
    # Each dense output keeps its own vectors, next to the step itself; an event is looked for on one. Next to a zero of
    # each denominator four slopes tell whether it is a pole.
    scratch = method.vectors * (1 + dense_outputs + (events > 0)) + 4 * guards
    scratch += 10 if law.mass is None else 16
    counts = (guards, lanes, scratch)
    if is_inline(law, method) if inline is None else inline:
        order = method.order if isinstance(method, Taylor) else 0
        return Workspace(n, len(law.parameters), 0, *counts, True, factors, events, reductions, order)
    padded = -(-n // BLOCK) * BLOCK
    prelude = law.tape.prelude
    return Workspace(padded, len(law.parameters), prelude, *counts, False, factors, events, reductions)


def operations(
    f: Function, parameters: Value | None = None, networks: Mapping[str, int] | None = None
) -> dict[str, Callable[..., Any]]:
    """What each operation of a tape is in a kernel; networks find their weights among the parameters."""
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
    if networks and parameters is not None:
        places = {name: (parameters, first) for name, first in networks.items()}
        table["network"] = lane_function(f, operations, places)
    return table


@dataclass
class Setting:
    """A law inside one function of a kernel: how vectors are kept, and how the law is evaluated.

    `also(tape, t, y)` evaluates other expressions of the law's names: denominators, events. `expand(t, y, order)` gives
    the Taylor coefficients of the solution, as vectors.

    For stiff methods `linearise(t, y)` gives f, the Jacobian (as `factorise` takes it) and ∂f/∂t or None, and
    `factorise(jacobian, shift)` gives a function that solves (shift·M - J) x = b, and 1 or NaN or None as the
    solutions can be trusted, can't be, or always can. `mass(v)` gives M v; it is None where M is the identity.
    """

    space: Any
    law: Callable[[Any, Any], Any]
    also: Callable[[Tape, Any, Any], list[Value]]
    absolute: Any
    y: Any
    slope: Any
    expand: Callable[[Any, Any, int], list[Any]] | None = None
    linearise: Any = None
    factorise: Any = None
    mass: Callable[[Any], Any] | None = None


def setting(f: Function, work: Value, law: CompiledLaw, layout: Workspace) -> Setting:
    if layout.inline:
        return _setting_in_registers(f, work, law, layout)
    return _setting_in_memory(f, work, law, layout)


def _parameters(f: Function, work: Value, law: CompiledLaw, layout: Workspace) -> dict[str, Value]:
    place = layout.address(f, work, "p")
    weights = {name for network in networks(law.equations.derivatives) for name in network.weights}
    return {
        name: f.load(place, i, lanes=layout.lanes)
        for i, name in enumerate(law.parameters)
        if name not in weights
    }


def _table(f: Function, work: Value, law: CompiledLaw, layout: Workspace) -> dict[str, Callable[..., Any]]:
    return operations(f, layout.address(f, work, "p"), law.networks)


def _setting_in_registers(f: Function, work: Value, law: CompiledLaw, layout: Workspace) -> Setting:
    table = _table(f, work, law, layout)
    parameters = _parameters(f, work, law, layout)
    prelude = law.tape.run_prelude(table, parameters)

    def run(tape: Tape, known: list[Any], t: Any, y: Any) -> list[Value]:
        t = f.spread(t, layout.lanes) if isinstance(t, Value) else t
        inputs = dict(zip(law.states, y, strict=True)) | {law.independent: t} | parameters
        return tape.run(table, inputs, known)

    def load(name: str, lanes: int) -> list[Value]:
        place = layout.address(f, work, name)
        return [f.load(place, i, lanes=lanes) for i in range(len(law.states))]

    made = Setting(
        Components(f, len(law.states)),
        lambda t, y: run(law.tape, prelude, t, y),
        lambda tape, t, y: run(tape, tape.run_prelude(table, parameters), t, y),
        load("absolute_tolerance", 1),
        load("y", layout.lanes),
        load("slope", layout.lanes),
    )
    if layout.order:
        made.expand = _expander(f, law.expansion, table, parameters, layout.lanes)
    if layout.factors:
        _linear_in_registers(f, law.jacobian, made, run, law.jacobian.tape.run_prelude(table, parameters))
    if law.mass is not None:
        made.mass = partial(_weigh, f, law.mass)
    return made


def _expander(
    f: Function, expansion: Expansion, table: Operations, parameters: Mapping[str, Value], lanes: int
) -> Callable[[Any, Any, int], list[Any]]:
    """``expand(t, y, order)``, with what does not change computed here."""
    constants = expansion.constants(table, parameters)

    def expand(t: Value, y: Sequence[Value], order: int) -> list[list[Value]]:
        jets = expansion.run(table, constants, f.spread(t, lanes), y, order)
        return [
            [f.constant(v) if isinstance(v, float) else v for v in column]
            for column in zip(*jets, strict=True)
        ]

    return expand


def _weigh(f: Function, mass: Mapping[tuple[int, int], float], v: list[Any]) -> list[Any]:
    """M v."""
    rows: list[Any] = [0.0] * len(v)
    for (i, j), weight in sorted(mass.items()):
        if isinstance(rows[i], float):
            rows[i] = v[j] if weight == 1.0 else v[j] * weight
        else:
            rows[i] = f.fma(v[j], weight, rows[i])
    return rows


def _linear_in_registers(
    f: Function, jacobian: Jacobian, made: Setting, run: Callable[..., list[Value]], prelude: list[Any]
) -> None:
    n, how = jacobian.size, jacobian.elimination

    def linearise(t: Any, y: Any) -> tuple[Any, Any, Any]:
        values = run(jacobian.tape, prelude, t, y)
        entries = {place: -v for place, v in zip(jacobian.places, values[n:], strict=False)}
        return values[:n], entries, values[n + len(entries) :] if jacobian.pulled else None

    def factorise(entries: Any, shift: Any) -> tuple[Callable[[Any], Any], Any]:
        factors = how.factorise(f, entries, shift)
        return lambda b: how.solve(f, factors, b), how.trust(f, factors, shift)

    made.linearise, made.factorise = linearise, factorise


def _setting_in_memory(f: Function, work: Value, law: CompiledLaw, layout: Workspace) -> Setting:
    called = _write_law(f.module, law, layout)
    prelude = law.tape.run_prelude(_table(f, work, law, layout), _parameters(f, work, law, layout))
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

    def also(tape: Tape, t: Any, y: Array) -> list[Value]:
        table = _table(f, work, law, layout)
        parameters = _parameters(f, work, law, layout)
        used = {row.value for row in tape.rows if row.operation == "symbol"}
        states = {s: f.load(y.pointer, i, lanes=layout.lanes) for i, s in enumerate(law.states) if s in used}
        inputs = states | {law.independent: f.spread(t, layout.lanes)} | parameters
        return tape.run(table, inputs, tape.run_prelude(table, parameters))

    made = Setting(
        space,
        evaluate,
        also,
        Array(layout.address(f, work, "absolute_tolerance"), uniform=True),
        Array(layout.address(f, work, "y")),
        Array(layout.address(f, work, "slope")),
    )
    if layout.factors:
        _linear_in_memory(f, work, law, layout, made)
    if law.mass is not None:
        made.mass = partial(_weigh_in_memory, f, space, law.mass, layout)
    return made


def _weigh_in_memory(
    f: Function, space: Memory, mass: Mapping[tuple[int, int], float], layout: Workspace, v: Array
) -> Array:
    """M v: the diagonal by a loop, the rest one by one."""
    diagonal = [mass.get((i, i), 0.0) for i in range(layout.size)]
    weights = Array(Value(f, f.module.table("mass", diagonal), "pointer"), uniform=True)
    found = space.map(lambda m, v: m * v, weights, v, into="weighed")
    for (i, j), weight in sorted(mass.items()):
        if i != j:
            total = f.load(found.pointer, i, lanes=layout.lanes)
            f.store(f.fma(f.load(v.pointer, j, lanes=layout.lanes), weight, total), found.pointer, i)
    return found


def _linear_in_memory(f: Function, work: Value, law: CompiledLaw, layout: Workspace, made: Setting) -> None:
    jacobian, space, lanes = law.jacobian, made.space, layout.lanes
    names = (law.states, law.parameters, law.independent)

    def table(g: Function, p: Value) -> dict[str, Callable[..., Any]]:
        return operations(g, p, law.networks)

    linearisation = write_linearisation(f.module, jacobian, names, table, lanes)
    factorisation = write_factorisation(f.module, jacobian, lanes)
    substitution = write_substitution(f.module, jacobian, lanes)
    factors = f.address_at_entry(work, layout.places["factors"])
    parameters = layout.address(f, work, "p")

    def linearise(t: Any, y: Array) -> tuple[Any, Any, Any]:
        pull = space.new("pull")
        slope = made.law(t, y)
        t = f.spread(t, lanes) if isinstance(t, Value) else f.constant(t)
        f.call(linearisation, "void", t, y.pointer, parameters, factors, pull.pointer)
        return slope, None, pull if jacobian.pulled else None

    def factorise(entries: Any, shift: Value) -> tuple[Callable[[Any], Any], Any]:
        trust = f.call(factorisation, "number", shift, factors, lanes=lanes)

        def solve(b: Array) -> Array:
            x = space.new("")
            f.call(substitution, "void", factors, b.pointer, x.pointer)
            return x

        return solve, trust

    made.linearise, made.factorise = linearise, factorise


def _write_law(module: Module, law: CompiledLaw, layout: Workspace) -> Function:
    """The law as a function of its own: law(t, y, constants, p, out)."""
    if "law" in module.functions:
        return module.functions["law"]
    pointers = [(name, "pointer") for name in ("y", "constants", "p", "out")]
    f = module.function("law", "void", [("t", "number"), *pointers], layout.lanes, internal=True)
    f.attributes = "nounwind noinline"
    t, y, constants, p, out = f.arguments

    read: dict[str, tuple[Value, int]] = {name: (y, i) for i, name in enumerate(law.states)}
    read |= {name: (p, i) for i, name in enumerate(law.parameters)}
    needed = {row.value for row in law.tape.rows[law.tape.prelude :] if row.operation == "symbol"}
    inputs = {name: f.load(*read[name], lanes=layout.lanes) for name in read if name in needed}
    inputs[law.independent] = t
    table = operations(f, p, law.networks)
    prelude = [f.load(constants, i, lanes=layout.lanes) for i in range(law.tape.prelude)]
    for i, value in zip(law.rest, law.tape.run(table, inputs, prelude), strict=True):
        f.store(f.spread(value, layout.lanes), out, i)
    if law.batches:
        others = {name: f.load(p, i, lanes=layout.lanes) for i, name in enumerate(law.parameters)}
        for batch in law.batches:
            write_batch(f, batch, table, others | {law.independent: t}, y, out)
    f.give()
    return f
