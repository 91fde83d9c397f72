"""What data do not determine, in words: directions in which the unknowns may move and the curves stay."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any

# A singular value that is zero, as a part of the largest: sensitivities are not surer than that.
_NOTHING = 1e-5
_TELLING = 1e-2  # part of what goes into it: so much left of it makes a residual tell of a direction
_ROUNDING = 1e-12  # of columns of length one
_FAINT = 1e-6  # part of what the data reach: a smaller change, by as much as an unknown is large, is none
_EXACT = 1e-12  # a part of the largest to which singular values are good
_IDLE = 1e-8  # standard deviations that residuals change by with an unknown that does nothing
_SMALL = 1e-8  # a value that is zero, as a part of its size
_SAME = 0.01  # part of the cost by which it may change where only a product or a sum is determined
_PART = 0.05  # components of a direction that count
_WHOLE = 0.03  # how near ratios of components must be to whole numbers
_LARGEST = 6  # and how large these may be


@dataclass(frozen=True)
class Direction:
    """A direction that the data leave open.

    Attributes
    ----------
    names : tuple of str
        What moves along it.
    components : tuple of float
        By how much, relative to the size of each.
    text : str
    """

    names: tuple[str, ...]
    components: tuple[float, ...]
    text: str


@dataclass(frozen=True, eq=False)
class Spread:
    """What the Jacobian at the end of a fit tells.

    Attributes
    ----------
    covariance : ndarray, shape (q, q)
        Of the directions that are determined, in units of the residuals' variance.
    loose : ndarray of bool, shape (q,)
        Which unknowns take part in a direction that is not.
    directions : tuple of ndarray
        The open directions, relative to the sizes of the unknowns.
    sizes : ndarray, shape (q,)
    """

    covariance: Array
    loose: Array
    directions: tuple[Array, ...]
    sizes: Array


def spread(jacobian: Array, values: Array, sizes: Array, reach: float = math.inf) -> Spread:
    """The covariance (JᵀJ)⁻¹ and the directions in which it has no meaning: those in which columns of J cancel.

    Parameters
    ----------
    jacobian : ndarray, shape (m, q)
        ∂(residual in units of its noise)/∂(value).
    values : ndarray, shape (q,)
    sizes : ndarray, shape (q,)
        What a value is measured by where it is zero.
    reach : float
        How far the data reach, in units of their noise.
    """
    lengths = np.sqrt(np.einsum("ij,ij->j", jacobian, jacobian))
    sizes = np.where(np.abs(values) > _SMALL * sizes, np.abs(values), sizes)
    idle = lengths * np.maximum(np.abs(values), sizes) <= _IDLE
    units = 1.0 / np.where(idle, 1.0, lengths)
    scaled = np.where(idle, 0.0, jacobian) * units
    # Squares of singular values, good to 1e-8 of the largest: smaller ones are looked at by themselves.
    squares, vectors = np.linalg.eigh(scaled.T @ scaled)
    s, right = np.sqrt(np.maximum(squares, 0.0)), vectors.T
    if s[0] <= _NOTHING * s[-1] or s[-1] == 0.0:
        s, right = _looked_at(scaled, units / sizes, reach)
    is_open = s == 0.0
    inverse = np.where(is_open, 0.0, 1.0 / np.where(is_open, 1.0, s) ** 2)
    covariance = (right.T * inverse) @ right * np.outer(units, units)
    directions = right[is_open] * units / sizes
    loose = np.zeros(len(values), dtype=bool)
    if not len(directions):
        return Spread(covariance, loose, (), sizes)
    tidied = _tidied(directions / np.max(np.abs(directions), axis=1, keepdims=True))
    loose |= np.any(np.abs(tidied) > _PART, axis=0)
    return Spread(covariance, loose, tuple(tidied), sizes)


def _looked_at(scaled: Array, relative: Array, reach: float) -> tuple[Array, Array]:
    """Singular values and directions, the values zero where residuals tell nothing.

    A value that is small beside the largest need not be: in chaos the largest grow without end, and all others are
    small beside them.
    """
    short = max(0, scaled.shape[1] - len(scaled))
    _, s, right = np.linalg.svd(np.pad(scaled, ((0, short), (0, 0))), full_matrices=False)
    largest = float(s[0])
    for k in np.flatnonzero(s <= _NOTHING * (largest or 1.0)):
        told = _told(scaled, right[k], reach * float(np.max(np.abs(right[k] * relative))))
        s[k] = told if told == 0.0 or s[k] <= _EXACT * largest else s[k]
    return s, right


def _told(jacobian: Array, direction: Array, reach: float) -> float:
    """What those residuals tell of a direction in which the columns do not cancel."""
    image, parts = jacobian @ direction, np.abs(jacobian) @ np.abs(direction)
    faint = max(_FAINT * min(float(np.max(parts, initial=0.0)), reach), _ROUNDING)
    return float(np.linalg.norm(image[np.abs(image) > _TELLING * parts + faint]))


def _tidied(rows: Array) -> list[Array]:
    """A basis of the open directions in which each touches as few unknowns as it can."""
    rows = np.array(rows, dtype=float)
    taken: list[int] = []
    for i in range(len(rows)):
        left = np.abs(rows[i]).copy()
        left[taken] = 0.0
        pivot = int(np.argmax(left))
        taken.append(pivot)
        rows[i] /= rows[i, pivot]
        for k in range(len(rows)):
            if k != i:
                rows[k] -= rows[k, pivot] * rows[i]
    return [row / np.max(np.abs(row)) for row in rows]


def in_words(
    spread: Spread, names: Sequence[str], values: Array, cost: Callable[[Array], float]
) -> tuple[Direction, ...]:
    """Each open direction, said so that somebody can act on it.

    Parameters
    ----------
    cost : callable
        values -> cost of the fit: what tells a product from a sum.
    """
    found = []
    for direction in spread.directions:
        moving = np.flatnonzero(np.abs(direction) > _PART)
        chosen = tuple(names[int(i)] for i in moving)
        part = direction[moving]
        text = _text(chosen, part, moving, direction, spread, values, cost)
        found.append(Direction(chosen, tuple(map(float, part)), text))
    return tuple(found)


def _text(
    names: tuple[str, ...],
    part: Array,
    moving: Array,
    direction: Array,
    spread: Spread,
    values: Array,
    cost: Callable[[Array], float],
) -> str:
    usual = cost(values)
    if len(names) == 1:
        return _alone(names[0], int(moving[0]), values, spread.sizes, cost, usual)
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    relative = _whole(part * np.where(values[moving] < 0, -1.0, 1.0))  # of logarithms
    linear = _whole(part * spread.sizes[moving])
    choices = []
    if relative is not None and np.all(values[moving] != 0):
        moved = values.copy()
        moved[moving] = values[moving] * 1.5 ** (relative / np.max(np.abs(relative)))
        choices.append((cost(moved), _product(names, relative)))
    if linear is not None:
        moved = values.copy()
        step = 0.4 * np.min(spread.sizes[moving])
        moved[moving] = values[moving] + step * linear / np.max(np.abs(linear))
        choices.append((cost(moved), _sum(names, linear)))
    choices = [(c, text) for c, text in choices if text and c - usual <= _SAME * max(usual, 1.0)]
    if choices:
        return f"only {min(choices)[1]} is determined, not {listed} one by one"
    changes = ", ".join(f"{n} by {100 * c:+.3g} %" for n, c in zip(names, part, strict=True))
    return (
        f"{listed} are not determined one by one: changes together ({changes}) leave the curves as they are"
    )


def _alone(
    name: str, place: int, values: Array, sizes: Array, cost: Callable[[Array], float], usual: float
) -> str:
    """What to say of an unknown by which the curves have no derivative."""
    for step in (-0.4, 0.4):
        moved = values.copy()
        moved[place] += step * sizes[place]
        if abs(cost(moved) - usual) > _SAME * max(usual, 1.0):
            return (
                f"{name} moves the curves, but they have no derivative by it, and it stayed where it began: the law "
                "jumps (if, step, floor, sign), and where it does can't be fitted so; write the jump as an event (when "
                f"…), or try other values of {name}, starts=32"
            )
    return f"{name} is not determined: the data are met as well with other values of it"


def _whole(part: Array) -> Array | None:
    """The components as small whole numbers, if they are such."""
    unit = part / np.min(np.abs(part))
    for factor in (1, 2, 3):
        ratios = unit * factor
        whole = np.round(ratios)
        if np.all(np.abs(ratios - whole) < _WHOLE * factor) and np.max(np.abs(whole)) <= _LARGEST:
            return whole
    return None


def _product(names: Sequence[str], direction: Array) -> str:
    """What of two names stays when their logarithms move along a direction; of more, all pairs with the first."""
    terms = []
    for i in range(1, len(names)):
        n, m = int(direction[i]), -int(direction[0])  # names[0]^n names[i]^m stays
        divisor = int(np.gcd(n, m))
        n, m = n // divisor, m // divisor
        if n < 0:
            n, m = -n, -m
        first, second = _power(names[0], n), _power(names[i], abs(m))
        if m > 0:
            terms.append(f"the product {first}*{second}")
        else:
            terms.append(f"the ratio {first}/{second}")
    return " and ".join(terms)


def _power(name: str, exponent: int) -> str:
    return name if exponent == 1 else f"{name}^{exponent}"


def _sum(names: Sequence[str], direction: Array) -> str:
    """What stays when names move along a direction: n x₁ + m x₂ with (n, m) upright on it."""
    if len(names) != 2:
        return ""
    n, m = int(direction[1]), -int(direction[0])
    divisor = int(np.gcd(n, m))
    n, m = n // divisor, m // divisor
    if n < 0:
        n, m = -n, -m
    first = names[0] if n == 1 else f"{n}*{names[0]}"
    second = names[1] if abs(m) == 1 else f"{abs(m)}*{names[1]}"
    return f"the {'sum' if m > 0 else 'difference'} {first} {'+' if m > 0 else '-'} {second}"
