"""Every example of the README runs, and says what the README says it does."""

import re
import runpy
import shlex
import warnings
from pathlib import Path

import pytest
from typer.testing import CliRunner

import dydt

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_python_examples(workplace, capsys):
    script = workplace / "examples.py"
    script.write_text("\n".join(blocks("python")), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dydt.SolveWarning)
        runpy.run_path(str(script))
    said = capsys.readouterr().out
    assert "trusted to the end" in said
    assert "can't be trusted" in said
    assert "blow-up | stopped at t = 1" in said
    assert "<Ensemble of 1,000,000 over r: all done>" in said
    assert {p.name for p in (workplace / "out").iterdir()} == {"foxes.png", "orbit.png", "fan.png"}


def commands():
    for block in blocks("console"):
        for line in block.splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if words and words[0] == "dydt":
                yield words[1:]


def test_command_line_examples(workplace):
    from dydt.cli import app

    for words in commands():
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, (words, result.output)
        assert result.output
    assert {p.name for p in (workplace / "out").iterdir()} == {
        "lv.png",
        "lv.csv",
        "butterfly.png",
        "runs.nc",
    }


def test_the_two_commands_are_in_the_makefile():
    makefile = README.with_name("Makefile").read_text(encoding="utf-8")
    for target in ("demo", "test"):
        assert f"$ make {target}" in TEXT
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_table_of_methods_is_true():
    from dydt.solvers.methods import METHODS, method

    rows = re.findall(r"^\| (`[^|]*) \|[^|]*\| ([\d, ]+) \| ([\d, ]+) \|$", TEXT, re.MULTILINE)
    found = {}
    for names, orders, dense in rows:
        for name, order, dense_order in zip(
            re.findall(r"`(\w+)`", names), orders.split(","), dense.split(","), strict=True
        ):
            found[name] = (int(order), int(dense_order))
    data = {name: method(name).tableau for name in METHODS}
    assert found == {name: (known.order, known.dense_order) for name, known in data.items()}


def test_every_function_it_names_is_in_the_language():
    listed = re.search(r"the functions (.*?)\. The independent", TEXT, re.DOTALL).group(1)
    for name in re.findall(r"[a-z]+\d*", listed.replace("(= ln)", "ln").split(" if(")[0]):
        arguments = "x, 2" if name in ("atan2", "min", "max", "mod") else "x"
        assert dydt.ODE(f"x' = {name}({arguments})").states == ("x",)
