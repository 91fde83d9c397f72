"""Tables in text files: columns with commas, semicolons, tabs or spaces between them, and a line of names on top."""

from __future__ import annotations

import csv
import re
from typing import Any

import numpy as np

from dydt.errors import InputError

Array = Any
Lines = list[tuple[int, str]]  # each with its number

_COMMA = re.compile(r"[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_POINT = re.compile(r"[+-]?(\d+\.\d*|\.\d+)([eE][+-]?\d+)?")


def decoded(content: bytes, name: str) -> str:
    """The text of a file: UTF-8, what Excel calls Unicode text, or what older programs write in the west of Europe."""
    try:
        return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        place, byte = error.start + 1, error.object[error.start]
    if not _NO_TEXT.search(content):
        try:
            return content.decode("cp1252")  # numbers are the same in all such sets of characters
        except UnicodeDecodeError:
            pass
    raise InputError(
        f"`{name}` is not text in UTF-8: byte {place:,} is {byte:#04x}; save it as UTF-8, or read it with pandas, "
        "read_csv(…, encoding=…), and give the table"
    )


def read_columns(text: str, name: str) -> tuple[dict[str, Array], int, str]:
    """The columns by name, what the first row is called in messages, and what a row is; remarks begin with #."""
    lines = [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip()]
    rows = [(i, line) for i, line in lines if not line.lstrip().startswith("#")]
    if not rows:
        raise InputError(f"`{name}` is empty: the first line should name the columns, as in t,x,y")
    delimiter = _delimiter([line for _, line in rows[:2]])
    cells = _cells(rows, delimiter, name)
    names = cells[0]
    if all(is_number(cell) for cell in names):
        names = _names_in_remark(lines, rows[0][0], delimiter, name)
    else:
        rows, cells = rows[1:], cells[1:]
    doubled = next((n for i, n in enumerate(names) if n and n in names[:i]), None)
    if doubled is not None:
        raise InputError(f"`{name}` has two columns called `{doubled}`")
    kept = [i for i, row in enumerate(cells) if any(row)]  # spreadsheets write lines of commas alone
    rows, cells = [rows[i] for i in kept], [cells[i] for i in kept]
    if not rows:
        raise InputError(f"`{name}` names its columns, and holds no rows")
    for (number, _), row in zip(rows, cells, strict=True):
        if len(row) != len(names):
            commas = delimiter == "," and len(row) > len(names)
            hint = ": are these decimal commas? Write 1.5, not 1,5" if commas else ""
            raise InputError(f"`{name}`, line {number}: {len(row)} cells under {len(names)} names{hint}")
    cells = _with_points(cells, delimiter)
    columns: dict[str, Array] = {}
    for i, (n, column) in enumerate(zip(names, zip(*cells, strict=True), strict=True)):
        if n or any(column):
            columns[n] = np.array(column, dtype=object)
        if i and not n and any(column):
            raise InputError(f"`{name}`: column {i + 1} holds values, and has no name in the first line")
    first, last = rows[0][0], rows[-1][0]
    dense = last - first + 1 == len(rows)  # else lines were left out, and rows are counted
    return columns, first if dense else 1, "line" if dense else "row"


def _delimiter(lines: list[str]) -> str:
    """What stands between cells: what cuts the names, and the first row into as many cells."""
    cut = {d: [len(_split(line, d)) for line in lines] for d in (";", "\t", ",")}
    some = [d for d, counts in cut.items() if counts[0] > 1]
    return next((d for d in some if len(set(cut[d])) == 1), some[-1] if some else " ")


def _split(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return line.split()
    cells = next(csv.reader([line], delimiter=delimiter)) if '"' in line else line.split(delimiter)
    return [cell.strip() for cell in cells]


def _cells(lines: Lines, delimiter: str, name: str) -> list[list[str]]:
    """The cells of each line; line by line, so that a quote that is left open does not swallow the rest."""
    try:
        return [_split(line, delimiter) for _, line in lines]
    except csv.Error as error:
        raise InputError(f"`{name}` can't be read as a table: {error}") from None


def _names_in_remark(lines: Lines, first: int, delimiter: str, name: str) -> list[str]:
    """The names from the remark above the first row, where NumPy writes them."""
    places = [i for i, (number, _) in enumerate(lines) if number == first]
    above = lines[places[0] - 1][1].lstrip(" \t#") if places[0] else ""
    names = _split(above, delimiter)
    if len(names) != len(_split(lines[places[0]][1], delimiter)) or all(is_number(n) for n in names):
        raise InputError(
            f"`{name}` begins with numbers: put a line with the names of the columns on top, as in t,x,y"
        )
    return names


def _with_points(cells: list[list[str]], delimiter: str) -> list[list[str]]:
    """Decimal commas made points, if no number has a point. Between commas, where such numbers stand in quotes, one of
    them at least must not look like thousands."""
    everything = [cell for row in cells for cell in row]
    commas = [c for c in everything if _COMMA.fullmatch(c)]
    if any(_POINT.fullmatch(c) for c in everything) or not commas:
        return cells
    if delimiter == "," and all(THOUSANDS.fullmatch(c) for c in commas):
        return cells
    return [[c.replace(",", ".") if _COMMA.fullmatch(c) else c for c in row] for row in cells]


def is_number(cell: str) -> bool:
    """Whether a cell is a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True
