"""Pictures and films of networks of continuous depth."""

import numpy as np
import pytest
from PIL import Image

from dydt.errors import InputError
from dydt.learning.views import Regions, Stream
from dydt.plotting.style import DARK, LIGHT

T = np.linspace(0.0, 1.0, 6)
RANDOM = np.random.default_rng(0)


def stream(labels, dimensions=2):
    starts = RANDOM.normal(size=(len(labels), dimensions))
    states = starts[None] * (1.0 + T[:, None, None])
    return Stream(T, states, tuple(f"x{i + 1}" for i in range(dimensions)), np.asarray(labels))


def regions(classes=2):
    side = np.linspace(-1, 1, 20)
    x, y = np.meshgrid(side, side)
    angles = np.linspace(0, 2 * np.pi, classes, endpoint=False)
    scores = np.exp(3 * np.stack([x * np.cos(a) + y * np.sin(a) for a in angles], axis=-1))
    points = RANDOM.uniform(-1, 1, (30, 2))
    labels = np.arange(30) % classes
    values = scores / scores.sum(axis=-1, keepdims=True)
    return Regions(side, side, values, points, labels, ("length", "width"), np.arange(classes))


def test_each_panel_has_the_points_where_they_are():
    found = stream([0, 1] * 10)
    picture = found.plot(title="Two kinds", panels=3)
    for axes, now in zip(picture.axes, (0, 2, 5), strict=True):
        dots = next(c for c in axes.collections if len(c.get_offsets()) == 20)
        np.testing.assert_allclose(dots.get_offsets(), found.states[now])
    assert picture.axes[0].get_title(loc="left") == "Two kinds"
    assert {text.get_text() for text in picture.axes[-1].get_legend().get_texts()} == {"0", "1"}


def test_paths_lead_from_where_points_began():
    found = stream(["a", "b", "c"])
    last = found.plot().axes[-1]
    paths = next(c for c in last.collections if hasattr(c, "get_segments")).get_segments()
    np.testing.assert_allclose([path[0] for path in paths], found.states[0])
    np.testing.assert_allclose([path[-1] for path in paths], found.states[-1])


def test_ten_short_classes_are_drawn_as_their_names_and_numbers_by_a_scale():
    assert stream(np.arange(40) % 10).plot().axes[-1].get_legend() is None
    by_scale = stream(RANDOM.normal(size=40)).plot()
    assert by_scale.axes[-1].get_legend() is None
    assert any(axes.child_axes for axes in by_scale.axes)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("dimensions", [1, 2, 4])
def test_pictures_are_written_light_and_dark(dark, dimensions, tmp_path):
    stream([0, 1, 2] * 5, dimensions).plot(tmp_path / "flow.png", dark=dark)
    with Image.open(tmp_path / "flow.png") as image:
        red, green, blue = image.convert("RGB").getpixel((2, 2))
    assert f"#{red:02x}{green:02x}{blue:02x}" == (DARK if dark else LIGHT).paper


def test_a_film_has_a_frame_for_each_time(tmp_path):
    path = stream([0, 1] * 5).animate(tmp_path / "flow.gif", title="On the way")
    with Image.open(path) as film:
        assert film.n_frames == len(T)


@pytest.mark.parametrize("classes", [2, 4])
def test_regions_show_a_border_where_the_likeliest_class_changes(classes):
    picture = regions(classes).plot(title="Regions")
    axes = picture.axes[0]
    assert axes.get_xlabel() == "length"
    borders = [c for c in axes.collections if type(c).__name__ == "QuadContourSet"]
    assert len(borders) == (1 if classes == 2 else classes)
    if classes == 2:  # where x = 0
        along = np.concatenate([path.vertices for path in borders[0].get_paths()])
        np.testing.assert_allclose(along[:, 0], 0.0, atol=1e-9)


def test_what_a_regressor_predicts_has_a_scale(tmp_path):
    side = np.linspace(-1, 1, 20)
    values = (side[:, None] * side)[:, :, None]
    points = RANDOM.uniform(-1, 1, (30, 2))
    found = Regions(side, side, values, points, points.prod(axis=1), ("u1", "u2"), None)
    assert len(found.plot(tmp_path / "surface.svg").axes) == 2


def test_impossible_wishes_are_told():
    with pytest.raises(InputError, match="panels"):
        stream([0, 1]).plot(panels=0)
    with pytest.raises(InputError, match="no state `x9`"):
        stream([0, 1]).plot(along=("x1", "x9"))
