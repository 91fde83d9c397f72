"""What `dydt sweep` runs, writes and prints."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table
from rich.text import Text

from dydt.cli import grids
from dydt.cli.outputs import write_each, write_text
from dydt.cli.report import MOST_STATES, console, in_words, print_facts, table_of_values
from dydt.errors import InputError
from dydt.settings import read_settings
from dydt.sweep import Sweep, in_bytes

if TYPE_CHECKING:
    from dydt.ensemble import Ensemble
    from dydt.gallery import Entry
    from dydt.ode import ODE

DATA = (".nc", ".csv", ".npz")


def prepare(
    ode: ODE,
    span: Any,
    values: Mapping[str, Any],
    settings: Mapping[str, Any],
    product: bool,
    keep: Sequence[str] = (),
) -> Sweep:
    """The sweep that `ODE.sweep` would run, to be told of before it runs."""
    read = read_settings(ode.states, progress=False, constrained=ode.is_constrained, **settings)
    return Sweep(ode, read, ode._span(span), values, product, keep)


def check_out(out: Path | None) -> None:
    """Refuse a file of another kind before anything is solved for it."""
    if out is not None and out.suffix.lower() not in DATA:
        seen = f"`{out.suffix}`" if out.suffix else "no suffix"
        raise InputError(f"--out writes .nc, .csv or .npz, and `{out.name}` has {seen}")


def write_all(
    ensemble: Ensemble, files: Mapping[str, Path | str | None], names: Sequence[str], **look: Any
) -> tuple[list[str], list[str]]:
    """Write each file that is asked for; gives what was written, and why the rest was not."""
    write: dict[str, Callable[[Any], Any]] = {
        "out": lambda path: ensemble.save(path),
        "plot": lambda path: ensemble.plot(*names, path=path, **look),
        "json": lambda path: write_text(path, as_json(ensemble)),
    }
    return write_each(write, files)


def as_json(ensemble: Ensemble) -> str:
    """What was swept, how the members ended, the range of their ends, and what it took."""
    kinds, counts = np.unique(np.ravel(ensemble.status).astype(str), return_counts=True)
    told = {
        "dimensions": dict(zip(ensemble.dims, ensemble.shape, strict=True)),
        "statuses": {str(kind): int(count) for kind, count in zip(kinds, counts, strict=True)},
        "ends": {
            state: None if ends is None else dict(zip(("least", "median", "most"), ends, strict=True))
            for state, ends in ranges(ensemble, ensemble.states).items()
        },
    }
    if ensemble.reduced:
        told["reductions"] = {
            name: None if values is None else dict(zip(("least", "median", "most"), values, strict=True))
            for name, values in ranges(ensemble, list(ensemble.reduced)).items()
        }
    return json.dumps(told | {"stats": json.loads(ensemble.to_json())}) + "\n"


def ranges(ensemble: Ensemble, states: Sequence[str]) -> dict[str, tuple[float, float, float] | None]:
    """Least, median and most of the ends of each state, or of a reduction; None if no member has an end."""
    found: dict[str, tuple[float, float, float] | None] = {}
    for state in states:
        ends = ensemble[state]
        if ensemble.saveat is not None and state not in ensemble.reduced:
            ends = ends[..., -1]
        ends = ends[ensemble.done]
        found[state] = (float(ends.min()), float(np.median(ends)), float(ends.max())) if ends.size else None
    return found


# -- printed --------------------------------------------------------------------------------------------------------


def announce(entry: Entry, sweep: Sweep, over: Mapping[str, Any]) -> None:
    """What is about to be solved, and the memory that takes."""
    out = console()
    out.print()
    if entry.title:
        out.print(Text(entry.title, "bold"), overflow="ellipsis", no_wrap=True)
        out.print()
    kept = "ends" if sweep.saveat is None else f"states at {len(sweep.saveat):,} times"
    if sweep.reductions:
        kept += ", " + ", ".join(reduction.name for reduction in sweep.reductions)
    swept = ", ".join(grids.in_words(name, np.ravel(values)) for name, values in over.items())
    facts = [("over", "bold", swept)]
    facts.append(("members", "bold", f"{sweep.total:,}; their {kept} take {in_bytes(sweep.memory)}"))
    print_facts(out, facts)


def report(ensemble: Ensemble, sweep: Sweep, written: Sequence[str]) -> None:
    """The ends of each state, how many ended how, and what it took."""
    out = console()
    stats = ensemble.stats
    out.print()
    if stats["done"]:
        out.print(_ends(ensemble))
        hidden = len(ensemble.states) - MOST_STATES
        if hidden > 0:
            out.print(Text(f"… and {hidden:,} more states; --out FILE writes all of them", "dim"))
        out.print()
    if stats["done"] == stats["members"]:
        facts = [("done", "bold green", "all reached the end")]
    else:
        facts = [("some stopped", "bold red", ensemble.summary())]
    methods = stats["method"]
    if stats["changed method"]:
        methods += f" and, for {stats['changed method']:,} members, {sweep.settings.stiff_method}"
    rate = in_number(stats["members"] / max(stats["seconds"], 1e-9))
    facts += [
        ("solve", "bold", f"{in_words(stats['seconds'])} with {methods}: {rate} members a second"),
        (
            "steps",
            "bold",
            f"{stats['steps']:,}, {stats['rejected']:,} rejected; lanes idle {stats['idle']:.1%}",
        ),
        (
            "compile",
            "bold",
            f"{in_words(sweep.ode.read_seconds + stats['compile seconds'])} from text to machine code",
        ),
    ]
    if written:
        facts.append(("written", "bold", ", ".join(written)))
    print_facts(out, facts)


def _ends(ensemble: Ensemble) -> Table:
    table = table_of_values()
    table.add_column("at the end", style="bold", no_wrap=True, max_width=24, overflow="ellipsis")
    for heading in ("least", "median", "most"):
        table.add_column(heading, justify="right", no_wrap=True)
    for state, ends in ranges(ensemble, ensemble.states[:MOST_STATES]).items():
        table.add_row(state, *(f"{value:.8g}" for value in ends or ()))
    for name, values in ranges(ensemble, list(ensemble.reduced)).items():
        table.add_row(name, *(f"{value:.8g}" for value in values or ()), style="cyan")
    return table


def in_number(value: float) -> str:
    """A number to be read, not computed with.

    >>> in_number(1_930_000), in_number(23_456), in_number(7.04)
    ('1.93 million', '23,500', '7')
    """
    if value >= 999_500:
        return f"{value / 1e6:.3g} million" if value < 1e9 else f"{value / 1e6:,.0f} million"
    return f"{float(f'{value:.3g}'):,.0f}"
