"""Time series: quantities of a solution over its independent variable."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dydt.errors import InputError
from dydt.plotting.labels import ending, label, together
from dydt.plotting.picture import Picture, names_and_path, save, sheet
from dydt.plotting.samples import Samples, samples
from dydt.plotting.style import Theme, styled, theme

_PANELS = 4
_FEW = 60  # so few saved points are marked each
_NARROW = 0.01  # of the width: less of what lies beyond the data is not marked
_LEGEND = 40  # more names than this become a colour bar


def time_series(
    solution: Any,
    *names: str | Path,
    dark: bool = False,
    title: str | None = None,
    path: str | Path | None = None,
    size: tuple[float, float] | None = None,
    panels: bool | None = None,
) -> Picture:
    """Draw quantities of a solution over time.

    Parameters
    ----------
    solution : Solution
    *names : str
        States or intermediate quantities; by default all states.
    dark : bool
        For dark surroundings.
    title : str, optional
    path : str or Path, optional
        Write it there too, as PNG, SVG or PDF; it may also stand behind the names.
    size : (width, height), optional
        In inches.
    panels : bool, optional
        Draw quantities of different sizes in panels of their own; by default if one would be flat beside
        another, and there are at most eight.

    Returns
    -------
    Picture
        A matplotlib Figure. If the solve did not finish it says so, and shows the part before a blow-up.

    Raises
    ------
    InputError
        For an unknown name, size or suffix.

    Examples
    --------
    >>> import dydt
    >>> sol = dydt.ODE("x' = y; y' = -x").solve(t=(0, 10), x=1, y=0)
    >>> picture = sol.plot()
    >>> [text.get_text() for text in picture.axes[0].get_legend().get_texts()]
    ['$x$', '$y$']
    """
    shown, path = names_and_path(names, path)
    chosen = list(dict.fromkeys(shown or solution.states))
    points = samples(solution, chosen)
    if solution.problem.independent in chosen:
        over = solution.problem.independent
        raise InputError(f"`{over}` is what everything is drawn over: leave it out of the names")
    look = theme(dark)
    groups = grouped(points) if panels or (panels is None and len(chosen) <= len(look.palette)) else [chosen]
    with styled(look):
        figure = sheet(look, size, (7.6, 4.2 if len(groups) == 1 else 1.4 + 1.9 * len(groups)))
        rows = figure.subplots(len(groups), 1, sharex=True, squeeze=False)[:, 0]
        colours = dict(zip(chosen, palette(solution, chosen, look), strict=True))
        for axes, group in zip(rows, groups, strict=True):
            curves(axes, points, group, colours)
            axes.set_ylim(points.window(group))
            key(axes, group, colours, look)
        rows[-1].set_xlabel(label(solution.problem.independent))
        figure.align_ylabels(list(rows))
        for axes in rows:
            span(axes, points, look)
        _outside_data(list(rows), solution, look)
        heading(rows[0], title, ending(solution, figure.get_figwidth()), look)
    if path is not None:
        save(figure, path)
    return figure


def grouped(points: Samples) -> list[list[str]]:
    """Names that share a panel: those of about the same size, in at most a few panels."""
    sizes = {name: float(np.max(np.abs(points.window([name])))) for name in points.columns}
    ratio = 20.0
    while True:
        groups: list[list[str]] = []
        for name in sorted(sizes, key=lambda name: -sizes[name]):
            if groups and sizes[name] * ratio >= sizes[groups[-1][0]]:
                groups[-1].append(name)
            else:
                groups.append([name])
        if len(groups) <= _PANELS:
            break
        ratio *= 10
    order = list(points.columns)
    return sorted(
        (sorted(group, key=order.index) for group in groups), key=lambda group: order.index(group[0])
    )


def palette(solution: Any, chosen: Sequence[str], look: Theme) -> list[Any]:
    """A colour a name; a state of a small law keeps its colour in every picture."""
    known = [*solution.states, *solution.problem.intermediates]
    if len(known) <= len(look.palette):
        return [look.palette[known.index(name)] for name in chosen]
    return look.colours(len(chosen))


def curves(axes: Any, points: Samples, group: Sequence[str], colours: dict[str, Any]) -> None:
    """One line a name; few points are marked, since the line between them is only a guide for the eye."""
    marker = "o" if len(points.t) <= _FEW else None
    width = 1.1 if len(group) > 8 or any(is_busy(points, name) for name in group) else 1.7
    look = {"lw": width, "marker": marker, "ms": 3.5}
    for name in group:
        axes.plot(points.t, points.columns[name], color=colours[name], label=label(name), **look)


def is_busy(points: Samples, name: str) -> bool:
    """Whether a curve goes up and down so often that a thick line would fill the picture."""
    low, high = points.window([name])
    return float(np.sum(np.abs(np.diff(np.clip(points.columns[name], low, high))))) > 30 * (high - low)


def key(axes: Any, group: Sequence[str], colours: dict[str, Any], look: Theme) -> None:
    """Say which curve is which: on the axis, in a legend beside it, or by a colour bar."""
    axes.set_ylabel(together(list(group)))
    if len(group) == 1:
        return
    if len(group) <= _LEGEND:
        columns = -(-len(group) // 14)
        size = 12.0 if columns == 1 else 10.0
        axes.legend(
            loc="upper left", bbox_to_anchor=(1.01, 1.02), borderaxespad=0, ncols=columns, fontsize=size
        )
        return
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm, ListedColormap

    count = len(group)
    listed = ListedColormap([colours[name] for name in group])
    mapped = ScalarMappable(BoundaryNorm(np.arange(count + 1) - 0.5, count), listed)
    places = np.unique(np.linspace(0, count - 1, 9).astype(int))
    bar = axes.figure.colorbar(mapped, ax=axes, ticks=places, aspect=35, pad=0.02)
    bar.ax.set_yticklabels([label(group[i]) for i in places])
    bar.ax.minorticks_off()
    bar.ax.tick_params(length=0, labelsize=10)
    bar.outline.set_visible(False)
    bar.set_label(f"{count} quantities", color=look.quiet, fontsize=10)


def _broken(text: str, width: float) -> str:
    """The text with its lines broken where they are longer than so many characters."""
    return "\n".join(textwrap.fill(line, int(width)) for line in text.split("\n"))


def span(axes: Any, points: Samples, look: Theme) -> None:
    """Limits along time, and where the solution stops short, a veil over what lies beyond."""
    first, last = float(points.t[0]), float(points.t[-1])
    low, high = min(first, last), max(first, last)
    if low == high:
        return
    margin = 0.02 * (high - low) if len(points.t) <= _FEW else 0.0  # room for the marks at both ends
    axes.set_xlim(low - margin, high + margin)
    if not points.finished:
        beyond = last + 0.05 * (last - first)
        axes.set_xlim(min(low, beyond), max(high, beyond))
        axes.axvspan(last, beyond, color=look.grid, lw=0, zorder=0)
        axes.axvline(last, color=look.quiet, lw=1.0, ls=(0, (2, 2)), zorder=1)


def _outside_data(rows: Sequence[Any], solution: Any, look: Theme) -> None:
    """Of a law that was learned: where its data begin and end."""
    ode = solution.problem.ode
    if ode.seen is None or ode.equations.span is None:
        return
    first, last = sorted((float(solution.t[0]), float(solution.t[-1])))
    begin, end = ode.equations.span
    for axes in rows:
        mark_data_end(axes, end, (max(first, end), last), "data end", look, axes is rows[0])
        mark_data_end(axes, begin, (first, min(last, begin)), "data begin", look, axes is rows[0])


def mark_data_end(
    axes: Any, t: float, beyond: tuple[float, float], word: str, look: Theme, is_named: bool = True
) -> None:
    """A veil over what lies beyond the data, and a line with a word where they end, if that is to be seen."""
    left, right = axes.get_xlim()
    if not beyond[1] - beyond[0] > _NARROW * (right - left):
        return
    axes.axvspan(*beyond, color=look.grid, alpha=0.55, lw=0, zorder=0, gid="beyond the data")
    if not beyond[0] <= t <= beyond[1]:
        t, word = beyond[0], "no data here"
    else:
        axes.axvline(t, color=look.quiet, lw=1.0, ls=(0, (2, 2)), zorder=1, gid=word)
    if is_named:
        low, high = axes.get_ylim()
        if not any(text.get_gid() == "where data end" for text in axes.texts):
            axes.set_ylim(low, high + 0.08 * (high - low))
        back = t > 0.85 * right + 0.15 * left
        axes.annotate(
            word, (t, 1.0), xycoords=("data", "axes fraction"), xytext=(-4 if back else 4, -3),
            textcoords="offset points", ha="right" if back else "left", va="top", fontsize=9, color=look.quiet,
            gid="where data end",
        )  # fmt: skip


def heading(axes: Any, title: str | None, remark: str, look: Theme) -> None:
    """A title, and under it a remark in a quiet colour; both begin where the axes do."""
    room = max(axes.figure.get_figwidth() - 1.0, 2.0)
    remark = _broken(remark, 15.5 * room)  # characters of nine points
    lines = remark.count("\n") + 1 if remark else 0
    if title:
        axes.set_title(_broken(title, 10 * room), loc="left", pad=9 + 12.5 * lines)
    if remark:
        place = {"xy": (0, 1), "xycoords": "axes fraction", "xytext": (0, 7), "textcoords": "offset points"}
        axes.annotate(
            remark, **place, color=look.quiet, fontsize=9, ha="left", va="bottom", annotation_clip=False
        )
