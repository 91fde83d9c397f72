"""ODE: a law of change. Names, equations, values; every verb is a short method that calls its room."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from dydt.errors import InputError, nearest
from dydt.expr.equations import Equations
from dydt.problem import Problem, Settings
from dydt.solution import Solution
from dydt.solvers import methods
from dydt.solvers.endings import guards
from dydt.solvers.law import CompiledLaw
from dydt.solvers.solver import Solver

Array = Any


class ODE:
    """A law of change: write down how things change; see what happens.

    Parameters
    ----------
    law : str or callable
        Equations as text (see the language in the documentation), or ``f(t, y, p)`` that gives the derivatives.
    states : str or sequence of str, optional
        Names of the states, for a function: ``"x y z"``.
    independent : str
        The variable that things change with.
    values : mapping, optional
        Parameter values for names that can't be keywords.
    **parameters : float
        Parameter values by name.

    Raises
    ------
    LawError
        If the law can't be read; with line, column and the nearest fix.
    InputError
        If a parameter is unknown.

    Examples
    --------
    >>> import dydt
    >>> lv = dydt.ODE("x' = a*x - b*x*y; y' = d*x*y - g*y", a=1.5, b=1.0, d=0.75, g=1.0)
    >>> lv.states, lv.parameters
    (('x', 'y'), {'a': 1.5, 'b': 1.0, 'd': 0.75, 'g': 1.0})
    >>> lv.solve(t=(0, 18), x=2, y=1).status
    'done'
    """

    def __init__(
        self,
        law: str | Callable[..., Any],
        *,
        states: str | Sequence[str] | None = None,
        independent: str = "t",
        values: Mapping[str, float] | None = None,
        **parameters: float,
    ) -> None:
        began = time.perf_counter()
        given = {**parameters, **(values or {})}
        self.text = law if isinstance(law, str) else ""
        self.equations = _read(law, states, independent, given)
        self.states = self.equations.states
        self.independent = self.equations.independent
        self.parameters: dict[str, float | None] = dict(self.equations.parameters)
        for name, value in given.items():
            self.parameters[self._parameter(name)] = _finite(name, value)
        self.read_seconds = time.perf_counter() - began
        self.compile_seconds = 0.0
        self._law: CompiledLaw | None = None
        self._solvers: dict[str, Solver] = {}
        self._problems: dict[Settings, Problem] = {}
        self._latest: tuple[Any, Problem] | None = None

    # -- solve ----------------------------------------------------------------------------------------------------

    def solve(
        self,
        t: tuple[float, float] | float | None = None,
        *,
        values: Mapping[str, float] | None = None,
        method: str = "auto",
        rtol: float = 1e-8,
        atol: float | Mapping[str, float] | Sequence[float] = 1e-10,
        h: float | None = None,
        saveat: Any = None,
        max_step: float = math.inf,
        step_limit: int = 1_000_000,
        time_limit: float = math.inf,
        progress: bool = True,
        **named: float,
    ) -> Solution:
        """Solve the initial value problem.

        Parameters
        ----------
        t : (t0, t1) or t1, optional
            The span, forwards or backwards; by default the law's own.
        values : mapping, optional
            Initial values and parameters by name, for names that carry primes or clash with an option.
        method : str
            ``"auto"`` chooses by the tolerance; or one of `dydt.METHODS`.
        rtol, atol : float
            Relative and absolute tolerance of a step's error; `atol` also by state.
        h : float, optional
            The step of a method with fixed steps; of others, the first one.
        saveat : array_like, float or "end", optional
            Keep these times (or times with this spacing, or the end only) in place of every step.
        max_step : float
        step_limit : int
            Most steps that are attempted.
        time_limit : float
            Seconds after which the solve stops, with what it has.
        progress : bool
            Show a bar on solves that take more than a second, if somebody is watching.
        **named : float
            Initial values and parameters by name.

        Returns
        -------
        Solution
            Also if the end was not reached: its `status` and `message` say why, and a `SolveWarning` is given.

        Raises
        ------
        InputError
            If a value is missing, unknown or not finite.

        Examples
        --------
        >>> import dydt
        >>> sol = dydt.ODE("y' = 3*y").solve(t=(0, 1), y=1)
        >>> round(float(sol["y"][-1]), 6)
        20.085537
        """
        options = (method, rtol, atol, h, saveat, max_step, step_limit, time_limit, progress)
        # The options of an inner loop do not change: the problem of the last call is most often the one wanted.
        if self._latest is not None and _same(self._latest[0], options):
            problem = self._latest[1]
        else:
            problem = self.problem(self._settings(*options))
            self._latest = (options, problem)
        if values:
            named = {**named, **values}
        span = self._span(t)
        parameters = self.parameter_values(named)
        state = self._initial(named, parameters, span[0])
        return problem(span, state, parameters)

    def solver(
        self,
        *,
        method: str = "auto",
        rtol: float = 1e-8,
        atol: float | Mapping[str, float] | Sequence[float] = 1e-10,
        h: float | None = None,
        saveat: Any = None,
        max_step: float = math.inf,
        step_limit: int = 1_000_000,
        time_limit: float = math.inf,
        progress: bool = False,
    ) -> Problem:
        """A compiled solver for inner loops: ``step((t0, t1), y0, p) -> Solution``.

        Options are those of `solve`; `y0` and `p` are in the order of `states` and `parameters`.

        Examples
        --------
        >>> import dydt
        >>> step = dydt.ODE("x' = -x").solver(method="tsit5", rtol=1e-6, saveat="end")
        >>> step((0, 1), [1.0]).status
        'done'
        """
        return self.problem(
            self._settings(method, rtol, atol, h, saveat, max_step, step_limit, time_limit, progress)
        )

    def problem(self, settings: Settings) -> Problem:
        """The law compiled for these settings; the same settings give the same object."""
        found = self._problems.get(settings)
        if found is None:
            solver = self._solvers.get(settings.method) or self._compile(settings.method)
            found = self._problems[settings] = Problem(self, solver, settings)
        return found

    def _compile(self, method: str) -> Solver:
        began = time.perf_counter()
        if self._law is None:
            self._law = CompiledLaw(self.equations, guards(self.equations))
        solver = self._solvers[method] = Solver(self._law, methods.method(method))
        self.compile_seconds = time.perf_counter() - began
        return solver

    # -- reading arguments ----------------------------------------------------------------------------------------

    def _settings(
        self,
        method: str,
        rtol: float,
        atol: Any,
        h: float | None,
        saveat: Any,
        max_step: float,
        step_limit: int,
        time_limit: float,
        progress: bool,
    ) -> Settings:
        rtol = _positive("rtol", rtol, zero=True)
        method = choose(rtol) if method == "auto" else method
        fixed = not methods.method(method).adaptive
        if fixed and h is None:
            raise InputError(f"{method} takes fixed steps: say how long, as in h=0.01")
        if rtol and rtol < 1e-15:
            raise InputError(
                f"rtol = {rtol:g} is below what double precision can hold; 1e-14 is about the least"
            )
        return Settings(
            method,
            rtol,
            self._tolerances(atol, rtol),
            0.0 if h is None else _positive("h", h),
            _positive("max_step", max_step, infinite=True),
            _count("step_limit", step_limit),
            _positive("time_limit", time_limit, infinite=True),
            _times(saveat),
            progress,
        )

    def _tolerances(self, atol: Any, rtol: float) -> tuple[float, ...]:
        if isinstance(atol, Mapping):
            for name in atol:
                if name not in self.states:
                    raise InputError(f"atol: the law has no state `{name}`{nearest(name, self.states)}")
            atol = [atol.get(name, 1e-10) for name in self.states]
        many = [float(a) for a in np.atleast_1d(atol)]
        if len(many) not in (1, len(self.states)):
            raise InputError(f"atol has {len(many)} values for {len(self.states)} states")
        for value in many:
            _positive("atol", value, zero=rtol > 0)
        return tuple(many)

    def _span(self, t: Any) -> tuple[float, float]:
        law, name = self.equations, self.independent
        if t is None:
            if law.span is None:
                raise InputError(f"say the span to solve over, as in t=(0, 10), or in the law: {name} = 0:10")
            return law.span
        try:
            if isinstance(t, int | float | np.number):
                start = law.start if law.start is not None else law.span[0] if law.span else 0.0
                t0, t1 = start, float(t)
            else:
                t0, t1 = map(float, t)
        except (TypeError, ValueError):
            raise InputError(f"t must be a pair (t0, t1) or an end t1, and is {t!r}") from None
        if not (math.isfinite(t0) and math.isfinite(t1)):
            raise InputError(f"the span must be finite, and is {t0} … {t1}")
        if t0 == t1:
            raise InputError(f"the span is empty: it starts and ends at {name} = {t0:g}")
        return t0, t1

    def parameter_values(self, named: Mapping[str, Any]) -> Array:
        """All parameters in the law's order, with those in `named` replaced."""
        values = []
        for name, own in self.parameters.items():
            value = named.get(name, own)
            if value is None:
                raise InputError(self._no_value(name))
            values.append(value if type(value) is float else _finite(name, value))
        for name, value in zip(self.parameters, values, strict=True):
            if not math.isfinite(value):
                raise InputError(f"parameter `{name}` must be finite, and is {value}")
        return np.array(values)

    def _no_value(self, name: str) -> str:
        known = [*self.states, *(n for n, v in self.parameters.items() if v is not None and n != name)]
        return f"`{name}` has no value: give it one, as in {name}=1{nearest(name, known)}"

    def _parameter(self, name: str) -> str:
        if name in self.parameters:
            return name
        if name in self.states:
            raise InputError(f"`{name}` is a state: give its initial value to solve(…, {name}=…)")
        known = ", ".join(self.parameters) or "none"
        raise InputError(
            f"the law has no parameter `{name}`{nearest(name, self.parameters) or '.'} Its parameters: {known}"
        )

    def _initial(self, named: Mapping[str, Any], parameters: Array, t0: float) -> list[float]:
        """Initial values in the order of the states: what was given, else what the law says."""
        state: list[float] = []
        missing = []
        for name in self.states:
            value = named.get(name)
            if value is None:
                value = self._own_initial(name, parameters, t0)
            if value is None:
                missing.append(name)
            else:
                state.append(_finite(name, value))
        for name in named:
            if name not in self.states and name not in self.parameters:
                known = [*self.states, *self.parameters]
                guess, listed = nearest(name, known) or ".", ", ".join(known)
                raise InputError(
                    f"the law has no `{name}`{guess} It knows {listed}; options are those of solve()"
                )
        if missing:
            example = ", ".join(f"{n}=1" for n in missing if "'" not in n)
            primed = ", ".join(f'"{n}": 0' for n in missing if "'" in n)
            hint = " and ".join(filter(None, [example, primed and f"values={{{primed}}}"]))
            raise InputError(f"no initial value for {', '.join(f'`{n}`' for n in missing)}: give {hint}")
        return state

    def _own_initial(self, name: str, parameters: Array, t0: float) -> float | None:
        law = self.equations
        node = law.initial.get(name)
        if node is None:
            return None
        if law.start is not None and law.start != t0:
            raise InputError(
                f"the law gives `{name}` at {self.independent} = {law.start:g}, and the span starts at {t0:g}: "
                f"start there, or give a value for {self.independent} = {t0:g}"
            )
        if node.operation == "number":
            return float(node.value)
        from dydt.kernels.numpy import evaluate

        return float(evaluate([node], dict(zip(self.parameters, parameters, strict=True)))[0])

    # -- words ----------------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        more = " …" if len(self.states) > 6 else ""
        return f"<ODE {', '.join(self.states[:6])}{more}; {len(self.parameters)} parameters>"

    def __str__(self) -> str:
        law = self.equations
        lines = [f"{state}' = {node}" for state, node in zip(law.states, law.derivatives, strict=True)]
        lines += [f"{name} = {value!r}" for name, value in self.parameters.items() if value is not None]
        lines += [f"{name}({law.start or 0:g}) = {node}" for name, node in law.initial.items()]
        return "\n".join(lines)

    def _repr_latex_(self) -> str:
        from dydt.expr.write import latex, latex_name

        rows = [
            rf"{latex_name(state + chr(39))} &= {latex(node)}"
            for state, node in zip(self.states, self.equations.derivatives, strict=True)
        ]
        return r"$$\begin{aligned}" + r"\\".join(rows) + r"\end{aligned}$$"


