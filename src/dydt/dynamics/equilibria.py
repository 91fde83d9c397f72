"""Equilibria: where a law is at rest, what kind of point each is, and whether it pulls or pushes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from dydt.brief import brief
from dydt.dynamics.box import Box, make_box, read_box
from dydt.dynamics.flow import Flow
from dydt.dynamics.newton import zeros
from dydt.dynamics.stability import Place, classify, place
from dydt.dynamics.surroundings import is_far_from_data, one_turn, search_box, sizes, typical
from dydt.errors import InputError, nearest

if TYPE_CHECKING:
    from dydt.calculus.rest import Rest
    from dydt.ode import ODE

Array = Any

_BLURRED = (
    1e-7  # how exactly the Jacobian is known at a zero that Newton steps found, if it is not a simple one
)


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """A point where nothing changes.

    Attributes
    ----------
    values : dict
        State -> number.
    kind : str
        ``"stable node"``, ``"unstable spiral"``, ``"saddle"``, ``"centre"``, ``"spiral saddle"`` …
    stability : str
        ``"attractor"``, ``"repulsor"``, ``"saddle"``, ``"neither"`` or ``"undecided"``.
    decided_by : str
        ``"linear part"``, or what lies beyond it: ``"first Lyapunov coefficient"``, ``"conserved quantity"`` …
    residual : float
        The largest change of a state there; 0 but for rounding.
    jacobian : ndarray, shape (n, n)
    eigenvalues : ndarray, shape (n,), complex
        Largest real part first.
    eigenvectors : ndarray, shape (n, n), complex
        Columns, in the order of the eigenvalues.
    index : int
        How many directions lead away from it, by the linear part.
    formulas, latex : dict
        State -> formula, where an exact one is known and short.
    """

    values: dict[str, float]
    kind: str
    stability: str
    decided_by: str
    residual: float
    jacobian: Array
    eigenvalues: Array
    eigenvectors: Array
    index: int
    formulas: dict[str, str] = field(default_factory=dict)
    latex: dict[str, str] = field(default_factory=dict)

    @property
    def point(self) -> Array:
        """The values in the order of the states."""
        return np.array(list(self.values.values()))

    def __getitem__(self, name: str) -> float:
        if name not in self.values:
            hint = nearest(name, self.values) or "."
            raise InputError(f"the law has no state `{name}`{hint} It has: {', '.join(self.values)}")
        return self.values[name]

    __repr__ = brief

    def __str__(self) -> str:
        where = ", ".join(f"{name} = {value:.6g}" for name, value in self.values.items())
        beyond = "" if self.decided_by == "linear part" else f" (by {self.decided_by})"
        if self.stability == "undecided":
            beyond = " (undecided)"
        return f"{where}: {self.kind}{beyond}"

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain numbers, lists and text; a complex number is [real, imaginary]."""
        pairs = np.stack([self.eigenvectors.real, self.eigenvectors.imag], axis=-1)
        return {
            "values": dict(self.values),
            "formulas": dict(self.formulas),
            "kind": self.kind,
            "stability": self.stability,
            "decided by": self.decided_by,
            "index": self.index,
            "residual": self.residual,
            "jacobian": [[v if np.isfinite(v) else None for v in row] for row in self.jacobian.tolist()],
            "eigenvalues": [[float(v.real), float(v.imag)] for v in self.eigenvalues],
            "eigenvectors": pairs.tolist(),
        }


