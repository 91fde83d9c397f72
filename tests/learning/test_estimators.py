"""The continuous classifier and regressor: scikit-learn's own checks, moons, rings, digits, and what can be watched."""

import copy
import json
import subprocess
import sys

import joblib
import numpy as np
import pandas
import pytest
from sklearn.datasets import load_digits, load_iris, make_moons
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import dydt
from dydt import ContinuousClassifier, ContinuousRegressor
from dydt.errors import InputError, SolveWarning


@parametrize_with_checks([ContinuousClassifier(), ContinuousRegressor()])
def test_scikit_learn_finds_nothing_wrong(estimator, check):
    check(estimator)


def disc_in_ring(count=200, seed=0):
    """The concentric circles of Dupont et al. (2019), sec. 4: a disc of radius ½ and a ring from 1 to 1½."""
    random = np.random.default_rng(seed)
    outside = np.arange(count) % 2
    low, high = np.where(outside, 1.0, 0.0), np.where(outside, 1.5, 0.5)
    radius, angle = np.sqrt(random.uniform(low**2, high**2)), random.uniform(0, 2 * np.pi, count)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]), outside


ANGLE = np.linspace(0.0, 2.0 * np.pi, 4000)
CIRCLE = 1.25 * np.column_stack([np.cos(ANGLE), np.sin(ANGLE)])
MIDDLE = np.zeros((1, 2))


@pytest.fixture(scope="module")
def moons():
    X, y = make_moons(300, noise=0.1, random_state=1)
    return X, y, ContinuousClassifier(augment=0, random_state=0).fit(X, y)


# -- what it learns -----------------------------------------------------------------------------------------------


def test_two_moons(moons):
    X, y = make_moons(1000, noise=0.1, random_state=2)
    network = moons[2]
    assert network.score(X, y) > 0.99
    assert 1 <= network.depth_ <= 16
    assert network.n_iter_ == len(network.loss_curve_)
    assert network.loss_curve_[-1] < 0.2 * network.loss_curve_[0]


@pytest.mark.parametrize("seed", [0, 1])
def test_a_ring_holds_its_disc_in_the_plane_and_not_in_space(seed):
    """A flow of the plane carries a circle round a point to a closed curve round its image. No line has the one on one
    side and the other on the other: the plain network is wrong somewhere, whatever it has learned."""
    X, y = disc_in_ring(seed=seed)
    options = {"energy": 1e-3, "max_iter": 150, "random_state": seed}
    plain = ContinuousClassifier(augment=0, **options).fit(X, y)
    assert np.any(plain.predict(CIRCLE) != 1) or plain.predict(MIDDLE)[0] != 0
    augmented = ContinuousClassifier(augment=1, **options).fit(X, y)
    assert augmented.score(X, y) == 1.0
    assert np.all(augmented.predict(CIRCLE) == 1)
    assert augmented.predict(MIDDLE)[0] == 0
    assert augmented.loss_curve_[-1] < plain.loss_curve_[-1]


def test_handwritten_digits():
    X, y = load_digits(return_X_y=True)
    X, asked, y, right = train_test_split(X, y, test_size=0.2, random_state=0, stratify=y)
    network = ContinuousClassifier(max_iter=25, random_state=0).fit(X, y)
    assert network.score(asked, right) >= 0.96
    np.testing.assert_allclose(network.predict_proba(asked).sum(axis=1), 1.0)
    assert np.array_equal(network.predict_proba(asked).argmax(axis=1), network.predict(asked))


def test_single_precision_learns_as_much_and_predicts_almost_the_same(moons):
    X, y, exact = moons
    network = ContinuousClassifier(augment=0, precision="single", random_state=0).fit(X, y)
    assert network.score(*make_moons(1000, noise=0.1, random_state=2)) > 0.99
    rounded = copy.copy(exact).set_params(precision="single")
    difference = np.abs(rounded.predict_proba(X) - exact.predict_proba(X)).max()
    assert 1e-12 < difference < 1e-4


