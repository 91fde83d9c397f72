"""All real solutions of polynomial equations in several unknowns, by elimination, as exact expressions."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from dydt.calculus.patience import Unanswered, patiently

_MOST_UNKNOWNS = 8
_MOST_TERMS = 80
_HIGHEST = 24  # power
_DIGITS = 30
_TINY = sympy.Float("1e-22")


class NotExact(Exception):
    """The equations are no polynomials, or elimination leads nowhere in the time there is."""


@dataclass(frozen=True)
class Branch:
    """One solution, or a set of them that is not isolated.

    Attributes
    ----------
    values : dict
        Unknown -> its value; an expression of the unknowns in `free`.
    free : tuple of Symbol
        Unknowns that may have any value; none for an isolated solution.
    """

    values: dict[sympy.Symbol, Any]
    free: tuple[sympy.Symbol, ...] = ()


def real_solutions(
    equations: Sequence[Any], unknowns: Sequence[sympy.Symbol], limit: float = 4.0
) -> list[Branch]:
    """All real solutions of equations = 0.

    Parameters
    ----------
    equations : sequence of SymPy expressions
        Rational in the unknowns. Other symbols are parameters: what depends on them alone is taken to be neither
        zero nor, under a root, negative.
    unknowns : sequence of Symbol
    limit : float
        Seconds.

    Raises
    ------
    NotExact
        If the equations are not rational in the unknowns, or are too hard.

    Examples
    --------
    >>> x, y, r = sympy.symbols("x y r", real=True)
    >>> [branch.values[x] for branch in real_solutions([x * (r - x**2), y - x], [x, y])]
    [0, sqrt(r), -sqrt(r)]
    """
    if len(unknowns) > _MOST_UNKNOWNS:
        raise NotExact("too many unknowns")
    if any(abs(p.exp) > _HIGHEST for e in equations for p in e.atoms(sympy.Pow) if p.exp.is_Integer):
        raise NotExact("too high a power")
    polynomials, nonzero = [], []
    for equation in equations:
        above, below = sympy.fraction(sympy.together(equation))
        if not (above.is_polynomial(*unknowns) and below.is_polynomial(*unknowns)):
            raise NotExact("not rational")
        polynomials.append(sympy.expand(above))
        if below.free_symbols & set(unknowns):
            nonzero.append(below)
    elimination = _Elimination(tuple(unknowns), time.monotonic() + limit)
    found: list[Branch] = []
    for known, conditions in elimination.solve(tuple(polynomials), (), tuple(nonzero)):
        branch = _assembled(unknowns, known)
        if branch is not None and not _broken(branch, conditions) and branch not in found:
            found.append(branch)
    found.sort(key=lambda branch: len(branch.free))
    return [b for b in found if not any(len(w.free) > len(b.free) and _is_on(b, w) for w in found)]


class _Elimination:
    """Solves equations one unknown at a time."""

    def __init__(self, unknowns: tuple[sympy.Symbol, ...], deadline: float) -> None:
        self.unknowns = unknowns
        self.deadline = deadline

    def solve(
        self,
        polynomials: tuple[Any, ...],
        known: tuple[Any, ...],
        nonzero: tuple[Any, ...],
        basis: bool = False,
    ) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
        """Yields what each unknown is, last one first, and what must not be zero for that."""
        if time.monotonic() > self.deadline:
            raise NotExact("out of time")
        left = [p for p in polynomials if not _is_zero(p)]
        if any(not self.of(p) for p in left):
            return  # a number that should be zero
        if not left:
            yield known, nonzero
            return
        if sum(len(sympy.Add.make_args(p)) for p in left) > _MOST_TERMS * len(left):
            raise NotExact("too large")
        ways = (self.factors, self.substitution, self.roots, self.quotient)
        step = next((step for way in ways if (step := way(left)) is not None), None)
        if step is None:
            if basis:
                raise NotExact("no way to eliminate")
            yield from self.solve(self.groebner(left), known, nonzero, basis=True)
            return
        for polynomials_left, more_known, more_nonzero in step:
            yield from self.solve(polynomials_left, known + more_known, nonzero + more_nonzero, basis)

    def of(self, expression: Any) -> list[sympy.Symbol]:
        """The unknowns in it, in their order."""
        free = expression.free_symbols
        return [u for u in self.unknowns if u in free]

    def factors(self, left: list[Any]) -> list[Any] | None:
        """A product is zero where one of its factors is."""
        for k, polynomial in enumerate(left):
            if _is_algebraic(polynomial):
                continue
            _, pairs = sympy.factor_list(polynomial)
            parts = [part for part, _ in pairs if self.of(part)]
            if len(parts) > 1 or (parts and pairs[0][1] > 1) or len(parts) < len(pairs):
                rest = tuple(left[:k] + left[k + 1 :])
                return [((part, *rest), (), ()) for part in parts]
        return None

    def substitution(self, left: list[Any]) -> list[Any] | None:
        """An equation that says what an unknown is: linear in it, with a coefficient that is a number."""
        best: tuple[int, Any, Any, int] | None = None
        for k, polynomial in enumerate(left):
            for unknown in self.of(polynomial):
                if sympy.degree(polynomial, unknown) == 1:
                    slope = sympy.expand(polynomial).coeff(unknown, 1)
                    if not self.of(slope):
                        value = sympy.cancel(-sympy.expand(polynomial).coeff(unknown, 0) / slope)
                        size = len(sympy.Add.make_args(sympy.expand(value)))
                        if best is None or size < best[0]:
                            best = (size, unknown, value, k)
        if best is None:
            return None
        _, unknown, value, k = best
        return [self.put(left, k, unknown, value, ())]

    def put(self, left: list[Any], k: int, unknown: Any, value: Any, nonzero: tuple[Any, ...]) -> Any:
        """The equations but the k-th, with an unknown's value put in."""
        rest = [p.subs(unknown, value) for i, p in enumerate(left) if i != k]
        above = tuple(sympy.expand(sympy.fraction(sympy.together(p))[0]) for p in rest)
        return above, ((unknown, value),), nonzero

    def roots(self, left: list[Any]) -> list[Any] | None:
        """An equation in one unknown alone: its real roots."""
        for k, polynomial in sorted(enumerate(left), key=lambda pair: sympy.count_ops(pair[1])):
            names = self.of(polynomial)
            if len(names) == 1:
                values = real_roots(polynomial, names[0])
                return [self.put(left, k, names[0], value, ()) for value in values]
        return None

    def quotient(self, left: list[Any]) -> list[Any] | None:
        """Linear in an unknown, with a coefficient that others are in: zero, or divided by."""
        if any(_is_algebraic(p) for p in left):
            return None
        for k, polynomial in enumerate(left):
            for unknown in self.of(polynomial):
                if sympy.degree(polynomial, unknown) == 1:
                    slope = sympy.expand(polynomial).coeff(unknown, 1)
                    rest = sympy.expand(polynomial).coeff(unknown, 0)
                    others = tuple(p for i, p in enumerate(left) if i != k)
                    divided = self.put(left, k, unknown, sympy.cancel(-rest / slope), (slope,))
                    return [((slope, rest, *others), (), ()), divided]
        return None

    def groebner(self, left: list[Any]) -> tuple[Any, ...]:
        """A basis in which one unknown after the other is eliminated."""
        names = [u for u in self.unknowns if any(u in p.free_symbols for p in left)]
        if any(p.free_symbols - set(self.unknowns) for p in left) or any(map(_is_algebraic, left)):
            raise NotExact("a basis needs numbers")
        seconds = max(0.5, self.deadline - time.monotonic())
        try:
            patiently(
                basis, names[:1], names[:1], limit=10.0
            )  # the first question waits for the process to start
            return tuple(patiently(basis, left, names, limit=seconds))
        except Unanswered:
            raise NotExact("out of time") from None


