"""An antiderivative with the substitutions that variation of parameters and reduction of order often ask for.

`antiderivative` proves each answer and gives it the form of a textbook, since a step shows it. This one is asked for
many integrals of one solution, which is put into its equation as a whole: it tries quick substitutions first, and
proves nothing by itself.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy.integrals.rationaltools import ratint

from dydt.analytic.algebra.antiderivative import antiderivative, log_free
from dydt.analytic.failures import FAILURES


def integral(integrand: Any, t: Any) -> Any | None:
    """An antiderivative; None also where SymPy fails on the way."""
    try:
        found = _by_exponential(integrand, t)
        if found is None:
            found = _of_powers(integrand, t)
        if found is None:
            found = _of_fraction_times_exponential(integrand, t)
        if found is None and integrand.has(sympy.log):
            found = _of_logarithms(integrand, t)
        if found is None and integrand.is_rational_function(t) and len(integrand.free_symbols) == 1:
            found = _of_fraction(integrand, t)
        if found is None:
            found = _of_waves(integrand, t)
        return antiderivative(integrand, t) if found is None else found
    except FAILURES:
        return None


def _of_powers(integrand: Any, t: Any) -> Any | None:
    """Terms c t^a (log t)^k, by parts k times."""
    total = sympy.S.Zero
    for term in sympy.Add.make_args(sympy.expand(integrand)):
        front, rest = term.as_independent(t, as_Add=False)
        a, k = sympy.S.Zero, sympy.S.Zero
        for factor in sympy.Mul.make_args(rest):
            base, exponent = factor.as_base_exp()
            if base == t and not exponent.has(t):
                a += exponent
            elif base == sympy.log(t) and exponent.is_Integer and exponent > 0:
                k += exponent
            elif factor != 1:
                return None
        if (a + 1).is_zero:
            area = sympy.log(t if t.is_positive or k else sympy.Abs(t)) ** (k + 1) / (k + 1)
        else:
            area = sum(
                (-1) ** j * sympy.ff(k, j) * sympy.log(t) ** (k - j) * t ** (a + 1) / (a + 1) ** (j + 1)
                for j in range(int(k) + 1)
            )
        total += front * area
    return total


def _of_waves(integrand: Any, t: Any) -> Any | None:
    """A polynomial in sine and cosine over a power of one of them, divided out and integrated term by term."""
    plain = integrand.replace(sympy.tan, lambda u: sympy.sin(u) / sympy.cos(u))
    if len({part.args[0] for part in plain.atoms(sympy.sin, sympy.cos)}) > 1:
        plain = sympy.expand_trig(plain)
    angles = {part.args[0] for part in plain.atoms(sympy.sin, sympy.cos)}
    if len(angles) != 1:
        return None
    u = angles.pop()
    rate = sympy.diff(u, t)
    s, c = sympy.symbols("s c", cls=sympy.Dummy)
    above, below = sympy.fraction(sympy.together(plain.subs({sympy.sin(u): s, sympy.cos(u): c})))
    if above.has(t) or rate.has(t):
        return None
    for own, other, wave, sign in ((c, s, sympy.cos(u), -1), (s, c, sympy.sin(u), 1)):
        power = sympy.degree(below, own) if below.is_polynomial(own) else 0
        if power < 1 or (below / own**power).has(t, s, c) or not above.is_polynomial(s, c):
            continue
        numerator = sympy.expand(sympy.expand(above).subs(other**2, 1 - own**2))
        numerator = sympy.Poly(sympy.rem(numerator, other**2 + own**2 - 1, other), own, other)
        parts = [
            value * _power_of_wave(wave, int(m) - power, int(n), sign, rate, t) / (below / own**power)
            for (m, n), value in numerator.terms()
        ]
        return None if any(part.has(sympy.nan) for part in parts) else sympy.Add(*parts)
    return None


def _power_of_wave(wave: Any, power: int, other: int, sign: int, rate: Any, t: Any) -> Any:
    """∫ sin u cos^m u or ∫ cos u sin^m u by substitution, and the powers by themselves; nan if there is none."""
    if other == 1:
        area = sympy.log(sympy.Abs(wave)) if power == -1 else wave ** (power + 1) / (power + 1)
        return sign * area / rate
    if power == -2:
        angle = wave.args[0]
        return (sympy.tan(angle) if sign == -1 else -1 / sympy.tan(angle)) / rate
    found = antiderivative(wave**power, t)
    return sympy.nan if found is None else found


def _by_exponential(integrand: Any, t: Any) -> Any | None:
    """The substitution w = e^(kt), where t stands in exponentials only, as in cos(e^t) or 1/(1 + e^t)."""
    hyperbolic = (sympy.sinh, sympy.cosh, sympy.tanh)
    written = integrand.replace(
        lambda part: isinstance(part, hyperbolic), lambda part: part.rewrite(sympy.exp)
    )
    rates = [sympy.expand(part.args[0] / t) for part in written.atoms(sympy.exp) if part.has(t)]
    if not rates or not all(rate.is_Rational for rate in rates) or _is_plain(written, t):
        return None
    rate = rates[0]
    for other in rates[1:]:
        rate = sympy.gcd(rate, other)
    if all(other < 0 for other in rates):
        rate = -rate
    w = sympy.Dummy("w", positive=True)
    inside = written.replace(
        lambda part: isinstance(part, sympy.exp) and part.has(t),
        lambda part: w ** (sympy.expand(part.args[0] / t) / rate),
    )
    if inside.has(t):
        return None
    inside = inside / (rate * w)
    if inside.is_rational_function(w):
        found = _of_fraction(sympy.cancel(inside), w)
    else:
        found = antiderivative(sympy.expand(inside), w)
    return None if found is None else found.subs(w, sympy.exp(rate * t))


def _is_plain(expression: Any, t: Any) -> bool:
    """Whether exponentials stand only as factors of terms."""
    for part in sympy.preorder_traversal(expression):
        if part.is_Pow and part.base != sympy.E and part.base.has(sympy.exp) and part.base.has(t):
            return False
        if part.is_Function and not isinstance(part, sympy.exp) and part.has(sympy.exp) and part.has(t):
            return False
    return True


def _of_fraction(integrand: Any, t: Any) -> Any | None:
    """A rational function without parameters, where no root of a higher degree remains."""
    found = ratint(integrand, t)
    if found.has(sympy.I, sympy.RootSum, sympy.Integral):
        return None
    return found.replace(sympy.log, _size)


def _of_fraction_times_exponential(integrand: Any, t: Any) -> Any | None:
    """∫ A/B e^(kt) = P/Q e^(kt), if there is such a P for Q = gcd(B, B'): linear equations for its coefficients."""
    exponentials = [part for part in integrand.atoms(sympy.exp) if part.has(t)]
    if len(exponentials) != 1 or len(integrand.free_symbols) != 1:
        return None
    wave = exponentials[0]
    rate = sympy.diff(wave.args[0], t)
    fraction = sympy.cancel(integrand / wave)
    if rate.has(t) or not fraction.is_rational_function(t) or fraction.is_polynomial(t):
        return None
    above, below = (sympy.Poly(part, t) for part in sympy.fraction(fraction))
    divisor = sympy.gcd(below, below.diff(t))
    degree = divisor.degree() + max(above.degree() - below.degree(), 0)
    unknowns = sympy.symbols(f"p0:{degree + 1}", cls=sympy.Dummy)
    trial = sum(p * t**k for k, p in enumerate(unknowns)) / divisor.as_expr()
    left = sympy.fraction(sympy.together(rate * trial + sympy.diff(trial, t) - fraction))[0]
    for solution in sympy.linsolve(sympy.Poly(sympy.expand(left), t).all_coeffs(), *unknowns):
        values = dict(zip(unknowns, solution, strict=True))
        return sympy.factor(trial.subs(values).subs(dict.fromkeys(unknowns, 0))) * wave
    return None


def _size(argument: Any) -> Any:
    """log|u|, without bars where u is a sum of squares."""
    return sympy.log(argument if argument.is_positive else sympy.Abs(argument))


def _of_logarithms(integrand: Any, t: Any) -> Any | None:
    """With log u for log|u| in the integrand, and the bars put back afterwards."""
    bare = log_free(integrand)
    if bare == integrand:
        return None
    inside = {f.args[0] for f in bare.atoms(sympy.log)}
    found = antiderivative(bare, t)
    if found is None:
        return None
    found = log_free(found)
    return found.replace(
        lambda e: isinstance(e, sympy.log) and e.args[0] in inside, lambda e: sympy.log(sympy.Abs(e.args[0]))
    )
