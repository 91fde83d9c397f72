"""Antiderivatives, rule by rule.

The rules are found by SymPy's `integral_steps`, a search much like that of a student, and told in our own sentences.
Every line is differentiated again, and what does not come back is not believed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy
from sympy.integrals import manualintegrate as manual

from dydt.calculus.check import agree, checked, is_slope
from dydt.calculus.notation import Step, text
from dydt.calculus.patience import patiently
from dydt.calculus.rules import tidy

LIMIT = 5.0  # seconds
_MOST_STEPS = 60
# Functions that are no combination of powers, exponentials, logarithms and trigonometric functions.
_SPECIAL = """erf erfi erfc Si Ci Shi Chi Ei li Li fresnels fresnelc gamma uppergamma lowergamma polylog hyper meijerg
    elliptic_f elliptic_e elliptic_pi besselj expint zeta lerchphi""".split()  # noqa: SIM905


@dataclass(frozen=True, eq=False)
class Antiderivative:
    """A function whose derivative is the integrand.

    Attributes
    ----------
    formula : sympy expression or None
        Without the constant; None if none was found.
    steps : tuple of Step
    constant : sympy.Symbol
        C, or another letter if the integrand uses it.
    elementary : bool
        Made of powers, exponentials, logarithms and trigonometric functions.
    verified : bool
        Whether its derivative is the integrand.
    why : str
        If there is none, the reason.
    """

    formula: Any
    steps: tuple[Step, ...]
    constant: Any
    elementary: bool
    verified: bool
    why: str = ""

    @property
    def general(self) -> Any:
        """With its constant."""
        return None if self.formula is None else self.formula + self.constant


def antiderivative(of: Any, variable: Any, limit: float = LIMIT) -> Antiderivative:
    """Integrate, rule by rule.

    >>> x = sympy.Symbol("x", real=True)
    >>> found = antiderivative(x, x)
    >>> text(found.general), found.verified
    ('x^2/2 + C', True)
    """
    constant = sympy.Symbol("C" if not of.has(sympy.Symbol("C", real=True)) else "K", real=True)
    simple = of.is_polynomial(variable) and sympy.count_ops(of) < 200
    try:
        lines = by_rules(of, variable) if simple else patiently(by_rules, of, variable, limit=limit)
    except Exception:  # whatever goes wrong in the search, there are other ways
        lines = []
    if lines:
        found = lines[-1][2]
        steps = _steps(lines, of, variable, constant)
        lines = lines if steps else []
    else:
        found, steps = _asked(of, variable, limit), ()
        if found is None:
            return Antiderivative(None, (), constant, False, False, "no antiderivative was found")
    elementary = not any(type(part).__name__ in _SPECIAL for part in sympy.preorder_traversal(found))
    found = _with_absolute_logarithms(found, of, variable)
    if not lines:
        says = "found by SymPy; its derivative is the integrand"
        equation = _equation(of, variable, found + constant)
        steps = (
            checked(
                Step(says, equation, lambda: is_slope(found, of, variable) or _back(found, of, variable))
            ),
        )
    if not _back(found, of, variable):
        return Antiderivative(
            None, (), constant, False, False, "no antiderivative that differentiates back was found"
        )
    why = (
        ""
        if elementary
        else "there is none made of powers, exponentials, logarithms and trigonometric functions"
    )
    return Antiderivative(found, steps, constant, elementary, True, why)


def _back(found: Any, of: Any, variable: Any) -> bool:
    """Whether the derivative of what was found is the integrand."""
    return is_slope(of, found, variable) or agree(sympy.diff(found, variable), of)


def _equation(of: Any, variable: Any, found: Any) -> Any:
    return sympy.Eq(sympy.Integral(of, variable), found, evaluate=False)


def _steps(lines: list[tuple[str, Any, Any, Any]], of: Any, variable: Any, constant: Any) -> tuple[Step, ...]:
    steps = []
    for says, integrand, result, letter in lines[-_MOST_STEPS:]:
        shown = _with_absolute_logarithms(result, integrand, letter)

        def holds(shown: Any = shown, integrand: Any = integrand, letter: Any = letter) -> bool:
            return _back(shown, integrand, letter)

        step = checked(Step(says, _equation(integrand, letter, shown), holds))
        if step.checked:
            steps.append(step)
        elif agree(sympy.diff(sympy.log(abs(integrand / sympy.diff(shown, letter))), letter), sympy.S.Zero):
            # SymPy keeps the integrand without a factor here: show the one that belongs to the result
            step = Step(says, _equation(sympy.simplify(sympy.diff(shown, letter)), letter, shown), None, True)
            steps.append(step)
    if not steps:
        return ()
    found = tidy(steps[-1].formula.rhs, variable)
    final = _equation(of, variable, found + constant)
    says = f"any constant {constant} may be added: its derivative is 0"
    steps.append(checked(Step(says, final, lambda: _back(found, of, variable))))
    return tuple(steps)


def _with_absolute_logarithms(found: Any, of: Any, variable: Any) -> Any:
    """ln|u| in place of ln u: an antiderivative on both sides of the pole. Not if the integrand itself has ln u."""

    def may_be_negative(part: Any) -> bool:
        return (
            isinstance(part, sympy.log)
            and part.has(variable)
            and not of.has(part)
            and not part.args[0].is_nonnegative
            and not isinstance(part.args[0], sympy.Abs)
        )

    if not any(may_be_negative(part) for part in found.atoms(sympy.log)):
        return found
    changed = found.replace(may_be_negative, lambda part: sympy.log(sympy.Abs(part.args[0])))
    return changed if _back(changed, of, variable) else found


def _asked(of: Any, variable: Any, limit: float) -> Any:
    """SymPy's `integrate`; None if it gives up, gives no real function, or takes too long."""
    try:
        found = patiently(integrate, of, variable, limit=limit)
    except Exception:
        return None
    bad = (sympy.Integral, sympy.I, sympy.zoo, sympy.nan)
    return None if found is None or found.has(*bad) else found


