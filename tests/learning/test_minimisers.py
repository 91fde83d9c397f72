"""Which minimiser a stage goes by."""

from types import SimpleNamespace

import pytest

from dydt.errors import InputError
from dydt.learning.minimisers import MINIMISERS, check_optimiser, minimiser_for


@pytest.mark.parametrize(
    "rows, variables, name",
    [(700, 42, "gauss-newton"), (180, 658, "gauss-newton"), (700, 658, "lbfgs"), (20_000, 42, "lbfgs")],
)
def test_few_variables_or_few_residuals_are_for_gauss_newton(rows, variables, name):
    loss = SimpleNamespace(rows=rows)
    assert minimiser_for(loss, variables) is MINIMISERS[name]
    assert minimiser_for(loss, variables, "adam") is MINIMISERS["adam"]


def test_a_name_that_is_not_there_is_told_with_the_nearest():
    check_optimiser("auto")
    with pytest.raises(InputError, match="did you mean `gauss-newton`"):
        check_optimiser("gauss-newtn")
