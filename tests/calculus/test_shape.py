"""Where functions rise and fall: closed forms, and the sign of f' at random places."""

import math
import random

import pytest

from dydt.calculus.function import function
from dydt.calculus.shape import shape


def trends(text, on):
    return [(s.trend, round(s.start.at, 6), round(s.end.at, 6)) for s in shape(function(text), on).stretches]


def test_the_car_of_the_article():
    found = shape(function("-t^2 + 10*t"), (0, 10))
    assert [str(s) for s in found.stretches] == ["rising on 0 … 5", "falling on 5 … 10"]
    assert [(c.kind, c.at, c.value) for c in found.critical] == [("maximum", 5, 25)]
    assert found.sure


def test_exact_places():
    found = shape(function("sin(x)"), (0, 7))
    assert [str(c.place.exact) for c in found.critical] == ["pi/2", "3*pi/2"]
    assert found.sure
    assert [c.kind for c in found.critical] == ["maximum", "minimum"]


def test_a_saddle_does_not_part_what_rises():
    found = shape(function("x^3"), (-1, 1))
    assert [s.trend for s in found.stretches] == ["rising"]
    assert found.critical[0].kind == "saddle"


@pytest.mark.parametrize(
    ("text", "on", "kind"),
    [
        ("abs(x)", (-1, 2), "minimum"),
        ("1/x", (-1, 1), "pole"),
        ("floor(x)", (-0.5, 0.5), "jump"),
        ("cbrt(x)", (-1, 1), "vertical tangent"),
        ("x + abs(x)/2", (-1, 1), "corner"),
        ("sqrt(abs(x)-1)", (0, 2), "edge"),
        ("sin(x)/x", (-2, 2), "gap"),
    ],
)
def test_places_that_are_not_smooth(text, on, kind):
    found = shape(function(text), on)
    assert kind in {c.kind for c in found.critical}
    assert not next(c for c in found.critical if c.kind == kind).smooth


def test_flat_and_undefined():
    assert trends("max(x, 1)", (0, 2)) == [("flat", 0, 1), ("rising", 1, 2)]
    assert trends("log(x)", (-1, 1)) == [("undefined", -1, 0), ("rising", 0, 1)]
    assert trends("5", (0, 1)) == [("flat", 0, 1)]


@pytest.mark.parametrize("text", ["x*exp(-x) + cos(3*x)", "x^4 - x - 1", "sin(x^2)", "abs(sin(x)) + x/3"])
def test_the_sign_of_the_slope_agrees_everywhere(text):
    f = function(text)
    found = shape(f, (-3, 4))
    dice = random.Random(1)
    for _ in range(200):
        x = dice.uniform(-3, 4)
        trend = next(s.trend for s in found.stretches if s.start.at <= x <= s.end.at)
        step = 1e-7
        rise = float(f(x + step) - f(x - step))
        if abs(rise) > 1e-11:
            assert trend == ("rising" if rise > 0 else "falling"), x


def test_what_is_found_with_samples_says_so():
    found = shape(function("x*exp(-x) + cos(3*x)"), (0, 4))
    assert not found.sure
    assert "may be missing" in str(found)
    assert found.critical[0].at == pytest.approx(0.0930259, abs=1e-6)
    assert math.isclose(float(found.function.slope(found.critical[0].at)), 0, abs_tol=1e-12)
