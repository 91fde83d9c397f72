"""`dydt sweep`: what it prints, what it writes, how it ends."""

import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

import dydt
from dydt.cli import app

RUNNER = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"})


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*given, code=0):
    result = RUNNER.invoke(app, ["sweep", *given])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result


def test_the_report_says_what_is_swept_what_came_out_and_what_it_took():
    out = run("lorenz", "--over", "r=0:21:512", "--t", "0:1").stdout
    assert "Lorenz's butterfly" in out
    assert "over     r = 0 … 21 (512 values)" in out
    assert "members  512; their ends take 41 kB" in out
    assert re.search(r"z +0\.\d+ +\d+\.\d+ +\d+\.\d+", out)
    assert "all reached the end" in out
    assert "members a second" in out
    assert "lanes idle" in out
    assert max(map(len, out.splitlines())) <= 80
    assert out.index("members  512") < out.index("all reached the end")


def test_files_hold_what_the_library_computes(tmp_path):
    given = ("lorenz", "--over", "r=20:28:5", "--over", "x=0.5,1", "--product", "--t", "0:1", "--set", "s=9")
    out = run(*given, "--keep", "0.25", "--out", "runs.npz", "--plot", "fan.png", "--dark").stdout
    assert "written  runs.npz, fan.png" in out
    assert "10; their states at 5 times" in out
    expected = dydt.gallery.lorenz().sweep(
        t=(0, 1), r=np.linspace(20, 28, 5), x=[0.5, 1], product=True, s=9, saveat=0.25
    )
    assert np.array_equal(np.load("runs.npz")["y"], expected.y)
    assert (tmp_path / "fan.png").read_bytes().startswith(b"\x89PNG")
    run(*given, "--saveat", "0.25", "--out", "runs.csv", "--out", "runs.csv", "--quiet")
    header, *rows = (tmp_path / "runs.csv").read_text(encoding="utf-8").splitlines()
    assert header == "r,x(0),t,x,y,z,status"
    assert len(rows) == 5 * 2 * 5


def test_netcdf_with_primes():
    import xarray

    assert (
        run(
            "x'' = -x", "--over", "x=log:1:100:3", "--init", "x'=0", "--t", "0:pi", "--out", "runs.nc", "-q"
        ).stdout
        == ""
    )
    with xarray.open_dataset("runs.nc", engine="scipy") as data:
        assert data["x"].dims == ("x(0)",)
        assert data["x"].values == pytest.approx([-1, -10, -100], rel=1e-6)
        assert data["x(0)"].values == pytest.approx([1, 10, 100])


def test_values_in_lists_go_together():
    out = run("x' = -k*x", "--over", "k=1,2", "--over", "x=3,4", "--t", "0:1", "--keep", "final").stdout
    assert "k = 1, 2, x = 3, 4" in out
    assert "1.103638" in out  # 3/e


def test_members_that_do_not_finish_are_told_and_written():
    result = run(
        "y' = y^2", "--over", "y=0.1,0.2,1", "--t", "0:2", "--json", "-", "--out", "runs.csv", code=1
    )
    assert "not all members reached the end: 1 blow-up, 2 done" in result.stderr
    told = json.loads(result.stdout)
    assert told["statuses"] == {"blow-up": 1, "done": 2}
    assert told["ends"]["y"]["most"] == pytest.approx(1 / 3, rel=1e-6)
    assert told["dimensions"] == {"y": 3}
    assert told["stats"]["members"] == 3
    assert (
        "some stopped  1 blow-up, 2 done"
        in run("y' = y^2", "--over", "y=0.1,0.2,1", "--t", "0:2", code=1).stdout
    )
    assert json.loads(run("y' = y^2", "--over", "y=1,2", "--t", "0:2", "--json", "-", code=1).stdout)[
        "ends"
    ] == {"y": None}


def test_threads_and_methods_change_nothing_and_something():
    given = ("lorenz", "--over", "r=1:20:40", "--t", "0:1", "-q", "--out")
    for threads in "12":
        run(*given, f"{threads}.npz", "--threads", threads, "--method", "tsit5")
    run(*given, "3.npz", "--rtol", "1e-4")
    first, second, third = (np.load(f"{i}.npz")["y"] for i in "123")
    assert first.tobytes() == second.tobytes()
    assert first == pytest.approx(third, abs=0.05)
    assert first.tobytes() != third.tobytes()


