"""Constraints in a law's text: which names they determine, what M comes of it, and what is refused."""

import pytest

from dydt.errors import LawError
from dydt.expr.parse import parse


def rows(law):
    return [f"{left} = {right}" for left, right in zip(law.left, law.derivatives, strict=True)]


ROBERTSON = "a' = -k1*a + k3*b*c; b' = k1*a - k3*b*c - k2*b^2"
PENDULUM = "x'' = -p*x; y'' = -p*y - g; 0 = x'^2 + y'^2 - p*L^2 - g*y"


@pytest.mark.parametrize("constraint", ["0 = a + b + c - 1", "a + b + c - 1 = 0"])
def test_a_name_without_an_equation_of_its_own_is_algebraic(constraint):
    law = parse(f"{ROBERTSON}; {constraint}")
    assert law.states == ("a", "b", "c")
    assert law.algebraic == ("c",)
    assert law.mass == {(0, 0): 1.0, (1, 1): 1.0}
    assert rows(law)[2] == "0 = a + b + c - 1"
    assert list(law.parameters) == ["k1", "k3", "k2"]
    assert [str(e.left) for e in law.written[:2]] == ["a'", "b'"]


def test_both_sides_may_be_expressions():
    assert rows(parse("x' = -z; x + z = 1"))[1] == "0 = x + z - 1"
    assert rows(parse("x' = -z; exp(z) = x - z"))[1] == "0 = exp(z) - (x - z)"


def test_values_tell_parameters_from_algebraic_states():
    in_text = parse(f"{PENDULUM}; g = 9.81; L = 1")
    beside = parse(PENDULUM, values=("g", "L"))
    guessed = parse(f"{PENDULUM}; p(0) = 3")
    for law in (in_text, beside, guessed):
        assert law.states == ("x", "x'", "y", "y'", "p")
        assert law.algebraic == ("p",)
        assert set(law.parameters) == {"g", "L"}
    assert str(guessed.initial["p"]) == "3"


def test_a_definition_stays_a_definition():
    law = parse("u' = -i/C; i = (u - v)/R; 0 = i - Is*(exp(v/VT) - 1); v(0) = 0.6")
    assert law.states == ("u", "v")
    assert list(law.intermediates) == ["i"]
    assert rows(law)[1] == "0 = (u - v)/R - Is*(exp(v/VT) - 1)"


def test_names_outside_the_constraints_stay_parameters():
    assert list(parse("x' = a*y + b; 0 = x + y").parameters) == ["a", "b"]


def test_each_constraint_stands_at_the_state_it_determines():
    law = parse("x' = -z - w; 0 = x - w^3; 0 = w + z - 1; z(0) = 0; w(0) = 1")
    assert law.states == ("x", "z", "w")
    assert rows(law) == ["x' = -z - w", "0 = w + z - 1", "0 = x - w^3"]


def test_tied_derivatives_make_a_mass_matrix():
    law = parse("2x' + y' = -x; 0 = x - y^3")
    assert law.states == ("x", "y")
    assert rows(law) == ["2*x' + y' = -x", "0 = x - y^3"]
    assert law.algebraic == ()
    law = parse("x'' - y'' = t; x + y = sin(x' + 2*y'); u' = 3")
    assert law.states == ("x", "x'", "y", "y'", "u")
    assert "x'' - y'' = t" in rows(law)
    assert "0 = x + y - sin(x' + 2*y')" in rows(law)


@pytest.mark.parametrize(
    "text, states, algebraic, wanted",
    [
        ("y = t*y' + (y')^2", ("y", "y'"), ("y'",), ["y' = y'", "0 = y - (t*y' + y'^2)"]),
        ("(y')^2 + y^2 = 1", ("y", "y'"), ("y'",), ["y' = y'", "0 = y'^2 + y^2 - 1"]),
        ("y' = 1\nsin(x'') = 1", ("y", "x", "x'", "x''"), ("x''",), None),
        ("x'*y' = 1; x' + y' = 2", ("x", "x'", "y", "y'"), ("x'", "y'"), None),
        ("u1' = v1 + u2'^2; u2' = u1'; v1' = 1", ("u1", "u1'", "u2", "u2'", "v1"), ("u1'", "u2'"), None),
        (
            "exp(x') = x; y' = x' + y",
            ("x", "x'", "y"),
            ("x'",),
            ["x' = x'", "0 = exp(x') - x", "y' = x' + y"],
        ),
    ],
)
def test_what_is_not_linear_in_its_highest_derivative(text, states, algebraic, wanted):
    law = parse(text)
    assert law.states == states
    assert law.algebraic == algebraic
    assert wanted is None or rows(law) == wanted


def test_the_guess_of_a_highest_derivative():
    law = parse("(y')^2 + y^2 = 1; y(0) = 0; y'(0) = 1")
    assert {name: str(node) for name, node in law.initial.items()} == {"y": "0", "y'": "1"}
    assert len(law.written) == 1


@pytest.mark.parametrize(
    "text, line, column, message, hint",
    [
        (PENDULUM, 1, 29, "1 of the names `p`, `g`, `L` must be found", "p(0) = 1"),
        ("x' = -x; 0 = x - 1", 1, 10, "one equation too many: this constraint leaves nothing", "missing"),
        ("x' = -x\n0 = x - a\n0 = x + 2*a", 2, 1, "2 quantities should follow from the constraints, and only `a`", ""),
        ("x' + y' + z' = 1; 0 = x - y", 1, 19, "1 equation and 1 constraint for 3 highest derivatives", "as many"),
        ("t*x' + y' = 1; 0 = x - y", 1, 1, "`x'` has the factor `t`", "one equation for each derivative"),
        ("x'^2 + y' = 1; 0 = x - y", 1, 1, "not linear", "one equation for each derivative"),
        ("x'' = -p*x\ny'' = -p*y - 1\n0 = x^2 + y^2 - 1", 3, 1, "index of this law is 2 or higher", "differentiate"),
        ("x' = z; 0 = x - sin(t); z(0) = 1", 1, 9, "does not help to determine `z`", "differentiate"),
    ],
)  # fmt: skip
def test_complaint(text, line, column, message, hint):
    with pytest.raises(LawError) as caught:
        parse(text)
    error = caught.value
    assert message in error.problem
    assert hint in error.hint
    assert (error.line, error.column) == (line, column)


def test_an_index_that_hides_in_a_combination():
    # M = [[1, 1], [0, 0]] leaves the direction (1, -1) free, and x + y does not change along it.
    with pytest.raises(LawError, match="index of this law is 2 or higher"):
        parse("x' + y' = -x; 0 = x + y - 1")
