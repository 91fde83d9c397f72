"""Poles in kernels: whether a denominator that changed its sign in a step made the law singular there.

What `dydt.solvers.endings.Judge.crossing` finds for a solve of its own, for all lanes of an ensemble at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dydt.kernels.llvm import Function, Value, Variable
from dydt.kernels.tape import Tape
from dydt.solvers.law import Setting
from dydt.solvers.methods import Method
from dydt.solvers.vectors import Components

_HALVINGS = 60
_DISTANCES = (1e-1, 1e-3, 1e-5, 1e-7)  # from the zero, in parts of the step up to it
_GROWTH = 3.0  # of f between two of them, that only a pole shows
_BEFORE = 1e-6


class Poles:
    """The part of the loop that judges sign changes of denominators."""

    def __init__(self, f: Function, here: Setting, method: Method, guards: Tape) -> None:
        self.f, self.here, self.method, self.guards = f, here, method, guards

    def judge(
        self, t: Value, y: Any, h: Value, t1: Value, y1: Any, crossed: Value
    ) -> tuple[Value, Value, Any]:
        """Which of these lanes met a pole; and where each lane's step ends: just before it, if so.

        The zero is found by bisection on the dense output; it is a pole if f grows without bound on the way there.
        """
        f, in_registers = self.f, isinstance(self.here.space, Components)
        met, end = f.variable(f.where(crossed, 0.0, f.constant(0.0))), f.variable(t1)
        last = [f.variable(value) for value in y1] if in_registers else []
        with f.when(f.any(crossed)):
            slopes = self.method.dense_slopes(self.here, t, y, h)

            def between(time: Value) -> Any:
                return self.method.interpolate(self.here, y, h, slopes, (time - t) / h)

            first, final = (self.here.also(self.guards, *at) for at in ((t, y), (t1, y1)))
            for k, (start, stop) in enumerate(zip(first, final, strict=True)):
                changes = crossed & (met.get() <= 0.0) & (start * stop <= 0.0)
                with f.when(f.any(changes)):
                    zero = self._zero(k, f.spread(start, f.lanes), t, t1, between)
                    pole = changes & self._grows(t, zero, between)
                    self._cut(pole, t, y, zero - (zero - t) * _BEFORE, between, (end, last, y1))
                    met.set(f.where(pole, 1.0, met.get()))
        return met.get() > 0.0, end.get(), [v.get() for v in last] if in_registers else y1

    def _zero(self, k: int, start: Value, t: Value, t1: Value, between: Callable[[Value], Any]) -> Value:
        f = self.f
        low, high = f.variable(t), f.variable(t1)
        with f.count(_HALVINGS):
            middle = 0.5 * (low.get() + high.get())
            value = f.spread(self.here.also(self.guards, middle, between(middle))[k], f.lanes)
            before = value * start > 0.0
            low.set(f.where(before, middle, low.get()))
            high.set(f.where(before, high.get(), middle))
        return high.get()

    def _grows(self, t: Value, zero: Value, between: Callable[[Value], Any]) -> Value:
        """Whether f grows from each distance to the next, or is not finite at one of them."""
        sizes, endless = [], None
        for distance in _DISTANCES:
            time = zero - (zero - t) * distance
            slope = self.here.law(time, between(time))
            beyond = ~self.here.space.mean(lambda v: v * 0.0, slope).equals(0.0)
            endless = beyond if endless is None else endless | beyond
            sizes.append(self._size(slope))
        assert endless is not None
        grows = sizes[1] > sizes[0] * _GROWTH
        for near, far in ((2, 1), (3, 2)):
            grows = grows & (sizes[near] > sizes[far] * _GROWTH)
        return endless | grows

    def _size(self, slope: Any) -> Value:
        f = self.f
        if not isinstance(self.here.space, Components):
            return self.here.space.mean(f.absolute, slope)
        first, *rest = [f.absolute(f.spread(v, f.lanes)) for v in slope]
        for value in rest:
            first = f.maximum(first, value)
        return first

    def _cut(
        self,
        pole: Value,
        t: Value,
        y: Any,
        near: Value,
        between: Callable[[Value], Any],
        into: tuple[Variable, list[Variable], Any],
    ) -> None:
        """End the step just before the pole; where it starts, if there is no number there."""
        f, space = self.f, self.here.space
        end, last, y1 = into
        state = between(near)
        fine = space.mean(lambda v: v * 0.0, state).equals(0.0)
        end.set(f.where(pole, f.where(fine, near, t), end.get()))

        def chosen(new: Any, begin: Any, old: Any) -> Any:
            return f.where(pole, f.where(fine, new, begin), old)

        if isinstance(space, Components):
            for variable, new, begin in zip(last, state, y, strict=True):
                variable.set(chosen(new, begin, variable.get()))
        else:
            space.copy(space.map(chosen, state, y, y1, into="cut"), y1)
