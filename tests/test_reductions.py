"""Reductions of sweeps: against closed forms, fine sampling of single solves, and for any number of lanes."""

import numpy as np
import pytest

import dydt
from dydt.expr.parse import parse
from dydt.expr.reductions import read_reductions

OSCILLATOR = "x' = v; v' = -w^2*x; w = 1; E = v^2 + w^2*x^2"
LORENZ = "x' = 10*(y - x); y' = x*(r - z) - y; z' = x*y - 8/3*z; x(0) = 1; y(0) = 0; z(0) = 0"


def test_extremes_of_an_oscillator_are_its_amplitude():
    w = np.linspace(0.5, 4, 9)
    keep = ["max(x)", "min(x)", "max(v)", "max(x*v)", "max(E)", "min(E)", "max(abs(x))"]
    runs = dydt.ODE(OSCILLATOR).sweep(t=(0, 20), x=1.5, v=0, w=w, rtol=1e-10, atol=1e-12, keep=keep)
    assert np.allclose(runs["max(x)"], 1.5, rtol=1e-8)
    assert np.allclose(runs["min(x)"], -1.5, rtol=1e-8)
    assert np.allclose(runs["max(v)"], 1.5 * w, rtol=1e-8)
    assert np.allclose(runs["max(x*v)"], 0.5 * w * 1.5**2, rtol=1e-8)
    assert np.allclose(runs["max(E)"], (1.5 * w) ** 2, rtol=1e-8)
    assert np.allclose(runs["min(E)"], (1.5 * w) ** 2, rtol=1e-8)
    assert np.allclose(runs["max(abs(x))"], 1.5, rtol=1e-8)


@pytest.mark.parametrize(
    "method, rtol, error", [("tsit5", 1e-6, 1e-5), ("vern9", 1e-11, 1e-10), ("rodas5p", 1e-7, 1e-6)]
)
def test_means_are_integrals(method, rtol, error):
    w = np.array([0.7, 1.0, 2.5])
    runs = dydt.ODE(OSCILLATOR).sweep(
        t=(0, 13),
        x=1,
        v=0,
        w=w,
        method=method,
        rtol=rtol,
        atol=rtol,
        keep=["mean(x)", "mean(x^2)", "mean(t*x)"],
    )
    assert np.allclose(runs["mean(x)"], np.sin(13 * w) / (13 * w), atol=error)
    assert np.allclose(runs["mean(x^2)"], 0.5 + np.sin(26 * w) / (52 * w), atol=error)
    moment = (np.cos(13 * w) - 1) / w**2 + 13 * np.sin(13 * w) / w
    assert np.allclose(runs["mean(t*x)"], moment / 13, atol=13 * error)


def test_means_of_what_jumps_and_bends():
    keep = [
        "mean(step(t - 1.3))",
        "mean(floor(10*t))",
        "mean(floor(2*t) - 2)",
        "mean(abs(x - 0.5))",
        "mean(sqrt(2 - t))",
    ]
    law = dydt.ODE("x' = a*cos(t); x(0) = 0")
    runs = law.sweep(t=(0, 2), a=[1.0, 2.0], keep=keep, lanes=8)
    assert np.allclose(runs["mean(step(t - 1.3))"], 0.35, atol=1e-6)
    assert np.allclose(runs["mean(floor(10*t))"], 9.5, atol=1e-4)
    assert np.allclose(
        runs["mean(floor(2*t) - 2)"], -0.5, atol=1e-5
    )  # jumps that mirror each other in a step
    for i, a in enumerate((1.0, 2.0)):
        turn = np.arcsin(0.5 / a)  # x is above 0.5 from there on
        area = a * (np.cos(turn) - np.cos(2)) - 0.5 * (2 - turn) + 0.5 * turn - a * (1 - np.cos(turn))
        assert runs["mean(abs(x - 0.5))"][i] == pytest.approx(area / 2, rel=1e-6)
    assert np.allclose(runs["mean(sqrt(2 - t))"], 2**1.5 / 3, rtol=1e-6)
    alone = law.sweep(t=(0, 2), a=[1.0, 2.0], keep=keep, lanes=1)
    assert all(alone[name].tobytes() == runs[name].tobytes() for name in keep)


