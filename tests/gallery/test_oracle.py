"""On every gallery law: machine code equals NumPy for one lane and many, and Jacobians equal a complex step."""

import ctypes
from pathlib import Path

import numpy as np
import pytest

import dydt
from dydt.expr.derive import jacobian
from dydt.expr.graph import walk
from dydt.kernels.build import Library, has_fma
from dydt.kernels.llvm import Module
from dydt.kernels.numpy import evaluate
from dydt.kernels.tape import Tape
from dydt.solvers.law import operations

LAWS = sorted(Path(dydt.__file__).parent.joinpath("gallery").glob("*.ode"))
NOT_ANALYTIC = {"abs", "sign", "min", "max", "floor", "mod", "step", "select", "atan2", "erf", "cbrt"}


def read(path):
    return dydt.ODE(path.read_text(encoding="utf-8"))


def points(ode, count=16):
    """States near the start of the law, times inside its span, and the parameters."""
    random = np.random.default_rng(3)
    parameters = ode.parameter_values({})
    start = np.array(ode.initial_state({}, parameters, ode._span(None)[0]))
    states = start + (0.1 + 0.1 * np.abs(start)) * random.standard_normal((count, len(start)))
    times = np.linspace(*ode.equations.span, count)
    values = dict(zip(ode.states, states.T, strict=True)) | {ode.independent: times}
    return values | dict(zip(ode.parameters, parameters, strict=True))


def machine_code(nodes, names, inputs, lanes):
    """Values of expressions by LLVM: an array over the points for each."""
    module = Module(has_fma())
    f = module.function("all", "integer", [("x", "pointer"), ("out", "pointer"), ("count", "integer")], lanes)
    x, out, count = f.arguments
    tape = Tape(nodes, names)
    with f.count(count) as turn:
        values = {n: f.load(x, turn * len(names) + i, lanes=lanes) for i, n in enumerate(names)}
        results = tape.run(operations(f), values, tape.run_prelude(operations(f), values))
        for i, value in enumerate(results):
            f.store(f.spread(value, lanes), out, turn * len(nodes) + i)
    f.give(count)
    call = Library(str(module), cached=False, thorough=False)
    function = call.function("all", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    count = len(next(v for v in inputs.values() if np.ndim(v)))
    table = np.array([np.broadcast_to(inputs[n], count) for n in names])  # (names, points)
    packed = np.ascontiguousarray(table.reshape(len(names), count // lanes, lanes).transpose(1, 0, 2))
    result = np.empty((count // lanes, len(nodes), lanes))
    function(packed.ctypes.data, result.ctypes.data, count // lanes)
    return result.transpose(1, 0, 2).reshape(len(nodes), count)


@pytest.mark.parametrize("path", LAWS, ids=lambda p: p.stem)
def test_machine_code_equals_numpy(path):
    ode = read(path)
    inputs = points(ode)
    nodes = list(ode.equations.derivatives)
    expected = [np.broadcast_to(v, 16) for v in evaluate(nodes, inputs)]
    # A sum may cancel: what counts is the size of what was added.
    sizes = [_magnitude(node, inputs) for node in nodes]
    one = machine_code(nodes, list(inputs), inputs, 1)
    many = machine_code(nodes, list(inputs), inputs, 8)
    assert one.tobytes() == many.tobytes()
    for found, true, size in zip(one, expected, sizes, strict=True):
        assert np.allclose(found, true, rtol=0, atol=1e-13 * size + 1e-300, equal_nan=True)


def _magnitude(node, inputs):
    values = [np.abs(v) for v in evaluate(walk([node]), inputs)]
    return float(np.nanmax([np.nanmax(np.where(np.isfinite(v), v, 0.0)) for v in values]))


@pytest.mark.parametrize("path", LAWS, ids=lambda p: p.stem)
def test_jacobians_equal_a_derivative_by_numbers(path):
    ode = read(path)
    inputs = points(ode, 4)
    nodes = list(ode.equations.derivatives)
    analytic = not any(n.operation in NOT_ANALYTIC for n in walk(nodes))
    entries = jacobian(ode.equations)
    for j, state in enumerate(ode.states):
        if analytic:
            step = 1e-30
            moved = evaluate(nodes, inputs | {state: inputs[state] + 1j * step})
            columns = [np.imag(np.broadcast_to(v, 4)) / step for v in moved]
            accuracy = 1e-11
        else:
            step = 1e-6 * (1 + np.abs(inputs[state]))
            ahead = evaluate(nodes, inputs | {state: inputs[state] + step})
            behind = evaluate(nodes, inputs | {state: inputs[state] - step})
            columns = [np.broadcast_to((a - b) / (2 * step), 4) for a, b in zip(ahead, behind, strict=True)]
            accuracy = 1e-5
        for i, numeric in enumerate(columns):
            entry = entries.get((i, j))
            exact = np.broadcast_to(evaluate([entry], inputs)[0], 4) if entry is not None else np.zeros(4)
            scale = np.maximum(np.abs(exact), np.abs(numeric))
            close = np.abs(exact - numeric) <= accuracy * scale + accuracy * 1e-3 * np.max(scale)
            assert np.all(close | ~np.isfinite(numeric)), (state, ode.states[i])
