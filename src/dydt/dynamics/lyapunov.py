"""Lyapunov exponents: how fast near starts part or meet, in every direction, and what that makes of an attractor."""

from __future__ import annotations

import json
import math
import textwrap
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.brief import brief
from dydt.dynamics.tangent import Flow, Run, moving_axes, needs_path, start_time
from dydt.errors import InputError, SolveWarning
from dydt.expr.derive import jacobian
from dydt.expr.equations import Equations
from dydt.expr.graph import Node, symbols
from dydt.kernels.numpy import evaluate

if TYPE_CHECKING:
    from dydt.ode import ODE

Array = Any

_SETTLE = 100  # legs in which the axes find their directions
_LARGEST = 4000  # equations of the law with its axes
_SURE = 3.0  # an exponent is zero if it is within so many errors of it


@dataclass(frozen=True)
class Lyapunov:
    """The Lyapunov exponents of a law.

    Attributes
    ----------
    exponents : tuple of float
        Largest first, per unit of the independent variable.
    errors : tuple of float
        An estimate of the error of each: the larger of the standard error of means over blocks, and of how far
        the second half of the run moved it.
    dimension : float or None
        Of Kaplan and Yorke; None where there is no attractor, or not all exponents were asked for.
    divergence : float
        The mean divergence of the flow along the path, integrated by itself: the exponents must add up to it.
    t, transient : float
        How long was averaged, and what was dropped before.
    times, history : ndarray, shapes (m,) and (m, n)
        How the averages settled.
    states : tuple of str
    verdict, note : str
        What the exponents say of the law, in words, and what else is to be known.
    legs : int
        How often the axes were made orthogonal again.
    seconds : float
    """

    exponents: tuple[float, ...]
    errors: tuple[float, ...]
    dimension: float | None
    divergence: float
    t: float
    transient: float
    times: Array
    history: Array
    states: tuple[str, ...]
    independent: str
    verdict: str
    note: str
    legs: int
    seconds: float

    __repr__ = brief

    @property
    def largest(self) -> float:
        """The largest exponent."""
        return self.exponents[0]

    @property
    def sum(self) -> float:
        """Of all exponents: how fast volumes grow."""
        return math.fsum(self.exponents)

    @property
    def is_whole(self) -> bool:
        """Whether all exponents were computed."""
        return len(self.exponents) == len(self.states)

    @property
    def is_chaotic(self) -> bool:
        """Whether the largest exponent is positive beyond its error, on a path that stays."""
        return self.verdict.startswith("chaotic")

    def __str__(self) -> str:
        lines = [self.verdict, "", "exponent         error"]
        shown = list(zip(self.exponents, self.errors, strict=True))
        lines += [f"{value:+.6g}".ljust(17) + f"{error:.1e}" for value, error in shown[:24]]
        if len(shown) > 24:
            lines.append(f"… and {len(shown) - 24} more")
        lines.append("")
        if self.is_whole:
            lines.append(f"sum of the exponents        {self.sum:+.6g}")
            lines.append(f"mean divergence of the flow {self.divergence:+.6g}")
        if self.dimension is not None:
            lines.append(f"Kaplan–Yorke dimension      {self.dimension:.4g}")
        if self.is_chaotic:
            lines.append(f"a distance grows tenfold in {math.log(10) / self.largest:.4g}")
        if self.legs:
            over = f"averaged over {self.t:.6g} of {self.independent}"
            lines.append(f"{over} after {self.transient:.6g}, in {self.legs:,} legs")
        return "\n".join([*lines, *textwrap.wrap(self.note, 100)])

    def to_dict(self) -> dict[str, Any]:
        """Everything but the history, as plain data."""
        return {
            "exponents": list(self.exponents),
            "errors": list(self.errors),
            "sum": self.sum,
            "divergence": self.divergence,
            "dimension": self.dimension,
            "verdict": self.verdict,
            "note": self.note,
            "t": self.t,
            "transient": self.transient,
            "legs": self.legs,
            "states": list(self.states),
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def _repr_latex_(self) -> str:
        pairs = zip(self.exponents, self.errors, strict=True)
        rows = [
            rf"\lambda_{{{i}}} &= {v:.6g} \pm {latex_number(e)}" for i, (v, e) in enumerate(pairs, start=1)
        ]
        return r"$$\begin{aligned}" + r"\\".join(rows) + r"\end{aligned}$$"

    def plot(self, path: Any = None, **options: Any) -> Any:
        """How the exponents settled; see `dydt.plotting.lyapunov.convergence`."""
        from dydt.plotting.lyapunov import convergence

        return convergence(self, path=path, **options)


def latex_number(value: float) -> str:
    r"""A small number with two digits.

    >>> latex_number(0.00123), latex_number(0.0)
    ('1.2\\cdot 10^{-3}', '0')
    """
    if value == 0:
        return "0"
    mantissa, _, power = f"{value:.1e}".partition("e")
    return mantissa if int(power) == 0 else rf"{mantissa}\cdot 10^{{{int(power)}}}"


def lyapunov(
    ode: ODE,
    t: float | None,
    transient: float | None,
    tolerance: float,
    count: int | None,
    seed: int,
    rtol: float,
    method: str,
    named: Mapping[str, float],
) -> Lyapunov:
    """The exponents; see `ODE.lyapunov`."""
    began = time.perf_counter()
    law = ode.equations
    wanted = _check(ode, t, transient, tolerance, count, rtol)
    entries = jacobian(law)
    tangent_only = not needs_path(law)
    if tangent_only and law.independent not in symbols(list(entries.values())):
        return _constant(ode, entries, wanted, t, named, began)
    carried = moving_axes(law, entries, wanted, tangent_only)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolveWarning)  # a path that does not go on is an error here
        flow = Flow(ode, carried, wanted, rtol, method, tangent_only, named)
        flow.warm(transient)
        run = Run(flow, wanted, seed, rtol)
        while run.legs < _SETTLE:
            run.leg(math.inf)
        dropped, settled = flow.t - flow.t0, flow.t
        run.forget()
        run.average(t, tolerance)
    note = "; ".join(filter(None, [_note(law, tangent_only), run.note(t, tolerance)]))
    return _result(ode, run, flow.t - settled, dropped, note, began)


