"""A law's linearisation for stiff steps: f, its Jacobian and ∂f/∂t, on one tape that shares their terms."""

from __future__ import annotations

from functools import cached_property

from dydt.expr.derive import jacobian, time_derivative
from dydt.expr.equations import Equations
from dydt.expr.tidy import ZERO
from dydt.kernels.tape import Tape
from dydt.solvers.linear import Elimination, Inverse, Place, elimination


class Jacobian:
    """What a stiff step needs besides f.

    Attributes
    ----------
    places : tuple of (i, j)
        Where ∂fᵢ/∂yⱼ is not identically zero.
    entries : list of Node
        What it is there.
    pulled : bool
        Whether the law depends on time.
    elimination : Inverse or Elimination
        How linear systems with M/(hγ) - J are solved.
    """

    def __init__(self, equations: Equations) -> None:
        self._equations = equations
        entries = jacobian(equations)
        pull = time_derivative(equations)
        self.size = len(equations.states)
        self.places: tuple[Place, ...] = tuple(entries)
        self.pulled = any(node is not ZERO for node in pull)
        self.entries = list(entries.values())
        self._slopes = [*self.entries, *(pull if self.pulled else ())]
        self._varying = (equations.independent, *equations.states)
        self.elimination: Inverse | Elimination = elimination(self.places, self.size, equations.mass)

    @cached_property
    def tape(self) -> Tape:
        """f, the entries of the Jacobian, and ∂f/∂t if it is pulled."""
        return Tape([*self._equations.derivatives, *self._slopes], self._varying)

    @cached_property
    def apart(self) -> Tape:
        """The same without f."""
        return Tape(self._slopes, self._varying)
