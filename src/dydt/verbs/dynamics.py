"""Where orbits go, and what becomes of near ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dydt.verbs.unconstrained import unconstrained

if TYPE_CHECKING:
    from dydt.dynamics.butterfly import Butterfly
    from dydt.dynamics.conserved import Conserved
    from dydt.dynamics.equilibria import Equilibria
    from dydt.dynamics.lyapunov import Lyapunov
    from dydt.dynamics.nullclines import Nullclines
    from dydt.dynamics.portrait import Portrait
    from dydt.dynamics.slopes import Field
    from dydt.dynamics.space import Space


class DynamicVerbs:
    """The verbs of the room `dynamics`."""

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

    def lyapunov(
        self,
        t: float | None = None,
        *,
        transient: float | None = None,
        tolerance: float = 0.007,
        count: int | None = None,
        seed: int = 0,
        rtol: float = 1e-9,
        method: str = "auto",
        values: Mapping[str, float] | None = None,
        **named: float,
    ) -> Lyapunov:
        """How fast near starts part, in every direction: the Lyapunov exponents.

        Axes w are carried along the path by w' = J(y) w, and made orthogonal again (QR) before they fall together;
        the exponents are the means of the logarithms of how each grew,
        λᵢ = lim (1/t) Σ ln |Rᵢᵢ|.

        Parameters
        ----------
        t : float, optional
            How long is averaged; by default until the errors are small enough, or for as many legs as a few
            seconds hold.
        transient : float, optional
            What is dropped before, so that the path finds its attractor; by default the law's own span, or as much
            of it as three thousand steps make. The axes take a hundred legs more.
        tolerance : float
            Without `t`: the wanted error of each exponent, relative to it or to the smallest that is not zero.
        count : int, optional
            Only so many of the largest exponents.
        seed : int
            Of the directions that the axes start with.
        rtol, method
            As in `solve`.
        values, **named
            Initial values and parameters.

        Returns
        -------
        Lyapunov
            The exponents with an error estimate, the Kaplan–Yorke dimension, the mean divergence of the flow (which
            the exponents must add up to) and how it all settled.

        Raises
        ------
        SolveError
            If the path blows up or can't go on.
        InputError
            For a law with events, whose jumps this does not follow.

        Notes
        -----
        Benettin, Galgani, Giorgilli, Strelcyn, Meccanica 15 (1980) 9–30, doi:10.1007/BF02128236; Shimada, Nagashima,
        Prog. Theor. Phys. 61 (1979) 1605–1616, doi:10.1143/PTP.61.1605; Geist, Parlitz, Lauterborn,
        Prog. Theor. Phys. 83 (1990) 875–893, doi:10.1143/PTP.83.875.

        Examples
        --------
        >>> import dydt
        >>> found = dydt.gallery.lorenz().lyapunov(t=300)
        >>> [round(value, 1) + 0.0 for value in found.exponents], found.is_chaotic
        ([0.9, 0.0, -14.6], True)
        """
        from dydt.dynamics.lyapunov import lyapunov

        named = {**named, **(values or {})}
        return lyapunov(
            unconstrained(self, "the Lyapunov exponents"),
            t,
            transient,
            tolerance,
            count,
            seed,
            rtol,
            method,
            named,
        )

    def butterfly(
        self,
        t: tuple[float, float] | float | None = None,
        *,
        distance: float | None = None,
        along: str | None = None,
        fraction: float = 0.1,
        transient: float = 0.0,
        rtol: float = 1e-10,
        method: str = "auto",
        values: Mapping[str, float] | None = None,
        **named: float,
    ) -> Butterfly:
        """Two near starts: how their distance grows, how fast, and until when anything can be foreseen.

        Both are solved as one law, with the same steps, so that what separates them is their start and not the
        solver. The rate is the slope of ln |y₂ − y₁| up to the horizon, from where the distance is
        least.

        Parameters
        ----------
        t : (t0, t1) or t1, optional
            The span; by default the law's own, or a longer one while the distance still grows exponentially.
        distance : float, optional
            At the start; 1e-8 unless said otherwise (more, where that would be lost in the rounding).
        along : str, optional
            The state in which the starts differ; the first one unless said otherwise.
        fraction : float
            Of the size of what the path fills: a distance as large ends all prediction.
        transient : float
            Follow the path for so long before it is doubled.
        rtol, method
            As in `solve`.
        values, **named
            Initial values and parameters.

        Returns
        -------
        Butterfly
            Its `verdict` says in words what happened, also for laws that are not chaotic.

        Raises
        ------
        SolveError
            If a path does not reach the end.

        Notes
        -----
        E. N. Lorenz, J. Atmos. Sci. 20 (1963) 130–141, doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2; and his
        horizon of prediction, Tellus 21 (1969) 289–307, doi:10.3402/tellusa.v21i3.10086.

        Examples
        --------
        >>> import dydt
        >>> found = dydt.gallery.lorenz().butterfly()
        >>> found.is_sensitive, 0.8 < found.rate < 1.1, 20 < found.horizon < 40
        (True, True, True)
        """
        from dydt.dynamics.butterfly import butterfly

        named = {**named, **(values or {})}
        ode = unconstrained(self, "the butterfly effect")
        return butterfly(ode, t, distance, along, fraction, transient, rtol, method, named)
