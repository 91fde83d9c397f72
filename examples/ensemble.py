"""Lorenz's convection for thousands of Rayleigh numbers at once: one call, one labelled result, two pictures.

Run as ``python examples/ensemble.py out``; the pictures are written to the folder ``out``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import dydt

LORENZ = """
    x' = s*(y - x)
    y' = x*(r - z) - y
    z' = x*y - b*z

    s = 10;  b = 8/3
    x(0) = 1;  y(0) = 0;  z(0) = 0
"""


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lorenz = dydt.ODE(LORENZ)

    curves = lorenz.sweep(t=(0, 4), r=np.linspace(12, 28, 49), saveat=0.01)
    for dark in (False, True):
        name = "fan-dark.png" if dark else "fan.png"
        curves.plot("x", "z", dark=dark, title="Lorenz, heated more and more", path=folder / name)

    ends = lorenz.sweep(t=(0, 40), r=np.linspace(0, 30, 20_000))
    ends.plot("z", title="Where it is at last", path=folder / "ends.png")

    for runs in (curves, ends):
        rate = len(runs) / runs.stats["seconds"]
        print(f"{runs!r}: {1e3 * runs.stats['seconds']:.3g} ms, {rate:,.0f} members a second")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
