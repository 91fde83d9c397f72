"""An equation solved for its unknown: put back, each branch gives the target."""

import pytest
import sympy
from sympy import asin, atan, cos, exp, log, sin, sqrt, tan

from dydt.analytic.algebra.isolate import isolate
from tests.analytic.by_hand import vanishes

y, s = sympy.symbols("y s", real=True)


@pytest.mark.parametrize(
    ("left", "count"),
    [
        (3 * y - 5, 1),
        (y**2 - 2 * y, 2),
        (1 / y + 1, 1),
        ((y - 1) / (y + 1), 1),
        (y + 1 / y, 2),
        (y**4 - 2 * y**2, 4),
        (2 * sqrt(y) - 1, 1),
        (y + sqrt(y), 2),
        (exp(2 * y) - exp(y), 2),
        (log(sympy.Abs(y)), 2),
        (atan(2 * y), 1),
        (tan(y / 2), 1),
        (sin(y), 2),
        (cos(y), 2),
        (asin(y - 1), 1),
        (y**3, 2),
        (y ** sympy.Rational(2, 3), 1),
        (1 / y**2, 2),
        (y / sqrt(1 + y**2), 2),
    ],
)
def test_each_branch_gives_the_target(left, count):
    branches = isolate(left, s, y)
    assert len(branches) == count
    good = [vanishes(left.subs(y, branch) - s) for branch in branches]
    # a square root has one sign: squaring adds a branch that the callers test
    assert all(good) or (left.has(sqrt(y), sqrt(1 + y**2)) and any(good))


def test_the_odd_root_of_a_negative_number_is_real():
    values = [branch.subs(s, -8) for branch in isolate(y**3, s, y)]
    assert -2 in values


def test_what_cannot_be_said_is_empty():
    assert isolate(y + exp(y), s, y) == []
    assert isolate(y**5 + y, s, y) == []
    assert isolate(s**2, s, y) == []
