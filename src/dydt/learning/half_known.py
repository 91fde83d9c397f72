"""`ode.fit` on a law with networks: training finds their weights, and the free parameters along with them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dydt.errors import InputError, listed, nearest
from dydt.expr.graph import walk
from dydt.expr.network import networks
from dydt.learning.choices import check_training
from dydt.learning.data import Data
from dydt.learning.learned import Learned
from dydt.learning.least_squares import TURNS
from dydt.learning.unknowns import middle, read_bounds, read_free, read_names
from dydt.solvers import methods

if TYPE_CHECKING:
    from dydt.ode import ODE

_RTOL = 1e-6  # what `fit` has as its default
_TRAINING = ("held", "beyond", "decay", "iterations", "precision", "optimiser", "checkpoint")
_WRITTEN = {  # what `dydt.learn` has options for, and a law says itself
    "hidden": "the law says how large its networks are, as in nn = network(32, 32, tanh)",
    "activation": "the law says the activation of its networks, as in nn = network(32, 32, tanh)",
    "time_dependent": "a network of the law is told the time by nn(x, t)",
    "augment": "the law has as many states as it has equations: write z' = nn(x, z)[1] for a hidden one",
    "period": "a network of the law is told the season by nn(x, cos(2*pi*t/T), sin(2*pi*t/T))",
}


@dataclass(frozen=True)
class Wishes:
    """The options of `fit`, as they were given."""

    free: Any
    bounds: Mapping[str, Any] | None
    initial: Any
    loss: str
    starts: int
    log: Any
    shooting: Any
    t0: float | None
    seed: int
    rtol: float
    method: str
    progress: bool


def read_training(given: Any) -> dict[str, Any]:
    """The options of a training, by name."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InputError(f'training goes by name, as in training={{"decay": 1e-3}}, and is {given!r}')
    for name in given:
        if name in _WRITTEN:
            raise InputError(f"training: {_WRITTEN[name]}")
        if name not in _TRAINING:
            raise InputError(
                f"training: there is no option `{name}`{nearest(str(name), _TRAINING) or '.'} There: "
                f"{', '.join(_TRAINING)}"
            )
    return dict(given)


def refuse_misplaced(name: str) -> None:
    """Complain about an option of `dydt.learn` that was given to `fit`."""
    if name in _WRITTEN:
        raise InputError(f"fit has no option `{name}`: {_WRITTEN[name]}")
    if name in _TRAINING:
        raise InputError(f'`{name}` is an option of the training of networks: training={{"{name}": …}}')


def learn_half(
    ode: ODE, data: Data, wishes: Wishes, training: Mapping[str, Any], guesses: Mapping[str, Any]
) -> Learned:
    """The law with networks, trained.

    Parameters
    ----------
    training : mapping
        Options of the training.

    Raises
    ------
    InputError
        For options that a training can't follow, with what to do.
    """
    from dydt.learning.learn import train
    from dydt.learning.minimisers import check_optimiser
    from dydt.learning.rounding import check_precision
    from dydt.learning.training import Options
    from dydt.ode import ODE as Law

    _check(wishes)
    weights = {w for network in networks(ode.equations.derivatives) for w in network.weights}
    plain = [n for n in ode.parameters if n not in weights]
    chosen = plain if wishes.free is None else list(read_free(ode, wishes.free))
    for name in (*chosen, *guesses):
        if name in weights:
            raise InputError(
                f"`{name}` is a weight of a network: all of these are trained, and begin at random, by the seed; leave "
                "it away"
            )
    limits = read_bounds(chosen, (), wishes.bounds)
    _refuse_strangers(ode, {*guesses, *limits})
    limits |= _logarithmic(wishes.log, chosen, limits)
    law = Law(
        replace(
            ode.equations,
            parameters={**ode.equations.parameters, **_values(ode, plain, chosen, limits, guesses)},
        )
    )
    options = Options(
        method="tsit5" if wishes.method == "auto" else wishes.method,
        seed=wishes.seed,
        huber=TURNS["huber"] if wishes.loss == "huber" else math.inf,
        **{name: value for name, value in training.items() if name != "checkpoint"},
    )
    check_training(options.held, options.beyond, options.iterations, options.decay)
    check_precision(options.precision)
    check_optimiser(options.optimiser)
    begin, checkpoint = _begin(ode, data, guesses), training.get("checkpoint")
    trained = train(
        law, data, options, chosen, limits, begin, 0, checkpoint, wishes.progress, starts=wishes.starts
    )
    return Learned(trained, {n: float(trained.parameters[n] or 0.0) for n in chosen}, data)


