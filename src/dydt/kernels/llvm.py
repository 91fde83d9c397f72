"""A writer of LLVM IR: arithmetic on `Value` objects becomes instructions, for one lane or for W.

A kernel is written once as plain Python arithmetic. With ``lanes=1`` a number is a ``double`` (or a
``float``, as the module says); with W lanes it is a ``<W x double>`` that holds W independent trajectories. No
fast-math flag is ever set and every fused multiply-add is asked for by name, so that each lane computes the same bits
as one lane alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from dydt.kernels.formats import DOUBLE, Format

_COMPARISONS = {"lt": ("olt", "slt"), "le": ("ole", "sle"), "gt": ("ogt", "sgt"), "ge": ("oge", "sge")}
_COMPARISONS |= {"eq": ("oeq", "eq"), "ne": ("une", "ne")}


class Value:
    """A value in a kernel: its text in the IR, its kind (number, integer, truth, pointer …) and its lanes.

    A value of one lane next to one of W lanes is spread to all lanes; a Python number becomes a constant.
    """

    __slots__ = ("function", "kind", "lanes", "text")

    def __init__(self, function: Function, text: str, kind: str = "number", lanes: int = 1) -> None:
        self.function = function
        self.text = text
        self.kind = kind
        self.lanes = lanes

    @property
    def type(self) -> str:
        return self.function.type_name(self.kind, self.lanes)

    def __add__(self, other: Any) -> Value:
        return self.function.binary("fadd", "add", self, other)

    def __radd__(self, other: Any) -> Value:
        return self.function.binary("fadd", "add", other, self)

    def __sub__(self, other: Any) -> Value:
        return self.function.binary("fsub", "sub", self, other)

    def __rsub__(self, other: Any) -> Value:
        return self.function.binary("fsub", "sub", other, self)

    def __mul__(self, other: Any) -> Value:
        return self.function.binary("fmul", "mul", self, other)

    def __rmul__(self, other: Any) -> Value:
        return self.function.binary("fmul", "mul", other, self)

    def __truediv__(self, other: Any) -> Value:
        return self.function.binary("fdiv", "sdiv", self, other)

    def __rtruediv__(self, other: Any) -> Value:
        return self.function.binary("fdiv", "sdiv", other, self)

    def __neg__(self) -> Value:
        return self.function.emit(f"fneg {self.type} {self.text}", self.kind, self.lanes)

    def __and__(self, other: Any) -> Value:
        return self.function.binary("", "and", self, other)

    def __or__(self, other: Any) -> Value:
        return self.function.binary("", "or", self, other)

    def __xor__(self, other: Any) -> Value:
        return self.function.binary("", "xor", self, other)

    def __invert__(self) -> Value:
        return self.function.binary("", "xor", self, True if self.kind == "truth" else -1)

    def __lshift__(self, other: Any) -> Value:
        return self.function.binary("", "shl", self, other)

    def __rshift__(self, other: Any) -> Value:
        """Logical shift of an integer's 64 bits."""
        return self.function.binary("", "lshr", self, other)

    def __lt__(self, other: Any) -> Value:
        return self.function.compare("lt", self, other)

    def __le__(self, other: Any) -> Value:
        return self.function.compare("le", self, other)

    def __gt__(self, other: Any) -> Value:
        return self.function.compare("gt", self, other)

    def __ge__(self, other: Any) -> Value:
        return self.function.compare("ge", self, other)

    def equals(self, other: Any) -> Value:
        return self.function.compare("eq", self, other)

    def differs(self, other: Any) -> Value:
        """Unequal; true when either is NaN."""
        return self.function.compare("ne", self, other)

    def __bool__(self) -> bool:
        raise TypeError("a value of a kernel has no truth while the kernel is written; use where()")


