"""Which orbits tell the story of a law of the plane: those that close, those that divide, and some of the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.dynamics.box import Box
from dydt.dynamics.travel import REACH, STEP, Traveller, as_points, farthest, gaps, moving

if TYPE_CHECKING:
    from dydt.dynamics.equilibria import Equilibria

Array = Any

_LENGTH = 12.0  # of orbits, in sizes of the box
_APART = 0.08  # orbits start at least so far from others
_LEAST, _MOST = 4, 16
_CLOSES = 2e-4  # how near an orbit comes back to where it was, if it closes
_BESIDE = 8e-3  # how far beside a closed orbit others are tried, to see whether they come nearer
_LEAST_LOOP = 12  # points of a loop
_LAPS = 120.0  # how far an orbit is followed to the cycle it nears
_ON = 9e-3  # an orbit so near a cycle can't be told from it
_RAY = 0.1  # distance of orbits around a centre, on the side where there is most room
_SADDLES = 40  # separatrices of more are too many to tell apart
_OFF = 1e-3  # how far from a saddle its separatrices start


@dataclass(frozen=True, eq=False)
class Orbit:
    """A curve that states follow.

    Attributes
    ----------
    points : ndarray, shape (k, 2)
        In the direction of time.
    times : ndarray, shape (k,)
        The law's time at each, 0 where it was started.
    kind : str
        ``"orbit"``, ``"closed"`` (one of many that return), ``"limit cycle"``, ``"separatrix"``.
    start : ndarray, shape (2,)
        Where it was started; of a separatrix, the saddle.
    stability : str
        Of a limit cycle ``"attractor"`` or ``"repulsor"``; of a separatrix ``"stable"`` (it leads to the saddle) or
        ``"unstable"`` (it leads away); else empty.
    """

    points: Array
    times: Array
    kind: str
    start: Array
    stability: str = ""

    @property
    def period(self) -> float:
        """The time of a turn, of a closed orbit or limit cycle; else NaN."""
        if self.kind not in ("closed", "limit cycle"):
            return float("nan")
        return float(self.times[-1] - self.times[0])

    def to_dict(self) -> dict[str, Any]:
        """Plain lists."""
        told: dict[str, Any] = {"kind": self.kind, "start": self.start.tolist(), "stability": self.stability}
        if self.kind in ("closed", "limit cycle"):
            told["period"] = self.period
        return told | {"times": self.times.tolist(), "points": self.points.tolist()}


@dataclass(frozen=True, eq=False)
class Story:
    """The orbits of a picture."""

    separatrices: tuple[Orbit, ...]
    cycles: tuple[Orbit, ...]
    orbits: tuple[Orbit, ...]


def story(traveller: Traveller, box: Box, rest: Equilibria, given: Array | None = None) -> Story:
    """Separatrices, limit cycles, and orbits: those through given points, or some that are spread evenly."""
    separatrices = separate(traveller, box, rest)
    around = rays(box, rest)
    candidates = np.concatenate([around, _grid(box)])
    forwards, backwards = _both_ways(traveller, candidates, box)
    whole = [_joined(f, b, s, box) for f, b, s in zip(forwards, backwards, candidates, strict=True)]
    cycles = limit_cycles(traveller, box, whole, forwards, backwards)
    separatrices = [_cut_at(orbit, cycles, box) for orbit in separatrices]
    if given is not None:
        starts = as_points(given)
        ahead, behind = _both_ways(traveller, starts, box)
        orbits = [_joined(f, b, s, box) for f, b, s in zip(ahead, behind, starts, strict=True)]
    else:
        drawn = [orbit.points for orbit in (*separatrices, *cycles)]
        orbits = choose(whole, box, drawn, rest.points, nested=len(around))
    return Story(tuple(separatrices), tuple(cycles), tuple(orbits))


def _grid(box: Box) -> Array:
    """Starts on a grid; where the box shows a strip of what is negative only for the axis to be seen, none there."""
    starts = box.grid(15, 15)
    strip = (box.low < 0) & (box.low > -0.06 * box.high)
    return starts[~np.any(strip & (starts < 0), axis=-1)]


def rays(box: Box, rest: Equilibria) -> Array:
    """Starts on a line from each centre to the side where there is most room."""
    starts = [np.zeros((0, 2))]
    for item in rest:
        if item.kind in ("centre", "centre or spiral") and box.contains(item.point):
            room = np.stack([(box.high - item.point) / box.size, (item.point - box.low) / box.size])
            side, axis = np.unravel_index(int(np.argmax(room)), room.shape)
            far = np.arange(0.6 * _RAY, float(room[side, axis]), _RAY)
            points = np.tile(item.point, (len(far), 1))
            points[:, axis] += (1.0 - 2.0 * side) * far * box.size[axis]
            starts.append(points)
    return np.concatenate(starts)


def _both_ways(traveller: Traveller, starts: Array, box: Box) -> tuple[list[Orbit], list[Orbit]]:
    """Orbits ahead and back from their starts, as long as they go on."""
    ways = []
    for length in (_LENGTH, -_LENGTH):
        trails = traveller.orbits(starts, box, length)
        lasts = moving(trails.points, box)
        ways.append(
            [
                Orbit(trails.points[k, : lasts[k]], trails.times[k, : lasts[k]], "orbit", starts[k])
                for k in range(len(starts))
            ]
        )
    return ways[0], ways[1]


def _joined(ahead: Orbit, behind: Orbit, start: Array, box: Box) -> Orbit:
    """One orbit from both ways; one turn of it, if it closes."""
    if (loop := closing(ahead.points, 0, box)) is not None:
        points = np.concatenate([ahead.points[:loop], ahead.points[:1]])
        share = _share(ahead.points, loop, ahead.points[0], box)
        last = ahead.times[loop - 1] + share * (ahead.times[loop] - ahead.times[loop - 1])
        return Orbit(points, np.append(ahead.times[:loop], last), "closed", start)
    points = np.concatenate([behind.points[:0:-1], ahead.points])
    times = np.concatenate([behind.times[:0:-1], ahead.times])
    return Orbit(points, times, "orbit", start)


def _share(points: Array, k: int, target: Array, box: Box) -> float:
    """Where between point k − 1 and point k a target lies."""
    way = (points[k] - points[k - 1]) / box.size
    return float(np.clip(((target - points[k - 1]) / box.size) @ way / max(float(way @ way), 1e-300), 0, 1))


def closing(points: Array, place: int, box: Box) -> int | None:
    """The first point after which an orbit is back at the point of a place; None if it does not come back."""
    target = points[place]
    scaled = (points[place:] - target) / box.size
    if len(scaled) < _LEAST_LOOP:
        return None
    far = np.hypot(scaled[:, 0], scaled[:, 1])
    away = int(np.argmax(far > 4 * STEP))
    if far[away] <= 4 * STEP:
        return None
    way = scaled[1] - scaled[0]
    near = np.flatnonzero(far[away:] < 1.6 * STEP) + away
    for k in near[near >= _LEAST_LOOP]:
        step = scaled[k] - scaled[k - 1]
        along = float(scaled[k - 1] @ step), float(scaled[k] @ step)
        if step @ way <= 0 or not along[0] <= 0 <= along[1]:
            continue
        across = abs(scaled[k - 1][0] * step[1] - scaled[k - 1][1] * step[0]) / max(
            float(np.hypot(*step)), 1e-300
        )
        bend = 0.5 * float(
            np.hypot(*(way / max(np.hypot(*way), 1e-300) - step / max(np.hypot(*step), 1e-300)))
        )
        if across < _CLOSES + 0.5 * STEP * bend:
            return place + int(k)
        return None
    return None


# -- cycles ---------------------------------------------------------------------------------------------------------


def limit_cycles(
    traveller: Traveller, box: Box, whole: list[Orbit], forwards: list[Orbit], backwards: list[Orbit]
) -> list[Orbit]:
    """Closed orbits that others near, ahead in time or back."""
    cycles: list[Orbit] = []
    full = round(_LENGTH / STEP)
    for ways, sign, stability in ((forwards, 1.0, "attractor"), (backwards, -1.0, "repulsor")):
        restless = [
            way.points[-1]
            for way, orbit in zip(ways, whole, strict=True)
            if orbit.kind != "closed" and len(way.points) > full
        ]
        if not restless:
            continue
        ends = np.array(restless)
        ends = ends[farthest(ends, 10, box)]
        ends = traveller.ends(ends, box, sign * _LAPS)
        trails = traveller.orbits(ends, box, sign * _LENGTH)
        found: list[Orbit] = []
        for points, times, end in zip(trails.points, trails.times, ends, strict=True):
            loop = closing(points, 0, box)
            if loop is None or np.hypot(*((points[loop] - points[loop - 1]) / box.size)) < 0.02 * STEP:
                continue
            share = _share(points, loop, points[0], box)
            last = times[loop - 1] + share * (times[loop] - times[loop - 1])
            turn = np.concatenate([points[:loop], points[:1]]), np.append(times[:loop], last)
            if sign < 0:
                turn = turn[0][::-1], turn[1][::-1]
            cycle = Orbit(turn[0], turn[1], "limit cycle", end, stability)
            if not any(_same(cycle, other, box) for other in [*cycles, *found]):
                found.append(cycle)
        cycles += _isolated(traveller, box, found, sign)
    return cycles


def _isolated(traveller: Traveller, box: Box, cycles: list[Orbit], sign: float) -> list[Orbit]:
    """The closed orbits that those beside them near, and do not run along with, as they do around a centre."""
    if not cycles:
        return []
    beside = []
    for cycle in cycles:
        way = (cycle.points[1] - cycle.points[0]) / box.size
        across = np.array([-way[1], way[0]]) / max(float(np.hypot(*way)), 1e-300) * box.size
        beside += [cycle.points[0] + side * _BESIDE * across for side in (1.0, -1.0)]
    ends = traveller.ends(np.array(beside), box, sign * _LAPS)
    kept = []
    for k, cycle in enumerate(cycles):
        apart = _to_curve(ends[2 * k : 2 * k + 2], cycle.points, box)
        if apart.min() < 0.3 * _BESIDE:
            kept.append(cycle)
    return kept


def _to_curve(points: Array, curve: Array, box: Box) -> Array:
    """How far points are from the segments of a curve, in sizes of the box."""
    a, b = curve[:-1] / box.size, curve[1:] / box.size
    way = b - a
    long = np.maximum((way**2).sum(axis=-1), 1e-300)
    to = points[:, None] / box.size - a
    share = np.clip((to * way).sum(axis=-1) / long, 0.0, 1.0)
    return np.linalg.norm(to - share[..., None] * way, axis=-1).min(axis=-1)


def _same(cycle: Orbit, other: Orbit, box: Box) -> bool:
    return bool(gaps(cycle.points, other.points, box).max() < 2 * STEP)


def _cut_at(orbit: Orbit, cycles: list[Orbit], box: Box) -> Orbit:
    """The orbit without the laps that can't be told from a limit cycle."""
    for cycle in cycles:
        apart = ~Ink(box, [cycle.points]).near(orbit.points)
        if apart.any():
            first, last = int(np.argmax(apart)), len(apart) - int(np.argmax(apart[::-1]))
            kept = slice(max(0, first - 1), last + 1)
            orbit = replace(orbit, points=orbit.points[kept], times=orbit.times[kept])
    return orbit


