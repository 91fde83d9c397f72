"""Time series: what is on them."""

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex

import dydt
from dydt.plotting import DARK, LIGHT, time_series
from tests.plotting.laws import solved


def names(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def curves(axes):
    return [line for line in axes.lines if not line.get_label().startswith("_")]


def test_curves_labels_and_legend():
    sol = solved("lotka-volterra")
    (axes,) = sol.plot().axes
    assert axes.get_xlabel() == "$t$"
    assert axes.get_ylabel() == "$x$, $y$"
    assert names(axes) == ["$x$", "$y$"]
    assert axes.get_xlim() == (0, 18)
    for line, state in zip(curves(axes), sol.states, strict=True):
        x, y = line.get_data()
        assert np.all(np.diff(x) > 0)
        assert len(x) >= 4000
        assert np.isin(sol.t, x).all()
        assert x[[0, -1]].tolist() == sol.t[[0, -1]].tolist()
        assert y[[0, -1]] == pytest.approx(sol[state][[0, -1]], rel=1e-14)


def test_curves_are_the_solution_between_its_steps():
    sol = dydt.ODE("y' = -y").solve(t=(0, 5), y=1)
    x, y = sol.plot().axes[0].lines[0].get_data()
    assert y == pytest.approx(np.exp(-x), abs=1e-8)


def test_chosen_names_and_intermediate_quantities():
    sol = solved("lotka-volterra")
    (axes,) = sol.plot("y").axes
    assert axes.get_ylabel() == "$y$"
    assert axes.get_legend() is None
    assert to_hex(axes.lines[0].get_color()) == LIGHT.palette[1]  # the colour it has beside x
    law = dydt.ODE("x'' = -x\nE = x^2 + x'^2")
    (axes,) = law.solve(t=(0, 9), values={"x": 1, "x'": 0}).plot("E", "x").axes
    assert names(axes) == ["$E$", "$x$"]
    assert axes.lines[0].get_ydata() == pytest.approx(1.0, abs=1e-6)


def test_names_are_typeset():
    assert names(solved("pendulum").plot().axes[0]) == [r"$\theta$", r"$\theta\,$′"]


def test_quantities_of_different_sizes_have_panels_of_their_own():
    sol = solved("hodgkin-huxley")
    upper, lower = sol.plot().axes
    assert (upper.get_ylabel(), lower.get_ylabel()) == ("$V$", "$m$, $h$, $n$")
    assert (upper.get_xlabel(), lower.get_xlabel()) == ("", "$t$")
    assert len(sol.plot(panels=False).axes) == 1
    assert len(solved("lotka-volterra").plot().axes) == 1


def test_many_states():
    figure = solved("pleiades").plot()
    (axes,) = figure.axes
    assert len(names(axes)) == len(curves(axes)) == 28
    assert len({to_hex(line.get_color()) for line in curves(axes)}) == 28
    ring = dydt.ODE("\n".join(f"u{i}' = u{(i + 1) % 60} - u{i}" for i in range(60)))
    axes, bar = ring.solve(t=(0, 3), values={f"u{i}": float(i) for i in range(60)}).plot().axes
    assert len(curves(axes)) == 60
    assert axes.get_legend() is None
    assert bar.get_yticklabels()[0].get_text() == "$u_{0}$"
    assert bar.get_ylabel() == "60 quantities"


def test_a_blow_up_is_said_and_does_not_flatten_the_rest():
    (axes,) = solved("blow-up").plot(title="A title").axes
    assert axes.get_title(loc="left") == "A title"
    remark = axes.texts[0].get_text().replace("\u00a0", " ")
    assert remark == "Stopped at t = 1, blow-up: y grows without bound and escapes near t = 1"
    assert 10 < axes.get_ylim()[1] < 100
    assert axes.get_xlim()[1] > 1.02  # a veil over what lies beyond
    assert axes.lines[0].get_ydata()[-1] > 1e9  # the data itself is whole


def test_an_early_transient_is_not_cut_though_the_solve_stopped():
    sol = dydt.ODE("y' = -1000*(y - 1)").solve(t=(0, 50), y=100, step_limit=2000)
    assert sol.status == "step limit"
    assert sol.plot().axes[0].get_ylim()[1] > 100


def test_saved_points_stay_as_they_are():
    sol = solved("lotka-volterra", saveat=0.5)
    line = sol.plot().axes[0].lines[0]
    assert line.get_xdata() == pytest.approx(sol.t, abs=0)
    assert line.get_marker() == "o"
    end = solved("lotka-volterra", saveat="end").plot().axes[0].lines[0]
    assert end.get_xdata() == [18.0]


def test_backwards_constant_and_not_finite():
    back = dydt.ODE("y' = -y").solve(t=(5, 0), y=1).plot().axes[0]
    assert back.get_xlim() == (0, 5)
    assert back.lines[0].get_xdata()[[0, -1]].tolist() == [5, 0]
    low, high = dydt.ODE("y' = 0*y").solve(t=(0, 1), y=3).plot().axes[0].get_ylim()
    assert low < 2.9 < 3.1 < high
    pole = dydt.ODE("y' = 1\nv = 1/y").solve(t=(0, 1), y=0)
    with np.errstate(divide="ignore"):
        assert np.isfinite(pole.plot("v").axes[0].get_ylim()).all()


def test_dark_size_and_settings():
    before = dict(matplotlib.rcParams)
    figure = solved("lotka-volterra").plot(dark=True, size=(5, 3))
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert to_hex(figure.get_facecolor()) == to_hex(figure.axes[0].get_facecolor()) == DARK.paper
    assert to_hex(figure.axes[0].lines[0].get_color()) == DARK.palette[0]
    assert figure.get_size_inches().tolist() == [5, 3]
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda sol: sol.plot("yy"), "no `yy`; did you mean `y`"),
        (lambda sol: sol.plot("t"), "leave it out"),
        (lambda sol: sol.plot(size=3), "size must be"),
        (lambda sol: sol.plot(size=(0, 3)), "can't be drawn"),
        (lambda sol: sol.plot(path="picture.pgn"), "did you mean `.png`"),
    ],
)
def test_errors(call, message):
    with pytest.raises(dydt.InputError) as caught:
        call(solved("lotka-volterra"))
    assert message in str(caught.value)


