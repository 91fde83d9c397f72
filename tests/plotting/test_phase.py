"""Phase pictures: what is on them."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from mpl_toolkits.mplot3d.art3d import Line3DCollection

import dydt
from dydt.plotting import DARK
from tests.plotting.laws import solved


def test_two_states():
    sol = solved("lotka-volterra")
    (axes,) = sol.phase().axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$x$", "$y$")
    curve, start = axes.lines
    assert np.column_stack(curve.get_data())[[0, -1]] == pytest.approx(sol.y[[0, -1]], rel=1e-14)
    assert np.ravel(start.get_data()).tolist() == sol.y[0].tolist()
    assert axes.get_aspect() == "auto"


def test_three_states_in_space_coloured_along_time():
    sol = solved("lorenz")
    axes, bar = sol.phase(dark=True).axes
    assert [axes.get_xlabel(), axes.get_ylabel(), axes.get_zlabel()] == ["$x$", "$y$", "$z$"]
    (lines,) = axes.collections
    assert isinstance(lines, Line3DCollection)
    assert lines.get_clim() == (0, 40)
    assert bar.get_title() == "$t$"
    assert to_hex(axes.get_facecolor()) == DARK.paper
    pieces = lines._segments3d
    assert np.array([pieces[0][0], pieces[-1][-1]]) == pytest.approx(sol.y[[0, -1]], rel=1e-14)
    assert all(np.array_equal(a[-1], b[0]) for a, b in pairwise(pieces))


def test_long_curves_in_the_plane_are_coloured_along_time():
    axes, bar = solved("lorenz").phase("x", "z").axes
    assert any(isinstance(c, LineCollection) for c in axes.collections)
    assert bar.get_title() == "$t$"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$x$", "$z$")


def test_bodies_in_a_plane_are_drawn_to_scale():
    (axes,) = solved("kepler").phase().axes
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_aspect()) == ("$x$", "$y$", 1.0)
    (axes,) = solved("pleiades").phase().axes
    words = [text.get_text() for text in axes.get_legend().get_texts()]
    assert words == [f"$x_{{{i}}}$, $y_{{{i}}}$" for i in range(1, 8)]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$x$", "$y$")
    assert len({to_hex(line.get_color()) for line in axes.lines[::2]}) == 7


def test_the_first_two_of_more_states():
    (axes,) = solved("kuramoto").phase().axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == (r"$\theta_{1}$", r"$\theta_{2}$")


def test_time_and_intermediate_quantities_are_names_too():
    (axes,) = solved("logistic").phase("t", "y").axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$t$", "$y$")
    (axes,) = solved("kepler").phase("r", "x").axes
    assert axes.get_xlabel() == "$r$"


def test_a_blow_up_stays_in_the_picture():
    sol = dydt.ODE("x' = x^2; y' = x; z' = -z").solve(t=(0, 2), x=1, y=0, z=1)
    (axes,) = sol.phase("x", "y").axes
    assert axes.get_xlim()[1] < 100
    assert axes.texts[-1].get_text().startswith("Stopped at t")
    figure = sol.phase(title="In space")
    words = [text.get_text() for text in figure.texts]
    assert words[0] == "In space"
    assert words[1].startswith("Stopped at t")
    box = figure.axes[0]
    points = np.concatenate(box.collections[0]._segments3d)
    assert np.nanmax(points[:, 0]) <= box.get_xlim()[1]


def test_single_saved_times():
    sol = solved("lorenz", saveat="end")
    assert len(sol.phase().axes) == 1
    assert sol.phase("x", "z")._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "names", "message"),
    [
        ("logistic", (), 'use plot() for `y` over `t`, or name two, as in phase("t", "y")'),
        ("lorenz", ("x",), 'phase("t", "x")'),
        ("lorenz", ("x", "zz"), "did you mean `z`"),
        ("lorenz", ("x", "y", "z", "x", "y"), "got 5 names"),
    ],
)
def test_errors(name, names, message):
    with pytest.raises(dydt.InputError) as caught:
        solved(name).phase(*names)
    assert message in str(caught.value)


@pytest.mark.parametrize("size", [(7, 5.8), (3.5, 3.0), (10, 6)])
def test_in_space_nothing_is_clipped_and_nothing_overlaps(size):
    figure = solved("lorenz").phase(size=size, title="Lorenz")
    figure._repr_png_()
    render = figure.canvas.get_renderer()
    axes, bar = figure.axes
    beside = bar.get_window_extent(render)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        box = axis.label.get_window_extent(render)
        assert figure.bbox.contains(box.x0, box.y0)
        assert figure.bbox.contains(box.x1, box.y1)
        assert box.x1 < beside.x0
    assert bar.get_tightbbox(render).x1 <= figure.bbox.x1
