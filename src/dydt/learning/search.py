"""How a fit looks for its minimum: from one guess or many, along whole runs, or over pieces that grow together."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.errors import InputError, SolveWarning
from dydt.learning.follow import Pieces, Shooting, Whole
from dydt.learning.least_squares import Outcome, least_squares, total

if TYPE_CHECKING:
    from dydt.learning.fit import Fitting

Array = Any

_POOR = 2.0  # residuals so many times what neighbouring samples scatter: the law does not follow the data yet
_CHEAP = 1e-4  # tolerance of stages that only lead to the next one
_ITERATIONS = 40  # of such a stage
_PER_PIECE = 8  # samples of the shortest pieces
_MOST_PIECES = 48
# Of gaps, in the stages with up to so many pieces.
_WEIGHTS = {4: (10.0, 1e3, 1e6), 10: (1.0, 10.0, 1e3), _MOST_PIECES: (1.0, 10.0)}
# Before these, where states were not measured: gaps must not hold them where they are guessed.
_SOFT = (0.01, 0.1)
_WORSE = 1.5  # whole runs that meet the data so much worse than pieces are not followed
_LARGEST = 100_000  # starts
_STEPS = 50_000  # after which a solve that should say why a law can't be followed is given up


@dataclass(frozen=True)
class Start:
    """One of several starts.

    Attributes
    ----------
    values : tuple of float
        The unknowns, in their order.
    cost : float
        There; infinite if the law could not be followed.
    end : float
        After it was refined; NaN if it was not.
    """

    values: tuple[float, ...]
    cost: float
    end: float


@dataclass(frozen=True, eq=False)
class Found:
    """What a search gives.

    Attributes
    ----------
    outcome : Outcome
    way : str
        How it was found, in words.
    starts : tuple of Start
    pieces : Pieces or None
        If the runs could be followed in pieces only.
    """

    outcome: Outcome
    way: str
    starts: tuple[Start, ...] = ()
    pieces: Pieces | None = None


def check(starts: Any, shooting: Any, seed: Any) -> None:
    """Complain about options that can't be used."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"seed is a whole number from 0 on, and is {seed!r}")
    if isinstance(starts, bool) or not isinstance(starts, int | np.integer) or not 1 <= starts <= _LARGEST:
        raise InputError(f"starts is a whole number from 1 to {_LARGEST:,}, and is {starts!r}")
    is_count = isinstance(shooting, int | np.integer) and not isinstance(shooting, bool) and shooting >= 1
    if not (shooting == "auto" or isinstance(shooting, bool) or is_count):
        raise InputError(f'shooting is "auto", True, False or how many pieces, and is {shooting!r}')


def search(fitting: Fitting, starts: int, shooting: Any, seed: int, bar: Any) -> Found:
    """The best fit that can be found."""
    whole = fitting.whole
    first = fitting.start
    tried: tuple[Start, ...] = ()
    if starts > 1:
        outcome, tried = _many(fitting, starts, seed, bar)
    else:
        outcome = descend(fitting, whole, first, bar)
    found = Found(outcome, "", tried)
    wanted = shooting is not False and not fitting.ode.is_constrained
    if shooting == "auto":
        wanted = wanted and is_poor(fitting, whole, outcome)
    if wanted:
        found = _best(fitting, found, shooting, bar)
    if not math.isfinite(found.outcome.cost):
        raise InputError(_lost(fitting))
    return found


def descend(fitting: Fitting, whole: Whole, x: Array, bar: Any, tolerance: float = 1e-10) -> Outcome:
    """Down from one start along whole runs."""
    u = fitting.unknowns
    return least_squares(whole, x, u.lower, u.upper, fitting.loss, tolerance, watch=_watch(bar))


def _watch(bar: Any) -> Any:
    if bar is None:
        return None
    return lambda count, cost: bar(min(0.99, count / 100.0), count)


def is_poor(fitting: Fitting, whole: Whole, outcome: Outcome) -> bool:
    """Whether the residuals are far larger than the noise that neighbouring samples show."""
    return misfit(fitting, whole, outcome) > _POOR


def misfit(fitting: Fitting, whole: Whole, outcome: Outcome) -> float:
    """How large residuals are, in units of the noise that is known, or that neighbouring samples show."""
    if not math.isfinite(outcome.cost):
        return math.inf
    unit = np.maximum(fitting.scatter, 0.01 * fitting.widths)[whole.column]
    off = np.abs(outcome.residuals[: whole.count] * whole.noise[whole.column] / unit)
    return math.sqrt(float(np.mean(off**2))) if fitting.loss == "linear" else 1.4826 * float(np.median(off))


