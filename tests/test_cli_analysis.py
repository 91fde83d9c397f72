"""`dydt classify` and `dydt explain` as they are typed."""

import json

import pytest
from typer.testing import CliRunner

from dydt.cli import app

run = CliRunner().invoke


def test_classify_prints_answers_with_reasons():
    done = run(app, ["classify", "t*y'' + y^2 = sin(t)"])
    assert done.exit_code == 0
    assert "second order, non-linear, non-autonomous, implicit, variable coefficients" in done.output
    assert "y^2 multiplies y by itself" in done.output


def test_classify_writes_json_and_latex(tmp_path):
    done = run(app, ["classify", "lotka-volterra", "--json", "-"])
    assert json.loads(done.output)["linear"]["value"] is False
    file = tmp_path / "kind.json"
    assert run(app, ["classify", "y' = 3y", "--json", str(file)]).exit_code == 0
    assert json.loads(file.read_text())["order"]["value"] == 1
    assert r"\begin{aligned}" in run(app, ["classify", "y' = 3y", "--latex"]).output


def test_explain_shows_the_steps_and_the_solution():
    done = run(app, ["explain", "y' = 2*y*t + t", "--init", "y=0"])
    assert done.exit_code == 0
    assert "y = (exp(t^2) - 1)/2" in done.output
    assert "Verified" in done.output
    assert "y = C*exp(3*t)" in run(app, ["explain", "y' = 3y"]).output


def test_explain_takes_exact_values_a_start_and_parameters():
    done = run(
        app,
        ["explain", "y'' + w^2*y = 0", "--set", "w=2", "--init", "y=1/3,y'=0", "--t0", "pi/2", "--json", "-"],
    )
    told = json.loads(done.output)
    assert told["solution"] == ["y = -cos(2*t)/3"]
    assert told["start"] == "pi/2"


def test_explain_by_one_method():
    done = run(app, ["explain", "y' = 2*y*t + t", "--method", "linear"])
    assert "The integrating factor" in done.output
    done = run(app, ["explain", "y' = y^2", "--method", "linear"])
    assert done.exit_code == 1
    done = run(app, ["explain", "y' = y^2", "--method", "lineer"])
    assert done.exit_code == 2
    assert "did you mean `linear`" in done.output + done.stderr


def test_explain_draws(tmp_path):
    picture = tmp_path / "closed.png"
    done = run(app, ["explain", "y' = y^2", "--init", "y=1", "--plot", str(picture), "--latex"])
    assert done.exit_code == 0
    assert picture.stat().st_size > 10_000
    assert r"\boxed{y = \frac{1}{1 - t}}" in done.output


def test_no_closed_form_ends_with_one():
    done = run(app, ["explain", "y' = exp(t*y) + sin(y^2)", "--init", "y=1", "--time-limit", "1.5"])
    assert done.exit_code == 1
    assert "no closed form found" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["y' = y", "--init", "z=1"], "no `z`"),
        (["y' = y", "--init", "y=one"], "takes a number"),
        (["y' = a*y", "--init", "a=1"], "--set a=1"),
        (["y'' = y", "--init", "y=1"], "is needed as well"),
        (["y' = y", "--init", "y"], "name=number"),
        (["x' + y' = 1"], "1 equation for 2"),
        (["y' = y", "--plot", "a.txt"], "--plot writes"),
        (["y' = y", "--time-limit", "0"], "more than 0"),
        (["y'' = -y", "--plot", "a.png"], "initial values"),
    ],
)
def test_bad_input_is_answered_in_words(arguments, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(app, ["explain", *arguments])
    assert done.exit_code == 2
    assert says in done.stderr
    assert "Traceback" not in done.output
