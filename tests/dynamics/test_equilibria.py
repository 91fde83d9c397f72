"""Equilibria: published points and types, all of them, each once."""

import json

import numpy as np
import pytest
from scipy import optimize

import dydt
from dydt.dynamics.equilibria import equilibria


def found(text, box=None, **values):
    return dydt.ODE(text).equilibria(box, values=values)


def test_lorenz_has_three_with_their_formulas_and_published_eigenvalues():
    # Sparrow, The Lorenz Equations (1982), chapter 1: C± at ±√(b(r−1)); eigenvalues at r = 28 to four digits.
    left, origin, right = dydt.gallery.lorenz().equilibria()
    assert right.values == pytest.approx({"x": 72**0.5, "y": 72**0.5, "z": 27.0}, rel=1e-15)
    assert right.formulas == {"x": "sqrt(b*(r - 1))", "y": "sqrt(b*(r - 1))", "z": "r - 1"}
    for point in (left, right):
        assert point.eigenvalues == pytest.approx([0.0940 + 10.1945j, 0.0940 - 10.1945j, -13.8546], abs=5e-5)
        assert (point.kind, point.stability, point.index) == ("spiral saddle", "saddle", 2)
    assert origin.eigenvalues.real == pytest.approx([11.8277, -2.6667, -22.8277], abs=5e-5)
    assert (origin.kind, origin.index, origin["z"]) == ("saddle", 1, 0.0)
    for point in (left, origin, right):
        assert point.residual < 1e-13
        assert point.jacobian @ point.eigenvectors == pytest.approx(
            point.eigenvectors * point.eigenvalues, abs=1e-12
        )


@pytest.mark.parametrize(
    ("r", "kinds"),
    [
        (0.5, ["stable node"]),
        (10, ["stable spiral", "saddle", "stable spiral"]),
        (24.9, ["spiral saddle", "saddle", "spiral saddle"]),  # beyond the Hopf bifurcation at 470/19 = 24.74
    ],
)
def test_lorenz_changes_with_r(r, kinds):
    found = dydt.gallery.lorenz().equilibria(r=r)
    assert [point.kind for point in found] == kinds
    assert found.is_exact
    assert "there are no others" in str(found)


def test_lotka_volterra_has_a_centre_by_its_first_integral():
    origin, centre = dydt.gallery.lotka_volterra().equilibria()
    assert (origin.kind, centre.kind, centre.stability) == ("saddle", "centre", "neither")
    assert centre.decided_by == "conserved quantity"
    assert centre.formulas == {"x": "g/d", "y": "a/b"}
    assert centre.eigenvalues.imag == pytest.approx([1.5**0.5, -(1.5**0.5)])


def test_the_exact_ones_are_those_that_dense_brute_force_finds():
    law = dydt.ODE("x' = x^2*y - 1; y' = x^3 + y^3 - 5")
    exact = law.equilibria()
    assert exact.is_exact
    starts = np.random.default_rng(0).uniform(-4, 4, (300, 2))

    def field(y):
        return [y[0] ** 2 * y[1] - 1, y[0] ** 3 + y[1] ** 3 - 5]

    solved = [s for s in (optimize.root(field, y) for y in starts) if s.success and abs(s.fun).max() < 1e-9]
    ends = {tuple(np.round(s.x, 6)) for s in solved}
    assert sorted(ends) == [tuple(np.round(p, 6)) for p in exact.points]


@pytest.mark.parametrize(
    "name", ["lorenz", "lotka-competition", "toggle-switch", "brusselator", "rikitake", "chen"]
)
def test_starts_in_lanes_find_the_exact_ones(name):
    law = dydt.gallery.get(name)
    exact = law.equilibria()
    reach = 1.5 * max(1.0, float(np.abs(exact.points).max()))
    box = dict.fromkeys(law.states, (-reach, 1.1 * reach))
    numeric = equilibria(law, box, {}, exact=False)
    assert not numeric.is_exact
    assert numeric.points == pytest.approx(exact.points, abs=1e-9 * reach)
    assert [point.kind for point in numeric] == [point.kind for point in exact]


