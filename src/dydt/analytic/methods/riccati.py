"""Riccati's equation y' = q0 + q1 y + q2 y^2: with one solution known, the others are y = y1 + 1/u with u linear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import sympy

from dydt.analytic.algebra.absorb import absorb
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.failures import none_if_it_fails
from dydt.analytic.forms.first_order import constant_for, letter, slope, solves
from dydt.analytic.methods.linear import integrate
from dydt.analytic.part import single, solve_part
from dydt.analytic.problem import Found, Problem
from dydt.calculus.notation import Step, text

_PLACES = (sympy.Rational(6, 5), sympy.Rational(3, 7), sympy.Rational(11, 6))
_LONGEST = 120


@none_if_it_fails
def solve(problem: Problem) -> Found | None:
    """The general solution of y' = q0 + q1 y + q2 y^2, from a solution that is guessed, or by y = -w'/(q2 w).

    Guessed are constants, powers of t, straight lines and functions that stand in the equation. Where none fits,
    the linear equation of second order for w is tried. Source: Boyce, DiPrima, "Elementary Differential Equations",
    section 2.6, problem 33; Ince, "Ordinary Differential Equations", section 2.15.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> solve(problem(parse("y' = 1 + t^2 - 2*t*y + y^2"), {}, {})).solutions
    (Eq(y(t), t + 1/(C - t)),)
    """
    f = slope(problem)
    if f is None:
        return None
    t, y = problem.independent, problem.letters[0]
    parts = coefficients(f, y)
    if parts is None:
        return None
    known = particular(*parts, t)
    if known is not None:
        return _from_known(problem, f, parts, known, t, y)
    return _from_linear(problem, f, parts, t, y)


def coefficients(f: Any, y: sympy.Symbol) -> tuple[Any, Any, Any] | None:
    """q0, q1 and q2, with q0 and q2 other than zero; None if f is not a quadratic polynomial in y.

    >>> t, y = sympy.symbols("t y", real=True)
    >>> coefficients((y - t) ** 2 + 1, y)
    (t**2 + 1, -2*t, 1)
    """
    expanded = sympy.expand(f)
    if not expanded.is_polynomial(y) or sympy.degree(expanded, y) != 2:
        return None
    q0, q1, q2 = (expanded.coeff(y, k) for k in range(3))
    if is_zero(q0):
        return None
    q0, q1, q2 = (min((q, sympy.factor(sympy.together(q))), key=sympy.count_ops) for q in (q0, q1, q2))
    return q0, q1, q2


def particular(q0: Any, q1: Any, q2: Any, t: sympy.Symbol) -> Any | None:
    """One solution of y' = q0 + q1 y + q2 y^2; None if no guess fits.

    >>> t = sympy.Symbol("t", real=True)
    >>> particular(-4 / t**2, -1 / t, sympy.S.One, t)
    2/t
    """

    def left_over(trial: Any) -> Any:
        return trial.diff(t) - q0 - q1 * trial - q2 * trial**2

    c = sympy.Dummy("c", real=True)
    for shape in _shapes(q0, q1, q2, t):
        for value in _multiples(left_over(c * shape), c, t):
            trial = value * shape
            if is_zero(left_over(trial)):
                return trial
    return _polynomial(q0, q1, q2, t)


def _shapes(q0: Any, q1: Any, q2: Any, t: sympy.Symbol) -> Iterator[Any]:
    """Functions a multiple of which may be a solution."""
    yield sympy.S.One
    for power in (1, -1, 2, -2, 3, sympy.Rational(1, 2), -sympy.Rational(1, 2)):
        yield t**power
    functions = {g for q in (q0, q1, q2) for g in q.atoms(sympy.Function) if g.has(t)}
    for g in sorted(functions, key=str):
        yield from (g, 1 / g, t * g, g / t)
        if isinstance(g, sympy.sin | sympy.cos):
            yield from (
                sympy.tan(g.args[0]),
                sympy.cos(g.args[0]),
                sympy.sin(g.args[0]),
                1 / sympy.tan(g.args[0]),
            )
        if isinstance(g, sympy.exp):
            yield from (g**2, 1 / g**2)
        if isinstance(g, sympy.tan | sympy.cot):
            yield from (sympy.cos(g.args[0]), 1 / sympy.cos(g.args[0]))


def _multiples(left_over: Any, c: sympy.Symbol, t: sympy.Symbol) -> list[Any]:
    """The real factors c for which a multiple may do: those that do at two times."""
    values = []
    for place in _PLACES[:2]:
        equation = sympy.Poly(sympy.expand(left_over.subs(t, place)), c)
        if not equation.is_zero:
            values.append(_real_roots(*(equation.coeff_monomial(c**k) for k in (2, 1, 0))))
    if not values:
        return []
    common = [v for v in values[0] if all(any(is_zero(v - w) for w in others) for others in values[1:])]
    return sorted(
        (v for v in common if v != 0 or len(common) == 1), key=lambda v: (sympy.count_ops(v), str(v))
    )


def _real_roots(a: Any, b: Any, d: Any) -> list[Any]:
    """The roots of a c^2 + b c + d that are real, as fractions where the coefficients are transcendental numbers."""
    rounded = all(q.is_number for q in (a, b, d)) and any(
        q.atoms(sympy.Function, sympy.exp) for q in (a, b, d)
    )
    if rounded:
        a, b, d = (q.evalf(30) for q in (a, b, d))
    if a == 0:
        roots = [-d / b] if b != 0 else []
    else:
        root = sympy.sqrt(b**2 - 4 * a * d if rounded else sympy.factor(b**2 - 4 * a * d))
        roots = [(-b + root) / (2 * a), (-b - root) / (2 * a)]
    roots = [r for r in roots if not r.has(sympy.I)]
    if rounded:
        return [sympy.nsimplify(r, rational=True, tolerance=1e-15) for r in roots]
    return [sympy.simplify(r) for r in roots]


def _polynomial(q0: Any, q1: Any, q2: Any, t: sympy.Symbol) -> Any | None:
    """A solution a + b t + c/t, or the square root that the terms without y' suggest."""
    a, b = sympy.symbols("a b", cls=sympy.Dummy)
    if all(q.is_rational_function(t) for q in (q0, q1, q2)):
        for shape in (a + b * t, a * t + b * t**2, a + b / t, a * t + b / t):
            residual = shape.diff(t) - q0 - q1 * shape - q2 * shape**2
            above = sympy.Poly(sympy.expand(sympy.fraction(sympy.together(residual))[0]), t)
            unknown = [s for s in (a, b) if shape.has(s)]
            found = sympy.solve(above.all_coeffs(), unknown, dict=True) if above.degree() <= 8 else []
            for values in found:
                trial = shape.subs(values)
                if not trial.has(*unknown) and not trial.has(sympy.I):
                    return trial
    return _square_root(q0, q1, q2, t)


