"""Explicit Runge–Kutta steps as plain arithmetic, for every tableau and every kind of number.

kᵢ = f(t + cᵢ h, y + h Σⱼ aᵢⱼ kⱼ)        y₁ = y + h Σᵢ bᵢ kᵢ        y(t + θh) = y + h Σᵢ bᵢ(θ) kᵢ
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from dydt.solvers.tableaus import Tableau

Law = Callable[[Any, Any], Any]


def advance(space: Any, y: Any, h: Any, weights: Sequence[Any], slopes: Sequence[Any], into: str = "") -> Any:
    """y + h Σ wᵢ kᵢ; zero weights cost nothing.

    The last slope is added by itself: it is the one just computed, and everything else can be ready before it.
    """
    used = [(w, k) for w, k in zip(weights, slopes, strict=False) if not _is_zero(w)]
    if not used:
        return y
    fma = space.arithmetic.fma

    *earlier, (last, _) = used

    def formula(y: Any, *k: Any) -> Any:
        so_far = fma(_dot(fma, [w for w, _ in earlier], k[:-1]), h, y) if earlier else y
        return fma(k[-1], h * last, so_far)

    return space.map(formula, y, *(k for _, k in used), into=into)


def slopes(
    space: Any, law: Law, tableau: Tableau, t: Any, y: Any, h: Any, first: Any = None, into: str = "stage"
) -> tuple[list[Any], Any]:
    """All slopes k₁ … kₛ of a step and the argument of the last one (y₁, if first-same-as-last).

    `first` is k₁ where it is known already.
    """
    k = [law(t, y) if first is None else first]
    at = y
    for row, c in zip(tableau.a[1:], tableau.c[1:], strict=True):
        at = advance(space, y, h, row, k, into=into)
        k.append(law(t + h * c if c != 1.0 else t + h, at))
    return k, at


def end(space: Any, tableau: Tableau, y: Any, h: Any, k: Sequence[Any], last: Any) -> Any:
    """y₁."""
    if tableau.first_same_as_last:
        return last
    return advance(space, y, h, tableau.b, k, into="stage")


def error_squared(
    space: Any, tableau: Tableau, y: Any, y1: Any, h: Any, k: Sequence[Any], absolute: Any, relative: Any
) -> Any:
    """The square of the error's size in units of the tolerance; a step is good up to 1.

    ‖e‖² = mean of (eᵢ / (atolᵢ + rtol·max(|yᵢ|, |y₁ᵢ|)))². With two estimates e₅ and e₃ it is Hairer's
    combination ‖e₅‖⁴ / (‖e₅‖² + 0.01 ‖e₃‖²) (Hairer, Nørsett, Wanner, Solving ODEs I, 2nd ed., II.10).
    """
    arithmetic = space.arithmetic
    squares = []
    for weights in tableau.error:
        used = [(w, slope) for w, slope in zip(weights, k, strict=False) if w != 0]

        def formula(y: Any, y1: Any, atol: Any, *slopes: Any, used: Any = used) -> Any:
            scale = arithmetic.maximum(arithmetic.absolute(y), arithmetic.absolute(y1))
            e = _dot(arithmetic.fma, [w for w, _ in used], slopes) / arithmetic.fma(scale, relative, atol)
            return e * e

        squares.append(space.mean(formula, y, y1, absolute, *(slope for _, slope in used)))
    main = squares[0]
    if len(squares) > 1:
        main = main * (main / (main + 0.01 * squares[1] + 1e-300))
    return main * (h * h)


def dense_weights(tableau: Tableau, theta: Any, fma: Callable[[Any, Any, Any], Any]) -> list[Any]:
    """bᵢ(θ) of every slope, by Horner's rule."""
    weights = []
    for row in tableau.dense:
        if not any(row):
            weights.append(0.0)
            continue
        total = row[-1] + 0.0 * theta
        for coefficient in reversed(row[:-1]):
            total = fma(total, theta, coefficient)
        weights.append(total * theta)
    return weights


def dense_slopes(space: Any, law: Law, tableau: Tableau, t: Any, y: Any, h: Any) -> list[Any]:
    """The slopes of a step and the further ones its dense output needs."""
    k, _ = slopes(space, law, tableau, t, y, h, into="dense")  # the end of the step at hand lies in "stage"
    for row, c in zip(tableau.extra_a, tableau.extra_c, strict=True):
        k.append(law(t + h * c if c != 1.0 else t + h, advance(space, y, h, row, k, into="dense")))
    return k


class Attempt(NamedTuple):
    """What a method makes of one step.

    Attributes
    ----------
    y : vector
        The new state.
    error : number or None
        The square of the error in units of the tolerance; None if the method takes fixed steps, or has looked ahead.
    slope : vector or None
        f at the new state, if the method has computed it.
    """

    y: Any
    error: Any
    slope: Any


class RungeKutta:
    """An explicit Runge–Kutta method as the loop sees a method.

    Attributes
    ----------
    name, title : str
    adaptive : bool
    control_order : int
        The power of h that the error of a step goes with.
    keeps_slope : bool
        Whether a step ends with the slope that the next one starts with.
    stages : int
        Evaluations of the law an attempt takes, the kept slope aside.
    vectors : int
        How many vectors a step, dense output included, keeps at once.
    linear : bool
        Whether a step solves linear systems with the Jacobian, as stiff laws need it.
    """

    linear = False

    def __init__(self, tableau: Tableau) -> None:
        self.tableau = tableau
        self.name = tableau.name
        self.title = tableau.title
        self.order = tableau.order
        self.adaptive = bool(tableau.error)
        self.control_order = tableau.error_order + 1
        self.keeps_slope = tableau.first_same_as_last
        self.stages = tableau.stages - self.keeps_slope
        self.vectors = len(tableau.b) + len(tableau.extra_a)

    def attempt(self, here: Any, t: Any, y: Any, h: Any, first: Any, relative: Any) -> Attempt:
        """One step of size h from (t, y); `first` is the slope there, if it was kept."""
        k, at = slopes(here.space, here.law, self.tableau, t, y, h, first)
        y1 = end(here.space, self.tableau, y, h, k, at)
        error = None
        if self.adaptive:
            error = error_squared(here.space, self.tableau, y, y1, h, k, here.absolute, relative)
        return Attempt(y1, error, k[-1] if self.keeps_slope else None)

    def dense_slopes(self, here: Any, t: Any, y: Any, h: Any) -> list[Any]:
        """What the dense output of a step is made from."""
        return dense_slopes(here.space, here.law, self.tableau, t, y, h)

    def interpolate(self, here: Any, y: Any, h: Any, k: Sequence[Any], theta: Any) -> Any:
        """The state at t + θh."""
        weights = dense_weights(self.tableau, theta, here.space.arithmetic.fma)
        return advance(here.space, y, h, weights, k, into="dense")


def _is_zero(weight: Any) -> bool:
    return isinstance(weight, float | int) and weight == 0


def _dot(fma: Callable[[Any, Any, Any], Any], weights: Sequence[Any], numbers: Sequence[Any]) -> Any:
    total = numbers[0] * weights[0]
    for weight, item in zip(weights[1:], numbers[1:], strict=True):
        total = fma(item, weight, total)
    return total
