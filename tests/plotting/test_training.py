"""Pictures of a training and of the experiments: every sample, stage and law is there."""

import numpy as np
import pytest

import dydt
import dydt.plotting.picture
import dydt.plotting.style
from dydt.learning.experiment import Experiment
from dydt.plotting.training import history


@pytest.fixture(scope="module")
def law():
    t = np.linspace(0, 6, 60)
    random = np.random.default_rng(0)
    y = np.column_stack([np.cos(t), -np.sin(t)]) + 0.01 * random.normal(size=(60, 2))
    return dydt.learn({"t": t, "x": y[:, 0], "v": y[:, 1]}, hidden=(8,), iterations=40)


@pytest.mark.parametrize("dark", [False, True])
def test_a_training_as_a_picture(law, tmp_path, dark):
    picture = law.training.plot(tmp_path / "training.png", dark=dark)
    curve, residual, *_, last = picture.axes
    assert [a.get_ylabel() for a in picture.axes] == ["$x$", "residual", "$v$", "residual", "misfit / noise"]
    drawn = {line.get_gid(): line for line in curve.lines}
    assert len(drawn["samples"].get_xdata()) == 60
    np.testing.assert_allclose(drawn["curve"].get_ydata(), law.training.curves[0][2][:, 0])
    rings = next(line for line in residual.lines if line.get_gid() == "held out")
    assert len(rings.get_xdata()) == law.training.held[0].sum()
    assert last.get_yscale() == "log"
    assert len(last.patches) == len(law.training.marks) // 2
    assert (tmp_path / "training.png").stat().st_size > 10_000


def test_the_history_ends_where_the_training_did(law):
    picture = dydt.plotting.picture.sheet(dydt.plotting.style.LIGHT, None, (5, 3))
    axes = picture.subplots()
    history(axes, law.training, dydt.plotting.style.LIGHT)
    last = max(float(line.get_xdata()[-1]) for line in axes.lines if len(line.get_xdata()))
    assert last == len(law.training.history)


def test_an_experiment_as_a_picture(law, tmp_path):
    t = np.linspace(6, 9, 50)
    truth = np.column_stack([np.cos(t), -np.sin(t)])
    done = Experiment("circle", law.training.data, t, truth, truth + 0.01, truth + 0.2, law, 1.0)
    picture = done.plot(tmp_path / "experiment.svg", dark=True)
    assert len(picture.axes) == 4
    assert [text.get_text() for text in picture.legends[0].get_texts()][1:3] == ["truth", "neural ODE"]
    assert done.error == pytest.approx(0.01)
