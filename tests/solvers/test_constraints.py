"""Laws with constraints: kernels against plain Python, orders, closed forms, the same law without a constraint."""

import math
from functools import partial

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import lambertw

import dydt
from dydt.solvers import factors as factors_module
from dydt.solvers import law as law_module
from dydt.solvers import methods
from dydt.solvers.linear import Inverse
from dydt.solvers.vectors import Plain
from tests.problems import PROBLEMS
from tests.solvers.test_kernels_agree import compiled, run_lanes
from tests.solvers.test_rosenbrock import PlainLaw

METHODS = ("rodas5p", "rodas4p")
ROBERTSON = "y1' = -k1*y1 + k3*y2*y3; y2' = k1*y1 - k3*y2*y3 - k2*y2^2; 0 = y1 + y2 + y3 - 1"
RATES = {"k1": 0.04, "k2": 3e7, "k3": 1e4}
# z = cos(t), x = sin(t) solve it; w = exp(-t) does, too. Nothing is linear.
KNOWN = """
x' = z*exp(x - sin(t))
0 = z^2 + x*sin(t) - 1
w' = -w^2*exp(t)
0 = v*w - z
z(0) = 1; v(0) = 1
"""


def known(t):
    return np.array([math.sin(t), math.exp(-t), math.cos(t), math.cos(t) * math.exp(t)])


class PlainConstrained(PlainLaw):
    """A law with a mass matrix on floats."""

    def __init__(self, text, **parameters):
        super().__init__(text, **parameters)
        law = dydt.ODE(text, **parameters).equations
        size, matrix = len(law.states), np.zeros((len(law.states),) * 2)
        for place, entry in law.mass.items():
            matrix[place] = entry

        def factorise(entries, shift):
            how = Inverse(size, law.mass)
            found = how.factorise(Plain, entries, shift)
            return partial(how.solve, Plain, found), None

        self.setting.factorise = factorise
        self.setting.mass = lambda v: list(matrix @ np.array(v, dtype=float))


# -- the method -----------------------------------------------------------------------------------------------------


def end_error(name, count, stop=0.6):
    method, law, h = methods.method(name), PlainConstrained(KNOWN), stop / count
    y = list(known(0.0))
    for i in range(count):
        y = method.attempt(law.setting, i * h, y, h, None, 1e-9).y
    return np.abs(np.array(y) - known(stop))


@pytest.mark.parametrize("name", METHODS)
def test_steps_converge_with_the_order_of_the_method(name):
    order = methods.method(name).order
    coarse, fine = end_error(name, 16), end_error(name, 32)
    assert dydt.ODE(KNOWN).states == ("x", "w", "z", "v")
    for place in range(4):  # algebraic states as well as the others
        assert order - 0.55 < math.log2(coarse[place] / fine[place]) < order + 1.6


@pytest.mark.parametrize("name, order", [("rodas5p", 4), ("rodas4p", 3)])
def test_dense_output_has_its_order(name, order):
    # Of a differential state it is off by h^(order + 1) in one step, of an algebraic one by h^order.
    method, law = methods.method(name), PlainConstrained(KNOWN)

    def error(h, theta):
        y = list(known(0.3))
        k = method.dense_slopes(law.setting, 0.3, y, h)
        return np.abs(np.array(method.interpolate(law.setting, y, h, k, theta)) - known(0.3 + theta * h))

    for theta in (0.3, 0.7):
        measured = np.log2(error(0.05, theta) / error(0.025, theta))
        assert np.all(measured[:2] > order + 0.9)
        assert np.all(np.abs(measured[2:] - order) < 0.3)


# -- kernels --------------------------------------------------------------------------------------------------------

CHAIN = "\n".join(  # five rates and five constraints: eliminated sparsely
    f"x{i}' = -{3.0**i}*x{i} + cos(t)*z{i}; 0 = z{i}^3 + z{i} - x{i} - 0.1*x{(i + 1) % 5}" for i in range(5)
)
TIED = "2x' + y' = -x*y + z; 0 = x - y^3 - 0.1*sin(t); z' + 0.5x' = -z; u' = x; w = x*u"
LAWS = {
    "robertson": (ROBERTSON, RATES),
    "known": (KNOWN, {}),
    "chain": (CHAIN, {}),
    "tied": (TIED, {}),
}


