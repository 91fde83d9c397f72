"""A box of states: from where to where each of them is looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dydt.errors import InputError, nearest

Array = Any


@dataclass(frozen=True, eq=False)
class Box:
    """From where to where each state goes.

    Attributes
    ----------
    names : tuple of str
    low, high : ndarray, shape (n,)

    >>> print(read_box(("x", "y"), {"x": (0, 5), "y": (0, 3)}))
    x = 0 … 5, y = 0 … 3
    """

    names: tuple[str, ...]
    low: Array
    high: Array

    @property
    def size(self) -> Array:
        """How wide it is along each state."""
        return self.high - self.low

    def contains(self, points: Array, margin: float = 0.0) -> Array:
        """Which points lie in it, or outside by no more than a part of its size."""
        room = margin * self.size
        with np.errstate(invalid="ignore"):
            return np.all((points >= self.low - room) & (points <= self.high + room), axis=-1)

    def grown(self, part: float) -> Box:
        """A box that is larger by a part of its size on each side."""
        return Box(self.names, self.low - part * self.size, self.high + part * self.size)

    def grid(self, *counts: int) -> Array:
        """Points at the middles of equal cells: shape (product of counts, n)."""
        lines = [
            low + (np.arange(count) + 0.5) / count * (high - low)
            for low, high, count in zip(self.low, self.high, counts, strict=True)
        ]
        return np.stack([axis.ravel() for axis in np.meshgrid(*lines, indexing="ij")], axis=-1)

    def scattered(self, count: int, seed: int = 0) -> Array:
        """Points of a Latin hypercube: along each state one in every slice of it; shape (count, n)."""
        random = np.random.default_rng(seed)
        slices = np.stack([random.permutation(count) for _ in self.names], axis=-1)
        return self.low + (slices + random.random(slices.shape)) / count * self.size

    def to_dict(self) -> dict[str, list[float]]:
        """Name -> [from, to]."""
        return {n: [float(a), float(b)] for n, a, b in zip(self.names, self.low, self.high, strict=True)}

    def __str__(self) -> str:
        rows = zip(self.names, self.low, self.high, strict=True)
        return ", ".join(f"{name} = {low:.4g} … {high:.4g}" for name, low, high in rows)


def make_box(names: Sequence[str], low: Any, high: Any) -> Box:
    """A box from two corners."""
    return Box(tuple(names), np.asarray(low, dtype=float), np.asarray(high, dtype=float))


def read_box(names: Sequence[str], given: Mapping[str, Any], otherwise: Box | None = None) -> Box:
    """The box that a user gave; where a state is left out, as in `otherwise`.

    Raises
    ------
    InputError
        For unknown names, missing states, and boxes that are empty or not finite.
    """
    if not isinstance(given, Mapping):
        raise InputError(f'box gives each state its range, as in box={{"x": (0, 5)}}, and is {given!r}')
    for name in given:
        if name not in names:
            hint = nearest(name, names) or "."
            raise InputError(f"box: there is no state `{name}`{hint} There: {', '.join(names)}")
    ends = {name: _range(name, value) for name, value in given.items()}
    missing = [name for name in names if name not in ends]
    if missing and otherwise is None:
        raise InputError(f"box gives no range for {', '.join(f'`{name}`' for name in missing)}")
    if otherwise is not None:
        own = zip(names, otherwise.low, otherwise.high, strict=True)
        ends |= {name: (float(a), float(b)) for name, a, b in own if name in missing}
    return make_box(names, [ends[n][0] for n in names], [ends[n][1] for n in names])


def _range(name: str, value: Any) -> tuple[float, float]:
    try:
        low, high = (float(end) for end in value)
    except (TypeError, ValueError):
        raise InputError(f"box: the range of `{name}` is a pair (from, to), and is {value!r}") from None
    if not (math.isfinite(low) and math.isfinite(high)):
        raise InputError(f"box: the range of `{name}` must be finite, and is {low:g} … {high:g}")
    if low > high:
        raise InputError(
            f"box: the range of `{name}` is empty: it goes from {low:g} to {high:g}; turn the ends around"
        )
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        raise InputError(f"box: the range of `{name}` is empty: it starts and ends at {low:g}")
    return low, high
