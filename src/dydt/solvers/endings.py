"""How a solve ended, in words: the status, the likely cause, and the next thing to try."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dydt.expr.equations import Equations
from dydt.expr.graph import Node, is_number, symbols, walk
from dydt.kernels.numpy import evaluate
from dydt.solvers.causes import BLOW_UP, NOT_DEFINED, SINGULAR, STUCK, Causes, Stops, denominators
from dydt.solvers.workspace import CHATTER, DONE, NOT_FINITE, STEP_LIMIT, STOPPED, TOO_SMALL

Array = Any

FINE = ("done", "stopped")  # reached the end, or an event that ends the solution
_RECENT = 10  # steps that are looked at, at least, for signs of stiffness


@dataclass(frozen=True)
class Ending:
    """A status of the contract and its message."""

    status: str
    message: str

    @property
    def is_fine(self) -> bool:
        """Whether the solution came as far as the law wanted it to."""
        return self.status in FINE


def guards(equations: Equations) -> list[Node]:
    """Denominators that may change their sign while solving, and the factors of an implicit law's derivatives.

    Only these can hide a pole between two steps; a denominator that can't be negative shrinks the steps instead.
    """
    varying = {equations.independent, *equations.states}
    return [g for g in denominators(equations) if not is_positive(g) and varying & set(symbols([g]))]


def is_positive(node: Node) -> bool:
    """Whether the form of an expression shows that it is never negative."""
    signs: dict[int, bool] = {}
    for item in walk([node]):
        a = item.arguments
        known = [signs[b.index] for b in a]
        match item.operation:
            case "number":
                sign = item.value >= 0
            case "exp" | "cosh" | "sqrt" | "abs" | "step":
                sign = True
            case "pow":
                sign = known[0] or (is_number(a[1]) and a[1].value % 2 == 0)
            case "mul":
                sign = all(known) or a[0] is a[1]
            case "add" | "div" | "min":
                sign = all(known)
            case "max":
                sign = any(known)
            case "select":
                sign = all(known[1:])
            case _:
                sign = False
        signs[item.index] = sign
    return signs[node.index]


class Judge:
    """Looks at a law's values where a solve stopped.

    Parameters
    ----------
    equations : Equations
    parameters : array_like
        Their values, in the law's order.
    """

    def __init__(self, equations: Equations, parameters: Sequence[float]) -> None:
        self.equations = equations
        self.parameters = dict(zip(equations.parameters, parameters, strict=True))
        self._row = np.array(parameters, dtype=float).reshape(1, -1)

    def _inputs(self, t: float, y: Array) -> dict[str, Any]:
        return {
            self.equations.independent: t,
            **self.parameters,
            **dict(zip(self.equations.states, y, strict=True)),
        }

    def slopes(self, t: float, y: Array) -> Array:
        """f(t, y)."""
        return np.array(evaluate(self.equations.derivatives, self._inputs(t, y)), dtype=float)

    def crossing(self, step: Array, between: Callable[[Array], Array]) -> tuple[float, str] | None:
        """Whether a denominator's sign change in a step is a point where the law is singular.

        Found by bisection on the dense output; it is singular if f grows without bound on the way there. Gives the
        time just before it and a description, or None.
        """
        (t0, *y0), (t1, *y1) = step
        for guard in guards(self.equations):

            def value(t: float, guard: Node = guard) -> float:
                return float(evaluate([guard], self._inputs(t, between(np.array([t]))[0]))[0])

            start, final = (float(evaluate([guard], self._inputs(t, y))[0]) for t, y in ((t0, y0), (t1, y1)))
            if not start * final <= 0.0:
                continue
            low, high = t0, t1
            for _ in range(60):
                middle = 0.5 * (low + high)
                if value(middle) * start > 0.0:
                    low = middle
                else:
                    high = middle
            if self._grows(t0, high, between):
                near = high - (high - t0) * 1e-6
                return near, f"`{guard}` becomes zero near {self.equations.independent} = {high:.9g}"
        return None

    def _grows(self, t0: float, pole: float, between: Callable[[Array], Array]) -> bool:
        sizes = []
        for distance in (1e-1, 1e-3, 1e-5, 1e-7):
            t = pole - (pole - t0) * distance
            with np.errstate(all="ignore"):
                sizes.append(float(np.max(np.abs(self.slopes(t, between(np.array([t]))[0])))))
        if not all(map(math.isfinite, sizes)):
            return True
        return sizes[1] > 3 * sizes[0] and sizes[2] > 3 * sizes[1] and sizes[3] > 3 * sizes[2]

    # -- causes ---------------------------------------------------------------------------------------------------

    def ending(
        self,
        code: int | str,
        rows: Array,
        t_end: float,
        step: float,
        note: str,
        limits: str,
        explicit: bool = True,
    ) -> Ending:
        """The ending of a solve, from its status and the last rows it recorded.

        `explicit` says whether its method was one that stiffness holds up.
        """
        name = self.equations.independent
        t, y = rows[-1, 0], rows[-1, 1:]
        where = f"{name} = {t:.9g}, {self._state(y)}"
        if code == DONE:
            return Ending("done", f"reached {name} = {t_end:.9g}")
        if code == "singular point":
            text = f"stopped at {where}: the law is singular there, {note}. End the span before it, or start behind it."
            return Ending("singular point", text)
        if code in (STOPPED, CHATTER):
            return self._by_event(code, where, note)
        if code == STEP_LIMIT and self._turns(rows):
            code = TOO_SMALL
        if code in (TOO_SMALL, NOT_FINITE):
            return self._stuck(rows, step, where, code == NOT_FINITE, explicit)
        stiff = self._stiffness(rows, step) if explicit else ""
        if code == STEP_LIMIT:
            advice = stiff or "Raise `step_limit`, loosen `rtol`, or shorten the span."
            return Ending("step limit", f"stopped at {where}: {limits}. {advice}")
        if code == "time limit":
            advice = stiff or "Raise `time_limit`, loosen `rtol`, or shorten the span."
            return Ending("time limit", f"stopped at {where}: {limits}. {advice}")
        return Ending(
            "interrupted", f"stopped at {where}, on request. What was computed up to there is kept."
        )

    def _turns(self, rows: Array) -> bool:
        """Whether a solve with constraints is held up where they no longer determine its algebraic states."""
        if self.equations.mass is None:
            return False
        causes = Causes(self.equations)
        stop = Stops(rows[:1, 0], rows[:1, 1:], rows[-1:, 0], rows[-1:, 1:], self._row)
        return int(causes.vanishing(stop)[0]) >= len(causes.denominators) - len(causes.turning)

    def _by_event(self, code: int | str, where: str, event: str) -> Ending:
        if code == STOPPED:
            return Ending("stopped", f"stopped by `{event}` at {where}")
        text = f"stopped at {where}: events come faster and faster and pile up there, the last of them `{event}`. "
        return Ending("chatter", text + "End the span before it, or let an event stop the solution.")

    def _state(self, y: Array, most: int = 4) -> str:
        shown = [f"{s} = {v:.6g}" for s, v in zip(self.equations.states[:most], y, strict=False)]
        return ", ".join(shown) + (", …" if len(self.equations.states) > most else "")

    def _stuck(self, rows: Array, step: float, where: str, fixed: bool, explicit: bool) -> Ending:
        """The cause of a step that can't be made, from the law's values there."""
        t, y = rows[-1, 0], rows[-1, 1:]
        f = self.slopes(t, y)
        causes = Causes(self.equations)
        stop = Stops(rows[:1, 0], rows[:1, 1:], rows[-1:, 0], rows[-1:, 1:], self._row)
        vanishes, escapes, leaves = (
            int(of(stop)[0]) for of in (causes.vanishing, causes.escaping, causes.domain)
        )
        if vanishes >= 0:
            zero = causes.denominators[vanishes]
            text = f"stopped at {where}: the law is singular there, `{zero}` is zero. "
            if zero in causes.turning:
                text = (
                    f"stopped at {where}: the law is singular there. Its constraints no longer determine "
                    f"{', '.join(f'`{name}`' for name in self.equations.algebraic[:4]) or 'the states'}, as "
                    f"`{zero}` is zero: the solution turns back, or branches meet. "
                )
            return Ending(SINGULAR, text + "End the span before it, or start elsewhere.")
        if escapes >= 0:
            state, name = self.equations.states[escapes], self.equations.independent
            left = min(abs(y[escapes] / f[escapes]), abs(t - rows[0, 0]))
            when = t + math.copysign(left, t - rows[0, 0])
            text = f"stopped at {where}: `{state}` grows without bound and escapes near {name} = {when:.6g}. "
            return Ending(BLOW_UP, text + "The solution exists only up to there: end the span before it.")
        if not np.all(np.isfinite(f)):
            culprit = self._first_not_finite(t, y)
            text = (
                f"stopped at {where}: {culprit}. Check the initial values and parameters, or limit the span."
            )
            return Ending(NOT_DEFINED, text)
        if fixed:
            text = (
                f"stopped at {where}: the next step of h = {abs(step):.3g} gives values that are not finite. "
            )
            return Ending(NOT_DEFINED, text + "Take a smaller `h`, or an adaptive method such as tsit5.")
        if leaves >= 0:
            text = f"stopped at {where}: `{causes.bounded(leaves)}` is not defined just beyond. "
            return Ending(NOT_DEFINED, text + "The solution can't be continued; end the span before it.")
        stiff = self._stiffness(rows, step) if explicit else ""
        text = f"stopped at {where}: steps of {abs(step):.1e} are too small to move {self.equations.independent}. "
        return Ending(
            STUCK,
            text + (stiff or "The law may have a jump or a kink there, or need a looser `rtol`."),
        )

    def _first_not_finite(self, t: float, y: Array) -> str:
        """The first operation of the law whose value is not finite though its arguments are."""
        order = walk(self.equations.derivatives)
        values = dict(zip((n.index for n in order), evaluate(order, self._inputs(t, y)), strict=True))
        for node in order:
            value = values[node.index]
            if not np.isfinite(value) and all(np.isfinite(values[a.index]) for a in node.arguments):
                return f"`{node}` is not finite there ({value:g})"
        return "the law's value is not finite there"

    def _stiffness(self, rows: Array, step: float) -> str:
        """Words on stiffness, if the Jacobian's fastest decay is what limits the steps."""
        from dydt.expr.derive import jacobian

        t, y = rows[-1, 0], rows[-1, 1:]
        size = len(self.equations.states)
        if size > 200 or len(rows) < 2:
            return ""
        entries = jacobian(self.equations)
        matrix = np.zeros((size, size))
        for place, value in zip(entries, evaluate(list(entries.values()), self._inputs(t, y)), strict=True):
            matrix[place] = value
        if not np.all(np.isfinite(matrix)):
            return ""
        fastest = min(np.linalg.eigvals(matrix).real * math.copysign(1.0, step))
        recent = rows[1:][-max(_RECENT, len(rows) // 4) :]  # the first row may be far back
        if len(recent) < _RECENT:
            return ""
        passed = abs(recent[-1, 0] - recent[0, 0])
        path = np.sum(np.abs(np.diff(recent[:, 1:], axis=0)), axis=0)
        change = np.max(path) / (np.max(np.abs(recent[:, 1:])) + 1e-300)
        pace = max(change / passed, 1.0 / abs(rows[-1, 0] - rows[0, 0]) * 1e-3)
        if fastest < 0 and abs(fastest * step) > 0.05 and abs(fastest) > max(50 * pace, 50 / passed):
            return (
                f"The law looks stiff: something in it decays {abs(fastest) / pace:.1e} times faster than "
                'the solution changes, and an explicit method has to follow it. Take method="rodas5p", which need not.'
            )
        return ""
