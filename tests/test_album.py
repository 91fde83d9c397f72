"""The figures of the article: which there are, and what is in their files."""

import numpy as np
import pytest
from PIL import Image

import dydt
from dydt import album
from dydt.errors import InputError

SEVEN = [
    "secant-to-tangent",
    "rising-falling-flat",
    "infinitesimal-rectangle",
    "partition",
    "lotka-volterra",
    "lorenz",
    "repulsor",
]


def test_the_seven_figures(tmp_path):
    drawn = dydt.figures(tmp_path / "new" / "out")
    assert [file.name for file in drawn.files] == [f"{name}.png" for name in SEVEN]
    assert not drawn.notes
    for file in drawn.files:
        with Image.open(file) as picture:
            assert min(picture.size) > 700
            colours = picture.convert("RGB").getcolors(1 << 24)
            assert len(colours) > 100  # not an empty sheet


@pytest.mark.parametrize(("name", "words"), [("repulsor", "unstable spiral"), ("partition", "sum 3.5")])
def test_a_figure_says_what_it_shows(name, words):
    figure = next(f for f in album.FIGURES if f.name == name)
    axes = figure.draw(dark=True, title=figure.title).axes[0]
    legend = axes.get_legend()
    texts = [*axes.texts, *(legend.get_texts() if legend else [])]
    assert any(words in text.get_text() for text in texts)
    assert axes.get_title(loc="left") == figure.title


def test_vectors_and_the_dark(tmp_path):
    drawn = dydt.figures(tmp_path, only="partition", format="svg", dark=True)
    text = drawn.files[0].read_text(encoding="utf-8")
    assert text.startswith("<?xml")
    assert "#14171c" in text


def test_a_film_beside_its_figure(tmp_path, monkeypatch):
    monkeypatch.setattr("dydt.plotting.animate.has_encoder", lambda: False)
    drawn = dydt.figures(tmp_path, animate=True, only=["partition"])
    assert [file.name for file in drawn.files] == ["partition.png", "partition.gif"]
    assert "ffmpeg is not installed" in str(drawn)
    with Image.open(drawn.files[1]) as film:
        assert film.n_frames == 17
        film.seek(16)
        last = np.asarray(film.convert("RGB"))
        film.seek(0)
        assert (np.asarray(film.convert("RGB")) != last).any()


def test_every_film_begins():
    for figure in album.FIGURES:
        if figure.move is not None:
            assert next(iter(figure.move(dark=False).frames)).axes


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"only": ["lorentz"]}, "did you mean `lorenz`"),
        ({"only": ["butterfly"]}, "is a film"),
        ({"format": "gif"}, "pictures are written as"),
    ],
)
def test_what_can_not_be_drawn(tmp_path, options, words):
    with pytest.raises(InputError, match=words):
        dydt.figures(tmp_path, **options)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="can't be made"):
        dydt.figures(tmp_path / "file" / "folder")
