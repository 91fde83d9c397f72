"""Expressions as immutable, interned nodes, and the one table of operations.

Equal expressions are the same object: ``symbol("x") + 1 is symbol("x") + 1``. Everything that works on
expressions (derivatives, NumPy, machine code, printing) is a column of `OPERATIONS` or a reader of it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from dydt.errors import InputError, LawError
from dydt.expr.operate import operate


class Node:
    """One expression: an operation applied to nodes, a number, or a symbol.

    Build nodes with `number`, `symbol`, `apply` and the usual operators; NumPy's functions work too.

    >>> x = symbol("x")
    >>> print(2*x**2 - x/3)
    2*x^2 - x/3
    """

    __slots__ = ("__weakref__", "arguments", "index", "operation", "value")

    operation: str
    arguments: tuple[Node, ...]
    value: Any
    index: int

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("expressions are immutable")

    def __hash__(self) -> int:
        return self.index

    def __reduce__(self) -> Any:
        from dydt.expr.flat import flat, raised

        return raised, (flat(self),)

    def __repr__(self) -> str:
        return f"<{self}>"

    def __str__(self) -> str:
        from dydt.expr.write import write

        return write(self)

    def __add__(self, other: Any) -> Any:
        return _binary("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _binary("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return _binary("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _binary("sub", other, self)

    def __mul__(self, other: Any) -> Any:
        return _binary("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _binary("mul", other, self)

    def __truediv__(self, other: Any) -> Any:
        return _binary("div", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _binary("div", other, self)

    def __pow__(self, other: Any) -> Any:
        return _binary("pow", self, other)

    def __rpow__(self, other: Any) -> Any:
        return _binary("pow", other, self)

    def __mod__(self, other: Any) -> Any:
        return _binary("mod", self, other)

    def __rmod__(self, other: Any) -> Any:
        return _binary("mod", other, self)

    def __neg__(self) -> Node:
        return apply("neg", self)

    def __pos__(self) -> Node:
        return self

    def __abs__(self) -> Node:
        return apply("abs", self)

    def __lt__(self, other: Any) -> Any:
        return _binary("lt", self, other)

    def __le__(self, other: Any) -> Any:
        return _binary("le", self, other)

    def __gt__(self, other: Any) -> Any:
        return _binary("gt", self, other)

    def __ge__(self, other: Any) -> Any:
        return _binary("ge", self, other)

    # Comparison makes an expression, as in NumPy; identity is `is`. A dictionary compares by identity first and
    # hashes are unique, so nodes stay usable as keys.
    def __eq__(self, other: Any) -> Any:
        return _binary("eq", self, other)

    def __ne__(self, other: Any) -> Any:
        return _binary("ne", self, other)

    def __and__(self, other: Any) -> Any:
        return _binary("and", self, other)

    def __or__(self, other: Any) -> Any:
        return _binary("or", self, other)

    def __invert__(self) -> Node:
        return apply("not", self)

    def __bool__(self) -> bool:
        raise LawError(
            f"the law branches on the value of `{self}`, which is only known while solving",
            hint="write dydt.where(condition, a, b) in place of if/else, and dydt.minimum, dydt.maximum, & and |",
        )

    def __float__(self) -> float:
        raise LawError(
            f"the law asks for the value of `{self}` as a plain float, which is only known while solving",
            hint="use NumPy's functions (np.sin) in place of those of `math`, and a list or "
            "np.zeros_like(y) in place of np.zeros(n)",
        )

    __int__ = __index__ = __complex__ = __float__

    def __iter__(self) -> Any:
        raise TypeError(f"`{self}` is a single quantity and can't be unpacked or looped over")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            return NotImplemented
        if any(hasattr(item, "shape") and item.shape for item in inputs):
            import numpy

            return numpy.frompyfunc(ufunc, len(inputs), 1)(*map(boxed, inputs))
        name = _UFUNCS.get(ufunc.__name__)
        if name is not None:
            return apply(name, *inputs)
        if ufunc.__name__ in _COMPOSED_UFUNCS:
            return _COMPOSED_UFUNCS[ufunc.__name__](*map(as_node, inputs))
        known = ", ".join(sorted({*_UFUNCS, *_COMPOSED_UFUNCS}))
        raise LawError(f"np.{ufunc.__name__} can't be used in a law", hint=f"these can: {known}")

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        if function.__name__ == "where" and len(arguments) == 3:
            return where(*arguments)
        try:
            return function(*(boxed(item) for item in arguments), **options)
        except TypeError:
            raise LawError(f"np.{function.__name__} can't be used on `{self}` in a law") from None


@dataclass(frozen=True)
class Operation:
    """A row of the table: what an operation is to each reader of expressions.

    Attributes
    ----------
    name : str
        Also the name of its lane function in `dydt.kernels.vecmath`, or of an instruction in `dydt.kernels.llvm`.
    arity : int
    numpy : str
        Name of the NumPy (or, with a dot, SciPy) function with the same meaning.
    partials : callable
        ``partials(node, *arguments)`` gives the derivative with respect to each argument; None where it is zero.
    infix : str
        How it is written between (or before) its arguments; empty for ``name(…)``.
    precedence : int
        Of the infix form.
    latex : str
        Format string of its arguments.
    exact : bool
        IEEE 754 fixes its result to the bit, so constants may be folded without changing a value.
    truth : bool
        It answers yes or no.
    """

    name: str
    arity: int
    numpy: str
    partials: Callable[..., tuple[Node | None, ...]]
    infix: str = ""
    precedence: int = 9
    latex: str = ""
    exact: bool = False
    truth: bool = False


_nodes: WeakValueDictionary[tuple, Node] = WeakValueDictionary()
_counter = itertools.count()
_FIELDS = ("operation", "arguments", "value", "index")


def _intern(operation: str, arguments: tuple[Node, ...], value: Any = None) -> Node:
    # The order of arguments counts, x*y is not y*x: what is printed and how it rounds must not hang on what was
    # built before. 0.0 and -0.0 are equal but not the same number; repr tells them apart.
    key = (
        operation,
        *(argument.index for argument in arguments),
        repr(value) if operation == "number" else value,
    )
    node = _nodes.get(key)
    if node is None:
        node = object.__new__(Node)
        for name, item in zip(_FIELDS, (operation, arguments, value, next(_counter)), strict=True):
            object.__setattr__(node, name, item)
        _nodes[key] = node
    return node


def number(value: float) -> Node:
    """The constant `value`."""
    return _intern("number", (), float(value))


def symbol(name: str) -> Node:
    """The quantity called `name`: a state, a parameter or the independent variable."""
    return _intern("symbol", (), name)


def as_node(value: Any) -> Node:
    """`value` itself if it is a node, else the number it is.

    Raises
    ------
    InputError
        If it is neither.
    """
    if isinstance(value, Node):
        return value
    try:
        return number(float(value))
    except (TypeError, ValueError):
        raise InputError(f"{value!r} is neither a number nor an expression") from None


def apply(name: str, *arguments: Any) -> Node:
    """`name` applied to `arguments`, simplified where that can't change a value.

    >>> print(apply("sin", symbol("x") * 1))
    sin(x)
    """
    operation = OPERATIONS[name]
    nodes = tuple(map(as_node, arguments))
    if len(nodes) != operation.arity:
        raise InputError(f"{name} takes {operation.arity} argument(s), not {len(nodes)}")
    wants_truth = operation.arity if name in ("and", "or", "not") else int(name == "select")
    truths = tuple(n if is_truth(n) else apply("ne", n, 0.0) for n in nodes[:wants_truth])
    nodes = truths + tuple(map(as_value, nodes[wants_truth:]))
    simpler = _simplify(name, nodes)
    return simpler if simpler is not None else _intern(name, nodes)


def carry(name: str, data: Any, *arguments: Node) -> Node:
    """An operation whose node carries data that says what it is, such as which output of which network."""
    return _intern(name, tuple(map(as_value, arguments)), data)


def rebuild(node: Node, arguments: Sequence[Node]) -> Node:
    """The operation of `node` on other arguments."""
    if node.value is not None:
        return carry(node.operation, node.value, *arguments)
    return apply(node.operation, *arguments)


def is_number(node: Node, value: float | None = None) -> bool:
    """Whether the node is a constant (equal to `value`, if given)."""
    return node.operation == "number" and (value is None or node.value == value)


def is_truth(node: Node) -> bool:
    """Whether the node answers yes or no."""
    row = OPERATIONS.get(node.operation)
    return row is not None and row.truth


def as_value(node: Node) -> Node:
    """The node itself, or 1 and 0 for yes and no."""
    return apply("select", node, 1.0, 0.0) if is_truth(node) else node


def where(condition: Any, a: Any, b: Any) -> Any:
    """`a` where the condition holds, else `b`: the branch that a law may take.

    Works on expressions inside a law, and on plain numbers and arrays like `numpy.where`.

    >>> print(where(symbol("x") > 0, 1, -1))
    if(x > 0, 1, -1)
    """
    if any(isinstance(item, Node) for item in (condition, a, b)):
        return apply("select", condition, a, b)
    import numpy

    return numpy.where(condition, a, b)


def minimum(a: Any, b: Any) -> Node:
    """The smaller of two expressions."""
    return apply("min", a, b)


def maximum(a: Any, b: Any) -> Node:
    """The larger of two expressions."""
    return apply("max", a, b)


def walk(roots: Iterable[Node]) -> list[Node]:
    """Every node below the roots once, arguments before what uses them (without recursion: graphs may be deep)."""
    order: list[Node] = []
    seen: set[int] = set()
    stack: list[tuple[Node, bool]] = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif node.index not in seen:
            seen.add(node.index)
            stack.append((node, True))
            stack.extend((argument, False) for argument in reversed(node.arguments))
    return order


def symbols(roots: Iterable[Node]) -> list[str]:
    """Names of all symbols below the roots, in order of appearance."""
    return [node.value for node in walk(roots) if node.operation == "symbol"]


def substitute(roots: Sequence[Node], replacements: dict[str, Node]) -> list[Node]:
    """The roots with symbols replaced."""
    new: dict[int, Node] = {}
    for node in walk(roots):
        if node.operation == "symbol":
            new[node.index] = replacements.get(node.value, node)
        elif node.arguments:
            new[node.index] = rebuild(node, [new[a.index] for a in node.arguments])
        else:
            new[node.index] = node
    return [new[root.index] for root in roots]


def _binary(name: str, a: Any, b: Any) -> Any:
    for item in (a, b):
        if hasattr(item, "shape") and item.shape:
            return NotImplemented  # an array: NumPy applies the operation to each element
    try:
        return apply(name, a, b)
    except InputError:
        return NotImplemented


def boxed(item: Any) -> Any:
    """Nodes as arrays without dimensions, which NumPy's functions know how to stack and sum."""
    import numpy

    if isinstance(item, (list, tuple)):
        return [boxed(part) for part in item]
    if not isinstance(item, Node):
        return item
    box = numpy.empty((), dtype=object)
    box[()] = item
    return box


