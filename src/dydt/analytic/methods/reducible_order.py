"""Equations in which y or t does not appear: the order goes down by one with v = y'."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import sympy

from dydt.analytic.algebra.antiderivative import log_free
from dydt.analytic.algebra.integral import integral
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.part import free_name, parts, single, solve_part, told
from dydt.analytic.problem import Found, Problem
from dydt.calculus.notation import Step, text

_MOST_WAYS = 3  # of solving the equation for v, where the integral of one is not found


def solve(problem: Problem) -> Found | None:
    """The general solution by v = y' where y is missing, and by v = y', y'' = v dv/dy where t is missing.

    Source: Boyce, DiPrima, "Elementary Differential Equations", section 2.9, problems 36 to 51; Zill, "A First Course
    in Differential Equations", section 4.10.
    """
    if not problem.is_single or problem.order < 2:
        return None
    residual, letters = problem.residual, problem.letters
    if residual.has(sympy.Derivative, sympy.Subs):
        return None
    if not residual.has(letters[0]):
        found = _without_unknown(problem)
        if found is not None:
            return found
    if problem.order == 2 and not residual.has(problem.independent):
        return _without_time(problem)
    return None


# -- y is missing -----------------------------------------------------------------------------------------------------


def _without_unknown(problem: Problem) -> Found | None:
    """With v = y^(k), k the lowest derivative there is."""
    t, letters, order = problem.independent, problem.letters, problem.order
    lowest = next((k for k, letter in enumerate(letters) if problem.residual.has(letter)), None)
    if lowest is None:
        return None
    v = sympy.Function(free_name(problem, "v", "w", "p", "u"), real=True)(t)
    if lowest == order:
        return _only_one_derivative(problem)
    in_v = {letters[k]: v.diff(t, k - lowest) if k > lowest else v for k in range(lowest, order + 1)}
    left, right = (
        problem.in_letters(side).subs(in_v) for side in (problem.equations[0].lhs, problem.equations[0].rhs)
    )
    primes = problem.name + "'" * lowest
    first = Step(
        f"{problem.name} itself does not appear: with {v.func.__name__} = {primes} the order goes down",
        sympy.Eq(left, right, evaluate=False),
        lambda: is_zero(
            problem.in_letters((left - right).subs(v, problem.derivative(lowest)).doit()) - problem.residual
        ),
    )
    for found in islice(parts(single(t, v, left, right)), _MOST_WAYS):
        whole = _back_from(
            problem, found, v, lowest, lambda known: is_zero((left - right).subs(v, known).doit())
        )
        if whole is not None:
            title = f"the substitution {v.func.__name__} = {primes}"
            return replace(whole, title=title, steps=(first, *whole.steps))
    return None


def _back_from(
    problem: Problem, found: Found, v: Any, lowest: int, solves: Callable[[Any], bool]
) -> Found | None:
    """From v = y^(lowest) to y; None if an integral is not found."""
    order = problem.order
    names = problem.constants(order)
    inner = dict(zip(found.constants, names, strict=False))
    primes = problem.name + "'" * lowest
    steps = list(told(found.steps, inner))
    solutions: list[Any] = []
    lost: list[Any] = []
    branches = [*found.solutions, *found.lost]
    known = _known_first(problem, found, v, lowest) if lowest == order - 1 else None
    if known is not None:
        branches, names = [known], names[1:]
        steps.append(Step(f"The one through the initial value of {primes}", known, lambda: solves(known.rhs)))
    for equation in branches:
        if equation.lhs != v or equation.rhs.has(v):
            continue
        is_lost = known is None and equation in found.lost
        value = _eased(equation.rhs.xreplace(inner), names)
        back = _integrated(problem, value, lowest, names[-lowest:])
        if back is None:
            continue
        formula, more = back
        (lost if is_lost else solutions).append(sympy.Eq(problem.y, formula, evaluate=False))
        steps += more
    if not solutions:
        return None
    kept = tuple(
        _renamed(problem, e, names)
        for e in lost
        if not any(_is_member(e.rhs, s.rhs, names) for s in solutions)
    )
    return Found("reducible order", "", tuple(solutions), tuple(steps), names, kept)


def _eased(value: Any, names: Sequence[Any]) -> Any:
    """tan(C - arctan t) as a fraction of t, with tan C as the new constant."""
    if not any(part.has(sympy.atan) for part in value.atoms(sympy.tan)):
        return value
    expanded = sympy.cancel(sympy.expand_trig(value))
    for name in names:
        if expanded.has(sympy.tan(name)) and not expanded.subs(sympy.tan(name), 0).has(name):
            expanded = expanded.subs(sympy.tan(name), name)
    return expanded


def _only_one_derivative(problem: Problem) -> Found | None:
    """y^(n) = f(t): integrate n times."""
    order = problem.order
    names = problem.constants(order)
    solutions, steps = [], []
    for slope in problem.slopes:
        if slope.has(sympy.I, *problem.letters, problem.y):
            continue
        steps.append(
            Step("Only one derivative appears", sympy.Eq(problem.derivative(order), slope, evaluate=False))
        )
        back = _integrated(problem, slope, order, names)
        if back is None:
            return None
        solutions.append(sympy.Eq(problem.y, back[0], evaluate=False))
        steps += back[1]
    if not solutions:
        return None
    return Found("reducible order", "repeated integration", tuple(solutions), tuple(steps), names)


def _integrated(
    problem: Problem, value: Any, times: int, names: Sequence[Any]
) -> tuple[Any, list[Step]] | None:
    """y from y^(times) = value, a new constant with each integration."""
    t = problem.independent
    steps = []
    for count in range(times, 0, -1):
        primitive = integral(value, t)
        if primitive is None:
            return None
        new = primitive + names[times - count]
        steps.append(_integration(problem, count, value, new))
        value = new
    return value, steps


def _known_first(problem: Problem, found: Found, v: Any, lowest: int) -> Any | None:
    """The branch for v through its initial value, if there is one and only one."""
    wanted = problem.initial.get(problem.name + "'" * lowest)
    if wanted is None or len(found.constants) != 1:
        return None
    constant, t = found.constants[0], problem.independent
    through = []
    for equation in found.solutions:
        if equation.lhs != v or equation.rhs.has(v):
            return None
        try:
            values = sympy.solve(equation.rhs.subs(t, problem.start) - wanted, constant)
        except (NotImplementedError, ValueError, TypeError):
            return None
        formulas = [equation.rhs.subs(constant, value) for value in values if value.is_real]
        through += [f for f in formulas if is_zero(f.subs(t, problem.start) - wanted)]
    through += [e.rhs for e in found.lost if e.lhs == v and is_zero(e.rhs.subs(t, problem.start) - wanted)]
    if len(set(through)) != 1:
        return None
    return sympy.Eq(v, through[0], evaluate=False)


def _renamed(problem: Problem, equation: Any, names: Sequence[Any]) -> Any:
    """With C, or C1, C2 … for the constants that are left."""
    left = [name for name in names if equation.rhs.has(name)]
    return _replaced(equation, dict(zip(left, problem.constants(len(left)), strict=True)))


def _integration(problem: Problem, count: int, before: Any, after: Any) -> Step:
    return Step(
        f"Integrate {problem.name}{chr(39) * count} = {text(before)}",
        sympy.Eq(problem.derivative(count - 1), after, evaluate=False),
        lambda: is_zero(sympy.diff(log_free(after), problem.independent) - log_free(before)),
    )


def _is_member(formula: Any, family: Any, names: Sequence[Any]) -> bool:
    """Whether the formula is the family with some numbers for constants; looked for with zeros and ones."""
    own = [name for name in names if family.has(name) and not formula.has(name)]
    if not own:
        return False
    for trial in (0, 1, -1):
        rest = formula - family.subs(dict.fromkeys(own, trial))
        if not rest.has(sympy.nan, sympy.zoo, sympy.oo) and is_zero(rest):
            return True
    return False


# -- t is missing -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Branch:
    """One way on: y' = speed(y), and what comes of it."""

    solutions: tuple[Any, ...]
    steps: tuple[Step, ...]
    lost: tuple[Any, ...]


