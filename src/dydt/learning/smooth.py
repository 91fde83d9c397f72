"""Noisy samples of a curve -> a smooth curve and its slope: where training begins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from typing import Any, Protocol

import numpy as np

from dydt.learning.spline import MonotoneCubic, smoothing_spline

Array = Any

_UNSEEN = 0.5  # a part of what a curve misses: where neighbours scatter less than that, it misses the signal
_FEWEST = 6  # samples from which a spline can be told from noise


class Curve(Protocol):
    """What training is told of a run before a law is known."""

    known: Array

    def __call__(self, t: Array) -> Array:
        """The states at these times, shape (len(t), n)."""

    def slope(self, t: Array) -> Array:
        """Their derivatives."""

    def tells(self, t: Array) -> Array:
        """Whether it can be relied on at these times."""


class Smooth:
    """Curves through noisy samples, one for each column: cubic splines, as stiff as cross-validation wants them.

    P. Craven and G. Wahba, Numer. Math. 31 (1978) 377–403, doi:10.1007/BF01404567.

    Parameters
    ----------
    t : ndarray, shape (m,)
        Rising.
    y : ndarray, shape (m, n)
        NaN where there is no sample.
    otherwise : ndarray, shape (n,), optional
        What columns without any sample are taken to be; zero if not given.

    Attributes
    ----------
    noise : ndarray, shape (n,)
        The standard deviation of the samples around the curves; NaN where too few can tell.
    """

    def __init__(self, t: Array, y: Array, otherwise: Array | None = None) -> None:
        self.curves, noise, ends = [], [], []
        level = np.zeros(y.shape[1]) if otherwise is None else otherwise
        for column, constant in zip(np.asarray(y, dtype=float).T, level, strict=True):
            there = np.isfinite(column)
            curve, spread = _curve(t[there], column[there], float(constant))
            self.curves.append(curve)
            noise.append(spread)
            ends.append((t[there][0], t[there][-1]) if there.sum() > 1 else (np.inf, -np.inf))
        self.noise = np.array(noise)
        self.ends = ends  # beyond its samples a curve tells nothing, and stays where it is
        self.slopes = [curve.derivative() for curve in self.curves]

    def __call__(self, t: Array) -> Array:
        """The states at these times, shape (len(t), n)."""
        return np.stack([curve(t) for curve in self.curves], axis=-1)

    def slope(self, t: Array) -> Array:
        """Their derivatives."""
        return np.stack([slope(t) for slope in self.slopes], axis=-1)

    @property
    def known(self) -> Array:
        """The columns that have samples."""
        return np.array([low < high for low, high in self.ends])

    def tells(self, t: Array) -> Array:
        """Whether the samples of all columns reach around these times."""
        return np.all([self.reaches(column, t) for column in range(len(self.curves))], axis=0)

    def reaches(self, column: int, t: Array) -> Array:
        """Whether the samples of a column reach around these times."""
        low, high = self.ends[column]
        return (t >= low) & (t <= high)

    def derivative(self, column: int, order: int, t: Array) -> Array:
        """A derivative of one curve; before its first sample and after its last one it stays as it is there."""
        low, high = self.ends[column]
        curve = self.curves[column]
        for _ in range(order):
            curve = curve.derivative()
        return curve(np.clip(t, low, high) if low < high else t)


def _curve(t: Array, y: Array, otherwise: float) -> tuple[Any, float]:
    """A curve and the noise of the samples around it."""
    if len(t) < 2:
        return _Constant(float(y[0]) if len(y) else otherwise), math.nan
    if len(t) < _FEWEST or np.ptp(y) == 0.0:
        return _interpolated(t, y)
    curve: Any = _smoothed(t, y)
    spread, near = float(np.std(y - curve(t))), noise_of(t, y)
    if near < _UNSEEN * spread:
        other = _Paced(t, y)
        if (closer := float(np.std(y - other(t)))) < spread:
            curve, spread = other, closer
    # Residuals are smaller than the noise, which the curve follows a little; three neighbours see curvature as noise.
    return curve, float(np.clip(near, spread, 1.5 * spread))


def _smoothed(t: Array, y: Array) -> _Shifted:
    centre, unit = float(np.mean(t)), float(t[-1] - t[0]) / len(t)
    return _Shifted(smoothing_spline((t - centre) / unit, y), centre, unit)


class _Paced:
    """A smooth curve in a time in which the samples come evenly.

    Where something is quick somebody has taken samples more often, as of a transient, or at times t = 10^k: no single
    stiffness suits such a curve along t.
    """

    def __init__(self, t: Array, y: Array) -> None:
        place = np.arange(len(t), dtype=float)
        self.place, self.curve, self.order = MonotoneCubic(t, place), _smoothed(place, y), 0

    def derivative(self) -> _Paced:
        """Its derivative, up to the second."""
        made = copy(self)
        made.order += 1
        return made

    def __call__(self, t: Array) -> Array:
        place, pace = self.place(t), self.place.derivative()
        if self.order == 0:
            return self.curve(place)
        slope = self.curve.derivative()
        if self.order == 1:
            return slope(place) * pace(t)
        return slope.derivative()(place) * pace(t) ** 2 + slope(place) * pace.derivative()(t)


def _interpolated(t: Array, y: Array) -> tuple[Any, float]:
    """Too few samples to smooth: the curve goes through them."""
    return MonotoneCubic(t, y), math.nan


def noise_of(t: Array, y: Array) -> float:
    """The standard deviation of noise, from what three neighbours have that a line has not.

    T. Gasser, L. Sroka and C. Jennen-Steinmetz, Biometrika 73 (1986) 625–633, eq. 2.1.
    """
    if len(t) < 4:
        return 0.0
    left = (t[2:] - t[1:-1]) / (t[2:] - t[:-2])
    residual = left * y[:-2] + (1.0 - left) * y[2:] - y[1:-1]
    return float(np.sqrt(np.mean(residual**2 / (left**2 + (1.0 - left) ** 2 + 1.0))))


class _Shifted:
    """A spline of (t - centre)/unit."""

    def __init__(self, spline: Any, centre: float, unit: float, order: int = 0) -> None:
        self.spline, self.centre, self.unit, self.order = spline, centre, unit, order

    def __call__(self, t: Array) -> Array:
        return self.spline((np.asarray(t) - self.centre) / self.unit) / self.unit**self.order

    def derivative(self) -> _Shifted:
        return _Shifted(self.spline.derivative(), self.centre, self.unit, self.order + 1)


class _Constant:
    """A constant with the derivative method splines have."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __call__(self, t: Array) -> Array:
        return np.full(np.shape(t), self.value)

    def derivative(self) -> _Constant:
        return _Constant(0.0)


