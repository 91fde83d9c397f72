"""The verb `sweep`: many solves of one law, broadcast like NumPy arrays."""

from __future__ import annotations

import math
import os
import time
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.ensemble import Ensemble
from dydt.errors import InputError, SolveWarning
from dydt.expr.network import written_out
from dydt.expr.reductions import Reduction, read_reductions
from dydt.kernels.numpy import evaluate
from dydt.progress import Progress, is_watched
from dydt.settings import Settings
from dydt.solvers import methods
from dydt.solvers.causes import Causes, Stops
from dydt.solvers.consistent import starts
from dydt.solvers.ensemble import LANES, Harvest, Sweeper, Task, solve_all
from dydt.solvers.reduce import Reducing
from dydt.solvers.saving import Keeping
from dydt.solvers.solver import template
from dydt.solvers.workspace import (
    CHANGE,
    CHATTER,
    CROSSED,
    DONE,
    FRESH,
    HAPPENED,
    NOT_FINITE,
    RUNNING,
    STEP_LIMIT,
    STOPPED,
    TOO_SMALL,
    Workspace,
)

if TYPE_CHECKING:
    from dydt.ode import ODE
    from dydt.solution import Solution

Array = Any

# What a member's status is called, where no cause has to be looked for.
_WORDS = {DONE: "done", TOO_SMALL: "step too small", STEP_LIMIT: "step limit", NOT_FINITE: "not finite"}
_WORDS |= {STOPPED: "stopped", CHATTER: "chatter", HAPPENED: "interrupted", CHANGE: "interrupted"}
_WORDS |= {FRESH: "interrupted", RUNNING: "interrupted", CROSSED: "singular point"}


