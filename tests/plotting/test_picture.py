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


def test_a_path_may_be_named_or_come_last(tmp_path):
    law = dydt.gallery.lotka_volterra()
    start = {"x": 2, "y": 1}
    solution, steps = law.solve(t=5, **start), law.steps("heun", h=[0.5, 0.25], t=2, **start)
    butterfly = law.butterfly(t=5, **start)
    makes = [solution.plot, solution.phase, law.sweep(t=2, x=[1, 2], y=1).plot, steps.plot, steps.plot_errors]
    makes += [law.stability_region(**start).plot, butterfly.plot, butterfly.phase]
    makes += [law.lyapunov(t=20, **start).plot, law.equilibria().plot]
    for number, make in enumerate(makes):
        first, second = tmp_path / f"{number}.svg", tmp_path / f"{number} again.svg"
        make(str(first))
        make(path=second)
        assert first.read_bytes() == second.read_bytes()
    solution.plot("x", tmp_path / "only x.svg")
    assert (tmp_path / "only x.svg").read_bytes() != (tmp_path / "0.svg").read_bytes()
    with pytest.raises(dydt.InputError, match=r"here are several: a\.png, b\.png"):
        solution.plot("a.png", path="b.png")
    with pytest.raises(dydt.InputError, match=r"`orbit\.jpg` has `\.jpg`"):
        solution.phase("orbit.jpg")


def test_a_long_title_is_broken_into_lines():
    title = "A long title that would not fit above the axes of a small picture in one line"
    axes = solved("lotka-volterra").plot(title=title, size=(4, 3)).axes[0]
    lines = axes.get_title(loc="left").splitlines()
    assert " ".join(lines) == title
    assert max(map(len, lines)) <= 30


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
