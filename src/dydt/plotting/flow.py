"""Networks of continuous depth: their points on the way, and what they make of the plane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize, to_rgb
from matplotlib.transforms import ScaledTranslation

from dydt.errors import InputError
from dydt.plotting.animate import Film
from dydt.plotting.labels import label
from dydt.plotting.picture import Picture, save, sheet
from dydt.plotting.series import heading
from dydt.plotting.style import LIGHT, Theme, styled, theme

Array = Any

_MOST_CLASSES = 12  # that are told apart by their colours
_FILL = 0.42  # how strong the colour of a region is on the paper
_MOST_PATHS = 400  # lines are drawn for
_DOT = 15.0


def stream(
    found: Any,
    *,
    along: Sequence[str] | None = None,
    panels: int = 4,
    dark: bool = False,
    title: str | None = None,
    path: str | Path | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """Draw where points are at a few times, evenly spread, with the way that brought them there.

    Parameters
    ----------
    found : Stream
    along : (str, str), optional
        The two states that are drawn; by default both, or of more the plane in which labels are seen apart best at the
        end, as `Stream.plane` tells.
    panels : int
        How many times.
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
        For an unknown state, or fewer than one panel.
    """
    if panels < 1 or int(panels) != panels:
        raise InputError(f"panels must be a whole number from 1 on, and is {panels!r}")
    look, (points, names) = theme(dark), found.plane(along)
    last = len(found.t) - 1
    shown = np.linspace(last if panels == 1 else 0, last, min(panels, last + 1)).round().astype(int)
    with styled(look):
        colours, legend = _colours(found.labels, look)
        figure, row = _row(len(shown), size, bool(title) or bool(legend), not isinstance(legend, list), look)
        for axes, now in zip(row, shown, strict=True):
            _window(axes, points)
            _trails(axes, points[: now + 1], colours)
            for chosen, dots in _dots(axes, found.labels, colours, _DOT, look):
                dots.set_offsets(points[now][chosen])
            heading(axes, title if axes is row[0] else None, f"t = {found.t[now]:.3g}", look)
            axes.tick_params(labelleft=axes is row[0])
        row[0].set_ylabel(_named(names[1]))
        figure.supxlabel(_named(names[0]), fontsize=12, y=0.035)
        _explain(figure, row[-1], legend, look, rows=int(len(shown) > 1))
    if path is not None:
        save(figure, path)
    return figure


def moving(
    found: Any,
    *,
    along: Sequence[str] | None = None,
    dark: bool = False,
    title: str | None = None,
    size: tuple[float, float] | None = None,
) -> Film:
    """The points as they move: one frame for each time.

    Parameters
    ----------
    found : Stream
    along, dark, title, size
        As for `stream`.

    Returns
    -------
    Film
    """
    return Film(_frames(found, along, dark, title, size), seconds=0.06)


def _frames(found: Any, along: Any, dark: bool, title: str | None, size: Any) -> Iterator[Picture]:
    look, (points, names) = theme(dark), found.plane(along)
    tail = max(2, len(points) // 8)
    with styled(look):
        figure = sheet(look, size, (5.0, 4.9 + 0.2 * bool(title)))
        axes = figure.subplots()
        colours, legend = _colours(found.labels, look)
        _window(axes, points)
        lines = _trails(axes, points[:1], colours)
        marks = _dots(axes, found.labels, colours, 1.6 * _DOT, look)
        axes.set_xlabel(_named(names[0]))
        axes.set_ylabel(_named(names[1]))
        heading(axes, title, "t = 0.00", look)
        words = axes.texts[-1]
        _explain(figure, axes, legend, look)
    for now in range(len(points)):
        for chosen, dots in marks:
            dots.set_offsets(points[now][chosen])
        lines.set_segments(list(points[max(0, now - tail) : now + 1, :_MOST_PATHS].transpose(1, 0, 2)))
        words.set_text(f"t = {found.t[now]:.2f}")
        yield figure


def regions(
    found: Any,
    *,
    dark: bool = False,
    title: str | None = None,
    path: str | Path | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """Draw what is predicted all over the plane of two features, and the points.

    Parameters
    ----------
    found : Regions
    dark, title, path, size
        As for `stream`.

    Returns
    -------
    Picture
        A matplotlib Figure.
    """
    look = theme(dark)
    extent = (found.first[0], found.first[-1], found.second[0], found.second[-1])
    with styled(look):
        figure = sheet(look, size, (5.2, 4.6 + 0.25 * bool(title)))
        axes = figure.subplots()
        axes.grid(False)
        if found.classes is None:
            _surface(figure, axes, found, extent, look)
        else:
            palette = look.colours(len(found.classes))
            _territories(axes, found, extent, palette, look)
            chosen = [palette[k] for k in np.searchsorted(found.classes, found.labels)]
            u, v = found.points.T
            axes.scatter(u, v, c=chosen, s=1.4 * _DOT, ec=look.paper, lw=0.6, zorder=3)
            if len(found.classes) <= _MOST_CLASSES:
                legend = list(zip(map(str, found.classes), palette, strict=True))
                _explain(figure, axes, legend, look)
        axes.set_xlim(extent[:2])
        axes.set_ylim(extent[2:])
        axes.set_xlabel(label(found.names[0]))
        axes.set_ylabel(label(found.names[1]))
        heading(axes, title, "", look)
    if path is not None:
        save(figure, path)
    return figure


def _row(count: int, size: Any, has_title: bool, has_scale: bool, look: Theme) -> tuple[Picture, list[Any]]:
    """Square axes side by side, as large as the picture lets them be."""
    left, gap, right, bottom, top = 0.8, 0.22, 0.15 + 0.75 * has_scale, 0.72, 0.38 + 0.26 * has_title
    width, height = left + right + gap * (count - 1), bottom + top
    figure = sheet(look, size, (width + 2.25 * count, height + 2.25))
    figure.set_layout_engine("none")
    wide, high = figure.get_size_inches()
    side = max(0.1, min((wide - width) / count, high - height))
    row: list[Any] = []
    for k in range(count):
        place = ((left + k * (side + gap)) / wide, bottom / high, side / wide, side / high)
        row.append(figure.add_axes(place, sharex=row[0] if row else None, sharey=row[0] if row else None))
    return figure, row


# -- parts --------------------------------------------------------------------------------------------------------


def _territories(axes: Any, found: Any, extent: Any, palette: Sequence[Any], look: Theme) -> None:
    """Each place in the colours of its classes, as probable as they are, and lines where the likeliest one changes."""
    mixed = found.values @ np.array([to_rgb(colour) for colour in palette])
    picture = (1.0 - _FILL) * np.array(to_rgb(look.paper)) + _FILL * mixed
    axes.imshow(
        np.clip(picture, 0, 1), origin="lower", extent=extent, aspect="auto", interpolation="bilinear"
    )
    for k in range(found.values.shape[2] if found.values.shape[2] > 2 else 1):
        others = np.delete(found.values, k, axis=2)
        if others.shape[2]:
            ahead = found.values[:, :, k] - others.max(axis=2)
            if ahead.min() < 0 < ahead.max():
                axes.contour(found.first, found.second, ahead, [0.0], colors=[look.ink], linewidths=1.1)


def _surface(figure: Any, axes: Any, found: Any, extent: Any, look: Theme) -> None:
    """The first thing that is predicted, in the colours of what runs along."""
    values, labels = found.values[:, :, 0], np.reshape(found.labels, (len(found.points), -1))[:, 0]
    norm = Normalize(min(values.min(), labels.min()), max(values.max(), labels.max()))
    colours: dict[str, Any] = {"norm": norm, "cmap": look.colour_map()}
    image = axes.imshow(
        values, origin="lower", extent=extent, aspect="auto", interpolation="bilinear", **colours
    )
    u, v = found.points.T
    # A white edge stands out from every colour of the map, on any paper.
    axes.scatter(u, v, c=labels, s=1.6 * _DOT, ec=LIGHT.paper, lw=0.8, zorder=3, **colours)
    bar = figure.colorbar(image, ax=axes, fraction=0.05, pad=0.02)
    bar.outline.set_visible(False)


def _colours(labels: Array, look: Theme) -> tuple[Any, Any]:
    """The colour of each point, and what explains them: (name, colour) pairs, or the scale of numbers."""
    labels = labels if labels.ndim == 1 else labels[:, 0]
    kinds, codes = np.unique(labels, return_inverse=True)
    are_classes = labels.dtype.kind != "f" or np.array_equal(kinds, kinds.round())
    if len(kinds) <= _MOST_CLASSES and are_classes:
        palette = look.colours(len(kinds))
        names = [] if _are_marks(kinds, look) else zip(map(str, kinds), palette, strict=True)
        return [palette[k] for k in codes], list(names)
    values = codes if labels.dtype.kind in "OUS" else labels.astype(float)
    norm = Normalize(float(values.min()), float(values.max()))
    return look.colour_map()(norm(values)), (norm, look.colour_map())


def _are_marks(kinds: Array, look: Theme) -> bool:
    """Whether points are drawn as the names of their classes: where colours run short and names are short."""
    few = len(look.palette) < len(kinds) <= _MOST_CLASSES
    return few and all(len(str(kind)) <= 2 and str(kind).isalnum() for kind in kinds)


def _dots(axes: Any, labels: Array, colours: Any, size: float, look: Theme) -> list[tuple[Array, Any]]:
    """Dots, or the names of classes, at places that are set later, and which points they are."""
    labels = labels if labels.ndim == 1 else labels[:, 0]
    kinds = np.unique(labels)
    if not _are_marks(kinds, look):
        everywhere = np.zeros(len(labels))
        dots = axes.scatter(everywhere, everywhere, s=size, c=colours, ec=look.paper, lw=0.4, zorder=3)
        return [(np.arange(len(labels)), dots)]
    found = []
    for kind in kinds:
        chosen = np.flatnonzero(labels == kind)
        nowhere = np.zeros(len(chosen))
        colour = [colours[chosen[0]]]
        marks = axes.scatter(
            nowhere, nowhere, s=2.6 * size, c=colour, marker=rf"$\mathbf{{{kind}}}$", lw=0, zorder=3
        )
        found.append((chosen, marks))
    return found


def _explain(figure: Any, axes: Any, legend: Any, look: Theme, rows: int = 0) -> None:
    """What the colours are, beside the axes or above them and so many rows of text."""
    if isinstance(legend, list):
        if not legend:
            return
        for name, colour in legend:
            axes.plot([], [], "o", color=colour, ms=5, label=label(name))
        columns = len(legend) if len(legend) <= 4 else -(-len(legend) // 2)
        axes.legend(
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            bbox_transform=axes.transAxes + ScaledTranslation(0.0, 0.21 * rows, figure.dpi_scale_trans),
            ncols=columns,
            fontsize=9,
            borderaxespad=0.1,
            handletextpad=0.1,
            columnspacing=0.9,
        )
        return
    from matplotlib.cm import ScalarMappable

    beside = axes.inset_axes((1.04, 0.0, 0.05, 1.0))
    bar = figure.colorbar(ScalarMappable(*legend), cax=beside)
    bar.outline.set_visible(False)


def _trails(axes: Any, points: Array, colours: Any) -> LineCollection:
    lines = LineCollection(
        list(points[:, :_MOST_PATHS].transpose(1, 0, 2)),
        colors=colours[:_MOST_PATHS],
        linewidths=0.7,
        alpha=0.35,
        zorder=2,
    )
    axes.add_collection(lines, autolim=False)
    return lines


def _window(axes: Any, points: Array) -> None:
    """The same square window for all times, with a margin."""
    flat = points.reshape(-1, 2)
    low, high = flat.min(axis=0), flat.max(axis=0)
    half = 0.53 * float(np.max(high - low)) or 1.0
    for middle, limit in zip(0.5 * (low + high), (axes.set_xlim, axes.set_ylim), strict=True):
        limit(middle - half, middle + half)
    axes.set_box_aspect(1.0)


def _named(name: str) -> str:
    return name if " " in name else label(name)
