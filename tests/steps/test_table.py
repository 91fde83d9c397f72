"""Steps in the open: tables by hand, the native solver's numbers, orders, and words."""

import json
from fractions import Fraction

import numpy as np
import pytest

import dydt
from dydt.errors import InputError, SolveError
from dydt.steps.table import measured_order
from dydt.steps.words import fraction

GROWTH = "y' = 3*y"


def grown(method, h, t=(0, 2), **options):
    return dydt.ODE(GROWTH).steps(method, h, t, y=1, exact=False, **options)


def factor(method, z):
    """One step on y' = λy multiplies y by this, z = hλ."""
    return {
        "euler": 1 + z,
        "heun": 1 + z + z**2 / 2,
        "midpoint": 1 + z + z**2 / 2,
        "ralston": 1 + z + z**2 / 2,
        "rk4": 1 + z + z**2 / 2 + z**3 / 6 + z**4 / 24,
    }[method]


@pytest.mark.parametrize("h", [Fraction(1, 2), Fraction(1, 5), Fraction(1, 10)])
@pytest.mark.parametrize("method", ["euler", "heun", "midpoint", "ralston", "rk4"])
def test_the_tables_of_the_article_in_exact_fractions(method, h):
    run = grown(method, float(h)).runs[0]
    wanted = [float(factor(method, 3 * h) ** i) for i in range(int(2 / h) + 1)]
    assert run.y[:, 0] == pytest.approx(wanted, rel=1e-13)
    assert run.t == pytest.approx([float(h * i) for i in range(len(wanted))], abs=1e-14)
    assert run.exact[:, 0] == pytest.approx(np.exp(3 * run.t), rel=1e-11)
    assert run.error == pytest.approx(abs(wanted[-1] - np.exp(6)), rel=1e-9)


def test_the_slopes_of_rk4_by_hand():
    # y' = 3y, y(0) = 1, h = 1/2: k₁ = 3, k₂ = 3(1 + 3/4) = 21/4, k₃ = 3(1 + 21/16) = 111/16, k₄ = 3(1 + 111/32).
    step = grown("rk4", 0.5).runs[0].steps[0]
    assert [stage.k[0] for stage in step.stages] == [3.0, 21 / 4, 111 / 16, 429 / 32]
    assert [stage.t for stage in step.stages] == [0.0, 0.25, 0.25, 0.5]
    assert step.y_end[0] == pytest.approx(1 + (3 + 2 * 21 / 4 + 2 * 111 / 16 + 429 / 32) / 12, rel=1e-15)


@pytest.mark.parametrize(
    ("method", "h", "published"),
    [
        # W. E. Boyce, R. C. DiPrima, Elementary Differential Equations, ch. 8: y' = 1 - t + 4y, y(0) = 1; tables
        # 8.1.1 (Euler), 8.2.1 (improved Euler) and 8.3.1 (Runge–Kutta), at t = 1; exact 64.897803.
        ("euler", 0.1, 34.411490),
        ("euler", 0.05, 45.588400),
        ("heun", 0.1, 59.938223),
        ("heun", 0.05, 63.424698),
        ("rk4", 0.2, 64.441579),
        ("rk4", 0.1, 64.858107),
        ("rk4", 0.05, 64.894875),
    ],
)
def test_boyce_and_diprima(method, h, published):
    made = dydt.ODE("y' = 1 - t + 4*y").steps(method, h, (0, 1), y=1, exact=False)
    assert made.runs[0].y[-1, 0] == pytest.approx(published, rel=2e-7)
    assert made.runs[0].exact[-1, 0] == pytest.approx(64.897803, rel=1e-8)


@pytest.mark.parametrize("method", ["euler", "midpoint", "heun", "ralston", "rk4"])
@pytest.mark.parametrize("h", [0.1, 0.3])
def test_the_same_as_the_kernels_to_rounding(method, h):
    law = dydt.gallery.lotka_volterra()
    run = law.steps(method, h, (0, 3), exact=False).runs[0]
    native = law.solve(t=(0, 3), method=method, h=h)
    assert np.array_equal(run.t, native.t)
    assert run.y == pytest.approx(native.y, rel=2e-15)


@pytest.mark.parametrize("method", ["euler", "midpoint", "heun", "ralston", "rk4", "bs3", "tsit5"])
def test_measured_orders(method):
    made = dydt.ODE("x' = y; y' = -x + 0.2*sin(t)").steps(method, 0.5, (0, 4), x=1, y=0, exact=False)
    order = dydt.solvers.tableaus.tableau(method).order
    assert made.orders[method] == pytest.approx(order, abs=0.25 if order < 5 else 0.5)


def test_backwards_and_a_last_step_that_is_shorter():
    run = dydt.ODE(GROWTH).steps("heun", 0.3, (1, 0), y=2, exact=False).runs[0]
    assert run.t == pytest.approx([1, 0.7, 0.4, 0.1, 0])
    assert run.steps[-1].h == pytest.approx(-0.1)
    assert run.errors[-1, 0] < 0.1


