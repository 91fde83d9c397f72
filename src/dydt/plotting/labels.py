"""What is written in pictures: names as a textbook sets them, and how a solution ended."""

from __future__ import annotations

import re
import textwrap
from typing import Any

from dydt.expr.write import latex_name

# Longer words are set upright as they are; a name in mathematics is a letter or two, perhaps with an index.
_MATHEMATICAL = re.compile(r"[^\W\d_]+\d*(_[^\W_]{1,6})?'*")
_LONGEST = 24


def label(name: str, unit: str = "") -> str:
    r"""A quantity's name for matplotlib: letters as mathematics, words as words; with its unit, if it has one.

    >>> label("theta'"), label("x_max"), label("glucose_in_blood"), label("t", "days")
    ('$\\theta\\,$′', '$x_{\\mathrm{max}}$', 'glucose_in_blood', '$t$ (days)')
    """
    if unit:
        return f"{label(name)} ({unit})"
    body = name.rstrip("'").partition("_")[0].rstrip("0123456789")
    typeset = latex_name(name)
    if not _MATHEMATICAL.fullmatch(name) or (len(body) > 2 and not typeset.startswith("\\" + body)):
        plain = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
        return plain.replace("'", "′").replace("$", r"\$")
    primes = len(name) - len(name.rstrip("'"))
    letters = re.sub(r"_\{([^\W\d_]{2,})\}", r"_{\\mathrm{\1}}", typeset.rstrip("'"))
    # Primes as text, since matplotlib stacks its own on the index; a slanted letter leans into them.
    gap = r"\," if primes and "_" not in letters else ""
    return f"${letters}{gap}$" + "′" * primes


def together(names: list[str], most: int = 4) -> str:
    """Names of quantities that share an axis; nothing if they are too many to read there."""
    return ", ".join(map(label, names)) if len(names) <= most else ""


def ending(solution: Any, inches: float) -> str:
    """One sentence on where and why a solution stopped, in lines that fit a picture; empty if it is done.

    It leaves out the values of the states and the advice, which `Solution.message` gives.
    """
    if solution.is_fine:
        return ""
    message = solution.message
    cause = message.partition(": ")[2] or message
    cause = re.split(r"[.;] ", cause, maxsplit=1)[0].rstrip(".")
    cause = re.sub("`([^`]+)`", lambda quoted: quoted[1], cause).replace("$", r"\$")
    where = f"{solution.problem.independent} = {solution.t[-1]:.6g}"
    sentence = f"Stopped at {where}, {solution.status}" + (f": {cause}" if cause != message else "")
    width = max(24, int((inches - 1.0) * 14))  # characters of nine points, beside an axis
    return textwrap.fill(sentence.replace(" = ", "\u00a0=\u00a0"), width)
