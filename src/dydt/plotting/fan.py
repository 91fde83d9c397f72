"""Fans: the members of an ensemble over time, or their ends over what was swept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dydt.plotting.ends import draw_ends
from dydt.plotting.labels import label
from dydt.plotting.members import Members, is_logarithmic, members, some, swept_label
from dydt.plotting.picture import Picture, names_and_path, save, sheet
from dydt.plotting.samples import padded, window
from dydt.plotting.series import heading
from dydt.plotting.style import Theme, styled, theme

Array = Any

_PANELS = 6  # states that are drawn when none is named
_CURVES = 60  # more members than this are drawn as bands
_NAMED = 8  # so few members are named one by one when several names are swept
_EXAMPLES = 9  # members drawn above the bands
_MARKED = 400  # so few points are marked each
_SORTED = 20_000  # members that bands are made of, at most
_BANDS = ((0.05, 0.95, 0.2), (0.25, 0.75, 0.3))  # parts of the members, and how dense their colour is


def fan(
    ensemble: Any,
    *names: str | Path,
    dark: bool = False,
    title: str | None = None,
    path: str | Path | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """Draw an ensemble: a panel a state.

    With times saved (``saveat``) it is a fan of curves over time, coloured along the swept value; many members
    are drawn as their median and the bands that hold half and nine tenths of them, with a few members above. Of
    very many a part is drawn that is spread evenly.
    Without, it is the end of each member over the swept value, a map of them over two values swept against each
    other, and a histogram where more were swept.

    Parameters
    ----------
    ensemble : Ensemble
    *names : str
        States or reductions; by default the first six: of reductions, if some and no times were kept.
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
        A matplotlib Figure. Members that did not finish are marked or left out, and counted above.

    Raises
    ------
    InputError
        For an unknown name, size or suffix.

    Examples
    --------
    >>> import dydt, numpy as np
    >>> runs = dydt.ODE("x' = r*x*(1 - x)").sweep(t=(0, 5), x=0.1, r=np.linspace(0.5, 2, 9), saveat=0.1)
    >>> curves, bar = runs.plot().axes
    >>> curves.get_ylabel(), bar.get_title()
    ('$x$', '$r$')
    """
    usual = ensemble.reduced if ensemble.reduced and ensemble.saveat is None else ensemble.states
    shown, path = names_and_path(names, path)
    chosen = list(dict.fromkeys(shown)) or list(usual)[:_PANELS]
    seen = members(ensemble, chosen)
    look = theme(dark)
    with styled(look):
        if seen.times is None:
            figure = draw_ends(ensemble, seen, look, size, title)
        else:
            figure = over_time(ensemble, seen, look, size, title)
    if path is not None:
        save(figure, path)
    return figure


def over_time(
    ensemble: Any, seen: Members, look: Theme, size: tuple[float, float] | None, title: str | None
) -> Picture:
    """Curves or bands over time, a row a state."""
    count = len(seen.columns)
    figure = sheet(look, size, (7.6, 4.2 if count == 1 else 1.4 + 1.9 * count))
    rows = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
    one = len(seen.swept) == 1
    drawn = _drawn(seen)
    if one:
        colours, mapped = along(next(iter(seen.swept.values())), look)
    elif seen.count <= _NAMED:
        colours = [*look.colours(seen.count)]
    for axes, (name, values), colour in zip(rows, seen.columns.items(), look.colours(count), strict=True):
        if len(drawn) < seen.count:
            bands(axes, seen.times, values, look.quiet if one else colour)
        if not one and seen.count > _NAMED:
            colours = [colour] * seen.count
        axes.set_ylim(limits(seen, values, drawn))
        curves(axes, seen, name, drawn, colours)
        crosses(axes, seen, name, drawn, colours, look)
        axes.set_ylabel(label(name))
    first, last = sorted((float(seen.times[0]), float(seen.times[-1])))
    margin = 0.015 * (last - first) if is_marked(seen, drawn) else 0.0
    rows[-1].set_xlim(first - margin, last + margin)
    rows[-1].set_xlabel(label(seen.independent))
    figure.align_ylabels(list(rows))
    if one:
        scale = figure.colorbar(mapped, ax=list(rows), aspect=14 + 12 * count, pad=0.02)
        scale.ax.set_title(swept_label(ensemble, next(iter(seen.swept))), loc="center", pad=8, fontsize=12)
        scale.outline.set_visible(False)
        scale.ax.tick_params(length=0, which="both")
    key(list(rows), ensemble, seen, drawn, look, one)
    so = "a cross marks the last time kept of each"
    if len(drawn) < seen.count:
        so = "median and bands are of those that came so far"
    heading(rows[0], title, seen.remark(so, figure.get_figwidth() - 1.0), look)
    return figure


def _drawn(seen: Members) -> Array:
    """The members drawn as curves: all of a few; else some, evenly along what was swept."""
    if seen.count <= (_CURVES if len(seen.swept) == 1 else _NAMED):
        return np.arange(seen.count)
    order = np.lexsort(list(seen.swept.values())[::-1])
    if len(seen.swept) > 1:
        return order[some(seen.count, _EXAMPLES)]
    return order[np.linspace(0, seen.count - 1, _EXAMPLES).astype(int)]


def along(values: Array, look: Theme) -> tuple[Array, Any]:
    """A colour for each value, and the scale they are on."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm, Normalize

    low, high = float(np.min(values)), float(np.max(values))
    if low == high:
        low, high = padded(low, high)
    scale = LogNorm(low, high) if is_logarithmic(values) else Normalize(low, high)
    mapped = ScalarMappable(scale, look.colour_map())
    return mapped.to_rgba(values), mapped


