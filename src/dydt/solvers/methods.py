"""Every method by its name."""

from __future__ import annotations

from functools import cache

from dydt.solvers.runge_kutta import RungeKutta
from dydt.solvers.tableaus import METHODS, tableau

__all__ = ["METHODS", "Method", "method"]

Method = RungeKutta


@cache
def method(name: str) -> Method:
    """The method called `name`, one of `METHODS`.

    Raises
    ------
    InputError
        For a name that is none; the message has the nearest.

    >>> method("tsit5").title
    'Tsitouras 5(4)'
    """
    return RungeKutta(tableau(name))
