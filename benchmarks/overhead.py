"""What Python costs on top of the kernel, for `solve` and for the callable that `solver` gives.

Solves of growing length are timed, and a straight line through (steps, seconds) is drawn: its slope is the
price of a step, its height at zero steps is everything else: arguments, checks, the first-step search and
the Solution. The second figure is independent of the line: the whole call less what the solution says it
spent in the kernel.
"""

from __future__ import annotations

import importlib.util

import numpy as np
from tests.problems import problem

from benchmarks.timing import interleaved

LENGTHS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)


def calls(law, start: dict, parameters) -> dict:
    """The ways to ask, each a function of the end time."""
    fast = law.solver(method="dop853", rtol=1e-8, atol=1e-8, saveat="end")
    first = np.array([start[name] for name in law.states])
    options = {"method": "dop853", "rtol": 1e-8, "atol": 1e-8}
    return {
        "step(t, y0, p), step = law.solver(…, saveat='end')": lambda end: fast((0.0, end), first, parameters),
        "law.solve(…, saveat='end')": lambda end: law.solve(t=(0, end), **start, saveat="end", **options),
        "law.solve(…), all steps kept": lambda end: law.solve(t=(0, end), **start, **options),
    }


def run(quick: bool = False) -> dict:
    """The overhead of each way to ask, on Lorenz."""
    if importlib.util.find_spec("dydt") is None:
        print("skipped: overhead (the package dydt is not installed)")
        return {"rows": []}
    import dydt

    print("overhead: Python on top of the kernel", flush=True)
    lorenz = problem("lorenz_t1")
    law = dydt.ODE(lorenz.text, **lorenz.parameters)
    parameters = np.array([lorenz.parameters[name] for name in law.parameters])
    rows = []
    for name, ask in calls(law, lorenz.values, parameters).items():
        solutions = {end: ask(end) for end in LENGTHS}
        timings = interleaved(
            {end: (lambda end=end, ask=ask: ask(end)) for end in LENGTHS}, rounds=5 if quick else 40, most=200
        )
        steps = [solutions[end].stats["steps"] + solutions[end].stats["rejected"] for end in LENGTHS]
        slope, height = np.polyfit(steps, [timings[end].minimum for end in LENGTHS], 1)
        kernel = min(ask(LENGTHS[0]).stats["seconds"] for _ in range(50))
        outside = timings[LENGTHS[0]].minimum - kernel
        rows.append(
            {"name": name, "overhead": float(height), "per_step": float(slope), "outside": float(outside)}
        )
    return {"rows": rows}
