"""Measurements in time: several runs, each with its own times, with holes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any


@dataclass(frozen=True, eq=False)
class Run:
    """One run.

    Attributes
    ----------
    name : str
    t : ndarray, shape (m,)
        Rising.
    y : ndarray, shape (m, n)
        One column a state; NaN where nothing was measured.
    """

    name: str
    t: Array
    y: Array


@dataclass(frozen=True, eq=False)
class Data:
    """Measurements of the states of a law.

    Attributes
    ----------
    states : tuple of str
    runs : tuple of Run
    noise : ndarray, shape (n,), or None
        The standard deviation of a measurement of each state, if it is known.
    independent : str
    """

    states: tuple[str, ...]
    runs: tuple[Run, ...]
    noise: Array | None = None
    independent: str = "t"


def read_data(source: Any, *, noise: Any = None, time: str | None = None) -> Data:
    """Measurements from a dict of arrays."""
    if isinstance(source, Data):
        return source
    independent = time or next(iter(source))
    t = np.asarray(source[independent], dtype=float)
    states = tuple(name for name in source if name != independent)
    y = np.stack([np.asarray(source[name], dtype=float) for name in states], axis=-1)
    return Data(states, (Run("", t, y),), None, independent)
