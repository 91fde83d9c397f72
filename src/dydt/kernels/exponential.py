"""Exponential, logarithm, power and the hyperbolic functions in lanes.

Reductions are the classical ones (Muller, Elementary Functions, 3rd ed. (2016); fdlibm's e_exp.c, e_log.c,
e_pow.c); coefficients are minimax fits in 50 digits, rounded one by one. Errors are in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dydt.kernels.llvm import Function, Value
from dydt.kernels.precision import (
    INFINITY,
    NAN,
    ONE_BITS,
    ROUNDER,
    fast_two_sum,
    polynomial,
    power_of_two,
    two_product,
    with_sign_of,
)

# log 2 as a number of 33 bits, so that its product with an exponent is exact, and the rest.
LOG_2 = (float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33"))
LOG2_E = 1.4426950408889634
LOG10_E = (0.4342944819032518, 1.098319650216765e-17)
THIRD = (1 / 3, float.fromhex("0x1.5555555555555p-56"))

# (e^r - 1 - r)/r² on |r| <= log(2)/2, error 2^-57.9.
EXP = (
    0.5000000000000011, 0.16666666666666421, 0.04166666666652655, 0.00833333333348841,
    0.001388888894453057, 0.0001984126952042757, 2.4801492191726315e-05, 2.7557573297861466e-06,
    2.763056740600939e-07, 2.5004431534531806e-08,
)  # fmt: skip
# (2 artanh(s)/s - 2)/s² in s² for s = (√2 - 1)/(√2 + 1) and below, error 2^-58.5.
LOG = (
    0.6666666666666734, 0.39999999999416636, 0.285714287420371, 0.22222198603230525, 0.18183562993199062,
    0.15314080047626297, 0.14795692447920283,
)  # fmt: skip
# (artanh(s)/s - 1 - s²/3)/s⁴ in s² on the same interval, error 2^-73.5.
LOG_TAIL = (
    0.1999999999999999, 0.14285714285721915, 0.1111111110889679, 0.09090909421732792, 0.07692279232790729,
    0.06668131543182496, 0.05837904287856743, 0.059907652306268135,
)  # fmt: skip
# (artanh(s)/s - 1)/s² in s² for s = ⅓ and below, error 2^-54.3.
ARTANH = (
    0.3333333333333333, 0.20000000000007292, 0.1428571428355438, 0.11111111358713932, 0.09090894718066429,
    0.07692785032479312, 0.06657072104827468, 0.06000536404795356, 0.04400369243072337, 0.08082022805971766,
)  # fmt: skip
# The same two as EXP and ARTANH for single precision, errors 2^-28.2 and 2^-27.7.
EXP_SINGLE = (0.5, 0.166665181517601, 0.04166620597243309, 0.008368953131139278, 0.0013950602151453495)
ARTANH_SINGLE = (0.3333320617675781, 0.20010849833488464, 0.13999570906162262, 0.14012229442596436)
# log2(1 + u)/u on √½ - 1 … √2 - 1, relative error 1.1e-6; 2^u on |u| <= ½, relative error 2.6e-6.
FAST_LOG2 = (
    1.4426964417225312, -0.7213634555694672, 0.48062662357845376, -0.35937711663724997,
    0.2957108846797169, -0.2692710831969546, 0.17151164090898866,
)  # fmt: skip
FAST_EXP2 = (
    0.9999992654431471,
    0.6931218196079649,
    0.24024743334619278,
    0.05591783438714119,
    0.009570064916322661,
)


@dataclass(frozen=True)
class _Constants:
    """What exponentials need in a number format.

    Attributes
    ----------
    log_2 : (float, float)
        A number so short that its product with an exponent is exact, and the rest.
    exp, artanh : tuple of float
        Coefficients.
    ends : (float, float)
        e^x is 0 below, infinite above.
    quiet : float
        Of e^-x and 1 only the latter counts, and e^-x can still be computed.
    """

    log_2: tuple[float, float]
    exp: tuple[float, ...]
    artanh: tuple[float, ...]
    ends: tuple[float, float]
    quiet: float


_OF_FORMAT = {
    "double": _Constants(LOG_2, EXP, ARTANH, (-747.0, 711.0), 700.0),
    "single": _Constants((0.693359375, -2.1219444e-4), EXP_SINGLE, ARTANH_SINGLE, (-106.0, 90.0), 80.0),
}

_ROOT_HALF_BITS = 0x3FE6A09E667F3BCD
_MANTISSA = 0x000FFFFFFFFFFFFF
_TWO_52_BITS = 0x4330000000000000


def _constants(f: Function) -> _Constants:
    return _OF_FORMAT[f.module.format.name]


def exp(f: Function, x: Value) -> Value:
    """e^x = 2^k e^r with k = round(x/log 2)."""
    lowest, highest = _constants(f).ends
    x = f.minimum(highest, f.maximum(lowest, x))
    k, high, rest = _expm1_terms(f, x)
    return _times_power(1.0 + (high + rest), k)


def _expm1_terms(f: Function, x: Value, low: Any = None) -> tuple[Value, Value, Value]:
    """Bits that hold k = round(x/log 2), and e^r - 1 as two terms, where x + low = k log 2 + r.

    The first term is r but for the small part of k log 2, and exact: r is not rounded where that would count.
    """
    constants, rounder = _constants(f), f.module.format.rounder
    long, rest = constants.log_2
    rounded = f.fma(x, LOG2_E, rounder)
    k = rounded - rounder
    high = f.fma(k, -long, x)  # the product is exact, and the difference is small
    correction = k * rest if low is None else f.fma(k, rest, -low)
    r = high - correction
    return f.bits(rounded), high, f.fma(r * r, polynomial(f, r, constants.exp), -correction)


def _times_power(y: Value, k: Value) -> Value:
    """y·2^k in two factors, so that results near the ends of the range round once, at the end."""
    half = k >> 1
    return y * power_of_two(half) * power_of_two(k - half)


def _expm1_scaled(f: Function, x: Value, shift: int) -> tuple[Value, Value]:
    """(e^x - 1)·2^shift as a pair, for x >= 0."""
    k, high, rest = _expm1_terms(f, x)
    e, e_low = fast_two_sum(high, rest)
    power = power_of_two(k, shift)
    high, low = fast_two_sum(power - 2.0**shift, power * e)
    return high, f.fma(power, e_low, low)


def tanh(f: Function, x: Value) -> Value:
    """m/(m + 2) with m = e^(2|x|) - 1, and one correction of the quotient."""
    a = f.absolute(x)
    m, m_low = _expm1_scaled(f, f.minimum(44.0, a + a), 0)
    inverse = 1.0 / (m + 2.0)
    q = m * inverse
    c, c_low = fast_two_sum(1.0, -q)
    rest = f.fma(m, c, -(q + q)) + f.fma(m, c_low, m_low * c)  # m - q(m + 2), nothing rounded where it counts
    return with_sign_of(f, f.fma(rest, inverse, q), x)


def quick_tanh(f: Function, x: Value) -> Value:
    """m/(m + 2) with m = e^(2|x|) - 1, to some units of the last place: `tanh` without the pairs."""
    a = f.absolute(x)
    k, high, rest = _expm1_terms(f, f.minimum(44.0, a + a))
    power = power_of_two(k)
    m = f.fma(power, high + rest, power - 1.0)
    return with_sign_of(f, m / (m + 2.0), x)


def quick_softplus(f: Function, x: Value) -> tuple[Value, Value]:
    """log(1 + e^x) and its slope 1/(1 + e^-x), to some units of the last place, by one exponential and one division.

    With e = e^-|x| it is max(x, 0) + 2 artanh(e/(2 + e)).
    """
    constants = _constants(f)
    k, high, rest = _expm1_terms(f, -f.minimum(constants.quiet, f.absolute(x)))
    power = power_of_two(k)
    e = f.fma(power, high + rest, power)
    one, two = 1.0 + e, 2.0 + e
    inverse = 1.0 / (one * two)
    s = e * one * inverse
    square = s * s
    grown = f.fma(square, polynomial(f, square, constants.artanh), 1.0)
    steep = two * inverse
    positive = x > 0.0
    return f.fma(s + s, grown, f.where(positive, x, 0.0)), f.where(positive, steep, e * steep)


def sinh(f: Function, x: Value) -> Value:
    """(m + m/(m + 1))/2 with m = e^|x| - 1, a quarter of it to stay in range."""
    a = f.absolute(x)
    m, m_low = _expm1_scaled(f, f.minimum(710.5, a), -2)
    inverse = 1.0 / f.fma(m, 4.0, 1.0)
    rest = f.fma(m, inverse, f.fma(m_low, inverse * inverse, m_low))
    result = with_sign_of(f, 2.0 * (m + rest), x)
    return f.where(a < 2.0**-28, x, result)


def cosh(f: Function, x: Value) -> Value:
    """(e^|x| + e^-|x|)/2, a quarter of it to stay in range."""
    k, high, rest = _expm1_terms(f, f.minimum(710.5, f.absolute(x)))
    power = power_of_two(k, -2)
    grown = f.fma(power, high + rest, power)
    return 2.0 * (grown + 0.0625 / grown)


def split_exponent(f: Function, x: Value) -> tuple[Value, Value]:
    """k and m with x = m·2^k and √½ <= m < √2, for finite x > 0; k is a number."""
    small = x < 2.0**-1022
    x = f.where(small, x * 2.0**54, x)
    shifted = f.bits(x) + (ONE_BITS - _ROOT_HALF_BITS)
    # The biased exponent becomes a number by putting it in the low bits of 2^52.
    biased = f.from_bits((shifted >> 52) | _TWO_52_BITS)
    k = biased - f.where(small, 2.0**52 + 1077, 2.0**52 + 1023)
    return k, f.from_bits((shifted & _MANTISSA) + _ROOT_HALF_BITS)


def log(f: Function, x: Value) -> Value:
    """k log 2 + log(1 + u), the latter u - u²/2 + s(u²/2 + …) with s = u/(2 + u) (fdlibm's arrangement)."""
    k, m = split_exponent(f, x)
    u = m - 1.0
    s = u / (u + 2.0)
    z = s * s
    half_square = 0.5 * u * u
    rest = s * f.fma(z, polynomial(f, z, LOG), half_square)
    low = half_square - f.fma(k, LOG_2[1], rest)
    return _log_edges(f, x, f.fma(k, LOG_2[0], -(low - u)))


def _log_edges(f: Function, x: Value, result: Value) -> Value:
    """The result, but -∞ at 0, NaN below, and x itself for ∞ and NaN."""
    edge = f.where(x < INFINITY, f.where(x.equals(0.0), -INFINITY, NAN), x)
    return f.where(x > 0.0, f.where(x < INFINITY, result, x), edge)


def log_pair(f: Function, x: Value) -> tuple[Value, Value]:
    """log x as a pair with about 66 bits, for finite x > 0: 2 artanh(s) with s = u/(2 + u) as a pair."""
    k, m = split_exponent(f, x)
    u = m - 1.0
    d, d_low = fast_two_sum(2.0, u)
    inverse = 1.0 / d
    s = u * inverse
    product, error = two_product(f, s, d)
    s_low = (((u - product) - error) - s * d_low) * inverse
    z, z_low = two_product(f, s, s)
    z_low = f.fma(s + s, s_low, z_low)
    # artanh(s) = s + s·z·(1/3 + z·tail); 1/3 and the products before it need pairs.
    g, g_low = fast_two_sum(THIRD[0], z * polynomial(f, z, LOG_TAIL))
    g_low = g_low + THIRD[1]
    t, t_low = two_product(f, z, g)
    t_low = f.fma(z, g_low, f.fma(z_low, g, t_low))
    p, p_low = two_product(f, s, t)
    p_low = f.fma(s, t_low, f.fma(s_low, t, p_low))
    high, low = fast_two_sum(s, p)
    low = low + (p_low + s_low)
    total, total_low = fast_two_sum(k * LOG_2[0], high + high)
    return fast_two_sum(total, f.fma(k, LOG_2[1], total_low + (low + low)))


def log10(f: Function, x: Value) -> Value:
    """log x / log 10 as a product of pairs; exact for powers of ten."""
    high, low = log_pair(f, x)
    product, error = two_product(f, high, LOG10_E[0])
    return _log_edges(f, x, product + f.fma(high, LOG10_E[1], f.fma(low, LOG10_E[0], error)))


def pow(f: Function, x: Value, y: Value) -> Value:
    """x^y = e^(y log|x|) with a logarithm of 66 bits; edges as in C99, annex F.9.4.4."""
    a = f.absolute(x)
    high, low = log_pair(f, a)
    high = f.where(a < INFINITY, f.where(a.equals(0.0), -INFINITY, high), a)
    exponent, error = two_product(f, y, high)
    inside = f.absolute(exponent) < 800.0
    error = f.where(inside, f.fma(y, low, error), 0.0)
    exponent = f.minimum(711.0, f.maximum(-747.0, exponent))
    k, first, rest = _expm1_terms(f, exponent, error)
    size = _times_power(1.0 + (first + rest), k)
    size = f.where(a.equals(1.0) & y.equals(y), 1.0, size)  # (-1)^±∞
    half = 0.5 * y
    whole = f.floor(y).equals(y)
    odd = whole & f.floor(half).differs(half)
    result = f.copysign(size, f.where(odd, x, 1.0))
    result = f.where((x < 0.0) & (x > -INFINITY) & ~whole, NAN, result)
    return f.where(x.equals(1.0) | y.equals(0.0), 1.0, result)


def fast_log2(f: Function, x: Value) -> Value:
    """log₂ x for a normal number x > 0, with a relative error of 1e-6, in few instructions.

    The sign of x is ignored. 0 and subnormal x give a number from -1023.5 to -1022; ∞ and NaN one from 1024
    to 1025.1: an error measure that is not finite looks like a huge one.
    """
    shifted = f.bits(f.absolute(x)) + (ONE_BITS - _ROOT_HALF_BITS)
    k = f.from_bits((shifted >> 52) | _TWO_52_BITS) - (2.0**52 + 1023)
    u = f.from_bits((shifted & _MANTISSA) + _ROOT_HALF_BITS) - 1.0
    return f.fma(u, polynomial(f, u, FAST_LOG2), k)


def fast_exp2(f: Function, x: Value) -> Value:
    """2^x with a relative error of 3e-6, in few instructions; x is clipped to ±1000, NaN stays."""
    x = f.minimum(1000.0, f.maximum(-1000.0, x))
    rounded = x + ROUNDER
    u = x - (rounded - ROUNDER)
    return polynomial(f, u, FAST_EXP2) * power_of_two(f.bits(rounded))
