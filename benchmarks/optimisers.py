"""Minimisers of training, beside each other: seconds and forecast errors of neural laws, by size and by samples.

Each learns the article's trajectories, or every so manieth sample of them, with machine code from the cache. The error
is the root mean square of the forecast for the six seconds after the data.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np

import dydt
from benchmarks.tables import grid, seconds
from dydt.learning.experiment import END, TRAJECTORIES, trajectory

OPTIMISERS = ("auto", "gauss-newton", "lbfgs")
NETWORKS = ((8,), (16,), (32,), (16, 16), (16, 32))
EVERY = (7, 3, 1)  # of 350 samples
SEEDS = 5


def learn(name: str, hidden: tuple[int, ...], every: int, seed: int, optimiser: str) -> tuple[float, float]:
    """Seconds, and the error of the forecast."""
    data, later, truth = trajectory(name, seed)
    (run,) = data.runs
    data = replace(data, runs=(replace(run, t=run.t[::every], y=run.y[::every]),))
    began = time.perf_counter()
    law = dydt.learn(data, hidden=hidden, seed=seed, optimiser=optimiser, progress=False)
    spent = time.perf_counter() - began
    forecast = law.solve(t=(float(run.t[0]), END), saveat=later).y
    return spent, float(np.sqrt(np.mean((forecast - truth) ** 2)))


def run(quick: bool = False) -> dict[str, Any]:
    """Train all of them, once a seed; those of one seed follow each other."""
    warnings.filterwarnings("ignore", category=dydt.SolveWarning)
    rows = []
    for hidden in NETWORKS[:1] if quick else NETWORKS:
        learn("lotka-volterra", hidden, 7, 0, "lbfgs")  # compiled before the clock runs
        for every in EVERY[:1] if quick else EVERY:
            found: dict[str, dict[str, list[float]]] = {o: {} for o in OPTIMISERS}
            for seed in range(1 if quick else SEEDS):
                for name in TRAJECTORIES:
                    for optimiser in OPTIMISERS:
                        for key, value in zip(
                            ("seconds", name), learn(name, hidden, every, seed, optimiser), strict=True
                        ):
                            found[optimiser].setdefault(key, []).append(value)
            rows.append({"hidden": hidden, "samples": -(-350 // every), "found": found})
            print(_line(rows[-1]))
    return {"rows": rows}


def _line(row: dict[str, Any]) -> list[str]:
    network = "–".join(map(str, (2, *row["hidden"], 2)))
    cells = [network, str(row["samples"])]
    for optimiser in OPTIMISERS:
        found = row["found"][optimiser]
        errors = " ".join(f"{median(found[name]):.4f}" for name in TRAJECTORIES)
        cells += [seconds(median(found["seconds"])), errors]
    return cells


def text(results: dict[str, Any]) -> str:
    """The table."""
    head = ["network", "samples"]
    for optimiser in OPTIMISERS:
        head += [optimiser, "errors"]
    words = (
        f"Medians over {SEEDS} seeds; the errors are those of Lotka–Volterra and of the damped oscillator."
    )
    return f"{words}\n\n{grid(head, [_line(row) for row in results['rows']])}"
