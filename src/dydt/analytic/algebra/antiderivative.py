"""An antiderivative as one writes it by hand: real, with log|u|, without cases, and proved by differentiating it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import sympy
from sympy.integrals.manualintegrate import manualintegrate

from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.briefly import briefly
from dydt.analytic.failures import FAILURES

_PATIENCE, _PATIENCE_FOR_ALL = 2.0, 4.0  # seconds for one attempt, and for all of them
# Taken only where no elementary form is found.
_SPECIAL = (
    *(
        sympy.Ei,
        sympy.expint,
        sympy.li,
        sympy.Si,
        sympy.Ci,
        sympy.erf,
        sympy.erfi,
        sympy.fresnels,
        sympy.fresnelc,
    ),
    *(sympy.uppergamma, sympy.lowergamma, sympy.polylog, sympy.hyper, sympy.meijerg, sympy.asec),
)


def antiderivative(integrand: Any, variable: sympy.Symbol) -> Any | None:
    """A function whose derivative is the integrand; None if none is found.

    Logarithms are of absolute values, so that it holds left and right of a pole.

    >>> x, a = sympy.symbols("x a", real=True)
    >>> antiderivative(1 / x, x), antiderivative(x * sympy.exp(a * x), x)
    (log(Abs(x)), (a*x - 1)*exp(a*x)/a**2)
    """
    integrand = sympy.S.Zero + integrand
    if not integrand.has(variable):
        return integrand * variable
    return briefly(_PATIENCE_FOR_ALL, _search, integrand, variable)


def _search(integrand: Any, variable: sympy.Symbol) -> Any | None:
    """The first candidate whose derivative is the integrand."""
    constant, function = integrand.as_independent(variable, as_Add=False)
    known = {u.args[0] for u in function.atoms(sympy.log)}
    for found in _candidates(function, variable):
        result = _without_cases(found)
        if result.has(sympy.Integral, sympy.Piecewise, sympy.I, sympy.nan, sympy.zoo, sympy.RootSum):
            continue
        if is_zero(result.diff(variable) - function):
            return _tidy(constant, _absolute(result, variable, known), variable)
    return None


def log_free(expression: Any) -> Any:
    """log|u| as log(u), to differentiate or to raise e to it; both have the same derivative."""
    return expression.replace(
        lambda e: isinstance(e, sympy.log) and isinstance(e.args[0], sympy.Abs),
        lambda e: sympy.log(e.args[0].args[0]),
    )


def exponential(exponent: Any) -> Any:
    """e to this power with logarithms undone, up to a sign: exp(2 log|u| + t) is u^2 e^t.

    >>> x = sympy.Symbol("x", real=True)
    >>> exponential(x - 2 * sympy.log(sympy.Abs(x)))
    exp(x)/x**2
    """
    factors, rest = [], []
    for term in sympy.Add.make_args(log_free(sympy.expand(exponent, log=False, power_exp=False))):
        logs = [f for f in sympy.Mul.make_args(term) if isinstance(f, sympy.log)]
        if len(logs) == 1:
            factors.append(logs[0].args[0] ** (term / logs[0]))
        else:
            rest.append(term)
    return sympy.Mul(*factors) * sympy.exp(sympy.Add(*rest))


def _candidates(function: Any, x: sympy.Symbol) -> Iterator[Any]:
    """What the table and SymPy's methods give for it, for the forms it can be written in; elementary ones first."""
    yield from _from_table(function, x)
    yield from _by_parts(function, x)
    yield from _bell(function, x)
    for way in (_by_fractions, _by_root, _by_exponential, _by_wave):
        yield from way(function, x)
    later: list[Any] = []
    yield from _by_sympy(lambda f: manualintegrate(f, x), function, x, later)
    yield from _by_half_angle(function, x)
    yield from _by_sympy(
        lambda f: sympy.integrate(f, x, meijerg=False, heurisch=False, manual=False), function, x, later
    )
    if (
        not function.atoms(sympy.Function)
        and len(function.free_symbols) == 1
        and sympy.count_ops(function) < 20
    ):
        try:
            found = briefly(_PATIENCE, sympy.integrate, function, x)
        except FAILURES:
            found = None
        if found is not None:
            yield found
    yield from later


