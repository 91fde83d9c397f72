"""`dydt derive`, `dydt integrate`, `dydt motion`."""

import json

import pytest
from typer.testing import CliRunner

from dydt.cli import app

RUNNER = CliRunner(env={"COLUMNS": "90", "NO_COLOR": "1"})


def run(*given, code=0):
    result = RUNNER.invoke(app, list(given))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result


def test_derive():
    out = run("derive", "t^2", "--at", "1", "--h", "0.5", "--on", "-1:2").stdout
    for part in (
        "f'(t) = 2*t",
        "df/dt = 2*t",
        "let h go to 0",
        "P = (1, 1), y = 2*t - 1",
        "2.5",
        "minimum at t = 0",
    ):
        assert part in out


def test_derive_writes_json_latex_and_a_picture(tmp_path):
    assert json.loads(run("derive", "t^2", "--at", "1", "--json", "-").stdout)["at"]["slope"] == 2
    assert run("derive", "x^2", "--latex").stdout.strip() == r"f'(x) = \frac{df}{dx} = 2 x"
    assert "written" in run("derive", "t^2", "--at", "1", "--plot", str(tmp_path / "a.png")).stdout
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_integrate():
    out = run("integrate", "2*t", "0", "2", "--n", "8", "--rule", "right").stdout
    for part in ("∫ 2*t dt = t^2 + C", "∫[0…2] 2*t dt = 4", "4.5", "n*(n + 1)/2", "S_n = 4 + 4/n"):
        assert part in out
    assert "x^2/2 + C" in run("integrate", "x").stdout


def test_motion():
    out = run("motion", "-t^2 + 10*t", "--on", "0:10", "--at", "7").stdout
    assert "forward and slowing until t = 5" in out
    assert "  7         21        -4            -2" in out


def test_what_begins_with_a_minus_is_no_option():
    assert "diverges" in run("integrate", "1/x", "-1", "1").stdout
    assert "f(x) = -cosh(x)" in run("derive", "-cosh(x)", "--at", "-1").stdout
    assert "sqrt(pi)" in run("integrate", "exp(-x^2)", "-inf", "inf").stdout


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["derive", "t^^2"], "    t^^2\n      ^"),
        (["derive", "a*x"], "--variable x"),
        (["derive", "x^2", "--at", "1", "--h", "0"], "0/0"),
        (["derive", "x^2", "--on", "2:2"], "empty"),
        (["derive", "x^2", "--plot", "a.gif"], ".png"),
        (["derive", "a*x^2", "--variable", "x", "--at", "1"], "--set a=1"),
        (["integrate", "x", "0"], "one bound is missing"),
        (["integrate", "x", "0", "nan"], "takes a number"),
        (["integrate", "x", "0", "1", "--n", "1e9"], "too many"),
        (["motion", "t^2", "--on", "5"], "--on takes an interval"),
    ],
)
def test_bad_input_is_told(given, message):
    result = run(*given, code=2)
    assert message in result.stderr
    assert "Traceback" not in result.output
