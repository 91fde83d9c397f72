"""What a fit looks for: parameters and initial values, their bounds and scales, and the numbers they stand for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.errors import InputError, listed, nearest
from dydt.expr.derive import gradient
from dydt.kernels.numpy import evaluate

if TYPE_CHECKING:
    from dydt.ode import ODE

Array = Any

_DECADE = 10.0


@dataclass(frozen=True, eq=False)
class Unknowns:
    """The variables of a fit: x = (parameters, initial values of the first run, of the second, …).

    Attributes
    ----------
    ode : ODE
    free : tuple of str
        Parameters that are looked for.
    fitted : tuple of str
        States whose initial values are.
    starts : ndarray, shape (runs,)
        When each run starts.
    fixed : ndarray
        All parameters of the law, for those that are not free.
    first : ndarray, shape (runs, n)
        Initial values, for those that are not fitted; NaN where the law's own formula tells.
    lower, upper : ndarray, shape (q,)
        In terms of x.
    logarithmic : ndarray of bool, shape (q,)
        Where x is the logarithm.
    """

    ode: ODE
    free: tuple[str, ...]
    fitted: tuple[str, ...]
    starts: Array
    fixed: Array
    first: Array
    lower: Array
    upper: Array
    logarithmic: Array

    def __post_init__(self) -> None:
        ode = self.ode
        names, states = list(ode.parameters), list(ode.states)
        place = {
            "free": np.array([names.index(n) for n in self.free], dtype=int),
            "fitted": np.array([states.index(s) for s in self.fitted], dtype=int),
        }
        object.__setattr__(self, "_free", place["free"])
        object.__setattr__(self, "_fitted", place["fitted"])
        initial = ode.equations.initial
        known = set(self.fitted)
        following = [
            s for s in states if s not in known and s in initial and initial[s].operation != "number"
        ]
        following = [s for s in following if np.isnan(self.first[0, states.index(s)])]
        slopes = [gradient(initial[s], list(self.free)) for s in following]
        object.__setattr__(self, "_following", [(states.index(s), initial[s]) for s in following])
        object.__setattr__(self, "_follow_slopes", slopes)

    @cached_property
    def has_logarithms(self) -> bool:
        """Whether any of the variables is a logarithm."""
        return bool(self.logarithmic.any())

    @cached_property
    def _own_slopes(self) -> Array:
        """The derivatives of initial states that are unknowns themselves: shape (runs, n, k)."""
        k, fitted = len(self.free), self._fitted  # type: ignore[attr-defined]
        slopes = np.zeros((*self.first.shape, k + len(fitted)))
        slopes[:, fitted, k + np.arange(len(fitted))] = 1.0
        return slopes

    @property
    def size(self) -> int:
        return len(self.free) + len(self.starts) * len(self.fitted)

    @property
    def quantities(self) -> tuple[str, ...]:
        """What trajectories are differentiated with respect to."""
        return (*self.free, *(f"{s}(0)" for s in self.fitted))

    def names(self, runs: Sequence[str]) -> tuple[str, ...]:
        """What each variable is called: ``a``, ``x(0)``, or ``x(0) of run 2``."""
        found = list(self.free)
        for t, run in zip(self.starts, runs, strict=True):
            ending = f" of {run}" if len(runs) > 1 else ""
            found += [f"{s}({t:.6g}){ending}" for s in self.fitted]
        return tuple(found)

    def values(self, x: Array) -> Array:
        """The numbers that the variables stand for."""
        if not self.has_logarithms:
            return np.array(x, dtype=float)
        return np.where(self.logarithmic, np.exp(np.where(self.logarithmic, x, 0.0)), x)

    def variables(self, values: Array) -> Array:
        """The variables of these numbers."""
        values = np.asarray(values, dtype=float)
        safe = np.where(self.logarithmic, np.maximum(values, 1e-300), 1.0)
        return np.where(self.logarithmic, np.log(safe), values)

    def factors(self, x: Array) -> Array:
        """d(number)/d(variable)."""
        return np.where(self.logarithmic, self.values(x), 1.0) if self.has_logarithms else np.ones(self.size)

    def parameters(self, x: Array) -> Array:
        """All parameters of the law."""
        return self._parameters(self.values(x))

    def _parameters(self, values: Array) -> Array:
        found = self.fixed.copy()
        found[self._free] = values[: len(self.free)]  # type: ignore[attr-defined]
        return found

    def begin(self, x: Array) -> tuple[Array, Array, Array]:
        """Parameters, initial states (runs, n), and their derivatives by the quantities (runs, n, k)."""
        values, count, k = self.values(x), len(self.starts), len(self.free)
        parameters = self._parameters(values)
        states = self.first.copy()
        fitted = self._fitted  # type: ignore[attr-defined]
        states[:, fitted] = values[k:].reshape(count, len(fitted))
        following, slopes = self._following, self._own_slopes  # type: ignore[attr-defined]
        if following:
            slopes = slopes.copy()
            inputs = dict(zip(self.ode.parameters, parameters, strict=True))
            for (i, node), rows in zip(following, self._follow_slopes, strict=True):  # type: ignore[attr-defined]
                states[:, i] = evaluate([node], inputs)[0]
                slopes[:, i, :k] = [float(v) for v in evaluate(rows, inputs)]
        return parameters, states, slopes

    def columns(self, run: int) -> Array:
        """Which variables the quantities are, for one run."""
        k, f = len(self.free), len(self.fitted)
        return np.concatenate([np.arange(k), k + run * f + np.arange(f)])


def read_names(option: str, given: Any) -> list[str]:
    """Names from a text such as "a, b", or from a sequence of them."""
    try:
        names = given.replace(",", " ").split() if isinstance(given, str) else list(given)
    except TypeError:
        names = [given]
    if not all(isinstance(name, str) for name in names):
        raise InputError(f'{option} takes names, as in {option}=["a", "b"], and is {given!r}')
    return list(dict.fromkeys(names))


def read_free(ode: ODE, free: str | Sequence[str] | None) -> tuple[str, ...]:
    """The parameters to look for: those named, or all."""
    if free is None:
        return tuple(ode.parameters)
    names = read_names("free", free)
    for name in names:
        if name in ode.states:
            raise InputError(f'`{name}` is a state: initial values are chosen by initial=["{name}"]')
        if name not in ode.parameters:
            raise InputError(
                f"free: the law has no parameter `{name}`{nearest(name, ode.parameters) or '.'} "
                f"Its parameters: {listed(ode.parameters) or 'none'}"
            )
    return tuple(names)


def read_initial(ode: ODE, initial: bool | str | Sequence[str]) -> tuple[str, ...]:
    """The states whose initial values are looked for."""
    law = ode.equations
    if initial is False:
        return ()
    if initial is True:
        formulas = {s for s, node in law.initial.items() if node.operation != "number"}
        return tuple(s for s in ode.states if s not in law.algebraic and s not in formulas)
    names = read_names("initial", initial)
    for name in names:
        if name not in ode.states:
            raise InputError(
                f"initial: the law has no state `{name}`{nearest(name, ode.states) or '.'} "
                f"Its states: {listed(ode.states)}"
            )
        if name in law.algebraic:
            raise InputError(f"initial: the constraints of the law determine `{name}`; leave it away")
    return tuple(names)


def read_bounds(
    unknown: Sequence[str], fitted: Sequence[str], bounds: Mapping[str, Any] | None
) -> dict[str, tuple[float, float]]:
    """Bounds by name; those of an initial value stand under ``x(0)``, and may be given as ``x``."""
    found: dict[str, tuple[float, float]] = {}
    if bounds is not None and not isinstance(bounds, Mapping):
        raise InputError(f'bounds go by name, as in bounds={{"a": (0, 5)}}, and are {bounds!r}')
    known = [*unknown, *(f"{s}(0)" for s in fitted)]
    for given, pair in (bounds or {}).items():
        name = f"{given}(0)" if given in fitted and given not in unknown else str(given)
        if name not in known:
            raise InputError(
                f"bounds: `{given}` is not fitted{nearest(name, known) or '.'} There: {listed(known)}"
            )
        if name in found:
            raise InputError(f"bounds of `{name}` are given twice, as `{name}` and as `{name[:-3]}`")
        try:
            low, high = (math.nan if v is None else float(v) for v in (() if isinstance(pair, str) else pair))
        except (TypeError, ValueError):
            raise InputError(f"bounds of `{given}` are a pair (least, most), and got {pair!r}") from None
        low, high = (-math.inf if math.isnan(low) else low), (math.inf if math.isnan(high) else high)
        if not low < high:
            raise InputError(f"bounds of `{given}`: the least, {low:g}, must be below the most, {high:g}")
        found[name] = (low, high)
    return found


def middle(low: float, high: float) -> float:
    """A value between bounds: the geometric mean of positive ones."""
    if math.isfinite(low) and math.isfinite(high):
        return math.sqrt(low * high) if low > 0 else 0.5 * (low + high)
    if math.isfinite(low):
        return low + max(1.0, abs(low)) if low > 0 or low < -1 else max(low + 1.0, 1.0)
    return min(1.0, high - max(1.0, abs(high))) if math.isfinite(high) else 1.0


def which_logarithmic(
    free: Sequence[str],
    guesses: Mapping[str, float],
    bounds: Mapping[str, tuple[float, float]],
    log: Any,
) -> tuple[str, ...]:
    """The parameters whose logarithm varies: those asked for; or those bounded to positive values over a decade."""
    if log is not None:
        names = list(free) if log is True else [] if log is False else read_names("log", log)
        for name in names:
            if name not in free:
                raise InputError(
                    f"log: `{name}` is not fitted{nearest(name, free) or '.'} There: {listed(free)}"
                )
            if guesses[name] <= 0 or (log is not True and bounds.get(name, (0.0,))[0] < 0):
                raise InputError(
                    f"log: `{name}` must be positive, and {'its guess is' if guesses[name] <= 0 else 'it may be'} "
                    f"{guesses[name] if guesses[name] <= 0 else bounds[name][0]:g}"
                )
        return tuple(names)
    found = []
    for name in free:
        low, high = bounds.get(name, (-math.inf, math.inf))
        least = low if low > 0 else 0.1 * guesses[name]
        if low >= 0 and guesses[name] > 0 and high >= _DECADE * least:
            found.append(name)
    return tuple(found)
