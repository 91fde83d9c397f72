"""A function as text, ``"t^2"`` or ``"s(t) = -t^2 + 10*t"``, read once for every reader."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dydt.calculus.precise import Precise
from dydt.errors import InputError, nearest
from dydt.expr.derive import derivative
from dydt.expr.graph import Node, symbols
from dydt.expr.read import read
from dydt.expr.source import is_name, plain_name, shorten
from dydt.expr.sympy import exact, to_sympy
from dydt.kernels.numpy import evaluate

Array = Any

# `f(x) = …`, `y = …`: what may stand before the formula.
_HEAD = re.compile(r"\s*([^\W\d]\w*)\s*(?:\(\s*([^\W\d]\w*)\s*\))?\s*=(?!=)")
_LARGEST = 4000  # parts of an expression that SymPy is asked to think about


@dataclass(frozen=True, eq=False)
class Function:
    """A function of one variable.

    Attributes
    ----------
    text : str
        As it was written.
    name : str
        What it is called, ``"f"`` unless the text says otherwise.
    variable : str
    node : Node
    values : dict
        Values of its parameters.
    free : tuple of str
        Parameters without a value.
    """

    text: str
    name: str
    variable: str
    node: Node
    values: dict[str, float]
    free: tuple[str, ...] = ()

    @cached_property
    def symbol(self) -> Any:
        """The variable as a real SymPy symbol."""
        import sympy

        return sympy.Symbol(self.variable, real=True)

    @cached_property
    def expression(self) -> Any:
        """The formula in SymPy, values put in."""
        import sympy

        known: dict[str, Any] = {name: exact(value) for name, value in self.values.items()}
        found = to_sympy(self.node, {**known, self.variable: self.symbol})
        if found.has(sympy.zoo, sympy.nan, sympy.oo, sympy.I):
            raise InputError(f"`{shorten(self.text)}` is not a real number anywhere: it comes to `{found}`")
        return found

    @property
    def head(self) -> str:
        """``f(x)``."""
        return f"{self.name}({self.variable})"

    def prime(self, order: int = 1) -> str:
        """``f'(x)``, ``f''(x)`` …"""
        primes = "'" * order if order <= 3 else f"^({order})"
        return f"{self.name}{primes}({self.variable})"

    def leibniz(self, order: int = 1) -> str:
        """``df/dx``, ``d^2f/dx^2`` …"""
        power = "" if order == 1 else f"^{order}"
        return f"d{power}{self.name}/d{self.variable}{power}"

    @cached_property
    def slope_node(self) -> Node:
        """f' as the graph of expressions gives it: an independent witness of what is done by hand."""
        return derivative(self.node, self.variable)

    def __call__(self, at: Any) -> Array:
        """Values at numbers or an array of them; NaN where the function is not defined."""
        self.need_values("its values are wanted")
        return self._numbers(self.node, at)

    def slope(self, at: Any) -> Array:
        """Values of f'."""
        self.need_values("its slope is wanted")
        return self._numbers(self.slope_node, at)

    def _numbers(self, node: Node, at: Any) -> Array:
        x = np.asarray(at, dtype=float)
        inputs = {**self.values, self.variable: x}
        found = np.asarray(evaluate([node], inputs)[0], dtype=float)
        return np.broadcast_to(found, x.shape).copy() if found.shape != x.shape else found

    def curve(self, low: float, high: float, count: int = 1201) -> tuple[Array, Array]:
        """Points to draw: where the function jumps or has a pole, NaN between both sides."""
        x = np.linspace(low, high, count)
        y = self(x)
        finite = y[np.isfinite(y)]
        if not len(finite):
            return x, y
        spread = float(np.subtract(*np.percentile(finite, [95, 5]))) or 1.0
        with np.errstate(all="ignore"):
            leaps = np.flatnonzero(np.abs(np.diff(y)) > 0.02 * spread)
        breaks = [i for i in leaps if self._leaps(x[i], x[i + 1])]
        places = np.array(breaks, dtype=int) + 1
        return np.insert(x, places, x[places - 1]) if breaks else x, np.insert(
            y, places, np.nan
        ) if breaks else y

    def _leaps(self, low: float, high: float) -> bool:
        """Whether most of the difference between two places is made on an ever smaller part in between."""
        if not np.isfinite(self(np.array([low, high]))).all():
            return True
        whole = abs(float(self(high) - self(low)))
        for _ in range(24):
            middle = (low + high) / 2
            values = self(np.array([low, middle, high]))
            if not np.isfinite(values).all():
                return True
            left, right = np.abs(np.diff(values))
            low, high = (low, middle) if left > right else (middle, high)
        return bool(abs(float(self(high) - self(low))) > 0.3 * whole)

    @cached_property
    def precise(self) -> Precise:
        """The function of numbers with many digits."""
        return Precise(self.node, self.variable, self.values)

    @cached_property
    def precise_slope(self) -> Precise:
        """f' of numbers with many digits."""
        return Precise(self.slope_node, self.variable, self.values)

    def need_values(self, why: str) -> None:
        """Complain about parameters without a value."""
        if self.free:
            listed = ", ".join(f"`{name}`" for name in self.free)
            example = ", ".join(f"{name}=1" for name in self.free[:4])
            raise InputError(f"`{shorten(self.text)}`: {why}, and {listed} has no value; give {example}")