class Module:
    """Functions that are compiled together.

    Parameters
    ----------
    fused : bool
        Whether the processor has a fused multiply-add; without it `fma` is a product and a sum.
    format : Format
        What a number is.
    """

    def __init__(self, fused: bool = True, format: Format = DOUBLE) -> None:
        self.fused, self.format = fused, format
        self.functions: dict[str, Function] = {}
        self.declarations: dict[str, str] = {}
        self.tables: dict[str, str] = {}

    @cached_property
    def doubles(self) -> Module:
        """Functions of doubles that a module of another format calls."""
        return Module(self.fused)

    def function(
        self,
        name: str,
        result: str,
        arguments: Sequence[tuple[str, str]],
        lanes: int = 1,
        internal: bool = False,
    ) -> Function:
        """Start a function; `result` and each argument's second item are kinds (or ``"void"``).

        Arguments and result of an internal function have `lanes` lanes (pointers have one).
        """
        made = Function(self, name, result, arguments, lanes, internal)
        self.functions[name] = made
        return made

    def table(self, name: str, values: Sequence[float], kind: str = "number") -> str:
        """A constant array in memory, by name; returns its address as text."""
        if name not in self.tables:
            one = self.format.type_name(kind)
            items = ", ".join(f"{one} {self.format.constant(v, kind)}" for v in values)
            self.tables[name] = (
                f"@{name} = internal unnamed_addr constant [{len(values)} x {one}] [{items}], align 64"
            )
        return f"@{name}"

    def __str__(self) -> str:
        parts = [*self.tables.values(), *self.declarations.values(), *map(str, self.functions.values())]
        parts += [str(self.doubles)] if "doubles" in self.__dict__ else []
        return "\n".join(parts) + "\n"


