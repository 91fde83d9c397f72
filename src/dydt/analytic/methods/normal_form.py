"""Linear equations of second order that a substitution turns into one with constant coefficients or powers of t."""

from __future__ import annotations

from typing import Any

import sympy

from dydt.analytic.algebra.antiderivative import exponential
from dydt.analytic.algebra.integral import integral
from dydt.analytic.algebra.roots import roots
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.forms.linear_equation import LinearEquation, cancelled, linear_equation
from dydt.analytic.methods.constant_coefficients import homogeneous
from dydt.analytic.methods.reduction_of_order import basis_step, finished
from dydt.analytic.part import free_name, told
from dydt.analytic.problem import Found, Problem
from dydt.calculus.notation import Step, text

_LONGEST = 80


def solve(problem: Problem) -> Found | None:
    """The general solution of y'' + p y' + q y = g, where a substitution takes away what varies.

    With y = u e^(-∫ p/2) it is u'' + I u = …, I = q - p'/2 - p²/4; with x = ∫ √|q| dt the coefficients are constant
    if (q' + 2 p q) / |q|^(3/2) is. Source: Boyce, DiPrima, "Elementary Differential Equations", section 3.3,
    problem 36 and 5.7; Simmons, "Differential Equations with Applications", section 24.
    """
    linear = linear_equation(problem)
    if linear is None or linear.order != 2 or linear.is_constant:
        return None
    t = problem.independent
    if any(a.count_ops() > _LONGEST for a in linear.coefficients):
        return None
    a0, a1, a2 = linear.coefficients
    p, q = cancelled(a1 / a2), cancelled(a0 / a2)
    for way in (_without_slope, _other_clock):
        second = way(problem, linear, p, q)
        if second is None:
            continue
        basis, steps = second
        found = finished(problem, linear, basis, steps)
        if found is not None and all(is_zero(linear.apply(f)) for f in basis):
            what = f"unknown {problem.name}" if way is _without_slope else f"variable {t}"
            title = f"a change of the {what}"
            return Found("normal form", title, *found)
    return None


def _without_slope(
    problem: Problem, linear: LinearEquation, p: Any, q: Any
) -> tuple[tuple[Any, Any], tuple[Step, ...]] | None:
    """y = u e^(-∫ p/2), when the rest is a constant or c/t²."""
    t = problem.independent
    rest = _flat(q - sympy.diff(p, t) / 2 - p**2 / 4)
    if p == 0 or (rest.has(t) and _flat(rest * t**2).has(t)):
        return None
    area = integral(p, t)
    if area is None:
        return None
    front = exponential(-area / 2)
    letter = free_name(problem, "u", "v", "w")
    u = sympy.Function(letter, real=True)(t)
    if rest.has(t):
        functions, more = _of_powers(rest * t**2, t, letter)
    else:
        inner = homogeneous(LinearEquation(t, u, (rest, sympy.S.Zero, sympy.S.One), sympy.S.Zero))
        if inner is None:
            return None
        functions, more = inner.basis, told(inner.steps, {})
    if len(functions) != 2:
        return None
    basis = tuple(sympy.powsimp(front * f) for f in functions)
    name = problem.name
    steps = (
        Step("The equation is linear", linear.equation()),
        Step(
            f"With p the coefficient of {name}' divided by that of {name}'', put "
            f"{name} = {letter} e^(-∫ p/2 d{t}): then "
            f"{letter}' drops out",
            sympy.Eq(problem.y, front * u, evaluate=False),
            lambda: is_zero(sympy.diff(front, t) / front + p / 2),
        ),
        Step(
            f"What is left for {letter}, without the forcing",
            sympy.Eq(u.diff(t, 2) + _flat(rest) * u, 0, evaluate=False),
            lambda: all(is_zero(sympy.diff(f, t, 2) + rest * f) for f in functions),
        ),
        *more,
        basis_step(problem, linear, f"Back to {name}", (basis[0], basis[1])),
    )
    return (basis[0], basis[1]), steps


def _of_powers(c: Any, t: Any, letter: str) -> tuple[tuple[Any, ...], tuple[Step, ...]]:
    """u'' + c u / t² = 0 by u = t^r."""
    r = sympy.Dummy("r")
    found = roots(r * (r - 1) + _flat(c), r)
    if found is None:
        return (), ()
    functions: list[Any] = []
    for root in found.roots:
        if root.is_real:
            functions += [t**root.alpha * sympy.log(t) ** k for k in range(root.multiplicity)]
        else:
            angle = root.beta * sympy.log(t)
            functions += [t**root.alpha * sympy.cos(angle), t**root.alpha * sympy.sin(angle)]
    named = sympy.Tuple(*(sympy.Eq(sympy.Symbol(f"{letter}_{k + 1}"), f) for k, f in enumerate(functions)))
    return tuple(functions), (
        Step(
            f"By {letter} = {t}^r, a Cauchy–Euler equation",
            named,
            lambda: all(is_zero(t**2 * sympy.diff(e.rhs, t, 2) + c * e.rhs) for e in named),
        ),
    )


