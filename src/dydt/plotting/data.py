"""Measurements over time, before anything is fitted to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dydt.errors import InputError, nearest
from dydt.plotting.labels import label
from dydt.plotting.picture import Picture, save, sheet
from dydt.plotting.series import heading
from dydt.plotting.style import Theme, styled, theme

Array = Any

MOST = 6  # panels
_NAMED = 8  # runs that a legend names
_NAME = 10.5  # points, of axes


def samples(
    data: Any,
    path: str | Path | None = None,
    dark: bool = False,
    *,
    names: Sequence[str] = (),
    title: str | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """Every sample as a point: a panel a state, a colour a run.

    Parameters
    ----------
    data : Data
    path : str or Path, optional
        Where to write it: .png, .svg or .pdf.
    dark : bool
    names : sequence of str
        States to show; by default all, up to six.
    title : str, optional
    size : (float, float), optional
        Width and height in inches.

    Examples
    --------
    >>> import dydt
    >>> picture = dydt.read_data({"t": [0, 1, 2], "x": [1.0, 0.6, 0.4]}).plot()
    >>> picture.axes[0].get_ylabel()
    '$x$'
    """
    chosen = pick(data.states, names)
    look = theme(dark)
    with styled(look):
        figure = sheet(look, size, (7.6, 1.6 + 1.9 * len(chosen)))
        rows = figure.subplots(len(chosen), 1, sharex=True, squeeze=False)[:, 0]
        for k, (axes, name) in enumerate(zip(rows, chosen, strict=True)):
            column = data.states.index(name)
            for run, colour in zip(data.runs, colours(data, k, look), strict=True):
                points(axes, run.t, run.y[:, column], colour, run.name)
            axes.set_ylabel(label(name))
            axes.margins(x=0.02, y=0.08)
        rows[-1].set_xlabel(label(data.independent, data.unit))
        figure.align_ylabels(list(rows))
        name_runs(rows[0], data, look)
        left_out = len(data.states) - len(chosen) if not names else 0
        heading(rows[0], title, f"and {left_out} more states" if left_out > 0 else "", look)
    if path is not None:
        save(figure, path)
    return figure


def pick(states: Sequence[str], names: Sequence[str]) -> list[str]:
    """The states to show."""
    for name in names:
        if name not in states:
            raise InputError(
                f"the data have no `{name}`{nearest(name, states) or '.'} There: {', '.join(states)}"
            )
    chosen = list(dict.fromkeys(names or states[:MOST]))
    if len(chosen) > MOST:
        raise InputError(f"{len(chosen)} states are more than a picture holds: name up to {MOST}")
    return chosen


def colours(data: Any, panel: int, look: Theme) -> list[Any]:
    """A colour a run; of a single run the state's own."""
    if len(data.runs) == 1:
        return [look.palette[panel % len(look.palette)]]
    return look.colours(len(data.runs))


def points(axes: Any, t: Array, values: Array, colour: Any, name: str) -> None:
    """Samples as points, small where there are many."""
    there = np.isfinite(values)
    count = int(np.count_nonzero(there))
    size = 4.5 if count <= 60 else 3.2 if count <= 300 else 2.0
    axes.plot(
        t[there],
        values[there],
        ls="none",
        marker="o",
        ms=size,
        mew=0,
        color=colour,
        alpha=0.75,
        label=name,
        gid="samples",
    )


def same_size(panels: Sequence[Any]) -> None:
    """Names of axes that look of one size, and fit the lowest panel: letters of mathematics are smaller than others."""
    for axes in panels:
        for axis in (axes.xaxis, axes.yaxis):
            axis.label.set_size(_NAME * (1.2 if "$" in axis.label.get_text() else 1.0))


def name_runs(axes: Any, data: Any, look: Theme) -> None:
    """Which colour is which run, or how many there are."""
    if len(data.runs) == 1:
        return
    if len(data.runs) <= _NAMED:
        handles = [line for line in axes.lines if line.get_gid() == "samples"]
        key_beside(axes, handles, [line.get_label() for line in handles], title="run", fontsize=10)
        return
    axes.annotate(
        f"{len(data.runs)} runs", (1, 1), xycoords="axes fraction", xytext=(0, 7), textcoords="offset points",
        ha="right", va="bottom", fontsize=9, color=look.quiet, annotation_clip=False,
    )  # fmt: skip


def key_beside(axes: Any, handles: Sequence[Any], words: Sequence[str], **look: Any) -> Any:
    """A legend to the right of the axes."""
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.02), "borderaxespad": 0}
    return axes.legend(list(handles), list(words), **place, **{"fontsize": 9, **look})
