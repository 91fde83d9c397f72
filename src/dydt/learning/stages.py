"""What training goes through: slopes, short pieces of the runs, longer ones, whole runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dydt.learning.data import Run

Array = Any

NETWORKS, SLOPES = "slopes, by networks alone", "slopes"
FIRST_PARTS, WHOLE, POLISH = "first parts of the runs", "whole runs", "all samples"

_SAMPLES = 12  # in the shortest pieces
_LONGER = 4  # how much longer pieces become from stage to stage
_SLOPES = 100  # iterations that matching slopes is always worth: they cost next to nothing
# The last stage, which nothing stops in time, has the iterations of the others divided by this.
_POLISHING = 8


@dataclass(frozen=True)
class Stage:
    """One stage: how many pieces each run is cut into (none: slopes are matched), and its most iterations.

    `whole` is False while the last part of each run is held back; with `everything` no sample is held out any more;
    while networks learn `alone`, further free parameters stay where they are.
    """

    name: str
    pieces: tuple[int, ...]
    iterations: int
    whole: bool = False
    everything: bool = False
    alone: bool = False

    @property
    def effort(self) -> float:
        """Of an iteration, about."""
        return 1.0 if self.pieces else 0.1


def plan(
    shorter: Sequence[Run], whole: Sequence[Run], iterations: int, are_held: bool, are_free: bool
) -> list[Stage]:
    """Slopes, then pieces with some dozen samples, then fewer and fewer, and whole runs at the end.

    Parameters
    ----------
    shorter, whole : sequence of Run
        Without and with the parts that are held back.
    iterations : int
        Most of the last stages.
    are_held : bool
        Whether samples are held out, so that all of them come last.
    are_free : bool
        Whether parameters are found along with the weights. Networks come first then: as long as they know nothing, a
        parameter that turns a phase, say, is led anywhere.
    """
    counts = [max(1, round(len(run.t) / _SAMPLES)) for run in shorter]
    part = max(20, iterations // 4)
    stages = [Stage(NETWORKS, (), _SLOPES, alone=True)] if are_free else []
    stages.append(Stage(SLOPES, (), max(_SLOPES, 2 * part)))
    while max(counts) > 1:
        stages.append(_pieces(shorter, counts, part))
        counts = [max(1, math.ceil(count / _LONGER)) for count in counts]
        if max(counts) == 2:
            counts = [1] * len(counts)
    ones = (1,) * len(whole)
    if any(len(a.t) < len(b.t) for a, b in zip(shorter, whole, strict=True)):
        stages.append(Stage(FIRST_PARTS, ones, iterations))
    stages.append(Stage(WHOLE, ones, iterations, True))
    if are_held:
        stages.append(Stage(POLISH, ones, max(1, iterations // _POLISHING), True, True))
    return stages


def _pieces(runs: Sequence[Run], counts: Sequence[int], iterations: int) -> Stage:
    samples = max(round(len(run.t) / count) for run, count in zip(runs, counts, strict=True))
    return Stage(f"pieces of {samples} samples", tuple(counts), iterations)


def between(runs: Sequence[Run], done: Sequence[int], lost: Stage, iterations: int) -> Stage | None:
    """A stage half-way from pieces that the law follows to those it lost its way along; None where these are close."""
    counts = [round(math.sqrt(few * many)) for few, many in zip(lost.pieces, done, strict=True)]
    if max(done) < 3 * max(lost.pieces) or not max(lost.pieces) < max(counts) < max(done):
        return None
    return _pieces(runs, counts, iterations)


def to_arrays(stages: Sequence[Stage]) -> dict[str, Array]:
    """Stages as arrays; there are zero pieces where there are none."""
    runs = len(stages[-1].pieces)
    return {
        "stage names": np.array([s.name for s in stages]),
        "stage pieces": np.array([s.pieces or (0,) * runs for s in stages]),
        "stage limits": np.array([(s.iterations, s.whole, s.everything, s.alone) for s in stages]),
    }


def from_arrays(kept: Mapping[str, Array]) -> list[Stage]:
    """The stages again."""
    pieces = [tuple(int(n) for n in row) if np.all(row) else () for row in kept["stage pieces"]]
    rows = zip(kept["stage names"], pieces, kept["stage limits"], strict=True)
    return [Stage(str(name), cut, int(limits[0]), *map(bool, limits[1:])) for name, cut, limits in rows]
