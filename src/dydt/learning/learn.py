"""`dydt.learn` and the training of networks in a law: from data to an `ODE` like any other."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from inspect import signature
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from dydt.errors import InputError, nearest
from dydt.expr.equations import Equations
from dydt.expr.graph import Node, apply, number, symbol
from dydt.expr.network import ACTIVATIONS, Network
from dydt.learning.attempts import Attempts
from dydt.learning.choices import check_count, check_layers, check_training
from dydt.learning.data import Data, check_names, read_data
from dydt.learning.least_squares import TURNS
from dydt.learning.minimisers import check_optimiser
from dydt.learning.preparation import prepare
from dydt.learning.report import report
from dydt.learning.rounding import check_precision, enough
from dydt.learning.training import Options, Training
from dydt.ode import ODE
from dydt.solvers import methods

_REMEMBERED = 400  # of the states it was learned from, a law remembers so many


def learn(
    data: Any,
    *,
    hidden: Sequence[int] = (32, 32),
    activation: str = "tanh",
    time_dependent: bool = False,
    period: float | None = None,
    augment: int = 0,
    noise: float | Mapping[str, float] | None = None,
    loss: str = "linear",
    seed: int = 0,
    decay: float = 1e-4,
    held: float = 0.1,
    beyond: float = 0.1,
    iterations: int = 800,
    method: str = "tsit5",
    precision: str = "auto",
    optimiser: str = "auto",
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
        Whether the law may change with time, too. What it does outside the times of the data is then a guess.
    period : float, optional
        The law changes with time and is the same again after so long, as what has to do with days or years does: the
        network is told cos(2πt/period) and sin(2πt/period), and forecasts well.
    augment : int
        Further hidden states, for processes of which not everything was measured. They begin as slopes of the measured
        ones and end as whatever helps.
    noise : float or mapping, optional
        The standard deviation of a measurement; estimated, unless given.
    loss : str
        "linear", or "huber", which forgives outliers.
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
    optimiser : str
        "gauss-newton", "lbfgs", "adam", which wants some thousand iterations, or "auto": Gauss–Newton steps for small
        networks or few samples, where they are quicker, and L-BFGS for others.
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
    _check(hidden, augment, held, beyond, iterations, decay, seed, period)
    _check_names(activation, method, loss)
    check_precision(precision)
    check_optimiser(optimiser)
    _check_columns(columns)
    read = read_data(data, noise=noise, **columns)
    check_names(read)
    more = tuple(_hidden_name(k + 1, read) for k in range(augment))
    states = (*read.states, *more)
    t = symbol(read.independent)
    inputs = [
        *map(symbol, states),
        *([t] if time_dependent else []),
        *(_turning(t, period) if period else []),
    ]
    network = Network("nn", (len(inputs), *(int(n) for n in hidden), len(states)), activation)
    law = Equations(
        states,
        tuple(network(*inputs)),
        parameters=dict.fromkeys(network.weights),
        independent=read.independent,
    )
    options = Options(
        method,
        seed,
        decay=decay,
        held=held,
        beyond=beyond,
        iterations=iterations,
        precision=precision,
        optimiser=optimiser,
    )
    if loss == "huber":
        options = replace(options, huber=TURNS["huber"])
    return train(ODE(law), read, options, augmented=augment, checkpoint=checkpoint, progress=progress)


def _turning(t: Node, period: float) -> list[Node]:
    """What is the same again after a period, and differs at any two times within it."""
    return [apply(name, t * (2.0 * math.pi / period)) for name in ("cos", "sin")]


def _hidden_name(number: int, data: Data) -> str:
    name = f"hidden{number}"
    while name in (*data.states, data.independent):
        name += "_"
    return name


def _check_columns(given: Mapping[str, Any]) -> None:
    """Complain about options that neither `learn` nor `read_data` has."""
    own, of_data = signature(learn).parameters, signature(read_data).parameters
    for name in given:
        if name not in of_data:
            known = [n for n in (*own, *of_data) if n not in ("data", "columns", "source")]
            raise InputError(
                f"learn has no option `{name}`{nearest(name, known) or '.'} There: {', '.join(dict.fromkeys(known))}"
            )


def _check_names(activation: str, method: str, loss: str) -> None:
    if activation not in ACTIVATIONS:
        raise InputError(
            f"there is no activation `{activation}`{nearest(str(activation), ACTIVATIONS) or '.'} There: "
            f"{', '.join(ACTIVATIONS)}"
        )
    methods.method(method)
    if loss not in ("linear", "huber"):
        raise InputError(f'loss is "linear", or "huber", which forgives outliers, and is {loss!r}')


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
    prepared = prepare(ode, data, bounds or {}, free, begin or {}, augmented, options.huber)
    if options.precision == "auto":
        options = replace(options, precision=enough(ode, prepared))
    options = replace(options, met=prepared.met)

    def attempt(number: int) -> Training:
        seeded = replace(options, seed=options.seed + 1000 * number)
        return Training(law, prepared.scaling, prepared.data, prepared.curves, prepared.sizes, seeded)

    attempts = Attempts(attempt, prepared.poor, checkpoint, progress, starts)
    training = attempts.run()
    if not training.outcomes:
        raise InputError(
            "training found no law whose trajectories are finite; try another seed or fewer neurons"
        )
    made = _law(ode, training)
    made.training = report(made, training, prepared, data, time.perf_counter() - began)
    everything = np.concatenate([run.y for run in prepared.data.runs])
    made.seen = everything[:: max(1, len(everything) // _REMEMBERED)]
    return made


def _check(
    hidden: Sequence[int],
    augment: int,
    held: float,
    beyond: float,
    iterations: int,
    decay: float,
    seed: int,
    period: float | None,
) -> None:
    check_layers(hidden, fewest=0)
    check_count("augment", augment, 0)
    check_training(held, beyond, iterations, decay, seed)
    if period is not None and not (isinstance(period, Real) and 0.0 < period < math.inf):
        raise InputError(
            f"period is the time after which the law is the same again, a positive number, and is {period!r}"
        )


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
