"""The article's experiment: what was learned from, both forecasts beside the truth, and how the training went."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dydt.plotting.labels import label
from dydt.plotting.picture import Picture, save, sheet
from dydt.plotting.series import heading
from dydt.plotting.style import Theme, styled, theme
from dydt.plotting.training import history

Array = Any


def experiment_picture(
    experiment: Any,
    path: str | Path | None = None,
    dark: bool = False,
    *,
    title: str | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """Each state over time, the phase plane, and loss and held-out error over the iterations.

    Parameters
    ----------
    experiment : Experiment
    path : str or Path, optional
        Where to write it: .png, .svg or .pdf.
    dark : bool
    title : str, optional
    size : (float, float), optional
        Width and height in inches.
    """
    look, report = theme(dark), experiment.law.training
    with styled(look):
        figure = sheet(look, size, (11.6, 6.6))
        grid = figure.add_gridspec(2, 2, width_ratios=[1.75, 1.0])
        top = figure.add_subplot(grid[0, 0])
        bottom = figure.add_subplot(grid[1, 0], sharex=top)
        for k, axes in enumerate((top, bottom)):
            _over_time(axes, experiment, k, look)
        top.tick_params(labelbottom=False)
        bottom.set_xlabel(label(report.independent))
        top.annotate(
            "forecast", (experiment.t[0], 1), xycoords=("data", "axes fraction"), xytext=(6, -5),
            textcoords="offset points", ha="left", va="top", fontsize=9, color=look.quiet,
        )  # fmt: skip
        _phase(figure.add_subplot(grid[0, 1]), experiment, look)
        history(figure.add_subplot(grid[1, 1]), report, look)
        figure.align_ylabels([top, bottom])
        heading(top, title, _remark(experiment), look)
        _key(figure, look)
    if path is not None:
        save(figure, path)
    return figure


def _colours(look: Theme) -> dict[str, Any]:
    return {"neural": look.palette[0], "plain": look.palette[1], "truth": look.ink, "samples": look.quiet}


def _remark(experiment: Any) -> str:
    return (
        f"root mean square error of the forecast: neural ODE {experiment.error:.2g}, plain network "
        f"{experiment.plain_error:.2g}"
    )


def _over_time(axes: Any, experiment: Any, column: int, look: Theme) -> None:
    run, colours = experiment.data.runs[0], _colours(look)
    axes.axvspan(experiment.t[0], experiment.t[-1], color=look.grid, lw=0, zorder=0, alpha=0.7)
    axes.plot(
        run.t, run.y[:, column], ls="none", marker="o", ms=2.6, mew=0, alpha=0.55, color=colours["samples"]
    )
    _three(
        axes, experiment.t, [getattr(experiment, n)[:, column] for n in ("plain", "forecast", "truth")], look
    )
    for _, t, y in experiment.law.training.curves:
        axes.plot(t, y[:, column], color=colours["neural"], lw=1.5)
    axes.set_ylabel(label(experiment.data.states[column]))
    axes.set_xlim(run.t[0], experiment.t[-1])


def _three(axes: Any, x: Array, curves: list[Array], look: Theme) -> None:
    """Plain network, neural ODE and truth; the truth is dashed, so that what agrees with it stays to be seen."""
    colours = _colours(look)
    plain, neural, truth = curves
    axes.plot(x, plain, color=colours["plain"], lw=1.4)
    axes.plot(x, neural, color=colours["neural"], lw=2.6)
    axes.plot(x, truth, color=colours["truth"], lw=1.1, ls=(0, (4, 3)))


def _phase(axes: Any, experiment: Any, look: Theme) -> None:
    run, colours = experiment.data.runs[0], _colours(look)
    axes.plot(*run.y.T[:2], ls="none", marker="o", ms=2.2, mew=0, alpha=0.45, color=colours["samples"])
    axes.plot(*experiment.plain.T[:2], color=colours["plain"], lw=1.4)
    axes.plot(*experiment.forecast.T[:2], color=colours["neural"], lw=2.6)
    axes.plot(*experiment.truth.T[:2], color=colours["truth"], lw=1.1, ls=(0, (4, 3)))
    axes.set_xlabel(label(experiment.data.states[0]))
    axes.set_ylabel(label(experiment.data.states[1]))
    everything = np.concatenate([run.y, experiment.truth, experiment.forecast])
    low, high = everything.min(axis=0), everything.max(axis=0)
    room = 0.08 * (high - low)
    axes.set_xlim(low[0] - room[0], high[0] + room[0])
    axes.set_ylim(low[1] - room[1], high[1] + room[1])


def _key(figure: Any, look: Theme) -> None:
    from matplotlib.lines import Line2D

    colours = _colours(look)
    handles = [
        Line2D([], [], ls="none", marker="o", ms=4, color=colours["samples"]),
        Line2D([], [], color=colours["truth"], lw=1.2, ls=(0, (4, 3))),
        Line2D([], [], color=colours["neural"], lw=2.6),
        Line2D([], [], color=colours["plain"], lw=1.6),
    ]
    names = ["samples", "truth", "neural ODE", "plain network (x, Δt)"]
    figure.legend(handles, names, loc="outside lower left", ncols=4, fontsize=10)


# -- the Hudson Bay counts ----------------------------------------------------------------------------------------


def hudson_picture(
    found: Any,
    path: str | Path | None = None,
    dark: bool = False,
    *,
    title: str | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """A row a law, a column an animal: counts, the law from all years, and dashed the one from the years up to 1914.

    Parameters
    ----------
    found : HudsonBay
    path : str or Path, optional
        Where to write it: .png, .svg or .pdf.
    dark : bool
    title : str, optional
    size : (float, float), optional
        Width and height in inches.
    """
    look, run = theme(dark), found.data.runs[0]
    with styled(look):
        figure = sheet(look, size, (10.6, 7.4))
        grid = figure.subplots(len(found.models), 2, sharex=True, sharey="col", squeeze=False)
        for row, model in zip(grid, found.models, strict=True):
            for k, axes in enumerate(row):
                axes.axvspan(1914.5, 1920, color=look.grid, lw=0, zorder=0, alpha=0.7)
                axes.plot(1900 + model.t, model.early[:, k], color=look.palette[1], lw=1.4, ls=(0, (4, 2)))
                axes.plot(1900 + model.t, model.y[:, k], color=look.palette[0], lw=1.9)
                axes.plot(1900 + run.t, run.y[:, k], ls="none", marker="o", ms=4.5, mew=0, color=look.ink)
                axes.set_ylim(0, 1.35 * float(np.max(run.y[:, k])))
                axes.set_xlim(1899.5, 1920.5)
            row[0].set_ylabel(model.name)
        for axes, name in zip(
            grid[0], ("hares (thousands of pelts)", "lynxes (thousands of pelts)"), strict=True
        ):
            heading(axes, title if axes is grid[0, 0] else None, name, look)
        for axes in grid[-1]:
            axes.set_xlabel("year")
            axes.set_xticks(range(1900, 1921, 5))
        _hudson_key(figure, look)
    if path is not None:
        save(figure, path)
    return figure


def _hudson_key(figure: Any, look: Theme) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], ls="none", marker="o", ms=4.5, color=look.ink),
        Line2D([], [], color=look.palette[0], lw=1.9),
        Line2D([], [], color=look.palette[1], lw=1.4, ls=(0, (4, 2))),
    ]
    names = ["counts", "learned from all years", "learned from 1900–1914, and its forecast"]
    figure.legend(handles, names, loc="outside lower left", ncols=3, fontsize=10)
