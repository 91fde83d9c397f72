"""The command `dydt`: thin commands over public functions."""

from dydt.cli.commands import app, main

__all__ = ["app", "main"]
