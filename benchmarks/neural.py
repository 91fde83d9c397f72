"""The article's experiment by those who can learn it: one noisy trajectory, the same network, the same forecast range.

Each run is a fresh process with empty caches: `python -m benchmarks.neural PEER FILE SEED BEGAN` learns the samples in
FILE and prints how the forecast error fell. The clock stands still while errors are measured.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cold import environment
from benchmarks.tables import grid, ratio, seconds

PROBLEMS = {"lotka-volterra": ("Lotka–Volterra", 0.01), "damped-oscillator": ("damped oscillator", 0.02)}
HIDDEN = (16, 32)
OURS, WARM = "dydt", "dydt, warm cache"
ARTICLE, BATCH, DIFFRAX = "torchdiffeq, one sample at a time", "torchdiffeq, one batch", "diffrax"
NEEDS = {OURS: "dydt", WARM: "dydt", BATCH: "torchdiffeq", DIFFRAX: "diffrax", ARTICLE: "torchdiffeq"}
EPOCHS, MEASURED = 100, 5  # of the article; those that are run, unless BENCH_WHOLE is set: it takes minutes
BUDGET = {BATCH: 15.0, DIFFRAX: 25.0}  # seconds of the processor that peers get
SEEDS, SEEDS_OF_PEERS = 5, 2


# -- in a process of its own --------------------------------------------------------------------------------------


class Clock:
    """Seconds since the process began, without those spent on measuring errors."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.paused = np.zeros(2)
        self.curve: list[list[float]] = []
        self.ready: list[float] | None = None

    def _raw(self) -> np.ndarray:
        return np.array([time.process_time(), time.time() - self.began])

    def now(self) -> list[float]:
        """Of the processor, and of the wall."""
        return [float(v) for v in self._raw() - self.paused]

    def mark(self, error: Callable[[], float]) -> None:
        """Note the error at this moment."""
        before = self._raw()
        at = self.now()
        self.curve.append([*at, float(error())])
        self.paused += self._raw() - before

    def is_ready(self) -> None:
        """Everything is compiled: the first step is done."""
        if self.ready is None:
            self.ready = self.now()

    def until(self, budget: float) -> Iterator[int]:
        """Count until so many seconds of the processor have passed."""
        count = 0
        while self.now()[0] < budget:
            yield count
            count += 1

    def due(self) -> bool:
        """Whether the error should be measured again: seldom in the long run."""
        now, last = self.now()[0], self.curve[-1][0] if self.curve else 0.0
        return now - last > max(0.1, 0.03 * now)

    def told(self) -> dict[str, Any]:
        return {"curve": self.curve, "ready": self.ready}


def rms(values: np.ndarray) -> float:
    """Root mean square; infinite for what is not a number."""
    found = float(np.sqrt(np.mean(np.asarray(values, dtype=float) ** 2)))
    return found if math.isfinite(found) else math.inf


def learn_ours(data: dict[str, np.ndarray], seed: int, clock: Clock) -> None:
    """`dydt.learn` and a forecast by the law that comes out; it starts where the law says the run did."""
    import dydt

    states = [f"x{i}" for i in range(data["y"].shape[1])]
    columns = {"t": data["t"], **dict(zip(states, data["y"].T, strict=True))}
    law = dydt.learn(columns, hidden=HIDDEN, seed=seed, progress=False)
    clock.is_ready()
    forecast = law.solve(t=(float(data["t"][0]), float(data["later"][-1])), saveat=data["later"]).y
    clock.mark(lambda: rms(forecast - data["truth"]))


def _torch(data: dict[str, np.ndarray], seed: int) -> tuple[Any, Any, Callable[[], float]]:
    """The network, its right-hand side, and the error of its forecast from the first or the last sample."""
    import torch
    from torchdiffeq import odeint

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    sizes = (2, *HIDDEN, 2)
    layers: list[Any] = []
    for before, after in itertools.pairwise(sizes):
        layers += [torch.nn.Linear(before, after), torch.nn.Tanh()]
    network = torch.nn.Sequential(*layers[:-1])

    class Law(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, _t: Any, y: Any) -> Any:
            return self.network(y)

    law = Law()

    def error() -> float:
        found = []
        for place in (0, -1):
            times = torch.tensor(np.r_[data["t"][place], data["later"]], dtype=torch.float32)
            start = torch.tensor(data["y"][place], dtype=torch.float32)
            with torch.no_grad():
                try:
                    forecast = odeint(law, start, times, rtol=1e-5, atol=1e-6)[1:].numpy()
                except AssertionError:  # the step underflows
                    continue
            found.append(rms(forecast - data["truth"]))
        return min(found, default=math.inf)

    return network, law, error


