"""Exact equations M(t, y) + N(t, y) y' = 0 with M_y = N_t: the left side is the derivative of some F(t, y)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sympy

from dydt.analytic.algebra.absorb import absorb
from dydt.analytic.algebra.antiderivative import antiderivative, log_free
from dydt.analytic.algebra.isolate import isolate
from dydt.analytic.algebra.unravel import cleared
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.failures import none_if_it_fails
from dydt.analytic.forms.first_order import constant_for, is_smooth, keeps, solves
from dydt.analytic.methods.separable import zeros
from dydt.analytic.problem import Found, Problem, listed
from dydt.calculus.notation import Step, text

# y is written alone only where that is shorter than this: one formula, or each of several.
_LONGEST, _LONGEST_OF_MANY = 30, 14


@dataclass(frozen=True, eq=False)
class Potential:
    """F(t, y) with F_t = M and F_y = N, and how it was found.

    Attributes
    ----------
    formula : expression
    steps : tuple of Step
    """

    formula: Any
    steps: tuple[Step, ...]


@none_if_it_fails
def solve(problem: Problem) -> Found | None:
    """The relation F(t, y) = C with F_t = M and F_y = N, if M_y = N_t as it is written or without fractions.

    Source: Boyce, DiPrima, "Elementary Differential Equations", section 2.6.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> solve(problem(parse("exp(y) + t*exp(y)*y' = cos(t)"), {}, {})).method
    'exact'
    """
    for M, N in forms(problem):
        if is_zero(M.diff(problem.letters[0]) - N.diff(problem.independent)):
            found = integrated(problem, M, N, sympy.S.One, "")
            if found is not None:
                return found
    return None


def forms(problem: Problem) -> Iterator[tuple[Any, Any]]:
    """M and N of M + N y' = 0: as written, without fractions, and divided by what they share."""
    if not problem.is_single or problem.order != 1 or not is_smooth(problem):
        return
    derivative = problem.letters[1]
    seen = set()
    residual = problem.residual
    for form in (residual, sympy.fraction(sympy.together(residual))[0]):
        form = sympy.expand(form)
        N = form.coeff(derivative, 1)
        M = form.subs(derivative, 0)
        if N == 0 or N.has(derivative) or sympy.expand(form - M - N * derivative) != 0:
            continue
        pairs = [(M, N)]
        if M.is_polynomial() and N.is_polynomial():
            common = sympy.gcd(M, N)
            if not common.is_number:
                pairs.append((sympy.cancel(M / common), sympy.cancel(N / common)))
        for pair in pairs:
            if pair not in seen:
                seen.add(pair)
                yield pair


def integrated(problem: Problem, M: Any, N: Any, mu: Any, says: str) -> Found | None:
    """The solution of M + N y' = 0, which the factor μ makes exact; None if it can't be integrated.

    `says` is the sentence that tells of the factor.
    """
    t, y = problem.independent, problem.letters[0]
    m, n = (_multiplied(mu, part) for part in (M, N))
    found = potential(m, n, t, y)
    if found is None:
        return None
    relation = cleared(found.formula)
    holds = keeps(problem)
    if not holds(relation):
        return None
    constant = constant_for(M, N, t, y)
    steps = [_form_step(M, N, problem.letters[1])]
    steps += _factor_steps(M, N, mu, says, t, y) if mu != 1 else []
    steps += [_test_step(m, n, t, y), *found.steps]
    steps.append(
        Step(
            "So F does not change along a solution",
            sympy.Eq(relation, constant, evaluate=False),
            lambda: holds(relation),
        )
    )
    branches = _branches(problem, relation, constant)
    if branches:
        test = solves(problem)
        formula = listed([sympy.Eq(y, b, evaluate=False) for b in branches])
        steps.append(Step(f"Solve for {y}", formula, lambda: all(test(b) for b in branches)))
        solutions = tuple(sympy.Eq(problem.y, b, evaluate=False) for b in branches)
    else:
        solutions = (sympy.Eq(problem.in_functions(relation), constant, evaluate=False),)
    lost = _lost(problem, mu, relation, branches, constant)
    if lost:
        formula = listed([sympy.Eq(y, r, evaluate=False) for r in lost])
        solve = solves(problem)
        says = "Where the factor has no value, a solution as well"
        steps.append(Step(says, formula, lambda: all(map(solve, lost))))
    rests = tuple(sympy.Eq(problem.y, r, evaluate=False) for r in lost)
    method, title = (
        ("exact", "an exact equation") if mu == 1 else ("integrating factor", "an integrating factor")
    )
    return Found(method, title, solutions, tuple(steps), (constant,), rests)


def _multiplied(mu: Any, part: Any) -> Any:
    forms = [sympy.expand(mu * part), sympy.powsimp(sympy.expand(mu * part))]
    if part.is_rational_function() and mu.is_rational_function():
        forms.append(sympy.factor(mu * part))
    return min(forms, key=sympy.count_ops)


