"""Relations are put into a form that reads well, and mean the same."""

import pytest
import sympy
from sympy import Abs, atan, log, sqrt

from dydt.analytic.substitution import Substitution, substitute, tidy
from tests.analytic.by_hand import posed, vanishes

t, y, u = sympy.symbols("t y u", real=True)


@pytest.mark.parametrize(
    "relation",
    [
        log(1 + y**2 / t**2) / 2 + log(Abs(t)) - atan(y / t),
        (1 + y / t) * t**3,
        y / t - log(Abs(y / t)) - log(Abs(t)),
        sqrt(1 + y / t) + 1,
        log(Abs(1 + y / t)) + 2 / (1 + y / t) + log(Abs(t)),
    ],
    ids=str,
)
def test_tidy_means_the_same(relation):
    other = tidy(relation)
    assert sympy.count_ops(other) <= sympy.count_ops(relation)
    assert vanishes(relation.diff(t) * other.diff(y) - relation.diff(y) * other.diff(t))


def test_a_substitution_that_is_wrong_gives_nothing():
    asked = posed("y' = y/t + 1")
    wrong = Substitution("homogeneous", "", u, u * t, y / t, 1 / t, u, "")
    assert substitute(asked, y / t + 1, wrong) is None
