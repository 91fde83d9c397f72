"""The commands that go from data to laws: `dydt fit`."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from dydt.cli import arguments, options, outputs
from dydt.cli.app import app, leave
from dydt.cli.wording import in_options, reworded
from dydt.errors import InputError, SolveWarning
from dydt.expr.source import shorten

if TYPE_CHECKING:
    from dydt.learning.data import Data
    from dydt.ode import ODE

LOST = "training found no law that meets the data"
_RUNS = 50  # whose starts are told in a file


@app.command()
def fit(
    data: options.DataFile,
    law: options.FitLaw,
    free: options.Free = None,
    bounds: options.Bounds = None,
    values: options.Set = None,
    initial: options.Init = None,
    keep_initial: options.KeepInitial = False,
    t0: options.FitStart = None,
    log: options.Logarithmic = None,
    time: options.TimeColumn = None,
    run: options.RunColumn = None,
    states: options.Columns = None,
    rename: options.Rename = None,
    sort: options.Sort = False,
    noise: options.Noise = None,
    loss: options.Loss = "linear",
    starts: options.Starts = None,
    seed: options.StartSeed = None,
    decay: options.Decay = None,
    iterations: options.Iterations = None,
    checkpoint: options.Checkpoint = None,
    plot: options.FitPlot = None,
    dark: options.Dark = False,
    json: options.Json = None,
    out: options.FittedLaw = None,
    quiet: options.Quiet = False,
    independent: options.Independent = "t",
) -> None:
    """Fit the parameters and initial values of a law to measurements; its networks, if it has some, are trained.

    \b
    dydt fit lynx.csv --law lv.ode --plot fit.png
    dydt fit data.csv --law "x' = -k*x" --noise 0.05 --json -
    dydt fit runs.csv --law lv.ode --run trial --bounds a=0:5,b=0:5 --starts 32 --out fitted.ode
    dydt fit data.csv --law "x' = -k*x + nn(x)" --set k=1 --checkpoint training.npz --out half.npz
    """
    arguments.check_files(
        {"--plot": plot}, {"--json": json, "--out": as_text(out), "--checkpoint": as_text(checkpoint)}
    )
    entry = arguments.read_law(law, independent)
    ode = arguments.make_ode(entry, independent, {})
    if ode.compiled_law.networks:
        check_law_file(out)
    with listening(ode.states) as said:
        measured = read(data, time, run, states, rename, sort, noise)
        found = ode.fit(
            measured,
            arguments.names(free) if free is not None else None,
            ranges(bounds or []),
            initial=not keep_initial,
            loss=loss,
            starts=arguments.count(starts, "--starts", 1),
            log=arguments.names(log) if log is not None else None,
            t0=arguments.number(t0, "--t0"),
            seed=0 if seed is None else arguments.count(seed, "--seed", 1),
            progress=not quiet,
            training=_training(ode, decay, iterations, checkpoint),
            values=_guesses(ode, values, initial),
        )
    write = {
        "plot": lambda path: found.plot(path=path, dark=dark, title=entry.title or None),
        "json": lambda path: outputs.write_text(path, found.to_json() + "\n"),
        "out": lambda path: _write_law(path, data, found),
    }
    text = reworded(f"{measured}\n\n{found}", ode.states)
    finish(text, write, {"plot": plot, "json": json, "out": out}, quiet, [*said, *_unfinished(found)])


def _unfinished(found: Any) -> list[str]:
    """Why a fit, or the training of a law with networks, did not get there."""
    if hasattr(found, "training"):
        return [LOST] if found.training.is_lost else []
    return [] if found.status == "done" else [f"{found.status}: {found.message}"]


@contextmanager
def listening(states: Collection[str] = ()) -> Iterator[list[str]]:
    """What warnings inside say, afterwards; and errors name options in place of arguments."""
    heard: list[str] = []
    with in_options(states), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", SolveWarning)
        yield heard
    heard += [str(w.message) for w in said if issubclass(w.category, SolveWarning)]


def check_law_file(out: Path | None) -> None:
    """Complain about a file that can't keep the weights of a network, before they are found."""
    if out is not None and out.suffix.lower() != ".npz":
        raise InputError(f"a law with a network is kept as .npz: --out {out.with_suffix('.npz')}")


def finish(
    text: str,
    write: Mapping[str, Callable[[Any], Any]],
    files: Mapping[str, Path | str | None],
    quiet: bool,
    unfinished: Sequence[str] = (),
) -> None:
    """Write the files, say what was found unless JSON goes to the terminal, and leave."""
    written, failed = outputs.write_each(write, files)
    if not quiet and files["json"] != "-":
        typer.echo(text)
        if written:
            typer.echo(f"\nwritten  {', '.join(written)}")
    leave(failed, unfinished[0] if unfinished else "")


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

    arguments.refuse_address(str(path))
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


def _training(
    ode: ODE, decay: str | None, iterations: str | None, checkpoint: Path | None
) -> dict[str, Any] | None:
    """How networks in the law are trained."""
    given = {"decay": decay, "iterations": iterations, "checkpoint": checkpoint}
    named = next((name for name, value in given.items() if value is not None), None)
    if named is None:
        return None
    if not ode.compiled_law.networks:
        raise InputError(f"--{named} says how networks are trained, and this law has none: leave it away")
    return {
        "decay": arguments.number(decay, "--decay", 1e-4),
        "iterations": arguments.count(iterations, "--iterations", 800),
        "checkpoint": checkpoint,
    }


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


def as_text(path: Path | None) -> str | None:
    """A path as it was typed."""
    return None if path is None else str(path)


def _write_law(path: Path, data: Path, found: Any) -> None:
    """The fitted law as an .ode file, with where it comes from; one with networks as .npz."""
    if path.suffix.lower() == ".npz":
        found.law.save(path)
        return
    lines = [f"# fitted to {data.name}"]
    if len(found.initial) > 1:
        names, t, start = list(found.initial), found.law.independent, found.law.equations.start
        own = start == found.data.runs[0].t[0]  # else initial values hold at one time, which was given
        lines.append(f"# starts as run {names[0]} does; the others:")
        for name, run in list(zip(names, found.data.runs, strict=True))[1:_RUNS]:
            values = ", ".join(f"{s} = {v:.9g}" for s, v in found.initial[name].items())
            lines.append(f"#   {name}, from {t} = {run.t[0] if own else start:.9g}: {values}")
        lines += [f"#   … and {len(names) - _RUNS} more"] * (len(names) > _RUNS)
    outputs.write_text(str(path), "\n".join([*lines, str(found.law)]) + "\n")