def _check(wishes: Wishes) -> None:
    """Complain about what a training can't follow."""
    because = "this law has a network, and its training "
    if wishes.loss not in ("linear", "huber"):
        raise InputError(
            f'{because}knows two losses: loss="linear", and loss="huber", which forgives outliers'
        )
    if wishes.initial is not True:
        raise InputError(f"{because}finds where each run begins along with the weights: leave initial=… away")
    if wishes.shooting not in ("auto", True):
        raise InputError(f"{because}always goes over pieces to whole runs: leave shooting=… away")
    if wishes.t0 is not None:
        raise InputError(f"{because}begins each run at its first sample: leave t0=… away")
    if wishes.rtol != _RTOL:
        raise InputError(f"{because}takes steps as long as the noise of the data allows: leave rtol=… away")
    if wishes.method != "auto":
        method = methods.method(wishes.method)
        if method.linear or not method.adaptive:
            raise InputError(f"{because}takes bs3, tsit5, dop853 or vern9, and not {wishes.method}")


def _refuse_strangers(ode: ODE, known: set[str]) -> None:
    """Complain about inputs of networks that are numbers nobody gave: a misspelled state, most often."""
    for node in walk(list(ode.equations.derivatives)):
        for argument in node.arguments if node.operation == "network" else ():
            name = str(argument.value) if argument.operation == "symbol" else ""
            if name in ode.parameters and ode.parameters[name] is None and name not in known:
                raise InputError(
                    f"a network reads `{name}`, which is no state{nearest(name, ode.states) or '.'} The states: "
                    f"{listed(ode.states)}; a number that is to be found needs a value to begin with, {name}=1"
                )


def _values(
    ode: ODE, plain: list[str], chosen: list[str], limits: Mapping[str, tuple[float, float]], guesses: Any
) -> dict[str, float]:
    """The parameters that are no weights: what they are, or begin with."""
    values = {}
    for name in plain:
        value = guesses.get(name, ode.parameters[name])
        if value is None and name not in chosen:
            raise InputError(
                f"`{name}` has no value, and is not fitted: give it one, as in {name}=1, or free it"
            )
        low, high = limits.get(name, (-math.inf, math.inf))
        values[name] = float(middle(low, high) if value is None else value)
    return values


def _logarithmic(
    log: Any, chosen: list[str], limits: Mapping[str, tuple[float, float]]
) -> dict[str, tuple[float, float]]:
    """The bounds of parameters whose logarithm is to vary: that of one with a single bound, zero, does."""
    if log is None or log is False:
        return {}
    found = {}
    for name in chosen if log is True else read_names("log", log):
        if name not in chosen:
            raise InputError(
                f"log: `{name}` is not fitted{nearest(name, chosen) or '.'} There: {listed(chosen)}"
            )
        low, high = limits.get(name, (0.0, math.inf))
        if max(low, 0.0) > 0.0 or math.isfinite(high):
            raise InputError(
                f"log: `{name}` has the bounds {low:g} … {high:g}, between which a training takes it along a logistic "
                f"curve: leave log away, or its bounds"
            )
        found[name] = (0.0, math.inf)
    return found


def _begin(ode: ODE, data: Data, guesses: Mapping[str, Any]) -> dict[str, float]:
    """Where states begin that were not measured."""
    found = {}
    for name in ode.states:
        node = ode.equations.initial.get(name)
        if node is not None and node.operation != "number":
            raise InputError(
                f"the initial value of `{name}` is a formula, which a training does not follow: give the law a number, "
                "or none"
            )
        if name in guesses:
            if name in data.states:
                raise InputError(
                    f"`{name}` was measured: this law has a network, and its training begins where the data do; leave "
                    f"the initial value of `{name}` away"
                )
            found[name] = float(guesses[name])
        elif node is not None:
            found[name] = float(node.value)
    return found
