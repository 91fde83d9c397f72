"""Portraits and direction fields: what is on them, and where."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.quiver import Quiver

import dydt
from dydt.plotting import DARK, LIGHT


def by_gid(axes, start):
    return [line for line in axes.lines if (line.get_gid() or "").startswith(start)]


def marks(axes, sort):
    return sorted(
        {tuple(np.round(np.ravel(line.get_data()), 6)) for line in by_gid(axes, f"equilibrium {sort}")}
    )


def words(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_lotka_volterra_direction_and_phase_in_one():
    found = dydt.gallery.lotka_volterra().portrait()
    (axes,) = found.plot(title="Rabbits and foxes").axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$x$", "$y$")
    assert axes.get_title(loc="left") == "Rabbits and foxes"
    assert len(by_gid(axes, "orbit")) == len(found.orbits) >= 5
    assert len({to_hex(line.get_color()) for line in by_gid(axes, "orbit")}) == len(found.orbits)
    assert len(by_gid(axes, "separatrix")) == len(found.separatrices) == 4
    assert marks(axes, "centre") == [(round(4 / 3, 6), 1.5)]
    assert marks(axes, "saddle") == [(0.0, 0.0)]
    assert words(axes)[2:] == ["orbits", "separatrices", "centre", "saddle"]
    (arrows,) = [c for c in axes.collections if isinstance(c, Quiver)]
    assert len(arrows.U) == len(found.places) > 300
    assert axes.get_xlim() == (found.box.low[0], found.box.high[0])


def test_arrows_point_along_the_field_and_keep_in_their_cells():
    found = dydt.ODE("x' = 3*y; y' = -x").portrait({"x": (-2, 2), "y": (-1, 1)})
    (axes,) = found.plot().axes
    (arrows,) = [c for c in axes.collections if isinstance(c, Quiver)]
    x, y = found.places.T
    assert arrows.U * -x - arrows.V * 3 * y == pytest.approx(0, abs=1e-12)
    assert np.all(arrows.U * y >= 0)
    lengths = np.hypot(arrows.U / 4, arrows.V / 2)
    assert lengths == pytest.approx(lengths[0])
    assert lengths[0] < 1 / 21


def test_nullclines_are_dashed_in_two_colours():
    found = dydt.gallery.fitzhugh_nagumo().portrait()
    (axes,) = found.plot().axes
    first, second = by_gid(axes, "nullcline v"), by_gid(axes, "nullcline w")
    assert {to_hex(line.get_color()) for line in first} != {to_hex(line.get_color()) for line in second}
    assert all(line.is_dashed() for line in (*first, *second))
    v, w = np.concatenate([np.column_stack(line.get_data()) for line in second]).T
    p = dydt.gallery.fitzhugh_nagumo().parameters
    assert np.abs(v + p["a"] - p["b"] * w).max() < 1e-10


def test_a_limit_cycle_is_thicker_than_orbits():
    (axes,) = dydt.gallery.van_der_pol().portrait().plot().axes
    (cycle,) = by_gid(axes, "limit cycle")
    assert cycle.get_linewidth() > 1.8 * by_gid(axes, "orbit")[0].get_linewidth()
    assert "limit cycle" in words(axes)
    assert marks(axes, "repulsor") == [(0.0, 0.0)]


@pytest.mark.parametrize(
    ("law", "sort", "word"),
    [
        ("x' = -x + 4*y; y' = -x - y", "attractor", "stable spiral"),
        ("x' = x - y; y' = x + y", "repulsor", "unstable spiral"),
        ("x' = x; y' = -y", "saddle", "saddle"),
        ("x' = y; y' = -x", "centre", "centre"),
        ("x' = x^2; y' = -y", "half-stable", "saddle-node"),
        ("x' = x^2 - y^2; y' = 2*x*y", "undecided", "undecided"),
    ],
)
def test_marks_tell_the_kinds_apart(law, sort, word):
    (axes,) = dydt.ODE(law).portrait().plot().axes
    assert marks(axes, sort) == [(0.0, 0.0)]
    assert word in words(axes)
    (mark, *_) = by_gid(axes, f"equilibrium {sort}")
    filled = to_hex(mark.get_markerfacecolor()) == LIGHT.ink
    assert filled == (sort in ("attractor", "saddle", "half-stable"))


def test_primes_and_greek_letters_on_the_axes():
    (axes,) = dydt.gallery.pendulum().portrait().plot(dark=True).axes
    assert axes.get_xlabel() == r"$\theta$"
    assert axes.get_ylabel().startswith(r"$\theta")
    assert axes.get_ylabel().endswith("′")
    assert to_hex(axes.get_facecolor()) == DARK.paper
    assert len(marks(axes, "saddle")) == 2


def test_given_orbits_only():
    found = dydt.gallery.lotka_volterra().portrait(orbits=[(2, 1), {"x": 1, "y": 1}])
    (axes,) = found.plot().axes
    assert len(by_gid(axes, "orbit")) == 2


def test_a_direction_field_and_its_solutions():
    found = dydt.ODE("y' = t - y").field(t=(0, 5), y=(-2, 4))
    (axes,) = found.plot().axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$t$", "$y$")
    assert len(by_gid(axes, "solution")) == len(found.orbits) >= 6
    (line,) = by_gid(axes, "nullcline")
    assert np.abs(np.subtract(*line.get_data())).max() < 1e-12
    (strokes,) = [c for c in axes.collections if isinstance(c, Quiver)]
    assert strokes.headlength == 0


def test_constant_solutions_attract_or_repel():
    (axes,) = dydt.ODE("y' = y*(1 - y)*(y - 2)").portrait().plot().axes
    lines = {float(line.get_ydata()[0]): line for line in by_gid(axes, "equilibrium")}
    assert sorted(lines) == pytest.approx([0, 1, 2])
    assert [lines[y].is_dashed() for y in sorted(lines)] == [False, True, False]
    assert words(axes)[-2:] == ["attractor", "repulsor"]


def test_in_space_the_equilibria_are_marked():
    axes, _ = dydt.gallery.lorenz().portrait().plot().axes
    found = [line for line in axes.lines if (line.get_gid() or "").startswith("equilibrium")]
    assert len(found) == 3


def test_files(tmp_path):
    found = dydt.gallery.van_der_pol().portrait()
    for name in ("p.png", "p.svg", "p.pdf"):
        found.plot(path=tmp_path / name)
        assert (tmp_path / name).stat().st_size > 5000
    dydt.gallery.logistic().portrait().plot(path=tmp_path / "f.svg", dark=True)
    dydt.gallery.brusselator().equilibria().plot(path=tmp_path / "e.png")
    with pytest.raises(dydt.InputError, match="PNG, SVG or PDF"):
        found.plot(path=tmp_path / "p.gif")
    with pytest.raises(dydt.InputError, match="size"):
        found.plot(size=(1,))
