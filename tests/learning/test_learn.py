"""`dydt.learn` and half-known laws: data with holes, hidden states, unknown parameters; stops, kills and blow-ups."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import dydt
from dydt.errors import InputError, SolveWarning
from dydt.kernels.numpy import evaluate
from dydt.learning import attempts
from dydt.learning.data import read_data
from dydt.learning.scaling import Range


def oscillator(count=120, noise=0.01, seed=0, end=8.0):
    """x'' = -x - 0.1 x' from (2, 0): its closed form, at irregular times."""
    random = np.random.default_rng(seed)
    t = np.sort(random.uniform(0, end, count))
    w = np.sqrt(1 - 0.0025)
    x = 2 * np.exp(-0.05 * t) * (np.cos(w * t) + 0.05 / w * np.sin(w * t))
    v = -2 / w * np.exp(-0.05 * t) * np.sin(w * t)
    noisy = np.column_stack([x, v]) + noise * random.normal(size=(count, 2))
    return {"t": t, "x": noisy[:, 0], "v": noisy[:, 1]}, np.column_stack([x, v])


def predators(count=150, seed=0):
    random = np.random.default_rng(seed)
    law = dydt.gallery.get("lotka-volterra", a=1.5, b=1.0, d=0.75, g=1.0)
    t = np.sort(random.uniform(0, 12, count))
    y = law.solve(t=(0, 12), x=2, y=1)(t) + 0.01 * random.normal(size=(count, 2))
    return {"t": t, "x": y[:, 0], "y": y[:, 1]}


def error(law, data, truth):
    """The root mean square distance of a law's solution from the truth, at the data's times."""
    t = data["t"]
    found = law.solve(t=(float(t[0]), float(t[-1])), saveat=t)
    return float(np.sqrt(np.mean((found.y[:, : truth.shape[1]] - truth) ** 2)))


@pytest.fixture(scope="module")
def learned():
    data, truth = oscillator()
    return dydt.learn(data, hidden=(12,), iterations=200), data, truth


# -- learning -----------------------------------------------------------------------------------------------------


def test_a_law_is_nearer_to_the_truth_than_the_samples_are(learned):
    law, data, truth = learned
    assert error(law, data, truth) < 0.008
    report = law.training
    np.testing.assert_allclose(report.inside, 0.01, rtol=0.3)
    np.testing.assert_allclose(report.new_times, 0.01, rtol=0.8)
    assert np.all(report.beyond < 0.03)
    assert report.beyond_part == 0.1
    assert report.note == ""


def test_the_report_holds_what_was_computed(learned):
    law, data, _ = learned
    report = law.training
    (residuals,), (held,) = report.residuals, report.held
    again = law.solve(t=(float(data["t"][0]), float(data["t"][-1])), saveat=data["t"]).y
    np.testing.assert_allclose(residuals, again - np.column_stack([data["x"], data["v"]]), atol=1e-3)
    np.testing.assert_allclose(np.sqrt(np.mean(residuals[~held] ** 2, axis=0)), report.inside)
    run, t, y = report.curves[0]
    assert run == 0
    assert t[0] == data["t"][0]
    assert t[-1] == data["t"][-1]
    np.testing.assert_allclose(y[0], report.starts[0], rtol=1e-6)
    assert next(name for name, _ in report.marks) == "slopes"
    assert report.marks[-1][0] == "all samples"
    assert report.marks[-1][1] < len(report.history)


@pytest.mark.parametrize("optimiser", ["gauss-newton", "lbfgs", "adam"])
def test_each_optimiser_learns(optimiser):
    data, truth = oscillator(80)
    law = dydt.learn(data, hidden=(8,), optimiser=optimiser, iterations=2000 if optimiser == "adam" else 200)
    assert error(law, data, truth) < 0.015


def test_the_same_seed_gives_the_same_law(learned):
    law, data, _ = learned
    again = dydt.learn(data, hidden=(12,), iterations=200)
    assert again.parameters == law.parameters
    other = dydt.learn(data, hidden=(12,), iterations=10, seed=1)
    assert other.parameters != law.parameters


def test_holes_and_columns_that_overlap_little():
    data, truth = oscillator(160)
    data["x"][::3] = np.nan
    data["v"][data["t"] > 6] = np.nan
    law = dydt.learn(data, hidden=(12,), iterations=200)
    assert error(law, data, truth) < 0.03


