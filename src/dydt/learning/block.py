"""A network of continuous depth, and the exact gradient of a loss of what it gives.

A lift takes features u into the state, a differential equation with a network on its right-hand side moves it, and a
read-out v is linear in where it ends:

    x(0) = (A u + a, 0),   x' = network(x, t) for 0 ≤ t ≤ 1,   v = C x(1) + c,   e = ∫ |x'|² dt.

The zeros are augmented dimensions (E. Dupont, A. Doucet, Y. W. Teh, Augmented neural ODEs, NeurIPS 2019,
arXiv:1904.01681): without them and with A = 1, paths in the plane can't cross, and a disc inside a ring stays there.
The kinetic energy e keeps paths straight and steps few (C. Finlay et al., How to train your neural ODE, ICML 2020,
arXiv:2002.02798).
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from dydt.errors import SolveWarning
from dydt.expr.equations import Equations
from dydt.expr.graph import number, symbol
from dydt.expr.network import Network
from dydt.learning.gradient import Engine

Array = Any
Misfit = Callable[[Array, Array], tuple[Array, Array]]

_CHUNK = 512  # samples that are worked on at once: memory does not grow with their number
_IGNORED = 1e30  # the tolerance of what the steps need not resolve
_KEPT = 3  # batches of one block
_EASY = 0.1  # an error, in units of the tolerance, from which down fewer steps would do
_LEFT_OVER = 0.5  # the error, in units of the tolerance, that a changed number of steps aims at


@dataclass(frozen=True)
class Shape:
    """How large the parts are.

    Attributes
    ----------
    features, outputs : int
    dimensions : int or None
        Of a state that is a learned linear map of the features; None: they are the state themselves.
    augment : int
        Further dimensions, which start at zero.
    hidden : tuple of int
    activation : str
    time_dependent : bool
        Whether the network is told the time.
    """

    features: int
    outputs: int
    dimensions: int | None = None
    augment: int = 0
    hidden: tuple[int, ...] = (32,)
    activation: str = "tanh"
    time_dependent: bool = True

    @property
    def lifted(self) -> int:
        """The dimensions that the lift gives."""
        return self.features if self.dimensions is None else self.dimensions

    @property
    def state(self) -> int:
        """All dimensions of the state."""
        return self.lifted + self.augment

    @cached_property
    def network(self) -> Network:
        inputs = self.state + self.time_dependent
        return Network("nn", (inputs, *self.hidden, self.state), self.activation)

    @cached_property
    def sizes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of the learned arrays, in the order in which a vector holds them."""
        lift = {"lift": (self.features, self.lifted), "shift": (self.lifted,)} if self.dimensions else {}
        rest = {"weights": (self.network.count,), "readout": (self.state, self.outputs)}
        return {**lift, **rest, "bias": (self.outputs,)}

    @cached_property
    def count(self) -> int:
        """How many numbers are learned."""
        return sum(math.prod(size) for size in self.sizes.values())

    def split(self, z: Array) -> dict[str, Array]:
        """The learned arrays, as views of the vector."""
        parts, place = {}, 0
        for name, size in self.sizes.items():
            parts[name] = z[place : place + math.prod(size)].reshape(size)
            place += math.prod(size)
        return parts

    def start(self, random: np.random.Generator, gain: float = 1.0) -> Array:
        """Where training begins: random matrices, with a block that moves little; biases are zero."""
        z = np.zeros(self.count)
        parts = self.split(z)
        for name in ("lift", "readout"):
            if name in parts:
                rows = parts[name].shape[0]
                parts[name][:] = random.normal(size=parts[name].shape) / math.sqrt(rows)
        for layer in self.network.layers:
            weights = parts["weights"][layer.first : layer.biases]
            size = 0.3 if layer is self.network.layers[-1] else 1.0
            weights[:] = gain * size * random.normal(size=len(weights)) / math.sqrt(layer.inputs)
        return z

    def matrices(self) -> Array:
        """Which numbers weight decay pulls towards zero: those of the matrices, not the biases."""
        mask = np.ones(self.count)
        parts = self.split(mask)
        for name in ("shift", "bias"):
            if name in parts:
                parts[name][:] = 0.0
        for layer in self.network.layers:
            parts["weights"][layer.biases : layer.end] = 0.0
        return mask

    def law(self, energy: bool = False) -> Equations:
        """x' = network(x, t), for 0 ≤ t ≤ 1; with the energy as a last state, e' = |x'|²."""
        states = tuple(f"x{i + 1}" for i in range(self.state))
        inputs = (*states, "t") if self.time_dependent else states
        slopes = tuple(self.network(*map(symbol, inputs)))
        if energy:
            square = number(0.0)
            for slope in slopes:
                square = square + slope * slope
            states, slopes = (*states, "e"), (*slopes, square)
        parameters: dict[str, float | None] = dict.fromkeys(self.network.weights)
        return Equations(states, slopes, parameters=parameters, span=(0.0, 1.0))


