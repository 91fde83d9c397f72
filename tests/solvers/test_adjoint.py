"""The gradient of the discrete solution, against differences and for every method, any stride, any number of lanes."""

import numpy as np
import pytest

from dydt.expr.equations import Equations
from dydt.expr.graph import apply, symbol
from dydt.expr.network import Network
from dydt.expr.parse import parse
from dydt.learning.gradient import Engine, even_mesh

RANDOM = np.random.default_rng(0)
INNER, OUTER = Network("f", (2, 9, 1)), Network("g", (2, 5, 11, 2), "softplus")


def mixed_law():
    """Known terms, time, and one network inside another."""
    x, y, a, t = (symbol(name) for name in "xyat")
    inner = INNER(x, t)[0]
    u, v = OUTER(inner + y, a * x)
    derivatives = (u - a * x, v * apply("sin", y) + inner * a)
    parameters = dict.fromkeys(["a", *INNER.weights, *OUTER.weights])
    return Equations(("x", "y"), derivatives, parameters=parameters)


def pieces(count=11):
    meshes = [even_mesh(0.1 * i, 0.1 * i + 1 + 0.07 * i, 0.2) for i in range(count)]
    times = [RANDOM.uniform(mesh[0], mesh[-1], size=4 + i % 3) for i, mesh in enumerate(meshes)]
    return meshes, times


def differences(batch, starts, parameters, weigh, places):
    """Central differences of the loss in some directions."""
    found = []
    for place in places:
        step = np.zeros_like(parameters)
        step[place] = 1e-6
        up, down = (weigh(*batch.forward(starts, parameters + s)) for s in (step, -step))
        found.append((up - down) / 2e-6)
    return np.array(found)


@pytest.mark.parametrize("method", ["tsit5", "rk4", "heun", "bs3"])
def test_the_gradient_is_that_of_the_discrete_solution(method):
    law = mixed_law()
    engine = Engine(law, method)
    parameters = RANDOM.normal(size=len(law.parameters)) * 0.5
    meshes, times = pieces()
    starts = RANDOM.normal(size=(len(meshes), 2))
    found = []
    for stride in (1, 3, 50):
        batch = engine.batch(meshes, times, stride)
        samples, ends = batch.forward(starts, parameters)
        of_samples, of_ends = np.cos(np.arange(samples.size).reshape(samples.shape)), np.ones_like(ends)
        found.append(batch.backward(of_samples, of_ends))
    of_starts, of_parameters = found[0]
    for other in found[1:]:
        np.testing.assert_allclose(other[0], of_starts, rtol=1e-12)
        np.testing.assert_allclose(other[1], of_parameters, rtol=1e-12, atol=1e-13)

    def weigh(samples, ends):
        return (of_samples * samples).sum() + (of_ends * ends).sum()

    places = [0, 1, 5, 20, 30, 60, len(parameters) - 1]
    expected = differences(batch, starts, parameters, weigh, places)
    np.testing.assert_allclose(of_parameters[places], expected, rtol=1e-6, atol=1e-7)
    for piece in (0, 5, 10):
        step = np.zeros_like(starts)
        step[piece, 1] = 1e-6
        up, down = (weigh(*batch.forward(starts + s, parameters)) for s in (step, -step))
        assert of_starts[piece, 1] == pytest.approx((up - down) / 2e-6, rel=1e-6, abs=1e-7)


def test_lanes_are_a_power_of_two():
    with pytest.raises(ValueError, match="a power of two"):
        Engine(parse("x' = -k*x"), "rk4", lanes=3)


@pytest.mark.parametrize("lanes", [1, 8, None])
def test_single_precision_gives_the_same_to_its_own_rounding(lanes):
    law = mixed_law()
    parameters = RANDOM.normal(size=len(law.parameters)) * 0.5
    meshes, times = pieces(37)
    starts = RANDOM.normal(size=(len(meshes), 2))
    found = []
    for precision in ("double", "single"):
        batch = Engine(law, "tsit5", lanes, precision=precision).batch(meshes, times)
        samples, ends = batch.forward(starts, parameters)
        of_starts, of_parameters = batch.backward(np.cos(samples), ends)
        found.append((samples, ends, of_starts, of_parameters))
        assert all(array.dtype == float for array in found[-1])
    for exact, rounded in zip(*found, strict=True):
        assert 1e-9 < np.abs(rounded - exact).max() / np.abs(exact).max() < 2e-6


def test_what_single_precision_cannot_hold_is_infinite():
    batch = Engine(parse("x' = x^2"), "rk4", precision="single").batch([np.linspace(0.0, 1.0, 5)])
    _, ends = batch.forward(np.array([[1e200]]), np.zeros(0))
    assert not np.isfinite(ends[0, 0])


