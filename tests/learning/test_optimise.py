"""Minimisers on functions whose minimum is known, and going on from a kept state to the same bits."""

import math

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

from dydt.learning.optimise import LBFGS, Adam


def rosenbrock(x):
    return float(rosen(x)), rosen_der(x)


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


def test_a_kept_run_goes_on_to_the_same_bits():
    start = np.array([-1.2, 1.0, 0.3])
    for make in (lambda f, x: LBFGS(f, x, memory=4), Adam):
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


def test_adam_comes_close_on_a_noisy_bowl():
    random = np.random.default_rng(0)

    def function(x):
        noise = random.normal(size=2) * 0.1
        return float((x - 1) @ (x - 1)), 2 * (x - 1) + noise

    run = Adam(function, np.array([3.0, -2.0]), rate=0.05)
    for _ in range(600):
        assert run.step()
    np.testing.assert_allclose(run.x, 1.0, atol=0.05)