def _simplify(name: str, nodes: tuple[Node, ...]) -> Node | None:
    """A simpler node with the same value for every input, NaN and infinity included; None if there is none."""
    if OPERATIONS[name].exact and all(map(is_number, nodes)):
        value = operate(name, *(node.value for node in nodes))
        return number(value) if math.isfinite(value) else None
    a = nodes[0]
    b = nodes[1] if len(nodes) > 1 else a
    match name:
        case "add":
            return b if is_number(a, 0.0) else a if is_number(b, 0.0) else None
        case "sub":
            return a if is_number(b, 0.0) else None
        case "mul":
            return b if is_number(a, 1.0) else a if is_number(b, 1.0) else None
        case "div":
            return a if is_number(b, 1.0) else None
        case "pow":
            if is_number(b, 0.0):
                return number(1.0)  # IEEE 754: pow(x, 0) is 1, even for NaN
            return a if is_number(b, 1.0) else None
        case "neg":
            return a.arguments[0] if a.operation == "neg" else None
        case "select":
            return nodes[1] if nodes[1] is nodes[2] else None
    return None


def _pow_partials(node: Node, x: Node, y: Node) -> tuple[Node, Node | None]:
    if is_number(y):
        return y * x ** number(y.value - 1.0), None
    # d/dy x^y = x^y log x; where x = 0 the power is flat in y (for y > 0), not 0·∞.
    return y * x ** (y - 1.0), where(apply("eq", x, 0.0), 0.0, node * apply("log", x))


