"""Consistent initial values: what the constraints of M y' = f leave open at the start, found by Newton's method.

With V the directions in which a state moves without a change of M y, and g the constraints, z of g(t, y + V z) = 0 is
looked for. Steps are damped by the natural monotonicity test (Deuflhard, Newton Methods for Nonlinear Problems,
Springer 2004, sec. 3.3), which does not depend on the units that constraints are written in. Many starts are worked on
at once, each by itself: one that is found in a sweep equals the one of a single solve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from dydt.errors import InputError
from dydt.expr.equations import Equations
from dydt.expr.graph import symbols
from dydt.expr.mass import Constraints
from dydt.kernels.numpy import evaluate

Array = Any
Changes = dict[str, tuple[float, float]]

_MOST_STEPS = 400  # a diode's exponential is climbed down in steps of its thermal voltage
_A_FEW_STEPS = 40  # where many guesses are tried, and one will do
_LEAST_DAMPING = 1e-6
_ROUNDING = 1e-13  # of a state's size: a Newton step below it says that the root is found
_GOOD_ENOUGH = 1e-10  # where rounding in the constraints allows no better
_APART = 1e-6  # roots this far from each other are two
_SIZES = (1.0, 0.1, 10.0, 2.0, 0.5, 3.0, 0.3, 5.0, 30.0, 0.03, 100.0, 0.01, 1000.0, 1e-3)
_GUESSES = (0.0, *(sign * size for size in _SIZES for sign in (1.0, -1.0)))
_SIGNS_UP_TO = 3  # unknowns for which all combinations of signs are tried
_AT_ONCE = 20_000  # starts


@dataclass(frozen=True)
class Found:
    """Consistent states, and what was not found.

    Attributes
    ----------
    states : ndarray, shape (k, n)
        NaN in rows where nothing was found.
    missed : ndarray of bool, shape (k,)
    roots : list of list of ndarray
        For each start the distinct states that satisfy the constraints, as far as they were looked for.
    """

    states: Array
    missed: Array
    roots: list[list[Array]]


class Starter:
    """Makes initial states of a law consistent.

    Parameters
    ----------
    equations : Equations
        With a singular mass matrix.
    """

    def __init__(self, equations: Equations) -> None:
        constraints = Constraints.of(equations)
        assert constraints is not None
        self.equations, self.constraints = equations, constraints
        self._places = tuple(np.array(list(constraints.block), dtype=int).reshape(-1, 2).T)
        self._block = list(constraints.block.values())
        self._bends = set(symbols(self._block))
        self.algebraic = [i for i, name in enumerate(equations.states) if name in equations.algebraic]
        self.latest: tuple[Any, Array, Changes] | None = None  # what was asked last, and the answer
        self._moved = np.flatnonzero(np.abs(constraints.directions).sum(axis=1))

    def find(self, t: float, states: Array, parameters: Array) -> Found:
        """The consistent states next to `states`, one a row; NaN stands where no guess is given.

        Without a guess, or where Newton's method fails from it, several are tried; roots that differ are all
        reported, and which one is meant is for the caller to say.
        """
        states, parameters = np.atleast_2d(np.asarray(states, float)), np.atleast_2d(parameters)
        at_once = max(1, _AT_ONCE // len(_GUESSES)) if np.isnan(states).any() else _AT_ONCE
        parts = []
        for k in range(0, len(states), at_once):
            some, p = states[k : k + at_once], parameters[k : k + at_once]
            part = self._find(t, some, p, _A_FEW_STEPS)
            if part.missed.any():
                _fill(part, self._find(t, some[part.missed], p[part.missed], _MOST_STEPS))
            again = np.flatnonzero(part.missed)
            if len(again) and len(self.algebraic):
                open_states = some[again]
                open_states[:, self.algebraic] = np.nan
                _fill(part, self._find(t, open_states, p[again], _A_FEW_STEPS))
            parts.append(part)
        return Found(
            np.concatenate([part.states for part in parts]),
            np.concatenate([part.missed for part in parts]),
            [roots for part in parts for roots in part.roots],
        )

    def _find(self, t: float, states: Array, parameters: Array, steps: int) -> Found:
        unknown = np.flatnonzero(np.isnan(states).any(axis=0))
        guesses = self._guesses(unknown)
        count = len(states)
        first, parameters = np.tile(states, (len(guesses), 1)), np.tile(parameters, (len(guesses), 1))
        for g, guess in enumerate(guesses):  # all guesses at once, one block of starts each
            block = first[g * count : (g + 1) * count]
            block[:, unknown] = np.where(np.isnan(states[:, unknown]), guess, states[:, unknown])
        with np.errstate(all="ignore"):  # what is not finite is no root
            results, goods = self._newton(t, first, parameters, steps)
        found = np.full(states.shape, np.nan)
        roots: list[list[Array]] = [[] for _ in states]
        for result, good in zip(
            results.reshape(len(guesses), *states.shape), goods.reshape(len(guesses), count), strict=True
        ):
            fresh = good & np.isnan(found[:, 0])
            found[fresh] = result[fresh]
            # What is as good as the first root need not be looked at one by one.
            if len(unknown):
                for k in np.flatnonzero(fresh | (good & ~_are_same(result, found, self._moved))):
                    _collect(roots[k], result[k], self._moved)
        return Found(found, np.isnan(found).any(axis=1), roots)

    def _guesses(self, unknown: Array) -> list[Array]:
        """Values for the states without a guess; one set of them will do if the constraints are linear in them."""
        count = len(unknown)
        names = {self.equations.states[i] for i in unknown}
        guesses = [np.full(count, value) for value in _GUESSES]
        if not count or not names & self._bends:
            return guesses[:1]
        if 1 < count <= _SIGNS_UP_TO:
            guesses += [np.array(signs) for signs in product((1.0, -1.0), repeat=count)]
        elif count > 1:
            guesses += [np.where(np.arange(count) % 2, 1.0, -1.0), np.where(np.arange(count) % 2, -1.0, 1.0)]
        return guesses

    def residuals(self, t: float, states: Array, parameters: Array) -> Array:
        """g, one row a state."""
        return self._values(self.constraints.nodes, t, states, parameters)

    def _values(self, nodes: Sequence[Any], t: float, states: Array, parameters: Array) -> Array:
        law = self.equations
        inputs: dict[str, Any] = {law.independent: np.full(len(states), t)}
        columns = np.broadcast_to(parameters, (len(states), parameters.shape[1])).T
        inputs |= dict(zip(law.parameters, columns, strict=True))
        inputs |= dict(zip(law.states, states.T, strict=True))
        values = evaluate(nodes, {name: np.ascontiguousarray(v) for name, v in inputs.items()})
        return np.array([np.broadcast_to(v, len(states)) for v in values]).reshape(len(nodes), len(states)).T

    def _matrices(self, t: float, states: Array, parameters: Array) -> Array:
        size = len(self.constraints.nodes)
        matrices = np.zeros((len(states), size, size))
        matrices[:, self._places[0], self._places[1]] = self._values(self._block, t, states, parameters)
        return matrices

    def _newton(self, t: float, states: Array, parameters: Array, steps: int) -> tuple[Array, Array]:
        """Damped Newton steps from each start; gives where they ended, and whether that is a root."""
        y, directions = states.copy(), self.constraints.directions
        good, going, damping = np.zeros(len(y), bool), np.ones(len(y), bool), np.ones(len(y))
        for _ in range(steps):
            at = np.flatnonzero(going)
            if not len(at):
                break
            p = parameters[at]
            matrices = self._matrices(t, y[at], p)
            z = _solved(matrices, -self.residuals(t, y[at], p))
            move = z @ directions.T
            size = np.abs(y[at]) + 1e-3 * np.abs(y[at]).max(axis=1, keepdims=True)
            done = np.all(np.abs(move) <= _ROUNDING * size, axis=1)
            close = np.all(np.abs(move) <= _GOOD_ENOUGH * size, axis=1)
            there = self._line_search(t, y, at, p, (matrices, z, move), damping, done)
            stuck = ~there & ~done
            good[at[done | (stuck & close)]] = True
            going[at[done | stuck]] = False
        return y, good

    def _line_search(
        self,
        t: float,
        y: Array,
        at: Array,
        parameters: Array,
        newton: tuple[Array, Array, Array],
        damping: Array,
        done: Array,
    ) -> Array:
        """Shorten the steps until the next simplified one is smaller; moves `y`, and tells which could be made."""
        matrices, z, move = newton
        length = np.linalg.norm(z, axis=1)
        wanted = ~done & np.isfinite(length)
        made = np.zeros(len(at), bool)
        damping[at] = np.minimum(1.0, 4.0 * damping[at])
        while wanted.any():
            some = np.flatnonzero(wanted)
            factor = damping[at[some]]
            p = parameters[some]
            trial = y[at[some]] + factor[:, None] * move[some]
            ahead = np.linalg.norm(_solved(matrices[some], -self.residuals(t, trial, p)), axis=1)
            accepted = ahead <= (1.0 - 0.5 * factor) * length[some]  # not, if it is not finite
            taken = some[accepted]
            y[at[taken]] = trial[accepted]
            made[taken], wanted[taken] = True, False
            rejected = some[~accepted]
            damping[at[rejected]] *= 0.5
            wanted[rejected] &= damping[at[rejected]] > _LEAST_DAMPING
        return made


def _solved(matrices: Array, right: Array) -> Array:
    """Each matrix's solution; NaN where it is singular."""
    if matrices.shape[-1] == 1:
        return right / matrices[:, 0]
    try:
        return np.linalg.solve(matrices, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        if len(matrices) == 1:
            return np.full(right.shape, np.nan)
        return np.concatenate([_solved(m[None], r[None]) for m, r in zip(matrices, right, strict=True)])


def _fill(part: Found, other: Found) -> None:
    """Put what was found for the missed starts into their places."""
    missed = np.flatnonzero(part.missed)
    part.states[missed], part.missed[missed] = other.states, other.missed
    for i, roots in zip(missed, other.roots, strict=True):
        part.roots[i].extend(roots)


def _collect(roots: list[Array], state: Array, moved: Array) -> None:
    """Add a state to the distinct ones."""
    if not any(_are_same(state, other, moved) for other in roots):
        roots.append(state)


def _are_same(a: Array, b: Array, moved: Array) -> Any:
    """Whether two states are one root; of several, a row each."""
    return np.all(np.abs(a - b)[..., moved] <= _APART * (np.abs(a) + np.abs(b))[..., moved] + 1e-12, axis=-1)


# -- in words -----------------------------------------------------------------------------------------------------


def one_start(starter: Starter, t: float, state: Array, parameters: Array) -> tuple[Array, Changes]:
    """The consistent state next to a given one, and what was changed: state -> (given, found).

    Raises
    ------
    InputError
        If there is none, or there are several and no guess says which; the message lists them.
    """
    state, parameters = np.asarray(state, float), np.asarray(parameters, float)
    asked = (t, state.tobytes(), parameters.tobytes())
    if starter.latest is not None and starter.latest[0] == asked:
        return starter.latest[1].copy(), starter.latest[2]
    found = starter.find(t, state, parameters)
    names = starter.equations.states
    if found.missed[0]:
        raise InputError(no_start(starter, t, state, parameters))
    if len(found.roots[0]) > 1:
        raise InputError(several_starts(starter, state, found.roots[0]))
    new = found.states[0]
    changed = np.flatnonzero(np.abs(new - state) > 1e-9 * (np.abs(state) + 1e-3 * np.abs(new).max()))
    changes = {names[i]: (float(state[i]), float(new[i])) for i in changed}
    starter.latest = asked, new.copy(), changes
    return new, changes


def starts(starter: Starter, t: float, states: Array, parameters: Array) -> Found:
    """The consistent states next to given ones, one a row; those that are not found spoil no others.

    Raises
    ------
    InputError
        If none is found, or if some could be one of several.
    """
    found = starter.find(t, states, parameters)
    for k, roots in enumerate(found.roots):
        if len(roots) > 1:
            raise InputError(f"member {k}: {several_starts(starter, states[k], roots)}")
    if found.missed.all():
        raise InputError(no_start(starter, t, states[0], parameters[0]))
    return found


def no_start(starter: Starter, t: float, state: Array, parameters: Array) -> str:
    """What to say when Newton's method fails."""
    names = starter.equations.states
    guessed = np.where(np.isnan(state), 0.0, state)[None]
    residuals = starter.residuals(t, guessed, parameters[None])[0]
    worst = int(np.argmax(np.where(np.isfinite(residuals), np.abs(residuals), np.inf)))
    free = [names[i] for i in starter._moved]
    values = ", ".join(f"{name} = {guessed[0, names.index(name)]:.6g}" for name in free[:4])
    text = (
        f"no consistent initial values: from {values} no {_listed(free)} can be found so that "
        f"`0 = {starter.constraints.nodes[worst]}`; there its right-hand side is {residuals[worst]:.3g}"
    )
    matrix = starter._matrices(t, guessed, parameters[None])[0]
    if not np.isfinite(residuals).all() or not np.isfinite(matrix).all():
        return text + ". Check the values of the parameters and states in it"
    if np.linalg.matrix_rank(matrix) < len(matrix):
        text += (
            f". At that place the constraints do not determine {_listed(free)} (their derivative with respect to it is "
            "singular), so that the index is higher than 1 there"
        )
    return text + ". Give another guess, or change the values of the other states"


def several_starts(starter: Starter, state: Array, roots: list[Array]) -> str:
    """What to say when the constraints have several solutions."""
    open_names = [
        name for name, value in zip(starter.equations.states, state, strict=True) if np.isnan(value)
    ]
    open_names = open_names or list(starter.equations.algebraic)
    name = open_names[0]
    value = f"{roots[0][starter.equations.states.index(name)]:.6g}"
    how = f'values={{"{name}": {value}}}' if "'" in name else f"{name}={value}"
    return (
        f"the constraints leave a choice for {_listed(open_names)}: {_shown(starter, roots, open_names)}. "
        f"Choose the branch with {name}(0) = {value} in the law, or {how} in the call"
    )


def _shown(starter: Starter, roots: list[Array], names: Sequence[str] | None = None) -> str:
    states = starter.equations.states
    names = names or [states[i] for i in starter._moved]
    texts = [", ".join(f"{n} = {root[states.index(n)]:.6g}" for n in names[:4]) for root in roots[:6]]
    return " or ".join(texts) + (" or …" if len(roots) > 6 else "")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:4]) + (" …" if len(names) > 4 else "")
