"""Airy and Bessel functions, held against SciPy's own; the reductions are those of DLMF 9.2, 10.13.2 and 10.13.6."""

import numpy as np
import pytest
from scipy import special

import dydt
from tests.analytic.families import refuses, solved

METHOD = "special_functions"
TIMES = np.linspace(0.3, 2.5, 6)


@pytest.mark.parametrize(
    ("law", "one", "other"),
    [
        ("y'' = t*y", lambda t: special.airy(t)[0], lambda t: special.airy(t)[2]),
        ("y'' + 8*t*y = 0", lambda t: special.airy(-2 * t)[0], lambda t: special.airy(-2 * t)[2]),
        ("t*y'' + y' + t*y = 0", lambda t: special.jv(0, t), lambda t: special.yv(0, t)),
        ("t^2*y'' + t*y' + (t^2 - 4)*y = 0", lambda t: special.jv(2, t), lambda t: special.yv(2, t)),
        ("t^2*y'' + t*y' - (t^2 + 1)*y = 0", lambda t: special.iv(1, t), lambda t: special.kv(1, t)),
        (
            "t*y'' + y = 0",
            lambda t: np.sqrt(t) * special.jv(1, 2 * np.sqrt(t)),
            lambda t: np.sqrt(t) * special.yv(1, 2 * np.sqrt(t)),
        ),
        (
            "y'' + exp(t)*y = 0",
            lambda t: special.jv(0, 2 * np.exp(t / 2)),
            lambda t: special.yv(0, 2 * np.exp(t / 2)),
        ),
    ],
)
def test_the_solutions_are_the_functions_of_the_tables(law, one, other):
    found = dydt.ODE(law).explain()
    assert found.method == "special functions"
    assert found(TIMES, C1=1, C2=0) == pytest.approx(one(TIMES), rel=1e-9)
    assert found(TIMES, C1=0, C2=1) == pytest.approx(other(TIMES), rel=1e-9)
    assert "no closed form in elementary functions" in found.message


def test_every_step_holds():
    solved(METHOD, "y'' + t^2*y = 0")
    solved(METHOD, "t^2*y'' + t*y' + (k^2*t^2 - n^2)*y = 0")


def test_initial_values_are_met():
    found = dydt.ODE("y'' = t*y").explain(values={"y": 1, "y'": 0})
    assert found.solved
    assert found.native.agrees


def test_riccatis_equations_lead_there():
    # Bernoulli's own y' = t^2 + y^2: its blow-up from y(0) = 0 is at 2.003147…
    found = dydt.ODE("y' = t^2 + y^2").explain()
    assert found.method == "Riccati"
    assert "Bessel" in str(found)


def test_other_laws_are_refused():
    assert refuses(METHOD, "y'' + y = 0", "y'' = t*y + 1", "y'' = t^3*y + t*y'", "y' = t*y", "y'' = y^2")
