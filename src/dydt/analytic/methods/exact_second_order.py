"""Linear equations of second order that are the derivative of one of first order."""

from __future__ import annotations

from typing import Any

import sympy

from dydt.analytic.algebra.integral import integral
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.forms.linear_equation import linear_equation
from dydt.analytic.part import single, solve_part, told
from dydt.analytic.problem import Found, Problem
from dydt.calculus.notation import Step, in_order


def solve(problem: Problem) -> Found | None:
    """The general solution of P y'' + Q y' + R y = g with P'' - Q' + R = 0.

    The left-hand side then is (P y' + (Q - P') y)', so that one integration leaves a linear equation of first order.
    Source: Boyce, DiPrima, "Elementary Differential Equations", section 3.2, problems 38 to 42.
    """
    linear = linear_equation(problem)
    if linear is None or linear.order != 2 or linear.is_constant:
        return None
    t, y, name = problem.independent, problem.y, problem.name
    third, second, first = linear.coefficients
    if not is_zero(sympy.diff(first, t, 2) - sympy.diff(second, t) + third):
        return None
    drive = integral(linear.forcing, t) if linear.forcing != 0 else sympy.S.Zero
    if drive is None:
        return None
    names = problem.constants(2)
    rest = _short(second - sympy.diff(first, t))
    left = first * y.diff(t) + rest * y
    inner = solve_part(single(t, y, left, drive + names[0]))
    if inner is None:
        return None
    renamed = dict.fromkeys(inner.constants, names[1])
    solutions = tuple(
        sympy.Eq(e.lhs.xreplace(renamed), e.rhs.xreplace(renamed), evaluate=False) for e in inner.solutions
    )
    steps = (
        Step(f"The equation is linear, P*{name}'' + Q*{name}' + R*{name} on the left", linear.equation()),
        Step(
            f"It is exact, since P'' - Q' + R = 0: the left-hand side is the derivative of P*{name}' + (Q - P')*{name}",
            sympy.Eq(
                sympy.Derivative(in_order(first * y.diff(t), rest * y), t), linear.forcing, evaluate=False
            ),
            lambda: is_zero(sympy.diff(first, t, 2) - sympy.diff(second, t) + third),
        ),
        Step(
            "Integrate both sides",
            sympy.Eq(in_order(first * y.diff(t), rest * y), drive + names[0], evaluate=False),
            lambda: is_zero(sympy.diff(drive, t) - linear.forcing),
        ),
        *told(inner.steps, renamed),
    )
    return Found("exact second order", "an integration of the whole equation", solutions, steps, names)


def _short(expression: Any) -> Any:
    return min((expression, sympy.expand(expression), sympy.factor(expression)), key=sympy.count_ops)
