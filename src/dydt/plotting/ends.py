"""The ends of an ensemble: over one swept value, as a map over two, or how often each comes about."""

from __future__ import annotations

from typing import Any

import numpy as np

from dydt.plotting.labels import label
from dydt.plotting.members import Members, is_logarithmic, some, swept_label
from dydt.plotting.picture import Picture, sheet
from dydt.plotting.samples import padded
from dydt.plotting.series import heading
from dydt.plotting.style import Theme

Array = Any
Size = tuple[float, float] | None

_JOINED = 80  # so few ends are joined by a line
_RUG = 400
_DRAWN = 100_000  # more points than this nobody tells apart


def draw_ends(ensemble: Any, seen: Members, look: Theme, size: Size, title: str | None) -> Picture:
    """The picture that suits what was swept."""
    if len(seen.swept) == 1:
        return over_one(ensemble, seen, look, size, title)
    axes = grid_axes(ensemble)
    if axes is not None:
        return over_two(ensemble, seen, axes, look, size, title)
    return histograms(seen, look, size, title)


def grid_axes(ensemble: Any) -> tuple[str, str] | None:
    """The two names that were swept against each other, in the order of the dimensions; or None."""
    if len(ensemble.swept) != 2 or len(ensemble.shape) != 2 or min(ensemble.shape) < 2:
        return None
    (a, first), (b, second) = ((n, np.broadcast_to(v, ensemble.shape)) for n, v in ensemble.swept.items())
    for (x, across), (y, up) in (((a, first), (b, second)), ((b, second), (a, first))):
        if np.all(across == across[:, :1]) and np.all(up == up[:1]):
            alone = len(np.unique(across[:, 0])) == len(across) and len(np.unique(up[0])) == up.shape[1]
            return (x, y) if alone else None
    return None


def quantity(seen: Members, name: str) -> str:
    """A state and when it is seen."""
    return f"{label(name)} at {seen.where}" if seen.where else label(name)


# -- over one value ------------------------------------------------------------------------------------------


def over_one(ensemble: Any, seen: Members, look: Theme, size: Size, title: str | None) -> Picture:
    """A point a member over what was swept, a row a state."""
    ((swept, values),) = seen.swept.items()
    count = len(seen.columns)
    figure = sheet(look, size, (7.6, 4.2 if count == 1 else 1.4 + 1.9 * count))
    rows = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
    order = np.argsort(values, kind="stable")
    order = order[seen.done[order]]
    order = order[some(len(order), _DRAWN)]
    marker = float(np.clip(60.0 / max(len(order), 1) ** 0.5, 1.2, 4.0))
    style = {"marker": "o", "ms": marker, "mew": 0, "lw": 1.2, "ls": "-" if len(order) <= _JOINED else ""}
    for axes, (name, ends), colour in zip(rows, seen.columns.items(), look.colours(count), strict=True):
        axes.plot(values[order], ends[order], color=colour, rasterized=len(order) > 2000, **style)
        axes.set_ylabel(quantity(seen, name) if count == 1 else label(name))
        if len(order):
            axes.set_ylim(padded(float(ends[order].min()), float(ends[order].max())))
    scale = is_logarithmic(values)
    for axes in rows:
        missing = values[~seen.done]
        rug(axes, missing[some(len(missing), _RUG)], look)
        axes.set_xscale("log" if scale else "linear")
    rows[-1].set_xlabel(swept_label(ensemble, swept))
    rows[-1].set_xlim(reach(values, scale))
    figure.align_ylabels(list(rows))
    if count > 1 and seen.where:
        title = title or f"At {seen.where}"
    heading(rows[0], title, seen.remark("crosses stand where they would be", figure.get_figwidth()), look)
    return figure


def rug(axes: Any, values: Array, look: Theme) -> None:
    """Marks on the lower edge for members that have no end."""
    if len(values):
        height = np.full(len(values), 0.0)
        place = {"transform": axes.get_xaxis_transform(), "clip_on": False, "zorder": 5}
        axes.plot(values, height, ls="", marker="x", ms=4.5, mew=1.1, color=look.palette[1], **place)


def reach(values: Array, logarithmic: bool) -> tuple[float, float]:
    """From the least to the most of what was swept, with a little room."""
    low, high = float(values.min()), float(values.max())
    if logarithmic:
        room = (high / low) ** 0.015
        return low / room, high * room
    return padded(low, high) if low == high else (low - 0.015 * (high - low), high + 0.015 * (high - low))


# -- over two values -----------------------------------------------------------------------------------------


