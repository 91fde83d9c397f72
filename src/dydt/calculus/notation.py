"""Formulas as people write them, in text and in LaTeX, and the steps of a calculation by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sympy


@dataclass(frozen=True)
class Step:
    """One step of a calculation: a sentence, and the formula it leads to.

    Attributes
    ----------
    says : str
        A sentence, without a full stop.
    formula : sympy expression, relation, or None
    check : callable or None
        Gives True if the step holds; run once, when the calculation is put together.
    checked : bool
        Whether that has been done.
    """

    says: str
    formula: Any = None
    check: Callable[[], bool] | None = None
    checked: bool = False

    @property
    def text(self) -> str:
        """The formula in the language of laws."""
        return "" if self.formula is None else text(self.formula)

    @property
    def latex(self) -> str:
        return "" if self.formula is None else latex(self.formula)

    def __str__(self) -> str:
        return f"{self.says}:  {self.text}" if self.formula is not None else self.says


def text(formula: Any) -> str:
    """A SymPy formula in the language of laws: ``^`` for powers, primes for derivatives.

    >>> import sympy
    >>> x, y = sympy.Symbol("x"), sympy.Function("y")
    >>> text(sympy.Eq(y(x).diff(x), 3 * y(x) ** 2))
    "y' = 3*y^2"
    """
    return _printers()[0].doprint(formula)


def latex(formula: Any) -> str:
    r"""A SymPy formula in LaTeX, primes for derivatives.

    >>> import sympy
    >>> t, y = sympy.Symbol("t"), sympy.Function("y")
    >>> latex(sympy.Eq(y(t).diff(t), 3 * y(t)))
    "y' = 3 y"
    """
    return _printers()[1].doprint(formula)


@cache
def _printers() -> tuple[Any, Any]:
    """SymPy's printers, with what we write in another way; made when first asked for."""
    from sympy.core.function import AppliedUndef
    from sympy.printing.latex import LatexPrinter
    from sympy.printing.str import StrPrinter

    from dydt.expr.write import latex_name

    def primes(derivative: sympy.Derivative) -> str | None:
        """The name of an unknown with as many primes as it is derived; None for a mixed or general derivative."""
        if isinstance(derivative.expr, AppliedUndef) and len(derivative.variable_count) == 1:
            return derivative.expr.func.__name__ + "'" * int(derivative.derivative_count)
        return None

    class Text(StrPrinter):
        def _print_Relational(self, formula: Any) -> str:
            signs = {"==": "="}
            sign = signs.get(formula.rel_op, formula.rel_op)
            return f"{self._print(formula.lhs)} {sign} {self._print(formula.rhs)}"

        def _print_Pow(self, formula: Any, rational: bool = False) -> str:
            return super()._print_Pow(formula, rational).replace("**", "^")

        def _print_Derivative(self, formula: Any) -> str:
            return primes(formula) or super()._print_Derivative(formula)

        def _print_Function(self, formula: Any) -> str:
            if isinstance(formula, AppliedUndef) and all(a.is_Symbol for a in formula.args):
                return str(formula.func.__name__)
            return super()._print_Function(formula)

        def _print_Integral(self, formula: Any) -> str:
            body = self._print(formula.function)
            if formula.function.is_Add:
                body = f"({body})"
            limits = ""
            for variable, *ends in formula.limits:
                if len(ends) == 2:
                    limits = f" from {self._print(ends[0])} to {self._print(ends[1])}"
                body = f"{body} d{self._print(variable)}"
            return f"∫{limits} {body}"

        def _print_Exp1(self, formula: Any) -> str:
            return "e"

        def _print_Infinity(self, formula: Any) -> str:
            return "∞"

        def _print_NegativeInfinity(self, formula: Any) -> str:
            return "-∞"

    class Latex(LatexPrinter):
        def _print_Derivative(self, formula: Any) -> str:
            name = primes(formula)
            return latex_name(name) if name else super()._print_Derivative(formula)

        def _print_Function(self, formula: Any, exp: Any = None) -> str:
            if isinstance(formula, AppliedUndef) and all(a.is_Symbol for a in formula.args):
                name = latex_name(formula.func.__name__)
                return name if exp is None else f"{name}^{{{exp}}}"
            return super()._print_Function(formula, exp)

        def _print_Symbol(self, formula: Any, style: str = "plain") -> str:
            if re.fullmatch(r"\w+'+", formula.name):
                return latex_name(formula.name)
            return super()._print_Symbol(formula, style)

    return Text(), Latex({"ln_notation": True})
