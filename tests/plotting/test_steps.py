"""Pictures of steps, of errors and of stability regions: what is on them."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

import dydt
from dydt.errors import InputError
from dydt.plotting import DARK


@pytest.fixture(scope="module")
def made():
    return dydt.ODE("y' = 3*y").steps(["euler", "heun", "rk4"], [0.5, 0.2, 0.1], (0, 2), y=1, exact=False)


def test_a_panel_a_method_and_a_curve_an_h(made):
    panels = made.plot().axes
    assert [axes.get_title(loc="left") for axes in panels] == [
        "Euler",
        "Heun (explicit trapezoid)",
        "classical Runge–Kutta 4",
    ]
    exact, *curves = panels[0].lines
    assert exact.get_ydata()[-1] == pytest.approx(np.exp(6))
    assert [len(curve.get_xdata()) for curve in curves] == [5, 11, 21]
    assert np.array_equal(curves[0].get_ydata(), made["euler", 0.5].y[:, 0])
    words = [text.get_text() for text in panels[-1].get_legend().get_texts()]
    assert words == ["exact", "$h$ = 0.5", "$h$ = 0.2", "$h$ = 0.1"]
    with pytest.raises(InputError, match="no state `z`"):
        made.plot(name="z")


def test_the_error_falls_with_the_order(made):
    (axes,) = made.plot_errors(dark=True).axes
    assert to_hex(axes.get_facecolor()) == DARK.paper
    lines = [line for line in axes.lines if line.get_linestyle() == "-"]
    assert len(lines) == 3
    for line, order in zip(lines, (1, 2, 4), strict=True):
        h, error = line.get_data()
        assert np.log(error[-1] / error[-2]) / np.log(h[-1] / h[-2]) == pytest.approx(order, abs=0.1)
    words = [text.get_text() for text in axes.texts]
    assert any(word.startswith("Euler: order 0.9") for word in words)
    rings = [line for line in axes.lines if line.get_linestyle() == "None"]
    assert list(rings[0].get_xdata()) == [0.5, 0.2, 0.1]


def test_steps_that_run_away_do_not_flatten_the_exact_curve():
    made = dydt.gallery.lotka_volterra().steps("euler", [0.2, 0.02], (0, 18), exact=False)
    (axes,) = made.plot(name="y").axes
    low, high = axes.get_ylim()
    assert -5 < low < high < 10


def test_the_region_fills_its_picture():
    found = dydt.ODE("y' = -y").stability_region("rk4", h=0.1, y=1)
    for size in (None, (9, 4), (4, 6)):
        picture = found.plot(
            size=size, title="A title that is longer than the axes would be wide by themselves"
        )
        picture.canvas.draw()
        (axes,) = picture.axes
        assert axes.get_window_extent().width > 0.6 * picture.bbox.width
        left, right = axes.get_xlim()
        assert left < -found.real
        assert right > 0


def test_the_region_and_the_points_in_it():
    found = dydt.ODE("y' = -50*y; z' = -z").stability_region("rk4", h=0.1, y=1, z=1)
    (axes,) = found.plot().axes
    dots = {round(float(line.get_xdata()[0]), 9): line.get_markerfacecolor() for line in axes.lines[2:]}
    assert set(dots) == {-5.0, -0.1}
    assert to_hex(dots[-5.0]) == "#ffffff"  # empty: not stable
    assert to_hex(dots[-0.1]) != "#ffffff"
    left, right = axes.get_xlim()
    assert left < -5 < 0 < right
    edge = np.vstack([path.vertices for path in axes.collections[1].get_paths()])
    assert edge[:, 0].min() == pytest.approx(-2.785, abs=0.02)
    assert edge[:, 1].max() == pytest.approx(2.95, abs=0.05)


def test_points_far_outside_are_told_of():
    (axes,) = dydt.ODE("y' = -5000*y").stability_region("euler", h=0.1, y=1).plot().axes
    assert any("far outside" in text.get_text() for text in axes.texts)
    assert axes.get_xlim()[0] > -10
