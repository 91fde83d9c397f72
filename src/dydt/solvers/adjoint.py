"""The exact gradient of a discrete solution: many trajectories forwards in lanes, then their steps backwards.

A step is y₁ = y + h Σ bᵢ kᵢ with kᵢ = f(t + cᵢ h, Yᵢ), Yᵢ = y + h Σ aᵢⱼ kⱼ, and a sample inside it y + h Σ bᵢ(θ) kᵢ.
Backwards, with a bar for the derivative of the loss with respect to a quantity:

    k̄ᵢ = h bᵢ ȳ₁ + h Σ bᵢ(θ) s̄ + h Σⱼ aⱼᵢ Ȳⱼ,    (Ȳᵢ, p̄ += ) = k̄ᵢ ∂f/∂(y, p),    ȳ = ȳ₁ + Σ s̄ + Σ Ȳᵢ

for i from the last stage to the first: the same for every tableau (Hager, Numer. Math. 87 (2000) 247–282, sec. 3;
Sanz-Serna, SIAM Review 58 (2016) 3–33). The steps are given and held fixed. States are kept at every `stride`-th step
only, and those between are computed again on the way back, so that memory grows with the root of the number of steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dydt.expr.equations import Equations
from dydt.expr.graph import Node, symbol
from dydt.expr.mass import refuse_constraints
from dydt.expr.reverse import Call, cut, pullback
from dydt.expr.tidy import ZERO
from dydt.kernels.formats import DOUBLE, Format
from dydt.kernels.llvm import Function, Module, Value
from dydt.kernels.network import Record, write_accumulation, write_pullback, write_recorded
from dydt.kernels.tape import Tape
from dydt.solvers.law import operations
from dydt.solvers.runge_kutta import advance, dense_weights, error_squared
from dydt.solvers.tableaus import Tableau
from dydt.solvers.vectors import BLOCK, Array, Memory

# What Python tells a kernel about one block of trajectories: counts, and addresses of arrays with the lanes last.
PLAN = (
    "steps",
    "stride",
    "times",  # steps + 1, doubles in any format
    "starts",  # n, padded: the first state; after `backward` its cotangent
    "ends",  # n, padded: the last state; before `backward` its cotangent
    "checkpoints",  # of each stride-th state: n, padded
    "buffer",  # stride states
    "parameters",  # shared by all lanes
    "gradient",  # a row a parameter
    "slots",  # steps + 1 integers: the first sample of each step
    "theta",  # of each sample
    "samples",  # n of each sample; before `backward` their cotangents
    "absolute",  # n, padded, the same for all lanes: the absolute tolerance
    "relative",  # the relative tolerance
    "error",  # the largest error of a step, squared, in units of the tolerance
    "work",
)


@dataclass(frozen=True)
class Layout:
    """Where a kernel keeps what it works with, in numbers; each of them once a lane."""

    size: int  # of a vector, padded
    vectors: int
    record: int  # of one evaluation of the law
    stages: int
    cotangents: int  # of the inputs of one network

    @property
    def records(self) -> int:
        return self.size * self.vectors

    @property
    def inputs(self) -> int:
        return self.records + self.record * self.stages

    @property
    def total(self) -> int:
        return self.inputs + self.cotangents + BLOCK


class Backwards:
    """A law that can be evaluated and pulled back, in lanes, with parameters that all lanes share.

    Parameters
    ----------
    law : Equations
    tableau : Tableau
    lanes : int
    fused : bool
        Whether the processor has a fused multiply-add.
    format : Format
        Of all numbers.
    """

    def __init__(
        self, law: Equations, tableau: Tableau, lanes: int, fused: bool = True, format: Format = DOUBLE
    ) -> None:
        refuse_constraints(law, "the gradient")
        self.law, self.tableau, self.lanes = law, tableau, lanes
        self.names = (*law.states, *law.parameters)
        self.place = {name: i for i, name in enumerate(law.parameters)}
        self.roots, self.calls = cut(law.derivatives)
        self.records = [Record(call.network) for call in self.calls]
        weights = {name for call in self.calls for name in call.network.weights}
        self.plain = tuple(name for name in law.parameters if name not in weights)
        offsets = [0]
        for record in self.records:
            offsets.append(offsets[-1] + record.kept + record.all_bars)
        self.offsets = offsets
        rows = (*tableau.a, *tableau.extra_a)
        self.rows, self.nodes = rows, (*tableau.c, *tableau.extra_c)
        self.needed = 1 + max(i for i, b in enumerate(tableau.b) if b)  # stages that the next state needs
        size = -(-len(law.states) // BLOCK) * BLOCK
        inputs = max((call.network.sizes[0] for call in self.calls), default=0)
        self.layout = Layout(size, 3 * len(rows) + 10, offsets[-1], len(rows), inputs)
        self.module = Module(fused, format)
        self._evaluate = self._write_evaluation()
        self._pull = self._write_pull()
        _write_forward(self)
        _write_backward(self)

    # The law and its pullback

    def _function(self, name: str, pointers: str) -> Function:
        arguments = [("t", "number"), *((word, "pointer") for word in pointers.split())]
        f = self.module.function(name, "void", arguments, self.lanes, internal=True)
        f.attributes = "nounwind noinline"
        return f

    def _run(
        self,
        f: Function,
        nodes: Sequence[Node],
        t: Value,
        y: Value,
        p: Value,
        kept: Value,
        bars: Sequence[Value],
    ) -> list[Value | None]:
        """Values of expressions of the law's names, of outputs of earlier calls and of cotangents; None for zeros."""
        wanted = [node for node in nodes if node is not ZERO]
        tape = Tape(wanted)
        used = {row.value for row in tape.rows if row.operation == "symbol"}
        inputs: dict[str, Value] = {self.law.independent: t}
        inputs |= {s: f.load(y, i, lanes=self.lanes) for i, s in enumerate(self.law.states) if s in used}
        inputs |= {name: f.load(p, self.place[name]) for name in self.plain if name in used}
        inputs |= {f"cotangent {i}": bar for i, bar in enumerate(bars)}
        for call, record, offset in zip(self.calls, self.records, self.offsets, strict=False):
            for k, name in enumerate(call.outputs):
                if name in used:
                    inputs[name] = f.load(kept, offset + record.outputs + k, lanes=self.lanes)
        values = tape.run(operations(f), inputs, tape.run_prelude(operations(f), inputs))
        found = iter(f.spread(value, self.lanes) for value in values)
        return [None if node is ZERO else next(found) for node in nodes]

    def _weights(self, f: Function, p: Value, call: Call, lanes: int = 1) -> Value:
        return f.offset(p, self.place[call.network.weights[0]], lanes=lanes)

    def _write_evaluation(self) -> Function:
        """``evaluate(t, y, p, kept, out)``: f, and what the way back needs to know about the networks in it."""
        f = self._function("evaluate", "y p kept out")
        t, y, p, kept, out = f.arguments
        for call, offset in zip(self.calls, self.offsets, strict=False):
            place = f.offset(kept, offset, lanes=self.lanes)
            for i, value in enumerate(self._run(f, call.inputs, t, y, p, kept, [])):
                f.store(f.constant(0.0) if value is None else value, place, i)
            recorded = write_recorded(self.module, call.network, operations, self.lanes)
            f.call(recorded, "void", self._weights(f, p, call), place)
        for i, value in enumerate(self._run(f, self.roots, t, y, p, kept, [])):
            f.store(f.constant(0.0) if value is None else value, out, i)
        f.give()
        return f

    def _write_pull(self) -> Function:
        """``pull(t, y, p, kept, of_slope, of_state, gradient, scratch)``: what a cotangent of f is to y and to p."""
        f = self._function("pull", "y p kept of_slope of_state gradient scratch")
        t, y, p, kept, of_slope, of_state, gradient, scratch = f.arguments
        bars = [f.load(of_slope, i, lanes=self.lanes) for i in range(len(self.law.states))]
        self._pull_one(f, self.roots, bars, len(self.calls), (t, y, p, kept, of_state, gradient), True)
        for number in reversed(range(len(self.calls))):
            call, record, offset = self.calls[number], self.records[number], self.offsets[number]
            place = f.offset(kept, offset, lanes=self.lanes)
            cotangents = f.offset(place, record.kept, lanes=self.lanes)
            back = write_pullback(self.module, call.network, self.lanes)
            f.call(back, "void", self._weights(f, p, call), place, cotangents, scratch)
            bars = [f.load(scratch, i, lanes=self.lanes) for i in range(len(call.inputs))]
            self._pull_one(f, call.inputs, bars, number, (t, y, p, kept, of_state, gradient), False)
        f.give()
        return f

    def _pull_one(
        self,
        f: Function,
        roots: Sequence[Node],
        bars: Sequence[Value],
        calls: int,
        places: tuple[Value, ...],
        is_first: bool,
    ) -> None:
        """Cotangents of `roots` go to the states, the parameters and the outputs of the first `calls` networks."""
        t, y, p, kept, of_state, gradient = places
        cotangents = [symbol(f"cotangent {i}") for i in range(len(bars))]
        outputs = [name for call in self.calls[:calls] for name in call.outputs]
        found = pullback(roots, cotangents, [*self.law.states, *self.plain, *outputs])
        values = self._run(f, found, t, y, p, kept, bars)
        targets = [(of_state, i, is_first) for i in range(len(self.law.states))]
        targets += [(gradient, self.place[name], False) for name in self.plain]
        for call, record, offset in zip(self.calls[:calls], self.records, self.offsets, strict=False):
            first = offset + record.kept + record.bars[-1]
            targets += [(kept, first + k, is_first) for k in range(len(call.outputs))]
        for value, (place, index, fresh) in zip(values, targets, strict=True):
            if value is None and not fresh:
                continue
            value = f.constant(0.0) if value is None else value
            if not fresh:
                value = value + f.load(place, index, lanes=self.lanes)
            f.store(value, place, index)


