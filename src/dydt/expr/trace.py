"""Python function -> equations: the function is called once, with expressions in place of numbers."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from dydt.errors import InputError, LawError, nearest
from dydt.expr.equations import Equations
from dydt.expr.graph import Node, as_node, boxed, rebuild, symbol, walk, where
from dydt.expr.source import is_name, plain_name
from dydt.expr.tidy import ZERO, plus, times


def trace(
    function: Callable[..., Any],
    states: str | Sequence[str],
    parameter_names: Iterable[str] | None = None,
    independent: str = "t",
) -> Equations:
    """The equations that ``function(t, y, p)`` (or ``function(t, y)``) computes.

    Parameters
    ----------
    function : callable
        Gives the derivatives: a list, tuple, array or ``{state: derivative}``. States are ``y[0]``, ``y["x"]``
        or ``y.x`` (`y` is an array of expressions), parameters ``p.a``, ``p["a"]`` or ``p[0]``. NumPy's functions
        work.
    states : str or sequence of str
        Names of the states, in order: ``"x y z"``.
    parameter_names : iterable of str, optional
        The parameters there are; without it, those that are asked for, in that order.
    independent : str

    Raises
    ------
    LawError
        If the function does not give one derivative for each state.

    >>> law = trace(lambda t, y, p: [p.a * y.x - y.x * y.y, y.x * y.y - p.g * y[1]], "x y")
    >>> [str(node) for node in law.derivatives], list(law.parameters)
    (['a*x - x*y', 'x*y - g*y'], ['a', 'g'])
    """
    names = _names(states)
    result, parameters = ask(function, names, parameter_names, independent)
    return Equations(
        states=names,
        derivatives=tuple(_without_zeros(_derivatives(result, names))),
        parameters=dict.fromkeys(parameters),
        independent=independent,
    )


def ask(
    function: Callable[..., Any], states: tuple[str, ...], parameters: Iterable[str] | None, independent: str
) -> tuple[Any, tuple[str, ...]]:
    """What ``function(t, y, p)`` gives for expressions in place of numbers, and the parameters there are then."""
    known = _Parameters(parameters, {*states, independent})
    arguments = (symbol(independent), States.named(states), known)
    return function(*arguments[: _count_arguments(function)]), known.names


def _names(states: str | Sequence[str]) -> tuple[str, ...]:
    names = states.replace(",", " ").split() if isinstance(states, str) else list(states)
    if not names:
        raise InputError('a law written as a function needs the names of its states: states="x y z"')
    for name in names:
        if not is_name(name):
            raise InputError(f"{name!r} can't name a state; use letters, digits and underscores")
    plain = tuple(map(plain_name, names))
    for index, name in enumerate(plain):
        if name in plain[:index]:
            raise InputError(f"the state `{name}` is named twice")
    return plain


def _count_arguments(function: Callable[..., Any]) -> int:
    """Whether the function wants (t, y, p) or (t, y)."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 3
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return 3
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = sum(p.default is p.empty for p in positional)
    if len(positional) < 2 or required > 3:
        shown = ", ".join(p.name for p in positional)
        raise LawError(f"the law takes ({shown})", hint="write it as f(t, y, p) or f(t, y)")
    return 3 if required == 3 or (len(positional) > 2 and positional[2].name == "p") else 2


class States(np.ndarray):
    """An array of expressions; the one a law is given also knows its items by name."""

    names: tuple[str, ...] = ()

    @classmethod
    def named(cls, names: tuple[str, ...]) -> States:
        array = np.empty(len(names), dtype=object)
        array[:] = [symbol(name) for name in names]
        view = array.view(cls)
        view.names = names
        return view

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self._by_name(key)
        try:
            return super().__getitem__(key)
        except IndexError:
            if not self.names:
                raise
            known = ", ".join(self.names[:20])
            raise LawError(
                f"the law asks for y[{key!r}], but has {len(self.names)} states: {known}"
            ) from None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or not self.names:
            raise AttributeError(name)
        return self._by_name(name)

    def _by_name(self, name: str) -> Any:
        if name not in self.names:
            known = ", ".join(self.names[:20])
            raise LawError(
                f"the law has no state `{name}`{nearest(name, self.names)}", hint=f"its states are {known}"
            )
        return super().__getitem__(self.names.index(name))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.view(np.ndarray))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        plain = tuple(map(_plain, inputs))
        if ufunc is np.matmul and plain[0].dtype != object and plain[0].shape[1:] == plain[1].shape:
            return _product(*plain).view(States)
        if method == "__call__" and not options and ufunc is not np.matmul:
            return np.frompyfunc(ufunc, len(plain), 1)(*plain).view(States)
        if "out" in options:
            options["out"] = tuple(np.asarray(item) for item in options["out"])
        result = getattr(ufunc, method)(*plain, **options)
        return result.view(States) if isinstance(result, np.ndarray) else result

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        if function is np.where and len(arguments) == 3:
            return np.frompyfunc(where, 3, 1)(*map(_plain, arguments)).view(States)
        try:
            return super().__array_function__(function, types, arguments, options)
        except TypeError:
            raise LawError(f"np.{function.__name__} can't be used on the states in a law") from None


