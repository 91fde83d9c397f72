"""A compiled law and method, driven from Python: one call for short solves, and everything long ones need."""

from __future__ import annotations

import ctypes
import math
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dydt.kernels.build import Library, has_fma
from dydt.solvers.dense import write_dense
from dydt.solvers.integrate import write_kernel
from dydt.solvers.law import CompiledLaw, attempt_work, workspace
from dydt.solvers.methods import Method
from dydt.solvers.run import Run
from dydt.solvers.workspace import CROSSED, DONE, FRESH, FULL, HAPPENED, RUNNING, TOO_SMALL, Workspace

FIRST_ROWS = 1024
MOST_ROWS = 8192
CHANGE = "change"  # the status of a run that another method is to go on with
_BREATH = 2_000_000  # operations of the law between two returns to Python: a few milliseconds

Array = Any
_INTEGER = np.dtype(np.int64)


@dataclass
class Watch:
    """What a solve minds besides the law: limits, and who wants to hear of its progress."""

    time_limit: float = math.inf
    progress: Callable[[float, int], None] | None = None
    # Judges a sign change of a denominator between two rows: where the solution ends, or None to go on.
    judge: Callable[[Array, Callable[[Array], Array]], tuple[float, str] | None] | None = None
    close: Callable[[], None] | None = None
    # Asked now and then whether another method would do better: how many attempts until it wants to be asked again,
    # or 0 to stop here. Its arguments: the way ahead, t, y, h, attempts so far, whether the step is too small to go on.
    turn: Callable[[float, float, Array, float, int, bool], int] | None = None