class _Steps:
    """The steps of a block of trajectories, in one function of a kernel."""

    def __init__(self, backwards: Backwards, f: Function) -> None:
        self.backwards, self.f, self.lanes = backwards, f, backwards.lanes
        plan = f.arguments[0]
        kinds = {"steps": "integer", "stride": "integer"}
        self.plan = {name: f.load(plan, i, kinds.get(name, "pointer")) for i, name in enumerate(PLAN)}
        self.work, layout = self.plan["work"], backwards.layout
        self.size = layout.size * self.lanes
        names: dict[str, int] = {}

        def allocate(name: str) -> Value:
            index = names.setdefault(name, len(names))
            if index >= layout.vectors:
                raise IndexError(f"the workspace has no room for a further vector {name}")
            return f.offset(self.work, index * self.size)

        self.space = Memory(f, len(backwards.law.states), allocate)

    def array(self, name: str, index: Value | int = 0) -> Array:
        """One of the states in an array of the plan."""
        return Array(self.f.offset(self.plan[name], index * self.size))

    def record(self, stage: int) -> Value:
        layout = self.backwards.layout
        return self.f.offset(self.work, (layout.records + stage * layout.record) * self.lanes)

    def times(self, step: Value) -> tuple[Value, Value]:
        """The start and the length of a step, in every lane."""
        f, times = self.f, self.plan["times"]
        t, end = (f.load(times, step + i, "double", self.lanes) for i in range(2))
        return f.narrow(t), f.narrow(end - t)

    def evaluate(self, stage: int, t: Value, y: Array) -> Array:
        """The slope of a stage, which is recorded."""
        out = self.space.new(f"slope {stage}")
        self.f.call(
            self.backwards._evaluate,
            "void",
            t,
            y.pointer,
            self.plan["parameters"],
            self.record(stage),
            out.pointer,
        )
        return out

    def stages(self, t: Value, h: Value, y: Array, k: list[Array], last: int, arguments: list[Array]) -> None:
        """Append the slopes up to stage `last`, and the states at which they are taken."""
        for i in range(len(k), last):
            at = advance(self.space, y, h, self.backwards.rows[i], k, into=f"argument {i}") if i else y
            arguments.append(at)
            k.append(self.evaluate(i, t + h * self.backwards.nodes[i], at))

    def samples(self, step: Value) -> tuple[Value, Value]:
        """The first and one past the last sample of a step."""
        slots = self.plan["slots"]
        return self.f.load(slots, step, "integer"), self.f.load(slots, step + 1, "integer")

    def weights(self, sample: Value) -> list[Any]:
        """bᵢ(θ) of every stage at a sample."""
        theta = self.f.load(self.plan["theta"], sample, lanes=self.lanes)
        return dense_weights(self.backwards.tableau, theta, self.f.fma)

    def sample(self, index: Value) -> Value:
        """Where the components of a sample lie."""
        return self.f.offset(self.plan["samples"], index * (len(self.backwards.law.states) * self.lanes))

    def copy_components(self, source: Value, target: Value) -> None:
        """The components, without the padding."""
        with self.f.count(len(self.backwards.law.states)) as i:
            self.f.store(self.f.load(source, i, lanes=self.lanes), target, i)


