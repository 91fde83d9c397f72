"""Expressions to and from SymPy. SymPy is imported when it is first asked for.

A symbol keeps its name: the state ``x'`` is the SymPy symbol called ``x'``. Numbers become exact: 0.1 is 1/10 and
0.3333333333333333 is 1/3, since a person who writes a law means those.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from dydt.errors import InputError
from dydt.expr.graph import OPERATIONS, Node, apply, number, symbol, walk
from dydt.expr.network import Output, Slope

_LARGEST_DENOMINATOR = 10_000
# Operations whose function has another name in SymPy, which takes the same arguments.
_FUNCTIONS = {"asin": "asin", "acos": "acos", "atan": "atan", "atan2": "atan2", "abs": "Abs", "min": "Min"}
_FUNCTIONS |= {"max": "Max", "mod": "Mod", "log": "log", "floor": "floor", "sign": "sign", "erf": "erf"}
_FUNCTIONS |= {name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "sqrt")}
_RELATIONS = {"lt": "Lt", "le": "Le", "gt": "Gt", "ge": "Ge", "eq": "Eq", "ne": "Ne"}
_LOGIC = {"and": "And", "or": "Or", "not": "Not"}
_NAMED = {**_FUNCTIONS, **_RELATIONS, **_LOGIC}


def to_sympy(node: Node, symbols: Mapping[str, Any] | None = None, opaque: bool = False) -> Any:
    """The node as a SymPy expression.

    Parameters
    ----------
    node : Node
    symbols : mapping, optional
        What names stand for; real symbols of the same name, unless given.
    opaque : bool
        Whether networks become functions of which only the name is known. There is no way back from these.

    Raises
    ------
    InputError
        For an operation that exact mathematics does not have, and for a network unless `opaque`.

    >>> to_sympy(2 * symbol("x") ** 2 + 0.5)
    2*x**2 + 1/2
    """
    import sympy

    known = dict(symbols or {})
    made: dict[int, Any] = {}
    for item in walk([node]):
        inside = [made[argument.index] for argument in item.arguments]
        match item.operation:
            case "number":
                made[item.index] = exact(item.value)
            case "symbol":
                if item.value not in known:
                    known[item.value] = sympy.Symbol(item.value, real=True)
                made[item.index] = known[item.value]
            case "network" if opaque:
                made[item.index] = _opaque(item.value)(*inside)
            case _:
                made[item.index] = _row_to_sympy(sympy, item.operation, inside)
    return made[node.index]


@cache
def _opaque(value: Output | Slope) -> Any:
    """An output of a network as a function of SymPy; its `output` says which one it is."""
    import sympy

    methods = {
        "__reduce_ex__": lambda self, protocol: (_of_opaque, (value, self.args))
    }  # for other processes
    return type(value.network.name, (sympy.Function,), {"output": value, "is_extended_real": True} | methods)


def _of_opaque(value: Output | Slope, arguments: tuple[Any, ...]) -> Any:
    return _opaque(value)(*arguments)


def _row_to_sympy(sympy: Any, operation: str, inside: list[Any]) -> Any:
    match operation:
        case "add":
            return inside[0] + inside[1]
        case "sub":
            return inside[0] - inside[1]
        case "mul":
            return inside[0] * inside[1]
        case "div":
            return inside[0] / inside[1]
        case "neg":
            return -inside[0]
        case "pow":
            return inside[0] ** inside[1]
        case "log10":
            return sympy.log(inside[0]) / sympy.log(10)
        case "cbrt":
            return sympy.sign(inside[0]) * sympy.Abs(inside[0]) ** sympy.Rational(1, 3)
        case "step":
            return sympy.Piecewise((1, inside[0] >= 0), (0, True))
        case "select":
            return sympy.Piecewise((inside[1], inside[0]), (inside[2], True))
    if operation == "network":
        raise InputError(
            "a law with a network has no closed form: solve, equilibria, portrait and lyapunov work with its numbers"
        )
    if operation not in _NAMED:
        raise InputError(f"`{operation}` has no counterpart in exact mathematics")
    return getattr(sympy, _NAMED[operation])(*inside)


def exact(value: float) -> Any:
    """The number that a float was written for: a fraction with a small denominator, a multiple of π, a root.

    >>> exact(0.1), exact(8 / 3), exact(math.pi / 2), exact(math.sqrt(2))
    (1/10, 8/3, pi/2, sqrt(2))
    """
    import sympy

    for constant, meaning in ((math.pi, sympy.pi), (math.e, sympy.E)):
        if abs(value) == constant:
            return meaning if value > 0 else -meaning
    if not math.isfinite(value):
        return sympy.Float(value)
    near = Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)
    if float(near) == value:
        return sympy.Rational(near.numerator, near.denominator)
    meant = _multiple(value)
    return sympy.Rational(repr(value)) if meant is None else meant


def _multiple(value: float) -> Any:
    """A fraction of π or e, or the root of a fraction, that has this value to the last bit or two; else None.

    Numbers of a law are folded as it is read: 2*pi and sqrt(2) come as floats.
    """
    import sympy

    def is_it(candidate: Any) -> bool:
        return abs(float(candidate) - value) <= 4e-16 * abs(value)

    for constant, most in ((sympy.pi, 360), (sympy.E, 12)):
        part = Fraction(value / float(constant)).limit_denominator(most)
        candidate = sympy.Rational(part.numerator, part.denominator) * constant
        if abs(part.numerator) <= _LARGEST_DENOMINATOR and is_it(candidate):
            return candidate
    square = Fraction(value * value).limit_denominator(1000)
    root = sympy.sqrt(sympy.Rational(square.numerator, square.denominator)) * (1 if value > 0 else -1)
    return root if abs(square.numerator) <= _LARGEST_DENOMINATOR and is_it(root) else None


def from_sympy(expression: Any) -> Node:
    """The SymPy expression as a node.

    Raises
    ------
    InputError
        If it holds something a law can't say, such as an unevaluated integral.

    >>> import sympy
    >>> print(from_sympy(sympy.exp(3 * sympy.Symbol("t")) / 2))
    exp(3*t)/2
    """
    return _Reader().read(expression)


class _Reader:
    """Reads a SymPy tree from the leaves up; each kind of it once."""

    def __init__(self) -> None:
        import sympy

        self.sympy = sympy
        self.made: dict[Any, Node] = {}

    def read(self, item: Any) -> Node:
        if item not in self.made:
            self.made[item] = self._read(item)
        return self.made[item]

    def _read(self, item: Any) -> Node:
        sympy = self.sympy
        if item in (sympy.true, sympy.false):
            return number(float(item == sympy.true))
        if item.is_Symbol:
            return symbol(item.name)
        if item.is_number and not item.free_symbols and not item.args:
            return number(float(item))
        if item.is_Add:
            return self._sum(item)
        if item.is_Mul:
            return self._product(item)
        if isinstance(item, sympy.Pow | sympy.exp):
            return self._power(item)
        if isinstance(item, sympy.Piecewise):
            result = self.read(item.args[-1].expr)
            for pair in reversed(item.args[:-1]):
                result = apply("select", self.read(pair.cond), self.read(pair.expr), result)
            return result
        name = _BACK.get(type(item).__name__)
        if name is None:
            raise InputError(f"`{item}` can't be said in a law")
        result, *more = map(self.read, item.args)
        if OPERATIONS[name].arity == 1:
            return apply(name, result)
        for node in more:
            result = apply(name, result, node)
        return result

    def _sum(self, item: Any) -> Node:
        """Terms in SymPy's order, negative ones subtracted."""
        first, *rest = item.as_ordered_terms()
        total = self.read(first)
        for term in rest:
            negative = term.as_coeff_Mul()[0].is_negative
            total = total - self.read(-term) if negative else total + self.read(term)
        return total

    def _product(self, item: Any) -> Node:
        """A sign in front, and one quotient where there are negative powers."""
        if item.as_coeff_Mul()[0].is_negative:
            return -self.read(-item)
        above, below = item.as_numer_denom()
        if below != 1 and above * below != item:
            return self.read(above) / self.read(below)
        first, *rest = map(self.read, item.as_ordered_factors())
        for factor in rest:
            first = first * factor
        return first

    def _power(self, item: Any) -> Node:
        base, exponent = item.as_base_exp()
        if base == self.sympy.E:
            return apply("exp", self.read(exponent))
        if exponent.is_number and exponent.is_negative:
            return 1 / self.read(base**-exponent)
        if exponent == self.sympy.Rational(1, 2):
            return apply("sqrt", self.read(base))
        return self.read(base) ** self.read(exponent)


# Relations of SymPy have class names of their own.
_BACK = {name: operation for operation, name in (_FUNCTIONS | _LOGIC).items()}
_BACK |= {"StrictLessThan": "lt", "LessThan": "le", "StrictGreaterThan": "gt", "GreaterThan": "ge"}
_BACK |= {"Equality": "eq", "Unequality": "ne"}
