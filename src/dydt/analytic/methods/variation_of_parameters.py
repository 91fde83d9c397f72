"""Variation of parameters: a solution with forcing from the solutions without it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy
from sympy.simplify.fu import TR8

from dydt.analytic.algebra.antiderivative import log_free
from dydt.analytic.algebra.integral import integral
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.forms.forcing import groups
from dydt.analytic.forms.linear_equation import LinearEquation, constant_equation, divide
from dydt.analytic.methods.constant_coefficients import combination, homogeneous, shorter
from dydt.analytic.methods.undetermined_coefficients import by_trial, general_step, homogeneous_steps
from dydt.analytic.problem import Found, Problem, listed
from dydt.calculus.notation import Step

_LARGEST_ORDER = 4
_LONGEST_TO_FACTOR = 60


def solve(problem: Problem) -> Found | None:
    """The general solution of a linear equation with constant coefficients and any forcing that can be integrated.

    Source: Boyce, DiPrima, "Elementary Differential Equations", sections 3.6 and 4.4.
    """
    linear = constant_equation(problem)
    if linear is None or not 2 <= linear.order <= _LARGEST_ORDER or linear.forcing == 0:
        return None
    without = homogeneous(linear)
    if without is None:
        return None
    found = _in_parts(linear, without.basis)
    if found is None:
        return None
    names = problem.constants(linear.order)
    solution = sympy.Eq(problem.y, combination(names, without.basis) + found[0], evaluate=False)
    return Found(
        "variation of parameters",
        "variation of parameters",
        (solution,),
        (*homogeneous_steps(linear, without, names), *found[1], general_step(linear, solution)),
        names,
    )


def _in_parts(linear: LinearEquation, basis: Sequence[Any]) -> tuple[Any, list[Step]] | None:
    """What can be guessed by undetermined coefficients, and the rest by variation of parameters."""
    t = linear.independent
    terms = sympy.Add.make_args(linear.forcing)
    easy = [term for term in terms if groups(term, t) is not None]
    if not easy or len(easy) == len(terms):
        return particular(linear, basis)
    guessed = sympy.Add(*easy)
    parts = groups(guessed, t)
    first = None if parts is None else by_trial(linear.driven_by(guessed), parts)
    rest = linear.driven_by(linear.forcing - guessed)
    second = particular(rest, basis)
    if first is None or second is None:
        return particular(linear, basis)
    name = str(linear.unknown.func.__name__)
    total = first[0] + second[0]
    steps = [
        Step(
            "The equation is linear: part of the forcing by undetermined coefficients, the rest by variation of "
            "parameters, and then both are added"
        ),
        *first[1],
        Step(
            "The rest of the forcing",
            sympy.Eq(sympy.Function("g")(t), rest.forcing, evaluate=False),
            lambda: is_zero(
                rest.forcing + sympy.Add(*(part.expression for part in parts or ())) - linear.forcing
            ),
        ),
        *second[1],
        Step(
            f"Both together are the {name}_p of the whole forcing",
            sympy.Eq(sympy.Symbol(f"{name}_p"), total, evaluate=False),
            lambda: is_zero(linear.leaves(total)),
        ),
    ]
    return total, steps


def particular(linear: LinearEquation, basis: Sequence[Any]) -> tuple[Any, list[Step]] | None:
    """y_p = u_1 y_1 + u_2 y_2 + … with u_k' from Cramer's rule, and the steps to it; None if an integral is not found.

    The conditions are u_1' y_1 + u_2' y_2 = 0 and the same for each derivative of y_k, but for the last one,
    u_1' y_1^(n-1) + u_2' y_2^(n-1) = g / a_n.
    """
    t, order = linear.independent, linear.order
    forcing = divide(linear.forcing, linear.coefficients[-1])
    table = sympy.Matrix(order, order, lambda row, column: sympy.diff(basis[column], t, row))
    wronskian = _shorter(table.det(method="berkowitz"))
    if is_zero(wronskian):
        return None
    slopes, parts = [], []
    for k in range(order):
        cofactor = _shorter(table.minor(order - 1, k, method="berkowitz")) * (-1) ** (order - 1 + k)
        slope = quotient(cofactor * forcing, wronskian)
        part = integral(slope, t)
        if part is None:
            return None
        slopes.append(slope)
        parts.append(part)
    value = _without_homogeneous(sympy.Add(*(u * f for u, f in zip(parts, basis, strict=True))), basis, t)
    return value, _steps(linear, forcing, table, (wronskian, slopes, parts, value))


def _steps(
    linear: LinearEquation, forcing: Any, table: Any, found: tuple[Any, list[Any], list[Any], Any]
) -> list[Step]:
    """The conditions on u_k', the Wronskian, the integrals, the solution."""
    t, order, name = linear.independent, linear.order, str(linear.unknown.func.__name__)
    wronskian, slopes, parts, value = found
    basis = list(table.row(0))
    u = [sympy.Symbol(f"u_{k + 1}") for k in range(order)]
    du = [sympy.Symbol(f"u_{k + 1}'") for k in range(order)]
    right = [sympy.S.Zero] * (order - 1) + [forcing]
    conditions = [
        sympy.Eq(sympy.Add(*(d * table[row, k] for k, d in enumerate(du))), right[row], evaluate=False)
        for row in range(order)
    ]
    put_in = dict(zip(du, slopes, strict=True))
    y_k = [sympy.Symbol(f"{name}_{k + 1}") for k in range(order)]
    y_p = sympy.Symbol(f"{name}_p")
    return [
        Step(
            "Let the constants vary: look for one solution with the forcing of this form",
            sympy.Eq(y_p, sympy.Add(*(a * b for a, b in zip(u, y_k, strict=True))), evaluate=False),
            lambda: is_zero(
                linear.leaves(log_free(sympy.Add(*(a * b for a, b in zip(parts, basis, strict=True)))))
            ),
        ),
        Step(
            f"It is one if {'these two' if order == 2 else 'these'} hold: what appears when the u are differentiated "
            f"is made zero, except in the last, whose right-hand side is the forcing divided by the coefficient of "
            f"{name}{chr(39) * order}",
            listed(conditions),
            lambda: all(is_zero((c.lhs - c.rhs).subs(put_in)) for c in conditions),
        ),
        Step(
            "The Wronskian, the determinant of these equations",
            sympy.Eq(sympy.Symbol("W"), wronskian, evaluate=False),
            lambda: is_zero(table.det(method="berkowitz") - wronskian),
        ),
        Step(
            "By Cramer's rule",
            listed([sympy.Eq(a, b, evaluate=False) for a, b in zip(du, slopes, strict=True)]),
            lambda: is_zero(log_free(table) * sympy.Matrix(slopes) - sympy.Matrix(right)),
        ),
        Step(
            "Integrated (any antiderivative will do)",
            listed([sympy.Eq(a, b, evaluate=False) for a, b in zip(u, parts, strict=True)]),
            lambda: all(is_zero(sympy.diff(log_free(a), t) - b) for a, b in zip(parts, slopes, strict=True)),
        ),
        Step(
            "Put together, without multiples of the solutions that are there already",
            sympy.Eq(y_p, value, evaluate=False),
            lambda: is_zero(linear.leaves(value)),
        ),
    ]


