"""Triangular systems, solved equation by equation."""

import pytest

from dydt.calculus.notation import text
from dydt.expr.read import read
from dydt.expr.sympy import to_sympy
from tests.analytic.families import holds, refuses, solved, solves

METHOD = "triangular_system"


@pytest.mark.parametrize(
    "law, book",
    [
        ("t*x' = x; t*y' = x + 2*y", ("C1*t", "-C1*t + C2*t^2")),
        ("x' = t*x; y' = y/t", ("C1*exp(t^2/2)", "C2*t")),
        (
            "x' = 2*x; y' = x + y; z' = y - z",
            ("C1*exp(2*t)", "C1*exp(2*t) + C2*exp(t)", "C1*exp(2*t)/3 + C2*exp(t)/2 + C3*exp(-t)"),
        ),
        ("x'' = -x; y' = x", ("C1*cos(t) + C2*sin(t)", "C1*sin(t) - C2*cos(t) + C3")),
    ],
)  # fmt: skip
def test_linear_ones(law, book):
    asked, found = solved(METHOD, law)
    assert holds(asked, found, *book)


def test_others():
    """x' = x(1 - x), y' = x y: the logistic curve and its integral."""
    asked, found = solved(METHOD, "x' = x*(1 - x); y' = x*y")
    assert solves(asked, [to_sympy(read(f)) for f in ("1/(1 + C1*exp(-t))", "C2*(C1 + exp(t))")])
    _, found = solved(METHOD, "x' = x; y' = x*y")
    assert [text(e) for e in found.solutions] == ["x = C1*exp(t)", "y = C2*exp(C1*exp(t))"]


def test_coupled_ones_are_refused():
    assert refuses(METHOD, "x' = y; y' = x", "y' = y", "x' = x*y; y' = x + y")