def _write_forward(backwards: Backwards) -> None:
    """``forward(plan)``: from `starts` to `ends`, with samples, checkpoints and the largest error on the way."""
    f = backwards.module.function("forward", "integer", [("plan", "pointer")], backwards.lanes)
    steps = _Steps(backwards, f)
    space, plan, tableau = steps.space, steps.plan, backwards.tableau
    y = space.new("y")
    space.copy(steps.array("starts"), y)
    largest = f.variable(f.constant(0.0))
    absolute, relative = Array(plan["absolute"], uniform=True), f.load(plan["relative"])
    slope = space.new("slope")
    if tableau.first_same_as_last:
        space.copy(steps.evaluate(0, f.narrow(f.load(plan["times"], 0, "double", steps.lanes)), y), slope)
    with f.count(plan["steps"]) as step:
        segment = step / plan["stride"]
        with f.when((segment * plan["stride"]).equals(step)):
            space.copy(y, steps.array("checkpoints", segment))
        t, h = steps.times(step)
        k = [slope] if tableau.first_same_as_last else []
        steps.stages(t, h, y, k, len(tableau.b), [])
        first, last = steps.samples(step)
        with f.when(last > first):
            further = list(k)
            steps.stages(t, h, y, further, len(backwards.rows), [])
            with f.count(last - first) as index:
                state = advance(space, y, h, steps.weights(first + index), further, into="dense")
                steps.copy_components(state.pointer, steps.sample(first + index))
        y1 = advance(space, y, h, tableau.b, k, into="next")
        if tableau.error:
            error = error_squared(space, tableau, y, y1, h, k, absolute, relative)
            largest.set(f.where(error > largest.get(), error, largest.get()))
        space.copy(y1, y)
        if tableau.first_same_as_last:
            space.copy(k[-1], slope)
    space.copy(y, steps.array("ends"))
    f.store(largest.get(), plan["error"])
    f.give(f.constant(0, "integer", 1))


