"""Whether a law is stiff where a solve stands: asked seldom, answered by the eigenvalues of its Jacobian.

Asking costs some hundred microseconds, so nobody asks before a solve has taken some thousand steps, nor unless its
step says that a hundred times as much lies ahead, and every further question waits four times as long: all questions
together cost a solve that is not stiff at most two parts in a hundred, and most such solves nothing at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from dydt.kernels.numpy import evaluate
from dydt.solvers.law import CompiledLaw
from dydt.solvers.tableaus import tableau

Array = Any

_QUESTIONS = 3  # operations of the law between two questions, in units of what a question costs
_AHEAD = 100  # operations that must lie ahead, in the same units
_FULL = 40  # states up to which all eigenvalues are computed
_TOUCHES, _IS_FAR = 0.5, 0.1  # of the stability limit: what makes a law stiff, and what makes it not so


@cache
def stability_limit(name: str) -> float:
    """How far an explicit method's stability reaches on the negative real axis: |hλ| must stay below.

    >>> round(stability_limit("rk4"), 2)
    2.79
    """
    data = tableau(name)
    stages = len(data.b)
    a = np.zeros((stages, stages))
    for i, row in enumerate(data.a):
        a[i, :i] = row
    z = 0.0
    while z < 100.0:
        z += 0.005
        growth = 1.0 - z * (np.array(data.b) @ np.linalg.solve(np.eye(stages) + z * a, np.ones(stages)))
        if abs(growth) > 1.0:
            break
    return z


class Spectrum:
    """The eigenvalues that matter of a law's Jacobian at a point."""

    def __init__(self, law: CompiledLaw, parameters: Array) -> None:
        self._law = law
        self._inputs = dict(zip(law.parameters, parameters, strict=True))
        self._places = tuple(np.array(law.jacobian.places, dtype=int).reshape(-1, 2).T)

    def matrix(self, t: float, y: Array) -> Array:
        """∂f/∂y."""
        law, size = self._law, len(self._law.states)
        inputs = {**self._inputs, law.independent: t, **dict(zip(law.states, y, strict=True))}
        matrix = np.zeros((size, size))
        matrix[self._places] = evaluate(law.jacobian.entries, inputs)
        return matrix

    def extremes(self, t: float, y: Array, direction: float) -> tuple[float, float]:
        """The fastest decay (in the direction of time) and the largest size of an eigenvalue."""
        matrix = self.matrix(t, y) * direction
        if not np.all(np.isfinite(matrix)):
            return 0.0, math.inf
        decay, size = _extremes(matrix[None])
        return float(decay[0]), float(size[0])

    def is_wrong(self, t: float, y: Array, h: float, explicit: str, stiff: bool) -> bool:
        """Whether a solve that takes steps of size h there should change its method."""
        decay, size = self.extremes(t, y, math.copysign(1.0, h))
        return bool(_wrong(decay, size, abs(h), explicit, stiff))


class Turns:
    """Decides, for one leg of a solve, when to change the method.

    Parameters
    ----------
    law : CompiledLaw
    parameters : ndarray
    explicit : str
        The explicit method of the pair.
    stiff : bool
        Whether this leg runs with the stiff one.
    work : int
        Operations of an attempt.
    """

    def __init__(self, law: CompiledLaw, parameters: Array, explicit: str, stiff: bool, work: int) -> None:
        self._law, self._parameters = law, parameters
        self._explicit, self._stiff, self._work = explicit, stiff, work
        self.pause = pause(law, work)
        self._next = self.pause
        self._spectrum: Spectrum | None = None

    def __call__(self, ahead: float, t: float, y: Array, h: float, attempts: int, stuck: bool) -> int:
        """How many attempts until it wants to be asked again; 0: change the method.

        `ahead` is the way to the end; `stuck` says that the step is too small to go on.
        """
        if attempts < self._next and not stuck:
            return self._next - attempts
        self._next = 4 * max(self._next, attempts)
        far = abs(ahead) * self._work >= worth_asking(self._law) * abs(h)
        if (far or stuck) and self._is_wrong(t, y, h):
            return 0
        return self._next - attempts

    def _is_wrong(self, t: float, y: Array, h: float) -> bool:
        if self._spectrum is None:
            self._spectrum = Spectrum(self._law, self._parameters)
        return self._spectrum.is_wrong(t, y, h, self._explicit, self._stiff)


