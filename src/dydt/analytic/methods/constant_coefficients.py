"""Linear equations with constant coefficients and nothing that drives them: the characteristic equation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from dydt.analytic.algebra.roots import Root, Roots, roots
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.forms.linear_equation import LinearEquation, constant_equation
from dydt.analytic.problem import Found, Problem, listed
from dydt.calculus.notation import Step, text


@dataclass(frozen=True, eq=False)
class Homogeneous:
    """What solves the equation without its forcing.

    Attributes
    ----------
    roots : Roots
        Of the characteristic equation.
    basis : tuple of expressions
        As many independent solutions as the order.
    steps : tuple of Step
    """

    roots: Roots
    basis: tuple[Any, ...]
    steps: tuple[Step, ...]


def solve(problem: Problem) -> Found | None:
    """The general solution of a_n y^(n) + … + a_1 y' + a_0 y = 0, from y = e^(r t).

    Source: Boyce, DiPrima, "Elementary Differential Equations", sections 3.1, 3.3, 3.4 and 4.2.
    """
    linear = constant_equation(problem)
    if linear is None or linear.order < 2 or linear.forcing != 0:
        return None
    found = homogeneous(linear)
    if found is None:
        return None
    names = problem.constants(linear.order)
    solution = sympy.Eq(problem.y, combination(names, found.basis), evaluate=False)
    last = Step(
        "The equation is linear without forcing: every combination of them is a solution, and there is no other",
        solution,
        lambda: is_zero(linear.apply(solution.rhs)),
    )
    title = "the characteristic equation"
    return Found("constant coefficients", title, (solution,), (*found.steps, last), names)


def combination(names: Sequence[Any], basis: Sequence[Any]) -> Any:
    """C1 y1 + C2 y2 + …"""
    return sympy.Add(*(c * f for c, f in zip(names, basis, strict=True)))


def homogeneous(linear: LinearEquation) -> Homogeneous | None:
    """The solutions of the equation with constant coefficients when nothing drives it, with the steps to them."""
    t = linear.independent
    r = _letter("r", linear)
    polynomial = sum(a * r**k for k, a in enumerate(linear.coefficients))
    found = roots(polynomial, r)
    if found is None or sum(root.count for root in found.roots) != linear.order:
        return None
    basis = tuple(function for root in found.roots for function in _functions(root, t))
    trial = sympy.exp(r * t)

    def holds() -> bool:
        return is_zero(linear.apply(trial) - polynomial * trial)

    steps = [
        Step(
            f"Try {linear.unknown.func.__name__} = e^({r}*{t}), since each derivative of it is itself times {r}",
            sympy.Eq(sympy.expand(linear.apply(trial)), 0, evaluate=False),
            holds,
        ),
        *characteristic_steps(polynomial, r, found, check=holds),
        Step(
            _says_of_basis(found, r, t),
            listed(
                [
                    sympy.Eq(sympy.Symbol(f"{linear.unknown.func.__name__}_{k + 1}"), f)
                    for k, f in enumerate(basis)
                ]
            ),
            lambda: all(is_zero(linear.apply(f)) for f in basis),
        ),
    ]
    if linear.order == 2:
        steps.append(wronskian_step(basis, t, str(linear.unknown.func.__name__)))
    return Homogeneous(found, basis, tuple(steps))


def characteristic_steps(
    polynomial: Any, r: Any, found: Roots, name: str = "characteristic equation", check: Any = None
) -> list[Step]:
    """The equation for the exponent, its factors and its roots."""
    steps = [
        Step(
            f"Divide by the common factor, which is never zero: the {name}",
            sympy.Eq(polynomial, 0, evaluate=False),
            check,
        )
    ]
    factored = sympy.factor(polynomial)
    if not factored.as_coeff_Mul()[1].is_Add:
        whole = sympy.Eq(factored, 0, evaluate=False)
        if factored != polynomial:
            steps.append(Step("In factors", whole, lambda: is_zero(factored - polynomial)))
    sign = sympy.Tuple(*(sympy.Eq(r, value, evaluate=False) for root in found.roots for value in root.values))
    steps.append(Step(_says_of_roots(found), listed(sign), lambda: _are_roots(polynomial, r, found)))
    if found.undecided:
        steps.append(_cases(found, lambda: _is_discriminant(found.undecided[0], polynomial, r)))
    elif signs := _signs(found):
        steps.append(
            Step(
                "This takes it that what is under the root is positive; for another sign the formula holds with "
                "complex numbers, where cos(i*x) = cosh(x) and sin(i*x) = i*sinh(x)",
                listed([sympy.Gt(sign, 0, evaluate=False) for sign in signs]),
                lambda: all(_is_discriminant(sign, polynomial, r) for sign in signs),
            )
        )
    return steps


def _signs(found: Roots) -> list[Any]:
    """What stands under square roots and holds parameters."""
    halves = {
        power.base
        for root in found.roots
        for part in (root.alpha, root.beta)
        for power in part.atoms(sympy.Pow)
        if power.exp.is_Rational and power.exp.q == 2 and power.base.free_symbols
    }
    return sorted((base for base in halves if not base.is_positive), key=str)


def _says_of_roots(found: Roots) -> str:
    one = len(found.roots) == 1 and found.roots[0].is_real
    says = "Its root" if one else "Its roots"
    if found.rounded:
        says += " (≈: some have no short formula and are given as decimal numbers)"
    counts = {2: "twice", 3: "three times", 4: "four times"}
    repeated = [
        f"{' and '.join(map(text, root.values))} {counts.get(root.multiplicity, f'{root.multiplicity} times')}"
        for root in found.roots
        if root.multiplicity > 1
    ]
    return says + (f" ({', '.join(repeated)})" if repeated else "")


def _are_roots(polynomial: Any, r: Any, found: Roots) -> bool:
    """Each value makes the polynomial zero, and as many derivatives of it as it is repeated."""
    scale = sum(abs(c) for c in sympy.Poly(polynomial, r).all_coeffs())
    for root in found.roots:
        derivative = polynomial
        for _ in range(root.multiplicity):
            if not is_zero((derivative / scale).subs(r, root.values[0])):
                return False
            derivative = sympy.diff(derivative, r)
    return True


def _is_discriminant(sign: Any, polynomial: Any, r: Any) -> bool:
    """Whether two of the roots are one where this is zero: the discriminant of the polynomial is zero there too."""
    discriminant = sympy.discriminant(sympy.fraction(sympy.together(polynomial))[0], r)
    name = min(sign.free_symbols, key=str)
    return all(is_zero(discriminant.subs(name, value)) for value in sympy.solve(sign, name))


def _cases(found: Roots, check: Any) -> Step:
    """What else the solution may look like when the sign under a root is not known."""
    discriminant = found.undecided[0]
    return Step(
        "What is under the root may be positive or negative. We go on with two real roots, for a positive one. "
        "For a negative one the same formula holds with complex exponents, which is an oscillation: the root then is "
        "i times √ of its size, in sin and cos. At zero the two roots are one, and the second solution is t times "
        "the first",
        sympy.Gt(discriminant, 0, evaluate=False),
        check,
    )


def _functions(root: Root, t: Any) -> list[Any]:
    """e^(αt) cos βt and e^(αt) sin βt, with factors 1, t, t² … as often as the root is repeated."""
    functions = []
    for k in range(root.multiplicity):
        front = t**k * sympy.exp(root.alpha * t)
        if root.is_real:
            functions.append(front)
        else:
            functions += [front * sympy.cos(root.beta * t), front * sympy.sin(root.beta * t)]
    return functions


def _says_of_basis(found: Roots, r: Any, t: Any) -> str:
    says = []
    if any(root.is_real for root in found.roots):
        says.append(f"a real root {r} gives e^({r}*{t})")
    if any(not root.is_real for root in found.roots):
        says.append(
            f"a pair α ± βi gives e^(α{t}) cos(β{t}) and e^(α{t}) sin(β{t}), the real and imaginary part of "
            f"e^((α + βi){t}) by Euler's formula"
        )
    if any(root.multiplicity > 1 for root in found.roots):
        says.append(f"a repeated root gives them again, times {t} for each repetition")
    joined = "; ".join(says)
    return joined[0].upper() + joined[1:]


def wronskian_step(basis: Sequence[Any], t: Any, name: str) -> Step:
    """That two solutions are independent."""
    first, second = basis
    value = shorter(first * sympy.diff(second, t) - sympy.diff(first, t) * second)
    return Step(
        f"Neither is a multiple of the other: their Wronskian W = {name}_1*{name}_2' - {name}_1'*{name}_2 is not zero",
        sympy.Eq(sympy.Symbol("W"), value, evaluate=False),
        # An exponential is never zero, and may be too small to be told from it.
        lambda: (
            not is_zero(sympy.Mul(*(f for f in sympy.Mul.make_args(value) if not isinstance(f, sympy.exp))))
        ),
    )


def shorter(expression: Any) -> Any:
    """Expanded, with sin² + cos² = 1, and exponentials put together."""
    expanded = sympy.powsimp(sympy.expand(expression))
    for angle in {f.args[0] for f in expanded.atoms(sympy.cos)}:
        replaced = sympy.expand(expanded.subs(sympy.cos(angle) ** 2, 1 - sympy.sin(angle) ** 2))
        if replaced.count_ops() < expanded.count_ops():
            expanded = sympy.powsimp(replaced)
    return expanded


def _letter(name: str, linear: LinearEquation) -> Any:
    """A symbol for the exponent that the equation does not use."""
    used = {symbol.name for a in (*linear.coefficients, linear.forcing) for symbol in a.free_symbols}
    used |= {linear.independent.name, linear.unknown.func.__name__}
    return sympy.Symbol(next(letter for letter in (name, "s", "q", "rho", "zeta") if letter not in used))
