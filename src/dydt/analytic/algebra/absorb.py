"""Constants of integration written as shortly as they can be: 2C + 1 is a constant as good as C."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy


def absorb(formulas: Sequence[Any], constant: sympy.Symbol) -> list[Any]:
    """The same family of formulas, with numbers that stand beside the constant taken into it.

    >>> t, C = sympy.symbols("t C", real=True)
    >>> absorb([sympy.sqrt(t + 2 * C), -sympy.sqrt(t + 2 * C)], C)
    [sqrt(C + t), -sqrt(C + t)]
    """
    found = list(formulas)
    for _ in range(3):
        places = {place for formula in found for place in _places(formula, constant)}
        if len(places) != 1:
            return found
        factor, shift = places.pop()
        if factor == 1 and shift == 0:
            return found
        found = [formula.subs(constant, (constant - shift) / factor) for formula in found]
        found = [sympy.expand(f) if _is_linear(f, constant) else f for f in found]
    return found


def _is_linear(formula: Any, constant: sympy.Symbol) -> bool:
    return bool(formula.is_polynomial(constant) and not sympy.diff(formula, constant).has(constant))


def _places(formula: Any, constant: sympy.Symbol) -> list[tuple[Any, Any]]:
    """At each place where the constant stands, the number it is multiplied by and the number that is added."""
    if formula == constant:
        return [(sympy.S.One, sympy.S.Zero)]
    if not formula.has(constant):
        return []
    if formula.is_Mul and constant in formula.args:
        number = formula.as_coeff_Mul()[0]
        return [(number, sympy.S.Zero)]
    if formula.is_Add:
        number = formula.as_coeff_Add()[0]
        alone = [a for a in formula.args if a == constant or (a.is_Mul and a.as_coeff_Mul()[1] == constant)]
        if len(alone) == 1 and not any(a.has(constant) for a in formula.args if a is not alone[0]):
            return [(alone[0].as_coeff_Mul()[0], number)]
    return [place for argument in formula.args for place in _places(argument, constant)]
