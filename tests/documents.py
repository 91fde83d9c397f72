"""The README and the pages of docs/, as what they are made of: Python, commands, and what comes out of them.

A ``python`` block is run; a ``text`` block right after it is what it prints. A ``console`` block has commands
(``$ dydt …``), each with what it prints below it, or nothing if that is not said. In what is printed numbers may differ
in the third digit and spaces in their number; a line ``…`` stands for any lines, and ``…`` within a line for anything.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

import dydt

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]

_NUMBER = r"[-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?"


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line of the page it begins in."""

    language: str
    text: str
    line: int


def blocks(path: Path) -> list[Block]:
    """All fenced blocks of a page, in their order."""
    text = path.read_text(encoding="utf-8")
    found = re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [Block(m[1], m[2], text.count("\n", 0, m.start()) + 2) for m in found]


def run(path: Path, folder: Path) -> list[str]:
    """Run a whole page from top to bottom, in the current folder; gives what each block printed.

    The Python blocks of a page are one script: names live on from block to block.
    """
    (folder / "out").mkdir(exist_ok=True)
    names: dict[str, Any] = {"__name__": "__page__"}
    said: list[str] = []
    printed = ""
    for block in blocks(path):
        where = f"{path.name}, line {block.line}"
        if block.language == "python":
            printed = _run_python(block, path, names)
            said.append(printed)
        elif block.language == "text" and printed:
            assert_agrees(block.text, printed, where)
            printed = ""
        elif block.language == "console":
            said += [_run_command(line, expected, where) for line, expected in commands(block)]
    return said


def _run_python(block: Block, path: Path, names: dict[str, Any]) -> str:
    code = compile("\n" * (block.line - 1) + block.text, str(path), "exec")
    output = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(output):
        warnings.simplefilter("ignore", dydt.SolveWarning)
        exec(code, names)  # noqa: S102  (the examples of our own pages)
    return output.getvalue()


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """The commands ``dydt`` of a console block, each with what is said to come out."""
    text = block.text.replace("\\\n", " ")
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, expected = part.partition("\n")
        if line.startswith("dydt "):
            yield line, expected


def _run_command(line: str, expected: str, where: str) -> str:
    from dydt.cli import app

    words = shlex.split(line, comments=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dydt.SolveWarning)
        result = CliRunner().invoke(app, words[1:])
    assert result.exit_code == 0, f"{where}: {line}\n{result.output}\n{result.exception!r}"
    assert result.output.strip(), f"{where}: {line} prints nothing"
    if expected.strip():
        assert_agrees(expected, result.stdout, f"{where}: {line}")
    return str(result.stdout)


def assert_agrees(expected: str, seen: str, where: str) -> None:
    """What a page quotes is what comes out, but for the last digits, spaces and what ``…`` stands for."""
    quoted, lines = _lines(expected), _lines(seen)
    place, may_skip = 0, False
    for line in quoted:
        if line == "…":
            may_skip = True
            continue
        ahead = range(place, len(lines)) if may_skip else range(place, min(place + 1, len(lines)))
        found = next((index for index in ahead if same(line, lines[index])), None)
        assert found is not None, f"{where} quotes\n    {line}\nand this comes out:\n{seen}"
        place, may_skip = found + 1, False
    assert may_skip or place == len(lines), f"{where} leaves out what comes last:\n{seen}"


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def same(quoted: str, seen: str) -> bool:
    """Whether a line is the one quoted, with numbers to the third digit.

    >>> same("x = 1.3333, in … s", "x = 1.3334, in 0.12 s"), same("x = 1.3", "x = 1.4")
    (True, False)
    """
    pattern, numbers = "", []
    for part in re.split(rf"(…|(?<![\w.]){_NUMBER})", quoted):
        if part == "…":
            pattern += ".*?"
        elif re.fullmatch(_NUMBER, part):
            pattern += f"({_NUMBER})"
            numbers.append(part)
        else:
            pattern += re.escape(part)
    found = re.fullmatch(pattern, seen)
    return found is not None and all(_near(a, b) for a, b in zip(numbers, found.groups(), strict=True))


def _near(quoted: str, seen: str) -> bool:
    a, b = (float(text.replace(",", "")) for text in (quoted, seen))
    return abs(a - b) <= 3e-3 * max(abs(a), abs(b))
