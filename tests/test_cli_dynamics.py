"""`dydt portrait` and `dydt equilibria`: what they print and write, and how they answer mistakes."""

import json

import pytest
from typer.testing import CliRunner

from dydt.cli import app

RUNNER = CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1"})


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*given, code=0):
    result = RUNNER.invoke(app, [*given])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result


def test_equilibria_of_lorenz():
    out = run("equilibria", "lorenz").stdout
    assert "Lorenz's butterfly" in out
    assert "3 equilibria (exact: there are no others)" in out
    assert "0.093956 ± 10.195i, -13.855" in out
    assert "x = sqrt(b*(r - 1)), y = sqrt(b*(r - 1)), z = r - 1" in out
    assert max(map(len, out.splitlines())) <= 100
    assert "one equilibrium" in run("equilibria", "lorenz", "--set", "r=1/2").stdout


def test_json_and_latex_are_alone_on_standard_output():
    told = json.loads(run("equilibria", "lotka-volterra", "--json", "-").stdout)
    assert [item["kind"] for item in told["equilibria"]] == ["saddle", "centre"]
    assert run("equilibria", "lorenz", "--latex").stdout.startswith(r"\begin{aligned}")
    told = json.loads(run("portrait", "pendulum", "--json", "-").stdout)
    assert len(told["separatrices"]) == 8


def test_a_portrait_with_its_picture(tmp_path):
    out = run("portrait", "lotka-volterra", "--plot", "lv.png", "--dark").stdout
    assert "centre" in out
    assert "written  lv.png" in out
    assert (tmp_path / "lv.png").read_bytes().startswith(b"\x89PNG")


def test_box_and_orbits(tmp_path):
    law = "x'' = -sin(x) - 0.2*x'"
    given = (
        "--box",
        "x=-pi:2*pi,x'=-4:4",
        "--through",
        "x=0,x'=2",
        "--through",
        "x=0,x'=-2",
        "--json",
        "p.json",
    )
    run("portrait", law, *given, "--plot", "p.svg")
    told = json.loads((tmp_path / "p.json").read_text(encoding="utf-8"))
    assert told["box"]["x"] == pytest.approx([-3.14159265, 6.28318531])
    assert [orbit["start"] for orbit in told["orbits"]] == [[0, 2], [0, -2]]
    assert "<svg" in (tmp_path / "p.svg").read_text(encoding="utf-8")


def test_one_state_and_three():
    assert (
        "direction field in t = 0 … 5"
        in run("portrait", "y' = t - y", "--box", "t=0:5", "--plot", "f.png").stdout
    )
    assert "3 equilibria" in run("portrait", "lorenz", "--plot", "l.png").stdout
    run("portrait", "y' = t - y", "--through", "t=0,y=1")
    run("equilibria", "brusselator", "--plot", "b.png")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("equilibria", "duffing"), "changes with t itself"),
        (("equilibria", "pendulum", "--box", "theta=3:1"), "is empty"),
        (("equilibria", "pendulum", "--box", "theta=3"), "--box takes name=from:to"),
        (("equilibria", "pendulum", "--box", "x=0:1"), "there is no state `x`"),
        (("equilibria", "x' = a*x"), "give --set a=1"),
        (("equilibria", "lorenz", "--set", "q=1"), "there is no parameter `q`"),
        (("equilibria", "lorenz", "--set", "x=1"), "`x` is a state"),
        (("equilibria", "lorentz"), "lorenz"),
        (("portrait", "henon-heiles"), "the law has 4"),
        (("portrait", "bouncing-ball"), "has events"),
        (("portrait", "pendulum", "--through", "theta=1"), "takes a whole point"),
        (("portrait", "pendulum", "--through", "phi=1"), "there is no state `phi`"),
        (("portrait", "pendulum", "--plot", "p.gif"), "writes .png, .svg or .pdf"),
        (("portrait", "pendulum", "--plot", "nowhere/p.png"), "there is no folder"),
        (("portrait", "x' = "), "x' ="),
    ],
)
def test_mistakes_get_an_answer(given, message):
    result = run(*given, code=2)
    assert message in result.stderr
    assert "Traceback" not in result.output