def _by_sympy(way: Callable[[Any], Any], function: Any, x: sympy.Symbol, later: list[Any]) -> Iterator[Any]:
    """What one of SymPy's methods gives; what is not elementary is left for later."""
    for form in _forms(function, x):
        try:
            found = briefly(_PATIENCE, way, form)
        except FAILURES:
            continue
        if found is None:
            return
        if found.has(*_SPECIAL):
            later.append(found)
        else:
            yield found


def _by_fractions(function: Any, x: sympy.Symbol) -> Iterator[Any]:
    """c Q'/Q, and partial fractions with denominators of first and second degree."""
    if not function.is_rational_function(x):
        return
    above, below = sympy.fraction(sympy.cancel(function))
    factor = sympy.cancel(above / below.diff(x)) if below.has(x) else x
    if not factor.has(x) and sympy.degree(below, x) == 2:
        yield factor * sympy.log(below)
        return
    whole = sympy.S.Zero
    for term in sympy.Add.make_args(sympy.apart(sympy.factor(function), x)):
        above, below = sympy.fraction(term)
        base, power = below.as_independent(x, as_Add=False)[1].as_base_exp()
        degree = sympy.degree(base, x) if base.has(x) else 0
        if degree == 0:
            whole += sympy.integrate(sympy.expand(term), x)
        elif degree == 1 and not above.has(x):
            rate, factor = base.coeff(x, 1) or sympy.diff(base, x), above / (below / base**power)
            whole += factor / rate * (sympy.log(base) if power == 1 else base ** (1 - power) / (1 - power))
        elif degree == 2 and power == 1:
            whole += _over_quadratic(above / (below / base), base, x)
        else:
            return
    yield whole


def _over_quadratic(above: Any, base: Any, x: sympy.Symbol) -> Any:
    """The integral of (m x + n)/(a x² + b x + c); the parameters are taken as positive to tell atan from log."""
    a, b, c = sympy.Poly(base, x).all_coeffs()
    m, n = sympy.expand(above).coeff(x, 1), sympy.expand(above).coeff(x, 0)
    rest = n - m * b / (2 * a)
    size = 4 * a * c - b**2
    sample = {s: sympy.Rational(11 + 2 * k, 10) for k, s in enumerate(sorted(size.free_symbols, key=str))}
    inner = sympy.S.Zero
    if rest != 0 and size.subs(sample) > 0:
        inner = 2 * rest / sympy.sqrt(size) * sympy.atan((2 * a * x + b) / sympy.sqrt(size))
    elif rest != 0:
        root = sympy.sqrt(-size)
        inner = rest / root * (sympy.log(2 * a * x + b - root) - sympy.log(2 * a * x + b + root))
    return m / (2 * a) * sympy.log(base) + inner


def _from_table(function: Any, x: sympy.Symbol) -> Iterator[Any]:
    """Secant and cosecant, whose integrals are known by a trick, their squares, and damped oscillations."""
    factors = sorted(sympy.Mul.make_args(function), key=lambda f: not isinstance(f, sympy.exp))
    if (
        len(factors) == 2
        and isinstance(factors[0], sympy.exp)
        and isinstance(factors[1], sympy.sin | sympy.cos)
    ):
        growth, wave = factors[0].args[0], factors[1].args[0]
        a, b = growth.diff(x), wave.diff(x)
        if not a.has(x) and not b.has(x):
            sine, cosine = sympy.sin(wave), sympy.cos(wave)
            inside = a * sine - b * cosine if isinstance(factors[1], sympy.sin) else a * cosine + b * sine
            yield sympy.exp(growth) * inside / (a**2 + b**2)
    if not (isinstance(function, sympy.Pow) and isinstance(function.base, sympy.sin | sympy.cos)):
        return
    angle = function.base.args[0]
    rate = angle.diff(x)
    if rate.has(x) or function.exp not in (-1, -2):
        return
    if isinstance(function.base, sympy.cos):
        single, double = sympy.log(1 / sympy.cos(angle) + sympy.tan(angle)), sympy.tan(angle)
    else:
        single, double = sympy.log(sympy.tan(angle / 2)), -sympy.cot(angle)
    yield (single if function.exp == -1 else double) / rate