@pytest.mark.parametrize("x, t", [(1e6, 1.0), (1e-6, 1e-6), (1.0, 1e6)])
def test_units_do_not_matter(x, t):
    data, truth = oscillator(80)
    scaled = {"t": data["t"] * t, "x": data["x"] * x, "v": data["v"] / x}
    law = dydt.learn(scaled, hidden=(8,), iterations=100)
    assert error(law, scaled, truth * [x, 1 / x]) / max(x, 1 / x) < 0.02
    assert law.training.inside[0] / x < 0.02


def test_eight_samples_many_short_runs_and_no_noise():
    few = {name: column[::15] for name, column in oscillator()[0].items()}
    assert np.all(np.isfinite(dydt.learn(few, hidden=(6,), iterations=40).training.inside))
    runs = [oscillator(8, seed=k, end=4.0)[0] for k in range(20)]
    law = dydt.learn(runs, hidden=(8,), iterations=60)
    assert np.all(law.training.inside < 0.02)
    assert len(law.training.curves) == 20
    data, truth = oscillator(80, noise=0.0)
    assert error(dydt.learn(data, hidden=(12,), iterations=100), data, truth) < 0.01


def test_one_measured_state_and_one_hidden_one():
    data, truth = oscillator(150, end=12.0)
    law = dydt.learn({"t": data["t"], "x": data["x"]}, hidden=(12,), augment=1, iterations=150)
    assert law.states == ("x", "hidden1")
    assert error(law, data, truth[:, :1]) < 0.02
    assert law.training.states == ("x",)


def test_a_law_that_changes_with_time():
    random = np.random.default_rng(0)
    t = np.sort(random.uniform(0, 8, 150))
    x = 1 + np.sin(2 * t) + 0.01 * random.normal(size=150)  # no x' = f(x) does this
    law = dydt.learn({"t": t, "x": x}, hidden=(16,), time_dependent=True, iterations=200)
    assert np.all(law.training.inside < 0.03)
    assert "network is told t" in law.training.note
    assert "period=" in law.training.note
    autonomous = dydt.learn({"t": t, "x": x}, hidden=(16,), iterations=40)
    assert autonomous.training.inside[0] > 0.1
    assert autonomous.training.note


def driven(seed=0, end=20.0, count=300):
    """x'' = -x - x³ - 0.3 x' + 1.2 cos 1.4t with noise, and what it goes on to."""
    random = np.random.default_rng(seed)
    law = dydt.ODE("x' = v; v' = -x - x^3 - 0.3*v + 1.2*cos(1.4*t)")
    truth = law.solve(t=(0, 2 * end), x=1, v=0, rtol=1e-9, atol=1e-11)
    t = np.sort(random.uniform(0, end, count))
    y = truth(t) + 0.02 * random.normal(size=(count, 2))
    later = np.linspace(end, 2 * end, 50)
    return {"t": t, "x": y[:, 0], "v": y[:, 1]}, later, truth(later)


def ahead(law, later, expected):
    found = law.solve(t=(law.equations.start, float(later[-1])), saveat=later)
    return float(np.sqrt(np.mean((found.y - expected) ** 2)))


def test_a_law_with_a_period_forecasts_well():
    data, later, expected = driven()
    law = dydt.learn(data, hidden=(16, 16), period=2 * np.pi / 1.4)
    assert ahead(law, later, expected) < 0.05
    assert law.training.note == ""
    timed = dydt.learn(data, hidden=(16, 16), time_dependent=True, iterations=100)
    assert ahead(timed, later, expected) > 0.2


@pytest.mark.parametrize("guess", ["A = 1.2; w = 1.4", "A = 1; w = 1.3", "A = 1.5; w = 1.45"])
def test_a_half_known_law_with_its_driver_forecasts_well(guess):
    """From wrong guesses, too: were the parameters free while the network knows nothing, they would go astray."""
    data, later, expected = driven()
    law = dydt.ODE(f"x' = v; v' = nn(x, v) + A*cos(w*t); nn = network(12); {guess}")
    found = law.fit(data)
    assert found.values["w"] == pytest.approx(1.4, abs=0.02)
    assert ahead(found.law, later, expected) < 0.1
    assert "told t" not in found.training.note


def test_exact_data_are_learned_at_once(monkeypatch):
    made = []
    train = attempts.Attempts._train
    monkeypatch.setattr(attempts.Attempts, "_train", lambda self, one: made.append(one) or train(self, one))
    t = np.linspace(0, 12, 600)
    law = dydt.learn({"t": t, "x": np.cos(t), "v": -np.sin(t)}, hidden=(12,))
    assert len(made) == 1
    report = law.training
    assert np.all(report.inside < 1e-3)
    assert "next to no noise" in report.note
    assert "more neurons" not in report.note
    y = dydt.gallery.lotka_volterra().solve(t=(0, 12), x=2, y=1)(t)
    few = dydt.learn({"t": t, "x": y[:, 0], "y": y[:, 1]}, hidden=(2,), iterations=40, decay=30.0)
    assert "% of their width; more neurons" in few.training.note


