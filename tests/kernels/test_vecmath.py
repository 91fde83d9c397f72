"""Elementary functions in lanes: accuracy, special values, and the same bits for any number of lanes."""

import ctypes
from functools import cache

import mpmath
import numpy as np
import pytest

from dydt.expr.graph import OPERATIONS
from dydt.kernels.build import Library, has_fma
from dydt.kernels.exponential import fast_exp2, fast_log2, quick_softplus, quick_tanh
from dydt.kernels.llvm import Module
from dydt.kernels.trigonometry import sine_and_cosine, two_over_pi
from dydt.kernels.vecmath import LANE_FUNCTIONS

LANES = (1, 2, 4, 8, 16)
INF, NAN = np.inf, np.nan
TWO_ARGUMENTS = ("pow", "atan2", "mod", "min", "max")
EXTRA = {
    "fast_log2": fast_log2,
    "fast_exp2": fast_exp2,
    "quick_tanh": quick_tanh,
    "quick_softplus": lambda f, x: quick_softplus(f, x)[0],
    "slope_of_softplus": lambda f, x: quick_softplus(f, x)[1],
    "sine_of_both": lambda f, x: sine_and_cosine(f, x)[0],
    "cosine_of_both": lambda f, x: sine_and_cosine(f, x)[1],
}
ARITHMETIC = {"add", "sub", "mul", "div", "neg", "select"}  # done by Value and Function.where
# Largest errors allowed, in units of the last place: a little more than was seen on some 10^7 points of each.
LIMITS = {
    "exp": 0.95,
    "log": 0.95,
    "log10": 0.51,
    "pow": 1.1,
    "sinh": 2.0,
    "cosh": 1.4,
    "tanh": 1.05,
    "sin": 0.9,
    "cos": 0.9,
    "tan": 2.5,
    "asin": 2.6,
    "acos": 1.4,
    "atan": 1.8,
    "atan2": 2.2,
    "cbrt": 0.51,
    "erf": 1.4,
}


@cache
def library(lanes, fused=True):
    """Every function as a loop over arrays, `lanes` numbers at a time."""
    module = Module(fused)
    arguments = [("x", "pointer"), ("y", "pointer"), ("out", "pointer"), ("n", "integer")]
    for name, lane_function in {**LANE_FUNCTIONS, **EXTRA}.items():
        f = module.function(f"apply_{name}", "integer", arguments, lanes=lanes)
        x, y, out, n = f.arguments
        with f.count(n) as i:
            values = [f.load(x, i, lanes=lanes)]
            if name in TWO_ARGUMENTS:
                values.append(f.load(y, i, lanes=lanes))
            f.store(lane_function(f, *values), out, i)
        f.give(n)
    return Library(str(module), cached=False)


