"""Large laws: equations of one shape are found, and their loop computes what each alone would."""

import numpy as np
import pytest

import dydt
from dydt.expr.equations import Equations
from dydt.expr.graph import symbol
from dydt.expr.network import Network
from dydt.expr.variational import variational
from dydt.kernels.batch import LEAST, WIDTH, find_batches, left_over
from dydt.kernels.numpy import evaluate


def line(cells, separate=False):
    """A Brusselator on a line: u and v of each cell side by side, or all u before all v."""
    names = range(cells)
    u = [
        f"u{i}' = A + u{i}^2*v{i} - (B + 1)*u{i} + k*(u{max(i - 1, 0)} - 2*u{i} + u{min(i + 1, cells - 1)})"
        for i in names
    ]
    v = [
        f"v{i}' = B*u{i} - u{i}^2*v{i} + k*(v{max(i - 1, 0)} - 2*v{i} + v{min(i + 1, cells - 1)})"
        for i in names
    ]
    rows = [*u, *v] if separate else [row for pair in zip(u, v, strict=True) for row in pair]
    return dydt.ODE("\n".join(rows), A=1, B=3, k=20)


def scattered(count):
    """One shape, but no order in what is read."""
    random = np.random.default_rng(5)
    read = [random.permutation(count) for _ in range(2)]
    return dydt.ODE("\n".join(f"x{i}' = a*x{read[0][i]} - sin(x{read[1][i]})" for i in range(count)), a=0.5)


@pytest.mark.parametrize(
    "ode", [line(60), line(60, separate=True), scattered(83)], ids=["interleaved", "separate", "scattered"]
)
def test_the_loop_computes_what_numpy_does(ode):
    law = ode.equations
    batches = find_batches(law.derivatives, law.states, law.independent)
    assert batches
    assert all(len(b.outputs) % WIDTH == 0 for b in batches)
    covered = sorted([*left_over(batches, len(law.states)), *(i for b in batches for i in b.outputs)])
    assert covered == list(range(len(law.states)))
    y = 1.0 + np.random.default_rng(1).random(len(law.states))
    h = 1e-3
    found = ode.solve(t=(0, h), values=dict(zip(law.states, y, strict=True)), method="euler", h=h).y[-1]
    inputs = dict(zip(law.states, y, strict=True)) | ode.parameters | {"t": 0.0}
    slopes = np.array(evaluate(law.derivatives, inputs))
    assert np.allclose(found, y + h * slopes, rtol=1e-14, atol=1e-15)


def test_small_laws_and_laws_that_share_are_left_alone():
    small = dydt.ODE("x' = y; y' = -x").equations
    assert not find_batches(small.derivatives, small.states, "t")
    names = [f"x{i}" for i in range(100)]
    # Every equation uses one large sum: computing it a hundred times would be waste.
    mean = dydt.ODE("m = " + " + ".join(names) + "\n" + "\n".join(f"{n}' = m - {n}" for n in names)).equations
    assert not find_batches(mean.derivatives, mean.states, "t")


def test_a_large_law_solves_as_accurately_as_a_small_one():
    ode = line(100)
    start = {n: 1.0 + 0.1 * (i % 7) if n.startswith("u") else 3.0 for i, n in enumerate(ode.states)}
    one, two = (ode.solve(t=(0, 0.5), values=start, method=m, saveat="end") for m in ("dop853", "tsit5"))
    assert np.allclose(one.y, two.y, atol=1e-6)


def test_outputs_of_a_network_are_not_one_shape():
    """They differ in which output they are, and in no state that they read."""
    names = tuple(f"x{i}" for i in range(8))
    network = Network("nn", (8, 5, 8))
    weights = np.random.default_rng(0).normal(size=network.count)
    parameters = dict(zip(network.weights, map(float, weights), strict=True))
    law = Equations(names, tuple(network(*map(symbol, names))), parameters=parameters)
    larger = variational(law, [f"{name}(0)" for name in names])
    assert len(larger.states) >= 2 * LEAST
    assert find_batches(larger.derivatives, larger.states, "t") == []
    state = np.random.default_rng(1).normal(size=len(larger.states))
    values = dict(zip(larger.states, map(float, state), strict=True))
    expected = np.array(evaluate(larger.derivatives, {**parameters, **values}))
    step = dydt.ODE(larger).solve(t=1, method="euler", h=1, values=values)
    np.testing.assert_allclose(step.y[-1] - state, expected, rtol=1e-11, atol=1e-12)
