"""Derivatives backwards: from cotangents of outputs to cotangents of everything they depend on.

With λ the cotangents of outputs u(x), the cotangents of x are Σᵢ λᵢ ∂uᵢ/∂x, all found in one walk from the outputs
to the leaves (Griewank and Walther, Evaluating Derivatives, 2nd ed. (2008), ch. 3.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dydt.expr.derive import partial_derivatives
from dydt.expr.graph import Node, rebuild, symbol, walk
from dydt.expr.network import Network, Output
from dydt.expr.tidy import ZERO, plus, times


def pullback(roots: Sequence[Node], cotangents: Sequence[Node], names: Sequence[str]) -> list[Node]:
    """The cotangent of each symbol called `names`, for cotangents of the roots.

    >>> x, y, u = symbol("x"), symbol("y"), symbol("u")
    >>> [str(node) for node in pullback([x * y], [u], ["x", "y"])]
    ['u*y', 'u*x']
    """
    bars: dict[int, Node] = {}
    for root, cotangent in zip(roots, cotangents, strict=True):
        bars[root.index] = plus(bars.get(root.index, ZERO), cotangent)
    leaves: dict[str, Node] = {}
    for node in reversed(walk(roots)):
        bar = bars.pop(node.index, ZERO)
        if bar is ZERO:
            continue
        if node.operation == "symbol":
            leaves[node.value] = bar
        elif node.arguments:
            for argument, partial in zip(node.arguments, partial_derivatives(node), strict=True):
                if partial is not None:
                    bars[argument.index] = plus(bars.get(argument.index, ZERO), times(bar, partial))
    return [leaves.get(name, ZERO) for name in names]


@dataclass(frozen=True, eq=False)
class Call:
    """A network asked for its outputs once.

    Attributes
    ----------
    network : Network
    inputs : tuple of Node
        Over the law's names and the outputs of earlier calls.
    outputs : tuple of str
        What its outputs are called in the expressions that use them.
    """

    network: Network
    inputs: tuple[Node, ...]
    outputs: tuple[str, ...]


def cut(roots: Sequence[Node]) -> tuple[list[Node], list[Call]]:
    """The expressions with a symbol in place of each output of a network, and the calls that give them, in order.

    Raises
    ------
    NotImplementedError
        If a derivative of a network occurs in them.
    """
    calls: dict[tuple[Network, tuple[int, ...]], Call] = {}
    new: dict[int, Node] = {}
    for node in walk(roots):
        arguments = tuple(new[a.index] for a in node.arguments)
        if node.operation != "network":
            new[node.index] = rebuild(node, arguments) if arguments else node
            continue
        if not isinstance(node.value, Output):
            raise NotImplementedError("the law holds a derivative of a network")
        network = node.value.network
        key = (network, tuple(a.index for a in arguments))
        if key not in calls:
            names = tuple(f"call {len(calls)} output {k}" for k in range(network.sizes[-1]))
            calls[key] = Call(network, arguments, names)
        new[node.index] = symbol(calls[key].outputs[node.value.index])
    return [new[root.index] for root in roots], list(calls.values())
