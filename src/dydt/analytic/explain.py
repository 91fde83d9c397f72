"""How a law is solved by hand: the methods in their order, and what each answer must stand before it is shown."""

from __future__ import annotations

import contextlib
import importlib
import time
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from dydt.analytic.briefly import briefly
from dydt.analytic.explanation import Explanation, Native
from dydt.analytic.given import read
from dydt.analytic.initial import Particular, families, through
from dydt.analytic.interval import interval
from dydt.analytic.outcome import Outcome
from dydt.analytic.problem import Found, Problem, problem
from dydt.analytic.recheck import recheck
from dydt.analytic.values import values
from dydt.analytic.verify import explicit_values, verify
from dydt.calculus.notation import Step
from dydt.calculus.patience import Unanswered, patiently
from dydt.errors import DydtError

if TYPE_CHECKING:
    from dydt.ode import ODE

# Each is a file of this room with `solve(problem)`. The first that fits and verifies is shown: so from the plain to the
# general, and a method that needs a guess after those that need none.
METHODS = (
    "separable",
    "linear_first_order",
    "exact",
    "inverse",
    "bernoulli",
    "homogeneous",
    "linear_argument",
    "shifted",
    "riccati",
    "integrating_factor",
    "clairaut",
    "lagrange",
    "branches",
    "constant_coefficients",
    "undetermined_coefficients",
    "cauchy_euler",
    "variation",
    "reducible",
    "reduction",
    "normal_form",
    "exact_higher",
    "linear_systems",
    "euler_systems",
    "one_by_one",
)
_LONGEST = 0.5  # of the time there is, for one method
_CHECK = 1.0  # seconds for one step
_INTERVAL = 2.5


def explain(ode: ODE, t: Any, named: Mapping[str, Any], time_limit: float) -> Explanation:
    """Solve a law by hand, in a process that is stopped when the time is over; see `ODE.explain`."""
    began = time.monotonic()
    known, initial, start = read(ode, t, named)
    asked = problem(ode.equations, known, initial, start)
    _start_helper(time_limit)
    skip: set[str] = set()
    tried: dict[str, str] = {}
    while True:
        left = time_limit - (time.monotonic() - began)
        outcome = _searched(asked, frozenset(skip), left)
        tried |= outcome.tried
        native = compare(ode, asked, outcome, known) if outcome.members else None
        if native is None or native.agrees or not _is_unique(asked, outcome) or left <= 0:
            break
        assert outcome.found is not None
        skip.add(outcome.found.method)
        tried[outcome.found.method] = str(native)
    outcome = replace(outcome, members=tuple(map(_in_fractions, outcome.members)))
    seconds = time.monotonic() - began
    return Explanation(ode, asked, replace(outcome, tried=tried), native, seconds, known)


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


def _searched(asked: Problem, skip: frozenset[str], seconds: float) -> Outcome:
    if seconds <= 0:
        return Outcome(out_of_time=True)
    try:
        outcome: Outcome = patiently(search, asked, skip, 0.9 * seconds, limit=seconds)
    except Unanswered as error:
        return Outcome(tried={"all": str(error)}, out_of_time=True)
    except Exception as error:  # whatever SymPy does there, a law without a closed form is an answer
        return Outcome(tried={"all": f"{type(error).__name__}: {error}"})
    return outcome


def search(problem: Problem, skip: Collection[str], seconds: float) -> Outcome:
    """Try all methods but those to skip, then SymPy's `dsolve`, within so many seconds.

    Parameters
    ----------
    problem : Problem
    skip : collection of str
        Methods whose answer was found wanting.
    seconds : float

    Returns
    -------
    Outcome
    """
    end = time.monotonic() + seconds
    tried: dict[str, str] = {}
    general: Outcome | None = None
    for name in (*METHODS, "dsolve"):
        left = end - time.monotonic()
        if name in skip or left <= 0:
            continue
        share = left if name == "dsolve" else left * _LONGEST
        outcome = briefly(share, _attempt, problem, name, tried, otherwise=None)
        if outcome is None:
            continue
        if outcome.members or not problem.initial:
            return replace(outcome, tried=tried)
        general = general or outcome  # none goes through the initial point: perhaps another method has one
    if general is not None:
        return replace(general, tried=tried)
    return Outcome(tried=tried, out_of_time=time.monotonic() >= end)