def test_a_regressor_of_two_columns():
    random = np.random.default_rng(0)
    X = random.uniform(-2, 2, (250, 2))
    y = np.column_stack([np.sin(2 * X[:, 0]) * X[:, 1], 100.0 + X[:, 0] ** 2])
    network = ContinuousRegressor(random_state=0).fit(X, y)
    assert network.predict(X).shape == (250, 2)
    asked = random.uniform(-2, 2, (250, 2))
    right = np.column_stack([np.sin(2 * asked[:, 0]) * asked[:, 1], 100.0 + asked[:, 0] ** 2])
    assert network.score(asked, right) > 0.98
    flat = ContinuousRegressor(random_state=0, max_iter=5).fit(X, y[:, 0])
    assert flat.predict(X).shape == (250,)


def test_energy_makes_paths_shorter_and_steps_fewer():
    X, y = disc_in_ring()
    costs = []
    for energy in (0.0, 0.1):
        network = ContinuousClassifier(energy=energy, tolerance=1e-3, max_iter=60, random_state=0).fit(X, y)
        costs.append((network.energy_, network.depth(X).mean()))
    assert costs[1][0] < 0.5 * costs[0][0]
    assert costs[1][1] <= costs[0][1]


def test_weights_count_as_repeats_do():
    X, y = make_moons(60, noise=0.2, random_state=0)
    twice = np.arange(60) % 3 == 0
    by_weight = ContinuousClassifier(random_state=0, max_iter=30).fit(X, y, sample_weight=1.0 + twice)
    order = np.random.default_rng(0).permutation(80)
    repeated = ContinuousClassifier(random_state=0, max_iter=30).fit(
        np.concatenate([X, X[twice]])[order], np.concatenate([y, y[twice]])[order]
    )
    assert np.array_equal(by_weight.learned_, repeated.learned_)


