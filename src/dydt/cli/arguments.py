"""What is typed on the command line, read: laws, numbers, spans and assignments. Nothing is ever evaluated as code."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from dydt import gallery
from dydt.errors import InputError, LawError, listed, nearest
from dydt.expr.source import LARGEST_TEXT, plain_name, shorten

if TYPE_CHECKING:
    from dydt.ode import ODE

MOST_TIMES = 10_000_000
PICTURES = (".png", ".svg", ".pdf")
TABLES = (".csv", ".tsv", ".txt", ".parquet")
_ADDRESS = re.compile(r"(https?|ftp|file):/", re.IGNORECASE)


def read_law(law: str, independent: str = "t") -> gallery.Entry:
    """The law that an argument means.

    ``-`` is standard input; a name of the gallery is that law; an existing file is read; what contains ``=`` is
    the text itself.

    Raises
    ------
    InputError
        If it is none of these; the message names the nearest file or law.
    """
    refuse_address(law)
    if law == "-":
        return gallery.read_entry(
            "", _decode(sys.stdin.buffer.read(4 * LARGEST_TEXT), "standard input"), independent
        )
    path = Path(law)
    looks_like_file = (
        len(law) < 4096 and "\n" not in law and (path.suffix in (".ode", ".npz") or path.name != law)
    )
    if not looks_like_file and "=" not in law and law in gallery.names():
        return gallery.entry(law)
    if path.suffix == ".npz" and _is(path, "file"):
        return _kept(path)
    if path.suffix.lower() in TABLES and _is(path, "file"):
        raise InputError(
            f"`{path.name}` holds data, and a law is wanted here: dydt fit {path} --law …, or dydt learn {path} "
            "--out law.npz"
        )
    if _is(path, "file"):
        return gallery.read_entry(path.stem, _decode(_read(path), path.name), independent)
    if "=" in law:
        return gallery.read_entry("", law, independent)
    if looks_like_file:
        raise InputError(_no_file(path))
    try:
        return gallery.entry(law)
    except InputError as error:
        raise InputError(
            f'{error}\nA law is a name that `dydt gallery` lists, a file like law.ode, text like "x\' = -x", '
            "or - for standard input"
        ) from None


def refuse_address(file: str) -> None:
    """Complain about an address in place of a file."""
    if _ADDRESS.match(file):
        raise InputError(f"`{shorten(file)}` is an address: download the file first, and give its path")


def _kept(path: Path) -> gallery.Entry:
    """A law that was saved with its networks; what was learned begins at the data."""
    from dydt.storage import load

    law = load(path)
    return gallery.Entry(path.stem, "", "", "", str(law), law=law)


@overload
def number(text: str, option: str) -> float: ...
@overload
def number(text: str | None, option: str, otherwise: float) -> float: ...
@overload
def number(text: str | None, option: str, otherwise: None = None) -> float | None: ...
def number(text: str | None, option: str, otherwise: float | None = None) -> float | None:
    """A number, or an expression of numbers such as 8/3 or 2*pi; `otherwise` if the option was not given.

    >>> number("8/3", "--set b")
    2.6666666666666665

    Raises
    ------
    InputError
        If it isn't one, or not finite.
    """
    if text is None:
        return otherwise
    from dydt.expr.evaluate import evaluate
    from dydt.expr.graph import symbols
    from dydt.expr.read import read

    try:
        node = read(text)
    except LawError as error:
        raise InputError(f"{option}: {error}") from None
    if symbols([node]):
        raise InputError(f"{option} takes a number, like 1.5 or 8/3, and got `{shorten(text)}`")
    value = evaluate(node)
    if not math.isfinite(value):
        raise InputError(f"{option} must be finite, and `{shorten(text)}` is {value}")
    return value


def count(text: str | None, option: str, otherwise: int) -> int:
    """A whole, positive number."""
    if text is None:
        return otherwise
    value = number(text, option)
    if value < 1 or value != math.floor(value) or value > 2**53:
        raise InputError(f"{option} takes a whole number from 1, and got `{shorten(text)}`")
    return int(value)


def assignments(texts: Iterable[str], option: str) -> dict[str, float]:
    """Names and numbers from `a=1.5,b=8/3`.

    >>> assignments(["a=1.5, b=max(1, 2)", "x'=0"], "--set")
    {'a': 1.5, 'b': 2.0, "x'": 0.0}
    """
    return {name: number(value, f"{option} {shorten(name)}") for name, value in pairs(texts, option).items()}


def pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """Names and what stands after them, from `a=1.5,b=pi/2`; the numbers are not yet read.

    >>> pairs(["y=pi/2, y'=1/3"], "--init")
    {'y': 'pi/2', "y'": '1/3'}
    """
    found: dict[str, str] = {}
    for text in texts:
        for part in split(text):
            name, equals, value = part.partition("=")
            name = clean_name(name)
            if not equals or not name:
                raise InputError(
                    f"{option} takes name=number, as in {option} a=1.5,b=8/3, and got `{shorten(part)}`"
                )
            if name in found:
                raise InputError(f"{option} gives `{shorten(name)}` twice")
            found[name] = value.strip()
    return found


def clean_name(text: str) -> str:
    """A name as it was typed, in the letters that laws have: primes of all kinds are ``'``."""
    return plain_name(text.strip()).translate(str.maketrans("’′", "''"))