def test_the_state_that_a_last_event_leaves_counts():
    runs = dydt.ODE("x' = a; x(0) = 0; when x > 1: x -> 5*a, stop").sweep(
        t=(0, 3), a=[0.1, 0.5, 2], keep=["max(x)"]
    )
    assert runs["max(x)"] == pytest.approx([0.3, 2.5, 10])


def test_counts_of_what_is_only_watched():
    a = np.array([0.5, 1.0, 3.0])
    keep = [
        "count(x = 0)",
        "count(x = 0 rising)",
        "count(x > 0.6)",
        "count(x = 0.9999999)",
        "count(x = 1.0000001)",
    ]
    runs = dydt.ODE("x' = a*cos(t); x(0) = 0").sweep(t=(0, 20), a=a, keep=keep)
    assert runs["count(x = 0)"].tolist() == [6, 6, 6]  # it starts there: pi, 2 pi … 6 pi
    assert runs["count(x = 0 rising)"].tolist() == [3, 3, 3]
    assert runs["count(x > 0.6)"].tolist() == [0, 4, 4]  # the last at 6 pi + asin(0.6 / a) < 20
    # Two crossings that lie within 1e-3 of each other, at the top of each wave.
    assert runs["count(x = 0.9999999)"].tolist() == [0, 6, 7]
    assert runs["count(x = 1.0000001)"].tolist() == [0, 0, 7]


def test_counts_of_a_bouncing_ball():
    ball = dydt.ODE("z' = v; v' = -9.81; z(0) = 1; v(0) = 0; e = 0.5; when z = 0 falling: v -> -e*v")
    e = np.array([0.3, 0.5, 0.8, 0.9])
    keep = [
        "count(z = 0)",
        "count(z = 0 falling)",
        "count(v = 0 falling)",
        "max(v)",
        "min(v)",
        "max(z)",
        "mean(z)",
    ]
    runs = ball.sweep(t=(0, 0.8), e=e, keep=keep)
    first = np.sqrt(2 / 9.81)  # then after 2 e, 2 e², … times as long
    times = first * (1 + 2 * np.cumsum(e[:, None] ** np.arange(1, 60), axis=1))
    expected = 1 + np.count_nonzero(times < 0.8, axis=1)
    assert runs["count(z = 0)"].tolist() == expected.tolist()
    assert runs["count(z = 0 falling)"].tolist() == expected.tolist()  # the event of the law, not a crossing
    assert np.allclose(runs["min(v)"], -np.sqrt(2 * 9.81), rtol=1e-9)
    assert np.allclose(runs["max(v)"], e * np.sqrt(2 * 9.81), rtol=1e-9)  # just after the first bounce
    assert np.allclose(runs["max(z)"], 1)
    for i, value in enumerate(e):
        alone = ball.solve(t=(0, 0.8), e=float(value))
        t = np.linspace(0, 0.8, 20_001)
        assert runs["mean(z)"][i] == pytest.approx(np.trapezoid(alone(t)[:, 0], t) / 0.8, abs=1e-7)


@pytest.mark.parametrize("method", ["tsit5", "dop853", "rodas5p"])
def test_against_fine_sampling(method):
    law = dydt.ODE(LORENZ)
    r = np.array([10.0, 24.0, 28.0, 160.0])
    keep = ["max(z)", "min(x*y)", "mean(z)", "count(x = 0)", "count(z = 20 rising)", "final(x - y)"]
    runs = law.sweep(t=(0, 5), r=r, method=method, rtol=1e-7, atol=1e-9, keep=keep)
    t = np.linspace(0, 5, 40_001)
    for i, value in enumerate(r):
        x, y, z = law.solve(t=(0, 5), r=float(value), method=method, rtol=1e-7, atol=1e-9)(t).T
        fine = {
            "max(z)": z.max(),
            "min(x*y)": (x * y).min(),
            "mean(z)": np.trapezoid(z, t) / 5,
            "count(x = 0)": np.count_nonzero(np.diff(np.sign(x))),
            "count(z = 20 rising)": np.count_nonzero((z[1:] > 20) & (z[:-1] <= 20)),
            "final(x - y)": x[-1] - y[-1],
        }
        for name, wanted in fine.items():
            assert runs[name][i] == pytest.approx(wanted, rel=3e-6, abs=3e-6), name
        assert runs["max(z)"][i] >= z.max() * (1 - 1e-12)  # between the samples, too
        assert runs["min(x*y)"][i] <= (x * y).min() + 1e-12


