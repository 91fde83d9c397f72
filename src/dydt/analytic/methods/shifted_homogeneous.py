"""Quotients of straight lines, y' = F((a t + b y + c) / (d t + e y + g)): homogeneous around where they cross."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import sympy

from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.failures import none_if_it_fails
from dydt.analytic.forms.first_order import letter, slope
from dydt.analytic.problem import Found, Problem
from dydt.analytic.substitution import Substitution, substitute
from dydt.calculus.notation import Step, text


@none_if_it_fails
def solve(problem: Problem) -> Found | None:
    """The solution by the ratio u = (y - k)/(t - h), where (h, k) is the point in which the lines cross.

    Source: Boyce, DiPrima, "Elementary Differential Equations", section 2.2; Ince, "Ordinary Differential
    Equations", section 2.121.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> solve(problem(parse("y' = (y - 1)/t + 2"), {}, {})).title
    'a homogeneous equation around another point'
    """
    f = slope(problem)
    if f is None:
        return None
    t, y = problem.independent, problem.letters[0]
    place = centre(f, t, y)
    if place is None:
        return None
    h, k = place
    u = letter("uvwz", f, t, y)
    reduced = f.subs({t: h + 1, y: k + u}, simultaneous=True)
    says = f"Seen from there, the right side depends on a ratio only: take {text((y - k) / (t - h))} as {u}"
    title = "a homogeneous equation around another point"
    change = Substitution(
        "shifted homogeneous",
        title,
        u,
        k + (t - h) * u,
        (y - k) / (t - h),
        1 / (t - h),
        reduced - u,
        says,
    )
    crossing = sympy.Tuple(sympy.Eq(t, h, evaluate=False), sympy.Eq(y, k, evaluate=False))
    says = "The straight lines in it cross in one point, around which it is homogeneous"
    opening = (Step(says, crossing, lambda: _is_homogeneous(f, t, y, h, k)),)
    return substitute(problem, f, change, opening)


def _is_homogeneous(f: Any, t: sympy.Symbol, y: sympy.Symbol, h: Any, k: Any) -> bool:
    """Whether f has the same value along each straight line through (h, k): Euler's theorem."""
    X, Y = sympy.Dummy("X", real=True), sympy.Dummy("Y", real=True)
    moved = f.subs({t: h + X, y: k + Y}, simultaneous=True)
    return is_zero(X * moved.diff(X) + Y * moved.diff(Y))


def centre(f: Any, t: sympy.Symbol, y: sympy.Symbol) -> tuple[Any, Any] | None:
    """The point other than the origin around which f is homogeneous of degree 0; None if there is none."""
    if not (f.has(t) and f.has(y)):
        return None
    for one, other in combinations(dict.fromkeys(_lines(f, t, y)), 2):
        matrix = sympy.Matrix([[one.coeff(t), one.coeff(y)], [other.coeff(t), other.coeff(y)]])
        if matrix.det() == 0:
            continue
        right = sympy.Matrix([-one.subs({t: 0, y: 0}), -other.subs({t: 0, y: 0})])
        h, k = matrix.LUsolve(right)
        if (h, k) == (0, 0):
            continue
        if _is_homogeneous(f, t, y, h, k):
            return h, k
    return None


def _lines(f: Any, t: sympy.Symbol, y: sympy.Symbol) -> Iterator[Any]:
    """Expressions of first degree in t and y that stand in f or in its factors."""
    forms = [f, sympy.factor(sympy.together(f))]
    for form in forms:
        for part in sorted(form.atoms(sympy.Add) | {t, y}, key=str):
            if part.has(t, y) and part.is_polynomial(t, y) and sympy.Poly(part, t, y).total_degree() == 1:
                yield sympy.expand(part)
