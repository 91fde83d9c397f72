"""Many initial value problems at once: lanes that refill themselves from one queue, on every core.

A kernel of W lanes works on W members. When lanes have stopped, their results are written and they take the next
members from the queue, so that no lane waits for another; threads share the queue by one atomic counter. A member
gives the same bits as a solve of its own, for any number of lanes and threads.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dydt.kernels.build import Library, has_fma, natural_lanes
from dydt.kernels.llvm import Function, Module, Value
from dydt.solvers.integrate import write_kernel
from dydt.solvers.law import CompiledLaw, workspace
from dydt.solvers.methods import Method
from dydt.solvers.solver import Interrupts
from dydt.solvers.workspace import FRESH, IDLE, RUNNING, Workspace

Array = Any

LANES = (1, 2, 4, 8, 16, 32)  # vectors of other lengths lie in memory with gaps
_BREATH = 20_000_000  # operations of the law between two returns to Python
_HEAD = ("total", "next", "states", "ends", "statuses", "accepted", "rejected")
_FRESH_ZEROS = ("control_error", "control_failed", "armed", "last_event")
_FRESH_COUNTS = ("accepted", "rejected", "recorded", "saved", "landing", "hurry", "happened")


def write_sweep(
    law: CompiledLaw, method: Method, layout: Workspace, fused: bool = True, saving: bool = False
) -> Module:
    """The module with ``sweep(work, plan)``: work on the queue until it is empty (0) or the budget is spent (1)."""
    module = write_kernel(law, method, layout, fused, saving)
    f = module.function("sweep", "integer", [("work", "pointer"), ("plan", "pointer")], layout.lanes)
    work, plan = f.arguments
    queue = _Queue(f, work, plan, law, layout)
    start, advance = module.functions["start"], module.functions["advance"]
    again, over = f.label("again"), f.label("over")
    f.jump(again)
    f.place(again)
    if law.events is not None:
        f.call(module.functions["react"], "integer", work)
    idle = queue.serve()
    going = f.label("going")
    f.branch(idle >= layout.lanes, over, going)
    f.place(going)
    # While there is a queue, a few lanes wait for each other, so that they are refilled together.
    patience = f.where(
        idle > 0, f.constant(layout.lanes, "integer", 1), f.constant(max(1, layout.lanes // 8), "integer", 1)
    )
    layout.store(f, work, "patience", patience)
    f.call(start, "integer", work)
    left = f.call(advance, "integer", work)
    pause = f.label("pause")
    f.branch(left <= 0, pause, again)
    f.place(pause)
    f.give(f.constant(1, "integer", 1))
    f.place(over)
    f.give(f.constant(0, "integer", 1))
    return module


class _Queue:
    """The part of the kernel that writes results of stopped lanes and gives them their next members."""

    def __init__(self, f: Function, work: Value, plan: Value, law: CompiledLaw, layout: Workspace) -> None:
        self.f, self.work, self.plan, self.law, self.layout = f, work, plan, law, layout

    def _of_plan(self, name: str) -> Value:
        return self.f.load(self.plan, _HEAD.index(name), "integer" if name == "total" else "pointer")

    def _place(self, name: str, lane: Value) -> Value:
        return self.f.offset(self.layout.address(self.f, self.work, name), lane)

    def serve(self) -> Value:
        """Look at every lane; gives how many have nothing left to do."""
        f, lanes = self.f, self.layout.lanes
        idle = f.variable(f.constant(0, "integer", 1))
        with f.count(lanes) as lane:
            status = f.load(self._place("status", lane), 0, "integer")
            job = f.load(self._place("job", lane), 0, "integer")
            ended = (status > RUNNING) & status.differs(IDLE)
            with f.when(ended & (job >= 0)):
                self._harvest(lane, job, status)
            with f.when(ended | status.equals(IDLE)):
                self._refill(lane)
            now = f.load(self._place("status", lane), 0, "integer")
            idle.set(f.where(now.equals(IDLE), idle.get() + 1, idle.get()))
        return idle.get()

    def _harvest(self, lane: Value, job: Value, status: Value) -> None:
        f, size = self.f, len(self.law.states)
        states = f.offset(self._of_plan("states"), job * size)
        y = self.layout.address(f, self.work, "y")
        with f.count(size) as i:
            f.store(f.load(y, i * self.layout.lanes + lane), states, i)
        f.store(f.load(self._place("t", lane)), self._of_plan("ends"), job)
        f.store(status, self._of_plan("statuses"), job)
        for name in ("accepted", "rejected"):
            f.store(f.load(self._place(name, lane), 0, "integer"), self._of_plan(name), job)

    def _refill(self, lane: Value) -> None:
        f = self.f
        job = f.take_number(self._of_plan("next"))
        there = job < self._of_plan("total")
        kind = f.where(there, f.constant(FRESH, "integer", 1), f.constant(IDLE, "integer", 1))
        f.store(kind, self._place("status", lane))
        f.store(f.where(there, job, f.constant(-1, "integer", 1)), self._place("job", lane))
        with f.when(there):
            columns, strides = self._columns()
            targets = [("t", 0), ("t_end", 0)]
            targets += [("y", i) for i in range(len(self.law.states))]
            targets += [("p", i) for i in range(len(self.law.parameters))]
            for c, (name, index) in enumerate(targets):
                value = f.load(f.load(columns, c, "pointer"), job * f.load(strides, c, "integer"))
                place = self.layout.address(f, self.work, name)
                f.store(value, place, lane + index * self.layout.lanes)
            for name in _FRESH_ZEROS:
                f.store(f.constant(0.0, lanes=1), self._place(name, lane))
            for name in _FRESH_COUNTS:
                f.store(f.constant(0, "integer", 1), self._place(name, lane))

    def _columns(self) -> tuple[Value, Value]:
        """Behind the head of the plan: an address and a stride for t0, t1, each state and each parameter."""
        count = 2 + len(self.law.states) + len(self.law.parameters)
        return self.f.offset(self.plan, len(_HEAD)), self.f.offset(self.plan, len(_HEAD) + count)


@dataclass
class Harvest:
    """What a sweep computed, a row a member; members that were not reached have the status FRESH.

    Attributes
    ----------
    states : ndarray, shape (members, n)
        Where each ended.
    saved : ndarray or None, shape (members, times, n)
        States at the times of `saveat`; NaN where a member did not come so far.
    ends : ndarray
        The time each reached.
    """

    states: Array
    saved: Array | None
    ends: Array
    statuses: Array
    accepted: Array
    rejected: Array
    seconds: float = 0.0
    interrupted: bool = False
    turns: int = 0  # attempts of all lanes, those that waited included


class Sweeper:
    """A law and a method as a kernel for many members.

    Parameters
    ----------
    law : CompiledLaw
    method : Method
    saving : bool
        Whether states at given times are kept.
    lanes : int, optional
        Members one thread works on at a time, one of `LANES`.
    """

    def __init__(
        self,
        law: CompiledLaw,
        method: Method,
        saving: bool = False,
        lanes: int | None = None,
        cached: bool = True,
    ) -> None:
        self.law = law
        self.method = method
        self.lanes = _lanes_for(law) if lanes is None else lanes
        self.layout = workspace(law, method, self.lanes, saving=saving)
        ir = str(write_sweep(law, method, self.layout, has_fma(), saving))
        self._library = Library(ir, cached, not self.layout.inline)
        self._sweep = self._library.function("sweep", ctypes.c_void_p, ctypes.c_void_p)

    def run(
        self,
        template: Callable[[Workspace], Array],
        columns: Sequence[Array],
        total: int,
        saveat: Array | None = None,
        threads: int | None = None,
        progress: Callable[[float, int], None] | None = None,
        time_limit: float = float("inf"),
    ) -> Harvest:
        """Solve every member.

        Parameters
        ----------
        template : callable
            Fills a workspace with tolerances and limits.
        columns : sequence of ndarray
            t0, t1, each state, each parameter: one number for all members, or one for each.
        total : int
        saveat : ndarray, optional
            Times, sorted in the direction of the solve.
        threads : int, optional
            By default as many as there are cores this process may use.
        """
        began = time.perf_counter()
        size = len(self.law.states)
        saved = None if saveat is None else np.full((total, len(saveat), size), np.nan)
        statuses, accepted, rejected = (np.zeros(total, dtype=np.int64) for _ in range(3))
        states, ends = np.full((total, size), np.nan), np.full(total, np.nan)
        harvest = Harvest(states, saved, ends, statuses, accepted, rejected)
        columns = [np.ascontiguousarray(column, dtype=float).reshape(-1) for column in columns]
        counter = np.zeros(1, dtype=np.int64)
        plan = self._plan(columns, counter, harvest, total)
        threads = max(1, min(threads or len(_cores()), -(-total // self.lanes)))
        works = [self._lane_workspace(template, saveat, saved) for _ in range(threads)]
        stop = threading.Event()
        others = [
            threading.Thread(target=self._work, args=(w, plan, stop.is_set), daemon=True) for w in works[1:]
        ]
        with Interrupts() as interrupts:

            def over() -> bool:
                if interrupts.seen or time.perf_counter() - began > time_limit:
                    harvest.interrupted = True
                    stop.set()
                if progress is not None:
                    done = min(int(counter[0]), total)
                    progress(done / total, done)
                return stop.is_set()

            for other in others:
                other.start()
            self._work(works[0], plan, over)
            while any(other.is_alive() for other in others):
                others[-1].join(0.01)
                for other in others:
                    other.join(0.001)
                over()
        harvest.turns = (
            sum(int(work.view(np.int64)[self.layout.places["turns"]]) for work in works) * self.lanes
        )
        harvest.seconds = time.perf_counter() - began
        return harvest

    def _plan(self, columns: Sequence[Array], counter: Array, harvest: Harvest, total: int) -> Array:
        arrays = (counter, harvest.states, harvest.ends, harvest.statuses, harvest.accepted, harvest.rejected)
        head = [total, *(array.ctypes.data for array in arrays)]
        addresses = [column.ctypes.data for column in columns]
        strides = [0 if len(column) == 1 else 1 for column in columns]
        return np.array([*head, *addresses, *strides], dtype=np.int64)

    def _lane_workspace(
        self, template: Callable[[Workspace], Array], saveat: Array | None, saved: Array | None
    ) -> Array:
        work = template(self.layout)
        integers, places = work.view(np.int64), self.layout.places
        integers[places["status"] : places["status"] + self.lanes] = IDLE
        integers[places["job"] : places["job"] + self.lanes] = -1
        if saveat is not None and saved is not None:
            integers[places["save_count"]] = len(saveat)
            integers[places["save_times"]] = saveat.ctypes.data
            integers[places["save_states"]] = saved.ctypes.data
        return work

    def _work(self, work: Array, plan: Array, over: Callable[[], bool]) -> None:
        """One thread: call the kernel until the queue is empty."""
        budget = max(16, _BREATH // (max(1, self.law.work) * self.method.stages * self.lanes))
        integers, left, turns = work.view(np.int64), self.layout.places["budget"], self.layout.places["turns"]
        while not over():
            integers[left] = budget
            more = self._sweep(work.ctypes.data, plan.ctypes.data)
            integers[turns] += budget - integers[left]
            if not more:
                return


def _lanes_for(law: CompiledLaw) -> int:
    """Two registers a number hide each other's latency, as long as the law leaves registers free (measured)."""
    return natural_lanes() * (2 if len(law.states) <= 6 else 1)


def _cores() -> set[int] | range:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return range(os.cpu_count() or 1)
