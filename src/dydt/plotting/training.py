"""How a training went: samples and curves, what is left over, and loss and held-out error over the iterations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from dydt.learning.stages import NETWORKS, POLISH, SLOPES, WHOLE
from dydt.plotting.data import colours, key_beside, name_runs, pick, points, same_size
from dydt.plotting.labels import label
from dydt.plotting.picture import Picture, save, sheet
from dydt.plotting.series import heading
from dydt.plotting.style import Theme, styled, theme

Array = Any

_DRAWN = 60  # runs whose curves are drawn
_DIGIT = 0.13  # inches that the number of a stage takes
_FORECAST = 6  # in the palette: no panel has it
_ALIKE = 0.03  # runs whose last parts begin so near each other, as a part of the time, are veiled together
_DASHED = (0, (2, 1))


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
    >>> picture = law.training.plot()
    >>> [axes.get_ylabel() for axes in picture.axes]
    ['$x$', 'residual', '$v$', 'residual', 'misfit / noise']
    """
    look, chosen = theme(dark), pick(report.states, names)
    with styled(look):
        figure = sheet(look, size, (9.2, 3.2 + 2.5 * len(chosen)))
        ratios = [*([3.0, 1.1] * len(chosen)), 3.2]
        grid = figure.add_gridspec(len(ratios), 1, height_ratios=ratios)
        first = figure.add_subplot(grid[0])
        rows = [first, *(figure.add_subplot(grid[i], sharex=first) for i in range(1, 2 * len(chosen)))]
        for k, name in enumerate(chosen):
            _curves(rows[2 * k], report, name, k, look)
            _residuals(rows[2 * k + 1], report, name, k, look)
        for axes in rows[:-1]:
            axes.tick_params(labelbottom=False)
        rows[-1].set_xlabel(label(report.independent, report.data.unit))
        last = figure.add_subplot(grid[-1])
        history(last, report, look)
        figure.align_ylabels([*rows, last])
        name_runs(first, report.data, look)
        same_size([*rows, last])
        if first.get_legend() is None:
            _key(first, report, look)
        else:
            _key(rows[1], report, look).set_in_layout(False)  # there is room beside the panels below
        heading(first, title, _remark(report), look)
    if path is not None:
        save(figure, path)
    return figure


def _remark(report: Any) -> str:
    """How large the training was, and what of it is not in the picture."""
    lines = [f"{report.weights:,} weights, {report.iterations:,} iterations, {report.seconds:.3g} s"]
    if not _are_whole(report):
        tried = {WHOLE, POLISH} & {name for name, _ in report.marks}
        lines.append(
            ("Whole runs could not be followed: the" if tried else "The")
            + f" curves are those along {report.stages[-1][0]}"
        )
    if len(report.data.runs) > _DRAWN:
        lines.append(
            f"Curves of {_DRAWN} of {len(report.data.runs):,} runs are drawn, and the samples of all"
        )
    return "\n".join(lines)


def _are_whole(report: Any) -> bool:
    return bool(report.stages) and report.stages[-1][0] in (WHOLE, POLISH)


def _curves(axes: Any, report: Any, name: str, panel: int, look: Theme) -> None:
    data, column = report.data, report.states.index(name)
    own, single = colours(data, panel, look), len(data.runs) == 1
    for run, colour in zip(data.runs, own, strict=True):
        points(axes, run.t, run.y[:, column], colour, run.name)
    begun = set()
    for run, t, y in report.curves:
        if run >= _DRAWN:
            continue
        colour = look.ink if single else own[run]
        axes.plot(t, y[:, column], color=colour, lw=1.2, gid="curve")
        if run in begun:  # a piece
            axes.plot(t[:1], y[:1, column], ".", ms=6, color=colour, gid="begins")
        begun.add(run)
    axes.set_ylabel(label(name))
    axes.margins(x=0.02, y=0.08)
    axes.autoscale_view()
    axes.autoscale(False)  # a forecast that goes astray must not make the rest small
    for run, t, y in report.forecasts:
        if run < _DRAWN:
            colour, width = (look.palette[_FORECAST], 1.4) if single else (look.ink, 0.9)
            axes.plot(t, y[:, column], color=colour, lw=width, ls=_DASHED, zorder=4, gid="forecast")
    _veil(axes, report, look)


def _veil(axes: Any, report: Any, look: Theme) -> None:
    """Over the part that was forecast before it was trained on, where that is the same for all runs."""
    begins, ends = ([t[k] for _, t, _ in report.forecasts] for k in (0, -1))
    everything = np.concatenate([run.t for run in report.data.runs])
    if len(begins) < len(report.data.runs) or np.ptp(begins) > _ALIKE * np.ptp(everything):
        return
    axes.axvspan(
        min(begins), max(ends), color=look.palette[_FORECAST], alpha=0.1, lw=0, zorder=0, gid="forecast part"
    )


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
    axes.set_ylabel("residual")
    _veil(axes, report, look)
    axes.grid(False)
    axes.locator_params(axis="y", nbins=3)


def _ring(axes: Any, t: Array, values: Array, look: Theme) -> None:
    axes.plot(t, values, ls="none", marker="o", ms=5, mfc="none", mec=look.ink, mew=0.7, gid="held out")


