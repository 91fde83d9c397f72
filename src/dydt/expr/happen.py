"""The events of a law's text, ``when y = 0 falling: v -> -0.9*v``, and those given in Python, by text or functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lark import Tree

from dydt.errors import InputError, LawError, nearest
from dydt.expr import equations as equations_of
from dydt.expr.equations import Equations
from dydt.expr.graph import Node, as_node, substitute, symbols
from dydt.expr.network import networks
from dydt.expr.neural import Networks
from dydt.expr.read import Reader, read, scope
from dydt.expr.scan import Statement, statements
from dydt.expr.source import Source, shorten
from dydt.expr.tidy import minus
from dydt.expr.trace import ask
from dydt.expr.write import write

_RISES = {"gt": 1, "ge": 1, "lt": -1, "le": -1, "eq": 0}
_DIRECTIONS = {"rising": 1, "falling": -1}

Function = Callable[..., Any]


@dataclass(frozen=True)
class Event:
    """Something that happens while a law is solved: when, and what then.

    Parameters
    ----------
    when : str or callable
        A condition as in a law's text, ``"x = 1 rising"`` or ``"x > 1"``; or a function ``f(t, y, p)`` that is zero at
        the event (or a comparison, as in ``lambda t, y, p: y.x > p.level``).
    actions : mapping, optional
        State -> its value just after: a number, text, or a function ``f(t, y, p)`` of the states just before.
    direction : {"", "rising", "falling"}
        Only while the condition's left side (or the function) rises or falls past the right one.
    stop : bool
        Whether the solution ends there.
    name : str
        Under which ``sol.events`` lists it; by default the condition.

    Examples
    --------
    >>> import dydt
    >>> bounce = {"v": lambda t, y, p: -p.e * y.v}
    >>> floor = dydt.Event(lambda t, y, p: y.z, bounce, direction="falling", name="bounce")
    >>> ball = dydt.ODE(lambda t, y, p: [y.v, -9.81], states="z v", events=[floor], e=0.5)
    >>> ball.solve(t=(0, 1), z=1, v=0).events["bounce"].round(6)
    array([0.451524, 0.903047])
    """

    when: str | Function
    actions: Mapping[str, float | str | Function] = field(default_factory=dict)
    direction: str = ""
    stop: bool = False
    name: str = ""


Given = str | Event | Function


def read_events(
    source: Source,
    statements: Sequence[Statement],
    reader: Reader,
    states: Sequence[str],
    derivatives: dict[str, Node],
) -> tuple[equations_of.Event, ...]:
    """The events that statements say, in a law with these states.

    Raises
    ------
    LawError
        For a condition that is no single comparison, or an action on what is no state.
    """
    events: list[equations_of.Event] = []
    taken: set[str] = set()
    for statement in statements:
        condition, *rest = statement.tree.children
        said = [part for part in rest if not isinstance(part, Tree)]
        actions = [part for part in rest if isinstance(part, Tree)]
        node, direction = _condition(source, condition, statement, reader)
        if said:
            wanted = _DIRECTIONS[said[0]]
            if direction and direction != wanted:
                raise source.error(
                    f"a condition with < or > has its direction already, and can't be `{said[0]}`",
                    said[0].start_pos,
                    "write it with `=`, or leave the direction away",
                )
            direction = wanted
        (node,) = substitute([node], derivatives)
        stop, jumps = _actions(source, actions, reader, states, derivatives)
        name = _name(source, statement, said)
        while name in taken:
            name += " again"
        taken.add(name)
        events.append(equations_of.Event(name, node, direction, stop, jumps))
    return tuple(events)


def read_condition(text: str, equations: Equations) -> tuple[Node, int, str]:
    """What is zero at an event, which way it goes there (1, -1, or 0 for either), and its name: ``x = 1 rising``.

    >>> from dydt.expr.parse import parse
    >>> node, direction, name = read_condition("x > 2", parse("x' = 1"))
    >>> str(node), direction, name
    ('x - 2', 1, 'x > 2')
    """
    events = _read_text(text, equations)
    if len(events) != 1 or events[0].stop or events[0].actions:
        raise LawError(f"`{shorten(text)}` is not one condition", hint="write x = 1, x = 1 rising or x > 1")
    return events[0].when, events[0].direction, events[0].name


def _read_text(text: str, equations: Equations) -> tuple[equations_of.Event, ...]:
    """The events that a text says, with or without `when`, about the names of a law."""
    text = text if re.match(r"\s*when(?![\w'])", text) else f"when {text.lstrip()}"
    source = Source(text, equations.independent)
    found = list(statements(source))
    for statement in found:
        if statement.tree.data != "event":
            first = statement.tokens[0][2]
            raise source.error("this is no event", first, "write when x = 1 rising: stop")
    shadowed = (*equations.states, *equations.parameters, equations.independent)
    names = scope((*shadowed, *equations.intermediates)) | equations.intermediates
    there = {network.name: network for network in networks(equations.derivatives)}
    reader = Reader(source, names, equations.states, Networks(source, only=there))
    return read_events(source, found, reader, equations.states, _slopes(equations))


def _slopes(equations: Equations) -> dict[str, Node]:
    """The highest derivatives, which events may speak of."""
    slopes = {s + "'": f for s, f in zip(equations.states, equations.derivatives, strict=True)}
    return {name: slope for name, slope in slopes.items() if name not in equations.states}


def _condition(source: Source, condition: Any, statement: Statement, reader: Reader) -> tuple[Node, int]:
    """What is zero at the event, and which way it goes there."""
    sides = [reader.expression(side) for side in condition.children]
    if len(sides) == 2:
        return minus(*sides), 0
    (node,) = sides
    if node.operation not in _RISES:
        raise source.error(
            "an event needs one comparison",
            statement.tokens[1][2],
            "write when y = 0, when x > 10 or when x - y < 1; two conditions are two events",
        )
    return minus(*node.arguments), _RISES[node.operation]


def _actions(
    source: Source,
    actions: Sequence[Any],
    reader: Reader,
    states: Sequence[str],
    derivatives: dict[str, Node],
) -> tuple[bool, dict[str, Node]]:
    stop = False
    jumps: dict[str, Node] = {}
    for action in actions:
        target, *value = action.children
        name, position = str(target), target.start_pos
        if not value:
            if name != "stop":
                raise source.error(
                    f"`{shorten(name)}` is no action", position, "write stop, or a new value: v -> -0.9*v"
                )
            stop = True
        elif name not in states:
            guess = nearest(name, states)
            hint = (
                f"make it one that does not change by itself: {name}' = 0"
                if not guess
                else f"the states are {', '.join(states[:8])}"
            )
            raise source.error(f"only states can jump, and `{shorten(name)}` is none{guess}", position, hint)
        elif name in jumps:
            raise source.error(f"`{shorten(name)}` gets two values in one event", position)
        else:
            (jumps[name],) = substitute([reader.expression(value[0])], derivatives)
    return stop, jumps


def _name(source: Source, statement: Statement, said: Sequence[Any]) -> str:
    """The condition as it was written."""
    first = statement.tokens[1][2]
    ends = [token[2] for token in statement.tokens if token[0] == ":"] + [len(source.plain_text)]
    last = said[0].start_pos if said else ends[0]
    return " ".join(
        source.plain_text[first:last].partition("\n")[0].partition(";")[0].partition("#")[0].split()
    )


# -- events given in Python -------------------------------------------------------------------------------------------


def with_events(
    equations: Equations, given: Given | Sequence[Given] | Mapping[str, Given], values: Iterable[str] = ()
) -> Equations:
    """The law with further events: texts, `Event` objects or functions, in a list or by name.

    Parameters
    ----------
    equations : Equations
    given : str, Event, callable, sequence or mapping
    values : iterable of str
        Names of parameters that are given a value.

    Raises
    ------
    LawError, InputError
        For an event that can't be read.

    >>> from dydt.expr.parse import parse
    >>> law = with_events(parse("x' = 1"), {"full": "x > level: x -> 0"}, ["level"])
    >>> law.events[0].name, str(law.events[0].when), list(law.parameters)
    ('full', 'x - level', ['level'])
    """
    values = [name for name in values if name not in (*equations.states, *equations.parameters)]
    equations = replace(equations, parameters={**equations.parameters, **dict.fromkeys(values)})
    if isinstance(given, str | Event) or callable(given):
        given = [given]
    if not isinstance(given, Sequence | Mapping):
        raise InputError(f"events are a list of texts or dydt.Event(…), not {type(given).__name__}")
    named = given.items() if isinstance(given, Mapping) else [("", item) for item in given]
    events = list(equations.events)
    for name, item in named:
        for event in _events_of(item, equations):
            events.append(replace(event, name=_free_name(str(name) or event.name, events)))
    inside = [node for event in events for node in (event.when, *event.actions.values())]
    known = (*equations.states, *equations.parameters, equations.independent)
    further = dict.fromkeys(name for name in symbols(inside) if name not in known)
    derivative = next((name for name in further if name.endswith("'")), None)
    if derivative is not None:
        raise LawError(f"an event speaks of `{derivative}`, which the law does not have")
    for event in events:
        if not {equations.independent, *equations.states} & set(symbols([event.when])):
            raise LawError(f"the condition of the event `{event.name}` never changes")
    return replace(equations, events=tuple(events), parameters={**equations.parameters, **further})


def _free_name(name: str, events: Sequence[equations_of.Event]) -> str:
    while any(event.name == name for event in events):
        name += " again"
    return name


def _events_of(item: Any, equations: Equations) -> Sequence[equations_of.Event]:
    if isinstance(item, str):
        return _read_text(item, equations)
    if callable(item):
        item = Event(item)
    if not isinstance(item, Event):
        raise InputError(f"an event is text, a function or dydt.Event(…), not {type(item).__name__}")
    if item.direction not in ("", *_DIRECTIONS):
        raise InputError(f'direction is "rising", "falling" or "" for either, and is {item.direction!r}')
    if not isinstance(item.actions, Mapping):
        raise InputError('actions say what becomes of each state, as in {"v": "-0.9*v"}')
    node, direction, name = _when(item.when, equations)
    wanted = _DIRECTIONS.get(item.direction, 0)
    if wanted and direction and wanted != direction:
        raise InputError(f"`{shorten(name)}` has its direction already, and can't be {item.direction}")
    actions = {state: _action(state, value, equations) for state, value in item.actions.items()}
    return [equations_of.Event(item.name or name, node, wanted or direction, bool(item.stop), actions)]


def _when(when: str | Function, equations: Equations) -> tuple[Node, int, str]:
    """What is zero at an event, its direction, and the condition in words."""
    if isinstance(when, str):
        return read_condition(when, equations)
    if not callable(when):
        raise InputError(f"the condition of an event is text or a function f(t, y, p), not {when!r}")
    node = _traced(when, equations, "the condition of an event")
    if node.operation in _RISES and node.operation != "eq":
        return minus(*node.arguments), _RISES[node.operation], write(node)
    if node.operation == "eq":
        node = minus(*node.arguments)
    if node.operation in ("ne", "and", "or", "not"):
        raise LawError(
            "the condition of an event is one comparison, or what is zero there", hint="write y.x - 1"
        )
    return node, 0, f"{write(node)} = 0"


def _action(state: str, value: Any, equations: Equations) -> Node:
    if state not in equations.states:
        listed = ", ".join(equations.states[:8])
        guess = nearest(str(state), equations.states) or ":"
        raise InputError(f"only states can jump, and `{state}` is none{guess} the states are {listed}")
    what = f"the new value of `{state}`"
    if isinstance(value, str):
        shadowed = (*equations.states, *equations.parameters, *equations.intermediates)
        node = read(value, equations.independent, shadowed, networks(equations.derivatives))
        (node,) = substitute([node], {**equations.intermediates, **_slopes(equations)})
        return node
    if callable(value):
        return _traced(value, equations, what)
    try:
        return as_node(value)
    except InputError:
        raise InputError(f"{what} is a number, text or a function f(t, y, p), not {value!r}") from None


def _traced(function: Function, equations: Equations, what: str) -> Node:
    """The one expression that a function of (t, y, p) gives."""
    result, _ = ask(function, equations.states, equations.parameters or None, equations.independent)
    if hasattr(result, "item") and getattr(result, "shape", None) == ():
        result = result.item()
    try:
        return as_node(result)
    except InputError:
        raise LawError(f"{what} is one expression, and the function gave {result!r}") from None