def _check(
    ode: ODE, t: float | None, transient: float | None, tolerance: float, count: int | None, rtol: float
) -> int:
    """Refuse what makes no sense; gives how many exponents are wanted."""
    law, size = ode.equations, len(ode.states)
    if law.events:
        raise InputError(
            f"the law jumps when {law.events[0].name}: its exponents would need the derivative of the jumps, which "
            "is not computed; leave the events away, or ask for butterfly(), which follows two starts"
        )
    for name, value in (("t", t), ("transient", transient), ("tolerance", tolerance), ("rtol", rtol)):
        least = 0.0 if name == "transient" else math.ulp(0.0)
        if value is not None and not (math.isfinite(value) and value >= least):
            kind = "a time that is not negative" if name == "transient" else "a positive number"
            raise InputError(f"{name} must be {kind}, and is {value!r}")
    wanted = size if count is None else int(count)
    if not 1 <= wanted <= size:
        raise InputError(f"count must be from 1 to {size}, one for each state at most, and is {count!r}")
    if size * (wanted + 1) > _LARGEST:
        most = _LARGEST // size - 1
        raise InputError(
            f"{wanted} exponents of a law with {size} states mean {size * (wanted + 1):,} equations at once: ask for "
            f"fewer, as in count={max(most, 1)}"
        )
    return wanted


def _result(ode: ODE, run: Run, elapsed: float, transient: float, note: str, began: float) -> Lyapunov:
    order = np.argsort(-run.exponents(), kind="stable")
    exponents, errors = run.exponents()[order], run.errors()[order]
    times, history = run.history()
    flow = run.flow
    whole, tangent_only = len(exponents) == len(ode.states), flow.tangent_only
    word = _settled(exponents, errors, elapsed) or verdict(
        exponents,
        errors,
        whole,
        _is_autonomous(ode.equations),
        tangent_only,
        not tangent_only and flow.is_moving,
    )
    senseless = word.startswith("not settled") or (tangent_only and exponents[0] > 0)
    return Lyapunov(
        tuple(exponents.tolist()),
        tuple(errors.tolist()),
        kaplan_yorke(exponents, errors) if whole and not senseless else None,
        math.fsum(run.volume) / elapsed,
        elapsed,
        transient,
        times,
        history[:, order],
        ode.states,
        ode.independent,
        word,
        note,
        run.legs,
        time.perf_counter() - began,
    )


def _constant(
    ode: ODE,
    entries: dict[tuple[int, int], Node],
    count: int,
    t: float | None,
    named: Mapping[str, float],
    began: float,
) -> Lyapunov:
    """A linear law with constant coefficients: the real parts of the eigenvalues of its matrix, exactly."""
    size = len(ode.states)
    nowhere = dict.fromkeys(ode.states, 0.0)
    ode.initial_state({**nowhere, **named}, ode.parameter_values(named), start_time(ode))  # for its errors
    values = dict(zip(ode.parameters, ode.parameter_values(named), strict=True))
    matrix = np.zeros((size, size))
    for (i, j), value in zip(entries, evaluate(list(entries.values()), values), strict=True):
        matrix[i, j] = value
    if not np.isfinite(matrix).all():
        raise InputError(
            "the matrix of the law is not finite for these parameters: it divides by zero somewhere"
        )
    exponents = np.sort(np.linalg.eigvals(matrix).real)[::-1][:count] + 0.0
    errors = np.full(count, 4 * np.finfo(float).eps * float(np.abs(matrix).max(initial=0.0)))
    exponents[np.abs(exponents) < size * errors] = 0.0
    whole = count == size
    return Lyapunov(
        tuple(exponents.tolist()),
        tuple(errors.tolist()),
        kaplan_yorke(exponents, errors) if whole and exponents[0] <= 0 else None,
        float(np.trace(matrix)),
        t or 0.0,
        0.0,
        np.array([]),
        np.empty((0, count)),
        ode.states,
        ode.independent,
        verdict(exponents, errors, whole, _is_autonomous(ode.equations), True),
        "the law is linear with constant coefficients: these are the real parts of the eigenvalues, not averages",
        0,
        time.perf_counter() - began,
    )


