"""The exact Jacobian of samples and ends of trajectories, out of pullbacks of single steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dydt.learning.gradient import Engine

Array = Any


class Jacobian:
    """Derivatives of samples and ends of pieces of trajectories, along their starts and the parameters.

    The pullback of unit cotangents through a step from y to y', with a sample s inside it, is

        A = ∂y'/∂y,   B = ∂y'/∂p,   C = ∂s/∂y,   D = ∂s/∂p,

    and along a piece the derivatives S of its states are

        S₀ = (1, 0),   S ← A S + (0, B),   those of a sample   C S + (0, D).

    All steps and all samples are pieces of one batch, of a single step each, so that no lane waits: with n states a
    Jacobian takes n pullbacks a step and a sample, however many samples a piece has.

    Parameters
    ----------
    engine : Engine
    meshes, times : sequence of ndarray
        For each piece the times of its steps, and those at which it is sampled.
    chosen : ndarray of int
        Which of all samples are wanted.

    Attributes
    ----------
    piece : ndarray of int
        That of each chosen sample.
    """

    def __init__(
        self, engine: Engine, meshes: Sequence[Array], times: Sequence[Array], chosen: Array
    ) -> None:
        self._path = engine.batch(meshes, times, stride=1)
        self._counts = np.array([len(mesh) - 1 for mesh in meshes])
        self._first = np.cumsum(self._counts) - self._counts
        piece, step = self._path.places
        self.piece = piece[chosen]
        self._step = self._first[self.piece] + step[chosen]
        edges = np.concatenate([np.column_stack([mesh[:-1], mesh[1:]]) for mesh in meshes])
        at = np.concatenate([np.zeros(0), *times])[chosen]
        within = [*np.empty((len(edges), 0)), *at[:, None]]
        self._single = engine.batch([*edges, *edges[self._step]], within, stride=1, apart=True)

    def __call__(self, starts: Array, parameters: Array) -> tuple[Array, Array]:
        """The derivatives there.

        Returns
        -------
        of_samples : ndarray, shape (chosen, n, n + parameters)
            Along the start of the piece a sample is in, and along the parameters.
        of_ends : ndarray, shape (pieces, n, n + parameters)
        """
        self._path.forward(starts, parameters)
        states = self._path.states()
        total, n = states.shape
        self._single.forward(np.concatenate([states, states[self._step]]), parameters)
        found = np.empty((total + len(self._step), n, n + len(parameters)))
        for i, unit in enumerate(np.eye(n)):
            of_ends = np.zeros((len(found), n))
            of_ends[:total] = unit
            found[:, i, :n], found[:, i, n:] = self._single.backward(unit, of_ends)
        steps, of_samples = found[:total], found[total:]
        before, ends = self._along(steps)
        whole = of_samples[:, :, :n] @ before[self._step]
        whole[:, :, n:] += of_samples[:, :, n:]
        return whole, ends

    def _along(self, steps: Array) -> tuple[Array, Array]:
        """S before each step, and at the end of each piece."""
        n = steps.shape[1]
        before = np.empty_like(steps)
        now = np.zeros((len(self._counts), *steps.shape[1:]))
        now[:, :, :n] = np.eye(n)
        for k in range(int(self._counts.max())):
            going = np.flatnonzero(self._counts > k)
            places = self._first[going] + k
            before[places] = now[going]
            after = steps[places, :, :n] @ now[going]
            after[:, :, n:] += steps[places, :, n:]
            now[going] = after
        return before, now
