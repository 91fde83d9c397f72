"""One solution of a homogeneous linear equation of second order, found by trying what textbooks try."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy

from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.forms.linear_equation import LinearEquation

_LARGEST_DEGREE = 6
_POWERS = (0, 1, -1, 2, -2, sympy.Rational(1, 2), sympy.Rational(-1, 2), 3)


def known_solution(linear: LinearEquation) -> tuple[str, Any] | None:
    """What was tried, and the solution; None if nothing fits.

    Tried are t^m e^(kt), e^(kt²), polynomials, and sines and cosines, the plainest first.
    """
    t = linear.independent
    ways = [_plain(linear)]
    if all(a.is_rational_function(t) for a in linear.coefficients):
        ways = [_powers(linear), _exponentials(linear), _polynomials(linear), _bells(linear)]
    for way in ways:
        for says, function in way:
            if is_zero(linear.apply(function)):
                return says, function
    return None


def _powers(linear: LinearEquation) -> Iterator[tuple[str, Any]]:
    """t^m with the same m for every power of t."""
    t = linear.independent
    m = sympy.Dummy("m")
    a0, a1, a2 = linear.coefficients
    condition = a2 * m * (m - 1) + a1 * m * t + a0 * t**2
    for value in _common_roots(condition, m, t):
        yield f"{t}^m", t**value


def _exponentials(linear: LinearEquation) -> Iterator[tuple[str, Any]]:
    """t^k e^(mt) for a few k: the condition on m must hold for every power of t."""
    t = linear.independent
    m = sympy.Dummy("m")
    a0, a1, a2 = linear.coefficients
    for k in _POWERS:
        slope = m + k / t
        condition = a2 * (slope**2 - k / t**2) + a1 * slope + a0
        for value in _common_roots(condition, m, t):
            if value != 0:
                yield (f"e^(m*{t})" if k == 0 else f"{t}^k e^(m*{t})"), t**k * sympy.exp(value * t)


def _bells(linear: LinearEquation) -> Iterator[tuple[str, Any]]:
    """t^k e^(m t²)."""
    t = linear.independent
    m = sympy.Dummy("m")
    a0, a1, a2 = linear.coefficients
    for k in (0, 1):
        slope = 2 * m * t + k / t
        condition = a2 * (slope**2 + 2 * m - k / t**2) + a1 * slope + a0
        for value in _common_roots(condition, m, t):
            if value != 0:
                yield f"e^(m*{t}^2)", t**k * sympy.exp(value * t**2)


def _common_roots(condition: Any, m: Any, t: Any) -> list[Any]:
    """Real m for which the condition holds at every t."""
    above = sympy.fraction(sympy.together(condition))[0]
    try:
        conditions = sympy.Poly(sympy.expand(above), t).all_coeffs()
        common = sympy.S.Zero
        for c in conditions:
            common = sympy.gcd(common, c)
        polynomial = sympy.Poly(common, m)
        if polynomial.degree() < 1:
            return []
        values = sympy.roots(polynomial)
    except (sympy.PolynomialError, NotImplementedError, ValueError):
        return []
    real = [value for value in values if value.is_real and value.count_ops() < 10]
    return sorted(real, key=lambda value: (bool(value != 1), value.count_ops(), str(value)))


def _polynomials(linear: LinearEquation) -> Iterator[tuple[str, Any]]:
    """A polynomial with unknown coefficients, put in: linear conditions on them."""
    t = linear.independent
    for degree in range(1, _LARGEST_DEGREE + 1):
        unknowns = sympy.symbols(f"a0:{degree + 1}", cls=sympy.Dummy)
        trial = sum(a * t**k for k, a in enumerate(unknowns))
        above = sympy.fraction(sympy.together(linear.apply(trial)))[0]
        try:
            conditions = sympy.Poly(sympy.expand(above), t).all_coeffs()
        except sympy.PolynomialError:
            return
        for solution in sympy.linsolve(conditions, *unknowns):
            free = sorted(set().union(*(value.free_symbols for value in solution)) & set(unknowns), key=str)
            if free and solution[degree] != 0:
                chosen = dict.fromkeys(free, 0) | {free[-1]: 1}
                found = trial.subs(dict(zip(unknowns, solution, strict=True))).subs(chosen)
                if found.has(t):
                    yield "a polynomial", _whole(found, t)


def _whole(polynomial: Any, t: Any) -> Any:
    """With whole coefficients, the highest one positive."""
    primitive = sympy.Poly(polynomial, t).primitive()[1]
    cleared = primitive.clear_denoms(convert=True)[1].as_expr()
    return -cleared if sympy.Poly(cleared, t).LC().could_extract_minus_sign() else cleared


def _plain(linear: LinearEquation) -> Iterator[tuple[str, Any]]:
    """For coefficients that are not fractions: a list."""
    t = linear.independent
    e, s, c = sympy.exp(t), sympy.sin(t), sympy.cos(t)
    trials = [
        sympy.S.One,
        t,
        e,
        1 / e,
        s,
        c,
        t**2,
        1 / t,
        sympy.log(t),
        sympy.tan(t),
        1 / c,
        1 / s,
        e**2,
        e**-2,
    ]
    for trial in (*trials, 1 / sympy.tan(t), sympy.cosh(t), sympy.sinh(t), t * e, t / e):
        yield "simple functions", trial
