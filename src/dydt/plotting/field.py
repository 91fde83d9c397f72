"""Direction fields of first-order equations, with some of their solutions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dydt.plotting.labels import label
from dydt.plotting.picture import Picture, save, sheet
from dydt.plotting.portrait import _SIZE, curve, draw_field, frame, orbit_colours, sort_of
from dydt.plotting.series import heading
from dydt.plotting.style import Theme, styled, theme

_LINES = {
    "attractor": "-",
    "repulsor": (0, (5, 3)),
    "half-stable": (0, (5, 2, 1, 2)),
    "undecided": (0, (1, 2)),
}


def field(
    field: Any,
    *,
    dark: bool = False,
    title: str | None = None,
    path: str | Path | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """Draw the direction field of a first-order equation, and solutions in it.

    Parameters
    ----------
    field : Field
    dark, title, path, size
        As of `dydt.plotting.portrait.portrait`.

    Returns
    -------
    Picture
        A matplotlib Figure: a stroke for the slope at each point of a grid, solutions in colours; constant solutions
        in ink, drawn through if they attract and dashed if they repel.

    Examples
    --------
    >>> import dydt
    >>> axes = dydt.ODE("y' = t - y").field(t=(0, 5)).plot().axes[0]
    >>> axes.get_xlabel(), axes.get_ylabel()
    ('$t$', '$y$')
    """
    look = theme(dark)
    with styled(look):
        figure = sheet(look, size, _SIZE)
        axes = figure.add_subplot()
        axes.grid(visible=False)
        draw_field(axes, field, look, heads=False)
        for k, piece in enumerate(field.level if field.equilibria is None else ()):
            style: dict[str, Any] = {"color": look.palette[1], "lw": 1.3, "ls": (0, (5, 3)), "zorder": 2.2}
            name = f"{label(field.states[1] + chr(39))} = 0"
            axes.plot(*piece.T, label=name if k == 0 else None, gid="nullcline", **style)
        draw_solutions(axes, field, look)
        draw_constants(axes, field, look)
        frame(axes, field.box)
        axes.legend(
            loc="upper left", bbox_to_anchor=(1.01, 1.02), borderaxespad=0, fontsize=10.5, handlelength=1.9
        )
        heading(axes, title, "", look)
    if path is not None:
        save(figure, path)
    return figure


def draw_solutions(axes: Any, field: Any, look: Theme) -> None:
    """Solutions, coloured by where they are in the middle of the picture."""
    limits = [(a, b) for a, b in zip(field.box.low, field.box.high, strict=True)]
    order = np.argsort([float(np.median(orbit.points[:, 1])) for orbit in field.orbits], kind="stable")
    colours = orbit_colours(len(order), look)
    for k, (place, colour) in enumerate(zip(order, colours, strict=True)):
        name = "solutions" if k == len(order) // 2 else None
        curve(axes, field.orbits[place], limits, colour, 1.5, "solution", name)


def draw_constants(axes: Any, field: Any, look: Theme) -> None:
    """Constant solutions: through if they attract, dashed if they repel."""
    named: set[str] = set()
    for item in field.equilibria or ():
        word = {"attractor": "attractor", "repulsor": "repulsor"}.get(item.stability, item.kind)
        style: dict[str, Any] = {
            "color": look.ink,
            "lw": 1.8,
            "ls": _LINES.get(sort_of(item), "-"),
            "zorder": 2.7,
        }
        ends = [float(field.box.low[0]), float(field.box.high[0])]
        name = None if word in named else word
        axes.plot(ends, [float(item.point[0])] * 2, label=name, gid=f"equilibrium {sort_of(item)}", **style)
        named.add(word)