def _without_time(problem: Problem) -> Found | None:
    """With v = y' as a function of y."""
    y = sympy.Symbol(problem.name, real=True)
    name = free_name(problem, "v", "w", "p", "u")
    v = sympy.Function(name, real=True)(y)
    plain = sympy.Symbol(name, real=True)
    first, second = problem.letters[1], problem.letters[2]
    put_in = {second: v * v.diff(y), first: v, problem.letters[0]: y}
    left, right = (
        problem.in_letters(side).subs(put_in) for side in (problem.equations[0].lhs, problem.equations[0].rhs)
    )
    says = (
        f"{problem.independent} itself does not appear: take {name} = {problem.name}' as a function of {problem.name}; "
        f"by the chain rule {problem.name}'' = {name} d{name}/d{problem.name}, and a prime now is a derivative by "
        f"{problem.name}"
    )
    chain = {v.diff(y): second / first}
    steps = [
        Step(
            says,
            sympy.Eq(left, right, evaluate=False),
            lambda: is_zero((left - right).subs(chain).subs(v, first) - problem.residual),
        )
    ]
    reduced, lost = _without_factor(left - right, v, plain, y)
    if lost:
        rest = sympy.Eq(problem.y, problem.constants(1)[0], evaluate=False)
        says = f"{name} = 0 solves it: every constant is a solution. Divide by {name} for the others"
        steps.append(
            Step(says, sympy.Eq(reduced, 0, evaluate=False), lambda: _has_factor(left - right, reduced, v, y))
        )
        lost = (rest,)
    found = solve_part(_solved_for_slope(reduced, v, y))
    if found is None:
        return None
    names = problem.constants(2)
    steps += told(found.steps, dict(zip(found.constants, names, strict=False)))
    # Where initial values are given, they give the first constant, with which the second integral often is easier.
    left_names, branches = names[1:], _onwards(problem, _from_initial(problem, found, v, y), y, names[1])
    if not branches:
        left_names, branches = names, _onwards(problem, _speeds(found, v, names[0]), y, names[1])
    if not branches:
        return None
    if left_names != names:
        steps.append(Step(f"The initial values of {problem.name} and {problem.name}' give {names[0]}"))
    for branch in branches:
        steps += branch.steps
        lost += branch.lost
    solutions = _without_mirrored([s for branch in branches for s in branch.solutions], names[1])
    title = f"the substitution {name} = {problem.name}', {problem.name}'' = {name} d{name}/d{problem.name}"
    return Found("reducible order", title, solutions, tuple(steps), left_names, _distinct(lost))


