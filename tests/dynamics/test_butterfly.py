"""Two near starts: rates against Lyapunov exponents, horizons, and laws that are not chaotic."""

import json

import numpy as np
import pytest

import dydt
from dydt.dynamics.butterfly import growth, judged
from dydt.errors import InputError, SolveError


@pytest.mark.parametrize("distance", [1e-6, 1e-8, 1e-12])
def test_lorenz_parts_at_the_rate_of_its_largest_exponent(distance):
    found = dydt.gallery.lorenz().butterfly(distance=distance)
    assert found.is_sensitive
    assert found.rate == pytest.approx(0.9056, rel=0.1)  # Sprott (2003); a single stretch of path varies
    assert abs(found.rate - 0.9056) < 4 * found.rate_error
    assert found.distance[0] == pytest.approx(distance, rel=1e-3)
    assert found.saturation == pytest.approx(found.size, rel=0.5)


def test_a_thousand_times_nearer_buys_three_digits_of_time():
    coarse, fine = (dydt.gallery.lorenz().butterfly(distance=d) for d in (1e-6, 1e-9))
    assert fine.horizon - coarse.horizon == pytest.approx(np.log(1000) / 0.9056, rel=0.35)
    assert 30 < coarse.horizon_of_doubles < 45


def test_the_rate_does_not_come_from_the_solver():
    loose, tight = (dydt.gallery.lorenz().butterfly((0, 25), transient=30, rtol=r) for r in (1e-8, 1e-12))
    assert loose.distance[0] == pytest.approx(tight.distance[0], rel=1e-6)
    assert loose.rate == pytest.approx(tight.rate, rel=0.25)


def test_the_span_grows_until_the_horizon_is_seen():
    found = dydt.gallery.rossler().butterfly()
    assert found.t[-1] > 200  # the law's own span
    assert found.rate == pytest.approx(0.0714, rel=0.2)
    short = dydt.gallery.rossler().butterfly(t=(0, 100))
    assert short.t[-1] == 100
    assert short.horizon is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pendulum", "more slowly than any exponential"),
        ("harmonic-oscillator", "stays about what it was"),
        ("damped-oscillator", "come nearer"),
        ("logistic", "shrinks like"),
        ("repulsor", "runs away"),
        ("van-der-pol", "stays about"),
    ],
)
def test_laws_without_chaos_say_so(name, words):
    found = dydt.gallery.get(name).butterfly()
    assert words in found.verdict
    assert not found.is_sensitive
    assert found.horizon_of_doubles is None


def test_growth_tells_an_exponential_from_a_power():
    t = np.linspace(0, 40, 500)
    slope, error, first, last = growth(t, 1e-8 * np.exp(0.5 * t), 499)
    assert slope == pytest.approx(0.5)
    assert (first, last) == (49, 499)
    assert error < 1e-9
    assert growth(t, 1e-8 * (1 + t**2), 499) is None
    assert growth(t, np.full(500, 1e-8), 499) is None


def test_paths_that_never_part():
    t = np.linspace(0, 10, 200)
    path = np.column_stack([np.cos(t), np.sin(t)])
    found = judged(t, path, path + [1e-6, 0], "x", 0.1, ("x", "y"), "t")
    assert found.rate is None
    assert found.size == pytest.approx(np.sqrt(2), rel=0.2)


def test_laws_with_events_are_followed_on_both_sides():
    found = dydt.gallery.bouncing_ball().butterfly(t=(0, 3))
    alone = dydt.gallery.bouncing_ball().solve(t=(0, 3), saveat=found.t)
    assert found.first == pytest.approx(alone.y, abs=1e-5)


def test_what_makes_no_sense():
    lorenz = dydt.gallery.lorenz()
    with pytest.raises(InputError, match="no state `w`"):
        lorenz.butterfly(along="w")
    with pytest.raises(InputError, match="distance"):
        lorenz.butterfly(distance=0)
    with pytest.raises(InputError, match="lost in the rounding"):
        lorenz.butterfly(distance=1e-20)
    with pytest.raises(InputError, match="fraction"):
        lorenz.butterfly(fraction=2)
    with pytest.raises(SolveError, match="can't be followed"):
        dydt.ODE("x' = x^2").butterfly(t=(0, 2), x=1)


def test_large_states_get_a_distance_above_their_rounding():
    found = dydt.gallery.influenza().butterfly()
    assert found.distance[0] == pytest.approx(4e-4, rel=1e-3)


def test_text_and_data():
    found = dydt.gallery.lorenz().butterfly(t=(0, 40))
    assert "horizon of doubles" in str(found)
    told = json.loads(found.to_json())
    assert len(told["distance"]) == len(told["t"]) == len(told["second"])
    assert told["rate"] == found.rate
