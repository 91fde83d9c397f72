"""Smoothing splines that generalised cross-validation makes as stiff as they should be.

The curve g makes Σ (yᵢ − g(tᵢ))² + λ ∫ g''² least, with the λ for which n Σ (yᵢ − g(tᵢ))²/(n − α tr A)² is least;
A takes y to g(t). P. Craven and G. Wahba, Numer. Math. 31 (1978) 377–403, doi:10.1007/BF01404567, have α = 1; for ours
see `_score`. One decomposition serves all λ; columns and runs with the same times share it.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import lru_cache
from typing import Any

import numpy as np

Array = Any

_CAUTION = 1.4
_MOST = 600  # samples for which a dense decomposition is the quicker way


class NaturalSpline:
    """The natural cubic spline with these values and second derivatives at its knots, straight beyond them."""

    def __init__(self, t: Array, values: Array, curvatures: Array, order: int = 0) -> None:
        self.t, self.values, self.curvatures, self.order = t, values, curvatures, order

    def derivative(self) -> NaturalSpline:
        """Its derivative, up to the third."""
        return NaturalSpline(self.t, self.values, self.curvatures, self.order + 1)

    def __call__(self, t: Array) -> Array:
        t = np.asarray(t, dtype=float)
        inside = np.clip(t, self.t[0], self.t[-1])
        i = np.clip(np.searchsorted(self.t, inside, side="right") - 1, 0, len(self.t) - 2)
        h = self.t[i + 1] - self.t[i]
        a, b = (self.t[i + 1] - inside) / h, (inside - self.t[i]) / h
        left, right, low, high = (
            self.values[i],
            self.values[i + 1],
            self.curvatures[i],
            self.curvatures[i + 1],
        )
        slope = (right - left) / h + h / 6.0 * ((3.0 * b**2 - 1.0) * high - (3.0 * a**2 - 1.0) * low)
        if self.order == 0:
            value = a * left + b * right + h**2 / 6.0 * ((a**3 - a) * low + (b**3 - b) * high)
            return value + slope * (t - inside)
        if self.order == 1:
            return slope
        if self.order == 2:
            return np.where(t == inside, a * low + b * high, 0.0)
        return np.where((t == inside) & (self.order == 3), (high - low) / h, 0.0)


class MonotoneCubic:
    """The cubic through samples that rises and falls only where they do.

    F. N. Fritsch and J. Butland, SIAM J. Sci. Stat. Comput. 5 (1984) 300–304, with one-sided slopes at the ends.

    Parameters
    ----------
    t, y : ndarray, shape (m,)
        At least two samples, t rising.
    """

    def __init__(self, t: Array, y: Array) -> None:
        self.t, self.y, self.order = np.asarray(t, dtype=float), np.asarray(y, dtype=float), 0
        h = np.diff(self.t)
        rise = np.diff(self.y) / h
        self.slopes = np.full(len(t), rise[0])
        if len(t) > 2:
            before, after = rise[:-1], rise[1:]
            long, short = 2.0 * h[1:] + h[:-1], h[1:] + 2.0 * h[:-1]
            agree = before * after > 0.0
            with np.errstate(divide="ignore", invalid="ignore"):
                mean = (long + short) / (long / before + short / after)
            self.slopes[1:-1] = np.where(agree, mean, 0.0)
            self.slopes[0] = _end_slope(h[0], h[1], rise[0], rise[1])
            self.slopes[-1] = _end_slope(h[-1], h[-2], rise[-1], rise[-2])

    def derivative(self) -> MonotoneCubic:
        """Its derivative, up to the second."""
        made = copy(self)
        made.order += 1
        return made

    def __call__(self, t: Array) -> Array:
        t = np.asarray(t, dtype=float)
        i = np.clip(np.searchsorted(self.t, t, side="right") - 1, 0, len(self.t) - 2)
        h = self.t[i + 1] - self.t[i]
        x = t - self.t[i]
        rise, first, last = (self.y[i + 1] - self.y[i]) / h, self.slopes[i], self.slopes[i + 1]
        square, cube = (3.0 * rise - 2.0 * first - last) / h, (first + last - 2.0 * rise) / h**2
        if self.order == 0:
            return self.y[i] + x * (first + x * (square + x * cube))
        if self.order == 1:
            return first + x * (2.0 * square + 3.0 * x * cube)
        return 2.0 * square + 6.0 * x * cube


def _end_slope(near: float, far: float, rise: float, other: float) -> float:
    """From three samples, but not against the first two, nor much steeper where the others turn."""
    slope = ((2.0 * near + far) * rise - near * other) / (near + far)
    if slope * rise <= 0.0:
        return 0.0
    return 3.0 * rise if rise * other < 0.0 and abs(slope) > 3.0 * abs(rise) else slope


def smoothing_spline(t: Array, y: Array) -> NaturalSpline:
    """A curve through noisy samples, as stiff as generalised cross-validation wants it.

    Parameters
    ----------
    t : ndarray, shape (m,)
        Rising, in units of about their mean distance.
    y : ndarray, shape (m,)

    >>> t = np.linspace(0, 40, 41)
    >>> bool(np.abs(smoothing_spline(t, np.sin(t / 4))(t) - np.sin(t / 4)).max() < 0.01)
    True
    """
    t, y = np.asarray(t, dtype=float), np.asarray(y, dtype=float)
    values, curvatures = (_dense if len(t) <= _MOST else _banded)(t, y)
    return NaturalSpline(t, values, np.concatenate([[0.0], curvatures, [0.0]]))


def _score(squares: Array, freedom: Array, count: int) -> Array:
    """The criterion for sums of squared residuals and the degrees of freedom tr(I − A) they have.

    With every degree that the curve takes up counted 1.4 times: by the plain criterion some few data sets in a hundred
    are taken for free of noise, and the curve goes through all of them (Y.-J. Kim and C. Gu, J. R. Stat. Soc. B 66
    (2004) 337–356, section 4).
    """
    left = count - _CAUTION * (count - freedom)
    return np.where(left > 0.0, squares / np.where(left > 0.0, left, 1.0) ** 2, np.inf)


def _search(score: Callable[[Array], Array]) -> float:
    """The logarithm of the penalty with the least score: a coarse grid, then finer ones around its best."""
    grid = np.linspace(-20.0, 25.0, 46)
    for _ in range(3):
        best = int(np.argmin(score(grid)))
        grid = np.linspace(grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)], 15)
    return float(grid[int(np.argmin(score(grid)))])


def _bands(t: Array) -> tuple[tuple[Array, Array, Array], tuple[Array, Array]]:
    """Q (three bands) and R (two) of Green and Silverman, Nonparametric Regression (1994), section 2.1."""
    h = np.diff(t)
    return (1.0 / h[:-1], -1.0 / h[:-1] - 1.0 / h[1:], 1.0 / h[1:]), ((h[:-1] + h[1:]) / 3.0, h[1:-1] / 6.0)


@lru_cache(maxsize=8)
def _basis(times: bytes) -> tuple[Array, Array, Array]:
    """Demmler and Reinsch's basis: the roughness K = Q R⁻¹ Qᵀ is U diag(d) Uᵀ, and the curvatures R⁻¹ Qᵀ g."""
    t = np.frombuffer(times)
    (a, b, c), (main, off) = _bands(t)
    n, j = len(t), np.arange(len(t) - 2)
    q = np.zeros((n, n - 2))
    q[j, j], q[j + 1, j], q[j + 2, j] = a, b, c
    root = np.linalg.cholesky(np.diag(main) + np.diag(off, 1) + np.diag(off, -1))
    half = np.linalg.solve(root, q.T)
    _, s, v = np.linalg.svd(half, full_matrices=True)
    return v.T, np.concatenate([s**2, [0.0, 0.0]]), np.linalg.solve(root.T, half)


