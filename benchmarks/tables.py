"""The numbers as plain tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.precision import ERRORS, at_equal_error

SUMMARY = (1e-4, 1e-6, 1e-8)


def seconds(value: float | None) -> str:
    """A time with its unit, three digits."""
    if value is None:
        return "–"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{three_digits(value / size)} {unit}"
    return f"{three_digits(value / 1e-9)} ns"


def three_digits(value: float) -> str:
    """The value to three digits, never in powers of ten."""
    return f"{value:.0f}" if value >= 99.95 else f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def ratio(value: float | None, yardstick: float | None) -> str:
    """How many times the yardstick; a dash where one of them is not there."""
    return "–" if value is None or yardstick is None else three_digits(value / yardstick)


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose columns line up in a terminal too."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    written = [
        "| "
        + " | ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(pairs))
        + " |"
        for pairs in (list(zip(line, widths, strict=True)) for line in lines)
    ]
    rule = (
        "|" + "|".join("-" * (w + 2) if i == 0 else "-" * (w + 1) + ":" for i, w in enumerate(widths)) + "|"
    )
    return "\n".join([written[0], rule, *written[1:]])


def power(error: float) -> str:
    """1e-05 as 1e-5."""
    mantissa, exponent = f"{error:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def yardstick(table: dict[str, list[float | None]]) -> str:
    """The row that the others are measured in: dydt's best, else the quickest of all, which is added."""
    if "dydt, best" in table:
        return "dydt, best"
    columns = zip(*table.values(), strict=True)
    table["quickest"] = [min((t for t in column if t is not None), default=None) for column in columns]
    return "quickest"


def summary(results: dict, error: float) -> str:
    """One line a problem: the yardstick's time at `error`, and how many times as long the peers take."""
    column = ERRORS.index(min(ERRORS, key=lambda known: abs(known - error)))
    lines, peers, best = [], [], ""
    for result in results["problems"]:
        table = at_equal_error(result)
        best = yardstick(table)
        peers = peers or [name for name in table if not name.startswith("dydt") and name != best]
        missing = [None] * len(ERRORS)
        ratios = [ratio(table.get(name, missing)[column], table[best][column]) for name in peers]
        lines.append([result["title"], seconds(table[best][column]), *ratios])
    return grid([f"at true error {power(error)}", best, *(f"{name} ×" for name in peers)], lines)


def equal_error(result: dict) -> str:
    """Time at equal error, and the same in units of the yardstick (dydt's best, else the quickest)."""
    table = at_equal_error(result)
    head = ["true error", *(power(error) for error in ERRORS)]
    times = grid(head, ([name, *(seconds(value) for value in row)] for name, row in table.items()))
    best = yardstick(table)
    others = ((name, row) for name, row in table.items() if name != best)
    body = ([name, *(ratio(*pair) for pair in zip(row, table[best], strict=True))] for name, row in others)
    return f"{times}\n\n{grid([f'times {best}', *head[1:]], body)}"


def precision(results: dict) -> str:
    """The summary at three errors, and a section a problem."""
    summaries = [summary(results, error) for error in SUMMARY]
    sections = [f"### {result['title']}\n\n{equal_error(result)}" for result in results["problems"]]
    return "\n\n".join([*summaries, *sections])


def cold(results: dict) -> str:
    """Fresh processes."""
    rows = (
        [row["name"], seconds(row["minimum"]), seconds(row["median"]), row.get("error_text", "")]
        for row in results["rows"]
    )
    return grid(["from nothing to the printed answer", "best", "median", "error"], rows)


def compilation(results: dict) -> str:
    """Text to machine code, and the large law."""
    rows = (
        [row["name"], *(seconds(row.get(key)) for key in ("import", "ready", "first"))]
        for row in results["rows"]
    )
    table = grid(["law and solver", "import, y' = −k y", "text to compiled", "first solve"], rows)
    large = results.get("large") or []
    if not large:
        return table
    head = [
        "1000-state Brusselator",
        "compile",
        "first, warm disk",
        "a step",
        "flop bound",
        "memory bound",
        "steps",
    ]
    keys = ("compile", "warm", "step", "flop_bound", "memory_bound")
    body = (
        [row["name"], *(seconds(row.get(key)) for key in keys), str(row.get("steps", "–"))] for row in large
    )
    return f"{table}\n\n{grid(head, body)}\n\n{results['bounds']}"


