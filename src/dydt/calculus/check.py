"""Whether two formulas are the same: tried with many digits at random points, always the same ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import mpmath

from dydt.calculus.notation import Step
from dydt.calculus.precise import as_mpf

_DIGITS = 30
_MANY = 90
_CLOSE = 1e-15
_WANTED = 3
_TRIES = 40


def number_at(expression: Any, values: dict[Any, Any], digits: int = _DIGITS) -> Any:
    """The value of a SymPy expression as an mpmath number; NaN where it is not real and finite."""
    try:
        found = expression.subs(values).evalf(digits, maxn=4 * digits)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError, NotImplementedError, RecursionError):
        return mpmath.nan
    if not (found.is_Float or found.is_Rational) or not found.is_finite:
        return mpmath.nan
    with mpmath.workdps(digits):
        return as_mpf(found)


def agree(left: Any, right: Any, *, positive: Iterable[Any] = ()) -> bool:
    """Whether two SymPy expressions have the same value wherever both have one.

    Parameters
    ----------
    left, right : sympy expressions
    positive : iterable of sympy symbols
        Those that only take positive values.

    Returns
    -------
    bool
        False also if no point is found where both have a value.

    >>> import sympy
    >>> x = sympy.Symbol("x", real=True)
    >>> agree(sympy.sin(x)**2, 1 - sympy.cos(x)**2), agree(x**2, x)
    (True, False)
    """
    names = sorted(left.free_symbols | right.free_symbols, key=str)
    above = set(positive)

    def pair(point: dict[Any, Any]) -> tuple[Any, Any]:
        return number_at(left, point), number_at(right, point)

    return _same(pair, names, above)


def is_slope(slope: Any, of: Any, variable: Any) -> bool:
    """Whether an expression is the derivative of another, by difference quotients with many digits.

    >>> import sympy
    >>> x = sympy.Symbol("x", real=True)
    >>> is_slope(2 * x, x**2, x), is_slope(x, x**2, x)
    (True, False)
    """
    import sympy

    names = sorted(slope.free_symbols | of.free_symbols | {variable}, key=str)
    h = sympy.Rational(1, 10**24)

    def pair(point: dict[Any, Any]) -> tuple[Any, Any]:
        ahead = number_at(of, {**point, variable: point[variable] + h}, _MANY)
        behind = number_at(of, {**point, variable: point[variable] - h}, _MANY)
        with mpmath.workdps(_MANY):
            return number_at(slope, point), (ahead - behind) * 10**24 / 2

    return _same(pair, names, set())


def _same(pair: Callable[[dict[Any, Any]], tuple[Any, Any]], names: list[Any], above: set[Any]) -> bool:
    dice = random.Random(20_240)
    met = 0
    for attempt in range(_TRIES):
        reach = (2, 1, 6, 20)[attempt % 4]
        signs = {s: s in above or bool(s.is_positive) for s in names}
        point = {s: _rational(dice, reach, signs[s], bool(s.is_integer)) for s in names}
        a, b = pair(point)
        if mpmath.isnan(a) or mpmath.isnan(b):
            if not names:
                return False
            continue
        if abs(a - b) > _CLOSE * (1 + abs(a) + abs(b)):
            return False
        met += 1
        if met == _WANTED or not names:
            return True
    return met > 0


def _rational(dice: random.Random, reach: int, positive: bool, whole: bool) -> Any:
    import sympy

    if whole:
        return sympy.Integer(dice.randint(1, 9))
    found = sympy.Rational(dice.randint(1, 997 * reach), 997)
    return found if positive or dice.random() < 0.6 else -found


def checked(step: Step) -> Step:
    """The step, with what its check says."""
    if step.check is None:
        return step
    return replace(step, check=None, checked=bool(step.check()))