def curves(axes: Any, seen: Members, name: str, drawn: Array, colours: Sequence[Any]) -> None:
    """A line a member; few points are marked, since the line between them is only a guide for the eye."""
    style: dict[str, Any] = {"lw": 1.4 if len(drawn) <= 20 else 1.0}
    if len(drawn) < seen.count:
        style = {"lw": 1.1} if len(seen.swept) == 1 else {"lw": 0.7, "alpha": 0.7}
    if is_marked(seen, drawn):
        style |= {"marker": "o", "ms": 2.8}
    for member in drawn:
        axes.plot(seen.times, seen.columns[name][member], color=colours[member], zorder=3, **style)


def is_marked(seen: Members, drawn: Array) -> bool:
    """Whether the points are so few that each gets a mark."""
    return len(drawn) * len(seen.times) <= _MARKED and len(drawn) <= 20


def crosses(axes: Any, seen: Members, name: str, drawn: Array, colours: Sequence[Any], look: Theme) -> None:
    """A mark where a member stopped; on the edge of the picture if it ran out of it."""
    for member in drawn:
        values = seen.columns[name][member]
        there = np.flatnonzero(np.isfinite(values))
        if not seen.done[member] and len(there):
            style = {"marker": "X", "ms": 7, "mfc": colours[member], "mec": look.paper, "mew": 0.8, "ls": ""}
            height = np.clip(values[there[-1:]], *axes.get_ylim())
            axes.plot(seen.times[there[-1:]], height, **style, zorder=4, clip_on=False)


def bands(axes: Any, times: Array, values: Array, colour: Any) -> None:
    """The median of the members, and the parts of them that lie around it."""
    parts = sorted({0.5, *(part for low, high, _ in _BANDS for part in (low, high))})
    lines = dict(zip(parts, quantiles(values, parts), strict=True))
    for low, high, density in _BANDS:
        axes.fill_between(times, lines[low], lines[high], color=colour, alpha=density, lw=0, zorder=1)
    axes.plot(times, lines[0.5], color=colour, lw=2.6, zorder=2)


def quantiles(values: Array, parts: Sequence[float]) -> list[Array]:
    """Values below which these parts of the members lie, at each time, of those members that came so far."""
    ordered = np.sort(values[some(len(values), _SORTED)], axis=0)  # NaN comes last
    count = np.count_nonzero(np.isfinite(ordered), axis=0)
    found = []
    for part in parts:
        place = part * np.maximum(count - 1, 0)
        below = np.floor(place).astype(int)
        above = np.minimum(below + 1, np.maximum(count - 1, 0))
        column = np.arange(values.shape[1])
        line = ordered[below, column] + (place - below) * (ordered[above, column] - ordered[below, column])
        found.append(np.where(count > 0, line, np.nan))
    return found


def limits(seen: Members, values: Array, drawn: Array) -> tuple[float, float]:
    """An axis that shows what is drawn; those that ran away don't flatten the others."""
    shown = values[drawn]
    if len(drawn) < seen.count:
        low, high = quantiles(values, [0.05, 0.95])
        shown = np.vstack([shown, low, high])
    finished = np.concatenate([seen.done[drawn], np.ones(len(shown) - len(drawn), dtype=bool)])
    calm = shown[finished & np.isfinite(shown).any(axis=1)]
    if len(calm):
        least, most = float(np.nanmin(calm)), float(np.nanmax(calm))
        room = 0.6 * (most - least)
        wild = shown[~finished]
        if np.isfinite(wild).any():
            least = max(min(least, float(np.nanmin(wild))), least - room)
            most = min(max(most, float(np.nanmax(wild))), most + room)
        return padded(least, most)
    ends = np.array([window(seen.times, row, False) for row in shown])
    return padded(float(ends[:, 0].min()), float(ends[:, 1].max()))


def key(rows: Sequence[Any], ensemble: Any, seen: Members, drawn: Array, look: Theme, one: bool) -> None:
    """Say what bands are, or which member is which."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.transforms import ScaledTranslation

    handles: list[Any] = []
    if len(drawn) < seen.count:
        colour = look.quiet if one else look.palette[0]
        handles.append(Line2D([], [], color=colour, lw=2.6, label="median"))
        for low, high, density in reversed(_BANDS):
            alpha = min(1.0, density + (0.16 if high < 0.95 else 0.0))
            handles.append(Patch(color=colour, alpha=alpha, lw=0, label=f"{100 * (high - low):.0f} %"))
        handles.append(Line2D([], [], color=colour, lw=0.9, label=f"{len(drawn)} of {seen.count:,} members"))
    elif not one:
        for member, colour in zip(drawn, look.colours(len(drawn)), strict=True):
            values = ", ".join(
                f"{swept_label(ensemble, name)} = {column[member]:.4g}" for name, column in seen.swept.items()
            )
            handles.append(Line2D([], [], color=colour, lw=1.7, label=values))
    if not handles:
        return
    if one:  # the colours stand beside the curves, so this goes below them
        below = rows[-1].transAxes + ScaledTranslation(0, -0.5, rows[-1].figure.dpi_scale_trans)
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0), "bbox_transform": below}
        rows[-1].legend(handles=handles, **place, ncols=len(handles), fontsize=9, labelcolor=look.quiet)
    else:
        place = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.02), "borderaxespad": 0}
        rows[0].legend(handles=handles, **place, fontsize=10)