def _write_backward(backwards: Backwards) -> None:
    """``backward(plan)``: cotangents of `ends` and of the samples go to `starts` and to the gradient."""
    f = backwards.module.function("backward", "integer", [("plan", "pointer")], backwards.lanes)
    steps = _Steps(backwards, f)
    space, plan = steps.space, steps.plan
    bar = space.new("bar")
    space.copy(steps.array("ends"), bar)
    segments = (plan["steps"] + plan["stride"] - 1) / plan["stride"]
    with f.count(segments) as back:
        segment = segments - 1 - back
        first = segment * plan["stride"]
        count = f.minimum(plan["steps"] - first, plan["stride"])
        space.copy(steps.array("checkpoints", segment), steps.array("buffer"))
        with f.count(count - 1) as i:
            t, h = steps.times(first + i)
            y = steps.array("buffer", i)
            k: list[Array] = []
            steps.stages(t, h, y, k, backwards.needed, [])
            y1 = advance(space, y, h, backwards.tableau.b, k, into="next")
            space.copy(y1, steps.array("buffer", i + 1))
        with f.count(count) as i:
            _reverse_step(
                backwards, steps, first + (count - 1 - i), steps.array("buffer", count - 1 - i), bar
            )
    space.copy(bar, steps.array("starts"))
    f.give(f.constant(0, "integer", 1))