# -- separatrices ---------------------------------------------------------------------------------------------------


def separate(traveller: Traveller, box: Box, rest: Equilibria) -> list[Orbit]:
    """The stable and unstable manifolds of the saddles in the box: two orbits that leave each, two that end there."""
    starts: list[Array] = []
    saddles: list[Array] = []
    signs: list[float] = []
    pushing = [item for item in rest if item.stability == "saddle" and item.index == 1]
    for item in pushing[:_SADDLES]:
        if not box.contains(item.point):
            continue
        for k, value in enumerate(item.eigenvalues.real):
            if value == 0:
                continue
            direction = item.eigenvectors[:, k].real
            direction = direction / np.hypot(*(direction / box.size))
            for side in (1.0, -1.0):
                starts.append(item.point + side * _OFF * direction)
                saddles.append(item.point)
                signs.append(float(np.sign(value)))
    found: list[Orbit] = []
    for sign, stability in ((1.0, "unstable"), (-1.0, "stable")):
        some = [k for k, s in enumerate(signs) if s == sign]
        if not some:
            continue
        trails = traveller.orbits(np.array([starts[k] for k in some]), box, sign * _LENGTH)
        lasts = moving(trails.points, box, 1e-4)
        for points, times, last, k in zip(trails.points, trails.times, lasts, some, strict=True):
            curve = np.concatenate([saddles[k][None], points[:last]])
            clock = np.concatenate([times[:1], times[:last]])
            if sign < 0:
                curve, clock = curve[::-1], clock[::-1]
            found.append(Orbit(curve, clock, "separatrix", saddles[k], stability))
    return found


