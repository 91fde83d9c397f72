"""The pictures of the benchmarks."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator

STYLES = {
    "dydt dop853": ("#0b4fa8", "o", 2.4),
    "dydt tsit5": ("#3d8bf0", "s", 2.0),
    "dydt vern9": ("#23307a", "h", 2.0),
    "dydt taylor": ("#0aa3a3", "D", 2.0),
    "heyoka Taylor": ("#d1495b", "^", 1.5),
    "diffrax Dopri8": ("#edae49", "v", 1.3),
    "diffrax Tsit5": ("#c98a1b", "<", 1.3),
    "casadi CVODES": ("#7b5ea7", "P", 1.3),
    "SciPy DOP853": ("#8a8f98", "X", 1.3),
    "SciPy LSODA": ("#4a4f57", "*", 1.3),
    "dydt rodas5p": ("#0b4fa8", "o", 2.4),
    "dydt rodas4p": ("#23307a", "h", 2.0),
    "dydt rosenbrock23": ("#3d8bf0", "s", 2.0),
    "dydt auto": ("#0aa3a3", "D", 2.0),
    "casadi CVODES, C": ("#b39ad1", "p", 1.3),
    "SciPy Radau": ("#8a8f98", "X", 1.3),
    "SciPy BDF": ("#b6bac1", "d", 1.3),
    "diffrax Kvaerno5": ("#edae49", "v", 1.3),
}
LOOK = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e8eaee",
    "axes.edgecolor": "#9aa0a8",
    "axes.titleweight": "bold",
    "axes.titlesize": 11,
    "svg.fonttype": "none",
}


def time_label(value: float, _position=None) -> str:
    """10 µs rather than 1e-5."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= 0.999 * size:
            return f"{value / size:g} {unit}"
    return f"{value * 1e9:g} ns"


def curves(axes, result: dict) -> None:
    """One problem: each solver's times against its true errors."""
    for solver, (colour, marker, width) in STYLES.items():
        rows = sorted((r for r in result["rows"] if r["solver"] == solver), key=lambda row: -row["tolerance"])
        if rows:
            ours = solver.startswith("dydt")
            axes.plot(
                [max(row["error"], 1e-16) for row in rows], [row["minimum"] for row in rows],
                color=colour, marker=marker, linewidth=width, markersize=5 if ours else 4.5,
                markeredgecolor="white", markeredgewidth=0.5, zorder=3 if ours else 2,
            )  # fmt: skip
    axes.set(xscale="log", yscale="log", title=result["title"], xlim=(1e-1, 1e-14))
    axes.xaxis.set_major_locator(LogLocator(base=100, numticks=12))
    axes.yaxis.set_major_formatter(FuncFormatter(time_label))
    axes.minorticks_off()
    axes.tick_params(length=0)


def precision(results: dict, machine: dict, path: Path) -> None:
    """Work–precision diagrams, in two rows."""
    problems = results["problems"]
    columns = -(-len(problems) // 2)
    with plt.rc_context(LOOK):
        figure, grid = plt.subplots(2, columns, figsize=(4.3 * columns, 8), layout="constrained")
        for axes, result in zip(grid.flat, problems, strict=False):
            curves(axes, result)
        for axes in grid.flat[len(problems) :]:
            axes.set_visible(False)
        for axes in grid[1]:
            axes.set_xlabel("true relative error at the end  (tighter →)")
        for axes in grid[:, 0]:
            axes.set_ylabel("time of one solve")
        seen = {row["solver"] for result in problems for row in result["rows"]}
        handles = [
            Line2D([], [], color=colour, marker=marker, linewidth=width, label=solver)
            for solver, (colour, marker, width) in STYLES.items()
            if solver in seen
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=-(-len(handles) // 2), frameon=False)
        figure.suptitle(
            f"Time against true error · {machine['processor']} · one core · {machine['date']}", fontsize=10
        )
        figure.savefig(path, dpi=110)
        plt.close(figure)


def ensemble(results: dict, machine: dict, path: Path) -> None:
    """Members a second against the largest error of a member; heyoka by its best batch size."""
    families = {
        "dydt dop853": "dydt dop853", "dydt tsit5": "dydt tsit5", "dydt vern9": "dydt vern9",
        "dydt taylor": "dydt taylor",
        "diffrax Dopri8, vmap": "diffrax Dopri8", "diffrax Tsit5, vmap": "diffrax Tsit5",
        "SciPy DOP853, stacked": "SciPy DOP853", "SciPy DOP853, loop": "SciPy LSODA",
    }  # fmt: skip
    quickest = {
        row["tolerance"]: row["solver"]
        for row in sorted(results["rows"], key=lambda row: -row["minimum"])
        if row["solver"].startswith("heyoka")
    }
    lines: dict[str, list[dict]] = {}
    for row in results["rows"]:
        heyoka = quickest.get(row["tolerance"]) == row["solver"]
        if heyoka or row["solver"] in families:
            lines.setdefault("heyoka, best batch" if heyoka else row["solver"], []).append(row)
    with plt.rc_context(LOOK):
        figure, axes = plt.subplots(figsize=(8.4, 4.8), layout="constrained")
        for name, rows in lines.items():
            rows.sort(key=lambda row: -row["tolerance"])
            colour, marker, width = STYLES[families.get(name, "heyoka Taylor")]
            axes.plot(
                [row["error"] for row in rows], [results["members"] / row["minimum"] for row in rows],
                color=colour, marker=marker, linewidth=width, label=name, markeredgecolor="white",
                markeredgewidth=0.5,
            )  # fmt: skip
        axes.set(xscale="log", yscale="log", xlabel="largest error of a member  (tighter →)")
        axes.set_ylabel("members a second")
        axes.invert_xaxis()
        axes.minorticks_off()
        axes.tick_params(length=0)
        axes.set_title(f"{results['title']}, one core · {machine['date']}", loc="left")
        figure.legend(loc="outside right upper", frameon=False)
        figure.savefig(path, dpi=110)
        plt.close(figure)


def cold(results: dict, machine: dict, path: Path) -> None:
    """Bars: fresh process to printed answer."""
    rows = sorted(results["rows"], key=lambda row: -row["median"])
    with plt.rc_context(LOOK):
        figure, axes = plt.subplots(figsize=(8, 0.42 * len(rows) + 1.3), layout="constrained")
        colours = [
            "#0b4fa8" if row["name"].startswith("dydt") else "#c9cdd4" if row["baseline"] else "#8a8f98"
            for row in rows
        ]
        bars = axes.barh(
            [row["name"] for row in rows], [row["median"] for row in rows], color=colours, height=0.66
        )
        axes.bar_label(bars, labels=[f"{row['median']:.2f} s" for row in rows], padding=4)
        axes.grid(visible=False, axis="y")
        axes.tick_params(length=0)
        axes.set(xlabel="seconds from starting the process to the printed answer (median)")
        axes.set_title(f"Cold start: Lorenz, t = 0…20, tolerance 1e-8 · {machine['date']}", loc="left")
        axes.margins(x=0.12)
        figure.savefig(path, dpi=110)
        plt.close(figure)
