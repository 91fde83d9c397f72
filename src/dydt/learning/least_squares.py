"""Nonlinear least squares: Levenberg–Marquardt steps within bounds, with losses that forgive outliers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dydt.errors import InputError, nearest

Array = Any
# Residuals, and their Jacobian or what gives it when it is called: that of a step that is not taken is never computed.
Residuals = Callable[[Array], tuple[Array, Array | Callable[[], Array]]]

# So many standard deviations is a residual large where a loss turns from squares to something slower: with these the
# estimates of clean normal data keep about 95 % of their efficiency (Z. Zhang, Image and Vision Computing 15 (1997)
# 59–76, table 1).
TURNS = {"linear": 1.0, "huber": 1.345, "soft_l1": 1.345, "cauchy": 2.385}
_STEEPEST = 1.5e-3  # the first damping, as a part of the largest diagonal entry
_LESS = 0.1  # of the damping, after a step that did what it promised
_MOST_DAMPING = 1e20
_LEAST_DAMPING = 1e-15
_LEAST_NORMAL = 1e-12  # of normal equations, so that they can be solved
_FEW = 30  # variables up to which singular values are computed
_STUCK = "no step makes the cost smaller"


@dataclass(frozen=True, eq=False)
class Outcome:
    """Where the minimiser ended.

    Attributes
    ----------
    x : ndarray, shape (q,)
    cost : float
        ½ c² Σ ρ(r²/c²).
    residuals : ndarray, shape (m,)
    jacobian : ndarray, shape (m, q)
        ∂r/∂x, without the correction of the loss.
    iterations : int
    converged : bool
    message : str
    at_bound : ndarray of bool, shape (q,)
        Which variables a bound holds.
    """

    x: Array
    cost: float
    residuals: Array
    jacobian: Array
    iterations: int
    converged: bool
    message: str
    at_bound: Array


def check_loss(loss: str) -> None:
    """Complain about a loss that is not there."""
    if loss not in TURNS:
        raise InputError(
            f"there is no loss `{loss}`{nearest(str(loss), TURNS) or '.'} There: {', '.join(TURNS)}"
        )


def rho(loss: str, z: Array) -> tuple[Array, Array, Array]:
    """ρ(z), ρ'(z) and ρ''(z) of a loss, z being the square of a residual in units of where the loss turns.

    >>> [float(v) for v in rho("soft_l1", 3.0)]
    [2.0, 0.5, -0.0625]
    """
    z = np.asarray(z, dtype=float)
    if loss == "linear":
        return z, np.ones_like(z), np.zeros_like(z)
    if loss == "huber":
        root = np.sqrt(np.maximum(z, 1.0))
        far = z > 1.0
        return np.where(far, 2.0 * root - 1.0, z), 1.0 / root, np.where(far, -0.5 / (root * root * root), 0.0)
    root = 1.0 + z
    if loss == "soft_l1":
        return 2.0 * (np.sqrt(root) - 1.0), root**-0.5, -0.5 * root**-1.5
    return np.log1p(z), 1.0 / root, -1.0 / root**2


@np.errstate(over="ignore", invalid="ignore")
def total(loss: str, residuals: Array) -> float:
    """The cost of residuals; infinite where one of them is not finite."""
    return _total(loss, residuals)


def _total(loss: str, residuals: Array) -> float:
    if loss == "linear":
        cost = 0.5 * float(residuals.dot(residuals))
    else:
        turn = TURNS[loss]
        cost = float(0.5 * turn**2 * np.sum(rho(loss, (residuals / turn) ** 2)[0]))
    return cost if math.isfinite(cost) else math.inf


def corrected(loss: str, residuals: Array, jacobian: Array) -> tuple[Array, Array]:
    """Residuals and Jacobian whose Gauss–Newton step is that of the robust cost.

    B. Triggs, P. McLauchlan, R. Hartley, A. Fitzgibbon, Bundle adjustment: a modern synthesis, LNCS 1883 (2000)
    298–372, section 4.3: both are scaled so that Jᵀr is the gradient and JᵀJ the Hessian without second derivatives.
    """
    if loss == "linear":
        return residuals, jacobian
    z = (residuals / TURNS[loss]) ** 2
    _, first, second = rho(loss, z)
    scale = np.sqrt(np.maximum(first + 2.0 * second * z, 1e-10))
    return residuals * first / scale, jacobian * scale[:, None]


@np.errstate(over="ignore", invalid="ignore")  # far from the minimum residuals may be beyond all numbers
def least_squares(
    function: Residuals,
    start: Array,
    lower: Array | None = None,
    upper: Array | None = None,
    loss: str = "linear",
    tolerance: float = 1e-10,
    iterations: int = 200,
    watch: Callable[[int, float], None] | None = None,
) -> Outcome:
    """Minimise ½ Σ ρ(r(x)²) over lower ≤ x ≤ upper.

    Damped Gauss–Newton steps, (JᵀJ + μD²) h = -Jᵀr, with the damping of H. B. Nielsen: K. Madsen, H. B. Nielsen,
    O. Tingleff, Methods for non-linear least squares problems, 2nd ed., DTU 2004, section 3.2; D has the largest
    norms of the columns so far (J. J. Moré, LNM 630 (1978) 105–116). A variable that a bound holds is left out of a
    step, and steps are cut at bounds.

    Parameters
    ----------
    function : callable
        x -> residuals, shape (m,), and their Jacobian, shape (m, q). Where residuals are not finite, the step is
        taken to be too long.
    start : ndarray, shape (q,)
    lower, upper : ndarray, optional
    loss : str
        ``"linear"``, ``"huber"``, ``"soft_l1"`` or ``"cauchy"``.
    tolerance : float
        Ends when a step, or the cost it promises to save, is a smaller part than this; and when the residuals stand
        upright on the columns of J to its root.
    iterations : int
    watch : callable, optional
        Called with the iteration and the cost.

    Examples
    --------
    >>> import numpy as np
    >>> def rosenbrock(x):
    ...     return np.array([10*(x[1] - x[0]**2), 1 - x[0]]), np.array([[-20*x[0], 10], [-1, 0]])
    >>> least_squares(rosenbrock, np.array([-1.2, 1.0])).x.round(8)
    array([1., 1.])
    """
    check_loss(loss)
    x = np.array(start, dtype=float)
    low = np.full(x.shape, -np.inf) if lower is None else np.asarray(lower, dtype=float)
    high = np.full(x.shape, np.inf) if upper is None else np.asarray(upper, dtype=float)
    descent = Descent(function, np.clip(x, low, high), low, high, loss, tolerance)
    if not math.isfinite(descent.cost):
        return descent.outcome(0, False, "no finite residuals at the start")
    for count in range(1, iterations + 1):
        message = descent.step()
        if watch is not None:
            watch(count, descent.cost)
        if message:
            return descent.outcome(count, message != _STUCK, message)
    return descent.outcome(iterations, False, f"{iterations} iterations were not enough")


class Descent:
    """Where a minimiser stands; each step is one trial, taken if it makes the cost smaller.

    Parameters
    ----------
    function, x, low, high, loss, tolerance
        As in `least_squares`.
    decays : ndarray, optional
        Adds ½ Σ decays x² to the cost.
    is_even : bool
        Whether the variables are of one size, so that steps are damped alike in all of them: D has the largest norm of
        a column.
    """

    def __init__(
        self,
        function: Residuals,
        x: Array,
        low: Array | float = -math.inf,
        high: Array | float = math.inf,
        loss: str = "linear",
        tolerance: float = 1e-10,
        decays: Array | None = None,
        is_even: bool = False,
    ) -> None:
        self.function, self.low, self.high, self.loss, self.tolerance = function, low, high, loss, tolerance
        self.decays, self.is_even = decays, is_even
        self.x, self.damping, self.growth = x, _STEEPEST, 2.0
        self.sizes = np.zeros(x.shape)
        self.residuals, jacobian = function(x)
        self.jacobian = jacobian() if callable(jacobian) else jacobian
        self.cost = self._cost(x, self.residuals)
        if not _is_finite(self.jacobian):
            self.cost = math.inf
        self.model: _Model | None = None

    def _cost(self, x: Array, residuals: Array) -> float:
        cost = _total(self.loss, residuals)
        return cost if self.decays is None else cost + 0.5 * float(self.decays @ x**2)

    def outcome(self, count: int, converged: bool, message: str) -> Outcome:
        held = (self.x <= self.low) | (self.x >= self.high)
        return Outcome(self.x, self.cost, self.residuals, self.jacobian, count, converged, message, held)

    def step(self) -> str:
        """Try a step; gives why there will be no other one, or nothing."""
        if self.model is None:
            self.model = self._look()
        model, tolerance = self.model, self.tolerance
        if self.cost == 0.0 or model.is_flat(math.sqrt(tolerance) * 1e-3, math.sqrt(2.0 * self.cost)):
            return "the gradient is zero"
        step, is_led = self._step(model)
        trial, promised = _within(self.x, step, self.low, self.high, model)
        if not is_led and 0.0 < promised <= self.tolerance * self.cost:
            self._end(trial)
            return "nothing more is to be gained"
        lengths = np.abs(trial - self.x) * self.sizes
        far = float(np.max(np.abs(self.x) * self.sizes))
        if not self._try(trial, promised):
            self.damping, self.growth = self.damping * self.growth, self.growth * 2.0
        # What bounds leave of a step says nothing of the others.
        if not is_led and float(np.max(lengths)) <= tolerance * (far + tolerance):
            return "steps have become too small to matter"
        return _STUCK if self.damping > _MOST_DAMPING else ""

    def _end(self, trial: Array) -> None:
        """Take a last step, so small that the linear model is as good as the function."""
        self.residuals = self.residuals + self.jacobian @ (trial - self.x)
        self.x, self.cost = trial, min(self.cost, self._cost(trial, self.residuals))

    def _step(self, model: _Model) -> tuple[Array, bool]:
        """The damped step, and whether it is led along bounds that it would cross at once."""
        step = model.step(self.damping)
        outward = np.zeros(self.x.shape, dtype=bool)
        while True:
            more = ((self.x <= self.low) & (step < 0)) | ((self.x >= self.high) & (step > 0))
            if not more.any():
                return step, bool(outward.any())
            outward |= more
            step = self._look(outward).step(self.damping)

    def _look(self, outward: Array | bool = False) -> _Model:
        """The linear model where it stands, without variables that a bound holds."""
        r, J = corrected(self.loss, self.residuals, self.jacobian)
        squares, gradient = np.einsum("ij,ij->j", J, J), J.T @ r
        if self.decays is not None:
            squares, gradient = squares + self.decays, gradient + self.decays * self.x
        lengths = np.sqrt(squares)
        self.sizes = np.full_like(lengths, lengths.max()) if self.is_even else np.maximum(self.sizes, lengths)
        held = ((self.x <= self.low) & (gradient > 0)) | ((self.x >= self.high) & (gradient < 0)) | outward
        decays = None if self.decays is None else (self.decays, self.x)
        return _Model(r, J, gradient, np.flatnonzero(~held), self.sizes, lengths, decays)

    def _try(self, trial: Array, promised: float) -> bool:
        """Go there, if the cost is less."""
        if promised <= 0:
            return False
        residuals, jacobian = self.function(trial)
        cost = self._cost(trial, residuals)
        if not cost < self.cost:
            return False
        jacobian = jacobian() if callable(jacobian) else jacobian
        if not _is_finite(jacobian):
            return False
        ratio = (self.cost - cost) / promised
        self.damping = max(self.damping * max(_LESS, 1.0 - (2.0 * ratio - 1.0) ** 3), _LEAST_DAMPING)
        self.growth = 2.0
        self.x, self.residuals, self.jacobian, self.cost = trial, residuals, jacobian, cost
        self.model = None
        return True


def _is_finite(jacobian: Array) -> bool:
    """Whether the squares of all its entries are numbers."""
    return bool(np.isfinite(np.vdot(jacobian, jacobian)))


class _Model:
    """r + J h in scaled variables: singular values for few of them, normal equations for many.

    With fewer residuals than variables they are solved among the residuals: with the decays d, D = μ + d and c = d x/D,

        (JᵀJ + D) h = -(Jᵀr + d x)   ⇔   h = -c - D⁻¹Jᵀ (1 + J D⁻¹ Jᵀ)⁻¹ (r - J c).
    """

    def __init__(
        self,
        r: Array,
        J: Array,
        gradient: Array,
        free: Array,
        sizes: Array,
        lengths: Array,
        decays: tuple[Array, Array] | None,
    ) -> None:
        self.J, self.gradient, self.free = J, gradient, free
        self._scale = np.where(sizes > 0, sizes, 1.0)[free]
        scaled = J[:, free] / self._scale
        self._lengths = lengths[free] / self._scale
        self._along: Array = gradient[free] / self._scale
        self._decays = None if decays is None else decays[0]
        self._few = len(free) <= _FEW
        if len(free) and self._few:
            if decays is not None:
                roots = np.sqrt(decays[0][free])
                scaled = np.concatenate([scaled, np.diag(roots / self._scale)])
                r = np.concatenate([r, roots * decays[1][free]])
            left, self._values, self._right = np.linalg.svd(scaled, full_matrices=False)
            self._along = left.T @ r
            return
        nothing = np.zeros(len(free))
        self._own = nothing if decays is None else decays[0][free] / self._scale**2
        self._pull = nothing if decays is None else decays[0][free] * decays[1][free] / self._scale
        self._scaled, self._r = scaled, r
        if len(r) >= len(free):
            self._normal = scaled.T @ scaled

    def is_flat(self, part: float, size: float) -> bool:
        """Whether residuals of this size stand upright on every column, but for a part."""
        gradient = np.abs(self.gradient[self.free]) / self._scale
        return bool(np.all(gradient <= part * self._lengths * size))

    def step(self, damping: float) -> Array:
        """The damped step."""
        found = np.zeros(len(self.gradient))
        if not len(self.free):
            return found
        if self._few:
            values = self._values
            h = self._right.T @ (values / (values**2 + damping) * self._along)
        else:
            h = self._solve(self._own + max(damping, _LEAST_NORMAL))
        found[self.free] = -h / self._scale
        return found

    def _solve(self, diagonal: Array) -> Array:
        J, r = self._scaled, self._r
        if len(r) >= len(self.free):
            return np.linalg.solve(self._normal + np.diag(diagonal), self._along)
        c = self._pull / diagonal
        inner = (J / diagonal) @ J.T + np.eye(len(r))
        return c + J.T @ np.linalg.solve(inner, r - J @ c) / diagonal

    def promise(self, step: Array) -> float:
        """By how much the cost would become smaller."""
        image = self.J @ step
        promised = -float(self.gradient @ step) - 0.5 * float(image @ image)
        return promised if self._decays is None else promised - 0.5 * float(self._decays @ step**2)


def _within(
    x: Array, step: Array, low: Array | float, high: Array | float, model: _Model
) -> tuple[Array, float]:
    """Where a step ends within the bounds, and what the linear model promises for it.

    Each variable stops at its own bound, if the model likes that; else all of them where the first one meets its bound.
    """
    trial = np.clip(x + step, low, high)
    promised = model.promise(trial - x)
    if promised > 0 or np.array_equal(trial, x + step):
        return trial, promised
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(step > 0, (high - x) / step, np.where(step < 0, (low - x) / step, np.inf))
    cut = step * min(1.0, float(np.nanmin(room)))
    return np.clip(x + cut, low, high), model.promise(cut)
