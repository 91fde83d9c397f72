"""How sensitivities jump at an event: its moment depends on the parameters, too.

At an event g(t, y, q) = 0 with the state y⁺ = j(t, y, q) after it, S = ∂y/∂q becomes

    S⁺ = ∂j/∂y S + ∂j/∂q + (∂j/∂t + ∂j/∂y f⁻ − f⁺) τ,        τ = dt*/dq = −(∇g·S + ∂g/∂q) / (∂g/∂t + ∇g·f⁻)

with f⁻ and f⁺ the slopes before and after (Hiskens and Pai, Trajectory sensitivity analysis of hybrid systems, IEEE
Trans. Circuits Syst. I 47 (2000) 204, doi:10.1109/81.828574).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from dydt.errors import InputError
from dydt.expr.derive import gradient
from dydt.expr.equations import Equations, Event
from dydt.expr.graph import Node, substitute, symbol
from dydt.expr.tidy import ZERO, minus, plus, times


def with_jumps(
    event: Event, equations: Equations, quantities: Sequence[str], name: Callable[[str, str], str]
) -> Event:
    """The event with what becomes of the sensitivities, which ``name(state, quantity)`` names.

    Raises
    ------
    InputError
        For an event that changes the states of a law with constraints.
    """
    if not event.actions:
        return event  # the solution goes on as it came
    if equations.mass is not None:
        raise InputError("no sensitivities of a law with constraints whose events change its states")
    states = equations.states
    after = {state: event.actions.get(state, symbol(state)) for state in states}
    slopes_after = substitute(list(equations.derivatives), after)
    actions = dict(event.actions)
    for quantity in quantities:
        sensitivities = [symbol(name(state, quantity)) for state in states]
        names = [equations.independent, *states, quantity]
        in_time, *of_states, of_quantity = gradient(event.when, names)
        speed = plus(in_time, _dot(of_states, equations.derivatives))
        moved = plus(_dot(of_states, sensitivities), of_quantity)
        moment = -(moved / speed) if moved is not ZERO else ZERO
        for state, slope_after in zip(states, slopes_after, strict=True):
            in_time, *of_states, of_quantity = gradient(after[state], names)
            at_once = plus(_dot(of_states, sensitivities), of_quantity)
            kink = minus(plus(in_time, _dot(of_states, equations.derivatives)), slope_after)
            actions[name(state, quantity)] = plus(at_once, times(kink, moment))
    return replace(event, actions=actions)


def _dot(weights: Sequence[Node], items: Sequence[Node]) -> Node:
    total = ZERO
    for weight, item in zip(weights, items, strict=True):
        total = plus(total, times(weight, item))
    return total
