"""`dydt.learn` and the training of networks in a law: from data to an `ODE` like any other."""

from __future__ import annotations

import hashlib
import math
import os
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dydt.errors import InputError, SolveWarning
from dydt.expr.equations import Equations
from dydt.expr.graph import number, symbol
from dydt.expr.network import Network, networks
from dydt.learning.data import Data, Run, read_data
from dydt.learning.gradient import even_mesh
from dydt.learning.loss import Sizes
from dydt.learning.report import Report
from dydt.learning.scaling import Scaled, Scaling
from dydt.learning.smooth import Smooth, smooth_runs
from dydt.learning.training import Moment, Options, Outcome, Training
from dydt.ode import ODE
from dydt.progress import Progress, is_watched

Array = Any

_KEEP_EVERY = 2.0  # seconds between two checkpoints
_ATTEMPTS = 3
_POOR = 2.0  # a mean square of misfit/noise from which on another start is tried


def learn(
    data: Any,
    *,
    hidden: Sequence[int] = (32, 32),
    activation: str = "tanh",
    time_dependent: bool = False,
    augment: int = 0,
    noise: float | Mapping[str, float] | None = None,
    seed: int = 0,
    decay: float = 1e-4,
    held: float = 0.1,
    beyond: float = 0.1,
    iterations: int = 800,
    method: str = "tsit5",
    checkpoint: str | Path | None = None,
    progress: bool = True,
    **columns: Any,
) -> ODE:
    """Learn the law behind measurements: a neural ODE, x' = network(x), that is an `ODE` like any other.

    Parameters
    ----------
    data : table, dict, path or Dataset
        As `dydt.read_data` takes it.
    hidden : sequence of int
        Neurons of the hidden layers.
    activation : str
        tanh, softplus, sigmoid, swish, relu or sin.
    time_dependent : bool
        Whether the law may change with time, too.
    augment : int
        Further hidden states, which start at zero.
    noise : float or mapping, optional
        The standard deviation of a measurement; estimated, unless given.
    seed : int
        The same seed gives the same law.
    decay : float
        How strongly weights are pulled towards zero.
    held : float
        The part of the samples that is held out, to stop in time and to tell the error at new times.
    beyond : float
        The last part of the runs that is forecast before it is trained on.
    iterations : int
        Most iterations of the last stages.
    checkpoint : path, optional
        A file that the training is kept in every few seconds; if it is there already, the training goes on from it.
    progress : bool
        Show a bar, if somebody is watching.
    **columns
        What `read_data` takes: ``time=``, ``run=``, ``states=``.

    Returns
    -------
    ODE
        Its `training` is a `Report`: errors inside the range, at new times, and beyond it.

    Raises
    ------
    InputError
        If the data can't be used.

    Notes
    -----
    Slopes of smoothed data are matched first, then short pieces of trajectories, longer ones, and whole runs (R. T. Q.
    Chen et al., Neural ordinary differential equations, NeurIPS 2018, arXiv:1806.07366; the gradient is that of the
    discrete solution).

    Examples
    --------
    >>> import dydt, numpy as np
    >>> t = np.linspace(0, 6, 60)
    >>> law = dydt.learn({"t": t, "x": np.cos(t), "v": -np.sin(t)}, hidden=(8,), iterations=100)
    >>> bool(abs(law.solve(t=(0, 6))["x"][-1] - np.cos(6)) < 0.1)
    True
    """
    read = read_data(data, noise=noise, **columns)
    _check(hidden, augment, held, beyond, iterations)
    more = tuple(f"hidden{k + 1}" for k in range(augment))
    states = (*read.states, *more)
    inputs = (*states, read.independent) if time_dependent else states
    network = Network("nn", (len(inputs), *(int(n) for n in hidden), len(states)), activation)
    law = Equations(
        states,
        tuple(network(*map(symbol, inputs))),
        parameters=dict.fromkeys(network.weights),
        independent=read.independent,
    )
    options = Options(method, seed, decay=decay, held=held, beyond=beyond, iterations=iterations)
    return train(ODE(law), read, options, checkpoint=checkpoint, progress=progress)


def train(
    ode: ODE,
    data: Data,
    options: Options,
    free: Sequence[str] = (),
    positive: Sequence[str] = (),
    checkpoint: str | Path | None = None,
    progress: bool = True,
) -> ODE:
    """The law with its networks, and further parameters called `free`, trained on data."""
    began = time.perf_counter()
    curves, estimated = smooth_runs(data.runs)
    data = data if data.noise is not None else replace(data, noise=estimated)
    sizes = _sizes(ode, data)
    scaling = _scaling(ode, data, curves, free, positive)
    best: tuple[float, Training] | None = None
    for attempt in range(_ATTEMPTS):
        seeded = replace(options, seed=options.seed + 1000 * attempt)
        training = Training(ode.equations, scaling, data, curves, sizes, seeded)
        _run(training, checkpoint, progress)
        score = 2.0 * training.result.loss if training.outcomes else math.inf
        if best is None or score < best[0]:
            best = (score, training)
        if score < _POOR:
            break
    assert best is not None
    training = best[1]
    if not training.outcomes:
        raise InputError(
            "training found no law whose trajectories are finite; try another seed or fewer weights"
        )
    return _law(ode, training, data, time.perf_counter() - began)


