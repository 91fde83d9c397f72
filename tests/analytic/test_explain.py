"""Laws solved by hand: initial values, branches, intervals, what was lost, and what has no closed form."""

import json
import time

import numpy as np
import pytest
import sympy

import dydt


def explain(law, t=None, **named):
    return dydt.ODE(law).explain(t, **named)


def test_the_first_equation_of_the_article():
    found = explain("y' = 3*y")
    assert found.solved
    assert found.verified
    assert found.method == "separable"
    assert found.text == "y = C*exp(3*t)"
    assert found.latex == "y = C e^{3 t}"
    assert all(step.says for step in found.steps)
    assert len(found.steps) >= 3


def test_the_second_equation_of_the_article():
    found = explain("y' = 2*y*t + t", y=0)
    assert found.text == "y = (exp(t^2) - 1)/2"
    assert str(found.interval) == "all t"
    assert found.constants == {"C": sympy.Rational(1, 2)}
    assert found.native.agrees
    times = np.linspace(-1, 1.5, 7)
    assert found(times) == pytest.approx((np.exp(times**2) - 1) / 2, rel=1e-14)


def test_the_interval_ends_at_a_pole_and_lost_solutions_are_kept():
    found = explain("y' = y^2", y=1)
    assert (found.text, str(found.interval)) == ("y = 1/(1 - t)", "t < 1")
    assert [str(equation.rhs) for equation in found.lost] == ["0"]
    rest = explain("y' = y^2", y=0)
    assert (rest.text, str(rest.interval)) == ("y = 0", "all t")


@pytest.mark.parametrize(
    ("law", "t", "initial", "interval"),
    [
        ("y' = 1 + y^2", 0, {"y": 0}, "-pi/2 < t < pi/2"),
        ("t*y' + 2*y = 4*t^2", 1, {"y": 2}, "t > 0"),
        ("y' = -t/y", 4, {"y": -3}, "-5 < t < 5"),
        ("y' = y*(1 - y)", 0, {"y": 2}, "t > -log(2)"),
        ("y' = sqrt(1 - y^2)", 0, {"y": 0}, "-pi/2 < t < pi/2"),
        ("y' = cos(t)*y^2", 0, {"y": 2}, "-7*pi/6 < t < pi/6"),
        ("y' = exp(-y)", 0, {"y": 0}, "t > -1"),
        ("y'' + y = 1/cos(t)", 0, {"y": 0, "y'": 1}, "-pi/2 < t < pi/2"),
        ("y' = 1/y", 0, {"y": 0}, "t > 0"),
    ],
)
def test_intervals(law, t, initial, interval):
    assert str(explain(law, t, values=initial).interval) == interval


def test_the_branch_is_chosen_by_the_initial_value():
    assert explain("y' = -t/y", 4, y=-3).text == "y = -sqrt(25 - t^2)"
    assert explain("y' = -t/y", 4, y=3).text == "y = sqrt(25 - t^2)"


def test_several_solutions_through_one_point():
    found = explain("y' = 3*y^(2/3)", y=0)
    texts = {found.text, *(" ".join(map(str, row)) for row in found.others)}
    assert "y = t^3" in texts
    assert len(texts) == 2
    assert "do not determine one solution" in found.message


def test_a_start_where_the_law_is_singular():
    none = explain("y' = y/t", y=1)
    assert not none.solved
    assert none.solution is None
    assert "singular" in none.message
    many = explain("y' = y/t", y=0)
    assert many.text == "y = C*t"
    assert many.free == ["C"]


def test_initial_values_of_the_law_and_exact_ones():
    assert explain("y' = y; y(1) = 2").text == "y = 2*exp(t - 1)"
    assert explain("y'' = -y; y(0) = 1; y'(0) = 0").text == "y = cos(t)"
    assert explain("y' = cos(t)", "pi/2", y="1/3").solution.rhs.subs("t", 0) is not None
    assert explain("y' = 0*y", y="1/3").solution.rhs == sympy.Rational(1, 3)


def test_parameters_with_and_without_values():
    assert explain("y' = a*y", y=1).text == "y = exp(a*t)"
    found = explain("y' = a*y", y=1, a=2)
    assert found.text == "y = exp(2*t)"
    assert found.native.agrees
    assert explain("y' = a*y", y=1)(1.0, a=2.0) == pytest.approx(np.exp(2))


