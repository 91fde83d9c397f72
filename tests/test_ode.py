"""The contract: what a user types, and what is said when it can't be used."""

import math
import warnings

import numpy as np
import pytest

import dydt

LV = "x' = a*x - b*x*y\ny' = d*x*y - g*y"
RATES = {"a": 1.5, "b": 1.0, "d": 0.75, "g": 1.0}


@pytest.fixture(scope="module")
def lv():
    return dydt.ODE(LV, **RATES)


def test_values_by_name_in_any_form(lv):
    one = lv.solve(t=(0, 18), x=2, y=1)
    two = lv.solve(t=(0, 18), values={"x": 2, "y": 1})
    assert one.y.tobytes() == two.y.tobytes()
    assert one.y.shape == (len(one.t), 2)
    assert np.array_equal(one["x"], one.y[:, 0])
    assert np.array_equal(one["t"], one.t)
    faster = lv.solve(t=(0, 18), x=2, y=1, a=2)
    assert not np.allclose(faster.y[-1], one.y[-1])
    assert lv.parameters["a"] == 1.5


def test_lotka_volterra_keeps_its_invariant(lv):
    sol = lv.solve(t=(0, 100), x=2, y=1)
    x, y = sol["x"], sol["y"]
    invariant = 0.75 * x - np.log(x) + y - 1.5 * np.log(y)
    assert np.ptp(invariant) < 1e-6


def test_a_whole_problem_as_text():
    sol = dydt.ODE("x'' = -x - 0.1*x'\nx(0) = 2\nx'(0) = 0").solve(t=(0, 10))
    assert sol.states == ("x", "x'")
    w = math.sqrt(1 - 0.05**2)
    t = sol.t
    exact = np.exp(-0.05 * t) * 2 * (np.cos(w * t) + 0.05 / w * np.sin(w * t))
    assert np.allclose(sol["x"], exact, atol=1e-7)


def test_a_function_is_a_law_like_any_other():
    def law(t, y, p):
        return [p.s * (y[1] - y[0]), y[0] * (p.r - y[2]) - y[1], y[0] * y[1] - p.b * y[2]]

    traced = dydt.ODE(law, states="x y z", s=10, r=28, b=8 / 3)
    text = dydt.ODE("x' = s*(y - x); y' = x*(r - z) - y; z' = x*y - b*z", s=10, r=28, b=8 / 3)
    one, two = (ode.solve(t=(0, 5), x=1, y=1, z=1) for ode in (traced, text))
    assert one.y.tobytes() == two.y.tobytes()
    wave = dydt.ODE(lambda t, y, p: [np.cos(t) * np.exp(-y[0])], states="y").solve(t=(0, 3), y=0)
    assert np.allclose(wave["y"], np.log1p(np.sin(wave.t)), atol=1e-8)


def test_a_function_that_branches_is_told_of_where():
    with pytest.raises(dydt.LawError, match=r"dydt\.where"):
        dydt.ODE(lambda t, y, p: [1.0 if y[0] > 0 else -1.0], states="y")
    bounce = dydt.ODE(lambda t, y, p: [dydt.where(y[0] > 0, -1.0, 1.0)], states="y")
    assert bounce.solve(t=(0, 0.5), y=1)["y"][-1] == pytest.approx(0.5)


def test_intermediates_and_initial_values_from_parameters():
    ode = dydt.ODE("r2 = x^2 + y^2; x' = -y*k; y' = x*k; k = 2; A = 3; x(0) = A/2; y(0) = 0")
    sol = ode.solve(t=(0, 1))
    assert np.allclose(sol["r2"], 2.25, rtol=1e-8)
    assert ode.solve(t=(0, 1), A=4)["x"][0] == 2.0


def test_saveat_keeps_these_times_only(lv):
    full = lv.solve(t=(0, 18), x=2, y=1)
    times = np.linspace(0, 18, 181)
    sol = lv.solve(t=(0, 18), x=2, y=1, saveat=times)
    assert np.array_equal(sol.t, times)
    assert np.allclose(sol.y, full(times), rtol=0, atol=1e-13)
    spaced = lv.solve(t=(0, 18), x=2, y=1, saveat=0.1)
    assert len(spaced.t) == 181
    assert spaced.t[-1] == 18
    end = lv.solve(t=(0, 18), x=2, y=1, saveat="end")
    assert end.y.tobytes() == full.y[-1:].tobytes()


