"""Rosenbrock methods: coefficients, orders, order reduction, and kernels against plain Python and other lanes."""

import ctypes
import dataclasses
import math
from functools import partial
from itertools import pairwise

import numpy as np
import pytest

import dydt
from dydt.kernels.build import Library, has_fma
from dydt.kernels.llvm import Module
from dydt.kernels.numpy import evaluate
from dydt.solvers import factors as factors_module
from dydt.solvers import law as law_module
from dydt.solvers import methods
from dydt.solvers.law import Setting, setting, workspace
from dydt.solvers.linear import Inverse
from dydt.solvers.methods import STIFF
from dydt.solvers.tableaus.rosenbrock import ROSENBROCK_METHODS
from dydt.solvers.vectors import Components, Plain
from tests.solvers.test_kernels_agree import FORCED, LORENZ, compiled, run_lanes, some_starts
from tests.solvers.test_tableaus import rooted_trees, size_and_density

# -- coefficients ---------------------------------------------------------------------------------------------------


def matrices(tableau):
    """α and β = α + Γ of the usual form, from the form without products with J."""
    s = tableau.stages
    a, c = np.zeros((s, s)), np.zeros((s, s))
    for i in range(s):
        a[i, :i], c[i, :i] = tableau.a[i], tableau.c_matrix[i]
    gamma = np.linalg.inv(np.eye(s) / tableau.gamma - c)
    return a @ gamma, a @ gamma + gamma, gamma


def phi(tree, alpha, beta):
    """A vertex with one branch has β before it, one with several α (Hairer & Wanner, Solving ODEs II, IV.7)."""
    if not tree:
        return np.ones(len(alpha))
    if len(tree) == 1:
        return beta @ phi(tree[0], alpha, beta)
    return math.prod(alpha @ phi(branch, alpha, beta) for branch in tree)


@pytest.mark.parametrize("name", STIFF)
def test_order_conditions_of_all_trees(name):
    tableau = ROSENBROCK_METHODS[name]
    alpha, beta, gamma = matrices(tableau)
    b, e = np.array(tableau.m) @ gamma, np.array(tableau.error) @ gamma
    for nodes in range(1, tableau.order + 1):
        for tree in rooted_trees(nodes):
            values, wanted = phi(tree, alpha, beta), 1 / size_and_density(tree)[1]
            size = 1 + np.abs(b) @ np.abs(values)
            assert abs(b @ values - wanted) < 1e-12 * size, tree
            if nodes <= tableau.error_order:
                assert abs(e @ values) < 1e-12 * size, tree
            if nodes <= tableau.dense_order:
                for theta in (0.2, 0.5, 0.9):
                    weights = np.array(tableau.dense_weights(theta)) @ gamma
                    assert abs(weights @ values - theta**nodes * wanted) < 1e-11 * size, tree


@pytest.mark.parametrize("name", STIFF)
def test_damps_what_is_infinitely_stiff(name):
    # R(∞) = 1 - b β⁻¹ 1 = 0: L-stable, together with what γ makes of the imaginary axis.
    tableau = ROSENBROCK_METHODS[name]
    _, beta, gamma = matrices(tableau)
    b = np.array(tableau.m) @ gamma
    assert abs(1 - b @ np.linalg.solve(beta, np.ones(len(b)))) < 1e-11
    for y in np.geomspace(1e-3, 1e5, 200):
        growth = 1 + 1j * y * (b @ np.linalg.solve(np.eye(len(b)) - 1j * y * beta, np.ones(len(b))))
        assert abs(growth) < 1 + 1e-9


@pytest.mark.parametrize("name", STIFF)
def test_a_corrupted_tableau_refuses_construction(name):
    good = ROSENBROCK_METHODS[name]
    for field in ("m", "error", "c", "d"):
        row = getattr(good, field)
        wrong = (row[0] + 1e-8, *row[1:])
        with pytest.raises(ValueError, match=f"tableau of {name}"):
            dataclasses.replace(good, **{field: wrong})
    with pytest.raises(ValueError, match="row i of a"):
        dataclasses.replace(good, a=(good.a[0], (*good.a[1], 1.0), *good.a[2:]))
    with pytest.raises(ValueError, match="dense"):
        dataclasses.replace(good, dense=tuple((row[0] + 1e-7, *row[1:]) for row in good.dense))


# -- orders ---------------------------------------------------------------------------------------------------------


