"""Noisy samples of a curve -> a smooth curve and its slope: where training begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dydt.learning.spline import smoothing_spline

Array = Any

_FEWEST = 6  # samples from which a spline can be told from noise


class Smooth:
    """Curves through noisy samples, one for each column: cubic splines, as stiff as cross-validation wants them.

    P. Craven and G. Wahba, Numer. Math. 31 (1978) 377–403, doi:10.1007/BF01404567.

    Parameters
    ----------
    t : ndarray, shape (m,)
        Rising.
    y : ndarray, shape (m, n)
        NaN where there is no sample.

    Attributes
    ----------
    noise : ndarray, shape (n,)
        The standard deviation of the samples around the curves.
    """

    def __init__(self, t: Array, y: Array) -> None:
        self.curves, noise, ends = [], [], []
        for column in np.asarray(y, dtype=float).T:
            there = np.isfinite(column)
            curve, spread = _curve(t[there], column[there])
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


def _curve(t: Array, y: Array) -> tuple[Any, float]:
    """A curve and the noise of the samples around it."""
    if len(t) < _FEWEST or np.ptp(y) == 0.0:
        return _line(t, y) if len(t) < 2 else _interpolated(t, y)
    centre, unit = float(np.mean(t)), float(t[-1] - t[0]) / len(t)
    spline = smoothing_spline((t - centre) / unit, y)
    spread = float(np.std(y - spline((t - centre) / unit)))
    # Residuals are smaller than the noise, which the curve follows a little; three neighbours see curvature as noise.
    return _Shifted(spline, centre, unit), float(np.clip(noise_of(t, y), spread, 1.5 * spread))


def _interpolated(t: Array, y: Array) -> tuple[Any, float]:
    """Too few samples to smooth: the curve goes through them."""
    from scipy.interpolate import PchipInterpolator

    return PchipInterpolator(t, y), 0.0


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


def _line(t: Array, y: Array) -> tuple[Any, float]:
    from numpy.polynomial import Polynomial

    return _Constant(Polynomial([float(y[0]) if len(y) else 0.0])), 0.0


class _Constant:
    """A polynomial with the derivative method splines have."""

    def __init__(self, polynomial: Any) -> None:
        self.polynomial = polynomial

    def __call__(self, t: Array) -> Array:
        return self.polynomial(np.asarray(t, dtype=float))

    def derivative(self) -> _Constant:
        return _Constant(self.polynomial.deriv())


def smooth_runs(runs: Sequence[Any]) -> tuple[list[Smooth], Array]:
    """A smooth curve for each run, and the noise of each column over all of them."""
    curves = [Smooth(run.t, run.y) for run in runs]
    weights = np.array([np.sum(np.isfinite(run.y), axis=0) for run in runs], dtype=float)
    squares = np.array([curve.noise**2 for curve in curves])
    return curves, np.sqrt((weights * squares).sum(axis=0) / np.maximum(weights.sum(axis=0), 1.0))