def test_nothing_is_clipped_and_nothing_overlaps():
    for name in ("pendulum", "pleiades", "blow-up"):
        figure = solved(name).plot(title="A title")
        figure._repr_png_()
        render = figure.canvas.get_renderer()
        inside = figure.bbox.padded(0)
        axes = figure.axes[0]
        parts = [axes.xaxis.label, axes.yaxis.label, *axes.texts, axes.get_legend()]
        for part in filter(None, parts):
            box = part.get_window_extent(render)
            assert inside.x0 <= box.x0
            assert box.x1 <= inside.x1
            assert inside.y0 <= box.y0
            assert box.y1 <= inside.y1
        if axes.get_legend():
            assert axes.get_legend().get_window_extent(render).x0 >= axes.bbox.x1
        if axes.texts:
            assert (
                not axes.texts[0]
                .get_window_extent(render)
                .overlaps(axes._left_title.get_window_extent(render))
            )


def test_the_function_is_the_method():
    sol = solved("lotka-volterra")
    assert time_series(sol, "x").axes[0].get_ylabel() == "$x$"


def learned():
    """As a law that was learned from measurements at t = 1 … 5."""
    law = dydt.ODE("x' = -x; x(1) = 2; t = 1:5")
    law.seen = np.array([[2.0], [0.1]])
    return law


def lines(axes, gid):
    return [float(line.get_xdata()[0]) for line in axes.lines if line.get_gid() == gid]


def test_a_forecast_says_where_the_data_end():
    (axes,) = learned().solve(t=(1, 20)).plot().axes
    assert lines(axes, "data end") == [5.0]
    assert [text.get_text() for text in axes.texts] == ["data end"]
    (veil,) = [patch for patch in axes.patches if patch.get_gid() == "beyond the data"]
    assert (veil.get_x(), veil.get_width()) == (5.0, 15.0)
    (axes,) = learned().solve(t=(0, 20), x=1).plot().axes
    assert (lines(axes, "data begin"), lines(axes, "data end")) == ([1.0], [5.0])


def test_nothing_is_marked_where_there_are_data_or_none_were():
    for solution in (learned().solve(t=(1, 5)), dydt.ODE("x' = -x; t = 1:5").solve(t=(0, 20), x=1)):
        (axes,) = solution.plot().axes
        assert not [patch for patch in axes.patches if patch.get_gid() == "beyond the data"]
    (axes,) = learned().solve(t=(8, 20), x=1).plot().axes
    assert [text.get_text() for text in axes.texts] == ["no data here"]
