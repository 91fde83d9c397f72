"""Linear systems with constant coefficients, with the answers of textbooks, and against the matrix exponential."""

import mpmath
import numpy as np
import pytest
import sympy
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from dydt.analytic.forms.matrix_form import matrix_form
from dydt.analytic.methods.linear_system import free_modes, solve
from dydt.calculus.notation import text
from tests.analytic.families import holds, posed, refuses, solved

METHOD = "linear_system"
# Boyce & DiPrima, chapter 7; Zill, chapter 8; Kreyszig, chapter 4.
BOOKS = [
    (
        "x' = x + y; y' = 4*x + y",
        "C1*exp(3*t) + C2*exp(-t)",
        "2*C1*exp(3*t) - 2*C2*exp(-t)",
    ),  # Boyce 7.5, Example 1
    (
        "x' = -3*x + sqrt(2)*y; y' = sqrt(2)*x - 2*y",
        "C1*exp(-t) - sqrt(2)*C2*exp(-4*t)",
        "sqrt(2)*C1*exp(-t) + C2*exp(-4*t)",
    ),  # Boyce 7.5, Example 2
    (
        "x' = y + z; y' = x + z; z' = x + y",
        "C1*exp(2*t) + C2*exp(-t)",
        "C1*exp(2*t) + C3*exp(-t)",
        "C1*exp(2*t) - (C2 + C3)*exp(-t)",
    ),  # Boyce 7.5, Example 3
    (
        "x' = -x/2 + y; y' = -x - y/2",
        "exp(-t/2)*(C1*cos(t) + C2*sin(t))",
        "exp(-t/2)*(-C1*sin(t) + C2*cos(t))",
    ),  # Boyce 7.6, Example 1
    (
        "x' = x - y; y' = x + 3*y",
        "C1*exp(2*t) + C2*t*exp(2*t)",
        "-C1*exp(2*t) - C2*(t*exp(2*t) + exp(2*t))",
    ),  # Boyce 7.8, Example 2
    (
        "x' = -2*x + y + 2*exp(-t); y' = x - 2*y + 3*t",
        "C1*exp(-3*t) + C2*exp(-t) + exp(-t)/2 + t*exp(-t) + t - 4/3",
        "-C1*exp(-3*t) + C2*exp(-t) - exp(-t)/2 + t*exp(-t) + 2*t - 5/3",
    ),  # Boyce 7.9, Example 1
    (
        "x' = 2*x + 3*y; y' = 2*x + y",
        "C1*exp(-t) + 3*C2*exp(4*t)",
        "-C1*exp(-t) + 2*C2*exp(4*t)",
    ),  # Zill 8.2, 1
    (
        "x' = 3*x - 18*y; y' = 2*x - 9*y",
        "3*C1*exp(-3*t) + C2*(3*t + 1/2)*exp(-3*t)",
        "C1*exp(-3*t) + C2*t*exp(-3*t)",
    ),  # Zill 8.2, Example 4
    (
        "x' = 2*x + y + 6*z; y' = 2*y + 5*z; z' = 2*z",
        "exp(2*t)*(C1 + C2*t + C3*(t^2/2 + 6/5*t))",
        "exp(2*t)*(C2 + C3*t)",
        "exp(2*t)*C3/5",
    ),  # Zill 8.2, Example 5
    (
        "x' = -x + 2*y - 8; y' = -x + y + 3",
        "C1*(cos(t) + sin(t)) + C2*(cos(t) - sin(t)) + 14",
        "C1*cos(t) - C2*sin(t) + 11",
    ),  # Zill 8.3, Example 1
    (
        "x' = -0.02*x + 0.02*y; y' = 0.02*x - 0.02*y",
        "C1 + C2*exp(-0.04*t)",
        "C1 - C2*exp(-0.04*t)",
    ),  # Kreyszig 4.1
]


@pytest.mark.parametrize("law, book", [(law, book) for law, *book in BOOKS])
def test_the_book_is_in_the_family(law, book):
    asked, found = solved(METHOD, law)
    assert holds(asked, found, *book)


