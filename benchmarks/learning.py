"""Fits of parameters: `ODE.fit` beside `scipy.optimize.least_squares` over `solve_ivp`, at the same optimum; and how
often intervals of 95 % hold the truth.

The problem: Lotka–Volterra, four parameters and two initial values, 100 samples of both states with noise 0.05.
Everyone starts from the same guess with residuals in units of the noise. The error is the distance from the optimum
that a fit with tolerances of 1e-11 finds, in standard errors of the parameters.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import least_squares

import dydt
from benchmarks.tables import grid, ratio, seconds
from benchmarks.timing import interleaved

LAW = "x' = a*x - b*x*y; y' = d*x*y - g*y"
TRUE = {"a": 1.5, "b": 1.0, "d": 0.75, "g": 1.0}
START = (2.0, 1.0)
GUESS = {"a": 1.2, "b": 0.8, "d": 0.9, "g": 1.2}
NOISE, SAMPLES, END = 0.05, 100, 12.0
# Method, relative tolerance, relative step of the differences: it must stay above the noise of the solver.
PEERS = (
    ("RK45", 1e-6, 1e-4),
    ("LSODA", 1e-6, 1e-4),
    ("RK45", 1e-9, 1e-6),
    ("DOP853", 1e-9, 1e-6),
    ("LSODA", 1e-9, 1e-6),
)
SETS = 1000  # data sets of the coverage


def measured(seed: int, samples: int = SAMPLES, end: float = END, noise: float = NOISE) -> dict[str, Any]:
    """A noisy trajectory."""
    t = np.linspace(0.0, end, samples)
    x, y = START
    clean = dydt.ODE(LAW, **TRUE).solve(t=(0.0, end), x=x, y=y, saveat=t).y
    noisy = clean + noise * np.random.default_rng(seed).normal(size=clean.shape)
    return {"t": t, "x": noisy[:, 0], "y": noisy[:, 1]}


def by_scipy(data: dict[str, Any], first: np.ndarray, method: str, rtol: float, step: float) -> np.ndarray:
    """What least squares over `solve_ivp` with finite differences finds."""
    y = np.column_stack([data["x"], data["y"]])

    def slopes(t: float, s: np.ndarray, a: float, b: float, d: float, g: float) -> list[float]:
        return [a * s[0] - b * s[0] * s[1], d * s[0] * s[1] - g * s[1]]

    def residuals(p: np.ndarray) -> np.ndarray:
        sol = solve_ivp(slopes, (0.0, END), p[4:], method, data["t"], args=p[:4], rtol=rtol, atol=1e-2 * rtol)
        return ((sol.y.T - y) / NOISE).reshape(-1)

    return least_squares(residuals, first, x_scale=np.abs(first), diff_step=step).x


def speed(quick: bool) -> list[dict[str, Any]]:
    """Seconds and error of everyone."""
    law, data = dydt.ODE(LAW), measured(1)
    ours = partial(law.fit, data, noise=NOISE, progress=False, **GUESS)
    best = ours(rtol=1e-11)
    guess = law.fit(
        data, free=[], noise=NOISE, shooting=False, **GUESS
    )  # initial values as a fit would begin
    first = np.array([*GUESS.values(), *guess.initial["1"].values()])
    calls: dict[Any, Any] = {"dydt": ours}
    calls |= {
        f"least_squares, {m} {rtol:g}": partial(by_scipy, data, first, m, rtol, step)
        for m, rtol, step in PEERS
    }
    found = {name: call() for name, call in calls.items()}
    found["dydt"] = found["dydt"].estimates
    times = interleaved(calls, rounds=2 if quick else 5, turn=5e-3)
    rows = []
    for name in calls:
        error = float(np.max(np.abs(found[name] - best.estimates) / best.errors))
        rows.append({"who": name, "seconds": times[name].median, "best": times[name].minimum, "error": error})
        print(f"{name:36} {times[name].median * 1e3:9.2f} ms   {error:.1e} standard errors")
    return rows


def coverage(quick: bool) -> dict[str, Any]:
    """How often intervals of 95 % hold the truth, noise estimated."""
    law, count = dydt.ODE(LAW, **TRUE), 100 if quick else SETS
    sets = [measured(1000 + k, 30, 8.0, 0.1) for k in range(count)]
    truth = np.array([*TRUE.values(), *START])
    law.fit(sets[0])
    began, hits = time.perf_counter(), np.zeros(len(truth))
    for data in sets:
        fit = law.fit(data, progress=False)
        low, high = np.array(list(fit.intervals().values())).T
        hits += (low <= truth) & (truth <= high)
    spent = time.perf_counter() - began
    shares = {name: float(h) / count for name, h in zip(fit.names, hits, strict=True)}
    print(f"coverage over {count} data sets: {shares}, {spent:.2f} s")
    return {"sets": count, "coverage": shares, "seconds": spent}


def run(quick: bool = False) -> dict[str, Any]:
    """Measure both."""
    return {"speed": speed(quick), "coverage": coverage(quick)}


def text(results: dict[str, Any]) -> str:
    """The tables."""
    rows = results["speed"]
    own = rows[0]["seconds"]
    lines = [[r["who"], seconds(r["seconds"]), ratio(r["seconds"], own), f"{r['error']:.1e}"] for r in rows]
    table = grid(
        ("Lotka–Volterra, 6 unknowns, 100 samples", "median", "times dydt", "error / standard error"), lines
    )
    c = results["coverage"]
    shares = [f"{share:.1%}" for share in c["coverage"].values()]
    covered = grid(tuple(c["coverage"]), [shares])
    return (
        f"{table}\n\nHow often 95 % intervals hold the truth: {c['sets']:,} data sets of 30 samples, noise 0.1 "
        f"estimated, all fits in {seconds(c['seconds'])}.\n\n{covered}"
    )
