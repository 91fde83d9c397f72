"""Data: whatever holds them reads the same, and what can't be used is said with its place and the fix."""

import json
import re
from datetime import date, timedelta

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
    same(read_data(polars_frame().lazy()))
    same(read_data(frame().set_index("t").rename_axis(None)))  # real numbers are no numbering: the time
    assert read_data(frame().set_index("t")["x"]).states == ("x",)
    masked = np.ma.masked_array(np.nan_to_num(X), mask=np.isnan(X))
    same(read_data({"t": T, "x": masked, "y": Y}))
    same(read_data(frame().set_index("t").to_xarray().to_dataarray("state")))
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


def test_files_as_spreadsheets_and_instruments_write_them(tmp_path):
    def of(text, name="a.csv"):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_data(tmp_path / name)

    plain = CSV.replace("# measured by hand\n", "")
    european = plain.replace(",", ";").replace(".", ",")
    same(of(european))
    same(of(european.replace(";;", "; ;").replace(";", "\t")))
    same(of(european.replace("\n", "\r\n") + ";;\r\n;;\r\n"))  # empty rows below the table
    same(of(plain.encode("utf-16")))
    same(of("\ufeff" + plain))
    same(of(plain.replace("\n", ",\n")))  # each line ends with a comma
    same(of("# " + plain))  # names in a remark, as numpy.savetxt writes them
    same(of(plain.replace("t,x,y", '"t [s]","x (mg/l)",y[%]').replace("NA", "#N/A")))
    counted = [f"{i - 1 if i else ''},{line}" for i, line in enumerate(plain.splitlines())]
    same(of("\n".join(counted)))  # the index of pandas
    same(of(plain.replace("t,x,y", ",x,y")))  # the time as an index without a name
    np.testing.assert_array_equal(of("t,x\n0,−1\n1,2\n2,4\n").runs[0].y[:, 0], [-1, 2, 4])
    same(of(re.sub(r"(\d)\.(\d)", r'"\1,\2"', plain)))  # decimal commas in quotes, between commas
    same(of(plain.replace("y", "y [°]").encode("latin-1")))
    with pytest.raises(dydt.InputError, match="thousands without any"):
        of('t,x\n0,"1,000"\n1,"1,500"\n2,"2,000"\n')  # or decimals: who knows
    with pytest.raises(dydt.InputError, match="is not text in UTF-8: byte 9 is 0x80"):
        of(b"t,x\n0,1\n\x80\x00\x01")


def test_units_are_left_away_where_names_stay_different(tmp_path):
    table = {"Time (h)": T, "Hare [10^3]": X, "Lynx [10^3]": Y}
    data = read_data(table)
    assert data.states == ("Hare", "Lynx")
    assert data.independent == "Time"
    same(read_data(table, rename={"Hare [10^3]": "x", "Lynx": "y"}))
    assert read_data(table, states="Lynx").states == ("Lynx",)
    assert read_data(table, states=["Lynx [10^3]"]).states == ("Lynx",)
    assert read_data({"t": T, "x (mg)": X, "x (ml)": Y}).states == ("x (mg)", "x (ml)")


def test_the_time_column_is_found_by_name_or_is_the_first():
    assert read_data({"x": X, "Time": T}).independent == "Time"
    assert read_data({"year": T, "x": X}).independent == "year"
    assert read_data({"x": X, "s": T}, time="s").states == ("x",)
    assert read_data({"min": T, "T": X}).states == ("T",)  # a temperature
    assert read_data({"T": X, "t": T}).independent == "t"
    assert read_data({"n": Y, "T": X, "time_s": T}).states == ("n", "T")
    with pytest.raises(dydt.InputError, match='is `x` the time. `s` rises: say time="s"'):
        read_data({"x": [1, 2, 1.5, 3], "s": [0, 1, 2, 3]})
    with pytest.raises(dydt.InputError, match="read with sort=True"):
        read_data({"t": [1, 2, 1.5, 3], "s": [0, 1, 2, 3]})


def test_dates_are_days_or_hours_since_the_first(tmp_path):
    import pandas
    import polars

    days = [date(2024, 3, 1) + timedelta(days=d) for d in (0, 1, 3, 6)]
    x = [1.0, 2.0, 2.5, 4.0]
    iso, dotted = [d.isoformat() for d in days], [f"{d.day}.{d.month}.{d.year}" for d in days]
    (tmp_path / "a.csv").write_text("date,x\n" + "".join(f"{d},{v}\n" for d, v in zip(iso, x, strict=True)))
    columns = (days, iso, dotted, np.array(iso, "M8[D]"), pandas.to_datetime(iso))
    tables = [{"date": column, "x": x} for column in columns]
    tables += [pandas.DataFrame(tables[0]), polars.DataFrame(tables[0]), tmp_path / "a.csv"]
    for table in tables:
        data = read_data(table)
        assert data.unit == "days since 2024-03-01"
        np.testing.assert_array_equal(data.runs[0].t, [0, 1, 3, 6])
    assert "date = 0 … 6 days since 2024-03-01" in str(data)

    assert (
        read_data(pandas.DataFrame({"x": x}, index=pandas.to_datetime(iso))).unit == "days since 2024-03-01"
    )
    months = read_data({"t": ["2024-01", "2024-02", "2024-03", "2024/4/1"], "x": x})
    np.testing.assert_array_equal(months.runs[0].t, [0, 31, 60, 91])

    hours = ["2024-03-01 8:00", "2024-03-01T09:30", "1.3.2024 10:00:00", "2024/03/01 12:00"]
    data = read_data({"t": hours, "x": x})
    np.testing.assert_allclose(data.runs[0].t, [0, 1.5, 2, 4], rtol=1e-15)
    assert data.unit == "hours since 2024-03-01 08:00:00"
    zoned = [f"2024-03-01T{h:02}:00+0{z}:00" for h, z in ((8, 0), (10, 1), (12, 2), (14, 0))]
    np.testing.assert_allclose(read_data({"t": zoned, "x": x}).runs[0].t, [0, 1, 2, 6])
    lasted = read_data({"t": pandas.to_timedelta([10, 20, 30, 60], unit="min"), "x": x})
    assert (lasted.unit, list(lasted.runs[0].t)) == ("minutes", [10, 20, 30, 60])
    next_day = [
        h.replace("03-01", "03-02").replace("1.3", "2.3").replace("03/01", "03/02") for h in hours
    ]  # all runs since the first date of all
    runs = read_data([{"t": next_day, "x": x}, {"t": hours, "x": x}]).runs
    np.testing.assert_allclose([runs[0].t[0], runs[1].t[0]], [24, 0])


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


