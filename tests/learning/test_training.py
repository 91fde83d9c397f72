"""Training: each stage does what it says, a run that was stopped goes on to the same bits, and nothing is lost."""

import numpy as np
import pytest

import dydt
from dydt.expr.equations import Equations
from dydt.expr.graph import symbol
from dydt.expr.network import Network
from dydt.kernels.numpy import network_values
from dydt.learning.data import Data, Run
from dydt.learning.gradient import Engine
from dydt.learning.learn import learn
from dydt.learning.loss import ShootingLoss, Sizes, SlopeLoss, cut_runs
from dydt.learning.scaling import Range, Scaled, Scaling
from dydt.learning.smooth import Smooth, noise_of, smooth_runs
from dydt.learning.training import Options, Training


def oscillator(count=80, noise=0.01, seed=0, end=7.0):
    """x'' = -x - 0.1 x' from (2, 0), at irregular times with noise: its closed form."""
    random = np.random.default_rng(seed)
    t = np.sort(random.uniform(0, end, count))
    w = np.sqrt(1 - 0.0025)
    x = 2 * np.exp(-0.05 * t) * (np.cos(w * t) + 0.05 / w * np.sin(w * t))
    v = -2 / w * np.exp(-0.05 * t) * np.sin(w * t)
    return t, np.column_stack([x, v]), np.column_stack([x, v]) + noise * random.normal(size=(count, 2))


NETWORK = Network("nn", (2, 8, 2))
LAW = Equations(
    ("x", "v"), tuple(NETWORK(symbol("x"), symbol("v"))), parameters=dict.fromkeys(NETWORK.weights)
)


def training(runs, **options):
    curves, noise = smooth_runs(runs)
    width = np.std(np.concatenate([run.y for run in runs]), axis=0)
    scaling = Scaling([Scaled(NETWORK, 0, np.zeros(2), width, width)], {}, np.zeros(NETWORK.count))
    data = Data(("x", "v"), tuple(runs), noise)
    return Training(LAW, scaling, data, curves, Sizes(width, noise), Options(**{"precision": "double", **options}))


def run(count=80, seed=0):
    t, _, y = oscillator(count, seed=seed)
    return Run("", t, y)


def check_gradient(loss, variables, places, rel=2e-6):
    _, gradient = loss(variables)
    for place in places:
        step = np.zeros_like(variables)
        step[place] = 1e-6
        difference = (loss(variables + step)[0] - loss(variables - step)[0]) / 2e-6
        assert gradient[place] == pytest.approx(difference, rel=rel, abs=1e-6)


def test_smooth_curves_follow_the_signal_and_know_the_noise():
    t, clean, noisy = oscillator(200)
    curve = Smooth(t, noisy)
    assert np.sqrt(np.mean((curve(t) - clean) ** 2)) < 0.006
    slope = np.column_stack([clean[:, 1], -clean[:, 0] - 0.1 * clean[:, 1]])
    inner = slice(10, -10)
    assert np.sqrt(np.mean((curve.slope(t) - slope)[inner] ** 2)) < 0.05
    np.testing.assert_allclose(curve.noise, 0.01, rtol=0.2)
    assert noise_of(t, noisy[:, 0]) == pytest.approx(0.01, rel=0.25)


def test_scaling_there_and_back():
    random = np.random.default_rng(1)
    scaled = Scaled(NETWORK, 1, np.array([3.0, -1.0]), np.array([2.0, 0.1]), np.array([10.0, 0.5]))
    scaling = Scaling([scaled], {0: Range(low=0.0)}, np.concatenate([[0.7], np.zeros(NETWORK.count)]))
    z = scaling.start(random, 0.5)
    parameters = scaling.to_law(z)
    assert parameters[0] == pytest.approx(0.7)
    x = random.normal(size=(5, 2))
    inside = network_values(NETWORK, z[: NETWORK.count], ((x - scaled.centre) / scaled.width).T)[0]
    np.testing.assert_allclose(
        network_values(NETWORK, parameters[1:], x.T)[0], inside * scaled.unit, rtol=1e-12
    )
    bar = random.normal(size=len(parameters))
    pulled = scaling.pull(z, bar)
    for place in (0, 10, 17, 30, len(z) - 1):
        step = np.zeros_like(z)
        step[place] = 1e-6
        difference = bar @ (scaling.to_law(z + step) - scaling.to_law(z - step)) / 2e-6
        assert pulled[place] == pytest.approx(difference, rel=1e-6, abs=1e-8)


