"""Where to look at a law, if nobody says: around its typical solution and its points of rest."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.dynamics.box import Box, make_box
from dydt.dynamics.flow import Flow
from dydt.errors import InputError, SolveWarning

if TYPE_CHECKING:
    from dydt.ode import ODE

Array = Any

_WIDE = 10.0  # how far from 0 states are looked for when the law says nothing
_TURN = 2 * np.pi
_NEAR = 0.1  # of the size of the data: nearer there are data
_BESIDE = 0.25  # of the size of the data, beside which a learned law is looked at
_LENGTH = 30.0  # the time of a typical solution whose law names none


def typical(flow: Flow) -> Array | None:
    """Points of the solution that the law itself describes; None if it has no initial values."""
    ode = flow.ode
    law = ode.equations
    if law.events or any(name not in law.initial for name in ode.states):
        return None
    start = law.start or 0.0
    span = law.span or (start, start + _LENGTH)
    try:
        solution = _solved(flow, span, "tsit5", 1e-5)
        if solution.status in ("step limit", "step too small"):
            solution = _solved(flow, span, "auto", 1e-5)
            flow.remembered["stiff"] = True
    except InputError:
        return None
    points = solution.y[np.all(np.isfinite(solution.y), axis=-1)]
    return points[: max(2, int(0.95 * len(points)))] if solution.status == "blow-up" else points


def _solved(flow: Flow, span: tuple[float, float], method: str, rtol: float) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolveWarning)
        return flow.ode.solve(
            span,
            values=flow.parameters,
            method=method,
            rtol=rtol,
            atol=1e-3 * rtol,
            step_limit=20_000,
            progress=False,
        )


def box_of_data(flow: Flow) -> Box | None:
    """Where the data lay that the law was learned from, if it was and all states were measured."""
    seen = flow.ode.seen
    if seen is None or not np.all(np.any(np.isfinite(seen), axis=0)):
        return None
    return make_box(flow.names, np.nanmin(seen, axis=0), np.nanmax(seen, axis=0))


def is_far_from_data(ode: ODE, points: Array) -> Array:
    """Whether no state that the law was learned from is near these points, by the states that were measured."""
    seen = ode.seen
    if seen is None or not len(points):
        return np.zeros(len(points), dtype=bool)
    measured = np.any(np.isfinite(seen), axis=0)
    seen, points = seen[np.all(np.isfinite(seen[:, measured]), axis=1)][:, measured], points[:, measured]
    if not len(seen):
        return np.zeros(len(points), dtype=bool)
    width = np.where(np.ptp(seen, axis=0) > 0, np.ptp(seen, axis=0), 1.0)
    away = np.sqrt(np.mean(((points[:, None] - seen) / width) ** 2, axis=2))
    return np.min(away, axis=1) > _NEAR


def search_box(flow: Flow, seen: Array | None) -> Box:
    """Where zeros are looked for: well around a typical solution, else around 0; of a learned law, around the data."""
    data = box_of_data(flow)
    if data is not None:
        return data.grown(_BESIDE)
    if seen is None or not len(seen):
        return make_box(flow.names, np.full(flow.size, -_WIDE), np.full(flow.size, _WIDE))
    low, high = seen.min(axis=0), seen.max(axis=0)
    least = 1e-3 * np.maximum(np.abs(low), np.abs(high)) + 1e-9
    room = np.maximum(high - low, least)
    low, high = low - room, high + room
    return make_box(flow.names, np.minimum(low, -0.05 * room), np.maximum(high, 0.05 * room))


def one_turn(flow: Flow, box: Box) -> Box:
    """The box with one turn of each angle in it."""
    low, high = box.low.copy(), box.high.copy()
    for i in range(flow.size):
        if is_angle(flow, i, box):
            low[i], high[i] = -0.5001 * _TURN, 0.5001 * _TURN
    return make_box(box.names, low, high)


def sizes(points: Array, box: Box | None, seen: Array | None) -> Array:
    """How large the surroundings of points of rest are along each state."""
    if box is not None:
        return box.size
    every = points if seen is None or not len(seen) else np.concatenate([points, seen])
    size = np.maximum(np.ptp(every, axis=0), np.abs(every).max(axis=0))
    return np.where(size > 0, size, 1.0)


# -- of a law of the plane ------------------------------------------------------------------------------------------

_TRIAL = 3.0  # half the width of a first look at a law that says nothing, in its own units
_EDGE = 0.13  # a point of rest this near the edge of the picture, in sizes of it, widens it
_FAR = 6.0  # how much farther than a typical solution points of rest are looked for
_FEW = 9  # so many points of rest make a picture
_MUCH = 6.0  # orbits that go so many times farther than the first look do not widen the picture


def planar_box(flow: Flow, traveller: Any = None) -> Box:
    """The part of the plane that tells the story.

    It holds the typical solution, the points of rest near it, and where orbits that stay near go; a whole turn of an
    angle; and of states that can't become negative only what is positive. Of a learned law it is what the data saw.
    """
    from dydt.dynamics.newton import zeros
    from dydt.dynamics.travel import Traveller

    data = box_of_data(flow)
    if data is not None:
        return data.grown(_BESIDE)
    seen = typical(flow)
    wide = search_box(flow, seen)
    if seen is not None and len(seen):
        wide = make_box(flow.names, seen.min(axis=0), seen.max(axis=0)).grown(_FAR)
        wide = wide if np.all(wide.size > 0) else search_box(flow, seen)
        wide, walls = _behind_walls(flow, wide, seen)
        rest = _near(flow, zeros(flow, wide).points, wide)
        points = np.concatenate([seen, rest])
    else:
        rest = _near(flow, zeros(flow, wide).points, wide)
        seen = rest if len(rest) else np.zeros((1, 2))
        points = _settled(flow, traveller or Traveller(flow), _spread(flow, seen))
        points = np.concatenate([seen, points])
        inner = len(rest) > 0 and np.any(np.all(rest > 0, axis=-1))
        walls = _behind_walls(flow, _spread(flow, points), points)[1] if inner else []
    low, high = points.min(axis=0), points.max(axis=0)
    few = bool(np.any(high <= low)) or len(points) < 2 * _FEW
    box = _spread(flow, points) if few else make_box(flow.names, low, high)
    more = 0.0 if few else 0.3
    low, high = box.grown(0.45 * more).low, box.grown(0.45 * more).high
    for i in range(2):
        if i in walls:
            low[i], high[i] = -0.04 * box.grown(more).high[i], box.grown(more).high[i]
        elif is_angle(flow, i, box):
            low[i], high[i] = -0.8 * _TURN, 0.8 * _TURN
            low[1 - i], high[1 - i] = box.grown(more).low[1 - i], box.grown(more).high[1 - i]
    for point in rest[make_box(flow.names, low, high).contains(rest)]:
        for i in (0, 1):  # what goes on around a point of rest is seen on all its sides
            width = high[i] - low[i]
            if i not in walls and point[i] - low[i] < _EDGE * width:
                low[i] = point[i] - 0.6 * (high[i] - point[i])
            elif i not in walls and high[i] - point[i] < _EDGE * width:
                high[i] = point[i] + 0.6 * (point[i] - low[i])
    return make_box(flow.names, low, high)


def _behind_walls(flow: Flow, box: Box, points: Array) -> tuple[Box, list[int]]:
    """The box without what is negative of states that can't become negative, and which these are."""
    low = box.low.copy()
    walls = [i for i in range(2) if points[:, i].min() >= -1e-9 * box.high[i] and is_wall(flow, i, box)]
    low[walls] = np.maximum(low[walls], -1e-6 * box.high[walls])
    return make_box(box.names, low, box.high), walls


