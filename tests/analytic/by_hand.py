"""What the tests of the methods share: a law solved by one method, and a book's answer held against it.

Nothing here uses the room's own verification: a solution is put into the equation and evaluated in fifty digits.
"""

from __future__ import annotations

import random
from typing import Any

import sympy

from dydt.analytic.methods import file_of, solver
from dydt.analytic.problem import Found, Problem, problem
from dydt.expr.parse import parse
from dydt.expr.read import read
from dydt.expr.sympy import to_sympy

DIGITS = 50


def posed(law: str, independent: str = "t", **values: float) -> Problem:
    """The law as a problem, its parameters without values but for those given."""
    return problem(parse(law, independent=independent), values, {})


def solved(method: str, law: str) -> tuple[Problem, Found]:
    """The law solved by this method, its steps checked and its solutions put into the equation."""
    asked = posed(law)
    found = solver(method)(asked)
    assert found is not None, law
    assert file_of(found.method) == method
    assert found.solutions
    assert found.steps
    wrong = [str(step) for step in found.steps if step.check is not None and not step.check()]
    assert not wrong, wrong
    assert any(step.check is not None for step in found.steps) or len(found.steps) == 1
    for solution in (*found.solutions, *found.lost):
        assert is_solution(asked, solution), f"{law}: {solution}"
    return asked, found


def refuses(method: str, law: str) -> bool:
    """Whether the method says that the law is not of its type."""
    return solver(method)(posed(law)) is None


def is_solution(asked: Problem, solution: Any) -> bool:
    """Whether the residual is zero in fifty digits, at several points where the solution is real."""
    t, (y, slope) = asked.independent, asked.letters
    if solution.lhs == asked.y and not solution.rhs.has(asked.y):
        inside = {slope: sympy.diff(solution.rhs, t), y: solution.rhs}
    else:
        relation = asked.in_letters(solution.lhs - solution.rhs)
        inside = {slope: -sympy.diff(relation, t) / sympy.diff(relation, y)}
    return vanishes(asked.residual.subs(slope, inside[slope]).subs(inside))


def agrees(asked: Problem, solution: Any, book: str) -> bool:
    """Whether the book's F(t, y), which it says is constant along solutions, is constant along this one."""
    t, y = asked.independent, asked.letters[0]
    other = to_sympy(read(book))
    if solution.lhs == asked.y and not solution.rhs.has(asked.y):
        return vanishes(sympy.diff(other.subs(y, solution.rhs), t))
    relation = asked.in_letters(solution.lhs - solution.rhs)
    return vanishes(relation.diff(t) * other.diff(y) - relation.diff(y) * other.diff(t))


def curves(*formulas: str) -> set[Any]:
    """Formulas of t as texts, for the lost solutions."""
    return {to_sympy(read(formula)) for formula in formulas}


def lost(found: Found) -> set[Any]:
    return {solution.rhs for solution in found.lost}


def vanishes(expression: Any) -> bool:
    """Zero at a part of the points where it is real; a branch of a root holds on one side only."""
    names = sorted(expression.free_symbols, key=str)
    chance = random.Random(11)
    zero = real = 0
    for k in range(40):
        low = 1 if k % 2 else -20
        point = {name: sympy.Rational(chance.randint(low, 20), 10) + sympy.Rational(1, 997) for name in names}
        try:
            value = expression.subs(point).doit().evalf(DIGITS)
        except (ArithmeticError, ValueError, TypeError):
            continue
        if value.is_real and value.is_finite:
            real += 1
            zero += bool(abs(value) < sympy.Float(10) ** -25)
        if zero >= 5 or (real and not names):
            break
    return zero >= min(3, max(real, 1)) and zero >= real / 4
