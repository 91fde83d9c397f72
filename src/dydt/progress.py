"""A progress bar for solves that take longer than a second, where somebody is watching."""

from __future__ import annotations

import sys
import time
from typing import Any

PATIENCE = 1.0  # seconds before the bar appears


class Progress:
    """Called now and then with the part that is done; shows itself after a second, and goes when closed."""

    def __init__(self, what: str, unit: str = "steps") -> None:
        self._what = what
        self._unit = unit
        self._began = time.perf_counter()
        self._bar: Any = None
        self._task: Any = None

    def __call__(self, part: float, count: int) -> None:
        if self._bar is None:
            if time.perf_counter() - self._began < PATIENCE:
                return
            self._open()
        self._bar.update(self._task, completed=part, count=f"{count:,} {self._unit}")

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            TextColumn("[dim]{task.fields[count]}"),
        )
        self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task(self._what, total=1.0, count="")
        self._bar.start()

    def say(self, what: str) -> None:
        """Change the words in front of the bar."""
        self._what = what
        if self._bar is not None:
            self._bar.update(self._task, description=what)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()


def is_watched() -> bool:
    """Whether messages go to a terminal or a notebook."""
    kernel = sys.modules.get("ipykernel")
    return kernel is not None or bool(getattr(sys.stderr, "isatty", lambda: False)())
