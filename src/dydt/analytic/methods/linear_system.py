"""Linear systems with constant coefficients, x' = A x + b(t): eigenvalues and eigenvectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import sympy

from dydt.analytic.algebra.antiderivative import log_free
from dydt.analytic.algebra.eigenvectors import chains, tidy
from dydt.analytic.algebra.integral import integral
from dydt.analytic.algebra.roots import Root, roots
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.forms.forcing import Group, vector_groups
from dydt.analytic.forms.matrix_form import MatrixForm, matrix_form
from dydt.analytic.methods.constant_coefficients import characteristic_steps, shorter
from dydt.analytic.methods.undetermined_coefficients import Condition, conditions, letters, solved
from dydt.analytic.methods.variation_of_parameters import quotient
from dydt.analytic.problem import Found, Problem, listed
from dydt.calculus.notation import Step, text

_LARGEST_SIZE = 6
_LARGEST_FOR_VARIATION = 4
_MOST_UNKNOWNS = 40


@dataclass(frozen=True, eq=False)
class Modes:
    """Independent solutions of x' = A x.

    Attributes
    ----------
    columns : tuple of column matrices
        As many as there are states.
    steps : tuple of Step
    """

    columns: tuple[Any, ...]
    steps: tuple[Step, ...]


def solve(problem: Problem) -> Found | None:
    """The general solution of x' = A x + b(t) with constant A, by the eigenvalues of A.

    Source: Boyce, DiPrima, "Elementary Differential Equations", sections 7.5, 7.6, 7.8 and 7.9.
    """
    if len(problem.unknowns) < 2:
        return None
    system = matrix_form(problem)
    if system is None or system.size > _LARGEST_SIZE:
        return None
    modes = free_modes(system)
    if modes is None:
        return None
    names = problem.constants(system.size)
    vector = _combined(names, modes.columns)
    steps = [*_opening(problem, system), *modes.steps]
    if system.is_driven:
        found = particular(system, modes.columns)
        if found is None:
            return None
        value, more = found
        steps += [_general(problem, system, vector, "The general solution without the forcing"), *more]
        vector = vector + value
    vector = vector.applyfunc(sympy.expand_mul)
    solutions = tuple(
        sympy.Eq(unknown, vector[system.states.index(unknown)], evaluate=False)
        for unknown in problem.unknowns
    )
    says = "All solutions: the general one without the forcing and the particular one together"
    last = Step(
        says if system.is_driven else "Every combination of them is a solution, and there is no other",
        sympy.Tuple(*solutions),
        lambda: is_zero(system.leaves(vector)),
    )
    return Found("linear system", "eigenvalues and eigenvectors", solutions, (*steps, last), names)


def _combined(names: Sequence[Any], columns: Sequence[Any]) -> Any:
    """C1 x_1 + C2 x_2 + …"""
    total = sympy.zeros(columns[0].rows, 1)
    for name, column in zip(names, columns, strict=True):
        total += name * column
    return total


def _general(problem: Problem, system: MatrixForm, vector: Any, says: str) -> Step:
    shown = [
        sympy.Eq(
            sympy.Symbol(f"{unknown.func.__name__}_h"), vector[system.states.index(unknown)], evaluate=False
        )
        for unknown in problem.unknowns
    ]
    return Step(says, listed(shown), lambda: system.solves_freely(vector))


def _opening(problem: Problem, system: MatrixForm) -> list[Step]:
    """The matrix, and the equations of first order where there were others."""
    t = problem.independent
    steps = []
    states = f"({', '.join(map(text, system.states))})"
    if problem.order > 1:
        rates = [sympy.diff(s, t) for s in system.states]
        rows = system.matrix * sympy.Matrix(system.states) + system.forcing
        equations = [sympy.Eq(a, b, evaluate=False) for a, b in zip(rates, rows, strict=True)]
        steps.append(
            Step(
                f"As equations of first order for {states}",
                sympy.Tuple(*equations),
                lambda: _holds(problem, system),
            )
        )
    kind = "X' = A*X + b" if system.is_driven else "X' = A*X"
    shown = [sympy.Eq(sympy.Symbol("A"), system.matrix, evaluate=False)]
    if system.is_driven:
        shown.append(sympy.Eq(sympy.Symbol("b"), system.forcing, evaluate=False))
    steps.append(Step(f"With X = {states} it is {kind}", listed(shown), lambda: _holds(problem, system)))
    return steps


def _holds(problem: Problem, system: MatrixForm) -> bool:
    """Whether the equations as written hold where each state changes as the rows of A X + b say."""
    t = problem.independent
    rows = system.matrix * sympy.Matrix(system.states) + system.forcing
    tops = {
        sympy.diff(state, t): row
        for state, row in zip(system.states, rows, strict=True)
        if sympy.diff(state, t) not in system.states
    }
    left_over = [(e.lhs - e.rhs).subs(tops) for e in problem.equations]
    letters = {state: sympy.Dummy() for state in reversed(system.states)}
    return all(is_zero(rest.subs(letters)) for rest in left_over)


def free_modes(system: MatrixForm) -> Modes | None:
    """The solutions of x' = A x from eigenvalues, with the steps to them; None if an eigenvalue can't be written."""
    t, matrix = system.independent, system.matrix
    used = {s.name for s in matrix.free_symbols} | {str(f.func.__name__) for f in system.states}
    rate = sympy.Symbol(next(n for n in ("lambda", "r", "s", "mu") if n not in used))
    polynomial = sympy.expand((rate * sympy.eye(matrix.rows) - matrix).det(method="berkowitz"))
    polynomial = sympy.collect(polynomial, rate)
    found = roots(polynomial, rate)
    if found is None or sum(root.count for root in found.roots) != system.size:
        return None
    name = text(rate)
    steps = [
        Step(
            f"Try X = v*e^({name}*{t}) with a constant vector v: it solves X' = A*X if A*v = {name}*v, which has a "
            f"solution v that is not zero only if det(A - {name}*I) = 0"
        ),
        *_of_matrix(characteristic_steps(polynomial, rate, found), matrix, polynomial, rate),
    ]
    columns: list[Any] = []
    for root in found.roots:
        more = _modes_of(system, root, name, len(columns))
        if more is None:
            return None
        columns += more.columns
        steps += more.steps
    return Modes(tuple(columns), tuple(steps))


def _of_matrix(steps: Sequence[Step], matrix: Any, polynomial: Any, rate: Any) -> list[Step]:
    """The steps of the characteristic equation, its first sentence as it is for a matrix."""
    says = f"The characteristic equation det(A - {text(rate)}*I) = 0, up to its sign"
    size = matrix.rows

    def check() -> bool:
        places = [sympy.Integer(k) for k in range(size + 1)]  # as many as determine a polynomial
        determinants = [(k * sympy.eye(size) - matrix).det(method="lu") for k in places]
        return all(is_zero(d - polynomial.subs(rate, k)) for d, k in zip(determinants, places, strict=True))

    return [Step(says, steps[0].formula, check), *steps[1:]]


def _modes_of(system: MatrixForm, root: Root, name: str, before: int) -> Modes | None:
    """The solutions that an eigenvalue or a pair of them gives."""
    matrix, t = system.matrix, system.independent
    value = root.values[0]
    found = chains(matrix, value, root.multiplicity)
    if found is None or sum(map(len, found)) != root.multiplicity:
        return None
    steps = [_eigenvector_step(system, root, name, found)]
    longest = max(map(len, found))
    if longest > 1:
        steps.append(_generalised_step(system, root, name, found))
    columns: list[Any] = []
    for chain in found:
        for length in range(1, len(chain) + 1):
            polynomial = sympy.zeros(system.size, 1)
            for power, vector in enumerate(reversed(chain[:length])):
                polynomial += vector * t**power / sympy.factorial(power)
            columns += _real_columns(root, polynomial, t)
    formula = [
        sympy.Eq(sympy.Symbol(f"X_{before + k + 1}"), sympy.ImmutableMatrix(column), evaluate=False)
        for k, column in enumerate(columns)
    ]
    says = _says_of_solutions(root, longest, name, t)
    steps.append(Step(says, listed(formula), lambda: all(system.solves_freely(column) for column in columns)))
    return Modes(tuple(columns), tuple(steps))


def _real_columns(root: Root, polynomial: Any, t: Any) -> list[Any]:
    """e^(λt) p(t), or the real and the imaginary part of it."""
    front = sympy.exp(root.alpha * t)
    if root.is_real:
        return [(polynomial * front).applyfunc(sympy.expand_mul)]
    split = [_parts(entry) for entry in polynomial]
    u = sympy.Matrix([real for real, _ in split])
    w = sympy.Matrix([imaginary for _, imaginary in split])
    cosine, sine = sympy.cos(root.beta * t), sympy.sin(root.beta * t)
    columns = [(u * cosine - w * sine) * front, (u * sine + w * cosine) * front]
    return [column.applyfunc(sympy.expand_mul) for column in columns]


def _parts(entry: Any) -> tuple[Any, Any]:
    """Real and imaginary part of a polynomial of t."""
    expanded = sympy.expand(entry)
    imaginary = expanded.coeff(sympy.I, 1)
    real = sympy.expand(expanded - sympy.I * imaginary)
    if real.has(sympy.I) or imaginary.has(sympy.I):
        real, imaginary = expanded.as_real_imag()
    return real, imaginary


def _eigenvector_step(system: MatrixForm, root: Root, name: str, found: Sequence[Sequence[Any]]) -> Step:
    value = root.values[0]
    vectors = [chain[0] for chain in found]
    formula = [
        sympy.Eq(
            sympy.Symbol("v" if len(vectors) == 1 else f"v_{k + 1}"), sympy.ImmutableMatrix(v), evaluate=False
        )
        for k, v in enumerate(vectors)
    ]
    says = f"For {name} = {text(value)}: (A - {name}*I)*v = 0 gives the eigenvector{'s' if len(vectors) > 1 else ''}"
    if root.multiplicity > 1 and len(vectors) == root.multiplicity:
        says += f", as many independent ones as {name} is repeated"
    if not root.is_real:
        says += f" (and the conjugate {'ones' if len(vectors) > 1 else 'one'} for {text(root.values[1])})"
    return Step(
        says, listed(formula), lambda: all(is_zero(_flat(system.matrix * v - value * v)) for v in vectors)
    )


def _generalised_step(system: MatrixForm, root: Root, name: str, found: Sequence[Sequence[Any]]) -> Step:
    value = root.values[0]
    letters = iter(["w", "z", "q", "p", "s", "u"])
    formula, pairs, links = [], [], []
    for k, chain in enumerate(found):
        previous = "v" if len(found) == 1 else f"v_{k + 1}"
        for below, above in pairwise(chain):
            letter = next(letters)
            links.append(f"(A - {name}*I)*{letter} = {previous}")
            formula.append(sympy.Eq(sympy.Symbol(letter), sympy.ImmutableMatrix(above), evaluate=False))
            pairs.append((below, above))
            previous = letter
    return Step(
        f"These are fewer than {name} is repeated ({root.multiplicity} times): generalised eigenvectors, from "
        + " and ".join(links),
        listed(formula),
        lambda: all(is_zero(_flat(system.matrix * above - value * above - below)) for below, above in pairs),
    )


def _flat(vector: Any) -> Any:
    return vector.applyfunc(tidy)


def _says_of_solutions(root: Root, longest: int, name: str, t: Any) -> str:
    chain = {
        1: f"v*e^({name}*{t})",
        2: f"v*e^({name}*{t}) and ({t}*v + w)*e^({name}*{t})",
    }.get(
        longest,
        f"v*e^({name}*{t}), ({t}*v + w)*e^({name}*{t}), ({t}^2/2*v + {t}*w + z)*e^({name}*{t}) and so on",
    )
    if root.is_real:
        return f"The solutions {chain}" if longest > 1 else f"This gives {chain}"
    return f"The real and the imaginary part of {chain}, by Euler's formula"


# -- with forcing ------------------------------------------------------------------------------------------------------


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
    compared = _conditions(system, trials, rows)
    values = solved([c.left_over for c in compared], unknowns)
    if values is None:
        return None
    result = sympy.Matrix([sympy.expand(trial.expression.subs(values)) for trial in trials])
    wanted = sympy.Matrix([row.expression for row in rows])
    form = sympy.ImmutableMatrix([trial.expression for trial in trials])
    says = f"For {text(sympy.ImmutableMatrix([row.expanded for row in rows]))} try the same form in every component"
    if repeated:
        says += f"; {text(exponent)} is an eigenvalue, so polynomials of a degree higher by {repeated} (resonance)"
    steps = [
        Step(
            says,
            sympy.Eq(sympy.Symbol("X_p"), form, evaluate=False),
            lambda: is_zero(system.driven_by(wanted).leaves(form.subs(values))),
        ),
        Step(
            "Put in, the coefficients of each power and wave must agree in each component",
            listed([c.equation for c in compared]),
            lambda: is_zero(
                sum((c.of * c.left_over for c in compared), -system.driven_by(wanted).leaves(form))
            ),
        ),
        Step(
            "A solution of these equations" + (" (what is left free is taken as 0)" if repeated else ""),
            listed([sympy.Eq(letter, value, evaluate=False) for letter, value in values.items()]),
            lambda: all(is_zero(c.left_over.subs(values)) for c in compared),
        ),
        Step(
            "So that",
            sympy.Eq(sympy.Symbol("X_p"), sympy.ImmutableMatrix(result), evaluate=False),
            lambda: is_zero(system.driven_by(wanted).leaves(result)),
        ),
    ]
    return result, steps


def _multiplicity(system: MatrixForm, exponent: Any) -> int:
    """How often the exponent is an eigenvalue."""
    rate = sympy.Dummy("rate")
    polynomial = sympy.expand((rate * sympy.eye(system.size) - system.matrix).det(method="berkowitz"))
    count = 0
    while count < system.size and is_zero(polynomial.subs(rate, exponent)):
        polynomial = sympy.diff(polynomial, rate)
        count += 1
    return count


def _conditions(system: MatrixForm, trials: Sequence[Group], rows: Sequence[Group]) -> list[Condition]:
    """Component by component, wave by wave, high powers first."""
    found = []
    for k, (trial, row) in enumerate(zip(trials, rows, strict=True)):
        slope = trial.derivative()
        cosine = slope.cosine - sum(system.matrix[k, j] * other.cosine for j, other in enumerate(trials))
        sine = slope.sine - sum(system.matrix[k, j] * other.sine for j, other in enumerate(trials))
        place = sympy.eye(system.size)[:, k]
        found += [replace(c, of=c.of * place) for c in conditions(slope.with_polynomials(cosine, sine), row)]
    return found


def _by_variation(system: MatrixForm, columns: Sequence[Any]) -> tuple[Any, list[Step]] | None:
    """X_p = Φ u with Φ u' = b, where the columns of Φ are the solutions without forcing."""
    if system.size > _LARGEST_FOR_VARIATION:
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
            lambda: is_zero(sympy.diff(table, t) - system.matrix * table),
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
