"""Kernels in single precision: constants, accuracy, special values, and the same bits for any number of lanes."""

import ctypes
from functools import cache

import numpy as np
import pytest

from dydt.kernels.build import Library, has_fma
from dydt.kernels.exponential import quick_softplus
from dydt.kernels.formats import DOUBLE, SINGLE
from dydt.kernels.llvm import Module
from dydt.kernels.vecmath import LANE_FUNCTIONS

FUNCTIONS = {
    name: LANE_FUNCTIONS[name] for name in ("exp", "tanh", "sin", "log", "erf", "sqrt", "floor", "sign")
}
FUNCTIONS |= {"softplus": lambda f, x: quick_softplus(f, x)[0], "slope": lambda f, x: quick_softplus(f, x)[1]}
# Largest errors allowed, in units of the last place. What is computed in doubles and rounded has half a unit.
LIMITS = {"exp": 1.0, "tanh": 4.0, "sin": 0.51, "log": 0.51, "softplus": 4.0, "slope": 4.0}
TRUE = {"softplus": lambda x: np.logaddexp(0.0, x), "slope": lambda x: 1.0 / (1.0 + np.exp(-x))}


@cache
def library(lanes, fused):
    module = Module(fused, SINGLE)
    arguments = [("x", "pointer"), ("out", "pointer"), ("n", "integer")]
    for name, lane_function in FUNCTIONS.items():
        f = module.function(f"apply_{name}", "integer", arguments, lanes=lanes)
        x, out, n = f.arguments
        with f.count(n) as i:
            f.store(lane_function(f, f.load(x, i, lanes=lanes)), out, i)
        f.give(n)
    return Library(str(module), cached=False)


def apply(name, x, lanes=16, fused=None):
    x = np.asarray(x, np.float32)
    padded = np.append(x, np.ones(-x.size % lanes, np.float32))
    out = np.empty_like(padded)
    code = library(lanes, has_fma() if fused is None else fused)
    run = code.function(f"apply_{name}", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    run(padded.ctypes.data, out.ctypes.data, padded.size // lanes)
    return out[: x.size]


def points(name):
    random = np.random.default_rng(2)
    small = np.exp2(random.uniform(-126, 0, 20_000)) * random.choice([-1, 1], 20_000)
    x = np.concatenate([random.uniform(-1, 1, 20_000), random.uniform(-80, 80, 20_000), small]).astype(
        np.float32
    )
    return np.abs(x) if name == "log" else x


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("name", LIMITS)
def test_accuracy_on_many_points(name, fused):
    if fused and not has_fma():
        pytest.skip("no fused multiply-add here")
    x = points(name)
    true = TRUE.get(name, getattr(np, name, None))(x.astype(float))
    error = np.abs(apply(name, x, fused=fused) - true) / np.spacing(np.abs(true).astype(np.float32))
    place = np.argmax(error)
    assert error[place] <= LIMITS[name] + (0.0 if fused else 1.0), f"{name}({x[place]!r})"


def test_where_numbers_end():
    inf, nan = np.inf, np.nan
    x = [inf, -inf, nan, 0.0, 88.8, -104.5, 1e30, -1e30]
    np.testing.assert_array_equal(apply("exp", x), np.float32([inf, 0, nan, 1, inf, 0, inf, 0]))
    np.testing.assert_array_equal(apply("tanh", x), np.float32([1, -1, nan, 0, 1, -1, 1, -1]))
    np.testing.assert_array_equal(apply("sign", x), np.float32([1, -1, nan, 0, 1, -1, 1, -1]))
    softplus = apply("softplus", x)
    np.testing.assert_array_equal(softplus[[0, 2, 6]], np.float32([inf, nan, 1e30]))
    assert np.all((softplus[[1, 5, 7]] >= 0) & (softplus[[1, 5, 7]] < 1e-34))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_lanes_do_not_change_a_bit(name):
    x = points(name)[::17]
    expected = apply(name, x, lanes=1)
    for lanes in (4, 8, 32):
        np.testing.assert_array_equal(apply(name, x, lanes=lanes), expected)


def test_constants_are_rounded_to_the_format():
    assert DOUBLE.constant(0.1, "number") == "0x3FB999999999999A"
    assert SINGLE.constant(0.1, "number") == "0x3FB99999A0000000"  # 0.1f, written as a double
    assert SINGLE.constant(1e300, "number") == DOUBLE.constant(np.inf, "number")
    assert (SINGLE.rounder, DOUBLE.rounder) == (1.5 * 2.0**23, 1.5 * 2.0**52)
