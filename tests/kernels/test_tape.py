"""The tape: each thing once, powers as products, fused sums, and what is constant before the loop."""

import math

import numpy as np
import pytest

from dydt.expr.graph import symbol
from dydt.kernels.numpy import evaluate, numpy_function
from dydt.kernels.tape import Tape

x, y, a = symbol("x"), symbol("y"), symbol("a")


class Operations(dict):
    """The oracle's functions, and those only a tape has."""

    def __missing__(self, name):
        return numpy_function(name)


PLAIN = Operations(
    number=float,
    fma=lambda p, q, r: p * q + r,
    fms=lambda p, q, r: p * q - r,
    fnma=lambda p, q, r: r - p * q,
)


def run(tape, inputs):
    return tape.run(PLAIN, inputs, tape.run_prelude(PLAIN, inputs))


def names(tape):
    return [row.operation for row in tape.rows]


@pytest.mark.parametrize("n", [-7, -2.5, -2, -1.5, -1, -0.5, 0.5, 1.5, 2, 3, 4.5, 7, 32])
def test_powers_become_products_and_roots(n):
    tape = Tape([x**n], ["x"])
    assert "pow" not in names(tape)
    value = 1.37
    (found,) = run(tape, {"x": value})
    assert found == pytest.approx(value**n, rel=4e-15)


@pytest.mark.parametrize("n", [0.3, 33, 1e9, -2.25])
def test_other_powers_stay(n):
    assert "pow" in names(Tape([x**n], ["x"]))


def test_even_powers_of_what_may_be_negative():
    (found,) = run(Tape([(x - y) ** 2 + (y - x) ** 3], "xy"), {"x": 2.0, "y": 5.0})
    assert found == 9.0 + 27.0


def test_a_difference_is_computed_once_whichever_way_round():
    tape = Tape([a * (x - y), (y - x) * x, (x - y) ** 2], "xy")
    assert names(tape).count("sub") == 1
    inputs = {"x": 1.25, "y": 3.5, "a": 2.0}
    assert run(tape, inputs) == evaluate([a * (x - y), (y - x) * x, (x - y) ** 2], inputs)


def test_commuted_products_are_one():
    assert names(Tape([x * y + a, y * x - a], "xy")).count("mul") == 1


def test_shared_denominators_are_inverted_once():
    r = (x**2 + y**2) ** 1.5
    tape = Tape([x / r, y / r], "xy")
    assert names(tape).count("div") == 1
    inputs = {"x": 0.3, "y": 0.4}
    assert np.allclose(run(tape, inputs), evaluate([x / r, y / r], inputs), rtol=1e-15)
    assert names(Tape([x / y], "xy")).count("div") == 1


def test_products_that_are_only_added_are_fused():
    tape = Tape([x * y + a, x - a * y], "xy")
    assert names(tape).count("fma") == 1
    assert names(tape).count("fnma") == 1
    assert "mul" not in names(tape)
    shared = Tape([x * y + a, x * y], "xy")
    assert "fma" not in names(shared)


def test_what_does_not_change_is_in_the_prelude():
    tape = Tape([(a**2 + 1) * x], ["x"])
    assert tape.work == 1
    (found,) = run(tape, {"x": 3.0, "a": 2.0})
    assert found == 15.0
    assert "once" in str(tape)


def test_a_deep_sum_needs_no_recursion():
    total = x
    for i in range(20_000):
        total = total + (y if i % 2 else x)
    (found,) = run(Tape([total], "xy"), {"x": 1.0, "y": 0.0})
    assert found == 10_001
    assert math.isfinite(found)
