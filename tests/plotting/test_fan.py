"""Pictures of ensembles: what is on them."""

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm, to_hex, to_rgb
from matplotlib.container import BarContainer

import dydt
from dydt.plotting import DARK, LIGHT, Picture
from dydt.plotting.ends import colour_limits
from dydt.plotting.fan import quantiles

LOGISTIC = dydt.ODE("x' = r*x*(1 - x)")
TWO = dydt.ODE("x' = y; y' = -w^2*x")
ESCAPE = dydt.ODE("y' = y^2")


def words(axes):
    return [text.get_text() for text in axes.texts]


def test_a_curve_a_member_coloured_along_what_is_swept():
    r = np.linspace(0.5, 2, 12)
    runs = LOGISTIC.sweep(t=(0, 5), x=0.1, r=r[::-1], saveat=0.05)
    axes, bar = runs.plot(title="Growth").axes
    assert axes.get_title("left") == "Growth"
    assert (axes.get_xlabel(), axes.get_ylabel(), bar.get_title()) == ("$t$", "$x$", "$r$")
    assert len(axes.lines) == 12
    for line, values in zip(axes.lines, runs["x"], strict=True):
        assert np.array_equal(line.get_data(), [runs.saveat, values])
    light = [sum(to_rgb(line.get_color())) for line in axes.lines]
    assert np.all(np.diff(light) < 0), "of viridis what is more is lighter"
    assert bar.get_ylim() == (0.5, 2)
    assert axes.get_xlim() == (0, 5)


def test_a_panel_a_state_and_swept_initial_values():
    axes = TWO.sweep(t=(0, 5), x=np.geomspace(0.1, 100, 7), y=0, w=1, saveat=0.1).plot(dark=True).axes
    assert [a.get_ylabel() for a in axes[:2]] == ["$x$", "$y$"]
    assert axes[2].get_title() == "$x$(0)"
    assert axes[2].get_yscale() == "log"
    assert to_hex(axes[0].get_facecolor()) == DARK.paper
    (only, _) = TWO.sweep(t=(0, 5), x=[1, 2], y=0, w=1, saveat=0.1).plot("y").axes
    assert only.get_ylabel() == "$y$"


def test_many_members_are_bands():
    runs = LOGISTIC.sweep(t=(0, 5), x=0.1, r=np.linspace(0.5, 2, 301), saveat=0.5)
    axes, bar = runs.plot().axes
    median, *curves = axes.lines
    assert median.get_ydata() == pytest.approx(np.median(runs["x"], axis=0))
    assert len(curves) == 9
    assert curves[-1].get_ydata() == pytest.approx(runs["x"][-1])
    assert len(axes.collections) == 2
    said = [text.get_text() for text in axes.get_legend().get_texts()]
    assert said == ["median", "50 %", "90 %", "9 of 301 members"]
    assert bar.get_title() == "$r$"


def test_several_swept_names():
    few = TWO.sweep(t=(0, 5), x=[1, 2], y=0, w=[1, 1.5, 2], product=True, saveat=0.1).plot("x")
    (axes,) = few.axes
    said = [text.get_text() for text in axes.get_legend().get_texts()]
    assert said[:2] == ["$x$(0) = 1, $w$ = 1", "$x$(0) = 1, $w$ = 1.5"]
    assert len(axes.lines) == len(said) == 6
    assert len({line.get_color() for line in axes.lines}) == 6
    (many,) = (
        TWO.sweep(t=(0, 5), x=np.linspace(1, 2, 40), y=0, w=np.linspace(1, 2, 40), saveat=0.1).plot("x").axes
    )
    assert [text.get_text() for text in many.get_legend().get_texts()][-1] == "9 of 40 members"
    assert to_hex(many.lines[0].get_color()) == LIGHT.palette[0]


def test_very_many_are_drawn_in_part():
    runs = LOGISTIC.sweep(t=(0, 1), x=0.1, r=np.linspace(0.5, 2, 150_000))
    (axes,) = runs.plot().axes
    assert 90_000 < len(axes.lines[0].get_xdata()) <= 100_000
    runs = LOGISTIC.sweep(t=(0, 1), x=0.1, r=np.linspace(0.5, 2, 50_001), saveat=[0.5, 1])
    median = runs.plot().axes[0].lines[0].get_ydata()
    assert median == pytest.approx(np.median(runs["x"], axis=0), rel=1e-4)


