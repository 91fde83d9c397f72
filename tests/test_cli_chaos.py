"""The commands lyapunov, butterfly, steps and figures: what they print, what they write, how they end."""

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.test_cli import refused, run


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_lyapunov_in_the_terminal():
    out = run("lyapunov", "lorenz", "--t", "500", "--plot", "l.png").stdout
    assert "chaotic" in out
    assert "Kaplan–Yorke dimension      2.06" in out
    assert "written  l.png" in out
    assert max(map(len, out.splitlines())) <= 100
    assert Path("l.png").stat().st_size > 10_000


def test_lyapunov_as_data_and_latex():
    told = json.loads(run("lyapunov", "x' = -2*x", "--json", "-").stdout)
    assert told["exponents"] == [-2.0]
    assert r"\lambda_{1} &= -2 " in run("lyapunov", "x' = -2*x", "--latex").stdout


def test_butterfly_writes_pictures_and_films():
    out = run(
        "butterfly", "lorenz", "--t", "0:30", "--plot", "b.png", "--phase", "p.svg", "--json", "b.json"
    ).stdout
    assert "sensitive" in out or "grows like" in out
    assert Path("p.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert json.loads(Path("b.json").read_text(encoding="utf-8"))["along"] == "x"
    run("butterfly", "logistic", "--animate", "b.gif", "--frames", "3")
    with Image.open("b.gif") as film:
        assert film.n_frames == 3


def test_steps_of_the_article():
    out = run(
        *("steps", "y' = 3*y", "--init", "y=1", "--t", "0:2", "--method", "euler,heun,rk4"),
        *("--h", "0.5,0.2,0.1", "--plot", "s.png", "--errors", "e.png", "--stability", "r.png"),
    ).stdout
    assert "exact: y = exp(3*t)" in out
    assert "k₂ = f(0 + 0.5/2, 1 + 0.5/2*3) = f(0.25, 1.75) = 3*1.75 = 5.25" in out
    assert "by theory          1          2          4" in out
    for name in ("s.png", "e.png", "r.png"):
        assert Path(name).stat().st_size > 10_000


def test_steps_as_data():
    once = ("steps", "y' = 3*y", "--init", "y=1", "--t", "1", "--method", "euler", "--h", "1/2")
    assert run(*once, "--csv", "-").stdout.splitlines()[1].startswith("0.0,1.0,3.0,1.0,0.0")
    assert json.loads(run(*once, "--json", "-").stdout)["runs"][0]["rows"][-1][1] == 6.25
    assert r"y_{1} &= 1 + 0.5 \cdot 3 = 2.5" in run(*once, "--latex").stdout
    assert "step 2" in run(*once, "--formulas", "2").stdout


def test_figures():
    out = run("figures", "out", "--only", "partition,repulsor", "--format", "svg", "--dark").stdout
    assert out.splitlines() == [str(Path("out") / "partition.svg"), str(Path("out") / "repulsor.svg")]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("lyapunov", "x' = x^2", "--init", "x=1"), "does not go on"),
        (("lyapunov", "x' = sin(x)"), "--init x=1"),
        (("lyapunov", "bouncing-ball"), "jumps"),
        (("lyapunov", "lorenz", "--t", "-1"), "positive"),
        (("butterfly", "lorenz", "--along", "w"), "no state `w`"),
        (("butterfly", "lorenz", "--animate", "b.avi"), ".gif or .mp4"),
        (("steps", "y' = 3*y", "--init", "y=1"), "--t 0:2"),
        (("steps", "y' = 3*y", "--t", "1"), "--init y=1"),
        (("steps", "y' = 3*y", "--init", "y=1", "--t", "1", "--method", "rk5"), "did you mean `rk4`"),
        (("steps", "y' = 3*y", "--init", "y=1", "--t", "1", "--method", ","), "--method takes names"),
        (("steps", "y' = 3*y", "--init", "y=1", "--t", "1", "--h", "0"), "positive"),
        (("steps", "y' = 3*y", "--init", "y=1", "--t", "1", "--h", "1,2", "--csv", "-"), "single table"),
        (("figures", "out", "--only", "nothing"), "no figure `nothing`"),
    ],
)
def test_bad_input_is_answered_in_words(given, words):
    assert words in refused(*given)
