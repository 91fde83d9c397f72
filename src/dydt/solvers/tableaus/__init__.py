"""Explicit Runge–Kutta methods as data that prove themselves, each with its source.

A method is one `Tableau`; nothing else in the package knows a coefficient. The families load on first use,
so a name that is never asked for costs nothing.

>>> tableau("bs3").order
3
"""

from __future__ import annotations

import difflib
import functools
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from dydt.errors import InputError

__all__ = ["METHODS", "Tableau", "tableau"]

# The file that holds each method; the constant in it is the method's name in capitals.
_FAMILIES = {
    "euler": "classic",
    "midpoint": "classic",
    "heun": "classic",
    "ralston": "classic",
    "rk4": "classic",
    "bs3": "bogacki_shampine",
    "tsit5": "tsitouras",
    "dop853": "dormand_prince",
    "vern9": "verner",
}

METHODS: tuple[str, ...] = tuple(_FAMILIES)

# Coefficients are rounded to doubles: every condition may miss by a few units in the last place of its terms.
_TOLERANCE = 1e-14

Row = tuple[float, ...]


@dataclass(frozen=True)
class Tableau:
    r"""The coefficients of one explicit Runge–Kutta method.

    With :math:`k_i = f(t + c_i h,\ y + h \sum_{j<i} a_{ij} k_j)` a step is
    :math:`y(t + \theta h) = y + h \sum_i b_i(\theta) k_i`, and :math:`b_i(1) = b_i`.

    Parameters
    ----------
    name, title : str
        The word a user types, and the name people know the method by.
    order : int
        Order of the advancing formula.
    a : tuple of tuples
        Stage weights; row ``i`` has ``i`` entries.
    b, c : tuple of float
        Weights and nodes, one a stage.
    error : tuple of tuples
        Rows ``b - b_hat`` over the stages; no row means a method for fixed steps. Two rows are combined as
        ``e = e1**2 / sqrt(e1**2 + 0.01 * e2**2)``, with e1 and e2 the norms of the two estimates.
    error_order : int
        The error estimate is of size ``h**(error_order + 1)``; 0 for a method for fixed steps.
    extra_a, extra_c : tuple
        Further stages that only the dense output needs; row ``i`` has ``len(b) + i`` entries.
    dense : tuple of tuples
        ``dense[i][j]`` is the coefficient of ``theta**(j + 1)`` in the weight of stage ``i``; extra ones too.
    dense_order : int
        Order of the dense output for every theta.
    source : str
        Where the coefficients were published.
    embedded_orders : tuple of int, optional
        Order of each ``b_hat``, where it is not `error_order`.

    Raises
    ------
    ValueError
        A condition the coefficients must meet is missed; the message names the method and the condition.

    Examples
    --------
    >>> rk4 = tableau("rk4")
    >>> rk4.stages, rk4.order, rk4.first_same_as_last
    (4, 4, False)
    """

    name: str
    title: str
    order: int
    a: tuple[Row, ...]
    b: Row
    c: Row
    error: tuple[Row, ...]
    error_order: int
    extra_a: tuple[Row, ...]
    extra_c: Row
    dense: tuple[Row, ...]
    dense_order: int
    source: str
    embedded_orders: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        _prove_shapes(self)
        _prove_nodes(self)
        _prove_weights(self)
        _prove_error(self)
        _prove_dense(self)

    @property
    def stages(self) -> int:
        """Evaluations of the right-hand side an attempted step needs, the first included.

        >>> tableau("dop853").stages
        12
        """
        return len(self.b)

    @property
    def first_same_as_last(self) -> bool:
        """Whether the last stage is the first one of the next step.

        >>> tableau("tsit5").first_same_as_last
        True
        """
        return self.b[-1] == 0.0 and self.c[-1] == 1.0 and self.a[-1] == self.b[:-1]


def tableau(name: str) -> Tableau:
    """The tableau of the method called `name`, one of `METHODS`.

    Parameters
    ----------
    name : str
        ``"rk4"``, ``"tsit5"``, ``"dop853"`` …

    Raises
    ------
    InputError
        There is no such method; the message says which is nearest and which there are.

    Examples
    --------
    >>> tableau("tsit5").title
    'Tsitouras 5(4)'
    >>> tableau("tsit")
    Traceback (most recent call last):
    dydt.errors.InputError: unknown method `tsit`; did you mean `tsit5`? Known: euler, ..., vern9
    """
    if isinstance(name, str) and name in _FAMILIES:
        return _load(name)
    raise unknown(name, METHODS)


