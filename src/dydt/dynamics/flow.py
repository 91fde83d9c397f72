"""A law's right-hand side and its exact derivatives at many states at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.errors import InputError
from dydt.expr.derive import derivative, gradient, jacobian, time_derivative
from dydt.expr.equations import Equations
from dydt.expr.graph import Node, number, substitute
from dydt.expr.mass import refuse_constraints
from dydt.expr.tidy import ZERO
from dydt.kernels.numpy import evaluate

if TYPE_CHECKING:
    from dydt.ode import ODE

Array = Any


class Flow:
    """The vector field of an autonomous law, with the values of its parameters.

    Parameters
    ----------
    ode : ODE
    named : mapping, optional
        Values of parameters in place of the law's own.

    Raises
    ------
    InputError
        If the law depends on time, or a parameter is unknown or has no value.

    Examples
    --------
    >>> import dydt
    >>> flow = Flow(dydt.ODE("x' = y; y' = -x - x*y"))
    >>> flow([1.0, 2.0]), flow.jacobian([1.0, 2.0]).tolist()
    (array([ 2., -3.]), [[0.0, 1.0], [-3.0, -1.0]])
    """

    def __init__(self, ode: ODE, named: Mapping[str, float] | None = None) -> None:
        refuse_constraints(ode.equations, "the flow")
        self.ode = ode
        self.names = ode.states
        self.remembered: dict[
            str, Any
        ] = {}  # what was found out about the law and is not worth finding twice
        self.parameters = parameter_values(ode, named or {})
        known = {name: number(value) for name, value in self.parameters.items()}
        nodes = tuple(substitute(ode.equations.derivatives, known))
        name = ode.independent
        # A law whose forcing has the strength 0 does not depend on time.
        change = time_derivative(Equations(self.names, nodes, independent=name))
        timed = [s for s, node in zip(self.names, change, strict=True) if node is not ZERO]
        self.nodes: tuple[Node, ...] = tuple(substitute(nodes, {name: ZERO}))
        if timed:
            raise InputError(
                f"the law changes with {name} itself (in {', '.join(s + chr(39) for s in timed)}), "
                "so nothing stays at rest in it: equilibria and phase portraits need a law without "
                f"{name}; make it a state, as in tau' = 1, or draw its solutions over {name}"
            )

    @classmethod
    def without_time(cls, ode: ODE, named: Mapping[str, float]) -> Flow:
        """The names and values of a law, whether it depends on time or not; its field is not asked for."""
        flow = cls.__new__(cls)
        flow.ode, flow.names, flow.nodes, flow.remembered = ode, ode.states, (), {}
        flow.parameters = parameter_values(ode, named)
        return flow

    @property
    def size(self) -> int:
        return len(self.names)

    def at(self, nodes: Sequence[Node], points: Any) -> Array:
        """Values of expressions of the states: shape (*points.shape[:-1], len(nodes))."""
        points = np.asarray(points, dtype=float)
        columns = {**self.parameters, **{name: points[..., i] for i, name in enumerate(self.names)}}
        shape = points.shape[:-1]
        values = [np.broadcast_to(value, shape) for value in evaluate(nodes, columns)]
        return np.stack(values, axis=-1).astype(float) if values else np.zeros((*shape, 0))

    def __call__(self, points: Any) -> Array:
        """How the states change: shape (…, n)."""
        return self.at(self.nodes, points)

    @cached_property
    def slopes(self) -> dict[tuple[int, int], Node]:
        """∂f_i/∂y_j, where it is not zero everywhere."""
        return jacobian(Equations(self.names, self.nodes))

    def jacobian(self, points: Any) -> Array:
        """The Jacobian: shape (…, n, n)."""
        points = np.asarray(points, dtype=float)
        result = np.zeros((*points.shape[:-1], self.size, self.size))
        entries = self.at(list(self.slopes.values()), points)
        for k, (i, j) in enumerate(self.slopes):
            result[..., i, j] = entries[..., k]
        return result

    def curvatures(self, point: Any) -> tuple[Array, Array]:
        """All second and third derivatives at one point: shapes (n, n, n) and (n, n, n, n)."""
        n = self.size
        second, third = np.zeros((n, n, n)), np.zeros((n, n, n, n))
        for (i, j), node in self.slopes.items():
            row = gradient(node, self.names)
            second[i, j] = self.at(row, point)
            for k, bend in enumerate(row):
                third[i, j, k] = self.at([derivative(bend, name) for name in self.names], point)
        return second, third

    def scale(self, points: Any) -> Array:
        """How large each component usually is at these points; never zero."""
        with np.errstate(invalid="ignore"):
            size = np.abs(self(points))
        size = np.where(np.isfinite(size), size, np.nan)
        known = np.any(np.isfinite(size), axis=0)
        usual = np.ones(self.size)
        usual[known] = np.nanmedian(size[:, known], axis=0)
        return np.where(usual > 0, usual, 1.0)


def parameter_values(ode: ODE, named: Mapping[str, float]) -> dict[str, float]:
    """All parameters of a law by name, with those in `named` replaced."""
    for name in named:
        if name in ode.states:
            raise InputError(
                f"`{name}` is a state, and takes no value here; give its range, "
                f'as in box={{"{name}": (0, 1)}}'
            )
        ode._parameter(name)
    values = ode.parameter_values(named)
    return dict(zip(ode.parameters, (float(v) for v in values), strict=True))
