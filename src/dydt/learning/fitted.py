"""What a fit gives: values with their uncertainties, the fitted law, predictions with bands."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.errors import InputError, nearest
from dydt.learning.data import Data, aligned
from dydt.learning.follow import Whole
from dydt.learning.identify import Direction

if TYPE_CHECKING:
    from dydt.learning.search import Start
    from dydt.ode import ODE

Array = Any

_LISTED = 30  # rows of a table
_VAGUE = 1.0  # a standard error as large as the value


@dataclass(frozen=True, eq=False)
class Prediction:
    """Where a fitted law goes, and how surely.

    Attributes
    ----------
    t : ndarray, shape (m,)
    mean : ndarray, shape (m, n)
    low, high : ndarray, shape (m, n)
        The band in which the states lie with the probability `level`.
    measured_low, measured_high : ndarray, shape (m, n)
        The band in which a new measurement does; NaN for states whose noise is not known.
    level : float
    states : tuple of str
    """

    t: Array
    mean: Array
    low: Array
    high: Array
    measured_low: Array
    measured_high: Array
    level: float
    states: tuple[str, ...]

    def __getitem__(self, name: str) -> Array:
        """The curve of one state."""
        if name not in self.states:
            raise InputError(
                f"there is no state `{name}`{nearest(name, self.states) or '.'} There: {', '.join(self.states)}"
            )
        return self.mean[:, self.states.index(name)]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, by state."""

        def plain(values: Array, j: int) -> list[float | None]:
            return [float(v) if math.isfinite(v) else None for v in values[:, j]]

        bands = ("mean", "low", "high", "measured_low", "measured_high")
        of_state = {
            s: {name.replace("_", " "): plain(getattr(self, name), j) for name in bands}
            for j, s in enumerate(self.states)
        }
        return {"t": [float(v) for v in self.t], "level": self.level, "states": of_state}

    def to_json(self) -> str:
        return json.dumps(self.to_dict())


