"""Values to sweep over, read from the command line: `r=0:21:4096`, `r=log:1:1000:50`, `x=0.5,1,2`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.cli.arguments import clean_name, count, no_such, number, split
from dydt.errors import InputError
from dydt.expr.reductions import KINDS
from dydt.expr.source import FUNCTIONS, shorten

if TYPE_CHECKING:
    from dydt.ode import ODE

Array = Any

MOST_MEMBERS = 100_000_000
_FORMS = "r=0:21:100 (even), r=log:1:1000:50 (even in the logarithm) or r=0.5,1,2"


def grids(texts: Iterable[str]) -> dict[str, Array]:
    """Names and the values each is swept over.

    >>> grids(["r=0:1:3", "k=log:1:100:3", "x=1/2, 1"])
    {'r': array([0. , 0.5, 1. ]), 'k': array([  1.,  10., 100.]), 'x': array([0.5, 1. ])}

    Raises
    ------
    InputError
        For a text of another form, a name that comes twice, or too many values.
    """
    found: dict[str, Array] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        name = clean_name(name)
        if not equals or not name or not values.strip():
            raise InputError(f"--over takes {_FORMS}, and got `{shorten(text)}`")
        if name in found:
            raise InputError(f"--over gives `{shorten(name)}` twice")
        found[name] = _grid(values, f"--over {shorten(name)}")
    return found


def _grid(text: str, option: str) -> Array:
    if ":" not in text:
        return np.array([number(part, option) for part in split(text)])
    parts = [part.strip() for part in text.split(":")]
    logarithmic = parts[0] == "log"
    ends = parts[logarithmic:]
    if len(ends) != 3 or not all(ends):
        raise InputError(
            f"{option} takes start:stop:count, as in {_FORMS.partition(' ')[0]}, and got `{shorten(text)}`"
        )
    start, stop = number(ends[0], option), number(ends[1], option)
    many = count(ends[2], f"the count of {option}", 1)
    if many > MOST_MEMBERS:
        raise InputError(f"{option} asks for {many:,} values, and {MOST_MEMBERS:,} are the most")
    if not logarithmic:
        return np.linspace(start, stop, many)
    if not start > 0 or not stop > 0:
        raise InputError(
            f"{option}: values even in the logarithm are positive, and log:{start:g}:{stop:g} is not"
        )
    return np.geomspace(start, stop, many)


def check_grids(
    ode: ODE, over: Mapping[str, Array], fixed: Mapping[str, Mapping[str, float]], product: bool
) -> None:
    """Say what does not go together, before anything is solved.

    Parameters
    ----------
    ode : ODE
    over : mapping
        The values each name is swept over.
    fixed : mapping
        What ``"--set"`` and ``"--init"`` gave.
    product : bool
    """
    if not over:
        name = next(iter([*ode.parameters, *ode.states]))
        raise InputError(f"say what to sweep over, as in --over {name}=0:1:100")
    known = [*ode.parameters, *ode.states]
    for name in over:
        if name not in known:
            raise InputError("--over: " + no_such("parameter or state", name, known))
        for option, values in fixed.items():
            if name in values:
                raise InputError(f"`{name}` is swept by --over and given by {option}: leave one of them away")
    sizes = {name: len(values) for name, values in over.items()}
    several = {size for size in sizes.values() if size > 1}
    if not product and len(several) > 1:
        listed = ", ".join(f"{size:,} of {name}" for name, size in sizes.items())
        raise InputError(
            f"the values don't go together: {listed}; give as many of each, or --product to sweep each against each"
        )
    total = math.prod(sizes.values()) if product else max(sizes.values())
    if total > MOST_MEMBERS:
        raise InputError(
            f"that is {total:,} members, and {MOST_MEMBERS:,} are the most: sweep in several parts"
        )


def kept(texts: Iterable[str]) -> tuple[str | None, list[str]]:
    """What `--keep` asks for: times, as text, or None; and reductions.

    >>> kept(["0,1,2.5", "max(x, y),mean(x)"]), kept(["final"])
    (('0,1,2.5', ['max(x, y)', 'mean(x)']), (None, []))
    """
    times: list[str] = []
    reductions: list[str] = []
    for part in (part.strip() for text in texts for part in split(text)):
        name, bracket, _ = part.partition("(")
        name = name.strip()
        if bracket and (name in KINDS or (name.isidentifier() and name not in FUNCTIONS)):
            reductions.append(part)
        elif part not in ("final", ""):
            times.append(part)
    if times == ["end"]:
        times = []
    return ",".join(times) or None, reductions


def in_words(name: str, values: Array) -> str:
    """A swept name and its values.

    >>> in_words("r", np.linspace(0, 21, 4096)), in_words("x", np.array([0.5, 1.0]))
    ('r = 0 … 21 (4,096 values)', 'x = 0.5, 1')
    """
    if len(values) <= 4:
        return f"{name} = {', '.join(f'{value:.6g}' for value in values)}"
    return f"{name} = {values.min():.6g} … {values.max():.6g} ({len(values):,} values)"
