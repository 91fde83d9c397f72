"""How Lyapunov exponents settled: the running averages over time, and where they end."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from dydt.plotting.labels import label
from dydt.plotting.picture import Picture, save, sheet
from dydt.plotting.samples import padded
from dydt.plotting.series import heading
from dydt.plotting.style import styled, theme

Array = Any

_NAMED = 8  # so few exponents are written beside their curves


def convergence(
    found: Any,
    *,
    dark: bool = False,
    title: str | None = None,
    path: str | Path | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """Draw the running average of each exponent over the time averaged so far, with its error at the end.

    Parameters
    ----------
    found : Lyapunov
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
        A matplotlib Figure. Where one exponent is far below the others, they have a panel of their own.

    Examples
    --------
    >>> import dydt
    >>> picture = dydt.gallery.lorenz().lyapunov(t=100).plot()
    >>> picture.axes[0].get_xscale(), len(picture.axes)
    ('log', 2)
    """
    look = theme(dark)
    exponents = np.array(found.exponents)
    times = found.times if len(found.times) else np.array([1.0, 10.0])
    history = found.history if len(found.times) else np.tile(exponents, (2, 1))
    groups = panels(exponents, max(found.errors))
    with styled(look):
        figure = sheet(look, size, (7.4, 4.4 if len(groups) == 1 else 5.4))
        heights = [1.0] if len(groups) == 1 else [1.6, 1.0]
        rows = figure.subplots(len(groups), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        colours = look.colours(len(exponents))
        for axes, group in zip(rows, groups, strict=True):
            for i in group:
                axes.plot(times, history[:, i], color=colours[i], lw=1.5)
            axes.axhline(0.0, color=look.quiet, lw=0.8, zorder=1)
            axes.set_ylim(limits(times, history[:, group], 0 in group))
            if len(exponents) <= _NAMED:
                name_curves(axes, found, group, colours)
        rows[0].set_xscale("log")
        rows[0].set_xlim(times[0], times[-1])
        rows[-1].set_xlabel(f"{label(found.independent)} averaged so far")
        for axes in rows:
            axes.set_ylabel(r"$\lambda_i$")
        figure.align_ylabels(list(rows))
        heading(rows[0], title, words(found), look)
    if path is not None:
        save(figure, path)
    return figure


def words(found: Any) -> str:
    """The verdict, short."""
    verdict = found.verdict.partition(":")[0]
    if found.dimension is not None and found.is_chaotic:
        verdict += f", Kaplan–Yorke dimension {found.dimension:.3f}"
    return verdict[:1].upper() + verdict[1:]


def with_error(value: float, error: float) -> str:
    r"""A number and its error, to the digits that the error leaves.

    >>> with_error(0.90561, 0.0038), with_error(-2.2e-6, 2e-5), with_error(0.1, 0.0)
    ('0.906 ± 0.004', '$0 \\pm 2\\cdot 10^{-5}$', '0.1')
    """
    if not 1e-12 * abs(value) < error < math.inf:
        return f"{value:.6g}".replace("-", "−")
    digits = -math.floor(math.log10(error))
    if digits > 4 and abs(value) <= error:
        return rf"$0 \pm {error * 10**digits:.0f}\cdot 10^{{{-digits}}}$"
    places = max(digits, 0)
    shown = f"{value:.{places}f}"
    shown = shown.lstrip("-") if not float(shown) else shown
    return f"{shown} ± {error:.{places}f}".replace("-", "−")


def panels(exponents: Array, error: float) -> list[list[int]]:
    """One panel, or two if the last exponents lie so far below that the first would look like one line."""
    everything = list(range(len(exponents)))
    if not 2 < len(exponents) <= _NAMED:
        return [everything]
    gaps = -np.diff(exponents)
    cut = int(np.argmax(gaps)) + 1
    spread = float(exponents[0] - exponents[cut - 1])
    if cut > 1 and gaps[cut - 1] > max(5 * spread, 20 * error):
        return [everything[:cut], everything[cut:]]
    return [everything]


def limits(times: Array, history: Array, with_zero: bool) -> tuple[float, float]:
    """A window around where the averages are after the first part, which may come from far away."""
    late = history[times >= times[-1] ** 0.35 * times[0] ** 0.65]
    low, high = float(late.min()), float(late.max())
    return padded(min(low, 0.0), max(high, 0.0)) if with_zero else padded(low, high)


def name_curves(axes: Any, found: Any, group: list[int], colours: list[Any]) -> None:
    """The value and error of each exponent, at the right of its curve, moved apart where they would touch."""
    low, high = axes.get_ylim()
    inches = axes.figure.get_figheight() / (1 if len(found.exponents) == len(group) else 1.9)
    apart = 0.24 / inches * 1.25
    places = [(found.exponents[i] - low) / (high - low) for i in group]
    for k in range(1, len(places)):
        places[k] = min(places[k], places[k - 1] - apart)
    if places and places[-1] < 0:
        places = [place - places[-1] for place in places]
    for i, place in zip(group, places, strict=True):
        axes.annotate(
            rf"$\lambda_{{{i + 1}}}$ = {with_error(found.exponents[i], found.errors[i])}",
            xy=(1.0, place),
            xycoords="axes fraction",
            xytext=(8, 0),
            textcoords="offset points",
            color=colours[i],
            va="center",
            fontsize=10,
            annotation_clip=False,
        )
