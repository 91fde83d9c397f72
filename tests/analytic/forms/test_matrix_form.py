"""Linear systems read as x' = A x + b."""

import sympy

from dydt.analytic.forms.matrix_form import matrix_form
from dydt.calculus.notation import text
from tests.analytic.families import posed


def test_first_order():
    system = matrix_form(posed("x' = 2*x - y + sin(t); y' = x + 1"))
    assert system.matrix == sympy.Matrix([[2, -1], [1, 0]])
    assert [text(b) for b in system.forcing] == ["sin(t)", "1"]
    assert system.is_driven


def test_higher_derivatives_become_states():
    system = matrix_form(posed("x'' = -2*x + y; y' = x'"))
    assert [text(s) for s in system.states] == ["x", "x'", "y"]
    assert system.matrix == sympy.Matrix([[0, 1, 0], [-2, 0, 1], [0, 1, 0]])


def test_derivatives_are_solved_for():
    system = matrix_form(posed("x' + y' = x; x' - y' = y"))
    assert 2 * system.matrix == sympy.Matrix([[1, 1], [1, -1]])


def test_what_is_not_of_this_form():
    for law in ("x' = x*y; y' = x", "x' = t*x; y' = y", "x' = sin(x); y' = y"):
        assert matrix_form(posed(law)) is None
