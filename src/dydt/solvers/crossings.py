"""The events of a law as tapes: where they are, which way they go, and what they do."""

from __future__ import annotations

from dydt.expr.derive import gradient
from dydt.expr.equations import Equations, Event
from dydt.expr.graph import Node, symbol, symbols
from dydt.expr.tidy import plus, times
from dydt.kernels.tape import Tape


class Crossings:
    """The events of a law, ready to be written into kernels.

    Attributes
    ----------
    events : tuple of Event
    values : Tape
        g₁ … g_E, then their rates of change along the solution, ġ = ∂g/∂t + ∇g · f.
    jumps : tuple of Tape
        For each event, the states just after it (all of them), from those just before.
    touches : list of list of bool
        Whether the action of event i changes the value of g_j.
    """

    def __init__(self, equations: Equations) -> None:
        self.events: tuple[Event, ...] = equations.events
        varying = (equations.independent, *equations.states)
        rates = [_rate(event.when, equations) for event in self.events]
        self.values = Tape([*(event.when for event in self.events), *rates], varying)
        self.jumps = tuple(
            Tape([event.actions.get(s, symbol(s)) for s in equations.states], varying)
            for event in self.events
        )
        self.touches = [
            [bool(set(one.actions) & set(symbols([other.when]))) for other in self.events]
            for one in self.events
        ]

    @property
    def count(self) -> int:
        return len(self.events)


def _rate(node: Node, equations: Equations) -> Node:
    names = [equations.independent, *equations.states]
    total, *slopes = gradient(node, names)
    for slope, change in zip(slopes, equations.derivatives, strict=True):
        total = plus(total, times(slope, change))
    return total
