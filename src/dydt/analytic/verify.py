"""Whether a solution solves: it is put into the equation as it was written, and what is left over is looked at.

At random points, with thirty digits, relative to the size of the terms that should cancel; by algebra as well where
that is quick. A relation between t and y that isn't solved for y is differentiated as it stands.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import mpmath
import sympy

from dydt.analytic.briefly import briefly
from dydt.analytic.failures import FAILURES
from dydt.analytic.numeric import numeric
from dydt.analytic.problem import Problem

_DIGITS = 30
_TOLERANCE = mpmath.mpf("1e-14")
_REAL = mpmath.mpf("1e-20")
_ENOUGH = 4
_GOOD = 10
_TRIES = 80
_QUICK = 0.3  # seconds for algebra
_SMALL = 150  # operations in a residual that algebra is tried on
# A constant may choose a branch, so that a family solves in a part of the plane only; a wrong one does so nowhere.
_PART = 0.15


@dataclass(frozen=True)
class Evidence:
    """How a solution was verified.

    Attributes
    ----------
    points : int
        How many random points it was put in at.
    exact : bool
        Whether algebra leaves nothing over either.
    everywhere : bool
        Whether it holds at all points, or only where a branch fits.
    """

    points: int
    exact: bool = False
    everywhere: bool = True

    def __str__(self) -> str:
        how = "exactly" if self.exact else f"at {self.points} random points, to 14 digits"
        where = "" if self.everywhere else ", where this branch holds"
        return f"put into the equation: nothing is left over, {how}{where}"


def verify(problem: Problem, solution: Sequence[Any], near: Any = None) -> Evidence | None:
    """The evidence that a solution solves the equations; None if it does not, or can't be put in.

    Parameters
    ----------
    problem : Problem
    solution : sequence of Eq
        One equation for each unknown, with the unknown alone on the left; or one relation for the only unknown.
        Symbols that the problem does not know are constants.
    near : number, optional
        Only look close to this time, as for a solution with initial values.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> growth = problem(parse("y' = 3*y"), {}, {})
    >>> t, C = growth.independent, sympy.Symbol("C", real=True)
    >>> verify(growth, [sympy.Eq(growth.y, C * sympy.exp(3 * t))]).exact
    True
    >>> verify(growth, [sympy.Eq(growth.y, C * sympy.exp(2 * t))]) is None
    True
    """
    try:
        trial = _explicit(problem, solution) or _implicit(problem, solution)
        if trial is None:
            return None
        count = _count(trial, problem, near)
    except FAILURES:
        return None
    if count is None:
        return None
    exact = count.everywhere and bool(briefly(_QUICK, _cancels, trial, otherwise=False))
    return Evidence(count.points, exact, count.everywhere)


@dataclass(frozen=True, eq=False)
class _Trial:
    """Symbols to choose, what the letters are at such a point, the terms of each equation in letters."""

    names: tuple[Any, ...]
    letters: dict[Any, Any]
    terms: tuple[tuple[Any, ...], ...]
    complete: Callable[[dict[Any, Any]], bool] | None = None


def explicit_values(problem: Problem, solution: Sequence[Any]) -> dict[Any, Any] | None:
    """Unknown -> formula, if every unknown stands alone on the left of one of the equations."""
    values = {equation.lhs: equation.rhs for equation in solution if isinstance(equation, sympy.Equality)}
    right = all(u in values and not values[u].has(*problem.unknowns) for u in problem.unknowns)
    return {u: values[u] for u in problem.unknowns} if right else None


def derivative(formula: Any, variable: Any) -> Any:
    """The derivative away from corners: that of log|u| is u'/u, that of |u| is sign(u) u', that of sign(u) is 0.

    >>> t = sympy.Symbol("t", real=True)
    >>> derivative(sympy.log(abs(t)) * t, t), derivative(sympy.sign(t), t)
    (log(Abs(t)) + 1, 0)
    """
    logarithms = {
        part: sympy.Function(f"log_{k}", real=True)(variable)
        for k, part in enumerate(formula.atoms(sympy.log))
        if isinstance(part.args[0], sympy.Abs) and part.has(variable)
    }
    found = sympy.diff(formula.xreplace(logarithms), variable)
    if logarithms:
        slopes = {
            sympy.Derivative(stand_in, variable): sympy.diff(part.args[0].args[0], variable)
            / part.args[0].args[0]
            for part, stand_in in logarithms.items()
        }
        found = found.xreplace(slopes).xreplace({stand_in: part for part, stand_in in logarithms.items()})
    return found.replace(sympy.DiracDelta, lambda *_: sympy.S.Zero) if found.has(sympy.DiracDelta) else found


def _letters(problem: Problem) -> dict[Any, Any]:
    """y', y'' … as plain symbols."""
    return {
        problem.derivative(k, unknown): sympy.Dummy(f"{unknown.func.__name__}_{k}", real=True)
        for unknown in problem.unknowns
        for k in range(problem.order_of(unknown) + 1)
    }