def _reverse_step(backwards: Backwards, steps: _Steps, step: Value, y: Array, bar: Array) -> None:
    """From the cotangent of the state after a step to that before it, in place."""
    f, space, tableau = steps.f, steps.space, backwards.tableau
    t, h = steps.times(step)
    k: list[Array] = []
    arguments: list[Array] = []
    needed, every = backwards.needed, len(backwards.rows)
    steps.stages(t, h, y, k, needed, arguments)
    bars = [
        space.map(lambda v, b=b: v * (h * b), bar, into=f"cotangent {i}")
        for i, b in enumerate(tableau.b[:needed])
    ]
    first, last = steps.samples(step)
    pull = _Pull(backwards, steps, t, h, bar)
    with f.when(last > first):
        further, more = list(k), list(arguments)
        steps.stages(t, h, y, further, every, more)
        all_bars = bars + [
            space.map(lambda v: v * 0.0, bar, into=f"cotangent {i}") for i in range(needed, every)
        ]
        of_sample = space.map(lambda v: v * 0.0, bar, into="of sample")
        with f.count(last - first) as index:
            steps.copy_components(steps.sample(first + index), of_sample.pointer)
            for weight, k_bar in zip(steps.weights(first + index), all_bars, strict=True):
                if isinstance(weight, Value):
                    space.map(
                        lambda s, v, w=weight: f.fma(s, h * w, v),
                        of_sample,
                        k_bar,
                        into=_name_of(all_bars, k_bar),
                    )
            space.map(lambda s, v: s + v, of_sample, bar, into="bar")
        pull.stages(needed, every, more, all_bars)
    pull.stages(0, needed, arguments, bars)


def _name_of(bars: Sequence[Array], bar: Array) -> str:
    return f"cotangent {next(i for i, b in enumerate(bars) if b is bar)}"


class _Pull:
    """The stages of one step, from the last to the first."""

    def __init__(self, backwards: Backwards, steps: _Steps, t: Value, h: Value, bar: Array) -> None:
        self.backwards, self.steps, self.t, self.h, self.bar = backwards, steps, t, h, bar

    def stages(self, first: int, last: int, arguments: Sequence[Array], bars: Sequence[Array]) -> None:
        """What stages `first` … `last` - 1 add to the cotangents of the state, of earlier slopes and of parameters."""
        if first == last:
            return
        backwards, steps = self.backwards, self.steps
        f, space, layout = steps.f, steps.space, backwards.layout
        gradient, p = steps.plan["gradient"], steps.plan["parameters"]
        scratch = f.offset(steps.work, layout.inputs * steps.lanes)
        for i in reversed(range(first, last)):
            t = self.t + self.h * backwards.nodes[i]
            of_state = space.new("of state")
            places = (arguments[i].pointer, p, steps.record(i), bars[i].pointer, of_state.pointer, gradient)
            f.call(backwards._pull, "void", t, *places, scratch)
            space.map(lambda s, v: s + v, of_state, self.bar, into="bar")
            for j, weight in enumerate(backwards.rows[i]):
                if weight:
                    space.map(
                        lambda s, v, w=weight: f.fma(s, self.h * w, v),
                        of_state,
                        bars[j],
                        into=f"cotangent {j}",
                    )
        for call, record, offset in zip(backwards.calls, backwards.records, backwards.offsets, strict=False):
            kept = f.offset(steps.record(first), offset * steps.lanes)
            function = write_accumulation(
                backwards.module, call.network, steps.lanes, last - first, layout.record
            )
            target = backwards._weights(f, gradient, call, steps.lanes)
            f.call(function, "void", target, kept, f.offset(kept, record.kept * steps.lanes))
