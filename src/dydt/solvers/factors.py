"""Jacobian and linear systems on memory, as functions of a kernel of their own: for laws too large for registers.

Up to some thousand operations an elimination is written out; beyond it is a loop over tables of its places.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from dydt.errors import InputError
from dydt.kernels.llvm import Function, Module, Value
from dydt.solvers.jacobian import Jacobian
from dydt.solvers.linear import SOUND, Elimination

WRITTEN_OUT = 400  # multiply-adds up to which an elimination is straight-line code
MOST_UPDATES = 2_000_000

Table = Callable[[Function, Value], Mapping[str, Callable[..., Any]]]


def write_linearisation(
    module: Module,
    jacobian: Jacobian,
    names: tuple[Sequence[str], Sequence[str], str],
    table: Table,
    lanes: int,
) -> Function:
    """linearise(t, y, p, factors, pull): -J into the places of the factors, ∂f/∂t into `pull`.

    `names` are those of the states, the parameters and the independent variable.
    """
    if "linearise" in module.functions:
        return module.functions["linearise"]
    states, parameters, independent = names
    pointers = [(name, "pointer") for name in ("y", "p", "factors", "pull")]
    f = module.function("linearise", "void", [("t", "number"), *pointers], lanes, internal=True)
    f.attributes = "nounwind noinline"
    t, y, p, factors, pull = f.arguments
    read = {name: (y, i) for i, name in enumerate(states)} | {
        name: (p, i) for i, name in enumerate(parameters)
    }
    needed = {row.value for row in jacobian.apart.rows if row.operation == "symbol"}
    inputs = {name: f.load(*read[name], lanes=lanes) for name in read if name in needed}
    inputs[independent] = t
    operations = table(f, p)
    tape = jacobian.apart
    values = tape.run(operations, inputs, tape.run_prelude(operations, inputs))
    slots = jacobian.elimination.slots
    entries = dict(zip(jacobian.places, values, strict=False))
    for place, slot in slots.items():
        value = -entries[place] if place in entries else f.constant(0.0)
        f.store(f.spread(value, lanes), factors, slot)
    for i, value in enumerate(values[len(jacobian.places) :]):
        f.store(f.spread(value, lanes), pull, i)
    f.give()
    return f


def write_factorisation(module: Module, jacobian: Jacobian, lanes: int) -> Function:
    """factorise(shift, factors): in place; gives 1, or NaN in lanes whose factors can't be trusted."""
    if "factorise" in module.functions:
        return module.functions["factorise"]
    f = module.function(
        "factorise", "number", [("shift", "number"), ("factors", "pointer")], lanes, internal=True
    )
    f.attributes = "nounwind noinline"
    shift, place = f.arguments
    how = jacobian.elimination
    if isinstance(how, Elimination) and how.updates > WRITTEN_OUT:
        f.give(_factorise_by_tables(f, how, shift, place))
        return f
    occupied = {(i, i) for i in range(jacobian.size)} | set(jacobian.places)
    entries = {key: f.load(place, how.slots[key], lanes=lanes) for key in occupied}
    found = how.factorise(f, entries, shift)
    for key, slot in how.slots.items():
        value = found[key]
        f.store(f.spread(value if isinstance(value, Value) else f.constant(value), lanes), place, slot)
    trust = how.trust(f, found, shift)
    f.give(f.constant(1.0) if trust is None else trust)
    return f


def write_substitution(module: Module, jacobian: Jacobian, lanes: int) -> Function:
    """substitute(factors, b, x): x of W x = b."""
    if "substitute" in module.functions:
        return module.functions["substitute"]
    pointers = [(name, "pointer") for name in ("factors", "b", "x")]
    f = module.function("substitute", "void", pointers, lanes, internal=True)
    f.attributes = "nounwind noinline"
    place, b, x = f.arguments
    how = jacobian.elimination
    if isinstance(how, Elimination) and how.updates > WRITTEN_OUT:
        _substitute_by_tables(f, how, place, b, x)
    else:
        factors = {key: f.load(place, slot, lanes=lanes) for key, slot in how.slots.items()}
        right = [f.load(b, i, lanes=lanes) for i in range(jacobian.size)]
        for i, value in enumerate(how.solve(f, factors, right)):
            f.store(f.spread(value, lanes), x, i)
    f.give()
    return f


# -- by tables ----------------------------------------------------------------------------------------------------


class _Tables:
    """Tables of a function, read by index."""

    def __init__(self, f: Function) -> None:
        self.f = f

    def __call__(self, name: str, values: Sequence[float], index: Value, kind: str = "integer") -> Value:
        text = self.f.module.table(f"places of {name}".replace(" ", "_"), values or [0], kind)
        return self.f.load(Value(self.f, text, "pointer"), index, kind)


