"""`ode.fit`: the parameters and initial values with which a law meets measurements best, and how sure they are."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.errors import InputError, listed, nearest
from dydt.learning import search
from dydt.learning.conclude import build
from dydt.learning.data import Data, read_for, read_noise
from dydt.learning.fitted import Fit
from dydt.learning.follow import Samples, Whole
from dydt.learning.guess import Sketch
from dydt.learning.half_known import Wishes, learn_half, read_training, refuse_misplaced
from dydt.learning.learned import Learned
from dydt.learning.least_squares import Outcome, check_loss
from dydt.learning.outliers import without_outliers
from dydt.learning.trajectories import Trajectories
from dydt.learning.unknowns import (
    Unknowns,
    middle,
    read_bounds,
    read_free,
    read_initial,
    which_logarithmic,
)
from dydt.progress import Progress, is_watched
from dydt.verbs.learning import LearningVerbs

if TYPE_CHECKING:
    from dydt.ode import ODE

Array = Any

_ROUNDS = 6  # of estimating the noise and fitting again
_SETTLED = 0.01  # a change of the noise that matters no more
_FLOOR = 1e-12  # the least noise, as a part of a state's size


def fit(
    ode: ODE,
    data: Any,
    free: str | Sequence[str] | None,
    bounds: Mapping[str, Any] | None,
    initial: bool | str | Sequence[str],
    noise: Any,
    loss: str,
    starts: int,
    log: Any,
    shooting: str | bool | int,
    t0: float | None,
    seed: int,
    rtol: float,
    method: str,
    progress: bool,
    training: Mapping[str, Any] | None,
    guesses: Mapping[str, Any],
) -> Fit | Learned:
    """What `ODE.fit` says."""
    began = time.perf_counter()
    check_loss(loss)
    search.check(starts, shooting, seed)
    t0 = _time(t0)
    read = for_law(ode, data)
    if noise is not None:
        read = replace(read, noise=read_noise(noise, read.states))
    if ode.compiled_law.networks:
        wishes = Wishes(free, bounds, initial, loss, starts, log, shooting, t0, seed, rtol, method, progress)
        return learn_half(ode, read, wishes, read_training(training), read_guesses(ode, 1, guesses))
    if training is not None:
        raise InputError("training says how networks are trained, and this law has none: leave it away")
    fitting = Fitting(ode, read, free, bounds, initial, loss, log, t0, rtol, method, guesses)
    if fitting.unknowns.size == 0:
        raise InputError("nothing is fitted: the law has no parameters, and initial=False")
    bar = Progress("fitting", "iterations") if progress and is_watched() else None
    try:
        found = search.search(fitting, starts, shooting, seed, bar)
        outcome, whole = fitting.settle_noise(found)
    finally:
        if bar is not None:
            bar.close()
    return build(fitting, whole, outcome, found, time.perf_counter() - began)


def for_law(ode: ODE, source: Any) -> Data:
    """The data with columns that the law knows, in the order of its states."""
    data = read_for(source, ode.independent)
    strangers = [name for name in data.states if name not in ode.states]
    if strangers:
        name = strangers[0]
        known = [s for s in data.states if s in ode.states]
        choose = (
            f"dydt.read_data(…, states={known!r})" if known else f'rename={{"{name}": "{ode.states[0]}"}}'
        )
        raise InputError(
            f"the law has no state `{name}`, as a column of the data is called{nearest(name, ode.states) or '.'} "
            f"Its states: {', '.join(ode.states)}; choose or rename columns with {choose}"
        )
    return data.select([s for s in ode.states if s in data.states])


class Fitting:
    """A fit being made: data, unknowns, and what both are measured by.

    Attributes
    ----------
    unknowns : Unknowns
    start : ndarray, shape (q,)
        Where it begins.
    whole : Whole
        Residuals of whole runs.
    sizes : ndarray, shape (n,)
        Of the states.
    widths : ndarray
        Of the ranges of the data's columns.
    scatter : ndarray
        The noise of each column, as it is known, or as neighbouring samples show it.
    """

    def __init__(
        self,
        ode: ODE,
        data: Data,
        free: Any,
        bounds: Mapping[str, Any] | None,
        initial: Any,
        loss: str,
        log: Any,
        t0: float | None,
        rtol: float,
        method: str,
        guesses: Mapping[str, Any],
    ) -> None:
        self.ode, self.data, self.loss = ode, data, loss
        self._rtol, self._method = rtol, method
        self.guesses = read_guesses(ode, len(data.runs), guesses)
        self.free, self.fitted = read_free(ode, free), read_initial(ode, initial)
        self.bounds = read_bounds(self.free, self.fitted, bounds)
        usual = data if loss == "linear" else without_outliers(data)
        self.sketch = Sketch(ode, usual)
        self.scatter = usual.scatter if data.noise is None else np.asarray(data.noise, dtype=float)
        self.sizes = self.sketch.sizes()
        everything = np.concatenate([run.y for run in usual.runs])
        self.widths = np.nanmax(everything, axis=0) - np.nanmin(everything, axis=0)
        fixed, self.matched = self._parameters()
        values = {name: float(fixed[list(ode.parameters).index(name)]) for name in self.free}
        logarithmic = which_logarithmic(self.free, values, self.bounds, log)
        starts = self._starts(t0)
        first = self._first(starts)
        self.unknowns = self._unknowns(fixed, starts, first, logarithmic)
        firsts = first[:, [ode.states.index(s) for s in self.fitted]].reshape(-1)
        self.start = self.unknowns.variables(np.concatenate([list(values.values()), firsts]))
        self._check_start(values)
        self._kernels: dict[tuple[str, ...], Trajectories] = {}
        samples = [Samples.of(run) for run in data.runs]
        measured = np.array([ode.states.index(s) for s in data.states])
        self.whole = Whole(self.unknowns, samples, measured, self._noise(), self._trajectories)
        self._check_count()

    # -- reading --------------------------------------------------------------------------------------------------

    def _parameters(self) -> tuple[Array, dict[str, float] | None]:
        """Values of all parameters to begin with; and what slopes of smooth curves say of the free ones."""
        values: dict[str, float] = {}
        unknown = []
        for name, own in self.ode.parameters.items():
            value = self.guesses.get(name, own)
            if value is None and name not in self.free:
                raise InputError(
                    f"`{name}` has no value, and is not fitted: give it one, as in {name}=1, or free it"
                )
            if value is None:
                unknown.append(name)
                value = middle(*self.bounds.get(name, (-math.inf, math.inf)))
            values[name] = float(value)
        matched = self.sketch.parameters(self.free, values, self.bounds) if unknown else None
        for name in unknown:
            if matched is not None:
                values[name] = matched[name]
        return np.array(list(values.values())), matched

    def _starts(self, t0: float | None) -> Array:
        """When each run starts."""
        first = np.array([run.t[0] for run in self.data.runs])
        law = self.ode.equations
        fixed = [s for s in law.states if s not in self.fitted and s not in law.algebraic]
        if t0 is None and law.start is not None and any(s in law.initial or s in self.guesses for s in fixed):
            t0 = law.start
        if t0 is None:
            return first
        late = np.flatnonzero(first < t0)
        if len(late):
            run = self.data.runs[int(late[0])]
            of_run = f" of run {run.name}" if len(first) > 1 else ""
            raise InputError(
                f"the first sample{of_run} is at {self.ode.independent} = {run.t[0]:g}, before the initial values "
                f"hold, {t0:g}: fit them with initial=True, or say when they hold with t0="
            )
        return np.full(len(first), float(t0))

    def _first(self, starts: Array) -> Array:
        """Initial states: fixed ones as they are, others as guessed; NaN where a formula of the law tells."""
        ode, law = self.ode, self.ode.equations
        found = np.full((len(starts), len(ode.states)), np.nan)
        told = np.array([self.sketch.first(k, float(t)) for k, t in enumerate(starts)])
        if len(told) > 1:  # a run that tells nothing of a state begins where the others do
            there = np.isfinite(told)
            mean = np.sum(told, axis=0, where=there) / np.maximum(there.sum(axis=0), 1)
            told = np.where(there, told, np.where(there.any(axis=0), mean, np.nan))
        for i, name in enumerate(ode.states):
            node = law.initial.get(name)
            if name in self.guesses:
                found[:, i] = self.guesses[name]
            elif name in self.fitted and name in self.sketch.told:
                found[:, i] = told[:, i]
            elif node is not None and node.operation == "number":
                found[:, i] = float(node.value)
            elif name in law.algebraic and name in self.sketch.told:
                found[:, i] = told[:, i]
            elif node is None and name not in law.algebraic:
                which = (
                    "was not measured, and has no value to begin with"
                    if name in self.fitted
                    else "is not fitted"
                )
                raise InputError(f"the initial value of `{name}` {which}: give one, as in {_given(name)}")
        return found

    def _unknowns(self, fixed: Array, starts: Array, first: Array, logarithmic: Sequence[str]) -> Unknowns:
        is_log = np.array(
            [name in logarithmic for name in self.free] + [False] * len(starts) * len(self.fitted)
        )
        names = [*self.free, *(f"{s}(0)" for _ in starts for s in self.fitted)]
        pairs = np.array([self.bounds.get(n, (-math.inf, math.inf)) for n in names]).reshape(-1, 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = (np.where(is_log, np.log(np.maximum(column, 0.0)), column) for column in pairs.T)
        return Unknowns(self.ode, self.free, self.fitted, starts, fixed, first, low, high, is_log)

    def _check_start(self, values: Mapping[str, float]) -> None:
        begins = list(values.items())
        for state in self.fitted:
            begins += [(f"{state}(0)", v) for v in np.atleast_1d(self.guesses.get(state, ()))]
        for name, value in begins:
            low, high = self.bounds.get(name, (-math.inf, math.inf))
            if not low <= value <= high:
                raise InputError(
                    f"`{name}` begins with {value:g}, outside its bounds {low:g} … {high:g}: give a guess within them, "
                    f"as in {name.removesuffix('(0)')}={middle(low, high):g}"
                )

    def _noise(self) -> Array:
        """What residuals are measured by at first."""
        if self.data.noise is not None:
            return self.scatter
        return np.clip(self.scatter, 1e-3 * self.widths, self.widths)

    def _check_count(self) -> None:
        samples, unknowns = self.whole.count, self.unknowns.size
        if samples < unknowns or (samples == unknowns and self.data.noise is None):
            raise InputError(
                f"{samples} samples can't tell {unknowns} unknowns: fit fewer parameters, free=[…], or say the initial "
                "values, initial=False"
            )

    # -- what the search asks -------------------------------------------------------------------------------------

    def _trajectories(self, quantities: Sequence[str]) -> Trajectories:
        """The law with its sensitivities to these, compiled once."""
        key = tuple(quantities)
        found = self._kernels.get(key)
        if found is None:
            units = np.array([self._unit(q) for q in quantities])
            found = self._kernels[key] = Trajectories(
                self.ode, quantities, self._rtol, self._method, self.sizes, units
            )
        return found

    def _unit(self, quantity: str) -> float:
        if quantity in self.ode.parameters:
            value = abs(float(self.unknowns.fixed[list(self.ode.parameters).index(quantity)]))
            return value or 1.0
        return float(self.sizes[self.ode.states.index(quantity.removesuffix("(0)"))])

    def settle_noise(self, found: search.Found) -> tuple[Outcome, Whole]:
        """Estimate the noise of each column from the residuals and fit again, until both agree."""
        whole, outcome = self.whole, found.outcome
        if self.data.noise is not None or found.pieces is not None:
            return outcome, whole
        if len(self.data.states) == 1 and self.loss == "linear":
            return outcome, whole
        for _ in range(_ROUNDS):
            noise = self._steadied(self.noise_of(whole, outcome.residuals))
            change = float(np.max(np.abs(noise / whole.noise - 1.0)))
            if change < _SETTLED:
                break
            whole = whole.with_noise(noise)
            again = search.descend(self, whole, outcome.x, None)
            if not math.isfinite(again.cost):
                break
            outcome = again
        return outcome, whole

    def _steadied(self, noise: Array) -> Array:
        """The noise of the columns as if each had one sample more, whose noise is to what was taken at first as those
        of all columns are together: else a column that the law can meet exactly would be all that counts."""
        first, counts = self.whole.noise, np.bincount(self.whole.column)
        level = float(np.sum(counts * (noise / first) ** 2)) / self.whole.count
        return np.sqrt((counts * noise**2 + level * first**2) / (counts + 1.0))

    def noise_of(self, whole: Whole, residuals: Array) -> Array:
        """The standard deviation of each column's noise, as residuals show it."""
        off = residuals * whole.noise[whole.column]
        share = 1.0 - self.unknowns.size / whole.count
        found = np.empty(len(self.data.states))
        for j in range(len(found)):
            own = off[whole.column == j]
            if self.loss == "linear":
                found[j] = math.sqrt(float(np.mean(own**2)) / max(share, 1e-3))
            else:  # what outliers don't touch
                found[j] = 1.4826 * float(np.median(np.abs(own))) / math.sqrt(max(share, 1e-3))
        sizes = self.sizes[whole.measured]
        return np.maximum(found, _FLOOR * sizes)


