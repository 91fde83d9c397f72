"""Every method by its name."""

from __future__ import annotations

from functools import cache

from dydt.solvers import tableaus
from dydt.solvers.rosenbrock import Rosenbrock
from dydt.solvers.runge_kutta import RungeKutta

__all__ = ["METHODS", "STIFF", "Method", "method"]

Method = RungeKutta | Rosenbrock

STIFF: tuple[str, ...] = ("rodas5p", "rodas4p", "rosenbrock23")
METHODS: tuple[str, ...] = tableaus.METHODS + STIFF


@cache
def method(name: str) -> Method:
    """The method called `name`, one of `METHODS`.

    Raises
    ------
    InputError
        For a name that is none; the message has the nearest.

    >>> method("tsit5").title
    'Tsitouras 5(4)'
    >>> method("rodas5p").linear
    True
    """
    if name in STIFF:
        from dydt.solvers.tableaus.rosenbrock import ROSENBROCK_METHODS

        return Rosenbrock(ROSENBROCK_METHODS[name])
    if name not in tableaus.METHODS:
        raise tableaus.unknown(name, METHODS)
    return RungeKutta(tableaus.tableau(name))
