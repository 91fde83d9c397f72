"""Laws with constraints at every door: text, Python, sweeps, the verbs that can't, the command line."""

import math

import numpy as np
import pytest
from scipy.linalg import expm
from typer.testing import CliRunner

import dydt
from dydt.cli import app
from dydt.expr.parse import parse
from dydt.show import write_law

CUBIC = "x' = -z; 0 = z^3 + z - a*x; a = 1"


def test_what_a_law_says_of_itself_reads_back():
    for text in (
        CUBIC,
        "x'' = -y; y + y^3 = x'; k = 2",
        "(y')^2 + y^2 = 1; y'(0) = 1",
        "x' + y' = x; 0 = x - y^3",
    ):
        ode = dydt.ODE(text)
        again = parse(write_law(ode))
        assert again.states == ode.states
        assert again.mass == ode.equations.mass
        assert [str(n) for n in again.derivatives] == [str(n) for n in ode.equations.derivatives]
    assert str(dydt.ODE(CUBIC)).splitlines() == ["x' = -z", "0 = z^3 + z - a*x", "a = 1.0"]
    assert dydt.ODE("x' + 2y' = x; 0 = x - y^3")._repr_latex_() == (
        r"$$\begin{aligned}x' + 2 y' &= x\\0 &= x - y^{3}\end{aligned}$$"
    )


@pytest.mark.parametrize(
    "verb", ["equilibria", "nullclines", "conserved", "portrait", "lyapunov", "butterfly", "steps", "field"]
)
def test_verbs_that_need_an_ordinary_law_say_so(verb):
    ode = dydt.ODE(CUBIC)
    with pytest.raises(dydt.InputError, match=r"not yet: .* with constraints \(`0 = z\^3 \+ z - a\*x`\)"):
        getattr(ode, verb)()


def test_what_is_conserved_is_not_guessed():
    sol = dydt.gallery.get("pendulum-dae").solve(t=(0, 1))
    assert abs(sol.drift("x^2 + y^2")).max() < 1e-7
    with pytest.raises(dydt.InputError, match="not yet"):
        sol.drift()


def test_the_same_law_solved_for_its_algebraic_state():
    # z^3 + z = x by hand: z = 2 sinh(asinh(3 sqrt(3) x/2)/3)/sqrt(3), with asinh(u) = log(u + sqrt(u^2 + 1)).
    u = "(3*sqrt(3)*x/2)"
    explicit = dydt.ODE(f"x' = -z; z = 2*sinh(log({u} + sqrt({u}^2 + 1))/3)/sqrt(3)")
    a, b = (law.solve(t=(0, 3), x=2) for law in (dydt.ODE(CUBIC), explicit))
    t = np.linspace(0, 3, 100)
    assert np.abs(a(t)[:, 0] - b(t)[:, 0]).max() < 1e-7
    assert np.abs(a["z"][-1] - b["z"][-1]) < 1e-7


def test_a_member_alone_equals_its_place_in_the_sweep():
    ode = dydt.ODE(CUBIC)
    runs = ode.sweep(t=(0, 1), a=[0.5, 1.0, 2.0], x=[[1.0], [3.0]], keep=["max(z)", "final(x)"])
    alone = runs.member(1, 2)
    assert alone["z"][-1] == runs["z"][1, 2]
    assert runs["max(z)"][1, 2] == pytest.approx(alone["z"].max())
    assert runs.stats["method"] == "rodas5p"


def test_a_large_regular_matrix_is_kept():
    size = 20
    m = np.eye(size) + 0.2 * np.random.default_rng(0).standard_normal((size, size))
    ode = dydt.ODE(lambda t, y: [-v for v in y], states=[f"y{i}" for i in range(size)], mass=m)
    assert ode.equations.algebraic == ()
    sol = ode.solve(t=(0, 1), values=dict.fromkeys(ode.states, 1.0))
    assert np.abs(sol.y[-1] - expm(-np.linalg.inv(m)) @ np.ones(size)).max() < 1e-8
    assert "adjusted" not in sol.stats


def test_many_tied_pairs_are_eliminated_sparsely():
    text = "\n".join(f"x{i}' + y{i}' = -x{i}; 0 = x{i} - y{i}^3 - y{i}" for i in range(6))
    many, one = dydt.ODE(text), dydt.ODE("x' + y' = -x; 0 = x - y^3 - y")
    start = {f"{s}{i}": v for s, v in (("x", 2.0), ("y", 1.0)) for i in range(6)}
    sol, single = many.solve(t=(0, 1), values=start), one.solve(t=(0, 1), x=2, y=1)
    assert np.abs(sol.y[-1].reshape(6, 2) - single.y[-1]).max() < 1e-9
    # (3 y^2 + 2) y' = -y^3 - y, separated: t = ln(y0/y)·2 + ln((y0² + 1)/(y² + 1))/2.
    y = single.y[-1, 1]
    assert 2 * math.log(1 / y) + math.log(2 / (y * y + 1)) / 2 == pytest.approx(1.0, abs=1e-7)


def test_a_constraint_that_a_parameter_switches_off():
    ode = dydt.ODE("x' = -z; 0 = x - a*z; z(0) = 1")
    assert ode.solve(t=(0, 1), x=1, a=2).y[-1, 0] == pytest.approx(math.exp(-0.5))
    with pytest.raises(dydt.InputError, match="index is higher than 1 there"):
        ode.solve(t=(0, 1), x=1, a=0)


def run(*arguments):
    result = CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1"}).invoke(app, list(arguments))
    return result.exit_code, result.output


def test_the_command_line(tmp_path):
    code, text = run("solve", CUBIC, "--init", "x=2,z=5", "--t", "0:1")
    assert code == 0
    assert "start    z = 1, not 5, for the constraints to hold" in text
    assert "with rodas5p" in text
    code, _ = run(
        "sweep", CUBIC, "--init", "x=2", "--over", "a=1:2:5", "--t", "0:1", "--out", str(tmp_path / "a.csv")
    )
    assert code == 0
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 6
    for message, *wrong in (
        ("tsit5 is explicit", "solve", CUBIC, "--init", "x=2", "--t", "0:1", "--method", "tsit5"),
        (
            "index of this law is 2 or higher",
            "solve",
            "x' = z; 0 = x - sin(t); z(0) = 1",
            "--init",
            "x=0",
            "--t",
            "0:1",
        ),
        ("y' = 1 or y' = -1", "solve", "y = t*y' + (y')^2", "--init", "y=1", "--t", "0:1"),
    ):
        code, text = run(*wrong)
        assert code == 2
        assert message in text
