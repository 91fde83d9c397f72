"""`python -m benchmarks [--quick] [--no-readme] [PART ...]`: measure, draw, tabulate."""

from __future__ import annotations

import argparse
import importlib
import warnings

from benchmarks import machine

PARTS = (
    "precision",
    "cold",
    "compile",
    "overhead",
    "ensemble",
    "stiff",
    "textbook",
    "learning",
    "continuous",
    "neural",
    "spirals",
    "gradients",
    "optimisers",
)


def main() -> None:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all when none is named"
    )
    parser.add_argument(
        "--quick", action="store_true", help="few tolerances and repeats, kept apart: does it all still run?"
    )
    parser.add_argument("--no-readme", action="store_true", help="leave benchmarks/README.md as it is")
    parser.add_argument(
        "--tables", action="store_true", help="measure nothing: tables and pictures of what is stored"
    )
    options = parser.parse_args()
    unknown = sorted(set(options.parts) - set(PARTS))
    if unknown:
        parser.error(f"no part is called {unknown[0]!r}; there are {', '.join(PARTS)}")
    core = machine.one_core()
    # The libraries read their thread settings when they are imported, so the parts come after one_core().
    report = importlib.import_module("benchmarks.report")
    warnings.filterwarnings("ignore", category=UserWarning, module="scipy")
    print(f"on core {core}, one thread")
    folder = report.QUICK if options.quick else report.RESULTS
    for name in () if options.tables else options.parts or PARTS:
        described = machine.describe()
        results = importlib.import_module(f"benchmarks.{name}").run(quick=options.quick)
        report.save(name, results, described, folder)
    if options.tables:
        for name in PARTS:
            stored = report.load(name)
            if stored:
                report.save(
                    name, {key: value for key, value in stored.items() if key != "machine"}, stored["machine"]
                )
    print(f"\n{report.text(folder, options.parts or PARTS)}")
    if not options.no_readme and not options.quick:
        report.into_readme()


if __name__ == "__main__":
    main()
