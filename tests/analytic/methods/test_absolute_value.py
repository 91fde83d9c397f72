"""Laws with |u|: the two cases, each kept on its side. The laws are of the kind of Arnold, section 1.2."""

import numpy as np
import pytest

import dydt
from tests.analytic.by_hand import lost, refuses, solved


def test_both_sides_with_constants_that_stay_there():
    _, found = solved("absolute_value", "y' = abs(y)")
    assert [str(e.rhs) for e in found.solutions] == ["exp(t)*Abs(C)", "-exp(-t)*Abs(C)"]


def test_an_odd_root_is_real_on_both_sides():
    found = dydt.ODE("y' = cbrt(y)").explain(y=-1)
    assert found.text == "y = -(2*t/3 + 1)^(3/2)"
    assert found.native.agrees
    assert str(found.interval) == "t > -3/2"


def test_one_family_may_serve_both_sides():
    _, found = solved("absolute_value", "(y')^3 = 27*y^2")
    assert [str(e.rhs) for e in found.solutions] == ["(C + t)**3"]
    assert lost(found) == {0}


@pytest.mark.parametrize(
    ("start", "formula"), [(2, lambda t: 2 * np.exp(t)), (-2, lambda t: -2 * np.exp(-t))]
)
def test_the_side_is_chosen_by_the_initial_value(start, formula):
    found = dydt.ODE("y' = abs(y)").explain(y=start)
    times = np.linspace(-1, 2, 5)
    assert found(times) == pytest.approx(formula(times))
    assert found.native.agrees


def test_where_the_root_is_not_real_it_says_so():
    found = dydt.ODE("y' = y^(1/3)").explain(y=-1)
    assert not found.solved
    assert "no real value" in found.message


@pytest.mark.parametrize("law", ["y' = y", "y'' = abs(y)", "y' = abs(y) + abs(y - 1)", "y' = abs(t)*y"])
def test_other_laws_are_refused(law):
    assert refuses("absolute_value", law)
