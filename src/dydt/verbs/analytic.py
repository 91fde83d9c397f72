"""What kind of law it is, and how it is solved by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from dydt.analytic.classify import Classification
    from dydt.analytic.explanation import Explanation
    from dydt.ode import ODE


class AnalyticVerbs:
    """The verbs of the room `analytic`."""

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
        method: str | None = None,
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
        method : str, optional
            Only this method, ``"linear"`` or ``"variation of parameters"``; by default the first that fits.
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
            For an unknown name or method, or if some initial values are given and others missing.

        Examples
        --------
        >>> import dydt
        >>> found = dydt.ODE("y' = 2*y*t + t").explain(y=0)
        >>> print(found.text, "|", found.interval, "|", found.method)
        y = (exp(t^2) - 1)/2 | all t | separable
        >>> dydt.ODE("y' = 2*y*t + t").explain(y=0, method="linear").title
        'the integrating factor'
        """
        from dydt.analytic.explain import explain

        return explain(cast("ODE", self), t, {**named, **(values or {})}, time_limit, method)
