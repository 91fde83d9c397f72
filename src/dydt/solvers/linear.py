"""Linear systems W x = b inside a step, without a branch: a pivoted inverse if they are small, else sparse LU.

Both are plain arithmetic on floats or lanes. A kernel solves with the same matrix once a stage, so the matrix is
factorised once, and a small one is inverted: its products with b do not wait for each other as substitutions do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

Place = tuple[int, int]
Vector = list[Any]

SMALL = 4  # up to this size a matrix is inverted with pivoting whatever its pattern
DENSE = 8  # up to this one, if it is mostly full
SOUND = (
    1e-10  # a pivot that cancellation has made smaller than this (in units of the diagonal's shift) is noise
)


Mass = Mapping[Place, float]


def _weighed(entries: Mapping[Place, Any], mass: Mass, shift: Any) -> dict[Place, Any]:
    """M·shift - J, where `entries` are those of -J."""
    values = dict(entries)
    for place, weight in mass.items():
        term = shift if weight == 1.0 else shift * weight
        values[place] = values[place] + term if place in values else term
    return values


class Inverse:
    """W⁻¹ by Gauss–Jordan elimination with partial pivoting; rows are exchanged by selects, in each lane its own.

    Algebraic states come first, with the constraints that stand in their rows, and only these are exchanged for them:
    what is left is the matrix of the differential equations alone. Rows of both kinds have no common scale, and a
    differential state that is found as what others leave of a constraint loses its digits.
    """

    def __init__(self, size: int, mass: Mass | None = None) -> None:
        self.size = size
        self.mass = {(i, i): 1.0 for i in range(size)} if mass is None else mass
        changing = {place for place in self.mass if place[0] == place[1]}
        constraints = [i for i in range(size) if (i, i) not in changing]
        if len(changing) < len(self.mass):  # tied derivatives: rows can't be told apart
            constraints = []
        self.order = sorted(range(size), key=lambda i: i not in constraints)
        self.first = len(constraints)

    @cached_property
    def slots(self) -> dict[Place, int]:
        """A number for each place of the inverse."""
        return {(i, j): i * self.size + j for i in range(self.size) for j in range(self.size)}

    def factorise(self, arithmetic: Any, entries: Mapping[Place, Any], shift: Any) -> dict[Place, Any]:
        """W⁻¹, where W has these entries and M·shift added to them.

        A singular W gives values that are not finite.
        """
        n, fma = self.size, arithmetic.fma
        values = _weighed(entries, self.mass, shift)
        rows: list[Vector] = []
        for i in self.order:
            row = [values.get((i, j), 0.0) for j in self.order]
            rows.append(row + [1.0 if i == j else 0.0 for j in self.order])
        for k in range(n):
            for i in range(k + 1, self.first if k < self.first else n):
                self._exchange(arithmetic, rows, k, i)
            pivot = 1.0 / rows[k][k]
            rows[k] = [None] * (k + 1) + [_times(v, pivot) for v in rows[k][k + 1 :]]
            for i in range(n):
                if i != k:
                    factor = rows[i][k]
                    rows[i] = [None] * (k + 1) + [
                        _minus(fma, v, factor, w)
                        for v, w in zip(rows[i][k + 1 :], rows[k][k + 1 :], strict=True)
                    ]
        place_of = {i: k for k, i in enumerate(self.order)}
        return {(i, j): rows[place_of[i]][n + place_of[j]] for i, j in self.slots}

    @staticmethod
    def _exchange(arithmetic: Any, rows: list[Vector], k: int, i: int) -> None:
        """Put the row with the larger entry of column k into place k."""
        a, b = rows[k], rows[i]
        if _is_zero(b[k]):
            return
        if _is_zero(a[k]):
            rows[k], rows[i] = b, a
            return
        swap = arithmetic.absolute(b[k]) > arithmetic.absolute(a[k])
        rows[k] = _select(arithmetic, swap, b, a)
        rows[i] = _select(arithmetic, swap, a, b)

    def solve(self, arithmetic: Any, factors: Mapping[Place, Any], b: Sequence[Any]) -> Vector:
        """x = W⁻¹ b."""
        x = []
        for i in range(self.size):
            used = [(factors[i, j], b[j]) for j in range(self.size) if not _is_zero(factors[i, j])]
            total = used[0][0] * used[0][1]
            for weight, item in used[1:]:
                total = arithmetic.fma(weight, item, total)
            x.append(total)
        return x

    def trust(self, arithmetic: Any, factors: Mapping[Place, Any], shift: Any) -> Any:
        """Nothing to distrust: what pivoting can't help is singular, and its values are not finite."""
        return None

    @property
    def work(self) -> int:
        """Operations of one factorisation and one solution."""
        return 3 * self.size**3


