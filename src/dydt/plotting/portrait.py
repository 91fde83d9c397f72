"""Phase portraits: direction field, nullclines, equilibria, separatrices and orbits in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dydt.plotting.labels import label
from dydt.plotting.phase import travelled
from dydt.plotting.picture import Picture, save, sheet
from dydt.plotting.series import heading
from dydt.plotting.style import Theme, styled, theme

Array = Any

_ARROW = 0.55  # length of the arrows of the field, in cells of their grid
_SIZE = (7.4, 5.2)

# How each sort of equilibrium is marked, and what the legend calls it: outline, filling, dot in the middle.
_MARKS: dict[str, dict[str, Any]] = {
    "attractor": {"marker": "o", "fill": "ink"},
    "repulsor": {"marker": "o", "fill": "paper"},
    "saddle": {"marker": "X", "fill": "ink"},
    "centre": {"marker": "o", "fill": "paper", "dot": True},
    "half-stable": {"marker": "o", "fill": "half"},
    "undecided": {"marker": "D", "fill": "paper"},
}


def portrait(
    portrait: Any,
    *,
    dark: bool = False,
    title: str | None = None,
    path: str | Path | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """Draw the phase portrait of a law of the plane.

    Parameters
    ----------
    portrait : Portrait
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
        A matplotlib Figure: small arrows for the field, dashed nullclines, orbits in colours, separatrices and limit
        cycles in ink, and a mark for each equilibrium.

    Examples
    --------
    >>> import dydt
    >>> figure = dydt.gallery.lotka_volterra().portrait().plot()
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()][2:]
    ['orbits', 'separatrices', 'centre', 'saddle']
    """
    look = theme(dark)
    with styled(look):
        figure = sheet(look, size, _SIZE)
        axes = figure.add_subplot()
        axes.grid(visible=False)
        draw_field(axes, portrait, look)
        draw_nullclines(axes, portrait.nullclines, look)
        draw_orbits(axes, portrait, look)
        draw_equilibria(axes, portrait.equilibria, look)
        frame(axes, portrait.box)
        axes.legend(
            loc="upper left", bbox_to_anchor=(1.01, 1.02), borderaxespad=0, fontsize=10.5, handlelength=1.9
        )
        heading(axes, title, "", look)
    if path is not None:
        save(figure, path)
    return figure


def frame(axes: Any, box: Any) -> None:
    """Limits and names of the axes."""
    axes.set_xlim(box.low[0], box.high[0])
    axes.set_ylim(box.low[1], box.high[1])
    axes.set_xlabel(label(box.names[0]))
    axes.set_ylabel(label(box.names[1]))


def draw_field(axes: Any, portrait: Any, look: Theme, heads: bool = True) -> None:
    """Small arrows, all of one length, that keep in the background."""
    count = max(2.0, np.sqrt(len(portrait.places)))
    size = portrait.box.size
    steps = portrait.directions * size * (_ARROW / count)
    head = {"headwidth": 4.2, "headlength": 4.6, "headaxislength": 4.0}
    if not heads:
        head = {"headwidth": 0, "headlength": 0, "headaxislength": 0}
    axes.quiver(
        *portrait.places.T,
        *steps.T,
        angles="xy",
        scale_units="xy",
        scale=1.0,
        pivot="mid",
        units="inches",
        width=0.011,
        color=look.quiet,
        alpha=0.55,
        zorder=1,
        **head,
    )


def draw_nullclines(axes: Any, nullclines: Any, look: Theme) -> None:
    """Dashed curves, a colour a state."""
    for item, colour, dashes in zip(
        nullclines, (look.palette[1], look.palette[3]), ((5, 3), (2, 2)), strict=True
    ):
        name = f"{label(item.state + chr(39))} = 0"
        for k, curve in enumerate(item.curves):
            style = {"color": colour, "lw": 1.3, "ls": (0, dashes), "zorder": 2.2}
            axes.plot(*curve.T, label=name if k == 0 else None, gid=f"nullcline {item.state}", **style)


def draw_orbits(axes: Any, portrait: Any, look: Theme) -> None:
    """Orbits in colours, from the inner ones to the outer ones; what divides and what draws them in, in ink."""
    limits = [(a, b) for a, b in zip(portrait.box.low, portrait.box.high, strict=True)]
    order = inside_out(portrait.orbits, portrait)
    colours = orbit_colours(len(order), look)
    for k, (place, colour) in enumerate(zip(order, colours, strict=True)):
        orbit = portrait.orbits[place]
        curve(axes, orbit, limits, colour, 1.4, "orbit", "orbits" if k == len(order) // 2 else None)
    for k, orbit in enumerate(portrait.separatrices):
        curve(axes, orbit, limits, look.ink, 1.5, "separatrix", "separatrices" if k == 0 else None, 2.6)
    words: set[str] = set()
    for orbit in portrait.cycles:
        word = "limit cycle" if orbit.stability == "attractor" else "unstable limit cycle"
        dashes = "-" if orbit.stability == "attractor" else (0, (4, 1.5))
        named = None if word in words else word
        curve(axes, orbit, limits, look.ink, 2.8, "limit cycle", named, 2.8, dashes)
        words.add(word)


def curve(
    axes: Any,
    orbit: Any,
    limits: Sequence[tuple[float, float]],
    colour: Any,
    width: float,
    kind: str,
    named: str | None,
    zorder: float = 2.4,
    dashes: Any = "-",
) -> None:
    """One orbit with an arrowhead in the direction of time."""
    axes.plot(*orbit.points.T, color=colour, lw=width, ls=dashes, label=named, gid=kind, zorder=zorder)
    length = travelled(list(orbit.points.T), limits)
    seen = within(orbit.points, limits)
    if length[-1] < 0.12 or not seen.any():
        return
    middle = 0.5 * (length[np.argmax(seen)] + min(length[-1], length[np.argmax(seen)] + 1.4))
    k = int(np.searchsorted(length, middle))
    places = np.flatnonzero(seen & (np.hypot(*np.gradient(orbit.points, axis=0).T) > 0))
    if len(places):
        head(axes, orbit.points, int(places[np.argmin(np.abs(places - k))]), limits, colour, width)


def within(points: Array, limits: Sequence[tuple[float, float]]) -> Array:
    """Which points are well inside the picture."""
    inside = np.ones(len(points), dtype=bool)
    for column, (low, high) in zip(points.T, limits, strict=True):
        room = 0.03 * (high - low)
        inside &= (column > low + room) & (column < high - room)
    return inside


def head(
    axes: Any, points: Array, k: int, limits: Sequence[tuple[float, float]], colour: Any, width: float
) -> None:
    """An arrowhead at a point of a curve."""
    size = np.array([high - low for low, high in limits])
    a, b = points[max(k - 1, 0)], points[min(k + 1, len(points) - 1)]
    way = (b - a) / size
    if not np.hypot(*way) > 0:
        return
    tail = points[k] - 0.012 * way / np.hypot(*way) * size
    shape = {"arrowstyle": "-|>,head_length=0.5,head_width=0.26", "mutation_scale": 9 + 2.2 * width}
    style = shape | {"color": colour, "lw": 0.4, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=points[k], xytext=tail, arrowprops=style, zorder=3)


def inside_out(orbits: Sequence[Any], portrait: Any) -> list[int]:
    """Places of orbits, those nearest to the middle of the story first."""
    points = portrait.equilibria.points if portrait.equilibria is not None else np.zeros((0, 2))
    box = portrait.box
    inner = points[box.contains(points)] if len(points) else points
    middle = inner.mean(axis=0) if len(inner) else 0.5 * (box.low + box.high)
    if len(inner):
        middle = inner[np.argmax(np.abs((inner - box.low) / box.size - 0.5).max(axis=1) < 0.45)]
    far = [float(np.median(np.hypot(*((o.points - middle) / box.size).T))) for o in orbits]
    return [int(k) for k in np.argsort(far, kind="stable")]


def orbit_colours(count: int, look: Theme) -> list[Any]:
    """Colours of orbits: apart from those of the nullclines, and evenly along a map where they are many."""
    apart = [look.palette[k] for k in (0, 2, 4, 6, 5)]
    if count <= len(apart):
        return apart[:count]
    return [tuple(c) for c in look.colour_map()(np.linspace(0.0, 1.0, count))]


# -- equilibria ------------------------------------------------------------------------------------------------------


def sort_of(item: Any) -> str:
    """Which mark an equilibrium has."""
    if item.kind == "centre":
        return "centre"
    if item.kind in ("saddle-node", "half-stable point"):
        return "half-stable"
    return item.stability if item.stability in _MARKS else "undecided"


def draw_equilibria(axes: Any, equilibria: Any, look: Theme) -> None:
    """A mark for each, and a word for each sort; sets that are not isolated as bands."""
    for found in equilibria.sets:
        axes.plot(*found.points.T, "o", color=look.quiet, ms=4, label="equilibria, not isolated", zorder=3.5)
    named: set[str] = set()
    for item in sorted(equilibria, key=lambda item: (sort_of(item), item.kind)):
        sort = sort_of(item)
        word = word_of(item, sort)
        mark(axes, item.point, sort, look, None if word in named else word)
        named.add(word)


def word_of(item: Any, sort: str) -> str:
    """What the legend calls an equilibrium."""
    if sort in ("attractor", "repulsor") and sort not in item.kind:
        return f"{item.kind}"
    return "undecided" if sort == "undecided" else item.kind


def mark(axes: Any, point: Sequence[float], sort: str, look: Theme, word: str | None) -> None:
    """The mark of an equilibrium."""
    shape = _MARKS[sort]
    fill = {"ink": look.ink, "paper": look.paper, "half": look.ink}[shape["fill"]]
    style: dict[str, Any] = {"marker": shape["marker"], "mfc": fill, "mec": look.ink, "mew": 1.5, "ms": 8}
    if shape.get("dot"):
        style["mew"] = 0
    if sort == "saddle":
        style |= {"mec": look.paper, "mew": 1.0, "ms": 10.5}
    if sort == "attractor":
        style |= {"mec": look.paper, "mew": 1.0, "ms": 9.5}
    if shape["fill"] == "half":
        style |= {"fillstyle": "left", "markerfacecoloralt": look.paper}
    x, y = [float(point[0])], [float(point[1])]
    axes.plot(
        x, y, ls="", label=None if shape.get("dot") else word, gid=f"equilibrium {sort}", zorder=5, **style
    )
    if shape.get("dot"):
        axes.plot(
            x, y, ls="", marker=dotted(), mfc=look.ink, mec=look.ink, mew=0, ms=9.5, label=word, zorder=5.1
        )


def dotted() -> Any:
    """A ring with a dot in it, as a path."""
    from matplotlib.path import Path

    ring, hole, dot = Path.circle(radius=1.0), Path.circle(radius=0.74), Path.circle(radius=0.34)
    hole = Path(np.asarray(hole.vertices)[::-1], hole.codes)
    return Path.make_compound_path(ring, hole, dot)


def space(
    space: Any,
    *,
    dark: bool = False,
    title: str | None = None,
    path: str | Path | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """Draw the portrait of a law of three states: its path in space, coloured along time, and its equilibria.

    Parameters
    ----------
    space : Space
    dark, title, path, size
        As of `portrait`.

    Examples
    --------
    >>> import dydt
    >>> len(dydt.gallery.lorenz().portrait().plot().axes)
    2
    """
    from dydt.plotting.phase import phase

    figure = phase(space.solution, *space.states, dark=dark, title=title, size=size)
    look = theme(dark)
    axes: Any = figure.axes[0]
    with styled(look):
        limits = np.array([axes.get_xlim(), axes.get_ylim(), axes.get_zlim()])
        for item in space.equilibria:
            point = item.point
            if np.all((point >= limits[:, 0]) & (point <= limits[:, 1])):
                shape = _MARKS[sort_of(item)]
                fill = look.paper if shape["fill"] == "paper" else look.ink
                style = {"marker": shape["marker"], "mfc": fill, "mec": look.ink, "ms": 7, "zorder": 10}
                axes.plot(*([float(v)] for v in point), ls="", gid=f"equilibrium {sort_of(item)}", **style)
    if path is not None:
        save(figure, path)
    return figure
