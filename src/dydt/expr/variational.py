"""The variational equations of a law: how its solution changes with a parameter or an initial value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dydt.errors import InputError, listed, nearest
from dydt.expr.derive import derivative, jacobian
from dydt.expr.equations import Equations
from dydt.expr.graph import Node, symbol
from dydt.expr.network import networks, written_out
from dydt.expr.saltation import with_jumps
from dydt.expr.tidy import ONE, ZERO, plus, times

_MOST_WEIGHTS = 2000  # of a network that is written out, neuron by neuron


def sensitivity_name(state: str, quantity: str) -> str:
    """What the derivative of a state with respect to a quantity is called.

    >>> sensitivity_name("x", "a"), sensitivity_name("x", "y(0)")
    ('dx/da', 'dx/dy(0)')
    """
    return f"d{state}/d{quantity}"


def variational(equations: Equations, quantities: Sequence[str]) -> Equations:
    """The law together with its variational equations.

    S_q = ∂y/∂q obeys S_q' = J S_q + ∂f/∂q, with J the Jacobian; it starts at ∂y₀/∂q, which is a unit vector for an
    initial value (Hairer, Nørsett, Wanner, Solving ODEs I, 2nd ed., I.14, eqs. 14.7 and 14.10). With a mass matrix,
    M S_q' stands on the left.

    Parameters
    ----------
    equations : Equations
    quantities : sequence of str
        Parameters (``"a"``) and initial values (``"x(0)"``).

    Raises
    ------
    InputError
        For a quantity the law does not have.

    >>> from dydt.expr.parse import parse
    >>> law = variational(parse("x' = -k*x"), ["k"])
    >>> law.states, [str(node) for node in law.derivatives]
    (('x', 'dx/dk'), ['-k*x', '-k*dx/dk - x'])
    """
    for quantity in quantities:
        _check(equations, quantity)
    equations = _with_weights_as_parameters(equations, quantities)
    of_states = jacobian(equations)
    parameters = [q for q in quantities if q in equations.parameters]
    of_parameters = jacobian(equations, parameters)
    rows: dict[int, list[tuple[int, Node]]] = {}
    for (i, j), entry in of_states.items():
        rows.setdefault(i, []).append((j, entry))
    states, derivatives = list(equations.states), list(equations.derivatives)
    initial = dict(equations.initial)
    for quantity in quantities:
        for i, state in enumerate(equations.states):
            name = sensitivity_name(state, quantity)
            total = ZERO
            for j, entry in rows.get(i, []):
                total = plus(total, times(entry, symbol(sensitivity_name(equations.states[j], quantity))))
            if quantity in parameters:
                total = plus(total, of_parameters.get((i, parameters.index(quantity)), ZERO))
            states.append(name)
            derivatives.append(total)
            if state not in equations.algebraic:  # of these the constraints tell, differentiated as they are
                initial[name] = _start(equations, state, quantity)
    return replace(
        equations,
        states=tuple(states),
        derivatives=tuple(derivatives),
        initial=initial,
        mass=_repeated(equations, 1 + len(quantities)),
        events=tuple(with_jumps(e, equations, quantities, sensitivity_name) for e in equations.events),
    )


def _with_weights_as_parameters(equations: Equations, quantities: Sequence[str]) -> Equations:
    """The law with networks written out of whose weights some are among the quantities."""
    own = [n for n in networks(equations.derivatives) if not set(quantities).isdisjoint(n.weights)]
    for network in own:
        if network.count > _MOST_WEIGHTS:
            raise InputError(
                f"`{network.name}` has {network.count:,} weights, and for more than {_MOST_WEIGHTS:,} this would take "
                "minutes to compile; a sweep over a weight shows what it does, and to_jax() differentiates along all"
            )
    if not own:
        return equations

    def plain(nodes: Iterable[Node]) -> list[Node]:
        return written_out(list(nodes), own.__contains__)

    events = tuple(
        replace(
            event,
            when=plain([event.when])[0],
            actions=dict(zip(event.actions, plain(event.actions.values()), strict=True)),
        )
        for event in equations.events
    )
    return replace(equations, derivatives=tuple(plain(equations.derivatives)), events=events)


def _repeated(equations: Equations, times: int) -> dict[tuple[int, int], float] | None:
    """The mass matrix of a law and its variational equations, M S' = J S + ∂f/∂q: M again and again."""
    if equations.mass is None:
        return None
    size = len(equations.states)
    return {(i + k * size, j + k * size): m for k in range(times) for (i, j), m in equations.mass.items()}


def _start(equations: Equations, state: str, quantity: str) -> Node:
    """∂(initial value of a state)/∂(quantity)."""
    if quantity not in equations.parameters:
        return ONE if quantity == f"{state}(0)" else ZERO
    node = equations.initial.get(state)
    return ZERO if node is None else derivative(node, quantity)


def _check(equations: Equations, quantity: str) -> None:
    initial = [f"{state}(0)" for state in equations.states]
    if quantity in equations.parameters or quantity in initial:
        return
    known = [*equations.parameters, *initial]
    raise InputError(
        f"no sensitivity to `{quantity}`{nearest(quantity, known) or '.'} It can be taken to: {listed(known)}"
    )
