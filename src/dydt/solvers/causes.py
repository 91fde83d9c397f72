"""Why a solve could not go on, from where it began and where it stopped: for one member or for many at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dydt.expr.equations import Equations
from dydt.expr.graph import Node, apply, is_number, walk
from dydt.expr.mass import Constraints
from dydt.kernels.numpy import evaluate
from dydt.solvers.crossings import rate

Array = Any

SINGULAR, BLOW_UP, NOT_DEFINED, STUCK = "singular point", "blow-up", "not finite", "step too small"
_SOON = 1e-6  # of the way so far
_SUDDEN = 1e6  # times as fast as before: beyond all measure
_EDGE = 1e-7  # what a root's argument is from where it ends
_OF_THE_CLOCK = 2.0**-40


@dataclass(frozen=True)
class Stops:
    """Where solves began and stopped: a row each.

    Attributes
    ----------
    t0, t : ndarray, shape (m,)
    y0, y : ndarray, shape (m, n)
    parameters : ndarray, shape (m, p)
    """

    t0: Array
    y0: Array
    t: Array
    y: Array
    parameters: Array

    @property
    def way(self) -> Array:
        """How far they came, with the sign of their direction."""
        return self.t - self.t0

    def part(self, rows: Any) -> Stops:
        return Stops(self.t0[rows], self.y0[rows], self.t[rows], self.y[rows], self.parameters[rows])


class Causes:
    """What stops the solutions of a law."""

    def __init__(self, equations: Equations) -> None:
        self.equations = equations
        constraints = Constraints.of(equations)
        # Where one of these is zero, the constraints no longer determine the algebraic states.
        self.turning = constraints.determinants() if constraints is not None else []
        self.denominators = [*denominators(equations), *self.turning]

    def inputs(self, t: Array, y: Array, parameters: Array) -> dict[str, Any]:
        law = self.equations
        values = dict(zip(law.parameters, parameters.T, strict=True))
        return {law.independent: t, **values, **dict(zip(law.states, y.T, strict=True))}

    def words(self, stops: Stops, fixed: bool, part: int = 10_000) -> Array:
        """The status of each, if its next step can't be made; `fixed` says that steps have one size."""
        found = np.empty(len(stops.t), dtype=object)
        for first in range(0, len(found), part):
            rows = slice(first, first + part)
            some = stops.part(rows)
            slopes = self.slopes(some.t, some.y, some.parameters)
            ends_domain = self.domain(some) >= 0
            not_defined = ~np.all(np.isfinite(slopes), axis=1) | fixed | ends_domain
            word = np.where(not_defined, NOT_DEFINED, STUCK).astype(object)
            word[self.escaping(some) >= 0] = BLOW_UP
            word[self.vanishing(some) >= 0] = SINGULAR
            found[rows] = word
        return found

    def slopes(self, t: Array, y: Array, parameters: Array) -> Array:
        """f(t, y): a row each."""
        values = evaluate(self.equations.derivatives, self.inputs(t, y, parameters))
        return np.column_stack([np.broadcast_to(v, len(t)) for v in values])

    @cached_property
    def _rates(self) -> list[Node]:
        return [rate(node, self.equations) for node in self.denominators]

    def vanishing(self, stops: Stops) -> Array:
        """Which denominator is zero, or at its present rate will be at once; -1: none."""
        found = np.full(len(stops.t), -1)
        if not self.denominators:
            return found
        inputs = self.inputs(stops.t, stops.y, stops.parameters)
        values = evaluate([*self.denominators, *self._rates], inputs)
        soon = np.maximum(_SOON * np.abs(stops.way), _OF_THE_CLOCK * np.abs(stops.t))
        ahead = np.sign(stops.way)
        with np.errstate(all="ignore"):
            for i in reversed(range(len(self.denominators))):
                value, change = values[i], values[i + len(self.denominators)] * ahead
                falls = (value * np.sign(change) < 0) & (np.abs(value) <= np.abs(change) * soon)
                found[np.broadcast_to((value == 0) | falls, len(found))] = i
        return found

    def escaping(self, stops: Stops) -> Array:
        """Which state runs away to infinity in finite time; -1: none.

        It does if it moves away from zero, beyond all measure faster than at the start and on the way, and would
        double at once.
        """
        slopes = self.slopes(stops.t, stops.y, stops.parameters)
        with np.errstate(all="ignore"):
            first = np.max(np.abs(self.slopes(stops.t0, stops.y0, stops.parameters)), axis=1)
            pace = np.max(np.abs(stops.y - stops.y0), axis=1) / np.abs(stops.way)
            outward = slopes * np.sign(stops.y) * np.sign(stops.way)[:, None]
            fastest = np.nanargmax(np.where(np.isnan(outward), -np.inf, outward), axis=1)
            rows = np.arange(len(fastest))
            speed, size = outward[rows, fastest], np.abs(stops.y[rows, fastest])
            runs = (speed > _SUDDEN * np.fmax(first, pace)) & (size <= speed * _SOON * np.abs(stops.way))
        return np.where(runs, fastest, -1)

    @cached_property
    def _bounded(self) -> list[Node]:
        """Roots, logarithms and inverses, which are not defined everywhere."""
        names = ("sqrt", "log", "log10", "asin", "acos", "pow")
        nodes = [n for n in walk(self.equations.derivatives) if n.operation in names]
        return [n for n in nodes if n.operation != "pow" or not _is_whole(n.arguments[1])]

    def domain(self, stops: Stops) -> Array:
        """Which of those is just about to leave its domain; -1: none."""
        found = np.full(len(stops.t), -1)
        values = evaluate(
            [n.arguments[0] for n in self._bounded], self.inputs(stops.t, stops.y, stops.parameters)
        )
        for i, (node, value) in reversed([*enumerate(zip(self._bounded, values, strict=True))]):
            edge = 1.0 - np.abs(value) if node.operation in ("asin", "acos") else value
            found[np.broadcast_to(np.abs(edge) < _EDGE, len(found))] = i
        return found

    def bounded(self, index: int) -> Node:
        return self._bounded[index]


def _is_whole(node: Node) -> bool:
    return is_number(node) and node.value % 1 == 0


def denominators(equations: Equations) -> list[Node]:
    """Everything the law divides by: also the cosine in a tangent and the base of a negative power."""
    found = dict.fromkeys(equations.singular)
    for node in walk(equations.derivatives):
        match node.operation:
            case "div":
                found[node.arguments[1]] = None
            case "pow" if is_number(node.arguments[1]) and node.arguments[1].value < 0:
                found[node.arguments[0]] = None
            case "tan":
                found[apply("cos", node.arguments[0])] = None
    return [node for node in found if node.operation != "number"]
