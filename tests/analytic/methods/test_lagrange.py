"""y = t φ(y') + g(y'), against Ince (section 2.43) and Piaggio (chapter 5)."""

import pytest
import sympy

from tests.analytic.by_hand import curves, lost, refuses, solved


@pytest.mark.parametrize(
    ("law", "lines"),
    [
        ("y = 2*t*y' + (y')^2", {"0"}),
        ("y = t*(y')^2 + (y')^2", {"0", "t + 1"}),
        ("2*y = t*y' + t/y'", {"t", "-t"}),
        ("y = 2*t*y' - (y')^3", {"0"}),
        ("t*(y')^2 - 2*y*y' + 4*t = 0", {"2*t", "-2*t"}),
        ("y = t*(1 + y') + (y')^2", set()),
    ],
)
def test_solutions_and_straight_lines(law, lines):
    _, found = solved("lagrange", law)
    assert {sympy.expand(c) for c in lost(found)} == curves(*lines)


def test_parabolas():
    """Ince 2.43: t p^2 - 2 y p + 4 t = 0 has the parabolas t^2 = 4 C (y - C) … in one form or another."""
    _, found = solved("lagrange", "t*(y')^2 - 2*y*y' + 4*t = 0")
    t = sympy.Symbol("t", real=True)
    (C,) = found.constants
    assert sympy.expand(found.solutions[0].rhs - 2 * C - t**2 / (2 * C)) == 0


@pytest.mark.parametrize(
    "law",
    ["y' = y", "y = t*y' + (y')^2", "y'' = t*y'", "y = t^2*y' + y'", "t*(y')^2 = 4*y", "x' = y; y' = x"],
)
def test_other_equations_are_refused(law):
    assert refuses("lagrange", law)
