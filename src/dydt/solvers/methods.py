"""Every method by its name."""

from __future__ import annotations

from functools import cache

from dydt.solvers import tableaus
from dydt.solvers.rosenbrock import Rosenbrock
from dydt.solvers.runge_kutta import RungeKutta
from dydt.solvers.taylor import Taylor

__all__ = ["METHODS", "STIFF", "TAYLOR", "Method", "method"]

Method = RungeKutta | Rosenbrock | Taylor

OPEN = ("auto", "taylor")  # names for which the tolerance chooses
TAYLOR: tuple[str, ...] = ("taylor12", "taylor16", "taylor20")

STIFF: tuple[str, ...] = ("rodas5p", "rodas4p", "rosenbrock23")
METHODS: tuple[str, ...] = tableaus.METHODS + TAYLOR + STIFF


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
    if name in TAYLOR:
        return Taylor(int(name.removeprefix("taylor")))
    if name not in tableaus.METHODS:
        raise tableaus.unknown(name, (*OPEN, *METHODS))
    return RungeKutta(tableaus.tableau(name))