def _attempt(problem: Problem, name: str, tried: dict[str, str]) -> Outcome | None:
    solve: Callable[[Problem], Found | None] = importlib.import_module(f"dydt.analytic.{name}").solve
    tried[name] = "took too long"
    try:
        found = solve(problem)
        if found is None:
            del tried[name]
            return None
        outcome = _judged(problem, found)
    except Exception as error:  # a method may fail in any way SymPy can; the next one gets its turn
        tried[name] = f"{type(error).__name__}: {error}"[:300]
        return None
    if isinstance(outcome, str):
        tried[name] = outcome
        return None
    del tried[name]
    return outcome


def _judged(problem: Problem, found: Found) -> Outcome | str:
    """The answer with its evidence, or why it is none."""
    steps = tuple(map(_checked, found.steps))
    wrong = next(
        (step for step, given in zip(steps, found.steps, strict=True) if given.check and step.check), None
    )
    if wrong is not None:
        return f"this step does not hold: {wrong}"
    pairs = [(family, verify(problem, family)) for family in families(problem, found)]
    good = [(family, evidence) for family, evidence in pairs if evidence is not None]
    if not good:
        return f"does not solve the equation: {found.solutions}"[:300]
    lost = tuple(solution for solution in found.lost if not problem.is_single or verify(problem, (solution,)))
    solutions = tuple(equation for family, _ in good for equation in family)
    found = replace(found, solutions=solutions, lost=lost)
    found = replace(found, steps=recheck(problem, found, steps))
    members: tuple[Particular, ...] = ()
    where = None
    if problem.initial:
        members = tuple(through(problem, found))
        if members:
            where = briefly(_INTERVAL, interval, problem, members[0].solution)
    return Outcome(found, tuple(evidence for _, evidence in good), members, where)


def _checked(step: Step) -> Step:
    """The step, with what its check found: `check` is gone if it holds or could not be decided in time."""
    if step.check is None:
        return step
    holds = briefly(_CHECK, step.check)
    if holds is False:
        return step
    return replace(step, check=None, checked=bool(holds))


# -- beside the native solver -----------------------------------------------------------------------------------------


def compare(ode: ODE, asked: Problem, outcome: Outcome, known: Mapping[str, float | None]) -> Native | None:
    """The closed form beside the native solver, on a piece of its interval; None where there are no numbers."""
    solution = outcome.members[0].solution
    free = set().union(*(e.free_symbols for e in solution)) - {asked.independent}
    if asked.parameters or (free and explicit_values(asked, solution) is not None):
        return None
    try:
        start = float(asked.start)
        initial = {name: float(value) for name, value in asked.initial.items()}
    except TypeError:
        return None
    differences, times = [], []
    for side in (1, -1):
        reach = _reach(outcome.interval, start, side)
        found = _native(ode, (start, start + side * reach), {**known, **initial})
        if found is None or not len(found[0]):
            continue
        at, theirs = found
        ours = values(asked, solution, at, {}).reshape(len(at), -1)
        good = np.isfinite(ours).all(axis=1)
        if good.any():
            size = 1e-3 + np.abs(theirs[good]).max(axis=0)
            differences.append(float((np.abs(ours - theirs)[good] / size).max()))
            times.append(at[good])
    return Native(np.concatenate(times), max(differences)) if times else None


def _reach(where: Any, start: float, side: int) -> float:
    if where is None:
        return 0.1
    return min(1.0, 0.5 * abs(float(where.high if side > 0 else where.low) - start))


def _native(ode: ODE, span: tuple[float, float], named: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """Times and unknowns of the native solution; None if it can't start."""
    given = {name: value for name, value in named.items() if value is not None}
    unknowns = list(dict.fromkeys(state.rstrip("'") for state in ode.states))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            times = np.linspace(*span, 17)
            solution = ode.solve(
                span, values=given, rtol=1e-10, atol=1e-12, saveat=times, time_limit=1.0, progress=False
            )
    except DydtError:
        return None
    if not solution.is_fine or any(len(hits) for hits in solution.events.values()):
        return None
    return solution.t, np.stack([solution[name] for name in unknowns], axis=-1)


def _is_unique(asked: Problem, outcome: Outcome) -> bool:
    """Whether only one solution goes through the point: else the native solver may rightly take another."""
    return len(outcome.members) == 1 and (not asked.is_single or len(asked.slopes) == 1)
