"""The textbook types that a law is of, each with what makes it so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy

from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.answer import Answer
from dydt.analytic.briefly import briefly
from dydt.analytic.failures import FAILURES
from dydt.analytic.forms.first_order import slope
from dydt.analytic.methods.separable import split
from dydt.analytic.problem import Problem
from dydt.calculus.notation import text

_TIME = 0.6  # seconds for one type


def of(problem: Problem, letters: Mapping[Any, Any], linear: bool) -> dict[str, Answer]:
    """All types that the law is of: name -> Answer(True, what makes it so).

    >>> from dydt.expr.parse import parse
    >>> from dydt.analytic.problem import problem
    >>> p = problem(parse("y' = 2*y*t + t"), {}, {})
    >>> list(of(p, {}, True))
    ['separable', 'linear of first order', 'with an integrating factor']
    """
    tests: dict[str, Callable[[], str]] = {}
    if problem.is_single and problem.order == 1:
        tests = _first_order(problem)
    elif problem.is_single and problem.order > 1:
        tests = _higher_order(problem, linear)
    elif len(problem.unknowns) == len(problem.equations):
        tests = _system(problem, letters, linear)
    found = {}
    for name, test in tests.items():
        try:
            reason = briefly(_TIME, test, otherwise="")
        except FAILURES:
            continue
        if reason:
            found[name] = Answer(True, reason)
    return found


# -- first order ------------------------------------------------------------------------------------------------------


def _first_order(problem: Problem) -> dict[str, Callable[[], str]]:
    t, (y, top) = problem.independent, problem.letters
    tests: dict[str, Callable[[], str]] = {}
    f = slope(problem)
    if f is not None:
        tests = {
            "separable": lambda: _separable(f, t, y),
            "linear of first order": lambda: _linear(f, t, y),
            "exact": lambda: _exact(problem, y, top),
            "with an integrating factor": lambda: _factor(problem, y, top),
            "homogeneous of degree 0": lambda: _homogeneous(f, t, y),
            "Bernoulli": lambda: _bernoulli(f, t, y),
            "Riccati": lambda: _riccati(f, t, y),
        }
    return tests | {"Clairaut": lambda: _clairaut(problem, t, y, top)}


def _separable(f: Any, t: Any, y: Any) -> str:
    factors = split(f, t, y)
    if factors is None:
        return ""
    g, h = map(text, factors)
    return f"{y}' is a product of {g}, without {y}, and {h}, without {t}"


def _linear(f: Any, t: Any, y: Any) -> str:
    p = sympy.diff(f, y)
    if p.has(y) and not is_zero(sympy.diff(p, y)):
        return ""
    q = sympy.simplify(f.subs(y, 0))
    return f"{y}' + p*{y} = q with p = {text(sympy.simplify(-p))} and q = {text(q)}"


def _sides(problem: Problem, y: Any, top: Any) -> tuple[Any, Any] | None:
    """M and N of M + N y' = 0, as written."""
    residual = sympy.expand(problem.residual)
    n = residual.coeff(top, 1)
    m = residual.subs(top, 0)
    return (m, n) if not n.has(top) and sympy.expand(residual - m - n * top) == 0 else None


def _exact(problem: Problem, y: Any, top: Any) -> str:
    sides = _sides(problem, y, top)
    t = problem.independent
    if sides is None or not (sides[0].has(y) or sides[1].has(t)):
        return ""  # separated already: exact in a way that says nothing
    m, n = sides
    by_y = sympy.diff(m, y)
    if not is_zero(by_y - sympy.diff(n, t)):
        return ""
    return f"M + N*{top} = 0 with dM/d{y} = dN/d{t} = {text(by_y)}"


def _factor(problem: Problem, y: Any, top: Any) -> str:
    sides = _sides(problem, y, top)
    t = problem.independent
    if sides is None:
        return ""
    m, n = sides
    excess = sympy.diff(m, y) - sympy.diff(n, t)
    if is_zero(excess):
        return ""
    for quotient, variable, other in ((excess / n, t, y), (-excess / m, y, t)):
        if is_zero(sympy.diff(quotient, other)):
            rate = sympy.simplify(quotient)
            factor = sympy.simplify(sympy.exp(sympy.integrate(rate, variable)))
            if not factor.has(sympy.Integral, other):
                return f"it is exact when multiplied by {text(factor)}, which has no {other} in it"
    return ""


