"""What a training tells at its end: errors inside the range, at new times, and beyond it."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.brief import brief
from dydt.expr.graph import symbols, walk
from dydt.kernels.numpy import evaluate
from dydt.learning.gradient import even_mesh
from dydt.learning.loss import Piece
from dydt.learning.outliers import without_outliers
from dydt.learning.stages import FIRST_PARTS, POLISH
from dydt.learning.training import Outcome, Training

if TYPE_CHECKING:
    from dydt.learning.data import Data
    from dydt.learning.preparation import Prepared
    from dydt.ode import ODE
    from dydt.plotting.picture import Picture

Array = Any

_LOST = 200.0  # a mean square of misfit/noise so many times what is poor: nothing has been learned
_FAR = 6.0  # times the usual misfit: an outlier
_NORMAL = 1.4826  # the standard deviation of normal numbers in units of the median of their sizes
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
    forecasts : tuple of (int, ndarray, ndarray)
        Where the last part of each run was forecast to go before it was trained on, as `curves`.
    marks : tuple of (str, int)
        Where in the history each stage begins.
    independent : str
    is_lost : bool
        Whether no law was found that meets the data.
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
    forecasts: tuple[tuple[int, Array, Array], ...] = ()
    marks: tuple[tuple[str, int], ...] = ()
    independent: str = "t"
    is_lost: bool = False

    __repr__ = brief

    @property
    def iterations(self) -> int:
        """Of all stages: those that match slopes, and those that were undone, as well."""
        return len(self.history)

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
        lines.append(f"{self.weights:,} weights, {self.iterations:,} iterations, {self.seconds:.2f} s")
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
            "iterations": self.iterations,
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
        np.where(np.isnan(prepared.noise), prepared.counted, prepared.noise),
        _rms(off[~held]),
        _rms(unseen[held]),
        beyond,
        part,
        tuple((o.stage, o.iterations, o.loss) for o in training.outcomes),
        np.array([[loss, h] for _, _, loss, h in training.history]).reshape(-1, 2),
        seconds,
        training.scaling.size,
        " ".join(_notes(law, training, prepared, data)),
        data,
        starts,
        tuple(residuals),
        tuple(training.held),
        _curves(training, outcome, measured),
        _forecasts(training, measured),
        _marks([stage for stage, _, _, _ in training.history]),
        data.independent,
        _is_lost(training, prepared),
    )


def _is_lost(training: Training, prepared: Prepared) -> bool:
    return 2.0 * training.result.loss > _LOST * prepared.poor


def _marks(stages: Sequence[str]) -> tuple[tuple[str, int], ...]:
    return tuple((name, i) for i, name in enumerate(stages) if i == 0 or name != stages[i - 1])


def _forecast(training: Training, measured: Array) -> tuple[Array, float]:
    """The misfit to the last part of the runs, of the law that had not seen it; and how large that part was."""
    before = _before(training)
    if before is None:
        return np.full(len(measured), np.nan), 0.0
    off = _residuals(training, before, _whole_runs(training))
    last = [o[len(s.t) :, measured] for o, s in zip(off, training.shorter, strict=True)]
    return _rms(np.concatenate(last)), training.options.beyond


def _forecasts(training: Training, measured: Array) -> tuple[tuple[int, Array, Array], ...]:
    """The last part of the runs, as the law that had not seen it has them."""
    before = _before(training)
    if before is None:
        return ()
    pieces = _whole_runs(training)
    parts = zip(training.shorter, training.whole, strict=True)
    times = [
        np.linspace(first.t[-1], run.t[-1], max(30, _POINTS // 4 // len(pieces))) for first, run in parts
    ]
    followed = _follow(training, before, pieces, times)
    return tuple(
        (k, t, y[:, measured]) for k, (t, y) in enumerate(zip(times, followed, strict=True)) if t[-1] > t[0]
    )


def _before(training: Training) -> Outcome | None:
    """What was known when the last part of the runs had not been trained on yet."""
    return next((outcome for outcome in training.outcomes if outcome.stage == FIRST_PARTS), None)


def _way_out(law: ODE, data: Data) -> str:
    """What to try where training found no law."""
    is_alone = len(law.states) == 1 and data.independent not in symbols(law.equations.derivatives)
    if not is_alone:
        return "try another seed, more iterations, or hidden states, augment=1"
    x = law.states[0]
    return (
        f"what goes up and down has no law {x}' = f({x}), which never turns back. Something else moves it: a hidden "
        "state, augment=1, or the time, time_dependent=True or period=…"
    )


def _whole_runs(training: Training) -> list[Piece]:
    runs = enumerate(training.whole)
    return [Piece(k, float(r.t[0]), float(r.t[-1]), np.arange(len(r.t)), False) for k, r in runs]


def _notes(law: ODE, training: Training, prepared: Prepared, data: Data) -> list[str]:
    """What a reader should know."""
    found, outcome = [], training.result
    if _is_lost(training, prepared):
        found.append(f"Training found no law that meets the data: {_way_out(law, data)}.")
    elif training.is_over and not training.follows_runs:
        long = float(np.median([p.end - p.start for p in outcome.pieces]))
        found.append(
            f"Whole runs could not be followed: the law meets {outcome.stage} ({long:.2g} in {data.independent}), the "
            "misfits are those along them, and forecasts further than that are not to be trusted."
        )
    else:
        found += _of_misfit(training, prepared)
    if training.is_over and math.isinf(training.options.huber):
        found += _of_outliers(training, prepared, data)
    if np.any(np.isnan(prepared.noise)):
        unknown = ", ".join(s for s, v in zip(data.states, prepared.noise, strict=True) if np.isnan(v))
        found.append(f"The samples can't tell the noise of {unknown}: 1% of the width was taken for it.")
    if not training.is_over:
        found.append("The training was interrupted.")
    if is_told_time(law, min(run.t[0] for run in data.runs), max(run.t[-1] for run in data.runs)):
        t = data.independent
        found.append(
            f"A network is told {t}, and outside the times of the data it is a guess: if you know what drives the law, "
            f"say so, by period=… or in the law, as in x' = nn(x) + A*cos(w*{t})."
        )
    alike = absorbed(training)
    if alike:
        whose = "their parts" if len(alike) > 1 else "its part"
        found.append(
            f"The data don't determine {', '.join(alike)}: {whose} of the law can as well be the network's."
        )
    return found


def is_told_time(law: ODE, first: float, last: float) -> bool:
    """Whether an input of a network that depends on time goes on to values it did not have between these times."""
    t = law.independent
    inside, later = np.linspace(first, last, 1000), np.linspace(last, 1.5 * last - 0.5 * first, 500)
    for node in walk(law.equations.derivatives):
        for told in node.arguments if node.operation == "network" else ():
            names = symbols([told])
            if t in names and set(names) & set(law.states):
                return True
            if t in names:
                known, ahead = (
                    evaluate([told], {t: times, **law.parameters})[0] for times in (inside, later)
                )
                if np.max(np.abs(ahead - np.mean(known))) > 1.02 * np.max(np.abs(known - np.mean(known))):
                    return True
    return False


def _of_misfit(training: Training, prepared: Prepared) -> list[str]:
    """How near a law comes that follows the runs."""
    outcome = training.result
    is_poor, more = 2.0 * outcome.loss > prepared.poor, "more neurons or iterations may help."
    if not prepared.are_exact:
        return [f"The law misses the data by more than the noise: {more}"] if is_poor else []
    off = np.concatenate(_residuals(training, outcome, outcome.pieces))[:, prepared.measured]
    part = float(np.max(_rms(off) / prepared.sizes.width[prepared.measured]))
    said = f"The data show next to no noise: the law misses them by {100 * part:.2g}% of their width"
    return [f"{said}; {more}" if is_poor else f"{said}."]


def _of_outliers(training: Training, prepared: Prepared, data: Data) -> list[str]:
    """Some few samples that are much further from the law than the others, and from their neighbours."""
    outcome = training.result
    off = np.abs(np.concatenate(_residuals(training, outcome, outcome.pieces)))[:, prepared.measured]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        # Nothing is far off that misses by less than what is told to be noise.
        size = np.maximum(_NORMAL * np.nanmedian(off, axis=0), prepared.noise if prepared.is_told else 0.0)
    far = off > _FAR * size
    if prepared.are_exact or not far.any():
        return []
    usual = without_outliers(data)
    out = np.concatenate(
        [np.isnan(u.y) & np.isfinite(r.y) for u, r in zip(usual.runs, data.runs, strict=True)]
    )
    counts = np.count_nonzero(out & far, axis=0)
    found = [f"{n} samples of {state}" for n, state in zip(counts, data.states, strict=True) if n]
    if not found:
        return []
    return [
        f'{" and ".join(found)} lie far off the law and their neighbours: loss="huber" forgives outliers.'
    ]


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
    count = max(60, _POINTS // len(outcome.pieces))
    times = [np.linspace(p.start, p.end, count) for p in outcome.pieces]
    followed = _follow(training, outcome, outcome.pieces, times)
    return tuple((p.run, t, y[:, measured]) for p, t, y in zip(outcome.pieces, times, followed, strict=True))


def _follow(
    training: Training, outcome: Outcome, pieces: Sequence[Piece], times: Sequence[Array]
) -> list[Array]:
    """The states of a law along pieces, at these times of each."""
    meshes = [even_mesh(p.start, p.end, 0.5 * h) for p, h in zip(pieces, outcome.steps, strict=True)]
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
