"""What a law keeps, by integration: energies, Hamiltonians, and first integrals of separable laws of the plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy

from dydt.calculus.notation import latex, text
from dydt.calculus.patience import Unanswered, patiently
from dydt.expr.graph import Node
from dydt.expr.sympy import from_sympy, to_sympy


def first_integrals(
    nodes: Sequence[Node], states: Sequence[str], limit: float = 8.0
) -> list[tuple[str, Node, str, str]]:
    """Conserved quantities that follow from the form of a law, with its parameters as letters.

    Parameters
    ----------
    nodes : sequence of Node
        The right-hand sides of an autonomous law.
    states : sequence of str
    limit : float
        Seconds.

    Returns
    -------
    list of (kind, node, text, LaTeX)
        Not verified yet. The kind is ``"energy"``, ``"Hamiltonian"`` or ``"first integral"``.

    >>> from dydt.expr.parse import parse
    >>> law = parse("x' = a*x - b*x*y; y' = d*x*y - g*y")
    >>> [(kind, formula) for kind, _, formula, _ in first_integrals(law.derivatives, law.states)]
    [('first integral', '-a*log(y) + b*y + d*x - g*log(x)')]
    """
    letters = [sympy.Symbol(state, real=True) for state in states]
    sides = [to_sympy(node) for node in nodes]
    if not any(_fits(sides, letters)):
        return []
    try:
        found = patiently(integrals, sides, letters, limit=limit)
    except (Unanswered, NotImplementedError, ValueError, TypeError, RuntimeError):
        return []
    result = []
    for kind, formula in found:
        if formula.has(sympy.Piecewise):
            continue
        try:
            node = from_sympy(formula)
        except ValueError:  # it holds something a law can't say
            continue
        result.append((kind, node, text(formula), latex(formula)))
    return result


def _fits(sides: Sequence[Any], letters: Sequence[Any]) -> tuple[bool, bool]:
    """Whether it is worth trying: a mechanical law, a law of the plane."""
    return _pairs(sides, letters) is not None, len(letters) == 2


def integrals(sides: Sequence[Any], letters: Sequence[Any]) -> list[tuple[str, Any]]:
    """The kinds and formulas of what is conserved."""
    pairs = _pairs(sides, letters)
    if pairs is not None:
        energy = _energy(pairs, dict(zip(letters, sides, strict=True)))
        if energy is not None:
            return [("energy", energy)]
    if len(letters) == 2:
        formula = _hamiltonian(sides, letters)
        if formula is not None:
            return [("Hamiltonian", formula)]
        formula = _separable(sides, letters)
        if formula is not None:
            return [("first integral", formula)]
    return []


def _pairs(sides: Sequence[Any], letters: Sequence[Any]) -> list[tuple[Any, Any]] | None:
    """Positions with their velocities, if the law is x'' = F(x); else None."""
    pairs = [(x, side) for x, side in zip(letters, sides, strict=True) if side in letters]
    velocities = [v for _, v in pairs]
    if 2 * len(pairs) != len(letters) or {x for x, _ in pairs} & set(velocities):
        return None
    forces = [side for x, side in zip(letters, sides, strict=True) if x in velocities]
    if any(force.free_symbols & set(velocities) for force in forces):
        return None
    return pairs


def _energy(pairs: Sequence[tuple[Any, Any]], change: Mapping[Any, Any]) -> Any:
    """E = Σ m v²/2 + U with m F = −∇U; None if the forces have no potential."""
    masses: list[Any] = [sympy.S.One]
    forces = [change[v] for _, v in pairs]
    places = [x for x, _ in pairs]
    for j in range(1, len(pairs)):
        mass = sympy.S.One
        for i in range(j):
            one, other = forces[i].diff(places[j]), forces[j].diff(places[i])
            if one != 0 and other != 0:
                mass = sympy.simplify(masses[i] * one / other)
                break
        if mass.free_symbols & set(places):
            return None
        masses.append(mass)
    potential = sympy.S.Zero
    for x, force, mass in zip(places, forces, masses, strict=True):
        left = sympy.expand(mass * force + potential.diff(x))
        potential -= sympy.integrate(left, x)
        if potential.has(sympy.Integral):
            return None
    kinetic = sum(m * v**2 / 2 for m, (_, v) in zip(masses, pairs, strict=True))
    return kinetic + _tidy(potential)


def _hamiltonian(sides: Sequence[Any], letters: Sequence[Any]) -> Any:
    """H with x' = ∂H/∂y and y' = −∂H/∂x, where the divergence is 0."""
    (x, y), (f, g) = letters, sides
    if sympy.simplify(f.diff(x) + g.diff(y)) != 0:
        return None
    part = sympy.integrate(sympy.expand(f), y)
    rest = sympy.expand(sympy.simplify(-g - part.diff(x)))
    if rest.has(y):
        return None
    formula = part + sympy.integrate(rest, x)
    return None if formula.has(sympy.Integral) else _tidy(formula)


def _separable(sides: Sequence[Any], letters: Sequence[Any]) -> Any:
    """V = ∫ X₂/X₁ dx − ∫ Y₁/Y₂ dy for x' = X₁(x) Y₁(y), y' = X₂(x) Y₂(y)."""
    x, y = letters
    parts = []
    for side in sides:
        apart = sympy.separatevars(sympy.factor(side), symbols=(x, y), dict=True)
        if not apart:
            return None
        parts.append((apart["coeff"] * apart[x], apart[y]))
    (x1, y1), (x2, y2) = parts
    across = sympy.integrate(sympy.expand(sympy.cancel(x2 / x1)), x)
    up = sympy.integrate(sympy.expand(sympy.cancel(y1 / y2)), y)
    formula = across - up
    return None if formula.has(sympy.Integral) else _upright(_tidy(formula))


def _upright(formula: Any) -> Any:
    """With the sign that makes most terms without a logarithm positive."""
    terms = sympy.Add.make_args(formula)
    plain = [term for term in terms if not term.has(sympy.log)] or terms
    negative = sum(term.as_coeff_Mul()[0].is_negative or False for term in plain)
    return -formula if 2 * negative > len(plain) else formula


def _tidy(formula: Any) -> Any:
    """Terms multiplied out, without constants."""
    spread = sympy.expand(formula)
    letters = [term for term in sympy.Add.make_args(spread) if term.free_symbols]
    spread = sympy.Add(*letters)
    return spread if sympy.count_ops(spread) <= 1.5 * sympy.count_ops(formula) else formula
