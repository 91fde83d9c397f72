"""The commands `dydt derive`, `dydt integrate` and `dydt motion`."""

from __future__ import annotations

import contextlib
import math
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from dydt.cli import arguments, options, outputs
from dydt.cli.app import app, leave
from dydt.errors import InputError, LawError

if TYPE_CHECKING:
    from rich.console import Console

    from dydt.calculus.derivative import Derivative
    from dydt.calculus.integral import Integral
    from dydt.calculus.motion import Motion
    from dydt.calculus.notation import Step
    from dydt.calculus.quotient import Row
    from dydt.calculus.shape import Shape

_MOST_ROWS = 16


class _Formulas(TyperCommand):
    """A command whose arguments may begin with a minus: ``-t^2`` and ``-1`` are no options."""

    def parse_args(self, context: Any, args: list[str]) -> list[str]:
        known = {
            name for option in self.get_params(context) for name in (*option.opts, *option.secondary_opts)
        }

        def shielded(text: str) -> str:
            is_option = text.partition("=")[0] in known or re.fullmatch(r"--[a-z][a-z-]*(=.*)?", text)
            return f" {text}" if len(text) > 1 and text.startswith("-") and not is_option else text

        return super().parse_args(context, [shielded(text) for text in args])


@app.command(cls=_Formulas)
def derive(
    function: options.Formula,
    at: options.At = None,
    h: options.Quotients = None,
    on: options.On = None,
    order: options.Order = None,
    values: options.Set = None,
    variable: options.Variable = None,
    plot: options.Drawing = None,
    json: options.Json = None,
    latex: options.Latex = False,
    dark: options.Dark = False,
    quiet: options.Quiet = False,
) -> None:
    """Differentiate a function, step by step.

    \b
    dydt derive "t^2" --at 1
    dydt derive "t^2" --at 1 --h 1,0.5,0.1 --plot secants.png
    dydt derive "-t^2 + 10*t" --on 0:10 --plot car.png
    dydt derive "a*x^3" --set a=2 --order 2
    """
    arguments.check_files({"--plot": plot}, {"--json": json})
    from dydt.calculus.derivative import derivative

    with _in_options():
        found = derivative(
            _text(function),
            at=arguments.number(at, "--at"),
            h=None if h is None else [arguments.number(part, "--h") for part in arguments.split(h)],
            on=_interval(on),
            order=arguments.count(order, "--order", 1),
            variable=variable,
            values=arguments.assignments(values or [], "--set"),
        )
    _give(found, _report_derivative, plot, json, latex, dark, quiet)


@app.command(cls=_Formulas)
def integrate(
    function: options.Formula,
    start: options.Bound = None,
    end: options.Bound = None,
    n: options.Rectangles = None,
    rule: options.Rule = "midpoint",
    values: options.Set = None,
    variable: options.Variable = None,
    plot: options.Drawing = None,
    json: options.Json = None,
    latex: options.Latex = False,
    dark: options.Dark = False,
    quiet: options.Quiet = False,
) -> None:
    """Integrate a function: its antiderivative, and between bounds its area and its Riemann sum.

    \b
    dydt integrate "x"
    dydt integrate "2*t" 0 2 --n 8 --rule left --plot rectangles.png
    dydt integrate "exp(-x^2)" -inf inf
    """
    arguments.check_files({"--plot": plot}, {"--json": json})
    if start is not None and end is None:
        raise InputError('one bound is missing: give both, as in dydt integrate "2*t" 0 2, or none')
    from dydt.calculus.integral import integral

    with _in_options():
        found = integral(
            _text(function),
            None if start is None else start.strip(),
            None if end is None else end.strip(),
            n=arguments.count(n, "--n", 8),
            rule=rule,
            variable=variable,
            values=arguments.assignments(values or [], "--set"),
        )
    _give(found, _report_integral, plot, json, latex, dark, quiet)


@app.command(cls=_Formulas)
def motion(
    function: options.Formula,
    on: options.On = "0:10",
    at: options.Moments = None,
    values: options.Set = None,
    variable: options.Variable = None,
    plot: options.Drawing = None,
    json: options.Json = None,
    latex: options.Latex = False,
    dark: options.Dark = False,
    quiet: options.Quiet = False,
) -> None:
    """Tell a motion from its position: velocity, acceleration, and where it turns.

    \b
    dydt motion "-t^2 + 10*t" --on 0:10 --at 7
    dydt motion "s(t) = exp(-t/5)*cos(t)" --on 0:12 --plot swing.png
    """
    arguments.check_files({"--plot": plot}, {"--json": json})
    from dydt.calculus.motion import motion as tell

    with _in_options():
        found = tell(
            _text(function),
            on=_interval(on) or (0.0, 10.0),
            variable=variable,
            values=arguments.assignments(values or [], "--set"),
        )
    moments = [arguments.number(part, "--at") for part in arguments.split(at or "")]
    _give(found, lambda told, out: _report_motion(told, out, moments), plot, json, latex, dark, quiet)