@dataclass(frozen=True)
class Advice:
    """Tells the members of an ensemble what `Turns` tells a solve of its own.

    Attributes
    ----------
    law : CompiledLaw
    explicit : str
        The explicit method of the pair.
    stiff : bool
        Whether the members are solved with the stiff one.
    """

    law: CompiledLaw
    explicit: str
    stiff: bool

    def is_wrong(self, parameters: Array, t: float, y: Array, h: float) -> bool:
        """Whether a member should change its method."""
        return Spectrum(self.law, parameters).is_wrong(t, y, h, self.explicit, self.stiff)

    def are_wrong(self, parameters: Array, t: Array, y: Array, h: Array) -> Array:
        """Whether each of many members should: a row a member."""
        found = np.zeros(len(t), dtype=bool)
        size = len(self.law.states)
        for first in range(0, len(t), part := max(1, 4_000_000 // size**2)):
            rows = slice(first, first + part)
            matrices = _matrices(self.law, parameters[rows], t[rows], y[rows])
            matrices *= np.sign(h[rows])[:, None, None]
            fine = np.all(np.isfinite(matrices), axis=(1, 2))
            decay, largest = np.zeros(len(fine)), np.full(len(fine), math.inf)
            decay[fine], largest[fine] = _extremes(matrices[fine])
            found[rows] = _wrong(decay, largest, np.abs(h[rows]), self.explicit, self.stiff)
        return found


def _wrong(decay: Any, size: Any, h: Any, explicit: str, stiff: bool) -> Any:
    """The rule: whether steps of size h are held up by stability alone; or, if stiff, would not be."""
    limit = stability_limit(explicit)
    if stiff:
        return size * h < _IS_FAR * limit
    return (decay * h > _TOUCHES * limit) & (decay > 0.5 * size)


def _matrices(law: CompiledLaw, parameters: Array, t: Array, y: Array) -> Array:
    """∂f/∂y of many members: shape (members, n, n)."""
    size, count = len(law.states), len(t)
    inputs = {law.independent: t, **dict(zip(law.states, y.T, strict=True))}
    inputs |= dict(zip(law.parameters, parameters.T, strict=True))
    matrices = np.zeros((count, size, size))
    for (i, j), entry in zip(law.jacobian.places, evaluate(law.jacobian.entries, inputs), strict=True):
        matrices[:, i, j] = entry
    return matrices


def _extremes(matrices: Array) -> tuple[Array, Array]:
    """The fastest decay and the largest size of an eigenvalue, of each matrix."""
    if not len(matrices) or matrices.shape[-1] <= _FULL:
        values = np.linalg.eigvals(matrices)
        return -values.real.min(axis=-1), np.abs(values).max(axis=-1)
    decay, size = zip(*map(_by_iteration, matrices), strict=True)
    return np.array(decay), np.array(size)


def _by_iteration(matrix: Array) -> tuple[float, float]:
    """The same for a large matrix, from the powers of it."""
    vector = np.cos(np.arange(len(matrix)))
    size = growth = 0.0
    for _ in range(30):
        vector /= np.linalg.norm(vector)
        image = matrix @ vector
        growth, size = float(vector @ image), float(np.linalg.norm(image))
        if size == 0.0:
            break
        vector = image
    return -growth, size


def pause(law: CompiledLaw, work: int) -> int:
    """How many attempts, of so many operations each, are made before the first question."""
    return max(16, _QUESTIONS * _price(law) // work)


def worth_asking(law: CompiledLaw) -> int:
    """How many operations must lie ahead for a question to be worth its price."""
    return _AHEAD * _price(law)


def _price(law: CompiledLaw) -> int:
    """What one question costs, in operations of a compiled law (some 3000 take a microsecond)."""
    size = len(law.states)
    return 200_000 + 30_000 * size + (25 * size**3 if size <= _FULL else 60 * size**2)
