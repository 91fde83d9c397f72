"""`dydt.learn` and the training of networks in a law: from data to an `ODE` like any other."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dydt.errors import InputError, nearest
from dydt.expr.equations import Equations
from dydt.expr.graph import number, symbol
from dydt.expr.network import ACTIVATIONS, Network
from dydt.learning.attempts import Attempts
from dydt.learning.data import Data, read_data
from dydt.learning.preparation import Prepared, prepare
from dydt.learning.report import POOR, report
from dydt.learning.rounding import check_precision, enough
from dydt.learning.training import Options, Training
from dydt.ode import ODE
from dydt.solvers import methods


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
    precision: str = "auto",
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
        Further hidden states, for processes of which not everything was measured. They begin as slopes of the measured
        ones and end as whatever helps.
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
    method : str
        The explicit Runge–Kutta method of the trajectories.
    precision : str
        Of the numbers in training: "single", which is up to twice as fast, "double", or "auto": single where the data
        and the law come out nearly the same in it. The law that is learned is solved in double precision as any other.
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
    _check(hidden, augment, held, beyond, iterations, decay)
    _check_names(activation, method)
    check_precision(precision)
    read = read_data(data, noise=noise, **columns)
    more = tuple(_hidden_name(k + 1, read) for k in range(augment))
    states = (*read.states, *more)
    inputs = (*states, read.independent) if time_dependent else states
    network = Network("nn", (len(inputs), *(int(n) for n in hidden), len(states)), activation)
    law = Equations(
        states,
        tuple(network(*map(symbol, inputs))),
        parameters=dict.fromkeys(network.weights),
        independent=read.independent,
    )
    options = Options(
        method, seed, decay=decay, held=held, beyond=beyond, iterations=iterations, precision=precision
    )
    return train(ODE(law), read, options, augmented=augment, checkpoint=checkpoint, progress=progress)


def _hidden_name(number: int, data: Data) -> str:
    name = f"hidden{number}"
    while name in (*data.states, data.independent):
        name += "_"
    return name


def _check_names(activation: str, method: str) -> None:
    if activation not in ACTIVATIONS:
        raise InputError(
            f"there is no activation `{activation}`{nearest(str(activation), ACTIVATIONS) or '.'} There: "
            f"{', '.join(ACTIVATIONS)}"
        )
    methods.method(method)


def train(
    ode: ODE,
    data: Data,
    options: Options,
    free: Sequence[str] = (),
    bounds: Mapping[str, tuple[float, float]] | None = None,
    begin: Mapping[str, float] | None = None,
    augmented: int = 0,
    checkpoint: str | Path | None = None,
    progress: bool = True,
    starts: int = 1,
) -> ODE:
    """The law with its networks, and further parameters called `free`, trained on data.

    Parameters
    ----------
    ode : ODE
        Parameters that are no weights have values: where free ones begin.
    data : Data
        Of some or all of its states.
    options : Options
    free : sequence of str
    bounds : mapping, optional
        Of free parameters.
    begin : mapping, optional
        Where states begin that were not measured.
    augmented : int
        How many of the last states have no meaning of their own.
    checkpoint, progress
        As in `learn`.
    starts : int
        How many trainings are made at least, from other weights; the best of them counts.

    Raises
    ------
    InputError
        If the law has constraints or events, or no law is found whose trajectories are finite.
    """
    began = time.perf_counter()
    law = ode.equations
    if law.mass is not None or law.algebraic or law.events:
        what = "events" if law.events else "constraints"
        raise InputError(f"a law with {what} can't be trained: its gradient is not that of a smooth flow")
    prepared = prepare(ode, data, bounds or {}, free, begin or {}, augmented)
    if options.precision == "auto":
        options = replace(options, precision=enough(ode, prepared))

    def attempt(number: int) -> Training:
        seeded = replace(options, seed=options.seed + 1000 * number)
        return Training(law, prepared.scaling, prepared.data, prepared.curves, prepared.sizes, seeded)

    attempts = Attempts(attempt, _poor(prepared, data), checkpoint, progress, starts)
    training = attempts.run()
    if not training.outcomes:
        raise InputError(
            "training found no law whose trajectories are finite; try another seed or fewer neurons"
        )
    made = _law(ode, training)
    made.training = report(made, training, prepared, data, time.perf_counter() - began)
    return made


def _poor(prepared: Prepared, data: Data) -> float:
    """A mean square of misfit/noise above which another start is tried: noise is known less well from short runs."""
    if data.noise is not None:
        return POOR
    return POOR * (1.0 + 10.0 / float(np.median([len(run.t) for run in prepared.data.runs])))


def _check(
    hidden: Sequence[int], augment: int, held: float, beyond: float, iterations: int, decay: float
) -> None:
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
    if not 0.0 <= decay < math.inf:
        raise InputError(f"decay is a number from 0 on, as in 1e-4, and is {decay!r}")


def _law(ode: ODE, training: Training) -> ODE:
    """The law with what was found; it starts where the first run does."""
    outcome, run = training.result, training.whole[0]
    parameters = training.scaling.to_law(outcome.z)
    first = next(i for i, piece in enumerate(outcome.pieces) if piece.run == 0)
    names = tuple(ode.parameters)
    return ODE(
        replace(
            ode.equations,
            parameters=dict(zip(names, map(float, parameters), strict=True)),
            initial={s: number(float(v)) for s, v in zip(ode.states, outcome.starts[first], strict=True)},
            start=float(run.t[0]),
            span=(float(run.t[0]), float(run.t[-1])),
        )
    )
