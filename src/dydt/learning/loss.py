"""What training makes small: the misfit of slopes to a smooth curve, and of pieces of trajectories to the samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dydt.learning.data import Run
from dydt.learning.gradient import Engine, even_mesh
from dydt.learning.scaling import Scaling

Array = Any


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
    """

    def __init__(
        self, engine: Engine, scaling: Scaling, t: Array, y: Array, slopes: Array, decay: float, known: Array
    ) -> None:
        self.scaling, self.decay = scaling, decay
        self.states, self.slopes = y, slopes
        spread = np.std(slopes, axis=0)
        self.weights = known / np.where(spread > 0, spread, 1.0)
        self.batch = engine.batch([np.array([time, time + 1.0]) for time in t])
        self.mask = scaling.decaying()
        self.count = max(1, len(t) * int(np.count_nonzero(known)))

    def __call__(self, z: Array) -> tuple[float, Array]:
        residuals = self.residuals(z)
        value = 0.5 * float(np.sum(residuals**2)) / self.count
        nothing = np.zeros((0, residuals.shape[1]))
        _, of_parameters = self.batch.backward(nothing, residuals * self.weights / self.count)
        decay = self.decay * self.mask * z
        return value + 0.5 * float(decay @ z), self.scaling.pull(z, of_parameters) + decay

    def residuals(self, z: Array) -> Array:
        """Slopes of the law less those of the curves, in their units: shape (points, n)."""
        _, ends = self.batch.forward(self.states, self.scaling.to_law(z))
        return (ends - self.states - self.slopes) * self.weights


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
        The mean square of misfit/noise over the samples that are held out, at the last call.

    Samples that are NaN are not there.
    """

    def __init__(
        self,
        engine: Engine,
        scaling: Scaling,
        runs: Sequence[Run],
        pieces: Sequence[Piece],
        sizes: Sizes,
        longest_step: float,
        decay: float,
        held: Sequence[Array],
        huber: float = math.inf,
    ) -> None:
        self.engine, self.scaling, self.pieces, self.sizes = engine, scaling, list(pieces), sizes
        self.size = len(engine.law.states)
        self.decay, self.huber = decay, huber
        self.mask = scaling.decaying()
        self.batch = engine.batch(
            [even_mesh(p.start, p.end, longest_step) for p in pieces],
            [runs[p.run].t[p.rows] for p in pieces],
            atol=_tolerance(sizes),
            rtol=0.0,
        )
        targets = np.concatenate([runs[p.run].y[p.rows] for p in pieces])
        kept_back = np.concatenate([held[p.run][p.rows] for p in pieces])
        there = np.isfinite(targets)
        self.targets = np.where(there, targets, 0.0)
        weights = np.where(there, 1.0 / sizes.noise, 0.0)
        self.weights, self.held_weights = weights * ~kept_back[:, None], weights * kept_back[:, None]
        self.count = max(1, int(np.count_nonzero(self.weights)))
        self.held_count = int(np.count_nonzero(self.held_weights))
        self.follows = np.array([p.follows for p in pieces])
        self.held = math.nan

    def variables(self, z: Array, starts: Array) -> Array:
        """The variables for these states at the start of the pieces."""
        return np.concatenate([z, (starts / self.sizes.width).ravel()])

    def split(self, variables: Array) -> tuple[Array, Array]:
        """The variables of the scaling, and the states the pieces start with."""
        z, rest = variables[: self.scaling.size], variables[self.scaling.size :]
        return z, rest.reshape(len(self.pieces), self.size) * self.sizes.width

    def __call__(self, variables: Array) -> tuple[float, Array]:
        z, starts = self.split(variables)
        samples, ends = self.batch.forward(starts, self.scaling.to_law(z))
        misfit = samples - self.targets
        with np.errstate(over="ignore", invalid="ignore"):
            residuals = misfit * self.weights
            gaps = np.zeros_like(ends)
            gaps[:-1] = np.where(self.follows[1:, None], (ends[:-1] - starts[1:]) / self.sizes.noise, 0.0)
            costs, slopes = _robust(residuals, self.huber)
            value = (float(np.sum(costs)) + 0.5 * float(np.sum(gaps**2))) / self.count
            self.held = float(np.sum((misfit * self.held_weights) ** 2)) / max(1, self.held_count)
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


def _robust(residuals: Array, huber: float) -> tuple[Array, Array]:
    """Costs and their derivatives: ½r², or beyond `huber` a line (P. J. Huber, Ann. Math. Stat. 35 (1964) 73–101)."""
    if not math.isfinite(huber):
        return 0.5 * residuals**2, residuals
    clipped = np.clip(residuals, -huber, huber)
    return clipped * (residuals - 0.5 * clipped), clipped


def _tolerance(sizes: Sizes) -> Array:
    """The error of a step that does not matter: a small part of the noise."""
    return np.maximum(0.02 * sizes.noise, 1e-9 * sizes.width)