class Solver:
    """A law and a method as machine code.

    Parameters
    ----------
    law : CompiledLaw
    method : Method
    cached : bool
        Whether machine code may come from, and go to, the cache on disk.
    """

    def __init__(self, law: CompiledLaw, method: Method, cached: bool = True) -> None:
        self.law = law
        self.method = method
        self.size = len(law.states)
        self.layout = workspace(law, method)
        self._cached = cached
        self._library = Library(
            str(write_kernel(law, method, self.layout, has_fma())), cached, not self.layout.inline
        )
        self._solve = self._library.function("solve", ctypes.c_void_p)
        self._advance = self._library.function("advance", ctypes.c_void_p)
        if law.events is not None:
            self._react = self._library.function("react", ctypes.c_void_p)
        self._dense: Any = None
        self.work = attempt_work(law, method)
        self._budget = max(16, _BREATH // self.work)
        self._rows = max(4, min(FIRST_ROWS, 16_000 // (self.size + 1)))
        places = self.layout.places
        self._t, self._t_end = places["t"], places["t_end"]
        self._y = slice(places["y"], places["y"] + self.size)
        self._p = slice(places["p"], places["p"] + len(law.parameters))
        self._status, self._recorded, self._buffer = places["status"], places["recorded"], places["rows"]
        self._guarded = bool(law.guards.outputs)

    def template(
        self, relative: float, absolute: float | Array, step: float, largest_step: float, step_limit: int
    ) -> Array:
        """A workspace with everything that is the same for each solve with these settings."""
        work = template(self.layout, self.size, relative, absolute, step, largest_step, step_limit)
        integers = work.view(_INTEGER)
        integers[self.layout.places["budget"]] = self._budget
        integers[self.layout.places["capacity"]] = self._rows - 1
        return work

    def let_breathe(self, template: Array, attempts: int) -> None:
        """Make the kernel come back after so many attempts for the first time."""
        template.view(_INTEGER)[self.layout.places["budget"]] = min(attempts, self._budget)

    def begin_with(self, template: Array, step: float, step_limit: int) -> None:
        """Go on where another method stopped: with its step, and what it has left of the limit."""
        template[self.layout.places["first_step"]] = abs(step)
        template.view(_INTEGER)[self.layout.places["step_limit"]] = max(1, step_limit)

    def run(
        self,
        template: Array,
        t0: float,
        t1: float,
        y: Array,
        parameters: Array,
        record: bool = True,
        saveat: Array | None = None,
        watch: Callable[[Array], Watch] | None = None,
    ) -> Run:
        """Solve from `t0` to `t1`.

        Parameters
        ----------
        template : ndarray
            From `template`.
        y, parameters : array_like
            Initial state and parameters, in the order of the law.
        record : bool
            Whether every accepted step is kept.
        saveat : ndarray, optional
            Times, sorted from `t0` to `t1`, at which the state is kept instead.
        watch : callable, optional
            ``watch(parameters)`` makes the `Watch` of a solve that is not over after one call of the kernel.
        """
        began = time.perf_counter()
        work, integers, rows = self._prepare(template, t0, t1, y, parameters, record or saveat is not None)
        # The caller may write into its arrays later; what this run refers to is its own.
        first, parameters = work[self._y].copy(), work[self._p]
        address = work.__array_interface__["data"][0]
        self._solve(address)
        status: int | str = int(integers[self._status])
        if status == DONE and saveat is None:
            # Over in one call, as most solves are: nothing more to do.
            if rows is not None:
                rows = rows[: int(integers[self._recorded]) + 1]
            journey = _Journey(self, work, integers, rows, record, None, [rows] if record else [], tail=rows)
        else:
            journey = _Journey(self, work, integers, rows, record, saveat)
            if status != DONE:
                minding = watch(parameters) if watch else Watch()
                with Interrupts() as interrupts:
                    status = journey.go_on(address, status, minding, began, interrupts)
                if minding.close:
                    minding.close()
            journey.close()
        return Run(status, t0, t1, first, parameters, journey, time.perf_counter() - began)

    def _prepare(
        self, template: Array, t0: float, t1: float, y: Array, parameters: Array, keep: bool
    ) -> tuple[Array, Array, Array]:
        """The workspace of a solve, as numbers and as integers, and a buffer for its rows, if they are wanted."""
        work = template.copy()
        integers = work.view(_INTEGER)
        work[self._t] = t0
        work[self._t_end] = t1
        work[self._y] = y
        work[self._p] = parameters
        if not (keep or self._guarded):
            return work, integers, None
        rows = np.empty((self._rows, self.size + 1))
        rows[0, 0] = t0
        rows[0, 1:] = work[self._y]
        integers[self._buffer] = rows.__array_interface__["data"][0] + 8 * (self.size + 1)
        return work, integers, rows

    def dense(self, rows: Array, times: Array, template: Array, parameters: Array) -> Array:
        """The states at times sorted in the direction of the steps, from recorded rows.

        Each row must be where the solver went; the step between two rows is computed once more, to the same bits.
        """
        if self._dense is None:
            library = Library(
                str(write_dense(self.law, self.method, self.layout, has_fma())), self._cached, False
            )
            pointer, integer = ctypes.c_void_p, ctypes.c_int64
            call = library.function("dense", pointer, pointer, integer, pointer, integer, pointer)
            self._dense = (call, library)
        rows = np.ascontiguousarray(rows, dtype=float)
        times = np.ascontiguousarray(times, dtype=float)
        out = np.empty((len(times), self.size))
        work = template.copy()
        first = self.layout.places["p"]
        work[first : first + len(self.law.parameters)] = parameters
        if len(rows) == 1:
            out[:] = rows[0, 1:]
        elif len(times):
            self._dense[0](
                work.ctypes.data,
                times.ctypes.data,
                len(times),
                rows.ctypes.data,
                len(rows) - 1,
                out.ctypes.data,
            )
        return out

    @property
    def ir(self) -> str:
        """The IR of the loop, before optimisation."""
        return self._library.ir

    @property
    def from_cache(self) -> bool:
        return self._library.from_cache


def template(
    layout: Workspace,
    size: int,
    relative: float,
    absolute: float | Array,
    step: float,
    largest_step: float,
    step_limit: int,
) -> Array:
    """A workspace with tolerances and limits filled in, for `size` states."""
    work = np.zeros(layout.total)
    places = layout.places
    work[places["relative_tolerance"]] = relative
    first = places["absolute_tolerance"]
    work[first : first + layout.size] = 1.0
    work[first : first + size] = absolute
    work[places["first_step"] : places["first_step"] + layout.lanes] = step
    work[places["largest_step"]] = largest_step
    work.view(_INTEGER)[places["step_limit"] : places["step_limit"] + layout.lanes] = step_limit
    return work


class Interrupts:
    """Ctrl-C while a kernel works sets a flag, so that the solve ends between two calls with all its rows."""

    def __enter__(self) -> Interrupts:
        self.seen = False
        self._before: Any = None
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def _note(self, number: int, frame: Any) -> None:
        self.seen = True

    def __exit__(self, *details: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)


class _Journey:
    """The rows of a solve, which may take more than one call of the kernel."""

    __slots__ = (
        "_next",
        "chunks",
        "cut",
        "happened",
        "integers",
        "note",
        "record",
        "rows",
        "saveat",
        "saved",
        "solver",
        "tail",
        "work",
    )

    def __init__(
        self,
        solver: Solver,
        work: Array,
        integers: Array,
        rows: Array,
        record: bool,
        saveat: Array | None,
        chunks: list[Array] | None = None,
        tail: Array | None = None,
    ) -> None:
        self.solver = solver
        self.work = work
        self.integers = integers
        self.rows = rows
        self.record = record
        self.saveat = saveat
        self.chunks: list[Array] = chunks if chunks is not None else []
        self.saved = None if saveat is None else np.empty((len(saveat), solver.size))
        self.tail = tail
        self.cut: Array | None = None
        self.happened: list[tuple[int, float, Array, Array]] = []
        self.note = ""
        self._next = 0

    @property
    def end(self) -> Array:
        """The row (t, y…) where the solve ended."""
        if self.cut is not None:
            return self.cut
        return np.concatenate([[self.work[self.solver._t]], self.work[self.solver._y]])

    def integer(self, name: str) -> int:
        return int(self.integers[self.solver.layout.places[name]])

    def go_on(
        self, address: int, status: int | str, watch: Watch, began: float, interrupts: Interrupts
    ) -> int | str:
        """Call the kernel again and again until the solve has ended."""
        places, integers, work = self.solver.layout.places, self.integers, self.work
        t0, t1 = self.rows[0, 0] if self.rows is not None else work[places["t"]], work[places["t_end"]]
        while True:
            if status == FULL:
                self._empty()
                integers[places["status"]] = RUNNING
            elif status == CROSSED:
                found = self._judge(watch)
                if found:
                    return "singular point"
                finished = work[places["t"]] == t1
                integers[places["status"]] = DONE if finished else RUNNING
                if finished:
                    return DONE
                if integers[places["recorded"]] >= integers[places["capacity"]]:
                    self._empty()
            elif status == HAPPENED:
                status = self._react(address)
                if status != FRESH:
                    return status
                self.solver._solve(address)
                status = int(integers[places["status"]])
                continue
            elif status != RUNNING:
                stuck = status == TOO_SMALL and watch.turn is not None
                return CHANGE if stuck and not self._turn(watch, True) else status
            if interrupts.seen:
                return "interrupted"
            elapsed = time.perf_counter() - began
            if elapsed > watch.time_limit:
                return "time limit"
            if watch.progress is not None:
                steps = int(integers[places["accepted"]])
                watch.progress(float((work[places["t"]] - t0) / (t1 - t0)), steps)
            budget = self.solver._budget if watch.turn is None else self._turn(watch, False)
            if not budget:
                return CHANGE
            integers[places["budget"]] = min(budget, self.solver._budget)
            self.solver._advance(address)
            status = int(integers[places["status"]])

    def _turn(self, watch: Watch, stuck: bool) -> int:
        """Ask whether the method is the right one still."""
        assert watch.turn is not None
        solver, attempts = self.solver, self.integer("accepted") + self.integer("rejected")
        h, t, t_end = (float(self.work[solver.layout.places[name]]) for name in ("h", "t", "t_end"))
        return watch.turn(t_end - t, t, self.work[solver._y], h, attempts, stuck)

    def _react(self, address: int) -> int:
        """Let the event happen that the kernel has landed on, and note it."""
        work, places = self.work, self.solver.layout.places
        which = self.integer("landing") - 1
        t, before = float(work[self.solver._t]), work[self.solver._y].copy()
        self.solver._react(address)
        after = work[self.solver._y].copy()
        self.happened.append((which, t, before, after))
        if self.rows is not None:
            if self.integer("recorded") + 1 >= len(self.rows):
                self._empty()
            self.integers[places["recorded"]] += 1
            row = self.rows[self.integer("recorded")]
            row[0], row[1:] = t, after
        return self.integer("status")

    def close(self) -> None:
        """Take over what is in the buffer."""
        if self.rows is not None:
            self._take(self._filled())

    def _filled(self) -> Array:
        assert self.rows is not None
        return self.rows[: int(self.integers[self.solver.layout.places["recorded"]]) + 1]

    def _take(self, filled: Array) -> None:
        if self.cut is not None:
            forward = filled[-1, 0] > filled[0, 0]
            before = filled[:, 0] < self.cut[0] if forward else filled[:, 0] > self.cut[0]
            filled = np.concatenate([filled[before], self.cut[None]]) if before.any() else filled[:1]
        self.tail = filled
        if self.saveat is not None:
            self._save(filled)
        if self.record:
            self.chunks.append(filled)

    def _save(self, filled: Array) -> None:
        """The states at the times of `saveat` that these rows have reached."""
        assert self.saveat is not None
        assert self.saved is not None
        last = filled[-1, 0]
        ahead = self.saveat[self._next :]
        forward = self.work[self.solver.layout.places["t_end"]] > filled[0, 0]
        reached = int(np.count_nonzero(ahead <= last if forward else ahead >= last))
        if reached:
            place = self.solver.layout.places["p"]
            parameters = self.work[place : place + len(self.solver.law.parameters)]
            times = ahead[:reached]
            self.saved[self._next : self._next + reached] = self.solver.dense(
                filled, times, self.work, parameters
            )
            self._next += reached

    def _empty(self) -> None:
        """Take over a full buffer and give the kernel a new one."""
        assert self.rows is not None
        filled = self._filled()
        self._take(filled)
        size = self.solver.size
        most = max(4, min(MOST_ROWS, 4_000_000 // (size + 1)))
        fresh = np.empty((min(most, 2 * len(self.rows)), size + 1))
        fresh[0] = filled[-1]
        self.rows = fresh
        places, integers = self.solver.layout.places, self.integers
        integers[places["rows"]] = fresh.__array_interface__["data"][0] + 8 * (size + 1)
        integers[places["capacity"]] = len(fresh) - 1
        integers[places["recorded"]] = 0

    def _judge(self, watch: Watch) -> bool:
        """Whether the law is singular where a denominator just changed its sign; cuts the rows there if so."""
        if watch.judge is None:
            return False
        step = self._filled()[-2:]
        place = self.solver.layout.places["p"]
        parameters = self.work[place : place + len(self.solver.law.parameters)].copy()

        def between(times: Array) -> Array:
            return self.solver.dense(step, np.asarray(times, dtype=float), self.work, parameters)

        found = watch.judge(step, between)
        if found is None:
            return False
        t, self.note = found
        self.cut = np.concatenate([[t], between(np.array([t]))[0]])
        if not np.all(np.isfinite(self.cut)):
            self.cut = step[0].copy()
        return True

    @property
    def reached(self) -> int:
        """How many times of `saveat` have been reached."""
        return self._next


def join(chunks: Sequence[Array]) -> Array:
    """All rows of a run in one array, each once."""
    if len(chunks) == 1:
        return chunks[0]
    return np.concatenate([chunks[0], *(chunk[1:] for chunk in chunks[1:])])
