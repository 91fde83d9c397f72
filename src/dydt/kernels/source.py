"""A law as source text in another language, C99 or Python with NumPy, that runs without dydt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dydt.expr.equations import Equations
from dydt.expr.graph import OPERATIONS, Node, symbol, walk
from dydt.expr.network import ACTIVATIONS, Network, Output, networks
from dydt.kernels.tape import Tape

_INFIX = {"add": "{} + {}", "sub": "{} - {}", "mul": "{}*{}", "div": "{}/{}", "neg": "-{}"}
_INFIX |= {"fma": "{}*{} + {}", "fms": "{}*{} - {}", "fnma": "{2} - {0}*{1}"}
_RELATIONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
_C_NAMES = {"abs": "fabs", "min": "least", "max": "greatest", "mod": "remainder_of", "sign": "sign_of"}
_C_NAMES |= {"step": "step_of"}


@dataclass(frozen=True)
class Dialect:
    """How one language writes a row of a tape, and a network.

    Attributes
    ----------
    row : callable
        ``row(operation, arguments)`` gives an expression.
    assign : str
        Format of an assignment: name and expression.
    """

    row: Callable[[str, Sequence[str]], str]
    assign: str


def _c_row(operation: str, arguments: Sequence[str]) -> str:
    if operation in _INFIX:
        return _INFIX[operation].format(*arguments)
    if operation in _RELATIONS:
        return f"{arguments[0]} {_RELATIONS[operation]} {arguments[1]}"
    if operation == "select":
        return f"{arguments[0]} ? {arguments[1]} : {arguments[2]}"
    if operation in ("and", "or"):
        return f"{arguments[0]} {'&&' if operation == 'and' else '||'} {arguments[1]}"
    if operation == "not":
        return f"!{arguments[0]}"
    return f"{_C_NAMES.get(operation, operation)}({', '.join(arguments)})"


def _python_row(operation: str, arguments: Sequence[str]) -> str:
    if operation in _INFIX:
        return _INFIX[operation].format(*arguments)
    if operation in _RELATIONS:
        return f"{arguments[0]} {_RELATIONS[operation]} {arguments[1]}"
    if operation == "step":
        return f"np.heaviside({arguments[0]}, 1.0)"
    name = OPERATIONS[operation].numpy
    return f"{name if '.' in name else 'np.' + name}({', '.join(arguments)})"


C = Dialect(_c_row, "double {} = {};")
PYTHON = Dialect(_python_row, "{} = {}")


def identifier(name: str) -> str:
    """A name that every language takes: primes become `_dot`, brackets and signs underscores."""
    plain = re.sub(r"\W", "_", name.replace("'", "_dot"))
    return f"v_{plain}"


def body(dialect: Dialect, outputs: Sequence[Node], known: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Assignments, one a line, and the names of the results; `known` says what symbols are called."""
    tape = Tape(list(outputs))
    names: list[str] = []
    lines: list[str] = []
    called: dict[tuple[Network, bool, tuple[int, ...]], str] = {}
    for place, row in enumerate(tape.rows):
        arguments = [names[a] for a in row.arguments]
        if row.operation == "symbol":
            names.append(known[row.value])
            continue
        if row.operation == "number":
            value = repr(row.value)
            names.append(f"({value})" if row.value < 0 else value)
            continue
        if row.operation == "network":
            names.append(_call(dialect, row.value, row.arguments, arguments, called, lines))
            continue
        name = f"r{place}"
        lines.append(dialect.assign.format(name, dialect.row(row.operation, arguments)))
        names.append(name)
    return lines, [names[i] for i in tape.outputs]


def _call(
    dialect: Dialect,
    data: Output,
    key: tuple[int, ...],
    arguments: Sequence[str],
    called: dict[tuple[Network, bool, tuple[int, ...]], str],
    lines: list[str],
) -> str:
    """The expression for an output of a network, which is called once for all of them."""
    network = data.network
    place = (network, isinstance(data, Output), key)
    if place not in called:
        name = called[place] = f"n{len(called)}"
        if dialect is C:
            lines.append(f"const double {name}_in[{len(arguments)}] = {{{', '.join(arguments)}}};")
            lines.append(f"double {name}[{network.sizes[-1]}];")
            lines.append(f"{identifier(network.name)}({name}_in, p, {name});")
        else:
            lines.append(f"{name} = {identifier(network.name)}([{', '.join(arguments)}], p)")
    return f"{called[place]}[{data.index}]"


def activation(dialect: Dialect, network: Network) -> tuple[list[str], str]:
    """What a neuron makes of its sum z: assignments, and the result."""
    lines, (result,) = body(dialect, [ACTIVATIONS[network.activation](symbol("z"))], {"z": "z"})
    return lines, result


def all_networks(law: Equations) -> list[Network]:
    """The networks of a law.

    Raises
    ------
    NotImplementedError
        If the law holds a derivative of one.
    """
    for node in walk(law.derivatives):
        if node.operation == "network" and not isinstance(node.value, Output):
            raise NotImplementedError("the law holds a derivative of a network")
    return networks(law.derivatives)
