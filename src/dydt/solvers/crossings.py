"""The events of a law as tapes: where they are, which way they go, and what they do."""

from __future__ import annotations

import numpy as np

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
    settled : tuple of int
        States that constraints move after an action.
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
        self.touches = [
            [self._reaches(one, other, equations) for other in self.events] for one in self.events
        ]
        constraints = Constraints.of(equations)
        self.settled: tuple[int, ...] = ()
        if constraints is not None:
            self.settled = tuple(np.flatnonzero(np.abs(constraints.directions).sum(axis=1)).tolist())

    @staticmethod
    def _reaches(one: Event, other: Event, equations: Equations) -> bool:
        """Whether what happens at one event may change the value of the other; constraints carry it far."""
        if equations.mass is not None:
            return bool(one.actions)
        return bool(set(one.actions) & set(symbols([other.when])))

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
