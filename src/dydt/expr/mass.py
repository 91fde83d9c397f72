"""Mass matrices: M y' = f(t, y, p) with a constant M that may be singular, and the constraints it then holds.

A vector u with uᵀM = 0 gives a constraint, 0 = uᵀf(t, y); a vector v with M v = 0 is a direction in which the state
may be moved without a change of M y. The law has the index 1 if the constraints determine how far, that is if the
matrix Uᵀ (∂f/∂y) V is regular (Hairer & Wanner, Solving ODEs II, 2nd ed., VI.1). Where M is the identity with some ones
left out, the directions are the algebraic states, and the matrix is the familiar ∂g/∂z.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dydt.errors import InputError, LawError
from dydt.expr.derive import gradient, jacobian, sparsity
from dydt.expr.equations import Equations
from dydt.expr.graph import Node, is_number, number, symbols
from dydt.expr.linear import determinant
from dydt.expr.tidy import ZERO, minus, negative, over, plus, times

Array = Any
Mass = dict[tuple[int, int], float]

_INVERTED = 16  # states up to which a regular M is inverted, whatever its inverse looks like
_ROUNDING = 1e-12  # a pivot this small, next to the largest entry, is zero
_BY_HAND = 4  # constraints up to which algebraic states are differentiated on the graph

INDEX_HINT = (
    "differentiate the constraint with respect to {t} until it holds the algebraic state, put in what the other "
    "equations say, and take the result in its place"
)


@dataclass(frozen=True, eq=False)
class Constraints:
    """What a singular mass matrix asks of a state.

    Attributes
    ----------
    nodes : tuple of Node
        g = Uᵀf, which must be zero.
    directions : ndarray, shape (n, m)
        V: the state may be moved by V z.
    block : dict
        The entries of Uᵀ (∂f/∂y) V that are not identically zero.
    names : tuple of str
        For each direction the state it moves most.
    """

    nodes: tuple[Node, ...]
    directions: Array
    block: dict[tuple[int, int], Node]
    names: tuple[str, ...]

    @classmethod
    def of(cls, equations: Equations) -> Constraints | None:
        """Those of a law; None if it has none.

        >>> from dydt.expr.parse import parse
        >>> found = Constraints.of(parse("x' = -z; 0 = x - z^3"))
        >>> str(found.nodes[0]), found.names, {place: str(node) for place, node in found.block.items()}
        ('x - z^3', ('z',), {(0, 0): '-(3*z^2)'})
        """
        if equations.mass is None:
            return None
        size = len(equations.states)
        left, right = null_vectors(equations.mass, size, rows=True), null_vectors(equations.mass, size)
        nodes = tuple(_combination(row, equations.derivatives) for row in left.T)
        slopes = jacobian(replace(equations, derivatives=nodes, written=equations.written))
        block: dict[tuple[int, int], Node] = {}
        columns: dict[int, list[tuple[int, float]]] = {}
        for state, j in zip(*map(np.ndarray.tolist, np.nonzero(right)), strict=True):
            columns.setdefault(state, []).append((j, float(right[state, j])))
        for (i, state), node in slopes.items():
            for j, weight in columns.get(state, []):
                block[i, j] = plus(block.get((i, j), ZERO), times(number(weight), node))
        block = {place: node for place, node in block.items() if node is not ZERO}
        moved = np.abs(right).argmax(axis=0) if right.size else []
        return cls(nodes, right, block, tuple(equations.states[k] for k in moved))

    @property
    def unsettled(self) -> tuple[int, ...]:
        """Constraints that no direction is left for, whatever the values are: then the index is 2 or higher."""
        pattern = [
            [j for j in range(len(self.nodes)) if (i, j) in self.block] for i in range(len(self.nodes))
        ]
        return tuple(i for i, column in enumerate(matching(pattern)) if column < 0)

    def parts(self) -> list[tuple[set[int], set[int]]]:
        """Constraints that must be solved together, and the directions they determine."""
        parts: list[tuple[set[int], set[int]]] = []
        for i, j in self.block:
            touched = [part for part in parts if i in part[0] or j in part[1]]
            parts = [part for part in parts if part not in touched]
            parts.append(({i}.union(*(p[0] for p in touched)), {j}.union(*(p[1] for p in touched))))
        return parts

    def follow(self, changed: Collection[str], states: Sequence[str]) -> set[str]:
        """The states that must move for the constraints to hold, when these have changed."""
        found: set[str] = set()
        for rows, columns in self.parts():
            if set(changed) & set(symbols([self.nodes[i] for i in rows])):
                moved = np.abs(self.directions[:, sorted(columns)]).sum(axis=1)
                found.update(states[k] for k in np.flatnonzero(moved).tolist())
        return found

    def determinants(self) -> list[Node]:
        """The determinants of the block's parts, of those that are small; the index is 1 where none is zero."""
        found = []
        for rows, columns in self.parts():
            if len(rows) == len(columns) <= _BY_HAND:
                place = [[self.block.get((i, j), ZERO) for j in sorted(columns)] for i in sorted(rows)]
                found.append(determinant(place))
        return [node for node in found if node.operation != "number"]


