"""Events given in Python: text, functions and `dydt.Event`, next to laws of either kind."""

import numpy as np
import pytest

import dydt
from dydt import Event


def fall(t, y, p):
    return [y.v, -p.g]


def thrown(events, **parameters):
    return dydt.ODE(fall, states="z v", events=events, g=9.81, **parameters)


FIRST = np.sqrt(2 / 9.81)


@pytest.mark.parametrize(
    "bounce",
    [
        "when z = 0 falling: v -> -k*v",
        "z = 0 falling: v -> -k*v",
        Event("z = 0 falling", {"v": "-k*v"}),
        Event("z = 0", {"v": lambda t, y, p: -p.k * y.v}, direction="falling"),
        Event(lambda t, y, p: y.z, {"v": lambda t, y, p: -p["k"] * y["v"]}, direction="falling"),
        Event(lambda t, y: y[0] < 0, {"v": "-k*v"}),
    ],
)
def test_one_ball_said_in_six_ways(bounce):
    sol = thrown({"bounce": bounce}, k=0.5).solve(t=(0, 1.2), z=1, v=0)
    assert sol.status == "done"
    assert np.allclose(sol.events["bounce"], FIRST * np.array([1, 2, 2.5]), rtol=1e-9)
    _, after = sol.event_states("bounce")
    assert after[0, 1] == pytest.approx(0.5 * 9.81 * FIRST)


def test_names_stops_and_lists():
    law = thrown(["z = 0 falling: v -> -v", Event(lambda t, y, p: y.v < -4, stop=True, name="fast")])
    sol = law.solve(t=(0, 3), z=1, v=0)
    assert sol.status == "stopped"
    assert "fast" in sol.message
    assert list(sol.events) == ["z = 0", "fast"]
    two = thrown("t = 0.1: v -> v + 3\nwhen t = 0.2: stop").solve(t=(0, 3), z=1, v=0)
    assert two.end[1] == 0.2
    assert list(two.events) == ["t = 0.1", "t = 0.2"]
    again = thrown([Event("z = 0"), Event("z = 0")])
    assert [event.name for event in again.equations.events] == ["z = 0", "z = 0 again"]
    assert [e.name for e in thrown([lambda t, y, p: y.z - 1]).equations.events] == ["z - 1 = 0"]


def test_next_to_the_events_of_a_text():
    law = dydt.ODE(
        "x' = v; v' = -x; d = 2*x; when x = 0: v -> 2*v",
        events={"big": "d > top: stop", "turn": Event(lambda t, y, p: y.v)},
        top=6,
    )
    sol = law.solve(t=(0, 20), x=1, v=0)
    assert list(sol.events) == ["x = 0", "big", "turn"]
    assert sol.status == "stopped"  # the amplitude is 1, 2, and from the second passage on 4
    assert sol.end[1] == pytest.approx(1.5 * np.pi + np.arcsin(0.75), abs=1e-7)
    assert np.allclose(sol.events["turn"], [np.pi])
    assert law.parameters == {"top": 6.0}


def test_sweeps_know_them():
    runs = thrown([Event("z = 0 falling", {"v": "-k*v"}, name="bounce")], k=0.5).sweep(
        t=(0, 0.8), k=[0.3, 0.9], z=1, v=0, keep="count(bounce)"
    )
    assert runs["count(bounce)"].tolist() == [2, 1]


@pytest.mark.parametrize(
    "events, words",
    [
        ([Event("z = 0", {"w": 1})], "only states can jump, and `w` is none"),
        ([Event("z = 0", {"v": "-2*v*"})], "ends after"),
        ([Event("z = 0", {"v": None})], "new value of `v` is a number"),
        ([Event("z = 0", "stop")], "what becomes of each state"),
        ([Event("z")], "one comparison"),
        ([Event("z = 1: stop")], "not one condition"),
        ([Event("z > 1", direction="falling")], "has its direction already"),
        ([Event("z = 1", direction="up")], "direction is"),
        ([Event(lambda t, y, p: y.q)], "no state `q`"),
        ([Event(lambda t, y, p: p.q)], "asks for the parameter `q`"),
        ([Event(lambda t, y, p: "z")], "one expression"),
        ([Event(lambda t, y, p: (y.z > 1) & (y.v > 0))], "one comparison"),
        ([Event(lambda t, y, p: 3)], "never changes"),
        ([Event(None)], "text or a function"),
        (["z'' = 1"], "speaks of `z''`"),
        (["when z = 0: v -> foo(v)"], "unknown function `foo`"),
        ([3], "not int"),
        (3, "not int"),
    ],
)
def test_bad_events_are_answered(events, words):
    with pytest.raises((dydt.LawError, dydt.InputError), match=words):
        thrown(events)