def learn_article(data: dict[str, np.ndarray], seed: int, clock: Clock, epochs: int = EPOCHS) -> None:
    """The article's own way: from each sample to the next, one at a time in random order, by the continuous adjoint."""
    import torch
    from torchdiffeq import odeint_adjoint

    network, law, error = _torch(data, seed)
    t, y = (torch.tensor(data[name], dtype=torch.float32) for name in ("t", "y"))
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    random = np.random.default_rng(seed)
    for _ in range(epochs):
        for i in random.permutation(len(t) - 1):
            optimiser.zero_grad()
            found = odeint_adjoint(law, y[i], t[i : i + 2])[-1]
            torch.mean((found - y[i + 1]) ** 2).backward()
            optimiser.step()
            clock.is_ready()
        clock.mark(error)


def learn_batch(data: dict[str, np.ndarray], seed: int, clock: Clock, budget: float) -> None:
    """Overlapping windows as one batch: dopri5 on a grid, cubic Hermite interpolation to the samples, Adam."""
    import torch
    from torchdiffeq import odeint

    span, every, spacing = 1.5, 0.1, 0.15
    network, law, error = _torch(data, seed)
    t = data["t"]
    first = np.unique(np.searchsorted(t, np.arange(t[0], t[-1] - span, every)))
    windows = [(w, r) for w, i in enumerate(first) for r in range(i + 1, np.searchsorted(t, t[i] + span))]
    window, row = np.array(windows).T
    place = (t[row] - t[first[window]]) / spacing
    cell = np.minimum(place.astype(int), round(span / spacing) - 1)
    theta = torch.tensor((place - cell)[:, None], dtype=torch.float32)
    right = theta**2 * (3 - 2 * theta)
    of_slopes = [spacing * theta * (1 - theta) ** 2, spacing * theta**2 * (theta - 1)]
    y = torch.tensor(data["y"], dtype=torch.float32)
    starts, targets = y[first], y[row]
    grid = torch.arange(round(span / spacing) + 1, dtype=torch.float32) * spacing
    window, cell = torch.tensor(window), torch.tensor(cell)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in clock.until(budget):
        optimiser.zero_grad()
        states = odeint(law, starts, grid, rtol=1e-4, atol=1e-4)
        slopes = network(states)
        found = (1 - right) * states[cell, window] + right * states[cell + 1, window]
        found = found + of_slopes[0] * slopes[cell, window] + of_slopes[1] * slopes[cell + 1, window]
        torch.mean((found - targets) ** 2).backward()
        optimiser.step()
        clock.is_ready()
        if clock.due():
            clock.mark(error)