def test_backwards_is_the_way_back(lv):
    there = lv.solve(t=(0, 5), x=2, y=1, rtol=1e-11, atol=1e-12)
    back = lv.solve(t=(5, 0), x=there["x"][-1], y=there["y"][-1], rtol=1e-11, atol=1e-12)
    assert back.t[0] == 5
    assert back.t[-1] == 0
    assert np.all(np.diff(back.t) < 0)
    assert np.allclose(back.y[-1], [2, 1], atol=1e-8)
    assert np.allclose(back([3.0, 1.0]), there([3.0, 1.0]), atol=1e-8)
    saved = lv.solve(t=(5, 0), values=dict(zip("xy", there.y[-1], strict=True)), saveat=[4, 2, 0])
    assert np.allclose(saved.y[-1], [2, 1], atol=1e-6)


def test_fixed_steps_land_on_the_end():
    ode = dydt.ODE("y' = -y; y(0) = 1")
    for h, count in ((0.1, 10), (0.3, 4), (2.0, 1)):
        sol = ode.solve(t=(0, 1), method="rk4", h=h)
        assert len(sol.t) == count + 1
        assert sol.t[-1] == 1.0
    assert ode.solve(t=(0, 1), method="euler", h=0.5)["y"].tolist() == [1.0, 0.5, 0.25]


def test_times_and_shapes_of_dense_output(lv):
    sol = lv.solve(t=(0, 18), x=2, y=1)
    assert sol(3.2).shape == (2,)
    assert sol([3.2, 1.0]).shape == (2, 2)
    assert np.array_equal(sol([3.2, 1.0])[1], sol(1.0))
    assert sol(np.zeros((2, 3))).shape == (2, 3, 2)
    assert np.allclose(sol(sol.t), sol.y, atol=1e-10)
    with pytest.raises(dydt.InputError, match=r"0 … 18.*asked for t = 18\.1"):
        sol(18.1)


def test_tolerance_is_kept_and_finer_is_closer(lv):
    truth = lv.solve(t=(0, 18), x=2, y=1, rtol=1e-13, atol=1e-14, method="vern9").y[-1]
    errors = [
        np.max(np.abs(lv.solve(t=(0, 18), x=2, y=1, rtol=rtol, atol=rtol).y[-1] - truth))
        for rtol in (1e-4, 1e-6, 1e-8, 1e-10)
    ]
    assert errors == sorted(errors, reverse=True)
    assert all(e < 30 * rtol for e, rtol in zip(errors, (1e-4, 1e-6, 1e-8, 1e-10), strict=True))


def test_absolute_tolerance_by_state():
    ode = dydt.ODE("x' = -x; y' = -1000*y")
    tight = ode.solve(t=(0, 1), x=1, y=1, atol={"y": 1e-14}, rtol=1e-6)
    loose = ode.solve(t=(0, 1), x=1, y=1, atol={"y": 1.0}, rtol=1e-6)
    assert tight.stats["steps"] > loose.stats["steps"]


def test_the_callable_for_inner_loops(lv):
    step = lv.solver(method="dop853", rtol=1e-8)
    sol = step((0, 18), [2.0, 1.0], [1.5, 1.0, 0.75, 1.0])
    assert sol.y.tobytes() == lv.solve(t=(0, 18), x=2, y=1, method="dop853").y.tobytes()
    assert lv.solver(method="dop853", rtol=1e-8) is step
    y0, p = np.array([2.0, 1.0]), np.array([1.5, 1.0, 0.75, 1.0])
    sol = step((0, 18), y0, p)
    between, errors = sol(3.2), sol.check().worst
    y0[:], p[:] = 7.0, 7.0  # as an inner loop would
    assert np.array_equal(sol(3.2), between)
    assert sol.check().worst == errors
    with pytest.raises(dydt.InputError, match="2 states"):
        step((0, 18), [2.0])
    with pytest.raises(dydt.InputError, match="4 parameters"):
        step((0, 18), [2.0, 1.0], [1.0])


