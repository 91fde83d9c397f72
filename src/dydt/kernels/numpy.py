"""The slow, obviously right reader of expressions: NumPy, node by node. The oracle of every test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from dydt.expr.graph import OPERATIONS, Node, walk


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


def evaluate(outputs: Sequence[Node], inputs: Mapping[str, Any]) -> list[Any]:
    """Values of expressions for given values of their symbols (numbers or arrays, broadcast).

    >>> from dydt.expr.graph import symbol
    >>> evaluate([symbol("x")**2 + 1], {"x": 3.0})
    [np.float64(10.0)]
    """
    values: dict[int, Any] = {}
    with np.errstate(all="ignore"):
        for node in walk(outputs):
            if node.operation == "symbol":
                values[node.index] = np.asarray(inputs[node.value])[()]
            elif node.operation == "number":
                values[node.index] = np.float64(node.value)
            else:
                arguments = [values[a.index] for a in node.arguments]
                if node.value is not None:
                    values[node.index] = node.value.evaluate(inputs, arguments)
                    continue
                values[node.index] = numpy_function(node.operation)(*arguments)
    return [values[node.index] for node in outputs]
