"""Where an expression of one variable is zero on an interval: exactly where SymPy is sure, else bracketed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import sympy

from dydt.calculus.check import number_at
from dydt.calculus.patience import Unanswered, patiently
from dydt.calculus.precise import Precise, as_mpf
from dydt.errors import InputError
from dydt.expr.derive import derivative
from dydt.expr.sympy import exact, from_sympy
from dydt.kernels.numpy import evaluate

SAMPLES = 4001
MOST = 2000
_HIGHEST = 24  # degree of a polynomial whose roots are isolated exactly
_DIGITS = 40
_HALVINGS = 110
_LIMIT = 4.0  # seconds for SymPy to solve an equation


@dataclass(frozen=True)
class Place:
    """A place on the axis.

    Attributes
    ----------
    at : float
    exact : sympy number
        The place itself, or a number with many digits if no closed form is known.
    is_exact : bool
    """

    at: float
    exact: Any
    is_exact: bool = True


@dataclass(frozen=True)
class Zeros:
    """The zeros of an expression on an interval.

    Attributes
    ----------
    places : tuple of Place
        From left to right.
    sure : bool
        Whether there can be no others; else they were looked for with `SAMPLES` samples.
    everywhere : bool
        The expression is zero all over.
    """

    places: tuple[Place, ...]
    sure: bool = True
    everywhere: bool = False


def zeros(of: Any, variable: Any, low: Any, high: Any) -> Zeros:
    """The zeros of a SymPy expression on ``[low, high]``, ends included.

    >>> x = sympy.Symbol("x", real=True)
    >>> [str(place.exact) for place in zeros(x**2 - 2, x, -3, 3).places]
    ['-sqrt(2)', 'sqrt(2)']
    """
    if not of.has(variable):
        return Zeros((), True, of == 0)
    above = sympy.numer(sympy.together(of)) if of.is_rational_function(variable) else of
    if above.is_polynomial(variable):
        found = _of_polynomial(above, variable, low, high)
        if found is not None:
            return found
    bracketed = _bracketed(of, variable, low, high)
    solved = _solved(of, variable, low, high)
    if solved is not None and all(_has(solved, place.at) for place in bracketed.places):
        return Zeros(tuple(solved))
    return bracketed


def _has(places: Sequence[Place], at: float) -> bool:
    return any(abs(place.at - at) <= 1e-8 * (1 + abs(at)) for place in places)


def _of_polynomial(of: Any, variable: Any, low: Any, high: Any) -> Zeros | None:
    poly = sympy.Poly(of, variable)
    if poly.is_zero:
        return Zeros((), True, True)
    if poly.degree() > _HIGHEST or not all(c.is_Rational for c in poly.all_coeffs()):
        factors = [] if poly.degree() > 2 else sympy.roots(poly)
        if not factors:
            return None if poly.degree() > 0 else Zeros(())
        roots = [root for root in factors if root.is_real]
    else:
        roots = list(dict.fromkeys(poly.real_roots()))
    places = (_place(root) for root in roots)
    inside = [place for place in places if as_float(low) <= place.at <= as_float(high)]
    return Zeros(tuple(sorted(inside, key=lambda place: place.at)))


def _place(root: Any) -> Place:
    """A root as a place; one that has no formula becomes a number with many digits."""
    if root.has(sympy.CRootOf) or sympy.count_ops(root) > 24:
        digits = root.evalf(_DIGITS)
        return Place(float(digits), digits, False)
    return Place(float(root), root)


def as_float(value: Any) -> float:
    """A SymPy number, perhaps infinite, as a float."""
    return float(value)


def _solved(of: Any, variable: Any, low: Any, high: Any) -> list[Place] | None:
    """All zeros by SymPy, if it is sure of them."""
    domain = sympy.Interval(low, high)
    try:
        found = patiently(solve_on, of, variable, domain, limit=_LIMIT)
    except (Unanswered, NotImplementedError, ValueError, TypeError, AttributeError, RuntimeError):
        return None
    if found is None:
        return None
    places = [_place(root) for root in found]
    for place in places:  # what SymPy finds is a zero, or it is not believed
        value = number_at(of, {variable: place.exact}, _DIGITS)
        if mpmath.isnan(value) or abs(value) > 1e-25:
            return None
    return sorted(places, key=lambda place: place.at)


def solve_on(of: Any, variable: Any, domain: Any) -> list[Any] | None:
    """The solutions of ``of = 0`` on an interval as SymPy lists them; None if it can't."""
    found = sympy.solveset(of, variable, domain)
    if found is sympy.S.EmptySet:
        return []
    if isinstance(found, sympy.FiniteSet) and len(found) <= MOST:
        return [root for root in found if root.is_real] if all(root.is_real for root in found) else None
    return None


