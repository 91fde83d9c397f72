"""What one call of a solver computed, for whoever wants to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dydt.solvers.solver import _Journey

Array = Any


class Run:
    """What one solve computed.

    Attributes
    ----------
    status : int or str
        A status of `dydt.solvers.workspace`; or "time limit", "interrupted", or a "singular point" found on the way.
    t0, t1, first, parameters
        What was asked for, `first` being the initial state.
    seconds : float
        What it took.
    adjusted : dict
        Initial values that constraints have changed: state -> (given, found).
    """

    __slots__ = ("_journey", "adjusted", "first", "parameters", "seconds", "status", "t0", "t1")

    def __init__(
        self,
        status: int | str,
        t0: float,
        t1: float,
        first: Array,
        parameters: Array,
        journey: _Journey,
        seconds: float,
    ) -> None:
        self.status = status
        self.t0 = t0
        self.t1 = t1
        self.first = first
        self.parameters = parameters
        self.seconds = seconds
        self._journey = journey
        self.adjusted: dict[str, tuple[float, float]] = {}

    @property
    def t(self) -> float:
        """Where it ended."""
        return float(self._journey.end[0])

    @property
    def y(self) -> Array:
        """The state where it ended."""
        return self._journey.end[1:]

    @property
    def accepted(self) -> int:
        return self._journey.integer("accepted")

    @property
    def rejected(self) -> int:
        return self._journey.integer("rejected")

    @property
    def step(self) -> float:
        """The step that would have come next."""
        return float(self._journey.work[self._journey.solver.layout.places["h"]])

    @property
    def chunks(self) -> list[Array]:
        """Rows (t, y…); each chunk starts with the last row of the one before."""
        return self._journey.chunks

    @property
    def tail(self) -> Array | None:
        """The last rows, also where no rows are kept; None if the kernel wrote none."""
        return self._journey.tail

    @property
    def saved(self) -> Array | None:
        """States at the times of `saveat`, as far as they were reached."""
        saved = self._journey.saved
        return None if saved is None else saved[: self._journey.reached]

    @property
    def happened(self) -> list[tuple[int, float, Array, Array]]:
        """Events in the order of time: which, when, the state just before and just after."""
        return self._journey.happened

    @property
    def note(self) -> str:
        """What a judge said of a singular point."""
        return self._journey.note