@pytest.mark.parametrize("how", ["registers", "memory", "tables"])
@pytest.mark.parametrize("law_name", LAWS)
@pytest.mark.parametrize("method", METHODS)
def test_a_step_equals_the_plain_one(method, law_name, how, monkeypatch):
    if how == "tables":
        monkeypatch.setattr(factors_module, "WRITTEN_OUT", 0)
    text, values = LAWS[law_name]
    ode, law = compiled(text, **values)
    parameters, h = ode.parameter_values({}), 0.01
    y = ode.consistent(0.0, 0.3 + 0.1 * np.arange(len(ode.states)), parameters)[0]
    expected = (
        methods.method(method)
        .attempt(PlainConstrained(text, **values).setting, 0.0, list(y), h, None, 1e-9)
        .y
    )
    inline = how == "registers"
    found, counts = run_lanes(
        law, method, 1, y[None], parameters[None], (0.0, h), rtol=1e6, h=h, inline=inline
    )
    assert counts[0] == 1
    assert np.abs(found[0] - y).max() > 1e-4
    precision = 1e-7 if law_name == "robertson" else 1e-12
    assert np.allclose(found[0], expected, rtol=precision, atol=precision)


@pytest.mark.parametrize("inline", [True, False], ids=["registers", "memory"])
@pytest.mark.parametrize("law_name", LAWS)
def test_same_bits_for_any_number_of_lanes(law_name, inline):
    text, values = LAWS[law_name]
    ode, law = compiled(text, **values)
    random = np.random.default_rng(1)
    parameters = np.array([ode.parameter_values({})] * 4) * (
        1 + 0.1 * random.random((4, len(ode.parameters)))
    )
    guesses = 0.5 + 0.1 * random.random((4, len(ode.states)))
    starts = np.array([ode.consistent(0.0, y, p)[0] for y, p in zip(guesses, parameters, strict=True)])
    run = partial(run_lanes, law, "rodas5p", t=(0, 0.5), rtol=1e-5, inline=inline)
    states, counts = run(lanes=4, starts=starts, parameters=parameters)
    for i in range(4):
        alone, count = run(lanes=1, starts=starts[i : i + 1], parameters=parameters[i : i + 1])
        assert states[i].tobytes() == alone[0].tobytes()
        assert counts[i] == count[0]


# -- solutions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rtol", [1e-5, 1e-8])
@pytest.mark.parametrize("method", ["auto", "rodas4p"])
def test_robertson_with_a_constraint(method, rtol):
    true = PROBLEMS["robertson_t1e11"]
    sol = dydt.ODE(ROBERTSON, **RATES).solve(t=(0, 1e11), y1=1, y2=0, method=method, rtol=rtol, atol=1e-15)
    assert sol.status == "done"
    assert np.all(np.abs(sol.y[-1] / np.array(true.end_state) - 1) < 100 * rtol)
    assert np.abs(sol.y.sum(axis=1) - 1).max() < 1e-14
    assert "switches" not in sol.stats


def test_a_linear_law_with_a_closed_form():
    # x' = -x + z, 0 = x + 2 z - cos t: x' = -3/2 x + 1/2 cos t.
    ode = dydt.ODE("x' = -x + z; x + 2z = cos(t)")
    for t1 in (4.0, -1.0):
        sol = ode.solve(t=(0, t1), x=1)
        t = np.linspace(0, t1, 200)
        particular = (1.5 * np.cos(t) + np.sin(t)) / 6.5
        x = particular + (1 - 1.5 / 6.5) * np.exp(-1.5 * t)
        assert np.abs(sol(t)[:, 0] - x).max() < 1e-7
        assert np.abs(sol(t)[:, 1] - (np.cos(t) - x) / 2).max() < 1e-7
        assert sol.y[0].tolist() == [1.0, 0.0]