def test_decay_and_held_do_what_they_say():
    data, _ = oscillator(60)
    weak, strong = (dydt.learn(data, hidden=(8,), iterations=60, held=0.0, decay=d) for d in (1e-6, 10.0))
    size = {law: float(np.sum(law.weights["nn"] ** 2)) for law in (weak, strong)}
    assert size[strong] < 0.8 * size[weak]
    assert np.all(strong.training.inside > 1.3 * weak.training.inside)
    nothing = dydt.learn(data, hidden=(8,), iterations=20, held=0.0, beyond=0.0)
    assert np.all(np.isnan(nothing.training.new_times))
    assert np.all(np.isnan(nothing.training.beyond))
    assert not np.isfinite(nothing.training.history[:, 1]).any()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"hidden": 32}, "hidden=\\(32, 32\\)"),
        ({"activation": "tahn"}, "did you mean `tanh`|tanh"),
        ({"optimiser": "lbgfs"}, "did you mean `lbfgs`"),
        ({"epochs": 5}, "learn has no option `epochs`. There: .*iterations"),
        ({"iteration": 5}, "no option `iteration`; did you mean `iterations`"),
        ({"augment": -1}, "augment"),
        ({"held": 0.9}, "held"),
        ({"iterations": 0}, "iterations"),
        ({"decay": -1.0}, "decay"),
        ({"loss": "cauchy"}, "huber"),
        ({"period": -1.0}, "period"),
        ({"period": "year"}, "period"),
        ({"method": "tsit6"}, "tsit"),
        ({"checkpoint": "/nowhere/there/file.npz"}, "no folder"),
    ],
)
def test_bad_options_are_told_of(options, message):
    with pytest.raises(InputError, match=message):
        dydt.learn(oscillator(30)[0], **options)


def test_constant_columns_are_refused():
    data, _ = oscillator(30)
    with pytest.raises(InputError, match="constant"):
        dydt.learn({**data, "v": np.ones(30)})


# -- data that are hard to learn from --------------------------------------------------------------------------------


def test_three_samples_and_more_runs_than_samples_a_run():
    law = dydt.learn({"t": [0.0, 1.0, 2.0], "x": [1.0, 2.0, 3.5]}, hidden=(4,), iterations=40)
    assert "can't tell the noise of x" in law.training.note
    random = np.random.default_rng(0)
    runs = []
    for _ in range(120):
        t, phase = np.sort(random.uniform(0, 2, 5)), random.uniform(0, 6)
        noise = 0.02 * random.normal(size=(2, 5))
        runs.append({"t": t, "x": np.cos(t + phase) + noise[0], "v": -np.sin(t + phase) + noise[1]})
    law = dydt.learn(runs, hidden=(8,), iterations=100)
    found = law.solve(t=(0, 6), values={"x": 1.0, "v": 0.0})
    assert np.max(np.abs(found["x"] - np.cos(found.t))) < 0.1


def test_a_long_run_is_not_learned_with_the_error_of_its_steps():
    """Errors of steps add up along a run: were they not kept small, the law would learn to make them good."""
    random = np.random.default_rng(0)
    t = np.linspace(0, 150, 1500)
    noise = 0.02 * random.normal(size=(2, len(t)))
    law = dydt.learn(
        {"t": t, "x": np.cos(t) + noise[0], "v": -np.sin(t) + noise[1]}, hidden=(8,), iterations=60
    )
    found = law.solve(t=(0, 150), saveat=t)["x"]
    assert np.sqrt(np.mean((found - np.cos(t)) ** 2)) < 0.02
    np.testing.assert_allclose(law.training.inside, 0.02, rtol=0.15)


def test_a_state_that_was_never_measured_in_one_run_and_a_run_at_rest():
    random = np.random.default_rng(0)
    t = np.linspace(0, 6, 60)
    runs = []
    for phase in (0.0, 1.0, 2.0):
        noise = 0.01 * random.normal(size=(2, len(t)))
        runs.append({"t": t, "x": np.cos(t + phase) + noise[0], "v": -np.sin(t + phase) + noise[1]})
    runs[1]["v"][:] = np.nan
    runs.append({"t": t, "x": np.zeros(60), "v": np.zeros(60)})
    law = dydt.learn(runs, hidden=(8,), iterations=100)
    assert np.all(law.training.inside < 0.02)
    assert law.training.starts[1, 1] == pytest.approx(-np.sin(1.0), abs=0.05)
    assert law.training.note == ""