@pytest.mark.parametrize("lanes", [1, 4, 16])
def test_lanes_and_threads_do_not_change_what_is_solved(lanes):
    law = mixed_law()
    parameters = RANDOM.normal(size=len(law.parameters)) * 0.5
    meshes, times = pieces()
    starts = RANDOM.normal(size=(len(meshes), 2))
    one = Engine(law, "tsit5", lanes=8, threads=1).batch(meshes, times)
    other = Engine(law, "tsit5", lanes=lanes, threads=3).batch(meshes, times)
    first, second = one.forward(starts, parameters), other.forward(starts, parameters)
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    gradients = [b.backward(np.ones_like(first[0])) for b in (one, other)]
    np.testing.assert_array_equal(gradients[0][0], gradients[1][0])
    np.testing.assert_allclose(gradients[0][1], gradients[1][1], rtol=1e-12, atol=1e-13)


def test_blocks_that_share_a_sum_lose_nothing_and_threads_do_not_change_a_bit():
    law, count = mixed_law(), 2 * 40 + 1  # blocks of two lanes: more than there are sums
    parameters = RANDOM.normal(size=len(law.parameters)) * 0.5
    meshes = [even_mesh(0.0, 1.0 + 0.01 * i, 0.2) for i in range(count)]
    starts, of_ends = RANDOM.normal(size=(count, 2)), RANDOM.normal(size=(count, 2))

    def gradient(chosen, threads):
        batch = Engine(law, "rk4", lanes=2, threads=threads).batch([meshes[i] for i in chosen])
        batch.forward(starts[chosen], parameters)
        return batch.backward(np.zeros((0, 2)), of_ends[chosen])

    everything = np.arange(count)
    of_starts, of_parameters = gradient(everything, 1)
    for threads in (2, 5):
        again, once_more = gradient(everything, threads)
        assert np.array_equal(of_starts, again)
        assert np.array_equal(of_parameters, once_more)
    parts = [gradient(chosen, 1)[1] for chosen in np.array_split(everything, 9)]
    assert np.allclose(of_parameters, np.sum(parts, axis=0), rtol=1e-10, atol=1e-12)


def test_samples_are_those_of_the_dense_output_of_a_solve():
    import dydt

    law = parse("x' = a*x - b*x*y; y' = d*x*y - g*y")
    engine = Engine(law, "tsit5")
    times = np.linspace(0, 3, 17)
    batch = engine.batch([even_mesh(0, 3, 0.1)], [times])
    samples, ends = batch.forward(np.array([[2.0, 1.0]]), np.array([1.5, 1.0, 0.75, 1.0]))
    ode = dydt.ODE(law, a=1.5, b=1, d=0.75, g=1)
    expected = ode.solve(t=(0, 3), x=2, y=1, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(samples, expected(times), rtol=2e-5)
    np.testing.assert_allclose(ends[0], expected.y[-1], rtol=1e-6)
    assert 1e-3 < batch.error < 100


def test_backwards_in_time_too():
    law = parse("x' = -k*x^2")
    batch = Engine(law, "tsit5").batch([even_mesh(1.0, 0.0, 0.1)], [np.array([0.5, 0.25])])
    samples, _ = batch.forward(np.array([[0.5]]), np.array([1.0]))
    # x(t) = 1/(1/x1 + k (t - 1)) from x(1) = x1
    np.testing.assert_allclose(samples[:, 0], [1 / 1.5, 1 / 1.25], rtol=1e-7)
    of_starts, of_k = batch.backward(np.zeros((2, 1)), np.ones((1, 1)))
    assert of_starts[0, 0] == pytest.approx(
        1 / 0.5**2, rel=1e-5
    )  # ∂/∂x1 of 1/(1/x1 - k) = 1/(x1 (1/x1 - k))²
    assert of_k[0] == pytest.approx(1.0, rel=1e-5)


def test_memory_grows_with_the_root_of_the_number_of_steps():
    law = parse("x' = -k*x")
    engine = Engine(law, "rk4", threads=1)

    def kept(steps):
        batch = engine.batch([np.linspace(0, 1, steps + 1)] * engine.lanes)
        return sum(
            array.nbytes for array in batch._arrays[:2]
        )  # checkpoints and the buffer between two of them

    assert kept(10_000) <= 12 * kept(100)
    batch = engine.batch([np.linspace(0, 1, 10_001)])
    _, ends = batch.forward(np.array([[2.0]]), np.array([0.7]))
    of_starts, of_k = batch.backward(np.zeros((0, 1)), np.ones((1, 1)))
    assert ends[0, 0] == pytest.approx(2 * np.exp(-0.7), rel=1e-12)
    assert of_starts[0, 0] == pytest.approx(np.exp(-0.7), rel=1e-11)
    assert of_k[0] == pytest.approx(-2 * np.exp(-0.7), rel=1e-11)