def test_the_exact_solution_is_the_closed_form_where_there_is_one():
    made = dydt.ODE(GROWTH).steps("euler", 0.5, (0, 1), y=1)
    assert made.reference.is_closed
    assert made.reference.text == "y = exp(3*t)"
    other = dydt.ODE("y' = sin(y^3) + t").steps("euler", 0.5, (0, 1), y=1)
    assert not other.reference.is_closed
    oscillator = dydt.ODE("x'' = -4*x").steps("rk4", 0.1, (0, 1), values={"x": 1, "x'": 0})
    assert oscillator.reference(np.array([1.0]))[0] == pytest.approx([np.cos(2), -2 * np.sin(2)], rel=1e-10)


def test_formulas_with_the_numbers_put_in():
    made = grown("rk4", 0.1)
    assert made.formulas(made.runs[0]) == [
        "k₁ = f(0, 1) = 3*1 = 3",
        "k₂ = f(0 + 0.1/2, 1 + 0.1/2*3) = f(0.05, 1.15) = 3*1.15 = 3.45",
        "k₃ = f(0 + 0.1/2, 1 + 0.1/2*3.45) = f(0.05, 1.1725) = 3*1.1725 = 3.5175",
        "k₄ = f(0 + 0.1, 1 + 0.1*3.5175) = f(0.1, 1.35175) = 3*1.35175 = 4.05525",
        "y₁ = 1 + 0.1/6*(3 + 2*3.45 + 2*3.5175 + 4.05525) = 1.3498375",
    ]
    negative = dydt.ODE("y' = -y^2").steps("euler", 0.5, (0, 1), y=-1, exact=False)
    assert negative.formulas(negative.runs[0])[0] == "k₁ = f(0, -1) = -(-1)^2 = -1"


def test_every_line_of_the_text_fits():
    law = dydt.gallery.lotka_volterra()
    for method in ("rk4", "tsit5", "dop853"):
        text = law.steps(method, [0.5, 0.25], (0, 2), exact=False).text(2)
        assert max(map(len, text.splitlines())) <= 100
    assert "k4 y" in text
    assert "by theory" in text


def test_a_method_that_breaks_down_keeps_its_table():
    made = dydt.gallery.lotka_volterra().steps("euler", [0.2, 0.01], (0, 18), x=2, y=1, exact=False)
    broken, good = made.runs
    assert not broken.finished
    assert broken.t[-1] < 18
    assert broken.error == np.inf
    assert good.finished
    assert "leads to no finite number" in str(made)
    assert "breaks down" in made.comparison()
    assert json.loads(made.to_json())["runs"][0]["error"] is None


def test_data_and_looking_up():
    made = grown(["euler", "heun"], [0.5, 0.25], (0, 1))
    assert made["heun", 0.25].method == "heun"
    with pytest.raises(InputError, match="no single run"):
        made["heun"]
    told = json.loads(made.to_json())
    assert told["runs"][0]["columns"] == ["t", "y", "k1", "exact", "error"]
    assert told["runs"][0]["rows"][1][:2] == [0.5, 2.5]
    header, first, *_ = made.runs[0].to_csv().splitlines()
    assert header == "t,y,k1,exact,error"
    assert first == "0.0,1.0,3.0,1.0,0.0"
    assert r"k_{1} &= f(0, 1) = 3" in made._repr_latex_()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rodas5p", 0.1, (0, 1)), "linear systems"),
        (("rk5", 0.1, (0, 1)), "did you mean `rk4`"),
        (("rk4", 0, (0, 1)), "positive"),
        (("rk4", "x", (0, 1)), "must be a number"),
        (("rk4", 1e-9, (0, 1)), "more than anyone reads"),
        (("rk4", 0.1, None), "say the span"),
    ],
)
def test_what_makes_no_sense(arguments, words):
    with pytest.raises(InputError, match=words):
        dydt.ODE(GROWTH).steps(*arguments, y=1)


def test_laws_without_a_solution_or_with_events():
    with pytest.raises(SolveError, match="no solution over the whole span"):
        dydt.ODE("y' = y^2").steps("rk4", 0.1, (0, 2), y=1)
    with pytest.raises(InputError, match="events"):
        dydt.gallery.bouncing_ball().steps("rk4", 0.1)


def test_small_fractions_and_orders():
    assert fraction(1 / 3) == Fraction(1, 3)
    assert fraction(0.30000001) is None
    assert measured_order(np.array([1.0, 0.5, 0.25]), np.array([1.0, 0.125, 0.015625])) == pytest.approx(3)
    assert np.isnan(measured_order(np.array([1.0]), np.array([0.5])))


def test_what_no_solver_can_know_is_said():
    long = dydt.gallery.lorenz().steps("rk4", 0.05, (0, 60), exact=False)
    assert "not to be trusted behind t = " in long.reference.text
    short = dydt.gallery.lorenz().steps("rk4", 0.05, (0, 5), exact=False)
    assert "not to be trusted" not in short.reference.text
