"""The command line itself, and how commands end: 0 done, 1 a solve that did not reach its end, 2 bad input."""

from __future__ import annotations

import re
import signal
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from dydt.errors import DydtError

UNFINISHED = 1
BAD_INPUT = 2
INTERRUPTED = 130

# Messages of the library name its arguments; here they are options.
_PYTHON_NAMES = re.compile(r"`?\b(time_limit|step_limit|max_step)\b`?")


class _Commands(TyperGroup):
    """Turns the errors a user can meet into a message and an exit code."""

    def invoke(self, context: Any) -> Any:
        try:
            return super().invoke(context)
        except DydtError as error:
            complain(str(error))
        except MemoryError:
            complain("there is not enough memory for this; --saveat keeps fewer times")
        except KeyboardInterrupt:
            complain("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        raise typer.Exit(BAD_INPUT)


app = typer.Typer(
    cls=_Commands,
    name="dydt",
    help="Write down how things change; see what happens.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def main() -> None:
    """Run the command line."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `dydt show lorenz | head` ends as every filter does
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="dydt")


def complain(message: str) -> None:
    """A message for people, where it can't get into the data."""
    message = _PYTHON_NAMES.sub(lambda found: "--" + found[1].replace("_", "-"), message)
    typer.echo(f"dydt: {message}", err=True)


def _version(wanted: bool) -> None:
    if wanted:
        from dydt import __version__

        typer.echo(f"dydt {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def leave(failed: list[str], unfinished: str) -> None:
    """Say what went wrong, and leave with the code for it."""
    for message in failed:
        complain(message)
    if unfinished:
        complain(unfinished)
    if failed:
        raise typer.Exit(BAD_INPUT)
    if unfinished:
        raise typer.Exit(UNFINISHED)
