"""Nullclines of a law of the plane: the curves on which one state, for a moment, does not change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.brief import brief
from dydt.dynamics.box import Box, read_box
from dydt.dynamics.flow import Flow
from dydt.errors import InputError

if TYPE_CHECKING:
    from dydt.ode import ODE

Array = Any

_CELLS = 140
_BEYOND = 0.37  # cells that the grid goes over the edge, so that none of its lines is the edge
_HALVINGS = 52
_JUMP = 1e-6  # what is larger than this part of its surroundings where its sign changes has a pole or a jump there


@dataclass(frozen=True, eq=False)
class Nullcline:
    """Where one state does not change.

    Attributes
    ----------
    state : str
    curves : tuple of ndarray, each of shape (k, 2)
        Polylines; the points lie on the nullcline to the last digits.
    """

    state: str
    curves: tuple[Array, ...]

    @property
    def points(self) -> Array:
        """All points: shape (m, 2)."""
        return np.concatenate([*self.curves, np.zeros((0, 2))])


@dataclass(frozen=True, eq=False)
class Nullclines(Sequence[Nullcline]):
    """The nullclines of a law of the plane, one a state.

    Attributes
    ----------
    items : tuple of Nullcline
    box : Box
        The curves end a third of a cell of the search grid beyond it.
    """

    items: tuple[Nullcline, ...]
    box: Box

    __repr__ = brief

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, str):
            for item in self.items:
                if item.state == index:
                    return item
            raise InputError(f"there is no nullcline of `{index}`; there: {', '.join(self.box.names)}")
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Nullcline]:
        return iter(self.items)

    def __str__(self) -> str:
        lines = [f"nullclines in {self.box}"]
        for item in self.items:
            count = len(item.curves)
            pieces = "none" if not count else f"{count} curve{'s' * (count > 1)}, {len(item.points)} points"
            lines.append(f"  {item.state}' = 0: {pieces}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """State -> list of curves, each a list of points."""
        return {item.state: [curve.tolist() for curve in item.curves] for item in self.items}

    def to_json(self) -> str:
        return json.dumps({"box": self.box.to_dict(), "nullclines": self.to_dict()})


@np.errstate(all="ignore")  # what is not finite is left out
def nullclines(ode: ODE, box: Mapping[str, Any] | None, named: Mapping[str, float]) -> Nullclines:
    """See `ODE.nullclines`."""
    if len(ode.states) != 2:
        count = len(ode.states)
        raise InputError(
            f"nullclines are curves in the plane of two states, and the law has {count}: {', '.join(ode.states[:8])}"
        )
    flow = Flow(ode, named)
    if box is not None:
        return trace(flow, read_box(ode.states, box))
    from dydt.dynamics.surroundings import planar_box

    return trace(flow, planar_box(flow))


def trace(flow: Flow, box: Box) -> Nullclines:
    """The nullclines in a box."""
    wide = box.grown(_BEYOND / _CELLS)
    lines = [np.linspace(a, b, _CELLS + 1) for a, b in zip(wide.low, wide.high, strict=True)]
    mesh = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)
    field = flow(mesh)
    items = [
        Nullcline(state, tuple(_contour(flow, i, mesh, field[..., i]))) for i, state in enumerate(flow.names)
    ]
    return Nullclines(tuple(items), box)


def _contour(flow: Flow, component: int, mesh: Array, values: Array) -> list[Array]:
    """The curves on which a component of the field is zero: marching squares, each crossing halved to the end."""
    crossings: dict[int, Array] = {}
    rows, columns = values.shape
    for direction, offset in ((0, 0), (1, rows * columns)):
        first = values[:-1, :] if direction == 0 else values[:, :-1]
        last = values[1:, :] if direction == 0 else values[:, 1:]
        i, j = np.nonzero((first >= 0) != (last >= 0))
        finite = np.isfinite(first[i, j]) & np.isfinite(last[i, j])
        i, j = i[finite], j[finite]
        a = mesh[i, j]
        b = mesh[i + 1, j] if direction == 0 else mesh[i, j + 1]
        points, fine = _halved(flow, component, a, b, first[i, j], last[i, j])
        numbers = offset + i * columns + j
        crossings.update(zip(numbers[fine].tolist(), points[fine], strict=True))
    middles = 0.25 * (values[:-1, :-1] + values[1:, :-1] + values[:-1, 1:] + values[1:, 1:])
    return _chains(_segments(crossings, values, middles), crossings)


def _halved(flow: Flow, component: int, a: Array, b: Array, at_a: Array, at_b: Array) -> tuple[Array, Array]:
    """The zeros between pairs of points, and which are zeros and neither poles nor jumps."""
    node = [flow.nodes[component]]
    a, b = a.copy(), b.copy()
    upwards = at_a < 0
    for _ in range(_HALVINGS):
        middle = 0.5 * (a + b)
        below = (flow.at(node, middle)[:, 0] < 0) == upwards
        a = np.where(below[:, None], middle, a)
        b = np.where(below[:, None], b, middle)
    at_end = np.abs(flow.at(node, b)[:, 0])
    return b, at_end <= _JUMP * np.maximum(np.abs(at_a), np.abs(at_b)) + 1e-300


def _segments(crossings: dict[int, Array], values: Array, middles: Array) -> list[tuple[int, int]]:
    """Pairs of crossings that a cell joins."""
    rows, columns = values.shape
    offset = rows * columns
    number = np.arange(rows * columns).reshape(rows, columns)
    corner = number[:-1, :-1]
    # Around a cell: its lower edge along the first axis, the right, the upper and the left one.
    edges = np.stack(
        [corner, offset + number[1:, :-1], number[:-1, 1:], offset + number[:-1, :-1]], axis=-1
    ).reshape(-1, 4)
    known = np.zeros(2 * offset, dtype=bool)
    known[list(crossings)] = True
    crossed = known[edges]
    counts = crossed.sum(axis=1)
    pairs: list[tuple[int, int]] = []
    for cell in np.flatnonzero(counts == 2):
        first, last = edges[cell][crossed[cell]]
        pairs.append((int(first), int(last)))
    signs = (values[:-1, :-1] >= 0).ravel(), (middles >= 0).ravel()
    for cell in np.flatnonzero(counts == 4):
        low, right, high, left = map(int, edges[cell])
        around = signs[0][cell] == signs[1][cell]  # the lower left corner hangs together with the middle
        pairs += [(low, right), (high, left)] if around else [(low, left), (right, high)]
    return pairs


def _chains(pairs: Sequence[tuple[int, int]], crossings: Mapping[int, Array]) -> list[Array]:
    """Segments joined to curves; a closed one ends where it starts."""
    beside: dict[int, list[int]] = {}
    for first, last in pairs:
        beside.setdefault(first, []).append(last)
        beside.setdefault(last, []).append(first)
    curves = []
    ends = [edge for edge, others in beside.items() if len(others) == 1]
    for start in (*ends, *beside):
        if not beside.get(start):
            continue
        chain = [start]
        while beside.get(chain[-1]):
            following = beside[chain[-1]].pop()
            beside[following].remove(chain[-1])
            chain.append(following)
        curves.append(np.array([crossings[edge] for edge in chain]))
    return curves
