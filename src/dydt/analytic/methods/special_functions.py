"""Linear equations of second order whose solutions are Bessel or Airy functions: no elementary function solves them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy

from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.forms.linear_equation import LinearEquation, linear_equation
from dydt.analytic.methods.constant_coefficients import combination
from dydt.analytic.part import free_name
from dydt.analytic.problem import Found, Problem, listed
from dydt.calculus.notation import Step, text


@dataclass(frozen=True, eq=False)
class Standard:
    """y(t) = front(t) w(x) with x = inside(t), where w solves a standard equation.

    Attributes
    ----------
    name : str
        ``"Bessel"``.
    front, inside : expressions
    operator : callable
        The left-hand side of the standard equation for w(x), from w and x.
    solutions : tuple of callable
        Two solutions w.
    says : str
        What they are called.
    """

    name: str
    front: Any
    inside: Any
    operator: Callable[[Any, Any], Any]
    solutions: tuple[Callable[[Any], Any], Callable[[Any], Any]]
    says: str


def solve(problem: Problem) -> Found | None:
    """The general solution in Bessel functions J, Y, I, K, or in Airy functions Ai, Bi.

    Source: NIST Digital Library of Mathematical Functions, sections 9.2, 10.2, 10.13 and 10.25.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> solve(problem(parse("y'' = t*y"), {}, {})).solutions
    (Eq(y(t), C1*airyai(t) + C2*airybi(t)),)
    """
    linear = linear_equation(problem)
    if linear is None or linear.order != 2 or linear.forcing != 0 or linear.is_constant:
        return None
    t = problem.independent
    p, q = (sympy.expand(sympy.cancel(a / linear.coefficients[2])) for a in linear.coefficients[1::-1])
    standard = _airy(p, q, t) or _bessel(p, q, t) or _bessel_of_exponential(p, q, t)
    if standard is None:
        return None
    basis = tuple(standard.front * w(standard.inside) for w in standard.solutions)
    names = problem.constants(2)
    solution = sympy.Eq(problem.y, combination(names, basis), evaluate=False)
    steps = (
        _standard_step(problem, linear, standard),
        Step(
            standard.says + ", which cannot be said in elementary functions",
            listed(
                [
                    sympy.Eq(sympy.Symbol(f"{problem.name}_{k + 1}"), f, evaluate=False)
                    for k, f in enumerate(basis)
                ]
            ),
            lambda: all(is_zero(linear.apply(f)) for f in basis),
        ),
        Step(
            "Every combination of them is a solution", solution, lambda: is_zero(linear.apply(solution.rhs))
        ),
    )
    return Found("special functions", f"{standard.name} functions", (solution,), steps, names)


def _standard_step(problem: Problem, linear: LinearEquation, standard: Standard) -> Step:
    x = sympy.Symbol(free_name(problem, "x", "s", "z"), real=True)
    w = sympy.Function(free_name(problem, "w", "u", "v"), real=True)(x)
    says = f"With {x} = {text(standard.inside)}"
    if standard.front != 1:
        says += f" and {problem.name} = {text(standard.front * w)}"
    else:
        says += f" and {problem.name} = {w.func.__name__}"
    says += f" it is {standard.name}'s equation; primes are derivatives by {x}"

    def check() -> bool:
        """Of powers of x, the two sides leave over the same but for one common factor."""
        ours = [linear.apply(standard.front * standard.inside**k) for k in range(3)]
        theirs = [standard.operator(x**k, x).doit().subs(x, standard.inside) for k in range(3)]
        return all(is_zero(a * theirs[2] - b * ours[2]) for a, b in zip(ours, theirs, strict=True))

    return Step(says, sympy.Eq(standard.operator(w, x), 0, evaluate=False), check)


def _airy(p: Any, q: Any, t: Any) -> Standard | None:
    """y'' = (k t + m) y."""
    if p != 0 or not q.is_polynomial(t) or sympy.degree(q, t) != 1:
        return None
    k, m = -q.coeff(t, 1), -q.coeff(t, 0)
    scale = -sympy.cbrt(-k) if k.could_extract_minus_sign() else sympy.cbrt(k)
    inside = scale * (t + sympy.cancel(m / k))
    return Standard(
        "Airy",
        sympy.S.One,
        inside,
        lambda w, x: sympy.diff(w, x, 2) - x * w,
        (sympy.airyai, sympy.airybi),
        "Its solutions are the Airy functions Ai and Bi",
    )


def _bessel(p: Any, q: Any, t: Any) -> Standard | None:
    """y'' + (1 - 2a)/t y' + (c² t^(2g - 2) + (a² - n² g²)/t²) y = 0, solved by t^a Z_n(c t^g / g)."""
    weight, rest = sympy.expand(t * p), sympy.expand(t**2 * q)
    if weight.has(t):
        return None
    constant, moving = rest.as_independent(t, as_Add=True)
    square, power = moving.as_independent(t, as_Add=False)
    base, exponent = power.as_base_exp()
    if base != t or not exponent.is_Rational:
        return None
    a, g = (1 - weight) / 2, exponent / 2
    order = sympy.sqrt(sympy.cancel((a**2 - constant) / g**2))
    if order.is_real is False or order.has(sympy.I):
        return None
    return _of_bessel(square, order, t**a, lambda root: root * t**g / abs(g))


def _bessel_of_exponential(p: Any, q: Any, t: Any) -> Standard | None:
    """y'' + (c² e^(m t) - n² m²/4) y = 0, solved by Z_n(2 c e^(m t/2) / m)."""
    constant, moving = q.as_independent(t, as_Add=True)
    square, power = moving.as_independent(t, as_Add=False)
    if p != 0 or not isinstance(power, sympy.exp):
        return None
    rate = power.args[0].diff(t)
    if rate.has(t):
        return None
    order = 2 * sympy.sqrt(-constant) / sympy.Abs(rate)
    if order.has(sympy.I):
        return None
    square *= sympy.exp(power.args[0].subs(t, 0))
    return _of_bessel(
        square, order, sympy.S.One, lambda root: 2 * root * sympy.exp(rate * t / 2) / sympy.Abs(rate)
    )


def _of_bessel(square: Any, order: Any, front: Any, inside: Callable[[Any], Any]) -> Standard:
    """J and Y, or I and K where the square is negative."""
    if square.could_extract_minus_sign():
        kinds, sign, says = (sympy.besseli, sympy.besselk), -1, "modified Bessel functions I and K"
    else:
        kinds, sign, says = (sympy.besselj, sympy.bessely), 1, "Bessel functions J and Y"
    return Standard(
        "Bessel",
        front,
        inside(sympy.sqrt(sign * square)),
        lambda w, x: x**2 * sympy.diff(w, x, 2) + x * sympy.diff(w, x) + (sign * x**2 - order**2) * w,
        (lambda x: kinds[0](order, x), lambda x: kinds[1](order, x)),
        f"Its solutions are the {says} of order {text(order)}",
    )
