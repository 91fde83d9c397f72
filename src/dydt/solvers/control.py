"""How large a step may be: the first one, and the next after each attempt.

Everything is written for lanes (each has its own step); logarithms and powers of the controller are cheap
approximations, which only need to be the same for every number of lanes.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from dydt.kernels.exponential import fast_exp2, fast_log2
from dydt.kernels.llvm import Function, Value
from dydt.solvers.runge_kutta import Law, advance

SAFETY = 0.9
LEAST, MOST = 0.2, 8.0  # bounds of a step's growth
_SMALLEST_ERROR = 1e-4  # what the controller remembers of a step that was better than this


class Memory(NamedTuple):
    """What the controller remembers: log₂ of the last accepted error, and whether the last attempt failed."""

    error: Value
    failed: Value


def propose(f: Function, order: int, error_squared: Value, memory: Memory) -> tuple[Value, Value, Memory]:
    """Whether a step is good, the factor for the next one, and the new memory.

    PI control (Gustafsson; Hairer, Nørsett, Wanner, Solving ODEs II, 2nd ed., IV.2): with ε the error in units
    of the tolerance, an accepted step grows by 0.9 · ε^(−α) · ε₋^β with β = 0.2/k, α = 1/k − 0.75 β, k = order
    of the estimate + 1; not at all right after a rejection. An error that is not finite is a rejection.
    """
    good = error_squared <= 1.0
    log_error = fast_log2(f, f.maximum(error_squared, 1e-60)) * 0.5
    beta = 0.2 / order
    alpha = 1.0 / order - 0.75 * beta
    grow = f.fma(memory.error, beta, f.fma(log_error, -alpha, math.log2(SAFETY)))
    most = f.where(memory.failed > 0.0, 0.0, math.log2(MOST))
    grow = f.maximum(f.minimum(grow, most), math.log2(LEAST))
    shrink = f.fma(log_error, -1.0 / order, math.log2(SAFETY))
    shrink = f.maximum(f.minimum(shrink, math.log2(SAFETY)), math.log2(0.1))
    shrink = f.where(error_squared < math.inf, shrink, math.log2(0.1))
    factor = fast_exp2(f, f.where(good, grow, shrink))
    remembered = f.where(good, f.maximum(log_error, math.log2(_SMALLEST_ERROR)), memory.error)
    return good, factor, Memory(remembered, f.where(good, 0.0, 1.0))


def first_step(
    f: Function,
    space: Any,
    law: Law,
    order: int,
    t: Value,
    y: Any,
    k: Any,
    span: Value,
    absolute: Any,
    relative: Value,
) -> Value:
    """A first step from the sizes of y, y' and y'' (Hairer, Nørsett, Wanner, Solving ODEs I, 2nd ed., II.4).

    Parameters
    ----------
    span : Value
        The way to the end, with its sign; the step never exceeds it.
    """

    def size_squared(vector: Any) -> Value:
        def formula(v: Any, y: Any, atol: Any) -> Any:
            q = v / f.fma(f.absolute(y), relative, atol)
            return q * q

        return space.mean(formula, vector, y, absolute)

    far = f.absolute(span)
    of_y, of_k = size_squared(y), size_squared(k)
    guess = 0.01 * f.sqrt(of_y / of_k)
    small = f.where(of_y > 1e-10, 0.0, 1.0) + f.where(of_k > 1e-10, 0.0, 1.0)
    guess = f.where(small > 0.0, 1e-6, guess)
    guess = f.copysign(_between(f, guess, far), span)
    ahead = law(t + guess, advance(space, y, guess, [1.0], [k], into="stage"))
    change = space.map(lambda a, b: a - b, ahead, k)
    of_change = size_squared(change) / (guess * guess)
    largest = f.sqrt(f.maximum(of_k, of_change))
    fine = fast_exp2(f, (fast_log2(f, f.maximum(largest, 1e-60)) - math.log2(0.01)) * (-1.0 / order))
    fine = f.where(largest > 1e-15, fine, f.maximum(f.absolute(guess) * 1e-3, 1e-6))
    return f.copysign(_between(f, f.minimum(100.0 * f.absolute(guess), fine), far), span)


def _between(f: Function, guess: Value, far: Value) -> Value:
    """A step that is finite and not longer than the way; a poor law gets a cautious one."""
    finite = f.where(guess > 0.0, 1.0, 0.0) * f.where(guess < math.inf, 1.0, 0.0)
    return f.minimum(f.where(finite > 0.0, guess, far * 1e-6), far)
