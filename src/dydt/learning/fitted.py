"""What a fit gives: values with their uncertainties, the fitted law, predictions with bands."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.errors import InputError, nearest
from dydt.expr.graph import number
from dydt.learning.data import Data, aligned
from dydt.learning.follow import Whole
from dydt.learning.identify import Direction, in_words, spread
from dydt.learning.least_squares import TURNS, Outcome, rho, total
from dydt.learning.search import doubt

if TYPE_CHECKING:
    from dydt.learning.fit import Fitting
    from dydt.learning.search import Found, Start
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
            raise InputError(f"there is no state `{name}`{nearest(name, self.states) or '.'} There: {', '.join(self.states)}")
        return self.mean[:, self.states.index(name)]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, by state."""

        def plain(values: Array, j: int) -> list[float | None]:
            return [float(v) if math.isfinite(v) else None for v in values[:, j]]

        bands = ("mean", "low", "high", "measured_low", "measured_high")
        of_state = {
            s: {name.replace("_", " "): plain(getattr(self, name), j) for name in bands} for j, s in enumerate(self.states)
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
        for name, value, error, is_log in zip(self.names, self.estimates, self.errors, logarithmic, strict=True):
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
                raise InputError(f"there is no run `{run}`{nearest(run, names) or '.'} There: {', '.join(names[:20])}")
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
        rows = [("", "value", "± error", "95 % from", "to", "")]
        intervals = self.intervals()
        for name, value, error in list(zip(self.names, self.estimates, self.errors, strict=True))[:_LISTED]:
            low, high = intervals[name]
            word = "not determined" if math.isinf(error) else "at its bound" if name in self.at_bound else ""
            if not word and value and error > _VAGUE * abs(value):
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
            found.append("hard to tell apart (correlation): " + ", ".join(text for _, text in sorted(pairs)[::-1][:3]))
        failed = sum(not math.isfinite(s.cost) for s in self.starts)
        if failed:
            found.append(f"{failed} of {len(self.starts)} starts could not be followed, and were left aside")
        return found

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
            "starts": [{"values": list(s.values), "cost": plain(s.cost), "refined": plain(s.end)} for s in self.starts],
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

    def __str__(self) -> str:
        listed = [f"{name} = {value:.6g}" for name, value in self.values.items()]
        return "\n".join([*listed, *([""] if listed else []), str(self.training)])

    def to_dict(self) -> dict[str, Any]:
        """Parameters and the report."""
        return {"parameters": dict(self.values), "training": self.training.to_dict()}

    def to_json(self) -> str:
        return json.dumps(self.to_dict())


# -- making a Fit -------------------------------------------------------------------------------------------------


def build(fitting: Fitting, whole: Whole, outcome: Outcome, found: Found, seconds: float) -> Fit:
    """The result from where the minimiser ended."""
    u, data = fitting.unknowns, fitting.data
    count, q = whole.count, u.size
    residuals, given = outcome.residuals[:count], data.noise is not None
    values = u.values(outcome.x)
    freedom = count - q
    factors = np.append(u.factors(outcome.x), np.ones(outcome.jacobian.shape[1] - q))
    jacobian = outcome.jacobian / factors
    more = _piece_values(found, jacobian.shape[1] - q)
    sizes = np.concatenate([_sizes(fitting), np.maximum(np.abs(more), 1e-3)])
    made = spread(jacobian, np.concatenate([values, more]), sizes)
    noise = whole.noise if given else fitting.noise_of(whole, residuals)
    scale = _scale(fitting.loss, residuals, freedom, given)
    covariance = made.covariance[:q, :q] * scale
    held = outcome.at_bound[:q]
    loose = made.loose[:q]
    errors = np.where(loose, np.inf, np.sqrt(np.diag(covariance)))
    names = u.names([run.name or str(k + 1) for k, run in enumerate(data.runs)])
    directions: tuple[Direction, ...] = ()
    if made.directions and found.pieces is None:

        def cost(moved: Array) -> float:
            return total(fitting.loss, whole.residuals_of(u.variables(moved)[None])[0])

        directions = in_words(made, names, values, cost)
    status, message = _ending(outcome, found)
    parameters, first, _ = u.begin(outcome.x)
    runs = {run.name or str(k + 1): _by_state(fitting.ode, y) for k, (run, y) in enumerate(zip(data.runs, first, strict=True))}
    return Fit(
        values=dict(zip(u.free, map(float, values), strict=False)),
        initial=runs,
        names=names,
        estimates=values,
        errors=errors,
        covariance=covariance,
        undetermined=directions,
        at_bound=tuple(n for n, h in zip(names, held, strict=True) if h),
        noise=dict(zip(data.states, map(float, noise), strict=True)),
        noise_given=given,
        residuals=_tables(whole, residuals),
        rmse=_rmse(whole, residuals, data.states),
        chi_square=float(np.sum((residuals * whole.noise[whole.column] / noise[whole.column]) ** 2)),
        freedom=freedom,
        loss=fitting.loss,
        status=status,
        message=message,
        law=_law(fitting, parameters, first[0]),
        data=data,
        starts=found.starts,
        iterations=outcome.iterations + (0 if outcome is found.outcome else found.outcome.iterations),
        seconds=seconds,
        doubt=doubt(fitting, whole, outcome),
        _whole=whole,
        _x=outcome.x,
    )


def _sizes(fitting: Fitting) -> Array:
    """What unknowns are measured by where they are zero."""
    u = fitting.unknowns
    of_states = [fitting.sizes[fitting.ode.states.index(s)] for s in u.fitted]
    return np.concatenate([np.ones(len(u.free)), np.tile(of_states, len(u.starts))])


def _piece_values(found: Found, count: int) -> Array:
    if found.pieces is None:
        return np.zeros(count)
    return np.concatenate([y.reshape(-1) for y in found.pieces.states])


def _scale(loss: str, residuals: Array, freedom: int, given: bool) -> float:
    """What (JᵀJ)⁻¹ is multiplied by: the variance of the residuals; of a robust loss that of its estimate.

    P. J. Huber, Robust Statistics, Wiley 1981, section 7.6, eq. 6.5.
    """
    if loss == "linear":
        return 1.0 if given else float(residuals @ residuals) / max(freedom, 1)
    z = (residuals / TURNS[loss]) ** 2
    _, first, second = rho(loss, z)
    steepness = float(np.mean(first + 2.0 * z * second))
    return float(np.sum((first * residuals) ** 2)) / max(freedom, 1) / max(steepness, 0.05) ** 2


def _ending(outcome: Outcome, found: Found) -> tuple[str, str]:
    way = f" ({found.way})" if found.way else ""
    if found.pieces is not None:
        return "pieces", (
            f"whole runs could not be followed: the parameters are those of {found.way}; small errors grow too fast in "
            "this law, or it misses the data"
        )
    if len(found.starts) > 1:
        fine = sum(math.isfinite(s.cost) for s in found.starts)
        way = f" (best of {len(found.starts)} starts, {fine} of which could be followed){way}"
    return ("done" if outcome.converged else "not converged"), outcome.message + way


def _by_state(ode: ODE, values: Array) -> dict[str, float]:
    return dict(zip(ode.states, map(float, values), strict=True))


def _tables(whole: Whole, residuals: Array) -> tuple[Array, ...]:
    """Data minus law, a table a run."""
    found = []
    for k, s in enumerate(whole.samples):
        table = np.full(s.run.y.shape, np.nan)
        table[s.row, s.column] = -residuals[whole.first[k] : whole.first[k + 1]] * whole.noise[s.column]
        found.append(table)
    return tuple(found)


def _rmse(whole: Whole, residuals: Array, states: Sequence[str]) -> dict[str, float]:
    off = residuals * whole.noise[whole.column]
    return {s: float(np.sqrt(np.mean(off[whole.column == j] ** 2))) for j, s in enumerate(states)}


def _law(fitting: Fitting, parameters: Array, first: Array) -> ODE:
    """The law with what was found, from the start of the first run to its end."""
    from dydt.ode import ODE as Law

    ode, data = fitting.ode, fitting.data
    start = float(fitting.unknowns.starts[0])
    law: Mapping[str, Any] = ode.equations.initial
    following = {s for s, node in law.items() if node.operation != "number" and s not in fitting.fitted}
    initial = {
        s: law[s] if s in following else number(float(v))
        for s, v in zip(ode.states, first, strict=True)
        if math.isfinite(v)
    }
    return Law(
        replace(
            ode.equations,
            parameters=dict(zip(ode.parameters, map(float, parameters), strict=True)),
            initial=initial,
            start=start,
            span=(start, float(data.runs[0].t[-1])),
        )
    )
