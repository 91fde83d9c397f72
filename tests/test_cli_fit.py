"""`dydt fit`: what it prints and writes, and how it answers mistakes."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import dydt
from dydt.cli import app

RUNNER = CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1"})
LAW = "x' = -k*x"


@pytest.fixture(autouse=True)
def _in_a_folder_with_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    t = np.linspace(0, 4, 30)
    x = 3 * np.exp(-0.8 * t) + 0.02 * np.random.default_rng(0).normal(size=30)
    rows = "\n".join(f"{a:.6g},{b:.6g}" for a, b in zip(t, x, strict=True))
    (tmp_path / "data.csv").write_text(f"t,x\n{rows}\n", encoding="utf-8")
    (tmp_path / "renamed.csv").write_text(f"day,Level\n{rows}\n", encoding="utf-8")


def run(*given, code=0):
    result = RUNNER.invoke(app, ["fit", *given])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result


def test_a_fit_prints_the_data_and_a_table_and_writes_what_is_asked_for(tmp_path):
    out = run("data.csv", "--law", LAW, "--plot", "fit.png", "--out", "fitted.ode", "--dark").stdout
    assert "30 samples at 30 times" in out
    assert "± error" in out
    assert "written  fit.png, fitted.ode" in out
    assert max(map(len, out.splitlines())) <= 100
    assert (tmp_path / "fit.png").stat().st_size > 10_000
    sol = dydt.ODE((tmp_path / "fitted.ode").read_text(encoding="utf-8")).solve()
    assert sol["x"][-1] == pytest.approx(3 * np.exp(-3.2), abs=0.02)


def test_json_is_alone_on_standard_output():
    found = json.loads(run("data.csv", "--law", LAW, "--json", "-", "--noise", "0.02").stdout)
    assert found["parameters"]["k"] == pytest.approx(0.8, abs=0.03)
    assert found["noise is given"] is True


def test_options_reach_the_fit():
    told = json.loads(
        run(
            "renamed.csv", "--law", "x' = -k*x + c", "--rename", "Level=x", "--free", "k", "--set", "c=0,k=0.3",
            "--init", "x=3", "--keep-initial", "--bounds", "k=0.1:0.7", "--loss", "huber", "--json", "-",
        ).stdout
    )  # fmt: skip
    assert list(told["unknowns"]) == ["k"]
    assert told["parameters"] == {"k": 0.7}
    assert told["at bound"] == ["k"]
    assert told["loss"] == "huber"
    several = run("data.csv", "--law", LAW, "--bounds", "k=0.01:100", "--starts", "8", "--seed", "3").stdout
    assert "best of 8 starts" in several


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["dat.csv", "--law", LAW], "there is no file `dat.csv`; did you mean `data.csv`"),
        (["data.csv", "--law", "y' = -k*y"], "the law has no state `x`"),
        (["data.csv", "--law", LAW, "--free", "q"], "no parameter `q`"),
        (["data.csv", "--law", LAW, "--bounds", "k=5"], "--bounds takes name=from:to"),
        (["data.csv", "--law", LAW, "--bounds", "k=5:1"], "must be below"),
        (
            ["data.csv", "--law", LAW, "--set", "x=1"],
            "`x` is a state: give its initial value with --init x=1",
        ),
        (["data.csv", "--law", LAW, "--init", "k=1"], "`k` is a parameter: give its value with --set k=1"),
        (["data.csv", "--law", LAW, "--loss", "hubr"], "did you mean `huber`"),
        (["data.csv", "--law", LAW, "--starts", "none"], "--starts"),
        (["data.csv", "--law", LAW, "--noise", "-1"], "noise must be positive"),
        (["data.csv", "--law", LAW, "--time", "s"], "no column `s`"),
        (["data.csv", "--law", LAW, "--plot", "fit.gif"], "--plot writes .png"),
        (["data.csv", "--law", "lotka-voltera"], "lotka-volterra"),
    ],
)
def test_mistakes_are_answered_without_a_traceback(given, said):
    result = run(*given, code=2)
    assert said in result.output
    assert "Traceback" not in result.output
