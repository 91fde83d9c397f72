"""The curves of an explanation, and the points of the native solver that lie on them: what a picture shows."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.calculus.notation import latex
from dydt.errors import DydtError, InputError

if TYPE_CHECKING:
    from dydt.analytic.explanation import Explanation

Array = Any

_POINTS = 801
_MARKS = 25
_TALLEST = 25.0
_CONSTANTS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Curve:
    """One curve: the name of the unknown, its label in LaTeX without dollars, its points, and native ones."""

    name: str
    label: str
    t: Array
    values: Array
    marks: tuple[Array, Array] | None = None


def curves(explanation: Explanation, span: tuple[float, float]) -> list[Curve]:
    """The solution through the initial point with the native one; or some members of a family with one constant.

    Raises
    ------
    InputError
        If there is nothing to draw without initial values or parameters.
    """
    problem = explanation.problem
    if not explanation.solved:
        raise InputError(f"there is no closed form to draw: {explanation.message}")
    times = np.linspace(*span, _POINTS)
    names = [u.func.__name__ for u in problem.unknowns]
    if problem.parameters:
        raise InputError(f"give {', '.join(problem.parameters)} a value to draw the solution")
    if not problem.initial:
        return _family(explanation, times)
    values = explanation(times).reshape(len(times), -1)
    marks = _marks(explanation, span, names)
    labels = [latex(e) for e in explanation.solutions] if len(explanation.solutions) == len(names) else names
    return [
        Curve(name, label, times, values[:, k], None if marks is None else (marks[0], marks[1][:, k]))
        for k, (name, label) in enumerate(zip(names, labels, strict=True))
    ]


def readable(explanation: Explanation, low: float, high: float) -> tuple[float, float]:
    """A span so short that growth does not press everything else flat."""
    start = float(explanation.problem.start)
    found = explanation.outcome.found
    chosen = (
        {} if explanation.problem.initial or found is None else dict.fromkeys(map(str, found.constants), 1.0)
    )
    while True:
        try:
            sizes = np.abs(explanation(np.linspace(low, high, 61), **chosen)).reshape(61, -1)
        except (DydtError, ArithmeticError):
            return low, high
        if high - low < 0.2 or not (sizes > _TALLEST * (1 + np.nanmin(sizes, axis=0))).any():
            return low, high
        low, high = start + 0.7 * (low - start), start + 0.7 * (high - start)


def _family(explanation: Explanation, times: Array) -> list[Curve]:
    found = explanation.outcome.found
    assert found is not None
    if len(found.constants) != 1 or not explanation.problem.is_single or not explanation.is_explicit:
        raise InputError("give initial values to draw a solution: the family has more than one constant")
    (constant,) = found.constants
    name = explanation.problem.name
    drawn = []
    for value in _CONSTANTS:
        try:
            points = explanation(times, **{constant.name: value})
        except (DydtError, ArithmeticError):
            continue
        if np.isfinite(points).sum() > 2:
            drawn.append(Curve(name, f"{constant.name} = {value:g}", times, points))
    if not drawn:
        raise InputError("no member of the family is real here: give initial values to draw one")
    return drawn


def _marks(
    explanation: Explanation, span: tuple[float, float], names: list[str]
) -> tuple[Array, Array] | None:
    """Points of the native solution on both sides of the start; None if it can't start."""
    ode, problem = explanation.ode, explanation.problem
    start = float(problem.start)
    given = {n: v for n, v in explanation.values.items() if v is not None}
    given |= {name: float(value) for name, value in problem.initial.items()}
    places = np.linspace(*span, _MARKS)
    times, rows = [], []
    for side in (places[places < start][::-1], places[places > start]):
        if not len(side):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = ode.solve(
                    (start, side[-1]), values=given, saveat=side, time_limit=2.0, progress=False
                )
        except DydtError:
            continue
        times.append(found.t)
        rows.append(np.stack([found[name] for name in names], axis=-1))
    return (np.concatenate(times), np.concatenate(rows)) if times else None
