"""Many solves at once: Lorenz for 4096 values of r, on one core; idle lanes; two threads; memory.

The error of a run is the largest of all states of all members at the end, absolute: the states are of size 1 to 16,
and where r is 0 they are all but gone, so that relative errors would say more about atol than about the solver. The
reference is dydt's vern9 at 1e-13; how far heyoka at 1e-16 is from it is stored beside the numbers.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache, partial

import numpy as np

from benchmarks.peers import Peer
from benchmarks.timing import Timing, interleaved

TITLE = "Lorenz, t = 0…1, 4096 values of r"
TEXT = "x' = s*(y - x); y' = x*(r - z) - y; z' = x*y - b*z; s = 10; b = 8/3; x(0) = 1; y(0) = 0; z(0) = 0"
R = np.linspace(0.0, 21.0, 4096)
TOLERANCES = (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11)
QUICK_TOLERANCES = (1e-6, 1e-8)
BATCHES = (1, 2, 4, 8, 16, 32)
SLOW = 0.5  # seconds: a run that takes longer is measured once

Call = Callable[[], np.ndarray]


@lru_cache(maxsize=1)
def law():
    """Lorenz as dydt reads it."""
    import dydt

    return dydt.ODE(TEXT)


def dydt(tolerance: float, method: str) -> Call:
    """dydt's sweep on one thread."""
    options = {"method": method, "rtol": tolerance, "atol": tolerance, "threads": 1, "progress": False}
    return lambda: law().sweep(t=(0, 1), r=R, **options).y


def heyoka(tolerance: float, batch: int) -> Call:
    """heyoka's batch integrator, the members taken in turn, `batch` at a time."""
    import heyoka as hy

    x, y, z = hy.make_vars("x", "y", "z")
    system = [(x, 10.0 * (y - x)), (y, x * (hy.par[0] - z) - y), (z, x * y - 8.0 / 3.0 * z)]
    start = np.repeat([[1.0], [0.0], [0.0]], batch, axis=1)
    machine = hy.taylor_adaptive_batch(
        system, start, pars=np.zeros((1, batch)), tol=tolerance, fast_math=True
    )
    ends = np.empty((len(R), 3))

    def call() -> np.ndarray:
        for first in range(0, len(R), batch):
            machine.set_time(0.0)
            machine.state[:] = start
            machine.pars[0] = R[first : first + batch]
            machine.propagate_until(1.0)
            ends[first : first + batch] = machine.state.T
        return ends

    return call


@lru_cache(maxsize=4)
def diffrax_program(method: str) -> Callable:
    """The solve of one member under `vmap` and `jit`, with the tolerance as a run-time input."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import diffrax
    import jax.numpy as jnp

    def rates(t, state, r):
        x, y, z = state
        return jnp.stack([10.0 * (y - x), x * (r - z) - y, x * y - 8.0 / 3.0 * z])

    term, solver = diffrax.ODETerm(rates), getattr(diffrax, method)()

    def solve(r, tolerance):
        found = diffrax.diffeqsolve(
            term, solver, 0.0, 1.0, None, jnp.array([1.0, 0.0, 0.0]), args=r, max_steps=100_000,
            stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance),
            saveat=diffrax.SaveAt(t1=True),
        )  # fmt: skip
        return found.ys[-1]

    return jax.jit(jax.vmap(solve, in_axes=(0, None)))


def diffrax(tolerance: float, method: str) -> Call:
    """diffrax, waited for."""
    import jax.numpy as jnp

    solve = diffrax_program(method)
    members, wanted = jnp.array(R), jnp.array(tolerance)
    return lambda: np.asarray(solve(members, wanted).block_until_ready())


def scipy_loop(tolerance: float) -> Call:
    """SciPy's DOP853, one member after the other, on plain floats."""
    from scipy.integrate import solve_ivp

    def rates(t, state, r):
        x, y, z = state.tolist()
        return 10.0 * (y - x), x * (r - z) - y, x * y - 8.0 / 3.0 * z

    def one(r: float) -> np.ndarray:
        options = {"method": "DOP853", "rtol": tolerance, "atol": tolerance, "args": (r,)}
        return solve_ivp(rates, (0.0, 1.0), (1.0, 0.0, 0.0), **options).y[:, -1]

    return lambda: np.array([one(r) for r in R.tolist()])


def scipy_stacked(tolerance: float) -> Call:
    """SciPy's DOP853 on all members as one system, which steps as one."""
    from scipy.integrate import solve_ivp

    start = np.repeat([1.0, 0.0, 0.0], len(R))

    def rates(t, state):
        x, y, z = state.reshape(3, -1)
        return np.concatenate([10.0 * (y - x), x * (R - z) - y, x * y - 8.0 / 3.0 * z])

    options = {"method": "DOP853", "rtol": tolerance, "atol": tolerance}
    return lambda: solve_ivp(rates, (0.0, 1.0), start, **options).y[:, -1].reshape(3, -1).T


PEERS = (
    *(
        Peer(f"dydt {m}", "dydt", partial(dydt, method=m), "sweep")
        for m in ("tsit5", "dop853", "vern9", "taylor")
    ),
    *(
        Peer(f"heyoka, batch {b}", "heyoka", partial(heyoka, batch=b), "taylor_adaptive_batch")
        for b in BATCHES
    ),
    *(
        Peer(f"diffrax {m}, vmap", "diffrax", partial(diffrax, method=m), "vmap, jit")
        for m in ("Tsit5", "Dopri8")
    ),
    Peer("SciPy DOP853, loop", "scipy", scipy_loop, "solve_ivp"),
    Peer("SciPy DOP853, stacked", "scipy", scipy_stacked, "solve_ivp"),
)


