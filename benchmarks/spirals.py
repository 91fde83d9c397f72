"""Two spirals that other packages teach learning with, each learned in their way and in ours, to the same error.

The cubic spiral is the demo of torchdiffeq (examples/ode_demo.py): y' = A y³ from (2, 0), 1000 points on [0, 25], a
network 2–50–2 that is given y³; the error is the mean of |misfit| over the whole trajectory. The oscillators are the
example of the documentation of diffrax (examples/neural_ode): 256 trajectories of 100 points of a deformed oscillator,
a network 2–64–64–2 with softplus; the error is the mean square over all points.

Each run is a fresh process with empty caches: `python -m benchmarks.spirals PEER FILE SEED AMOUNT BEGAN`.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.neural import Clock, at_least, first_below, in_child, median
from benchmarks.tables import grid, ratio, seconds

CUBIC, OSCILLATORS = "cubic", "oscillators"
TITLES = {CUBIC: "cubic spiral (torchdiffeq's demo)", OSCILLATORS: "256 oscillators (diffrax's example)"}
TORCH, DIFFRAX, OURS = "torchdiffeq", "diffrax", "dydt"
PEERS = {CUBIC: (OURS, TORCH), OSCILLATORS: (OURS, DIFFRAX)}
AMOUNTS = {CUBIC: 2000, OSCILLATORS: 500}  # iterations, and steps of each phase
SEEDS = 3
ASKED = 4e-3  # of the mean square over the oscillators
# What counts as met, told to dydt: the data have no noise of their own.
NOISE = {CUBIC: 0.05, OSCILLATORS: 0.1}
ITERATIONS = {CUBIC: 60, OSCILLATORS: 25}


# -- in a process of its own --------------------------------------------------------------------------------------


def cubic_ours(data: dict[str, np.ndarray], seed: int, clock: Clock) -> None:
    import dydt
    from dydt.learning.data import read_data
    from dydt.learning.learn import train
    from dydt.learning.training import Options

    t, y = data["t"], data["y"]
    law = dydt.ODE("""
        nn = network(50, tanh)
        x' = nn(x^3, y^3)[0]
        y' = nn(x^3, y^3)[1]
    """)
    read = read_data({"t": t, "x": y[:, 0], "y": y[:, 1]}, noise=NOISE[CUBIC])
    law = train(law, read, Options(seed=seed, iterations=ITERATIONS[CUBIC]), progress=False)
    clock.is_ready()
    start = dict(zip(law.states, y[0], strict=True))
    found = law.solve(t=(0, float(t[-1])), values=start, saveat=t).y
    clock.mark(lambda: np.mean(np.abs(found - y)))


def cubic_torch(data: dict[str, np.ndarray], seed: int, clock: Clock, iterations: int) -> None:
    """As the demo has it: 20 stretches of 10 points at random, RMSprop."""
    import torch
    from torchdiffeq import odeint

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    network = torch.nn.Sequential(torch.nn.Linear(2, 50), torch.nn.Tanh(), torch.nn.Linear(50, 2))
    for part in network:
        if isinstance(part, torch.nn.Linear):
            torch.nn.init.normal_(part.weight, std=0.1)
            torch.nn.init.zeros_(part.bias)

    def law(_t: Any, y: Any) -> Any:
        return network(y**3)

    t, y = (torch.tensor(data[name], dtype=torch.float32) for name in ("t", "y"))
    optimiser = torch.optim.RMSprop(network.parameters(), lr=1e-3)

    def error() -> float:
        with torch.no_grad():
            return float(torch.mean(torch.abs(odeint(law, y[0], t) - y)))

    for i in range(iterations):
        optimiser.zero_grad()
        first = random.choice(len(t) - 10, 20, replace=False)
        targets = torch.stack([y[first + k] for k in range(10)])
        torch.mean(torch.abs(odeint(law, y[first], t[:10]) - targets)).backward()
        optimiser.step()
        clock.is_ready()
        if i % 50 == 49:
            clock.mark(error)


def oscillators_ours(data: dict[str, np.ndarray], seed: int, clock: Clock) -> None:
    import dydt
    from dydt.learning.data import Data, Run

    t, y = data["t"], data["y"]
    runs = tuple(Run(str(i), t, states) for i, states in enumerate(y))
    read = Data(("x", "y"), runs, np.full(2, NOISE[OSCILLATORS]))
    law = dydt.learn(
        read, hidden=(64, 64), activation="softplus", seed=seed, iterations=ITERATIONS[OSCILLATORS],
        progress=False,
    )  # fmt: skip
    clock.is_ready()

    def error() -> float:
        found = [
            law.solve(t=(0, float(t[-1])), x=states[0, 0], y=states[0, 1], saveat=t).y - states
            for states in y
        ]
        return float(np.mean(np.square(found)))

    clock.mark(error)


def oscillators_diffrax(data: dict[str, np.ndarray], seed: int, clock: Clock, steps: int) -> None:
    """As the documentation has it: batches of 32, adabelief, first a tenth of the length, then all of it."""
    import diffrax
    import equinox
    import jax
    import jax.numpy as jnp
    import optax

    model = equinox.nn.MLP(2, 2, 64, 2, activation=jax.nn.softplus, key=jax.random.PRNGKey(seed))
    t, y = (jnp.asarray(data[name], dtype=jnp.float32) for name in ("t", "y"))

    def solve(model: Any, times: Any, start: Any) -> Any:
        return diffrax.diffeqsolve(
            diffrax.ODETerm(lambda _t, y, _: model(y)), diffrax.Tsit5(), times[0], times[-1],
            times[1] - times[0], start, stepsize_controller=diffrax.PIDController(rtol=1e-3, atol=1e-6),
            saveat=diffrax.SaveAt(ts=times),
        ).ys  # fmt: skip

    @equinox.filter_value_and_grad
    def loss(model: Any, times: Any, states: Any) -> Any:
        found = jax.vmap(solve, in_axes=(None, None, 0))(model, times, states[:, 0])
        return jnp.mean((found - states) ** 2)

    optimiser = optax.adabelief(3e-3)

    @equinox.filter_jit
    def step(model: Any, state: Any, times: Any, states: Any) -> Any:
        value, gradient = loss(model, times, states)
        updates, state = optimiser.update(gradient, state)
        return equinox.apply_updates(model, updates), state, value

    whole = equinox.filter_jit(jax.vmap(solve, in_axes=(None, None, 0)))
    random = np.random.default_rng(seed)
    compiling = 0.0
    for length in (10, 100):
        state = optimiser.init(equinox.filter(model, equinox.is_inexact_array))
        order: list[int] = []
        for i in range(steps):
            if len(order) < 32:
                order = list(random.permutation(len(y)))
            chosen, order = np.array(order[:32]), order[32:]
            before = clock.now()[0]
            model, state, value = step(model, state, t[:length], y[chosen, :length])
            value.block_until_ready()
            if i == 0:
                compiling += clock.now()[0] - before
            if i % 25 == 24:
                clock.mark(lambda model=model: float(jnp.mean((whole(model, t, y[:, 0]) - y) ** 2)))
    clock.ready = [compiling, compiling]


def child(peer: str, file: str, seed: int, amount: int, began: float) -> dict[str, Any]:
    """One learning in this process."""
    clock = Clock(began)
    data = dict(np.load(file))
    is_cubic = data["y"].ndim == 2
    if peer == OURS:
        (cubic_ours if is_cubic else oscillators_ours)(data, seed, clock)
    elif is_cubic:
        cubic_torch(data, seed, clock, amount)
    else:
        oscillators_diffrax(data, seed, clock, amount)
    return clock.told()


# -- all of them --------------------------------------------------------------------------------------------------


def write_samples(folder: str, problem: str) -> str:
    """The points to learn from, as a file."""
    import dydt

    path = str(Path(folder) / f"{problem}.npz")
    if problem == CUBIC:
        law = dydt.ODE("x' = -0.1*x^3 - 2*y^3\ny' = 2*x^3 - 0.1*y^3")
        t = np.linspace(0.0, 25.0, 1000)
        np.savez(path, t=t, y=law.solve(t=(0, 25), x=2, y=0, saveat=t, rtol=1e-10, atol=1e-12).y)
        return path
    law = dydt.ODE("x' = y/(1 + y)\ny' = -x/(1 + x)")
    t = np.linspace(0.0, 10.0, 100)
    starts = np.random.default_rng(5678).uniform(-0.6, 1.0, (256, 2))
    runs = [law.solve(t=(0, 10), x=x, y=y, saveat=t, rtol=1e-10, atol=1e-12).y for x, y in starts]
    np.savez(path, t=t, y=np.array(runs))
    return path


def run(quick: bool = False) -> dict[str, Any]:
    """Each spiral with each seed by both."""
    problems = []
    with tempfile.TemporaryDirectory(prefix="bench_spirals_") as folder:
        for problem, peers in PEERS.items():
            print(f"spirals: {problem}", flush=True)
            file = write_samples(folder, problem)
            runs: dict[str, list[dict[str, Any]]] = {}
            for seed in range(1 if quick else SEEDS):
                for peer in peers:
                    if importlib.util.find_spec(peer) is None:
                        print(f"skipped: {peer} (not installed)")
                        continue
                    amount = AMOUNTS[problem] // (10 if quick else 1)
                    with tempfile.TemporaryDirectory(prefix="bench_cache_") as empty:
                        last = in_child("benchmarks.spirals", peer, file, str(seed), str(amount), cache=empty)
                    runs.setdefault(peer, []).append(last)
                    print(
                        f"  {peer:12} seed {seed}: {last['cpu']:6.2f} s, {last['curve'][-1][2]:.2g}",
                        flush=True,
                    )
            problems.append({"name": problem, "title": TITLES[problem], "runs": runs})
    return {"problems": problems}


def summary(problem: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Medians over the seeds; `equal` is the first moment at which a peer's error was that of dydt, or infinite."""
    runs = problem["runs"]
    final = {peer: [row["curve"][-1][2] for row in rows] for peer, rows in runs.items()}
    found = {}
    for peer, rows in runs.items():
        whole = [row["curve"][-1][0] for row in rows]  # what it took to measure errors is not counted
        ready, goal, equal = [0.0] * len(rows), whole, whole
        if peer != OURS:
            ready = [row["ready"][0] for row in rows]
            goal = [first_below(row["curve"], ASKED) for row in rows]
            equal = [first_below(row["curve"], error) for row, error in zip(rows, final[OURS], strict=False)]
        found[peer] = {
            "whole": median(whole), "ready": median(ready), "error": median(final[peer]), "goal": median(goal),
            "equal": median(equal), "wall": median(row["wall"] for row in rows), "seeds": len(rows),
        }  # fmt: skip
    return found


