"""Eigenvectors and chains of generalised ones."""

import pytest
import sympy

from dydt.analytic.algebra.eigenvectors import chains, tidy

ROOT = sympy.sqrt(2)


@pytest.mark.parametrize(
    "rows, value, lengths",
    [
        ([[1, 1], [4, 1]], 3, [1]),
        ([[0, 1, 1], [1, 0, 1], [1, 1, 0]], -1, [1, 1]),
        ([[2, 1, 6], [0, 2, 5], [0, 0, 2]], 2, [3]),
        ([[2, 0, 0], [0, 2, 1], [0, 0, 2]], 2, [1, 2]),
        ([[-3, ROOT], [ROOT, -2]], -1, [1]),
        ([[0, 1, 0, 0], [-1, 0, 1, 0], [0, 0, 0, 1], [0, 0, -1, 0]], sympy.I, [2]),
    ],
)
def test_chains(rows, value, lengths):
    matrix = sympy.Matrix(rows)
    found = chains(matrix, sympy.sympify(value), sum(lengths))
    assert [len(chain) for chain in found] == lengths
    shifted = matrix - value * sympy.eye(matrix.rows)
    for chain in found:
        below = sympy.zeros(matrix.rows, 1)
        for vector in chain:
            assert (shifted * vector - below).applyfunc(tidy) == sympy.zeros(matrix.rows, 1)
            below = vector
    assert sympy.Matrix.hstack(*(v for chain in found for v in chain)).rank() == sum(lengths)


def test_vectors_are_written_shortly():
    [[vector]] = chains(sympy.Matrix([[0, 1], [-4, 0]]), 2 * sympy.I, 1)
    assert list(vector) == [1, 2 * sympy.I]
    [[vector]] = chains(sympy.Matrix([[2, 3], [2, 1]]), sympy.Integer(4), 1)
    assert list(vector) == [3, 2]


def test_what_is_no_eigenvalue():
    assert chains(sympy.Matrix([[1, 0], [0, 2]]), sympy.Integer(3), 1) is None
