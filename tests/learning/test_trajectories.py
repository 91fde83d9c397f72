"""Trajectories for fits: the same as a solve with sensitivities, alone or in pieces, quick way or not."""

import numpy as np
import pytest

import dydt
from dydt.learning.trajectories import Trajectories

LAW = dydt.ODE("x' = a*x - b*x*y; y' = d*x*y - g*y", a=1.5, b=1.0, d=0.75, g=1.0)
QUANTITIES = ("a", "d", "x(0)", "y(0)")
TIMES = np.linspace(0, 12, 61)
PARAMETERS = np.array([1.5, 1.0, 0.75, 1.0])


def trajectories(law=LAW, quantities=QUANTITIES, rtol=1e-9):
    n, q = len(law.states), len(quantities)
    return Trajectories(law, quantities, rtol, "auto", np.ones(n), np.ones(q))


def begin(states):
    slopes = np.zeros((len(states), 2, 4))
    slopes[:, [0, 1], [2, 3]] = 1.0
    return np.array(states, dtype=float), slopes


def reference():
    return LAW.solve(t=(0, 12), x=2, y=1, sensitivity=QUANTITIES, saveat=TIMES, rtol=1e-11)


def test_one_member_is_a_solve_with_sensitivities():
    ask = trajectories()
    for _ in range(2):  # the second time everything is laid out already
        paths = ask(np.zeros(1), np.full(1, 12.0), *begin([[2, 1]]), PARAMETERS[None], TIMES)
        assert paths.fine.all()
        np.testing.assert_allclose(paths.y[0], reference().y[:, :2], rtol=1e-6)
        for j, quantity in enumerate(QUANTITIES):
            expected = reference().sensitivity(quantity)
            np.testing.assert_allclose(paths.slopes[0, :, :, j], expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(paths.y[0, -1], paths.end[0], rtol=1e-11)


def test_pieces_have_their_own_spans_and_samples():
    starts = np.array([0.0, 3.1, 6.05, 9.0])
    ends = np.append(starts[1:], 12.0)
    dense = LAW.solve(t=(0, 12), x=2, y=1, rtol=1e-11)
    paths = trajectories()(starts, ends, *begin(dense(starts)), np.tile(PARAMETERS, (4, 1)), TIMES)
    for k in range(4):
        inside = (starts[k] <= TIMES) & (ends[k] >= TIMES)
        np.testing.assert_allclose(paths.y[k, inside], dense(TIMES[inside]), rtol=1e-6)
        assert np.isnan(paths.y[k, ~inside]).all()
    np.testing.assert_allclose(paths.end, dense(ends), rtol=1e-6)


def test_a_few_members_and_many_have_the_same_bits():
    states, slopes = begin(np.random.default_rng(0).uniform(0.5, 2, (40, 2)))
    parameters = PARAMETERS * np.random.default_rng(1).uniform(0.8, 1.2, (40, 4))
    ask = trajectories(rtol=1e-6)
    many = ask(np.zeros(40), np.full(40, 12.0), states, slopes, parameters, TIMES)
    for k in (0, 7, 39):
        one = ask(np.zeros(1), np.full(1, 12.0), states[[k]], slopes[[k]], parameters[[k]], TIMES)
        np.testing.assert_array_equal(one.y[0], many.y[k])
        np.testing.assert_array_equal(one.slopes[0], many.slopes[k])
    few = ask(np.zeros(3), np.full(3, 12.0), states[:3], slopes[:3], parameters[:3], TIMES)
    np.testing.assert_array_equal(few.y, many.y[:3])


def test_members_that_blow_up_spoil_no_others():
    law = dydt.ODE("x' = r*x^2", r=1.0)
    ask = trajectories(law, ("r",))
    times = np.linspace(0, 1, 5)
    r = np.array([[0.5], [3.0]])
    paths = ask(np.zeros(2), np.ones(2), np.ones((2, 1)), np.zeros((2, 1, 1)), r, times)
    assert paths.fine.tolist() == [True, False]
    np.testing.assert_allclose(paths.y[0, :, 0], 1 / (1 - 0.5 * times), rtol=1e-7)
    assert np.isnan(paths.y[1, -1, 0])


def test_a_stiff_member_changes_its_method():
    law = dydt.ODE("x' = -k*(x - cos(t))", k=1e6)
    times = np.linspace(0, 5, 6)
    ask = trajectories(law, ("k",), rtol=1e-6)
    for _ in range(2):
        paths = ask(
            np.zeros(1), np.full(1, 5.0), np.ones((1, 1)), np.zeros((1, 1, 1)), np.array([[1e6]]), times
        )
        assert paths.fine.all()
        assert paths.y[0, :, 0] == pytest.approx(np.cos(times), abs=1e-5)


def test_a_repeated_sweep_takes_each_member_once():
    ask = trajectories()
    begun = begin([[2, 1], [1.5, 1.2], [2.1, 0.9]])
    for _ in range(3):
        ask(np.zeros(3), np.full(3, 12.0), *begun, np.tile(PARAMETERS, (3, 1)), TIMES)
    ((repeated, _),) = ask._repeated.values()
    taken = int(repeated._counter[0])
    assert 3 <= taken < 10 * repeated._sweeper.lanes  # lanes that are over ask again, a few times