def _square_root(q0: Any, q1: Any, q2: Any, t: sympy.Symbol) -> Any | None:
    """Where q1^2 - 4 q0 q2 or a part of it is a square, a root of q0 + q1 y + q2 y^2 may solve the equation."""
    discriminant = sympy.factor(sympy.expand(q1**2 - 4 * q0 * q2))
    root = sympy.powdenest(sympy.sqrt(discriminant), force=True)
    for sign in (1, -1) if not root.has(sympy.I) else ():
        trial = sympy.factor(sympy.together((-q1 + sign * root) / (2 * q2)))
        if is_zero(trial.diff(t) - q0 - q1 * trial - q2 * trial**2):
            return trial
    exponentials = sorted({e for q in (q0, q1) for e in q.atoms(sympy.exp) if e.has(t)}, key=str)
    for e in exponentials:
        for sign in (1, -1):
            for shift in (sign * e, sign * e + 1, sign * e - 1, sign * e / q2):
                if is_zero(shift.diff(t) - q0 - q1 * shift - q2 * shift**2):
                    return shift
    return None


def _opening(f: Any, parts: tuple[Any, ...], y: sympy.Symbol) -> Step:
    q0, q1, q2 = parts
    values = ", ".join(f"q{k} = {text(q)}" for k, q in enumerate(parts))
    says = f"It is a quadratic polynomial in {y}: Riccati's equation with {values}"
    formula = sympy.Eq(sympy.Symbol(f"{y.name}'", real=True), f, evaluate=False)
    return Step(says, formula, lambda: is_zero(f - q0 - q1 * y - q2 * y**2))


