"""How a law is solved: the options of `solve` and their checks."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dydt.errors import InputError, nearest
from dydt.solvers import methods

IMPLICIT = ("rodas5p", "rodas4p")  # methods that keep constraints


@dataclass(frozen=True)
class Settings:
    """How a law is solved.

    Attributes
    ----------
    method : str
    rtol : float
    atol : tuple of float
        One a state, or one for all.
    h : float
        Size of fixed steps, or the first adaptive one; 0 lets the method find it.
    max_step, time_limit : float
        `time_limit` in seconds.
    step_limit : int
        Most attempts.
    saveat : tuple of float, float, "end" or None
        Times to keep; one number is a spacing; None keeps every step.
    progress : bool
    """

    method: str
    rtol: float = 1e-8
    atol: tuple[float, ...] = (1e-10,)
    h: float = 0.0
    max_step: float = math.inf
    step_limit: int = 1_000_000
    time_limit: float = math.inf
    saveat: tuple[float, ...] | float | str | None = None
    progress: bool = True
    stiff_method: str = ""


def read_settings(
    states: Sequence[str],
    method: str,
    rtol: float,
    atol: Any,
    h: float | None,
    saveat: Any,
    max_step: float,
    step_limit: int,
    time_limit: float,
    progress: bool,
    constrained: bool = False,
) -> Settings:
    """The settings of a law with these states; `constrained`, if some of its equations are constraints.

    Raises
    ------
    InputError
        For an option that can't be used.
    """
    rtol = _positive("rtol", rtol, zero=True)
    if constrained and method == "auto":
        method = "rodas5p"
    stiff_method = "rodas5p" if method == "auto" else ""
    method = chosen(method, rtol)
    refuse_unsuited(method, constrained)
    fixed = not methods.method(method).adaptive
    if fixed and h is None:
        raise InputError(f"{method} takes fixed steps: say how long, as in h=0.01")
    if rtol and rtol < 1e-15:
        raise InputError(f"rtol = {rtol:g} is below what double precision can hold; 1e-14 is about the least")
    return Settings(
        method,
        rtol,
        _tolerances(atol, rtol, states),
        0.0 if h is None else _positive("h", h),
        _positive("max_step", max_step, infinite=True),
        _count("step_limit", step_limit),
        _positive("time_limit", time_limit, infinite=True),
        _times(saveat),
        progress,
        stiff_method,
    )


def _tolerances(atol: Any, rtol: float, states: Sequence[str]) -> tuple[float, ...]:
    if isinstance(atol, Mapping):
        for name in atol:
            if name not in states:
                raise InputError(f"atol: the law has no state `{name}`{nearest(name, states)}")
        atol = [atol.get(name, 1e-10) for name in states]
    many = [float(a) for a in np.atleast_1d(atol)]
    if len(many) not in (1, len(states)):
        raise InputError(f"atol has {len(many)} values for {len(states)} states")
    for value in many:
        _positive("atol", value, zero=rtol > 0)
    return tuple(many)


def refuse_unsuited(method: str, constrained: bool) -> None:
    """Complain about a method that can't keep constraints.

    Explicit methods have no equation to find an algebraic state from; Rosenbrock23 is not stiffly accurate, so that its
    algebraic states leave the constraints (Hairer & Wanner, Solving ODEs II, 2nd ed., VI.1).
    """
    if not constrained or method in IMPLICIT:
        return
    why = "is explicit" if not methods.method(method).linear else "does not end its steps on the constraints"
    raise InputError(
        f"this law has constraints or tied derivatives, and {method} {why}: take {' or '.join(IMPLICIT)}, "
        "or leave the method away"
    )


def chosen(method: str, rtol: float) -> str:
    """The method for a tolerance, of a name that leaves it open: low orders pay only while little is asked for.

    >>> chosen("auto", 1e-8), chosen("taylor", 1e-8), chosen("rk4", 1e-8)
    ('vern9', 'taylor16', 'rk4')
    """
    if method == "auto":
        return "tsit5" if rtol >= 1e-4 else "dop853" if rtol > 1e-7 else "vern9"
    if method == "taylor":
        return "taylor12" if rtol > 1e-7 else "taylor16" if rtol > 1e-11 else "taylor20"
    return method


def finite(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"`{name}` must be a number, and is {value!r}") from None
    if not math.isfinite(number):
        raise InputError(f"`{name}` must be finite, and is {number}")
    return number


def _positive(name: str, value: Any, zero: bool = False, infinite: bool = False) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a number, and is {value!r}") from None
    if not (number > 0 or (zero and number == 0)) or (math.isinf(number) and not infinite):
        raise InputError(f"{name} must be {'zero or ' if zero else ''}positive, and is {value!r}")
    return number


def _count(name: str, value: Any) -> int:
    number = _positive(name, value)
    if number % 1 or number > 2**53:
        raise InputError(f"{name} must be a whole number, and is {value!r}")
    return int(number)


def _times(saveat: Any) -> tuple[float, ...] | float | str | None:
    if saveat is None or (isinstance(saveat, str) and saveat == "end"):
        return saveat
    try:
        if isinstance(saveat, int | float | np.number):
            return _positive("saveat", saveat)
        times = tuple(np.asarray(saveat, dtype=float).reshape(-1).tolist())
    except (TypeError, ValueError):
        raise InputError(f'saveat takes times, a spacing or "end", and is {saveat!r}') from None
    if not times or not all(map(math.isfinite, times)):
        raise InputError("saveat needs at least one time, and all of them finite")
    return times


def no_initial(missing: Sequence[str], options: Collection[str]) -> str:
    """What to say of states without an initial value; names that are no keywords, or options, are given by `values`.

    >>> print(no_initial(["x", "x'"], ["h"]))
    no initial value for `x`, `x'`: give x=1 and values={"x'": 0}
    >>> print(no_initial(["h"], ["h"]))
    no initial value for `h`: give values={"h": 1} (h= is an option)
    """
    plain = ", ".join(f"{n}=1" for n in missing if "'" not in n and n not in options)
    zeros = [f'"{n}": 0' if "'" in n else f'"{n}": 1' for n in missing if "'" in n or n in options]
    mapping = f"values={{{', '.join(zeros)}}}" if zeros else ""
    hint = " and ".join(filter(None, [plain, mapping]))
    taken = "".join(f" ({n}= is an option)" for n in missing if n in options)
    return f"no initial value for {', '.join(f'`{n}`' for n in missing)}: give {hint}{taken}"
