"""Mass matrices: checked, inverted where they are regular, their constraints and directions, rates of change."""

import numpy as np
import pytest

from dydt.errors import InputError, LawError
from dydt.expr.equations import Equations
from dydt.expr.graph import number, symbol
from dydt.expr.mass import Constraints, arranged, matching, null_vectors, rates, with_mass
from dydt.expr.parse import parse
from dydt.kernels.numpy import evaluate

LAW = parse("x' = -x + z; y' = y*z; z' = x + y^2 + z - 1")


def test_identity_and_regular_matrices_leave_an_ordinary_law():
    assert with_mass(LAW, np.eye(3)).mass is None
    assert [str(node) for node in with_mass(LAW, np.eye(3)).derivatives] == [str(n) for n in LAW.derivatives]
    m = np.array([[2.0, 1, 0], [0, 1, 0], [1, 0, 4]])
    law = with_mass(LAW, m)
    point = {"x": 0.3, "y": -1.2, "z": 0.7}
    f = np.array(evaluate(LAW.derivatives, point))
    assert np.allclose(m @ np.array(evaluate(law.derivatives, point)), f, rtol=1e-14)
    assert str(law.written[0].left) == "2*x' + y'"


@pytest.mark.parametrize(
    "matrix, message",
    [
        ([[1, 0], [0, 0]], "must be 3 by 3"),
        (3 * [3 * [np.inf]], "must be finite, and its entry in row 0, column 0 is inf"),
        ([["a"] * 3] * 3, "numbers only"),
        ([[1, 2, 3], [1, 2], [1]], "numbers only"),
    ],
)
def test_what_is_no_mass_matrix(matrix, message):
    with pytest.raises(InputError, match=message):
        with_mass(LAW, matrix)


def test_constraints_and_directions_of_a_matrix():
    random = np.random.default_rng(5)
    for rank in range(1, 6):
        m = random.integers(-3, 4, (6, rank)) @ random.integers(-3, 4, (rank, 6)).astype(float)
        mass = {(int(i), int(j)): float(m[i, j]) for i, j in np.argwhere(m)}
        right, left = null_vectors(mass, 6), null_vectors(mass, 6, rows=True)
        assert np.abs(m @ right).max() < 1e-12 * np.abs(m).max()
        assert np.abs(left.T @ m).max() < 1e-12 * np.abs(m).max()
        assert right.shape == left.shape == (6, 6 - np.linalg.matrix_rank(m))
        assert np.linalg.matrix_rank(right) == right.shape[1]


def test_the_block_is_the_derivative_of_the_constraints_along_the_directions():
    law = with_mass(parse("x' = -x*y; y' = sin(y) + x; z' = x*z + y*z^2"), [[1, 2, 0], [2, 4, 0], [0, 0, 0]])
    found = Constraints.of(law)
    assert len(found.nodes) == 2
    point = {"x": 0.4, "y": 0.9, "z": 0.3}
    values = np.zeros((2, 2))
    for place, node in found.block.items():
        values[place] = evaluate([node], point)[0]
    y, step = np.array(list(point.values())), 1e-6
    for k, direction in enumerate(found.directions.T):
        ends = [
            evaluate(found.nodes, dict(zip(point, y + s * step * direction, strict=True))) for s in (1, -1)
        ]
        assert np.allclose((np.array(ends[0]) - ends[1]) / (2 * step), values[:, k], atol=1e-8)
    (determinant,) = found.determinants()
    assert np.isclose(evaluate([determinant], point)[0], np.linalg.det(values))


def test_matching_finds_a_place_for_every_row_if_there_is_one():
    random = np.random.default_rng(2)
    for _ in range(50):
        size = 12
        hidden = random.permutation(size)
        places = [sorted({int(hidden[i]), *random.integers(0, size, 2).tolist()}) for i in range(size)]
        found = matching(places)
        assert sorted(found) == list(range(size))
        assert all(column in row for column, row in zip(found, places, strict=True))
    assert matching([[0], [0]]) in ([0, -1], [-1, 0])
    assert matching([[], [0]]) == [-1, 0]


def test_rows_are_arranged_so_that_no_pivot_is_missing():
    x, y, z = map(symbol, "xyz")
    law = Equations(("x", "y", "z"), (x + y, z - x, y * z), mass={(2, 0): 2.0})
    with pytest.raises(LawError, match="index"):
        with_mass(Equations(("x", "y", "z"), (x + y, y - x, x * y)), [[0, 0, 0], [0, 0, 0], [2, 0, 0]])
    found = arranged(law)
    assert found.mass == {(0, 0): 2.0}
    assert [str(n) for n in found.derivatives] == ["y*z", "x + y", "z - x"]


def test_rates_of_algebraic_states_follow_from_the_constraints():
    law = parse("x' = -z + t; 0 = x*t - z^3 - w; 0 = w + z*x - 1; w(0) = 0; z(0) = 1")

    def settled(t, x):
        # w = 1 - z x, and z of a cubic: differences of its root along a line with slope x'.
        roots = np.roots([1.0, 0.0, -x, 1.0 - x * t])
        z = roots[np.abs(roots.imag) < 1e-9].real[0]
        return np.array([z, 1.0 - z * x])

    t, x, step = 0.7, 0.4, 1e-5
    z, w = settled(t, x)
    slopes = evaluate(list(rates(law)), {"t": t, "x": x, "z": z, "w": w})
    speed = -z + t
    ends = [settled(t + s * step, x + s * step * speed) for s in (1, -1)]
    by_name = dict(zip(law.states, slopes, strict=True))
    assert np.allclose([by_name["z"], by_name["w"]], (ends[0] - ends[1]) / (2 * step), atol=1e-7)


def test_rates_of_tied_derivatives():
    law = parse("x' + y' = -x; 0 = x - y^3 - y")
    y = 0.6
    x = y**3 + y
    dx, dy = evaluate(rates(law), {"x": x, "y": y})
    assert np.isclose(dx + dy, -x)
    assert np.isclose(dx, (3 * y**2 + 1) * dy)


def test_rates_that_take_too_much_are_left_out():
    text = "x' = -z1\n" + "\n".join(f"0 = z{i} + z{(i + 1) % 6}^2 - x" for i in range(6))
    law = parse(text)
    assert rates(law)[0] is not None
    assert all(node is None for node in rates(law)[1:])
    assert rates(LAW) == LAW.derivatives


def test_numbers_stay_numbers():
    law = with_mass(parse("x' = -x; y' = x - y"), np.diag([2, 0]))
    assert law.left[1] is number(0.0)
    assert law.written[0].right is law.derivatives[0]
