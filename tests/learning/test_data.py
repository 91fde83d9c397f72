"""Data: whatever holds them reads the same, and what can't be used is said with its place and the fix."""

import json

import numpy as np
import pytest

import dydt
from dydt.learning.data import read_data

T = np.array([0.0, 0.5, 1.5, 2.0, 4.0])
X = np.array([1.0, 0.8, np.nan, 0.5, 0.1])
Y = np.array([2.0, 2.5, 2.7, np.nan, 3.1])


def same(data, states=("x", "y")):
    assert data.states == states
    assert len(data.runs) == 1
    np.testing.assert_array_equal(data.runs[0].t, T)
    np.testing.assert_array_equal(data.runs[0].y, np.column_stack([X, Y]))


def frame():
    import pandas

    return pandas.DataFrame({"t": T, "x": X, "y": Y})


def polars_frame():
    import polars

    return polars.DataFrame({"t": T, "x": [1.0, 0.8, None, 0.5, 0.1], "y": [2.0, 2.5, 2.7, None, 3.1]})


CSV = "# measured by hand\nt,x,y\n0,1,2\n0.5,0.8,2.5\n1.5,,2.7\n2,0.5,NA\n4,0.1,3.1\n"


def test_dicts_and_tables_read_the_same():
    same(read_data({"t": T, "x": X, "y": Y}))
    same(read_data({"t": list(T), "x": [1, 0.8, None, 0.5, "0.1"], "y": ["2", 2.5, 2.7, "", 3.1]}))
    same(read_data(frame()))
    same(read_data(frame().set_index("t")))
    same(read_data(polars_frame()))
    same(read_data(polars_frame().to_arrow()))
    same(read_data(frame().to_xarray().swap_dims(index="t").drop_vars("index")))


def test_files_read_the_same(tmp_path):
    (tmp_path / "a.csv").write_text(CSV, encoding="utf-8")
    same(read_data(tmp_path / "a.csv"))
    same(read_data(str(tmp_path / "a.csv")))
    for i, separator in enumerate((";", "\t", "  ")):
        text = CSV.replace(",,", ",NA,").replace(",", separator)
        (tmp_path / f"{i}.txt").write_text(text, encoding="utf-8-sig")
        same(read_data(tmp_path / f"{i}.txt"))
    frame().to_parquet(tmp_path / "a.parquet")
    same(read_data(tmp_path / "a.parquet"))


def test_the_time_column_is_found_by_name_or_is_the_first():
    assert read_data({"x": X, "Time": T}).independent == "Time"
    assert read_data({"year": T, "x": X}).independent == "year"
    assert read_data({"x": X, "s": T}, time="s").states == ("x",)


def test_columns_are_chosen_and_renamed():
    table = {"day": T, "Hare": X, "Lynx": Y}
    assert read_data(table, states="Lynx").states == ("Lynx",)
    same(read_data(table, rename={"Hare": "x", "Lynx": "y"}))
    assert read_data(table, rename={"Hare": "x"}, states=["Lynx", "x"]).states == ("Lynx", "x")
    with pytest.raises(dydt.InputError, match="no column `lynx`; did you mean `Lynx`"):
        read_data(table, states="lynx")
    with pytest.raises(dydt.InputError, match="rename: there is no column `hare`"):
        read_data(table, rename={"hare": "x"})


