"""The kind of a law, and the term that decides it."""

import json

import pytest

import dydt


def kind(law, independent="t"):
    return dydt.ODE(law, independent=independent).classify()


def test_the_article_classifies_its_second_example():
    found = kind("t*y'' + y^2 = sin(t)")
    assert found.summary == "second order, non-linear, non-autonomous, implicit, variable coefficients"
    assert found.order.term == ""
    assert "y''" in found.order.reason
    assert found.linear.reason == "y^2 multiplies y by itself"
    assert found.linear.term == "y^2"
    assert found.explicit.reason == "the factor t stands in front of y''"
    assert found.coefficients.reason == "the factor t stands in front of y''"
    assert found.solvable.value
    assert "it fails at t = 0" in found.solvable.reason
    assert found.homogeneous.value is None


def test_the_article_classifies_its_first_example():
    found = kind("y' = 3*y")
    assert found.summary == "first order, linear, homogeneous, autonomous, explicit, constant coefficients"
    assert list(found.types)[:2] == ["separable", "linear of first order"]


@pytest.mark.parametrize(
    ("law", "type_", "says"),
    [
        ("y' = 2*y*t + t", "separable", "t, without y"),
        ("y' + y/t = t", "linear of first order", "q = t"),
        ("2*t + y^2 + 2*t*y*y' = 0", "exact", "2*y"),
        ("3*t*y + y^2 + (t^2 + t*y)*y' = 0", "with an integrating factor", "t"),
        ("t*y' = y + t*sin(y/t)", "homogeneous of degree 0", "v + sin(v)"),
        ("t*y' + y = t^2*y^2", "Bernoulli", "b*y^2"),
        ("y' + y = t*sqrt(y)", "Bernoulli", "b*sqrt(y)"),
        ("y' = 1 + t^2 - 2*t*y + y^2", "Riccati", "y^2"),
        ("y = t*y' + (y')^2", "Clairaut", "y'^2"),
        ("t^2*y'' - 2*t*y' - 4*y = 0", "Cauchy–Euler", "power of t"),
        ("t*y'' = 2*y'", "reducible order", "y itself"),
        ("y*y'' = (y')^2", "reducible order", "t is not in it"),
        ("y'' + 5*y' + 6*y = t", "constant coefficients", "r^2 + 5*r + 6"),
        ("y'' = -sin(y)", "Hamiltonian", "- cos(y)"),
        ("x' = y; y' = x - x^3", "Hamiltonian", "x^4/4"),
        ("x' = -2*x + y; y' = x - y^3", "gradient", "y^4/4"),
        ("x' = y; y' = -x", "linear with constant coefficients", "[0, 1; -1, 0]"),
    ],
)
def test_textbook_types_are_seen_with_what_makes_them_so(law, type_, says):
    found = kind(law).types
    assert type_ in found, list(found)
    assert says in found[type_].reason


@pytest.mark.parametrize(
    ("law", "not_of"),
    [
        ("y' = t + y^2", {"separable", "linear of first order", "Bernoulli", "exact"}),
        ("y' = y", {"Bernoulli", "Riccati", "Clairaut"}),
        ("t*y'' + y = 0", {"Cauchy–Euler", "constant coefficients", "Hamiltonian"}),
        ("x' = x - x*y; y' = x*y - y", {"Hamiltonian", "gradient"}),
        ("y'' = -y - y'", {"Hamiltonian"}),
    ],
)
def test_types_that_it_is_not_of(law, not_of):
    assert not not_of & set(kind(law).types)


@pytest.mark.parametrize(
    ("law", "answers"),
    [
        ("y' = y*sin(t) + 1", {"linear": True, "homogeneous": False, "coefficients": "variable"}),
        ("y' = y + sin(t)", {"linear": True, "coefficients": "constant", "autonomous": False}),
        ("y'' + y = 0", {"explicit": False, "solvable": True, "homogeneous": True}),
        ("y' = sin(y)", {"linear": False, "autonomous": True}),
        ("y*y' = t", {"linear": False, "explicit": False}),
        ("(y')^2 = 4*y", {"explicit": False, "solvable": False, "order": 1}),
        ("y' = cos(t*y)", {"linear": False, "coefficients": "variable"}),
        ("x'' = -x + y; y' = x", {"order": 2, "unknowns": 2, "linear": True}),
        ("x' = a*x - b*x*y; y' = d*x*y - g*y", {"linear": False, "coefficients": "constant"}),
    ],
)
def test_single_answers(law, answers):
    found = kind(law)
    assert {name: getattr(found, name).value for name in answers} == answers


def test_a_product_of_unknowns_is_named():
    assert kind("x' = a*x - b*x*y; y' = d*x*y - g*y").linear.reason == "x*y multiplies x by y"


def test_orders_are_given_for_each_unknown():
    assert kind("x'' = -x + y; y' = x").orders == {"x": 2, "y": 1}


def test_parameters_keep_their_names():
    found = dydt.ODE("y' = a*t*y", a=0.0).classify()
    assert found.coefficients.value == "variable"
    assert "a*t" in found.coefficients.reason


def test_functions_events_and_constraints_are_classified():
    spring = dydt.ODE(lambda t, y, p: [y[1], -p.k * y[0]], states="x v", k=1).classify()
    assert spring.linear.value
    assert "H = " in spring.types["Hamiltonian"].reason
    assert dydt.gallery.bouncing_ball().classify().linear.value
    pendulum = kind("x' = -x + z; 0 = z - x^2")
    assert not pendulum.explicit.value
    assert "constraint" in pendulum.explicit.reason
    assert not pendulum.solvable.value
    assert pendulum.solvable.reason.startswith("no equation has a derivative of z")


def test_every_gallery_law_is_classified():
    for name in ("lorenz", "pleiades", "hires", "kepler", "lotka-volterra", "van-der-pol"):
        found = getattr(dydt.gallery, name.replace("-", "_"))().classify()
        assert found.unknowns.value == len(found.orders)
        assert not found.linear.value


def test_it_is_text_latex_and_plain_data():
    found = kind("t*y'' + y^2 = sin(t)")
    assert "  implicit               the factor t stands in front of y''" in str(found).splitlines()
    assert max(map(len, str(found).splitlines())) <= 100
    told = json.loads(found.to_json())
    assert told["order"] == {"value": 2, "reason": "the highest derivative is y''", "term": ""}
    assert told["equations"] == ["t*y'' + y^2 = sin(t)"]
    assert found.to_latex().startswith(r"\begin{aligned}")
    assert found._repr_latex_().startswith("$$")