def _dense(t: Array, y: Array) -> tuple[Array, Array]:
    """Values and curvatures at the knots, by the basis of Demmler and Reinsch."""
    u, d, to_curvatures = _basis(np.ascontiguousarray(t).tobytes())
    z = u.T @ y

    def score(logs: Array) -> Array:
        lost = np.exp(logs)[:, None] * d
        lost = lost / (1.0 + lost)
        return _score(np.sum((lost * z) ** 2, axis=1), np.sum(lost, axis=1), len(t))

    values = u @ (z / (1.0 + np.exp(_search(score)) * d))
    return values, to_curvatures @ values


def _banded(t: Array, y: Array) -> tuple[Array, Array]:
    """The same for many samples: R + λ QᵀQ has five bands (C. Reinsch, Numer. Math. 10 (1967) 177–183).

    Those of its inverse by M. F. Hutchinson and F. R. de Hoog, Numer. Math. 47 (1985) 99–106. All trials of λ at once.
    """
    (a, b, c), (main, off) = _bands(t)
    squares = (a**2 + b**2 + c**2, b[:-1] * a[1:] + c[:-1] * b[1:], c[:-2] * a[2:])
    right = a * y[:-2] + b * y[1:-1] + c * y[2:]
    m = len(right)

    def solve(logs: Array, need_trace: bool = True) -> tuple[Array, Array, Array]:
        penalty = np.exp(logs)
        zero = np.zeros(len(logs))
        d, u, v, x = (
            [zero] * (m + 2) for _ in range(4)
        )  # two zeros at the end serve as those before the start too
        for i in range(m):
            p, q = u[i - 1] * d[i - 1], v[i - 2] * d[i - 2]
            d[i] = main[i] + penalty * squares[0][i] - p * u[i - 1] - q * v[i - 2]
            u[i] = (off[i] + penalty * squares[1][i] - p * v[i - 1]) / d[i] if i < m - 1 else zero
            v[i] = penalty * squares[2][i] / d[i] if i < m - 2 else zero
            x[i] = right[i] - u[i - 1] * x[i - 1] - v[i - 2] * x[i - 2]
        curvatures, trace = [zero] * (m + 2), zero
        s0, s1, t0 = zero, zero, zero  # of the inverse: (i + 1, i + 1), (i + 1, i + 2), (i + 2, i + 2)
        for i in reversed(range(m)):
            curvatures[i] = x[i] / d[i] - u[i] * curvatures[i + 1] - v[i] * curvatures[i + 2]
            if need_trace:
                far, near = -u[i] * s1 - v[i] * t0, -u[i] * s0 - v[i] * s1
                own = 1.0 / d[i] - u[i] * near - v[i] * far
                trace = trace + squares[0][i] * own
                trace = trace + 2.0 * squares[1][i] * near if i < m - 1 else trace
                trace = trace + 2.0 * squares[2][i] * far if i < m - 2 else trace
                s0, s1, t0 = own, near, s0
        g = np.array(curvatures[:m])
        lost = np.zeros((m + 2, len(logs)))
        lost[:-2] += a[:, None] * g
        lost[1:-1] += b[:, None] * g
        lost[2:] += c[:, None] * g
        return penalty * lost, penalty * trace, g

    def score(logs: Array) -> Array:
        lost, trace, _ = solve(logs)
        return _score(np.sum(lost**2, axis=0), trace, len(t))

    lost, _, g = solve(np.array([_search(score)]), False)
    return y - lost[:, 0], g[:, 0]
