"""Conserved quantities: what a law keeps while everything moves, and how well a solution keeps it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement
from math import lcm
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.brief import brief
from dydt.dynamics.flow import Flow
from dydt.dynamics.surroundings import typical
from dydt.errors import InputError
from dydt.expr.derive import gradient
from dydt.expr.graph import Node, apply, number, substitute, symbol, symbols, walk
from dydt.expr.tidy import plus, times

if TYPE_CHECKING:
    from dydt.ode import ODE
    from dydt.solution import Solution

Array = Any

_SAMPLES = 4  # points of comparison, for each function that a quantity may be made of
_FLAT = 1e-11  # singular values below this part of the largest are 0
_HOLDS = 1e-9  # how much of the terms may be left of ∇V·f where V is conserved
_MOST_TERMS = 260


@dataclass(frozen=True, eq=False)
class Quantity:
    """A function of the states that does not change along solutions.

    Attributes
    ----------
    kind : str
        ``"energy"``, ``"Hamiltonian"`` or ``"first integral"``.
    text, latex : str
        Its formula.
    node : Node
        The formula with the values of parameters put in.
    states : tuple of str
    """

    kind: str
    text: str
    latex: str
    node: Node
    states: tuple[str, ...]

    def __call__(self, points: Any) -> Array:
        """Its values at states, columns in the order of the law's: shape (…, n) gives shape (…)."""
        from dydt.kernels.numpy import evaluate

        points = np.asarray(points, dtype=float)
        inputs = {name: points[..., i] for i, name in enumerate(self.states)}
        return np.broadcast_to(evaluate([self.node], inputs)[0], points.shape[:-1])

    def drift(self, solution: Solution) -> Array:
        """How far it has moved from its first value, at each time of a solution."""
        values = self(solution.y)
        return values - values[0]

    __repr__ = brief

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"

    def _repr_latex_(self) -> str:
        return f"$${self.latex}$$"

    def to_dict(self) -> dict[str, str]:
        """Kind and formula."""
        return {"kind": self.kind, "formula": self.text, "latex": self.latex}


@dataclass(frozen=True, eq=False)
class Conserved(Sequence[Quantity]):
    """The conserved quantities of a law that were found: a sequence, empty if there are none.

    Attributes
    ----------
    items : tuple of Quantity
        Independent of each other; each verified: ∇V·f = 0 at random states.
    tried : str
        Where they were looked for.
    """

    items: tuple[Quantity, ...]
    tried: str

    def __getitem__(self, index: Any) -> Any:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Quantity]:
        return iter(self.items)

    def drift(self, solution: Solution) -> Array:
        """How far the first of them has moved from its first value, at each time of a solution.

        Raises
        ------
        InputError
            If none was found.
        """
        if not self.items:
            raise InputError(f"no conserved quantity was found ({self.tried}), so there is none to drift")
        return self.items[0].drift(solution)

    def __str__(self) -> str:
        if not self.items:
            return f"no conserved quantity found\n  ({self.tried})"
        return "\n".join(str(item) for item in self.items)

    __repr__ = brief

    def _repr_latex_(self) -> str:
        if not self.items:
            return r"$$\text{no conserved quantity found}$$"
        return (
            r"$$\begin{aligned}" + r"\\".join(f"& {item.latex}" for item in self.items) + r"\end{aligned}$$"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"conserved": [item.to_dict() for item in self.items], "tried": self.tried}

    def to_json(self) -> str:
        return json.dumps(self.to_dict())


@np.errstate(all="ignore")  # what is not finite is left out
def conserved(ode: ODE, named: Mapping[str, float]) -> Conserved:
    """See `ODE.conserved`."""
    from dydt.calculus.invariants import first_integrals
    from dydt.expr.tidy import ZERO

    flow = Flow(ode, named)
    points = _sample(flow, typical(flow), 60)
    nodes = substitute(ode.equations.derivatives, {ode.independent: ZERO})
    known = {name: number(value) for name, value in flow.parameters.items()}
    found: list[Quantity] = []
    if not _has_networks(flow):
        for kind, node, text, latex in first_integrals(nodes, flow.names):
            quantity = Quantity(kind, text, latex, substitute([node], known)[0], flow.names)
            if holds(flow, quantity.node, points):
                found.append(quantity)
    for node in combinations(flow, points, [item.node for item in found]):
        found.append(_quantity(flow, node))
    tried = "tried: energies, Hamiltonians, separable laws; sums of powers, logarithms, sines, cosines"
    return Conserved(tuple(found), tried)


