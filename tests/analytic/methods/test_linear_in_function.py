"""Linear for tan y, e^y, 1/sin y …: of the kind of Ross, section 2.3, exercises 37 to 39."""

import pytest

from tests.analytic.by_hand import agrees, lost, refuses, solved


@pytest.mark.parametrize(
    ("law", "book"),
    [
        ("y' + t*sin(2*y) = t^3*cos(y)^2", "(tan(y) - (t^2 - 1)/2)*exp(t^2)"),
        ("y'/cos(y)^2 + 2*t*tan(y) = t*exp(-t^2)", "tan(y)*exp(t^2) - t^2/2"),
        ("exp(y)*(1 + y') = exp(t)", "exp(y + t) - exp(2*t)/2"),
        ("y' + tan(y)/t = tan(y)*sin(y)/t^2", "1/(t*sin(y)) - 1/(2*t^2)"),
        ("(y + 1)*y' + t*(y^2 + 2*y) = t", "(y^2 + 2*y - 1)*exp(t^2)"),
    ],
)
def test_the_books_answer(law, book):
    asked, found = solved("linear_in_function", law)
    assert all(agrees(asked, solution, book) for solution in found.solutions)


def test_what_was_divided_away_is_kept():
    _, found = solved("linear_in_function", "y' + tan(y)/t = tan(y)*sin(y)/t^2")
    assert 0 in lost(found)


@pytest.mark.parametrize("law", ["y' = sin(t*y)", "y' = y^2 + t", "y' = y", "y'' = t*y", "y' = t + sin(y)"])
def test_other_laws_are_refused(law):
    assert refuses("linear_in_function", law)
