"""Solutions: endings, checks, and their other forms."""

import csv
import io
import json
import signal
import threading
import time

import numpy as np
import pytest

import dydt

LORENZ = "x' = s*(y - x); y' = x*(r - z) - y; z' = x*y - b*z; s = 10; r = 28; b = 8/3"


@pytest.mark.parametrize(
    "text, options, status, words, near",
    [
        ("y' = y^2", {"t": (0, 2), "y": 1}, "blow-up", ["`y`", "escapes near t = 1."], 1.0),
        ("y' = -y^2", {"t": (0, 2), "y": -1}, "blow-up", ["escapes near t = 1."], 1.0),
        ("y' = y^2", {"t": (0, -3), "y": -0.5}, "blow-up", ["escapes near t = -2."], -2.0),
        ("y' = exp(y)", {"t": (0, 2), "y": 1}, "blow-up", ["escapes"], np.exp(-1)),
        ("y' = 1/(t - 1)", {"t": (0, 2), "y": 1}, "singular point", ["`t - 1`"], 1.0),
        ("y' = tan(t)", {"t": (0, 3), "y": 1}, "singular point", ["`cos(t)`"], np.pi / 2),
        ("y' = -1/(2*y)", {"t": (0, 2), "y": 1}, "singular point", ["`2*y`"], 1.0),
        ("y' = 1/t", {"t": (0, 1), "y": 1}, "singular point", ["`t`"], 0.0),
        ("t*y'' + y^2 = sin(t)", {"t": (-1, 1), "values": {"y": 1, "y'": 0}}, "singular point", ["`t`"], 0.0),
        ("y' = sqrt(y)", {"t": (0, 1), "y": -1}, "not finite", ["`sqrt(y)`"], 0.0),
        ("y' = y^2", {"t": (0, 5), "y": 1, "method": "rk4", "h": 0.1}, "blow-up", ["escapes"], 1.2),
        (
            "y' = -y",
            {"t": (0, 10), "y": 1, "step_limit": 3},
            "step limit",
            ["limit of 3", "step_limit"],
            None,
        ),
        (
            "y' = -1e6*(y - sin(t))",
            {"t": (0, 9), "y": 1, "step_limit": 9999, "method": "vern9"},
            "step limit",
            ["stiff"],
            None,
        ),
    ],
)
def test_endings_say_when_why_and_what_next(text, options, status, words, near):
    with pytest.warns(dydt.SolveWarning, match=status):
        sol = dydt.ODE(text).solve(**options)
    assert sol.status == status
    for word in words:
        assert word in sol.message
    if near is not None:
        assert sol.t[-1] == pytest.approx(near, abs=1e-3)
    assert np.all(np.isfinite(sol.y))
    with pytest.raises(dydt.SolveError, match=status):
        sol.raise_for_status()


def test_a_removable_zero_is_no_singular_point():
    sol = dydt.ODE("y' = sin(t)/t").solve(t=(-1, 1), y=0)
    assert sol.status == "done"
    assert sol["y"][-1] == pytest.approx(2 * 0.946083070367183, abs=1e-8)


def test_a_pole_between_two_steps_is_seen():
    # A loose method would step over the pole and come out with a number.
    with pytest.warns(dydt.SolveWarning):
        sol = dydt.ODE("y' = 1/(t - 1/3)").solve(t=(0, 1), y=0, method="rk4", h=0.1)
    assert sol.status == "singular point"
    assert sol.t[-1] == pytest.approx(1 / 3, abs=0.01)


def test_a_time_limit_keeps_what_is_there():
    with pytest.warns(dydt.SolveWarning):
        sol = dydt.ODE(LORENZ).solve(t=(0, 1e7), x=1, y=1, z=1, time_limit=0.2, step_limit=10**9, saveat=1e6)
    assert sol.status == "time limit"
    assert "0.2 s" in sol.message
    assert "stiff" not in sol.message
    assert sol.stats["seconds"] < 2