def _combination(weights: Sequence[float], nodes: Sequence[Node]) -> Node:
    total = ZERO
    for weight, node in zip(weights, nodes, strict=True):
        if weight:
            total = plus(total, times(number(float(weight)), node))
    return total


def null_vectors(mass: Mass, size: int, rows: bool = False) -> Array:
    """A basis of what M maps to zero, a column each; with `rows`, of what maps the rows to zero.

    >>> null_vectors({(0, 0): 1.0, (0, 1): 2.0}, 2).T.tolist()
    [[-2.0, 1.0]]
    """
    if all(i == j for i, j in mass):
        return np.eye(size)[:, [i for i in range(size) if (i, i) not in mass]]
    matrix = np.zeros((size, size))
    for (i, j), entry in mass.items():
        matrix[(j, i) if rows else (i, j)] = entry
    reduced, pivots = _reduce(matrix)
    free = [j for j in range(size) if j not in pivots]
    basis = np.zeros((size, len(free)))
    for k, j in enumerate(free):
        basis[j, k] = 1.0
        basis[pivots, k] = -reduced[: len(pivots), j] + 0.0
    return basis


def _reduce(matrix: Array) -> tuple[Array, list[int]]:
    """The reduced row echelon form, and the columns of its pivots."""
    matrix = matrix.copy()
    limit = _ROUNDING * np.abs(matrix).max(initial=0.0)
    pivots: list[int] = []
    for j in range(matrix.shape[1]):
        row = len(pivots)
        if row == len(matrix):
            break
        best = row + int(np.abs(matrix[row:, j]).argmax())
        if abs(matrix[best, j]) <= limit:
            continue
        matrix[[row, best]] = matrix[[best, row]]
        matrix[row] /= matrix[row, j]
        others = np.arange(len(matrix)) != row
        matrix[others] -= np.outer(matrix[others, j], matrix[row])
        pivots.append(j)
    return matrix, pivots


def matching(rows: Sequence[Sequence[int]]) -> list[int]:
    """A column for each row, no column twice, for as many rows as possible; -1 for the others.

    >>> matching([[0, 1], [0], [0]])
    [1, 0, -1]
    """
    of_row, of_column = [-1] * len(rows), dict[int, int]()
    for start in range(len(rows)):
        before: dict[int, int] = {}  # column -> the row from which it was reached
        queue = [start]
        for row in queue:  # grows while it is read
            free = next((j for j in rows[row] if j not in of_column and j not in before), None)
            if free is not None:
                column: int = free
                before[column] = row
                while True:  # turn the path around
                    row = before[column]
                    of_column[column], of_row[row], column = row, column, of_row[row]
                    if row == start:
                        break
                break
            for j in rows[row]:
                if j not in before:
                    before[j] = row
                    queue.append(of_column[j])
    return of_row


