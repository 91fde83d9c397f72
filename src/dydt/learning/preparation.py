"""What training begins with: smooth curves of all states, what counts as one, and the sizes networks are trained in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.errors import InputError
from dydt.expr.graph import walk
from dydt.expr.network import Network, networks
from dydt.kernels.numpy import evaluate
from dydt.learning.data import Data
from dydt.learning.guess import Sketch
from dydt.learning.loss import Sizes
from dydt.learning.outliers import without_outliers
from dydt.learning.scaling import Range, Scaled, Scaling
from dydt.learning.smooth import Smooth, smooth_runs

if TYPE_CHECKING:
    from dydt.ode import ODE

Array = Any

_LEAST_NOISE = 1e-3  # of a state's width: nearer than that no network is asked to come
_POOR = 2.0  # a mean square of misfit/noise from which a law does not meet the data
_MET = 0.1  # one from which on nothing more is to be gained
_SEEN = 1e-2  # of a state's width: what a picture would show, if the data have no noise
_UNKNOWN = 5e-2  # of a state's width: what noise may be that nobody knows
_HIDDEN_NOISE = 1e-2  # of a hidden state's width
_ENOUGH = 500  # samples that tell the sizes of networks
_TRIAL = 1e-3  # of a network's output, by which its effect on the slopes is told

Bounds = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Prepared:
    """A law and data, ready to be trained.

    Attributes
    ----------
    data : Data
        All states of the law; NaN for those that were not measured.
    measured : ndarray of int
        Which states were, in the order of the data.
    curves : list of Lifted
    sizes : Sizes
    scaling : Scaling
    noise : ndarray
        Of each measured state; NaN where there are too few samples to tell.
    is_told : bool
        Whether somebody said so; else it was estimated.
    forgiven : float
        What outliers put on the mean square of misfit/noise, where a robust loss lets them be.
    """

    data: Data
    measured: Array
    curves: list[Lifted]
    sizes: Sizes
    scaling: Scaling
    noise: Array
    is_told: bool
    forgiven: float = 0.0

    @property
    def counted(self) -> Array:
        """What counts as noise of each measured state."""
        return self.sizes.noise[self.measured]

    @property
    def are_exact(self) -> bool:
        """Whether samples show next to no noise: less than what counts as noise in training."""
        return not self.is_told and bool(np.any(self.noise < self.counted))

    @property
    def met(self) -> float:
        """A mean square of misfit/noise at which training may end: a third of a noise that was told."""
        return _MET * float(np.mean((self.noise / self.counted) ** 2)) if self.is_told else 0.0

    @property
    def poor(self) -> float:
        """A mean square of misfit/noise above which a law does not meet the data.

        Noise that was not told is known less well from short runs; where there is none, or nobody knows it, a part of
        the widths counts.
        """
        if self.is_told:
            return _POOR + self.forgiven
        width = self.sizes.width[self.measured]
        missed = np.where(np.isnan(self.noise), _UNKNOWN * width, np.maximum(self.counted, _SEEN * width))
        missed = np.where(self.noise >= self.counted, self.counted, missed)
        few = 10.0 / float(np.median([len(run.t) for run in self.data.runs]))
        return _POOR * (1.0 + few) * float(np.mean((missed / self.counted) ** 2)) + self.forgiven


class Lifted:
    """Smooth curves of all states of a law: the measured ones, slopes of these, and constants for the rest.

    Parameters
    ----------
    smooth : Smooth
        Of the columns of the data.
    sources : mapping
        State -> (column, how often it is differentiated, unit).
    begin : ndarray, shape (n,)
        The constants.

    Attributes
    ----------
    known : ndarray of bool, shape (n,)
        The states whose slopes can be matched.
    """

    def __init__(self, smooth: Smooth, sources: Mapping[int, tuple[int, int, float]], begin: Array) -> None:
        self.smooth, self.begin = smooth, begin
        self.sources = dict(sources)
        self.known = np.zeros(len(begin), dtype=bool)
        self.known[list(sources)] = True

    def __call__(self, t: Array) -> Array:
        """The states at these times, shape (len(t), n)."""
        found = np.tile(self.begin, (len(t), 1))
        return self._fill(found, t, 0)

    def slope(self, t: Array) -> Array:
        """Their derivatives."""
        return self._fill(np.zeros((len(t), len(self.begin))), t, 1)

    def tells(self, t: Array) -> Array:
        """Whether the samples reach around these times in every column there is."""
        columns = {column for column, _, _ in self.sources.values()}
        return np.all([self.smooth.reaches(column, t) for column in columns], axis=0)

    def _fill(self, found: Array, t: Array, more: int) -> Array:
        for i, (column, order, unit) in self.sources.items():
            found[:, i] = self.smooth.derivative(column, order + more, t) / unit
        return found


def prepare(
    ode: ODE,
    data: Data,
    bounds: Bounds,
    free: Sequence[str],
    begin: Mapping[str, float],
    augmented: int = 0,
    huber: float = np.inf,
) -> Prepared:
    """Everything training is told.

    Parameters
    ----------
    ode : ODE
    data : Data
        Its columns are states of the law, not necessarily all.
    bounds : mapping
        Of free parameters.
    free : sequence of str
        Parameters that are found along with the weights.
    begin : mapping
        Where states begin that were not measured.
    augmented : int
        How many of the last states stand for whatever helps.
    huber : float
        So many times the noise is a misfit from which on it counts less: then the smooth curves leave outliers aside.
    """
    usual = without_outliers(data) if huber < np.inf else data
    smooth, estimated = smooth_runs(usual.runs)
    noise = estimated if data.noise is None else np.asarray(data.noise, dtype=float)
    measured = np.array([ode.states.index(name) for name in data.states])
    first = np.array([begin.get(name, 0.0) for name in ode.states])
    sources = {i: (column, order, 1.0) for i, (column, order) in Sketch(ode, data).sources.items()}
    sources |= _of_augmented(ode, data, smooth, augmented)
    curves = [Lifted(s, sources, first) for s in smooth]
    runs = []
    for run in data.runs:
        y = np.full((len(run.t), len(ode.states)), np.nan)
        y[:, measured] = run.y
        runs.append(replace(run, y=y))
    whole = Data(ode.states, tuple(runs), None, data.independent)
    sizes = _sizes(data, curves, measured, noise, first)
    scaling = _scaling(ode, data, curves, bounds, free)
    forgiven = _forgiven(data, usual, curves, measured, sizes, huber)
    return Prepared(whole, measured, curves, sizes, scaling, noise, data.noise is not None, forgiven)


def _forgiven(
    data: Data, usual: Data, curves: Sequence[Lifted], measured: Array, sizes: Sizes, huber: float
) -> float:
    """What samples that stand out put on the mean square of misfit/noise: 2 huber |r| each."""
    total = 0.0
    for run, other, curve in zip(data.runs, usual.runs, curves, strict=True):
        out = np.isfinite(run.y) & np.isnan(other.y)
        off = np.abs(run.y - curve(run.t)[:, measured]) / sizes.noise[measured]
        total += 2.0 * huber * float(np.sum(off[out])) if out.any() else 0.0
    return total / len(data)


def _of_augmented(
    ode: ODE, data: Data, smooth: Sequence[Smooth], augmented: int
) -> dict[int, tuple[int, int, float]]:
    """Augmented states begin as slopes of measured ones, of width one: with these most signals obey a law.

    F. Takens, Detecting strange attractors in turbulence, Lecture Notes in Mathematics 898 (1981) 366–381.
    """
    found, count = {}, len(data.states)
    for k in range(min(augmented, count)):
        slopes = [s.derivative(k, 1, run.t) for s, run in zip(smooth, data.runs, strict=True)]
        unit = float(np.std(np.concatenate(slopes))) or 1.0
        found[len(ode.states) - augmented + k] = (k, 1, unit)
    return found


def _sizes(data: Data, curves: Sequence[Lifted], measured: Array, noise: Array, first: Array) -> Sizes:
    """The widths of what the states do and the noise of the samples."""
    everything = np.concatenate([run.y for run in data.runs])
    path = np.concatenate([curve(run.t) for curve, run in zip(curves, data.runs, strict=True)])
    width = np.std(path, axis=0)
    width[measured] = np.nanstd(everything, axis=0)
    width = np.where(width > 0.0, width, np.where(first != 0.0, np.abs(first), 1.0))
    of_state = _HIDDEN_NOISE * width
    known = np.where(np.isnan(noise), _SEEN * width[measured], noise)
    of_state[measured] = np.maximum(known, _LEAST_NOISE * width[measured])
    return Sizes(width, of_state)


# -- sizes of networks --------------------------------------------------------------------------------------------


def _scaling(ode: ODE, data: Data, curves: Sequence[Lifted], bounds: Bounds, free: Sequence[str]) -> Scaling:
    """The sizes of what goes into the networks and comes out of them, from smooth curves through the data."""
    law, place = ode.equations, {name: i for i, name in enumerate(ode.parameters)}
    t = np.concatenate([run.t for run in data.runs])
    y = np.concatenate([curve(run.t) for curve, run in zip(curves, data.runs, strict=True)])
    slopes = np.concatenate([curve.slope(run.t) for curve, run in zip(curves, data.runs, strict=True)])
    some = slice(None, None, max(1, len(t) // _ENOUGH))
    t, y, slopes = t[some], y[some], slopes[some]
    found = networks(law.derivatives)
    weights = {name for network in found for name in network.weights}
    values = {name: value for name, value in ode.parameters.items() if name not in weights}
    missing = [name for name, value in values.items() if value is None]
    if missing:
        raise InputError(f"`{missing[0]}` has no value: give it one to begin with, as in {missing[0]}=1")
    known: dict[str, Any] = {ode.independent: t, **dict(zip(ode.states, y.T, strict=True)), **values}
    known |= dict.fromkeys(weights, 0.0)

    def rows(nodes: Sequence[Any], more: Mapping[str, float] | None = None) -> Array:
        with np.errstate(all="ignore"):
            made = evaluate(list(nodes), {**known, **(more or {})})
        return np.array(
            [np.broadcast_to(v, t.shape) if np.all(np.isfinite(v)) else np.zeros(len(t)) for v in made]
        )

    without = rows(law.derivatives)
    missed = np.where(curves[0].known[:, None], slopes.T - without, 0.0)
    scaled = []
    for network in found:
        inputs = rows(_inputs(ode, network))
        width = np.std(inputs, axis=1)
        width = np.where(width > 0.0, width, 1.0)
        unit = np.empty(network.sizes[-1])
        for k in range(len(unit)):
            bias = network.weights[network.layers[-1].biases + k]
            effect = (rows(law.derivatives, {bias: _TRIAL}) - without) / _TRIAL
            unit[k] = _unit(missed, effect)
        scaled.append(Scaled(network, place[network.weights[0]], np.mean(inputs, axis=1), width, unit))
    plain = {
        place[name]: Range.around(float(values[name] or 0.0), *bounds.get(name, (-np.inf, np.inf)))
        for name in free
    }
    fixed = np.array([0.0 if v is None else v for v in ode.parameters.values()])
    return Scaling(scaled, plain, fixed)


def _unit(missed: Array, effect: Array) -> float:
    """How large an output should be to make up for what the slopes miss: the least over the equations it is in."""
    needed = np.array([np.std(row) or np.sqrt(np.mean(row**2)) for row in missed])
    strength = np.sqrt(np.mean(effect**2, axis=1))
    there = (strength > 0) & (needed > 0)
    return float(np.min(needed[there] / strength[there])) if there.any() else 1.0


def _inputs(ode: ODE, network: Network) -> tuple[Any, ...]:
    """The expressions that go into a network, where it is first asked."""
    nodes = walk(ode.equations.derivatives)
    return next(n.arguments for n in nodes if n.operation == "network" and n.value.network == network)
