"""The commands that look at a law with exact mathematics: `dydt classify`, `dydt explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from dydt.cli import arguments, options, outputs
from dydt.cli.app import app, leave
from dydt.errors import InputError

if TYPE_CHECKING:
    from dydt.analytic.explanation import Explanation
    from dydt.ode import ODE


@app.command()
def classify(
    law: options.Law,
    json: options.Json = None,
    latex: options.Latex = False,
    independent: options.Independent = "t",
) -> None:
    """Say what kind of law it is, each answer with its reason.

    \b
    dydt classify "t*y'' + y^2 = sin(t)"
    dydt classify lotka-volterra --json -
    """
    arguments.check_files({}, {"--json": json})
    entry = arguments.read_law(law, independent)
    kind = arguments.make_ode(entry, independent, {}).classify()
    if latex:
        typer.echo(kind.to_latex())
    elif json != "-":
        typer.echo(str(kind))
    _, failed = outputs.write_each(
        {"json": lambda path: outputs.write_text(path, kind.to_json() + "\n")}, {"json": json}
    )
    leave(failed, "")


@app.command()
def explain(
    law: options.Law,
    initial: options.Init = None,
    values: options.Set = None,
    start: options.T0 = None,
    method: options.HandMethod = None,
    time_limit: options.Patience = None,
    plot: options.ClosedForm = None,
    dark: options.Dark = False,
    json: options.Json = None,
    latex: options.Latex = False,
    independent: options.Independent = "t",
) -> None:
    """Solve a law by hand: every step written and checked, the solution verified.

    \b
    dydt explain "y' = 3*y"
    dydt explain "y' = 2*y*t + t" --init y=0
    dydt explain "y' = 2*y*t + t" --method linear
    dydt explain "t^2*y'' + t*y' + y = 0" --init "y=1,y'=0" --t0 1 --plot closed.png
    """
    arguments.check_files({"--plot": plot}, {"--json": json})
    entry = arguments.read_law(law, independent)
    ode = arguments.make_ode(entry, independent, arguments.assignments(values or [], "--set"))
    limit = arguments.number(time_limit, "--time-limit", 10.0)
    if limit <= 0:
        raise InputError("--time-limit takes seconds, more than 0")
    given = _initial(ode, initial or [])
    explanation = ode.explain(start, values=given, method=method, time_limit=limit)
    if latex:
        typer.echo(explanation.to_latex())
    elif json != "-":
        typer.echo(str(explanation))
    failed = _write(explanation, plot, json, dark)
    leave(failed, "" if explanation.solved else explanation.message)


def _initial(ode: ODE, texts: list[str]) -> dict[str, str]:
    """Initial values by name, left as text, so that pi/2 and 1/3 are exact."""
    given: dict[str, str] = {}
    for name, value in arguments.pairs(texts, "--init").items():
        if name in ode.parameters:
            raise InputError(f"`{name}` is a parameter: give its value with --set {name}={value}")
        given[name] = value
    return given


def _write(explanation: Explanation, plot: options.File, json: options.Text, dark: bool) -> list[str]:
    write = {
        "plot": lambda path: explanation.plot(path=path, dark=dark),
        "json": lambda path: outputs.write_text(path, explanation.to_json() + "\n"),
    }
    _, failed = outputs.write_each(write, {"plot": plot, "json": json})
    return failed
