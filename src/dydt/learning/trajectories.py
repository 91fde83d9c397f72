"""Many trajectories with their exact sensitivities, at the times of data: what a fit asks for in each iteration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dydt.errors import InputError
from dydt.expr.variational import variational
from dydt.ode import ODE
from dydt.settings import Settings, read_settings
from dydt.solvers import methods
from dydt.solvers.consistent import starts
from dydt.solvers.ensemble import Harvest, Sweeper, Task, solve_all
from dydt.solvers.repeat import Repeated
from dydt.solvers.saving import Keeping
from dydt.solvers.solver import template
from dydt.solvers.workspace import DONE, STOPPED, Workspace

Array = Any

_MOST_STEPS = 50_000  # that a trial set of parameters may cost
_KEPT = 256  # sets of times that are laid out for the next call


@dataclass(frozen=True, eq=False)
class Paths:
    """Trajectories at given times, and where they ended.

    Attributes
    ----------
    y : ndarray, shape (members, times, n)
        NaN outside a member's own span, and where it did not come so far.
    slopes : ndarray, shape (members, times, n, q)
        ∂y/∂(quantity).
    end : ndarray, shape (members, n)
    end_slopes : ndarray, shape (members, n, q)
    statuses : ndarray, shape (members,)
        How each ended.
    """

    y: Array
    slopes: Array
    end: Array
    end_slopes: Array
    statuses: Array

    @property
    def fine(self) -> Array:
        """Which reached their end."""
        return (self.statuses == DONE) | (self.statuses == STOPPED)


class Trajectories:
    """A law and its variational equations, compiled for many members at a time.

    Parameters
    ----------
    ode : ODE
    quantities : sequence of str
        Parameters and initial values that it is differentiated with respect to; none of them: only the states.
    rtol : float
    method : str
    sizes : ndarray, shape (n,)
        What the states are measured by: errors below a part of it don't count.
    units : ndarray, shape (q,)
        The same for the quantities.
    """

    def __init__(
        self, ode: ODE, quantities: Sequence[str], rtol: float, method: str, sizes: Array, units: Array
    ) -> None:
        self._made_of = ode, tuple(quantities), rtol, method, sizes, units
        self.ode, self.quantities = ode, tuple(quantities)
        self.size = len(ode.states)
        self.law = _larger(ode, self.quantities) if quantities else ode
        self.settings: Settings = read_settings(
            ode.states, method, rtol, 1e-10, None, None, math.inf, _MOST_STEPS, math.inf, False,
            ode.is_constrained,
        )  # fmt: skip
        if not self.settings.rtol:
            raise InputError(f"a fit needs a positive rtol, as in rtol=1e-6, and has {rtol!r}")
        if not methods.method(self.settings.method).adaptive:
            raise InputError(f"a fit needs a method that finds its own steps, and {method} takes fixed ones")
        floor = 1e-2 * rtol * np.asarray(sizes, dtype=float)
        per_unit = floor / np.asarray(units, dtype=float)[:, None]
        self._absolute = np.concatenate([floor, per_unit.reshape(-1)])
        self._repeated: dict[tuple[int, int], tuple[Repeated, Array]] = {}
        self._templates: dict[int, tuple[Workspace, Array]] = {}

    def __reduce__(self) -> Any:
        return Trajectories, self._made_of  # machine code is made again where it is read

    def __call__(
        self, t0: Array, t1: Array, y: Array, slopes: Array, parameters: Array, times: Array
    ) -> Paths:
        """Solve all members.

        Parameters
        ----------
        t0, t1 : ndarray, shape (members,)
        y : ndarray, shape (members, n)
        slopes : ndarray, shape (members, n, q)
            ∂y/∂(quantity) at t0.
        parameters : ndarray, shape (members, parameters)
        times : ndarray
            Sorted in the direction of time; each member is asked at those within its span.
        """
        total, n, q = len(y), self.size, len(self.quantities)
        whole = self._begin(t0, y, slopes, parameters)
        columns = [t0, t1, *whole.T, *np.asarray(parameters, dtype=float).T]
        harvest = self._solve(columns, total, times)
        saved = harvest.saved
        assert saved is not None
        ends = harvest.states
        saved = saved.reshape(total, len(times), 1 + q, n).copy()
        ends = ends.reshape(total, 1 + q, n).copy()
        return Paths(
            saved[:, :, 0],
            saved[:, :, 1:].swapaxes(2, 3),
            ends[:, 0],
            ends[:, 1:].swapaxes(1, 2),
            harvest.statuses.copy(),
        )

    def starts(self, t0: Array, y: Array, slopes: Array, parameters: Array) -> Array:
        """Where the members start: at y, or next to it where the constraints are satisfied; shape (members, n)."""
        return self._begin(t0, y, slopes, parameters)[:, : self.size]

    def _begin(self, t0: Array, y: Array, slopes: Array, parameters: Array) -> Array:
        """States and sensitivities, a row a member; NaN in those that can't satisfy the constraints."""
        total, n, q = len(y), self.size, len(self.quantities)
        whole = np.empty((total, n * (1 + q)))
        whole[:, :n] = y
        whole[:, n:] = slopes.swapaxes(1, 2).reshape(total, n * q)
        if self.ode.is_constrained:
            return self._consistent(t0, whole, parameters)
        return whole

    def _consistent(self, t0: Array, whole: Array, parameters: Array) -> Array:
        """The starts that satisfy the constraints, for the states and their sensitivities."""
        for i, name in enumerate(self.law.states):
            if name in self.law.equations.algebraic:
                whole[:, i] = np.nan if i >= self.size else whole[:, i]
        try:
            found = starts(self.law.starter, float(t0[0]), whole, np.asarray(parameters, dtype=float))
        except InputError:
            return np.full(whole.shape, np.nan)
        return np.where(found.missed[:, None], np.nan, found.states)

    def _solve(self, columns: list[Array], total: int, times: Array) -> Harvest:
        """The quick way for a few members, if it leads to the end."""
        settings, lanes = self.settings, 1 if total == 1 else None  # a single one is quicker without company
        changes, key = bool(settings.stiff_method), (total, id(times))
        found = self._repeated.get(key)
        harvest = None if found is None else found[0](columns)
        if harvest is not None:
            return harvest
        task = Task(self._template, columns, total, 0.0, _MOST_STEPS, times)
        sweeper = self._sweeper(False, lanes)
        if found is None and total <= sweeper.lanes:
            if len(self._repeated) >= _KEPT:
                self._repeated.clear()
            found = self._repeated[key] = (Repeated(sweeper, task, settings.method, changes), times)
            harvest = found[0](columns)
            if harvest is not None:
                return harvest
        harvest = solve_all(
            task, lambda stiff: self._sweeper(stiff, lanes), settings.method, changes, len(times)
        )
        if harvest.interrupted:
            raise KeyboardInterrupt
        return harvest

    def _sweeper(self, stiff: bool, lanes: int | None) -> Sweeper:
        """The kernel, which the law keeps for the next fit."""
        law = self.law
        name = self.settings.stiff_method if stiff else self.settings.method
        key = (name, True, lanes, ())
        found = law.sweepers.get(key)
        if found is None:
            found = law.sweepers[key] = Sweeper(law.compiled_law, methods.method(name), Keeping(True), lanes)
        return found

    def _template(self, layout: Workspace) -> Array:
        found = self._templates.get(id(layout))
        if found is None:
            size = len(self.law.states)
            made = template(
                layout, size, self.settings.rtol, self._absolute[:size], 0.0, math.inf, _MOST_STEPS
            )
            found = self._templates[id(layout)] = (layout, made)
        return found[1].copy()


def _larger(ode: ODE, quantities: tuple[str, ...]) -> ODE:
    """The law with its variational equations, once for each set of quantities."""
    found = ode._variational.get(quantities)
    if found is None:
        found = ode._variational[quantities] = ODE(variational(ode.equations, quantities))
    return found
