"""Linear systems x' = f(t) A x, such as t x' = A x: with s = ∫ f dt they have constant coefficients."""

from __future__ import annotations

from typing import Any

import sympy

from dydt.analytic.algebra.antiderivative import log_free
from dydt.analytic.algebra.integral import integral
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.methods.linear_system import solve as solve_constant
from dydt.analytic.part import free_name
from dydt.analytic.problem import Found, Problem
from dydt.calculus.notation import Step, text


def solve(problem: Problem) -> Found | None:
    """The general solution of x' = f(t) A x with constant A, and of t x' = A x + b(t) for t > 0.

    Source: Boyce, DiPrima, "Elementary Differential Equations", section 7.5, problems 19 to 24.
    """
    if len(problem.unknowns) < 2 or any(problem.order_of(u) != 1 for u in problem.unknowns):
        return None
    parts = _taken_apart(problem)
    if parts is None:
        return None
    factor, matrix, forcing = parts
    t = problem.independent
    clock = sympy.log(t) if factor == 1 / t else integral(factor, t)
    if clock is None or (any(forcing) and factor != 1 / t):
        return None
    s = sympy.Symbol(free_name(problem, "s", "z", "p"), real=True)
    inner = _with_clock(problem, matrix, (t * forcing).subs(t, sympy.exp(s)), s)
    found = solve_constant(inner)
    if found is None:
        return None
    functions = dict(zip(inner.unknowns, problem.unknowns, strict=True))
    solutions = tuple(
        sympy.Eq(functions[e.lhs], sympy.expand(e.rhs.subs(s, clock)), evaluate=False)
        for e in found.solutions
    )
    where = f", for {t} > 0" if factor == 1 / t else ""
    first = (
        Step(
            f"All coefficients have the factor {text(factor)}: take {s} = ∫ {text(factor)} d{t} instead of {t}{where}",
            sympy.Eq(s, clock, evaluate=False),
            lambda: is_zero(sympy.diff(log_free(clock), t) - factor),
        ),
        Step(
            f"In {s} they are constant; primes are derivatives by {s}",
            sympy.Tuple(*inner.equations),
            lambda: _is_same(problem, inner, clock),
        ),
    )
    last = Step(
        f"Back to {t}, with {s} = {text(clock)}{where}",
        sympy.Tuple(*solutions),
        lambda: _solves(problem, solutions),
    )
    title = f"the substitution {s} = {text(clock)}"
    return Found("Euler system", title, solutions, (*first, *found.steps, last), found.constants)


def _taken_apart(problem: Problem) -> tuple[Any, Any, Any] | None:
    """f, A and b of x' = f(t) A x + b(t), where A does not hold t and f does."""
    t = problem.independent
    slopes = {sympy.Derivative(u, t): sympy.Dummy(real=True) for u in problem.unknowns}
    states = {u: sympy.Dummy(real=True) for u in problem.unknowns}
    letters = [*slopes.values(), *states.values()]
    plain = [sympy.expand((e.lhs - e.rhs).subs(slopes).subs(states)) for e in problem.equations]
    table = sympy.Matrix([[sympy.diff(r, letter) for letter in letters] for r in plain])
    if table.has(sympy.Derivative, *letters) or table.has(*problem.unknowns):
        return None
    count = len(slopes)
    front = table[:, :count]
    if is_zero(front.det()):
        return None
    rest = sympy.Matrix([r.subs(dict.fromkeys(letters, 0)) for r in plain])
    matrix, forcing = (
        (-front.inv() * part).applyfunc(lambda e: sympy.powsimp(sympy.expand(sympy.cancel(e))))
        for part in (table[:, count:], rest)
    )
    varying = next((entry for entry in matrix if entry.has(t)), None)
    if varying is None:
        return None
    factor = sympy.factor(varying).as_independent(t, as_Add=False)[1]
    constant = (matrix / factor).applyfunc(sympy.cancel)
    return None if constant.has(t) else (factor, constant, forcing)


def _with_clock(problem: Problem, matrix: Any, forcing: Any, s: Any) -> Problem:
    """dx/ds = A x + b."""
    unknowns = tuple(u.func(s) for u in problem.unknowns)
    rows = matrix * sympy.Matrix(unknowns) + forcing.applyfunc(lambda e: sympy.powsimp(sympy.expand(e)))
    equations = tuple(sympy.Eq(u.diff(s), row, evaluate=False) for u, row in zip(unknowns, rows, strict=True))
    return Problem(s, unknowns, equations, problem.parameters)


def _is_same(problem: Problem, inner: Problem, clock: Any) -> bool:
    """Whether the equations in t hold where those in s do: d/dt is ds/dt times d/ds."""
    t, s = problem.independent, inner.independent
    states = {u: sympy.Dummy(real=True) for u in problem.unknowns}
    back = {u.func(s): states[u] for u in problem.unknowns}
    rates = {
        sympy.Derivative(u, t): log_free(clock).diff(t) * e.rhs.subs(back).subs(s, clock)
        for u, e in zip(problem.unknowns, inner.equations, strict=True)
    }
    return all(is_zero((e.lhs - e.rhs).subs(rates).subs(states)) for e in problem.equations)


def _solves(problem: Problem, solutions: tuple[Any, ...]) -> bool:
    values = {e.lhs: log_free(e.rhs) for e in solutions}
    return all(is_zero((e.lhs - e.rhs).subs(values).doit()) for e in problem.equations)
