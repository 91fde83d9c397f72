"""A plain network (x, Δt) -> x(t + Δt): what a neural ODE is compared with. It knows no time but the one it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dydt.expr.equations import Equations
from dydt.expr.graph import number, symbol
from dydt.expr.network import Network
from dydt.kernels.numpy import network_values
from dydt.learning.gradient import Engine
from dydt.learning.optimise import LBFGS

Array = Any

_PAIRS = 4000


class PlainNetwork:
    """A network that is told a state and how much later it is asked.

    Parameters
    ----------
    t : ndarray, shape (m,)
    y : ndarray, shape (m, n)
    hidden : sequence of int
    longest : float
        The longest Δt it is trained on.
    seed : int
    """

    def __init__(
        self, t: Array, y: Array, hidden: Sequence[int], longest: float, seed: int = 0, iterations: int = 400
    ) -> None:
        random = np.random.default_rng(seed)
        self.network = Network("plain", (y.shape[1] + 1, *hidden, y.shape[1]))
        self.centre, self.width, self.longest = y.mean(axis=0), y.std(axis=0), longest
        first = random.integers(0, len(t), size=_PAIRS)
        last = random.integers(0, len(t), size=_PAIRS)
        first, last = np.minimum(first, last), np.maximum(first, last)
        near = t[last] - t[first] <= longest
        first, last = first[near], last[near]
        self._inputs = self._scaled(y[first], t[last] - t[first])
        self._targets = (y[last] - self.centre) / self.width
        self._batch = _engine(self.network).batch([np.array([0.0, 1.0])] * len(first))
        start = np.zeros(self.network.count)
        for layer in self.network.layers:
            size = layer.biases - layer.first
            start[layer.first : layer.biases] = random.normal(size=size) / np.sqrt(layer.inputs)
        run = LBFGS(self._loss, start)
        for _ in range(iterations):
            if not run.step():
                break
        self.weights = run.x

    def __call__(self, y: Array, later: Array) -> Array:
        """The states so much later, shape (len(later), n)."""
        later = np.asarray(later, dtype=float)
        inputs = self._scaled(np.broadcast_to(y, (len(later), len(self.centre))), later)
        return network_values(self.network, self.weights, inputs.T)[0] * self.width + self.centre

    def _scaled(self, y: Array, later: Array) -> Array:
        return np.column_stack([(y - self.centre) / self.width, 2.0 * later / self.longest - 1.0])

    def _loss(self, weights: Array) -> tuple[float, Array]:
        """Half the mean square of the misfit, and its gradient."""
        _, ends = self._batch.forward(self._inputs, weights)
        misfit = (ends - self._inputs)[:, :-1] - self._targets
        of_ends = np.zeros_like(ends)
        of_ends[:, :-1] = misfit / misfit.size
        _, gradient = self._batch.backward(np.zeros((0, ends.shape[1])), of_ends)
        return 0.5 * float(np.mean(misfit**2)), gradient


def _engine(network: Network) -> Engine:
    """The network as the slope of a law: one step of Euler's method, of length one, adds its outputs to its inputs."""
    inputs = tuple(f"input{i}" for i in range(network.sizes[0]))
    slopes = (*network(*map(symbol, inputs)), number(0.0))  # Δt, the last input, stays
    return Engine(Equations(inputs, slopes, parameters=dict.fromkeys(network.weights)), "euler")
