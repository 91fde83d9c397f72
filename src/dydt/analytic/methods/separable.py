"""Separation of variables: y' = g(t) h(y)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy

from dydt.analytic.algebra.antiderivative import antiderivative, log_free
from dydt.analytic.algebra.isolate import isolate
from dydt.analytic.algebra.unravel import unravel
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.failures import none_if_it_fails
from dydt.analytic.forms.first_order import constant_for, slope, solves, with_slope
from dydt.analytic.problem import Found, Problem, listed
from dydt.calculus.notation import Step, text


@dataclass(frozen=True, eq=False)
class Separation:
    """What follows from y' = g(t) h(y).

    Attributes
    ----------
    branches : tuple of expressions
        y in t and the constant; empty if the relation can't be solved for y.
    relation : expression
        In t and y, constant along a solution.
    rests : tuple of expressions
        The constants y = r with h(r) = 0 that are in no branch.
    steps : tuple of Step
    constant : sympy.Symbol
    """

    branches: tuple[Any, ...]
    relation: Any
    rests: tuple[Any, ...]
    steps: tuple[Step, ...]
    constant: sympy.Symbol


@none_if_it_fails
def solve(problem: Problem) -> Found | None:
    """The general solution of y' = g(t) h(y): divide by h, integrate both sides, solve for y.

    Source: Boyce, DiPrima, "Elementary Differential Equations", section 2.2.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> solve(problem(parse("y' = 3*y"), {}, {})).solutions
    (Eq(y(t), C*exp(3*t)),)
    """
    f = slope(problem)
    if f is None:
        return None
    t, y = problem.independent, problem.letters[0]
    factors = split(f, t, y)
    if factors is None:
        return None
    found = separate(*factors, t, y, f)
    if found is None:
        return None
    whole = Step("Solve for the derivative", sympy.Eq(problem.letters[1], f, evaluate=False))
    opening = () if problem.equations[0].lhs == problem.derivative(1) else (whole,)
    return found_from(problem, found, "separable", "separation of variables", opening)


def found_from(
    problem: Problem, found: Separation, method: str, title: str, opening: tuple[Step, ...]
) -> Found:
    """The separation of the problem's own y as what is found."""
    if found.branches:
        solutions = tuple(sympy.Eq(problem.y, b, evaluate=False) for b in found.branches)
    else:
        relation = problem.in_functions(found.relation)
        solutions = (sympy.Eq(relation, found.constant, evaluate=False),)
    lost = tuple(sympy.Eq(problem.y, r, evaluate=False) for r in found.rests)
    return Found(method, title, solutions, (*opening, *found.steps), (found.constant,), lost)


def split(f: Any, t: sympy.Symbol, y: sympy.Symbol) -> tuple[Any, Any] | None:
    """g(t) and h(y) with f = g h, or None; constant factors go to g.

    >>> t, y = sympy.symbols("t y", real=True)
    >>> split(2 * t * y + t, t, y), split(3 * y, t, y)
    ((t, 2*y + 1), (3, y))
    """
    if f == 0:
        return sympy.S.One, sympy.S.Zero
    if not f.has(y):
        return f, sympy.S.One
    if not is_zero(f * f.diff(t, y) - f.diff(t) * f.diff(y)):
        return None
    forms = [f, sympy.factor(f), sympy.factor_terms(sympy.expand(f)), sympy.factor(sympy.expand(f))]
    forms.append(
        f.replace(lambda e: e.is_Pow and e.exp.is_Rational and e.exp.q == 2, lambda e: _roots_apart(e, t, y))
    )
    forms += [sympy.expand(f, power_base=True, log=False, mul=False), sympy.factor(sympy.expand_trig(f))]
    for form in forms:
        if not any(part.has(t) and part.has(y) for part in sympy.Mul.make_args(form)):
            g, h = form.as_independent(y, as_Add=False)
            return _without_constants(g, h, y)
    for at in (0, 1, 2, sympy.Rational(1, 2)):
        column = f.subs(y, at)
        if column.is_finite is not False and column != 0 and not column.has(sympy.nan, sympy.zoo):
            row = sympy.simplify(f / column)
            return (sympy.factor(column), row) if not row.has(t) else None
    return None


