"""A picture: a matplotlib figure with its own style, for notebooks and files."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from dydt.errors import InputError, nearest
from dydt.plotting.style import LIGHT, Theme, styled

# What a file is told about itself. Without a date the same picture gives the same bytes.
_METADATA: dict[str, dict[str, Any]] = {".png": {}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}


class Picture(Figure):
    """A matplotlib figure made without pyplot: no window, no global state.

    Everything matplotlib can do to a figure can be done to it: ``picture.axes[0].set_xscale("log")``.

    Attributes
    ----------
    theme : Theme
        The colours it is drawn in.
    """

    def __init__(self, *args: Any, theme: Theme = LIGHT, **options: Any) -> None:
        super().__init__(*args, **options)
        self.theme = theme
        FigureCanvasAgg(self)

    def savefig(self, *args: Any, **options: Any) -> None:
        """As matplotlib's, in the picture's own style."""
        with styled(self.theme):
            super().savefig(*args, **options)

    def _repr_png_(self) -> bytes:
        """How notebooks show it."""
        file = io.BytesIO()
        self.savefig(file, format="png", dpi=150)
        return file.getvalue()


def sheet(theme: Theme, size: tuple[float, float] | None, usual: tuple[float, float]) -> Picture:
    """An empty picture of a size in inches.

    Raises
    ------
    InputError
        If the size is not two positive lengths.
    """
    if size is None:
        size = usual
    try:
        width, height = (float(length) for length in size)
    except (TypeError, ValueError):
        raise InputError(
            f"size must be (width, height) in inches, as in size=(7, 4), and is {size!r}"
        ) from None
    if not all(math.isfinite(v) and 0.5 <= v <= 100 for v in (width, height)):
        raise InputError(
            f"a picture of {width:g} × {height:g} inches can't be drawn: each side needs 0.5 to 100"
        )
    margins = ConstrainedLayoutEngine(w_pad=0.14, h_pad=0.14, hspace=0.0, wspace=0.0)
    return Picture(figsize=(width, height), layout=margins, theme=theme)


def names_and_path(
    names: Sequence[str | Path], path: str | Path | None
) -> tuple[list[str], str | Path | None]:
    """What to draw, and where to: names have no dots, so that a file may stand among them.

    >>> names_and_path(["x", "y", "orbit.png"], None)
    (['x', 'y'], 'orbit.png')

    Raises
    ------
    InputError
        For a second file.
    """
    among = [name for name in names if isinstance(name, Path) or "." in str(name)]
    files = [*among, *([] if path is None else [path])]
    if len(files) > 1:
        raise InputError(f"a picture goes to one file, and here are several: {', '.join(map(str, files))}")
    return [str(name) for name in names if name not in among], files[0] if files else None


def save(figure: Figure, path: str | Path) -> Path:
    """Write a figure as PNG, SVG or PDF; the suffix of the path decides.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : str or Path

    Returns
    -------
    Path
        Where it is.

    Raises
    ------
    InputError
        For another suffix, or a folder that does not exist.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _METADATA:
        seen = f"`{path.suffix}`" if path.suffix else "no suffix"
        hint = nearest(suffix, _METADATA) or "; end it with .png, .svg or .pdf"
        raise InputError(f"a picture is written as PNG, SVG or PDF, and `{path.name}` has {seen}{hint}")
    if not path.parent.is_dir():
        raise InputError(f"`{path.name}` can't be written: there is no folder `{path.parent}`; make it first")
    figure.savefig(path, format=suffix[1:], metadata=_METADATA[suffix])
    return path
