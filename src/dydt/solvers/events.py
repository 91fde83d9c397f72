"""Events in kernels: seen at the end of a step, located on its dense output, landed on, and acted upon.

When an attempt would carry a lane over an event, the attempt is not taken. The event is located on the attempt's
dense output, and the next attempt is made to end there: rows, dense output and error control are those of an
ordinary step. What then happens is written by `write_react`, and the lane starts anew from the state after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from dydt.kernels.llvm import Function, Module, Value
from dydt.solvers.crossings import Crossings
from dydt.solvers.law import CompiledLaw, Setting, setting
from dydt.solvers.methods import Method
from dydt.solvers.vectors import Array, Components
from dydt.solvers.workspace import CHATTER, DONE, FRESH, HAPPENED, STOPPED, TOO_SMALL, Workspace

_PARTS = 8  # of a step in which a crossing is looked for
_HALVINGS = 54
_NEWTON_STEPS = 1000  # at most, after an action, to satisfy the constraints again
_SETTLED = 1e-14  # of a state's size
_RIGID = 1e60
_PILE = 3  # events in a row within the last bits of the time, after which no step moves it
_HURRY = 8  # events in a row beyond one of each, all within the last bits of the time, that make a chatter


def _entry(at: Callable[[Value], tuple[list[Value], list[Value]]], kind: int, k: int, theta: Value) -> Value:
    """g (kind 0) or ġ (kind 1) of event k at a point of a step."""
    return at(theta)[kind][k]


class _Bracket:
    """Where a number changes its sign, for each lane: between two points of a step, once they are found."""

    def __init__(self, f: Function) -> None:
        self.f = f
        self.low, self.high, self.sign = (f.variable(f.constant(2.0)) for _ in range(3))

    @property
    def found(self) -> Value:
        return self.low.get() < 2.0

    def take(self, where: Value, low: Value, high: Value, value: Value) -> None:
        """In the lanes that have none yet and where it is so: the bracket, and the number at its lower end."""
        f = self.f
        fresh = where & ~self.found
        self.high.set(f.where(fresh, high, self.high.get()))
        self.sign.set(f.where(fresh, f.copysign(1.0, value), self.sign.get()))
        self.low.set(f.where(fresh, low, self.low.get()))

    def halve(self, number: Callable[[Value], Value]) -> None:
        """Bisect until the two ends are neighbours; the upper one is at or beyond the change."""
        f = self.f
        with f.when(f.any(self.found)), f.count(_HALVINGS):
            low, high, found = self.low.get(), self.high.get(), self.found
            middle = 0.5 * (f.minimum(low, 1.0) + f.minimum(high, 1.0))
            beyond = number(middle) * self.sign.get() <= 0.0
            self.high.set(f.where(found & beyond, middle, high))
            self.low.set(f.where(found & ~beyond, middle, low))


class Lookout:
    """The part of the loop that watches for events.

    Parameters
    ----------
    f, work, here, method, layout
        The function that is written, its workspace and law.
    crossings : Crossings
    """

    def __init__(
        self, f: Function, work: Value, here: Setting, method: Method, layout: Workspace, crossings: Crossings
    ) -> None:
        self.f, self.work, self.here, self.method, self.layout = f, work, here, method, layout
        self.crossings = crossings
        self.landing = f.variable(layout.load(f, work, "landing"))
        place = layout.address(f, work, "sides")
        self.sides = [f.variable(f.load(place, i, lanes=layout.lanes)) for i in range(crossings.count)]

    def values(self, t: Any, y: Any) -> tuple[list[Value], list[Value]]:
        """g and ġ of every event."""
        f, count = self.f, self.crossings.count
        found = [f.spread(v, f.lanes) for v in self.here.also(self.crossings.values, t, y)]
        return found[:count], found[count:]

    def look(self, t: Value, y: Any, h: Value, t1: Value, y1: Any, good: Value) -> tuple[Value, Value]:
        """Which lanes this attempt would carry over an event, and the step that lands on it.

        A crossing shows in the signs at both ends; two of them in one step, in the rates of change at the ends.
        """
        f = self.f
        _, rates = self.values(t, y)
        ends, end_rates = self.values(t1, y1)
        ahead = f.copysign(1.0, h)
        suspect = None
        for event, side, rate, end, end_rate in zip(
            self.crossings.events, self.sides, rates, ends, end_rates, strict=True
        ):
            before = side.get()
            crosses = self._over(event.direction, before, end, ahead)
            dips = (before * end > 0.0) & (rate * before * ahead < 0.0) & (end_rate * before * ahead > 0.0)
            suspect = crosses | dips if suspect is None else suspect | crosses | dips
        assert suspect is not None
        suspect = suspect & good & self.landing.get().equals(0)
        step = f.variable(h)
        with f.when(f.any(suspect)):
            self._locate(t, y, h, ahead, suspect, step)
        caught = suspect & self.landing.get().differs(0)
        return caught, step.get()

    def _over(self, direction: int, before: Value, after: Value, ahead: Value) -> Value:
        """Whether a value goes from one side to the other in the event's direction (in time, not in steps)."""
        down, up = (before > 0.0) & (after <= 0.0), (before < 0.0) & (after >= 0.0)
        if direction == 0:
            return down | up
        falls = ahead > 0.0 if direction < 0 else ahead < 0.0
        return (down & falls) | (up & ~falls)

    def _locate(self, t: Value, y: Any, h: Value, ahead: Value, suspect: Value, step: Any) -> None:
        """Find the first event of the step on its dense output."""
        f = self.f
        slopes = self.method.dense_slopes(self.here, t, y, h)

        def at(theta: Value) -> tuple[list[Value], list[Value]]:
            state = self.method.interpolate(self.here, y, h, slopes, theta)
            return self.values(f.fma(theta, h, t), state)

        brackets = [_Bracket(f) for _ in self.sides]
        rates = at(f.constant(0.0))[1]
        before = [(f.variable(side.get()), f.variable(r)) for side, r in zip(self.sides, rates, strict=True)]
        with f.count(_PARTS) as part:
            start = f.spread(f.to_number(part) * (1.0 / _PARTS), f.lanes)
            end = f.spread(f.to_number(part + 1) * (1.0 / _PARTS), f.lanes)
            values, rates = at(end)
            for k, (value, rate) in enumerate(zip(values, rates, strict=True)):
                was, ran = before[k]
                self._search(k, at, ahead, (start, was.get(), ran.get()), (end, value, rate), brackets[k])
                was.set(f.where(value.equals(0.0), was.get(), value))
                ran.set(rate)
        for k, bracket in enumerate(brackets):
            bracket.halve(partial(_entry, at, 0, k))
        first, which = f.constant(2.0), f.constant(0, "integer")
        for k, bracket in enumerate(brackets):
            earlier = bracket.found & (bracket.high.get() < first)
            first = f.where(earlier, bracket.high.get(), first)
            which = f.where(earlier, f.constant(k + 1, "integer"), which)
        caught = suspect & which.differs(0)
        self.landing.set(f.where(caught, which, self.landing.get()))
        step.set(f.where(caught, first * h, step.get()))

    def _search(
        self,
        k: int,
        at: Callable[[Value], tuple[list[Value], list[Value]]],
        ahead: Value,
        begin: tuple[Value, Value, Value],
        finish: tuple[Value, Value, Value],
        bracket: _Bracket,
    ) -> None:
        """Look into one part of the step for the first crossing of event k.

        `begin` and `finish` are (θ, g, ġ). If g turns back before it has changed its sign, its extremum is found first:
        two crossings may lie on its two sides.
        """
        f, direction = self.f, self.crossings.events[k].direction
        start, value, rate = begin
        end, last, last_rate = finish
        bracket.take(self._over(direction, value, last, ahead), start, end, value)
        turns = (value * last > 0.0) & (rate * value * ahead < 0.0) & (last_rate * value * ahead > 0.0)
        with f.when(f.any(turns & ~bracket.found)):
            extremum = _Bracket(f)
            extremum.take(turns, start, end, rate)
            extremum.halve(partial(_entry, at, 1, k))
            middle = f.minimum(extremum.high.get(), end)
            there = at(middle)[0][k]
            bracket.take(turns & self._over(direction, value, there, ahead), start, middle, value)
            bracket.take(turns & self._over(direction, there, last, ahead), middle, end, there)

    def passed(self, h: Value, t1: Value, y1: Any, good: Value, landed: Value, tried: Value) -> None:
        """On which side of each event the lane is after a step that carried it over none, or that landed on one.

        Those that a landing has reached together with its own are still to happen. A landing that was not accepted is
        given up; the event will be seen again.
        """
        f, landing = self.f, self.landing.get()
        ahead, now = f.copysign(1.0, h), self.values(t1, y1)[0]
        for k, (event, side, value) in enumerate(zip(self.crossings.events, self.sides, now, strict=True)):
            before = side.get()
            waits = landing.equals(k + 1) | self._over(event.direction, before, value, ahead)
            keep = ~good | (landed & waits) | value.equals(0.0)
            side.set(f.where(keep, before, value))
        given_up = landed & tried & ~good
        self.landing.set(f.where(given_up, f.constant(0, "integer"), landing))

    def piled_up(self, status: Value) -> Value:
        """A step too small to move the clock, after events that came at once, is where they pile up."""
        f = self.f
        piled = status.equals(TOO_SMALL) & (self.layout.load(f, self.work, "hurry") >= _PILE)
        return f.where(piled, f.constant(CHATTER, "integer"), status)

    def close(self) -> None:
        """Back into the workspace."""
        self.layout.store(self.f, self.work, "landing", self.landing.get())
        place = self.layout.address(self.f, self.work, "sides")
        for i, side in enumerate(self.sides):
            self.f.store(side.get(), place, i)


