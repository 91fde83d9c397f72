"""Measured orders: of every method's steps and of its dense output, against closed forms."""

import math

import numpy as np
import pytest

from dydt.solvers.runge_kutta import advance, dense_slopes, dense_weights, end, slopes
from dydt.solvers.tableaus import METHODS, tableau
from dydt.solvers.vectors import Components, Plain

SPACE = Components(Plain, 3)


def law(t, y):
    """Three equations with known solutions: non-linear, non-autonomous, coupled."""
    a, b, c = y
    return [-2.0 * t * a * a, b * math.cos(t), -c * c * b * math.cos(t)]


def exact(t):
    # With b = e^(sin t), c' = -c² b' gives c = 1/(b - b(0) + 1/c(0)) = 1/b for c(0) = 1.
    return np.array([1.0 / (1.0 + t * t), math.exp(math.sin(t)), math.exp(-math.sin(t))])


def integrate(name, count, stop=2.0):
    method, y, h = tableau(name), list(exact(0.0)), stop / count
    for i in range(count):
        k, last = slopes(SPACE, law, method, i * h, y, h)
        y = end(SPACE, method, y, h, k, last)
    return np.linalg.norm(y - exact(stop))


@pytest.mark.parametrize("name", METHODS)
def test_steps_converge_with_the_order_of_the_method(name):
    order = tableau(name).order
    coarse = {1: 512, 2: 128, 3: 64, 4: 32, 5: 16, 8: 8, 9: 6}[order]
    errors = [integrate(name, n) for n in (coarse, 2 * coarse)]
    assert errors[1] > 1e-14, "rounding would hide the order"
    measured = math.log2(errors[0] / errors[1])
    assert order - 0.35 < measured < order + 1.3


def dense_error(name, h, theta, start=0.3):
    method, y = tableau(name), list(exact(start))
    k = dense_slopes(SPACE, law, method, start, y, h)
    weights = dense_weights(method, theta, Plain.fma)
    return np.linalg.norm(advance(SPACE, y, h, weights, k) - exact(start + theta * h))


@pytest.mark.parametrize("name", METHODS)
def test_dense_output_has_its_published_order(name):
    order = tableau(name).dense_order
    h = {1: 0.02, 2: 0.05, 3: 0.1, 4: 0.1, 7: 0.5, 9: 0.7}[order]
    for theta in (0.3, 0.6, 0.85):
        error, half = dense_error(name, h, theta), dense_error(name, h / 2, theta)
        # A step's error is of one order more than that of a whole solve.
        assert order + 0.5 < math.log2(error / half) < order + 2.5


@pytest.mark.parametrize("name", METHODS)
def test_dense_output_meets_both_ends_of_a_step(name):
    method, y, h = tableau(name), list(exact(0.0)), 0.1
    k = dense_slopes(SPACE, law, method, 0.0, y, h)
    for theta, state in ((0.0, y), (1.0, advance(SPACE, y, h, method.b, k))):
        weights = dense_weights(method, theta, Plain.fma)
        assert np.allclose(advance(SPACE, y, h, weights, k), state, rtol=0, atol=1e-11)
