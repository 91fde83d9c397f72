"""Expressions at numbers of any precision, and what they come to from one side."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import mpmath

from dydt.expr.graph import Node, walk
from dydt.expr.sympy import exact

DIGITS = 80
NAN = mpmath.nan
# How near the places are at which a one-sided limit is looked for, and how well they must agree.
_NEARER = (8, 12, 16, 20, 24)
_AGREE = 1e-6
_LARGEST = 1e7  # exponents of e


def real(value: Any) -> Any:
    """The value, and NaN in place of a complex one: outside a function's domain."""
    if isinstance(value, mpmath.mpc):
        return value.real if value.imag == 0 else NAN
    return value


@cache
def _functions() -> dict[str, Callable[..., Any]]:
    """Every operation of the language for mpmath's numbers."""
    same = "sin cos tan asin acos atan atan2 tanh log log10 sqrt floor erf sign"
    table: dict[str, Callable[..., Any]] = {name: getattr(mpmath, name) for name in same.split()}
    return table | {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
        "neg": lambda a: -a,
        "pow": _power,
        "exp": _exponential,
        "sinh": lambda a: (_exponential(a) - _exponential(-a)) / 2 if abs(a) > 1 else mpmath.sinh(a),
        "cosh": lambda a: (_exponential(a) + _exponential(-a)) / 2,
        "mod": lambda a, b: a - b * mpmath.floor(a / b),
        "abs": abs,
        "cbrt": lambda a: mpmath.sign(a) * mpmath.cbrt(abs(a)),
        "min": min,
        "max": max,
        "step": lambda a: mpmath.mpf(a >= 0),
        "lt": lambda a, b: a < b,
        "le": lambda a, b: a <= b,
        "gt": lambda a, b: a > b,
        "ge": lambda a, b: a >= b,
        "eq": lambda a, b: a == b,
        "ne": lambda a, b: a != b,
        "not": lambda a: not a,
        "and": lambda a, b: bool(a and b),
        "or": lambda a, b: bool(a or b),
    }


def _exponential(a: Any) -> Any:
    """e^a; beyond all use it is infinite or zero, in place of a number with millions of digits."""
    if abs(a) > _LARGEST:
        return mpmath.inf if a > 0 else mpmath.mpf(0)
    return mpmath.exp(a)


def _power(a: Any, b: Any) -> Any:
    """a^b, likewise."""
    if a > 0 and abs(b * mpmath.log(a)) > _LARGEST:
        return _exponential(b * mpmath.log(a))
    if a < 0 and abs(b) > _LARGEST:
        return NAN if abs(a) != 1 else a**b
    return a**b


def as_mpf(value: Any) -> Any:
    """A float as the number it was written for, a SymPy number to the working precision."""
    if isinstance(value, mpmath.mpf):
        return value
    meant = exact(value) if isinstance(value, float | int) else value
    if getattr(meant, "is_Rational", False):
        return mpmath.mpf(int(meant.p)) / int(meant.q)
    return +mpmath.make_mpf((meant if meant.is_Float else meant.evalf(mpmath.mp.dps + 5))._mpf_)


class Precise:
    """An expression of one variable as a function of mpmath's numbers; NaN where it is not defined.

    >>> from dydt.expr.read import read
    >>> f = Precise(read("x^2/3"), "x")
    >>> float(f(6)), float(Precise(read("log(x)"), "x")(-1))
    (12.0, nan)
    """

    def __init__(self, node: Node, variable: str, values: Mapping[str, float] | None = None) -> None:
        self.variable = variable
        self.steps = walk([node])
        self.values = dict(values or {})

    def __call__(self, at: Any) -> Any:
        found: dict[int, Any] = {}
        functions = _functions()
        for item in self.steps:
            if item.operation == "number":
                found[item.index] = as_mpf(item.value)
            elif item.operation == "symbol":
                inside = at if item.value == self.variable else self.values[item.value]
                found[item.index] = as_mpf(inside)
            elif item.operation == "select":
                condition, yes, no = (found[a.index] for a in item.arguments)
                found[item.index] = yes if condition else no
            else:
                arguments = [found[a.index] for a in item.arguments]
                found[item.index] = self._apply(functions[item.operation], arguments)
        return found[self.steps[-1].index]

    @staticmethod
    def _apply(function: Callable[..., Any], arguments: list[Any]) -> Any:
        if any(mpmath.isnan(a) for a in arguments):
            return NAN
        try:
            return real(function(*arguments))
        except (ZeroDivisionError, OverflowError, ValueError, TypeError, NotImplementedError):
            return NAN


@dataclass(frozen=True)
class Side:
    """What a quantity comes to as its variable nears a place from one side.

    Attributes
    ----------
    kind : str
        ``"number"``, ``"infinite"``, ``"undefined"`` (there is nothing on that side) or ``"none"`` (no limit).
    value : float
        The limit; ±inf, or NaN.
    """

    kind: str
    value: float

    @property
    def is_number(self) -> bool:
        return self.kind == "number"

    @property
    def text(self) -> str:
        """What it is, in a word or a number."""
        if self.kind == "number":
            return f"{self.value:.6g}"
        if self.kind == "infinite":
            return "∞" if self.value > 0 else "−∞"
        return "undefined" if self.kind == "undefined" else "no limit"


def one_sided(function: Callable[[Any], Any], at: Any, direction: int) -> Side:
    """The limit of ``function(x)`` as x nears `at` from the right (+1) or the left (−1), found with many digits.

    >>> from dydt.expr.read import read
    >>> one_sided(Precise(read("1/x"), "x"), 0, -1).text
    '−∞'
    """
    with mpmath.workdps(DIGITS):
        place = as_mpf(at)
        size = max(mpmath.mpf(1), abs(place))
        seen = [function(place + direction * size * mpmath.mpf(10) ** -k) for k in _NEARER]
        if any(mpmath.isnan(value) for value in seen):
            return Side("undefined", float("nan"))
        if mpmath.isinf(seen[-1]):
            same = all(value == seen[-1] or mpmath.isfinite(value) for value in seen)
            return Side("infinite", float(seen[-1])) if same else Side("none", float("nan"))
        last, gaps = seen[-1], [abs(b - a) for a, b in itertools.pairwise(seen)]
        if mpmath.isfinite(last) and gaps[-1] <= _AGREE * (1 + abs(last)) and gaps[-1] <= gaps[0] + _AGREE**4:
            found = _extrapolated(seen)
            return Side("number", 0.0 if abs(found) <= 1e-12 * abs(seen[0]) else float(found))
        # A power grows by a fixed factor from place to place, a logarithm by a fixed sum.
        sizes = [abs(value) for value in seen]
        rising = all(b > a for a, b in itertools.pairwise(sizes))
        steady = (
            min(gaps) > mpmath.mpf("0.5") * max(gaps[:1]) and len({int(mpmath.sign(v)) for v in seen}) == 1
        )
        if rising and steady:
            return Side("infinite", float(mpmath.sign(last)) * float("inf"))
        return Side("none", float("nan"))


def _extrapolated(seen: list[Any]) -> Any:
    """The limit of a sequence whose gaps shrink by a constant factor (Aitken's Δ² process)."""
    a, b, c = seen[-3:]
    bend = (c - b) - (b - a)
    better = c - (c - b) ** 2 / bend if bend else c
    return better if abs(better - c) <= abs(c - b) else c