def arm(
    f: Function, work: Value, here: Setting, layout: Workspace, crossings: Crossings, t: Value, fresh: Value
) -> None:
    """At the very start: on which side of each event a lane is; on it, the side it is going to."""
    values = [f.spread(v, f.lanes) for v in here.also(crossings.values, t, here.y)]
    span = layout.load(f, work, "t_end") - t
    unknown = fresh & layout.load(f, work, "armed").equals(0.0)
    place = layout.address(f, work, "sides")
    for i in range(crossings.count):
        value, rate = values[i], values[crossings.count + i] * f.copysign(1.0, span)
        side = f.where(value.equals(0.0), rate, value)
        f.store(f.where(unknown, side, f.load(place, i, lanes=layout.lanes)), place, i)
    layout.store(f, work, "armed", f.where(unknown, f.constant(1.0), layout.load(f, work, "armed")))


def write_react(module: Module, law: CompiledLaw, layout: Workspace) -> Function:
    """react(work): what happens to the lanes that have landed on an event."""
    crossings = law.events
    assert crossings is not None
    f = module.function("react", "integer", [("work", "pointer")], layout.lanes)
    work = f.arguments[0]
    here = setting(f, work, law, layout)
    t, landing = layout.load(f, work, "t"), layout.load(f, work, "landing")
    landed = layout.load(f, work, "status").equals(HAPPENED)
    which = [landed & landing.equals(k + 1) for k in range(crossings.count)]
    y = _components(f, here, law)
    leaves = _leaves(f, work, here, layout, crossings, t, which)
    after = list(y)
    for mine, jump, event in zip(which, crossings.jumps, crossings.events, strict=True):
        if event.actions:
            states = [f.spread(v, f.lanes) for v in here.also(jump, t, here.y)]
            after = [f.where(mine, new, old) for new, old in zip(states, after, strict=True)]
    if law.mass is not None:
        for mine, moved in zip(which, crossings.settled, strict=True):
            if moved:
                after = _settle(f, here, t, after, moved, mine)
    _put_components(f, here, after, layout.address(f, work, "y"))
    vector = after if isinstance(here.space, Components) else here.y
    values = [f.spread(v, f.lanes) for v in here.also(crossings.values, t, vector)]
    ahead = f.copysign(1.0, layout.load(f, work, "t_end") - t)
    place = layout.address(f, work, "sides")
    for j in range(crossings.count):
        value, rate = values[j], values[crossings.count + j] * ahead
        side = f.load(place, j, lanes=layout.lanes)
        jumped = f.where(value.equals(0.0), rate, value)
        for i, mine in enumerate(which):
            if crossings.touches[i][j]:
                side = f.where(mine, jumped, side)
            elif i == j:
                side = f.where(mine, rate, side)  # still on it: the side it goes to
        f.store(side, place, j)
    _conclude(f, work, layout, crossings, t, landed, which, leaves)
    f.give(f.constant(0, "integer", 1))
    return f


