"""Text -> equations: the language of laws.

::

    text         statements, one a line or separated by `;`; a `#` begins a remark
    statement    x' = …    x'' = …    dx/dt = …    d^2x/dt^2 = …      how a state changes
                 t*y'' + y^2 = sin(t)                                 the same, the derivative anywhere
                 a = 1.5                                              a parameter's value: numbers only
                 v = a*x                                              a name for a quantity
                 nn = network(16, 32, tanh)                           the hidden layers of a network nn(x, y)
                 0 = x + y - 1                                        a constraint; x + y = 1 says the same
                 x(0) = 2    x'(0) = a/2                              initial values
                 t = 0:18                                             the span to solve over
    expression   or · and · not · < <= > >= == != · + - · * / · - (sign) · ^ ** (to the right: -x^2 is -(x^2))
                 2x, 2 sin(t), (a)(b) multiply as `*` does; sin(x), max(a, b, c), if(condition, a, b)
    name         letters, digits and underscores; α is alpha; primes are derivatives; pi and e are constants
                 unless the law gives them a meaning

A name that nothing explains is a parameter without a value; unless there are constraints, equations without a highest
derivative such as ``0 = x + y + z - 1`` or ``x + y + z = 1``. They determine algebraic states, as many as there are
equations beyond one for each highest derivative. Algebraic states are

1. names with an initial value, ``v(0) = 0.6``, that nothing else explains: the value is a guess, which may choose a
   branch;
2. the names in the constraints that nothing explains, neither an equation nor a definition nor a value (in the text or
   given beside it), if they are just as many as are wanted.

If there are more, the law is refused: parameters among them need their values, or the algebraic states a guess. With
fewer equations than highest derivatives, as in ``x' + y' = 1; 0 = x - y^2 - t``, the constraints make up for the
missing ones. An equation that is not linear in its highest derivative, ``y = t*y' + (y')^2``, is a constraint on it: y'
becomes an algebraic state, and ``y'(0) = 1`` a guess.
"""

from __future__ import annotations

from collections.abc import Collection

from lark import Tree

from dydt.errors import nearest
from dydt.expr.equations import Equations, Written
from dydt.expr.evaluate import evaluate
from dydt.expr.graph import Node, number, substitute, symbol, symbols
from dydt.expr.happen import read_events
from dydt.expr.linear import Equation
from dydt.expr.motion import Said, algebraic_names, motion
from dydt.expr.read import CONSTANTS
from dydt.expr.scan import Statement
from dydt.expr.sort import Sorted, Start
from dydt.expr.source import FUNCTIONS, Source, Token, shorten


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


class _Law(Sorted):
    """A law's statements, read in an order in which each finds what it needs."""

    def equations(self) -> Equations:
        numbers, quantities = self._read_definitions()
        said = self._read_dynamics(self._in_order_of_equations())
        if not self.highest:
            raise self.source.error("no equation says how something changes", 0, "write x' = … or dx/dt = …")
        open_names = [
            name
            for name in self.names
            if name not in numbers and name not in self.values and self._is_parameter(name, quantities)
        ]
        if said.constraints:
            said.algebraic = algebraic_names(said, open_names, self.starts, self.source)
        moved = motion(said, self.source, self.names)
        states, derivatives = moved.states, moved.known
        quantities |= self._settled(quantities, moved.known)
        parameters = {
            name: numbers.get(name)
            for name in self.names
            if name not in said.algebraic and self._is_parameter(name, quantities)
        }
        for network in self.networks.made.values():
            parameters |= dict.fromkeys(network.weights)
        initial, start = self._read_starts(states, parameters)
        events = read_events(self.source, self.events, self.reader, states, derivatives)
        self._check_networks(parameters)
        return Equations(
            states=states,
            derivatives=moved.derivatives,
            parameters=parameters,
            intermediates=quantities,
            initial=initial,
            start=start,
            span=self._read_span(start),
            singular=moved.singular,
            events=events,
            independent=self.independent,
            written=tuple(self.written),
            mass=moved.mass,
        )

    def _check_networks(self, parameters: dict[str, float | None]) -> None:
        """A network that only events ask has nothing that would train it."""
        for name, network in self.networks.made.items():
            if network.weights[0] not in parameters:
                places = [place for event in self.events for _, text, place in event.tokens if text == name]
                raise self.source.error(
                    f"the network `{shorten(name)}` stands in no equation",
                    places[0],
                    "use it in one, or leave it out",
                )

    def _settled(self, quantities: dict[str, Node], known: dict[str, Node]) -> dict[str, Node]:
        """The quantities that are named after highest derivatives, with these put in."""
        settled = substitute([quantities[name] for name in self.hidden], known)
        return dict(zip(self.hidden, settled, strict=True))

    def _is_parameter(self, name: str, quantities: dict[str, Node]) -> bool:
        return not (
            name[-1] == "'"
            or name == self.independent
            or name in self.orders
            or name in quantities
            or name in FUNCTIONS
            or name in self.networks.made
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
                            f"a state is written {shorten(used)}' = …, and an equation for it 0 = … with a guess "
                            f"{shorten(used)}(0) = 0",
                        )
                    stack.append(used)
        return order

    def _read_dynamics(self, about: list[str]) -> Said:
        """The equations by what they hold, `about` these highest derivatives."""
        said = Said(self.orders, about, {}, [], [])
        for statement in self.dynamics:
            first = statement.tokens[0]
            left, right = statement.tree.children
            node = self.reader.expression(right)
            self.written.append(Written(self.reader.expression(left), node))
            if statement.equals == 1 and first[1] in self.highest and not self._highest_in(statement.right):
                said.solved[first[1]] = node
                continue
            equation = Equation(self.written[-1].left, node, first[2])
            if equation.unknowns(self.highest):
                said.implicit.append(equation)
            else:
                self._check_constraint(statement)
                said.constraints.append(equation)
        return said

    def _check_constraint(self, statement: Statement) -> None:
        """An equation without a highest derivative may be meant to have one."""
        words = [token[1] for token in statement.left]
        if len(words) == 3 and words[1] == "/" and words[0][0] == words[2][0] == "d" and len(words[2]) > 1:
            raise self.source.error(
                f"`{shorten(''.join(words))}` is a derivative with respect to `{words[2][1:]}`, but the independent "
                f"variable is `{self.independent}`",
                statement.tokens[0][2],
                f'say independent="{words[2][1:]}"',
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

    def _start_value(self, item: Start, parameters: dict[str, float | None]) -> Node:
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