class Function:
    """One function while it is written. `emit` appends an instruction; everything else is built on it."""

    def __init__(
        self,
        module: Module,
        name: str,
        result: str,
        arguments: Sequence[tuple[str, str]],
        lanes: int,
        internal: bool,
    ) -> None:
        self.module = module
        self.name = name
        self.lanes = lanes
        self.result = result
        self.internal = internal
        self.head: list[str] = []  # stack slots, in the entry block
        self.lines: list[str] = []
        self.attributes = "nounwind"
        self._names = 0
        self.labels = 0
        self.type_name = module.format.type_name
        self.signature = [(n, k, 1 if k == "pointer" or not internal else lanes) for n, k in arguments]
        self.arguments = [Value(self, f"%{n}", k, w) for n, k, w in self.signature]

    def __str__(self) -> str:
        lanes = self.lanes if self.internal else 1
        result = "void" if self.result == "void" else self.type_name(self.result, lanes)
        parameters = ", ".join(
            self.type_name(k, w) + (" noalias" if k == "pointer" and not self.internal else "") + f" %{n}"
            for n, k, w in self.signature
        )
        linkage = "internal " if self.internal else ""
        body = "\n".join([*self.head, *self.lines])
        return (
            f"define {linkage}{result} @{self.name}({parameters}) {self.attributes} {{\nentry:\n{body}\n}}\n"
        )

    # -- instructions -------------------------------------------------------------------------------------------

    def emit(self, instruction: str, kind: str, lanes: int) -> Value:
        self._names += 1
        text = f"%v{self._names}"
        self.lines.append(f"  {text} = {instruction}")
        return Value(self, text, kind, lanes)

    def constant(self, value: float | int | bool, kind: str = "number", lanes: int | None = None) -> Value:
        """A Python number as a value of all lanes."""
        lanes = self.lanes if lanes is None else lanes
        one = self.module.format.constant(value, kind)
        return Value(self, one if lanes == 1 else f"splat ({self.type_name(kind)} {one})", kind, lanes)

    def spread(self, value: Value, lanes: int) -> Value:
        """A value of one lane in every lane."""
        if value.lanes == lanes:
            return value
        kind, vector = value.kind, self.type_name(value.kind, lanes)
        first = self.emit(f"insertelement {vector} poison, {value.type} {value.text}, i64 0", kind, lanes)
        zeros = self.type_name("word", lanes)
        return self.emit(
            f"shufflevector {vector} {first.text}, {vector} poison, {zeros} zeroinitializer", kind, lanes
        )

    def pair(self, a: Any, b: Any) -> tuple[Value, Value]:
        """Two operands with the same kind and lanes."""
        if not isinstance(a, Value):
            return self.constant(a, b.kind, b.lanes), b
        if not isinstance(b, Value):
            return a, self.constant(b, a.kind, a.lanes)
        if a.lanes != b.lanes:
            lanes = max(a.lanes, b.lanes)
            return self.spread(a, lanes), self.spread(b, lanes)
        return a, b

    def binary(self, of_numbers: str, of_integers: str, a: Any, b: Any) -> Value:
        a, b = self.pair(a, b)
        name = of_numbers if a.kind in ("number", "double") else of_integers
        return self.emit(f"{name} {a.type} {a.text}, {b.text}", a.kind, a.lanes)

    def compare(self, relation: str, a: Any, b: Any) -> Value:
        a, b = self.pair(a, b)
        of_numbers, of_integers = _COMPARISONS[relation]
        test = f"fcmp {of_numbers}" if a.kind == "number" else f"icmp {of_integers}"
        return self.emit(f"{test} {a.type} {a.text}, {b.text}", "truth", a.lanes)

    def where(self, condition: Value, a: Any, b: Any) -> Value:
        """`a` in the lanes where the condition holds, else `b`."""
        if not isinstance(a, Value) and not isinstance(b, Value):
            a = self.constant(a, "number", condition.lanes)
        a, b = self.pair(a, b)
        if condition.lanes > a.lanes:
            a, b = self.spread(a, condition.lanes), self.spread(b, condition.lanes)
        return self.emit(
            f"select {condition.type} {condition.text}, {a.type} {a.text}, {b.type} {b.text}", a.kind, a.lanes
        )

    def intrinsic(self, name: str, *arguments: Value) -> Value:
        """An LLVM intrinsic on numbers, such as ``sqrt`` or ``floor``."""
        first = arguments[0]
        vector = "" if first.lanes == 1 else f"v{first.lanes}"
        full = f"llvm.{name}.{vector}{self.module.format.suffix}"
        types = ", ".join(a.type for a in arguments)
        self.module.declarations.setdefault(full, f"declare {first.type} @{full}({types})")
        return self.call(full, first.kind, *arguments, lanes=first.lanes)

    def fma(self, a: Any, b: Any, c: Any) -> Value:
        """a·b + c with one rounding (two where the processor has no such instruction)."""
        a, b = self.pair(a, b)
        a, c = self.pair(a, c)
        a, b = self.pair(a, b)
        return self.intrinsic("fma", a, b, c) if self.module.fused else a * b + c

    def sqrt(self, a: Value) -> Value:
        return self.intrinsic("sqrt", a)

    def absolute(self, a: Value) -> Value:
        return self.intrinsic("fabs", a)

    def floor(self, a: Value) -> Value:
        return self.intrinsic("floor", a)

    def round(self, a: Value) -> Value:
        """To the nearest integer, ties to even."""
        return self.intrinsic("rint", a)

    def copysign(self, magnitude: Any, sign: Value) -> Value:
        magnitude, sign = self.pair(magnitude, sign)
        return self.intrinsic("copysign", magnitude, sign)

    def maximum(self, a: Any, b: Any) -> Value:
        """The larger; `b` if either is NaN."""
        a, b = self.pair(a, b)
        return self.where(a > b, a, b)

    def minimum(self, a: Any, b: Any) -> Value:
        """The smaller; `b` if either is NaN."""
        a, b = self.pair(a, b)
        return self.where(a < b, a, b)

    def bits(self, a: Value) -> Value:
        """The bits of a number as an integer."""
        return self._cast("bitcast", a, self.module.format.bits)

    def from_bits(self, a: Value) -> Value:
        return self._cast("bitcast", a, "number")

    def to_number(self, a: Value) -> Value:
        return self._cast("sitofp", a, "number")

    def widen(self, a: Value) -> Value:
        """A number as a double."""
        return self._cast("fpext", a, "double")

    def narrow(self, a: Value) -> Value:
        """A double as a number."""
        return self._cast("fptrunc", a, "number")

    def _cast(self, instruction: str, a: Value, kind: str) -> Value:
        target = self.type_name(kind, a.lanes)
        if target == a.type:
            return Value(self, a.text, kind, a.lanes)
        return self.emit(f"{instruction} {a.type} {a.text} to {target}", kind, a.lanes)

    def any(self, condition: Value) -> Value:
        """Whether it holds in any lane."""
        if condition.lanes == 1:
            return condition
        mask = self.emit(f"bitcast {condition.type} {condition.text} to i{condition.lanes}", "integer", 1)
        return self.emit(f"icmp ne i{condition.lanes} {mask.text}, 0", "truth", 1)

    def tally(self, condition: Value) -> Value:
        """In how many lanes it holds."""
        bits = f"i{condition.lanes}"
        mask = self.emit(f"bitcast {condition.type} {condition.text} to {bits}", "integer", 1)
        full = f"llvm.ctpop.{bits}"
        self.module.declarations.setdefault(full, f"declare {bits} @{full}({bits})")
        count = self.emit(f"call {bits} @{full}({bits} {mask.text})", "integer", 1)
        return self.emit(f"zext {bits} {count.text} to i64", "integer", 1)

    def lane(self, value: Value, index: Value | int) -> Value:
        """One lane of a value."""
        if value.lanes == 1:
            return value
        place = getattr(index, "text", index)
        return self.emit(f"extractelement {value.type} {value.text}, i64 {place}", value.kind, 1)

    def set_lane(self, value: Value, index: Value | int, item: Value) -> Value:
        if value.lanes == 1:
            return item
        place = getattr(index, "text", index)
        text = f"insertelement {value.type} {value.text}, {item.type} {item.text}, i64 {place}"
        return self.emit(text, value.kind, value.lanes)

    def every(self, value: Value, step: int) -> Value:
        """Lanes 0, step, 2·step … of a value."""
        lanes = value.lanes // step
        mask = ", ".join(f"i32 {i * step}" for i in range(lanes))
        text = f"shufflevector {value.type} {value.text}, {value.type} poison, <{lanes} x i32> <{mask}>"
        return self.emit(text, value.kind, lanes)

    def call(self, function: Function | str, result: str, *arguments: Value, lanes: int = 1) -> Value:
        name = function if isinstance(function, str) else function.name
        passed = ", ".join(f"{a.type} {a.text}" for a in arguments)
        if result == "void":
            self.lines.append(f"  call void @{name}({passed})")
            return arguments[0] if arguments else self.constant(0, "integer", 1)
        return self.emit(f"call {self.type_name(result, lanes)} @{name}({passed})", result, lanes)

    # -- memory -------------------------------------------------------------------------------------------------

    def offset(self, pointer: Value, index: Value | int, kind: str = "number", lanes: int = 1) -> Value:
        """The address of item `index` of an array of values."""
        place, item = getattr(index, "text", index), self.type_name(kind, lanes)
        return self.emit(f"getelementptr inbounds {item}, ptr {pointer.text}, i64 {place}", "pointer", 1)

    def address_at_entry(self, pointer: Value, index: int) -> Value:
        """The address of a number of an argument's array, computed where the function starts."""
        self._names += 1
        text, number = f"%a{self._names}", self.type_name("number")
        self.head.append(f"  {text} = getelementptr inbounds {number}, ptr {pointer.text}, i64 {index}")
        return Value(self, text, "pointer", 1)

    def load(self, pointer: Value, index: Value | int = 0, kind: str = "number", lanes: int = 1) -> Value:
        address, align = self.offset(pointer, index, kind, lanes), self.module.format.alignment(kind)
        item = self.type_name(kind, lanes)
        return self.emit(f"load {item}, ptr {address.text}, align {align}", kind, lanes)

    def store(self, value: Value, pointer: Value, index: Value | int = 0) -> None:
        address = self.offset(pointer, index, value.kind, value.lanes)
        align = self.module.format.alignment(value.kind)
        self.lines.append(f"  store {value.type} {value.text}, ptr {address.text}, align {align}")

    def take_numbers(self, counter: Value, count: Value) -> Value:
        """The first of the next `count` numbers of a counter in memory, which threads may share."""
        return self.emit(f"atomicrmw add ptr {counter.text}, i64 {count.text} monotonic", "integer", 1)

    def slot(self, kind: str, lanes: int, count: int = 1) -> Value:
        """Room on the stack for `count` values, aligned for vectors."""
        self._names += 1
        text = f"%s{self._names}"
        array = self.type_name(kind, lanes) if count == 1 else f"[{count} x {self.type_name(kind, lanes)}]"
        self.head.append(f"  {text} = alloca {array}, align 64")
        return Value(self, text, "pointer", 1)

    def variable(self, initial: Value) -> Variable:
        """A value that changes inside loops."""
        made = Variable(self, self.slot(initial.kind, initial.lanes), initial.kind, initial.lanes)
        made.set(initial)
        return made

    # -- control ------------------------------------------------------------------------------------------------

    def label(self, purpose: str) -> str:
        self.labels += 1
        return f"{purpose}{self.labels}"

    def place(self, label: str) -> None:
        """Continue writing at a label."""
        self.lines.append(f"{label}:")

    def jump(self, label: str) -> None:
        self.lines.append(f"  br label %{label}")

    def branch(self, condition: Value, yes: str, no: str) -> None:
        self.lines.append(f"  br i1 {condition.text}, label %{yes}, label %{no}")

    def give(self, value: Value | None = None) -> None:
        """Return from the function."""
        self.lines.append(f"  ret {value.type} {value.text}" if value is not None else "  ret void")

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """What is written inside runs only if a condition (of one lane) holds."""
        inside, after = self.label("then"), self.label("after")
        self.branch(condition, inside, after)
        self.place(inside)
        yield
        self.jump(after)
        self.place(after)

    @contextmanager
    def loop(self) -> Iterator[Loop]:
        """An endless loop; leave it by `leave_if`."""
        again, after = self.label("loop"), self.label("after")
        self.jump(again)
        self.place(again)
        yield Loop(self, after)
        self.jump(again)
        self.place(after)

    @contextmanager
    def count(self, number: Value | int, step: int = 1) -> Iterator[Value]:
        """A loop over 0, step, 2·step … below `number`."""
        counter = self.variable(self.constant(0, "integer", 1))
        with self.loop() as loop:
            index = counter.get()
            loop.leave_if(index >= number)
            yield index
            counter.set(counter.get() + step)


class Variable:
    """A place for a value that changes."""

    __slots__ = ("function", "kind", "lanes", "pointer")

    def __init__(self, function: Function, pointer: Value, kind: str, lanes: int) -> None:
        self.function = function
        self.pointer = pointer
        self.kind = kind
        self.lanes = lanes

    def get(self) -> Value:
        kind = self.function.type_name(self.kind, self.lanes)
        return self.function.emit(f"load {kind}, ptr {self.pointer.text}, align 8", self.kind, self.lanes)

    def set(self, value: Value | float) -> None:
        if not isinstance(value, Value):
            value = self.function.constant(value, self.kind, self.lanes)
        value = self.function.spread(value, self.lanes)
        self.function.lines.append(f"  store {value.type} {value.text}, ptr {self.pointer.text}, align 8")


class Loop:
    """The inside of a loop."""

    def __init__(self, function: Function, after: str) -> None:
        self.function = function
        self.after = after

    def leave_if(self, condition: Value) -> None:
        stay = self.function.label("stay")
        self.function.branch(condition, self.after, stay)
        self.function.place(stay)