def _check(hidden: Sequence[int], augment: int, held: float, beyond: float, iterations: int) -> None:
    if isinstance(hidden, int | str) or not all(int(n) == n and n > 0 for n in hidden):
        raise InputError(
            f"hidden takes the sizes of the hidden layers, as in hidden=(32, 32), and is {hidden!r}"
        )
    if augment < 0 or int(augment) != augment:
        raise InputError(f"augment must be a whole number from 0 on, and is {augment!r}")
    for name, part in (("held", held), ("beyond", beyond)):
        if not 0.0 <= part < 0.6:
            raise InputError(f"{name} is a part of the data, from 0 to 0.6, and is {part!r}")
    if iterations < 1:
        raise InputError(f"iterations must be at least 1, and is {iterations!r}")


# -- sizes --------------------------------------------------------------------------------------------------------


def _sizes(ode: ODE, data: Data) -> Sizes:
    """The widths of what the states do and the noise of the samples; hidden states have width one."""
    seen = len(data.states)
    everything = np.concatenate([run.y for run in data.runs])
    width = np.ones(len(ode.states))
    width[:seen] = np.nanstd(everything, axis=0)
    width[width == 0.0] = 1.0
    noise = 0.01 * width
    assert data.noise is not None
    noise[:seen] = np.maximum(data.noise, 1e-3 * width[:seen])
    return Sizes(width, noise)


def _scaling(
    ode: ODE, data: Data, curves: Sequence[Smooth], free: Sequence[str], positive: Sequence[str]
) -> Scaling:
    """The sizes of what goes into the networks and comes out of them, from smooth curves through the data."""
    from dydt.kernels.numpy import evaluate

    t = np.concatenate([run.t for run in data.runs])
    y = np.concatenate([curve(run.t) for curve, run in zip(curves, data.runs, strict=True)])
    slopes = np.concatenate([curve.slope(run.t) for curve, run in zip(curves, data.runs, strict=True)])
    place = {name: i for i, name in enumerate(ode.parameters)}
    known: dict[str, Any] = {ode.independent: t}
    known |= {name: y[:, i] for i, name in enumerate(data.states)}
    known |= {name: np.zeros(len(t)) for name in ode.states if name not in data.states}
    found = networks(ode.equations.derivatives)
    weights = {name for network in found for name in network.weights}
    values = {name: value for name, value in ode.parameters.items() if name not in weights}
    missing = [name for name, value in values.items() if value is None]
    if missing:
        raise InputError(f"`{missing[0]}` has no value: give it one to begin with, as in {missing[0]}=1")
    known |= values
    typical = np.std(slopes, axis=0)
    typical = np.where(typical > 0, typical, 1.0)
    scaled = []
    for network in found:
        rows = _inputs(ode, network)
        samples = [
            np.broadcast_to(v, t.shape) if _is_known(v) else np.zeros(len(t))
            for v in (evaluate([row], known | dict.fromkeys(weights, 0.0))[0] for row in rows)
        ]
        centre = np.array([np.mean(s) for s in samples])
        width = np.array([np.std(s) or 1.0 for s in samples])
        unit = np.full(network.sizes[-1], float(np.mean(typical)))
        if network.sizes[-1] == len(ode.states):
            unit = np.ones(len(ode.states))
            unit[: len(typical)] = typical
        scaled.append(Scaled(network, place[network.weights[0]], centre, width, unit))
    plain = {}
    for name in free:
        value = values[name]
        assert value is not None
        plain[place[name]] = -1.0 if name in positive else max(abs(value), 1e-3)
    fixed = np.array([0.0 if v is None else v for v in ode.parameters.values()])
    return Scaling(scaled, plain, fixed)


def _is_known(value: Any) -> bool:
    return bool(np.all(np.isfinite(value)))


def _inputs(ode: ODE, network: Network) -> tuple[Any, ...]:
    """The expressions that go into a network, where it is first asked."""
    from dydt.expr.graph import walk

    nodes = walk(ode.equations.derivatives)
    return next(n.arguments for n in nodes if n.operation == "network" and n.value.network == network)


# -- running ------------------------------------------------------------------------------------------------------


