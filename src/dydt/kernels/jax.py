"""Expressions as JAX functions: for big networks, GPUs, and models of other people. Needs the extra `jax`.

The same graph as everywhere, read by `jax.numpy`; arrays of any leading shape go through it, and JAX can differentiate,
vectorise and compile it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from dydt.errors import InputError
from dydt.expr.equations import Equations
from dydt.expr.graph import OPERATIONS, Node, symbol, walk
from dydt.expr.network import ACTIVATIONS, Network, Output, networks

Array = Any


def jax_function(law: Equations) -> Callable[[Any, Any, Mapping[str, Any]], Any]:
    """``f(t, y, p)`` in JAX: `y` has the states on its last axis, `p` the parameters by name.

    The weights of a network are one array in `p`, under the name of the network.

    Raises
    ------
    InputError
        If JAX is not installed.
    """
    jnp = _jax_numpy()
    found = networks(law.derivatives)

    def f(t: Any, y: Any, p: Mapping[str, Any]) -> Any:
        y = jnp.asarray(y)
        inputs: dict[str, Any] = {name: y[..., i] for i, name in enumerate(law.states)}
        inputs[law.independent] = t
        inputs |= {name: p[name] for name in law.parameters if name in p}
        weights = {network.name: p[network.name] for network in found}
        columns = _evaluate(jnp, law.derivatives, inputs, weights)
        return jnp.stack([jnp.broadcast_to(column, y.shape[:-1]) for column in columns], axis=-1)

    return f


def parameters_of(law: Equations, values: Mapping[str, float | None]) -> dict[str, Any]:
    """The parameters as `jax_function` takes them: numbers, and an array of weights for each network."""
    found = networks(law.derivatives)
    weights = {name for network in found for name in network.weights}
    plain = {name: value for name, value in values.items() if name not in weights}
    missing = [name for name, value in plain.items() if value is None]
    if missing:
        raise InputError(f"`{missing[0]}` has no value: give it one, as in {missing[0]}=1")
    arrays = {network.name: np.array([values[name] for name in network.weights], float) for network in found}
    return {**plain, **arrays}


def _jax_numpy() -> Any:
    try:
        import jax.numpy as jnp
    except ImportError:
        raise InputError("this needs JAX: pip install 'dydt[jax]'") from None
    return jnp


def _evaluate(
    jnp: Any, outputs: Sequence[Node], inputs: Mapping[str, Any], weights: Mapping[str, Any]
) -> list[Any]:
    """Values of expressions, node by node; a network is computed once for all its outputs."""
    values: dict[int, Any] = {}
    called: dict[Any, Any] = {}
    for node in walk(outputs):
        arguments = [values[a.index] for a in node.arguments]
        if node.operation == "symbol":
            values[node.index] = inputs[node.value]
        elif node.operation == "number":
            values[node.index] = node.value
        elif node.operation == "network":
            values[node.index] = _network_node(jnp, node, arguments, weights, called)
        else:
            values[node.index] = _function(jnp, node.operation)(*arguments)
    return [values[node.index] for node in outputs]


def _function(jnp: Any, operation: str) -> Callable[..., Any]:
    if operation == "step":
        return lambda x: jnp.heaviside(x, 1.0)
    name = OPERATIONS[operation].numpy
    if name.startswith("special."):
        from jax.scipy import special

        return getattr(special, name.removeprefix("special."))
    return getattr(jnp, name)


def _network_node(
    jnp: Any, node: Node, arguments: Sequence[Any], weights: Mapping[str, Any], called: dict[Any, Any]
) -> Any:
    network: Network = node.value.network
    key = (network, tuple(a.index for a in node.arguments), type(node.value))
    if key not in called:
        x = jnp.stack(jnp.broadcast_arrays(*map(jnp.asarray, arguments)), axis=-1)
        if isinstance(node.value, Output):
            called[key] = _network(jnp, network, weights[network.name], x)
        else:
            import jax

            one = jax.jacfwd(lambda row: _network(jnp, network, weights[network.name], row))
            flat = jax.vmap(one)(x.reshape(-1, x.shape[-1]))
            called[key] = flat.reshape(*x.shape[:-1], *flat.shape[1:])
    if isinstance(node.value, Output):
        return called[key][..., node.value.index]
    return called[key][..., node.value.index, node.value.along]


def _network(jnp: Any, network: Network, weights: Any, x: Any) -> Any:
    z = symbol("z")
    activation = ACTIVATIONS[network.activation](z)
    for layer in network.layers:
        matrix = weights[layer.first : layer.biases].reshape(layer.inputs, layer.outputs)
        x = x @ matrix + weights[layer.biases : layer.end]
        if layer is not network.layers[-1]:
            x = _evaluate(jnp, [activation], {"z": x}, {})[0]
    return x


def equinox_module(law: Equations, values: Mapping[str, float | None]) -> Any:
    """The law as an Equinox module with trainable leaves, called as diffrax does: ``module(t, y, args)``.

    Raises
    ------
    InputError
        If Equinox is not installed.
    """
    try:
        import equinox
    except ImportError:
        raise InputError("this needs Equinox: pip install 'dydt[jax]'") from None
    jnp, f = _jax_numpy(), jax_function(law)

    class Law(equinox.Module):
        """A law of change; `parameters` are its leaves."""

        parameters: dict[str, Any]

        def __call__(self, t: Any, y: Any, args: Any = None) -> Any:
            return f(t, y, self.parameters)

    return Law({name: jnp.asarray(item) for name, item in parameters_of(law, values).items()})
