"""What a stepwise solution is compared with: the closed form where there is one, else a far tighter native solve."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.errors import DydtError, SolveError, SolveWarning
from dydt.kernels.numpy import evaluate

if TYPE_CHECKING:
    from dydt.ode import ODE

Array = Any

_TIGHT = {"method": "vern9", "rtol": 3e-14, "atol": 1e-16}
_STIFF = {"method": "rodas5p", "rtol": 1e-10, "atol": 1e-13}
_OTHER = {"method": "auto", "rtol": 1e-12, "atol": 1e-14}
_STATES = 4  # a larger law is not solved by hand
_SECONDS = 3.0  # that are spent on a closed form
_SAME = 1e-6


@dataclass(frozen=True)
class Reference:
    """An exact solution.

    Attributes
    ----------
    text : str
        The closed form, or what was solved in place of it.
    is_closed : bool
    """

    text: str
    is_closed: bool
    _formulas: Any
    _solution: Any
    _independent: str

    def __call__(self, times: Array) -> Array:
        """The states at these times: shape (m, n)."""
        times = np.asarray(times, dtype=float)
        if self._formulas is None:
            return np.asarray(self._solution(times))
        columns = evaluate(self._formulas, {self._independent: times})
        return np.column_stack([np.broadcast_to(np.asarray(c, dtype=float), times.shape) for c in columns])


def reference(
    ode: ODE,
    span: tuple[float, float],
    start: Sequence[float],
    parameters: Array,
    named: Mapping[str, float],
    closed: bool,
) -> Reference:
    """The exact solution over a span.

    Raises
    ------
    SolveError
        If the law has no solution up to the end.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolveWarning)
        for how in (_TIGHT, _STIFF):
            solution = ode.solver(**how, step_limit=2_000_000)(span, start, parameters)  # type: ignore[arg-type]
            if solution.is_fine:
                break
    if not solution.is_fine:
        raise SolveError(
            f"there is no solution over the whole span to compare the steps with. {solution.status}: "
            f"{solution.message}"
        )
    text = f"{how['method']} at rtol = {how['rtol']:g}"
    numeric = Reference(text, False, None, solution, ode.independent)
    if not closed or len(ode.states) > _STATES:
        return _with_doubt(numeric, ode, span, start, parameters)
    found = _closed_form(ode, span, start, named)
    if found is None:
        return _with_doubt(numeric, ode, span, start, parameters)
    text, formulas = found
    by_hand = Reference(text, True, formulas, None, ode.independent)
    times = np.linspace(*span, 33)
    try:
        here, there = by_hand(times), numeric(times)
    except (TypeError, ValueError, DydtError):
        return numeric
    agrees = np.abs(here - there) <= _SAME * (1e-3 + np.max(np.abs(there)))
    return by_hand if agrees.all() else _with_doubt(numeric, ode, span, start, parameters)


def _with_doubt(
    numeric: Reference, ode: ODE, span: tuple[float, float], start: Sequence[float], parameters: Array
) -> Reference:
    """The numeric solution, and in its text until when another method gives the same: chaos outruns every solver."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolveWarning)
        other = ode.solver(**_OTHER, step_limit=2_000_000)(span, start, parameters)  # type: ignore[arg-type]
    times = np.linspace(span[0], float(other.end[1]), 400)
    here, there = numeric(times), np.asarray(other(times))
    apart = np.max(np.abs(here - there) / (1e-300 + np.max(np.abs(here), axis=0)), axis=1)
    far = np.flatnonzero(apart > _SAME)
    if not len(far):
        return numeric
    until = f"{ode.independent} = {times[max(far[0] - 1, 0)]:.4g}"
    return replace(numeric, text=f"{numeric.text}, not to be trusted behind {until}")


def _closed_form(
    ode: ODE, span: tuple[float, float], start: Sequence[float], named: Mapping[str, float]
) -> tuple[str, list[Any]] | None:
    """The closed form in words, and an expression a state; None if none is found."""
    explain = getattr(ode, "explain", None)
    if explain is None:
        return None
    from dydt.expr.derive import derivative
    from dydt.expr.sympy import from_sympy

    try:
        values = {**named, **dict(zip(ode.states, start, strict=True))}
        found = explain(span[0], values=values, time_limit=_SECONDS)
        if not (found.solved and found.verified):
            return None
        # Of several branches, or an implicit relation, nothing is taken: the solver knows which way it went.
        known = {}
        for equation in found.solutions:
            known[str(equation.lhs.func.__name__)] = from_sympy(equation.rhs)
        for name in ode.states:
            if name not in known:
                known[name] = derivative(known[name[:-1]], ode.independent)
        return str(found.text), [known[name] for name in ode.states]
    except (DydtError, AttributeError, KeyError, TypeError, ValueError, NotImplementedError):
        return None
