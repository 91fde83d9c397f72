"""The methods of solving by hand, one file each, and their order.

A method is a file here with `solve(problem)`, which gives what it found, or None where the law is not of its type. To
add one, add its file and its line below.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from dydt.errors import InputError, nearest

# The first that fits and verifies is shown: so from the plain to the general, and a method that needs a guess after
# those that need none.
METHODS = (
    "separable",
    "linear",
    "exact",
    "inverse",
    "bernoulli",
    "homogeneous",
    "linear_substitution",
    "linear_in_function",
    "shifted_homogeneous",
    "riccati",
    "integrating_factor",
    "clairaut",
    "lagrange",
    "higher_degree",
    "absolute_value",
    "constant_coefficients",
    "undetermined_coefficients",
    "cauchy_euler",
    "variation_of_parameters",
    "reducible_order",
    "reduction_of_order",
    "normal_form",
    "exact_second_order",
    "special_functions",
    "linear_system",
    "euler_system",
    "triangular_system",
)


def solver(name: str) -> Callable[[Any], Any]:
    """The `solve` of a method."""
    solve: Callable[[Any], Any] = importlib.import_module(f"{__name__}.{name}").solve
    return solve


def file_of(method: str) -> str:
    """The file of a method that is written in any way, ``"Cauchy–Euler"`` or ``"cauchy euler"``.

    Raises
    ------
    InputError
        If there is none, with the names that there are.

    >>> file_of("Cauchy-Euler"), file_of("reduction of order")
    ('cauchy_euler', 'reduction_of_order')
    """
    name = method.strip().lower().replace("–", "_").replace("-", "_").replace(" ", "_")
    if name not in METHODS and name != "dsolve":
        known = ", ".join(m.replace("_", " ") for m in METHODS)
        raise InputError(
            f"there is no method `{method}`{nearest(name, METHODS) or '.'} The methods by hand are {known}"
        )
    return name
