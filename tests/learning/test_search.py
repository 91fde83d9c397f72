"""Where a search begins, and how it goes on: states that were not measured, runs that tell of other states."""

import numpy as np
import pytest

import dydt

LORENZ = "x' = s*(y - x); y' = x*(r - z) - y; z' = x*y - b*z"
LV = "x' = a*x - b*x*y; y' = d*x*y - g*y"
TRUE = {"a": 1.5, "b": 1.0, "d": 0.75, "g": 1.0}


def predators(count=60, noise=0.05):
    t = np.linspace(0, 12, count)
    clean = dydt.ODE(LV, **TRUE).solve(t=(0, 12), x=2, y=1, saveat=t).y
    x, y = (clean + noise * np.random.default_rng(0).normal(size=clean.shape)).T
    return {"t": t, "x": x, "y": y}


@pytest.mark.parametrize(
    "guess",
    [{"s": 9, "r": 25, "b": 2.5, "y": 1, "z": 20}, {"s": 7, "r": 20, "b": 2, "y": 1, "z": 1}],
)
def test_chaos_of_which_one_state_was_measured(guess):
    t = np.linspace(0, 10, 200)
    clean = dydt.gallery.lorenz().solve(t=(0, 10), x=1, y=1, z=20, saveat=t).y
    x = clean[:, 0] + 0.5 * np.random.default_rng(4).normal(size=200)
    fit = dydt.ODE(LORENZ).fit({"t": t, "x": x}, **guess)
    assert fit.values == pytest.approx({"s": 10, "r": 28, "b": 8 / 3}, rel=0.03)
    assert fit.rmse["x"] == pytest.approx(0.5, rel=0.15)


def test_a_run_that_tells_nothing_of_a_state_begins_where_others_do():
    data = predators()
    less = {"t": data["t"], "x": data["x"], "y": np.full(60, np.nan)}
    for runs in ({"whole": data, "half": less}, {"half": less, "whole": data}):
        fit = dydt.ODE(LV).fit(runs)
        assert fit.status == "done"
        assert fit.values == pytest.approx(TRUE, rel=0.05)
        assert fit.initial["half"]["y"] == pytest.approx(1.0, abs=0.1)


def test_columns_with_their_own_times():
    data = predators()
    x, y = data["x"].copy(), data["y"].copy()
    x[::2], y[1::2] = np.nan, np.nan
    y[20:] = np.nan  # and the second one ends early
    fit = dydt.ODE(LV).fit({"t": data["t"], "x": x, "y": y})
    assert fit.values == pytest.approx(TRUE, rel=0.15)


def test_a_column_that_the_law_can_meet_exactly_is_not_all_that_counts():
    few = {"t": [0, 1, 2, 3], "x": [1, 2, 3.0, 2], "y": [1, 2, 1.5, 2]}
    fit = dydt.ODE(LV).fit(few)
    assert fit.rmse["x"] > 1e-3
    assert fit.undetermined == ()


def test_logarithms_may_go_to_minus_infinity():
    t = np.geomspace(1e-3, 1e4, 60)
    law = dydt.ODE("x' = -k*x - q*x^2")
    fit = law.fit({"t": t, "x": np.exp(-0.01 * t)}, log=True, k=0.1, q=0.1)
    assert fit.values["k"] == pytest.approx(0.01, rel=1e-3)
    low, high = fit.intervals()["q"]
    assert 0 <= low <= fit.values["q"] <= high
    assert str(fit)


def test_why_a_law_cannot_be_followed_is_said():
    t = np.linspace(0, 10, 40)
    data = {"t": t, "x": 3 * np.exp(-0.3 * t)}
    with pytest.raises(
        dydt.InputError, match=r"`x` grows without bound and escapes near t = 0\.02.*as in k=1"
    ):
        dydt.ODE("x' = k*x^3").fit(data, k=2.0, shooting=False)
    with pytest.raises(dydt.InputError, match="stopped by `x < 0.5` at t = "):
        dydt.ODE("x' = -0.3*x; when x < 0.5: stop").fit(data, shooting=False)


def test_guesses_of_initial_values_keep_their_bounds():
    data = {"t": np.linspace(0, 1, 10), "x": np.linspace(1, 2, 10) ** 2}
    with pytest.raises(
        dydt.InputError, match=r"`x\(0\)` begins with 10, outside its bounds 1 … 5.*as in x=2.2"
    ):
        dydt.ODE("x' = k*x").fit(data, bounds={"x": (1, 5)}, x=10)


def test_overflow_in_pieces_is_no_warning(recwarn):
    data = predators()
    data["x"][::7] += 3.0
    dydt.ODE(LV).fit(data, a=30.0, b=0.01, d=5.0, g=0.1)
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]
