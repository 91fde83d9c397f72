"""Where a fit begins: states from smooth curves through the data, and parameters from the slopes of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.expr.derive import jacobian
from dydt.kernels.numpy import evaluate
from dydt.learning.data import Data
from dydt.learning.least_squares import least_squares
from dydt.learning.smooth import Smooth

if TYPE_CHECKING:
    from dydt.ode import ODE

Array = Any

_POINTS = 400  # at which slopes are matched
_ENOUGH = 2000  # samples through which a curve is drawn
_NEAR = 7  # samples that tell of a place


class Sketch:
    """What the data say of the states between the samples, before a law is known.

    States that were not measured are told where they are the slope of one that was, as x' is of x.

    Parameters
    ----------
    ode : ODE
    data : Data
    """

    def __init__(self, ode: ODE, data: Data) -> None:
        self.ode, self.data = ode, data
        self._sources = self._find_sources()

    @cached_property
    def curves(self) -> list[Smooth]:
        """Of each run; they take longer to make than many a fit, and are made if they are asked for."""
        few = [slice(None, None, 1 + len(run.t) // _ENOUGH) for run in self.data.runs]
        return [Smooth(run.t[some], run.y[some]) for some, run in zip(few, self.data.runs, strict=True)]

    def _find_sources(self) -> dict[int, tuple[int, int]]:
        """State -> (column of the data, how often it is differentiated)."""
        law = self.ode.equations
        found = {law.states.index(s): (j, 0) for j, s in enumerate(self.data.states)}
        slopes = {i: node.value for i, node in enumerate(law.derivatives) if node.operation == "symbol"}
        for _ in law.states if law.mass is None else ():
            for i, name in slopes.items():
                if i in found and name in law.states and law.states.index(name) not in found:
                    column, times = found[i]
                    if times < 2:
                        found[law.states.index(name)] = (column, times + 1)
        return found

    @property
    def sources(self) -> dict[int, tuple[int, int]]:
        """State -> (column of the data, how often it is differentiated), for those that the data tell."""
        return dict(self._sources)

    @property
    def told(self) -> set[str]:
        """The states that the data tell."""
        return {self.ode.states[i] for i in self._sources}

    def first(self, run: int, t: float) -> Array:
        """The states at a time, from a parabola through the samples next to it; NaN where the data do not tell."""
        found = np.full(len(self.ode.states), np.nan)
        times, values = self.data.runs[run].t, self.data.runs[run].y
        parabolas: dict[bytes, Array] = {}  # columns often have the same times
        for i, (column, order) in self._sources.items():
            there = np.flatnonzero(np.isfinite(values[:, column]))
            near = there[np.argsort(np.abs(times[there] - t), kind="stable")[:_NEAR]]
            if len(near):
                key, y = near.tobytes(), values[near, column]
                if key not in parabolas:
                    parabolas[key] = _parabola(times[near], t)
                found[i] = parabolas[key][order] @ y
                if order == 0:  # a parabola may dip below zero where no sample does
                    found[i] = min(max(found[i], y.min()), y.max())
        return found

    def states(self, run: int, t: Array) -> Array:
        """The states at these times, NaN where the data do not tell: shape (len(t), n)."""
        return self._derivatives(run, t, 0)

    def slopes(self, run: int, t: Array) -> Array:
        """Their derivatives."""
        return self._derivatives(run, t, 1)

    def _derivatives(self, run: int, t: Array, order: int) -> Array:
        found, curve = np.full((len(t), len(self.ode.states)), np.nan), self.curves[run]
        for i, (column, times) in self._sources.items():
            if curve.known[column]:
                found[:, i] = curve.derivative(column, times + order, t)
        return found

    def sizes(self) -> Array:
        """How large each state is: what its errors are measured by."""
        found = np.ones(len(self.ode.states))
        largest = np.nanmax(np.abs(np.concatenate([run.y for run in self.data.runs])), axis=0)
        for i, (column, order) in self._sources.items():
            width = float(largest[column])
            if order:
                spacing = min(float(np.median(np.diff(run.t))) for run in self.data.runs)
                width /= (_NEAR * spacing) ** order
            found[i] = width or 1.0
        return found

    def parameters(
        self, free: Sequence[str], values: Mapping[str, float], bounds: Mapping[str, tuple[float, float]]
    ) -> dict[str, float] | None:
        """The free parameters with which the law's slopes are nearest to those of smooth curves; None if the data do
        not tell all states, or it can't be said.

        J. M. Varah, SIAM J. Sci. Stat. Comput. 3 (1982) 28–46, doi:10.1137/0903003.
        """
        law = self.ode.equations
        if not free or len(self._sources) < len(law.states) or law.mass is not None:
            return None
        t, y, slopes = self._points()
        if not len(t):
            return None
        units = np.sqrt(np.mean(slopes**2, axis=0))
        units[units == 0] = 1.0
        entries = jacobian(law, free)
        inputs: dict[str, Any] = {**values, law.independent: t, **dict(zip(law.states, y.T, strict=True))}

        def misfit(p: Array) -> tuple[Array, Array]:
            tried = inputs | dict(zip(free, p, strict=True))
            with np.errstate(all="ignore"):
                made = np.array([np.broadcast_to(v, t.shape) for v in evaluate(law.derivatives, tried)])
                parts = evaluate(list(entries.values()), tried)
            rows = np.zeros((len(law.states), len(t), len(free)))
            for (i, j), part in zip(entries, parts, strict=True):
                rows[i, :, j] = part
            residuals = (made - slopes.T) / units[:, None]
            return residuals.reshape(-1), (rows / units[:, None, None]).reshape(-1, len(free))

        start = np.array([values[n] for n in free])
        with np.errstate(all="ignore"):  # smooth curves may leave where the law can be evaluated
            there = np.all(np.isfinite(misfit(start)[0].reshape(-1, len(t))), axis=0)
        if not there.any():
            return None
        t, slopes = t[there], slopes[there]
        inputs |= {name: column[there] for name, column in inputs.items() if np.ndim(column)}
        low, high = (np.array([bounds.get(n, (-np.inf, np.inf))[k] for n in free]) for k in (0, 1))
        plain = least_squares(misfit, start, low, high, "linear", 1e-8, 100)
        found = least_squares(misfit, plain.x, low, high, "huber", 1e-8, 100)
        if not np.isfinite(found.cost):
            return None
        return dict(zip(free, map(float, found.x), strict=True))

    def _points(self) -> tuple[Array, Array, Array]:
        """Times, states and slopes, away from the ends, where splines are least sure, as far as all columns reach."""
        parts = []
        most = max(20, _POINTS // len(self.data.runs))
        for k, run in enumerate(self.data.runs):
            inside = run.t[1:-1] if len(run.t) > 6 else run.t
            places = np.linspace(0, len(inside) - 1, min(most, len(inside)))
            t = np.interp(places, np.arange(len(inside)), inside)
            t = t[self.curves[k].tells(t)]
            parts.append((t, self.states(k, t), self.slopes(k, t)))
        t, y, slopes = (np.concatenate(items) for items in zip(*parts, strict=True))
        return t, y, slopes


def _parabola(times: Array, t: float) -> Array:
    """What samples at these times count for the value, slope and curvature at t of the parabola that is next to them,
    of a line or a constant if there are few: shape (3, samples)."""
    unit, centre = float(times.max() - times.min()) or 1.0, float(times.mean())
    powers = np.vander((times - centre) / unit, 1 + min(2, len(times) // 2), increasing=True)
    at = (t - centre) / unit
    derivatives = np.array([[1.0, at, at * at], [0.0, 1.0, 2.0 * at], [0.0, 0.0, 2.0]])[:, : powers.shape[1]]
    return derivatives @ np.linalg.solve(powers.T @ powers, powers.T) / np.array([[1.0], [unit], [unit**2]])