def _by_parts(function: Any, x: sympy.Symbol) -> Iterator[Any]:
    """A polynomial times a function of the table: ∫ p g = p G - ∫ p' G."""
    factors = sympy.Mul.make_args(function)
    polynomial = sympy.Mul(*(f for f in factors if f.is_polynomial(x)))
    rest = sympy.Mul(*(f for f in factors if not f.is_polynomial(x)))
    if not polynomial.has(x) or sympy.degree(polynomial, x) > 4:
        return
    for whole in _from_table(rest, x):
        if whole.has(sympy.log):
            return
        terms = sympy.Add.make_args(sympy.expand(polynomial.diff(x) * whole))
        left = [antiderivative(term, x) for term in terms]
        if all(part is not None for part in left):
            yield sympy.expand_mul(polynomial * whole) - log_free(sympy.Add(*left))


def _bell(function: Any, x: sympy.Symbol) -> Iterator[Any]:
    """A polynomial times exp of a quadratic: lowered by parts until an error function is left."""
    powers = [f for f in sympy.Mul.make_args(function) if isinstance(f, sympy.exp) and f.args[0].has(x)]
    polynomial = sympy.Mul(*(f for f in sympy.Mul.make_args(function) if f not in powers))
    quadratic = sympy.expand(sympy.Add(*(f.args[0] for f in powers)))
    if not (polynomial.is_polynomial(x) and quadratic.is_polynomial(x) and sympy.degree(quadratic, x) == 2):
        return
    a, b, c = sympy.Poly(quadratic, x).all_coeffs()
    whole, rest = sympy.S.Zero, sympy.Poly(polynomial, x)
    while rest.degree() > 0:  # x^n e^q = x^(n-1) (q' - b) e^q / (2a)
        n, leading = rest.degree(), rest.LC() / (2 * a)
        whole += leading * x ** (n - 1)
        rest = rest - sympy.Poly(
            leading * x ** (n - 1) * (2 * a * x + b) + (n - 1) * leading * x ** max(n - 2, 0), x
        )
    left = rest.as_expr()
    sample = {s: sympy.Rational(11 + 2 * k, 10) for k, s in enumerate(sorted(a.free_symbols, key=str))}
    root, function_of = (sympy.sqrt(-a), sympy.erf) if a.subs(sample) < 0 else (sympy.sqrt(a), sympy.erfi)
    tail = (
        sympy.sqrt(sympy.pi)
        / (2 * root)
        * sympy.exp(c - b**2 / (4 * a))
        * function_of(root * (x + b / (2 * a)))
    )
    yield whole * sympy.exp(quadratic) + left * tail


def _by_exponential(function: Any, x: sympy.Symbol) -> Iterator[Any]:
    """The substitution w = exp(kx), where it leaves no x."""
    powers = [e for e in function.atoms(sympy.exp) if e.args[0].has(x)]
    rates = [
        e.args[0].as_independent(x, as_Add=False)[0] for e in powers if e.args[0].as_independent(x)[1] == x
    ]
    ratios = [rate / rates[0] for rate in rates]
    if not powers or len(rates) != len(powers) or not all(r.is_Rational for r in ratios):
        return
    w = sympy.Dummy("w", positive=True)
    k = rates[0] / sympy.ilcm(1, *(r.q for r in ratios))
    new = function.subs({e: w ** (rate / k) for e, rate in zip(powers, rates, strict=True)}) / (k * w)
    if new.has(x) or sympy.expand(new).is_polynomial(w, 1 / w):
        return
    found = antiderivative(new, w)
    if found is not None:
        yield log_free(found).subs(w, sympy.exp(k * x))