@pytest.mark.parametrize(
    "call, words",
    [
        ({}, ["no initial value for `x`, `y`", "x=1, y=1"]),
        ({"x": 1}, ["`y`"]),
        ({"x": 1, "y": 1, "aa": 2}, ["no `aa`", "`a`"]),
        ({"x": float("nan"), "y": 1}, ["`x` must be finite"]),
        ({"x": float("inf"), "y": 1}, ["`x` must be finite"]),
        ({"x": "two", "y": 1}, ["`x` must be a number"]),
        ({"x": 1, "y": 1, "a": float("nan")}, ["`a` must be finite"]),
        ({"x": 1, "y": 1, "t": (0, 0)}, ["span is empty"]),
        ({"x": 1, "y": 1, "t": (0, float("inf"))}, ["span must be finite"]),
        ({"x": 1, "y": 1, "t": None}, ["say the span"]),
        ({"x": 1, "y": 1, "t": "abc"}, ["pair (t0, t1)"]),
        ({"x": 1, "y": 1, "method": "dopri"}, ["unknown method", "dop853"]),
        ({"x": 1, "y": 1, "method": "rk4"}, ["fixed steps", "h=0.01"]),
        ({"x": 1, "y": 1, "rtol": -1}, ["rtol must be"]),
        ({"x": 1, "y": 1, "rtol": 1e-20}, ["below what double precision"]),
        ({"x": 1, "y": 1, "atol": [1, 2, 3]}, ["3 values for 2 states"]),
        ({"x": 1, "y": 1, "atol": {"z": 1}}, ["no state `z`"]),
        ({"x": 1, "y": 1, "saveat": [1, 40]}, ["outside the span"]),
        ({"x": 1, "y": 1, "saveat": [2, 1]}, ["sorted"]),
        ({"x": 1, "y": 1, "saveat": "often"}, ["saveat takes"]),
        ({"x": 1, "y": 1, "step_limit": 0}, ["step_limit must be positive"]),
        ({"x": 1, "y": 1, "step_limit": 0.5}, ["step_limit must be a whole number"]),
        ({"x": 1, "y": 1, "step_limit": 1e300}, ["step_limit must be a whole number"]),
        ({"x": 1, "y": 1, "saveat": 1e-300}, ["wider spacing"]),
    ],
)
def test_bad_arguments_are_answered(lv, call, words):
    with pytest.raises(dydt.InputError) as caught:
        lv.solve(**{"t": (0, 18), **call})
    for word in words:
        assert word in str(caught.value)


def test_unknown_and_missing_parameters():
    with pytest.raises(dydt.InputError, match="did you mean `sigma`"):
        dydt.ODE("x' = sigma*x", sgima=1)
    with pytest.raises(dydt.InputError, match="is a state"):
        dydt.ODE("x' = sigma*x", x=1)
    with pytest.raises(dydt.InputError, match="`sgima` has no value.*did you mean `sigma`"):
        dydt.ODE("x' = sigma*x + sgima", sigma=1).solve(t=(0, 1), x=1)
    with pytest.raises(dydt.InputError, match="name the states"):
        dydt.ODE(lambda t, y: [y[0]])
    with pytest.raises(dydt.InputError, match="text or a function"):
        dydt.ODE(42)


def test_initial_values_hold_where_the_law_says():
    ode = dydt.ODE("y' = y; y(1) = 2")
    assert ode.solve(t=2)["y"][-1] == pytest.approx(2 * math.e)
    with pytest.raises(dydt.InputError, match="at t = 1, and the span starts at 0"):
        ode.solve(t=(0, 2))


def test_another_independent_variable():
    sol = dydt.ODE("dy/dx = y*cos(x)", independent="x").solve(t=(0, 2), y=1)
    assert np.allclose(sol["y"], np.exp(np.sin(sol["x"])), rtol=1e-8)


def test_no_warning_for_what_is_done(lv):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert lv.solve(t=(0, 18), x=2, y=1).raise_for_status().status == "done"


def test_words_for_people(lv):
    assert repr(lv) == "<ODE x, y; 4 parameters>"
    assert "x' = a*x - b*x*y" in str(lv)
    assert r"\begin{aligned}" in lv._repr_latex_()


def test_a_state_that_is_called_like_an_option_is_given_by_values():
    fall = dydt.ODE("h' = v; v' = -9.81")
    with pytest.raises(dydt.InputError, match=r'give values=\{"h": 1\} \(h= is an option\)'):
        fall.solve(t=(0, 1), h=10, v=0)
    assert fall.solve(t=(0, 1), values={"h": 10, "v": 0})["h"][-1] == pytest.approx(10 - 9.81 / 2)
