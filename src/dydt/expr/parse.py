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

from collections.abc import Collection
from dataclasses import dataclass

from dydt.errors import LawError, nearest
from dydt.expr.equations import Equations
from dydt.expr.evaluate import evaluate
from dydt.expr.graph import Node, number, substitute, symbol, symbols
from dydt.expr.linear import Equation, solve
from dydt.expr.read import CONSTANTS, FUNCTIONS, Reader, scope
from dydt.expr.scan import Source, Statement, Token, plain_name, scan, shorten

MOST_STATES = 100_000
HIGHEST_ORDER = 50


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
    source, statements, names = scan(text, independent)
    return _Law(source, statements, names, values).equations()


@dataclass
class _Start:
    """An initial value: `x(at) = value`."""

    name: str
    position: int
    at: list[Token]
    value: list[Token]


class _Law:
    """The statements of a law, sorted by what they are, then read in an order in which each finds what it needs."""

    def __init__(
        self, source: Source, statements: list[Statement], names: dict[str, int], values: Collection[str]
    ) -> None:
        self.source = source
        self.names = names
        self.independent = source.independent
        self.values = {plain_name(name) for name in values}
        self.dynamics: list[Statement] = []
        self.definitions: dict[str, Statement] = {}
        self.starts: list[_Start] = []
        self.span: Statement | None = None
        self.orders: dict[str, int] = {}  # of the highest derivative of each unknown
        timed = self._sort(statements)
        self.highest = {base + "'" * order: None for base, order in self.orders.items()}
        self.hidden: dict[str, dict[str, None]] = {}  # definition -> the highest derivatives in it
        self.shadowed = {source.independent, *self.values, *self.definitions, *self.orders}
        self.reader = Reader(source, scope(self.shadowed), timed)

    # Sorting the statements

    def _sort(self, statements: list[Statement]) -> set[str]:
        """Tells apart the kinds of statement; gives the names that may be written x(t)."""
        timed: set[str] = set()
        plain: list[Statement] = []
        for statement in statements:
            left = statement.left
            if _is_call(left):
                if [token[1] for token in left[2:-1]] == [self.independent]:
                    timed.add(left[0][1])
                    plain.append(Statement([left[0], *statement.tokens[statement.equals :]], 1))
                else:
                    self.starts.append(_Start(left[0][1], left[0][2], left[2:-1], statement.right))
            elif len(left) == 1 and left[0][1] == self.independent:
                self._take_span(statement)
            else:
                plain.append(statement)
        self._find_orders(plain)
        for statement in plain:
            self._sort_plain(statement)
        timed.update(name + "'" * k for name, order in self.orders.items() for k in range(order + 1))
        return timed

    def _find_orders(self, statements: list[Statement]) -> None:
        highest: dict[str, Token] = {}
        explicit: dict[str, Token] = {}
        for statement in statements:
            for token in statement.tokens:
                if token[1][-1] == "'":
                    base = token[1].rstrip("'")
                    if base not in highest or len(token[1]) > len(highest[base][1]):
                        self._check_state(base, token)
                        highest[base] = token
            first = statement.tokens[0]
            if statement.equals == 1 and first[1][-1] == "'":
                self._once(first, explicit.get(first[1]))
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
        if not any(token[0] == ":" for token in statement.right):
            raise self.source.error(
                f"`{self.independent}` is the independent variable and gets no value",
                statement.tokens[0][2],
                f"the span is written {self.independent} = 0:10",
            )
        self._once(statement.tokens[0], self.span.tokens[0] if self.span else None)
        self.span = statement

    def _sort_plain(self, statement: Statement) -> None:
        kind, name, position = statement.tokens[0] if statement.tokens else ("", "", 0)
        if statement.equals != 1 or kind != "name" or name[-1] == "'":
            self.dynamics.append(statement)
        elif name in self.orders:
            if not any(token[1][-1] == "'" for token in statement.right):
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
            independent=self.independent,
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
            node = self.reader.expression(right, self._after_equals(self.definitions[name]))
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

    def _after_equals(self, statement: Statement) -> int:
        return statement.tokens[statement.equals][2]

    def _read_dynamics(self, about: list[str]) -> tuple[dict[str, Node], list[Node]]:
        """The highest derivatives, and what must not be zero for them to exist."""
        unknowns = self.highest
        solved: dict[str, Node] = {}
        implicit: list[Equation] = []
        for statement in self.dynamics:
            first, right = statement.tokens[0], statement.right
            node = self.reader.expression(right, self._after_equals(statement))
            if statement.equals == 1 and first[1] in unknowns and not self._highest_in(right):
                solved[first[1]] = node
                continue
            left = self.reader.expression(statement.left, self._after_equals(statement))
            equation = Equation(left, node, first[2])
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
        if any(token[1][-1] == "'" for token in statement.tokens):
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
        first: dict[str, Token] = {}
        known = set(states)
        for item in self.starts:
            token = ("name", item.name, item.position)
            self._check_start(item, states, known)
            self._once(token, first.get(item.name))
            first[item.name] = token
            at = self._number(item.at, item.position, f"the place of an initial value, as in {item.name}(0)")
            if start is not None and at != start:
                other = next(iter(first.values()))
                raise self.source.error(
                    "not yet: initial values at two different places",
                    item.position,
                    f"the other is on {self.source.line_at(other[2])}",
                )
            start = at
            initial[item.name] = self._start_value(item, parameters)
        return initial, start

    def _check_start(self, item: _Start, states: tuple[str, ...], known: set[str]) -> None:
        if item.name in known:
            return
        name, base = shorten(item.name), item.name.rstrip("'")
        if base in self.orders:
            raise self.source.error(
                f"`{name}` follows from the equation, so it has no initial value",
                item.position,
                f"the states are {shorten(', '.join(states))}",
            )
        guess = nearest(item.name, states[:1000]) if len(item.name) < 60 else ""
        raise self.source.error(
            f"`{name}` is no state{guess}",
            item.position,
            f"to multiply, write {name}*( … ); an initial value belongs to a state, which has an equation {name}' = …",
        )

    def _start_value(self, item: _Start, parameters: dict[str, float | None]) -> Node:
        node = self.reader.expression(item.value, item.position)
        used = symbols([node])
        for name in used:
            if name not in parameters:
                raise self.source.error(
                    f"an initial value can't use `{shorten(name)}`, which changes",
                    item.position,
                    "numbers and parameters can stand there",
                )
        return node if used else number(evaluate(node))

    def _number(self, tokens: list[Token], position: int, what: str) -> float:
        node = self.reader.expression(tokens, position)
        used = symbols([node])
        if used:
            raise self.source.error(
                f"{shorten(what)} must be a number, not `{shorten(used[0])}`", tokens[0][2]
            )
        return evaluate(node)

    def _read_span(self, start: float | None) -> tuple[float, float] | None:
        if self.span is None:
            return None
        tokens, position = self.span.right, self.span.tokens[0][2]
        colons = [index for index, token in enumerate(tokens) if token[0] == ":"]
        if len(colons) > 1:
            raise self.source.error(
                "a span has one `:`", tokens[colons[1]][2], f"write {self.independent} = 0:10"
            )
        first, last = (
            self._number(part, tokens[colons[0]][2], "an end of the span")
            for part in (tokens[: colons[0]], tokens[colons[0] + 1 :])
        )
        if first == last:
            raise self.source.error(f"the span begins and ends at {first:g}", position, "give it a length")
        if start is not None and start != first:
            raise self.source.error(
                f"the initial values hold at {self.independent} = {start:g}, but the span begins at {first:g}",
                position,
                f"begin the span at {start:g}",
            )
        return first, last


def _is_call(tokens: list[Token]) -> bool:
    """Whether the tokens are a name that is no function, and one pair of brackets: x(0), x'(1)."""
    if len(tokens) < 4 or tokens[0][0] != "name" or tokens[1][0] != "(" or tokens[0][1] in FUNCTIONS:
        return False
    depth = 0
    for index, token in enumerate(tokens[1:], 1):
        depth += (token[0] == "(") - (token[0] == ")")
        if depth == 0:
            return index == len(tokens) - 1
    return False