def rate(value: float | None) -> str:
    """Members a second."""
    if value is None:
        return "–"
    return f"{three_digits(value / 1e6)} million" if value >= 1e6 else f"{three_digits(value / 1e3)} thousand"


def ensemble(results: dict) -> str:
    """Members a second at equal error and at one tolerance; idle lanes, threads and memory in words."""
    if not results["rows"]:
        return "(dydt is not installed)"
    members, errors = results["members"], (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10)
    table = at_equal_error(results, errors)
    ours = table["dydt, best"]
    heyoka = [row for name, row in table.items() if name.startswith("heyoka")]
    if heyoka:
        columns = zip(*heyoka, strict=True)
        table["heyoka, best batch"] = [min(filter(None, column), default=None) for column in columns]
    head = ["largest error of a member", *(power(error) for error in errors)]
    rates = grid(head, ([name, *(rate(t and members / t) for t in row)] for name, row in table.items()))
    others = [(name, row) for name, row in table.items() if not name.startswith("dydt")]
    body = ([name, *(ratio(*pair) for pair in zip(row, ours, strict=True))] for name, row in others)
    ratios = grid(["times dydt, best", *head[1:]], body)
    at = [row for row in results["rows"] if row["tolerance"] == 1e-8]
    alone = grid(
        ["tolerance 1e-8", "members a second", "all 4096", "largest error"],
        (
            [row["solver"], rate(members / row["minimum"]), seconds(row["minimum"]), f"{row['error']:.0e}"]
            for row in at
        ),
    )
    return "\n\n".join([f"### {results['title']}", rates, ratios, alone, ensemble_words(results)])


def ensemble_words(results: dict) -> str:
    """What tables don't hold."""
    idle, threads, million = results["idle"], results["threads"], results["million"]
    lines = [
        f"Van der Pol, {idle['members']} values of μ from 1 to 100 in random order, t = 0…20, dop853: members take "
        f"{idle['fewest']} to {idle['most']} steps. Lanes that refill themselves are idle {100 * idle['idle']:.1f} % "
        f"of their turns; without refilling, {idle['lanes']} lanes would be "
        f"{100 * idle['idle without refilling']:.0f} %."
    ]
    if threads:
        lines.append(
            f"Two threads on two cores take {seconds(threads['two'])} for {threads['members']:,} members where one "
            f"takes {seconds(threads['one'])}: {threads['one'] / threads['two']:.2f} times as fast (medians "
            f"{threads['one_median'] / threads['two_median']:.2f}; load of the machine, which is shared: "
            f"{threads['load']:.2f}). Together they are busy {threads['busy']:.2f} times as long as the one."
        )
    if million:
        lines.append(
            f"A million members, ends kept, one thread, dop853 at 1e-8: {seconds(million['seconds'])}; the process "
            f"peaks at {million['peak'] / 1e6:.0f} MB, {million['before'] / 1e6:.0f} MB of it before the sweep."
        )
    if results["references apart"] is not None:
        apart = f"{results['references apart']:.0e}"
        lines.append(f"The reference (vern9 at 1e-13) and heyoka at 1e-16 are {apart} apart at most.")
    return "\n\n".join(lines)


def overhead(results: dict) -> str:
    """Python's share of a call."""
    rows = (
        [row["name"], seconds(row["overhead"]), seconds(row["per_step"]), seconds(row["outside"])]
        for row in results["rows"]
    )
    head = ["call", "overhead (fit)", "a step", "outside the kernel by its own clock"]
    return grid(head, rows) if results["rows"] else "(dydt is not installed)"
