"""The slow, obviously right reader of expressions: NumPy, node by node. The oracle of every test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from dydt.expr.derive import derivative
from dydt.expr.graph import OPERATIONS, Node, symbol, walk
from dydt.expr.network import ACTIVATIONS, Network, Output


@cache
def numpy_function(operation: str) -> Callable[..., Any]:
    """What NumPy (for ``erf``: SciPy) calls an operation of the table."""
    if operation == "step":
        return lambda x: np.heaviside(x, 1.0)
    name = OPERATIONS[operation].numpy
    if name.startswith("special."):
        from scipy import special

        return getattr(special, name.removeprefix("special."))
    return getattr(np, name)


def evaluate(outputs: Sequence[Node], inputs: Mapping[str, Any], number: Any = np.float64) -> list[Any]:
    """Values of expressions for given values of their symbols (numbers or arrays, broadcast).

    With another type of `number` than doubles every value on the way is rounded to it.

    >>> from dydt.expr.graph import symbol
    >>> evaluate([symbol("x")**2 + 1], {"x": 3.0})
    [np.float64(10.0)]
    """
    values: dict[int, Any] = {}
    known: dict[Any, Any] = {}  # networks, each computed once for the same inputs
    with np.errstate(all="ignore"):
        for node in walk(outputs):
            if node.operation == "symbol":
                values[node.index] = np.asarray(inputs[node.value])[()]
            elif node.operation == "number":
                values[node.index] = number(node.value)
            else:
                arguments = [values[a.index] for a in node.arguments]
                if node.operation == "network":
                    values[node.index] = _network_node(node, arguments, inputs, known)
                else:
                    values[node.index] = numpy_function(node.operation)(*arguments)
            if number is not np.float64 and np.issubdtype(np.asarray(values[node.index]).dtype, np.floating):
                values[node.index] = np.asarray(values[node.index], dtype=number)[()]
    return [values[node.index] for node in outputs]


def _network_node(
    node: Node, arguments: Sequence[Any], inputs: Mapping[str, Any], known: dict[Any, Any]
) -> Any:
    """One output of a network, or its derivative along one of the inputs."""
    data = node.value
    network, is_slope = data.network, not isinstance(data, Output)
    if network not in known:
        known[network] = np.array([inputs[name] for name in network.weights])
    key = (network, is_slope, *(a.index for a in node.arguments))
    if key not in known:
        known[key] = network_values(network, known[network], arguments, is_slope)
    values, slopes = known[key]
    return slopes[..., data.along, data.index][()] if is_slope else values[..., data.index][()]


def network_values(
    network: Network, weights: Any, inputs: Sequence[Any], sloping: bool = False
) -> tuple[Any, Any]:
    """The outputs of a network, on the last axis; and if asked for, its derivatives along the inputs.

    The inputs are numbers or arrays that broadcast. Of derivatives the last two axes are inputs and outputs.

    >>> network_values(Network("nn", (2, 1)), np.array([1.0, 10.0, 5.0]), [2.0, 3.0])[0]
    array([37.])
    """
    z = symbol("z")
    activation = ACTIVATIONS[network.activation](z)
    formulas = [activation, derivative(activation, "z")]
    values = np.stack(np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in inputs)), axis=-1)
    count, shape = network.sizes[0], values.shape[:-1]
    slopes = np.broadcast_to(np.eye(count), (*shape, count, count)).reshape(-1, count) if sloping else None
    for layer in network.layers:
        matrix = np.asarray(weights[layer.first : layer.biases]).reshape(layer.inputs, layer.outputs)
        values = values @ matrix + weights[layer.biases : layer.end]
        slopes = None if slopes is None else slopes @ matrix  # as one matrix: much quicker than one a point
        if layer is network.layers[-1]:
            break
        values, steepness = evaluate(formulas, {"z": values})
        if slopes is not None:
            steep = np.broadcast_to(steepness, values.shape).reshape(-1, 1, layer.outputs)
            slopes = (slopes.reshape(-1, count, layer.outputs) * steep).reshape(-1, layer.outputs)
    return values, None if slopes is None else slopes.reshape(*shape, count, network.sizes[-1])
