"""Training in stages, each of which starts where the one before it ended: slopes, pieces, longer ones, whole runs.

Nothing in it depends on the clock, so that a run that was stopped and resumed goes the same way as one that was not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dydt.expr.equations import Equations
from dydt.learning.data import Data, Run
from dydt.learning.gradient import Engine, even_mesh
from dydt.learning.loss import Piece, ShootingLoss, Sizes, SlopeLoss, cut_runs
from dydt.learning.minimisers import MINIMISERS, minimiser_for
from dydt.learning.optimise import Optimiser
from dydt.learning.pace import adjusted, are_alike, inherited
from dydt.learning.scaling import Scaling
from dydt.learning.smooth import Curve, sample_curves
from dydt.learning.stages import Stage, between, from_arrays, plan, to_arrays

Array = Any

_POINTS = 400  # of smooth curves, at which slopes are matched, …
_ENOUGH = 2000  # … and the most of them, where these give …
_EQUATIONS = 1.25  # … so many times as many equations as there are variables
_NEAR = 0.2  # of the widths: how near to the curves longer pieces come where shorter ones aren't needed
_LEAST_GAIN = 5e-4  # the part of its loss that a stage must gain, as long as its minimiser has patience
_ROUNDS = 3  # in which steps become as long as the noise allows
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
    optimiser : str
        "gauss-newton", "lbfgs", "adam", or "auto": the quicker one of the first two, by the size of each stage.
    huber : float
        Misfits beyond so many times the noise count linearly.
    met : float
        A mean square of misfit/noise from which on nothing more is to be gained.
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
    met: float = 0.0
    optimiser: str = "auto"


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
    """Where a stage ended: the variables, the pieces, where they start and how long their steps are; how well held-out
    samples are met."""

    stage: str
    z: Array
    pieces: tuple[Piece, ...]
    starts: Array
    steps: Array
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
        are_held, are_free = any(h.any() for h in self.held), bool(scaling.plain and scaling.networks)
        self.stages = plan(self.shorter, self.whole, options.iterations, are_held, are_free)
        self.number = self.iteration = 0
        self.z = scaling.start(random, options.gain)
        self.pieces: tuple[Piece, ...] = ()
        self.starts = np.zeros((0, len(law.states)))
        self._first = self._first_step()
        self.steps = np.zeros(0)
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
        self._optimiser: Optimiser | None = None
        self._minimiser = MINIMISERS["lbfgs"]

    @property
    def engine(self) -> Engine:
        """The kernel of the trajectories."""
        return self._engines[self.options.method].result()

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
            self.step()
            if watch is not None and self.history:
                watch(self._moment())

    def stop(self) -> None:
        """End in the middle of it: the best of the stage that is being worked on counts, if it is of use."""
        if self._optimiser is not None and self.stages[self.number].pieces:
            self._end(self.stages[self.number])

    def step(self) -> None:
        """One iteration of the stage; at its end the change to the next one."""
        if self._optimiser is None:
            self._pass_over()
            self._begin(self.stages[self.number])
            if self._is_met():  # before anything was done
                self._end(self.stages[self.number])
                return
        stage, optimiser = self.stages[self.number], self._optimiser
        assert optimiser is not None
        goes_on = True
        if not self._is_through(stage):  # as one is that was interrupted in its last moment
            goes_on = optimiser.step()
            self.iteration += 1
            self.history.append((stage.name, self.iteration, optimiser.value, self._held()))
            if self._score() < self._best[0]:
                self._best = (self._score(), self._scored(), self.iteration)
        if not goes_on or self._is_through(stage):
            self._end(stage)

    def _is_through(self, stage: Stage) -> bool:
        is_over = self.iteration >= self._most(stage)
        return self.iteration > 0 and (is_over or self._has_settled() or self._is_met())

    def _most(self, stage: Stage) -> int:
        """Iterations of a stage; nothing stops the last one in time."""
        divided = self._minimiser.polishing if stage.everything else 1
        return max(1, stage.iterations // divided)

    def _minimise(self, variables: Array) -> Optimiser:
        """Begin to make the loss of a stage small."""
        self._minimiser = minimiser_for(self._loss, len(variables), self.options.optimiser)
        self._optimiser = self._minimiser.make(self._loss, variables)
        return self._optimiser

    def _held(self) -> float:
        """The mean square of misfit/noise over the samples that are held out; NaN if there are none."""
        return self._loss.held if isinstance(self._loss, ShootingLoss) and self._loss.held_count else math.nan

    def _score(self) -> float:
        """Half the mean square of what a stage is judged by: samples held out, or else its loss."""
        assert self._optimiser is not None
        held = self._held()
        return self._optimiser.value if math.isnan(held) else 0.5 * held

    def _scored(self) -> Array:
        """The variables that have this score: samples held out tell of those last looked at."""
        assert self._optimiser is not None
        return self._optimiser.x if math.isnan(self._held()) else self._loss.at

    def _is_met(self) -> bool:
        """Whether nothing more is to be gained."""
        if not isinstance(self._loss, ShootingLoss):
            return False
        _, _, loss, held = self.history[-1]
        known = self._score() if self.iteration == 0 else loss if math.isnan(held) else 0.5 * held
        return 2.0 * known < self.options.met

    def _pass_over(self) -> None:
        """Leave out the stages of pieces where the law can follow longer ones already."""
        while max(self.stages[self.number].pieces, default=1) > 1 and not self.outcomes:
            if not self._follows(self.stages[self.number + 1]):
                return
            self.number += 1

    def _follows(self, stage: Stage) -> bool:
        """Whether the law stays near the curves along the pieces of a stage."""
        pieces = self._pieces_of(stage)
        times = [self.whole[p.run].t[p.rows] for p in pieces]
        meshes = [even_mesh(p.start, p.end, self._first) for p in pieces]
        expected = np.concatenate([self.curves[p.run](t) for p, t in zip(pieces, times, strict=True)])
        starts = self._starts(pieces)
        samples, _ = self.engine.batch(meshes, times).forward(starts, self.scaling.to_law(self.z))
        with np.errstate(over="ignore", invalid="ignore"):
            away = (((samples - expected) / self.sizes.width)[:, self.curves[0].known]) ** 2
        # One that is far off counts as one that is off by a width: some few runs don't decide.
        return bool(np.all(np.isfinite(away)) and np.mean(np.minimum(away, 1.0)) < _NEAR**2)

    def _begin(self, stage: Stage) -> None:
        """The loss of a stage and its minimiser, from where the last stage ended."""
        if not stage.pieces:
            self._loss = self.slope_loss(stage.alone)
            self._minimise(self.z)
            self._best = (math.inf, self.z, 0)
            return
        pieces = tuple(cut_runs(self.whole if stage.whole else self.shorter, stage.pieces))
        self.starts = self._starts(pieces)
        self.steps = inherited(self.pieces, self.steps, pieces, self._first)
        self.pieces = pieces
        self._loss = self._shooting_loss(stage)
        spans = np.array([p.end - p.start for p in pieces])
        for _ in range(_ROUNDS):
            self._loss.batch.forward(self.starts, self.scaling.to_law(self.z))
            errors, shortest = self._loss.batch.errors, self._first / _SHORTER
            steps = adjusted(self.steps, errors, self.engine.order, spans, shortest)
            if are_alike(self.steps, steps, spans):
                break
            self.steps = steps
            self._loss = self._shooting_loss(stage)
        optimiser = self._minimise(self._loss.variables(self.z, self.starts))
        score = self._score()
        self._best = (score if math.isfinite(score) else math.inf, optimiser.x, 0)

    def slope_loss(self, alone: bool = False) -> SlopeLoss:
        """The misfit of slopes to the smooth curves; if networks learn alone, further parameters stay as they are."""
        enough = _EQUATIONS * self.scaling.size / max(1, int(np.count_nonzero(self.curves[0].known)))
        runs = len(self.shorter)
        most = min(max(30, math.ceil(_POINTS / runs)), max(5, math.ceil(max(_ENOUGH, enough) / runs)))
        t, y, slopes = sample_curves(self.curves, self.shorter, most)
        known, free = self.curves[0].known, np.ones(self.scaling.size)
        if alone:
            free[self.scaling.size - len(self.scaling.plain) :] = 0.0
        engine, decay = self._engines["euler"].result(), self.options.decay
        return SlopeLoss(engine, self.scaling, t, y, slopes, decay, known, free)

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
            self.steps,
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
        patience = self._minimiser.patience
        if len(losses) > patience and losses[-1] > (1.0 - _LEAST_GAIN) * losses[-1 - patience]:
            return True
        return self.iteration - self._best[2] >= self._minimiser.held_patience

    def _end(self, stage: Stage) -> None:
        """Take the best of the stage, or undo the stage if it has lost its way."""
        score, x, _ = self._best
        if not stage.pieces:
            self.z = x.copy()
            self._go_on()
            return
        outcome = None
        if math.isfinite(score):
            z, starts = (part.copy() for part in self._loss.split(x))
            value, _ = self._loss(x)
            held = self._loss.held if self._loss.held_count else math.nan
            outcome = Outcome(stage.name, z, self.pieces, starts, self.steps, value, held, self.iteration)
        if outcome is not None and not self._is_lost(outcome):
            self.outcomes.append(outcome)
            self.z, self.starts = outcome.z, outcome.starts
            self._go_on()
        else:
            self._go_back(stage)

    def _go_on(self) -> None:
        self.number += 1
        self.iteration = 0
        self._optimiser = self._loss = None

    def _is_lost(self, outcome: Outcome) -> bool:
        """Whether a stage ended much further from the data than the one before it."""
        if not self.outcomes:
            return False
        before, now = (o.loss if math.isnan(o.held) else 0.5 * o.held for o in (self.outcomes[-1], outcome))
        return now > max(_LOST * before, 1.0)

    def _go_back(self, lost: Stage) -> None:
        """From where the last good stage ended to pieces that are half as long; if they are already, that is all."""
        if not self.outcomes:
            self._go_on()
            return
        last = self.outcomes[-1]
        self.z, self.pieces, self.starts, self.steps = last.z, last.pieces, last.starts, last.steps
        done = self.stages[self._stage_number(last.stage)]
        shorter = between(self.shorter, done.pieces, lost, done.iterations)
        if shorter is None or any(stage.name == shorter.name for stage in self.stages):
            self.number = len(self.stages) - 1
        else:
            self.stages.insert(self.number, shorter)
            self.number -= 1
        self._go_on()

    @property
    def result(self) -> Outcome:
        """The outcome of the last stage that did not lose its way."""
        return self.outcomes[-1]

    @property
    def follows_runs(self) -> bool:
        """Whether the law meets whole runs, and not only parts of them."""
        return bool(self.outcomes) and self.stages[self._stage_number(self.result.stage)].whole

    def _moment(self) -> Moment:
        everything = sum(s.iterations * s.effort for s in self.stages)
        done = sum(s.iterations * s.effort for s in self.stages[: self.number])
        if not self.is_over:
            done += self.iteration * self.stages[self.number].effort
        stage, iteration, loss, held = self.history[-1]
        return Moment(stage, min(1.0, done / everything), iteration, loss, held)

    # -- keeping and resuming -------------------------------------------------------------------------------------

    def state(self) -> dict[str, Array]:
        """Everything a training goes on from, as arrays."""
        kept: dict[str, Array] = {
            "number": np.array([self.number, self.iteration]),
            "z": self.z,
            "starts": self.starts,
            "steps": self.steps,
            **to_arrays(self.stages),
            "history": np.array([[self._stage_number(n), i, v, h] for n, i, v, h in self.history]),
            "best": np.array([self._best[0], self._best[2]]),
            "best x": self._best[1],
        }
        for k, outcome in enumerate(self.outcomes):
            kept |= {f"outcome {k} {name}": getattr(outcome, name) for name in ("z", "starts", "steps")}
            numbers = [self._stage_number(outcome.stage), outcome.loss, outcome.held, outcome.iterations]
            kept[f"outcome {k}"] = np.array(numbers)
        if self._optimiser is not None:
            kept |= {f"optimiser {name}": item for name, item in self._optimiser.state().items()}
        return kept

    def restore(self, kept: Mapping[str, Array]) -> None:
        """Go on from a state that was given by a training of the same law, data and options."""
        self.stages = from_arrays(kept)
        self.number, self.iteration = (int(n) for n in kept["number"])
        self.z = kept["z"]
        rows = kept["history"].reshape(-1, 4)
        self.history = [(self.stages[int(n)].name, int(i), float(v), float(h)) for n, i, v, h in rows]
        self._best = (float(kept["best"][0]), kept["best x"], int(kept["best"][1]))
        self.outcomes = []
        while f"outcome {len(self.outcomes)}" in kept:
            k = len(self.outcomes)
            number, loss, held, iterations = kept[f"outcome {k}"]
            stage = self.stages[int(number)]
            z, starts, steps = (kept[f"outcome {k} {name}"] for name in ("z", "starts", "steps"))
            of_stage = (stage.name, z, self._pieces_of(stage), starts, steps)
            self.outcomes.append(Outcome(*of_stage, float(loss), float(held), int(iterations)))
        if self.outcomes:  # between two stages, all is as the last one left it
            last = self.outcomes[-1]
            self.z, self.pieces, self.starts, self.steps = last.z, last.pieces, last.starts, last.steps
        state = {n.removeprefix("optimiser "): v for n, v in kept.items() if n.startswith("optimiser ")}
        if state:
            stage = self.stages[self.number]
            if stage.pieces:
                self.pieces, self.starts, self.steps = self._pieces_of(stage), kept["starts"], kept["steps"]
                self._loss = self._shooting_loss(stage)
            else:
                self._loss = self.slope_loss(stage.alone)
            self._minimise(state["x"]).restore(state)

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