def apply(name, x, y=1.0, lanes=8, fused=None):
    """The function applied to arrays."""
    x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
    shape, padding = x.shape, -x.size % lanes
    x, y = (np.append(a.ravel(), np.ones(padding)) for a in (x, y))
    out = np.empty_like(x)
    code = library(lanes, has_fma() if fused is None else fused)
    run = code.function(f"apply_{name}", *[ctypes.c_void_p] * 3, ctypes.c_int64)
    run(x.ctypes.data, y.ctypes.data, out.ctypes.data, x.size // lanes)
    return out[: out.size - padding].reshape(shape)


def signed_powers(random, low, high, count):
    return np.exp2(random.uniform(low, high, count)) * random.choice([-1.0, 1.0], count)


def points(name, count, seed=1):
    """Arguments where the function is finite, spread over its ranges, and clustered where it is hard."""
    random = np.random.default_rng(seed)

    def uniform(low, high):
        return random.uniform(low, high, count)

    def powers(low, high):
        return signed_powers(random, low, high, count)

    if name in ("sin", "cos", "tan"):
        near = np.rint(uniform(1, 1e6)) * (np.pi / 2)
        parts = [
            uniform(-1, 1),
            uniform(-10, 10),
            uniform(-1.6e6, 1.6e6),
            near,
            powers(-1074, 0),
            powers(20, 1024),
        ]
    elif name in ("log", "log10"):
        parts = [uniform(0.5, 2), np.abs(powers(-1074, 1024)), 1 + powers(-52, -1), uniform(0, 100)]
    elif name == "exp":
        parts = [uniform(-1, 1), uniform(-745, 709.7), uniform(-745, -708), powers(-1074, 9)]
    elif name in ("asin", "acos"):
        parts = [uniform(-1, 1), powers(-1074, 0), 1 - powers(-53, -1).clip(0)]
    elif name == "tanh":
        parts = [uniform(-1, 1), uniform(-20, 20), powers(-1074, 10)]
    elif name == "erf":
        parts = [uniform(-1, 1), uniform(-6, 6), powers(-1070, 3)]
    elif name in ("sinh", "cosh"):
        parts = [uniform(-1, 1), uniform(-710, 710), powers(-1074, 9)]
    else:
        parts = [uniform(-1, 1), uniform(-10, 10), powers(-1074, 1023)]
    return np.concatenate(parts), np.ones(1)


def pairs(name, count, seed=1):
    """Pairs of arguments; those of a power have results over the whole range of doubles."""
    random = np.random.default_rng(seed)
    wide = signed_powers(random, -1074, 1023, count)
    if name == "atan2":
        other = signed_powers(random, -1074, 1023, count)
        x, y = (
            [wide, random.uniform(-1, 1, count), wide / 16],
            [other, random.uniform(-1, 1, count), wide / 5],
        )
        return np.concatenate(x), np.concatenate(y)
    x = [np.abs(wide), random.uniform(0.5, 2, count), 1 + signed_powers(random, -50, -2, count)]
    exponents = [
        random.uniform(low, 709.7, count) / np.log(b) for low, b in zip((-745, -700, -745), x, strict=True)
    ]
    x.append(random.uniform(-20, 20, count))
    exponents.append(random.integers(-200, 200, count).astype(float))
    return np.concatenate(x), np.concatenate(exponents)


def units(got, high, rest):
    """Error in units of the last place, where the true value is a double and `rest` of its units."""
    size = np.abs(high)
    unit = np.spacing(size)
    below = np.spacing(np.nextafter(size, 0))  # just below a power of two the unit is half as large
    return np.abs((got - high) / unit - rest) * np.where(np.sign(rest) * np.sign(high) < 0, unit / below, 1.0)


def worst(name, x, y, got, high, rest):
    error = np.where(np.isfinite(high), units(got, high, rest), np.where(got == high, 0.0, np.inf))
    place = int(np.argmax(error))
    where = f"{name}({x.flat[place]!r}, {np.broadcast_to(y, x.shape).flat[place]!r}) = {got.flat[place]!r}"
    return float(error.flat[place]), where


NUMPY_NAMES = {name: OPERATIONS[name].numpy for name in LIMITS if name != "erf"}


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="no longer floats here to compare with")
@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("name", NUMPY_NAMES)
def test_accuracy_on_many_points(name, fused):
    if fused and not has_fma():
        pytest.skip("no fused multiply-add here")
    count = 50_000 if fused else 10_000
    x, y = pairs(name, count) if name in TWO_ARGUMENTS else points(name, count)
    arguments = (x, y) if name in TWO_ARGUMENTS else (x,)
    with np.errstate(all="ignore"):
        true = getattr(np, NUMPY_NAMES[name])(*(a.astype(np.longdouble) for a in arguments))
        high = true.astype(float)
        rest = np.where(np.isfinite(high), (true - high) / np.spacing(np.abs(high)), 0).astype(float)
        error, where = worst(name, x, y, apply(name, x, y, fused=fused), high, rest)
    assert error <= LIMITS[name] + (0.0 if fused else 0.4), where


