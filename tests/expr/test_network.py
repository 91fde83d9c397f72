"""Networks as parts of an expression: what they compute, and their derivatives, against the network written out."""

import numpy as np
import pytest

from dydt.errors import InputError, LawError
from dydt.expr.derive import gradient
from dydt.expr.graph import substitute, symbol
from dydt.expr.network import ACTIVATIONS, Network, networks
from dydt.expr.parse import parse
from dydt.expr.reverse import cut, pullback
from dydt.kernels.numpy import evaluate, network_values

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
    first = network_values(inner, np.array([given[n] for n in inner.weights]), [given["x"]])[0][0]
    known = {"x": given["x"], "y": given["y"], calls[0].outputs[0]: first}
    weights = np.array([given[n] for n in outer.weights])
    second = network_values(outer, weights, evaluate(calls[1].inputs, known))[0][..., 0]
    known[calls[1].outputs[0]] = second
    np.testing.assert_allclose(evaluate([root], known)[0], evaluate([node], given)[0], rtol=1e-13)


def test_networks_in_the_text_of_a_law():
    law = parse(
        "x' = a*x - nn(x, y)[1]; y' = nn(x, y)[0] + growth(x*y); nn = network(4, 3, softplus); growth = network(tanh)"
    )
    assert [str(node) for node in law.derivatives] == ["a*x - nn(x, y)[1]", "nn(x, y)[0] + growth(x*y)"]
    first, second = networks(law.derivatives)
    assert (first.sizes, first.activation) == ((2, 4, 3, 2), "softplus")
    assert (second.sizes, second.activation) == ((1, 1), "tanh")
    assert list(law.parameters) == ["a", *first.weights, *second.weights]
    (usual,) = networks(parse("x' = nn2(x)").derivatives)
    assert usual.sizes == (1, 16, 16, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x' = nn(x) + nn(x, t)", "`nn` has 1 inputs before, and 2 here"),
        ("x' = sin(x)[0]", "only a network has several outputs"),
        ("x' = nn(x)[1.5]", "outputs are numbered from 0"),
        ("x' = nn(x)[999]", "outputs are numbered from 0"),
        ("x' = nn(x); nn = network(4, tnah)", "no activation `tnah`; did you mean `tanh`"),
        ("x' = nn(x); nn = network(0)", "1 to 4096 neurons, not 0"),
        ("x' = nn(x); nn = network(2*3)", "described by the neurons"),
        ("x' = nn(x); nn = network(2); nn = network(3)", "given twice"),
        ("x' = sin(x); sin = network(2)", "is a function already"),
    ],
)
def test_what_is_wrong_with_a_network_in_a_text_is_said(text, message):
    with pytest.raises(LawError, match=message.replace("(", r"\(")):
        parse(text)