# -- how it is trained --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_the_same_seed_gives_the_same_network(solver):
    X, y = make_moons(100, noise=0.2, random_state=0)
    first, again, other = (
        ContinuousClassifier(solver=solver, max_iter=10, random_state=seed).fit(X, y).learned_
        for seed in (3, 3, 4)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_warm_start_goes_on():
    X, y = make_moons(100, noise=0.2, random_state=0)
    network = ContinuousClassifier(max_iter=8, warm_start=True, random_state=0).fit(X, y)
    before = network.loss_curve_[-1]
    network.fit(X, y)
    assert network.loss_curve_[-1] < before
    assert len(network.loss_curve_) > network.n_iter_
    with pytest.raises(InputError, match="warm_start"):
        network.set_params(hidden=(7,)).fit(X, y)
    with pytest.raises(InputError, match="new ones"):
        network.set_params(hidden=(32,)).fit(X, y + 1)


def test_early_stopping_keeps_what_is_best_for_held_out_samples():
    X, y = make_moons(120, noise=0.4, random_state=0)
    network = ContinuousClassifier(early_stopping=True, decay=0.0, energy=0.0, max_iter=300, random_state=0)
    network.fit(X, y)
    held = network.validation_curve_
    assert len(held) == network.n_iter_ < 300
    assert int(np.argmin(held)) < len(held) - 1


def test_a_rate_that_is_far_too_large_is_survived():
    X, y = make_moons(100, noise=0.2, random_state=0)
    network = ContinuousRegressor(
        solver="adam", learning_rate=1e9, activation="relu", max_iter=20, random_state=0
    )
    with pytest.warns(SolveWarning, match="blew up"):
        network.fit(X, y)
    assert np.all(np.isfinite(network.predict(X)))


def test_it_can_be_copied_searched_and_put_into_a_pipeline(moons):
    X, y, network = moons
    assert np.array_equal(copy.deepcopy(network).predict(X), network.predict(X))
    search = GridSearchCV(
        make_pipeline(StandardScaler(), ContinuousClassifier(max_iter=8, random_state=0)),
        {"continuousclassifier__augment": [0, 1]},
        cv=2,
    ).fit(X, y)
    assert search.best_score_ > 0.8


def test_names_of_features_and_text_classes():
    iris = load_iris(as_frame=True)
    kinds = iris.target_names[iris.target]
    network = ContinuousClassifier(max_iter=30, random_state=0).fit(iris.data, kinds)
    assert list(network.feature_names_in_) == list(iris.data.columns)
    assert network.score(iris.data, kinds) > 0.95
    assert network.transform(iris.data).shape == (150, len(network.get_feature_names_out())) == (150, 6)


def test_what_is_kept_by_joblib_predicts_the_same(moons, tmp_path):
    X, y, network = moons
    again = joblib.load(joblib.dump(network, tmp_path / "moons.joblib")[0])
    assert np.array_equal(again.predict_proba(X), network.predict_proba(X))
    assert np.array_equal(again.flow(X, y, times=3).states, network.flow(X, y, times=3).states)
    assert str(again.ode_) == str(network.ode_)


def test_samples_that_say_little():
    X = np.random.default_rng(0).normal(size=(30, 2))
    small = {"hidden": (4,), "max_iter": 60, "random_state": 0}
    assert set(ContinuousClassifier(**small).fit(X, ["only"] * 30).predict(X)) == {"only"}
    constant = ContinuousRegressor(**small).fit(X, np.full(30, 3.5)).predict(X)
    np.testing.assert_allclose(constant, 3.5, atol=1e-3)
    both = ContinuousClassifier(**small).fit(np.vstack([X, X]), np.repeat([0, 1], 30)).predict_proba(X)
    np.testing.assert_allclose(both, 0.5, atol=0.02)  # the same places in both classes
    weighted = ContinuousClassifier(**small).fit(X, np.arange(30) % 2, sample_weight=np.arange(30) % 2)
    assert set(weighted.predict(X)) == {1}


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_units_do_not_matter(size):
    X = np.random.default_rng(0).normal(size=(60, 2))
    plain, scaled = (
        ContinuousRegressor(max_iter=15, random_state=0).fit(unit * X, X[:, 0]).predict(unit * X)
        for unit in (1.0, size)
    )
    np.testing.assert_allclose(scaled, plain, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"activation": "tanhh"}, "did you mean `tanh`"),
        ({"hidden": 32}, r"as in hidden=\(32"),
        ({"hidden": (0,)}, "hidden"),
        ({"method": "euler"}, "no method `euler`"),
        ({"solver": "sgd"}, "There: auto, lbfgs, adam"),
        ({"augment": -1}, "augment"),
        ({"dimensions": 2.5}, "dimensions"),
        ({"max_iter": 0}, "max_iter"),
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"decay": np.nan}, "decay"),
        ({"tolerance": "small"}, "tolerance"),
        ({"validation_fraction": 1.0}, "validation_fraction"),
    ],
)
def test_options_that_cannot_be_used_are_told(options, words):
    X, y = make_moons(20, random_state=0)
    with pytest.raises(InputError, match=words):
        ContinuousClassifier(**options).fit(X, y)


