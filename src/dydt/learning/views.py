"""What can be seen of a network of continuous depth: points on their way through it, and what it makes of the plane."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from dydt.brief import brief
from dydt.errors import InputError, nearest
from dydt.learning.discriminant import plane_of

Array = Any


@dataclass(frozen=True, eq=False)
class Stream:
    """Points as they move through a block of continuous depth.

    Attributes
    ----------
    t : ndarray, shape (times,)
    states : ndarray, shape (times, points, dimensions)
    names : tuple of str
        Of the dimensions.
    labels : ndarray, shape (points,) or (points, outputs)
        What tells the points apart: their classes or values.
    """

    t: Array
    states: Array
    names: tuple[str, ...]
    labels: Array

    __repr__ = brief

    def __str__(self) -> str:
        times, points, dimensions = self.states.shape
        lengths = np.linalg.norm(np.diff(self.states, axis=0), axis=2).sum(axis=0)
        straight = np.linalg.norm(self.states[-1] - self.states[0], axis=1)
        return (
            f"{points} point{'s' * (points > 1)} in {dimensions} dimension{'s' * (dimensions > 1)} at {times} "
            f"time{'s' * (times > 1)} from {self.t[0]:.6g} to {self.t[-1]:.6g}; "
            f"mean path {np.mean(lengths):.3g} long, from end to end {np.mean(straight):.3g}"
        )

    def plane(self, along: Any = None) -> tuple[Array, tuple[str, str]]:
        """The states in two dimensions, and what they are called.

        Two states are a plane. More are seen from the side that shows best at the last time what the labels tell apart:
        two discriminant directions of classes; of two classes, and of numbers, the direction that tells them, over that
        of the largest spread at right angles to it. Each of these mixes all states.

        Parameters
        ----------
        along : (str, str), optional
            The names of two states.

        Returns
        -------
        states : ndarray, shape (times, points, 2)
        names : pair of str

        Raises
        ------
        InputError
            If there are no such states.
        """
        dimensions = self.states.shape[2]
        if along is not None:
            return self._along(along)
        if dimensions == 2:
            return self.states, (self.names[0], self.names[1])
        if dimensions == 1:
            along = np.broadcast_to(self.t[:, None, None], self.states.shape)
            return np.concatenate([along, self.states], axis=2), ("t", self.names[0])
        directions, names = plane_of(self.states[-1], self.labels)
        return (self.states - self.states[-1].mean(axis=0)) @ directions, names

    def _along(self, along: Any) -> tuple[Array, tuple[str, str]]:
        if isinstance(along, str) or len(along) != 2:
            raise InputError(f'along takes two states, as in along=("x1", "x2"), and is {along!r}')
        for name in along:
            if name not in self.names:
                known, guess = ", ".join(self.names), nearest(str(name), self.names) or "."
                raise InputError(f"there is no state `{name}`{guess} There: {known}")
        first, second = along
        return self.states[:, :, [self.names.index(first), self.names.index(second)]], (first, second)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and texts."""
        return {
            "t": self.t.tolist(),
            "names": list(self.names),
            "states": self.states.tolist(),
            "labels": self.labels.tolist(),
        }

    def to_json(self) -> str:
        """As JSON text."""
        return json.dumps(self.to_dict())

    def plot(self, path: Any = None, **options: Any) -> Any:
        """Draw where the points are at a few times, and their paths; see `dydt.plotting.flow.stream`."""
        from dydt.plotting.flow import stream

        return stream(self, path=path, **options)

    def animate(self, path: Any, **options: Any) -> Any:
        """A film of the points as they move, as GIF or MP4; see `dydt.plotting.flow.moving`."""
        from dydt.plotting.animate import write_film
        from dydt.plotting.flow import moving

        return write_film(moving(self, **options), path)[0]


@dataclass(frozen=True, eq=False)
class Regions:
    """What is predicted all over the plane of two features.

    Attributes
    ----------
    first, second : ndarray
        The values of both features on the grid.
    values : ndarray, shape (second, first, outputs)
        Probabilities of the classes, or what is predicted.
    points, labels : ndarray
    names : tuple of str
        Of the features.
    classes : ndarray or None
        None for a regressor.
    """

    first: Array
    second: Array
    values: Array
    points: Array
    labels: Array
    names: tuple[str, ...]
    classes: Array | None

    __repr__ = brief

    def __str__(self) -> str:
        rows, columns, outputs = self.values.shape
        what = f"{outputs} output{'s' * (outputs > 1)}"
        what = what if self.classes is None else f"probabilities of {outputs} classes"
        return f"{what} on {columns} × {rows} places, around {len(self.points)} points"

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and texts."""
        return {
            "names": list(self.names),
            "first": self.first.tolist(),
            "second": self.second.tolist(),
            "values": self.values.tolist(),
            "points": self.points.tolist(),
            "labels": self.labels.tolist(),
            "classes": None if self.classes is None else self.classes.tolist(),
        }

    def to_json(self) -> str:
        """As JSON text."""
        return json.dumps(self.to_dict())

    def plot(self, path: Any = None, **options: Any) -> Any:
        """Draw the regions and the points; see `dydt.plotting.flow.regions`."""
        from dydt.plotting.flow import regions

        return regions(self, path=path, **options)
