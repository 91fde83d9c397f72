"""Text -> equations: the language of laws.

::

    text         statements, one a line or separated by `;`; a `#` begins a remark
    statement    x' = …    x'' = …    dx/dt = …    d^2x/dt^2 = …      how a state changes
                 t*y'' + y^2 = sin(t)                                 the same, the derivative anywhere
                 a = 1.5                                              a parameter's value: numbers only
                 v = a*x                                              a name for a quantity
                 x(0) = 2    x'(0) = a/2                              initial values
                 t = 0:18                                             the span to solve over
    expression   or · and · not · < <= > >= == != · + - · * / · - (sign) · ^ ** (to the right: -x^2 is -(x^2))
                 2x, 2 sin(t), (a)(b) multiply as `*` does; sin(x), max(a, b, c), if(condition, a, b)
    name         letters, digits and underscores; α is alpha; primes are derivatives; pi and e are constants
                 unless the law gives them a meaning

A name that nothing explains is a parameter without a value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from lark import Tree

from dydt.errors import LawError, nearest
from dydt.expr.equations import Equations, Written
from dydt.expr.evaluate import evaluate
from dydt.expr.graph import Node, number, substitute, symbol, symbols
from dydt.expr.happen import read_events
from dydt.expr.linear import Equation, solve
from dydt.expr.read import CONSTANTS, Reader, scope
from dydt.expr.scan import HIGHEST_ORDER, Statement, statements
from dydt.expr.source import FUNCTIONS, Source, Token, plain_name, shorten

MOST_STATES = 100_000


def parse(text: str, independent: str = "t", values: Collection[str] = ()) -> Equations:
    """The equations that `text` says.

    Parameters
    ----------
    text : str
    independent : str
        The variable that derivatives are taken with respect to.
    values : collection of str
        Names that will be given a value, which therefore stand for themselves: ``e`` is no longer Euler's number.

    Raises
    ------
    LawError
        With line, column and the nearest fix.

    >>> law = parse("x'' = -k*x; x(0) = 2; k = 3")
    >>> law.states, law.parameters, [str(node) for node in law.derivatives]
    (('x', "x'"), {'k': 3.0}, ["x'", '-k*x'])
    """
    return _Law(Source(text, independent), values).equations()


@dataclass
class _Start:
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


class _Law:
    """The statements of a law, sorted by what they are, then read in an order in which each finds what it needs."""

    def __init__(self, source: Source, values: Collection[str]) -> None:
        self.source = source
        self.names: dict[str, int] = {}  # in order of appearance, with the first position
        self.independent = source.independent
        self.values = {plain_name(name) for name in values}
        self.dynamics: list[Statement] = []
        self.definitions: dict[str, Statement] = {}
        self.starts: dict[str, _Start] = {}
        self.span: Statement | None = None
        self.events: list[Statement] = []
        self.written: list[Written] = []
        self.orders: dict[str, int] = {}  # of the highest derivative of each unknown
        self.timed: set[str] = set()  # names that may be written x(t)
        self._sort(statements(source))
        self.highest = {base + "'" * order: None for base, order in self.orders.items()}
        self.hidden: dict[str, dict[str, None]] = {}  # definition -> the highest derivatives in it
        self.shadowed = {source.independent, *self.values, *self.definitions, *self.orders}
        self.reader = Reader(source, scope(self.shadowed), self.timed)

    # Sorting the statements

    def _sort(self, found: Iterable[Statement]) -> None:
        """Tells apart the kinds of statement."""
        equations: list[Statement] = []
        given: dict[str, Token] = {}
        for statement in found:
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
        self.starts[first[1]] = _Start(first, at, inside[0][2], value)
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
        if statement.equals == 1 and first[0] == "name" and (primed or not _has_primes(statement.right)):
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
            if not _has_primes(statement.right):
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

    # Reading them

    def equations(self) -> Equations:
        numbers, quantities = self._read_definitions()
        if not self.dynamics and not self.highest:
            raise self.source.error("no equation says how something changes", 0, "write x' = … or dx/dt = …")
        about = self._in_order_of_equations()
        derivatives, singular = self._read_dynamics(about)
        bases = [name.rstrip("'") for name in about]
        states = tuple(base + "'" * k for base in bases for k in range(self.orders[base]))
        nodes = tuple(derivatives[s + "'"] if s + "'" in derivatives else symbol(s + "'") for s in states)
        settled = substitute([quantities[name] for name in self.hidden], derivatives)
        quantities |= dict(zip(self.hidden, settled, strict=True))
        parameters = {name: numbers.get(name) for name in self.names if self._is_parameter(name, quantities)}
        initial, start = self._read_starts(states, parameters)
        return Equations(
            states=states,
            derivatives=nodes,
            parameters=parameters,
            intermediates=quantities,
            initial=initial,
            start=start,
            span=self._read_span(start),
            singular=tuple(singular),
            events=read_events(self.source, self.events, self.reader, states, derivatives),
            independent=self.independent,
            written=tuple(self.written),
        )

    def _is_parameter(self, name: str, quantities: dict[str, Node]) -> bool:
        return not (
            name[-1] == "'"
            or name == self.independent
            or name in self.orders
            or name in quantities
            or name in FUNCTIONS
            or (name in CONSTANTS and name not in self.shadowed)
        )

    def _read_definitions(self) -> tuple[dict[str, float], dict[str, Node]]:
        """Values of parameters, and the other named quantities with the ones they use put in."""
        numbers: dict[str, float] = {}
        quantities: dict[str, Node] = {}
        for name in self._definitions_in_order():
            right = self.definitions[name].right
            node = self.reader.expression(self.definitions[name].tree.children[1])
            if self._is_numeric(right):
                numbers[name] = evaluate(node)
                self.reader.names[name] = symbol(name)
            else:
                self.reader.names[name] = quantities[name] = node
                if inside := self._highest_in(right):
                    self.hidden[name] = inside
        return numbers, {name: quantities[name] for name in self.definitions if name in quantities}

    def _is_numeric(self, tokens: list[Token]) -> bool:
        return not any(
            kind == "name" and name not in FUNCTIONS and (name not in CONSTANTS or name in self.shadowed)
            for kind, name, _ in tokens
        )

    def _definitions_in_order(self) -> list[str]:
        """The defined names, each after those it uses (without recursion: chains may be long)."""
        order: list[str] = []
        done: dict[str, bool] = {}  # False while what it uses is being looked at
        for first in self.definitions:
            stack = [first]
            while stack:
                name = stack[-1]
                if name in done:
                    stack.pop()
                    if not done[name]:
                        done[name] = True
                        order.append(name)
                    continue
                done[name] = False
                for kind, used, position in self.definitions[name].right:
                    if kind != "name" or used not in self.definitions or done.get(used):
                        continue
                    if used in done:
                        raise self.source.error(
                            f"`{shorten(used)}` is defined by itself",
                            position,
                            f"a state is written {shorten(used)}' = …",
                        )
                    stack.append(used)
        return order

    def _read_dynamics(self, about: list[str]) -> tuple[dict[str, Node], list[Node]]:
        """The highest derivatives, and what must not be zero for them to exist."""
        unknowns = self.highest
        solved: dict[str, Node] = {}
        implicit: list[Equation] = []
        for statement in self.dynamics:
            first = statement.tokens[0]
            left, right = statement.tree.children
            node = self.reader.expression(right)
            self.written.append(Written(self.reader.expression(left), node))
            if statement.equals == 1 and first[1] in unknowns and not self._highest_in(statement.right):
                solved[first[1]] = node
                continue
            equation = Equation(self.written[-1].left, node, first[2])
            if not equation.unknowns(unknowns):
                self._complain_about(statement)
            implicit.append(equation)
        if not implicit and len(solved) == len(unknowns):
            return solved, []
        explicit = [Equation(symbol(name), node, self.names[name]) for name, node in solved.items()]
        return solve(explicit + implicit, about, self.source)

    def _complain_about(self, statement: Statement) -> None:
        """An equation without a highest derivative: say what it probably was meant to be."""
        words = [token[1] for token in statement.left]
        position = statement.tokens[0][2]
        if len(words) == 3 and words[1] == "/" and words[0][0] == words[2][0] == "d" and len(words[2]) > 1:
            raise self.source.error(
                f"`{shorten(''.join(words))}` is a derivative with respect to `{words[2][1:]}`, but the independent "
                f"variable is `{self.independent}`",
                position,
                f'say independent="{words[2][1:]}"',
            )
        if _has_primes(statement.tokens):
            return  # the linear solver knows more
        raise self.source.error(
            "not yet: an equation without a derivative can't be solved along",
            position,
            "write a quantity as v = …, and a change as x' = …",
        )

    def _in_order_of_equations(self) -> list[str]:
        """The highest derivatives, by the first equation that is about them."""
        order: dict[str, None] = {}
        for statement in self.dynamics:
            first = statement.tokens[0][1]
            explicit = statement.equals == 1 and first[-1] == "'"
            order |= self._highest_in(statement.tokens[: 1 if explicit else None])
        for name in self.highest:
            if name not in order:
                uses = [quantity for quantity, inside in self.hidden.items() if name in inside]
                naming = f"; `{shorten(uses[0])} = …` only names a quantity" if uses else ""
                raise self.source.error(
                    f"there is no equation for `{shorten(name)}`",
                    self.names[name],
                    f"write {shorten(name)} = …{naming}",
                )
        return list(order)

    def _highest_in(self, tokens: list[Token]) -> dict[str, None]:
        """The highest derivatives that the tokens speak of, also by another name."""
        found: dict[str, None] = {}
        for _, text, _ in tokens:
            if text in self.highest:
                found[text] = None
            elif text in self.hidden:
                found |= self.hidden[text]
        return found

    def _read_starts(
        self, states: tuple[str, ...], parameters: dict[str, float | None]
    ) -> tuple[dict[str, Node], float | None]:
        initial: dict[str, Node] = {}
        start: float | None = None
        known = set(states)
        for name, item in self.starts.items():
            self._check_start(item.token, states, known)
            at = self._number(item.at, item.at_position, f"the place of an initial value, as in {name}(0)")
            if start is not None and at != start:
                other = next(iter(self.starts.values()))
                raise self.source.error(
                    "not yet: initial values at two different places",
                    item.token[2],
                    f"the other is on {self.source.line_at(other.token[2])}",
                )
            start = at
            initial[name] = self._start_value(item, parameters)
        return initial, start

    def _check_start(self, token: Token, states: tuple[str, ...], known: set[str]) -> None:
        _, word, position = token
        if word in known:
            return
        name, base = shorten(word), word.rstrip("'")
        if base in self.orders:
            raise self.source.error(
                f"`{name}` follows from the equation, so it has no initial value",
                position,
                f"the states are {shorten(', '.join(states))}",
            )
        guess = nearest(word, states[:1000]) if len(word) < 60 else ""
        raise self.source.error(
            f"`{name}` is no state{guess}",
            position,
            f"to multiply, write {name}*( … ); an initial value belongs to a state, which has an equation {name}' = …",
        )

    def _start_value(self, item: _Start, parameters: dict[str, float | None]) -> Node:
        node = self.reader.expression(item.value)
        used = symbols([node])
        for name in used:
            if name not in parameters:
                raise self.source.error(
                    f"an initial value can't use `{shorten(name)}`, which changes",
                    item.token[2],
                    "numbers and parameters can stand there",
                )
        return node if used else number(evaluate(node))

    def _number(self, tree: Tree, position: int, what: str) -> float:
        node = self.reader.expression(tree)
        used = symbols([node])
        if used:
            raise self.source.error(f"{shorten(what)} must be a number, not `{shorten(used[0])}`", position)
        return evaluate(node)

    def _read_span(self, start: float | None) -> tuple[float, float] | None:
        if self.span is None:
            return None
        (_, first_tree, last_tree), right = self.span.tree.children, self.span.right
        colon = next(index for index, token in enumerate(right) if token[0] == ":")
        first = self._number(first_tree, right[0][2], "an end of the span")
        last = self._number(last_tree, right[colon + 1][2], "an end of the span")
        position = self.span.tokens[0][2]
        if first == last:
            raise self.source.error(f"the span begins and ends at {first:g}", position, "give it a length")
        if start is not None and start != first:
            raise self.source.error(
                f"the initial values hold at {self.independent} = {start:g}, but the span begins at {first:g}",
                position,
                f"begin the span at {start:g}",
            )
        return first, last


def _has_primes(tokens: list[Token]) -> bool:
    return any(token[1][-1] == "'" for token in tokens)
