"""Pictures as files and in notebooks."""

import io
import xml.etree.ElementTree as ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import dydt
from dydt.plotting import DARK, Picture, save
from dydt.plotting.labels import label
from tests.plotting.laws import solved


def test_png(tmp_path):
    path = tmp_path / "picture.png"
    solved("lotka-volterra").plot(dark=True, size=(5, 3), path=path)
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.size == (1000, 600)
        assert "#{:02x}{:02x}{:02x}".format(*image.convert("RGB").getpixel((2, 2))) == DARK.paper
        assert np.asarray(image.convert("L")).max() > 200


@pytest.mark.parametrize("make", ["plot", "phase"])
def test_svg(tmp_path, make):
    path = tmp_path / "picture.SVG"
    sol = solved("lorenz")
    getattr(sol, make)(path=str(path))
    assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    first = path.read_bytes()
    getattr(sol, make)(path=str(path))
    assert path.read_bytes() == first


def test_pdf(tmp_path):
    path = save(solved("lotka-volterra").plot(), tmp_path / "picture.pdf")
    assert path.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("picture.jpg", "has `.jpg`"),
        ("picture", "has no suffix"),
        ("picture.sgv", "did you mean `.svg`"),
        ("nowhere/picture.png", "there is no folder"),
    ],
)
def test_paths_that_can_not_be_written(tmp_path, name, message):
    with pytest.raises(dydt.InputError) as caught:
        save(Figure(), tmp_path / name)
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_notebooks_show_a_picture():
    figure = solved("lotka-volterra").plot()
    assert isinstance(figure, Picture)
    with Image.open(io.BytesIO(figure._repr_png_())) as image:
        assert image.size == (1140, 630)


def test_the_caller_s_settings_do_not_colour_a_file(tmp_path):
    with matplotlib.rc_context({"savefig.facecolor": "red", "savefig.dpi": 30}):
        solved("lotka-volterra").plot(size=(5, 3), path=tmp_path / "picture.png")
    with Image.open(tmp_path / "picture.png") as image:
        assert image.size == (1000, 600)
        assert image.convert("RGB").getpixel((2, 2)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("name", "typeset"),
    [
        ("x", "$x$"),
        ("x1'", "$x_{1}$′"),
        ("x''", r"$x\,$′′"),
        ("omega_0", r"$\omega_{0}$"),
        ("x_max", r"$x_{\mathrm{max}}$"),
        ("blood", "blood"),
        ("blood'", "blood′"),
        ("a_b_c", "a_b_c"),
        ("temperature_of_the_whole_room", "temperature_of_the_whol…"),
    ],
)
def test_labels(name, typeset):
    assert label(name) == typeset