def _none(node: Node, *arguments: Node) -> tuple[None, ...]:
    return (None,) * len(arguments)


_TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)
_LOG_10 = math.log(10.0)

# One row an operation. The lane functions of the same name are in dydt.kernels.
_ROWS = [
    Operation("add", 2, "add", lambda n, x, y: (number(1), number(1)), "+", 5, "{} + {}", exact=True),
    Operation("sub", 2, "subtract", lambda n, x, y: (number(1), number(-1)), "-", 5, "{} - {}", exact=True),
    Operation("mul", 2, "multiply", lambda n, x, y: (y, x), "*", 6, r"{} {}", exact=True),
    Operation("div", 2, "divide", lambda n, x, y: (1 / y, -n / y), "/", 6, r"\frac{{{}}}{{{}}}", exact=True),
    Operation("neg", 1, "negative", lambda n, x: (number(-1),), "-", 7, "-{}", exact=True),
    Operation("pow", 2, "power", _pow_partials, "^", 8, "{}^{{{}}}"),
    Operation("sin", 1, "sin", lambda n, x: (apply("cos", x),), latex=r"\sin {}"),
    Operation("cos", 1, "cos", lambda n, x: (-apply("sin", x),), latex=r"\cos {}"),
    Operation("tan", 1, "tan", lambda n, x: (1 + n * n,), latex=r"\tan {}"),
    Operation("asin", 1, "arcsin", lambda n, x: (1 / apply("sqrt", (1 - x) * (1 + x)),), latex=r"\arcsin {}"),
    Operation("acos", 1, "arccos", lambda n, x: (-1 / apply("sqrt", (1 - x) * (1 + x)),), latex=r"\arccos {}"),
    Operation("atan", 1, "arctan", lambda n, x: (1 / (1 + x * x),), latex=r"\arctan {}"),
    Operation(
        "atan2", 2, "arctan2", lambda n, y, x: (x / (x * x + y * y), -y / (x * x + y * y)),
        latex=r"\operatorname{{atan2}}({}, {})",
    ),
    Operation("sinh", 1, "sinh", lambda n, x: (apply("cosh", x),), latex=r"\sinh {}"),
    Operation("cosh", 1, "cosh", lambda n, x: (apply("sinh", x),), latex=r"\cosh {}"),
    Operation("tanh", 1, "tanh", lambda n, x: ((1 - n) * (1 + n),), latex=r"\tanh {}"),
    Operation("exp", 1, "exp", lambda n, x: (n,), latex="e^{{{}}}"),
    Operation("log", 1, "log", lambda n, x: (1 / x,), latex=r"\ln {}"),
    Operation("log10", 1, "log10", lambda n, x: (1 / (_LOG_10 * x),), latex=r"\log_{{10}} {}"),
    Operation("sqrt", 1, "sqrt", lambda n, x: (0.5 / n,), latex=r"\sqrt{{{}}}", exact=True),
    Operation("cbrt", 1, "cbrt", lambda n, x: (1 / (3 * n * n),), latex=r"\sqrt[3]{{{}}}"),
    Operation("abs", 1, "absolute", lambda n, x: (apply("sign", x),), latex=r"\left|{}\right|", exact=True),
    Operation("sign", 1, "sign", _none, latex=r"\operatorname{{sign}} {}"),
    Operation(
        "min", 2, "minimum", lambda n, x, y: (where(x <= y, 1, 0), where(x <= y, 0, 1)), latex=r"\min({}, {})"
    ),
    Operation(
        "max", 2, "maximum", lambda n, x, y: (where(x >= y, 1, 0), where(x >= y, 0, 1)), latex=r"\max({}, {})"
    ),
    Operation("floor", 1, "floor", _none, latex=r"\lfloor {} \rfloor", exact=True),
    Operation("mod", 2, "mod", lambda n, x, y: (number(1), -apply("floor", x / y)), latex=r"{} \bmod {}"),
    Operation("step", 1, "heaviside", _none, latex=r"\theta({})"),
    Operation(
        "erf", 1, "special.erf", lambda n, x: (_TWO_OVER_ROOT_PI * apply("exp", -(x * x)),),
        latex=r"\operatorname{{erf}} {}",
    ),
    Operation(
        "select", 3, "where", lambda n, c, x, y: (None, where(c, 1, 0), where(c, 0, 1)),
        latex=r"\text{{if }} {} \text{{ then }} {} \text{{ else }} {}",
    ),
    Operation("lt", 2, "less", _none, "<", 4, "{} < {}", truth=True),
    Operation("le", 2, "less_equal", _none, "<=", 4, r"{} \le {}", truth=True),
    Operation("gt", 2, "greater", _none, ">", 4, "{} > {}", truth=True),
    Operation("ge", 2, "greater_equal", _none, ">=", 4, r"{} \ge {}", truth=True),
    Operation("eq", 2, "equal", _none, "==", 4, "{} = {}", truth=True),
    Operation("ne", 2, "not_equal", _none, "!=", 4, r"{} \ne {}", truth=True),
    Operation("not", 1, "logical_not", _none, "not ", 3, r"\lnot {}", truth=True),
    Operation("and", 2, "logical_and", _none, " and ", 2, r"{} \land {}", truth=True),
    Operation("or", 2, "logical_or", _none, " or ", 1, r"{} \lor {}", truth=True),
]  # fmt: skip

