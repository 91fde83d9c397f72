"""From where the minimiser ended to a `Fit`: errors, noise, what is left open, the law."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.expr.graph import number
from dydt.learning.fitted import Fit
from dydt.learning.follow import Whole
from dydt.learning.identify import Direction, in_words, spread
from dydt.learning.least_squares import TURNS, Outcome, rho, total
from dydt.learning.search import doubt

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