@pytest.mark.parametrize(
    "matrix",
    [
        [[0, 1], [-4, -1]],
        [[2, 8], [-1, -2]],
        [[1, 1, 1], [1, -1, 0], [1, 0, 2]],  # eigenvalues without a short formula
        [[3, -2, 4], [2, 0, 2], [4, 2, 3]],
        [[5, -3, -2], [8, -5, -4], [-4, 3, 3]],  # one eigenvalue, two eigenvectors (Boyce & DiPrima 7.8, 17)
        [[0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1], [1, 0, -1, 0]],  # a pair of complex ones, defective
        [[2, 1, 0, 0], [0, 2, 1, 0], [0, 0, 2, 1], [0, 0, 0, 2]],
        [[1, -4, 0, 2], [4, 1, -2, 0], [0, 0, 1, -4], [0, 0, 4, 1]],
    ],
)
def test_against_the_matrix_exponential(matrix):
    size = len(matrix)
    names = "xyzw"[:size]
    rows = [" + ".join(f"({a})*{name}" for a, name in zip(row, names, strict=True)) for row in matrix]
    law = "; ".join(f"{name}' = {row}" for name, row in zip(names, rows, strict=True))
    system = matrix_form(posed(law))
    modes = free_modes(system)
    assert all(step.check() for step in modes.steps if step.check)
    table = sympy.lambdify(system.independent, sympy.Matrix.hstack(*modes.columns), "mpmath")
    at = {t: np.array(table(mpmath.mpf(t)).tolist(), dtype=float) for t in (0.0, 0.7)}
    ours = at[0.7] @ np.linalg.inv(at[0.0])
    theirs = expm(0.7 * np.array(matrix, dtype=float))
    assert np.abs(ours - theirs).max() < 1e-10 * np.abs(theirs).max()


def test_forcing_that_no_trial_fits():
    """Boyce & DiPrima 7.9, problem 8 and its kin: variation of parameters, against a solver."""
    asked, found = solved(METHOD, "x' = 2*x - 5*y + 1/sin(t); y' = x - 2*y + 1/cos(t)")
    assert any("Variation of parameters" in step.says for step in found.steps)
    formula = sympy.lambdify((asked.independent, *found.constants), [e.rhs for e in found.solutions])

    def slope(t, state):
        x, y = state
        return [2 * x - 5 * y + 1 / np.sin(t), x - 2 * y + 1 / np.cos(t)]

    by_machine = solve_ivp(slope, (0.5, 1.2), formula(0.5, 0.3, -0.4), rtol=1e-11, atol=1e-12).y[:, -1]
    assert formula(1.2, 0.3, -0.4) == pytest.approx(by_machine, rel=1e-8)


def test_coupled_oscillators():
    """Two equal masses between three equal springs: the modes 1 and sqrt(3) (Kreyszig 4.1; Boyce & DiPrima 7.6)."""
    asked, found = solved(METHOD, "x'' = -2*x + y; y'' = x - 2*y")
    assert holds(
        asked,
        found,
        "C1*cos(t) + C2*sin(t) + C3*cos(sqrt(3)*t) + C4*sin(sqrt(3)*t)",
        "C1*cos(t) + C2*sin(t) - C3*cos(sqrt(3)*t) - C4*sin(sqrt(3)*t)",
    )


def test_the_steps():
    _, found = solved(METHOD, "x' = x - y; y' = x + 3*y")
    formulas = [step.text for step in found.steps]
    assert formulas[0] == "A = [[1, -1], [1, 3]]"
    assert "lambda^2 - 4*lambda + 4 = 0" in formulas
    assert "(lambda - 2)^2 = 0" in formulas
    assert "v = (1, -1)" in formulas
    assert any("generalised" in step.says for step in found.steps)


def test_letters():
    _, turning = solved(METHOD, "x' = w*y; y' = -w*x")
    assert [text(e) for e in turning.solutions] == [
        "x = C1*cos(t*w) + C2*sin(t*w)",
        "y = -C1*sin(t*w) + C2*cos(t*w)",
    ]
    _, decay = solved(METHOD, "x' = -a*x; y' = a*x - b*y")
    assert len(decay.constants) == 2


def test_derivatives_in_several_equations():
    _, found = solved(METHOD, "x' + y' = x; x' - y' = y")
    assert len(found.constants) == 2


def test_others_are_refused():
    assert refuses(METHOD, "x' = x*y; y' = x", "x' = t*x; y' = y", "y'' + y = 0", "x' = sin(x); y' = x")
    assert solve(posed("x' = y; y' = z; z' = u; u' = v; v' = w; w' = q; q' = x")) is None
