"""A forcing taken apart into polynomials times exponentials and waves."""

import pytest
import sympy

from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.forms.forcing import Group, groups, vector_groups
from dydt.expr.read import read
from dydt.expr.sympy import to_sympy

t = sympy.Symbol("t", real=True)


def parts(text):
    found = groups(to_sympy(read(text)), t)
    return None if found is None else {(g.alpha, g.beta): (g.cosine, g.sine) for g in found}


def test_the_parts():
    half = sympy.Rational(1, 2)
    assert parts("3*exp(2*t)") == {(2, 0): (3, 0)}
    assert parts("t*exp(-t)*cos(2*t) + sin(t)") == {(-1, 2): (t, 0), (0, 1): (0, 1)}
    assert parts("sin(t)^2") == {(0, 0): (half, 0), (0, 2): (-half, 0)}
    assert parts("cosh(t)") == {(1, 0): (half, 0), (-1, 0): (half, 0)}
    assert parts("exp(t)*exp(2*t)") == {(3, 0): (1, 0)}
    assert parts("0") == {}


@pytest.mark.parametrize(
    "text",
    [
        "sin(t)*cos(3*t)",
        "sin(t + 1)*exp(1 - t)",
        "t^2*exp(t)*sin(t)^3",
        "cos(t)*cosh(t)",
        "2^t*t",
        "a*sin(-w*t)",
    ],
)
def test_the_parts_add_up(text):
    whole = to_sympy(read(text))
    assert is_zero(sum(g.expression for g in groups(whole, t)) - whole)


@pytest.mark.parametrize(
    "text", ["tan(t)", "1/t", "sqrt(t)", "exp(t^2)", "log(t)", "1/(1 + exp(t))", "sin(t)^40"]
)
def test_others_are_refused(text):
    assert parts(text) is None


def test_the_derivative_of_a_group():
    group = Group(t, sympy.Integer(-1), sympy.Integer(2), t**2, 3 * t)
    assert is_zero(group.derivative().expression - sympy.diff(group.expression, t))
    assert group.degree == 2


def test_vectors():
    found = vector_groups([2 * sympy.exp(-t), 3 * t], t)
    assert set(found) == {(-1, 0), (0, 0)}
    assert [g.cosine for g in found[-1, 0]] == [2, 0]
    assert vector_groups([t, sympy.tan(t)], t) is None
