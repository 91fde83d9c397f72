"""How far a solution can be trusted: an independent, much tighter solve, and the distance to it."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.brief import brief

if TYPE_CHECKING:
    from dydt.solution import Solution

Array = Any

_TIGHTER = 1e-3
_FINEST = 3e-14  # below it rounding, not the method, decides
_AT_AN_EVENT = 1e-6  # of the span
ACCURACY = 1e-3


@dataclass(frozen=True)
class Check:
    """The global error of a solution, by another solve.

    Attributes
    ----------
    t : ndarray, shape (m,)
        The steps of the solution that was checked, and a point inside each.
    errors : ndarray, shape (m, n)
        Distance to the other solution at `t`, a column a state.
    scales : ndarray, shape (n,)
        The largest size of each state, which relative errors refer to.
    last : ndarray, shape (n,)
        The states at the last of `t`, by the other solve.
    states : tuple of str
    method, rtol :
        Of the other solve.
    end : float
        Where the solution that was checked ends.
    """

    t: Array
    errors: Array
    scales: Array
    last: Array
    states: tuple[str, ...]
    independent: str
    method: str
    rtol: float
    end: float

    __repr__ = brief

    @property
    def relative(self) -> Array:
        """Errors in units of each state's largest size."""
        return self.errors / np.where(self.scales > 0, self.scales, 1.0)

    @property
    def worst(self) -> dict[str, float]:
        """The largest error of each state along the way."""
        return dict(zip(self.states, np.max(self.errors, axis=0).tolist(), strict=True))

    def trusted_until(self, accuracy: float = ACCURACY) -> float:
        """The time until which every state is within `accuracy` (relative to its largest size)."""
        bad = np.flatnonzero(~np.all(self.relative <= accuracy, axis=1))
        if not len(bad):
            return self.end
        return float(self.t[max(bad[0] - 1, 0)])

    @property
    def lost(self) -> tuple[str, ...]:
        """States so small at the end that, relative to themselves, they are not within `ACCURACY` there."""
        ends = zip(self.states, self.errors[-1], self.last, strict=True)
        return tuple(state for state, error, value in ends if error > ACCURACY * abs(value))

    @property
    def verdict(self) -> str:
        """One sentence: what to think of the solution."""
        name = self.independent
        until = self.trusted_until()
        if until == self.end:
            digits = float(np.max(self.relative))
            text = f"trusted to the end: every state is within {max(digits, 1e-16):.1e} of its largest size"
            if self.lost:
                shown = ", ".join(f"`{state}`" for state in self.lost)
                text += f"; at the end too small for three certain digits: {shown}"
            return text
        return (
            f"trusted until {name} = {until:.4g} only: behind it the error exceeds {ACCURACY:g} of a state's size, "
            f"and the rest to {name} = {self.end:.4g} can't be trusted"
        )

    def __str__(self) -> str:
        width = max(len("state"), *(len(s) for s in self.states))
        lines = [self.verdict, f"{'state':<{width}}  error at the end  largest error  relative"]
        relative = np.max(self.relative, axis=0)
        for i, state in enumerate(self.states):
            lines.append(
                f"{state:<{width}}  {self.errors[-1, i]:16.2e}  {np.max(self.errors[:, i]):13.2e}  {relative[i]:8.1e}"
            )
        return "\n".join([*lines, f"(against {self.method} at rtol = {self.rtol:.0e})"])

    def _repr_html_(self) -> str:
        relative = np.max(self.relative, axis=0)
        rows = "".join(
            f"<tr><td>{html.escape(s)}</td><td>{self.errors[-1, i]:.2e}</td><td>{np.max(self.errors[:, i]):.2e}</td>"
            f"<td>{relative[i]:.1e}</td></tr>"
            for i, s in enumerate(self.states)
        )
        return (
            f"<div><p><b>{html.escape(self.verdict)}</b></p><table><thead><tr><th>state</th><th>error at the end</th>"
            f"<th>largest error</th><th>relative</th></tr></thead><tbody>{rows}</tbody></table>"
            f"<p><small>against {self.method} at rtol = {self.rtol:.0e}</small></p></div>"
        )


def check(solution: Solution) -> Check:
    """Compare a solution with an independent one: another method, a thousand times tighter.

    Where rounding leaves no room to be tighter, the distance of the two is still of the size of the error.
    """
    problem = solution.problem
    if problem.is_stiff(solution._run):
        method = "rodas4p" if problem.method == "rodas5p" else "rodas5p"
    else:
        method = "dop853" if problem.method == "vern9" else "vern9"
    rtol = max(problem.rtol * _TIGHTER, _FINEST)
    other = problem.again(solution._run, method, rtol)
    t = solution.t
    forward = solution._run.t1 > solution._run.t0
    if problem.saveat is None and len(t) > 1:
        t = np.concatenate([t, 0.5 * (t[1:] + t[:-1])])
        t = np.sort(t) if forward else np.sort(t)[::-1]
    reached = float(other._run.t)
    t = t[t <= reached] if forward else t[t >= reached]
    mine = solution(t) if problem.saveat is None else solution.y[: len(t)]
    # Next to an event one solution has jumped and the other has not yet: the distance says nothing there.
    told = np.ones(len(t), dtype=bool)
    for moment in (time for s in (solution, other) for times in s.events.values() for time in times):
        told &= np.abs(t - moment) > _AT_AN_EVENT * abs(float(solution._run.t) - solution._run.t0)
    if told.any():
        t, mine = t[told], mine[told]
    theirs = other(t)
    errors = np.abs(mine - theirs)
    scales = np.max(np.abs(solution.y), axis=0)
    return Check(
        t, errors, scales, theirs[-1], solution.states, problem.independent, method, rtol, float(t[-1])
    )
