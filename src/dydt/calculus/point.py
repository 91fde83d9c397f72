"""A function at one place: its value, its slope, what it comes to from both sides; and what lines touch it there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import mpmath

from dydt.calculus.function import Function
from dydt.calculus.notation import text
from dydt.calculus.precise import DIGITS, Side, as_mpf, one_sided

_CLOSE = 1e-7


@dataclass(frozen=True)
class Point:
    """A function near one place.

    Attributes
    ----------
    at : float
    value : float
        f there; NaN if it is not defined.
    left, right : Side
        What f comes to from each side.
    slope_left, slope_right : Side
        What the difference quotient comes to from each side.
    slope : float
        The derivative; NaN if there is none.
    kind : str
        ``"smooth"``, ``"corner"``, ``"vertical tangent"``, ``"jump"``, ``"edge"`` of the domain, ``"gap"``,
        ``"pole"``, ``"undefined"`` or ``"no limit"``.
    says : str
        The same in a sentence.
    """

    at: float
    value: float
    left: Side
    right: Side
    slope_left: Side
    slope_right: Side
    slope: float
    kind: str
    says: str

    @property
    def is_smooth(self) -> bool:
        """Whether the derivative exists."""
        return self.kind == "smooth"

    def to_dict(self) -> dict[str, Any]:
        """Plain data; what is not a number is None."""
        return {
            "at": self.at,
            "value": number(self.value),
            "slope": number(self.slope),
            "kind": self.kind,
            "says": self.says,
            "limits of the value": [self.left.text, self.right.text],
            "limits of the slope": [self.slope_left.text, self.slope_right.text],
        }


def number(value: float) -> float | None:
    """A number for JSON, which knows no NaN and no infinity."""
    return value if math.isfinite(value) else None


def point(function: Function, at: Any, slope: Any) -> Point:
    """Look at a function at one place, where its derivative, if there is one, should be `slope`.

    >>> import sympy
    >>> from dydt.calculus.function import function
    >>> point(function("abs(x)"), 0, sympy.nan).says
    'a corner: the slope is -1 from the left and 1 from the right, so there is no derivative'
    """
    f = function.precise
    left, right = one_sided(f, at, -1), one_sided(f, at, 1)
    with mpmath.workdps(DIGITS):
        value = f(at)
        place = as_mpf(at)

        def quotient(x: Any) -> Any:
            return (f(x) - value) / (x - place)

        nowhere = Side("undefined", math.nan)
        has_value = bool(mpmath.isfinite(value))
        slopes = [one_sided(quotient, at, side) if has_value else nowhere for side in (-1, 1)]
    shown = float(value) if has_value else math.nan
    kind, says = _judge(function, shown, left, right, slopes[0], slopes[1], text(at))
    found = math.nan
    if kind == "smooth":
        found = slopes[1].value
        with mpmath.workdps(DIGITS):
            meant = (
                float(as_mpf(slope)) if slope.is_number and slope.is_real and slope.is_finite else math.nan
            )
        if abs(meant - found) <= 1e-5 * (1 + abs(found)):
            found = meant
    return Point(float(at), shown, left, right, slopes[0], slopes[1], found, kind, says)


def _judge(
    function: Function, value: float, left: Side, right: Side, before: Side, after: Side, at: str
) -> tuple[str, str]:
    """The kind of a place, and a sentence on it."""
    name, x = function.name, function.variable
    sides = f"{left.text} from the left and {right.text} from the right"
    one_side = "undefined" in (left.kind, right.kind) and left.kind != right.kind
    if one_side:
        there, word, other = (right, "right", "left") if left.kind == "undefined" else (left, "left", "right")
        sides = f"{there.text} from the {word}, and is not defined on the {other}"
    if math.isnan(value):
        if "infinite" in (left.kind, right.kind):
            return "pole", f"{name} has no value at {x} = {at}: it goes to {sides}"
        if (
            left.is_number
            and right.is_number
            and abs(left.value - right.value) <= _CLOSE * (1 + abs(left.value))
        ):
            return "gap", f"{name} has no value at {x} = {at}, though it comes to {left.text} from both sides"
        if left.kind == right.kind == "undefined":
            return "undefined", f"{name} is not defined at {x} = {at} nor around it"
        return "undefined", f"{name} has no value at {x} = {at}: it comes to {sides}"
    if "undefined" in (left.kind, right.kind):
        if left.kind == right.kind:
            return "undefined", f"{name} is defined at {x} = {at} only, and not around it"
        word, slope = ("right", after) if left.kind == "undefined" else ("left", before)
        return "edge", (
            f"the edge of the domain: {name} is defined on the {word} only, where its slope comes to {slope.text}"
        )
    sizes = 1 + abs(value)
    if not all(side.is_number and abs(side.value - value) <= _CLOSE * sizes for side in (left, right)):
        return "jump", f"{name} jumps: it comes to {sides}, and is {value:.6g}; so there is no derivative"
    if before.is_number and after.is_number:
        if abs(before.value - after.value) <= 1e-5 * (1 + abs(before.value)):
            return "smooth", f"the slope is the same from both sides, {after.text}"
        return "corner", (
            f"a corner: the slope is {before.text} from the left and {after.text} from the right, "
            "so there is no derivative"
        )
    if "infinite" in (before.kind, after.kind):
        return "vertical tangent", (
            f"the line stands upright: the slope goes to {before.text} from the left and {after.text} from the right, "
            "so there is no derivative"
        )
    return "no limit", f"the slope comes to {before.text} from the left and {after.text} from the right"


# -- lines ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A straight line, ``y = slope*x + intercept``.

    >>> Line(2.0, -1.0).equation
    'y = 2*x - 1'
    """

    slope: float
    intercept: float
    variable: str = "x"
    name: str = "y"

    @property
    def equation(self) -> str:
        """As text."""
        tilt, rest = f"{self.slope:.6g}", f"{abs(self.intercept):.6g}"
        part = {"1": self.variable, "-1": f"-{self.variable}"}.get(tilt, f"{tilt}*{self.variable}")
        if tilt in ("0", "-0"):
            return f"{self.name} = {self.intercept:.6g}"
        return f"{self.name} = {part}" + (
            f" {'-' if self.intercept < 0 else '+'} {rest}" if rest != "0" else ""
        )

    def __call__(self, at: Any) -> Any:
        return self.slope * at + self.intercept

    @classmethod
    def through(cls, x: float, y: float, slope: float, variable: str) -> Line:
        """The line through a point."""
        name = "y" if variable != "y" else "z"
        return cls(slope, y - slope * x, variable, name)


@dataclass(frozen=True)
class Secant:
    """The line through P = (x, f(x)) and Q = (x + h, f(x + h)).

    Attributes
    ----------
    h : float
    P, Q : (float, float)
    line : Line
    """

    h: float
    P: tuple[float, float]
    Q: tuple[float, float]
    line: Line

    @property
    def slope(self) -> float:
        """The difference quotient."""
        return self.line.slope

    def __str__(self) -> str:
        (x, y), (u, v) = self.P, self.Q
        return f"h = {self.h:.6g}: P = ({x:.6g}, {y:.6g}), Q = ({u:.6g}, {v:.6g}), {self.line.equation}"


@dataclass(frozen=True)
class Tangent:
    """The line that touches f at P.

    Attributes
    ----------
    P : (float, float)
    line : Line
    """

    P: tuple[float, float]
    line: Line

    @property
    def slope(self) -> float:
        """The derivative."""
        return self.line.slope

    def __str__(self) -> str:
        x, y = self.P
        return f"P = ({x:.6g}, {y:.6g}), {self.line.equation}"
