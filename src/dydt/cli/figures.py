"""The command that draws the figures of the article: `dydt figures`."""

from __future__ import annotations

import typer

from dydt.cli import arguments, options
from dydt.cli.app import app


@app.command()
def figures(
    folder: options.Folder,
    animate: options.Films = False,
    only: options.Only = None,
    format: options.Format = None,
    dark: options.Dark = False,
) -> None:
    """Draw the figures of the article: from the secant to the repulsor.

    \b
    dydt figures out/
    dydt figures out/ --only lorenz,repulsor --dark --format svg
    dydt figures out/ --animate
    """
    from dydt.album import figures as draw

    wanted = [name for text in only or [] for name in arguments.names(text)]
    drawn = draw(folder, animate=animate, dark=dark, format=format or "png", only=wanted)
    typer.echo(str(drawn))
