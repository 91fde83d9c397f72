"""Where the numbers were measured: one core, one thread, and the names and versions to say so."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path

PACKAGES = (
    *("dydt", "numpy", "scipy", "heyoka", "jax", "diffrax", "casadi", "llvmlite", "scikit-learn"),
    *("torch", "torchdiffeq"),
)
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC")


def one_core() -> int:
    """Keep this process and its children on one core and every library on one thread; call before imports.

    The highest-numbered core is taken: the first one serves most interrupts. BENCH_CORE names another.
    """
    for name in THREADS:
        os.environ[name] = "1"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["JAX_PLATFORMS"] = "cpu"
    if not hasattr(os, "sched_setaffinity"):
        return -1
    core = int(os.environ.get("BENCH_CORE", max(os.sched_getaffinity(0))))
    os.sched_setaffinity(0, {core})
    return core


def processor() -> str:
    """The processor in words."""
    listing = Path("/proc/cpuinfo")
    if not listing.exists():
        return platform.processor() or platform.machine()
    fields = dict(
        (part.strip() for part in line.split(":", 1))
        for line in listing.read_text(encoding="utf-8").splitlines()
        if ":" in line
    )
    name = fields.get("model name", platform.machine())
    vectors = [wanted for wanted in ("avx512f", "avx2", "fma") if wanted in fields.get("flags", "").split()]
    family = f"family {fields.get('cpu family', '?')}, model {fields.get('model', '?')}"
    return f"{name} ({family}; {', '.join(vectors)})"


def version(package: str) -> str | None:
    """The installed version, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def describe() -> dict[str, object]:
    """The machine, the date, and the versions of everything compared."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "date": datetime.date.today().isoformat(),
        "load": [round(value, 2) for value in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "versions": {package: version(package) for package in PACKAGES},
    }