def drift(solution: Solution, quantity: Any = None) -> Array:
    """See `Solution.drift`."""
    ode = solution.problem.ode
    parameters = dict(zip(ode.parameters, (float(v) for v in solution._run.parameters), strict=True))
    if quantity is None:
        return conserved(ode, parameters).drift(solution)
    if isinstance(quantity, Quantity | Conserved):
        return quantity.drift(solution)
    node = node_of(quantity, parameters)
    unknown = [name for name in symbols([node]) if name not in solution.states]
    if unknown:
        from dydt.errors import listed, nearest

        known = [*solution.states, *parameters]
        hint = nearest(unknown[0], known) or "."
        raise InputError(f"the law has no `{unknown[0]}`{hint} It has: {listed(known)}")
    return Quantity("quantity", str(quantity), "", node, solution.states).drift(solution)


def node_of(formula: Any, parameters: Mapping[str, float]) -> Node:
    """A formula as text, read, with the values of parameters put in."""
    from dydt.expr.read import read

    if not isinstance(formula, str):
        raise InputError(
            f'a quantity is a formula as text, as in "x^2 + x\'^2", or one that ode.conserved() found, '
            f"not {type(formula).__name__}"
        )
    known = {name: number(value) for name, value in parameters.items()}
    return substitute([read(formula, values=tuple(parameters))], known)[0]


@np.errstate(all="ignore")  # what is not finite is left out
def invariant_near(flow: Flow, point: Array, size: Array) -> Callable[[Array], Array] | None:
    """A function that is conserved in the surroundings of a point; None if none is found."""
    random = np.random.default_rng(5)
    points = point + random.uniform(-0.3, 0.3, (120, flow.size)) * size
    points = points[np.all(np.isfinite(flow(points)), axis=-1)]
    found = next(iter(combinations(flow, points, [], most=1)), None)
    return None if found is None else Quantity("", "", "", found, flow.names)


# -- sums of known functions ----------------------------------------------------------------------------------------


def combinations(flow: Flow, points: Array, known: Sequence[Node], most: int = 3) -> list[Node]:
    """Conserved sums of simple functions, independent of those known; the simplest first.

    The change V' = ∇V·f of each function is computed at random states: sums that vanish at all of them are
    the null space of a matrix.
    """
    found = list(known)
    fresh: list[Node] = []
    if flow.size > 12 or len(points) < 8:
        return fresh
    for stage in _stages(flow, points):
        if len(fresh) >= most or len(found) >= flow.size - 1:
            break
        random = np.random.default_rng(len(stage))
        many = points[random.integers(0, len(points), _SAMPLES * len(stage) + 20)]
        spread = points.max(axis=0) - points.min(axis=0)
        many = many + 0.05 * random.uniform(-1, 1, many.shape) * spread
        for node in _null_sums(flow, stage, many):
            if len(fresh) >= most or len(found) >= flow.size - 1:
                break
            if holds(flow, node, points) and _is_new(flow, node, found, points):
                found.append(node)
                fresh.append(node)
    return fresh


def _stages(flow: Flow, points: Array) -> Iterator[list[Node]]:
    """Functions to sum, from simple ones on."""
    letters = [symbol(name) for name in flow.names]
    special = [node for node in walk(flow.nodes) if node.operation in ("sin", "cos", "exp")]
    turned = {"sin": "cos", "cos": "sin"}
    waves = list(special)
    for node in special:
        if node.operation in turned:
            waves.append(apply(turned[node.operation], node.arguments[0]))
    logs = [apply("log", x) for x, low in zip(letters, points.min(axis=0), strict=True) if low > 0]
    powers = [
        _product(letters, chosen)
        for degree in (1, 2, 3, 4)
        for chosen in combinations_with_replacement(range(len(letters)), degree)
    ]
    counts = [sum(len(_exponents(p)) <= d for p in powers) for d in (1, 2, 3, 4)]
    extra = list({node.index: node for node in [*logs, *waves]}.values())
    yield powers[: counts[0]]
    for count in counts[1:]:
        if count + len(extra) <= _MOST_TERMS:
            yield [*powers[:count], *extra]


def _product(letters: Sequence[Node], chosen: tuple[int, ...]) -> Node:
    result = None
    for i in sorted(set(chosen)):
        power = chosen.count(i)
        factor = letters[i] if power == 1 else letters[i] ** power
        result = factor if result is None else result * factor
    assert result is not None
    return result


def _exponents(node: Node) -> list[str]:
    """The letters of a product of powers, each as often as it occurs."""
    if node.operation == "symbol":
        return [node.value]
    if node.operation == "pow":
        return [node.arguments[0].value] * int(node.arguments[1].value)
    return [letter for argument in node.arguments for letter in _exponents(argument)]


def change(flow: Flow, node: Node) -> Node:
    """∇V·f."""
    total = number(0.0)
    for slope, speed in zip(gradient(node, flow.names), flow.nodes, strict=True):
        total = plus(total, times(slope, speed))
    return total


