"""What mathematics by machine may raise on something it does not understand."""

from __future__ import annotations

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
