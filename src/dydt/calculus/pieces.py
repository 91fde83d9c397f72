"""A function cut into pieces on which it is one smooth formula: at corners, jumps, poles and ends of its domain."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import sympy
from sympy.core.relational import Relational

from dydt.calculus.check import number_at
from dydt.calculus.zeros import Place, samples, zeros
from dydt.errors import InputError
from dydt.expr.sympy import from_sympy
from dydt.kernels.numpy import evaluate

_MOST_JUMPS = 500


@dataclass(frozen=True)
class Piece:
    """A part of an interval on which a function is one formula, without a corner, a jump or a pole inside.

    Attributes
    ----------
    start, end : Place
    formula : sympy expression
        In which abs, sign, floor, if and the like are gone.
    is_defined : bool
        Whether the function has values there.
    """

    start: Place
    end: Place
    formula: Any
    is_defined: bool = True


@dataclass(frozen=True)
class Cut:
    """An interval in pieces.

    Attributes
    ----------
    pieces : tuple of Piece
    sure : bool
        Whether no further place can be special.
    """

    pieces: tuple[Piece, ...]
    sure: bool


def cut(of: Any, variable: Any, low: Place, high: Place) -> Cut:
    """The function on ``[low, high]`` (ends may be infinite) in pieces.

    >>> x = sympy.Symbol("x", real=True)
    >>> parts = cut(abs(x), x, Place(-1.0, sympy.Integer(-1)), Place(2.0, sympy.Integer(2)))
    >>> [(piece.start.at, piece.end.at, piece.formula) for piece in parts.pieces]
    [(-1.0, 0.0, -x), (0.0, 2.0, x)]
    """
    special: list[Place] = []
    sure = True
    for candidate in dict.fromkeys(_candidates(of, variable, low, high)):
        found = zeros(candidate, variable, low.exact, high.exact)
        special += [place for place in found.places if low.at < place.at < high.at]
        sure = sure and found.sure
    inside: list[Place] = []
    for place in sorted(special, key=lambda place: (place.at, not place.is_exact)):
        if not inside or place.at - inside[-1].at > 1e-12 * (1 + abs(place.at)):
            inside.append(place)
    borders = [low, *inside, high]
    pieces = [_piece(of, variable, start, end) for start, end in itertools.pairwise(borders)]
    return Cut(tuple(pieces), sure)


def _piece(of: Any, variable: Any, start: Place, end: Place) -> Piece:
    middle = _inside(start.at, end.at)
    formula = branch(of, variable, sympy.Rational(repr(middle)))
    value = number_at(formula, {variable: sympy.Rational(repr(middle))})
    return Piece(start, end, formula, not mpmath.isnan(value))


def _inside(low: float, high: float) -> float:
    """A place inside, not too near the ends and not too round."""
    if np.isfinite(low) and np.isfinite(high):
        return low + 0.4871 * (high - low)
    if np.isfinite(low):
        return low + 1.4871 * max(1.0, abs(low))
    return high - 1.4871 * max(1.0, abs(high)) if np.isfinite(high) else 0.4871


def _candidates(of: Any, variable: Any, low: Place, high: Place) -> Iterator[Any]:
    """Expressions whose zeros are places where something may happen."""
    for part in sympy.preorder_traversal(of):
        if not getattr(part, "free_symbols", None) or not part.has(variable):
            continue
        if isinstance(part, sympy.Abs | sympy.sign | sympy.log | sympy.Heaviside):
            yield part.args[0]
        elif isinstance(part, Relational):
            yield part.lhs - part.rhs
        elif isinstance(part, sympy.Max | sympy.Min):
            _first, *_rest = part.args
            for i, one in enumerate(part.args):
                yield from (one - other for other in part.args[i + 1 :])
        elif isinstance(part, sympy.floor | sympy.ceiling):
            yield from _levels(part.args[0], variable, low, high)
        elif isinstance(part, sympy.Mod):
            yield from _levels(part.args[0] / part.args[1], variable, low, high)
        elif isinstance(part, sympy.tan):
            yield sympy.cos(part.args[0])
        elif isinstance(part, sympy.asin | sympy.acos):
            yield from (part.args[0] - 1, part.args[0] + 1)
        elif isinstance(part, sympy.atan2):
            yield part.args[0]
        elif part.is_Pow and part.base.has(variable):
            exponent = part.exp
            if exponent.has(variable) or not exponent.is_integer or exponent.is_negative:
                yield part.base


def _levels(inside: Any, variable: Any, low: Place, high: Place) -> Iterator[Any]:
    """One expression for each whole number that a floor's inside passes."""
    places = samples(low.at, high.at)
    values = np.asarray(evaluate([from_sympy(inside)], {str(variable): places})[0], dtype=float)
    values = values[np.isfinite(values)]
    if not len(values):
        return
    first, last = int(np.floor(values.min())), int(np.ceil(values.max()))
    if last - first > _MOST_JUMPS:
        raise InputError(
            f"`floor({inside})` jumps more than {_MOST_JUMPS} times there: look at a shorter interval"
        )
    for level in range(first, last + 1):
        yield inside - level


def branch(of: Any, variable: Any, at: Any) -> Any:
    """The formula that a function with abs, sign, floor, if … is near a place."""
    if not of.has(variable) or not of.args:
        return of
    inside = [branch(a, variable, at) for a in of.args] if not isinstance(of, sympy.Piecewise) else []
    match of:
        case sympy.Piecewise():
            for case in of.args:
                if case.cond == True or case.cond.subs(variable, at) == True:  # noqa: E712  (SymPy's own truth)
                    return branch(case.expr, variable, at)
            return sympy.nan
        case sympy.Abs():
            return inside[0] if _value(inside[0], variable, at) >= 0 else -inside[0]
        case sympy.sign():
            return sympy.Integer(int(mpmath.sign(_value(inside[0], variable, at))))
        case sympy.Heaviside():
            return sympy.Integer(int(_value(inside[0], variable, at) >= 0))
        case sympy.floor() | sympy.ceiling():
            value = _value(inside[0], variable, at)
            rounded = mpmath.floor(value) if isinstance(of, sympy.floor) else mpmath.ceil(value)
            return sympy.Integer(int(rounded)) if mpmath.isfinite(value) else sympy.nan
        case sympy.Mod():
            value = _value(inside[0] / inside[1], variable, at)
            return inside[0] - inside[1] * int(mpmath.floor(value)) if mpmath.isfinite(value) else sympy.nan
        case sympy.Max() | sympy.Min():
            pick = max if isinstance(of, sympy.Max) else min
            return pick(inside, key=lambda part: _value(part, variable, at))
    return of.func(*inside)


def _value(of: Any, variable: Any, at: Any) -> Any:
    return number_at(of, {variable: at}) if of.has(variable) else number_at(of, {})