class PlainLaw:
    """A law on floats, by its graph: what a method is taught and checked with."""

    def __init__(self, text, **parameters):
        ode = dydt.ODE(text, **parameters)
        law, size = ode.compiled_law, len(ode.states)
        names = dict(zip(ode.parameters, ode.parameter_values({}), strict=True))
        jacobian = law.jacobian

        def values(nodes, t, y):
            inputs = names | dict(zip(ode.states, y, strict=True)) | {ode.independent: t}
            return [float(v) for v in evaluate(nodes, inputs)]

        def linearise(t, y):
            entries = {
                place: -v for place, v in zip(jacobian.places, values(jacobian.entries, t, y), strict=True)
            }
            pull = values(dydt.expr.derive.time_derivative(ode.equations), t, y) if jacobian.pulled else None
            return self.setting.law(t, y), entries, pull

        def factorise(entries, shift):
            how = Inverse(size)
            found = how.factorise(Plain, entries, shift)
            return partial(how.solve, Plain, found), None

        evaluate_law = partial(values, ode.equations.derivatives)
        self.setting = Setting(Components(Plain, size), evaluate_law, None, [1e-9] * size, None, None)
        self.setting.linearise, self.setting.factorise = linearise, factorise


KNOWN = "a' = -2*t*a^2; b' = b*cos(t); c' = -c^2*b*cos(t)"


def exact(t):
    return np.array([1.0 / (1.0 + t * t), math.exp(math.sin(t)), math.exp(-math.sin(t))])


def end_error(name, law, count, start, stop, solution):
    method, h = methods.method(name), (stop - start) / count
    y = list(solution(start))
    for i in range(count):
        y = method.attempt(law.setting, start + i * h, y, h, None, 1e-9).y
    return np.linalg.norm(np.array(y) - solution(stop))


@pytest.mark.parametrize("name", STIFF)
def test_steps_converge_with_the_order_of_the_method(name):
    order = methods.method(name).order
    law, coarse = PlainLaw(KNOWN), {2: 64, 4: 32, 5: 24}[order]
    errors = [end_error(name, law, n, 0.0, 2.0, exact) for n in (coarse, 2 * coarse)]
    assert order - 0.35 < math.log2(errors[0] / errors[1]) < order + 1.3


@pytest.mark.parametrize("name", STIFF)
def test_dense_output_has_its_order(name):
    method, law = methods.method(name), PlainLaw(KNOWN)
    order = ROSENBROCK_METHODS[name].dense_order

    def error(h, theta):
        y = list(exact(0.3))
        k = method.dense_slopes(law.setting, 0.3, y, h)
        return np.linalg.norm(
            np.array(method.interpolate(law.setting, y, h, k, theta)) - exact(0.3 + theta * h)
        )

    for theta in (0.3, 0.6, 0.85):
        measured = math.log2(error(0.1, theta) / error(0.05, theta))
        assert order + 0.5 < measured < order + 2.5
    assert error(0.1, 0.0) < 1e-15


def sine(t):
    return np.array([math.sin(t)])


@pytest.mark.parametrize(
    "name, order, gain", [("rodas5p", 3, 10), ("rodas4p", 3, 10), ("rosenbrock23", 2, 1)]
)
def test_order_reduction_on_prothero_robinson(name, order, gain):
    # y' = λ(y - sin t) + cos t with hλ large: no one-step method keeps its full order here. Rodas5P and Rodas4P fall
    # to an error of h³/|λ| (the better, the stiffer), Rosenbrock23 keeps its two.
    errors = {}
    for stiffness in (1e4, 1e5):
        law = PlainLaw("y' = lam*(y - sin(t)) + cos(t)", lam=-stiffness)
        errors[stiffness] = [end_error(name, law, n, 0.3, 2.3, sine) for n in (4, 8, 16)]
        for coarse, fine in pairwise(errors[stiffness]):
            assert order - 0.15 < math.log2(coarse / fine) < order + 0.3
    assert errors[1e5][0] < 1.2 * errors[1e4][0] / gain


# -- kernels --------------------------------------------------------------------------------------------------------

