"""Minimisers of smooth functions, one step at a time, so that a run can be watched, stopped, kept and resumed.

Each takes ``function(x) -> (value, gradient)``, has `x`, `value` and `gradient`, goes on by `step()`, and can give and
take back its whole state as arrays.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

Array = Any
Function = Callable[[Array], tuple[float, Array]]

_SUFFICIENT, _FLAT = (
    1e-4,
    0.9,
)  # the constants of the Wolfe conditions, as Nocedal and Wright advise for quasi-Newton
_MOST_TRIALS = 25  # of a line search
_LARGEST_GROWTH = 10.0


class Optimiser(Protocol):
    """What training needs to know of a minimiser."""

    x: Array
    value: float
    gradient: Array

    def step(self) -> bool:
        """Go one step; False if there is no further way down."""

    def state(self) -> dict[str, Array]:
        """Everything it goes on from, as arrays."""

    def restore(self, state: Mapping[str, Array]) -> None:
        """Go on from a state that was given."""


class LBFGS:
    """The quasi-Newton method that remembers the last steps only.

    J. Nocedal, Updating quasi-Newton matrices with limited storage, Math. Comp. 35 (1980) 773–782; the line search for
    the strong Wolfe conditions is that of Nocedal and Wright, Numerical Optimization, 2nd ed., algorithms 3.5 and 3.6.

    Parameters
    ----------
    function : callable
        Where it can't be computed it may give infinity or NaN: the step is shortened.
    x : ndarray
    memory : int
        Steps that are remembered.

    Examples
    --------
    >>> bowl = LBFGS(lambda x: (float(x @ x), 2 * x), np.array([3.0, -4.0]))
    >>> while bowl.step(): pass
    >>> bowl.value < 1e-20
    True
    """

    def __init__(self, function: Function, x: Array, memory: int = 30, tolerance: float = 1e-10) -> None:
        self.function = function
        self.x = np.array(x, dtype=float)
        self.value, self.gradient = function(self.x)
        self.memory, self.tolerance = memory, tolerance
        self.pairs: deque[tuple[Array, Array, float]] = deque(maxlen=memory)

    def step(self) -> bool:
        if not (math.isfinite(self.value) and np.all(np.isfinite(self.gradient))):
            return False
        if np.max(np.abs(self.gradient), initial=0.0) <= self.tolerance:
            return False
        direction = self._direction()
        slope = float(self.gradient @ direction)
        if slope >= 0.0:  # the memory misleads: begin anew, straight down
            self.pairs.clear()
            direction = self._direction()
            slope = float(self.gradient @ direction)
        found = self._search(direction, slope)
        if found is None and self.pairs:
            self.pairs.clear()
            direction = self._direction()
            found = self._search(direction, float(self.gradient @ direction))
        if found is None:
            return False
        x, value, gradient = found
        s, y = x - self.x, gradient - self.gradient
        curvature = float(s @ y)
        if curvature > 1e-12 * float(np.linalg.norm(s) * np.linalg.norm(y)):
            self.pairs.append((s, y, 1.0 / curvature))
        self.x, self.value, self.gradient = x, value, gradient
        return True

    def _direction(self) -> Array:
        """-H g by the two loops over the remembered steps."""
        q = self.gradient.copy()
        if not self.pairs:
            return -q / max(1.0, float(np.linalg.norm(q)))
        weights = []
        for s, y, inverse in reversed(self.pairs):
            weight = inverse * float(s @ q)
            q -= weight * y
            weights.append(weight)
        s, y, inverse = self.pairs[-1]
        q *= 1.0 / (inverse * float(y @ y))
        for (s, y, inverse), weight in zip(self.pairs, reversed(weights), strict=True):
            q += (weight - inverse * float(y @ q)) * s
        return -q

    def _search(self, direction: Array, slope: float) -> tuple[Array, float, Array] | None:
        """A point that satisfies the strong Wolfe conditions, or at least goes down; None if none is found."""
        low = (0.0, self.value, slope)
        high: tuple[float, float, float] | None = None
        best: tuple[float, Array, float, Array] | None = None
        length = 1.0
        for _ in range(_MOST_TRIALS):
            x = self.x + length * direction
            value, gradient = self.function(x)
            if not (math.isfinite(value) and np.all(np.isfinite(gradient))):
                high = (length, math.inf, math.inf)
                length = low[0] + 0.2 * (length - low[0])
                continue
            along = float(gradient @ direction)
            if value < self.value and (best is None or value < best[2]):
                best = (length, x, value, gradient)
            if value > self.value + _SUFFICIENT * length * slope or (low[0] > 0.0 and value >= low[1]):
                high = (length, value, along)
            elif abs(along) <= -_FLAT * slope:
                return x, value, gradient
            elif along * ((high[0] if high else math.inf) - low[0]) >= 0.0:
                low, high = (length, value, along), low
            else:
                low = (length, value, along)
            length = _between(low, high) if high else min(_LARGEST_GROWTH, 2.5) * length
            if high and abs(high[0] - low[0]) < 1e-14 * max(1.0, low[0]):
                break
        return None if best is None else best[1:]

    def state(self) -> dict[str, Array]:
        size = len(self.x)
        kept = list(self.pairs)
        return {
            "x": self.x,
            "value": np.array(self.value),
            "gradient": self.gradient,
            "s": np.array([p[0] for p in kept]).reshape(-1, size),
            "y": np.array([p[1] for p in kept]).reshape(-1, size),
            "inverse": np.array([p[2] for p in kept]),
        }

    def restore(self, state: Mapping[str, Array]) -> None:
        self.x, self.value, self.gradient = state["x"], float(state["value"]), state["gradient"]
        pairs = zip(state["s"], state["y"], map(float, state["inverse"]), strict=True)
        self.pairs = deque(pairs, maxlen=self.memory)


def _between(low: tuple[float, float, float], high: tuple[float, float, float]) -> float:
    """Where the cubic through two points with their slopes is least, kept off both ends (Nocedal, Wright, eq. 3.59)."""
    (a, f, f_slope), (b, g, g_slope) = low, high
    middle = 0.5 * (a + b)
    if not (math.isfinite(g) and math.isfinite(g_slope)):
        return a + 0.2 * (b - a)
    d = f_slope + g_slope - 3.0 * (f - g) / (a - b)
    root = d * d - f_slope * g_slope
    if root < 0.0:
        return middle
    root = math.copysign(math.sqrt(root), b - a)
    below = g_slope - f_slope + 2.0 * root
    if below == 0.0:
        return middle
    found = b - (b - a) * (g_slope + root - d) / below
    margin = 0.1 * abs(b - a)
    return min(max(found, min(a, b) + margin), max(a, b) - margin)


class Adam:
    """Steps of a size of their own for each variable, from running means of the gradient and its square.

    D. P. Kingma and J. Ba, Adam: a method for stochastic optimization, ICLR 2015, arXiv:1412.6980, algorithm 1. Good
    where the function is noisy, as a loss over a few samples at a time is.

    Parameters
    ----------
    function : callable
        May give another sample of a noisy function at each call.
    x : ndarray
    rate : float
        The size of a step.
    """

    def __init__(self, function: Function, x: Array, rate: float = 1e-2) -> None:
        self.function, self.rate = function, rate
        self.x = np.array(x, dtype=float)
        self.value, self.gradient = math.inf, np.zeros_like(self.x)
        self.mean, self.square, self.count = np.zeros_like(self.x), np.zeros_like(self.x), 0

    def step(self) -> bool:
        value, gradient = self.function(self.x)
        if not (math.isfinite(value) and np.all(np.isfinite(gradient))):
            return False
        self.value, self.gradient = value, gradient
        self.count += 1
        self.mean = 0.9 * self.mean + 0.1 * gradient
        self.square = 0.999 * self.square + 0.001 * gradient**2
        mean, square = self.mean / (1.0 - 0.9**self.count), self.square / (1.0 - 0.999**self.count)
        self.x = self.x - self.rate * mean / (np.sqrt(square) + 1e-8)
        return True

    def state(self) -> dict[str, Array]:
        kept = {"x": self.x, "gradient": self.gradient, "mean": self.mean, "square": self.square}
        return kept | {"value": np.array(self.value), "count": np.array(self.count)}

    def restore(self, state: Mapping[str, Array]) -> None:
        self.x, self.gradient = state["x"], state["gradient"]
        self.mean, self.square = state["mean"], state["square"]
        self.value, self.count = float(state["value"]), int(state["count"])
