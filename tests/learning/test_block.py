"""The continuous network's parts: exact gradients of the whole, depth by accuracy, memory that does not grow."""

import tracemalloc

import numpy as np
import pytest

from dydt.errors import InputError, SolveWarning
from dydt.learning.block import Block, NetworkLoss, Shape, cross_entropy, half_squares, lift
from dydt.learning.continuous import Plan, gather_rows, train_block

RANDOM = np.random.default_rng(5)
SAMPLES = 21


def loss_of(shape, misfit, method="bs3", steps=3, decay=0.05, energy=0.2, tolerance=1e-2, seed=1):
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(SAMPLES, shape.features))
    if misfit is cross_entropy:
        targets = np.eye(shape.outputs)[random.integers(0, shape.outputs, SAMPLES)]
    else:
        targets = random.normal(size=(SAMPLES, shape.outputs))
    weights = random.uniform(0.0, 2.0, SAMPLES)
    block = Block(shape, method, tolerance, steps)
    return NetworkLoss(block, misfit, inputs, targets, decay, energy, weights)


@pytest.mark.parametrize(
    "shape, misfit, method",
    [
        (Shape(3, 2, 2, 1, (5,)), cross_entropy, "bs3"),
        (Shape(2, 3, None, 2, (4, 3), "softplus"), cross_entropy, "tsit5"),
        (Shape(2, 2, None, 0, (6,), "swish", time_dependent=False), half_squares, "bs3"),
        (Shape(5, 1, 3, 0, (4,), "sin"), half_squares, "tsit5"),
    ],
)
def test_the_gradient_of_lift_weights_readout_and_energy_is_that_of_finite_differences(shape, misfit, method):
    loss = loss_of(shape, misfit, method)
    z = shape.start(RANDOM) + 0.1 * RANDOM.normal(size=shape.count)
    value, gradient = loss(z)
    assert value == pytest.approx(loss.value(z), rel=1e-12)
    differences = [
        (loss.value(z + 1e-5 * unit) - loss.value(z - 1e-5 * unit)) / 2e-5 for unit in np.eye(shape.count)
    ]
    np.testing.assert_allclose(gradient, differences, atol=2e-9)


def test_pieces_of_the_samples_have_the_loss_of_all_as_their_mean():
    loss = loss_of(Shape(2, 2, None, 1, (4,)), cross_entropy)
    z = loss.block.shape.start(RANDOM)
    value, gradient = loss(z)
    rows = np.arange(SAMPLES).reshape(3, -1)
    parts = [loss(z, some) for some in rows]
    assert np.mean([part[0] for part in parts]) == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(np.mean([part[1] for part in parts], axis=0), gradient, atol=1e-14)


def test_ends_and_energy_are_those_of_a_precise_solution():
    shape = Shape(2, 2, None, 1, (8,))
    z = shape.start(RANDOM, gain=2.0)
    parts = shape.split(z)
    starts = lift(shape, parts, RANDOM.normal(size=(9, 2)))
    block = Block(shape, "bs3", 1e-8, steps=4, most_steps=4096)
    ends, _, energies = block.solve(starts, parts["weights"])

    from dydt.ode import ODE

    law = ODE(shape.law(energy=True), values=dict(zip(shape.network.weights, parts["weights"], strict=True)))
    for start, end, energy in zip(starts, ends, energies, strict=True):
        values = {**dict(zip(law.states, start, strict=False)), "e": 0.0}
        found = law.solve(t=(0, 1), values=values, rtol=1e-11, atol=1e-12)
        precise = np.array([found[name][-1] for name in law.states])
        np.testing.assert_allclose([*end, energy], precise, atol=1e-6)


def test_the_read_out_of_a_class_does_not_depend_on_the_company():
    """Each point takes the steps it needs, whoever else is asked about."""
    shape = Shape(2, 2, None, 0, (8,))
    z = shape.start(np.random.default_rng(2), gain=6.0)
    weights = shape.split(z)["weights"]
    block = Block(shape, "bs3", 1e-3, steps=2)
    starts = 2.0 * np.random.default_rng(3).normal(size=(40, 2))
    together, counts, _ = block.solve(starts, weights)
    assert len(set(counts)) > 1
    for k in (0, 7, 39):
        alone, count, _ = block.solve(starts[k : k + 1], weights)
        assert np.array_equal(alone[0], together[k])
        assert count[0] == counts[k]


