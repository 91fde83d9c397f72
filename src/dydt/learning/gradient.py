"""Many pieces of trajectories at once, and the exact gradient of what is computed from them.

An `Engine` is a law and a method compiled for gradients; a `Batch` is a set of pieces, each with its own steps and the
times at which it is sampled. Pieces are worked on in lanes, and threads share the blocks of lanes.
"""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from dydt.expr.equations import Equations
from dydt.kernels.build import Library, has_fma, natural_lanes
from dydt.solvers.adjoint import PLAN, Backwards
from dydt.solvers.tableaus import tableau

Array = Any


class Engine:
    """A law and an explicit method, compiled for solutions and their gradients in lanes.

    Parameters
    ----------
    law : Equations
    method : str
    lanes : int, optional
        Pieces that one thread works on at a time.
    threads : int, optional
        By default as many as there are cores this process may use.
    """

    def __init__(
        self, law: Equations, method: str = "tsit5", lanes: int | None = None, threads: int | None = None
    ) -> None:
        self.law = law
        self.lanes = natural_lanes() if lanes is None else lanes
        self.threads = threads or len(os.sched_getaffinity(0))
        self._backwards = Backwards(law, tableau(method), self.lanes, has_fma())
        self._library = Library(str(self._backwards.module))
        self.layout = self._backwards.layout
        self.forward = self._library.function("forward", ctypes.c_void_p)
        self.backward = self._library.function("backward", ctypes.c_void_p)
        self.order = self._backwards.tableau.error_order + 1
        self._pool = ThreadPoolExecutor(self.threads) if self.threads > 1 else None

    def batch(
        self,
        meshes: Sequence[Array],
        times: Sequence[Array] = (),
        stride: int | None = None,
        atol: float = 1e-6,
        rtol: float = 1e-6,
    ) -> Batch:
        """Pieces with these steps, sampled at these times.

        Parameters
        ----------
        meshes : sequence of ndarray
            For each piece the times of its steps, start and end included.
        times : sequence of ndarray, optional
            For each piece the times at which it is sampled, in any order.
        stride : int, optional
            Every so manieth state is kept; by default all of up to 64 steps, else the root of their number.
        """
        return Batch(self, meshes, times, stride, atol, rtol)

    def each(self, work: Any, blocks: Sequence[Any]) -> None:
        """Run `work` on every block, shared among threads."""
        if self._pool is None or len(blocks) < 2:
            for block in blocks:
                work(block)
            return
        list(self._pool.map(work, blocks))


