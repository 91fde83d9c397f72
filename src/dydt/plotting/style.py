"""One plotting style: two themes as data, applied to one picture at a time."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib import style as matplotlib_style
from matplotlib.colors import ListedColormap


@dataclass(frozen=True)
class Theme:
    """The colours of a picture.

    Attributes
    ----------
    name : str
    paper, ink : str
        Background; text and marks.
    quiet, grid : str
        Axes, ticks and remarks; grid lines.
    palette : tuple of str
        Colours of curves, told apart also by eyes that lack a kind of cone.
    along : (str, float, float)
        A perceptually even colour map and the part of it that is legible on the paper: what runs along time.
    """

    name: str
    paper: str
    ink: str
    quiet: str
    grid: str
    palette: tuple[str, ...]
    along: tuple[str, float, float]

    def colour_map(self) -> ListedColormap:
        """The map for what runs along time."""
        name, low, high = self.along
        return ListedColormap(
            matplotlib.colormaps[name](np.linspace(low, high, 256)), name=f"{name} on {self.name}"
        )

    def colours(self, count: int) -> list[Any]:
        """Colours for so many curves: the palette, or the map where the palette is too short."""
        if count <= len(self.palette):
            return list(self.palette[:count])
        return [tuple(c) for c in self.colour_map()(np.linspace(0.0, 1.0, count))]


# The hues of Okabe & Ito, "Color universal design" (2008), with lightness tuned until every two differ for eyes
# that lack a kind of cone, and each stands out on its paper; the tests measure both.
LIGHT = Theme(
    name="light",
    paper="#ffffff",
    ink="#1f2328",
    quiet="#646c76",
    grid="#e6e8eb",
    palette=("#0062b9", "#be5100", "#008f69", "#b9599c", "#c08800", "#459cd5", "#62388f", "#616870"),
    along=("viridis", 0.0, 0.88),
)
DARK = Theme(
    name="dark",
    paper="#14171c",
    ink="#e8eaed",
    quiet="#9aa2ad",
    grid="#2a2f37",
    palette=("#6bd5ff", "#ff8c3b", "#27b489", "#f08bc8", "#efd142", "#2d82d8", "#b599ff", "#c5c5c5"),
    along=("plasma", 0.22, 1.0),
)


def theme(dark: bool) -> Theme:
    """The theme for light or dark surroundings."""
    return DARK if dark else LIGHT


def settings(theme: Theme) -> dict[str, Any]:
    """The theme as matplotlib settings."""
    return {
        "figure.facecolor": theme.paper,
        "savefig.facecolor": theme.paper,
        "axes.facecolor": theme.paper,
        "text.color": theme.ink,
        "axes.labelcolor": theme.ink,
        "axes.titlecolor": theme.ink,
        "axes.edgecolor": theme.quiet,
        "xtick.color": theme.quiet,
        "ytick.color": theme.quiet,
        "xtick.labelcolor": theme.quiet,
        "ytick.labelcolor": theme.quiet,
        "grid.color": theme.grid,
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "mathtext.fontset": "stix",
        "font.size": 10.0,
        "axes.labelsize": 12.0,
        "axes.titlesize": 13.0,
        "axes.titlelocation": "left",
        "axes.titleweight": "normal",
        "xtick.labelsize": 9.0,
        "ytick.labelsize": 9.0,
        "legend.fontsize": 12.0,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.8,
        "xtick.major.size": 3.5,
        "ytick.major.size": 3.5,
        "xtick.major.width": 0.8,
        "ytick.major.width": 0.8,
        "axes.grid": True,
        "grid.linewidth": 0.8,
        "axes.axisbelow": True,
        "axes.formatter.use_mathtext": True,
        "axes.formatter.limits": (-4, 5),
        "lines.linewidth": 1.7,
        "lines.solid_capstyle": "round",
        "lines.solid_joinstyle": "round",
        "legend.frameon": False,
        "legend.handlelength": 1.3,
        "legend.labelspacing": 0.45,
        "figure.dpi": 110,
        "savefig.dpi": 200,
        "svg.hashsalt": "dydt",  # the same picture is the same file
    }


def styled(theme: Theme) -> AbstractContextManager[None]:
    """A context in which matplotlib draws in this theme; the caller's own settings come back after it."""
    return matplotlib_style.context(["default", settings(theme)])
