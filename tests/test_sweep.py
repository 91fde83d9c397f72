"""Ensembles: the same bits as single solves, broadcasting, statuses, limits, and labelled results."""

import signal
import threading
import time
import warnings

import numpy as np
import pytest

import dydt

LORENZ = "x' = s*(y - x); y' = x*(r - z) - y; z' = x*y - b*z; s = 10; r = 28; b = 8/3; x(0) = 1; y(0) = 0; z(0) = 0"


@pytest.fixture(scope="module")
def lorenz():
    return dydt.ODE(LORENZ)


@pytest.mark.parametrize("method", ["tsit5", "dop853", "vern9"])
@pytest.mark.parametrize("lanes, threads", [(1, 1), (4, 1), (8, 2), (16, 3)])
def test_same_bits_for_any_number_of_lanes_and_threads(lorenz, method, lanes, threads):
    r = np.linspace(0, 30, 41)
    runs = lorenz.sweep(
        t=(0, 3), r=r, method=method, lanes=lanes, threads=threads, saveat=[0.0, 0.7, 2.5, 3.0]
    )
    for i in (0, 7, 22, 40):
        alone = lorenz.solve(t=(0, 3), r=float(r[i]), method=method)
        assert runs._harvest.states[i].tobytes() == alone.y[-1].tobytes()
        assert runs._harvest.accepted[i] == alone.stats["steps"]
        assert runs._harvest.rejected[i] == alone.stats["rejected"]
        assert np.array_equal(
            runs.y[i], lorenz.solve(t=(0, 3), r=float(r[i]), method=method, saveat=[0, 0.7, 2.5, 3]).y
        )


def test_members_of_very_different_length():
    ode = dydt.ODE("x'' = mu*(1 - x^2)*x' - x; x(0) = 2; x'(0) = 0")
    mu = np.concatenate([np.full(20, 0.1), [60.0], np.full(20, 5.0)])
    runs = ode.sweep(t=(0, 20), mu=mu)
    assert np.all(runs.status == "done")
    for i in (0, 20, 40):
        assert runs.y[i].tobytes() == ode.solve(t=(0, 20), mu=float(mu[i])).y[-1].tobytes()


def test_large_laws_in_lanes():
    n = 70
    text = "\n".join(
        f"u{i}' = k*(u{max(i - 1, 0)} - 2*u{i} + u{min(i + 1, n - 1)}) - u{i}^3" for i in range(n)
    )
    ode = dydt.ODE(text)
    start = {f"u{i}": 1.0 + 0.1 * (i % 5) for i in range(n)}
    runs = ode.sweep(t=(0, 0.1), values=start, k=[1.0, 2.0, 3.0], method="tsit5", saveat=[0.05, 0.1])
    for i, k in enumerate((1.0, 2.0, 3.0)):
        alone = ode.solve(t=(0, 0.1), values=start, k=k, method="tsit5")
        assert runs._harvest.states[i].tobytes() == alone.y[-1].tobytes()
        assert np.allclose(runs.y[i, 0], alone(0.05), rtol=1e-13)


def test_broadcasting_and_products(lorenz):
    r, x = np.linspace(20, 28, 5), np.array([0.5, 1.0, 2.0])
    together = lorenz.sweep(t=(0, 1), r=r, x=r / 10)
    assert together.dims == ("member",)
    assert together.shape == (5,)
    grid = lorenz.sweep(t=(0, 1), r=r, x=x, product=True)
    assert grid.dims == ("r", "x")
    assert grid["z"].shape == (5, 3)
    broad = lorenz.sweep(t=(0, 1), r=r[:, None], x=x)
    assert broad.y.tobytes() == grid.y.tobytes()
    assert grid.member(2, 1).y[-1].tobytes() == grid.y[2, 1].tobytes()
    assert np.array_equal(grid["r"][:, 0], r)


def test_initial_values_follow_what_is_swept():
    ode = dydt.ODE("x' = -k*x; x(0) = 2*k")
    runs = ode.sweep(t=(0, 1), k=[0.5, 1.0, 2.0])
    assert np.allclose(runs["x"], 2 * np.array([0.5, 1, 2]) * np.exp(-np.array([0.5, 1, 2])), rtol=1e-8)


