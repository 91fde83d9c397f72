"""The butterfly effect: two near starts, how far apart they drift, and until when anything can be foreseen."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.brief import brief
from dydt.errors import InputError, SolveError, SolveWarning, nearest
from dydt.expr.equations import Equations, Event
from dydt.expr.graph import substitute, symbol

if TYPE_CHECKING:
    from dydt.ode import ODE

Array = Any

_NEAR = 1e-8
_LEAST = 1e-12  # of the state, that a distance needs above the rounding
_TIMES = 4000
_LONGER = 5  # doublings of the span, while the distance still grows
_ROUNDING = 2.0**-53  # of a double
_STRAIGHT = 30.0  # a distance that grows less than so many times shows no law of growth
_POWER = 4.0  # shear makes distances grow like t, or a low power of it; a higher one is none
_CLEAR = 3.0  # or than so many, unless the line is as good as perfect


@dataclass(frozen=True)
class Butterfly:
    """Two starts that are near each other, and where they go.

    Attributes
    ----------
    t : ndarray, shape (m,)
    first, second : ndarray, shape (m, n)
        The two paths, in the order of `states`.
    distance : ndarray, shape (m,)
        Between them (Euclidean).
    rate, rate_error : float or None
        Of its exponential growth, fitted to the straight part of its logarithm; None if there is none.
    span : (float, float) or None
        The times of that part.
    size : float
        Of what the path fills: the mean distance (root of the mean square) of two times chosen blindly.
    fraction : float
        Of that size, at which nothing can be foreseen any more.
    horizon : float or None
        When the distance reached it, counted from the start.
    horizon_of_doubles : float or None
        When it would be reached if the starts differed by the rounding of a double only.
    along : str
        The state in which the starts differ.
    verdict : str
    """

    t: Array
    first: Array
    second: Array
    distance: Array
    rate: float | None
    rate_error: float | None
    span: tuple[float, float] | None
    size: float
    fraction: float
    horizon: float | None
    horizon_of_doubles: float | None
    along: str
    states: tuple[str, ...]
    independent: str
    verdict: str

    __repr__ = brief

    @property
    def is_sensitive(self) -> bool:
        """Whether the distance grew exponentially until it was as large as what the path fills."""
        return self.rate is not None and self.rate > 0 and self.horizon is not None

    @property
    def saturation(self) -> float | None:
        """The mean distance once it does not grow any more; None if it did not come so far."""
        if self.horizon is None or 1.2 * self.horizon > abs(self.t[-1] - self.t[0]):
            return None
        late = np.abs(self.t - self.t[0]) >= 1.15 * self.horizon
        return float(np.sqrt(np.mean(self.distance[late] ** 2)))

    def __str__(self) -> str:
        name = self.independent
        began = self.distance[0]
        facts = [
            self.verdict,
            "",
            f"distance at the start   {began:.3g}, in {self.along}",
            f"distance at the end     {self.distance[-1]:.3g}, at {name} = {self.t[-1]:.6g}",
            f"what the path fills     {self.size:.3g}",
        ]
        if self.saturation is not None:
            facts.append(f"saturates at            {self.saturation:.3g}")
        if self.rate is not None and self.span is not None:
            facts.append(
                f"rate                    {self.rate:.4g} ± {self.rate_error:.1g} on {name} = "
                f"{self.span[0]:.4g} … {self.span[1]:.4g}"
            )
        if self.horizon is not None:
            facts.append(f"horizon                 {self.horizon:.4g} ({self.fraction:g} of the size)")
        if self.horizon_of_doubles is not None and self.rate is not None:
            facts.append(
                f"horizon of doubles      about {self.horizon_of_doubles:.3g}, however good the solver"
            )
            facts.append(f"each further digit buys {math.log(10) / self.rate:.3g} of {name}")
        return "\n".join(facts)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain data."""
        return {
            "verdict": self.verdict,
            "rate": self.rate,
            "rate error": self.rate_error,
            "span": None if self.span is None else list(self.span),
            "size": self.size,
            "fraction": self.fraction,
            "horizon": self.horizon,
            "horizon of doubles": self.horizon_of_doubles,
            "saturation": self.saturation,
            "along": self.along,
            "states": list(self.states),
            self.independent: self.t.tolist(),
            "distance": self.distance.tolist(),
            "first": self.first.tolist(),
            "second": self.second.tolist(),
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def plot(self, path: Any = None, **options: Any) -> Any:
        """Both paths over time and the logarithm of their distance; see `dydt.plotting.butterfly.drifting`."""
        from dydt.plotting.butterfly import drifting

        return drifting(self, path=path, **options)

    def phase(self, *names: Any, **options: Any) -> Any:
        """Both paths in space; see `dydt.plotting.butterfly.in_space`."""
        from dydt.plotting.butterfly import in_space

        return in_space(self, *names, **options)

    def animate(self, path: Any, **options: Any) -> Any:
        """A film of both paths being drawn, as GIF or MP4; see `dydt.plotting.butterfly.flight`."""
        from dydt.plotting.animate import write_film
        from dydt.plotting.butterfly import flight

        return write_film(flight(self, **options), path)[0]


def butterfly(
    ode: ODE,
    t: Any,
    distance: float | None,
    along: str | None,
    fraction: float,
    transient: float,
    rtol: float,
    method: str,
    named: Mapping[str, float],
) -> Butterfly:
    """Follow two near starts; see `ODE.butterfly`."""
    along = _check(ode, distance, along, fraction, transient)
    t0, t1 = ode._span(t if t is not None or ode.equations.span else 100.0)
    parameters = ode.parameter_values(named)
    start = np.array(ode.initial_state(named, parameters, t0))
    if transient:
        start, t0, t1 = _later(ode, start, parameters, t0, t1, transient, rtol, method)
    if distance is None:
        distance = max(_NEAR, _LEAST * abs(float(start[ode.states.index(along)])))
    twins = type(ode)(twin_law(ode.equations))
    other = start.copy()
    other[ode.states.index(along)] += distance
    if np.array_equal(start, other):
        raise InputError(
            f"distance = {distance:g} is lost in the rounding of `{along}` = {start[ode.states.index(along)]:g}: "
            "take a larger one"
        )
    for longer in range(_LONGER + 1):
        end = t0 + (t1 - t0) * 2**longer
        found = _follow(ode, twins, start, other, parameters, (t0, end), along, fraction, rtol, method)
        if t is not None or not _may_still_grow(found):
            break
    return found


def _check(ode: ODE, distance: float | None, along: str | None, fraction: float, transient: float) -> str:
    name = ode.states[0] if along is None else along
    if name not in ode.states:
        known = ", ".join(ode.states[:12])
        raise InputError(f"there is no state `{name}`{nearest(name, ode.states) or '.'} There: {known}")
    if distance is not None and not (math.isfinite(distance) and distance > 0):
        raise InputError(f"distance must be a positive number, as in 1e-8, and is {distance!r}")
    if not 0 < fraction < 1:
        raise InputError(f"fraction must be between 0 and 1, as in 0.1, and is {fraction!r}")
    if not (math.isfinite(transient) and transient >= 0):
        raise InputError(f"transient must be a time that is not negative, and is {transient!r}")
    return name


def twin_law(law: Equations) -> Equations:
    """The law twice, side by side, the second time with other names: both paths take the same steps.

    Solved each by itself they would differ by the errors of their steps, and near starts could not be told apart.

    >>> from dydt.expr.parse import parse
    >>> twin_law(parse("x' = -x")).states
    ('x', 'x (second)')
    """
    renamed = {state: symbol(_second(state)) for state in law.states}

    def again(event: Event) -> Event:
        when, *values = substitute([event.when, *event.actions.values()], renamed)
        actions = {_second(state): value for state, value in zip(event.actions, values, strict=True)}
        return replace(event, name=_second(event.name), when=when, actions=actions)

    return replace(
        law,
        states=(*law.states, *(_second(state) for state in law.states)),
        derivatives=(*law.derivatives, *substitute(law.derivatives, renamed)),
        singular=(*law.singular, *substitute(law.singular, renamed)),
        events=(*law.events, *(again(event) for event in law.events)),
        intermediates={},
        initial={},
        written=(),
    )


def _second(name: str) -> str:
    return f"{name} (second)"


def _later(
    ode: ODE,
    start: Array,
    parameters: Array,
    t0: float,
    t1: float,
    transient: float,
    rtol: float,
    method: str,
) -> tuple[Array, float, float]:
    """The state after the transient, and the span moved behind it."""
    drop = math.copysign(transient, t1 - t0)
    step = ode.solver(method=method, rtol=rtol, atol=rtol * 1e-2, saveat="end")
    solution = step((t0, t0 + drop), start, parameters).raise_for_status()
    return solution.end[0], t0 + drop, t1 + drop


def _follow(
    ode: ODE,
    twins: ODE,
    start: Array,
    other: Array,
    parameters: Array,
    span: tuple[float, float],
    along: str,
    fraction: float,
    rtol: float,
    method: str,
) -> Butterfly:
    times = np.linspace(*span, _TIMES)
    step = twins.solver(method=method, rtol=rtol, atol=rtol * 1e-2, saveat=times, step_limit=5_000_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolveWarning)
        solution = step(span, np.concatenate([start, other]), parameters)
    if not solution.is_fine:
        raise SolveError(
            f"the two starts can't be followed to the end. {solution.status}: {solution.message}"
        )
    size = len(ode.states)
    return judged(
        solution.t, solution.y[:, :size], solution.y[:, size:], along, fraction, ode.states, ode.independent
    )


def judged(
    t: Array,
    first: Array,
    second: Array,
    along: str,
    fraction: float,
    states: tuple[str, ...],
    independent: str,
) -> Butterfly:
    """What two paths say of each other: the rate, the horizon and the verdict."""
    apart = np.sqrt(np.sum((second - first) ** 2, axis=1))
    elapsed = np.abs(t - t[0])
    settled = first[len(first) // 10 :]  # without the way to the attractor
    size = float(np.sqrt(2 * np.sum(np.var(settled, axis=0))))
    far = np.flatnonzero(apart >= fraction * size) if size > 0 else np.array([], dtype=int)
    reached = bool(len(far)) and apart[0] < 0.1 * fraction * size
    horizon = float(elapsed[far[0]]) if reached else None
    last = int(far[0]) if reached else len(t) - 1
    fit = growth(elapsed, apart, last)
    runs_away = _runs_away(first)
    sensitive = fit is not None and fit[0] > 0 and horizon is not None and not runs_away
    of_doubles = None
    if sensitive and fit is not None:
        rounding = _ROUNDING * float(np.sqrt(np.mean(np.sum(first**2, axis=1))))
        of_doubles = math.log(fraction * size / rounding) / fit[0]
    return Butterfly(
        t,
        first,
        second,
        apart,
        None if fit is None else fit[0],
        None if fit is None else fit[1],
        None if fit is None else (float(t[fit[2]]), float(t[fit[3]])),
        size,
        fraction,
        horizon if not runs_away else None,
        of_doubles,
        along,
        states,
        independent,
        _verdict(elapsed, apart, fit, horizon, runs_away, independent),
    )


def growth(elapsed: Array, apart: Array, last: int) -> tuple[float, float, int, int] | None:
    """The slope of ln(distance) over time up to `last`, its error, and the places between which it was fitted.

    None unless the logarithm is straight over time: straighter than over the logarithm of time, as a low power would
    have it, and over a factor of thirty at least. It begins where the distance is least, for it may shrink on the way
    to the attractor, and behind the first tenth, in which it turns into the direction that grows.
    """
    first = min(max(last // 10, int(np.argmin(apart[: last // 2 + 1]))), len(elapsed) - 2)
    if apart[last] < apart[first]:
        first = min(max(last // 10, int(np.argmax(apart[: last // 2 + 1]))), len(elapsed) - 2)
    places = np.arange(first, last + 1)
    places = places[(apart[places] > 0) & (elapsed[places] > 0)]
    if len(places) < 8:
        return None
    x, y = elapsed[places], np.log(apart[places])
    slope, error, left = _line(x, y)
    factor = abs(slope) * float(x[-1] - x[0])
    if factor < math.log(_STRAIGHT) and not (factor > math.log(_CLEAR) and left < 0.01 * factor):
        return None
    power, _, left_by_power = _line(np.log(x), y)
    if 0 < power < _POWER and left_by_power < left:
        return None
    return slope, error, int(places[0]), int(places[-1])


def _line(x: Array, y: Array) -> tuple[float, float, float]:
    """Slope, its error and the root mean square of what is left, of a straight line.

    Neighbouring points are not independent: the error is that of as many as the residuals change their sign.
    """
    centred = x - x.mean()
    slope = float(np.sum(centred * y) / np.sum(centred**2))
    rest = y - y.mean() - slope * centred
    left = float(np.sqrt(np.mean(rest**2)))
    independent = max(3, int(np.count_nonzero(np.diff(np.sign(rest)))) + 1)
    error = left / float(np.sqrt(np.mean(centred**2))) / math.sqrt(independent - 2)
    return slope, error, left


def _runs_away(path: Array) -> bool:
    """Whether a path goes ever farther, so that what it fills says nothing."""
    half = len(path) // 2
    early, late = (np.linalg.norm(part - path[0], axis=1).max() for part in (path[:half], path[half:]))
    return bool(late > 4 * early > 0)


def _may_still_grow(found: Butterfly) -> bool:
    """Whether a longer span may show more: the distance grows exponentially and has not saturated."""
    if found.rate is None or found.rate < 0 or _runs_away(found.first):
        return False
    return found.horizon is None or found.saturation is None


def _verdict(
    elapsed: Array, apart: Array, fit: Any, horizon: float | None, runs_away: bool, independent: str
) -> str:
    grown = float(apart[-1] / apart[0])
    if fit is not None and fit[0] > 0:
        if runs_away:
            return (
                f"the starts part like e^({fit[0]:.4g} {independent}), but the path itself runs away: it never comes "
                "back to where it was, and this is no chaos"
            )
        if horizon is not None:
            return (
                f"sensitive: the distance grows like e^({fit[0]:.4g} {independent}), and after "
                f"{horizon:.3g} of it nothing can be foreseen"
            )
        return (
            f"the distance grows like e^({fit[0]:.4g} {independent}) and has not yet reached the size of what the "
            "path fills: follow it for longer"
        )
    if fit is not None:
        return f"no chaos: the starts meet, the distance shrinks like e^({fit[0]:.4g} {independent})"
    if horizon is not None:
        return "the starts drift far apart, but not exponentially: no rate can be given"
    middle = len(apart) // 2
    later, earlier = float(apart[middle:].max()), float(apart[: middle + 1].max())
    if later > 1.5 * earlier:
        slowly = "too little to see a law in it" if grown < _STRAIGHT else "more slowly than any exponential"
        return f"no exponential growth: the distance grew {grown:.3g} times, {slowly}"
    if later < 0.5 * earlier:
        return f"no sign of chaos: the starts come nearer to each other ({grown:.3g} of the first distance at the end)"
    return f"no sign of chaos: the distance stays about what it was ({grown:.3g} times that of the start)"