@pytest.mark.parametrize("length", ["(x^2 + y^2)", "L^2"])
def test_the_pendulum_in_x_and_y(length):
    law = f"x'' = -p*x; y'' = -p*y - g; 0 = x'^2 + y'^2 - p*{length} - g*y"
    start = {"x": 1.0, "y": 0.0, "x'": 0.0, "y'": 0.0}
    sol = dydt.ODE(law, values={"g": 9.81} | ({"L": 1.0} if length == "L^2" else {})).solve(
        t=(0, 5), values=start, rtol=1e-10, atol=1e-10
    )
    angle = dydt.ODE("a'' = -9.81*sin(a)").solve(
        t=(0, 5), values={"a": math.pi / 2, "a'": 0}, rtol=1e-13, atol=1e-13
    )
    t = np.linspace(0, 5, 301)
    a, speed = angle(t).T
    true = [np.sin(a), np.cos(a) * speed, -np.cos(a), np.sin(a) * speed, speed**2 + 9.81 * np.cos(a)]
    assert np.abs(sol(t) - np.array(true).T).max() < 2e-6
    check = sol.check()
    assert check.trusted_until() == 5.0
    assert check.method == "rodas4p"


def test_a_diode_against_the_lambert_function():
    ode = dydt.gallery.get("rectifier")
    sol = ode.solve(t=(0, 0.06))
    p = ode.parameters
    t = np.linspace(0, 0.06, 3000)
    u, i = sol(t).T
    forward = p["E"] * np.sin(2 * np.pi * p["f"] * t) - u + p["R"] * p["Is"]
    scale = p["Is"] * p["R"] / p["VT"]
    true = p["VT"] / p["R"] * lambertw(scale * np.exp(forward / p["VT"])).real - p["Is"]
    assert np.abs(i - true).max() < 1e-7
    assert i.max() > 0.1

    def slope(t, y):  # the capacitor, by another solver
        forward = p["E"] * np.sin(2 * np.pi * p["f"] * t) - y[0] + p["R"] * p["Is"]
        i = p["VT"] / p["R"] * lambertw(scale * np.exp(forward / p["VT"])).real - p["Is"]
        return [(i - y[0] / p["load"]) / p["C"]]

    other = solve_ivp(slope, (0, 0.06), [0.0], "Radau", t[::100], rtol=1e-8, atol=1e-10, max_step=1e-3)
    assert np.abs(other.y[0] - u[::100]).max() < 1e-6


def elliptic(cells):
    """u' = φ - u, and φ'' = u on a line: eigenvectors decay as exp(-(1 + 1/λ) t)."""
    lines = [f"u{i}' = q{i} - u{i}" for i in range(cells)]
    for i in range(cells):
        left, right = f"q{i - 1}" if i else "0", f"q{i + 1}" if i < cells - 1 else "0"
        lines.append(f"0 = {left} - 2*q{i} + {right} - u{i}")
    return "\n".join(lines)


@pytest.mark.parametrize("written_out", [400, 0, 10**6])
def test_a_large_law_with_constraints(written_out, monkeypatch):
    monkeypatch.setattr(factors_module, "WRITTEN_OUT", written_out)
    cells = 60
    ode = dydt.ODE(elliptic(cells))
    shape = np.sin(np.pi * np.arange(1, cells + 1) / (cells + 1))
    eigenvalue = 2 - 2 * math.cos(math.pi / (cells + 1))
    first = {f"u{i}": v for i, v in enumerate(shape)}
    sol = ode.solve(t=(0, 0.002), values=first, rtol=1e-9, atol=1e-9)
    assert sol.status == "done"
    assert not sol.problem.solver.layout.inline
    decay = math.exp(-(1 + 1 / eigenvalue) * 0.002)
    assert decay < 0.6
    assert np.abs(sol.y[-1, :cells] - shape * decay).max() < 1e-7
    assert np.abs(sol.y[-1, cells:] + shape * decay / eigenvalue).max() < 1e-4  # φ is 377 times u