def _form_step(M: Any, N: Any, derivative: Any) -> Step:
    equation = sympy.Eq(
        sympy.Add(M, sympy.Mul(N, derivative, evaluate=False), evaluate=False), 0, evaluate=False
    )
    return Step(f"Write it as M + N {derivative} = 0, with M = {text(M)} and N = {text(N)}", equation)


def _test_step(m: Any, n: Any, t: Any, y: Any) -> Step:
    sides = (m.diff(y), n.diff(t))
    formula = sympy.Eq(_partial("M", y), _partial("N", t), evaluate=False)
    value = min(sides, key=sympy.count_ops)
    says = f"It is exact: both derivatives are {text(value)}"
    return Step(says, formula, lambda: is_zero(sides[0] - sides[1]))


def _partial(name: str, by: Any) -> Any:
    """M_y, as a letter."""
    return sympy.Symbol(f"{name}_{by.name}")


def _factor_steps(M: Any, N: Any, mu: Any, says: str, t: Any, y: Any) -> list[Step]:
    difference = sympy.factor(sympy.expand(M.diff(y) - N.diff(t)))
    unequal = sympy.Eq(_partial("M", y) - _partial("N", t), difference, evaluate=False)
    return [
        Step("It is not exact", unequal, lambda: not is_zero(difference)),
        Step(
            says,
            sympy.Eq(sympy.Symbol("μ"), mu, evaluate=False),
            lambda: is_zero((mu * M).diff(y) - (mu * N).diff(t)),
        ),
    ]


def potential(m: Any, n: Any, t: sympy.Symbol, y: sympy.Symbol) -> Potential | None:
    """F with F_t = m and F_y = n: one of them integrated, the rest found from the other; None if that fails.

    >>> t, y = sympy.symbols("t y", real=True)
    >>> potential(2 * t + y**2, 2 * t * y, t, y).formula
    t**2 + t*y**2
    """
    for first, second, x, z in ((m, n, t, y), (n, m, y, t)):
        part = antiderivative(first, x)
        if part is None:
            continue
        rest = alone(second - log_free(part).diff(z), x)
        if rest is None:
            continue
        last = antiderivative(rest, z)
        if last is not None:
            return Potential(part + last, _potential_steps(first, second, x, z, part, rest, last))
    return None


def alone(rest: Any, x: Any) -> Any | None:
    """What is left over, which depends on the other variable only."""
    forms = [rest, sympy.expand(rest)]
    if rest.has(x) and is_zero(rest.diff(x)):
        forms += [
            sympy.cancel(rest),
            sympy.simplify(rest),
            rest.subs(x, 1),
            rest.subs(x, sympy.Rational(1, 2)),
        ]
    return next((form for form in forms if not form.has(x) and form.is_finite is not False), None)


def _potential_steps(
    first: Any, second: Any, x: Any, z: Any, part: Any, rest: Any, last: Any
) -> tuple[Step, ...]:
    F, phi = sympy.Symbol("F"), sympy.Function("φ")(z)
    whole = part + last
    return (
        Step(
            f"So there is an F with derivatives F_{x} = {text(first)} and F_{z} = {text(second)}: integrate over {x}",
            sympy.Eq(F, part + phi, evaluate=False),
            lambda: is_zero(log_free(part).diff(x) - first),
        ),
        Step(
            f"Its derivative by {z} tells what φ must be",
            sympy.Eq(sympy.Derivative(phi, z), rest, evaluate=False),
            lambda: is_zero(log_free(part).diff(z) + rest - second),
        ),
        Step(
            "Integrate this",
            sympy.Eq(F, whole, evaluate=False),
            lambda: is_zero(log_free(whole).diff(z) - second) and is_zero(log_free(whole).diff(x) - first),
        ),
    )


def _branches(problem: Problem, relation: Any, constant: Any) -> list[Any]:
    """y alone, where each branch is short and solves the equation."""
    y = problem.letters[0]
    found = absorb(isolate(relation, constant, y), constant)
    test = solves(problem)
    limit = _LONGEST if len(found) == 1 else _LONGEST_OF_MANY
    short = all(sympy.count_ops(branch) <= limit for branch in found)
    return found if found and short and all(test(branch) for branch in found) else []


def _lost(problem: Problem, mu: Any, relation: Any, branches: Any, constant: Any) -> list[Any]:
    """Constants y = r at which the factor has no value, that solve the equation and are on no curve F = C."""
    t, y = problem.independent, problem.letters[0]
    below = sympy.fraction(sympy.together(mu))[1]
    test = solves(problem)
    right = [r for r in zeros(below, y) if test(r)] if below.has(y) else []
    if branches:
        return [r for r in right if not any(is_zero(b.subs(constant, 0) - r) for b in branches)]
    values = [(r, relation.subs(y, r)) for r in right]
    return [r for r, value in values if value.has(t) or value.is_finite is not True]
