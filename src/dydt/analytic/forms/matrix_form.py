"""Linear equations for several unknowns as x' = A x + b(t); higher derivatives become unknowns of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy

from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.problem import Problem


@dataclass(frozen=True, eq=False)
class MatrixForm:
    """x' = A x + b.

    Attributes
    ----------
    independent : sympy.Symbol
    states : tuple of expressions
        The unknown functions and those of their derivatives that are states too.
    matrix : ImmutableMatrix
        A.
    forcing : ImmutableMatrix
        b, a column.
    """

    independent: sympy.Symbol
    states: tuple[Any, ...]
    matrix: Any
    forcing: Any

    @property
    def size(self) -> int:
        return len(self.states)

    @property
    def is_driven(self) -> bool:
        return any(entry != 0 for entry in self.forcing)

    def leaves(self, vector: Any) -> Any:
        """x' - A x - b for a column of functions: zero for a solution."""
        return sympy.diff(vector, self.independent) - self.matrix * vector - self.forcing

    def driven_by(self, forcing: Any) -> MatrixForm:
        """The same matrix with another forcing."""
        return MatrixForm(self.independent, self.states, self.matrix, sympy.ImmutableMatrix(forcing))

    def solves_freely(self, vector: Any) -> bool:
        """Whether a column of functions solves x' = A x."""
        return is_zero(sympy.diff(vector, self.independent) - self.matrix * vector)


def matrix_form(problem: Problem) -> MatrixForm | None:
    """The system as x' = A x + b(t) with constant A, or None if it is not one."""
    if len(problem.unknowns) != len(problem.equations):
        return None
    orders = [problem.order_of(u) for u in problem.unknowns]
    if min(orders) < 1:
        return None
    states = [
        problem.derivative(k, u) for u, n in zip(problem.unknowns, orders, strict=True) for k in range(n)
    ]
    tops = [problem.derivative(n, u) for u, n in zip(problem.unknowns, orders, strict=True)]
    letters = {f: sympy.Dummy(f"z{k}", real=True) for k, f in enumerate([*tops, *states])}
    ordered = sorted(letters, key=lambda f: -getattr(f, "derivative_count", 0))
    residuals = [equation.lhs - equation.rhs for equation in problem.equations]
    plain = [sympy.expand(r.subs([(f, letters[f]) for f in ordered])) for r in residuals]
    symbols = list(letters.values())
    if any(r.has(sympy.Derivative, sympy.Subs, *problem.unknowns) for r in plain):
        return None
    jacobian = sympy.Matrix([[sympy.diff(r, s) for s in symbols] for r in plain])
    if any(entry.has(problem.independent, *symbols) for entry in jacobian):
        return None
    count = len(tops)
    front, back = jacobian[:, :count], jacobian[:, count:]
    rest = sympy.Matrix([r.subs(dict.fromkeys(symbols, 0)) for r in plain])
    if is_zero(front.det()):
        return None
    inverse = front.inv() if not front.is_Identity else front
    slopes, drives = -inverse * back, -inverse * rest
    return _assembled(problem, states, tops, slopes, drives)


def _assembled(problem: Problem, states: list[Any], tops: list[Any], slopes: Any, drives: Any) -> MatrixForm:
    """Rows y' = (the next derivative) where there is one, and the equations themselves for the highest."""
    size = len(states)
    matrix, forcing = sympy.zeros(size, size), sympy.zeros(size, 1)
    for row, state in enumerate(states):
        slope = sympy.diff(state, problem.independent)
        if slope in states:
            matrix[row, states.index(slope)] = 1
        else:
            place = tops.index(slope)
            matrix[row, :] = slopes[place, :].applyfunc(sympy.cancel)
            forcing[row] = sympy.expand(drives[place])
    return MatrixForm(
        problem.independent, tuple(states), sympy.ImmutableMatrix(matrix), sympy.ImmutableMatrix(forcing)
    )
