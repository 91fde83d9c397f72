"""The events of a law's text: ``when y = 0 falling: v -> -0.9*v``, ``when x > 10: stop``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lark import Tree

from dydt.errors import nearest
from dydt.expr.equations import Event
from dydt.expr.graph import Node, substitute
from dydt.expr.source import Source, shorten
from dydt.expr.tidy import minus

if TYPE_CHECKING:
    from dydt.expr.read import Reader
    from dydt.expr.scan import Statement

_RISES = {"gt": 1, "ge": 1, "lt": -1, "le": -1, "eq": 0}
_DIRECTIONS = {"rising": 1, "falling": -1}


def read_events(
    source: Source,
    statements: Sequence[Statement],
    reader: Reader,
    states: Sequence[str],
    derivatives: dict[str, Node],
) -> tuple[Event, ...]:
    """The events that statements say, in a law with these states.

    Raises
    ------
    LawError
        For a condition that is no single comparison, or an action on what is no state.
    """
    events: list[Event] = []
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
        events.append(Event(name, node, direction, stop, jumps))
    return tuple(events)


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
