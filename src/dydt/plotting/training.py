"""How a training went: samples and curves, what is left over, and loss and held-out error over the iterations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from dydt.plotting.data import colours, name_runs, pick, points
from dydt.plotting.labels import label
from dydt.plotting.picture import Picture, save, sheet
from dydt.plotting.series import heading
from dydt.plotting.style import Theme, styled, theme

Array = Any

_DRAWN = 60  # curves
_LETTER = 0.075  # inches of a letter of a stage's name
_SHORT = {"first parts of the runs": "first parts", "whole runs": "whole", "all samples": "all"}


def training_picture(
    report: Any,
    path: str | Path | None = None,
    dark: bool = False,
    *,
    names: Sequence[str] = (),
    title: str | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """Samples and curves of each state with residuals under it, and the history of the training at the bottom.

    Parameters
    ----------
    report : Report
    path : str or Path, optional
        Where to write it: .png, .svg or .pdf.
    dark : bool
    names : sequence of str
        States to show; by default those measured, up to six.
    title : str, optional
    size : (float, float), optional
        Width and height in inches.

    Examples
    --------
    >>> import dydt, numpy as np
    >>> t = np.linspace(0, 6, 40)
    >>> law = dydt.learn({"t": t, "x": np.cos(t), "v": -np.sin(t)}, hidden=(8,), iterations=40)
    >>> [axes.get_ylabel() for axes in law.training.plot().axes]
    ['$x$', 'residual', '$v$', 'residual', 'misfit / noise']
    """
    look, chosen = theme(dark), pick(report.states, names)
    with styled(look):
        figure = sheet(look, size, (7.6, 3.2 + 2.5 * len(chosen)))
        ratios = [*([3.0, 1.1] * len(chosen)), 3.2]
        grid = figure.add_gridspec(len(ratios), 1, height_ratios=ratios)
        first = figure.add_subplot(grid[0])
        rows = [first, *(figure.add_subplot(grid[i], sharex=first) for i in range(1, 2 * len(chosen)))]
        for k, name in enumerate(chosen):
            _curves(rows[2 * k], report, name, k, look)
            _residuals(rows[2 * k + 1], report, name, k, look)
        for axes in rows[:-1]:
            axes.tick_params(labelbottom=False)
        rows[-1].set_xlabel(label(report.independent))
        last = figure.add_subplot(grid[-1])
        history(last, report, look)
        figure.align_ylabels([*rows, last])
        name_runs(first, report.data, look)
        heading(first, title, _remark(report), look)
    if path is not None:
        save(figure, path)
    return figure


def _remark(report: Any) -> str:
    iterations = len(report.history)
    return f"{report.weights:,} weights, {iterations:,} iterations, {report.seconds:.3g} s"


def _curves(axes: Any, report: Any, name: str, panel: int, look: Theme) -> None:
    data, column = report.data, report.states.index(name)
    own = colours(data, panel, look)
    for run, colour in zip(data.runs, own, strict=True):
        points(axes, run.t, run.y[:, column], colour, run.name)
    single = len(data.runs) == 1
    for run, t, y in report.curves[:_DRAWN]:
        axes.plot(t, y[:, column], color=look.ink if single else own[run], lw=1.2, gid="curve")
    axes.set_ylabel(label(name))
    axes.margins(x=0.02)


def _residuals(axes: Any, report: Any, name: str, panel: int, look: Theme) -> None:
    """Law minus samples, with the noise as a band; rings are samples that were held out."""
    data, column = report.data, report.states.index(name)
    noise = float(report.noise[column])
    axes.axhspan(-2 * noise, 2 * noise, color=look.grid, lw=0, zorder=0, gid="two standard deviations")
    axes.axhline(0.0, color=look.quiet, lw=0.8, zorder=1)
    for run, left, held, colour in zip(
        data.runs, report.residuals, report.held, colours(data, panel, look), strict=True
    ):
        points(axes, run.t, left[:, column], colour, run.name)
        if held.any():
            _ring(axes, run.t[held], left[held, column], look)
    values = np.abs(np.concatenate([left[:, column] for left in report.residuals]))
    largest = max(2.5 * noise, 1.1 * float(np.max(values, initial=0.0, where=np.isfinite(values))))
    axes.set_ylim(-largest, largest)
    axes.set_ylabel("residual", fontsize=9, color=look.quiet)
    axes.grid(False)
    axes.locator_params(axis="y", nbins=3)


def _ring(axes: Any, t: Array, values: Array, look: Theme) -> None:
    axes.plot(t, values, ls="none", marker="o", ms=5, mfc="none", mec=look.ink, mew=0.7, gid="held out")


def history(axes: Any, report: Any, look: Theme) -> None:
    """Loss and held-out error as root mean squares in units of the noise, with the stages as bands."""
    loss, held = np.sqrt(2.0 * np.maximum(report.history[:, 0], 0.0)), np.sqrt(report.history[:, 1])
    iterations = np.arange(1, len(loss) + 1)
    wide = axes.get_position().width * axes.figure.get_figwidth()
    marks = [*report.marks, ("", len(loss))]
    for k, ((name, start), (_, end)) in enumerate(pairwise(marks)):
        if k % 2:
            axes.axvspan(start + 0.5, end + 0.5, color=look.grid, lw=0, zorder=0, alpha=0.6)
        short = _SHORT.get(name, name.replace("pieces of ", "").replace(" samples", ""))
        if (end - start) / len(loss) * wide > _LETTER * len(short):
            axes.annotate(
                short, (0.5 * (start + end) + 0.5, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 4),
                textcoords="offset points", ha="center", va="bottom", fontsize=8, color=look.quiet,
            )  # fmt: skip
        part = slice(start, end)
        of_slopes = name == "slopes"
        for values, colour, style in ((loss, look.palette[0], "-"), (held, look.palette[1], "-")):
            seen = np.where(np.isfinite(values[part]) & (values[part] > 0), values[part], np.nan)
            axes.plot(iterations[part], seen, color=colour, lw=1.4, ls=(0, (2, 1)) if of_slopes else style)
    axes.set_yscale("log")
    shown = np.concatenate([loss, held])
    shown = shown[np.isfinite(shown) & (shown > 0)]
    if len(shown):
        axes.set_ylim(0.7 * shown.min(), min(1.5 * shown.max(), 1e3 * np.median(shown)))
    axes.set_xlim(0.5, len(loss) + 0.5)
    axes.set_xlabel("iteration", fontsize=10)
    axes.set_ylabel("misfit / noise", fontsize=10)
    _history_key(axes, report, look)


def _history_key(axes: Any, report: Any, look: Theme) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=look.palette[0], lw=1.6)]
    names = ["trained on"]
    if np.isfinite(report.history[:, 1]).any():
        handles.append(Line2D([], [], color=look.palette[1], lw=1.6))
        names.append("held out")
    if report.marks and report.marks[0][0] == "slopes":
        handles.append(Line2D([], [], color=look.palette[0], lw=1.4, ls=(0, (2, 1))))
        names.append("slopes / their size")
    axes.legend(
        handles, names, loc="lower right", fontsize=9, frameon=True, facecolor=look.paper, edgecolor="none"
    )