# -- with numbers ---------------------------------------------------------------------------------------------------


def samples(low: float, high: float, count: int = SAMPLES) -> Any:
    """Places to look at: even on a finite interval, ever wider apart towards an infinite end."""
    if math.isfinite(low) and math.isfinite(high):
        return np.linspace(low, high, count)
    centre = low if math.isfinite(low) else high if math.isfinite(high) else 0.0
    start = 0.0 if math.isfinite(low) else -1.0
    end = 0.0 if math.isfinite(high) else 1.0
    turn = np.linspace(start, end, count + 2)[1:-1] * (np.pi / 2)
    return centre + np.tan(turn) * max(1.0, abs(centre))


def _bracketed(of: Any, variable: Any, low: Any, high: Any) -> Zeros:
    """Zeros between samples of different sign, and where the expression touches zero without crossing it."""
    try:
        node = from_sympy(of)
    except InputError:
        return Zeros((), False)
    name = str(variable)
    slope = derivative(node, name)
    places = samples(as_float(low), as_float(high))
    values, slopes = (
        np.broadcast_to(np.asarray(v, float), places.shape) for v in evaluate([node, slope], {name: places})
    )
    if np.all(values == 0):
        return Zeros((), False, True)
    precise, precise_slope = Precise(node, name), Precise(slope, name)
    nothing = values == 0
    inside = (
        nothing & np.append(False, nothing[:-1]) & np.append(nothing[1:], False)
    )  # of a stretch that is all zero
    found = [float(x) for x in places[nothing & ~inside]]
    signs, ways = np.sign(values), np.sign(slopes)
    crossings = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    turns = np.flatnonzero((ways[:-1] * ways[1:] < 0) & (signs[:-1] * signs[1:] > 0))
    if len(crossings) + len(turns) > 2 * MOST:
        raise InputError(
            f"`{of}` turns more than {MOST:,} times between {as_float(low):g} and {as_float(high):g}: look at a part"
        )
    tops = [(i, precise, True) for i in crossings] + [(i, precise_slope, False) for i in turns]
    result: dict[float, Place] = {x: _recognised(as_mpf(x), of, variable) for x in found}
    for i, function, crosses in tops:
        root = bisect(function, places[i], places[i + 1])
        with mpmath.workdps(_DIGITS):
            left, right = (
                abs(precise(root - mpmath.mpf(10) ** -20)),
                abs(precise(root + mpmath.mpf(10) ** -20)),
            )
        size = max((abs(float(v)) for v in values[i : i + 2] if np.isfinite(v)), default=1.0)
        near = 1e-6 if crosses else 1e-15
        if left <= near * size and right <= near * size:
            result[float(root)] = _recognised(root, of, variable)
    return Zeros(tuple(result[x] for x in sorted(result)), False)


def bisect(function: Callable[[Any], Any], low: float, high: float) -> Any:
    """Where a function changes its sign between two places, by halving with many digits."""
    with mpmath.workdps(_DIGITS):
        a, b = mpmath.mpf(low), mpmath.mpf(high)
        sign = mpmath.sign(function(a))
        for _ in range(_HALVINGS):
            middle = (a + b) / 2
            value = function(middle)
            if value == 0:
                return middle
            if mpmath.sign(value) == sign:
                a = middle
            else:
                b = middle
        return (a + b) / 2


def _recognised(root: Any, of: Any, variable: Any) -> Place:
    """The place as a fraction, a fraction of π or a root of one, if the expression is exactly zero there."""
    value = float(root)
    guesses = [exact(round(value, 12)), sympy.pi * exact(round(value / math.pi, 12))]
    guesses.append(sympy.sign(sympy.Integer(round(value) or 1)) * sympy.sqrt(abs(exact(round(value**2, 12)))))
    for guess in guesses:
        if abs(float(guess) - value) <= 1e-11 * (1 + abs(value)) and sympy.count_ops(guess) <= 6:
            at = of.subs(variable, guess)
            if at == 0:
                return Place(value, guess)
    digits = sympy.Float(str(mpmath.nstr(root, 30)), 30)
    return Place(value, digits, False)
