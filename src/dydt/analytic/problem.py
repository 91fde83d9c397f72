"""A law as it is solved by hand: equations of SymPy in unknown functions, and what a method finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sympy

from dydt.calculus.notation import Step
from dydt.expr.equations import Equations
from dydt.expr.graph import symbols
from dydt.expr.network import written_out
from dydt.expr.sympy import exact, to_sympy


@dataclass(frozen=True, eq=False)
class Problem:
    """Equations in SymPy, with an unknown function y(t) for each base name.

    Attributes
    ----------
    independent : sympy.Symbol
    unknowns : tuple of applied functions
        ``(y(t),)``, in order of appearance.
    equations : tuple of sympy.Eq
        As written, derivatives as ``Derivative(y(t), t)``.
    parameters : dict
        Name -> real symbol, for those that have no value; the others are numbers in the equations already.
    initial : dict
        State name (``"y"``, ``"y'"``) -> exact value at `start`; empty for a general solution.
    start : sympy number
    """

    independent: sympy.Symbol
    unknowns: tuple[Any, ...]
    equations: tuple[Any, ...]
    parameters: dict[str, sympy.Symbol] = field(default_factory=dict)
    initial: dict[str, Any] = field(default_factory=dict)
    start: Any = sympy.S.Zero

    @property
    def y(self) -> Any:
        """The only unknown function, y(t), of a single equation."""
        return self.unknowns[0]

    @property
    def name(self) -> str:
        """What the only unknown is called."""
        return str(self.y.func.__name__)

    @property
    def is_single(self) -> bool:
        """Whether it is one equation for one unknown."""
        return len(self.unknowns) == len(self.equations) == 1

    @cached_property
    def order(self) -> int:
        """The highest derivative of any unknown."""
        return max(self.order_of(y) for y in self.unknowns)

    def order_of(self, unknown: Any) -> int:
        """The highest derivative of this unknown."""
        found = [
            int(d.derivative_count)
            for equation in self.equations
            for d in equation.atoms(sympy.Derivative)
            if d.expr == unknown
        ]
        return max(found, default=0)

    def derivative(self, order: int, unknown: Any = None) -> Any:
        """y, y', y'' … of a single equation."""
        unknown = self.y if unknown is None else unknown
        return sympy.diff(unknown, self.independent, order) if order else unknown

    @cached_property
    def letters(self) -> tuple[sympy.Symbol, ...]:
        """Plain symbols y, y', y'' … up to the order, to do algebra with in place of the functions."""
        return tuple(sympy.Symbol(self.name + "'" * k, real=True) for k in range(self.order + 1))

    def in_letters(self, expression: Any) -> Any:
        """The expression with y, y', … as the symbols `letters`."""
        pairs = [(self.derivative(k), self.letters[k]) for k in range(self.order, -1, -1)]
        return expression.subs(pairs)

    def in_functions(self, expression: Any) -> Any:
        """The way back from `in_letters`."""
        pairs = [(self.letters[k], self.derivative(k)) for k in range(self.order, -1, -1)]
        return expression.subs(pairs, simultaneous=True)

    def constants(self, count: int) -> tuple[sympy.Symbol, ...]:
        """The constants of integration C1, C2, …, and C for a single one; K or another letter if the law has a C."""
        taken = {self.independent.name, *self.parameters, *(u.func.__name__ for u in self.unknowns)}
        for letter in "CKABDG":
            names = [letter] if count == 1 else [f"{letter}{k + 1}" for k in range(count)]
            if taken.isdisjoint([letter, *names]):
                break
        return tuple(sympy.Symbol(name, real=True) for name in names)

    @cached_property
    def residual(self) -> Any:
        """Left minus right of a single equation, in `letters`."""
        return self.in_letters(self.equations[0].lhs - self.equations[0].rhs)

    @cached_property
    def slopes(self) -> tuple[Any, ...]:
        """What the highest derivative is, in `letters`: one expression for each branch; empty if none is found."""
        top = self.letters[-1]
        try:
            return tuple(sympy.solve(self.residual, top))
        except NotImplementedError:
            return ()


@dataclass(frozen=True, eq=False)
class Found:
    """What a method of hand solution finds.

    Attributes
    ----------
    method : str
        A short name, ``"separable"``.
    title : str
        What it is called in a sentence, ``"separation of variables"``.
    solutions : tuple of sympy.Eq
        The general solution, each with the unknown alone on the left, or an implicit relation; with the constants
        C1, C2, …
    steps : tuple of Step
    constants : tuple of sympy.Symbol
    lost : tuple of sympy.Eq
        Further solutions that the calculation divided away or that are in no member of the family, such as y = 0.
    """

    method: str
    title: str
    solutions: tuple[Any, ...]
    steps: tuple[Step, ...]
    constants: tuple[sympy.Symbol, ...]
    lost: tuple[Any, ...] = ()


def problem(
    law: Equations, values: Mapping[str, float | None], initial: Mapping[str, Any], start: float = 0.0
) -> Problem:
    """The law as it is solved by hand, with the values of its parameters put in.

    A network without hidden layers is a sum and is written out; others are functions of which only the name is known.

    >>> from dydt.expr.parse import parse
    >>> problem(parse("y'' = -k*y"), {"k": 4.0}, {}).equations
    (Eq(Derivative(y(t), (t, 2)), -4*y(t)),)
    """
    t = sympy.Symbol(law.independent, real=True)
    sides = written_out([s for e in law.written for s in (e.left, e.right)], lambda n: not n.sizes[1:-1])
    bases = list(dict.fromkeys(state.rstrip("'") for state in law.states))
    unknowns = {base: sympy.Function(base, real=True)(t) for base in bases}
    known: dict[str, Any] = {law.independent: t}
    parameters: dict[str, sympy.Symbol] = {}
    for name in symbols(sides):
        base = name.rstrip("'")
        if base in unknowns:
            count = len(name) - len(base)
            known[name] = sympy.Derivative(unknowns[base], (t, count)) if count else unknowns[base]
        elif name not in known:
            value = values.get(name)
            known[name] = exact(value) if value is not None else sympy.Symbol(name, real=True)
            if value is None:
                parameters[name] = known[name]
    equations = tuple(_equation(a, b, known) for a, b in zip(sides[::2], sides[1::2], strict=True))
    at = {name: exact(value) if isinstance(value, float | int) else value for name, value in initial.items()}
    begins = exact(start) if isinstance(start, float | int) else start
    return Problem(t, tuple(unknowns.values()), equations, parameters, at, begins)


def _equation(left: Any, right: Any, known: Mapping[str, Any]) -> Any:
    return sympy.Eq(to_sympy(left, known, True), to_sympy(right, known, True), evaluate=False)


def listed(equations: Sequence[Any]) -> Any:
    """One equation as it is, several as a tuple, for a step to show."""
    return equations[0] if len(equations) == 1 else sympy.Tuple(*equations)