def _other_clock(
    problem: Problem, linear: LinearEquation, p: Any, q: Any
) -> tuple[tuple[Any, Any], tuple[Step, ...]] | None:
    """x = ∫ √|q| dt, when that makes the coefficients constant."""
    t = problem.independent
    if q == 0 or not q.has(t):
        return None
    for sign in (1, -1):
        root = _root(sign * q, t, _place(problem, q))
        if root is None:
            continue
        ratio = _flat((sympy.diff(root, t) + p * root) / root**2)
        if ratio.has(t) or not is_zero((sympy.diff(root, t) + p * root) / root**2 - ratio):
            continue
        clock = integral(root, t)
        if clock is None or clock.has(sympy.I):
            continue
        name = free_name(problem, "x", "s", "z")
        x = sympy.Symbol(name, real=True)
        function = problem.y.func(x)
        constant = LinearEquation(x, function, (sympy.Integer(sign), ratio, sympy.S.One), sympy.S.Zero)
        inner = homogeneous(constant)
        if inner is None:
            continue
        basis = tuple(f.subs(x, clock) for f in inner.basis)
        steps = (
            Step("The equation is linear", linear.equation()),
            _clock_step(problem, x, clock, root),
            _constant_step(constant, t, p, root),
            *inner.steps,
            basis_step(problem, linear, f"Back to {t}, with {name} = {text(clock)}", (basis[0], basis[1])),
        )
        return (basis[0], basis[1]), steps
    return None


def _clock_step(problem: Problem, x: Any, clock: Any, root: Any) -> Step:
    t, y = problem.independent, problem.name
    return Step(
        f"Take another variable, {x} = ∫ √|q| d{t} with q the coefficient of {y} divided by that of {y}''",
        sympy.Eq(x, clock, evaluate=False),
        lambda: is_zero(sympy.diff(clock, t) - root),
    )


def _constant_step(constant: LinearEquation, t: Any, p: Any, root: Any) -> Step:
    """That what stands before y' does not change with the new variable."""
    ratio = constant.coefficients[1]
    return Step(
        f"The coefficients then are constant; primes are derivatives by {constant.independent}, without the forcing",
        constant.equation(),
        lambda: is_zero((sympy.diff(root, t) + p * root) - ratio * root**2),
    )


def _place(problem: Problem, q: Any) -> Any:
    """A time near the start at which the coefficient has a value that is not zero."""
    for place in (problem.start, problem.start + sympy.Rational(3, 7)):
        value = q.subs(problem.independent, place)
        if value != 0 and not value.has(sympy.zoo, sympy.nan, sympy.oo):
            return place
    return problem.start + sympy.Rational(3, 7)


def _root(square: Any, t: Any, place: Any) -> Any | None:
    """√ of a square taken as one would by hand, √(4 t²) = 2 t, √(n²/(1 - t²)) = n/√(1 - t²); None if it is negative."""
    positive = {s: sympy.Dummy(s.name, positive=True) for s in square.free_symbols}
    back = {dummy: name for name, dummy in positive.items()}
    parts = []
    sign = 1
    for part in sympy.fraction(sympy.factor(square)):
        value = part.subs(t, place).subs(dict.fromkeys(part.free_symbols, sympy.Rational(7, 5)))
        if not value.is_real or value.is_zero:
            return None
        sign *= 1 if value.is_positive else -1
        even = sympy.factor(part if value.is_positive else -part)
        if even.is_Add or any(f.is_Add and f.as_base_exp()[1] == 1 for f in sympy.Mul.make_args(even)):
            even = sympy.expand(even)
        root = sympy.sqrt(even.subs(positive))
        parts.append(root.replace(sympy.Abs, lambda inside: inside))
    return None if sign < 0 else (parts[0] / parts[1]).subs(back)


def _flat(expression: Any) -> Any:
    """Cancelled, with trigonometric squares taken together where there are any."""
    value = cancelled(sympy.together(expression))
    if value.has(sympy.sin, sympy.cos, sympy.tan) and value.count_ops() < _LONGEST:
        value = sympy.trigsimp(value)
    if value.has(sympy.exp, sympy.Pow) and value.count_ops() < _LONGEST:
        value = sympy.powsimp(value)
    return value
