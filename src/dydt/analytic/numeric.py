"""Formulas as functions of numbers with as many digits as mpmath is set to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import sympy

# What SymPy knows and does not say to mpmath by itself.
_MORE = {
    "airyaiprime": lambda x: mpmath.airyai(x, derivative=1),
    "airybiprime": lambda x: mpmath.airybi(x, derivative=1),
}


def numeric(names: Any, formulas: Any) -> Callable[..., Any]:
    """A function of the values of these symbols.

    >>> x = sympy.Symbol("x")
    >>> float(numeric([x], x**2)(3))
    9.0
    """
    function: Callable[..., Any] = sympy.lambdify(names, formulas, [_MORE, "mpmath"], cse=True)
    return function
