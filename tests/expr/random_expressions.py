"""Random expressions as plain tuples, so that tests can build them with and without simplification."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from dydt.expr.graph import OPERATIONS, apply, number, symbol, walk
from dydt.expr.operate import operate

NAMES = ("x", "y'", "alpha_1", "t", "k2")
CONSTANTS = st.one_of(
    st.integers(-3, 12).map(float),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.1, 1e-9, 1e22, 2.5]),
)
LEAVES = st.one_of(CONSTANTS, st.sampled_from(NAMES))
ARITHMETIC = ("add", "sub", "mul", "div", "neg", "pow")


def _operations(parts, names):
    return st.sampled_from(names).flatmap(
        lambda name: st.tuples(st.just(name), *[parts] * OPERATIONS[name].arity)
    )


def trees(names=None):
    """Trees of operations; a leaf is a number or a name."""
    rows = tuple(row.name for row in OPERATIONS.values()) if names is None else names
    weighted = ARITHMETIC * 4 + rows if names is None else rows
    return st.recursive(LEAVES, lambda parts: _operations(parts, weighted), max_leaves=12)


def build(tree):
    """The node of a tree."""
    if isinstance(tree, str):
        return symbol(tree)
    if isinstance(tree, float):
        return number(tree)
    return apply(tree[0], *map(build, tree[1:]))


def one_zero(value: float) -> float:
    """The value, with -0 as 0: the one distinction simplification does not keep."""
    return value + 0.0


def value_of_tree(tree, values) -> float:
    """The value of every operation as it is written."""
    if isinstance(tree, str):
        return values[tree]
    if isinstance(tree, float):
        return one_zero(tree)
    return one_zero(operate(tree[0], *(value_of_tree(part, values) for part in tree[1:])))


def value_of_node(node, values) -> float:
    """The same for a node."""
    found = {}
    for item in walk([node]):
        if item.operation == "number":
            found[item.index] = one_zero(item.value)
        elif item.operation == "symbol":
            found[item.index] = values[item.value]
        else:
            found[item.index] = one_zero(operate(item.operation, *(found[a.index] for a in item.arguments)))
    return found[node.index]


def has_endless_constant(node) -> bool:
    """Whether an operation on numbers only is infinite or NaN, which the language refuses."""
    constants = {}
    for item in walk([node]):
        if item.operation == "number":
            constants[item.index] = item.value
        elif item.arguments and all(a.index in constants for a in item.arguments):
            value = operate(item.operation, *(constants[a.index] for a in item.arguments))
            if not math.isfinite(value):
                return True
            constants[item.index] = value
    return False
