"""Networks in kernels: loops over weights, which are inputs at run time.

With one lane a loop takes several neurons at once; with W lanes it takes one neuron of W trajectories. Both add up the
inputs of a neuron in the same order, so that they give the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from dydt.expr.derive import derivative
from dydt.expr.graph import symbol
from dydt.expr.network import ACTIVATIONS, Layer, Network, Output
from dydt.kernels.exponential import quick_softplus, quick_tanh
from dydt.kernels.llvm import Function, Module, Value
from dydt.kernels.tape import Tape

WIDTH = 8  # neurons that a loop takes at once

Operations = Callable[[Function], Mapping[str, Callable[..., Any]]]


@cache
def _activation(name: str) -> Tape:
    """a(z) and a'(z)."""
    node = ACTIVATIONS[name](symbol("z"))
    return Tape([node, derivative(node, "z")], ["z"])


def activate(f: Function, operations: Operations, name: str, z: Value, quickly: bool = False) -> list[Value]:
    """a(z) and a'(z); `quickly` to some units of the last place, where the way back needs both many times."""
    if quickly and name == "tanh":
        a = quick_tanh(f, z)
        return [a, (1.0 - a) * (1.0 + a)]
    if quickly and name == "softplus":
        return list(quick_softplus(f, z))
    table, tape = operations(f), _activation(name)
    return tape.run(table, {"z": z}, tape.run_prelude(table, {}))


class Dense:
    """The loops of one layer, in one function of a kernel.

    Parameters
    ----------
    f : Function
    layer : Layer
    weights : Value
        Where the network's weights lie.
    shared : bool
        Whether all lanes have the same weights, each lying there once; else each lane has its own.
    """

    def __init__(self, f: Function, layer: Layer, weights: Value, shared: bool) -> None:
        self.f, self.layer, self.weights, self.shared = f, layer, weights, shared

    def _weight(self, index: Value | int, width: int) -> Value:
        """Weights `index` … `index + width` of one lane, or weight `index` of every lane."""
        f = self.f
        if f.lanes == 1:
            return f.load(f.offset(self.weights, index), lanes=width)
        if self.shared:
            return f.load(self.weights, index)
        return f.load(self.weights, index, lanes=f.lanes)

    def _blocks(self, count: int, step: int) -> list[tuple[int, int]]:
        """Places and widths of the blocks that make up `count` neurons; widths are powers of two."""
        blocks, place = [], 0
        while place < count:
            width = step
            while width > count - place:
                width //= 2
            blocks.append((place, width))
            place += width
        return blocks

    def forward(
        self, inputs: Value, write: Callable[[Value | int, Value], None], biased: bool = True
    ) -> None:
        """z = W x + b; ``write(j, z)`` is given neuron j, or with one lane the neurons from j on."""
        if self.f.lanes == 1:
            for place, width in self._blocks(self.layer.outputs, WIDTH):
                write(place, self._sum(inputs, place, 1, width, biased)[0])
            return
        whole = self.layer.outputs // WIDTH
        if whole:
            with self.f.count(whole * WIDTH, WIDTH) as first:
                for k, z in enumerate(self._sum(inputs, first, WIDTH, 1, biased)):
                    write(first + k, z)
        for place, count in self._blocks(self.layer.outputs - whole * WIDTH, WIDTH):
            place += whole * WIDTH
            for k, z in enumerate(self._sum(inputs, place, count, 1, biased)):
                write(place + k, z)

    def _sum(self, inputs: Value, place: Value | int, count: int, width: int, biased: bool) -> list[Value]:
        """`count` values of `width` neurons each, from neuron `place` on."""
        f, layer = self.f, self.layer
        wide = width if f.lanes == 1 else f.lanes
        zero = f.constant(0.0, lanes=wide)
        first = [place + (layer.biases + k * width) for k in range(count)]
        totals = [f.variable(f.spread(self._weight(at, width), wide) if biased else zero) for at in first]
        with f.count(layer.inputs) as i:
            x = f.load(inputs, i, lanes=f.lanes)
            row = i * layer.outputs + (place + layer.first)
            for k, total in enumerate(totals):
                total.set(f.fma(self._weight(row + k * width, width), x, total.get()))
        return [total.get() for total in totals]

    def backward(self, bars: Value, write: Callable[[Value | int, Value], None]) -> None:
        """x̄ = Wᵀ z̄, for many lanes with shared weights; ``write(i, x̄)`` is given input i."""
        whole = self.layer.inputs // WIDTH
        if whole:
            with self.f.count(whole * WIDTH, WIDTH) as first:
                self._back(bars, first, WIDTH, write)
        for place, count in self._blocks(self.layer.inputs - whole * WIDTH, WIDTH):
            self._back(bars, place + whole * WIDTH, count, write)

    def _back(
        self, bars: Value, place: Value | int, count: int, write: Callable[[Value | int, Value], None]
    ) -> None:
        f, layer = self.f, self.layer
        totals = [f.variable(f.constant(0.0)) for _ in range(count)]
        rows = [(place + k) * layer.outputs + layer.first for k in range(count)]
        with f.count(layer.outputs) as j:
            bar = f.load(bars, j, lanes=f.lanes)
            for row, total in zip(rows, totals, strict=True):
                total.set(f.fma(self._weight(j + row, 1), bar, total.get()))
        for k, total in enumerate(totals):
            write(place + k, total.get())

    def accumulate(self, gradient: Value, inputs: Sequence[Value], bars: Sequence[Value]) -> None:
        """W̄ += Σ x z̄ᵀ and b̄ += Σ z̄ over several evaluations, each lane for itself."""
        f, layer, lanes = self.f, self.layer, self.f.lanes
        with f.count(layer.inputs) as i:
            x = [f.load(values, i, lanes=lanes) for values in inputs]
            row = i * layer.outputs + layer.first
            with f.count(layer.outputs) as j:
                total = f.load(gradient, row + j, lanes=lanes)
                for value, bar in zip(x, bars, strict=True):
                    total = f.fma(value, f.load(bar, j, lanes=lanes), total)
                f.store(total, gradient, row + j)
        with f.count(layer.outputs) as j:
            total = f.load(gradient, j + layer.biases, lanes=lanes)
            for bar in bars:
                total = total + f.load(bar, j, lanes=lanes)
            f.store(total, gradient, j + layer.biases)


