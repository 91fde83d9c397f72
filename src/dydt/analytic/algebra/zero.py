"""Whether an expression is zero, looked at in numbers: at points of its symbols, with thirty digits."""

from __future__ import annotations

import random
from typing import Any

import mpmath
import sympy

from dydt.analytic.numeric import numeric

_DIGITS = 30
_TOLERANCE = mpmath.mpf("1e-10")
_POINTS = 3
_ATTEMPTS = 12


def is_zero(expression: Any) -> bool:
    """Whether the expression is zero wherever it is looked at.

    Its symbols are put between 0.2 and 1.8, the same points at every call. The size of what is left is compared with
    the size of the terms that should cancel. A matrix is zero if all of its entries are.

    >>> t = sympy.Symbol("t", real=True)
    >>> is_zero(sympy.sin(t) ** 2 + sympy.cos(t) ** 2 - 1), is_zero(sympy.sin(t) - t)
    (True, False)
    """
    if isinstance(expression, sympy.MatrixBase):
        return all(is_zero(entry) for entry in expression)
    expression = sympy.S.Zero + expression
    if expression.is_zero:
        return True
    expression = expression.replace(
        sympy.DiracDelta, lambda *_: sympy.S.Zero
    )  # of a jump, met at no such point
    names = sorted(expression.free_symbols, key=str)
    terms = sympy.Add.make_args(expression)
    try:
        function = numeric(names, list(terms))
    except (TypeError, ValueError, NotImplementedError, KeyError):
        return False
    chance = random.Random(20)
    good = 0
    with mpmath.workdps(_DIGITS):
        for _ in range(_ATTEMPTS):
            values = [mpmath.mpf(chance.randint(200, 1800)) / 1000 for _ in names]
            left = _left_over(function, values)
            if left is None:
                continue
            if left > _TOLERANCE:
                return False
            good += 1
            if good == _POINTS or not names:
                return True
    return False


def _left_over(function: Any, values: list[Any]) -> Any:
    """The size of the sum over that of its terms; None where it has no value."""
    try:
        parts = [mpmath.mpmathify(part) for part in function(*values)]
    except (ArithmeticError, ValueError, TypeError, NameError, AttributeError, mpmath.libmp.NoConvergence):
        return None
    size = mpmath.mpf(1) + sum(abs(part) for part in parts)
    ratio = abs(sum(parts)) / size
    return ratio if mpmath.isfinite(ratio) else None
