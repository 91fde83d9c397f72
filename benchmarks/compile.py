"""From text to machine code: small laws against the peers, a thousand states, empty and warm disk cache.

Every figure comes from a process of its own: `python -m benchmarks.compile PEER PROBLEM` measures inside one.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tempfile
import time

from tests.problems import Problem, problem

from benchmarks.bounds import measure_core, step_bounds
from benchmarks.cold import environment
from benchmarks.peers import PEERS
from benchmarks.precision import TITLES
from benchmarks.reference import lorenz_t20

SMALL = ("lorenz_t20", "pleiades")
COMPILED = ("dydt dop853", "dydt tsit5", "heyoka Taylor", "diffrax Dopri8", "casadi CVODES")
LARGE_METHODS = ("tsit5", "dop853")
CELLS = 500


def brusselator(cells: int = CELLS) -> Problem:
    """The Brusselator with diffusion on a line of `cells` inner points, its ends held at (1, 3).

    u' = 1 + u²v − 4u + α (u_left − 2u + u_right), v' = 3u − u²v + α (…), α = (cells + 1)²/50, started at
    u = 1 + sin(2πx), v = 3: the problem BRUSS of Hairer and Wanner, volume II, section IV.1.
    """
    from math import pi, sin

    def neighbour(name: str, i: int, held: str) -> str:
        return held if i in (0, cells + 1) else f"{name}{i}"

    lines = []
    for i in range(1, cells + 1):
        u, v = f"u{i}", f"v{i}"
        diffusions = [
            f"alpha*({neighbour(name, i - 1, held)} - 2*{name}{i} + {neighbour(name, i + 1, held)})"
            for name, held in (("u", "1"), ("v", "3"))
        ]
        lines.append(f"{u}' = 1 + {u}*{u}*{v} - 4*{u} + {diffusions[0]}")
        lines.append(f"{v}' = 3*{u} - {u}*{u}*{v} + {diffusions[1]}")
    states = tuple(f"{name}{i}" for i in range(1, cells + 1) for name in "uv")
    start = tuple(value for i in range(1, cells + 1) for value in (1 + sin(2 * pi * i / (cells + 1)), 3.0))
    return Problem(
        name="brusselator_line",
        title="Brusselator on a line",
        kind="stiff",
        text="\n".join(lines),
        states=states,
        parameters={"alpha": (cells + 1) ** 2 / 50},
        y0=start,
        t0=0.0,
        t1=0.05,
        end_state=start,
        samples=(),
        ulp_shift=None,
        events=(),
        event_times=(),
        source="Hairer and Wanner II, IV.1 (BRUSS)",
    )


def law_named(name: str) -> Problem:
    """A problem by name, the large one included."""
    if name == "brusselator_line":
        return brusselator()
    return lorenz_t20() if name == "lorenz_t20" else problem(name)


def measure_here(peer_name: str, problem_name: str) -> dict:
    """Seconds of the import, of compiling, and of the first solve, in this process.

    The import counts a trivial law too, so that what a package loads or starts up at its first law is not
    taken for compiling; NumPy is there already.
    """
    peer = next(peer for peer in PEERS if peer.name == peer_name)
    law = law_named(problem_name)
    begin = time.perf_counter()
    importlib.import_module(peer.needs)
    peer.prepare(problem("exp_decay"), 1e-8)()
    imported = time.perf_counter()
    call = peer.prepare(law, 1e-8)
    ready = time.perf_counter()
    call()
    return {"import": imported - begin, "ready": ready - imported, "first": time.perf_counter() - ready}


def measure_step(method: str) -> dict:
    """Seconds a step of the large law, counting rejected ones, in this process; and the bounds."""
    import dydt
    from dydt.solvers.tableaus import tableau

    law = brusselator()
    ode = dydt.ODE(law.text, **law.parameters)
    step = ode.solver(method=method, rtol=1e-6, atol=1e-6, saveat="end")
    values = law.values
    start, span = [values[name] for name in ode.states], (law.t0, law.t1)
    import numpy as np

    arguments = (span, np.array(start), np.array(list(law.parameters.values())))
    shortest = float("inf")
    for _ in range(5):
        begin = time.perf_counter()
        solution = step(*arguments)
        shortest = min(shortest, time.perf_counter() - begin)
    steps = solution.stats["steps"] + solution.stats["rejected"]
    core = measure_core()
    flop, memory = step_bounds(law.text, len(law.states), tableau(method), core)
    return {
        "step": shortest / steps,
        "steps": steps,
        "flop_bound": flop,
        "memory_bound": memory,
        "bounds": core.words(),
    }


def in_child(*arguments: str, cache: str) -> dict:
    """What `python -m benchmarks.compile` prints in a fresh process with the disk cache `cache`."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.compile", *arguments],
        env=environment(cache), capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["it ended without a word"])[-1])
    return json.loads(done.stdout.splitlines()[-1])


def best_of(repeats: int, *arguments: str, warm: bool) -> dict:
    """The shortest of a few fresh processes, stage by stage; with a warm disk cache, or an empty one."""
    found = []
    with tempfile.TemporaryDirectory(prefix="bench_cache_") as kept:
        if warm:
            in_child(*arguments, cache=kept)
        for _ in range(repeats):
            with tempfile.TemporaryDirectory(prefix="bench_cache_") as empty:
                found.append(in_child(*arguments, cache=kept if warm else empty))
    return {key: min(row[key] for row in found) for key in found[0]}


def small_laws(repeats: int) -> list[dict]:
    """Lorenz and Pleiades by all who compile."""
    rows = []
    for problem_name in SMALL:
        for peer in (peer for peer in PEERS if peer.name in COMPILED and not peer.missing):
            keeps = peer.needs != "casadi"
            caches = (("empty cache", False), ("warm disk cache", True)) if keeps else (("no cache", False),)
            for cache, warm in caches:
                name = ", ".join((TITLES[problem_name].split(",")[0], peer.name, cache))
                try:
                    rows.append({"name": name, **best_of(repeats, peer.name, problem_name, warm=warm)})
                except RuntimeError as said:
                    print(f"skipped: {name}: {said}")
    return rows


def large_law(repeats: int) -> tuple[list[dict], str]:
    """The thousand states: compile time, time a step, bounds."""
    rows, words = [], ""
    for method in LARGE_METHODS:
        try:
            empty = best_of(repeats, f"dydt {method}", "brusselator_line", warm=False)
            warm = best_of(repeats, f"dydt {method}", "brusselator_line", warm=True)
            with tempfile.TemporaryDirectory(prefix="bench_cache_") as folder:
                step = in_child("step", method, cache=folder)
        except RuntimeError as said:
            print(f"skipped: 1000-state Brusselator, {method}: {said}")
            continue
        words = step.pop("bounds")
        rows.append({"name": f"dydt {method}", "compile": empty["ready"], "warm": warm["ready"], **step})
    return rows, words


def run(quick: bool = False) -> dict:
    """Small laws and the large one."""
    print("compile: text to machine code", flush=True)
    repeats = 1 if quick else 3
    rows = small_laws(repeats)
    dydt_there = not next(peer for peer in PEERS if peer.ours).missing
    large, words = large_law(repeats) if dydt_there else ([], "")
    return {"rows": rows, "large": large, "bounds": words}


if __name__ == "__main__":
    first, second = sys.argv[1:3]
    print(json.dumps(measure_step(second) if first == "step" else measure_here(first, second)))
