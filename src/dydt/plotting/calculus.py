"""Pictures of derivatives, integrals and motions, and the frames of those that move."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.errors import InputError
from dydt.plotting.areas import (
    head,
    infinitesimal_rectangle,
    integral_picture,
    limits_of,
    partition_picture,
    rectangles_frame,
)
from dydt.plotting.labels import label
from dydt.plotting.picture import Picture, save, sheet
from dydt.plotting.series import heading
from dydt.plotting.style import Theme, styled, theme

if TYPE_CHECKING:
    from dydt.calculus.derivative import Derivative
    from dydt.calculus.function import Function
    from dydt.calculus.motion import Motion
    from dydt.calculus.shape import Shape

__all__ = [
    "derivative_picture",
    "infinitesimal_rectangle",
    "integral_picture",
    "motion_picture",
    "partition_picture",
    "rectangles_frame",
    "secant_frame",
]

_MOST_SECANTS = 4
_MOST_MARKS = 40
_APART = 0.02  # of the width: points that are nearer to P are not told apart from it
_SIDES = (
    (-12, 12),
    (13, -12),
    (13, 12),
    (-12, -12),
    (0, -17),
    (0, 17),
)  # of a point, where its letter may stand
_TRENDS = {"rising": 2, "falling": 1, "flat": 4}  # places in the palette


# -- the derivative -------------------------------------------------------------------------------------------------


def derivative_picture(
    derivative: Derivative,
    *,
    path: str | Path | None = None,
    dark: bool = False,
    title: str | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """Secants and tangent at a place; on an interval, where f rises and falls, with f' below.

    Parameters
    ----------
    derivative : Derivative
    path : str or Path, optional
        Write it there too, as PNG, SVG or PDF.
    dark : bool
        For dark surroundings.
    title : str, optional
    size : (width, height), optional
        In inches.

    Returns
    -------
    Picture

    >>> import dydt
    >>> picture = dydt.derivative("x^2", at=1, h=[1, 0.5]).plot()
    >>> [text.get_text() for text in picture.axes[0].texts][:2]
    ['$P$', '$Q_{1}$']
    """
    look = theme(dark)
    steps = [row.h for row in derivative.quotients if math.isfinite(row.right)][:_MOST_SECANTS]
    if derivative.order > 1:
        steps = []
    window = _window(derivative, steps)
    tall = derivative.shape is not None or derivative.at is None
    with styled(look):
        figure = sheet(look, size, (7.2, 6.0 if tall else 4.6))
        rows = figure.subplots(
            2 if tall else 1, 1, sharex=True, squeeze=False, height_ratios=[3, 2][: 1 + tall]
        )
        top = rows[0, 0]
        limits = _draw_curve(top, derivative.function, window, look, derivative.shape)
        _draw_lines(top, derivative, steps, window, limits, look)
        top.set_ylabel(head(derivative.function))
        heading(top, title, _remark(derivative, steps), look)
        _key(top, "best" if derivative.shape is None else "outside")
        if tall:
            _draw_slope(rows[1, 0], derivative, window, look)
            figure.align_ylabels(list(rows[:, 0]))
        rows[-1, 0].set_xlabel(label(derivative.function.variable))
    if path is not None:
        save(figure, path)
    return figure


def secant_frame(
    derivative: Derivative,
    h: float,
    *,
    window: tuple[float, float] | None = None,
    dark: bool = False,
    size: tuple[float, float] | None = None,
) -> Picture:
    """One frame of the secant that turns into the tangent: P stays, Q is h away.

    Parameters
    ----------
    derivative : Derivative
        With a place `at` where there is a slope.
    h : float
        0 draws the tangent alone.
    window : (float, float), optional
        What is shown of the axis; the same for all frames of one film.
    dark : bool
    size : (width, height), optional
        In inches.

    Returns
    -------
    Picture
        Its axes have the same limits for every h, so that frames can follow each other.
    """
    if derivative.at is None or derivative.tangent is None:
        raise InputError("a secant needs a place with a slope: give at=, as in dydt.derivative(…, at=1)")
    look = theme(dark)
    place = derivative.at
    window = window or _window(derivative, [1.0])
    with styled(look):
        figure = sheet(look, size, (6.4, 4.4))
        axes = figure.subplots()
        limits = _draw_curve(axes, derivative.function, window, look, None)
        _draw_lines(axes, derivative, [h] if h else [], window, limits, look, _SIDES[:1])  # letters don't hop
        axes.set_ylabel(head(derivative.function))
        axes.set_xlabel(label(derivative.function.variable))
        _key(axes, "upper left")
        slope = derivative.secant(h).slope if h else derivative.tangent.slope
        far = f"h = {h:.3f}" if h else "h → 0"
        heading(
            axes, None, f"{far}     slope {slope:.3f}     at {derivative.function.variable} = {place:g}", look
        )
    return figure


def _window(derivative: Derivative, steps: Sequence[float]) -> tuple[float, float]:
    """What is shown of the axis: the interval asked for, or what surrounds P and all Q."""
    if derivative.on is not None:
        low, high = derivative.on
        places = [] if derivative.at is None else [derivative.at, *(derivative.at + h for h in steps)]
        margin = 0.04 * (high - low) if steps else 0.0
        return min([low, *(p - margin for p in places)]), max([high, *(p + margin for p in places)])
    if derivative.at is None:
        return -3.0, 3.0
    reach = max([*(abs(h) for h in steps), 1.0 if not steps else 0.0]) or 1.0
    return derivative.at - 1.6 * reach, derivative.at + 2.0 * reach


def _draw_curve(
    axes: Any, f: Function, window: tuple[float, float], look: Theme, shape: Shape | None
) -> tuple[float, float]:
    """The curve, coloured by its trend if that is known; gives limits that fit it."""
    x, y = f.curve(*window)
    if shape is None:
        axes.plot(x, y, color=look.palette[0], lw=2.2, zorder=3)
    else:
        axes.plot(x, y, color=look.quiet, lw=1.0, zorder=2)
        named: set[str] = set()
        for stretch in shape.stretches:
            if stretch.trend not in _TRENDS:
                continue
            inside = (x >= stretch.start.at) & (x <= stretch.end.at)
            word = None if stretch.trend in named else stretch.trend
            named.add(stretch.trend)
            axes.plot(
                x[inside], y[inside], color=look.palette[_TRENDS[stretch.trend]], lw=2.6, label=word, zorder=3
            )
        for place in shape.critical[:_MOST_MARKS]:
            if math.isfinite(place.value):
                axes.plot([place.at], [place.value], "o", ms=5, color=look.ink, zorder=5)
    axes.set_xlim(window)
    axes.axhline(0, color=look.quiet, lw=0.8, zorder=1)
    return limits_of(y)


def _key(axes: Any, place: str) -> None:
    """Which colour is what, if several are there."""
    if axes.get_legend_handles_labels()[1]:
        outside = {"bbox_to_anchor": (1.01, 1.02), "borderaxespad": 0, "loc": "upper left"}
        axes.legend(fontsize=10, **(outside if place == "outside" else {"loc": place}))


def _draw_lines(
    axes: Any,
    derivative: Derivative,
    steps: Sequence[float],
    window: tuple[float, float],
    limits: tuple[float, float],
    look: Theme,
    sides: Sequence[tuple[float, float]] = _SIDES,
) -> None:
    """P, each Q, the secants through them, and the tangent."""
    axes.set_ylim(limits)
    if derivative.at is None or not math.isfinite(derivative.value):
        return
    ends = np.array([window[0] - 1, window[1] + 1])
    p = (derivative.at, derivative.value)
    wide = window[1] - window[0]
    secants = [derivative.secant(h) for h in steps]
    # Rising and falling have taken the usual colours.
    chord, touch = (look.palette[i] for i in ((1, 2) if derivative.shape is None else (3, 0)))
    for i, secant in enumerate(secants):
        shade = 1.0 if len(secants) == 1 else 0.45 + 0.55 * (i + 1) / len(secants)
        word = f"secant, h = {secant.h:.3g}"
        axes.plot(ends, secant.line(ends), color=chord, lw=1.6, alpha=shade, zorder=4, label=word)
        axes.plot(*secant.Q, "o", ms=6, color=chord, zorder=6)
    if derivative.tangent is not None:
        axes.plot(ends, derivative.tangent.line(ends), color=touch, lw=1.9, zorder=4, label="tangent")
    axes.plot(*p, "o", ms=7, color=look.ink, zorder=7)
    axes.set_ylim(limits)  # lines reach beyond them
    _name(axes, "$P$", p, look.ink, sides)
    for i, secant in enumerate(secants):
        if abs(secant.h) > _APART * wide:
            mark = "$Q$" if len(secants) == 1 else f"$Q_{{{i + 1}}}$"
            _name(axes, mark, secant.Q, chord, sides)
    if len(secants) == 1 and abs(secants[0].h) > 0.08 * wide:
        _triangle(axes, secants[0], look)


def _name(
    axes: Any, text: str, at: tuple[float, float], colour: str, sides: Sequence[tuple[float, float]]
) -> None:
    """A letter beside a point, on the first of the sides that is far enough from lines and other letters."""
    paths = [line.get_transform().transform(line.get_xydata()) for line in axes.lines]
    segments = np.concatenate([np.stack([path[:-1], path[1:]], axis=1) for path in paths if len(path) > 1])
    others = [axes.transData.transform(t.xy) + _pixels(axes, t.xyann) for t in axes.texts]
    point = axes.transData.transform(at)

    def room(side: tuple[float, float]) -> float:
        middle = point + _pixels(axes, side)
        gaps = [_distance(middle, segments), *(float(np.hypot(*(middle - other))) for other in others)]
        return min(min(gaps), float(_pixels(axes, (10, 0))[0]))

    side = max(sides, key=room)
    axes.annotate(
        text,
        at,
        side,
        textcoords="offset points",
        color=colour,
        fontsize=13,
        ha="center",
        va="center",
        zorder=8,
    )


def _pixels(axes: Any, points: tuple[float, float]) -> Any:
    return np.asarray(points) * axes.figure.dpi / 72


def _distance(point: Any, segments: Any) -> float:
    """From a point to the nearest of some segments, shape (count, end, 2)."""
    starts, ways = segments[:, 0], segments[:, 1] - segments[:, 0]
    lengths = np.maximum((ways**2).sum(axis=1), 1e-12)
    along = np.clip(((point - starts) * ways).sum(axis=1) / lengths, 0, 1)
    return float(np.hypot(*(starts + along[:, None] * ways - point).T).min())


def _triangle(axes: Any, secant: Any, look: Theme) -> None:
    """The run h and the rise f(x + h) − f(x) below a secant."""
    (x, y), (u, v) = secant.P, secant.Q
    dashed = {"color": look.quiet, "lw": 1.1, "ls": (0, (3, 2)), "zorder": 3}
    axes.plot([x, u], [y, y], **dashed)
    axes.plot([u, u], [y, v], **dashed)
    axes.annotate("$h$", ((x + u) / 2, y), (0, -13 if v >= y else 5), textcoords="offset points", ha="center",
                  color=look.quiet, fontsize=12)  # fmt: skip
    right = u > x
    axes.annotate(r"$\Delta f$", (u, (y + v) / 2), (6 if right else -6, 0), textcoords="offset points",
                  ha="left" if right else "right", va="center", color=look.quiet, fontsize=12)  # fmt: skip


def _remark(derivative: Derivative, steps: Sequence[float]) -> str:
    parts = []
    if len(steps) == 1:
        parts.append(f"secant: {derivative.secant(steps[0]).line.equation}")
    elif steps:
        slopes = ", ".join(f"{derivative.secant(h).slope:.4g}" for h in steps)
        parts.append(f"secants: slopes {slopes}")
    if derivative.tangent is not None:
        parts.append(f"tangent: {derivative.tangent.line.equation}")
    elif derivative.point is not None and not derivative.point.is_smooth:
        parts.append(derivative.point.says)
    return "      ".join(parts)


def _draw_slope(axes: Any, derivative: Derivative, window: tuple[float, float], look: Theme) -> None:
    """f' (or the derivative asked for), filled above and below zero."""
    f = derivative.function
    slope = derivative.as_function()
    x, y = slope.curve(*window)
    axes.axhline(0, color=look.quiet, lw=0.8, zorder=1)
    up, down = look.palette[_TRENDS["rising"]], look.palette[_TRENDS["falling"]]
    if derivative.order == 1:
        axes.fill_between(x, 0, y, where=y > 0, color=up, alpha=0.22, lw=0)
        axes.fill_between(x, 0, y, where=y < 0, color=down, alpha=0.22, lw=0)
    axes.plot(x, y, color=look.palette[0], lw=1.9)
    if derivative.at is not None and math.isfinite(derivative.slope):
        axes.plot([derivative.at], [derivative.slope], "o", ms=6, color=look.ink, zorder=5)
    axes.set_ylim(limits_of(np.append(y, 0.0)))
    axes.set_ylabel(f"{label(f.name + chr(39) * derivative.order)}({label(f.variable)})")


