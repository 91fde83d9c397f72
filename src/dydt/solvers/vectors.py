"""The state as a vector: a few numbers in registers, or an array in memory.

A method is written on whole vectors by `map` and `mean`, with a formula for one component. `Components` writes
the formula out for every component (or computes it, on floats); `Memory` writes one loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dydt.kernels.llvm import Function, Value

BLOCK = 8  # components that one turn of a loop takes; also how many partial sums `mean` keeps


class Plain:
    """Arithmetic on Python floats: the numbers a method is taught and checked with."""

    @staticmethod
    def fma(a: Any, b: Any, c: Any) -> Any:
        return a * b + c

    @staticmethod
    def maximum(a: Any, b: Any) -> Any:
        return a if a > b else b

    @staticmethod
    def where(condition: Any, a: Any, b: Any) -> Any:
        return a if condition else b

    absolute = staticmethod(abs)


class Components:
    """A vector is a list of numbers.

    Parameters
    ----------
    arithmetic : Function or Plain
        Gives `fma`, `maximum`, `where` and `absolute` for these numbers.
    size : int
    """

    def __init__(self, arithmetic: Any, size: int) -> None:
        self.arithmetic = arithmetic
        self.size = size

    def map(self, formula: Callable[..., Any], *vectors: Sequence[Any], into: str = "") -> list[Any]:
        """`formula` of the components of the vectors, for each component."""
        return [formula(*components) for components in zip(*vectors, strict=True)]

    def mean(self, formula: Callable[..., Any], *vectors: Sequence[Any]) -> Any:
        """The mean of `formula` over the components, summed in pairs."""
        terms = self.map(formula, *vectors)
        while len(terms) > 1:
            pairs = [a + b for a, b in zip(terms[::2], terms[1::2], strict=False)]
            terms = pairs + terms[len(terms) - len(terms) % 2 :]
        return terms[0] * (1.0 / self.size)


@dataclass(frozen=True)
class Array:
    """A vector in memory; `uniform` if one number a component serves all lanes."""

    pointer: Value
    uniform: bool = False


class Memory:
    """A vector is an `Array`, padded with zeros to whole blocks.

    Parameters
    ----------
    function : Function
        Where loops are written.
    size : int
    allocate : callable
        ``allocate(name)`` gives the pointer of an array; the same name, the same array.
    """

    def __init__(self, function: Function, size: int, allocate: Callable[[str], Value]) -> None:
        self.function = function
        self.arithmetic = function
        self.size = size
        self.blocks = -(-size // BLOCK)
        self._allocate = allocate
        self._made = 0

    def new(self, name: str) -> Array:
        """The array of that name; without one, a further array."""
        if not name:
            self._made += 1
            name = f"vector{self._made}"
        return Array(self._allocate(name))

    def map(self, formula: Callable[..., Any], *vectors: Array, into: str = "") -> Array:
        """`formula` of the components of the vectors; into the array of a name, or a new one."""
        result = self.new(into)
        with self._turns() as index:
            self._store(formula(*(self._load(v, index) for v in vectors)), result, index)
        return result

    def mean(self, formula: Callable[..., Any], *vectors: Array) -> Value:
        """The mean of `formula`: component i goes to partial sum i mod 8, for any number of lanes alike."""
        f = self.function
        if f.lanes == 1:
            total = f.variable(f.constant(0.0, lanes=BLOCK))
            with f.count(self.blocks) as index:
                items = [f.load(v.pointer, index, lanes=BLOCK) for v in vectors]
                total.set(total.get() + formula(*items))
            final = total.get()
            sums = [f.lane(final, i) for i in range(BLOCK)]
        else:
            totals = [f.variable(f.constant(0.0)) for _ in range(BLOCK)]
            with f.count(self.blocks * BLOCK, BLOCK) as index:
                for i, total in enumerate(totals):
                    items = [self._load(v, index + i) for v in vectors]
                    total.set(total.get() + formula(*items))
            sums = [total.get() for total in totals]
        while len(sums) > 1:
            sums = [a + b for a, b in zip(sums[::2], sums[1::2], strict=True)]
        return sums[0] * (1.0 / self.size)

    def copy(self, source: Array, target: Array) -> None:
        """Put the components of one array into another."""
        with self._turns() as index:
            self._store(self._load(source, index), target, index)

    def _turns(self) -> Any:
        return self.function.count(self.blocks if self.function.lanes == 1 else self.blocks * BLOCK)

    def _load(self, vector: Array, index: Value) -> Value:
        f = self.function
        if f.lanes == 1:
            return f.load(vector.pointer, index, lanes=BLOCK)
        return f.load(vector.pointer, index, lanes=1 if vector.uniform else f.lanes)

    def _store(self, value: Value, vector: Array, index: Value) -> None:
        f = self.function
        f.store(f.spread(value, BLOCK if f.lanes == 1 else f.lanes), vector.pointer, index)
