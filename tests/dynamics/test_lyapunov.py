"""Lyapunov exponents against published values, eigenvalues and what must hold for every law."""

import json
import math

import numpy as np
import pytest

import dydt
from dydt.dynamics.lyapunov import kaplan_yorke
from dydt.errors import InputError, SolveError

# J. C. Sprott, Chaos and Time-Series Analysis (Oxford, 2003), Appendix A.4: Lorenz and Rössler.
LORENZ = (0.9056, 0.0, -14.5723)
ROSSLER = (0.0714, 0.0, -5.3943)


def test_lorenz_within_a_hundredth():
    found = dydt.gallery.lorenz(s=10, r=28, b=8 / 3).lyapunov()
    assert found.exponents[0] == pytest.approx(LORENZ[0], rel=0.01)
    assert found.exponents[1] == pytest.approx(0, abs=0.005)
    assert found.exponents[2] == pytest.approx(LORENZ[2], rel=0.01)
    assert found.dimension == pytest.approx(2.062, abs=0.002)  # the same table
    assert found.is_chaotic
    # The divergence of Lorenz's flow is -(σ + 1 + β) everywhere.
    assert found.sum == pytest.approx(-(10 + 1 + 8 / 3), abs=1e-4)
    assert found.divergence == pytest.approx(-(10 + 1 + 8 / 3), rel=1e-12)


def test_rossler_within_two_hundredths():
    found = dydt.gallery.rossler(a=0.2, b=0.2, c=5.7).lyapunov()
    assert found.exponents[0] == pytest.approx(ROSSLER[0], rel=0.02)
    assert found.exponents[1] == pytest.approx(0, abs=0.001)
    assert found.exponents[2] == pytest.approx(ROSSLER[2], rel=0.02)
    assert found.dimension == pytest.approx(2.0132, abs=0.001)
    assert found.sum == pytest.approx(found.divergence, abs=1e-4)


@pytest.mark.parametrize("seed", [1, 2])
def test_errors_tell_how_far_off_it_is(seed):
    found = dydt.gallery.lorenz().lyapunov(t=300, seed=seed)
    again = dydt.gallery.lorenz().lyapunov(t=300, seed=seed)
    assert found.exponents == again.exponents
    for value, error, published in zip(found.exponents, found.errors, LORENZ, strict=True):
        assert abs(value - published) < 4 * error < 0.2
    assert found.t == pytest.approx(300)


def test_lorenz_96_with_many_states():
    # A. Karimi, M. R. Paul, Chaos 20 (2010) 043105, doi:10.1063/1.3496397: for N = 40, F = 8 the dimension is 27.1,
    # with 13 positive exponents, the largest 1.68 (also Lorenz & Emanuel, J. Atmos. Sci. 55 (1998) 399: 1/doubling
    # time 2.1 days).
    n = 12
    law = "; ".join(f"x{i}' = (x{(i + 1) % n} - x{(i - 2) % n})*x{(i - 1) % n} - x{i} + 8" for i in range(n))
    start = {f"x{i}": 8.0 + 0.1 * (i == 0) for i in range(n)}
    whole = dydt.ODE(law).lyapunov(t=300, transient=50, values=start)
    assert whole.sum == pytest.approx(-n, abs=1e-4)  # its divergence is -N
    assert whole.divergence == pytest.approx(-n, rel=1e-12)
    largest = dydt.ODE(law).lyapunov(t=300, transient=50, count=2, values=start)
    assert len(largest.exponents) == 2
    assert not largest.is_whole
    assert largest.dimension is None
    assert largest.exponents[0] == pytest.approx(whole.exponents[0], abs=0.1)


@pytest.mark.parametrize("name", ["pendulum", "henon-heiles"])
def test_conservative_laws_have_zeros_in_pairs(name):
    found = dydt.gallery.get(name).lyapunov(t=2000)
    assert np.abs(found.exponents) == pytest.approx(0, abs=0.01)
    assert found.sum == pytest.approx(0, abs=1e-6)
    assert np.add(found.exponents, found.exponents[::-1]) == pytest.approx(0, abs=1e-3)
    assert not found.is_chaotic
    assert found.verdict.startswith("regular")


def test_henon_heiles_is_chaotic_at_high_energy():
    # M. Hénon, C. Heiles, Astron. J. 69 (1964) 73–79: at E = 1/6 nearly all of the plane is chaotic.
    law = "x'' = -x - 2*x*y; y'' = -y - x^2 + y^2"
    start = {"x": 0.0, "y": 0.1, "x'": math.sqrt(2 * (1 / 6 - 0.005 + 0.001 / 3) - 0.09), "y'": 0.3}
    found = dydt.ODE(law).lyapunov(t=8000, values=start)
    assert found.is_chaotic
    assert 0.08 < found.largest < 0.18


