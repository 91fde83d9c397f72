"""What a law with networks says: which of its terms are known, what each network reads and gives, and what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dydt.analytic.classify import classify, joined
from dydt.brief import brief
from dydt.expr.equations import Equations
from dydt.expr.graph import Node, symbols, walk
from dydt.expr.network import Network, networks
from dydt.expr.write import write

if TYPE_CHECKING:
    from dydt.ode import ODE


@dataclass(frozen=True)
class Part:
    """A network as a part of a law.

    Attributes
    ----------
    network : Network
    calls : tuple of str
        How it is called, ``"nn(x, y)"``.
    inputs : tuple of str
        The states (or the independent variable, or parameters) that it reads.
    places : tuple of str
        The left sides of the equations it stands in.
    trained : bool
        Whether its weights have values.
    """

    network: Network
    calls: tuple[str, ...]
    inputs: tuple[str, ...]
    places: tuple[str, ...]
    trained: bool

    def __str__(self) -> str:
        network = self.network
        gives = "one number" if network.sizes[-1] == 1 else f"{network.sizes[-1]} numbers"
        inside = " and ".join(map(str, network.sizes[1:-1]))
        state = "" if self.trained else " without values"
        return (
            f"a network that reads {joined(self.inputs)} and gives {gives} in {joined(self.places)}: "
            f"layers of {inside} {network.activation} neurons, {network.count:,} weights{state}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        network = self.network
        return {
            "name": network.name,
            "calls": list(self.calls),
            "inputs": list(self.inputs),
            "outputs": network.sizes[-1],
            "hidden": list(network.sizes[1:-1]),
            "activation": network.activation,
            "weights": network.count,
            "trained": self.trained,
            "in": list(self.places),
        }


@dataclass(frozen=True)
class Neural:
    """What can be said of a law with networks.

    Attributes
    ----------
    kind : str
        ``"a neural law"``, of networks only, or ``"a half-known law"``.
    summary : str
        Its classification in a line.
    known : tuple of str
        The terms without networks, ``"a*x in x'"``.
    parts : tuple of Part
    verbs : tuple of str
        What else can be asked of it, besides `solve`.
    """

    kind: str
    summary: str
    known: tuple[str, ...]
    parts: tuple[Part, ...]
    verbs: tuple[str, ...]

    __repr__ = brief

    @property
    def trained(self) -> bool:
        """Whether all weights have values."""
        return all(part.trained for part in self.parts)

    @property
    def reason(self) -> str:
        """Why it is not solved by hand."""
        names = [f"`{part.network.name}`" for part in self.parts]
        one = "the network" if not names[1:] else "the networks"
        verb = "is" if not names[1:] else "are"
        return f"no method of the textbook applies: {one} {joined(names)} {verb} known by numbers only"

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"kind": self.kind, "known": list(self.known), "networks": [p.to_dict() for p in self.parts]}

    def __str__(self) -> str:
        rows = [("known", ", ".join(self.known))] if self.known else []
        rows += [(", ".join(part.calls), str(part)) for part in self.parts]
        lines = [f"{self.kind}: {self.summary}", *(f"  {name}: {says}" for name, says in rows)]
        return "\n".join(lines)


def neural(ode: ODE) -> Neural | None:
    """What can be said of a law with networks that no formula says; None for others.

    >>> from dydt.ode import ODE
    >>> print(neural(ODE("x' = -k*x + nn(x); nn = network(8, tanh)")))
    a half-known law: first order, non-linear, autonomous, explicit, constant coefficients
      known: -k*x in x'
      nn(x): a network that reads x and gives one number in x': layers of 8 tanh neurons, 25 weights without values
    """
    found = hidden_networks(ode.equations)
    if not found:
        return None
    rows = _rows(ode.equations)
    is_whole = all(node.operation == "network" for _, node in rows)
    kind = classify(ode)
    return Neural(
        "a neural law" if is_whole else "a half-known law",
        kind.summary,
        tuple(term for left, node in rows for term in _known(left, node)),
        tuple(_part(network, rows, ode) for network in found),
        tuple(_verbs(ode, bool(kind.autonomous.value))),
    )


def hidden_networks(law: Equations) -> list[Network]:
    """The networks with hidden layers; one without is a sum, and as good as a formula."""
    return [network for network in networks(law.derivatives) if network.sizes[1:-1]]


def _rows(law: Equations) -> list[tuple[str, Node]]:
    """Left and right of each equation, without those that only say that y' is the derivative of y."""
    pairs = zip(law.left, law.derivatives, strict=True)
    return [(write(left), node) for left, node in pairs if left is not node]


def _known(left: str, root: Node) -> Iterator[str]:
    """The terms of an equation that hold no network, with their signs; a constraint as a whole."""
    if left == "0":
        if not networks([root]):
            yield f"0 = {write(root)}"
        return
    waiting = [(root, 1)]
    while waiting:
        node, sign = waiting.pop()
        if node.operation in ("add", "sub", "neg"):
            signs = [sign, -sign if node.operation == "sub" else sign]
            signs = [-sign] if node.operation == "neg" else signs
            waiting += reversed(list(zip(node.arguments, signs, strict=True)))
        elif not networks([node]):
            term = write(node)
            yield f"{term if sign > 0 else term[1:] if term[0] == '-' else '-' + term} in {left}"


def _part(network: Network, rows: list[tuple[str, Node]], ode: ODE) -> Part:
    nodes = [node for node in walk([root for _, root in rows]) if node.operation == "network"]
    own = [node for node in nodes if node.value.network == network]
    calls = dict.fromkeys(write(node).partition("[")[0] for node in own)
    inputs = symbols([argument for node in own for argument in node.arguments])
    places = tuple(left for left, root in rows if network in networks([root]))
    values = ode.weights[network.name]
    return Part(network, tuple(calls), tuple(inputs), places, not any(map(math.isnan, values)))


def _verbs(ode: ODE, autonomous: bool) -> Iterator[str]:
    yield "sweep"
    if ode.is_constrained:
        return
    if autonomous:
        yield from ("equilibria", "conserved")
    if len(ode.states) == 1 or (autonomous and len(ode.states) <= 3):
        yield "portrait"
    yield from ("lyapunov", "steps", "export")
