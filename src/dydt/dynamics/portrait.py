"""Phase portraits: where a law pushes, where it rests, and the orbits that tell its story, as data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.dynamics.box import Box, read_box
from dydt.dynamics.equilibria import Equilibria, in_numbers
from dydt.dynamics.flow import Flow
from dydt.dynamics.nullclines import Nullclines, trace
from dydt.dynamics.orbits import Orbit, story
from dydt.dynamics.surroundings import planar_box
from dydt.dynamics.travel import Traveller
from dydt.errors import InputError

if TYPE_CHECKING:
    from dydt.dynamics.slopes import Field
    from dydt.dynamics.space import Space
    from dydt.ode import ODE

Array = Any

_ARROWS = 21  # along each side


@dataclass(frozen=True, eq=False)
class Portrait:
    """The phase portrait of a law of the plane.

    Attributes
    ----------
    states : tuple of str
    box : Box
    places, directions : ndarray, shape (m, 2)
        Points of a grid, and the direction of change there: unit vectors, lengths measured in sizes of the box.
    speeds : ndarray, shape (m,)
        How fast it is there, in sizes of the box a unit of time.
    nullclines : Nullclines
    equilibria : Equilibria
        Those in the box.
    separatrices, cycles, orbits : tuple of Orbit
        The stable and unstable manifolds of saddles; limit cycles; and further orbits.
    ode : ODE
    """

    states: tuple[str, ...]
    box: Box
    places: Array
    directions: Array
    speeds: Array
    nullclines: Nullclines
    equilibria: Equilibria
    separatrices: tuple[Orbit, ...]
    cycles: tuple[Orbit, ...]
    orbits: tuple[Orbit, ...]
    ode: ODE

    def __str__(self) -> str:
        lines = [f"phase portrait in {self.box}", str(self.equilibria)]
        for cycle in self.cycles:
            lines.append(f"limit cycle ({cycle.stability}), period {cycle.period:.6g}")
        parts = [f"{len(self.orbits)} orbits"]
        closed = sum(orbit.kind == "closed" for orbit in self.orbits)
        if closed:
            parts[0] += f", {closed} of them closed"
        if self.separatrices:
            parts.append(f"{len(self.separatrices)} separatrices")
        return "\n".join([*lines, "; ".join(parts)])

    def __repr__(self) -> str:
        return f"<Portrait of {', '.join(self.states)} in {self.box}: {len(self.orbits)} orbits>"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "states": list(self.states),
            "box": self.box.to_dict(),
            "field": {
                "places": self.places.tolist(),
                "directions": self.directions.tolist(),
                "speeds": self.speeds.tolist(),
            },
            "nullclines": self.nullclines.to_dict(),
            "equilibria": self.equilibria.to_dict(),
            "separatrices": [orbit.to_dict() for orbit in self.separatrices],
            "cycles": [orbit.to_dict() for orbit in self.cycles],
            "orbits": [orbit.to_dict() for orbit in self.orbits],
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    def plot(self, path: Any = None, **options: Any) -> Any:
        """Draw it; see `dydt.plotting.portrait.portrait`."""
        from dydt.plotting.portrait import portrait

        return portrait(self, path=path, **options)


@np.errstate(all="ignore")  # what is not finite is left out
def show(
    ode: ODE, box: Mapping[str, Any] | None, orbits: Sequence[Any] | None, named: Mapping[str, float]
) -> Portrait | Field | Space:
    """See `ODE.portrait`: what suits the number of states."""
    from dydt.dynamics.slopes import field
    from dydt.dynamics.space import space

    if ode.equations.events:
        raise InputError(
            "the law has events, and what happens at them is not in a portrait; solve() follows them, and "
            "sol.phase() draws the path"
        )
    count = len(ode.states)
    if count > 3:
        first, second = ode.states[:2]
        raise InputError(
            f"a portrait shows one, two or three states, and the law has {count}: solve it, and draw two or three, "
            f'as in sol.phase("{first}", "{second}")'
        )
    if count == 2:
        return portrait(ode, box, orbits, named)
    return field(ode, box, orbits, named) if count == 1 else space(ode, box, orbits, named)


def portrait(
    ode: ODE, box: Mapping[str, Any] | None, orbits: Sequence[Any] | None, named: Mapping[str, float]
) -> Portrait:
    """See `ODE.portrait`, for two states."""
    flow = Flow(ode, named)
    traveller = Traveller(flow)
    if box is not None and set(box) >= set(ode.states):
        limits = read_box(ode.states, box)
    else:
        limits = planar_box(flow, traveller)
        if box is not None:
            limits = read_box(ode.states, box, limits)
    rest = in_numbers(flow, limits)
    starts = None if orbits is None else read_starts(ode.states, orbits)
    told = story(traveller, limits, rest, starts)
    places, directions, speeds = arrows(flow, limits)
    return Portrait(
        ode.states,
        limits,
        places,
        directions,
        speeds,
        trace(flow, limits),
        rest,
        told.separatrices,
        told.cycles,
        told.orbits,
        ode,
    )


def arrows(flow: Flow, box: Box) -> tuple[Array, Array, Array]:
    """A grid of points with the direction and the speed of change there."""
    places = box.grid(_ARROWS, _ARROWS)
    with np.errstate(all="ignore"):
        steps = flow(places) / box.size
        speeds = np.hypot(steps[:, 0], steps[:, 1])
        directions = steps / speeds[:, None]
    fine = np.isfinite(directions).all(axis=-1)
    return places[fine], directions[fine], speeds[fine]


def read_starts(states: Sequence[str], given: Sequence[Any]) -> Array:
    """Starts of orbits as points.

    >>> read_starts(("x", "y"), [{"x": 1, "y": 2}, (3, 4)]).tolist()
    [[1.0, 2.0], [3.0, 4.0]]

    Raises
    ------
    InputError
        If one is not a point of the plane.
    """
    points = []
    for item in given:
        try:
            pair = [item[name] for name in states] if isinstance(item, Mapping) else list(item)
            point = [float(value) for value in pair]
        except (TypeError, ValueError, KeyError):
            point = []
        if len(point) != len(states) or not np.all(np.isfinite(point)):
            names = ", ".join(states)
            raise InputError(f"an orbit starts at a value of each of {names}, as in (1, 2), and got {item!r}")
        points.append(point)
    return np.array(points, dtype=float).reshape(-1, len(states))