def learn_diffrax(data: dict[str, np.ndarray], seed: int, clock: Clock, budget: float) -> None:
    """Windows of 100 samples, 32 of them at random, Tsit5 at rtol 1e-3 and adabelief, as its documentation has it."""
    import diffrax
    import equinox
    import jax
    import jax.numpy as jnp
    import optax

    length, batch = 100, 32
    key = jax.random.PRNGKey(seed)
    model = Mlp(equinox, jax).make(key)
    t, y = (jnp.asarray(data[name], dtype=jnp.float32) for name in ("t", "y"))

    def solve(model: Any, times: Any, start: Any, rtol: float = 1e-3, atol: float = 1e-6) -> Any:
        return diffrax.diffeqsolve(
            diffrax.ODETerm(lambda _t, y, _: model(y)), diffrax.Tsit5(), times[0], times[-1], None, start,
            stepsize_controller=diffrax.PIDController(rtol=rtol, atol=atol),
            saveat=diffrax.SaveAt(ts=times), max_steps=4096, throw=False,
        ).ys  # fmt: skip

    @equinox.filter_value_and_grad
    def loss(model: Any, first: Any) -> Any:
        rows = first[:, None] + jnp.arange(length)
        found = jax.vmap(solve, in_axes=(None, 0, 0))(model, t[rows], y[first])
        return jnp.mean((found - y[rows]) ** 2)

    optimiser = optax.adabelief(3e-3)
    state = optimiser.init(equinox.filter(model, equinox.is_inexact_array))

    @equinox.filter_jit
    def step(model: Any, state: Any, first: Any) -> Any:
        value, gradient = loss(model, first)
        updates, state = optimiser.update(gradient, state)
        return equinox.apply_updates(model, updates), state, value

    random = np.random.default_rng(seed)
    later = [jnp.asarray(np.r_[data["t"][place], data["later"]], dtype=jnp.float32) for place in (0, -1)]
    forecast = equinox.filter_jit(solve)

    def error() -> float:
        found = [
            forecast(model, times, y[place], 1e-5, 1e-6)[1:]
            for times, place in zip(later, (0, -1), strict=True)
        ]
        return min(rms(np.asarray(values) - data["truth"]) for values in found)

    for _ in clock.until(budget):
        first = jnp.asarray(random.integers(0, len(t) - length + 1, batch))
        model, state, value = step(model, state, first)
        value.block_until_ready()
        clock.is_ready()
        if clock.due():
            clock.mark(error)


class Mlp:
    """The network in Equinox: two hidden layers of different sizes, which its MLP has not."""

    def __init__(self, equinox: Any, jax: Any) -> None:
        self.equinox, self.jax = equinox, jax

    def make(self, key: Any) -> Any:
        sizes, nn = (2, *HIDDEN, 2), self.equinox.nn
        keys = self.jax.random.split(key, len(sizes) - 1)
        layers: list[Any] = []
        for before, after, own in zip(sizes, sizes[1:], keys, strict=False):
            layers += [nn.Linear(before, after, key=own), nn.Lambda(self.jax.numpy.tanh)]
        return nn.Sequential(layers[:-1])


def child(peer: str, file: str, seed: int, amount: float, began: float) -> dict[str, Any]:
    """One learning in this process; `amount` is a budget, or epochs."""
    clock = Clock(began)
    data = dict(np.load(file))
    if peer in (OURS, WARM):
        learn_ours(data, seed, clock)
    elif peer == ARTICLE:
        learn_article(data, seed, clock, int(amount))
    elif peer == BATCH:
        learn_batch(data, seed, clock, amount)
    else:
        learn_diffrax(data, seed, clock, amount)
    return clock.told()


# -- all of them --------------------------------------------------------------------------------------------------


def in_child(module: str, *arguments: str, cache: str, timeout: float = 3600.0) -> dict[str, Any]:
    """What `python -m MODULE ARGUMENTS BEGAN` prints, and the seconds of the whole process."""
    surroundings = environment(cache)
    del surroundings["JAX_COMPILATION_CACHE_DIR"]  # which is off unless asked for
    began = time.time()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments, repr(began)],
            env=surroundings, stdout=out, stderr=complaints,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.time() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        complaints.seek(0)
        if process.returncode:
            said = complaints.read().decode().strip().splitlines()
            raise RuntimeError((said or ["it ended without a word"])[-1])
        told = json.loads(out.read().decode().splitlines()[-1])
    return told | {"cpu": usage.ru_utime + usage.ru_stime, "wall": wall}


def measure(peer: str, file: str, seed: int, amount: float, warm: str) -> dict[str, Any]:
    """One learning in a fresh process, its caches empty unless they are to be warm."""
    arguments = (peer, file, str(seed), str(amount))
    if peer == WARM:
        return in_child("benchmarks.neural", *arguments, cache=warm)
    with tempfile.TemporaryDirectory(prefix="bench_cache_") as empty:
        return in_child("benchmarks.neural", *arguments, cache=empty)