# -- the rest -------------------------------------------------------------------------------------------------------


def choose(
    whole: list[Orbit], box: Box, drawn: list[Array], points: Array, apart: float = _APART, nested: int = 0
) -> list[Orbit]:
    """Orbits whose starts are far from all that is drawn, one after the other, until there is no more room.

    The first, `nested` ones are those around centres, which are chosen before the others.

    Each ends where it joins what is drawn already (Jobard and Lefer, Creating Evenly-Spaced Streamlines of Arbitrary
    Density, 1997).
    """
    starts = np.array([orbit.start for orbit in whole])
    ink = Ink(box, drawn)
    thin = [curve[::4] for curve in drawn]
    distance = gaps(starts, np.concatenate([*thin, points, np.zeros((0, 2))]), box)
    distance[[_length(orbit, box) < 0.15 for orbit in whole]] = 0.0
    middle = np.hypot(*((starts - 0.5 * (box.low + box.high)) / box.size).T)
    distance = np.minimum(distance, 2.0 - middle)  # the first, if nothing is drawn yet, is in the middle
    chosen: list[Orbit] = []
    around = [k for k in range(nested) if whole[k].kind == "closed"]
    distance[:nested] *= [k in around for k in range(nested)]
    while len(chosen) < _MOST:
        best = around.pop(0) if around else int(np.argmax(distance))
        if best < nested and distance[best] < 0.6 * apart:
            continue
        if distance[best] < apart and best >= nested:
            if len(chosen) >= _LEAST or apart < 0.02:
                break
            apart *= 0.7  # what divides the plane leaves little room
            continue
        orbit = _tributary(whole[best], ink)
        distance = np.minimum(distance, gaps(starts, orbit.points[::2], box))
        distance[best] = 0.0 if best >= nested else -1.0
        if orbit.kind == "closed" or _length(orbit, box) > 0.1:
            chosen.append(orbit)
            ink.add(orbit.points)
    return chosen