def function(
    text: str,
    variable: str | None = None,
    values: Mapping[str, float] | None = None,
    name: str = "f",
    independent: str = "x",
) -> Function:
    """Read a function.

    Parameters
    ----------
    text : str
        A formula, or an equation with a name on its left: ``"t^2"``, ``"s(t) = -t^2 + 10*t"``.
    variable : str, optional
        What it is a function of; needed if more than one name has no value.
    values : mapping, optional
        Values of parameters.
    name : str
        What it is called unless the text says so.
    independent : str
        The variable of a formula without names, such as ``"3"``.

    Raises
    ------
    LawError
        If the text can't be read.
    InputError
        If the variable can't be told, or a value belongs to no name.

    >>> f = function("s(t) = -t^2 + v*t", values={"v": 10})
    >>> f.head, f.expression, float(f(7))
    ('s(t)', -t**2 + 10*t, 21.0)
    """
    if isinstance(text, Node):
        text = str(text)
    if not isinstance(text, str):
        raise InputError(f'a function is text, like "t^2", not {type(text).__name__}')
    given = {plain_name(key): _number(key, value) for key, value in (values or {}).items()}
    head = _HEAD.match(text)
    formula = text
    if head:
        name = plain_name(head[1])
        variable = variable or head[2]
        formula = " " * head.end() + text[head.end() :]
    if variable is not None and not is_name(variable):
        raise InputError(f"{variable!r} can't name a variable; it is letters, like t or x")
    node = read(formula, variable or "t", values=given)
    chosen = _variable(node, text, plain_name(variable) if variable else None, given, independent)
    there = symbols([node])
    for key in given:
        if key not in there:
            raise InputError(_no_such(key, text, there, chosen))
    free = tuple(item for item in there if item not in given and item != chosen)
    found = Function(text.strip(), name, chosen, node, given, free)
    if len(found.precise.steps) > _LARGEST:
        raise InputError(
            f"the function has {len(found.precise.steps):,} parts; at most {_LARGEST:,} can be studied"
        )
    return found


def _variable(
    node: Node, text: str, wanted: str | None, values: Mapping[str, float], independent: str
) -> str:
    there = [item for item in symbols([node]) if item not in values]
    if wanted is not None:
        if wanted in values:
            raise InputError(f"`{wanted}` is the variable of `{shorten(text)}` and has been given a value")
        return wanted
    if len(there) == 1:
        return there[0]
    if not there:
        if values and not set(symbols([node])) - set(values) and symbols([node]):
            raise InputError(
                f"`{shorten(text)}` has no variable left: every name in it has a value; leave the variable's away"
            )
        return independent
    likely = next((item for item in ("x", "t", "y", "z") if item in there), there[0])
    others = [item for item in there if item != likely]
    listed = ", ".join(f"`{item}`" for item in there)
    raise InputError(
        f"`{shorten(text)}` has {len(there)} names without a value: {listed}; say which is the variable, as in "
        f"variable={likely!r}, and give the others values, as in {', '.join(f'{item}=1' for item in others[:4])}"
    )


def _number(name: str, value: Any) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise InputError(f"`{name}` takes a number, and got {value!r}") from None
    if not math.isfinite(found):
        raise InputError(f"`{name}` must be finite, and is {found}")
    return found


def _no_such(key: str, text: str, there: list[str], variable: str) -> str:
    guess = nearest(key, there)
    if not guess and there:
        guess = f"; its names are {', '.join(there)}"
    return f"`{shorten(text)}` has no `{shorten(key)}`{guess}"


def finite(value: Any, what: str) -> float:
    """A finite number, or a complaint that names it."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{what} takes a number, and got {value!r}") from None
    if not math.isfinite(found):
        raise InputError(f"{what} must be a finite number, and is {found}".replace("nan", "NaN"))
    return found


def interval(on: Any, what: str = "on") -> tuple[float, float]:
    """Two finite ends, the first before the second."""
    try:
        start, end = on
    except (TypeError, ValueError):
        raise InputError(f"{what} takes an interval, as in {what}=(0, 10), and got {on!r}") from None
    low, high = finite(start, f"the start of {what}"), finite(end, f"the end of {what}")
    if low == high:
        raise InputError(f"{what} = ({low:g}, {high:g}) is empty: give two different ends")
    if low > high:
        raise InputError(f"{what} = ({low:g}, {high:g}) runs backwards: write ({high:g}, {low:g})")
    return low, high