def _terms(problem: Problem, letters: Mapping[Any, Any]) -> tuple[tuple[Any, ...], ...]:
    return tuple(
        tuple(
            term.doit().xreplace(letters)
            for side, sign in ((equation.lhs, 1), (equation.rhs, -1))
            for term in sympy.Add.make_args(sympy.expand_mul(sign * side))
        )
        for equation in problem.equations
    )


def _explicit(problem: Problem, solution: Sequence[Any]) -> _Trial | None:
    values = explicit_values(problem, solution)
    if values is None:
        return None
    letters = _letters(problem)
    formulas = {}
    for unknown, formula in values.items():
        for k in range(problem.order_of(unknown) + 1):
            formulas[letters[problem.derivative(k, unknown)]] = formula
            formula = derivative(formula, problem.independent)
    terms = _terms(problem, letters)
    free = set().union(
        *(f.free_symbols for f in formulas.values()), *(t.free_symbols for r in terms for t in r)
    )
    names = tuple(sorted((free | {problem.independent}) - set(formulas), key=str))
    return _Trial(names, formulas, terms)


def implicit_derivatives(problem: Problem, relation: Any, letter: Any) -> list[Any]:
    """y, y', y'' … along F(t, y) = 0, in t and the letter for y: y' = -F_t/F_y, and so on by the chain rule."""
    t = problem.independent
    slope = -derivative(relation, t) / derivative(relation, letter)
    found = [letter, slope]
    while len(found) <= problem.order:
        found.append(derivative(found[-1], t) + slope * derivative(found[-1], letter))
    return found


def _implicit(problem: Problem, solution: Sequence[Any]) -> _Trial | None:
    if not problem.is_single or len(solution) != 1 or not solution[0].has(problem.y):
        return None
    letters = _letters(problem)
    letter = letters[problem.y]
    relation = (solution[0].lhs - solution[0].rhs).xreplace({problem.y: letter})
    if relation.has(sympy.Derivative):
        return None
    along = implicit_derivatives(problem, relation, letter)
    formulas = {letters[problem.derivative(k)]: along[k] for k in range(problem.order + 1)}
    terms = _terms(problem, letters)
    known = {problem.independent, letter, *problem.parameters.values()}
    chosen = sorted(relation.free_symbols - known, key=str)
    adjusted = chosen[0] if chosen else letter
    free = relation.free_symbols.union(*(t.free_symbols for row in terms for t in row)) | {
        problem.independent
    }
    names = tuple(sorted((free | {letter}) - (set(formulas) - {letter}), key=str))
    return _Trial(names, formulas, terms, _solver(relation, names, adjusted))


def _solver(relation: Any, names: Sequence[Any], adjusted: Any) -> Callable[[dict[Any, Any]], bool]:
    """Moves one of the symbols so that the relation holds."""
    evaluate = numeric(names, relation)

    def complete(point: dict[Any, Any]) -> bool:
        def left_over(value: Any) -> Any:
            return evaluate(*[value if name == adjusted else point[name] for name in names])

        try:
            root = mpmath.findroot(left_over, point[adjusted], solver="secant", maxsteps=40)
        except FAILURES:
            return False
        point[adjusted] = root
        return bool(abs(left_over(root)) < mpmath.mpf("1e-20") * (1 + abs(root)))

    return complete


# -- at random points -------------------------------------------------------------------------------------------------


class _Remainder:
    """What is left over of the equations at a point, relative to their terms, and whether all is real there."""

    def __init__(self, trial: _Trial) -> None:
        self.trial = trial
        self.letters = [letter for letter in trial.letters if letter not in trial.names]
        self.formulas = numeric(trial.names, list(trial.letters.values()))
        rows = [list(row) for row in trial.terms]
        self.rows = numeric([*trial.names, *self.letters], rows)

    def __call__(self, point: dict[Any, Any]) -> tuple[Any, bool] | None:
        """None where something has no value."""
        trial = self.trial
        if trial.complete is not None and not trial.complete(point):
            return None
        try:
            at = [point[name] for name in trial.names]
            values = [mpmath.mpmathify(v) for v in self.formulas(*at)]
            others = [v for n, v in zip(trial.letters, values, strict=True) if n not in trial.names]
            sizes = [_left_over(row) for row in self.rows(*at, *others)]
        except FAILURES:
            return None
        if not all(mpmath.isfinite(v) for v in (*values, *sizes)):
            return None
        return max(sizes), all(_is_real(v) for v in (*values, *at))


