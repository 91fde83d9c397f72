"""How an orbit around an equilibrium of the plane comes back after one turn."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.errors import SolveWarning

if TYPE_CHECKING:
    from dydt.dynamics.stability import Place

Array = Any


def drift_of_a_turn(at: Place, radius: float) -> float:
    """The part by which an orbit is farther away after a turn; 0 if it does not come around.

    Parameters
    ----------
    at : Place
        Whose linear part turns: eigenvalues ±iω.
    radius : float
        How far away it starts, in sizes of the surroundings.
    """
    turning = int(np.argmax(at.eigenvalues.imag))
    vector = at.eigenvectors[:, turning]
    circle = np.stack(
        [vector.real, vector.imag], axis=-1
    )  # in these coordinates the linear part is a rotation
    circle *= radius / np.max(np.abs(circle / at.size[:, None]))
    start = at.point + circle[:, 0]
    solution = _solved(at, start, 1.6 * 2 * np.pi / at.eigenvalues[turning].imag)
    times = np.linspace(0.0, float(solution.t[-1]), 4001)
    seen = np.linalg.solve(circle, (solution(times) - at.point).T)
    angle = np.unwrap(np.arctan2(seen[1], seen[0]))
    turned = np.flatnonzero(np.abs(angle) >= 2 * np.pi)
    if not len(turned):
        return 0.0
    low, high = float(times[turned[0] - 1]), float(times[turned[0]])
    way = np.sign(angle[turned[0]])
    for _ in range(60):
        middle = 0.5 * (low + high)
        across, up = np.linalg.solve(circle, solution(middle) - at.point)
        if way * np.arctan2(up, across) < 0:
            low = middle
        else:
            high = middle
    across, up = np.linalg.solve(circle, solution(high) - at.point)
    return float(np.hypot(across, up)) - 1.0


def _solved(at: Place, start: Array, time: float) -> Any:
    values = dict(zip(at.flow.names, map(float, start), strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolveWarning)
        return at.flow.ode.solve(
            t=(0.0, time),
            values={**values, **at.flow.parameters},
            method="dop853",
            rtol=1e-13,
            atol=1e-15 * float(np.max(np.abs(start)) + 1.0),
            progress=False,
        )