def text(results: dict[str, Any]) -> str:
    """A row a peer."""
    lines = []
    for problem in results["problems"]:
        found = summary(problem)
        ours = found[OURS]["whole"]
        for peer, row in found.items():
            lines.append([
                f"{problem['title']}: {peer}", f"{row['error']:.2g}", seconds(row["whole"]),
                seconds(row["ready"] or None), ratio(row["whole"], ours), at_least(row["equal"], row["whole"], ours),
                at_least(row["goal"], row["whole"], ours) if problem["name"] == OSCILLATORS else "–",
            ])  # fmt: skip
    head = ("spiral", "error", "processor", "of it compiling or starting", "×", "× to dydt's error",
            f"× to {ASKED:g}")  # fmt: skip
    words = (
        "Errors: mean |misfit| of the cubic spiral, mean square of the oscillators. Whole processes, medians over "
        f"{min(row['seeds'] for row in found.values())} seeds."
    )
    return f"{grid(head, lines)}\n\n{words}"


def picture(results: dict[str, Any], machine: dict[str, Any], path: Path) -> None:
    """The error as time goes by, a line a seed; dydt has one moment a seed, when it is done."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    from benchmarks.pictures import LOOK, plt

    problems = results["problems"]
    with plt.rc_context(LOOK):
        figure, places = plt.subplots(1, len(problems), figsize=(10.8, 4.4), layout="constrained")
        for axes, problem in zip(np.atleast_1d(places), problems, strict=True):
            for peer, rows in problem["runs"].items():
                for k, row in enumerate(rows):
                    curve, label = np.array(row["curve"]), peer if k == 0 else None
                    if peer == OURS:
                        axes.plot(curve[-1, 0], curve[-1, 2], "o", color="#0b4fa8", ms=8, mec="white", label=label,
                                  zorder=4)  # fmt: skip
                    else:
                        colour = "#d1495b" if peer == TORCH else "#edae49"
                        axes.plot(curve[:, 0], curve[:, 2], color=colour, lw=1.4, label=label)
            error = "mean |misfit|" if problem["name"] == CUBIC else "mean square of the misfit"
            axes.set(xscale="log", yscale="log", title=problem["title"], ylabel=error)
            axes.set_xlabel("seconds of the processor, from nothing")
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
                axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.minorticks_off()
            axes.margins(x=0.08, y=0.12)
            axes.tick_params(length=0)
            axes.legend(frameon=False)
        figure.suptitle(f"{machine['processor']} · one core · {machine['date']}", fontsize=10)
        figure.savefig(path, dpi=110)
        plt.close(figure)


if __name__ == "__main__":
    peer, file, seed, amount, began = sys.argv[1:]
    print(json.dumps(child(peer, file, int(seed), int(amount), float(began))))
