"""Whatever holds measurements -> columns by name, a table a run. Libraries are loaded for their own tables only."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dydt.errors import InputError, nearest

Array = Any

_MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", "-", "?", "."))
_FORMATS = (".csv", ".tsv", ".txt", ".parquet")
_LARGEST = 1 << 30  # bytes of a text file


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of one length.

    Attributes
    ----------
    columns : dict of ndarray
        By name, in order; of any type.
    run : str
        The run it is, if it is one.
    first_row : int
        What the first row is called in messages.
    rows : str
        What a row is called in messages.
    """

    columns: dict[str, Array]
    run: str = ""
    first_row: int = 0
    rows: str = "row"


def read_tables(source: Any) -> list[Table]:
    """The tables that a source holds.

    Raises
    ------
    InputError
        If it is none of what is known, or columns have different lengths.
    """
    if isinstance(source, str | Path):
        return [_read_file(Path(source))]
    if isinstance(source, Mapping) and not hasattr(source, "data_vars"):
        return _of_mapping(source)
    if isinstance(source, list | tuple):
        return _of_list(source)
    package = type(source).__module__.split(".")[0]
    kind = type(source).__name__
    if package == "xarray":
        return _of_xarray(source)
    if package == "dydt" and kind == "Solution":
        columns = {source.problem.independent: source.t, **{s: source[s] for s in source.states}}
        return [Table(columns)]
    if package == "dydt" and kind == "Ensemble":
        return _of_ensemble(source)
    if package == "pandas" and kind == "DataFrame":
        return [Table(_of_pandas(source))]
    if package in ("polars", "pyarrow") and hasattr(source, "columns"):
        return [Table(_of_arrow(source))]
    if isinstance(source, np.ndarray) and source.dtype.names:
        return [Table({name: source[name] for name in source.dtype.names})]
    raise InputError(
        f"data can't be read from {_article(kind)}: give a table of pandas or polars, a path to .csv or .parquet, a "
        'dict of arrays as in {"t": times, "x": values}, an xarray Dataset, or a list of such tables'
    )


def _article(kind: str) -> str:
    return f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}"


def _of_mapping(source: Mapping[Any, Any]) -> list[Table]:
    if not source:
        raise InputError("the data are empty: a dict without columns")
    nested = [
        not np.isscalar(v) and (isinstance(v, Mapping) or hasattr(v, "columns")) for v in source.values()
    ]
    if all(nested):
        return [Table(_only(read_tables(v), str(k)).columns, str(k)) for k, v in source.items()]
    if any(nested):
        raise InputError("a dict holds columns, or a table for each run, but not both")
    columns = {str(name): _flat(str(name), values) for name, values in source.items()}
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise InputError(f"columns have different lengths: {listed}")
    return [Table(columns)]


def _flat(name: str, values: Any) -> Array:
    """One column."""
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    try:
        array = np.asarray(values)
    except ValueError:
        array = np.asarray(values, dtype=object)
    if array.ndim == 1:
        return array
    if array.ndim == 0:
        raise InputError(f"column `{name}` is one value, {values!r}, and a list of them is wanted")
    raise InputError(f"column `{name}` has {array.ndim} axes: give each state a column of its own")


def _of_list(source: Sequence[Any]) -> list[Table]:
    if not source:
        raise InputError("the data are empty: a list without tables")
    if all(isinstance(item, int | float | np.number) or item is None for item in source):
        raise InputError('a list of numbers does not say when: give a dict, as in {"t": times, "x": values}')
    tables = []
    for i, item in enumerate(source):
        for table in read_tables(item):
            tables.append(Table(table.columns, table.run or str(i + 1), table.first_row, table.rows))
    return tables


def _only(tables: list[Table], name: str) -> Table:
    if len(tables) != 1:
        raise InputError(f"run `{name}` holds {len(tables)} runs, and should be a table of one")
    return tables[0]


def _of_pandas(frame: Any) -> dict[str, Array]:
    if any(name is not None for name in frame.index.names):
        taken = {str(c) for c in frame.columns}
        frame = frame.reset_index([n for n in frame.index.names if n is not None and str(n) not in taken])
    return {str(name): frame[name].to_numpy() for name in frame.columns}


def _of_arrow(table: Any) -> dict[str, Array]:
    names = list(getattr(table, "column_names", None) or table.columns)
    return {str(name): np.asarray(table[name].to_numpy()) for name in names}


def _of_xarray(source: Any) -> list[Table]:
    """Variables over time, and perhaps over one more dimension: the runs."""
    if not hasattr(source, "data_vars"):
        name = source.name or "x"
        source = source.to_dataset(name=name)
    dims = list(source.sizes)
    time = next((d for d in dims if str(d).lower() in ("t", "time")), dims[-1] if dims else None)
    others = [d for d in dims if d != time]
    if time is None or len(others) > 1:
        raise InputError(
            f"the Dataset has the dimensions {', '.join(map(str, dims)) or '(none)'}: time and one for runs can be read"
        )
    states = [n for n, v in source.data_vars.items() if time in v.dims and v.dtype.kind in "fiub"]
    times = source[time].values

    def table(part: Any, run: str) -> Table:
        return Table({str(time): times, **{str(n): part[n].values for n in states}}, run)

    if not others:
        return [table(source, "")]
    labels = source[others[0]].values
    return [table(source.isel({others[0]: i}), str(label)) for i, label in enumerate(labels)]


def _of_ensemble(source: Any) -> list[Table]:
    if source.saveat is None:
        raise InputError("this ensemble kept only the ends of its members: sweep with saveat=times")
    rows = source.y.reshape(-1, len(source.saveat), len(source.states))
    return [
        Table({source.independent: source.saveat, **dict(zip(source.states, y.T, strict=True))}, str(i + 1))
        for i, y in enumerate(rows)
    ]


