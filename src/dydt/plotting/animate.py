"""Films: pictures one after the other, written as GIF, or as MP4 where ffmpeg is installed."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dydt.errors import InputError, nearest
from dydt.plotting.style import styled

FILMS = (".gif", ".mp4")

_DPI = 100
_COLOURS = 128  # of a GIF's frame
_WAIT = 120  # seconds that an encoder may take


@dataclass(frozen=True)
class Film:
    """Pictures of one size, and how long each is seen.

    Attributes
    ----------
    frames : iterable of Picture
        They may be one and the same picture that changes on the way: each is drawn before the next is asked for.
    seconds : float
        How long a frame is seen.
    rest : float
        How long the last one is.
    """

    frames: Iterable[Any]
    seconds: float = 0.08
    rest: float = 1.5


def has_encoder() -> bool:
    """Whether films can be written as MP4 on this machine."""
    return shutil.which("ffmpeg") is not None


def write_film(film: Film, *paths: str | Path) -> list[Path]:
    """Write a film, as GIF or MP4 by the suffix of each path; it is drawn once for all of them.

    Raises
    ------
    InputError
        For another suffix, a folder that does not exist, or MP4 without ffmpeg.
    """
    wanted = [Path(path) for path in paths]
    for path in wanted:
        suffix = path.suffix.lower()
        if suffix not in FILMS:
            seen = f"`{path.suffix}`" if suffix else "no suffix"
            raise InputError(
                f"a film is written as .gif or .mp4, and `{path.name}` has {seen}{nearest(suffix, FILMS)}"
            )
        if not path.parent.is_dir():
            raise InputError(
                f"`{path.name}` can't be written: there is no folder `{path.parent}`; make it first"
            )
        if suffix == ".mp4" and not has_encoder():
            raise InputError(f"`{path.name}` needs ffmpeg, which is not installed here; write a .gif instead")
    images = [_image(picture) for picture in film.frames]
    for path in wanted:
        (_write_gif if path.suffix.lower() == ".gif" else _write_mp4)(images, film, path)
    return wanted


def _image(picture: Any) -> Any:
    from PIL import Image

    with styled(picture.theme):
        picture.set_dpi(_DPI)
        picture.canvas.draw()
    return Image.fromarray(np.asarray(picture.canvas.buffer_rgba())[:, :, :3].copy())


def _write_gif(images: list[Any], film: Film, path: Path) -> None:
    from PIL import Image

    # Without dithering: flat colours stay flat, and the file small.
    frames = [image.quantize(colors=_COLOURS, dither=Image.Dither.NONE) for image in images]
    durations = [round(1000 * film.seconds)] * (len(frames) - 1) + [round(1000 * film.rest)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=True)


def _write_mp4(images: list[Any], film: Film, path: Path) -> None:
    rate = 1 / film.seconds
    rest = max(0, round(film.rest * rate) - 1)
    command = [
        "ffmpeg",
        "-y",
        "-loglevel",
        "error",
        "-f",
        "image2pipe",
        "-framerate",
        f"{rate:.4f}",
        "-i",
        "-",
    ]
    # Players want even sides and this way of keeping colours.
    command += ["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p", str(path)]
    pipe = io.BytesIO()
    for image in images + images[-1:] * rest:
        image.save(pipe, format="png")
    done = subprocess.run(command, input=pipe.getvalue(), capture_output=True, timeout=_WAIT, check=False)
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise InputError(
            f"ffmpeg could not write `{path.name}`: {lines[-1] if lines else 'it does not say why'}"
        )
