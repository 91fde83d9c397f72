"""What a law says, however it was written: the common result of `parse` and `trace`."""

from __future__ import annotations

from dataclasses import dataclass, field

from dydt.expr.graph import Node, as_value, number, symbol
from dydt.expr.tidy import ZERO, plus, times


@dataclass(frozen=True, eq=False)
class Event:
    """Something that happens when an expression crosses zero.

    Attributes
    ----------
    name : str
        The condition as it was written, or the name it was given.
    when : Node
        Zero at the event.
    direction : int
        1: only while it rises, -1: only while it falls, 0: either way.
    stop : bool
        Whether the solution ends there.
    actions : dict
        State -> its value just after, an expression of the state just before.
    """

    name: str
    when: Node
    direction: int = 0
    stop: bool = False
    actions: dict[str, Node] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Written:
    """One equation as it was written, before anything is solved for: `left` = `right`.

    Derivatives are symbols with primes; named quantities are put in.
    """

    left: Node
    right: Node


@dataclass(frozen=True, eq=False)
class Equations:
    """A first-order system y' = f(t, y, p), or M y' = f(t, y, p), by name.

    Attributes
    ----------
    states : tuple of str
        First-order states; ``x'' = …`` gives ``("x", "x'")``.
    derivatives : tuple of Node
        f, one node a state, over symbols named like the states, the parameters and the independent variable. With a
        mass matrix, f is the right-hand side of M y' = f, and where a row of M is zero, 0 = f is a constraint.
    parameters : dict
        In order of appearance; None where no value is given yet.
    intermediates : dict
        Named quantities; already put into `derivatives`.
    initial : dict
        State -> value, which may use parameters.
    start : float or None
        Where the initial values hold, if the law says so.
    span : pair of float or None
    events : tuple of Event
    singular : tuple of Node
        Factors of the highest derivatives; where one is zero, the law does not say how things change.
    written : tuple of Written
        The differential equations and constraints as they were written, in their order.
    mass : dict or None
        M of M y' = f where it is singular: ``{(row, column): entry}`` without zeros; None for y' = f. Rows stand in
        an order in which equation i can be taken for the one that is about state i.
    """

    states: tuple[str, ...]
    derivatives: tuple[Node, ...]
    parameters: dict[str, float | None] = field(default_factory=dict)
    intermediates: dict[str, Node] = field(default_factory=dict)
    initial: dict[str, Node] = field(default_factory=dict)
    start: float | None = None
    span: tuple[float, float] | None = None
    singular: tuple[Node, ...] = ()
    events: tuple[Event, ...] = ()
    independent: str = "t"
    written: tuple[Written, ...] = ()
    mass: dict[tuple[int, int], float] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "derivatives", tuple(map(as_value, self.derivatives)))
        if not self.written:  # a function has no text: each derivative is its own equation
            pairs = zip(self.left, self.derivatives, strict=True)
            object.__setattr__(self, "written", tuple(Written(left, node) for left, node in pairs))

    @property
    def left(self) -> tuple[Node, ...]:
        """M y', one node an equation: ``x'`` for an ordinary one, 0 for a constraint."""
        if self.mass is None:
            return tuple(symbol(state + "'") for state in self.states)
        rows = [ZERO] * len(self.states)
        for (i, j), entry in sorted(self.mass.items()):
            rows[i] = plus(rows[i], times(number(entry), symbol(self.states[j] + "'")))
        return tuple(rows)

    @property
    def algebraic(self) -> tuple[str, ...]:
        """The states whose derivatives stand in no equation: the constraints determine them."""
        if self.mass is None:
            return ()
        changing = {j for _, j in self.mass}
        return tuple(state for j, state in enumerate(self.states) if j not in changing)
