"""The command line: what it prints, what it writes, how it ends, and that it never answers with a traceback."""

import json
import math
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import dydt
from dydt.cli import app, arguments, outputs
from dydt.errors import InputError

DECAY = "x' = -k*x; k = 2; x(0) = 1; t = 0:1"
RUNNER = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"})


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*given, code=0, stdin=None):
    result = RUNNER.invoke(app, list(given), input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result


def refused(*given, stdin=None):
    """The message of a command that can't be done; nothing is on standard output."""
    result = run(*given, code=2, stdin=stdin)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr


def columns(text):
    header, *rows = text.splitlines()
    return header.split(","), np.array([[float(v) for v in row.split(",")] for row in rows])


# -- solve ----------------------------------------------------------------------------------------------------------


def test_the_report_says_what_came_out_and_what_it_took():
    out = run("solve", "lotka-volterra").stdout
    assert "Lotka–Volterra, rabbits and foxes" in out
    assert "0.8401143" in out
    assert "t = 18" in out
    assert "done     reached t = 18" in out
    assert "44 steps" in out
    assert "from text to machine code" in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_wide_terminal_has_room_for_meanings():
    out = RUNNER.invoke(app, ["solve", "lotka-volterra"], env={"COLUMNS": "120"}).stdout
    assert "rabbits, thousands" in out
    assert max(map(len, out.splitlines())) <= 120


def test_text_with_values_a_span_and_files():
    law = "x' = a*x - b*x*y; y' = d*x*y - g*y"
    run(
        *("solve", law, "--set", "a=1.5,b=1", "--set", "d=3/4, g=1", "--init", "x=2,y=1", "--t", "0:18"),
        *("--csv", "lv.csv", "--json", "lv.json", "--quiet"),
    )
    names, values = columns(Path("lv.csv").read_text(encoding="utf-8"))
    expected = dydt.gallery.lotka_volterra().solve()
    assert names == ["t", "x", "y"]
    assert np.array_equal(values, expected.rows)
    told = json.loads(Path("lv.json").read_text(encoding="utf-8"))
    assert told["status"] == "done"
    assert told["states"]["x"] == expected["x"].tolist()


def test_primes_and_expressions_in_values():
    result = run(
        "solve", "x'' = -x", "--init", "x=0,x'=max(1, 2)/2", "--t", "0:pi/2", "--saveat", "end", "--csv", "-"
    )
    names, values = columns(result.stdout)
    assert names == ["t", "x", "x'"]
    assert values[0] == pytest.approx([math.pi / 2, 1.0, 0.0], abs=1e-8)


def test_the_law_may_come_from_standard_input_or_a_file(tmp_path):
    out = run("solve", "-", "--csv", "-", "--saveat", "end", stdin=DECAY).stdout
    (tmp_path / "decay.ode").write_text("\ufeff# title: Decay away\n" + DECAY, encoding="utf-8")
    (tmp_path / "plain").write_text(DECAY, encoding="utf-8")
    (tmp_path / "lorenz").write_text(DECAY, encoding="utf-8")
    for file in ("decay.ode", "./decay.ode", str(tmp_path / "decay.ode"), "plain", "./lorenz"):
        assert run("solve", file, "--csv", "-", "--saveat", "end").stdout == out
    assert "Decay away" in run("solve", "decay.ode").stdout
    assert "butterfly" in run("solve", "lorenz").stdout, (
        "a name of the gallery is that law, whatever lies about"
    )


def test_the_span_may_be_an_end_or_run_backwards():
    _, values = columns(run("solve", DECAY, "--t", "2", "--saveat", "end", "--csv", "-").stdout)
    assert values[0] == pytest.approx([2.0, math.exp(-4)], rel=1e-6)
    _, values = columns(run("solve", DECAY, "--t", "0:-1", "--saveat", "end", "--csv", "-").stdout)
    assert values[0] == pytest.approx([-1.0, math.exp(2)], rel=1e-6)


def test_times_to_keep():
    for saveat, times in (
        ("0.25", [0, 0.25, 0.5, 0.75, 1]),
        ("0,1/2,1", [0, 0.5, 1]),
        ("0.5,", [0.5]),
        ("end", [1]),
    ):
        _, values = columns(run("solve", DECAY, "--saveat", saveat, "--csv", "-").stdout)
        assert values[:, 0].tolist() == times
        assert values[:, 1] == pytest.approx(np.exp(-2 * np.array(times)), rel=1e-7)
    assert "t = 1" in run("solve", DECAY, "--saveat", "end").stdout


def test_methods_steps_and_tolerances():
    out = run("solve", DECAY, "--method", "rk4", "--h", "1/100").stdout
    assert "rk4: 100 steps" in out
    assert "tsit5" in run("solve", DECAY, "--rtol", "1e-3", "--atol", "1e-6").stdout
    assert "vern9" in run("solve", DECAY, "--atol", "x=1e-12").stdout
    assert re.search(r"\b1[0-2] steps", run("solve", DECAY, "--max-step", "0.1").stdout)


def test_another_independent_variable():
    out = run(
        "solve", "dy/dx = 2x; y(0) = 0", "--independent", "x", "--t", "0:3", "--csv", "-", "--saveat", "end"
    ).stdout
    assert columns(out)[0] == ["x", "y"]
    assert columns(out)[1][0] == pytest.approx([3, 9])


def test_a_check_tells_how_far_to_trust():
    out = run("solve", "lorenz", "--check").stdout
    assert "trusted until t = " in out
    assert "error" in out
    told = json.loads(run("solve", DECAY, "--check", "--json", "-").stdout)
    assert told["check"]["verdict"].startswith("trusted to the end")
    assert 0 <= told["check"]["errors"]["x"] < 1e-6


def test_json_is_all_there_is_on_standard_output():
    result = run("solve", "lorenz", "--json", "-")
    assert json.loads(result.stdout)["stats"]["method"] == "vern9"
    assert result.stderr == ""


def test_many_states_are_summed_up():
    out = run("solve", "pleiades").stdout
    assert "and 12 more states" in out


def test_quiet_prints_nothing():
    result = run("solve", "lorenz", "-q")
    assert result.output == ""


def test_what_did_not_finish_ends_with_1_and_is_still_written():
    result = run("solve", "blow-up", "--csv", "b.csv", code=1)
    assert "blow-up: stopped at t = 1" in result.stderr
    assert "grows without bound" in result.stderr
    assert "stopped at t = 1 of t = 0 … 2" in result.stdout
    assert len(columns(Path("b.csv").read_text(encoding="utf-8"))[1]) > 20
    message = run("solve", "lorenz", "--step-limit", "50", "-q", code=1).stderr
    assert "Raise --step-limit" in message
    assert run(
        "solve", "robertson", "--method", "vern9", "--time-limit", "0.01", "-q", code=1
    ).stderr.startswith("dydt: time limit: ")
    told = json.loads(run("solve", "blow-up", "--json", "-", code=1).stdout)
    assert told["status"] == "blow-up"


def test_nothing_was_reached_of_what_was_to_be_kept():
    assert "stopped at t = 1" in run("solve", "blow-up", "--saveat", "1.5,2", code=1).stdout


def test_pictures(tmp_path):
    out = run("solve", "lotka-volterra", "--plot", "lv.png", "--phase", "phase.svg", "--dark").stdout
    assert "written  lv.png, phase.svg" in out
    assert (tmp_path / "lv.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "phase.svg").read_text(encoding="utf-8")
    run("solve", "double-pendulum", "--series", "s.pdf", "--phase", "p.png", "--names", "theta1,theta2", "-q")
    assert (tmp_path / "s.pdf").stat().st_size > 1000


def test_the_path_is_drawn_in_space_where_that_shows_most():
    def solved(name):
        return dydt.gallery.get(name).solve(rtol=1e-6)

    assert outputs.best_picture(solved("lorenz"), []).__name__ == "phase"
    assert outputs.best_picture(solved("lorenz"), ["x"]).__name__ == "plot"
    assert outputs.best_picture(solved("sir"), []).__name__ == "plot"
    assert outputs.best_picture(solved("lotka-volterra"), []).__name__ == "plot"


# -- show and gallery -----------------------------------------------------------------------------------------------


def test_show_tells_the_life_of_an_equation():
    out = run("show", "lorenz").stdout
    for title in (
        "text",
        "equations as read",
        "expression graph",
        "Jacobian",
        "straight-line code",
        "LLVM IR",
        "machine code",
    ):
        assert f"── {title}" in out
    assert "∂(y')/∂z = -x" in out
    assert "define void @law(" in out


def test_long_stages_are_cut_and_say_how_to_see_the_rest():
    out = run("show", "pleiades", "--method", "dop853").stdout
    assert "more lines: dydt show pleiades --stage graph" in out
    assert len(out.splitlines()) < 350
    assert len(run("show", "pleiades", "--stage", "graph").stdout.splitlines()) > 500


def test_one_stage_is_all_that_is_printed():
    assert (
        run("show", "x' = -k*x", "--stage", "tape").stdout
        == "%0 = k\n%1 = x\n%2 = mul %0, %1\n%3 = neg %2\nreturn %3\n"
    )
    assert run("show", DECAY, "--stage", "equations").stdout == "x' = -k*x\n\nk = 2\nx(0) = 1\nt = 0:1\n"
    assert "@advance" in run("show", DECAY, "--stage", "ir", "--full", "--method", "euler").stdout
    assert "no stage `tapee`; did you mean `tape`" in refused("show", "lorenz", "--stage", "tapee")


def test_the_gallery_is_listed():
    lines = run("gallery").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(bool(re.search(r" \d+$", line.rstrip())) for line in lines) == len(dydt.gallery.names())
    assert any(line.startswith("lotka-volterra") and line.rstrip().endswith(" 2") for line in lines)


@pytest.mark.parametrize(
    "name", ["lorenz", "pendulum", "pleiades", "double-pendulum", "exponential", "lane-emden"]
)
def test_a_law_is_told_of(name):
    out = run("gallery", name).stdout
    entry = dydt.gallery.entry(name)
    assert entry.title in out
    assert entry.story.split()[0] in out
    assert f"dydt solve {name}" in out
    assert "Source: " in out
    assert all(named in out for named in dydt.gallery.get(name).parameters)


def test_help_and_version():
    assert run("--version").stdout == f"dydt {dydt.__version__}\n"
    assert "Solve a law" in run("--help").stdout
    for command in ("solve", "show", "gallery"):
        assert "Usage:" in run(command, "--help").stdout


# -- what can't be done ---------------------------------------------------------------------------------------------

MESSAGES = [
    (["lorentz"], "no law `lorentz`; did you mean `lorenz`?"),
    (["nofile.ode"], "there is no file `nofile.ode`"),
    (["lorenz.ode"], "there is no file `lorenz.ode`. The gallery's law is called lorenz"),
    (["."], "is a folder"),
    (["x' = a*x +* y"], "something is missing between `+` and `*`\n    x' = a*x +* y\n              ^"),
    (["x' = -k*x"], "no value for `k`: give --set k=1"),
    (["x' = -x"], "no initial value for `x`: give --init x=1"),
    (["x'' = -x", "--init", "x=1"], "give --init \"x'=0\""),
    (["x' = -x", "--init", "x=1"], "say the span to solve over: --t 0:10, or in the law: t = 0:10"),
    (["lorenz", "--set", "q=3"], "no parameter `q`. Its parameters: s, r, b"),
    (["lorenz", "--set", "x=3"], "`x` is a state: give its initial value with --init x=1"),
    (["lorenz", "--set", "s"], "--set takes name=number"),
    (["lorenz", "--set", "s=1,s=2"], "--set gives `s` twice"),
    (["lorenz", "--set", "s=q"], "--set s takes a number, like 1.5 or 8/3, and got `q`"),
    (["lorenz", "--set", "s=1/0"], "not a finite number\n    1/0\n     ^"),
    (["lorenz", "--set", "s=__import__('os')"], "--set s"),
    (["lorenz", "--init", "s=3"], "`s` is a parameter: give its value with --set s=3"),
    (["lorenz", "--init", "w=3"], "no state `w`. There: x, y, z"),
    (["lorenz", "--t", "0:1:2"], "--t takes a span, as in --t 0:10"),
    (["lorenz", "--t", "1:1"], "the span is empty"),
    (["lorenz", "--t", ""], "--t takes a span"),
    (["lorenz", "--method", "tsit6"], "unknown method `tsit6`; did you mean `tsit5`?"),
    (["lorenz", "--method", "rk4"], "rk4 takes fixed steps: say how long, as in --h 0.01"),
    (["lorenz", "--h", "-1"], "h must be positive"),
    (["lorenz", "--rtol", "1e-20"], "1e-14 is about the least"),
    (["lorenz", "--atol", "w=1"], "no state `w`"),
    (["lorenz", "--saveat", "1e-300"], "--saveat 1e-300 asks for more than"),
    (["lorenz", "--saveat", "0,50"], "outside the span"),
    (["lorenz", "--saveat", "start"], "--saveat takes a number"),
    (["lorenz", "--step-limit", "1.5"], "--step-limit takes a whole number"),
    (["lorenz", "--step-limit", "1e300"], "--step-limit takes a whole number"),
    (["lorenz", "--time-limit", "-1"], "--time-limit must be positive"),
    (["lorenz", "--max-step", "0"], "--max-step must be positive"),
    (["lorenz", "--plot", "a.gif"], "--plot writes .png, .svg or .pdf, and `a.gif` has `.gif`"),
    (["lorenz", "--phase", "a"], "`a` has no suffix"),
    (["lorenz", "--plot", "no/a.png"], "--plot: there is no folder `no`; make it first"),
    (["lorenz", "--csv", "."], "is a folder"),
    (["lorenz", "--csv", "-", "--json", "-"], "both want standard output"),
    (["lorenz", "--names", "q"], "--names: there is no quantity `q`"),
    (["lorenz", "--independent", "x y"], "can't name the independent variable"),
    (["lorenz", "--plto", "a.png"], "--plot"),
    (["lorenz", "--t"], "--t"),
    ([], "LAW"),
]  # fmt: skip


@pytest.mark.parametrize(
    "given, message", MESSAGES, ids=lambda value: value if isinstance(value, str) else " ".join(value)
)
def test_messages(given, message):
    assert message in refused("solve", *given)


def test_more_that_cant_be_done(tmp_path):
    assert "did you mean `lorenz`" in refused("gallery", "lorentz")
    assert "solve" in refused("solvee")
    (tmp_path / "lorentz.ode").write_bytes(b"x' = \xff")
    assert "lorentz.ode is not text in UTF-8: byte 6 is 0xff" in refused("solve", "lorentz.ode")
    assert "there is no file `lorenz.ode`; did you mean `lorentz.ode`?" in refused("solve", "lorenz.ode")
    assert "line 1" in refused("solve", "-", stdin="x' = +* 2")
    assert "no equation" in refused("solve", "-", stdin="")
    assert "characters" in refused("solve", "-", stdin="x' = " + "1+" * 1_500_000 + "1")


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid"), reason="needs a device that is always full"
)
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_file_that_fails_does_not_keep_the_others_from_being_written(tmp_path):
    result = run("solve", DECAY, "--csv", "/dev/full", "--json", "x.json", code=2)
    assert "can't write `/dev/full`: no space left on device" in result.stderr
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))["status"] == "done"