def test_losses_have_the_gradient_they_claim():
    runs = [run(40), run(30, seed=1)]
    runs[0].y[3:6, 0] = np.nan  # holes
    curves, noise = smooth_runs(runs)
    scaling = Scaling([Scaled(NETWORK, 0, np.zeros(2), np.ones(2), np.ones(2))], {}, np.zeros(NETWORK.count))
    z = scaling.start(np.random.default_rng(0), 0.5)
    t = runs[0].t
    slopes = SlopeLoss(
        Engine(LAW, "euler"), scaling, t, curves[0](t), curves[0].slope(t), 1e-3, curves[0].known
    )
    check_gradient(slopes, z, [0, 5, 20, len(z) - 1])
    pieces = cut_runs(runs, (3, 2))
    assert [p.follows for p in pieces] == [False, True, True, False, True]
    assert sum(len(p.rows) for p in pieces) == 70
    held = [np.zeros(40, dtype=bool), np.arange(30) % 5 == 1]
    sizes = Sizes(np.ones(2), noise)
    for huber in (np.inf, 1.5):
        loss = ShootingLoss(Engine(LAW), scaling, runs, pieces, sizes, 0.3, 1e-3, held, huber)
        starts = np.array([curves[p.run](np.array([p.start]))[0] for p in pieces])
        variables = loss.variables(z, starts)
        check_gradient(loss, variables, [0, 7, 25, len(z), len(z) + 3, len(variables) - 1], rel=2e-5)
        assert loss.held_count == 12


def test_a_stopped_training_goes_on_to_the_same_bits():
    whole = training([run()], iterations=60, seed=3)
    whole.run()
    for stop in (5, 38, 47):
        first = training([run()], iterations=60, seed=3)
        for _ in range(stop):
            first.step()
        kept = {name: np.array(item) for name, item in first.state().items()}
        second = training([run()], iterations=60, seed=3)
        second.restore(kept)
        second.run()
        np.testing.assert_array_equal(second.result.z, whole.result.z)
        np.testing.assert_array_equal(
            [row[1:3] for row in second.history], [row[1:3] for row in whole.history]
        )


def test_stages_grow_from_slopes_to_whole_runs():
    made = training([run(200)], iterations=100)
    names = [stage.name for stage in made.stages]
    assert names[0] == "slopes"
    assert names[-3:] == ["first parts of the runs", "whole runs", "all samples"]
    assert [len(cut_runs(made.shorter, s.pieces)) for s in made.stages[1:-2]] == [15, 4, 1]


def test_a_stage_that_loses_its_way_is_undone():
    made = training([run()], iterations=60)
    made.run()
    good = made.result
    lost = made.outcomes[-1]
    object.__setattr__(lost, "held", 1e4)
    object.__setattr__(lost, "loss", 1e4)
    assert made.result is not lost
    assert good is lost


def test_learning_an_oscillator_and_forecasting_it():
    t, _, y = oscillator(250, seed=2, end=10.0)
    law = learn({"t": t, "x": y[:, 0], "v": y[:, 1]}, hidden=(16,), seed=0)
    later = np.linspace(10, 13, 20)
    w = np.sqrt(1 - 0.0025)
    expected = 2 * np.exp(-0.05 * later) * (np.cos(w * later) + 0.05 / w * np.sin(w * later))
    found = law.solve(t=(t[0], 13), saveat=later)["x"]
    assert np.sqrt(np.mean((found - expected) ** 2)) < 0.06
    report = law.training
    assert np.all(report.inside < 0.012)
    assert np.all(report.new_times < 0.02)
    assert np.all(report.beyond < 0.1)
    assert "forecast of the last 10%" in str(report)
    assert report.to_dict()["weights"] == 82


def test_a_kept_training_resumes_and_refuses_another(tmp_path):
    t, _, y = oscillator(60)
    table = {"t": t, "x": y[:, 0], "v": y[:, 1]}
    path = tmp_path / "run.npz"
    first = learn(table, hidden=(6,), iterations=40, checkpoint=path)
    again = learn(table, hidden=(6,), iterations=40, checkpoint=path)  # over already: nothing is left to do
    assert first.parameters == again.parameters
    with pytest.raises(dydt.InputError, match="another training"):
        learn(table, hidden=(6,), iterations=40, seed=5, checkpoint=path)
    path.write_bytes(b"nonsense")
    with pytest.raises(dydt.InputError, match="no checkpoint"):
        learn(table, hidden=(6,), iterations=40, checkpoint=path)


def test_a_seed_makes_runs_repeatable():
    t, _, y = oscillator(60)
    table = {"t": t, "x": y[:, 0], "v": y[:, 1]}
    one, two = (learn(table, hidden=(6,), iterations=30, seed=4).parameters for _ in range(2))
    assert one == two
