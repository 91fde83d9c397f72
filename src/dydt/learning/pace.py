"""How long the steps of each piece may be: where little happens they are longer, and nowhere shorter than need be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dydt.learning.loss import Piece

Array = Any

_AIM = 0.3  # the largest error of a step, in units of the tolerance …
_ALL = 10.0  # … and the most that those of a piece may be together: what adds up, the law would learn to make good
_ALIKE = 0.05  # the part of the steps by which numbers differ that are the same
_LEAST, _MOST = 0.2, 2.5  # factors by which steps change at a time


def inherited(before: Sequence[Piece], steps: Array, pieces: Sequence[Piece], first: float) -> Array:
    """The steps of new pieces: the shortest ones of the pieces before that they overlap, or else the first guess.

    Parameters
    ----------
    before : sequence of Piece
    steps : ndarray, shape (len(before),)
    pieces : sequence of Piece
    first : float

    Returns
    -------
    ndarray, shape (len(pieces),)
    """
    if not before:
        return np.full(len(pieces), first)
    run, start, end = (np.array([getattr(p, name) for p in before]) for name in ("run", "start", "end"))
    found = np.empty(len(pieces))
    for i, piece in enumerate(pieces):
        shared = (run == piece.run) & (start < piece.end) & (end > piece.start)
        found[i] = np.min(steps[shared], initial=np.inf)
    return np.where(np.isfinite(found), found, np.min(steps))


def adjusted(steps: Array, errors: Array, order: int, spans: Array, shortest: float) -> Array:
    """Steps whose errors are what they should be, as far as errors e ∝ h^order tell; those of lost pieces stay.

    Parameters
    ----------
    steps, errors, spans : ndarray, shape (pieces,)
        Errors in units of the tolerance; spans are the times that the pieces take.
    order : int
    shortest : float

    >>> adjusted(np.array([1.0, 1.0, 1.0]), np.array([0.3, 0.3 * 2**-5, np.inf]), 5, np.full(3, 9.0), 0.1)
    array([1., 2., 1.])
    """
    with np.errstate(divide="ignore"):
        # With N = span/h steps the sum N e grows as h^(order - 1).
        single = (_AIM / errors) ** (1.0 / order)
        together = (_ALL / (spans / steps * errors)) ** (1.0 / (order - 1))
        factors = np.clip(np.minimum(single, together), _LEAST, _MOST)
    return np.maximum(np.where(np.isfinite(errors), steps * factors, steps), shortest)


def are_alike(one: Array, other: Array, spans: Array) -> bool:
    """Whether it makes next to no difference to the number of steps which of the two is taken."""
    counts = [np.sum(np.ceil(spans / steps)) for steps in (one, other)]
    return bool(abs(counts[1] - counts[0]) < _ALIKE * counts[0])