ROBERTSON = "a' = -k1*a + k3*b*c; b' = k1*a - k3*b*c - k2*b^2; c' = k2*b^2"
CHAIN = "\n".join(  # six states: eliminated sparsely
    f"x{i}' = -{10.0**i}*x{i}" + (f" + {10.0 ** (i - 1)}*x{i - 1}*cos(t)" if i else " + x5/(1 + x5)")
    for i in range(6)
)
FULL = "\n".join(  # five states, each read by each: inverted with pivoting
    f"x{i}' = " + " - ".join([f"sin(x{(i + 1) % 5})"] + [f"{0.1 * (i + j + 1)}*x{j}" for j in range(5)])
    for i in range(5)
)
LAWS = {
    "lorenz": (LORENZ, {"s": 10, "r": 28, "b": 8 / 3}),
    "forced": (FORCED, {"a": 0.5}),
    "robertson": (ROBERTSON, {"k1": 0.04, "k2": 3e7, "k3": 1e4}),
    "chain": (CHAIN, {}),
    "full": (FULL, {}),
}


@pytest.mark.parametrize("inline", [True, False], ids=["registers", "memory"])
@pytest.mark.parametrize("law_name", LAWS)
@pytest.mark.parametrize("method", ["rodas5p", "rosenbrock23"])
def test_same_bits_for_any_number_of_lanes(law_name, method, inline):
    text, values = LAWS[law_name]
    ode, law = compiled(text, **values)
    starts, parameters = some_starts(ode, 4)
    run = partial(run_lanes, law, method, t=(0, 1), rtol=1e-5, inline=inline)
    states, counts = run(lanes=4, starts=starts, parameters=parameters)
    for i in range(4):
        alone, count = run(lanes=1, starts=starts[i : i + 1], parameters=parameters[i : i + 1])
        assert states[i].tobytes() == alone[0].tobytes()
        assert counts[i] == count[0]


@pytest.mark.parametrize("inline", [True, False], ids=["registers", "memory"])
@pytest.mark.parametrize("law_name", LAWS)
@pytest.mark.parametrize("method", STIFF)
def test_a_step_equals_the_plain_one(method, law_name, inline):
    text, values = LAWS[law_name]
    ode, law = compiled(text, **values)
    y, h = list(1.0 + 0.1 * np.arange(len(ode.states))), 0.01
    expected = methods.method(method).attempt(PlainLaw(text, **values).setting, 0.0, y, h, None, 1e-9).y
    parameters = ode.parameter_values({})[None]
    found, counts = run_lanes(
        law, method, 1, np.array([y]), parameters, (0.0, h), rtol=1e6, h=h, inline=inline
    )
    assert counts[0] == 1
    precision = 1e-7 if law_name == "robertson" else 1e-11  # its matrix has a condition of 1e9
    assert np.allclose(found[0], expected, rtol=precision, atol=precision)


@pytest.mark.parametrize("inline", [True, False], ids=["registers", "memory"])
@pytest.mark.parametrize("law_name", LAWS)
def test_linearisation_in_a_kernel_equals_the_oracle(law_name, inline):
    text, values = LAWS[law_name]
    ode, law = compiled(text, **values)
    n = len(ode.states)
    layout = workspace(law, methods.method("rodas5p"), 1, inline)
    module = Module(has_fma())
    f = module.function("newton", "integer", [("work", "pointer"), ("out", "pointer")])
    work, out = f.arguments
    here = setting(f, work, law, layout)
    # x of (3 I - J) x = f: right only if f, J and the solution are.
    slope, entries, pull = here.linearise(f.constant(0.7), here.y)
    solve, _ = here.factorise(entries, f.constant(3.0))
    for start, vector in enumerate([slope, solve(slope), pull]):
        for i in range(n if vector is not None else 0):
            value = vector[i] if inline else f.load(vector.pointer, i)
            f.store(f.spread(value, 1), out, start * n + i)
    f.give(f.constant(0, "integer", 1))
    library = Library(str(module), cached=False, thorough=False)
    y, parameters = 0.5 + 0.1 * np.arange(n), ode.parameter_values({})
    memory, results = np.zeros(layout.total), np.zeros(3 * n)
    memory[layout.places["y"] :][:n] = y
    memory[layout.places["p"] :][: len(parameters)] = parameters
    library.function("newton", ctypes.c_void_p, ctypes.c_void_p)(memory.ctypes.data, results.ctypes.data)
    oracle = PlainLaw(text, **values).setting
    slope, entries, pull = oracle.linearise(0.7, y)
    matrix = 3.0 * np.eye(n)
    for place, value in entries.items():
        matrix[place] += value
    assert np.allclose(results[:n], slope, rtol=1e-13, atol=1e-13)
    condition = np.linalg.cond(matrix)
    assert np.allclose(results[n : 2 * n], np.linalg.solve(matrix, slope), rtol=1e-14 * condition, atol=1e-13)
    if pull is not None:
        assert np.allclose(results[2 * n :], pull, rtol=1e-13, atol=1e-13)