def test_same_bits_for_any_number_of_lanes_and_threads_and_states_untouched():
    law = dydt.ODE(LORENZ + "\nwhen z = 30 rising: x -> x + 0.1")
    r = np.linspace(0, 60, 29)
    keep = [
        "max(z)",
        "min(x*y)",
        "mean(x^2)",
        "count(x = 0)",
        "count(z = 30)",
        "max(abs(x - 3))",
        "min(abs(x))",
    ]
    plain = law.sweep(t=(0, 4), r=r)
    seen = set()
    for lanes, threads in ((1, 1), (4, 2), (8, 3), (16, 2)):
        runs = law.sweep(t=(0, 4), r=r, keep=keep, lanes=lanes, threads=threads)
        assert runs.y.tobytes() == plain.y.tobytes()
        seen.add(b"".join(values.tobytes() for values in runs.reduced.values()))
    assert len(seen) == 1
    hits = [len(law.solve(t=(0, 4), r=float(value)).events["z = 30"]) for value in r]
    assert runs["count(z = 30)"].tolist() == hits


def test_large_laws_in_memory():
    n = 70
    text = "\n".join(f"u{i}' = k*(u{max(i - 1, 0)} - 2*u{i} + u{min(i + 1, n - 1)}) - u{i}" for i in range(n))
    law = dydt.ODE(text + "\nwhen u3 = 1.1: u4 -> u4 + 0.1")
    start = {f"u{i}": 1.0 + 0.1 * (i % 5) for i in range(n)}
    keep = ["max(u4)", "mean(u1)", "count(u3 = 1.1)", "max(u0*t)"]
    for method in ("dop853", "vern9"):
        runs = law.sweep(
            t=(0, 2), values=start, k=[1.0, 2.0, 3.0], method=method, keep=keep, saveat=[0.5, 2.0]
        )
        alone = law.solve(t=(0, 2), values=start, k=2.0, method=method)
        assert runs._harvest.states[1].tobytes() == alone.y[-1].tobytes()
        assert np.allclose(runs.y[1], alone([0.5, 2.0]), rtol=1e-13)
        t = np.linspace(0, 2, 20_001)
        states = alone(t)
        assert runs["max(u4)"][1] == pytest.approx(states[:, 4].max(), rel=1e-6)
        assert runs["mean(u1)"][1] == pytest.approx(np.trapezoid(states[:, 1], t) / 2, rel=1e-7)
        assert runs["max(u0*t)"][1] == pytest.approx((states[:, 0] * t).max(), rel=1e-7)
        assert runs["count(u3 = 1.1)"].tolist() == [1, 1, 1]


def test_backwards_and_across_a_change_of_method():
    back = dydt.ODE("x' = cos(t)").sweep(
        t=(10, 0), x=[0.0, 1.0], keep=["max(x)", "mean(x)", "count(x = 0.2 rising)"]
    )
    t = np.linspace(0, 10, 100_001)
    x = np.sin(t) - np.sin(10)
    assert back["max(x)"][0] == pytest.approx(1 - np.sin(10), abs=1e-8)
    assert back["mean(x)"][0] == pytest.approx((1 - np.cos(10)) / 10 - np.sin(10), abs=1e-8)
    assert back["count(x = 0.2 rising)"][0] == np.count_nonzero((x[1:] > 0.2) & (x[:-1] <= 0.2))
    oscillator = dydt.ODE("x'' = mu*(1 - x^2)*x' - x; x(0) = 2; x'(0) = 0")
    runs = oscillator.sweep(t=(0, 2000), mu=[300.0, 1000.0], keep=["max(x)", "min(x)", "count(x = 0)"])
    for i, mu in enumerate((300.0, 1000.0)):
        alone = oscillator.solve(t=(0, 2000), mu=mu)
        assert alone.stats["switches"]
        assert runs["max(x)"][i] >= alone["x"].max()
        assert runs["max(x)"][i] == pytest.approx(alone["x"].max(), abs=1e-3)
        assert runs["count(x = 0)"][i] == np.count_nonzero(np.diff(np.sign(alone["x"])))


