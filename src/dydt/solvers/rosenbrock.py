"""Rosenbrock–Wanner steps as plain arithmetic: linearly implicit, for stiff laws, without an iteration.

(M/(hγ) - J) uᵢ = f(t + cᵢh, y + Σⱼ aᵢⱼ uⱼ) + M Σⱼ Cᵢⱼ uⱼ / h + h dᵢ ∂f/∂t        y₁ = y + Σᵢ mᵢ uᵢ

for a law M y' = f(t, y) (Hairer & Wanner, Solving ODEs II, 2nd ed., IV.7 and VI.3); M is mostly the identity. J and
∂f/∂t are exact, from the graph; a step takes them once and factorises one matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dydt.solvers.runge_kutta import Attempt

if TYPE_CHECKING:
    from dydt.solvers.tableaus.rosenbrock import RosenbrockTableau

BETWEEN = 0.5  # how an error of the dense output counts, next to one at the end of a step


class Rosenbrock:
    """A Rosenbrock method as the loop sees a method; see `RungeKutta` for the attributes."""

    adaptive = True
    keeps_slope = False
    linear = True

    def __init__(self, tableau: RosenbrockTableau) -> None:
        self.tableau = tableau
        self.name = tableau.name
        self.title = tableau.title
        self.order = tableau.order
        self.control_order = tableau.error_order + 1
        self.stages = tableau.stages + 1  # the last one for the dense output
        self.vectors = 3 * tableau.stages + 8

    def attempt(self, here: Any, t: Any, y: Any, h: Any, first: Any, relative: Any) -> Attempt:
        """One step of size h from (t, y)."""
        u, y1, solve, trust = self._stages(here, t, y, h)
        arithmetic = here.space.arithmetic
        used = [(w, v) for w, v in zip(self.tableau.error, u, strict=True) if w]
        error = _size_squared(here, y, y1, [w for w, _ in used], [v for _, v in used], relative)
        between = _size_squared(here, y, y1, [BETWEEN], [solve(self._defect(here, t, y, h, y1, u))], relative)
        # The larger of the two; not finite, if either is not.
        error = arithmetic.where(between <= error, error, between + error * 0.0)
        return Attempt(y1, error if trust is None else error * trust, None)

    def _defect(self, here: Any, t: Any, y: Any, h: Any, y1: Any, u: list[Any]) -> Any:
        """f - M y' of the dense output in the middle of the step.

        Where a component is so stiff that it is at rest at the end of a step whatever its size, the embedded
        formula sees no error, and the dense output would be free to go astray.
        """
        space, fma = here.space, here.space.arithmetic.fma
        used = [i for i, column in enumerate(zip(*self.tableau.dense, strict=True)) if any(column)]
        rows = self.tableau.dense
        value = [sum(row[i] * 0.5**j for j, row in enumerate(rows)) for i in used]
        slope = [sum(j * row[i] * 0.5 ** (j - 1) for j, row in enumerate(rows) if j) for i in used]
        used_u = [u[i] for i in used]

        def middle(y: Any, y1: Any, *u: Any) -> Any:
            return fma(_dot(fma, value, u), 0.25, (y + y1) * 0.5)

        per_h = 1.0 / h

        def change(y: Any, y1: Any, *u: Any) -> Any:
            return fma(_dot(fma, slope, u), 0.25, y1 - y) if any(slope) else y1 - y

        f = here.law(fma(h, 0.5, t), space.map(middle, y, y1, *used_u, into="middle"))
        if here.mass is None:
            return space.map(lambda f, *ends: fma(-change(*ends), per_h, f), f, y, y1, *used_u)
        moved = here.mass(space.map(change, y, y1, *used_u, into="sum"))
        return space.map(lambda f, v: fma(-v, per_h, f), f, moved)

    def _stages(self, here: Any, t: Any, y: Any, h: Any) -> tuple[list[Any], Any, Any, Any]:
        """The uᵢ, the new state, how systems are solved, and 1 or NaN as they were sound or not."""
        tableau, space = self.tableau, here.space
        per_h = 1.0 / h
        slope, matrix, slope_in_time = here.linearise(t, y)
        solve, trust = here.factorise(matrix, per_h * (1.0 / tableau.gamma))
        u: list[Any] = []
        at, row = y, tableau.a[0]
        for i in range(tableau.stages):
            if i:
                at, row = self._ahead(space, y, at, row, tableau.a[i], u, "stage"), tableau.a[i]
                slope = here.law(t + h * tableau.c[i] if tableau.c[i] != 1.0 else t + h, at)
            pulled = tableau.d[i] != 0.0 and slope_in_time is not None
            push = h * tableau.d[i] if pulled else None
            u.append(solve(_right_side(here, tableau.c_matrix[i], u, per_h, slope, push, slope_in_time)))
        return u, self._ahead(space, y, at, row, tableau.m, u, "stage"), solve, trust

    @staticmethod
    def _ahead(
        space: Any, y: Any, at: Any, before: Sequence[float], row: Sequence[float], u: list[Any], into: str
    ) -> Any:
        """y + Σ aⱼ uⱼ; where a row only adds the latest u to the one before, so does the sum."""
        if len(before) > 1 and tuple(row[:-1]) == tuple(before) and row[-1] == 1.0:
            return space.map(lambda a, b: a + b, at, u[len(row) - 1], into=into)
        return _combine(space, y, row, u, into)

    def dense_slopes(self, here: Any, t: Any, y: Any, h: Any) -> list[Any]:
        """The new state and the vectors K of the dense output."""
        u, y1, _, _ = self._stages(here, t, y, h)
        rows = [row for row in self.tableau.dense if any(row)]
        end = here.space.map(lambda v: v, y1)  # y1 may share its memory with the stages
        return [end, *(_combine(here.space, None, row, u, "") for row in rows)]

    def interpolate(self, here: Any, y: Any, h: Any, k: Sequence[Any], theta: Any) -> Any:
        """The state at t + θh."""
        fma = here.space.arithmetic.fma
        rest = 1.0 - theta

        def formula(y: Any, y1: Any, *k: Any) -> Any:
            total = k[-1]
            for item in reversed(k[:-1]):
                total = fma(total, theta, item)
            return fma(fma(rest, total, y1), theta, rest * y)

        return here.space.map(formula, y, *k, into="dense")


def _size_squared(
    here: Any, y: Any, y1: Any, weights: Sequence[float], u: Sequence[Any], relative: Any
) -> Any:
    """The square of the size of Σ wᵢ uᵢ in units of the tolerance."""
    arithmetic = here.space.arithmetic

    def formula(y: Any, y1: Any, atol: Any, *u: Any) -> Any:
        scale = arithmetic.maximum(arithmetic.absolute(y), arithmetic.absolute(y1))
        e = _dot(arithmetic.fma, weights, u) / arithmetic.fma(scale, relative, atol)
        return e * e

    return here.space.mean(formula, y, y1, here.absolute, *u)


def _right_side(
    here: Any, row: Sequence[float], u: list[Any], per_h: Any, slope: Any, push: Any, slope_in_time: Any
) -> Any:
    """f + M Σ Cⱼ uⱼ / h + push·∂f/∂t."""
    space = here.space
    fma = space.arithmetic.fma
    if here.mass is not None and u:
        u = [here.mass(space.map(lambda *u: _dot(fma, row, u), *u, into="sum"))]
        row = (1.0,)
    if push is None:
        if not u:
            return slope
        return space.map(lambda f, *u: fma(_dot(fma, row, u), per_h, f), slope, *u)

    def formula(f: Any, pull: Any, *u: Any) -> Any:
        total = fma(pull, push, f)
        return fma(_dot(fma, row, u), per_h, total) if u else total

    return space.map(formula, slope, slope_in_time, *u)


def _combine(space: Any, y: Any, weights: Sequence[float], u: list[Any], into: str) -> Any:
    """y + Σ wᵢ uᵢ; the last is added by itself, as everything else is known before it."""
    fma = space.arithmetic.fma
    used = [(w, v) for w, v in zip(weights, u, strict=False) if w]
    *earlier, (last, _) = used

    if y is None:
        return space.map(lambda *u: _dot(fma, [w for w, _ in used], u), *(v for _, v in used), into=into)

    def formula(y: Any, *u: Any) -> Any:
        for (w, _), v in zip(earlier, u[:-1], strict=True):
            y = fma(v, w, y)
        return fma(u[-1], last, y)

    return space.map(formula, y, *(v for _, v in used), into=into)


def _dot(fma: Any, weights: Sequence[float], numbers: Sequence[Any]) -> Any:
    total = numbers[0] if weights[0] == 1.0 else numbers[0] * weights[0]
    for weight, item in zip(weights[1:], numbers[1:], strict=True):
        total = fma(item, weight, total)
    return total