def arranged(equations: Equations) -> Equations:
    """The same law, its rows in an order in which the matrix M/(hγ) - ∂f/∂y has no structural zero on its diagonal."""
    mass, size = equations.mass, len(equations.states)
    assert mass is not None
    by_row: list[dict[int, float]] = [{} for _ in range(size)]
    for (i, j), entry in mass.items():
        by_row[i][j] = entry
    changing = {j for _, j in mass}
    reads = _by_certainty(equations, [i for i in range(size) if not by_row[i]])
    own = [_large_first(row) for row in by_row]
    # Best of all, a row is about a state whose derivative it holds, or a constraint about an algebraic state.
    found = matching([own[i] or [j for j in reads[i] if j not in changing] for i in range(size)])
    if min(found) < 0:
        found = matching([[*own[i], *(j for j in reads[i] if j not in by_row[i])] for i in range(size)])
    if min(found) < 0:
        return equations  # of a higher index; said elsewhere
    place = {column: i for i, column in enumerate(found)}
    order = [place[j] for j in range(size)]
    return replace(
        equations,
        derivatives=tuple(equations.derivatives[i] for i in order),
        mass={(found[i], j): entry for (i, j), entry in mass.items()},
        written=equations.written,
    )


def _large_first(row: Mapping[int, float]) -> list[int]:
    """The columns of a row of M in their order, those of very small entries last."""
    largest = max(map(abs, row.values()), default=0.0)
    return sorted(row, key=lambda j: (abs(row[j]) < 0.1 * largest, j))


def _by_certainty(equations: Equations, constraints: Sequence[int]) -> list[list[int]]:
    """For each row the states it reads; in constraints those with a constant factor, which can't vanish, first."""
    reads = [list(columns) for columns in sparsity(equations)]
    nodes = tuple(equations.derivatives[i] for i in constraints)
    slopes = jacobian(replace(equations, derivatives=nodes, written=equations.written))
    for k, i in enumerate(constraints):
        reads[i] = [j for j in reads[i] if (k, j) in slopes]
        reads[i].sort(key=lambda j, k=k: slopes[k, j].operation != "number")  # type: ignore[misc]
    return reads


def with_mass(equations: Equations, matrix: Any) -> Equations:
    """The law M y' = f, for a law y' = f and a matrix M.

    A regular M is inverted where that is cheap, so that any method will do.

    Raises
    ------
    InputError
        If `matrix` is not a square of finite numbers, one row a state.
    LawError
        If the index of the law is higher than 1.

    >>> from dydt.expr.parse import parse
    >>> law = with_mass(parse("x' = -x; y' = x - y"), [[2, 0], [0, 0]])
    >>> [f"{left} = {right}" for left, right in zip(law.left, law.derivatives)]
    ["2*x' = -x", '0 = x - y']
    """
    size = len(equations.states)
    if equations.mass is not None:
        raise InputError("the law has constraints already, so that it can't take another mass matrix")
    try:
        m = np.array(matrix, dtype=float)
    except (TypeError, ValueError):
        raise InputError("the mass matrix must hold numbers only: it is constant") from None
    if m.shape != (size, size):
        raise InputError(
            f"the mass matrix must be {size} by {size}, a row and a column for each state, and its shape is {m.shape}"
        )
    if not np.all(np.isfinite(m)):
        i, j = np.argwhere(~np.isfinite(m))[0]
        raise InputError(f"the mass matrix must be finite, and its entry in row {i}, column {j} is {m[i, j]}")
    mass = {(int(i), int(j)): float(m[i, j]) for i, j in np.argwhere(m)}
    law = replace(equations, mass=mass, written=())
    inverse = _inverse(m)
    if inverse is not None:
        solved = tuple(_combination(row, equations.derivatives) for row in inverse)
        return replace(law, derivatives=solved, mass=None)
    law = arranged(law)
    refuse_higher_index(law)
    return law


def _inverse(m: Array) -> Array | None:
    """M⁻¹ if there is one and it is small or sparse."""
    size = len(m)
    if np.count_nonzero(m - np.diag(np.diag(m))) == 0:
        return np.diag(1.0 / np.diag(m)) if np.all(np.diag(m)) else None
    if len(_reduce(m)[1]) < size:
        return None
    inverse = np.linalg.inv(m)
    inverse[np.abs(inverse) < 1e-15 * np.abs(inverse).max()] = 0.0
    return inverse if size <= _INVERTED or np.count_nonzero(inverse) <= 4 * size else None


def refuse_higher_index(equations: Equations) -> None:
    """Complain if the constraints can't determine the algebraic states, whatever the values are."""
    constraints = Constraints.of(equations)
    if constraints is not None and constraints.unsettled:
        raise LawError(
            index_problem(str(constraints.nodes[constraints.unsettled[0]]), equations, constraints),
            hint=INDEX_HINT.format(t=equations.independent),
        )


