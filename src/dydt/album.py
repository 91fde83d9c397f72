"""The figures of the article: one table of what is drawn, and one function that draws it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dydt.errors import InputError, nearest

if TYPE_CHECKING:
    from dydt.plotting.animate import Film

FORMATS = ("png", "svg", "pdf")


@dataclass(frozen=True)
class Figure:
    """One figure: its name (and its file's), its title, how it is drawn, and how it moves.

    Attributes
    ----------
    name, title : str
    draw : callable or None
        ``draw(dark=…, title=…)`` gives a Picture; None for what is a film only.
    move : callable or None
        ``move(dark=…)`` gives a Film.
    """

    name: str
    title: str
    draw: Callable[..., Any] | None
    move: Callable[..., Film] | None = None


@dataclass(frozen=True)
class Drawn:
    """What was drawn.

    Attributes
    ----------
    files : tuple of Path
    notes : tuple of str
        What could not be written, and why.
    """

    files: tuple[Path, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([*(str(file) for file in self.files), *self.notes])


def figures(
    folder: str | Path,
    *,
    animate: bool = False,
    dark: bool = False,
    format: str = "png",
    only: Iterable[str] = (),
) -> Drawn:
    """Draw the figures of the article into a folder, from the secant to the repulsor.

    Parameters
    ----------
    folder : str or Path
        Made if it is missing.
    animate : bool
        Write films of those that move as well: as GIF, and as MP4 where ffmpeg is installed.
    dark : bool
        For dark surroundings.
    format : str
        ``"png"``, ``"svg"`` or ``"pdf"``.
    only : iterable of str
        Names of figures; by default all.

    Returns
    -------
    Drawn
        The files, and what could not be written.

    Raises
    ------
    InputError
        For an unknown name or format, or a folder that can't be made.

    Examples
    --------
    >>> import dydt, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [file.name for file in dydt.figures(folder, only=["repulsor"]).files]
    ['repulsor.png']
    """
    from dydt.plotting.animate import has_encoder, write_film
    from dydt.plotting.picture import save

    chosen = _chosen([only] if isinstance(only, str) else list(only), animate)
    if format not in FORMATS:
        raise InputError(
            f"pictures are written as {', '.join(FORMATS)}, not as `{format}`{nearest(format, FORMATS)}"
        )
    place = _made(Path(folder))
    films = [".gif", ".mp4"] if has_encoder() else [".gif"]
    files: list[Path] = []
    for figure in chosen:
        if figure.draw is not None:
            picture = figure.draw(dark=dark, title=figure.title)
            files.append(save(picture, place / f"{figure.name}.{format}"))
        if animate and figure.move is not None:
            files += write_film(figure.move(dark=dark), *(place / f"{figure.name}{kind}" for kind in films))
    notes = []
    if animate and ".mp4" not in films and any(figure.move for figure in chosen):
        notes.append("no MP4: ffmpeg is not installed; the films are GIFs only")
    return Drawn(tuple(files), tuple(notes))


def _chosen(names: list[str], animate: bool) -> list[Figure]:
    known = {figure.name: figure for figure in FIGURES}
    for name in names:
        if name not in known:
            raise InputError(
                f"there is no figure `{name}`{nearest(name, known) or '.'} There: {', '.join(known)}"
            )
        if known[name].draw is None and not animate:
            raise InputError(
                f"`{name}` is a film: ask for it with animate=True (on the command line, --animate)"
            )
    return [figure for figure in FIGURES if figure.name in names or not names]


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"the folder `{folder}` can't be made: {reason}") from None
    return folder


# -- the figures, in the order of the article ------------------------------------------------------------------------


def _secant(dark: bool, title: str) -> Any:
    from dydt.calculus.derivative import derivative

    return derivative("x^2", at=1, h=[1, 0.5, 0.2]).plot(dark=dark, title=title)


def _secant_moves(dark: bool) -> Film:
    """h → 0, and the secant of x² at 1 becomes the tangent."""
    from dydt.calculus.derivative import derivative
    from dydt.plotting.animate import Film
    from dydt.plotting.calculus import secant_frame

    square = derivative("x^2", at=1)
    steps = [1.2 * 0.88**k for k in range(36)] + [0.0]
    return Film((secant_frame(square, h, window=(-0.6, 3.0), dark=dark) for h in steps), 0.09, 2.0)


def _rising(dark: bool, title: str) -> Any:
    from dydt.calculus.derivative import derivative

    hill = "if(x < 2, 2 - (x - 2)^2/2, if(x < 4, 2, 2 - (x - 4)^2/2))"
    return derivative(hill, on=(0, 6)).plot(dark=dark, title=title)


def _rectangle(dark: bool, title: str) -> Any:
    from dydt.calculus.integral import integral
    from dydt.plotting.calculus import infinitesimal_rectangle

    return infinitesimal_rectangle(integral("2 + sin(x)", 0, 5), dark=dark, title=title)


def _partition(dark: bool, title: str) -> Any:
    from dydt.calculus.integral import integral
    from dydt.plotting.calculus import partition_picture

    return partition_picture(integral("2*x", 0, 2, n=8, rule="left"), dark=dark, title=title)


def _partition_moves(dark: bool) -> Film:
    """n grows, and the rectangles under 2x become the area 4."""
    from dydt.calculus.integral import integral
    from dydt.plotting.animate import Film
    from dydt.plotting.calculus import rectangles_frame

    area = integral("2*x", 0, 2, n=1, rule="left")
    counts = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 26, 34, 44, 58, 76, 100]
    return Film((rectangles_frame(area, n, dark=dark) for n in counts), 0.35, 2.0)


def _foxes(dark: bool, title: str) -> Any:
    from dydt import gallery

    return gallery.get("lotka-volterra").portrait().plot(dark=dark, title=title)


def _foxes_move(dark: bool) -> Film:
    from dydt import gallery
    from dydt.plotting.orbit import over_portrait

    law = gallery.get("lotka-volterra")
    return over_portrait(law.portrait(), law.solve(), dark=dark)


def _attractor(dark: bool, title: str) -> Any:
    from dydt import gallery

    return gallery.get("lorenz").solve().phase("x", "y", "z", dark=dark, title=title)


def _attractor_moves(dark: bool) -> Film:
    from dydt import gallery
    from dydt.plotting.orbit import in_space

    return in_space(gallery.get("lorenz").solve(), "x", "y", "z", dark=dark)


def _butterfly_moves(dark: bool) -> Film:
    from dydt import gallery
    from dydt.plotting.butterfly import flight

    found = gallery.get("lorenz").butterfly(distance=1e-6, transient=10)
    return flight(found, dark=dark, title="The butterfly effect")


def _repulsor(dark: bool, title: str) -> Any:
    from dydt import gallery

    return gallery.get("repulsor").portrait().plot(dark=dark, title=title)


def _repulsor_moves(dark: bool) -> Film:
    from dydt import gallery
    from dydt.plotting.orbit import over_portrait

    law = gallery.get("repulsor")
    return over_portrait(law.portrait(), law.solve(), dark=dark)


FIGURES = (
    Figure("secant-to-tangent", "The secant becomes the tangent", _secant, _secant_moves),
    Figure("rising-falling-flat", "Rising, falling and flat", _rising),
    Figure("infinitesimal-rectangle", "The infinitesimal rectangle", _rectangle),
    Figure("partition", "The partition of a domain", _partition, _partition_moves),
    Figure("lotka-volterra", "Rabbits and foxes: direction and phase", _foxes, _foxes_move),
    Figure("lorenz", "The Lorenz attractor", _attractor, _attractor_moves),
    Figure("repulsor", "A repulsor", _repulsor, _repulsor_moves),
    Figure("butterfly", "The butterfly effect", None, _butterfly_moves),
)
