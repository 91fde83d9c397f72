"""Timing that treats everyone alike: turns are interleaved, so that a slow spell of the machine hits all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Seconds of one call: the best, the middle one, and how many were measured."""

    minimum: float
    median: float
    repeats: int


def interleaved(
    calls: dict[Hashable, Callable[[], object]], rounds: int = 7, turn: float = 2e-3, most: int = 50
) -> dict[Hashable, Timing]:
    """Time every call in `rounds` rounds; in a round each gets a turn of about `turn` seconds, at least once.

    The first call of every turn warms the caches and counts only when a turn is a single call.
    """
    seconds: dict[Hashable, list[float]] = {name: [] for name in calls}
    repeats: dict[Hashable, int] = {}
    for _ in range(rounds):
        for name, call in calls.items():
            begin = time.perf_counter()
            call()
            warm = time.perf_counter() - begin
            count = repeats.setdefault(name, min(most, int(turn / warm)))
            if count < 1:
                seconds[name].append(warm)
            for _ in range(count):
                begin = time.perf_counter()
                call()
                seconds[name].append(time.perf_counter() - begin)
    return {
        name: Timing(min(values), statistics.median(values), len(values)) for name, values in seconds.items()
    }
