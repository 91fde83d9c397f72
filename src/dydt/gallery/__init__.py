"""Named laws, one `.ode` file each: its equations, and what it is about.

>>> from dydt import gallery
>>> gallery.lorenz(r=24)
<ODE x, y, z; 3 parameters>
>>> gallery.entry("lorenz").meanings["s"]
'Prandtl number, how sticky the air is against how it conducts heat, dimensionless'

A law with a dash in its name has an underscore here: ``gallery.lotka_volterra()``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dydt.errors import InputError, nearest
from dydt.expr.scan import Statement, scan
from dydt.expr.source import is_name, plain_name

if TYPE_CHECKING:
    from dydt.ode import ODE

__all__ = ["Entry", "UnknownLaw", "entry", "get", "names", "read_entry"]

_SHELF = Path(__file__).parent
_HEADERS = ("title", "story", "source")


class UnknownLaw(InputError, AttributeError):
    """A name that is not in the gallery; the message names the nearest."""


@dataclass(frozen=True)
class Entry:
    """A law's file, read for people.

    Attributes
    ----------
    name : str
    title, story, source : str
        From the header; empty where the file has none.
    text : str
        The whole file, which is also the law.
    meanings : dict
        Name of a state, parameter, quantity or the independent variable -> the remark on its line.
    statements : tuple of (str, str)
        Each statement: the name it is about (``x''`` for an equation, empty for an initial value), and its line
        without the remark.
    law : ODE, optional
        The law itself, if it was kept in a file that holds more than text.
    """

    name: str
    title: str
    story: str
    source: str
    text: str
    meanings: dict[str, str] = field(default_factory=dict)
    statements: tuple[tuple[str, str], ...] = ()
    law: ODE | None = None


@functools.cache
def names() -> tuple[str, ...]:
    """The names of all laws, sorted; no file is read.

    >>> "lotka-volterra" in names()
    True
    """
    return tuple(sorted(path.stem for path in _SHELF.glob("*.ode")))


def get(name: str, **parameters: float) -> ODE:
    """The law of that name.

    Parameters
    ----------
    name : str
    **parameters : float
        Values in place of the law's own.

    Raises
    ------
    UnknownLaw
        If no law has that name; the message has the nearest.
    InputError
        If the law has no such parameter.

    >>> get("lotka-volterra", a=2).parameters["a"]
    2.0
    """
    from dydt.ode import ODE

    return ODE(_text(find(name)), values=parameters)


def entry(name: str) -> Entry:
    """Title, story, source, text and meanings of a law.

    >>> entry("blow-up").title
    'Blow-up in finite time'
    """
    name = find(name)
    return read_entry(name, _text(name))


def find(name: str) -> str:
    """The name as the gallery spells it: `Lotka_Volterra` is `lotka-volterra`."""
    plain = name.strip().lower().replace("_", "-").replace(" ", "-").removesuffix(".ode")
    if plain not in names():
        shown = name if len(name) <= 60 else name[:59] + "…"
        guess = nearest(plain[:60], names()).rstrip("?")
        raise UnknownLaw(
            f"the gallery has no law `{shown}`{guess + '?' if guess else f'; it has {len(names())} others'}"
        )
    return plain


def read_entry(name: str, text: str, independent: str = "t") -> Entry:
    """The entry that a law's text makes, wherever it comes from.

    >>> read_entry("mine", "# title: Decay\\nN' = -k*N  # how many are left\\nk = 2  # per year").meanings
    {'N': 'how many are left', 'k': 'per year'}
    """
    lines = _read_lines(text, independent)
    statements = tuple((subject, line) for subject, line, _ in lines)
    told = _headers(text)
    about = {key: told[key] for key in _HEADERS}
    return Entry(
        name,
        about["title"],
        about["story"],
        about["source"],
        text,
        meanings=_meanings(lines),
        statements=statements,
    )


def _text(name: str) -> str:
    return (_SHELF / f"{name}.ode").read_text(encoding="utf-8")


def _headers(text: str) -> dict[str, str]:
    """What follows `# title:` and its like; an indented comment line continues the one before."""
    found = dict.fromkeys(_HEADERS, "")
    current = ""
    for line in text.lstrip().splitlines():
        if not line.startswith("#"):
            break
        word, colon, rest = line[1:].partition(":")
        if colon and word.strip() in found:
            current = word.strip()
            found[current] = rest.strip()
        elif current and line.startswith("#  "):
            found[current] += " " + line[1:].strip()
        else:
            current = ""
    return found


def _read_lines(text: str, independent: str) -> tuple[tuple[str, str, str], ...]:
    """For each statement what it is about, its lines without remarks, and the remark on the last of them."""
    rows = text.splitlines()
    source, statements, _ = scan(text, independent)
    found = []
    for statement in statements:
        first, last = (source.place(statement.tokens[end][2])[0] for end in (0, -1))
        line = "\n".join(row.partition("#")[0].rstrip() for row in rows[first - 1 : last])
        found.append((_subject(statement), line, rows[last - 1].partition("#")[2].strip()))
    return tuple(found)


def _meanings(lines: tuple[tuple[str, str, str], ...]) -> dict[str, str]:
    """The remark at the end of a line, for the names that the line's statements are about."""
    found: dict[str, str] = {}
    for subject, _, remark in lines:
        name = subject.rstrip("'")
        if not (name and remark):
            continue
        found.setdefault(name, remark)
        for order in range(1, len(subject) - len(name)):
            found.setdefault(name + "'" * order, f"how fast {name + chr(39) * (order - 1)} changes")
    # What no statement is about but an initial value is an algebraic state: v(0) = 0.6.
    told = {subject.rstrip("'") for subject, _, _ in lines}
    for subject, line, remark in lines:
        name = plain_name(line.partition("(")[0].strip())
        if not subject and remark and is_name(name) and name.rstrip("'") not in told:
            found.setdefault(name, remark)
    return found


def _subject(statement: Statement) -> str:
    """The name that a statement is about: `x''` for x'' = …, `a` for a = 1; none for an initial value or an event."""
    if statement.tokens[0][1] == "when":
        return ""
    primed = [text for kind, text, _ in statement.left if kind == "name" and text[-1] == "'"]
    if [token[0] for token in statement.left] == ["name"]:
        return statement.left[0][1]
    if primed and statement.left[0][1] == primed[0] and statement.left[1][0] == "(":
        return ""
    return max(primed, key=len, default="")


def __getattr__(name: str) -> Callable[..., ODE]:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    law = find(name)

    def make(**parameters: float) -> ODE:
        return get(law, **parameters)

    make.__name__ = name
    make.__doc__ = f"The law `{law}` of the gallery; parameters by name replace its own values."
    return make


def __dir__() -> list[str]:
    return sorted([*__all__, *(name.replace("-", "_") for name in names())])
