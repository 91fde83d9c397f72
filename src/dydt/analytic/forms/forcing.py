"""A forcing as a sum of polynomials times e^(αt) cos βt and e^(αt) sin βt, where it is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy

_LARGEST_POWER = 12
_MOST_GROUPS = 12


@dataclass(frozen=True, eq=False)
class Group:
    """e^(αt) (P(t) cos βt + Q(t) sin βt); with β = 0 it is e^(αt) P(t).

    Attributes
    ----------
    independent : sympy.Symbol
    alpha, beta : expressions
    cosine, sine : expressions
        P and Q, polynomials in t.
    """

    independent: sympy.Symbol
    alpha: Any
    beta: Any
    cosine: Any
    sine: Any = sympy.S.Zero

    @property
    def exponent(self) -> Any:
        """α + βi."""
        return self.alpha + sympy.I * self.beta

    @property
    def degree(self) -> int:
        """The higher of the degrees of P and Q."""
        degrees = (sympy.degree(p, self.independent) for p in (self.cosine, self.sine) if p != 0)
        return max((int(d) for d in degrees), default=0)

    @property
    def expression(self) -> Any:
        """Written out, the exponential in front."""
        t = self.independent
        wave = self.cosine
        if self.beta != 0:
            wave = self.cosine * sympy.cos(self.beta * t) + self.sine * sympy.sin(self.beta * t)
        return sympy.exp(self.alpha * t) * wave

    @property
    def expanded(self) -> Any:
        return sympy.powsimp(sympy.expand(self.expression))

    def derivative(self) -> Group:
        """Its derivative, which is of the same form.

        (e^(αt)(P cos βt + Q sin βt))' = e^(αt)((P' + αP + βQ) cos βt + (Q' + αQ - βP) sin βt)
        """
        t, p, q = self.independent, self.cosine, self.sine
        cosine = sympy.diff(p, t) + self.alpha * p + self.beta * q
        sine = sympy.diff(q, t) + self.alpha * q - self.beta * p
        return self.with_polynomials(cosine, sine)

    def with_polynomials(self, cosine: Any, sine: Any) -> Group:
        """The same exponential and waves with other polynomials, ordered by powers of t."""
        t = self.independent
        return Group(t, self.alpha, self.beta, _collected(cosine, t), _collected(sine, t))

    def coefficients(self) -> dict[tuple[str, int], Any]:
        """("cos" or "sin", power of t) -> coefficient."""
        found = {}
        for name, polynomial in (("cos", self.cosine), ("sin", self.sine)):
            for (power,), value in sympy.Poly(polynomial, self.independent).terms():
                found[name, power] = value
        return found

    def function(self, wave: str, power: int) -> Any:
        """What a coefficient stands before: e^(αt) t^power cos βt, or with sin βt."""
        angle = self.beta * self.independent
        front = sympy.exp(self.alpha * self.independent) * self.independent**power
        return front * (sympy.cos(angle) if wave == "cos" else sympy.sin(angle))


def _collected(polynomial: Any, t: Any) -> Any:
    return sympy.collect(sympy.expand(polynomial), t)


def groups(forcing: Any, t: Any) -> tuple[Group, ...] | None:
    """The forcing in groups of the same exponential and frequency; None where it is not of this form.

    Products and powers of waves are taken apart: sin(t)^2 is 1/2 - cos(2*t)/2.
    """
    if forcing == 0:
        return ()
    if not _is_of_the_form(forcing, t):
        return None
    terms = _exponentials(forcing, t)
    if terms is None:
        return None
    found: list[Group] = []
    done: set[Any] = set()
    for rate in terms:
        if rate in done:
            continue
        alpha, beta = (sympy.expand(part) for part in rate.as_real_imag())
        if beta == 0:
            found.append(Group(t, alpha, sympy.S.Zero, _real(terms[rate])))
            continue
        if beta.could_extract_minus_sign():
            rate, beta = alpha - sympy.I * beta, -beta
        other = alpha - sympy.I * beta
        done |= {rate, other}
        plus, minus = terms.get(rate, sympy.S.Zero), terms.get(other, sympy.S.Zero)
        cosine, sine = _real(plus + minus), _real(sympy.I * (plus - minus))
        found.append(Group(t, alpha, beta, cosine, sine))
    found = [group for group in found if group.cosine != 0 or group.sine != 0]
    return tuple(found) if len(found) <= _MOST_GROUPS else None


def vector_groups(forcing: Sequence[Any], t: Any) -> dict[tuple[Any, Any], list[Group]] | None:
    """(α, β) -> a group for each entry of a vector; None where an entry is not of this form."""
    gathered: dict[tuple[Any, Any], list[Group]] = {}
    for row, entry in enumerate(forcing):
        parts = groups(entry, t)
        if parts is None:
            return None
        for part in parts:
            key = (part.alpha, part.beta)
            empty = [Group(t, *key, sympy.S.Zero) for _ in forcing]
            gathered.setdefault(key, empty)[row] = part
    return gathered


def _real(value: Any) -> Any:
    """Without what is left of i after it has cancelled."""
    return sympy.expand(sympy.expand(value), complex=True) if value.has(sympy.I) else sympy.expand(value)


def _is_of_the_form(forcing: Any, t: Any) -> bool:
    if not forcing.has(t):
        return True
    if forcing.count_ops() > 300:
        return False
    for part in sympy.preorder_traversal(forcing):
        if not part.has(t) or part == t or part.is_Add or part.is_Mul:
            continue
        if isinstance(part, sympy.exp | sympy.sin | sympy.cos | sympy.sinh | sympy.cosh):
            if not _is_linear(part.args[0], t):
                return False
        elif part.is_Pow:
            if part.base.has(t):
                if not (part.exp.is_Integer and 0 <= part.exp <= _LARGEST_POWER):
                    return False
            elif not (_is_linear(part.exp, t) and part.base.is_positive):
                return False
        else:
            return False
    return True


def _is_linear(expression: Any, t: Any) -> bool:
    return bool(expression.is_polynomial(t) and sympy.degree(expression, t) <= 1)


def _exponentials(forcing: Any, t: Any) -> dict[Any, Any] | None:
    """λ -> the polynomial of t that stands before e^(λt)."""
    waves = (sympy.sin, sympy.cos, sympy.sinh, sympy.cosh)
    written = forcing.replace(lambda part: isinstance(part, waves), lambda part: part.rewrite(sympy.exp))
    written = written.replace(
        lambda part: part.is_Pow and part.base != sympy.E and part.exp.has(t),
        lambda part: sympy.exp(part.exp * sympy.log(part.base)),
    )
    found: dict[Any, Any] = {}
    for term in sympy.Add.make_args(sympy.expand(written)):
        rate, front = sympy.S.Zero, sympy.S.One
        for factor in sympy.Mul.make_args(term):
            base, exponent = factor.as_base_exp()
            if base == sympy.E and exponent.has(t):
                slope = sympy.expand(exponent).coeff(t, 1)
                rate += slope
                front *= sympy.exp(sympy.expand(exponent - slope * t))
            elif factor.has(t) and not factor.is_polynomial(t):
                return None
            else:
                front *= factor
        found[sympy.expand(rate)] = found.get(sympy.expand(rate), sympy.S.Zero) + front
    return found