def _engine(shape: Shape, method: str, precision: str) -> Engine:
    """The compiled block, kept for the next network with the same one."""
    one = Shape(shape.state, 1, None, 0, shape.hidden, shape.activation, shape.time_dependent)
    return _kept_engine(one, method, precision, os.getpid())  # threads don't live on in a forked process


@lru_cache(maxsize=32)
def _kept_engine(shape: Shape, method: str, precision: str, _process: int) -> Engine:
    return Engine(shape.law(energy=True), method, precision=precision)


class Block:
    """The differential equation between lift and read-out, for many points at once, in steps that can be changed.

    Parameters
    ----------
    shape : Shape
    method : str
        An explicit method with an error estimate.
    tolerance : float
        Of the error of a step, absolute and relative.
    steps : int
        Steps between t = 0 and t = 1 that all points take.
    most_steps : int
    precision : str
        "double" or "single".

    Attributes
    ----------
    error : float
        The largest error of a step since it was last set to zero, in units of the tolerance.
    """

    def __init__(
        self,
        shape: Shape,
        method: str = "bs3",
        tolerance: float = 1e-2,
        steps: int = 4,
        most_steps: int = 256,
        precision: str = "double",
    ) -> None:
        self.shape, self.tolerance, self.most_steps = shape, tolerance, most_steps
        self.engine = _engine(shape, method, precision)
        self.steps, self.error = steps, 0.0
        self._batches: dict[tuple[int, int], Any] = {}

    def _batch(self, meshes: Any, times: Any = ()) -> Any:
        absolute = np.full(self.shape.state + 1, self.tolerance)
        absolute[-1] = _IGNORED
        return self.engine.batch(meshes, times, atol=absolute, rtol=self.tolerance)

    def _even(self, count: int, steps: int) -> Any:
        """So many points in so many equal steps; the last few such batches are kept."""
        found = self._batches.pop((count, steps), None)
        if found is None:
            found = self._batch([np.linspace(0.0, 1.0, steps + 1)] * count)
        self._batches[count, steps] = found
        if len(self._batches) > _KEPT:
            del self._batches[next(iter(self._batches))]
        return found

    def forward(self, starts: Array, weights: Array) -> tuple[Array, Array]:
        """Where points end, and the energy of their paths."""
        self._latest = self._even(len(starts), self.steps)
        _, ends = self._latest.forward(_with_energy(starts), weights)
        self.error = max(self.error, self._latest.error)
        return ends[:, :-1], ends[:, -1]

    def backward(self, of_ends: Array, of_energies: Array) -> tuple[Array, Array]:
        """The derivatives of a loss along starts and weights, from those along what the last `forward` gave."""
        of_all = np.column_stack([of_ends, of_energies])
        of_starts, of_weights = self._latest.backward(np.zeros((0, of_all.shape[1])), of_all)
        return of_starts[:, :-1], of_weights

    def adapt(self) -> bool:
        """Take as many steps as the error seen since the last call asks for; True if that changed their number."""
        error, self.error = self.error, 0.0
        if _EASY < error <= 1.0:
            return False
        ideal = 4 * self.steps
        if math.isfinite(error):
            ideal = math.ceil(self.steps * (error / _LEFT_OVER) ** (1.0 / self.engine.order))
        before = self.steps
        self.steps = min(max(1, ideal, self.steps // 2), 4 * self.steps, self.most_steps)
        return self.steps != before

    def solve(self, starts: Array, weights: Array) -> tuple[Array, Array, Array]:
        """Where points end, in as many steps as each needs: those in training, doubled until the error is small.

        Returns
        -------
        ends : ndarray, shape (points, n)
        steps : ndarray, shape (points,)
            How many each took.
        energies : ndarray, shape (points,)
        """
        ends, energies = np.empty_like(starts), np.empty(len(starts))
        counts = np.empty(len(starts), dtype=int)
        for first in range(0, len(starts), _CHUNK):
            rows, steps = np.arange(first, min(first + _CHUNK, len(starts))), self.steps
            while len(rows):
                batch = self._even(len(rows), steps)
                _, found = batch.forward(_with_energy(starts[rows]), weights)
                ends[rows], energies[rows], counts[rows] = found[:, :-1], found[:, -1], steps
                rows = rows[~(batch.errors <= 1.0)]
                if steps >= self.most_steps:
                    self._tell(len(rows))
                    break
                steps *= 2
        return ends, counts, energies

    def _tell(self, count: int) -> None:
        """Warn of points that even the most steps are too few for."""
        if count:
            points = "a point needs" if count == 1 else f"{count} points need"
            warnings.warn(
                f"{points} more than {self.most_steps} steps through the block for errors below {self.tolerance:g}, "
                "and may end elsewhere; a larger `energy` in training gives flows that need few",
                SolveWarning,
                stacklevel=4,
            )

    def follow(self, starts: Array, weights: Array, times: Array) -> Array:
        """Where points are at these times, in as many steps as each needs.

        Returns
        -------
        ndarray, shape (times, points, n)
        """
        _, counts, _ = self.solve(starts, weights)
        found = np.empty((len(times), len(starts), self.shape.state))
        for first in range(0, len(starts), _CHUNK):
            some = slice(first, first + _CHUNK)
            meshes = [np.linspace(0.0, 1.0, count + 1) for count in counts[some]]
            batch = self._batch(meshes, [times] * len(meshes))
            samples, _ = batch.forward(_with_energy(starts[some]), weights)
            found[:, some] = samples[:, :-1].reshape(len(meshes), len(times), -1).transpose(1, 0, 2)
        return found


def _with_energy(starts: Array) -> Array:
    return np.column_stack([starts, np.zeros(len(starts))])


def lift(shape: Shape, parts: dict[str, Array], inputs: Array) -> Array:
    """x(0)."""
    lifted = inputs @ parts["lift"] + parts["shift"] if shape.dimensions else inputs
    return np.column_stack([lifted, np.zeros((len(inputs), shape.augment))]) if shape.augment else lifted


def cross_entropy(scores: Array, targets: Array) -> tuple[Array, Array]:
    """-log of the probability that softmax gives the right class, and its derivative; targets are rows of 0 and 1."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    total = powers.sum(axis=1, keepdims=True)
    return np.sum(targets * (np.log(total) - shifted), axis=1), powers / total - targets


def half_squares(outputs: Array, targets: Array) -> tuple[Array, Array]:
    """½ |v - y|², and its derivative."""
    residuals = outputs - targets
    return 0.5 * np.sum(residuals**2, axis=1), residuals


class NetworkLoss:
    """Mean misfit and energy over samples, with weight decay: mean (misfit + energy e) + ½ decay |matrices|².

    Parameters
    ----------
    block : Block
    misfit : callable
        (outputs, targets) -> (misfit of each sample, its derivatives).
    inputs, targets : ndarray
        A row a sample.
    decay, energy : float
    weights : ndarray, optional
        How much each sample counts in the means.
    """

    def __init__(
        self,
        block: Block,
        misfit: Misfit,
        inputs: Array,
        targets: Array,
        decay: float,
        energy: float,
        weights: Array | None = None,
    ) -> None:
        self.block, self.misfit, self.inputs, self.targets = block, misfit, inputs, targets
        self.decay, self.energy = decay, energy
        self.weights = np.ones(len(inputs)) if weights is None else weights
        self._relative = self.weights / np.mean(self.weights)
        self._mask = block.shape.matrices()

    def __call__(self, z: Array, rows: Array | None = None) -> tuple[float, Array]:
        """The loss over these rows, or all, and its gradient."""
        inputs, targets, weights = self.inputs, self.targets, self._relative
        if rows is not None:
            inputs, targets, weights = inputs[rows], targets[rows], weights[rows]
        weights = weights / len(inputs)  # so that the mean over equal parts is that over all
        gradient = self.decay * self._mask * z
        value = 0.5 * float(gradient @ z)
        parts = self.block.shape.split(np.zeros_like(z))
        for first in range(0, len(inputs), _CHUNK):
            some = slice(first, first + _CHUNK)
            value += self._add(z, inputs[some], targets[some], weights[some], parts)
        return value, gradient + np.concatenate([part.ravel() for part in parts.values()])

    @np.errstate(all="ignore")  # a network that blows up gives infinity, which minimisers know
    def _add(
        self, z: Array, inputs: Array, targets: Array, weights: Array, gradient: dict[str, Array]
    ) -> float:
        shape = self.block.shape
        parts = shape.split(z)
        ends, energies = self.block.forward(lift(shape, parts, inputs), parts["weights"])
        values, of_outputs = self.misfit(ends @ parts["readout"] + parts["bias"], targets)
        of_outputs = of_outputs * weights[:, None]
        gradient["readout"] += ends.T @ of_outputs
        gradient["bias"] += of_outputs.sum(axis=0)
        of_starts, of_weights = self.block.backward(of_outputs @ parts["readout"].T, self.energy * weights)
        gradient["weights"] += of_weights
        if shape.dimensions:
            gradient["lift"] += inputs.T @ of_starts[:, : shape.lifted]
            gradient["shift"] += of_starts[:, : shape.lifted].sum(axis=0)
        return float(weights @ (values + self.energy * energies))

    def value(self, z: Array) -> float:
        """The loss over all samples, without its gradient."""
        misfit, energy = self._means(z, self.inputs, self.targets, self.weights)
        return misfit + self.energy * energy + 0.5 * self.decay * float(self._mask @ z**2)

    def misfit_of(self, z: Array, inputs: Array, targets: Array, weights: Array) -> float:
        """The mean misfit of other samples."""
        return self._means(z, inputs, targets, weights)[0]

    def energy_of(self, z: Array) -> float:
        """The mean energy of the samples."""
        return self._means(z, self.inputs, self.targets, self.weights)[1]

    @np.errstate(all="ignore")
    def _means(self, z: Array, inputs: Array, targets: Array, weights: Array) -> tuple[float, float]:
        shape, misfit, energy = self.block.shape, 0.0, 0.0
        parts = shape.split(z)
        for first in range(0, len(inputs), _CHUNK):
            some = slice(first, first + _CHUNK)
            ends, energies = self.block.forward(lift(shape, parts, inputs[some]), parts["weights"])
            values, _ = self.misfit(ends @ parts["readout"] + parts["bias"], targets[some])
            misfit += float(weights[some] @ values)
            energy += float(weights[some] @ energies)
        total = float(weights.sum())
        return misfit / total, energy / total
