"""Pictures of derivatives, integrals and motions: what is on them."""

import numpy as np
import pytest

import dydt
from dydt.plotting.calculus import (
    infinitesimal_rectangle,
    partition_picture,
    rectangles_frame,
    secant_frame,
)


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_every_point_that_can_be_seen_has_its_letter_beside_it():
    axes = dydt.derivative("x^2", at=1, h=[1, 0.5, 0.1, 0.001]).plot().axes[0]
    assert [text.get_text() for text in axes.texts[:4]] == ["$P$", "$Q_{1}$", "$Q_{2}$", "$Q_{3}$"]
    above = dydt.derivative("sin(x)", at=1, h=[1]).plot().axes[0].texts[1]
    assert above.xyann[0] > 0  # on the right of the crest, where the curve falls


def test_secant_tangent_and_points():
    (axes,) = dydt.derivative("x^2", at=1, h=1).plot().axes
    assert labels(axes) == ["secant, h = 1", "tangent"]
    assert [text.get_text() for text in axes.texts] == [
        "$P$",
        "$Q$",
        "$h$",
        r"$\Delta f$",
        axes.texts[-1].get_text(),
    ]
    secant, tangent = (next(line for line in axes.lines if line.get_label() == word) for word in labels(axes))
    for line, slope in ((secant, 3), (tangent, 2)):
        x, y = line.get_data()
        assert (y[1] - y[0]) / (x[1] - x[0]) == pytest.approx(slope)
        assert np.interp(1, x, y) == pytest.approx(1)


def test_trends_have_colours_of_their_own():
    top, bottom = dydt.derivative("x^3 - 3*x", on=(-2, 2)).plot().axes
    assert labels(top) == ["rising", "falling"]
    marks = [line.get_data() for line in top.lines if line.get_marker() == "o"]
    assert sorted((float(x[0]), float(y[0])) for x, y in marks) == [(-1, 2), (1, -2)]
    assert bottom.get_ylabel() == r"$f\,$′($x$)"


def test_frames_share_their_limits():
    d = dydt.derivative("x^2", at=1)
    limits = [(f.axes[0].get_xlim(), f.axes[0].get_ylim()) for f in (secant_frame(d, h) for h in (1, 0.3, 0))]
    assert limits[0] == limits[1] == limits[2]
    i = dydt.integral("2*t", 0, 2)
    first, last = (rectangles_frame(i, n).axes[0] for n in (4, 64))
    assert first.get_ylim() == last.get_ylim()
    assert (len(first.patches), len(last.patches)) == (4, 64)


@pytest.mark.parametrize("dark", [False, True])
def test_rectangles_are_those_of_the_sum(dark):
    found = dydt.integral("x^2", 0, 3, n=6, rule="left")
    (axes,) = found.plot(dark=dark).axes
    assert [bar.get_height() for bar in axes.patches] == pytest.approx(found.sum.heights)
    assert sum(bar.get_height() * bar.get_width() for bar in axes.patches) == pytest.approx(found.sum.value)


def test_the_partition_is_labelled():
    (axes,) = partition_picture(dydt.integral("x", 0, 1, n=4)).axes
    assert [tick.get_text() for tick in axes.get_xticklabels()] == [f"$x_{{{i}}}$" for i in range(5)]


def test_the_thin_rectangle_stands_under_the_curve():
    (axes,) = infinitesimal_rectangle(dydt.integral("x^2", 0, 2), at=1).axes
    (bar,) = axes.patches
    assert (bar.get_x(), bar.get_height()) == (1, 1)
    assert r"$\mathrm{d}x$" in [text.get_text() for text in axes.texts]


def test_the_car_has_three_curves():
    picture = dydt.motion("-t^2 + 10*t", on=(0, 10)).plot()
    assert [axes.get_ylabel().split("\n")[0] for axes in picture.axes] == [
        "position",
        "velocity",
        "acceleration",
    ]
    assert labels(picture.axes[0]) == ["forward", "backward"]


@pytest.mark.parametrize("text", ["1/x", "tan(x)", "floor(x)", "log(x)"])
def test_curves_break_where_functions_do(text):
    _x, y = dydt.derivative(text).function.curve(-2.0, 3.0)
    finite = np.isfinite(y)
    assert not finite.all()
    assert finite.any()


@pytest.mark.parametrize("given", [("1/x", -1, 1), ("exp(-x^2)", "-inf", "inf"), ("x",), ("log(x)", -1, 1)])
def test_every_integral_has_a_picture(given, tmp_path):
    dydt.integral(*given).plot(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").stat().st_size > 1000


@pytest.mark.parametrize("rule", ["left", "right", "midpoint", "trapezoid"])
@pytest.mark.parametrize("n", [2, 5000])
def test_poles_and_many_rectangles_are_drawn(rule, n, tmp_path):
    found = dydt.integral("1/x", -1, 1, n=n, rule=rule)
    found.plot(tmp_path / "a.png")
    assert len(found.plot().axes[0].patches) <= 4
