"""Initial value problems with certified answers, shared by the tests and the benchmarks.

The data, ``ivps.json``, holds for every problem its law as text, its start, and its end state to twenty
digits or more, found by two independent computations in quadruple precision.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

DATA = Path(__file__).parent / "ivps.json"


@dataclass(frozen=True, eq=False)
class Problem:
    """One initial value problem and its true solution.

    ``end_state`` is what an error-free solver returns whose inputs are rounded to float64 first.
    ``samples`` holds rows ``(t, state)`` on the way; ``ulp_shift`` is how far (relative, in the 2-norm) the
    end state moves when the start moves by one part in 2**52: no float64 solver can promise less.
    ``events`` is empty unless the law has jumps or asks for crossings; ``event_times`` are the true ones.
    """

    name: str
    title: str
    kind: str
    text: str
    states: tuple[str, ...]
    parameters: Mapping[str, float]
    y0: tuple[float, ...]
    t0: float
    t1: float
    end_state: tuple[float, ...]
    samples: tuple[tuple[float, tuple[float, ...]], ...]
    ulp_shift: float | None
    events: tuple[Mapping[str, object], ...]
    event_times: tuple[float, ...]
    source: str

    @property
    def values(self) -> dict[str, float]:
        """The initial values by state name."""
        return dict(zip(self.states, self.y0, strict=True))

    def error(self, state) -> float:
        """How far `state` is from the true end state, relative, in the 2-norm."""
        off = (
            sum((float(found) - true) ** 2 for found, true in zip(state, self.end_state, strict=True)) ** 0.5
        )
        return off / sum(true**2 for true in self.end_state) ** 0.5


def from_record(record: Mapping) -> Problem:
    """A problem from its entry in the data file."""
    reference, samples = record["reference"], record["samples"] or {"t": [], "y": []}
    times = reference.get("event_times_f64_inputs") or []
    return Problem(
        name=record["name"],
        title=record["title"],
        kind=record["class"],
        text="\n".join([*record["definitions"], *record["equations"]]),
        states=tuple(record["states"]),
        parameters=MappingProxyType(dict(record["parameters"])),
        y0=tuple(record["y0"]),
        t0=record["t0"],
        t1=record["t1"],
        end_state=tuple(float(digits) for digits in reference["end_state_f64_inputs"]),
        samples=tuple(
            (t, tuple(float(digits) for digits in state))
            for t, state in zip(samples["t"], samples["y"], strict=True)
        ),
        ulp_shift=record["conditioning"].get("ulp_perturbation_shift"),
        events=tuple(record["events"] or ()),
        event_times=tuple(float(digits) for digits in times),
        source=record["source"],
    )


def read(path: Path) -> dict[str, Problem]:
    """All problems of a data file, by name."""
    records = json.loads(path.read_text(encoding="utf-8"))["problems"]
    return {record["name"]: from_record(record) for record in records}


PROBLEMS: Mapping[str, Problem] = MappingProxyType(read(DATA))


def problem(name: str) -> Problem:
    """The problem of that name; says which there are when there is none."""
    try:
        return PROBLEMS[name]
    except KeyError:
        raise KeyError(f"no problem {name!r}; there are {', '.join(PROBLEMS)}") from None
