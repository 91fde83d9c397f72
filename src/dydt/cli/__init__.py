"""The command `dydt`: thin commands over public functions."""

from dydt.cli import commands  # noqa: F401  (each file of commands puts its own on the app)
from dydt.cli.app import app, main

__all__ = ["app", "main"]
