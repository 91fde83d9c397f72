"""Every reference problem to its certified end state, or an honest ending."""

import warnings

import numpy as np
import pytest

import dydt
from dydt.solvers.endings import Judge
from dydt.solvers.workspace import STEP_LIMIT
from tests.problems import PROBLEMS, problem

ULP = 2.0**-52
SMOOTH = [p.name for p in PROBLEMS.values() if p.kind not in ("stiff", "events")]
STIFF = [p.name for p in PROBLEMS.values() if p.kind == "stiff"]
E5 = ["e5_t1e11", "e5_t1e13"]
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


@pytest.mark.parametrize("method", ["rodas5p", "rodas4p", "auto"])
@pytest.mark.parametrize("name", [n for n in STIFF if n not in E5])
def test_stiff_problems_reach_the_reference(name, method):
    p = problem(name)
    law = law_of(p)
    conditioning = max(1.0, (p.ulp_shift or 0.0) / ULP)
    for rtol in (1e-5, 1e-8):
        sol = law.solve(t=(p.t0, p.t1), values=p.values, method=method, rtol=rtol, atol=rtol * 1e-4)
        assert sol.status == "done"
        assert p.error([sol[state][-1] for state in p.states]) < 100 * rtol * conditioning
        for t, state in p.samples:
            size = np.linalg.norm(state)
            there = dict(zip(sol.states, sol(t), strict=True))
            off = np.linalg.norm([there[name] - true for name, true in zip(p.states, state, strict=True)])
            assert off < 100 * rtol * conditioning * size


@pytest.mark.parametrize("name", [n for n in STIFF if n not in E5])
def test_the_cheap_stiff_method_reaches_the_reference(name):
    p = problem(name)
    conditioning = max(1.0, (p.ulp_shift or 0.0) / ULP)
    sol = law_of(p).solve(
        t=(p.t0, p.t1), values=p.values, method="rosenbrock23", rtol=1e-5, atol=1e-9, saveat="end"
    )
    assert sol.status == "done"
    assert p.error([sol[state][-1] for state in p.states]) < 1e-3 * conditioning


def without_y4(p):
    """E5 with y4 = y2 - y3 put in: rounding can't break what is not there."""
    return dydt.ODE(
        """
        y1' = -A*y1 - B*y1*y3
        y2' = A*y1 - M*C*y2*y3
        y3' = A*y1 - B*y1*y3 - M*C*y2*y3 + C*(y2 - y3)
        """,
        values=dict(p.parameters),
    )


@pytest.mark.parametrize("name", E5)
@pytest.mark.parametrize("rtol", [1e-5, 1e-8])
def test_e5_with_three_states_reaches_the_reference(name, rtol):
    p = problem(name)
    start = dict(list(p.values.items())[:3])
    sol = without_y4(p).solve(t=(p.t0, p.t1), values=start, method="rodas5p", rtol=rtol, atol=1e-32)
    assert sol.status == "done"
    # y2 and y3 are equal to 17 digits, and far below their largest size: each is asked for relative to itself.
    for found, true in zip(sol.y[-1][1:], p.end_state[1:3], strict=True):
        assert abs(found / true - 1.0) < 100 * rtol


@pytest.mark.parametrize("name", E5)
def test_e5_with_four_states_is_right_or_said_to_be_unreliable(name):
    p = problem(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dydt.SolveWarning)
        for atol in (1e-10, 1e-24):
            sol = law_of(p).solve(
                t=(p.t0, p.t1), values=p.values, method="rodas5p", rtol=1e-6, atol=atol, step_limit=50_000
            )
            right = all(
                abs(sol[s][-1] / true - 1.0) < 1e-3
                for s, true in zip(("y2", "y3"), p.end_state[1:3], strict=True)
            )
            if sol.status == "done" and not right:
                assert {"y2", "y3"} <= set(sol.check().lost), atol
                assert "too small for three certain digits" in sol.check().verdict


def test_a_law_that_is_not_stiff_is_not_called_so():
    ode = dydt.ODE("x' = y; y' = -x")
    judge = Judge(ode.equations, [])
    t = np.arange(0.0, 3.0, 0.1)
    rows = np.column_stack([t, np.cos(t), -np.sin(t)])
    assert "stiff" not in judge.ending(STEP_LIMIT, rows, 10.0, 0.1, "", "spent").message
