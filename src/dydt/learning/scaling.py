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

from dydt.errors import InputError
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


@dataclass(frozen=True)
class Range:
    """How a free parameter varies: in a unit, or where it is bounded, by a logarithm or a logistic function.

    Attributes
    ----------
    low, high : float
    unit : float
    """

    low: float = -math.inf
    high: float = math.inf
    unit: float = 1.0

    @classmethod
    def around(cls, value: float, low: float, high: float) -> Range:
        """With a unit that fits the value it begins with.

        Raises
        ------
        InputError
            If that is not within the bounds.
        """
        if not low < value < high:
            raise InputError(
                f"a parameter begins with {value:g}, and its bounds are {low:g} … {high:g}: give a guess between them"
            )
        return cls(low, high, max(abs(value), 1e-3))

    def value(self, z: float) -> float:
        """The parameter."""
        if math.isfinite(self.low) and math.isfinite(self.high):
            return self.low + (self.high - self.low) / (1.0 + math.exp(-max(-700.0, z)))
        if math.isfinite(self.low):
            return self.low + math.exp(min(z, 700.0))
        if math.isfinite(self.high):
            return self.high - math.exp(min(z, 700.0))
        return z * self.unit

    def steepness(self, z: float) -> float:
        """Its derivative along z."""
        if math.isfinite(self.low) and math.isfinite(self.high):
            part = 1.0 / (1.0 + math.exp(-max(-700.0, z)))
            return (self.high - self.low) * part * (1.0 - part)
        if math.isfinite(self.low):
            return math.exp(min(z, 700.0))
        return -math.exp(min(z, 700.0)) if math.isfinite(self.high) else self.unit

    def variable(self, value: float) -> float:
        """The z of a value."""
        if math.isfinite(self.low) and math.isfinite(self.high):
            return math.log((value - self.low) / (self.high - value))
        if math.isfinite(self.low):
            return math.log(value - self.low)
        return math.log(self.high - value) if math.isfinite(self.high) else value / self.unit


class Scaling:
    """From the variables z of an optimiser to the parameters of a law, and derivatives back.

    Parameters
    ----------
    networks : sequence of Scaled
    plain : mapping
        Index of each further free parameter -> how it varies.
    fixed : ndarray
        All parameters of the law, for those that are not free.
    """

    def __init__(self, networks: Sequence[Scaled], plain: Mapping[int, Range], fixed: Array) -> None:
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
        for k, (index, within) in enumerate(self.plain.items()):
            parameters[index] = within.value(z[place + k])
        return parameters

    def pull(self, z: Array, of_parameters: Array) -> Array:
        """The derivative of a loss along z, from that along the parameters of the law; or of several, a row each."""
        rows = of_parameters.shape[:-1]
        found = np.empty((*rows, self.size))
        place = 0
        for scaled in self.networks:
            network = scaled.network
            own = of_parameters[..., scaled.first : scaled.first + network.count].astype(float)
            first, last = network.layers[0], network.layers[-1]
            own[..., last.first : last.biases].reshape(*rows, last.inputs, last.outputs)[:] *= scaled.unit
            own[..., last.biases : last.end] *= scaled.unit
            matrix = own[..., first.first : first.biases].reshape(*rows, first.inputs, first.outputs)
            matrix -= scaled.centre[:, None] * own[..., None, first.biases : first.end]
            matrix /= scaled.width[:, None]
            found[..., place : place + network.count] = own
            place += network.count
        for k, (index, within) in enumerate(self.plain.items()):
            found[..., place + k] = of_parameters[..., index] * within.steepness(z[place + k])
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
        for k, (index, within) in enumerate(self.plain.items()):
            z[place + k] = within.variable(self.fixed[index])
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
