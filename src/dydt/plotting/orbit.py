"""Orbits that are drawn while one looks: over a phase portrait, and in space."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dydt.plotting.animate import Film
from dydt.plotting.butterfly import space
from dydt.plotting.labels import label
from dydt.plotting.picture import sheet
from dydt.plotting.portrait import draw_equilibria, draw_field, frame
from dydt.plotting.samples import padded
from dydt.plotting.style import styled, theme

_FRAMES = 60


def over_portrait(portrait: Any, solution: Any, *, dark: bool = False, frames: int = _FRAMES) -> Film:
    """An orbit in the plane while it is drawn, over the field and the equilibria of a portrait.

    Parameters
    ----------
    portrait : Portrait
    solution : Solution
        Of the same law.
    dark : bool
    frames : int
    """
    return Film(_over_portrait(portrait, solution, dark, frames))


def _over_portrait(portrait: Any, solution: Any, dark: bool, frames: int) -> Iterator[Any]:
    look = theme(dark)
    times = np.linspace(solution.t[0], solution.t[-1], 12 * frames + 1)
    places = [solution.states.index(name) for name in portrait.box.names]
    states = solution(times)
    with styled(look):
        figure = sheet(look, None, (7.6, 4.4))
        left, right = figure.subplots(1, 2, width_ratios=[1.15, 1.0])
        left.grid(visible=False)
        draw_field(left, portrait, look)
        draw_equilibria(left, portrait.equilibria, look)
        frame(left, portrait.box)
        (track,) = left.plot([], [], color=look.palette[0], lw=2.0, zorder=4)
        (head,) = left.plot([], [], "o", color=look.palette[0], ms=8, mec=look.paper, mew=1.3, zorder=6)
        curves = []
        for place, colour in zip(places, look.palette[1:], strict=False):
            name = solution.states[place]
            curves.append(right.plot([], [], color=colour, lw=1.7, label=label(name))[0])
        right.set_xlim(times[0], times[-1])
        right.set_ylim(*padded(float(states[:, places].min()), float(states[:, places].max())))
        right.set_xlabel(label(solution.problem.independent))
        right.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2, ncols=2, fontsize=11)
    for k in range(1, frames + 1):
        upto = states[: 12 * k + 1, places]
        with styled(look):
            track.set_data(upto[:, 0], upto[:, 1])
            head.set_data(upto[-1:, 0], upto[-1:, 1])
            for curve, values in zip(curves, upto.T, strict=True):
                curve.set_data(times[: 12 * k + 1], values)
        yield figure


def in_space(solution: Any, *names: str, dark: bool = False, frames: int = _FRAMES) -> Film:
    """A path in three dimensions while it is drawn, seen from a place that moves round it.

    Parameters
    ----------
    solution : Solution
    *names : str
        Three states; by default the first three.
    dark : bool
    frames : int
    """
    return Film(_in_space(solution, list(names) or list(solution.states[:3]), dark, frames))


def _in_space(solution: Any, names: list[str], dark: bool, frames: int) -> Iterator[Any]:
    look = theme(dark)
    each = 60
    times = np.linspace(solution.t[0], solution.t[-1], each * frames + 1)
    points = solution(times)[:, [solution.states.index(name) for name in names]]
    with styled(look):
        figure = sheet(look, None, (6.0, 5.0))
        axes = space(figure, look)
        for side, name, values in zip("xyz", names, points.T, strict=True):
            getattr(axes, f"set_{side}lim")(*padded(float(values.min()), float(values.max())))
            getattr(axes, f"set_{side}label")(label(name))
        (track,) = axes.plot([], [], [], color=look.palette[0], lw=0.8)
        (fresh,) = axes.plot([], [], [], color=look.palette[1], lw=1.8)
        (head,) = axes.plot([], [], [], "o", color=look.palette[1], ms=7, mec=look.paper, mew=1.2)
        words = figure.text(0.03, 0.97, "", fontsize=9, color=look.quiet, ha="left", va="top")
    for k in range(1, frames + 1):
        last = each * k
        track.set_data_3d(*points[: last + 1].T)
        fresh.set_data_3d(*points[max(0, last - each) : last + 1].T)
        head.set_data_3d(*points[last : last + 1].T)
        axes.view_init(elev=22, azim=-58 + 40 * k / frames)
        words.set_text(f"{solution.problem.independent} = {times[last]:.3g}")
        yield figure
