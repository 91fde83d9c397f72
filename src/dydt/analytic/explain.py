"""How a law is solved by hand: read, searched for a closed form in another process, compared with the native solver."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sympy

from dydt.analytic.explanation import Explanation
from dydt.analytic.initial_values import read
from dydt.analytic.methods import METHODS, file_of
from dydt.analytic.native import compare
from dydt.analytic.neural import neural
from dydt.analytic.particular import Particular
from dydt.analytic.problem import Problem, problem
from dydt.analytic.search import Outcome, search
from dydt.calculus.patience import Unanswered, patiently

if TYPE_CHECKING:
    from dydt.ode import ODE


def explain(
    ode: ODE, t: Any, named: Mapping[str, Any], time_limit: float, method: str | None = None
) -> Explanation:
    """Solve a law by hand, in a process that is stopped when the time is over; see `ODE.explain`."""
    began = time.monotonic()
    methods: tuple[str, ...] = (*METHODS, "dsolve") if method is None else (file_of(method),)
    known, initial, start = read(ode, t, named)
    asked = problem(ode.equations, known, initial, start)
    if (networks := neural(ode)) is not None:
        weights = {weight for part in networks.parts for weight in part.network.weights}
        shown = {name: value for name, value in known.items() if name not in weights}
        return Explanation(ode, asked, Outcome(), None, time.monotonic() - began, shown, networks)
    _start_helper(time_limit)
    tried: dict[str, str] = {}
    while True:
        outcome = _searched(asked, methods, time_limit - (time.monotonic() - began))
        tried |= outcome.tried
        native = compare(ode, asked, outcome, known) if outcome.members else None
        if native is None or native.agrees or not _is_unique(asked, outcome):
            break
        assert outcome.found is not None  # it has members
        wrong = file_of(outcome.found.method)
        tried[wrong] = str(native)
        methods = tuple(name for name in methods if name != wrong)
    members = tuple(map(_in_fractions, outcome.members))
    outcome = replace(outcome, members=members, tried=tried, asked=(method or ""))
    return Explanation(ode, asked, outcome, native, time.monotonic() - began, known)


def _start_helper(seconds: float) -> None:
    """Have the other process ready, so that its start counts within the time limit and not within the search."""
    with contextlib.suppress(Unanswered):
        patiently(ready, limit=seconds)


def ready() -> bool:
    """What the other process is asked first."""
    return True


def _in_fractions(member: Particular) -> Particular:
    """(e^t - 1)/2 and not e^t/2 - 1/2: SymPy would take it apart on its way from the other process."""
    solution = []
    for equation in member.solution:
        number, rest = equation.rhs.primitive() if equation.rhs.is_Add else (sympy.S.One, equation.rhs)
        whole = sympy.Mul(number, rest, evaluate=False) if number != 1 and number.p == 1 else equation.rhs
        solution.append(sympy.Eq(equation.lhs, whole, evaluate=False))
    return replace(member, solution=tuple(solution))


def _searched(asked: Problem, methods: tuple[str, ...], seconds: float) -> Outcome:
    if seconds <= 0:
        return Outcome(out_of_time=True)
    try:
        outcome: Outcome = patiently(search, asked, methods, 0.9 * seconds, limit=seconds)
    except Unanswered as error:
        return Outcome(tried={"all": str(error)}, out_of_time=True)
    except Exception as error:  # whatever SymPy does there, a law without a closed form is an answer
        return Outcome(tried={"all": f"{type(error).__name__}: {error}"})
    return outcome


def _is_unique(asked: Problem, outcome: Outcome) -> bool:
    """Whether only one solution goes through the point: else the native solver may rightly take another."""
    return len(outcome.members) == 1 and (not asked.is_single or len(asked.slopes) == 1)
