"""The style is legible for everybody, and leaves no trace in the caller's settings."""

import itertools
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from dydt.plotting import DARK, LIGHT
from dydt.plotting.style import settings, styled

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)

# Machado, Oliveira & Fernandes, IEEE TVCG 15 (2009) 1291-1298, full severity, on linear RGB.
EYES = {
    "all cones": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """WCAG 2.1."""
    low, high = sorted(float(XYZ[1] @ linear(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    x = XYZ @ rgb / np.array([0.9505, 1.0, 1.089])
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@THEMES
@pytest.mark.parametrize("eye", EYES)
def test_every_two_colours_of_the_palette_differ_for_every_eye(theme, eye):
    seen = [lab(np.clip(np.array(EYES[eye]) @ linear(c), 0, 1)) for c in theme.palette]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 11


@THEMES
def test_everything_stands_out_on_its_paper(theme):
    assert min(contrast(colour, theme.paper) for colour in theme.palette) > 2.9
    assert contrast(theme.ink, theme.paper) > 12
    assert contrast(theme.quiet, theme.paper) > 4.5


@THEMES
def test_colours_of_many_curves_are_as_many(theme):
    assert theme.colours(3) == list(theme.palette[:3])
    assert len(set(theme.colours(28))) == 28


@THEMES
def test_settings_are_known_to_matplotlib_and_are_undone(theme):
    before = dict(matplotlib.rcParams)
    assert settings(theme).keys() <= before.keys()
    with styled(theme):
        assert matplotlib.rcParams["axes.facecolor"] == theme.paper
    assert dict(matplotlib.rcParams) == before


def test_the_caller_s_own_settings_do_not_reach_a_picture():
    with matplotlib.rc_context({"lines.linewidth": 9.0, "axes.titlesize": 40.0, "lines.linestyle": ":"}):
        with styled(LIGHT):
            assert matplotlib.rcParams["lines.linestyle"] == "-"
        assert matplotlib.rcParams["lines.linewidth"] == 9.0


def test_pyplot_stays_out():
    code = (
        "import sys, dydt\n"
        "sol = dydt.ODE('x\\' = y; y\\' = -x; z\\' = -z').solve(t=(0, 3), x=1, y=0, z=1)\n"
        "sol.plot()._repr_png_(); sol.phase()._repr_png_()\n"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0
