"""Text -> statements: what the grammar can't say by itself, and what Lark is asked to do."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from lark import Lark
from lark.exceptions import LarkError

from dydt.errors import LawError
from dydt.expr.evaluate import evaluate
from dydt.expr.graph import apply, number, symbol
from dydt.expr.operate import operate
from dydt.expr.parse import parse
from dydt.expr.read import read
from dydt.expr.scan import language, scan


def test_statements_keep_their_tokens():
    source, statements, names = scan("dα/dt = 2β  # a remark\nx(0) = max(1,\n  2); e² y' = 1\n")
    assert [[token[1] for token in statement.left] for statement in statements] == [
        ["alpha'"],
        ["x", "(", "0", ")"],
        ["e", "2", "y'"],
    ]
    assert [token[1] for token in statements[1].right] == ["max", "(", "1", ",", "2", ")"]
    assert names == {"alpha'": 0, "beta": 9, "x": 23, "max": 30, "e": 43, "y'": 46}
    assert source.place(names["y'"]) == (3, 10)


def test_lark_is_loaded_by_the_first_law():
    program = (
        "import sys, dydt, dydt.gallery, dydt.expr.scan\n"
        "assert 'lark' not in sys.modules\n"
        "dydt.ODE('x\\' = -x')\n"
        "assert 'lark' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_parser_is_made_once():
    parser = language("t")
    parse("x' = -x")
    assert language("t") is parser
    assert isinstance(parser, Lark)


@pytest.mark.parametrize(
    "end", ["\n", "\r\n", "\r", ";", "\v", "\f", "\x1c", "\x85", "\u2028", "\n\n # a\n;;\n"]
)
def test_every_end_of_a_line_ends_a_statement(end):
    assert parse(f"{end}x' = 1{end}y' = 2{end}").states == ("x", "y")
    if end != ";":
        assert read(f"(1 +{end.partition(chr(59))[0]}x)") is read("1 + x")


@pytest.mark.parametrize("text", ["sin\n(x)", "2\nx", "x\n(0)"])
def test_a_line_end_does_not_join(text):
    with pytest.raises(LawError):
        read(text)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("(sin\n(x))", apply("sin", symbol("x"))),
        ("(2\nx)", 2 * symbol("x")),
        ("2x'", 2 * symbol("x'")),
        ("1e3x", 1000 * symbol("x")),
        ("2ex", 2 * symbol("ex")),
        ("2 e^x", 2 * apply("exp", symbol("x"))),
        ("e ** x", apply("exp", symbol("x"))),
        ("x_e^2", symbol("x_e") ** 2),
        ("e + 1", number(math.e) + 1),
        ("x/2*3y", symbol("x") / 2 * 3 * symbol("y")),
        ("x^2-2y", symbol("x") ** 2 - 2 * symbol("y")),
        ("2^-x^2", number(2) ** -(symbol("x") ** 2)),
        ("dx/dt^y", symbol("x'") ** symbol("y")),
        ("dx/dtau", symbol("dx") / symbol("dtau")),
        ("sin(dx/dt)", apply("sin", symbol("x'"))),
        ("android + notx", symbol("android") + symbol("notx")),
        ("not(x) and(y)", apply("and", apply("not", symbol("x")), symbol("y"))),
    ],
)
def test_where_words_end(text, node):
    assert read(text) is node


def test_names_that_look_like_constants():
    law = parse("e' = -e; e(0) = 1; pi = 3; x' = e^x + pi")
    assert law.states == ("e", "x")
    assert law.derivatives[1] is symbol("e") ** symbol("x") + symbol("pi")
    assert law.initial["e"].value == 1.0


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "hint"),
    [
        ("x' = 1:2", 1, 7, "`:` can't stand here", "t = 0:10"),
        ("x' = 1; x(0) = 2:3", 1, 17, "`:` can't stand here", ""),
        ("x' = x²^3", 1, 8, "`^2^` can be read in two ways", "brackets"),
        ("x' = dx/dt^2y", 1, 13, "`^2y` can be read in two ways", ""),
        ("x' = 1\nthis is prose\ny' = 2", 2, 1, "no `=`", "remarks follow a `#`"),
        ("x' = (a\n + b\ny' = 2", 1, 6, "never closed", ""),
        ("x' = (a; y' = 2", 1, 6, "never closed", ""),
        ("x' = a + ", 1, 8, "ends after `+`", ""),
        ("x' + = 2", 1, 4, "ends after `+`", ""),
        ("x' = not", 1, 8, "ends after `not`", ""),
        ("x' = min(1, )", 1, 13, "something is missing between `,` and `)`", ""),
        ("a = 1; a = 2; @", 1, 8, "`a` is given twice", ""),
    ],
)
def test_complaint(text, line, column, message, hint):
    with pytest.raises(LawError) as caught:
        parse(text)
    assert message in caught.value.problem
    assert hint in caught.value.hint
    assert (caught.value.line, caught.value.column) == (line, column)


def test_lark_never_speaks_itself():
    for text in ("x' = (", "x' = )", "x' = $", "= = =", "x' = sin(1, 2, 3)", "x' = 9^9^9^9"):
        with pytest.raises(LawError) as caught:
            parse(text)
        assert not isinstance(caught.value.__cause__, LarkError)
        assert "LPAR" not in str(caught.value)


@pytest.mark.parametrize(("name", "values"), [("floor", (1e300,)), ("sqrt", (2.0,)), ("div", (1.0, 3.0))])
def test_numbers_are_folded_as_they_are_evaluated(name, values):
    folded = apply(name, *values)
    assert folded.value == operate(name, *values) == evaluate(folded)


def test_numbers_beyond_all_bounds_are_not_folded():
    assert apply("div", 1.0, 0.0).operation == "div"
    assert apply("mul", 1e300, 1e300).operation == "mul"
    assert apply("sqrt", -1.0).operation == "sqrt"
