"""One small adapter a solver: a problem and a tolerance become a call that solves the whole of it.

Everything that can be done once (compiling, tracing, building the solver) is done beforehand; the call
starts at the initial state and returns the end state. rtol = atol = tolerance for all; heyoka has one
tolerance. Each peer is used the way its own manual says is fast, and the quickest of the ways that were
tried is the one kept (see README.md).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from tests.problems import Problem

from benchmarks import laws

Call = Callable[[], np.ndarray]
MANY_STEPS = 10_000_000


@dataclass(frozen=True)
class Peer:
    """A solver under comparison. `prepare(problem, tolerance)` gives the call; `needs` is its package."""

    name: str
    needs: str
    prepare: Callable[[Problem, float], Call]
    note: str

    @property
    def ours(self) -> bool:
        """Whether this is dydt itself."""
        return self.needs == "dydt"

    @property
    def missing(self) -> bool:
        """Whether its package is not installed."""
        return importlib.util.find_spec(self.needs) is None


@lru_cache(maxsize=8)
def dydt_law(problem: Problem):
    """The law as dydt reads it from text."""
    import dydt

    return dydt.ODE(problem.text, **problem.parameters)


def dydt(problem: Problem, tolerance: float, method: str) -> Call:
    """dydt, by the callable that `solver` compiles once."""
    law = dydt_law(problem)
    step = law.solver(method=method, rtol=tolerance, atol=tolerance, saveat="end")
    values = problem.values
    start = np.array([values[name] for name in law.states])
    parameters = np.array([problem.parameters[name] for name in law.parameters], dtype=float)
    span, order = (problem.t0, problem.t1), [law.states.index(name) for name in problem.states]
    if order == sorted(order):
        return lambda: step(span, start, parameters).y[-1]
    return lambda: step(span, start, parameters).y[-1][order]


@lru_cache(maxsize=8)
def float_law(problem: Problem) -> Callable:
    """f(t, y) on plain Python floats, straight-line, common subexpressions taken out: no NumPy scalars."""
    import sympy

    time, states = sympy.Symbol("t"), [sympy.Symbol(name) for name in problem.states]
    functions = {
        "sin": sympy.sin,
        "cos": sympy.cos,
        "sum": lambda terms: sympy.Add(*terms),
        "inverse_power": lambda base, power: base ** -sympy.Rational(power),
    }
    rates = laws.rates(problem, time, states, functions)
    compiled = sympy.lambdify((time, *states), rates, modules="math", cse=True)
    return lambda t, y: compiled(t, *y.tolist())


def scipy_dop853(problem: Problem, tolerance: float) -> Call:
    """SciPy's DOP853 in Python, on a right-hand side of plain floats."""
    from scipy.integrate import solve_ivp

    law, start, span = float_law(problem), np.array(problem.y0), (problem.t0, problem.t1)
    return lambda: solve_ivp(law, span, start, method="DOP853", rtol=tolerance, atol=tolerance).y[:, -1]


def scipy_lsoda(problem: Problem, tolerance: float) -> Call:
    """LSODA through `odeint`, whose loop is compiled; `solve_ivp(method="LSODA")` is a third slower."""
    from scipy.integrate import odeint

    law, start, span = float_law(problem), np.array(problem.y0), (problem.t0, problem.t1)
    options = {"tfirst": True, "rtol": tolerance, "atol": tolerance, "mxstep": MANY_STEPS}
    return lambda: odeint(law, start, span, **options)[-1]


def heyoka_taylor(problem: Problem, tolerance: float) -> Call:
    """heyoka's Taylor integrator, compiled with the parameters as constants and fast maths allowed."""
    import heyoka

    states = [heyoka.expression(name) for name in problem.states]
    functions = {
        "sin": heyoka.sin,
        "cos": heyoka.cos,
        "sum": heyoka.sum,
        "inverse_power": lambda base, power: base**-power,
    }
    rates = laws.rates(problem, heyoka.time, states, functions)
    pairs = list(zip(states, rates, strict=True))
    machine = heyoka.taylor_adaptive(pairs, list(problem.y0), time=problem.t0, tol=tolerance, fast_math=True)
    start, state = np.array(problem.y0), machine.state

    def call() -> np.ndarray:
        machine.time = problem.t0
        state[:] = start
        machine.propagate_until(problem.t1)
        return machine.state

    return call


def jax_law(problem: Problem) -> Callable:
    """The right-hand side for diffrax; Pleiades on whole 7 × 7 arrays, which XLA runs three times as fast."""
    import jax.numpy as jnp

    def inverse_power(base, power):
        return 1 / (base * jnp.sqrt(base)) if power == 1.5 else base**-power

    functions = {"sin": jnp.sin, "cos": jnp.cos, "sum": sum, "inverse_power": inverse_power}
    masses, itself = jnp.arange(1.0, 8.0), jnp.eye(7)

    def pleiades(t, state, _):
        x, y = state[:7], state[7:14]
        across, up = x - x[:, None], y - y[:, None]
        strength = masses * inverse_power(across * across + up * up + itself, 1.5)
        return jnp.concatenate((state[14:], (across * strength).sum(1), (up * strength).sum(1)))

    def scalar(t, state, _):
        return jnp.stack(laws.rates(problem, t, tuple(state), functions))

    return pleiades if problem.name == "pleiades" else scalar


