"""The direction field of a first-order equation: its slope at every time and value, with some solutions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.dynamics.box import Box, make_box, read_box
from dydt.dynamics.flow import Flow, parameter_values
from dydt.dynamics.nullclines import trace
from dydt.dynamics.orbits import Orbit, run_through
from dydt.dynamics.portrait import arrows, read_starts
from dydt.dynamics.travel import Traveller
from dydt.errors import InputError
from dydt.expr.equations import Equations
from dydt.expr.graph import number

if TYPE_CHECKING:
    from dydt.dynamics.equilibria import Equilibria
    from dydt.ode import ODE

Array = Any

_SPAN = (0.0, 10.0)
_LOOK = 12.0  # how far from 0 values with no slope are looked for


@dataclass(frozen=True, eq=False)
class Field:
    """The direction field of a first-order equation.

    Attributes
    ----------
    states : (str, str)
        The independent variable and the state.
    box : Box
        Their ranges.
    places, directions : ndarray, shape (m, 2)
        Points of a grid, and the direction of a solution there: unit vectors, lengths measured in sizes of the box.
    level : tuple of ndarray
        Curves on which the slope is 0.
    equilibria : Equilibria or None
        Constant solutions, of a law that does not depend on the independent variable.
    orbits : tuple of Orbit
        Some solutions.
    ode : ODE
    """

    states: tuple[str, str]
    box: Box
    places: Array
    directions: Array
    level: tuple[Array, ...]
    equilibria: Equilibria | None
    orbits: tuple[Orbit, ...]
    ode: ODE

    def __str__(self) -> str:
        count = len(self.orbits)
        lines = [f"direction field in {self.box}: {count} solution{'s' * (count != 1)}"]
        if self.equilibria is not None:
            lines.append(str(self.equilibria))
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Field of {self.states[1]} over {self.states[0]}: {len(self.orbits)} solutions>"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "states": list(self.states),
            "box": self.box.to_dict(),
            "field": {"places": self.places.tolist(), "directions": self.directions.tolist()},
            "level": [curve.tolist() for curve in self.level],
            "equilibria": None if self.equilibria is None else self.equilibria.to_dict(),
            "solutions": [orbit.points.tolist() for orbit in self.orbits],
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    def plot(self, path: Any = None, **options: Any) -> Any:
        """Draw it; see `dydt.plotting.field.field`."""
        from dydt.plotting.field import field

        return field(self, path=path, **options)


@np.errstate(all="ignore")  # what is not finite is left out
def field(
    ode: ODE, box: Mapping[str, Any] | None, orbits: Sequence[Any] | None, named: Mapping[str, float]
) -> Field:
    """See `ODE.field`."""
    if len(ode.states) != 1:
        raise InputError(
            f"a direction field over {ode.independent} shows an equation with one state, and the law has "
            f"{len(ode.states)}: {', '.join(ode.states[:8])}; portrait() shows laws of two and three"
        )
    values = parameter_values(ode, named)
    over = _over_time(ode)
    flow = Flow(over, values)
    rest = _constant(ode, values)
    limits = _box(flow, ode, box or {}, rest)
    if rest is not None:
        rest = _constant(ode, values, limits)
    starts = None if orbits is None else read_starts(over.states, orbits)
    solutions = run_through(Traveller(flow), limits, starts, [] if rest is None else _lines(rest, limits))
    places, directions, _ = arrows(flow, limits)
    level = trace(flow, limits)[1].curves
    return Field(
        (over.states[0], over.states[1]),
        limits,
        places,
        directions,
        level,
        rest,
        tuple(solutions),
        ode,
    )


def _over_time(ode: ODE) -> ODE:
    """The law of the plane of time and state: t' = 1, y' = f(t, y)."""
    from dydt.ode import ODE

    law = ode.equations
    return ODE(
        Equations(
            (law.independent, law.states[0]),
            (number(1.0), law.derivatives[0]),
            dict(law.parameters),
            independent=f"{law.independent} along the curve",
        )
    )


def _constant(ode: ODE, values: Mapping[str, float], box: Box | None = None) -> Equilibria | None:
    """The constant solutions, if the law does not depend on time."""
    from dydt.dynamics.equilibria import in_numbers

    try:
        flow = Flow(ode, values)
    except InputError:
        return None
    return in_numbers(flow, None if box is None else make_box(flow.names, box.low[1:], box.high[1:]))


def _lines(rest: Equilibria, box: Box) -> list[Array]:
    """Constant solutions as points of the plane of time and state."""
    times = np.linspace(box.low[0], box.high[0], 120)
    return [np.stack([times, np.full(120, item.point[0])], axis=-1) for item in rest]


def _box(flow: Flow, ode: ODE, given: Mapping[str, Any], rest: Equilibria | None) -> Box:
    """What was given, and for what was not: the law's span, and values around those with no slope."""
    time, state = flow.names
    law = ode.equations
    if time in given:
        span = read_box((time,), {time: given[time]})
        first, last = float(span.low[0]), float(span.high[0])
    else:
        first, last = sorted(law.span) if law.span else _SPAN
        if rest is not None and not law.span and len(rest):
            fastest = max(abs(float(item.eigenvalues[0].real)) for item in rest)
            last = 5.0 / fastest if fastest > 1e-9 else last
    if state in given:
        usual = make_box((time, state), [first, -1.0], [last, 1.0])
        return read_box((time, state), given, usual)
    if set(given) - {time}:
        read_box((time, state), given, make_box((time, state), [0, 0], [1, 1]))
    low, high = _values(flow, ode, first, last)
    return make_box((time, state), [first, low], [last, high])


def _values(flow: Flow, ode: ODE, first: float, last: float) -> tuple[float, float]:
    """A range of values that holds the law's own solution, those with no slope, and some room."""
    from dydt.dynamics.surroundings import typical

    reach = max(_LOOK, 1.2 * abs(first), 1.2 * abs(last))
    seen = typical(Flow.without_time(ode, flow.parameters))
    if seen is not None and len(seen):
        reach = max(2.0 * float(np.abs(seen).max()), 1e-9)
    wide = make_box(flow.names, [first, -reach], [last, reach])
    flat = trace(flow, wide)[1].points[:, 1]
    marks = [flat] if len(flat) else []
    if seen is not None and len(seen):
        marks.append(seen[:, 0])
    values = np.concatenate(marks) if marks else np.array([0.0])
    low, high = float(values.min()), float(values.max())
    room = 0.3 * (high - low)
    if room < 1e-9 * max(abs(low), abs(high), 1e-300) or room == 0:
        room = abs(high) if high else 0.3 * (last - first)
    low, high = low - room, high + room
    if values.min() >= 0 and low < 0 and seen is not None:
        low = -0.04 * high
    return low, high
