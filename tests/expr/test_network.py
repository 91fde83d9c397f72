"""Networks as parts of an expression: what they compute, and their derivatives, against the network written out."""

import numpy as np
import pytest

from dydt.errors import InputError
from dydt.expr.derive import gradient
from dydt.expr.graph import substitute, symbol
from dydt.expr.network import ACTIVATIONS, Network, networks
from dydt.expr.reverse import cut, pullback
from dydt.kernels.numpy import evaluate

X, Y = symbol("x"), symbol("y")


def values(network, seed=0):
    weights = np.random.default_rng(seed).normal(size=network.count)
    return dict(zip(network.weights, weights, strict=True)) | {"x": 0.3, "y": np.array([-0.7, 0.2])}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_outputs_and_derivatives_are_those_of_the_network_written_out(activation):
    network = Network("nn", (2, 5, 3, 2), activation)
    whole, plain = network(2 * X, Y), network.expand([2 * X, Y])
    given = values(network)
    np.testing.assert_allclose(evaluate(whole, given), evaluate(plain, given), rtol=1e-12)
    names = ["x", "y"]
    first, first_plain = [[g for n in nodes for g in gradient(n, names)] for nodes in (whole, plain)]
    np.testing.assert_allclose(
        np.broadcast_arrays(*evaluate(first, given)),
        np.broadcast_arrays(*evaluate(first_plain, given)),
        rtol=1e-11,
        atol=1e-13,
    )
    second, second_plain = [[gradient(n, names)[1] for n in nodes] for nodes in (first, first_plain)]
    np.testing.assert_allclose(
        np.broadcast_arrays(*evaluate(second, given)),
        np.broadcast_arrays(*evaluate(second_plain, given)),
        rtol=1e-10,
        atol=1e-12,
    )


def test_a_network_survives_substitution_and_writes_itself():
    network = Network("nn", (2, 4, 1))
    (node,) = network(X, X + Y)
    assert str(node) == "nn(x, x + y)"
    assert str(substitute([node], {"x": Y * 2})[0]) == "nn(y*2, y*2 + y)"
    assert networks([node + 1, node]) == [network]
    assert str(Network("g", (1, 2))(X)[1]) == "g(x)[1]"


def test_bad_networks_are_refused():
    with pytest.raises(InputError, match="no activation `tnah`.*did you mean `tanh`"):
        Network("nn", (1, 2, 1), "tnah")
    with pytest.raises(InputError, match="1 to 4096 neurons"):
        Network("nn", (1, 0, 1))
    with pytest.raises(InputError, match="has 2 inputs, and was given 1"):
        Network("nn", (2, 1))(X)


def test_pullback_is_the_transpose_of_the_derivatives():
    roots = [X * Y + X**2, (X - Y) / (1 + X * X), X]
    bars = [symbol(f"u{i}") for i in range(3)]
    pulled = pullback(roots, bars, ["x", "y", "z"])
    given = {"x": 0.7, "y": -1.2, "u0": 0.3, "u1": 1.7, "u2": -0.4}
    expected = [
        sum(given[f"u{i}"] * evaluate([gradient(root, [name])[0]], given)[0] for i, root in enumerate(roots))
        for name in ("x", "y")
    ]
    np.testing.assert_allclose(evaluate(pulled[:2], given), expected, rtol=1e-13)
    assert str(pulled[2]) == "0"


def test_cut_takes_nested_networks_apart_in_order():
    inner, outer = Network("f", (1, 3, 1)), Network("g", (2, 3, 1))
    node = outer(inner(X)[0], Y)[0] * inner(X)[0]
    (root,), calls = cut([node])
    assert [call.network.name for call in calls] == ["f", "g"]
    given = values(inner) | values(outer, 1)
    first = inner.evaluate([given[n] for n in inner.weights], [given["x"]])[0]
    known = {"x": given["x"], "y": given["y"], calls[0].outputs[0]: first}
    second = outer.evaluate([given[n] for n in outer.weights], evaluate(calls[1].inputs, known))[..., 0]
    known[calls[1].outputs[0]] = second
    np.testing.assert_allclose(evaluate([root], known)[0], evaluate([node], given)[0], rtol=1e-13)
