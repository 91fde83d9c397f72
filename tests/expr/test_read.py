"""The language of expressions: what each form means, and what is said about the ones that mean nothing."""

from __future__ import annotations

import math

import pytest

from dydt.errors import LawError
from dydt.expr.evaluate import evaluate
from dydt.expr.graph import apply, number, symbol
from dydt.expr.read import read

VALUES = {"x": 1.7, "y": -0.6, "a": 3.0, "b": 0.25, "t": 0.9, "alpha": 2.0, "lambda": 0.5, "tau": 4.0}
x, y, a, b, t = (VALUES[name] for name in "xyabt")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2*3 - 4/2", 5.0),
        ("2 - 3 - 4", -5.0),
        ("24/4/2", 3.0),
        ("2^3^2", 512.0),
        ("2**3**2", 512.0),
        ("-x^2", -(x**2)),
        ("(-x)^2", x**2),
        ("2^-x", 2**-x),
        ("2^-x^2", 2 ** -(x**2)),
        ("2^-x*y", 2**-x * y),
        ("-x*y", -x * y),
        ("a*-b*x", a * -b * x),
        ("- - x + + y", x + y),
        ("2x", 2 * x),
        ("2 sin(t)", 2 * math.sin(t)),
        ("2(x+1)", 2 * (x + 1)),
        ("(a)(b)", a * b),
        ("(a + 1)b", (a + 1) * b),
        ("2x^2", 2 * x**2),
        ("-2x^2", -2 * x**2),
        ("3x + 2y", 3 * x + 2 * y),
        ("x^2 y", x**2 * y),
        ("(x)/(2a)", x / (2 * a)),
        ("1e-3 + .5 + 2. + 1.5E2 + 2.e1", 0.001 + 0.5 + 2 + 150 + 20),
        ("x² + x³", x**2 + x**3),
        ("2x²y", 2 * x**2 * y),
        ("x⁻¹", 1 / x),
        ("x¹⁰", x**10),
        ("a·b × x − y ÷ 2", a * b * x - y / 2),
        ("α + λ", 2.5),
        ("alpha + lambda + τ", 6.5),
        ("pi + π", 2 * math.pi),
        ("e", math.e),
        ("e^-t", math.exp(-t)),
        ("2 e^x^2", 2 * math.exp(x**2)),
        ("e²", math.exp(2)),
        ("max(x, y, a, b)", 3.0),
        ("min(x, y)", y),
        ("atan2(y, x)", math.atan2(y, x)),
        ("ln(x) - log(x)", 0.0),
        ("log10(x)", math.log10(x)),
        ("arctan(x) + arcsin(b) + arccos(b)", math.atan(x) + math.asin(b) + math.acos(b)),
        ("sqrt(x) + cbrt(y) + abs(y)", math.sqrt(x) + math.cbrt(y) - y),
        ("mod(-1, 3) + floor(-x) + sign(y)", 2.0 - 2.0 - 1.0),
        ("step(t) + step(-t) + erf(x)", 1 + math.erf(x)),
        ("if(x > y, 1, 2)", 1.0),
        ("if(0 < x < 1 or not a >= 3, 1, 2)", 2.0),
        ("if(0 < x < 2 < a, 1, 2)", 1.0),
        ("if(x == 1.7 and y != 1.7, 1, 2)", 1.0),
        ("if(x ≤ y, 1, if(x ≥ y, 2, 3))", 2.0),
        ("a*(x\n + y)", a * (x + y)),
    ],
)
def test_meaning(text, value):
    assert evaluate(read(text), VALUES) == pytest.approx(value, rel=1e-14, abs=1e-15)


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        ("2 * sine(x)", 5, "unknown function `sine`; did you mean `sin`?", ""),
        ("sgn(x)", 1, "unknown function `sgn`", "write sign(x)"),
        ("1 + sec(x)", 5, "unknown function `sec`", "1/cos(x)"),
        ("a(x + 1)", 1, "`a` is not a function", "write a*( … )"),
        ("a x", 3, "`a` and `x` stand side by side", "write a*x"),
        ("x 2", 3, "`x` and `2` stand side by side", "write x*2 or x^2"),
        ("2 3", 3, "side by side", "write 2*3"),
        ("(x) 3", 5, "side by side", "write *3"),
        ("1/2x", 4, "`/2 x` can be read in two ways", "/(2*x) or /2*x"),
        ("a/(b) x", 7, "two ways", "/(( … )*x) or /( … )*x"),
        ("x^2y", 4, "`^2y` can be read in two ways", "^(2*y) or ^2 * y"),
        ("e^-2t", 5, "two ways", "^(2*t)"),
        ("x^2(y)", 4, "two ways", ""),
        ("(x + 1", 1, "never closed", "add a `)`"),
        ("x + 1)", 6, "closes nothing", ""),
        ("", 1, "the expression is missing", ""),
        ("x +", 3, "ends after `+`", ""),
        ("x + * y", 5, "between `+` and `*`", ""),
        ("* x", 1, "can't begin with `*`", ""),
        ("(* x)", 2, "missing before `*`", ""),
        ("sin()", 5, "nothing between the brackets", ""),
        ("sin x", 1, "needs its argument in brackets", "write sin( … )"),
        ("sin^2(x)", 1, "`sin` is a function", "sin( … )^2"),
        ("atan2(x)", 1, "takes 2 arguments, not 1", "atan2(y, x)"),
        ("sin(x, y)", 1, "takes 1 argument, not 2", "sin(x)"),
        ("if(x, y)", 1, "takes 3 arguments, not 2", "if(condition, a, b)"),
        ("max(x)", 1, "takes 2 arguments, not 1", "max(a, b)"),
        ("if(x = 1, 2, 3)", 6, "`=` inside brackets", "write =="),
        ("1,5", 2, "only stands between the arguments", "1.5"),
        ("x, y", 2, "only stands between the arguments", ""),
        ("1e999", 1, "1e999 is too large", ""),
        ("9^9^9^9", 4, "too large", "1.8e308"),
        ("2*exp(1e9)", 3, "too large", ""),
        ("1/0", 2, "not a finite number", ""),
        ("(-8)^(1/3)", 5, "comes to NaN", ""),
        ("x[0]", 2, "`[` has a meaning only behind a network", "round brackets"),
        ("x & y", 3, "`&`", "write `and`"),
        ("a = b", 3, "second `=`", "write =="),
        ("1 + not x", 5, "`not` here needs brackets", ""),
        ("x not y", 3, "`not` can't stand here", ""),
        ("x\ny", 1, "one expression", ""),
        ("(" * 10_000, 10_000, "never closed", ""),
        ("(" * 10_000 + "x" + ")" * 10_000, 1001, "more than 1000 deep", "v = …"),
        ("½", 1, "can't be a name", ""),
    ],
)
def test_complaint(text, column, message, hint):
    with pytest.raises(LawError) as caught:
        read(text)
    error = caught.value
    assert message in error.problem
    assert hint in error.hint
    assert error.column == column
    assert error.line == (2 if text == "x\ny" else 1)


def test_the_caret_stands_under_the_place():
    with pytest.raises(LawError) as caught:
        read("(x +\n   y*)")
    assert str(caught.value).splitlines()[0] == "line 2, column 6: something is missing between `*` and `)`"
    assert str(caught.value).splitlines()[1:3] == ["       y*)", "         ^"]


def test_names_are_spelled_one_way():
    assert read("α₁ + ω_0") is read("alpha1 + omega_0")
    assert read("Δx") is symbol("Deltax")
    assert read("x′") is symbol("x'")


def test_constants_can_be_shadowed():
    assert read("e*x", values=["e"]) is symbol("e") * symbol("x")
    assert read("e^x", values=["e"]) is symbol("e") ** symbol("x")
    assert read("e^x") is apply("exp", symbol("x"))
    assert read("pi") is number(math.pi)


def test_depth_without_brackets_has_no_limit():
    assert read("-" * 100_000 + "x") is symbol("x")
    read("x^" * 50_000 + "x")
    read("x+" * 50_000 + "x")