MPMATH = {name: getattr(mpmath, name, None) for name in LIMITS} | {
    "pow": mpmath.power,
    "log10": mpmath.log10,
    "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
}


@pytest.mark.parametrize("name", LIMITS)
def test_accuracy_in_many_digits(name):
    count = 100 if name in TWO_ARGUMENTS else 150
    x, y = pairs(name, count, 2) if name in TWO_ARGUMENTS else points(name, count, 2)
    got = apply(name, x, y)
    high, rest = np.empty_like(x), np.zeros_like(x)
    # A sine of 1e300 needs 1000 bits before the first one that counts; mpmath adds those itself.
    with mpmath.workprec(150):
        for i, item in enumerate(x):
            values = (item, y[i]) if name in TWO_ARGUMENTS else (item,)
            true = MPMATH[name](*map(mpmath.mpf, map(float, values)))
            high[i] = float(true)
            rest[i] = float((true - high[i]) / np.spacing(abs(high[i]))) if np.isfinite(high[i]) else 0.0
    with np.errstate(all="ignore"):
        error, where = worst(name, x, y, got, high, rest)
    assert error <= LIMITS[name], where


# Doubles that lie closest to a multiple of π/2 (Muller, Elementary Functions, table 11.1), and others.
@pytest.mark.parametrize(
    "x", [6381956970095103.0 * 2.0**797, 1e22, 2.0**1023, 1.7e308, 1.6e6, np.nextafter(1.6e6, 0), 710.0, 11.0]
)
def test_hard_angles(x):
    with mpmath.workprec(1400):
        exact = {name: MPMATH[name](mpmath.mpf(x)) for name in ("sin", "cos", "tan")}
        for name, true in exact.items():
            high = float(true)
            assert (
                units(apply(name, [x])[0], high, float((true - high) / np.spacing(abs(high)))) <= LIMITS[name]
            ), name


SPECIAL = [
    ("exp", [INF, -INF, 0.0, -0.0, 710, -746, -745.13], [INF, 0, 1, 1, INF, 0, 5e-324]),
    ("log", [0.0, -0.0, 1, INF, -1, -INF, -5e-324], [-INF, -INF, 0, INF, NAN, NAN, NAN]),
    ("log10", [0.0, 1, INF, -1, 1e3, 1e-5, 1e300], [-INF, 0, INF, NAN, 3, -5, 300]),
    ("sin", [0.0, -0.0, INF, -INF, 5e-324, -1e-310], [0.0, -0.0, NAN, NAN, 5e-324, -1e-310]),
    ("cos", [0.0, -0.0, INF, -INF, 5e-324], [1, 1, NAN, NAN, 1]),
    ("tan", [0.0, -0.0, INF, -INF, -5e-324], [0.0, -0.0, NAN, NAN, -5e-324]),
    ("asin", [0.0, -0.0, 1, -1, 1.1, -INF, 5e-324], [0.0, -0.0, np.pi / 2, -np.pi / 2, NAN, NAN, 5e-324]),
    ("acos", [0.0, 1, -1, -1.1, INF], [np.pi / 2, 0.0, np.pi, NAN, NAN]),
    ("atan", [0.0, -0.0, INF, -INF, 5e-324, 1], [0.0, -0.0, np.pi / 2, -np.pi / 2, 5e-324, np.pi / 4]),
    ("sinh", [0.0, -0.0, INF, -INF, 711, -711, 5e-324], [0.0, -0.0, INF, -INF, INF, -INF, 5e-324]),
    ("cosh", [0.0, -0.0, INF, -INF, 711], [1, 1, INF, INF, INF]),
    ("tanh", [0.0, -0.0, INF, -INF, 20, 5e-324, -1e-310], [0.0, -0.0, 1, -1, 1, 5e-324, -1e-310]),
    ("cbrt", [0.0, -0.0, INF, -INF, 27, -1e-300, 2.0**-1074], [0.0, -0.0, INF, -INF, 3, -1e-100, 2.0**-358]),
    ("erf", [0.0, -0.0, INF, -INF, 7, 5e-324], [0.0, -0.0, 1, -1, 1, 5e-324]),
    ("sqrt", [0.0, -0.0, INF, -1, 4], [0.0, -0.0, INF, NAN, 2]),
    ("abs", [-0.0, -INF, -2], [0.0, INF, 2]),
    ("floor", [-0.0, 1.5, -1.5, INF, 1e300], [-0.0, 1, -2, INF, 1e300]),
    ("sign", [0.0, 3, -3, INF, -INF], [0.0, 1, -1, 1, -1]),
    ("step", [0.0, -0.0, 3, -3, INF, -INF], [1, 1, 1, 0, 1, 0]),
]  # fmt: skip


