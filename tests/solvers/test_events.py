"""Events: against closed forms, in time order, two in one step, stops, jumps, chatter, and in ensembles."""

import math

import numpy as np
import pytest

import dydt
from tests.problems import problem

METHODS = ["tsit5", "dop853", "vern9", "rodas5p"]
BALL = "h' = v; v' = -g; g = 9.81; c = 0.9; h(0) = 10; v(0) = 0; when h = 0 falling: v -> -c*v"


@pytest.mark.parametrize("method", METHODS)
def test_bouncing_ball_to_its_closed_form(method):
    p = problem("bouncing_ball")
    sol = dydt.ODE(BALL).solve(t=(0, 10), method=method)
    assert np.allclose(sol.events["h = 0"], p.event_times, rtol=1e-10)
    assert p.error(sol.y[-1]) < 1e-9
    before, after = sol.event_states("h = 0")
    assert np.allclose(before[:, 0], 0, atol=1e-9)
    assert np.allclose(after[:, 1], -0.9 * before[:, 1])
    assert sol["h"].min() > -1e-9


@pytest.mark.parametrize("method", METHODS)
def test_pendulum_crossings_by_elliptic_integrals(method):
    p = problem("pendulum_crossings")
    rtol = 1e-8 if method == "rodas5p" else 1e-10
    law = dydt.ODE(p.text + "\nwhen th = 0", values=dict(p.parameters))
    sol = law.solve(t=(p.t0, p.t1), values=p.values, method=method, rtol=rtol, atol=rtol)
    assert np.allclose(sol.events["th = 0"], p.event_times, rtol=0, atol=100 * rtol)
    up = dydt.ODE(p.text + "\nwhen th = 0 rising", values=dict(p.parameters))
    assert np.allclose(
        up.solve(t=(p.t0, p.t1), values=p.values, rtol=1e-10).events["th = 0"], p.event_times[1::2], atol=1e-7
    )


def test_two_crossings_within_one_step():
    law = dydt.ODE("x' = cos(t); x(0) = 0; when x = 0.9999")
    sol = law.solve(t=(0, 3), rtol=1e-7, atol=1e-9)
    edge = math.asin(0.9999)
    assert np.allclose(sol.events["x = 0.9999"], [edge, math.pi - edge], atol=1e-4)
    plain = dydt.ODE("x' = cos(t); x(0) = 0").solve(t=(0, 3), rtol=1e-7, atol=1e-9)
    inside = (plain.t > edge) & (plain.t < math.pi - edge)
    assert not inside.any(), "both crossings lie in one step of the solve without events"


@pytest.mark.parametrize("method", [*METHODS, "taylor"])
def test_a_step_that_lands_on_an_event_has_passed_others(method):
    """On the way to x = 2 the first step passes x = 1 upwards, so that the fall below 1 is an event later."""
    law = dydt.ODE("x' = 2*on - 1; on' = 0; when x < 1: on -> 1; when x > 2: on -> 0; x(0) = 0; on(0) = 1")
    sol = law.solve(t=(0, 9.5), method=method, h=5)
    assert np.allclose(sol.events["x > 2"], [2, 4, 6, 8])
    assert np.allclose(sol.events["x < 1"], [3, 5, 7, 9])
    many = law.sweep(
        t=(0, 9.5), x=np.array([0.0, 0.5]), method=method, h=5, keep=["count(x < 1)"], progress=False
    )
    assert many["count(x < 1)"].tolist() == [4, 4]


def test_an_event_at_the_very_end_is_the_end():
    law = dydt.ODE("x' = 2*on - 1; on' = 0; when x < 1: on -> 1; when x > 2: on -> 0; x(0) = 0; on(0) = 1")
    for end in (8, 10, 12):  # where steps are exact, and the event is hit to the bit
        sol = law.solve(t=(0, end), method="taylor")
        assert sol.status == "done"
        assert sol.events["x > 2"].tolist() == list(range(2, end + 1, 2))


