"""Many initial value problems at once: lanes that refill themselves from one queue, on every core.

A kernel of W lanes works on W members. When lanes have stopped, their results are written and they take the next
members from the queue, so that no lane waits for another; threads share the queue by one atomic counter. A member
gives the same bits as a solve of its own, for any number of lanes and threads: also where that solve would change its
method on the way, since members are asked at the same points, and those that change go on together by the other one.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dydt.kernels.build import Library, has_fma, natural_lanes
from dydt.kernels.llvm import Function, Module, Value
from dydt.solvers.integrate import write_kernel
from dydt.solvers.law import CompiledLaw, attempt_work, workspace
from dydt.solvers.methods import Method
from dydt.solvers.saving import Keeping
from dydt.solvers.solver import Interrupts
from dydt.solvers.stiffness import Advice, pause, worth_asking
from dydt.solvers.workspace import CHANGE, FRESH, IDLE, QUESTION, RUNNING, TOO_SMALL, Workspace

Array = Any

LANES = (1, 2, 4, 8, 16, 32)  # vectors of other lengths lie in memory with gaps
_BREATH = 20_000_000  # operations of the law between two returns to Python
_NEVER = 2**62
_HEAD = ("total", "next", "order", "states", "ends", "steps", "statuses", "accepted", "rejected", "reduced")
_COLUMNS = (
    "t",
    "t_end",
    "first_step",
    "step_limit",
    "saved",
    "next_question",
)  # then the states and parameters
_AT_ONCE = 64  # members that a thread takes from the queue at a time, at most; …
_TURNS = 16  # … and so few that each lane comes so often
_WRITTEN_OUT = 16  # values of a member up to which they are taken one by one, without a loop
_FRESH_ZEROS = ("control_error", "control_failed", "armed", "last_event")
_FRESH_COUNTS = ("accepted", "rejected", "recorded", "landing", "hurry", "happened")


def write_sweep(
    law: CompiledLaw, method: Method, layout: Workspace, keeping: Keeping, fused: bool = True
) -> Module:
    """The module with ``sweep(work, plan)``: work on the queue until it is empty (0).

    It also comes back when the budget is spent (1), or when lanes want to be asked for their method (2).
    """
    module = write_kernel(law, method, layout, fused, keeping)
    f = module.function("sweep", "integer", [("work", "pointer"), ("plan", "pointer")], layout.lanes)
    work, plan = f.arguments
    queue = _Queue(f, work, plan, law, layout)
    start, advance = module.functions["start"], module.functions["advance"]
    again, over = f.label("again"), f.label("over")
    f.jump(again)
    f.place(again)
    if law.events is not None:
        f.call(module.functions["react"], "integer", work)
    idle, asking = queue.serve()
    going, asked, answer = f.label("going"), f.label("asked"), f.label("answer")
    f.branch(asking > 0, answer, asked)
    f.place(answer)
    f.give(f.constant(2, "integer", 1))
    f.place(asked)
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

    def serve(self) -> tuple[Value, Value]:
        """Look at every lane; gives how many have nothing left to do, and how many want to be asked."""
        f, lanes = self.f, self.layout.lanes
        idle, asking = (f.variable(f.constant(0, "integer", 1)) for _ in range(2))
        with f.count(lanes) as lane:
            status = f.load(self._place("status", lane), 0, "integer")
            job = f.load(self._place("job", lane), 0, "integer")
            ended = (status > RUNNING) & status.differs(IDLE) & status.differs(QUESTION)
            with f.when(ended & (job >= 0)):
                self._harvest(lane, job, status)
            with f.when(ended | status.equals(IDLE)):
                self._refill(lane)
            now = f.load(self._place("status", lane), 0, "integer")
            idle.set(f.where(now.equals(IDLE), idle.get() + 1, idle.get()))
            asking.set(f.where(now.equals(QUESTION), asking.get() + 1, asking.get()))
        return idle.get(), asking.get()

    def _harvest(self, lane: Value, job: Value, status: Value) -> None:
        f, size = self.f, len(self.law.states)
        states = f.offset(self._of_plan("states"), job * size)
        y = self.layout.address(f, self.work, "y")
        with f.count(size) as i:
            f.store(f.load(y, i * self.layout.lanes + lane), states, i)
        for source, target in (("t", "ends"), ("h", "steps")):
            f.store(f.load(self._place(source, lane)), self._of_plan(target), job)
        if self.layout.reductions:
            own = f.offset(self._of_plan("reduced"), job * self.layout.reductions)
            gathered = self.layout.address(f, self.work, "reductions")
            with f.count(self.layout.reductions) as i:
                f.store(f.load(gathered, i * self.layout.lanes + lane), own, i)
        f.store(status, self._of_plan("statuses"), job)
        for name in ("accepted", "rejected"):
            f.store(f.load(self._place(name, lane), 0, "integer"), self._of_plan(name), job)

    def _refill(self, lane: Value) -> None:
        f = self.f
        turn = self._next_turn()
        there = turn < self._of_plan("total")
        status = f.where(there, f.constant(FRESH, "integer", 1), f.constant(IDLE, "integer", 1))
        f.store(status, self._place("status", lane))
        f.store(f.constant(-1, "integer", 1), self._place("job", lane))
        with f.when(there):
            job = f.load(self._of_plan("order"), turn, "integer")
            f.store(job, self._place("job", lane))
            first = 0
            counts = dict.fromkeys(_COLUMNS, 1) | {"y": len(self.law.states), "p": len(self.law.parameters)}
            for name, count in counts.items():
                if count <= _WRITTEN_OUT:
                    for index in range(count):
                        self._take(name, first + index, index, job, lane)
                else:  # the weights of a network are many
                    with f.count(count) as i:
                        self._take(name, i + first, i, job, lane)
                first += count
            if self.layout.reductions:
                own = f.offset(self._of_plan("reduced"), job * self.layout.reductions)
                gathered = self.layout.address(f, self.work, "reductions")
                with f.count(self.layout.reductions) as i:
                    f.store(f.load(own, i), gathered, i * self.layout.lanes + lane)
            for name in _FRESH_ZEROS:
                f.store(f.constant(0.0, lanes=1), self._place(name, lane))
            for name in _FRESH_COUNTS:
                f.store(f.constant(0, "integer", 1), self._place(name, lane))

    def _next_turn(self) -> Value:
        """The next place in the queue. Several are taken at once, so that threads write to memory of their own."""
        f, layout, work = self.f, self.layout, self.work
        spent = layout.load(f, work, "next_member") >= layout.load(f, work, "end_of_members")
        with f.when(spent):
            count = layout.load(f, work, "members_at_once")
            first = f.take_numbers(self._of_plan("next"), count)
            layout.store(f, work, "next_member", first)
            layout.store(f, work, "end_of_members", first + count)
        turn = layout.load(f, work, "next_member")
        layout.store(f, work, "next_member", turn + 1)
        return turn

    def _take(self, name: str, column: Any, index: Any, job: Value, lane: Value) -> None:
        """A lane's value of a quantity, from its column of the plan."""
        f = self.f
        columns, strides = self._columns()
        source = f.load(columns, column, "pointer")
        value = f.load(source, job * f.load(strides, column, "integer"), self.layout.kinds[name])
        f.store(value, self.layout.address(f, self.work, name), index * self.layout.lanes + lane)

    def _columns(self) -> tuple[Value, Value]:
        """Behind the head of the plan: an address and a stride for each of `_COLUMNS`, each state and parameter."""
        count = len(_COLUMNS) + len(self.law.states) + len(self.law.parameters)
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
    ends, steps : ndarray
        The time each reached, and the step that would have come next.
    reduced : ndarray, shape (members, slots)
        What reductions have gathered.
    """

    states: Array
    saved: Array | None
    ends: Array
    steps: Array
    statuses: Array
    accepted: Array
    rejected: Array
    reduced: Array
    seconds: float = 0.0
    interrupted: bool = False
    turns: int = 0  # attempts of all lanes, those that waited included
    changed: int = 0  # members that changed their method


@dataclass(frozen=True)
class Task:
    """What is asked of a sweep.

    Attributes
    ----------
    template : callable
        Fills a workspace with tolerances and limits.
    columns : sequence of ndarray
        t0, t1, each state, each parameter: one number for all members, or one for each.
    total : int
    first_step : float
    step_limit : int
    saveat : ndarray or None
        Times, sorted in the direction of the solve.
    threads : int or None
        By default as many as there are cores this process may use.
    """

    template: Callable[[Workspace], Array]
    columns: Sequence[Array]
    total: int
    first_step: float = 0.0
    step_limit: int = 1_000_000
    saveat: Array | None = None
    threads: int | None = None
    progress: Callable[[float, int], None] | None = None
    time_limit: float = float("inf")
    began: float = field(default_factory=time.perf_counter)

    def parameters(self, members: Array, count: int) -> Array:
        """The last `count` columns for some members: a row a member."""
        columns = self.columns[len(self.columns) - count :]
        parts = [np.broadcast_to(c if len(c) == 1 else c[members], len(members)) for c in columns]
        return np.column_stack(parts) if parts else np.empty((len(members), 0))


class Sweeper:
    """A law and a method as a kernel for many members.

    Parameters
    ----------
    law : CompiledLaw
    method : Method
    keeping : Keeping
        What is kept of each member besides its end.
    lanes : int, optional
        Members one thread works on at a time, one of `LANES`.
    """

    def __init__(
        self,
        law: CompiledLaw,
        method: Method,
        keeping: Keeping | None = None,
        lanes: int | None = None,
        cached: bool = True,
    ) -> None:
        self.law = law
        self.method = method
        self.keeping = keeping or Keeping()
        self.lanes = _lanes_for(law) if lanes is None else lanes
        slots = self.keeping.reducing.slots if self.keeping.reducing else 0
        self.layout = workspace(
            law, method, self.lanes, dense_outputs=self.keeping.dense_outputs(law), reductions=slots
        )
        ir = str(write_sweep(law, method, self.layout, self.keeping, has_fma()))
        self._library = Library(ir, cached, not self.layout.inline)
        self._sweep = self._library.function("sweep", ctypes.c_void_p, ctypes.c_void_p)

    def begin(self, total: int, times: int | None) -> Harvest:
        """Room for what so many members will give, with states at so many times."""
        size, reducing = len(self.law.states), self.keeping.reducing
        return Harvest(
            np.empty((total, size)),  # touched first by the threads that fill it
            None if times is None else np.full((total, times, size), np.nan),
            np.empty(total),
            np.zeros(total),
            np.zeros(total, dtype=np.int64),
            np.zeros(total, dtype=np.int64),
            np.zeros(total, dtype=np.int64),
            reducing.before(total) if reducing else np.zeros((total, 0)),
        )

    def run(self, task: Task, harvest: Harvest, members: Array, advice: Advice | None = None) -> None:
        """Solve these members, from where the harvest has them if they have been on their way before.

        With `advice` those that another method should go on with stop as CHANGE.
        """
        columns = self._columns(task, harvest, members, advice)
        harvest.accepted[members] = harvest.rejected[members] = 0
        counter = np.zeros(1, dtype=np.int64)
        plan = self._plan(columns, counter, harvest, members)
        threads = max(1, min(task.threads or len(_cores()), -(-len(members) // self.lanes)))
        at_once = max(1, min(_AT_ONCE, len(members) // (threads * self.lanes * _TURNS)))
        works = [self._lane_workspace(task, harvest, advice, at_once) for _ in range(threads)]
        stop = threading.Event()
        others = [
            threading.Thread(target=self._work, args=(w, plan, stop.is_set, advice), daemon=True)
            for w in works[1:]
        ]
        before = task.total - len(members)
        with Interrupts() as interrupts:

            def over() -> bool:
                if interrupts.seen or time.perf_counter() - task.began > task.time_limit:
                    harvest.interrupted = True
                    stop.set()
                if task.progress is not None:
                    done = before + min(int(counter[0]), len(members))
                    task.progress(done / task.total, done)
                return stop.is_set()

            for other in others:
                other.start()
            self._work(works[0], plan, over, advice)
            while any(other.is_alive() for other in others):
                others[-1].join(0.01)
                for other in others:
                    other.join(0.001)
                over()
        place = self.layout.places["turns"]
        harvest.turns += sum(int(work.view(np.int64)[place]) for work in works) * self.lanes
        harvest.seconds = time.perf_counter() - task.began

    def _columns(self, task: Task, harvest: Harvest, members: Array, advice: Advice | None) -> list[Array]:
        """What each member starts with; see `_COLUMNS`."""
        t0, t1, *values = task.columns
        n = len(self.law.states)
        first = pause(self.law, attempt_work(self.law, self.method)) if advice else _NEVER
        asked = np.array([first])
        if not np.any(harvest.statuses[members] == CHANGE):
            saved = np.zeros(1, int)
            if task.saveat is not None and len(t0) > 1:  # members that start later keep later times only
                ahead = 1.0 if t1[0] > t0[0] else -1.0
                saved = np.searchsorted(task.saveat * ahead, t0 * ahead)
            start = [
                t0,
                t1,
                np.array([task.first_step]),
                np.array([task.step_limit]),
                saved,
                asked,
            ]
            return [*start, *values]
        used = np.maximum(1, task.step_limit - harvest.accepted - harvest.rejected)
        saved = np.zeros(1, int)
        if task.saveat is not None:
            ahead = 1.0 if t1[0] > t0[0] else -1.0
            saved = np.searchsorted(task.saveat * ahead, harvest.ends * ahead, side="right")
        states = [harvest.states[:, i] for i in range(n)]
        return [harvest.ends, t1, harvest.steps, used, saved, asked, *states, *values[n:]]

    @staticmethod
    def _plan(columns: Sequence[Array], counter: Array, harvest: Harvest, members: Array) -> Array:
        h = harvest
        arrays = (counter, members, h.states, h.ends, h.steps, h.statuses, h.accepted, h.rejected, h.reduced)
        head = [len(members), *map(_address, arrays)]
        addresses = [_address(column) for column in columns]
        strides = [0 if len(column) == 1 else column.strides[0] // 8 for column in columns]
        return np.array([*head, *addresses, *strides], dtype=np.int64)

    def _lane_workspace(self, task: Task, harvest: Harvest, advice: Advice | None, at_once: int = 1) -> Array:
        work = task.template(self.layout)
        integers, places = work.view(np.int64), self.layout.places
        integers[places["status"] : places["status"] + self.lanes] = IDLE
        integers[places["job"] : places["job"] + self.lanes] = -1
        integers[places["members_at_once"]] = at_once
        if advice is not None:
            work[places["question_work"]] = attempt_work(self.law, self.method)
            work[places["question_price"]] = worth_asking(self.law)
        if task.saveat is not None and harvest.saved is not None:
            integers[places["save_count"]] = len(task.saveat)
            integers[places["save_times"]] = task.saveat.ctypes.data
            integers[places["save_states"]] = harvest.saved.ctypes.data
        return work

    def _work(self, work: Array, plan: Array, over: Callable[[], bool], advice: Advice | None) -> None:
        """One thread: call the kernel until the queue is empty."""
        budget = max(16, _BREATH // (attempt_work(self.law, self.method) * self.lanes))
        integers, left, turns = work.view(np.int64), self.layout.places["budget"], self.layout.places["turns"]
        while not over():
            integers[left] = budget
            more = self._sweep(work.ctypes.data, plan.ctypes.data)
            integers[turns] += budget - integers[left]
            if not more:
                return
            if more == 2 and advice is not None:
                self._answer(work, advice)

    def _answer(self, work: Array, advice: Advice) -> None:
        """Let the lanes that ask go on, or stop them for another method."""
        places, lanes = self.layout.places, self.lanes
        statuses = work.view(np.int64)[places["status"] :][:lanes]
        counts = {"t": 1, "h": 1, "y": len(self.law.states), "p": len(self.law.parameters)}
        of = {name: work[places[name] :][: n * lanes].reshape(n, lanes) for name, n in counts.items()}
        for lane in np.flatnonzero(statuses == QUESTION):
            t, y, h = float(of["t"][0, lane]), of["y"][:, lane].copy(), float(of["h"][0, lane])
            wrong = advice.is_wrong(of["p"][:, lane].copy(), t, y, h)
            statuses[lane] = CHANGE if wrong else RUNNING


def solve_all(
    task: Task, sweepers: Callable[[bool], Sweeper], explicit: str, changes: bool, times: int | None
) -> Harvest:
    """Solve every member, each by the methods that a solve of its own would take.

    Parameters
    ----------
    task : Task
    sweepers : callable
        Gives the kernel of the first method (False), or of the one for stiff laws (True).
    explicit : str
        The first method's name.
    changes : bool
        Whether members may change their method.
    times : int or None
        How many times are saved.
    """
    sweeper = sweepers(False)
    harvest = sweeper.begin(task.total, times)
    members, stiff = np.arange(task.total), False
    accepted, rejected = np.zeros_like(harvest.accepted), np.zeros_like(harvest.rejected)
    while True:
        advice = Advice(sweeper.law, explicit, stiff) if changes else None
        sweeper.run(task, harvest, members, advice)
        if advice is None:
            break
        _ask_the_stuck(task, harvest, members, advice)
        accepted[members] += harvest.accepted[members]
        rejected[members] += harvest.rejected[members]
        harvest.accepted[members], harvest.rejected[members] = accepted[members], rejected[members]
        members = members[harvest.statuses[members] == CHANGE]
        if not len(members) or harvest.interrupted:
            break
        harvest.changed = max(harvest.changed, len(members))  # none changes for the first time later
        stiff = not stiff
        sweeper = sweepers(stiff)
    not_reached = harvest.statuses == FRESH
    harvest.states[not_reached] = harvest.ends[not_reached] = np.nan
    return harvest


def _ask_the_stuck(task: Task, harvest: Harvest, members: Array, advice: Advice) -> None:
    """Members whose step is too small to go on may change their method before they give up."""
    stuck = members[harvest.statuses[members] == TOO_SMALL]
    if len(stuck):
        parameters = task.parameters(stuck, len(advice.law.parameters))
        at = (harvest.ends[stuck], harvest.states[stuck], harvest.steps[stuck])
        harvest.statuses[stuck[advice.are_wrong(parameters, *at)]] = CHANGE


def _lanes_for(law: CompiledLaw) -> int:
    """Two registers a number hide each other's latency, as long as the law leaves registers free (measured)."""
    return natural_lanes() * (2 if len(law.states) <= 6 else 1)


def _address(array: Array) -> int:
    """Where an array begins; several times as quick as its `ctypes`."""
    return int(array.__array_interface__["data"][0])


def _cores() -> set[int] | range:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return range(os.cpu_count() or 1)
