"""One solution of x' = A x + b(t): a trial of the form of b, or else variation of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy

from dydt.analytic.antiderivative import log_free
from dydt.analytic.constant_coefficients import shorter
from dydt.analytic.forcing import Group, vector_groups
from dydt.analytic.integral import integral
from dydt.analytic.matrix_form import MatrixForm
from dydt.analytic.problem import listed
from dydt.analytic.undetermined_coefficients import letters, solved
from dydt.analytic.variation import quotient
from dydt.analytic.zero import is_zero
from dydt.calculus.notation import Step, text

_MOST_UNKNOWNS = 40
_LARGEST_SIZE = 4


def particular(system: MatrixForm, columns: Sequence[Any]) -> tuple[Any, list[Step]] | None:
    """One solution with the forcing, and the steps to it; None if none is found."""
    parts = vector_groups(list(system.forcing), system.independent)
    if parts is not None:
        found = _by_trial(system, parts)
        if found is not None:
            return found
    return _by_variation(system, columns)


def _by_trial(system: MatrixForm, parts: dict[tuple[Any, Any], list[Group]]) -> tuple[Any, list[Step]] | None:
    total = sympy.zeros(system.size, 1)
    steps: list[Step] = []
    used = {s.name for m in (system.matrix, system.forcing) for s in m.free_symbols}
    used |= {str(getattr(f, "expr", f).func.__name__) for f in system.states} | {"A", "X"}
    names = letters(used)
    if len(parts) > 1:
        steps.append(
            Step("The system is linear: take the parts of the forcing one by one, and add what they give")
        )
    for (alpha, beta), rows in parts.items():
        found = _one_group(system, alpha + sympy.I * beta, rows, names)
        if found is None:
            return None
        total += found[0]
        steps += found[1]
    if len(parts) > 1:
        together = sympy.Eq(sympy.Symbol("X_p"), sympy.ImmutableMatrix(total), evaluate=False)
        steps.append(Step("Together", together, lambda: is_zero(system.leaves(total))))
    return total, steps


def _one_group(
    system: MatrixForm, exponent: Any, rows: list[Group], names: Any
) -> tuple[Any, list[Step]] | None:
    """What one exponential or frequency gives: each component with a polynomial of a degree that suffices."""
    t = system.independent
    repeated = _multiplicity(system, exponent)
    degree = max(row.degree for row in rows) + repeated
    waves = 1 if rows[0].beta == 0 else 2
    if system.size * (degree + 1) * waves > _MOST_UNKNOWNS:
        return None
    unknowns: list[Any] = []
    trials = []
    for row in rows:
        polynomials = []
        for _ in range(waves):
            own = [next(names) for _ in range(degree + 1)]
            unknowns += own
            polynomials.append(sum(a * t ** (degree - k) for k, a in enumerate(own)))
        trials.append(row.with_polynomials(polynomials[0], polynomials[1] if waves == 2 else sympy.S.Zero))
    conditions = _conditions(system, trials, rows)
    values = solved([left - right for left, right in conditions], unknowns)
    if values is None:
        return None
    result = sympy.Matrix([sympy.expand(trial.expression.subs(values)) for trial in trials])
    wanted = sympy.Matrix([row.expression for row in rows])
    form = sympy.ImmutableMatrix([trial.expression for trial in trials])
    says = f"For {text(sympy.ImmutableMatrix([row.expanded for row in rows]))} try the same form in every component"
    if repeated:
        says += f"; {text(exponent)} is an eigenvalue, so polynomials of a degree higher by {repeated} (resonance)"
    free = matrix_free(system, result, wanted)
    steps = [
        Step(says, sympy.Eq(sympy.Symbol("X_p"), form, evaluate=False)),
        Step(
            "Put in, the coefficients of each power and wave must agree in each component",
            listed([sympy.Eq(left, right, evaluate=False) for left, right in conditions]),
        ),
        Step(
            "A solution of these equations" + (" (what is left free is taken as 0)" if repeated else ""),
            listed([sympy.Eq(letter, value, evaluate=False) for letter, value in values.items()]),
            lambda: all(is_zero((left - right).subs(values)) for left, right in conditions),
        ),
        Step(
            "So that",
            sympy.Eq(sympy.Symbol("X_p"), sympy.ImmutableMatrix(result), evaluate=False),
            lambda: is_zero(free),
        ),
    ]
    return result, steps


def matrix_free(system: MatrixForm, vector: Any, forcing: Any) -> Any:
    """x' - A x - b for a part b of the forcing."""
    return sympy.diff(vector, system.independent) - system.matrix * vector - forcing


