"""Neural networks as parts of an expression: dense layers, whose weights are parameters of the law.

A network is written once as data. What it computes, layer by layer with a = activation(z):

    z¹ = W¹ x + b¹,   z² = W² a¹ + b²,   …,   y = Wᴸ aᴸ⁻¹ + bᴸ

The weights are parameters called ``nn[0]``, ``nn[1]``, …: for each layer the matrix, one row an input, then the biases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dydt.errors import InputError, nearest
from dydt.expr.derive import gradient
from dydt.expr.graph import Node, apply, as_node, carry, rebuild, substitute, symbol, walk

# The activations: what a neuron makes of its sum z.
ACTIVATIONS: dict[str, Callable[[Node], Node]] = {
    "tanh": lambda z: apply("tanh", z),
    "softplus": lambda z: apply("max", z, 0.0) + apply("log", 1.0 + apply("exp", -abs(z))),
    "sigmoid": lambda z: 1.0 / (1.0 + apply("exp", -z)),
    "swish": lambda z: z / (1.0 + apply("exp", -z)),
    "relu": lambda z: apply("max", z, 0.0),
    "sin": lambda z: apply("sin", z),
}


@dataclass(frozen=True)
class Layer:
    """Where the weights of one dense layer lie: a row of `outputs` numbers for each input, then the biases."""

    inputs: int
    outputs: int
    first: int

    @property
    def biases(self) -> int:
        return self.first + self.inputs * self.outputs

    @property
    def end(self) -> int:
        return self.biases + self.outputs


@dataclass(frozen=True)
class Network:
    """A fully connected network.

    Attributes
    ----------
    name : str
    sizes : tuple of int
        Inputs, hidden layers, outputs.
    activation : str
        One of `ACTIVATIONS`, after each hidden layer.

    >>> Network("nn", (2, 16, 32, 2)).count
    658
    """

    name: str
    sizes: tuple[int, ...]
    activation: str = "tanh"

    def __post_init__(self) -> None:
        if self.activation not in ACTIVATIONS:
            known, guess = ", ".join(ACTIVATIONS), nearest(self.activation, ACTIVATIONS) or "."
            raise InputError(f"there is no activation `{self.activation}`{guess} There: {known}")
        if len(self.sizes) < 2 or not all(isinstance(n, int) and 0 < n <= 4096 for n in self.sizes):
            raise InputError(f"the layers of a network need 1 to 4096 neurons each, and are {self.sizes}")

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        made: list[Layer] = []
        for inputs, outputs in zip(self.sizes[:-1], self.sizes[1:], strict=True):
            made.append(Layer(inputs, outputs, made[-1].end if made else 0))
        return tuple(made)

    @property
    def count(self) -> int:
        """How many weights it has, biases included."""
        return self.layers[-1].end

    @property
    def weights(self) -> tuple[str, ...]:
        """The names of its weights."""
        return tuple(f"{self.name}[{i}]" for i in range(self.count))

    def __call__(self, *inputs: Any) -> list[Node]:
        """Its outputs for these inputs."""
        nodes = tuple(map(as_node, inputs))
        if len(nodes) != self.sizes[0]:
            raise InputError(f"{self.name} has {self.sizes[0]} inputs, and was given {len(nodes)}")
        return [carry("network", Output(self, k), *nodes) for k in range(self.sizes[-1])]

    def expand(self, inputs: Sequence[Node]) -> list[Node]:
        """Its outputs written out, neuron by neuron: slow to compile, and plain to see."""
        weights = [symbol(name) for name in self.weights]
        values = list(inputs)
        for layer in self.layers:
            sums = []
            for j in range(layer.outputs):
                total = weights[layer.biases + j]
                for i, value in enumerate(values):
                    total = value * weights[layer.first + i * layer.outputs + j] + total
                sums.append(total)
            values = sums if layer is self.layers[-1] else [ACTIVATIONS[self.activation](z) for z in sums]
        return values


@dataclass(frozen=True)
class Output:
    """The value of a network's node: which of its outputs it is."""

    network: Network
    index: int

    def partials(self, node: Node) -> tuple[Node, ...]:
        """The derivative along each input."""
        inputs = node.arguments
        return tuple(
            carry("network", Slope(self.network, self.index, j), *inputs) for j in range(len(inputs))
        )

    def expand(self, inputs: Sequence[Node]) -> Node:
        """Written out, neuron by neuron."""
        return self.network.expand(inputs)[self.index]

    def write(self, inputs: Sequence[str]) -> str:
        which = f"[{self.index}]" if self.network.sizes[-1] > 1 else ""
        return f"{self.network.name}({', '.join(inputs)}){which}"


@dataclass(frozen=True)
class Slope:
    """The derivative of an output of a network along one of its inputs."""

    network: Network
    index: int
    along: int

    def partials(self, node: Node) -> tuple[Node, ...]:
        """Second derivatives are written out, neuron by neuron."""
        names = [f"input {j}" for j in range(len(node.arguments))]
        parts = gradient(self.expand([symbol(name) for name in names]), names)
        return tuple(substitute(parts, dict(zip(names, node.arguments, strict=True))))

    def expand(self, inputs: Sequence[Node]) -> Node:
        """Written out, neuron by neuron."""
        names = [f"input {j}" for j in range(len(inputs))]
        output = self.network.expand([symbol(name) for name in names])[self.index]
        slope = gradient(output, names)[self.along]
        return substitute([slope], dict(zip(names, inputs, strict=True)))[0]

    def write(self, inputs: Sequence[str]) -> str:
        which = f"[{self.index}]" if self.network.sizes[-1] > 1 else ""
        return f"d{self.network.name}{which}/d{self.along}({', '.join(inputs)})"


def networks(roots: Sequence[Node]) -> list[Network]:
    """The networks below the roots, each once."""
    found = {node.value.network: None for node in walk(roots) if node.operation == "network"}
    return list(found)


def written_out(roots: Sequence[Node], which: Callable[[Network], bool]) -> list[Node]:
    """The roots with some of their networks written out, neuron by neuron, so that weights are symbols like others.

    >>> (root,) = Network("nn", (1, 1))(symbol("x"))
    >>> print(written_out([root], lambda network: True)[0])
    x*nn[0] + nn[1]
    """
    new: dict[int, Node] = {}
    for node in walk(roots):
        inside = [new[a.index] for a in node.arguments]
        if node.operation == "network" and which(node.value.network):
            new[node.index] = node.value.expand(inside)
        else:
            new[node.index] = rebuild(node, inside) if inside else node
    return [new[root.index] for root in roots]
