"""What a training tells at its end: errors inside the range, at new times, and beyond it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from dydt.learning.data import Data

Array = Any


@dataclass(frozen=True, eq=False)
class Report:
    """How well a law that was learned meets the data.

    Attributes
    ----------
    states : tuple of str
    noise : ndarray, shape (n,)
        What a sample is taken to scatter by.
    inside : ndarray, shape (n,)
        The root mean square of the misfits to the samples it was trained on.
    new_times : ndarray, shape (n,)
        The same for samples that were held out; NaN if there were none.
    beyond : ndarray, shape (n,)
        The same for the last part of the runs, forecast before it was trained on; NaN if nothing was held back.
    beyond_part : float
        How large that part was.
    stages : tuple of (str, int, float)
        What was done, with iterations and the loss at the end.
    history : ndarray, shape (iterations, 2)
        Loss, and mean square of the held-out misfits in units of the noise.
    seconds : float
    weights : int
    note : str
        What a reader should know, or nothing.
    data : Data
    starts : ndarray, shape (runs, n)
        The states the runs begin with, as they were found.
    """

    states: tuple[str, ...]
    noise: Array
    inside: Array
    new_times: Array
    beyond: Array
    beyond_part: float
    stages: tuple[tuple[str, int, float], ...]
    history: Array
    seconds: float
    weights: int
    note: str
    data: Data
    starts: Array

    def __str__(self) -> str:
        rows = [("misfit (rms)", *self.states), ("trained on", *map(_number, self.inside))]
        if np.all(np.isfinite(self.new_times)):
            rows.append(("at new times", *map(_number, self.new_times)))
        if np.all(np.isfinite(self.beyond)):
            rows.append((f"forecast of the last {self.beyond_part:.0%}", *map(_number, self.beyond)))
        rows.append(("noise", *map(_number, self.noise)))
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = [
            "  ".join(
                f"{c:<{w}}" if i == 0 else f"{c:>{w}}" for i, (c, w) in enumerate(zip(r, widths, strict=True))
            )
            for r in rows
        ]
        iterations = sum(count for _, count, _ in self.stages)
        lines.append(f"{self.weights:,} weights, {iterations:,} iterations, {self.seconds:.2f} s")
        return "\n".join([*lines, self.note] if self.note else lines)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the data, as plain numbers and lists."""

        def listed(values: Array) -> dict[str, float | None]:
            return {s: float(v) if np.isfinite(v) else None for s, v in zip(self.states, values, strict=True)}

        return {
            "noise": listed(self.noise),
            "misfit": listed(self.inside),
            "misfit at new times": listed(self.new_times),
            "misfit of the forecast": listed(self.beyond),
            "forecast part": self.beyond_part,
            "stages": [{"name": n, "iterations": i, "loss": v} for n, i, v in self.stages],
            "seconds": self.seconds,
            "weights": self.weights,
            "note": self.note,
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict())


def _number(value: float) -> str:
    return f"{value:.3g}"
