"""t as a function of y, against Zill (section 2.3) and Ince (2.13)."""

import pytest

from tests.analytic.by_hand import agrees, lost, refuses, solved


@pytest.mark.parametrize(
    ("law", "book", "rests"),
    [
        ("y' = 1/(t + y)", "(t + y + 1)*exp(-y)", set()),
        ("y' = y/(t + y^3)", "t/y - y^2/2", {0}),
        ("y' = 1/(exp(y) - t)", "(t - exp(y)/2)*exp(y)", set()),
        ("y' = y^2/(1 - t*y)", "t*y - log(abs(y))", {0}),
        ("(2*t + y^3)*y' = y", "t/y^2 - y", {0}),
        ("y' = 1/(t*y + t^2*y^3)", "(1/t + y^2 - 2)*exp(y^2/2)", set()),  # Ince, Bernoulli in t
    ],
)
def test_the_books_answer(law, book, rests):
    asked, found = solved("inverse", law)
    assert all(agrees(asked, solution, book) for solution in found.solutions)
    assert lost(found) == rests


@pytest.mark.parametrize(
    "law", ["y' = y^2", "y' = t*y + 1", "y'' = y", "y' = sin(t*y)", "(y')^2 = y", "y' = y/(t + y)"]
)
def test_other_equations_are_refused(law):
    assert refuses("inverse", law)