def assert_same(got, expected):
    """The same numbers, zeros with the same sign."""
    expected = np.asarray(expected, float)
    np.testing.assert_array_equal(got, expected)
    zeros = expected == 0.0
    np.testing.assert_array_equal(np.signbit(got[zeros]), np.signbit(expected[zeros]))


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("lanes", [1, 8])
@pytest.mark.parametrize(("name", "x", "expected"), SPECIAL)
def test_special_values(name, x, expected, lanes, fused):
    assert_same(apply(name, x, lanes=lanes, fused=fused and has_fma()), expected)


EDGES = np.array(
    [0.0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 1.5, -1.5, 1e300, -1e300, 2.0**53, 2.0**53 + 2, 2.0**52 + 1]
    + [
        INF,
        -INF,
        NAN,
        5e-324,
        -5e-324,
        1e-310,
        -1e-310,
        2.5e-308,
        1 + 2.0**-52,
        1 - 2.0**-53,
        -1 - 2.0**-52,
        1e308,
    ]
)


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("name", TWO_ARGUMENTS)
def test_special_pairs(name, fused):
    x, y = np.meshgrid(EDGES, EDGES)
    got = apply(name, x, y, fused=fused and has_fma())
    with np.errstate(all="ignore"):
        expected = getattr(np, OPERATIONS[name].numpy)(x, y)
    if name in ("min", "max"):
        np.testing.assert_array_equal(got, expected)  # which of two zeros is the smaller is left open
        return
    plain = ~np.isfinite(expected) | (expected == 0.0) | (name == "mod")
    assert_same(got[plain], expected[plain])
    np.testing.assert_allclose(got[~plain], expected[~plain], rtol=1e-15, atol=5e-324)


def test_remainder_is_exact():
    random = np.random.default_rng(5)
    for low, high in ((-3, 3), (-100, 100), (-1074, 1023)):
        x, y = (signed_powers(random, low, high, 20_000) for _ in range(2))
        with np.errstate(all="ignore"):
            x[:1000] = np.rint(x[:1000]) * y[:1000]
            expected = np.mod(x, y)
        for fused in {has_fma(), False}:
            assert_same(apply("mod", x, y, fused=fused), expected)


@pytest.mark.parametrize("name", [*LANE_FUNCTIONS, *EXTRA])
def test_any_number_of_lanes_gives_the_same_bits(name):
    random = np.random.default_rng(3)
    x, y = (
        np.concatenate(
            [signed_powers(random, -40, 40, 500), signed_powers(random, -1074, 1023, 500), EDGES, EDGES]
        )
        for _ in range(2)
    )
    random.shuffle(x)
    random.shuffle(y)
    one = apply(name, x, y, lanes=1)
    for lanes in LANES[1:]:
        many = apply(name, x, y, lanes=lanes)
        same = (one.view(np.int64) == many.view(np.int64)) | (np.isnan(one) & np.isnan(many))
        assert same.all(), (lanes, x[~same], y[~same])


def test_nan_gives_nan():
    for name in LANE_FUNCTIONS:
        assert np.isnan(apply(name, [NAN, -NAN], 2.0)).all(), name


