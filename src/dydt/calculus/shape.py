"""Where a function rises, falls and is flat, and the places in between."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import sympy

from dydt.calculus.check import number_at
from dydt.calculus.function import Function, interval
from dydt.calculus.notation import text
from dydt.calculus.pieces import Piece, cut
from dydt.calculus.precise import Side, one_sided
from dydt.calculus.rules import Rules
from dydt.calculus.zeros import Place, zeros
from dydt.expr.sympy import exact

_WORDS = {1: "rising", -1: "falling", 0: "flat"}
_CLOSE = 1e-9


@dataclass(frozen=True)
class Stretch:
    """A part of an interval with one trend: ``"rising"``, ``"falling"``, ``"flat"`` or ``"undefined"``."""

    start: Place
    end: Place
    trend: str

    def __str__(self) -> str:
        return f"{self.trend} on {written(self.start)} … {written(self.end)}"


@dataclass(frozen=True)
class Critical:
    """A place between stretches.

    Attributes
    ----------
    place : Place
    value : float
        Of the function; NaN if it has none there.
    kind : str
        ``"minimum"``, ``"maximum"`` or ``"saddle"`` (flat for an instant); ``"corner"``, ``"vertical tangent"``,
        ``"jump"``, ``"pole"``, ``"gap"`` or ``"edge"`` of the domain where there is no slope.
    smooth : bool
        Whether there is a slope; a minimum may be a corner.
    """

    place: Place
    value: float
    kind: str
    smooth: bool = True

    @property
    def at(self) -> float:
        return self.place.at


@dataclass(frozen=True)
class Shape:
    """Where a function rises, falls and is flat.

    Attributes
    ----------
    function : Function
    on : (float, float)
    stretches : tuple of Stretch
        From left to right, together the whole interval.
    critical : tuple of Critical
    sure : bool
        Found exactly, with no others possible; else found between samples, so that what is finer may be missing.
    """

    function: Function
    on: tuple[float, float]
    stretches: tuple[Stretch, ...]
    critical: tuple[Critical, ...]
    sure: bool

    def where(self, trend: str) -> list[tuple[float, float]]:
        """The intervals of a trend.

        >>> from dydt.calculus.function import function
        >>> shape(function("x^2"), (-1, 2)).where("rising")
        [(0.0, 2.0)]
        """
        return [(s.start.at, s.end.at) for s in self.stretches if s.trend == trend]

    def __str__(self) -> str:
        lines = [str(stretch) for stretch in self.stretches]
        lines += [self.sentence(place) for place in self.critical]
        return "\n".join(lines if self.sure else [*lines, self.remark])

    def sentence(self, place: Critical) -> str:
        """``minimum at x = 0, f = 0``."""
        word = (
            place.kind
            if place.smooth or place.kind not in ("minimum", "maximum")
            else f"{place.kind} (corner)"
        )
        where = f"{word} at {self.function.variable} = {written(place.place)}"
        return where + (f", {self.function.name} = {place.value:.6g}" if place.value == place.value else "")

    @property
    def remark(self) -> str:
        """How sure it is."""
        if self.sure:
            return "found exactly"
        return "found between 4,001 samples and refined; what is narrower than their spacing may be missing"

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "on": list(self.on),
            "stretches": [
                {"trend": s.trend, "from": s.start.at, "to": s.end.at, "from exact": text(s.start.exact),
                 "to exact": text(s.end.exact)} for s in self.stretches
            ],
            "critical": [
                {"kind": c.kind, "at": c.at, "exact": text(c.place.exact) if c.place.is_exact else None,
                 "value": None if c.value != c.value else c.value, "smooth": c.smooth} for c in self.critical
            ],
            "sure": self.sure,
        }  # fmt: skip


def written(place: Place) -> str:
    """A place in a sentence: ``1/3``, ``pi/2 ≈ 1.5708``, ``0.739085``."""
    number = f"{place.at:.6g}"
    if not place.is_exact:
        return number
    formula = text(place.exact)
    if place.exact.is_Rational:
        decimal = sympy.Rational(number) if "e" not in number and "inf" not in number else None
        return number if decimal == place.exact else f"{formula} ≈ {number}"
    return f"{formula} ≈ {number}" if len(formula) <= 24 else number


def shape(function: Function, on: tuple[float, float]) -> Shape:
    """Where a function rises, falls and is flat on an interval.

    >>> from dydt.calculus.function import function
    >>> print(shape(function("x^3"), (-1, 1)))
    rising on -1 … 1
    saddle at x = 0, f = 0
    """
    low, high = interval(on)
    function.need_values("where it rises and falls is wanted")
    x = function.symbol
    parts = cut(function.expression, x, Place(low, exact(low)), Place(high, exact(high)))
    stretches: list[tuple[Stretch, int]] = []  # with the number of its piece
    sure = parts.sure
    for number, piece in enumerate(parts.pieces):
        if not piece.is_defined:
            stretches.append((Stretch(piece.start, piece.end, "undefined"), number))
            continue
        found, certain = _on_piece(piece, x)
        sure = sure and certain
        stretches += [(stretch, number) for stretch in found]
    return _joined(function, (low, high), stretches, sure)


def _on_piece(piece: Piece, x: Any) -> tuple[list[Stretch], bool]:
    """The stretches of one smooth piece."""
    slope = Rules(x, check=False).slope(piece.formula)
    found = zeros(slope, x, piece.start.exact, piece.end.exact)
    if found.everywhere:
        return [Stretch(piece.start, piece.end, "flat")], found.sure
    inside = [p for p in found.places if _apart(piece.start, p) and _apart(p, piece.end)]
    borders = [piece.start, *inside, piece.end]
    made = []
    for start, end in itertools.pairwise(borders):
        middle = sympy.Rational(repr(start.at + 0.4871 * (end.at - start.at)))
        value = number_at(slope, {x: middle})
        made.append(Stretch(start, end, _WORDS.get(int(value > 0) - int(value < 0), "flat")))
    return made, found.sure


def _apart(a: Place, b: Place) -> bool:
    return b.at - a.at > 1e-12 * (1 + abs(a.at))


def _joined(
    function: Function, on: tuple[float, float], stretches: list[tuple[Stretch, int]], sure: bool
) -> Shape:
    """Neighbours of one trend become one stretch, and each border gets its kind."""
    joined: list[Stretch] = []
    critical: list[Critical] = []
    for stretch, number in stretches:
        if joined:
            before = joined[-1]
            within = stretches[[s for s, _ in stretches].index(stretch) - 1][1] == number
            place = _kind(function, before, stretch, within)
            if place is not None:
                critical.append(place)
            continuous = place is None or place.kind in ("saddle", "corner", "vertical tangent")
            if before.trend == stretch.trend and continuous:
                joined[-1] = Stretch(before.start, stretch.end, stretch.trend)
                continue
        joined.append(stretch)
    return Shape(function, on, tuple(joined), tuple(critical), sure)


def _kind(function: Function, before: Stretch, after: Stretch, within: bool) -> Critical | None:
    """What the border of two stretches is; None if nothing happens there."""
    place = after.start
    trends = (before.trend, after.trend)
    turn = {("falling", "rising"): "minimum", ("rising", "falling"): "maximum"}.get(trends, "")
    f = function.precise
    if within:
        return Critical(place, float(f(place.exact)), turn or "saddle")
    left, right = one_sided(f, place.exact, -1), one_sided(f, place.exact, 1)
    value = float(f(place.exact))
    value = value if math.isfinite(value) else math.nan
    if not (left.is_number and right.is_number):
        if trends == ("undefined", "undefined"):
            return None
        is_pole = "infinite" in (left.kind, right.kind)
        return Critical(place, math.nan if is_pole else value, "pole" if is_pole else "edge", False)
    if not _same(left.value, right.value):
        return Critical(place, value, "jump", False)
    if value != value or not _same(value, left.value):
        return Critical(place, value, "gap", False)
    slopes = (
        one_sided(function.precise_slope, place.exact, -1),
        one_sided(function.precise_slope, place.exact, 1),
    )
    return _continuous(place, value, slopes, turn, trends)


def _continuous(
    place: Place, value: float, slopes: tuple[Side, Side], turn: str, trends: tuple[str, str]
) -> Critical | None:
    """The kind of a place where the function does not jump."""
    left, right = slopes
    if left.is_number and right.is_number and _same(left.value, right.value):
        if turn:
            return Critical(place, value, turn)
        flat = abs(left.value) < _CLOSE and "flat" not in trends
        return Critical(place, value, "saddle") if flat else None
    steep = not (left.is_number and right.is_number)
    return Critical(place, value, turn or ("vertical tangent" if steep else "corner"), False)


def _same(a: float, b: float) -> bool:
    return abs(a - b) <= _CLOSE * (1 + abs(a) + abs(b))
