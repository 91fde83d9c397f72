"""Outliers: those that stand out go, and nothing else does."""

import numpy as np
import pytest

import dydt
from dydt.learning.data import read_data
from dydt.learning.outliers import far_off, without_outliers


@pytest.mark.parametrize("noise", [0.05, 0.0])
@pytest.mark.parametrize("is_even", [True, False])
def test_samples_that_stand_out_are_left_aside(noise, is_even):
    missed = wrong = 0
    for seed in range(10):
        random = np.random.default_rng(seed)
        t = np.linspace(0, 10, 80) if is_even else np.sort(random.uniform(0, 10, 80))
        x = np.cos(1.7 * t) + noise * random.normal(size=80)
        far = random.choice(80, 6, replace=False)
        x[far] += random.choice([-1, 1], 6) * random.uniform(1.5, 4, 6)
        data = read_data({"t": t, "x": x, "y": np.sin(t)})
        left = without_outliers(data)
        gone = np.flatnonzero(np.isnan(left.runs[0].y[:, 0]))
        missed += len(set(far) - set(gone))
        wrong += len(set(gone) - set(far))
        assert np.isfinite(data.runs[0].y).all()
        assert np.isnan(left.runs[0].y[:, 1]).sum() <= 8
    assert missed <= 6  # of 60
    assert wrong <= 30  # of 740


def test_outliers_at_the_ends_are_seen():
    t = np.linspace(0, 10, 50)
    x = np.cos(t) + 0.05 * np.random.default_rng(1).normal(size=50)
    x[[0, -1]] += [3.0, -2.0]
    gone = np.flatnonzero(np.isnan(without_outliers(read_data({"t": t, "x": x})).runs[0].y[:, 0]))
    assert {0, 49} <= set(gone.tolist())
    assert len(gone) <= 4


def test_noise_alone_stays():
    x = np.random.default_rng(3).normal(size=2000)
    left = without_outliers(read_data({"t": np.arange(2000.0), "x": x}))
    assert np.isnan(left.runs[0].y).sum() <= 2


def test_few_samples_stay():
    data = read_data({"t": [0, 1, 2, 3], "x": [0, 0, 9, 0]})
    np.testing.assert_array_equal(without_outliers(data).runs[0].y, data.runs[0].y)


def test_a_robust_fit_is_not_led_astray_where_it_begins():
    law = dydt.ODE("x' = a*x - b*x*y; y' = d*x*y - g*y")
    t = np.linspace(0, 12, 60)
    truth = {"a": 1.5, "b": 1.0, "d": 0.75, "g": 1.0}
    clean = dydt.ODE(law, values=truth).solve(t=(0, 12), x=2, y=1, saveat=t).y
    random = np.random.default_rng(0)
    x, y = (clean + 0.05 * random.normal(size=clean.shape)).T
    x[random.choice(60, 6, replace=False)] += 3 * random.normal(size=6)
    for loss in ("huber", "soft_l1", "cauchy"):
        for noise in (None, 0.05):
            fit = law.fit({"t": t, "x": x, "y": y}, loss=loss, noise=noise)
            assert fit.values == pytest.approx(truth, rel=0.06)
            assert fit.doubt == ""


def test_residuals_stand_out_among_all_and_among_their_neighbours():
    rng = np.random.default_rng(0)
    even = rng.normal(size=(200, 2))
    assert far_off([even]) == 0
    in_proportion = even * (0.02 + np.exp(-(((np.arange(200) - 60) / 10) ** 2)))[:, None]
    assert np.abs(in_proportion).max() > 20 * np.median(np.abs(in_proportion))
    assert far_off([in_proportion]) == 0
    even[[3, 70], [0, 1]] = 15, -12
    even[10:20, 0] = np.nan
    assert far_off([even, even[:100]]) == 4
    assert far_off([np.zeros((3, 1))]) == 0


def test_errors_of_a_solver_are_no_outliers():
    law = dydt.ODE("x' = a*x - b*x*y; y' = d*x*y - g*y")
    sol = dydt.ODE(law, values={"a": 1.5, "b": 1.0, "d": 0.75, "g": 1.0}).solve(t=(0, 18), x=2, y=1)
    data = {"t": sol.t, "x": sol["x"], "y": sol["y"]}
    fit = law.fit(data)
    assert far_off([table / list(fit.noise.values()) for table in fit.residuals]) > 0
    assert "outliers" not in str(fit)
    data["x"] = data["x"].copy()
    data["x"][[5, 20]] += 0.5
    assert "2 of 90 samples are off" in str(law.fit(data))