def test_runs_by_a_column_a_dict_a_list_or_a_dimension():
    t, x = np.tile(T[:3], 2), np.arange(6.0)
    by_column = read_data({"t": t, "run": ["a"] * 3 + ["b"] * 3, "x": x})
    by_dict = read_data({k: {"t": T[:3], "x": x[i : i + 3]} for k, i in (("a", 0), ("b", 3))})
    for data in (by_column, by_dict):
        assert [run.name for run in data.runs] == ["a", "b"]
        np.testing.assert_array_equal(data.runs[1].y[:, 0], [3, 4, 5])
    assert [r.name for r in read_data([frame(), frame().iloc[:3]]).runs] == ["1", "2"]
    assert len(read_data({"t": t, "trial": x // 3, "x": x}, run="trial").runs) == 2
    import xarray

    grid = xarray.Dataset({"x": (("trial", "t"), x.reshape(2, 3))}, coords={"t": T[:3], "trial": ["a", "b"]})
    np.testing.assert_array_equal(read_data(grid).runs[1].y[:, 0], [3, 4, 5])


def test_solutions_and_ensembles_are_data():
    decay = dydt.ODE("x' = -k*x", k=1)
    data = read_data(decay.solve(t=(0, 2), x=1, saveat=0.5))
    assert data.states == ("x",)
    assert len(data.runs[0].t) == 5
    runs = decay.sweep(t=(0, 2), x=[1.0, 2.0, 3.0], saveat=0.5)
    assert len(read_data(runs).runs) == 3
    with pytest.raises(dydt.InputError, match="kept only the ends"):
        read_data(decay.sweep(t=(0, 2), x=[1.0, 2.0]))


def test_rows_without_a_measurement_are_left_out_and_times_sorted_on_request():
    data = read_data({"t": [3, 1, 2, 0], "x": [9, 1, None, 0]}, sort=True)
    np.testing.assert_array_equal(data.runs[0].t, [0, 1, 3])
    np.testing.assert_array_equal(data.runs[0].y[:, 0], [0, 1, 9])


def test_noise_is_a_number_a_dict_or_a_list():
    table = {"t": T, "x": X, "y": Y}
    assert read_data(table).noise is None
    np.testing.assert_array_equal(read_data(table, noise=0.1).noise, [0.1, 0.1])
    np.testing.assert_array_equal(read_data(table, noise={"y": 2, "x": 1}).noise, [1, 2])
    np.testing.assert_array_equal(read_data(read_data(table), noise=[1, 2]).noise, [1, 2])
    for wrong, said in [
        ({"x": 1}, "says nothing of `y`"),
        ({"x": 1, "y": 1, "X": 1}, "no state `X`"),
        (-1, "positive"),
        ([1, 2, 3], "one for each"),
        ("a", "one for each"),
    ]:
        with pytest.raises(dydt.InputError, match=said):
            read_data(table, noise=wrong)


WRONG = [
    ({}, "empty: a dict without"),
    ([], "empty: a list without"),
    ({"t": [], "x": []}, "columns without rows"),
    ({"t": T}, "no other column"),
    ({"t": T, "x": X[:3]}, "different lengths: t 5, x 3"),
    ({"t": T, "x": 3.0}, "column `x` is one value"),
    ({"t": T, "x": np.ones((5, 2))}, "column `x` has 2 axes"),
    ({"t": [0, 2, 1], "x": [1, 2, 3]}, r"`t` is 2 in row 1 and 1 in row 2; read with sort=True"),
    ({"t": [0, 1, 2, 0, 1, 2], "x": range(6)}, "several runs, name their column, run="),
    ({"t": [0, 1, 1, 2], "x": range(4)}, "t = 1 stands twice, in row 1 and 2: average"),
    ({"t": [0, None, 2], "x": range(3)}, "row 1 has no time"),
    ({"t": T, "x": X, "z": np.full(5, 3.0)}, r"column `z` is constant, 3 in all 5 samples.*states=\['x'\]"),
    ({"t": T, "x": X, "z": [None] * 5}, "column `z` is empty"),
    ({"t": T, "x": X, "z": [None] * 4 + [1]}, "column `z` has a single value"),
    ({"t": [0, 1], "x": [1, 2]}, "at 2 values of `t`, and at least 3"),
    ({"t": T, "x": [1, 2, "many", 3, 4]}, "column `x`, row 2: `many` is no number"),
    ({"t": T, "x": [1, 2, "2,5", 3, 4]}, "write decimals with a point"),
    ({"t": T, "x": [1, 2, "1_0", 3, 4]}, "`1_0` is no number"),
    ({"t": T, "x": [1, 2, np.inf, 3, 4]}, "column `x`, row 2: the value is infinite"),
    ({"t": T, "x": ["1", "2", "inf", "3", "4"]}, "row 2: the value is infinite"),
    ({"t": T, "x": X + 1j}, "holds complex numbers"),
    ({"t": np.arange(5).astype("datetime64[s]"), "x": X}, "holds dates: give numbers"),
    ({"t": [0, 1, 2, 3], "run": [1, 1, 1, 2], "x": [1, 2, 3, 4]}, "run `2` has measurements at 1 times"),
    ([1.0, 2.0], "does not say when"),
    (np.ones((3, 2)), "can't be read from a ndarray|can't be read from an"),
    (3, "can't be read from an int"),
    ({"a": {"t": T, "x": X}, "b": {"t": T, "z": X}}, "run `b` has no column `x`"),
    ({"a": {"t": T, "x": X}, "b": X}, "not both"),
    ("no_such.csv", "there is no file"),
    ("data.xls", "ends with `.xls`"),
]


@pytest.mark.parametrize(("source", "said"), WRONG, ids=[said[:30] for _, said in WRONG])
def test_what_cannot_be_used_is_said_with_its_place_and_the_fix(source, said):
    with pytest.raises(dydt.InputError, match=said):
        read_data(source)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty: the first line"),
        ("t,x\n", "holds no rows"),
        ("0,1\n1,2\n", "begins with numbers"),
        ("t,x,x\n0,1,2\n", "two columns called `x`"),
        ("t,x\n0,1\n1,2\n2\n", "line 4: 1 cells under 2 names"),
        ("t,x\n0,1,5\n", "line 2: 3 cells under 2 names"),
        ("t,x\n0,1\n1,2,0,5\n", "decimal commas"),
        ("t,x\n0,1\n1,two\n2,3\n", "column `x`, line 3: `two`"),
        ("t,x\n0,1\n\n# gap\n1,two\n2,3\n", "column `x`, row 2: `two`"),
    ],
)
def test_text_files_complain_with_their_lines(tmp_path, text, said):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    with pytest.raises(dydt.InputError, match=said):
        read_data(tmp_path / "a.csv")


def test_broken_files_are_no_tracebacks(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(dydt.InputError, match="no Parquet file"):
        read_data(tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_bytes(b"t,x\n0,\xff\xfe\n")
    with pytest.raises(dydt.InputError, match="not text in UTF-8"):
        read_data(tmp_path / "a.csv")
    (tmp_path / "hares.csv").write_text(CSV, encoding="utf-8")
    with pytest.raises(dydt.InputError, match="did you mean `hares.csv`"):
        read_data(tmp_path / "hare.csv")


def test_the_summary_tells_runs_samples_holes_ranges_noise_and_gaps():
    random = np.random.default_rng(0)
    t = np.delete(np.linspace(0, 20, 201), slice(50, 80))
    x = np.cos(t) + 0.05 * random.normal(size=t.size)
    y = np.where(np.arange(t.size) % 2, np.nan, np.sin(t))
    data = read_data({"t": t, "x": x, "y": y})
    said = str(data)
    assert "257 samples at 171 times, t = 0 … 20" in said
    assert "nothing was measured t = 4.9 … 8" in said
    assert "estimated" in said
    assert data.scatter[0] == pytest.approx(0.05, rel=0.15)
    assert all(len(line) <= 100 for line in said.splitlines())
    assert repr(data) == "<Data x, y: 257 samples at 171 times, t = 0 … 20>"
    several = read_data([{"t": t, "x": x}, {"t": t[:50], "x": x[:50]}], noise=0.05)
    assert "2 runs" in str(several)
    assert "given" in str(several)


def test_data_as_plain_numbers():
    found = json.loads(read_data({"t": T, "x": X, "y": Y}, noise=0.1).to_json())
    assert found["runs"][0]["x"] == [1.0, 0.8, None, 0.5, 0.1]
    assert found["noise"] == {"x": 0.1, "y": 0.1}
    assert found["noise is given"] is True
