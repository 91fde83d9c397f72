"""Hares and lynxes 1900–1920: the same 21 years as Lotka–Volterra, as a half-known and as a neural law.

Pelts scatter by a part of their number, so logarithms are fitted: u = ln hare, v = ln lynx. Each law is learned twice,
from all years and from the years up to 1914, which tells how good its forecast of the rest is.
"""

from __future__ import annotations

import json
import math
import textwrap
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.brief import brief
from dydt.errors import SolveWarning
from dydt.learning.data import Data, aligned
from dydt.learning.experiment import hudson_bay
from dydt.learning.fitted import Fit
from dydt.learning.learn import train
from dydt.learning.training import Options
from dydt.ode import ODE

if TYPE_CHECKING:
    from dydt.plotting.picture import Picture

Array = Any

FIRST_YEARS = 15  # 1900 … 1914
_LOTKA_VOLTERRA = "u' = a - b*exp(v); v' = d*exp(u) - g"
_HALF_KNOWN = "u' = a - b*exp(v); v' = nn(u, v); nn = network(8)"
_NEURAL = "u' = nn(u, v)[0]; v' = nn(u, v)[1]; nn = network(8)"
_GUESS = {"a": 0.5, "b": 0.03, "d": 0.03, "g": 0.8}
_DECAY = 1e-2  # 21 points need more of it than hundreds do
_POINTS = 400


@dataclass(frozen=True, eq=False)
class Model:
    """One law for the 21 years.

    Attributes
    ----------
    name : str
    law : ODE
        In the logarithms u and v, as learned from all years.
    unknowns : int
        Parameters, weights and initial values.
    misfit : float
        The root mean square of ln(law/count) over all years.
    ahead : float
        The same for 1915–1920, forecast from the years before; infinite if the forecast runs away.
    t : ndarray, shape (m,)
        Years from 1900.
    y, early : ndarray, shape (m, 2)
        Thousands of pelts as the law has them, learned from all years and from the first 15.
    """

    name: str
    law: ODE
    unknowns: int
    misfit: float
    ahead: float
    t: Array
    y: Array
    early: Array