def test_backwards_and_fixed_steps():
    ode = dydt.ODE("x' = -x")
    back = ode.sweep(t=(1, 0), x=[1.0, 2.0], saveat=[1.0, 0.5, 0.0])
    assert np.allclose(back["x"], np.outer([1, 2], np.exp([0, 0.5, 1])), rtol=1e-7)
    fixed = ode.sweep(t=(0, 1), x=[1.0, 2.0], method="euler", h=0.5)
    assert fixed["x"].tolist() == [0.25, 0.5]


def test_a_member_that_fails_spoils_no_other():
    ode = dydt.ODE("y' = y^2")
    with pytest.warns(dydt.SolveWarning, match="2 blow-up, 3 done"):
        runs = ode.sweep(t=(0, 2), y=[0.1, 1.0, 0.2, 0.7, 0.3], saveat=[0.5, 2.0])
    assert runs.status.tolist() == ["done", "blow-up", "done", "blow-up", "done"]
    assert runs.done.tolist() == [True, False, True, False, True]
    assert np.allclose(runs["y"][runs.done, 1], 1 / (1 / np.array([0.1, 0.2, 0.3]) - 2))
    assert np.allclose(runs["y"][:, 0], 1 / (1 / np.array([0.1, 1.0, 0.2, 0.7, 0.3]) - 0.5))
    assert np.all(np.isnan(runs["y"][~runs.done, 1]))
    assert "escapes" in runs.member(1).message


def test_a_large_law_may_have_many_denominators():
    """Each of them is judged by slopes of its own, for which there must be room."""
    slopes = [f"1/(1 + x{i + 1})" if i < 6 else f"x{(i + 1) % 20}" for i in range(20)]
    law = dydt.ODE("; ".join(f"x{i}' = a*{s} - x{i}; x{i}(0) = {i / 20}" for i, s in enumerate(slopes)))
    runs = law.sweep(t=(0, 2), a=[0.5], method="vern9", lanes=1, saveat=[1.0, 2.0])
    alone = law.solve(t=(0, 2), a=0.5, method="tsit5", saveat=[1.0, 2.0])
    np.testing.assert_allclose(runs.y[0], alone.y, rtol=1e-6)


