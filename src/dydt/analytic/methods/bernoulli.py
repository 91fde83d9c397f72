"""Bernoulli's equation y' + p(t) y = q(t) y^n, linear in u = y^(1-n)."""

from __future__ import annotations

from typing import Any

import sympy

from dydt.analytic.algebra.absorb import absorb
from dydt.analytic.algebra.isolate import isolate
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.failures import none_if_it_fails
from dydt.analytic.forms.first_order import letter, slope, solves
from dydt.analytic.methods.linear import integrate
from dydt.analytic.problem import Found, Problem, listed
from dydt.calculus.notation import Step, text


@none_if_it_fails
def solve(problem: Problem) -> Found | None:
    """The general solution of y' + p y = q y^n with n other than 0 and 1, by u = y^(1-n).

    Source: Boyce, DiPrima, "Elementary Differential Equations", section 2.4, problem 27; Jakob Bernoulli 1695.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> solve(problem(parse("t*y' + y = t^2*y^2"), {}, {})).solutions
    (Eq(y(t), 1/(t*(C - t))),)
    """
    f = slope(problem)
    if f is None:
        return None
    t, y = problem.independent, problem.letters[0]
    parts = coefficients(f, y)
    return None if parts is None or parts[2].has(t) else _solved(problem, f, *parts, t, y)


def coefficients(f: Any, y: sympy.Symbol) -> tuple[Any, Any, Any] | None:
    """p, q and n with f = -p y + q y^n, n ≠ 0, 1; None if f is not of this form.

    >>> t, y = sympy.symbols("t y", real=True)
    >>> coefficients(y / t - y**3, y)
    (-1/t, -1, 3)
    """
    terms: dict[Any, Any] = {}
    for term in sympy.Add.make_args(sympy.expand(sympy.expand(f), power_base=True, force=True)):
        coefficient, power = sympy.powsimp(term).as_independent(y, as_Add=False)
        base, exponent = power.as_base_exp()
        if (base != y and power != 1) or exponent.has(y):
            return None
        exponent = exponent if power != 1 else sympy.S.Zero
        terms[exponent] = terms.get(exponent, 0) + coefficient
    others = [n for n in terms if n != 1]
    if len(others) != 1 or others[0] == 0:
        return None
    n = others[0]
    forms = [sympy.factor(sympy.together(c)) for c in (-terms.get(sympy.S.One, sympy.S.Zero), terms[n])]
    return forms[0], forms[1], n


def _solved(
    problem: Problem, f: Any, p: Any, q: Any, n: Any, t: sympy.Symbol, y: sympy.Symbol
) -> Found | None:
    u = letter("uvwz", f, t, y)
    derivative, slope_of_u = problem.letters[1], sympy.Symbol(f"{u.name}'", real=True)
    power = y ** (1 - n)
    linear = integrate((1 - n) * p, (1 - n) * q, t, u, problem.start)
    if linear is None:
        return None
    holds = solves(problem)
    branches = [_readable(b) for b in absorb(isolate(power, _over(linear.solution), y), linear.constant)]
    branches = [branch for branch in branches if holds(branch)]
    steps = [
        Step(
            f"It is linear but for a power of {y}: Bernoulli's equation with n = {text(n)}",
            sympy.Eq(derivative + p * y, q * y**n, evaluate=False),
            lambda: is_zero(q * y**n - p * y - f),
        ),
        Step(
            f"Divide by {text(y**n)} and take {text(power)} as the new unknown {u}",
            sympy.Eq(u, power, evaluate=False),
        ),
        Step(
            f"Its derivative is {text((1 - n) * y ** (-n))} {derivative}, so that the equation for {u} is linear",
            sympy.Eq(slope_of_u + (1 - n) * p * u, (1 - n) * q, evaluate=False),
            lambda: is_zero((1 - n) * y ** (-n) * f + (1 - n) * p * power - (1 - n) * q),
        ),
        *linear.steps,
    ]
    if branches:
        formula = listed([sympy.Eq(y, b, evaluate=False) for b in branches])
        steps.append(Step(f"Back to {y}", formula, lambda: all(holds(b) for b in branches)))
        solutions = tuple(sympy.Eq(problem.y, b, evaluate=False) for b in branches)
    else:
        relation = sympy.Eq(problem.y ** (1 - n), linear.solution, evaluate=False)
        steps.append(Step(f"Back to {y}", sympy.Eq(power, linear.solution, evaluate=False)))
        solutions = (relation,)
    lost: tuple[Any, ...] = ()
    if n.is_positive is not False and not any(b.subs(linear.constant, 0) == 0 for b in branches):
        says = f"Divided away above, and a solution as well{'' if n.is_positive else ' for n > 0'}"
        rest = sympy.Eq(y, 0, evaluate=False)
        steps.append(Step(says, rest, lambda: holds(sympy.S.Zero) if n.is_positive else q != 0))
        lost = (sympy.Eq(problem.y, 0, evaluate=False),)
    return Found("Bernoulli", "Bernoulli's equation", solutions, tuple(steps), (linear.constant,), lost)


def _over(expression: Any) -> Any:
    """Over one denominator, with the constant in a sum of its own where that is short."""
    return min((expression, sympy.together(expression), sympy.factor(expression)), key=sympy.count_ops)


def _readable(branch: Any) -> Any:
    return min((branch, sympy.together(branch), sympy.powsimp(branch)), key=sympy.count_ops)
