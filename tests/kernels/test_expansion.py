"""Taylor coefficients: every smooth operation against mpmath, closed forms, and solutions that are known."""

import math

import mpmath
import numpy as np
import pytest

import dydt
from dydt.errors import InputError
from dydt.expr.graph import OPERATIONS
from dydt.kernels.expansion import Expansion
from dydt.kernels.numpy import numpy_function

PLAIN = {name: numpy_function(name) for name in OPERATIONS} | {
    "number": float,
    "fma": lambda a, b, c: a * b + c,
}


def coefficients(text, order, t=0.0, **values):
    """Of each state of a law, on plain numbers."""
    law = dydt.ODE(text).equations
    expansion = Expansion(law.derivatives, law.states, law.independent)
    constants = expansion.constants(PLAIN, values)
    found = expansion.run(PLAIN, constants, t, [values[name] for name in law.states], order)
    assert all(len(jet) == order + 1 for jet in found)
    return dict(zip(law.states, found, strict=True))


# g(t) for t = 0.3 + …: x' = g(t) has the coefficients of g, moved by one and divided.
FUNCTIONS = {
    "sin(t)": mpmath.sin,
    "cos(2*t)": lambda t: mpmath.cos(2 * t),
    "tan(t)": mpmath.tan,
    "asin(t)": mpmath.asin,
    "acos(t)": mpmath.acos,
    "atan(t)": mpmath.atan,
    "atan2(t, 1 + t^2)": lambda t: mpmath.atan(t / (1 + t * t)),
    "sinh(t)": mpmath.sinh,
    "cosh(t)": mpmath.cosh,
    "tanh(t)": mpmath.tanh,
    "exp(-t^2)": lambda t: mpmath.exp(-t * t),
    "log(1 + t)": lambda t: mpmath.log(1 + t),
    "log10(1 + t)": lambda t: mpmath.log(1 + t) / mpmath.log(10),
    "sqrt(1 + t)": lambda t: mpmath.sqrt(1 + t),
    "cbrt(1 + t)": lambda t: mpmath.cbrt(1 + t),
    "erf(t)": mpmath.erf,
    "t^5 - 3*t^2 + 1": lambda t: t**5 - 3 * t**2 + 1,
    "1/(1 + t^2)": lambda t: 1 / (1 + t * t),
    "t/7 - sin(t)/(2 + cos(t))": lambda t: t / 7 - mpmath.sin(t) / (2 + mpmath.cos(t)),
    "(1 + t)^0.3": lambda t: (1 + t) ** mpmath.mpf("0.3"),
    "(1 + t)^(-1.7)": lambda t: (1 + t) ** mpmath.mpf("-1.7"),
    "(1 + t)^t": lambda t: (1 + t) ** t,
    "exp(sin(cos(t)))": lambda t: mpmath.exp(mpmath.sin(mpmath.cos(t))),
}


@pytest.mark.parametrize("text", FUNCTIONS)
def test_functions_of_time_have_the_series_that_mpmath_finds(text):
    order = 12
    found = coefficients(f"x' = {text}", order, t=0.3, x=0.0)["x"]
    with mpmath.workdps(60):
        expected = [float(c) for c in mpmath.taylor(FUNCTIONS[text], mpmath.mpf(0.3), order - 1)]
    np.testing.assert_allclose(
        found[1:],
        np.array(expected) / np.arange(1, order + 1),
        rtol=1e-10,
        atol=1e-13 * max(map(abs, expected)),
    )


def test_every_smooth_operation_is_among_them():
    kinked = {"abs", "sign", "min", "max", "floor", "mod", "step", "select"}
    smooth = {name for name, row in OPERATIONS.items() if not row.truth} - kinked
    met = set()
    for text in FUNCTIONS:
        law = dydt.ODE(f"x' = {text}").equations
        met |= {node.operation for node in Expansion(law.derivatives, law.states, law.independent).nodes}
    assert smooth <= met


def test_solutions_that_are_known():
    np.testing.assert_allclose(
        coefficients("x' = x", 15, x=1.0)["x"], [1 / math.factorial(k) for k in range(16)]
    )
    np.testing.assert_allclose(coefficients("x' = x^2", 15, x=2.0)["x"], [2.0 ** (k + 1) for k in range(16)])
    circle = coefficients("x' = -y; y' = x", 8, x=1.0, y=0.0)
    np.testing.assert_allclose(circle["x"], [1, 0, -1 / 2, 0, 1 / 24, 0, -1 / 720, 0, 1 / 40320])
    # x' = -n x (1 - x^n) has x^-n = 1 + C e^{n² t}; here with a power that is a parameter.
    n, c = 2.5, 3.0
    found = coefficients("x' = -n*x*(1 - x^n)", 10, x=(1 + c) ** (-1 / n), n=n)["x"]
    with mpmath.workdps(60):
        expected = mpmath.taylor(
            lambda t: (1 + c * mpmath.exp(mpmath.mpf(n) ** 2 * t)) ** (-1 / mpmath.mpf(n)), 0, 10
        )
    np.testing.assert_allclose(found, [float(v) for v in expected], rtol=1e-11)


def test_kinks_in_what_does_not_change_are_none():
    np.testing.assert_allclose(
        coefficients("x' = abs(k)*x", 4, x=1.0, k=-1.0)["x"], [1, 1, 1 / 2, 1 / 6, 1 / 24]
    )


def test_zeros_are_left_away():
    found = coefficients("x' = 1; y' = 2*t; z' = 0*t + c", 6, x=5.0, y=0.0, z=1.0, c=3.0)
    np.testing.assert_array_equal(found["x"], [5, 1, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(found["y"], [0, 0, 1, 0, 0, 0, 0])
    np.testing.assert_array_equal(found["z"], [1, 3, 0, 0, 0, 0, 0])


@pytest.mark.parametrize(
    "law, what",
    [("x' = abs(x)", "abs"), ("x' = max(x, 1) + floor(t)", "floor, max"), ("x' = if(x > 1, x, 1)", r"if\(…\)")],
)  # fmt: skip
def test_what_is_not_smooth_is_refused(law, what):
    equations = dydt.ODE(law).equations
    with pytest.raises(InputError, match=f"smooth, and this one has {what}: take vern9"):
        Expansion(equations.derivatives, equations.states, equations.independent)


def test_networks_are_refused():
    equations = dydt.ODE("x' = nn(x); nn = network(3)").equations
    with pytest.raises(InputError, match="not made of networks: take vern9"):
        Expansion(equations.derivatives, equations.states, equations.independent)
