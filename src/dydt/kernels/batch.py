"""Equations of one shape, as on the cells of a grid: found in a large law, and written as one loop.

Two equations have one shape if they differ only in the states they read. A thousand cells then cost the compiler
as much as one, and the loop takes as many cells at once as a register holds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from dydt.expr.graph import Node, substitute, symbol, walk
from dydt.expr.network import networks
from dydt.kernels.llvm import Function, Value
from dydt.kernels.tape import Operations, Tape

WIDTH = 8  # members that one turn of the loop takes
LEAST = 4 * WIDTH  # fewer members are written one by one
_WIDEST_STRIDE = 4


@dataclass(frozen=True)
class Batch:
    """Equations of one shape.

    Attributes
    ----------
    tape : Tape
        One of them, its states replaced by the symbols in `leaves`.
    leaves : tuple of str
    outputs : tuple of int
        Which equations they are; a whole number of turns.
    reads : tuple of tuple of int
        For each leaf, the state that each member reads there.
    """

    tape: Tape
    leaves: tuple[str, ...]
    outputs: tuple[int, ...]
    reads: tuple[tuple[int, ...], ...]


def find_batches(outputs: Sequence[Node], states: Sequence[str], independent: str) -> list[Batch]:
    """The batches among the equations of a law; what is in none of them is left to be written one by one.

    There are none if equations share much of what they compute: each member of a batch computes all it needs. Those
    with networks are in none, since a network is called once for all of its outputs.
    """
    if len(outputs) < 2 * LEAST:
        return []
    place = {name: i for i, name in enumerate(states)}
    allowance = 4 * len(walk(outputs))
    shapes: dict[tuple[Any, ...], list[tuple[int, list[int]]]] = {}
    has_networks = bool(networks(outputs))
    for i, output in enumerate(outputs):
        if has_networks and networks([output]):
            continue
        shape, reads = _shape(output, place)
        allowance -= len(shape)
        if allowance < 0:
            return []
        shapes.setdefault(shape, []).append((i, reads))
    batches = []
    for members in shapes.values():
        whole = len(members) - len(members) % WIDTH
        if whole >= LEAST:
            first, reads = members[0]
            leaves = tuple(f"read {k}" for k in range(len(reads)))
            names = {states[s]: symbol(leaf) for s, leaf in zip(reads, leaves, strict=True)}
            tape = Tape(substitute([outputs[first]], names), (*leaves, independent))
            kept = members[:whole]
            columns = tuple(zip(*(r for _, r in kept), strict=True))
            batches.append(Batch(tape, leaves, tuple(i for i, _ in kept), columns))
    return batches


def _shape(output: Node, place: Mapping[str, int]) -> tuple[tuple[Any, ...], list[int]]:
    """An expression with its states numbered in order of appearance, and which states these are."""
    local: dict[int, int] = {}
    reads: dict[int, int] = {}
    parts: list[Any] = []
    for node in walk([output]):
        local[node.index] = len(local)
        if node.operation == "symbol" and node.value in place:
            parts.append(("read", reads.setdefault(place[node.value], len(reads))))
        elif node.arguments:
            parts.append((node.operation, *(local[a.index] for a in node.arguments)))
        else:
            parts.append((node.operation, node.value))
    return tuple(parts), list(reads)


def write_batch(
    f: Function, batch: Batch, operations: Operations, others: Mapping[str, Value], y: Value, out: Value
) -> None:
    """The loop over a batch: `y` and `out` are the addresses of the states and of their slopes.

    `others` has the values of parameters and of the independent variable.
    """
    needed = {row.value for row in batch.tape.rows if row.operation == "symbol"}
    others = {name: value for name, value in others.items() if name in needed}
    prelude = batch.tape.run_prelude(operations, others)
    step = WIDTH if f.lanes == 1 else 1
    with f.count(len(batch.outputs), step) as member:
        inputs = dict(others)
        for leaf, column in zip(batch.leaves, batch.reads, strict=True):
            inputs[leaf] = _read(f, y, column, member)
        (value,) = batch.tape.run(operations, inputs, prelude)
        _write(f, value, out, batch.outputs, member)


def _stride(column: Sequence[int]) -> int | None:
    """The step between the entries of a column, if it is always the same."""
    step = column[1] - column[0]
    return step if all(b - a == step for a, b in pairwise(column)) else None


def _index(f: Function, column: Sequence[int], member: Value) -> Callable[[int], Value]:
    """Where entry `member + i` of a column points: by arithmetic, or from a table."""
    step = _stride(column)
    if step is not None:
        return lambda i: member * step + (column[0] + step * i)
    table = Value(f, f.module.table(f"column{len(f.module.tables)}", column, "integer"), "pointer")
    return lambda i: f.load(table, member + i, "integer")


def _read(f: Function, y: Value, column: Sequence[int], member: Value) -> Value:
    """The states that the members of this turn read at one leaf."""
    index = _index(f, column, member)
    if f.lanes > 1:
        return f.load(y, index(0), lanes=f.lanes)
    step = _stride(column)
    if step == 0:
        return f.spread(f.load(y, column[0]), WIDTH)
    if step is not None and 1 <= step <= _WIDEST_STRIDE:
        wide = f.load(f.offset(y, index(0)), lanes=WIDTH * step)
        return wide if step == 1 else f.every(wide, step)
    value = f.constant(0.0, lanes=WIDTH)
    for i in range(WIDTH):
        value = f.set_lane(value, i, f.load(y, index(i)))
    return value


def _write(f: Function, value: Value, out: Value, column: Sequence[int], member: Value) -> None:
    index = _index(f, column, member)
    if f.lanes > 1:
        f.store(f.spread(value, f.lanes), out, index(0))
        return
    value = f.spread(value, WIDTH)
    if _stride(column) == 1:
        f.store(value, f.offset(out, index(0)))
        return
    for i in range(WIDTH):
        f.store(f.lane(value, i), out, index(i))


def left_over(batches: Sequence[Batch], count: int) -> list[int]:
    """The equations, of `count`, that are in no batch."""
    taken: Collection[int] = {i for batch in batches for i in batch.outputs}
    return [i for i in range(count) if i not in taken]
