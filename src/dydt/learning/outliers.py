"""Samples that stand out from their neighbours: a robust fit does not begin with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dydt.learning.data import Data

Array = Any

FAR = 6.0  # times the usual distance from the line through the neighbours
_MOST = 0.25  # part of the samples that may be outliers
_FEWEST = 8  # samples among which one can stand out
_NEXT = 15  # samples among which a residual stands out
_NORMAL = 1.4826  # the standard deviation of normal numbers in units of the median of their sizes


def without_outliers(data: Data) -> Data:
    """The data, NaN where a sample is far from the line through its neighbours.

    F. R. Hampel, J. Amer. Statist. Assoc. 69 (1974) 383–393: sizes are told by medians, which outliers don't move.
    """
    runs = []
    for run in data.runs:
        y = run.y.copy()
        for column in y.T:
            there = np.flatnonzero(np.isfinite(column))
            column[there[_standing_out(run.t[there], column[there])]] = np.nan
        runs.append(replace(run, y=y))
    return replace(data, runs=tuple(runs))


def _standing_out(t: Array, y: Array) -> Array:
    """Which samples do; the farthest ones go first, so that they don't make their neighbours look so."""
    kept = np.arange(len(t))
    while len(kept) >= max(_FEWEST, (1.0 - _MOST) * len(t)):
        away = _distances(t[kept], y[kept])
        worst = int(np.argmax(away))
        if away[worst] <= FAR:
            break
        kept = np.delete(kept, worst)
    return np.setdiff1d(np.arange(len(t)), kept)


def _distances(t: Array, y: Array) -> Array:
    """How far each sample is from the line through two neighbours, in units of what is usual: of noise, or of what the
    curve bends between them, which is more where they are far apart."""
    place = np.clip(np.arange(len(t)), 1, len(t) - 2)  # the ends take the two next to them
    one, other = place - 1, place + 1
    one[0], other[0], one[-1], other[-1] = 1, 2, len(t) - 3, len(t) - 2
    part = (t - t[one]) / (t[other] - t[one])
    line = y[one] + part * (y[other] - y[one])
    away, bend = np.abs(y - line), np.abs((t - t[one]) * (t - t[other]))
    noise = np.sqrt(1.0 + part**2 + (1.0 - part) ** 2)
    noise *= _NORMAL * float(np.median(away / noise))
    wide = bend >= np.median(bend)  # there a curve bends most: what is more than half of the noise would be
    more = np.sqrt(np.maximum(away[wide] ** 2 - (noise[wide] / _NORMAL) ** 2, 0.0))
    usual = np.hypot(noise, _NORMAL * float(np.median(more / bend[wide])) * bend)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(away / usual, posinf=np.finfo(float).max)


def far_off(residuals: Sequence[Array]) -> int:
    """How many residuals of a fit are more than six times what is usual, among all and among those next to them.

    Where noise is in proportion to what is measured, those of large values are larger than most, and no outliers.

    Parameters
    ----------
    residuals : sequence of ndarray, shape (m, n)
        A run each, in units of the noise of each state; NaN where nothing was measured.
    """
    columns = [np.abs(column[np.isfinite(column)]) for table in residuals for column in table.T]
    everything = np.concatenate(columns)
    if len(everything) < _FEWEST:
        return 0
    usual = _NORMAL * float(np.median(everything))
    return sum(int(np.count_nonzero(sizes > FAR * np.maximum(usual, _around(sizes)))) for sizes in columns)


def _around(sizes: Array) -> Array:
    """What is usual among the samples next to each."""
    if len(sizes) < _NEXT:
        return np.full(len(sizes), _NORMAL * float(np.median(sizes))) if len(sizes) else sizes
    medians = np.median(np.lib.stride_tricks.sliding_window_view(sizes, _NEXT), axis=1)
    return _NORMAL * np.pad(medians, _NEXT // 2, mode="edge")