def doubt(fitting: Fitting, whole: Whole, outcome: Outcome) -> str:
    """What to say of a fit that misses the data."""
    size = misfit(fitting, whole, outcome)
    if size <= _POOR:
        return ""
    measure = (
        "the noise that was given" if fitting.data.noise is not None else "what neighbouring samples scatter"
    )
    return (
        f"the residuals are {size:.2g} times {measure}: the law misses the data, or this is not the best fit; try "
        "other guesses, bounds, or starts=32"
    )


def _lost(fitting: Fitting) -> str:
    values = fitting.unknowns.values(fitting.start)
    listed = ", ".join(f"{n} = {v:.4g}" for n, v in zip(fitting.free, values, strict=False))
    begin = f" ({listed})" if listed else ""
    name = fitting.free[0] if fitting.free else fitting.ode.states[0]
    return (
        f"the law can't be followed along the data from where the fit begins{begin}: {_ending(fitting)}; give guesses "
        f"that are nearer, as in {name}=1, bounds, or several starts, starts=32"
    )


def _ending(fitting: Fitting) -> str:
    """How the first run that is not followed ends."""
    ode, u = fitting.ode, fitting.unknowns
    parameters, first, _ = u.begin(fitting.start)
    for start, y, run in zip(u.starts, first, fitting.data.runs, strict=True):
        given = {n: float(v) for n, v in zip((*ode.parameters, *ode.states), (*parameters, *y), strict=True)}
        given = {n: v for n, v in given.items() if math.isfinite(v) and n not in ode.equations.algebraic}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SolveWarning)
                end = ode.solve(
                    (float(start), float(run.t[-1])), values=given, saveat="end", step_limit=_STEPS
                )
        except InputError as error:
            return str(error)
        if end.status != "done":
            return end.message.rstrip(".")
    return "it blows up or takes too many steps"


# -- many starts --------------------------------------------------------------------------------------------------


