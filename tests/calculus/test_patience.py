"""Calls in another process: answers, errors, and an end to waiting."""

import time

import pytest
import sympy

from dydt.calculus.patience import Unanswered, patiently

X = sympy.Symbol("x", real=True)


def test_an_answer_comes_back():
    assert patiently(sympy.integrate, X**2, X) == X**3 / 3


def test_unknown_functions_travel():
    y = sympy.Function("y", real=True)(X)
    found = patiently(sympy.dsolve, sympy.Eq(y.diff(X), 3 * y), y)
    assert found.lhs == y


def test_what_takes_too_long_is_ended_and_the_next_call_works():
    patiently(time.sleep, 0)
    began = time.monotonic()
    with pytest.raises(Unanswered, match=r"0\.3 s"):
        patiently(time.sleep, 60, limit=0.3)
    assert time.monotonic() - began < 10
    assert patiently(sympy.integrate, X, X) == X**2 / 2


def test_errors_come_back():
    with pytest.raises(ValueError, match="Invalid limits"):
        patiently(sympy.integrate, "a", "b", "c")
