"""The article's experiment and the Hudson Bay counts; and that a law which was learned is a law like any other."""

import json

import numpy as np
import pytest

import dydt
from dydt.errors import InputError
from dydt.kernels.numpy import evaluate
from dydt.learning.experiment import experiment, trajectory
from dydt.learning.hudson import hudson_experiment


@pytest.fixture(scope="module")
def done():
    return experiment("lotka-volterra", progress=False)


@pytest.fixture(scope="module")
def counted():
    return hudson_experiment(progress=False)


def test_the_article_s_experiment(done):
    assert done.error < 0.01  # what the article's own way does not reach in minutes: 0.036
    assert done.plain_error > 2 * done.error
    told = json.loads(done.to_json())
    assert told["forecast error"] == done.error
    assert "plain network" in str(done)
    with pytest.raises(InputError, match="lotka-volterra"):
        trajectory("lotka-voltera")


def test_a_learned_law_agrees_with_numpy(done):
    law = done.law
    state = np.array([1.1, 0.7])
    slopes = evaluate(law.equations.derivatives, {"x": state[0], "y": state[1], **law.parameters})
    step = 1e-5
    there = law.solve(t=(0, step), x=1.1, y=0.7, rtol=1e-12, atol=1e-14).y[-1]
    np.testing.assert_allclose((there - state) / step, slopes, rtol=1e-4)


def test_a_learned_law_agrees_with_jax(done):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    f, p = done.law.to_jax()
    known = {"x": 1.1, "y": 0.7, **done.law.parameters}
    np.testing.assert_allclose(
        np.asarray(f(0.0, np.array([1.1, 0.7]), p)),
        evaluate(done.law.equations.derivatives, known),
        rtol=1e-12,
    )


def test_a_learned_law_has_every_verb(done, tmp_path):
    law = done.law
    (point,) = law.equilibria(box={"x": (0.5, 3), "y": (0.5, 3)})
    np.testing.assert_allclose(list(point.values.values()), [4 / 3, 1.5], atol=0.2)
    ends = law.sweep(t=(0, 3), x=np.linspace(1.0, 2.0, 5), y=1.0)
    one = law.solve(t=(0, 3), x=1.5, y=1.0)
    np.testing.assert_array_equal(ends.y[2], one.y[-1])
    again = dydt.load(law.save(tmp_path / "law.npz"))
    np.testing.assert_array_equal(again.solve(t=(0, 3), x=1.5, y=1.0).y, one.y)
    assert "law" in law.export(tmp_path / "law.c").read_text()


def test_hudson_bay_as_others_found_it(counted):
    """B. Carpenter, Predator–prey population dynamics (Stan case study, 2018): posterior means and their spread."""
    published = {"a": (0.55, 0.07), "b": (0.028, 0.004), "g": (0.80, 0.10), "d": (0.024, 0.004)}
    for name, (value, spread) in published.items():
        assert abs(counted.fit.values[name] - value) < 0.5 * spread
        assert counted.fit.standard_errors[name] == pytest.approx(spread, rel=0.5)
    assert max(counted.fit.noise.values()) == pytest.approx(0.25, abs=0.05)
    assert 9 < counted.period < 10.5


def test_hudson_bay_tells_how_little_21_points_can_tell(counted):
    lv, half, neural = counted.models
    assert half.unknowns > 30
    assert neural.misfit < 1.2 * lv.misfit
    assert all(m.ahead > m.misfit for m in counted.models)
    text = str(counted)
    assert "42 numbers" in text
    assert "a guess" in text
    assert max(map(len, text.splitlines())) <= 100
    assert json.loads(counted.to_json())["models"][2]["unknowns"] == neural.unknowns


def test_what_is_exact_ends_soon_and_steps_are_shown(done):
    assert "known by numbers only" in str(done.law.explain())
    start = done.law.equations.start
    table = str(done.law.steps("rk4", t=(start, start + 1.0), h=0.5))
    assert "1.0" in table
    exact = done.law.solve(t=(start, start + 1.0)).y[-1]
    assert f"{exact[0]:.2f}" in table