def test_poles_and_removable_zeros():
    poles = dydt.ODE("y' = a/(t - 1/3)")
    with pytest.warns(dydt.SolveWarning):
        runs = poles.sweep(t=(0, 1), y=0, a=[0, 1, 2])
    assert runs.status.tolist() == ["done", "singular point", "singular point"]
    assert runs.t.tolist() == pytest.approx([1, 1 / 3, 1 / 3], abs=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fine = dydt.ODE("y' = a*sin(t)/t").sweep(t=(-1, 1), y=0, a=[1, 2], saveat=[1.0])
    assert np.allclose(fine["y"][:, 0], 2 * 0.946083070367183 * np.array([1, 2]))


def test_limits_are_kept():
    with pytest.warns(dydt.SolveWarning, match="step limit"):
        runs = dydt.ODE("x' = -x").sweep(t=(0, 100), x=[1.0, 2.0], step_limit=3)
    assert set(runs.status) == {"step limit"}
    began = time.perf_counter()
    with pytest.warns(dydt.SolveWarning, match="interrupted"):
        runs = dydt.ODE(LORENZ).sweep(t=(0, 1e6), r=np.linspace(20, 30, 64), step_limit=10**9, time_limit=0.3)
    assert time.perf_counter() - began < 5
    assert runs.interrupted


def test_ctrl_c_returns_the_finished_members():
    def press():
        time.sleep(0.4)
        signal.raise_signal(signal.SIGINT)

    ode = dydt.ODE("x'' = -w^2*x; x(0) = 1; x'(0) = 0")
    w = np.concatenate([np.full(16, 1.0), np.full(2000, 1e4)])
    ode.sweep(t=(0, 1), w=w[:16])  # compiled before the key is pressed
    threading.Thread(target=press).start()
    with pytest.warns(dydt.SolveWarning, match="interrupted"):
        runs = ode.sweep(t=(0, 100), w=w, step_limit=10**9, time_limit=30)
    assert runs.interrupted
    assert np.all(runs.status[:16] == "done")
    assert np.allclose(runs["x"][:16], np.cos(100), atol=1e-5)
    assert "interrupted" in runs.summary()


def test_labelled_results(lorenz, tmp_path):
    runs = lorenz.sweep(t=(0, 1), r=[20.0, 25.0, 28.0], x=[0.5, 1.0], product=True, saveat=0.25)
    data = runs.to_xarray()
    assert data["z"].dims == ("r", "x(0)", "t")
    assert float(data["z"].sel(r=25.0, t=1.0)[1]) == runs["z"][1, 1, -1]
    table = runs.to_pandas()
    assert list(table.columns) == ["r", "x(0)", "t", "x", "y", "z", "status"]
    assert len(table) == 3 * 2 * 5
    for name in ("runs.csv", "runs.npz", "runs.nc"):
        runs.save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 100
    kept = np.load(tmp_path / "runs.npz")
    assert np.array_equal(kept["y"], runs.y)
    with pytest.raises(dydt.InputError, match=r"\.csv, \.npz or \.nc"):
        runs.save(tmp_path / "runs.txt")
    assert repr(runs) == "<Ensemble of 3 × 2 over r, x: all done>"
    assert runs.stats["members"] == 6
    assert "all done" in runs._repr_html_()


@pytest.mark.parametrize(
    "call, words",
    [
        ({}, "nothing is swept"),
        ({"r": []}, "no values"),
        ({"r": [1, float("nan")]}, "must be finite, and value 1"),
        ({"r": ["a", "b"]}, "number or an array"),
        ({"r": [1, 2, 3], "x": [1, 2]}, "product=True"),
        ({"r": [[1, 2]], "product": True}, "2 axes"),
        ({"q": [1, 2]}, "no `q`"),
        ({"r": [1, 2], "saveat": "end"}, "leave saveat away"),
        ({"r": [1, 2], "lanes": 3}, "lanes must be one of 1, 2, 4, 8, 16, 32"),
        ({"r": [1, 2], "lanes": 64}, "lanes must be one of"),
        ({"r": [1, 2], "threads": 0}, "threads must be"),
        ({"r": np.zeros(10), "saveat": 1e-7}, "wider spacing|GB"),
    ],
)
def test_bad_sweeps_are_answered(lorenz, call, words):
    with pytest.raises(dydt.InputError, match=words):
        lorenz.sweep(**{"t": (0, 10), **call})


def test_what_does_not_fit_is_refused(lorenz, monkeypatch):
    monkeypatch.setattr("dydt.sweep._free_memory", lambda: 10_000)
    with pytest.raises(dydt.InputError, match=r"needs .* kB, and 10 kB are free: sweep in several parts"):
        lorenz.sweep(t=(0, 1), r=np.linspace(0, 1, 1000))


def test_lanes_do_not_wait_for_the_slowest():
    # Van der Pol from easy to hard: the work that lanes do must be near the work there is.
    ode = dydt.ODE("x'' = mu*(1 - x^2)*x' - x; x(0) = 2; x'(0) = 0")
    runs = ode.sweep(t=(0, 20), mu=np.linspace(1, 100, 512), threads=1, lanes=8)
    steps = runs._harvest.accepted + runs._harvest.rejected
    assert steps.max() > 5 * steps.min()
    assert 0 <= runs.stats["idle"] < 0.25


@pytest.mark.parametrize("lanes, threads", [(1, 1), (4, 2), (16, 3)])
def test_same_bits_where_a_solve_changes_its_method(lanes, threads):
    ode = dydt.ODE("x'' = mu*(1 - x^2)*x' - x; x(0) = 2; x'(0) = 0")
    mu = np.geomspace(1, 1000, 10)
    times = [0.0, 100.0, 1650.0, 2000.0]
    runs = ode.sweep(t=(0, 2000), mu=mu, lanes=lanes, threads=threads, saveat=times)
    switched = 0
    for i, value in enumerate(mu):
        alone = ode.solve(t=(0, 2000), mu=float(value))
        switched += bool(alone.stats["switches"])
        assert runs._harvest.states[i].tobytes() == alone.y[-1].tobytes()
        assert runs._harvest.accepted[i] == alone.stats["steps"]
        assert runs._harvest.rejected[i] == alone.stats["rejected"]
        assert np.array_equal(runs.y[i], ode.solve(t=(0, 2000), mu=float(value), saveat=times).y)
    assert 2 <= switched < len(mu)


def test_robertson_for_many_rates():
    ode = dydt.ODE(
        "a' = -k*a + 1e4*b*c; b' = k*a - 1e4*b*c - 3e7*b^2; c' = 3e7*b^2; a(0) = 1; b(0) = 0; c(0) = 0"
    )
    k = np.linspace(0.02, 0.08, 7)
    runs = ode.sweep(t=(0, 1e11), k=k, rtol=1e-6, atol=1e-12)
    assert np.all(runs.status == "done")
    for i in (0, 3, 6):
        alone = ode.solve(t=(0, 1e11), k=float(k[i]), rtol=1e-6, atol=1e-12)
        assert alone.stats["switches"]
        assert runs.y[i].tobytes() == alone.y[-1].tobytes()


def test_a_step_limit_holds_across_methods():
    ode = dydt.ODE("x'' = mu*(1 - x^2)*x' - x; x(0) = 2; x'(0) = 0")
    total = ode.solve(t=(0, 2000), mu=1000).stats
    limit = total["steps"] + total["rejected"] - 20
    with pytest.warns(dydt.SolveWarning):
        runs = ode.sweep(t=(0, 2000), mu=[999.0, 1000.0], step_limit=limit)
    with pytest.warns(dydt.SolveWarning):
        alone = ode.solve(t=(0, 2000), mu=1000, step_limit=limit)
    assert (runs.status[1], alone.status) == ("step limit", "step limit")
    assert runs.y[1].tobytes() == alone.y[-1].tobytes()


@pytest.mark.parametrize(
    "text, span, start",
    [
        ("y' = a*y^2", (0, 20), {"y": 1}),
        ("y' = -a/y", (0, 20), {"y": 1}),
        ("y' = -a - sqrt(y)", (0, 20), {"y": 1}),
        ("y' = tan(a*t)", (0, 3), {"y": 0}),
        ("y' = a/(t - 1/3)", (0, 1), {"y": 0}),
        ("y' = a*sin(t)/t", (-1, 1), {"y": 0}),
        ("x' = y + a*x^3; y' = -x + y^2", (0, 9), {"x": 1, "y": 0.5}),
        ("x' = a*y/(x + y); y' = -x", (0, 9), {"x": 1, "y": -0.5}),
        ("y' = a*log(2 - y)*exp(t)", (0, 9), {"y": 1}),
    ],
)
def test_each_member_gets_the_status_of_a_solve_alone(text, span, start):
    ode = dydt.ODE(text)
    a = np.linspace(0.3, 2, 400)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dydt.SolveWarning)
        runs = ode.sweep(t=span, a=a, step_limit=20_000, **start)
        for i in (0, 57, 201, 250, 399):  # beyond the first two hundred, too
            alone = ode.solve(t=span, a=float(a[i]), step_limit=20_000, **start)
            assert runs.status[i] == alone.status
            assert runs.t[i] == alone.end[1]
            assert runs.y[i].tobytes() == alone.end[0].tobytes()


def test_a_hundred_thousand_members_that_blow_up_take_no_minutes():
    began = time.perf_counter()
    with pytest.warns(dydt.SolveWarning, match="100,000 blow-up|all blow-up"):
        dydt.ODE("y' = y^2").sweep(t=(0, 2), y=np.linspace(1, 2, 100_000))
    assert time.perf_counter() - began < 10
