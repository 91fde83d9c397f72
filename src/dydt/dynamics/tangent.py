"""Axes carried along by a law: the variational equations in legs, and the sums of how each axis grew."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import mul
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.errors import InputError, SolveError
from dydt.expr.derive import jacobian
from dydt.expr.equations import Equations
from dydt.expr.graph import Node, symbol, symbols
from dydt.expr.tidy import ZERO, plus, times
from dydt.expr.variational import sensitivity_name
from dydt.kernels.numpy import evaluate

if TYPE_CHECKING:
    from dydt.ode import ODE

Array = Any

_FIRST = 4000  # legs before the error is looked at for the first time
_FEW = 16  # numbers that are faster handled one by one
_NOTHING = np.zeros(1)
_AGAIN = 20  # times that a leg is made shorter
_MOST = 80_000  # legs, if the time is not given,
_LEAST = 300
_WORK = 50_000_000  # and steps times operations of the law with its axes: a few seconds
_MOST_ASKED = 5_000_000
_BLOCKS = 20
_KEPT = 400  # points of the history
_WARM = 3000  # attempted steps in which the path finds its attractor, if the transient is not given
_REST = 1e-6  # of its distance from the origin, that a path at rest moves in a step
_SURE = 3.0  # an exponent is zero if it is within so many errors of it


def moving_axes(
    law: Equations, entries: dict[tuple[int, int], Node], count: int, tangent_only: bool = False
) -> Equations:
    """The law, `count` vectors w carried along by it, w' = J w, and the integral of its divergence.

    Without the need of it (J free of the states) the state itself stands still.

    >>> from dydt.expr.parse import parse
    >>> law = parse("x' = -x^2")
    >>> axes = moving_axes(law, jacobian(law), 1)
    >>> axes.states, [str(node) for node in axes.derivatives]
    (('x', 'dx/d(axis 1)', 'divergence'), ['-x^2', '-(2*x)*dx/d(axis 1)', '-(2*x)'])
    """
    states = list(law.states)
    derivatives: list[Node] = [ZERO] * len(states) if tangent_only else list(law.derivatives)
    for axis in range(1, count + 1):
        names = [sensitivity_name(state, f"(axis {axis})") for state in law.states]
        totals = [ZERO] * len(names)
        for (i, j), entry in entries.items():
            totals[i] = plus(totals[i], times(entry, symbol(names[j])))
        states += names
        derivatives += totals
    trace = ZERO
    for (i, j), entry in entries.items():
        if i == j:
            trace = plus(trace, entry)
    return replace(
        law,
        states=(*states, "divergence"),
        derivatives=(*derivatives, trace),
        intermediates={},
        initial={},
        written=(),
        singular=law.singular,
    )


def needs_path(law: Equations) -> bool:
    """Whether the Jacobian depends on the states, so that exponents are those of a path.

    >>> from dydt.expr.parse import parse
    >>> needs_path(parse("x' = -x*cos(t)")), needs_path(parse("x' = -x^2"))
    (False, True)
    """
    entries = list(jacobian(law).values())
    return bool(set(symbols(entries)) & set(law.states))


class Flow:
    """The path of the law, and the axes that it carries, from leg to leg."""

    def __init__(
        self,
        ode: ODE,
        law: Equations,
        count: int,
        rtol: float,
        method: str,
        tangent_only: bool,
        named: Mapping[str, float],
    ) -> None:
        self.ode, self.size, self.count, self.tangent_only = ode, len(ode.states), count, tangent_only
        self.t0 = self.t = start_time(ode)
        self.parameters = ode.parameter_values(named)
        known = named if not tangent_only else {**dict.fromkeys(ode.states, 0.0), **named}
        self.y = np.array(ode.initial_state(known, self.parameters, self.t0))
        self._options: dict[str, Any] = {"method": method, "rtol": rtol, "atol": rtol * 1e-2, "saveat": "end"}
        carried = type(ode)(law)
        self.work = carried.compiled_law.work
        tight = [self._options["atol"]] * self.size * (count + 1) + [1e-6]
        self.step: Callable[..., Any] = carried.solver(
            method=method, rtol=rtol, atol=tight, saveat="end", step_limit=10_000_000
        )
        self.natural = 1.0  # the mean step along the path

    def warm(self, transient: float | None) -> None:
        """Let the path find its attractor, and learn how long its steps are."""
        ode, span = self.ode, self.ode.equations.span
        length = abs(span[1] - span[0]) if span else 100.0
        if self.tangent_only:
            self.natural = length / 200
            self.t += transient or 0.0
            return
        limit = 1_000_000_000 if transient else _WARM
        warming = ode.solver(**self._options, step_limit=limit)
        solution = warming((self.t0, self.t0 + (transient or length)), self.y, self.parameters)
        self._learn(solution)
        if transient == 0.0:
            return
        if not solution.is_fine and not (transient is None and solution.status == "step limit"):
            raise SolveError(_lost(solution))
        self.y, end = solution.end
        self.t = float(end)

    @property
    def is_moving(self) -> bool:
        """Whether the path still goes on, or has come to rest."""
        law = self.ode.equations
        inputs = dict(zip(self.ode.parameters, self.parameters, strict=True)) | {law.independent: self.t}
        inputs |= dict(zip(self.ode.states, self.y, strict=True))
        speed = float(np.linalg.norm(np.array(evaluate(law.derivatives, inputs), dtype=float)))
        return not speed * self.natural <= _REST * float(np.linalg.norm(self.y))

    def _learn(self, solution: Any) -> None:
        steps = max(1, solution.stats["steps"])
        self.natural = abs(float(solution.end[1]) - self.t0) / steps or 1e-3

    def advance(self, duration: float, axes: Array) -> tuple[Array, float]:
        """Carry the axes for a while; gives where they are then, and the integral of the divergence."""
        size, count = self.size, self.count
        state = np.concatenate([self.y, np.ravel(axes), _NOTHING])
        end = self.t + duration
        solution = self.step((self.t, end), state, self.parameters)
        there, reached = solution.end
        if reached != end or not math.isfinite(there.sum()):
            raise SolveError(_lost(solution))
        self.t, self.y = end, there[:size]
        return there[size:-1].reshape(count, size), float(there[-1])


def start_time(ode: ODE) -> float:
    """Where the law says that it starts."""
    law = ode.equations
    return law.start if law.start is not None else law.span[0] if law.span else 0.0


def _lost(solution: Any) -> str:
    return (
        "the path does not go on, so there is nothing to average over. Start where it stays, or change the "
        f"parameters. {solution.status}: {solution.message}"
    )


def orthonormal(rows: Array) -> tuple[Any, list[float]]:
    """Axes of length one, each at a right angle to those before it, and how long each was without their part.

    The QR decomposition; of a few short rows by Gram and Schmidt in plain floats, in a third of the time.

    >>> orthonormal(np.array([[3.0, 0.0], [1.0, 2.0]]))
    ([[1.0, 0.0], [0.0, 1.0]], [3.0, 2.0])
    """
    if rows.size > _FEW:
        axes, triangle = np.linalg.qr(rows.T)
        return axes.T, np.abs(np.diagonal(triangle)).tolist()
    kept: list[list[float]] = []
    lengths = []
    for row in rows.tolist():
        for axis in kept:
            part = sum(map(mul, axis, row))
            row = [a - part * b for a, b in zip(row, axis, strict=True)]
        length = math.hypot(*row)
        lengths.append(length)
        kept.append([a / length for a in row] if length else row)
    return kept, lengths


class Run:
    """The sums over all legs so far."""

    def __init__(self, flow: Flow, count: int, seed: int, rtol: float) -> None:
        self.flow = flow
        random = np.random.default_rng(seed).normal(size=(flow.size, count))
        self.axes: Any = np.linalg.qr(random)[0].T  # a row an axis
        # Axes that have grown so far apart in length are no longer told from each other by the solver.
        self._spread = max(2.0, math.log(1e-3 / rtol))
        self._rtol = rtol
        self.duration = 2.0 * flow.natural
        self._longest = 50.0 * flow.natural
        self.forget()

    def forget(self) -> None:
        """Begin the averages anew."""
        self.legs = 0
        self.elapsed = 0.0
        self.growth: list[list[float]] = []
        self.durations: list[float] = []
        self.volume: list[float] = []

    def leg(self, left: float) -> None:
        """Carry the axes once, note how they grew, and make them orthogonal again (QR).

        A leg in which the lengths of the axes drift too far apart is taken again, and shorter.
        """
        duration = min(self.duration, left)
        before = self.flow.t, self.flow.y
        for _ in range(_AGAIN):
            grown, volume = self.flow.advance(duration, self.axes)
            axes, lengths = orthonormal(grown)
            if min(lengths) > 0:
                growth = [math.log(length) for length in lengths]
                highest, lowest = max(growth), min(growth)
                spread = max(highest - lowest, abs(highest), abs(lowest), 1e-3)
                if spread <= 1.5 * self._spread:
                    break
                duration *= 0.8 * self._spread / spread
            else:
                duration *= 0.1
            self.flow.t, self.flow.y = before
        else:
            raise SolveError(
                "an axis shrinks to nothing at once: the law contracts too fast for the exponents to be told apart; "
                "ask for the largest ones, as in count=1"
            )
        self.axes = axes
        self.growth.append(growth)
        self.durations.append(duration)
        self.elapsed += duration
        self.volume.append(volume)
        self.legs += 1
        self.duration = min(self._longest, duration * min(1.2, max(0.2, self._spread / spread)))

    def average(self, t: float | None, tolerance: float) -> None:
        """Go on for `t`, or until the errors are as small as wanted."""
        if t is not None:
            end = self.flow.t + t
            while (left := end - self.flow.t) > 1e-12 * abs(end):
                self.leg(left)
                if self.legs >= _MOST_ASKED:
                    raise InputError(
                        f"t = {t:g} takes more than {_MOST_ASKED:,} legs, each about {t / self.legs:.2g} long: "
                        f"{self.flow.t - end + t:.4g} is as far as that goes"
                    )
            return
        check = _FIRST
        while True:
            self.leg(math.inf)
            spent = (
                math.fsum(self.durations) / self.flow.natural * self.flow.work if self.legs % 50 == 0 else 0.0
            )
            if self.legs >= _MOST or (spent > _WORK and self.legs >= _LEAST):
                return
            if self.legs == check:
                if self.is_good(tolerance):
                    return
                check = int(check * 1.5)

    def is_good(self, tolerance: float) -> bool:
        """Whether each error is small against its exponent, or against the smallest that is not zero."""
        exponents, errors = self.exponents(), self.errors()
        sizes = np.abs(exponents)
        sure = sizes > _SURE * errors
        least = float(sizes[sure].min()) if sure.any() else 0.2 / self.flow.natural
        return bool(np.all(errors <= tolerance * np.maximum(sizes, least)))

    def note(self, t: float | None, tolerance: float) -> str:
        """What to say if the errors stayed larger than wanted."""
        if t is not None or self.is_good(tolerance):
            return ""
        return (
            f"stopped after {self.legs:,} legs, before the tolerance was reached; a longer t takes it further"
        )

    def exponents(self) -> Array:
        return np.sum(self.growth, axis=0) / math.fsum(self.durations)

    def errors(self) -> Array:
        """By block means, and by what the second half changed."""
        growth, durations = np.array(self.growth), np.array(self.durations)
        total = durations.sum()
        elapsed = np.cumsum(durations)
        mean = growth.sum(axis=0) / total
        half = max(1, int(np.searchsorted(elapsed, 0.5 * total)))
        moved = np.abs(growth[:half].sum(axis=0) / elapsed[half - 1] - mean)
        blocks = min(_BLOCKS, len(growth))
        if blocks < 4:
            return np.full(len(mean), np.inf)
        cuts = np.unique(np.searchsorted(elapsed, total * np.arange(blocks) / blocks))
        sums = np.add.reduceat(growth, cuts, axis=0)
        means = sums / np.add.reduceat(durations, cuts)[:, None]
        standard = means.std(axis=0, ddof=1) / math.sqrt(len(cuts))
        # What the solver itself adds, and what rounding leaves.
        floor = self._rtol * (1.0 / durations.mean() + np.abs(mean))
        return np.maximum(np.maximum(standard, moved), floor)

    def history(self) -> tuple[Array, Array]:
        """The averages along the way, at points that lie evenly on a logarithmic axis."""
        elapsed = np.cumsum(self.durations)
        places = np.unique(np.geomspace(1, len(elapsed), _KEPT).astype(int)) - 1
        return elapsed[places], np.cumsum(self.growth, axis=0)[places] / elapsed[places, None]
