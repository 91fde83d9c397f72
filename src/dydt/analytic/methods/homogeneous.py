"""Equations in the ratio y/t: y' = F(y/t), y' = t^(k-1) F(y/t^k), and y' = y/t + g(t) h(y/t)."""

from __future__ import annotations

from typing import Any

import sympy

from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.failures import none_if_it_fails
from dydt.analytic.forms.first_order import letter, slope
from dydt.analytic.methods.separable import split
from dydt.analytic.problem import Found, Problem
from dydt.analytic.substitution import Substitution, substitute
from dydt.calculus.notation import Step, text


@none_if_it_fails
def solve(problem: Problem) -> Found | None:
    """The solution of y' = F(y/t) by the substitution y = u t; of y' = t^(k-1) F(y/t^k) by y = u t^k.

    Source: Boyce, DiPrima, "Elementary Differential Equations", section 2.2, problem 25; Ince, "Ordinary
    Differential Equations", section 2.12, for the second kind.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> solve(problem(parse("y' = y/t + 1"), {}, {})).solutions
    (Eq(y(t), t*(C + log(Abs(t)))),)
    """
    f = slope(problem)
    if f is None:
        return None
    t, y = problem.independent, problem.letters[0]
    k = weight(f, t, y)
    if k == 0:
        return None
    if k is None:
        change = _of_product(f, t, y)
        return None if change is None else substitute(problem, f, change)
    return substitute(problem, f, _change(f, k, t, y), _opening(f, k, t, y))


def _of_product(f: Any, t: sympy.Symbol, y: sympy.Symbol) -> Substitution | None:
    """y = u t where u' = g(t) h(u) then, as in t y' - y = t^2 + y^2."""
    if not (f.has(t) and f.has(y)):
        return None
    u = letter("uvwz", f, t, y)
    factors = split(sympy.cancel((f.subs(y, u * t) - u) / t), t, u)
    if factors is None or not factors[1].has(u):
        return None
    says = f"Take the ratio {text(y / t)} as the new unknown {u}"
    return Substitution("homogeneous", "the substitution y = u t", u, u * t, y / t, *factors, says)


def weight(f: Any, t: sympy.Symbol, y: sympy.Symbol) -> Any | None:
    """The k for which f(λt, λ^k y) = λ^(k-1) f(t, y); None if there is none.

    >>> t, y = sympy.symbols("t y", real=True)
    >>> weight((t + y) / t, t, y), weight(t + y**2 / t**3, t, y), weight(t + y, t, y)
    (1, 2, None)
    """
    if not (f.has(t) and f.has(y)):
        return None
    along, across = t * f.diff(t), y * f.diff(y)
    if is_zero(along + across):
        return sympy.S.One
    for place in (
        (sympy.Rational(13, 10), sympy.Rational(7, 10)),
        (sympy.Rational(3, 7), sympy.Rational(11, 8)),
    ):
        ratio = ((f + along) / (f - across)).subs({t: place[0], y: place[1]})
        ratio = (
            sympy.simplify(ratio) if ratio.free_symbols else ratio
        )  # of a number it is long, and not needed
        if not ratio.is_number:
            return None
        value = sympy.nsimplify(ratio.evalf(20), rational=True, tolerance=1e-12)
        if value.is_Rational and value.q <= 12 and is_zero(along + value * across - (value - 1) * f):
            return value
    return None


def _change(f: Any, k: Any, t: sympy.Symbol, y: sympy.Symbol) -> Substitution:
    u = letter("uvwz", f, t, y)
    reduced = f.subs({t: 1, y: u}, simultaneous=True)
    title = (
        "a homogeneous equation, by y = u t" if k == 1 else "a generalized homogeneous equation, by y = u t^k"
    )
    says = f"So take the ratio {text(y / t**k)} as the new unknown {u}"
    return Substitution("homogeneous", title, u, u * t**k, y / t**k, 1 / t, reduced - k * u, says)


def _opening(f: Any, k: Any, t: sympy.Symbol, y: sympy.Symbol) -> tuple[Step, ...]:
    """What is seen when the scale is changed."""
    scale = sympy.Symbol("λ", positive=True)
    scaled = f.subs({t: scale * t, y: scale**k * y}, simultaneous=True)
    derivative = sympy.Symbol(f"{y.name}'", real=True)
    factor = scale ** (k - 1)
    what = "λ times as large" if k == 1 else f"λ and λ^{text(k)} times as large"
    does = "the right side stays the same" if k == 1 else f"the right side is {text(factor)} times as large"
    says = f"If {t} and {y} are {what}, {does}"
    return (Step(says, sympy.Eq(derivative, f, evaluate=False), lambda: is_zero(scaled - factor * f)),)
