"""From where the minimiser ended to a `Fit`: errors, noise, what is left open, the law."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.expr.graph import number
from dydt.learning.fitted import Fit
from dydt.learning.follow import Whole
from dydt.learning.identify import Spread, in_words, spread
from dydt.learning.least_squares import TURNS, Outcome, rho, total
from dydt.learning.search import doubt, joined

if TYPE_CHECKING:
    from dydt.learning.fit import Fitting
    from dydt.learning.search import Found
    from dydt.ode import ODE

Array = Any


def build(fitting: Fitting, whole: Whole, outcome: Outcome, found: Found, seconds: float) -> Fit:
    """The result from where the minimiser ended."""
    u, data = fitting.unknowns, fitting.data
    count, q = whole.count, u.size
    residuals, given = outcome.residuals[:count], data.noise is not None
    values = u.values(outcome.x)
    freedom = count - q
    jacobian = outcome.jacobian
    if u.has_logarithms:
        factors = np.concatenate([u.factors(outcome.x), np.ones(jacobian.shape[1] - q)])
        # Where a logarithm has gone to minus infinity, the value is zero, and nothing depends on it.
        jacobian = np.divide(jacobian, factors, np.zeros_like(jacobian), where=factors > 0)
    more = _piece_values(found, jacobian.shape[1] - q)
    sizes = np.concatenate([_sizes(fitting), np.maximum(np.abs(more), 1e-3)])
    reach = float(np.max(fitting.widths / whole.noise))
    made = spread(jacobian, np.concatenate([values, more]), sizes, reach)
    noise = whole.noise if given else fitting.noise_of(whole, residuals)
    scale = _scale(fitting.loss, residuals, freedom, given)
    covariance = made.covariance[:q, :q] * scale
    held = outcome.at_bound[:q]
    errors = np.where(made.loose[:q], np.inf, np.sqrt(covariance.diagonal()))
    names = u.names([run.name or str(k + 1) for k, run in enumerate(data.runs)])
    directions = in_words(_of_unknowns(made, q), names, values, _cost(fitting, whole, found))
    status, message = _ending(outcome, found)
    parameters, first, slopes = u.begin(outcome.x)
    if fitting.ode.is_constrained:
        shared = np.tile(parameters, (len(first), 1))
        first = whole.trajectories.starts(u.starts, first, slopes, shared)
    runs = {
        run.name or str(k + 1): _by_state(fitting.ode, y)
        for k, (run, y) in enumerate(zip(data.runs, first, strict=True))
    }
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


def _of_unknowns(made: Spread, count: int) -> Spread:
    """The open directions in which no piece begins elsewhere."""
    own = tuple(d for d in made.directions if np.all(np.abs(d[count:]) < 1e-3))
    return replace(made, directions=own)


def _cost(fitting: Fitting, whole: Whole, found: Found) -> Callable[[Array], float]:
    """The cost of the fit by the values of the unknowns, along whole runs or pieces."""
    u = fitting.unknowns
    shooting = None if found.pieces is None else joined(fitting, found.pieces)

    def cost(values: Array) -> float:
        x = u.variables(values)
        residuals = shooting(shooting.variables(x))[0] if shooting else whole.residuals_of(x[None])[0]
        return total(fitting.loss, residuals)

    return cost


def _sizes(fitting: Fitting) -> Array:
    """What unknowns are measured by where they are zero."""
    u = fitting.unknowns
    of_states = [fitting.sizes[fitting.ode.states.index(s)] for s in u.fitted]
    return np.array([1.0] * len(u.free) + of_states * len(u.starts))


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
    squares = np.bincount(whole.column, off**2) / np.bincount(whole.column)
    return dict(zip(states, map(float, np.sqrt(squares)), strict=True))


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
