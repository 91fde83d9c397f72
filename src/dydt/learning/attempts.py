"""Training again from other weights where the first ones led nowhere; kept in a file, watched, interrupted."""

from __future__ import annotations

import hashlib
import math
import os
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from dydt.errors import InputError, SolveWarning
from dydt.learning.stages import NETWORKS, SLOPES
from dydt.learning.training import Moment, Training
from dydt.progress import Progress, is_watched

Array = Any

_KEEP_EVERY = 2.0  # seconds between two checkpoints
_MOST = 3
_SAME = 0.8  # an attempt whose loss is not below this part of the one before it ended where that did


class Attempts:
    """Trainings that differ by the weights they begin with, one after the other, until one is good.

    Parameters
    ----------
    make : callable
        The training number 0, 1, …
    poor : float
        A mean square of misfit/noise from which on another start is tried.
    checkpoint : path, optional
        A file that all of it is kept in.
    progress : bool
    least : int
        How many are made, even if one before is good.
    """

    def __init__(
        self,
        make: Callable[[int], Training],
        poor: float,
        checkpoint: str | Path | None,
        progress: bool,
        least: int = 1,
    ) -> None:
        self.make, self.poor, self.least = make, poor, least
        self.path = None if checkpoint is None else Path(checkpoint)
        self.done: list[Training] = []
        self._watched = progress and is_watched()
        self._kept_at = time.perf_counter()

    def run(self) -> Training:
        """The best of them.

        Raises
        ------
        InputError
            If the checkpoint is of another training, or can't be written.
        """
        self._check_path()
        kept = self._read()
        while True:
            training = self.make(len(self.done))
            self._resume(training, kept)
            finished = self._train(training)
            self.done.append(training)
            if not finished or self._is_enough():
                return min(self.done, key=_score)

    def _is_enough(self) -> bool:
        scores = [_score(training) for training in self.done]
        if len(scores) < self.least:
            return False
        if min(scores) < self.poor or len(scores) >= max(self.least, _MOST):
            return True
        # Chaotic laws can't be followed along whole runs, and another start won't change that.
        if self.done[-1].outcomes and not self.done[-1].follows_runs:
            return scores[-1] < 2.0 * self.poor
        return len(scores) > 1 and math.isfinite(scores[-2]) and scores[-1] > _SAME * scores[-2]

    def _train(self, training: Training) -> bool:
        """Train to the end, or until somebody interrupts."""
        bar = Progress("learning again" if self.done else "learning") if self._watched else None
        part = 0.0

        def watch(moment: Moment) -> None:
            nonlocal part
            if bar is not None:
                part = max(part, moment.part)  # stages are put in where others lose their way
                bar.say(_said(moment))
                bar(part, len(training.history))
            if self.path is not None and time.perf_counter() - self._kept_at > _KEEP_EVERY:
                self._keep(training)
                self._kept_at = time.perf_counter()

        try:
            training.run(watch)
        except KeyboardInterrupt:
            self._keep(training)
            training.stop()
            if not training.outcomes and not self.done:
                raise
            where = f"; `{self.path}` goes on from here" if self.path is not None else ""
            warnings.warn(
                f"training was interrupted: this is the best law so far{where}", SolveWarning, stacklevel=5
            )
            return False
        finally:
            if bar is not None:
                bar.close()
        self._keep(training)
        return True

    # -- the file -------------------------------------------------------------------------------------------------

    def _check_path(self) -> None:
        if self.path is not None and not self.path.absolute().parent.is_dir():
            raise InputError(
                f"`{self.path.name}` can't be kept: there is no folder `{self.path.parent}`; make it first"
            )

    def _keep(self, training: Training) -> None:
        """Write as a whole or not at all."""
        if self.path is None:
            return
        everything: dict[str, Array] = {"identity": _identity(self.done[0] if self.done else training)}
        for k, one in enumerate([*self.done, training]):
            everything |= {f"attempt {k} {name}": item for name, item in one.state().items()}
        with tempfile.NamedTemporaryFile(
            dir=self.path.absolute().parent, suffix=".npz", delete=False
        ) as file:
            np.savez(file, **everything)
        os.replace(file.name, self.path)

    def _read(self) -> dict[str, Array]:
        if self.path is None or not self.path.exists():
            return {}
        try:
            with self.path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(f"`{self.path}` is no checkpoint of a training: {error}") from None

    def _resume(self, training: Training, kept: dict[str, Array]) -> None:
        """Go on with what the file says of this attempt."""
        if not kept:
            return
        if not self.done and not np.array_equal(kept.get("identity", ()), _identity(training)):
            raise InputError(
                f"`{self.path}` is a checkpoint of another training: other data, another law or other options; "
                "remove it, or choose another file"
            )
        lead = f"attempt {len(self.done)} "
        own = {name.removeprefix(lead): item for name, item in kept.items() if name.startswith(lead)}
        if own:
            training.restore(own)


def _said(moment: Moment) -> str:
    """What somebody who watches is told; the numbers first, because narrow terminals cut it."""
    unit = "" if moment.stage in (NETWORKS, SLOPES) else " × noise"
    held = "" if math.isnan(moment.held) else f", held out {math.sqrt(moment.held):.3g}"
    return f"misfit {math.sqrt(2.0 * max(moment.loss, 0.0)):.3g}{unit}{held}, {moment.stage}"


def _score(training: Training) -> float:
    """The mean square of misfit/noise that it ended with."""
    return 2.0 * training.result.loss if training.outcomes else math.inf


def _identity(training: Training) -> Array:
    """What a checkpoint must agree with: law, data, sizes and options."""
    parts = [repr(training.options), repr(training.law.states), repr(training.law.independent)]
    parts += [str(node) for node in training.law.derivatives]
    digest = hashlib.blake2b("\n".join(parts).encode(), digest_size=32)
    for array in (training.sizes.width, training.sizes.noise, training.scaling.fixed):
        digest.update(np.ascontiguousarray(array).tobytes())
    for run in training.whole:
        digest.update(np.ascontiguousarray(run.t).tobytes() + np.ascontiguousarray(run.y).tobytes())
    return np.frombuffer(digest.digest(), dtype=np.uint8)