@contextlib.contextmanager
def _in_options() -> Iterator[None]:
    """Complaints speak of options: --variable x, --set a=1."""
    try:
        yield
    except LawError:
        raise
    except InputError as error:
        message = re.sub(r"variable='(\w+)'", r"--variable \1", str(error))
        message = re.sub(r"(as in|give) (\w+=1)(?=[,;]|$)", r"\1 --set \2", message.replace("=1, ", "=1,"))
        raise InputError(message) from None


def _text(function: str) -> str:
    """The function as it was typed, or standard input for ``-``."""
    if function == "-":
        import sys

        return sys.stdin.read(100_000)
    return function.removeprefix(" ") if function.startswith(" -") else function


def _interval(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    parts = text.split(":")
    if len(parts) != 2 or not all(part.strip() for part in parts):
        raise InputError(f"--on takes an interval, as in --on 0:10, and got `{text}`")
    return arguments.number(parts[0], "--on"), arguments.number(parts[1], "--on")


def _give(
    found: Any,
    report: Callable[[Any, Console], None],
    plot: Path | None,
    json: str | None,
    latex: bool,
    dark: bool,
    quiet: bool,
) -> None:
    """Print, write and leave, as the options say."""
    write: Mapping[str, Callable[[Any], Any]] = {
        "plot": lambda path: found.plot(path, dark=dark),
        "json": lambda path: outputs.write_text(path, found.to_json() + "\n"),
    }
    if latex:
        typer.echo(found.latex)
    elif not quiet and json != "-":
        from dydt.cli.report import console

        report(found, console())
    written, failed = outputs.write_each(write, {"plot": plot, "json": json})
    if not latex and not quiet and json != "-":
        _written(written)
    leave(failed, "")


def _written(paths: Sequence[str]) -> None:
    from dydt.cli.report import console, print_facts

    if paths:
        out = console()
        out.print()
        print_facts(out, [("written", "bold", ", ".join(paths))])


# -- what is printed ------------------------------------------------------------------------------------------------


def _title(out: Console, text: str) -> None:
    from rich.text import Text

    out.print()
    out.print(Text(text, "bold"), soft_wrap=True)


def _formula(out: Console, text: str, style: str = "cyan", indent: str = "  ") -> None:
    from rich.text import Text

    for line in textwrap.wrap(text, max(40, out.width - len(indent)), break_on_hyphens=False) or [""]:
        out.print(Text(indent + line, style), soft_wrap=True)


def _steps(out: Console, steps: Sequence[Step]) -> None:
    """Each step: a number, a sentence, and below it the formula."""
    from rich.text import Text

    for i, step in enumerate(steps, 1):
        doubt = "" if step.checked else "  (not checked)"
        lines = textwrap.wrap(f"{step.says}{doubt}", max(40, out.width - 5), break_on_hyphens=False)
        for j, line in enumerate(lines):
            out.print(Text.assemble((f"{i:>3}  " if j == 0 else "     ", "dim"), line), soft_wrap=True)
        if step.formula is not None:
            _formula(out, step.text, "cyan", "       ")


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.10g}"


def _report_derivative(found: Derivative, out: Console) -> None:
    from dydt.calculus.notation import text
    from dydt.cli.report import print_facts

    f = found.function
    out.print()
    _formula(out, f"{f.head} = {text(f.expression)}")
    for notation in found.notations:
        _formula(out, notation, "bold cyan")
    _title(
        out, "By the limit of the difference quotient" if found.limit else "By the rules of differentiation"
    )
    _steps(out, found.steps)
    if found.point is not None:
        _title(out, f"At {f.variable} = {found.point.at:.6g}")
        facts = [("", "", found.sentence if found.point.is_smooth else found.point.says)]
        if found.tangent is not None:
            facts.append(("tangent", "dim", str(found.tangent)))
        if found.order == 1:
            facts += [
                ("secant", "dim", str(found.secant(r.h))) for r in found.quotients if math.isfinite(r.right)
            ]
        print_facts(out, [(f"  {word}", style, said) for word, style, said in facts])
        if found.point.kind not in ("undefined", "pole", "gap"):
            _quotients(out, found.quotients or found.table, f"({f.name}(x + h) - {f.name}(x))/h")
    if found.shape is not None:
        _report_shape(out, found.shape)


