"""Conserved quantities: the textbook ones are found, verified, and drift as little as the solution errs."""

import json

import numpy as np
import pytest

import dydt


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("lotka-volterra", "first integral", "-a*log(y) + b*y + d*x - g*log(x)"),  # Volterra (1926)
        ("pendulum", "energy", "theta'^2/2 - g*cos(theta)/L"),
        ("henon-heiles", "energy", "x^2*y + x^2/2 + x'^2/2 - y^3/3 + y^2/2 + y'^2/2"),
        ("harmonic-oscillator", "energy", "omega^2*x^2/2 + x'^2/2"),
    ],
)
def test_textbook_laws(name, kind, text):
    first = dydt.gallery.get(name).conserved()[0]
    assert first.kind == kind
    assert sorted(first.text.replace(" - ", " + -").split(" + ")) == sorted(
        text.replace(" - ", " + -").split(" + ")
    )


def test_a_conserved_quantity_is_constant_along_tight_solutions():
    for name in ("lotka-volterra", "pendulum", "henon-heiles", "kepler", "rigid-body", "sir"):
        law = dydt.gallery.get(name)
        sol = law.solve(rtol=1e-12, atol=1e-13)
        kept = law.conserved()
        assert len(kept)
        for quantity in kept:
            values = quantity(sol.y)
            assert np.ptp(values) < 1e-9 * max(1.0, np.abs(values).max()), (name, str(quantity))


def test_several_independent_ones():
    # Euler's top keeps its energy and the length of its angular momentum.
    body = dydt.gallery.rigid_body().conserved()
    assert len(body) == 2
    gradients = np.array(
        [[q(p + 1e-6 * e) - q(p) for e in np.eye(3)] for q in body for p in [np.array([0.3, 0.5, 0.7])]]
    )
    assert np.linalg.matrix_rank(gradients / np.linalg.norm(gradients, axis=1, keepdims=True), tol=1e-3) == 2
    assert next(str(q) for q in dydt.gallery.sir().conserved()) == "first integral: S + I + R"
    energy, momentum = dydt.gallery.kepler().conserved()
    assert energy.kind == "energy"
    assert momentum.text == "x*y' - x'*y"


def test_unequal_masses_on_a_spring():
    law = dydt.ODE("x'' = -k/m*(x - y); y'' = -k/n*(y - x)", k=2, m=3, n=5)
    (energy, *_) = law.conserved()
    assert energy.kind == "energy"
    sol = law.solve(t=(0, 20), values={"x": 1, "x'": 0, "y": 0, "y'": 0.3}, rtol=1e-12, atol=1e-13)
    assert np.abs(energy.drift(sol)).max() < 1e-10


def test_a_hamiltonian_that_is_no_energy():
    (found,) = dydt.ODE("x' = x + 2*y + x^2; y' = -y - 2*x*y - 3*x^2").conserved()
    assert found.kind == "Hamiltonian"


def test_dissipation_keeps_nothing():
    for name in ("damped-oscillator", "lorenz", "van-der-pol", "brusselator"):
        kept = dydt.gallery.get(name).conserved()
        assert len(kept) == 0
        assert str(kept).startswith("no conserved quantity found")
    with pytest.raises(dydt.InputError, match="there is none to drift"):
        kept.drift(dydt.gallery.brusselator().solve(t=(0, 1)))


def test_drift_tells_good_methods_from_bad_ones():
    law = dydt.gallery.lotka_volterra()
    euler = law.solve(method="euler", h=0.05, t=(0, 18))
    tight = law.solve(t=(0, 18))
    assert np.abs(euler.drift()).max() > 0.05
    assert np.abs(tight.drift()).max() < 1e-7
    assert tight.drift()[0] == 0.0
    by_hand = tight.drift("d*x - g*log(x) + b*y - a*log(y)")
    assert by_hand == pytest.approx(tight.drift(law.conserved()[0]), abs=1e-15)


def test_drift_errors():
    sol = dydt.gallery.lotka_volterra().solve(t=(0, 1))
    with pytest.raises(dydt.InputError, match="no `z`"):
        sol.drift("x + z")
    with pytest.raises(dydt.LawError):
        sol.drift("x +* y")
    with pytest.raises(dydt.InputError, match="is a formula as text"):
        sol.drift(3)


def test_to_json_and_latex():
    kept = dydt.gallery.pendulum().conserved()
    assert json.loads(kept.to_json())["conserved"][0]["kind"] == "energy"
    assert r"\cos" in kept._repr_latex_()
    with pytest.raises(dydt.InputError, match="changes with t"):
        dydt.gallery.driven_oscillator().conserved()


def test_numbers_that_are_almost_short_are_left_as_they_are():
    """Fitted parameters: the centre of Lotka–Volterra is one for them, too."""
    law = dydt.ODE(
        "x' = a*x - b*x*y; y' = d*x*y - g*y; a = 1.5000000023; b = 1.00000001; d = 0.7500000034; g = 1.0000000023"
    )
    assert [point.kind for point in law.equilibria()] == ["saddle", "centre"]