OPERATIONS: dict[str, Operation] = {row.name: row for row in _ROWS}

_UFUNCS = {
    row.numpy: row.name for row in _ROWS if "." not in row.numpy and row.name not in ("select", "step")
}
_UFUNCS |= {"fabs": "abs", "remainder": "mod", "bitwise_and": "and", "bitwise_or": "or", "float_power": "pow"}
_UFUNCS |= {"invert": "not", "fmin": "min", "fmax": "max", "asin": "asin", "acos": "acos", "atan": "atan"}
_UFUNCS |= {"atan2": "atan2", "pow": "pow", "true_divide": "div"}
_COMPOSED_UFUNCS: dict[str, Callable[..., Node]] = {
    "square": lambda x: x**2,
    "reciprocal": lambda x: 1 / x,
    "positive": lambda x: x,
    "clip": lambda x, low, high: apply("min", apply("max", x, low), high),
    "hypot": lambda x, y: apply("sqrt", x**2 + y**2),
    "heaviside": lambda x, half: apply("select", apply("eq", x, 0.0), half, apply("step", x)),
}


for _row in _ROWS:  # NumPy calls ``item.sin()`` for each item of an object array: answer it
    if _row.arity == 1 and not _row.infix and "." not in _row.numpy:
        setattr(Node, _row.numpy, lambda self, name=_row.name: apply(name, self))
