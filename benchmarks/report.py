"""Results to files, to the terminal, and into README.md between its two markers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from benchmarks import (
    continuous,
    gradients,
    learning,
    neural,
    optimisers,
    pictures,
    spirals,
    stiff,
    tables,
    textbook,
)

HERE = Path(__file__).parent
RESULTS = HERE / "results"
QUICK = RESULTS / "quick"
README = HERE / "README.md"
BEGIN, END = "<!-- numbers -->", "<!-- end of numbers -->"
SECTIONS = {
    "precision": ("Time at equal error", tables.precision),
    "cold": ("Cold start", tables.cold),
    "compile": ("Text to machine code", tables.compilation),
    "overhead": ("Python overhead", tables.overhead),
    "ensemble": ("Many at once", tables.ensemble),
    "stiff": ("Stiff laws", stiff.text),
    "textbook": ("Textbook equations by hand", textbook.text),
    "learning": ("Fits of parameters", learning.text),
    "continuous": ("The continuous network", continuous.text),
    "neural": ("Learning: a law from noisy samples", neural.text),
    "spirals": ("Learning: two spirals", spirals.text),
    "gradients": ("Learning: one gradient", gradients.text),
    "optimisers": ("Learning: Gauss–Newton and L-BFGS", optimisers.text),
}


def machine_words(machine: dict) -> str:
    """One paragraph: where, when, with what."""
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items() if number)
    place = f"one core of {machine['cores']}: {machine['processor']}, {machine['system']}"
    load = f" Load when it started: {machine['load'][0]}." if machine["load"] else ""
    return f"Measured {machine['date']} on {place}, Python {machine['python']}; {versions}.{load}"


def save(name: str, results: dict, machine: dict, folder: Path = RESULTS) -> None:
    """The JSON and the picture of one part."""
    folder.mkdir(exist_ok=True)
    content = json.dumps({"machine": machine, **results}, indent=1)
    (folder / f"{name}.json").write_text(content + "\n", encoding="utf-8")
    draw = {
        "precision": pictures.precision,
        "cold": pictures.cold,
        "ensemble": pictures.ensemble,
        "stiff": pictures.precision,
        "neural": neural.picture,
        "spirals": spirals.picture,
    }.get(name)
    if draw and results.get("problems", results.get("rows")):
        draw(results, machine, folder / f"{name}.png")


def load(name: str, folder: Path = RESULTS) -> dict | None:
    """A stored result, or None."""
    path = folder / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def text(folder: Path = RESULTS, names: Iterable[str] = tuple(SECTIONS)) -> str:
    """Stored results as Markdown."""
    parts: list[str] = []
    for name in names:
        title, table = SECTIONS[name]
        stored = load(name, folder)
        if stored is None:
            continue
        words = machine_words(stored["machine"])
        picture = f"![{title}](results/{name}.png)\n\n" if (folder / f"{name}.png").exists() else ""
        parts.append(f"## {title}\n\n{words}\n\n{picture}{table(stored)}")
    return "\n\n".join(parts)


def into_readme() -> None:
    """Put the tables between the markers of README.md."""
    written = README.read_text(encoding="utf-8")
    before, rest = written.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    README.write_text(f"{before}{BEGIN}\n\n{text()}\n\n{END}{after}", encoding="utf-8")