def integrate(of: Any, *limits: Any) -> Any:
    """SymPy's `integrate`, tidied."""
    found = sympy.integrate(of, *limits)
    return (
        found
        if found.has(sympy.Integral)
        else sympy.simplify(found)
        if sympy.count_ops(found) < 80
        else found
    )


# -- the rules ------------------------------------------------------------------------------------------------------


def by_rules(of: Any, variable: Any) -> list[tuple[str, Any, Any, Any]]:
    """What SymPy's search does: (sentence, integrand, antiderivative, variable) a line; empty if it gives up."""
    if of.has(sympy.Abs, sympy.sign, sympy.floor, sympy.Max, sympy.Min, sympy.Mod, sympy.ceiling):
        return []
    rule = manual.integral_steps(of, variable)
    if not rule.contains_dont_know():
        return _Teller().lines_of(rule)
    parts = sympy.apart(of, variable) if of.is_rational_function(variable) else of
    rule = manual.integral_steps(parts, variable) if parts != of else rule
    if rule.contains_dont_know():
        return []
    lines = _Teller().lines_of(rule)
    return [*lines, (f"partial fractions, written as {text(parts)}", of, lines[-1][2], variable)]


class _Teller:
    """Goes through SymPy's rules and tells each in a line; the letters of substitutions are u, w, v, …"""

    def __init__(self) -> None:
        self.lines: list[tuple[str, Any, Any, Any]] = []
        self.letters: dict[Any, Any] = {}

    def lines_of(self, rule: Any) -> list[tuple[str, Any, Any, Any]]:
        self.walk(rule)
        seen: dict[Any, tuple[str, Any, Any, Any]] = {}
        for line in self.lines:
            seen.setdefault((line[1], line[3]), line)
        return list(seen.values())

    def walk(self, rule: Any) -> None:
        """Adds the lines of a rule, after those of what it leans on."""
        if isinstance(rule, manual.AlternativeRule):
            best = next(
                (one for one in rule.alternatives if not one.contains_dont_know()), rule.alternatives[0]
            )
            self.walk(best)
            return
        self.plain(rule.variable)
        if isinstance(rule, manual.URule):
            self.plain(rule.u_var)
        for inner in _inner(rule):
            self.walk(inner)
        shown = [self.plain(part) for part in (rule.integrand, rule.eval(), rule.variable)]
        self.lines.append((_says(rule, self.plain), *shown))

    def plain(self, formula: Any) -> Any:
        """With a letter of its own, real like all else here, for each nameless variable of SymPy."""
        formula = sympy.Integer(formula) if isinstance(formula, int) else formula
        for dummy in sorted(formula.free_symbols, key=str):
            if (dummy.is_Dummy or dummy.name.startswith("_")) and dummy not in self.letters:
                free = (
                    name
                    for name in ("u", "w", "v", "s", "r", "q")
                    if name not in map(str, self.letters.values())
                )
                self.letters[dummy] = sympy.Symbol(next(free, f"u{len(self.letters)}"), real=True)
        return formula.xreplace(self.letters)