def _shorter(expression: Any) -> Any:
    """As short as cheap rules make it."""
    return sympy.powsimp(shorter(expression))


def quotient(above: Any, below: Any) -> Any:
    """The quotient in the shortest of a few forms."""
    plain = above / below
    forms = [plain, sympy.powsimp(sympy.expand(plain))]
    if not below.is_Add:
        forms.append(
            sympy.Add(*(sympy.powsimp(part / below) for part in sympy.Add.make_args(sympy.expand(above))))
        )
    if plain.count_ops() < _LONGEST_TO_FACTOR:
        forms.append(sympy.factor(plain))
    if len({part.args[0] for part in plain.atoms(sympy.sin, sympy.cos, sympy.tan)}) > 1:
        forms += _of_one_angle(plain)
    if plain.has(sympy.tan):
        forms.append(sympy.expand(plain.replace(sympy.tan, lambda x: sympy.sin(x) / sympy.cos(x))))
    return min(forms, key=lambda form: (form.count_ops(), str(form)))


def _of_one_angle(expression: Any) -> list[Any]:
    """With sin 2t and the like written in sin t and cos t, squares of cosines as 1 - sin²."""
    expanded = sympy.expand(sympy.expand_trig(expression))
    forms = []
    for part in expanded.atoms(sympy.cos):
        sine = sympy.sin(part.args[0])
        forms.append(sympy.expand(expanded.subs(part**2, 1 - sine**2)))
        forms.append(sympy.expand(expanded.subs(sine**2, 1 - part**2)))
    return [*sorted(forms, key=sympy.count_ops), expanded, sympy.cancel(expanded)]


def _without_homogeneous(value: Any, basis: Sequence[Any], t: Any) -> Any:
    """Without the terms that are multiples of one of the solutions without forcing."""
    plain = _shorter(value)
    if any(sympy.fraction(term)[1].is_Add for term in sympy.Add.make_args(plain)):
        plain = min(plain, sympy.cancel(plain), key=lambda form: (form.count_ops(), str(form)))
    if plain.count_ops() > value.count_ops() + 10:
        return value
    terms = [
        term
        for term in sympy.Add.make_args(_summed_waves(plain))
        if all(sympy.powsimp(term / f).has(t) for f in basis)
    ]
    return sympy.Add(*terms)


def _summed_waves(value: Any) -> Any:
    """Products of waves as sums, where that is shorter: sin t sin 2t + cos t cos 2t is cos t."""
    waves: list[Any] = []
    others: list[Any] = []
    for term in sympy.Add.make_args(value):
        inside = term.atoms(sympy.Function)
        plain = inside and all(isinstance(f, sympy.sin | sympy.cos) for f in inside)
        (waves if plain and len(inside) > 1 else others).append(term)
    before = sympy.Add(*waves)
    if len({f.args[0] for f in before.atoms(sympy.Function)}) < 2:
        return value
    after = sympy.expand(TR8(before))
    return sympy.Add(after, *others) if after.count_ops() < before.count_ops() else value