def brusselator(cells, rate):
    """Reaction and diffusion on a line: two fields, states of one cell side by side."""
    lines = []
    for i in range(cells):
        left, right = (f"{{}}{i - 1}" if i else "{}e"), (f"{{}}{i + 1}" if i < cells - 1 else "{}e")
        for s, reaction in (("u", f"1 + u{i}^2*v{i} - 4*u{i}"), ("v", f"3*u{i} - u{i}^2*v{i}")):
            near = f"{left.format(s)} - 2*{s}{i} + {right.format(s)}"
            lines.append(f"{s}{i}' = {reaction} + D*({near})")
    return "\n".join([*lines, f"D = {rate}", "ue = 1", "ve = 3"])


def test_large_laws_by_tables_and_written_out_agree(monkeypatch):
    law = brusselator(40, 50.0)

    def solve():
        ode = dydt.ODE(law)
        values = {s: 1.0 + math.sin(i / 20) if s[0] == "u" else 3.0 for i, s in enumerate(ode.states)}
        return ode.solve(t=(0, 2), values=values, method="rodas5p", rtol=1e-7, atol=1e-7)

    written = solve()
    assert not written.problem.solver.layout.inline
    monkeypatch.setattr(factors_module, "WRITTEN_OUT", 0)
    tables = solve()
    assert written.status == tables.status == "done"
    assert np.allclose(written.y[-1], tables.y[-1], rtol=1e-7)
    explicit = dydt.ODE(law).solve(
        t=(0, 2), values=dict(zip(written.states, written.y[0], strict=True)), method="dop853", rtol=1e-9
    )
    assert np.allclose(tables.y[-1], explicit.y[-1], rtol=1e-5, atol=1e-5)
    assert np.allclose(tables(1.3), explicit(1.3), rtol=1e-5, atol=1e-5)


def test_registers_and_memory_solve_alike(monkeypatch):
    def solve():
        return dydt.ODE(ROBERTSON, k1=0.04, k2=3e7, k3=1e4).solve(t=(0, 1e5), a=1, b=0, c=0, method="rodas5p")

    inline = solve()
    monkeypatch.setattr(law_module, "INLINE_WORK", 0)
    memory = solve()
    assert memory.problem.solver.layout.inline is False
    assert abs(inline.stats["steps"] - memory.stats["steps"]) <= 2
    assert np.allclose(inline.y[-1], memory.y[-1], rtol=1e-7, atol=1e-12)
    assert np.allclose(inline(777.0), memory(777.0), rtol=1e-7, atol=1e-12)


def test_a_large_law_that_fills_in_is_refused_with_a_reason(monkeypatch):
    monkeypatch.setattr(factors_module, "WRITTEN_OUT", 0)
    monkeypatch.setattr(factors_module, "MOST_UPDATES", 10)
    ode = dydt.ODE(brusselator(40, 1.0))
    with pytest.raises(dydt.InputError, match="fills in too much"):
        ode.solver(method="rodas5p")


def test_backwards_and_forwards():
    ode = dydt.ODE("x' = -50*(x - cos(t))")
    there = ode.solve(t=(0, 1), x=0, method="rodas5p")
    back = ode.solve(t=(1, 0.9), x=float(there.y[-1, 0]), method="rodas5p", rtol=1e-10)
    assert abs(back.y[-1, 0] - there(0.9)[0]) < 1e-6


def test_stats_and_check_of_a_stiff_solution():
    sol = dydt.ODE(ROBERTSON, k1=0.04, k2=3e7, k3=1e4).solve(
        t=(0, 1e6), a=1, b=0, c=0, method="rodas5p", rtol=1e-6, atol=1e-10
    )
    attempts = sol.stats["steps"] + sol.stats["rejected"]
    assert sol.stats["jacobians"] == attempts
    assert sol.stats["rhs evaluations"] == 9 * attempts + 3  # eight stages, and one for the dense output
    check = sol.check()
    assert check.method == "rodas4p"
    assert "trusted to the end" in check.verdict
