"""What an antiderivative comes to at an end of an interval, and whether an integrand can be integrated up to there."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import sympy

from dydt.calculus.check import number_at
from dydt.calculus.patience import patiently
from dydt.calculus.precise import Precise, Side, as_mpf, one_sided
from dydt.calculus.zeros import Place
from dydt.errors import InputError
from dydt.expr.sympy import from_sympy

_LIMIT = 3.0  # seconds for a limit by SymPy
_SECONDS = 3.0  # for a quadrature
_CLOSE = 1e-9


@dataclass(frozen=True)
class End:
    """An antiderivative at an end, or its limit there.

    Attributes
    ----------
    side : Side
        With many digits.
    exact : sympy number or None
    is_limit : bool
        Whether a limit had to be taken: at infinity, or where the antiderivative has no value.
    """

    side: Side
    exact: Any
    is_limit: bool


def numeric(of: Any, variable: Any) -> Callable[[Any], Any]:
    """A SymPy expression as a function of mpmath's numbers."""
    try:
        return Precise(from_sympy(of), str(variable))
    except InputError:  # functions that a law does not have, such as Si
        return lambda at: _slow(of, variable, at)


def _slow(of: Any, variable: Any, at: Any) -> Any:
    digits = min(mpmath.mp.dps, 60)
    return number_at(of, {variable: sympy.Float(str(mpmath.nstr(at, digits)), digits)}, digits)


def end(of: Any, variable: Any, place: Place, direction: int) -> End:
    """The antiderivative `of` at `place`, coming from inside: `direction` is +1 at a lower end, −1 at an upper one."""
    try:
        side = _side(Precise(from_sympy(of), str(variable)), place, direction)
    except InputError:  # functions that a law does not have, such as Ei, whose numbers may take for ever
        try:
            side = patiently(slow_side, of, variable, place, direction, limit=_LIMIT)
        except Exception:
            side = Side("none", float("nan"))
    if mpmath.isinf(place.at):
        return _with_limit(of, variable, place, direction, side)
    value = of.subs(variable, place.exact)
    if side.is_number and value.is_number and value.is_real and value.is_finite:
        with mpmath.workdps(30):
            close = abs(float(as_mpf(value)) - side.value) <= _CLOSE * (1 + abs(side.value))
        if close:
            return End(side, value if place.is_exact else None, False)
    return _with_limit(of, variable, place, direction, side)


def _side(function: Callable[[Any], Any], place: Place, direction: int) -> Side:
    if not mpmath.isinf(place.at):
        return one_sided(function, place.exact, direction)
    sign = 1 if place.at > 0 else -1
    return one_sided(lambda h: function(sign / h), 0, 1)


def slow_side(of: Any, variable: Any, place: Place, direction: int) -> Side:
    """The one-sided limit of any SymPy expression, in numbers."""
    return _side(lambda at: _slow(of, variable, at), place, direction)


def _with_limit(of: Any, variable: Any, place: Place, direction: int, side: Side) -> End:
    """The limit by SymPy, believed if the numbers say the same."""
    try:
        where = place.exact if not mpmath.isinf(place.at) else sympy.oo * (1 if place.at > 0 else -1)
        found = patiently(sympy.limit, of, variable, where, "+" if direction > 0 else "-", limit=_LIMIT)
    except Exception:
        return End(side, None, True)
    if found in (sympy.oo, -sympy.oo):
        if side.kind == "number":
            return End(Side("none", float("nan")), None, True)
        return End(Side("infinite", float("inf") if found == sympy.oo else -float("inf")), found, True)
    if not (found.is_number and found.is_real and found.is_finite):
        return End(side, None, True)
    with mpmath.workdps(30):
        value = float(as_mpf(found))
    if side.is_number and abs(value - side.value) > 1e-5 * (1 + abs(value)):
        return End(side, None, True)
    return End(Side("number", value), found, True)


# -- without an antiderivative --------------------------------------------------------------------------------------


