"""Orbits of a law of the plane at even speed: the curves without their timetable.

The law is divided by its speed, measured in sizes of a box: y' = f/√(|f|² + (κ|Jf|/|f|)²). Orbits stay what they are,
but none blows up, slow and fast parts get as many points, and one that nears a point of rest comes to a halt.
Outside a larger box they halt too.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dydt.dynamics.box import Box
from dydt.dynamics.flow import Flow
from dydt.errors import SolveWarning
from dydt.expr.derive import jacobian
from dydt.expr.equations import Equations
from dydt.expr.graph import Node, apply, number, substitute, symbol
from dydt.expr.tidy import ZERO, over, plus, times

Array = Any

TIME = "time along the orbit"
_SLOW = 3e-3  # κ: how near a point of rest an orbit halts, in sizes of the box
_EDGE = 0.05  # over this part of the box orbits slow down to a halt at the edge of their reach
REACH = 0.9  # from the middle of the box, in sizes of it; its own edges are at 0.5
STEP = 0.01


@dataclass(frozen=True, eq=False)
class Trails:
    """Orbits by their points.

    Attributes
    ----------
    points : ndarray, shape (m, k, 2)
    times : ndarray, shape (m, k)
        The law's own time at each point.
    """

    points: Array
    times: Array


class Traveller:
    """Sends orbits through a box at even speed.

    Parameters
    ----------
    flow : Flow
        Of two states.
    """

    def __init__(self, flow: Flow) -> None:
        from dydt.ode import ODE

        self.flow = flow
        self.ode = ODE(even(flow))

    def orbits(
        self, starts: Array, box: Box, length: float, reach: float = REACH, step: float = STEP
    ) -> Trails:
        """Follow orbits for a length in sizes of the box; backwards if it is negative."""
        ensemble = self._sweep(starts, box, length, reach, step)
        y = ensemble.y
        return Trails(y[..., :2], y[..., 2])

    def ends(self, starts: Array, box: Box, length: float, reach: float = REACH) -> Array:
        """Where orbits are after a length: shape (m, 2)."""
        return self._sweep(starts, box, length, reach, None).y[:, :2]

    def _sweep(self, starts: Array, box: Box, length: float, reach: float, step: float | None) -> Any:
        named: dict[str, Any] = {name: starts[:, i] for i, name in enumerate(self.flow.names)}
        named |= dict(self.flow.parameters)
        for i in range(2):
            named[f"size {i}"] = float(box.size[i])
            named[f"middle {i}"] = float(0.5 * (box.low[i] + box.high[i]))
        named |= {TIME: 0.0, "reach": reach}
        scale = np.append(1e-9 * box.size, 1.0)  # time is only told, and must not shorten steps
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SolveWarning)
            return self.ode.sweep(
                t=(0.0, length),
                values=named,
                saveat=step,
                method="rodas5p" if self.flow.remembered.get("stiff") else "tsit5",
                rtol=1e-7,
                atol=scale.tolist(),
                step_limit=100_000,
                progress=False,
            )


def even(flow: Flow) -> Equations:
    """The law at even speed, with its own time as a third state."""
    law = flow.ode.equations
    nodes = substitute(law.derivatives, {law.independent: ZERO})
    sizes = [symbol(f"size {i}") for i in range(2)]
    speed: Node = number(1e-280)
    for node, size in zip(nodes, sizes, strict=True):
        speed = plus(speed, (node / size) ** 2)
    turns: list[Node] = [ZERO, ZERO]  # J f: how fast the speed itself changes along the orbit
    for (i, j), slope in jacobian(Equations(law.states, tuple(nodes))).items():
        turns[i] = plus(turns[i], times(slope, nodes[j]))
    change: Node = ZERO
    for node, size in zip(turns, sizes, strict=True):
        change = plus(change, node if node is ZERO else (node / size) ** 2)
    total = plus(speed, over(times(number(_SLOW**2), change), speed))
    far = [
        apply("abs", (symbol(state) - symbol(f"middle {i}")) / sizes[i]) for i, state in enumerate(law.states)
    ]
    left = (symbol("reach") - apply("max", *far)) / number(_EDGE)
    pace = apply("max", number(0.0), apply("min", number(1.0), left)) / apply("sqrt", total)
    parameters: dict[str, float | None] = dict.fromkeys([*law.parameters, "size 0", "size 1"])
    parameters |= dict.fromkeys(["middle 0", "middle 1", "reach"])
    return Equations(
        (*law.states, TIME),
        (*(node * pace for node in nodes), pace),
        parameters,
        independent="length along the orbit",
    )


def moving(points: Array, box: Box, least: float = 0.02) -> Array:
    """How many points of each orbit come before it halts: shape (m,)."""
    steps = np.diff(points, axis=1) / box.size
    far = np.hypot(steps[..., 0], steps[..., 1])
    with np.errstate(invalid="ignore"):
        goes = far > least * STEP
    last = np.where(goes.any(axis=1), points.shape[1] - np.argmax(goes[:, ::-1], axis=1), 1)
    return np.where(np.isfinite(points).all(axis=(1, 2)), last, 1)


def gaps(points: Array, others: Array, box: Box, chunk: int = 512) -> Array:
    """How far each point is from the nearest of the others, in sizes of the box."""
    if not len(others):
        return np.full(len(points), np.inf)
    a, b = points / box.size, others / box.size
    result = np.empty(len(points))
    for k in range(0, len(points), chunk):
        part = a[k : k + chunk]
        square = (part**2).sum(-1)[:, None] - 2.0 * part @ b.T + (b**2).sum(-1)
        result[k : k + chunk] = np.sqrt(np.maximum(square.min(axis=1), 0.0))
    return result


def farthest(points: Array, count: int, box: Box, taken: Array | None = None) -> list[int]:
    """Places of points that lie far from each other and from those taken, one after the other."""
    if not len(points):
        return []
    distance = gaps(points, taken, box) if taken is not None and len(taken) else np.full(len(points), np.inf)
    chosen: list[int] = []
    for _ in range(min(count, len(points))):
        best = int(np.argmax(distance))
        chosen.append(best)
        distance = np.minimum(distance, gaps(points, points[best : best + 1], box))
        if not np.isfinite(distance).any() or distance.max() <= 0:
            break
    return chosen


def as_points(starts: Sequence[Any] | Array) -> Array:
    """Starts as an array of shape (m, 2)."""
    return np.asarray(starts, dtype=float).reshape(-1, 2)
