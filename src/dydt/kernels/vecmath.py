"""The elementary functions of the kernels, written once for any number of lanes.

`LANE_FUNCTIONS` has one entry for each numeric operation of `dydt.expr.graph.OPERATIONS` other than the
arithmetic that `Value` itself does. An entry takes the function that is being written and its arguments; the
larger ones emit a call to an internal function of the module, written at its first use, and LLVM decides what
to inline. No function traps; NaN gives NaN.

Largest errors seen on millions of points, in units of the last place: exp, log, sin, cos 0.9; tanh 1.0;
pow 1.1; log10, cbrt 0.51; erf 1.2; acos, cosh 1.3; atan, sinh 1.7; atan2 1.9; tan, asin 2.3; the others 0.
Without a fused multiply-add add 0.3. The bits depend on whether there is one, and on nothing else.
"""

from __future__ import annotations

from collections.abc import Callable

from dydt.kernels import exponential, trigonometry
from dydt.kernels.exponential import split_exponent
from dydt.kernels.llvm import Function, Module, Value
from dydt.kernels.precision import (
    INFINITY,
    RARELY_CALLED,
    ROUNDER,
    as_lane_function,
    polynomial,
    power_of_two,
    two_product,
    with_sign_of,
)

# m^(-1/3) on 8^-½ … 8^½, relative error 3e-3.
INVERSE_CUBE_ROOT = (
    2.0152146965761024, -2.3868113709588163, 2.30567021691808, -1.2348882346553756, 0.33417238009213673,
    -0.03562732110080536,
)  # fmt: skip
# erf(x)/x - 1 in x² on |x| <= 1, relative error 2^-56.1; log erfc(x) on 1 … 6, error in erf 2^-57.
ERF = (
    0.12837916709551257, -0.37612638903183426, 0.11283791670941219, -0.026866170642706008,
    0.005223977603146227, -0.0008548325798977148, 0.00012055289956665982, -1.4924647021779251e-05,
    1.6446369515442758e-06, -1.6200758042277033e-07, 1.3687990425460638e-08, -7.738245522376023e-10,
)  # fmt: skip
LOG_ERFC = (
    -5.051740830953575e-07, -1.1283740674281562, -0.6366437251838019, -0.10270317593860234,
    0.018989684976902208, 0.00041130561311280797, -0.0019166484619687497, 0.000771211293846426,
    -0.00013540908604751483, -2.0088149329522338e-05, 2.2752506509895632e-05, -8.645663556244071e-06,
    2.1305673557166875e-06, -3.723828536910663e-07, 4.6301714499119857e-08, -3.9232597126733945e-09,
    2.0388176157116855e-10, -4.91271562020896e-12,
)  # fmt: skip


def cbrt(f: Function, x: Value) -> Value:
    """m·y² with y an approximation of m^(-1/3), where |x| = 8^j·m, and one correction of the root."""
    a = f.absolute(x)
    k, m = split_exponent(f, a)
    rounded = f.fma(k, 1 / 3, ROUNDER)
    rest = f.fma(rounded - ROUNDER, -3.0, k)
    m = m * f.where(rest > 0.5, f.constant(2.0), f.where(rest < -0.5, f.constant(0.5), 1.0))
    y = polynomial(f, m, INVERSE_CUBE_ROOT)
    e = f.fma(-m, y * y * y, 1.0)
    y = f.fma(y * e, polynomial(f, e, (1 / 3, 2 / 9, 14 / 81)), y)
    y = f.fma(y * (1 / 3), f.fma(-m, y * y * y, 1.0), y)
    square = y * y
    root = m * square
    root_square, error = two_product(f, root, root)
    cube, cube_error = two_product(f, root_square, root)
    rest = ((m - cube) - cube_error) - error * root
    root = f.fma(rest, square * (1 / 3), root)
    result = with_sign_of(f, root * power_of_two(f.bits(rounded)), x)
    return f.where((a > 0.0) & (a < INFINITY), result, x)


def erf(f: Function, x: Value) -> Value:
    """x + x·p(x²) for |x| < 1, else 1 - e^q(|x|), for which erfc needs few digits."""
    a = f.absolute(x)
    near = f.fma(a, polynomial(f, a * a, ERF), a)
    far = 1.0 - exponential.exp(f, polynomial(f, f.minimum(6.0, a), LOG_ERFC))
    return with_sign_of(f, f.where(a < 1.0, near, far), x)


