"""Smoothing splines against SciPy's, which solves for the same penalty by another method."""

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator, make_smoothing_spline

from dydt.learning import spline as rooms
from dydt.learning.spline import MonotoneCubic, smoothing_spline


def samples(count, noise, seed=0):
    random = np.random.default_rng(seed)
    t = np.sort(random.uniform(0, count, count))
    clean = np.sin(12 * t / count) + 0.3 * np.cos(31 * t / count)
    return t, clean, clean + noise * random.normal(size=count)


@pytest.mark.parametrize(("count", "noise"), [(30, 0.05), (100, 0.1), (150, 0.01)])
def test_by_the_plain_criterion_the_curve_and_its_slope_are_those_of_scipy(count, noise, monkeypatch):
    monkeypatch.setattr(rooms, "_CAUTION", 1.0)
    t, _, y = samples(count, noise)
    ours, theirs = smoothing_spline(t, y), make_smoothing_spline(t, y)
    where = np.linspace(t[0], t[-1], 200)
    np.testing.assert_allclose(ours(where), theirs(where), atol=0.05 * noise)
    np.testing.assert_allclose(ours.derivative()(where), theirs.derivative()(where), atol=0.05 * noise)


def test_many_samples_take_the_banded_way_to_the_same_curve(monkeypatch):
    t, clean, y = samples(400, 0.1)
    dense = smoothing_spline(t, y)
    monkeypatch.setattr(rooms, "_MOST", 10)
    banded = smoothing_spline(t, y)
    np.testing.assert_allclose(banded(t), dense(t), atol=1e-6)
    np.testing.assert_allclose(
        banded.derivative().derivative()(t), dense.derivative().derivative()(t), atol=1e-6
    )
    assert np.sqrt(np.mean((dense(t) - clean) ** 2)) < 0.04


@pytest.mark.parametrize("count", [2, 3, 4, 5, 40])
def test_a_monotone_cubic_is_that_of_scipy(count):
    random = np.random.default_rng(count)
    t = np.cumsum(random.uniform(0.1, 2.0, count))
    for y in (
        random.normal(size=count),
        np.cumsum(random.uniform(0, 1, count)),
        np.round(random.normal(size=count)),
    ):
        ours, theirs = MonotoneCubic(t, y), PchipInterpolator(t, y)
        where = np.sort(np.concatenate([t[:-1], random.uniform(t[0], t[-1], 100)]))
        for order in range(3):
            np.testing.assert_allclose(ours(where), theirs(where, order), rtol=1e-9, atol=1e-9)
            ours = ours.derivative()


def test_beyond_its_samples_it_is_straight():
    t, _, y = samples(40, 0.05)
    curve = smoothing_spline(t, y)
    ahead = t[-1] + np.array([0.0, 1.0, 2.0])
    assert np.ptp(np.diff(curve(ahead))) < 1e-12
    assert curve.derivative()(ahead[-1]) == pytest.approx(curve.derivative()(t[-1]))


def test_noise_is_never_taken_for_signal():
    """By the plain criterion one data set in fifteen is: its curve goes through all samples."""
    random = np.random.default_rng(0)
    for _ in range(150):
        t = np.sort(random.uniform(0, 12, random.integers(30, 150)))
        y = np.sin(t * random.uniform(0.5, 2)) + 0.01 * random.normal(size=len(t))
        residuals = y - smoothing_spline(t * len(t) / 12, y)(t * len(t) / 12)
        assert 0.006 < np.std(residuals) < 0.015


def test_without_noise_the_curve_is_close_to_the_samples():
    t, clean, _ = samples(100, 0.0)
    assert np.abs(smoothing_spline(t, clean)(t) - clean).max() < 2e-3  # at the natural ends; far less inside