def _by_root(function: Any, x: sympy.Symbol) -> Iterator[Any]:
    """The substitution w = √(ax + b) or w = √(ax² + b), where it leaves a rational function of w."""
    w = sympy.Dummy("w", positive=True)
    roots = {
        p.base for p in function.atoms(sympy.Pow) if p.exp.is_Rational and p.exp.q == 2 and p.base.has(x)
    }
    if len(roots) != 1:
        return
    inside = roots.pop()
    slope = sympy.cancel(inside.diff(x) / (2 * x)) if inside.is_polynomial(x) else x
    degree = 1 if inside.is_polynomial(x) and not inside.diff(x).has(x) else 2
    rate = inside.diff(x) if degree == 1 else slope
    if rate.has(x):
        return
    power = (w**2 - inside.subs(x, 0)) / rate
    new = function.subs(sympy.sqrt(inside), w).subs(inside, w**2) * 2 * w / inside.diff(x)
    new = sympy.cancel(new).subs({x**2: power, x: power} if degree == 1 else {x**2: power})
    new = sympy.cancel(sympy.cancel(new).subs(x, power) if degree == 1 else new)
    if new.has(x) or not new.is_rational_function(w):
        return
    found = antiderivative(new, w)
    if found is not None:
        yield log_free(found).subs(w, sympy.sqrt(inside))


def _by_wave(function: Any, x: sympy.Symbol) -> Iterator[Any]:
    """The substitution w = sin u, cos u or tan u for a fraction of sines and cosines of u (Bioche's rules)."""
    plain = function.replace(sympy.tan, lambda u: sympy.sin(u) / sympy.cos(u))
    angles = {f.args[0] for f in plain.atoms(sympy.sin, sympy.cos)}
    if len(angles) != 1:
        return
    angle = angles.pop()
    rate = angle.diff(x)
    s, c, w = sympy.Dummy("s"), sympy.Dummy("c"), sympy.Dummy("w", real=True)
    plain = sympy.cancel(plain.subs({sympy.sin(angle): s, sympy.cos(angle): c}) / rate)
    if plain.has(x) or not plain.is_rational_function(s, c) or not sympy.fraction(plain)[1].has(s, c):
        return

    def is_same(other: Any, sign: int = 1) -> bool:
        return bool(sympy.cancel(plain.subs(other, simultaneous=True) - sign * plain) == 0)

    below = sympy.fraction(plain)[1]
    if is_same({c: -c}, -1) and (below.has(s) or not is_same({s: -s}, -1)):
        new, wave = sympy.cancel(sympy.cancel(plain / c).subs(c, sympy.sqrt(1 - w**2)).subs(s, w)), sympy.sin
    elif is_same({s: -s}, -1):
        new, wave = sympy.cancel(-sympy.cancel(plain / s).subs(s, sympy.sqrt(1 - w**2)).subs(c, w)), sympy.cos
    elif is_same({s: -s, c: -c}):
        above, below = (sympy.Poly(part, s, c) for part in sympy.fraction(plain))
        new = _of_tangent(above, w) / _of_tangent(below, w) / (1 + w**2)
        new, wave = sympy.cancel(new), sympy.tan
    else:
        return
    found = antiderivative(new, w) if new.is_rational_function(w) else None
    if found is not None:
        found = log_free(found).replace(lambda e: e == sympy.atan(w) and wave is sympy.tan, lambda e: angle)
        yield found.subs(w, wave(angle))


def _of_tangent(polynomial: sympy.Poly, w: Any) -> Any:
    """A polynomial in sine and cosine, of even or of odd degrees, in the tangent, times √(1 + w²) if they are odd.

    The quotient of two of the same kind is rational.
    """
    odd = polynomial.total_degree() % 2
    total = sympy.S.Zero
    for (m, n), value in polynomial.terms():
        total += value * w**m * (1 + w**2) ** (-sympy.Integer(m + n - odd) / 2)
    return total


