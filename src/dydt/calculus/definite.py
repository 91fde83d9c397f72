"""The definite integral: F(b) − F(a) where that is allowed, limits where it is improper, and a word where it is not.

The interval is cut at every corner, jump and pole first. On each piece the antiderivative's difference must agree
with a quadrature, so that an antiderivative which jumps inside can't give a wrong number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import mpmath
import sympy

from dydt.calculus.antiderivative import Antiderivative, antiderivative, integrate
from dydt.calculus.check import number_at
from dydt.calculus.ends import End, area, end, numeric, verdict
from dydt.calculus.function import Function
from dydt.calculus.notation import Step, text
from dydt.calculus.patience import patiently
from dydt.calculus.pieces import Cut, Piece, cut
from dydt.calculus.zeros import Place
from dydt.errors import InputError

_CLOSE = 1e-8
_TRUSTED = 1e-6  # error of a quadrature that may judge an exact value
_MOST_PIECES = 40  # of an infinite interval
_MOST_SHOWN = 6
_TOO_LONG = 300  # operations of an antiderivative whose limits are worth asking for
_LONGEST = 40  # operations in an exact value that is worth writing


@dataclass(frozen=True, eq=False)
class Definite:
    """A definite integral.

    Attributes
    ----------
    status : str
        ``"exact"``, ``"numeric"``, ``"diverges"``, ``"undefined"`` or ``"undecided"``.
    value : float
        NaN if there is none, ±inf if it grows beyond all bounds one way.
    exact : sympy number or None
    error : float
        Of the quadrature that checked or gave it.
    improper : bool
        Infinite ends, or an integrand without bounds.
    steps : tuple of Step
    says : str
        One sentence.
    """

    status: str
    value: float
    exact: Any
    error: float
    improper: bool
    steps: tuple[Step, ...]
    says: str

    @property
    def has_value(self) -> bool:
        """Whether there is a number."""
        return self.status in ("exact", "numeric")

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        finite = math.isfinite(self.value)
        return {
            "status": self.status,
            "value": self.value if finite else None,
            "exact": None if self.exact is None else text(self.exact),
            "error": self.error if math.isfinite(self.error) else None,
            "improper": self.improper,
            "says": self.says,
            "steps": [{"says": s.says, "formula": s.text, "checked": s.checked} for s in self.steps],
        }


@dataclass(frozen=True, eq=False)
class _Part:
    """The integral over one piece."""

    status: str
    value: float
    exact: Any
    error: float
    improper: bool
    steps: tuple[Step, ...]
    says: str = ""


def definite(function: Function, whole: Antiderivative, start: Place, end_: Place) -> Definite:
    """The integral from `start` to `end_`, which may be infinite or the wrong way round."""
    if start.at == end_.at:
        return Definite(
            "exact", 0.0, sympy.S.Zero, 0.0, False, (), "it is 0, since an interval without width has no area"
        )
    backwards = start.at > end_.at
    low, high = (end_, start) if backwards else (start, end_)
    x = function.symbol
    parts = _cut(function, low, high)
    gap = next((piece for piece in parts.pieces if not piece.is_defined), None)
    if gap is not None:
        says = (
            f"there is no integral: {function.name} is not defined between {function.variable} = {_shown(gap.start)} "
            f"and {_shown(gap.end)}"
        )
        return Definite("undefined", math.nan, None, math.nan, False, (), says)
    several = len(parts.pieces) > 1
    found = [_over(function, whole, piece, x, several) for piece in parts.pieces]
    return _together(function, parts, found, (start, end_), backwards)


def _cut(function: Function, low: Place, high: Place) -> Cut:
    try:
        parts = cut(function.expression, function.symbol, low, high)
        if (
            parts.sure
            or len(parts.pieces) <= _MOST_PIECES
            or (math.isfinite(low.at) and math.isfinite(high.at))
        ):
            return parts
        raise InputError("more pieces than can be told apart")
    except InputError:
        if math.isfinite(low.at) and math.isfinite(high.at):
            raise
        raise InputError(
            f"`{function.text}` has too many corners or jumps between {low.at:g} and {high.at:g} to be integrated: "
            "give finite bounds"
        ) from None


def _shown(place: Place) -> str:
    return text(place.exact) if place.is_exact else f"{place.at:.6g}"


# -- one piece ------------------------------------------------------------------------------------------------------


def _over(function: Function, whole: Antiderivative, piece: Piece, x: Any, several: bool) -> _Part:
    same = piece.formula == function.expression
    found = whole if same else antiderivative(piece.formula, x)
    opening = []
    if several:
        ends = f"{_shown(piece.start)} to {_shown(piece.end)}"
        says = f"from {function.variable} = {ends}, {function.name} is one formula"
        shown = sympy.Eq(sympy.Symbol(function.head), piece.formula, evaluate=False)
        opening.append(Step(says, shown, None, True))
    if found.formula is not None and sympy.count_ops(found.formula) < _TOO_LONG:
        part = _by_ends(found, piece, x)
        if part is not None:
            return _Part(
                part.status,
                part.value,
                part.exact,
                part.error,
                part.improper,
                (*opening, *part.steps),
                part.says,
            )
    part = _by_numbers(piece, x)
    return _Part(part.status, part.value, None, part.error, part.improper, tuple(opening), part.says)


def _by_ends(found: Antiderivative, piece: Piece, x: Any) -> _Part | None:
    """F(b) − F(a), or limits; None if that can't be trusted on this piece."""
    low, high = end(found.formula, x, piece.start, 1), end(found.formula, x, piece.end, -1)
    improper = _is_improper(piece, x) or low.is_limit or high.is_limit
    steps = [
        Step(
            "an antiderivative", sympy.Eq(sympy.Symbol(f"F({x})"), found.formula, evaluate=False), None, True
        )
    ]
    steps += [_end_step(piece.end, high, x, "upper"), _end_step(piece.start, low, x, "lower")]
    kinds = (low.side.kind, high.side.kind)
    if "infinite" in kinds and set(kinds) <= {"infinite", "number"}:
        ways = [-low.side.value] * (low.side.kind == "infinite") + [high.side.value] * (
            high.side.kind == "infinite"
        )
        value = ways[0] if len(set(ways)) == 1 else math.nan
        bad = piece.start if low.side.kind == "infinite" else piece.end
        return _Part("diverges", value, None, math.nan, True, tuple(steps), _why(bad, x))
    if set(kinds) != {"number"}:
        if improper and found.elementary and "none" in kinds:
            bad = piece.start if low.side.kind == "none" else piece.end
            says = f"F({x}) has no limit as {x} goes to {_shown(bad)}"
            return _Part("diverges", math.nan, None, math.nan, True, tuple(steps), says)
        return None
    value = high.side.value - low.side.value
    error = _judged(value, found.formula, piece, x)
    if error is None:
        return None
    exact = None
    if low.exact is not None and high.exact is not None:
        exact = _simple(high.exact - low.exact)
        value = _as_float(exact, value)
    return _Part("exact", value, exact, error, improper, tuple(steps))