def _roots_apart(root: Any, t: sympy.Symbol, y: sympy.Symbol) -> Any:
    """√((1 - y^2)/(1 - t^2)) as √(1 - y^2)/√(1 - t^2), with such signs that both are real near the origin."""
    parts = split(root.base, t, y) if root.base.has(t) and root.base.has(y) else None
    if parts is None:
        return root
    g, h = parts
    near = {t: sympy.Rational(3, 10), y: sympy.Rational(2, 10)}
    if g.subs(near).is_negative:
        g, h = sympy.factor(-g), -h
    h = sympy.expand(h) if h.is_polynomial() else h
    above, below = sympy.fraction(sympy.cancel(g))
    if below.subs(near).is_negative:
        above, below = -above, -below
    return above**root.exp * sympy.expand(below) ** -root.exp * h**root.exp


def _without_constants(g: Any, h: Any, y: sympy.Symbol) -> tuple[Any, Any]:
    """Constant factors of h, also those of a sum, on the side of t."""
    if h.is_Add:
        factor, rest = sympy.factor_terms(h).as_independent(y, as_Add=False)
        if factor != 1 and sympy.count_ops(rest) < sympy.count_ops(h):
            return g * factor, rest
    return g, h


def separate(g: Any, h: Any, t: sympy.Symbol, y: sympy.Symbol, f: Any = None) -> Separation | None:
    """Solve y' = f = g(t) h(y), with every step; None if one of the integrals is not found."""
    inverse = sympy.together(1 / h) if h != 0 else None
    constant = constant_for(g, h, t, y)
    derivative = sympy.Symbol(f"{y.name}'", real=True)
    if inverse is None:
        return Separation((constant,), y, (), (_at_rest(y, constant),), constant)
    left, right = antiderivative(inverse, y), antiderivative(g, t)
    if left is None or right is None:
        return None
    holds = solves(with_slope(t, y, g * h))
    rests = tuple(r for r in zeros(h, y) if holds(r) or _is_continuous_at(h, y, r))
    steps = _opening(g, h, t, y, derivative, g * h if f is None else f)
    if rests:
        steps.append(_rests(rests, h, y))
    sides = sympy.Eq(sympy.Integral(inverse, y), sympy.Integral(g, t), evaluate=False)
    says = f"Divide by {text(h)} and integrate, over {y} on the left and over {t} on the right"
    says = says if h != 1 else f"The right side has no {y} in it: integrate over {t}"
    steps.append(Step(says, sides, lambda: is_zero(inverse * h - 1)))
    steps += _integrals(left, inverse, right, g, h, t, y, constant)
    end = unravel(left, right, y, constant, holds)
    steps += end.steps
    missing = tuple(r for r in rests if not _contained(r, end.branches, constant))
    if rests:
        steps.append(_verdict(rests, missing, end.branches, h, y, constant, holds))
    return Separation(end.branches, end.relation, missing, tuple(steps), constant)


def _opening(
    g: Any, h: Any, t: sympy.Symbol, y: sympy.Symbol, derivative: sympy.Symbol, f: Any
) -> list[Step]:
    """What the two factors are; nothing to say where there is one only."""
    if h == 1:
        return []
    formula = sympy.Eq(derivative, sympy.Mul(g, h, evaluate=False) if g != 1 else h, evaluate=False)
    if not g.has(t):
        says = f"The right side has no {t} in it: it is a constant times a function of {y}"
    else:
        says = f"The right side is a function of {t} times a function of {y}"
    near = {t: sympy.Rational(3, 10), y: sympy.Rational(2, 10)}

    def check() -> bool:
        """Where roots were taken apart, both sides are the same where they are real: up to a sign, and at a point."""
        if is_zero(g * h - f):
            return True
        return is_zero((g * h) ** 2 - f**2) and is_zero((g * h - f).subs(near))

    return [Step(says, formula, check)]


def _at_rest(y: sympy.Symbol, constant: Any) -> Step:
    return Step("Nothing changes", sympy.Eq(y, constant, evaluate=False))


