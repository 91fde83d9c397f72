"""The events of a law as tapes: where they are, which way they go, and what they do."""

from __future__ import annotations

from dydt.expr.derive import gradient
from dydt.expr.equations import Equations, Event
from dydt.expr.graph import Node, symbol, symbols
from dydt.expr.mass import Constraints, rates
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
    settled : list of tuple of int
        For each event the states that constraints move after its action.
    """

    def __init__(self, equations: Equations) -> None:
        self.events: tuple[Event, ...] = equations.events
        varying = (equations.independent, *equations.states)
        rates = [rate(event.when, equations) for event in self.events]
        self.values = Tape([*(event.when for event in self.events), *rates], varying)
        self.jumps = tuple(
            Tape([event.actions.get(s, symbol(s)) for s in equations.states], varying)
            for event in self.events
        )
        constraints = Constraints.of(equations)
        names = equations.states
        follow = [constraints.follow(e.actions, names) if constraints else set[str]() for e in self.events]
        self.settled = [tuple(i for i, name in enumerate(names) if name in moved) for moved in follow]
        self.touches = [
            [bool({*one.actions, *moved} & set(symbols([other.when]))) for other in self.events]
            for one, moved in zip(self.events, follow, strict=True)
        ]

    @property
    def count(self) -> int:
        return len(self.events)


def rate(node: Node, equations: Equations) -> Node:
    """The rate of change of an expression along the solution: ∂e/∂t + ∇e · y'.

    Of a law with constraints the states are left out whose rates would take too much to write down.
    """
    used = set(symbols([node]))
    known = zip(equations.states, rates(equations), strict=True)
    moving = [(state, change) for state, change in known if state in used and change is not None]
    total, *slopes = gradient(node, [equations.independent, *(state for state, _ in moving)])
    for slope, (_, change) in zip(slopes, moving, strict=True):
        total = plus(total, times(slope, change))
    return total
