"""From which side points of many dimensions are seen apart."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

import dydt
from dydt.learning.discriminant import plane_of

RANDOM = np.random.default_rng(0)


def test_two_classes_part_along_fishers_direction():
    codes = np.arange(2000) % 2
    mixing = RANDOM.normal(size=(5, 5))
    points = RANDOM.normal(size=(2000, 5)) @ mixing + codes[:, None] * np.array([1.0, 0, 0, 2.0, 0])
    directions, names = plane_of(points, np.array(["a", "b"])[codes])
    fisher = LinearDiscriminantAnalysis(solver="lsqr").fit(points, codes).coef_[0]
    assert abs(directions[:, 1] @ fisher) / np.linalg.norm(fisher) == pytest.approx(1.0, abs=1e-3)
    assert directions[:, 0] @ directions[:, 1] == pytest.approx(0.0, abs=1e-9)
    assert names[1] == "where the classes part"


def test_three_classes_are_seen_in_the_plane_of_their_means():
    codes, plane = np.arange(3000) % 3, np.linalg.qr(RANDOM.normal(size=(6, 2)))[0]
    corners = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]]) @ plane.T
    points = corners[codes] + RANDOM.normal(size=(3000, 6))
    directions, _ = plane_of(points, codes)
    np.testing.assert_allclose(plane @ (plane.T @ directions), directions, atol=0.08)


def test_values_rise_along_their_least_squares():
    points = RANDOM.normal(size=(400, 4)) * np.array([1.0, 3.0, 1.0, 0.5])
    directions, names = plane_of(points, points @ np.array([1.0, 0.0, -1.0, 0.0]))
    np.testing.assert_allclose(np.abs(directions[:, 1]), [0.5**0.5, 0, 0.5**0.5, 0], atol=1e-9)
    assert np.argmax(np.abs(directions[:, 0])) == 1
    assert names[1] == "where the values rise"


def test_points_that_nothing_tells_apart_have_principal_components():
    points = RANDOM.normal(size=(200, 3)) * np.array([1.0, 9.0, 3.0])
    directions, names = plane_of(points, np.zeros(200, dtype=int))
    assert list(np.abs(directions).argmax(axis=0)) == [1, 2]
    assert names == ("first principal component", "second principal component")


@pytest.mark.parametrize("labels", [[0, 1, 0, 1], [0, 1, 2, 2], [0.5, 1.5, 2.5, 9.25], [1, 1, 1, 1]])
def test_points_in_one_place_have_some_view(labels):
    directions, _ = plane_of(np.ones((4, 3)), np.array(labels))
    assert np.all(np.isfinite(directions))


def test_a_disc_in_a_ring_is_seen_to_leave_the_plane():
    angle = np.arange(60)
    X = np.where(angle % 2, 1.0, 2.0)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    network = dydt.ContinuousClassifier(augment=1, random_state=0, progress=False).fit(X, angle % 2)
    seen, _ = network.flow(X, angle % 2).plane()
    inside, outside = (seen[-1][angle % 2 == k, 1] for k in (1, 0))
    assert inside.min() > outside.max() or inside.max() < outside.min()
    assert np.ptp(seen[0][:, 1]) < 0.3 * np.ptp(seen[-1][:, 1])  # at first they lie in one plane
