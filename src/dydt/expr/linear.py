"""Implicit equations solved for the highest derivatives they are linear in, exactly, on the graph.

Equations that are not linear in them are left as constraints, which tie their highest derivatives to the rest.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from dydt.errors import LawError
from dydt.expr.graph import Node, apply, is_number, substitute, symbols, walk
from dydt.expr.source import Source
from dydt.expr.tidy import ONE, ZERO, minus, negative, over, plus, times

LARGEST_SYSTEM = 4


class NotLinear(Exception):
    """An equation is not linear in the unknown `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass
class Equation:
    """`left` = `right`, found at `position`."""

    left: Node
    right: Node
    position: int

    def unknowns(self, names: Collection[str]) -> list[str]:
        return [name for name in symbols([self.left, self.right]) if name in names]


def residual(left: Node, right: Node) -> Node:
    """What must be zero for two sides to be equal.

    >>> from dydt.expr.graph import symbol
    >>> print(residual(ZERO, symbol("x") - ONE), "|", residual(symbol("x"), ONE))
    x - 1 | x - 1
    """
    return right if is_number(left, 0.0) else left if is_number(right, 0.0) else minus(left, right)


@dataclass
class Solved:
    """What equations say of their unknowns.

    Attributes
    ----------
    derivatives : dict
        Each unknown that could be solved for, in terms of the rest and of the tied ones.
    singular : list of Node
        What must not become zero.
    tied : dict
        The unknowns that equations only tie, each with such an equation: what must be zero, and where it was found.
    """

    derivatives: dict[str, Node] = field(default_factory=dict)
    singular: list[Node] = field(default_factory=list)
    tied: dict[str, tuple[Node, int]] = field(default_factory=dict)


def collect(node: Node, names: Collection[str]) -> tuple[dict[str, Node], Node]:
    """Coefficients c and rest r of ``node = c_1 u_1 + c_2 u_2 + … + r`` for the unknowns u called `names`.

    Raises
    ------
    NotLinear
        If there are none.

    >>> from dydt.expr.graph import symbol
    >>> u, x = symbol("u"), symbol("x")
    >>> coefficients, rest = collect(x*(u + 1) - u/2, {"u"})
    >>> print(coefficients["u"], "|", rest)
    x + -0.5 | x
    """
    found: dict[int, tuple[dict[str, Node], Node]] = {}
    for item in walk([node]):
        if item.operation == "symbol" and item.value in names:
            found[item.index] = ({item.value: ONE}, ZERO)
        elif any(found[argument.index][0] for argument in item.arguments):
            found[item.index] = _collect_row(item, [found[argument.index] for argument in item.arguments])
        else:
            found[item.index] = ({}, item)
    return found[node.index]


_Parts = tuple[dict[str, Node], Node]


def _collect_row(node: Node, parts: list[_Parts]) -> _Parts:
    (first, a), (second, b) = parts[0], parts[1] if len(parts) > 1 else ({}, ZERO)
    match node.operation:
        case "add":
            return _merge(first, second), plus(a, b)
        case "sub":
            return _merge(first, {name: negative(c) for name, c in second.items()}), minus(a, b)
        case "neg":
            return {name: negative(c) for name, c in first.items()}, negative(a)
        case "mul" if not second:
            return {name: times(c, b) for name, c in first.items()}, times(a, b)
        case "mul" if not first:
            return {name: times(a, c) for name, c in second.items()}, times(a, b)
        case "div" if not second:
            return {name: over(c, b) for name, c in first.items()}, over(a, b)
        case "select" if not first:
            third, c = parts[2]
            names = [*second, *(name for name in third if name not in second)]
            chosen = {n: apply("select", a, second.get(n, ZERO), third.get(n, ZERO)) for n in names}
            return chosen, apply("select", a, b, c)
    raise NotLinear(next(name for part in parts for name in part[0]))


def _merge(first: dict[str, Node], second: dict[str, Node]) -> dict[str, Node]:
    total = {name: plus(c, second[name]) if name in second else c for name, c in first.items()}
    return total | {name: c for name, c in second.items() if name not in first}


def determinant(matrix: Sequence[Sequence[Node]]) -> Node:
    """The determinant, expanded along the first row; zeros cost nothing.

    >>> from dydt.expr.graph import symbol
    >>> a, b = symbol("a"), symbol("b")
    >>> print(determinant([[a, ONE], [ONE, b]]))
    a*b - 1
    """
    if not matrix:
        return ONE
    total = ZERO
    for column, entry in enumerate(matrix[0]):
        if not is_number(entry, 0.0):
            minor = determinant([[*row[:column], *row[column + 1 :]] for row in matrix[1:]])
            term = times(entry, minor)
            total = minus(total, term) if column % 2 else plus(total, term)
    return total


def solve(equations: Iterable[Equation], unknowns: Sequence[str], source: Source) -> Solved:
    """Each unknown in terms of the rest, as far as the equations are linear in them.

    Equations with one unknown left are solved one after the other; what then hangs together is solved by Cramer's
    rule.

    Raises
    ------
    LawError
        If there are too few, too many, or too many that hang together.
    """
    return _Elimination(equations, unknowns, source).run()


class _Elimination:
    def __init__(self, equations: Iterable[Equation], unknowns: Sequence[str], source: Source) -> None:
        self.source = source
        self.names = {name: rank for rank, name in enumerate(unknowns)}
        self.found = Solved()
        self.open: dict[int, set[str]] = {}  # equation -> unknowns still in it
        self.equations = list(equations)
        self.users: dict[str, list[int]] = defaultdict(list)
        for index, equation in enumerate(self.equations):
            self.open[index] = set(equation.unknowns(self.names))
            for name in self.open[index]:
                self.users[name].append(index)

    def run(self) -> Solved:
        queue = deque(index for index, names in self.open.items() if len(names) < 2)
        while queue:
            index = queue.popleft()
            if index not in self.open:
                continue
            if not self.open[index]:
                raise self._nothing_left(self.equations[index])
            (name,) = self.open[index]
            self._solve_together([index], [name])
            queue.extend(user for user in self.users[name] if user in self.open and len(self.open[user]) < 2)
        while self.open:
            self._solve_together(*self._component())
        return self.found

    def _nothing_left(self, equation: Equation) -> LawError:
        names = equation.unknowns(self.names)
        return self.source.error(
            f"one equation too many: `{names[0]}` is settled by others already",
            equation.position,
            "take one out",
        )

    def _component(self) -> tuple[list[int], list[str]]:
        """Equations that hang together with the first open one, and their unknowns."""
        rows = [next(iter(self.open))]
        names: dict[str, None] = {}
        seen = set(rows)
        for row in rows:  # grows while it is read
            for name in sorted(self.open[row], key=self.names.__getitem__):
                names.setdefault(name)
                more = [user for user in self.users[name] if user in self.open and user not in seen]
                seen.update(more)
                rows.extend(more)
        return sorted(rows), list(names)

    def _solve_together(self, rows: list[int], names: list[str]) -> None:
        position = self.equations[rows[0]].position
        listed = ", ".join(f"`{name}`" for name in names[:6]) + (" …" if len(names) > 6 else "")
        if len(rows) != len(names):
            counted = f"{len(rows)} equation{'s' * (len(rows) > 1)} for {len(names)} highest derivatives"
            raise self.source.error(f"{counted}: {listed}", position, "there must be one for each")
        linear = self._linear_system(rows, names)
        if linear is None:
            self._tie(rows, names)
            return
        if len(rows) > LARGEST_SYSTEM:
            raise self.source.error(
                f"not yet: {len(rows)} equations hang together through {listed}; {LARGEST_SYSTEM} can be solved",
                position,
                "solve some of them for their highest derivative by hand",
            )
        matrix, right = linear
        base = determinant(matrix)
        if is_number(base, 0.0):
            raise self.source.error(
                f"the equations don't settle {listed}: the factor in front is zero",
                position,
                "is a term missing?",
            )
        if base.operation == "neg":  # turn a row around, so that the sign is not carried along
            base = base.arguments[0]
            matrix[0], right[0] = [negative(entry) for entry in matrix[0]], negative(right[0])
        if not is_number(base):
            self.found.singular.append(base)
        for column, name in enumerate(names):
            replaced = [[*row[:column], r, *row[column + 1 :]] for row, r in zip(matrix, right, strict=True)]
            self.found.derivatives[name] = over(determinant(replaced), base)
        self._close(rows, names)

    def _tie(self, rows: list[int], names: list[str]) -> None:
        """Equations that are not linear in their unknowns: constraints on them."""
        for row, name in zip(rows, names, strict=True):
            self.found.tied[name] = residual(*self._sides(row)), self.equations[row].position
        self._close(rows, names)

    def _close(self, rows: list[int], names: list[str]) -> None:
        """These equations are done with, and these unknowns known."""
        for name in names:
            for user in self.users[name]:
                self.open.get(user, set()).discard(name)
        for row in rows:
            del self.open[row]

    def _sides(self, row: int) -> list[Node]:
        sides = [self.equations[row].left, self.equations[row].right]
        return substitute(sides, self.found.derivatives) if self.found.derivatives else sides

    def _linear_system(self, rows: list[int], names: list[str]) -> tuple[list[list[Node]], list[Node]] | None:
        """Matrix and right-hand side, or None if an equation is not linear."""
        matrix, right = [], []
        for row in rows:
            try:
                (first, a), (second, b) = (collect(side, names) for side in self._sides(row))
            except NotLinear:
                return None
            total = _merge(first, {name: negative(c) for name, c in second.items()})
            matrix.append([total.get(name, ZERO) for name in names])
            right.append(minus(b, a))
        return matrix, right