def _many(fitting: Fitting, starts: int, seed: int, bar: Any) -> tuple[Outcome, tuple[Start, ...]]:
    """Try many starts at once, and go down from the best."""
    u, whole = fitting.unknowns, fitting.whole
    points = np.vstack([fitting.start, _spread(fitting, starts - 1, seed)])
    costs = np.array([total(fitting.loss, r) for r in whole.residuals_of(points)])
    order = np.argsort(costs, kind="stable")
    refined = [i for i in order[: max(3, min(8, starts // 4))] if math.isfinite(costs[i])]
    ends = np.full(len(points), math.nan)
    best: Outcome | None = None
    for i in refined:
        outcome = descend(fitting, whole, points[i], bar, _CHEAP)
        ends[i] = outcome.cost
        if best is None or outcome.cost < best.cost:
            best = outcome
    if best is None or not math.isfinite(best.cost):
        best = descend(fitting, whole, fitting.start, bar)
    else:
        best = descend(fitting, whole, best.x, bar)
    tried = [
        Start(tuple(map(float, u.values(x))), float(c), float(e))
        for x, c, e in zip(points, costs, ends, strict=True)
    ]
    return best, tuple(tried)


def _spread(fitting: Fitting, count: int, seed: int) -> Array:
    """Starts spread evenly in every unknown: a Latin hypercube within bounds, or a decade to both sides of a guess.

    M. D. McKay, R. J. Beckman, W. J. Conover, Technometrics 21 (1979) 239–245, doi:10.2307/1268522.
    """
    u, random = fitting.unknowns, np.random.default_rng(seed)
    points = np.tile(fitting.start, (count, 1))
    for i in range(u.size):
        low, high, x = u.lower[i], u.upper[i], fitting.start[i]
        bounded = math.isfinite(low) and math.isfinite(high)
        if i >= len(u.free) and not bounded:
            continue  # initial values begin where the data do
        part = (random.permutation(count) + random.random(count)) / max(count, 1)
        if bounded:
            points[:, i] = low + part * (high - low)
        elif u.logarithmic[i]:
            points[:, i] = x + (2.0 * part - 1.0) * math.log(10.0)
        elif x != 0:
            points[:, i] = x * 10.0 ** (2.0 * part - 1.0)
        else:
            points[:, i] = 2.0 * part - 1.0
    return np.clip(points, u.lower, u.upper)


# -- pieces -------------------------------------------------------------------------------------------------------


def _best(fitting: Fitting, found: Found, shooting: Any, bar: Any) -> Found:
    """The better of what was found and of what pieces lead to, from the guess and from matched slopes."""
    u = fitting.unknowns
    starts = [fitting.start]
    values = dict(zip(fitting.ode.parameters, map(float, u.parameters(fitting.start)), strict=True))
    matched = fitting.matched or fitting.sketch.parameters(fitting.free, values, fitting.bounds)
    if matched is not None:
        x = fitting.start.copy()
        x[: len(u.free)] = u.variables(_with(u.values(x), list(matched.values())))[: len(u.free)]
        starts.insert(0, np.clip(x, u.lower, u.upper))
    for x in starts:
        for candidate in _by_pieces(fitting, x, shooting, bar):
            is_whole = candidate.pieces is None
            own = candidate.outcome.cost
            if is_whole and own < found.outcome.cost * (1.0 - 1e-9):
                found = Found(candidate.outcome, candidate.way, found.starts)
            elif not is_whole and (own * _WORSE**2 < found.outcome.cost):
                found = Found(candidate.outcome, candidate.way, found.starts, candidate.pieces)
        if not is_poor(fitting, fitting.whole, found.outcome):
            break
    return found


def _with(values: Array, first: list[float]) -> Array:
    values = values.copy()
    values[: len(first)] = first
    return values


def cut(fitting: Fitting, x: Array, shooting: Any) -> Pieces:
    """Pieces of some samples each, beginning on the smooth curves."""
    _, first, _ = fitting.unknowns.begin(x)
    nodes, states = [], []
    for k, run in enumerate(fitting.data.runs):
        count = len(run.t) // _PER_PIECE if isinstance(shooting, str | bool) else int(shooting)
        count = max(1, min(count, _MOST_PIECES, len(run.t) // 2))
        inside = np.interp(np.arange(1, count) * len(run.t) / count - 0.5, np.arange(len(run.t)), run.t)
        nodes.append(np.concatenate([[fitting.unknowns.starts[k]], inside]))
        told = fitting.sketch.states(k, inside)
        states.append(np.where(np.isnan(told), first[k], told))
    return Pieces(nodes, states)


def _by_pieces(fitting: Fitting, x: Array, shooting: Any, bar: Any) -> list[Found]:
    """Fit pieces, make them fewer and longer, and follow whole runs at last.

    The outcomes: of whole runs, and of the longest pieces that could be followed.
    """
    whole, units = fitting.whole, gap_units(fitting)
    pieces = cut(fitting, x, shooting)
    way = f"multiple shooting over {pieces.most} pieces"
    last: tuple[Outcome, Pieces] | None = None
    softer = _SOFT if len(fitting.sketch.told) < len(fitting.ode.states) else ()
    while pieces.most > 1:
        made = None
        for weight in (*softer, *_weights(pieces.most)):
            made = _stage(fitting, Shooting(whole, pieces, units, weight), x, bar)
            if made is None:
                break
            stage, x, pieces = made
        softer = ()
        if made is None:
            break
        stage = _of_samples(fitting, stage)
        if last is not None and stage.cost > _WORSE**2 * last[0].cost:
            break  # pieces as long as these can't be followed
        last = (stage, pieces)
        pieces = pieces.fewer(2)
    outcome = descend(fitting, whole, x if last is None else last[0].x, bar)
    found = [Found(outcome, way)]
    if last is not None:
        kept, pieces = last
        shooting = joined(fitting, pieces)
        residuals, jacobian = shooting(shooting.variables(kept.x))
        kept = replace(kept, residuals=residuals, jacobian=jacobian)
        found.append(Found(kept, f"{way}, of which {pieces.most} are left", (), pieces))
    return found


def joined(fitting: Fitting, pieces: Pieces) -> Shooting:
    """Pieces whose gaps count as much as samples, and leave room for what the law can't follow: errors are told from
    there."""
    return Shooting(fitting.whole, pieces, gap_units(fitting), _WEIGHTS[_MOST_PIECES][-1])


def _weights(pieces: int) -> tuple[float, ...]:
    """Of gaps: the longer the pieces, the more does a gap grow along the next one, and the smaller must it be."""
    return next(weights for most, weights in _WEIGHTS.items() if pieces <= most)


def gap_units(fitting: Fitting) -> Array:
    """What gaps between pieces are measured by: the noise, or a hundredth of a state."""
    units = 0.01 * fitting.sizes
    units[fitting.whole.measured] = np.maximum(fitting.whole.noise, 1e-3 * units[fitting.whole.measured])
    return units


def _stage(fitting: Fitting, shooting: Shooting, x: Array, bar: Any) -> tuple[Outcome, Array, Pieces] | None:
    u = fitting.unknowns
    more = shooting.size - u.size
    lower = np.concatenate([u.lower, np.full(more, -np.inf)])
    upper = np.concatenate([u.upper, np.full(more, np.inf)])
    outcome = least_squares(
        shooting, shooting.variables(x), lower, upper, fitting.loss, _CHEAP, _ITERATIONS, _watch(bar)
    )
    if not math.isfinite(outcome.cost):
        return None
    x, pieces = shooting.split(outcome.x)
    return outcome, x, pieces


def _of_samples(fitting: Fitting, outcome: Outcome) -> Outcome:
    """The outcome of pieces with the cost of the samples alone, and the unknowns alone; residuals stay whole."""
    count, q = fitting.whole.count, fitting.unknowns.size
    cost = total(fitting.loss, outcome.residuals[:count])
    return replace(outcome, x=outcome.x[:q], cost=cost, at_bound=outcome.at_bound[:q])
