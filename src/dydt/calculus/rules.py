"""The rules of differentiation, each applied with a sentence, and checked by difference quotients."""

from __future__ import annotations

from typing import Any

import sympy

from dydt.calculus.check import checked, is_slope
from dydt.calculus.notation import Step, text
from dydt.errors import InputError

_U = sympy.Symbol("u", real=True)


def _outer() -> dict[Any, Any]:
    """What the known functions become, in u."""
    u = _U
    return {
        sympy.sin: sympy.cos(u),
        sympy.cos: -sympy.sin(u),
        sympy.tan: 1 + sympy.tan(u) ** 2,
        sympy.asin: 1 / sympy.sqrt(1 - u**2),
        sympy.acos: -1 / sympy.sqrt(1 - u**2),
        sympy.atan: 1 / (1 + u**2),
        sympy.sinh: sympy.cosh(u),
        sympy.cosh: sympy.sinh(u),
        sympy.tanh: 1 - sympy.tanh(u) ** 2,
        sympy.exp: sympy.exp(u),
        sympy.log: 1 / u,
        sympy.erf: 2 * sympy.exp(-(u**2)) / sympy.sqrt(sympy.pi),
        sympy.Abs: sympy.sign(u),
        sympy.sign: sympy.S.Zero,
        sympy.floor: sympy.S.Zero,
        sympy.ceiling: sympy.S.Zero,
    }