@dataclass(frozen=True, eq=False)
class RestingSet:
    """Equilibria that are not isolated: a line of them, or more.

    Attributes
    ----------
    formulas, latex : dict
        State -> its formula, of the states in `free`; empty if it was found in numbers only.
    free : tuple of str
        States that may have any value.
    points : ndarray, shape (k, n)
        Some of them.
    across : str
        What happens beside them: ``"attracts"``, ``"repels"``, ``"attracts in part"`` or ``"neither"``.
    """

    formulas: dict[str, str]
    latex: dict[str, str]
    free: tuple[str, ...]
    points: Array
    across: str

    __repr__ = brief

    def __str__(self) -> str:
        if self.formulas:
            fixed = ", ".join(f"{n} = {text}" for n, text in self.formulas.items() if n not in self.free)
            where = f"every point with {fixed}" if fixed else "every point"
            where += f" ({', '.join(self.free)} free)"
        else:
            low, high = self.points.min(axis=0), self.points.max(axis=0)
            corners = [" ".join(f"{v:.3g}" for v in corner) for corner in (low, high)]
            where = f"a set of points between ({corners[0]}) and ({corners[1]})"
        return f"{where}: not isolated, {self.across}"

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and text."""
        return {
            "formulas": dict(self.formulas),
            "free": list(self.free),
            "points": self.points.tolist(),
            "across": self.across,
        }


@dataclass(frozen=True, eq=False)
class Equilibria(Sequence[Equilibrium]):
    """The equilibria of a law: a sequence, with what is known about their being all.

    Attributes
    ----------
    items : tuple of Equilibrium
        The isolated ones, by their values.
    sets : tuple of RestingSet
        Those that are not isolated.
    states : tuple of str
    box : Box or None
        Where they were looked for; None for everywhere.
    is_exact : bool
        Whether they come from exact algebra, and are all there are. Else they were looked for from many starts.
    starts : int
        From how many; 0 if they are exact.
    ode : ODE
    parameters : dict
    """

    items: tuple[Equilibrium, ...]
    sets: tuple[RestingSet, ...]
    states: tuple[str, ...]
    box: Box | None
    is_exact: bool
    starts: int
    ode: ODE
    parameters: dict[str, float]

    @overload
    def __getitem__(self, index: int) -> Equilibrium: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Equilibrium, ...]: ...
    def __getitem__(self, index: Any) -> Any:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Equilibrium]:
        return iter(self.items)

    @property
    def guessed(self) -> Array:
        """Of a law that was learned, which points are far from its data, so that they are a guess: m of bool."""
        return is_far_from_data(self.ode, self.points)

    @property
    def points(self) -> Array:
        """All isolated points: shape (m, n)."""
        return np.array([item.point for item in self.items]).reshape(-1, len(self.states))

    def __str__(self) -> str:
        from dydt.dynamics.tell import told

        return told(self)

    def __repr__(self) -> str:
        return f"<Equilibria: {', '.join(item.kind for item in self.items) or 'none'}>"

    def to_latex(self) -> str:
        """Each equilibrium as an equation with its kind, without dollar signs."""
        from dydt.dynamics.tell import told_in_latex

        return told_in_latex(self)

    def _repr_latex_(self) -> str:
        return f"$${self.to_latex()}$$"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "states": list(self.states),
            "parameters": dict(self.parameters),
            "exact": self.is_exact,
            "box": None if self.box is None else self.box.to_dict(),
            "equilibria": [
                {**item.to_dict(), "guessed": bool(guessed)}
                for item, guessed in zip(self.items, self.guessed, strict=True)
            ],
            "sets": [item.to_dict() for item in self.sets],
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    def plot(self, path: Any = None, **options: Any) -> Any:
        """The phase portrait with the equilibria in it; see `ODE.portrait`."""
        box = None if self.box is None else self.box.to_dict()
        return self.ode.portrait(box, values=self.parameters).plot(path=path, **options)


@np.errstate(all="ignore")  # what is not finite is left out
def equilibria(
    ode: ODE, box: Mapping[str, Any] | None, named: Mapping[str, float], exact: bool = True
) -> Equilibria:
    """See `ODE.equilibria`; without `exact` they are looked for in numbers only, which is faster."""
    flow = Flow(ode, named)
    limits = None if box is None else read_box(ode.states, box)
    found = _exactly(flow) if exact else None
    if found is None:
        return in_numbers(flow, limits)
    points = [rest for rest in found if not rest.free]
    if limits is not None:
        points = [r for r in points if limits.contains(np.array(list(r.values.values())), 1e-9)]
    places = np.array([list(rest.values.values()) for rest in points]).reshape(-1, flow.size)
    size = sizes(places, limits, None) if len(places) else np.ones(flow.size)
    items = [_described(flow, p, size, rest, 1e-13) for p, rest in zip(places, points, strict=True)]
    sets = [_set_described(flow, rest, limits, size) for rest in found if rest.free]
    return _all(flow, items, sets, limits, True, 0)


@np.errstate(all="ignore")  # what is not finite is left out
def in_numbers(flow: Flow, box: Box | None, seen: Array | None = None) -> Equilibria:
    """What many starts in a box lead to; without a box, around the law's typical solution."""
    limits = box
    if limits is None:
        seen = typical(flow) if seen is None else seen
        limits = one_turn(flow, search_box(flow, seen))
    found = zeros(flow, limits)
    items = []
    for point in found.points:
        slopes = np.nan_to_num(flow.jacobian(point), posinf=0.0, neginf=0.0)
        singular = np.linalg.svd(slopes, compute_uv=False)
        blur = _BLURRED if singular[-1] < 1e-5 * max(singular[0], 1e-300) else 1e-12
        items.append(_described(flow, point, limits.size, None, blur))
    sets = [RestingSet({}, {}, (), line, _across(flow, line, limits.size, _BLURRED)) for line in found.lines]
    return _all(flow, items, sets, limits, False, found.starts)