def _why(bad: Place, x: Any) -> str:
    if math.isinf(bad.at):
        return f"F({x}) grows beyond all bounds as {x} goes to {'∞' if bad.at > 0 else '−∞'}"
    return f"the integrand has a pole at {x} = {_shown(bad)}, where F({x}) grows beyond all bounds"


def _is_improper(piece: Piece, x: Any) -> bool:
    """Whether an end is infinite, or the integrand has no bounds there."""
    if math.isinf(piece.start.at) or math.isinf(piece.end.at):
        return True
    function = numeric(piece.formula, x)
    with mpmath.workdps(40):
        near = [
            abs(function(place.exact.evalf(40) + side * sympy.Rational(1, 10**20)))
            for place, side in ((piece.start, 1), (piece.end, -1))
        ]
    return any(mpmath.isnan(v) or v > 1e6 for v in near)


def _end_step(place: Place, found: End, x: Any, word: str) -> Step:
    value = found.exact if found.exact is not None else _number(found.side.value)
    if found.is_limit:
        side = "-" if word == "upper" else "+"
        where = place.exact if math.isfinite(place.at) else sympy.oo * (1 if place.at > 0 else -1)
        left = sympy.Limit(sympy.Symbol(f"F({x})"), x, where, side)
        return Step(f"at the {word} end, as a limit", sympy.Eq(left, value, evaluate=False), None, True)
    left = sympy.Symbol(f"F({_shown(place)})")
    return Step(f"at the {word} end", sympy.Eq(left, value, evaluate=False), None, True)


def _number(value: float) -> Any:
    if math.isinf(value):
        return sympy.oo if value > 0 else -sympy.oo
    return sympy.Symbol("no limit") if math.isnan(value) else sympy.Float(f"{value:.10g}", 10)


def _judged(value: float, formula: Any, piece: Piece, x: Any) -> float | None:
    """The error of a quadrature that says the same; None if it says something else."""
    integrand = numeric(piece.formula, x)
    number, error = area(integrand, piece.start, piece.end)
    if error <= _TRUSTED * (1 + abs(number)):
        agrees = abs(number - value) <= max(_CLOSE * (1 + abs(value)), 20 * error)
        return error if agrees else None
    # A quadrature gets lost in waves that go on for ever: judge a finite part of it.
    low = piece.start.at if math.isfinite(piece.start.at) else min(piece.end.at, 0.0) - 10.0
    high = piece.end.at if math.isfinite(piece.end.at) else max(piece.start.at, 0.0) + 10.0
    inner = [sympy.Rational(repr(low + share * (high - low))) for share in (0.03, 0.9)]
    number, error = area(integrand, *(Place(float(p), p) for p in inner))
    ends = [number_at(formula, {x: p}) for p in inner]
    if any(mpmath.isnan(v) for v in ends) or error > _TRUSTED * (1 + abs(number)):
        return None
    return math.nan if abs(float(ends[1] - ends[0]) - number) <= _CLOSE * (1 + abs(number)) else None