def _from_known(
    problem: Problem, f: Any, parts: tuple[Any, ...], known: Any, t: sympy.Symbol, y: sympy.Symbol
) -> Found | None:
    _, q1, q2 = parts
    u = letter("uvwz", f, t, y, known)
    slope_of_u = sympy.Symbol(f"{u.name}'", real=True)
    rate = min((q1 + 2 * q2 * known, sympy.cancel(q1 + 2 * q2 * known)), key=sympy.count_ops)
    linear = integrate(rate, -q2, t, u, problem.start)
    if linear is None:
        return None
    (solution,) = absorb([known + _inverse(linear.solution)], linear.constant)
    shorter = sympy.together(solution)
    solution = min((solution, shorter), key=sympy.count_ops)
    holds = solves(problem)
    steps = (
        _opening(f, parts, y),
        Step("A solution is found by trying", sympy.Eq(y, known, evaluate=False), lambda: holds(known)),
        Step(
            "Every other one differs from it: write the difference as 1/" + u.name,
            sympy.Eq(y, known + 1 / u, evaluate=False),
        ),
        Step(
            f"Put in, what the known solution solves cancels, and times -{u}^2 the rest is linear",
            sympy.Eq(slope_of_u + rate * u, -q2, evaluate=False),
            lambda: is_zero(known.diff(t) - (-rate * u - q2) / u**2 - f.subs(y, known + 1 / u)),
        ),
        *linear.steps,
        Step(f"Back to {y}", sympy.Eq(y, solution, evaluate=False), lambda: holds(solution)),
    )
    lost = (sympy.Eq(problem.y, known, evaluate=False),)
    solutions = (sympy.Eq(problem.y, solution, evaluate=False),)
    return Found("Riccati", "Riccati's equation", solutions, steps, (linear.constant,), lost)


def _inverse(value: Any) -> Any:
    return 1 / min((value, sympy.together(value), sympy.factor(value)), key=sympy.count_ops)


def _from_linear(
    problem: Problem, f: Any, parts: tuple[Any, ...], t: sympy.Symbol, y: sympy.Symbol
) -> Found | None:
    """By y = -w'/(q2 w), where the linear equation for w can be solved."""
    q0, q1, q2 = parts
    name = letter("wvuz", f, t, y).name
    w = sympy.Function(name, real=True)(t)
    damping = sympy.cancel(q1 + q2.diff(t) / q2)
    stiffness = sympy.cancel(q0 * q2)
    left = w.diff(t, 2) - damping * w.diff(t) + stiffness * w
    found = solve_part(single(t, w, left, sympy.S.Zero))
    if found is None or len(found.constants) != 2 or found.solutions[0].lhs != w:
        return None
    first, second = found.constants
    constant = constant_for(f, t, y)
    family = found.solutions[0].rhs
    one, other = (sympy.expand(family).coeff(name, 1) for name in (first, second))
    if is_zero(one) or is_zero(other) or not is_zero(family - first * one - second * other):
        return None
    ratio = [-(a.diff(t) + constant * b.diff(t)) / (q2 * (a + constant * b)) for a, b in ((one, other),)]
    solution = min((sympy.factor(ratio[0]), sympy.together(ratio[0]), ratio[0]), key=sympy.count_ops)
    special = -other.diff(t) / (q2 * other)
    holds = solves(problem)
    if sympy.count_ops(solution) > _LONGEST or not holds(solution):
        return None
    letter_w = sympy.Symbol(name, real=True)
    steps = (
        _opening(f, parts, y),
        Step(
            f"No solution is found by trying. With {y} = -{name}'/(q2 {name}) it becomes linear, of second order",
            sympy.Eq(left, 0, evaluate=False),
            lambda: _is_linear_form(f, q2, left, w, t, y),
        ),
        *found.steps,
        Step(
            f"Put back {letter_w}; a common factor cancels, so one constant is enough: {constant} = {second}/{first}",
            sympy.Eq(y, solution, evaluate=False),
            lambda: holds(solution),
        ),
    )
    lost = (sympy.Eq(problem.y, min((special, sympy.cancel(special)), key=sympy.count_ops), evaluate=False),)
    title = "Riccati's equation, by the linear equation of second order behind it"
    found_one = Found(
        "Riccati", title, (sympy.Eq(problem.y, solution, evaluate=False),), steps, (constant,), lost
    )
    return found_one if holds(lost[0].rhs) else replace(found_one, lost=())


def _is_linear_form(f: Any, q2: Any, left: Any, w: Any, t: sympy.Symbol, y: sympy.Symbol) -> bool:
    """With y = -w'/(q2 w), the expression y' - f is the linear form times -1/(q2 w)."""
    trial = -w.diff(t) / (q2 * w)
    difference = trial.diff(t) - f.subs(y, trial) + left / (q2 * w)
    names = {w.diff(t, k): sympy.Dummy(f"w{k}", real=True) for k in (2, 1)}
    return is_zero(difference.doit().subs(names).subs(w, sympy.Dummy("w", real=True)))