MESSAGES = [
    (["lorenz"], "say what to sweep over, as in --over s=0:1:100"),
    (["lorenz", "--over", "r"], "--over takes r=0:21:100"),
    (["lorenz", "--over", "r="], "--over takes r=0:21:100"),
    (["lorenz", "--over", "q=1,2"], "there is no parameter or state `q`. There: s, r, b, x, y, z"),
    (["lorenz", "--over", "r=1:2"], "--over r takes start:stop:count"),
    (["lorenz", "--over", "r=1:2:3:4"], "--over r takes start:stop:count"),
    (["lorenz", "--over", "r=1:2:0"], "the count of --over r takes a whole number from 1, and got `0`"),
    (["lorenz", "--over", "r=1:2:1e12"], "1,000,000,000,000 values, and 100,000,000 are the most"),
    (["lorenz", "--over", "r=log:0:1:5"], "values even in the logarithm are positive"),
    (["lorenz", "--over", "r=a,b"], "--over r takes a number, like 1.5 or 8/3, and got `a`"),
    (["lorenz", "--over", "r=1,2", "--over", "r=3"], "--over gives `r` twice"),
    (["lorenz", "--over", "r=1,2", "--set", "r=3"], "`r` is swept by --over and given by --set"),
    (["lorenz", "--over", "x=1,2", "--init", "x=3"], "`x` is swept by --over and given by --init"),
    (
        ["lorenz", "--over", "r=1,2", "--over", "x=1,2,3"],
        "2 of r, 3 of x; give as many of each, or --product",
    ),
    (
        ["lorenz", "--over", "r=1,2", "--out", "runs.txt"],
        "--out writes .nc, .csv or .npz, and `runs.txt` has `.txt`",
    ),
    (["lorenz", "--over", "r=1,2", "--out", "no/runs.nc"], "--out: there is no folder `no`"),
    (["lorenz", "--over", "r=1,2", "--plot", "runs.gif"], "--plot writes .png, .svg or .pdf"),
    (["lorenz", "--over", "r=1,2", "--names", "w"], "--names: there is no state `w`"),
    (["lorenz", "--over", "r=1,2", "--keep", "0,50"], "outside the span"),
    (["lorenz", "--over", "r=1,2", "--threads", "0"], "--threads takes a whole number from 1"),
    (["x' = -k*x", "--over", "k=1,2", "--t", "0:1"], "no initial value for `x`: give --init x=1"),
    (["x' = -k*x*q", "--over", "k=1,2", "--init", "x=1", "--t", "0:1"], "no value for `q`: give --set q=1"),
    (["x' = -x", "--over", "x=1,2"], "say the span to solve over: --t 0:10"),
    (["lorenz", "--over", "r=0:1:100000", "--over", "x=0:1:100000", "--product"], "10,000,000,000 members"),
]


@pytest.mark.parametrize(
    "given, message", MESSAGES, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_what_can_not_be_done_is_answered(given, message):
    result = run(*given, code=2)
    assert message in " ".join(result.stderr.split()), result.stderr
    assert "Traceback" not in result.stderr


def test_what_does_not_fit_is_refused_with_its_memory():
    result = run("lorenz", "--over", "r=0:1:1000000", "--keep", "0.00002", "--t", "0:1", code=2)
    assert "this sweep needs 1.2 TB" in result.stderr
    assert "keep fewer times" in result.stderr


def test_what_can_not_be_written_is_said_and_the_rest_is(tmp_path, monkeypatch):
    def refuse(self, path):
        raise ModuleNotFoundError("No module named 'xarray'", name="xarray")

    monkeypatch.setattr("dydt.ensemble.Ensemble.save", refuse)
    result = run("lorenz", "--over", "r=1,2", "--t", "0:1", "--out", "runs.nc", "--plot", "fan.png", code=2)
    assert "can't write `runs.nc` without xarray: pip install 'dydt[tables]'" in result.stderr
    assert (tmp_path / "fan.png").exists()


def test_reductions_are_kept_shown_written_and_drawn(tmp_path):
    call = ["lorenz", "--over", "r=0:30:12", "--t", "0:5", "--keep", "max(z),mean(x*y)", "--keep", "0,5"]
    out = run(*call, "--out", "runs.csv", "--plot", "runs.png", "--names", "max(z)").stdout
    assert "states at 2 times, max(z), mean(x*y)" in " ".join(out.split())
    head = (tmp_path / "runs.csv").read_text(encoding="utf-8").partition("\n")[0]
    assert head == "r,t,x,y,z,max(z),mean(x*y),status"
    assert (tmp_path / "runs.png").stat().st_size > 1000
    told = json.loads(run(*call, "--json", "-").stdout)
    assert set(told["reductions"]) == {"max(z)", "mean(x*y)"}
    wrong = run("lorenz", "--over", "r=0:30:12", "--t", "0:5", "--keep", "maxx(z)", code=2)
    assert "did you mean `max`" in wrong.output
