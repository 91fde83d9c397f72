"""The commands on chaos: `dydt lyapunov`, `dydt butterfly`."""

from __future__ import annotations

from functools import partial
from typing import Any

import typer

from dydt.cli import arguments, options, outputs
from dydt.cli.app import app, leave
from dydt.errors import InputError


@app.command()
def lyapunov(
    law: options.Law,
    t: options.Averaged = None,
    transient: options.Transient = None,
    tolerance: options.Tolerance = None,
    count: options.Largest = None,
    seed: options.Seed = None,
    values: options.Set = None,
    initial: options.Init = None,
    method: options.Method = "auto",
    rtol: options.Rtol = None,
    plot: options.Settling = None,
    dark: options.Dark = False,
    json: options.Json = None,
    latex: options.Latex = False,
    independent: options.Independent = "t",
) -> None:
    """How fast near starts part: the Lyapunov exponents, with their errors.

    \b
    dydt lyapunov lorenz
    dydt lyapunov rossler --set c=9 --t 20000 --plot exponents.png
    dydt lyapunov lorenz --json -
    """
    arguments.check_files({"--plot": plot}, {"--json": json})
    entry, ode, start = _law(law, independent, values, initial)
    from dydt.dynamics.tangent import needs_path

    if needs_path(ode.equations):
        arguments.check_start(ode, start)
    found = ode.lyapunov(
        arguments.number(t, "--t"),
        transient=arguments.number(transient, "--transient"),
        tolerance=arguments.number(tolerance, "--tolerance", 0.007),
        count=None if count is None else arguments.count(count, "--count", 1),
        seed=0 if seed is None else arguments.count(seed, "--seed", 1),
        rtol=arguments.number(rtol, "--rtol", 1e-9),
        method=method,
        values=start,
    )
    _give(entry, found, {"plot": found.plot}, {"plot": plot}, json, latex, dark)


@app.command()
def butterfly(
    law: options.Law,
    t: options.T = None,
    distance: options.Distance = None,
    along: options.Along = None,
    transient: options.Transient = None,
    fraction: options.Fraction = None,
    values: options.Set = None,
    initial: options.Init = None,
    method: options.Method = "auto",
    rtol: options.Rtol = None,
    plot: options.Drift = None,
    phase: options.TwoPaths = None,
    animate: options.Flight = None,
    frames: options.Frames = None,
    dark: options.Dark = False,
    json: options.Json = None,
    independent: options.Independent = "t",
) -> None:
    """Two near starts: how fast they part, and until when anything can be foreseen.

    \b
    dydt butterfly lorenz
    dydt butterfly lorenz --distance 1e-12 --plot distance.png --phase paths.png
    dydt butterfly lorenz --animate butterfly.gif
    """
    arguments.check_files({"--plot": plot, "--phase": phase}, {"--json": json})
    check_films({"--animate": animate})
    entry, ode, start = _law(law, independent, values, initial)
    arguments.check_start(ode, start)
    found = ode.butterfly(
        arguments.span(t),
        distance=arguments.number(distance, "--distance"),
        along=None if along is None else arguments.clean_name(along),
        fraction=arguments.number(fraction, "--fraction", 0.1),
        transient=arguments.number(transient, "--transient", 0.0),
        rtol=arguments.number(rtol, "--rtol", 1e-10),
        method=method,
        values=start,
    )

    count = arguments.count(frames, "--frames", 72)
    film = partial(found.animate, frames=count)
    write = {"plot": found.plot, "phase": found.phase, "animate": film}
    _give(entry, found, write, {"plot": plot, "phase": phase, "animate": animate}, json, False, dark)


def check_films(films: dict[str, Any]) -> None:
    """Refuse films that can't be written before anything is computed for them."""
    for option, film in films.items():
        if film is None:
            continue
        if film.suffix.lower() not in (".gif", ".mp4"):
            seen = f"`{film.suffix}`" if film.suffix else "no suffix"
            raise InputError(f"{option} writes .gif or .mp4, and `{film.name}` has {seen}")
        arguments.check_files({}, {option: str(film)})


def _law(law: str, independent: str, values: Any, initial: Any) -> tuple[Any, Any, dict[str, float]]:
    entry = arguments.read_law(law, independent)
    ode = arguments.make_ode(entry, independent, arguments.assignments(values or [], "--set"))
    start = arguments.assignments(initial or [], "--init")
    return entry, ode, start


def _give(
    entry: Any,
    found: Any,
    write: dict[str, Any],
    files: dict[str, Any],
    json: str | None,
    latex: bool,
    dark: bool,
) -> None:
    """Write what was asked for, and print the rest."""
    look = {"dark": dark, "title": entry.title or None}
    calls: dict[str, Any] = {kind: partial(draw, **look) for kind, draw in write.items()}
    calls = {kind: lambda path, draw=draw: draw(path=path) for kind, draw in calls.items()}
    calls["json"] = lambda path: outputs.write_text(path, found.to_json() + "\n")
    written, failed = outputs.write_each(calls, {**files, "json": json})
    if latex:
        typer.echo(found._repr_latex_())
    elif json != "-":
        if entry.title:
            typer.echo(entry.title + "\n")
        typer.echo(str(found))
        if written:
            typer.echo(f"\nwritten  {', '.join(written)}")
    leave(failed, "")