def write_samples(folder: str, problem: str, seed: int) -> str:
    """The samples, and what is to be forecast, as a file."""
    from dydt.learning.experiment import trajectory

    data, later, truth = trajectory(problem, seed)
    run = data.runs[0]
    path = str(Path(folder) / f"{problem}_{seed}.npz")
    np.savez(path, t=run.t, y=run.y, later=later, truth=truth)
    return path


def first_below(curve: list[list[float]], error: float, clock: int = 0) -> float:
    """The first moment at which the error was as small as that; infinite if there was none."""
    return next((row[clock] for row in curve if row[2] <= error), math.inf)


def run(quick: bool = False) -> dict[str, Any]:
    """Every peer and seed in turn; the article's own way with one seed only."""
    seeds = 1 if quick else SEEDS
    amounts = {OURS: 0.0, WARM: 0.0, **(dict.fromkeys(BUDGET, 12.0) if quick else BUDGET)}
    amounts[ARTICLE] = EPOCHS if os.environ.get("BENCH_WHOLE") else 1 if quick else MEASURED
    counts = {OURS: seeds, WARM: seeds, ARTICLE: 1}
    problems = []
    with tempfile.TemporaryDirectory(prefix="bench_neural_") as folder:
        for problem, (title, _) in PROBLEMS.items():
            print(f"neural: {problem}", flush=True)
            runs: dict[str, list[dict[str, Any]]] = {}
            for seed in range(seeds):
                file = write_samples(folder, problem, seed)
                for peer, amount in amounts.items():
                    if seed >= counts.get(peer, min(seeds, SEEDS_OF_PEERS)):
                        continue
                    if importlib.util.find_spec(NEEDS[peer]) is None:
                        print(f"skipped: {peer} (the package {NEEDS[peer]} is not installed)")
                        continue
                    warm = str(Path(folder) / "warm")
                    if peer == WARM and not Path(warm).exists():
                        measure(peer, file, seed, amount, warm)
                    last = measure(peer, file, seed, amount, warm)
                    runs.setdefault(peer, []).append(last)
                    print(
                        f"  {peer:34} seed {seed}: {last['cpu']:6.2f} s, {last['curve'][-1][2]:.4f}",
                        flush=True,
                    )
            problems.append({"name": problem, "title": title, "runs": runs, "epochs": amounts[ARTICLE]})
    return {"problems": problems}


def median(values: Any) -> float:
    return float(statistics.median(values))


def whole_article(row: dict[str, Any], epochs: float) -> float:
    """Seconds of all epochs, from those that were run."""
    ready, last = row["ready"][0], row["curve"][-1][0]
    return ready + (last - ready) * EPOCHS / epochs


