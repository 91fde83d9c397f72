"""Clairaut's equation, against Ince (section 2.44), Zill (2.5), Piaggio (chapter 5) and Kreyszig (1.5)."""

import pytest
import sympy

from dydt.expr.read import read
from dydt.expr.sympy import to_sympy
from tests.analytic.by_hand import curves, lost, refuses, solved

BOOKS = [
    ("y = t*y' + (y')^2", {"C*t + C^2"}, {"-t^2/4"}),  # Ince
    ("y = t*y' + 1 - (y')^2", {"C*t + 1 - C^2"}, {"1 + t^2/4"}),  # Ross
    ("y = t*y' + 1 - log(y')", {"C*t + 1 - log(C)"}, {"2 + log(t)"}),  # Zill
    ("y = t*y' + 1/y'", {"C*t + 1/C"}, {"2*sqrt(t)", "-2*sqrt(t)"}),  # Piaggio
    ("y = t*y' - (y')^2/4", {"C*t - C^2/4"}, {"t^2"}),
    ("(y')^2 - t*y' + y = 0", {"C*t - C^2"}, {"t^2/4"}),  # Kreyszig 1.5
    ("y = t*y' + sqrt(1 + (y')^2)", {"C*t + sqrt(1 + C^2)"}, {"sqrt(1 - t^2)"}),  # Ince: the circle
    ("y = t*y' + exp(y')", {"C*t + exp(C)"}, {"t*log(-t) - t"}),
]


@pytest.mark.parametrize(("law", "lines", "envelope"), BOOKS)
def test_lines_and_the_curve_they_touch(law, lines, envelope):
    _, found = solved("clairaut", law)
    assert {s.rhs for s in found.solutions} == {to_sympy(read(line)) for line in lines}
    assert lost(found) == curves(*envelope)


def test_two_families_of_lines():
    _, found = solved("clairaut", "(y - t*y')^2 = 1 + (y')^2")
    t = sympy.Symbol("t", real=True)
    assert len(found.solutions) == 2
    assert lost(found) == {sympy.sqrt(1 - t**2), -sympy.sqrt(1 - t**2)}


def test_it_is_differentiated_on_the_board():
    _, found = solved("clairaut", "y = t*y' + (y')^2")
    assert any("Differentiate" in step.says for step in found.steps)
    assert any("singular" in step.says for step in found.steps)


@pytest.mark.parametrize(
    "law", ["y' = y", "y = 2*t*y' + (y')^2", "y'' = t*y'", "x' = y; y' = x", "y = t*(y')^2"]
)
def test_other_equations_are_refused(law):
    assert refuses("clairaut", law)