def test_numbers_are_read_by_our_own_grammar():
    assert arguments.number("2*pi", "--t") == 2 * math.pi
    assert arguments.number(None, "--t", 3.0) == 3.0
    for text in (
        "",
        "x",
        "1e400",
        "0/0",
        "1 2 3 4)",
        "os.system",
        "lambda: 1",
        "[1]",
        "'a'",
        "nan",
        "inf",
        "-inf",
    ):
        with pytest.raises(InputError, match="--t"):
            arguments.number(text, "--t")


def test_fuzzed_arguments_never_give_a_traceback():
    random.seed(20)
    laws = [
        "lorenz",
        "lotka-volterra",
        DECAY,
        "x'' = -x",
        "blow-up",
        "",
        "=",
        "x' =",
        "x' = y",
        "\x1b[2J",
        "x'=1;" * 50,
    ]
    laws += [
        "y' = y^y^y",
        "x' = 1/0",
        "x' = sqrt(-1-x); x(0)=0; t=0:1",
        "lorenz.ode",
        "/",
        "~",
        "a" * 5000,
        "x' = é",
    ]
    values = [
        "1",
        "0",
        "-1",
        "1e308",
        "1e-308",
        "nan",
        "",
        ",",
        "=",
        "a=",
        "=1",
        "x=1",
        "x=1,y=2",
        "x'=1",
        "a=b=c",
        "(((",
    ]
    values += [
        "0:1",
        "1:0",
        ":",
        "0:1e300",
        "-1:1",
        "1,2,3",
        "3,2,1",
        "end",
        "tsit5",
        "euler",
        "auto",
        "x.png",
        "\u202e",
    ]
    flags = [
        "--t",
        "--set",
        "--init",
        "--method",
        "--h",
        "--rtol",
        "--atol",
        "--saveat",
        "--step-limit",
        "--max-step",
    ]
    flags += [
        "--names",
        "--independent",
        "--series",
        "--csv",
        "--json",
        "--check",
        "--quiet",
        "--nonsense",
        "-x",
    ]
    codes = set()
    for _ in range(250):
        given = ["solve", random.choice(laws), "--step-limit", "2000", "--time-limit", "0.2"]
        for flag in random.sample(flags, random.randint(0, 4)):
            given += [flag] if flag in ("--check", "--quiet") else [flag, random.choice(values)]
        result = RUNNER.invoke(app, given, input="x' = -x")
        assert result.exception is None or isinstance(result.exception, SystemExit), (given, result.exception)
        assert result.exit_code in (0, 1, 2), given
        assert result.exit_code == 0 or result.stderr.strip(), given
        codes.add(result.exit_code)
    assert codes == {0, 1, 2}


