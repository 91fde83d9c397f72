"""Expression graph -> straight-line code: one row an instruction, each computed once.

A tape differs from the graph only in rounding: constant powers become products and roots, divisions that share
a denominator become products with its reciprocal, and a product that is only added becomes a fused
multiply-add. A difference that occurs both ways round, as in every law of action and reaction, is computed once
(``b - a`` as ``-(a - b)``).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dydt.expr.graph import Node, apply, is_number, number, rebuild, walk

_LARGEST_PRODUCT = 32  # x^n is written as products up to this n

Operations = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class Row:
    """One instruction: an operation on earlier rows; a symbol's name or a number's value in `value`."""

    operation: str
    arguments: tuple[int, ...] = ()
    value: Any = None


class Tape:
    """Straight-line code for several expressions.

    Parameters
    ----------
    outputs : sequence of Node
    varying : collection of str
        Names that change while solving; what depends on none of them is computed once, in the prelude.

    Attributes
    ----------
    rows : list of Row
        The prelude first.
    prelude : int
        How many rows do not depend on `varying`.
    outputs : list of int
        Row of each output.
    """

    def __init__(self, outputs: Sequence[Node], varying: Sequence[str] = ()) -> None:
        roots = simplified(outputs)
        order = walk(roots)
        uses = Counter(a.index for node in order for a in node.arguments)
        uses.update(root.index for root in roots)
        fused = {n.index: f for n in order if (f := _fuse(n, uses)) is not None}
        absorbed = {product.index for _, _, product in fused.values()}
        changing: set[int] = set()
        for node in order:
            is_varying = node.operation == "symbol" and node.value in varying
            if is_varying or any(a.index in changing for a in node.arguments):
                changing.add(node.index)
        kept = [n for n in order if n.index not in absorbed]
        kept = [n for n in kept if n.index not in changing] + [n for n in kept if n.index in changing]
        place: dict[int, int] = {}
        self.rows: list[Row] = []
        for node in kept:
            place[node.index] = len(self.rows)
            name, arguments = node.operation, node.arguments
            if node.index in fused:
                name, arguments, _ = fused[node.index]
            self.rows.append(Row(name, tuple(place[a.index] for a in arguments), node.value))
        self.prelude = sum(n.index not in changing for n in kept)
        self.outputs = [place[root.index] for root in roots]

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        lines = []
        for i, row in enumerate(self.rows):
            if row.operation in ("number", "symbol"):
                text = str(row.value)
            else:
                text = f"{row.operation} " + ", ".join(f"%{a}" for a in row.arguments)
            lines.append(f"%{i} = {text}" + ("    ; once" if i < self.prelude and row.arguments else ""))
        return "\n".join([*lines, "return " + ", ".join(f"%{i}" for i in self.outputs)])

    @property
    def work(self) -> int:
        """How many operations one evaluation takes, the prelude aside."""
        return sum(bool(row.arguments) for row in self.rows[self.prelude :])

    def run_prelude(self, operations: Operations, inputs: Mapping[str, Any]) -> list[Any]:
        """Values of the rows that are computed once."""
        return self._run(operations, inputs, [], 0, self.prelude)

    def run(self, operations: Operations, inputs: Mapping[str, Any], prelude: list[Any]) -> list[Any]:
        """The outputs, from whatever numbers the operations work on.

        Parameters
        ----------
        operations : mapping
            For each operation's name, a function of its arguments; ``"number"`` makes a constant.
        inputs : mapping
            Value of each symbol.
        prelude : list
            What `run_prelude` gave.
        """
        values = self._run(operations, inputs, prelude, self.prelude, len(self.rows))
        return [values[i] for i in self.outputs]

    def _run(
        self, operations: Operations, inputs: Mapping[str, Any], known: list[Any], first: int, last: int
    ) -> list[Any]:
        values = list(known)
        for row in self.rows[first:last]:
            if row.operation == "symbol":
                values.append(inputs[row.value])
            elif row.operation == "number":
                values.append(operations["number"](row.value))
            else:
                data = () if row.value is None else (row.value,)
                values.append(operations[row.operation](*data, *[values[a] for a in row.arguments]))
        return values


def simplified(outputs: Sequence[Node]) -> list[Node]:
    """The expressions as a tape computes them, sums with products aside."""
    return _share_denominators(_rewrite(outputs))


def _rewrite(outputs: Sequence[Node]) -> list[Node]:
    new: dict[int, Node] = {}
    seen: set[tuple[str, int, int]] = set()
    for node in walk(outputs):
        arguments = tuple(new[a.index] for a in node.arguments)
        if node.value is not None:
            new[node.index] = rebuild(node, arguments) if arguments else node
        else:
            new[node.index] = _rewrite_one(node.operation, arguments, seen)
    return [new[node.index] for node in outputs]


def _rewrite_one(name: str, arguments: tuple[Node, ...], seen: set[tuple[str, int, int]]) -> Node:
    """Signs are moved outwards, where an addition or another sign takes them in; `seen` are pairs met before."""
    a = arguments[0]
    b = arguments[1] if len(arguments) > 1 else a
    sign_a, sign_b = a.operation == "neg", b.operation == "neg"
    match name:
        case "add":
            if sign_b:
                return _rewrite_one("sub", (a, b.arguments[0]), seen)
            if sign_a:
                return _rewrite_one("sub", (b, a.arguments[0]), seen)
        case "sub":
            if sign_b:
                return _rewrite_one("add", (a, b.arguments[0]), seen)
            if sign_a:
                return -_rewrite_one("add", (a.arguments[0], b), seen)
            if ("sub", b.index, a.index) in seen:
                return -apply("sub", b, a)
            seen.add(("sub", a.index, b.index))
        case "mul" | "div":
            if sign_a or sign_b:
                bare = (a.arguments[0] if sign_a else a, b.arguments[0] if sign_b else b)
                product = _rewrite_one(name, bare, seen)
                return product if sign_a and sign_b else -product
        case "pow" if is_number(b):
            return _power(a, b.value)
    if name in ("add", "mul"):
        if (name, b.index, a.index) in seen:
            return apply(name, b, a)
        seen.add((name, a.index, b.index))
    return apply(name, *arguments)


def _power(x: Node, exponent: float) -> Node:
    """x^n as products, x^(n/2) with a square root; other powers stay."""
    whole = abs(exponent)
    if whole > _LARGEST_PRODUCT or (2 * whole) % 1:
        return apply("pow", x, number(exponent))
    if x.operation == "neg" and whole % 1 == 0:
        return _power(x.arguments[0], exponent) if whole % 2 == 0 else -_power(x.arguments[0], exponent)
    factors = [apply("sqrt", x)] if whole % 1 else []
    square = x
    count = math.floor(whole)
    while count:
        if count % 2:
            factors.append(square)
        square = square * square
        count //= 2
    result = factors[0]
    for factor in factors[1:]:
        result = result * factor
    return result if exponent > 0 else 1.0 / result


def _share_denominators(outputs: list[Node]) -> list[Node]:
    """Two or more quotients with one denominator become products with its reciprocal."""
    order = walk(outputs)
    quotients = [n for n in order if n.operation == "div" and not is_number(n.arguments[1])]
    denominators = Counter(n.arguments[1].index for n in quotients)
    if not any(count > 1 for count in denominators.values()):
        return outputs
    new: dict[int, Node] = {}
    for node in order:
        arguments = tuple(new[a.index] for a in node.arguments)
        if node.operation == "div" and denominators[node.arguments[1].index] > 1:
            new[node.index] = arguments[0] * (1.0 / arguments[1])
        else:
            new[node.index] = rebuild(node, arguments) if arguments else node
    return [new[node.index] for node in outputs]


def _fuse(node: Node, uses: Counter[int]) -> tuple[str, tuple[Node, ...], Node] | None:
    """A sum with a product used nowhere else, as (operation, its arguments, that product)."""
    if node.operation not in ("add", "sub"):
        return None
    a, b = node.arguments
    for product, other, name in ((b, a, "fnma" if node.operation == "sub" else "fma"), (a, b, "fms")):
        if product.operation == "mul" and uses[product.index] == 1:
            if node.operation == "add":
                name = "fma"
            return name, (*product.arguments, other), product
    return None
