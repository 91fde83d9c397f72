"""The commands of neural laws: `dydt learn`, `dydt predict`, and the experiments of `dydt gallery learn`."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dydt.cli import arguments, options, outputs
from dydt.cli.app import app
from dydt.cli.learning import LOST, as_text, check_law_file, finish, listening, read
from dydt.cli.wording import reworded
from dydt.errors import InputError, SolveWarning, nearest

if TYPE_CHECKING:
    from dydt.ode import ODE


@app.command()
def learn(
    data: options.DataFile,
    hidden: options.Hidden = None,
    activation: options.Activation = "tanh",
    augment: options.Augment = None,
    time_dependent: options.TimeDependent = False,
    period: options.Period = None,
    time: options.TimeColumn = None,
    run: options.RunColumn = None,
    states: options.Columns = None,
    rename: options.Rename = None,
    sort: options.Sort = False,
    noise: options.Noise = None,
    loss: options.LearnLoss = "linear",
    seed: options.LearnSeed = None,
    decay: options.Decay = None,
    iterations: options.Iterations = None,
    precision: options.Precision = "auto",
    optimiser: options.Optimiser = "auto",
    checkpoint: options.Checkpoint = None,
    out: options.LearnedLaw = None,
    plot: options.TrainingPlot = None,
    dark: options.Dark = False,
    json: options.Json = None,
    quiet: options.Quiet = False,
) -> None:
    """Learn the law behind measurements as a neural ODE: a network that says how things change.

    Ctrl-C ends it with the best law so far; with --checkpoint the same command goes on from there.

    \b
    dydt learn data.csv --out law.npz --plot law.png
    dydt learn runs.csv --run trial --hidden 32,32 --checkpoint training.npz --out law.npz
    dydt predict law.npz --t 0:30
    """
    from dydt.learning.learn import learn as train

    files = {"--json": json, "--out": as_text(out), "--checkpoint": as_text(checkpoint)}
    arguments.check_files({"--plot": plot}, files)
    check_law_file(out)
    with listening() as said:
        measured = read(data, time, run, states, rename, sort, noise)
        law = train(
            measured,
            hidden=_sizes(hidden),
            activation=activation,
            augment=_whole(augment, "--augment"),
            time_dependent=time_dependent,
            period=arguments.number(period, "--period"),
            loss=loss,
            seed=_whole(seed, "--seed"),
            decay=arguments.number(decay, "--decay", 1e-4),
            iterations=arguments.count(iterations, "--iterations", 800),
            precision=precision,
            optimiser=optimiser,
            checkpoint=checkpoint,
            progress=not quiet,
        )
    report = law.training
    assert report is not None
    write = {
        "out": law.save,
        "plot": lambda path: report.plot(path=path, dark=dark),
        "json": lambda path: outputs.write_text(str(path), report.to_json() + "\n"),
    }
    unfinished = [*said, LOST] if report.is_lost else said
    text = reworded(f"{measured}\n\n{report}")
    finish(text, write, {"out": out, "plot": plot, "json": json}, quiet, unfinished)


@app.command()
def predict(
    law: options.Law,
    t: options.T = None,
    initial: options.Init = None,
    saveat: options.Saveat = None,
    names: options.Names = None,
    plot: options.Plot = None,
    dark: options.Dark = False,
    csv: options.Csv = None,
    json: options.Json = None,
    quiet: options.Quiet = False,
) -> None:
    """Where a law that was learned goes, from where its data began or from other initial values.

    The picture shows where the data end.

    \b
    dydt predict law.npz --t 0:30 --plot forecast.png
    dydt predict law.npz --t 0:30 --init x=1,y=2 --saveat 0.1 --csv -
    """
    from dydt.cli.commands import solve
    from dydt.cli.report import console, print_facts

    ode, span = arguments.make_ode(arguments.read_law(law), "t", {}), arguments.span(t)
    facts = _start(ode, span) if not initial else []
    facts += _beyond(ode, span)
    if not initial:
        initial = _carried(ode, span)
    if facts and not quiet and "-" not in (csv, json):
        print_facts(console(), facts)
    solve(
        law,
        t=t,
        initial=initial,
        saveat=saveat,
        names=names,
        plot=plot,
        dark=dark,
        csv=csv,
        json=json,
        quiet=quiet,
    )


def _start(ode: ODE, span: tuple[float, float] | float | None) -> list[tuple[str, str, str]]:
    """Where a law goes from by itself, in words."""
    start, t = ode.equations.start, ode.independent
    if start is None or any(state not in ode.equations.initial for state in ode.states):
        return []
    whose = "the law" if ode.seen is None else "the first run of its data"
    values = ode.initial_state({}, ode.parameter_values({}), start)
    shown = ", ".join(
        f"{name} = {value:.4g}" for name, value in list(zip(ode.states, values, strict=True))[:8]
    )
    more = ", …" if len(ode.states) > 8 else ""
    said = f"{shown}{more} at {t} = {start:.6g}, where {whose} begins"
    if isinstance(span, tuple) and span[0] != start:
        said += f", followed {'back' if span[0] < start else 'on'} to {t} = {span[0]:.6g}"
    return [("start", "bold", said)]


def _beyond(ode: ODE, span: tuple[float, float] | float | None) -> list[tuple[str, str, str]]:
    """What there is to say of times outside the data."""
    data, t = ode.equations.span, ode.independent
    if data is None or ode.seen is None or span is None:
        return []
    times = span if isinstance(span, tuple) else (data[0], span)
    facts = []
    if max(times) > data[1]:
        facts.append(
            ("data", "bold", f"the first run ends at {t} = {data[1]:.6g}; what follows is a forecast")
        )
    if not data[0] <= min(times) <= max(times) <= data[1]:
        from dydt.learning.report import is_told_time

        if is_told_time(ode, *data):
            said = (
                f"a network of the law is told {t}: outside {t} = {data[0]:.6g} … {data[1]:.6g} it is a guess"
            )
            facts.append(("note", "bold", said))
    return facts


def _carried(ode: ODE, span: tuple[float, float] | float | None) -> list[str] | None:
    """The law's own initial values, carried to where the span starts."""
    start = ode.equations.start
    if start is None or not isinstance(span, tuple) or span[0] == start:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolveWarning)
        solution = ode.solve(t=(start, span[0]), saveat="end")
    if solution.status != "done":
        raise InputError(
            f"the law begins at {ode.independent} = {start:g}, and can't be followed from there to {span[0]:g}: "
            f"{solution.message}; say where it begins, --init"
        )
    return [f"{name}={float(value)!r}" for name, value in zip(ode.states, solution.y[-1], strict=True)]


