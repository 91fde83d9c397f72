"""A solution by hand over the one by machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dydt.plotting.labels import label
from dydt.plotting.picture import Picture, save, sheet
from dydt.plotting.samples import padded
from dydt.plotting.style import Theme, styled, theme

_LONGEST = 70  # characters of LaTeX that a legend takes


def explained(
    explanation: Any,
    t: Any = None,
    *,
    dark: bool = False,
    title: str | None = None,
    path: str | Path | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """Draw the closed form as a line, and the points of the native solver on it; or members of the general solution.

    Parameters
    ----------
    explanation : Explanation
    t : (t0, t1), optional
        The span; by default around the start, inside the interval where the solution holds.
    dark, title, path, size
        As in `time_series`.

    Returns
    -------
    Picture

    Raises
    ------
    InputError
        If there is no closed form, or it has more than one free constant.
    """
    curves = explanation.curves(t)
    look = theme(dark)
    with styled(look):
        figure = sheet(look, size, (7.6, 4.6))
        axes = figure.subplots()
        colours = look.colours(len(curves))
        for curve, colour in zip(curves, colours, strict=True):
            short = "closed form" if len(curves) == 1 else label(curve.name)
            written = f"${curve.label}$" if len(curve.label) <= _LONGEST else short
            axes.plot(curve.t, curve.values, color=colour, lw=1.9, label=written)
            if curve.marks is not None:
                axes.plot(*curve.marks, "o", ms=5.5, mfc=look.paper, mec=colour, mew=1.3, ls="none")
        _frame(axes, explanation, curves, look)
        if title:
            axes.set_title(title, loc="left")
    if path is not None:
        save(figure, path)
    return figure


def _frame(axes: Any, explanation: Any, curves: list[Any], look: Theme) -> None:
    problem = explanation.problem
    axes.set_xlabel(label(str(problem.independent)))
    axes.set_ylabel(", ".join(label(name) for name in dict.fromkeys(curve.name for curve in curves)))
    first, last = curves[0].t[[0, -1]]
    axes.set_xlim(first - 0.02 * (last - first), last + 0.02 * (last - first))
    heights = np.concatenate([curve.values[np.isfinite(curve.values)] for curve in curves])
    if len(heights):  # poles must not press the rest flat
        low, high = np.quantile(heights, [0.02, 0.98])
        whole = heights.min(), heights.max()
        reach = 1.5 * (high - low) if high > low else 1.0
        axes.set_ylim(padded(max(whole[0], low - reach), min(whole[1], high + reach)))
    if any(curve.marks is not None for curve in curves):
        axes.plot(
            [], [], "o", ms=5.5, mfc=look.paper, mec=look.quiet, mew=1.3, ls="none", label="native solver"
        )
    if problem.initial:
        start = float(problem.start)
        for unknown in problem.unknowns:
            value = problem.initial.get(unknown.func.__name__)
            if value is not None:
                axes.plot([start], [float(value)], "o", ms=7, color=look.ink, zorder=5)
    axes.legend(loc="upper left", bbox_to_anchor=(0.0, -0.16), borderaxespad=0, ncols=min(len(curves) + 1, 4))