@dataclass(frozen=True, eq=False)
class HudsonBay:
    """Three laws for the same data, and what they can be trusted with.

    Attributes
    ----------
    data : Data
    fit : Fit
        Of Lotka–Volterra to the logarithms.
    models : tuple of Model
    seconds : float
    """

    data: Data
    fit: Fit
    models: tuple[Model, ...]
    seconds: float

    __repr__ = brief

    @property
    def period(self) -> float:
        """Years of a small cycle around the equilibrium, 2π/√(a g)."""
        return 2.0 * math.pi / math.sqrt(self.fit.values["a"] * self.fit.values["g"])

    def words(self) -> list[str]:
        """What 21 points can tell."""
        intervals = self.fit.intervals()
        a, g = (intervals[name] for name in "ag")
        lv, half, neural = self.models
        found = [
            f"Lotka–Volterra meets the counts within a factor of {math.exp(lv.misfit):.2f}, far more than counting "
            "errors: weather, disease, trade and trapping are not in the law.",
            f"Growth a = {self.fit.values['a']:.2f} may be {a[0]:.2f} … {a[1]:.2f}, and death g = "
            f"{self.fit.values['g']:.2f} may be {g[0]:.2f} … {g[1]:.2f}; small cycles last {self.period:.1f} years. "
            "Two cycles were seen: forecasts beyond one or two more are a guess.",
        ]
        for model in (half, neural):
            found.append(_judge(model, lv, 2 * len(self.data.runs[0].t)))
        return found

    def __str__(self) -> str:
        rows = [("typical factor between law and count", "unknowns", "1900–1920", "forecast of 1915–1920")]
        rows += [(m.name, str(m.unknowns), _factor(m.misfit), _factor(m.ahead)) for m in self.models]
        errors = self.fit.standard_errors
        values = [f"{name} = {value:.3g} ± {errors[name]:.1g}" for name, value in self.fit.values.items()]
        lines = [
            "Hudson Bay, 1900–1920: 21 counts of hares and lynxes",
            f"Lotka–Volterra: {', '.join(values)}",
            "",
            *aligned(rows),
            "",
            *(textwrap.fill(sentence, 100) for sentence in self.words()),
        ]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain data."""
        models = [
            {
                "name": m.name,
                "unknowns": m.unknowns,
                "misfit of logarithms": m.misfit,
                "forecast error of logarithms": m.ahead if math.isfinite(m.ahead) else None,
            }
            for m in self.models
        ]
        return {
            "experiment": "hudson-bay",
            "fit": self.fit.to_dict(),
            "models": models,
            "words": self.words(),
            "seconds": self.seconds,
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    def plot(self, path: str | Path | None = None, dark: bool = False, **options: Any) -> Picture:
        """Counts and the three laws, learned from all years and from those up to 1914."""
        from dydt.plotting.experiment import hudson_picture

        return hudson_picture(self, path=path, dark=dark, **options)


def _factor(misfit: float) -> str:
    return f"× {math.exp(misfit):.2f}" if misfit < 20.0 else "runs away"


def _judge(model: Model, simple: Model, numbers: int) -> str:
    inside = "nearer to the counts" if model.misfit < simple.misfit else "no nearer to the counts"
    ahead = "a better" if model.ahead < 0.9 * simple.ahead else "no better a"
    moral = (
        "one good forecast of six years proves little" if ahead == "a better" else "what it gained is noise"
    )
    return (
        f"The {model.name} law has {model.unknowns} unknowns for {numbers} numbers: it is {inside}, and gives {ahead} "
        f"forecast of the years it had not seen; {moral}."
    )


def hudson_experiment(seed: int = 0, progress: bool = True) -> HudsonBay:
    """Learn the three laws.

    Examples
    --------
    >>> found = hudson_experiment(progress=False)
    >>> 0.45 < found.fit.values["a"] < 0.65 and 0.65 < found.fit.values["g"] < 0.95
    True
    """
    began = time.perf_counter()
    data = hudson_bay()
    run = data.runs[0]
    logs = Data(("u", "v"), (replace(run, y=np.log(run.y)),), None, "t")
    early = replace(logs, runs=(replace(run, t=run.t[:FIRST_YEARS], y=np.log(run.y[:FIRST_YEARS])),))
    lv = ODE(_LOTKA_VOLTERRA)
    whole = lv.fit(logs, log=True, progress=progress, values=_GUESS)
    first = lv.fit(early, log=True, progress=progress, values=_GUESS)
    t = np.linspace(0.0, float(run.t[-1]), _POINTS)
    models = [_model("Lotka–Volterra", whole.law, first.law, len(whole.names), logs, t)]
    noise = np.array(list(whole.noise.values()))
    for name, text in (("half-known", _HALF_KNOWN), ("neural", _NEURAL)):
        laws = [
            _learned(text, replace(part, noise=noise), whole.values, seed, progress) for part in (logs, early)
        ]
        assert laws[0].training is not None
        models.append(_model(name, laws[0], laws[1], laws[0].training.weights + 2, logs, t))
    return HudsonBay(data, whole, tuple(models), time.perf_counter() - began)


def _learned(text: str, data: Data, values: dict[str, float], seed: int, progress: bool) -> ODE:
    law = ODE(text)
    free = [name for name in law.parameters if name in values]
    known = ODE(replace(law.equations, parameters=law.equations.parameters | {n: values[n] for n in free}))
    bounds = dict.fromkeys(free, (0.0, math.inf))
    return train(known, data, Options(seed=seed, decay=_DECAY), free, bounds, progress=progress)


def _model(name: str, law: ODE, early: ODE, unknowns: int, logs: Data, t: Array) -> Model:
    run = logs.runs[0]
    later = np.arange(len(run.t)) >= FIRST_YEARS
    misfit = _follow(law, run.t) - run.y
    ahead = (_follow(early, run.t) - run.y)[later]
    return Model(
        name, law, unknowns, _rms(misfit), _rms(ahead), t, np.exp(_follow(law, t)), np.exp(_follow(early, t))
    )


def _follow(law: ODE, t: Array) -> Array:
    """The logarithms at these times; infinite from where the law runs away."""
    found = np.full((len(t), 2), np.inf)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolveWarning)
        solution = law.solve(t=(float(t[0]), float(t[-1])), saveat=t)
    found[: len(solution.y)] = np.clip(solution.y, -30.0, 30.0)
    return found


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))
