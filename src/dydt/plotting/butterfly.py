"""The butterfly effect: two near starts over time and in space, and how their distance grows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from dydt.errors import InputError, nearest
from dydt.plotting.animate import Film
from dydt.plotting.labels import label
from dydt.plotting.picture import Picture, names_and_path, save, sheet
from dydt.plotting.samples import padded
from dydt.plotting.series import heading
from dydt.plotting.style import Theme, styled, theme

Array = Any


def drifting(
    found: Any,
    *,
    name: str | None = None,
    dark: bool = False,
    title: str | None = None,
    path: str | Path | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """Draw both paths over time, and below them their distance, on a logarithmic scale, with the fitted line.

    Parameters
    ----------
    found : Butterfly
    name : str, optional
        The state above; the first one unless said otherwise.
    dark : bool
        For dark surroundings.
    title : str, optional
    path : str or Path, optional
        Write it there too, as PNG, SVG or PDF.
    size : (width, height), optional
        In inches.

    Returns
    -------
    Picture
        A matplotlib Figure.

    Raises
    ------
    InputError
        For an unknown state.

    Examples
    --------
    >>> import dydt
    >>> above, below = dydt.gallery.lorenz().butterfly().plot().axes
    >>> above.get_ylabel(), below.get_yscale()
    ('$x$', 'log')
    """
    shown = column(found, found.states[0] if name is None else name)
    look = theme(dark)
    with styled(look):
        figure = sheet(look, size, (7.6, 5.4))
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[1.0, 1.25])
        above.plot(found.t, found.first[:, shown], color=look.palette[0], lw=1.3, label="first")
        above.plot(found.t, found.second[:, shown], color=look.palette[1], lw=1.0, label="second")
        above.set_ylabel(label(found.states[shown]))
        above.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.1, fontsize=10)
        distances(below, found, look)
        below.set_xlabel(label(found.independent))
        below.set_xlim(*sorted((found.t[0], found.t[-1])))
        figure.align_ylabels([above, below])
        heading(above, title, f"Two starts, {small(found.distance[0])} apart in {label(found.along)}", look)
    if path is not None:
        save(figure, path)
    return figure


def small(value: float) -> str:
    r"""A small number for a sentence in a picture.

    >>> small(1e-8), small(0.25)
    ('$10^{-8}$', '0.25')
    """
    if not 0 < value < 0.001:
        return f"{value:.2g}"
    mantissa, _, power = f"{value:.1e}".replace(".0e", "e").partition("e")
    return rf"$10^{{{int(power)}}}$" if mantissa == "1" else rf"${mantissa}\cdot 10^{{{int(power)}}}$"


def column(found: Any, name: str) -> int:
    """The place of a state."""
    if name not in found.states:
        known = ", ".join(found.states)
        raise InputError(f"there is no state `{name}`{nearest(name, found.states) or '.'} There: {known}")
    return int(found.states.index(name))


def distances(axes: Any, found: Any, look: Theme) -> None:
    """The distance, the straight line through its logarithm, where it saturates and where the horizon is."""
    there = found.distance > 0
    axes.plot(found.t[there], found.distance[there], color=look.palette[2], lw=1.2)
    axes.set_yscale("log")
    axes.set_ylabel("distance")
    limit = found.fraction * found.size
    if found.horizon is not None:
        axes.axhline(limit, color=look.quiet, lw=0.9, ls=(0, (4, 3)), zorder=1)
        mark = found.t[0] + np.sign(found.t[-1] - found.t[0]) * found.horizon
        axes.axvline(mark, color=look.quiet, lw=0.9, ls=(0, (4, 3)), zorder=1)
        note(axes, f"horizon {found.horizon:.3g}", (mark, 0.04), "right", look)
        late = found.horizon > 0.5 * abs(
            found.t[-1] - found.t[0]
        )  # then there is room on the left, above the line
        axes.annotate(
            f"{found.fraction:.0%} of what the path fills",
            xy=(0.0 if late else 1.0, limit),
            xycoords=axes.get_yaxis_transform(),
            xytext=(6, 3) if late else (-2, -12),
            textcoords="offset points",
            ha="left" if late else "right",
            color=look.quiet,
            fontsize=9,
        )
    if found.rate is not None and found.span is not None:
        inside = there & (np.abs(found.t - found.t[0]) >= abs(found.span[0] - found.t[0]))
        inside &= np.abs(found.t - found.t[0]) <= abs(found.span[1] - found.t[0])
        elapsed = np.abs(found.t[inside] - found.t[0])
        level = np.mean(np.log(found.distance[inside]) - found.rate * elapsed)
        ends = elapsed[[0, -1]]
        line = np.exp(level + found.rate * ends)
        axes.plot(found.t[inside][[0, -1]], line, color=look.ink, lw=1.6, ls=(0, (1, 1.2)), zorder=4)
        middle = float(np.mean(ends))
        rising = found.rate > 0
        axes.annotate(
            rf"$e^{{{found.rate:.3g}\,{label(found.independent).strip('$')}}}$",
            xy=(np.mean(found.t[inside][[0, -1]]), np.exp(level + found.rate * middle)),
            xytext=(12, -18 if rising else 12),
            textcoords="offset points",
            fontsize=14,
        )
    low, high = np.log10(found.distance[there].min()), np.log10(max(found.distance.max(), 1e-300))
    low, high = padded(float(low), float(high))
    axes.set_ylim(10**low, 10 ** (high + 0.03 * (high - low)))


def note(axes: Any, text: str, place: tuple[float, float], side: str, look: Theme) -> None:
    """A word beside a vertical line."""
    axes.annotate(
        text,
        xy=place,
        xycoords=axes.get_xaxis_transform(),
        xytext=(-5 if side == "right" else 5, 0),
        textcoords="offset points",
        ha=side,
        color=look.quiet,
        fontsize=9,
    )


def in_space(
    found: Any,
    *names: str | Path,
    dark: bool = False,
    title: str | None = None,
    path: str | Path | None = None,
    size: tuple[float, float] | None = None,
    until: float | None = None,
) -> Picture:
    """Draw both paths against each other, in space or in the plane; a dot marks where each of them is at the end.

    What they have in common, up to the horizon, is in a quiet colour.

    Parameters
    ----------
    found : Butterfly
    *names : str
        Two or three states; by default the first three, or two.
    dark, title, path, size
        As in `drifting`.
    until : float, optional
        Draw the paths up to this time only.

    Returns
    -------
    Picture

    Raises
    ------
    InputError
        For an unknown state, or a law with a single one.
    """
    shown, path = names_and_path(names, path)
    chosen = shown or list(found.states[:3])
    if not 2 <= len(chosen) <= 3:
        raise InputError(f"paths are drawn in two or three states, and got {', '.join(chosen) or 'none'}")
    places = [column(found, name) for name in chosen]
    look = theme(dark)
    with styled(look):
        figure = sheet(look, size, (7.0, 5.8) if len(places) == 3 else (6.4, 5.2))
        axes = figure.add_subplot() if len(places) == 2 else space(figure, look)
        whole = np.vstack([found.first[:, places], found.second[:, places]])
        for k, (side, values) in enumerate(zip("xyz", whole.T, strict=False)):
            getattr(axes, f"set_{side}lim")(*padded(float(values.min()), float(values.max())))
            getattr(axes, f"set_{side}label")(label(chosen[k]))
        last = len(found.t) if until is None else max(2, int(np.count_nonzero(found.t <= until)))
        parted = 0
        if found.horizon is not None:
            parted = min(last - 1, int(np.count_nonzero(np.abs(found.t - found.t[0]) < found.horizon)))
            axes.plot(*found.first[: parted + 1, places].T, color=look.quiet, lw=0.7, alpha=0.6)
        for values, colour in ((found.first, look.palette[0]), (found.second, look.palette[1])):
            track = values[parted:last, places].T
            axes.plot(*track, color=colour, lw=0.9, alpha=0.9)
            axes.plot(*track[:, -1:], "o", color=colour, ms=7, mec=look.paper, mew=1.2, zorder=5)
        remark = (
            f"Two starts, {small(found.distance[0])} apart, at {found.independent} = {found.t[last - 1]:.4g}"
        )
        if len(places) == 2:
            heading(axes, title, remark, look)
        else:
            down = 21 / 72 / figure.get_figheight() if title else 0.0
            figure.text(0.03, 0.97, title or "", fontsize=13, ha="left", va="top")
            figure.text(0.03, 0.97 - down, remark, fontsize=9, color=look.quiet, ha="left", va="top")
    if path is not None:
        save(figure, path)
    return figure


def space(figure: Any, look: Theme) -> Any:
    """Axes in three dimensions, on our paper."""
    from mpl_toolkits.mplot3d import Axes3D

    figure.set_layout_engine("none")
    axes = figure.add_axes((0.0, 0.01, 0.95, 0.95), axes_class=Axes3D)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.labelpad = 2
        axis.set_pane_color(look.paper)
        axis.set_major_locator(MaxNLocator(5))
        axis.set_tick_params(pad=1)
    axes.view_init(elev=22, azim=-58)
    axes.set_box_aspect(None, zoom=0.96)
    return axes


def flight(found: Any, *, dark: bool = False, title: str | None = None, frames: int = 72) -> Film:
    """Both paths while they are drawn, and their distance beside them.

    Parameters
    ----------
    found : Butterfly
    dark : bool
    title : str, optional
    frames : int

    Returns
    -------
    Film
    """
    return Film(_frames(found, dark, title, frames))


def _frames(found: Any, dark: bool, title: str | None, frames: int) -> Iterator[Any]:
    look = theme(dark)
    places = list(range(min(3, len(found.states))))
    flat = len(places) < 3
    cuts = np.linspace(1, len(found.t) - 1, frames).astype(int)
    tail = max(2, len(found.t) // 16)
    with styled(look):
        figure = sheet(look, None, (8.8, 4.4))
        figure.set_layout_engine("none")
        axes = figure.add_axes((0.07, 0.13, 0.42, 0.72)) if flat else space(figure, look)
        if not flat:
            axes.set_position((-0.03, 0.0, 0.56, 0.95))
        right = figure.add_axes((0.62, 0.14, 0.35, 0.7))
        distances(right, found, look)
        right.set_xlabel(label(found.independent))
        right.set_xlim(*sorted((found.t[0], found.t[-1])))
        (mark,) = right.plot([], [], "o", color=look.palette[2], ms=8, mec=look.paper, mew=1.2, zorder=6)
        columns = [(label(found.states[k]), np.append(found.first[:, k], found.second[:, k])) for k in places]
        if len(columns) == 1:  # a single state is drawn over time
            columns.insert(0, (label(found.independent), found.t))
        for side, (name, values) in zip("xyz", columns, strict=False):
            getattr(axes, f"set_{side}lim")(*padded(float(values.min()), float(values.max())))
            getattr(axes, f"set_{side}label")(name)
        pieces = [
            (path, tracks(axes, max(2, len(places)), colour, look))
            for path, colour in ((found.first, look.palette[0]), (found.second, look.palette[1]))
        ]
        figure.text(0.03, 0.97, title or "", fontsize=13, ha="left", va="top")
        words = figure.text(0.03, 0.97 - 0.07 * bool(title), "", fontsize=9, color=look.quiet, va="top")
    for last in cuts:
        for path, lines in pieces:
            for line, first in zip(lines, (0, max(0, last - tail), last), strict=True):
                part = [path[first : last + 1, k] for k in places]
                if len(part) == 1:
                    part = [found.t[first : last + 1], *part]
                (line.set_data if flat else line.set_data_3d)(*part)
        mark.set_data(found.t[last : last + 1], found.distance[last : last + 1])
        words.set_text(f"{found.independent} = {found.t[last]:5.1f}   distance {small(found.distance[last])}")
        yield figure


def tracks(axes: Any, dimensions: int, colour: Any, look: Theme) -> list[Any]:
    """Three empty lines of a path: where it was, where it has just been, and where it is."""
    empty: list[Any] = [[]] * dimensions
    old = axes.plot(*empty, color=colour, lw=0.6, alpha=0.55)
    new = axes.plot(*empty, color=colour, lw=1.9)
    head = axes.plot(*empty, "o", color=colour, ms=8, mec=look.paper, mew=1.2, zorder=6)
    return [*old, *new, *head]
