"""Sine, cosine, tangent and their inverses in lanes.

Arguments below 2^20·π/2 are reduced by Cody and Waite's method with π/2 in parts; larger ones, rare in
practice, by Payne and Hanek's, one lane at a time (Muller, Elementary Functions, 3rd ed. (2016), chapter 11).
Each lane takes the way its own argument asks for, so no lane can change the bits of another.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from dydt.kernels.llvm import Function, Module, Value
from dydt.kernels.precision import (
    INFINITY,
    NAN,
    RARELY_CALLED,
    ROUNDER,
    SIGN_BIT,
    polynomial,
    two_product,
    two_sum,
    with_sign_of,
)

HALF_PI = (1.5707963267948966, 6.123233995736766e-17)
# π/2 in parts. A part of 33 bits times a k of 20 bits is exact. With a fused multiply-add the first may have
# all 53 bits: x - k·part is a multiple of 2^-53 below 1, hence exact.
FUSED_PARTS = tuple(map(float.fromhex, ("0x1.921fb54442d18p+0", "0x1.1a626331p-54", "0x1.1701b839a252p-88")))
PARTS = tuple(
    map(float.fromhex, ("0x1.921fb544p+0", "0x1.0b4611a6p-34", "0x1.3198a2ep-69", "0x1.b839a252049c1p-104"))
)
HUGE = 1.6e6

# (sin r - r)/r³ and (cos r - 1 + r²/2)/r⁴ in r² on |r| <= π/4, errors 2^-58 and 2^-64.
SIN = (
    -0.16666666666666632, 0.008333333333322488, -0.00019841269829855363, 2.755731370588691e-06,
    -2.5050760032032202e-08, 1.589689526333827e-10,
)  # fmt: skip
COS = (
    0.041666666666666595, -0.0013888888888873344, 2.4801587289003655e-05, -2.7557314217426315e-07,
    2.087570543221392e-09, -1.1358750124936738e-11,
)  # fmt: skip
# (asin r - r)/r³ in r² on |r| <= ½, error 2^-55.8; (atan r - r)/r³ in r² on |r| <= √2 - 1, error 2^-59.5.
ASIN = (
    0.16666666666665383, 0.07500000000342893, 0.044642856823599246, 0.030381959326786345,
    0.022371753622891444, 0.017359769704037582, 0.013884611470126219, 0.012173198926438297,
    0.006511182176618806, 0.01957305097817717, -0.01629279270840116, 0.031958124507047304,
)  # fmt: skip
ATAN = (
    -0.333333333333332, 0.1999999999995382, -0.14285714280220962, 0.11111110784702183,
    -0.09090897793644387, 0.07692060851018419, -0.06663111190160088, 0.058479402782382915,
    -0.05039528901177909, 0.03807010135255454, -0.01791309602546154,
)  # fmt: skip


def sin(f: Function, x: Value) -> Value:
    """±sin r or ±cos r, where |x| = n·π/2 + r and n tells which."""
    return _signed_sin_cos(f, x)[0]


def cos(f: Function, x: Value) -> Value:
    """±cos r or ±sin r, where |x| = n·π/2 + r and n tells which."""
    return _signed_sin_cos(f, x)[1]  # LLVM drops what only the sine needs


def tan(f: Function, x: Value) -> Value:
    """sin r/cos r, or -cos r/sin r in every second quadrant."""
    n, sine, cosine = _reduced_sin_cos(f, f.absolute(x))
    even = (n & 1).equals(0)
    quotient = f.where(even, sine, cosine) / f.where(even, cosine, sine)
    return f.from_bits(f.bits(quotient) ^ ((n << 63) ^ (f.bits(x) & SIGN_BIT)))


def sine_and_cosine(f: Function, x: Value) -> tuple[Value, Value]:
    """sin x and cos x, the bits of `sin` and `cos`, for little more than the price of one."""
    name = f"dydt_sine_and_cosine_w{x.lanes}"
    if name not in f.module.functions:
        arguments = [("x", "number"), ("out", "pointer")]
        inner = f.module.function(name, "void", arguments, lanes=x.lanes, internal=True)
        inner.attributes = "nounwind willreturn mustprogress memory(argmem: write)"
        inner_x, out = inner.arguments
        for place, item in enumerate(_signed_sin_cos(inner, inner_x)):
            inner.store(item, out, place)
        inner.give()
    room = f.slot("number", x.lanes, 2)
    f.call(name, "void", x, room)
    return f.load(room, 0, lanes=x.lanes), f.load(room, 1, lanes=x.lanes)


def _signed_sin_cos(f: Function, x: Value) -> tuple[Value, Value]:
    n, sine, cosine = _reduced_sin_cos(f, f.absolute(x))
    even = (n & 1).equals(0)
    sine_sign = ((n & 2) << 62) ^ (f.bits(x) & SIGN_BIT)
    cosine_sign = ((n + 1) & 2) << 62
    return (
        f.from_bits(f.bits(f.where(even, sine, cosine)) ^ sine_sign),
        f.from_bits(f.bits(f.where(even, cosine, sine)) ^ cosine_sign),
    )


def _reduced_sin_cos(f: Function, a: Value) -> tuple[Value, Value, Value]:
    """n, sin r and cos r with a = n·π/2 + r, for a >= 0; the low bits of n count."""
    n, r, r_low = _reduce(f, a)
    z = r * r
    half = 0.5 * z
    sine = r + f.fma(z * r, polynomial(f, z, SIN), f.fma(-half, r_low, r_low))
    start = 1.0 - half
    rest = f.fma(z * z, polynomial(f, z, COS), -(r * r_low))
    return n, sine, start + (((1.0 - start) - half) + rest)


def _reduce(f: Function, a: Value) -> tuple[Value, Value, Value]:
    """n and r = a - n·π/2 as a pair with |r| <= π/4."""
    rounded = f.fma(a, 2.0 * 0.3183098861837907, ROUNDER)
    k = rounded - ROUNDER
    r, r_low = _subtract_parts(f, a, k)
    n, high, low = f.variable(f.bits(rounded)), f.variable(r), f.variable(r_low)
    huge = a >= HUGE
    with f.when(f.any(huge)):
        room = f.slot("number", a.lanes, 3)
        f.call(_huge_lanes(f.module, a.lanes), "void", a, room)
        for place, variable in enumerate((high, low, n)):
            item = f.load(room, place, variable.kind, a.lanes)
            variable.set(f.where(huge, item, variable.get()))
    return n.get(), high.get(), low.get()


def _subtract_parts(f: Function, a: Value, k: Value) -> tuple[Value, Value]:
    """a - k·π/2 as a pair. A step is exact, or else subtracts the smaller, so that its error is exact."""
    first, *middle, last = FUSED_PARTS if f.module.fused else PARTS
    high, low = f.fma(k, -first, a), None
    for part in middle:
        before, product = high, k * part
        high = before - product
        error = (before - high) - product
        low = error if low is None else low + error
    return high, f.fma(k, -last, low)


def _huge_lanes(module: Module, lanes: int) -> Function:
    """The routine that reduces every huge lane; it stores r, its low part and n, W of each, at a pointer."""
    one = module.functions.get("dydt_reduce_huge") or _huge_one(module)
    name = f"dydt_reduce_huge_w{lanes}"
    if name in module.functions:
        return module.functions[name]
    f = module.function(name, "void", [("x", "number"), ("out", "pointer")], lanes=lanes, internal=True)
    f.attributes = RARELY_CALLED
    x, out = f.arguments
    with f.count(f.constant(lanes, "integer", 1)) as i:
        item = f.lane(x, i)
        with f.when(item >= HUGE):
            f.call(one, "void", item, f.offset(out, i), f.constant(lanes, "integer", 1))
    f.give()
    return f


def _huge_one(module: Module) -> Function:
    """Payne and Hanek: the 53-bit integer of x times the 192 bits of 2/π that matter; 126 are kept."""
    arguments = [("x", "number"), ("out", "pointer"), ("stride", "integer")]
    f = module.function("dydt_reduce_huge", "void", arguments, internal=True)
    f.attributes = RARELY_CALLED
    x, out, stride = f.arguments
    bits = f.bits(x)
    mantissa = (bits & 0x000FFFFFFFFFFFFF) | 0x0010000000000000
    # x = mantissa·2^(e - 1075); bits of 2/π worth 2^(1077 - e) or more only add multiples of 4 to x·2/π. The
    # table has 64 zeros in front, so the window starts at bit 64 + (e - 1075) - 2, counted from 0.
    start = f.minimum((bits >> 52) & 2047, f.constant(2046, "integer", 1)) - (1075 + 2 - 64)
    words = _window(f, start)
    carry, _ = _wide_product(f, mantissa, words[2])
    middle_high, middle_low = _wide_product(f, mantissa, words[1], carry)
    top = mantissa * words[0] + middle_high
    n = (top >> 62) + ((top >> 61) & 1)
    high, low = _signed_fraction(f, (top << 2) | (middle_low >> 62), middle_low << 2)
    r, error = two_product(f, high, HALF_PI[0])
    r_low = f.fma(high, HALF_PI[1], f.fma(low, HALF_PI[0], error))
    finite = x < INFINITY
    f.store(f.where(finite, r, NAN), out, 0)
    f.store(f.where(finite, r_low, NAN), out, stride)
    f.store(n, out, stride + stride)
    f.give()
    return f


def _window(f: Function, start: Value) -> list[Value]:
    """Three words of the table of 2/π from a bit on."""
    table = Value(f, f.module.table("dydt_two_over_pi", two_over_pi(), "integer"), "pointer", 1)
    f.module.declarations.setdefault("llvm.fshl.i64", "declare i64 @llvm.fshl.i64(i64, i64, i64)")
    index, shift = start >> 6, start & 63
    words = [f.load(table, index + i, "integer") for i in range(4)]
    return [f.call("llvm.fshl.i64", "integer", *pair, shift) for pair in pairwise(words)]


def _wide_product(f: Function, a: Value, b: Value, plus: Any = None) -> tuple[Value, Value]:
    """High and low 64 bits of the product of two unsigned integers, plus a third."""
    wide = [f.emit(f"zext i64 {item.text} to i128", "integer", 1).text for item in (a, b)]
    product = f.emit(f"mul i128 {wide[0]}, {wide[1]}", "integer", 1).text
    if plus is not None:
        more = f.emit(f"zext i64 {plus.text} to i128", "integer", 1).text
        product = f.emit(f"add i128 {product}, {more}", "integer", 1).text
    upper = f.emit(f"lshr i128 {product}, 64", "integer", 1).text
    high, low = (f.emit(f"trunc i128 {item} to i64", "integer", 1) for item in (upper, product))
    return high, low


def _signed_fraction(f: Function, high: Value, low: Value) -> tuple[Value, Value]:
    """A signed integer of 128 bits, divided by 2^128, as a pair; its 32-bit quarters are exact numbers."""
    signed = f.emit(f"ashr i64 {high.text}, 32", "integer", 1)
    quarters = (signed, high & 0xFFFFFFFF, low >> 32, low & 0xFFFFFFFF)
    a, b, c, d = (f.to_number(item) * 2.0 ** (-32 * (i + 1)) for i, item in enumerate(quarters))
    total, error = two_sum(a, b)
    total, more = two_sum(total, c)
    return two_sum(total, (error + more) + d)


def two_over_pi(words: int = 19) -> list[int]:
    """64 zeros and the leading bits of 2/π in 64-bit words, from Machin's formula in integers.

    >>> hex(two_over_pi()[1])
    '0xa2f9836e4e441529'
    """
    one = 1 << 64 * (words + 2)

    def arctangent_of_inverse(n: int) -> int:
        term, total, k = one // n, 0, 1
        while term:
            total += term // k if k % 4 == 1 else -(term // k)
            term //= n * n
            k += 2
        return total

    pi = 4 * (4 * arctangent_of_inverse(5) - arctangent_of_inverse(239))
    quotient = (2 * one << 64 * words) // pi
    return [0] + [quotient >> 64 * (words - 1 - i) & 0xFFFFFFFFFFFFFFFF for i in range(words)]


def atan(f: Function, x: Value) -> Value:
    """The angle of the slope |x|, with the sign of x."""
    a = f.absolute(x)
    return with_sign_of(f, _angle(f, a, f.constant(1.0)), x)


def atan2(f: Function, y: Value, x: Value) -> Value:
    """The angle of (x, y), from -π to π; edges as in C99, annex F.9.1.4."""
    a, b = f.absolute(y), f.absolute(x)
    both = a.equals(INFINITY) & b.equals(INFINITY)
    a, b = f.where(both, 1.0, a), f.where(both, 1.0, b)
    larger = f.where(a > b, a, b)
    # Away from the ends of the range sums don't overflow, and comparisons with a multiple are exact enough.
    scale = f.where(larger > 2.0**1021, 0.25, f.where(larger < 2.0**-900, f.constant(2.0**110), 1.0))
    angle = _angle(f, a * scale, f.where(larger.equals(0.0), 1.0, b * scale))
    obtuse = HALF_PI[0] * 2.0 - (angle - HALF_PI[1] * 2.0)
    negative = f.bits(x) < 0
    return with_sign_of(f, f.where(negative, obtuse, angle), y)


def _angle(f: Function, a: Value, b: Value) -> Value:
    """atan(a/b) for a, b >= 0, as 0, π/4 or π/2 plus an angle of at most π/8 with one division."""
    low, high = a <= b * 0.41421356237309503, a > b * 2.414213562373095
    t = f.where(low, a, f.where(high, -b, a - b)) / f.where(low, b, f.where(high, a, a + b))
    z = t * t
    correction = f.where(low, 0.0, f.where(high, f.constant(HALF_PI[1]), HALF_PI[1] / 2.0))
    start = f.where(low, 0.0, f.where(high, f.constant(HALF_PI[0]), HALF_PI[0] / 2.0))
    return start + (t + f.fma(z * t, polynomial(f, z, ATAN), correction))


def _asin_terms(f: Function, a: Value) -> tuple[Value, Value, Value]:
    """Whether a < ½, and s, p with asin s = s + p, where s is a or else √((1 - a)/2)."""
    small = a < 0.5
    z = f.where(small, a * a, f.fma(a, -0.5, 0.5))
    s = f.where(small, a, f.sqrt(z))
    return small, s, s * z * polynomial(f, z, ASIN)


def asin(f: Function, x: Value) -> Value:
    """asin a, or π/2 - 2 asin √((1 - a)/2) for a = |x| >= ½."""
    small, s, p = _asin_terms(f, f.absolute(x))
    large = HALF_PI[0] - (2.0 * (s + p) - HALF_PI[1])
    return with_sign_of(f, f.where(small, s + p, large), x)


def acos(f: Function, x: Value) -> Value:
    """π/2 - asin x, or 2 asin √((1 - a)/2) for a = |x| >= ½, from π if x is negative."""
    small, s, p = _asin_terms(f, f.absolute(x))
    negative = x < 0.0
    middle = HALF_PI[0] - (f.where(negative, -s, s) - (HALF_PI[1] - f.where(negative, -p, p)))
    double = 2.0 * (s + p)
    ends = f.where(negative, HALF_PI[0] * 2.0 - (double - HALF_PI[1] * 2.0), double)
    return f.where(small, middle, ends)