# -- as functions of a module -------------------------------------------------------------------------------------


def _function(
    module: Module, network: Network, purpose: str, lanes: int, names: str
) -> tuple[Function, bool]:
    """The function of that purpose, and whether it still has to be written."""
    sizes = "_".join(map(str, network.sizes))
    name = f"network_{purpose}_{network.activation}_{sizes}_w{lanes}"
    if name in module.functions:
        return module.functions[name], False
    f = module.function(name, "void", [(n, "pointer") for n in names.split()], lanes, internal=True)
    f.attributes = "nounwind noinline"
    return f, True


def write_values(
    module: Module, network: Network, operations: Operations, lanes: int, shared: bool = False
) -> Function:
    """``network(inputs, weights, outputs)``."""
    f, is_new = _function(module, network, "shared" if shared else "values", lanes, "inputs weights outputs")
    if not is_new:
        return f
    inputs, weights, outputs = f.arguments
    values = inputs
    for layer in network.layers:
        last = layer is network.layers[-1]
        target = outputs if last else f.slot("number", lanes, layer.outputs)

        def write(j: Any, z: Value, target: Value = target, last: bool = last) -> None:
            a = z if last else activate(f, operations, network.activation, z)[0]
            f.store(a, f.offset(target, j, lanes=lanes))

        Dense(f, layer, weights, shared).forward(values, write)
        values = target
    f.give()
    return f


def write_slopes(module: Module, network: Network, operations: Operations, lanes: int) -> Function:
    """``slopes(inputs, weights, slopes)``: the derivatives of the outputs, all along the first input first."""
    f, is_new = _function(module, network, "slopes", lanes, "inputs weights slopes")
    if not is_new:
        return f
    inputs, weights, result = f.arguments
    values, slopes = inputs, _unit_columns(f, network)
    for layer in network.layers:
        last = layer is network.layers[-1]
        dense = Dense(f, layer, weights, False)
        target, steepness = (f.slot("number", lanes, layer.outputs) for _ in range(2))

        def write(j: Any, z: Value, target: Value = target, steepness: Value = steepness) -> None:
            a, slope = activate(f, operations, network.activation, z)
            f.store(a, f.offset(target, j, lanes=lanes))
            f.store(slope, f.offset(steepness, j, lanes=lanes))

        if not last:
            dense.forward(values, write)
        columns = []
        for d, column in enumerate(slopes):
            place = f.slot("number", lanes, layer.outputs)
            if last:
                place = f.offset(result, d * layer.outputs, lanes=lanes)

            def push(
                j: Any, s: Value, place: Value = place, last: bool = last, steepness: Value = steepness
            ) -> None:
                if not last:
                    s = s * f.load(f.offset(steepness, j, lanes=lanes), lanes=s.lanes)
                f.store(s, f.offset(place, j, lanes=lanes))

            dense.forward(column, push, biased=False)
            columns.append(place)
        values, slopes = target, columns
    f.give()
    return f


def _unit_columns(f: Function, network: Network) -> list[Value]:
    """The derivative of the inputs along each of them."""
    columns = []
    for d in range(network.sizes[0]):
        column = f.slot("number", f.lanes, network.sizes[0])
        for i in range(network.sizes[0]):
            f.store(f.constant(float(i == d)), column, i)
        columns.append(column)
    return columns


