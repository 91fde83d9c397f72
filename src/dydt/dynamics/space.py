"""The portrait of a law of three states: the path that it describes in space, and its points of rest."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.dynamics.box import Box, read_box
from dydt.dynamics.equilibria import Equilibria, in_numbers
from dydt.dynamics.flow import Flow
from dydt.dynamics.portrait import read_starts
from dydt.dynamics.surroundings import search_box, typical
from dydt.errors import SolveWarning

if TYPE_CHECKING:
    from dydt.ode import ODE
    from dydt.solution import Solution

Array = Any

_LENGTH = 100.0


@dataclass(frozen=True, eq=False)
class Space:
    """The portrait of a law of three states.

    Attributes
    ----------
    states : tuple of str
    box : Box
        Where equilibria were looked for.
    solution : Solution
        The path.
    equilibria : Equilibria
    ode : ODE
    """

    states: tuple[str, ...]
    box: Box
    solution: Solution
    equilibria: Equilibria
    ode: ODE

    def __str__(self) -> str:
        return f"path in space: {self.solution.message}\n{self.equilibria}"

    def __repr__(self) -> str:
        return f"<Space {', '.join(self.states)}: {len(self.equilibria)} equilibria>"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "states": list(self.states),
            "equilibria": self.equilibria.to_dict(),
            "path": {"t": self.solution.t.tolist(), "points": self.solution.y.tolist()},
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    def plot(self, path: Any = None, **options: Any) -> Any:
        """Draw it; see `dydt.plotting.portrait.space`."""
        from dydt.plotting.portrait import space

        return space(self, path=path, **options)


def space(
    ode: ODE, box: Mapping[str, Any] | None, orbits: Sequence[Any] | None, named: Mapping[str, float]
) -> Space:
    """See `ODE.portrait`, for three states."""
    flow = Flow(ode, named)
    seen = typical(flow)
    limits = search_box(flow, seen)
    if box is not None:
        limits = read_box(ode.states, box, limits)
    rest = in_numbers(flow, limits)
    law = ode.equations
    own = orbits is None and all(name in law.initial for name in ode.states)
    if orbits is not None:
        start = read_starts(ode.states, orbits)[0]
    else:
        start = _beside(rest, limits)
    values = {} if own else dict(zip(ode.states, map(float, start), strict=True))
    first = law.start or 0.0
    span = law.span or (first, first + _LENGTH)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolveWarning)
        solution = ode.solve(span, values={**values, **flow.parameters}, progress=False, time_limit=10.0)
    return Space(ode.states, limits, solution, rest, ode)


def _beside(rest: Equilibria, box: Box) -> Array:
    """A start that is not at rest: beside an equilibrium that is left, or off the middle."""
    pushing = [item for item in rest if item.index]
    middle = pushing[0].point if pushing else 0.5 * (box.low + box.high)
    return middle + 0.02 * box.size * np.array([1.0, 0.7, 0.4])