@pytest.mark.parametrize("method", METHODS)
def test_several_events_in_one_step_come_in_time_order(method):
    law = dydt.ODE(
        "x' = 1; n' = 0; x(0) = 0; n(0) = 0; "
        "when x > 3: n -> 10*n + 3; when x > 1: n -> 10*n + 1; when x > 2: n -> 10*n + 2"
    )
    sol = law.solve(t=(0, 5), method=method)
    assert sol["n"][-1] == pytest.approx(123)
    assert [sol.events[f"x > {k}"].round(9).tolist() for k in (1, 2, 3)] == [[1.0], [2.0], [3.0]]


def test_two_events_at_the_same_time_both_happen():
    law = dydt.ODE(
        "x' = 1; y' = 1; a' = 0; x(0) = 0; y(0) = 0; a(0) = 0; when x = 1: a -> a + 1; when y = 1: a -> a + 10"
    )
    assert law.solve(t=(0, 2))["a"][-1] == pytest.approx(11)


def test_a_terminal_event_ends_exactly_there():
    sol = dydt.ODE("x' = v; v' = -x; x(0) = 0; v(0) = 1; when x > 0.5: stop").solve(t=(0, 10))
    assert sol.status == "stopped"
    assert "stopped by `x > 0.5`" in sol.message
    assert sol.t[-1] == pytest.approx(math.asin(0.5), abs=1e-9)
    assert sol["x"][-1] == pytest.approx(0.5, abs=1e-9)
    assert sol.raise_for_status() is sol


def test_an_event_without_action_is_only_noted():
    with_event = dydt.ODE("x' = v; v' = -x; x(0) = 0; v(0) = 1; when v = 0")
    sol = with_event.solve(t=(0, 20))
    assert np.allclose(sol.events["v = 0"], math.pi / 2 + math.pi * np.arange(6), atol=1e-7)
    assert np.allclose(sol["x"], np.sin(sol.t), atol=1e-6)


def test_a_start_on_the_surface_is_no_event():
    sol = dydt.ODE("x' = v; v' = -x; x(0) = 0; v(0) = 1; when x = 0").solve(t=(0, 7))
    assert np.allclose(sol.events["x = 0"], [math.pi, 2 * math.pi], atol=1e-7)


def test_backwards_in_time():
    sol = dydt.ODE("x' = 1; x(5) = 5; when x = 2 rising; when x < 1: stop").solve(t=(5, 0))
    assert np.allclose(sol.events["x = 2"], [2.0])
    assert sol.status == "done", "backwards, x < 1 is left, not entered"
    falling = dydt.ODE("x' = 1; x(5) = 5; when x = 2 falling").solve(t=(5, 0))
    assert len(falling.events["x = 2"]) == 0


def test_dense_output_on_both_sides_of_a_jump():
    sol = dydt.ODE("x' = 1; x(0) = 0; when x > 1: x -> x - 1").solve(t=(0, 3.5))
    times = np.array([0.5, 0.999999, 1.000001, 2.25, 3.4])
    assert np.allclose(sol(times)[:, 0], times % 1.0, atol=1e-8)
    saved = dydt.ODE("x' = 1; x(0) = 0; when x > 1: x -> x - 1").solve(t=(0, 3.5), saveat=times)
    assert np.allclose(saved["x"], times % 1.0, atol=1e-8)


@pytest.mark.parametrize("c", [0.5, 0.9])
def test_chatter_is_recognised(c):
    with pytest.warns(dydt.SolveWarning, match="pile up"):
        sol = dydt.ODE(BALL).solve(t=(0, 100), c=c)
    assert sol.status == "chatter"
    zeno = math.sqrt(2 * 10 / 9.81) * (1 + c) / (1 - c)
    assert sol.t[-1] == pytest.approx(zeno, rel=1e-6)
    assert "`h = 0`" in sol.message


def test_hysteresis_has_the_period_of_theory():
    law = dydt.gallery.thermostat()
    sol = law.solve(t=(0, 48))
    p = law.parameters
    off = math.log((p["warm"] - p["outside"]) / (p["cold"] - p["outside"])) / p["k"]
    top = p["outside"] + p["power"] / p["k"]
    on = math.log((top - p["cold"]) / (top - p["warm"])) / p["k"]
    assert np.allclose(np.diff(sol.events["T > warm"]), on + off, rtol=1e-7)
    assert sol["T"][sol.t > 3].min() > 19 - 1e-6
    assert sol["T"].max() < 21 + 1e-6


