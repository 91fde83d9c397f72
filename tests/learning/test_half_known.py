"""`ode.fit` on laws with networks: each option is followed, or refused with what to do."""

import numpy as np
import pytest

import dydt
from dydt.errors import InputError
from dydt.learning import attempts

T = np.linspace(0, 4, 40)
DATA = {"t": T, "x": 3 * np.exp(-0.8 * T) + 0.02 * np.random.default_rng(0).normal(size=40)}
LAW = dydt.ODE("x' = -k*x + nn(x); nn = network(4)", k=0.5)
QUICK = {"iterations": 20}


def test_a_robust_training_forgives_outliers():
    truth = dydt.gallery.lotka_volterra().solve(t=(0, 10), x=2, y=1, saveat=np.linspace(0, 10, 150))
    random = np.random.default_rng(0)
    x, y = (truth.y + 0.02 * random.normal(size=truth.y.shape)).T
    x[random.choice(150, 8, replace=False)] += 1.5
    law = dydt.ODE("x' = a*x - nn(x, y); y' = -g*y + 0.75*nn(x, y); nn = network(8)", a=1.5, g=1.0)
    off = {}
    for loss in ("linear", "huber"):
        found = law.fit({"t": truth.t, "x": x, "y": y}, free=[], noise=0.02, loss=loss)
        curve = found.law.solve(t=(0, 10), saveat=truth.t).y
        off[loss] = np.sqrt(np.mean((curve - truth.y) ** 2))
    assert off["huber"] < 0.02
    assert off["huber"] < 0.3 * off["linear"]
    assert "misses the data" not in found.training.note


def test_starts_are_trainings_from_other_weights(monkeypatch):
    made = []
    init = attempts.Training.__init__

    def counted(self, *given):
        init(self, *given)
        made.append(self.options.seed)

    monkeypatch.setattr(attempts.Training, "__init__", counted)
    one = LAW.fit(DATA, training=QUICK)
    assert len(made) == 1
    three = LAW.fit(DATA, starts=3, seed=7, training=QUICK)
    assert len(set(made[1:])) == len(made) - 1 == 3
    assert made[1] == 7
    assert np.all(three.training.inside < 2 * one.training.inside)


def test_a_parameter_whose_logarithm_varies_stays_positive():
    law = dydt.ODE("x' = -k*x + nn(x); nn = network(4)")
    found = law.fit(DATA, log="k", k=1e-3, training=QUICK)
    assert found.values["k"] > 0
    plain = law.fit(DATA, bounds={"k": (0, None)}, k=1e-3, training=QUICK)
    assert plain.values == found.values  # a parameter with the bound zero goes by its logarithm


def test_the_law_s_own_initial_values_are_where_unmeasured_states_begin():
    text = "x' = -z; z' = -nn(z); nn = network(4)"
    given = dydt.ODE(text).fit(DATA, z=2.0, training=QUICK)
    own = dydt.ODE(f"{text}; z(0) = 2").fit(DATA, training=QUICK)
    assert own.law.parameters == given.law.parameters