def test_ctrl_c_keeps_what_is_there():
    def press():
        time.sleep(0.3)
        signal.raise_signal(signal.SIGINT)

    ode = dydt.ODE(LORENZ)
    ode.solve(t=(0, 1), x=1, y=1, z=1)  # compiled before the key is pressed
    threading.Thread(target=press).start()
    with pytest.warns(dydt.SolveWarning):
        sol = ode.solve(t=(0, 1e7), x=1, y=1, z=1, step_limit=10**9, saveat=1e3, time_limit=20)
    assert sol.status == "interrupted"
    assert len(sol.t) > 1
    assert np.all(np.isfinite(sol.y))
    assert np.all(np.diff(sol.t) > 0)


def test_lorenz_cannot_be_trusted_to_sixty():
    sol = dydt.ODE(LORENZ).solve(t=(0, 60), x=1, y=1, z=1)
    check = sol.check()
    assert 20 < check.trusted_until(1e-3) < 40
    assert "can't be trusted" in check.verdict
    assert f"{check.trusted_until():.4g}" in str(check)
    assert check.trusted_until(1e-6) < check.trusted_until(1e-3)
    # A tighter solve, checked against nothing but itself, agrees as long as the check says so.
    finer = dydt.ODE(LORENZ).solve(t=(0, 60), x=1, y=1, z=1, method="dop853", rtol=1e-13, atol=1e-14)
    t = 0.95 * check.trusted_until(1e-3)
    assert np.allclose(sol(t), finer(t), atol=0.2)


def test_a_check_measures_the_true_error():
    sol = dydt.ODE("x' = y; y' = -x").solve(t=(0, 50), x=1, y=0, rtol=1e-6, atol=1e-8, method="tsit5")
    check = sol.check()
    true = np.abs(sol(check.t) - np.column_stack([np.cos(check.t), -np.sin(check.t)]))
    assert np.allclose(check.errors, true, rtol=1e-2, atol=1e-10)
    assert check.trusted_until() == 50
    assert check.worst["x"] == pytest.approx(true[:, 0].max(), rel=1e-2)
    assert "to the end" in check._repr_html_()


def test_other_forms():
    sol = dydt.ODE("x' = -x; v' = 1").solve(t=(0, 1), x=1, v=0)
    table = list(csv.reader(io.StringIO(sol.to_csv())))
    assert table[0] == ["t", "x", "v"]
    assert np.array_equal(np.array(table[1:], dtype=float), sol.rows)
    frame = sol.to_pandas()
    assert list(frame.columns) == ["x", "v"]
    assert frame.index.name == "t"
    assert np.array_equal(frame["x"].to_numpy(), sol["x"])
    data = sol.to_xarray()
    assert data["x"].dims == ("t",)
    assert float(data["v"][-1]) == sol["v"][-1]
    whole = json.loads(sol.to_json())
    assert whole["status"] == "done"
    assert whole["states"]["x"][-1] == sol["x"][-1]
    page = sol._repr_html_()
    assert "<td>x</td>" in page
    assert "done" in page


def test_csv_to_a_file(tmp_path):
    sol = dydt.ODE("x' = -x").solve(t=(0, 1), x=1)
    path = tmp_path / "x.csv"
    assert sol.to_csv(path) is None
    assert path.read_text() == sol.to_csv()


def test_an_unknown_name_gets_the_nearest():
    sol = dydt.ODE("rabbits' = -rabbits").solve(t=(0, 1), rabbits=1)
    with pytest.raises(dydt.InputError, match="did you mean `rabbits`"):
        sol["rabits"]


def test_stats_count_the_work():
    calls = []

    def law(t, y):
        calls.append(t)
        return [-y[0]]

    sol = dydt.ODE(law, states="x").solve(t=(0, 1), x=1, method="tsit5")
    assert len(calls) == 1, "the law is traced once and never called again"
    stats = sol.stats
    assert stats["steps"] == len(sol.t) - 1
    assert stats["rhs evaluations"] == (stats["steps"] + stats["rejected"]) * 6 + 3
    assert stats["method"] == "tsit5"