@dataclass(frozen=True, eq=False)
class Fit:
    """A law fitted to data. Printed, it is a table.

    Attributes
    ----------
    values : dict
        Fitted parameters.
    initial : dict
        Run -> state -> value where the run starts.
    names : tuple of str
        All unknowns: parameters, then initial values; the order of `covariance`.
    estimates, errors : ndarray, shape (q,)
        Values of all unknowns, and their standard errors; infinite where the data do not determine one.
    covariance : ndarray, shape (q, q)
    undetermined : tuple of Direction
        What the data leave open, each with its `text`.
    at_bound : tuple of str
        Unknowns that a bound holds.
    noise : dict
        The standard deviation of a measurement, by state.
    noise_given : bool
    residuals : tuple of ndarray, shape (m, columns)
        Data minus law, a run each; NaN where nothing was measured.
    rmse : dict
        The root mean square of the residuals, by state.
    chi_square : float
        Σ (residual/noise)².
    freedom : int
        Degrees of freedom: samples less unknowns.
    status : str
        ``"done"``, ``"pieces"`` (whole runs could not be followed) or ``"not converged"``.
    message : str
    law : ODE
        With the fitted values, starting where the first run does.
    data : Data
    starts : tuple of Start
        The starts of a multi-start, with their costs.
    iterations : int
    seconds : float
    doubt : str
        Said where the residuals are much larger than the noise.
    """

    values: dict[str, float]
    initial: dict[str, dict[str, float]]
    names: tuple[str, ...]
    estimates: Array
    errors: Array
    covariance: Array
    undetermined: tuple[Direction, ...]
    at_bound: tuple[str, ...]
    noise: dict[str, float]
    noise_given: bool
    residuals: tuple[Array, ...]
    rmse: dict[str, float]
    chi_square: float
    freedom: int
    loss: str
    status: str
    message: str
    law: ODE
    data: Data
    starts: tuple[Start, ...]
    iterations: int
    seconds: float
    doubt: str
    _whole: Whole = field(repr=False)
    _x: Array = field(repr=False)

    @property
    def standard_errors(self) -> dict[str, float]:
        """By name."""
        return dict(zip(self.names, map(float, self.errors), strict=True))

    @property
    def correlations(self) -> Array:
        """The covariance in units of the standard errors: shape (q, q)."""
        size = np.sqrt(np.diag(self.covariance))
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.covariance / np.outer(size, size)

    def quantile(self, level: float = 0.95) -> float:
        """How many standard errors an interval of this level reaches: Student's, or the normal one if the noise was
        given."""
        from scipy.special import ndtri, stdtrit

        if not 0.0 < level < 1.0:
            raise InputError(f"level is a probability between 0 and 1, as in 0.95, and is {level!r}")
        upper = 0.5 + 0.5 * level
        return float(ndtri(upper) if self.noise_given else stdtrit(self.freedom, upper))

    def intervals(self, level: float = 0.95) -> dict[str, tuple[float, float]]:
        """Confidence intervals by name; of logarithmic parameters they are even in the logarithm.

        Examples
        --------
        >>> import dydt, numpy as np
        >>> t = np.linspace(0, 3, 20)
        >>> fit = dydt.ODE("x' = -k*x").fit({"t": t, "x": 2*np.exp(-0.7*t) + 0.01*np.cos(9*t)}, noise=0.01)
        >>> low, high = fit.intervals()["k"]
        >>> bool(low < 0.7 < high)
        True
        """
        reach = self.quantile(level)
        found = {}
        logarithmic = self._whole.unknowns.logarithmic
        for name, value, error, is_log in zip(
            self.names, self.estimates, self.errors, logarithmic, strict=True
        ):
            if is_log:
                with np.errstate(over="ignore"):
                    factor = float(np.exp(reach * error / value)) if value else math.inf
                found[name] = (float(value / factor), float(value * factor))
            else:
                found[name] = (float(value - reach * error), float(value + reach * error))
        return found

    def predict(self, t: Sequence[float] | Array, level: float = 0.95, run: str | int = 0) -> Prediction:
        """The law's curve through a run, or beyond it, with bands for the states and for new measurements.

        The variance is G C Gᵀ, with C the covariance of the unknowns and G the exact derivatives of the states with
        respect to them.

        Parameters
        ----------
        t : array_like, shape (m,)
            Rising, from where the run starts.
        level : float
        run : str or int
            Which run, by name or number.

        Raises
        ------
        InputError
            For times before the start, or an unknown run.
        """
        times = self._times(t)
        which = self._run(run)
        u = self._whole.unknowns
        start = float(u.starts[which])
        if times[0] < start:
            raise InputError(f"the run starts at {start:g}, and a prediction at {times[0]:g} was asked for")
        parameters, states, slopes = u.begin(self._x)
        end = float(times[-1]) if times[-1] > start else start + 1e-9 * max(1.0, abs(start))
        trajectories = self._whole.trajectories
        paths = trajectories(
            np.array([start]), np.array([end]), states[[which]], slopes[[which]], parameters[None], times
        )
        mean, sensitivity = paths.y[0], paths.slopes[0]
        columns = u.columns(which)
        covariance = self.covariance[np.ix_(columns, columns)]
        variance = np.maximum(np.einsum("tiq,qr,tir->ti", sensitivity, covariance, sensitivity), 0.0)
        noise = np.array([self.noise.get(s, math.nan) for s in self.law.states])
        reach = self.quantile(level)
        own, new = reach * np.sqrt(variance), reach * np.sqrt(variance + noise**2)
        return Prediction(
            times, mean, mean - own, mean + own, mean - new, mean + new, float(level), self.law.states
        )

    def _times(self, t: Any) -> Array:
        try:
            times = np.atleast_1d(np.asarray(t, dtype=float))
        except (TypeError, ValueError):
            raise InputError(f"t takes times, and is {t!r}") from None
        if times.ndim != 1 or not len(times) or not np.all(np.isfinite(times)) or np.any(np.diff(times) < 0):
            raise InputError("t takes times that are finite and rise")
        return times

    def _run(self, run: str | int) -> int:
        names = list(self.initial)
        if isinstance(run, str):
            if run not in names:
                raise InputError(
                    f"there is no run `{run}`{nearest(run, names) or '.'} There: {', '.join(names[:20])}"
                )
            return names.index(run)
        if not 0 <= run < len(names):
            raise InputError(f"there are {len(names)} runs, counted from 0, and run {run} was asked for")
        return int(run)

    def plot(self, path: Any = None, dark: bool = False, **options: Any) -> Any:
        """Data, curves with bands, and residuals; see `dydt.plotting.fit`."""
        from dydt.plotting.fit import fitted

        return fitted(self, path=path, dark=dark, **options)

    # -- words ----------------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        listed = ", ".join(f"{n} = {v:.4g}" for n, v in list(self.values.items())[:6])
        return f"<Fit {listed or ', '.join(self.names[:4])}: {self.status}>"

    def __str__(self) -> str:
        lines = [self._headline(), "", *aligned(self._rows())]
        if len(self.names) > _LISTED:
            lines.append(f"… and {len(self.names) - _LISTED} more")
        lines += ["", *self._quality(), *self.remarks()]
        return "\n".join(lines)

    def _headline(self) -> str:
        samples = len(self.data)
        return (
            f"{self.status}: {self.message}\n{samples:,} samples, {len(self.names)} unknowns, {self.iterations} "
            f"iterations, {self.seconds * 1e3:.3g} ms"
        )

    def _rows(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = [("", "value", "± error", "95 % from", "to", "")]
        intervals = self.intervals()
        for name, value, error in list(zip(self.names, self.estimates, self.errors, strict=True))[:_LISTED]:
            low, high = intervals[name]
            word = "not determined" if math.isinf(error) else "at its bound" if name in self.at_bound else ""
            if not word and low < 0.0 < high:
                word = "may be zero"
            elif not word and error > _VAGUE * abs(value):
                word = "hardly determined"
            shown = ("–", "–", "–") if math.isinf(error) else (f"{error:.2g}", f"{low:.6g}", f"{high:.6g}")
            rows.append((name, f"{value:.6g}", *shown, word))
        return rows

    def _quality(self) -> list[str]:
        kind = "given" if self.noise_given else "estimated"
        noise = ", ".join(f"{s} {v:.3g}" for s, v in self.noise.items())
        misfit = ", ".join(f"{s} {v:.3g}" for s, v in self.rmse.items())
        lines = [f"noise ({kind}): {noise}", f"residuals (rms): {misfit}"]
        if self.noise_given and self.freedom > 0:
            lines.append(f"χ² = {self.chi_square:.4g} for {self.freedom} degrees of freedom{self._judged()}")
        return lines

    def _judged(self) -> str:
        """What χ² says of the law and the noise."""
        from scipy.special import chdtrc

        likely = float(chdtrc(self.freedom, self.chi_square))
        if likely < 1e-3:
            return ": the law misses the data by more than the noise that was given"
        if likely > 1 - 1e-3:
            return ": the data are nearer to the law than the noise that was given allows"
        return ""

    def remarks(self) -> list[str]:
        """What a reader should know, a sentence each."""
        found = [*([self.doubt] if self.doubt else []), *(d.text for d in self.undetermined)]
        correlations = self.correlations
        pairs = [
            (abs(correlations[i, j]), f"{self.names[i]} and {self.names[j]} ({correlations[i, j]:+.3f})")
            for i in range(len(self.names))
            for j in range(i)
            if abs(correlations[i, j]) > 0.97 and np.isfinite(self.errors[i] + self.errors[j])
        ]
        if pairs:
            found.append(
                "hard to tell apart (correlation): " + ", ".join(text for _, text in sorted(pairs)[::-1][:3])
            )
        failed = sum(not math.isfinite(s.cost) for s in self.starts)
        if failed:
            found.append(f"{failed} of {len(self.starts)} starts could not be followed, and were left aside")
        return found

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"

    def to_dict(self) -> dict[str, Any]:
        """Everything but the data, as plain numbers."""

        def plain(value: float) -> float | None:
            return float(value) if math.isfinite(value) else None

        intervals = self.intervals()
        unknowns = {
            name: {
                "value": plain(value),
                "standard error": plain(error),
                "95 % interval": [plain(v) for v in intervals[name]],
            }
            for name, value, error in zip(self.names, self.estimates, self.errors, strict=True)
        }
        return {
            "status": self.status,
            "message": self.message,
            "unknowns": unknowns,
            "parameters": dict(self.values),
            "initial": self.initial,
            "covariance": [[plain(v) for v in row] for row in self.covariance],
            "undetermined": [d.text for d in self.undetermined],
            "at bound": list(self.at_bound),
            "noise": dict(self.noise),
            "noise is given": self.noise_given,
            "rmse": dict(self.rmse),
            "chi square": plain(self.chi_square),
            "degrees of freedom": self.freedom,
            "loss": self.loss,
            "remarks": self.remarks(),
            "starts": [
                {"values": list(s.values), "cost": plain(s.cost), "refined": plain(s.end)}
                for s in self.starts
            ],
            "iterations": self.iterations,
            "seconds": self.seconds,
            "law": str(self.law),
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict())


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
