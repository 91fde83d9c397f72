"""Formulas as people write them, in text and in LaTeX, and the steps of a calculation by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from dydt.expr.write import latex_name, latex_network

if TYPE_CHECKING:
    import sympy

    _Printer = Any  # SymPy's, which is imported when it is needed
else:
    _Printer = object


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
def _in_order() -> Any:
    import sympy

    class InOrder(sympy.Add):
        """A sum that is printed as it is written, x + h and not h + x."""

        def __reduce_ex__(self, protocol: Any) -> Any:  # so that it can be sent from one process to another
            return in_order, self.args

    return InOrder


def in_order(*terms: Any) -> Any:
    """A sum that is neither added up nor sorted, to show a calculation before anything cancels.

    >>> import sympy
    >>> x, h = sympy.symbols("x h")
    >>> text(in_order((in_order(x, h)) ** 2, -(x**2)))
    '(x + h)^2 - x^2'
    """
    return _in_order()(*terms, evaluate=False)


def _is_unknown(formula: Any) -> bool:
    """Whether it is an unknown function of symbols, y(t)."""
    return type(type(formula)).__name__ == "UndefinedFunction" and all(a.is_Symbol for a in formula.args)


def _primes(derivative: sympy.Derivative) -> str | None:
    """The name of an unknown with as many primes as it is derived; None for a mixed or general derivative."""
    is_unknown = type(type(derivative.expr)).__name__ == "UndefinedFunction"
    if is_unknown and len(derivative.variable_count) == 1:
        return derivative.expr.func.__name__ + "'" * int(derivative.derivative_count)
    return None


def _constants_last(formula: sympy.Add) -> tuple[Any, list[Any]]:
    """A sum without its constants of integration C, C1, …, and these."""
    last = [a for a in formula.args if a.is_Symbol and re.fullmatch(r"[CK]\d*", a.name)]
    if not last or len(last) == len(formula.args):
        return formula, []
    return formula - sum(last), sorted(last, key=str)


class _Text(_Printer):
    """How formulas are written as text; laid over SymPy's printer, which is imported when it is needed."""

    def _print_Relational(self, formula: Any) -> str:
        signs = {"==": "="}
        sign = signs.get(formula.rel_op, formula.rel_op)
        return f"{self._print(formula.lhs)} {sign} {self._print(formula.rhs)}"

    def _print_Pow(self, formula: Any, rational: bool = False) -> str:
        return super()._print_Pow(formula, rational).replace("**", "^")

    def _print_Derivative(self, formula: Any) -> str:
        short = _primes(formula)
        if short or len(formula.variable_count) != 1:
            return short or super()._print_Derivative(formula)
        variable, count = formula.variable_count[0]
        power = "" if count == 1 else f"^{count}"
        return f"d{power}/d{self._print(variable)}{power} {self._whole(formula.expr)}"

    def _whole(self, formula: Any) -> str:
        """In brackets unless it is a single thing."""
        written = self._print(formula)
        return written if formula.is_Atom or formula.is_Function else f"({written})"

    def _print_InOrder(self, formula: Any, order: Any = None) -> str:
        return super()._print_Add(formula, order="none")

    def _print_Add(self, formula: Any, order: Any = None) -> str:
        rest, last = _constants_last(formula)
        if not last:
            return super()._print_Add(formula, order)
        return " + ".join([self._print(rest), *map(self._print, last)])

    def _print_Sum(self, formula: Any) -> str:
        body = self._print(formula.function)
        body = f"({body})" if formula.function.is_Add else body
        ranges = ", ".join(
            f"{self._print(i)} = {self._print(a)}…{self._print(b)}" for i, a, b in formula.limits
        )
        return f"Σ[{ranges}] {body}"

    def _print_Limit(self, formula: Any) -> str:
        body, variable, place, side = formula.args
        mark = "" if place.is_infinite else {"+": "+", "-": "−"}.get(str(side), "")
        body = f"({self._print(body)})" if body.is_Add else self._print(body)
        return f"lim[{self._print(variable)} → {self._print(place)}{mark}] {body}"

    def _print_Piecewise(self, formula: Any) -> str:
        *cases, last = formula.args
        if last.cond != True:  # noqa: E712  (SymPy's own truth)
            cases, last = [*cases, last], None
        written = "?" if last is None else self._print(last.expr)
        for case in reversed(cases):
            written = f"if({self._print(case.cond)}, {self._print(case.expr)}, {written})"
        return written

    def _print_And(self, formula: Any) -> str:
        return " and ".join(sorted(map(self._print, formula.args)))

    def _print_Or(self, formula: Any) -> str:
        return " or ".join(sorted(map(self._print, formula.args)))

    def _print_Abs(self, formula: Any) -> str:
        return f"abs({self._print(formula.args[0])})"

    def _print_Mod(self, formula: Any) -> str:
        return f"mod({self.stringify(formula.args, ', ')})"

    def _print_Max(self, formula: Any) -> str:
        return f"max({self.stringify(formula.args, ', ')})"

    def _print_Min(self, formula: Any) -> str:
        return f"min({self.stringify(formula.args, ', ')})"

    def _print_Function(self, formula: Any) -> str:
        if _is_unknown(formula):
            return str(formula.func.__name__)
        if (network := getattr(formula.func, "output", None)) is not None:
            return str(network.write(list(map(self._print, formula.args))))
        return super()._print_Function(formula)

    def _print_Integral(self, formula: Any) -> str:
        body = self._print(formula.function)
        if formula.function.is_Add:
            body = f"({body})"
        limits = ""
        for variable, *ends in formula.limits:
            if len(ends) == 2:
                limits = f"[{self._print(ends[0])}…{self._print(ends[1])}]"
            body = f"{body} d{self._print(variable)}"
        return f"∫{limits} {body}"

    def _print_MatrixBase(self, formula: Any) -> str:
        rows = [", ".join(map(self._print, formula.row(k))) for k in range(formula.rows)]
        if formula.cols == 1:
            return f"({', '.join(rows)})"
        return f"[{', '.join(f'[{row}]' for row in rows)}]"

    def _print_Exp1(self, formula: Any) -> str:
        return "e"

    def _print_Infinity(self, formula: Any) -> str:
        return "∞"

    def _print_NegativeInfinity(self, formula: Any) -> str:
        return "-∞"


