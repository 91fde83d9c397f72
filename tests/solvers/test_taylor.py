"""The Taylor methods: accuracy, dense output, lanes, events, and what they are refused for."""

import math
import warnings

import mpmath
import numpy as np
import pytest

import dydt
from dydt.errors import InputError
from dydt.settings import chosen
from dydt.solvers.methods import TAYLOR, method
from tests.problems import problem

LORENZ = "x' = s*(y - x); y' = x*(r - z) - y; z' = x*y - b*z; s = 10; r = 28; b = 8/3"


@pytest.mark.parametrize("name", TAYLOR)
@pytest.mark.parametrize("known", ["lotka_volterra", "kepler_e05", "duffing_forced"])
def test_end_states_are_the_certified_ones(name, known):
    p = problem(known)
    law = dydt.ODE(p.text, values=dict(p.parameters))
    errors = []
    for rtol in (1e-7, 1e-12):
        sol = law.solve(t=(p.t0, p.t1), values=p.values, method=name, rtol=rtol, atol=rtol)
        assert sol.status == "done"
        errors.append(p.error(sol.y[-1]))
    assert errors[1] < 1e-9
    assert errors[1] < 1e-3 * errors[0]


@pytest.mark.parametrize("name", TAYLOR)
def test_the_error_of_a_step_has_the_order_of_the_method(name):
    """One step of a given size along x' = x²: the error is the rest of the series, (h x)ⁿ⁺¹/(1 - h x) x."""
    law, order = dydt.ODE("x' = x^2"), method(name).order
    for h in (0.4, 0.5, 0.6):
        found = law.solve(t=(0, h), x=1.0, method=name, rtol=1e3, atol=1e3).y[-1, 0]
        assert law.solve(t=(0, h), x=1.0, method=name, rtol=1e3, atol=1e3).stats["steps"] == 1
        rest = h ** (order + 1) / (1 - h)
        assert 1 / (1 - h) - found == pytest.approx(rest, rel=1e-3, abs=4e-16)


def test_far_fewer_steps_than_a_runge_kutta_method_and_none_rejected():
    law = dydt.ODE(LORENZ)
    options = {"t": (0, 20), "values": {"x": 1, "y": 1, "z": 1}, "rtol": 1e-12, "atol": 1e-12}
    taylor, verner = (law.solve(**options, method=name) for name in ("taylor", "vern9"))
    assert taylor.stats["method"] == "taylor20"
    assert taylor.stats["rejected"] == 0
    assert taylor.stats["steps"] < 0.5 * verner.stats["steps"]
    np.testing.assert_allclose(taylor.y[-1], verner.y[-1], atol=1e-6)


def test_dense_output_is_as_accurate_as_the_steps():
    law = dydt.ODE("x' = v; v' = -x")
    sol = law.solve(t=(0, 20), x=1, v=0, method="taylor16", rtol=1e-12, atol=1e-12)
    times = np.linspace(0, 20, 1001)
    assert len(sol.t) < 40
    np.testing.assert_allclose(sol(times), np.column_stack([np.cos(times), -np.sin(times)]), atol=3e-11)
    np.testing.assert_array_equal(sol(sol.t[1:-1]), sol.y[1:-1])
    kept = law.solve(t=(0, 20), x=1, v=0, method="taylor16", rtol=1e-12, atol=1e-12, saveat=0.5)
    np.testing.assert_allclose(kept["x"], np.cos(kept.t), atol=3e-11)


def test_backwards_and_with_a_largest_step():
    law = dydt.ODE("x' = cos(t)*x")
    there = law.solve(t=(0, 7), x=1, method="taylor", rtol=1e-12, atol=1e-12)
    back = law.solve(t=(7, 0), x=there.y[-1, 0], method="taylor", rtol=1e-12, atol=1e-12)
    assert back.y[-1, 0] == pytest.approx(1.0, rel=1e-11)
    short = law.solve(t=(0, 7), x=1, method="taylor", max_step=0.01)
    assert np.all(np.diff(short.t) <= 0.01 + 1e-12)
    assert short.y[-1, 0] == pytest.approx(math.exp(math.sin(7)), rel=1e-12)