def _near(flow: Flow, rest: Array, box: Box) -> Array:
    """The points of rest that make a picture: of an angle those of one turn, of very many those nearest to 0."""
    for i in range(2):
        if len(rest) and is_angle(flow, i, box):
            rest = rest[np.abs(rest[:, i]) <= 0.501 * _TURN]
    if len(rest) <= _FEW:
        return rest
    size = np.abs(rest / box.size).max(axis=1)
    return rest[size <= np.sort(size)[_FEW] * 1.001]


def _spread(flow: Flow, points: Array) -> Box:
    """A box around points with room for what goes on about them."""
    low, high = points.min(axis=0), points.max(axis=0)
    width = high - low
    both = float(width.max())
    room = np.where(width > 0.2 * both, 0.75 * width, 0.75 * both) if both > 0 else np.full(2, _TRIAL)
    if both == 0 and np.any(points):
        room = np.maximum(1.2 * np.abs(points).max(axis=0), 0.3 * np.abs(points).max())
    for i in range(2):  # a velocity is as large as its position times the pace of turning
        node = flow.nodes[1 - i]
        if width[i] <= 0.2 * both and node.operation == "symbol" and node.value == flow.names[i]:
            pace = float(np.abs(np.linalg.eigvals(flow.jacobian(points[:50]))).max())
            room[i] = 0.55 * max(both, 1e-9) * (pace if np.isfinite(pace) and pace > 0 else 1.0)
            room[i] = room[i] if both > 0 else _TRIAL
    return make_box(flow.names, low - room, high + room)


def _settled(flow: Flow, traveller: Any, box: Box) -> Array:
    """Where orbits that start in a box go in the end, if they stay near: along a limit cycle, say."""
    from dydt.dynamics.travel import moving

    trails = traveller.orbits(box.grid(4, 4), box, 9.0, reach=_MUCH, step=0.02)
    goes = np.isfinite(trails.points).all(axis=(1, 2))
    goes &= moving(trails.points, box, 0.002) == trails.points.shape[1]
    before, after = trails.points[goes, :300], trails.points[goes, 300:]
    room = 0.02 * box.size
    stays = np.all(after.min(axis=1) >= before.min(axis=1) - room, axis=-1)
    stays &= np.all(after.max(axis=1) <= before.max(axis=1) + room, axis=-1)
    return after[stays].reshape(-1, 2)


def is_angle(flow: Flow, i: int, box: Box) -> bool:
    """Whether a state is an angle: the law is the same a turn farther on, and changes on the way."""
    points = box.scattered(40, seed=4)
    turned = points.copy()
    turned[:, i] += _TURN
    half = points.copy()
    half[:, i] += 0.37 * _TURN
    here, there, between = flow(points), flow(turned), flow(half)
    scale = flow.scale(points)
    same = np.max(np.abs(there - here) / scale) < 1e-9
    return bool(same and np.max(np.abs(between - here) / scale) > 1e-3)


def is_wall(flow: Flow, i: int, box: Box) -> bool:
    """Whether a state that is 0 does not become negative, as populations don't; and the law is not linear."""
    points = np.abs(box.scattered(40, seed=6))
    points[:, i] = 0.0
    slopes = flow.jacobian(box.scattered(8))
    if np.ptp(slopes, axis=0).max() <= 1e-12 * np.abs(slopes).max():
        return False
    with np.errstate(all="ignore"):
        change = flow(points)
    return bool(np.all(change[:, i] >= -1e-12 * flow.scale(np.abs(box.scattered(40)))[i]))
