"""What the tests of the methods for higher orders and systems share: a family of solutions held against a book's.

Nothing here uses the room's own verification: a family is put into the equations in thirty digits, it must have as many
free constants as the order, and each member of the book's family must be found in it.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import mpmath
import sympy

from dydt.analytic.methods import file_of, solver
from dydt.analytic.problem import Found, Problem, problem
from dydt.expr.parse import parse
from dydt.expr.read import read
from dydt.expr.sympy import to_sympy

PLACES = (mpmath.mpf("0.37"), mpmath.mpf("0.61"), mpmath.mpf("1.13"))
SMALL = mpmath.mpf("1e-9")  # decimal roots have fifteen digits


def posed(law: str, independent: str = "t") -> Problem:
    """The law as a problem; parameters stay letters but for those that the law gives values."""
    equations = parse(law, independent=independent)
    return problem(equations, equations.parameters, {})


def solved(method: str, law: str) -> tuple[Problem, Found]:
    """The law solved by this method: every step holds, every family solves and is complete."""
    asked = posed(law)
    found = solver(method)(asked)
    assert found is not None, law
    assert file_of(found.method) == method
    wrong = [str(step) for step in found.steps if step.check is not None and not step.check()]
    assert not wrong, wrong
    assert sum(step.check is not None for step in found.steps) >= 2
    for family in families(asked, found):
        assert solves(asked, family), f"{law}: {family}"
        assert is_complete(asked, family, found.constants), f"{law}: {family}"
    for equation in found.lost:
        assert solves(asked, [equation.rhs]), f"{law}: {equation}"
    return asked, found


def refuses(method: str, *laws: str) -> bool:
    """Whether the method says that none of these laws is of its type."""
    solve = solver(method)
    return all(solve(posed(law)) is None for law in laws)


def families(asked: Problem, found: Found) -> list[list[Any]]:
    """For each branch, a formula for each unknown."""
    assert all(e.lhs in asked.unknowns for e in found.solutions)
    if asked.is_single:
        return [[e.rhs] for e in found.solutions]
    assert [e.lhs for e in found.solutions] == list(asked.unknowns)
    return [[e.rhs for e in found.solutions]]


def smooth(formula: Any) -> Any:
    """The formula with √(u²) for |u|, which can be differentiated as often as one likes."""
    plain = formula.xreplace({s: sympy.Symbol(s.name) for s in formula.free_symbols})
    return plain.replace(sympy.Abs, lambda u: sympy.sqrt(u**2))


def solves(asked: Problem, formulas: Sequence[Any]) -> bool:
    """Whether nothing is left over where the formulas are put into the equations."""
    t = sympy.Symbol(asked.independent.name)
    values = {}
    for unknown, formula in zip(asked.unknowns, formulas, strict=True):
        slope = smooth(formula)
        for k in range(asked.order_of(unknown) + 1):
            values[asked.derivative(k, unknown)] = slope
            slope = sympy.diff(slope, t)
    for equation in asked.equations:
        left, right = (smooth(side.xreplace(values)) for side in (equation.lhs, equation.rhs))
        for place in PLACES:
            a, b = number(left, place), number(right, place)
            if not abs(a - b) <= SMALL * (1 + abs(a) + abs(b)):
                return False
    return True


def is_complete(asked: Problem, formulas: Sequence[Any], constants: Sequence[Any]) -> bool:
    """Whether the initial values can be chosen freely: their derivatives by the constants are independent."""
    states = initial_states(asked, formulas)
    if len(states) != len(constants):
        return False
    with mpmath.workdps(30):
        table = mpmath.matrix(
            [[number(sympy.diff(s, sympy.Symbol(c.name)), PLACES[0]) for c in constants] for s in states]
        )
        return bool(abs(mpmath.det(table)) > SMALL)


def initial_states(asked: Problem, formulas: Sequence[Any]) -> list[Any]:
    """y, y', … of each unknown up to one below its order."""
    t = sympy.Symbol(asked.independent.name)
    pairs = zip(asked.unknowns, map(smooth, formulas), strict=True)
    return [sympy.diff(f, t, k) for u, f in pairs for k in range(asked.order_of(u))]


def holds(asked: Problem, found: Found, *book: str) -> bool:
    """Whether the family holds the book's solution, a formula of t, C1, C2, … for each unknown.

    For families that are linear in their constants: these are found from the book's values at one time, and both are
    compared at the others.
    """
    own = families(asked, found)[0]
    theirs = [to_sympy(read(formula)) for formula in book]
    assert solves(asked, theirs), f"the book's answer is not one: {book}"
    states, wanted = initial_states(asked, own), initial_states(asked, theirs)
    with mpmath.workdps(30):
        names = [sympy.Symbol(c.name) for c in found.constants]
        zero = dict.fromkeys(names, 0)
        table = mpmath.matrix([[number(sympy.diff(s, c), PLACES[0]) for c in names] for s in states])
        right = mpmath.matrix(
            [
                number(w, PLACES[0]) - number(s.subs(zero), PLACES[0])
                for w, s in zip(wanted, states, strict=True)
            ]
        )
        values = mpmath.lu_solve(table, right)
    chosen = {c: sympy.Float(str(v), 30) for c, v in zip(found.constants, values, strict=True)}
    for mine, their in zip(own, theirs, strict=True):
        for place in PLACES:
            a, b = number(mine.subs(chosen), place), number(their, place)
            if not abs(a - b) <= SMALL * (1 + abs(a)):
                return False
    return True


def number(expression: Any, place: Any) -> Any:
    """The value at a time, the other symbols at fixed positive numbers."""
    names = sorted(expression.free_symbols, key=str)
    values = [place if name.name == "t" else chosen_for(name.name) for name in names]
    with mpmath.workdps(30):
        value = sympy.lambdify(names, expression.doit(), "mpmath")(*values)
        value = mpmath.mpmathify(value)
        assert abs(mpmath.im(value)) <= SMALL * (1 + abs(value)), f"{expression} is not real"
        return mpmath.re(value)


def chosen_for(name: str) -> Any:
    """A number for a letter, the same at every call."""
    code = zlib.crc32(name.encode())
    return mpmath.mpf(300 + code % 1500) / 1000
