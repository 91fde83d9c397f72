"""The commands that look at all solutions of a law at once: `dydt portrait`, `dydt equilibria`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import typer

from dydt.cli import arguments, options, outputs
from dydt.cli.app import app, leave
from dydt.errors import InputError
from dydt.expr.source import shorten

if TYPE_CHECKING:
    from dydt.ode import ODE


@app.command()
def portrait(
    law: options.Law,
    box: options.Box = None,
    through: options.Through = None,
    values: options.Set = None,
    plot: options.PortraitPlot = None,
    dark: options.Dark = False,
    json: options.Json = None,
    independent: options.Independent = "t",
) -> None:
    """Draw the phase portrait of a law, or the direction field of a first-order equation.

    \b
    dydt portrait lotka-volterra --plot lv.png
    dydt portrait "x'' = -sin(x) - 0.2*x'" --box "x=-4:8,x'=-4:4" --plot pendulum.svg
    dydt portrait "y' = t - y" --box t=0:5,y=-2:4 --through t=0,y=1 --plot field.png
    """
    arguments.check_files({"--plot": plot}, {"--json": json})
    entry = arguments.read_law(law, independent)
    ode = arguments.make_ode(entry, independent, {})
    given = _parameters(ode, values or [])
    found = ode.portrait(ranges(box or []), orbits=_starts(ode, through), values=given)
    title = entry.title or None
    written, failed = _write(
        {
            "plot": lambda path: found.plot(path=path, dark=dark, title=title),
            "json": lambda path: outputs.write_text(path, found.to_json() + "\n"),
        },
        {"plot": plot, "json": json},
    )
    _tell(str(found), title, written, json)
    leave(failed, "")


@app.command()
def equilibria(
    law: options.Law,
    box: options.Box = None,
    values: options.Set = None,
    plot: options.PortraitPlot = None,
    dark: options.Dark = False,
    latex: options.Latex = False,
    json: options.Json = None,
    independent: options.Independent = "t",
) -> None:
    """Find where a law is at rest, and say what kind of point each is.

    \b
    dydt equilibria lorenz
    dydt equilibria lorenz --set r=0.5 --latex
    dydt equilibria pendulum --box "theta=-10:10,theta'=-1:1" --json -
    """
    arguments.check_files({"--plot": plot}, {"--json": json})
    entry = arguments.read_law(law, independent)
    ode = arguments.make_ode(entry, independent, {})
    found = ode.equilibria(ranges(box or []), values=_parameters(ode, values or []))
    title = entry.title or None
    written, failed = _write(
        {
            "plot": lambda path: found.plot(path=path, dark=dark, title=title),
            "json": lambda path: outputs.write_text(path, found.to_json() + "\n"),
        },
        {"plot": plot, "json": json},
    )
    if latex:
        typer.echo(found.to_latex())
    else:
        _tell(str(found), title, written, json)
    leave(failed, "")


def ranges(texts: list[str]) -> dict[str, tuple[float, float]] | None:
    """A box from `x=0:5,y=0:3`; None if nothing was given.

    >>> ranges(["x=0:5", "y=-pi:pi"])["x"]
    (0.0, 5.0)
    """
    found: dict[str, tuple[float, float]] = {}
    for name, text in arguments.pairs(texts, "--box").items():
        ends = text.split(":")
        if len(ends) != 2 or not all(end.strip() for end in ends):
            raise InputError(
                f"--box takes name=from:to, as in --box x=0:5,y=0:3, and got `{shorten(f'{name}={text}')}`"
            )
        low, high = (arguments.number(end, f"--box {shorten(name)}") for end in ends)
        found[name] = (low, high)
    return found or None


def _parameters(ode: ODE, texts: list[str]) -> dict[str, float]:
    """Values of parameters; what has none yet is asked for by its option."""
    given = arguments.assignments(texts, "--set")
    for name in given:
        if name in ode.states:
            raise InputError(
                f"`{name}` is a state, and not a parameter: give its range with --box {name}=0:1"
            )
        if name not in ode.parameters:
            raise InputError("--set: " + arguments.no_such("parameter", name, list(ode.parameters)))
    arguments.check_values(ode, given)
    return given


def _starts(ode: ODE, texts: list[str] | None) -> list[dict[str, float]] | None:
    """Points that orbits go through, one an option."""
    if not texts:
        return None
    names = (ode.independent, *ode.states) if len(ode.states) == 1 else ode.states
    points = []
    for text in texts:
        point = arguments.assignments([text], "--through")
        for name in point:
            if name not in names:
                raise InputError("--through: " + arguments.no_such("state", name, names))
        missing = [name for name in names if name not in point]
        if missing:
            example = ",".join(f"{name}=1" for name in names)
            raise InputError(
                f'--through takes a whole point, as in --through "{example}", and got `{shorten(text)}`'
            )
        points.append(point)
    return points


def _write(
    write: Mapping[str, Callable[[Any], Any]], files: Mapping[str, Any]
) -> tuple[list[str], list[str]]:
    written, failed = outputs.write_each(write, files)
    return [path for path in written if path != "-"], failed


def _tell(text: str, title: str | None, written: list[str], json: str | None) -> None:
    """The report, unless JSON goes to the same place."""
    if json == "-":
        return
    if title:
        typer.echo(f"{title}\n")
    typer.echo(text)
    if written:
        typer.echo(f"\nwritten  {', '.join(written)}")
