"""A law without constraints, for the verbs that can't do with them yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from dydt.ode import ODE


def unconstrained(law: Any, what: str) -> ODE:
    """The law, if it is y' = f(t, y) and no M y' = f."""
    from dydt.expr.mass import refuse_constraints

    refuse_constraints(law.equations, what)
    return cast("ODE", law)