def over_two(
    ensemble: Any, seen: Members, names: tuple[str, str], look: Theme, size: Size, title: str | None
) -> Picture:
    """A map of each state, with its colours beside it."""
    columns, rows = shape_of(len(seen.columns))
    usual = (6.6, 4.8) if columns == 1 else (0.6 + 4.1 * columns, 0.9 + 3.1 * rows)
    figure = sheet(look, size, usual)
    shape = ensemble.shape
    across, up = (seen.swept[name].reshape(shape) for name in names)
    i, j = np.argsort(across[:, 0]), np.argsort(up[0])
    places = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes, (name, ends) in zip(places.flat, seen.columns.items(), strict=False):
        values = np.where(seen.done, ends, np.nan).reshape(shape)[np.ix_(i, j)]
        axes.grid(visible=False)
        axes.set_facecolor(look.grid)
        colours, beyond = colour_limits(values)
        style = {"cmap": look.colour_map(), "shading": "nearest", "rasterized": True}
        image = axes.pcolormesh(across[i, 0], up[0, j], values.T, **style, **colours)
        scale = figure.colorbar(image, ax=axes, aspect=28, pad=0.02, extend=beyond)
        scale.ax.set_title(label(name), loc="center", pad=8, fontsize=12)
        scale.outline.set_visible(False)
        scale.ax.tick_params(length=0)
        axes.set_xscale("log" if is_logarithmic(across) else "linear")
        axes.set_yscale("log" if is_logarithmic(up) else "linear")
    for axes in places.flat[len(seen.columns) :]:
        axes.set_visible(False)
    for axes in places[-1]:
        axes.set_xlabel(swept_label(ensemble, names[0]))
    for axes in places[:, 0]:
        axes.set_ylabel(swept_label(ensemble, names[1]))
    remark = seen.remark("their places are left grey", figure.get_figwidth() - 0.6)
    heading(places[0, 0], title or (f"At {seen.where}" if seen.where else None), remark, look)
    return figure


def colour_limits(values: Array) -> tuple[dict[str, float], str]:
    """Limits of the colours, and on which side some values lie beyond them: a few must not outshine the rest."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return {"vmin": 0.0, "vmax": 1.0}, "neither"
    low, usual_low, usual_high, high = (float(v) for v in np.quantile(finite, [0, 0.01, 0.99, 1]))
    spread = usual_high - usual_low
    above, below = spread > 0 and high > usual_high + 2 * spread, spread > 0 and low < usual_low - 2 * spread
    kind = {(False, False): "neither", (True, False): "max", (False, True): "min", (True, True): "both"}
    limits = {"vmin": usual_low if below else low, "vmax": usual_high if above else high}
    return limits, kind[above, below]


def shape_of(count: int) -> tuple[int, int]:
    """Columns and rows for so many panels."""
    columns = count if count <= 3 else 2 if count == 4 else 3
    return columns, -(-count // columns)


# -- over more -----------------------------------------------------------------------------------------------


def histograms(seen: Members, look: Theme, size: Size, title: str | None) -> Picture:
    """How many members end where."""
    columns, rows = shape_of(len(seen.columns))
    usual = (6.4, 4.2) if columns == 1 else (0.6 + 3.5 * columns, 0.9 + 2.7 * rows)
    figure = sheet(look, size, usual)
    places = figure.subplots(rows, columns, squeeze=False, sharey=True)
    colours = look.colours(len(seen.columns))
    for axes, (name, ends), colour in zip(places.flat, seen.columns.items(), colours, strict=False):
        finished = ends[seen.done & np.isfinite(ends)]
        axes.hist(finished, bins=bins(finished), color=colour, lw=0)
        axes.grid(visible=False, axis="x")
        axes.set_xlabel(quantity(seen, name))
    for axes in places.flat[len(seen.columns) :]:
        axes.set_visible(False)
    for axes in places[:, 0]:
        axes.set_ylabel("members")
    heading(places[0, 0], title, seen.remark("they are left out", figure.get_figwidth()), look)
    return figure


def bins(values: Array) -> Any:
    """Edges by the rule of Freedman and Diaconis, at most a hundred bins."""
    if not len(values):
        return 1
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        return np.linspace(*padded(low, high), 12)
    quarter = float(np.subtract(*np.quantile(values, [0.75, 0.25])))
    width = 2 * quarter / len(values) ** (1 / 3)
    count = (high - low) / width if width > 0 else 30
    return np.linspace(low, high, int(np.clip(count, 8, 100)) + 1)