def _is_autonomous(law: Equations) -> bool:
    return law.independent not in symbols(law.derivatives)


def _note(law: Equations, tangent_only: bool) -> str:
    notes = []
    if not _is_autonomous(law):
        notes.append(
            f"the law depends on {law.independent}: the exponents are those of its states, and the zero one along "
            f"{law.independent} itself is not among them"
        )
    if tangent_only:
        notes.append("the law is linear: its exponents are the same along every path")
    return "; ".join(notes)


def kaplan_yorke(exponents: Array, errors: Array | None = None) -> float:
    """The Lyapunov dimension: D = j + (λ₁ + … + λⱼ) / |λⱼ₊₁|, with the largest j for which the sum is not negative.

    Exponents that are zero within their errors are taken as zero.

    Source: J. L. Kaplan, J. A. Yorke, Chaotic behavior of multidimensional difference equations, Lecture Notes in
    Mathematics 730 (1979) 204–227, doi:10.1007/BFb0064319.

    >>> round(kaplan_yorke([0.9056, 0.0, -14.5723]), 3)
    2.062
    """
    values = np.asarray(exponents, dtype=float).copy()
    if errors is not None:
        values[np.abs(values) <= _SURE * np.asarray(errors)] = 0.0
    sums = np.cumsum(values)
    reached = np.flatnonzero(sums >= 0)
    if not len(reached):
        return 0.0
    j = int(reached[-1])
    if j + 1 == len(values):
        return float(len(values))
    return j + 1 + float(sums[j] / abs(values[j + 1]))


def _settled(exponents: Array, errors: Array, elapsed: float) -> str:
    """A word on averages that still change as much as they are large, though they are no zeros; else nothing."""
    sizes = np.abs(exponents)
    if np.any((sizes * elapsed > 100) & (sizes <= _SURE * errors)):
        return (
            "not settled: the averages still change with time; average over a longer t, if they settle at all"
        )
    return ""


def verdict(
    exponents: Array, errors: Array, whole: bool, autonomous: bool, linear: bool, moving: bool = True
) -> str:
    """What the signs of the exponents say, in words.

    A path of an autonomous law that stays and does not end at rest has an exponent that is zero, the one along
    itself (H. Haken, Phys. Lett. A 94 (1983) 71–72, doi:10.1016/0375-9601(83)90209-8), and in the plane there is no
    chaos: where that fails, the averages can't have settled.

    >>> verdict([0.9056, 0.0, -14.57], [0.003, 0.001, 0.003], True, True, False).split(":")[0]
    'chaotic'
    """
    exponents, errors = np.asarray(exponents), np.asarray(errors)
    signs = np.where(np.abs(exponents) <= _SURE * errors, 0, np.sign(exponents)).astype(int)
    positive, zeros = int(np.sum(signs > 0)), int(np.sum(signs == 0))
    if linear:
        if positive:
            return (
                "unstable: starts part exponentially, and as the law is linear they never come back; no chaos"
            )
        return "starts neither part nor meet exponentially" if signs[0] == 0 else "stable: all starts meet"
    if positive and autonomous and whole and (zeros == 0 or len(signs) < 3):
        return (
            "not settled: a path that stays has one exponent that is zero, and none is; average over a longer t, "
            "or the path runs away"
        )
    if positive:
        name = "chaotic" if positive == 1 else f"chaotic in {positive} directions (hyperchaotic)"
        return f"{name}: near starts part like e^({exponents[0]:.4g} t), and nothing can be foreseen for long"
    if signs[0] < 0:
        where = "the path ends at a point of rest" if autonomous else "every near path ends on the same one"
        return f"regular: near starts meet; {where}"
    if whole and zeros == len(signs):
        return "regular: near starts part more slowly than any exponential, and volumes stay"
    if not autonomous or not whole:
        return "regular: near starts neither part nor meet exponentially"
    if not moving:
        return "regular: the path ends at rest, beside other points of rest"
    kind = "as on a closed orbit" if zeros == 1 else f"as on a torus of dimension {zeros}"
    return f"regular: no near starts part exponentially; in {_count(zeros)} they keep their distance, {kind}"


def _count(directions: int) -> str:
    return "one direction" if directions == 1 else f"{directions} directions"
