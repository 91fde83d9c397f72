"""Textbook equations by hand: `ODE.explain` beside SymPy's `dsolve` alone, on the list of `tests/analytic/textbook.py`.

Each gets ten seconds an equation in a process of its own, and the same judge: the answer is put into the equation,
and with initial values it must have them. Only `explain` shows steps.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

from tests.analytic.textbook import TEXTBOOK, Textbook

import dydt
from benchmarks.tables import grid
from dydt.analytic import dsolve
from dydt.analytic.initial_values import read
from dydt.analytic.particular import families, through
from dydt.analytic.problem import Problem, problem
from dydt.analytic.verify import verify
from dydt.calculus.patience import Unanswered, patiently

LIMIT = 10.0
QUICK = 3  # equations of a kind


def by_dsolve(asked: Problem) -> tuple[bool, bool, float]:
    """Whether `dsolve` answers, whether the answer stands, and the seconds it took, judging left out."""
    began = time.perf_counter()
    found = dsolve.solve(asked)
    seconds = time.perf_counter() - began
    if found is None:
        return False, False, seconds
    if asked.initial:
        return True, bool(through(asked, found)), seconds
    stands = all(verify(asked, family) is not None for family in families(asked, found))
    return True, stands, seconds


def measure(equation: Textbook) -> dict[str, Any]:
    """Both on one equation."""
    ode = dydt.ODE(equation.law, independent=equation.independent)
    start = equation.start if equation.initial else None
    began = time.perf_counter()
    found = ode.explain(start, values=equation.initial, time_limit=LIMIT)
    seconds = time.perf_counter() - began
    ours = {
        "solved": found.solved and found.method != "dsolve",
        "seconds": seconds,
        "steps": sum(step.formula is not None for step in found.steps),
        "checked": sum(step.checked for step in found.steps if step.formula is not None),
    }
    asked = problem(ode.equations, *read(ode, start, equation.initial))
    began = time.perf_counter()
    try:
        answered, stands, seconds = patiently(by_dsolve, asked, limit=LIMIT)
    except Unanswered:
        answered, stands, seconds = False, False, time.perf_counter() - began
    except Exception:  # what dsolve raises, and what can't be sent
        answered, stands, seconds = False, False, time.perf_counter() - began
    theirs = {"answered": answered, "solved": stands, "seconds": seconds}
    return {"kind": equation.kind, "law": equation.law, "dydt": ours, "dsolve": theirs}


def run(quick: bool = False) -> dict[str, Any]:
    """Measure the whole list, or a few of each kind."""
    patiently(by_dsolve, _warm(), limit=60.0)
    taken: dict[str, int] = {}
    rows = []
    for equation in TEXTBOOK:
        taken[equation.kind] = taken.get(equation.kind, 0) + 1
        if quick and taken[equation.kind] > QUICK:
            continue
        rows.append(measure(equation))
        last = rows[-1]
        print(
            f"{equation.kind:26} {last['dydt']['seconds']:6.2f} s  {last['dsolve']['seconds']:6.2f} s  {equation.law}"
        )
    return {"equations": rows}


def _warm() -> Problem:
    """An equation that starts the other process, so that its start counts for nobody."""
    ode = dydt.ODE("y' = y")
    return problem(ode.equations, *read(ode, None, {}))


def text(results: dict[str, Any]) -> str:
    """The table: a row a kind, and all together."""
    rows = results["equations"]
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    lines = [_line(kind, [row for row in rows if row["kind"] == kind]) for kind in kinds]
    lines.append(_line("all", rows))
    head = (
        "equations",
        "dydt: solved",
        "checked steps",
        "median",
        "slowest",
        "dsolve: right",
        "answered",
        "median",
        "slowest",
    )
    return (
        "Solved and verified within ten seconds each; dydt with its own methods and steps, `dsolve` alone without.\n\n"
        + grid(head, lines)
    )


def _line(kind: str, rows: list[dict[str, Any]]) -> list[str]:
    ours, theirs = [row["dydt"] for row in rows], [row["dsolve"] for row in rows]
    steps, checked = sum(o["steps"] for o in ours), sum(o["checked"] for o in ours)
    return [
        kind,
        f"{sum(o['solved'] for o in ours)} of {len(rows)}",
        f"{checked} of {steps}",
        f"{statistics.median(o['seconds'] for o in ours):.2f} s",
        f"{max(o['seconds'] for o in ours):.1f} s",
        f"{sum(t['solved'] for t in theirs)}",
        f"{sum(t['answered'] for t in theirs)}",
        f"{statistics.median(t['seconds'] for t in theirs):.2f} s",
        f"{max(t['seconds'] for t in theirs):.1f} s",
    ]
