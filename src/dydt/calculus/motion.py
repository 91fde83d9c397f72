"""A motion: position, velocity, acceleration, and the story they tell."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sympy

from dydt.brief import brief
from dydt.calculus.derivative import derivative_of
from dydt.calculus.function import Function, finite, function, interval
from dydt.calculus.notation import Step, latex, text
from dydt.calculus.point import number
from dydt.calculus.shape import Shape, shape, written
from dydt.calculus.zeros import Place
from dydt.expr.sympy import exact, from_sympy

if TYPE_CHECKING:
    from dydt.plotting.picture import Picture

# The sign of the velocity and that of its change, in words.
_WORDS = {
    ("forward", 1): "forward, faster and faster",
    ("forward", -1): "forward and slowing",
    ("forward", 0): "forward at a steady pace",
    ("backward", -1): "backing up, faster and faster",
    ("backward", 1): "backing up and slowing",
    ("backward", 0): "backing up at a steady pace",
}


@dataclass(frozen=True)
class Phase:
    """A time with one kind of motion.

    Attributes
    ----------
    start, end : Place
    says : str
        ``"forward and slowing"``.
    """

    start: Place
    end: Place
    says: str


@dataclass(frozen=True, eq=False)
class Motion:
    """Something that moves along a line; made by `dydt.motion`.

    Attributes
    ----------
    position, velocity, acceleration : Function
        s(t), v(t) = s'(t), a(t) = v'(t).
    on : (float, float)
    phases : tuple of Phase
        Forward or back, faster or slower, from beginning to end.
    rests : tuple of Place
        When it stands still for an instant.
    breaks : tuple of Place
        When the position jumps or is nowhere: no motion at all.
    steps : tuple of Step
        From position to velocity to acceleration.
    """

    position: Function
    velocity: Function
    acceleration: Function
    on: tuple[float, float]
    phases: tuple[Phase, ...]
    rests: tuple[Place, ...]
    breaks: tuple[Place, ...]
    steps: tuple[Step, ...]

    __repr__ = brief

    def at(self, time: float) -> dict[str, float]:
        """Position, velocity and acceleration at a time.

        >>> motion("-t^2 + 10*t", on=(0, 10)).at(7)
        {'position': 21.0, 'velocity': -4.0, 'acceleration': -2.0}
        """
        time = finite(time, "the time")
        return {
            "position": float(self.position(time)),
            "velocity": float(self.velocity(time)),
            "acceleration": float(self.acceleration(time)),
        }

    @property
    def verified(self) -> bool:
        """Whether every step has been checked."""
        return all(step.checked for step in self.steps)

    @cached_property
    def story(self) -> str:
        """What happens, in a sentence.

        >>> motion("-t^2 + 10*t", on=(0, 10)).story
        'forward and slowing until t = 5, at rest for an instant, then backing up, faster and faster until t = 10'
        """
        t = self.position.variable
        rests = {place.at for place in self.rests}
        told = []
        for i, phase in enumerate(self.phases):
            opening = "" if i == 0 else "then "
            told.append(f"{opening}{phase.says} until {t} = {written(phase.end)}")
            after = self.phases[i + 1].says if i + 1 < len(self.phases) else "at rest"
            if phase.end.at in rests and "at rest" not in (phase.says, after):
                told.append("at rest for an instant")
        if self.breaks:
            told.append(f"with a jump at {t} = {', '.join(written(place) for place in self.breaks[:8])}")
        return ", ".join(told)

    @property
    def displacement(self) -> float:
        """Where it ends minus where it began."""
        return float(self.position(self.on[1]) - self.position(self.on[0]))

    @property
    def distance(self) -> float:
        """The way it went, there and back."""
        places = [self.on[0], *(p.start.at for p in self.phases[1:]), self.on[1]]
        where = [float(self.position(place)) for place in places]
        return math.fsum(abs(b - a) for a, b in itertools.pairwise(where))

    def times(self, *more: float) -> list[float]:
        """The times worth a line in a table: both ends, where something changes, and those asked for."""
        turns = (*(p.start.at for p in self.phases), *(p.at for p in self.rests))
        return sorted({self.on[0], *turns, *more, self.on[1]})

    def __str__(self) -> str:
        t = self.position.variable
        lines = [
            f"{f.head} = {text(f.expression)}" for f in (self.position, self.velocity, self.acceleration)
        ]
        lines += ["", self.story, ""]
        names = (self.position.name, self.velocity.name, self.acceleration.name)
        lines.append(f"{t:>10}" + "".join(f"  {name:>12}" for name in names))
        for time in self.times():
            lines.append(f"{time:>10.6g}" + "".join(f"  {value:>12.6g}" for value in self.at(time).values()))
        lines += ["", f"displacement {self.displacement:.6g}, distance {self.distance:.6g}"]
        return "\n".join(lines)

    @property
    def latex(self) -> str:
        """The three functions in LaTeX."""
        t = latex(self.position.symbol)
        functions = (self.position, self.velocity, self.acceleration)
        return r",\quad ".join(
            f"{latex(sympy.Symbol(f.name))}({t}) = {latex(f.expression)}" for f in functions
        )

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "position": text(self.position.expression),
            "velocity": text(self.velocity.expression),
            "acceleration": text(self.acceleration.expression),
            "variable": self.position.variable,
            "on": list(self.on),
            "phases": [{"from": p.start.at, "to": p.end.at, "says": p.says} for p in self.phases],
            "rests": [place.at for place in self.rests],
            "breaks": [place.at for place in self.breaks],
            "story": self.story,
            "displacement": number(self.displacement),
            "distance": number(self.distance),
            "table": [
                {"time": time} | {k: number(v) for k, v in self.at(time).items()} for time in self.times()
            ],
            "steps": [{"says": s.says, "formula": s.text, "checked": s.checked} for s in self.steps],
            "verified": self.verified,
        }

    def to_json(self) -> str:
        """The same as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def plot(self, path: str | Path | None = None, *, dark: bool = False, **look: Any) -> Picture:
        """The three curves below each other.

        Parameters
        ----------
        path : str or Path, optional
            Write it there too, as PNG, SVG or PDF.
        dark : bool
        **look
            ``title``, ``size``; see `dydt.plotting.calculus`.
        """
        from dydt.plotting.calculus import motion_picture

        return motion_picture(self, path=path, dark=dark, **look)


