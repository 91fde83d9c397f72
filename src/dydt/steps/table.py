"""Solving by machine, in the open: every step of a method with its slopes, the numbers put into the formulas."""

from __future__ import annotations

import json
import math
import textwrap
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.brief import brief
from dydt.errors import InputError, SolveWarning
from dydt.expr.evaluate import evaluate
from dydt.expr.graph import Node
from dydt.expr.network import networks
from dydt.kernels.numpy import evaluate as evaluate_all
from dydt.solvers import methods
from dydt.solvers.runge_kutta import end, slopes
from dydt.solvers.tableaus import Tableau, tableau
from dydt.solvers.vectors import Components, Plain
from dydt.steps.reference import Reference, reference
from dydt.steps.words import cells, error_text, laid, latex_step, point, table_width, written

if TYPE_CHECKING:
    from dydt.ode import ODE

Array = Any

_MOST = 20_000  # steps of one table
_STRETCH = 1 + 1e-9  # a last step may be so much longer, as in the kernels
_SHOWN = 24  # rows of a table that are printed
_NATIVE, _SLOWLY = 1_000_000, 1024  # most of them there
_FINER = 8  # halvings of the step that show the order
_TOO_FINE = 3e-12  # errors below it, relative, may be rounding


@dataclass(frozen=True)
class Stage:
    """One slope of a step: k = f(t, y).

    Attributes
    ----------
    t : float
    y, k : tuple of float
    """

    t: float
    y: tuple[float, ...]
    k: tuple[float, ...]


@dataclass(frozen=True)
class Step:
    """One step, from (t, y) to (t_end, y_end)."""

    number: int
    t: float
    y: tuple[float, ...]
    h: float
    stages: tuple[Stage, ...]
    t_end: float
    y_end: tuple[float, ...]