def holding(problem: Problem, solution: Sequence[Any]) -> Callable[[Any], bool | None]:
    """Whether an explicit solution without constants holds at a time; None where it can't be told."""
    trial = _explicit(problem, solution)
    assert trial is not None
    remainder = _Remainder(trial)

    def holds(time: Any) -> bool | None:
        with mpmath.workdps(_DIGITS):
            found = remainder({problem.independent: mpmath.mpmathify(time)})
        return None if found is None else bool(found[0] <= _TOLERANCE and found[1])

    return holds


def _count(trial: _Trial, problem: Problem, near: Any) -> Evidence | None:
    if near is not None:
        return _count_near(trial, problem, near)
    remainder = _Remainder(trial)
    right = wrong = odd = odd_wrong = 0
    with mpmath.workdps(_DIGITS):
        for point in _points(trial, problem, near):
            found = remainder(point)
            if found is None:
                continue
            good = found[0] <= _TOLERANCE
            if found[1]:
                right, wrong = right + good, wrong + (not good)
            else:
                odd, odd_wrong = odd + good, odd_wrong + (not good)
            if right >= _GOOD or wrong >= _TRIES // 2:
                break
    if right + wrong >= _ENOUGH:
        part = 1.0 if _is_in_pieces(problem) else _PART
        fits = right >= part * (right + wrong) and right >= 2
        return Evidence(right, everywhere=not wrong) if fits else None
    return Evidence(odd) if odd >= _ENOUGH and not odd_wrong else None


def _count_near(trial: _Trial, problem: Problem, near: Any) -> Evidence | None:
    """At real points on both sides of a time; it is enough if one side is right, as where a solution begins."""
    remainder = _Remainder(trial)
    counts = {1: [0, 0], -1: [0, 0]}
    middle = sympy.N(near, _DIGITS)
    with mpmath.workdps(_DIGITS):
        for point in _points(trial, problem, near):
            side = 1 if point[problem.independent] > mpmath.mpmathify(middle) else -1
            found = remainder(point)
            if found is not None and found[1]:
                counts[side][found[0] > _TOLERANCE] += 1
            if all(sum(count) >= _GOOD for count in counts.values()):
                break
    right = [good for good, wrong in counts.values() if good >= 2 and not wrong]
    return Evidence(sum(right), everywhere=len(right) == 2) if right else None


def _is_in_pieces(problem: Problem) -> bool:
    """Whether the law itself changes from place to place, so that a solution of a part of it is none."""
    kinds = (sympy.Piecewise, sympy.floor, sympy.Mod, sympy.sign, sympy.Max, sympy.Min)
    return any(equation.has(*kinds) for equation in problem.equations)


def _is_real(value: Any) -> bool:
    return bool(abs(mpmath.im(value)) <= _REAL * (1 + abs(value)))


def _left_over(row: Sequence[Any]) -> Any:
    parts = [mpmath.mpmathify(part) for part in row]
    size = sum(abs(part) for part in parts)
    return abs(sum(parts)) / size if size > _REAL else mpmath.mpf(0)


def _points(trial: _Trial, problem: Problem, near: Any) -> Iterator[dict[Any, Any]]:
    """The same at every call: times of both signs (or close to `near`), constants of both signs, parameters > 0."""
    chance = random.Random(7)
    parameters = set(problem.parameters.values())
    for count in range(_TRIES):
        point = {}
        for name in trial.names:
            low = 0.1 if name in parameters or (name == problem.independent and count % 2) else -2.5
            point[name] = mpmath.mpf(chance.uniform(low, 2.5))
        if near is not None:
            reach = (0.003, 0.01, 0.03, 0.1)[count // 2 % 4] * (-1) ** count
            distance = mpmath.mpf(chance.uniform(0.3, 1)) * reach
            point[problem.independent] = mpmath.mpmathify(sympy.N(near, _DIGITS)) + distance
        yield point


def _cancels(trial: _Trial) -> bool:
    """Whether algebra leaves nothing over."""
    for row in trial.terms:
        rest = reduce(lambda a, b: a + b, row, sympy.S.Zero).xreplace(trial.letters)
        if rest.has(sympy.Integral) or rest.count_ops() > _SMALL or trial.complete is not None:
            return False
        if sympy.simplify(rest) != 0:
            return False
    return True
