"""The verbs of an ODE that look at a law in other ways than solving it: each calls its room, which loads then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from dydt.dynamic_verbs import DynamicVerbs, unconstrained

if TYPE_CHECKING:
    from dydt.analytic.classify import Classification
    from dydt.analytic.explanation import Explanation
    from dydt.dynamics.butterfly import Butterfly
    from dydt.dynamics.lyapunov import Lyapunov
    from dydt.learning.fitted import Fit
    from dydt.ode import ODE
    from dydt.stability_region import StabilityRegion
    from dydt.steps import Steps


class Verbs(DynamicVerbs):
    """What can be asked of a law besides its solution."""

    def classify(self) -> Classification:
        """The kind of law: order, linear or not, homogeneous, autonomous, explicit, coefficients, textbook types.

        Returns
        -------
        Classification
            Each answer with its reason, which points at the term that decides.

        Notes
        -----
        Boyce, DiPrima, *Elementary Differential Equations*, section 1.3.

        Examples
        --------
        >>> import dydt
        >>> kind = dydt.ODE("t*y'' + y^2 = sin(t)").classify()
        >>> kind.order.value, kind.linear.value, kind.explicit.value, kind.coefficients.value
        (2, False, False, 'variable')
        >>> print(kind.linear.reason)
        y^2 multiplies y by itself
        """
        from dydt.analytic.classify import classify

        return classify(cast("ODE", self))

    def explain(
        self,
        t: float | str | None = None,
        *,
        values: Mapping[str, Any] | None = None,
        time_limit: float = 10.0,
        **named: Any,
    ) -> Explanation:
        """Solve the law by hand: every step written and checked, the solution verified.

        Parameters
        ----------
        t : float or str, optional
            Where the initial values hold; by default where the law starts, or 0.
        values : mapping, optional
            Initial values and parameters by name, for names that carry primes or clash with an option.
        time_limit : float
            Seconds after which "no closed form found" is the answer.
        **named : float or str
            Initial values (all, or none for the general solution) and parameters; text such as ``"pi/2"`` is exact.

        Returns
        -------
        Explanation
            Also if there is no closed form: `solved` and `message` say so. What is shown as a solution was put into
            the equation and left nothing over.

        Raises
        ------
        InputError
            For an unknown name, or if some initial values are given and others missing.

        Examples
        --------
        >>> import dydt
        >>> found = dydt.ODE("y' = 2*y*t + t").explain(y=0)
        >>> print(found.text, "|", found.interval, "|", found.method)
        y = (exp(t^2) - 1)/2 | all t | separable
        """
        from dydt.analytic.explain import explain

        return explain(cast("ODE", self), t, {**named, **(values or {})}, time_limit)

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
        from dydt.steps import steps

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
        from dydt.stability_region import stability_region

        return stability_region(
            unconstrained(self, "the stability region"), method, h, t, {**named, **(values or {})}
        )

    def fit(
        self,
        data: Any,
        free: str | Sequence[str] | None = None,
        bounds: Mapping[str, Any] | None = None,
        *,
        initial: bool | str | Sequence[str] = True,
        noise: Any = None,
        loss: str = "linear",
        starts: int = 1,
        log: bool | str | Sequence[str] | None = None,
        shooting: str | bool | int = "auto",
        t0: float | None = None,
        seed: int = 0,
        rtol: float = 1e-6,
        method: str = "auto",
        progress: bool = True,
        values: Mapping[str, Any] | None = None,
        **guesses: Any,
    ) -> Fit:
        """Fit parameters and initial values to measurements: Σ ρ(((y(tᵢ; p, y₀) − yᵢ)/σ)²) is made least.

        The derivatives are exact: the variational equations are solved along with the law.

        Parameters
        ----------
        data : Data, table, path, dict …
            What `dydt.read_data` takes; columns are states of the law, not necessarily all of them.
        free : str or sequence of str, optional
            The parameters to fit; all of them, if none are named.
        bounds : mapping, optional
            Parameter or initial value (``"x(0)"``) -> (least, most); None leaves a side open.
        initial : bool, str or sequence of str
            Whether each run's initial values are fitted too, or which of them. Others are what `guesses` or the law
            say.
        noise : float, mapping or sequence, optional
            The standard deviation of a measurement, if it is known; else each column's is estimated from the residuals.
        loss : str
            ``"linear"`` is least squares; ``"huber"``, ``"soft_l1"`` and ``"cauchy"`` forgive outliers.
        starts : int
            How many starts are tried, spread over the bounds or a decade around the guesses.
        log : bool, str or sequence of str, optional
            Parameters whose logarithm is fitted; by default those bounded to positive values over a decade or more.
        shooting : str, bool or int
            Multiple shooting: runs are cut into pieces that must meet. ``"auto"`` does so where whole runs end in a
            poor fit; a number says how many pieces.
        t0 : float, optional
            When initial values hold; by default at the first sample of each run, or where the law's own do.
        seed : int
            Of the starts.
        rtol, method
            As in `solve`.
        progress : bool
            Show a bar on long fits, if somebody is watching.
        values, **guesses
            Where parameters and initial values begin, or what they are if they are not fitted. Parameters without a
            value begin where the law's slopes are nearest to those of smoothed data.

        Returns
        -------
        Fit
            Values, standard errors, intervals, what the data do not determine, `law`, `predict`, `plot`. A law with
            networks is trained instead: a `Learned`, with `law` and `training`.

        Raises
        ------
        InputError
            If the data don't fit the law, or it can't be followed from the guess.

        Notes
        -----
        Madsen, Nielsen, Tingleff, *Methods for non-linear least squares problems*, DTU 2004; Bock,
        doi:10.1007/978-3-642-68220-9_8; Seber, Wild, *Nonlinear Regression*, Wiley 1989, chapters 2 and 5.

        Examples
        --------
        >>> import dydt, numpy as np
        >>> t = np.linspace(0, 5, 30)
        >>> noise = 0.01*np.random.default_rng(0).normal(size=30)
        >>> fit = dydt.ODE("x' = -k*x").fit({"t": t, "x": 3*np.exp(-0.5*t) + noise})
        >>> {name: round(value, 2) for name, value in fit.values.items()}
        {'k': 0.5}
        """
        from dydt.learning.fit import fit

        named = {**guesses, **(values or {})}
        law = cast("ODE", self)
        return cast(
            "Fit",
            fit(
                law, data, free, bounds, initial, noise, loss, starts, log, shooting, t0, seed, rtol, method, progress,
                named,
            ),
        )  # fmt: skip