def unknown(name: object, known: Sequence[str]) -> InputError:
    """What to say of a method that is not there."""
    near = difflib.get_close_matches(str(name).lower(), known, n=1, cutoff=0.5)
    hint = f"; did you mean `{near[0]}`?" if near else "."
    return InputError(f"unknown method `{name}`{hint} Known: {', '.join(known)}")


@functools.cache
def _load(name: str) -> Tableau:
    family = importlib.import_module(f"{__name__}.{_FAMILIES[name]}")
    method: Tableau = getattr(family, name.upper())
    return method


def _refuse(method: Tableau, condition: str) -> None:
    raise ValueError(f"tableau of {method.name}: {condition}")


def _demand_length(method: Tableau, what: str, row: tuple[object, ...], length: int) -> None:
    if len(row) != length:
        _refuse(method, f"{what} must have {length} entries, and has {len(row)}")


def _demand(method: Tableau, what: str, terms: list[float], wanted: float) -> None:
    """Refuse unless the terms add up to what is wanted, within the rounding of the terms themselves."""
    found = fsum(terms)
    size = 1.0 + fsum(abs(term) for term in terms)
    if not abs(found - wanted) <= _TOLERANCE * size:  # "not <=", so that a NaN is refused too
        _refuse(method, f"{what} must be {wanted!r}, and is {found!r}")


def _prove_shapes(method: Tableau) -> None:
    stages, total = len(method.b), len(method.b) + len(method.extra_a)
    if not stages or method.order < 1 or method.dense_order < 1:
        _refuse(method, "a method needs at least one stage, and an order and a dense order of at least 1")
    if bool(method.error) != (method.error_order > 0):
        _refuse(method, "error_order must be positive with error rows, and 0 without")
    _demand_length(method, "a", method.a, stages)
    _demand_length(method, "c", method.c, stages)
    _demand_length(method, "extra_c", method.extra_c, len(method.extra_a))
    for i, row in enumerate(method.a + method.extra_a):
        _demand_length(method, f"row {i} of a", row, i)
    for i, row in enumerate(method.error):
        _demand_length(method, f"error row {i}", row, stages)
    if method.embedded_orders:
        _demand_length(method, "embedded_orders", method.embedded_orders, len(method.error))
    _demand_length(method, "dense", method.dense, total)
    for i, row in enumerate(method.dense):
        _demand_length(method, f"dense row {i}", row, max(1, len(method.dense[0])))


def _prove_nodes(method: Tableau) -> None:
    nodes = method.c + method.extra_c
    for i, row in enumerate(method.a + method.extra_a):
        _demand(method, f"the sum of row {i} of a, which is c[{i}],", list(row), nodes[i])


def _prove_weights(method: Tableau) -> None:
    for k in range(1, method.order + 1):
        terms = [b * c ** (k - 1) for b, c in zip(method.b, method.c, strict=True)]
        _demand(method, "the sum of b" if k == 1 else f"the sum of b c^{k - 1}", terms, 1 / k)


def _prove_error(method: Tableau) -> None:
    orders = method.embedded_orders or (method.error_order,) * len(method.error)
    for i, (row, order) in enumerate(zip(method.error, orders, strict=True)):
        if not any(row):
            _refuse(method, f"error row {i} must not be all zero")
        for k in range(1, order + 1):
            terms = [d * c ** (k - 1) for d, c in zip(row, method.c, strict=True)]
            _demand(method, f"the sum of error row {i}" + (f" times c^{k - 1}" if k > 1 else ""), terms, 0.0)


def _prove_dense(method: Tableau) -> None:
    """Dense weights end at b, and integrate every polynomial in t below their order, at every theta."""
    ends = method.b + (0.0,) * len(method.extra_a)
    for i, row in enumerate(method.dense):
        _demand(method, f"the dense weight of stage {i} at theta = 1", list(row), ends[i])
    nodes = method.c + method.extra_c
    powers = [1.0] * len(nodes)
    for k in range(1, method.dense_order + 1):
        for j, column in enumerate(zip(*method.dense, strict=True)):
            power_of_c = f" c^{k - 1}" if k > 1 else ""
            what = f"the coefficient of theta^{j + 1} in the sum of b(theta){power_of_c}"
            terms = [weight * power for weight, power in zip(column, powers, strict=True)]
            _demand(method, what, terms, 1 / k if j + 1 == k else 0.0)
        powers = [power * node for power, node in zip(powers, nodes, strict=True)]
