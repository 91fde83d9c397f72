"""The files that a solve is asked for, and the code it ends with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dydt.cli.arguments import reason
from dydt.errors import InputError

if TYPE_CHECKING:
    from dydt.solution import Solution
    from dydt.trust import Check


def write_all(
    solution: Solution,
    trust: Check | None,
    files: Mapping[str, Path | str | None],
    names: list[str],
    **look: Any,
) -> tuple[list[str], list[str]]:
    """Write each file that is asked for; what fails does not keep the others from being written.

    Parameters
    ----------
    solution : Solution
    trust : Check or None
    files : mapping
        Where ``"plot"``, ``"series"``, ``"phase"``, ``"csv"`` and ``"json"`` go; None for those not wanted.
    names : list of str
        What the pictures show; empty for what is usual.
    **look
        Options of the pictures.

    Returns
    -------
    list of str, list of str
        What was written, and why the rest was not.
    """
    write: dict[str, Callable[[Any], Any]] = {
        "plot": lambda path: best_picture(solution, names)(*names, path=path, **look),
        "series": lambda path: solution.plot(*names, path=path, **look),
        "phase": lambda path: solution.phase(*names, path=path, **look),
        "csv": lambda path: write_text(path, solution.to_csv()),
        "json": lambda path: write_text(path, as_json(solution, trust)),
    }
    return write_each(write, files)


def write_each(
    write: Mapping[str, Callable[[Any], Any]], files: Mapping[str, Path | str | None]
) -> tuple[list[str], list[str]]:
    """Write the files by their kinds; gives what was written, and why the rest was not."""
    written, failed = [], []
    for kind, path in files.items():
        if path is None:
            continue
        try:
            write[kind](path)
            written.append(str(path))
        except InputError as error:
            failed.append(str(error))
        except OSError as error:
            failed.append(f"can't write `{path}`: {reason(error)}")
        except ImportError as error:
            failed.append(f"can't write `{path}` without {error.name}: pip install 'dydt[tables]'")
    return written, failed


def write_text(path: str, text: str | None) -> None:
    """To a file, or to standard output."""
    if path == "-":
        sys.stdout.write(text or "")
    else:
        Path(path).write_text(text or "", encoding="utf-8")


def as_json(solution: Solution, trust: Check | None) -> str:
    """The solution, and how far it can be trusted if that was asked."""
    text = solution.to_json()
    if trust is not None:
        import json

        judged = {"verdict": trust.verdict, "errors": trust.worst, "trusted until": trust.trusted_until()}
        text = json.dumps(json.loads(text) | {"check": judged})
    return text + "\n"


def best_picture(solution: Solution, names: list[str]) -> Callable[..., Any]:
    """What is best to look at: the path of three states that keep turning, or else the states over time."""
    return solution.phase if keeps_turning(solution) and len(names) in (0, 3) else solution.plot


def keeps_turning(solution: Solution, often: int = 12) -> bool:
    """Whether each of three states goes up and down so often that only their path in space shows what they do."""
    import numpy as np

    from dydt.expr.graph import symbols

    law = solution.problem.ode.equations
    if len(law.states) != 3 or law.independent in symbols(law.derivatives) or len(solution) < 3:
        return False
    turns = np.count_nonzero(np.diff(np.sign(np.diff(solution.y, axis=0)), axis=0), axis=0)
    return bool(np.all(turns >= often))
