"""`method="auto"`: changes to a stiff method and back, says where, and costs nothing where it need not."""

import numpy as np
import pytest

import dydt
from dydt.solvers import methods
from dydt.solvers.stiffness import Spectrum, Turns, stability_limit

ROBERTSON = "a' = -0.04*a + 1e4*b*c; b' = 0.04*a - 1e4*b*c - 3e7*b^2; c' = 3e7*b^2"
# A slow start that is very stiff, and a fast oscillation that is not stiff at all.
BOTH = """
    x' = -(1 + K*(1 + tanh(20 - t))/2)*(x - cos(t)) - sin(t)
    u' = 1 + (1 + tanh(t - 25))/2*80*v
    v' = -(1 + tanh(t - 25))/2*80*u
    K = 1e6
"""


@pytest.mark.parametrize("name, known", [("euler", 2.0), ("rk4", 2.785), ("bs3", 2.513), ("dop853", 6.39)])
def test_stability_limits(name, known):
    assert stability_limit(name) == pytest.approx(known, abs=0.02)


@pytest.mark.parametrize("size", [3, 60])
def test_extremes_of_the_spectrum(size):
    rates = 2.0 ** np.linspace(0, 10, size)
    text = "\n".join(
        f"x{i}' = -{rate!r}*x{i} + x{(i + 1) % size}/100" for i, rate in enumerate(rates.tolist())
    )
    law = dydt.ODE(text).compiled_law
    decay, radius = Spectrum(law, np.array([])).extremes(0.0, np.ones(size), 1.0)
    assert decay == pytest.approx(1024.0, rel=0.05)
    assert radius == pytest.approx(1024.0, rel=0.05)
    decay, _ = Spectrum(law, np.array([])).extremes(0.0, np.ones(size), -1.0)
    assert decay < 0 or size == 60  # backwards, everything grows


def test_changes_to_the_stiff_method_and_says_where():
    sol = dydt.ODE(ROBERTSON).solve(t=(0, 1e11), a=1, b=0, c=0, rtol=1e-6, atol=1e-12)
    assert sol.status == "done"
    ((t, name),) = sol.stats["switches"]
    assert name == "rodas5p"
    assert 0 < t < 100
    assert t in sol.t
    assert sol.y[-1, 0] == pytest.approx(2.08334e-8, rel=1e-2)
    assert np.allclose(sol.y.sum(axis=1), 1.0, rtol=1e-9)
    assert np.all(np.diff(sol.t) > 0)


def test_changes_back():
    law = dydt.ODE(BOTH)
    sol = law.solve(t=(0, 400), x=1, u=0, v=0, rtol=1e-6, atol=1e-8)
    names = [name for _, name in sol.stats["switches"]]
    assert sol.status == "done"
    assert names[:2] == ["rodas5p", "dop853"]
    assert len(names) <= 4
    times = np.linspace(1, 400, 57)
    assert np.abs(sol(times)[:, 0] - np.cos(times)).max() < 2e-4


def test_dense_output_across_a_change():
    law = dydt.ODE("y' = lam*(y - sin(t)) + cos(t); lam = -1e5")
    sol = law.solve(t=(0, 10), y=0, rtol=1e-7, atol=1e-9)
    ((switch, _),) = sol.stats["switches"]
    times = np.concatenate([np.linspace(0, 10, 1001), switch + np.linspace(-1, 1, 41) * 1e-3, sol.t])
    assert np.abs(sol(times)[:, 0] - np.sin(times)).max() < 1e-6
    assert np.array_equal(sol(sol.t[[0, -1]]), sol.y[[0, -1]])
    # Backwards in the order of asking, and one by one.
    assert np.array_equal(sol(times[::-1]), sol(times)[::-1])
    assert sol(float(times[3]))[0] == sol(times)[3, 0]


def test_the_same_with_saveat_and_the_end_only():
    law = dydt.ODE("y' = lam*(y - sin(t)) + cos(t); lam = -1e5")
    options = {"t": (0, 10), "y": 0, "rtol": 1e-7, "atol": 1e-9}
    whole = law.solve(**options)
    end = law.solve(**options, saveat="end")
    times = np.linspace(0, 10, 33)
    some = law.solve(**options, saveat=times)
    assert whole.stats["switches"] == end.stats["switches"] == some.stats["switches"] != []
    assert whole.y[-1].tobytes() == end.y[-1].tobytes() == some.y[-1].tobytes()
    assert np.array_equal(some.t, times)
    assert np.allclose(some.y, whole(times), rtol=1e-14, atol=1e-14)


def test_check_of_a_solution_that_changed():
    sol = dydt.ODE(ROBERTSON).solve(t=(0, 1e6), a=1, b=0, c=0, rtol=1e-6, atol=1e-10)
    assert sol.stats["switches"]
    check = sol.check()
    assert check.method == "rodas5p"
    assert check.trusted_until() == 1e6


def test_limits_hold_across_a_change():
    law = dydt.ODE(ROBERTSON)
    whole = law.solve(t=(0, 1e11), a=1, b=0, c=0, rtol=1e-6, atol=1e-12)
    total = whole.stats["steps"] + whole.stats["rejected"]
    with pytest.warns(dydt.SolveWarning, match="step limit"):
        cut = law.solve(t=(0, 1e11), a=1, b=0, c=0, rtol=1e-6, atol=1e-12, step_limit=total - 20)
    assert cut.status == "step limit"
    assert "looks stiff" not in cut.message
    assert cut.stats["steps"] + cut.stats["rejected"] == total - 20


def test_laws_that_are_not_stiff_keep_their_bits():
    for text, start in (
        ("x' = 10*(y - x); y' = x*(28 - z) - y; z' = x*y - 8/3*z", {"x": 1, "y": 1, "z": 1}),
        ("x'' = -x", {"x": 1, "x'": 0}),
    ):
        law = dydt.ODE(text)
        auto = law.solve(t=(0, 3000), values=start, rtol=1e-8)
        plain = law.solve(t=(0, 3000), values=start, rtol=1e-8, method="vern9")
        assert auto.stats["switches"] == []
        assert auto.rows.tobytes() == plain.rows.tobytes()


def test_an_explicit_method_that_was_asked_for_is_kept():
    with pytest.warns(dydt.SolveWarning, match='method="rodas5p"'):
        sol = dydt.ODE(ROBERTSON).solve(
            t=(0, 1e11), a=1, b=0, c=0, method="dop853", rtol=1e-6, step_limit=20_000
        )
    assert "switches" not in sol.stats


def test_questions_become_rarer():
    law = dydt.ODE("x' = -x").compiled_law
    turns = Turns(law, np.array([]), "dop853", False, 100)
    asked, attempts = [], 0
    while attempts < 1_000_000:
        attempts += turns(1e9, 0.0, np.ones(1), 1.0, attempts, False)
        asked.append(attempts)
    assert len(asked) < 8
    assert turns(1e9, 0.0, np.ones(1), 6.0, asked[-1], False) == 0  # at the limit of stability


def test_stiff_methods_are_methods():
    assert set(methods.STIFF) < set(dydt.METHODS)
    with pytest.raises(dydt.InputError, match="did you mean `rodas5p`"):
        dydt.ODE("x' = -x").solve(t=1, x=1, method="rodas5")
