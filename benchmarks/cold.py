"""The cold start: a fresh process from nothing to the printed answer of Lorenz, t = 0…20, at 1e-8."""

from __future__ import annotations

import importlib.util
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from benchmarks.reference import lorenz_t20

SCIPY = """
from scipy.integrate import solve_ivp
def law(t, s):
    x, y, z = s.tolist()
    return 10*(y - x), x*(28 - z) - y, x*y - 8/3*z
print(*solve_ivp(law, (0, 20), (1, 1, 1), method="DOP853", rtol=1e-8, atol=1e-8).y[:, -1].tolist())
"""
HEYOKA = """
import heyoka
x, y, z = heyoka.make_vars("x", "y", "z")
law = [(x, 10.0*(y - x)), (y, x*(28.0 - z) - y), (z, x*y - 8/3*z)]
machine = heyoka.taylor_adaptive(law, [1.0, 1.0, 1.0], tol=1e-8)
machine.propagate_until(20.0)
print(*machine.state.tolist())
"""
DIFFRAX = """
import jax, jax.numpy as jnp, diffrax
jax.config.update("jax_enable_x64", True)
def law(t, s, _):
    x, y, z = s
    return jnp.stack([10*(y - x), x*(28 - z) - y, x*y - 8/3*z])
control = diffrax.PIDController(rtol=1e-8, atol=1e-8)
found = diffrax.diffeqsolve(diffrax.ODETerm(law), diffrax.Dopri8(), 0, 20, None, jnp.ones(3),
                            max_steps=100_000, stepsize_controller=control, saveat=diffrax.SaveAt(t1=True))
print(*found.ys[-1].tolist())
"""
CASADI = """
import casadi
x, y, z = (casadi.SX.sym(name) for name in "xyz")
law = {"x": casadi.vertcat(x, y, z), "ode": casadi.vertcat(10*(y - x), x*(28 - z) - y, x*y - 8/3*z)}
options = {"reltol": 1e-8, "abstol": 1e-8, "linear_multistep_method": "adams"}
print(*casadi.integrator("solve", "cvodes", law, 0, 20, options)(x0=[1, 1, 1])["xf"].full().ravel().tolist())
"""
DYDT = '''
import dydt
lorenz = dydt.ODE("""
    x' = s*(y - x)
    y' = x*(r - z) - y
    z' = x*y - b*z
""", s=10, r=28, b=8/3)
print(*lorenz.solve(t=(0, 20), x=1, y=1, z=1, rtol=1e-8, atol=1e-8, saveat="end").y[-1].tolist())
'''
CACHE_VARIABLES = ("DYDT_CACHE", "HEYOKA_CACHE_DIR", "JAX_COMPILATION_CACHE_DIR")


@dataclass(frozen=True, eq=False)
class Start:
    """One program to start: `command` follows the interpreter; its caches are empty or warm."""

    name: str
    command: tuple[str, ...]
    needs: str = "sys"
    baseline: bool = False
    warm: bool = False


STARTS = (
    Start("python, nothing imported", ("-c", "print(1)"), baseline=True),
    Start("python, import numpy", ("-c", "import numpy; print(1)"), baseline=True),
    Start("dydt, empty cache", ("-c", DYDT), "dydt"),
    Start("dydt, warm cache", ("-c", DYDT), "dydt", warm=True),
    Start("dydt solve lorenz (t = 0…40), empty cache", ("-m", "dydt", "solve", "lorenz"), "dydt"),
    Start("dydt solve lorenz (t = 0…40), warm cache", ("-m", "dydt", "solve", "lorenz"), "dydt", warm=True),
    Start("heyoka, empty cache", ("-c", HEYOKA), "heyoka"),
    Start("heyoka, warm cache", ("-c", HEYOKA), "heyoka", warm=True),
    Start("SciPy DOP853", ("-c", SCIPY), "scipy"),
    Start("casadi CVODES", ("-c", CASADI), "casadi"),
    Start("diffrax Dopri8, no cache", ("-c", DIFFRAX), "diffrax"),
    Start("diffrax Dopri8, warm cache", ("-c", DIFFRAX), "diffrax", warm=True),
)


def environment(folder: str) -> dict[str, str]:
    """The environment of a child, its caches kept inside `folder`."""
    return {
        **os.environ,
        **dict.fromkeys(CACHE_VARIABLES, folder),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
    }


def once(start: Start, warm_folder: str) -> tuple[float, str]:
    """Seconds and printed words of one fresh process."""
    with tempfile.TemporaryDirectory(prefix="bench_cache_") as empty:
        surroundings = environment(warm_folder if start.warm else empty)
        if not start.warm:
            del surroundings["JAX_COMPILATION_CACHE_DIR"]  # which is off unless asked for
        begin = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *start.command],
            env=surroundings,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        took = time.perf_counter() - begin
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["it ended without a word"])[-1])
    return took, done.stdout


def error_text(start: Start, printed: str) -> str:
    """The true error of the three numbers a script printed; empty for anything else."""
    words = printed.split()
    if start.baseline or len(words) != 3 or not all(re.fullmatch(r"[-+.\de]+", word) for word in words):
        return ""
    return f"{lorenz_t20().error(float(word) for word in words):.0e}"


def run(quick: bool = False) -> dict:
    """Every program `repeats` times, interleaved, after one unmeasured start that fills the file caches."""
    repeats = 2 if quick else 9
    with tempfile.TemporaryDirectory(prefix="bench_warm_") as warm_folder:
        seconds: dict[Start, list[float]] = {}
        printed: dict[Start, str] = {}
        for start in STARTS:
            if importlib.util.find_spec(start.needs) is None:
                print(f"skipped: {start.name} (the package {start.needs} is not installed)")
                continue
            try:
                printed[start] = once(start, warm_folder)[1]
            except RuntimeError as said:
                print(f"skipped: {start.name}: {said}")
                continue
            seconds[start] = []
        for _ in range(repeats):
            for start, found in seconds.items():
                found.append(once(start, warm_folder)[0])
    rows = [
        {
            "name": start.name,
            "baseline": start.baseline,
            "minimum": min(found),
            "median": statistics.median(found),
            "repeats": repeats,
            "error_text": error_text(start, printed[start]),
        }
        for start, found in seconds.items()
    ]
    return {"rows": rows}