def verdict(function: Callable[[Any], Any], place: Place, direction: int) -> str:
    """Whether the integral up to an end exists, by how fast the integrand grows or fades there.

    Near a finite end it may grow more slowly than 1/distance; towards infinity it must fade faster than 1/x.

    Returns
    -------
    str
        ``"converges"``, ``"diverges"`` or ``"undecided"``.
    """
    far = mpmath.isinf(place.at)
    with mpmath.workdps(60):
        if far:
            sign = 1 if place.at > 0 else -1
            places = [sign * mpmath.mpf(10) ** k for k in (3, 4, 5, 6, 7)]
        else:
            c = as_mpf(place.exact)
            places = [c + direction * mpmath.mpf(10) ** -k * max(1, abs(c)) for k in (6, 10, 14, 18, 22)]
        values = [function(x) for x in places]
        if any(mpmath.isnan(v) for v in values):
            return "undecided"
        sizes = [abs(v) for v in values]
        if not far and max(sizes) <= 10 * (1 + sizes[0]):
            return "converges"
        if mpmath.isinf(sizes[-1]):
            return "diverges"
        if far and sizes[-1] < mpmath.mpf(10) ** -40:
            return "converges"
        if any(v == 0 for v in values) or len({int(mpmath.sign(v)) for v in values}) > 1:
            return "undecided"
        gaps = [mpmath.log(b / a, 10) for a, b in itertools.pairwise(sizes)]
        powers = [float(gap / 4) for gap in gaps] if not far else [float(-gap) for gap in gaps]
    return _of_powers(powers, far)


def _of_powers(powers: list[float], far: bool) -> str:
    low, high = min(powers), max(powers)
    steady = high - low < 1e-4
    if far:
        if low > 1.05 or (steady and low > 1.001):
            return "converges"
        return "diverges" if high < 0.95 or (steady and abs(high - 1) < 1e-3) else "undecided"
    if high < 0.95 or (steady and high < 0.999):
        return "converges"
    return "diverges" if low > 1.05 or (steady and low > 0.9999) else "undecided"


def area(function: Callable[[Any], Any], low: Place, high: Place) -> tuple[float, float]:
    """The integral in numbers (tanh–sinh quadrature, which copes with infinite values at the ends), and its error.

    Source: Takahasi & Mori, "Double exponential formulas for numerical integration", Publ. RIMS 9 (1974).
    """
    with mpmath.workdps(22):

        def at(x: Any) -> Any:
            value = function(x)
            return mpmath.mpf(0) if mpmath.isnan(value) else value

        ends = [mpmath.mpf(p.at) if mpmath.isinf(p.at) else as_mpf(p.exact) for p in (low, high)]
        best = (mpmath.mpf("nan"), mpmath.inf)
        began = time.monotonic()
        for parts in (1, 8, 64):
            borders = _borders(ends[0], ends[1], parts)
            try:
                value, error = mpmath.quad(at, borders, error=True, maxdegree=6 if parts < 64 else 5)
            except (ZeroDivisionError, ValueError, OverflowError):
                continue
            if error < best[1]:
                best = value, error
            settled = error <= mpmath.mpf(10) ** -12 * (1 + abs(value)) or not mpmath.isfinite(value)
            if settled or time.monotonic() - began > _SECONDS:
                break
        return float(best[0]), max(float(best[1]), 1e-16 * abs(float(best[0])))


def _borders(low: Any, high: Any, parts: int) -> list[Any]:
    if parts == 1 or (mpmath.isinf(low) and mpmath.isinf(high)):
        return [low, high] if not (mpmath.isinf(low) and mpmath.isinf(high)) else [low, mpmath.mpf(0), high]
    if mpmath.isinf(high):
        return [low + k for k in range(parts + 1)] + [high]
    if mpmath.isinf(low):
        return [low] + [high - k for k in range(parts, -1, -1)]
    return [low + (high - low) * k / parts for k in range(parts + 1)]