def motion(
    text: str,
    /,
    *,
    on: tuple[float, float] = (0.0, 10.0),
    variable: str | None = None,
    values: Mapping[str, float] | None = None,
    **parameters: float,
) -> Motion:
    """Tell a motion from its position: v = s', a = v', and where it goes forward, rests and backs up.

    Parameters
    ----------
    text : str
        The position, ``"-t^2 + 10*t"`` or ``"s(t) = …"``.
    on : (float, float)
        From when to when.
    variable : str, optional
        Needed if several names have no value.
    values : mapping, optional
        Values of parameters whose names clash with these arguments.
    **parameters : float
        Values of parameters by name.

    Returns
    -------
    Motion

    Raises
    ------
    LawError, InputError
        As `dydt.derivative`.

    Examples
    --------
    >>> import dydt
    >>> car = dydt.motion("-t^2 + 10*t", on=(0, 10))
    >>> car.at(0)["velocity"], car.at(5)["velocity"], car.at(7)["velocity"]
    (10.0, 0.0, -4.0)
    """
    s = function(text, variable, {**(values or {}), **parameters}, name="s", independent="t")
    if s.name in ("v", "a"):
        s = replace(s, name="s")
    on = interval(on)
    s.need_values("a motion is wanted")
    first = derivative_of(s)
    v = Function(first.text, "v", s.variable, from_sympy(first.formula), {})
    second = derivative_of(v)
    a = Function(second.text, "a", s.variable, from_sympy(second.formula), {})
    to_v = shape(s, on)
    to_a = shape(v, on)
    steps = (
        *first.steps,
        Step("velocity is the derivative of position", _named(v), None, first.verified),
        *second.rules,
        Step("acceleration is the derivative of velocity", _named(a), None, second.verified),
    )
    rests = tuple(c.place for c in to_v.critical if c.smooth and c.kind in ("minimum", "maximum", "saddle"))
    at_ends = [Place(end, exact(end)) for end in on if float(v(end)) == 0.0]
    every = sorted({p.at: p for p in (*rests, *at_ends)}.values(), key=lambda p: p.at)
    breaks = tuple(c.place for c in to_v.critical if c.kind in ("jump", "pole", "gap"))
    return Motion(s, v, a, on, _phases(to_v, to_a), tuple(every), breaks, steps)


def _named(f: Function) -> Any:
    return sympy.Eq(sympy.Symbol(f.head), f.expression, evaluate=False)


def _phases(position: Shape, velocity: Shape) -> tuple[Phase, ...]:
    """The stretches of both shapes laid over each other, neighbours with one story joined."""
    borders = {p.at: p for s in (*position.stretches, *velocity.stretches) for p in (s.start, s.end)}
    places = [borders[at] for at in sorted(borders)]
    phases: list[Phase] = []
    for start, end in itertools.pairwise(places):
        if end.at - start.at <= 1e-9 * (1 + abs(start.at)):
            continue
        says = _told(position, velocity, (start.at + end.at) / 2)
        if phases and phases[-1].says == says:
            phases[-1] = Phase(phases[-1].start, end, says)
        else:
            phases.append(Phase(start, end, says))
    return tuple(phases)


def _told(position: Shape, velocity: Shape, time: float) -> str:
    way = _trend(position, time)
    change = {"rising": 1, "falling": -1}.get(_trend(velocity, time), 0)
    if way == "flat":
        return "at rest"
    if way == "undefined":
        return "nowhere"
    return _WORDS[("forward" if way == "rising" else "backward", change)]


def _trend(found: Shape, time: float) -> str:
    return next((s.trend for s in found.stretches if s.start.at <= time <= s.end.at), "undefined")
