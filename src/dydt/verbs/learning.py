"""What data have to do with a law."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dydt.expr.network import networks

if TYPE_CHECKING:
    from dydt.learning.fitted import Fit
    from dydt.ode import ODE


class LearningVerbs:
    """The verbs of the room `learning`."""

    @property
    def weights(self) -> dict[str, Any]:
        """The weights of the law's networks, an array each; NaN where there is none yet."""
        law = cast("ODE", self)
        found = networks(law.equations.derivatives)
        return {n.name: np.array([law.parameters[w] for w in n.weights], dtype=float) for n in found}

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
        training: Mapping[str, Any] | None = None,
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
        training : mapping, optional
            How networks in the law are trained: ``held``, ``beyond``, ``decay``, ``iterations``, ``precision``,
            ``optimiser`` and ``checkpoint``, as in `dydt.learn`.
        values, **guesses
            Where parameters and initial values begin, or what they are if they are not fitted. Parameters without a
            value begin where the law's slopes are nearest to those of smoothed data.

        Returns
        -------
        Fit
            Values, standard errors, intervals, what the data do not determine, `law`, `predict`, `plot`. A law with
            networks is trained instead: a `Learned`, with `law`, `training`, and `predict` without bands. It takes
            ``free``, ``bounds``, ``log``, ``noise``, ``loss="huber"``, ``starts`` and ``seed`` (of the weights), an
            explicit ``method``, and begins at each run's first sample; other options are refused.

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
                training, named,
            ),
        )  # fmt: skip
