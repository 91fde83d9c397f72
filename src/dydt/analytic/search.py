"""The search for a closed form: the methods in their order, and what each answer must stand before it is shown."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dydt.analytic import dsolve
from dydt.analytic.briefly import briefly
from dydt.analytic.checks import checked, recheck
from dydt.analytic.interval import Interval, interval
from dydt.analytic.methods import solver
from dydt.analytic.particular import Particular, families, through
from dydt.analytic.problem import Found, Problem
from dydt.analytic.verify import Evidence, verify

_LONGEST = 0.5  # of the time there is, for one method
_INTERVAL = 2.5


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the search ends with; all of it can be sent from one process to another.

    Attributes
    ----------
    found : Found or None
        The method's answer, its solutions verified and its steps checked.
    evidence : tuple of Evidence
        For each solution of `found`.
    members : tuple of Particular
        The solutions through the initial point; the first is the answer, the others go through it as well.
    interval : Interval or None
    tried : dict
        Method -> why its answer was not taken.
    out_of_time : bool
    asked : str
        The only method that was to be tried; empty for all.
    """

    found: Found | None = None
    evidence: tuple[Evidence, ...] = ()
    members: tuple[Particular, ...] = ()
    interval: Interval | None = None
    tried: dict[str, str] = field(default_factory=dict)
    out_of_time: bool = False
    asked: str = ""


def search(problem: Problem, methods: Sequence[str], seconds: float) -> Outcome:
    """Try the methods in their order, within so many seconds, until one has an answer that stands.

    Parameters
    ----------
    problem : Problem
    methods : sequence of str
        Files of `dydt.analytic.methods`, and ``"dsolve"``.
    seconds : float

    Returns
    -------
    Outcome
    """
    end = time.monotonic() + seconds
    tried: dict[str, str] = {}
    general: Outcome | None = None
    for name in methods:
        left = end - time.monotonic()
        if left <= 0:
            break
        share = left if name == methods[-1] else left * _LONGEST
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
    tried[name] = "took too long"
    try:
        found = dsolve.solve(problem) if name == "dsolve" else solver(name)(problem)
        outcome = None if found is None else judged(problem, found)
    except Exception as error:  # a method may fail in any way SymPy can; the next one gets its turn
        tried[name] = f"{type(error).__name__}: {error}"[:300]
        return None
    del tried[name]
    if isinstance(outcome, str):
        tried[name] = outcome
        return None
    return outcome


def judged(problem: Problem, found: Found) -> Outcome | str:
    """The answer with its evidence, or why it is none."""
    steps = tuple(map(checked, found.steps))
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