def test_all_roots_of_an_oscillating_field_in_a_box_each_once():
    grid = found("x' = sin(3*x)*cos(y); y' = cos(3*x) + 2*sin(2*y)", {"x": (-3, 3), "y": (-3, 3)})
    points = grid.points
    assert np.all(np.abs(points) <= 3)
    gaps = np.linalg.norm(points[:, None] - points[None], axis=-1) + 9 * np.eye(len(points))
    assert gaps.min() > 0.1
    # Either x = kπ/3 and sin 2y = ∓1/2, or y = ±π/2 and cos 3x = 0.
    expected = [((2 * k + 1) * np.pi / 6, y) for k in range(-3, 3) for y in (-np.pi / 2, np.pi / 2)]
    for k in range(-2, 3):
        first = -np.arcsin((-1) ** k / 2) / 2
        turns = [start + j * np.pi for start in (first, np.pi / 2 - first) for j in range(-2, 2)]
        expected += [(k * np.pi / 3, y) for y in turns if abs(y) < 3]
    assert np.array(sorted(map(tuple, points.round(8)))) == pytest.approx(
        np.array(sorted(expected)), abs=1e-7
    )


def test_thomas_has_its_twenty_seven():
    # b = 0.208186: the cube of the scalar equation b x = sin(sin(sin(x)/b)/b), solved on a dense line.
    law = dydt.gallery.thomas()
    b = law.parameters["b"]
    line = np.linspace(-6, 6.01, 400_000)
    x = np.sin(np.sin(np.sin(line) / b) / b) - b * line
    roots = int(np.count_nonzero(np.sign(x[1:]) != np.sign(x[:-1])))
    assert len(law.equilibria(dict.fromkeys(law.states, (-6, 6)))) == roots == 27


def test_angles_are_written_as_parts_of_pi():
    left, middle, right = dydt.gallery.pendulum().equilibria()
    assert (left.formulas["theta"], right.formulas["theta"]) == ("-pi", "pi")
    assert (left.kind, middle.kind, right.kind) == ("saddle", "centre", "saddle")
    damped = dydt.ODE("x'' = -sin(x) - 0.5*x'").equilibria()
    assert [point.kind for point in damped] == ["saddle", "stable spiral", "saddle"]


def test_sets_that_are_not_isolated_are_said():
    sir = dydt.gallery.sir().equilibria()
    assert len(sir) == 0
    assert sir.sets[0].formulas["I"] == "0"
    assert sir.sets[0].free == ("S", "R")
    assert sir.sets[0].across == "attracts in part"
    line = found("x' = -x*(x - 1); y' = -(x - 1)*y")
    assert [item.kind for item in line] == ["unstable star"]
    assert line.sets[0].free == ("y",)
    numeric = equilibria(
        dydt.ODE("x' = -x*(x - 1); y' = -(x - 1)*y"), {"x": (-3, 3), "y": (-2, 2)}, {}, exact=False
    )
    assert numeric.points.tolist() == [[0.0, 0.0]]
    assert numeric.sets[0].points[:, 0] == pytest.approx(1.0)
    assert np.ptp(numeric.sets[0].points[:, 1]) > 3.5
    assert "not isolated" in str(sir)


def test_a_double_root_is_one_point():
    for exact in (True, False):
        (point,) = equilibria(dydt.ODE("x' = x^2; y' = -y"), {"x": (-3, 2), "y": (-2, 2)}, {}, exact=exact)
        assert (point.kind, point.stability) == ("saddle-node", "neither")
        assert point.point == pytest.approx([0, 0], abs=1e-7)
    assert found("x' = (x - 1)^2*(x + 2)").points.ravel().tolist() == [-2.0, 1.0]
    assert [p.kind for p in found("x' = (x - 1)^2*(x + 2)")] == ["unstable node", "half-stable point"]


def test_near_misses_are_none():
    assert len(equilibria(dydt.ODE("x' = x^2 + 1e-9"), {"x": (-3, 3)}, {}, exact=False)) == 0
    assert len(found("x' = exp(-x)", {"x": (-3, 40)})) == 0
    two = equilibria(dydt.ODE("x' = x^2 - 1e-8"), {"x": (-3, 3)}, {}, exact=False)
    assert two.points.ravel() == pytest.approx([-1e-4, 1e-4])
    assert "no equilibrium" in str(found("x' = 1 + x^2"))


