"""Roots of polynomials, against their definition and NumPy's companion matrices."""

import numpy as np
import pytest
import sympy

from dydt.analytic.algebra.roots import Root, factors, roots

r = sympy.Symbol("r")


def as_set(polynomial):
    return {(root.alpha, root.beta, root.multiplicity) for root in roots(polynomial, r).roots}


def test_short_ones():
    half = sympy.Rational(1, 2)
    assert as_set(r**2 - 3 * r + 2) == {(1, 0, 1), (2, 0, 1)}
    assert as_set((r**2 + 4) ** 2 * (r - 1) ** 3) == {(0, 2, 2), (1, 0, 3)}
    assert as_set(r**4 + 4) == {(1, 1, 1), (-1, 1, 1)}
    assert as_set(r**2 + r + 1) == {(-half, sympy.sqrt(3) / 2, 1)}
    assert as_set(r**2 - 2 * sympy.sqrt(2) * r + 2) == {(sympy.sqrt(2), 0, 2)}


@pytest.mark.parametrize(
    "polynomial",
    [
        r**3 - 2, r**4 + 1, r**5 - 1, r**4 + r**2 - 1, r**4 + r**2 + 3, r**5 - r - 1, r**3 - 3 * r + 1,
        r**4 - 2 * r**3 + 5, r**6 + r**3 + 7, 2 * r**7 - r + 3, (r**3 - r - 1) ** 2, r**2 / 10 + r / 3 + 5,
        r**2 + sympy.pi * r - sympy.E,
    ],
)  # fmt: skip
def test_against_numpy(polynomial):
    found = roots(polynomial, r)
    ours = [complex(value) for root in found.roots for value in root.values for _ in range(root.multiplicity)]
    theirs = np.roots([complex(c) for c in sympy.Poly(polynomial, r).all_coeffs()])
    for value in theirs:
        assert min(abs(value - own) for own in ours) < 1e-6
    assert len(ours) == len(theirs)


def test_parameters():
    k, w, b = sympy.symbols("k w b", real=True)
    assert as_set(r**2 + w**2) == {(0, w, 1)}
    assert as_set(r**2 - k) == {(sympy.sqrt(k), 0, 1), (-sympy.sqrt(k), 0, 1)}
    assert as_set(r**4 - k**4) == {(k, 0, 1), (-k, 0, 1), (0, k, 1)}
    damped = roots(r**2 + 2 * b * r + w**2, r)
    assert [sympy.expand(d - 4 * (b**2 - w**2)) for d in damped.undecided] == [0]
    assert roots(r**5 + k * r + 1, r) is None


def test_what_is_rounded_is_said():
    assert roots(r**5 - r - 1, r).rounded
    assert not roots(r**4 + 1, r).rounded


def test_a_root_counts_with_its_conjugate():
    assert Root(sympy.S.Zero, sympy.S.One, 2).count == 4
    assert [m for _, m in factors((r - 1) ** 2 * (r + 3), r)] == [1, 2]
