"""The gradient itself: one of a network 2–16–32–2 over windows of a trajectory, beside JAX; and the memory it takes.

Everyone makes the same classical Runge–Kutta steps, in double and in single precision, and the gradient of the same
loss: half the sum of the squares of the states at the ends of all steps. Memory is that of fresh processes:
`python -m benchmarks.gradients STEPS BEGAN` takes one gradient over so many steps.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.neural import in_child
from benchmarks.tables import grid, ratio, seconds

SIZES = (2, 16, 32, 2)
WINDOWS = ((344, 5), (168, 20), (56, 80))
PRECISIONS = ("double", "single")
STEP = 0.034  # as far apart as the samples of the article's experiment
PIECES, SHORT, LONG = 64, 100, 10_000  # of the gradients whose memory is measured


def law() -> Any:
    """x' = nn(x, y)."""
    from dydt.expr.equations import Equations
    from dydt.expr.graph import symbol
    from dydt.expr.network import Network

    network = Network("nn", SIZES, "tanh")
    outputs = tuple(network(symbol("x"), symbol("y")))
    return Equations(("x", "y"), outputs, parameters=dict.fromkeys(network.weights))


def weights(count: int) -> np.ndarray:
    return 0.3 * np.random.default_rng(0).normal(size=count)


def starts(windows: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(windows, 2))


def prepare_dydt(windows: int, steps: int, precision: str) -> Any:
    """The gradient by the weights and by where the windows begin."""
    from dydt.learning.gradient import Engine

    equations = law()
    engine = Engine(equations, "rk4", threads=1, precision=precision)
    mesh = STEP * np.arange(steps + 1)
    batch = engine.batch([mesh] * windows, [mesh[1:]] * windows)
    first, parameters = starts(windows), weights(len(equations.parameters))

    def gradient() -> tuple[np.ndarray, np.ndarray]:
        samples, _ = batch.forward(first, parameters)
        of_starts, of_weights = batch.backward(samples)
        return of_weights, of_starts

    return gradient


def prepare_jax(windows: int, steps: int, precision: str) -> Any:
    """The same by reverse differentiation of a scan."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    pairs = list(itertools.pairwise(SIZES))

    def network(parameters: Any, y: Any) -> Any:
        place = 0
        for k, (before, after) in enumerate(pairs):
            matrix = parameters[place : place + before * after].reshape(before, after)
            place += before * after
            y = y @ matrix + parameters[place : place + after]
            place += after
            y = jnp.tanh(y) if k < len(pairs) - 1 else y
        return y

    def loss(parameters: Any, first: Any) -> Any:
        def step(y: Any, _: Any) -> Any:
            k1 = network(parameters, y)
            k2 = network(parameters, y + 0.5 * STEP * k1)
            k3 = network(parameters, y + 0.5 * STEP * k2)
            k4 = network(parameters, y + STEP * k3)
            y = y + STEP / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            return y, y

        return 0.5 * jnp.sum(jax.lax.scan(step, first, None, steps)[1] ** 2)

    compiled = jax.jit(jax.grad(loss, argnums=(0, 1)))
    count = sum((before + 1) * after for before, after in pairs)
    number = jnp.float64 if precision == "double" else jnp.float32
    parameters, first = jnp.asarray(weights(count), number), jnp.asarray(starts(windows), number)

    def gradient() -> Any:
        return jax.block_until_ready(compiled(parameters, first))

    return gradient


def take_one(steps: int) -> None:
    """One gradient over many steps of a batch of 64, with the slow way of a law that neither grows nor dies out."""
    from dydt.learning.gradient import Engine

    equations = law()
    batch = Engine(equations, "rk4", threads=1).batch([np.linspace(0.0, 3.0, steps + 1)] * PIECES)
    _, ends = batch.forward(starts(PIECES), weights(len(equations.parameters)))
    batch.backward(np.zeros((0, 2)), ends)


def peak() -> int:
    """Bytes that this process has needed at most; what it was before it became this program does not count."""
    listing = Path("/proc/self/status")
    if listing.exists():
        line = next(
            row for row in listing.read_text(encoding="utf-8").splitlines() if row.startswith("VmHWM")
        )
        return 1024 * int(line.split()[1])
    import resource

    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else 1024 * size


def in_turns(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Seconds of the processor of single calls; in a round each is called once for nothing, and then five times."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            call()
            for _ in range(5):
                began = time.process_time()
                call()
                found[name].append(time.process_time() - began)
    return found


def measure(
    preparing: dict[str, Callable[..., Any]], windows: int, steps: int, precision: str, rounds: int
) -> dict[str, Any]:
    """One gradient by everyone, and how far apart the results are."""
    calls: dict[str, Callable[[], Any]] = {}
    ready = {}
    for name, prepare in preparing.items():
        began = time.perf_counter()
        calls[name] = prepare(windows, steps, precision)
        calls[name]()
        ready[name] = time.perf_counter() - began
    timings = in_turns(calls, rounds)
    results = [np.asarray(call()[0], dtype=float) for call in calls.values()]
    apart = max(float(np.max(np.abs(r - results[0])) / np.max(np.abs(results[0]))) for r in results)
    row: dict[str, Any] = {"windows": windows, "steps": steps, "precision": precision, "apart": apart}
    for name, found in timings.items():
        row[name] = {"minimum": min(found), "median": statistics.median(found), "ready": ready[name]}
    return row


def run(quick: bool = False) -> dict[str, Any]:
    """Speed, then memory."""
    print("gradients: speed", flush=True)
    preparing = {"dydt": prepare_dydt}
    if importlib.util.find_spec("jax") is not None:
        preparing["jax"] = prepare_jax
    rows = [
        measure(preparing, windows, steps, precision, 5 if quick else 60)
        for precision in PRECISIONS
        for windows, steps in WINDOWS
    ]
    print("gradients: memory", flush=True)
    peaks = {}
    with tempfile.TemporaryDirectory(prefix="bench_cache_") as cache:
        in_child("benchmarks.gradients", "1", cache=cache)  # compiles
        for steps in (1, SHORT, LONG):
            peaks[str(steps)] = in_child("benchmarks.gradients", str(steps), cache=cache)["peak"]
    return {"rows": rows, "peaks": peaks}


def text(results: dict[str, Any]) -> str:
    """The tables."""
    lines = []
    for row in results["rows"]:
        jax = row.get("jax", {})
        lines.append([
            f"{row['windows']} windows of {row['steps']} steps, {row.get('precision', 'double')}",
            seconds(row["dydt"]["minimum"]), seconds(jax.get("minimum")),
            ratio(jax.get("minimum"), row["dydt"]["minimum"]),
            f"{row['apart']:.0e}",
        ])  # fmt: skip
    head = ("one gradient", "dydt", "JAX, jit of grad", "JAX ×", "apart, relative")
    peaks = {int(steps): size / 1e6 for steps, size in results["peaks"].items()}
    words = (
        "The best of 300 calls, in seconds of the processor. "
        f"Peak memory of a process that takes one gradient of {PIECES} trajectories: {peaks[LONG]:.0f} MB over "
        f"{LONG:,} steps, {peaks[SHORT]:.0f} MB over {SHORT} ({peaks[LONG] / peaks[SHORT]:.2f} times as much), "
        f"{peaks[1]:.0f} MB over a single one."
    )
    return f"{grid(head, lines)}\n\n{words}"


if __name__ == "__main__":
    take_one(int(sys.argv[1]))
    print(json.dumps({"peak": peak()}))
