"""Dense output as a kernel: recorded steps, evaluated at any time.

A step is recomputed from its two ends, to the same bits, so that solutions need store no slopes.
"""

from __future__ import annotations

from typing import Any

from dydt.kernels.llvm import Function, Module, Value
from dydt.solvers.integrate import write_row
from dydt.solvers.law import CompiledLaw, Setting, setting
from dydt.solvers.methods import Method
from dydt.solvers.vectors import Components
from dydt.solvers.workspace import Workspace


def write_dense(law: CompiledLaw, method: Method, layout: Workspace, fused: bool = True) -> Module:
    """The module with ``dense``, for one lane."""
    module = Module(fused)
    _write_dense(module, law, method, layout)
    return module


def _write_dense(module: Module, law: CompiledLaw, method: Method, layout: Workspace) -> None:
    """dense(work, times, count, rows, steps, out): the state at times sorted in the direction of the steps."""
    arguments = [("work", "pointer"), ("times", "pointer"), ("count", "integer")]
    arguments += [("rows", "pointer"), ("steps", "integer"), ("out", "pointer")]
    f = module.function("dense", "integer", arguments)
    work, times, count, rows, steps, out = f.arguments
    size = len(law.states)
    here = setting(f, work, law, layout)
    kept = _Kept(f, here.space, work, layout)
    direction = f.load(f.offset(rows, steps * (size + 1))) - f.load(rows)
    step = f.variable(f.constant(0, "integer"))
    known = f.variable(f.constant(-1, "integer"))
    with f.count(count) as query:
        t = f.load(times, query)
        with f.loop() as loop:
            after = step.get() + 1
            loop.leave_if(after >= steps)
            loop.leave_if((t - f.load(rows, after * (size + 1))) * direction <= 0.0)
            step.set(after)
        row = f.offset(rows, step.get() * (size + 1))
        t0 = f.load(row)
        h = f.load(row, size + 1) - t0
        y = _read_row(f, here, row, size)
        with f.when(step.get().differs(known.get())):
            known.set(step.get())
            kept.keep(method.dense_slopes(here, t0, y, h))
        result = method.interpolate(here, y, h, kept.slopes, f.where(h.equals(0.0), 0.0, (t - t0) / h))
        write_row(f, result, f.offset(out, query * size - 1), size, 0)
    f.give(count)


class _Kept:
    """The slopes of the step at hand, in memory, for all queries that fall into it."""

    def __init__(self, f: Function, space: Any, work: Value, layout: Workspace) -> None:
        self.f, self.space, self.work, self.layout = f, space, work, layout
        self._slopes: list[Any] = []

    def keep(self, slopes: list[Any]) -> None:
        self._slopes = slopes
        if isinstance(self.space, Components):
            place = self.layout.address(self.f, self.work, "scratch")
            for i, value in enumerate(value for slope in slopes for value in slope):
                self.f.store(value, place, i)

    @property
    def slopes(self) -> list[Any]:
        if not isinstance(self.space, Components):
            return self._slopes
        place, size = self.layout.address(self.f, self.work, "scratch"), self.space.size
        count = len(self._slopes)
        return [[self.f.load(place, j * size + i) for i in range(size)] for j in range(count)]


def _read_row(f: Function, here: Setting, row: Value, size: int) -> Any:
    """The state in a row, as a vector."""
    if isinstance(here.space, Components):
        return [f.load(row, i + 1) for i in range(size)]
    with f.count(size) as index:
        f.store(f.load(row, index + 1), here.y.pointer, index)
    return here.y
