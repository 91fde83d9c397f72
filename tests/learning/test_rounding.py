"""Whether single precision is enough."""

import numpy as np
import pytest

import dydt
from dydt.errors import InputError
from dydt.learning.data import read_data
from dydt.learning.preparation import prepare
from dydt.learning.rounding import enough


def told(law, offset=0.0, size=1.0, end=6.0):
    """For a circle of this size, that far from the origin."""
    t = np.linspace(end - 6.0, end, 80)
    read = read_data({"t": t, "x": offset + size * np.sin(t), "y": size * np.cos(t)}, noise=0.01 * size)
    ode = dydt.ODE(law)
    return enough(ode, prepare(ode, read, {}, (), {}))


NEURAL = "x' = nn(x, y)[0]; y' = nn(x, y)[1]"


@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12])
def test_it_is_for_states_of_any_common_size(size):
    assert told(NEURAL, size=size) == "single"
    assert told(NEURAL, size=size**3) == ("single" if size == 1.0 else "double")


def test_it_is_not_where_states_change_in_digits_that_it_has_not():
    assert told(NEURAL, offset=100.0) == "single"
    assert told(NEURAL, offset=1e6) == "double"


def test_it_is_not_where_known_terms_cancel_or_overflow():
    assert told("x' = y + nn(x, y); y' = -x") == "single"
    assert told("x' = (1e6 + y) - 1e6 + nn(x, y); y' = -x") == "double"
    assert told("x' = y*1e-30*(1e45*1e-15) + nn(x, y); y' = -x") == "single"  # constants are folded
    assert told("x' = y^3*1e25*y*1e25/1e50 + nn(x, y); y' = -x") == "double"


def test_it_is_not_for_times_that_it_cannot_tell_apart():
    law = "x' = y + 0*nn(x, y) + sin(20*t); y' = -x + nn(x, y)"
    assert told(law) == "single"
    assert told(law, end=1e6) == "double"


def test_a_law_trained_in_either_is_the_same_to_the_noise():
    t = np.linspace(0, 6, 60)
    data = {"t": t, "x": np.cos(t), "v": -np.sin(t)}
    laws = [
        dydt.learn(data, hidden=(8,), noise=0.01, iterations=100, precision=precision)
        for precision in ("single", "double", "auto")
    ]
    ends = [law.solve(t=(0, 6), x=1, v=0).y[-1] for law in laws]
    assert np.abs(ends[0] - ends[1]).max() < 0.02
    assert np.array_equal(ends[0], ends[2])
    assert not np.array_equal(ends[0], ends[1])


def test_a_precision_that_is_not_there():
    with pytest.raises(InputError, match=r"is 'singel'; did you mean `single`\?"):
        dydt.learn({"t": [0, 1, 2], "x": [0, 1, 2]}, precision="singel")