def lane_function(
    f: Function, operations: Operations, places: Mapping[str, tuple[Value, int]]
) -> Callable[..., Value]:
    """What a network's node is in a kernel: a call, made once for all its outputs.

    Parameters
    ----------
    places : mapping
        For each network's name, where parameters lie and which of them is its first weight; each lane has its own.
    """
    called: dict[tuple[Any, ...], Value] = {}  # within one block of straight-line code

    def give(data: Any, *inputs: Value) -> Value:
        network, lanes = data.network, f.lanes
        is_value = isinstance(data, Output)
        key = (network, is_value, f.labels, *(x.text for x in inputs))
        if key not in called:
            sources = f.slot("number", lanes, len(inputs))
            for i, x in enumerate(inputs):
                f.store(f.spread(x, lanes), sources, i)
            write = write_values if is_value else write_slopes
            function = write(f.module, network, operations, lanes)
            target = f.slot("number", lanes, network.sizes[-1] * (1 if is_value else network.sizes[0]))
            parameters, first = places[network.name]
            f.call(function, "void", sources, f.offset(parameters, first, lanes=lanes), target)
            called[key] = target
        place = data.index if is_value else data.along * network.sizes[-1] + data.index
        return f.load(called[key], place, lanes=lanes)

    return give


# -- for gradients ------------------------------------------------------------------------------------------------


class Record:
    """What an evaluation of a network keeps for the way back, and what the way back leaves, in arrays of numbers.

    `kept` has the inputs, the outputs, and for each hidden layer its values and their slopes; `bars` the cotangents of
    the sums z of every layer.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        hidden = network.sizes[1:-1]
        self.outputs = network.sizes[0]
        self.values, place = [], network.sizes[0] + network.sizes[-1]
        for size in hidden:
            self.values.append(place)
            place += 2 * size
        self.kept = place
        self.bars, place = [], 0
        for size in network.sizes[1:]:
            self.bars.append(place)
            place += size
        self.all_bars = place

    def inputs_of(self, layer: int) -> int:
        """Where in `kept` the inputs of a layer are."""
        return 0 if layer == 0 else self.values[layer - 1]


def write_recorded(module: Module, network: Network, operations: Operations, lanes: int) -> Function:
    """``recorded(weights, kept)``: from the inputs in `kept` to everything else in it; weights are shared."""
    f, is_new = _function(module, network, "recorded", lanes, "weights kept")
    if not is_new:
        return f
    weights, kept = f.arguments
    record = Record(network)
    for number, layer in enumerate(network.layers):
        last = layer is network.layers[-1]
        target = record.outputs if last else record.values[number]
        source = f.offset(kept, record.inputs_of(number), lanes=lanes)

        def write(
            j: Any, z: Value, target: int = target, last: bool = last, size: int = layer.outputs
        ) -> None:
            a, slope = (z, None) if last else activate(f, operations, network.activation, z, True)
            f.store(a, f.offset(kept, j + target, lanes=lanes))
            if slope is not None:
                f.store(slope, f.offset(kept, j + (target + size), lanes=lanes))

        Dense(f, layer, weights, True).forward(source, write)
    f.give()
    return f


def write_pullback(module: Module, network: Network, lanes: int) -> Function:
    """``pullback(weights, kept, bars, inputs)``: cotangents of the outputs, in `bars`, become those of the inputs."""
    f, is_new = _function(module, network, "pullback", lanes, "weights kept bars inputs")
    if not is_new:
        return f
    weights, kept, bars, inputs = f.arguments
    record = Record(network)
    for number, layer in reversed(list(enumerate(network.layers))):
        source = f.offset(bars, record.bars[number], lanes=lanes)

        def write(i: Any, bar: Value, number: int = number, size: int = layer.inputs) -> None:
            if number == 0:
                f.store(bar, f.offset(inputs, i, lanes=lanes))
                return
            slope = f.load(kept, i + (record.values[number - 1] + size), lanes=lanes)
            f.store(bar * slope, f.offset(bars, i + record.bars[number - 1], lanes=lanes))

        Dense(f, layer, weights, True).backward(source, write)
    f.give()
    return f


def write_accumulation(module: Module, network: Network, lanes: int, count: int, stride: int) -> Function:
    """``accumulate(gradient, kept, bars)``: what `count` evaluations add to the gradient of the weights.

    Their records lie `stride` numbers apart, those of `bars` too.
    """
    f, is_new = _function(module, network, f"accumulate{count}_{stride}", lanes, "gradient kept bars")
    if not is_new:
        return f
    gradient, kept, bars = f.arguments
    record = Record(network)
    for number, layer in enumerate(network.layers):
        inputs = [f.offset(kept, k * stride + record.inputs_of(number), lanes=lanes) for k in range(count)]
        cotangents = [f.offset(bars, k * stride + record.bars[number], lanes=lanes) for k in range(count)]
        Dense(f, layer, gradient, True).accumulate(gradient, inputs, cotangents)
    f.give()
    return f
