"""The verbs of an ODE that look at where a law leads: its points of rest, its portrait, what it keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from dydt.dynamics.conserved import Conserved
    from dydt.dynamics.equilibria import Equilibria
    from dydt.dynamics.nullclines import Nullclines
    from dydt.dynamics.portrait import Portrait
    from dydt.dynamics.slopes import Field
    from dydt.dynamics.space import Space
    from dydt.ode import ODE


def unconstrained(law: Any, what: str) -> ODE:
    """The law, if it is y' = f(t, y) and no M y' = f."""
    from dydt.expr.mass import refuse_constraints

    refuse_constraints(law.equations, what)
    return cast("ODE", law)


class DynamicVerbs:
    """What can be asked of a law about all of its solutions at once."""

    def equilibria(
        self,
        box: Mapping[str, Any] | None = None,
        *,
        values: Mapping[str, float] | None = None,
        **named: float,
    ) -> Equilibria:
        """The points where nothing changes, f(y) = 0, and what kind each is.

        Of a law that is rational in its states they are exact and all there are. Else they are looked for by damped
        Newton steps, with the exact Jacobian, from many starts in the box.

        Parameters
        ----------
        box : mapping, optional
            State -> (from, to): where to look. By default everywhere for exact ones, else well around the law's
            own solution, or −10 … 10.
        values, **named
            Parameters in place of the law's own.

        Returns
        -------
        Equilibria
            A sequence of `Equilibrium`, each with its values, Jacobian, eigenvalues, kind (node, star, spiral,
            saddle, centre …) and stability (attractor, repulsor, saddle, neither, undecided); and the sets of
            equilibria that are not isolated.

        Raises
        ------
        InputError
            For a law that depends on time, or an empty box.

        Notes
        -----
        Where the linear part does not decide, what lies beyond it does: the centre manifold, the first Lyapunov
        coefficient (Kuznetsov, Elements of Applied Bifurcation Theory, 3rd ed., equation 5.34), a conserved
        quantity, a symmetry, a computed return map; or it is said to be undecided.

        Examples
        --------
        >>> import dydt
        >>> for point in dydt.gallery.lotka_volterra().equilibria():
        ...     print(point)
        x = 0, y = 0: saddle
        x = 1.33333, y = 1.5: centre (by conserved quantity)
        """
        from dydt.dynamics.equilibria import equilibria

        return equilibria(unconstrained(self, "the equilibria"), box, {**named, **(values or {})})

    def nullclines(
        self,
        box: Mapping[str, Any] | None = None,
        *,
        values: Mapping[str, float] | None = None,
        **named: float,
    ) -> Nullclines:
        """The curves in the plane of two states on which one of them does not change.

        Parameters
        ----------
        box : mapping, optional
            State -> (from, to); by default what `portrait` shows.
        values, **named
            Parameters in place of the law's own.

        Examples
        --------
        >>> import dydt
        >>> lines = dydt.ODE("x' = y - x^2; y' = x - y").nullclines({"x": (-1, 2), "y": (-1, 3)})
        >>> len(lines["x"].curves), bool(abs(lines["x"].points[:, 1] - lines["x"].points[:, 0] ** 2).max() < 1e-12)
        (1, True)
        """
        from dydt.dynamics.nullclines import nullclines

        return nullclines(unconstrained(self, "the nullclines"), box, {**named, **(values or {})})

    def conserved(self, *, values: Mapping[str, float] | None = None, **named: float) -> Conserved:
        """What stays the same while everything moves: energies, Hamiltonians and other first integrals.

        Found by integration where the form of the law allows it (x'' = F(x), ∂f/∂x + ∂g/∂y = 0, separable laws of
        the plane such as Lotka and Volterra's), and as sums of powers, logarithms, sines and cosines whose change
        ∇V·f vanishes. Each is verified at random states.

        Examples
        --------
        >>> import dydt
        >>> print(dydt.gallery.pendulum().conserved())
        energy: theta'^2/2 - g*cos(theta)/L
        >>> len(dydt.gallery.lorenz().conserved())
        0
        """
        from dydt.dynamics.conserved import conserved

        return conserved(unconstrained(self, "conserved quantities"), {**named, **(values or {})})

    def portrait(
        self,
        box: Mapping[str, Any] | None = None,
        *,
        orbits: Sequence[Any] | None = None,
        values: Mapping[str, float] | None = None,
        **named: float,
    ) -> Portrait | Field | Space:
        """The picture of all solutions at once, as data; ``.plot()`` draws it.

        Of two states: the direction field, nullclines, equilibria, the separatrices of saddles, limit cycles, and
        orbits chosen to tell the story. Of one state: its direction field over time. Of three: the path in space.

        Parameters
        ----------
        box : mapping, optional
            State -> (from, to); what is left out is chosen to show the law's own solution, its equilibria and
            limit cycles.
        orbits : sequence, optional
            Draw the orbits through these points, ``[(2, 1), {"x": 3, "y": 1}]``, in place of chosen ones.
        values, **named
            Parameters in place of the law's own.

        Raises
        ------
        InputError
            For a law that depends on time, has more than three states, or an empty box.

        Examples
        --------
        >>> import dydt
        >>> found = dydt.ODE("x' = y; y' = (1 - x^2)*y - x").portrait()
        >>> [(cycle.stability, round(cycle.period, 3)) for cycle in found.cycles]
        [('attractor', 6.663)]
        """
        from dydt.dynamics.portrait import show

        return show(unconstrained(self, "the portrait"), box, orbits, {**named, **(values or {})})

    def field(
        self,
        *,
        through: Sequence[Any] | None = None,
        values: Mapping[str, float] | None = None,
        **named: Any,
    ) -> Field:
        """The direction field of a first-order equation: slopes over time and value, with some solutions.

        Parameters
        ----------
        through : sequence, optional
            Draw the solutions through these points, ``[(0, 1), (0, 2)]``, in place of chosen ones.
        values : mapping, optional
            Parameters by name.
        **named
            Ranges of the independent variable and the state, ``t=(0, 5)``, and parameters, ``k=2``.

        Examples
        --------
        >>> import dydt
        >>> dydt.ODE("y' = t - y").field(t=(0, 5), y=(-2, 4), through=[(0, 1), (0, 0)])
        <Field of y over t: 2 solutions>
        """
        from dydt.dynamics.slopes import field

        ode = unconstrained(self, "the direction field")
        given = {**named, **(values or {})}
        ranges = {name: given.pop(name) for name in (ode.independent, *ode.states) if name in given}
        return field(ode, ranges, through, given)