def _run(training: Training, checkpoint: str | Path | None, progress: bool) -> None:
    """Train to the end, keeping the state in a file now and then."""
    path = Path(checkpoint) if checkpoint is not None else None
    identity = _identity(training)
    if path is not None and path.exists():
        _resume(training, path, identity)
    bar = Progress("learning", "iterations") if progress and is_watched() else None
    kept = time.perf_counter()

    def watch(moment: Moment) -> None:
        nonlocal kept
        if bar is not None:
            held = "" if math.isnan(moment.held) else f", held out {math.sqrt(moment.held):.3g}"
            bar.say(f"{moment.stage}: misfit {math.sqrt(2.0 * max(moment.loss, 0.0)):.3g}{held}")
            bar(moment.part, len(training.history))
        if path is not None and time.perf_counter() - kept > _KEEP_EVERY:
            _keep(training, path, identity)
            kept = time.perf_counter()

    try:
        training.run(watch)
    except KeyboardInterrupt:
        if path is not None:
            _keep(training, path, identity)
        if not training.outcomes:
            raise
        warnings.warn("training was interrupted: this is the best law so far", SolveWarning, stacklevel=4)
    finally:
        if bar is not None:
            bar.close()
    if path is not None:
        _keep(training, path, identity)


def _identity(training: Training) -> Array:
    """What a checkpoint must agree with: law, data and options."""
    parts = [repr(training.options), repr(training.law.states)]
    parts += [str(node) for node in training.law.derivatives]
    digest = hashlib.blake2b("\n".join(parts).encode(), digest_size=32)
    for run in training.whole:
        digest.update(np.ascontiguousarray(run.t).tobytes() + np.ascontiguousarray(run.y).tobytes())
    return np.frombuffer(digest.digest(), dtype=np.uint8)


def _keep(training: Training, path: Path, identity: Array) -> None:
    """Write as a whole or not at all."""
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as file:
        np.savez(file, identity=identity, **training.state())
    os.replace(file.name, path)


def _resume(training: Training, path: Path, identity: Array) -> None:
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            kept = {name: file[name] for name in file.files}
    except (OSError, ValueError) as error:
        raise InputError(f"`{path}` is no checkpoint of a training: {error}") from None
    if not np.array_equal(kept.pop("identity", None), identity):
        raise InputError(
            f"`{path}` is a checkpoint of another training: other data, another law or other options; "
            "remove it, or choose another file"
        )
    training.restore(kept)


# -- the law ------------------------------------------------------------------------------------------------------


def _law(ode: ODE, training: Training, data: Data, seconds: float) -> ODE:
    """The law with what was found; it starts where the first run does."""
    outcome = training.result
    parameters = training.scaling.to_law(outcome.z)
    first = next(i for i, piece in enumerate(outcome.pieces) if piece.run == 0)
    names = tuple(ode.parameters)
    law = replace(
        ode.equations,
        parameters=dict(zip(names, map(float, parameters), strict=True)),
        initial={s: number(float(v)) for s, v in zip(ode.states, outcome.starts[first], strict=True)},
        start=float(data.runs[0].t[0]),
        span=(float(data.runs[0].t[0]), float(data.runs[0].t[-1])),
    )
    made = ODE(law)
    made.training = _report(training, outcome, data, seconds)
    return made


def _report(training: Training, outcome: Outcome, data: Data, seconds: float) -> Report:
    runs = training.whole
    starts = np.zeros((len(runs), len(training.law.states)))
    for i, piece in reversed(list(enumerate(outcome.pieces))):
        starts[piece.run] = outcome.starts[i]
    misfits = _misfits(training, outcome.z, starts, runs)
    held = np.concatenate(training.held)
    note = ""
    if outcome is not training.outcomes[-1]:
        note = (
            f"whole runs could not be followed: the law meets {outcome.stage}, and forecasts further than that "
            "are not to be trusted"
        )
    elif 2.0 * outcome.loss > _POOR:
        note = "the law misses the data by more than the noise: more neurons or iterations may help"
    before = [o for o in training.outcomes if o.stage == "first parts of the runs"]
    beyond = np.full(len(data.states), np.nan)
    if before:
        last = [np.arange(len(r.t)) >= len(s.t) for r, s in zip(runs, training.shorter, strict=True)]
        forecast = _misfits(training, before[0].z, before[0].starts, runs)
        beyond = _rms(forecast[np.concatenate(last)])
    assert data.noise is not None
    return Report(
        data.states,
        np.asarray(data.noise),
        _rms(misfits[~held]),
        _rms(misfits[held]) if held.any() else np.full(len(data.states), np.nan),
        beyond,
        training.options.beyond if before else 0.0,
        tuple((o.stage, o.iterations, o.loss) for o in training.outcomes),
        np.array([[loss, h] for _, _, loss, h in training.history]).reshape(-1, 2),
        seconds,
        training.scaling.size,
        note,
        data,
        starts,
    )


def _misfits(training: Training, z: Array, starts: Array, runs: Sequence[Run]) -> Array:
    """Model minus samples along whole runs, NaN where there is none."""
    batch = training.engine.batch(
        [even_mesh(float(r.t[0]), float(r.t[-1]), 0.5 * training.longest_step) for r in runs],
        [r.t for r in runs],
    )
    samples, _ = batch.forward(starts, training.scaling.to_law(z))
    seen = runs[0].y.shape[1]
    return samples[:, :seen] - np.concatenate([r.y for r in runs])


def _rms(values: Array) -> Array:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.sqrt(np.nanmean(values**2, axis=0))