def test_reductions_everywhere_results_go(tmp_path):
    keep = {"peak": "max(x)", "x/v": "final(x/v)", "turns": "count(v = 0)"}
    runs = dydt.ODE(OSCILLATOR).sweep(t=(0, 5), w=[1.0, 2.0], x=[1.0, 3.0], v=0.1, product=True, keep=keep)
    assert runs["peak"].shape == (2, 2)
    assert np.array_equal(runs["x/v"], runs["x"] / runs["v"])
    assert runs.to_xarray()["peak"].dims == ("w", "x(0)")
    assert runs.to_pandas()["turns"].tolist() == runs["turns"].ravel().tolist()
    for name in ("runs.csv", "runs.npz", "runs.nc"):
        runs.save(tmp_path / name)
    assert np.array_equal(np.load(tmp_path / "runs.npz")["peak"], runs["peak"])
    assert "peak" in (tmp_path / "runs.csv").read_text(encoding="utf-8").partition("\n")[0]
    assert "peak" in runs._repr_html_()
    with pytest.raises(dydt.InputError, match="did you mean `peak`"):
        runs["peek"]
    fewer = dydt.ODE(OSCILLATOR).sweep(t=(0, 5), w=[1.0, 2.0], x=[1.0, 3.0], v=0.1, product=True)
    assert runs.stats["memory bytes"] > fewer.stats["memory bytes"]


def test_members_that_fail_keep_what_was_found_up_to_there():
    law = dydt.ODE("y' = y^2")
    with pytest.warns(dydt.SolveWarning, match="1 blow-up, 1 done"):
        runs = law.sweep(t=(0, 2), y=[0.25, 1.0], keep=["max(y)", "min(y)", "mean(y)"])
    assert runs["max(y)"][0] == pytest.approx(0.5)
    assert runs["mean(y)"][0] == pytest.approx(np.log(2) / 2)
    assert runs["max(y)"][1] > 1e6
    assert runs["min(y)"].tolist() == [0.25, 1.0]


@pytest.mark.parametrize(
    "keep, words",
    [
        ("maxx(x)", "no `maxx`; did you mean `max`"),
        ("max(q)", "the law has no `q`"),
        ("max(x", "one of max"),
        ("max(x) + max(v)", "at a time"),
        ("max()", "of what"),
        ("max(x*)", "ends after"),
        ("count(x)", "one comparison"),
        ("count(x = 1: stop)", "not one condition"),
        (["mean(x)", 3], "got 3"),
        ({"x": "max(x)"}, "names something else"),
        ({"": "max(x)"}, "named by text"),
        (7, "keep takes"),
    ],
)
def test_what_is_no_reduction_is_answered(keep, words):
    with pytest.raises(dydt.InputError, match=words):
        dydt.ODE(OSCILLATOR).sweep(t=(0, 1), w=[1, 2], x=1, v=0, keep=keep)


def test_reductions_are_read_by_the_language():
    law = parse("x' = v; v' = -x; E = x^2 + v^2; when v = 0 falling: x -> x")
    peak, change, turns, watched = read_reductions(
        ["max(E)", "max(v')", "count(v = 0)", "count(v = 0 rising)"], law
    )
    assert str(peak.node) == "x^2 + v^2"
    assert str(change.node) == "-x"
    assert (turns.event, watched.event, watched.direction) == (0, None, 1)
    assert read_reductions("final", law) == ()