def test_registers_and_memory_solve_alike(monkeypatch):
    def solve():
        return dydt.ODE(ROBERTSON, **RATES).solve(t=(0, 1e5), y1=1, y2=0)

    inline = solve()
    monkeypatch.setattr(law_module, "INLINE_WORK", 0)
    memory = solve()
    assert memory.problem.solver.layout.inline is False
    assert abs(inline.stats["steps"] - memory.stats["steps"]) <= 2
    assert np.allclose(inline.y[-1], memory.y[-1], rtol=1e-7, atol=1e-12)
    assert np.allclose(inline(777.0), memory(777.0), rtol=1e-7, atol=1e-12)


# -- mass matrices from Python --------------------------------------------------------------------------------------


def robertson(t, y, p):
    return [
        -p.k1 * y[0] + p.k3 * y[1] * y[2],
        p.k1 * y[0] - p.k3 * y[1] * y[2] - p.k2 * y[1] ** 2,
        y[0] + y[1] + y[2] - 1,
    ]


def test_a_function_with_a_mass_matrix():
    ode = dydt.ODE(robertson, states="y1 y2 y3", mass=np.diag([1, 1, 0]), **RATES)
    text = dydt.ODE(ROBERTSON, **RATES)
    assert str(ode).splitlines()[:3] == str(text).splitlines()[:3]
    assert str(ode).splitlines()[2] == "0 = y1 + y2 + y3 - 1"
    assert r"0 &= y_{1} + y_{2} + y_{3} - 1" in ode._repr_latex_()
    a, b = (o.solve(t=(0, 40), y1=1, y2=0).y for o in (ode, text))
    assert a.tobytes() == b.tobytes()


def test_regular_matrices_take_any_method():
    m = np.array([[2.0, 1.0], [1.0, 3.0]])
    ode = dydt.ODE(lambda t, y: [-y[0], -2 * y[1]], states="x y", mass=m)
    assert not ode.is_constrained
    values, vectors = np.linalg.eig(np.linalg.solve(m, np.diag([-1.0, -2.0])))
    true = vectors @ (np.exp(values) * np.linalg.solve(vectors, [1.0, -1.0]))
    for method in ("auto", "dop853", "rosenbrock23"):
        assert np.allclose(ode.solve(t=(0, 1), x=1, y=-1, method=method).y[-1], true, atol=1e-6)


def test_a_singular_matrix_without_a_zero_row():
    # x' + y' = -x twice over, minus the second: 0 = -x + y - sin t.
    law = dydt.ODE(lambda t, y: [-y[0], np.sin(t) - y[1]], states="x y", mass=[[1, 1], [1, 1]])
    sol = law.solve(t=(0, 2), x=0.4, y=0.4)
    # x = y - sin t; 2 x' = -x - cos t.
    t = np.linspace(0, 2, 50)
    x = -(np.cos(t) + 2 * np.sin(t)) / 5 + 0.6 * np.exp(-t / 2)
    assert np.abs(sol(t) - np.array([x, x + np.sin(t)]).T).max() < 1e-7


def test_a_parameter_called_mass():
    assert dydt.ODE("x'' = -x/mass", mass=2).parameters == {"mass": 2.0}


# -- laws that are not linear in their highest derivative ------------------------------------------------------------


def test_clairaut():
    ode = dydt.ODE("y = t*y' + (y')^2")
    for slope in (1.0, -2.0):
        sol = ode.solve(t=(0, 2), values={"y": slope**2, "y'": 0.9 * slope})
        assert np.allclose(sol["y"], slope * sol.t + slope**2, atol=1e-8)
        assert sol.stats["adjusted"]["y'"] == pytest.approx((0.9 * slope, slope))
    with pytest.raises(dydt.InputError, match=r"y' = 2 or y' = -2.*branch with y'\(0\) = 2"):
        ode.solve(t=(0, 1), y=4)
    with pytest.raises(dydt.InputError, match="no consistent initial values"):
        ode.solve(t=(0, 1), y=-1)


