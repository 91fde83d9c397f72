"""Pictures and films of chaos: what is on them."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

import dydt
from dydt.errors import InputError
from dydt.plotting import DARK
from dydt.plotting.animate import Film, has_encoder, write_film
from dydt.plotting.butterfly import flight, small
from dydt.plotting.lyapunov import with_error
from dydt.plotting.orbit import in_space, over_portrait


@pytest.fixture(scope="module")
def lorenz():
    return dydt.gallery.lorenz().butterfly()


def test_the_exponents_settle_where_they_are_said_to():
    found = dydt.gallery.lorenz().lyapunov(t=300)
    above, below = found.plot(dark=True).axes
    assert to_hex(above.get_facecolor()) == DARK.paper
    curves = [*above.lines[:2], below.lines[0]]
    assert [curve.get_ydata()[-1] for curve in curves] == pytest.approx(found.exponents)
    words = [text.get_text() for axes in (above, below) for text in axes.texts]
    assert any(word.startswith(r"$\lambda_{1}$ = 0.9") for word in words)
    assert any("Kaplan–Yorke dimension 2.06" in word for word in words)


def test_exponents_of_a_linear_law_are_flat_lines():
    (axes,) = dydt.ODE("x' = -x; y' = -2*y").lyapunov().plot().axes
    assert [set(line.get_ydata()) for line in axes.lines[:2]] == [{-1.0}, {-2.0}]


def test_two_paths_and_their_distance(lorenz):
    above, below = lorenz.plot().axes
    first, second = above.lines
    assert np.array_equal(first.get_ydata(), lorenz.first[:, 0])
    assert np.array_equal(second.get_ydata(), lorenz.second[:, 0])
    assert below.get_yscale() == "log"
    assert np.array_equal(below.lines[0].get_ydata(), lorenz.distance)
    fitted = below.lines[-1]
    t, d = fitted.get_data()
    assert np.log(d[1] / d[0]) / (t[1] - t[0]) == pytest.approx(lorenz.rate)
    words = [text.get_text() for text in below.texts]
    assert f"horizon {lorenz.horizon:.3g}" in words
    assert "10% of what the path fills" in words


def test_both_paths_in_space_and_in_the_plane(lorenz):
    (axes,) = lorenz.phase().axes
    assert (axes.get_xlabel(), axes.get_zlabel()) == ("$x$", "$z$")
    assert len(axes.lines) == 5  # in common, then two paths with a head each
    (flat,) = lorenz.phase("x", "z", until=10).axes
    assert (flat.get_xlabel(), flat.get_ylabel()) == ("$x$", "$z$")
    with pytest.raises(InputError, match="no state `w`"):
        lorenz.phase("x", "w")
    with pytest.raises(InputError, match="two or three states"):
        dydt.gallery.logistic().butterfly().phase()
    with pytest.raises(InputError, match="did you mean|There: x, y, z"):
        lorenz.plot(name="xx")


def test_numbers_in_words():
    assert small(1e-8) == "$10^{-8}$"
    assert small(2.5e-6) == r"$2.5\cdot 10^{-6}$"
    assert small(0.25) == "0.25"
    assert with_error(-14.5721, 0.0027) == "−14.572 ± 0.003"
    assert with_error(1e-7, 2e-6) == r"$0 \pm 2\cdot 10^{-6}$"


# -- films ----------------------------------------------------------------------------------------------------------


def test_a_film_has_its_frames_and_lasts_as_long(lorenz, tmp_path):
    (path,) = write_film(flight(lorenz, frames=5, dark=True), tmp_path / "flight.gif")
    with Image.open(path) as film:
        assert film.n_frames == 5
        assert film.size == (880, 440)
        assert film.info["duration"] == 80
        first = np.asarray(film.convert("RGB"))
        film.seek(4)
        assert film.info["duration"] == 1500
        assert (np.asarray(film.convert("RGB")) != first).any()


def test_orbits_are_drawn_further_in_each_frame():
    law = dydt.gallery.lotka_volterra()
    solution = law.solve()
    lengths = []
    for figure in over_portrait(law.portrait(), solution, frames=3).frames:
        left, right = figure.axes
        track = next(line for line in left.lines if line.get_linewidth() == 2.0)
        lengths.append(len(track.get_xdata()))
        assert right.get_xlim() == (0, 18)
    assert lengths == [13, 25, 37]
    heads = [
        figure.axes[0].lines[2].get_data_3d()
        for figure in in_space(dydt.gallery.lorenz().solve(), frames=2).frames
    ]
    assert np.ravel(heads[-1]) == pytest.approx(dydt.gallery.lorenz().solve().y[-1], rel=1e-9)


def test_films_of_one_and_two_states(tmp_path):
    for name in ("logistic", "pendulum"):
        found = dydt.gallery.get(name).butterfly()
        (path,) = write_film(flight(found, frames=2), tmp_path / f"{name}.gif")
        with Image.open(path) as film:
            assert film.n_frames == 2


def test_what_films_can_not_be_written(tmp_path, monkeypatch):
    film = Film([])
    with pytest.raises(InputError, match=r"\.gif or \.mp4"):
        write_film(film, tmp_path / "x.avi")
    with pytest.raises(InputError, match="no folder"):
        write_film(film, tmp_path / "nowhere" / "x.gif")
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert not has_encoder()
    with pytest.raises(InputError, match="needs ffmpeg"):
        write_film(film, tmp_path / "x.mp4")
