"""The options of the commands: how they are spelled, and one line on each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def _option(name: str, kind: str, story: str) -> Any:
    return typer.Option(name, metavar=kind, help=story, show_default=False)


def _switch(story: str, *names: str) -> Any:
    return typer.Option(*names, help=story)


Text = str | None
Many = list[str] | None
File = Path | None

Law = Annotated[
    str,
    typer.Argument(
        metavar="LAW", help="A name of the gallery, a file like law.ode, text, or - for standard input."
    ),
]
Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="A law to read about.")]

T = Annotated[Text, _option("--t", "FROM:TO", "The span, as in 0:18, or its end; by default the law's own.")]
Set = Annotated[Many, _option("--set", "NAME=NUMBER,…", "Parameters, as in a=1.5,b=8/3; repeatable.")]
Init = Annotated[Many, _option("--init", "NAME=NUMBER,…", 'Initial values, as in "x=2,x\'=0"; repeatable.')]
Independent = Annotated[str, _option("--independent", "NAME", "The variable things change with, if not t.")]

Method = Annotated[str, _option("--method", "NAME", "auto (the default), tsit5, dop853, vern9, rk4, …")]
H = Annotated[Text, _option("--h", "NUMBER", "The step of a method with fixed steps, or the first one.")]
Rtol = Annotated[Text, _option("--rtol", "NUMBER", "Relative tolerance of a step; 1e-8 if not given.")]
Atol = Annotated[
    Text, _option("--atol", "NUMBER", "Absolute tolerance, or x=1e-6,y=1e-9; 1e-10 if not given.")
]
MaxStep = Annotated[Text, _option("--max-step", "NUMBER", "The longest step.")]
StepLimit = Annotated[
    Text, _option("--step-limit", "NUMBER", "Stop after so many attempts; 1000000 if not given.")
]
TimeLimit = Annotated[
    Text, _option("--time-limit", "SECONDS", "Stop after so many seconds, with what there is.")
]
Saveat = Annotated[
    Text,
    _option("--saveat", "TIMES", "Times to keep: a spacing 0.1, a list 0,1,2.5, or end; else every step."),
]

Over = Annotated[
    Many,
    _option(
        "--over",
        "NAME=VALUES",
        "What is swept: r=0:21:4096 (start:stop:count), r=log:1:1000:50 or x=0.5,1,2; repeatable.",
    ),
]
Product = Annotated[bool, _switch("Sweep each name against each other, instead of together.", "--product")]
Keep = Annotated[
    Text,
    typer.Option(
        "--keep",
        "--saveat",
        metavar="TIMES",
        help="What is kept of each member: final (the default), a spacing 0.1, or times 0,1,2.5.",
        show_default=False,
    ),
]
Threads = Annotated[Text, _option("--threads", "COUNT", "Threads; as many as there are cores if not given.")]
Out = Annotated[File, _option("--out", "FILE", "All results: .nc (netCDF), .csv or .npz.")]
Fan = Annotated[
    File,
    _option("--plot", "FILE", "A picture (.png, .svg, .pdf): curves over time, or ends over what was swept."),
]
Summary = Annotated[Text, _option("--json", "FILE", "A summary as JSON; - for standard output.")]

Plot = Annotated[
    File,
    _option(
        "--plot",
        "FILE",
        "A picture (.png, .svg, .pdf) of the states over time; or, if there are three that keep turning as Lorenz's "
        "do, of their path in space.",
    ),
]
Series = Annotated[File, _option("--series", "FILE", "A picture of the states over time.")]
Phase = Annotated[File, _option("--phase", "FILE", "A picture of the states against each other.")]
Names = Annotated[Text, _option("--names", "NAME,…", "What the pictures show, as in x,y.")]
Dark = Annotated[bool, _switch("Pictures on a dark ground.", "--dark")]
Csv = Annotated[Text, _option("--csv", "FILE", "Times and states as CSV; - for standard output.")]
Json = Annotated[Text, _option("--json", "FILE", "Everything as JSON; - for standard output.")]
Check = Annotated[bool, _switch("Solve again, far more tightly, and say how far to trust it.", "--check")]
Quiet = Annotated[bool, _switch("Print nothing but what went wrong.", "--quiet", "-q")]

Stage = Annotated[
    str, _option("--stage", "STAGE", "One of text, equations, graph, jacobian, tape, ir, assembly; else all.")
]
Full = Annotated[bool, _switch("IR and machine code of the whole kernel, and every line.", "--full")]
