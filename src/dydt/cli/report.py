"""What the commands print: tables for people, as wide as the terminal."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dydt import gallery

if TYPE_CHECKING:
    from dydt.ode import ODE
    from dydt.show import Stage
    from dydt.solution import Solution
    from dydt.trust import Check

MOST_STATES = 16
MOST_LINES = 40  # of a stage, when all stages are shown
READABLE = 88


def console() -> Console:
    """Standard output; without colours where nobody looks."""
    return Console(highlight=False, soft_wrap=False, emoji=False, markup=False)


# -- a solution -----------------------------------------------------------------------------------------------------


def report_solution(
    entry: gallery.Entry, ode: ODE, solution: Solution, trust: Check | None, written: Sequence[str]
) -> None:
    """The ends of each state, how it ended, and what it took."""
    out = console()
    out.print()
    if entry.title:
        out.print(Text(entry.title, "bold"), overflow="ellipsis", no_wrap=True)
        out.print()
    if len(solution):
        out.print(_ends(entry, solution, trust, out.width))
    hidden = len(solution.states) - MOST_STATES
    if hidden > 0:
        out.print(Text(f"… and {hidden:,} more states; --csv FILE writes all of them", "dim"))
    out.print()
    if solution.is_fine:
        facts = [(solution.status, "bold green", solution.message)]
    else:  # the message itself goes to standard error
        name, run = solution.problem.independent, solution._run
        asked = f"of {name} = {run.t0:.6g} … {run.t1:.6g}"
        facts = [(solution.status, "bold red", f"stopped at {name} = {float(run.t):.6g} {asked}")]
    if trust is not None:
        facts.append(
            ("check", "bold", f"{trust.verdict} (against {trust.method} at rtol = {trust.rtol:.0e})")
        )
    facts += _events(solution)
    for state, (given, found) in list(solution.stats.get("adjusted", {}).items())[:MOST_STATES]:
        facts.append(
            ("start", "bold", f"{state} = {found:.6g}, not {given:.6g}, for the constraints to hold")
        )
    facts.append(("solve", "bold", _effort(solution)))
    facts.append(("compile", "bold", _compilation(ode, solution)))
    if written:
        facts.append(("written", "bold", ", ".join(written)))
    print_facts(out, facts)


def print_facts(out: Console, facts: Sequence[tuple[str, str, str]]) -> None:
    """A word and a sentence each, the sentences below each other."""
    indent = max(len(word) for word, _, _ in facts) + 2
    for word, style, sentence in facts:
        lines = textwrap.wrap(sentence, max(20, out.width - indent), break_on_hyphens=False) or [""]
        out.print(
            Text.assemble((f"{word:<{indent}}", style), f"\n{'':<{indent}}".join(lines)), soft_wrap=True
        )


def _ends(entry: gallery.Entry, solution: Solution, trust: Check | None, width: int) -> Table:
    name, t = solution.problem.independent, solution.t
    table = table_of_values()
    table.add_column("state", style="bold", no_wrap=True, max_width=24, overflow="ellipsis")
    several = len(t) > 1
    if several:
        table.add_column(f"{name} = {t[0]:.6g}", justify="right", no_wrap=True)
    table.add_column(f"{name} = {t[-1]:.6g}", justify="right", no_wrap=True)
    if several:
        table.add_column("least", justify="right", no_wrap=True, style="dim")
        table.add_column("most", justify="right", no_wrap=True, style="dim")
    if trust is not None:
        table.add_column("error", justify="right", no_wrap=True)
    told = width >= 100 and any(state in entry.meanings for state in solution.states)
    if told:
        table.add_column("meaning", no_wrap=True, overflow="ellipsis", style="dim")
    for state in solution.states[:MOST_STATES]:
        values = solution[state]
        row = [state, f"{values[0]:.6g}"] if several else [state]
        row.append(f"{values[-1]:.10g}")
        if several:
            row += [f"{values.min():.6g}", f"{values.max():.6g}"]
        if trust is not None:
            row.append(f"{trust.worst[state]:.1e}")
        if told:
            row.append(entry.meanings.get(state, ""))
        table.add_row(*row)
    return table


def _effort(solution: Solution) -> str:
    stats = solution.stats
    name = solution.problem.independent
    switches = "".join(
        f", then {method} from {name} = {t:.4g}" for t, method in stats.get("switches", [])[:4]
    )
    return (
        f"{in_words(stats['seconds'])} with {stats['method']}{switches}: {stats['steps']:,} steps, "
        f"{stats['rejected']:,} rejected, {stats['rhs evaluations']:,} evaluations"
    )


def _events(solution: Solution) -> list[tuple[str, str, str]]:
    """A line for each event of the law: how often it happened, and when first."""
    facts = []
    for name, times in solution.events.items():
        first = ", ".join(f"{t:.6g}" for t in times[:4]) + (", …" if len(times) > 4 else "")
        said = f"{len(times)} times, at {solution.problem.independent} = {first}" if len(times) else "never"
        facts.append(("event", "bold", f"{name}: {said}".replace(": 1 times", ": once")))
    return facts


def _compilation(ode: ODE, solution: Solution) -> str:
    cached = " (it was in the cache)" if solution.problem.solver.from_cache else ""
    return f"{in_words(ode.read_seconds + ode.compile_seconds)} from text to machine code{cached}"


def in_words(seconds: float) -> str:
    """A time with its unit: `850 µs`, `12.3 ms`, `2.41 s`.

    >>> in_words(0.0123), in_words(8.5e-4), in_words(75)
    ('12.3 ms', '850 µs', '75.0 s')
    """
    for size, unit in ((1.0, "s"), (1e-3, "ms")):
        if seconds >= 0.9995 * size:
            return f"{seconds / size:.{max(0, 2 - len(str(int(seconds / size))) + 1)}f} {unit}"
    return f"{seconds * 1e6:.0f} µs"


# -- the life of an equation ----------------------------------------------------------------------------------------


def report_stages(stages: Sequence[Stage], law: str, full: bool) -> None:
    """Each stage under a heading; long ones are cut, unless all is wanted."""
    out = console()
    for stage in stages:
        out.print()
        out.print(_heading(stage, out.width))
        lines = stage.text.splitlines()
        shown = lines if full else lines[:MOST_LINES]
        for line in shown:
            cut = not full and stage.name != "text" and len(line) > out.width
            out.print(Text(line[: out.width - 1] + "…" if cut else line), soft_wrap=True)
        if len(shown) < len(lines):
            rest = (
                f"… {len(lines) - len(shown):,} more lines: dydt show {shlex.quote(law)} --stage {stage.name}"
            )
            out.print(Text(rest, "dim"), soft_wrap=True)
    out.print()
    total = sum(stage.seconds or 0.0 for stage in stages)
    out.print(
        Text(f"text to machine code: {in_words(total)}, nothing taken from the cache", "dim"), soft_wrap=True
    )


def _heading(stage: Stage, width: int) -> Text:
    words = f" · {stage.facts} "
    if stage.seconds is not None:
        words += f"· {in_words(stage.seconds)} "
    rule = "─" * max(2, min(width, 100) - 4 - len(stage.title) - len(words))
    return Text.assemble(
        ("── ", "dim"),
        (stage.title, "bold"),
        (words, "dim"),
        (rule, "dim"),
        overflow="ellipsis",
        no_wrap=True,
    )


# -- the gallery ----------------------------------------------------------------------------------------------------


def report_gallery() -> None:
    """All laws: name, title and size."""
    from dydt.expr.parse import parse

    out = console()
    table = table_of_values()
    table.add_column("name", style="bold", no_wrap=True)
    widest = out.width - max(map(len, gallery.names())) - 8
    table.add_column("title", no_wrap=True, overflow="ellipsis", max_width=max(10, widest))
    table.add_column("size", justify="right", no_wrap=True, style="dim")
    for name in gallery.names():
        entry = gallery.entry(name)
        table.add_row(name, entry.title, str(len(parse(entry.text).states)))
    out.print()
    out.print(table)
    out.print()
    out.print(
        Text(
            f"{len(gallery.names())} laws.  dydt gallery NAME tells of one, dydt solve NAME solves it.", "dim"
        )
    )


def report_entry(entry: gallery.Entry, ode: ODE) -> None:
    """A law's title, story, equations, names, source and the command that solves it."""
    out = console()
    width = min(out.width, READABLE) - 2
    out.print()
    out.print(Text(entry.title, "bold"), soft_wrap=True)
    out.print()
    for line in textwrap.wrap(entry.story, width):
        out.print(Text(line), soft_wrap=True)
    out.print()
    for line in _equations(entry, ode):
        out.print(Text("    " + line, "cyan"), soft_wrap=True)
    out.print()
    out.print(_names(entry, ode))
    if ode.equations.span:
        start, end = ode.equations.span
        unit = entry.meanings.get(ode.independent, "")
        out.print()
        out.print(
            Text(f"{ode.independent} = {start:g} … {end:g}" + (f"   {unit}" if unit else "")), soft_wrap=True
        )
    out.print()
    for line in textwrap.wrap(
        f"Source: {entry.source}", width, break_long_words=False, break_on_hyphens=False
    ):
        out.print(Text(line, "dim"), soft_wrap=True)
    out.print()
    out.print(
        Text.assemble(("dydt solve ", "green"), (f"{entry.name} --plot {entry.name}.png", "green")),
        soft_wrap=True,
    )