def basis(polynomials: Sequence[Any], unknowns: Sequence[Any]) -> list[Any]:
    """A lexicographic Gröbner basis, by way of an easier one where there are finitely many solutions."""
    easy = sympy.groebner(polynomials, *unknowns, order="grevlex")
    if easy.is_zero_dimensional and list(easy.exprs) != [1]:
        return list(easy.fglm("lex").exprs)
    return list(sympy.groebner(polynomials, *unknowns, order="lex").exprs)


def real_roots(polynomial: Any, unknown: sympy.Symbol) -> list[Any]:
    """The real roots of a polynomial in one unknown, each once; with parameters in it, up to degree two.

    >>> x = sympy.Symbol("x", real=True)
    >>> real_roots(x**2 - 8, x), real_roots(x**2 + 1, x)
    ([2*sqrt(2), -2*sqrt(2)], [])
    """
    poly = sympy.Poly(polynomial, unknown)
    if poly.degree() == 1:
        a, b = poly.all_coeffs()
        return [sympy.cancel(-b / a)]
    if poly.degree() == 2:
        a, b, c = poly.all_coeffs()
        under = sympy.factor(sympy.cancel((b**2 - 4 * a * c) / (4 * a**2)))
        middle = sympy.cancel(-b / (2 * a))
        if under.is_number and _is_zero(under):
            return [middle]
        if under.is_number and under.evalf(_DIGITS) < 0:
            return []
        return [middle + sympy.sqrt(under), middle - sympy.sqrt(under)]
    if polynomial.free_symbols != {unknown} or _is_algebraic(polynomial) or poly.degree() > 2 * _HIGHEST:
        raise NotExact("no formula for a root of degree three and more")
    return list(dict.fromkeys(poly.real_roots()))


