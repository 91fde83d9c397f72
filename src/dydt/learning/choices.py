"""What a network of continuous depth is asked for: what can't be used is told before anything is trained."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

from dydt.errors import InputError, nearest
from dydt.expr.network import ACTIVATIONS
from dydt.kernels.formats import FORMATS
from dydt.solvers.tableaus import METHODS, tableau


def check_choices(network: Any) -> None:
    """Raise an InputError for options of an estimator that can't be used."""
    check_layers(network.hidden)
    adaptive = [name for name in METHODS if tableau(name).error]
    for name, value, known in (
        ("activation", network.activation, list(ACTIVATIONS)),
        ("solver", network.solver, ["auto", "lbfgs", "adam"]),
        ("method", network.method, adaptive),
        ("precision", network.precision, list(FORMATS)),
    ):
        if value not in known:
            guess = nearest(str(value), known) or "."
            raise InputError(f"there is no {name} `{value}`{guess} There: {', '.join(known)}")
    is_auto = isinstance(network.dimensions, str) and network.dimensions == "auto"
    if network.dimensions is not None and not is_auto:
        check_count("dimensions", network.dimensions, 1, 'None, or "auto"')
    if network.max_iter is not None:
        check_count("max_iter", network.max_iter, 1, "or None")
    for name, least in (("augment", 0), ("batch_size", 1), ("n_iter_no_change", 1)):
        check_count(name, getattr(network, name), least)
    for name in ("tolerance", "learning_rate"):
        value = getattr(network, name)
        if not 0.0 < _number(value) < math.inf:
            raise InputError(f"{name} must be positive, and is {value!r}")
    for name in ("decay", "energy", "tol"):
        value = getattr(network, name)
        if not 0.0 <= _number(value) < math.inf:
            raise InputError(f"{name} must be zero or positive, and is {value!r}")
    part = network.validation_fraction
    if not 0.0 < _number(part) < 1.0:
        raise InputError(f"validation_fraction is a part of the samples, between 0 and 1, and is {part!r}")


def check_training(held: Any, beyond: Any, iterations: Any, decay: Any, seed: Any = 0) -> None:
    """Raise an InputError for options of a training that can't be used."""
    for name, part in (("held", held), ("beyond", beyond)):
        if not 0.0 <= _number(part) < 0.6:
            raise InputError(f"{name} is a part of the data, from 0 to 0.6, and is {part!r}")
    check_count("iterations", iterations, 1)
    check_count("seed", seed, 0)
    if not 0.0 <= _number(decay) < math.inf:
        raise InputError(f"decay is a number from 0 on, as in 1e-4, and is {decay!r}")


def check_layers(hidden: Any, fewest: int = 1) -> None:
    """Raise an InputError for sizes of hidden layers that can't be used."""
    try:
        sizes = list(hidden)
    except TypeError:
        sizes = [math.nan]
    if len(sizes) < fewest or not all(_is_whole(size) and 1 <= size <= 4096 for size in sizes):
        raise InputError(
            f"hidden takes the sizes of the hidden layers, 1 to 4096 each, as in hidden=(32, 32), and is {hidden!r}"
        )


def check_count(name: str, value: Any, least: int, also: str = "") -> None:
    if not _is_whole(value) or value < least:
        more = f", {also}" if also else ""
        raise InputError(f"{name} must be a whole number from {least} on{more}, and is {value!r}")


def _number(value: Any) -> float:
    """What is no number becomes NaN, which is in no range."""
    return float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan


def _is_whole(value: Any) -> bool:
    return _number(value).is_integer()
