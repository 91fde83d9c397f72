"""Motions: the car of the article, and swings."""

import json
import math

import pytest

import dydt


def test_the_car():
    car = dydt.motion("-t^2 + 10*t", on=(0, 10))
    assert [car.at(t)["velocity"] for t in (0, 5, 7)] == [10, 0, -4]
    assert car.story == (
        "forward and slowing until t = 5, at rest for an instant, "
        "then backing up, faster and faster until t = 10"
    )
    assert [p.at for p in car.rests] == [5]
    assert (car.displacement, car.distance) == (0, 50)
    assert car.verified


def test_a_swing_turns_four_ways():
    swing = dydt.motion("sin(t)", on=(0, 2 * math.pi))
    assert [p.says for p in swing.phases] == [
        "forward and slowing",
        "backing up, faster and faster",
        "backing up and slowing",
        "forward, faster and faster",
    ]
    assert swing.distance == pytest.approx(4)


def test_steady_and_at_rest():
    assert dydt.motion("2*t", on=(0, 2)).story == "forward at a steady pace until t = 2"
    assert dydt.motion("5", on=(0, 4)).story == "at rest until t = 4"
    assert json.loads(dydt.motion("2*t", on=(0, 2)).to_json())["distance"] == 4


def test_a_position_that_jumps_is_no_motion_there():
    broken = dydt.motion("floor(t)", on=(0, 2.5))
    assert [p.at for p in broken.breaks] == [1, 2]
    assert "with a jump at t = 1, 2" in broken.story
