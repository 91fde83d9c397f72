"""`dydt fit`: what it prints and writes, and how it answers mistakes."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import dydt
from dydt.cli import app

RUNNER = CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1"})
LAW = "x' = -k*x"
NETWORK = "x' = nn(x); nn = network(4)"


@pytest.fixture(autouse=True)
def _in_a_folder_with_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    t = np.linspace(0, 4, 30)
    x = 3 * np.exp(-0.8 * t) + 0.02 * np.random.default_rng(0).normal(size=30)
    rows = "\n".join(f"{a:.6g},{b:.6g}" for a, b in zip(t, x, strict=True))
    (tmp_path / "data.csv").write_text(f"t,x\n{rows}\n", encoding="utf-8")
    (tmp_path / "renamed.csv").write_text(f"day,Level\n{rows}\n", encoding="utf-8")
    for name, text in {
        "back": "t,x\n0,1\n2,2\n1,3\n3,4\n",
        "twice": "t,x\n0,1\n1,2\n1,3\n3,4\n",
        "words": "t,trial,x\n0,a,3\n1,a,2\n0,b,2\n1,b,1\n",
        "runs": "t,trial,x\n0,a,3\n1,a,2\n2,a,1.3\n0.5,b,2\n1,b,1.6\n",
        "dates": "day,x\n2024-03-01,3\n2024-03-02,2\n2024-03-04,0.9\n2024-03-05,0.6\n",
        "flat": "t,x,y\n0,1,1\n1,2,1\n2,3,1\n3,4,1\n",
        "european": "t [s];x [mg/l]\n0;3,0\n0,5;2,1\n1;1,4\n2;0,6\n3;0,3\n",
    }.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")


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


def test_a_table_as_a_spreadsheet_writes_it_and_other_times_and_scales():
    out = run("european.csv", "--law", LAW, "--t0", "-1", "--log", "k", "--noise", "0.05").stdout
    assert "5 samples at 5 times, t = 0 … 3" in out
    assert "x(-1)" in out


def test_a_law_with_a_network_is_trained_and_goes_on(tmp_path):
    given = [
        "data.csv",
        "--law",
        NETWORK,
        "--iterations",
        "20",
        "--checkpoint",
        "kept.npz",
        "--out",
        "law.npz",
    ]
    out = run(*given, "--loss", "huber", "--starts", "2").stdout
    assert "written  law.npz" in out
    assert (tmp_path / "kept.npz").exists()
    first = dydt.load("law.npz").parameters
    run(*given, "--loss", "huber", "--starts", "2")
    assert dydt.load("law.npz").parameters == first


def test_remarks_name_options():
    out = run("data.csv", "--law", "x' = -k*x^3", "--bounds", "k=2:3").stdout
    assert "try other guesses, bounds, or --starts 32" in out


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
        (["renamed.csv", "--law", LAW], 'rename columns with --rename "Level=x"'),
        (["renamed.csv", "--law", "Level' = -k*Level; q' = 1", "--rename", "Level=z"], '--rename "z=Level"'),
        (["data.csv", "--law", "x' = -k*x + y; y' = -y"], "give one, as in --init y=1"),
        (["data.csv", "--law", "y'' = -k*x; x' = -x", "--init", "y=1"], """as in --init "y'=0\""""),
        (["data.csv", "--law", LAW, "--keep-initial"], "as in --init x=1"),
        (["data.csv", "--law", "x' = -1; x(0) = 3", "--keep-initial"], "no parameters, and --keep-initial"),
        (["data.csv", "--law", LAW, "--free", "x"], "fitted, unless --keep-initial is given"),
        (["data.csv", "--law", LAW, "--free", ""], "give it one, as in --set k=1"),
        (["data.csv", "--law", LAW, "--bounds", "k=1:5", "--set", "k=7"], "as in --set k=2.23607"),
        (
            ["data.csv", "--law", LAW, "--t0", "1"],
            "before the initial values hold, 1: leave --keep-initial away, or",
        ),
        (["back.csv", "--law", LAW], "read with --sort to put them in order"),
        (["twice.csv", "--law", LAW], "the column that tells runs apart, --run NAME"),
        (
            ["words.csv", "--law", LAW],
            "if it tells runs apart, say --run trial; else choose the columns that are",
        ),
        (["flat.csv", "--law", LAW], "leave it away, --states x"),
        (["data.csv", "--law", LAW, "--checkpoint", "a.npz"], "--checkpoint says how networks are trained"),
        (["data.csv", "--law", NETWORK, "--loss", "cauchy"], "--loss linear, and --loss huber"),
        (["data.csv", "--law", NETWORK, "--keep-initial"], "leave --keep-initial away"),
        (["data.csv", "--law", NETWORK, "--t0", "-1"], "leave --t0 away"),
        (["data.csv", "--law", NETWORK, "--out", "law.ode"], "kept as .npz: --out law.npz"),
    ],
)
def test_mistakes_are_answered_without_a_traceback(given, said):
    result = run(*given, code=2)
    assert said in result.output
    assert "Traceback" not in result.output


def test_a_file_of_several_runs_tells_where_each_begins(tmp_path):
    run("runs.csv", "--law", LAW, "--run", "trial", "--out", "runs.ode")
    text = (tmp_path / "runs.ode").read_text(encoding="utf-8")
    assert "# starts as run a does; the others:\n#   b, from t = 0.5: x = " in text
    assert dydt.ODE(text).equations.start == 0.0


def test_dates_are_read_and_their_unit_is_said():
    assert "4 samples at 4 times, day = 0 … 4 days since 2024-03-01" in run("dates.csv", "--law", LAW).stdout


def test_an_address_is_no_file():
    assert "is an address: download" in run("https://example.com/a.csv", "--law", LAW, code=2).output


def test_a_training_that_found_nothing_is_no_success(tmp_path):
    t = np.linspace(0, 20, 80)
    x = np.sin(2 * t) + 0.01 * np.random.default_rng(0).normal(size=80)
    rows = "\n".join(f"{a:.6g},{b:.6g}" for a, b in zip(t, x, strict=True))
    (tmp_path / "wave.csv").write_text(f"t,x\n{rows}\n", encoding="utf-8")
    given = ["wave.csv", "--law", NETWORK, "--iterations", "10", "--out", "law.npz", "--quiet"]
    result = run(*given, code=1)  # no single autonomous state can oscillate
    assert "training found no law that meets the data" in result.stderr
    learned = RUNNER.invoke(
        app, ["learn", "wave.csv", "--hidden", "4", "--iterations", "10", "--out", "l.npz", "-q"]
    )
    assert learned.exit_code == 1
    assert "training found no law that meets the data" in learned.stderr