def test_outliers_are_told_of_and_forgiven():
    data, truth = oscillator(150)
    data["x"][::15] += 3.0 * (-1.0) ** np.arange(10)
    pulled = dydt.learn(data, hidden=(8,), iterations=60)
    assert '10 samples of x lie far off the law and their neighbours: loss="huber"' in pulled.training.note
    forgiving = dydt.learn(data, hidden=(8,), iterations=60, loss="huber")
    assert error(forgiving, data, truth) < 0.02
    assert error(forgiving, data, truth) < 0.5 * error(pulled, data, truth)
    assert forgiving.training.note == ""


def test_chaos_is_learned_in_pieces_and_the_report_says_how_long_they_are():
    t = np.linspace(0, 10, 500)
    y = dydt.gallery.lorenz().solve(t=(0, 10), x=1, y=1, z=20)(t)
    y = y + 0.1 * np.random.default_rng(0).normal(size=y.shape)
    law = dydt.learn({"t": t, **dict(zip("xyz", y.T, strict=True))}, hidden=(8,), iterations=10)
    note = law.training.note
    assert "Whole runs could not be followed: the law meets pieces of" in note
    assert " in t)" in note


# -- half-known laws ----------------------------------------------------------------------------------------------


def test_parameters_and_a_network_are_found_together():
    law = dydt.ODE("x' = a*x - nn(x, y); y' = -g*y + 0.75*nn(x, y); nn = network(8)")
    data = predators()
    found = law.fit(data, bounds={"a": (0, None), "g": (0, 5)}, a=1.0, g=0.7)
    assert found.values["a"] == pytest.approx(1.5, abs=0.05)
    assert found.values["g"] == pytest.approx(1.0, abs=0.05)
    assert np.all(found.training.inside < 0.013)
    assert found.law.parameters["a"] == found.values["a"]
    x, y = data["x"], data["y"]  # where samples are, the network is the product it stands for
    slope, _ = evaluate(found.law.equations.derivatives, {"x": x, "y": y, **found.law.parameters})
    np.testing.assert_allclose(found.values["a"] * x - slope, x * y, atol=0.2)


def test_what_a_network_can_have_as_well_is_said():
    law = dydt.ODE("x' = a*x - nn(x, y); y' = -g*y + 0.75*x*y; nn = network(8)")
    found = law.fit(predators(100), a=1.0, g=0.7)
    assert found.values["g"] == pytest.approx(1.0, abs=0.05)
    assert "don't determine a:" in found.training.note


def test_states_that_were_not_measured():
    data, truth = oscillator(150)
    law = dydt.ODE("v' = nn(x, v); x' = v; nn = network(8)")  # v is the slope of what was measured
    found = law.fit({"t": data["t"], "x": data["x"]}).law
    t = data["t"]
    solution = found.solve(t=(float(t[0]), float(t[-1])), saveat=t)
    assert np.sqrt(np.mean((solution["x"] - truth[:, 0]) ** 2)) < 0.01
    assert np.sqrt(np.mean((solution["v"] - truth[:, 1]) ** 2)) < 0.05


def test_laws_that_cannot_be_trained():
    data, _ = oscillator(30)
    with pytest.raises(InputError, match="no state `w`"):
        dydt.ODE("x' = nn(x)").fit({"t": data["t"], "w": data["x"]})
    with pytest.raises(InputError, match="between them"):
        dydt.ODE("x' = -k*x + nn(x)").fit({"t": data["t"], "x": data["x"]}, bounds={"k": (0, 1)}, k=2.0)
    with pytest.raises(InputError, match="events"):
        dydt.ODE("x' = nn(x); when x > 10: stop").fit({"t": data["t"], "x": data["x"]})


@pytest.mark.parametrize("within", [Range(), Range(unit=7.0), Range(0.0), Range(high=3.0), Range(-1.0, 3.0)])
def test_ranges_there_and_back(within):
    z = within.variable(2.0)
    assert within.value(z) == pytest.approx(2.0, rel=1e-12)
    difference = (within.value(z + 1e-6) - within.value(z - 1e-6)) / 2e-6
    assert within.steepness(z) == pytest.approx(difference, rel=1e-6)
    assert within.low <= within.value(-800.0)
    assert within.value(800.0) <= within.high


# -- stopped, killed, blown up ------------------------------------------------------------------------------------

