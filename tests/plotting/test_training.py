"""Pictures of a training and of the experiments: every sample, stage and law is there."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.text import Text

import dydt
import dydt.plotting.picture
import dydt.plotting.style
from dydt.learning.experiment import Experiment
from dydt.plotting.training import history, spread


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
    assert {
        axes.xaxis.label.get_size() for axes in picture.axes if not axes.get_xlabel().startswith("$")
    } == {axes.yaxis.label.get_size() for axes in picture.axes if not axes.get_ylabel().startswith("$")}
    assert (tmp_path / "training.png").stat().st_size > 10_000


def test_the_history_ends_where_the_training_did(law):
    picture = dydt.plotting.picture.sheet(dydt.plotting.style.LIGHT, None, (5, 3))
    axes = picture.subplots()
    history(axes, law.training, dydt.plotting.style.LIGHT)
    last = max(float(line.get_xdata()[-1]) for line in axes.lines if len(line.get_xdata()))
    assert last == len(law.training.history)


def words(axes):
    return [text.get_text().replace("\n", " ") for text in axes.get_legend().get_texts()]


def test_the_marks_of_a_training_are_explained(law):
    picture = law.training.plot()
    assert words(picture.axes[0]) == [
        "samples",
        "the law",
        "held out till the last stage",
        "forecast of the last 10% before it was trained on",
        "twice the noise",
    ]
    names = [name for name, _ in law.training.marks]
    assert words(picture.axes[-1])[-len(names) :] == names
    assert f"{law.training.iterations} iterations" in picture.axes[0].texts[-1].get_text()


def test_the_forecast_is_drawn_where_it_was_made(law):
    curve, residual = law.training.plot().axes[:2]
    (_, t, y), first = law.training.forecasts[0], law.training.data.runs[0].t[53]
    assert t[0] == first
    assert t[-1] == law.training.data.runs[0].t[-1]
    (dashed,) = [line for line in curve.lines if line.get_gid() == "forecast"]
    np.testing.assert_array_equal(dashed.get_ydata(), y[:, 0])
    for axes in (curve, residual):
        (veil,) = [patch for patch in axes.patches if patch.get_gid() == "forecast part"]
        assert veil.get_x() == first


def test_a_forecast_that_goes_astray_does_not_flatten_the_samples(law):
    ((run, t, y),) = law.training.forecasts
    limits = law.training.plot().axes[0].get_ylim()
    wild = replace(law.training, forecasts=((run, t, 1e9 * y),))
    assert wild.plot().axes[0].get_ylim() == limits


def test_pieces_are_marked_and_said(law):
    ((run, t, y),) = law.training.curves
    half = len(t) // 2
    pieces = (run, t[:half], y[:half]), (run, t[half:], y[half:])
    marks = (("slopes", 0), ("pieces of 30 samples", 4), ("whole runs", 8))
    lost = replace(law.training, curves=pieces, marks=marks, stages=(("pieces of 30 samples", 4, 1.0),))
    picture = lost.plot()
    remark = picture.axes[0].texts[-1].get_text()
    assert "Whole runs could not be followed: the curves are those along pieces of 30 samples" in remark
    (dot,) = [line for line in picture.axes[0].lines if line.get_gid() == "begins"]
    assert dot.get_xdata() == [t[half]]
    assert "where a piece begins" in words(picture.axes[0])
    assert words(picture.axes[-1])[-3:] == ["slopes", "pieces of 30 samples", "whole runs, undone"]


def test_short_stages_have_their_numbers_apart_from_each_other(law):
    marks = tuple((f"pieces of {n} samples", n) for n in range(9))
    picture = replace(law.training, marks=marks).plot()
    last = picture.axes[-1]
    picture.draw_without_rendering()
    numbers = [text for text in last.texts if text.get_gid() == "number of a stage"]
    assert [text.get_text() for text in numbers] == [str(k + 1) for k in range(9)]
    boxes = [Text.get_window_extent(text) for text in numbers]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_places_are_moved_apart_as_little_as_needed():
    np.testing.assert_allclose(spread(np.array([0.2, 0.5, 0.8]), 0.1), [0.2, 0.5, 0.8])
    crowded = spread(np.array([0.5, 0.5, 0.5, 1.0, 1.0]), 0.1)
    assert np.all(np.diff(crowded) > 0.0999)
    assert crowded[-1] <= 1.0


def test_several_runs_have_both_keys_and_no_veil_where_they_end_at_different_times():
    t = np.linspace(0, 6, 40)
    runs = {name: {"t": s * t, "x": np.cos(s * t), "v": -np.sin(s * t)} for name, s in (("a", 1), ("b", 0.5))}
    picture = dydt.learn(runs, hidden=(4,), iterations=10, progress=False).training.plot()
    first, second = picture.axes[:2]
    assert words(first) == ["a", "b"]
    assert "the law" in words(second)
    assert len([line for line in first.lines if line.get_gid() == "forecast"]) == 2
    assert not [patch for patch in first.patches if patch.get_gid() == "forecast part"]


def test_an_experiment_as_a_picture(law, tmp_path):
    t = np.linspace(6, 9, 50)
    truth = np.column_stack([np.cos(t), -np.sin(t)])
    done = Experiment("circle", law.training.data, t, truth, truth + 0.01, truth + 0.2, law, 1.0)
    picture = done.plot(tmp_path / "experiment.svg", dark=True)
    assert len(picture.axes) == 4
    assert [text.get_text() for text in picture.legends[0].get_texts()][1:3] == ["truth", "neural ODE"]
    assert done.error == pytest.approx(0.01)
