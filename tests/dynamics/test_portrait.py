"""Portraits as data: separatrices on their energy, cycles with their period, orbits where they belong."""

import json

import numpy as np
import pytest

import dydt


def test_the_separatrices_of_the_pendulum_have_the_energy_of_the_saddle():
    law = dydt.ODE("x'' = -sin(x)")
    found = law.portrait({"x": (-4, 4), "x'": (-3, 3)})
    assert len(found.separatrices) == 8
    for curve in found.separatrices:
        x, v = curve.points.T
        assert np.abs(v**2 / 2 - np.cos(x) - 1).max() < 1e-5  # E = 1 on it
        saddle_end = curve.points[-1] if curve.stability == "stable" else curve.points[0]
        assert saddle_end == pytest.approx(curve.start)
        assert abs(curve.start[0]) == pytest.approx(np.pi)
    tops = [abs(v) for curve in found.separatrices for x, v in curve.points if abs(x) < 0.05]
    assert max(tops) == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize(
    ("mu", "period"),
    # Andersen, Geer, SIAM J. Appl. Math. 42 (1982) 678–693, by series; to five digits.
    [(0.5, 6.3807), (1.0, 6.6633), (2.0, 7.6299)],
)
def test_the_limit_cycle_of_van_der_pol(mu, period):
    found = dydt.ODE("x'' = mu*(1 - x^2)*x' - x", mu=mu).portrait()
    (cycle,) = found.cycles
    assert cycle.stability == "attractor"
    assert cycle.period == pytest.approx(period, abs=1.5e-3)
    assert np.abs(cycle.points[:, 0]).max() == pytest.approx(2.0, abs=0.03)
    assert np.array_equal(cycle.points[0], cycle.points[-1])
    assert found.box.contains(cycle.points).all()


def test_a_repelling_cycle_inside_an_attracting_one():
    # In polar coordinates r' = r(1 − r²)(r² − 4)·…, φ' = 1: cycles r = 1 (attracts) and r = 2 (repels).
    law = dydt.ODE("q = x^2 + y^2; x' = -y + x*(1 - q)*(4 - q)/4; y' = x + y*(1 - q)*(4 - q)/4")
    found = law.portrait({"x": (-3, 3), "y": (-3, 3)})
    radii = {c.stability: float(np.hypot(*c.points.T).mean()) for c in found.cycles}
    assert radii == pytest.approx({"attractor": 1.0, "repulsor": 2.0}, abs=1e-3)
    assert [c.period for c in found.cycles] == pytest.approx([2 * np.pi] * 2, abs=1e-3)


def test_a_centre_has_nested_closed_orbits_that_are_no_limit_cycles():
    found = dydt.gallery.lotka_volterra().portrait()
    assert not found.cycles
    closed = [o for o in found.orbits if o.kind == "closed"]
    assert len(closed) >= 5
    quantity = dydt.gallery.lotka_volterra().conserved()[0]
    levels = []
    for orbit in closed:
        values = quantity(orbit.points)
        levels.append(values.mean())
        assert np.ptp(values) < 1e-4 * abs(values.mean()) + 1e-5
        # The mean over a period is the equilibrium (Volterra 1926): ∮ x dt = T g/d.
        steps = np.diff(orbit.times)
        means = (orbit.points[1:] + orbit.points[:-1]).T @ steps / 2 / orbit.period
        assert means == pytest.approx([4 / 3, 1.5], rel=2e-3)
    assert len(np.unique(np.round(levels, 4))) == len(levels)


@pytest.mark.parametrize(
    "law",
    ["x'' = -sin(x)", "x'' = x - x^3", "x' = y - y^3; y' = -x - y^2", "x' = y; y' = -x", "x' = -x; y' = -y"],
)
def test_no_cycle_where_there_is_none(law):
    assert not dydt.ODE(law).portrait().cycles


def test_a_cycle_that_attracts_on_one_side_only():
    law = dydt.ODE("q = x^2 + y^2; x' = -y - x*(1 - q)^2; y' = x - y*(1 - q)^2")
    (cycle,) = law.portrait({"x": (-2, 2), "y": (-2, 2)}).cycles
    assert np.hypot(*cycle.points.T) == pytest.approx(1.0, abs=2e-3)


def test_relaxation_oscillations_of_a_stiff_law():
    # The asymptotic period of relaxation oscillations, (3 − 2 ln 2) μ + 7.014 μ^(−1/3), at μ = 1000.
    (cycle,) = dydt.gallery.van_der_pol_stiff().portrait().cycles
    assert cycle.period == pytest.approx((3 - 2 * np.log(2)) * 1000 + 0.7014, rel=1e-3)


