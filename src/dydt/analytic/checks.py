"""Whether the steps of a calculation hold: by the check that a step brings, or along the solution that was found.

The solution is known to be right when this is asked, so that a step can be tested without knowing what it is about. It
holds if, with the solution put in, its two sides are equal; or if solving it for its constant gives one that does not
change; or if it is an earlier equation times something that is never zero; or if it says that a function is a solution,
and it is; or if it only gives a name to something. What none of these can tell stays unchecked.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sympy

from dydt.analytic.algebra.zero import is_zero
from dydt.analytic.briefly import briefly
from dydt.analytic.failures import FAILURES
from dydt.analytic.problem import Found, Problem
from dydt.analytic.verify import derivative, explicit_values, verify
from dydt.calculus.notation import Step

_OWN = 1.0  # seconds for the check that a step brings
_EACH = 0.5  # seconds for one step
_ALL = 2.0


def checked(step: Step) -> Step:
    """The step, with what its own check found: `check` is gone if it holds or could not be decided in time."""
    if step.check is None:
        return step
    holds = briefly(_OWN, step.check)
    if holds is False:
        return step
    return replace(step, check=None, checked=bool(holds))


def recheck(problem: Problem, found: Found, steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps, with `checked` for those that hold along the solution.

    Parameters
    ----------
    problem : Problem
        One equation for one unknown; for systems nothing is looked at.
    found : Found
        Its solutions have been verified.
    steps : sequence of Step
    """
    if not problem.is_single:
        return tuple(steps)
    end = time.process_time() + _ALL
    look = _Look(problem, found)
    result = []
    for step in steps:
        holds = False
        if step.formula is not None and time.process_time() < end:
            holds = bool(briefly(_EACH, look.holds, step, otherwise=False))
        result.append(replace(step, checked=True) if holds else step)
    return tuple(result)


