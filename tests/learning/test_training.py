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
from dydt.learning.pace import inherited
from dydt.learning.scaling import Range, Scaled, Scaling
from dydt.learning.smooth import Smooth, noise_of, smooth_runs
from dydt.learning.stages import Stage, between, from_arrays, plan, to_arrays
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
    return Training(
        LAW, scaling, data, curves, Sizes(width, noise), Options(**{"precision": "double", **options})
    )


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


def check_squares(loss, variables, places):
    """Residuals and their Jacobian are those of the loss and of its gradient, and of differences."""
    value, gradient = loss(variables)
    residuals, jacobian = loss.squares(variables)
    J, decays = jacobian(), loss.decays
    assert J.shape == (loss.rows, len(variables))
    assert 0.5 * residuals @ residuals + 0.5 * decays @ variables**2 == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(
        J.T @ residuals + decays * variables, gradient, rtol=1e-9, atol=1e-12 * np.abs(gradient).max()
    )
    for place in places:
        step = np.zeros_like(variables)
        step[place] = 1e-6
        up, down = (loss.squares(variables + s)[0] for s in (step, -step))
        np.testing.assert_allclose(
            J[:, place], (up - down) / 2e-6, rtol=1e-5, atol=1e-8 * np.abs(J[:, place]).max()
        )


def test_smooth_curves_follow_the_signal_and_know_the_noise():
    t, clean, noisy = oscillator(200)
    curve = Smooth(t, noisy)
    assert np.sqrt(np.mean((curve(t) - clean) ** 2)) < 0.006
    slope = np.column_stack([clean[:, 1], -clean[:, 0] - 0.1 * clean[:, 1]])
    inner = slice(10, -10)
    assert np.sqrt(np.mean((curve.slope(t) - slope)[inner] ** 2)) < 0.05
    np.testing.assert_allclose(curve.noise, 0.01, rtol=0.2)
    assert noise_of(t, noisy[:, 0]) == pytest.approx(0.01, rel=0.25)


def test_a_quick_transient_sampled_often_is_no_noise():
    random = np.random.default_rng(0)
    t = np.concatenate([np.linspace(0, 0.01, 60), np.linspace(0.012, 5, 100)])
    clean, slope = np.exp(-1000 * t), -1000 * np.exp(-1000 * t)
    curve = Smooth(t, (clean + 0.005 * random.normal(size=len(t)))[:, None])
    assert curve.noise[0] == pytest.approx(0.005, rel=0.3)
    assert np.sqrt(np.mean((curve(t)[:, 0] - clean) ** 2)) < 0.005
    inner = slice(3, 50)
    assert np.max(np.abs(curve.slope(t)[inner, 0] - slope[inner])) < 60
    between = 0.5 * (t[inner] + t[4:51])
    for order in (1, 2):
        step = 1e-7
        above, below = (curve.derivative(0, order - 1, between + d) for d in (step, -step))
        np.testing.assert_allclose(
            curve.derivative(0, order, between), (above - below) / (2 * step), rtol=1e-3, atol=1.0
        )


def test_what_cannot_tell_its_noise_says_so():
    runs = [Run("", np.arange(4.0), np.column_stack([np.arange(4.0) ** 2, np.full(4, np.nan)]))]
    (curve,), noise = smooth_runs(runs)
    assert np.all(np.isnan(noise))
    assert list(curve.known) == [True, False]
    other = Run("", np.arange(40.0), np.random.default_rng(0).normal(size=(40, 2)) + [0.0, 7.0])
    (curve, _), noise = smooth_runs([*runs, other])
    np.testing.assert_allclose(noise, 1.0, rtol=0.4)  # of those that can
    assert curve(np.zeros(1))[0, 1] == pytest.approx(7.0, abs=0.5)  # what other runs are like


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
    check_squares(slopes, z, [0, 5, 20, len(z) - 1])
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
        check_squares(loss, variables, [0, 7, 25, len(z), len(z) + 3, len(variables) - 1])
        assert loss.held_count == 12


def test_squares_of_a_half_known_law_with_free_parameters():
    """One of two states is measured, the other is not; a is free between bounds, b without, c is not."""
    network = Network("nn", (2, 4, 1))
    x, v, a, b, c = (symbol(name) for name in ("x", "v", "a", "b", "c"))
    derivatives = (b * v, -a * x + c * network(x, v)[0])
    law = Equations(("x", "v"), derivatives, parameters=dict.fromkeys(["a", "b", "c", *network.weights]))
    fixed = np.concatenate([[0.7, 1.1, -0.4], np.zeros(network.count)])
    scaled = Scaled(network, 3, np.array([0.2, -0.1]), np.array([2.0, 0.5]), np.array([1.5]))
    scaling = Scaling([scaled], {0: Range(0.0, 2.0), 1: Range(unit=3.0)}, fixed)
    runs = [run(25)]
    runs[0].y[:, 1] = np.nan
    pieces = cut_runs(runs, (3,))
    loss = ShootingLoss(
        Engine(law),
        scaling,
        runs,
        pieces,
        Sizes(np.ones(2), np.full(2, 0.1)),
        0.3,
        1e-2,
        [np.arange(25) == 7],
    )
    assert loss.rows == 24 + 4
    z = scaling.start(np.random.default_rng(0), 0.5)
    variables = loss.variables(z, np.random.default_rng(1).normal(size=(3, 2)))
    check_gradient(loss, variables, [0, len(z) - 2, len(z) - 1, len(variables) - 1], rel=2e-5)
    check_squares(loss, variables, range(len(variables)))
    t, y = np.linspace(0, 1, 5), np.random.default_rng(2).normal(size=(5, 2))
    known, free = np.array([False, True]), np.arange(len(z)) < len(z) - 2
    slopes = SlopeLoss(Engine(law, "euler"), scaling, t, y, y[::-1], 1e-2, known, free * 1.0)
    check_squares(slopes, z, range(len(z) - 2))
    assert not slopes.squares(z)[1]()[:, -2:].any()