def _settle(
    f: Function, here: Setting, t: Value, y: list[Value], moved: Sequence[int], where: Value
) -> list[Value]:
    """The state that satisfies the constraints again after an action.

    Newton's method: for a large σ, (σM - J) δ = f moves only what M lets move, by Uᵀ J V z = -Uᵀ f.
    """
    variables = [f.variable(v) for v in y]
    going = f.variable(f.where(where, f.constant(float(_NEWTON_STEPS)), 0.0))
    with f.loop() as loop:
        loop.leave_if(~f.any(going.get() > 0.0))
        now: Any = [v.get() for v in variables]
        if isinstance(here.y, Array):
            _put_components(f, here, now, here.y.pointer)
            now = here.y
        slope, matrix, _ = here.linearise(t, now)
        solve, _ = here.factorise(matrix, f.spread(f.constant(_RIGID), f.lanes))
        step = solve(slope)
        moves = f.constant(0.0)
        for i in moved:
            change = f.load(step.pointer, i, lanes=f.lanes) if isinstance(step, Array) else step[i]
            old = variables[i].get()
            variables[i].set(f.where(going.get() > 0.0, old + change, old))
            moves = f.where(f.absolute(change) > f.absolute(old) * _SETTLED, 1.0, moves)
        going.set(f.where(moves > 0.0, going.get() - 1.0, 0.0))
    return [v.get() for v in variables]


