"""What data do not determine: only what cancels in every residual, and no product that is none."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import dydt
from dydt.learning.identify import in_words, spread


def test_columns_that_cancel_leave_a_direction_open():
    column = np.linspace(1, 2, 20)
    made = spread(np.column_stack([2 * column, column]), np.array([1.0, 2.0]), np.ones(2))
    assert made.loose.all()
    (direction,) = made.directions
    assert direction[0] == pytest.approx(-direction[1])  # relative changes that undo each other
    text = in_words(made, ("a", "b"), np.array([1.0, 2.0]), lambda v: (v[0] * v[1] - 2) ** 2)[0].text
    assert text == "only the product a*b is determined, not a and b one by one"


def test_a_product_is_named_only_if_the_curves_stay():
    column = np.linspace(1, 2, 20)
    values = np.array([1.0, 2.0])
    made = spread(np.column_stack([2 * column, column]), values, np.ones(2))
    text = in_words(made, ("a", "b"), values, lambda v: 5.0 + np.sum((v - values) ** 2))[0].text
    assert "product" not in text
    assert "sum" not in text
    assert "changes together" in text


def test_changes_that_only_a_few_residuals_tell_of_are_determined():
    """As in chaos: late residuals change a hundred thousand times as much, and in all directions alike."""
    late = 1e5 * np.column_stack([np.ones(50), 2 * np.ones(50)])
    early = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    made = spread(np.vstack([early, late]), np.ones(2), np.ones(2))
    assert not made.loose.any()
    direction = np.array([2.0, -1.0]) / np.sqrt(5)
    expected = 1.0 / np.sum((early @ direction) ** 2)
    assert direction @ made.covariance @ direction == pytest.approx(expected, rel=0.03)


def test_starts_of_chaos_are_as_sure_as_their_intervals_say():
    law, t = dydt.ODE("x' = s*(y - x); y' = x*(r - z) - y; z' = x*y - b*z"), np.linspace(0, 10, 200)
    truth = {"s": 10, "r": 28, "b": 8 / 3, "x(0)": 1, "y(0)": 1, "z(0)": 20}
    clean = dydt.gallery.lorenz().solve(t=(0, 10), x=1, y=1, z=20, saveat=t).y
    for seed in range(3):
        noisy = clean + 0.5 * np.random.default_rng(seed).normal(size=clean.shape)
        fit = law.fit({"t": t, **dict(zip("xyz", noisy.T, strict=True))})
        assert fit.undetermined == ()
        intervals = fit.intervals(0.9999)
        assert all(intervals[name][0] < value < intervals[name][1] for name, value in truth.items())


def test_a_jump_that_is_fitted_is_said_to_have_no_derivative():
    t = np.linspace(0, 10, 80)
    x = np.where(t < 4, np.exp(-0.5 * t), np.exp(-2)) + 0.01 * np.random.default_rng(3).normal(size=80)
    fit = dydt.ODE("x' = if(t < s, -k*x, 0)").fit({"t": t, "x": x}, s=3.0)
    assert "s moves the curves, but they have no derivative by it" in str(fit)
    idle = dydt.ODE("x' = if(t < 50, -k*x, q)").fit({"t": t, "x": np.exp(-0.5 * t)}, q=1.0)
    assert "q is not determined: the data are met as well with other values" in str(idle)


def test_errors_of_a_chaotic_law_are_those_of_its_own_variational_equations():
    """Duffing's oscillator: singular values 3.6e7, 280, 135 and 63, so that one is huge, and all are determined."""
    rng = np.random.default_rng(21)
    law = dydt.ODE("x'' = -d*x' + x - x^3 + A*cos(1.2*t)")
    t = np.sort(rng.uniform(0, 60, 300))
    clean = law.solve(t=(0, 60), values={"x": 1, "x'": 0}, d=0.3, A=0.5)(t)[:, 0]
    fit = law.fit({"t": t, "x": clean + 0.05 * rng.normal(size=300)})
    d, a, *start = fit.estimates

    def both(t, y):
        x, v, change = y[0], y[1], y[2:].reshape(2, 4)
        flow = np.array([[0, 1], [1 - 3 * x**2, -d]]) @ change
        flow[1] += [-v, np.cos(1.2 * t), 0, 0]
        return [v, -d * v + x - x**3 + a * np.cos(1.2 * t), *flow.reshape(-1)]

    first = [*start, 0, 0, 1, 0, 0, 0, 0, 1]
    made = solve_ivp(both, (t[0], 60), first, "DOP853", t, rtol=1e-10, atol=1e-12).y[2:6].T / fit.noise["x"]
    assert fit.undetermined == ()
    assert fit.errors == pytest.approx(np.sqrt(np.diag(np.linalg.inv(made.T @ made))), rel=0.02)


def test_a_product_is_found_in_chaos_too():
    law, t = dydt.ODE("x' = s*(y - x); y' = x*(p*q - z) - y; z' = x*y - b*z"), np.linspace(0, 15, 300)
    clean = dydt.gallery.lorenz().solve(t=(0, 15), x=1, y=1, z=20, saveat=t).y
    noisy = clean + 0.5 * np.random.default_rng(0).normal(size=clean.shape)
    fit = law.fit({"t": t, **dict(zip("xyz", noisy.T, strict=True))}, s=9, p=4, q=6.5, b=2.5)
    assert [d.text for d in fit.undetermined] == [
        "only the product p*q is determined, not p and q one by one"
    ]
    assert np.all(np.isfinite(np.delete(fit.errors, [1, 2])))


def test_the_unit_of_a_state_that_nobody_measured_is_open_in_chaos_too():
    """y -> y/c leaves x and z as they are: a symmetry that steps keep to within their error only."""
    t = np.linspace(0, 10, 200)
    clean = dydt.gallery.lorenz().solve(t=(0, 10), x=1, y=1, z=20, saveat=t).y
    x, _, z = (clean + 0.3 * np.random.default_rng(0).normal(size=clean.shape)).T
    law = dydt.ODE("x' = s*(c*y - x); y' = x*(r - z)/c - y; z' = c*x*y - b*z")
    fit = law.fit({"t": t, "x": x, "z": z}, x=1, y=0.5, z=20, s=10, r=28, b=8 / 3, c=2)
    (direction,) = fit.undetermined
    assert direction.text == "only the product c*y(0) is determined, not c and y(0) one by one"
    assert np.isfinite(fit.errors).sum() == 5
