"""Where a law goes that was fitted or learned, at given times."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from dydt.errors import InputError, listed, nearest
from dydt.learning.data import Data, aligned

Array = Any

_PREDICTED = 12  # times of a printed prediction


@dataclass(frozen=True, eq=False)
class Prediction:
    """Where a law goes that was fitted or learned, and how surely.

    Attributes
    ----------
    t : ndarray, shape (m,)
    mean : ndarray, shape (m, n)
    low, high : ndarray, shape (m, n)
        The band in which the states lie with the probability `level`; NaN if nobody can tell, as of networks.
    measured_low, measured_high : ndarray, shape (m, n)
        The band in which a new measurement does; NaN too for states whose noise is not known.
    level : float
    states : tuple of str
    widths : ndarray, shape (n,)
        How far the measurements of each state reach; infinite for states that were not measured.
    """

    t: Array
    mean: Array
    low: Array
    high: Array
    measured_low: Array
    measured_high: Array
    level: float
    states: tuple[str, ...]
    widths: Array

    def __getitem__(self, name: str) -> Array:
        """The curve of one state."""
        if name not in self.states:
            raise InputError(
                f"there is no state `{name}`{nearest(name, self.states) or '.'} There: {', '.join(self.states)}"
            )
        return self.mean[:, self.states.index(name)]

    @property
    def has_bands(self) -> bool:
        """Whether it is known how sure it is."""
        return not bool(np.all(np.isnan(self.low)))

    @property
    def until(self) -> float:
        """The first time at which a band is wider than all that was measured of a state: from there on the data tell
        nothing of it, and linear theory says little of the band; infinite if there is none."""
        wide = np.any(self.high - self.low > self.widths, axis=1)
        return float(self.t[np.argmax(wide)]) if wide.any() else math.inf

    def __repr__(self) -> str:
        bands = f"{100 * self.level:g} %" if self.has_bands else "no bands"
        return (
            f"<Prediction of {listed(self.states, 6)} at {len(self.t):,} times, {self.t[0]:.6g} … {self.t[-1]:.6g}, "
            f"{bands}>"
        )

    def __str__(self) -> str:
        heads = ("from", "to") if self.has_bands else ()
        rows: list[tuple[str, ...]] = [("t", *(word for s in self.states for word in (s, *heads)))]
        shown = np.unique(np.linspace(0, len(self.t) - 1, min(len(self.t), _PREDICTED)).astype(int))
        tables = (self.mean, self.low, self.high) if self.has_bands else (self.mean,)
        for i in shown:
            cells = zip(*(table[i] for table in tables), strict=True)
            rows.append((f"{self.t[i]:.6g}", *(f"{v:.5g}" for values in cells for v in values)))
        lines = aligned([(*row, "") for row in rows])
        if len(shown) < len(self.t):
            lines.append(f"{len(shown)} of {len(self.t):,} times")
        if self.until < math.inf:
            lines.append(
                f"from {self.until:.6g} on the data tell nothing: bands are wider than all that was measured"
            )
        if not self.has_bands:
            lines.append("without bands: what a network learned has no standard errors")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, by state."""

        def plain(values: Array, j: int) -> list[float | None]:
            return [float(v) if math.isfinite(v) else None for v in values[:, j]]

        bands = ("mean", "low", "high", "measured_low", "measured_high")
        of_state = {
            s: {name.replace("_", " "): plain(getattr(self, name), j) for name in bands}
            for j, s in enumerate(self.states)
        }
        return {"t": [float(v) for v in self.t], "level": self.level, "states": of_state}

    def to_json(self) -> str:
        return json.dumps(self.to_dict())


def read_times(t: Any, start: float, unit: str = "") -> Array:
    """Times of a prediction, from where a run starts."""
    kind = f"numbers, {unit}" if unit else "times"
    try:
        times = np.atleast_1d(np.asarray(t, dtype=float))
    except (TypeError, ValueError):
        raise InputError(f"t takes {kind}, and is {t!r}") from None
    if times.ndim != 1 or not len(times) or not np.all(np.isfinite(times)) or np.any(np.diff(times) < 0):
        raise InputError("t takes times that are finite and rise")
    if times[0] < start:
        raise InputError(
            f"the run starts at {start:.6g}, and a prediction at {times[0]:.6g} was asked for: "
            f"`law.solve(t=({start:.6g}, {times[0]:.6g}))` goes back in time"
        )
    return times


def read_run(run: str | int, names: Sequence[str]) -> int:
    """Which run is meant, by name or number."""
    if isinstance(run, str):
        if run not in names:
            raise InputError(
                f"there is no run `{run}`{nearest(run, names) or '.'} There: {', '.join(names[:20])}"
            )
        return list(names).index(run)
    if not isinstance(run, Integral) or not 0 <= run < len(names):
        raise InputError(f"there are {len(names)} runs, counted from 0, and run {run!r} was asked for")
    return int(run)


def widths(data: Data, states: Sequence[str]) -> Array:
    """How far the data of each state reach; infinite where nothing was measured."""
    everything = np.concatenate([run.y for run in data.runs])
    reach = np.nanmax(everything, axis=0) - np.nanmin(everything, axis=0)
    found = dict(zip(data.states, reach, strict=True))
    return np.array([found.get(s, math.inf) for s in states])
