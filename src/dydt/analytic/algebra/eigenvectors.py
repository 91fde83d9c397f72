"""Eigenvectors and generalised eigenvectors, as a person writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy

from dydt.analytic.algebra.zero import is_zero


def chains(matrix: Any, value: Any, multiplicity: int) -> list[list[Any]] | None:
    """For an eigenvalue, chains v, w, … with (A - λ) v = 0, (A - λ) w = v and so on; None if they do not suffice.

    >>> [chain] = chains(sympy.Matrix([[1, -1], [1, 3]]), sympy.Integer(2), 2)
    >>> [list(vector) for vector in chain]
    [[1, -1], [-1, 0]]
    """
    squares = {s: sympy.Dummy(s.name, positive=True) for s in _under_roots(value)}
    if squares:  # sqrt(k) is no fraction of k, and slow to calculate with: take it as a letter of its own
        plain = {s: root**2 for s, root in squares.items()}
        inner = chains(matrix.subs(plain), sympy.powdenest(value.subs(plain)), multiplicity)
        back = {root: sympy.sqrt(s) for s, root in squares.items()}
        return inner and [[vector.subs(back) for vector in chain] for chain in inner]
    shifted = (matrix - value * sympy.eye(matrix.rows)).applyfunc(tidy)
    if value.has(sympy.Float):
        return [[_by_cofactors(shifted)]] if multiplicity == 1 else None
    kernels: list[list[Any]] = [[]]
    power = sympy.eye(matrix.rows)
    while len(kernels[-1]) < multiplicity:
        power = (shifted * power).applyfunc(tidy)
        kernel = _kernel(power)
        if len(kernel) <= len(kernels[-1]):
            return None
        kernels.append(kernel)
    found: list[list[Any]] = []
    for level in range(len(kernels) - 1, 0, -1):
        present = [chain[level - 1] for chain in found if len(chain) >= level]
        wanted = len(kernels[level]) - len(kernels[level - 1]) - len(present)
        for candidate in kernels[level]:
            if wanted == 0:
                break
            if _independent([*kernels[level - 1], *present, candidate]):
                found.append(_chain(shifted, candidate, level))
                present.append(candidate)
                wanted -= 1
        if wanted:
            return None
    return sorted(found, key=len)


def _under_roots(value: Any) -> set[Any]:
    """Letters that stand under a square root, and alone there."""
    return {p.base for p in value.atoms(sympy.Pow) if p.base.is_Symbol and p.exp.is_Rational and p.exp.q == 2}


def _chain(shifted: Any, top: Any, length: int) -> list[Any]:
    """Down from the top vector to the eigenvector, in the order they are found by hand, all times a number."""
    vectors = [top]
    while len(vectors) < length:
        vectors.append((shifted * vectors[-1]).applyfunc(tidy))
    scale = _scale(vectors[-1])
    return [(vector * scale).applyfunc(tidy) for vector in reversed(vectors)]


def _kernel(matrix: Any) -> list[Any]:
    return [v.applyfunc(tidy) for v in matrix.nullspace(simplify=tidy, iszerofunc=is_zero)]


def _independent(vectors: Sequence[Any]) -> bool:
    table = sympy.Matrix.hstack(*vectors)
    return int(table.rank(simplify=tidy, iszerofunc=is_zero)) == len(vectors)


def _scale(vector: Any) -> Any:
    """The factor that makes an eigenvector short: whole numbers if possible, the first one real and positive."""
    entries = [entry for entry in vector if entry != 0]
    best, length = sympy.S.One, None
    for divisor in (sympy.S.One, *entries):
        scale = _whole(entries, divisor)
        count = sum(_length(tidy(entry * scale)) for entry in entries)
        if length is None or count < length:
            best, length = scale, count
    return best


def _length(entry: Any) -> int:
    return (
        int(entry.count_ops())
        + 2 * int(entry.has(sympy.Pow))
        + int(entry.has(sympy.I))
        - 2 * int(entry in (1, -1))
    )


def _whole(entries: Sequence[Any], divisor: Any) -> Any:
    """The factor that divides by one entry, clears denominators and common factors, and fixes the sign."""
    divided = [tidy(entry / divisor) for entry in entries]
    scale = sympy.S.One
    for entry in divided:
        scale = sympy.lcm(scale, sympy.fraction(sympy.together(entry))[1])
    whole = [sympy.cancel(entry * scale) for entry in divided]
    if all(entry.is_Integer for entry in whole):
        scale /= sympy.igcd(*whole) if len(whole) > 1 else abs(whole[0])
    first = divided[0]
    if first.is_number and sympy.re(first) == 0:
        scale, first = -sympy.I * scale, -sympy.I * first
    return (-scale if first.could_extract_minus_sign() else scale) / divisor


def _by_cofactors(shifted: Any) -> Any:
    """The kernel of a matrix of decimal numbers that is singular up to rounding: a column of its adjugate."""
    table = shifted.adjugate().applyfunc(sympy.expand)
    column = max((table[:, k] for k in range(table.cols)), key=lambda c: max(abs(sympy.N(e)) for e in c))
    largest = max(column, key=lambda e: abs(sympy.N(e)))
    return column.applyfunc(
        lambda e: sympy.S.One if e == largest else sympy.expand(sympy.N(e / largest, 18), complex=True)
    )


def tidy(entry: Any) -> Any:
    """An entry with radicals out of denominators and fractions cancelled."""
    if entry.is_Rational:
        return entry
    if entry.has(sympy.Float):
        return sympy.expand(entry)
    if entry.free_symbols:
        return sympy.cancel(entry) if not entry.has(sympy.I) else _cancelled(entry)
    return sympy.expand(sympy.radsimp(sympy.expand(entry)))


def _cancelled(entry: Any) -> Any:
    """A fraction of complex numbers with parameters, with a real denominator."""
    above, below = sympy.fraction(sympy.together(entry))
    if below.has(sympy.I):
        mirror = below.subs(sympy.I, -sympy.I)
        above, below = sympy.expand(above * mirror), sympy.expand(below * mirror)
    real, imaginary = sympy.expand(above).as_real_imag()
    return sympy.cancel(real / below) + sympy.I * sympy.cancel(imaginary / below)
