"""A linear equation a_n(t) y^(n) + … + a_1(t) y' + a_0(t) y = g(t), read from a problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy

from dydt.analytic.algebra.antiderivative import log_free
from dydt.analytic.problem import Problem
from dydt.calculus.notation import in_order


@dataclass(frozen=True, eq=False)
class LinearEquation:
    """The coefficients of a linear equation and what drives it.

    Attributes
    ----------
    independent : sympy.Symbol
    unknown : applied function
    coefficients : tuple
        a_0, a_1, … a_n, which do not hold the unknown.
    forcing : expression
        g(t), the right-hand side.
    """

    independent: sympy.Symbol
    unknown: Any
    coefficients: tuple[Any, ...]
    forcing: Any

    @property
    def order(self) -> int:
        return len(self.coefficients) - 1

    @property
    def is_constant(self) -> bool:
        """Whether no coefficient holds the independent variable."""
        return not any(a.has(self.independent) for a in self.coefficients)

    def apply(self, function: Any) -> Any:
        """The left-hand side for this function."""
        total = sympy.S.Zero
        function = log_free(function)
        for a in self.coefficients:
            total += a * function
            function = sympy.diff(function, self.independent)
        return total

    def leaves(self, function: Any) -> Any:
        """The left-hand side minus the right-hand side for this function: zero for a solution."""
        return self.apply(function) - self.forcing

    def equation(self, homogeneous: bool = False) -> Any:
        """The equation as a relation, y and its derivatives on the left."""
        y, t = self.unknown, self.independent
        right = sympy.S.Zero if homogeneous else self.forcing
        terms = [a * (y.diff(t, k) if k else y) for k, a in enumerate(self.coefficients) if a != 0]
        return sympy.Eq(in_order(*reversed(terms)) if len(terms) > 1 else terms[0], right, evaluate=False)

    def driven_by(self, forcing: Any) -> LinearEquation:
        """The same left-hand side with another forcing."""
        return LinearEquation(self.independent, self.unknown, self.coefficients, forcing)

    def divided(self, by: Any) -> LinearEquation:
        """The same equation with everything divided by a factor."""
        coefficients = tuple(sympy.cancel(a / by) for a in self.coefficients)
        return LinearEquation(self.independent, self.unknown, coefficients, divide(self.forcing, by))


def divide(expression: Any, by: Any) -> Any:
    """Each term divided by a factor, common parts cancelled."""
    return sympy.Add(*(sympy.powsimp(term / by) for term in sympy.Add.make_args(sympy.expand(expression))))


def linear_equation(problem: Problem) -> LinearEquation | None:
    """The single equation as a linear one, or None if it is not.

    A common denominator that holds the unknown is multiplied away, as in y''/y = 1.
    """
    if not problem.is_single or problem.order < 1:
        return None
    letters = problem.letters
    residual = problem.residual
    if residual.has(sympy.Derivative, *_STEPPED):
        return None
    above, below = sympy.fraction(sympy.together(residual))
    if below.has(*letters):
        residual = above
    coefficients = tuple(sympy.expand(sympy.diff(residual, letter)) for letter in letters)
    if any(a.has(*letters) for a in coefficients):
        coefficients = tuple(cancelled(a) for a in coefficients)
    if any(a.has(*letters, sympy.Derivative, sympy.Subs) for a in coefficients) or coefficients[-1] == 0:
        return None
    forcing = sympy.expand(-residual.subs(dict.fromkeys(letters, 0)))
    if forcing.has(sympy.nan, sympy.zoo, sympy.oo):
        return None
    return LinearEquation(problem.independent, problem.y, coefficients, forcing)


def constant_equation(problem: Problem) -> LinearEquation | None:
    """The equation with constant coefficients, perhaps after a common factor is divided out; or None."""
    linear = linear_equation(problem)
    if linear is None or linear.is_constant:
        return linear
    divided = linear.divided(linear.coefficients[-1])
    return divided if divided.is_constant else None


def cancelled(expression: Any) -> Any:
    """The expression as one quotient in lowest terms, or as it is where SymPy can't tell."""
    try:
        return sympy.cancel(expression)
    except (sympy.PolynomialError, NotImplementedError):
        return expression


# Where a law has jumps, a formula of one piece can't be its solution.
_STEPPED = (sympy.Piecewise, sympy.Heaviside, sympy.floor, sympy.sign, sympy.Min, sympy.Max, sympy.Mod)
