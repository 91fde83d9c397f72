"""Where a law is at rest, exactly: the zeros of its right-hand side with their formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from dydt.calculus.notation import latex, text
from dydt.calculus.roots import Branch, NotExact, real_solutions
from dydt.expr.graph import Node
from dydt.expr.sympy import exact, to_sympy

_LONGEST = 44  # a longer formula is harder to read than a number
_PLACES = (0.37, -1.21, 0.83, 2.19)  # values of what is free, to compare formulas at


@dataclass(frozen=True)
class Rest:
    """A point of rest, or a set of them.

    Attributes
    ----------
    values : dict
        State -> number; empty for a set.
    formulas : dict
        State -> formula in the language of laws, where it is short; with the names of parameters if it can be.
    latex : dict
        The same in LaTeX.
    free : tuple of str
        States that may have any value, in a set.
    """

    values: dict[str, float]
    formulas: dict[str, str]
    latex: dict[str, str]
    free: tuple[str, ...] = ()


def resting(
    nodes: Sequence[Node], states: Sequence[str], values: Mapping[str, float], limit: float = 4.0
) -> list[Rest]:
    """All points of rest of a law that is rational in its states.

    Parameters
    ----------
    nodes : sequence of Node
        The right-hand sides, with parameters as symbols.
    states : sequence of str
    values : mapping
        Value of each parameter.
    limit : float
        Seconds.

    Raises
    ------
    NotExact
        If the law is not rational, or too hard.

    >>> from dydt.expr.parse import parse
    >>> law = parse("x' = x*(a - x)")
    >>> sorted(rest.formulas["x"] for rest in resting(law.derivatives, law.states, {"a": 2.0}))
    ['0', 'a']
    """
    unknowns = [sympy.Symbol(state, real=True) for state in states]
    sides = [to_sympy(node) for node in nodes]
    numbers = {sympy.Symbol(name, real=True): exact(value) for name, value in values.items()}
    found = real_solutions([side.subs(numbers) for side in sides], unknowns, limit)
    try:
        general = real_solutions(sides, unknowns, limit / 2) if numbers else []
    except (NotExact, NotImplementedError, ZeroDivisionError):
        general = []
    return [_told(branch, general, numbers) for branch in found]


def _told(branch: Branch, general: Sequence[Branch], numbers: Mapping[Any, Any]) -> Rest:
    """One branch in numbers, and in words where they are short."""
    values = {} if branch.free else {str(u): float(v.evalf(20)) for u, v in branch.values.items()}
    shown: Mapping[Any, Any] = branch.values
    for other in general:
        if other.free == branch.free and _agrees(other, branch, numbers):
            shown = {u: _pretty(v) for u, v in other.values.items()}
            break
    kept = {
        u: v
        for u, own in branch.values.items()
        for v in (shown[u], own)
        if not v.has(sympy.CRootOf) and len(text(v)) <= _LONGEST
    }
    kept |= {u: shown[u] for u in kept if len(text(shown[u])) <= _LONGEST}  # the general one first
    free = tuple(str(u) for u in branch.free)
    return Rest(
        values,
        {str(u): text(v) for u, v in kept.items()},
        {str(u): latex(v) for u, v in kept.items()},
        free,
    )


def _agrees(general: Branch, branch: Branch, numbers: Mapping[Any, Any]) -> bool:
    """Whether a formula with parameters gives this branch."""
    at = dict(zip(branch.free, _PLACES * len(branch.free), strict=False))
    for unknown, value in branch.values.items():
        own = complex(value.subs(at).evalf(20))
        other = general.values[unknown].subs(numbers).subs(at).evalf(20)
        if not other.is_number or other.has(sympy.nan, sympy.zoo):
            return False
        if abs(complex(other) - own) > 1e-9 * max(1e-6, abs(own)):
            return False
    return True


def _pretty(value: Any) -> Any:
    """Factored where that is shorter, under roots too: sqrt(b*r - b) is sqrt(b*(r - 1))."""
    inside = value.replace(
        lambda e: e.is_Pow and e.exp == sympy.Rational(1, 2), lambda e: sympy.sqrt(sympy.factor(e.base))
    )
    return min(inside, sympy.factor(value), value, key=sympy.count_ops)
