"""Which minimiser a stage of training goes by, and how long it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dydt.errors import InputError, nearest
from dydt.learning.loss import ShootingLoss, SlopeLoss
from dydt.learning.optimise import LBFGS, Adam, GaussNewton, Optimiser

Array = Any
Loss = SlopeLoss | ShootingLoss

# Multiplications in a step of Gauss–Newton, about: residuals × variables × the fewer of the two. Down to within 1 % of
# the loss at which L-BFGS ends it took, in parts of the time of L-BFGS (two laws, networks 2–8–2 to 2–16–32–2 with 42
# to 658 weights, 50 to 350 samples, medians over slopes, pieces and whole runs):
#     2e5  1e6      4e6  5e6      1e7      2e7      8e7      3e8
#     0.2  0.2–0.5  0.6  0.2–0.3  0.3–0.8  0.4–1.0  1.1–1.7  2.3–3.9
_MOST_WORK = 2.5e7


@dataclass(frozen=True)
class Minimiser:
    """One of them.

    Attributes
    ----------
    make : callable
        (loss, variables) -> the minimiser, where it begins.
    patience : int
        Iterations in which a stage must gain.
    held_patience : int
        Iterations in which held-out samples may get worse.
    polishing : int
        How many times fewer iterations it has in the last stage, which nothing stops in time.
    """

    make: Callable[[Loss, Array], Optimiser]
    patience: int
    held_patience: int
    polishing: int


def _lbfgs(loss: Loss, x: Array) -> LBFGS:
    """In single precision values are known to some five digits."""
    return LBFGS(loss, x, rounding=loss.engine.rounding)


MINIMISERS = {
    "gauss-newton": Minimiser(lambda loss, x: GaussNewton(loss.squares, x, loss.decays), 3, 6, 5),
    "lbfgs": Minimiser(_lbfgs, 25, 80, 1),
    "adam": Minimiser(Adam, 200, 400, 1),
}
OPTIMISERS = ("auto", *MINIMISERS)


def check_optimiser(optimiser: str) -> None:
    """Raise an `InputError` if there is no such minimiser."""
    if optimiser not in OPTIMISERS:
        guess = nearest(str(optimiser), OPTIMISERS) or "."
        raise InputError(f"there is no optimiser `{optimiser}`{guess} There: {', '.join(OPTIMISERS)}")


def minimiser_for(loss: Loss, variables: int, optimiser: str = "auto") -> Minimiser:
    """The one of that name, or with "auto" the quicker one for a loss of so many variables."""
    if optimiser == "auto":
        work = loss.rows * variables * min(loss.rows, variables)
        optimiser = "gauss-newton" if work <= _MOST_WORK else "lbfgs"
    return MINIMISERS[optimiser]
