"""What comes out of `fit` for a law with networks."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.learning.data import Data
from dydt.learning.prediction import Prediction, read_run, read_times, widths

if TYPE_CHECKING:
    from dydt.ode import ODE

Array = Any


@dataclass(frozen=True, eq=False)
class Learned:
    """A law with networks that was trained on data.

    Attributes
    ----------
    law : ODE
        Its `training` is the report.
    values : dict
        The free parameters that are no weights.
    data : Data
    """

    law: ODE
    values: dict[str, float]
    data: Data

    @property
    def training(self) -> Any:
        """How the training went."""
        return self.law.training

    def predict(self, t: Sequence[float] | Array, run: str | int = 0) -> Prediction:
        """The law's curve through a run, or beyond it; without bands, for nobody knows how sure a network is.

        How far it may be trusted is told by `training.beyond`, the error of a forecast; and by others that were
        trained from other seeds, where they part.

        Parameters
        ----------
        t : array_like, shape (m,)
            Rising, from where the run starts.
        run : str or int
            Which run, by name or number.

        Raises
        ------
        InputError
            For times before the start, or an unknown run.
        """
        which = read_run(run, [r.name or str(k + 1) for k, r in enumerate(self.data.runs)])
        start = float(self.data.runs[which].t[0])
        times = read_times(t, start, self.data.unit)
        states = self.law.states
        mean = np.tile(np.asarray(self.training.starts[which], dtype=float), (len(times), 1))
        later = times > start
        if later.any():
            begin = dict(zip(states, map(float, mean[0]), strict=True))
            found = self.law.solve(
                t=(start, float(times[-1])), values=begin, saveat=np.unique(times[later])
            ).y
            mean[later] = np.nan
            at = np.searchsorted(np.unique(times[later]), times[later])
            mean[np.flatnonzero(later)[at < len(found)]] = found[at[at < len(found)]]
        none = np.full_like(mean, np.nan)
        return Prediction(times, mean, none, none, none, none, math.nan, states, widths(self.data, states))

    def plot(self, path: Any = None, dark: bool = False, **options: Any) -> Any:
        """The picture of the report."""
        return self.training.plot(path=path, dark=dark, **options)

    def __str__(self) -> str:
        listed = [f"{name} = {value:.6g}" for name, value in self.values.items()]
        return "\n".join([*listed, *([""] if listed else []), str(self.training)])

    def to_dict(self) -> dict[str, Any]:
        """Parameters and the report."""
        return {"parameters": dict(self.values), "training": self.training.to_dict()}

    def to_json(self) -> str:
        return json.dumps(self.to_dict())
