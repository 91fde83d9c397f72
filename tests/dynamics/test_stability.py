"""What kind an equilibrium is: textbook examples, decided beyond the linear part where it is silent."""

import numpy as np
import pytest

import dydt
from dydt.dynamics.flow import Flow
from dydt.dynamics.stability import lyapunov_coefficient, place


def only(text, **values):
    (point,) = dydt.ODE(text).equilibria(values=values)
    return point


# Strogatz, Nonlinear Dynamics and Chaos, 2nd ed., sections 5.1–5.2: x' = a x + b y, y' = c x + d y.
@pytest.mark.parametrize(
    ("matrix", "kind", "stability"),
    [
        ((1, 1, 4, -2), "saddle", "saddle"),  # example 5.2.1: λ = 2, −3
        ((-1, 0, 0, -2), "stable node", "attractor"),
        ((3, 1, 1, 2), "unstable node", "repulsor"),
        ((-1, 0, 0, -1), "stable star", "attractor"),
        ((2, 0, 0, 2), "unstable star", "repulsor"),
        ((-1, 1, 0, -1), "stable degenerate node", "attractor"),
        ((0, 1, -1, 2), "unstable degenerate node", "repulsor"),
        ((-1, 2, -2, -1), "stable spiral", "attractor"),
        ((1, -2, 2, 1), "unstable spiral", "repulsor"),
        ((0, 1, -4, 0), "centre", "neither"),
    ],
)
def test_linear_laws_of_the_plane(matrix, kind, stability):
    a, b, c, d = matrix
    point = only(f"x' = {a}*x + ({b})*y; y' = ({c})*x + ({d})*y")
    assert (point.kind, point.stability) == (kind, stability)


@pytest.mark.parametrize(
    ("law", "kind", "stability", "by"),
    [
        # Strogatz, example 6.3.2: the linear part is a centre for every a.
        (
            "x' = -y - x*(x^2 + y^2); y' = x - y*(x^2 + y^2)",
            "stable spiral",
            "attractor",
            "first Lyapunov coefficient",
        ),
        (
            "x' = -y + x*(x^2 + y^2); y' = x + y*(x^2 + y^2)",
            "unstable spiral",
            "repulsor",
            "first Lyapunov coefficient",
        ),
        (
            "x' = -y - x*(x^2 + y^2)^2; y' = x - y*(x^2 + y^2)^2",
            "stable spiral",
            "attractor",
            "return map, computed",
        ),
        # Strogatz, example 6.6.1: reversible.
        ("x' = y - y^3; y' = -x - y^2", "centre", "neither", None),
        # Perko, Differential Equations and Dynamical Systems, 3rd ed., section 2.11.
        ("x' = x^2; y' = y", "saddle-node", "neither", "centre manifold"),
        ("x' = -x^3; y' = -y", "stable node", "attractor", "centre manifold"),
        ("x' = x^3; y' = y", "unstable node", "repulsor", "centre manifold"),
        ("x' = x^3; y' = -y", "saddle", "saddle", "centre manifold"),
        # Carr, Applications of Centre Manifold Theory (1981), section 1.4: a x³ + x y with h(x) = −x² + …, stable.
        ("x' = x*y; y' = -y - x^2", "stable node", "attractor", "centre manifold"),
        ("x' = y; y' = -x^3", "centre", "neither", "conserved quantity"),
        ("x' = -x^3; y' = -y^3", "degenerate point", "attractor", "the field points inwards all around"),
        (
            "x' = x^2 - y^2; y' = 2*x*y",
            "degenerate point",
            "undecided",
            "nothing: the linear part is too degenerate",
        ),
        ("x' = -x^3", "stable node", "attractor", "sign of the change on both sides"),
        ("x' = x^2", "half-stable point", "neither", "sign of the change on both sides"),
        ("x' = y; y' = -x - y^3; z' = -z", "stable spiral", "attractor", "first Lyapunov coefficient"),
        ("x' = y; y' = -x + y^3; z' = -z", "spiral saddle", "saddle", "first Lyapunov coefficient"),
    ],
)
def test_beyond_the_linear_part(law, kind, stability, by):
    points = [p for p in dydt.ODE(law).equilibria() if not p.point.any()]
    assert (points[0].kind, points[0].stability) == (kind, stability)
    assert by is None or points[0].decided_by == by


def test_reversibility_decides_where_nothing_simple_is_conserved():
    law = dydt.ODE("x' = y*exp(x^2*y^2) + y^3*cos(x); y' = -x*(1 + y^2*exp(x)) - x^2*y^2")
    (point,) = law.equilibria({"x": (-0.5, 0.5), "y": (-0.5, 0.5)})
    assert (point.kind, point.decided_by) == ("centre", "reversibility")


def test_the_first_lyapunov_coefficient_of_the_normal_form_and_of_the_brusselator():
    # z' = iz + a z|z|² is w' = iw + 2a w|w|² in the coordinate w along the unit eigenvector: l₁ = 2a/ω.
    for a in (0.7, -1.4):
        flow = Flow(dydt.ODE("x' = -y + a*x*(x^2 + y^2); y' = x + a*y*(x^2 + y^2)", a=a))
        first, _ = lyapunov_coefficient(place(flow, np.zeros(2), np.ones(2)))
        assert first == pytest.approx(2 * a)
    # The Hopf bifurcation of the Brusselator at B = 1 + A² is supercritical.
    for a in (0.5, 1.0, 2.0):
        (point,) = dydt.gallery.brusselator().equilibria(A=a, B=1 + a * a)
        assert (point.kind, point.decided_by) == ("stable spiral", "first Lyapunov coefficient")


def test_the_lorenz_hopf_bifurcation_is_subcritical():
    # Marsden, McCracken, The Hopf Bifurcation (1976), section 4B: at r = 470/19 the cycle is unstable.
    left, _, right = dydt.gallery.lorenz().equilibria(r=470 / 19)
    assert {left.kind, right.kind} == {"spiral saddle"}
    assert left.decided_by == "first Lyapunov coefficient"


def test_stiff_eigenvalues_are_not_taken_for_zero():
    point = only("x' = -1e8*x + y; y' = -0.01*y")
    assert (point.kind, point.decided_by) == ("stable node", "linear part")


def test_more_dimensions():
    assert only("x' = -x; y' = -2*y; z' = -3*z; w' = -4*w").kind == "stable node"
    assert only("x' = -x; y' = 2*z; z' = -2*y - 0.1*z").kind == "stable spiral"
    saddle = only("x' = x; y' = 2*z; z' = -2*y - 0.1*z")
    assert (saddle.kind, saddle.index) == ("spiral saddle", 1)
    # Hénon–Heiles: three saddles around a minimum of the energy (Am. J. Astron. 69 (1964) 73).
    points = dydt.gallery.henon_heiles().equilibria()
    assert sorted(p.kind for p in points) == ["centre", "saddle", "saddle", "saddle"]
    # Two frequencies and no extremum that is known: said to be undecided.
    elliptic = list(dydt.gallery.foucault_pendulum().equilibria())
    assert (elliptic[0].kind, elliptic[0].stability) == ("elliptic point", "undecided")
