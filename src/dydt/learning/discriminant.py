"""From which side to look at points of many dimensions, so that what labels tell apart is seen apart."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any

_KINDS = 12  # of numbers up to which they are the names of classes, not values, or else …
_EACH = 10  # … as many points as each must have


def plane_of(points: Array, labels: Array) -> tuple[Array, tuple[str, str]]:
    """Two directions that show the points best, and what they are.

    Of three classes or more these are discriminant directions: with the scatter inside classes made the unit ball,
    those that keep pairs of classes apart, where a pair counts by how many of its members a plane between them tells
    apart. Of two classes the direction in which they are parted (Fisher's), and of numbers that in which they rise (by
    least squares), are second, and first is the direction of the largest spread at right angles to it. Where there is
    nothing to tell apart, both are principal components.

    Parameters
    ----------
    points : ndarray, shape (m, n)
        With n from 2 on.
    labels : ndarray, shape (m,) or (m, outputs)
        Classes, or numbers, of which the first output counts.

    Returns
    -------
    directions : ndarray, shape (n, 2)
        Of length one.
    names : pair of str

    Notes
    -----
    M. Loog, R. P. W. Duin, R. Haeb-Umbach, Multiclass linear dimension reduction by weighted pairwise Fisher criteria,
    IEEE Trans. Pattern Analysis and Machine Intelligence 23 (2001) 762–766, eq. 9, doi:10.1109/34.935849.

    Examples
    --------
    >>> import numpy as np
    >>> points = np.array([[0, 0, 0], [1, 9, 0.1], [2, 0, 0], [0, 0, 3], [1, 9, 3.1], [2, 0, 3]])
    >>> directions, names = plane_of(points, np.array([0, 0, 0, 1, 1, 1]))
    >>> names
    ('largest spread at right angles', 'where the classes part')
    >>> int(np.argmax(abs(directions[:, 1])))
    2
    """
    labels = labels if labels.ndim == 1 else labels[:, 0]
    kinds, codes = np.unique(labels, return_inverse=True)
    centred = points - points.mean(axis=0)
    if len(kinds) == 1:
        directions = _spread(centred)[:2].T
        names = "first principal component", "second principal component"
    elif not _are_classes(labels, kinds):
        rise = _rise(centred, labels.astype(float))
        directions, names = (
            _beside(centred, rise),
            ("largest spread at right angles", "where the values rise"),
        )
    elif len(kinds) == 2:
        parting = _parting(points, codes, 2)[:, 0]
        directions, names = (
            _beside(centred, parting),
            ("largest spread at right angles", "where the classes part"),
        )
    else:
        directions = _parting(points, codes, len(kinds))[:, :2]
        names = "first discriminant direction", "second discriminant direction"
    largest = np.abs(directions).argmax(axis=0)
    turned = directions * np.sign(directions[largest, [0, 1]])  # the same way round every time
    return turned / np.linalg.norm(turned, axis=0), names


def _are_classes(labels: Array, kinds: Array) -> bool:
    """Whether labels are names; whole numbers are, if there are few of them, or many points for each."""
    if labels.dtype.kind not in "iuf":
        return True
    few = len(kinds) <= max(_KINDS, len(labels) // _EACH)
    return few and bool(np.array_equal(kinds, np.round(kinds)))


def _parting(points: Array, codes: Array, count: int) -> Array:
    """Directions by how well they keep classes apart, the best first."""
    from scipy.special import erf

    means = np.array([points[codes == k].mean(axis=0) for k in range(count)])
    inside = points - means[codes]
    scatter = inside.T @ inside / len(points)
    # Few points look less scattered than they are in some direction; what is constant must not look like a parting.
    least = np.trace(scatter) / len(points) or 1.0
    lower = np.linalg.cholesky(scatter + least * np.eye(len(scatter)))
    first, second = np.triu_indices(count, 1)
    between = np.linalg.solve(lower, (means[first] - means[second]).T).T
    away = np.maximum(np.linalg.norm(between, axis=1), 1e-12)
    sizes = np.bincount(codes, minlength=count) / len(points)
    weights = sizes[first] * sizes[second] * erf(away / np.sqrt(8.0)) / away**2
    _, directions = np.linalg.eigh(between.T @ (weights[:, None] * between))
    return np.linalg.solve(lower.T, directions[:, ::-1])


def _rise(centred: Array, values: Array) -> Array:
    """The direction along which values rise."""
    slopes = np.linalg.lstsq(centred, values - values.mean(), rcond=1e-6)[0]
    return slopes if np.any(slopes) else np.eye(len(slopes))[0]


def _beside(centred: Array, direction: Array) -> Array:
    """The direction of the largest spread at right angles to a given one, and that one."""
    unit = direction / np.linalg.norm(direction)
    first = _spread(centred - np.outer(centred @ unit, unit))[0]
    return np.column_stack([first, unit])


def _spread(centred: Array) -> Array:
    """Directions, of the largest spread first, a row each."""
    return np.linalg.svd(centred.T @ centred)[2]
