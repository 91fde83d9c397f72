"""Pictures of integrals: the area, its rectangles, the partition, and the thin rectangle that is added up."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.errors import InputError
from dydt.plotting.labels import label
from dydt.plotting.picture import Picture, save, sheet
from dydt.plotting.series import heading
from dydt.plotting.style import Theme, styled, theme

if TYPE_CHECKING:
    from dydt.calculus.function import Function
    from dydt.calculus.integral import Integral
    from dydt.calculus.sums import RiemannSum

Array = Any

_MOST_MARKS = 40
_MOST_BARS = 400


def limits_of(y: Array) -> tuple[float, float]:
    """Limits around a curve; of one with poles, around its calmer part."""
    values = y[np.isfinite(y)]
    if not len(values):
        return -1.0, 1.0
    low, high = float(values.min()), float(values.max())
    calm = np.percentile(values, [6, 94])
    if high - low > 6 * (calm[1] - calm[0]) > 0:
        low, high = float(calm[0]), float(calm[1])
    room = 0.12 * (high - low) or 0.5 * (abs(high) or 1.0)
    return low - room, high + room


def head(f: Function) -> str:
    """f(x), as a textbook sets it."""
    return f"{label(f.name)}({label(f.variable)})"


def integral_picture(
    integral: Integral,
    *,
    path: str | Path | None = None,
    dark: bool = False,
    title: str | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """The curve, the rectangles of the partition, and the area; without bounds, f above and F below.

    Parameters and result as those of `derivative_picture`.
    """
    look = theme(dark)
    with styled(look):
        if integral.definite is None:
            figure = _antiderivative(integral, look, title, size)
        else:
            figure = sheet(look, size, (7.2, 4.4))
            axes = figure.subplots()
            remark = integral.sum_sentence if integral.sum is not None else ""
            if integral.definite.has_value:
                remark = "      ".join(part for part in (remark, f"area {_short(integral)}") if part)
            else:
                remark = {"diverges": "the integral diverges", "undefined": "undefined"}.get(
                    integral.definite.status, "no value was found"
                )
            _draw_area(axes, integral, integral.sum, look)
            heading(axes, title, remark, look)
    if path is not None:
        save(figure, path)
    return figure


def rectangles_frame(
    integral: Integral,
    n: int,
    *,
    dark: bool = False,
    size: tuple[float, float] | None = None,
) -> Picture:
    """One frame of the rectangles that become the area as n grows.

    Parameters
    ----------
    integral : Integral
        With finite bounds.
    n : int
        Rectangles in this frame.
    dark : bool
    size : (width, height), optional
        In inches.

    Returns
    -------
    Picture
        Its axes have the same limits for every n.
    """
    look = theme(dark)
    made = integral.with_n(n)
    with styled(look):
        figure = sheet(look, size, (6.4, 4.4))
        axes = figure.subplots()
        _draw_area(axes, integral, made, look)
        known = f"     area {_short(integral)}" if integral.definite and integral.definite.has_value else ""
        heading(axes, None, f"n = {n}     sum {made.value:.6f}{known}", look)
    return figure


def infinitesimal_rectangle(
    integral: Integral,
    at: float | None = None,
    *,
    path: str | Path | None = None,
    dark: bool = False,
    title: str | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """The thin rectangle f(x) dx that an integral adds up.

    Parameters
    ----------
    integral : Integral
        With finite bounds.
    at : float, optional
        Where it stands; by default a little right of the middle.
    path, dark, title, size
        As those of `derivative_picture`.
    """
    if integral.sum is None:
        raise InputError("a rectangle needs finite bounds: give both, as in dydt.integral(…, 0, 2)")
    look = theme(dark)
    f, low, high = integral.function, *sorted((integral.sum.start, integral.sum.end))
    x = low + 0.62 * (high - low) if at is None else float(at)
    dx = 0.035 * (high - low)
    height = float(f(x))
    if not low <= x <= high or not math.isfinite(height):
        raise InputError(
            f"a rectangle at {x:g} is not between {low:g} and {high:g}, or the curve has no value there"
        )
    with styled(look):
        figure = sheet(look, size, (7.2, 4.4))
        axes = figure.subplots()
        limits = _area_and_curve(axes, integral, look, 0.16)
        axes.bar(x, height, dx, align="edge", color=look.palette[1], alpha=0.85, lw=0, zorder=4)
        down = height >= 0
        axes.annotate(r"$\mathrm{d}" + f.variable + "$" if len(f.variable) == 1 else f"d{f.variable}",
                      (x + dx / 2, 0), (0, -14 if down else 6), textcoords="offset points", ha="center",
                      color=look.palette[1], fontsize=13)  # fmt: skip
        axes.annotate(head(f), (x, height / 2), (-6, 0), textcoords="offset points", ha="right", va="center",
                      color=look.ink, fontsize=12, zorder=6)  # fmt: skip
        axes.set_ylim(limits[0] - 0.06 * (limits[1] - limits[0]), limits[1])
        value = (
            f"      all of them together {_short(integral)}"
            if integral.definite and integral.definite.has_value
            else ""
        )
        heading(axes, title, f"each has the area {f.head} d{f.variable}{value}", look)
    if path is not None:
        save(figure, path)
    return figure


def partition_picture(
    integral: Integral,
    *,
    path: str | Path | None = None,
    dark: bool = False,
    title: str | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """The partition of an interval: x₀ … xₙ, the places where heights are taken, and the rectangles.

    Parameters and result as those of `derivative_picture`.
    """
    if integral.sum is None:
        raise InputError("a partition needs finite bounds: give both, as in dydt.integral(…, 0, 2)")
    look, s = theme(dark), integral.sum
    if s.n > _MOST_MARKS:
        raise InputError(f"{s.n:,} parts can't be told apart in a picture: give n up to {_MOST_MARKS}")
    with styled(look):
        figure = sheet(look, size, (7.2, 4.4))
        axes = figure.subplots()
        _draw_area(axes, integral, s, look)
        if s.rule != "trapezoid":
            axes.plot(s.points, s.heights, "o", ms=4.5, color=look.ink, zorder=6)
        every = -(-(s.n + 1) // 13)
        marks = [i for i in range(s.n + 1) if i % every == 0 or i == s.n]
        name = (
            s.function.variable if len(s.function.variable) == 1 else r"\mathrm{" + s.function.variable + "}"
        )
        axes.set_xticks([s.partition[i] for i in marks], [f"${name}_{{{i}}}$" for i in marks], fontsize=11)
        wide = f"Δ{s.function.variable} = {s.width:.6g}"
        heading(axes, title, f"{s.n} parts, each {wide}      sum {s.value:.6g}", look)
    if path is not None:
        save(figure, path)
    return figure


def _short(integral: Integral) -> str:
    return f"{integral.value:.6g}"


def _draw_area(axes: Any, integral: Integral, made: RiemannSum | None, look: Theme) -> None:
    """The curve with rectangles or trapezoids under it, or its area where there are none."""
    limits = _area_and_curve(axes, integral, look, 0.0 if made is not None else 0.25)
    if made is not None:
        edge = look.paper if made.n <= 100 else "none"
        style = {"lw": 1.0 if made.n <= 40 else 0.5, "edgecolor": edge, "zorder": 2}
        up, down = look.palette[5], look.palette[3]
        if made.rule == "trapezoid" and made.n <= _MOST_BARS:
            x, y = made.partition, made.function(made.partition)
            y = np.where(np.isfinite(y), y, 0.0)
            for i in range(made.n):
                corners = ([x[i], x[i], x[i + 1], x[i + 1]], [0, y[i], y[i + 1], 0])
                axes.fill(*corners, facecolor=up if y[i] + y[i + 1] >= 0 else down, alpha=0.75, **style)
        elif made.n > _MOST_BARS:  # one outline in place of so many bars
            heights = np.where(np.isfinite(made.heights), made.heights, 0.0)
            for sign, colour in ((1, up), (-1, down)):
                part = np.where(sign * heights > 0, heights, 0.0)
                axes.stairs(part, made.partition, fill=True, color=colour, alpha=0.75, zorder=2)
        else:
            heights = np.where(np.isfinite(made.heights), made.heights, 0.0)
            colours = np.where(heights >= 0, up, down)
            axes.bar(
                made.partition[:-1], heights, made.width, align="edge", color=colours, alpha=0.75, **style
            )
        if made.rule != "trapezoid":
            values = made.heights[np.isfinite(made.heights)]
            if len(values) and not _has_poles(integral):
                limits = (
                    min(limits[0], 1.08 * float(values.min())),
                    max(limits[1], 1.08 * float(values.max())),
                )
    axes.set_ylim(limits)


def _has_poles(integral: Integral) -> bool:
    return integral.definite is not None and integral.definite.improper


def _area_and_curve(axes: Any, integral: Integral, look: Theme, alpha: float) -> tuple[float, float]:
    f = integral.function
    low, high = _shown_bounds(integral)
    room = 0.06 * (high - low)
    x, y = f.curve(low - room, high + room)
    axes.axhline(0, color=look.quiet, lw=0.8, zorder=1)
    inside = (x >= low) & (x <= high)
    if alpha:
        axes.fill_between(
            x, 0, y, where=inside & np.isfinite(y), color=look.palette[5], alpha=alpha, lw=0, zorder=1
        )
    axes.plot(x, y, color=look.palette[0], lw=2.2, zorder=5)
    axes.set_xlim(low - room, high + room)
    axes.set_xlabel(label(f.variable))
    axes.set_ylabel(head(f))
    limits = limits_of(np.append(y[inside], 0.0))
    return limits


def _shown_bounds(integral: Integral) -> tuple[float, float]:
    """The bounds; of an infinite interval, the part near the finite end or zero."""
    if integral.start is None or integral.end is None:
        return -3.0, 3.0
    low, high = sorted((integral.start.at, integral.end.at))
    if math.isinf(low) and math.isinf(high):
        return -5.0, 5.0
    if math.isinf(high):
        high = low + 8.0
    if math.isinf(low):
        low = high - 8.0
    return (low, high) if low < high else (low - 1.0, high + 1.0)


def _antiderivative(
    integral: Integral, look: Theme, title: str | None, size: tuple[float, float] | None
) -> Picture:
    """f above, and F for a few constants below."""
    integral.function.need_values("a picture is wanted")
    figure = sheet(look, size, (7.2, 5.6))
    top, bottom = figure.subplots(2, 1, sharex=True)
    limits = _area_and_curve(top, integral, look, 0.0)
    top.set_ylim(limits)
    top.set_xlabel("")
    f = integral.primitive()
    if f is not None:
        x, y = f.curve(*top.get_xlim())
        low, high = limits_of(y)
        for i, shift in enumerate((-0.5, -0.25, 0.25, 0.5, 0.0)):
            last = i == 4
            axes_colour = look.palette[2] if last else look.quiet
            bottom.plot(
                x,
                y + shift * (high - low),
                color=axes_colour,
                lw=2.0 if last else 0.9,
                zorder=3 if last else 2,
            )
        bottom.set_ylim(low - 0.2 * (high - low), high + 0.2 * (high - low))
    bottom.axhline(0, color=look.quiet, lw=0.8, zorder=1)
    bottom.set_ylabel(f"$F$({label(integral.function.variable)}) + {integral.found.constant}")
    bottom.set_xlabel(label(integral.function.variable))
    figure.align_ylabels([top, bottom])
    x = integral.function.variable
    remark = f"F({x}) + {integral.found.constant} = {integral.text}" if integral.text else integral.sentence
    heading(top, title, remark, look)
    return figure
