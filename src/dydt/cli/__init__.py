"""The command `dydt`: thin commands over public functions."""

from dydt.cli import (  # noqa: F401  (each file of commands puts its own on the app)
    analysis,
    calculus,
    chaos,
    commands,
    dynamics,
    figures,
    learning,
    neural,
    steps,
)
from dydt.cli.app import app, main

__all__ = ["app", "main"]
