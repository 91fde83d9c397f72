"""What a search for a closed form ends with; all of it can be sent from one process to another."""

from __future__ import annotations

from dataclasses import dataclass, field

from dydt.analytic.initial import Particular
from dydt.analytic.interval import Interval
from dydt.analytic.problem import Found
from dydt.analytic.verify import Evidence


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the search ends with.

    Attributes
    ----------
    found : Found or None
        The method's answer, its solutions verified and its steps checked.
    evidence : tuple of Evidence
        For each solution of `found`.
    members : tuple of Particular
        The solutions through the initial point; the first is the answer, the others go through it as well.
    interval : Interval or None
    tried : dict
        Method -> why its answer was not taken.
    out_of_time : bool
    """

    found: Found | None = None
    evidence: tuple[Evidence, ...] = ()
    members: tuple[Particular, ...] = ()
    interval: Interval | None = None
    tried: dict[str, str] = field(default_factory=dict)
    out_of_time: bool = False