def _homogeneous(f: Any, t: Any, y: Any) -> str:
    if not (f.has(t) and f.has(y)) or not is_zero(t * sympy.diff(f, t) + y * sympy.diff(f, y)):
        return ""
    v = sympy.Symbol("v", real=True)
    of_v = sympy.simplify(f.subs({t: 1, y: v}))
    return f"{y}' depends on v = {y}/{t} only: {y}' = {text(of_v)} (for {t} > 0)"


def _bernoulli(f: Any, t: Any, y: Any) -> str:
    by_y = sympy.diff(f / y, y)
    if is_zero(by_y):
        return ""
    power = sympy.simplify(2 + y * sympy.diff(by_y, y) / by_y)
    if power.free_symbols & {t, y} or power in (0, 1):
        return ""
    b = sympy.simplify(by_y / ((power - 1) * y ** (power - 2)))
    a = sympy.simplify(f / y - b * y ** (power - 1))
    if b.has(y) or a.has(y):
        return ""
    return f"{y}' = a*{y} + b*{text(y**power)} with a = {text(a)} and b = {text(b)}"


def _riccati(f: Any, t: Any, y: Any) -> str:
    expanded = sympy.expand(f)
    if not expanded.is_polynomial(y) or sympy.degree(expanded, y) != 2:
        return ""
    square = sympy.factor(expanded.coeff(y, 2))
    return f"{y}' is of degree 2 in {y}; in front of {y}^2 stands {text(square)}"


def _clairaut(problem: Problem, t: Any, y: Any, top: Any) -> str:
    for solution in sympy.solve(problem.residual, y):
        rest = sympy.simplify(solution - t * top)
        if not rest.has(t) and rest.has(top):
            return f"{y} = {t}*{top} + g({top}) with g = {text(rest)}"
    return ""


# -- higher order -----------------------------------------------------------------------------------------------------


def _higher_order(problem: Problem, linear: bool) -> dict[str, Callable[[], str]]:
    tests: dict[str, Callable[[], str]] = {}
    if linear:
        tests["constant coefficients"] = lambda: _constant(problem)
        tests["Cauchy–Euler"] = lambda: _cauchy_euler(problem)
    return tests | {
        "reducible order": lambda: _reducible(problem),
        "Hamiltonian": lambda: _conservative(problem),
    }


def _coefficient_list(problem: Problem) -> list[Any]:
    residual = sympy.expand(problem.residual)
    return [sympy.diff(residual, letter) for letter in problem.letters]


def _constant(problem: Problem) -> str:
    t, coefficients = problem.independent, _coefficient_list(problem)
    ratios = [sympy.simplify(c / coefficients[-1]) for c in coefficients]
    if any(r.has(t) for r in ratios):
        return ""
    r = sympy.Symbol("r", real=True)
    characteristic = sum((c * r**k for k, c in enumerate(ratios)), sympy.S.Zero)
    return f"the characteristic equation is {text(characteristic)} = 0"


def _cauchy_euler(problem: Problem) -> str:
    t, coefficients = problem.independent, _coefficient_list(problem)
    ratios = [
        sympy.simplify(c / coefficients[-1] * t ** (problem.order - k)) for k, c in enumerate(coefficients)
    ]
    if any(ratio.has(t) for ratio in ratios) or not any(c.has(t) for c in coefficients):
        return ""
    return f"in front of each derivative stands a number times the same power of {t} as its order"


def _reducible(problem: Problem) -> str:
    residual, letters = problem.residual, problem.letters
    first = next(k for k, letter in enumerate(letters) if residual.has(letter))
    if first:
        return f"{letters[0]} itself is not in it: it is of order {problem.order - first} in {letters[first]}"
    if not residual.has(problem.independent) and problem.order >= 2:
        return f"{problem.independent} is not in it: take {letters[1]} as a function of {letters[0]}"
    return ""