def test_points_that_cannot_be_followed_closely_are_told():
    shape = Shape(2, 2, None, 0, (8,))
    weights = shape.split(shape.start(np.random.default_rng(2), gain=6.0))["weights"]
    starts = 2.0 * np.random.default_rng(3).normal(size=(4, 2))
    with pytest.warns(SolveWarning, match="4 points need more than 2 steps"):
        Block(shape, "bs3", 1e-9, steps=1, most_steps=2).solve(starts, weights)


def test_depth_follows_the_error():
    shape = Shape(2, 2, None, 0, (16,))
    loss = loss_of(shape, cross_entropy, steps=1, tolerance=1e-4)
    block = loss.block
    steep = shape.start(np.random.default_rng(1), gain=6.0)
    for _ in range(10):
        loss.value(steep)
        if not block.adapt():
            break
    deep = block.steps
    assert deep > 4
    block.error = 0.0
    loss.value(steep)
    assert block.error <= 1.0
    block.adapt()
    for _ in range(20):  # nothing moves any more: one step is enough
        loss.value(np.zeros(shape.count))
        block.adapt()
    assert block.steps == 1


def test_memory_of_a_gradient_hardly_grows_with_depth():
    shape = Shape(2, 2, None, 1, (16,))
    peaks = []
    for steps in (100, 10_000):
        loss = loss_of(shape, cross_entropy, steps=steps)
        z = shape.start(np.random.default_rng(0))
        tracemalloc.start()
        loss(z)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # The times of the steps themselves are one number a step and lane.
    times = 10_000 * 8 * loss.block.engine.lanes * -(-SAMPLES // loss.block.engine.lanes)
    assert peaks[1] - 3 * times < 1.5 * peaks[0]


def test_training_that_blows_up_goes_on_from_the_best():
    shape = Shape(2, 2, None, 0, (8,), "relu")
    loss = loss_of(shape, half_squares, decay=0.0, energy=0.0)
    start = shape.start(np.random.default_rng(0))
    trained = train_block(loss, start, Plan("adam", 60, 7, rate=1e8), np.random.default_rng(0))
    assert trained.falls > 0
    assert np.all(np.isfinite(trained.z))
    assert np.isfinite(loss.value(trained.z))
    assert loss.value(trained.z) <= loss.value(start)


def test_a_gradient_that_is_not_a_number_stops_with_the_best_so_far():
    shape = Shape(2, 2, None, 0, (8,))

    class Failing(NetworkLoss):
        calls = 0

        def __call__(self, z, rows=None):
            value, gradient = super().__call__(z, rows)
            self.calls += 1
            return (value, gradient * np.nan) if self.calls > 12 else (value, gradient)

    whole = loss_of(shape, half_squares)
    for minimiser in ("lbfgs", "adam"):
        loss = Failing(whole.block, half_squares, whole.inputs, whole.targets, 1e-3, 1e-3)
        start = shape.start(np.random.default_rng(0))
        before = loss.value(start)
        trained = train_block(loss, start, Plan(minimiser, 50, 7), np.random.default_rng(0))
        assert 1 <= len(trained.losses) < 50
        assert trained.score < before
        assert np.all(np.isfinite(trained.z))


def test_where_nothing_can_be_computed_training_says_so():
    shape = Shape(2, 2, None, 0, (8,))
    loss = loss_of(shape, half_squares)
    loss.inputs = np.full_like(loss.inputs, 1e200)
    with pytest.raises(InputError, match="not a finite number"):
        train_block(loss, shape.start(RANDOM), Plan(), np.random.default_rng(0))


def test_equal_rows_are_gathered_whatever_their_order():
    features = np.array([[1.0, 2.0], [0.0, 1.0], [1.0, 2.0], [5.0, 5.0]])
    targets = np.array([[1.0], [0.0], [1.0], [0.0]])
    found = gather_rows(features, targets, np.array([1.0, 2.0, 3.0, 0.0]))
    np.testing.assert_array_equal(found[0], [[0.0, 1.0], [1.0, 2.0]])
    np.testing.assert_array_equal(found[1], [[0.0], [1.0]])
    np.testing.assert_array_equal(found[2], [2.0, 4.0])