def span(text: str | None) -> tuple[float, float] | float | None:
    """The span from `0:18`, or its end from `18`."""
    if text is None:
        return None
    parts = text.split(":")
    if len(parts) > 2 or not all(part.strip() for part in parts):
        raise InputError(
            f"--t takes a span, as in --t 0:10, or its end, as in --t 10, and got `{shorten(text)}`"
        )
    ends = [number(part, "--t") for part in parts]
    return ends[0] if len(ends) == 1 else (ends[0], ends[1])


def saveat(text: str | None) -> str | float | list[float] | None:
    """`end`, a spacing such as `0.1`, or times such as `0,1,2.5`."""
    if text is None or text.strip() == "end":
        return text and "end"
    parts = split(text)
    values = [number(part, "--saveat") for part in parts]
    return values[0] if len(values) == 1 and "," not in text else values


def tolerance(text: str | None) -> float | dict[str, float]:
    """One tolerance for all states, or one by name: `1e-10`, or `x=1e-6,y=1e-9`."""
    if text is None:
        return 1e-10
    return assignments([text], "--atol") if "=" in text else number(text, "--atol")


def names(text: str | None) -> list[str]:
    """Names from `x,y`."""
    return [plain_name(part.strip()) for part in (text or "").split(",") if part.strip()]


def make_ode(entry: gallery.Entry, independent: str, parameters: dict[str, float]) -> ODE:
    """The law with these parameters; complaints speak of options."""
    from dydt.ode import ODE

    if entry.law is not None:
        return ODE(entry.law, values=parameters)
    try:
        return ODE(entry.text, independent=independent, values=parameters)
    except LawError:
        raise
    except InputError:
        states = ODE(entry.text, independent=independent).states
        for name in parameters:
            if name in states:
                raise InputError(
                    f"`{name}` is a state: give its initial value with --init {_quoted(f'{name}=1')}"
                ) from None
        raise


def check_problem(
    ode: ODE,
    span: object,
    initial: Mapping[str, float],
    settings: Mapping[str, Any],
    names: Sequence[str],
    swept: Collection[str] = (),
) -> None:
    """Say what is missing or makes no sense, and which option puts it right, before the solver does."""
    _check_initial(ode, initial, swept)
    name = ode.independent
    if span is None and ode.equations.span is None:
        raise InputError(f"say the span to solve over: --t 0:10, or in the law: {name} = 0:10")
    _check_method(settings["method"], settings["h"])
    start, end = ode._span(span)
    _check_begin(ode, initial, swept, start, end)
    spacing = settings["saveat"]
    if isinstance(spacing, float) and spacing > 0 and not abs(end - start) / spacing <= MOST_TIMES:
        raise InputError(
            f"--saveat {spacing:g} asks for more than {MOST_TIMES:,} times: take a larger spacing"
        )
    known = list(ode.states) if swept else [*ode.states, *ode.equations.intermediates, name]
    for wanted in names:
        if wanted not in known:
            raise InputError("--names: " + no_such("state" if swept else "quantity", wanted, known))


def _check_begin(
    ode: ODE, initial: Mapping[str, float], swept: Collection[str], start: float, end: float
) -> None:
    """Say so if the span starts where the law's own initial values do not hold."""
    law = ode.equations
    own = [s for s in ode.states if s in law.initial and s not in initial and s not in swept]
    if law.start is None or law.start == start or not own:
        return
    raise InputError(
        f"the law gives {_listed(own)} at {ode.independent} = {law.start:.6g}, and the span starts at {start:.6g}: say "
        f"--t {law.start:.6g}:{end:.6g}, or give --init {_example(own)} for {ode.independent} = {start:.6g}"
    )


def check_start(ode: ODE, initial: Mapping[str, float]) -> None:
    """Say which initial value or parameter is missing or unknown, and the option for it."""
    _check_initial(ode, initial, ())


