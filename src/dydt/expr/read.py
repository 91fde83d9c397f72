"""What the grammar finds in an expression -> a node."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from lark.exceptions import VisitError
from lark.visitors import Transformer_NonRecursive

from dydt.errors import LawError, nearest
from dydt.expr.graph import OPERATIONS, Node, apply, number, symbol
from dydt.expr.mistakes import function_without_brackets
from dydt.expr.network import Network
from dydt.expr.neural import Networks
from dydt.expr.operate import operate
from dydt.expr.scan import statements
from dydt.expr.source import FUNCTIONS, Source, plain_name, shorten

EULER = number(math.e)
CONSTANTS = {"pi": number(math.pi), "e": EULER}

_SPELL_OUT = {
    "sgn": "sign(x)", "signum": "sign(x)", "fabs": "abs(x)", "heaviside": "step(x)", "theta": "step(x)",
    "sec": "1/cos(x)", "csc": "1/sin(x)", "cot": "1/tan(x)", "log2": "log(x)/log(2)", "log1p": "log(1 + x)",
    "expm1": "exp(x) - 1", "ceil": "-floor(-x)", "round": "floor(x + 1/2)", "pow": "a^b", "hypot": "sqrt(x^2 + y^2)",
    "asinh": "log(x + sqrt(x^2 + 1))", "acosh": "log(x + sqrt(x^2 - 1))", "atanh": "log((1 + x)/(1 - x))/2",
    "erfc": "1 - erf(x)", "where": "if(condition, a, b)", "piecewise": "if(condition, a, b)",
    "minimum": "min(a, b)", "maximum": "max(a, b)", "arsinh": "log(x + sqrt(x^2 + 1))",
}  # fmt: skip

_INFIX = {row.infix.strip(): row.name for row in OPERATIONS.values() if row.infix and row.arity == 2}


def read(
    text: str, independent: str = "t", values: Collection[str] = (), networks: Iterable[Network] = ()
) -> Node:
    """The expression that `text` says; `values` may hold names that shadow pi and e, `networks` those it may call.

    >>> print(read("2x + sin(t)^2"))
    2*x + sin(t)^2
    """
    source = Source(text, independent)
    found = statements(source, "expression")
    first = next(found, None)
    if first is None:
        raise source.error("the expression is missing", 0)
    for another in found:
        raise source.error("one expression is wanted here", another.tokens[0][2])
    known = Networks(source, only={network.name: network for network in networks})
    return Reader(source, scope(values), networks=known).expression(first.tree)


def scope(shadowed: Iterable[str] = ()) -> dict[str, Node]:
    """The constants by name, without those that a law gives a meaning of its own."""
    shadowed = {plain_name(name) for name in shadowed}
    return {name: node for name, node in CONSTANTS.items() if name not in shadowed}


class Reader(Transformer_NonRecursive[Any, Any]):
    """Reads expressions of one law: a method for each rule of the grammar, given what stands inside.

    Parameters
    ----------
    source : Source
        For complaints.
    names : dict
        What names stand for; an unknown one becomes a symbol and is added.
    timed : collection of str
        Names that may be written with the independent variable, as in x(t).
    networks : Networks, optional
        What is known of the networks of the law.
    """

    def __init__(
        self,
        source: Source,
        names: dict[str, Node],
        timed: Collection[str] = (),
        networks: Networks | None = None,
    ) -> None:
        super().__init__(visit_tokens=False)
        self.source = source
        self.names = names
        self.timed = timed
        self.networks = networks or Networks(source)
        self.constants: dict[int, float] = {}  # values of operations on numbers only

    def expression(self, tree: Any) -> Node:
        """The node that a tree of the grammar says."""
        try:
            return self.transform(tree)
        except VisitError as problem:
            raise problem.orig_exc from None

    # The rules

    def number(self, inside: list[Any]) -> Node:
        (token,) = inside
        value = float(token)
        if math.isinf(value):
            raise self.source.error(
                f"the number {shorten(token)} is too large", token.start_pos, "the largest is about 1.8e308"
            )
        return number(value)

    def name(self, inside: list[Any]) -> Node:
        (token,) = inside
        if token in FUNCTIONS:
            raise function_without_brackets(self.source, token, token.start_pos)
        return self._look_up(token.value)

    def binary(self, inside: list[Any]) -> Node:
        left, token, right = inside
        return self._apply(_INFIX[token], (left, right), token.start_pos)

    def unary(self, inside: list[Any]) -> Node:
        token, operand = inside
        if token == "+":
            return operand
        return self._apply("neg" if token == "-" else "not", (operand,), token.start_pos)

    def comparison(self, inside: list[Any]) -> Node:
        """0 < x < 1 means 0 < x and x < 1."""
        links = [self.binary(inside[i - 1 : i + 2]) for i in range(1, len(inside), 2)]
        node = links.pop()
        while links:
            node = self._apply("and", (links.pop(), node), 0)
        return node

    def raised(self, inside: list[Any]) -> Node:
        base, token = inside
        return self._apply("pow", (base, self.number([token])), token.start_pos)

    def exponential(self, inside: list[Any]) -> Node:
        base, token, *power = inside
        exponent = power[0] if power else self.number([token])
        if self._look_up("e") is EULER:
            return self._apply("exp", (exponent,), base.start_pos)
        return self._apply("pow", (self._look_up("e"), exponent), token.start_pos)

    def call(self, inside: list[Any]) -> Node:
        token, *arguments = inside
        if token in FUNCTIONS:
            return self._function(token.value, arguments, token.start_pos)
        at_present = len(arguments) == 1 and arguments[0] is symbol(self.source.independent)
        if token in self.timed and at_present:
            return self._look_up(token.value)
        if self.networks.is_one(token.value) and token not in self.timed:
            return self.networks.call(token.value, arguments, 0, token.start_pos)
        raise self._no_function(token.value, token.start_pos)

    def output(self, inside: list[Any]) -> Node:
        token, *arguments, index = inside
        return self.networks.call(token.value, arguments, int(index), token.start_pos)

    # What they mean

    def _look_up(self, word: str) -> Node:
        node = self.names.get(word)
        if node is None:
            node = self.names[word] = symbol(word)
        return node

    def _function(self, word: str, arguments: Sequence[Node], position: int) -> Node:
        name = FUNCTIONS[word]
        arity = OPERATIONS[name].arity
        if name in ("min", "max") and len(arguments) > 2:
            result = arguments[0]
            for argument in arguments[1:]:
                result = self._apply(name, (result, argument), position)
            return result
        if len(arguments) != arity:
            wanted = {"if": "if(condition, a, b)", "atan2": "atan2(y, x)", "mod": "mod(a, b)"}.get(
                word, f"{word}({', '.join('abc'[:arity])})" if arity > 1 else f"{word}(x)"
            )
            counts = f"{arity} argument{'s' if arity > 1 else ''}, not {len(arguments)}"
            raise self.source.error(f"`{word}` takes {counts}", position, f"write {wanted}")
        return self._apply(name, arguments, position)

    def _apply(self, name: str, arguments: Sequence[Node], position: int) -> Node:
        node = apply(name, *arguments)
        first = arguments[0]
        if (first.operation == "number" or first.index in self.constants) and node.arguments:
            self._bound(node, position)
        return node

    def _bound(self, node: Node, position: int) -> None:
        """Sees to it that an operation on numbers is a number."""
        known = self.constants
        values: list[float] = []
        for argument in node.arguments:
            value = argument.value if argument.operation == "number" else known.get(argument.index)
            if value is None:
                return
            values.append(value)
        known[node.index] = value = operate(node.operation, *values)
        if math.isinf(value) and node.operation in ("pow", "exp", "mul", "add", "sub", "sinh", "cosh"):
            raise self.source.error("this number is too large", position, "the largest is about 1.8e308")
        if not math.isfinite(value):
            raise self.source.error(
                f"this comes to {value:g}, which is not a finite number".replace("nan", "NaN"), position
            )

    def _no_function(self, text: str, position: int) -> LawError:
        shown = shorten(text)
        if text in self.timed:
            return self.source.error(
                f"not yet: `{shown}` is wanted at another place than {self.source.independent}",
                position,
                f"write {shown} or {shown}({self.source.independent}) for its value now, {shown}*( … ) for a product",
            )
        if text.lower() in _SPELL_OUT:
            return self.source.error(
                f"unknown function `{shown}`", position, f"write {_SPELL_OUT[text.lower()]}"
            )
        guess = nearest(text, FUNCTIONS) if 1 < len(text) < 60 else ""
        if guess and text not in self.names:
            return self.source.error(f"unknown function `{shown}`{guess}", position)
        known = ", ".join(FUNCTIONS)
        return self.source.error(
            f"`{shown}` is not a function",
            position,
            f"to multiply, write {shown}*( … ); functions are {known}",
        )