@lru_cache(maxsize=16)
def diffrax_program(problem: Problem, method: str) -> Callable:
    """The jitted solve, in double precision, with the tolerance as a run-time input."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import diffrax

    term, solver = diffrax.ODETerm(jax_law(problem)), getattr(diffrax, method)()

    @jax.jit
    def solve(start, tolerance):
        controller = diffrax.PIDController(rtol=tolerance, atol=tolerance)
        save = diffrax.SaveAt(t1=True)
        found = diffrax.diffeqsolve(
            term, solver, problem.t0, problem.t1, None, start,
            stepsize_controller=controller, saveat=save, max_steps=MANY_STEPS,
        )  # fmt: skip
        return found.ys[-1]

    return solve


def diffrax(problem: Problem, tolerance: float, method: str) -> Call:
    """diffrax under `jit`, waited for."""
    import jax.numpy as jnp

    solve = diffrax_program(problem, method)
    start, wanted = jnp.array(problem.y0), jnp.array(tolerance)
    return lambda: np.asarray(solve(start, wanted).block_until_ready())


def compiled_law(problem: Problem, time, states: list, rates: list) -> dict:
    """casadi's right-hand side through its C code and the system's compiler."""
    import casadi

    function = casadi.Function("law", [time, casadi.vertcat(*states)], [casadi.vertcat(*rates)])
    folder = Path(tempfile.mkdtemp(prefix="bench_casadi_"))
    generator = casadi.CodeGenerator("law.c")
    generator.add(function)
    generator.add(function.jacobian())
    generator.generate(f"{folder}{os.sep}")
    library = folder / "law.so"
    command = [
        "cc",
        "-O3",
        "-march=native",
        "-shared",
        "-fPIC",
        str(folder / "law.c"),
        "-o",
        str(library),
        "-lm",
    ]
    subprocess.run(command, check=True)
    external = casadi.external("law", str(library))
    time, state = casadi.MX.sym("t"), casadi.MX.sym("x", len(states))
    return {"t": time, "x": state, "ode": external(time, state)}


def casadi_cvodes(problem: Problem, tolerance: float) -> Call:
    """SUNDIALS' CVODES through casadi: Adams formulas, none of the six laws being stiff.

    A handful of states are quickest by Newton iteration on casadi's own virtual machine; Pleiades by
    functional iteration on a right-hand side compiled from C. The buffer interface leaves out casadi's
    matrices.
    """
    import casadi

    time, states = casadi.SX.sym("t"), [casadi.SX.sym(name) for name in problem.states]

    def inverse_power(base, power):
        return 1 / (base * casadi.sqrt(base)) if power == 1.5 else base**-power

    functions = {"sin": casadi.sin, "cos": casadi.cos, "sum": sum, "inverse_power": inverse_power}
    rates = laws.rates(problem, time, states, functions)
    many = len(states) > 10
    if many and shutil.which("cc"):
        law = compiled_law(problem, time, states, rates)
    else:
        law = {"t": time, "x": casadi.vertcat(*states), "ode": casadi.vertcat(*rates)}
    options = {
        "reltol": tolerance,
        "abstol": tolerance,
        "max_num_steps": MANY_STEPS,
        "linear_multistep_method": "adams",
        "nonlinear_solver_iteration": "functional" if many else "newton",
    }
    program = casadi.integrator("solve", "cvodes", law, problem.t0, problem.t1, options)
    start, end = np.array(problem.y0), np.empty(len(problem.y0))
    buffer, run = program.buffer()
    buffer.set_arg(0, memoryview(start))
    buffer.set_res(0, memoryview(end))

    def call(kept_alive=(buffer, start)) -> np.ndarray:
        run()
        return end.copy()

    return call


PEERS = (
    Peer("dydt dop853", "dydt", partial(dydt, method="dop853"), "solver(...) callable, law from text"),
    Peer("dydt tsit5", "dydt", partial(dydt, method="tsit5"), "solver(...) callable, law from text"),
    Peer("dydt vern9", "dydt", partial(dydt, method="vern9"), "solver(...) callable, law from text"),
    Peer("dydt taylor", "dydt", partial(dydt, method="taylor"), "solver(...) callable, law from text"),
    Peer("heyoka Taylor", "heyoka", heyoka_taylor, "constants compiled in, fast_math, state reset"),
    Peer(
        "diffrax Dopri8", "diffrax", partial(diffrax, method="Dopri8"), "jit, float64, PIDController, t1 only"
    ),
    Peer(
        "diffrax Tsit5", "diffrax", partial(diffrax, method="Tsit5"), "jit, float64, PIDController, t1 only"
    ),
    Peer("casadi CVODES", "casadi", casadi_cvodes, "Adams; buffer interface"),
    Peer("SciPy DOP853", "scipy", scipy_dop853, "solve_ivp, right-hand side of plain floats"),
    Peer("SciPy LSODA", "scipy", scipy_lsoda, "odeint, right-hand side of plain floats"),
)