def _null_sums(flow: Flow, functions: Sequence[Node], points: Array) -> Iterator[Node]:
    """Sums of the functions whose change is zero, with as few terms as can be."""
    matrix = flow.at([change(flow, node) for node in functions], points)
    matrix = matrix[np.all(np.isfinite(matrix), axis=-1)]
    if len(matrix) < len(functions):
        return
    sizes = np.linalg.norm(matrix, axis=0)
    sizes[sizes == 0] = 1.0
    _, values, rows = np.linalg.svd(matrix / sizes)
    null = rows[values < _FLAT * max(values[0], 1e-300)] / sizes
    for row in _reduced(null):
        row = np.where(np.abs(row) * sizes < 1e-9 * np.max(np.abs(row) * sizes), 0.0, row)
        first = row[np.flatnonzero(row)[0]]
        for coefficients in (
            _scaled(row),
            row / first,
        ):  # 1.5000000023 may be meant so: the one that holds is kept
            yield _sum([(c, f) for c, f in zip(coefficients, functions, strict=True) if c])


def _reduced(null: Array) -> Array:
    """The null space by rows with zeros where the others lead: simple functions come first."""
    rows = null.copy()
    done = 0
    for column in range(rows.shape[1] - 1, -1, -1):
        if done == len(rows):
            break
        pivot = done + int(np.argmax(np.abs(rows[done:, column])))
        if abs(rows[pivot, column]) < 1e-8 * np.abs(rows[done:]).max(initial=0.0):
            continue
        rows[[done, pivot]] = rows[[pivot, done]]
        rows[done] /= rows[done, column]
        others = [i for i in range(len(rows)) if i != done]
        rows[others] -= np.outer(rows[others, column], rows[done])
        done += 1
    order = np.argsort([np.count_nonzero(np.abs(row) > 1e-9) for row in rows], kind="stable")
    return rows[order]


def _scaled(row: Array) -> Array:
    """Coefficients as whole numbers where they are short fractions of the first; else over the first."""
    first = row[np.flatnonzero(row)[0]]
    fractions = [Fraction(float(value)).limit_denominator(1000) for value in row / first]
    close = [
        abs(float(near) - value) <= 1e-8 * max(abs(value), 1e-3)
        for near, value in zip(fractions, row / first, strict=True)
    ]
    common = lcm(*(near.denominator for near in fractions)) if all(close) else 1
    common = common if common <= 1000 else 1
    pairs = zip(row / first, fractions, close, strict=True)
    return np.array([float(near * common) if fine else value * common for value, near, fine in pairs])


def _sum(terms: Sequence[tuple[float, Node]]) -> Node:
    total: Node | None = None
    for coefficient, function in terms:
        size = abs(coefficient)
        term = function if size == 1.0 else number(size) * function
        if total is None:
            total = -term if coefficient < 0 else term
        else:
            total = total - term if coefficient < 0 else total + term
    return total if total is not None else number(0.0)


# -- proof by numbers -----------------------------------------------------------------------------------------------


def holds(flow: Flow, node: Node, points: Array) -> bool:
    """Whether ∇V·f vanishes at all points against the size of its terms, and V does depend on the states."""
    with np.errstate(all="ignore"):
        slopes, speeds = flow.at(gradient(node, flow.names), points), flow(points)
    terms = np.abs(slopes * speeds).sum(axis=-1)
    rest = np.abs((slopes * speeds).sum(axis=-1))
    fine = np.isfinite(terms) & (terms > 0)
    return bool(
        np.count_nonzero(fine) >= max(8, 0.9 * len(points)) and np.all(rest[fine] <= _HOLDS * terms[fine])
    )


def _is_new(flow: Flow, node: Node, found: Sequence[Node], points: Array) -> bool:
    """Whether its gradient is independent of the others'."""
    independent = 0
    for point in points[:12]:
        rows = np.array([flow.at(gradient(item, flow.names), point) for item in (*found, node)])
        lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
        if np.all(np.isfinite(rows)) and np.all(lengths > 0):
            independent += np.linalg.matrix_rank(rows / lengths, tol=1e-7) == len(rows)
    return independent >= 6


def _sample(flow: Flow, seen: Array | None, count: int) -> Array:
    """Random states around a typical solution, or of order 1, where the law is finite."""
    random = np.random.default_rng(3)
    if seen is None or len(seen) < 2:
        low, high = np.full(flow.size, 0.2), np.full(flow.size, 1.7)
    else:
        low, high = seen.min(axis=0), seen.max(axis=0)
        high = np.where(high > low, high, low + 1e-2 * np.abs(low) + 1e-3)
    points = random.uniform(low, high, (4 * count, flow.size))
    with np.errstate(all="ignore"):
        points = points[np.all(np.isfinite(flow(points)), axis=-1)]
    return points[:count]


def _quantity(flow: Flow, node: Node) -> Quantity:
    from dydt.expr.write import latex, write

    return Quantity("first integral", write(node), latex(node), node, flow.names)


def _has_networks(flow: Flow) -> bool:
    return any(
        node.operation not in ("symbol", "number") and node.value is not None for node in walk(flow.nodes)
    )