def refuse_constraints(equations: Equations, what: str) -> None:
    """Complain where something is asked for that only y' = f(t, y) has.

    Raises
    ------
    InputError
        If the law has constraints.
    """
    if equations.mass is not None:
        left = next(
            (
                f"{side} = {node}"
                for side, node in zip(equations.left, equations.derivatives, strict=True)
                if is_number(side, 0.0)
            ),
            "its mass matrix is singular",
        )
        raise InputError(
            f"not yet: {what} of a law with constraints (`{left}`). Solve the constraints for the algebraic states and "
            "put these in, or name them: z = …"
        )


def index_problem(constraint: str, equations: Equations, constraints: Constraints) -> str:
    """What is wrong with a constraint that leaves an algebraic state free."""
    held = set(symbols(constraints.nodes))
    free = [f"`{name}`" for name in equations.algebraic if name not in held] or [
        f"`{name}`" for name in equations.algebraic
    ]
    whom = f"determine {', '.join(free[:4])}" if free else "determine how the states share the change"
    return f"the index of this law is 2 or higher, and 1 can be solved: `0 = {constraint}` does not help to {whom}"


def rates(equations: Equations) -> tuple[Node | None, ...]:
    """y' on the graph; None for states whose rate would take too much to write down.

    Of algebraic states it follows from the constraints: g_y y' + g_t = 0.

    >>> from dydt.expr.parse import parse
    >>> [str(node) for node in rates(parse("x' = -z; 0 = x - z^3"))]
    ['-z', 'z/-(3*z^2)']
    """
    if equations.mass is None:
        return equations.derivatives
    size, constraints = len(equations.states), Constraints.of(equations)
    assert constraints is not None
    known: dict[str, Node] = {}
    for i, state in enumerate(equations.states):
        row = [j for j in range(size) if (i, j) in equations.mass] if (i, i) in equations.mass else []
        if row == [i]:
            known[state] = over(equations.derivatives[i], number(equations.mass[i, i]))
    open_names = [state for state in equations.states if state not in known]
    if len(open_names) > _BY_HAND:
        return tuple(known.get(state) for state in equations.states)
    rows: list[list[Node]] = []
    right: list[Node] = []
    for i, state in enumerate(equations.states):
        entries = {j: m for (k, j), m in equations.mass.items() if k == i}
        if entries and state not in known:
            weights = {equations.states[j]: number(m) for j, m in entries.items()}
            _append(rows, right, weights, equations.derivatives[i], known, open_names)
    for node in constraints.nodes:
        slope, *slopes = gradient(node, [equations.independent, *equations.states])
        weights = dict(zip(equations.states, slopes, strict=True))
        _append(rows, right, weights, negative(slope), known, open_names)
    rows, right = _independent(rows, right, len(open_names))
    base = determinant(rows)
    for k, state in enumerate(open_names):
        replaced = [[*row[:k], r, *row[k + 1 :]] for row, r in zip(rows, right, strict=True)]
        known[state] = over(determinant(replaced), base)
    return tuple(known[state] for state in equations.states)


def _append(
    rows: list[list[Node]],
    right: list[Node],
    weights: dict[str, Node],
    value: Node,
    known: dict[str, Node],
    names: list[str],
) -> None:
    """One more equation Σ wᵢ yᵢ' = value, the known rates put in."""
    for state, weight in weights.items():
        if state in known:
            value = minus(value, times(weight, known[state]))
    rows.append([weights.get(name, ZERO) for name in names])
    right.append(value)


def _independent(
    rows: list[list[Node]], right: list[Node], wanted: int
) -> tuple[list[list[Node]], list[Node]]:
    """As many rows as there are unknowns: of the numeric ones those that depend on others are left out."""
    extra = len(rows) - wanted
    if extra <= 0:
        return rows, right
    numeric = [i for i, row in enumerate(rows) if all(node.operation == "number" for node in row)]
    matrix = np.array([[node.value for node in rows[i]] for i in numeric], dtype=float)
    _, kept = _reduce(matrix.T)
    dropped = [i for k, i in enumerate(numeric) if k not in kept][:extra]
    chosen = [i for i in range(len(rows)) if i not in dropped]
    return [rows[i] for i in chosen], [right[i] for i in chosen]
