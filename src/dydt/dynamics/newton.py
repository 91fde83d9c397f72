"""Zeros of a vector field in a box: damped Newton steps with the exact Jacobian from many starts at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dydt.dynamics.box import Box
from dydt.dynamics.flow import Flow

Array = Any

_TURNS = 60
_ROUNDS = 12  # of starts, at most, where there are many zeros or dimensions
_FEW = 8  # more zeros than this in the plane, and there may be some that the first starts do not find
_REGULAR = 1e-6  # least over largest singular value of a Jacobian whose zero is a simple one
_SAME = 1e-7  # simple zeros nearer than this, in sizes of the box, are one
_BLURRED = 2e-3  # zeros of a singular Jacobian are known to the root of the rounding only
_TRIED = 60  # zeros of singular Jacobians that are looked at, of a line or an area of them
_AWAY = 1e-3  # a little way, in sizes of the box
_STEEP = (
    0.02 / _AWAY
)  # how steep a component is where its zero is a simple one, against its size a little way off
_LINE = 1e-3  # how far a zero is moved along its null vector, to see whether it has neighbours


@dataclass(frozen=True, eq=False)
class Zeros:
    """What was found.

    Attributes
    ----------
    points : ndarray, shape (m, n)
        Isolated zeros.
    lines : list of ndarray, each of shape (k, n)
        Points of sets of zeros that are not isolated.
    starts : int
        How many starts there were.
    """

    points: Array
    lines: list[Array]
    starts: int


def zeros(flow: Flow, box: Box) -> Zeros:
    """All zeros of the field in the box that many starts lead to, each once."""
    starts = first_guesses(flow, box)
    points, regular = settled(flow, starts, box)
    count = len(starts)
    idle, seed = 0, 1
    many = flow.size > 2 or len(points) > _FEW
    while many and len(points) and idle < 2 and seed < _ROUNDS:  # until two rounds bring nothing new
        starts = box.scattered(len(starts), seed)
        more, more_regular = settled(flow, starts, box)
        before = len(points)
        points, regular = np.concatenate([points, more]), np.concatenate([regular, more_regular])
        points, regular = once(points, regular, box)
        count, seed = count + len(starts), seed + 1
        idle = idle + 1 if len(points) == before else 0
    singular = np.flatnonzero(~regular)
    spare = np.setdiff1d(singular, singular[some(len(singular), _TRIED)])
    points, regular = np.delete(points, spare, axis=0), np.delete(regular, spare)
    lonely = np.ones(len(points), dtype=bool)
    for i in np.flatnonzero(~regular):
        lonely[i] = not has_neighbours(flow, points[i], box)
    return Zeros(points[lonely], together(points[~lonely], box), count)


def settled(flow: Flow, starts: Array, box: Box) -> tuple[Array, Array]:
    """The zeros that these starts lead to, each once, and which of them have a regular Jacobian."""
    points, regular = polish(flow, converge(flow, starts, box), box)
    return once(points, regular, box)


def some(count: int, most: int) -> Array:
    """Places of so many things, evenly spread, at most."""
    return np.unique(np.linspace(0, max(count - 1, 0), min(count, most)).astype(int))


def first_guesses(flow: Flow, box: Box) -> Array:
    """Starts: of one state a fine line, of two a grid and the cells where both change sign, else scattered."""
    n = flow.size
    corners = np.concatenate([box.grid(*[1] * n), [box.low, box.high]])
    if n == 1:
        return np.concatenate([box.grid(2000), corners])
    if n == 2:
        return np.concatenate([box.grid(24, 24), promising(flow, box, 160), corners])
    return np.concatenate([box.scattered(min(1500, 250 * n)), corners])


def promising(flow: Flow, box: Box, count: int) -> Array:
    """Middles of the cells of a grid at whose corners each of two components has both signs."""
    lines = [np.linspace(a, b, count + 1) for a, b in zip(box.low, box.high, strict=True)]
    mesh = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)
    signs = np.sign(flow(mesh))
    corners = np.stack([signs[:-1, :-1], signs[1:, :-1], signs[:-1, 1:], signs[1:, 1:]])
    with np.errstate(invalid="ignore"):
        mixed = np.all((corners.min(axis=0) <= 0) & (corners.max(axis=0) >= 0), axis=-1)
    i, j = np.nonzero(mixed)
    if len(i) > 2000:  # a field that is zero on an area tells nothing by its signs
        few = some(len(i), 2000)
        i, j = i[few], j[few]
    return mesh[i, j] + 0.5 * box.size / count


def converge(flow: Flow, starts: Array, box: Box) -> Array:
    """Where damped steps (Levenberg and Marquardt) lead; those that come to nothing are left out."""
    wide = box.grown(1.0)
    points = starts.copy()
    size = box.size
    damping = np.full(len(points), 1e-3)
    field = flow(points)
    alive = np.all(np.isfinite(field), axis=-1)
    points, damping, field = points[alive], damping[alive], field[alive]
    scale = np.maximum(np.abs(field), 1e-6 * np.abs(slopes_across(flow, points, box)).max(axis=-1)) + 1e-300
    field = field / scale  # each start by its own measure: fields may range over many powers of ten
    eye = np.eye(flow.size)
    with np.errstate(all="ignore"):
        for _ in range(_TURNS):
            slopes = slopes_across(flow, points, box) / scale[:, :, None]
            square = np.einsum("mki,mkj->mij", slopes, slopes)
            downhill = np.einsum("mki,mk->mi", slopes, field)
            own = np.einsum("mii->mi", square)
            floor = 1e-13 * own.max(axis=-1, keepdims=True) + 1e-200  # so that no matrix is singular
            damped = square + (damping[:, None] * (own + 1e-12) + floor)[:, :, None] * eye
            step = np.linalg.solve(damped, downhill[..., None])[..., 0]
            step /= np.maximum(1.0, np.max(np.abs(step), axis=-1, keepdims=True) / 0.3)
            trial = points - step * size
            trial_field = flow(trial) / scale
            worth, trial_worth = np.sum(field**2, axis=-1), np.sum(trial_field**2, axis=-1)
            better = np.isfinite(trial_worth) & (trial_worth < worth) & wide.contains(trial)
            points = np.where(better[:, None], trial, points)
            field = np.where(better[:, None], trial_field, field)
            damping = np.where(better, damping * 0.1, np.minimum(damping * 8.0 + 1e-15, 1e8))
            damping = np.where(damping < 1e-14, 0.0, damping)
            if not better.any():
                break
    return points[np.sum(field**2, axis=-1) < 1e-6]


def polish(flow: Flow, points: Array, box: Box) -> tuple[Array, Array]:
    """Zeros to the last digit, best first, and which have a regular Jacobian; what is no zero is left out."""
    if len(points):
        rounded = np.round((points - box.low) / box.size * 1e9)
        points = points[np.unique(rounded, axis=0, return_index=True)[1]]
    for _ in range(4):
        trial = points - newton_step(flow, points, box) * box.size
        with np.errstate(all="ignore"):
            scale = np.abs(flow(points)) + 1e-300
            better = np.max(np.abs(flow(trial)) / scale, axis=-1, initial=0.0) < 1.0
            better |= np.sum((flow(trial) / scale) ** 2, axis=-1) < len(box.size)
        points = np.where(better[:, None], trial, points)
    scale = nearby(flow, points, box)
    points = rounded_to_nought(flow, points, box, scale)
    field = np.abs(flow(points) / scale)
    singular = np.linalg.svd(slopes_across(flow, points, box) / scale[:, :, None], compute_uv=False)
    regular = (singular[:, -1] > _REGULAR * singular[:, 0]) & (singular[:, -1] > _STEEP)
    moved = np.max(np.abs(newton_step(flow, points, box)), axis=-1, initial=0.0)
    worst = np.max(field, axis=-1, initial=0.0)
    good = np.where(regular, (moved < 1e-9) & (worst < 1e-4), (moved < 1e-4) & (worst < 1e-8))
    good &= box.contains(points, 1e-9)
    points, regular, worst = points[good], regular[good], worst[good]
    order = np.lexsort([worst, ~regular])
    return points[order], regular[order]


def nearby(flow: Flow, points: Array, box: Box) -> Array:
    """How large each component is a little way from each point: shape (m, n); never zero."""
    steps = np.random.default_rng(8).normal(size=(6, flow.size))
    steps *= _AWAY / np.linalg.norm(steps, axis=-1, keepdims=True)
    with np.errstate(all="ignore"):
        size = np.abs(flow(points[:, None] + steps * box.size))
    usual = np.median(np.where(np.isfinite(size), size, 0.0), axis=1)
    return np.where(usual > 0, usual, 1.0)


def slopes_across(flow: Flow, points: Array, box: Box) -> Array:
    """The Jacobian in sizes of the box; 0 where it is not finite."""
    slopes = flow.jacobian(points) * box.size
    return np.where(np.isfinite(slopes), slopes, 0.0)


def newton_step(flow: Flow, points: Array, box: Box) -> Array:
    """The smallest step to where the linear part vanishes, in sizes of the box."""
    slopes = slopes_across(flow, points, box)
    rows = np.abs(slopes).max(axis=-1)  # squares of very large numbers would be infinite
    rows = np.where(rows > 0, rows, 1.0)
    field = np.nan_to_num(flow(points) / rows)
    return np.einsum("mij,mj->mi", np.linalg.pinv(slopes / rows[:, :, None], rcond=1e-9), field)


def rounded_to_nought(flow: Flow, points: Array, box: Box, scale: Array) -> Array:
    """The points with what is 0 but for rounding made 0, where that makes the field no larger."""
    trial = np.where(np.abs(points) < 1e-12 * box.size, 0.0, points)
    with np.errstate(all="ignore"):
        worst = np.max(np.abs(flow(trial) / scale), axis=-1, initial=0.0)
        fine = worst <= np.max(np.abs(flow(points) / scale), axis=-1, initial=0.0) + 1e-15
    return np.where(fine[:, None], trial, points)


def once(points: Array, regular: Array, box: Box) -> tuple[Array, Array]:
    """Each zero once: of those that are the same, the best."""
    kept: list[int] = []
    scaled = (points - box.low) / box.size
    left = np.arange(len(points))
    while len(left):
        first = left[0]
        kept.append(int(first))
        near = np.where(regular[left], _SAME, _BLURRED)
        left = left[np.max(np.abs(scaled[left] - scaled[first]), axis=-1) > near]
    return points[kept], regular[kept]


def has_neighbours(flow: Flow, point: Array, box: Box) -> bool:
    """Whether a zero with a singular Jacobian lies on a line of zeros: moved along it, it stays where it is put."""
    scale = nearby(flow, point[None], box)[0]
    slopes = slopes_across(flow, point, box) / scale[:, None]
    _, values, directions = np.linalg.svd(slopes)
    for direction in directions[values <= 1e-5 * max(values[0], _STEEP)]:
        put = point + np.array([[_LINE], [-_LINE]]) * direction * box.size
        ends = put
        for _ in range(6):
            ends = ends - newton_step(flow, ends, box) * box.size
        stayed = np.max(np.abs(ends - put) / box.size, axis=-1) < 0.2 * _LINE
        still = np.max(np.abs(flow(ends) / scale), axis=-1) < 1e-12
        if np.any(stayed & still):
            return True
    return False


def together(points: Array, box: Box) -> list[Array]:
    """Points of zeros that are not isolated, in groups that hang together."""
    scaled = (points - box.low) / box.size
    groups: list[Array] = []
    left = np.arange(len(points))
    while len(left):
        group, left = left[:1], left[1:]
        front = group
        while len(front) and len(left):
            gaps = np.linalg.norm(scaled[left][:, None] - scaled[front][None], axis=-1).min(axis=1)
            front, left = left[gaps < 0.25], left[gaps >= 0.25]
            group = np.concatenate([group, front])
        groups.append(points[group])
    return groups