def test_a_circle_up_to_where_its_branches_meet():
    for sign in (1, -1):
        ode = dydt.ODE(f"(y')^2 + y^2 = 1; y(0) = 0; y'(0) = {sign}")
        sol = ode.solve(t=(0, 1.5))
        assert np.abs(sol["y"] - sign * np.sin(sol.t)).max() < 1e-7
        assert np.abs(sol["y'"] - sign * np.cos(sol.t)).max() < 1e-7
    with pytest.warns(dydt.SolveWarning, match="singular point"):
        beyond = ode.solve(t=(0, 3), step_limit=20_000)
    assert abs(beyond.t[-1] - math.pi / 2) < 1e-2
    assert "no longer determine `y'`" in beyond.message


def test_two_that_hang_together():
    # x' y' = 1, x' + y' = 2.5: slopes 1/2 and 2, whichever is meant.
    ode = dydt.ODE("x'*y' = 1; x' + y' = 2.5")
    sol = ode.solve(t=(0, 2), values={"x": 0, "y": 0, "x'": 0.4, "y'": 2.2})
    assert np.allclose(sol.y[-1], [1.0, 0.5, 4.0, 2.0], atol=1e-8)


def test_a_turning_point_ends_the_solution():
    # z^2 = 1 - t: nothing beyond t = 1.
    with pytest.warns(dydt.SolveWarning, match="singular point"):
        sol = dydt.ODE("x' = z; z^2 = 1 - t").solve(t=(0, 2), x=0, z=1)
    assert sol.t[-1] == pytest.approx(1.0, abs=1e-4)
    assert sol["x"][-1] == pytest.approx(2 / 3, abs=1e-4)


# -- everything else ------------------------------------------------------------------------------------------------


def test_methods_that_can_not():
    ode = dydt.ODE(ROBERTSON, **RATES)
    with pytest.raises(dydt.InputError, match="tsit5 is explicit: take rodas5p or rodas4p"):
        ode.solve(t=(0, 1), y1=1, y2=0, method="tsit5")
    with pytest.raises(dydt.InputError, match="rosenbrock23 does not end its steps on the constraints"):
        ode.solver(method="rosenbrock23")
    with pytest.raises(dydt.InputError, match="tsit5 is explicit"):
        ode.sweep(t=(0, 1), y1=[1, 0.5], y2=0, method="tsit5")
    with pytest.raises(dydt.InputError, match="dop853 is explicit"):
        ode.compiled("dop853")


def test_sensitivities_of_a_law_with_constraints():
    # x' = -a x + z, 0 = x + b z - 1: x' = -(a + 1/b) x + 1/b.
    ode = dydt.ODE("x' = -a*x + z; 0 = x + b*z - 1", a=0.7, b=2)
    sol = ode.solve(t=(0, 2), x=0.3, sensitivity=["a", "b", "x(0)"])

    def state(a=0.7, b=2.0, x0=0.3):
        rate, rest = a + 1 / b, (1 / b) / (a + 1 / b)
        x = rest + (x0 - rest) * np.exp(-rate * sol.t)
        return np.array([x, (1 - x) / b]).T

    step = 1e-20
    for name, argument in (("a", "a"), ("b", "b"), ("x(0)", "x0")):
        true = state(**{argument: {"a": 0.7, "b": 2.0, "x0": 0.3}[argument] + 1j * step}).imag / step
        assert np.abs(sol.sensitivity(name) - true).max() < 1e-7


def test_events_on_algebraic_states_and_what_they_change():
    # x = exp(-t) until it is 1/2, then from 2 again; z = x^2 decides.
    ode = dydt.ODE("x' = -x; 0 = z - x^2; when z = 1/4 falling: x -> 2; when x < -1: stop; z(0) = 1")
    sol = ode.solve(t=(0, 4), x=1)
    (name, times), *_ = sol.events.items()
    assert name == "z = 1/4"
    assert np.allclose(
        times, [math.log(2), math.log(2) + math.log(4), math.log(2) + 2 * math.log(4)], atol=1e-7
    )
    assert np.abs(sol["z"] - sol["x"] ** 2).max() < 1e-8
    assert np.any(np.isclose(sol["z"], 4.0, rtol=1e-9))
    assert sol.status == "done"