def _key(axes: Any, report: Any, look: Theme) -> Any:
    """What the marks of the panels mean."""
    single, colour = len(report.data.runs) == 1, look.palette[0]
    dot: dict[str, Any] = {"ls": "none", "marker": "o", "ms": 4.5, "mfc": colour, "mew": 0}
    handles: list[Any] = [Line2D([], [], **dot), Line2D([], [], color=look.ink if single else colour, lw=1.3)]
    words = ["samples", "the law"]
    if any(held.any() for held in report.held):
        handles.append(Line2D([], [], **dot | {"mew": 0.7, "ms": 5, "mec": look.ink}))
        words.append("held out" + (" till\nthe last stage" if report.marks[-1][0] == POLISH else ""))
    if len({run for run, _, _ in report.curves}) < len(report.curves):
        handles.append(Line2D([], [], color=look.ink, marker=".", ms=6, lw=1.3))
        words.append("where a piece begins")
    if report.forecasts:
        handles.append(
            Line2D([], [], color=look.palette[_FORECAST] if single else look.ink, lw=1.4, ls=_DASHED)
        )
        words.append(f"forecast of the last\n{report.beyond_part:.0%} before it was\ntrained on")
    handles.append(Patch(color=look.grid, lw=0))
    words.append("twice the noise")
    return key_beside(axes, handles, words)


def history(axes: Any, report: Any, look: Theme) -> None:
    """Loss and held-out error as root mean squares in units of the noise, with numbered stages as bands."""
    loss, held = np.sqrt(2.0 * np.maximum(report.history[:, 0], 0.0)), np.sqrt(report.history[:, 1])
    iterations = np.arange(1, len(loss) + 1)
    marks = [*report.marks, ("", len(loss))]
    for k, ((name, start), (_, end)) in enumerate(pairwise(marks)):
        if k % 2:
            axes.axvspan(start + 0.5, end + 0.5, color=look.grid, lw=0, zorder=0, alpha=0.6)
        part, style = slice(start, end), _DASHED if name in (NETWORKS, SLOPES) else "-"
        marker = "." if end - start == 1 else None
        for values, colour in ((loss, look.palette[0]), (held, look.palette[1])):
            seen = np.where(np.isfinite(values[part]) & (values[part] > 0), values[part], np.nan)
            axes.plot(iterations[part], seen, color=colour, lw=1.4, ls=style, marker=marker)
    axes.set_yscale("log")
    shown = np.concatenate([loss, held])
    shown = shown[np.isfinite(shown) & (shown > 0)]
    if len(shown):
        axes.set_ylim(0.7 * shown.min(), min(1.5 * shown.max(), 1e3 * np.median(shown)))
    axes.set_xlim(0.5, len(loss) + 0.5)
    axes.set_xlabel("iteration")
    axes.set_ylabel("misfit / noise")
    _number(axes, [start for _, start in marks], look)
    _history_key(axes, report, look)


def _number(axes: Any, starts: Sequence[int], look: Theme) -> None:
    """The numbers of stages above their bands; those of short ones stand beside each other, with a line to the band."""
    total, count = starts[-1], len(starts) - 1
    middles = np.array([0.5 * (a + b) / total for a, b in pairwise(starts)])
    apart = min(_DIGIT / (0.7 * axes.figure.get_figwidth()), 1.0 / max(count, 1))
    places = spread(middles, apart)
    for k, (middle, place) in enumerate(zip(middles, places, strict=True)):
        axes.annotate(
            str(k + 1), (middle, 1.0), xycoords="axes fraction", xytext=(place, 1.07), ha="center", va="bottom",
            fontsize=8.5, color=look.quiet, annotation_clip=False, gid="number of a stage",
            arrowprops={"arrowstyle": "-", "color": look.quiet, "lw": 0.5, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip


def spread(places: Array, apart: float) -> Array:
    """Places between 0 and 1 that rise, moved as far as it takes for each two to be so far apart.

    >>> spread(np.array([0.1, 0.5, 0.52]), 0.1).round(2)
    array([0.1 , 0.46, 0.56])
    """
    moved = np.asarray(places, dtype=float).copy()
    for _ in range(200):
        gaps = np.diff(moved)
        lacking = np.maximum(apart - gaps, 0.0)
        if not np.any(lacking > 1e-6):
            break
        moved[:-1] -= 0.5 * lacking
        moved[1:] += 0.5 * lacking
        moved = np.clip(moved, 0.0, 1.0)
    return moved


def _history_key(axes: Any, report: Any, look: Theme) -> None:
    """What the lines are, and which stage has which number."""
    names = [name for name, _ in report.marks]
    handles, words = [Line2D([], [], color=look.palette[0], lw=1.6)], ["trained on"]
    if np.isfinite(report.history[:, 1]).any():
        handles.append(Line2D([], [], color=look.palette[1], lw=1.6))
        words.append("held out")
    if {NETWORKS, SLOPES} & set(names):
        handles.append(Line2D([], [], color=look.palette[0], lw=1.4, ls=_DASHED))
        words.append("slopes / their size")
    done = {name for name, _, _ in report.stages} | {NETWORKS, SLOPES}
    for k, name in enumerate(names):
        was_undone = name not in done or name in names[k + 1 :]
        handles.append(
            Line2D(
                [],
                [],
                ls="none",
                marker=f"${k + 1}$",
                ms=3.5 + 2.5 * len(str(k + 1)),
                mew=0,
                color=look.quiet,
            )
        )
        words.append(name + (", undone" if was_undone else ""))
    key_beside(axes, handles, words)
