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
from dydt.progress import Progress, is_watched
from dydt.settings import Settings
from dydt.solvers import methods
from dydt.solvers.ensemble import LANES, Harvest, Sweeper
from dydt.solvers.solver import template
from dydt.solvers.workspace import (
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

# What a member's status is called before it is looked at alone.
_WORDS = {DONE: "done", TOO_SMALL: "step too small", STEP_LIMIT: "step limit", NOT_FINITE: "not finite"}
_WORDS |= {STOPPED: "stopped", CHATTER: "chatter", HAPPENED: "interrupted"}
_WORDS |= {FRESH: "interrupted", RUNNING: "interrupted", CROSSED: "singular point"}
_LOOKED_AT = 200  # members that did not finish and are looked at one by one, for the cause


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
    """

    def __init__(
        self, ode: ODE, settings: Settings, span: tuple[float, float], named: Mapping[str, Any], product: bool
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
        self.compile_seconds = 0.0
        size = len(ode.states) * (1 if self.saveat is None else 1 + len(self.saveat)) + 4
        self.memory = 8 * self.total * (size + len(self.swept))
        self._refuse_what_does_not_fit()  # before the values of the members are laid out
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
                from dydt.kernels.numpy import evaluate

                states[name] = evaluate([law.initial[name]], parameters)[0]
            else:
                states[name] = first[name]
        return [
            np.atleast_1d(np.asarray(v, dtype=float))
            for v in (*self.span, *states.values(), *parameters.values())
        ]

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
        sweeper = self._compile(lanes)
        bar = None
        if progress and is_watched():
            bar = Progress(f"solving {self.total:,} members, {in_bytes(self.memory)}", "members")
        harvest = sweeper.run(
            self._template, self._columns, self.total, self.saveat, threads, bar, self.settings.time_limit
        )
        if bar is not None:
            bar.close()
        statuses = self._statuses(harvest)
        ensemble = Ensemble(self, harvest, statuses)
        if not np.all(ensemble.done):
            warnings.warn(
                f"not all members reached the end: {ensemble.summary()}", SolveWarning, stacklevel=4
            )
        return ensemble

    def _compile(self, lanes: int | None) -> Sweeper:
        key = (self.settings.method, self.saveat is not None, lanes)
        found = self.ode.sweepers.get(key)
        if found is None:
            began = time.perf_counter()
            method = methods.method(self.settings.method)
            found = self.ode.sweepers[key] = Sweeper(
                self.ode.compiled_law, method, self.saveat is not None, lanes
            )
            self.compile_seconds = time.perf_counter() - began
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
        """Each member's status in words; the first few that did not finish are looked at alone, for the cause."""
        if np.all(harvest.statuses == DONE):
            return np.full(self.total, "done", dtype=object)
        words = np.empty(self.total, dtype=object)
        for code, word in _WORDS.items():
            words[harvest.statuses == code] = word
        crossed = np.flatnonzero(harvest.statuses == CROSSED)
        stuck = np.flatnonzero((harvest.statuses == TOO_SMALL) | (harvest.statuses == NOT_FINITE))[
            :_LOOKED_AT
        ]
        for member in (*crossed, *stuck):
            alone = self.solve_alone(int(member))
            words[member] = alone.status
            if harvest.statuses[member] == CROSSED:
                # A denominator changed its sign: only the solve alone can tell a pole from a removable zero.
                harvest.states[member], harvest.ends[member] = alone.end
                if harvest.saved is not None:
                    harvest.saved[member, : len(alone.t)] = alone.y
        return words

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
