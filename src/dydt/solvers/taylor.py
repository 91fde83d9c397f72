"""Steps along the Taylor polynomial of the solution, as long as its last terms allow.

y(t + h) = Σ y⁽ᵏ⁾ hᵏ with the coefficients of `dydt.kernels.expansion`. They say before the step is taken how long it
may be, so that hardly any is rejected (À. Jorba and M. Zou, Experimental Mathematics 14 (2005) 99–117, sec. 3), and
the polynomial is its own dense output.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dydt.kernels.exponential import fast_exp2, fast_log2
from dydt.solvers.runge_kutta import Attempt

_PART = 0.1  # of the tolerance that the last term may have: the rest of the series is as large as that term


class Taylor:
    """The Taylor method of an order, as the loop sees a method.

    Parameters
    ----------
    order : int
    """

    linear = False
    adaptive = True
    keeps_slope = False

    def __init__(self, order: int) -> None:
        self.order = self.dense_order = self.control_order = order
        self.name, self.title = f"taylor{order}", f"Taylor series of order {order}"
        self.stages = 1  # an expansion, whatever it costs
        self.vectors = order + 1

    def look_ahead(self, here: Any, t: Any, y: Any, h: Any, relative: Any) -> tuple[Any, list[Any]]:
        """How long the step may be, up to h, and the coefficients of the solution.

        The last two terms are to be small, in case one of them is zero by symmetry: |y⁽ᵖ⁾| hᵖ within a part of the
        tolerance, and |y⁽ᵖ⁻¹⁾| hᵖ⁻¹ e⁻² too, as it is for the order that is best for a tolerance (Jorba, Zou, eq. 3-8).
        """
        f = here.space.arithmetic
        coefficients = here.expand(t, y, self.order)
        longest = f.absolute(h)
        for order, more in ((self.order, math.log2(_PART)), (self.order - 1, math.log2(_PART * math.e**2))):

            def formula(c: Any, y: Any, absolute: Any) -> Any:
                return f.absolute(c) / f.fma(f.absolute(y), relative, absolute)

            largest = f.constant(1e-300)
            for size in here.space.map(formula, coefficients[order], y, here.absolute):
                largest = f.maximum(largest, size)
            length = fast_exp2(f, (fast_log2(f, largest) - more) * (-1.0 / order))
            longest = f.minimum(f.where(largest < math.inf, length, 0.0), longest)
        return f.copysign(longest, h), coefficients

    def attempt(self, here: Any, t: Any, y: Any, h: Any, first: Any, relative: Any) -> Attempt:
        """One step of size h from (t, y); `first` are the coefficients there."""
        return Attempt(_polynomial(here.space, first, h), None, None)

    def dense_slopes(self, here: Any, t: Any, y: Any, h: Any) -> list[Any]:
        """What the dense output of a step is made from: the coefficients."""
        return list(here.expand(t, y, self.order)[1:])

    def interpolate(self, here: Any, y: Any, h: Any, k: Sequence[Any], theta: Any) -> Any:
        """The state at t + θh."""
        return _polynomial(here.space, [y, *k], theta * h)


def _polynomial(space: Any, coefficients: Sequence[Any], h: Any) -> Any:
    """Σ cₖ hᵏ by Horner's rule."""
    fma = space.arithmetic.fma

    def formula(*c: Any) -> Any:
        total = c[-1]
        for item in reversed(c[:-1]):
            total = fma(total, h, item)
        return total

    return space.map(formula, *coefficients)