# -- files --------------------------------------------------------------------------------------------------------


def _read_file(path: Path) -> Table:
    suffix = path.suffix.lower()
    if suffix not in _FORMATS:
        raise InputError(
            f"data are read from {', '.join(_FORMATS)}, and `{path.name}` ends with `{suffix}`"
            f"{nearest(suffix, _FORMATS)}"
        )
    if not path.is_file():
        there = (
            [p.name for p in path.parent.iterdir() if p.suffix in _FORMATS] if path.parent.is_dir() else []
        )
        raise InputError(f"there is no file `{path}`{nearest(path.name, there)}")
    try:
        if suffix == ".parquet":
            return Table(_of_parquet(path))
        if path.stat().st_size > _LARGEST:
            raise InputError(
                f"`{path.name}` is larger than a gigabyte: read it with pandas or polars, as Parquet"
            )
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"`{path}` can't be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"`{path.name}` is not text in UTF-8: byte {error.start + 1:,} is {error.object[error.start]:#04x}"
        ) from None
    return _of_text(text, path.name)


def _of_parquet(path: Path) -> dict[str, Array]:
    try:
        from pyarrow import lib, parquet
    except ImportError:
        raise InputError(
            "Parquet files are read by pyarrow, which is not there: pip install pyarrow, or save the data as .csv"
        ) from None
    try:
        return _of_arrow(parquet.read_table(path))
    except lib.ArrowException as error:
        raise InputError(f"`{path.name}` is no Parquet file: {str(error).splitlines()[0]}") from None


def _of_text(text: str, name: str) -> Table:
    """Comma-, semicolon-, tab- or space-separated columns with a line of names; lines with # in front are remarks."""
    lines = [(i + 1, line) for i, line in enumerate(text.splitlines())]
    lines = [(i, line) for i, line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise InputError(f"`{name}` is empty: the first line should name the columns, as in t,x,y")
    head = lines[0][1]
    delimiter = next((d for d in (",", ";", "\t") if d in head), " ")

    cells = _cells([line for _, line in lines], delimiter, name)
    names = cells[0]
    if all(_is_number(cell) for cell in names):
        raise InputError(
            f"`{name}` begins with numbers: put a line with the names of the columns on top, as in t,x,y"
        )
    doubled = next((n for i, n in enumerate(names) if n in names[:i]), None)
    if doubled is not None:
        raise InputError(f"`{name}` has two columns called `{doubled}`")
    if len(lines) == 1:
        raise InputError(f"`{name}` names its columns, and holds no rows")
    rows = cells[1:]
    for (number, _), row in zip(lines[1:], rows, strict=True):
        if len(row) != len(names):
            commas = delimiter == "," and len(row) == 2 * len(names)
            hint = ": are these decimal commas? Write 1.5, not 1,5" if commas else ""
            raise InputError(f"`{name}`, line {number}: {len(row)} cells under {len(names)} names{hint}")
    columns = {
        n: np.array(column, dtype=object) for n, column in zip(names, zip(*rows, strict=True), strict=True)
    }
    first, last = lines[1][0], lines[-1][0]
    dense = last - first + 1 == len(rows)  # else lines were left out, and rows are counted
    return Table(columns, "", first if dense else 1, "line" if dense else "row")


def _cells(lines: list[str], delimiter: str, name: str) -> list[list[str]]:
    """The cells of each line; line by line, so that a quote that is left open does not swallow the rest."""
    if delimiter == " ":
        return [line.split() for line in lines]
    found = []
    for line in lines:
        try:
            cells = next(csv.reader([line], delimiter=delimiter)) if '"' in line else line.split(delimiter)
        except csv.Error as error:
            raise InputError(f"`{name}` can't be read as a table: {error}") from None
        found.append([cell.strip() for cell in cells])
    return found


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


# -- numbers ------------------------------------------------------------------------------------------------------


def numbers(table: Table, name: str) -> Array:
    """A column as floats: NaN where nothing stands.

    Raises
    ------
    InputError
        For text, dates and infinite values, with row and column.
    """
    values = table.columns[name]
    if values.dtype.kind in "Mm":
        raise InputError(
            f"column `{name}` holds dates: give numbers, as in (dates - dates[0]) / np.timedelta64(1, 's')"
        )
    if values.dtype.kind in "fiub":
        found = values.astype(float)
    elif values.dtype.kind == "c":
        raise InputError(
            f"column `{name}` holds complex numbers, and states are real: give real parts a column each"
        )
    else:
        found = np.array([_number(table, name, i, v) for i, v in enumerate(values)], dtype=float)
    infinite = np.flatnonzero(np.isinf(found))
    if len(infinite):
        where = f"{table.rows} {infinite[0] + table.first_row}"
        raise InputError(
            f"column `{name}`, {where}: the value is infinite; leave it empty if nothing was measured"
        )
    return found


def _number(table: Table, name: str, index: int, value: Any) -> float:
    if value is None:
        return math.nan
    text = value.strip() if isinstance(value, str) else value
    if isinstance(text, str) and text.lower() in _MISSING:
        return math.nan
    try:
        if isinstance(text, str) and "_" in text:
            raise ValueError
        return float(text)
    except (TypeError, ValueError):
        pass
    where = f"{table.rows} {index + table.first_row}"
    if type(value).__name__ == "NAType":
        return math.nan
    shown = str(value)[:40]
    comma = isinstance(text, str) and _is_number(text.replace(",", ".", 1))
    hint = "; write decimals with a point" if comma else ""
    raise InputError(f"column `{name}`, {where}: `{shown}` is no number{hint}")
