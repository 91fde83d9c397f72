"""Linear systems with constant coefficients, x' = A x + b(t): eigenvalues and eigenvectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import sympy

from dydt.analytic.constant_coefficients import characteristic_steps
from dydt.analytic.eigenvectors import chains, tidy
from dydt.analytic.matrix_form import MatrixForm, matrix_form
from dydt.analytic.problem import Found, Problem, constants, listed
from dydt.analytic.roots import Root, roots
from dydt.analytic.system_forcing import particular
from dydt.analytic.zero import is_zero
from dydt.calculus.notation import Step, text

_LARGEST_SIZE = 6


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
    names = constants(system.size)
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
        steps.append(Step(f"As equations of first order for {states}", sympy.Tuple(*equations)))
    kind = "X' = A*X + b" if system.is_driven else "X' = A*X"
    shown = [sympy.Eq(sympy.Symbol("A"), system.matrix, evaluate=False)]
    if system.is_driven:
        shown.append(sympy.Eq(sympy.Symbol("b"), system.forcing, evaluate=False))
    steps.append(Step(f"With X = {states} it is {kind}", listed(shown)))
    return steps


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
        *_without_first_words(characteristic_steps(polynomial, rate, found), name),
    ]
    columns: list[Any] = []
    for root in found.roots:
        more = _modes_of(system, root, name, len(columns))
        if more is None:
            return None
        columns += more.columns
        steps += more.steps
    return Modes(tuple(columns), tuple(steps))


def _without_first_words(steps: Sequence[Step], name: str) -> list[Step]:
    """The steps of the characteristic equation, its first sentence as it is for a matrix."""
    says = f"The characteristic equation det(A - {name}*I) = 0, up to its sign"
    return [Step(says, steps[0].formula), *steps[1:]]


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
