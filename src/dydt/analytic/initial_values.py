"""What is given beside the equations: parameter values, initial values and where they hold, read exactly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy

from dydt.errors import InputError, LawError, listed, nearest
from dydt.expr.graph import symbols
from dydt.expr.read import read as read_text
from dydt.expr.sympy import exact, to_sympy
from dydt.settings import finite

if TYPE_CHECKING:
    from dydt.ode import ODE

_LARGEST_SHARE = 60  # of π


def read(ode: ODE, t: Any, named: Mapping[str, Any]) -> tuple[dict[str, float | None], dict[str, Any], Any]:
    """Parameters, exact initial values (all of them, or none), and where they hold.

    Raises
    ------
    InputError
        For a name that is neither, and where some initial values are given and others are not.
    """
    places = initial_names(ode)
    for name in named:
        if name not in places and name not in ode.parameters:
            known = [*places, *ode.parameters]
            raise InputError(f"the law has no `{name}`{nearest(name, known) or '.'} It knows {listed(known)}")
    own = {name: named[name] for name in named if name in ode.parameters}
    known_values = {n: finite(n, own[n]) if n in own else value for n, value in ode.parameters.items()}
    initial = {name: number(named[name], name) for name in places if name in named}
    if t is not None and not (isinstance(t, (str, float | int))):
        raise InputError(f"t is where the initial values hold, one number, and is {t!r}")
    start = _start(ode) if t is None else number(t, ode.independent)
    if t is None or start == _start(ode):
        _add_own(ode, known_values, places, initial)
    missing = [name for name in places if name not in initial]
    if initial and missing:
        given, wanted = (", ".join(f"`{n}`" for n in names) for names in (initial, missing))
        raise InputError(
            f"with {given} given, {wanted} is needed as well; or give none for the general solution"
        )
    return known_values, initial, start


def initial_names(ode: ODE) -> list[str]:
    """y, y', … as many as the equations need initial values."""
    law = ode.equations
    sides = [side for equation in law.written for side in (equation.left, equation.right)]
    bases = list(dict.fromkeys(state.rstrip("'") for state in law.states))
    orders = dict.fromkeys(bases, 0)
    for name in symbols(sides):
        base = name.rstrip("'")
        if base in orders:
            orders[base] = max(orders[base], len(name) - len(base))
    return [base + "'" * k for base in bases for k in range(orders[base])]


def _start(ode: ODE) -> Any:
    law = ode.equations
    if law.start is not None:
        return number(law.start, law.independent)
    return number(law.span[0] if law.span else 0.0, law.independent)


def _add_own(ode: ODE, known: Mapping[str, float | None], places: list[str], initial: dict[str, Any]) -> None:
    """The initial values that the law itself gives."""
    put_in = {name: exact(value) for name, value in known.items() if value is not None}
    for name, node in ode.equations.initial.items():
        if name in places and name not in initial:
            value = to_sympy(node, put_in)
            initial[name] = number(float(value), name) if value.is_Rational else value


def number(value: Any, name: str) -> Any:
    """A number as exactly as it was meant: text is read, and a float near a simple share of π is that.

    >>> number("pi/2", "y"), number(0.1, "y"), number(1.5707963267948966, "t")
    (pi/2, 1/10, pi/2)
    """
    if isinstance(value, sympy.Expr):
        return value
    if isinstance(value, str):
        try:
            node = read_text(value)
        except LawError as error:
            raise InputError(f"`{name}` takes a number: {error}") from None
        if symbols([node]):
            raise InputError(f"`{name}` takes a number, like 1.5, 8/3 or pi/2, and got `{value}`")
        return to_sympy(node)
    value = finite(name, value)
    meant = exact(value)
    if meant.is_Rational and meant.q > _LARGEST_SHARE:
        share = Fraction(value / math.pi).limit_denominator(24)
        in_pi = sympy.Rational(share.numerator, share.denominator) * sympy.pi
        if 0 < abs(share.numerator) <= _LARGEST_SHARE and abs(float(in_pi) - value) <= 4e-16 * abs(value):
            return in_pi
    return meant