def _multiplicity(system: MatrixForm, exponent: Any) -> int:
    """How often the exponent is an eigenvalue."""
    rate = sympy.Dummy("rate")
    polynomial = sympy.expand((rate * sympy.eye(system.size) - system.matrix).det(method="berkowitz"))
    count = 0
    while count < system.size and is_zero(polynomial.subs(rate, exponent)):
        polynomial = sympy.diff(polynomial, rate)
        count += 1
    return count


def _conditions(system: MatrixForm, trials: Sequence[Group], rows: Sequence[Group]) -> list[tuple[Any, Any]]:
    """Component by component, wave by wave, high powers first."""
    found = []
    for k, (trial, row) in enumerate(zip(trials, rows, strict=True)):
        slope = trial.derivative()
        cosine = slope.cosine - sum(system.matrix[k, j] * other.cosine for j, other in enumerate(trials))
        sine = slope.sine - sum(system.matrix[k, j] * other.sine for j, other in enumerate(trials))
        left, right = slope.with_polynomials(cosine, sine).coefficients(), row.coefficients()
        for key in sorted(set(left) | set(right), key=lambda key: (key[0], -key[1])):
            pair = (left.get(key, sympy.S.Zero), right.get(key, sympy.S.Zero))
            if pair != (0, 0):
                found.append(pair)
    return found


def _by_variation(system: MatrixForm, columns: Sequence[Any]) -> tuple[Any, list[Step]] | None:
    """X_p = Φ u with Φ u' = b, where the columns of Φ are the solutions without forcing."""
    if system.size > _LARGEST_SIZE:
        return None
    t = system.independent
    table = sympy.Matrix.hstack(*columns)
    determinant = shorter(table.det(method="berkowitz"))
    if is_zero(determinant):
        return None
    slopes, parts = [], []
    for k in range(system.size):
        replaced = table.as_mutable()
        replaced[:, k] = sympy.Matrix(system.forcing)
        slope = quotient(shorter(replaced.det(method="berkowitz")), determinant)
        part = integral(slope, t)
        if part is None:
            return None
        slopes.append(slope)
        parts.append(part)
    value = (table * sympy.Matrix(parts)).applyfunc(shorter)
    steps = [
        Step(
            "Variation of parameters: X_p = Phi*u, where the columns of Phi are the solutions found, if Phi*u' = b",
            sympy.Eq(sympy.Symbol("Phi"), sympy.ImmutableMatrix(table), evaluate=False),
        ),
        Step(
            "Solved for u'",
            sympy.Eq(sympy.Symbol("u'"), sympy.ImmutableMatrix(slopes), evaluate=False),
            lambda: is_zero(table * sympy.Matrix(slopes) - system.forcing),
        ),
        Step(
            "Integrated",
            sympy.Eq(sympy.Symbol("u"), sympy.ImmutableMatrix(parts), evaluate=False),
            lambda: all(is_zero(sympy.diff(log_free(a), t) - b) for a, b in zip(parts, slopes, strict=True)),
        ),
        Step(
            "So that",
            sympy.Eq(sympy.Symbol("X_p"), sympy.ImmutableMatrix(value), evaluate=False),
            lambda: is_zero(system.leaves(value.applyfunc(log_free))),
        ),
    ]
    return value, steps
