"""The true answer of the Lorenz problem on t = 0…20, which amplifies an error more than ten million times.

`python -m benchmarks.reference` computes it anew and writes `lorenz_t20.json`, in the format of
`tests/ivps.json`. Two independent computations must agree:

* Taylor series by the recurrence of the Lorenz equations, in arithmetic of 60 decimal digits (mpmath), with
  two orders and two step lengths;
* heyoka's Taylor integrator over MPFR numbers of 240 bits, when heyoka is there and was built with MPFR.

The same code must first find the certified end state of `lorenz_t10`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import mpmath
from tests.problems import DATA, PROBLEMS, Problem, read

TARGET = Path(__file__).parent / "lorenz_t20.json"
SIGMA, RHO = 10, 28


def lorenz_series(state: tuple, beta, order: int) -> list[list]:
    """The Taylor coefficients of x, y and z: c[k+1] = (k-th coefficient of the right-hand side) / (k + 1)."""
    x, y, z = ([value] for value in state)
    for k in range(order):
        xz = mpmath.fdot((x[i], z[k - i]) for i in range(k + 1))
        xy = mpmath.fdot((x[i], y[k - i]) for i in range(k + 1))
        slope = (SIGMA * (y[k] - x[k]), RHO * x[k] - xz - y[k], xy - beta * z[k])
        for series, value in zip((x, y, z), slope, strict=True):
            series.append(value / (k + 1))
    return [x, y, z]


def by_series(start: tuple, beta, duration, order: int = 60, steps_per_unit: int = 32) -> tuple:
    """The state after `duration`, by Taylor steps of fixed length at the working precision of mpmath."""
    steps = int(duration * steps_per_unit)
    length = mpmath.mpf(1) / steps_per_unit
    state = tuple(mpmath.mpf(value) for value in start)
    for _ in range(steps):
        series = lorenz_series(state, beta, order)
        state = tuple(mpmath.polyval(coefficients[::-1], length) for coefficients in series)
    return state


def by_heyoka(start: tuple, beta: float, duration: int, bits: int = 240) -> tuple | None:
    """The same by heyoka over MPFR numbers; None where that is not to be had."""
    try:
        import heyoka
    except ImportError:
        return None
    if not hasattr(heyoka, "real"):
        return None

    def number(value) -> object:
        return heyoka.real(value, bits)

    x, y, z = heyoka.make_vars("x", "y", "z")
    law = [(x, 10.0 * (y - x)), (y, x * (28.0 - z) - y), (z, x * y - beta * z)]
    machine = heyoka.taylor_adaptive(
        law, [number(value) for value in start], fp_type=heyoka.real, prec=bits, compact_mode=True
    )
    machine.propagate_until(number(float(duration)))
    return tuple(mpmath.mpf(str(value)) for value in machine.state)


def apart(first: tuple, second: tuple) -> float:
    """Relative distance of two states in the 2-norm."""
    off = mpmath.sqrt(sum((a - b) ** 2 for a, b in zip(first, second, strict=True)))
    return float(off / mpmath.sqrt(sum(b**2 for b in second)))


def check_method() -> float:
    """How far this method is from the certified lorenz_t10 (in a start of (1, 0, 0), t = 0…10)."""
    record = next(r for r in json.loads(DATA.read_text("utf-8"))["problems"] if r["name"] == "lorenz_t10")
    true = tuple(mpmath.mpf(digits) for digits in record["reference"]["end_state_f64_inputs"])
    found = by_series((1, 0, 0), mpmath.mpf(PROBLEMS["lorenz_t10"].parameters["beta"]), 10)
    return apart(found, true)


def compute() -> dict:
    """The record of the problem, with its checks."""
    start, beta = (1, 1, 1), mpmath.mpf(8 / 3)
    end = by_series(start, beta, 20)
    finer = by_series(start, beta, 20, order=72, steps_per_unit=48)
    decimals_exact = by_series(start, mpmath.mpf(8) / 3, 20)
    moved = by_series(tuple(1 + mpmath.mpf(2) ** -52 for _ in start), beta, 20)
    checks = [
        {
            "by": "Taylor series in mpmath, 60 digits, order 72, 48 steps a unit",
            "norm_rel_diff": apart(finer, end),
        },
        {
            "by": "the same method on lorenz_t10 against its certified end state",
            "norm_rel_diff": check_method(),
        },
    ]
    independent = by_heyoka(start, 8 / 3, 20)
    if independent is not None:
        checks.append({"by": "heyoka Taylor over MPFR, 240 bits", "norm_rel_diff": apart(independent, end)})
    worst = max(checks[0]["norm_rel_diff"], *(check["norm_rel_diff"] for check in checks[2:]))
    record = json.loads(DATA.read_text("utf-8"))["problems"]
    record = dict(next(r for r in record if r["name"] == "lorenz_t10"))
    record |= {
        "name": "lorenz_t20",
        "title": "Lorenz attractor, t=20",
        "class": "chaotic",
        "y0": [1.0, 1.0, 1.0],
        "y0_text": ["1", "1", "1"],
        "t1": 20.0,
        "t1_text": "20",
        "source": "Lorenz 1963; start (1,1,1). Reference: benchmarks/reference.py",
        "reference": {
            "kind": "Taylor series in mpmath, 60 digits, order 60, 32 steps a unit",
            "end_state": [mpmath.nstr(value, 25) for value in decimals_exact],
            "end_state_f64_inputs": [mpmath.nstr(value, 25) for value in end],
            "agreed_digits": int(-mpmath.log10(worst)),
            "checks": checks,
        },
        "published": None,
        "conditioning": {
            "input_rounding_shift": apart(decimals_exact, end),
            "ulp_perturbation_shift": apart(moved, end),
        },
        "samples": None,
        "scipy_check": None,
    }
    return {
        "format": 1,
        "about": "Computed by benchmarks/reference.py; see tests/ivps.json.",
        "problems": [record],
    }


@cache
def lorenz_t20() -> Problem:
    """The stored problem."""
    return read(TARGET)["lorenz_t20"]


if __name__ == "__main__":
    with mpmath.workdps(60):
        found = compute()
    TARGET.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found["problems"][0]["reference"], indent=1))
    print(json.dumps(found["problems"][0]["conditioning"], indent=1))
