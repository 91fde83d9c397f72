"""The article's experiment: learn a law from one noisy trajectory, and forecast what comes after it.

350 irregular times in [0, 12] with noise 0.01, a network 2–16–32–2, forecast at 300 times in [12, 18], and beside it a
plain network of the same size that maps (x, Δt) to x.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt import gallery
from dydt.brief import brief
from dydt.errors import InputError, nearest
from dydt.learning.data import Data, Run, read_data
from dydt.learning.learn import learn
from dydt.learning.plain import PlainNetwork
from dydt.ode import ODE

if TYPE_CHECKING:
    from dydt.plotting.picture import Picture

Array = Any

HIDDEN = (16, 32)
NOISE = 0.01
SAMPLES, LAST = 350, 12.0
FORECASTS, END = 300, 18.0

# Law of the gallery, its parameters and where it starts.
TRAJECTORIES: dict[str, tuple[str, dict[str, float], dict[str, float]]] = {
    "lotka-volterra": ("lotka-volterra", {"a": 1.5, "b": 1.0, "d": 0.75, "g": 1.0}, {"x": 2.0, "y": 1.0}),
    "damped-oscillator": ("x'' = -x - 0.1*x'", {}, {"x": 2.0, "x'": 0.0}),
}
HUDSON_BAY = Path(gallery.__file__).parent / "data" / "hudson-bay.csv"


@dataclass(frozen=True, eq=False)
class Experiment:
    """What came out of it.

    Attributes
    ----------
    name : str
    data : Data
        What was learned from.
    t, truth : ndarray
        Where forecasts were made, shape (300,), and what is true there, shape (300, n).
    forecast, plain : ndarray, shape (300, n)
        By the law that was learned, and by the plain network.
    law : ODE
    seconds : float
        From the data to the law.
    """

    name: str
    data: Data
    t: Array
    truth: Array
    forecast: Array
    plain: Array
    law: ODE
    seconds: float

    __repr__ = brief

    @property
    def error(self) -> float:
        """The root mean square error of the forecast."""
        return _rms(self.forecast - self.truth)

    @property
    def plain_error(self) -> float:
        """That of the plain network."""
        return _rms(self.plain - self.truth)

    def __str__(self) -> str:
        lines = [
            f"{self.name}: {len(self.data.runs[0].t)} samples up to {self.data.independent} = {LAST:g}, noise {NOISE}",
            f"learned in {self.seconds:.2f} s",
            "",
            str(self.law.training),
            "",
            f"forecast {LAST:g} … {END:g}, root mean square error",
            f"  neural ODE               {self.error:.4f}",
            f"  plain network (x, Δt)    {self.plain_error:.4f}",
        ]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain data."""
        training = self.law.training
        return {
            "experiment": self.name,
            "forecast error": self.error,
            "plain network's error": self.plain_error,
            "seconds": self.seconds,
            "training": None if training is None else training.to_dict(),
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    def plot(self, path: str | Path | None = None, dark: bool = False) -> Picture:
        """Samples, both forecasts and the truth, and how the training went."""
        from dydt.plotting.experiment import experiment_picture

        return experiment_picture(self, path=path, dark=dark)


def experiment(name: str, seed: int = 0, progress: bool = True, **options: Any) -> Experiment:
    """Run the experiment with one of `TRAJECTORIES`.

    Raises
    ------
    InputError
        For another name.
    """
    data, t, truth = trajectory(name, seed)
    began = time.perf_counter()
    law = learn(data, hidden=HIDDEN, seed=seed, progress=progress, **options)
    seconds = time.perf_counter() - began
    run = data.runs[0]
    forecast = law.solve(t=(float(run.t[0]), END), saveat=t).y
    plain = PlainNetwork(run.t, run.y, HIDDEN, END - LAST, seed)
    return Experiment(name, data, t, truth, forecast, plain(run.y[-1], t - run.t[-1]), law, seconds)


def trajectory(name: str, seed: int = 0) -> tuple[Data, Array, Array]:
    """The samples, and where and what is to be forecast."""
    if name not in TRAJECTORIES:
        known = ", ".join([*TRAJECTORIES, "hudson-bay"])
        raise InputError(
            f"there is no experiment `{name}`{nearest(name, TRAJECTORIES) or '.'} There: {known}"
        )
    text, parameters, start = TRAJECTORIES[name]
    law = gallery.get(text, **parameters) if "=" not in text else ODE(text)
    random = np.random.default_rng(seed)
    t = np.sort(random.uniform(0.0, LAST, SAMPLES))
    exact = law.solve(t=(0.0, END), values=start, rtol=1e-11, atol=1e-13)
    y = exact(t) + NOISE * random.normal(size=(SAMPLES, len(start)))
    names = tuple(state.replace("'", "_dot") for state in law.states)
    later = np.linspace(LAST, END, FORECASTS)
    return Data(names, (Run("", t, y),)), later, exact(later)


def hudson_bay() -> Data:
    """Pelts of hares and lynxes that the Hudson's Bay Company took in 1900–1920, in thousands; t is in years from 1900.

    C. Elton and M. Nicholson, J. Animal Ecology 11 (1942) 215–244; the table as in J. M. Mahaffy, Lotka–Volterra
    models, San Diego State University (2010), and B. Carpenter, Predator–prey population dynamics: the Lotka–Volterra
    model in Stan (2018).
    """
    data = read_data(HUDSON_BAY, time="year")
    runs = tuple(Run(run.name, run.t - 1900.0, run.y) for run in data.runs)
    return Data(data.states, runs, data.noise, "t")


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))
