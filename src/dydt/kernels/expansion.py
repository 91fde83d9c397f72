"""Taylor coefficients of the solution of a law, of any order, by recurrence.

With u⁽ᵏ⁾ for the k-th derivative over k!, x' = f(t, x) says x⁽ᵏ⁺¹⁾ = f⁽ᵏ⁾/(k + 1), and operations say

    (u v)⁽ᵏ⁾ = Σⱼ u⁽ʲ⁾ v⁽ᵏ⁻ʲ⁾                         j = 0 … k
    z = u/v:   z⁽ᵏ⁾ = (u⁽ᵏ⁾ - Σⱼ v⁽ʲ⁾ z⁽ᵏ⁻ʲ⁾)/v⁽⁰⁾       j = 1 … k
    z = uᶜ:    z⁽ᵏ⁾ = Σⱼ ((c + 1) j/k - 1) u⁽ʲ⁾ z⁽ᵏ⁻ʲ⁾/u⁽⁰⁾
    z = g(u):  z⁽ᵏ⁾ = Σⱼ (j/k) u⁽ʲ⁾ g'(u)⁽ᵏ⁻ʲ⁾

with the g' of the table of operations, of which only sums and those above need a rule of their own (R. E. Moore,
Interval Analysis, 1966, ch. 11; A. Griewank and A. Walther, Evaluating Derivatives, 2nd ed., 2008, ch. 13).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dydt.errors import InputError
from dydt.expr.derive import partial_derivatives
from dydt.expr.graph import Node, apply, rebuild, walk
from dydt.kernels.tape import simplified

Operations = Mapping[str, Callable[..., Any]]
Jet = list[Any]  # coefficients; those that are not there, and the Python number 0.0, are zero

# Where these are not smooth, coefficients say nothing of what comes.
_UNSMOOTH = {name: name for name in ("abs", "sign", "min", "max", "floor", "mod", "step")}
_UNSMOOTH |= {"select": "if(…)"}
_RULES = ("add", "sub", "neg", "mul", "div", "pow")


class Expansion:
    """The recurrences of a law.

    Parameters
    ----------
    outputs : sequence of Node
        The derivatives of the states.
    states : sequence of str
    independent : str

    Raises
    ------
    InputError
        If the law is not smooth.
    """

    def __init__(self, outputs: Sequence[Node], states: Sequence[str], independent: str) -> None:
        self.states, self.independent = tuple(states), independent
        self._varying: set[int] = set()
        self.outputs = self._rewritten(simplified(outputs))
        if any(n.operation == "network" for n in walk(self.outputs)):
            raise InputError("Taylor series are not made of networks: take vern9, or leave the method away")
        kinks = {n.operation for n in walk(self.outputs) if n.operation in _UNSMOOTH and self.varies(n)}
        if kinks:
            raise InputError(
                "Taylor series need a law that is smooth, and this one has "
                f"{', '.join(sorted(_UNSMOOTH[kink] for kink in kinks))}: take vern9, or leave the method away"
            )
        self.partials = self._close(self.outputs)
        self.nodes = walk(
            [*self.outputs, *(p for found in self.partials.values() for p in found if p is not None)]
        )
        self._note(self.nodes)

    def _note(self, nodes: Iterable[Node]) -> None:
        """Remember which of these change along a solution."""
        names = {*self.states, self.independent}
        for node in nodes:
            is_varying = node.operation == "symbol" and node.value in names
            if is_varying or any(self.varies(a) for a in node.arguments):
                self._varying.add(node.index)

    def varies(self, node: Node) -> bool:
        """Whether an expression changes along a solution."""
        return node.index in self._varying

    def _rewritten(self, roots: Sequence[Node]) -> list[Node]:
        """Divisors that are constant become factors, and powers with an exponent that varies become exponentials."""
        new: dict[int, Node] = {}
        for node in walk(roots):
            arguments = [new[a.index] for a in node.arguments]
            self._note(arguments)
            if node.operation == "div" and not self.varies(arguments[1]):
                made = arguments[0] * (1.0 / arguments[1])
            elif node.operation == "pow" and self.varies(arguments[1]):
                made = apply("exp", arguments[1] * apply("log", arguments[0]))
            else:
                made = rebuild(node, arguments) if arguments else node
            new[node.index] = made
        found = [new[root.index] for root in roots]
        self._note(walk(found))
        return found

    def _close(self, roots: Sequence[Node]) -> dict[int, list[Node | None]]:
        """For each function its partial derivatives, and those of the functions in these."""
        found: dict[int, list[Node | None]] = {}
        waiting = list(roots)
        while waiting:
            nodes = [n for n in walk(waiting) if n.arguments and n.operation not in _RULES]
            waiting = []
            for node in nodes:
                if node.index not in found and self.varies(node):
                    partials = partial_derivatives(node)
                    there = [p for p in partials if p is not None]
                    made = iter(self._rewritten(simplified(there)))
                    found[node.index] = [None if p is None else next(made) for p in partials]
                    waiting += [p for p in found[node.index] if p is not None]
        return found

    def work(self, order: int) -> int:
        """About how many operations the coefficients up to an order take."""
        sums = sum(self.varies(n) and n.operation in ("add", "sub", "neg") for n in self.nodes)
        products = sum(
            self.varies(n) and n.operation not in ("add", "sub", "neg", "symbol") for n in self.nodes
        )
        return (sums + len(self.states)) * order + products * order * (order + 1) // 2

    def constants(self, operations: Operations, inputs: Mapping[str, Any]) -> dict[int, Any]:
        """Values of what does not change, of parameters: by the index of a node."""
        values: dict[int, Any] = {}
        for node in self.nodes:
            if self.varies(node):
                continue
            if node.operation == "symbol":
                values[node.index] = inputs[node.value]
            elif node.operation == "number":
                values[node.index] = node.value
            else:
                values[node.index] = _computed(operations, node, [values[a.index] for a in node.arguments])
        return values

    def run(
        self, operations: Operations, constants: Mapping[int, Any], t: Any, y: Sequence[Any], order: int
    ) -> list[Jet]:
        """The coefficients of each state, up to an order, from whatever numbers the operations work on.

        Parameters
        ----------
        operations : mapping
            For each operation's name, a function of its arguments; ``"fma"`` is used for sums of products.
        constants : mapping
            What `constants` gave.
        t, y
            Time and state.
        """
        jets = _Jets(operations, self.partials)
        for index, value in constants.items():
            jets.of[index] = [value]
        states = dict(zip(self.states, ([value] for value in y), strict=True))
        for node in self.nodes:
            if node.operation == "symbol" and self.varies(node):
                jets.of[node.index] = states.get(node.value) or [t, 1.0]
        varying = [n for n in self.nodes if self.varies(n) and n.operation != "symbol"]
        for k in range(order):
            for node in varying:
                jets.extend(node, k)
            for jet, output in zip(states.values(), self.outputs, strict=True):
                jet.append(_times(_at(jets.of[output.index], k), 1.0 / (k + 1)))
        return list(states.values())


class _Jets:
    """Coefficients of expressions while they are computed, order by order."""

    def __init__(self, operations: Operations, partials: Mapping[int, list[Node | None]]) -> None:
        self.operations, self.partials = operations, partials
        self.of: dict[int, Jet] = {}
        self._inverse: dict[int, Any] = {}  # of the first coefficient
        self._scaled: dict[int, Jet] = {}  # j u⁽ʲ⁾

    def extend(self, node: Node, k: int) -> None:
        """Append coefficient k of an expression, when those of its parts are there."""
        own = self.of.setdefault(node.index, [])
        parts = [self.of[a.index] for a in node.arguments]
        match node.operation:
            case "add":
                own.append(_plus(_at(parts[0], k), _at(parts[1], k)))
            case "sub":
                own.append(_minus(_at(parts[0], k), _at(parts[1], k)))
            case "neg":
                own.append(_times(_at(parts[0], k), -1.0))
            case "mul" if parts[0] is parts[1]:
                own.append(self._square(parts[0], k))
            case "mul":
                own.append(self._dot((_at(parts[0], j), _at(parts[1], k - j)) for j in _oldest_first(0, k)))
            case "div":
                less = self._dot((_at(parts[1], j), _at(own, k - j)) for j in _oldest_first(1, k))
                own.append(_times(_minus(_at(parts[0], k), less), self._inverse_of(node.arguments[1])))
            case _ if k == 0:
                own.append(_computed(self.operations, node, [part[0] for part in parts]))
            case "pow":
                own.append(self._power(node.arguments[0], parts[1][0], own, k))
            case _:
                own.append(self._chain(node, k))

    def _square(self, u: Jet, k: int) -> Any:
        half = self._dot((_at(u, j), _at(u, k - j)) for j in range((k - 1) // 2, -1, -1))
        middle = _at(u, k // 2) if k % 2 == 0 else 0.0
        return self._dot([(half, 2.0), (middle, middle)])

    def _power(self, base: Node, c: Any, z: Jet, k: int) -> Any:
        u = self.of[base.index]
        terms = ((_times(_at(u, j), (c + 1.0) * (j / k) - 1.0), _at(z, k - j)) for j in _oldest_first(1, k))
        return _times(self._dot(terms), self._inverse_of(base))

    def _chain(self, node: Node, k: int) -> Any:
        """Σ over the arguments of Σⱼ (j/k) u⁽ʲ⁾ g'⁽ᵏ⁻ʲ⁾."""
        pairs = []
        for argument, partial in zip(node.arguments, self.partials[node.index], strict=True):
            if partial is None:
                continue
            u, scaled = self.of[argument.index], self._scaled.setdefault(argument.index, [0.0])
            scaled += [_times(_at(u, j), float(j)) for j in range(len(scaled), k + 1)]
            steep = self.of[partial.index]
            pairs += [(_at(scaled, j), _at(steep, k - j)) for j in _oldest_first(1, k)]
        return _times(self._dot(pairs), 1.0 / k)

    def _inverse_of(self, node: Node) -> Any:
        if node.index not in self._inverse:
            self._inverse[node.index] = 1.0 / self.of[node.index][0]
        return self._inverse[node.index]

    def _dot(self, pairs: Iterable[tuple[Any, Any]]) -> Any:
        """The sum of products; zeros cost nothing."""
        total: Any = 0.0
        for a, b in pairs:
            if _is_zero(a) or _is_zero(b):
                continue
            if _is_zero(total) or (isinstance(a, float) and isinstance(b, float)):
                total = _plus(total, a * b)
            else:
                total = self.operations["fma"](a, b, total)
        return total


def _computed(operations: Operations, node: Node, values: Iterable[Any]) -> Any:
    arguments = [operations["number"](v) if isinstance(v, float) else v for v in values]
    return operations[node.operation](*arguments)


def _oldest_first(first: int, k: int) -> list[int]:
    """first … k, with the terms that were last to be known at the end: everything else can be ready before them."""
    return sorted(range(first, k + 1), key=lambda j: max(j, k - j))


def _at(jet: Jet, k: int) -> Any:
    return jet[k] if k < len(jet) else 0.0


def _is_zero(value: Any) -> bool:
    return isinstance(value, float) and value == 0.0


def _plus(a: Any, b: Any) -> Any:
    return b if _is_zero(a) else a if _is_zero(b) else a + b


def _minus(a: Any, b: Any) -> Any:
    return -b if _is_zero(a) else a if _is_zero(b) else a - b


def _times(a: Any, factor: Any) -> Any:
    return a if _is_zero(a) else -a if _is_minus_one(factor) else a * factor


def _is_minus_one(value: Any) -> bool:
    return isinstance(value, float) and value == -1.0