def test_quantiles_of_those_that_came_so_far():
    values = np.array([[1.0, 1.0], [2.0, np.nan], [3.0, 5.0], [4.0, np.nan]])
    low, middle, high = quantiles(values, [0, 0.5, 1])
    assert [low.tolist(), middle.tolist(), high.tolist()] == [[1, 1], [2.5, 3], [4, 5]]
    assert np.isnan(quantiles(np.full((3, 1), np.nan), [0.5])[0]).all()


def test_members_that_stopped_are_crossed_and_counted():
    runs = ESCAPE.sweep(t=(0, 2), y=[0.1, 0.2, 0.3, 0.9, 1.0], saveat=0.05)
    axes, _ = runs.plot().axes
    crosses = [line for line in axes.lines if line.get_marker() == "X"]
    assert [float(line.get_xdata()[0]) for line in crosses] == pytest.approx([1.1, 0.95])
    assert axes.get_ylim()[1] < 10
    assert all(line.get_ydata()[0] <= axes.get_ylim()[1] for line in crosses)
    assert "2 of 5 members do not reach the end (2 blow-up): a cross marks" in words(axes)[0].replace(
        "\n", " "
    )
    assert "1 of 2 members" not in words(LOGISTIC.sweep(t=(0, 1), x=0.1, r=[1, 2], saveat=0.5).plot().axes[0])


def test_ends_over_one_value():
    runs = LOGISTIC.sweep(t=(0, 5), x=0.1, r=[2.0, 0.5, 1.0])
    (axes,) = runs.plot().axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$r$", "$x$ at $t$ = 5")
    assert axes.lines[0].get_xdata().tolist() == [0.5, 1.0, 2.0]
    assert axes.lines[0].get_ydata().tolist() == runs["x"][[1, 2, 0]].tolist()
    saved_once = LOGISTIC.sweep(t=(0, 5), x=0.1, r=[2.0, 0.5, 1.0], saveat=[4.0]).plot()
    assert saved_once.axes[0].get_ylabel() == "$x$ at $t$ = 4"
    three = dydt.gallery.lorenz().sweep(t=(0, 1), r=np.geomspace(0.1, 20, 200)).plot()
    assert [a.get_ylabel() for a in three.axes] == ["$x$", "$y$", "$z$"]
    assert three.axes[0].get_title("left") == "At $t$ = 1"
    assert {a.get_xscale() for a in three.axes} == {"log"}
    assert three.axes[0].lines[0].get_linestyle() == "None"


def test_ends_that_are_missing_are_marked_on_the_edge():
    runs = ESCAPE.sweep(t=(0, 2), y=[0.1, 0.2, 0.9, 1.0])
    (axes,) = runs.plot().axes
    ends, missing = axes.lines
    assert ends.get_xdata().tolist() == [0.1, 0.2]
    assert missing.get_xdata().tolist() == [0.9, 1.0]
    assert "2 of 4 members do not reach the end" in words(axes)[0]


@pytest.mark.parametrize("product", [True, False])
def test_a_map_over_two_values(product):
    w, x = np.array([2.0, 1.0]), np.array([1.0, 2.0, 3.0])
    swept = {"x": x, "w": w} if product else {"x": x[:, None], "w": w}
    runs = TWO.sweep(t=(0, 1), y=0, product=product, **swept)
    left, right, *bars = runs.plot().axes
    assert (left.get_xlabel(), left.get_ylabel()) == ("$x$(0)", "$w$")
    assert [bar.get_title() for bar in bars] == ["$x$", "$y$"]
    (mesh,) = [c for c in right.collections if isinstance(c, QuadMesh)]
    assert np.asarray(mesh.get_array()).reshape(2, 3) == pytest.approx(runs["y"].T[::-1])
    assert left.get_title("left") == "At $t$ = 1"


def test_a_map_leaves_out_what_failed():
    escape = dydt.ODE("y' = y^2 - k")
    runs = escape.sweep(t=(0, 2), y=np.linspace(0, 2, 9), k=np.linspace(0, 1, 8), product=True)
    axes = runs.plot().axes[0]
    (mesh,) = axes.collections
    assert np.ma.count_masked(mesh.get_array()) == np.count_nonzero(~runs.done) > 0
    assert "their places are left grey" in words(axes)[0].replace("\n", " ")


def test_a_few_values_do_not_outshine_a_map():
    values = np.concatenate([np.linspace(0, 1, 999), [50.0]])
    limits, beyond = colour_limits(values)
    assert beyond == "max"
    assert limits["vmin"] == 0
    assert limits["vmax"] == pytest.approx(0.99, abs=0.01)
    assert colour_limits(np.linspace(0, 1, 50))[1] == "neither"
    assert colour_limits(np.full(4, np.nan))[1] == "neither"


