"""The difference quotient: its value for an h, its table as h → 0, and its limit by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import sympy

from dydt.calculus.check import agree, checked, is_slope
from dydt.calculus.function import Function, finite
from dydt.calculus.notation import Step, in_order
from dydt.calculus.precise import as_mpf
from dydt.errors import InputError
from dydt.expr.sympy import exact

STEPS_OF_THE_TABLE = (1.0, 0.5, 0.1, 0.01, 0.001, 1e-4, 1e-5, 1e-6)
_DIGITS = 50
_MOST = 1000
_HIGHEST = 12  # degree of a polynomial that is multiplied out


@dataclass(frozen=True)
class Row:
    """A difference quotient.

    Attributes
    ----------
    h : float
    right, left : float
        (f(x + h) − f(x))/h, and the same for −h; NaN where f has no value.
    """

    h: float
    right: float
    left: float


def steps_given(h: Any) -> tuple[float, ...]:
    """One h or several, each a number that is not zero."""
    given = [h] if isinstance(h, float | int) or not hasattr(h, "__iter__") else list(h)
    if len(given) > _MOST:
        raise InputError(f"{len(given):,} values of h are too many to show; at most {_MOST:,}")
    found = tuple(finite(value, "h") for value in given)
    if 0.0 in found:
        raise InputError("h = 0 makes 0/0 of the difference quotient: give an h that is small, as in h=0.001")
    return found


def quotient(function: Function, at: Any, h: float) -> float:
    """(f(x + h) − f(x))/h, computed with many digits; NaN where f has no value.

    >>> from dydt.calculus.function import function
    >>> quotient(function("t^2"), 1, 0.1)
    2.1
    """
    with mpmath.workdps(_DIGITS):
        place, step = as_mpf(at), as_mpf(h)
        return float((function.precise(place + step) - function.precise(place)) / step)


def table(function: Function, at: Any, steps: Sequence[float] = STEPS_OF_THE_TABLE) -> tuple[Row, ...]:
    """The quotient as h → 0, from both sides."""
    return tuple(Row(h, quotient(function, at, h), quotient(function, at, -h)) for h in steps)


def limit_steps(function: Function, slope: Any) -> tuple[Step, ...]:
    """The limit of the difference quotient by hand: for polynomials, quotients of these and their square roots.

    Empty for other functions, whose limits are what the rules of differentiation are for.

    >>> from dydt.calculus.function import function
    >>> for step in limit_steps(function("x^2"), 2 * sympy.Symbol("x", real=True)):
    ...     print(step.text)
    m = (f(x + h) - f(x))/h
    m = ((x + h)^2 - x^2)/h
    m = (x^2 + 2*h*x + h^2 - x^2)/h
    m = (h^2 + 2*h*x)/h
    m = h + 2*x
    f'(x) = 2*x
    """
    f, x = function.expression, function.symbol
    h = sympy.Symbol("h" if not f.has(sympy.Symbol("h", real=True)) else "k", real=True)
    if f.is_polynomial(x):
        middle = _polynomial(f, x, h) if sympy.degree(f, x) <= _HIGHEST else []
    elif f.is_rational_function(x) and sympy.count_ops(f) < 60:
        middle = _rational(f, x, h)
    elif f.is_Pow and f.exp == sympy.Rational(1, 2) and f.base.is_polynomial(x):
        middle = _root(f, x, h)
    else:
        middle = []
    if not middle:
        return ()
    m = sympy.Symbol("m")
    ahead = f.subs(x, x + h)
    meant = (ahead - f) / h
    shown = sympy.Symbol(f"{function.name}({x} + {h})") - sympy.Symbol(function.head)
    steps = [
        Step(f"the slope of the line through P = ({x}, {function.head}) and Q = ({x} + {h}, "
             f"{function.name}({x} + {h}))", sympy.Eq(m, shown / h)),
        Step(f"put {function.name} in", sympy.Eq(m, _over(_minus(_ahead(f, x, h), f), h), evaluate=False)),
    ]  # fmt: skip
    steps += [Step(says, sympy.Eq(m, form, evaluate=False)) for says, form in middle]
    tested = [steps[0]]
    for step in steps[1:]:
        form = step.formula.rhs
        tested.append(checked(Step(step.says, step.formula, lambda form=form: agree(form, meant))))  # type: ignore[misc]
    last = middle[-1][1].subs(h, 0)
    tested[0] = Step(tested[0].says, tested[0].formula, None, True)
    tested.append(
        checked(
            Step(f"let {h} go to 0",
                 sympy.Eq(sympy.Symbol(function.prime()), slope, evaluate=False),
                 lambda: agree(last, slope) and is_slope(slope, f, x))
        )
    )  # fmt: skip
    return tuple(tested)


def _ahead(f: Any, x: Any, h: Any) -> Any:
    """f(x + h) as it is written, before anything is multiplied out."""
    with sympy.evaluate(False):
        moved = [term.xreplace({x: in_order(x, h)}) for term in f.as_ordered_terms()]
    return in_order(*moved) if len(moved) > 1 else moved[0]


def _minus(ahead: Any, f: Any) -> Any:
    """f(x + h) − f(x), before anything cancels."""
    return in_order(ahead, sympy.Mul(-1, f, evaluate=False) if f.is_Add else -f)


def _over(above: Any, *below: Any) -> Any:
    """A quotient that stays one."""
    return sympy.Mul(above, *[sympy.Pow(factor, -1, evaluate=False) for factor in below], evaluate=False)


def _polynomial(f: Any, x: Any, h: Any) -> list[tuple[str, Any]]:
    ahead = sympy.expand(f.subs(x, x + h))
    behind = sympy.expand(f)
    left = ahead.as_ordered_terms()
    right = [-term for term in behind.as_ordered_terms()]
    rest = sympy.expand(ahead - behind)
    if rest == 0:
        return [("nothing is left", sympy.S.Zero)]
    forms = []
    if sympy.degree(f, x) > 0 and len(left) + len(right) <= 16:
        # the terms without h first: one sees what cancels
        left = sorted(left, key=lambda term: sympy.degree(term, h) if term.has(h) else 0)
        forms.append(("multiply out", _over(in_order(*left, *right), h)))
    forms.append((f"what has no {h} cancels", _over(rest, h)))
    forms.append((f"divide by {h}, which is not 0 yet", sympy.expand(rest / h)))
    return forms


def _rational(f: Any, x: Any, h: Any) -> list[tuple[str, Any]]:
    above, below = sympy.fraction(sympy.together(f))
    there = in_order(x, h)
    first = sympy.Mul(above.xreplace({x: there}), below, evaluate=False) if above.has(x) else above * below
    second = above * below.xreplace({x: there})
    top = _minus(first, second)
    rest = sympy.expand(above.subs(x, x + h) * below - above * below.subs(x, x + h))
    bottom = [h, below, below.xreplace({x: there})]
    left = sympy.factor(sympy.cancel(rest / h))
    return [
        ("one denominator for both", _over(top, *bottom)),
        (f"multiply out above; what has no {h} cancels", _over(rest, *bottom)),
        (f"divide by {h}, which is not 0 yet", _over(left, *bottom[1:])),
    ]


def _root(f: Any, x: Any, h: Any) -> list[tuple[str, Any]]:
    u = f.base
    there = u.xreplace({x: in_order(x, h)})
    both = in_order(sympy.sqrt(there), sympy.sqrt(u))
    rest = sympy.expand(u.subs(x, x + h) - u)
    return [
        ("times the sum of both roots, above and below; (a - b)*(a + b) = a^2 - b^2", _over(rest, h, both)),
        (f"divide by {h}, which is not 0 yet", _over(sympy.expand(rest / h), both)),
    ]


def place(at: Any) -> Any:
    """A place as an exact number."""
    return exact(finite(at, "at"))
