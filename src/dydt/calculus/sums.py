"""Riemann sums: the partition, the rectangles, their sum, its closed form by Gauss, and its limit."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy

from dydt.calculus.check import checked
from dydt.calculus.function import Function
from dydt.calculus.notation import Step, in_order
from dydt.errors import InputError, nearest

Array = Any

RULES = ("left", "right", "midpoint", "trapezoid")
MOST = 1_000_000
_HIGHEST = 8  # degree of a polynomial whose sum is written in closed form
_SHARE = {"left": 0.0, "right": 1.0, "midpoint": 0.5, "trapezoid": 0.5}


@dataclass(frozen=True, eq=False)
class RiemannSum:
    """n rectangles (or trapezoids) under a curve.

    Attributes
    ----------
    function : Function
    start, end : float
    n : int
    rule : str
        Where each rectangle takes its height: ``"left"``, ``"right"``, ``"midpoint"``; or ``"trapezoid"``.
    """

    function: Function
    start: float
    end: float
    n: int
    rule: str

    @property
    def width(self) -> float:
        """Δx = (b − a)/n."""
        return (self.end - self.start) / self.n

    @cached_property
    def partition(self) -> Array:
        """x₀ … xₙ: shape (n + 1,)."""
        return np.linspace(self.start, self.end, self.n + 1)

    @cached_property
    def points(self) -> Array:
        """Where the height is taken: shape (n,); the middles for trapezoids."""
        return self.partition[:-1] + _SHARE[self.rule] * self.width

    @cached_property
    def heights(self) -> Array:
        """Heights of the rectangles, mean heights of the trapezoids: shape (n,)."""
        if self.rule == "trapezoid":
            ends = self.function(self.partition)
            with np.errstate(all="ignore"):
                return (ends[:-1] + ends[1:]) / 2
        return self.function(self.points)

    @property
    def areas(self) -> Array:
        """height · width: shape (n,)."""
        return self.heights * self.width

    @cached_property
    def value(self) -> float:
        """The sum; NaN if the function has no value somewhere."""
        heights = self.heights
        return float(np.sum(heights) * self.width) if np.all(np.isfinite(heights)) else float("nan")

    @property
    def rectangles(self) -> list[tuple[float, float, float, float]]:
        """(x, width, height, area) of each, x its left end.

        >>> from dydt.calculus.function import function
        >>> RiemannSum(function("2*t"), 0.0, 2.0, 2, "right").rectangles
        [(0.0, 1.0, 2.0, 2.0), (1.0, 1.0, 4.0, 4.0)]
        """
        columns = (self.partition[:-1], self.heights, self.areas)
        return [(float(x), self.width, float(y), float(a)) for x, y, a in zip(*columns, strict=True)]


def riemann_sum(function: Function, start: float, end: float, n: Any, rule: str) -> RiemannSum:
    """The sum, with complaints about an n or a rule that make no sense."""
    if rule not in RULES:
        raise InputError(
            f"rule is {', '.join(RULES[:-1])} or {RULES[-1]}, and is {rule!r}{nearest(str(rule), RULES)}"
        )
    try:
        whole = int(n)
    except (TypeError, ValueError, OverflowError):
        whole = 0
    if whole != n or whole < 1 or isinstance(n, bool):
        raise InputError(f"n is the number of rectangles, a whole number from 1, and is {n!r}")
    if whole > MOST:
        raise InputError(f"{whole:,} rectangles are too many to add up; {MOST:,} are the most")
    return RiemannSum(function, start, end, whole, rule)


# -- in closed form -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class ClosedSum:
    """The sum of n rectangles as a formula in n, and its limit.

    Attributes
    ----------
    formula : sympy expression
        Sₙ in the symbol n.
    limit : sympy number
        n → ∞.
    steps : tuple of Step
    """

    formula: Any
    limit: Any
    steps: tuple[Step, ...]

    @property
    def n(self) -> Any:
        """The symbol n."""
        return _letter(self.formula.free_symbols)

    def at(self, n: int) -> Any:
        """The sum of so many rectangles, exactly."""
        return self.formula.subs({s: n for s in self.formula.free_symbols if str(s) == "n"})


def _letter(symbols: Any) -> Any:
    return next((s for s in symbols if str(s) == "n"), sympy.Symbol("n", integer=True, positive=True))


def closed_sum(function: Function, start: Any, end: Any, rule: str) -> ClosedSum | None:
    """The sum in closed form, for a polynomial; None for other functions.

    >>> from dydt.calculus.function import function
    >>> found = closed_sum(function("2*t"), sympy.Integer(0), sympy.Integer(2), "right")
    >>> found.formula, found.limit
    (4 + 4/n, 4)
    """
    f, x = function.expression, function.symbol
    if not f.is_polynomial(x) or sympy.degree(f, x) > _HIGHEST or not (start.is_finite and end.is_finite):
        return None
    n = sympy.Symbol("n", integer=True, positive=True)
    i = sympy.Symbol("i", integer=True, positive=True)
    width = (end - start) / n
    place = {"left": i - 1, "right": i, "midpoint": i - sympy.Rational(1, 2), "trapezoid": i}[rule]
    where = sympy.expand(start + place * width)
    height = sympy.expand(f.subs(x, where))
    if rule == "trapezoid":
        before = sympy.expand(f.subs(x, start + (i - 1) * width))
        height = sympy.expand((height + before) / 2)
    term = sympy.expand(height * width)
    steps = _opening(function, start, end, n, i, where, height, term, rule)
    total = sympy.Symbol("S_n")
    by_power = sympy.Poly(term, i)
    powers = [(int(k), c) for (k,), c in by_power.terms()] if term != 0 else []
    shown = _sum_of([_times(c, sympy.Sum(i**k if k else sympy.S.One, (i, 1, n))) for k, c in powers])
    formula = sympy.expand(sum((c * _gauss(k, n) for k, c in powers), start=sympy.S.Zero))

    def sums_up(candidate: Any) -> bool:
        """Whether a formula for the sum is right for n = 1 … 6, by adding up."""
        return all(
            sympy.simplify(
                candidate.subs(n, m).doit() - sum(term.subs(n, m).subs(i, j) for j in range(1, m + 1))
            )
            == 0
            for m in range(1, 7)
        )

    def add(says: str, formula: Any, check: Any) -> None:
        steps.append(checked(Step(says, formula, check)))

    if powers:
        says = "what does not depend on i goes before the sum"
        add(says, sympy.Eq(total, shown, evaluate=False), lambda: sums_up(shown))
    for k, _ in sorted(powers):
        add(_name_of(k), sympy.Eq(sympy.Sum(i**k if k else sympy.S.One, (i, 1, n)), _gauss(k, n), evaluate=False),
            lambda k=k: _adds_up(k, n))  # fmt: skip
    put_in = _sum_of([_times(c, _gauss(k, n)) for k, c in powers])
    if powers and put_in != formula:
        add("put them in", sympy.Eq(total, put_in, evaluate=False), lambda: sums_up(put_in))
    add("multiplied out", sympy.Eq(total, formula, evaluate=False), lambda: sums_up(formula))
    limit = sympy.limit(formula, n, sympy.oo)
    goes = sympy.Eq(sympy.Limit(total, n, sympy.oo), limit, evaluate=False)
    add("let n grow: what is divided by n goes to 0", goes, lambda: _is_limit(formula, n, limit))
    return ClosedSum(formula, limit, tuple(steps))


def _opening(
    function: Function, start: Any, end: Any, n: Any, i: Any, where: Any, height: Any, term: Any, rule: str
) -> list[Step]:
    """The partition, the i-th rectangle, and the sum as it is first written."""
    x, f = function.variable, function.name
    taken = {
        "left": "at its left end",
        "right": "at its right end",
        "midpoint": "in its middle",
        "trapezoid": "at its right end, x_i",
    }[rule]
    total = sympy.Symbol("S_n")
    mark = sympy.Symbol(f"{x}_i")
    shape = sympy.Symbol(f"{f}({x}_i)")
    if rule == "trapezoid":
        tall = "the i-th trapezoid is as high as the mean of both ends"
        equation = sympy.Eq(sympy.Symbol("height_i"), height, evaluate=False)
    else:
        tall, equation = "its height there", sympy.Eq(shape, height, evaluate=False)
    first = sympy.Sum(term, (i, 1, n))
    return [
        Step(f"n equal parts of [{start}, {end}], each this wide",
             sympy.Eq(sympy.Symbol(f"Δ{x}"), (end - start) / n, evaluate=False), None, True),
        Step(f"the i-th part, {taken}", sympy.Eq(mark, where, evaluate=False), None, True),
        Step(tall, equation, None, True),
        Step("height times width, added up", sympy.Eq(total, first, evaluate=False), None, True),
    ]  # fmt: skip


def _times(factor: Any, rest: Any) -> Any:
    """A product that is not multiplied out."""
    return rest if factor == 1 else sympy.Mul(factor, rest, evaluate=False)


def _sum_of(terms: list[Any]) -> Any:
    """A sum in the order given."""
    return in_order(*terms) if len(terms) > 1 else sympy.Add(*terms)


def _gauss(k: int, n: Any) -> Any:
    """1^k + 2^k + … + n^k, factored (Faulhaber)."""
    if k == 0:
        return n
    i = sympy.Symbol("i", integer=True, positive=True)
    return sympy.factor(sympy.Sum(i**k, (i, 1, n)).doit())


def _adds_up(k: int, n: Any) -> bool:
    return all(_gauss(k, n).subs(n, m) == sum(j**k for j in range(1, m + 1)) for m in range(1, k + 4))


def _is_limit(formula: Any, n: Any, limit: Any) -> bool:
    """Whether what is left above the limit shrinks like 1/n."""
    gaps = [abs(sympy.N(formula.subs(n, 10**k) - limit, 30)) for k in (4, 6, 8)]
    return all(b <= a / 50 or a < 1e-20 for a, b in itertools.pairwise(gaps))


def _name_of(k: int) -> str:
    return {
        0: "1 added n times",
        1: "Gauss: first and last, second and last but one, … give n + 1 each, n/2 times",
        2: "the sum of squares",
        3: "the sum of cubes, Gauss's sum squared",
    }.get(k, f"the sum of {k}th powers (Faulhaber)")