def test_histograms_of_all_else():
    random = np.random.default_rng(0)
    runs = TWO.sweep(t=(0, 1), x=random.normal(1, 0.1, 500), y=random.normal(0, 0.1, 500), w=1)
    left, right = runs.plot().axes
    assert (left.get_xlabel(), right.get_xlabel()) == ("$x$ at $t$ = 1", "$y$ at $t$ = 1")
    for axes in (left, right):
        (bars,) = [c for c in axes.containers if isinstance(c, BarContainer)]
        assert sum(bar.get_height() for bar in bars) == 500
    same = TWO.sweep(t=(0, 1), x=np.zeros(20), y=np.zeros(20), w=1).plot("x")
    assert len(same.axes) == 1


def test_nothing_finished():
    runs = ESCAPE.sweep(t=(0, 3), y=[1.0, 2.0])
    assert "2 of 2 members" in words(runs.plot().axes[0])[0]
    assert ESCAPE.sweep(t=(0, 3), y=[1.0, 2.0], saveat=0.1).plot()._repr_png_()
    both = dydt.ODE("y' = y^2 + k").sweep(t=(0, 3), y=[1.0, 2.0], k=[1.0, 2.0], product=True)
    assert both.plot()._repr_png_()
    assert dydt.ODE("y' = y^2 + k").sweep(t=(0, 3), y=[1.0, 2.0], k=[1.0, 2.0]).plot()._repr_png_()


def test_files_and_sizes(tmp_path):
    runs = LOGISTIC.sweep(t=(0, 5), x=0.1, r=np.linspace(1, 2, 5), saveat=0.1)
    figure = runs.plot(path=tmp_path / "fan.svg", size=(5, 3))
    assert isinstance(figure, Picture)
    assert "<svg" in (tmp_path / "fan.svg").read_text(encoding="utf-8")
    assert figure.get_size_inches().tolist() == [5, 3]


@pytest.mark.parametrize("name, message", [("xx", "did you mean `x`"), ("r", "is swept and not a state")])
def test_unknown_names(name, message):
    with pytest.raises(dydt.InputError) as caught:
        LOGISTIC.sweep(t=(0, 1), x=0.1, r=[1, 2]).plot(name)
    assert message in str(caught.value)


def test_one_value_and_logarithmic_colours():
    assert LOGISTIC.sweep(t=(0, 1), x=0.1, r=[1.0], saveat=0.1).plot()._repr_png_()
    figure = LOGISTIC.sweep(t=(0, 1), x=0.1, r=np.geomspace(0.01, 10, 9), saveat=0.1).plot()
    assert isinstance(figure.axes[1]._colorbar.norm, LogNorm)


def test_remarks_stay_clear_of_the_colours():
    figure = ESCAPE.sweep(t=(0, 2), y=np.linspace(0.1, 1, 12), saveat=0.05).plot(title="Escape")
    figure._repr_png_()
    render = figure.canvas.get_renderer()
    axes, bar = figure.axes
    assert axes.texts[0].get_window_extent(render).x1 < bar.title.get_window_extent(render).x0


def test_reductions_are_drawn_like_ends():
    runs = dydt.ODE("x' = v; v' = -w^2*x").sweep(
        t=(0, 9), w=np.linspace(1, 2, 7), x=1, v=0, keep=["max(v)", "mean(x)"]
    )
    picture = runs.plot()
    assert [axes.get_ylabel() for axes in picture.axes] == ["max(v)", "mean(x)"]
    points = picture.axes[0].lines[0].get_ydata()
    assert np.allclose(points, np.linspace(1, 2, 7), rtol=1e-7)
    (alone,) = runs.plot("mean(x)").axes
    assert alone.get_ylabel() == "mean(x)"
    assert [axes.get_ylabel() for axes in runs.plot("x").axes] == ["$x$ at $t$ = 9"]
    over_time = dydt.ODE("x' = -k*x").sweep(t=(0, 9), k=[1, 2], x=1, keep="max(x)", saveat=1)
    with pytest.raises(dydt.InputError, match="one number a member"):
        over_time.plot("x", "max(x)")
    with pytest.raises(dydt.InputError, match="did you mean `max"):
        over_time.plot("max(y)")


def test_members_that_an_event_ended_are_drawn():
    runs = dydt.ODE("x' = a; x(0) = 0; when x > 1: stop").sweep(t=(0, 10), a=[0.5, 1.0, 2.0], keep="final(t)")
    picture = runs.plot("final(t)")
    assert picture.axes[0].lines[0].get_ydata().tolist() == pytest.approx([2, 1, 0.5])
