"""Linear systems of stiff steps against NumPy's: random, sparse, and such that need pivoting."""

import math

import numpy as np
import pytest

from dydt.solvers.linear import Elimination, Inverse, elimination
from dydt.solvers.vectors import Plain


def solve(how, matrix, shift, b):
    """x of (shift·I + matrix) x = b."""
    entries = {place: matrix[place] for place in zip(*np.nonzero(matrix), strict=True)}
    factors = how.factorise(Plain, entries, shift)
    return np.array(how.solve(Plain, factors, list(b))), how.trust(Plain, factors, shift)


def expected(matrix, shift, b):
    return np.linalg.solve(matrix + shift * np.eye(len(b)), b)


@pytest.mark.parametrize("size", range(1, 9))
def test_small_systems_with_pivoting(size):
    random = np.random.default_rng(size)
    for _ in range(20):
        matrix, b = random.standard_normal((size, size)), random.standard_normal(size)
        found, _ = solve(Inverse(size), matrix, 0.5, b)
        condition = np.linalg.cond(matrix + 0.5 * np.eye(size))
        assert np.allclose(found, expected(matrix, 0.5, b), rtol=1e-13 * condition, atol=1e-14 * condition)


@pytest.mark.parametrize(
    "matrix",
    [
        [[0.0, 1.0], [1.0, 0.0]],
        [[1e-20, 1.0], [1.0, 1.0]],
        [[0.0, 0.0, 2.0], [3.0, 0.0, 0.0], [0.0, 4.0, 1.0]],
        [[1.0, 2.0, 3.0], [2.0, 4.0, 7.0], [5.0, 1.0, 1.0]],
        [[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0]],
    ],
)
def test_matrices_without_a_usable_diagonal(matrix):
    matrix = np.array(matrix)
    b = 1.0 + np.arange(len(matrix))
    found, _ = solve(Inverse(len(matrix)), matrix, 0.0, b)
    assert np.allclose(found, expected(matrix, 0.0, b), rtol=1e-14, atol=1e-14)


def test_a_singular_matrix_gives_no_number():
    with np.errstate(all="ignore"):
        matrix = np.array([[1.0, 2.0], [2.0, 4.0]])
        found, _ = solve(Inverse(2), matrix, np.float64(0.0), np.ones(2))
    assert not np.all(np.isfinite(found))


def grid(side):
    """The Laplacian of a square grid, with reactions that couple two fields."""
    n = side * side
    matrix = np.zeros((2 * n, 2 * n))
    for field in range(2):
        for i in range(side):
            for j in range(side):
                k = field * n + i * side + j
                matrix[k, k] = 4.0
                matrix[k, (k + n) % (2 * n)] = 0.3 + field
                for di, dj in ((0, 1), (1, 0)):
                    if i + di < side and j + dj < side:
                        other = k + di * side + dj
                        matrix[k, other] = matrix[other, k] = -1.0
    return matrix


@pytest.mark.parametrize("kind", ["random", "line", "grid", "arrow"])
def test_sparse_systems(kind):
    random = np.random.default_rng(5)
    match kind:
        case "random":
            matrix = np.where(random.random((40, 40)) < 0.06, random.standard_normal((40, 40)), 0.0)
        case "line":
            matrix = 3.0 * np.eye(200) - np.eye(200, k=1) - 2.0 * np.eye(200, k=-1)
        case "grid":
            matrix = grid(7)
        case "arrow":
            matrix = np.eye(60)
            matrix[0, :] = matrix[:, 0] = 1.0
    how = elimination(list(zip(*np.nonzero(matrix), strict=True)), len(matrix))
    b = random.standard_normal(len(matrix))
    found, trust = solve(how, matrix, 10.0, b)
    assert trust == 1.0
    assert np.allclose(found, expected(matrix, 10.0, b), rtol=1e-12, atol=1e-13)


def test_the_order_keeps_the_factors_sparse():
    line = [(i, i + d) for i in range(200) for d in (-1, 1) if 0 <= i + d < 200]
    assert len(Elimination(line, 200).slots) == 200 + 2 * 199  # no fill-in
    arrow = [(0, j) for j in range(60)] + [(j, 0) for j in range(60)]
    how = Elimination(arrow, 60)
    assert how.order[-2:] == [0, 59] or how.order[-1] == 0  # the hub last, or next to it
    assert len(how.slots) == 60 + 2 * 59
    square = Elimination(list(zip(*np.nonzero(grid(10)), strict=True)), 200)
    assert len(square.slots) < 0.25 * 200**2


def test_lost_pivots_are_not_trusted():
    # The second pivot is what rounding leaves of 1 - 1.
    matrix = np.zeros((5, 5))
    matrix[0, 1] = matrix[1, 0] = 1.0
    _, trust = solve(Elimination([(0, 1), (1, 0)], 5), matrix, 1.0 + 1e-14, np.ones(5))
    assert math.isnan(trust)


def test_what_suits_a_matrix():
    full = [(i, j) for i in range(8) for j in range(8)]
    assert isinstance(elimination(full, 8), Inverse)
    assert isinstance(elimination([(0, 0)], 3), Inverse)
    assert isinstance(elimination([(i, i) for i in range(8)], 8), Elimination)
    assert isinstance(elimination([(i, j) for i in range(9) for j in range(9)], 9), Elimination)