def test_systems():
    found = explain("x' = 2*x; y' = 3*y + x", x=1, y=0)
    times = np.array([0.0, 0.5])
    assert found(times) == pytest.approx(
        np.stack([np.exp(2 * times), np.exp(3 * times) - np.exp(2 * times)], axis=-1), abs=1e-12
    )
    assert found.native.agrees
    assert found.constants


def test_relations_are_followed_from_the_start():
    # Boyce & DiPrima 2.2: y - y^3/3 = x^3/3 + C can't be solved for y in short.
    found = explain("y' = t^2/(1 - y^2)", y=0)
    times = np.array([-0.5, 0.0, 0.5])
    y = found(times)
    assert y - y**3 / 3 == pytest.approx(times**3 / 3, abs=1e-12)


def test_wrong_steps_and_wrong_answers_never_get_through(monkeypatch):
    from dydt.analytic import search as driver
    from dydt.analytic.initial_values import read
    from dydt.analytic.methods import METHODS, separable
    from dydt.analytic.problem import Found, problem
    from dydt.calculus.notation import Step

    ode = dydt.ODE("y' = 3*y")
    known, initial, start = read(ode, None, {})
    asked = problem(ode.equations, known, initial, start)
    (C,) = asked.constants(1)
    wrong = Found(
        "separable", "a mistake", (sympy.Eq(asked.y, C * sympy.exp(2 * asked.independent)),), (), (C,)
    )
    monkeypatch.setattr(separable, "solve", lambda problem: wrong)
    outcome = driver.search(asked, METHODS, 10.0)
    assert outcome.found.method != "separable"
    assert "does not solve" in outcome.tried["separable"]

    right = Found("separable", "a slip", (sympy.Eq(asked.y, C * sympy.exp(3 * asked.independent)),), (), (C,))
    slip = Step("Two is three", sympy.Eq(asked.y, C, evaluate=False), lambda: False)
    monkeypatch.setattr(separable, "solve", lambda problem: driver.replace(right, steps=(slip,)))
    outcome = driver.search(asked, METHODS, 10.0)
    assert outcome.found.method != "separable"
    assert "does not hold" in outcome.tried["separable"]


def test_steps_without_a_check_of_their_own_are_looked_at_along_the_solution():
    from dydt.analytic.checks import recheck
    from dydt.analytic.problem import Found, problem
    from dydt.calculus.notation import Step
    from dydt.expr.parse import parse

    asked = problem(parse("y' = 3*y"), {}, {})
    t, (y, slope), (C,) = asked.independent, asked.letters, asked.constants(1)
    found = Found("separable", "", (sympy.Eq(asked.y, C * sympy.exp(3 * t)),), (), (C,))
    right = [
        sympy.Eq(slope / y, 3),
        sympy.Eq(sympy.Integral(1 / y, y), sympy.Integral(3, t), evaluate=False),
        sympy.Eq(sympy.log(abs(y)), 3 * t + C),
        sympy.Eq(y, 0),
    ]
    wrong = [sympy.Eq(slope, 2 * y), sympy.Eq(sympy.log(abs(y)), 2 * t + C), sympy.Eq(y, 1)]
    looked = recheck(asked, found, [Step("", formula) for formula in (*right, *wrong)])
    assert [step.checked for step in looked] == [True] * len(right) + [False] * len(wrong)


def test_a_teacher_chooses_the_method():
    law = dydt.ODE("y' = 2*y*t + t")
    assert law.explain().method == "separable"
    found = law.explain(y=0, method="linear")
    assert (found.title, found.text) == ("the integrating factor", "y = (exp(t^2) - 1)/2")
    assert any("μ" in step.text for step in found.steps)
    assert law.explain(method="Integrating factor").method == "integrating factor"
    assert dydt.ODE("y'' + y = t").explain(method="variation of parameters").solved
    other = dydt.ODE("y' = y^2").explain(method="linear")
    assert not other.solved
    assert "not of its type" in other.message
    with pytest.raises(dydt.InputError, match="did you mean `linear`"):
        law.explain(method="linaer")


def test_constants_are_not_called_like_the_parameters():
    # R q' + q/C = V and L q'' + R q' + q/C = 0 have a capacity C of their own.
    first = explain("R*q' + q/C = V")
    assert [c.name for c in first.outcome.found.constants] == ["K"]
    second = explain("L*q'' + R*q' + q/C = 0")
    assert [c.name for c in second.outcome.found.constants] == ["K1", "K2"]
    third = explain("y'' = C1*y")
    assert not {"C1", "C2"} & {c.name for c in third.outcome.found.constants}


