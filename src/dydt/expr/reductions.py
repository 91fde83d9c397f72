"""What a whole solution is reduced to: ``max(x)``, ``mean(x*y)``, ``count(h = 0 falling)``, read from text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dydt.errors import InputError, LawError, listed, nearest
from dydt.expr.equations import Equations
from dydt.expr.graph import Node, substitute, symbol, symbols
from dydt.expr.happen import read_condition
from dydt.expr.network import networks
from dydt.expr.read import read
from dydt.expr.source import shorten

KINDS = ("max", "min", "mean", "final", "count")
_ENDS = ("final", "end")  # the states where a solution ended, which are kept anyway
_FORM = re.compile(r"\s*([^\W\d]\w*)\s*\((.*)\)\s*", re.DOTALL)
_EXAMPLES = "max(x), min(x*y), mean(x), final(x) or count(x = 0)"


@dataclass(frozen=True, eq=False)
class Reduction:
    """One number a solution is reduced to.

    Attributes
    ----------
    name : str
        As it was written, or the name it was given.
    kind : str
        One of `KINDS`.
    node : Node or None
        What is looked at, over states, parameters and the independent variable; of a count, what crosses zero.
    direction : int
        Of a count, as in `Event`.
    event : int or None
        Of a count, the event of the law that is counted.
    """

    name: str
    kind: str
    node: Node | None
    direction: int = 0
    event: int | None = None

    @property
    def key(self) -> str:
        """What it computes, whatever it is called."""
        return f"{self.kind} {self.node} {self.direction} {self.event}"


def read_reductions(
    keep: str | Sequence[str] | Mapping[str, str] | None, equations: Equations
) -> tuple[Reduction, ...]:
    """The reductions that `keep` asks for; none for None and ``"final"``.

    Raises
    ------
    InputError
        For what is no reduction, or names nothing of the law.

    >>> from dydt.expr.parse import parse
    >>> law = parse("x' = v; v' = -x; e = x^2 + v^2")
    >>> [(r.name, r.kind, str(r.node)) for r in read_reductions(["max(x)", "mean( e )"], law)]
    [('max(x)', 'max', 'x'), ('mean(e)', 'mean', 'x^2 + v^2')]
    """
    if keep is None or (isinstance(keep, str) and keep.strip() in _ENDS):
        return ()
    if isinstance(keep, str):
        keep = [keep]
    if not isinstance(keep, Mapping):
        keep = [keep] if not isinstance(keep, Iterable) else keep
        keep = {_tidy(text): text for text in map(_checked, keep) if text.strip() not in _ENDS}
    found = []
    for name, text in keep.items():
        if not isinstance(name, str) or not name.strip():
            raise InputError(f"a reduction is named by text, not by {name!r}")
        if name in (*equations.states, *equations.parameters, equations.independent, "status"):
            raise InputError(f"`{name}` names something else already; call the reduction otherwise")
        found.append(_read_one(name, _checked(text), equations))
    return tuple(found)


def _checked(text: Any) -> str:
    if not isinstance(text, str):
        raise InputError(f'keep takes "final", or text such as {_EXAMPLES}, and got {text!r}')
    return text


def _tidy(text: str) -> str:
    """`max( x )` is called `max(x)`."""
    match = _FORM.fullmatch(text)
    return f"{match[1]}({' '.join(match[2].split())})" if match else text.strip()


def _read_one(name: str, text: str, equations: Equations) -> Reduction:
    match = _FORM.fullmatch(text)
    if match is None or not _is_closed(match[2]):
        raise InputError(f"keep takes one of {_EXAMPLES} at a time, and got `{shorten(text.strip())}`")
    kind, inside = match[1], match[2].strip()
    if kind not in KINDS:
        guess = nearest(kind, KINDS) or ":"
        raise InputError(f"keep knows no `{shorten(kind)}`{guess} it takes {_EXAMPLES}")
    if not inside:
        raise InputError(f"{kind}( ) of what? write {kind}({equations.states[0]})")
    try:
        return (
            _count(name, inside, equations) if kind == "count" else _of_value(name, kind, inside, equations)
        )
    except LawError as error:
        raise InputError(f"keep: in `{shorten(text.strip())}`: {error}") from None


def _is_closed(inside: str) -> bool:
    """Whether the last bracket of `max(…)` closes its first."""
    depth = 0
    for character in inside:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return False
    return depth == 0


def _of_value(name: str, kind: str, inside: str, equations: Equations) -> Reduction:
    known = (*equations.states, *equations.parameters, *equations.intermediates)
    node = read(inside, equations.independent, known, networks(equations.derivatives))
    return Reduction(name, kind, settled(node, equations))


def _count(name: str, inside: str, equations: Equations) -> Reduction:
    """An event of the law by its name or condition; or a condition that is only watched."""
    plain = " ".join(inside.split())
    for index, event in enumerate(equations.events):
        if event.name == plain:
            return Reduction(name, "count", None, event=index)
    node, direction, _ = read_condition(inside, equations)
    node = settled(node, equations)
    for index, event in enumerate(equations.events):
        if event.when is node and event.direction == direction:
            return Reduction(name, "count", None, event=index)
    return Reduction(name, "count", node, direction)


def settled(node: Node, equations: Equations) -> Node:
    """An expression with intermediates and highest derivatives put in, over names that have a value.

    Raises
    ------
    InputError
        For a name that the law does not know.
    """
    slopes = {f"{s}'": f for s, f in zip(equations.states, equations.derivatives, strict=True)}
    slopes = {name: slope for name, slope in slopes.items() if name not in equations.states}
    (node,) = substitute([node], {**equations.intermediates, **slopes})
    known = [*equations.states, *equations.parameters, *equations.intermediates, equations.independent]
    for used in symbols([node]):
        if used not in known:
            raise InputError(f"the law has no `{used}`{nearest(used, known) or '.'} It has: {listed(known)}")
    return node


def is_state(node: Node, equations: Equations) -> int | None:
    """Which state an expression is, if it is one."""
    for index, name in enumerate(equations.states):
        if node is symbol(name):
            return index
    return None