def mod(f: Function, x: Value, y: Value) -> Value:
    """x - y⌊x/y⌋ with the sign of y: the exact remainder of |x|/|y|, then moved by y if the signs differ."""
    a, b = f.absolute(x), f.absolute(y)
    q = f.floor(a / b)
    product, error = two_product(f, q, b)
    r = (a - product) - error
    r = f.where(r < 0.0, r + b, r)  # a/b was rounded up to a whole number
    remainder = f.variable(r)
    far = q >= 2.0**53
    if not f.module.fused:
        far = far | (a > 2.0**990)  # where splitting a product overflows
    far = far & (a < INFINITY) & (b > 0.0)
    with f.when(f.any(far)):
        slow = f.call(_far_remainder(f.module, f.lanes), "number", a, b, lanes=f.lanes)
        remainder.set(f.where(far, slow, remainder.get()))
    r = f.where((a < b) & (a < INFINITY), a, remainder.get())
    signed = f.copysign(r, x)
    moved = f.where((x < 0.0) ^ (y < 0.0), signed + y, signed)
    return f.where(r.equals(0.0), f.copysign(0.0, y), moved)


def _far_remainder(module: Module, lanes: int) -> Function:
    """The routine that finds the remainder lane by lane where the quotient has more than 53 bits."""
    name = f"dydt_far_remainder_w{lanes}"
    if name in module.functions:
        return module.functions[name]
    one = module.functions.get("dydt_far_remainder") or _far_remainder_one(module)
    f = module.function(name, "number", [("x", "number"), ("y", "number")], lanes=lanes, internal=True)
    f.attributes = RARELY_CALLED
    x, y = f.arguments
    result = f.variable(f.constant(0.0))
    with f.count(f.constant(lanes, "integer", 1)) as i:
        a, b = f.lane(x, i), f.lane(y, i)
        with f.when((a < INFINITY) & (b > 0.0)):
            result.set(f.set_lane(result.get(), i, f.call(one, "number", a, b)))
    f.give(result.get())
    return f


def _far_remainder_one(module: Module) -> Function:
    """Long division in integers, eleven bits a step, for x >= y > 0."""
    f = module.function("dydt_far_remainder", "number", [("x", "number"), ("y", "number")], internal=True)
    f.attributes = RARELY_CALLED
    (m, m_exponent), (d, exponent) = (_integer_parts(f, item) for item in f.arguments)
    rest = f.variable(f.emit(f"urem i64 {m.text}, {d.text}", "integer", 1))
    left = f.variable(m_exponent - exponent)
    with f.loop() as loop:
        loop.leave_if(left.get() <= 0)
        step = f.minimum(left.get(), f.constant(11, "integer", 1))
        shifted = rest.get() << step
        rest.set(f.emit(f"urem i64 {shifted.text}, {d.text}", "integer", 1))
        left.set(left.get() - step)
    # rest·2^(exponent - 1075) in two exact factors.
    half = (exponent + 1) >> 1
    first, second = power_of_two(half, -538), power_of_two(exponent - half, -537)
    f.give(f.to_number(rest.get()) * first * second)
    return f


def _integer_parts(f: Function, x: Value) -> tuple[Value, Value]:
    """m and e with x = m·2^(e - 1075)."""
    bits = f.bits(x)
    exponent, mantissa = bits >> 52, bits & 0x000FFFFFFFFFFFFF
    normal = exponent > 0
    whole = f.where(normal, mantissa | 0x0010000000000000, mantissa)
    return whole, f.where(normal, exponent, f.constant(1, "integer", 1))


def minimum(f: Function, x: Value, y: Value) -> Value:
    """The smaller; NaN if either is."""
    return f.where((x < y) | x.differs(x), x, y)


def maximum(f: Function, x: Value, y: Value) -> Value:
    """The larger; NaN if either is."""
    return f.where((x > y) | x.differs(x), x, y)


def sign(f: Function, x: Value) -> Value:
    """-1, 0 or 1; NaN and zeros stay."""
    return f.where(x < 0.0, -1.0, f.where(x > 0.0, 1.0, x))


def step(f: Function, x: Value) -> Value:
    """1 from zero on, else 0."""
    return f.where(x >= 0.0, 1.0, f.where(x < 0.0, 0.0, x))


# What training needs often has a body for single precision.
_IN_SINGLE = {"exp": exponential.exp, "tanh": exponential.quick_tanh}
LANE_FUNCTIONS: dict[str, Callable[..., Value]] = {
    body.__name__: as_lane_function(body.__name__, body, _IN_SINGLE.get(body.__name__))
    for body in (
        exponential.exp,
        exponential.log,
        exponential.log10,
        exponential.pow,
        exponential.sinh,
        exponential.cosh,
        exponential.tanh,
        trigonometry.sin,
        trigonometry.cos,
        trigonometry.tan,
        trigonometry.asin,
        trigonometry.acos,
        trigonometry.atan,
        trigonometry.atan2,
        cbrt,
        erf,
        mod,
    )
}
LANE_FUNCTIONS |= {
    "sqrt": Function.sqrt,
    "abs": Function.absolute,
    "floor": Function.floor,
    "sign": sign,
    "step": step,
    "min": minimum,
    "max": maximum,
}
