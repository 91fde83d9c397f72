"""The life of an equation as text: what was typed, what was read, the graph, the tape, the IR, the machine code."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from dydt.errors import InputError, nearest
from dydt.expr.derive import jacobian
from dydt.expr.graph import OPERATIONS, Node, is_number, walk
from dydt.expr.network import networks
from dydt.expr.write import write, write_event, write_network, write_number
from dydt.kernels.build import assembly, has_fma
from dydt.kernels.llvm import Module
from dydt.kernels.tape import Tape
from dydt.ode import ODE
from dydt.settings import chosen
from dydt.solvers import methods
from dydt.solvers.integrate import write_kernel
from dydt.solvers.law import CompiledLaw, operations, workspace

_DEEPEST = 60  # levels of a graph that are drawn
STAGES = ("text", "equations", "graph", "jacobian", "tape", "ir", "assembly")


@dataclass(frozen=True)
class Stage:
    """One stage of an equation's life.

    Attributes
    ----------
    name : str
        One of `STAGES`.
    title, facts : str
        What it is, and its size in words.
    text : str
    seconds : float or None
        What it took to get here from the stage before; None where that can't be told apart.
    """

    name: str
    title: str
    facts: str
    text: str
    seconds: float | None = None


def life(ode: ODE, stages: Sequence[str] = STAGES, method: str = "auto", full: bool = False) -> list[Stage]:
    """The stages between a law and the processor.

    Parameters
    ----------
    ode : ODE
    stages : sequence of str
        Which ones, of `STAGES`; only what they need is computed.
    method : str
        The method that the law is compiled with.
    full : bool
        IR and machine code of the whole kernel (the law in every stage of the method, the error estimate, the
        loop), not of the law alone.

    Raises
    ------
    InputError
        For an unknown stage or method.

    >>> print(life(ODE("x' = -k*x; k = 2"), ["tape"])[0].text)
    %0 = k
    %1 = x
    %2 = mul %0, %1
    %3 = neg %2
    return %3
    """
    for name in stages:
        if name not in STAGES:
            raise InputError(
                f"there is no stage `{name}`{nearest(name, STAGES) or '.'} The stages: {', '.join(STAGES)}"
            )
    told = _Life(ode, chosen(method, 1e-8), full)
    return [getattr(told, name)() for name in stages]


class _Life:
    def __init__(self, ode: ODE, method: str, full: bool) -> None:
        self.ode = ode
        self.law = ode.equations
        self.method = methods.method(method)
        self.full = full

    def text(self) -> Stage:
        unwritten = str(self.ode) if networks(self.law.derivatives) else "(a Python function)"
        law = without_header(self.ode.text) or unwritten
        return Stage("text", "text", f"{len(law):,} characters", law)

    def equations(self) -> Stage:
        weights = sum(network.count for network in networks(self.law.derivatives))
        facts = f"{_count(len(self.ode.states), 'state')}, "
        facts += _count(len(self.ode.parameters) - weights, "parameter")
        facts += f", {_count(weights, 'weight')}" if weights else ""
        return Stage("equations", "equations as read", facts, write_law(self.ode), self.ode.read_seconds)

    def graph(self) -> Stage:
        roots = self.law.derivatives
        nodes = walk(roots)
        uses = _uses(roots)
        shared = sum(bool(node.arguments) and uses[node.index] > 1 for node in nodes)
        facts = f"{_count(len(nodes), 'node')}, {shared or 'none'} of them used more than once"
        pairs = zip(self.law.left, roots, strict=True)
        told = [(write(left), root) for left, root in pairs if left is not root]
        return Stage("graph", "expression graph", facts, draw_graph(*zip(*told, strict=True)))

    def jacobian(self) -> Stage:
        states = self.law.states
        began = time.perf_counter()
        entries = jacobian(self.law)
        seconds = time.perf_counter() - began
        rows = [
            write(left) if self.law.mass is None else f"right side {i + 1}"
            for i, left in enumerate(self.law.left)
        ]
        lines = [f"∂({rows[i]})/∂{states[j]} = {write(entry)}" for (i, j), entry in entries.items()]
        facts = f"{len(entries)} of {len(states) ** 2} entries are not zero"
        return Stage("jacobian", "Jacobian, exact", facts, "\n".join(lines), seconds)

    def tape(self) -> Stage:
        began = time.perf_counter()
        tape = Tape(self.law.derivatives, (self.ode.independent, *self.ode.states))
        seconds = time.perf_counter() - began
        once = sum(bool(row.arguments) for row in tape.rows[: tape.prelude])
        facts = _count(tape.work, "operation") + (f", {once} more computed once per solve" if once else "")
        return Stage("tape", "straight-line code", facts, str(tape), seconds)

    def ir(self) -> Stage:
        alone = self._law_alone.functions["law"]
        module, seconds = self._kernel
        whole = sum(len(f.lines) for f in module.functions.values())
        facts = self._sizes(len(alone.lines), whole)
        return Stage("ir", "LLVM IR", facts, str(module if self.full else alone).rstrip(), seconds)

    def assembly(self) -> Stage:
        thorough = not workspace(self._compiled, self.method).inline
        began = time.perf_counter()
        whole = assembly(str(self._kernel[0]), thorough)
        seconds = time.perf_counter() - began
        alone = only_function(assembly(str(self._law_alone), thorough), "law")
        facts = self._sizes(_instructions(alone), _instructions(whole))
        return Stage("assembly", "machine code", facts, whole.rstrip() if self.full else alone, seconds)

    def _sizes(self, alone: int, whole: int) -> str:
        return f"{_count(alone, 'instruction')} for the law, {whole:,} for {self.method.name}"

    @cached_property
    def _compiled(self) -> CompiledLaw:
        return CompiledLaw(self.law)

    @cached_property
    def _kernel(self) -> tuple[Module, float]:
        began = time.perf_counter()
        layout = workspace(self._compiled, self.method)
        module = write_kernel(self._compiled, self.method, layout, has_fma())
        str(module)
        return module, time.perf_counter() - began

    @cached_property
    def _law_alone(self) -> Module:
        """law(t, y, p, out): what the kernel has in each stage, once and by itself."""
        law = self._compiled
        module = Module(has_fma())
        pointers = [("y", "pointer"), ("p", "pointer"), ("out", "pointer")]
        f = module.function("law", "void", [("t", "number"), *pointers])
        t, y, p, out = f.arguments
        used = {row.value for row in law.tape.rows if row.operation == "symbol"}
        parameters = {name: f.load(p, i) for i, name in enumerate(law.parameters) if name in used}
        states = {name: f.load(y, i) for i, name in enumerate(law.states) if name in used}
        inputs = {law.independent: t} | states | parameters
        table = operations(f, p, law.networks)
        values = law.tape.run(table, inputs, law.tape.run_prelude(table, inputs))
        for i, value in enumerate(values):
            f.store(value, out, i)
        f.give()
        return module


def without_header(text: str) -> str:
    """A law's text from its first statement on.

    >>> without_header("# title: Decay\\n\\nN' = -N  # gone\\n")
    "N' = -N  # gone"
    """
    lines = text.rstrip().splitlines()
    while lines and (not lines[0].strip() or lines[0].startswith("#")):
        lines.pop(0)
    return "\n".join(lines)


def write_law(ode: ODE) -> str:
    """The law as it was read, in its own language: how each state changes, then values.

    >>> print(write_law(ODE("x'' = -k*x; k = 4; x(0) = 1; x'(0) = 0; t = 0:9")))
    x'' = -k*x
    <BLANKLINE>
    k = 4
    x(0) = 1;  x'(0) = 0
    t = 0:9
    """
    law = ode.equations
    changes = [
        f"{write(left)} = {write(node)}"
        for left, node in zip(law.left, law.derivatives, strict=True)
        if left is not node  # x' = x' says nothing
    ]
    start = law.start if law.start is not None else law.span[0] if law.span else 0.0
    place = write_number(float(start))
    found = networks(law.derivatives)
    weights = {name for network in found for name in network.weights}
    values = [
        f"{n} = {write_number(v)}" for n, v in ode.parameters.items() if v is not None and n not in weights
    ]
    valueless = [n for n, v in ode.parameters.items() if v is None and n not in weights]
    valueless += [f"the weights of {n.name}" for n in found if ode.parameters[n.weights[0]] is None]
    initial = [f"{name}({place}) = {write(node)}" for name, node in law.initial.items()]
    span = (
        [f"{law.independent} = {write_number(law.span[0])}:{write_number(law.span[1])}"] if law.span else []
    )
    settled = [*_fill(values), *_fill(initial), *span]
    if valueless:
        settled.append(f"# without a value: {', '.join(valueless)}")
    happens = [""] * bool(law.events) + [write_event(event) for event in law.events]
    happens += [""] * bool(found) + [write_network(network) for network in found]
    return "\n".join([*changes, *happens, *([""] if settled else []), *settled])


def draw_graph(names: Sequence[str], roots: Sequence[Node]) -> str:
    """An indented tree a derivative; what is used more than once is drawn once, and referred to by its number.

    >>> from dydt.expr.graph import symbol
    >>> square = symbol("x") * symbol("x")
    >>> print(draw_graph(["x'"], [square + square / 2]))
    x' = +
         ├─ * [1]
         │  ├─ x
         │  └─ x
         └─ /
            ├─ [1]
            └─ 2
    """
    uses = _uses(roots)
    marks: dict[int, int] = {}
    lines: list[str] = []
    for name, root in zip(names, roots, strict=True):
        lead = f"{name} = "
        waiting: list[tuple[Node, str, str]] = [(root, lead, " " * len(lead))]
        while waiting:  # an own stack: graphs may be deeper than Python's
            node, first, further = waiting.pop()
            mark = marks.get(node.index)
            if mark is not None:
                lines.append(f"{first}[{mark}]")
                continue
            label = _label(node)
            if node.arguments and len(further) - len(lead) > 3 * _DEEPEST:
                lines.append(f"{first}{label} …")
                continue
            if node.arguments and uses[node.index] > 1:
                marks[node.index] = len(marks) + 1
                label += f" [{marks[node.index]}]"
            lines.append(first + label)
            last = len(node.arguments) - 1
            for i, argument in reversed(list(enumerate(node.arguments))):
                branch, below = ("└─ ", "   ") if i == last else ("├─ ", "│  ")
                waiting.append((argument, further + branch, further + below))
    return "\n".join(lines)


def only_function(text: str, name: str) -> str:
    """One function's instructions and labels in an assembly listing, without the directives around them."""
    kept: list[str] = []
    inside = False
    for line in text.splitlines():
        bare = line.strip()
        if not line[:1].isspace() and bare.split(":")[0].lstrip("_") == name:
            inside = True
            kept.append(f"{name}:")
        elif inside and ("func_end" in bare or bare == ".cfi_endproc"):
            break
        elif inside and bare and not bare.startswith(("#", ";", "//")) and not _is_directive(line):
            kept.append(line.split("#")[0].rstrip().expandtabs(8))
    return "\n".join(kept)


def _is_directive(line: str) -> bool:
    return line[:1].isspace() and line.lstrip().startswith(".")


def _instructions(listing: str) -> int:
    return sum(
        line[:1].isspace() and bool(line.strip()) and not line.lstrip().startswith((".", "#", ";", "//"))
        for line in listing.splitlines()
    )


def _uses(roots: Sequence[Node]) -> Counter[int]:
    uses = Counter(argument.index for node in walk(roots) for argument in node.arguments)
    uses.update(root.index for root in roots)
    return uses


def _label(node: Node) -> str:
    if is_number(node):
        return write_number(node.value)
    if node.operation == "symbol":
        return str(node.value)
    if node.operation == "network":
        return str(node.value.write(["…"]))
    return OPERATIONS[node.operation].infix.strip() or node.operation


def _fill(items: Sequence[str], width: int = 76) -> list[str]:
    """Items side by side, as many as a line holds."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + 3 + len(item) <= width:
            lines[-1] += ";  " + item
        else:
            lines.append(item)
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
