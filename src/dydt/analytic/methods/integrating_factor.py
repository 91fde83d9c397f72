"""Factors μ(t, y) that make M + N y' = 0 exact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sympy

from dydt.analytic.algebra.antiderivative import antiderivative, exponential
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.briefly import briefly
from dydt.analytic.failures import FAILURES
from dydt.analytic.forms.first_order import letter
from dydt.analytic.methods.exact import alone, forms, integrated
from dydt.analytic.problem import Found, Problem

_PATIENCE = 5.0  # seconds for all the factors


@dataclass(frozen=True, eq=False)
class Factor:
    """μ(t, y), by which M + N y' = 0 becomes exact, and why."""

    formula: Any
    says: str


def solve(problem: Problem) -> Found | None:
    """The solution of M + N y' = 0 by an integrating factor.

    Tried are factors of t, of y, of t y, of t + y, t - y, t^2 + y^2, t^m y^n, and 1/(t M ± y N). Source: Boyce,
    DiPrima, "Elementary Differential Equations", section 2.6; Ince, "Ordinary Differential Equations", section 2.2.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> solve(problem(parse("3*t*y + y^2 + (t^2 + t*y)*y' = 0"), {}, {})).method
    'integrating factor'
    """
    return briefly(_PATIENCE, _search, problem)


def _search(problem: Problem) -> Found | None:
    try:
        for M, N in forms(problem):
            for factor in factors(M, N, problem.independent, problem.letters[0]):
                found = integrated(problem, M, N, factor.formula, factor.says)
                if found is not None:
                    return found
    except FAILURES:
        return None
    return None


def factors(M: Any, N: Any, t: sympy.Symbol, y: sympy.Symbol) -> Iterator[Factor]:
    """Factors μ with (μM)_y = (μN)_t.

    >>> t, y = sympy.symbols("t y", real=True)
    >>> next(factors(3 * t * y + y**2, t**2 + t * y, t, y)).formula
    t
    """
    if not (M.has(t) or N.has(t)):
        return  # it is separable, and no factor makes its integral easier
    difference = sympy.expand(M.diff(y) - N.diff(t))
    z = letter("zsw", M, N)
    shown = f"M_{y} - N_{t}"
    kinds = (
        (
            t,
            N,
            t,
            f"({shown})/N depends on {t} only, so there is a factor of {t} alone, μ = exp(∫ ({shown})/N d{t})",
        ),
        (
            y,
            -M,
            y,
            f"({shown})/M depends on {y} only, so there is a factor of {y} alone, μ = exp(-∫ ({shown})/M d{y})",
        ),
        (
            t * y,
            y * N - t * M,
            z / t,
            f"({shown})/({y} N - {t} M) depends on the product {t} {y} only: so does a factor",
        ),
        (t + y, N - M, z - t, f"({shown})/(N - M) depends on the sum {t} + {y} only: so does a factor"),
        (
            t - y,
            N + M,
            t - z,
            f"({shown})/(N + M) depends on the difference {t} - {y} only: so does a factor",
        ),
        (t**2 + y**2, 2 * t * N - 2 * y * M, None, f"It has a factor that depends on {t}^2 + {y}^2 only"),
    )
    for argument, below, inverse, says in kinds:
        if is_zero(below):
            continue
        ratio = difference / below
        mu = _of_one(ratio, argument, inverse, z, t, y)
        if mu is not None:
            yield Factor(mu, says)
    yield from _monomial(M, N, difference, t, y)
    for sign in (1, -1):
        below = sympy.factor(t * M + sign * y * N)
        if below != 0 and is_zero((M / below).diff(y) - (N / below).diff(t)):
            yield Factor(1 / below, f"It has the factor μ = 1/({t} M {'+' if sign == 1 else '-'} {y} N)")


def _of_one(ratio: Any, argument: Any, inverse: Any, z: Any, t: Any, y: Any) -> Any | None:
    """exp of the integral of a ratio that depends on the argument only; None if it depends on more."""
    if not is_zero(ratio.diff(t) * argument.diff(y) - ratio.diff(y) * argument.diff(t)):
        return None
    if argument in (t, y):
        other = y if argument == t else t
        rest = alone(sympy.factor(ratio), other)
        variable = argument
    elif inverse is None:
        rest, variable = alone(sympy.cancel(ratio.subs(t, sympy.sqrt(z - y**2))), y), z
    else:
        rest, variable = alone(sympy.factor(ratio.subs(y, inverse)), t), z
    if rest is None:
        return None
    exponent = antiderivative(rest, variable)
    if exponent is None:
        return None
    return exponential(exponent).subs(variable, argument)


def _monomial(M: Any, N: Any, difference: Any, t: Any, y: Any) -> Iterator[Factor]:
    """μ = t^m y^n: M_y - N_t = m N/t - n M/y, which two points decide."""
    places = [
        {t: sympy.Rational(3, 2), y: sympy.Rational(2, 3)},
        {t: sympy.Rational(4, 5), y: sympy.Rational(7, 4)},
    ]
    rows = [[(N / t).subs(p), -(M / y).subs(p)] for p in places]
    matrix, right = sympy.Matrix(rows), sympy.Matrix([difference.subs(p) for p in places])
    if is_zero(matrix.det()):
        return
    powers = []
    for value in matrix.LUsolve(right):
        value = sympy.nsimplify(value.evalf(20), rational=True, tolerance=1e-12) if value.is_number else value
        powers.append(sympy.simplify(value))
    m, n = powers
    if is_zero(m * N / t - n * M / y - difference) and not (m.has(t, y) or n.has(t, y)):
        yield Factor(
            t**m * y**n, f"It has a factor of the form {t}^m {y}^n: compare the terms to find m and n"
        )
