"""Nullclines: their points lie on them, nothing is missed, poles are none."""

import json

import numpy as np
import pytest

import dydt


def test_points_satisfy_their_equation_to_the_last_digits():
    law = dydt.ODE("x' = x - x^3/3 - y + sin(3*y); y' = exp(x) - 2*y^2 + x*y")
    found = law.nullclines({"x": (-3, 3), "y": (-3, 3)})
    (x, y), (u, v) = found["x"].points.T, found["y"].points.T
    assert np.abs(x - x**3 / 3 - y + np.sin(3 * y)).max() < 1e-13
    assert np.abs(np.exp(u) - 2 * v**2 + u * v).max() < 1e-13
    assert len(x) > 200


def test_a_circle_is_one_closed_curve_of_the_right_length():
    found = dydt.ODE("x' = x^2 + y^2 - 1; y' = x - y").nullclines({"x": (-2, 2), "y": (-2, 2)})
    (circle,) = found["x"].curves
    assert np.array_equal(circle[0], circle[-1])
    assert np.linalg.norm(np.diff(circle, axis=0), axis=1).sum() == pytest.approx(2 * np.pi, rel=1e-3)
    (line,) = found["y"].curves
    assert np.abs(np.diff(line, axis=1)).max() < 1e-14


def test_branches_that_cross_are_all_there():
    found = dydt.gallery.lotka_volterra().nullclines({"x": (0, 5), "y": (0, 3)})
    prey = found["x"].points
    assert np.all((np.abs(prey[:, 0]) < 1e-12) | (np.abs(prey[:, 1] - 1.5) < 1e-12))
    on_axis, on_line = prey[np.abs(prey[:, 0]) < 1e-12], prey[np.abs(prey[:, 1] - 1.5) < 1e-12]
    assert np.ptp(on_axis[:, 1]) > 2.95
    assert np.ptp(on_line[:, 0]) > 4.95


def test_poles_and_jumps_are_no_nullclines():
    assert dydt.ODE("x' = 1/x + y/100; y' = 1").nullclines({"x": (-1, 1), "y": (-1, 1)})["x"].curves == ()
    assert (
        dydt.ODE("x' = sign(x) + y/10 + 0.5; y' = 1").nullclines({"x": (-1, 1), "y": (-1, 1)})["x"].curves
        == ()
    )
    assert dydt.ODE("x' = 1 + x^2; y' = x").nullclines({"x": (-1, 1), "y": (-1, 1)})["x"].curves == ()


def test_two_branches_through_one_cell_do_not_swap():
    found = dydt.ODE("x' = x*y - 0.00001; y' = 1").nullclines({"x": (-1, 1), "y": (-1, 1)})
    for curve in found["x"].curves:
        assert np.all(curve[:, 0] > 0) or np.all(curve[:, 0] < 0)
    assert len(found["x"].curves) == 2


def test_the_default_box_text_and_json():
    found = dydt.gallery.fitzhugh_nagumo().nullclines()
    assert "v' = 0: 1 curve" in str(found)
    assert set(json.loads(found.to_json())["nullclines"]) == {"v", "w"}
    with pytest.raises(dydt.InputError, match="no nullcline of `z`"):
        found["z"]


def test_errors():
    with pytest.raises(dydt.InputError, match="the law has 3: x, y, z"):
        dydt.gallery.lorenz().nullclines()
    with pytest.raises(dydt.InputError, match="changes with t"):
        dydt.gallery.driven_oscillator().nullclines()
    with pytest.raises(dydt.InputError, match="is empty"):
        dydt.gallery.lotka_volterra().nullclines({"x": (0, 0), "y": (0, 1)})
