"""How it is solved by machine, in the open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dydt.verbs.unconstrained import unconstrained

if TYPE_CHECKING:
    from dydt.steps.region import StabilityRegion
    from dydt.steps.table import Steps


class StepVerbs:
    """The verbs of the room `steps`."""

    def steps(
        self,
        method: str | Sequence[str] = "rk4",
        h: float | Sequence[float] = 0.1,
        t: tuple[float, float] | float | None = None,
        *,
        exact: bool = True,
        values: Mapping[str, float] | None = None,
        **named: float,
    ) -> Steps:
        """Solve in the open: every step with its slopes k₁, k₂, …, and the formulas with the numbers put in.

        kᵢ = f(t + cᵢ h, y + h Σⱼ aᵢⱼ kⱼ), and y₁ = y + h Σᵢ bᵢ kᵢ, in plain arithmetic by the tableau.

        Parameters
        ----------
        method : str or sequence of str
            Explicit methods: ``"euler"``, ``"midpoint"``, ``"heun"``, ``"ralston"``, ``"rk4"``, ``"tsit5"`` …
        h : float or sequence of float
            The step, or several.
        t : (t0, t1) or t1, optional
            The span; by default the law's own.
        exact : bool
            Look for a closed form to compare with; otherwise, and where there is none, it is a far tighter solve.
        values, **named
            Initial values and parameters.

        Returns
        -------
        Steps
            Printed, it shows the tables, the formulas of a first step, the errors at the end and the measured order.

        Raises
        ------
        InputError
            For a method that is not explicit, a step that is no positive number, or a law with events.

        Notes
        -----
        Hairer, Nørsett, Wanner, Solving Ordinary Differential Equations I, 2nd ed. (1993), II.1.

        Examples
        --------
        >>> import dydt
        >>> made = dydt.ODE("y' = 3*y").steps("euler", h=0.5, t=(0, 1), y=1, exact=False)
        >>> made.runs[0].y[:, 0].tolist()
        [1.0, 2.5, 6.25]
        """
        from dydt.steps.table import steps

        return steps(unconstrained(self, "steps by hand"), method, h, t, exact, {**named, **(values or {})})

    def stability_region(
        self,
        method: str = "rk4",
        h: float | None = None,
        t: float | None = None,
        *,
        values: Mapping[str, float] | None = None,
        **named: float,
    ) -> StabilityRegion:
        """Where in the complex plane a method's steps are stable, and where the eigenvalues of this law lie in it.

        A step of an explicit method on y' = λy multiplies y by a polynomial R(z), z = hλ; it is stable where
        |R(z)| ≤ 1.

        Parameters
        ----------
        method : str
            An explicit one.
        h : float, optional
            The step.
        t : float, optional
            When the Jacobian is looked at, at the initial state; by default where the law starts.
        values, **named
            The state and the parameters.

        Returns
        -------
        StabilityRegion

        Examples
        --------
        >>> import dydt
        >>> found = dydt.ODE("y' = -50*y").stability_region("euler", h=0.1, y=1)
        >>> found.is_stable, round(found.largest_h, 6)
        (False, 0.04)
        """
        from dydt.steps.region import stability_region

        return stability_region(
            unconstrained(self, "the stability region"), method, h, t, {**named, **(values or {})}
        )