def test_integrate_and_fire_has_the_rate_of_theory():
    law = dydt.gallery.integrate_and_fire()
    sol = law.solve(t=(0, 1000))
    p = law.parameters
    period = p["tau"] * math.log(p["R"] * p["I"] / (p["R"] * p["I"] - (p["threshold"] - p["rest"])))
    assert np.allclose(np.diff(sol.events["V = threshold"]), period, rtol=1e-8)
    assert sol["spikes"][-1] == math.floor(1000 / period)
    assert law.solve(t=(0, 1000), I=1.0)["spikes"][-1] == 0


def test_a_check_is_not_misled_by_jumps():
    check = dydt.ODE(BALL).solve(t=(0, 10)).check()
    assert max(check.worst.values()) < 1e-6


def test_ensembles_with_events_have_the_bits_of_single_solves():
    ode = dydt.ODE(BALL)
    c = np.linspace(0.6, 0.9, 13)
    for lanes in (1, 8):
        runs = ode.sweep(t=(0, 5), c=c, lanes=lanes, threads=1, saveat=[2.0, 5.0])
        assert np.all(runs.status == "done")
        for i in (0, 6, 12):
            alone = ode.solve(t=(0, 5), c=float(c[i]))
            assert runs._harvest.states[i].tobytes() == alone.y[-1].tobytes()
            assert np.allclose(runs.y[i, 0], alone(2.0), atol=1e-12)
    stops = dydt.ODE("x' = k; x(0) = 0; when x > 1: stop").sweep(t=(0, 10), k=[0.05, 0.5, 2.0])
    assert stops.status.tolist() == ["done", "stopped", "stopped"]
    assert np.allclose(stops.t, [10, 2, 0.5])
    assert stops.done.all()


def test_large_laws_have_events_too():
    n = 70
    text = "\n".join(f"u{i}' = -0.1*(u{i} - u{(i + 1) % n})" for i in range(n))
    ode = dydt.ODE(text + "\nwhen u0 < 0.5: u0 -> 1")
    start = {f"u{i}": 1.0 if i == 0 else 0.0 for i in range(n)}
    sol = ode.solve(t=(0, 20), values=start, method="tsit5")
    assert np.allclose(np.diff(sol.events["u0 < 0.5"])[:1], math.log(2) / 0.1, rtol=0.2)
    assert sol["u0"].min() > 0.5 - 1e-6


@pytest.mark.parametrize(
    "text, words",
    [
        ("x' = 1; when x: stop", "one comparison"),
        ("x' = 1; when x > 1 and x < 2: stop", "two conditions are two events"),
        ("x' = 1; when x > 1 falling: stop", "direction already"),
        ("x' = 1; when x > 1: y -> 2", "only states can jump.*y' = 0"),
        ("x' = 1; when x > 1: halt", "no action"),
        ("x' = 1; when x > 1: x -> 1, x -> 2", "two values"),
        ("x' = 1; when x = 1: x = 3", "can't be read"),
        ("x' = 1; when", "can't be read"),
        ("x' = 1; when x > 1: x ->", "can't be read"),
    ],
)
def test_what_can_not_be_read_is_answered(text, words):
    with pytest.raises(dydt.LawError, match=f"(?s){words}"):
        dydt.ODE(text)
    with pytest.raises(dydt.InputError, match="no event `z`"):
        dydt.ODE(BALL).solve(t=(0, 1)).event_states("z")


@pytest.mark.parametrize("k", [0.001, 0.05, 0.1, 0.2, 0.5])
@pytest.mark.parametrize("method", ["auto", "tsit5"])
def test_a_ball_that_comes_to_rest_does_not_fall_through_the_floor(k, method):
    ball = dydt.ODE("z' = v; v' = -9.81; z(0) = 1; v(0) = 0; when z = 0 falling: v -> -k*v", k=k)
    with pytest.warns(dydt.SolveWarning, match="chatter"):
        sol = ball.solve(t=(0, 5), method=method)
    rest = (1 + k) / (1 - k) * np.sqrt(2 / 9.81)
    assert sol.end[1] == pytest.approx(rest, rel=1e-7)
    assert abs(sol.end[0][0]) < 1e-12
