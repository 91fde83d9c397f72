"""What training makes small: the misfit of slopes to a smooth curve, and of pieces of trajectories to the samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dydt.learning.data import Run
from dydt.learning.gradient import Engine, even_mesh
from dydt.learning.jacobian import Jacobian
from dydt.learning.scaling import Scaling

Array = Any
Squares = tuple[Array, Callable[[], Array]]  # residuals, and what gives their Jacobian when it is called


@dataclass(frozen=True, eq=False)
class Sizes:
    """What counts as one: for each state the width of what it does, and the noise of a sample.

    Attributes
    ----------
    width, noise : ndarray, shape (n,)
    """

    width: Array
    noise: Array


class SlopeLoss:
    """½ mean of ((f(t, y) - y')/unit)² over points of smooth curves: gradient matching.

    J. M. Varah, SIAM J. Sci. Stat. Comput. 3 (1982) 28–46, doi:10.1137/0903003.

    Parameters
    ----------
    engine : Engine
        Of the method `euler`, which makes y + f out of y in a step of length one.
    known : ndarray of bool, shape (n,)
        The states that count; the others stay as they are told.
    free : ndarray, optional
        1 for variables that vary, 0 for those that stay where they are.
    """

    def __init__(
        self,
        engine: Engine,
        scaling: Scaling,
        t: Array,
        y: Array,
        slopes: Array,
        decay: float,
        known: Array,
        free: Array | None = None,
    ) -> None:
        self.engine, self.scaling, self.decay = engine, scaling, decay
        self.states, self.slopes = y, slopes
        spread = np.std(slopes, axis=0)
        self.weights = known / np.where(spread > 0, spread, 1.0)
        self._meshes = [np.array([time, time + 1.0]) for time in t]
        self.batch = engine.batch(self._meshes)
        self.mask = scaling.decaying()
        self.count = max(1, len(t) * int(np.count_nonzero(known)))
        self.free = np.ones(scaling.size) if free is None else free

    def __call__(self, z: Array) -> tuple[float, Array]:
        residuals = self.residuals(z)
        value = 0.5 * float(np.sum(residuals**2)) / self.count
        nothing = np.zeros((0, residuals.shape[1]))
        _, of_parameters = self.batch.backward(nothing, residuals * self.weights / self.count)
        decay = self.decay * self.mask * z
        gradient = (self.scaling.pull(z, of_parameters) + decay) * self.free
        return value + 0.5 * float(decay @ z), gradient

    def residuals(self, z: Array) -> Array:
        """Slopes of the law less those of the curves, in their units: shape (points, n)."""
        _, ends = self.batch.forward(self.states, self.scaling.to_law(z))
        return (ends - self.states - self.slopes) * self.weights

    def squares(self, z: Array) -> Squares:
        """The same as ½ Σ r² + ½ Σ decays z²: the residuals r, and what gives their Jacobian."""
        known, unit = self.weights > 0.0, 1.0 / math.sqrt(self.count)

        def jacobian() -> Array:
            _, of_ends = self._jacobian(self.states, self.scaling.to_law(z))
            rows = self.scaling.pull(z, of_ends[:, known, len(known) :]) * self.free
            return (rows * (self.weights[known] * unit)[:, None]).reshape(-1, len(z))

        return (self.residuals(z)[:, known] * unit).ravel(), jacobian

    @cached_property
    def _jacobian(self) -> Jacobian:
        return Jacobian(self.engine, self._meshes, (), np.zeros(0, dtype=int))

    @property
    def decays(self) -> Array:
        """How strongly each variable is pulled towards zero."""
        return self.decay * self.mask

    @property
    def rows(self) -> int:
        """How many residuals there are."""
        return self.count


@dataclass(frozen=True, eq=False)
class Piece:
    """A part of a run that is one trajectory of the law.

    Attributes
    ----------
    run : int
    start, end : float
    rows : ndarray
        Which samples of the run lie in it.
    follows : bool
        Whether the piece before it is of the same run, and should end where this one begins.
    """

    run: int
    start: float
    end: float
    rows: Array
    follows: bool


def cut_runs(runs: Sequence[Run], counts: Sequence[int]) -> list[Piece]:
    """The runs, cut into so many pieces each, with about as many samples in each piece."""
    pieces = []
    for index, (run, count) in enumerate(zip(runs, counts, strict=True)):
        edges = np.linspace(0, len(run.t) - 1, count + 1).round().astype(int)
        for k in range(count):
            first, last = edges[k], edges[k + 1]
            rows = np.arange(first, last if k < count - 1 else last + 1)
            pieces.append(Piece(index, float(run.t[first]), float(run.t[last]), rows, k > 0))
    return pieces


class ShootingLoss:
    """Multiple shooting: ½ mean of (misfit/noise)² over the samples, and of the gaps between pieces.

    H. G. Bock, in Numerical Treatment of Inverse Problems in Differential and Integral Equations, Birkhäuser (1983)
    95–121. The variables are those of the scaling, then the first state of each piece in units of the widths.

    Attributes
    ----------
    held : float
        The mean square of misfit/noise over the samples that are held out, at the last call; what lies beyond `huber`
        counts less there, too.
    at : ndarray
        The variables of the last call.

    Samples that are NaN are not there.
    """

    def __init__(
        self,
        engine: Engine,
        scaling: Scaling,
        runs: Sequence[Run],
        pieces: Sequence[Piece],
        sizes: Sizes,
        steps: float | Array,
        decay: float,
        held: Sequence[Array],
        huber: float = math.inf,
    ) -> None:
        self.engine, self.scaling, self.pieces, self.sizes = engine, scaling, list(pieces), sizes
        self.size = len(engine.law.states)
        self.decay, self.huber = decay, huber
        self.mask = scaling.decaying()
        longest = np.broadcast_to(steps, len(pieces))
        self._meshes = [even_mesh(p.start, p.end, h) for p, h in zip(pieces, longest, strict=True)]
        self._times = [runs[p.run].t[p.rows] for p in pieces]
        self.batch = engine.batch(self._meshes, self._times, atol=_tolerance(sizes), rtol=0.0)
        targets = np.concatenate([runs[p.run].y[p.rows] for p in pieces])
        kept_back = np.concatenate([held[p.run][p.rows] for p in pieces])
        there = np.isfinite(targets)
        self.targets = np.where(there, targets, 0.0)
        weights = np.where(there, 1.0 / sizes.noise, 0.0)
        self.weights, self.held_weights = weights * ~kept_back[:, None], weights * kept_back[:, None]
        self.count = max(1, int(np.count_nonzero(self.weights)))
        self.held_count = int(np.count_nonzero(self.held_weights))
        self.follows = np.array([p.follows for p in pieces])
        self.held, self.at = math.nan, np.zeros(0)

    def variables(self, z: Array, starts: Array) -> Array:
        """The variables for these states at the start of the pieces."""
        return np.concatenate([z, (starts / self.sizes.width).ravel()])

    def split(self, variables: Array) -> tuple[Array, Array]:
        """The variables of the scaling, and the states the pieces start with."""
        z, rest = variables[: self.scaling.size], variables[self.scaling.size :]
        return z, rest.reshape(len(self.pieces), self.size) * self.sizes.width

    def __call__(self, variables: Array) -> tuple[float, Array]:
        z, _, residuals, gaps = self._look(variables)
        with np.errstate(over="ignore", invalid="ignore"):
            costs, slopes = _robust(residuals, self.huber)
            value = (float(np.sum(costs)) + 0.5 * float(np.sum(gaps**2))) / self.count
        decay = self.decay * self.mask * z
        if not math.isfinite(value):
            return math.inf, np.zeros_like(variables)
        of_samples = slopes * self.weights / self.count
        of_ends = gaps / self.sizes.noise / self.count
        of_starts, of_parameters = self.batch.backward(of_samples, of_ends)
        of_starts[1:] -= of_ends[:-1]
        gradient = np.concatenate(
            [self.scaling.pull(z, of_parameters) + decay, (of_starts * self.sizes.width).ravel()]
        )
        return value + 0.5 * float(decay @ z), gradient

    def _look(self, variables: Array) -> tuple[Array, Array, Array, Array]:
        """z, the starts, misfits in units of the noise, and the gaps after pieces."""
        z, starts = self.split(variables)
        samples, ends = self.batch.forward(starts, self.scaling.to_law(z))
        misfit = samples - self.targets
        with np.errstate(over="ignore", invalid="ignore"):
            gaps = np.zeros_like(ends)
            gaps[:-1] = np.where(self.follows[1:, None], (ends[:-1] - starts[1:]) / self.sizes.noise, 0.0)
            held, _ = _robust(misfit * self.held_weights, self.huber)
            self.held, self.at = 2.0 * float(np.sum(held)) / max(1, self.held_count), variables
            return z, starts, misfit * self.weights, gaps

    # -- as a sum of squares --------------------------------------------------------------------------------------

    def squares(self, variables: Array) -> Squares:
        """The same as ½ Σ r² + ½ Σ decays x²: the residuals r, and what gives their Jacobian.

        Of a robust cost c the root of 2c is the residual: its derivative is c' over it (C. Zach, Robust bundle
        adjustment revisited, ECCV 2014, section 3).
        """
        z, starts, residuals, gaps = self._look(variables)
        unit = 1.0 / math.sqrt(self.count)
        counts = self.weights > 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            costs, slopes = _robust(residuals[counts], self.huber)
            roots = np.copysign(np.sqrt(2.0 * costs), slopes)

        def jacobian() -> Array:
            of_samples, of_ends = self._jacobian(starts, self.scaling.to_law(z))
            steepness = np.divide(slopes, roots, out=np.ones_like(roots), where=roots != 0.0)
            rows = self._rows(z, of_samples, self._jacobian.piece)[counts[self._chosen]]
            rows *= (steepness * self.weights[counts] * unit)[:, None]
            return np.concatenate([rows, self._gap_rows(z, of_ends) * unit])

        return np.concatenate([roots, gaps[:-1][self.follows[1:]].ravel()]) * unit, jacobian

    def _rows(self, z: Array, derivatives: Array, pieces: Array) -> Array:
        """From derivatives along starts and parameters to those along the variables."""
        n, size, every = self.size, self.scaling.size, np.arange(len(pieces))
        found = np.zeros((len(pieces), n, size + len(self.pieces) * n))
        found[:, :, :size] = self.scaling.pull(z, derivatives[:, :, n:])
        for i, width in enumerate(self.sizes.width):
            found[every, :, size + pieces * n + i] = derivatives[:, :, i] * width
        return found

    def _gap_rows(self, z: Array, of_ends: Array) -> Array:
        """The derivatives of the gaps: of where a piece ends, less those of where the next one starts."""
        n, before = self.size, np.flatnonzero(self.follows[1:])
        found = self._rows(z, of_ends[before], before)
        for i, width in enumerate(self.sizes.width):
            found[np.arange(len(before)), i, self.scaling.size + (before + 1) * n + i] -= width
        return (found / self.sizes.noise[:, None]).reshape(-1, found.shape[2])

    @cached_property
    def _chosen(self) -> Array:
        """The times at which something counts."""
        return np.flatnonzero((self.weights > 0.0).any(axis=1))

    @cached_property
    def _jacobian(self) -> Jacobian:
        return Jacobian(self.engine, self._meshes, self._times, self._chosen)

    @property
    def decays(self) -> Array:
        """How strongly each variable is pulled towards zero."""
        return np.concatenate([self.decay * self.mask, np.zeros(len(self.pieces) * self.size)])

    @property
    def rows(self) -> int:
        """How many residuals there are."""
        return int(np.count_nonzero(self.weights)) + self.size * int(np.count_nonzero(self.follows))


def _robust(residuals: Array, huber: float) -> tuple[Array, Array]:
    """Costs and their derivatives: ½r², or beyond `huber` a line (P. J. Huber, Ann. Math. Stat. 35 (1964) 73–101)."""
    if not math.isfinite(huber):
        return 0.5 * residuals**2, residuals
    clipped = np.clip(residuals, -huber, huber)
    return clipped * (residuals - 0.5 * clipped), clipped


def _tolerance(sizes: Sizes) -> Array:
    """The error of a step that does not matter: a small part of the noise."""
    return np.maximum(0.02 * sizes.noise, 1e-9 * sizes.width)
