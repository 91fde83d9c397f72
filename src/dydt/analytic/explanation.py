"""A law solved by hand: the method, its steps, the solution, how it was verified and where it holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import sympy

from dydt.analytic import presentation
from dydt.analytic.curves import Curve, curves, readable
from dydt.analytic.interval import Interval
from dydt.analytic.native import Native
from dydt.analytic.neural import Neural
from dydt.analytic.problem import Problem
from dydt.analytic.search import Outcome
from dydt.analytic.values import values
from dydt.analytic.verify import explicit_values
from dydt.calculus.notation import Step, latex, text

Array = Any


@dataclass(frozen=True, eq=False)
class Explanation:
    """What `ODE.explain` gives.

    Attributes
    ----------
    ode : ODE
    problem : Problem
        The law in SymPy, with its initial values.
    outcome : Outcome
        What the search found.
    native : Native or None
        The comparison with the native solver, where there are numbers to compare.
    seconds : float
        How long it took.
    values : mapping
        Parameter -> its value, None where it has none.
    neural : Neural or None
        What the networks of the law are, which no method solves.
    """

    ode: Any
    problem: Problem
    outcome: Outcome
    native: Native | None = None
    seconds: float = 0.0
    values: Mapping[str, float | None] = field(default_factory=dict)
    neural: Neural | None = None

    # -- the answer -----------------------------------------------------------------------------------------------

    @property
    def solved(self) -> bool:
        """Whether there is a closed form: of the initial value problem, or of all solutions if there is none."""
        outcome = self.outcome
        return bool(outcome.members) if self.problem.initial else outcome.found is not None

    @property
    def verified(self) -> bool:
        """Whether the solution was put into the equation and nothing was left over. What is shown always was."""
        return self.solved

    @property
    def method(self) -> str | None:
        """A short name, ``"separable"``; ``"dsolve"`` for an answer of SymPy's without steps."""
        return self.outcome.found.method if self.outcome.found else None

    @property
    def title(self) -> str:
        """The method as it is called in a sentence."""
        return self.outcome.found.title if self.outcome.found else "no closed form found"

    @property
    def solutions(self) -> tuple[Any, ...]:
        """The solution as SymPy equations: one for each unknown, or for each branch; none if there is no solution."""
        if self.outcome.members:
            return self.outcome.members[0].solution
        return () if self.problem.initial else self.general

    @property
    def solution(self) -> Any:
        """The solution as a SymPy equation; a tuple of them for a system or for several branches; or None."""
        found = self.solutions
        return found[0] if len(found) == 1 else sympy.Tuple(*found) if found else None

    @property
    def general(self) -> tuple[Any, ...]:
        """All solutions, with the constants C1, C2, …"""
        return tuple(self.outcome.found.solutions) if self.outcome.found else ()

    @property
    def constants(self) -> dict[str, Any]:
        """What the initial values make of the constants."""
        members = self.outcome.members
        return {str(name): value for name, value in members[0].constants.items()} if members else {}

    @property
    def free(self) -> list[str]:
        """Constants that are still in the solution."""
        found = self.outcome.found
        there = set().union(*(equation.free_symbols for equation in self.solutions))
        return [c.name for c in found.constants if c in there] if found else []

    @property
    def steps(self) -> tuple[Step, ...]:
        """The calculation, a sentence and a formula each."""
        found, members = self.outcome.found, self.outcome.members
        return (*(found.steps if found else ()), *(members[0].steps if members else ()))

    @property
    def interval(self) -> Interval | None:
        """Where the solution holds."""
        return self.outcome.interval

    @property
    def lost(self) -> tuple[Any, ...]:
        """Solutions that the calculation divided away, such as y = 0, if no initial values ask for one only."""
        return tuple(self.outcome.found.lost) if self.outcome.found else ()

    @property
    def others(self) -> tuple[tuple[Any, ...], ...]:
        """Further solutions through the same point, where it does not determine one."""
        return tuple(member.solution for member in self.outcome.members[1:])

    @property
    def message(self) -> str:
        """What there is to say about it in a sentence."""
        return presentation.message(self)

    def __call__(self, t: Any, **chosen: float) -> Array:
        """The closed form in numbers.

        Parameters
        ----------
        t : float or array_like
        **chosen : float
            Values of constants and parameters that are still in it.

        Returns
        -------
        ndarray
            The shape of `t`; for a system with a last axis for the unknowns. nan where it is not real.

        Raises
        ------
        InputError
            If there is no closed form, or a constant has no value.

        Examples
        --------
        >>> import dydt
        >>> float(dydt.ODE("y' = 3*y").explain(y=2)(0.0))
        2.0
        """
        if not self.solved:
            from dydt.errors import InputError

            raise InputError(f"there is no closed form to evaluate: {self.message}")
        times = np.asarray(t, dtype=float)
        result = values(self.problem, self._branch(), times.reshape(-1), chosen)
        return result.reshape(times.shape + result.shape[1:])

    def _branch(self) -> tuple[Any, ...]:
        """One solution, where a family has several branches the first of them."""
        return self.solutions[:1] if self.problem.is_single else self.solutions

    # -- as text --------------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The solution in the language of laws."""
        return ";  ".join(map(text, self.solutions))

    @property
    def latex(self) -> str:
        """The solution in LaTeX."""
        return r",\quad ".join(map(latex, self.solutions))

    def to_latex(self) -> str:
        """Every step and the solution, in LaTeX."""
        return presentation.as_latex(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        return presentation.as_dict(self)

    def to_json(self) -> str:
        """Everything as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def __str__(self) -> str:
        return presentation.as_text(self)

    def __repr__(self) -> str:
        return f"<Explanation: {self.text or self.message}>"

    def _repr_latex_(self) -> str:
        return f"$${self.to_latex()}$$"

    # -- as a picture -----------------------------------------------------------------------------------------------

    @property
    def is_explicit(self) -> bool:
        """Whether each unknown stands alone on the left."""
        return explicit_values(self.problem, self._branch()) is not None

    def curves(self, t: Any = None) -> list[Curve]:
        """What a picture shows: the closed form, and points of the native solver."""
        return curves(self, self.span(t))

    def span(self, t: Any = None) -> tuple[float, float]:
        """The span to draw: what is asked for, else the law's own, else around the start; inside the interval."""
        start = float(self.problem.start)
        own = t is not None or self.ode.equations.span is not None
        low, high = sorted(self.ode._span(t)) if own else (start - 1.0, start + 5.0)
        if self.interval is not None:
            ends = [float(self.interval.low), float(self.interval.high)]
            low = max(low, ends[0] + 0.02 * min(start - ends[0], 5.0))
            high = min(high, ends[1] - 0.02 * min(ends[1] - start, 5.0))
        return (low, high) if own else readable(self, low, high)

    def plot(self, path: str | Path | None = None, dark: bool = False, **options: Any) -> Any:
        """The closed form over the points of the native solver; see `dydt.plotting.explained`."""
        from dydt.plotting.explained import explained

        return explained(self, path=path, dark=dark, **options)
