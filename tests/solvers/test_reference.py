"""Every reference problem to its certified end state, or an honest ending."""

import warnings

import numpy as np
import pytest
from tests.problems import PROBLEMS, problem

import dydt
from dydt.solvers.endings import Judge
from dydt.solvers.workspace import STEP_LIMIT

ULP = 2.0**-52
SMOOTH = [p.name for p in PROBLEMS.values() if p.kind not in ("stiff", "events")]
STIFF = [p.name for p in PROBLEMS.values() if p.kind == "stiff"]
HONEST = {"step limit", "step too small", "blow-up", "not finite"}

# (rtol, methods that suit it)
SUITABLE = [
    (1e-6, ("tsit5", "dop853", "vern9")),
    (1e-9, ("tsit5", "dop853", "vern9")),
    (1e-12, ("dop853", "vern9")),
]
CASES = [(rtol, method) for rtol, methods in SUITABLE for method in methods]


def law_of(p):
    used = set(dydt.ODE(p.text).parameters)
    return dydt.ODE(p.text, values={k: v for k, v in p.parameters.items() if k in used})


@pytest.mark.parametrize("name", SMOOTH)
def test_reaches_the_reference(name):
    p = problem(name)
    law = law_of(p)
    # How much the problem itself magnifies a disturbance of one unit in the last place of its start.
    conditioning = max(1.0, (p.ulp_shift or 0.0) / ULP)
    for rtol, method in CASES:
        sol = law.solve(t=(p.t0, p.t1), values=p.values, method=method, rtol=rtol, atol=rtol)
        assert sol.status == "done"
        assert sol.t[-1] == p.t1
        assert p.error(sol.y[-1]) < 100 * rtol * conditioning, (method, rtol)


@pytest.mark.parametrize("name", SMOOTH)
def test_dense_output_holds_on_the_way(name):
    p = problem(name)
    sol = law_of(p).solve(t=(p.t0, p.t1), values=p.values, rtol=1e-9, atol=1e-9)
    conditioning = max(1.0, (p.ulp_shift or 0.0) / ULP)
    size = np.linalg.norm(p.end_state)
    for t, state in p.samples:
        size = max(size, np.linalg.norm(state))
        assert np.linalg.norm(sol(t) - state) < 100 * 1e-9 * conditioning * size


@pytest.mark.parametrize("name", STIFF)
def test_stiff_problems_end_honestly(name):
    p = problem(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dydt.SolveWarning)
        sol = law_of(p).solve(
            t=(p.t0, p.t1), values=p.values, rtol=1e-6, atol=1e-9, method="dop853", step_limit=40_000
        )
    if sol.status == "done":
        assert p.error(sol.y[-1]) < 1e-4
    else:
        assert sol.status in HONEST
        assert "stiff" in sol.message
        assert sol.t[-1] < p.t1
        assert np.all(np.isfinite(sol.y))


def test_a_law_that_is_not_stiff_is_not_called_so():
    ode = dydt.ODE("x' = y; y' = -x")
    judge = Judge(ode.equations, [])
    rows = np.array([[0.0, 1.0, 0.0], [0.1, 1.0, -0.1], [0.2, 0.98, -0.2]])
    assert "stiff" not in judge.ending(STEP_LIMIT, rows, 10.0, 0.1, "", "spent").message