def summary(problem: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Of each peer medians over the seeds, in seconds of the processor.

    `equal` is the first moment at which the error was as small as that of dydt with the same seed, `goal` that at which
    it was as small as is asked for: as if a peer knew when to stop. Infinite: not within what it was given.
    """
    runs, goal = problem["runs"], PROBLEMS[problem["name"]][1]
    final = {peer: [row["curve"][-1][2] for row in rows] for peer, rows in runs.items()}
    found = {}
    for peer, rows in runs.items():
        # What it took to measure the errors of a peer is not counted.
        whole = [row["cpu"] if peer in (OURS, WARM) else row["curve"][-1][0] for row in rows]
        starts, equal, at_goal = [0.0] * len(rows), whole, whole
        if peer == ARTICLE:
            whole = [whole_article(row, problem["epochs"]) for row in rows]
        if peer not in (OURS, WARM):
            starts = [row["ready"][0] for row in rows]
            equal = [first_below(row["curve"], error) for row, error in zip(rows, final[OURS], strict=False)]
            at_goal = [first_below(row["curve"], goal) for row in rows]
        found[peer] = {
            "cpu": median(whole),
            "wall": median(row["wall"] for row in rows),
            "error": median(final[peer]),
            "worst": max(final[peer]),
            "ready": median(starts),
            "equal": median(equal),
            "goal": median(at_goal),
            "seeds": len(rows),
        }
    return found


def at_least(value: float, budget: float, yardstick: float) -> str:
    """How many times the yardstick; if it never came, at least how many times."""
    return ratio(value, yardstick) if math.isfinite(value) else f"> {ratio(budget, yardstick)}"


def text(results: dict[str, Any]) -> str:
    """A table a problem."""
    return "\n\n".join(_table(problem) for problem in results["problems"])


def _table(problem: dict[str, Any]) -> str:
    found, goal = summary(problem), PROBLEMS[problem["name"]][1]
    ours = found[OURS]["cpu"]
    lines = []
    for peer, row in found.items():
        cells = [f"{row['error']:.4f}", seconds(row["cpu"]), seconds(row["ready"] or None)]
        if peer == ARTICLE:
            if problem["epochs"] < EPOCHS:
                cells[0] = "–"
            lines.append([peer, *cells, ratio(row["cpu"], ours), "–", "–"])
            continue
        bare, budget = row["equal"] - row["ready"], row["cpu"]
        lines.append([
            peer, *cells, at_least(row["equal"], budget, ours), at_least(bare, budget - row["ready"], ours),
            at_least(row["goal"], budget, ours),
        ])  # fmt: skip
    head = (
        problem["title"], "forecast error", "processor", "of it until the first step",
        "× to dydt's error", "without that", f"× to an error of {goal:g}",
    )  # fmt: skip
    told = found[OURS]
    words = (
        f"Medians over {told['seeds']} seeds, of peers {min(r['seeds'] for p, r in found.items() if p != ARTICLE)}; "
        f"dydt's largest forecast error is {told['worst']:.4f}, and its process took {told['wall']:.1f} s by the clock "
        "on the wall."
    )
    if problem["epochs"] < EPOCHS:
        words += f" Of the {EPOCHS} epochs one sample at a time {problem['epochs']:.0f} were run."
    return f"### {problem['title']}\n\n{grid(head, lines)}\n\n{words}"


COLOURS = {OURS: "#0b4fa8", WARM: "#3d8bf0", BATCH: "#d1495b", DIFFRAX: "#edae49", ARTICLE: "#7b5ea7"}


def picture(results: dict[str, Any], machine: dict[str, Any], path: Path) -> None:
    """The least error up to each moment, a line a seed; dydt has one moment a seed, when it is done."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    from benchmarks.pictures import LOOK, plt

    problems = results["problems"]
    with plt.rc_context(LOOK):
        figure, places = plt.subplots(
            1, len(problems), figsize=(5.4 * len(problems), 4.6), layout="constrained"
        )
        for axes, problem in zip(np.atleast_1d(places), problems, strict=True):
            for peer, rows in problem["runs"].items():
                for k, row in enumerate(rows):
                    curve = np.array(row["curve"])
                    label = peer if k == 0 else None
                    if peer in (OURS, WARM):
                        axes.plot(row["cpu"], curve[-1, 2], "o", color=COLOURS[peer], ms=8, mec="white", label=label,
                                  zorder=4)  # fmt: skip
                    elif len(curve) > 1:
                        best = np.minimum.accumulate(curve[:, 2])
                        axes.plot(curve[:, 0], best, color=COLOURS[peer], lw=1.8, label=label)
            goal = PROBLEMS[problem["name"]][1]
            axes.axhline(goal, color="#4a4f57", lw=1, ls=":")
            axes.annotate(f"asked for: {goal:g}", (0.01, goal), xycoords=("axes fraction", "data"), ha="left",
                          va="bottom", fontsize=9, color="#4a4f57")  # fmt: skip
            axes.set(
                xscale="log",
                yscale="log",
                title=problem["title"],
                xlabel="seconds of the processor, from nothing",
            )
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
                axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.minorticks_off()
            axes.margins(x=0.08, y=0.1)
            axes.tick_params(length=0)
        np.atleast_1d(places)[0].set_ylabel("least forecast error so far (rms)")
        handles, labels = np.atleast_1d(places)[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
        figure.suptitle(
            f"A law from 350 noisy samples · {machine['processor']} · one core · {machine['date']}",
            fontsize=10,
        )
        figure.savefig(path, dpi=110)
        plt.close(figure)


if __name__ == "__main__":
    peer, file, seed, amount, began = sys.argv[1:]
    print(json.dumps(child(peer, file, int(seed), float(amount), float(began))))
