"""Stiff laws: the time of a whole solve against its true error, for dydt and its peers in one run.

The error of a run is the largest of all states at the end, relative to the state or, where that is smaller, to the
`floor` of the problem; the absolute tolerance of every solver is the tolerance times that floor.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache, partial
from math import exp, log

import numpy as np
from tests.problems import Problem, problem

from benchmarks import laws, tables
from benchmarks.peers import MANY_STEPS, Call, Peer, compiled_law, dydt_law
from benchmarks.precision import at_equal_error, prepared
from benchmarks.timing import interleaved

ERRORS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
TOLERANCES = tuple(10.0**-digits for digits in range(2, 11))
FEW = (1e-3, 1e-5, 1e-7)  # for those who take a hundred times as long
QUICK_TOLERANCES = (1e-4, 1e-6)
SLOW = ("SciPy", "diffrax")


@dataclass(frozen=True, eq=False)
class StiffProblem(Problem):
    """A problem whose states differ in size."""

    floor: float = 1.0

    def error(self, state) -> float:
        """The largest relative error of a state."""
        true = np.array(self.end_state)
        return float(np.max(np.abs(np.asarray(state) - true) / np.maximum(np.abs(true), self.floor)))


def stiff(name: str, title: str, floor: float, **changes) -> StiffProblem:
    """A problem of the data file, with its title and floor."""
    known = problem(name)
    values = {field.name: getattr(known, field.name) for field in fields(Problem)}
    return StiffProblem(**{**values, "title": title, **changes}, floor=floor)


@lru_cache(maxsize=1)
def very_stiff_van_der_pol() -> StiffProblem:
    """μ = 10⁶. The reference is dydt's rodas5p at 1e-11; rodas4p at 1e-10 agrees with it to 1e-11."""
    import dydt as package

    made = stiff("vdp_mu1e3", "van der Pol, μ = 10⁶", 1e-6, t1=2e6, parameters={"mu": 1e6})
    made = replace(made, name="vdp_mu1e6")
    sol = package.ODE(made.text, mu=1e6).solve(
        t=(0, made.t1), values=made.values, method="rodas5p", rtol=1e-11, atol=1e-17, saveat="end"
    )
    assert sol.status == "done", sol.message
    return replace(made, end_state=tuple(sol.y[-1].tolist()))


def e5() -> StiffProblem:
    """E5 without y4 = y2 - y3, as rounding loses that invariant in the form with four states."""
    known = problem("e5_t1e11")
    text = "y1' = -A*y1 - B*y1*y3\ny2' = A*y1 - M*C*y2*y3\n"
    text += "y3' = A*y1 - B*y1*y3 - M*C*y2*y3 + C*(y2 - y3)"
    short = {name: getattr(known, name)[:3] for name in ("states", "y0", "end_state")}
    return stiff("e5_t1e11", "E5, three states, to 10¹¹", 1e-22, text=text, **short)


def problems() -> list[StiffProblem]:
    """The seven."""
    return [
        stiff("robertson_t1e11", "Robertson, to 10¹¹", 1e-8),
        stiff("vdp_mu1e3", "van der Pol, μ = 10³", 1e-3),
        very_stiff_van_der_pol(),
        stiff("hires", "HIRES", 1e-4),
        stiff("orego", "OREGO", 1.0),
        e5(),
        stiff("pollu", "pollution, 20 states", 1e-8),
    ]


def dydt(law: StiffProblem, tolerance: float, method: str) -> Call:
    """dydt, by the callable that `solver` compiles once."""
    ode = dydt_law(law)
    step = ode.solver(method=method, rtol=tolerance, atol=tolerance * law.floor, saveat="end")
    start = np.array([law.values[name] for name in ode.states])
    parameters = np.array([law.parameters[name] for name in ode.parameters], dtype=float)
    span, order = (law.t0, law.t1), [ode.states.index(name) for name in law.states]
    tried = step(span, start, parameters)
    if tried.status != "done":
        raise RuntimeError(tried.message)
    return lambda: step(span, start, parameters).y[-1][order]


