"""What mathematics by machine may raise on something it does not understand."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import mpmath
import sympy

FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    NameError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
    mpmath.libmp.NoConvergence,
    sympy.PolynomialError,
)


def none_if_it_fails(work: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with None for an answer where the mathematics in it fails.

    >>> none_if_it_fails(lambda x: 1 / x)(0) is None
    True
    """

    @wraps(work)
    def guarded(*arguments: Any) -> Any:
        try:
            return work(*arguments)
        except FAILURES:
            return None

    return guarded
