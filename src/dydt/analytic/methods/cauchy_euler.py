"""Cauchy–Euler equations: each derivative comes with the same power of t."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sympy

from dydt.analytic.algebra.roots import Root, Roots, roots
from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.forms.forcing import groups
from dydt.analytic.forms.linear_equation import LinearEquation, linear_equation
from dydt.analytic.methods.constant_coefficients import (
    Homogeneous,
    characteristic_steps,
    combination,
    wronskian_step,
)
from dydt.analytic.methods.undetermined_coefficients import by_trial, homogeneous_steps
from dydt.analytic.methods.variation_of_parameters import particular
from dydt.analytic.problem import Found, Problem, listed
from dydt.calculus.notation import Step, text


def solve(problem: Problem) -> Found | None:
    """The general solution of c_n t^n y^(n) + … + c_1 t y' + c_0 y = g(t), from y = t^r.

    Also with t - a in place of t. Source: Boyce, DiPrima, "Elementary Differential Equations", section 5.4.
    """
    linear = linear_equation(problem)
    if linear is None or linear.order < 2 or linear.is_constant:
        return None
    form = _form(linear)
    if form is None:
        return None
    factors, centre = form
    t = problem.independent
    is_left = bool((problem.start - centre).is_negative) and bool(problem.initial)
    distance = centre - t if is_left else t - centre
    x, shown = _variable(t, distance)
    scaled = _scaled(linear, factors, x, distance)
    without = _homogeneous(scaled, factors, x)
    if without is None:
        return None
    names = problem.constants(linear.order)
    value = combination(names, without.basis)
    steps: tuple[Step, ...] = without.steps
    if scaled.forcing != 0:
        found = _particular(scaled, without.basis)
        if found is None:
            return None
        value += found[0]
        steps = (*homogeneous_steps(scaled, without, names), *found[1])
    solution = sympy.Eq(problem.y, value.subs(x, distance), evaluate=False)
    y = problem.name
    says = "The general solution" if scaled.forcing == 0 else f"All solutions: {y} = {y}_h + {y}_p"
    last = Step(
        says + _says_of_side(without.roots, scaled.forcing, t, centre, is_left),
        solution,
        lambda: _solves(linear, solution.rhs, t, centre, is_left),
    )
    first = _first_steps(linear, scaled, x, distance)
    return Found(
        "Cauchy–Euler",
        "powers of t (a Cauchy–Euler equation)",
        (solution,),
        tuple(_seen(step, x, shown) for step in (*first, *steps, last)),
        names,
    )


def _particular(scaled: LinearEquation, basis: Sequence[Any]) -> tuple[Any, list[Step]] | None:
    """One solution with the forcing: by variation of parameters, or as with constant coefficients in s = log x."""
    ways = [lambda: particular(scaled, basis), lambda: _in_logarithm(scaled)]
    if scaled.forcing.has(sympy.log):
        ways.reverse()
    return next((found for way in ways if (found := way()) is not None), None)


def _in_logarithm(scaled: LinearEquation) -> tuple[Any, list[Step]] | None:
    """With x = e^s the coefficients are constant; what the forcing then is may be guessed."""
    x = scaled.independent
    s = sympy.Symbol("s" if x.name != "s" else "z", real=True)
    forcing = sympy.powsimp(sympy.expand(scaled.forcing.subs(x, sympy.exp(s))))
    parts = groups(forcing, s)
    if parts is None:
        return None
    r = sympy.Dummy("r")
    weights = [a.subs(x, 1) for a in scaled.coefficients]
    polynomial = sympy.Poly(sum(c * sympy.ff(r, k) for k, c in enumerate(weights)), r)
    coefficients = tuple(polynomial.coeff_monomial(r**k) for k in range(scaled.order + 1))
    constant = LinearEquation(s, scaled.unknown.func(s), coefficients, forcing)
    found = by_trial(constant, parts)
    if found is None:
        return None
    value = sympy.expand(found[0].subs(s, sympy.log(x)))
    name = scaled.unknown.func.__name__
    return value, [
        Step(
            f"With {x} = e^{s}, so that {x}^r is e^(r*{s}), the coefficients are constant; primes now are derivatives "
            f"by {s}",
            constant.equation(),
            lambda: is_zero(scaled.apply(x**3) - constant.apply(sympy.exp(3 * s)).subs(s, sympy.log(x))),
        ),
        *found[1],
        Step(
            f"Back to {x}, with {s} = log({x})",
            sympy.Eq(sympy.Symbol(f"{name}_p"), value, evaluate=False),
            lambda: is_zero(scaled.leaves(value)),
        ),
    ]


def _variable(t: Any, distance: Any) -> tuple[Any, Any]:
    """The distance from the singular point, to calculate with as a positive number, and as people see it."""
    if distance == t:
        return sympy.Symbol(t.name, positive=True), t
    x = sympy.Symbol("x" if t.name != "x" else "s", positive=True)
    return x, x


def _solves(linear: LinearEquation, function: Any, t: Any, centre: Any, is_left: bool) -> bool:
    """Whether it solves the equation on its side of the singular point."""
    apart = sympy.Symbol("s", positive=True)
    place = centre - apart if is_left else centre + apart
    return is_zero(linear.leaves(function).doit().subs(t, place))


def _seen(step: Step, x: Any, shown: Any) -> Step:
    """The step with the variable that people see."""
    if step.formula is None or x == shown:
        return step
    return replace(step, formula=step.formula.xreplace({x: shown}))


def _form(linear: LinearEquation) -> tuple[tuple[Any, ...], Any] | None:
    """c_0 … c_n with c_n = 1, and the point a where (t - a)^k are the powers."""
    t, order = linear.independent, linear.order
    quotients = [sympy.cancel(a / linear.coefficients[-1]) for a in linear.coefficients]
    lowest = next((k for k, q in enumerate(quotients) if q.has(t)), None)
    if lowest is None or not all(q.is_rational_function(t) for q in quotients):
        return None
    below = sympy.Poly(sympy.fraction(quotients[lowest])[1], t)
    if below.degree() != order - lowest:
        return None
    centre = sympy.cancel(-below.all_coeffs()[1] / (below.degree() * below.LC()))
    factors = tuple(sympy.cancel(q * (t - centre) ** (order - k)) for k, q in enumerate(quotients))
    return None if any(c.has(t) for c in factors) else (factors, centre)


def _scaled(linear: LinearEquation, factors: Sequence[Any], x: Any, distance: Any) -> LinearEquation:
    """The equation for y(x), with x the distance from the singular point: x^k (d/dx)^k is the same on both sides."""
    t = linear.independent
    back = sympy.solve(distance - x, t)[0]
    order = linear.order
    forcing = (linear.forcing / linear.coefficients[-1]).subs(t, back)
    forcing = sympy.powsimp(sympy.expand(sympy.cancel(back - back.subs(x, 0)) ** order * forcing))
    common = sympy.ilcm(*(c.q for c in factors)) if all(c.is_Rational for c in factors) else 1
    coefficients = tuple(common * c * x**k for k, c in enumerate(factors))
    return LinearEquation(x, linear.unknown.func(x), coefficients, sympy.expand(common * forcing))


def _first_steps(linear: LinearEquation, scaled: LinearEquation, x: Any, distance: Any) -> tuple[Step, ...]:
    def is_same() -> bool:
        """Both equations leave over the same of powers of x, but for one common factor."""
        ours = [scaled.leaves(x**k).subs(x, distance) for k in (1, 2, 3)]
        theirs = [linear.leaves(distance**k) for k in (1, 2, 3)]
        return all(is_zero(a * theirs[0] - b * ours[0]) for a, b in zip(ours, theirs, strict=True))

    if x.name != linear.independent.name:
        says = "Measure from where the highest derivative drops out: then each derivative comes with the same power"
        return (
            Step(says, sympy.Eq(x, distance, evaluate=False), is_same),
            Step("In it the equation is", scaled.equation(), is_same),
        )
    return (
        Step(
            f"Each derivative comes with the same power of {x.name}: a Cauchy–Euler equation",
            scaled.equation(),
            is_same,
        ),
    )


def _homogeneous(scaled: LinearEquation, factors: Sequence[Any], x: Any) -> Homogeneous | None:
    used = {s.name for c in factors for s in c.free_symbols} | {scaled.unknown.func.__name__}
    r = sympy.Symbol(next(letter for letter in ("r", "q", "rho", "zeta") if letter not in used))
    weights = [a.subs(x, 1) for a in scaled.coefficients]
    polynomial = sympy.collect(sympy.expand(sum(c * sympy.ff(r, k) for k, c in enumerate(weights))), r)
    found = roots(polynomial, r)
    if found is None or sum(root.count for root in found.roots) != scaled.order:
        return None
    basis = tuple(function for root in found.roots for function in _functions(root, x))
    name = str(scaled.unknown.func.__name__)
    falling = sum(c * _falling(r, k) for k, c in enumerate(weights))

    def holds() -> bool:
        return is_zero(scaled.apply(x**r) - polynomial * x**r)

    steps = [
        Step(
            f"Try {name} = {x.name}^{r}: each derivative takes one power away and brings a factor down, and the power "
            f"in front puts it back",
            sympy.Eq(falling * x**r, 0, evaluate=False),
            holds,
        ),
        *characteristic_steps(polynomial, r, found, "indicial equation", holds),
        Step(
            _says_of_basis(found, r, x),
            listed(
                [sympy.Eq(sympy.Symbol(f"{name}_{k + 1}"), f, evaluate=False) for k, f in enumerate(basis)]
            ),
            lambda: all(is_zero(scaled.apply(f)) for f in basis),
        ),
    ]
    if scaled.order == 2:
        steps.append(wronskian_step(basis, x, name))
    return Homogeneous(found, basis, tuple(steps))


def _falling(r: Any, count: int) -> Any:
    """r (r - 1) … with `count` factors."""
    return sympy.Mul(*(r - k for k in range(count)))


def _functions(root: Root, x: Any) -> list[Any]:
    """x^α cos(β ln x) and x^α sin(β ln x), with factors 1, ln x, (ln x)² … as often as the root is repeated."""
    functions = []
    for k in range(root.multiplicity):
        front = x**root.alpha * sympy.log(x) ** k
        if root.is_real:
            functions.append(front)
        else:
            angle = root.beta * sympy.log(x)
            functions += [front * sympy.cos(angle), front * sympy.sin(angle)]
    return functions


def _says_of_basis(found: Roots, r: Any, x: Any) -> str:
    t = x.name
    says = []
    if any(root.is_real for root in found.roots):
        says.append(f"a real root {r} gives {t}^{r}")
    if any(not root.is_real for root in found.roots):
        says.append(
            f"a pair α ± βi gives {t}^α cos(β log {t}) and {t}^α sin(β log {t}), since {t}^(βi) = e^(βi log {t})"
        )
    if any(root.multiplicity > 1 for root in found.roots):
        says.append(f"a repeated root gives them again, times log {t} for each repetition")
    joined = "; ".join(says)
    return joined[0].upper() + joined[1:]


def _says_of_side(found: Roots, forcing: Any, t: Any, centre: Any, is_left: bool) -> str:
    """For which t the formula is meant."""
    plain = all(root.is_real and root.multiplicity == 1 and root.alpha.is_Integer for root in found.roots)
    if plain and forcing == 0:
        return ""
    here, there = ("<", ">") if is_left else (">", "<")
    other = text(t - centre) if is_left else text(centre - t)
    own = text(centre - t) if is_left else text(t - centre)
    says = f", for {t} {here} {text(centre)}"
    return says + (f"; for {t} {there} {text(centre)} put {other} in place of {own}" if forcing == 0 else "")