def smooth_runs(runs: Sequence[Any]) -> tuple[list[Smooth], Array]:
    """A smooth curve for each run, and the noise of each column over all of them; NaN where none can tell."""
    everything = np.concatenate([run.y for run in runs])
    there = np.isfinite(everything)
    level = np.where(there, everything, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    curves = [Smooth(run.t, run.y, level) for run in runs]
    noise = np.array([curve.noise for curve in curves])
    weights = np.array([np.sum(np.isfinite(run.y), axis=0) for run in runs], dtype=float)
    weights[np.isnan(noise)] = 0.0
    with np.errstate(invalid="ignore"):
        return curves, np.sqrt(np.sum(weights * np.nan_to_num(noise) ** 2, axis=0) / np.sum(weights, axis=0))


def sample_curves(curves: Sequence[Curve], runs: Sequence[Any], most: int) -> tuple[Array, Array, Array]:
    """Times, states and slopes of curves, at the samples of each run or at so many times between them.

    Where samples of all columns don't reach around a time its slopes are left out, unless it is so everywhere.
    """
    places = []
    for run in runs:
        times = run.t
        if len(times) > most:  # the ends too: where runs begin they often go furthest
            times = np.interp(np.linspace(0, len(times) - 1, most), np.arange(len(times)), times)
        places.append(times)
    told = [curve.tells(times) for curve, times in zip(curves, places, strict=True)]
    if any(known.any() for known in told):
        places = [times[known] for times, known in zip(places, told, strict=True)]
    parts = [(t, curve(t), curve.slope(t)) for curve, t in zip(curves, places, strict=True)]
    t, y, slopes = (np.concatenate(items) for items in zip(*parts, strict=True))
    return t, y, slopes
