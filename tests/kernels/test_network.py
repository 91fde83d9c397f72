"""Networks in kernels: as NumPy computes them, the same bits in any number of lanes, inside every kind of solve."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import dydt
from dydt.expr.equations import Equations
from dydt.expr.graph import symbol
from dydt.expr.network import Network
from dydt.kernels.numpy import network_values

NET = Network("nn", (2, 16, 13, 2))
WEIGHTS = np.random.default_rng(3).normal(size=NET.count) * 0.4


def law(network=NET, weights=WEIGHTS):
    x, y, a = symbol("x"), symbol("y"), symbol("a")
    f, g = network(x, y)
    parameters = {"a": 0.3} | dict(zip(network.weights, map(float, weights), strict=True))
    return dydt.ODE(Equations(("x", "y"), (f - a * x, g - a * y), parameters=parameters))


def reference(end):
    def slope(t, state):
        return network_values(NET, WEIGHTS, state)[0] - 0.3 * state

    return solve_ivp(slope, (0, end), [1.0, 0.5], rtol=1e-12, atol=1e-12, method="DOP853").y[:, -1]


@pytest.mark.parametrize("method", ["tsit5", "vern9", "rodas5p"])
def test_a_law_with_a_network_is_solved_as_by_scipy(method):
    solution = law().solve(t=(0, 5), x=1, y=0.5, method=method, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(solution.y[-1], reference(5.0), rtol=2e-8)


@pytest.mark.parametrize("lanes", [1, 4, 8, 16])
def test_members_of_a_sweep_have_the_bits_of_their_own_solve(lanes):
    ode, x = law(), np.linspace(-1, 1, 21)
    runs = ode.sweep(t=(0, 2), x=x, y=0.5, method="tsit5", lanes=lanes)
    for member in (0, 7, 20):
        alone = ode.solve(t=(0, 2), x=x[member], y=0.5, method="tsit5")
        assert [runs["x"][member], runs["y"][member]] == list(alone.y[-1])


@pytest.mark.parametrize("activation", ["tanh", "softplus", "sigmoid", "swish", "relu", "sin"])
def test_every_activation_runs(activation):
    network = Network("nn", (2, 9, 2), activation)
    weights = np.random.default_rng(5).normal(size=network.count) * 0.3
    solution = law(network, weights).solve(t=(0, 1), x=1, y=0.5, method="tsit5", rtol=1e-10, atol=1e-12)
    expected = solve_ivp(
        lambda t, s: network_values(network, weights, s)[0] - 0.3 * s,
        (0, 1),
        [1, 0.5],
        rtol=1e-11,
        atol=1e-12,
    )
    np.testing.assert_allclose(solution.y[-1], expected.y[:, -1], rtol=1e-8)
