"""Steps in words: tables, and formulas with the numbers put in."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from dydt.expr.graph import Node, substitute, symbol
from dydt.expr.write import latex_name, write
from dydt.solvers.tableaus import tableau

if TYPE_CHECKING:
    from dydt.steps.table import Run, Stage

_LONG = 56  # letters of a law with the numbers put in, beyond which it is left away
_LINE = 88  # letters of a line
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def cells(header: Sequence[str], rows: Sequence[Sequence[float]], most: int, digits: int) -> list[list[str]]:
    """The table in words, its middle left out if it is long."""
    found = [list(header)]
    for i, row in enumerate(rows):
        if len(rows) > most and most // 2 <= i < len(rows) - most // 2:
            if i == most // 2:
                found.append(["…"] * len(header))
            continue
        found.append([*(number(v, digits) for v in row[:-1]), f"{row[-1]:.2e}" if row[-1] else "0"])
    return found


def table_width(table: Sequence[Sequence[str]]) -> int:
    """How wide a table is when it is laid out."""
    return sum(max(map(len, column)) + 2 for column in zip(*table, strict=True)) - 2


def laid(table: Sequence[Sequence[str]]) -> str:
    """The columns below each other, to the right."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in table
    )


def error_text(value: float) -> str:
    """An error for a table."""
    return f"{value:.3e}" if math.isfinite(value) else "breaks down"


def number(value: float, digits: int = 6) -> str:
    """A number for people; nothing where there is none.

    >>> number(0.1 + 0.2), number(math.nan)
    ('0.3', '')
    """
    return "" if math.isnan(value) else f"{value:.{digits}g}"


def point(t: float, y: Sequence[float], digits: int = 6) -> str:
    """A place, or a vector, in brackets."""
    return f"({', '.join(number(v, digits) for v in (t, *y))})"


def _in_brackets(value: float, digits: int) -> str:
    text = number(value, digits)
    return f"({text})" if text.startswith("-") else text


def written(
    run: Run, which: int, derivatives: Sequence[Node], parameters: Mapping[str, float], digits: int
) -> list[str]:
    """One step as formulas with the numbers put in.

    >>> import dydt
    >>> made = dydt.ODE("y' = 3*y").steps("midpoint", h=0.1, t=(0, 0.2), y=1)
    >>> print(*made.formulas(made.runs[0]), sep="\\n")
    k₁ = f(0, 1) = 3*1 = 3
    k₂ = f(0 + 0.1/2, 1 + 0.1/2*3) = f(0.05, 1.15) = 3*1.15 = 3.45
    y₁ = 1 + 0.1*3.45 = 1.345
    """
    step, method = run.steps[which - 1], tableau(run.method)
    lines = []
    for i, stage in enumerate(step.stages):
        name = f"k{i + 1}".translate(_SUBSCRIPTS)
        spot = point(stage.t, stage.y, digits)
        where = f"f{spot}"
        if i and len(step.y) == 1:
            time = _ahead(step.t, step.h, method.c[i], digits)
            moved = _moved(step.y[0], step.h, method.a[i], [s.k[0] for s in step.stages], digits)
            spelled = f"f({time}, {moved})"
            if len(spelled) <= 2 * _LONG:
                where = f"{spelled} = {where}"
        inside = _put_in(derivatives, parameters, run, stage, digits)
        middle = f" = {inside}" if inside else ""
        value = (
            number(stage.k[0], digits)
            if len(stage.k) == 1
            else f"({', '.join(number(v, digits) for v in stage.k)})"
        )
        if len(middle) + len(where) + len(value) > _LINE:
            middle = ""
        lines.append(f"{name} = {where}{middle} = {value}")
    for column, state in enumerate(run.states):
        name = f"{state}{str(which).translate(_SUBSCRIPTS)}"
        sums = _moved(step.y[column], step.h, method.b, [s.k[column] for s in step.stages], digits)
        lines.append(f"{name} = {sums} = {number(step.y_end[column], digits + 2)}")
    return lines