def _leaves(
    f: Function,
    work: Value,
    here: Setting,
    layout: Workspace,
    crossings: Crossings,
    t: Value,
    which: list[Value],
) -> Value:
    """Lanes that are on their way back from the event they have landed on: the clock was too coarse to get there."""
    values = [f.spread(v, f.lanes) for v in here.also(crossings.values, t, here.y)]
    ahead = f.copysign(1.0, layout.load(f, work, "t_end") - t)
    place = layout.address(f, work, "sides")
    leaves = f.constant(False, "truth")
    for k, mine in enumerate(which):
        side, rate = f.load(place, k, lanes=layout.lanes), values[crossings.count + k] * ahead
        leaves = leaves | (mine & (((side > 0.0) & (rate > 0.0)) | ((side < 0.0) & (rate < 0.0))))
    return leaves


def _conclude(
    f: Function,
    work: Value,
    layout: Workspace,
    crossings: Crossings,
    t: Value,
    landed: Value,
    which: list[Value],
    leaves: Value,
) -> None:
    """The lane goes on afresh, or has ended: its time is over, an event stops it, or they come without end."""
    at_end = t.equals(layout.load(f, work, "t_end"))
    status = f.where(at_end, f.constant(DONE, "integer"), f.constant(FRESH, "integer"))
    near = f.absolute(t - layout.load(f, work, "last_event")) <= f.absolute(t) * 2.0**-36
    hurry = layout.load(f, work, "hurry")
    hurry = f.where(landed, f.where(near, hurry + 1, f.constant(0, "integer")), hurry)
    too_fast = (hurry > _HURRY + crossings.count) | (leaves & (hurry > 0))
    status = f.where(too_fast, f.constant(CHATTER, "integer"), status)
    for mine, event in zip(which, crossings.events, strict=True):
        if event.stop:
            status = f.where(mine, f.constant(STOPPED, "integer"), status)
    happened = layout.load(f, work, "happened")
    layout.store(f, work, "status", f.where(landed, status, layout.load(f, work, "status")))
    layout.store(f, work, "hurry", hurry)
    layout.store(f, work, "happened", f.where(landed, happened + 1, happened))
    layout.store(f, work, "last_event", f.where(landed, t, layout.load(f, work, "last_event")))
    layout.store(
        f, work, "landing", f.where(landed, f.constant(0, "integer"), layout.load(f, work, "landing"))
    )
    for name in ("control_error", "control_failed"):
        layout.store(f, work, name, f.where(landed, f.constant(0.0), layout.load(f, work, name)))


def _components(f: Function, here: Setting, law: CompiledLaw) -> list[Value]:
    if isinstance(here.y, Array):
        return [f.load(here.y.pointer, i, lanes=f.lanes) for i in range(len(law.states))]
    return list(here.y)


def _put_components(f: Function, here: Setting, values: list[Value], place: Value) -> None:
    for i, value in enumerate(values):
        f.store(value, place, i)