def _inner(rule: Any) -> list[Any]:
    """The rules that a rule leans on, in the order in which they are needed."""
    match rule:
        case manual.AddRule():
            return list(rule.substeps)
        case manual.PartsRule():
            return [part for part in (rule.v_step, rule.second_step) if part is not None]
        case manual.CyclicPartsRule():
            return [part.v_step for part in rule.parts_rules]
        case manual.PiecewiseRule():
            return [part for part, _ in rule.subfunctions]
    inner = getattr(rule, "substep", None)
    return [] if inner is None else [inner]


def _says(rule: Any, plain: Callable[[Any], Any]) -> str:
    """The sentence of a rule."""
    x = plain(rule.variable)
    tell: dict[type, Callable[[], str]] = {
        manual.ConstantRule: lambda: f"a constant: c becomes c*{x}",
        manual.ConstantTimesRule: lambda: (
            f"the constant factor {text(plain(rule.constant))} goes before the integral"
        ),
        manual.PowerRule: lambda: (
            f"power rule, {x}^n becomes {x}^(n + 1)/(n + 1), with n = {text(plain(rule.exp))}"
        ),
        manual.AddRule: lambda: "sum rule, term by term",
        manual.URule: lambda: _substitution(plain(rule.u_var), plain(rule.u_func), x),
        manual.PartsRule: lambda: (
            f"by parts, ∫ u*v' = u*v - ∫ u'*v with u = {text(plain(rule.u))} and v' = {text(plain(rule.dv))}"
        ),
        manual.CyclicPartsRule: lambda: (
            "by parts, again and again, until the integral comes back and can be solved for"
        ),
        manual.RewriteRule: lambda: f"written as {text(plain(rule.rewritten))}",
        manual.CompleteSquareRule: lambda: f"completing the square, {text(plain(rule.rewritten))}",
        manual.ReciprocalRule: lambda: f"known, 1/{x} becomes log(abs({x}))",
        manual.TrigSubstitutionRule: lambda: (
            f"substituting {x} = {text(plain(rule.func))}, which gives {text(plain(rule.rewritten))}"
        ),
        manual.PiecewiseRule: lambda: "case by case",
        manual.DerivativeRule: lambda: "the integral of a derivative",
    }
    if type(rule) in tell:
        return tell[type(rule)]()
    return "known, from the table of integrals"


def _substitution(u: Any, inner: Any, x: Any) -> str:
    return f"substituting {u} = {text(inner)}, d{u} = {text(sympy.diff(inner, x))} d{x}".replace(
        " = 1 d", " = d"
    )
