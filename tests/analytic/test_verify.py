"""Solutions are put into their equations; what is none leaves something over."""

import pytest
import sympy

from dydt.analytic.problem import problem
from dydt.analytic.verify import derivative, verify
from dydt.expr.parse import parse

C, C1, C2 = sympy.symbols("C C1 C2", real=True)


def posed(law, initial=None, start=0.0):
    return problem(parse(law), {}, initial or {}, start)


def put_in(law, make, near=None):
    asked = posed(law)
    formula = make(asked.independent)
    return verify(asked, [sympy.Eq(asked.y, formula, evaluate=False)], near=near)


def test_a_right_formula_is_verified_exactly():
    found = put_in("y'' + y = 0", lambda t: C1 * sympy.cos(t) + C2 * sympy.sin(t))
    assert found.exact
    assert found.everywhere
    assert found.points >= 4


@pytest.mark.parametrize("error", [1e-6, -1e-3, 0.5])
def test_a_slightly_wrong_formula_is_refused(error):
    wrong = 3 + sympy.Rational(error)
    assert put_in("y' = 3*y", lambda t: C * sympy.exp(wrong * t)) is None


def test_a_formula_that_is_right_on_a_branch_says_so():
    found = put_in("y' = t*sqrt(y)", lambda t: (t**2 / 4 + C) ** 2)
    assert found is not None
    assert not found.everywhere


def test_near_a_point_the_branch_must_fit():
    rising = put_in("y' = sqrt(1 - y^2)", sympy.sin, near=0)
    falling = put_in("y' = sqrt(1 - y^2)", sympy.sin, near=3)
    assert rising is not None
    assert falling is None


def test_a_solution_may_begin_at_a_point():
    found = put_in("y' = 1/y", lambda t: sympy.sqrt(2 * t), near=0)
    assert found is not None
    assert not found.everywhere


def test_a_relation_is_verified_as_it_stands():
    asked = posed("y' = -t/y")
    t, y = asked.independent, asked.y
    assert verify(asked, [sympy.Eq(t**2 + y**2, C)]) is not None
    assert verify(asked, [sympy.Eq(t**2 + 2 * y**2, C)]) is None


def test_a_relation_of_second_order():
    asked = posed("y*y'' + (y')^2 = 0")
    t, y = asked.independent, asked.y
    assert verify(asked, [sympy.Eq(y**2, C1 * t + C2)]) is not None
    assert verify(asked, [sympy.Eq(y**3, C1 * t + C2)]) is None


def test_systems_need_every_unknown():
    asked = posed("x' = y; y' = -x")
    t, (x, y) = asked.independent, asked.unknowns
    good = [sympy.Eq(x, C * sympy.sin(t)), sympy.Eq(y, C * sympy.cos(t))]
    assert verify(asked, good).exact
    assert verify(asked, good[:1]) is None
    assert verify(asked, [good[0], sympy.Eq(y, -C * sympy.cos(t))]) is None


def test_integrals_without_a_closed_form_are_put_in_too():
    u = sympy.Symbol("u", real=True)

    def formula(t):
        return sympy.exp(t**2) * (C + sympy.Integral(sympy.exp(-(u**2)), (u, 0, t)))

    assert put_in("y' = 1 + 2*t*y", formula) is not None


def test_a_law_in_pieces_is_not_solved_by_one_piece():
    assert put_in("y' = if(t < 1, 1, 2)*y", lambda t: C * sympy.exp(t)) is None


@pytest.mark.parametrize("law", ["y' = y", "y'' = -y"])
def test_what_cannot_be_put_in_is_no_solution(law):
    asked = posed(law)
    nonsense = [sympy.Eq(asked.y, sympy.Function("f")(asked.independent))]
    assert verify(asked, nonsense) is None


def test_derivatives_away_from_corners():
    t = sympy.Symbol("t", real=True)
    found = derivative(sympy.log(abs(sympy.sin(t) - 1)) * sympy.cos(t), t)
    assert found.subs(t, 1).evalf() == pytest.approx(
        float((sympy.log(1 - sympy.sin(t)) * sympy.cos(t)).diff(t).subs(t, 1).evalf()), abs=1e-14
    )