@pytest.mark.parametrize("lanes", [1, 8, 16])
def test_members_of_a_sweep_have_the_bits_of_single_solves(lanes):
    law = dydt.ODE(LORENZ)
    r = np.linspace(0, 30, 37)
    start = {"x": 1.0, "y": 0.5, "z": 0.0}
    runs = law.sweep(
        t=(0, 2), r=r, values=start, method="taylor12", saveat=[0.7, 2.0], lanes=lanes, progress=False
    )
    for i in (0, 11, 36):
        alone = law.solve(t=(0, 2), r=r[i], values=start, method="taylor12", saveat=[0.7, 2.0])
        for name in "xyz":
            np.testing.assert_array_equal(runs[name][i], alone[name])


def test_events_are_found_in_long_steps():
    p = problem("bouncing_ball")
    ball = dydt.ODE("h' = v; v' = -g; g = 9.81; c = 0.9; h(0) = 10; v(0) = 0; when h = 0 falling: v -> -c*v")
    np.testing.assert_allclose(
        ball.solve(t=(0, 10), method="taylor").events["h = 0"], p.event_times, rtol=1e-10
    )
    room, options = dydt.gallery.thermostat(), {"rtol": 1e-10, "atol": 1e-12}
    by_taylor, by_verner = (room.solve(method=name, **options) for name in ("taylor", "vern9"))
    for event in by_verner.events:
        np.testing.assert_allclose(by_taylor.events[event], by_verner.events[event], rtol=1e-9)


def test_a_pole_is_seen():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sol = dydt.ODE("x' = x^2").solve(t=(0, 2), x=1, method="taylor")
    assert sol.status == "blow-up"
    assert sol.t[-1] == pytest.approx(1.0, abs=1e-6)


def test_a_constant_law_takes_one_step_and_a_flat_start_is_no_trap():
    sol = dydt.ODE("x' = 1").solve(t=(0, 100), x=0, method="taylor")
    assert (sol.stats["steps"], sol.y[-1, 0]) == (1, 100.0)
    sol = dydt.ODE("x' = 0; y' = -y").solve(t=(0, 1), x=0, y=0, method="taylor")
    np.testing.assert_array_equal(sol.y[-1], [0.0, 0.0])


def test_the_order_follows_the_tolerance():
    assert [chosen("taylor", rtol) for rtol in (1e-3, 1e-8, 1e-13)] == list(TAYLOR)
    assert dydt.ODE("x' = -x").solve(t=(0, 1), x=1, method="taylor", rtol=1e-5).stats["method"] == "taylor12"


def test_sensitivities_come_along():
    sol = dydt.ODE("x' = -k*x").solve(t=(0, 2), x=1, k=0.7, sensitivity=["k"], method="taylor", rtol=1e-11)
    assert sol.sensitivity("k")[-1, 0] == pytest.approx(-2 * math.exp(-1.4), rel=1e-9)


@pytest.mark.parametrize(
    "law, words",
    [
        ("x' = -abs(x)", "smooth, and this one has abs: take vern9"),
        ("x' = y; 0 = x + y - 1", "constraints.* take rodas5p"),
        ("; ".join(f"x{i}' = sin(x{i})*exp(x{(i + 1) % 40})" for i in range(40)), "writes out .* operations"),
    ],
)
def test_what_it_cannot_do_is_said(law, words):
    ode = dydt.ODE(law)
    with pytest.raises(InputError, match=words):
        ode.solve(t=(0, 1), values=dict.fromkeys(ode.states, 1.0), method="taylor")


def test_a_hundred_digits_agree_with_a_solution_in_doubles():
    """Against mpmath's own Taylor solver, which knows nothing of ours."""
    sol = dydt.ODE("x' = t - x^2").solve(t=(0, 3), x=1, method="taylor20", rtol=1e-14, atol=1e-15)
    with mpmath.workdps(30):
        exact = mpmath.odefun(lambda t, x: t - x * x, 0, 1)(3)
    assert sol.y[-1, 0] == pytest.approx(float(exact), rel=1e-14)
