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
        self._said = ""
        self._began = time.perf_counter()
        self._bar: Any = None
        self._task: Any = None

    def __call__(self, part: float, count: int) -> None:
        if self._bar is None:
            if time.perf_counter() - self._began < PATIENCE:
                return
            self._open()
        said = self._said or f"{count:,} {self._unit}"
        self._bar.update(self._task, completed=part, said=said)

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar
        from rich.table import Column

        # What changes its length comes last, and is cut where the terminal ends: the bar stays where it is.
        columns = (
            TextColumn("{task.description}", table_column=Column(no_wrap=True)),
            BarColumn(bar_width=None, table_column=Column(min_width=8, max_width=24, ratio=1)),
            TaskProgressColumn(table_column=Column(min_width=4, no_wrap=True)),
            TimeRemainingColumn(table_column=Column(min_width=7, no_wrap=True)),
            TextColumn(
                "[dim]{task.fields[said]}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=3)
            ),
        )
        self._bar = Bar(*columns, console=Console(stderr=True), transient=True, expand=True)
        self._task = self._bar.add_task(self._what, total=1.0, said="")
        self._bar.start()

    def say(self, what: str) -> None:
        """Words behind the bar, in place of the count."""
        self._said = what

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()


def is_watched() -> bool:
    """Whether messages go to a terminal or a notebook."""
    kernel = sys.modules.get("ipykernel")
    return kernel is not None or bool(getattr(sys.stderr, "isatty", lambda: False)())