def _put_in(
    derivatives: Sequence[Node], parameters: Mapping[str, float], run: Run, stage: Stage, digits: int
) -> str:
    """The right-hand side with numbers in place of names; nothing if that is long, or says nothing new."""
    values = {**parameters, run.independent: stage.t, **dict(zip(run.states, stage.y, strict=True))}
    names = {name: symbol(_in_brackets(value, digits)) for name, value in values.items()}
    sides = [write(node) for node in substitute(derivatives, names)]
    text = sides[0] if len(sides) == 1 else f"({', '.join(sides)})"
    plain = number(stage.k[0], digits)
    return text if len(text) <= _LONG * min(len(sides), 2) and text not in (plain, f"({plain})") else ""


def _ahead(t: float, h: float, c: float, digits: int) -> str:
    if c == 0:
        return number(t, digits)
    return f"{number(t, digits)} + {_times(h, c, digits)}"


def _times(h: float, factor: float, digits: int) -> str:
    """h·c, with c as a fraction where it is one."""
    size = _in_brackets(h, digits)
    if factor == 1:
        return size
    found = fraction(factor)
    if found is None:
        return f"{size}*{_in_brackets(factor, digits)}"
    top = "" if abs(found.numerator) == 1 else f"*{abs(found.numerator)}"
    below = "" if found.denominator == 1 else f"/{found.denominator}"
    return f"{'-' if found < 0 else ''}{size}{top}{below}"


def _moved(y: float, h: float, weights: Sequence[float], ks: Sequence[float], digits: int) -> str:
    """y + h·Σ wᵢ kᵢ with the numbers in it, over a common denominator if there is one."""
    used = [(w, k) for w, k in zip(weights, ks, strict=False) if w]
    first = number(y, digits)
    if not used:
        return first
    if len(used) == 1:
        return f"{first} + {_times(h, used[0][0], digits)}*{_in_brackets(used[0][1], digits)}"
    parts = [fraction(w) for w, _ in used]
    if all(part is not None for part in parts):
        below = math.lcm(*(part.denominator for part in parts if part is not None))
        tops = [int(part * below) for part in parts if part is not None]
        if below <= 1000:
            size = _in_brackets(h, digits)
            return f"{first} + {size}{f'/{below}' if below > 1 else ''}*({_sum(tops, [k for _, k in used], digits)})"
    return f"{first} + {_in_brackets(h, digits)}*({_sum([w for w, _ in used], [k for _, k in used], digits)})"


def _sum(weights: Sequence[float], ks: Sequence[float], digits: int) -> str:
    text = ""
    for weight, k in zip(weights, ks, strict=True):
        size = "" if abs(weight) == 1 else f"{number(abs(weight), digits)}*"
        sign = (" - " if weight < 0 else " + ") if text else ("-" if weight < 0 else "")
        text += f"{sign}{size}{_in_brackets(k, digits)}"
    return text


def fraction(value: float) -> Fraction | None:
    """The small fraction that a coefficient is, if it is one.

    >>> fraction(1 / 6), fraction(0.0964)
    (Fraction(1, 6), None)
    """
    found = Fraction(value).limit_denominator(100)
    return found if abs(float(found) - value) <= 1e-15 * max(1.0, abs(value)) else None


def latex_step(run: Run, which: int, digits: int = 6) -> str:
    """One step as LaTeX."""
    step, method = run.steps[which - 1], tableau(run.method)
    lines = []
    for i, stage in enumerate(step.stages):
        value = number(stage.k[0], digits) if len(stage.k) == 1 else point(stage.k[0], stage.k[1:], digits)
        lines.append(rf"k_{{{i + 1}}} &= f{point(stage.t, stage.y, digits)} = {value}")
    for column, state in enumerate(run.states):
        name = f"{latex_name(state)}_{{{which}}}"
        sums = _moved(step.y[column], step.h, method.b, [s.k[column] for s in step.stages], digits)
        sums = sums.replace("*", r" \cdot ")
        lines.append(rf"{name} &= {sums} = {number(step.y_end[column], digits + 2)}")
    return r"$$\begin{aligned}" + r"\\".join(lines) + r"\end{aligned}$$"