class Sweep:
    """One sweep: what is swept, its settings, and how a member is solved alone.

    Parameters
    ----------
    ode : ODE
    settings : Settings
        Its `saveat` is None (ends are kept) or times.
    span : (float, float)
    named : mapping
        Values by name; arrays are swept.
    product : bool
        Whether names are swept against each other, or broadcast.
    keep : str, sequence of str or mapping, optional
        What each solution is reduced to, besides where it ends.
    """

    def __init__(
        self,
        ode: ODE,
        settings: Settings,
        span: tuple[float, float],
        named: Mapping[str, Any],
        product: bool,
        keep: Any = None,
    ) -> None:
        self.ode = ode
        self.settings = settings
        self.span = span
        self.fixed, self.swept = _split(ode, named)
        self.dims, self.shape = self._dimensions(product)
        self.total = math.prod(self.shape)
        self.saveat: Array | None = None
        if settings.saveat is not None:
            self.saveat = ode.problem(settings).times(*span)
        self.reductions = read_reductions(keep, ode.equations)
        for reduction in self.reductions:
            if reduction.name in self.swept:
                raise InputError(f"`{reduction.name}` is swept; call the reduction otherwise")
        self.reducing = Reducing(self.reductions, ode.equations) if self.reductions else None
        if self.reducing is not None and not self.reducing.slots:
            self.reducing = None
        self.compile_seconds = 0.0
        # Beside the states: end, step, status, two counts and place in the queue; what reductions gather and give.
        size = len(ode.states) * (1 if self.saveat is None else 1 + len(self.saveat)) + 6
        size += len(self.reductions) + (self.reducing.slots if self.reducing else 0)
        self.memory = 8 * self.total * (size + len(self.swept))
        self._refuse_what_does_not_fit()  # before the values of the members are laid out
        self.no_start: Array | None = None  # members whose constraints can't be satisfied
        self._columns = self._all_columns()

    def _dimensions(self, product: bool) -> tuple[tuple[str, ...], tuple[int, ...]]:
        if product:
            for name, values in self.swept.items():
                if values.ndim != 1:
                    raise InputError(
                        f"with product=True each name is swept over a line of values; `{name}` has {values.ndim} axes"
                    )
            count = len(self.swept)
            for axis, (name, values) in enumerate(list(self.swept.items())):
                self.swept[name] = values.reshape([-1 if i == axis else 1 for i in range(count)])
            return tuple(self.swept), tuple(v.size for v in self.swept.values())
        try:
            shape = np.broadcast_shapes(*(v.shape for v in self.swept.values()))
        except ValueError:
            shapes = ", ".join(f"{name} {v.shape}" for name, v in self.swept.items())
            raise InputError(
                f"the swept values don't go together: {shapes}; give product=True to sweep each against each"
            ) from None
        if len(shape) == 1:
            return (next(iter(self.swept)) if len(self.swept) == 1 else "member",), shape
        return tuple(f"axis {i}" for i in range(len(shape))), shape

    # -- the values of each member --------------------------------------------------------------------------------

    def _all_columns(self) -> list[Array]:
        """t0, t1, each state, each parameter: one number, or one for each member."""
        ode, law = self.ode, self.ode.equations
        given: dict[str, Any] = dict(self.fixed)
        given |= {name: np.broadcast_to(v, self.shape).reshape(-1) for name, v in self.swept.items()}
        stand_in = {name: value if np.ndim(value) == 0 else float(value[0]) for name, value in given.items()}
        own = dict(zip(ode.parameters, ode.parameter_values(stand_in), strict=True))
        parameters = {name: given.get(name, value) for name, value in own.items()}
        first = dict(
            zip(
                ode.states,
                ode.initial_state(stand_in, np.array(list(own.values())), self.span[0]),
                strict=True,
            )
        )
        states = {}
        for name in ode.states:
            if name in given:
                states[name] = given[name]
            elif name in law.initial and law.initial[name].operation != "number":
                states[name] = evaluate([law.initial[name]], parameters)[0]
            else:
                states[name] = first[name]
        if ode.is_constrained:
            self._make_consistent(states, parameters)
        return [
            np.atleast_1d(np.asarray(v, dtype=float))
            for v in (*self.span, *states.values(), *parameters.values())
        ]

    def _make_consistent(self, states: dict[str, Any], parameters: dict[str, Any]) -> None:
        """Put in, for each member, the states that satisfy the constraints."""
        ode = self.ode
        rows, p = (
            np.column_stack([np.broadcast_to(np.asarray(v, float), self.total) for v in named.values()])
            if named
            else np.empty((self.total, 0))
            for named in (states, parameters)
        )
        found = starts(ode.starter, self.span[0], rows, p)
        self.no_start = found.missed
        for i, name in enumerate(ode.states):
            if not np.array_equal(found.states[:, i], rows[:, i]):
                states[name] = found.states[:, i]

    def values(self, member: int) -> tuple[Array, Array]:
        """The initial state and the parameters of one member."""
        numbers = np.array([c[0] if len(c) == 1 else c[member] for c in self._columns[2:]])
        return numbers[: len(self.ode.states)], numbers[len(self.ode.states) :]

    # -- solving --------------------------------------------------------------------------------------------------

    def run(self, threads: int | None, lanes: int | None, progress: bool) -> Ensemble:
        """Solve all members."""
        if lanes is not None and lanes not in LANES:
            raise InputError(f"lanes must be one of {', '.join(map(str, LANES))}, and is {lanes!r}")
        if threads is not None and (threads != int(threads) or threads < 1):
            raise InputError(f"threads must be a whole number from 1 on, and is {threads!r}")
        compiled = self._compile(False, lanes)  # before the bar, which shows the members
        bar = None
        if progress and is_watched():
            bar = Progress(f"solving {self.total:,} members, {in_bytes(self.memory)}", "members")
        s = self.settings
        task = Task(
            self._template,
            self._columns,
            self.total,
            s.h,
            s.step_limit,
            self.saveat,
            threads,
            bar,
            s.time_limit,
        )
        times = None if self.saveat is None else len(self.saveat)

        def sweepers(stiff: bool) -> Sweeper:
            return self._compile(True, lanes) if stiff else compiled

        compiling = self.compile_seconds
        harvest = solve_all(task, sweepers, s.method, bool(s.stiff_method), times)
        harvest.seconds -= self.compile_seconds - compiling
        if bar is not None:
            bar.close()
        statuses = self._statuses(harvest)
        ensemble = Ensemble(self, harvest, statuses, self._reduced(harvest))
        if not np.all(ensemble.done):
            warnings.warn(
                f"not all members reached the end: {ensemble.summary()}", SolveWarning, stacklevel=4
            )
        return ensemble

    def _compile(self, stiff: bool, lanes: int | None) -> Sweeper:
        """The kernel of the first method, or of the one for stiff laws."""
        name = self.settings.stiff_method if stiff else self.settings.method
        gathered = tuple(r.key for r in self.reducing.reductions) if self.reducing else ()
        key = (name, self.saveat is not None, lanes, gathered)
        found = self.ode.sweepers.get(key)
        if found is None:
            began = time.perf_counter()
            keeping = Keeping(self.saveat is not None, self.reducing)
            found = Sweeper(self.ode.compiled_law, methods.method(name), keeping, lanes)
            self.ode.sweepers[key] = found
            self.compile_seconds += time.perf_counter() - began
        return found

    def _template(self, layout: Workspace) -> Array:
        s = self.settings
        absolute = s.atol[0] if len(s.atol) == 1 else np.array(s.atol)
        return template(layout, len(self.ode.states), s.rtol, absolute, s.h, s.max_step, s.step_limit)

    def _refuse_what_does_not_fit(self) -> None:
        free = _free_memory()
        if free is not None and self.memory > 0.8 * free:
            less = "keep fewer times in saveat" if self.saveat is not None else "sweep in several parts"
            raise InputError(
                f"this sweep needs {in_bytes(self.memory)}, and {in_bytes(free)} are free: {less}"
            )

    def _statuses(self, harvest: Harvest) -> Array:
        """Each member's status in words, as a solve of its own would say it."""
        if np.all(harvest.statuses == DONE):
            return np.full(self.total, "done", dtype=object)
        words = np.empty(self.total, dtype=object)
        for code, word in _WORDS.items():
            words[harvest.statuses == code] = word
        for code in (TOO_SMALL, NOT_FINITE):
            stuck = np.flatnonzero(harvest.statuses == code)
            if len(stuck):
                causes = Causes(self.ode.equations)
                words[stuck] = causes.words(self._stops(harvest, stuck), code == NOT_FINITE)
        if self.no_start is not None:
            words[self.no_start] = "no consistent start"
        return words

    def _stops(self, harvest: Harvest, members: Array) -> Stops:
        """Where some members began and stopped."""
        size = len(self.ode.states)
        columns = [np.broadcast_to(c if len(c) == 1 else c[members], len(members)) for c in self._columns]
        parameters = (
            np.column_stack(columns[2 + size :]) if columns[2 + size :] else np.empty((len(members), 0))
        )
        first = np.column_stack(columns[2 : 2 + size])
        return Stops(columns[0], first, harvest.ends[members], harvest.states[members], parameters)

    def _reduced(self, harvest: Harvest) -> dict[str, Array]:
        """The reductions by name: a value a member; NaN for members that were not reached."""
        found = {}
        for reduction in self.reductions:
            if reduction.kind == "final":
                values = self._final(reduction.node, harvest)
            else:
                assert self.reducing is not None
                spans = harvest.ends - self._columns[0]
                values = self.reducing.result(reduction, harvest.reduced, spans)
                self._take_last_jump(reduction, values, harvest)
            values[np.isnan(harvest.ends)] = np.nan
            found[reduction.name] = values
        return found

    def _take_last_jump(self, reduction: Reduction, values: Array, harvest: Harvest) -> None:
        """Where an event both changes the states and ends the solution, no step starts from what it leaves."""
        larger = {"max": np.maximum, "min": np.minimum}.get(reduction.kind)
        if larger is None or not any(e.stop and e.actions for e in self.ode.equations.events):
            return
        ended = harvest.statuses == STOPPED
        values[ended] = larger(values[ended], self._final(reduction.node, harvest)[ended])

    def _final(self, node: Any, harvest: Harvest) -> Array:
        """An expression where each member ended."""
        law = self.ode.equations
        columns = [c[0] if len(c) == 1 else c for c in self._columns[2 + len(law.states) :]]
        inputs: dict[str, Any] = {law.independent: harvest.ends}
        inputs |= dict(zip(law.states, harvest.states.T, strict=True))
        inputs |= dict(zip(law.parameters, columns, strict=True))
        (node,) = written_out([node], lambda network: not self.swept.keys().isdisjoint(network.weights))
        return np.array(np.broadcast_to(evaluate([node], inputs)[0], self.total), dtype=float)

    def solve_alone(self, member: int) -> Solution:
        """One member as a solve of its own."""
        y, p = self.values(member)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SolveWarning)
            return self.ode.problem(self.settings)(self.span, y, p)


def _split(ode: ODE, named: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, Array]]:
    """Values that are the same for all members, and those that are swept."""
    fixed: dict[str, float] = {}
    swept: dict[str, Array] = {}
    for name, value in named.items():
        try:
            values = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            raise InputError(f"`{name}` must be a number or an array of numbers, and is {value!r}") from None
        if values.ndim == 0:
            fixed[name] = float(values)
            continue
        if not values.size:
            raise InputError(f"`{name}` has no values to sweep over")
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            raise InputError(f"`{name}` must be finite, and value {bad[0]} is {values.reshape(-1)[bad[0]]}")
        swept[name] = values
    if not swept:
        example = next(iter([*ode.parameters, *ode.states]))
        raise InputError(f"nothing is swept: give an array of values, as in {example}=np.linspace(0, 1, 100)")
    return fixed, swept


def in_bytes(count: float) -> str:
    """Memory with its unit.

    >>> in_bytes(262_200), in_bytes(3.2e9)
    ('262 kB', '3.2 GB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def _free_memory() -> int | None:
    """Bytes that are free, where the system tells."""
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