def casadi_cvodes(law: StiffProblem, tolerance: float, compiled: bool) -> Call:
    """SUNDIALS' CVODES through casadi: BDF and Newton, exact Jacobian; on C code or on casadi's virtual machine."""
    import casadi

    time, states = casadi.SX.sym("t"), [casadi.SX.sym(name) for name in law.states]
    rates = laws.from_text(law, time, states, {"inverse_power": lambda base, power: base**-power})
    if compiled:
        system = compiled_law(law, time, states, rates)
    else:
        system = {"t": time, "x": casadi.vertcat(*states), "ode": casadi.vertcat(*rates)}
    options = {
        "reltol": tolerance,
        "abstol": tolerance * law.floor,
        "max_num_steps": MANY_STEPS,
        "linear_multistep_method": "bdf",
        "nonlinear_solver_iteration": "newton",
    }
    program = casadi.integrator("solve", "cvodes", system, law.t0, law.t1, options)
    start, end = np.array(law.y0), np.empty(len(law.y0))
    buffer, run = program.buffer()
    buffer.set_arg(0, memoryview(start))
    buffer.set_res(0, memoryview(end))

    def call(kept_alive=(buffer, start)) -> np.ndarray:
        run()
        return end.copy()

    return call


@lru_cache(maxsize=8)
def float_laws(law: StiffProblem) -> tuple[Callable, Callable]:
    """f(t, y) and its Jacobian on plain Python floats, common subexpressions taken out."""
    import sympy

    time, states = sympy.Symbol("t"), [sympy.Symbol(name) for name in law.states]
    rates = laws.from_text(
        law, time, states, {"inverse_power": lambda base, power: base ** -sympy.Rational(power)}
    )
    slopes = [[sympy.diff(rate, state) for state in states] for rate in rates]
    f, jacobian = (sympy.lambdify((time, *states), e, modules="math", cse=True) for e in (rates, slopes))
    return lambda t, y: f(t, *y.tolist()), lambda t, y: np.array(jacobian(t, *y.tolist()))


def scipy(law: StiffProblem, tolerance: float, method: str) -> Call:
    """SciPy's `solve_ivp`, or `odeint` for LSODA, with the exact Jacobian."""
    from scipy.integrate import odeint, solve_ivp

    f, jacobian = float_laws(law)
    start, span, options = (
        np.array(law.y0),
        (law.t0, law.t1),
        {"rtol": tolerance, "atol": tolerance * law.floor},
    )
    if method == "LSODA":
        options |= {"tfirst": True, "mxstep": MANY_STEPS}
        return lambda: odeint(f, start, span, Dfun=jacobian, **options)[-1]
    return lambda: solve_ivp(f, span, start, method=method, jac=jacobian, **options).y[:, -1]


@lru_cache(maxsize=8)
def diffrax_program(law: StiffProblem) -> Callable:
    """The jitted solve, with the tolerance as a run-time input."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import diffrax
    import jax.numpy as jnp

    def rates(t, state, _):
        return jnp.stack(laws.from_text(law, t, tuple(state), {"inverse_power": lambda b, p: b**-p}))

    @jax.jit
    def solve(start, tolerance):
        controller = diffrax.PIDController(rtol=tolerance, atol=tolerance * law.floor)
        found = diffrax.diffeqsolve(
            diffrax.ODETerm(rates), diffrax.Kvaerno5(), law.t0, law.t1, None, start,
            stepsize_controller=controller, saveat=diffrax.SaveAt(t1=True), max_steps=1_000_000,
        )  # fmt: skip
        return found.ys[-1]

    return solve


def diffrax_kvaerno5(law: StiffProblem, tolerance: float) -> Call:
    """diffrax's Kvaerno5 under `jit`, waited for."""
    import jax.numpy as jnp

    solve = diffrax_program(law)
    start, wanted = jnp.array(law.y0), jnp.array(tolerance)
    return lambda: np.asarray(solve(start, wanted).block_until_ready())


