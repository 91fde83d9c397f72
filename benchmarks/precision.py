"""Work and precision: the time of a whole solve against its true error, for dydt and its peers in one run."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict
from itertools import pairwise

from tests.problems import Problem, problem

from benchmarks.peers import PEERS, Peer
from benchmarks.reference import lorenz_t20
from benchmarks.timing import interleaved

TITLES = {
    "lorenz_t20": "Lorenz, t = 0…20",
    "lotka_volterra": "Lotka–Volterra, t = 0…10",
    "pleiades": "Pleiades, 28 states, t = 0…3",
    "arenstorf": "Arenstorf orbit, one period",
    "duffing_forced": "driven Duffing, t = 0…20",
    "henon_heiles": "Hénon–Heiles, t = 0…50",
}
TOLERANCES = tuple(10.0**-digits for digits in range(4, 13))
QUICK_TOLERANCES = (1e-4, 1e-6, 1e-8, 1e-10)
ERRORS = tuple(10.0**-digits for digits in range(3, 12))


def problems() -> list[Problem]:
    """The six problems."""
    return [lorenz_t20() if name == "lorenz_t20" else problem(name) for name in TITLES]


def prepared(law: Problem, peer: Peer, tolerances: Iterable[float]) -> tuple[dict, list[dict]]:
    """The calls that work, and a row for each that does not."""
    calls, failures = {}, []
    for tolerance in tolerances:
        try:
            call = peer.prepare(law, tolerance)
            error = law.error(call())
        except Exception as problem_met:
            # A peer that fails on one problem must not end the comparison; what it said is a result.
            said = f"{type(problem_met).__name__}: {problem_met}".splitlines()[0]
            failures.append({"solver": peer.name, "tolerance": tolerance, "failure": said})
            continue
        if math.isfinite(error):
            calls[peer.name, tolerance] = (call, error)
        else:
            failures.append({"solver": peer.name, "tolerance": tolerance, "failure": "not finite"})
    return calls, failures


def measure(law: Problem, tolerances: Iterable[float], rounds: int, peers: Iterable[Peer] = PEERS) -> dict:
    """Every solver at every tolerance on one problem: rows of tolerance, error and seconds."""
    calls, failures = {}, []
    for peer in peers:
        if not peer.missing:
            found, failed = prepared(law, peer, tolerances)
            calls |= found
            failures += failed
    timings = interleaved({key: call for key, (call, _) in calls.items()}, rounds=rounds)
    rows = [
        {"solver": name, "tolerance": tolerance, "error": calls[name, tolerance][1], **asdict(timing)}
        for (name, tolerance), timing in timings.items()
    ]
    return {
        "problem": law.name,
        "title": TITLES[law.name],
        "floor": law.ulp_shift,
        "rows": rows,
        "failures": failures,
    }


def frontier(rows: Iterable[dict]) -> list[tuple[float, float]]:
    """(error, seconds) pairs that no other row beats in both, from the loosest to the tightest."""
    best: list[tuple[float, float]] = []
    for error, seconds in sorted((max(row["error"], 1e-17), row["minimum"]) for row in rows):
        if not best or seconds < best[-1][1]:
            best.append((error, seconds))
    return best[::-1]


def time_at_error(rows: Iterable[dict], error: float) -> float | None:
    """The seconds that buy `error`: linear between the points of the frontier, both axes logarithmic.

    A solver whose loosest run is already better than `error` pays for that run; None where it never gets
    there.
    """
    points = frontier(rows)
    if not points or error < points[-1][0]:
        return None
    if error >= points[0][0]:
        return points[0][1]
    for (rough, cheap), (fine, dear) in pairwise(points):
        if fine <= error <= rough:
            share = math.log(rough / error) / math.log(rough / fine)
            return cheap * (dear / cheap) ** share
    return None


def at_equal_error(result: dict, errors: Iterable[float] = ERRORS) -> dict[str, list[float | None]]:
    """Seconds of each solver at each error; `dydt, best` is the quickest of dydt's methods."""
    solvers: dict[str, list[dict]] = {}
    for row in result["rows"]:
        solvers.setdefault(row["solver"], []).append(row)
    table = {name: [time_at_error(rows, error) for error in errors] for name, rows in solvers.items()}
    ours = [name for name in table if name.startswith("dydt")]
    if ours:
        columns = zip(*(table[name] for name in ours), strict=True)
        table["dydt, best"] = [min((t for t in column if t is not None), default=None) for column in columns]
    return table


def run(quick: bool = False) -> dict:
    """All six problems."""
    tolerances, rounds = (QUICK_TOLERANCES, 2) if quick else (TOLERANCES, 7)
    for peer in PEERS:
        if peer.missing:
            print(f"skipped: {peer.name} (the package {peer.needs} is not installed)")
    results = []
    for law in problems():
        print(f"precision: {TITLES[law.name]}", flush=True)
        results.append(measure(law, tolerances, rounds))
        failures = results[-1]["failures"]
        for name, said in dict.fromkeys((failure["solver"], failure["failure"]) for failure in failures):
            print(f"  skipped: {name}: {said}")
    notes = {peer.name: peer.note for peer in PEERS if not peer.missing}
    return {"problems": results, "notes": notes}
