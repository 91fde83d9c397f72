"""Linear equations of first order: y' + p(t) y = q(t), made a whole derivative by an integrating factor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy

from dydt.analytic.algebra.antiderivative import antiderivative, exponential, log_free
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.failures import none_if_it_fails
from dydt.analytic.forms.first_order import constant_for, slope, solves, with_slope
from dydt.analytic.problem import Found, Problem
from dydt.analytic.verify import verify
from dydt.calculus.notation import Step, text


@dataclass(frozen=True, eq=False)
class Integrated:
    """What follows from y' + p(t) y = q(t).

    Attributes
    ----------
    solution : expression
        y in t and the constant.
    steps : tuple of Step
    constant : sympy.Symbol
    """

    solution: Any
    steps: tuple[Step, ...]
    constant: sympy.Symbol


@none_if_it_fails
def solve(problem: Problem) -> Found | None:
    """The general solution of y' + p(t) y = q(t), by the integrating factor μ = exp(∫ p dt).

    Source: Boyce, DiPrima, "Elementary Differential Equations", section 2.1.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> solve(problem(parse("t*y' + 2*y = 4*t^2"), {}, {})).solutions
    (Eq(y(t), C/t**2 + t**2),)
    """
    f = slope(problem)
    if f is None:
        return None
    t, y = problem.independent, problem.letters[0]
    parts = coefficients(f, y)
    if parts is None:
        return None
    p, q = parts
    found = integrate(p, q, t, y, problem.start, lambda: is_zero(q - p * y - f))
    if found is None:
        return None
    solution = sympy.Eq(problem.y, found.solution, evaluate=False)
    return Found("linear", "the integrating factor", (solution,), found.steps, (found.constant,))


def coefficients(f: Any, y: sympy.Symbol) -> tuple[Any, Any] | None:
    """p and q of y' + p y = q, from y' = f; None if f is not linear in y.

    >>> t, y = sympy.symbols("t y", real=True)
    >>> coefficients(t - 2 * y / t, y)
    (2/t, t)
    """
    slope_in_y = sympy.diff(f, y)
    if slope_in_y.has(y):
        slope_in_y = sympy.simplify(slope_in_y) if is_zero(sympy.diff(slope_in_y, y)) else slope_in_y
    if slope_in_y.has(y):
        return None
    return _shortest(-slope_in_y), _shortest(f.subs(y, 0))


def _shortest(expression: Any) -> Any:
    forms = [expression, sympy.cancel(expression), sympy.factor(expression)]
    return min(forms, key=sympy.count_ops)


def integrate(
    p: Any,
    q: Any,
    t: sympy.Symbol,
    y: sympy.Symbol,
    start: Any = 0,
    is_form: Callable[[], bool] | None = None,
) -> Integrated | None:
    """Solve y' + p y = q with every step; None if ∫ p is not found.

    The integral of μ q stays one, from `start` on, where it has no elementary form. `is_form` checks the standard form.
    """
    constant = constant_for(p, q, t, y)
    derivative = sympy.Symbol(f"{y.name}'", real=True)
    steps = [Step("In standard form", sympy.Eq(derivative + p * y, q, evaluate=False), is_form)]
    exponent = antiderivative(p, t)
    if exponent is None:
        return None
    factor = _real(exponential(exponent), t, q, start)
    if p != 0:
        steps.append(_factor_step(p, exponent, factor, t))
        steps.append(_product_step(p, q, factor, t, y))
    driven = _shortest(sympy.powsimp(factor * q))
    whole = antiderivative(driven, t) if driven != 0 else sympy.S.Zero
    if whole is None:
        whole = _from_start(driven, t, start)
        says = "This integral has no elementary form, and stays as it is"
        steps.append(Step(says, whole, _differentiates(whole, driven, t)))
    elif driven.has(t):
        formula = sympy.Eq(sympy.Integral(driven, t), whole, evaluate=False)
        steps.append(Step("Integrate the right side", formula, _differentiates(whole, driven, t)))
    steps.append(
        Step(
            "Integrate both sides",
            sympy.Eq(factor * y, whole + constant, evaluate=False),
            _differentiates(whole, factor * q, t),
        )
    )
    problem = with_slope(t, y, q - p * y)
    solution = _divided(whole, factor, constant, problem)
    if p != 0:
        says = (
            f"Divide by {text(factor)}" if factor.is_Symbol or factor.is_Function else "Divide by the factor"
        )
        holds = solves(problem)
        steps.append(Step(says, sympy.Eq(y, solution, evaluate=False), lambda: holds(solution)))
    return Integrated(solution, tuple(steps), constant)


def _real(factor: Any, t: sympy.Symbol, q: Any, start: Any) -> Any:
    """√(1 - t^2) in place of √(t^2 - 1), which is as good a factor, where q has it or the motion starts inside."""

    def turned(root: Any) -> Any:
        opposite = sympy.expand(-root.base)
        beside = any(sympy.expand(p.base - opposite) == 0 for p in q.atoms(sympy.Pow))
        inside = root.base.subs(t, start).is_negative
        return opposite**root.exp if beside or inside else root

    return factor.replace(lambda e: e.is_Pow and e.exp.is_Rational and e.exp.q == 2 and e.base.is_Add, turned)


def _from_start(integrand: Any, t: sympy.Symbol, start: Any) -> Any:
    """The integral from where the motion starts, or from 1 where the integrand has no value there."""
    taken = {symbol.name for symbol in integrand.atoms(sympy.Symbol)} | {t.name}
    s = sympy.Symbol(next(name for name in "srzwq" if name not in taken), real=True)
    value = integrand.subs(t, start)
    begin = 1 if value.has(sympy.nan, sympy.zoo, sympy.oo) or value.is_finite is False else start
    return sympy.Integral(integrand.subs(t, s), (s, begin, t))


def _factor_step(p: Any, exponent: Any, factor: Any, t: sympy.Symbol) -> Step:
    mu = sympy.Symbol("μ")
    formula = sympy.Eq(mu, factor, evaluate=False)
    return Step(
        f"The integrating factor is μ = exp(∫ {text(p)} d{t}), and the integral is {text(exponent)}",
        formula,
        lambda: is_zero(sympy.diff(factor, t) - p * factor),
    )


def _product_step(p: Any, q: Any, factor: Any, t: sympy.Symbol, y: sympy.Symbol) -> Step:
    """μ y' + μ p y is (μ y)': the product rule."""
    function = sympy.Function(y.name, real=True)(t)
    formula = sympy.Eq(
        sympy.Derivative(factor * function, t), _shortest(sympy.powsimp(factor * q)), evaluate=False
    )

    def check() -> bool:
        slope_of_y = sympy.Dummy("slope", real=True)
        product = sympy.diff(factor * function, t).subs(sympy.diff(function, t), slope_of_y).subs(function, y)
        return is_zero(product - factor * (slope_of_y + p * y))

    return Step("Multiplied by it, the left side is the derivative of a product", formula, check)


def _differentiates(integral: Any, integrand: Any, t: sympy.Symbol) -> Any:
    return lambda: is_zero(sympy.diff(log_free(integral), t) - integrand)


def _divided(whole: Any, factor: Any, constant: sympy.Symbol, problem: Problem) -> Any:
    """(∫μq + C)/μ, term by term; with absolute values where a power is not whole, if that is right on both sides."""
    quotient = (whole / factor).replace(sympy.tan, lambda u: sympy.sin(u) / sympy.cos(u))
    forms = [sympy.powsimp(sympy.expand(quotient)), sympy.powsimp(quotient)]
    forms += [] if quotient.has(sympy.Integral) else [sympy.factor(quotient)]
    driven = min(forms, key=sympy.count_ops)
    free = sympy.powsimp(constant / factor)
    plain = driven + free
    sized = driven + _sized(free)
    if sized != plain:
        evidence = verify(problem, [sympy.Eq(problem.y, sized, evaluate=False)])
        if evidence is not None and evidence.everywhere:
            return sized
    return plain


def _sized(expression: Any) -> Any:
    """|u|^c for a power that is not whole."""
    return expression.replace(
        lambda e: e.is_Pow and e.exp.is_integer is not True and e.base != sympy.E,
        lambda e: sympy.Abs(e.base) ** e.exp,
    )