def _simple(value: Any) -> Any:
    """An exact number as short as SymPy can quickly make it."""
    if value.is_Rational or sympy.count_ops(value) > 4 * _LONGEST:
        return value
    try:
        shorter = patiently(sympy.simplify, value, limit=3.0)
    except Exception:
        return value
    with mpmath.workdps(30):
        same = abs(number_at(shorter, {}) - number_at(value, {})) < 1e-20
    return shorter if same and sympy.count_ops(shorter) <= sympy.count_ops(value) else value


def _as_float(exact: Any, otherwise: float) -> float:
    found = number_at(exact, {})
    return otherwise if mpmath.isnan(found) else float(found)


def _by_numbers(piece: Piece, x: Any) -> _Part:
    """By quadrature, after a look at both ends; an exact value if SymPy knows one that agrees."""
    integrand = numeric(piece.formula, x)
    improper = _is_improper(piece, x)
    for place, direction in ((piece.start, 1), (piece.end, -1)):
        found = verdict(integrand, place, direction) if improper else "converges"
        where = (
            f"{x} = {_shown(place)}" if math.isfinite(place.at) else f"{x} → {'∞' if place.at > 0 else '−∞'}"
        )
        if found == "diverges":
            says = f"the integrand grows too fast, or fades too slowly, at {where}"
            return _Part("diverges", math.nan, None, math.nan, True, (), says)
        if found == "undecided":
            asked = _asked(piece, x)
            if asked is None:
                says = f"whether it converges at {where} could not be decided"
                return _Part("undecided", math.nan, None, math.nan, True, (), says)
    value, error = area(integrand, piece.start, piece.end)
    if not math.isfinite(value) or error > 1e-3 * (1 + abs(value)):
        if math.isinf(value):
            says = "it is beyond the largest number, 1.8e308"
            return _Part("undecided", value, None, error, improper, (), says)
        says = f"the quadrature did not settle: {value:.6g} with an error of {error:.1g}"
        return _Part("undecided", math.nan, None, error, improper, (), says)
    return _Part("numeric", value, None, error, improper, ())


def _asked(piece: Piece, x: Any) -> Any:
    """SymPy's definite integral of a piece; None if it has none."""
    try:
        found = patiently(integrate, piece.formula, (x, piece.start.exact, piece.end.exact), limit=5.0)
    except Exception:
        return None
    return found if found.is_number and found.is_finite else None


# -- all together ---------------------------------------------------------------------------------------------------


def _together(
    function: Function, parts: Cut, found: list[_Part], ends: tuple[Place, Place], backwards: bool
) -> Definite:
    steps = [step for part in found[:_MOST_SHOWN] for step in part.steps]
    if len(found) > _MOST_SHOWN:
        steps.append(Step(f"and so on, {len(found)} pieces in all", None, None, True))
    improper = any(part.improper for part in found)
    bad = [part for part in found if part.status in ("diverges", "undecided")]
    sign = -1 if backwards else 1
    if bad:
        first = next((part for part in bad if part.status == "diverges"), bad[0])
        ways = {sign * part.value for part in bad}
        one_way = len(ways) == 1 and not math.isnan(next(iter(ways)))
        value = next(iter(ways)) if one_way else math.nan
        says = ("the integral diverges: " if first.status == "diverges" else "no value: ") + first.says
        if first.status == "diverges" and all(math.isfinite(place.at) for place in ends):
            says += "; F(b) - F(a) would be a wrong number"
        return Definite(first.status, value, None, math.nan, improper, tuple(steps), says)
    value = sign * math.fsum(part.value for part in found)
    errors = [part.error for part in found if not math.isnan(part.error)]
    error = math.fsum(errors)
    exact = None
    if all(part.exact is not None for part in found):
        exact = sign * _simple(sum((part.exact for part in found), start=sympy.S.Zero))
        value = _as_float(exact, value)
    x = function.symbol
    shown = sympy.Integral(function.expression, (x, ends[0].exact, ends[1].exact))
    result = exact if exact is not None else _number(value)
    says = "the difference" if len(found) == 1 else "all pieces together"
    if backwards:
        says += ", with the minus sign of an integral from right to left"
    if all(part.status == "exact" for part in found):
        steps.append(Step(says, sympy.Eq(shown, result, evaluate=False), None, True))
        return Definite(
            "exact", value, exact, error, improper, tuple(steps), f"it is {_value_text(exact, value)}"
        )
    steps.append(Step("by quadrature", sympy.Eq(shown, result, evaluate=False), None, True))
    says = f"it is {value:.10g} by quadrature, with an error of about {error:.1g}"
    return Definite("numeric", value, None, error, improper, tuple(steps), says)


def _value_text(exact: Any, value: float) -> str:
    if exact is None:
        return f"{value:.10g}"
    written = text(exact)
    if exact.is_Integer or len(written) > 60:
        return written if exact.is_Integer else f"{value:.10g}"
    if exact.is_Rational and sympy.Rational(f"{value:.10g}") == exact:
        return f"{written} = {value:.10g}"
    return f"{written} ≈ {value:.10g}"
