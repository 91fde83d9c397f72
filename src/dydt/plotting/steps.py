"""Steps of methods: beside the exact solution, and how their error falls with h."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dydt.errors import InputError, nearest
from dydt.plotting.labels import label
from dydt.plotting.picture import Picture, save, sheet
from dydt.plotting.samples import padded
from dydt.plotting.series import heading
from dydt.plotting.style import styled, theme
from dydt.solvers.tableaus import tableau

Array = Any

_MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")
_MARKED = 60  # so many points at most are marked each
_ACROSS = 3  # panels in a row


def stepwise(
    made: Any,
    *,
    name: str | None = None,
    dark: bool = False,
    title: str | None = None,
    path: str | Path | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """Draw what each step size makes of a state, beside the exact solution: a panel a method.

    Parameters
    ----------
    made : Steps
    name : str, optional
        The state; the first one unless said otherwise.
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
    >>> made = dydt.ODE("y' = 3*y").steps(["euler", "rk4"], h=[0.5, 0.1], t=(0, 1), y=1, exact=False)
    >>> [axes.get_title(loc="left") for axes in made.plot().axes]
    ['Euler', 'classical Runge–Kutta 4']
    """
    states = made.runs[0].states
    shown = states[0] if name is None else name
    if shown not in states:
        known = ", ".join(states)
        raise InputError(f"there is no state `{shown}`{nearest(shown, states) or '.'} There: {known}")
    column = states.index(shown)
    look = theme(dark)
    count = len(made.methods)
    across = min(count, _ACROSS)
    down = -(-count // across)
    with styled(look):
        figure = sheet(look, size, (1.0 + (6.4 if across == 1 else 3.5 * across), 0.9 + 3.4 * down))
        panels = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
        truth = exact_curve(made, column)
        for axes, method in zip(panels.flat, made.methods, strict=False):
            axes.plot(*truth, color=look.ink, lw=1.3, label="exact", zorder=2)
            runs = [run for run in made.runs if run.method == method]
            for run, colour, marker in zip(runs, look.colours(len(runs)), _MARKERS * 9, strict=False):
                style = {"marker": marker if len(run.t) <= _MARKED else None, "ms": 4, "mew": 0, "lw": 1.2}
                axes.plot(run.t, run.y[:, column], color=colour, label=f"$h$ = {run.h:g}", zorder=3, **style)
            axes.set_title(tableau(method).title, fontsize=11, pad=8)
        for axes in panels.flat[count:]:
            axes.set_visible(False)
        for axes in panels[:, 0]:
            axes.set_ylabel(label(shown))
        for axes in panels[-1]:
            axes.set_xlabel(label(made.runs[0].independent))
        window = limits(made, column, truth[1])
        panels[0, 0].set_ylim(window)
        panels[0, 0].set_xlim(*padded(*sorted((float(truth[0][0]), float(truth[0][-1])))))
        panels[0, across - 1].legend(
            loc="upper left", bbox_to_anchor=(1.01, 1.02), borderaxespad=0, fontsize=10
        )
        if title:
            figure.suptitle(title, fontsize=13, x=0.02, ha="left", color=look.ink)
    if path is not None:
        save(figure, path)
    return figure


def exact_curve(made: Any, column: int) -> tuple[Array, Array]:
    """The exact solution at many times."""
    t = max((run.t for run in made.runs), key=lambda t: abs(t[-1] - t[0]))
    times = np.linspace(t[0], t[-1], 400)
    return times, made.reference(times)[:, column]


def limits(made: Any, column: int, exact: Array) -> tuple[float, float]:
    """A window for the exact solution and the steps; steps that run far away are cut."""
    low, high = float(exact.min()), float(exact.max())
    room = 0.6 * max(high - low, 1e-9 * max(abs(low), abs(high)), 1e-300)
    values = np.concatenate([run.y[:, column] for run in made.runs])
    return padded(
        max(float(min(values.min(), low)), low - room), min(float(max(values.max(), high)), high + room)
    )


def errors(
    made: Any,
    *,
    dark: bool = False,
    title: str | None = None,
    path: str | Path | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """Draw the error at the end against h, on logarithmic scales: the slope of each line is the method's order.

    Parameters
    ----------
    made : Steps
    dark, title, path, size
        As in `stepwise`.

    Returns
    -------
    Picture
        A matplotlib Figure. Large rings are the steps that were asked for.

    Examples
    --------
    >>> import dydt
    >>> made = dydt.ODE("y' = 3*y").steps("heun", h=0.5, t=(0, 1), y=1, exact=False)
    >>> axes = made.plot_errors().axes[0]
    >>> axes.get_xscale(), axes.get_yscale()
    ('log', 'log')
    """
    look = theme(dark)
    with styled(look):
        figure = sheet(look, size, (7.0, 4.8))
        axes = figure.add_subplot()
        names = made.methods
        for name, colour, marker in zip(names, look.colours(len(names)), _MARKERS * 9, strict=False):
            h, found = made.convergence[name]
            seen = np.isfinite(found) & (found > 0)
            if not seen.any():
                continue
            axes.plot(h[seen], found[seen], color=colour, marker=marker, ms=4.5, mew=0, lw=1.3)
            asked = [(run.h, run.error) for run in made.runs if run.method == name and run.error > 0]
            if asked:
                ring = {"mfc": "none", "mec": colour, "mew": 1.3, "ms": 9}
                axes.plot(*zip(*asked, strict=True), ls="", marker="o", **ring)
            order = made.orders[name]
            words = f"{short(name)}: order {order:.2f}" if np.isfinite(order) else short(name)
            place: dict[str, Any] = {
                "xytext": (9, -5),
                "textcoords": "offset points",
                "va": "top",
                "fontsize": 10,
            }
            axes.annotate(words, xy=(h[seen][-1], found[seen][-1]), color=colour, **place)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("$h$")
        axes.set_ylabel(f"error at {made.runs[0].independent} = {made.runs[0].t[-1]:g}")
        low, high = axes.get_ylim()
        axes.set_ylim(low / (high / low) ** 0.06, high)  # room for the words below the last line
        heading(axes, title, "rings: the steps asked for", look)
    if path is not None:
        save(figure, path)
    return figure


def short(name: str) -> str:
    """A method's name without its details in brackets."""
    return tableau(name).title.partition(" (")[0]
