"""Expressions as text in the language of laws, and as LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dydt.expr.equations import Equations, Event
from dydt.expr.graph import OPERATIONS, Node, walk
from dydt.expr.network import Network, Output, Slope, networks

_ATOM = 10


def write(node: Node) -> str:
    """The expression as text that parses back to the same node.

    >>> from dydt.expr.graph import symbol
    >>> write(-(symbol("x") + 1)**2)
    '-(x + 1)^2'
    """
    return _fold(node, _text_number, _text_symbol, _text_row)


def latex(node: Node) -> str:
    r"""The expression as LaTeX.

    >>> from dydt.expr.graph import symbol
    >>> print(latex(symbol("alpha") / 2))
    \frac{\alpha}{2}
    """
    return _fold(node, _text_number, _latex_symbol, _latex_row)


def write_event(event: Event) -> str:
    """An event as a statement of the language.

    >>> from dydt.expr.parse import parse
    >>> print(write_event(parse("x' = 1; when x > 2: x -> x - 1, stop").events[0]))
    when x - 2 = 0 rising: x -> x - 1, stop
    """
    direction = {1: " rising", -1: " falling", 0: ""}[event.direction]
    actions = [f"{state} -> {write(value)}" for state, value in event.actions.items()] + ["stop"] * event.stop
    return f"when {write(event.when)} = 0{direction}" + (f": {', '.join(actions)}" if actions else "")


def write_law(equations: Equations, values: Mapping[str, float | None] | None = None) -> str:
    """The equations, constraints, networks, events and values of a law, a line each: text that says the same law.

    Only the weights of networks are left out.

    >>> from dydt.expr.parse import parse
    >>> print(write_law(parse("x' = -k*z; x + z^3 = 1; k = 2")))
    x' = -k*z
    0 = x + z^3 - 1
    k = 2.0
    """
    law = equations
    lines = [f"{left} = {node}" for left, node in _rows(law)]
    lines += [write_event(event) for event in law.events]
    found = networks(law.derivatives)
    lines += [write_network(network) for network in found]
    weights = {name for network in found for name in network.weights}
    given = values or law.parameters
    lines += [f"{n} = {v!r}" for n, v in given.items() if v is not None and n not in weights]
    start = write_number(law.start or 0.0)
    lines += [f"{name}({start}) = {node}" for name, node in law.initial.items()]
    if law.span is not None:
        lines.append(f"{law.independent} = {write_number(law.span[0])}:{write_number(law.span[1])}")
    return "\n".join(lines)


def write_network(network: Network) -> str:
    """The hidden layers of a network as a statement of the language.

    >>> write_network(Network("nn", (2, 16, 32, 2)))
    'nn = network(16, 32, tanh)'
    """
    return f"{network.name} = network({', '.join([*map(str, network.sizes[1:-1]), network.activation])})"


def latex_law(equations: Equations) -> str:
    """The first-order equations and constraints as LaTeX, one under the other."""
    rows = [rf"{latex(left)} &= {latex(node)}" for left, node in _rows(equations)]
    return r"\begin{aligned}" + r"\\".join(rows) + r"\end{aligned}"


def _rows(law: Equations) -> list[tuple[Node, Node]]:
    """Left and right of each equation, without those that only say that y' is the derivative of y."""
    rows = zip(law.left, law.derivatives, strict=True)
    return [(left, node) for left, node in rows if left is not node]


def write_number(value: float) -> str:
    """The shortest text that reads back as the same float: `2`, `0.1`, `1e-9`."""
    text = repr(value)
    return text[:-2] if text.endswith(".0") else text


_Piece = tuple[str, int]


def _fold(
    root: Node,
    number: Callable[[Node], _Piece],
    symbol: Callable[[Node], _Piece],
    row: Callable[[Node, list[_Piece]], _Piece],
) -> str:
    pieces: dict[int, _Piece] = {}
    for node in walk([root]):
        if node.operation == "number":
            pieces[node.index] = number(node)
        elif node.operation == "symbol":
            pieces[node.index] = symbol(node)
        else:
            pieces[node.index] = row(node, [pieces[a.index] for a in node.arguments])
    return pieces[root.index][0]


