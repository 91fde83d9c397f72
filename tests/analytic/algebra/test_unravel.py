"""H(y) = G(t) + C solved for y, with logarithms undone together."""

import sympy
from sympy import Abs, atan, exp, log

from dydt.analytic.algebra.unravel import cleared, unravel
from tests.analytic.by_hand import vanishes

y, t, C = sympy.symbols("y t C", real=True)


def test_the_constant_becomes_a_factor():
    assert unravel(log(Abs(y)) / 3, t, y, C).branches == (C * exp(3 * t),)
    assert unravel(log(Abs(2 * y + 1)) / 2, t**2 / 2, y, C).branches == (
        C * exp(t**2) - sympy.Rational(1, 2),
    )


def test_several_logarithms_make_one_product():
    found = unravel(log(Abs(y)) - log(Abs(y - 1)), t, y, C)
    (branch,) = found.branches
    relation = found.relation.subs(y, branch)
    assert vanishes(sympy.diff(relation, t))


def test_powers_of_time_that_are_not_whole_are_of_its_size():
    assert unravel(log(Abs(y)), log(Abs(t)) / 2, y, C).branches == (C * sympy.sqrt(Abs(t)),)


def test_without_logarithms_the_inverse_is_taken():
    assert unravel(atan(y), t, y, C).branches == (sympy.tan(t + C),)


def test_branches_that_do_not_hold_are_left_out():
    def holds(branch):
        return branch == -sympy.sqrt(C + t)

    assert unravel(y**2, t, y, C, holds).branches == (-sympy.sqrt(C + t),)


def test_what_cannot_be_solved_stays_a_relation():
    found = unravel(y**2 + log(Abs(y)), sympy.sin(t), y, C)
    assert found.branches == ()
    assert vanishes(found.relation - y**2 - log(Abs(y)) + sympy.sin(t))


def test_fractions_are_cleared():
    assert cleared(y / 2 - y**3 / 6 + 5) == -(y**3) + 3 * y
