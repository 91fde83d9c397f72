"""Whether single precision is enough to train a law: seen from the law's own slopes, not guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dydt.errors import InputError, nearest
from dydt.kernels.formats import FORMATS
from dydt.kernels.numpy import evaluate

if TYPE_CHECKING:
    from dydt.learning.preparation import Prepared
    from dydt.ode import ODE

PRECISIONS = ("auto", *FORMATS)
_SLOPES = 1e-4  # the part of their width by which slopes may differ
_STATES = 0.01  # the part of the noise by which states may
_POINTS = 500
_EXTREME = 1e15  # of a state, and of the inverse of its noise: squares of both must exist


def check_precision(precision: str) -> None:
    """Raise an `InputError` if there is no such precision."""
    if precision not in PRECISIONS:
        raise InputError(
            f"precision is one of {', '.join(PRECISIONS)}, and is {precision!r}{nearest(precision, PRECISIONS)}"
        )


def enough(ode: ODE, prepared: Prepared) -> str:
    """The precision to train in: single if the law's slopes along the data come out nearly the same in it, else double.

    The law is evaluated with random weights, in doubles and with every intermediate value rounded to single precision.
    """
    if prepared.are_exact:  # the nearer a law comes to them the better: rounding would be what stops it
        return "double"
    t = np.concatenate([run.t for run in prepared.data.runs])
    y = np.concatenate([c(run.t) for c, run in zip(prepared.curves, prepared.data.runs, strict=True)])
    some = slice(None, None, max(1, len(t) // _POINTS))
    t, y = t[some], y[some]
    largest, noise = np.max(np.abs(y), axis=0), prepared.sizes.noise
    if np.any(largest * np.finfo(np.float32).eps > _STATES * noise):
        return "double"
    if np.any(largest > _EXTREME) or np.any(noise < 1.0 / _EXTREME):
        return "double"
    weights = prepared.scaling.start(np.random.default_rng(0), 1.0)
    known = {ode.independent: t, **dict(zip(ode.states, y.T, strict=True))}
    known |= dict(zip(ode.parameters, prepared.scaling.to_law(weights), strict=True))
    exact, rounded = (
        np.array(
            [np.broadcast_to(row, t.shape) for row in evaluate(ode.equations.derivatives, known, number)]
        )
        for number in (np.float64, np.float32)
    )
    size = np.where(np.std(exact, axis=1) > 0.0, np.std(exact, axis=1), np.max(np.abs(exact), axis=1))
    with np.errstate(invalid="ignore"):
        is_close = np.abs(rounded - exact) <= _SLOPES * size[:, None]
    return "single" if np.all(is_close | ~np.isfinite(exact)) else "double"