def _text_number(node: Node) -> _Piece:
    # A negative number behaves like a negation: (-2)^x needs its brackets.
    return write_number(node.value), _ATOM if not write_number(node.value).startswith("-") else 7


def _text_symbol(node: Node) -> _Piece:
    return node.value, _ATOM


def _bracket(piece: _Piece, least: int) -> str:
    text, precedence = piece
    return text if precedence >= least else f"({text})"


def _text_row(node: Node, pieces: list[_Piece]) -> _Piece:
    if node.value is not None:
        return node.value.write([text for text, _ in pieces]), _ATOM
    row = OPERATIONS[node.operation]
    if not row.infix:
        name = "if" if row.name == "select" else row.name
        return f"{name}({', '.join(text for text, _ in pieces)})", _ATOM
    level = row.precedence
    if row.arity == 1:
        return row.infix + _bracket(pieces[0], level), level
    left, right = pieces
    if row.name == "pow":  # binds to the right, and its exponent may carry a sign
        return f"{_bracket(left, level + 1)}^{_bracket(right, level)}", level
    sign = f" {row.infix.strip()} " if level < 6 else row.infix
    if level == 4:  # a < b < c would read as a chain
        return f"{_bracket(left, level + 1)}{sign}{_bracket(right, level + 1)}", level
    return f"{_bracket(left, level)}{sign}{_bracket(right, level + 1)}", level


_GREEK = frozenset(
    """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi
    omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega""".split()  # noqa: SIM905
)


def latex_name(name: str) -> str:
    r"""A quantity's name as LaTeX: Greek words become letters, trailing digits an index, primes stay.

    >>> latex_name("omega_0'")
    "\\omega_{0}'"
    """
    stem = name.rstrip("'")
    primes = name[len(stem) :]
    body, _, index = stem.partition("_")
    if not index and body.rstrip("0123456789") and body[-1].isdigit():
        index = body[len(body.rstrip("0123456789")) :]
        body = body.rstrip("0123456789")
    if body in _GREEK:
        body = "\\" + body
    elif len(body) > 1:
        body = rf"\mathrm{{{body}}}"
    return body + (f"_{{{index}}}" if index else "") + primes


def latex_network(value: Output | Slope, inputs: Sequence[str]) -> str:
    r"""An output of a network, or its derivative along an input, as LaTeX.

    >>> print(latex_network(Output(Network("nn", (2, 2)), 1), ["x", "y"]))
    \mathrm{nn}\left(x, y\right)_{1}
    """
    which = f"_{{{value.index}}}" if value.network.sizes[-1] > 1 else ""
    along = rf"\partial_{{{value.along + 1}}} " if isinstance(value, Slope) else ""
    return rf"{along}{latex_name(value.network.name)}\left({', '.join(inputs)}\right){which}"


def _latex_symbol(node: Node) -> _Piece:
    return latex_name(node.value), _ATOM


def _latex_row(node: Node, pieces: list[_Piece]) -> _Piece:
    if node.value is not None:
        return latex_network(node.value, [text for text, _ in pieces]), _ATOM
    row = OPERATIONS[node.operation]
    if row.name in ("div", "sqrt", "cbrt", "abs", "floor", "exp"):
        return row.latex.format(*(text for text, _ in pieces)), _ATOM if row.name != "div" else 8
    if row.infix and row.arity == 2:
        level = row.precedence
        left = _latex_bracket(pieces[0], level + (row.name == "pow"))
        right = pieces[1][0] if row.name == "pow" else _latex_bracket(pieces[1], level + 1)
        joined = row.latex.format(left, right)
        if row.name == "mul" and right[:1].isdigit():
            joined = rf"{left} \cdot {right}"
        return joined, level
    if row.infix:
        return row.latex.format(_latex_bracket(pieces[0], row.precedence)), row.precedence
    if row.arity == 1 and not row.latex.endswith("({})"):
        return row.latex.format(_latex_bracket(pieces[0], _ATOM + 1)), 8
    return row.latex.format(*(text for text, _ in pieces)), 8


def _latex_bracket(piece: _Piece, least: int) -> str:
    text, precedence = piece
    return text if precedence >= least else rf"\left({text}\right)"
