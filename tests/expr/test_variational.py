"""Sensitivities against closed forms and differences of tight solves."""

import math

import numpy as np
import pytest

import dydt

LV = "x' = a*x - b*x*y; y' = d*x*y - g*y; a = 1.5; b = 1; d = 0.75; g = 1; x(0) = 2; y(0) = 1"


def test_decay_has_a_closed_form():
    sol = dydt.ODE("x' = -k*x", k=0.7).solve(t=(0, 4), x=3, sensitivity=["k", "x(0)"])
    t = sol.t
    assert np.allclose(sol["x"], 3 * np.exp(-0.7 * t), rtol=1e-7)
    assert np.allclose(sol["dx/dk"], -3 * t * np.exp(-0.7 * t), rtol=1e-7, atol=1e-9)
    assert np.allclose(sol["dx/dx(0)"], np.exp(-0.7 * t), rtol=1e-7)
    assert sol.sensitivity("k").shape == (len(t), 1)
    assert sol(2.0)[1] == pytest.approx(-6 * math.exp(-1.4), rel=1e-6)


@pytest.mark.parametrize("method", ["tsit5", "dop853", "vern9"])
@pytest.mark.parametrize("quantity", ["a", "b", "d", "g", "x(0)", "y(0)"])
def test_lotka_volterra_against_differences(quantity, method):
    ode = dydt.ODE(LV)
    sol = ode.solve(t=(0, 10), method=method, sensitivity=[quantity])
    name = quantity.removesuffix("(0)")
    at = {**ode.parameters, "x": 2.0, "y": 1.0}[name]
    h = 1e-4
    ends = [
        ode.solve(t=(0, 10), values={name: at + k * h}, rtol=1e-13, atol=1e-14, saveat="end").y[-1]
        for k in (-2, -1, 1, 2)
    ]
    # A five-point difference: its error is of order h⁴.
    difference = (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / (12 * h)
    assert np.allclose(sol.sensitivity(quantity)[-1], difference, rtol=2e-6, atol=1e-6)


def test_stages_of_second_order_laws_and_several_quantities():
    sol = dydt.ODE("x'' = -w^2*x; w = 2; x(0) = 1; x'(0) = 0").solve(t=(0, 3), sensitivity=["w", "x'(0)"])
    t = sol.t
    assert np.allclose(sol["dx/dw"], -t * np.sin(2 * t), atol=1e-7)
    assert np.allclose(sol["dx/dx'(0)"], np.sin(2 * t) / 2, atol=1e-7)
    assert sol.sensitivity("w").shape == (len(t), 2)


def test_initial_values_that_follow_a_parameter():
    ode = dydt.ODE("x' = -x; x(0) = k^2; k = 3")
    assert ode.solve(t=(0, 1), sensitivity=["k"])["dx/dk"][-1] == pytest.approx(6 * math.exp(-1))
    given = ode.solve(t=(0, 1), x=9, sensitivity=["k"])
    assert given["dx/dk"][-1] == 0.0


def test_what_is_unknown_gets_the_nearest():
    ode = dydt.ODE("x' = -sigma*x", sigma=1)
    with pytest.raises(dydt.InputError, match="did you mean `sigma`"):
        ode.solve(t=(0, 1), x=1, sensitivity=["sgima"])
    with pytest.raises(dydt.InputError, match=r"x\(0\)"):
        ode.solve(t=(0, 1), x=1, sensitivity=["x"])
    with pytest.raises(dydt.InputError, match='sensitivity=\\["sigma"\\]'):
        ode.solve(t=(0, 1), x=1).sensitivity("sigma")
    with pytest.raises(dydt.InputError, match="no initial value for `x`:"):
        ode.solve(t=(0, 1), sensitivity=["sigma"])


@pytest.mark.parametrize(
    "text, quantities",
    [
        (
            "z' = v; v' = -g; z(0) = 1; v(0) = 0; g = 9.81; k = 0.5; when z = 0 falling: v -> -k*v",
            ["g", "k", "z(0)"],
        ),
        (
            "x' = a*sin(t) + x/5; y' = x - y; x(0) = 0.9; y(0) = 0; a = 1; b = 1; c = 0.3\n"
            "when x = b*cos(c*t) + c rising: x -> x/2 + 0.1*c*t, y -> y + a",
            ["a", "b", "c", "x(0)"],
        ),
    ],
)
def test_sensitivities_jump_at_events(text, quantities):
    ode = dydt.ODE(text)
    sol = ode.solve(t=(0, 1.1), sensitivity=quantities, rtol=1e-10, atol=1e-12)
    assert sum(map(len, sol.events.values())) >= 1
    h = 1e-5
    for quantity in quantities:
        name = quantity.removesuffix("(0)")
        middle = sol.y[0][sol.states.index(name)] if "(" in quantity else ode.parameters[name]
        ends = [
            ode.solve(t=(0, 1.1), rtol=1e-12, atol=1e-13, **{name: float(middle + d)}).y[-1] for d in (-h, h)
        ]
        assert np.allclose(sol.sensitivity(quantity)[-1], (ends[1] - ends[0]) / (2 * h), rtol=1e-6, atol=1e-6)


def test_initial_values_that_are_given_at_another_time_than_those_of_the_law():
    ode = dydt.ODE("x' = -k*x + y; y' = -y; x(1) = 2; y(1) = 2", k=1)
    sol = ode.solve(t=(0, 3), x=1, y=1, sensitivity=["x(0)", "y(0)"])
    assert sol["dx/dx(0)"][-1] == pytest.approx(math.exp(-3))
    assert sol["dx/dy(0)"][-1] == pytest.approx(3 * math.exp(-3))
    assert sol["dy/dx(0)"][-1] == 0.0
    with pytest.raises(
        dydt.InputError, match=r"gives `y` at t = 1, .* start there, t=\(1, …\), or give .*, y=…"
    ):
        ode.solve(t=(0, 3), x=1, sensitivity=["x(0)"])