def test_orbits_are_spread_and_run_with_time():
    found = dydt.gallery.lotka_competition().portrait()
    starts = np.array([o.start for o in found.orbits]) / found.box.size
    gaps = np.linalg.norm(starts[:, None] - starts[None], axis=-1) + 9 * np.eye(len(starts))
    assert gaps.min() > 0.05
    kinds = [item.kind for item in found.equilibria]
    assert sorted(kinds) == ["saddle", "stable node", "stable node", "unstable node"]
    for orbit in found.orbits:
        assert np.all(np.diff(orbit.times) > -1e-12)
        middle = len(orbit.points) // 2
        law = dydt.gallery.lotka_competition()
        x, y = orbit.points[middle]
        step = orbit.points[middle + 1] - orbit.points[middle - 1]
        p = law.parameters
        field = [p["r"] * x * (1 - (x + p["p"] * y) / p["K"]), p["s"] * y * (1 - (y + p["q"] * x) / p["M"])]
        assert step @ field > 0.99 * np.linalg.norm(step) * np.linalg.norm(field)


def test_orbits_follow_the_solver():
    law = dydt.ODE("x' = y; y' = -sin(x) - 0.2*y")
    (orbit,) = law.portrait({"x": (-4, 4), "y": (-3, 3)}, orbits=[(2.0, 1.0)]).orbits
    start = int(np.argmin(np.abs(orbit.times)))
    assert orbit.points[start] == pytest.approx([2.0, 1.0])
    later = (orbit.times > 0) & (orbit.times < 5)
    sol = law.solve(t=(0, 5), x=2, y=1)
    assert orbit.points[later] == pytest.approx(sol(orbit.times[later]), abs=1e-4)


def test_a_blow_up_and_a_pole_leave_the_box_quietly():
    found = dydt.ODE("x' = x^2 + 1; y' = y^3 + x").portrait({"x": (-2, 2), "y": (-2, 2)})
    assert found.orbits
    assert all(np.isfinite(o.points).all() for o in found.orbits)
    assert dydt.ODE("x' = 1/(x - 1); y' = log(y)").portrait({"x": (0, 2), "y": (-1, 2)}).to_json()


def test_default_boxes_hold_the_story():
    box = dydt.gallery.pendulum().portrait().box
    assert box.low[0] < -np.pi < np.pi < box.high[0]
    box = dydt.gallery.lotka_volterra().portrait().box
    assert -0.2 < box.low[0] < 0  # only what is positive, and the axis
    box = dydt.gallery.lotka_competition().portrait().box
    assert box.contains(np.array([[0, 100], [100, 0]])).all()
    part = dydt.gallery.lotka_volterra().portrait({"x": (0, 9)}).box
    assert (part.low[0], part.high[0]) == (0, 9)
    assert part.high[1] > 1.5


def test_one_state_is_a_direction_field():
    found = dydt.ODE("y' = t - y").field(t=(0, 5), y=(-2, 5), through=[(0, 1), (0, -1)])
    for orbit, start in zip(found.orbits, (1, -1), strict=True):
        t, y = orbit.points.T
        inside = t >= 0
        assert y[inside] == pytest.approx(t[inside] - 1 + (start + 1) * np.exp(-t[inside]), abs=1e-5)
    assert found.equilibria is None
    assert found.level[0][:, 0] == pytest.approx(found.level[0][:, 1])
    auto = dydt.gallery.logistic().portrait()
    assert type(auto).__name__ == "Field"
    assert [item.kind for item in auto.equilibria] == ["unstable node", "stable node"]
    assert len(auto.orbits) >= 6
    riccati = dydt.ODE("y' = y^2 - t").portrait()
    assert len(riccati.orbits) >= 6
    assert json.loads(riccati.to_json())["states"] == ["t", "y"]


def test_three_states_are_a_path_in_space():
    found = dydt.gallery.lorenz().portrait()
    assert len(found.equilibria) == 3
    assert found.solution.status == "done"
    typed = dydt.ODE("x' = 10*(y - x); y' = x*(28 - z) - y; z' = x*y - 8/3*z").portrait()
    assert np.ptp(typed.solution.y[:, 0]) > 20


def test_to_json():
    told = json.loads(dydt.gallery.van_der_pol().portrait().to_json())
    assert told["cycles"][0]["stability"] == "attractor"
    assert len(told["field"]["places"]) == len(told["field"]["directions"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dydt.gallery.henon_heiles().portrait(), "the law has 4"),
        (lambda: dydt.gallery.bouncing_ball().portrait(), "has events"),
        (lambda: dydt.gallery.driven_oscillator().portrait(), "changes with t"),
        (lambda: dydt.gallery.pendulum().portrait({"theta": (1, 0)}), "is empty"),
        (lambda: dydt.gallery.lotka_volterra().portrait(orbits=[(1, 2, 3)]), "an orbit starts at"),
        (lambda: dydt.gallery.lotka_volterra().portrait(x=2), "`x` is a state"),
        (lambda: dydt.gallery.lotka_volterra().field(), "portrait() shows laws of two"),
        (lambda: dydt.ODE("y' = t - y").field(t=(0, 1), z=(0, 1)), "no parameter `z`"),
    ],
)
def test_errors(call, message):
    with pytest.raises(dydt.InputError) as caught:
        call()
    assert message in str(caught.value)