def _without_mirrored(solutions: Sequence[Any], constant: Any) -> tuple[Any, ...]:
    """Each once: (C - t)^2 is (C + t)^2 with another constant."""
    kept: list[Any] = []
    for solution in dict.fromkeys(solutions):
        mirrored = solution.subs(constant, -constant)
        if not any(is_zero(mirrored.lhs - mirrored.rhs - other.lhs + other.rhs) for other in kept):
            kept.append(solution)
    return tuple(kept)


def _distinct(lost: tuple[Any, ...]) -> tuple[Any, ...]:
    """Without special cases of y = C, if that is among them."""
    free = [e for e in lost if e.rhs.is_Symbol]
    return tuple(free[:1]) if free else tuple(dict.fromkeys(lost))


def _without_factor(residual: Any, v: Any, plain: Any, y: Any) -> tuple[Any, tuple[Any, ...]]:
    """The equation without a common factor v, and whether there was one."""
    slope = sympy.Symbol(plain.name + "'", real=True)
    letters = sympy.expand(residual.subs(v.diff(y), slope).subs(v, plain))
    above = sympy.fraction(sympy.together(letters))[0]
    try:
        quotient = sympy.cancel(above / plain)
        has_factor = not sympy.fraction(quotient)[1].has(plain)
    except (sympy.PolynomialError, NotImplementedError):
        return residual, ()
    if not has_factor:
        return residual, ()
    while not sympy.fraction(sympy.cancel(quotient / plain))[1].has(plain):
        quotient = sympy.cancel(quotient / plain)
    return quotient.subs(slope, v.diff(y)).subs(plain, v), (True,)


def _has_factor(whole: Any, reduced: Any, v: Any, y: Any) -> bool:
    """Whether the whole equation is the reduced one times something without v' that is zero where v is."""
    slope, letter = sympy.Dummy("slope"), sympy.Dummy("v")
    factor = sympy.cancel((whole / reduced).subs(v.diff(y), slope).subs(v, letter))
    return not factor.has(slope) and is_zero(factor.subs(letter, 0))


