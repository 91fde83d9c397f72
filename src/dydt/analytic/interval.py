"""The largest interval around the start on which a solution holds.

It ends where the solution or its derivatives stop being real and finite, and where the law, along the solution, stops
saying how things change: at a zero of what the highest derivative is multiplied by, or of a denominator. The candidates
are zeros of parts of the formulas (denominators, what a logarithm or a root is taken of); the nearest on each side that
is one is bracketed in numbers, and said exactly where algebra finds it too.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import sympy

from dydt.analytic.briefly import briefly
from dydt.analytic.failures import FAILURES
from dydt.analytic.numeric import numeric
from dydt.analytic.problem import Problem
from dydt.analytic.verify import derivative, explicit_values, holding
from dydt.calculus.notation import latex, text

_EXACT = 0.4  # seconds for algebra at one candidate
_FAR = np.concatenate([np.linspace(0, 20, 4001)[1:], np.geomspace(20, 1e6, 1500)[1:]])
_SAME = 1e-9  # two zeros that are as near as this are one
_SAMPLES = 60
_LONGEST = 40  # letters in an exact end; beyond that a decimal number says more
# Functions that are not defined, or not smooth, where this of their argument is zero.
_CRITICAL = {
    "log": lambda u: (u,),
    "Abs": lambda u: (u,),
    "sign": lambda u: (u,),
    "tan": lambda u: (sympy.cos(u),),
    "sec": lambda u: (sympy.cos(u),),
    "cot": lambda u: (sympy.sin(u),),
    "csc": lambda u: (sympy.sin(u),),
    "coth": lambda u: (sympy.sinh(u),),
    "csch": lambda u: (sympy.sinh(u),),
    "asin": lambda u: (1 - u, 1 + u),
    "acos": lambda u: (1 - u, 1 + u),
    "acosh": lambda u: (u - 1,),
    "atanh": lambda u: (1 - u, 1 + u),
    "Ei": lambda u: (u,),
    "li": lambda u: (u, u - 1),
    "Ci": lambda u: (u,),
    "LambertW": lambda u: (sympy.exp(-1) + u,),
    "bessely": lambda *u: (u[-1],),
    "besselk": lambda *u: (u[-1],),
}


@dataclass(frozen=True)
class Interval:
    """An open interval.

    Attributes
    ----------
    low, high : sympy numbers
        Infinite where nothing ends it.
    exact : bool
        Whether the finite ends are exact.
    independent : str
    """

    low: Any
    high: Any
    exact: bool = True
    independent: str = "t"

    def __str__(self) -> str:
        return self._said(
            lambda end: text(end) if end.is_Rational or not end.is_Float else f"{float(end):.8g}", "<"
        )

    @property
    def latex(self) -> str:
        return self._said(lambda end: latex(end) if not end.is_Float else f"{float(end):.8g}", "<")

    def _said(self, write: Any, less: str) -> str:
        name, low, high = self.independent, self.low, self.high
        if low == -sympy.oo and high == sympy.oo:
            return rf"-\infty < {name} < \infty" if write is latex else f"all {name}"
        if low == -sympy.oo:
            return f"{name} {less} {write(high)}"
        if high == sympy.oo:
            return f"{name} > {write(low)}"
        return f"{write(low)} {less} {name} {less} {write(high)}"

    def __contains__(self, value: float) -> bool:
        return bool(float(self.low) < value < float(self.high))


def interval(problem: Problem, solution: Sequence[Any]) -> Interval | None:
    """Where a solution with initial values holds; None where that can't be told, as for an implicit relation.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> p = problem(parse("y' = y^2"), {}, {"y": 1})
    >>> print(interval(p, [sympy.Eq(p.y, 1 / (1 - p.independent))]))
    t < 1
    """
    values = explicit_values(problem, solution)
    if values is None or any(f.free_symbols - {problem.independent} for f in values.values()):
        return None
    try:
        search = _Search(problem, values, holding(problem, solution))
        low, high = search.end(-1), search.end(+1)
        if low == high:
            return None
    except FAILURES:
        return None
    exact = not (low.is_Float or high.is_Float)
    return Interval(low, high, exact, str(problem.independent))


class _Search:
    """Looks for the nearest end on each side."""

    def __init__(self, problem: Problem, values: dict[Any, Any], holds: Callable[[Any], bool | None]) -> None:
        self.holds = holds
        self.t = problem.independent
        self.start = problem.start
        self.formulas = []
        along = {}
        for unknown, formula in values.items():
            for k in range(problem.order_of(unknown) + 1):
                along[problem.derivative(k, unknown)] = formula
                self.formulas.append(formula)
                formula = derivative(formula, self.t)
        self.evaluate = numeric(self.t, self.formulas)
        own = set(itertools.chain(*map(critical, self.formulas)))
        law = {c.xreplace(along) for c in _of_the_law(problem)}
        self.law = {part for c in law for part in self._parts(c)}
        both = self.law | {part for c in own for part in self._parts(c)}
        self.candidates = sorted(both, key=lambda c: (c.count_ops(), str(c)))  # the plainest first

    def _parts(self, expression: Any) -> set[Any]:
        """The factors of the numerator that can be zero."""
        whole = briefly(_EXACT, lambda: sympy.factor(sympy.together(expression)), otherwise=expression)
        above = whole.as_numer_denom()[0]
        factors = (factor.as_base_exp()[0] for factor in sympy.Mul.make_args(above))
        return {factor for factor in factors if factor.free_symbols == {self.t} and not factor.is_positive}

    def end(self, side: int) -> Any:
        """The nearest end on this side, exact if algebra finds it."""
        if not self._begins(side):
            return self.start
        hits = []
        for candidate in self.candidates:
            for place in self._zeros(candidate, side):
                if candidate in self.law or self._breaks(place):
                    hits.append((side * place, place, candidate))
                    break
        if not hits:
            return self._switch(side, None) or side * sympy.oo
        nearest = min(distance for distance, _, _ in hits)
        _, place, candidate = next(hit for hit in hits if hit[0] - nearest <= _SAME)
        return self._switch(side, place) or self._exactly(candidate, place)

    def _begins(self, side: int) -> bool:
        """Whether the solution holds just beside the start on this side."""
        beside = [
            self.holds(mpmath.mpf(float(self.start)) + side * mpmath.mpf(d)) for d in (1e-5, 1e-4, 1e-3)
        ]
        return any(beside)

    def _switch(self, side: int, place: Any) -> Any:
        """Where it stops holding before that place, as where a root would have to change its sign; else None."""
        start = mpmath.mpf(float(self.start))
        reach = abs(place - start) if place is not None else mpmath.mpf(20)
        good = start
        for k in range(1, _SAMPLES):
            time = start + side * reach * k / _SAMPLES
            holds = self.holds(time)
            if holds is False:
                break
            good = time if holds else good
        else:
            return None
        bad = time
        for _ in range(60):
            middle = (good + bad) / 2
            good, bad = (good, middle) if self.holds(middle) is False else (middle, bad)
        near = [c for c in self.candidates if self._vanishes(c, bad)]
        return self._exactly(near[0], bad) if near else sympy.Float(str(bad), 12)

    def _vanishes(self, candidate: Any, place: Any) -> bool:
        try:
            value = mpmath.mpmathify(numeric(self.t, candidate)(place))
        except FAILURES:
            return False
        return bool(abs(value) < 1e-7)

    def _zeros(self, candidate: Any, side: int, most: int = 12) -> Iterator[Any]:
        function = sympy.lambdify(self.t, candidate, "numpy", cse=True)
        start = float(self.start)
        places = start + side * np.concatenate([[1e-9 * (1 + abs(start))], _FAR])
        with np.errstate(all="ignore"):
            values = np.broadcast_to(np.asarray(function(places.astype(complex))), places.shape)
        real = np.isfinite(values) & (np.abs(values.imag) <= 1e-9 * (1 + np.abs(values.real)))
        signs = np.where(real, np.sign(values.real), np.nan)
        crossed = signs[1:] * signs[:-1] <= 0
        size = np.where(real, np.abs(values), np.inf)
        touched = np.zeros_like(
            crossed
        )  # a zero without a change of sign: lower than both neighbours, and small
        touched[1:] = (size[1:-1] < size[:-2]) & (size[1:-1] <= size[2:]) & (size[1:-1] < 1e-3)
        for k in itertools.islice(np.flatnonzero(crossed | touched), most):
            place = self._bracketed(candidate, places[k], places[k + 1], bool(crossed[k]))
            if place is not None and side * (place - start) > 0:
                yield place

    def _bracketed(self, candidate: Any, one: float, other: float, crossed: bool) -> Any:
        function = numeric(self.t, candidate)
        try:
            with mpmath.workdps(25):
                solver = "anderson" if crossed else "secant"
                place = mpmath.findroot(
                    function, (one, other), solver=solver, tol=1e-30, verify=False, maxsteps=80
                )
                near = abs(function(place)) < 1e-8 * (1 + abs(function(mpmath.mpf(one))))
                near = near and abs(place - one) <= 4 * abs(mpmath.mpf(other) - one)
        except FAILURES:
            return None
        return mpmath.re(place) if near else None

    def _breaks(self, place: Any) -> bool:
        """Whether the solution or a derivative has no real value close to a place, or grows without bound there."""
        with mpmath.workdps(40):
            sides = [
                [self._sizes(place + side * mpmath.mpf(d)) for d in ("1e-6", "1e-10")] for side in (-1, 1)
            ]
        for far, near in sides:
            if far is None or near is None:
                return True
            if any(abs(n) > 10 * abs(f) + 1e3 for f, n in zip(far, near, strict=True)):
                return True
        left, right = (near or [] for _, near in sides)
        return any(abs(a - b) > 1e-4 * (1 + abs(a)) for a, b in zip(left, right, strict=True))

    def _sizes(self, place: Any) -> list[Any] | None:
        try:
            values = [mpmath.mpmathify(v) for v in self.evaluate(place)]
        except FAILURES:
            return None
        if any(not mpmath.isfinite(v) or abs(mpmath.im(v)) > 1e-20 * (1 + abs(v)) for v in values):
            return None
        return [mpmath.re(v) for v in values]

    def _exactly(self, candidate: Any, place: Any) -> Any:
        def solve() -> list[Any]:
            plain = sympy.Dummy("t", real=True)
            return sympy.solve(candidate.xreplace({self.t: plain}), plain)

        try:
            roots = briefly(_EXACT, solve, otherwise=[])
        except FAILURES:
            roots = []
        value = float(place)
        for root in roots:
            if (
                root.is_real
                and abs(float(root) - value) < _SAME * (1 + abs(value))
                and len(text(root)) <= _LONGEST
            ):
                return sympy.nsimplify(root) if root.is_Float else root
        in_pi = sympy.nsimplify(value / np.pi, rational=True, tolerance=1e-11)
        if in_pi.q <= 24 and abs(in_pi.p) <= 1000 and candidate.has(sympy.sin, sympy.cos):
            return in_pi * sympy.pi
        return sympy.Float(str(place), 15)


def _of_the_law(problem: Problem) -> set[Any]:
    """What must not be zero for the law to say how things change."""
    found: set[Any] = set()
    for equation in problem.equations:
        for side in (equation.lhs, equation.rhs):
            found |= {c for c in critical(side) if not c.has(sympy.Derivative)}
    if problem.is_single:
        top = problem.letters[-1]
        leading = sympy.diff(problem.residual, top)
        if leading.is_number or leading.has(top):
            return found
        found |= {problem.in_functions(leading)}
    return found


def critical(expression: Any) -> set[Any]:
    """Parts whose zeros are the only real places where the expression may have no value, or a kink.

    >>> x = sympy.Symbol("x", real=True)
    >>> critical(sympy.log(x) / (x - 1)) == {x, x - 1}
    True
    """
    found: set[Any] = set()
    for part in sympy.preorder_traversal(expression):
        if part.is_Pow and (part.exp.is_negative or not part.exp.is_integer):
            if not part.base.is_positive:
                found.add(part.base)
        elif isinstance(part, sympy.Integral):
            for variable, *ends in part.limits:
                found |= (
                    {c.xreplace({variable: ends[-1]}) for c in critical(part.function)} if ends else set()
                )
        elif part.is_Function and part.func.__name__ in _CRITICAL:
            found |= set(_CRITICAL[part.func.__name__](*part.args))
    return {c for c in found if c.free_symbols}
