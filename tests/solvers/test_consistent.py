"""Consistent initial values: found from guesses, without guesses, or refused with what was seen."""

import numpy as np
import pytest

import dydt


def start(text, **values):
    sol = dydt.ODE(text).solve(t=(0, 1e-3), values=values)
    return dict(zip(sol.states, sol.y[0], strict=True)), sol.stats.get("adjusted", {})


def test_what_is_consistent_stays_to_the_bit():
    first, adjusted = start("x' = -z; 0 = x + z/3 - 1", x=0.1, z=2.7)
    assert (first["z"], adjusted) == (2.7, {})


def test_differential_states_are_kept_and_algebraic_ones_found():
    first, adjusted = start("x' = -z; 0 = z^5 + z - x", x=34.0)
    assert (first["x"], first["z"]) == (34.0, pytest.approx(2.0))
    assert adjusted == {}
    first, adjusted = start("x' = -z; 0 = z^5 + z - x", x=34.0, z=1.0)
    assert adjusted["z"] == (1.0, pytest.approx(2.0))


def test_a_guess_chooses_the_branch():
    law = "x' = -z; 0 = (z - 1)*(z - 2)*(z - 3) + x"
    for guess, root in ((0.7, 1.0), (2.1, 2.0), (50.0, 3.0)):
        assert start(law, x=0.0, z=guess)[0]["z"] == pytest.approx(root)
    with pytest.raises(
        dydt.InputError, match=r"a choice for `z`: z = \d or z = \d or z = \d\. Choose the branch"
    ):
        start(law, x=0.0)


def test_an_exponential_is_climbed_down_from_any_guess():
    law = "u' = -i; 0 = i - 1e-12*(exp((u - 10*i)/0.026) - 1)"
    found = [start(law, u=3.0, i=guess)[0]["i"] for guess in (0.0, 0.2, 1.0, 100.0, -1.0)]
    assert np.ptp(found) < 1e-12
    i = found[0]
    assert abs(i - 1e-12 * np.expm1((3.0 - 10 * i) / 0.026)) < 1e-10 * i


def test_units_do_not_matter():
    for scale in (1e-30, 1.0, 1e30):
        first, _ = start(f"x' = -z; 0 = {scale}*(z^3 + z - x)", x=10.0)
        assert first["z"] == pytest.approx(2.0, rel=1e-14)
        first, _ = start(f"x' = -x; 0 = (z/{scale})^3 + z/{scale} - x", x=10.0, z=scale)
        assert first["z"] == pytest.approx(2.0 * scale, rel=1e-14)


def test_states_whose_derivatives_are_tied_share_the_change():
    # M y = x + y is kept, and 0 = x - y^3 settles the rest.
    first, adjusted = start("x' + y' = 0; 0 = x - y^3", x=5.0, y=5.0)
    assert first == {"x": pytest.approx(8.0), "y": pytest.approx(2.0)}
    assert set(adjusted) == {"x", "y"}
    with pytest.raises(dydt.InputError, match="no initial value for `y`"):
        start("x' + y' = 0; 0 = x - y^3", x=5.0)


@pytest.mark.parametrize(
    "text, values, message",
    [
        ("x' = -z; 0 = z^2 + x", {"x": 1}, r"no consistent initial values.*`0 = z\^2 \+ x`; there .* is 1"),
        (
            "x' = -z; 0 = z^2 + x",
            {"x": 1, "z": 2},
            r"from z = 2 no `z` can be found.*is 5\. Give another guess",
        ),
        ("x' = -z; 0 = z^2 - x", {"x": 0, "z": 0}, "the index is higher than 1 there"),
        ("x' = -z; 0 = exp(z) + x", {"x": 2}, "there its right-hand side is 3"),
        ("x' = -z; 0 = z + log(x)", {"x": -1}, "Check the values of the parameters and states in it"),
        ("x' = -z - w; 0 = z + w - x; 0 = 2z + 2w - x^2", {"x": 1}, "no consistent initial values"),
        ("(y')^2 = y", {"y": 4}, r"y' = 2 or y' = -2.*y'\(0\) = 2 in the law, or values=\{\"y'\": 2\}"),
    ],
)
def test_what_can_not_be_found(text, values, message):
    with pytest.raises(dydt.InputError, match=message):
        start(text, **values)


def test_a_guess_that_is_no_number():
    with pytest.raises(dydt.InputError, match="`z` must be finite"):
        start("x' = -z; 0 = z - x", x=1, z=float("nan"))
    step = dydt.ODE("x' = -z; 0 = z - x").solver()
    with pytest.raises(dydt.InputError, match="must be numbers"):
        step((0, 1), ["a", 1])