class _Block:
    """As many pieces as there are lanes: the arrays a kernel works on, and the plan that names them."""

    def __init__(
        self, engine: Engine, meshes: Sequence[Array], stride: int | None, tolerances: Array
    ) -> None:
        lanes, layout = engine.lanes, engine.layout
        steps = max(len(mesh) for mesh in meshes) - 1
        if stride is None:
            stride = 1 if steps <= 64 else math.isqrt(steps - 1) + 1
        self.times = np.empty((steps + 1, lanes))
        for lane in range(lanes):
            mesh = meshes[min(lane, len(meshes) - 1)]
            self.times[: len(mesh), lane] = mesh
            self.times[len(mesh) :, lane] = mesh[-1]
        self.count = len(meshes)
        parameters = len(engine.law.parameters)
        self.starts, self.ends = (np.zeros((layout.size, lanes)) for _ in range(2))
        self.checkpoints = np.empty((-(-steps // stride), layout.size, lanes))
        self.buffer = np.empty((stride, layout.size, lanes))
        self.gradient = np.zeros((parameters, lanes))
        self.error = np.zeros(lanes)
        self.work = np.zeros(layout.total * lanes)
        self.absolute = np.ones(layout.size)
        self.absolute[: len(engine.law.states)] = tolerances[0]
        self.slots = np.zeros(steps + 1, dtype=np.int64)
        self.theta = np.zeros((0, lanes))
        self.samples = np.zeros((0, len(engine.law.states), lanes))
        self.steps, self.stride, self.relative = steps, stride, float(tolerances[1])
        self.size = len(engine.law.states)

    def sample(self, lane: Array, times: Array) -> Array:
        """Where samples of these lanes at these times will be: an index into the first axis of `samples`."""
        step = np.empty(len(times), dtype=np.int64)
        for one in np.unique(lane):
            chosen = lane == one
            mesh = self.times[:, one]
            forwards = mesh[-1] >= mesh[0]
            found = np.searchsorted(
                mesh if forwards else -mesh, times[chosen] if forwards else -times[chosen]
            )
            step[chosen] = np.clip(found - 1, 0, self.steps - 1)
        # Samples of one lane in one step are numbered; a slot has one number of each lane.
        order = np.lexsort((times, step, lane))
        key = lane[order] * (self.steps + 1) + step[order]
        is_new = np.concatenate([[True], key[1:] != key[:-1]]) if len(key) else np.zeros(0, dtype=bool)
        first = np.maximum.accumulate(np.where(is_new, np.arange(len(key)), 0))
        rank = np.empty(len(times), dtype=np.int64)
        rank[order] = np.arange(len(key)) - first
        counts = np.zeros(self.steps, dtype=np.int64)
        np.maximum.at(counts, step, rank + 1)
        self.slots = np.concatenate([[0], np.cumsum(counts)])
        slot = self.slots[step] + rank
        lanes = self.times.shape[1]
        self.theta = np.zeros((int(self.slots[-1]), lanes))
        start, end = self.times[step, lane], self.times[step + 1, lane]
        self.theta[slot, lane] = (times - start) / (end - start)
        self.samples = np.zeros((int(self.slots[-1]), self.size, lanes))
        return slot

    def plan(self, parameters: Array) -> Array:
        """The plan of a call."""
        values = np.zeros(len(PLAN), dtype=np.int64)
        for i, name in enumerate(PLAN):
            item = parameters if name == "parameters" else getattr(self, name)
            if isinstance(item, float):
                values[i : i + 1].view(float)[0] = item
            else:
                values[i] = item if isinstance(item, int) else item.ctypes.data
        return values


class Batch:
    """Pieces of trajectories with given steps. Made by `Engine.batch`."""

    def __init__(
        self,
        engine: Engine,
        meshes: Sequence[Array],
        times: Sequence[Array],
        stride: int | None,
        atol: float,
        rtol: float,
    ) -> None:
        self.engine = engine
        self.count = len(meshes)
        lanes = engine.lanes
        # Pieces with as many steps share a block, so that few lanes wait.
        order = np.argsort([-len(mesh) for mesh in meshes], kind="stable")
        self._blocks: list[_Block] = []
        self._pieces: list[Array] = []
        self._rows: list[Array] = []  # which samples belong to a block, and where they lie there
        self._slots: list[Array] = []
        self._lanes: list[Array] = []
        counts = [len(t) for t in times]
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(int) if counts else np.zeros(1, dtype=int)
        self.sample_count = int(starts[-1])
        for first in range(0, len(meshes), lanes):
            chosen = order[first : first + lanes]
            block = _Block(engine, [np.asarray(meshes[i], dtype=float) for i in chosen], stride, (atol, rtol))
            rows, lane, at = [], [], []
            if counts:
                rows = [np.arange(starts[i], starts[i + 1]) for i in chosen]
                lane = [np.full(counts[i], k) for k, i in enumerate(chosen)]
                at = [np.asarray(times[i], dtype=float) for i in chosen]
            row = np.concatenate(rows) if rows else np.zeros(0, dtype=int)
            where = np.concatenate(lane) if lane else np.zeros(0, dtype=int)
            slot = block.sample(where, np.concatenate(at) if at else np.zeros(0))
            self._blocks.append(block)
            self._pieces.append(chosen)
            self._rows.append(row)
            self._slots.append(slot)
            self._lanes.append(where)
        self._parameters = np.zeros(len(engine.law.parameters))

    @property
    def steps(self) -> int:
        """Steps of all pieces together, those of idle lanes included."""
        return sum(block.steps * self.engine.lanes for block in self._blocks)

    def forward(self, starts: Array, parameters: Array) -> tuple[Array, Array]:
        """Solve all pieces.

        Parameters
        ----------
        starts : ndarray, shape (pieces, n)
        parameters : ndarray
            In the order of the law, weights included; shared by all pieces.

        Returns
        -------
        samples : ndarray, shape (samples, n)
            In the order of the times the batch was made with.
        ends : ndarray, shape (pieces, n)
        """
        size = len(self.engine.law.states)
        self._parameters = np.ascontiguousarray(parameters, dtype=float)
        for block, pieces in zip(self._blocks, self._pieces, strict=True):
            block.starts[:size, : len(pieces)] = starts[pieces].T
            block.starts[:size, len(pieces) :] = starts[pieces[-1]][:, None]
        self._run(self.engine.forward)
        samples, ends = np.empty((self.sample_count, size)), np.empty((self.count, size))
        for block, pieces, row, slot, lane in self._each():
            samples[row] = block.samples[slot, :, lane]
            ends[pieces] = block.ends[:size, : len(pieces)].T
        return samples, ends

    @property
    def error(self) -> float:
        """The largest error of a step of the last `forward`, in units of the tolerance."""
        errors = np.concatenate([block.error[: block.count] for block in self._blocks])
        return float(np.sqrt(np.max(errors))) if np.all(np.isfinite(errors)) else math.inf

    def backward(self, of_samples: Array, of_ends: Array | None = None) -> tuple[Array, Array]:
        """The gradient of a loss, from its derivatives with respect to what the last `forward` gave.

        Returns
        -------
        of_starts : ndarray, shape (pieces, n)
        of_parameters : ndarray
        """
        size = len(self.engine.law.states)
        for block, pieces, row, slot, lane in self._each():
            block.samples[:] = 0.0
            block.samples[slot, :, lane] = of_samples[row]
            block.ends[:] = 0.0
            if of_ends is not None:
                block.ends[:size, : len(pieces)] = of_ends[pieces].T
            block.gradient[:] = 0.0
        self._run(self.engine.backward)
        of_starts = np.empty((self.count, size))
        of_parameters = np.zeros(len(self._parameters))
        for block, pieces, *_ in self._each():
            of_starts[pieces] = block.starts[:size, : len(pieces)].T
            of_parameters += block.gradient.sum(axis=1)
        return of_starts, of_parameters

    def _run(self, kernel: Any) -> None:
        def work(block: _Block) -> None:
            plan = block.plan(self._parameters)
            kernel(plan.ctypes.data)

        self.engine.each(work, self._blocks)

    def _each(self) -> Any:
        return zip(self._blocks, self._pieces, self._rows, self._slots, self._lanes, strict=True)


def even_mesh(start: float, end: float, longest: float) -> Array:
    """Equal steps from `start` to `end`, none longer than `longest`."""
    count = max(1, math.ceil(abs(end - start) / longest * (1 - 1e-12)))
    return np.linspace(start, end, count + 1)