def _tributary(orbit: Orbit, ink: Ink) -> Orbit:
    """An orbit from where it leaves what is drawn to where it joins it again."""
    if orbit.kind == "closed":
        return orbit
    place = int(np.argmin(np.hypot(*((orbit.points - orbit.start) / ink.box.size).T)))
    joined = np.flatnonzero(ink.near(orbit.points))
    before, after = joined[joined < place], joined[joined > place]
    kept = slice(int(before[-1]) if len(before) else 0, int(after[0]) + 1 if len(after) else None)
    return replace(orbit, points=orbit.points[kept], times=orbit.times[kept])


class Ink:
    """What is drawn already, on a fine grid that knows at once whether a point is near it."""

    def __init__(self, box: Box, curves: list[Array]) -> None:
        self.box = box
        self.origin = 0.5 * (box.low + box.high) - (REACH + 0.05) * box.size
        count = int(2 * (REACH + 0.05) / (_ON / 2)) + 6
        self.cells = np.zeros((count, count), dtype=bool)
        offsets = np.stack(np.meshgrid(*[np.arange(-2, 3)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
        self.disc = offsets[(offsets**2).sum(axis=-1) <= 5]
        for curve in curves:
            self.add(curve)

    def _cell(self, points: Array) -> Array:
        cells = np.floor((points - self.origin) / self.box.size / (_ON / 2)).astype(int) + 2
        return np.clip(cells, 2, len(self.cells) - 3)

    def add(self, points: Array) -> None:
        """Draw a curve."""
        around = (self._cell(points)[:, None] + self.disc).reshape(-1, 2)
        self.cells[around[:, 0], around[:, 1]] = True

    def near(self, points: Array) -> Array:
        """Which points can't be told from what is drawn."""
        cells = self._cell(points)
        return self.cells[cells[:, 0], cells[:, 1]]


def run_through(traveller: Traveller, box: Box, given: Array | None, drawn: list[Array]) -> list[Orbit]:
    """Orbits through given points, or some that are spread evenly, of a law that never rests."""
    starts = _grid(box) if given is None else as_points(given)
    forwards, backwards = _both_ways(traveller, starts, box)
    whole = [_joined(f, b, s, box) for f, b, s in zip(forwards, backwards, starts, strict=True)]
    return whole if given is not None else choose(whole, box, drawn, np.zeros((0, 2)), 1.1 * _APART)


def _length(orbit: Orbit, box: Box) -> float:
    """How long the part of an orbit in the box is."""
    inside = box.contains(orbit.points)
    return STEP * float(np.count_nonzero(inside))