# -- a motion -------------------------------------------------------------------------------------------------------


def motion_picture(
    motion: Motion,
    *,
    path: str | Path | None = None,
    dark: bool = False,
    title: str | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """Position, velocity and acceleration below each other; the ways forward and back in two colours.

    Parameters and result as those of `derivative_picture`.
    """
    look = theme(dark)
    functions = (motion.position, motion.velocity, motion.acceleration)
    words = ("position", "velocity", "acceleration")
    up, down = look.palette[_TRENDS["rising"]], look.palette[_TRENDS["falling"]]
    with styled(look):
        figure = sheet(look, size, (7.2, 6.6))
        rows = figure.subplots(3, 1, sharex=True)
        for axes, f, word in zip(rows, functions, words, strict=True):
            x, y = f.curve(*motion.on)
            axes.axhline(0, color=look.quiet, lw=0.8, zorder=1)
            for phase in motion.phases:
                inside = (x >= phase.start.at) & (x <= phase.end.at)
                back = phase.says.startswith("backing")
                colour = look.palette[4] if phase.says == "at rest" else down if back else up
                axes.plot(x[inside], y[inside], color=colour, lw=2.4, zorder=3)
            for rest in motion.rests[:_MOST_MARKS]:
                axes.axvline(rest.at, color=look.quiet, lw=1.0, ls=(0, (2, 2)), zorder=1)
            axes.set_xlim(motion.on)
            axes.set_ylim(limits_of(np.append(y, 0.0) if f is not motion.position else y))
            axes.set_ylabel(f"{word}\n{head(f)}", fontsize=11)
        rows[-1].set_xlabel(label(motion.position.variable))
        figure.align_ylabels(list(rows))
        _legend(rows[0], motion, look)
        heading(rows[0], title, textwrap.fill(motion.story, 92, max_lines=3, placeholder=" …"), look)
    if path is not None:
        save(figure, path)
    return figure


def _legend(axes: Any, motion: Motion, look: Theme) -> None:
    from matplotlib.lines import Line2D

    ways = {
        "forward": any(p.says.startswith("forward") for p in motion.phases),
        "backward": any(p.says.startswith("backing") for p in motion.phases),
        "at rest": any(p.says == "at rest" for p in motion.phases),
    }
    colours = {"forward": look.palette[2], "backward": look.palette[1], "at rest": look.palette[4]}
    lines = [Line2D([], [], color=colours[way], lw=2.4, label=way) for way, there in ways.items() if there]
    axes.legend(handles=lines, loc="upper left", bbox_to_anchor=(1.01, 1.02), borderaxespad=0, fontsize=10)