def test_a_training_is_kept_and_goes_on(tmp_path):
    kept = tmp_path / "training.npz"
    first = LAW.fit(DATA, training={"checkpoint": kept, **QUICK})
    assert kept.exists()
    again = LAW.fit(DATA, training={"checkpoint": kept, **QUICK})
    assert again.law.parameters == first.law.parameters
    with pytest.raises(InputError, match="another training"):
        LAW.fit(DATA, training={"checkpoint": kept, "iterations": 21})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"loss": "cauchy"}, 'two losses: loss="linear", and loss="huber"'),
        ({"initial": False}, "finds where each run begins along with the weights: leave initial=… away"),
        ({"initial": "x"}, "leave initial=… away"),
        ({"shooting": 4}, "always goes over pieces to whole runs: leave shooting=… away"),
        ({"shooting": False}, "leave shooting=… away"),
        ({"t0": -1.0}, "begins each run at its first sample: leave t0=… away"),
        ({"rtol": 1e-9}, "leave rtol=… away"),
        ({"method": "rodas5p"}, "takes bs3, tsit5, dop853 or vern9, and not rodas5p"),
        ({"method": "rk4"}, "and not rk4"),
        ({"x": 3.0}, "`x` was measured"),
        ({"log": "j"}, "log: `j` is not fitted"),
        ({"log": "k", "bounds": {"k": (0, 3)}}, r"log: `k` has the bounds 0 … 3"),
        ({"free": ["nn[0]"]}, r"`nn\[0\]` is a weight of a network"),
        ({"values": {"nn[0]": 1.0}}, r"`nn\[0\]` is a weight"),
        ({"k": [1, 2]}, "guess of `k` must be a finite number"),
        ({"seed": -1}, "seed is a whole number"),
        ({"starts": 0}, "starts is a whole number"),
        ({"hidden": (8,)}, r"fit has no option `hidden`: .* nn = network\(32, 32, tanh\)"),
        ({"time_dependent": True}, r"is told the time by nn\(x, t\)"),
        ({"decay": 1e-3}, r'training=\{"decay": …\}'),
        ({"training": 3}, "training goes by name"),
        ({"training": {"decai": 1}}, "no option `decai`; did you mean `decay`"),
        ({"training": {"augment": 1}}, "training: the law has as many states"),
        ({"training": {"held": 0.9}}, "held is a part of the data"),
        ({"training": {"decay": "much"}}, "decay is a number"),
        ({"training": {"precision": "half"}}, "precision is one of"),
        ({"training": {"optimiser": "newton"}}, "no optimiser `newton`"),
    ],
)
def test_what_a_training_can_t_follow_is_refused(options, said):
    with pytest.raises(InputError, match=said):
        LAW.fit(DATA, **options)


def test_options_of_trainings_are_refused_where_nothing_is_trained():
    with pytest.raises(InputError, match="this law has none"):
        dydt.ODE("x' = -k*x").fit(DATA, training={"decay": 1e-3})
    with pytest.raises(InputError, match="is a formula, which a training does not follow"):
        dydt.ODE("x' = -k*x + nn(x); x(0) = 2*k", k=0.5).fit(DATA)


def test_a_prediction_follows_a_run_and_says_that_it_has_no_bands():
    runs = {"a": DATA, "b": {"t": T + 1, "x": 2 * DATA["x"]}}
    found = LAW.fit(runs, training=QUICK)
    for which, begin in (("a", 0.0), (1, 1.0)):
        made = found.predict([begin, begin + 1, begin + 1, begin + 5], run=which)
        start = found.training.starts[["a", "b"].index(which) if isinstance(which, str) else which]
        curve = found.law.solve(t=(begin, begin + 5), x=float(start[0]), saveat=[begin + 1, begin + 5])["x"]
        np.testing.assert_allclose(made["x"], [start[0], curve[0], curve[0], curve[1]], rtol=1e-7)
        assert not made.has_bands
        assert made.until == np.inf
        assert "without bands: what a network learned has no standard errors" in str(made)
        assert made.to_dict()["states"]["x"]["low"] == [None] * 4
    with pytest.raises(
        InputError, match=r"the run starts at 1, .* `law.solve\(t=\(1, 0\)\)` goes back in time"
    ):
        found.predict([0], run="b")
    with pytest.raises(InputError, match="there is no run `c`"):
        found.predict([3], run="c")


def test_a_misspelled_input_of_a_network_is_no_parameter():
    law = dydt.ODE("v' = -k*v + nn(w); nn = network(4)", k=1)
    with pytest.raises(InputError, match="a network reads `w`, which is no state.* The states: v; .*, w=1"):
        law.fit({"t": T, "v": DATA["x"]}, training=QUICK)
    assert "w" in law.fit({"t": T, "v": DATA["x"]}, training={"iterations": 2}, w=1).values
