"""What a training tells at its end: errors inside the range, at new times, and beyond it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.brief import brief
from dydt.expr.graph import symbols
from dydt.learning.gradient import even_mesh
from dydt.learning.loss import Piece
from dydt.learning.training import POLISH, Outcome, Training

if TYPE_CHECKING:
    from dydt.learning.data import Data
    from dydt.learning.preparation import Prepared
    from dydt.ode import ODE
    from dydt.plotting.picture import Picture

Array = Any

POOR = 2.0  # a mean square of misfit/noise from which a law does not meet the data
_LOST = 400.0  # a mean square of misfit/noise at which nothing has been learned
_POINTS = 400  # of the curves of a report
_ABSORBED = 0.03  # the part of a parameter's effect that networks can't have: if it is less, nobody can tell them apart


@dataclass(frozen=True, eq=False)
class Report:
    """How well a law that was learned meets the data.

    Attributes
    ----------
    states : tuple of str
    noise : ndarray, shape (n,)
        What a sample is taken to scatter by.
    inside : ndarray, shape (n,)
        The root mean square of the misfits to the samples it was trained on.
    new_times : ndarray, shape (n,)
        The same for samples that were held out; NaN if there were none.
    beyond : ndarray, shape (n,)
        The same for the last part of the runs, forecast before it was trained on; NaN if nothing was held back.
    beyond_part : float
        How large that part was.
    stages : tuple of (str, int, float)
        What was done, with iterations and the loss at the end.
    history : ndarray, shape (iterations, 2)
        Loss, and mean square of the held-out misfits in units of the noise.
    seconds : float
    weights : int
    note : str
        What a reader should know, or nothing.
    data : Data
    starts : ndarray, shape (runs, n)
        The states the runs begin with, as they were found.
    residuals : tuple of ndarray, shape (m, n)
        Law minus samples, a run each; NaN where there is no sample.
    held : tuple of ndarray of bool, shape (m,)
        Which samples were held out.
    curves : tuple of (int, ndarray, ndarray)
        What the law does: a run, times, and the measured states at these. A run is one curve, or if whole runs could
        not be followed, a curve for each piece.
    marks : tuple of (str, int)
        Where in the history each stage begins.
    independent : str
    """

    states: tuple[str, ...]
    noise: Array
    inside: Array
    new_times: Array
    beyond: Array
    beyond_part: float
    stages: tuple[tuple[str, int, float], ...]
    history: Array
    seconds: float
    weights: int
    note: str
    data: Data
    starts: Array
    residuals: tuple[Array, ...] = ()
    held: tuple[Array, ...] = ()
    curves: tuple[tuple[int, Array, Array], ...] = ()
    marks: tuple[tuple[str, int], ...] = ()
    independent: str = "t"

    __repr__ = brief

    def __str__(self) -> str:
        rows = [("misfit (rms)", *self.states), ("trained on", *map(_number, self.inside))]
        if np.all(np.isfinite(self.new_times)):
            rows.append(("at new times", *map(_number, self.new_times)))
        if np.all(np.isfinite(self.beyond)):
            rows.append((f"forecast of the last {self.beyond_part:.0%}", *map(_number, self.beyond)))
        rows.append(("noise", *map(_number, self.noise)))
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = [
            "  ".join(
                f"{c:<{w}}" if i == 0 else f"{c:>{w}}" for i, (c, w) in enumerate(zip(r, widths, strict=True))
            )
            for r in rows
        ]
        iterations = sum(count for _, count, _ in self.stages)
        lines.append(f"{self.weights:,} weights, {iterations:,} iterations, {self.seconds:.2f} s")
        return "\n".join([*lines, self.note] if self.note else lines)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the data, as plain numbers and lists."""

        def listed(values: Array) -> dict[str, float | None]:
            return {s: float(v) if np.isfinite(v) else None for s, v in zip(self.states, values, strict=True)}

        return {
            "noise": listed(self.noise),
            "misfit": listed(self.inside),
            "misfit at new times": listed(self.new_times),
            "misfit of the forecast": listed(self.beyond),
            "forecast part": self.beyond_part,
            "stages": [{"name": n, "iterations": i, "loss": v} for n, i, v in self.stages],
            "seconds": self.seconds,
            "weights": self.weights,
            "note": self.note,
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    def plot(self, path: str | Path | None = None, dark: bool = False, **options: Any) -> Picture:
        """Samples and curves, residuals, and loss and held-out error over the iterations."""
        from dydt.plotting.training import training_picture

        return training_picture(self, path=path, dark=dark, **options)


def report(law: ODE, training: Training, prepared: Prepared, data: Data, seconds: float) -> Report:
    """What there is to tell of a training that is over."""
    outcome, runs = training.result, training.whole
    measured = prepared.measured
    residuals = [r[:, measured] for r in _residuals(training, outcome, outcome.pieces)]
    starts = np.zeros((len(runs), len(training.law.states)))
    for i, piece in reversed(list(enumerate(outcome.pieces))):
        starts[piece.run] = outcome.starts[i]
    held, off = np.concatenate(training.held), np.concatenate(residuals)
    unseen = off
    if outcome.stage == POLISH:  # which has seen the samples that were held out before
        before = training.outcomes[training.outcomes.index(outcome) - 1]
        unseen = np.concatenate(_residuals(training, before, before.pieces))[:, measured]
    beyond, part = _forecast(training, measured)
    return Report(
        data.states,
        prepared.noise,
        _rms(off[~held]),
        _rms(unseen[held]),
        beyond,
        part,
        tuple((o.stage, o.iterations, o.loss) for o in training.outcomes),
        np.array([[loss, h] for _, _, loss, h in training.history]).reshape(-1, 2),
        seconds,
        training.scaling.size,
        " ".join(_notes(law, training, data)),
        data,
        starts,
        tuple(residuals),
        tuple(training.held),
        _curves(training, outcome, measured),
        _marks([stage for stage, _, _, _ in training.history]),
        data.independent,
    )


def _marks(stages: Sequence[str]) -> tuple[tuple[str, int], ...]:
    return tuple((name, i) for i, name in enumerate(stages) if i == 0 or name != stages[i - 1])


def _forecast(training: Training, measured: Array) -> tuple[Array, float]:
    """The misfit to the last part of the runs, of the law that had not seen it; and how large that part was."""
    before = [o for o in training.outcomes if o.stage == "first parts of the runs"]
    if not before:
        return np.full(len(measured), np.nan), 0.0
    runs = training.whole
    pieces = [Piece(k, float(r.t[0]), float(r.t[-1]), np.arange(len(r.t)), False) for k, r in enumerate(runs)]
    off = _residuals(training, before[0], pieces)
    last = [o[len(s.t) :, measured] for o, s in zip(off, training.shorter, strict=True)]
    return _rms(np.concatenate(last)), training.options.beyond


def _notes(law: ODE, training: Training, data: Data) -> list[str]:
    """What a reader should know."""
    found, outcome = [], training.result
    if 2.0 * outcome.loss > _LOST:
        found.append("Training found no law that meets the data: try another seed, or more iterations.")
    elif outcome is not training.outcomes[-1]:
        found.append(
            f"Whole runs could not be followed: the law meets {outcome.stage}, the misfits are those along them, and "
            "forecasts further than that are not to be trusted."
        )
    elif 2.0 * outcome.loss > POOR * (1.0 if data.noise is not None else 2.0):
        found.append("The law misses the data by more than the noise: more neurons or iterations may help.")
    if not training.is_over:
        found.append("The training was interrupted.")
    if data.independent in symbols(law.equations.derivatives):
        found.append(f"The law depends on {data.independent}: outside the times of the data it is a guess.")
    alike = absorbed(training)
    if alike:
        whose = "their parts" if len(alike) > 1 else "its part"
        found.append(
            f"The data don't determine {', '.join(alike)}: {whose} of the law can as well be the network's."
        )
    return found


def absorbed(training: Training) -> list[str]:
    """The free parameters whose effect on the slopes, at the points of the smooth curves, networks can have as well."""
    scaling = training.scaling
    if not scaling.plain or not scaling.networks:
        return []
    loss, z = training.slope_loss(), training.result.z
    length = np.finfo(training.engine.format.numpy).eps ** 0.4  # rounding and curvature both count little
    base = loss.residuals(z)
    columns = np.empty((base.size, scaling.size))
    for k in range(scaling.size):
        step = np.zeros_like(z)
        step[k] = length * max(1.0, abs(z[k]))
        columns[:, k] = ((loss.residuals(z + step) - base) / step[k]).ravel()
    sizes = np.linalg.norm(columns, axis=0)
    own = scaling.size - len(scaling.plain)
    columns = np.where(np.isfinite(columns), columns, 0.0) / np.where(sizes > 0, sizes, 1.0)
    names = list(training.law.parameters)
    found = []
    for k, index in enumerate(scaling.plain):
        coefficients = np.linalg.lstsq(columns[:, :own], columns[:, own + k], rcond=1e-4)[0]
        if np.linalg.norm(columns[:, own + k] - columns[:, :own] @ coefficients) < _ABSORBED:
            found.append(names[index])
    return found


def _residuals(training: Training, outcome: Outcome, pieces: Sequence[Piece]) -> list[Array]:
    """Law minus samples along these pieces; NaN where there is no sample, or no piece."""
    runs = training.whole
    times = [runs[p.run].t[p.rows] for p in pieces]
    found = [np.full(run.y.shape, np.nan) for run in runs]
    for piece, samples in zip(pieces, _follow(training, outcome, pieces, times), strict=True):
        found[piece.run][piece.rows] = samples - runs[piece.run].y[piece.rows]
    return found


def _curves(training: Training, outcome: Outcome, measured: Array) -> tuple[tuple[int, Array, Array], ...]:
    """The law along the pieces, at many times."""
    count = max(20, _POINTS // len(outcome.pieces))
    times = [np.linspace(p.start, p.end, count) for p in outcome.pieces]
    followed = _follow(training, outcome, outcome.pieces, times)
    return tuple((p.run, t, y[:, measured]) for p, t, y in zip(outcome.pieces, times, followed, strict=True))


def _follow(
    training: Training, outcome: Outcome, pieces: Sequence[Piece], times: Sequence[Array]
) -> list[Array]:
    """The states of a law along pieces, at these times of each."""
    meshes = [even_mesh(p.start, p.end, 0.5 * training.longest_step) for p in pieces]
    samples, _ = training.engine.batch(meshes, times).forward(
        outcome.starts, training.scaling.to_law(outcome.z)
    )
    return np.split(samples, np.cumsum([len(t) for t in times])[:-1])


def _rms(values: Array) -> Array:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.sqrt(np.nanmean(values**2, axis=0))


def _number(value: float) -> str:
    return f"{value:.3g}"