def test_a_damped_spring_in_letters_tells_the_three_cases():
    found = explain("m*u'' + c*u' + k*u = 0")
    told = str(found)
    assert "c^2 - 4*k*m > 0" in told
    assert "oscillation" in told
    assert "t times the first" in " ".join(told.split())


def test_no_closed_form_is_an_answer():
    found = explain("x' = a*x - b*x*y; y' = d*x*y - g*y", x=1, y=1, time_limit=3)
    assert not found.solved
    assert found.solution is None
    assert found.method is None
    assert "no closed form found" in found.message
    assert "ode.solve" in found.message
    with pytest.raises(dydt.InputError, match="no closed form"):
        found(1.0)


@pytest.mark.parametrize("law", ["y' = exp(t*y) + sin(y^2)", "y'' + t*sin(y) = cos(t)*y^3"])
def test_what_hangs_is_stopped(law):
    began = time.monotonic()
    found = dydt.ODE(law).explain(time_limit=2)
    assert not found.solved
    assert time.monotonic() - began < 5


def test_dsolve_is_asked_last_and_marked():
    from dydt.analytic.initial_values import read
    from dydt.analytic.problem import problem
    from dydt.analytic.search import search

    ode = dydt.ODE("y' = 3*y")
    asked = problem(ode.equations, *read(ode, None, {}))
    outcome = search(asked, ["dsolve"], 20.0)
    assert outcome.found.method == "dsolve"
    assert outcome.found.steps == ()
    assert "without steps" in outcome.found.title


@pytest.mark.parametrize(
    ("law", "named", "says"),
    [
        ("y' = y", {"z": 1}, "no `z`"),
        ("y'' = y", {"y": 1}, "`y'` is needed"),
        ("y' = y", {"y": "one"}, "takes a number"),
        ("y' = y", {"y": float("nan")}, "finite"),
        ("y' = y", {"t": (0, 1), "y": 1}, "one number"),
    ],
)
def test_bad_input(law, named, says):
    with pytest.raises(dydt.InputError, match=says):
        dydt.ODE(law).explain(**named)


def test_two_unknown_functions_need_two_equations():
    with pytest.raises(dydt.LawError, match="1 equation for 2"):
        dydt.ODE("x'' + y' = sin(t)")


def test_constants_that_are_missing_or_unknown_are_named():
    found = explain("y' = 3*y")
    with pytest.raises(dydt.InputError, match="still has C"):
        found(1.0)
    with pytest.raises(dydt.InputError, match="no `D`"):
        found(1.0, D=1)
    assert found(1.0, C=2) == pytest.approx(2 * np.exp(3))


def test_it_is_text_latex_and_plain_data():
    found = explain("y' = 2*y*t + t", y=0)
    text = str(found)
    assert max(map(len, text.splitlines())) <= 100
    assert "y = (exp(t^2) - 1)/2" in text
    assert "for all t" in text
    assert "Separation of variables" in text
    told = json.loads(found.to_json())
    assert told["solution"] == ["y = (exp(t^2) - 1)/2"]
    assert told["solved"]
    assert told["verified"]
    assert told["interval"] == {"text": "all t", "low": None, "high": None}
    assert found._repr_latex_().startswith(r"$$\begin{aligned}")
    assert r"\boxed" in found.to_latex()


def test_the_picture_has_the_curve_the_native_points_and_the_start():
    picture = explain("y' = y^2", y=1).plot()
    axes = picture.axes[0]
    curve, marks, *_ = axes.lines
    assert len(curve.get_xdata()) > 100
    assert max(curve.get_xdata()) < 1
    x, y = np.asarray(marks.get_xdata()), np.asarray(marks.get_ydata())
    assert y == pytest.approx(1 / (1 - x), rel=1e-6)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        r"$y = \frac{1}{1 - t}$",
        "native solver",
    ]


def test_the_picture_of_a_family_has_its_members():
    picture = explain("y' = 3*y").plot(dark=True)
    labels = [text.get_text() for text in picture.axes[0].get_legend().get_texts()]
    assert labels[0] == "$C = -2$"
    assert len(labels) == 7
    with pytest.raises(dydt.InputError, match="more than one constant"):
        explain("y'' = -y").plot()
