"""The member of a family of solutions that goes through an initial point: its constants found, its branch chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import sympy
from sympy.solvers.solveset import NonlinearError

from dydt.analytic.briefly import briefly
from dydt.analytic.failures import FAILURES
from dydt.analytic.numeric import numeric
from dydt.analytic.problem import Found, Problem, listed
from dydt.analytic.verify import Evidence, derivative, explicit_values, implicit_derivatives, verify
from dydt.calculus.notation import Step, text

_SOLVE = 1.5  # seconds for one system of equations in the constants
_TIDY = 0.5
_CLOSE = 1e-9


@dataclass(frozen=True, eq=False)
class Particular:
    """A solution of an initial value problem.

    Attributes
    ----------
    solution : tuple of Eq
    constants : dict
        Constant -> the value that the initial values give it.
    evidence : Evidence
    conditions : tuple of Eq
        What the initial values say of the constants.
    """

    solution: tuple[Any, ...]
    constants: dict[Any, Any]
    evidence: Evidence
    conditions: tuple[Any, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """How the constants were found."""
        if not self.conditions:
            return ()
        found = tuple(sympy.Eq(c, value, evaluate=False) for c, value in self.constants.items())
        steps = [Step("Put in the initial values", listed(self.conditions), checked=True)]
        if found:
            says = "Solve for the constant" + "s" * (len(found) > 1)
            steps.append(Step(says, listed(found), checked=True))
        return (*steps, Step("So the solution is", listed(self.solution), checked=True))


def families(problem: Problem, found: Found) -> tuple[tuple[Any, ...], ...]:
    """The solutions of a method, each as a tuple: one equation, or for a system one for each unknown."""
    if problem.is_single:
        return tuple((solution,) for solution in found.solutions)
    return (tuple(found.solutions),)


def through(problem: Problem, found: Found) -> list[Particular]:
    """All members of the families and lost solutions that go through the initial point, verified near it."""
    known: list[Particular] = []
    for family in families(problem, found):
        for particular in _members(problem, family):
            if all(particular.solution != other.solution for other in known):
                known.append(particular)
    for lost in found.lost if problem.is_single else ():
        if _passes(problem, (lost,)):
            evidence = verify(problem, (lost,), near=problem.start)
            if evidence and all((lost,) != other.solution for other in known):
                known.append(Particular((lost,), {}, evidence))
    return known


def _members(problem: Problem, family: tuple[Any, ...]) -> Iterator[Particular]:
    try:
        explicit = explicit_values(problem, family)
        found = _explicit(problem, family, explicit) if explicit else _implicit(problem, family)
        settled: list[
            dict[Any, Any]
        ] = []  # a relation is shown only where no branch of it could be written down
        for solution, constants, conditions in found:
            if constants in settled and explicit_values(problem, solution) is None:
                continue
            particular = _checked(problem, solution, constants, conditions)
            if particular is not None:
                settled.append(constants)
                yield particular
    except FAILURES:
        return


def _checked(problem: Problem, solution: Any, constants: Any, conditions: Any) -> Particular | None:
    for shown in dict.fromkeys((_tidied(problem, solution), solution)):
        if _passes(problem, shown):
            evidence = verify(problem, shown, near=problem.start)
            if evidence is not None:
                return Particular(shown, constants, evidence, conditions)
    return None


# -- solved for the unknowns ------------------------------------------------------------------------------------------


def _explicit(problem: Problem, family: Any, values: dict[Any, Any]) -> Iterator[tuple[Any, Any, Any]]:
    conditions = []
    for unknown, formula in values.items():
        for k in range(problem.order_of(unknown)):
            wanted = problem.initial[unknown.func.__name__ + "'" * k]
            conditions.append(sympy.Eq(wanted, at_start(problem, formula), evaluate=False))
            formula = derivative(formula, problem.independent)
    unknowns = _constants(problem, conditions)
    for constants in _solved(conditions, unknowns):
        solution = tuple(sympy.Eq(u, f.subs(constants), evaluate=False) for u, f in values.items())
        yield solution, constants, tuple(conditions)


def at_start(problem: Problem, formula: Any) -> Any:
    """The value of a formula where the problem starts, as a limit if need be."""
    t, start = problem.independent, problem.start
    value = formula.subs(t, start)
    if value.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo) or isinstance(value, sympy.AccumBounds):
        value = briefly(1.0, sympy.limit, formula, t, start, otherwise=sympy.nan)
    return value.doit() if value.has(sympy.Integral) else value


def _constants(problem: Problem, conditions: Sequence[Any]) -> list[Any]:
    known = {problem.independent, *problem.parameters.values()}
    for value in problem.initial.values():
        known |= getattr(value, "free_symbols", set())
    return sorted(set().union(*(c.rhs.free_symbols for c in conditions)) - known, key=str)


def _solved(conditions: Sequence[Any], unknowns: Sequence[Any]) -> list[dict[Any, Any]]:
    """All values of the constants; what stays free is left out."""
    differences = [c.rhs - c.lhs for c in conditions]
    if not unknowns:
        return [{}] if all(sympy.simplify(d) == 0 for d in differences) else []
    if any(d.has(sympy.nan, sympy.zoo, sympy.oo) for d in differences):
        return []
    found = briefly(_SOLVE, _by_algebra, differences, unknowns)
    return briefly(_SOLVE, _by_numbers, differences, unknowns, otherwise=[]) if found is None else found


def _by_algebra(differences: Sequence[Any], unknowns: Sequence[Any]) -> list[dict[Any, Any]] | None:
    """All values; None if algebra does not know."""
    try:
        solutions = sympy.linsolve(sympy.linear_eq_to_matrix(differences, *unknowns), *unknowns)
        found = [dict(zip(unknowns, values, strict=True)) for values in solutions]
    except NonlinearError:
        # The constants are real, but their values may only look complex: roots are found without that assumption.
        plain = {c: sympy.Dummy(str(c)) for c in unknowns}
        back = {dummy: c for c, dummy in plain.items()}
        try:
            solved = sympy.solve([d.xreplace(plain) for d in differences], list(plain.values()), dict=True)
        except NotImplementedError:
            return None
        found = [{back[k]: v.xreplace(back) for k, v in s.items()} for s in solved]
    tidied = [{k: _shortest(v) for k, v in s.items() if k != v} for s in found]
    return [s for s in tidied if not any(v.has(sympy.I) and not v.is_real for v in s.values())]


def _by_numbers(differences: Sequence[Any], unknowns: Sequence[Any]) -> list[dict[Any, Any]]:
    if set().union(*(d.free_symbols for d in differences)) != set(unknowns):
        return []
    function = numeric(list(unknowns), list(differences))
    found: list[dict[Any, Any]] = []
    for guess in (1.0, -1.0, 0.1, 3.0, -3.0):
        try:
            with mpmath.workdps(25):
                root = mpmath.findroot(lambda *c: function(*c), [guess] * len(unknowns), maxsteps=30)
        except FAILURES:
            continue
        values = [root] if len(unknowns) == 1 else list(root)
        if any(abs(mpmath.im(v)) > 1e-15 for v in values):
            continue
        near = {c: _number(mpmath.re(v)) for c, v in zip(unknowns, values, strict=True)}
        if not any(all(abs(near[c] - other[c]) < _CLOSE for c in unknowns) for other in found):
            found.append(near)
    return found


def _number(value: Any) -> Any:
    """A number to seventeen digits, or the whole number it is up to what is lost on the way to it."""
    whole = mpmath.nint(value)
    return (
        sympy.Integer(int(whole)) if abs(value - whole) < mpmath.mpf("1e-20") else sympy.Float(str(value), 17)
    )


# -- a relation between t and y ---------------------------------------------------------------------------------------


def _implicit(problem: Problem, family: Any) -> Iterator[tuple[Any, Any, Any]]:
    if len(family) != 1 or not problem.is_single:
        return
    letter = problem.letters[0]
    relation = (family[0].lhs - family[0].rhs).xreplace({problem.y: letter})
    along = implicit_derivatives(problem, relation, letter)
    at = {problem.independent: problem.start, letter: problem.initial[problem.name]}
    conditions = [sympy.Eq(0, relation.subs(at), evaluate=False)]
    for k in range(1, problem.order):
        wanted = problem.initial[problem.name + "'" * k]
        conditions.append(sympy.Eq(wanted, along[k].subs(at), evaluate=False))
    for constants in _solved(conditions, _constants(problem, conditions)):
        member = relation.subs(constants)
        shown = tuple(conditions)
        for branch in _branches(problem, member, letter):
            yield (sympy.Eq(problem.y, branch, evaluate=False),), constants, shown
        left = family[0].lhs.subs(constants)
        yield (sympy.Eq(left, family[0].rhs.subs(constants), evaluate=False),), constants, shown


def _branches(problem: Problem, relation: Any, letter: Any) -> list[Any]:
    """The relation solved for y, if that is quick, and short enough to be read."""

    def solve() -> Any:
        plain = sympy.Dummy("y")  # a root may look complex and be real
        return sympy.solve(relation.xreplace({letter: plain}), plain)

    try:
        branches = briefly(_SOLVE, solve, otherwise=[])
    except FAILURES:
        return []
    return [b for b in branches if b.count_ops() <= 80 and _goes_through(problem, b)]


def _goes_through(problem: Problem, formula: Any) -> bool:
    left = at_start(problem, formula) - problem.initial[problem.name]
    return _vanishes(left)


# -- shared -----------------------------------------------------------------------------------------------------------


def _passes(problem: Problem, solution: Sequence[Any]) -> bool:
    """Whether a solution without free constants has the initial values."""
    values = explicit_values(problem, solution)
    if values is None:
        at = {problem.y: problem.initial[problem.name]}
        return _vanishes(
            (solution[0].lhs - solution[0].rhs).xreplace(at).subs(problem.independent, problem.start)
        )
    for unknown, formula in values.items():
        for k in range(problem.order_of(unknown)):
            wanted = problem.initial[unknown.func.__name__ + "'" * k]
            if not _vanishes(at_start(problem, formula) - wanted):
                return False
            formula = derivative(formula, problem.independent)
    return True


def _vanishes(value: Any) -> bool:
    if value.has(sympy.nan, sympy.zoo, sympy.oo):
        return False
    if value.free_symbols:
        return bool(briefly(_TIDY, sympy.simplify, value) == 0)
    return bool(abs(sympy.N(value, 20)) < _CLOSE)


def _tidied(problem: Problem, solution: Any) -> Any:
    return tuple(
        sympy.Eq(e.lhs, _shortest(e.rhs), evaluate=False) if e.lhs in problem.unknowns else e
        for e in solution
    )


def _shortest(formula: Any) -> Any:
    """The way of writing it that takes the fewest letters; as it is, unless another one is clearly shorter."""
    if formula.is_Rational:
        return formula
    ways = [briefly(_TIDY, way, formula) for way in (sympy.expand, sympy.factor, sympy.simplify)]
    best = min((w for w in ways if w is not None), key=lambda w: len(text(w)), default=formula)
    return best if 1.15 * len(text(best)) + 1 < len(text(formula)) else formula
