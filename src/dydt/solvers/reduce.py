"""Reductions in kernels: the largest value of an expression along a solution, its mean, how often it crosses zero.

They look at the dense output of each step that a lane accepts, and change nothing of the step itself. A step is
looked at in the nodes of the Gauss–Lobatto formula of seven points (exact for polynomials of degree 11, as high as
any dense output goes), which gives the mean. Where the expression turns between two of them, as its rate of change
∂e/∂t + ∇e · f shows, the turning point is located.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.expr.equations import Equations
from dydt.kernels.llvm import Function, Value, Variable
from dydt.kernels.tape import Tape
from dydt.solvers.crossings import rate
from dydt.solvers.law import Setting
from dydt.solvers.methods import Method
from dydt.solvers.workspace import Workspace

if TYPE_CHECKING:
    from dydt.expr.reductions import Reduction
    from dydt.solvers.events import Lookout

Sample = Callable[[Value], tuple[list[Value], list[Value]]]

# Abramowitz and Stegun, Handbook of Mathematical Functions, table 25.6, n = 7, in closed form.
_OUTER, _INNER = (math.sqrt(5 / 11 + s * 2 / 11 * math.sqrt(5 / 3)) for s in (1, -1))
_NODES = tuple((1 + x) / 2 for x in (-1.0, -_OUTER, -_INNER, 0.0, _INNER, _OUTER, 1.0))
_FEW, _MANY = ((124 + s * 7 * math.sqrt(15)) / 350 for s in (-1, 1))
_WEIGHTS = (1 / 21, _FEW, _MANY, 256 / 525, _MANY, _FEW, 1 / 21)
# A second formula on some of the nodes, exact up to degree 4. These nodes are chosen such that one jump, or two of the
# same height, can't look the same to both (any symmetric choice takes mirrored jumps for a slope).
_SOME = [0, 1, 2, 5, 6]


def _rough_weights() -> tuple[float, ...]:
    nodes = 2 * np.array(_NODES)[_SOME] - 1
    moments = [2 / (power + 1) if power % 2 == 0 else 0.0 for power in range(5)]
    weights = np.zeros(len(_NODES))
    weights[_SOME] = np.linalg.solve(np.vander(nodes, increasing=True).T, moments)
    return tuple(weights.tolist())


_ROUGH = _rough_weights()
_ROUGHLY, _FINELY = (
    1e-3,
    1e-6,
)  # of the integral of |e|: how much they may differ over a step, and over a panel
_STEADY = 1e-5  # of the mean of |e|: how much e may change over a step without its rate of change knowing
_PANELS = 2000  # at most, for one step

_LOOKS = 220  # at most, for one turning point; some six are usual, the rest is for kinks
_FLAT = 2.0**-46  # of a value: what a turning point may be missed by
_NARROW = 2.0**-50  # of a step


class Reducing:
    """The reductions of a law, ready to be written into kernels.

    Attributes
    ----------
    reductions : tuple of Reduction
        Those that are gathered step by step, each once.
    nodes : tuple of Node
        The expressions they look at.
    values : Tape
        The nodes, then their rates of change along the solution.
    slots : int
        How many numbers a member needs.
    """

    def __init__(self, reductions: Sequence[Reduction], equations: Equations) -> None:
        gathered = {r.key: r for r in reductions if r.kind != "final"}
        self.reductions = tuple(gathered.values())
        self.nodes = tuple({r.node.index: r.node for r in self.reductions if r.node is not None}.values())
        varying = (equations.independent, *equations.states)
        self.values = Tape([*self.nodes, *(rate(node, equations) for node in self.nodes)], varying)
        self.places: dict[str, int] = {}
        for reduction in self.reductions:
            self.places[reduction.key] = self.slots
            self.slots += 1 + _has_side(reduction)

    slots = 0

    def before(self, members: int) -> np.ndarray[Any, Any]:
        """The numbers of members that have not begun."""
        numbers = np.zeros((members, self.slots))
        for reduction in self.reductions:
            if reduction.kind in ("max", "min"):
                numbers[:, self.places[reduction.key]] = -math.inf
        return numbers

    def result(self, reduction: Reduction, numbers: Any, spans: Any) -> Any:
        """What a reduction came to; `spans` are the times the members went, with their sign."""
        found = numbers[:, self.places[reduction.key]]
        if reduction.kind == "mean":
            with np.errstate(all="ignore"):
                return found / spans
        if reduction.kind == "count":
            return found.copy()
        return np.where(np.isneginf(found), np.nan, found if reduction.kind == "max" else -found)


def _has_side(reduction: Reduction) -> bool:
    """Whether a count must remember on which side it is."""
    return reduction.kind == "count" and reduction.node is not None


class Reducer:
    """The part of the loop that gathers reductions, for all lanes of a kernel."""

    def __init__(
        self,
        f: Function,
        work: Value,
        here: Setting,
        method: Method,
        layout: Workspace,
        reducing: Reducing,
        lookout: Lookout | None,
    ) -> None:
        self.f, self.here, self.method, self.reducing, self.lookout = f, here, method, reducing, lookout
        self.place = layout.address(f, work, "reductions")
        self.slots = [f.variable(f.load(self.place, i, lanes=layout.lanes)) for i in range(reducing.slots)]
        self.index = {node.index: k for k, node in enumerate(reducing.nodes)}

    def close(self) -> None:
        """Back into the workspace."""
        for i, slot in enumerate(self.slots):
            self.f.store(slot.get(), self.place, i)

    def look(self, t: Value, y: Any, h: Value, t1: Value, y1: Any, good: Value) -> None:
        """Take the step from (t, y) to (t1, y1) into account, in the lanes that accepted it."""
        f = self.f
        for reduction in self.reducing.reductions:
            if reduction.event is not None and self.lookout is not None:
                hit = good & self.lookout.landing.get().equals(reduction.event + 1)
                slot = self.slots[self.reducing.places[reduction.key]]
                slot.set(f.where(hit, slot.get() + 1.0, slot.get()))
        if self.reducing.nodes:
            with f.when(f.any(good)):
                self._look_inside(t, y, h, t1, y1, good)

    def _look_inside(self, t: Value, y: Any, h: Value, t1: Value, y1: Any, good: Value) -> None:
        f, last = self.f, len(_NODES) - 2
        ahead = f.copysign(1.0, h)
        first, end = self._values(t, y, ahead), self._values(t1, y1, ahead)
        slopes = self.method.dense_slopes(self.here, t, y, h)

        def at(theta: Value) -> tuple[list[Value], list[Value]]:
            state = self.method.interpolate(self.here, y, h, slopes, theta)
            return self._values(f.fma(theta, h, t), state, ahead)

        before = [(f.variable(v), f.variable(r)) for v, r in zip(*first, strict=True)]
        means = {k: _Sums(f, first[0][k], first[1][k]) for _, _, k in self._of("mean")}
        self._begin(first, good)
        nodes = self._table("nodes", _NODES)
        with f.count(last + 1) as part:
            start, stop = (f.spread(f.load(nodes, part + i), f.lanes) for i in (0, 1))
            inside = at(stop)
            for k, (value, slope) in enumerate(before):
                now, turn = (f.where(part.equals(last), end[i][k], inside[i][k]) for i in (0, 1))
                step = _Part(k, at, f.absolute(h), good, ahead, (start, stop))
                self._take(step, (value.get(), slope.get()), (now, turn))
                if k in means:
                    means[k].add(now, turn, *self._weights(part + 1))
                value.set(now)
                slope.set(turn)
        for _, slot, k in self._of("mean"):
            rough = means[k].is_rough(end[0][k] - first[0][k], f.absolute(h))
            self._refine(k, at, good & rough, means[k])
            slot.set(f.where(good, f.fma(means[k].fine.get(), 0.5 * h, slot.get()), slot.get()))

    def _weights(self, node: Value) -> tuple[Value, Value]:
        fine, rough = self._table("weights", _WEIGHTS), self._table("rough_weights", _ROUGH)
        return self.f.load(fine, node), self.f.load(rough, node)

    def _refine(self, k: int, at: Sample, where: Value, sums: _Sums) -> None:
        """The integral over a step in panels: each is halved until it is smooth, and the next may be twice as wide."""
        f = self.f
        with f.when(f.any(where)):
            start, width = f.variable(f.constant(0.0)), f.variable(f.constant(0.5))
            total, size = f.variable(f.constant(0.0)), sums.size.get()
            turn = f.variable(f.constant(0, "integer", 1))
            nodes = self._table("nodes", _NODES)
            with f.loop() as loop:
                going = where & (start.get() < 1.0)
                loop.leave_if(~f.any(going))
                turn.set(turn.get() + 1)
                a, w = start.get(), width.get()
                panel = _Sums(f)
                with f.count(len(_NODES)) as node:
                    values, rates = at(f.fma(f.spread(f.load(nodes, node), f.lanes), w, a))
                    panel.add(values[k], rates[k], *self._weights(node))
                gap = f.absolute(panel.fine.get() - panel.rough.get()) * w
                fine = ~(gap > size * _FINELY) | (w <= _NARROW) | f.spread(turn.get() > _PANELS, f.lanes)
                done = going & fine
                total.set(f.where(done, f.fma(panel.fine.get(), w, total.get()), total.get()))
                next_start = f.where(done, a + w, a)
                start.set(next_start)
                width.set(f.minimum(f.where(done, w * 2.0, w * 0.5), 1.0 - next_start))
            sums.fine.set(f.where(where, total.get(), sums.fine.get()))

    def _table(self, name: str, values: Sequence[float]) -> Value:
        return Value(self.f, self.f.module.table(name, values), "pointer")

    def _values(self, t: Any, y: Any, ahead: Value) -> tuple[list[Value], list[Value]]:
        """The expressions, and their rates of change along the steps."""
        f, count = self.f, len(self.reducing.nodes)
        found = [f.spread(v, f.lanes) for v in self.here.also(self.reducing.values, t, y)]
        return found[:count], [v * ahead for v in found[count:]]

    def _of(self, *kinds: str) -> list[tuple[Reduction, Variable, int]]:
        """The reductions of these kinds that look at an expression, with their first slots and what they look at."""
        return [
            (r, self.slots[self.reducing.places[r.key]], self.index[r.node.index])
            for r in self.reducing.reductions
            if r.kind in kinds and r.node is not None
        ]

    def _begin(self, first: tuple[list[Value], list[Value]], good: Value) -> None:
        """Take the start of the step into account: the solution may have jumped there."""
        f = self.f
        for reduction, slot, k in self._of("max", "min"):
            value = first[0][k] if reduction.kind == "max" else -first[0][k]
            slot.set(f.where(good, _larger(f, slot.get(), value), slot.get()))
        for reduction, _, k in self._of("count"):
            side = self.slots[self.reducing.places[reduction.key] + 1]
            known = f.where(side.get().equals(0.0), first[1][k], side.get())
            side.set(f.where(good, f.where(first[0][k].equals(0.0), known, first[0][k]), side.get()))

    def _take(self, part: _Part, before: tuple[Value, Value], after: tuple[Value, Value]) -> None:
        """Take one part of a step into account; `before` and `after` are (e, ė) at its ends."""
        f = self.f
        for reduction, slot, k in self._of("max", "min"):
            if k == part.index:
                sign = f.constant(1.0 if reduction.kind == "max" else -1.0)
                self._rise(part, sign, before, after, slot.get(), part.good, slot)
                slot.set(f.where(part.good, _larger(f, slot.get(), after[0] * sign), slot.get()))
        for reduction, slot, k in self._of("count"):
            if k == part.index:
                side = self.slots[self.reducing.places[reduction.key] + 1]
                self._count(part, reduction.direction, before, after, slot, side)

    def _rise(
        self,
        part: _Part,
        sign: Value,
        before: tuple[Value, Value],
        after: tuple[Value, Value],
        least: Value,
        where: Value,
        best: Variable,
    ) -> None:
        """Locate a turning point where ±e is largest, if it may be larger than `least`; `best` takes the larger.

        The tangents at both ends meet above it, where e curves one way only; twice their rise is looked up to.
        """
        f = self.f
        (value, slope), (value1, slope1) = ((v * sign, r * sign) for v, r in (before, after))
        width = (part.ends[1] - part.ends[0]) * part.step
        meet = (value1 - value - slope1 * width) / (slope - slope1)
        bound = f.fma(slope, meet, value)
        bound = bound + (bound - f.maximum(value, value1))
        hopeless = (bound <= least) & (meet >= 0.0) & (meet <= width)
        hunt = where & (slope > 0.0) & (slope1 < 0.0) & ~hopeless
        with f.when(f.any(hunt)):
            top = self._turning_point(part, sign, hunt, slope, slope1)
            best.set(f.where(hunt, _larger(f, best.get(), top), best.get()))

    def _turning_point(self, part: _Part, sign: Value, hunt: Value, slope: Value, slope1: Value) -> Value:
        """The largest value of ±e where it turns: regula falsi on ė (Illinois), every fourth time a bisection."""
        f = self.f
        low, high = (f.variable(end) for end in part.ends)
        low_slope, high_slope = f.variable(slope), f.variable(slope1)
        top, kept = f.variable(f.constant(-math.inf)), f.variable(f.constant(0.0))
        going = f.variable(f.where(hunt, f.constant(1.0), f.constant(0.0)))
        turn = f.variable(f.constant(0, "integer", 1))
        with f.loop() as loop:
            active = going.get() > 0.0
            loop.leave_if(~f.any(active) | (turn.get() >= _LOOKS))
            turn.set(turn.get() + 1)
            a, b, ra, rb = low.get(), high.get(), low_slope.get(), high_slope.get()
            middle, secant = 0.5 * (a + b), (a * rb - b * ra) / (rb - ra)
            bisect = (turn.get() & 3).equals(0)
            point = f.where((secant > a) & (secant < b) & ~f.spread(bisect, f.lanes), secant, middle)
            values, rates = part.at(point)
            value, rising = values[part.index] * sign, rates[part.index] * sign
            top.set(f.where(active, _larger(f, top.get(), value), top.get()))
            up, down = active & (rising > 0.0), active & (rising <= 0.0)
            # The end that stays a second time counts half, so that it does not stay for ever.
            low_slope.set(f.where(up, rising, f.where(down & (kept.get() < 0.0), 0.5 * ra, ra)))
            high_slope.set(f.where(down, rising, f.where(up & (kept.get() > 0.0), 0.5 * rb, rb)))
            low.set(f.where(up, point, a))
            high.set(f.where(down, point, b))
            kept.set(f.where(up, 1.0, f.where(down, -1.0, kept.get())))
            width = high.get() - low.get()
            flat = f.absolute(rising) * width * part.step <= f.absolute(value) * _FLAT
            done = flat | (width <= _NARROW) | ~(up | down) | rising.equals(0.0)
            going.set(f.where(active & done, 0.0, going.get()))
        return top.get()

    def _count(
        self,
        part: _Part,
        direction: int,
        before: tuple[Value, Value],
        after: tuple[Value, Value],
        slot: Variable,
        side: Variable,
    ) -> None:
        """Count a change of sign, or two of them where the expression dips to the other side and comes back."""
        f, good, was = self.f, part.good, side.get()
        down, up = good & (was > 0.0) & (after[0] <= 0.0), good & (was < 0.0) & (after[0] >= 0.0)
        counted = down | up
        if direction:
            falls = part.ahead > 0.0 if direction < 0 else part.ahead < 0.0
            counted = (down & falls) | (up & ~falls)
        away = f.copysign(1.0, was)
        near = good & ~(down | up) & was.differs(0.0) & (after[0] * away > 0.0) & (before[0] * away > 0.0)
        top = f.variable(f.constant(-math.inf))
        self._rise(part, -away, before, after, f.constant(0.0), near, top)
        twice = f.where(near & (top.get() >= 0.0), f.constant(1.0 if direction else 2.0), 0.0)
        slot.set(slot.get() + f.where(counted, f.constant(1.0), 0.0) + twice)
        here = f.where(after[0].equals(0.0), f.where(down | up, -was, was), after[0])
        side.set(f.where(good, here, was))


class _Sums:
    """The integral of one expression over a step (twice its mean there), also roughly, of its size and of its rate."""

    def __init__(self, f: Function, first: Value | None = None, rate: Value | None = None) -> None:
        self.f = f
        self.fine, self.rough, self.size, self.change = (f.variable(f.constant(0.0)) for _ in range(4))
        if first is not None and rate is not None:
            self.add(first, rate, f.constant(_WEIGHTS[0]), f.constant(_ROUGH[0]))

    def add(self, value: Value, rate: Value, weight: Value, rough: Value) -> None:
        f = self.f
        self.fine.set(f.fma(value, weight, self.fine.get()))
        self.rough.set(f.fma(value, rough, self.rough.get()))
        self.size.set(f.fma(f.absolute(value), weight, self.size.get()))
        self.change.set(f.fma(rate, weight, self.change.get()))

    def is_rough(self, change: Value, h: Value) -> Value:
        """Whether the expression is not smooth: two formulas differ, or it changes otherwise than its rate says."""
        f, size = self.f, self.size.get()
        differ = f.absolute(self.fine.get() - self.rough.get()) > size * _ROUGHLY
        return differ | (f.absolute(change - self.change.get() * 0.5 * h) > size * _STEADY)


class _Part:
    """One part of a step: what is looked at, how, and between which points of the step."""

    def __init__(
        self, index: int, at: Sample, step: Value, good: Value, ahead: Value, ends: tuple[Value, Value]
    ) -> None:
        self.index, self.at, self.step, self.good, self.ahead, self.ends = index, at, step, good, ahead, ends


def _larger(f: Function, a: Value, b: Value) -> Value:
    """The larger; NaN, if either is."""
    return f.where((a >= b) | a.differs(a), a, b)
