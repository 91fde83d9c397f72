"""The statements of a law, sorted: equations, definitions, initial values, the span, events.

What a statement is depends on the others: `y = x` names a quantity unless y is a state.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from lark import Tree

from dydt.errors import LawError
from dydt.expr.equations import Written
from dydt.expr.neural import Networks
from dydt.expr.read import Reader, scope
from dydt.expr.scan import HIGHEST_ORDER, Statement, statements
from dydt.expr.source import FUNCTIONS, Source, Token, plain_name, shorten

MOST_STATES = 100_000


def has_primes(tokens: list[Token]) -> bool:
    return any(token[1][-1] == "'" for token in tokens)


@dataclass
class Start:
    """An initial value: `x(at) = value`."""

    token: Token
    at: Tree
    at_position: int
    value: Tree


def _stops(statement: Statement) -> set[int]:
    """Where an event says `stop`, which is no name there."""
    if statement.tree.data != "event":
        return set()
    actions = [part for part in statement.tree.children if isinstance(part, Tree) and part.data == "action"]
    return {str_token.start_pos for action in actions for str_token in _alone(action)}


def _alone(action: Any) -> list[Any]:
    """The one word of an action without a value."""
    return action.children if len(action.children) == 1 else []


class Sorted:
    """The statements of a law, sorted by what they are.

    Attributes
    ----------
    names : dict
        All names in order of appearance, with the first position.
    dynamics : list of Statement
        Equations that say how states change, or what ties them.
    definitions, starts : dict
        By the name they are about.
    orders : dict
        Of the highest derivative of each unknown; `highest` holds these derivatives.
    values : set of str
        Names that get a value elsewhere.
    """

    def __init__(self, source: Source, values: Collection[str]) -> None:
        self.source = source
        self.names: dict[str, int] = {}  # in order of appearance, with the first position
        self.independent = source.independent
        self.values = {plain_name(name) for name in values}
        self.dynamics: list[Statement] = []
        self.definitions: dict[str, Statement] = {}
        self.starts: dict[str, Start] = {}
        self.span: Statement | None = None
        self.events: list[Statement] = []
        self.written: list[Written] = []
        self.orders: dict[str, int] = {}  # of the highest derivative of each unknown
        self.networks = Networks(source)
        self.timed: set[str] = set()  # names that may be written x(t)
        self._sort(statements(source))
        self.highest = {base + "'" * order: None for base, order in self.orders.items()}
        self.hidden: dict[str, dict[str, None]] = {}  # definition -> the highest derivatives in it
        self.shadowed = {source.independent, *self.values, *self.definitions, *self.orders}
        self.reader = Reader(source, scope(self.shadowed), self.timed, self.networks)

    def _sort(self, found: Iterable[Statement]) -> None:
        """Tells apart the kinds of statement."""
        equations: list[Statement] = []
        given: dict[str, Token] = {}
        for statement in found:
            if self.networks.take(statement.tokens):
                continue
            no_names = _stops(statement)
            for kind, word, position in statement.tokens:
                if kind == "name" and position not in no_names:
                    self.names.setdefault(word, position)
            if statement.tree.data == "event":
                self.events.append(statement)
                continue
            equation = self._take_start(statement) if statement.tree.data == "initial" else statement
            if equation and [token[1] for token in equation.left] == [self.independent]:
                self._take_span(equation)
            elif equation:
                self._check_equation(equation, given)
                equations.append(equation)
        for statement in [*equations, *self.events]:
            self.networks.count_outputs(statement.tokens)
        self._find_orders(equations)
        for equation in equations:
            self._sort_equation(equation)
        self.timed.update(name + "'" * k for name, order in self.orders.items() for k in range(order + 1))

    def _take_start(self, statement: Statement) -> Statement | None:
        """Puts an initial value away; x(t) = … and sin(x') = … are equations, and are given back as such."""
        name, at, value = statement.tree.children
        first, _, *inside, _ = statement.left
        if name in FUNCTIONS:
            return Statement(
                statement.tokens, statement.equals, Tree("equation", [Tree("call", [name, at]), value])
            )
        if [token[1] for token in inside] == [self.independent]:
            self.timed.add(first[1])
            tokens = [first, *statement.tokens[statement.equals :]]
            return Statement(tokens, 1, Tree("equation", [Tree("name", [name]), value]))
        if first[1] in self.starts:
            self._once(first, self.starts[first[1]].token)
        self.starts[first[1]] = Start(first, at, inside[0][2], value)
        return None

    def _check_equation(self, statement: Statement, given: dict[str, Token]) -> None:
        """Looks for what is wrong whatever the other statements are; `given` collects the names on the left."""
        if len(statement.tree.children) > 2:
            colon = next(token for token in statement.tokens if token[0] == ":")
            raise self.source.error(
                "`:` can't stand here", colon[2], f"the span is written {self.independent} = 0:10"
            )
        first = statement.tokens[0]
        primed = first[1][-1] == "'"
        if statement.equals == 1 and first[0] == "name" and (primed or not has_primes(statement.right)):
            self._once(first, given.get(first[1]))
            given[first[1]] = first

    def _find_orders(self, equations: list[Statement]) -> None:
        highest: dict[str, Token] = {}
        explicit: dict[str, Token] = {}
        for statement in equations:
            for token in statement.tokens:
                if token[1][-1] == "'":
                    base = token[1].rstrip("'")
                    if base not in highest or len(token[1]) > len(highest[base][1]):
                        self._check_state(base, token)
                        highest[base] = token
            first = statement.tokens[0]
            if statement.equals == 1 and first[1][-1] == "'":
                explicit[first[1]] = first
        for name, first in explicit.items():
            top = highest[name.rstrip("'")]
            if len(top[1]) > len(name):
                raise self.source.error(
                    f"`{shorten(top[1])}` is used here, but `{shorten(name)}` is given by an equation already",
                    top[2],
                    f"write only one of them; the other is on {self.source.line_at(first[2])}",
                )
        self.orders = {base: len(token[1]) - len(base) for base, token in highest.items()}
        if sum(self.orders.values()) > MOST_STATES:
            raise LawError(f"the law has more than {MOST_STATES} states")

    def _check_state(self, base: str, token: Token) -> None:
        name, position = shorten(base), token[2]
        if base == self.independent:
            raise self.source.error(
                f"`{name}` is the independent variable, so it has no derivative",
                position,
                'say independent="…" if the law changes with another one',
            )
        self._check_free(base, position)
        if len(token[1]) - len(base) > HIGHEST_ORDER:
            raise self.source.error(f"derivatives of `{name}` go up to order {HIGHEST_ORDER}", position)

    def _check_free(self, name: str, position: int) -> None:
        if name in FUNCTIONS:
            raise self.source.error(
                f"`{name}` is a function, so it can't be a quantity",
                position,
                f"choose another name, like {name}_",
            )

    def _once(self, again: Token, before: Token | None) -> None:
        if before is not None:
            raise self.source.error(
                f"`{shorten(again[1])}` is given twice",
                again[2],
                f"before, on {self.source.line_at(before[2])}",
            )

    def _take_span(self, statement: Statement) -> None:
        if len(statement.tree.children) < 3:
            raise self.source.error(
                f"`{self.independent}` is the independent variable and gets no value",
                statement.tokens[0][2],
                f"the span is written {self.independent} = 0:10",
            )
        self._once(statement.tokens[0], self.span.tokens[0] if self.span else None)
        self.span = statement

    def _sort_equation(self, statement: Statement) -> None:
        kind, name, position = statement.tokens[0]
        if statement.equals != 1 or kind != "name" or name[-1] == "'":
            self.dynamics.append(statement)
        elif name in self.orders:
            if not has_primes(statement.right):
                top = name + "'" * self.orders[name]
                raise self.source.error(
                    f"`{shorten(name)}` is a state, and changes",
                    position,
                    f"its initial value is written {shorten(name)}(0) = …; "
                    f"the equation for {shorten(top)} is on {self.source.line_at(self.names[top])}",
                )
            self.dynamics.append(statement)  # y = x*y' is an equation, not a definition
        else:
            self._check_free(name, position)
            before = self.definitions.get(name)
            self._once(statement.tokens[0], before.tokens[0] if before else None)
            self.definitions[name] = statement