def test_a_dimension_of_runs_may_be_named_and_needs_no_labels():
    import xarray

    grid = xarray.Dataset({"x": (("trial", "t"), np.arange(6.0).reshape(2, 3))}, coords={"t": T[:3]})
    assert [run.name for run in read_data(grid, run="trial").runs] == ["0", "1"]


def test_the_noise_of_a_summary_is_not_the_bend_of_a_curve():
    t = np.sort(np.random.default_rng(0).uniform(0, 10, 60))
    x = np.sin(3 * t) + 0.05 * np.random.default_rng(1).normal(size=60)
    data = read_data({"t": t, "x": x})
    assert 0.035 < data.smooth_scatter[0] < 0.075 < data.scatter[0]
    assert f"{data.smooth_scatter[0]:.3g}  estimated" in str(data)
    assert "too few samples to tell" in str(read_data({"t": [0, 1, 2, 3], "x": [1, 2, 4, 9]}))


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


@pytest.mark.parametrize(
    ("name", "better"),
    [("prey count", "prey_count"), ("exp", "exp_"), ("x'", "x"), ("1", "x1"), ("x[0]", "x_0"), ("%", "x")],
)
def test_names_that_no_law_can_have_are_refused_before_anything_is_learned(name, better):
    table = {"t": T, name: X, "y": Y}
    with pytest.raises(dydt.InputError) as told:
        dydt.learn(table)
    assert f"can't call a quantity `{name}`" in str(told.value)
    assert f'rename={{"{name}": "{better}"}}' in str(told.value)
    assert read_data(table).states == (name, "y")  # as data they are fine


def test_options_of_the_wrong_kind_are_said_so():
    table = {"t": T, "x": X}
    for options, said in [
        ({"states": 3}, "states takes names of columns"),
        ({"time": 3}, "no column `3`"),
        ({"rename": ["x"]}, "rename goes by column"),
    ]:
        with pytest.raises(dydt.InputError, match=said):
            read_data(table, **options)
    with pytest.raises(dydt.InputError, match="two columns called `x`"):
        read_data(frame().rename(columns={"y": "x"}))


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
    ({"t": T, "x": np.arange(5).astype("datetime64[s]")}, "holds dates, as only the time may"),
    ({"t": [0, 1, 2, 3], "run": [1, 1, 1, 2], "x": [1, 2, 3, 4]}, "run `2` has measurements at 1 times"),
    ({"t": [0, 1, 2], "run": [1, None, 1], "x": [1, 2, 3]}, "row 1 belongs to no run: `run` is empty"),
    ({"t": T, "x": [1e9, 1e9 + 1e-7, 1e9, 1e9, 1e9]}, "column `x` is constant"),
    ({"t": T, "x": [10**400, 1, 2, 3, 4]}, "row 0: the value is infinite"),
    (
        {"t": T, "x": X, "z": list("abcde")},
        '`a` is no number: if it tells runs apart, say run="z"; else choose the columns that are states, states=',
    ),
    ({"t": T, "x": ["1.000,5", "2", "3", "4", "5"]}, "and thousands without any"),
    ({"t": [0, 1], "x": ["2020-01-01", "2020-01-02"]}, "no number but a date, as only the time may be"),
    (
        {"t": ["2020-01-01", "01/02/2020"], "x": [1, 2]},
        "`01/02/2020` can't be read as a date: which number is the mo",
    ),
    (
        {"t": ["2020-01-01", "2020-13-01"], "x": [1, 2]},
        "row 1: `2020-13-01` can't be read as a date: write it as 20",
    ),
    ({"t": T, "x": np.arange(5).astype("timedelta64[s]")}, "holds durations"),
    ([1.0, 2.0], "does not say when"),
    (np.ones((3, 2)), "can't be read from a ndarray|can't be read from an"),
    (3, "can't be read from an int"),
    ({"a": {"t": T, "x": X}, "b": {"t": T, "z": X}}, "run `b` has no column `x`"),
    ({"a": {"t": T, "x": X}, "b": X}, "not both"),
    ("no_such.csv", "there is no file"),
    ("data.xls", "ends with `.xls`"),
    ("https://example.org/a.csv", "is an address: download the file first"),
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
        ("t;x\n0;1,5\n1;2.5\n2;3\n", "line 2: `1,5` is no number; write decimals with a point"),
        ("t,x,\n0,1,2\n1,2,3\n", "column 3 holds values, and has no name"),
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
    (tmp_path / "a.csv").write_bytes(b"t,x\n0,\xff\x00\n")
    with pytest.raises(dydt.InputError, match="not text in UTF-8.*save it as UTF-8"):
        read_data(tmp_path / "a.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(dydt.InputError, match="is a folder: give a file"):
        read_data(tmp_path / "folder.csv")
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