@dataclass(frozen=True)
class Run:
    """All steps of one method with one h.

    Attributes
    ----------
    method : str
    h : float
    steps : tuple of Step
    exact : ndarray, shape (m, n)
        The exact solution at the times of the steps, first and last included.
    states : tuple of str
    independent : str
    finished : bool
        Whether the end was reached; else the next step would lead to no finite number.
    """

    method: str
    h: float
    steps: tuple[Step, ...]
    exact: Array
    states: tuple[str, ...]
    independent: str
    finished: bool = True

    def __repr__(self) -> str:
        return f"<Run of {self.method}, h = {self.h:g}: {len(self.steps)} steps>"

    @cached_property
    def t(self) -> Array:
        """Times, shape (m,)."""
        return np.array([step.t for step in self.steps] + [self.steps[-1].t_end])

    @cached_property
    def y(self) -> Array:
        """States, shape (m, n)."""
        return np.array([step.y for step in self.steps] + [self.steps[-1].y_end])

    @property
    def errors(self) -> Array:
        """Distance to the exact solution, each state for itself: shape (m, n)."""
        with np.errstate(over="ignore"):
            return np.abs(self.y - self.exact)

    @property
    def error(self) -> float:
        """The largest at the end; infinite if it was not reached."""
        return float(np.max(self.errors[-1])) if self.finished else math.inf

    def rows(self) -> list[list[float]]:
        """The table: t, the states, each k, the exact states and the error at the beginning of each step."""
        rows = []
        for i, step in enumerate(self.steps):
            slopes = [value for stage in step.stages for value in stage.k]
            rows.append([step.t, *step.y, *slopes, *self.exact[i].tolist(), float(self.errors[i].max())])
        last, empty = self.steps[-1], [math.nan] * sum(len(stage.k) for stage in self.steps[-1].stages)
        rows.append([last.t_end, *last.y_end, *empty, *self.exact[-1].tolist(), float(self.errors[-1].max())])
        return rows

    def header(self) -> list[str]:
        """The names of the columns of `rows`."""
        one = len(self.states) == 1
        count = len(self.steps[0].stages)
        ks = [f"k{i}" if one else f"k{i} {s}" for i in range(1, count + 1) for s in self.states]
        exact = ["exact"] if one else [f"exact {s}" for s in self.states]
        return [self.independent, *self.states, *ks, *exact, "error"]

    def table(self, most: int = _SHOWN, width: int = 100) -> str:
        """The table as text; a long one is cut in the middle, a wide one goes on below."""
        header, rows = self.header(), self.rows()
        one = cells(header, rows, most, 7)
        if table_width(one) <= width:
            return laid(one)
        count = len(self.steps[0].stages) * len(self.states)
        first = 1 + len(self.states)
        slopes = range(first, first + count)
        parts = [[*range(first), *range(first + count, len(header))]]
        each = max(1, (width - 12) // 13)
        parts += [[0, *slopes[i : i + each]] for i in range(0, count, each)]
        return "\n\n".join(laid([[row[i] for i in part] for row in one]) for part in parts)

    def to_csv(self) -> str:
        """The table as comma-separated values, exact to the last bit."""
        lines = [",".join(self.header())]
        lines += [",".join("" if math.isnan(v) else repr(v) for v in row) for row in self.rows()]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Steps:
    """A law solved step by step, by one or more methods, with one or more h.

    Attributes
    ----------
    runs : tuple of Run
        For each method, for each h.
    reference : Reference
        The exact solution that everything is compared with, and where it is from.
    convergence : dict
        Method -> (h, errors at the end), for finer and finer h.
    """

    runs: tuple[Run, ...]
    reference: Reference
    convergence: dict[str, tuple[Array, Array]]
    derivatives: tuple[Node, ...]
    parameters: dict[str, float]

    __repr__ = brief

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(run.method for run in self.runs))

    def __getitem__(self, key: Any) -> Run:
        """A run by ``steps[method, h]``, or by either where the other is the only one."""
        wanted = key if isinstance(key, tuple) else (key,)
        found = [run for run in self.runs if all(w in (run.method, run.h) for w in wanted)]
        if len(found) != 1:
            known = ", ".join(f"({run.method}, {run.h:g})" for run in self.runs)
            raise InputError(f"there is no single run for {key!r}. There: {known}")
        return found[0]

    @property
    def orders(self) -> dict[str, float]:
        """The measured order of each method: the slope of ln(error) over ln(h) for the finest steps."""
        return {name: measured_order(*pairs) for name, pairs in self.convergence.items()}

    def formulas(self, run: Run, number: int = 1, digits: int = 6) -> list[str]:
        """The lines of one step with the numbers put in."""
        return written(run, number, self.derivatives, self.parameters, digits)

    def __str__(self) -> str:
        return self.text()

    def text(self, formulas: int = 1, width: int = 100) -> str:
        """Tables and formulas.

        Parameters
        ----------
        formulas : int
            Of how many steps of each run the formulas are written out.
        width : int
            Of a terminal.
        """
        parts = [f"exact: {self.reference.text}"]
        for run in self.runs:
            parts.append(f"\n{tableau(run.method).title}, h = {run.h:g}\n")
            parts.append(run.table(width=width))
            if not run.finished:
                parts.append("the next step leads to no finite number: this h is too large for this method")
            for number in range(1, min(formulas, len(run.steps)) + 1):
                lines = self.formulas(run, number)
                if number == 1 and run.h != next(r.h for r in self.runs if r.method == run.method):
                    break  # the same formulas with other numbers
                parts.append(f"\nstep {number}")
                for line in lines:
                    parts += textwrap.wrap(
                        line, width, initial_indent="  ", subsequent_indent=" " * 7, break_long_words=False
                    )
        if len(self.runs) > 1:
            parts += ["", self.comparison()]
        return "\n".join(parts)

    def comparison(self) -> str:
        """The errors at the end, a row an h and a column a method, and the measured orders."""
        sizes = sorted({run.h for run in self.runs}, reverse=True)
        names = self.methods
        rows = [["h", *names]]
        rows += [[f"{h:g}", *(error_text(self[name, h].error) for name in names)] for h in sizes]
        orders, known = self.orders, [tableau(name).order for name in names]
        rows.append(["order", *(f"{orders[name]:.2f}" for name in names)])
        rows.append(["by theory", *map(str, known)])
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
        return "\n".join([f"error at {self.runs[0].independent} = {self.runs[0].t[-1]:g}", *lines])

    def _repr_latex_(self) -> str:
        """The formulas of the first step of the first run."""
        return latex_step(self.runs[0], 1)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain data."""
        return {
            "exact": self.reference.text,
            "runs": [
                {
                    "method": run.method,
                    "h": run.h,
                    "columns": run.header(),
                    "rows": [[None if not math.isfinite(v) else v for v in row] for row in run.rows()],
                    "error": run.error if run.finished else None,
                }
                for run in self.runs
            ],
            "orders": self.orders,
            "convergence": {
                n: {"h": h.tolist(), "error": e.tolist()} for n, (h, e) in self.convergence.items()
            },
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def plot(self, path: Any = None, **options: Any) -> Any:
        """Each run beside the exact solution; see `dydt.plotting.steps.stepwise`."""
        from dydt.plotting.steps import stepwise

        return stepwise(self, path=path, **options)

    def plot_errors(self, path: Any = None, **options: Any) -> Any:
        """The error against h, on logarithmic scales; see `dydt.plotting.steps.errors`."""
        from dydt.plotting.steps import errors

        return errors(self, path=path, **options)


# -- taking the steps ----------------------------------------------------------------------------------------------


def steps(ode: ODE, method: Any, h: Any, t: Any, exact: bool, named: Mapping[str, float]) -> Steps:
    """Solve step by step; see `ODE.steps`."""
    names = [method] if isinstance(method, str) else list(method)
    given = [h] if isinstance(h, int | float | np.number) else list(h)
    tableaus = [_explicit(name) for name in names]
    if ode.equations.events:
        raise InputError(
            "the law has events, which steps by hand do not see: leave them away, or use solve()"
        )
    if t is None and ode.equations.span is None:
        raise InputError(f"say the span to step over, as in t=(0, 1), or in the law: {ode.independent} = 0:1")
    t0, t1 = ode._span(t)
    sizes = [_size(size, t1 - t0) for size in given]
    parameters = ode.parameter_values(named)
    start = ode.initial_state(named, parameters, t0)
    known = dict(zip(ode.parameters, parameters.tolist(), strict=True))
    truth = reference(ode, (t0, t1), start, parameters, named, exact)
    runs = []
    for method_table in tableaus:
        for size in sizes:
            taken = tuple(take(ode, method_table, size, t0, t1, start, known))
            times = np.array([step.t for step in taken] + [taken[-1].t_end])
            finished = taken[-1].t_end == t1
            runs.append(
                Run(method_table.name, size, taken, truth(times), ode.states, ode.independent, finished)
            )
    convergence = {
        table.name: converge(ode, table, sizes, (t0, t1), start, parameters, truth) for table in tableaus
    }
    return Steps(tuple(runs), truth, convergence, tuple(ode.equations.derivatives), known)


def _explicit(name: Any) -> Tableau:
    if name in methods.STIFF:
        raise InputError(
            f"{name} solves linear systems in each step, which no table shows; take an explicit method, such as rk4"
        )
    return tableau(name)


def _size(h: Any, length: float) -> float:
    try:
        size = float(h)
    except (TypeError, ValueError):
        raise InputError(
            f"h must be a number or a list of numbers, as in h=[0.5, 0.2, 0.1], and is {h!r}"
        ) from None
    if not (math.isfinite(size) and size > 0):
        raise InputError(f"h must be a positive number, and is {size!r}")
    if abs(length) / size > _MOST:
        raise InputError(
            f"h = {size:g} makes {abs(length) / size:,.0f} steps, more than anyone reads ({_MOST:,}): take a larger "
            "h or a shorter span"
        )
    return size


def take(
    ode: ODE,
    method: Tableau,
    h: float,
    t0: float,
    t1: float,
    start: Sequence[float],
    known: Mapping[str, float],
) -> list[Step]:
    """The steps of a method, in plain arithmetic by its tableau."""
    law = slope_of(ode, known)
    space = Components(Plain, len(start))
    t, y, signed = t0, list(map(float, start)), math.copysign(h, t1 - t0)
    taken: list[Step] = []
    while True:
        last = abs(signed) * _STRETCH >= abs(t1 - t)
        t_end = t1 if last else t + signed
        step = t_end - t  # what the clock really moves, as in the kernels
        stages: list[Stage] = []

        def noted(at: float, state: Sequence[float], stages: list[Stage] = stages) -> list[float]:
            k = law(at, state)
            stages.append(Stage(float(at), tuple(state), tuple(k)))
            return k

        k, final = slopes(space, noted, method, t, y, step)
        after = end(space, method, y, step, k, final)
        taken.append(Step(len(taken) + 1, t, tuple(y), step, tuple(stages), t_end, tuple(after)))
        if not all(map(math.isfinite, after)):
            taken.pop()
            if taken:
                return taken
            raise InputError(
                f"the first step of {method.name} with h = {h:g} leads from {point(t, y)} to no finite number: is the "
                "law defined there? Take another start or a smaller h"
            )
        if last:
            return taken
        t, y = t_end, after


def slope_of(ode: ODE, known: Mapping[str, float]) -> Callable[[float, Sequence[float]], list[float]]:
    """f(t, y) in plain floats; of a law with networks by NumPy, which computes each once for all of its outputs."""
    states, derivatives, name = ode.states, ode.equations.derivatives, ode.independent
    has_networks = bool(networks(derivatives))

    def law(t: float, y: Sequence[float]) -> list[float]:
        values = {**known, name: t, **dict(zip(states, y, strict=True))}
        if has_networks:
            return [float(value) for value in evaluate_all(derivatives, values)]
        return [evaluate(node, values) for node in derivatives]

    return law


def converge(
    ode: ODE,
    method: Tableau,
    sizes: Sequence[float],
    span: tuple[float, float],
    start: Sequence[float],
    parameters: Array,
    truth: Reference,
) -> tuple[Array, Array]:
    """Errors at the end for whole numbers of steps, finer and finer, by the native solver."""
    length = abs(span[1] - span[0])
    known = dict(zip(ode.parameters, np.asarray(parameters).tolist(), strict=True))
    most = _SLOWLY if method.error else _NATIVE
    finest = max(1, min(most, round(length / max(sizes)) << _FINER))
    counts = sorted({max(1, finest >> i) for i in range(_FINER + 1)})
    wanted = truth(np.array([span[1]]))[0]
    errors = []
    for count in counts:
        if method.error:  # the kernel of an adaptive method would choose its own steps
            last = take(ode, method, length / count, *span, start, known)[-1]
            end = np.array(last.y_end) if last.t_end == span[1] else np.full(len(start), math.nan)
        else:
            step = ode.solver(method=method.name, h=length / count, saveat="end", step_limit=2 * _NATIVE)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SolveWarning)
                found = step(span, start, parameters)
            end = found.end[0] if found.is_fine else np.full(len(start), math.nan)
        errors.append(float(np.max(np.abs(end - wanted))))
    sizes_used, found_errors = length / np.array(counts), np.array(errors)
    seen = ~(found_errors <= _TOO_FINE * float(np.max(np.abs(wanted))))
    seen[:2] = True
    return sizes_used[seen], found_errors[seen]


def measured_order(h: Array, errors: Array) -> float:
    """The slope of ln(error) over ln(h): the middle one of the last three, between the finest steps.

    >>> round(measured_order(np.array([0.4, 0.2, 0.1]), np.array([0.016, 0.004, 0.001])), 6)
    2.0
    """
    good = np.isfinite(errors) & (errors > 0)
    slopes = np.diff(np.log(errors[good])) / np.diff(np.log(h[good]))
    return float(np.median(slopes[-3:])) if len(slopes) else math.nan
