"""Numbers beside a constant are taken into it, and the family stays the same."""

import pytest
import sympy

from dydt.analytic.algebra.absorb import absorb

t, C = sympy.symbols("t C", real=True)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (2 * C + t, C + t),
        (sympy.sqrt(t**2 + 2 * C + 1), sympy.sqrt(t**2 + C)),
        (1 / (-C - t), 1 / (C - t)),
        (sympy.exp(t) * C / 3, sympy.exp(t) * C),
        (C * t + C**2, C * t + C**2),
        (2 * C * t + C, 2 * C * t + C),
        (t, t),
    ],
)
def test_it_is_written_shortly(formula, expected):
    assert absorb([formula], C) == [expected]


def test_branches_keep_the_same_constant():
    one, other = absorb([t + 2 * C, t - 2 * C], C)
    assert (one, other) == (t + 2 * C, t - 2 * C)
