"""The kernels against slow and obvious ones: plain Python steps, other numbers of lanes, vectors in memory."""

import ctypes

import numpy as np
import pytest

import dydt
from dydt.kernels.build import Library, has_fma
from dydt.solvers import law as law_module
from dydt.solvers import methods
from dydt.solvers.integrate import write_kernel
from dydt.solvers.law import CompiledLaw, workspace
from dydt.solvers.runge_kutta import end, slopes
from dydt.solvers.solver import Solver
from dydt.solvers.tableaus import METHODS, tableau
from dydt.solvers.vectors import Components, Plain
from dydt.solvers.workspace import DONE

LORENZ = "x' = s*(y - x); y' = x*(r - z) - y; z' = x*y - b*z"
FORCED = "x' = v; v' = -sin(x) - 0.1*v + a*cos(t)*exp(-0.01*t)"
GUARDED = "x' = v/(x + 3); v' = -x - 0.1*v/(v - 20)"


def compiled(text, **parameters):
    ode = dydt.ODE(text, **parameters)
    return ode, CompiledLaw(ode.equations, dydt.solvers.endings.guards(ode.equations))


def run_lanes(law, method, lanes, starts, parameters, t, rtol=1e-8, h=0.0, inline=None):
    """Solve `lanes` trajectories in one kernel; gives end states and step counts."""
    method = methods.method(method)
    layout = workspace(law, method, lanes, inline)
    library = Library(str(write_kernel(law, method, layout, has_fma())), cached=False, thorough=False)
    start, advance = (library.function(name, ctypes.c_void_p) for name in ("start", "advance"))
    work = np.zeros(layout.total)
    integers = work.view(np.int64)

    def put(name, values):
        count = np.asarray(values).size
        work[layout.places[name] : layout.places[name] + count] = np.asarray(values).reshape(-1)

    put("relative_tolerance", [rtol])
    put("largest_step", [np.inf])
    put("absolute_tolerance", np.full(layout.size, rtol))
    put("t", np.full(lanes, t[0]))
    put("t_end", np.full(lanes, t[1]))
    put("first_step", np.full(lanes, h))
    put("y", starts.T)
    put("p", parameters.T)
    integers[layout.places["step_limit"] :][:lanes] = 10**6
    integers[layout.places["budget"]] = 10**6
    integers[layout.places["patience"]] = lanes
    start(work.ctypes.data)
    advance(work.ctypes.data)
    assert np.all(integers[layout.places["status"] :][:lanes] == DONE)
    n = starts.shape[1]
    states = work[layout.places["y"] :][: n * lanes].reshape(n, lanes).T
    return states.copy(), integers[layout.places["accepted"] :][:lanes].copy()


def some_starts(ode, count):
    random = np.random.default_rng(7)
    starts = 1.0 + random.random((count, len(ode.states)))
    parameters = ode.parameter_values({}) * (1 + 0.2 * random.random((count, len(ode.parameters))))
    return starts, parameters


@pytest.mark.parametrize("method", ["rk4", "bs3", "tsit5", "dop853", "vern9"])
@pytest.mark.parametrize(
    "text, values",
    [(LORENZ, {"s": 10, "r": 28, "b": 8 / 3}), (FORCED, {"a": 0.5}), (GUARDED, {})],
    ids=["lorenz", "forced", "guarded"],
)
def test_same_bits_for_any_number_of_lanes(text, values, method):
    ode, law = compiled(text, **values)
    starts, parameters = some_starts(ode, 8)
    h = 0.01 if method == "rk4" else 0.0
    alone = [
        run_lanes(law, method, 1, starts[i : i + 1], parameters[i : i + 1], (0, 2), h=h) for i in range(8)
    ]
    for lanes in (2, 8):
        for first in range(0, 8, lanes):
            part = slice(first, first + lanes)
            states, counts = run_lanes(law, method, lanes, starts[part], parameters[part], (0, 2), h=h)
            for i in range(lanes):
                assert states[i].tobytes() == alone[first + i][0][0].tobytes()
                assert counts[i] == alone[first + i][1][0]


def test_same_bits_for_any_number_of_lanes_in_memory():
    ode, law = compiled(LORENZ, s=10, r=28, b=8 / 3)
    starts, parameters = some_starts(ode, 4)
    states, _ = run_lanes(law, "tsit5", 4, starts, parameters, (0, 2), inline=False)
    for i in range(4):
        alone, _ = run_lanes(law, "tsit5", 1, starts[i : i + 1], parameters[i : i + 1], (0, 2), inline=False)
        assert states[i].tobytes() == alone[0].tobytes()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("inline", [True, False], ids=["registers", "memory"])
def test_a_step_equals_the_plain_one(method, inline):
    ode, law = compiled(LORENZ, s=10.0, r=28.0, b=8 / 3)
    h, y = 0.01, [1.0, 2.0, 3.0]

    def plain(t, y):
        return [10.0 * (y[1] - y[0]), y[0] * (28.0 - y[2]) - y[1], y[0] * y[1] - 8 / 3 * y[2]]

    space = Components(Plain, 3)
    k, last = slopes(space, plain, tableau(method), 0.0, y, h)
    expected = end(space, tableau(method), y, h, k, last)
    # Tolerances so loose that the first attempt is accepted as it is.
    parameters = ode.parameter_values({})[None]
    found, counts = run_lanes(
        law, method, 1, np.array([y]), parameters, (0.0, h), rtol=1e6, h=h, inline=inline
    )
    assert counts[0] == 1
    assert np.allclose(found[0], expected, rtol=4e-15, atol=0)


def test_registers_and_memory_solve_alike(monkeypatch):
    def solve():
        return dydt.ODE(LORENZ, s=10, r=28, b=8 / 3).solve(t=(0, 5), x=1, y=1, z=1, method="dop853")

    inline = solve()
    monkeypatch.setattr(law_module, "INLINE_WORK", 0)
    memory = solve()
    assert inline.stats["steps"] == memory.stats["steps"]
    assert np.allclose(inline.y[-1], memory.y[-1], rtol=1e-8)
    times = np.linspace(0, 5, 101)
    assert np.allclose(inline(times), memory(times), rtol=1e-8, atol=1e-8)


def test_a_solve_can_be_cut_into_any_number_of_calls():
    ode = dydt.ODE(LORENZ, s=10, r=28, b=8 / 3)
    problem = ode.solver(method="tsit5")
    whole = problem((0, 20), [1.0, 1.0, 1.0])
    solver = problem.solver
    before = solver._budget, solver._rows
    solver._budget, solver._rows = 3, 5
    try:
        pieces = Solver.run(
            solver, solver.template(1e-8, 1e-10, 0.0, np.inf, 10**6), 0, 20, [1.0] * 3, whole._run.parameters
        )
    finally:
        solver._budget, solver._rows = before
    assert pieces.y.tobytes() == whole.y[-1].tobytes()
    assert pieces.accepted == whole.stats["steps"]
    assert len(pieces.chunks) > 5
    joined = np.concatenate([pieces.chunks[0], *(chunk[1:] for chunk in pieces.chunks[1:])])
    assert joined.tobytes() == np.ascontiguousarray(whole.rows).tobytes()
