"""The integral of a function: antiderivative, fundamental theorem, and Riemann's sum."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sympy

from dydt.brief import brief
from dydt.calculus.antiderivative import Antiderivative, antiderivative
from dydt.calculus.definite import Definite, definite
from dydt.calculus.function import Function, function
from dydt.calculus.notation import latex, text
from dydt.calculus.sums import RULES, ClosedSum, RiemannSum, closed_sum, riemann_sum
from dydt.calculus.zeros import Place
from dydt.errors import InputError, LawError
from dydt.expr.evaluate import evaluate
from dydt.expr.graph import symbols
from dydt.expr.read import read
from dydt.expr.source import shorten
from dydt.expr.sympy import exact, from_sympy, to_sympy

if TYPE_CHECKING:
    from dydt.plotting.picture import Picture

_NUMBERS_OF_RECTANGLES = (1, 2, 4, 8, 16, 64, 256, 1024)
_MOST_SHOWN = 16
_INFINITE = {"inf", "infinity", "oo", "∞"}


@dataclass(frozen=True, eq=False)
class Integral:
    """An integral; made by `dydt.integral`.

    Attributes
    ----------
    function : Function
        The integrand.
    found : Antiderivative
        With `formula`, `steps`, `constant`, `elementary`, `verified`.
    start, end : Place or None
        The bounds, exact and as floats.
    definite : Definite or None
        F(b) − F(a), with `status`, `value`, `exact`, `steps`, and a sentence.
    sum : RiemannSum or None
        The partition, the rectangles and their sum; None without finite bounds.
    closed : ClosedSum or None
        The sum as a formula in n, its steps and limit; for polynomials.
    table : tuple of (int, dict)
        For ever more rectangles, the sum by each rule.
    """

    function: Function
    found: Antiderivative
    start: Place | None = None
    end: Place | None = None
    definite: Definite | None = None
    sum: RiemannSum | None = None
    closed: ClosedSum | None = None
    table: tuple[tuple[int, dict[str, float]], ...] = ()

    __repr__ = brief

    @property
    def antiderivative(self) -> Any:
        """F without its constant, in SymPy; None if there is none."""
        return self.found.formula

    @property
    def text(self) -> str:
        """The antiderivative with its constant, in the language of laws; empty if there is none.

        >>> integral("x").text
        'x^2/2 + C'
        """
        return "" if self.found.formula is None else text(self.found.general)

    def primitive(self) -> Function | None:
        """F as a function of its own; None if there is none, or it can't be said in a law."""
        if self.found.formula is None:
            return None
        f = self.function
        try:
            return Function(text(self.found.formula), "F", f.variable, from_sympy(self.found.formula), {})
        except InputError:
            return None

    @property
    def value(self) -> float:
        """The number of the definite integral; NaN if there is none."""
        return self.definite.value if self.definite is not None else math.nan

    @property
    def verified(self) -> bool:
        """Whether the antiderivative's derivative is the integrand, and every step has been checked."""
        steps = [*self.found.steps, *(self.closed.steps if self.closed else ())]
        return self.found.verified and all(step.checked for step in steps)

    @property
    def sentence(self) -> str:
        """What there is to say about the antiderivative, if something is in its way."""
        found = self.found
        if found.formula is None:
            more = "" if self.definite is not None else "; with bounds there is a number"
            return f"{found.why[:1].upper()}{found.why[1:]} in elementary terms{more}."
        return "" if found.elementary else f"No antiderivative in elementary terms: {found.why}."

    @property
    def sum_sentence(self) -> str:
        """What the sum of rectangles is, or why there is none."""
        if self.definite is None:
            return ""
        if self.sum is None:
            wide = self.start is not None and self.end is not None and self.start.at != self.end.at
            return f"no rectangles: the interval {'is infinite' if wide else 'has no width'}"
        s = self.sum
        if math.isnan(s.value):
            return f"no sum: {self.function.name} has no value at one of the places where a height is taken"
        kind = "trapezoids" if s.rule == "trapezoid" else "rectangles"
        how = {"left": ", heights at their left ends", "right": ", heights at their right ends",
               "midpoint": ", heights in their middles", "trapezoid": ""}[s.rule]  # fmt: skip
        settles = "" if self.definite.has_value else "; it does not settle as n grows"
        noise = 1e-14 * float(abs(s.areas).sum())
        return f"{s.n:,} {kind}{how}: {s.value if abs(s.value) > noise else 0.0:.10g}{settles}"

    def __str__(self) -> str:
        f = self.function
        lines = [f"∫ {text(f.expression)} d{f.variable}" + (f" = {self.text}" if self.text else "")]
        if self.sentence:
            lines.append(self.sentence)
        lines += [f"{i}. {step}" for i, step in enumerate(self.found.steps, 1)]
        if self.definite is not None:
            lines += ["", self.headline, *map(str, self.definite.steps)]
            lines += ["", self.sum_sentence]
            if self.sum is not None and self.sum.n <= _MOST_SHOWN and not math.isnan(self.sum.value):
                lines += _rectangles(self.sum)
            if self.closed is not None:
                lines += ["", "the sum of n, and its limit", *map(str, self.closed.steps)]
        return "\n".join(lines)

    @property
    def headline(self) -> str:
        """The definite integral in a line."""
        if self.definite is None or self.start is None or self.end is None:
            return ""
        f = self.function
        body = sympy.Integral(f.expression, (f.symbol, self.start.exact, self.end.exact))
        if not self.definite.has_value:
            return f"{text(body)}: {self.definite.says}"
        return f"{text(body)} = {self.definite.says.removeprefix('it is ')}"

    @property
    def latex(self) -> str:
        """The integral in LaTeX."""
        f = self.function
        if self.definite is None or self.start is None or self.end is None:
            left = latex(sympy.Integral(f.expression, f.symbol))
            return left if self.found.formula is None else f"{left} = {latex(self.found.general)}"
        left = latex(sympy.Integral(f.expression, (f.symbol, self.start.exact, self.end.exact)))
        if not self.definite.has_value:
            return rf"{left}\ \text{{{self.definite.status}}}"
        if self.definite.exact is None:
            return rf"{left} \approx {self.definite.value:.10g}"
        if self.found.formula is None or self.definite.improper:
            return f"{left} = {latex(self.definite.exact)}"
        ends = f"_{{{latex(self.start.exact)}}}^{{{latex(self.end.exact)}}}"
        return rf"{left} = \left[{latex(self.found.formula)}\right]{ends} = {latex(self.definite.exact)}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        f, s, c = self.function, self.sum, self.closed
        rectangles = s.rectangles if s is not None and s.n <= 10_000 and not math.isnan(s.value) else None
        return {
            "function": {"text": f.text, "name": f.name, "variable": f.variable, "values": f.values},
            "antiderivative": None if self.found.formula is None else text(self.found.formula),
            "constant": str(self.found.constant),
            "elementary": self.found.elementary,
            "verified": self.verified,
            "latex": self.latex,
            "steps": [{"says": t.says, "formula": t.text, "checked": t.checked} for t in self.found.steps],
            "bounds": [_bound(p) for p in (self.start, self.end)] if self.definite else None,
            "definite": None if self.definite is None else self.definite.to_dict(),
            "sum": s and {
                "n": s.n, "rule": s.rule, "width": s.width,
                "value": None if math.isnan(s.value) else s.value,
                "rectangles": rectangles and [dict(zip(("x", "width", "height", "area"), r, strict=True))
                                              for r in rectangles],
            },
            "closed": c and {
                "formula": text(c.formula), "limit": text(c.limit),
                "steps": [{"says": t.says, "formula": t.text, "checked": t.checked} for t in c.steps],
            },
            "table": [{"n": n} | {k: None if math.isnan(v) else v for k, v in row.items()} for n, row in self.table],
        }  # fmt: skip

    def to_json(self) -> str:
        """The same as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def plot(self, path: str | Path | None = None, *, dark: bool = False, **look: Any) -> Picture:
        """The curve, its rectangles, and the area under it.

        Parameters
        ----------
        path : str or Path, optional
            Write it there too, as PNG, SVG or PDF.
        dark : bool
        **look
            ``title``, ``size``; see `dydt.plotting.calculus`.
        """
        from dydt.plotting.calculus import integral_picture

        return integral_picture(self, path=path, dark=dark, **look)

    def with_n(self, n: int) -> RiemannSum:
        """The sum of another number of rectangles."""
        if self.sum is None:
            raise InputError("there are no rectangles without finite bounds: give both, as in (…, 0, 2)")
        return riemann_sum(self.function, self.sum.start, self.sum.end, n, self.sum.rule)


def _rectangles(s: RiemannSum) -> list[str]:
    head = f"{'from':>10}  {'to':>10}  {'height':>12}  {'area':>12}"
    rows = [f"{x:>10.6g}  {x + w:>10.6g}  {y:>12.6g}  {a:>12.6g}" for x, w, y, a in s.rectangles]
    return [head, *rows]


def _bound(place: Place | None) -> float | str | None:
    if place is None:
        return None
    return place.at if math.isfinite(place.at) else ("inf" if place.at > 0 else "-inf")


def bound(value: Any, what: str) -> Place:
    """A bound: a number, ``"2*pi"``, ``"inf"``.

    >>> bound("pi/2", "the end").exact, bound("-inf", "the start").at
    (pi/2, -inf)
    """
    if isinstance(value, str):
        return _read_bound(value, what)
    try:
        at = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{what} takes a number, and got {value!r}") from None
    if math.isnan(at):
        raise InputError(f"{what} is NaN, which is no number")
    if math.isinf(at):
        return Place(at, sympy.oo if at > 0 else -sympy.oo)
    return Place(at, exact(at))


def _read_bound(value: str, what: str) -> Place:
    plain = value.strip().replace("−", "-")
    sign = -1 if plain.startswith("-") else 1
    if plain.lstrip("+-").strip().lower() in _INFINITE:
        return Place(sign * math.inf, sign * sympy.oo)
    try:
        node = read(value)
    except LawError as error:
        raise InputError(f"{what}: {error}") from None
    if symbols([node]):
        raise InputError(f"{what} takes a number, like 2 or pi/2 or inf, and got `{shorten(value)}`")
    at = evaluate(node)
    if not math.isfinite(at):
        raise InputError(f"{what} must be a number, and `{shorten(value)}` is {at}")
    return Place(at, to_sympy(node))


def integral(
    text: str,
    start: float | str | None = None,
    end: float | str | None = None,
    /,
    *,
    n: int = 8,
    rule: str = "midpoint",
    variable: str | None = None,
    values: Mapping[str, float] | None = None,
    **parameters: float,
) -> Integral:
    """Integrate a function: ∫ f(x) dx = F(x) + C, and from a to b, F(b) − F(a) = lim Σ f(xᵢ) Δx.

    Parameters
    ----------
    text : str
        The integrand, ``"2*t"`` or ``"v(t) = 2*t"``.
    start, end : float or str, optional
        The bounds a and b: numbers, text such as ``"2*pi"``, or ±inf. Without them, the antiderivative only.
    n : int
        Rectangles of the Riemann sum.
    rule : str
        Where each takes its height: ``"left"``, ``"right"``, ``"midpoint"``, or ``"trapezoid"``.
    variable : str, optional
        Needed if several names have no value.
    values : mapping, optional
        Values of parameters whose names clash with these arguments.
    **parameters : float
        Values of parameters by name.

    Returns
    -------
    Integral

    Raises
    ------
    LawError
        If the integrand can't be read.
    InputError
        If an argument can't be used.

    Examples
    --------
    >>> import dydt
    >>> dydt.integral("x").text
    'x^2/2 + C'
    >>> area = dydt.integral("2*t", 0, 2, n=8, rule="right")
    >>> area.value, area.sum.value, str(area.closed.formula)
    (4.0, 4.5, '4 + 4/n')
    >>> dydt.integral("1/x", -1, 1).definite.status
    'diverges'
    """
    f = function(text, variable, {**(values or {}), **parameters})
    if rule not in RULES or (start is None) != (end is None):
        if rule in RULES:
            missing = "end" if end is None else "start"
            raise InputError(
                f"the {missing} is missing: give both bounds, as in dydt.integral(…, 0, 2), or none"
            )
        riemann_sum(f, 0.0, 1.0, 1, rule)
    if start is None:
        return Integral(f, antiderivative(f.expression, f.symbol))
    low, high = bound(start, "the start"), bound(end, "the end")
    f.need_values("a number is wanted")
    finite = math.isfinite(low.at) and math.isfinite(high.at)
    made = riemann_sum(f, low.at if finite else 0.0, high.at if finite else 1.0, n, rule)  # complains about n
    found = antiderivative(f.expression, f.symbol)
    area = definite(f, found, low, high)
    if not finite or low.at == high.at:
        return Integral(f, found, low, high, area)
    closed = closed_sum(f, low.exact, high.exact, rule)
    return Integral(f, found, low, high, area, made, closed, _table(f, low.at, high.at))


def _table(f: Function, low: float, high: float) -> tuple[tuple[int, dict[str, float]], ...]:
    return tuple(
        (n, {rule: RiemannSum(f, low, high, n, rule).value for rule in RULES}) for n in _NUMBERS_OF_RECTANGLES
    )