def _all(
    flow: Flow, items: list[Equilibrium], sets: list[RestingSet], box: Box | None, exact: bool, starts: int
) -> Equilibria:
    items.sort(key=lambda item: [round(value, 9) for value in item.values.values()])
    return Equilibria(
        tuple(items), tuple(sets), flow.names, box, exact, starts, flow.ode, dict(flow.parameters)
    )


def _exactly(flow: Flow) -> list[Rest] | None:
    """All equilibria by exact algebra; None if the law does not allow it."""
    if not _is_rational(flow):
        return None  # without loading SymPy
    from dydt.calculus.rest import resting
    from dydt.calculus.roots import NotExact
    from dydt.expr.graph import substitute
    from dydt.expr.tidy import ZERO

    nodes = substitute(flow.ode.equations.derivatives, {flow.ode.independent: ZERO})
    try:
        return resting(nodes, flow.names, flow.parameters)
    except (NotExact, NotImplementedError, InputError):
        return None


def _is_rational(flow: Flow) -> bool:
    """Whether only sums, products, quotients and whole powers of the states occur."""
    from dydt.expr.graph import symbols, walk

    states = set(flow.names)
    for node in walk(flow.nodes):
        if node.operation in ("symbol", "number", "add", "sub", "mul", "div", "neg"):
            continue
        if not states & set(symbols([node])):
            continue
        whole = node.operation == "pow" and node.arguments[1].operation == "number"
        if not whole or float(node.arguments[1].value) % 1:
            return False
    return True


def _described(flow: Flow, point: Array, size: Array, rest: Rest | None, blur: float) -> Equilibrium:
    """A point with its linear part and its kind."""
    at = place(flow, point, size, blur, lambda: _invariant(flow, point, size))
    kind = classify(at)
    formulas = rest.formulas if rest is not None else _angles(flow, point)
    return Equilibrium(
        dict(zip(flow.names, (float(v) for v in point), strict=True)),
        kind.name,
        kind.stability,
        kind.decided_by,
        float(np.max(np.abs(flow(point)))),
        at.jacobian,
        at.eigenvalues,
        at.eigenvectors,
        int(np.count_nonzero(at.real_parts > 0)),
        formulas,
        rest.latex if rest is not None else {},
    )


def _invariant(flow: Flow, point: Array, size: Array) -> Any:
    """Something the law conserves, looked for once."""
    from dydt.dynamics.conserved import invariant_near

    if "invariant" not in flow.remembered:
        flow.remembered["invariant"] = invariant_near(flow, point, size)
    return flow.remembered["invariant"]


def _angles(flow: Flow, point: Array) -> dict[str, str]:
    """Values that are whole parts of π, written so."""
    told = {}
    for name, value in zip(flow.names, point, strict=True):
        if value == 0:
            told[name] = "0"
            continue
        for below in (1, 2, 3, 4, 6):
            above = value / np.pi * below
            if abs(above - round(above)) < 1e-12 * abs(above) and 0 < abs(round(above)) <= 24:
                sign, count = ("-" if above < 0 else ""), abs(round(above))
                told[name] = f"{sign}{'' if count == 1 else f'{count}*'}pi{'' if below == 1 else f'/{below}'}"
                break
    return told if any("pi" in text for text in told.values()) else {}


def _set_described(flow: Flow, rest: Rest, box: Box | None, size: Array) -> RestingSet:
    """A set of equilibria, with some of its points."""
    from dydt.dynamics.conserved import node_of

    low, high = (-size, size) if box is None else (box.low, box.high)
    if box is None and flow.ode.equations.initial:
        seen = typical(flow)
        if seen is not None and len(seen):
            low, high = seen.min(axis=0), seen.max(axis=0)
    free = [flow.names.index(name) for name in rest.free]
    points = make_box(flow.names, low, high).grid(*[8 if i in free else 1 for i in range(flow.size)])
    for i, name in enumerate(flow.names):
        if name not in rest.free and name in rest.formulas:
            points[:, i] = flow.at([node_of(rest.formulas[name], flow.parameters)], points)[:, 0]
    points = points[np.all(np.isfinite(points), axis=-1)]
    kept = points if box is None else points[box.contains(points, 1e-9)]
    return RestingSet(rest.formulas, rest.latex, rest.free, kept, _across(flow, kept, size, 1e-10))


def _across(flow: Flow, points: Array, size: Array, blur: float) -> str:
    """What the directions do that lead off a set of equilibria."""
    words = set()
    for point in points:
        at: Place = place(flow, point, size, blur)
        moving = at.real_parts[at.real_parts != 0]
        if not len(moving):
            words.add("neither")
        else:
            words.add("attracts" if np.all(moving < 0) else "repels")
    if len(words) > 1:
        return "attracts in part" if "attracts" in words else "repels in part"
    return words.pop() if words else "neither"