def _by_half_angle(function: Any, x: sympy.Symbol) -> Iterator[Any]:
    """The substitution w = tan(u/2), where sines and cosines of u are all there is."""
    parts = {f for f in function.atoms(sympy.Function) if f.has(x)}
    angles = {f.args[0] for f in parts}
    if len(angles) != 1 or not all(isinstance(f, sympy.sin | sympy.cos | sympy.tan) for f in parts):
        return
    angle, w = angles.pop(), sympy.Dummy("w", real=True)
    rate = angle.diff(x)
    new = {sympy.sin(angle): 2 * w / (1 + w**2), sympy.cos(angle): (1 - w**2) / (1 + w**2)}
    new[sympy.tan(angle)] = 2 * w / (1 - w**2)
    rational = sympy.cancel(function.subs(new) * 2 / (1 + w**2) / rate)
    if rational.has(x) or not rational.is_rational_function(w):
        return
    found = antiderivative(rational, w)
    if found is not None:
        yield log_free(found).subs(w, sympy.tan(angle / 2))


def _forms(function: Any, x: sympy.Symbol) -> Iterator[Any]:
    """Ways of writing the integrand, each once; partial fractions first where it is rational."""
    rewritings: list[Callable[[Any], Any]] = [
        lambda f: f,
        lambda f: sympy.expand(f),
        lambda f: sympy.powsimp(sympy.expand(f)),
        lambda f: sympy.factor(f),
    ]
    if function.is_rational_function(x):
        rewritings.insert(0, lambda f: sympy.apart(sympy.factor(f), x))
    if function.has(sympy.sin, sympy.cos, sympy.tan):
        rewritings.append(lambda f: sympy.trigsimp(f))
    if function.has(sympy.sinh, sympy.cosh, sympy.tanh):
        rewritings.append(lambda f: sympy.expand(f.rewrite(sympy.exp)))
    seen = set()
    for rewrite in rewritings:
        try:
            form = rewrite(function)
        except FAILURES:
            continue
        if form not in seen:
            seen.add(form)
            yield form


def _without_cases(expression: Any) -> Any:
    """The general case of a Piecewise: where a parameter is not one special value."""
    if not expression.has(sympy.Piecewise):
        return expression

    def general(cases: Any) -> Any:
        for formula, condition in cases.args:
            if not isinstance(condition, sympy.Eq):
                return formula
        return cases

    return expression.replace(lambda e: isinstance(e, sympy.Piecewise), general)


def _absolute(expression: Any, x: sympy.Symbol, known: set[Any]) -> Any:
    """log(u) as log|u|, but for the logarithms that the integrand itself has."""
    return expression.replace(
        lambda e: isinstance(e, sympy.log) and e.args[0].has(x) and e.args[0] not in known,
        lambda e: sympy.log(_size(_primitive(e.args[0]))),
    )


def _size(argument: Any) -> Any:
    """Its absolute value, without bars for a quadratic that is positive everywhere."""
    symbols = argument.free_symbols
    if len(symbols) != 1 or not argument.is_polynomial() or sympy.degree(argument) != 2:
        return sympy.Abs(argument)
    positive = sympy.discriminant(argument).is_negative and argument.subs(symbols.pop(), 0).is_positive
    return argument if positive else sympy.Abs(argument)


def _primitive(argument: Any) -> Any:
    """2x + 2 as x + 1: a constant factor under a logarithm is a constant of integration."""
    if argument.is_Add:
        argument = argument.primitive()[1]
        return -argument if argument.could_extract_minus_sign() else argument
    return argument.as_independent(*argument.free_symbols, as_Add=False)[1]


def _tidy(constant: Any, result: Any, x: sympy.Symbol) -> Any:
    """Without a constant of integration, and with the constant factor where it reads well."""
    result = result.as_independent(x, as_Add=True)[1]
    whole = sympy.expand_mul(constant * result) if result.is_Add and not constant.has(sympy.Add) else None
    return constant * result if whole is None else whole
