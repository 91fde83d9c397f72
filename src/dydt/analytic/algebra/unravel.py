"""H(y) = G(t) + C solved for y: logarithms are undone together, so that the constant becomes a factor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import gcd, lcm
from typing import Any

import sympy

from dydt.analytic.algebra.absorb import absorb
from dydt.analytic.algebra.antiderivative import exponential, log_free
from dydt.analytic.algebra.isolate import isolate
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.problem import listed
from dydt.calculus.notation import Step

# A formula longer than this tells less than the relation it comes from.
_LONGEST = 60


@dataclass(frozen=True, eq=False)
class Unravelled:
    """What follows from H(y) = G(t) + C.

    Attributes
    ----------
    branches : tuple of expressions
        y in t and C; empty if it can't be said.
    relation : expression
        In y and t, constant along a solution.
    steps : tuple of Step
    """

    branches: tuple[Any, ...]
    relation: Any
    steps: tuple[Step, ...]


def unravel(
    left: Any, right: Any, y: sympy.Symbol, constant: sympy.Symbol, holds: Callable[[Any], bool] = bool
) -> Unravelled:
    """Solve left(y) = right(t) + C for y; a constant factor takes the place of C where logarithms are undone.

    `holds` says whether a branch solves the differential equation: undoing a square or a root can add one.

    >>> y, t, C = sympy.symbols("y t C", real=True)
    >>> unravel(sympy.log(sympy.Abs(y)), 3 * t, y, C).branches
    (C*exp(3*t),)
    """
    logarithms = _logarithms(left, y)
    if logarithms is None:
        relation, target, steps = cleared(left - right), right + constant, []
        branches = isolate(left, target, y)
    else:
        multiple, product = logarithms
        growth = _bare(exponential(sympy.expand(multiple * right)))
        relation, target = product / growth, constant * growth
        branches = isolate(product, target, y)
        if sympy.fraction(product)[1].has(y) and branches:
            branches = _other_way(branches, isolate(1 / product, constant / growth, y), growth, constant)
        steps = [_exponentiated(left, right, product, target, multiple, y, constant)]
    branches = [_readable(branch) for branch in absorb(branches, constant)]
    short = [branch for branch in dict.fromkeys(branches) if sympy.count_ops(branch) <= _LONGEST]
    solved = tuple(branch for branch in short if holds(branch))
    if solved and not (logarithms and product == y):
        steps.append(_solved(solved, y, holds))
    return Unravelled(solved, relation, tuple(steps))


def _logarithms(left: Any, y: sympy.Symbol) -> tuple[Any, Any] | None:
    """For a sum of c_i log|u_i|: a multiple m with m c_i whole, and the product of u_i^(m c_i)."""
    parts = []
    for term in sympy.Add.make_args(sympy.expand_mul(left)):
        coefficient, rest = term.as_independent(y, as_Add=False)
        if not isinstance(rest, sympy.log):
            return None
        parts.append((coefficient, log_free(rest).args[0]))
    first = parts[0][0]
    ratios = [sympy.simplify(c / first) for c, _ in parts]
    if not all(r.is_Rational for r in ratios):
        return None
    below = lcm(*(int(r.q) for r in ratios))
    whole = [int(r * below) for r in ratios]
    common = gcd(*whole)
    powers = [n // common for n in whole]
    product = sympy.Mul(*(u**n for (_, u), n in zip(parts, powers, strict=True)))
    return sympy.Integer(below) / common / first, product


def _bare(power: Any) -> Any:
    """|u|^c for a power that is not whole, so that it is real on both sides of a zero of u."""
    return power.replace(
        lambda e: e.is_Pow and not e.exp.is_integer and e.base != sympy.E and e.exp.is_number is not None,
        lambda e: sympy.Abs(e.base) ** e.exp,
    )


def _other_way(branches: list[Any], others: list[Any], growth: Any, constant: sympy.Symbol) -> list[Any]:
    """The branches with 1/C for the constant, either sign of it, over the growth or not, whichever are shortest."""
    ways = [branches, others] if len(others) == len(branches) else [branches]
    if len(branches) == 1:
        for (form,) in list(ways):
            above, below = (
                sympy.Add(*(term / growth for term in sympy.Add.make_args(part)))
                for part in sympy.fraction(sympy.together(form))
            )
            ways.append([above / below])
    ways += [[form.subs(constant, -constant) for form in way] for way in ways]
    return min(ways, key=lambda way: [_length(form) for form in way])


def _length(formula: Any) -> tuple[Any, ...]:
    """How long a formula is to read: its exponentials, then all it does, then its minus signs."""
    exponentials = sum(1 for part in sympy.preorder_traversal(formula) if isinstance(part, sympy.exp))
    return exponentials, sympy.count_ops(formula), str(formula).count("-"), str(formula)


def _readable(branch: Any) -> Any:
    """A sum of terms over a common denominator if that is shorter."""
    return min((branch, sympy.together(branch)), key=_length)


def cleared(relation: Any) -> Any:
    """The relation without fractions that are numbers, and without what is constant anyway.

    >>> y = sympy.Symbol("y", real=True)
    >>> cleared(y - y**3 / 3 + 2)
    -y**3 + 3*y
    """
    if not relation.is_Add:
        return sympy.factor_terms(relation).as_coeff_Mul()[1] if relation.is_Mul else relation
    moving = sympy.expand_mul(relation, deep=False).as_coeff_Add()[1]
    return moving.primitive()[1] if moving.is_Add else moving.as_coeff_Mul()[1]


def _exponentiated(
    left: Any, right: Any, product: Any, target: Any, multiple: Any, y: sympy.Symbol, constant: sympy.Symbol
) -> Step:
    """The step from logarithms to a product, proved by the logarithmic derivatives of both sides."""

    def check() -> bool:
        inner = sympy.diff(multiple * log_free(left) - sympy.log(product), y)
        names = [s for s in right.free_symbols if s != y]
        outer = [
            sympy.diff(multiple * log_free(right) - sympy.log(target), s) for s in names if s != constant
        ]
        return is_zero(inner) and all(is_zero(o) for o in outer)

    says = f"Raise e to both sides; the sign and the factor e^{constant} make a new constant, again called {constant}"
    return Step(says, sympy.Eq(product, target, evaluate=False), check)


def _solved(branches: tuple[Any, ...], y: sympy.Symbol, holds: Callable[[Any], bool]) -> Step:
    formula = [sympy.Eq(y, branch, evaluate=False) for branch in branches]
    return Step(f"Solve for {y}", listed(formula), lambda: all(holds(branch) for branch in branches))