def _plain(item: Any) -> Any:
    return item.view(np.ndarray) if isinstance(item, States) else boxed(item)


def _product(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """A matrix of numbers times an array of expressions, in the time of the entries that are not zero."""
    rows = np.full(len(matrix), ZERO, dtype=object)
    for i, j in np.argwhere(matrix):
        rows[i] = plus(rows[i], times(as_node(matrix[i, j]), vector[j]))
    return rows


class _Parameters:
    """What a law sees as `p`."""

    def __init__(self, names: Iterable[str] | None, taken: set[str]) -> None:
        self._open = names is None
        self._names: dict[str, None] = dict.fromkeys(names or ())
        self._taken = taken

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._names)

    def __getattr__(self, name: str) -> Node:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, key: str | int) -> Node:
        if isinstance(key, str):
            return symbol(self._known(plain_name(key)))
        if self._open:
            raise LawError(
                f"the law asks for p[{key}], but its parameters have no order", hint='write p.a or p["a"]'
            )
        try:
            return symbol(tuple(self._names)[key])
        except IndexError:
            raise LawError(f"the law asks for p[{key}], but has {len(self._names)} parameters") from None

    def __iter__(self) -> Iterator[Node]:
        if self._open:
            raise LawError("the law unpacks p, but its parameters have no order", hint='write p.a or p["a"]')
        return map(symbol, tuple(self._names))

    def __len__(self) -> int:
        return len(self._names)

    def _known(self, name: str) -> str:
        if name in self._names:
            return name
        if name in self._taken:
            raise LawError(f"`{name}` is not a parameter but a state or the independent variable")
        if not self._open:
            known = ", ".join(self._names) or "none"
            raise LawError(
                f"the law asks for the parameter `{name}`{nearest(name, self._names)}",
                hint=f"its parameters are: {known}; give a value to `{name}` too",
            )
        if not is_name(name) or name.endswith("'"):
            raise LawError(f"{name!r} can't name a parameter; use letters, digits and underscores")
        self._names[name] = None
        return name


def _derivatives(result: Any, names: tuple[str, ...]) -> list[Node]:
    """The result of a law as one node a state."""
    wanted = f"{len(names)} derivative{'s' if len(names) > 1 else ''}: {', '.join(names[:20])}"
    if result is None:
        raise LawError("the law returned nothing", hint=f"is a `return` missing? It should give {wanted}")
    if isinstance(result, Mapping):
        result = _by_name(result, names)
    elif isinstance(result, (Node, int, float)) or getattr(result, "shape", None) == ():
        result = [result]
    elif isinstance(result, np.ndarray):
        if result.ndim != 1:
            raise LawError(f"the law returned an array of shape {result.shape}, not ({len(names)},)")
    elif not isinstance(result, (list, tuple)):
        raise LawError(f"the law returned a {type(result).__name__}", hint=f"a list should give {wanted}")
    if len(result) != len(names):
        raise LawError(f"the law returned {len(result)} value(s)", hint=f"it should give {wanted}")
    return [_derivative(item, name) for item, name in zip(result, names, strict=True)]


def _by_name(result: Mapping[Any, Any], names: tuple[str, ...]) -> list[Any]:
    for key in result:
        if key not in names:
            raise LawError(
                f"the law returned a derivative of {key!r}, which is no state{nearest(str(key), names)}"
            )
    for name in names:
        if name not in result:
            raise LawError(f"the law returned no derivative of `{name}`")
    return [result[name] for name in names]


def _derivative(item: Any, name: str) -> Node:
    if isinstance(item, np.ndarray) and item.shape == ():
        item = item.item()
    if isinstance(item, str) or (not isinstance(item, Node) and np.ndim(item)):
        raise LawError(f"the law returned {item!r} as the derivative of `{name}`, which is not one number")
    try:
        node = as_node(item)
    except InputError:
        raise LawError(
            f"the law returned {item!r} as the derivative of `{name}`, which is not a real number"
        ) from None
    if node.operation == "number" and not math.isfinite(node.value):
        raise LawError(
            f"the law returned {node.value} as the derivative of `{name}`", hint="is it divided by zero?"
        )
    return node


def _without_zeros(nodes: list[Node]) -> list[Node]:
    """The nodes with 0*x left out: a product with a matrix brings many of them."""
    new: dict[int, Node] = {}
    for node in walk(nodes):
        if node.operation == "mul":
            new[node.index] = times(*(new[argument.index] for argument in node.arguments))
        elif node.arguments:
            new[node.index] = rebuild(node, [new[argument.index] for argument in node.arguments])
        else:
            new[node.index] = node
    return [new[node.index] for node in nodes]
