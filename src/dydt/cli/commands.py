"""The commands, and how they end: 0 done, 1 a solve that did not reach its end, 2 what was asked for makes no sense."""

from __future__ import annotations

import math
import re
import signal
import sys
import warnings
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from dydt.cli import arguments, options, outputs
from dydt.errors import DydtError, InputError

UNFINISHED = 1
BAD_INPUT = 2
INTERRUPTED = 130

# Messages of the library name its arguments; here they are options.
_PYTHON_NAMES = re.compile(r"`?\b(time_limit|step_limit|max_step)\b`?")


class _Commands(TyperGroup):
    """Turns the errors a user can meet into a message and an exit code."""

    def invoke(self, context: Any) -> Any:
        try:
            return super().invoke(context)
        except DydtError as error:
            complain(str(error))
        except MemoryError:
            complain("there is not enough memory for this; --saveat keeps fewer times")
        except KeyboardInterrupt:
            complain("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        raise typer.Exit(BAD_INPUT)


app = typer.Typer(
    cls=_Commands,
    name="dydt",
    help="Write down how things change; see what happens.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def main() -> None:
    """Run the command line."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `dydt show lorenz | head` ends as every filter does
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="dydt")


def complain(message: str) -> None:
    """A message for people, where it can't get into the data."""
    message = _PYTHON_NAMES.sub(lambda found: "--" + found[1].replace("_", "-"), message)
    typer.echo(f"dydt: {message}", err=True)


def _version(wanted: bool) -> None:
    if wanted:
        from dydt import __version__

        typer.echo(f"dydt {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def solve(
    law: options.Law,
    t: options.T = None,
    values: options.Set = None,
    initial: options.Init = None,
    method: options.Method = "auto",
    h: options.H = None,
    rtol: options.Rtol = None,
    atol: options.Atol = None,
    max_step: options.MaxStep = None,
    step_limit: options.StepLimit = None,
    time_limit: options.TimeLimit = None,
    saveat: options.Saveat = None,
    plot: options.Plot = None,
    series: options.Series = None,
    phase: options.Phase = None,
    names: options.Names = None,
    dark: options.Dark = False,
    csv: options.Csv = None,
    json: options.Json = None,
    check: options.Check = False,
    quiet: options.Quiet = False,
    independent: options.Independent = "t",
) -> None:
    """Solve a law and show how its states end.

    \b
    dydt solve lorenz --plot butterfly.png
    dydt solve lotka-volterra --set a=2 --t 0:40 --csv lv.csv
    dydt solve "x'' = -x - 0.1*x'" --init "x=2,x'=0" --t 0:20
    """
    arguments.check_files(
        {"--plot": plot, "--series": series, "--phase": phase}, {"--csv": csv, "--json": json}
    )
    entry = arguments.read_law(law, independent)
    ode = arguments.make_ode(entry, independent, arguments.assignments(values or [], "--set"))
    span = arguments.span(t)
    start = arguments.assignments(initial or [], "--init")
    settings = _settings(method, h, rtol, atol, max_step, step_limit, time_limit)
    settings["saveat"] = arguments.saveat(saveat)
    shown = arguments.names(names)
    arguments.check_problem(ode, span, start, settings, shown)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the report says how it ended
        solution = ode.solve(span, values=start, progress=not quiet, **settings)
        trust = solution.check() if check else None
    files = {"plot": plot, "series": series, "phase": phase, "csv": csv, "json": json}
    written, failed = outputs.write_all(solution, trust, files, shown, dark=dark, title=entry.title or None)
    if not quiet and "-" not in (csv, json):
        from dydt.cli.report import report_solution

        report_solution(entry, ode, solution, trust, written)
    _leave(failed, "" if solution.status == "done" else f"{solution.status}: {solution.message}")


def _settings(
    method: str,
    h: str | None,
    rtol: str | None,
    atol: str | None,
    max_step: str | None,
    step_limit: str | None,
    time_limit: str | None,
) -> dict[str, Any]:
    """How to solve, as the options say."""
    return {
        "method": method,
        "h": arguments.number(h, "--h"),
        "rtol": arguments.number(rtol, "--rtol", 1e-8),
        "atol": arguments.tolerance(atol),
        "max_step": arguments.number(max_step, "--max-step", math.inf),
        "step_limit": arguments.count(step_limit, "--step-limit", 1_000_000),
        "time_limit": arguments.number(time_limit, "--time-limit", math.inf),
    }


def _leave(failed: list[str], unfinished: str) -> None:
    """Say what went wrong, and leave with the code for it."""
    for message in failed:
        complain(message)
    if unfinished:
        complain(unfinished)
    if failed:
        raise typer.Exit(BAD_INPUT)
    if unfinished:
        raise typer.Exit(UNFINISHED)


@app.command()
def sweep(
    law: options.Law,
    over: options.Over = None,
    product: options.Product = False,
    t: options.T = None,
    values: options.Set = None,
    initial: options.Init = None,
    keep: options.Keep = None,
    method: options.Method = "auto",
    h: options.H = None,
    rtol: options.Rtol = None,
    atol: options.Atol = None,
    max_step: options.MaxStep = None,
    step_limit: options.StepLimit = None,
    time_limit: options.TimeLimit = None,
    threads: options.Threads = None,
    out: options.Out = None,
    plot: options.Fan = None,
    names: options.Names = None,
    dark: options.Dark = False,
    json: options.Summary = None,
    quiet: options.Quiet = False,
    independent: options.Independent = "t",
) -> None:
    """Solve a law for many values at once, on all cores.

    \b
    dydt sweep lorenz --over r=0:21:4096 --t 0:1 --out runs.nc
    dydt sweep lorenz --over r=0:30:300 --t 0:20 --keep 0.05 --plot fan.png
    dydt sweep lotka-volterra --over x=0.5:3:100 --over y=0.5:3:100 --product --plot map.png
    """
    from dydt.cli import grids, sweeps

    data = {"--out": None if out is None else str(out), "--json": json}
    arguments.check_files({"--plot": plot}, data)
    sweeps.check_out(out)
    entry = arguments.read_law(law, independent)
    fixed = {
        "--set": arguments.assignments(values or [], "--set"),
        "--init": arguments.assignments(initial or [], "--init"),
    }
    ode = arguments.make_ode(entry, independent, fixed["--set"])
    swept, span, shown = grids.grids(over or []), arguments.span(t), arguments.names(names)
    grids.check_grids(ode, swept, fixed, product)
    settings = _settings(method, h, rtol, atol, max_step, step_limit, time_limit)
    settings["saveat"] = None if keep in (None, "final", "end") else arguments.saveat(keep)
    arguments.check_problem(ode, span, fixed["--init"], settings, shown, swept)
    workers = arguments.count(threads, "--threads", 0) or None
    prepared = sweeps.prepare(ode, span, {**fixed["--init"], **swept}, settings, product)
    told = not quiet and json != "-"
    if told:
        sweeps.announce(entry, prepared, swept)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the report says how they ended
        ensemble = prepared.run(workers, None, not quiet)
    files = {"out": out, "plot": plot, "json": json}
    written, failed = sweeps.write_all(ensemble, files, shown, dark=dark, title=entry.title or None)
    if told:
        sweeps.report(ensemble, prepared, written)
    _leave(failed, "" if ensemble.done.all() else f"not all members reached the end: {ensemble.summary()}")


@app.command()
def show(
    law: options.Law,
    stage: options.Stage = "all",
    method: options.Method = "auto",
    full: options.Full = False,
    values: options.Set = None,
    independent: options.Independent = "t",
) -> None:
    """The life of an equation, from text to machine code.

    \b
    dydt show lorenz
    dydt show "y' = sin(t)*y^3" --stage graph
    dydt show pendulum --stage assembly --method dop853 --full
    """
    entry = arguments.read_law(law, independent)
    ode = arguments.make_ode(entry, independent, arguments.assignments(values or [], "--set"))
    from dydt.cli.report import report_stages
    from dydt.show import STAGES, life

    if stage == "all":
        report_stages(life(ode, STAGES, method, full), law, full)
    elif stage in STAGES:
        typer.echo(life(ode, [stage], method, full)[0].text)
    else:
        raise InputError(arguments.no_such("stage", stage, [*STAGES, "all"]))


@app.command()
def gallery(name: options.Name = None) -> None:
    """The laws that come with dydt, and the story of each.

    \b
    dydt gallery
    dydt gallery lorenz
    """
    from dydt import gallery as shelf
    from dydt.cli.report import report_entry, report_gallery

    if name is None:
        report_gallery()
    else:
        report_entry(shelf.entry(name), shelf.get(name))