def _quotients(out: Console, rows: Sequence[Row], what: str) -> None:
    from dydt.cli.report import table_of_values

    out.print()
    table = table_of_values()
    table.add_column("  h", no_wrap=True)
    table.add_column("from the right", justify="right", no_wrap=True)
    table.add_column("from the left", justify="right", no_wrap=True)
    for row in rows:
        table.add_row(f"  {row.h:.6g}", _number(row.right), _number(row.left))
    out.print(table)


def _report_shape(out: Console, shape: Shape) -> None:
    from rich.text import Text

    from dydt.calculus.shape import written
    from dydt.cli.report import table_of_values

    _title(out, f"On {shape.on[0]:.6g} … {shape.on[1]:.6g}")
    colours = {"rising": "green", "falling": "red", "flat": "yellow"}
    table = table_of_values()
    for name in ("  from", "to", ""):
        table.add_column(name, no_wrap=True)
    for stretch in shape.stretches[:_MOST_ROWS]:
        trend = Text(stretch.trend, colours.get(stretch.trend, "dim"))
        table.add_row(f"  {written(stretch.start)}", written(stretch.end), trend)
    out.print(table)
    hidden = len(shape.stretches) - _MOST_ROWS
    if hidden > 0:
        out.print(Text(f"  … and {hidden:,} more; --json FILE writes all of them", "dim"))
    if shape.critical:
        out.print()
    for place in shape.critical[:_MOST_ROWS]:
        out.print(Text(f"  {shape.sentence(place)}"), soft_wrap=True)
    if not shape.sure:
        out.print(Text(f"  {shape.remark}", "dim"), soft_wrap=True)


def _report_integral(found: Integral, out: Console) -> None:
    from dydt.calculus.notation import text

    f = found.function
    out.print()
    if found.text:
        _formula(out, f"∫ {text(f.expression)} d{f.variable} = {found.text}", "bold cyan")
    if found.sentence:
        _formula(out, found.sentence, "yellow")
    if found.found.steps:
        _title(out, "The antiderivative")
        _steps(out, found.found.steps)
    if found.definite is None:
        return
    _title(out, "Between the bounds")
    _formula(out, found.headline, "bold cyan" if found.definite.has_value else "red")
    _steps(out, found.definite.steps)
    _title(out, "By rectangles")
    _formula(out, found.sum_sentence, "")
    if found.sum is not None and not math.isnan(found.sum.value):
        _rectangles(out, found)
    if found.closed is not None:
        _title(out, "The sum of n, and its limit")
        _steps(out, found.closed.steps)


def _rectangles(out: Console, found: Integral) -> None:
    from rich.text import Text

    from dydt.cli.report import table_of_values

    assert found.sum is not None
    out.print()
    table = table_of_values()
    table.add_column("  i", style="dim", no_wrap=True)
    for name in ("from", "to", "height", "area"):
        table.add_column(name, justify="right", no_wrap=True)
    for i, (x, width, height, area) in enumerate(found.sum.rectangles[:_MOST_ROWS], 1):
        table.add_row(f"  {i}", f"{x:.6g}", f"{x + width:.6g}", f"{height:.6g}", f"{area:.6g}")
    out.print(table)
    if found.sum.n > _MOST_ROWS:
        out.print(Text(f"  … and {found.sum.n - _MOST_ROWS:,} more", "dim"))
    if not found.definite or not found.definite.has_value:
        return
    out.print()
    table = table_of_values()
    table.add_column("  n", style="dim", no_wrap=True)
    for name in ("left", "right", "midpoint", "trapezoid"):
        table.add_column(name, justify="right", no_wrap=True)
    for n, row in found.table:
        table.add_row(f"  {n}", *(_number(row[name]) for name in ("left", "right", "midpoint", "trapezoid")))
    out.print(table)


def _report_motion(found: Motion, out: Console, moments: Sequence[float]) -> None:
    from dydt.calculus.notation import text
    from dydt.cli.report import table_of_values

    out.print()
    for f in (found.position, found.velocity, found.acceleration):
        _formula(out, f"{f.head} = {text(f.expression)}", "bold cyan")
    _title(out, "The story")
    _formula(out, found.story, "")
    out.print()
    table = table_of_values()
    table.add_column(f"  {found.position.variable}", no_wrap=True)
    for name in ("position", "velocity", "acceleration"):
        table.add_column(name, justify="right", no_wrap=True)
    for time in found.times(*moments)[: _MOST_ROWS + len(moments)]:
        table.add_row(f"  {time:.6g}", *(_number(value) for value in found.at(time).values()))
    out.print(table)
    out.print()
    _formula(out, f"displacement {found.displacement:.6g}, distance {found.distance:.6g}", "")
    _title(out, "From position to acceleration")
    _steps(out, found.steps)
