"""The command that solves in the open: `dydt steps`."""

from __future__ import annotations

from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import typer

from dydt.cli import arguments, options, outputs
from dydt.cli.app import app, leave
from dydt.errors import InputError

if TYPE_CHECKING:
    from dydt.steps.table import Steps


@app.command()
def steps(
    law: options.Law,
    method: options.StepMethods = "rk4",
    h: options.StepSizes = None,
    t: options.T = None,
    values: options.Set = None,
    initial: options.Init = None,
    formulas: options.Formulas = None,
    plot: options.Compared = None,
    errors: options.ErrorPlot = None,
    stability: options.Region = None,
    names: options.Names = None,
    dark: options.Dark = False,
    csv: options.StepCsv = None,
    json: options.Json = None,
    latex: options.Latex = False,
    independent: options.Independent = "t",
) -> None:
    """Solve step by step, with every slope, beside the exact solution.

    \b
    dydt steps "y' = 3*y" --init y=1 --t 0:2 --method rk4 --h 0.5
    dydt steps "y' = 3*y" --init y=1 --t 0:2 --method euler,heun,rk4 --h 0.5,0.2,0.1 --plot steps.png
    dydt steps damped-oscillator --h 1.2 --stability region.png
    """
    pictures = {"--plot": plot, "--errors": errors, "--stability": stability}
    arguments.check_files(pictures, {"--csv": csv, "--json": json})
    entry = arguments.read_law(law, independent)
    ode = arguments.make_ode(entry, independent, arguments.assignments(values or [], "--set"))
    start = arguments.assignments(initial or [], "--init")
    arguments.check_start(ode, start)
    span = arguments.span(t)
    if span is None and ode.equations.span is None:
        raise InputError(f"say the span to step over: --t 0:2, or in the law: {ode.independent} = 0:2")
    made = ode.steps(_methods(method), _sizes(h), span, values=start)
    if csv is not None and len(made.runs) != 1:
        raise InputError(
            f"--csv writes a single table, and there are {len(made.runs)}: --json writes all of them"
        )
    shown = arguments.names(names)
    look: dict[str, Any] = {"dark": dark, "title": entry.title or None}

    def draw_region(path: Any) -> None:
        ode.stability_region(made.runs[0].method, made.runs[0].h, values=start).plot(path=path, dark=dark)

    write = {
        "plot": lambda path: made.plot(path=path, name=shown[0] if shown else None, **look),
        "errors": lambda path: made.plot_errors(path=path, **look),
        "stability": draw_region,
        "csv": lambda path: outputs.write_text(path, made.runs[0].to_csv()),
        "json": lambda path: outputs.write_text(path, made.to_json() + "\n"),
    }
    files = {"plot": plot, "errors": errors, "stability": stability, "csv": csv, "json": json}
    written, failed = outputs.write_each(write, files)
    if latex:
        typer.echo(made._repr_latex_())
    elif "-" not in (csv, json):
        count = 1 if formulas is None else round(arguments.number(formulas, "--formulas"))
        _report(made, entry.title, count, written)
    leave(failed, "")


def _report(made: Steps, title: str, formulas: int, written: list[str]) -> None:
    """The tables, with so many steps of each written as formulas."""
    if title:
        typer.echo(title + "\n")
    typer.echo(made.text(formulas, min(get_terminal_size((100, 24)).columns, 120)))
    if written:
        typer.echo(f"\nwritten  {', '.join(written)}")


def _methods(text: str) -> list[str]:
    found = [part.strip() for part in text.split(",") if part.strip()]
    if not found:
        raise InputError("--method takes names, as in --method euler,heun,rk4")
    return list(dict.fromkeys(found))


def _sizes(text: str | None) -> list[float]:
    parts = arguments.split(text or "0.1")
    if not parts:
        raise InputError("--h takes numbers, as in --h 0.5,0.2,0.1")
    return list(dict.fromkeys(arguments.number(part, "--h") for part in parts))
