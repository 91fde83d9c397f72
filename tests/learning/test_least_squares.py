"""Levenberg–Marquardt: SciPy's optima, bounds, robust losses, and hopeless starts."""

import numpy as np
import pytest
from scipy.optimize import least_squares as scipy_least_squares

from dydt.errors import InputError
from dydt.learning.least_squares import TURNS, Descent, corrected, least_squares, rho, total


def rosenbrock(x):
    return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]]), np.array([[-20 * x[0], 10.0], [-1.0, 0.0]])


def powell(x):
    """Powell's singular function (Moré, Garbow, Hillstrom, ACM TOMS 7 (1981), problem 13): JᵀJ is singular at 0."""
    a, b, c, d = x
    five, ten = np.sqrt(5), np.sqrt(10)
    r = np.array([a + 10 * b, five * (c - d), (b - 2 * c) ** 2, ten * (a - d) ** 2])
    J = np.zeros((4, 4))
    J[0, :2] = 1, 10
    J[1, 2:] = five, -five
    J[2, 1:3] = 2 * (b - 2 * c), -4 * (b - 2 * c)
    J[3, 0], J[3, 3] = 2 * ten * (a - d), -2 * ten * (a - d)
    return r, J


def decay(seed=0, outliers=0):
    random = np.random.default_rng(seed)
    t = np.linspace(0, 4, 40)
    y = 3 * np.exp(-0.8 * t) + 0.05 * random.normal(size=40)
    y[random.choice(40, outliers, replace=False)] += 2.0

    def function(x):
        made = x[0] * np.exp(-x[1] * t)
        return (made - y) / 0.05, np.column_stack([np.exp(-x[1] * t), -t * made]) / 0.05

    return function


def test_published_problems_end_where_they_should():
    assert least_squares(rosenbrock, [-1.2, 1.0]).x == pytest.approx([1, 1], abs=1e-8)
    found = least_squares(powell, [3.0, -1.0, 0.0, 1.0])
    assert found.x == pytest.approx(np.zeros(4), abs=1e-2)
    assert found.cost < 1e-8


@pytest.mark.parametrize("loss", ["linear", "huber", "soft_l1", "cauchy"])
def test_every_loss_has_the_optimum_that_scipy_finds(loss):
    function = decay(outliers=6)
    found = least_squares(function, [2.0, 0.5], loss=loss)
    theirs = scipy_least_squares(
        lambda x: function(x)[0], [2.0, 0.5], jac=lambda x: function(x)[1], loss=loss, f_scale=TURNS[loss],
        xtol=1e-14, ftol=1e-14, gtol=1e-14,
    )  # fmt: skip
    assert found.converged
    assert found.x == pytest.approx(theirs.x, rel=1e-5)
    assert found.cost == pytest.approx(theirs.cost, rel=1e-8)


