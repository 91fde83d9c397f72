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
        metavar="LAW",
        help="A name of the gallery, a file like law.ode or law.npz, text, or - for standard input.",
    ),
]
Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="A law to read about.")]

T = Annotated[Text, _option("--t", "FROM:TO", "The span, as in 0:18, or its end; by default the law's own.")]
Set = Annotated[Many, _option("--set", "NAME=NUMBER,…", "Parameters, as in a=1.5,b=8/3; repeatable.")]
Init = Annotated[Many, _option("--init", "NAME=NUMBER,…", 'Initial values, as in "x=2,x\'=0"; repeatable.')]
Independent = Annotated[str, _option("--independent", "NAME", "The variable things change with, if not t.")]

Method = Annotated[
    str, _option("--method", "NAME", "auto (the default), tsit5, dop853, vern9, taylor, rk4, …")
]
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
    Many,
    typer.Option(
        "--keep",
        "--saveat",
        metavar="WHAT",
        help="What is kept of each member: final (the default), a spacing 0.1, times 0,1,2.5, or reductions "
        '"max(x),mean(x*y),count(x = 1 rising)". Can be repeated.',
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

Latex = Annotated[bool, _switch("Print LaTeX.", "--latex")]
T0 = Annotated[Text, _option("--t0", "NUMBER", "Where the initial values hold; the law's start, or 0.")]
HandMethod = Annotated[
    Text, _option("--method", "NAME", "Only this method by hand: separable, linear, exact, Bernoulli, …")
]
Patience = Annotated[Text, _option("--time-limit", "SECONDS", "Look no longer than this; 10 if not given.")]
ClosedForm = Annotated[
    File, _option("--plot", "FILE", "A picture (.png, .svg, .pdf): the closed form over the native solution.")
]

Formula = Annotated[
    str,
    typer.Argument(metavar="FUNCTION", help='A function as text: "t^2", "s(t) = -t^2 + 10*t", "sin(x)/x".'),
]
Bound = Annotated[str | None, typer.Argument(metavar="[BOUND]", help="A number, 2*pi, inf or -inf.")]
At = Annotated[
    Text, _option("--at", "NUMBER", "A place: the slope there, the tangent, difference quotients.")
]
Quotients = Annotated[Text, _option("--h", "NUMBER,…", "Difference quotients and secants for these h.")]
On = Annotated[Text, _option("--on", "FROM:TO", "An interval, as in 0:10.")]
Moments = Annotated[
    Text, _option("--at", "TIME,…", "Position, velocity and acceleration at these times too.")
]
Order = Annotated[Text, _option("--order", "NUMBER", "2 for the second derivative, and so on.")]
Rectangles = Annotated[Text, _option("--n", "COUNT", "Rectangles of the Riemann sum; 8 if not given.")]
Rule = Annotated[
    str, _option("--rule", "RULE", "Where each takes its height: left, right, midpoint; or trapezoid.")
]
Variable = Annotated[
    Text, _option("--variable", "NAME", "What it is a function of, if several names are free.")
]
Drawing = Annotated[File, _option("--plot", "FILE", "A picture (.png, .svg, .pdf).")]

Averaged = Annotated[
    Text, _option("--t", "NUMBER", "How long is averaged; by default until it is good enough.")
]
Transient = Annotated[
    Text, _option("--transient", "NUMBER", "How long the path is followed before anything counts.")
]
Tolerance = Annotated[
    Text, _option("--tolerance", "NUMBER", "The relative error to stop at; 0.007 if not given.")
]
Largest = Annotated[Text, _option("--count", "NUMBER", "Only so many of the largest exponents.")]
Seed = Annotated[Text, _option("--seed", "NUMBER", "Of the directions that the axes start with.")]
Settling = Annotated[
    File, _option("--plot", "FILE", "A picture (.png, .svg, .pdf) of how the exponents settle.")
]
Distance = Annotated[Text, _option("--distance", "NUMBER", "Between the two starts; 1e-8 if not given.")]
Along = Annotated[
    Text, _option("--along", "STATE", "The state in which they differ; the first if not given.")
]
Fraction = Annotated[
    Text,
    _option("--fraction", "NUMBER", "Of what the path fills: where prediction ends; 0.1 if not given."),
]
Drift = Annotated[
    File, _option("--plot", "FILE", "A picture (.png, .svg, .pdf) of both paths and the distance over time.")
]
TwoPaths = Annotated[File, _option("--phase", "FILE", "A picture of both paths in space.")]
Flight = Annotated[File, _option("--animate", "FILE", "A film (.gif, .mp4) of both paths being drawn.")]

Frames = Annotated[Text, _option("--frames", "COUNT", "How many pictures the film has; 72 if not given.")]

StepMethods = Annotated[
    str, _option("--method", "NAME,…", "Explicit methods, as in euler,heun,rk4 (the default is rk4).")
]
StepSizes = Annotated[Text, _option("--h", "NUMBER,…", "Steps, as in 0.5,0.2,0.1; 0.1 if not given.")]
Formulas = Annotated[
    Text,
    _option("--formulas", "NUMBER", "Write out so many steps with the numbers put in; 1 if not given."),
]
Compared = Annotated[
    File, _option("--plot", "FILE", "A picture (.png, .svg, .pdf): each h beside the exact solution.")
]
ErrorPlot = Annotated[File, _option("--errors", "FILE", "A picture of the error against h.")]
Region = Annotated[
    File,
    _option("--stability", "FILE", "A picture of the stability region with the law's eigenvalues in it."),
]
StepCsv = Annotated[Text, _option("--csv", "FILE", "The table (of a single run) as CSV; - for output.")]

Folder = Annotated[Path, typer.Argument(metavar="OUT", help="The folder to draw into; made if missing.")]
Films = Annotated[
    bool, _switch("Films of those that move as well, as GIF (and MP4 where ffmpeg is).", "--animate")
]
Only = Annotated[Many, _option("--only", "NAME,…", "Only these figures; repeatable.")]
Format = Annotated[
    Text, _option("--format", "png|svg|pdf", "What pictures are written as; png if not given.")
]

Box = Annotated[Many, _option("--box", "NAME=FROM:TO,…", "What is looked at, as in x=0:5,y=0:3; repeatable.")]
Through = Annotated[
    Many,
    _option("--through", "NAME=NUMBER,…", "Draw the orbit through this point, x=2,y=1; repeatable."),
]
PortraitPlot = Annotated[
    File, _option("--plot", "FILE", "A picture (.png, .svg, .pdf): field, nullclines, equilibria and orbits.")
]

DataFile = Annotated[
    Path, typer.Argument(metavar="DATA", help="Measurements: .csv, .tsv or .parquet; a column a state.")
]
FitLaw = Annotated[
    str, _option("--law", "LAW", "What is fitted: a name of the gallery, a file like law.ode, or text.")
]
Free = Annotated[Text, _option("--free", "NAME,…", "The parameters to fit; all of them if not given.")]
Bounds = Annotated[
    Many, _option("--bounds", "NAME=FROM:TO,…", "What a parameter may be, as in a=0:5,b=1:; repeatable.")
]
KeepInitial = Annotated[
    bool, _switch("Initial values are known, from --init or the law, and not fitted.", "--keep-initial")
]
FitStart = Annotated[
    Text, _option("--t0", "NUMBER", "When initial values hold; by default at each run's first sample.")
]
Logarithmic = Annotated[
    Text,
    _option("--log", "NAME,…", "Positive parameters whose logarithm is fitted, over orders of magnitude."),
]
TimeColumn = Annotated[
    Text, _option("--time", "NAME", "The time column; by default t or time, or the first.")
]
RunColumn = Annotated[Text, _option("--run", "NAME", "The column that tells runs apart.")]
Columns = Annotated[Text, _option("--states", "NAME,…", "The columns to use, if not all of them.")]
Rename = Annotated[
    Many, _option("--rename", "COLUMN=NAME,…", "What columns are called in the law; repeatable.")
]
Sort = Annotated[bool, _switch("Bring rows into the order of their times.", "--sort")]
Noise = Annotated[
    Text, _option("--noise", "NUMBER", "Standard deviation of a measurement, or x=0.1,y=0.2; else estimated.")
]
Loss = Annotated[str, _option("--loss", "NAME", "linear (the default), huber, soft_l1 or cauchy.")]
LearnLoss = Annotated[
    str, _option("--loss", "NAME", "linear (the default), or huber, which forgives outliers.")
]
Starts = Annotated[Text, _option("--starts", "COUNT", "Try so many starts; 1 if not given.")]
StartSeed = Annotated[Text, _option("--seed", "NUMBER", "Of the starts.")]
FitPlot = Annotated[
    File, _option("--plot", "FILE", "A picture (.png, .svg, .pdf): data, curves with bands, residuals.")
]
FittedLaw = Annotated[File, _option("--out", "FILE", "The law with what was found, as .ode or .npz.")]

Experiment = Annotated[
    str | None,
    typer.Argument(
        metavar="[EXPERIMENT]", help="After `learn`: lotka-volterra, damped-oscillator or hudson-bay."
    ),
]
Hidden = Annotated[Text, _option("--hidden", "SIZE,…", "Neurons of the hidden layers; 32,32 if not given.")]
Activation = Annotated[
    str, _option("--activation", "NAME", "tanh (the default), softplus, sigmoid, swish, relu or sin.")
]
Augment = Annotated[Text, _option("--augment", "COUNT", "Hidden states beside those that were measured.")]
TimeDependent = Annotated[bool, _switch("The law may change with time, too.", "--time-dependent")]
Period = Annotated[
    Text, _option("--period", "TIME", "The law changes with time, and is the same again after so long.")
]
Decay = Annotated[
    Text, _option("--decay", "NUMBER", "How strongly weights are pulled towards zero; 1e-4 if not given.")
]
Precision = Annotated[
    str, _option("--precision", "NAME", "Of the numbers in training: auto, single or double.")
]
Optimiser = Annotated[
    str, _option("--optimiser", "NAME", "auto (the default), gauss-newton, lbfgs, or adam.")
]
Iterations = Annotated[
    Text, _option("--iterations", "COUNT", "Most iterations of a stage; 800 if not given.")
]
Checkpoint = Annotated[
    File,
    _option("--checkpoint", "FILE", "Keep the training there (.npz); if it is there already, go on from it."),
]
LearnSeed = Annotated[Text, _option("--seed", "NUMBER", "Of the first weights; 0 if not given.")]
TrainingPlot = Annotated[
    File, _option("--plot", "FILE", "A picture (.png, .svg, .pdf): samples, curves, residuals, loss.")
]
LearnedLaw = Annotated[File, _option("--out", "FILE", "The law that was learned, as .npz.")]