def choose(rtol: float) -> str:
    """The method for a tolerance: low orders pay only while little is asked for."""
    return "tsit5" if rtol >= 1e-4 else "dop853" if rtol > 1e-7 else "vern9"


def _read(law: Any, states: Any, independent: str, given: Mapping[str, float]) -> Equations:
    if isinstance(law, str):
        from dydt.expr.parse import parse

        return parse(law, independent, tuple(given))
    if callable(law):
        from dydt.expr.trace import trace

        if states is None:
            raise InputError('name the states of a law that is a function, as in states="x y z"')
        names = states.replace(",", " ").split() if isinstance(states, str) else list(states)
        return trace(law, names, tuple(given), independent)
    raise InputError(f"a law is text or a function f(t, y, p), not {type(law).__name__}")


def _finite(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"`{name}` must be a number, and is {value!r}") from None
    if not math.isfinite(number):
        raise InputError(f"`{name}` must be finite, and is {number}")
    return number


def _positive(name: str, value: Any, zero: bool = False, infinite: bool = False) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a number, and is {value!r}") from None
    if not (number > 0 or (zero and number == 0)) or (math.isinf(number) and not infinite):
        raise InputError(f"{name} must be {'zero or ' if zero else ''}positive, and is {value!r}")
    return number


def _count(name: str, value: Any) -> int:
    number = _positive(name, value)
    if number % 1 or number > 2**53:
        raise InputError(f"{name} must be a whole number, and is {value!r}")
    return int(number)


def _times(saveat: Any) -> tuple[float, ...] | float | str | None:
    if saveat is None or (isinstance(saveat, str) and saveat == "end"):
        return saveat
    try:
        if isinstance(saveat, int | float | np.number):
            return _positive("saveat", saveat)
        times = tuple(np.asarray(saveat, dtype=float).reshape(-1).tolist())
    except (TypeError, ValueError):
        raise InputError(f'saveat takes times, a spacing or "end", and is {saveat!r}') from None
    if not times or not all(map(math.isfinite, times)):
        raise InputError("saveat needs at least one time, and all of them finite")
    return times


def _same(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    """Whether two sets of options are certainly equal (arrays are, if they are the same object)."""
    return all(
        x is y or (type(x) is type(y) and isinstance(x, float | int | str) and x == y)
        for x, y in zip(a, b, strict=True)
    )
