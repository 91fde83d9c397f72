"""What the README and the pages say of commands, methods and functions is true; test_docs.py runs their examples."""

import re

import dydt
from tests.documents import README, ROOT

TEXT = README.read_text(encoding="utf-8")
SOLVING = (ROOT / "docs" / "solving.md").read_text(encoding="utf-8")
LAWS = (ROOT / "docs" / "laws.md").read_text(encoding="utf-8")


def test_the_two_commands_are_in_the_makefile():
    makefile = README.with_name("Makefile").read_text(encoding="utf-8")
    for target in ("demo", "test"):
        assert f"$ make {target}" in TEXT
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_table_of_methods_is_true():
    from dydt.solvers.methods import METHODS, method

    rows = re.findall(r"^\| (`[^|]*) \|[^|]*\| ([\d, ]+) \| ([\d, ]+) \|$", SOLVING, re.MULTILINE)
    found = {}
    for names, orders, dense in rows:
        for name, order, dense_order in zip(
            re.findall(r"`(\w+)`", names), orders.split(","), dense.split(","), strict=True
        ):
            found[name] = (int(order), int(dense_order))
    methods = {name: method(name) for name in METHODS}
    data = {name: getattr(known, "tableau", known) for name, known in methods.items()}
    assert found == {name: (known.order, known.dense_order) for name, known in data.items()}


def test_every_function_it_names_is_in_the_language():
    listed = re.search(r"the functions (.*?)\. The independent", LAWS, re.DOTALL).group(1)
    for name in re.findall(r"[a-z]+\d*", listed.replace("(= ln)", "ln").split(" if(")[0]):
        arguments = "x, 2" if name in ("atan2", "min", "max", "mod") else "x"
        assert dydt.ODE(f"x' = {name}({arguments})").states == ("x",)