def error_of(ends: np.ndarray, reference: np.ndarray) -> float:
    """The largest distance of a state of a member from its reference, at the end."""
    return float(np.max(np.abs(ends - reference)))


def measure(tolerances: tuple[float, ...], rounds: int, reference: np.ndarray) -> list[dict]:
    """A row for every peer and tolerance; the loop in Python is measured at 1e-8 alone."""
    calls: dict[tuple[str, float], Call] = {}
    rows: list[dict] = []
    for peer in PEERS:
        if peer.missing:
            print(f"skipped: {peer.name} (the package {peer.needs} is not installed)")
            continue
        for tolerance in tolerances if peer.name != "SciPy DOP853, loop" else (1e-8,):
            call = peer.prepare(tolerance)
            call()
            begin = time.perf_counter()
            error = error_of(call(), reference)
            once = time.perf_counter() - begin
            key = {"solver": peer.name, "tolerance": tolerance, "error": error}
            rows.append(key | asdict(Timing(once, once, 1)))
            if once < SLOW:
                calls[peer.name, tolerance] = call
    timings = interleaved(calls, rounds=rounds, turn=20e-3)
    for row in rows:
        if (row["solver"], row["tolerance"]) in timings:
            row |= asdict(timings[row["solver"], row["tolerance"]])
    return rows


def idle_lanes(members: int) -> dict:
    """Van der Pol from easy to hard: the part of the lanes' turns in which they wait, with and without refilling."""
    import dydt

    ode = dydt.ODE("x'' = mu*(1 - x^2)*x' - x; x(0) = 2; x'(0) = 0")
    mu = np.random.default_rng(1).permutation(np.linspace(1, 100, members))
    runs = ode.sweep(t=(0, 20), mu=mu, method="dop853", threads=1, progress=False)
    steps = runs._harvest.accepted + runs._harvest.rejected
    lanes = 8
    groups = steps[: members // lanes * lanes].reshape(-1, lanes)
    return {
        "members": members,
        "fewest": int(steps.min()),
        "most": int(steps.max()),
        "idle": runs.stats["idle"],
        "idle without refilling": float(1 - groups.sum() / (lanes * groups.max(axis=1).sum())),
        "lanes": lanes,
    }


def two_threads(rounds: int) -> dict | None:
    """The same sweep on one thread and on two, in turn; None where there is one core."""
    cores = os.cpu_count() or 1
    if cores < 2 or not hasattr(os, "sched_setaffinity"):
        return None
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(cores))
    try:
        r = np.linspace(0, 21, 200_000)
        options = {"method": "dop853", "rtol": 1e-8, "atol": 1e-8, "progress": False}
        calls = {n: partial(law().sweep, t=(0, 1), r=r, threads=n, **options) for n in (1, 2)}
        found = interleaved(calls, rounds=rounds, turn=0)
        busy = {n: min(processor_seconds(call) for _ in range(rounds)) for n, call in calls.items()}
        load = os.getloadavg()[0]
    finally:
        os.sched_setaffinity(0, before)
    return {"one": found[1].minimum, "two": found[2].minimum, "one_median": found[1].median,
            "two_median": found[2].median, "busy": busy[2] / busy[1], "members": len(r), "load": load}  # fmt: skip


def processor_seconds(call: Callable[[], object]) -> float:
    """What all threads of this process take of the processor, which others that share it change little."""
    begin = time.process_time()
    call()
    return time.process_time() - begin


MILLION = f"""
import time
import numpy as np, dydt
def peak():  # not by getrusage, which a process inherits from the one that started it
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return 1024 * int(line.split()[1])
law = dydt.ODE({TEXT!r})
law.sweep(t=(0, 1), r=np.linspace(0, 21, 64), rtol=1e-8, atol=1e-8, method="dop853", threads=1)
before, began = peak(), time.perf_counter()
runs = law.sweep(t=(0, 1), r=np.linspace(0, 21, 1_000_000), rtol=1e-8, atol=1e-8, method="dop853", threads=1)
seconds = time.perf_counter() - began
print(before, peak(), seconds, runs.stats["memory bytes"], bool(runs.done.all()))
"""


def million() -> dict | None:
    """The peak memory of a process that solves a million members and keeps their ends; None if it can't be read."""
    if not os.path.exists("/proc/self/status"):
        return None
    said = subprocess.run(
        [sys.executable, "-c", MILLION], capture_output=True, text=True, check=True
    ).stdout.split()
    before, peak, seconds, stated, done = said
    return {
        "before": int(before),
        "peak": int(peak),
        "seconds": float(seconds),
        "stated": int(stated),
        "done": done == "True",
    }


def run(quick: bool = False) -> dict:
    """All of it."""
    if importlib.util.find_spec("dydt") is None:
        print("skipped: ensemble (the package dydt is not installed)")
        return {"rows": []}
    print(f"ensemble: {TITLE}", flush=True)
    reference = dydt(1e-13, "vern9")()
    apart = None
    if importlib.util.find_spec("heyoka") is not None:
        apart = error_of(heyoka(1e-16, 8)(), reference)
    rows = measure(QUICK_TOLERANCES if quick else TOLERANCES, 2 if quick else 7, reference)
    print("ensemble: idle lanes, two threads, a million members", flush=True)
    return {
        "title": TITLE,
        "members": len(R),
        "references apart": apart,
        "rows": rows,
        "idle": idle_lanes(512 if quick else 4096),
        "threads": two_threads(3 if quick else 15),
        "million": million(),
    }