def _rests(rests: tuple[Any, ...], h: Any, y: sympy.Symbol) -> Step:
    formula = listed([sympy.Eq(y, r, evaluate=False) for r in rests])
    one = len(rests) == 1
    says = f"Where {text(h)} is zero, {y} stays as it is: {'a constant solution' if one else 'constant solutions'}"
    return Step(says, formula, lambda: all(is_zero(h.subs(y, r)) for r in rests))


def _integrals(
    left: Any,
    inverse: Any,
    right: Any,
    g: Any,
    h: Any,
    t: sympy.Symbol,
    y: sympy.Symbol,
    constant: sympy.Symbol,
) -> list[Step]:
    """The integral of each side, and both with one constant."""
    steps = []
    for integral, integrand, variable, side in ((left, inverse, y, "left"), (right, g, t, "right")):
        formula = sympy.Eq(sympy.Integral(integrand, variable), integral, evaluate=False)
        if integrand.has(variable):
            steps.append(
                Step(f"The integral on the {side}", formula, _differentiates(integral, integrand, variable))
            )

    def is_kept() -> bool:
        return is_zero(sympy.diff(log_free(left), y) * g * h - sympy.diff(log_free(right), t))

    says = "So both sides differ by a constant"
    steps.append(Step(says, sympy.Eq(left, right + constant, evaluate=False), is_kept))
    return steps


def _differentiates(integral: Any, integrand: Any, variable: sympy.Symbol) -> Any:
    return lambda: is_zero(sympy.diff(log_free(integral), variable) - integrand)


def _contained(rest: Any, branches: tuple[Any, ...], constant: sympy.Symbol) -> bool:
    """Whether a branch with C = 0 is this constant."""
    return any(
        is_zero(b.subs(constant, 0) - rest) for b in branches if b.subs(constant, 0).is_finite is not False
    )


def _verdict(
    rests: tuple[Any, ...], missing: tuple[Any, ...], branches: Any, h: Any, y: Any, constant: Any, holds: Any
) -> Step:
    """Which of the constant solutions the family has."""
    if not missing:
        says = f"With {constant} = 0 the family has the constant solution too"
        formula = listed([sympy.Eq(y, r, evaluate=False) for r in rests])
        return Step(says, formula, lambda: all(_contained(r, branches, constant) for r in rests))
    formula = listed([sympy.Eq(y, r, evaluate=False) for r in missing])

    def check() -> bool:
        return all(holds(r) or _is_continuous_at(h, y, r) for r in missing)

    return Step("Divided away above, and solutions as well", formula, check)


def zeros(h: Any, y: sympy.Symbol) -> tuple[Any, ...]:
    """The real constants r with h(r) = 0, in order of size where that is known.

    >>> y = sympy.Symbol("y", real=True)
    >>> zeros(y * (1 - y**2), y)
    (-1, 0, 1)
    """
    found: list[Any] = []
    for factor in sympy.Mul.make_args(sympy.factor(sympy.fraction(sympy.together(h))[0])):
        base = factor.base if factor.is_Pow and factor.exp.is_positive else factor
        if not base.has(y):
            continue
        if base.is_polynomial(y):
            found += [r for r in sympy.roots(sympy.Poly(base, y)) if r.is_real is not False]
        else:
            found += isolate(base, 0, y)
    right = [r for r in dict.fromkeys(found) if _is_zero_at(h, y, r)]
    numbers = all(r.is_number for r in right)
    return tuple(sorted(right, key=lambda r: float(r))) if numbers else tuple(right)


def _is_continuous_at(h: Any, y: sympy.Symbol, r: Any) -> bool:
    """Whether h(r) = 0 as a formula, and is no 0·∞: in rounded numbers the root of a zero may not look like one."""
    inside = [f.args[0] for f in h.atoms(sympy.log)]
    inside += [p.base for p in h.atoms(sympy.Pow) if p.exp.is_negative]
    return not any(part.has(y) and is_zero(part.subs(y, r)) for part in inside) and _is_zero_at(h, y, r)


def _is_zero_at(h: Any, y: sympy.Symbol, r: Any) -> bool:
    value = h.subs(y, r)
    return bool(
        value.is_finite is not False and not value.has(sympy.nan, sympy.zoo, sympy.I) and is_zero(value)
    )