def learn_again(
    name: str | None,
    seed: str | None,
    plot: Path | None,
    dark: bool,
    json: str | None,
    out: Path | None,
    quiet: bool,
) -> None:
    """What `dydt gallery learn NAME` does."""
    from dydt.learning.experiment import TRAJECTORIES, experiment

    known = [*TRAJECTORIES, "hudson-bay"]
    if name not in known:
        what = "say what is to be learned" if name is None else f"there is no experiment `{name}`"
        raise InputError(f"{what}{nearest(name or '', known) or ''}: dydt gallery learn {' | '.join(known)}")
    arguments.check_files({"--plot": plot}, {"--json": json, "--out": as_text(out)})
    check_law_file(out)
    number = _whole(seed, "--seed")
    if name == "hudson-bay":
        from dydt.learning.hudson import hudson_experiment

        found: Any = hudson_experiment(number, progress=not quiet)
        law = found.models[-1].law
    else:
        found = experiment(name, number, progress=not quiet)
        law = found.law
    write = {
        "plot": lambda path: found.plot(path=path, dark=dark),
        "json": lambda path: outputs.write_text(path, found.to_json() + "\n"),
        "out": law.save,
    }
    finish(str(found), write, {"plot": plot, "json": json, "out": out}, quiet)


def _sizes(text: str | None) -> tuple[int, ...]:
    """Neurons from `32,32`."""
    if text is None:
        return (32, 32)
    return tuple(arguments.count(part, "--hidden", 1) for part in arguments.split(text))


def _whole(text: str | None, option: str) -> int:
    """A whole number from 0 on."""
    if text is None:
        return 0
    value = arguments.number(text, option)
    if value < 0 or value != int(value):
        raise InputError(f"{option} takes a whole number from 0 on, and got `{text}`")
    return int(value)
