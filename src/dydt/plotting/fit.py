"""A fitted law over its data: curves with bands, and what is left over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from dydt.plotting.data import colours, key_beside, name_runs, pick, points, same_size
from dydt.plotting.labels import label
from dydt.plotting.picture import Picture, save, sheet
from dydt.plotting.series import heading, mark_data_end
from dydt.plotting.style import Theme, styled, theme

Array = Any

_POINTS = 600  # of a curve
_DRAWN = 60  # runs whose curves are drawn
_STRENGTHS = {"light": (0.33, 0.13), "dark": (0.45, 0.25)}  # of the bands of curves and of measurements


def fitted(
    fit: Any,
    path: str | Path | None = None,
    dark: bool = False,
    *,
    names: Sequence[str] = (),
    title: str | None = None,
    size: tuple[float, float] | None = None,
    level: float = 0.95,
    until: float | None = None,
) -> Picture:
    """Data and curve of each state with its bands, and the residuals under it.

    The inner band is where the curve lies with the probability `level`, the outer one where new measurements do.

    Parameters
    ----------
    fit : Fit
    path : str or Path, optional
        Where to write it: .png, .svg or .pdf.
    dark : bool
    names : sequence of str
        States to show; by default those measured, up to six.
    title : str, optional
    size : (float, float), optional
        Width and height in inches.
    level : float
    until : float, optional
        Draw the curves to this time, beyond the data.

    Examples
    --------
    >>> import dydt, numpy as np
    >>> t = np.linspace(0, 3, 20)
    >>> fit = dydt.ODE("x' = -k*x").fit({"t": t, "x": 2*np.exp(-0.7*t) + 0.01*np.cos(9*t)})
    >>> [axes.get_ylabel() for axes in fit.plot().axes]
    ['$x$', 'residual']
    """
    data, look = fit.data, theme(dark)
    chosen = pick(data.states, names)
    bands = _predictions(fit, level, until)
    with styled(look):
        figure = sheet(look, size, (8.6, 1.0 + 3.0 * len(chosen)))
        ratios = [3.0, 1.0] * len(chosen)
        rows = figure.subplots(2 * len(chosen), 1, sharex=True, squeeze=False, height_ratios=ratios)[:, 0]
        for k, name in enumerate(chosen):
            _curves(rows[2 * k], fit, bands, name, k, look)
            _residuals(rows[2 * k + 1], fit, name, k, look)
        rows[-1].set_xlabel(label(data.independent, data.unit))
        figure.align_ylabels(list(rows))
        same_size(list(rows))
        name_runs(rows[0], data, look)
        _key(rows, len(data.runs) == 1, level, look)
        heading(rows[0], title, _remark(fit), look)
    if path is not None:
        save(figure, path)
    return figure


def _predictions(fit: Any, level: float, until: float | None) -> list[Any]:
    """The curve of each run."""
    found = []
    for k, run in enumerate(fit.data.runs[:_DRAWN]):
        first = float(fit._whole.unknowns.starts[k])
        last = float(run.t[-1]) if until is None else max(until, float(run.t[-1]))
        found.append(fit.predict(np.linspace(first, last, _POINTS), level, run=k))
    return found


def _curves(axes: Any, fit: Any, bands: list[Any], name: str, panel: int, look: Theme) -> None:
    data, column = fit.data, fit.data.states.index(name)
    single = len(data.runs) == 1
    for k, (run, colour) in enumerate(zip(data.runs, colours(data, panel, look), strict=True)):
        points(axes, run.t, run.y[:, column], colour, run.name or str(k + 1))
        if k >= len(bands):
            continue
        band, shown = bands[k], _foreseen(axes, bands[k], name, look)
        i, t = band.states.index(name), bands[k].t[shown]
        strong, weak = _STRENGTHS[look.name]
        if single:
            low, high = band.measured_low[shown, i], band.measured_high[shown, i]
            _fill(axes, t, low, high, colour, weak, "measurements")
        _fill(axes, t, band.low[shown, i], band.high[shown, i], colour, strong, "curve")
        axes.plot(t, band.mean[shown, i], color=colour if not single else look.ink, lw=1.3, gid="curve")
    axes.set_ylabel(label(name))
    axes.margins(x=0.02)
    _limits(axes, fit, bands, name)
    end = max(float(run.t[-1]) for run in data.runs)
    mark_data_end(axes, end, (end, max(float(band.t[-1]) for band in bands)), "data end", look, not panel)


def _foreseen(axes: Any, band: Any, name: str, look: Theme) -> slice:
    """The part of a curve that says anything, up to where its band is as wide as the data; over the rest is a veil."""
    i = band.states.index(name)
    lost = np.flatnonzero(band.high[:, i] - band.low[:, i] > band.widths[i])
    if not len(lost) or lost[0] == 0:  # too few samples, and the curve is all there is to see
        return slice(None)
    axes.axvspan(band.t[lost[0]], band.t[-1], **_veil(look), zorder=0, gid="beyond foresight")
    return slice(0, int(lost[0]) + 1)


def _veil(look: Theme) -> dict[str, Any]:
    return {"facecolor": "none", "edgecolor": look.grid, "hatch": "////", "lw": 0}


def _fill(axes: Any, t: Array, low: Array, high: Array, colour: Any, strength: float, name: str) -> None:
    axes.fill_between(t, low, high, color=colour, alpha=strength, lw=0, gid=f"band of {name}")


def _limits(axes: Any, fit: Any, bands: list[Any], name: str) -> None:
    """Room for samples and curves; a band that goes everywhere may be cut."""
    column = fit.data.states.index(name)
    seen = [run.y[:, column] for run in fit.data.runs]
    seen += [band[name][np.isfinite(band.high).all(axis=1)] for band in bands]
    values = np.concatenate(seen)
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    room = 0.12 * (high - low or 1.0)
    axes.set_ylim(low - room, high + room)


def _residuals(axes: Any, fit: Any, name: str, panel: int, look: Theme) -> None:
    """Data minus curve, with the noise as a band."""
    data, column = fit.data, fit.data.states.index(name)
    noise = fit.noise[name]
    axes.axhspan(-2 * noise, 2 * noise, color=look.grid, lw=0, zorder=0, gid="two standard deviations")
    axes.axhline(0.0, color=look.quiet, lw=0.8, zorder=1)
    largest = 2.5 * noise
    for run, left, colour in zip(data.runs, fit.residuals, colours(data, panel, look), strict=True):
        points(axes, run.t, left[:, column], colour, run.name)
        there = left[:, column][np.isfinite(left[:, column])]
        largest = max(largest, 1.1 * float(np.max(np.abs(there), initial=0.0)))
    axes.set_ylim(-largest, largest)
    axes.set_ylabel("residual")
    axes.grid(False)
    axes.locator_params(axis="y", nbins=3)


def _key(rows: Any, single: bool, level: float, look: Theme) -> None:
    """What the marks mean."""
    colour, (strong, weak) = look.palette[0], _STRENGTHS[look.name]
    handles: list[Any] = [
        Line2D([], [], ls="none", marker="o", ms=4.5, mew=0, color=colour, alpha=0.75),
        Line2D([], [], color=look.ink if single else colour, lw=1.3),
        # of a single run one lies on the other
        Patch(color=colour, alpha=1 - (1 - strong) * (1 - weak) if single else strong, lw=0),
    ]
    words = ["data", "fit", f"{100 * level:.4g}% band of the curve"]
    if single:
        handles.append(Patch(color=colour, alpha=weak, lw=0))
        words.append(f"{100 * level:.4g}% band of new data")
    handles.append(Patch(color=look.grid, lw=0))
    words.append("twice the noise")
    if any(patch.get_gid() == "beyond foresight" for axes in rows for patch in axes.patches):
        handles.append(Patch(**_veil(look)))
        words.append("bands wider than the data")
    key_beside(rows[0] if rows[0].get_legend() is None else rows[1], handles, words)


def _remark(fit: Any) -> str:
    """The fitted parameters with their errors, in lines that fit; and which curves are missing."""
    parts = []
    for name, value in list(fit.values.items())[:8]:
        error = fit.standard_errors[name]
        parts.append(
            f"{label(name)} = {value:.4g}"
            + (f" ± {error:.2g}" if np.isfinite(error) else " (not determined)")
        )
    lines = [",   ".join(parts[i : i + 4]) for i in range(0, len(parts), 4)]
    if len(fit.data.runs) > _DRAWN:
        lines.append(f"curves of {_DRAWN} of {len(fit.data.runs):,} runs are drawn, and the data of all")
    return "\n".join(lines)