@pytest.mark.parametrize("loss", ["linear", "huber", "soft_l1", "cauchy"])
def test_derivatives_of_a_loss_are_those_of_its_value(loss):
    z = np.array([0.01, 0.4, 0.9, 1.2, 5.0, 80.0])
    h = 1e-5 * z
    up, down = rho(loss, z + h), rho(loss, z - h)
    _, first, second = rho(loss, z)
    assert first == pytest.approx((up[0] - down[0]) / (2 * h), rel=1e-6)
    assert second == pytest.approx((up[1] - down[1]) / (2 * h), rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("loss", ["huber", "soft_l1", "cauchy"])
def test_corrected_residuals_have_the_gradient_of_the_cost(loss):
    function, x = decay(outliers=6), np.array([2.5, 0.6])
    r, J = corrected(loss, *function(x))
    for i in range(2):
        step = np.eye(2)[i] * 1e-6
        slope = (total(loss, function(x + step)[0]) - total(loss, function(x - step)[0])) / 2e-6
        assert (J.T @ r)[i] == pytest.approx(slope, rel=1e-5)


def test_outliers_hardly_move_a_robust_optimum():
    clean = least_squares(decay(), [2.0, 0.5]).x
    plain = least_squares(decay(outliers=6), [2.0, 0.5]).x
    robust = least_squares(decay(outliers=6), [2.0, 0.5], loss="cauchy").x
    assert np.abs(robust - clean).max() < 0.03 < 0.2 < np.abs(plain - clean).max()


@pytest.mark.parametrize("bounds", [([-2, -2], [0.5, 2]), ([-2, 1.5], [3, 2]), ([0, 0], [0.9, 0.7])])
def test_bounds_hold_and_the_optimum_within_them_is_scipys(bounds):
    low, high = map(np.array, bounds)
    start = np.array([0.2, 1.6]) if low[1] > 1 else np.array([0.1, 0.1])
    found = least_squares(rosenbrock, start, low, high)
    theirs = scipy_least_squares(
        lambda x: rosenbrock(x)[0],
        start,
        jac=lambda x: rosenbrock(x)[1],
        bounds=(low, high),
        xtol=1e-14,
        ftol=1e-14,
    )
    assert np.all((found.x >= low) & (found.x <= high))
    assert found.x == pytest.approx(theirs.x, abs=1e-5)
    assert found.at_bound.any()


def test_many_variables_go_by_normal_equations_to_the_same_end():
    random = np.random.default_rng(3)
    A, b = random.normal(size=(120, 50)), random.normal(size=120)
    found = least_squares(lambda x: (A @ x - b, A), np.zeros(50))
    assert found.x == pytest.approx(np.linalg.lstsq(A, b, rcond=None)[0], abs=1e-6)


def curved(rows, columns):
    random = np.random.default_rng(rows)
    W, b = random.normal(size=(rows, columns)), random.normal(size=rows)
    return lambda x: (np.tanh(W @ x) - b, (1 - np.tanh(W @ x) ** 2)[:, None] * W)


@pytest.mark.parametrize("rows, columns", [(30, 10), (5, 20), (100, 40), (20, 60)])
def test_decays_are_so_many_more_residuals(rows, columns):
    """Few variables, many, and fewer residuals than variables: each goes its own way to the same step."""
    function, random = curved(rows, columns), np.random.default_rng(1)
    decays = np.where(random.random(columns) < 0.6, random.uniform(0, 0.1, columns), 0.0)

    def longer(x):
        r, J = function(x)
        return np.concatenate([r, np.sqrt(decays) * x]), np.concatenate([J, np.diag(np.sqrt(decays))])

    start = 0.1 * random.normal(size=columns)
    one, other = Descent(function, start, decays=decays), Descent(longer, start)
    for _ in range(6):
        one.step(), other.step()
        assert one.cost == pytest.approx(other.cost, rel=1e-10)
    np.testing.assert_allclose(one.x, other.x, atol=1e-9)


def test_fewer_residuals_than_variables_have_the_step_of_normal_equations():
    """(JᵀJ + μD²) h = -Jᵀr, solved among the residuals."""
    function, start = curved(20, 60), np.zeros(60)
    descent = Descent(function, start)
    r, J = function(start)
    D2 = np.diag(np.sum(J**2, axis=0))
    h = np.linalg.solve(J.T @ J + descent.damping * D2, -J.T @ r)
    descent.step()
    assert descent.cost < 0.5 * r @ r
    np.testing.assert_allclose(descent.x, h, atol=1e-10)


def test_the_jacobian_of_a_step_that_is_not_taken_is_not_computed():
    calls = {"residuals": 0, "jacobian": 0, "taken": 0}

    def function(x):
        calls["residuals"] += 1

        def jacobian():
            calls["jacobian"] += 1
            return rosenbrock(x)[1]

        return rosenbrock(x)[0], jacobian

    descent, cost = Descent(function, np.array([-1.2, 1.0])), np.inf
    while not descent.step():
        calls["taken"] += descent.cost < cost
        cost = descent.cost
    assert descent.x == pytest.approx([1, 1], abs=1e-6)
    assert calls["jacobian"] <= calls["taken"] + 1 < calls["residuals"]


def test_steps_into_nowhere_are_taken_back():
    def function(x):
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.array([np.log(x[0])]), np.array([[1 / x[0]]])

    assert least_squares(function, [5.0]).x == pytest.approx(
        [1.0], abs=1e-6
    )  # a full step would end below zero


def test_a_start_without_residuals_is_said_so():
    found = least_squares(lambda x: (np.array([np.nan]), np.array([[1.0]])), [1.0])
    assert not found.converged
    assert found.cost == np.inf
    with pytest.raises(InputError, match="did you mean `huber`"):
        least_squares(rosenbrock, [0.0, 0.0], loss="hubber")


def test_a_variable_that_does_nothing_stays():
    found = least_squares(lambda x: (np.array([x[0] - 2.0]), np.array([[1.0, 0.0]])), [0.0, 7.0])
    assert found.x == pytest.approx([2.0, 7.0])
