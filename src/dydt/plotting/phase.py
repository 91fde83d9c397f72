"""Phase pictures: quantities of a solution against each other, in two or three dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from dydt.errors import InputError
from dydt.plotting.labels import ending, label
from dydt.plotting.picture import Picture, names_and_path, save, sheet
from dydt.plotting.samples import Samples, samples
from dydt.plotting.series import heading
from dydt.plotting.style import Theme, styled, theme

Array = Any

_LONG = 30.0  # a curve so many times as long as its picture is thin and coloured along time
_PIECES = 256  # of a curve that is coloured along time


def phase(
    solution: Any,
    *names: str | Path,
    dark: bool = False,
    title: str | None = None,
    path: str | Path | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """Draw quantities of a solution against each other.

    Parameters
    ----------
    solution : Solution
    *names : str
        Two or three of the states, intermediate quantities and the independent variable; or pairs,
        ``"x1", "y1", "x2", "y2"``, for several bodies in one plane. By default the orbits of bodies that move in
        a plane, all states of a law that has three, or the first two.
    dark : bool
        For dark surroundings.
    title : str, optional
    path : str or Path, optional
        Write it there too, as PNG, SVG or PDF; it may also stand behind the names.
    size : (width, height), optional
        In inches.

    Returns
    -------
    Picture
        A matplotlib Figure. A ring marks the start. Long curves and those in space are coloured along time.

    Raises
    ------
    InputError
        For an unknown name, a number of names that makes no picture, or a law with a single state.

    Examples
    --------
    >>> import dydt
    >>> sol = dydt.ODE("x' = y; y' = -x").solve(t=(0, 10), x=1, y=0)
    >>> axes = sol.phase("x", "y").axes[0]
    >>> axes.get_xlabel(), axes.get_ylabel()
    ('$x$', '$y$')
    """
    shown, path = names_and_path(names, path)
    chosen = shown or usual(solution)
    count(solution, chosen)
    points = samples(solution, chosen)
    look = theme(dark)
    with styled(look):
        if len(chosen) == 3:
            figure = sheet(look, size, (7.0, 5.8))
            remark = ending(solution, figure.get_figwidth())
            in_space(figure, points, chosen, look, solution.problem.independent, bool(title or remark))
            heading_in_space(figure, title, remark, look)
        else:
            pairs = list(zip(chosen[::2], chosen[1::2], strict=True))
            figure = sheet(look, size, (6.4, 5.2))
            remark = ending(solution, figure.get_figwidth())
            heading(in_plane(figure, solution, points, pairs, look), title, remark, look)
    if path is not None:
        save(figure, path)
    return figure


# -- what to draw --------------------------------------------------------------------------------------------


def usual(solution: Any) -> list[str]:
    """What is drawn when nothing is asked for."""
    states = solution.states
    if len(states) == 1:
        name, over = states[0], solution.problem.independent
        raise InputError(
            f"`{name}` is the only state, and a phase picture needs two quantities: "
            f'use plot() for `{name}` over `{over}`, or name two, as in phase("{over}", "{name}")'
        )
    bodies = [pair for name in states if (pair := place(solution, name))]
    if bodies:
        return [name for pair in bodies for name in pair]
    return list(states if len(states) == 3 else states[:2])


def place(solution: Any, name: str) -> tuple[str, str] | None:
    """The coordinates of a body in the plane, from the first: x and y, or x3 and y3, that have velocities.

    Only they are known to share a unit, and are drawn to the same scale.
    """
    other = "y" + name[1:]
    whole = {name, other, name + "'", other + "'"}
    return (name, other) if name.startswith("x") and whole <= set(solution.states) else None


def count(solution: Any, chosen: Sequence[str]) -> None:
    """Refuse a number of names that makes no picture."""
    if len(chosen) == 1:
        over = solution.problem.independent
        raise InputError(
            f"a phase picture needs two or three names, and got `{chosen[0]}` only: name another, as in "
            f'phase("{over}", "{chosen[0]}"), or use plot("{chosen[0]}")'
        )
    if len(chosen) > 3 and len(chosen) % 2:
        raise InputError(f"a phase picture takes two names, three, or pairs, and got {len(chosen)} names")


# -- in the plane --------------------------------------------------------------------------------------------


def in_plane(figure: Any, solution: Any, points: Samples, pairs: list[tuple[str, str]], look: Theme) -> Any:
    """Curves in two dimensions: one or, for several bodies, more."""
    axes = figure.add_subplot()
    across, up = zip(*pairs, strict=True)
    limits = points.window(across), points.window(up)
    if all(place(solution, first) == (first, second) for first, second in pairs) and similar(limits):
        axes.set_aspect("equal", adjustable="datalim")
    colours = look.colours(len(pairs))
    for (first, second), colour in zip(pairs, colours, strict=True):
        x, y = points.columns[first], points.columns[second]
        length = travelled((x, y), limits)
        if len(pairs) == 1 and length[-1] > _LONG:
            lines = along_time(points.t, (x, y), look, 0.9)
            axes.add_collection(lines)
            scale = figure.colorbar(lines, ax=axes, aspect=38, shrink=0.72, pad=0.03)
            bar(scale, solution.problem.independent)
        else:
            width = line_width(length[-1], len(pairs))
            axes.plot(x, y, color=colour, label=f"{label(first)}, {label(second)}", lw=width)
            arrow(axes, (x, y), length, colour, 17 if len(pairs) == 1 else 13)
        ring = {"mfc": look.paper, "mec": colour if len(pairs) > 1 else look.ink, "mew": 1.4, "ms": 6}
        axes.plot(x[:1], y[:1], "o", **ring, zorder=4)
    # Last, and still open to change, so that equal scales may widen them.
    axes.set_xlim(limits[0], auto=True)
    axes.set_ylim(limits[1], auto=True)
    name_axes(axes, pairs)
    return axes


def line_width(length: float, curves: int) -> float:
    """Thinner, the more there is to draw."""
    return 0.9 if length > 0.5 * _LONG else 1.7 if curves == 1 else 1.4


def name_axes(axes: Any, pairs: Sequence[tuple[str, str]]) -> None:
    """Names on the axes; of several bodies what they have in common, and a legend."""
    if len(pairs) == 1:
        axes.set_xlabel(label(pairs[0][0]))
        axes.set_ylabel(label(pairs[0][1]))
        return
    for side, setter in zip(zip(*pairs, strict=True), (axes.set_xlabel, axes.set_ylabel), strict=True):
        stems = {name.rstrip("0123456789") for name in side}
        setter(label(stems.pop()) if len(stems) == 1 else "")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.02), borderaxespad=0, ncols=-(-len(pairs) // 16))


def similar(limits: tuple[tuple[float, float], tuple[float, float]]) -> bool:
    """Whether a common scale leaves both directions room."""
    (a, b), (c, d) = limits
    return 0.2 < (b - a) / (d - c) < 5.0


def travelled(columns: Sequence[Array], limits: Sequence[tuple[float, float]]) -> Array:
    """How far along the curve each point is, in widths of the picture; outside it nothing counts."""
    pairs = zip(columns, limits, strict=True)
    inside = [np.clip((column - low) / (high - low), 0.0, 1.0) for column, (low, high) in pairs]
    pieces = np.sqrt(sum(np.diff(column) ** 2 for column in inside))
    return np.concatenate([[0.0], np.cumsum(np.nan_to_num(pieces))])


def arrow(axes: Any, columns: tuple[Array, Array], length: Array, colour: Any, size: float) -> None:
    """The direction of travel, a little way from the start."""
    x, y = columns
    tip = int(np.searchsorted(length, min(0.45, 0.5 * length[-1])))
    tail = int(np.searchsorted(length, length[min(tip, len(length) - 1)] - 0.025))
    if not 0 < tail < tip < len(x) or length[-1] < 0.1:
        return
    head = {"arrowstyle": "-|>,head_length=0.55,head_width=0.28", "mutation_scale": size}
    shape = head | {"color": colour, "lw": 0.5, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=(x[tip], y[tip]), xytext=(x[tail], y[tail]), arrowprops=shape, zorder=3)


# -- along time ----------------------------------------------------------------------------------------------


def along_time(t: Array, columns: Sequence[Array], look: Theme, width: float) -> Any:
    """A curve as a collection of short pieces, coloured by their time."""
    from matplotlib.collections import LineCollection
    from mpl_toolkits.mplot3d.art3d import Line3DCollection

    points = np.column_stack(columns)
    elapsed = np.abs(t - t[0])
    cuts = np.searchsorted(elapsed, np.linspace(0.0, elapsed[-1], _PIECES + 1))
    cuts = np.unique(np.append(np.minimum(cuts, len(t) - 1), len(t) - 1))
    pieces = [points[a : b + 1] for a, b in pairwise(cuts)]
    kind = LineCollection if len(columns) == 2 else Line3DCollection
    lines = kind(pieces, cmap=look.colour_map(), linewidths=width, capstyle="round", joinstyle="round")
    lines.set_array(0.5 * (t[cuts[:-1]] + t[cuts[1:]]))
    lines.set_clim(min(t[0], t[-1]), max(t[0], t[-1]))
    return lines


def bar(scale: Any, name: str) -> None:
    """The colours of time, beside the picture; their name is on top, away from the names of axes."""
    scale.ax.set_title(label(name), loc="center", pad=8, fontsize=12)
    scale.outline.set_visible(False)
    scale.ax.tick_params(length=0)


def in_space(figure: Any, points: Samples, names: Sequence[str], look: Theme, time: str, headed: bool) -> Any:
    """A curve in three dimensions, coloured along time; with room above for a heading."""
    from mpl_toolkits.mplot3d import Axes3D

    # Placed by hand: matplotlib's layout leaves wide margins around a box in space.
    figure.set_layout_engine("none")
    across, up = figure.get_size_inches()
    beside = 1.0 - 0.6 / across  # where the colours of time stand
    axes = figure.add_axes((-0.055, 0.01, 1.09 - 1.15 / across, 0.95 if headed else 1.0), axes_class=Axes3D)
    columns = [points.columns[name] for name in names]
    limits = [points.window([name]) for name in names]
    if len(points.t) > 1:
        width = line_width(travelled(columns, limits)[-1], 1)
        if not points.finished:
            columns = [within(column, limit) for column, limit in zip(columns, limits, strict=True)]
        lines = along_time(points.t, columns, look, width)
        axes.add_collection3d(lines, autolim=False)
        bar(figure.colorbar(lines, cax=figure.add_axes((beside, 0.24, 0.1 / across, 0.5))), time)
    axes.plot(*(column[:1] for column in columns), "o", mfc=look.paper, mec=look.ink, mew=1.4, ms=6)
    axes.set(xlim=limits[0], ylim=limits[1], zlim=limits[2])
    for axis, name in zip((axes.xaxis, axes.yaxis, axes.zaxis), names, strict=True):
        axis.set_label_text(label(name))
        axis.labelpad = 2
        axis.set_pane_color(look.paper)
        axis.set_major_locator(MaxNLocator(5))
        axis.set_tick_params(pad=1)
        axis.get_major_formatter().set_powerlimits((-2, 4))  # long numbers would run into each other
    axes.view_init(elev=22, azim=-58)
    axes.set_box_aspect(None, zoom=min(1.02, 0.72 + 0.052 * min(across, up)))
    return axes


def within(column: Array, limits: tuple[float, float]) -> Array:
    """The part of a curve inside the box, which does not cut by itself what leaves it."""
    low, high = limits
    return np.where((column >= low) & (column <= high), column, np.nan)


def heading_in_space(figure: Any, title: str | None, remark: str, look: Theme) -> None:
    """A title and a remark in the upper left corner, where no axis comes."""
    if title:
        figure.text(0.03, 0.97, title, fontsize=13, ha="left", va="top")
    if remark:
        down = 21 / 72 / figure.get_figheight() if title else 0.0
        figure.text(0.03, 0.97 - down, remark, fontsize=9, color=look.quiet, ha="left", va="top")
