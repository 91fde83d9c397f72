"""Nonlinear least squares: Levenberg–Marquardt steps within bounds, with losses that forgive outliers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dydt.errors import InputError, nearest

Array = Any
Residuals = Callable[[Array], tuple[Array, Array]]

# What a residual of so many standard deviations is where a loss turns from squares to something slower: with these
# the estimates of clean normal data keep about 95 % of their efficiency (Zhang, Image and Vision Computing 15 (1997) 59–76).
TURNS = {"linear": 1.0, "huber": 1.345, "soft_l1": 1.345, "cauchy": 2.385}
_STEEPEST = 1e-3  # the first damping, as a part of the largest diagonal entry
_MOST_DAMPING = 1e20


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


def total(loss: str, residuals: Array) -> float:
    """The cost of residuals; infinite where one of them is not finite."""
    if not np.all(np.isfinite(residuals)):
        return math.inf
    turn = TURNS[loss]
    with np.errstate(over="ignore"):
        return float(0.5 * turn**2 * np.sum(rho(loss, (residuals / turn) ** 2)[0]))


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
    x = np.clip(x, low, high)
    residuals, jacobian = function(x)
    cost = total(loss, residuals)
    if not math.isfinite(cost) or not np.all(np.isfinite(jacobian)):
        held = np.zeros(x.shape, dtype=bool)
        return Outcome(x, math.inf, residuals, jacobian, 0, False, "no finite residuals at the start", held)
    damping, growth, sizes = _STEEPEST, 2.0, np.zeros(x.shape)
    message, converged, count = f"{iterations} iterations were not enough", False, 0
    while True:
        r, J = corrected(loss, residuals, jacobian)
        gradient = J.T @ r
        held = ((x <= low) & (gradient > 0)) | ((x >= high) & (gradient < 0))
        free = np.flatnonzero(~held)
        lengths = np.sqrt(np.sum(J * J, axis=0))
        sizes = np.maximum(sizes, lengths)
        upright = np.abs(gradient[free]) <= math.sqrt(tolerance) * 1e-3 * lengths[free] * math.sqrt(r @ r)
        if not len(free) or cost == 0.0 or np.all(upright):
            message, converged = "the gradient is zero", True
            break
        scale = np.where(sizes > 0, sizes, 1.0)[free]
        left, values, right = np.linalg.svd(J[:, free] / scale, full_matrices=False)
        along = left.T @ r
        moved = False
        while count < iterations:
            count += 1
            step = np.zeros(x.shape)
            step[free] = -(right.T @ (values / (values**2 + damping) * along)) / scale
            trial, promised = _within(x, step, low, high, J, r, gradient)
            step = trial - x
            saved = -math.inf
            if promised > 0:
                new_residuals, new_jacobian = function(trial)
                new_cost = total(loss, new_residuals)
                if math.isfinite(new_cost) and np.all(np.isfinite(new_jacobian)):
                    saved = cost - new_cost
            if watch is not None:
                watch(count, cost)
            small = float(np.max(np.abs(step) * sizes)) <= tolerance * float(
                np.max(np.abs(x) * sizes) + tolerance
            )
            if small or promised <= tolerance * cost:
                if saved > 0:
                    x, residuals, jacobian, cost = trial, new_residuals, new_jacobian, new_cost
                message = "steps have become too small to matter" if small else "nothing more is to be gained"
                converged = True
                break
            if saved > 0:
                ratio = saved / promised
                damping = max(damping * max(1.0 / 3.0, 1.0 - (2.0 * ratio - 1.0) ** 3), 1e-15)
                growth = 2.0
                x, residuals, jacobian, cost = trial, new_residuals, new_jacobian, new_cost
                moved = True
                break
            damping, growth = damping * growth, growth * 2.0
            if damping > _MOST_DAMPING:
                message = "no step makes the cost smaller"
                break
        if not moved:
            break
    held = (x <= low) | (x >= high)
    return Outcome(x, cost, residuals, jacobian, count, converged, message, held)


def _within(
    x: Array, step: Array, low: Array, high: Array, J: Array, r: Array, gradient: Array
) -> tuple[Array, float]:
    """Where a step ends within the bounds, and what the linear model promises for it.

    Each variable stops at its own bound, if the model likes that; else all of them where the first one meets its bound.
    """
    trial = np.clip(x + step, low, high)
    cut = trial - x
    image = J @ cut
    promised = -float(gradient @ cut) - 0.5 * float(image @ image)
    if promised > 0 or np.array_equal(cut, step):
        return trial, promised
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(step > 0, (high - x) / step, np.where(step < 0, (low - x) / step, np.inf))
    cut = step * min(1.0, float(np.nanmin(room)))
    image = J @ cut
    return np.clip(x + cut, low, high), -float(gradient @ cut) - 0.5 * float(image @ image)