def test_a_limit_cycle_has_one_zero():
    found = dydt.gallery.van_der_pol(mu=1).lyapunov(t=1000)
    assert found.exponents[0] == pytest.approx(0, abs=1e-3)
    assert found.exponents[1] == pytest.approx(
        -1.0594, rel=0.01
    )  # its Floquet multiplier 8.6e-4, period 6.663
    assert found.dimension == 1
    assert "as on a closed orbit" in found.verdict


def test_linear_laws_have_the_real_parts_of_their_eigenvalues():
    matrix = np.array([[0.0, 1.0, 0.3], [-4.0, -0.5, 1.0], [0.2, 0.0, -2.0]])
    names = "xyz"
    law = "; ".join(
        f"{n}' = " + " + ".join(f"({v})*{m}" for v, m in zip(row, names, strict=True))
        for n, row in zip(names, matrix, strict=True)
    )
    found = dydt.ODE(law).lyapunov()
    expected = np.sort(np.linalg.eigvals(matrix).real)[::-1]
    assert found.exponents == pytest.approx(expected, rel=1e-12)
    # The same by legs: a law that is linear, with a coefficient that says it depends on t.
    slow = dydt.ODE(law.replace("x' =", "x' = 0*sin(t) +", 1) + "; w' = -w + 0*w^2").lyapunov(t=10)
    assert slow.exponents[0] == pytest.approx(expected[0], abs=0.2)


def test_unstable_linear_laws_do_not_overflow():
    found = dydt.ODE("x' = 3*x + cos(t)").lyapunov()
    assert found.exponents == (3.0,)
    assert "no chaos" in found.verdict
    assert not found.is_chaotic
    assert found.dimension is None


def test_mathieu_in_its_first_tongue():
    # Near a = 1 the exponent of x'' + (a - 2q cos 2t) x = 0 is q/2 to first order in q (McLachlan, Theory and
    # Application of Mathieu Functions, 1947, §4.14).
    found = dydt.ODE("x'' = -(1 - 2*q*cos(2*t))*x", q=0.05).lyapunov(t=2000)
    assert found.exponents == pytest.approx((0.025, -0.025), rel=0.02)
    assert "depends on t" in found.note


def test_a_forced_law_says_what_it_leaves_out():
    found = dydt.gallery.duffing().lyapunov(t=3000)
    assert found.is_chaotic
    assert found.sum == pytest.approx(found.divergence, abs=1e-5)
    assert "the zero one along t" in found.note


def test_what_cannot_be_done_is_said():
    with pytest.raises(SolveError, match="does not go on"):
        dydt.ODE("x' = x^2").lyapunov(x=1)
    with pytest.raises(InputError, match="jumps when h = 0"):
        dydt.gallery.bouncing_ball().lyapunov()
    lorenz = dydt.gallery.lorenz()
    for wrong, word in (({"t": -1}, "t must be"), ({"count": 4}, "count"), ({"transient": -1}, "transient")):
        with pytest.raises(InputError, match=word):
            lorenz.lyapunov(**wrong)
    with pytest.raises(InputError, match="initial value"):
        dydt.ODE("x' = sin(x)").lyapunov()


@pytest.mark.parametrize(
    ("exponents", "dimension"),
    [
        ((0.9056, 0.0, -14.5723), 2 + 0.9056 / 14.5723),
        ((-1.0, -2.0), 0.0),
        ((0.0, -1.0), 1.0),
        ((0.1, 0.0, 0.0, -0.05), 4.0),
        ((0.2, 0.0, -0.1, -0.5), 3 + 0.1 / 0.5),
    ],
)
def test_kaplan_yorke(exponents, dimension):
    assert kaplan_yorke(exponents) == pytest.approx(dimension)


def test_it_can_be_read_as_text_as_data_and_as_formulas():
    found = dydt.gallery.lorenz().lyapunov(t=200)
    assert max(map(len, str(found).splitlines())) <= 100
    assert "Kaplan–Yorke" in str(found)
    told = json.loads(found.to_json())
    assert told["exponents"] == list(found.exponents)
    assert r"\lambda_{3}" in found._repr_latex_()
    assert found.history.shape == (len(found.times), 3)
    assert found.history[-1] == pytest.approx(found.exponents)


def test_averages_that_do_not_settle_are_no_exponents():
    growing = dydt.ODE("y' = 2*t*y + t").lyapunov(t=200)  # ln y grows like t², and its mean like t
    assert growing.verdict.startswith("not settled")
    assert growing.dimension is None
    stiff = dydt.gallery.get("van-der-pol-stiff").lyapunov(t=5)  # a small part of one turn
    assert stiff.verdict.startswith("not settled")
    assert not stiff.is_chaotic


def test_rest_among_other_rest_is_no_orbit():
    found = dydt.gallery.sir().lyapunov(t=5000)
    assert "ends at rest" in found.verdict