def test_fuzzed_laws_never_give_a_traceback():
    random.seed(21)
    pieces = [
        "x",
        "x'",
        "x''",
        "y",
        "t",
        "=",
        "+",
        "-",
        "*",
        "/",
        "^",
        "(",
        ")",
        "1",
        "2.5",
        "sin",
        "if",
        ",",
        ";",
        "\n",
        "#",
        ":",
    ]
    for _ in range(300):
        law = "".join(random.choice(pieces) for _ in range(random.randint(1, 25)))
        command = random.choice(
            [["show", "--stage", "assembly", "--method", "euler"], ["solve", "--t", "0:1", "--init", "x=1"]]
        )
        result = RUNNER.invoke(app, [command[0], "--", law] if law.startswith("-") else [*command, law])
        assert result.exception is None or isinstance(result.exception, SystemExit), (law, result.exception)
        assert result.exit_code in (0, 1, 2), law


# -- as a process of its own ----------------------------------------------------------------------------------------


def process(*given, **options):
    options = {"capture_output": True, "text": True, "encoding": "utf-8", "timeout": 60} | options
    return subprocess.run([sys.executable, "-m", "dydt", *given], **options)


def test_a_process_solves_from_a_pipe():
    done = process("solve", "-", "--csv", "-", "--saveat", "end", input=DECAY)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("t,x\n1.0,0.135335")
    failed = process("solve", "x' = )")
    assert (failed.returncode, failed.stdout) == (2, "")
    assert "^" in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.skipif(os.name == "nt", reason="pipes end otherwise there")
