"""Minimisers of smooth functions, one step at a time, so that a run can be watched, stopped, kept and resumed.

Each takes ``function(x) -> (value, gradient)``, or for Gauss–Newton steps residuals and what gives their Jacobian; has
`x`, `value` and `gradient`, goes on by `step()`, and can give and take back its whole state as arrays.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from dydt.learning.least_squares import Descent, Residuals

Array = Any
Function = Callable[[Array], tuple[float, Array]]

# The constants of the Wolfe conditions, as Nocedal and Wright advise for quasi-Newton methods.
_SUFFICIENT, _FLAT = 1e-4, 0.9
# How steep it may go up at the end of a step, in parts of how it goes down before.
_UPHILL = 1.0 - 2.0 * _SUFFICIENT
_MOST_TRIALS, _FEW_TRIALS = 25, 10  # of a line search; where values are rounded, more tell nothing more
_LARGEST_GROWTH = 10.0


class Optimiser(Protocol):
    """What training needs to know of a minimiser."""

    @property
    def x(self) -> Array: ...

    @property
    def value(self) -> float: ...

    @property
    def gradient(self) -> Array: ...

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
    tolerance : float
        Ends where no derivative is larger.
    rounding : float
        The part of a value that may be its rounding error: less than that tells nothing, and slopes are asked instead
        (W. W. Hager and H. Zhang, SIAM J. Optim. 16 (2005) 170–192, eq. 4.1, the approximate Wolfe conditions).

    Examples
    --------
    >>> bowl = LBFGS(lambda x: (float(x @ x), 2 * x), np.array([3.0, -4.0]))
    >>> while bowl.step(): pass
    >>> bowl.value < 1e-20
    True
    """

    def __init__(
        self, function: Function, x: Array, memory: int = 30, tolerance: float = 1e-10, rounding: float = 0.0
    ) -> None:
        self.function = function
        self.x = np.array(x, dtype=float)
        self.value, self.gradient = function(self.x)
        self.memory, self.tolerance, self.rounding = memory, tolerance, rounding
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
        slack = self.rounding * abs(self.value)
        high: tuple[float, float, float] | None = None
        best: tuple[float, Array, float, Array] | None = None
        length = 1.0
        for _ in range(_FEW_TRIALS if slack else _MOST_TRIALS):
            x = self.x + length * direction
            value, gradient = self.function(x)
            if not (math.isfinite(value) and np.all(np.isfinite(gradient))):
                high = (length, math.inf, math.inf)
                length = low[0] + 0.2 * (length - low[0])
                continue
            along = float(gradient @ direction)
            if value < self.value + slack and (best is None or value < best[2]):
                best = (length, x, value, gradient)
            if slack and value < self.value + slack and _FLAT * slope <= along <= -_UPHILL * slope:
                return x, value, gradient
            if value > self.value + _SUFFICIENT * length * slope + slack or (
                low[0] > 0.0 and value >= low[1] + slack
            ):
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


class GaussNewton:
    """Damped Gauss–Newton steps, down a sum of squares: those of `Descent`, with variables of one size.

    Parameters
    ----------
    residuals : callable
        x -> residuals r, and what gives their Jacobian. Where they can't be computed the step is shortened.
    x : ndarray
    decays : ndarray
        The value is ½ Σ r² + ½ Σ decays x².
    tolerance : float
        Ends when what a step would gain is a smaller part of the value than this.

    Examples
    --------
    >>> A = np.array([[3.0, 1.0], [1.0, 2.0]])
    >>> line = GaussNewton(lambda x: (A @ x - 1.0, lambda: A), np.zeros(2), np.zeros(2))
    >>> while line.step(): pass
    >>> line.x.round(3)
    array([0.2, 0.4])
    """

    def __init__(self, residuals: Residuals, x: Array, decays: Array, tolerance: float = 1e-6) -> None:
        self.residuals, self.decays, self.tolerance = residuals, decays, tolerance
        self._descent = self._begin(x)

    @np.errstate(all="ignore")  # a network that blows up gives infinity, and the step is shortened
    def _begin(self, x: Array) -> Descent:
        x = np.array(x, dtype=float)
        return Descent(self.residuals, x, tolerance=self.tolerance, decays=self.decays, is_even=True)

    @property
    def x(self) -> Array:
        return self._descent.x

    @property
    def value(self) -> float:
        return self._descent.cost

    @property
    def gradient(self) -> Array:
        descent = self._descent
        return descent.jacobian.T @ descent.residuals + self.decays * descent.x

    @np.errstate(all="ignore")
    def step(self) -> bool:
        descent = self._descent
        if not math.isfinite(descent.cost):
            return False
        before = descent.cost
        while not descent.step():
            if descent.cost < before:
                return True
        return False

    def state(self) -> dict[str, Array]:
        descent = self._descent
        return {"x": descent.x, "damping": np.array([descent.damping, descent.growth])}

    def restore(self, state: Mapping[str, Array]) -> None:
        self._descent = self._begin(state["x"])
        self._descent.damping, self._descent.growth = map(float, state["damping"])


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
