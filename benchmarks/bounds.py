"""What a step of an explicit Runge–Kutta method must at least cost: by arithmetic, and by moving memory.

Arithmetic: the operations of the law in every stage, and of the sums over stages; divided by what this core
does in a matrix product. Memory: every vector that a stage has to read and write, once; divided by what
this core moves in y += a x on vectors of the same total size, which lie in the second-level cache.
"""

from __future__ import annotations

import ast
import time
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Core:
    """What one core can do: floating-point operations, and bytes, a second."""

    flops: float
    bandwidth: float

    def words(self) -> str:
        """For the report."""
        return (
            f"Bounds: {self.flops / 1e9:.0f} GFLOP/s, measured in a matrix product on this core, and "
            f"{self.bandwidth / 1e9:.0f} GB/s, measured in y += a x on vectors in the second-level cache. "
            "Operations of the law are counted from its text as written; those of the method from its "
            "tableau, zeros left out."
        )


def best(call, repeats: int = 200) -> float:
    """The shortest of many calls."""
    shortest = float("inf")
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        shortest = min(shortest, time.perf_counter() - begin)
    return shortest


def measure_core() -> Core:
    """Measure it; the difference of two sizes takes out what a call costs."""
    from scipy.linalg.blas import daxpy

    size = 384
    matrix = np.ones((size, size), order="F")
    product = best(lambda: matrix @ matrix, 30)
    times = {}
    for length in (4000, 12000):
        x, y = np.ones(length), np.ones(length)
        times[length] = best(lambda x=x, y=y: daxpy(x, y, a=1e-9), 2000)
    bandwidth = 3 * 8 * (12000 - 4000) / (times[12000] - times[4000])
    return Core(2 * size**3 / product, bandwidth)


def operations(text: str) -> int:
    """Additions, subtractions, multiplications and divisions of a law of polynomials, as written."""
    count = 0
    for line in text.splitlines():
        tree = ast.parse(line.split("=", 1)[1].strip(), mode="eval")
        count += sum(isinstance(node, (ast.BinOp, ast.USub)) for node in ast.walk(tree))
    return count


def step_bounds(text: str, states: int, tableau, core: Core) -> tuple[float, float]:
    """Seconds a step needs at least: (by arithmetic, by memory)."""
    reused = tableau.first_same_as_last
    stages = tableau.stages - reused
    rows = [[weight for weight in row if weight] for row in tableau.a[1:]]
    if not reused:
        rows.append([weight for weight in tableau.b if weight])
    errors = [[weight for weight in row if weight] for row in tableau.error]
    sums = sum(2 * len(row) + 2 for row in rows) + sum(2 * len(row) + 7 for row in errors)
    arithmetic = stages * operations(text) + states * sums
    # A stage reads y and its slopes, writes the point, reads the point for the law and writes the new slope.
    moved = sum(len(row) + 2 for row in rows) + 2 * stages + sum(len(row) + 2 for row in errors)
    return arithmetic / core.flops, 8 * states * moved / core.bandwidth
