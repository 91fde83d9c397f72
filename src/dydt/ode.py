"""ODE: a law of change. Names, equations, values; every verb is a short method that calls its room."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.errors import InputError, listed, nearest
from dydt.expr.equations import Equations
from dydt.expr.mass import with_mass
from dydt.expr.write import write_law
from dydt.problem import Problem
from dydt.settings import Settings, finite, no_initial, read_settings, refuse_unsuited
from dydt.solution import Solution
from dydt.solvers import methods
from dydt.solvers.consistent import Changes, Starter, one_start
from dydt.solvers.endings import guards
from dydt.solvers.law import CompiledLaw
from dydt.solvers.solver import Solver
from dydt.verbs.analytic import AnalyticVerbs
from dydt.verbs.dynamics import DynamicVerbs
from dydt.verbs.files import FileVerbs
from dydt.verbs.learning import LearningVerbs
from dydt.verbs.steps import StepVerbs

if TYPE_CHECKING:
    from dydt.ensemble import Ensemble
    from dydt.learning.report import Report
    from dydt.solvers.ensemble import Sweeper

Array = Any


class ODE(AnalyticVerbs, StepVerbs, DynamicVerbs, LearningVerbs, FileVerbs):
    """A law of change: write down how things change; see what happens.

    Parameters
    ----------
    law : str, callable or ODE
        Equations as text (see the language in the documentation), ``f(t, y, p)`` that gives the derivatives,
        `Equations`, or another law, to give it events or other values.
    states : str or sequence of str, optional
        Names of the states, for a function: ``"x y z"``.
    independent : str
        The variable that things change with.
    mass : array_like, optional
        The matrix M of a law M y' = f that is a function: n by n, constant, and singular where a row is a constraint. A
        number is the parameter `mass`.
    events : sequence or mapping, optional
        What else happens: texts (``"when x > 10: stop"``) and `dydt.Event` objects, in a list or by name.
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
        law: str | Callable[..., Any] | Equations | ODE,
        *,
        states: str | Sequence[str] | None = None,
        independent: str = "t",
        mass: Any = None,
        events: Any = (),
        values: Mapping[str, float] | None = None,
        **parameters: float,
    ) -> None:
        began = time.perf_counter()
        given = {**parameters, **(values or {})}
        if mass is not None and np.ndim(mass) == 0:  # a parameter of that name
            given["mass"], mass = mass, None
        self.text: str = law if isinstance(law, str) else law.text if isinstance(law, ODE) else ""
        self.equations = _read(law, states, independent, given)
        if mass is not None:
            self.equations = with_mass(self.equations, mass)
        if events:
            from dydt.expr.happen import with_events

            self.equations = with_events(self.equations, events, tuple(given))
        self.is_constrained = self.equations.mass is not None  # M y' = f with a singular M
        self.states = self.equations.states
        self.independent = self.equations.independent
        self.parameters: dict[str, float | None] = dict(self.equations.parameters)
        for name, value in given.items():
            self.parameters[self._parameter(name)] = finite(name, value)
        self.training: Report | None = None  # of a law that was learned
        # Some of the states that such a law was learned from, NaN where nothing was measured; elsewhere it is a guess.
        self.seen: Array | None = law.seen if isinstance(law, ODE) else None
        self.read_seconds = time.perf_counter() - began
        self.compile_seconds = 0.0
        self._law: CompiledLaw | None = None
        self.sweepers: dict[tuple[Any, ...], Sweeper] = {}
        self._solvers: dict[str, Solver] = {}
        self._problems: dict[Settings, Problem] = {}
        self._variational: dict[tuple[str, ...], ODE] = {}
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
        sensitivity: Sequence[str] = (),
        progress: bool = True,
        **named: float,
    ) -> Solution:
        """Solve the initial value problem.

        Parameters
        ----------
        t : (t0, t1) or t1, optional
            The span, forwards or backwards; by default the law's own.
        values : mapping, optional
            Initial values and parameters by name, for names that carry primes or clash with an option. Of an
            algebraic state it is a guess, and may be left out; what it became is in ``stats["adjusted"]``.
        method : str
            ``"auto"`` chooses by the tolerance, and changes to a stiff method and back where the law asks for it;
            ``"taylor"``, of an order for the tolerance, for smooth laws of a few states; or one of `dydt.METHODS`.
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
        sensitivity : sequence of str
            Parameters (``"a"``) and initial values (``"x(0)"``) with respect to which the solution is differentiated
            along the way, to the same tolerance: ``sol["dx/da"]``, ``sol.sensitivity("a")``.
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
        if sensitivity:
            return self._solve_with_sensitivity(tuple(sensitivity), t, options, {**named, **(values or {})})
        # The options of an inner loop do not change: the problem of the last call is most often the one wanted.
        if self._latest is not None and _same(self._latest[0], options):
            problem = self._latest[1]
        else:
            problem = self.problem(read_settings(self.states, *options, constrained=self.is_constrained))
            self._latest = (options, problem)
        if values:
            named = {**named, **values}
        span = self._span(t)
        parameters = self.parameter_values(named)
        state = self.initial_state(named, parameters, span[0])
        return problem(span, state, parameters)

    def _solve_with_sensitivity(
        self, quantities: tuple[str, ...], t: Any, options: tuple[Any, ...], named: dict[str, float]
    ) -> Solution:
        from dydt.expr.variational import sensitivity_name, variational

        larger = self._variational.get(quantities)
        if larger is None:
            larger = self._variational[quantities] = ODE(variational(self.equations, quantities))
        method, rtol, atol, *rest = options
        if not isinstance(atol, Mapping) and np.ndim(atol):
            atol = list(atol) * (1 + len(quantities))
        options = (method, rtol, atol, *rest, self.is_constrained)
        problem = larger.problem(read_settings(larger.states, *options))
        # A state whose initial value is given here follows nothing else, whatever the law says.
        own = {
            sensitivity_name(s, q): float(q == f"{s}(0)")
            for s in self.states
            for q in quantities
            if s in named and s not in self.equations.algebraic
        }
        span = self._span(t)
        parameters = self.parameter_values(named)
        state: Any = self.initial_state(named, parameters, span[0])  # its errors speak of this law alone
        if self.is_constrained:
            state, _ = self.consistent(span[0], state, parameters)
            named = {**named, **dict(zip(self.states, state, strict=True))}
        return problem(span, larger.initial_state({**named, **own}, parameters, span[0]), parameters)

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
        options = (method, rtol, atol, h, saveat, max_step, step_limit, time_limit, progress)
        return self.problem(read_settings(self.states, *options, constrained=self.is_constrained))

    def problem(self, settings: Settings) -> Problem:
        """The law compiled for these settings; the same settings give the same object."""
        found = self._problems.get(settings)
        if found is None:
            found = self._problems[settings] = Problem(self, self.compiled(settings.method), settings)
        return found

    def compiled(self, method: str) -> Solver:
        """The law and a method as machine code."""
        solver = self._solvers.get(method)
        if solver is None:
            began = time.perf_counter()
            refuse_unsuited(method, self.is_constrained)
            solver = self._solvers[method] = Solver(self.compiled_law, methods.method(method))
            self.compile_seconds = time.perf_counter() - began
        return solver

    @property
    def starter(self) -> Starter:
        """What makes initial states satisfy the constraints of a law that has some."""
        return self.compiled_law.starter

    def consistent(self, t0: float, state: Any, parameters: Array) -> tuple[Array, Changes]:
        """The state next to a given one (NaN: no guess) that satisfies the constraints, and what was changed."""
        return one_start(self.starter, t0, np.asarray(state), parameters)

    @property
    def compiled_law(self) -> CompiledLaw:
        """The law ready to be written into kernels."""
        if self._law is None:
            self._law = CompiledLaw(self.equations, guards(self.equations))
        return self._law

    def sweep(
        self,
        t: tuple[float, float] | float | None = None,
        *,
        values: Mapping[str, Any] | None = None,
        product: bool = False,
        keep: str | Sequence[str] | Mapping[str, str] = "final",
        saveat: Any = None,
        method: str = "auto",
        rtol: float = 1e-8,
        atol: float | Mapping[str, float] | Sequence[float] = 1e-10,
        h: float | None = None,
        max_step: float = math.inf,
        step_limit: int = 1_000_000,
        time_limit: float = math.inf,
        threads: int | None = None,
        lanes: int | None = None,
        progress: bool = True,
        **named: Any,
    ) -> Ensemble:
        """Solve for many initial values and parameters at once, on all cores and all lanes of each.

        Parameters
        ----------
        t, method, rtol, atol, h, max_step, step_limit, time_limit, progress
            As in `solve`.
        values : mapping, optional
            Numbers and arrays by name, for names that carry primes or clash with an option.
        product : bool
            Sweep each name against each other, instead of broadcasting them like NumPy arrays.
        keep : str, sequence of str or mapping
            What is kept of each member besides the states where it ended: expressions of states, parameters, named
            quantities and `t` reduced over the whole span, as in ``keep=["max(x)", "min(x*y)", "mean(x)",
            "final(x - y)", "count(x = 1 rising)"]``, or by a name of their own, ``{"peak": "max(abs(x))"}``. A
            largest or smallest value is located on the dense output, also between steps (of an expression with
            jumps: the largest of what is seen in seven points of each step); a count is of an event of the law,
            by its name, or of a condition that is only watched.
        saveat : array_like or float, optional
            Times (or a spacing) at which each member is kept; by default only where it ended.
        threads, lanes : int, optional
            How many threads, and members in each at a time. The result is the same to the bit for all.
        **named : float or array_like
            Initial values and parameters by name; arrays are swept.

        Returns
        -------
        Ensemble
            Members that did not reach the end have their own status, and spoil no others.

        Raises
        ------
        InputError
            Also if the result would not fit into memory.

        Examples
        --------
        >>> import dydt, numpy as np
        >>> lorenz = dydt.gallery.lorenz()
        >>> runs = lorenz.sweep(t=(0, 1), r=np.linspace(0, 21, 1000), x=[[0.5], [1.0]])
        >>> runs["z"].shape
        (2, 1000)
        """
        from dydt.sweep import Sweep

        if isinstance(saveat, str):
            raise InputError("a sweep keeps the ends unless saveat says times; leave saveat away")
        options = (method, rtol, atol, h, saveat, max_step, step_limit, time_limit, False)
        settings = read_settings(self.states, *options, constrained=self.is_constrained)
        swept = Sweep(self, settings, self._span(t), {**named, **(values or {})}, product, keep)
        return swept.run(threads, lanes, progress)

    # -- reading arguments ----------------------------------------------------------------------------------------

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
            values.append(value if type(value) is float else finite(name, value))
        for name, value in zip(self.parameters, values, strict=True):
            if not math.isfinite(value):
                raise InputError(f"parameter `{name}` must be finite, and is {value}")
        return np.array(values)

    def _no_value(self, name: str) -> str:
        if name.endswith("]"):
            return f"the network `{name.partition('[')[0]}` has no weights yet: law.fit(data) finds them"
        known = [*self.states, *(n for n, v in self.parameters.items() if v is not None and n != name)]
        return f"`{name}` has no value: give it one, as in {name}=1{nearest(name, known)}"

    def _parameter(self, name: str) -> str:
        if name in self.parameters:
            return name
        if name in self.states:
            raise InputError(f"`{name}` is a state: give its initial value to solve(…, {name}=…)")
        guess, known = nearest(name, self.parameters) or ".", listed(self.parameters) or "none"
        raise InputError(f"the law has no parameter `{name}`{guess} Its parameters: {known}")

    def initial_state(self, named: Mapping[str, Any], parameters: Array, t0: float) -> list[float]:
        """Initial values in the order of the states: what was given, else what the law says."""
        state: list[float] = []
        missing = []
        for name in self.states:
            value = named.get(name)
            if value is None:
                value = self._own_initial(name, parameters, t0)
            if value is None and name in self.equations.algebraic:
                state.append(math.nan)  # the constraints will tell
            elif value is None:
                missing.append(name)
            else:
                state.append(finite(name, value))
        for name in named:
            if name not in self.states and name not in self.parameters:
                known = [*self.states, *self.parameters]
                raise InputError(
                    f"the law has no `{name}`{nearest(name, known) or '.'} It knows {listed(known)}; options are those "
                    "of solve()"
                )
        if missing:
            raise InputError(no_initial(missing, _OPTIONS))
        return state

    def _own_initial(self, name: str, parameters: Array, t0: float) -> float | None:
        law = self.equations
        node = law.initial.get(name)
        if node is None:
            return None
        if law.start is not None and law.start != t0:
            raise InputError(
                f"the law gives `{name}` at {self.independent} = {law.start:g}, and the span starts at {t0:g}: "
                f"start there, t=({law.start:.6g}, …), or give a value for {self.independent} = {t0:g}, {name}=…"
            )
        if node.operation == "number":
            return float(node.value)
        from dydt.kernels.numpy import evaluate

        return float(evaluate([node], dict(zip(self.parameters, parameters, strict=True)))[0])

    # -- words ----------------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        more = " …" if len(self.states) > 6 else ""
        weights = sum(len(item) for item in self.weights.values())
        networks = f", {weights} weights" if weights else ""
        return (
            f"<ODE {', '.join(self.states[:6])}{more}; {len(self.parameters) - weights} parameters{networks}>"
        )

    def __str__(self) -> str:
        return write_law(self.equations, self.parameters)


def _read(law: Any, states: Any, independent: str, given: Mapping[str, float]) -> Equations:
    if isinstance(law, ODE):
        return replace(law.equations, parameters=law.parameters)
    if isinstance(law, Equations):
        return law
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


def _same(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    """Whether two sets of options are certainly equal (arrays are, if they are the same object)."""
    return all(
        x is y or (type(x) is type(y) and isinstance(x, float | int | str) and x == y)
        for x, y in zip(a, b, strict=True)
    )


_OPTIONS = frozenset(inspect.signature(ODE.solve).parameters)
