"""The Jacobian of samples and ends, against differences and the gradient, for any number of lanes and threads."""

import numpy as np
import pytest

from dydt.expr.equations import Equations
from dydt.expr.graph import apply, symbol
from dydt.expr.network import Network
from dydt.learning.gradient import Engine, even_mesh
from dydt.learning.jacobian import Jacobian

INNER, OUTER = Network("f", (2, 5, 1)), Network("g", (2, 6, 2), "softplus")


def mixed_law():
    """Known terms, time, and one network inside another."""
    x, y, a, t = (symbol(name) for name in "xyat")
    inner = INNER(x, t)[0]
    u, v = OUTER(inner + y, a * x)
    derivatives = (u - a * x, v * apply("sin", y) + inner * a)
    return Equations(("x", "y"), derivatives, parameters=dict.fromkeys(["a", *INNER.weights, *OUTER.weights]))


LAW = mixed_law()


def pieces():
    """Of different lengths, one of them backwards in time and one without samples."""
    random = np.random.default_rng(0)
    meshes = [even_mesh(0.1 * i, 0.1 * i + 0.3 + 0.2 * i, 0.2) for i in range(5)] + [even_mesh(1.0, 0.0, 0.3)]
    times = [random.uniform(min(m), max(m), size=4 + i % 3) for i, m in enumerate(meshes)]
    times[1] = np.zeros(0)
    times[2][0] = meshes[2][1]  # where two steps meet
    return meshes, times, random.normal(size=(6, 2)), 0.5 * random.normal(size=len(LAW.parameters))


@pytest.mark.parametrize("method", ["tsit5", "rk4", "bs3"])
def test_a_jacobian_is_that_of_the_discrete_solution(method):
    meshes, times, starts, parameters = pieces()
    engine = Engine(LAW, method)
    batch = engine.batch(meshes, times)
    chosen = np.array([0, 1, 5, 9, 10, 20, 24])
    jacobian = Jacobian(engine, meshes, times, chosen)
    of_samples, of_ends = jacobian(starts, parameters)
    assert of_samples.shape == (7, 2, 2 + len(parameters))
    for place in range(0, len(parameters), 7):
        step = np.zeros_like(parameters)
        step[place] = 1e-6
        up, down = (batch.forward(starts, parameters + s) for s in (step, -step))
        for exact, k in ((of_samples, 0), (of_ends, 1)):
            rows = chosen if k == 0 else slice(None)
            np.testing.assert_allclose(exact[:, :, 2 + place], (up[k] - down[k])[rows] / 2e-6, atol=1e-8)
    for i, step in enumerate(1e-6 * np.eye(2)):
        up, down = (batch.forward(starts + s, parameters) for s in (step, -step))
        np.testing.assert_allclose(of_samples[:, :, i], (up[0] - down[0])[chosen] / 2e-6, atol=1e-8)
        np.testing.assert_allclose(of_ends[:, :, i], (up[1] - down[1]) / 2e-6, atol=1e-8)


def test_its_rows_add_up_to_the_gradient():
    meshes, times, starts, parameters = pieces()
    engine = Engine(LAW)
    batch = engine.batch(meshes, times)
    samples, ends = batch.forward(starts, parameters)
    of_starts, of_parameters = batch.backward(np.cos(samples), ends)
    jacobian = Jacobian(engine, meshes, times, np.arange(len(samples)))
    of_samples, at_ends = jacobian(starts, parameters)
    found = np.einsum("si,sik->sk", np.cos(samples), of_samples), np.einsum("pi,pik->pk", ends, at_ends)
    np.testing.assert_allclose(
        sum(f[:, 2:].sum(axis=0) for f in found), of_parameters, rtol=1e-11, atol=1e-12
    )
    for piece in range(len(meshes)):
        own = found[0][jacobian.piece == piece, :2].sum(axis=0) + found[1][piece, :2]
        np.testing.assert_allclose(own, of_starts[piece], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("lanes, threads", [(1, 1), (4, 3), (16, 2)])
def test_lanes_and_threads_do_not_change_a_bit_of_it(lanes, threads):
    meshes, times, starts, parameters = pieces()
    chosen = np.arange(0, sum(map(len, times)), 2)
    one = Jacobian(Engine(LAW, lanes=8, threads=1), meshes, times, chosen)(starts, parameters)
    other = Jacobian(Engine(LAW, lanes=lanes, threads=threads), meshes, times, chosen)(starts, parameters)
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(one[1], other[1])
