"""Equations of first order as y' = f(t, y)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import sympy

from dydt.analytic.algebra.isolate import isolate
from dydt.analytic.failures import FAILURES
from dydt.analytic.problem import Problem
from dydt.analytic.verify import verify

_CORNERS = (
    sympy.Abs,
    sympy.sign,
    sympy.Max,
    sympy.Min,
    sympy.floor,
    sympy.Mod,
    sympy.Piecewise,
    sympy.Heaviside,
)


def slope(problem: Problem) -> Any | None:
    """f(t, y) in letters, if the equation is of first order and gives one y' only; else None.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> slope(problem(parse("t*y' = 2*y"), {}, {}))
    2*y/t
    """
    if not problem.is_single or problem.order != 1 or not is_smooth(problem):
        return None
    found = any_slope(problem)
    return None if found is None or found.has(sympy.nan, sympy.zoo, sympy.oo) else found


def is_smooth(problem: Problem) -> bool:
    """Whether no corner or jump depends on the unknown: the methods would find one side's solution only."""
    corners = problem.residual.atoms(*_CORNERS)
    return not any(corner.has(problem.letters[0]) for corner in corners)


def any_slope(problem: Problem) -> Any | None:
    """f(t, y) in letters, corners and jumps or not, of an equation of first order; None if it gives several."""
    top = problem.letters[1]
    if problem.equations[0].lhs == problem.derivative(1):
        right = problem.in_letters(problem.equations[0].rhs)
        if not right.has(top):
            return right
    try:
        residual = sympy.expand(problem.residual)
        factor = residual.coeff(top, 1)
        rest = residual.subs(top, 0)
        if factor.has(top) or sympy.expand(residual - factor * top - rest) != 0:
            found = isolate(problem.residual, sympy.S.Zero, top)
            return found[0] if len(found) == 1 else None
    except FAILURES:
        return None
    return _short(-rest, factor)


def _short(above: Any, below: Any) -> Any:
    """A quotient as it was, or cancelled where that makes it shorter."""
    if below == 1:
        return above
    return min((above / below, sympy.cancel(above / below), sympy.factor(above / below)), key=sympy.count_ops)


def with_slope(t: sympy.Symbol, y: sympy.Symbol, f: Any) -> Problem:
    """The problem y' = f(t, y), with f in plain letters."""
    function = sympy.Function(y.name, real=True)(t)
    equation = sympy.Eq(function.diff(t), f.subs(y, function), evaluate=False)
    parameters = {s.name: s for s in f.free_symbols - {t, y}}
    return Problem(t, (function,), (equation,), parameters)


def solves(problem: Problem) -> Callable[[Any], bool]:
    """A test of formulas for y: whether one, put into the equation of first order, makes both sides equal.

    >>> t, y = sympy.symbols("t y", real=True)
    >>> test = solves(with_slope(t, y, 3 * y))
    >>> test(sympy.exp(3 * t)), test(sympy.exp(t))
    (True, False)
    """

    @cache
    def test(formula: Any) -> bool:
        return verify(problem, [sympy.Eq(problem.y, formula, evaluate=False)]) is not None

    return test


def keeps(problem: Problem) -> Callable[[Any], bool]:
    """A test of relations F(t, y) in letters: whether F is constant along solutions."""

    @cache
    def test(relation: Any) -> bool:
        constant = sympy.Dummy("C", real=True)
        equation = sympy.Eq(problem.in_functions(relation), constant, evaluate=False)
        return verify(problem, [equation]) is not None

    return test


def letter(wishes: str, *formulas: Any) -> sympy.Symbol:
    """The first of the letters that is in none of the formulas.

    >>> letter("uv", sympy.Symbol("u") + 1)
    v
    """
    taken = {symbol.name for formula in formulas for symbol in (sympy.S.Zero + formula).atoms(sympy.Symbol)}
    return sympy.Symbol(next((w for w in wishes if w not in taken), f"{wishes[0]}_1"), real=True)


def constant_for(*formulas: Any) -> sympy.Symbol:
    """The constant of integration: C, or another capital where the law itself has a C.

    >>> constant_for(sympy.Symbol("R") * sympy.Symbol("C"))
    K
    """
    return letter("CKAB", *formulas)