def _time(t0: Any) -> float | None:
    """When initial values hold, checked."""
    try:
        time = None if t0 is None else float(t0)
    except (TypeError, ValueError):
        time = math.nan
    if time is not None and not math.isfinite(time):
        raise InputError(f"t0 is a time, when initial values hold, and is {t0!r}")
    return time


def read_guesses(ode: ODE, runs: int, guesses: Mapping[str, Any]) -> dict[str, Any]:
    """Where parameters and initial values begin: a number, or one a run."""
    found: dict[str, Any] = {}
    for name, value in guesses.items():
        if name not in ode.parameters and name not in ode.states:
            known = [*ode.states, *ode.parameters]
            refuse_misplaced(name)
            raise InputError(
                f"the law has no `{name}`{nearest(str(name), known) or '.'} It knows {listed(known)}; options are "
                "those of fit()"
            )
        if isinstance(value, float) and math.isfinite(value):
            found[name] = value
            continue
        try:
            values = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            raise InputError(f"the guess of `{name}` must be a number, and is {value!r}") from None
        allowed = ((), (runs,)) if name in ode.states and runs > 1 else ((),)
        if not np.all(np.isfinite(values)) or values.shape not in allowed:
            each = f" (or {runs}, one a run)" if len(allowed) > 1 else ""
            raise InputError(f"the guess of `{name}` must be a finite number{each}, and is {value!r}")
        found[name] = values if values.ndim else float(values)
    return found


def _given(name: str) -> str:
    if "'" in name:
        return f'values={{"{name}": 0}}'
    return f'values={{"{name}": 1}}' if name in options() else f"{name}=1"


@cache
def options() -> frozenset[str]:
    """What `ODE.fit` takes besides names of the law."""
    return frozenset(inspect.signature(LearningVerbs.fit).parameters)
