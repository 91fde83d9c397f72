"""The errors a user can meet.

::

    DydtError
    ├── LawError      (ValueError)    a law's text or function can't be read; knows line, column and a hint
    ├── InputError    (ValueError)    an argument can't be used
    └── SolveError    (RuntimeError)  a solve did not finish; raised by ``sol.raise_for_status()`` only

    SolveWarning      (UserWarning)   a solve did not finish; the solution holds what was computed

Every message says what was seen, where, and the nearest fix.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import groupby


class DydtError(Exception):
    """The root of everything dydt raises on purpose."""


class LawError(DydtError, ValueError):
    """A law that can't be read, with the place in its text.

    Parameters
    ----------
    message : str
        What was seen, in one sentence.
    text : str, optional
        The whole text of the law; the offending line is shown under the message.
    line, column : int, optional
        1-based position in `text`.
    hint : str, optional
        The nearest fix.
    """

    def __init__(
        self, message: str, text: str = "", line: int | None = None, column: int | None = None, hint: str = ""
    ) -> None:
        self.problem = message
        self.line = line
        self.column = column
        self.hint = hint
        super().__init__(self._compose(message, text, line, column, hint))

    @staticmethod
    def _compose(message: str, text: str, line: int | None, column: int | None, hint: str) -> str:
        parts = [message]
        if line is not None and column is not None:
            parts[0] = f"line {line}, column {column}: {message}"
            rows = text.splitlines()
            if line <= len(rows):
                parts += _excerpt(rows[line - 1], column)
        if hint:
            parts.append(hint)
        return "\n".join(parts)


def _excerpt(row: str, column: int, width: int = 90) -> list[str]:
    """The part of a line around a column, and a caret under it; long lines are cut."""
    row = row.replace("\t", " ")
    first = max(0, column - 1 - width // 2)
    shown = row[first : first + width]
    lead = "…" if first else ""
    tail = "…" if first + width < len(row) else ""
    return [f"    {lead}{shown}{tail}", "    " + " " * (len(lead) + column - 1 - first) + "^"]


class InputError(DydtError, ValueError):
    """An argument that can't be used, said with the nearest fix."""


class SolveError(DydtError, RuntimeError):
    """A solve that did not reach its end; see `Solution.status` and `Solution.message`."""


class SolveWarning(UserWarning):
    """A solve stopped early; the solution holds everything up to there."""


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean "sigma"?` for the closest known name, or an empty string.

    >>> nearest("sgima", ["sigma", "rho"])
    '; did you mean `sigma`?'
    """
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean `{found[0]}`?" if found else ""


def listed(names: Iterable[str], most: int = 20) -> str:
    """Names with commas between them: of numbered ones the first and the last, of very many only some.

    >>> listed(["x", "nn[0]", "nn[1]", "nn[2]"])
    'x, nn[0] … nn[2]'
    """
    runs = (list(run) for _, run in groupby(names, lambda name: name.partition("[")[0]))
    shown = [run[0] if len(run) == 1 else f"{run[0]} … {run[-1]}" for run in runs]
    return ", ".join(shown[:most]) + " …" * (len(shown) > most)
