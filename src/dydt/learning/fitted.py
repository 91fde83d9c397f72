"""What a fit gives: values with their uncertainties, the fitted law, predictions with bands."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.errors import InputError, listed
from dydt.learning.data import Data, aligned
from dydt.learning.follow import Whole
from dydt.learning.identify import Direction
from dydt.learning.least_squares import TURNS, rho
from dydt.learning.outliers import FAR, far_off
from dydt.learning.prediction import Prediction, read_run, read_times, widths

if TYPE_CHECKING:
    from dydt.learning.search import Start
    from dydt.ode import ODE

Array = Any

_LISTED = 30  # rows of a table
_VAGUE = 1.0  # a standard error as large as the value
_TIED = 0.97  # a correlation from which unknowns are hard to tell apart
_FEW = 0.2  # part of the samples that outliers may be
_EXACT = (
    1e-5  # of their width: data with less noise were computed, and the errors of their solver are no outliers
)


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

        if not isinstance(level, Real) or not 0.0 < level < 1.0:
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
            if is_log and value > 0.0:
                with np.errstate(over="ignore"):
                    factor = float(np.exp(reach * error / value))
                found[name] = (float(value / factor), float(value * factor))
            elif is_log:
                found[name] = (0.0, math.inf)
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
            The probability of the bands. They come from linear theory, which holds as long as they are narrow; where
            they are not, `Prediction.until` says.
        run : str or int
            Which run, by name or number.

        Raises
        ------
        InputError
            For times before the start, or an unknown run.
        """
        which = read_run(run, list(self.initial))
        u = self._whole.unknowns
        start = float(u.starts[which])
        times = read_times(t, start, self.data.unit)
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
        bands = mean - own, mean + own, mean - new, mean + new
        return Prediction(
            times, mean, *bands, float(level), self.law.states, widths(self.data, self.law.states)
        )

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
        counts = (
            _counted(len(self.data), "sample"),
            _counted(len(self.names), "unknown"),
            _counted(self.iterations, "iteration"),
        )
        took = f"{self.seconds:.3g} s" if self.seconds >= 1.0 else f"{self.seconds * 1e3:.3g} ms"
        return f"{self.status}: {self.message}\n{', '.join(counts)}, {took}"

    def _rows(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = [("", "value", "± error", "95 % from", "to", "")]
        intervals = self.intervals()
        tied = {name for _, *pair in self._tied() for name in pair}  # zero is near because others move along
        for name, value, error in list(zip(self.names, self.estimates, self.errors, strict=True))[:_LISTED]:
            low, high = intervals[name]
            word = "not determined" if math.isinf(error) else "at its bound" if name in self.at_bound else ""
            if not word and error > _VAGUE * abs(value) and (name in tied or not low < 0.0 < high):
                word = "hardly determined"
            elif not word and low < 0.0 < high:
                word = "may be zero"
            shown = ("–", "–", "–") if math.isinf(error) else (_rounded(error), f"{low:.6g}", f"{high:.6g}")
            rows.append((name, f"{value:.6g}", *shown, word))
        return rows

    def _tied(self) -> list[tuple[float, str, str]]:
        """Pairs of unknowns that the data hardly tell apart, with their correlation; the closest ones first."""
        correlations, finite = self.correlations, np.isfinite(self.errors)
        pairs = [
            (float(correlations[i, j]), self.names[i], self.names[j])
            for i, j in zip(*np.nonzero(np.abs(np.tril(correlations, -1)) > _TIED), strict=True)
            if finite[i] and finite[j]
        ]
        return sorted(pairs, key=lambda pair: -abs(pair[0]))

    def _kept(self) -> str:
        """What was not fitted, and when initial values hold."""
        u = self._whole.unknowns
        law = u.ode.equations
        found = [f"{n} = {v:.6g}" for n, v in zip(u.ode.parameters, u.fixed, strict=True) if n not in u.free]
        for name, values in zip(u.ode.states, u.first.T, strict=True):
            if name in u.fitted or name in law.algebraic or np.isnan(values).any():
                continue
            at = f"({u.starts[0]:.6g})" if np.ptp(u.starts) == 0.0 else "(start)"
            most = f" … {values.max():.6g}" if np.ptp(values) else ""
            found.append(f"{name}{at} = {values.min():.6g}{most}")
        return listed(found, 12)

    def _of_outliers(self) -> list[str]:
        """How many samples stand out, and what to do; or what a robust loss has made of them."""
        scaled = [table / [self.noise[s] for s in self.data.states] for table in self.residuals]
        if self.loss == "linear":
            noise = [self.noise[s] for s in self.data.states]
            are_exact = np.all(noise <= _EXACT * widths(self.data, self.data.states))
            few = 0 if self.doubt or are_exact else far_off(scaled)
            if not 0 < few <= _FEW * len(self.data):
                return []
            verb = "is" if few == 1 else "are"
            return [
                f"{few:,} of {_counted(len(self.data), 'sample')} {verb} off by more than {FAR:g} times the usual: if "
                'these are outliers, loss="huber" forgives them'
            ]
        weights = [rho(self.loss, (r[np.isfinite(r)] / TURNS[self.loss]) ** 2)[1] for r in scaled]
        few = sum(int(np.count_nonzero(w < 0.5)) for w in weights)
        return [f"{few:,} of {_counted(len(self.data), 'sample')} count less than half ({self.loss})"]

    def _quality(self) -> list[str]:
        kind = "given" if self.noise_given else "estimated"
        noise = ", ".join(f"{s} {v:.3g}" for s, v in self.noise.items())
        misfit = ", ".join(f"{s} {v:.3g}" for s, v in self.rmse.items())
        lines = [f"noise ({kind}): {noise}", f"residuals (rms): {misfit}"]
        if kept := self._kept():
            lines.insert(0, f"kept: {kept}")
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
        u = self._whole.unknowns
        if self.doubt and any(s not in u.fitted for s in u.ode.states if s not in u.ode.equations.algebraic):
            when = (
                f"at {u.ode.independent} = {u.starts[0]:.6g}"
                if len(u.starts) == 1
                else "at each first sample"
            )
            found.append(f"initial values that are kept hold {when}: if they hold at another time, say t0=")
        if pairs := self._tied():
            told = ", ".join(f"{a} and {b} ({c:+.3f})" for c, a, b in pairs[:3])
            found.append(f"hard to tell apart (correlation): {told}")
        found += self._of_outliers()
        failed = sum(not math.isfinite(s.cost) for s in self.starts)
        if failed:
            left = "and was" if failed == 1 else "and were"
            found.append(f"{failed} of {len(self.starts)} starts could not be followed, {left} left aside")
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


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def _rounded(error: float) -> str:
    """Two digits, and no power of ten where a number is as short."""
    return f"{float(f'{error:.2g}'):.0f}" if 100.0 <= error < 1e6 else f"{error:.2g}"
