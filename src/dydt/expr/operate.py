"""Every operation on plain floats: exact to IEEE 754, and in need of nothing but `math`."""

from __future__ import annotations

import math
from collections.abc import Callable


def operate(name: str, *values: float) -> float:
    """One operation on floats, with infinity and NaN in place of Python's exceptions."""
    try:
        return float(_FUNCTIONS[name](*values))
    except (ZeroDivisionError, OverflowError, ValueError):
        return _beyond(name, *values)


def _beyond(name: str, a: float, b: float = 1.0) -> float:
    """What IEEE 754 says where Python raises."""
    if math.isnan(a) or math.isnan(b):
        return math.nan
    if name == "div":
        return math.nan if a == 0.0 else math.copysign(math.inf, a) * math.copysign(1.0, b)
    if name == "pow" and (a == 0.0 or not a < 0.0 or b.is_integer()):
        return math.copysign(math.inf, a) if math.fmod(b, 2.0) in (1.0, -1.0) else math.inf
    if name in ("log", "log10") and a == 0.0:
        return -math.inf
    if name in ("exp", "cosh"):
        return math.inf
    if name == "sinh":
        return math.copysign(math.inf, a)
    return a if name == "floor" else math.nan


def _sign(a: float) -> float:
    return a if math.isnan(a) or a == 0.0 else math.copysign(1.0, a)


def _least(a: float, b: float) -> float:
    return math.nan if math.isnan(a) or math.isnan(b) else min(a, b)


def _greatest(a: float, b: float) -> float:
    return math.nan if math.isnan(a) or math.isnan(b) else max(a, b)


_SAME_IN_MATH = "sin cos tan asin acos atan atan2 sinh cosh tanh exp log log10 sqrt cbrt floor erf pow"

_FUNCTIONS: dict[str, Callable[..., float]] = {
    **{name: getattr(math, name) for name in _SAME_IN_MATH.split()},
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "mod": lambda a, b: a % b,
    "neg": lambda a: -a,
    "abs": abs,
    "sign": _sign,
    "min": _least,
    "max": _greatest,
    "step": lambda a: math.nan if math.isnan(a) else a >= 0.0,
    "select": lambda c, a, b: a if c else b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "not": lambda a: not a,
    "and": lambda a, b: bool(a and b),
    "or": lambda a, b: bool(a or b),
}
