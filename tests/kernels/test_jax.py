"""The same graph in JAX: every gallery law and networks agree with NumPy to rounding, and JAX can differentiate it."""

import numpy as np
import pytest

import dydt
from dydt.expr.equations import Equations
from dydt.expr.graph import symbol
from dydt.expr.network import Network
from dydt.kernels.jax import equinox_module, jax_function, parameters_of
from dydt.kernels.numpy import evaluate

jax = pytest.importorskip("jax", reason="JAX is an optional extra")
jax.config.update("jax_enable_x64", True)

LAWS = [name for name in dydt.gallery.names() if not dydt.gallery.get(name).equations.singular]


@pytest.mark.parametrize("name", LAWS)
def test_gallery_laws_agree_with_numpy(name):
    ode = dydt.gallery.get(name)
    law = ode.equations
    random = np.random.default_rng(0)
    y = random.uniform(0.2, 1.5, size=(5, len(ode.states)))
    found = jax_function(law)(0.3, y, parameters_of(law, ode.parameters))
    inputs = {s: y[:, i] for i, s in enumerate(ode.states)} | ode.parameters | {ode.independent: 0.3}
    expected = np.stack([np.broadcast_to(v, 5) for v in evaluate(law.derivatives, inputs)], axis=-1)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def network_law():
    x, y, a = symbol("x"), symbol("y"), symbol("a")
    network = Network("nn", (2, 7, 5, 2), "softplus")
    f, g = network(x, y)
    weights = np.random.default_rng(1).normal(size=network.count)
    parameters = {"a": 0.3} | dict(zip(network.weights, map(float, weights), strict=True))
    return Equations(("x", "y"), (f - a * x, g * y), parameters=parameters)


def test_networks_and_their_derivatives_agree_with_numpy():
    from dydt.expr.derive import jacobian

    law = network_law()
    y = np.random.default_rng(2).normal(size=(4, 2))
    p = parameters_of(law, law.parameters)
    f = jax_function(law)
    inputs = {"x": y[:, 0], "y": y[:, 1]} | law.parameters
    np.testing.assert_allclose(f(0.0, y, p), np.stack(evaluate(law.derivatives, inputs), -1), rtol=1e-12)
    whole = jax.vmap(jax.jacobian(lambda row: f(0.0, row, p)))(y)
    entries = jacobian(law)
    for (i, j), node in entries.items():
        np.testing.assert_allclose(whole[:, i, j], evaluate([node], inputs)[0], rtol=1e-11)
    slopes = Equations(("x", "y"), (entries[0, 0], entries[1, 0]), parameters=law.parameters)
    np.testing.assert_allclose(jax_function(slopes)(0.0, y, p)[:, 0], whole[:, 0, 0], rtol=1e-11)


def test_the_gradient_of_jax_is_ours():
    """One explicit Euler step of length one: y + f, and the derivative of its sum with respect to every parameter."""
    from dydt.learning.gradient import Engine

    law = network_law()
    y = np.random.default_rng(3).normal(size=(9, 2))
    p = parameters_of(law, law.parameters)
    f = jax_function(law)
    theirs = jax.grad(lambda q: (y + f(0.0, y, q)).sum())(p)
    batch = Engine(law, "euler").batch([np.array([0.0, 1.0])] * 9)
    batch.forward(y, np.array(list(law.parameters.values())))
    _, ours = batch.backward(np.zeros((0, 2)), np.ones((9, 2)))
    np.testing.assert_allclose(ours[0], theirs["a"], rtol=1e-11)
    np.testing.assert_allclose(ours[1:], theirs["nn"], rtol=1e-10, atol=1e-12)


def test_an_equinox_module_has_trainable_leaves():
    equinox = pytest.importorskip("equinox", reason="Equinox is an optional extra")
    law = network_law()
    module = equinox_module(law, law.parameters)
    y = np.array([0.3, -0.2])
    np.testing.assert_allclose(
        module(0.0, y), jax_function(law)(0.0, y, parameters_of(law, law.parameters)), rtol=1e-12
    )
    gradient = equinox.filter_grad(lambda m: m(0.0, y).sum())(module)
    assert gradient.parameters["nn"].shape == (73,)