def test_an_action_on_a_guess_changes_the_branch_once():
    sol = dydt.ODE("x' = -1; z^2 = x; when x < 1.5: z -> -1; z(0) = 1").solve(t=(0, 1), x=2)
    assert sol.events["x < 1.5"].tolist() == pytest.approx([0.5])
    assert sol["z"][[0, -1]] == pytest.approx([math.sqrt(2), -1])


def test_an_action_that_leads_nowhere():
    with pytest.warns(
        dydt.SolveWarning, match="`x < 1.5` leads to a state for which the constraints have no"
    ):
        sol = dydt.ODE("x' = -z; exp(z) = x; when x < 1.5: x -> -1").solve(t=(0, 1), x=2)
    assert sol.status == "not finite"


@pytest.mark.parametrize("inline", [True, False], ids=["registers", "memory"])
def test_an_action_leads_back_to_the_constraints_even_if_they_bend_hard(inline, monkeypatch):
    if not inline:
        monkeypatch.setattr(law_module, "INLINE_WORK", 0)
    law = """u' = -i/C
    0 = i - Is*(exp((u - R*i)/VT) - 1)
    when u < 1: u -> 5
    R = 10; C = 0.1; Is = 1e-12; VT = 0.026; i(0) = 0"""
    ode = dydt.ODE(law)
    sol = ode.solve(t=(0, 10), u=3)
    assert sol.status == "done"
    u, i = sol.y.T
    scale = 1e-11 / 0.026
    true = 0.0026 * lambertw(scale * np.exp((u + 1e-11) / 0.026)).real - 1e-12
    assert np.abs(i - true).max() < 1e-7
    assert len(sol.events["u < 1"]) == 4
    starts = np.linspace(0.5, 3, 9)
    runs = ode.sweep(t=(0, 10), u=starts, lanes=4)
    for k, start in enumerate(starts):
        alone = ode.solve(t=(0, 10), u=float(start))
        assert runs["u"][k] == alone["u"][-1]
        assert runs["i"][k] == alone["i"][-1]


def test_a_sweep_finds_each_member_its_start():
    ode = dydt.ODE("x' = -z; 0 = z^3 + z - a*x; a = 1")
    values = np.linspace(-2, 2, 21)
    runs = ode.sweep(t=(0, 1), a=values, x=1.5)
    assert np.all(runs.done)
    for k, a in enumerate(values):
        alone = ode.solve(t=(0, 1), a=float(a), x=1.5)
        assert runs["x"][k] == alone["x"][-1]
        assert runs["z"][k] == alone["z"][-1]
    assert np.array_equal(ode.sweep(t=(0, 1), a=values, x=1.5, lanes=1, threads=1)["x"], runs["x"])


def test_members_without_a_start_spoil_no_others():
    ode = dydt.ODE("x' = -z; exp(z) = x")
    with pytest.warns(dydt.SolveWarning, match="no consistent start"):
        runs = ode.sweep(t=(0, 0.5), x=[1.0, -1.0, 2.0])
    assert runs.done.tolist() == [True, False, True]
    assert runs["x"][2] == ode.solve(t=(0, 0.5), x=2).y[-1, 0]
    with pytest.raises(dydt.InputError, match="no consistent initial values"):
        ode.sweep(t=(0, 0.5), x=[-1.0, -2.0])
    with pytest.raises(dydt.InputError, match="member 0: the constraints leave a choice"):
        dydt.ODE("x' = -z; z^2 = x").sweep(t=(0, 0.5), x=[1.0, 2.0])


def test_inner_loops_and_saved_times():
    step = dydt.ODE("x' = -x + z; x + 2z = cos(t)").solver(saveat=0.5)
    sol = step((0, 2), [1.0, math.nan])
    assert sol.t.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert np.allclose(sol.y[:, 0] + 2 * sol.y[:, 1], np.cos(sol.t), atol=1e-8)
    assert step((0, 2), [1.0, 5.0]).stats["adjusted"] == {"z": (5.0, 0.0)}
