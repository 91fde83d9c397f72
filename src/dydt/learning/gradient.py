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
from dydt.kernels.formats import FORMATS
from dydt.solvers.adjoint import PLAN, Backwards
from dydt.solvers.tableaus import tableau

Array = Any

# Stages × parameters of all steps from which threads gain more than the 40 µs that they cost.
_WORTH_A_THREAD = 8e5
# Sums that blocks add their gradients to: few, so that they stay in the processor's cache, and as many for any number
# of threads, so that the bits do not depend on it.
_GRADIENTS = 16
_LINE = 64  # bytes in a line of the processor's cache


class Engine:
    """A law and an explicit method, compiled for solutions and their gradients in lanes.

    Parameters
    ----------
    law : Equations
    method : str
    lanes : int, optional
        Pieces that one thread works on at a time: a power of two.
    threads : int, optional
        By default as many as there are cores this process may use.
    precision : str
        "double", or "single": half as long numbers, of which a register holds twice as many. Everything that is given
        to an engine or comes from it is in double precision all the same.
    """

    def __init__(
        self,
        law: Equations,
        method: str = "tsit5",
        lanes: int | None = None,
        threads: int | None = None,
        precision: str = "double",
    ) -> None:
        self.law = law
        self.format = FORMATS[precision]
        self.rounding = (
            1e-5 if precision == "single" else 0.0
        )  # of a loss: so much of it tells minimisers nothing
        self.lanes = natural_lanes() * 8 // self.format.size if lanes is None else lanes
        if self.lanes < 1 or self.lanes & (self.lanes - 1):
            raise ValueError(f"vectors of {self.lanes} lanes lie in memory with gaps: take a power of two")
        self.threads = threads or len(os.sched_getaffinity(0))
        self._backwards = Backwards(law, tableau(method), self.lanes, has_fma(), self.format)
        # LLVM's whole pipeline takes four times as long, and gradients are 5 % quicker for it: the loops are written as
        # they are to run (measured on networks 2–16–32–2 and 2–64–64–2).
        self._library = Library(str(self._backwards.module), thorough=False)
        self.layout = self._backwards.layout
        self.forward = self._library.function("forward", ctypes.c_void_p)
        self.backward = self._library.function("backward", ctypes.c_void_p)
        self.order = self._backwards.tableau.error_order + 1
        self._pool = ThreadPoolExecutor(self.threads) if self.threads > 1 else None

    def zeros(self, *shape: int) -> Array:
        """Numbers that begin where a line of the processor's cache does: a register then never needs two of them."""
        count, size = math.prod(shape), self.format.size
        room = np.zeros(count + _LINE // size, self.format.numpy)
        first = -room.ctypes.data % _LINE // size
        return room[first : first + count].reshape(shape)

    def batch(
        self,
        meshes: Sequence[Array],
        times: Sequence[Array] = (),
        stride: int | None = None,
        atol: float | Array = 1e-6,
        rtol: float = 1e-6,
        apart: bool = False,
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
        apart : bool
            Whether each piece has a gradient along the parameters of its own.
        """
        return Batch(self, meshes, times, stride, atol, rtol, apart)

    def each(self, kernel: Any, plans: Array, steps: int) -> None:
        """Call a kernel with every plan; the steps of them all decide whether threads share them.

        Plans whose numbers differ by a multiple of `_GRADIENTS` share an array, so that one thread takes them all.
        """

        def some(first: int, threads: int) -> None:
            for group in range(first, _GRADIENTS, threads):
                for place in addresses[group::_GRADIENTS]:
                    kernel(place)

        base, size = plans.ctypes.data, plans.strides[0]
        addresses = [base + i * size for i in range(len(plans))]
        is_much = steps * self._backwards.tableau.stages * len(self.law.parameters) >= _WORTH_A_THREAD
        if self._pool is None or len(plans) < 2 or not is_much:
            some(0, 1)
            return
        threads = min(self.threads, _GRADIENTS)
        waiting = [self._pool.submit(some, first, threads) for first in range(1, threads)]
        some(0, threads)
        for other in waiting:
            other.result()


class Batch:
    """Pieces of trajectories with given steps. Made by `Engine.batch`.

    Pieces lie in blocks of as many as there are lanes; those with as many steps share a block, so that few lanes wait.

    Attributes
    ----------
    steps : int
        Of all pieces together, those of idle lanes included.
    places : tuple of ndarray
        The piece of each sample, and the step of that piece in which it lies.
    """

    def __init__(
        self,
        engine: Engine,
        meshes: Sequence[Array],
        times: Sequence[Array],
        stride: int | None,
        atol: float | Array,
        rtol: float,
        apart: bool,
    ) -> None:
        self.engine, self.count, self.apart = engine, len(meshes), apart
        self._counts = [len(mesh) - 1 for mesh in meshes]
        lanes, size, n = engine.lanes, engine.layout.size, len(engine.law.states)
        self._size = n
        order = np.argsort([-len(mesh) for mesh in meshes], kind="stable")
        blocks = -(-self.count // lanes)
        # Where each piece lies, and which piece each lane of a block has; those left over repeat the last one.
        self._block, self._lane = np.empty(self.count, dtype=int), np.empty(self.count, dtype=int)
        self._block[order], self._lane[order] = np.divmod(np.arange(self.count), lanes)
        self._piece = order[np.minimum(np.arange(blocks * lanes), self.count - 1)].reshape(blocks, lanes)
        self._starts, self._ends = (engine.zeros(blocks, size, lanes) for _ in range(2))
        self._gradient = engine.zeros(
            blocks if apart else min(blocks, _GRADIENTS), len(engine.law.parameters), lanes
        )
        self._error = engine.zeros(blocks, lanes)
        self._parameters = engine.zeros(len(engine.law.parameters))
        self._absolute, self._relative = engine.zeros(size), engine.zeros(1)
        self._absolute[:], self._relative[:] = 1.0, rtol
        self._absolute[:n] = atol
        self._arrays: list[Array] = []  # which the plans point into
        self._checkpoints: list[Array] = []
        self._steps = [self._mesh(meshes, pieces) for pieces in self._piece]
        self.steps = sum(len(mesh) - 1 for mesh in self._steps) * lanes
        self._place_samples(times)
        self._plans = np.array([self._plan(block, stride) for block in range(blocks)])

    def _mesh(self, meshes: Sequence[Array], pieces: Array) -> Array:
        """The times of a block's steps, a column a lane; pieces that are over early stand still."""
        longest = max(len(meshes[i]) for i in pieces)
        times = np.zeros((longest, len(pieces)))
        for lane, piece in enumerate(pieces):
            mesh = meshes[piece]
            times[: len(mesh), lane] = mesh
            times[len(mesh) :, lane] = mesh[-1]
        return times

    def _place_samples(self, times: Sequence[Array]) -> None:
        """Give each sample a slot: one of its step, which it shares with samples of the other lanes."""
        counts = [len(t) for t in times] or [0] * self.count
        piece = np.repeat(np.arange(self.count), counts)
        at = np.concatenate([np.asarray(t, dtype=float) for t in times]) if len(piece) else np.zeros(0)
        block, lane = self._block[piece], self._lane[piece]
        step = self._steps_of(counts, at)
        # Samples of one lane in one step are numbered; a slot has one number of each lane.
        order = np.lexsort((at, step, piece))
        is_new = np.ones(len(at), dtype=bool)
        is_new[1:] = np.diff(piece[order]).astype(bool) | np.diff(step[order]).astype(bool)
        first = np.maximum.accumulate(np.where(is_new, np.arange(len(at)), 0))
        rank = np.empty(len(at), dtype=int)
        rank[order] = np.arange(len(at)) - first
        ends = np.cumsum([len(mesh) - 1 for mesh in self._steps])
        place = np.concatenate([[0], ends])[block] + step  # among the steps of all blocks
        widest = np.zeros(ends[-1], dtype=np.int64)
        np.maximum.at(widest, place, rank + 1)
        self._slots = [np.concatenate([[0], np.cumsum(w)]) for w in np.split(widest, ends[:-1])]
        self._first_slot = np.concatenate([[0], np.cumsum([slots[-1] for slots in self._slots])]).astype(int)
        self.places = piece, step
        self._slot, self._sample_lane = (np.cumsum(widest) - widest)[place] + rank, lane
        engine, total = self.engine, int(self._first_slot[-1])
        flat = np.concatenate([mesh.ravel() for mesh in self._steps])
        # Among the times of all blocks; each block has one more of them than steps.
        begin = (place + block) * engine.lanes + lane
        self._theta = engine.zeros(total, engine.lanes)
        self._theta[self._slot, lane] = (at - flat[begin]) / (flat[begin + engine.lanes] - flat[begin])
        self._samples = engine.zeros(total, self._size, engine.lanes)

    def _steps_of(self, counts: Sequence[int], at: Array) -> Array:
        """The step of its piece that each sample lies in."""
        step, last = np.zeros(len(at), dtype=int), np.cumsum(counts)
        for one in np.flatnonzero(np.minimum(counts, np.array(self._counts) - 1)).tolist():
            mesh = self._steps[self._block[one]][:, self._lane[one]]
            sign = 1.0 if mesh[-1] >= mesh[0] else -1.0
            own = slice(last[one] - counts[one], last[one])
            step[own] = np.clip(np.searchsorted(sign * mesh, sign * at[own]) - 1, 0, len(mesh) - 2)
        return step

    def _plan(self, block: int, stride: int | None) -> Array:
        """What the kernel is told of a block."""
        engine, layout, lanes = self.engine, self.engine.layout, self.engine.lanes
        times = self._steps[block]
        steps = len(times) - 1
        if stride is None:
            stride = 1 if steps <= 64 else math.isqrt(steps - 1) + 1
        checkpoints = engine.zeros(-(-steps // stride), layout.size, lanes)
        buffer, work = engine.zeros(stride, layout.size, lanes), engine.zeros(layout.total * lanes)
        self._arrays += [buffer, work]
        self._checkpoints.append(checkpoints)
        first = self._first_slot[block]
        told: dict[str, Any] = {
            "steps": steps,
            "stride": stride,
            "times": times,
            "starts": self._starts[block],
            "ends": self._ends[block],
            "checkpoints": checkpoints,
            "buffer": buffer,
            "parameters": self._parameters,
            "gradient": self._gradient[block % len(self._gradient)],
            "slots": self._slots[block],
            "theta": self._theta[first:],
            "samples": self._samples[first:],
            "absolute": self._absolute,
            "relative": self._relative,
            "error": self._error[block],
            "work": work,
        }
        plan = np.zeros(len(PLAN), dtype=np.int64)
        for i, name in enumerate(PLAN):
            plan[i] = told[name] if isinstance(told[name], int) else told[name].ctypes.data
        return plan

    @np.errstate(over="ignore")  # what is too large for single precision becomes infinite
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
        self._parameters[:] = parameters
        self._starts[:, : self._size] = np.asarray(starts)[self._piece].transpose(0, 2, 1)
        self.engine.each(self.engine.forward, self._plans, self.steps)
        samples = self._samples[self._slot, :, self._sample_lane]
        ends = self._ends[self._block, : self._size, self._lane]
        return samples.astype(float, copy=False), ends.astype(float, copy=False)

    @property
    def errors(self) -> Array:
        """Of each piece the largest error of a step of the last `forward`, in units of the tolerance."""
        squares = self._error[self._block, self._lane]
        return np.sqrt(np.where(np.isfinite(squares), squares, math.inf))

    @property
    def error(self) -> float:
        """The largest of the `errors`."""
        return float(np.max(self.errors))

    @np.errstate(over="ignore", invalid="ignore")
    def backward(self, of_samples: Array, of_ends: Array | None = None) -> tuple[Array, Array]:
        """The gradient of a loss, from its derivatives with respect to what the last `forward` gave.

        Returns
        -------
        of_starts : ndarray, shape (pieces, n)
        of_parameters : ndarray
            Of all pieces together, or a row a piece if they stay apart.
        """
        self._samples[:] = 0.0
        self._samples[self._slot, :, self._sample_lane] = of_samples
        self._ends[:] = 0.0
        if of_ends is not None:
            self._ends[self._block, : self._size, self._lane] = of_ends
        self._gradient[:] = 0.0
        self.engine.each(self.engine.backward, self._plans, self.steps)
        of_starts = self._starts[self._block, : self._size, self._lane].astype(float, copy=False)
        if self.apart:
            return of_starts, self._gradient.transpose(0, 2, 1)[self._block, self._lane]
        return of_starts, self._gradient.sum(axis=0, dtype=float).sum(axis=-1)

    def states(self) -> Array:
        """Those before the steps of the last `forward`, piece by piece, if all are kept: shape (steps, n)."""
        kept = [
            self._checkpoints[block][:count, : self._size, lane]
            for block, lane, count in zip(self._block, self._lane, self._counts, strict=True)
        ]
        return np.concatenate(kept).astype(float, copy=False)


def even_mesh(start: float, end: float, longest: float) -> Array:
    """Equal steps from `start` to `end`, none longer than `longest`."""
    count = max(1, math.ceil(abs(end - start) / longest * (1 - 1e-12)))
    return np.linspace(start, end, count + 1)
