"""The value of an expression in plain floats: slow, and without NumPy."""

from __future__ import annotations

from collections.abc import Mapping

from dydt.errors import InputError
from dydt.expr.graph import Node, number, walk
from dydt.expr.operate import operate


def evaluate(node: Node, values: Mapping[str, float] | None = None) -> float:
    """The number `node` is when its symbols have `values`; infinite or NaN where floats are.

    Raises
    ------
    InputError
        If a symbol has no value: give it one.

    >>> from dydt.expr.graph import symbol
    >>> evaluate(symbol("x")**2 / 3, {"x": 6})
    12.0
    """
    found: dict[int, float] = {}
    for item in walk([node]):
        if item.operation == "number":
            found[item.index] = item.value
        elif item.operation == "symbol":
            if values is None or item.value not in values:
                raise InputError(f"`{item.value}` has no value")
            found[item.index] = float(values[item.value])
        elif item.operation == "network":
            inside = [number(found[a.index]) for a in item.arguments]
            found[item.index] = evaluate(item.value.expand(inside), values)
        else:
            found[item.index] = operate(item.operation, *(found[a.index] for a in item.arguments))
    return found[node.index]