def test_a_reader_that_goes_away_is_no_error():
    command = f'"{sys.executable}" -m dydt show pleiades --stage jacobian | head -n 1'
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("∂(x1')")
    assert done.stderr == ""


def test_a_terminal_without_unicode_is_served():
    done = process("solve", "blow-up", env={**os.environ, "PYTHONIOENCODING": "ascii"}, encoding="ascii")
    assert done.returncode == 1
    assert "blow-up" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_start_loads_nothing_it_does_not_need():
    """That is what makes it quick; how quick is measured in benchmarks."""
    code = (
        "import sys, contextlib; from dydt.cli import main\n"
        "sys.argv = ['dydt', 'solve', 'lorenz']\n"
        "with contextlib.suppress(SystemExit): main()\n"
        "print(sorted({m.split('.')[0] for m in sys.modules}))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = set(loaded.splitlines()[-1].strip("[]").replace("'", "").split(", "))
    assert "llvmlite" in loaded
    assert not loaded & {"sympy", "scipy", "matplotlib", "pandas", "xarray", "jax", "mpmath"}


def test_what_is_no_law_is_told_apart(tmp_path):
    Path("measured.csv").write_text("t,x\n0,1\n", encoding="utf-8")
    Path("pend.npz").write_bytes(b"")
    Path("cool.ode").write_text("x' = -x; x(1) = 2", encoding="utf-8")
    assert "`measured.csv` holds data, and a law is wanted here: dydt fit" in refused("solve", "measured.csv")
    assert "is an address: download the file first" in refused("solve", "https://example.com/cool.ode")
    assert "did you mean `pend.npz`" in refused("solve", "penn.npz")
    assert "There: pend.npz" in refused("solve", "other.npz")
    said = refused("solve", "cool.ode", "--t", "0:10")
    assert "the law gives `x` at t = 1, and the span starts at 0: say --t 1:10, or give --init x=1" in said
