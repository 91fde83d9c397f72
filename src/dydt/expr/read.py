"""Tokens -> an expression: one pass with a stack of operators, so that no depth of nesting is too deep for Python."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence

from dydt.errors import LawError, nearest
from dydt.expr.evaluate import operate
from dydt.expr.graph import OPERATIONS, Node, apply, number, symbol
from dydt.expr.scan import Source, Token, plain_name, scan_expression, shorten

DEEPEST_NESTING = 1000

EULER = number(math.e)
CONSTANTS = {"pi": number(math.pi), "e": EULER}

# What may be written before a bracket, and the operation it means.
FUNCTIONS = {row.name: row.name for row in OPERATIONS.values() if not row.infix and row.name != "select"}
FUNCTIONS |= {"if": "select", "ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan"}
FUNCTIONS |= {"arctan2": "atan2"}

_SPELL_OUT = {
    "sgn": "sign(x)", "signum": "sign(x)", "fabs": "abs(x)", "heaviside": "step(x)", "theta": "step(x)",
    "sec": "1/cos(x)", "csc": "1/sin(x)", "cot": "1/tan(x)", "log2": "log(x)/log(2)", "log1p": "log(1 + x)",
    "expm1": "exp(x) - 1", "ceil": "-floor(-x)", "round": "floor(x + 1/2)", "pow": "a^b", "hypot": "sqrt(x^2 + y^2)",
    "asinh": "log(x + sqrt(x^2 + 1))", "acosh": "log(x + sqrt(x^2 - 1))", "atanh": "log((1 + x)/(1 - x))/2",
    "erfc": "1 - erf(x)", "where": "if(condition, a, b)", "piecewise": "if(condition, a, b)",
    "minimum": "min(a, b)", "maximum": "max(a, b)", "arsinh": "log(x + sqrt(x^2 + 1))",
}  # fmt: skip

_BINARY = {
    row.infix.strip(): (row.name, row.precedence)
    for row in OPERATIONS.values()
    if row.infix and row.arity == 2
}
_TIMES = OPERATIONS["mul"].precedence
_POWER = OPERATIONS["pow"].precedence
_COMPARE = OPERATIONS["lt"].precedence
_NOT = OPERATIONS["not"].precedence
_NEGATIVE = OPERATIONS["neg"].precedence
_BRACKET = 0

# (precedence, operation, position, operands below it); the operation of a bracket is its function, or empty.
_Waiting = tuple[int, str, int, int]


def read(text: str, independent: str = "t", values: Collection[str] = ()) -> Node:
    """The expression that `text` says; `values` may hold names that shadow pi and e.

    >>> print(read("2x + sin(t)^2"))
    2*x + sin(t)^2
    """
    source, tokens = scan_expression(text, independent)
    return Reader(source, scope(values)).expression(tokens)


def scope(shadowed: Iterable[str] = ()) -> dict[str, Node]:
    """The constants by name, without those that a law gives a meaning of its own."""
    shadowed = {plain_name(name) for name in shadowed}
    return {name: node for name, node in CONSTANTS.items() if name not in shadowed}


class Reader:
    """Reads expressions of one law.

    Parameters
    ----------
    source : Source
        For complaints.
    names : dict
        What names stand for; an unknown one becomes a symbol and is added.
    timed : collection of str
        Names that may be written with the independent variable, as in x(t).
    """

    def __init__(self, source: Source, names: dict[str, Node], timed: Collection[str] = ()) -> None:
        self.source = source
        self.names = names
        self.timed = timed
        self.operands: list[Node] = []
        self.operators: list[_Waiting] = []
        self.depth = 0
        self.constants: dict[int, float] = {}  # values of operations on numbers only

    def expression(self, tokens: Sequence[Token], start: int = 0) -> Node:
        """The node that the tokens say; `start` is the position to blame if there are none."""
        self.operands, self.operators, self.depth = [], [], 0
        index, count = 0, len(tokens)
        wants_operand = True
        while index < count:
            kind, text, position = tokens[index]
            if wants_operand:
                if kind == "name":
                    index, wants_operand = self._name(tokens, index)
                    continue
                if kind == "number":
                    self.operands.append(self._number(text, position))
                    wants_operand = False
                elif kind == "(":
                    self._open("", position)
                elif kind == "-":
                    self.operators.append((_NEGATIVE, "neg", position, 0))
                elif kind == "not":
                    self._not(position)
                elif kind != "+":
                    raise self._missing(tokens, index, start)
            elif kind in _BINARY:
                self._binary(kind, position)
                wants_operand = True
            elif kind == ")":
                self._close(position)
            elif kind == ",":
                self._comma(tokens, index)
                wants_operand = True
            elif kind == "superscript":
                self._binary("^", position)
                self.operands.append(self._number(text, position))
            else:
                self._side_by_side(tokens, index)
                wants_operand = True
                continue  # the same token again, as the operand
            index += 1
        if wants_operand:
            raise self._missing(tokens, count, start)
        self._unwind(_BRACKET + 1)
        if self.operators:
            raise self.source.error("this `(` is never closed", self.operators[-1][2], "add a `)`")
        return self.operands.pop()

    def _number(self, text: str, position: int) -> Node:
        value = float(text)
        if math.isinf(value):
            raise self.source.error(
                f"the number {shorten(text)} is too large", position, "the largest is about 1.8e308"
            )
        return number(value)

    def _name(self, tokens: Sequence[Token], index: int) -> tuple[int, bool]:
        """Puts a name on the stacks: where to read on, and whether an operand is still to come."""
        _, text, position = tokens[index]
        following = tokens[index + 1][0] if index + 1 < len(tokens) else ""
        if following == "(":
            if text in FUNCTIONS:
                self._open(text, position)
                return index + 2, True
            if not self._is_timed(tokens, index):
                raise self._no_function(text, position)
            self.operands.append(self._look_up(text))
            return index + 4, False
        if text in FUNCTIONS:
            raise self.source.error(
                f"`{text}` is a function, and needs its argument in brackets",
                position,
                f"write {text}( … )"
                + (f", and a power as {text}( … )^2" if following in ("^", "superscript") else ""),
            )
        node = self._look_up(text)
        if node is EULER and text == "e" and following in ("^", "superscript"):
            # e^… is the exponential function itself, not a power of a rounded number.
            self.operators.append((_POWER, "exp", position, 0))
            if following == "^":
                return index + 2, True
            self.operands.append(self._number(tokens[index + 1][1], position))
            return index + 2, False
        self.operands.append(node)
        return index + 1, False

    def _look_up(self, text: str) -> Node:
        node = self.names.get(text)
        if node is None:
            node = self.names[text] = symbol(text)
        return node

    def _is_timed(self, tokens: Sequence[Token], index: int) -> bool:
        inside = [token[1] for token in tokens[index + 1 : index + 4]]
        return tokens[index][1] in self.timed and inside == ["(", self.source.independent, ")"]

    def _no_function(self, text: str, position: int) -> LawError:
        shown = shorten(text)
        if text == "nn":
            return self.source.error("not yet: nn( … ) can't be used in a law's text", position)
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

    def _open(self, function: str, position: int) -> None:
        self.depth += 1
        if self.depth > DEEPEST_NESTING:
            raise self.source.error(
                f"brackets are nested more than {DEEPEST_NESTING} deep",
                position,
                "give the inner part a name: v = …",
            )
        self.operators.append((_BRACKET, function, position, len(self.operands)))

    def _not(self, position: int) -> None:
        if self.operators and self.operators[-1][0] > _NOT:
            raise self.source.error("`not` here needs brackets", position, "write (not …)")
        self.operators.append((_NOT, "not", position, 0))

    def _binary(self, kind: str, position: int) -> None:
        name, level = _BINARY[kind]
        self._unwind(level if name != "pow" else level + 1, chain=level == _COMPARE)
        self.operators.append((level, name, position, 0))

    def _unwind(self, level: int, chain: bool = False) -> None:
        """Applies what binds at least as tightly as `level`; with `chain`, 0 < x < 1 means 0 < x and x < 1."""
        operators, operands = self.operators, self.operands
        while operators and operators[-1][0] >= level:
            _, name, position, _ = operators.pop()
            right = operands.pop()
            if name in ("neg", "not", "exp"):
                operands.append(self._apply(name, (right,), position))
                continue
            operands.append(self._apply(name, (operands.pop(), right), position))
            if chain and OPERATIONS[name].precedence == _COMPARE:
                operands.append(right)
                operators.append((_COMPARE, "and", position, 0))
                return

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

    def _close(self, position: int) -> None:
        self._unwind(_BRACKET + 1)
        if not self.operators:
            raise self.source.error(
                "this `)` closes nothing", position, "take it out, or add the `(` it closes"
            )
        self.depth -= 1
        _, function, start, below = self.operators.pop()
        if function:
            arguments = self.operands[below:]
            del self.operands[below:]
            self.operands.append(self._call(function, arguments, start))

    def _call(self, function: str, arguments: list[Node], position: int) -> Node:
        name = FUNCTIONS[function]
        arity = OPERATIONS[name].arity
        if name in ("min", "max") and len(arguments) > 2:
            result = arguments[0]
            for argument in arguments[1:]:
                result = self._apply(name, (result, argument), position)
            return result
        if len(arguments) != arity:
            wanted = {"if": "if(condition, a, b)", "atan2": "atan2(y, x)", "mod": "mod(a, b)"}.get(
                function, f"{function}({', '.join('abc'[:arity])})" if arity > 1 else f"{function}(x)"
            )
            counts = f"{arity} argument{'s' if arity > 1 else ''}, not {len(arguments)}"
            raise self.source.error(f"`{function}` takes {counts}", position, f"write {wanted}")
        return self._apply(name, arguments, position)

    def _comma(self, tokens: Sequence[Token], index: int) -> None:
        self._unwind(_BRACKET + 1)
        if not self.operators or not self.operators[-1][1]:
            decimal = [token[0] for token in tokens[index - 1 : index + 2]] == ["number", ",", "number"]
            raise self.source.error(
                "a `,` only stands between the arguments of a function",
                tokens[index][2],
                "decimals have a point: 1.5" if decimal else "one statement ends with the line or a `;`",
            )

    def _side_by_side(self, tokens: Sequence[Token], index: int) -> None:
        """An operand right after an operand: `2x` and `(a)(b)` multiply, the rest is refused."""
        kind, text, position = tokens[index]
        before, last, start = tokens[index - 1]
        if kind in ("=", ":", "not"):
            raise self.source.error(f"`{text}` can't stand here", position)
        if kind == "number" or before == "name":
            product = f"{shorten(last)}*{shorten(text)}" if before != ")" else f"*{shorten(text)}"
            power = f" or {shorten(last)}^{text}" if kind == "number" and before == "name" else ""
            raise self.source.error(
                f"`{shorten(last)}` and `{shorten(text)}` stand side by side",
                position,
                f"to multiply, write {product}{power}",
            )
        what = "( … )" if text == "(" else shorten(text)
        if before == "number" and position == start + len(last) and self._raises():
            raise self._ambiguous(f"^{last}{text}", f"^({last}*{what}) or ^{last} * {what}", position)
        self._unwind(_TIMES + 1)
        if self.operators and self.operators[-1][1] == "div":
            below = "( … )" if before == ")" else last
            raise self._ambiguous(f"/{below} {what}", f"/({below}*{what}) or /{below}*{what}", position)
        self._binary("*", position)

    def _raises(self) -> bool:
        """Whether the operand just read is an exponent, perhaps with a sign."""
        waiting = iter(reversed(self.operators))
        name = next((name for _, name, _, _ in waiting if name != "neg"), "")
        return name in ("pow", "exp")

    def _ambiguous(self, seen: str, ways: str, position: int) -> LawError:
        return self.source.error(f"`{shorten(seen)}` can be read in two ways", position, f"write {ways}")

    def _missing(self, tokens: Sequence[Token], index: int, start: int) -> LawError:
        """There should be an operand at `index`."""
        before = tokens[index - 1] if index else None
        at = tokens[index] if index < len(tokens) else None
        position = at[2] if at else before[2] + len(before[1]) - 1 if before else start
        if before is None:
            seen = f"an expression can't begin with `{at[1]}`" if at else "the expression is missing"
        elif before[1] == "(" and at:
            seen = (
                "there is nothing between the brackets"
                if at[1] == ")"
                else f"something is missing before `{at[1]}`"
            )
        elif at:
            seen = f"something is missing between `{before[1]}` and `{at[1]}`"
        else:
            seen = f"the expression ends after `{before[1]}`"
        return self.source.error(seen, position)
