"""Measurements in time: several runs, each with its own times, with holes."""

from __future__ import annotations

import html
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from dydt.errors import InputError, nearest
from dydt.expr.source import FUNCTIONS, is_name
from dydt.learning.smooth import noise_of, smooth_runs
from dydt.learning.tables import Table, numbers, read_tables, renamed, without_unit
from dydt.learning.times import of_times, read_times, says_time, time_column

Array = Any

_FEWEST = 3  # times of the longest run
_GAP = 5.0  # times the usual spacing: a gap that is told of
_CONSTANT = 1e-15  # of its size: a column that does not move more
_ENOUGH = 3_000  # samples of a run that show their noise without a curve through them
_LISTED = 8  # runs that a summary lists


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
    """Measurements of the states of a law. Made by `dydt.read_data`; printed, it is a summary.

    Attributes
    ----------
    states : tuple of str
    runs : tuple of Run
    noise : ndarray, shape (n,), or None
        The standard deviation of a measurement of each state, if it is known.
    independent : str
    unit : str
        What times are in, if they were dates: ``"days since 2024-03-01"``.
    """

    states: tuple[str, ...]
    runs: tuple[Run, ...]
    noise: Array | None = None
    independent: str = "t"
    unit: str = ""

    @property
    def samples(self) -> Array:
        """How many measurements there are of each state."""
        return np.sum([np.isfinite(run.y).sum(axis=0) for run in self.runs], axis=0)

    @cached_property
    def scatter(self) -> Array:
        """The noise of each state as the data themselves show it: how far a sample is from the line between its
        neighbours. Zero where there are too few samples to tell."""
        squares, counts = np.zeros(len(self.states)), np.zeros(len(self.states))
        for run in self.runs:
            for j in range(len(self.states)):
                there = np.isfinite(run.y[:, j])
                count = int(np.count_nonzero(there)) - 2
                if count >= 2:
                    squares[j] += count * noise_of(run.t[there], run.y[there, j]) ** 2
                    counts[j] += count
        return np.sqrt(squares / np.maximum(counts, 1.0))

    @cached_property
    def smooth_scatter(self) -> Array:
        """The same around smooth curves, which do not take the bends of a curve for noise; NaN where there are too few
        samples to tell."""
        if max(len(run.t) for run in self.runs) > _ENOUGH:
            return np.where(self.scatter > 0.0, self.scatter, np.nan)
        return smooth_runs(self.runs)[1]

    def select(self, states: Sequence[str]) -> Data:
        """Only these states."""
        if tuple(states) == self.states:
            return self
        places = [self.states.index(s) for s in states]
        runs = tuple(replace(run, y=run.y[:, places]) for run in self.runs)
        return replace(
            self, states=tuple(states), runs=runs, noise=None if self.noise is None else self.noise[places]
        )

    def __len__(self) -> int:
        return int(self.samples.sum())

    def __repr__(self) -> str:
        return f"<Data {', '.join(self.states[:6])}{' …' if len(self.states) > 6 else ''}: {self._extent()}>"

    def __str__(self) -> str:
        lines = [self._extent(), "", *aligned(self._states())]
        if len(self.runs) > 1:
            lines += ["", *aligned(self._runs())]
            if len(self.runs) > _LISTED:
                lines.append(f"… and {len(self.runs) - _LISTED} more runs")
        lines += ["", *self._remarks()]
        return "\n".join(lines).rstrip()

    def _extent(self) -> str:
        first, last = min(r.t[0] for r in self.runs), max(r.t[-1] for r in self.runs)
        runs = f"{len(self.runs)} runs, " if len(self.runs) > 1 else ""
        times = sum(len(r.t) for r in self.runs)
        unit = f" {self.unit}" if self.unit else ""
        span = f"{self.independent} = {first:.6g} … {last:.6g}{unit}"
        return f"{runs}{len(self):,} samples at {times:,} times, {span}"

    def _states(self) -> list[tuple[str, ...]]:
        everything = np.concatenate([run.y for run in self.runs])
        rows: list[tuple[str, ...]] = [("state", "samples", "missing", "least", "most", "noise", "")]
        for j, name in enumerate(self.states):
            column = everything[:, j]
            there = column[np.isfinite(column)]
            noise = float((self.smooth_scatter if self.noise is None else self.noise)[j])
            kind, shown = "estimated" if self.noise is None else "given", f"{noise:.3g}"
            part = f"{kind}, {noise / np.ptp(there):.1%} of the range"
            if math.isnan(noise):
                shown, part = "–", "too few samples to tell"
            counts = (f"{len(there):,}", f"{len(column) - len(there):,}")
            rows.append((name, *counts, f"{there.min():.5g}", f"{there.max():.5g}", shown, part))
        return rows

    def _runs(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = [("run", "times", "from", "to")]
        rows += [(r.name, f"{len(r.t):,}", f"{r.t[0]:.6g}", f"{r.t[-1]:.6g}") for r in self.runs[:_LISTED]]
        return rows

    def _remarks(self) -> list[str]:
        """How densely it is sampled, and where it is not."""
        spacings = np.concatenate([np.diff(run.t) for run in self.runs])
        usual = float(np.median(spacings))
        least, most = float(spacings.min()), float(spacings.max())
        even = most - least <= 1e-6 * most
        lines = [
            f"a sample every {usual:.4g}"
            if even
            else f"spacing {least:.4g} … {most:.4g}, usually {usual:.4g}"
        ]
        gaps = []
        for run in self.runs:
            of_run = f" of run {run.name}" if len(self.runs) > 1 else ""
            for i in np.flatnonzero(np.diff(run.t) > _GAP * usual):
                gaps.append(f"{self.independent} = {run.t[i]:.6g} … {run.t[i + 1]:.6g}{of_run}")
        if gaps and len(gaps) <= 4:
            lines.append("nothing was measured " + "; ".join(gaps))
        elif gaps:
            lines.append(
                f"{len(gaps)} gaps of more than {_GAP:.0f} times the usual spacing, the first {gaps[0]}"
            )
        return lines

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"

    def to_dict(self) -> dict[str, Any]:
        """The measurements and the noise as plain numbers; None where nothing was measured."""

        def plain(values: Array) -> list[float | None]:
            return [float(v) if math.isfinite(v) else None for v in values]

        runs = [
            {
                "name": r.name,
                self.independent: plain(r.t),
                **{s: plain(r.y[:, j]) for j, s in enumerate(self.states)},
            }
            for r in self.runs
        ]
        noise = self.smooth_scatter if self.noise is None else self.noise
        return {
            "states": list(self.states),
            "unit of time": self.unit,
            "noise": dict(zip(self.states, plain(noise), strict=True)),
            "noise is given": self.noise is not None,
            "runs": runs,
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    def plot(self, path: Any = None, dark: bool = False, **options: Any) -> Any:
        """The samples over time; see `dydt.plotting.data`."""
        from dydt.plotting.data import samples

        return samples(self, path=path, dark=dark, **options)


def read_data(
    source: Any,
    *,
    time: str | None = None,
    run: str | None = None,
    states: str | Sequence[str] | None = None,
    noise: float | Mapping[str, float] | Sequence[float] | None = None,
    rename: Mapping[str, str] | None = None,
    sort: bool = False,
) -> Data:
    """Measurements in time, from whatever holds them.

    Parameters
    ----------
    source : table, path, dict, Dataset, list, Solution or Ensemble
        A pandas, polars or pyarrow table; a path to ``.csv``, ``.tsv`` or ``.parquet``; a dict of columns, or of run ->
        table; an xarray Dataset (time, and perhaps a dimension of runs); a list of tables, one a run; a solution.
        Empty cells, None and NaN say that nothing was measured.
    time : str, optional
        The time column; by default one called ``t`` or ``time``, or so at its beginning (``time_s``), else the first.
        Dates are read as days, hours, minutes or seconds since the first one (`Data.unit`).
    run : str, optional
        The column that says which run a row belongs to; by default one called ``run``.
    states : str or sequence of str, optional
        The columns that are states; by default all others.
    noise : float, mapping or sequence, optional
        The standard deviation of a measurement: of all states, by state, or in the order of the columns.
    rename : mapping, optional
        Column -> the name it has in the law.
    sort : bool
        Bring the rows of a run into the order of their times.

    Returns
    -------
    Data
        Printed, it is a summary: runs, samples, holes, ranges, the noise as far as it shows, gaps.

    Raises
    ------
    InputError
        For times that are unsorted or doubled, a constant column, too few points, text in numbers, infinite values:
        with row and column, and what to do.

    Examples
    --------
    >>> import dydt
    >>> data = dydt.read_data({"t": [0, 1, 2, 3], "x": [1.0, 0.6, None, 0.2]}, noise=0.05)
    >>> data
    <Data x: 3 samples at 3 times, t = 0 … 3>
    """
    if isinstance(source, Data):
        data = source if states is None else source.select(_chosen(_names(states), source.states))
    else:
        if rename is not None and not isinstance(rename, Mapping):
            raise InputError(f'rename goes by column, as in rename={{"Hare": "x"}}, and is {rename!r}')
        data = _read(source, time, run, None if states is None else _names(states), dict(rename or {}), sort)
    return data if noise is None else replace(data, noise=read_noise(noise, data.states))


def read_for(source: Any, independent: str) -> Data:
    """What `read_data` makes of it; the time is the column that a law calls so, if there is one."""
    return source if isinstance(source, Data) else _read(source, None, None, None, {}, False, independent)


def read_noise(noise: Any, states: Sequence[str]) -> Array:
    """One standard deviation a state."""
    if isinstance(noise, Mapping):
        for name in noise:
            if name not in states:
                raise InputError(
                    f"noise: there is no state `{name}`{nearest(str(name), states) or '.'} There: {', '.join(states)}"
                )
        missing = [s for s in states if s not in noise]
        if missing:
            raise InputError(
                f"noise says nothing of `{missing[0]}`: give it for each state, or one number for all"
            )
        noise = [noise[s] for s in states]
    try:
        values = np.full(len(states), np.asarray(noise, dtype=float))
    except (TypeError, ValueError):
        raise InputError(
            f"noise is a number, or one for each of {', '.join(states)}, and is {noise!r}"
        ) from None
    if not np.all((values > 0) & np.isfinite(values)):
        raise InputError(f"noise must be positive: a standard deviation, and is {noise!r}")
    return values


def check_names(data: Data) -> None:
    """Complain about columns whose names can't be those of states in the text of a law."""
    for name in (data.independent, *data.states):
        plain = is_name(name) and not name.endswith("'")
        if plain and name not in FUNCTIONS:
            continue
        better = f"{name}_" if plain else re.sub(r"\W+", "_", name).strip("_") or "x"
        better = better if is_name(better) else f"x{better}"
        raise InputError(
            f"a law can't call a quantity `{name}`, as a column of the data is called: give it another name, "
            f'rename={{"{name}": "{better}"}}'
        )


def _names(states: str | Sequence[str]) -> list[str]:
    if isinstance(states, str):
        return states.replace(",", " ").split()
    if not isinstance(states, Iterable):
        raise InputError(f'states takes names of columns, as in states=["x", "y"], and is {states!r}')
    return [str(s) for s in states]


def _chosen(wanted: Sequence[str], there: Sequence[str]) -> list[str]:
    """Columns, which may be called as in the table, with a unit."""
    wanted = [name if name in there else without_unit(name) for name in map(str, wanted)]
    for name in wanted:
        if name not in there:
            raise InputError(
                f"the data have no column `{name}`{nearest(name, there) or '.'} There: {', '.join(there)}"
            )
    if not wanted:
        raise InputError("states names no column")
    return wanted


def _read(
    source: Any,
    time: str | None,
    run: str | None,
    states: list[str] | None,
    rename: dict[str, str],
    sort: bool,
    independent: str = "",
) -> Data:
    tables = [renamed(table, rename) for table in read_tables(source)]
    first = list(tables[0].columns)
    if not first:
        raise InputError("the data have no columns")
    is_sure = time is not None
    time = _chosen([rename.get(time, time)], first)[0] if time else time_column(first, independent)
    is_sure = is_sure or time == independent or says_time(time)
    if run is not None and run in getattr(source, "sizes", ()):
        run = None  # a dimension of a Dataset, which tells its runs apart anyway
    run = _chosen([rename.get(run, run)], first)[0] if run else _run_column(first)
    others = [name for name in first if name not in (time, run)]
    names = others if states is None else _chosen([rename.get(s, s) for s in states], others)
    if not names:
        raise InputError(f"the data have times, `{time}`, and no other column: there is nothing measured")
    for table in tables:
        for name in (time, *names):
            if name not in table.columns:
                raise InputError(f"run `{table.run}` has no column `{name}`, which the first run has")
    runs = []
    times, unit = read_times(tables, time)
    for table, t in zip(tables, times, strict=True):
        y = np.column_stack([numbers(table, name) for name in names])
        for label, rows in _parts(table, run):
            candidates = {} if is_sure else dict(zip(names, y.T, strict=True))
            runs.append(_run(table, label, rows, t, y, time, sort, candidates))
    _check_runs(runs, names, time)
    return Data(tuple(names), tuple(runs), None, time, unit)


def _run_column(names: Sequence[str]) -> str | None:
    return next((n for n in names if n.lower() == "run"), None)


def _parts(table: Table, run: str | None) -> list[tuple[str, Array]]:
    """The rows of each run, in the order in which runs appear."""
    if run is None:
        return [(table.run, np.arange(len(next(iter(table.columns.values())))))]
    labels = [f"{v:g}" if isinstance(v, float | np.floating) else str(v) for v in table.columns[run]]
    found: dict[str, list[int]] = {}
    for i, label in enumerate(labels):
        if label in ("", "nan", "None", "<NA>"):
            raise InputError(f"{table.rows} {i + table.first_row} belongs to no run: `{run}` is empty there")
        found.setdefault(label, []).append(i)
    lead = f"{table.run} " if table.run else ""
    return [(lead + label, np.array(rows)) for label, rows in found.items()]


def _run(
    table: Table, name: str, rows: Array, t: Array, y: Array, time: str, sort: bool, others: dict[str, Array]
) -> Run:
    """One run, its times checked; rows in which nothing was measured are left out. `others` are columns that may be
    the time instead."""
    if not len(rows):
        raise InputError("the data are empty: columns without rows")
    missing = rows[np.isnan(t[rows])]
    if len(missing):
        raise InputError(f"{table.rows} {missing[0] + table.first_row} has no time: `{time}` is empty there")
    if sort:
        rows = rows[np.argsort(t[rows], kind="stable")]
    times, values = t[rows], y[rows]
    if not (np.diff(times) > 0).all():
        rising = [n for n, column in others.items() if np.all(np.diff(column[rows]) > 0)]
        raise InputError(of_times(table, f" of run {name}" if name else "", rows, times, time, rising))
    there = np.isfinite(values).any(axis=1)
    return Run(name, times, values) if there.all() else Run(name, times[there], values[there])


def _check_runs(runs: Sequence[Run], names: Sequence[str], time: str) -> None:
    """Complain about data that say too little."""
    doubled = next((name for name, count in Counter(r.name for r in runs).items() if count > 1), None)
    if doubled is not None:
        raise InputError(f"two runs are called `{doubled}`")
    everything = np.concatenate([run.y for run in runs])
    for name, values in zip(names, everything.T, strict=True):
        column = values[np.isfinite(values)]
        if len(column) > 1 and column.max() - column.min() > _CONSTANT * np.abs(column).max():
            continue
        leave = (
            f"leave it away, states={[n for n in names if n != name]!r}"
            if len(names) > 1
            else "it needs more"
        )
        if not len(column):
            raise InputError(f"column `{name}` is empty: {leave}")
        if len(column) < 2:
            raise InputError(f"column `{name}` has a single value: {leave}")
        raise InputError(
            f"column `{name}` is constant, {column[0]:.6g} in all {len(column):,} samples, and tells nothing of how "
            f"things change: {leave}"
        )
    for run in runs:
        if len(run.t) < 2:
            raise InputError(f"run `{run.name}` has measurements at {len(run.t)} times, and needs at least 2")
    most = max(len(run.t) for run in runs)
    if most < _FEWEST:
        raise InputError(
            f"there are measurements at {most} values of `{time}`, and at least {_FEWEST} are needed"
        )


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows as lines of text: names to the left, numbers to the right, words at the end to the left."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    words = len(rows[0]) - 1 if rows[0][-1] == "" else len(rows[0])

    def cell(text: str, i: int) -> str:
        return f"{text:<{widths[i]}}" if i in (0, words) else f"{text:>{widths[i]}}"

    return ["  ".join(cell(text, i) for i, text in enumerate(row)).rstrip() for row in rows]
