"""Exact linear structure."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dydt.expr.evaluate import evaluate
from dydt.expr.graph import apply, number, symbol, where
from dydt.expr.linear import NotLinear, collect, determinant

u, v, x = symbol("u"), symbol("v"), symbol("x")
UNKNOWNS = {"u": None, "v": None}


@pytest.mark.parametrize(
    "node",
    [u, x, 3 * u - v / x + x, -(u + 1) * x, x * (2 * (u - v) - 1), (u + v) / (x + 1), where(x > 0, u, 2 * v + 1),
     apply("sin", x) * u - apply("exp", x)],
)  # fmt: skip
def test_parts_make_the_whole(node):
    coefficients, rest = collect(node, UNKNOWNS)
    values = {"u": 0.3, "v": -1.7, "x": 0.9}
    whole = evaluate(rest, values) + sum(
        evaluate(c, values) * values[name] for name, c in coefficients.items()
    )
    assert whole == pytest.approx(evaluate(node, values))


@pytest.mark.parametrize(
    "node",
    [
        u**2,
        u * v,
        x / u,
        apply("sin", u),
        where(u > 0, u, x),
        apply("abs", u),
        apply("pow", x, u),
        u * u - u * u,
    ],
)
def test_not_linear(node):
    with pytest.raises(NotLinear, match="u"):
        collect(node, UNKNOWNS)


def test_what_holds_no_unknown_is_left_alone():
    node = (x - x) * 0 + 0 * x
    assert collect(node, UNKNOWNS) == ({}, node)


@settings(max_examples=50, deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda n: st.lists(st.lists(st.integers(-5, 5), min_size=n, max_size=n), min_size=n, max_size=n)
    )
)
def test_determinant(rows):
    import numpy as np

    ours = determinant([[number(entry) for entry in row] for row in rows])
    assert evaluate(ours) == pytest.approx(np.linalg.det(np.array(rows)), abs=1e-9)