@dataclass(eq=False)
class _Look:
    """What is known so far: how y changes, letters that stand for something, earlier equations."""

    problem: Problem
    found: Found
    meaning: dict[str, Any] = field(default_factory=dict)
    earlier: list[Any] = field(default_factory=list)
    by_y: set[str] = field(default_factory=set)  # letters whose primes are derivatives by y

    def __post_init__(self) -> None:
        self.t = self.problem.independent
        self.known = {self.t, *self.problem.parameters.values(), *self.found.constants}
        letters = self.problem.letters
        self.letters = {self.problem.derivative(k): letter for k, letter in enumerate(letters)}
        self.earlier.append(self.problem.residual)
        self.y = self.problem.letters[0]
        self.flow = (
            self.problem.slopes[0] if self.problem.order == 1 and len(self.problem.slopes) == 1 else None
        )
        values = explicit_values(self.problem, self.found.solutions[:1])
        if self.flow is not None:
            self.meaning[self.y.name] = self.y  # of first order: y itself, and how it changes
        elif values is not None:
            self.meaning[self.y.name] = values[self.problem.y]

    def holds(self, step: Step) -> bool:
        """Whether each equation of the step does; and what it says is remembered in any case."""
        rows = step.formula.args if isinstance(step.formula, sympy.Tuple) else (step.formula,)
        if not all(isinstance(row, sympy.Equality) for row in rows):
            return False
        good = True
        for row in rows:
            try:
                good = bool(step.checked or self._one(row)) and good
            except FAILURES:
                good = False
            self._remember(row)
        return good

    def _one(self, row: Any) -> bool:
        plain = self._plain(row.lhs - row.rhs)
        return (
            self._names(row, plain)
            or self._along(plain)
            or self._follows(plain)
            or self._is_a_solution(plain)
            or self._without_forcing(plain)
        )

    def _remember(self, row: Any) -> None:
        try:
            plain = self._plain(row.lhs - row.rhs)
            self.earlier.append(plain)
            self._define(plain)
        except FAILURES:
            pass

    def _plain(self, formula: Any) -> Any:
        return formula.xreplace(self.letters)

    # -- a name for something -----------------------------------------------------------------------------------------

    def _unknown(self, formula: Any) -> list[Any]:
        """Letters without a meaning, primes and all."""
        return [s for s in formula.free_symbols - self.known if s.name.rstrip("'") not in self.meaning]

    def _names(self, row: Any, whole: Any) -> bool:
        """Whether a new letter stands alone on the left, or can be put in the place of y: then it is only a name."""
        new = self._unknown(whole)
        if row.lhs in new and not row.rhs.has(row.lhs) and "'" not in row.lhs.name and row.lhs.name != "r":
            return True
        return len(new) == 1 and self._stands_for(new[0], whole) is not None

    def _stands_for(self, letter: Any, whole: Any) -> Any:
        if "'" in letter.name or not whole.has(self.y) or not self.meaning:
            return None
        solved = sympy.solve(whole, letter)
        return self._put_in(solved[0]) if len(solved) == 1 and not self._unknown(solved[0]) else None

    def _define(self, whole: Any) -> None:
        new = self._unknown(whole)
        if len(new) == 1:
            value = self._stands_for(new[0], whole)
            if value is not None:
                self.meaning[new[0].name] = value

    # -- along the solution -------------------------------------------------------------------------------------------

    def _rate(self, formula: Any) -> Any:
        """How a formula changes along solutions."""
        rate = derivative(formula, self.t)
        return rate if self.flow is None else rate + self.flow * derivative(formula, self.y)

    def _put_in(self, formula: Any) -> Any:
        """Letters as what they stand for: in t and y along the flow, or in t and the constants of the solution."""
        values = {}
        for letter in formula.free_symbols - self.known:
            base = letter.name.rstrip("'")
            value = self.meaning[base]
            for _ in range(len(letter.name) - len(base)):
                value = self._rate(value)
                if base in self.by_y:
                    value = value / self._rate(self.meaning[self.y.name])
            values[letter] = value
        return formula.xreplace(values)

    def _along(self, whole: Any) -> bool:
        bases = {letter.name.rstrip("'") for letter in self._unknown(whole.replace(sympy.Integral, _inside))}
        if not bases:
            return self._agrees(whole)
        if len(bases) > 1 or self.problem.order < 2 or self.y.name not in self.meaning:
            return False
        return self._with_speed(bases.pop(), whole)

    def _with_speed(self, base: str, whole: Any) -> bool:
        """Whether it holds if the new letter stands for y', and its primes for derivatives by t, or else by y."""
        self.meaning[base] = self._rate(self.meaning[self.y.name])
        for by_y in (False, True):
            (self.by_y.add if by_y else self.by_y.discard)(base)
            if self._agrees(whole):
                return True
        del self.meaning[base]
        self.by_y.discard(base)
        return False

    def _agrees(self, whole: Any) -> bool:
        if whole.has(sympy.Integral):
            return self._integrals_agree(whole)
        if is_zero(self._put_in(whole)):
            return True
        for constant in self.found.constants:
            if not whole.has(constant):
                continue
            stand_in = sympy.Dummy("C")
            for solved in sympy.solve(whole.xreplace({constant: stand_in}), stand_in)[:2]:
                if is_zero(self._rate(self._put_in(solved))):
                    return True
        return False

    def _integrals_agree(self, whole: Any) -> bool:
        """Both sides change alike along the solution, d/dt ∫ g dv = g v'."""
        total = sympy.S.Zero
        for term in sympy.Add.make_args(sympy.expand_mul(whole)):
            factor, rest = term.as_independent(sympy.Integral)
            if not rest.has(sympy.Integral):
                total += self._rate(self._put_in(term))
            elif isinstance(rest, sympy.Integral) and all(len(limit) == 1 for limit in rest.limits):
                variable = rest.limits[0][0]
                total += self._put_in(factor * rest.function) * self._rate(self._put_in(variable))
            else:
                return False
        return is_zero(total)

    # -- from an earlier one ------------------------------------------------------------------------------------------

    def _follows(self, whole: Any) -> bool:
        if whole.has(sympy.Integral, sympy.log):
            return False  # long to compare, and looked at along the solution already
        for earlier in reversed(self.earlier[-4:] + self.earlier[:1]):
            if earlier == 0 or whole == 0:
                continue
            ratio = sympy.factor(sympy.cancel(sympy.powsimp(sympy.expand(whole) / sympy.expand(earlier))))
            if all(map(_never_zero, sympy.Mul.make_args(ratio))):
                return True
        return False

    # -- solutions beside the family ----------------------------------------------------------------------------------

    def _is_a_solution(self, whole: Any) -> bool:
        """Whether y = r, or u = r with what u stands for, solves the equation."""
        if self.flow is None or self._unknown(whole) or whole.has(sympy.Integral):
            return False
        if any("'" in letter.name for letter in whole.free_symbols):
            return False  # an equation for a slope, and no solution
        solved = sympy.solve(self._put_in(whole), self.y)
        equations = [[sympy.Eq(self.problem.y, root, evaluate=False)] for root in solved]
        return bool(equations) and all(verify(self.problem, equation) is not None for equation in equations)

    def _without_forcing(self, whole: Any) -> bool:
        """A linear equation without its forcing is solved by the derivatives of the family by its constants."""
        value = self.meaning.get(self.problem.name)
        if (
            self.flow is not None
            or value is None
            or self._unknown(whole)
            or not self.found.constants
            or self.problem.order < 2
        ):
            return False
        own = [sympy.diff(value, constant) for constant in self.found.constants]
        if any(part.has(*self.found.constants) for part in own):
            return False
        kept = dict(self.meaning)
        try:
            for part in own:
                self.meaning[self.problem.name] = part
                if not is_zero(self._put_in(whole)):
                    return False
        finally:
            self.meaning = kept
        return True


def _inside(body: Any, *_: Any) -> Any:
    """The integrand in place of an integral."""
    return body


def _never_zero(factor: Any) -> bool:
    """A number, a power of a letter, or an exponential: to multiply by it loses nothing."""
    base, _ = factor.as_base_exp()
    return bool(
        (factor.is_number and factor != 0)
        or isinstance(factor, sympy.exp)
        or base == sympy.E
        or base.is_Symbol
    )
