"""Training in stages, each of which starts where the one before it ended: slopes, pieces, longer ones, whole runs.

Nothing in it depends on the clock, so that a run that was stopped and resumed goes the same way as one that was not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from dydt.expr.equations import Equations
from dydt.learning.data import Data, Run
from dydt.learning.gradient import Engine
from dydt.learning.loss import Piece, ShootingLoss, Sizes, SlopeLoss, cut_runs
from dydt.learning.optimise import LBFGS
from dydt.learning.scaling import Scaling

Array = Any


class Curve(Protocol):
    """What training is told of a run before a law is known."""

    known: Array

    def __call__(self, t: Array) -> Array:
        """The states at these times, shape (len(t), n)."""

    def slope(self, t: Array) -> Array:
        """Their derivatives."""

    def tells(self, t: Array) -> Array:
        """Whether it can be relied on at these times."""


POLISH = "all samples"

_POINTS = 400  # of smooth curves, at which slopes are matched
_SAMPLES = 12  # in the shortest pieces
_LONGER = 4  # how much longer pieces become from stage to stage
_PATIENCE = 25  # iterations in which a stage must gain …
_LEAST_GAIN = 5e-4  # … this part of its loss
_HELD_PATIENCE = 80  # iterations in which held-out samples may get worse
_POLISHING = (
    8  # the last stage, which nothing stops in time, has the iterations of the others divided by this
)
_SHORTER = 64.0  # times shorter than at first is the shortest step; a law that wants more is lost
_LOST = 4.0  # a stage whose misfit to held-out samples is so many times that of an earlier one is undone


@dataclass(frozen=True)
class Options:
    """How training goes.

    Attributes
    ----------
    method : str
        The Runge–Kutta method of the trajectories.
    precision : str
        Of the numbers in trajectories and gradients: "double", "single", or "auto", which `train` decides on.
    seed : int
    gain : float
        The size of the first random weights; small ones begin with a nearly linear law.
    decay : float
        How strongly weights are pulled towards zero.
    held : float
        The part of the samples that is held out.
    beyond : float
        The last part of each run that is held back until the last stage, to tell how good a forecast is.
    iterations : int
        The most for the last stages; the others get a part of it.
    huber : float
        Misfits beyond so many times the noise count linearly.
    """

    method: str = "tsit5"
    seed: int = 0
    gain: float = 0.3
    decay: float = 1e-4
    held: float = 0.1
    beyond: float = 0.1
    iterations: int = 800
    huber: float = math.inf
    precision: str = "auto"


@dataclass(frozen=True)
class Stage:
    """One stage: how many pieces each run is cut into (none: slopes are matched), and its most iterations.

    `whole` is False while the last part of each run is held back; with `everything` no sample is held out any more.
    """

    name: str
    pieces: tuple[int, ...]
    iterations: int
    whole: bool = False
    everything: bool = False


@dataclass(frozen=True)
class Moment:
    """One iteration: what a training tells whoever watches."""

    stage: str
    part: float
    iteration: int
    loss: float
    held: float


@dataclass(frozen=True, eq=False)
class Outcome:
    """Where a stage ended: the variables, the pieces and where they start, and how well held-out samples are met."""

    stage: str
    z: Array
    pieces: tuple[Piece, ...]
    starts: Array
    loss: float
    held: float
    iterations: int


class Training:
    """A law being trained on data.

    Parameters
    ----------
    law : Equations
    scaling : Scaling
    data : Data
        With a column for each state of the law; NaN where nothing was measured.
    curves : sequence of Curve
        A smooth curve of all states for each run.
    sizes : Sizes
    options : Options

    Attributes
    ----------
    outcomes : list of Outcome
        Of the stages that are over.
    history : list of (str, int, float, float)
        Stage, iteration, loss and mean square of the held-out misfits, of every iteration.
    """

    def __init__(
        self,
        law: Equations,
        scaling: Scaling,
        data: Data,
        curves: Sequence[Curve],
        sizes: Sizes,
        options: Options,
    ) -> None:
        self.law, self.scaling, self.sizes, self.options = law, scaling, sizes, options
        self.curves = list(curves)
        random = np.random.default_rng(options.seed)
        self.held = [random.random(len(run.t)) < options.held for run in data.runs]
        for held in self.held:
            held[[0, -1]] = False
        self.whole = data.runs
        self.shorter = tuple(_first_part(run, options.beyond) for run in data.runs)
        self.stages = self._plan()
        self.number = self.iteration = 0
        self.z = scaling.start(random, options.gain)
        self.pieces: tuple[Piece, ...] = ()
        self.starts = np.zeros((0, len(law.states)))
        self.longest_step = self._first_step()
        self._shortest = self.longest_step / _SHORTER
        self.history: list[tuple[str, int, float, float]] = []
        self.outcomes: list[Outcome] = []
        self._best: tuple[float, Array, int] = (math.inf, self.z, 0)
        # Both kernels are compiled at once; the one of slopes is needed first.
        pool = ThreadPoolExecutor(2)
        self._engines: dict[str, Future[Engine]] = {
            name: pool.submit(Engine, law, name, precision=options.precision)
            for name in ("euler", options.method)
        }
        pool.shutdown(wait=False)
        self._loss: Any = None
        self._optimiser: LBFGS | None = None

    @property
    def engine(self) -> Engine:
        """The kernel of the trajectories."""
        return self._engines[self.options.method].result()

    def _plan(self) -> list[Stage]:
        """Slopes, then pieces with some dozen samples, then fewer and fewer, and whole runs at the end."""
        counts = [max(1, round(len(run.t) / _SAMPLES)) for run in self.shorter]
        part, most = max(20, self.options.iterations // 4), self.options.iterations
        stages = [Stage("slopes", (), 2 * part)]
        while max(counts) > 1:
            samples = max(round(len(r.t) / c) for r, c in zip(self.shorter, counts, strict=True))
            stages.append(Stage(f"pieces of {samples} samples", tuple(counts), part))
            counts = [max(1, math.ceil(count / _LONGER)) for count in counts]
            if max(counts) == 2:
                counts = [1] * len(counts)
        ones = (1,) * len(self.whole)
        if any(len(a.t) < len(b.t) for a, b in zip(self.shorter, self.whole, strict=True)):
            stages.append(Stage("first parts of the runs", ones, most))
        stages.append(Stage("whole runs", ones, most, True))
        if any(held.any() for held in self.held):
            stages.append(Stage(POLISH, ones, max(1, most // _POLISHING), True, True))
        return stages

    def _first_step(self) -> float:
        """A part of the time in which the curves change by their own width."""
        scales = []
        for curve, run in zip(self.curves, self.whole, strict=True):
            speed = np.sqrt(np.mean(curve.slope(run.t) ** 2, axis=0)) / self.sizes.width
            scales.append(1.0 / max(float(np.max(speed)), 1e-300))
        span = max(float(run.t[-1] - run.t[0]) for run in self.whole)
        return min(0.3 * min(scales), span)

    # -- going on -------------------------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        return self.number >= len(self.stages)

    def run(self, watch: Callable[[Moment], None] | None = None) -> None:
        """Train to the end; `watch` is called after each iteration, and may raise to stop."""
        while not self.is_over:
            stage = self.stages[self.number]
            self.step()
            if watch is not None and self.history:
                watch(self._moment(stage))

    def stop(self) -> None:
        """End in the middle of it: the best of the stage that is being worked on counts, if it is of use."""
        if self._optimiser is not None and self.stages[self.number].pieces:
            self._end(self.stages[self.number])

    def step(self) -> None:
        """One iteration of the stage; at its end the change to the next one."""
        stage = self.stages[self.number]
        if self._optimiser is None:
            self._begin(stage)
        optimiser = self._optimiser
        assert optimiser is not None
        goes_on = optimiser.step()
        self.iteration += 1
        held = self._loss.held if stage.pieces and self._loss.held_count else math.nan
        self.history.append((stage.name, self.iteration, optimiser.value, held))
        score = optimiser.value if math.isnan(held) else held
        if score < self._best[0]:
            self._best = (score, optimiser.x, self.iteration)
        if not goes_on or self.iteration >= stage.iterations or self._has_settled():
            self._end(stage)

    def _begin(self, stage: Stage) -> None:
        """The loss of a stage and its minimiser, from where the last stage ended."""
        self._best = (math.inf, self.z, 0)
        if not stage.pieces:
            self._loss = self.slope_loss()
            self._optimiser = LBFGS(self._loss, self.z)
            return
        pieces = tuple(cut_runs(self.whole if stage.whole else self.shorter, stage.pieces))
        self.starts = self._starts(pieces)
        self.pieces = pieces
        self._loss = self._shooting_loss(stage)
        for _ in range(4):  # steps as long as the noise allows
            self._loss(self._loss.variables(self.z, self.starts))
            error = self._loss.batch.error
            if 0.02 < error < 1.0 or not math.isfinite(error):
                break
            factor = 0.8 * (1.0 / max(error, 1e-12)) ** (1.0 / self.engine.order)
            self.longest_step = max(self.longest_step * min(2.0, max(0.2, factor)), self._shortest)
            self._loss = self._shooting_loss(stage)
        self._optimiser = LBFGS(self._loss, self._loss.variables(self.z, self.starts))

    def slope_loss(self) -> SlopeLoss:
        """The misfit of slopes to the smooth curves."""
        parts: list[tuple[Array, Array, Array]] = []
        most = max(30, _POINTS // len(self.shorter))
        for curve, run in zip(self.curves, self.shorter, strict=True):
            places = np.linspace(0, len(run.t) - 1, min(most, len(run.t)))
            times = np.interp(places, np.arange(len(run.t)), run.t)
            told = curve.tells(times)
            times = times[told] if told.any() else times
            parts.append((times, curve(times), curve.slope(times)))
        t, y, slopes = (np.concatenate(items) for items in zip(*parts, strict=True))
        known = self.curves[0].known
        return SlopeLoss(
            self._engines["euler"].result(), self.scaling, t, y, slopes, self.options.decay, known
        )

    def _shooting_loss(self, stage: Stage) -> ShootingLoss:
        o, runs = self.options, self.whole if stage.whole else self.shorter
        held = [
            mask[: len(run.t)] & (not stage.everything) for mask, run in zip(self.held, runs, strict=True)
        ]
        return ShootingLoss(
            self.engine,
            self.scaling,
            runs,
            self.pieces,
            self.sizes,
            self.longest_step,
            o.decay,
            held,
            o.huber,
        )

    def _starts(self, pieces: Sequence[Piece]) -> Array:
        """Where pieces begin: where the last stage had a piece begin, else on the smooth curve."""
        known = {(p.run, p.start): y for p, y in zip(self.pieces, self.starts, strict=False)}
        starts = np.zeros((len(pieces), len(self.law.states)))
        for i, piece in enumerate(pieces):
            found = known.get((piece.run, piece.start))
            if found is not None:
                starts[i] = found
            else:
                starts[i] = self.curves[piece.run](np.array([piece.start]))[0]
        return starts

    def _has_settled(self) -> bool:
        losses = [loss for _, _, loss, _ in self.history[-self.iteration :]]
        if len(losses) > _PATIENCE and losses[-1] > (1.0 - _LEAST_GAIN) * losses[-1 - _PATIENCE]:
            return True
        return self.iteration - self._best[2] >= _HELD_PATIENCE

    def _end(self, stage: Stage) -> None:
        """Take the best of the stage, or undo the stage if it has lost its way."""
        score, x, _ = self._best
        if stage.pieces and math.isfinite(score):
            self.z, self.starts = (part.copy() for part in self._loss.split(x))
            value, _ = self._loss(x)
            held = self._loss.held if self._loss.held_count else math.nan
            self.outcomes.append(
                Outcome(stage.name, self.z, self.pieces, self.starts, value, held, self.iteration)
            )
        elif math.isfinite(score):
            self.z = x.copy()
        self.number += 1
        self.iteration = 0
        self._optimiser = self._loss = None

    @property
    def result(self) -> Outcome:
        """The outcome of the last stage that did not lose its way."""
        found = self.outcomes[0]
        for outcome in self.outcomes[1:]:
            before, now = (o.loss if math.isnan(o.held) else 0.5 * o.held for o in (found, outcome))
            if now <= max(_LOST * before, 1.0):
                found = outcome
        return found

    def _moment(self, stage: Stage) -> Moment:
        everything = sum(s.iterations for s in self.stages)
        done = sum(s.iterations for s in self.stages[: self.number]) + self.iteration
        _, iteration, loss, held = self.history[-1]
        return Moment(stage.name, min(1.0, done / everything), iteration, loss, held)

    # -- keeping and resuming -------------------------------------------------------------------------------------

    def state(self) -> dict[str, Array]:
        """Everything a training goes on from, as arrays."""
        kept: dict[str, Array] = {
            "number": np.array([self.number, self.iteration]),
            "z": self.z,
            "starts": self.starts,
            "longest_step": np.array(self.longest_step),
            "history": np.array([[self._stage_number(n), i, v, h] for n, i, v, h in self.history]),
            "best": np.array([self._best[0], self._best[2]]),
            "best x": self._best[1],
        }
        for k, outcome in enumerate(self.outcomes):
            kept |= {f"outcome {k} z": outcome.z, f"outcome {k} starts": outcome.starts}
            numbers = [self._stage_number(outcome.stage), outcome.loss, outcome.held, outcome.iterations]
            kept[f"outcome {k}"] = np.array(numbers)
        if self._optimiser is not None:
            kept |= {f"optimiser {name}": item for name, item in self._optimiser.state().items()}
        return kept

    def restore(self, kept: Mapping[str, Array]) -> None:
        """Go on from a state that was given by a training of the same law, data and options."""
        self.number, self.iteration = (int(n) for n in kept["number"])
        self.z, self.starts, self.longest_step = kept["z"], kept["starts"], float(kept["longest_step"])
        rows = kept["history"].reshape(-1, 4)
        self.history = [(self.stages[int(n)].name, int(i), float(v), float(h)) for n, i, v, h in rows]
        self._best = (float(kept["best"][0]), kept["best x"], int(kept["best"][1]))
        self.outcomes = []
        while f"outcome {len(self.outcomes)}" in kept:
            k = len(self.outcomes)
            number, loss, held, iterations = kept[f"outcome {k}"]
            stage = self.stages[int(number)]
            z, starts = kept[f"outcome {k} z"], kept[f"outcome {k} starts"]
            self.outcomes.append(
                Outcome(
                    stage.name, z, self._pieces_of(stage), starts, float(loss), float(held), int(iterations)
                )
            )
        if self.outcomes:
            self.pieces = self.outcomes[-1].pieces
        state = {n.removeprefix("optimiser "): v for n, v in kept.items() if n.startswith("optimiser ")}
        if state:
            stage = self.stages[self.number]
            if stage.pieces:
                self.pieces = self._pieces_of(stage)
                self._loss = self._shooting_loss(stage)
            else:
                self._loss = self.slope_loss()
            self._optimiser = LBFGS(self._loss, state["x"])
            self._optimiser.restore(state)

    def _pieces_of(self, stage: Stage) -> tuple[Piece, ...]:
        return tuple(cut_runs(self.whole if stage.whole else self.shorter, stage.pieces))

    def _stage_number(self, name: str) -> int:
        return next(i for i, stage in enumerate(self.stages) if stage.name == name)


def _first_part(run: Run, beyond: float) -> Run:
    """The run without its last part, if it is long enough to do without."""
    count = round(len(run.t) * (1.0 - beyond))
    if len(run.t) < 30 or count >= len(run.t) - 2:
        return run
    return replace(run, t=run.t[:count], y=run.y[:count])
