"""The commands that solve: `dydt solve`, `sweep`, `show`, `gallery`."""

from __future__ import annotations

import math
import warnings
from typing import Any

import typer

from dydt.cli import arguments, options, outputs
from dydt.cli.app import app, leave
from dydt.errors import InputError


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
    leave(failed, "" if solution.status == "done" else f"{solution.status}: {solution.message}")


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
    dydt sweep lorenz --over r=0:30:300 --t 0:50 --keep "max(z),mean(z)"
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
    times, reductions = grids.kept(keep or [])
    settings["saveat"] = arguments.saveat(times)
    states = [name for name in shown if "(" not in name]
    arguments.check_problem(ode, span, fixed["--init"], settings, states, swept)
    workers = arguments.count(threads, "--threads", 0) or None
    prepared = sweeps.prepare(ode, span, {**fixed["--init"], **swept}, settings, product, reductions)
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
    leave(failed, "" if ensemble.done.all() else f"not all members reached the end: {ensemble.summary()}")


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
def gallery(
    name: options.Name = None,
    experiment: options.Experiment = None,
    seed: options.LearnSeed = None,
    plot: options.Drawing = None,
    dark: options.Dark = False,
    json: options.Json = None,
    out: options.LearnedLaw = None,
    quiet: options.Quiet = False,
) -> None:
    """The laws that come with dydt, and the story of each; `learn` learns one from noisy samples of it.

    \b
    dydt gallery
    dydt gallery lorenz
    dydt gallery learn lotka-volterra --plot forecast.png
    dydt gallery learn hudson-bay
    """
    if name == "learn":
        from dydt.cli.neural import learn_again

        return learn_again(experiment, seed, plot, dark, json, out, quiet)
    given = {"--seed": seed, "--plot": plot, "--json": json, "--out": out, experiment: experiment}
    for option, value in given.items():
        if value is not None:
            raise InputError(f"`{option}` belongs to an experiment, as in: dydt gallery learn lotka-volterra")
    from dydt import gallery as shelf
    from dydt.cli.report import report_entry, report_gallery

    if name is None:
        report_gallery()
    else:
        report_entry(shelf.entry(name), shelf.get(name))
