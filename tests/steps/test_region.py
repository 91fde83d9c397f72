"""Stability regions: known points of the textbooks, and eigenvalues in them."""

import json

import numpy as np
import pytest

import dydt
from dydt.errors import InputError
from dydt.steps.region import reach, stability_of


def test_eulers_circle():
    euler = stability_of("euler")
    angles = np.linspace(0, 2 * np.pi, 50)
    assert euler.contains(-1 + 0.999 * np.exp(1j * angles)).all()
    assert not euler.contains(-1 + 1.001 * np.exp(1j * angles)).any()
    assert euler.imaginary == 0


@pytest.mark.parametrize(
    ("method", "real", "imaginary"),
    [
        # E. Hairer, G. Wanner, Solving ODEs II, 2nd ed., IV.2 (the real axis of p = 1 … 4: -2, -2, -2.51, -2.785);
        # imaginary ends √3 and 2√2 for p = 3 and 4.
        ("euler", 2.0, 0.0),
        ("heun", 2.0, 0.0),
        ("midpoint", 2.0, 0.0),
        ("bs3", 2.512745326618329, np.sqrt(3)),
        ("rk4", 2.785293563405282, 2 * np.sqrt(2)),
    ],
)
def test_ends_on_the_axes(method, real, imaginary):
    found = stability_of(method)
    assert found.real == pytest.approx(real, rel=1e-9)
    assert found.imaginary == pytest.approx(imaginary, rel=1e-9)


@pytest.mark.parametrize("method", dydt.solvers.tableaus.METHODS)
def test_r_is_what_a_step_does(method):
    # One step of size 1 on y' = λy, with a complex λ written as two real states.
    z = -0.7 + 0.9j
    law = dydt.ODE("x' = a*x - b*y; y' = b*x + a*y", a=z.real, b=z.imag)
    run = law.steps(method, 1.0, (0, 1), x=1, y=0, exact=False).runs[0]
    assert complex(*run.y[-1]) == pytest.approx(stability_of(method)(z), rel=1e-12)
    found = stability_of(method)
    assert found.contains(-0.99 * found.real)
    assert not found.contains(-1.01 * found.real)


def test_a_law_in_it():
    found = dydt.ODE("y' = -50*y; z' = -z").stability_region("rk4", h=0.1, y=1, z=1)
    assert sorted(v.real for v in found.eigenvalues) == [-50, -1]
    assert found.largest_h == pytest.approx(2.785293563405282 / 50)
    assert found.is_stable is False
    assert "not stable" in str(found)
    # It is so: with a step a hundredth longer the solution grows, with one shorter it decays.
    for stretch, grows in ((1.01, True), (0.99, False)):
        h = found.largest_h * stretch
        run = dydt.ODE("y' = -50*y").steps("rk4", h, (0, 200 * h), y=1, exact=False).runs[0]
        assert (abs(run.y[-1, 0]) > 1) == grows


def test_an_oscillator_defeats_euler_and_not_rk4():
    law = dydt.ODE("x'' = -4*x")
    start = {"x": 1, "x'": 0}
    assert law.stability_region("euler", h=0.01, values=start).largest_h == 0
    assert law.stability_region("rk4", values=start).largest_h == pytest.approx(np.sqrt(2))
    assert "no limit" in str(dydt.ODE("y' = 3*y").stability_region("rk4", h=1, y=1))


def test_the_damped_oscillator_along_its_ray():
    direction = -0.3 + 0.9j
    z = reach(stability_of("rk4"), direction) * direction / abs(direction)
    assert abs(stability_of("rk4")(z)) == pytest.approx(1, rel=1e-9)


def test_words_and_data():
    found = dydt.ODE("x'' = -x").stability_region("rk4", h=1, values={"x": 1, "x'": 0})
    assert found.formula == "1 + z + z^2/2 + z^3/6 + z^4/24"
    assert r"\frac{z^{4}}{24}" in found._repr_latex_()
    told = json.loads(found.to_json())
    assert told["largest h"] == pytest.approx(2 * np.sqrt(2))
    assert told["stable"] is True
    with pytest.raises(InputError, match="unknown method"):
        dydt.ODE("x' = -x").stability_region("rodas5p", x=1)
    with pytest.raises(InputError, match="h must be"):
        dydt.ODE("x' = -x").stability_region("rk4", h=0, x=1)
