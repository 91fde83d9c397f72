"""What solving gives: states along time, labelled by name, that know how they ended and how far to trust them."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.errors import InputError, SolveError, nearest

if TYPE_CHECKING:
    from dydt.ode import Problem
    from dydt.trust import Check

Array = Any


class Solution:
    """The solution of an initial value problem, up to where it was computed.

    Attributes
    ----------
    status : str
        ``"done"``, ``"stopped"`` (by an event), or ``"chatter"``, ``"blow-up"``, ``"singular point"``,
        ``"not finite"``, ``"step too small"``, ``"step limit"``, ``"time limit"``, ``"interrupted"``.
    message : str
        How it ended: when, in which state, the likely cause and the next thing to try.
    t : ndarray, shape (m,)
        The accepted steps, or the times of `saveat`.
    y : ndarray, shape (m, n)
        States at `t`; columns in the order of `states`.
    states : tuple of str
    stats : dict
        Steps, rejected, right-hand side evaluations, seconds, the method, and what compiling took.

    Examples
    --------
    >>> import dydt
    >>> sol = dydt.ODE("x' = -x").solve(t=(0, 1), x=1)
    >>> sol
    <Solution x on t = 0 … 1: done>
    >>> round(float(sol(0.5)[0]), 6)
    0.606531
    """

    __slots__ = ("_ending", "_rows", "_run", "_y", "problem")

    def __init__(self, problem: Problem, run: Any) -> None:
        self.problem = problem
        self._run = run
        self._rows: Array | None = None
        self._ending: Any = None

    # -- what was computed ----------------------------------------------------------------------------------------

    @property
    def states(self) -> tuple[str, ...]:
        return self.problem.states

    @property
    def rows(self) -> Array:
        """Times and states side by side: shape (m, 1 + n)."""
        if self._rows is None:
            self._rows = self.problem.rows(self._run)
        return self._rows

    @property
    def t(self) -> Array:
        return self.rows[:, 0]

    @property
    def y(self) -> Array:
        return self.rows[:, 1:]

    @property
    def end(self) -> tuple[Array, float]:
        """The state where it ended, and when."""
        return self._run.y, self._run.t

    def __getitem__(self, name: str) -> Array:
        """A state, the independent variable or an intermediate quantity, at each time of `t`.

        Raises
        ------
        InputError
            For a name that is none of these; the message names the nearest.
        """
        if name == self.problem.independent:
            return self.t
        if name in self.states:
            return self.y[:, self.states.index(name)]
        if name in self.problem.intermediates:
            return self.problem.intermediate(name, self._run, self.t, self.y)
        known = [*self.states, *self.problem.intermediates, self.problem.independent]
        raise InputError(
            f"the solution has no `{name}`{nearest(name, known) or '.'} It has: {', '.join(known)}"
        )

    def sensitivity(self, quantity: str) -> Array:
        """∂y/∂(parameter or initial value) at each time: shape (m, n), columns in the order of the law's states.

        Raises
        ------
        InputError
            If the solution was computed without it.

        Examples
        --------
        >>> import dydt
        >>> sol = dydt.ODE("x' = -k*x", k=1).solve(t=(0, 1), x=2, sensitivity=["k", "x(0)"])
        >>> sol.sensitivity("k")[-1].round(6), sol["dx/dx(0)"][-1].round(6)
        (array([-0.735759]), np.float64(0.367879))
        """
        ending = f"/d{quantity}"
        columns = [i for i, name in enumerate(self.states) if name.startswith("d") and name.endswith(ending)]
        if not columns:
            raise InputError(
                f'the solution has no sensitivity to `{quantity}`: solve with sensitivity=["{quantity}"]'
            )
        return self.y[:, columns]

    def __call__(self, times: float | Sequence[float] | Array) -> Array:
        """The state at any time of the solution, as accurate as the solution itself.

        Parameters
        ----------
        times : float or array_like of shape (m,)

        Returns
        -------
        ndarray of shape (n,) or (m, n)

        Raises
        ------
        InputError
            For a time outside the solution.
        """
        times = np.asarray(times, dtype=float)
        flat = times.reshape(-1)
        low, high = sorted((self._run.t0, float(self._run.t)))
        outside = flat[~((flat >= low) & (flat <= high))]
        if len(outside):
            name = self.problem.independent
            raise InputError(
                f"the solution holds {name} = {low:.9g} … {high:.9g}, and was asked for {name} = {outside[0]:.9g}"
            )
        states = self.problem.dense(self._run, self.rows, flat)
        return states.reshape(*times.shape, len(self.states))

    def __len__(self) -> int:
        return len(self.t)

    # -- how it ended ---------------------------------------------------------------------------------------------

    @property
    def ending(self) -> Any:
        if self._ending is None:
            self._ending = self.problem.ending(self._run)
        return self._ending

    @property
    def status(self) -> str:
        return str(self.ending.status)

    @property
    def is_fine(self) -> bool:
        """Whether it is ``"done"``, or ``"stopped"`` by an event of the law."""
        return bool(self.ending.is_fine)

    @property
    def events(self) -> dict[str, Array]:
        """The times of each event of the law, by its name.

        Examples
        --------
        >>> import dydt
        >>> ball = dydt.ODE("h' = v; v' = -9.81; h(0) = 1; v(0) = 0; when h = 0 falling: v -> -0.5*v")
        >>> ball.solve(t=(0, 1)).events["h = 0"].round(6)
        array([0.451524, 0.903047])
        """
        return {
            name: np.array([t for t, *_ in hits]) for name, hits in self.problem.events(self._run).items()
        }

    def event_states(self, name: str) -> tuple[Array, Array]:
        """The states just before and just after each event of a name: two arrays of shape (count, n)."""
        found = self.problem.events(self._run)
        if name not in found:
            raise InputError(
                f"the law has no event `{name}`{nearest(name, found) or '.'} It has: {', '.join(found)}"
            )
        size = len(self.states)
        before, after = ([hit[i] for hit in found[name]] for i in (1, 2))
        return np.array(before).reshape(-1, size), np.array(after).reshape(-1, size)

    @property
    def message(self) -> str:
        return str(self.ending.message)

    @property
    def stats(self) -> dict[str, Any]:
        return self.problem.stats(self._run)

    def raise_for_status(self) -> Solution:
        """Itself if it is done; else it raises.

        Raises
        ------
        SolveError
            With the status and the message.
        """
        if not self.is_fine:
            raise SolveError(f"{self.status}: {self.message}")
        return self

    def check(self) -> Check:
        """Solve again, independently and much more tightly, and say how far this solution can be trusted.

        Returns
        -------
        Check
            Global error of each state along the way, and until when a given accuracy holds.
        """
        from dydt.trust import check

        return check(self)

    def drift(self, quantity: Any = None) -> Array:
        """How far a quantity that should be conserved has moved from its first value, at each time of `t`.

        Parameters
        ----------
        quantity : str or Quantity, optional
            A formula in states and parameters, ``"x^2 + y^2"``, or one that `ODE.conserved` found; by default the
            first of these.

        Returns
        -------
        ndarray, shape (m,)

        Examples
        --------
        >>> import dydt
        >>> sol = dydt.ODE("x' = y; y' = -x").solve(t=(0, 10), x=1, y=0)
        >>> bool(abs(sol.drift("x^2 + y^2")).max() < 1e-7)
        True
        """
        from dydt.dynamics.conserved import drift

        return drift(self, quantity)

    # -- to other forms -------------------------------------------------------------------------------------------

    def to_csv(self, path: str | Path | None = None) -> str | None:
        """Times and states as comma-separated values, exact to the last bit; a string if no path is given."""
        names = [self.problem.independent, *self.states]
        lines = [",".join(names), *(",".join(map(repr, row)) for row in self.rows.tolist())]
        text = "\n".join(lines) + "\n"
        if path is None:
            return text
        Path(path).write_text(text, encoding="utf-8")
        return None

    def to_json(self) -> str:
        """Times, states, status, message and stats as JSON; what is not finite becomes null."""
        columns = {name: [v if np.isfinite(v) else None for v in self[name].tolist()] for name in self.states}
        whole = {"status": self.status, "message": self.message, "stats": self.stats}
        return json.dumps(whole | {self.problem.independent: self.t.tolist(), "states": columns})

    def to_pandas(self) -> Any:
        """A pandas DataFrame: a column a state, the times as index (needs pandas)."""
        import pandas

        return pandas.DataFrame(self.y.copy(), columns=list(self.states), index=self._index())

    def _index(self) -> Any:
        import pandas

        return pandas.Index(self.t.copy(), name=self.problem.independent)

    def to_xarray(self) -> Any:
        """An xarray Dataset: a variable a state over the times (needs xarray)."""
        import xarray

        name = self.problem.independent
        variables = {state: (name, self[state].copy()) for state in self.states}
        return xarray.Dataset(variables, coords={name: self.t.copy()}, attrs={"status": self.status})

    # -- pictures -------------------------------------------------------------------------------------------------

    def plot(self, *names: str | Path, **options: Any) -> Any:
        """States over time; see `dydt.plotting.time_series`."""
        from dydt.plotting import time_series

        return time_series(self, *names, **options)

    def phase(self, *names: str | Path, **options: Any) -> Any:
        """States against each other, in two or three dimensions; see `dydt.plotting.phase`."""
        from dydt.plotting import phase

        return phase(self, *names, **options)

    def __repr__(self) -> str:
        name = self.problem.independent
        span = f"{name} = {self._run.t0:.6g} … {float(self._run.t):.6g}"
        return f"<Solution {', '.join(self.states[:6])}{' …' if len(self.states) > 6 else ''} on {span}: {self.status}>"

    def _repr_html_(self) -> str:
        """A table for notebooks: how it ended, the ends of each state, and what it took."""
        cells = []
        for name in self.states[:12]:
            values = self[name]
            cells.append(
                f"<tr><td>{html.escape(name)}</td><td>{values[0]:.6g}</td><td>{values[-1]:.10g}</td>"
                f"<td>{np.min(values):.6g}</td><td>{np.max(values):.6g}</td></tr>"
            )
        more = f"<p>… and {len(self.states) - 12} more states</p>" if len(self.states) > 12 else ""
        stats = self.stats
        took = f"{stats['seconds'] * 1e3:.3g} ms"
        facts = f"{stats['method']}, {stats['steps']} steps, {stats['rejected']} rejected, {took}"
        return (
            f"<div><p><b>{html.escape(self.status)}</b>: {html.escape(self.message)}</p><table><thead><tr>"
            "<th>state</th><th>start</th><th>end</th><th>least</th><th>most</th></tr></thead>"
            f"<tbody>{''.join(cells)}</tbody></table>{more}<p><small>{facts}</small></p></div>"
        )
