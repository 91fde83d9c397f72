"""The stability region of a method in the complex plane, with the eigenvalues of a law in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dydt.plotting.picture import Picture, save, sheet
from dydt.plotting.series import heading
from dydt.plotting.style import styled, theme

Array = Any

_GRID = 481
_WIDEST = 4.0  # a point so many times beyond the region is not drawn, but told of


def region(
    found: Any,
    *,
    dark: bool = False,
    title: str | None = None,
    path: str | Path | None = None,
    size: tuple[float, float] | None = None,
) -> Picture:
    """Draw where |R(z)| ≤ 1, and hλ for every eigenvalue λ of the law.

    Parameters
    ----------
    found : StabilityRegion
    dark : bool
        For dark surroundings.
    title : str, optional
        By default the method's name.
    path : str or Path, optional
        Write it there too, as PNG, SVG or PDF.
    size : (width, height), optional
        In inches.

    Returns
    -------
    Picture
        A matplotlib Figure. Filled dots are stable, empty ones are not.

    Examples
    --------
    >>> import dydt
    >>> axes = dydt.ODE("y' = -30*y").stability_region("rk4", h=0.05, y=1).plot().axes[0]
    >>> axes.get_xlabel(), len(axes.collections) > 0
    ('$\\\\mathrm{Re}\\\\,z$', True)
    """
    look = theme(dark)
    with styled(look):
        figure = sheet(look, size, (6.4, 5.4))
        wide, high = figure.get_size_inches()
        left, right, up, hidden = window(found, (wide - 1.0) / max(high - 1.2, 0.2))
        axes = figure.add_subplot()
        x, y = np.linspace(left, right, _GRID), np.linspace(-up, up, _GRID)
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.abs(found(x[None, :] + 1j * y[:, None]))
        axes.contourf(x, y, values, levels=[0.0, 1.0], colors=[look.palette[0]], alpha=0.22)
        axes.contour(x, y, values, levels=[1.0], colors=[look.palette[0]], linewidths=1.5)
        axes.axhline(0.0, color=look.quiet, lw=0.8, zorder=1)
        axes.axvline(0.0, color=look.quiet, lw=0.8, zorder=1)
        for z in found.points:
            inside = bool(found.contains(z))
            face = look.palette[1] if inside else look.paper
            axes.plot(z.real, z.imag, "o", ms=7.5, mfc=face, mec=look.palette[1], mew=1.6, zorder=4)
        axes.set_xlim(left, right)
        axes.set_ylim(-up, up)
        axes.set_aspect("equal")
        axes.set_xlabel(r"$\mathrm{Re}\,z$")
        axes.set_ylabel(r"$\mathrm{Im}\,z$")
        heading(axes, title or found.title, remark(found, hidden), look)
    if path is not None:
        save(figure, path)
    return figure


def window(found: Any, shape: float = 1.0) -> tuple[float, float, float, int]:
    """Left, right and upper limits of this shape, width to height, and how many points lie outside."""
    reach = 1.0 + 1.12 * max(found.real, found.imaginary, 1.0)
    wide = [z for z in found.points if abs(z) <= _WIDEST * reach]
    left = min([-reach, *(1.15 * z.real for z in wide)])
    right = max([0.35 * reach, *(1.15 * z.real + 0.3 for z in wide)])
    up = max([reach, 0.5 * (right - left) / shape, *(1.15 * abs(z.imag) for z in wide)])
    margin = shape * up - 0.5 * (right - left)  # what the height leaves free on both sides
    left, right = left - margin, right + margin
    return left, right, up, len(found.points) - len(wide)


def remark(found: Any, hidden: int) -> str:
    """What the picture shows, in a line."""
    words = "The step is stable where |R(z)| ≤ 1, z = hλ"
    if found.h is not None:
        words += f"; dots: h = {found.h:g}, " + ("filled where stable" if found.points else "")
    if hidden:
        farthest = max(map(abs, found.points))
        words += f"\n{hidden} of the points lie{'s' * (hidden == 1)} far outside, at |z| up to {farthest:.3g}"
    return words
