"""A law with a method and tolerances, compiled: what `ode.solver(...)` gives and every solution refers to."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.errors import InputError, SolveWarning, listed
from dydt.progress import Progress, is_watched
from dydt.settings import Settings
from dydt.solution import Solution
from dydt.solvers.endings import Ending, Judge
from dydt.solvers.relay import Relay
from dydt.solvers.run import Run
from dydt.solvers.solver import CHANGE, Solver, Watch, join
from dydt.solvers.stiffness import Turns, pause
from dydt.solvers.workspace import DONE

if TYPE_CHECKING:
    from dydt.ode import ODE
    from dydt.solvers.consistent import Changes

Array = Any

_MOST_TIMES = 10_000_000  # that a spacing may ask for


class Problem:
    """A law, a method and tolerances as machine code; call it as often as you like.

    Made by `ODE.solver`. ``problem((t0, t1), y0, p)`` solves from the state `y0` with the parameters `p`, both in
    the order of the law, and costs a few microseconds on top of the kernel.

    Examples
    --------
    >>> import dydt
    >>> step = dydt.ODE("x' = -k*x", k=1).solver(saveat="end")
    >>> [round(float(step((0, 1), [1.0], [k]).y[-1, 0]), 4) for k in (1, 2)]
    [0.3679, 0.1353]
    """

    def __init__(self, ode: ODE, solver: Solver, settings: Settings) -> None:
        self.ode = ode
        self.solver = solver
        self.settings = settings
        self.states = ode.states
        self.independent = ode.independent
        self.intermediates = ode.equations.intermediates
        self.method = settings.method
        self.rtol = settings.rtol
        self.saveat = settings.saveat
        self._template = self._template_of(solver)
        if settings.stiff_method:
            solver.let_breathe(self._template, pause(solver.law, solver.work))
        self._simple = settings.saveat is None or settings.saveat == "end"
        self._record = settings.saveat is None

    def __call__(self, t: tuple[float, float], y0: Sequence[float] | Array, p: Any = ()) -> Solution:
        """Solve from `t[0]` to `t[1]`; without `p`, with the law's own parameters.

        Raises
        ------
        InputError
            If the number of states or parameters is wrong, or a value is not finite.
        """
        t0, t1 = t
        if len(p) != len(self.ode.parameters):
            p = self._own_parameters(p)
        if len(y0) != len(self.states):
            raise InputError(
                f"the law has {len(self.states)} states, and the initial state has {len(y0)} values"
            )
        if not math.isfinite(t1 - t0) or t0 == t1:
            raise InputError(f"the span must go from one finite time to another, and is {t0!r} … {t1!r}")
        saveat = None if self._simple else self.times(t0, t1)
        adjusted: Changes = {}
        if self.ode.is_constrained:
            y0, adjusted = self._consistent(t0, y0, p)
        try:
            leg = self.solver.run(self._template, t0, t1, y0, p, self._record, saveat, self._watch)
        except (TypeError, ValueError) as error:
            raise InputError(f"initial values and parameters must be numbers: {error}") from None
        leg.adjusted = adjusted
        run = leg if leg.status != CHANGE else self._relay(leg, saveat)
        if run.status != DONE:
            self._warn(run)
        return Solution(self, run)

    def _consistent(self, t0: float, y0: Any, p: Any) -> tuple[Array, Changes]:
        """The start that satisfies the constraints."""
        try:
            return self.ode.consistent(t0, np.asarray(y0, dtype=float), np.asarray(p, dtype=float))
        except (TypeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"initial values and parameters must be numbers: {error}") from None

    def _template_of(self, solver: Solver) -> Array:
        s = self.settings
        absolute = s.atol[0] if len(s.atol) == 1 else np.array(s.atol)
        return solver.template(s.rtol, absolute, s.h, s.max_step, s.step_limit)

    def _relay(self, run: Run, saveat: Array | None) -> Relay:
        """Go on by the other method, and so forth."""
        relay = Relay([(self.solver, run)])
        while relay.status == CHANGE:
            before = relay.legs[-1][0]
            solver = self.ode.compiled(self.settings.stiff_method) if before is self.solver else self.solver
            template = self._template_of(solver)
            solver.begin_with(
                template, relay.step, self.settings.step_limit - relay.accepted - relay.rejected
            )
            turns = Turns(solver.law, run.parameters, self.method, before is self.solver, solver.work)
            solver.let_breathe(template, turns.pause)
            saved = relay.legs[-1][1].saved
            if saveat is not None and saved is not None:
                saveat = saveat[len(saved) :]

            def watch(p: Any, turns: Turns = turns, spent: float = relay.seconds) -> Watch:
                watch = self._watch(p)
                watch.turn = turns
                watch.time_limit -= spent
                return watch

            leg = solver.run(
                template, relay.t, run.t1, relay.y.copy(), run.parameters, self._record, saveat, watch
            )
            relay = Relay([*relay.legs, (solver, leg)])
        return relay

    def _own_parameters(self, p: Any) -> Array:
        if len(p):
            raise InputError(
                f"the law has {len(self.ode.parameters)} parameters ({listed(self.ode.parameters)}), "
                f"and {len(p)} were given"
            )
        return self.ode.parameter_values({})

    def _watch(self, p: Any) -> Watch:
        """Everything a solve minds that is not over at once."""
        watch = Watch(self.settings.time_limit)
        if self.settings.stiff_method:
            watch.turn = Turns(self.solver.law, p, self.method, False, self.solver.work)
        if self.settings.progress and is_watched():
            progress = Progress(f"solving {', '.join(self.states[:4])}")
            watch.progress, watch.close = progress, progress.close
        if self.solver.law.guards.outputs:
            watch.judge = Judge(self.ode.equations, p).crossing
        return watch

    def _warn(self, run: Run | Relay) -> None:
        ending = self.ending(run)
        if not ending.is_fine:
            warnings.warn(f"{ending.status}: {ending.message}", SolveWarning, stacklevel=4)

    def times(self, t0: float, t1: float) -> Array:
        """The times to keep, from `saveat`."""
        saveat = self.settings.saveat
        if isinstance(saveat, tuple):
            times = np.array(saveat)
        else:
            assert isinstance(saveat, float)
            if abs(t1 - t0) > _MOST_TIMES * saveat:
                raise InputError(
                    f"saveat = {saveat:g} asks for more than {_MOST_TIMES:,} times; take a wider spacing"
                )
            count = math.floor(abs(t1 - t0) / saveat * (1 + 1e-12))
            times = t0 + math.copysign(saveat, t1 - t0) * np.arange(count + 1)
            if abs(times[-1] - t1) < 1e-9 * saveat:
                times[-1] = t1
        low, high = sorted((t0, t1))
        if len(times) and not (times.min() >= low and times.max() <= high):
            raise InputError(
                f"saveat asks for {self.independent} = {times.min():.9g} … {times.max():.9g}, outside the span "
                f"{t0:.9g} … {t1:.9g}"
            )
        if np.any(np.diff(times) * (t1 - t0) < 0):
            raise InputError("the times of saveat must be sorted in the direction of the span")
        return times

    # -- what solutions ask ---------------------------------------------------------------------------------------

    def rows(self, run: Run | Relay) -> Array:
        """Times and states, side by side."""
        if self._record:
            return join(run.chunks)
        if self.settings.saveat == "end":
            return np.concatenate([[run.t], run.y])[None]
        assert run.saved is not None
        return np.column_stack([self.times(run.t0, run.t1)[: len(run.saved)], run.saved])

    def dense(self, run: Run | Relay, rows: Array, times: Array) -> Array:
        """States at any times."""
        if self.settings.saveat is not None:
            raise InputError(
                "a solution with `saveat` holds those times only; solve without it to ask for any time"
            )
        order = np.argsort(times if run.t1 > run.t0 else -times, kind="stable")
        if isinstance(run, Relay):
            sorted_states = run.dense(
                rows, times[order], lambda s, r, t: s.dense(r, t, self._template_of(s), run.parameters)
            )
        else:
            sorted_states = self.solver.dense(rows, times[order], self._template, run.parameters)
        states = np.empty_like(sorted_states)
        states[order] = sorted_states
        return states

    def intermediate(self, name: str, run: Run | Relay, t: Array, y: Array) -> Array:
        """A named quantity along a solution."""
        from dydt.kernels.numpy import evaluate

        inputs = dict(zip(self.ode.parameters, run.parameters, strict=True)) | {self.independent: t}
        inputs |= dict(zip(self.states, y.T, strict=True))
        return np.broadcast_to(evaluate([self.intermediates[name]], inputs)[0], t.shape)

    def ending(self, run: Run | Relay) -> Ending:
        """How a solve ended, in words."""
        judge = Judge(self.ode.equations, run.parameters)
        first, last = np.concatenate([[run.t0], run.first]), np.concatenate([[run.t], run.y])
        if self._record:
            rows = join(run.chunks)
        else:
            rows = np.vstack([first, run.tail if run.tail is not None else last])
        finite = np.all(np.isfinite(rows), axis=1)
        rows = rows[finite] if finite.any() else rows
        attempts = f"{run.accepted:,} steps and {run.rejected:,} rejected ones"
        taken = f"the limit of {self.settings.step_limit:,} attempted steps is spent"
        if run.status == "time limit":
            taken = f"the time limit of {self.settings.time_limit:g} s is over after {attempts}"
        explicit = not (run.legs[-1][0] if isinstance(run, Relay) else self.solver).method.linear
        if run.happened and not np.all(np.isfinite(run.happened[-1][3])):
            return self._after_action(run)
        note = run.note or (self.ode.equations.events[run.happened[-1][0]].name if run.happened else "")
        return judge.ending(run.status, rows, run.t1, run.step, note, taken, explicit)

    def _after_action(self, run: Run | Relay) -> Ending:
        """What an event did to a state can't be gone on with."""
        which, t, _, _ = run.happened[-1]
        state = (
            "for which the constraints have no solution" if self.ode.is_constrained else "that is not finite"
        )
        event = self.ode.equations.events[which].name
        text = (
            f"stopped at {self.independent} = {t:.9g}: what happens at `{event}` leads to a state {state}. "
        )
        return Ending("not finite", text + "Check its action, or let the event stop the solution.")

    def events(self, run: Run | Relay) -> dict[str, list[tuple[float, Array, Array]]]:
        """What happened, by the name of the event: when, and the states just before and after."""
        found: dict[str, list[tuple[float, Array, Array]]] = {e.name: [] for e in self.ode.equations.events}
        names = list(found)
        for which, t, before, after in run.happened:
            found[names[which]].append((t, before, after))
        return found

    def stats(self, run: Run | Relay) -> dict[str, Any]:
        """What a solve took."""
        legs = run.legs if isinstance(run, Relay) else [(self.solver, run)]
        evaluations = jacobians = 0
        for solver, leg in legs:
            attempts = leg.accepted + leg.rejected
            evaluations += attempts * solver.method.stages + 1 + 2 * solver.method.adaptive
            jacobians += attempts * solver.method.linear
        stats = {
            "method": self.method,
            "steps": run.accepted,
            "rejected": run.rejected,
            "rhs evaluations": evaluations,
            "seconds": run.seconds,
            "compile seconds": self.ode.compile_seconds,
        }
        if jacobians:
            stats["jacobians"] = jacobians
        if legs[0][1].adjusted:
            stats["adjusted"] = legs[0][1].adjusted
        if self.settings.stiff_method:
            stats["switches"] = run.switches if isinstance(run, Relay) else []
        return stats

    def is_stiff(self, run: Run | Relay) -> bool:
        """Whether a method for stiff laws was at work."""
        return isinstance(run, Relay) or self.solver.method.linear

    def again(self, run: Run | Relay, method: str, rtol: float) -> Solution:
        """The same initial value problem by another method and tolerance, as far as this run came."""
        factor = rtol / self.settings.rtol
        settings = replace(
            self.settings,
            method=method,
            stiff_method="",
            rtol=rtol,
            atol=tuple(a * factor for a in self.settings.atol),
            h=0.0,
            saveat=None,
            step_limit=max(10 * self.settings.step_limit, 1_000_000),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SolveWarning)
            return self.ode.problem(settings)((run.t0, float(run.t)), run.first, run.parameters)
