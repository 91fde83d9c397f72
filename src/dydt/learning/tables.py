"""Whatever holds measurements -> columns by name, a table a run. Libraries are loaded for their own tables only."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from dydt.errors import InputError, nearest
from dydt.learning.text import THOUSANDS, decoded, is_number, read_columns

Array = Any

_MISSING = frozenset(("", "na", "n/a", "#n/a", "n.a.", "nan", "null", "none", "-", "--", "?", "."))
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?(\D.*)?|\d\d?[./]\d\d?[./]\d{2,4}(\D.*)?")
_OF_STATES = ("state", "states", "variable")  # a dimension of this name holds states, and no runs
_NAMELESS = re.compile(r"(Unnamed: 0)?")  # in a file, and what pandas calls it
_UNIT = re.compile(r"(.*\S)\s*[\[(]([^\[\]()]*)[\])]")
_FORMATS = (".csv", ".tsv", ".txt", ".parquet")
_OF_PANDAS = (".xlsx", ".xls", ".ods", ".feather", ".h5")
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
    if isinstance(source, str) and "://" in source:
        raise InputError(f"`{source}` is an address: download the file first, and give its path")
    if isinstance(source, str | Path):
        return [_read_file(Path(source).expanduser())]
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
    if package == "pandas" and kind in ("DataFrame", "Series"):
        return [Table(_of_pandas(source if kind == "DataFrame" else source.to_frame(source.name or "x")))]
    if kind == "LazyFrame":
        source = source.collect()
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
    if isinstance(values, np.ma.MaskedArray):
        return _flat(name, np.ma.filled(values.astype(float), np.nan))
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
    """The columns, and levels of the index that have a name; an index of real numbers or dates without one is the
    time."""
    names = [str(c) for c in frame.columns]
    _check_names(names)
    if frame.index.names == [None] and frame.index.dtype.kind in "fMm" and "t" not in names:
        frame = frame.rename_axis(index="t")
    levels = [n for n in frame.index.names if n is not None and str(n) not in names]
    frame = frame.reset_index(levels) if levels else frame
    return {str(name): frame[name].to_numpy() for name in frame.columns}


def _check_names(names: Sequence[str]) -> None:
    doubled = next((n for i, n in enumerate(names) if n in names[:i]), None)
    if doubled is not None:
        raise InputError(f"the table has two columns called `{doubled}`")


def _of_arrow(table: Any) -> dict[str, Array]:
    names = [str(n) for n in getattr(table, "column_names", None) or table.columns]
    _check_names(names)
    return {str(name): np.asarray(table[name].to_numpy()) for name in names}


def _of_xarray(source: Any) -> list[Table]:
    """Variables over time, and perhaps over one more dimension: the runs."""
    if not hasattr(source, "data_vars"):
        name = source.name or "x"
        source = source.to_dataset(name=name)
    split = next((d for d in source.sizes if str(d).lower() in _OF_STATES), None)
    if split is not None and len(source.data_vars) == 1:
        source = next(iter(source.data_vars.values())).to_dataset(dim=split)
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
    if path.is_dir():
        raise InputError(f"`{path}` is a folder: give a file, or a list of files, one a run")
    if suffix not in _FORMATS:
        seen = f"ends with `{suffix}`" if suffix else "has no such ending"
        seen += ": read it with pandas, and give the table" if suffix in _OF_PANDAS else ""
        raise InputError(
            f"data are read from {', '.join(_FORMATS)}, and `{path.name}` {seen}{nearest(suffix, _FORMATS)}"
        )
    if not path.is_file():
        raise InputError(f"there is no file `{path}`{_near(path)}")
    try:
        if suffix == ".parquet":
            return Table(_of_parquet(path))
        if path.stat().st_size > _LARGEST:
            raise InputError(
                f"`{path.name}` is larger than a gigabyte: read it with pandas or polars, as Parquet"
            )
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"`{path}` can't be read: {(error.strerror or str(error)).lower()}") from None
    columns, first, rows = read_columns(decoded(content, path.name), path.name)
    return Table(columns, "", first, rows)


def _near(path: Path) -> str:
    """The file that may be meant, by its name before the ending."""
    there = [p for p in path.parent.iterdir() if p.suffix in _FORMATS] if path.parent.is_dir() else []
    names = {p.stem: p.name for p in there}
    found = get_close_matches(path.stem, names, n=1)
    return f"; did you mean `{names[found[0]]}`?" if found else ""


def _of_parquet(path: Path) -> dict[str, Array]:
    try:
        from pyarrow import lib, parquet
    except ImportError:
        raise InputError(
            "Parquet files are read by pyarrow, which is not there: pip install 'dydt[tables]', or save the data "
            "as .csv"
        ) from None
    try:
        return _of_arrow(parquet.read_table(path))
    except lib.ArrowException as error:
        raise InputError(f"`{path.name}` is no Parquet file: {str(error).splitlines()[0]}") from None


# -- names ---------------------------------------------------------------------------------------------------------


def renamed(table: Table, rename: Mapping[str, str]) -> Table:
    """The table with other names of columns, those of the rest without their units, and no column of row numbers."""
    table = _without_index(table)
    there = list(table.columns)
    plain = [without_unit(name) for name in there]
    if len(set(plain)) == len(plain):
        rename = {without_unit(name) if name not in plain else name: new for name, new in rename.items()}
        there = plain
    for name in rename:
        if name not in there:
            raise InputError(
                f"rename: there is no column `{name}`{nearest(str(name), there) or '.'} There: {', '.join(there)}"
            )
    names = [rename.get(name, name) for name in there]
    doubled = next((n for i, n in enumerate(names) if n in names[:i]), None)
    if doubled is not None:
        raise InputError(f"rename would make two columns `{doubled}`")
    return replace(table, columns=dict(zip(names, table.columns.values(), strict=True)))


def without_unit(name: str) -> str:
    """The name of a column without its unit.

    >>> without_unit("x [mg/l]"), without_unit("x (0)"), without_unit("(ml)")
    ('x', 'x (0)', '(ml)')
    """
    found = _UNIT.fullmatch(name)
    return found[1].rstrip() if found and not found[2].strip().isdigit() else name


def _without_index(table: Table) -> Table:
    """The table without a column that counts its rows and has no name, as pandas writes it; if such a column does
    not count them, it is the time."""
    columns = dict(table.columns)
    name = next(iter(columns), None)
    if name is None or not _NAMELESS.fullmatch(name):
        return table
    cells = columns.pop(name)
    counts = len(cells) > 0 and [str(c) for c in cells] == [str(i) for i in range(len(cells))]
    if not counts and "t" not in columns:
        columns = {"t": cells, **columns}
    return replace(table, columns=columns)


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
        what = "dates" if values.dtype.kind == "M" else "durations"
        raise InputError(f"column `{name}` holds {what}, as only the time may: choose the states, states=…")
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


def is_missing(value: Any) -> bool:
    """Whether a cell says that nothing was measured."""
    if isinstance(value, str):
        return value.strip().lower() in _MISSING
    return value is None or type(value).__name__ in ("NAType", "NaTType") or value != value


def _number(table: Table, name: str, index: int, value: Any) -> float:
    text = value.strip().replace("−", "-") if isinstance(value, str) else value
    try:
        if isinstance(text, str) and "_" in text:
            raise ValueError
        return float(text)
    except OverflowError:
        return math.inf
    except (TypeError, ValueError):
        if is_missing(value):
            return math.nan
    where = f"{table.rows} {index + table.first_row}"
    raise InputError(
        f"column `{name}`, {where}: `{str(value)[:40]}` is no number{_hint(table, name, str(text))}"
    )


def _hint(table: Table, name: str, text: str) -> str:
    """What to do about a cell that is no number."""
    if _DATE.fullmatch(text):
        return " but a date, as only the time may be: choose the states, states=…"
    if is_number(text.replace(",", ".", 1)) and not THOUSANDS.fullmatch(text):
        return '; write decimals with a point, or read the table with pandas.read_csv(…, decimal=",")'
    if is_number(text.replace(".", "").replace(",", ".", 1)) or is_number(text.replace(",", "")):
        return "; write decimals with a point, and thousands without any"
    if not any(is_number(str(v)) for v in table.columns[name]):
        return (
            f': if it tells runs apart, say run="{name}"; else choose the columns that are states, states=…'
        )
    return ""
