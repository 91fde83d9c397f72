"""A new unknown u for y, in which the equation becomes separable, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy

from dydt.analytic.algebra.absorb import absorb
from dydt.analytic.algebra.antiderivative import log_free
from dydt.analytic.algebra.unravel import cleared
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.forms.first_order import keeps, solves
from dydt.analytic.methods.separable import Separation, separate
from dydt.analytic.problem import Found, Problem, listed
from dydt.calculus.notation import Step

# A formula longer than this tells less than the relation it comes from.
_LONGEST = 60


@dataclass(frozen=True, eq=False)
class Substitution:
    """y = inside(t, u), u = outside(t, y), and u' = g(t) h(u).

    Attributes
    ----------
    method, title : str
        As in `Found`.
    u : sympy.Symbol
    inside, outside : expressions
    g, h : expressions
    says : str
        Why this substitution.
    """

    method: str
    title: str
    u: sympy.Symbol
    inside: Any
    outside: Any
    g: Any
    h: Any
    says: str


def substitute(
    problem: Problem, f: Any, change: Substitution, opening: tuple[Step, ...] = ()
) -> Found | None:
    """The solution of y' = f(t, y) by way of the new unknown; None if an integral is not found."""
    t, (y, derivative) = problem.independent, problem.letters
    u = change.u
    if is_zero(change.h):
        h: Any = sympy.S.Zero
    else:
        above, below = sympy.fraction(sympy.together(change.h))
        h = min((change.h, sympy.factor(above / below), sympy.expand(above) / below), key=sympy.count_ops)
    found = separate(change.g, h, t, u, change.g * change.h)
    if found is None:
        return None
    steps = [*opening, *_into(f, change, h, t, y, derivative), *found.steps]
    holds = solves(problem)
    branches = absorb([_shortest(change.inside.subs(u, b)) for b in found.branches], found.constant)
    branches = [b for b in branches if sympy.count_ops(b) <= _LONGEST and holds(b)]
    if branches and len(branches) == len(found.branches):
        formulas = [sympy.Eq(y, b, evaluate=False) for b in branches]
        steps.append(_back(change, listed(formulas), lambda: all(holds(b) for b in branches)))
        solutions = tuple(sympy.Eq(problem.y, b, evaluate=False) for b in branches)
    else:
        relation = tidy(found.relation.subs(u, change.outside))
        holding = keeps(problem)
        if not holding(relation):
            return None
        formula = sympy.Eq(relation, found.constant, evaluate=False)
        steps.append(_back(change, formula, lambda: holding(relation)))
        solutions = (sympy.Eq(problem.in_functions(relation), found.constant, evaluate=False),)
    lost = _lost(change, found, holds)
    if lost:
        formulas = [sympy.Eq(y, r, evaluate=False) for r in lost]
        says = f"From the constant {u}, further solutions"
        steps.append(Step(says, listed(formulas), lambda: all(holds(r) for r in lost)))
    rests = tuple(sympy.Eq(problem.y, r, evaluate=False) for r in lost)
    return Found(change.method, change.title, solutions, tuple(steps), (found.constant,), rests)


def _into(f: Any, change: Substitution, h: Any, t: Any, y: Any, derivative: Any) -> list[Step]:
    """What u is, what y' then is, and the equation for u."""
    u, inside = change.u, change.inside
    slope_of_u = sympy.Symbol(f"{u.name}'", real=True)
    product = inside.diff(t) + inside.diff(u) * slope_of_u
    new = sympy.Eq(slope_of_u, change.g * h, evaluate=False)
    return [
        Step(
            change.says,
            sympy.Eq(y, inside, evaluate=False),
            lambda: is_zero(inside.subs(u, change.outside) - y),
        ),
        Step(
            "Differentiate this",
            sympy.Eq(derivative, product, evaluate=False),
            lambda: is_zero(
                product.subs({slope_of_u: change.outside.diff(t) + change.outside.diff(y) * f}).subs(
                    u, change.outside
                )
                - f
            ),
        ),
        Step(
            f"Put both into the equation and solve for {slope_of_u}: the variables separate",
            new,
            lambda: is_zero(product.subs(slope_of_u, change.g * h) - f.subs(y, inside)),
        ),
    ]


def _back(change: Substitution, formula: Any, check: Any) -> Step:
    return Step(f"Put back {change.u}", formula, check)


def _lost(change: Substitution, found: Separation, holds: Any) -> tuple[Any, ...]:
    curves = [_shortest(change.inside.subs(change.u, r)) for r in found.rests]
    return tuple(curve for curve in dict.fromkeys(curves) if holds(curve))


def _shortest(formula: Any) -> Any:
    """The formula, or its fractions brought together, or its terms multiplied out."""
    forms = [formula, sympy.together(formula), sympy.expand_mul(formula), sympy.factor_terms(formula)]
    if formula.is_Mul or formula.is_Add:
        forms.append(sympy.powsimp(formula))
    forms += [form.replace(lambda e: e.is_Mul, _under_root) for form in forms]
    return min(forms, key=_length)


def _length(formula: Any) -> tuple[Any, ...]:
    """How long a formula is to read; fractions inside count more."""
    fractions = sum(1 for part in formula.atoms(sympy.Pow) if part.exp.is_negative)
    return sympy.count_ops(formula) + 2 * fractions, str(formula)


def _under_root(product: Any) -> Any:
    """t √(A/t^2) as √A, which differs for negative t in sign only: both signs are solutions."""
    roots = [f for f in product.args if f.is_Pow and f.exp == sympy.Rational(1, 2)]
    outer = [f for f in product.args if f.is_Symbol or (f.is_Pow and f.exp.is_Integer)]
    if len(roots) != 1 or not outer or not sympy.fraction(sympy.together(roots[0].base))[1].free_symbols:
        return product
    moved = sympy.Mul(*outer)
    inside = sympy.expand(sympy.cancel(sympy.together(roots[0].base * moved**2)))
    whole = product / moved / roots[0] * sympy.sqrt(inside)
    return whole if sympy.count_ops(whole) <= sympy.count_ops(product) else product


def tidy(relation: Any) -> Any:
    """A relation with its logarithms in one, and without fractions where that is short.

    >>> t, y = sympy.symbols("t y", real=True)
    >>> tidy(sympy.log(1 + y**2 / t**2) / 2 + sympy.log(sympy.Abs(t)) - sympy.atan(y / t))
    log(t**2 + y**2) - 2*atan(y/t)
    """
    logs, rest = [], []
    for term in sympy.Add.make_args(sympy.expand_mul(relation, deep=False)):
        number, factor = term.as_coeff_Mul()
        if isinstance(factor, sympy.log) and number.is_Rational:
            logs.append((number, log_free(factor).args[0]))
        else:
            rest.append(min((term, sympy.together(term)), key=sympy.count_ops))
    forms = [relation]
    if len(logs) > 1:
        below = sympy.ilcm(*(number.q for number, _ in logs))
        product = sympy.factor(sympy.together(sympy.Mul(*(u ** (n * below) for n, u in logs))))
        above, under = sympy.fraction(product)
        sign = 1 if above.free_symbols else -1
        size = sympy.log(sympy.Abs(product if sign == 1 else under / above))
        forms.append(sign * size / below + sympy.Add(*rest))
    elif logs:
        forms.append(sympy.Add(*(number * sympy.log(sympy.Abs(u)) for number, u in logs), *rest))
    elif not relation.has(sympy.log):
        forms += [sympy.factor(sympy.together(relation)), sympy.expand(sympy.together(relation))]
    return cleared(min(forms, key=_length))
