"""The roots of a polynomial with real coefficients as a person writes them: short radicals, or else numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy

# Radicals longer than this are harder to read than a decimal number.
_LONGEST = 16
_LARGEST_DEGREE = 40


@dataclass(frozen=True)
class Root:
    """α, or the pair α ± βi when β is not zero.

    Attributes
    ----------
    alpha, beta : expressions
    multiplicity : int
    """

    alpha: Any
    beta: Any
    multiplicity: int

    @property
    def is_real(self) -> bool:
        return bool(self.beta == 0)

    @property
    def values(self) -> tuple[Any, ...]:
        """α, or α + βi and α - βi."""
        if self.is_real:
            return (self.alpha,)
        return (self.alpha + sympy.I * self.beta, self.alpha - sympy.I * self.beta)

    @property
    def count(self) -> int:
        """How many solutions it stands for."""
        return self.multiplicity * len(self.values)


@dataclass(frozen=True)
class Roots:
    """All the roots of a polynomial.

    Attributes
    ----------
    roots : tuple of Root
        Real ones first, in order of size where that is known.
    rounded : bool
        Whether some are decimal numbers.
    undecided : tuple
        Discriminants whose sign depends on parameters: the roots are those for a positive one.
    """

    roots: tuple[Root, ...]
    rounded: bool = False
    undecided: tuple[Any, ...] = ()


def roots(expression: Any, variable: Any) -> Roots | None:
    """The roots of a polynomial, with its parameters taken to be positive; None if they cannot be written down.

    >>> r = sympy.Symbol("r")
    >>> roots(r**3 - 2 * r**2 + 5 * r, r).roots
    (Root(alpha=0, beta=0, multiplicity=1), Root(alpha=1, beta=2, multiplicity=1))
    """
    names = sorted(expression.free_symbols - {variable}, key=str)
    positive = {name: sympy.Dummy(name.name, positive=True) for name in names}
    back = {dummy: name for name, dummy in positive.items()}
    counts: dict[tuple[Any, Any], int] = {}
    rounded, undecided = False, []
    for factor, multiplicity in factors(expression.subs(positive), variable):
        part = _of_factor(factor)
        if part is None:
            return None
        pairs, is_rounded, discriminant = part
        rounded |= is_rounded
        if discriminant is not None:
            undecided.append(discriminant.subs(back))
        for alpha, beta in pairs:
            pair = (alpha.subs(back), beta.subs(back))
            counts[pair] = counts.get(pair, 0) + multiplicity
    found = [Root(alpha, beta, multiplicity) for (alpha, beta), multiplicity in counts.items()]
    return Roots(tuple(_in_order(found)), rounded, tuple(undecided))


def factors(expression: Any, variable: Any) -> list[tuple[sympy.Poly, int]]:
    """The factors that hold the variable, as far as the numbers in the coefficients allow."""
    polynomial = sympy.Poly(expression, variable)
    if polynomial.degree() > _LARGEST_DEGREE:
        return [(polynomial, 1)]
    if any(c.has(sympy.Float) for c in polynomial.all_coeffs()):
        return [(polynomial, 1)]
    if polynomial.get_domain().is_EX:
        try:
            polynomial = sympy.Poly(expression, variable, extension=True)
        except (sympy.PolynomialError, NotImplementedError):
            return [(polynomial, 1)]
    try:
        return [(factor, m) for factor, m in polynomial.factor_list()[1] if factor.degree() > 0]
    except (sympy.polys.polyerrors.DomainError, NotImplementedError):
        return [(polynomial, 1)]


def _in_order(found: list[Root]) -> list[Root]:
    """Real ones first; by size as far as it can be told."""

    def size(root: Root) -> tuple[bool, bool, float, float]:
        is_number = root.alpha.is_number and root.beta.is_number
        return (
            not root.is_real,
            not is_number,
            float(root.alpha) if is_number else 0.0,
            float(root.beta) if is_number else 0.0,
        )

    return sorted(found, key=size)


def _of_factor(factor: sympy.Poly) -> tuple[list[tuple[Any, Any]], bool, Any] | None:
    """(α, β) of each root or pair, whether they are rounded, and a discriminant of unknown sign."""
    degree = factor.degree()
    coefficients = factor.all_coeffs()
    zero = sympy.S.Zero
    if degree == 1:
        return [(_short(-coefficients[1] / coefficients[0]), zero)], False, None
    if degree == 2:
        return _quadratic(*coefficients)
    if not any(coefficients[1:-1]):
        pairs = _binomial(degree, -coefficients[-1] / coefficients[0])
        if pairs is not None:
            return pairs, False, None
    if degree == 4 and coefficients[1] == coefficients[3] == 0:
        pairs = _even_quartic(coefficients[2] / coefficients[0], coefficients[4] / coefficients[0])
        if pairs is not None and _are_short(pairs):
            return pairs, False, None
    if degree <= 4:
        pairs = _radicals(factor)
        if pairs is not None and _are_short(pairs):
            return pairs, False, None
    if any(c.free_symbols for c in coefficients):
        return None
    return _numbers(factor), True, None


def _quadratic(a: Any, b: Any, c: Any) -> tuple[list[tuple[Any, Any]], bool, Any]:
    zero = sympy.S.Zero
    content, rest = sympy.expand(b * b - 4 * a * c).as_content_primitive()
    middle = _short(-b / (2 * a))
    discriminant = content * rest
    if discriminant.is_zero:
        return [(middle, zero), (middle, zero)], False, None
    sign = _sign(rest)
    half = _short(_root_of(content * rest * (-1 if sign == -1 else 1)) / (2 * a))
    if a.is_negative:
        half = -half
    if sign == -1:
        return [(middle, half)], False, None
    return [(middle - half, zero), (middle + half, zero)], False, None if sign == 1 else discriminant


def _root_of(square: Any) -> Any:
    """The square root with what is a square taken out."""
    content, rest = sympy.factor_terms(sympy.expand(square)).as_content_primitive()
    return sympy.sqrt(content) * sympy.sqrt(rest)


def _short(value: Any) -> Any:
    if value.free_symbols:
        return sympy.cancel(value) if not value.has(sympy.sqrt) else sympy.expand(value)
    return sympy.expand(sympy.radsimp(value)) if value.is_number else value


def _sign(value: Any) -> int | None:
    """1, 0 or -1; None where it depends on parameters."""
    for form in (value, sympy.factor(value)):
        if form.is_zero:
            return 0
        if form.is_positive:
            return 1
        if form.is_negative:
            return -1
    return None


def _binomial(degree: int, c: Any) -> list[tuple[Any, Any]] | None:
    """The roots of r^degree = c: on a circle, evenly."""
    sign = _sign(c)
    if sign not in (1, -1):
        return None
    radius = (sign * c) ** sympy.Rational(1, degree)
    pairs = []
    for k in range(degree):
        part = sympy.Rational(2 * k + (0 if sign == 1 else 1), degree)
        if part <= 1:  # the others are the conjugates
            angle = sympy.pi * part
            pairs.append((sympy.expand(radius * sympy.cos(angle)), sympy.expand(radius * sympy.sin(angle))))
    return pairs


def _even_quartic(b: Any, c: Any) -> list[tuple[Any, Any]] | None:
    """The roots of r^4 + b r^2 + c."""
    zero = sympy.S.Zero
    sign = _sign(sympy.expand(b * b - 4 * c))
    if sign == -1:
        size = sympy.sqrt(c)
        alpha, beta = (sympy.sqrt(_short((size + s * b / 2) / 2)) for s in (-1, 1))
        return [(-alpha, beta), (alpha, beta)]
    if sign != 1:
        return None
    pairs = []
    for s in (-1, 1):
        square = _short(-b / 2 + s * _root_of(b * b / 4 - c))
        size = _sign(square)
        if size is None:
            return None
        root = sympy.sqrt(square if size == 1 else -square)
        pairs += [(zero, root)] if size == -1 else [(-root, zero), (root, zero)]
    return pairs


def _radicals(factor: sympy.Poly) -> list[tuple[Any, Any]] | None:
    """The formulas of Cardano and Ferrari."""
    try:
        found = sympy.roots(factor)
    except (NotImplementedError, ValueError):
        return None
    if sum(found.values()) != factor.degree():
        return None
    pairs = []
    for root in found:
        if root.count_ops() > 6 * _LONGEST:
            return None
        alpha, beta = (sympy.expand(part) for part in root.as_real_imag())
        if alpha.has(sympy.re, sympy.im) or beta.has(sympy.re, sympy.im, sympy.Abs):
            return None
        sign = _sign(beta)
        if sign is None:
            return None
        if sign >= 0:
            pairs.append((alpha, beta if sign else sympy.S.Zero))
    return pairs


def _are_short(pairs: Sequence[tuple[Any, Any]]) -> bool:
    return all(alpha.count_ops() <= _LONGEST and beta.count_ops() <= _LONGEST for alpha, beta in pairs)


def _numbers(factor: sympy.Poly) -> list[tuple[Any, Any]]:
    pairs = []
    for root in factor.nroots(n=30, maxsteps=300):
        alpha, beta = root.as_real_imag()
        is_real = abs(beta) < sympy.Float("1e-18") * (1 + abs(alpha))
        if is_real or beta > 0:
            pairs.append((sympy.Float(alpha, 18), sympy.S.Zero if is_real else sympy.Float(beta, 18)))
    return pairs
