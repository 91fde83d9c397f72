"""The times of measurements: which column they are, and dates as days, hours … since the first one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from dydt.errors import InputError
from dydt.learning.tables import Table, is_missing, numbers

Array = Any

_DOTTED = re.compile(
    r"(\d\d?)\.(\d\d?)\.(\d{4})(?:[ T,]+(\d.*))?"
)  # the day comes first where dots are written
_SLASHED = re.compile(r"\d{1,4}/\d\d?/\d{1,4}(\D.*)?")
_ISO = re.compile(r"(\d{4})[-/](\d\d?)(?:[-/](\d\d?))?((?:T|\s).*)?")
_NAMED = re.compile(r"(time|times|timestamp|date|datetime)(?![^\W_])", re.IGNORECASE)
_UNITS = (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0), ("seconds", 1.0))
_LONG = 3.0  # of a unit, from which on a span is measured in it
_MICRO = "datetime64[us]"


def time_column(names: Sequence[str], independent: str = "") -> str:
    """The column that is the time, by its name; the first one, if none says so.

    >>> time_column(["n", "T", "time_s"]), time_column(["T", "x", "t"]), time_column(["day", "T"])
    ('time_s', 't', 'day')
    """
    for name in (independent, "t", "time"):
        if name in names:
            return name
    return next((n for n in names if says_time(n)), names[0])


def says_time(name: str) -> bool:
    """Whether a column is the time by its name."""
    return name == "t" or bool(_NAMED.match(name))


def read_times(tables: Sequence[Table], name: str) -> tuple[list[Array], str]:
    """The times of each table, and what they are in, as in ``"days since 2024-03-01"``; nothing of plain numbers.

    Raises
    ------
    InputError
        For what is neither a number nor a date, with row and column.
    """
    kinds = [_kind(table.columns[name]) for table in tables]
    kind = kinds[0]
    if len(set(kinds)) > 1:
        raise InputError(f"column `{name}` holds {kind} in the first run, and {_other(kinds)} in another")
    if kind == "numbers":
        return [numbers(table, name) for table in tables], ""
    found = [_moments(table, name, kind) for table in tables]
    everything = np.concatenate(found)
    there = everything[~np.isnat(everything)]
    if not len(there):
        return [np.full(len(m), np.nan) for m in found], ""
    first = there.min()
    unit, size = _unit(there, first if kind == "dates" else np.timedelta64(0, "us"))
    origin = first if kind == "dates" else np.timedelta64(0, "us")
    times = [
        np.where(np.isnat(m), np.nan, (m - origin) / np.timedelta64(1, "us") / (1e6 * size)) for m in found
    ]
    return times, f"{unit} since {_written(first)}" if kind == "dates" else unit


def _other(kinds: Sequence[str]) -> str:
    return next(kind for kind in kinds if kind != kinds[0])


def _kind(values: Array) -> str:
    """What a column holds, by its first cell that is not empty."""
    if values.dtype.kind in "Mm":
        return "dates" if values.dtype.kind == "M" else "durations"
    if values.dtype.kind in "fiubc":
        return "numbers"
    first = next((v for v in values if not is_missing(v)), None)
    if isinstance(first, date):
        return "dates"
    if isinstance(first, str):
        text = first.strip()
        return "dates" if any(p.fullmatch(text) for p in (_DOTTED, _SLASHED, _ISO)) else "numbers"
    return "durations" if type(first).__name__ in ("timedelta", "Timedelta") else "numbers"


def _moments(table: Table, name: str, kind: str) -> Array:
    values = table.columns[name]
    if values.dtype.kind in "Mm":
        return values.astype(_MICRO if kind == "dates" else "timedelta64[us]")
    if kind == "durations":
        return np.array([None if is_missing(v) else v for v in values], dtype="timedelta64[us]")
    return np.array([_moment(table, name, i, v) for i, v in enumerate(values)], dtype=_MICRO)


def _moment(table: Table, name: str, index: int, value: Any) -> Any:
    """One date, in universal time if it has a zone."""
    if is_missing(value):
        return np.datetime64("NaT")
    try:
        made = _parsed(value.strip()) if isinstance(value, str) else value
    except ValueError:
        hint = "write it as 2024-03-01 or 2024-03-01 08:30"
        if _SLASHED.fullmatch(value.strip()):
            hint = "which number is the month? Write it as 2024-03-01"
        where = f"column `{name}`, {table.rows} {index + table.first_row}"
        raise InputError(f"{where}: `{str(value)[:40]}` can't be read as a date: {hint}") from None
    if isinstance(made, datetime) and made.tzinfo is not None:
        made = made.astimezone(UTC).replace(tzinfo=None)
    if not isinstance(made, date):
        raise InputError(
            f"column `{name}`, {table.rows} {index + table.first_row}: `{str(value)[:40]}` is no date, and those above "
            "it are"
        )
    return np.datetime64(made, "us")


def _parsed(text: str) -> datetime:
    if found := _DOTTED.fullmatch(text):
        day, month, year, clock = found.groups()
    elif found := _ISO.fullmatch(text):
        year, month, day, clock = found.groups()
    else:
        return datetime.fromisoformat(text)
    clock = re.sub(r"^(\d):", r"0\1:", (clock or "").lstrip("T \t"))  # 8:30
    return datetime.fromisoformat(
        f"{year}-{int(month):02}-{int(day or 1):02}" + (f" {clock}" if clock else "")
    )


def _unit(moments: Array, first: Any) -> tuple[str, float]:
    """Days, if nobody wrote the hour, or if they are several; else hours, minutes or seconds, likewise."""
    seconds = (moments - first) / np.timedelta64(1, "us") / 1e6
    if moments.dtype.kind == "M" and np.all(moments == moments.astype("datetime64[D]")):
        return _UNITS[0]
    span = float(np.ptp(seconds))
    return next(((unit, size) for unit, size in _UNITS if span >= _LONG * size), _UNITS[-1])


def _written(moment: Any) -> str:
    """A date, with the hour if there is one."""
    text = str(moment.astype("datetime64[us]")).replace("T", " ")
    text = re.sub(r"\.0+$", "", text)
    return re.sub(r" 00:00(:00)?$", "", text)


def of_times(table: Table, of_run: str, rows: Array, t: Array, time: str, rising: Sequence[str] = ()) -> str:
    """What is wrong with times that do not rise; `rising` are columns that do, where nobody said which is the time."""
    back = np.flatnonzero(np.diff(t) < 0)
    if len(back):
        i = int(back[0])
        several = np.all(t[back + 1] <= t[0])
        hint = (
            "if these are several runs, name their column, run=…"
            if several
            else "read with sort=True to put them in order"
        )
        if rising:
            hint = f'is `{time}` the time? `{rising[0]}` rises: say time="{rising[0]}"'
        a, b = rows[[i, i + 1]] + table.first_row
        return (
            f"times{of_run} go back: `{time}` is {t[i]:.9g} in {table.rows} {a} and {t[i + 1]:.9g} in {table.rows} "
            f"{b}; {hint}"
        )
    i = int(np.flatnonzero(np.diff(t) == 0)[0])
    a, b = sorted(rows[[i, i + 1]] + table.first_row)
    return (
        f"{time} = {t[i]:.9g}{of_run} stands twice, in {table.rows} {a} and {b}: average such rows, or name the column "
        "that tells runs apart, run=…"
    )
