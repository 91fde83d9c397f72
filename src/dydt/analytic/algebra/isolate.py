"""An equation solved for its unknown, the way it is done by hand: undo what was done last, keep every real branch."""

from __future__ import annotations

from typing import Any

import sympy

from dydt.analytic.failures import FAILURES

_DEEPEST = 12
# f(u) = s  gives  u = g(s), one g for each real branch.
_INVERSES: dict[Any, Any] = {
    sympy.exp: lambda s: [sympy.log(s)],
    sympy.sin: lambda s: [sympy.asin(s), sympy.pi - sympy.asin(s)],
    sympy.cos: lambda s: [sympy.acos(s), -sympy.acos(s)],
    sympy.tan: lambda s: [sympy.atan(s)],
    sympy.cot: lambda s: [sympy.acot(s)],
    sympy.asin: lambda s: [sympy.sin(s)],
    sympy.acos: lambda s: [sympy.cos(s)],
    sympy.atan: lambda s: [sympy.tan(s)],
    sympy.sinh: lambda s: [sympy.asinh(s)],
    sympy.cosh: lambda s: [sympy.acosh(s), -sympy.acosh(s)],
    sympy.tanh: lambda s: [sympy.atanh(s)],
    sympy.asinh: lambda s: [sympy.sinh(s)],
    sympy.acosh: lambda s: [sympy.cosh(s)],
    sympy.atanh: lambda s: [sympy.tanh(s)],
    sympy.Abs: lambda s: [s, -s],
}


def isolate(expression: Any, target: Any, unknown: Any) -> list[Any]:
    """What the unknown is if the expression equals the target: one formula a branch; empty if it can't be said.

    >>> y, t = sympy.symbols("y t", real=True)
    >>> isolate(1 / y, t, y), isolate(y**2 - 2 * y, t, y)
    ([1/t], [1 - sqrt(t + 1), sqrt(t + 1) + 1])
    """
    try:
        found = _isolate(sympy.S.Zero + expression, sympy.S.Zero + target, unknown, 0)
    except FAILURES:
        return []
    found = [branch for branch in found if not branch.has(sympy.I, sympy.nan, sympy.zoo, sympy.oo)]
    return list(dict.fromkeys(found))


def _isolate(expression: Any, target: Any, y: Any, depth: int) -> list[Any]:
    if expression == y:
        return [target]
    if depth > _DEEPEST or not expression.has(y):
        return []
    if expression.is_Add or expression.is_Mul:
        known, rest = expression.as_independent(y, as_Add=expression.is_Add)
        if known != (0 if expression.is_Add else 1):
            target = target - known if expression.is_Add else target / known
            return _isolate(rest, target, y, depth + 1)
    inner: list[tuple[Any, Any]] = []
    if isinstance(expression, sympy.log):
        size = expression.args[0]
        power = sympy.exp(target)
        inner = (
            [(size.args[0], power), (size.args[0], -power)]
            if isinstance(size, sympy.Abs)
            else [(size, power)]
        )
    elif expression.func in _INVERSES:
        inner = [(expression.args[0], value) for value in _INVERSES[expression.func](target)]
    elif expression.is_Pow and not expression.exp.has(y):
        inner = [(expression.base, value) for value in _roots(target, expression.exp)]
    elif expression.is_Pow and not expression.base.has(y):
        inner = [(expression.exp, sympy.log(target) / sympy.log(expression.base))]
    if inner:
        return [branch for below, value in inner for branch in _isolate(below, value, y, depth + 1)]
    return _algebraic(expression, target, y, depth)


def _roots(target: Any, power: Any) -> list[Any]:
    """The real u with u^power = target; the odd root of a negative number is written as minus that of its opposite."""
    if power.is_negative and sympy.fraction(sympy.together(target))[1].free_symbols:
        target = sympy.together(target)
    main = _root(target, 1 / power)
    if not power.is_Rational or abs(power.p) == 1 or power.q != 1:
        return [main]
    if power.p % 2 == 0:
        main = _unsigned(main)
        return [main, -main]
    return [main] if target.is_nonnegative else [main, -_root(-target, 1 / power)]


