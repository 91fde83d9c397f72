"""A learned law is an `ODE` like any other: every verb answers, or refuses in words that name a way out."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import dydt
from dydt.cli import app
from dydt.export import export
from dydt.kernels.numpy import evaluate
from dydt.show import STAGES, life

TEXTS = {
    "neural": "x' = nn(x, y)[0]; y' = nn(x, y)[1]; nn = network(7, 5, tanh); x(0) = 1; y(0) = -0.5; t = 0:3",
    "half-known": "x' = a*x - nn(x, y); y' = c*nn(x, y) - y; nn = network(6, swish); a = -0.3; c = 0.5; "
    "x(0) = 1; y(0) = 0.4; t = 0:3",
    "time-dependent": "v' = nn(v, t); nn = network(9, tanh); v(0) = 0.2; t = 0:3",
}


def with_weights(text, seed=0):
    ode = dydt.ODE(text)
    random = np.random.default_rng(seed)
    named = [w for n, weights in ode.weights.items() for w in [f"{n}[{i}]" for i in range(len(weights))]]
    return dydt.ODE(ode, values=dict(zip(named, random.normal(scale=0.6, size=len(named)), strict=True)))


def sent(law):
    """As another process would get it."""
    return pickle.loads(pickle.dumps(law))  # noqa: S301


@pytest.fixture(scope="module")
def laws():
    """A law of each kind; one was learned with a hidden state."""
    t = np.linspace(0, 6, 50)
    learned = dydt.learn({"t": t, "x": np.cos(t)}, hidden=(8,), augment=1, iterations=60, progress=False)
    return {**{name: with_weights(text) for name, text in TEXTS.items()}, "augmented": learned}


KINDS = [*TEXTS, "augmented"]


@pytest.mark.parametrize("kind", KINDS)
def test_numpy_jax_and_exported_code_give_the_same_slopes(laws, kind, tmp_path):
    ode = laws[kind]
    t, y = 0.7, np.linspace(0.4, 0.9, len(ode.states))
    named = {**ode.parameters, **dict(zip(ode.states, y, strict=True)), ode.independent: t}
    expected = np.array(evaluate(ode.equations.derivatives, named))
    step = ode.solve(t=(t, t + 1), method="euler", h=1, values=dict(zip(ode.states, y, strict=True)))
    np.testing.assert_allclose(step.y[-1] - y, expected, rtol=1e-12, atol=1e-14)
    export(ode, tmp_path / "law.py")
    code = f"import law; print(*map(float.hex, map(float, law.law({t!r}, {y.tolist()!r}))))"
    alone = [sys.executable, "-c", code]
    told = subprocess.run(alone, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    np.testing.assert_allclose(list(map(float.fromhex, told.split())), expected, rtol=1e-12, atol=1e-14)
    jax = pytest.importorskip("jax", reason="JAX is an optional extra")
    jax.config.update("jax_enable_x64", True)
    f, p = ode.to_jax()
    np.testing.assert_allclose(f(t, y, p), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
def test_methods_agree(laws, kind):
    ode = laws[kind]
    ends = [
        ode.solve(t=(0, 2), method=method, rtol=1e-9, atol=1e-11).y[-1]
        for method in ("tsit5", "dop853", "vern9", "rodas5p")
    ]
    for end in ends[1:]:
        np.testing.assert_allclose(end, ends[0], rtol=1e-6, atol=1e-7)
    assert ode.solve(t=(0, 2)).check().verdict.startswith("trusted to the end")


def test_it_is_classified_by_what_its_networks_read(laws):
    kind = laws["half-known"].classify()
    assert kind.summary == (
        "first order, 2 unknowns, non-linear, autonomous, explicit, constant coefficients"
    )
    assert kind.linear.reason == "nn(x, y) is a network, which is not linear in x and y"
    timed = laws["time-dependent"].classify()
    assert not timed.autonomous
    assert timed.autonomous.reason == "the term nn(v, t) depends on t itself"
    assert timed.coefficients.reason == "t is inside nn(v, t)"
    forced = dydt.ODE("x' = -k*x + nn(t)").classify()
    assert forced.linear
    assert "linear of first order" in forced.types
    assert dydt.ODE("x'' = -x + nn(x')").classify().linear.reason.startswith("nn(x') is a network")
    assert dydt.ODE("x' = nn(x)").classify().types["separable"].reason.startswith("x' is a product of 1")
    assert r"\mathrm{nn}\left(v, t\right)" in timed.to_latex()


def test_it_is_explained_in_words(laws):
    told = laws["half-known"].explain()
    lines = str(told).splitlines()
    assert not told.solved
    assert "A half-known law: first order, 2 unknowns, non-linear, autonomous, explicit, constant" in str(
        told
    )
    assert "  known: a*x in x', -y in y'" in lines
    assert max(map(len, lines)) <= 100
    (part,) = told.neural.parts
    assert (part.inputs, part.places, part.network.count, part.trained) == (
        ("x", "y"),
        ("x'", "y'"),
        25,
        True,
    )
    assert told.message == (
        "no method of the textbook applies: the network `nn` is known by numbers only; in numbers: "
        "ode.solve(t=(…), x=1, y=0.4)"
    )
    assert told.to_dict()["neural"]["networks"][0]["hidden"] == [6]
    assert "nn[0]" not in told.values
    assert str(sent(told)) == str(told)
    timed = laws["time-dependent"].explain().neural
    assert timed.kind == "a neural law"
    assert "equilibria" not in timed.verbs
    assert "equilibria" in laws["neural"].explain(method="linear").neural.verbs
    untrained = dydt.ODE("x' = nn(x)").explain()
    assert untrained.message.endswith("ode.fit(data) finds them")
    with pytest.raises(dydt.InputError, match="no closed form to draw: no method"):
        told.plot()


def test_the_known_terms_of_a_law_keep_their_signs():
    text = "x' = -(a - x^2) - 3 + nn(x)*x - -b*x; 0 = z + x^3 - 1"
    assert dydt.ODE(text).explain().neural.known == (
        *("-a in x'", "x^2 in x'", "-3 in x'", "b*x in x'"),
        "0 = z + x^3 - 1",
    )


def test_a_network_without_hidden_layers_is_a_formula():
    ode = dydt.ODE("x' = nn(x); nn = network(tanh)", values={"nn[0]": -2, "nn[1]": 3})
    assert ode.classify().linear
    told = ode.explain(x=1)
    assert told.solved
    assert told.text == "x = (3 - exp(-2*t))/2"
    assert told.neural is None


@pytest.mark.parametrize("kind", KINDS)
def test_the_verbs_of_dynamics_answer_or_name_a_way_out(laws, kind):
    ode = laws[kind]
    timed = kind == "time-dependent"
    box = dict.fromkeys(ode.states, (-1, 1))
    for verb in ("equilibria", "conserved", "nullclines"):
        ask = {"equilibria": lambda: ode.equilibria(box), "nullclines": lambda: ode.nullclines(box)}.get(
            verb, ode.conserved
        )
        if not timed:
            assert str(ask())
            continue
        with pytest.raises(
            dydt.InputError, match="make it a state, as in tau' = 1|curves in the plane of two"
        ):
            ask()
    assert str(ode.portrait(box)) if not timed else "solutions" in str(ode.field())
    assert len(ode.lyapunov(t=5, transient=1).exponents) == len(ode.states)
    assert ode.butterfly(t=(0, 3)).verdict
    by_hand = ode.steps("heun", h=0.5, t=(0, 1)).runs[0].y
    np.testing.assert_allclose(by_hand, ode.solve(t=(0, 1), method="heun", h=0.5).y, rtol=1e-12, atol=1e-14)
    assert ode.stability_region("rk4", h=0.1).is_stable in (True, False)


@pytest.mark.parametrize("kind", KINDS)
def test_the_life_of_a_learned_law_is_short(laws, kind):
    stages = {stage.name: stage for stage in life(laws[kind], STAGES, "tsit5")}
    assert "nn(" in stages["text"].text
    assert "nn = network(" in stages["equations"].text
    assert "nn[0]" not in stages["equations"].text
    assert "weights" in stages["equations"].facts
    assert "nn(…)" in stages["graph"].text
    assert "@network_values" in stages["ir"].text


def test_sensitivities_to_weights_are_differences_in_the_limit(laws):
    ode, h = laws["half-known"], 1e-5
    for name in ("nn[3]", "nn[20]", "a"):
        found = ode.solve(t=(0, 2), sensitivity=[name], rtol=1e-10).sensitivity(name)[-1]
        value = ode.parameters[name]
        high, low = (
            ode.solve(t=(0, 2), values={name: value + side * h}, rtol=1e-12, atol=1e-13).y[-1]
            for side in (1, -1)
        )
        np.testing.assert_allclose(found, (high - low) / (2 * h), rtol=1e-6, atol=1e-8)
        assert np.abs(found).max() > 1e-4
    with pytest.raises(dydt.InputError, match="`nn` has 4,482 weights, .* a sweep over a weight"):
        with_weights("x' = nn(x, t)[0]; y' = nn(x, t)[1]; nn = network(64, 64); x(0) = 0; y(0) = 0").solve(
            t=1, sensitivity=["nn[7]"]
        )


def test_sensitivities_go_through_events_that_ask_a_network():
    ode = with_weights(
        "x' = nn(x, y)[0] - x; y' = 1 - y; nn = network(4, tanh); when x > 1.02: y -> y + nn(x, y)[1]; "
        "x(0) = 1; y(0) = 1; t = 0:2"
    )
    first = ode.solve().events
    assert len(first["x > 1.02"]) == 1
    found = ode.solve(sensitivity=["nn[3]"], rtol=1e-10).sensitivity("nn[3]")[-1]
    high, low = (
        ode.solve(values={"nn[3]": ode.parameters["nn[3]"] + h}, rtol=1e-12, atol=1e-13).y[-1]
        for h in (1e-6, -1e-6)
    )
    np.testing.assert_allclose(found, (high - low) / 2e-6, rtol=1e-5, atol=1e-8)
    assert found[1] != 0
    with pytest.raises(dydt.LawError, match="the network `nn2` stands in no equation"):
        dydt.ODE("x' = nn(x); when nn2(x) > 0: stop")


def test_sweeps_reduce_what_networks_give(laws):
    ode = laws["neural"]
    starts = np.array([0.5, 1.0, 1.5])
    runs = ode.sweep(x=starts, keep=["max(x')", "max(nn(x, y)[0])", "max(nn(x, y))", "final(x')"])
    for name in ("max(nn(x, y)[0])", "max(nn(x, y))"):  # the first output, if none is named
        assert np.array_equal(runs[name], runs["max(x')"])
    for k, start in enumerate(starts):
        solution = ode.solve(x=start)
        named = {**ode.parameters, "x": solution["x"], "y": solution["y"], "t": solution.t}
        slopes = evaluate(ode.equations.derivatives, named)[0]
        assert runs["final(x')"][k] == pytest.approx(slopes[-1], rel=1e-9)
        assert runs["max(x')"][k] >= slopes.max() - 1e-9
        assert runs["max(x')"][k] == pytest.approx(slopes.max(), rel=0.02)
    weight = ode.parameters["nn[0]"]
    swept = ode.sweep(values={"nn[0]": [weight, weight + 0.5]}, keep="final(y')")
    named = {**ode.parameters, "x": swept["x"][1], "y": swept["y"][1], "nn[0]": weight + 0.5}
    assert swept["final(y')"][1] == pytest.approx(evaluate(ode.equations.derivatives, named)[1], rel=1e-12)


@pytest.mark.parametrize(
    ("keep", "says"),
    [
        ("max(nn(x))", r"`nn` has 2 inputs, and 1 here[\s\S]*write nn\(a, b\)"),
        ("max(nn(x, y)[2])", r"`nn` has 2 outputs[\s\S]*the last one is nn\( … \)\[1\]"),
        ("max(nn2(x))", "there is no network `nn2`; did you mean `nn`"),
        ("max(q)", r"It has: x, y, nn\[0\] … nn\[72\], t"),
    ],
)
def test_what_is_not_in_a_network_is_told(laws, keep, says):
    with pytest.raises(dydt.InputError, match=says):
        laws["neural"].sweep(x=[1, 2], keep=keep)


def test_events_can_be_added(laws):
    ode = laws["neural"]
    later = dydt.ODE(
        ode, events={"turn": "nn(x, y)[0] = level: stop", "low": dydt.Event("x < -5", {"x": "nn(x, y)"})}
    )
    between = evaluate(
        ode.equations.derivatives, {**ode.parameters, **dict(zip("xy", ode.solve(t=1).y[-1], strict=True))}
    )[0]
    solution = later.solve(t=(0, 3), level=between)
    assert solution.status == "stopped"
    named = {**ode.parameters, "x": solution["x"][-1], "y": solution["y"][-1]}
    assert evaluate(ode.equations.derivatives, named)[0] == pytest.approx(between, abs=1e-9)
    assert solution.t[-1] <= 1 + 1e-9
    assert later.parameters == {**ode.parameters, "level": None}
    assert not ode.equations.events
    assert dydt.ODE(ode, values={"nn[0]": 7}).parameters["nn[0]"] == 7


@pytest.mark.parametrize("kind", KINDS)
def test_copies_say_the_same_law(laws, kind):
    ode = laws[kind]
    expected = ode.solve(t=(0, 2)).y
    for again in (copy.copy(ode), copy.deepcopy(ode), sent(ode)):
        assert str(again) == str(ode)
        assert again.states == ode.states
        assert np.array_equal(again.solve(t=(0, 2)).y, expected)
        assert (again.training is None) == (ode.training is None)
        again.parameters["nn[0]"] = 0.0
    assert ode.parameters["nn[0]"] != 0.0
    deep = dydt.ODE(lambda t, y, p: [sum(np.sin(k + y[0]) for k in range(3000))], states="x")
    assert str(sent(deep)) == str(deep)  # deeper than Python's stack


def test_a_network_without_weights_is_named():
    ode = dydt.ODE("x' = -x + nn(x); x(0) = 1; t = 0:1")
    says = r"the network `nn` has no weights yet: law.fit\(data\) finds them"
    for verb in (
        *(ode.solve, ode.portrait, ode.equilibria, ode.lyapunov, ode.steps, ode.to_jax, ode.to_equinox),
        lambda: ode.sweep(x=[1, 2]),
    ):
        with pytest.raises(dydt.InputError, match=says):
            verb()
    with pytest.raises(dydt.InputError, match=r"Its parameters: nn\[0\] … nn\[320\]$"):
        dydt.ODE(ode, q=1)
    with pytest.raises(dydt.InputError, match=r"It can be taken to: nn\[0\] … nn\[320\], x\(0\)$"):
        ode.solve(sensitivity=["q"])


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_a_learned_law_on_the_command_line(laws, tmp_path):
    path = laws["half-known"].save(tmp_path / "law.npz")
    assert "non-linear             nn(x, y) is a network" in run("classify", path).output
    told = run("explain", path)
    assert told.exit_code == 1
    assert "A half-known law" in told.output
    assert "nn = network(6, swish)" in run("show", path, "--stage", "equations").output
    assert "(…)" in run("show", path).output
    assert run("predict", path, "--t", "0:3", "--saveat", "1", "--json", "-").output.startswith(
        '{"status": "done"'
    )
    assert run("sweep", path, "--over", "x=1:2:3", "--keep", "max(nn(x, y))").exit_code == 0
    for command in ("solve", "portrait", "lyapunov", "steps"):
        refused = run(command, "x' = nn(x); x(0) = 1; t = 0:1")
        assert refused.exit_code == 2
        assert "dydt fit data.csv --law law.ode --out law.npz finds them" in refused.output
    wrong = run("solve", path, "--set", "q=1")
    assert "Its parameters: a, c, nn[0] … nn[24]" in wrong.output