_SCRIPT = """
import sys
sys.path.insert(0, sys.argv[2])
from tests.learning.test_learn import oscillator, attempts
import dydt
attempts._KEEP_EVERY = 0.0
law = dydt.learn(oscillator(100)[0], hidden=(12,), iterations=300, checkpoint=sys.argv[1])
"""


def test_a_killed_training_goes_on_to_the_same_law(tmp_path):
    kept = tmp_path / "training.npz"
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    process = subprocess.Popen([sys.executable, "-c", _SCRIPT, str(kept), root])
    try:
        until = time.monotonic() + 60
        while not kept.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(0.1)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert kept.exists()
    data, _ = oscillator(100)
    resumed = dydt.learn(data, hidden=(12,), iterations=300, checkpoint=kept)
    unbroken = dydt.learn(data, hidden=(12,), iterations=300)
    assert resumed.parameters == unbroken.parameters
    with pytest.raises(InputError, match="another training"):
        dydt.learn(data, hidden=(13,), iterations=300, checkpoint=kept)
    kept.write_bytes(b"nonsense")
    with pytest.raises(InputError, match="no checkpoint"):
        dydt.learn(data, hidden=(12,), iterations=300, checkpoint=kept)


def test_further_attempts_are_kept_too(tmp_path, monkeypatch):
    data, _ = oscillator(60)
    monkeypatch.setattr(attempts, "_SAME", np.inf)
    options = {"hidden": (4,), "iterations": 30, "noise": 1e-5, "checkpoint": tmp_path / "training.npz"}
    first = dydt.learn(data, **options)  # never good enough: all attempts are made
    with np.load(tmp_path / "training.npz") as file:
        assert {name.split()[1] for name in file.files if name.startswith("attempt")} == {"0", "1", "2"}
    assert dydt.learn(data, **options).parameters == first.parameters


def test_interrupting_gives_the_best_so_far(monkeypatch):
    data, truth = oscillator(60)
    run = attempts.Training.run

    def interrupted(self, watch):
        def stop(moment):
            if moment.stage.startswith("first") and moment.iteration == 5:
                raise KeyboardInterrupt

        run(self, stop)

    monkeypatch.setattr(attempts.Training, "run", interrupted)
    with pytest.warns(SolveWarning, match="best law so far"):
        law = dydt.learn(data, hidden=(8,), iterations=60)
    assert error(law, data, truth) < 0.1
    assert "interrupted" in law.training.note


@pytest.mark.parametrize("place", ["step", "_begin", "_end", "slope_loss"])
@pytest.mark.parametrize("when", [0.1, 0.5, 0.9])
def test_wherever_it_is_interrupted_it_goes_on_to_the_same_law(tmp_path, monkeypatch, place, when):
    data, truth = oscillator(60)
    options = {"hidden": (8,), "iterations": 40, "checkpoint": tmp_path / "training.npz"}
    work = getattr(attempts.Training, place)
    calls = []

    def counted(self, *arguments):
        calls.append(place)
        if len(calls) == stop:
            raise KeyboardInterrupt
        return work(self, *arguments)

    monkeypatch.setattr(attempts.Training, place, counted)
    stop = -1
    unbroken = dydt.learn(data, **{**options, "checkpoint": None})
    stop, calls[:] = max(1, round(when * len(calls))), []
    try:
        with pytest.warns(SolveWarning, match="goes on from here"):
            assert error(dydt.learn(data, **options), data, truth) < 2.0
    except KeyboardInterrupt:
        assert len(calls) == stop  # before there was any law
    monkeypatch.setattr(attempts.Training, place, work)
    assert dydt.learn(data, **options).parameters == unbroken.parameters


def test_a_network_that_blows_up_is_no_loss(monkeypatch):
    """Weights so large that the first trajectories overflow: other starts, or a clear word; never a crash."""
    from dydt.learning.training import Options

    data, _ = oscillator(60)
    read = read_data(data)
    law = dydt.ODE("x' = nn(x, v)[0]^3; v' = nn(x, v)[1]^3; nn = network(6)")
    from dydt.learning.learn import train

    found = train(law, read, Options(gain=100.0, iterations=5))
    assert np.all(np.isfinite(list(found.parameters.values())))
    assert "no law that meets the data" in found.training.note


def test_one_state_that_turns_back_is_told_to_need_something_else():
    t = np.linspace(0, 6, 40)
    law = dydt.learn({"t": t, "x": np.cos(2 * t)}, hidden=(4,), noise=0.01, iterations=5)
    assert law.training.is_lost
    assert "no law x' = f(x), which never turns back" in law.training.note
    assert "augment=1" in law.training.note