def _flat(rows: Sequence[Sequence[int]]) -> list[int]:
    return [item for row in rows for item in row]


def _starts(rows: Sequence[Sequence[int]]) -> list[int]:
    return [0, *accumulate(len(row) for row in rows)]


def _factorise_by_tables(f: Function, how: Elimination, shift: Value, place: Value) -> Value:
    if how.updates > MOST_UPDATES:
        raise InputError(
            f"the Jacobian of this law fills in too much for a stiff method: {how.updates:,} operations a "
            "factorisation; some hundreds of states, or more on a line, are what it can do"
        )
    n, slots, read = how.size, how.slots, _Tables(f)
    below = [[slots[i, k] for i in rows] for k, rows in zip(how.order, how.below, strict=True)]
    right = [[slots[k, j] for j in columns] for k, columns in zip(how.order, how.right, strict=True)]
    targets = [
        slots[i, j] for rows, columns in zip(how.below, how.right, strict=True) for i in rows for j in columns
    ]
    largest = f.variable(f.constant(0.0))
    target = f.variable(f.constant(0, "integer", 1))
    if not how.plain:
        _add_mass(f, how, shift, place)
    with f.count(n) as k:
        diagonal = read("pivots", how.order, k)
        entry = f.load(place, diagonal, lanes=f.lanes)
        size = pivot = 1.0 / (entry + shift if how.plain else entry)
        f.store(pivot, place, diagonal)
        if not how.plain:
            size = pivot * read("masses", [how.mass.get((i, i), 0.0) for i in how.order], k, "number")
        largest.set(f.maximum(f.absolute(size), largest.get()))
        first, first_right = read("first below", _starts(below), k), read("first right", _starts(right), k)
        to_the_right = read("first right", _starts(right), k + 1) - first_right
        with f.count(read("first below", _starts(below), k + 1) - first) as e:
            slot = read("below", _flat(below), first + e)
            factor = f.load(place, slot, lanes=f.lanes) * pivot
            f.store(factor, place, slot)
            with f.count(to_the_right) as g:
                other = f.load(place, read("right", _flat(right), first_right + g), lanes=f.lanes)
                slot = read("targets", targets, target.get() + g)
                f.store(f.fma(-factor, other, f.load(place, slot, lanes=f.lanes)), place, slot)
            target.set(target.get() + to_the_right)
    return f.where(largest.get() * f.absolute(shift) < 1.0 / SOUND, 1.0, math.nan)


def _add_mass(f: Function, how: Elimination, shift: Value, place: Value) -> None:
    read, places = _Tables(f), list(how.mass)
    with f.count(len(places)) as e:
        slot = read("places of the mass", [how.slots[key] for key in places], e)
        weight = read("weights", [how.mass[key] for key in places], e, "number")
        f.store(f.fma(shift, weight, f.load(place, slot, lanes=f.lanes)), place, slot)


def _substitute_by_tables(f: Function, how: Elimination, place: Value, b: Value, x: Value) -> None:
    n, slots, read = how.size, how.slots, _Tables(f)
    lower = [(i, k) for k, rows in zip(how.order, how.below, strict=True) for i in rows]
    with f.count(n) as i:
        f.store(f.load(b, i, lanes=f.lanes), x, i)
    with f.count(len(lower)) as e:
        row, column = (
            read("lower rows", [i for i, _ in lower], e),
            read("lower columns", [k for _, k in lower], e),
        )
        factor = f.load(place, read("lower", [slots[p] for p in lower], e), lanes=f.lanes)
        f.store(f.fma(-factor, f.load(x, column, lanes=f.lanes), f.load(x, row, lanes=f.lanes)), x, row)
    order, right = how.order[::-1], [row[::-1] for row in how.right[::-1]]
    upper = [(k, j) for k, columns in zip(order, right, strict=True) for j in columns]
    with f.count(n) as k:
        row, first = read("rows upwards", order, k), read("first upper", _starts(right), k)
        total = f.variable(f.load(x, row, lanes=f.lanes))
        with f.count(read("first upper", _starts(right), k + 1) - first) as e:
            factor = f.load(place, read("upper", [slots[p] for p in upper], first + e), lanes=f.lanes)
            other = f.load(x, read("upper columns", [j for _, j in upper], first + e), lanes=f.lanes)
            total.set(f.fma(-factor, other, total.get()))
        f.store(total.get() * f.load(place, row, lanes=f.lanes), x, row)