@pytest.mark.parametrize("optimiser", ["gauss-newton", "lbfgs", "adam"])
def test_a_stopped_training_goes_on_to_the_same_bits(optimiser):
    options = {"iterations": 60, "seed": 3, "optimiser": optimiser}
    whole = training([run()], **options)
    whole.run()
    for part in (0.1, 0.6, 0.9):
        first = training([run()], **options)
        for _ in range(int(part * len(whole.history))):
            first.step()
        kept = {name: np.array(item) for name, item in first.state().items()}
        second = training([run()], **options)
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


def test_stages_there_and_back():
    made = training([run(200), run(60, seed=1)], iterations=100)
    assert from_arrays(to_arrays(made.stages)) == made.stages
    many = plan(made.shorter, made.whole, 100, True, True)
    assert many[0].alone
    assert from_arrays(to_arrays(many)) == many


def test_between_pieces_are_half_as_long():
    runs = [run(160)]
    stage = between(runs, (16,), Stage("whole", (1,), 50), 20)
    assert stage == Stage("pieces of 40 samples", (4,), 20)
    assert between(runs, (4,), Stage("whole", (1,), 50), 20).pieces == (2,)
    assert between(runs, (2,), Stage("whole", (1,), 50), 20) is None


def losing(until):
    """A training that ends far from the data along the first parts of runs, until there was a stage of this name."""
    made = training([run(240)], iterations=40)
    made._pass_over = lambda: None
    is_lost = made._is_lost

    def judged(outcome):
        is_early = all(before.stage != until for before in made.outcomes)
        return (outcome.stage == "first parts of the runs" and is_early) or is_lost(outcome)

    made._is_lost = judged
    return made


def test_a_stage_that_loses_its_way_is_undone_and_led_up_to_by_shorter_pieces():
    made = losing(until="pieces of 108 samples")
    made.run()
    assert made.follows_runs
    # From 18 pieces by 5 to one; it gets lost, and so there are two in between.
    assert [o.stage for o in made.outcomes] == [
        "pieces of 12 samples", "pieces of 43 samples", "pieces of 108 samples", "first parts of the runs",
        "whole runs", "all samples",
    ]  # fmt: skip
    names = [name for name, *_ in made.history]
    inserted = names.index("pieces of 108 samples")
    for stop in (
        inserted - 1,
        inserted,
        inserted + 1,
        inserted + 4,
    ):  # wherever it is stopped, it goes on likewise
        first, second = losing(until="pieces of 108 samples"), losing(until="pieces of 108 samples")
        while len(first.history) < stop:
            first.step()
        second.restore({name: np.array(item) for name, item in first.state().items()})
        second.run()
        np.testing.assert_array_equal(second.result.z, made.result.z)


def test_a_law_that_cannot_follow_whole_runs_ends_with_the_pieces_it_follows():
    made = losing(until="never")
    made.run()
    assert made.is_over
    assert not made.follows_runs
    assert made.result.stage == "pieces of 108 samples"
    kept = {name: np.array(item) for name, item in made.state().items()}
    again = training([run(240)], iterations=40)
    again.restore(kept)
    assert again.result.stage == made.result.stage
    np.testing.assert_array_equal(again.result.z, made.result.z)
    assert again.stages == made.stages


def test_what_slopes_have_taught_already_is_passed_over():
    made = training([run(200)], iterations=400)
    made.run()
    assert next(o.stage for o in made.outcomes) == "first parts of the runs"
    wild = training([run(200)], iterations=400)
    wild.z = 1e3 * wild.z
    wild.number = 1
    wild._pass_over()
    assert wild.number == 1


def test_training_ends_where_nothing_more_is_asked_for():
    full, soon = training([run()], iterations=200), training([run()], iterations=200, met=1.5)
    full.run()
    soon.run()
    assert len(soon.history) < len(full.history)
    assert [o.stage for o in soon.outcomes][-1] == "all samples"
    assert 2 * soon.result.loss < 1.6


def test_steps_are_as_long_as_the_noise_allows_piece_by_piece():
    still = oscillator(60)[0]
    runs = [run(60), Run("", still, 1e-3 * run(60).y)]  # in the second one next to nothing happens
    made = training(runs, iterations=40)
    made.run()
    errors = made_errors(made)
    assert np.all(errors < 1.5)
    slow, fast = made.result.steps[1], made.result.steps[0]
    assert slow > 1.5 * fast
    assert errors[0] > 0.05  # no step is shorter than need be


def made_errors(made):
    made._begin(made.stages[-1])
    made._loss.batch.forward(made.starts, made.scaling.to_law(made.z))
    return made._loss.batch.errors


def test_new_pieces_inherit_the_shortest_steps_they_overlap():
    old = cut_runs([run(60), run(60, seed=1)], (3, 2))
    new = cut_runs([run(60), run(60, seed=1)], (1, 1))
    np.testing.assert_array_equal(inherited(old, np.array([3.0, 1.0, 2.0, 5.0, 4.0]), new, 9.0), [1.0, 4.0])
    np.testing.assert_array_equal(inherited((), np.zeros(0), new, 9.0), [9.0, 9.0])
    np.testing.assert_array_equal(inherited(new, np.array([2.0, 3.0]), old, 9.0), [2.0, 2.0, 2.0, 3.0, 3.0])


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
