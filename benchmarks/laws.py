"""The laws of the problems, in the numbers of any peer.

dydt reads a problem's text. A peer gets the same law as its own expressions or arrays, written the way an
expert of that peer would: a power of 3/2 as the peer likes it best, and in Pleiades each pair of stars
visited once.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence

from tests.problems import Problem

ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def evaluate(node: ast.AST, names: Mapping[str, object], inverse_power: Callable) -> object:
    """The value of a parsed arithmetic expression; `inverse_power(base, p)` is the peer's base**(-p)."""
    match node:
        case ast.Constant(value=value):
            return float(value)
        case ast.Name(id=name):
            return names[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -evaluate(operand, names, inverse_power)
        case ast.BinOp(left=left, op=ast.Div(), right=ast.BinOp(left=base, op=ast.Pow(), right=exponent)):
            power = evaluate(exponent, names, inverse_power)
            inverse = inverse_power(evaluate(base, names, inverse_power), power)
            return evaluate(left, names, inverse_power) * inverse
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(power))):
            value = evaluate(left, names, inverse_power)
            return value**power
        case ast.BinOp(left=left, op=op, right=right):
            first, second = (evaluate(part, names, inverse_power) for part in (left, right))
            return first**second if isinstance(op, ast.Pow) else ARITHMETIC[type(op)](first, second)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return names[name](*(evaluate(argument, names, inverse_power) for argument in arguments))
    raise ValueError(
        f"a problem of the benchmarks holds {ast.dump(node)}, which no peer is told how to write"
    )


def from_text(problem: Problem, t, states: Sequence, functions: Mapping[str, Callable]) -> list:
    """The derivatives by reading the problem's text."""
    names = {**functions, **problem.parameters, "t": t, **dict(zip(problem.states, states, strict=True))}
    rates = {}
    for line in problem.text.splitlines():
        name, expression = (part.strip() for part in line.split("=", 1))
        value = evaluate(ast.parse(expression, mode="eval").body, names, functions["inverse_power"])
        if name.endswith("'"):
            rates[name[:-1]] = value
        else:
            names[name] = value
    return [rates[state] for state in problem.states]


def pleiades(states: Sequence, functions: Mapping[str, Callable]) -> list:
    """Seven stars, star i of mass i: each pair once, the two forces being opposite."""
    x, y, speeds = states[:7], states[7:14], states[14:]
    pulls: list[list] = [[] for _ in range(14)]
    for i in range(7):
        for j in range(i + 1, 7):
            across, up = x[j] - x[i], y[j] - y[i]
            strength = functions["inverse_power"](functions["sum"]([across * across, up * up]), 1.5)
            across, up = across * strength, up * strength
            pulls[i].append((j + 1.0) * across)
            pulls[7 + i].append((j + 1.0) * up)
            pulls[j].append(-(i + 1.0) * across)
            pulls[7 + j].append(-(i + 1.0) * up)
    return [*speeds, *(functions["sum"](terms) for terms in pulls)]


def rates(problem: Problem, t, states: Sequence, functions: Mapping[str, Callable]) -> list:
    """The derivatives of `states` at time `t`.

    `functions` holds sin and cos, `sum` of a list, and `inverse_power(base, p)`.
    """
    if problem.name == "pleiades":
        return pleiades(states, functions)
    return from_text(problem, t, states, functions)