class _Latex(_Printer):
    """How formulas are written in LaTeX, likewise."""

    def _print_Derivative(self, formula: Any) -> str:
        name = _primes(formula)
        return latex_name(name) if name else super()._print_Derivative(formula)

    def _print_InOrder(self, formula: Any, order: Any = None) -> str:
        return super()._print_Add(formula, order="none")

    def _print_Add(self, formula: Any, order: Any = None) -> str:
        rest, last = _constants_last(formula)
        if not last:
            return super()._print_Add(formula, order)
        return " + ".join([self._print(rest), *map(self._print, last)])

    def _print_Function(self, formula: Any, exp: Any = None) -> str:
        if _is_unknown(formula):
            name = latex_name(formula.func.__name__)
            return name if exp is None else f"{name}^{{{exp}}}"
        if (network := getattr(formula.func, "output", None)) is not None:
            name = latex_network(network, list(map(self._print, formula.args)))
            return name if exp is None else rf"\left({name}\right)^{{{exp}}}"
        return super()._print_Function(formula, exp)

    def _print_Symbol(self, formula: Any, style: str = "plain") -> str:
        if re.fullmatch(r"\w+'+", formula.name):
            return latex_name(formula.name)
        return super()._print_Symbol(formula, style)


@cache
def _printers() -> tuple[Any, Any]:
    """SymPy's printers, with what we write in another way; made when first asked for."""
    from sympy.printing.latex import LatexPrinter
    from sympy.printing.str import StrPrinter

    text_printer = type("Text", (_Text, StrPrinter), {})
    latex_printer = type("Latex", (_Latex, LatexPrinter), {})
    return text_printer(), latex_printer({"ln_notation": True})
