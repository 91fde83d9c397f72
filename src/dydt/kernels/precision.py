"""Building blocks of the elementary functions: polynomials, sums and products with their rounding errors.

A *pair* (high, low) is an unevaluated sum of two numbers that carries about 106 bits. Every block rounds the
same way for one lane and for many. Without a fused multiply-add the products are split by Veltkamp's method,
so pairs keep their accuracy there; polynomials then round twice a term.

References: Muller et al., Handbook of Floating-Point Arithmetic, 2nd ed. (2018), chapters 4 and 11.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dydt.kernels.formats import DOUBLE
from dydt.kernels.llvm import Function, Module, Value

ONE_BITS = 0x3FF0000000000000
SIGN_BIT = DOUBLE.sign
INFINITY = float("inf")
NAN = float("nan")
ROUNDER = DOUBLE.rounder

PURE = "nounwind willreturn mustprogress memory(none)"
# Not worth the time to optimise: half of the compile time of a sine otherwise.
RARELY_CALLED = "nounwind willreturn mustprogress noinline optnone cold"


def polynomial(f: Function, x: Value, coefficients: Sequence[float]) -> Value:
    """c₀ + c₁x + c₂x² + … by Estrin's scheme: about log₂(n) dependent steps in place of n."""
    terms: list[Any] = list(coefficients)
    power = x
    while len(terms) > 1:
        paired = [f.fma(power, terms[i + 1], terms[i]) for i in range(0, len(terms) - 1, 2)]
        terms = paired + terms[2 * len(paired) :]
        if len(terms) > 1:
            power = power * power
    return terms[0]


def fast_two_sum(a: Any, b: Any) -> tuple[Value, Value]:
    """a + b and its rounding error, if |a| ≥ |b| or a = 0."""
    high = a + b
    return high, (a - high) + b


def two_sum(a: Value, b: Value) -> tuple[Value, Value]:
    """a + b and its rounding error (Knuth)."""
    high = a + b
    moved = high - a
    return high, (a - (high - moved)) + (b - moved)


def two_product(f: Function, a: Value, b: Any) -> tuple[Value, Value]:
    """a·b and its rounding error."""
    high = a * b
    if f.module.fused:
        return high, f.fma(a, b, -high)
    a1, a2 = _split(a)
    b1, b2 = _split(b) if isinstance(b, Value) else _split_constant(b)
    return high, a2 * b2 - (((high - a1 * b1) - a2 * b1) - a1 * b2)


def _split(a: Value) -> tuple[Value, Value]:
    """a as a sum of two numbers of 26 bits (Veltkamp)."""
    scaled = a * 134217729.0
    high = scaled - (scaled - a)
    return high, a - high


def _split_constant(a: float) -> tuple[float, float]:
    scaled = a * 134217729.0
    high = scaled - (scaled - a)
    return high, a - high


def power_of_two(k_bits: Value, shift: int = 0) -> Value:
    """2^(k + shift) for an integer k in the low bits of an integer; the bits above are shifted out."""
    format = k_bits.function.module.format
    return k_bits.function.from_bits((k_bits + (format.bias + shift)) << format.mantissa)


def with_sign_of(f: Function, magnitude: Value, x: Value) -> Value:
    """A non-negative magnitude with the sign of x."""
    return f.from_bits(f.bits(magnitude) | (f.bits(x) & f.module.format.sign))


def as_lane_function(
    name: str, body: Callable[..., Value], single: Callable[..., Value] | None = None
) -> Callable[..., Value]:
    """The body as a function of the module, written at its first call, one for each number of lanes.

    In single precision there is another body; without one the function is computed in double precision.
    """

    def call(f: Function, *values: Value) -> Value:
        lanes = max(value.lanes for value in values)
        values = tuple(f.spread(value, lanes) for value in values)
        if f.module.format is DOUBLE:
            return f.call(_written(f.module, name, body, lanes, len(values)), "number", *values, lanes=lanes)
        if single is not None:
            written = _written(f.module, f"{name}_single", single, lanes, len(values))
            return f.call(written, "number", *values, lanes=lanes)
        written = _written(f.module.doubles, name, body, lanes, len(values))
        return f.narrow(f.call(written, "double", *map(f.widen, values), lanes=lanes))

    call.__name__ = name
    call.__doc__ = body.__doc__
    return call


def _written(module: Module, name: str, body: Callable[..., Value], lanes: int, count: int) -> Function:
    """The function of the module with this body, for `count` numbers of so many lanes."""
    full = f"dydt_{name}_w{lanes}"
    if full not in module.functions:
        letters = [(letter, "number") for letter in "xyz"[:count]]
        inner = module.function(full, "number", letters, lanes=lanes, internal=True)
        inner.attributes = PURE
        inner.give(body(inner, *inner.arguments))
    return module.functions[full]
