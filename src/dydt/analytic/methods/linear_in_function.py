"""Equations that are linear for a function of y: F'(y) y' + p(t) F(y) = q(t), as with tan y or e^y for F."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy

from dydt.analytic.algebra.absorb import absorb
from dydt.analytic.algebra.antiderivative import antiderivative
from dydt.analytic.algebra.isolate import isolate
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.failures import none_if_it_fails
from dydt.analytic.forms.first_order import keeps, letter, slope, solves
from dydt.analytic.methods.linear import Integrated, coefficients, integrate
from dydt.analytic.methods.separable import zeros
from dydt.analytic.problem import Found, Problem, listed
from dydt.calculus.notation import Step, text


@none_if_it_fails
def solve(problem: Problem) -> Found | None:
    """The general solution by u = F(y), where the equation for u is linear.

    With y' = f(t, y) and F = ∫ dy/b(y) it is, if ∂(f/b)/∂y b depends on t only; for b the parts of f in y are tried.
    Source: Ross, "Differential Equations", section 2.3, exercises 37 to 39.

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> solve(problem(parse("y' + 1 = exp(t - y)"), {}, {})).solutions
    (Eq(y(t), log(C*exp(-t) + exp(t)/2)),)
    """
    f = slope(problem)
    t, (y, *_) = problem.independent, problem.letters
    if f is None or not f.has(t) or not f.has(y):
        return None
    for F, G in _changes(f, t, y):
        u = letter("uvwz", f, t, y)
        parts = coefficients(G, u)
        if parts is None or parts[0].has(y) or parts[1].has(y):
            continue
        p, q = parts
        linear = integrate(p, q, t, u, problem.start, lambda: is_zero(q - p * F - F.diff(y) * f))  # noqa: B023
        if linear is not None:
            return _found(problem, F, u, linear)
    return None


def _changes(f: Any, t: sympy.Symbol, y: sympy.Symbol) -> Iterator[tuple[Any, Any]]:
    """F(y), and F'(y) f as a function of t and u = F(y)."""
    u = letter("uvwz", f, t, y)
    seen = set()
    for form in (f, sympy.expand(f), sympy.expand(sympy.expand_trig(f))):
        for term in sympy.Add.make_args(form):
            b = sympy.Mul(*(part for part in sympy.Mul.make_args(term) if part.has(y)))
            if b.has(t) or b in seen or not b.has(y):
                continue
            seen.add(b)
            F = antiderivative(1 / b, y)
            if F is None or y == F:
                continue
            G = f / b
            rate = sympy.simplify(G.diff(y) * b)
            if rate.has(y):
                continue
            rest = sympy.simplify(G - rate * F)
            if not rest.has(y):
                yield F, rest + rate * u


def _found(problem: Problem, F: Any, u: sympy.Symbol, linear: Integrated) -> Found | None:
    """The way back to y."""
    y, derivative = problem.letters
    holds, keeping = solves(problem), keeps(problem)
    steps = [
        Step(
            f"Take {text(F)} as the new unknown {u}: with {u}' = ({text(F.diff(y))}) {derivative} the equation is "
            "linear",
            sympy.Eq(u, F, evaluate=False),
            lambda: not F.diff(y).has(u) and not is_zero(F.diff(y)),
        ),
        *linear.steps,
    ]
    branches = absorb(isolate(F, linear.solution, y), linear.constant)
    branches = [branch for branch in branches if holds(branch)]
    if branches:
        formula = listed([sympy.Eq(y, branch, evaluate=False) for branch in branches])
        steps.append(Step(f"Back to {y}", formula, lambda: all(map(holds, branches))))
        solutions = tuple(sympy.Eq(problem.y, branch, evaluate=False) for branch in branches)
    else:
        free = linear.solution.subs(linear.constant, 0)
        factor = sympy.expand(linear.solution - free).coeff(linear.constant, 1)
        relation = (F - free) / factor
        formula = sympy.Eq(relation, linear.constant, evaluate=False)
        steps.append(Step(f"Back to {y}", formula, lambda: keeping(relation)))
        solutions = (sympy.Eq(problem.in_functions(relation), linear.constant, evaluate=False),)
    rests = [r for r in zeros(1 / F.diff(y), y) if holds(r)]
    lost = tuple(sympy.Eq(problem.y, r, evaluate=False) for r in rests)
    if rests:
        formula = listed([sympy.Eq(y, r, evaluate=False) for r in rests])
        steps.append(
            Step("Divided away above, and solutions as well", formula, lambda: all(map(holds, rests)))
        )
    title = f"the substitution {u} = {text(F)}"
    return Found("linear in function", title, solutions, tuple(steps), (linear.constant,), lost)
