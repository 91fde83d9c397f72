"""Constant coefficients, driven by polynomials times exponentials and waves: a trial of the same form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import sympy

from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.forms.forcing import Group, groups
from dydt.analytic.forms.linear_equation import LinearEquation, constant_equation
from dydt.analytic.methods.constant_coefficients import Homogeneous, combination, homogeneous
from dydt.analytic.problem import Found, Problem, listed
from dydt.calculus.notation import Step, text

_LETTERS = "ABDFGHJKLMNPQRUVWXYZ"
_COUNTS = {1: "once", 2: "twice", 3: "three times", 4: "four times"}


def solve(problem: Problem) -> Found | None:
    """The general solution of a linear equation with constant coefficients and a forcing that repeats its form.

    Source: Boyce, DiPrima, "Elementary Differential Equations", sections 3.5 and 4.3.
    """
    linear = constant_equation(problem)
    if linear is None or linear.order < 2 or linear.forcing == 0:
        return None
    parts = groups(linear.forcing, linear.independent)
    if parts is None:
        return None
    without = homogeneous(linear)
    if without is None:
        return None
    names = problem.constants(linear.order)
    found = by_trial(linear, parts)
    if found is None:
        return None
    particular, steps = found
    solution = sympy.Eq(problem.y, combination(names, without.basis) + particular, evaluate=False)
    return Found(
        "undetermined coefficients",
        "undetermined coefficients",
        (solution,),
        (*homogeneous_steps(linear, without, names), *steps, general_step(linear, solution)),
        names,
    )


def homogeneous_steps(linear: LinearEquation, without: Homogeneous, names: Sequence[Any]) -> tuple[Step, ...]:
    """First the equation without its forcing."""
    y_h = sympy.Eq(sympy.Symbol(f"{_name(linear)}_h"), combination(names, without.basis), evaluate=False)
    return (
        Step("First without the forcing on the right", linear.equation(homogeneous=True)),
        *without.steps,
        Step(
            "The general solution of the equation without forcing",
            y_h,
            lambda: is_zero(linear.apply(y_h.rhs)),
        ),
    )


def general_step(linear: LinearEquation, solution: Any) -> Step:
    """The homogeneous and the particular solution together."""
    name = _name(linear)
    return Step(
        f"All solutions: {name} = {name}_h + {name}_p",
        solution,
        lambda: is_zero(linear.leaves(solution.rhs)),
    )


def by_trial(linear: LinearEquation, parts: Sequence[Group]) -> tuple[Any, list[Step]] | None:
    """One solution with the forcing, and the steps to it."""
    t, name = linear.independent, _name(linear)
    written = sympy.Add(*(part.expanded for part in parts))
    steps = [
        Step(
            "Now one solution with the forcing, which is made of polynomials times exponentials and waves",
            sympy.Eq(sympy.Function("g")(t), written, evaluate=False),
            lambda: is_zero(written - linear.forcing),
        )
    ]
    letters = _letters(linear)
    several = len(parts) > 1
    if several:
        steps.append(
            Step("The equation is linear: take the parts of the forcing one by one, and add what they give")
        )
    total = sympy.S.Zero
    for k, part in enumerate(parts):
        label = f"{name}_p{k + 1}" if several else f"{name}_p"
        one = _one_group(linear, part, label, letters)
        if one is None:
            return None
        value, more = one
        total += value
        steps += more
    if several:
        sum_of = sympy.Eq(sympy.Symbol(f"{name}_p"), total, evaluate=False)
        steps.append(Step("Together", sum_of, lambda: is_zero(linear.leaves(total))))
    return total, steps


def _one_group(
    linear: LinearEquation, part: Group, label: str, letters: Iterator[Any]
) -> tuple[Any, list[Step]] | None:
    """What a single exponential or frequency gives."""
    repeated = multiplicity(linear, part.exponent)
    t = linear.independent
    trial, unknowns = trial_of(part, repeated, letters)
    derivatives = [trial]
    for _ in range(linear.order):
        derivatives.append(derivatives[-1].derivative())
    put_in = _combined(linear, derivatives, trial)
    compared = conditions(put_in, part)
    values = solved([c.left_over for c in compared], unknowns)
    if values is None:
        return None
    result = sympy.expand(trial.expression.subs(values))
    check = LinearEquation(t, linear.unknown, linear.coefficients, part.expression)
    named = sympy.Symbol(label)
    primes = [
        sympy.Eq(sympy.Symbol(label + "'" * k), d.expression, evaluate=False)
        for k, d in enumerate(derivatives)
    ]
    steps = [
        Step(_says_of_trial(linear, part, repeated), primes[0]),
        Step(
            "Its derivatives",
            listed(primes[1:]),
            lambda: all(is_zero(sympy.diff(a.rhs, t) - b.rhs) for a, b in pairwise(primes)),
        ),
        Step(
            "Put into the equation, and collected",
            sympy.Eq(put_in.expression, part.expression, evaluate=False),
            lambda: is_zero(linear.apply(trial.expression) - put_in.expression),
        ),
        Step(
            f"This holds for every {t} if the coefficients of {_what_is_compared(part, put_in)} agree",
            listed([c.equation for c in compared]),
            lambda: is_zero(check.leaves(trial.expression) - sum(c.left_over * c.of for c in compared)),
        ),
        Step(
            "The solution of these equations",
            listed([sympy.Eq(letter, value, evaluate=False) for letter, value in values.items()]),
            lambda: all(is_zero(c.left_over.subs(values)) for c in compared),
        ),
        Step("So that", sympy.Eq(named, result, evaluate=False), lambda: is_zero(check.leaves(result))),
    ]
    return result, steps


def multiplicity(linear: LinearEquation, exponent: Any) -> int:
    """How often e^(exponent·t) is a root of the characteristic equation."""
    r = sympy.Dummy("r")
    polynomial = sum(a * r**k for k, a in enumerate(linear.coefficients))
    count = 0
    while count <= linear.order and is_zero(polynomial.subs(r, exponent)):
        polynomial = sympy.diff(polynomial, r)
        count += 1
    return count


def trial_of(part: Group, repeated: int, letters: Iterator[Any]) -> tuple[Group, list[Any]]:
    """The form of the part with letters as coefficients, times t^repeated."""
    t = part.independent
    unknowns: list[Any] = []
    polynomials = []
    for _ in range(1 if part.beta == 0 else 2):
        row = [next(letters) for _ in range(part.degree + 1)]
        unknowns += row
        polynomials.append(
            sum(a * t ** (power + repeated) for power, a in zip(_down(part.degree), row, strict=True))
        )
    return part.with_polynomials(
        *(polynomials if len(polynomials) == 2 else [*polynomials, sympy.S.Zero])
    ), unknowns


def _down(degree: int) -> range:
    return range(degree, -1, -1)


def _combined(linear: LinearEquation, derivatives: Sequence[Group], trial: Group) -> Group:
    pairs = list(zip(linear.coefficients, derivatives, strict=True))
    cosine = sympy.Add(*(a * d.cosine for a, d in pairs))
    sine = sympy.Add(*(a * d.sine for a, d in pairs))
    return trial.with_polynomials(cosine, sine)


@dataclass(frozen=True, eq=False)
class Condition:
    """What a trial asks of its letters: left = right, the coefficients of one function of t."""

    left: Any
    right: Any
    of: Any

    @property
    def equation(self) -> Any:
        return sympy.Eq(self.left, self.right, evaluate=False)

    @property
    def left_over(self) -> Any:
        return self.left - self.right


def conditions(left: Group, right: Group) -> list[Condition]:
    """Coefficient by coefficient, those of high powers first."""
    ours, wanted = left.coefficients(), right.coefficients()
    keys = sorted(set(ours) | set(wanted), key=lambda key: (key[0], -key[1]))
    zero = sympy.S.Zero
    found = [Condition(ours.get(key, zero), wanted.get(key, zero), left.function(*key)) for key in keys]
    return [condition for condition in found if condition.left != 0 or condition.right != 0]


def solved(conditions: Sequence[Any], unknowns: Sequence[Any]) -> dict[Any, Any] | None:
    """The letters; those that nothing asks for are zero."""
    found = list(sympy.linsolve(list(conditions), *unknowns))
    if len(found) != 1:
        return None
    free = dict.fromkeys(unknowns, 0)
    return {letter: _tidy(value.subs(free)) for letter, value in zip(unknowns, found[0], strict=True)}


def _tidy(value: Any) -> Any:
    if value.free_symbols:
        return sympy.factor(value)
    return sympy.radsimp(sympy.expand(value))


def _what_is_compared(part: Group, left: Group) -> str:
    t = part.independent
    powers = sorted({power for _, power in {**left.coefficients(), **part.coefficients()}}, reverse=True)
    waves = [sympy.S.One] if part.beta == 0 else [sympy.cos(part.beta * t), sympy.sin(part.beta * t)]
    front = sympy.exp(part.alpha * t)
    kinds = [front * wave * t**power for wave in waves for power in powers]
    return ", ".join(map(text, kinds))


def _says_of_trial(linear: LinearEquation, part: Group, repeated: int) -> str:
    t = linear.independent
    form = "a polynomial of the same degree" if part.degree else "a number"
    kind = {
        (True, True): form,
        (False, True): f"{form} times {text(sympy.exp(part.alpha * t))}",
    }.get((part.alpha == 0, part.beta == 0))
    if kind is None:
        front = "" if part.alpha == 0 else f"{text(sympy.exp(part.alpha * t))} times "
        kind = f"{front}cos({text(part.beta * t)}) and sin({text(part.beta * t)})"
        kind += ", each with " + form
    says = f"For {text(part.expanded)} try its own form, {kind}"
    exponent = text(part.exponent)
    if repeated:
        power = text(t**repeated)
        often = _COUNTS.get(repeated, f"{repeated} times")
        says += (
            f". But {exponent} is a root of the characteristic equation {often}: the form would solve the "
        )
        says += f"equation without forcing, so it is multiplied by {power} (resonance)"
    elif part.exponent.free_symbols or any(a.free_symbols for a in linear.coefficients):
        says += f". This takes it that {exponent} is not a root of the characteristic equation (no resonance)"
    else:
        says += f"; {exponent} is not a root of the characteristic equation, so nothing else is needed"
    return says


def _letters(linear: LinearEquation) -> Iterator[Any]:
    """Names for the coefficients that the equation does not use."""
    used = {s.name for a in (*linear.coefficients, linear.forcing) for s in a.free_symbols}
    used |= {_name(linear), linear.independent.name}
    return letters(used)


def letters(used: set[str]) -> Iterator[Any]:
    """A, B, D, … and then A1, B1, …, without those that are used, and without C, which is for constants."""
    for number in range(20):
        for letter in _LETTERS:
            name = f"{letter}{number or ''}"
            if name not in used:
                yield sympy.Symbol(name, real=True)


def _name(linear: LinearEquation) -> str:
    return str(linear.unknown.func.__name__)
