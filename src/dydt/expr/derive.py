"""Exact derivatives of expressions: one walk over the graph, each operation's partials from the one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dydt.expr.equations import Equations
from dydt.expr.graph import OPERATIONS, Node, walk
from dydt.expr.tidy import ONE, ZERO, plus, times

_Slopes = dict[int, Node]  # column -> derivative; what is missing is zero


def derivative(node: Node, name: str) -> Node:
    """The derivative of `node` with respect to the symbol `name`.

    >>> from dydt.expr.graph import apply, symbol
    >>> x = symbol("x")
    >>> print(derivative(apply("sin", x**2), "x"))
    cos(x^2)*(2*x)
    """
    return gradient(node, [name])[0]


def gradient(node: Node, names: Sequence[str]) -> list[Node]:
    """The derivatives of `node` with respect to each of `names`.

    >>> from dydt.expr.graph import symbol
    >>> [str(part) for part in gradient(symbol("x") * symbol("y"), ["x", "y", "z"])]
    ['y', 'x', '0']
    """
    slopes = _forward([node], names)[0]
    return [slopes.get(column, ZERO) for column in range(len(names))]


def jacobian(equations: Equations, names: Sequence[str] | None = None) -> dict[tuple[int, int], Node]:
    """The Jacobian df_i/dy_j, sparse: ``{(i, j): node}`` for the entries that are not identically zero.

    Parameters
    ----------
    equations : Equations
    names : sequence of str, optional
        What the columns stand for: the states, unless given (``list(equations.parameters)`` gives df/dp).

    >>> from dydt.expr.parse import parse
    >>> {place: str(entry) for place, entry in jacobian(parse("x' = y; y' = -x*y")).items()}
    {(0, 1): '1', (1, 0): '-y', (1, 1): '-x'}
    """
    rows = _forward(equations.derivatives, equations.states if names is None else names)
    return {(i, j): slopes[j] for i, slopes in enumerate(rows) for j in sorted(slopes)}


def time_derivative(equations: Equations) -> tuple[Node, ...]:
    """∂f/∂t, the states held fixed.

    >>> from dydt.expr.parse import parse
    >>> print(*time_derivative(parse("x' = -x + t^2")))
    2*t
    """
    return tuple(slopes.get(0, ZERO) for slopes in _forward(equations.derivatives, [equations.independent]))


def sparsity(equations: Equations, names: Sequence[str] | None = None) -> list[tuple[int, ...]]:
    """For each right-hand side the columns (states, unless `names` says otherwise) it depends on.

    >>> from dydt.expr.parse import parse
    >>> sparsity(parse("x' = y; y' = -x*y"))
    [(1,), (0, 1)]
    """
    columns = {name: j for j, name in enumerate(equations.states if names is None else names)}
    nothing: frozenset[int] = frozenset()
    below: dict[int, frozenset[int]] = {}
    for node in walk(equations.derivatives):
        if node.operation == "symbol":
            below[node.index] = frozenset([columns[node.value]]) if node.value in columns else nothing
        else:
            sets = {below[argument.index] for argument in node.arguments} - {nothing}
            below[node.index] = sets.pop().union(*sets) if sets else nothing
    return [tuple(sorted(below[root.index])) for root in equations.derivatives]


def _forward(roots: Iterable[Node], names: Sequence[str]) -> list[_Slopes]:
    """Each root's derivatives with respect to all names at once, zeros left out."""
    columns = {name: column for column, name in enumerate(names)}
    roots = _with_weights(list(roots), columns)
    nothing: _Slopes = {}
    slopes: dict[int, _Slopes] = {}
    for node in walk(roots):
        if node.operation == "symbol":
            slopes[node.index] = {columns[node.value]: ONE} if node.value in columns else nothing
        elif any(slopes[argument.index] for argument in node.arguments):
            slopes[node.index] = _chain_rule(node, slopes)
        else:
            slopes[node.index] = nothing
    return [slopes[root.index] for root in roots]


def _with_weights(roots: list[Node], columns: Mapping[str, int]) -> list[Node]:
    """The roots, with networks written out of whose weights there are columns: a node of one does not name them."""
    if not any(name.endswith("]") for name in columns):
        return roots
    from dydt.expr.network import written_out

    return written_out(roots, lambda network: not columns.keys().isdisjoint(network.weights))


def partial_derivatives(node: Node) -> tuple[Node | None, ...]:
    """The derivative of an operation with respect to each of its arguments; None where it is zero."""
    if node.value is not None:
        partials: tuple[Node | None, ...] = node.value.partials(node)
        return partials
    return OPERATIONS[node.operation].partials(node, *node.arguments)


def _chain_rule(node: Node, slopes: dict[int, _Slopes]) -> _Slopes:
    total: _Slopes = {}
    partials = partial_derivatives(node)
    for argument, partial in zip(node.arguments, partials, strict=True):
        if partial is None:
            continue
        for column, slope in slopes[argument.index].items():
            term = times(partial, slope)
            total[column] = plus(total[column], term) if column in total else term
    return {column: term for column, term in total.items() if term is not ZERO}