class Rules:
    """Differentiates by the rules, and keeps what it did.

    Parameters
    ----------
    variable : sympy.Symbol
    check : bool
        Write and check steps; without, only the derivative is found.

    Attributes
    ----------
    steps : list of Step

    >>> rules = Rules(sympy.Symbol("x", real=True))
    >>> x = rules.variable
    >>> rules.slope(x**2 * sympy.sin(x))
    x**2*cos(x) + 2*x*sin(x)
    >>> [step.says.partition(",")[0] for step in rules.steps]
    ['power rule', 'known', 'product rule']
    """

    def __init__(self, variable: Any, check: bool = True) -> None:
        self.variable = variable
        self.check = check
        self.steps: list[Step] = []
        self.known: dict[Any, Any] = {}

    def slope(self, of: Any) -> Any:
        """The derivative; its steps are added to `steps`."""
        if not of.has(self.variable):
            return sympy.S.Zero
        if of == self.variable:
            return sympy.S.One
        if of not in self.known:
            says, found = self._by_a_rule(of)
            self.known[of] = found
            formula = sympy.Eq(sympy.Derivative(of, self.variable), found, evaluate=False)
            if self.check:
                self.steps.append(checked(Step(says, formula, lambda: is_slope(found, of, self.variable))))
        return self.known[of]

    def _by_a_rule(self, of: Any) -> tuple[str, Any]:
        if of.is_Add:
            return "sum rule, term by term", sympy.Add(*[self.slope(term) for term in of.args])
        if of.is_Mul:
            return self._product(of)
        if isinstance(of, sympy.Pow | sympy.exp):
            return self._power(of)
        if isinstance(of, sympy.Piecewise):
            cases = [(self.slope(case.expr), case.cond) for case in of.args]
            return "case by case, inside each case", sympy.Piecewise(*cases)
        if isinstance(of, sympy.Max | sympy.Min):
            return self._extreme(of)
        if isinstance(of, sympy.Mod):
            a, b = of.args
            slopes = self.slope(a) - self.slope(b) * sympy.floor(a / b)
            return "a remainder is a - b*floor(a/b), and floor is flat between its jumps", slopes
        if isinstance(of, sympy.atan2):
            y, x = of.args
            return "known, (atan2(y, x))' = (x*y' - y*x')/(x^2 + y^2)", (
                x * self.slope(y) - y * self.slope(x)
            ) / (x**2 + y**2)
        return self._function(of)

    def _product(self, of: Any) -> tuple[str, Any]:
        constant, rest = of.as_independent(self.variable)
        if constant != 1:
            if rest.is_Pow and rest.base == self.variable and not rest.exp.has(self.variable):
                n = rest.exp
                says = f"power rule, (x^n)' = n*x^(n - 1) with n = {text(n)}, and {_factor(constant)} stays"
                return says.replace("x", str(self.variable), 2), constant * n * self.variable ** (n - 1)
            return f"{_factor(constant)} stays", sympy.expand_mul(constant * self.slope(rest))
        # An exponential is a factor, and no denominator.
        below = sympy.Mul(*[1 / part for part in of.args if _divides(part)])
        above = of * below
        if below.has(self.variable) and above.has(self.variable):
            slopes = (self.slope(above) * below - above * self.slope(below)) / below**2
            says = f"quotient rule, (u/v)' = (u'*v - u*v')/v^2 with u = {text(above)} and v = {text(below)}"
            return says, slopes
        first, *others = of.as_ordered_factors()
        second = sympy.Mul(*others)
        says = f"product rule, (u*v)' = u'*v + u*v' with u = {text(first)} and v = {text(second)}"
        return says, self.slope(first) * second + first * self.slope(second)

    def _power(self, of: Any) -> tuple[str, Any]:
        base, exponent = of.as_base_exp()
        x = self.variable
        if not exponent.has(x):
            if base == x:
                says = f"power rule, (x^n)' = n*x^(n - 1) with n = {text(exponent)}"
                return says.replace("x", str(x), 2), exponent * x ** (exponent - 1)
            names = f"u = {text(base)}, n = {text(exponent)}"
            says = f"chain rule with the power rule, (u^n)' = n*u^(n - 1)*u' with {names}"
            return says, exponent * base ** (exponent - 1) * self.slope(base)
        if base == sympy.E:
            if exponent == x:
                return "known, the exponential function is its own derivative", of
            return f"chain rule, (e^u)' = e^u*u' with u = {text(exponent)}", of * self.slope(exponent)
        if not base.has(x):
            says = f"(a^u)' = a^u*log(a)*u' with a = {text(base)} and u = {text(exponent)}"
            return says, of * sympy.log(base) * self.slope(exponent)
        inner = self.slope(exponent * sympy.log(base))
        return "written as u^v = e^(v*log(u)), then the chain rule", of * inner

    def _extreme(self, of: Any) -> tuple[str, Any]:
        """The derivative of the one that is larger (or smaller)."""
        cases: list[Any] = []
        *others, last = of.args
        for one in others:
            sign = 1 if isinstance(of, sympy.Max) else -1
            ahead = [sign * (one - other) >= 0 for other in of.args if other != one]
            cases.append((self.slope(one), sympy.And(*ahead)))
        cases.append((self.slope(last), True))
        word = "larger" if isinstance(of, sympy.Max) else "smaller"
        return f"the derivative of the {word} one", sympy.Piecewise(*cases)

    def _function(self, of: Any) -> tuple[str, Any]:
        outer = _outer().get(of.func)
        if outer is None or len(of.args) != 1:
            raise InputError(f"no rule of differentiation is known for `{text(of)}`")
        inside = of.args[0]
        shown = f"({text(of.func(_U))})' = " + (
            f"({text(outer)})" if outer.is_Add and inside != self.variable else text(outer)
        )
        remark = ", where u is not 0" if of.func is sympy.Abs else ""
        if of.func in (sympy.sign, sympy.floor, sympy.ceiling):
            return f"known, {text(of.func(_U))} is flat between its jumps", sympy.S.Zero
        if inside == self.variable:
            name = str(self.variable)
            return "known, " + (shown + remark).replace("(u)", f"({name})").replace("u^", f"{name}^").replace(
                "/u", f"/{name}"
            ).replace("where u", f"where {name}"), outer.subs(_U, inside)
        return f"chain rule, {shown}*u' with u = {text(inside)}{remark.replace('u', 'that')}", outer.subs(
            _U, inside
        ) * self.slope(inside)


def _factor(constant: Any) -> str:
    return "the minus sign" if constant == -1 else f"the constant factor {text(constant)}"


def _divides(part: Any) -> bool:
    return bool(part.is_Pow and part.base != sympy.E and part.exp.is_number and part.exp.is_negative)


def tidy(found: Any, variable: Any) -> Any:
    """A derivative or a sum as one would write it: the shortest of a few forms that SymPy finds quickly."""
    if found.is_polynomial(variable):
        return sympy.expand(found)
    # The square of a sign is 1, wherever there is a slope at all.
    found = found.replace(
        lambda part: part.is_Pow and isinstance(part.base, sympy.sign) and part.exp == 2, lambda _: 1
    )
    if sympy.count_ops(found) > 400:
        return found
    forms = [found, sympy.factor_terms(found)]
    if found.is_rational_function(variable):
        forms.append(sympy.factor_terms(sympy.cancel(sympy.together(found))))
        forms.append(sympy.factor(found))
    return min(forms, key=lambda form: (sympy.count_ops(form), len(str(form))))
