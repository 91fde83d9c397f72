"""Solve Lotka–Volterra and Lorenz from text, say how far to trust the result, and draw it.

Run as ``python examples/demo.py out``; the pictures are written to the folder ``out``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

import dydt

LOTKA_VOLTERRA = """
    x' = a*x - b*x*y          # rabbits
    y' = d*x*y - g*y          # foxes

    a = 1.5;  b = 1;  d = 0.75;  g = 1
    x(0) = 2;  y(0) = 1
    t = 0:18
"""

LORENZ = """
    x' = s*(y - x)
    y' = x*(r - z) - y
    z' = x*y - b*z

    s = 10;  r = 28;  b = 8/3
    x(0) = 1;  y(0) = 1;  z(0) = 1
    t = 0:40
"""


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    console = Console(highlight=False)
    table = Table(box=None, padding=(0, 3, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("law", style="bold", no_wrap=True)
    table.add_column("at the end", no_wrap=True)
    for heading in ("steps", "text to machine code", "solve"):
        table.add_column(heading, justify="right", no_wrap=True)
    verdicts = []
    for title, text in (("Lotka–Volterra", LOTKA_VOLTERRA), ("Lorenz", LORENZ)):
        ode = dydt.ODE(text)
        ode.solve().raise_for_status()
        compiled = ode.read_seconds + ode.compile_seconds
        solution = ode.solve()  # again: what a solve takes once the law is machine code
        table.add_row(
            title,
            "\n".join(f"{name} = {solution[name][-1]:.9g}" for name in solution.states),
            f"{solution.stats['steps']:,}",
            f"{1e3 * compiled:.1f} ms" + (", cached" if solution.problem.solver.from_cache else ""),
            f"{1e6 * solution.stats['seconds']:.0f} µs",
        )
        verdicts.append(f"{title}: {solution.check().verdict}.")
        draw(solution, title, folder)
    console.print()
    console.print(table)
    console.print()
    for verdict in verdicts:
        console.print(verdict)
    console.print()
    pictures = len(list(folder.glob("l*.*")))
    console.print(
        f"{pictures} pictures are in {folder}/, such as {folder / 'lorenz-phase.png'}.", soft_wrap=True
    )


def draw(solution: dydt.Solution, title: str, folder: Path) -> None:
    """States over time and against each other, for light and dark surroundings."""
    name = title.lower().replace("–", "-")
    for dark in (False, True):
        ending = "-dark" if dark else ""
        solution.plot(dark=dark, title=title, path=folder / f"{name}{ending}.png")
        solution.phase(dark=dark, title=title, path=folder / f"{name}-phase{ending}.png")
    solution.plot(title=title, path=folder / f"{name}.svg")
    solution.phase(title=title, path=folder / f"{name}-phase.svg")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
