"""What a law says, however it was written: the common result of `parse` and `trace`."""

from __future__ import annotations

from dataclasses import dataclass, field

from dydt.expr.graph import Node, symbol


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
    """A first-order system y' = f(t, y, p), by name.

    Attributes
    ----------
    states : tuple of str
        First-order states; ``x'' = …`` gives ``("x", "x'")``.
    derivatives : tuple of Node
        f, one node a state, over symbols named like the states, the parameters and the independent variable.
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
        The differential equations as they were written, in their order.
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

    def __post_init__(self) -> None:
        if not self.written:  # a function has no text: each derivative is its own equation
            pairs = zip(self.states, self.derivatives, strict=True)
            written = tuple(Written(symbol(state + "'"), node) for state, node in pairs)
            object.__setattr__(self, "written", written)
