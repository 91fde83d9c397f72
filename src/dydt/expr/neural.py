"""Networks in the text of a law: ``nn(x, y)`` is an output, ``nn = network(16, 32, tanh)`` says its hidden layers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from dydt.errors import LawError, listed, nearest
from dydt.expr.graph import Node
from dydt.expr.network import ACTIVATIONS, Network
from dydt.expr.source import FUNCTIONS, Source, Token, shorten

WORD = "network"
HIDDEN = (16, 16)  # neurons of a network that nothing is said of
LARGEST_LAYER, MOST_LAYERS, MOST_OUTPUTS = 4096, 20, 256


@dataclass
class Networks:
    """The networks of one law.

    Attributes
    ----------
    said : dict
        Hidden layers and activation of those that a statement describes.
    outputs : dict
        How many outputs of each are asked for.
    made : dict
        Those that occur in an expression.
    only : dict or None
        The networks of a law that is read already, if the text is about it: there are no others then.
    """

    source: Source
    said: dict[str, tuple[tuple[int, ...], str]] = field(default_factory=dict)
    outputs: dict[str, int] = field(default_factory=dict)
    made: dict[str, Network] = field(default_factory=dict)
    only: dict[str, Network] | None = None

    def take(self, tokens: Sequence[Token]) -> bool:
        """Put a statement ``name = network(…)`` away; False if it is none."""
        words = [text for _, text, _ in tokens[:4]]
        if len(words) < 4 or tokens[0][0] != "name" or words[1:] != ["=", WORD, "("]:
            return False
        name, position = tokens[0][1], tokens[0][2]
        if name in self.said or name in FUNCTIONS:
            what = "is given twice" if name in self.said else "is a function already"
            raise self.source.error(f"`{shorten(name)}` {what}", position, "choose another name")
        sizes: list[int] = []
        activation = ""
        for kind, text, place in tokens[4:-1]:
            if kind == "number" and not activation:
                sizes.append(self._size(text, place))
            elif kind == "name" and not activation:
                activation = self._activation(text, place)
            elif kind != ",":
                raise self._no_description(place)
        if tokens[-1][0] != ")" or len(sizes) > MOST_LAYERS:
            raise self._no_description(tokens[-1][2])
        self.said[name] = (tuple(sizes), activation or "tanh")
        return True

    def _size(self, text: str, position: int) -> int:
        if not text.isdigit() or not 0 < int(text[:9]) <= LARGEST_LAYER:
            raise self.source.error(
                f"a layer has 1 to {LARGEST_LAYER} neurons, not {shorten(text)}",
                position,
                "write a whole number",
            )
        return int(text)

    def _activation(self, text: str, position: int) -> str:
        if text not in ACTIVATIONS:
            raise self.source.error(
                f"there is no activation `{shorten(text)}`{nearest(text, ACTIVATIONS)}",
                position,
                f"there are {', '.join(ACTIVATIONS)}",
            )
        return text

    def _no_description(self, position: int) -> LawError:
        return self.source.error(
            "a network is described by the neurons of its hidden layers and an activation",
            position,
            "write nn = network(16, 32, tanh)",
        )

    def count_outputs(self, tokens: Sequence[Token]) -> None:
        """See which outputs of networks a statement asks for."""
        for i, (kind, _, position) in enumerate(tokens):
            if kind == "]" and i > 1 and tokens[i - 1][0] == "number":
                name, index = _called(tokens, i - 3), tokens[i - 1][1]
                if not index.isdigit() or int(index[:9]) >= MOST_OUTPUTS:
                    raise self.source.error(
                        f"outputs are numbered from 0 to {MOST_OUTPUTS - 1}",
                        tokens[i - 1][2],
                        "write nn(x)[0]",
                    )
                if name and self.is_one(name):
                    self.outputs[name] = max(self.outputs.get(name, 1), int(index) + 1)
                else:
                    raise self.source.error(
                        "only a network has several outputs",
                        position,
                        "write nn(x, y)[1] for the second of them",
                    )

    def is_one(self, name: str) -> bool:
        """Whether a call of that name is a network: nn, nn2, nn_prey, or one that a statement describes."""
        own = self.said if self.only is None else self.only
        return name in own or re.fullmatch(r"nn\w*", name) is not None

    def call(self, name: str, inputs: Sequence[Node], index: int, position: int) -> Node:
        """One output of a network."""
        network = self.made.get(name) if self.only is None else self._of_the_law(name, index, position)
        if network is None:
            hidden, activation = self.said.get(name, (HIDDEN, "tanh"))
            sizes = (len(inputs), *hidden, self.outputs.get(name, 1))
            network = self.made[name] = Network(name, sizes, activation)
        if len(inputs) != network.sizes[0]:
            before, hint = " before", "give another network another name, like nn2"
            if self.only is not None:
                before, hint = "", f"write {name}({', '.join('abcdefgh'[: network.sizes[0]])})"
            raise self.source.error(
                f"`{name}` has {network.sizes[0]} inputs{before}, and {len(inputs)} here", position, hint
            )
        return network(*inputs)[index]

    def _of_the_law(self, name: str, index: int, position: int) -> Network:
        """The network of that name, with that output, of the law that the text is about."""
        assert self.only is not None
        network = self.only.get(name)
        if network is None:
            hint = (
                f"the law has {listed(self.only)}"
                if self.only
                else "networks stand in laws, as in x' = nn(x)"
            )
            raise self.source.error(
                f"there is no network `{shorten(name)}`{nearest(name, self.only)}", position, hint
            )
        if index >= network.sizes[-1]:
            raise self.source.error(
                f"`{name}` has {network.sizes[-1]} outputs, numbered from 0",
                position,
                f"the last one is {name}( … )[{network.sizes[-1] - 1}]",
            )
        return network


def _called(tokens: Sequence[Token], last: int) -> str:
    """The name in front of the brackets that close at token `last`."""
    depth = 0
    for i in range(last, -1, -1):
        depth += (tokens[i][0] == ")") - (tokens[i][0] == "(")
        if depth == 0:
            return tokens[i - 1][1] if i > 0 and tokens[i - 1][0] == "name" else ""
    return ""