def test_without_scikit_learn_there_is_a_word():
    code = (
        "import sys, json, dydt; sys.modules['sklearn'] = None\n"
        "try: dydt.ContinuousClassifier\n"
        "except dydt.InputError as error: print(json.dumps(str(error)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "dydt[learn]" in json.loads(done.stdout)


# -- what can be watched ------------------------------------------------------------------------------------------


def test_the_block_is_a_law_like_any_other(moons, tmp_path):
    X, _, network = moons
    stream = network.flow(X[:5], times=[0.0, 0.25, 1.0])
    assert stream.states.shape == (3, 5, 2)
    np.testing.assert_allclose(stream.states[-1], network.transform(X[:5]), rtol=1e-12)
    law = network.ode_
    law.save(tmp_path / "block.npz")
    for one in (law, dydt.load(tmp_path / "block.npz")):
        for k in range(5):
            start = dict(zip(law.states, stream.states[0, k], strict=True))
            found = one.solve(values=start)
            np.testing.assert_allclose(found(0.25), stream.states[1, k], atol=0.05)
            np.testing.assert_allclose(
                [found[name][-1] for name in law.states], stream.states[2, k], atol=0.05
            )


def test_a_smaller_tolerance_comes_closer_to_the_law(moons):
    X, _, network = moons
    close = copy.deepcopy(network).set_params(tolerance=1e-7)
    law = network.ode_
    ends = close.transform(X[:5])
    for k, start in enumerate(close.flow(X[:5]).states[0]):
        found = law.solve(values=dict(zip(law.states, start, strict=True)))
        np.testing.assert_allclose([found[name][-1] for name in law.states], ends[k], atol=1e-5)


def test_points_keep_to_their_own_steps_in_a_flow(moons):
    X, _, network = moons
    all_of_them, some = network.flow(X, times=5), network.flow(X[10:13], times=5)
    assert np.array_equal(all_of_them.states[:, 10:13], some.states)


def test_regions_are_what_is_predicted_around_the_points(moons, tmp_path):
    X, y, network = moons
    found = network.regions(X, y, cells=30)
    assert found.values.shape == (30, 30, 2)
    place = np.array([[found.first[7], found.second[20]]])
    np.testing.assert_allclose(found.values[20, 7], network.predict_proba(place)[0], atol=1e-12)
    assert found.first[0] < X[:, 0].min() < X[:, 0].max() < found.first[-1]
    found.plot(tmp_path / "moons.png")
    assert (tmp_path / "moons.png").stat().st_size > 10_000
    surface = ContinuousRegressor(max_iter=5, random_state=0).fit(X, y).regions(X, y, cells=20)
    assert surface.classes is None
    assert surface.values.shape == (20, 20, 1)
    assert repr(surface) == "<Regions: 1 output on 20 × 20 places, around 300 points>"
    with pytest.raises(InputError, match="y holds `2`, which is no class of the network: 0, 1"):
        network.regions(X, y + 1)
    with pytest.raises(InputError, match="y has 3 entries, and there are 300 points"):
        network.regions(X, y[:3])
    with pytest.raises(InputError, match="cells must be a whole number from 2 on"):
        network.regions(X, y, cells=1)
    table = pandas.DataFrame(X, columns=["width", "height"])
    named = ContinuousClassifier(max_iter=2, random_state=0).fit(table, y)
    assert named.regions(table, y, cells=5).names == ("width", "height")
    with pytest.raises(InputError, match="two features"):
        ContinuousRegressor(max_iter=2, random_state=0).fit(X[:, :1], y).regions(X[:, :1], y)


def test_a_stream_is_seen_in_a_plane(moons):
    X, y, network = moons
    stream = network.flow(X, y, times=7)
    points, names = stream.plane()
    assert names == ("x1", "x2")
    assert points is stream.states
    wide = ContinuousClassifier(max_iter=3, augment=2, random_state=0).fit(X, y).flow(X, y, times=7)
    points, names = wide.plane()
    assert points.shape == (7, 300, 2)
    spread = np.var(points[-1], axis=0)
    assert spread[0] >= spread[1] > 0
    assert wide.plane(("x4", "x1"))[1] == ("x4", "x1")
    with pytest.raises(InputError, match="x5"):
        wide.plane(("x5", "x1"))
    assert json.loads(wide.to_json())["names"] == ["x1", "x2", "x3", "x4"]
    assert repr(stream).startswith("<Stream: 300 points in 2 dimensions at 7 times")
    for times in ([0.0, 2.0], [0.5, 0.1], [[0.0, 1.0]], []):
        with pytest.raises(InputError, match="ascend from 0"):
            network.flow(X, times=times)
    for times in (0, -3, 2.5, "many"):
        with pytest.raises(
            InputError, match="times must be a whole number from 2 on, or the times themselves"
        ):
            network.flow(X, times=times)