def _assembled(unknowns: Sequence[sympy.Symbol], known: Sequence[tuple[Any, Any]]) -> Branch | None:
    """Each unknown in terms of the free ones; None if a value is not real."""
    values: dict[Any, Any] = {}
    for unknown, value in reversed(known):
        values[unknown] = value.subs(values) if value.free_symbols & set(values) else value
    free = tuple(u for u in unknowns if u not in values)
    for unknown, value in values.items():
        if value.has(sympy.zoo, sympy.nan, sympy.oo):
            return None
        if value.is_number and not value.is_Rational:
            number = value.evalf(_DIGITS)
            if abs(sympy.im(number)) > _TINY:
                return None
        values[unknown] = value if value.has(sympy.CRootOf) else _short(value)
    return Branch({u: values.get(u, u) for u in unknowns}, free)


def _short(value: Any) -> Any:
    """The shorter of what simple rules give."""
    if value.is_Rational or value.is_Symbol:
        return value
    forms = [
        value,
        sympy.factor_terms(value),
        sympy.radsimp(value) if value.is_number else sympy.cancel(value),
    ]
    return min(forms, key=lambda form: (sympy.count_ops(form), len(str(form))))


def _broken(branch: Branch, conditions: Sequence[Any]) -> bool:
    """Whether something that must not be zero is."""
    return any(_is_zero(sympy.together(c.subs(branch.values, simultaneous=True))) for c in conditions)


def _is_on(point: Branch, wide: Branch) -> bool:
    """Whether a solution, or a set of them, belongs to a larger set."""
    at = {u: point.values[u] for u in wide.free}
    gaps = [wide.values[u].subs(at) - point.values[u] for u in wide.values]
    return all(not gap.has(sympy.zoo, sympy.nan) and _is_zero(sympy.cancel(gap)) for gap in gaps)


def _is_zero(expression: Any) -> bool:
    """Zero; of numbers with roots in them, to thirty digits."""
    if expression == 0:
        return True
    if expression.is_Rational:
        return False
    if expression.is_number:
        value = expression.evalf(_DIGITS, maxn=200)
        return bool(abs(value) < _TINY)
    return bool(sympy.expand(expression) == 0)


def _is_algebraic(polynomial: Any) -> bool:
    """Whether there are roots among the coefficients, which factors are not looked for with."""
    return bool(polynomial.atoms(sympy.CRootOf)) or any(
        p.exp.is_Rational and not p.exp.is_Integer for p in polynomial.atoms(sympy.Pow)
    )


def at_values(branch: Branch, parameters: Mapping[sympy.Symbol, Any]) -> Branch:
    """The branch with the values of parameters put in."""
    return Branch({u: v.subs(parameters) for u, v in branch.values.items()}, branch.free)
