"""Ensemble: the labelled result of many solves."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.errors import InputError, nearest
from dydt.solvers.endings import FINE

if TYPE_CHECKING:
    from dydt.solution import Solution
    from dydt.sweep import Sweep

Array = Any


class Ensemble:
    """Many solutions of one law, with dimensions named after what was swept.

    Attributes
    ----------
    dims : tuple of str
        Names of the dimensions of members: what was swept, or ``"member"`` where several names go together.
    shape : tuple of int
        Their sizes.
    states : tuple of str
    t : ndarray
        The times of `saveat`; or, for each member, where it ended.
    y : ndarray, shape (*shape, n) or (*shape, times, n)
        The states there; NaN where a member did not come so far.
    status : ndarray of str, shape (*shape)
        As in `Solution.status`, for each member.
    reduced : dict of ndarray, shape (*shape)
        What `keep` asked for, by name; of members that did not finish, up to where they came.
    stats : dict

    Examples
    --------
    >>> import dydt, numpy as np
    >>> runs = dydt.ODE("x' = r*x*(1 - x)").sweep(t=(0, 5), x=0.1, r=np.linspace(0.5, 2, 4))
    >>> runs
    <Ensemble of 4 over r: all done>
    >>> runs["x"].round(4)
    array([0.5751, 0.9428, 0.995 , 0.9996])
    """

    def __init__(
        self, sweep: Sweep, harvest: Any, statuses: Array, reduced: Mapping[str, Array] | None = None
    ) -> None:
        self._sweep = sweep
        self._harvest = harvest
        self.dims = sweep.dims
        self.shape = sweep.shape
        self.states = sweep.ode.states
        self.status = statuses.reshape(self.shape)
        self.reduced = {name: values.reshape(self.shape) for name, values in (reduced or {}).items()}
        self.saveat = sweep.saveat
        self.interrupted = harvest.interrupted

    @property
    def independent(self) -> str:
        return self._sweep.ode.independent

    @property
    def t(self) -> Array:
        return self._harvest.ends.reshape(self.shape) if self.saveat is None else self.saveat

    @property
    def y(self) -> Array:
        if self.saveat is None:
            return self._harvest.states.reshape(*self.shape, len(self.states))
        return self._harvest.saved.reshape(*self.shape, len(self.saveat), len(self.states))

    @property
    def swept(self) -> Mapping[str, Array]:
        """The values of each name that was swept, as they were given."""
        return self._sweep.swept

    def __getitem__(self, name: str) -> Array:
        """A state (for each member, and time if times were saved), a reduction, or the values of a swept name."""
        if name in self.states:
            return self.y[..., self.states.index(name)]
        if name in self.reduced:
            return self.reduced[name]
        if name in self.swept:
            return np.broadcast_to(self.swept[name], self.shape)
        known = [*self.states, *self.swept, *self.reduced]
        raise InputError(
            f"the ensemble has no `{name}`{nearest(name, known) or '.'} It has: {', '.join(known)}"
        )

    def __len__(self) -> int:
        return int(np.prod(self.shape))

    @cached_property
    def done(self) -> Array:
        """Which members reached the end, or an event that ends them."""
        return (self.status == FINE[0]) | (self.status == FINE[1])

    def member(self, *index: int) -> Solution:
        """One member solved alone, with every step, dense output, message and check; its end has the same bits."""
        flat = int(np.ravel_multi_index(index, self.shape))
        return self._sweep.solve_alone(flat)

    @property
    def stats(self) -> dict[str, Any]:
        """What the sweep took; `idle` is the part of all lanes' steps in which they waited.

        ``changed method`` counts the members that went on with a method for stiff laws.
        """
        h = self._harvest
        return {
            "method": self._sweep.settings.method,
            "members": len(self),
            "done": int(np.count_nonzero(self.done)),
            "steps": int(h.accepted.sum()),
            "rejected": int(h.rejected.sum()),
            "changed method": h.changed,
            "idle": 1.0 - float(h.accepted.sum() + h.rejected.sum()) / max(h.turns, 1),
            "seconds": h.seconds,
            "compile seconds": self._sweep.compile_seconds,
            "memory bytes": self._sweep.memory,
        }

    # -- to other forms -------------------------------------------------------------------------------------------

    def to_xarray(self) -> Any:
        """An xarray Dataset: a variable a state, and the status, over dimensions named after what was swept."""
        import xarray

        dims = tuple(map(self._label, self.dims))
        along = (*dims, self.independent) if self.saveat is not None else dims
        variables: dict[str, Any] = {state: (along, self[state].copy()) for state in self.states}
        variables |= {name: (dims, values.copy()) for name, values in self.reduced.items()}
        variables["status"] = (dims, self.status.astype(str))
        coordinates: dict[str, Any] = {}
        for name, values in self.swept.items():
            label = self._label(name)
            own = name in self.dims
            coordinates[label] = (
                (label, np.ravel(values)) if own else (dims, np.broadcast_to(values, self.shape))
            )
        if self.saveat is not None:
            coordinates[self.independent] = self.saveat
        return xarray.Dataset(variables, coords=coordinates)

    def _label(self, name: str) -> str:
        """What a swept name is called beside the results: an initial value is not the state it becomes."""
        return f"{name}(0)" if name in self.states else name

    def to_pandas(self) -> Any:
        """A pandas DataFrame: a row a member (and time), columns for what was swept, each state and the status."""
        import pandas

        times = 1 if self.saveat is None else len(self.saveat)
        table: dict[str, Any] = {}
        for name, values in self.swept.items():
            table[self._label(name)] = np.repeat(np.broadcast_to(values, self.shape), times)
        table[self.independent] = np.ravel(self.t) if self.saveat is None else np.tile(self.saveat, len(self))
        for state in self.states:
            table[state] = np.ravel(self[state])
        for name, values in self.reduced.items():
            table[name] = np.repeat(np.ravel(values), times)
        table["status"] = np.repeat(np.ravel(self.status), times)
        return pandas.DataFrame(table)

    def save(self, path: str | Path) -> None:
        """Write to a file, as its name says: ``.csv``, ``.npz``, or ``.nc`` (netCDF; needs xarray)."""
        path = Path(path)
        match path.suffix:
            case ".csv":
                self.to_pandas().to_csv(path, index=False)
            case ".npz":
                arrays: dict[str, Any] = {
                    f"swept_{n}": np.broadcast_to(v, self.shape) for n, v in self.swept.items()
                }
                arrays |= self.reduced
                arrays |= {"t": self.t, "y": self.y, "states": self.states, "status": self.status.astype(str)}
                np.savez(path, **arrays)
            case ".nc":
                self.to_xarray().to_netcdf(path, engine="scipy")
            case other:
                raise InputError(f"an ensemble is written as .csv, .npz or .nc, not `{other or path.name}`")

    def to_json(self) -> str:
        """The statistics as JSON."""
        return json.dumps(self.stats)

    def plot(self, *names: str | Path, **options: Any) -> Any:
        """A fan of curves over time, or end states over what was swept; see `dydt.plotting.fan`."""
        from dydt.plotting import fan

        return fan(self, *names, **options)

    def summary(self) -> str:
        """How many members ended how."""
        kinds, counts = np.unique(self.status.astype(str), return_counts=True)
        if len(kinds) == 1:
            return f"all {kinds[0]}"
        return ", ".join(f"{count:,} {kind}" for kind, count in zip(kinds, counts, strict=True))

    def __repr__(self) -> str:
        size = " × ".join(f"{n:,}" for n in self.shape)
        return f"<Ensemble of {size} over {', '.join(self.swept)}: {self.summary()}>"

    def _repr_html_(self) -> str:
        rows = ""
        for state in (*self.states[:12], *self.reduced):
            values = self[state]
            finite = values[np.isfinite(values)]
            ends = (
                f"<td>{finite.min():.6g}</td><td>{finite.max():.6g}</td>"
                if finite.size
                else "<td></td><td></td>"
            )
            rows += f"<tr><td>{html.escape(state)}</td>{ends}</tr>"
        stats = self.stats
        facts = f"{stats['method']}, {stats['steps']:,} steps, {stats['seconds'] * 1e3:.3g} ms"
        return (
            f"<div><p>{html.escape(repr(self)[1:-1])}</p><table><thead><tr><th>state</th><th>least</th><th>most</th>"
            f"</tr></thead><tbody>{rows}</tbody></table><p><small>{facts}</small></p></div>"
        )
