"""Pictures of data and fits: what is on them, and where."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

import dydt
import dydt.plotting.fit
from dydt.plotting import DARK, LIGHT


def marks(axes, gid):
    return [line for line in axes.lines if line.get_gid() == gid]


def bands(axes):
    return [c.get_gid() for c in axes.collections if (c.get_gid() or "").startswith("band")]


def measured(runs=1, noise=0.05):
    random, t = np.random.default_rng(0), np.linspace(0, 4, 25)
    tables = [
        {
            "t": t,
            "x": s * np.exp(-0.8 * t) + noise * random.normal(size=25),
            "y": s * t + noise * random.normal(size=25),
        }
        for s in range(1, runs + 1)
    ]
    return dydt.read_data(tables if runs > 1 else tables[0])


LAW = dydt.ODE("x' = -k*x; y' = v", k=1, v=1)


def test_data_have_a_panel_a_state_and_a_colour_a_run():
    data = measured(3)
    picture = data.plot(title="Three runs")
    assert [axes.get_ylabel() for axes in picture.axes] == ["$x$", "$y$"]
    assert picture.axes[0].get_title(loc="left") == "Three runs"
    lines = marks(picture.axes[1], "samples")
    assert len({to_hex(line.get_color()) for line in lines}) == 3
    np.testing.assert_allclose(lines[1].get_ydata(), data.runs[1].y[:, 1])
    assert [text.get_text() for text in picture.axes[0].get_legend().get_texts()] == ["1", "2", "3"]
    assert len(data.plot(names=["y"]).axes) == 1
    with pytest.raises(dydt.InputError, match="did you mean `x`|have no `xx`"):
        data.plot(names=["xx"])


def test_a_fit_shows_data_curve_bands_and_residuals(tmp_path):
    fit = LAW.fit(measured())
    picture = fit.plot(tmp_path / "fit.png", title="Decay")
    assert (tmp_path / "fit.png").stat().st_size > 10_000
    assert [axes.get_ylabel() for axes in picture.axes] == ["$x$", "residual", "$y$", "residual"]
    x, left = picture.axes[:2]
    (curve,) = marks(x, "curve")
    expected = fit.predict(curve.get_xdata())["x"]
    np.testing.assert_allclose(curve.get_ydata(), expected, rtol=1e-9)
    assert bands(x) == ["band of measurements", "band of curve"]
    (points,) = marks(left, "samples")
    np.testing.assert_allclose(points.get_ydata(), fit.residuals[0][:, 0])
    words = [text.get_text() for text in x.get_legend().get_texts()]
    assert words == ["data", "fit", "95% band of the curve", "95% band of new data", "twice the noise"]
    remark = next(t.get_text() for t in x.texts)
    assert "$k$ = " in remark
    assert "±" in remark


def test_a_forecast_goes_beyond_the_data():
    axes = LAW.fit(measured()).plot(names=["x"], until=9.0).axes[0]
    (curve,) = marks(axes, "curve")
    assert curve.get_xdata()[-1] == 9.0
    (line,) = marks(axes, "data end")
    assert line.get_xdata()[0] == 4.0
    assert "data end" in [text.get_text() for text in axes.texts]
    assert not marks(LAW.fit(measured()).plot(names=["x"]).axes[0], "data end")


def test_runs_that_tell_nothing_of_a_state_and_very_few_samples_have_their_curves(recwarn):
    t = np.linspace(0, 4, 25)
    whole = {"t": t, "x": np.exp(-0.8 * t), "y": 2 * t + 0.1 * np.sin(9 * t)}
    half = {"t": t, "x": 2 * np.exp(-0.8 * t), "y": np.full(25, np.nan)}
    picture = LAW.fit({"a": whole, "b": half}).plot()
    assert [len(marks(axes, "curve")) for axes in picture.axes[::2]] == [2, 2]
    few = dydt.ODE("x' = -k*x").fit({"t": [0, 1, 2], "x": [3, 2, 1.2]}).plot()
    (curve,) = marks(few.axes[0], "curve")
    assert curve.get_xdata()[-1] == 2.0
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]


def test_several_runs_have_their_colours_and_a_legend_outside():
    picture = LAW.fit(measured(3)).plot(names=["x"])
    curves = marks(picture.axes[0], "curve")
    samples = marks(picture.axes[0], "samples")
    assert [to_hex(c.get_color()) for c in curves] == [to_hex(s.get_color()) for s in samples]
    assert picture.axes[0].get_legend().get_title().get_text() == "run"
    words = [text.get_text() for text in picture.axes[1].get_legend().get_texts()]
    assert words == ["data", "fit", "95% band of the curve", "twice the noise"]


def test_every_run_has_its_curve_or_it_is_said_how_many_have(monkeypatch):
    fit = LAW.fit(measured(14))
    (axes, _) = fit.plot(names=["x"]).axes
    assert len(marks(axes, "curve")) == 14
    assert "95% band of the curve" in [text.get_text() for text in axes.get_legend().get_texts()]
    monkeypatch.setattr(dydt.plotting.fit, "_DRAWN", 5)
    (axes, _) = fit.plot(names=["x"]).axes
    assert len(marks(axes, "curve")) == 5
    assert any("curves of 5 of 14 runs are drawn" in text.get_text() for text in axes.texts)


def test_where_the_bands_say_nothing_is_hatched_and_explained():
    t = np.linspace(0, 4, 9)
    table = {"t": t, "x": np.exp(0.3 * t) + 0.05 * np.cos(20 * t)}
    (axes, _) = dydt.ODE("x' = k*x").fit(table).plot(until=40.0).axes
    assert "bands wider than the data" in [text.get_text() for text in axes.get_legend().get_texts()]
    assert [patch for patch in axes.patches if patch.get_gid() == "beyond foresight" and patch.get_hatch()]


def test_names_of_axes_have_one_size():
    (axes, left) = dydt.ODE("dose' = -k*dose").fit({"t": [0, 1, 2, 3], "dose": [3, 2, 1.2, 0.8]}).plot().axes
    assert axes.yaxis.label.get_size() == left.yaxis.label.get_size()


@pytest.mark.parametrize(("dark", "look"), [(False, LIGHT), (True, DARK)])
def test_pictures_are_light_or_dark(dark, look):
    picture = LAW.fit(measured()).plot(dark=dark)
    assert to_hex(picture.get_facecolor()) == look.paper
    assert to_hex(marks(picture.axes[0], "curve")[0].get_color()) == look.ink


def test_dates_are_counted_in_a_unit_that_the_axis_says():
    dates = np.datetime64("2024-03-01") + np.arange(20)
    data = dydt.read_data({"date": dates, "x": np.exp(-0.1 * np.arange(20))}, noise=0.01)
    fit = dydt.ODE("x' = -k*x", independent="date").fit(data)
    for picture in (data.plot(), fit.plot()):
        assert picture.axes[-1].get_xlabel() == "date (days since 2024-03-01)"