def test_a_box_keeps_what_is_in_it():
    assert len(dydt.gallery.lorenz().equilibria({"x": (-1, 10), "y": (-1, 10), "z": (-1, 30)})) == 2
    assert len(found("x' = sin(x)", {"x": (-10, 10)})) == 7


def test_a_law_that_is_not_smooth_at_its_point():
    tank = found("y' = if(y > 0, -sqrt(y), 1 - y)", {"y": (-1, 2)})
    assert json.loads(tank.to_json())["exact"] is False


def test_to_text_json_and_latex():
    points = dydt.gallery.lorenz().equilibria()
    assert max(map(len, str(points).splitlines())) <= 100
    told = json.loads(points.to_json())
    assert told["equilibria"][0]["eigenvalues"][0] == pytest.approx([0.0939556, 10.1945052])
    assert told["equilibria"][1]["kind"] == "saddle"
    assert r"\sqrt{b \left(r - 1\right)}" in points.to_latex()
    assert points[1:][0] is points[1]


@pytest.mark.parametrize(
    ("text", "box", "message"),
    [
        ("x' = -x + sin(t)", None, "changes with t itself"),
        ("x' = -x", {"x": (3, 1)}, "is empty: it goes from 3 to 1"),
        ("x' = -x", {"x": (2, 2)}, "is empty: it starts and ends at 2"),
        ("x' = -x; y' = x", {"x": (0, 2)}, "no range for `y`"),
        ("x' = -x", {"xx": (0, 2)}, "did you mean `x`"),
        ("x' = -x", {"x": (0, float("inf"))}, "must be finite"),
        ("x' = -x", {"x": 3}, "is a pair (from, to)"),
        ("x' = -x", [(0, 1)], "box gives each state its range"),
        ("x' = -a*x", None, "`a` has no value"),
    ],
)
def test_errors(text, box, message):
    with pytest.raises(dydt.InputError) as caught:
        dydt.ODE(text).equilibria(box)
    assert message in str(caught.value)
    with pytest.raises(dydt.InputError, match="is a state"):
        dydt.ODE("x' = -x").equilibria(x=1)
    assert len(dydt.ODE("x' = -x + A*sin(t)", A=0).equilibria()) == 1


def test_of_a_learned_law_points_without_data_nearby_are_guesses(tmp_path):
    """A learned law is stood in for by one that is known, and data on a ring around one of its three points."""
    law = dydt.ODE(
        "x' = y; y' = x - x^3 + 0*nn(x); nn = network(2)", values={f"nn[{i}]": 0.1 for i in range(7)}
    )
    angle = np.linspace(0, 2 * np.pi, 50)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    assert law.equilibria({"x": (-2, 2), "y": (-1, 1)}).guessed.tolist() == [False] * 3
    law.seen = np.concatenate([[1, 0] + 0.3 * circle, [1, 0] + 0.03 * circle, [[np.nan, 0.0]]])
    again = dydt.load(law.save(tmp_path / "law.npz"))
    np.testing.assert_array_equal(again.seen, law.seen)
    for known in (law, again, dydt.ODE(law)):
        found = known.equilibria({"x": (-2, 2), "y": (-1, 1)})
        np.testing.assert_allclose(found.points[:, 0], [-1, 0, 1], atol=1e-9)
        assert found.guessed.tolist() == [True, True, False]
        assert [item["guessed"] for item in found.to_dict()["equilibria"]] == [True, True, False]
        assert "saddle*" in str(found)
        assert "far from the data that the law was learned from" in str(found)
    around = law.equilibria()  # where nobody says, only the surroundings of the data are searched
    np.testing.assert_allclose(around.points, [[1.0, 0.0]], atol=1e-9)
    assert "guess" not in str(around)
    box = law.portrait().box
    assert box.low[0] == pytest.approx(0.7 - 0.25 * 0.6, abs=0.01)
    assert box.high[0] == pytest.approx(1.3 + 0.25 * 0.6, abs=0.01)
