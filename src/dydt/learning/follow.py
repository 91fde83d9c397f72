"""Data minus trajectories, with the exact Jacobian: whole runs, or runs cut into pieces that must meet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dydt.learning.data import Run
from dydt.learning.trajectories import Trajectories
from dydt.learning.unknowns import Unknowns

Array = Any
Make = Callable[[Sequence[str]], Trajectories]


@dataclass(frozen=True, eq=False)
class Samples:
    """The samples of one run that are there.

    Attributes
    ----------
    run : Run
    row, column : ndarray, shape (m,)
        Which time and which measured state each sample is.
    value : ndarray, shape (m,)
    """

    run: Run
    row: Array
    column: Array
    value: Array

    @classmethod
    def of(cls, run: Run) -> Samples:
        row, column = np.nonzero(np.isfinite(run.y))
        return cls(run, row, column, run.y[row, column])


@dataclass(frozen=True, eq=False)
class Group:
    """Runs that are solved together.

    Attributes
    ----------
    times : ndarray
        At which they are asked for.
    runs : ndarray of int, shape (members,)
    ends : ndarray, shape (members,)
        When each is over.
    samples : list of (slice, ndarray, ndarray)
        Of each run: which of all samples are its own, and the place among `times` and the state of each.
    """

    times: Array
    runs: Array
    ends: Array
    samples: list[tuple[slice, Array, Array]]


class Whole:
    """Residuals of whole runs as a function of the unknowns.

    Parameters
    ----------
    unknowns : Unknowns
    samples : sequence of Samples
    measured : ndarray
        The states of the law that the columns of the data are.
    noise : ndarray
        One a column; residuals are in these units.
    make : callable
        Gives the trajectories for some quantities.
    """

    def __init__(
        self, unknowns: Unknowns, samples: Sequence[Samples], measured: Array, noise: Array, make: Make
    ) -> None:
        self.unknowns, self.samples, self.measured, self.make = unknowns, list(samples), measured, make
        self.noise = np.asarray(noise, dtype=float)
        self.trajectories = make(unknowns.quantities)
        counts = [len(s.value) for s in samples]
        self.first = np.concatenate([[0], np.cumsum(counts)]).astype(int)
        self.column = np.concatenate([s.column for s in samples])
        self.value = np.concatenate([s.value for s in samples])
        self.unit = self.noise[self.column]
        self.groups = [self._group(times, runs) for times, runs in _groups(samples)]
        self._columns = [unknowns.columns(k) for k in range(len(samples))]
        self._plain: Trajectories | None = None

    def _group(self, times: Array, runs: Array) -> Group:
        members = [self.samples[k] for k in runs]
        places = [
            (slice(*self.first[k : k + 2]), np.searchsorted(times, s.run.t)[s.row], self.measured[s.column])
            for k, s in zip(runs, members, strict=True)
        ]
        return Group(times, runs, np.array([s.run.t[-1] for s in members]), places)

    def with_noise(self, noise: Array) -> Whole:
        """The same in other units."""
        return Whole(self.unknowns, self.samples, self.measured, noise, self.make)

    @property
    def count(self) -> int:
        """How many samples there are."""
        return int(self.first[-1])

    def __call__(self, x: Array) -> tuple[Array, Array]:
        """Residuals (model minus data, in units of the noise) and their Jacobian."""
        u = self.unknowns
        parameters, states, slopes = u.begin(x)
        residuals, jacobian = np.empty(self.count), np.zeros((self.count, u.size))
        for group in self.groups:
            runs = group.runs
            shared = parameters[None].repeat(len(runs), axis=0)
            paths = self.trajectories(
                u.starts[runs], group.ends, states[runs], slopes[runs], shared, group.times
            )
            for member, (rows, row, state) in enumerate(group.samples):
                columns, unit = self._columns[runs[member]], self.unit[rows]
                residuals[rows] = (paths.y[member, row, state] - self.value[rows]) / unit
                jacobian[rows, columns] = paths.slopes[member, row, state] / unit[:, None]
        if u.has_logarithms:
            jacobian *= u.factors(x)
        return residuals, jacobian

    def residuals_of(self, many: Array) -> Array:
        """Residuals of many sets of unknowns at once, without derivatives: shape (sets, samples); NaN where a
        trajectory could not be followed."""
        u = self.unknowns
        if self._plain is None:
            self._plain = self.make(())
        begun = [u.begin(x) for x in many]
        found = np.full((len(many), self.count), np.nan)
        for group in self.groups:
            size = len(group.runs)
            sets, which = np.repeat(np.arange(len(many)), size), np.tile(group.runs, len(many))
            states = np.array([begun[i][1][k] for i, k in zip(sets, which, strict=True)])
            shared = np.array([begun[i][0] for i in sets])
            ends = np.tile(group.ends, len(many))
            nothing = np.zeros((*states.shape, 0))
            paths = self._plain(u.starts[which], ends, states, nothing, shared, group.times)
            for member, i in enumerate(sets):
                rows, row, state = group.samples[member % size]
                found[i, rows] = (paths.y[member, row, state] - self.value[rows]) / self.unit[rows]
        return found


def _groups(samples: Sequence[Samples]) -> list[tuple[Array, Array]]:
    """Runs that are solved together: those with the same times, or all of them if they share most of their times."""
    if len(samples) > 1:
        union = np.unique(np.concatenate([s.run.t for s in samples]))
        if len(union) <= 2 * max(len(s.run.t) for s in samples):
            return [(union, np.arange(len(samples)))]
    found: dict[bytes, list[int]] = {}
    for k, s in enumerate(samples):
        found.setdefault(s.run.t.tobytes(), []).append(k)
    return [(samples[members[0]].run.t, np.array(members)) for members in found.values()]


@dataclass(frozen=True, eq=False)
class Pieces:
    """How runs are cut: for each run the times where its pieces begin, and the states there.

    Attributes
    ----------
    nodes : list of ndarray, shape (pieces,)
        The first is where the run starts.
    states : list of ndarray, shape (pieces - 1, n)
        Where the later pieces begin.
    """

    nodes: list[Array]
    states: list[Array]

    def fewer(self, factor: int) -> Pieces:
        """So many pieces made one."""
        return replace(
            self,
            nodes=[nodes[::factor] for nodes in self.nodes],
            states=[y[factor - 1 :: factor] for y in self.states],
        )

    @property
    def most(self) -> int:
        return max(len(nodes) for nodes in self.nodes)


class Shooting:
    """Residuals of pieces, and of the gaps between them, as a function of (unknowns, starts of later pieces).

    Multiple shooting: H. G. Bock, in: Modelling of Chemical Reaction Systems, Springer 1981, 102–125,
    doi:10.1007/978-3-642-68220-9_8.

    Parameters
    ----------
    whole : Whole
    pieces : Pieces
    units : ndarray, shape (n,)
        What gaps are measured by.
    weight : float
        How much a gap of one unit counts beside a sample that is off by its noise.
    """

    def __init__(self, whole: Whole, pieces: Pieces, units: Array, weight: float) -> None:
        self.whole, self.pieces, self.weight = whole, pieces, weight
        self.units = units
        u = whole.unknowns
        states = u.ode.states
        self.trajectories = whole.make((*u.free, *(f"{s}(0)" for s in states)))
        self._fitted = [len(u.free) + states.index(s) for s in u.fitted]
        later = [len(nodes) - 1 for nodes in pieces.nodes]
        self._offset = u.size + np.concatenate([[0], np.cumsum(later)]) * len(states)
        self.size = int(self._offset[-1])
        self.gaps = sum(later) * len(states)

    def variables(self, x: Array) -> Array:
        """The unknowns and where pieces begin, in one."""
        return np.concatenate([x, *(y.reshape(-1) for y in self.pieces.states)])

    def split(self, z: Array) -> tuple[Array, Pieces]:
        """The unknowns, and the pieces with their starts."""
        n = len(self.whole.unknowns.ode.states)
        bounds = zip(self._offset[:-1], self._offset[1:], strict=True)
        starts = [z[a:b].reshape(-1, n) for a, b in bounds]
        return z[: self.whole.unknowns.size], replace(self.pieces, states=starts)

    def __call__(self, z: Array) -> tuple[Array, Array]:
        """Residuals of samples, then gaps; and their Jacobian."""
        whole, u = self.whole, self.whole.unknowns
        x, pieces = self.split(z)
        parameters, first, first_slopes = u.begin(x)
        factors, k, n = u.factors(x), len(u.free), first.shape[1]
        residuals = np.empty(whole.count + self.gaps)
        jacobian = np.zeros((len(residuals), self.size))
        gap = whole.count
        for run, s in enumerate(whole.samples):
            nodes, later = pieces.nodes[run], pieces.states[run]
            count = len(nodes)
            y0 = np.concatenate([first[run][None], later])
            slopes = np.zeros((count, n, k + n))
            slopes[0][:, [*range(k), *self._fitted]] = first_slopes[run]
            slopes[1:, np.arange(n), k + np.arange(n)] = 1.0
            ends = np.append(nodes[1:], s.run.t[-1])
            shared = np.broadcast_to(parameters, (count, len(parameters)))
            paths = self.trajectories(nodes, ends, y0, slopes, shared, s.run.t)
            # A sample belongs to the last piece that begins before it.
            piece = np.clip(np.searchsorted(nodes, s.run.t[s.row], side="right") - 1, 0, count - 1)
            rows = np.arange(whole.first[run], whole.first[run + 1])
            unit, state = whole.noise[s.column], whole.measured[s.column]
            residuals[rows] = (paths.y[piece, s.row, state] - s.value) / unit
            gaps = gap + np.arange((count - 1) * n).reshape(count - 1, n)
            gap += gaps.size
            scale = self.weight / self.units
            residuals[gaps] = (paths.end[:-1] - later) * scale
            own = u.columns(run)[k:]
            for j in range(count):
                mine = piece == j
                at = paths.slopes[j, s.row[mine], state[mine]] / unit[mine, None]
                places, kept = self._places(run, j, own, n, k)
                jacobian[np.ix_(rows[mine], places)] = at[:, kept] * np.append(
                    factors[:k], np.ones(len(places) - k)
                )
                if j < count - 1:
                    of_gap = paths.end_slopes[j][:, kept] * scale[:, None]
                    of_gap[:, :k] *= factors[:k]
                    jacobian[np.ix_(gaps[j], places)] = of_gap
                    jacobian[gaps[j], self._offset[run] + j * n + np.arange(n)] -= scale
        return residuals, jacobian

    def _places(self, run: int, piece: int, own: Array, n: int, k: int) -> tuple[Array, list[int]]:
        """The variables that a piece depends on, and which of the quantities these are."""
        if piece == 0:
            return np.concatenate([np.arange(k), own]), [*range(k), *self._fitted]
        start = self._offset[run] + (piece - 1) * n
        return np.concatenate([np.arange(k), start + np.arange(n)]), list(range(k + n))