PEERS = (
    Peer("dydt rodas5p", "dydt", partial(dydt, method="rodas5p"), "solver(...) callable, law from text"),
    Peer("dydt rodas4p", "dydt", partial(dydt, method="rodas4p"), "solver(...) callable, law from text"),
    Peer(
        "dydt rosenbrock23",
        "dydt",
        partial(dydt, method="rosenbrock23"),
        "solver(...) callable, law from text",
    ),
    Peer("dydt auto", "dydt", partial(dydt, method="auto"), "explicit until the law is seen to be stiff"),
    Peer("casadi CVODES", "casadi", partial(casadi_cvodes, compiled=False), "BDF, Newton, exact Jacobian"),
    Peer("casadi CVODES, C", "casadi", partial(casadi_cvodes, compiled=True), "the same on compiled C code"),
    Peer("SciPy Radau", "scipy", partial(scipy, method="Radau"), "solve_ivp, floats, exact Jacobian"),
    Peer("SciPy BDF", "scipy", partial(scipy, method="BDF"), "solve_ivp, floats, exact Jacobian"),
    Peer("SciPy LSODA", "scipy", partial(scipy, method="LSODA"), "odeint, floats, exact Jacobian"),
    Peer("diffrax Kvaerno5", "diffrax", diffrax_kvaerno5, "jit, float64, PIDController, t1 only"),
)


def measure(law: StiffProblem, quick: bool) -> dict:
    """Every solver at every tolerance on one problem: rows of tolerance, error and seconds."""
    calls, failures = {}, []
    for peer in PEERS:
        if importlib.util.find_spec(peer.needs) is None:
            continue
        tolerances = QUICK_TOLERANCES if quick else FEW if peer.name.startswith(SLOW) else TOLERANCES
        found, failed = prepared(law, peer, tolerances)
        calls |= found
        failures += failed
    timings = interleaved({key: call for key, (call, _) in calls.items()}, rounds=2 if quick else 3)
    rows = [
        {"solver": name, "tolerance": tolerance, "error": calls[name, tolerance][1], **asdict(timing)}
        for (name, tolerance), timing in timings.items()
    ]
    return {"problem": law.name, "title": law.title, "rows": rows, "failures": failures}


def run(quick: bool = False) -> dict:
    """All problems."""
    results = []
    for law in problems():
        print(f"stiff: {law.title}", flush=True)
        results.append(measure(law, quick))
    return {"problems": results, "notes": {peer.name: peer.note for peer in PEERS if not peer.missing}}


def text(results: dict) -> str:
    """Times at equal error, how many times as long the peers take, and the geometric means of that."""
    parts, factors = [], {}
    for result in results["problems"]:
        table = at_equal_error(result, ERRORS)
        best = tables.yardstick(table)
        head = ["true error", *(tables.power(error) for error in ERRORS)]
        times = tables.grid(head, ([name, *map(tables.seconds, row)] for name, row in table.items()))
        parts.append(f"### {result['title']}\n\n{times}")
        for name, row in table.items():
            pairs = zip(row, table[best], strict=True)
            ratios = [theirs / ours for theirs, ours in pairs if theirs and ours]
            if ratios and not name.startswith("dydt, best"):
                factors.setdefault(name, {})[result["title"]] = exp(sum(map(log, ratios)) / len(ratios))
    titles = [result["title"] for result in results["problems"]]
    rows = []
    for name, each in factors.items():
        mean = exp(sum(map(log, each.values())) / len(each))
        rows.append([name, *(tables.ratio(each.get(t), 1.0) for t in titles), tables.three_digits(mean)])
    head = ["times dydt, best, at equal error", *titles, "mean"]
    return "\n\n".join([tables.grid(head, rows), *parts])
