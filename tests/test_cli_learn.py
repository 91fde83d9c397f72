"""`dydt learn`, `predict` and `gallery learn`: from a table to a law in a file, and on to a forecast."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from dydt.cli import app


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table, and a law that was learned from it."""
    folder = tmp_path_factory.mktemp("learn")
    t = np.linspace(0.5, 6.5, 60)
    rows = [f"{time},{np.cos(time)},{-np.sin(time)}" for time in t]
    (folder / "data.csv").write_text("\n".join(["t,x,v", *rows]) + "\n")
    options = ("--hidden", "8", "--iterations", "60", "--out", folder / "law.npz")
    done = run(
        "learn", folder / "data.csv", *options, "--plot", folder / "law.png", "--json", folder / "law.json"
    )
    assert done.exit_code == 0, done.output
    assert "trained on" in done.output
    assert "weights" in done.output
    return folder


def test_learn_writes_law_picture_and_report(folder):
    assert (folder / "law.png").stat().st_size > 10_000
    told = json.loads((folder / "law.json").read_text())
    assert set(told["misfit"]) == {"x", "v"}


def test_predict_starts_anywhere(folder):
    law = folder / "law.npz"
    done = run("predict", law, "--t", "0:8", "--saveat", "0,8", "--csv", "-")
    assert done.exit_code == 0, done.output
    rows = [list(map(float, line.split(","))) for line in done.output.splitlines()[1:]]
    assert rows[0][0] == 0
    np.testing.assert_allclose(rows[0][1:], [1.0, 0.0], atol=0.05)
    np.testing.assert_allclose(rows[1][1:], [np.cos(8), -np.sin(8)], atol=0.15)
    other = run("predict", law, "--t", "0:1", "--init", "x=0.5,v=0", "--saveat", "end", "--csv", "-")
    assert float(other.output.splitlines()[1].split(",")[1]) == pytest.approx(0.5 * np.cos(1), abs=0.15)


def words(done):
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def test_predict_says_where_it_goes_from_and_where_the_data_end(folder, tmp_path):
    law = folder / "law.npz"
    said = words(run("predict", law, "--t", "0:8", "--plot", tmp_path / "forecast.png"))
    assert "at t = 0.5, where the first run of its data begins, followed back to t = 0" in said
    assert "the first run ends at t = 6.5; what follows is a forecast" in said
    assert (tmp_path / "forecast.png").stat().st_size > 10_000
    inside = words(run("predict", law, "--t", "0.5:6"))
    assert "begins" in inside
    assert "forecast" not in inside
    assert "start x" not in words(run("predict", law, "--t", "0:8", "--init", "x=1,v=0"))
    assert run("predict", law, "--t", "0:8", "--quiet").output == ""


def test_predict_says_that_a_law_that_is_told_the_time_guesses(folder, tmp_path):
    law = tmp_path / "timed.npz"
    options = ("--hidden", "4", "--iterations", "5", "--time-dependent", "--quiet", "--out", law)
    assert run("learn", folder / "data.csv", *options).exit_code == 0
    said = "a network of the law is told t: outside t = 0.5 … 6.5 it is a guess"
    assert said in words(run("predict", law, "--t", "0.5:7"))
    assert said not in words(run("predict", law, "--t", "0.5:6.5"))


def test_a_saved_law_is_a_law_for_every_command(folder):
    law = folder / "law.npz"
    assert run("solve", law, "--t", "0.5:2").exit_code == 0
    shown = run("show", law, "--stage", "equations")
    assert "nn(x, v)" in shown.output
    assert "one equilibrium" in run("equilibria", law, "--box", "x=-1:1,v=-1:1").output


def test_a_checkpoint_goes_on(folder):
    kept = folder / "kept.npz"
    options = (
        "learn",
        folder / "data.csv",
        "--hidden",
        "6",
        "--iterations",
        "20",
        "--checkpoint",
        kept,
        "--json",
        "-",
    )
    first, second = (json.loads(run(*options).output) for _ in range(2))
    assert first["stages"] == second["stages"]
    other = run("learn", folder / "data.csv", "--hidden", "7", "--iterations", "20", "--checkpoint", kept)
    assert other.exit_code == 2
    assert "another training" in other.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("learn", "nothing.csv"), "no file"),
        (("learn", "DATA", "--hidden", "x"), "--hidden"),
        (("learn", "DATA", "--activation", "tahn"), "tanh"),
        (("learn", "DATA", "--optimiser", "gauss-newten"), "did you mean `gauss-newton`"),
        (("learn", "DATA", "--out", "law.json"), "--out law.npz"),
        (("learn", "DATA", "--seed", "-1"), "--seed"),
        (("predict", "nothing.npz"), "no file"),
        (("gallery", "learn", "lotka-voltera"), "lotka-volterra"),
        (("gallery", "learn"), "hudson-bay"),
        (("gallery", "lorenz", "--seed", "1"), "belongs to an experiment"),
    ],
)
def test_what_makes_no_sense_is_told_of(folder, arguments, message):
    done = run(*(folder / "data.csv" if part == "DATA" else part for part in arguments))
    assert done.exit_code == 2
    assert message in done.output
