"""The closed form beside the native solver."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.analytic.problem import Problem
from dydt.analytic.search import Outcome
from dydt.analytic.values import values
from dydt.analytic.verify import explicit_values
from dydt.errors import DydtError

if TYPE_CHECKING:
    from dydt.ode import ODE

Array = Any


@dataclass(frozen=True)
class Native:
    """The closed form beside the native solver.

    Attributes
    ----------
    t : ndarray, shape (m,)
    difference : float
        The largest distance, relative to the size of the solution.
    """

    t: Array
    difference: float

    @property
    def agrees(self) -> bool:
        """Whether they are the same to six digits."""
        return self.difference <= 1e-6

    def __str__(self) -> str:
        span = f"from {self.t.min():.4g} to {self.t.max():.4g}"
        if self.agrees:
            return f"the native solver gives the same {span}, within {max(self.difference, 1e-16):.1g}"
        return f"the native solver takes another way {span}"


def compare(ode: ODE, asked: Problem, outcome: Outcome, known: Mapping[str, float | None]) -> Native | None:
    """The closed form beside the native solver, on a piece of its interval; None where there are no numbers."""
    solution = outcome.members[0].solution
    free = set().union(*(e.free_symbols for e in solution)) - {asked.independent}
    if asked.parameters or (free and explicit_values(asked, solution) is not None):
        return None
    try:
        start = float(asked.start)
        initial = {name: float(value) for name, value in asked.initial.items()}
    except TypeError:
        return None
    differences, times = [], []
    for side in (1, -1):
        reach = _reach(outcome.interval, start, side)
        found = _native(ode, (start, start + side * reach), {**known, **initial})
        if found is None or not len(found[0]):
            continue
        at, theirs = found
        ours = values(asked, solution, at, {}).reshape(len(at), -1)
        good = np.isfinite(ours).all(axis=1)
        if good.any():
            size = 1e-3 + np.abs(theirs[good]).max(axis=0)
            differences.append(float((np.abs(ours - theirs)[good] / size).max()))
            times.append(at[good])
    return Native(np.concatenate(times), max(differences)) if times else None


def _reach(where: Any, start: float, side: int) -> float:
    if where is None:
        return 0.1
    return min(1.0, 0.5 * abs(float(where.high if side > 0 else where.low) - start))


def _native(ode: ODE, span: tuple[float, float], named: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """Times and unknowns of the native solution; None if it can't start."""
    given = {name: value for name, value in named.items() if value is not None}
    unknowns = list(dict.fromkeys(state.rstrip("'") for state in ode.states))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            times = np.linspace(*span, 17)
            solution = ode.solve(
                span, values=given, rtol=1e-10, atol=1e-12, saveat=times, time_limit=1.0, progress=False
            )
    except DydtError:
        return None
    if not solution.is_fine or any(len(hits) for hits in solution.events.values()):
        return None
    return solution.t, np.stack([solution[name] for name in unknowns], axis=-1)