def _solved_for_slope(residual: Any, v: Any, y: Any) -> Problem:
    """v' alone on the left, where it appears to first degree."""
    slope = sympy.Dummy("slope", real=True)
    letters = sympy.expand(residual.subs(v.diff(y), slope))
    factor = letters.coeff(slope, 1)
    rest = letters.subs(slope, 0)
    if factor != 0 and sympy.expand(letters - factor * slope - rest) == 0 and not factor.has(slope):
        return single(
            y, v, v.diff(y), sympy.cancel(-rest / factor) if not rest.has(sympy.Function) else -rest / factor
        )
    return single(y, v, residual, sympy.S.Zero)


def _speeds(found: Found, v: Any, constant: Any) -> list[Any]:
    """What v is as a function of y, for each explicit branch."""
    inner = dict.fromkeys(found.constants, constant)
    y = v.args[0]
    return [_rooted(e.rhs.xreplace(inner), y) for e in found.solutions if e.lhs == v and not e.rhs.has(v)]


def _from_initial(problem: Problem, found: Found, v: Any, y: Any) -> list[Any]:
    """The branches through the initial values, with a number for the constant."""
    start, speed = problem.initial.get(problem.name), problem.initial.get(problem.name + "'")
    if start is None or speed is None or len(found.constants) != 1:
        return []
    constant = found.constants[0]
    speeds = []
    for equation in found.solutions:
        if equation.lhs != v or equation.rhs.has(v):
            continue
        try:
            values = sympy.solve(equation.rhs.subs(y, start) - speed, constant)
        except (NotImplementedError, ValueError, TypeError):
            continue
        speeds += [_rooted(equation.rhs.subs(constant, value), y) for value in values if value.is_real]
    return list(dict.fromkeys(speeds))


def _rooted(expression: Any, y: Any) -> Any:
    """Roots with squares of y taken out of them, as for y > 0: √(4/y² + C) as √(4 + C y²)/y, and √(4 y³) as 2 y^(3/2).

    For y < 0 the sign before the root changes, and both signs are among the branches.
    """
    positive = sympy.Dummy("y", positive=True)
    inside = expression.subs(y, positive)
    return inside.replace(
        lambda part: (
            part.is_Pow and part.exp == sympy.Rational(1, 2) and part.base.is_rational_function(positive)
        ),
        lambda part: _root_of_fraction(part.base),
    ).subs(positive, y)


def _root_of_fraction(base: Any) -> Any:
    above, below = sympy.fraction(sympy.together(base))
    forms = [sympy.sqrt(sympy.expand(above)), sympy.sqrt(sympy.factor(above))]
    return min(forms, key=lambda form: (form.count_ops(), str(form))) / sympy.sqrt(sympy.factor(below))


def _onwards(problem: Problem, speeds: Sequence[Any], y: Any, constant: Any) -> list[_Branch]:
    """Each speed that can be integrated once more."""
    found = [_from_speed(problem, speed, y, constant) for speed in speeds]
    return [branch for branch in found if branch is not None]


def _from_speed(problem: Problem, speed: Any, y: Any, constant: Any) -> _Branch | None:
    """y' = speed(y), solved by separation."""
    t = problem.independent
    function = problem.y
    found = solve_part(single(t, function, function.diff(t), speed.subs(y, function)), ("separable",))
    if found is None:
        return None
    inner = dict.fromkeys(found.constants, constant)
    slope_of_speed = dict(zip(problem.letters[:0:-1], (speed * speed.diff(y), speed), strict=True))
    first = Step(
        f"Back to {problem.name} as a function of {t}",
        sympy.Eq(function.diff(t), speed.subs(y, function)),
        lambda: is_zero(problem.residual.subs(slope_of_speed)),
    )
    solutions = tuple(_replaced(e, inner) for e in found.solutions)
    lost = tuple(e for e in found.lost if not e.has(*problem.constants(2)))
    return _Branch(solutions, (first, *told(found.steps, inner)), lost)


def _replaced(equation: Any, names: dict[Any, Any]) -> Any:
    return sympy.Eq(equation.lhs.xreplace(names), equation.rhs.xreplace(names), evaluate=False)