def _check_initial(ode: ODE, initial: Mapping[str, float], swept: Collection[str]) -> None:
    for name in initial:
        if name in ode.parameters:
            raise InputError(f"`{name}` is a parameter: give its value with --set {name}={initial[name]:g}")
        if name not in ode.states:
            raise InputError("--init: " + no_such("state", name, ode.states))
    check_values(ode, swept)
    given = {*initial, *ode.equations.initial, *ode.equations.algebraic, *swept}
    missing = [name for name in ode.states if name not in given]
    if missing:
        raise InputError(f"no initial value for {_listed(missing)}: give --init {_example(missing)}")


def check_values(ode: ODE, given: Collection[str]) -> None:
    """Say which parameter has no value and is not given one, and which network is still to be trained."""
    missing = [name for name, value in ode.parameters.items() if value is None and name not in given]
    untrained = [name for name in missing if name.endswith("]")]
    if untrained:
        raise InputError(
            f"the network `{untrained[0].partition('[')[0]}` has no weights yet: dydt fit data.csv --law law.ode "
            "--out law.npz finds them, and dydt knows law.npz then"
        )
    if missing:
        raise InputError(f"no value for {_listed(missing)}: give --set {_example(missing)}")


def _check_method(method: str, step: float | None) -> None:
    from dydt.solvers import methods

    if method not in methods.OPEN and step is None and not methods.method(method).adaptive:
        raise InputError(f"{method} takes fixed steps: say how long, as in --h 0.01")


def check_files(pictures: Mapping[str, Path | None], data: Mapping[str, str | None]) -> None:
    """Refuse files that can't be written before anything is solved for them."""
    for option, picture in pictures.items():
        if picture is not None and picture.suffix.lower() not in PICTURES:
            seen = f"`{picture.suffix}`" if picture.suffix else "no suffix"
            raise InputError(f"{option} writes .png, .svg or .pdf, and `{picture.name}` has {seen}")
    if list(data.values()).count("-") > 1:
        raise InputError(f"{' - and '.join(data)} - both want standard output: give one of them a file")
    for option, file in {**pictures, **data}.items():
        if file is None or file == "-":
            continue
        path = Path(file)
        if not _is(path.parent, "dir"):
            raise InputError(f"{option}: there is no folder `{shorten(str(path.parent))}`; make it first")
        if _is(path, "dir"):
            raise InputError(f"{option}: `{path}` is a folder, and a file is wanted")


def no_such(what: str, name: str, known: Sequence[str], most: int = 12) -> str:
    """A name that nothing has, the nearest one, and those there are.

    >>> no_such("state", "X", ["x", "y"])
    'there is no state `X`. There: x, y'
    """
    return f"there is no {what} `{shorten(name)}`{nearest(name, known) or '.'} There: {listed(known, most)}"


def split(text: str) -> list[str]:
    """The parts between the commas that are not in brackets; empty ones are left out."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def _listed(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f"`{shorten(name)}`" for name in names[:most]) + more


def _example(names: Sequence[str]) -> str:
    return _quoted(",".join(f"{shorten(name)}={int(not name.endswith(chr(39)))}" for name in names[:8]))


def _quoted(text: str) -> str:
    """As a shell wants it."""
    return f'"{text}"' if "'" in text else text


def _is(path: Path, kind: Literal["file", "dir"]) -> bool:
    try:
        return path.is_file() if kind == "file" else path.is_dir()
    except (OSError, ValueError):  # a text that is too long for a path, or can't be one
        return False


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4 * LARGEST_TEXT)
    except OSError as error:
        raise InputError(f"can't read `{path}`: {reason(error)}") from None


def _decode(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name} is not text in UTF-8: byte {error.start + 1:,} is {data[error.start]:#04x}"
        ) from None


def reason(error: OSError) -> str:
    """Why the system refused, in small letters."""
    return (error.strerror or str(error)).lower()


def _no_file(path: Path) -> str:
    if _is(path, "dir"):
        return f"`{path}` is a folder, and a law is a file"
    alike = [name for name in _laws_in(path.parent) if not path.suffix or name.endswith(path.suffix)]
    stems = {Path(name).stem: name for name in alike}
    near = get_close_matches(path.stem, stems, n=1)
    guess = f"; did you mean `{stems[near[0]]}`?" if near else ""
    others = f" There: {', '.join(sorted(alike)[:8])}" if alike and not guess else ""
    shelf = f" The gallery's law is called {path.stem}" if path.stem in gallery.names() and not guess else ""
    return f"there is no file `{shorten(str(path))}`{guess or '.' * bool(others or shelf)}{others}{shelf}"


def _laws_in(folder: Path) -> Iterator[str]:
    try:
        for _, found in zip(range(1000), folder.iterdir(), strict=False):
            if found.suffix in (".ode", ".npz"):
                yield found.name
    except OSError:
        return
