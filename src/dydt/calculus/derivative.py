"""The derivative of a function: from the difference quotient to the slope, with every step."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mpmath
import sympy

from dydt.brief import brief
from dydt.calculus.check import checked, is_slope
from dydt.calculus.function import Function, finite, function, interval
from dydt.calculus.notation import Step, latex, text
from dydt.calculus.point import Line, Point, Secant, Tangent, number, point
from dydt.calculus.precise import as_mpf
from dydt.calculus.quotient import Row, limit_steps, quotient, steps_given, table
from dydt.calculus.rules import Rules, tidy
from dydt.calculus.shape import Shape, shape
from dydt.errors import InputError
from dydt.expr.sympy import exact, from_sympy

if TYPE_CHECKING:
    from dydt.plotting.picture import Picture

HIGHEST = 12
_LARGEST = 3000  # operations in a derivative that are still worth reading


@dataclass(frozen=True, eq=False)
class Derivative:
    """The derivative of a function; made by `dydt.derivative`.

    Attributes
    ----------
    function : Function
        Its text, name, variable and values of parameters.
    order : int
    formulas : tuple of sympy expressions
        f', f'', … up to the order.
    limit : tuple of Step
        The limit of the difference quotient by hand, for polynomials, their quotients and roots of polynomials.
    rules : tuple of Step
        The rules of differentiation, one by one; each checked.
    at : float or None
    point : Point or None
        What f (for a higher order, its last derivative but one) is like there: value, slope, kind, limits of both
        sides.
    quotients : tuple of Row
        The difference quotient for the given h.
    table : tuple of Row
        The same as h → 0, from both sides.
    on : (float, float) or None
    """

    function: Function
    order: int
    formulas: tuple[Any, ...]
    limit: tuple[Step, ...]
    rules: tuple[Step, ...]
    at: float | None = None
    point: Point | None = None
    quotients: tuple[Row, ...] = ()
    table: tuple[Row, ...] = ()
    on: tuple[float, float] | None = None

    # -- the formula ----------------------------------------------------------------------------------------------

    __repr__ = brief

    @property
    def formula(self) -> Any:
        """The derivative in SymPy."""
        return self.formulas[-1]

    @property
    def text(self) -> str:
        """The derivative in the language of laws."""
        return text(self.formula)

    @property
    def notations(self) -> tuple[str, str]:
        """Lagrange's and Leibniz's way to write it.

        >>> derivative("x^3", order=2).notations
        ("f''(x) = 6*x", 'd^2f/dx^2 = 6*x')
        """
        f = self.function
        return f"{f.prime(self.order)} = {self.text}", f"{f.leibniz(self.order)} = {self.text}"

    @property
    def steps(self) -> tuple[Step, ...]:
        """How it is found: by the limit where that is done by hand, else by the rules."""
        return self.limit or self.rules

    @property
    def verified(self) -> bool:
        """Whether every step has been checked."""
        return all(step.checked for step in (*self.limit, *self.rules))

    def as_function(self) -> Function:
        """The derivative as a function of its own."""
        self.function.need_values("its values are wanted")
        return _as_function(self.function, self.formula, self.order)

    # -- at a place -----------------------------------------------------------------------------------------------

    @property
    def value(self) -> float:
        """f at `at`; NaN without one."""
        return math.nan if self.at is None else float(self.function(self.at))

    @property
    def slope(self) -> float:
        """The derivative at `at`; NaN if there is none."""
        return self.point.slope if self.point is not None else math.nan

    @property
    def trend(self) -> str:
        """``"rising"``, ``"falling"`` or ``"flat"`` at `at`: the sign of f'; empty if there is no slope."""
        slope = self._first_slope()
        if slope is None or math.isnan(slope):
            return ""
        return "flat" if slope == 0 else "rising" if slope > 0 else "falling"

    def _first_slope(self) -> float | None:
        if self.at is None or self.point is None:
            return None
        if self.order == 1:
            return self.point.slope
        return _value(self.formulas[0], self.function.symbol, exact(self.at))

    def secant(self, h: float) -> Secant:
        """The line through P = (at, f(at)) and Q = (at + h, f(at + h)).

        Raises
        ------
        InputError
            For h = 0, or where f has no value.

        >>> print(derivative("x^2", at=1).secant(0.5))
        h = 0.5: P = (1, 1), Q = (1.5, 2.25), y = 2.5*x - 1.5
        """
        (h,) = steps_given(h)
        x, y = self._place("a secant"), self.value
        slope = quotient(self.function, exact(x), h)
        if not math.isfinite(slope):
            missing = x if math.isnan(y) else x + h
            raise InputError(f"there is no secant: {self.function.name} has no value at {missing:.6g}")
        end = y + slope * h
        return Secant(h, (x, y), (x + h, end), Line.through(x, y, slope, self.function.variable))

    @cached_property
    def tangent(self) -> Tangent | None:
        """The line that touches f at `at`; None where there is no slope.

        >>> print(derivative("x^2", at=1).tangent)
        P = (1, 1), y = 2*x - 1
        """
        slope = self._first_slope()
        if slope is None or math.isnan(slope) or self.at is None:
            return None
        return Tangent(
            (self.at, self.value), Line.through(self.at, self.value, slope, self.function.variable)
        )

    def _place(self, what: str) -> float:
        if self.at is None:
            raise InputError(f"{what} needs a place: give at=, as in dydt.derivative(…, at=1)")
        return self.at

    # -- on an interval -------------------------------------------------------------------------------------------

    @cached_property
    def shape(self) -> Shape | None:
        """Where f rises, falls and is flat on the interval; None without one."""
        return shape(self.function, self.on) if self.on is not None else None

    # -- what it looks like ---------------------------------------------------------------------------------------

    def __str__(self) -> str:
        f = self.function
        lines = [f"{f.head} = {text(f.expression)}", *self.notations, ""]
        lines += [f"{i}. {step}" for i, step in enumerate(self.steps, 1)]
        if self.point is not None:
            lines += ["", self.sentence]
            if self.tangent is not None:
                lines.append(f"tangent: {self.tangent}")
            lines += [f"secant:  {self._secant_line(row)}" for row in self.quotients]
            if self.point.kind not in ("undefined", "pole", "gap"):
                lines += ["", *_table(self.quotients or self.table)]
        if self.shape is not None:
            lines += ["", str(self.shape)]
        return "\n".join(lines)

    def _secant_line(self, row: Row) -> str:
        if not math.isfinite(row.right) or self.order > 1:
            return f"h = {row.h:.6g}: quotient {row.right:.10g}"
        return str(self.secant(row.h))

    @property
    def sentence(self) -> str:
        """What there is to say at `at`."""
        if self.point is None:
            return ""
        f, x = self.function, f"{self.point.at:.6g}"
        if not self.point.is_smooth:
            return f"at {f.variable} = {x}: {self.point.says}"
        words = {"rising": "rises", "falling": "falls", "flat": "is flat", "": ""}[self.trend]
        if self.order == 2:
            words = (
                "is bent upwards"
                if self.slope > 0
                else "is bent downwards"
                if self.slope < 0
                else "is straight"
            )
        prime = f.prime(self.order).replace(f"({f.variable})", f"({x})")
        return f"{f.name}({x}) = {self.value:.10g}, {prime} = {self.slope:.10g}" + (
            f": {f.name} {words} there" if words and self.order <= 2 else ""
        )

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    @property
    def latex(self) -> str:
        """Both notations in LaTeX, and the slope at `at`."""
        f = self.function
        power = "" if self.order == 1 else f"^{{{self.order}}}"
        name, x = latex(sympy.Symbol(f.name)), latex(f.symbol)
        primes = "'" * self.order if self.order <= 3 else f"^{{({self.order})}}"
        written = rf"{name}{primes}({x}) = \frac{{d{power}{name}}}{{d{x}{power}}} = {latex(self.formula)}"
        if self.point is not None and self.point.is_smooth:
            written += rf",\quad {name}{primes}({latex(exact(self.point.at))}) = {self.slope:.6g}"
        return written

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        f = self.function
        secants = [self._secant_dict(row) for row in self.quotients] if self.order == 1 else []
        tangent = self.tangent
        return {
            "function": {"text": f.text, "name": f.name, "variable": f.variable, "values": f.values},
            "order": self.order,
            "derivative": self.text,
            "latex": latex(self.formula),
            "notations": list(self.notations),
            "steps": [{"says": s.says, "formula": s.text, "checked": s.checked} for s in self.steps],
            "rules": [{"says": s.says, "formula": s.text, "checked": s.checked} for s in self.rules],
            "verified": self.verified,
            "at": None if self.point is None else self.point.to_dict() | {"trend": self.trend},
            "tangent": tangent
            and {"P": list(tangent.P), "slope": tangent.slope, "equation": tangent.line.equation},
            "secants": [secant for secant in secants if secant],
            "table": [{"h": r.h, "right": number(r.right), "left": number(r.left)} for r in self.table],
            "shape": None if self.shape is None else self.shape.to_dict(),
        }

    def _secant_dict(self, row: Row) -> dict[str, Any] | None:
        if not math.isfinite(row.right):
            return None
        secant = self.secant(row.h)
        return {
            "h": row.h,
            "P": list(secant.P),
            "Q": list(secant.Q),
            "slope": secant.slope,
            "equation": secant.line.equation,
        }

    def to_json(self) -> str:
        """The same as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def plot(self, path: str | Path | None = None, *, dark: bool = False, **look: Any) -> Picture:
        """Secants and tangent at `at`; on an interval, where f rises and falls, with f' below.

        Parameters
        ----------
        path : str or Path, optional
            Write it there too, as PNG, SVG or PDF.
        dark : bool
        **look
            ``title``, ``size``; see `dydt.plotting.calculus`.
        """
        from dydt.plotting.calculus import derivative_picture

        return derivative_picture(self, path=path, dark=dark, **look)


def _table(rows: Sequence[Row]) -> list[str]:
    head = f"{'h':>10}  {'from the right':>18}  {'from the left':>18}"
    return [head, *(f"{r.h:>10.6g}  {r.right:>18.10g}  {r.left:>18.10g}" for r in rows)]


def _value(formula: Any, symbol: Any, at: Any) -> float:
    found = formula.subs(symbol, at)
    if not (found.is_number and found.is_real and found.is_finite):
        return math.nan
    with mpmath.workdps(30):
        return float(as_mpf(found))


def derivative(
    text: str,
    /,
    *,
    at: float | None = None,
    h: float | Sequence[float] | None = None,
    on: tuple[float, float] | None = None,
    order: int = 1,
    variable: str | None = None,
    values: Mapping[str, float] | None = None,
    **parameters: float,
) -> Derivative:
    """Differentiate a function: f'(x) = lim (f(x + h) − f(x))/h as h → 0.

    Parameters
    ----------
    text : str
        The function, ``"t^2"`` or ``"s(t) = -t^2 + 10*t"``.
    at : float, optional
        A place: the slope there, the tangent, difference quotients, and a word if there is no slope.
    h : float or sequence, optional
        Difference quotients and secants for these, none of them 0.
    on : (float, float), optional
        An interval: where f rises, falls and is flat.
    order : int
        2 for f'', and so on.
    variable : str, optional
        Needed if several names have no value.
    values : mapping, optional
        Values of parameters whose names clash with these arguments.
    **parameters : float
        Values of parameters by name.

    Returns
    -------
    Derivative

    Raises
    ------
    LawError
        If the function can't be read.
    InputError
        If an argument can't be used.

    Examples
    --------
    >>> import dydt
    >>> slope = dydt.derivative("t^2", at=1, h=0.1)
    >>> slope.text, slope.slope, slope.quotients[0].right
    ('2*t', 2.0, 2.1)
    >>> car = dydt.derivative("s(t) = -t^2 + 10*t", on=(0, 10))
    >>> print(car.shape)
    rising on 0 … 5
    falling on 5 … 10
    maximum at t = 5, s = 25
    """
    f = function(text, variable, {**(values or {}), **parameters})
    return derivative_of(f, at=at, h=h, on=on, order=order)


def derivative_of(
    f: Function,
    *,
    at: float | None = None,
    h: float | Sequence[float] | None = None,
    on: tuple[float, float] | None = None,
    order: int = 1,
) -> Derivative:
    """The derivative of a function that has been read; as `derivative`."""
    if not isinstance(order, int) or isinstance(order, bool) or not 1 <= order <= HIGHEST:
        raise InputError(f"order is a whole number from 1 to {HIGHEST}, and is {order!r}")
    limits = None if on is None else interval(on)
    steps = None if h is None else steps_given(h)
    where = None if at is None else finite(at, "at")
    if steps is not None and where is None:
        raise InputError("h needs a place: give at= too, as in at=1")
    if where is not None or limits is not None:
        f.need_values("a number is wanted")
    formulas, rules = _formulas(f, order)
    limit = limit_steps(f, formulas[0]) if order == 1 else ()
    if where is None:
        return Derivative(f, order, formulas, limit, rules, on=limits)
    last = f if order == 1 else _as_function(f, formulas[-2], order - 1)
    place = exact(where)
    found = point(last, place, formulas[-1].subs(f.symbol, place))
    rows = table(last, place, steps) if steps is not None else ()
    return Derivative(f, order, formulas, limit, rules, where, found, rows, table(last, place), limits)


def _formulas(f: Function, order: int) -> tuple[tuple[Any, ...], tuple[Step, ...]]:
    """f', f'', … and the steps to them."""
    formulas: list[Any] = []
    steps: list[Step] = []
    current = f.expression
    for k in range(1, order + 1):
        rules = Rules(f.symbol)
        raw = rules.slope(current)
        found = tidy(raw, f.symbol)
        steps += rules.steps
        if not rules.steps:
            says = "a constant does not change" if raw == 0 else "the line rises by 1 for each step of 1"
            formula = sympy.Eq(sympy.Derivative(current, f.symbol, evaluate=False), raw, evaluate=False)
            steps.append(checked(Step(says, formula, lambda c=current, r=raw: is_slope(r, c, f.symbol))))  # type: ignore[misc]
        if found != rules.known.get(current, raw) or order > 1:
            prime = sympy.Eq(sympy.Symbol(f.prime(k)), found, evaluate=False)
            steps.append(
                checked(Step("together", prime, lambda c=current, r=found: is_slope(r, c, f.symbol)))  # type: ignore[misc]
            )
        if sympy.count_ops(found) > _LARGEST:
            raise InputError(
                f"{f.prime(k)} has more than {_LARGEST:,} operations; a lower order can be written down"
            )
        formulas.append(found)
        current = found
    return tuple(formulas), tuple(steps)


def _as_function(f: Function, formula: Any, order: int) -> Function:
    """A derivative as a function of its own."""
    return Function(text(formula), f.name + "'" * order, f.variable, from_sympy(formula), {}, ())
