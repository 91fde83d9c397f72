"""The commands that go from data to laws: `dydt fit`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from dydt.cli import arguments, options, outputs
from dydt.cli.app import app, leave
from dydt.errors import InputError
from dydt.expr.source import shorten

if TYPE_CHECKING:
    from dydt.learning.data import Data
    from dydt.ode import ODE


@app.command()
def fit(
    data: options.DataFile,
    law: options.FitLaw,
    free: options.Free = None,
    bounds: options.Bounds = None,
    values: options.Set = None,
    initial: options.Init = None,
    keep_initial: options.KeepInitial = False,
    time: options.TimeColumn = None,
    run: options.RunColumn = None,
    states: options.Columns = None,
    rename: options.Rename = None,
    sort: options.Sort = False,
    noise: options.Noise = None,
    loss: options.Loss = "linear",
    starts: options.Starts = None,
    seed: options.StartSeed = None,
    plot: options.FitPlot = None,
    dark: options.Dark = False,
    json: options.Json = None,
    out: options.FittedLaw = None,
    quiet: options.Quiet = False,
    independent: options.Independent = "t",
) -> None:
    """Fit the parameters and initial values of a law to measurements.

    \b
    dydt fit lynx.csv --law lv.ode --plot fit.png
    dydt fit data.csv --law "x' = -k*x" --noise 0.05 --json -
    dydt fit runs.csv --law lv.ode --run trial --bounds a=0:5,b=0:5 --starts 32 --out fitted.ode
    """
    arguments.check_files({"--plot": plot}, {"--json": json, "--out": None if out is None else str(out)})
    entry = arguments.read_law(law, independent)
    ode = arguments.make_ode(entry, independent, {})
    measured = read(data, time, run, states, rename, sort, noise)
    found = ode.fit(
        measured,
        arguments.names(free) if free is not None else None,
        ranges(bounds or []),
        initial=not keep_initial,
        loss=loss,
        starts=arguments.count(starts, "--starts", 1),
        seed=0 if seed is None else arguments.count(seed, "--seed", 1),
        progress=not quiet,
        values=_guesses(ode, values, initial),
    )
    write = {
        "plot": lambda path: found.plot(path=path, dark=dark, title=entry.title or None),
        "json": lambda path: outputs.write_text(path, found.to_json() + "\n"),
        "out": lambda path: _write_law(path, data, found),
    }
    written, failed = outputs.write_each(write, {"plot": plot, "json": json, "out": out})
    if not quiet and json != "-":
        typer.echo(f"{measured}\n\n{found}")
        if written:
            typer.echo(f"\nwritten  {', '.join(written)}")
    status = getattr(found, "status", "done")
    leave(failed, "" if status == "done" else f"{status}: {found.message}")


def read(
    path: Path,
    time: str | None,
    run: str | None,
    states: str | None,
    rename: list[str] | None,
    sort: bool,
    noise: str | None,
) -> Data:
    """The measurements that a command is given."""
    from dydt.learning.data import read_data

    deviation: Any = None
    if noise is not None:
        deviation = (
            arguments.assignments([noise], "--noise") if "=" in noise else arguments.number(noise, "--noise")
        )
    return read_data(
        path,
        time=time,
        run=run,
        states=arguments.names(states) if states is not None else None,
        rename=arguments.pairs(rename or [], "--rename"),
        sort=sort,
        noise=deviation,
    )


def ranges(texts: list[str]) -> dict[str, tuple[float, float]]:
    """Bounds from `a=0:5,b=1:`; an end that is left away is open.

    >>> ranges(["a=0:5, b=1:"])
    {'a': (0.0, 5.0), 'b': (1.0, inf)}
    """
    found = {}
    for name, text in arguments.pairs(texts, "--bounds").items():
        ends = text.split(":")
        if len(ends) != 2 or not any(end.strip() for end in ends):
            raise InputError(
                f"--bounds takes name=from:to, as in --bounds a=0:5,b=1:, and got `{shorten(f'{name}={text}')}`"
            )
        option = f"--bounds {shorten(name)}"
        low, high = (arguments.number(end, option) if end.strip() else None for end in ends)
        found[name] = (-math.inf if low is None else low, math.inf if high is None else high)
    return found


def _guesses(ode: ODE, values: list[str] | None, initial: list[str] | None) -> dict[str, float]:
    """Where parameters and initial values begin."""
    parameters = arguments.assignments(values or [], "--set")
    starts = arguments.assignments(initial or [], "--init")
    for name in parameters:
        if name in ode.states:
            raise InputError(
                f"`{name}` is a state: give its initial value with --init {name}={parameters[name]:g}"
            )
        if name not in ode.parameters:
            raise InputError("--set: " + arguments.no_such("parameter", name, list(ode.parameters)))
    for name in starts:
        if name in ode.parameters:
            raise InputError(f"`{name}` is a parameter: give its value with --set {name}={starts[name]:g}")
        if name not in ode.states:
            raise InputError("--init: " + arguments.no_such("state", name, ode.states))
    return {**parameters, **starts}


def _write_law(path: Path, data: Path, found: Any) -> None:
    """The fitted law as an .ode file, with where it comes from; one with networks as .npz."""
    if path.suffix.lower() == ".npz":
        found.law.save(path)
        return
    if found.law.training is not None:
        raise InputError(f"a law with networks is kept as .npz: --out {path.with_suffix('.npz')}")
    outputs.write_text(str(path), f"# fitted to {data.name}\n{found.law}\n")
