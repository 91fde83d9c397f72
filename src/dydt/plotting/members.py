"""What a picture of an ensemble reads from it: its members in one row, what was swept, and who did not finish."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dydt.errors import InputError, nearest
from dydt.plotting.labels import label

Array = Any

_GOLDEN = 0.6180339887498949
_SPREAD = 50.0  # positive values that cover such a ratio, evenly in their logarithm, are drawn so


@dataclass(frozen=True)
class Members:
    """The members of an ensemble, one after the other.

    Attributes
    ----------
    independent : str
    times : ndarray, shape (m,), or None
        The times that were saved, if there are at least two.
    columns : dict of ndarray, shape (members, m) or (members,)
        A state each.
    done : ndarray of bool, shape (members,)
    swept : dict of ndarray, shape (members,)
        The values of each swept name, for each member.
    where : str
        The time of the states if there is only one, as in ``"$t$ = 1"``; else nothing.
    endings : dict of int
        How many ended how, those that are done left out.
    """

    independent: str
    times: Array
    columns: dict[str, Array]
    done: Array
    swept: dict[str, Array]
    where: str
    endings: dict[str, int]

    @property
    def count(self) -> int:
        return len(self.done)

    def remark(self, so: str, inches: float) -> str:
        """How many members did not finish and how they are shown, in lines that fit a picture; or nothing."""
        if not self.endings:
            return ""
        total = sum(self.endings.values())
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in self.endings.items())
        verb = "member does" if total == 1 else "members do"
        sentence = f"{total:,} of {self.count:,} {verb} not reach the end ({kinds}): {so}"
        return textwrap.fill(sentence, max(24, int((inches - 1.0) * 14)))


def members(ensemble: Any, names: Sequence[str]) -> Members:
    """The members of an ensemble, and the states to draw.

    Raises
    ------
    InputError
        For a name that is not a state.
    """
    states = ensemble.states
    reduced = [name for name in names if name in ensemble.reduced]
    for name in names:
        if name not in states and name not in reduced:
            listed = ", ".join(states[:12]) + (" …" if len(states) > 12 else "")
            what = "is swept and not a state" if name in ensemble.swept else "is not a state"
            guess = nearest(name, [*states, *ensemble.reduced]) or ":"
            listed += "".join(f", {other}" for other in list(ensemble.reduced)[:6])
            raise InputError(f"`{name}` {what}{guess} a picture of an ensemble shows {listed}")
    statuses = np.ravel(ensemble.status).astype(str)
    done = np.ravel(ensemble.done)  # also those that an event of the law has ended
    kinds, counts = np.unique(statuses[~done], return_counts=True)
    times = ensemble.saveat
    over_time = times is not None and len(times) > 1 and not reduced
    if reduced and times is not None and len(times) > 1 and len(reduced) < len(names):
        raise InputError(f"`{reduced[0]}` is one number a member: draw it apart from states over time")
    if times is not None and not len(times):
        raise InputError(
            "the ensemble holds no times, so there is nothing to draw; ask for some with `saveat`"
        )
    last = np.unique(times if times is not None else np.ravel(ensemble.t)[done])
    return Members(
        independent=ensemble.independent,
        times=np.asarray(times) if over_time else None,
        columns={
            name: np.reshape(ensemble[name], (len(statuses), -1) if over_time else len(statuses))
            for name in names
        },
        done=done,
        swept={
            name: np.ravel(np.broadcast_to(values, ensemble.shape)) for name, values in ensemble.swept.items()
        },
        where=f"{label(ensemble.independent)} = {last[0]:.6g}" if len(last) == 1 and not reduced else "",
        endings={str(kind): int(count) for kind, count in zip(kinds, counts, strict=True)},
    )


def some(count: int, most: int) -> Array:
    """At most so many of `count` places, evenly spread; all of them if they are few.

    Even distances would fall on one edge of a grid; multiples of the golden ratio fall everywhere.

    >>> some(5, 9), some(1000, 4)
    (array([0, 1, 2, 3, 4]), array([236, 472, 618, 854]))
    """
    if count <= most:
        return np.arange(count)
    return np.unique(((np.arange(1, most + 1) * _GOLDEN) % 1.0 * count).astype(int))


def swept_label(ensemble: Any, name: str) -> str:
    """A swept name for a picture: an initial value is not the state it becomes."""
    return label(name) + "(0)" if name in ensemble.states else label(name)


def is_logarithmic(values: Array) -> bool:
    """Whether positive values are spread so far, and so evenly in their logarithm, that they are drawn on it.

    >>> is_logarithmic(np.geomspace(1, 1000, 20)), is_logarithmic(np.linspace(1, 1000, 20))
    (True, False)
    """
    low, high = float(np.min(values)), float(np.max(values))
    if low <= 0 or high < _SPREAD * low:
        return False
    middle = np.log(float(np.median(values)) / low) / np.log(high / low)
    return bool(0.35 < middle < 0.65)
