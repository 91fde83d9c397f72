"""Sums and products that read well: zeros and ones are dropped, signs are pulled out.

Here 0*x is 0 and x - x is 0 even where x may be infinite, which is right for derivatives and linear algebra;
`dydt.expr.graph.apply` leaves such terms alone.
"""

from __future__ import annotations

from dydt.expr.graph import Node, apply, is_number, number

ZERO = number(0.0)
ONE = number(1.0)


def plus(a: Node, b: Node) -> Node:
    """a + b."""
    if is_number(a, 0.0):
        return b
    if b.operation == "neg":
        return minus(a, b.arguments[0])
    if a.operation == "neg":
        return minus(b, a.arguments[0])
    if a.operation == b.operation == "select" and a.arguments[0] is b.arguments[0]:
        condition, yes, no = a.arguments
        if is_number(no, 0.0) and is_number(b.arguments[1], 0.0):
            return apply("select", condition, yes, b.arguments[2])
    return apply("add", a, b)


def minus(a: Node, b: Node) -> Node:
    """a - b."""
    if a is b:
        return ZERO
    if is_number(a, 0.0):
        return negative(b)
    if b.operation == "neg":
        return plus(a, b.arguments[0])
    return apply("sub", a, b)


def negative(a: Node) -> Node:
    """-a.

    >>> from dydt.expr.graph import symbol
    >>> print(negative(symbol("x") - symbol("y")))
    y - x
    """
    if is_number(a, 0.0):
        return ZERO
    if a.operation == "sub":
        return apply("sub", a.arguments[1], a.arguments[0])
    return apply("neg", a)


def times(a: Node, b: Node) -> Node:
    """a * b.

    >>> from dydt.expr.graph import symbol
    >>> print(times(number(-1), symbol("x")))
    -x
    """
    if is_number(a, 0.0) or is_number(b, 0.0):
        return ZERO
    for factor, other in ((a, b), (b, a)):
        if is_number(factor, -1.0):
            return negative(other)
        if factor.operation == "select" and is_number(factor.arguments[1]) and is_number(factor.arguments[2]):
            condition, yes, no = factor.arguments
            if {yes.value, no.value} <= {0.0, 1.0}:  # a switch: what is switched off must not turn into 0·∞
                return apply("select", condition, times(yes, other), times(no, other))
    return apply("mul", a, b)


def over(a: Node, b: Node) -> Node:
    """a / b."""
    if is_number(a, 0.0):
        return ZERO
    return negative(a) if is_number(b, -1.0) else apply("div", a, b)