def _root(target: Any, exponent: Any) -> Any:
    """target^exponent, with whole powers taken out: (A/t^6)^(1/3) is A^(1/3)/t^2."""
    inner: list[Any] = []
    outer: list[Any] = []
    for factor in sympy.Mul.make_args(target):
        base, power = factor.as_base_exp()
        whole = power.is_Integer and (power * exponent).is_Integer and not base.is_number
        (outer if whole else inner).append(base ** (power * exponent) if whole else factor)
    return sympy.Mul(*outer) * sympy.Mul(*inner) ** exponent


def _unsigned(root: Any) -> Any:
    """|t| √A as t √A, where both signs are taken, and √(1/A) as 1/√A."""
    half = sympy.Rational(1, 2)
    root = sympy.Mul(*(f.args[0] if isinstance(f, sympy.Abs) else f for f in sympy.Mul.make_args(root)))
    return root.replace(
        lambda e: e.is_Pow and e.exp == half and e.base.is_Pow and e.base.exp == -1,
        lambda e: e.base.base**-half,
    )


def _algebraic(expression: Any, target: Any, y: Any, depth: int) -> list[Any]:
    """A polynomial or fraction in y, or in one function of y, of first or second degree or a pure power."""
    above = sympy.fraction(sympy.together(expression - target))[0]
    above = sympy.expand(above)
    generators = [g for g in sympy.Poly(above, *_generators(above, y)).gens if g.has(y)]
    if len(generators) != 1:
        return _squared(expression - target, y, depth)
    inner = generators[0]
    polynomial = sympy.Poly(above, inner)
    terms = {power[0]: coefficient for power, coefficient in polynomial.terms()}
    if any(c.has(y) for c in terms.values()):
        return []
    values: list[Any] = []
    degree = max(terms)
    if degree == 1:
        values = [_shorter(-terms.get(0, 0) / terms[1])]
    elif set(terms) <= {degree, 0}:
        values = _roots(_shorter(-terms.get(0, 0) / terms[degree]), sympy.Integer(degree))
    elif degree % 2 == 0 and set(terms) <= {degree, degree // 2, 0}:
        half = terms.get(degree // 2, 0) / (2 * terms[degree])
        inside = sympy.together(sympy.expand(half**2 - terms.get(0, 0) / terms[degree]))
        inside = sympy.expand(inside) if not sympy.fraction(inside)[1].free_symbols else inside
        if inside.has(sympy.sin, sympy.cos, sympy.tan):
            inside = min((inside, sympy.trigsimp(sympy.factor(inside))), key=sympy.count_ops)
        root = _unsigned(sympy.sqrt(inside))
        powers = [-half - root, -half + root]
        values = [root for power in powers for root in _roots(power, sympy.Integer(degree // 2))]
    return [branch for value in values for branch in _isolate(inner, value, y, depth + 1)]


def _squared(residual: Any, y: Any, depth: int) -> list[Any]:
    """A + B √Q = 0 by A² = B² Q, for one square root. The caller tests: squaring can add a branch."""
    roots = {
        p.base for p in residual.atoms(sympy.Pow) if p.exp.is_Rational and p.exp.q == 2 and p.base.has(y)
    }
    if len(roots) != 1 or depth > _DEEPEST:
        return []
    inside = roots.pop()
    w = sympy.Dummy("w", positive=True)
    plain = residual.replace(
        lambda e: e.is_Pow and e.base == inside and e.exp.is_Rational and e.exp.q == 2,
        lambda e: w ** (2 * e.exp),
    )
    above = sympy.fraction(sympy.together(plain))[0]
    rest = (
        sympy.Poly(sympy.expand(above), w).rem(sympy.Poly(w**2 - inside, w))
        if above.is_polynomial(w)
        else None
    )
    if rest is None or rest.degree() != 1:
        return []
    B, A = rest.all_coeffs()
    return _algebraic(sympy.expand(A**2 - B**2 * inside), sympy.S.Zero, y, depth + 1)


def _generators(expression: Any, y: Any) -> list[Any]:
    """In what the expression is a polynomial, e.g. √y or e^y."""
    return [g for g in sympy.Poly(expression).gens if g.has(y)]


def _shorter(fraction: Any) -> Any:
    """The fraction cancelled, if that makes it shorter."""
    forms = [sympy.together(fraction), sympy.cancel(fraction)]
    forms.append(sympy.factor(forms[1]))
    return min(forms, key=sympy.count_ops)
