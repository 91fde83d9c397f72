"""How a network of continuous depth is trained: a minimiser, and between its rounds as many steps as accuracy asks for.

A few hundred samples are looked at all at once, by L-BFGS; more of them a few at a time, by Adam with steps that become
shorter. What is best is kept: a network that blows up goes back to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dydt.errors import InputError
from dydt.learning.block import NetworkLoss
from dydt.learning.optimise import LBFGS, Adam

Array = Any

_CHECK_EVERY = 5  # iterations of L-BFGS between two looks at the number of steps
_LOST = 1e3  # a loss so many times that at the beginning is a fall, too
_MOST_FALLS = 4  # how often training goes on from the best so far after it blew up


@dataclass(frozen=True)
class Plan:
    """How training goes.

    Attributes
    ----------
    minimiser : str
        "lbfgs" or "adam".
    rounds : int
        Most iterations of L-BFGS, or passes of Adam over the samples.
    batch : int
        Samples that Adam looks at at once.
    rate : float
        The size of Adam's first steps; they become shorter, like a quarter of a cosine.
    gain : float
        The part of the loss that must be gained …
    patience : int
        … in so many rounds.
    """

    minimiser: str = "lbfgs"
    rounds: int = 200
    batch: int = 64
    rate: float = 1e-2
    gain: float = 1e-3
    patience: int = 10


@dataclass
class Trained:
    """Where training has come to.

    Attributes
    ----------
    z : ndarray
        The best so far: by the misfit of held-out samples, if there are any, else by the loss.
    score : float
        Of the best.
    losses, held : list of float
        One of each round; `held` is empty without held-out samples.
    falls : int
        How often the network blew up.
    """

    z: Array
    score: float = math.inf
    losses: list[float] = field(default_factory=list)
    held: list[float] = field(default_factory=list)
    falls: int = 0


def train_block(
    loss: NetworkLoss,
    z: Array,
    plan: Plan,
    random: np.random.Generator,
    held: tuple[Array, Array, Array] | None = None,
    watch: Callable[[int, Trained], None] = lambda number, trained: None,
) -> Trained:
    """Train from z on.

    Parameters
    ----------
    loss : NetworkLoss
    z : ndarray
    plan : Plan
    random : Generator
        For the order of samples.
    held : (inputs, targets, weights), optional
        Samples that tell when to stop.
    watch : callable
        Called after each round.

    Raises
    ------
    InputError
        If the loss can't be computed where training begins.
    """
    value = _settle(loss, z)
    trained = Trained(z.copy(), value if held is None else loss.misfit_of(z, *held))
    rounds = _by_quasi_newton if plan.minimiser == "lbfgs" else _by_adam
    since, mark = 0, trained.score
    for number, (x, value) in enumerate(rounds(loss, trained, plan, random)):
        trained.losses.append(value)
        score = value
        if held is not None:
            score = loss.misfit_of(x, *held)
            trained.held.append(score)
        if score < trained.score:
            trained.z, trained.score = x.copy(), score
        watch(number, trained)
        if trained.score < mark - plan.gain * abs(mark):
            since, mark = 0, trained.score
        else:
            since += 1
        if since >= plan.patience:
            break
    _settle(loss, trained.z)
    return trained


def _settle(loss: NetworkLoss, z: Array) -> float:
    """As many steps as the accuracy asks for at z; the loss there."""
    for _ in range(8):
        loss.block.error = 0.0
        value = loss.value(z)
        if not loss.block.adapt():
            break
    if not math.isfinite(value):
        raise InputError("the loss is not a finite number where training begins; scale the data")
    return value


def _by_quasi_newton(loss: NetworkLoss, trained: Trained, plan: Plan, random: np.random.Generator) -> Any:
    minimiser = LBFGS(loss, trained.z, tolerance=1e-7, rounding=loss.block.engine.rounding)
    for number in range(plan.rounds):
        if not minimiser.step():
            if not trained.losses:
                yield minimiser.x, minimiser.value
            return
        yield minimiser.x, minimiser.value
        if number % _CHECK_EVERY == _CHECK_EVERY - 1:
            loss.block.error = 0.0
            loss.value(minimiser.x)
            if loss.block.adapt():
                minimiser.value, minimiser.gradient = loss(minimiser.x)


def _by_adam(loss: NetworkLoss, trained: Trained, plan: Plan, random: np.random.Generator) -> Any:
    count = len(loss.inputs)
    pieces = max(1, round(count / plan.batch))
    waiting: list[Array] = []
    minimiser = Adam(lambda z: loss(z, waiting.pop()), trained.z, plan.rate)
    rate, total, first = plan.rate, plan.rounds * pieces, loss.value(trained.z)
    for number in range(plan.rounds):
        loss.block.error, values = 0.0, []
        order = random.permutation(count)
        for piece in range(pieces):
            waiting.append(order[piece::pieces])
            minimiser.rate = rate * math.cos(0.5 * math.pi * (number * pieces + piece) / total)
            with np.errstate(all="ignore"):
                if not minimiser.step():
                    break
            values.append(minimiser.value)
        is_sound = len(values) == pieces and np.all(np.isfinite(minimiser.x))
        if is_sound and np.mean(values) < _LOST * (1.0 + abs(first)):
            yield minimiser.x, float(np.mean(values))
            loss.block.adapt()
            continue
        trained.falls += 1
        if trained.falls > _MOST_FALLS:
            return
        rate *= 0.3
        _settle(loss, trained.z)
        minimiser = Adam(minimiser.function, trained.z, rate)


def gather_rows(features: Array, targets: Array, weights: Array) -> tuple[Array, Array, Array]:
    """The distinct rows that count, in an order of their own, each with the weights of all that are equal to it.

    What is learned then is the same to the last bit in whatever order samples are given, and whether one is given
    twice or counts twice.
    """
    count = features.shape[1]
    there = weights > 0.0
    everything = np.column_stack([features, targets])[there]
    rows, which = np.unique(everything, axis=0, return_inverse=True)
    return rows[:, :count], rows[:, count:], np.bincount(which.ravel(), weights[there], len(rows))


def sizes_of(values: Array, weights: Array) -> tuple[Array, Array]:
    """Means and standard deviations; of what is constant, one."""
    centre = np.average(values, axis=0, weights=weights)
    largest = np.abs(values - centre).max(axis=0)
    scale = np.where(largest > 0.0, largest, 1.0)  # squares of very large or small values are none
    width = scale * np.sqrt(np.average(((values - centre) / scale) ** 2, axis=0, weights=weights))
    return centre, np.where(width > 1e-12 * np.abs(centre), width, 1.0)
