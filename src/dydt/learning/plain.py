"""A plain network (x, Δt) -> x(t + Δt): what a neural ODE is compared with. It knows no time but the one it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dydt.expr.network import Network
from dydt.kernels.numpy import network_values
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
        """Half the mean square of the misfit, and its gradient, layer by layer."""
        values = [self._inputs]
        layers = self.network.layers
        for layer in layers:
            matrix = weights[layer.first : layer.biases].reshape(layer.inputs, layer.outputs)
            z = values[-1] @ matrix + weights[layer.biases : layer.end]
            values.append(z if layer is layers[-1] else np.tanh(z))
        misfit = values[-1] - self._targets
        bar = misfit / misfit.size
        gradient = np.zeros_like(weights)
        for k in reversed(range(len(layers))):
            layer = layers[k]
            gradient[layer.first : layer.biases] = (values[k].T @ bar).ravel()
            gradient[layer.biases : layer.end] = bar.sum(axis=0)
            if k:
                matrix = weights[layer.first : layer.biases].reshape(layer.inputs, layer.outputs)
                bar = (bar @ matrix.T) * (1.0 - values[k] ** 2)
        return 0.5 * float(np.mean(misfit**2)), gradient