class Elimination:
    """Sparse LU of W, written out for its pattern: pivots on the diagonal, in an order that fills in little.

    W = I/(hγ) - J is strong on its diagonal for small h. Where it is not, `trust` is NaN, and so is the error of
    the attempt, which is repeated with a smaller step. Rows of a mass matrix M without an entry on the diagonal have no
    such strength, and are not looked at.

    Parameters
    ----------
    pattern : collection of (i, j)
        Where J may differ from zero.
    size : int
    mass : mapping, optional
        The entries of M; the identity unless given.

    Attributes
    ----------
    order : list of int
        The pivots, by minimum degree.
    below, right : list of list of int
        For each pivot in turn, the rows of its column and the columns of its row that are still to come.
    """

    def __init__(self, pattern: Collection[Place], size: int, mass: Mass | None = None) -> None:
        self.size = size
        self.mass = {(i, i): 1.0 for i in range(size)} if mass is None else mass
        self.plain = mass is None
        rows = [{i} for i in range(size)]  # columns of each row, still to be eliminated
        columns = [{i} for i in range(size)]
        for i, j in (*pattern, *self.mass):
            rows[i].add(j)
            columns[j].add(i)
        self.order: list[int] = []
        self.below: list[list[int]] = []
        self.right: list[list[int]] = []
        left = set(range(size))
        while left:
            k = min(left, key=lambda i: ((len(rows[i]) - 1) * (len(columns[i]) - 1), i))
            left.remove(k)
            rows[k].discard(k)
            columns[k].discard(k)
            for i in columns[k]:
                rows[i].discard(k)
                rows[i] |= rows[k]
            for j in rows[k]:
                columns[j].discard(k)
                columns[j] |= columns[k]
            self.order.append(k)
            self.below.append(sorted(columns[k]))
            self.right.append(sorted(rows[k]))

    @cached_property
    def slots(self) -> dict[Place, int]:
        """A number for each place of the factors: the diagonal first, in the order of the states."""
        places = [(i, i) for i in range(self.size)]
        for k, below, right in zip(self.order, self.below, self.right, strict=True):
            places += [(i, k) for i in below] + [(k, j) for j in right]
        return {place: slot for slot, place in enumerate(places)}

    @property
    def updates(self) -> int:
        """Multiply-adds of a factorisation."""
        return sum(len(b) * (1 + len(r)) for b, r in zip(self.below, self.right, strict=True))

    @property
    def work(self) -> int:
        """Operations of one factorisation and one solution."""
        return self.updates + 2 * len(self.slots)

    def factorise(self, arithmetic: Any, entries: Mapping[Place, Any], shift: Any) -> dict[Place, Any]:
        """The factors: multipliers below, the rows of U to the right, reciprocals of pivots on the diagonal."""
        values = _weighed(entries, self.mass, shift)
        for k, below, right in zip(self.order, self.below, self.right, strict=True):
            pivot = values[k, k] = 1.0 / values[k, k]
            for i in below:
                factor = values[i, k] = _times(values[i, k], pivot)
                for j in right:
                    values[i, j] = _minus(arithmetic.fma, values.get((i, j), 0.0), factor, values[k, j])
        return values

    def solve(self, arithmetic: Any, factors: Mapping[Place, Any], b: Sequence[Any]) -> Vector:
        """x of W x = b."""
        x = list(b)
        for k, below in zip(self.order, self.below, strict=True):
            for i in below:
                x[i] = _minus(arithmetic.fma, x[i], factors[i, k], x[k])
        steps = zip(reversed(self.order), reversed(self.right), strict=True)
        for k, right in steps:
            for j in reversed(right):
                x[k] = _minus(arithmetic.fma, x[k], factors[k, j], x[j])
            x[k] = x[k] * factors[k, k]
        return x

    def trust(self, arithmetic: Any, factors: Mapping[Place, Any], shift: Any) -> Any:
        """1, or NaN if a pivot is lost in the rounding of what it came from."""
        looked_at = [i for i in range(self.size) if (i, i) in self.mass]
        weighed = [_times(factors[i, i], self.mass[i, i]) for i in looked_at]
        if not weighed:
            return None
        largest = arithmetic.absolute(weighed[0])
        for pivot in weighed[1:]:
            largest = arithmetic.maximum(arithmetic.absolute(pivot), largest)
        return arithmetic.where(largest * arithmetic.absolute(shift) < 1.0 / SOUND, 1.0, math.nan)


def elimination(pattern: Collection[Place], size: int, mass: Mass | None = None) -> Inverse | Elimination:
    """What suits a matrix of that size and pattern; with constraints, pivoting is worth more."""
    if size <= (SMALL if mass is None else DENSE):
        return Inverse(size, mass)
    sparse = Elimination(pattern, size, mass)
    return Inverse(size, mass) if size <= DENSE and len(sparse.slots) > 0.7 * size * size else sparse


def _is_zero(value: Any) -> bool:
    return isinstance(value, float) and value == 0.0


def _is_one(value: Any) -> bool:
    return isinstance(value, float) and value == 1.0


def _times(value: Any, factor: Any) -> Any:
    if _is_zero(value) or _is_one(factor):
        return value
    return factor if _is_one(value) else value * factor


def _minus(fma: Callable[[Any, Any, Any], Any], value: Any, factor: Any, other: Any) -> Any:
    """value - factor·other; structural zeros cost nothing."""
    if _is_zero(factor) or _is_zero(other):
        return value
    if _is_zero(value):
        return -_times(other, factor)
    return fma(-factor, other, value)


def _select(arithmetic: Any, condition: Any, a: Vector, b: Vector) -> Vector:
    return [
        x if x is y or (_is_zero(x) and _is_zero(y)) else arithmetic.where(condition, x, y)
        for x, y in zip(a, b, strict=True)
    ]
