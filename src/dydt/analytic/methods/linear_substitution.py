"""Equations whose right side knows t and y by one straight line only: y' = F(a t + b y + c)."""

from __future__ import annotations

from typing import Any

import sympy

from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.failures import none_if_it_fails
from dydt.analytic.forms.first_order import letter, slope
from dydt.analytic.problem import Found, Problem
from dydt.analytic.substitution import Substitution, substitute
from dydt.calculus.notation import text


@none_if_it_fails
def solve(problem: Problem) -> Found | None:
    """The solution of y' = F(a t + b y + c) by the new unknown u = a t + b y + c.

    Source: Zill, "A First Course in Differential Equations", section 2.5.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> solve(problem(parse("y' = (t + y)^2"), {}, {})).solutions
    (Eq(y(t), -t + tan(C + t)),)
    """
    f = slope(problem)
    if f is None:
        return None
    t, y = problem.independent, problem.letters[0]
    line = argument(f, t, y)
    if line is None:
        return None
    u = letter("uvwz", f, t, y)
    inside = sympy.expand((u - line.subs(y, 0)) / line.coeff(y))
    rate = line.diff(t) + line.diff(y) * f
    h = _without_time(rate, inside, t, y)
    if h is None:
        return None
    says = f"The right side depends on {text(line)} only: take it as the new unknown {u}"
    title = "the substitution u = a t + b y + c"
    change = Substitution("linear substitution", title, u, inside, line, sympy.S.One, h, says)
    return substitute(problem, f, change)


def argument(f: Any, t: sympy.Symbol, y: sympy.Symbol) -> Any | None:
    """The line a t + b y + c that f is a function of; None if there is none, or if f is linear itself.

    >>> t, y = sympy.symbols("t y", real=True)
    >>> argument(sympy.sqrt(2 * t + y + 1), t, y)
    2*t + y + 1
    """
    if not (f.has(t) and f.has(y)):
        return None
    ratio = sympy.simplify(f.diff(t) / f.diff(y)) if _is_constant(f.diff(t) / f.diff(y), t, y) else None
    if ratio is None or ratio.has(t, y) or ratio == 0:
        return None
    above, below = sympy.fraction(sympy.together(ratio))
    line = above * t + below * y
    for written in sorted(f.atoms(sympy.Add), key=sympy.count_ops):
        if written.has(t, y) and not sympy.expand(written - line).has(t, y):
            return written
    return line


def _is_constant(ratio: Any, t: sympy.Symbol, y: sympy.Symbol) -> bool:
    return is_zero(ratio.diff(t)) and is_zero(ratio.diff(y))


def _without_time(rate: Any, inside: Any, t: sympy.Symbol, y: sympy.Symbol) -> Any | None:
    """The rate of u, which no longer has t in it: by algebra, or by putting in a value of t."""
    new = rate.subs(y, inside)
    for form in (new, sympy.expand(new), new.subs(t, 0), new.subs(t, 1)):
        if not form.has(t) and not form.has(sympy.nan, sympy.zoo):
            return form
    return None
