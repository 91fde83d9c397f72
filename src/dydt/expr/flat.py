"""An expression as plain rows, for copies and other processes: graphs may be deeper than Python's stack."""

from __future__ import annotations

from typing import Any

from dydt.expr.graph import Node, apply, carry, number, symbol, walk

Row = tuple[str, tuple[int, ...], Any]


def flat(node: Node) -> list[Row]:
    """A row for each node below: its operation, the rows of its arguments, and its value.

    >>> flat(2 * symbol("x"))
    [('number', (), 2.0), ('symbol', (), 'x'), ('mul', (0, 1), None)]
    """
    nodes = walk([node])
    places = {item.index: place for place, item in enumerate(nodes)}
    return [(n.operation, tuple(places[a.index] for a in n.arguments), n.value) for n in nodes]


def raised(rows: list[Row]) -> Node:
    """The expression that `flat` made rows of.

    >>> raised(flat(2 * symbol("x"))) is 2 * symbol("x")
    True
    """
    made: list[Node] = []
    for operation, places, value in rows:
        inside = [made[place] for place in places]
        if operation in ("number", "symbol"):
            made.append(number(value) if operation == "number" else symbol(value))
        else:
            made.append(apply(operation, *inside) if value is None else carry(operation, value, *inside))
    return made[-1]
