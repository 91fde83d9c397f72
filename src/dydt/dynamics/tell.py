"""Equilibria in words: a table for terminals, and LaTeX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dydt.expr.write import latex_name

if TYPE_CHECKING:
    from dydt.dynamics.equilibria import Equilibria, Equilibrium

_WIDEST = 100
_MOST_STATES = 6


def told(found: Equilibria) -> str:
    """A table: where, what, and the eigenvalues."""
    lines = [_summary(found)]
    names = found.states[:_MOST_STATES]
    if len(found):
        rows = [
            [*(f"{item.values[n]:.6g}" for n in names), item.kind + "*" * int(guessed), _pull(item)]
            for item, guessed in zip(found, found.guessed, strict=True)
        ]
        table = [[*names, "kind", ""], *rows]
        widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
        for k, row in enumerate(table):
            cells = [
                cell.rjust(w) if i < len(names) else cell.ljust(w)
                for i, (cell, w) in enumerate(zip(row, widths, strict=True))
            ]
            line = "  " + "  ".join(cells).rstrip()
            values = "eigenvalues" if k == 0 else spectrum(found[k - 1].eigenvalues)
            room = _WIDEST - 4 - len("  " + "  ".join(cells))
            if len(values) <= room:
                line = "  " + "  ".join(cells) + "  " + values
            lines.append(line.rstrip())
            if k and len(values) > room:
                lines.append("      eigenvalues " + _cut(values, _WIDEST - 18))
        lines += _guesses(found)
        lines += _formulas(found)
        lines += _reasons(found)
    lines += [f"  {item}" for item in found.sets]
    return "\n".join(_cut(line, _WIDEST) for line in lines)


def _summary(found: Equilibria) -> str:
    count = len(found)
    number = {0: "no equilibrium", 1: "one equilibrium"}.get(count, f"{count} equilibria")
    if found.sets and not count:
        number = "no isolated equilibrium"
    where = "" if found.box is None else f" in {found.box}"
    if found.is_exact:
        return f"{number}{where} (exact: there are no others{' there' if where else ''})"
    return f"{number} found{where} (from {found.starts:,} starts)"


def _guesses(found: Equilibria) -> list[str]:
    if not any(found.guessed):
        return []
    return ["", "  * far from the data that the law was learned from, where it is a guess"]


def _pull(item: Equilibrium) -> str:
    return item.stability if item.stability not in ("neither", "saddle") else ""


def _formulas(found: Equilibria) -> list[str]:
    """Where a formula says more than the number."""
    lines = []
    for item in found:
        parts = [
            f"{name} = {text}" for name, text in item.formulas.items() if text != f"{item.values[name]:.6g}"
        ]
        if parts:
            lines.append("  " + ", ".join(parts))
    return ["", *lines] if lines else []


def _reasons(found: Equilibria) -> list[str]:
    lines = [
        f"  {item.kind} at ({', '.join(f'{v:.6g}' for v in item.values.values())}): {_reason(item)}"
        for item in found
        if item.decided_by != "linear part"
    ]
    return ["", *lines] if lines else []


def spectrum(values: Any) -> str:
    """Eigenvalues, pairs as a ± bi.

    >>> spectrum([0.094 + 10.19j, 0.094 - 10.19j, -13.85 + 0j])
    '0.094 ± 10.19i, -13.85'
    """
    if not len(values):
        return "none"
    parts: list[str] = []
    left = [complex(v) for v in values]
    while left:
        value = left.pop(0)
        if abs(value.imag) <= 1e-10 * abs(value):
            parts.append(f"{value.real + 0.0:.5g}")
            continue
        mate = min(left, key=lambda v: abs(v - value.conjugate()), default=None)
        if mate is not None:
            left.remove(mate)
        real = 0.0 if abs(value.real) <= 1e-10 * abs(value.imag) else value.real
        sign = f"{real:.5g} ± " if real else "±"
        imaginary = f"{abs(value.imag):.5g}"
        parts.append(f"{sign}{'' if imaginary == '1' else imaginary}i")
    return ", ".join(parts)


def _reason(item: Equilibrium) -> str:
    if item.decided_by.startswith("nothing: "):
        return "undecided, " + item.decided_by.removeprefix("nothing: ")
    return f"decided by {item.decided_by}"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1] + "…"


def told_in_latex(found: Equilibria) -> str:
    """Each equilibrium as an equation, with its kind."""
    names = ", ".join(latex_name(name) for name in found.states)
    left = f"({names})" if len(found.states) > 1 else names
    rows = []
    for item in found:
        cells = [item.latex.get(n) or _number(v) for n, v in item.values.items()]
        right = ", ".join(cells)
        right = rf"\left({right}\right)" if len(cells) > 1 else right
        rows.append(rf"{left} &= {right} &&\text{{{item.kind}}}")
    for every in found.sets:
        cells = [every.latex.get(n, latex_name(n)) for n in found.states]
        rows.append(rf"{left} &= \left({', '.join(cells)}\right) &&\text{{not isolated}}")
    if not rows:
        return r"\text{no equilibrium}"
    return r"\begin{aligned}" + r"\\".join(rows) + r"\end{aligned}"


def _number(value: float) -> str:
    digits, _, power = f"{value:.6g}".partition("e")
    return rf"{digits} \cdot 10^{{{int(power)}}}" if power else digits
