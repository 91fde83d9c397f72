"""Minimisers on functions whose minimum is known, and going on from a kept state to the same bits."""

import math

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

from dydt.learning.optimise import LBFGS, Adam, GaussNewton


def rosenbrock(x):
    return float(rosen(x)), rosen_der(x)


def valley(x):
    """Rosenbrock's function as a sum of squares, of which it is twice one half."""
    jacobian = np.zeros((2, len(x) - 1, len(x)))
    every = np.arange(len(x) - 1)
    jacobian[0, every, every], jacobian[0, every, every + 1], jacobian[1, every, every] = -20 * x[:-1], 10, -1
    residuals = np.concatenate([10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1]])
    return np.sqrt(2) * residuals, lambda: np.sqrt(2) * jacobian.reshape(-1, len(x))


def steps(x):
    """Gauss–Newton steps down the valley."""
    return GaussNewton(valley, x, np.zeros(len(x)))


def test_gauss_newton_has_the_value_and_the_gradient_and_finds_the_bottom():
    start = np.array([-1.2, 1.0] * 5)
    run = steps(start)
    assert run.value == pytest.approx(rosen(start))
    np.testing.assert_allclose(run.gradient, rosen_der(start))
    values = [run.value]
    while run.step():
        values.append(run.value)
    assert np.all(np.diff(values) < 0)
    assert len(values) < 60
    np.testing.assert_allclose(run.x, 1.0, atol=1e-4)


@pytest.mark.parametrize("rows", [5, 60, 200])
def test_decays_are_those_of_ridge_regression(rows):
    """min ½|Ax - b|² + ½ Σ d x² is at (AᵀA + D) x = Aᵀb, with fewer rows than columns and with more."""
    random = np.random.default_rng(rows)
    A, b = random.normal(size=(rows, 40)), random.normal(size=rows)
    decays = random.uniform(0.1, 2.0, size=40)
    run = GaussNewton(lambda x: (A @ x - b, lambda: A), random.normal(size=40), decays, 1e-12)
    while run.step():
        pass
    expected = np.linalg.solve(A.T @ A + np.diag(decays), A.T @ b)
    np.testing.assert_allclose(run.x, expected, atol=1e-5)
    assert run.value == pytest.approx(0.5 * np.sum((A @ expected - b) ** 2) + 0.5 * decays @ expected**2)


def test_lbfgs_finds_the_bottom_of_the_banana_valley():
    """Rosenbrock, Comput. J. 3 (1960) 175; in ten dimensions, from the usual start."""
    calls = []

    def function(x):
        calls.append(x)
        return rosenbrock(x)

    run = LBFGS(function, np.array([-1.2, 1.0] * 5))
    for _ in range(200):
        if not run.step():
            break
    np.testing.assert_allclose(run.x, 1.0, atol=1e-7)
    assert len(calls) < 150


def test_where_values_are_rounded_slopes_are_asked():
    sizes = np.logspace(0, 4, 20)

    def rounded(x):
        value = 100.0 + 0.5 * sizes @ x**2 + 0.1 * np.sum(x**4)
        return float(np.float32(value)), sizes * x + 0.4 * x**3

    def bottom(rounding):
        run = LBFGS(rounded, np.ones(20), rounding=rounding)
        for _ in range(200):
            if not run.step():
                break
        return float(np.max(np.abs(run.x)))

    assert bottom(1e-6) < 1e-8
    assert bottom(0.0) > 1e-4


def test_a_kept_run_goes_on_to_the_same_bits():
    start = np.array([-1.2, 1.0, 0.3])
    for make in (lambda f, x: LBFGS(f, x, memory=4), Adam, lambda f, x: steps(x)):
        whole = make(rosenbrock, start)
        for _ in range(20):
            whole.step()
        first = make(rosenbrock, start)
        for _ in range(9):
            first.step()
        kept = {name: np.array(item) for name, item in first.state().items()}
        second = make(rosenbrock, np.zeros(3))
        second.restore(kept)
        for _ in range(11):
            second.step()
        np.testing.assert_array_equal(second.x, whole.x)
        assert second.value == whole.value


def test_walls_are_not_run_through():
    """log x - x has no value left of 0: steps that end there are shortened."""

    def function(x):
        if x[0] <= 0:
            return math.nan, np.array([math.nan])
        return float(x[0] - 5 * np.log(x[0])), 1 - 5 / x

    run = LBFGS(function, np.array([0.01]))
    while run.step():
        pass
    assert run.x[0] == pytest.approx(5.0, rel=1e-6)


def test_a_function_without_value_stops_at_once():
    run = LBFGS(lambda x: (math.nan, x), np.ones(2))
    assert not run.step()
    assert not Adam(lambda x: (math.inf, x), np.ones(2)).step()
    for residual, slope in ((math.nan, 1.0), (math.inf, 1.0), (1.0, math.inf), (1.0, 1e200)):
        made = np.array([residual]), lambda slope=slope: np.array([[slope, 0.0]])
        assert not GaussNewton(lambda x, made=made: made, np.ones(2), np.zeros(2)).step()


def test_adam_comes_close_on_a_noisy_bowl():
    random = np.random.default_rng(0)

    def function(x):
        noise = random.normal(size=2) * 0.1
        return float((x - 1) @ (x - 1)), 2 * (x - 1) + noise

    run = Adam(function, np.array([3.0, -2.0]), rate=0.05)
    for _ in range(600):
        assert run.step()
    np.testing.assert_allclose(run.x, 1.0, atol=0.05)