def _equations(entry: gallery.Entry, ode: ODE) -> list[str]:
    """The lines of the law that say how things change; not the values."""
    lines: dict[str, None] = {}
    for subject, line in entry.statements:
        is_event = line.startswith("when")
        if is_event or (subject and subject != ode.independent and subject not in ode.parameters):
            lines |= dict.fromkeys(line.splitlines())
    return list(lines)


def _names(entry: gallery.Entry, ode: ODE) -> Table:
    table = table_of_values()
    table.add_column("name", style="bold", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("meaning")
    told = list(entry.meanings)
    order = {name: told.index(name) if name in told else len(told) for name in ode.parameters}
    for name in sorted(ode.parameters, key=order.__getitem__):
        value = ode.parameters[name]
        table.add_row(name, "" if value is None else f"{value:.6g}", entry.meanings.get(name, ""))
    if ode.parameters and ode.states:
        table.add_row("", "", "")
    for name in ode.states:
        table.add_row(name, _start(ode, name), entry.meanings.get(name, ""))
    return table


def _start(ode: ODE, name: str) -> str:
    from dydt.expr.evaluate import evaluate

    node = ode.equations.initial.get(name)
    known: dict[str, Any] = {key: value for key, value in ode.parameters.items() if value is not None}
    return "" if node is None else f"{evaluate(node, known):.6g}"


def table_of_values() -> Table:
    """An empty table without lines."""
    return Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", collapse_padding=True)
