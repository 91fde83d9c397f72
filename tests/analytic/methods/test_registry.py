"""Every method has its file, its place in the order and its name."""

from pathlib import Path

import pytest

import dydt
from dydt.analytic import methods
from dydt.analytic.methods import METHODS, file_of, solver


def test_every_file_is_in_the_order_once():
    files = {file.stem for file in Path(methods.__file__).parent.glob("*.py")} - {"__init__"}
    assert set(METHODS) == files
    assert len(set(METHODS)) == len(METHODS)
    assert all(solver(name).__module__ == f"dydt.analytic.methods.{name}" for name in METHODS)


def test_every_method_has_tests():
    files = {file.stem for file in Path(__file__).parent.glob("test_*.py")}
    assert {f"test_{name}" for name in METHODS} <= files


def test_a_method_is_found_however_its_name_is_written():
    assert file_of("Cauchy–Euler") == file_of("cauchy-euler") == file_of(" Cauchy Euler") == "cauchy_euler"
    with pytest.raises(dydt.InputError, match=r"did you mean `separable`\?.*reduction of order"):
        file_of("seperable")