def test_both_at_once_are_the_bits_of_each():
    x = points("sin", 1000)[0]
    assert_same(apply("sine_of_both", x), apply("sin", x))
    assert_same(apply("cosine_of_both", x), apply("cos", x))


def test_odd_functions_are_odd():
    for name in ("sin", "tan", "asin", "atan", "sinh", "tanh", "cbrt", "erf"):
        x = points(name, 1000)[0]
        assert_same(apply(name, -x), -apply(name, x))


def test_quick_logarithm_and_power_of_two():
    random = np.random.default_rng(4)
    x = np.abs(
        np.concatenate([signed_powers(random, -1022, 1023, 5000), 1 + signed_powers(random, -50, -2, 5000)])
    )
    np.testing.assert_allclose(apply("fast_log2", x), np.log2(x), rtol=2e-6)
    low, subnormal, *high = apply("fast_log2", [0.0, 1e-310, INF, NAN, -NAN])
    assert -1023.6 < low <= -1022
    assert -1023.6 < subnormal <= -1022
    assert all(1024 <= item <= 1025.1 for item in high)
    exponents = random.uniform(-1000, 1000, 5000)
    np.testing.assert_allclose(apply("fast_exp2", exponents), np.exp2(exponents), rtol=3e-6)
    edges = apply("fast_exp2", [INF, -INF, 5000.0, NAN])
    np.testing.assert_allclose(edges, [2.0**1000, 2.0**-1000, 2.0**1000, NAN], rtol=3e-6)


def test_quick_tanh_is_a_few_units_off():
    x, _ = points("tanh", 20_000)
    np.testing.assert_allclose(apply("quick_tanh", x), np.tanh(x), rtol=8e-16)
    edges = [0.0, -0.0, 5e-324, -1e-300, 21.0, -800.0, INF, -INF, NAN]
    assert_same(apply("quick_tanh", edges), np.tanh(edges))


def test_quick_softplus_and_its_slope_are_a_few_units_off():
    x = np.concatenate(
        [np.linspace(-690.0, 690.0, 20_001), np.linspace(-3.0, 3.0, 20_001), [1e-300, -1e-300]]
    )
    np.testing.assert_allclose(apply("quick_softplus", x), np.logaddexp(0.0, x), rtol=2e-15)
    slope = np.where(x > 0, 1.0 / (1.0 + np.exp(-x)), np.exp(x) / (1.0 + np.exp(x)))
    np.testing.assert_allclose(apply("slope_of_softplus", x), slope, rtol=2e-15)
    edges = apply("quick_softplus", [0.0, 800.0, INF, NAN])
    np.testing.assert_allclose(edges, [np.log(2.0), 800.0, INF, NAN], rtol=2e-15)
    assert apply("quick_softplus", [-800.0, -INF]).max() < 1e-303
    assert_same(apply("slope_of_softplus", [0.0, 800.0, INF, NAN]), np.array([0.5, 1.0, 1.0, NAN]))


def test_every_operation_on_numbers_has_its_function():
    numeric = {name for name, row in OPERATIONS.items() if not row.truth}
    assert set(LANE_FUNCTIONS) == numeric - ARITHMETIC


def test_digits_of_two_over_pi():
    with mpmath.workprec(1400):
        digits = int(mpmath.floor(2 / mpmath.pi * mpmath.mpf(2) ** (64 * 19)))
    assert two_over_pi() == [0] + [digits >> 64 * (18 - i) & (2**64 - 1) for i in range(19)]


def test_functions_are_written_once():
    module = Module(has_fma())
    f = module.function("twice", "number", [("x", "number")])
    sine = LANE_FUNCTIONS["sin"]
    f.give(sine(f, f.arguments[0]) + sine(f, f.arguments[0] + 1.0))
    assert str(module).count("define internal double @dydt_sin_w1") == 1
