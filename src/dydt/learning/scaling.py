"""Variables of a size near one, in which networks are trained: linear in the parameters of the law.

A network of the law sees its inputs as they are. The one that is trained sees (x - centre)/width, and gives its outputs
in units of what they are expected to be; its weights become those of the law by

    W¹ = V¹/width,   b¹ = c¹ - Σ V¹ centre/width,   Wᴸ = unit Vᴸ,   bᴸ = unit cᴸ.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dydt.expr.network import Network

Array = Any


@dataclass(frozen=True, eq=False)
class Scaled:
    """A network and the sizes of what goes in and comes out of it.

    Attributes
    ----------
    network : Network
    first : int
        Its first weight among the parameters of the law.
    centre, width : ndarray, shape (inputs,)
    unit : ndarray, shape (outputs,)
    """

    network: Network
    first: int
    centre: Array
    width: Array
    unit: Array


class Scaling:
    """From the variables z of an optimiser to the parameters of a law, and derivatives back.

    Parameters
    ----------
    networks : sequence of Scaled
    plain : mapping
        Index of each further free parameter -> its unit; a negative unit means that it is positive, and its logarithm
        is what varies.
    fixed : ndarray
        All parameters of the law, for those that are not free.
    """

    def __init__(self, networks: Sequence[Scaled], plain: Mapping[int, float], fixed: Array) -> None:
        self.networks = tuple(networks)
        self.plain = dict(plain)
        self.fixed = np.array(fixed, dtype=float)
        self.size = sum(s.network.count for s in networks) + len(plain)

    def to_law(self, z: Array) -> Array:
        """The parameters of the law."""
        parameters = self.fixed.copy()
        place = 0
        for scaled in self.networks:
            network = scaled.network
            own = z[place : place + network.count].copy()
            first, last = network.layers[0], network.layers[-1]
            matrix = own[first.first : first.biases].reshape(first.inputs, first.outputs)
            matrix /= scaled.width[:, None]
            own[first.biases : first.end] -= scaled.centre @ matrix
            own[last.first : last.biases].reshape(last.inputs, last.outputs)[:] *= scaled.unit
            own[last.biases : last.end] *= scaled.unit
            parameters[scaled.first : scaled.first + network.count] = own
            place += network.count
        for k, (index, unit) in enumerate(self.plain.items()):
            value = z[place + k]
            parameters[index] = value * unit if unit > 0 else math.exp(min(value, 700.0))
        return parameters

    def pull(self, z: Array, of_parameters: Array) -> Array:
        """The derivative of a loss along z, from that along the parameters of the law."""
        found = np.empty(self.size)
        place = 0
        for scaled in self.networks:
            network = scaled.network
            own = of_parameters[scaled.first : scaled.first + network.count].copy()
            first, last = network.layers[0], network.layers[-1]
            own[last.first : last.biases].reshape(last.inputs, last.outputs)[:] *= scaled.unit
            own[last.biases : last.end] *= scaled.unit
            matrix = own[first.first : first.biases].reshape(first.inputs, first.outputs)
            matrix -= np.outer(scaled.centre, own[first.biases : first.end])
            matrix /= scaled.width[:, None]
            found[place : place + network.count] = own
            place += network.count
        for k, (index, unit) in enumerate(self.plain.items()):
            steepness = unit if unit > 0 else math.exp(min(z[place + k], 700.0))
            found[place + k] = of_parameters[index] * steepness
        return found

    def start(self, random: np.random.Generator, gain: float) -> Array:
        """Where training begins: small random weights, so that the network is nearly linear; biases zero."""
        z = np.zeros(self.size)
        place = 0
        for scaled in self.networks:
            for layer in scaled.network.layers:
                weights = z[place + layer.first : place + layer.biases]
                weights[:] = gain * random.normal(size=len(weights)) / math.sqrt(layer.inputs)
            place += scaled.network.count
        for k, (index, unit) in enumerate(self.plain.items()):
            value = self.fixed[index]
            z[place + k] = value / unit if unit > 0 else math.log(value)
        return z

    def decaying(self) -> Array:
        """Which variables weight decay pulls towards zero: the matrices of networks."""
        mask = np.zeros(self.size)
        place = 0
        for scaled in self.networks:
            for layer in scaled.network.layers:
                mask[place + layer.first : place + layer.biases] = 1.0
            place += scaled.network.count
        return mask
