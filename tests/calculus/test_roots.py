"""All real solutions of polynomial equations, exactly."""

import time

import pytest
import sympy

from dydt.calculus.rest import resting
from dydt.calculus.roots import NotExact, real_roots, real_solutions
from dydt.expr.parse import parse

x, y, z = sympy.symbols("x y z", real=True)
a, b = sympy.symbols("a b", real=True)


def points(equations, unknowns):
    found = real_solutions(equations, unknowns)
    assert not any(branch.free for branch in found)
    return sorted(tuple(float(v.evalf(17)) for v in branch.values.values()) for branch in found)


def test_lines_circles_and_what_has_no_real_point():
    assert points([x + y - 3, x - y - 1], [x, y]) == [(2, 1)]
    assert points([x**2 + y**2 - 25, x * y - 12], [x, y]) == [(-4, -3), (-3, -4), (3, 4), (4, 3)]
    assert points([x**2 + y**2 + 1, x], [x, y]) == []
    assert points([x + y - 1, x + y - 2], [x, y]) == []


def test_symmetric_equations_by_a_basis():
    # The elementary symmetric functions of 1, 2, 3: its solutions are their six orders.
    system = [x + y + z - 6, x * y + y * z + z * x - 11, x * y * z - 6]
    assert len(points(system, [x, y, z])) == 6
    for solution in points(system, [x, y, z]):
        assert sorted(solution) == pytest.approx([1, 2, 3])


def test_a_katsura_like_system_agrees_with_substitution():
    system = [x**2 * y - 1, x**3 + y**3 - 5]
    # y = 1/x²: x⁹ − 5x⁶ + 1 = 0 has three real roots.
    roots = [float(r) for r in sympy.Poly(x**9 - 5 * x**6 + 1, x).nroots(n=20) if abs(sympy.im(r)) < 1e-12]
    assert [p[0] for p in points(system, [x, y])] == pytest.approx(sorted(roots), rel=1e-14)


def test_multiple_roots_come_once_and_denominators_count():
    assert points([(x - 1) ** 2 * (y - 2), (x - 1) * (y - 2) ** 2 + (x - y + 1)], [x, y]) == [(1, 2)]
    assert points([(x**2 - 1) / (x - 1)], [x]) == [(-1,)]
    assert points([1 / x - y, x - y], [x, y]) == [(-1, -1), (1, 1)]


def test_parameters_stay_letters():
    found = real_solutions([a * x - b * x * y, x - y], [x, y])
    assert {branch.values[x] for branch in found} == {sympy.S.Zero, a / b}


def test_sets_with_free_unknowns():
    (branch,) = real_solutions([x * y, x], [x, y])
    assert branch.free == (y,)
    assert branch.values == {x: 0, y: y}
    found = real_solutions([(x - 1) * (y - 2), (x - 1) * (x - y)], [x, y])
    assert [(branch.values[x], branch.free) for branch in found] == [(2, ()), (1, (y,))]


def test_real_roots():
    assert real_roots(x**2 - 2, x) == [sympy.sqrt(2), -sympy.sqrt(2)]
    assert len(real_roots(x**5 - x - 1, x)) == 1
    with pytest.raises(NotExact):
        real_roots(x**3 - a, x)


def test_what_is_not_rational_or_too_large_is_said_in_time():
    with pytest.raises(NotExact):
        real_solutions([sympy.sin(x)], [x])
    many = sympy.symbols("u0:9", real=True)
    with pytest.raises(NotExact):
        real_solutions([u**2 - 1 for u in many], many)
    began = time.monotonic()
    hard = [sum(u**k for u in many[:6]) + (-1) ** k * u0 * many[1] - k for k, u0 in enumerate(many[:6], 3)]
    with pytest.raises(NotExact):
        real_solutions(hard, many[:6], limit=1.0)
    assert time.monotonic() - began < 40  # a second, and the start of another process


def test_resting_prefers_short_formulas():
    law = parse("x' = s*(y - x); y' = x*(r - z) - y; z' = x*y - b*z")
    rests = resting(law.derivatives, law.states, {"s": 10.0, "r": 28.0, "b": 8 / 3})
    assert sorted(rest.formulas["x"] for rest in rests) == ["-sqrt(b*(r - 1))", "0", "sqrt(b*(r - 1))"]
    assert {rest.values["z"] for rest in rests} == {0.0, 27.0}
    # A formula that is not real for these values belongs to no point.
    rests = resting(law.derivatives, law.states, {"s": 10.0, "r": 0.5, "b": 8 / 3})
    assert [rest.values["x"] for rest in rests] == [0.0]