def _conservative(problem: Problem) -> str:
    if problem.order != 2 or len(problem.slopes) != 1:
        return ""
    y, velocity, _ = problem.letters
    force = problem.slopes[0]
    if force.has(velocity, problem.independent) or not force.has(y):
        return ""
    potential = -sympy.integrate(force, y)
    if potential.has(sympy.Integral):
        return ""
    return f"H = {text(velocity**2 / 2 + potential)}"


# -- systems ----------------------------------------------------------------------------------------------------------


def _system(problem: Problem, letters: Mapping[Any, Any], linear: bool) -> dict[str, Callable[[], str]]:
    fields = _right_sides(problem, letters)
    if fields is None:
        return {}
    unknowns = [letters[u] for u in problem.unknowns]
    tests: dict[str, Callable[[], str]] = {}
    if linear:
        tests["linear with constant coefficients"] = lambda: _matrix(fields, unknowns, problem.independent)
    if any(f.has(problem.independent) for f in fields):
        return tests
    second = all(problem.order_of(u) == 2 for u in problem.unknowns)
    first = all(problem.order_of(u) == 1 for u in problem.unknowns)
    if second:
        velocities = [letters[problem.derivative(1, u)] for u in problem.unknowns]
        tests["Hamiltonian"] = lambda: _forces(fields, unknowns, velocities)
    elif first:
        tests["Hamiltonian"] = lambda: _hamiltonian(fields, unknowns)
        tests["gradient"] = lambda: _gradient(fields, unknowns)
    return tests


def _right_sides(problem: Problem, letters: Mapping[Any, Any]) -> list[Any] | None:
    """f of each highest derivative = f, in the order of the unknowns."""
    tops = [letters[problem.derivative(problem.order_of(u), u)] for u in problem.unknowns]
    if any(not top.name.endswith("'") for top in tops):
        return None
    rows = [(e.lhs - e.rhs).xreplace(letters) for e in problem.equations]
    try:
        matrix, right = sympy.linear_eq_to_matrix(rows, *tops)
        return list(matrix.LUsolve(right))
    except FAILURES:
        return None


def _matrix(fields: list[Any], unknowns: list[Any], t: Any) -> str:
    matrix = sympy.Matrix(fields).jacobian(unknowns)
    if matrix.has(t, *unknowns):
        return ""
    rows = "; ".join(", ".join(map(text, matrix.row(k))) for k in range(matrix.rows))
    return (
        f"its matrix is [{rows}]"
        if matrix.rows <= 4
        else f"its matrix of {matrix.rows} rows has constants only"
    )


def _hamiltonian(fields: list[Any], unknowns: list[Any]) -> str:
    """dq/dt = H_p, dp/dt = -H_q: for pairs in order (q, p), or all q and then all p."""
    count = len(unknowns)
    if count % 2:
        return ""
    half = count // 2
    for pairs in ([(k, k + half) for k in range(half)], [(2 * k, 2 * k + 1) for k in range(half)]):
        form = [sympy.S.Zero] * count  # the gradient of H
        for q, p in pairs:
            form[p], form[q] = fields[q], -fields[p]
        energy = _potential(form, unknowns)
        if energy is not None:
            return f"H = {text(energy)}"
    return ""


def _gradient(fields: list[Any], unknowns: list[Any]) -> str:
    potential = _potential([-f for f in fields], unknowns)
    return "" if potential is None else f"V = {text(potential)}"


def _forces(fields: list[Any], unknowns: list[Any], velocities: list[Any]) -> str:
    if any(f.has(*velocities) for f in fields):
        return ""
    potential = _potential([-f for f in fields], unknowns)
    if potential is None:
        return ""
    kinetic = sum((v**2 / 2 for v in velocities), sympy.S.Zero)
    return f"H = {text(kinetic + potential)}"


def _potential(form: list[Any], unknowns: list[Any]) -> Any:
    """The function with this gradient; None if its mixed derivatives do not agree."""
    for i, a in enumerate(unknowns):
        for j in range(i):
            if not is_zero(sympy.diff(form[i], unknowns[j]) - sympy.diff(form[j], a)):
                return None
    total = sympy.S.Zero
    for component, variable in zip(form, unknowns, strict=True):
        total += sympy.integrate(sympy.expand(component - sympy.diff(total, variable)), variable)
    if total.has(sympy.Integral):
        return None
    return sympy.expand(total)
