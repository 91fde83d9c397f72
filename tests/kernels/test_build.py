"""Machine code, kept in memory and on disk."""

import ctypes
import gc

import pytest

from dydt.kernels.build import Library, assembly, cache_directory, natural_lanes, optimise
from dydt.kernels.llvm import Module


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DYDT_CACHE", str(tmp_path))
    return tmp_path


def square(constant=1.0):
    module = Module()
    f = module.function("square", "number", [("x", "number")])
    f.give(f.arguments[0] * f.arguments[0] * constant)
    return str(module)


def call(library, x):
    return library.function("square", ctypes.c_double, result=ctypes.c_double)(x)


def test_a_second_build_comes_from_the_cache(own_cache):
    first = Library(square())
    assert not first.from_cache
    assert call(first, 3.0) == 9.0
    second = Library(square())
    assert second.from_cache
    assert call(second, 3.0) == 9.0
    assert not Library(square(2.0)).from_cache
    assert not Library(square(), cached=False).from_cache
    assert cache_directory() == own_cache


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\x7fELF" + b"\0" * 200])
def test_a_damaged_cache_is_compiled_anew(own_cache, damage):
    Library(square())
    for file in own_cache.iterdir():
        file.write_bytes(damage)
    assert call(Library(square()), 3.0) == 9.0


def test_a_cache_that_cannot_be_written_is_no_error(own_cache, monkeypatch):
    blocked = own_cache / "file"
    blocked.write_text("")
    monkeypatch.setenv("DYDT_CACHE", str(blocked / "cache"))
    assert call(Library(square()), 3.0) == 9.0


def test_libraries_can_come_and_go():
    for i in range(40):
        assert call(Library(square(float(i)), cached=False, thorough=i % 2 == 0), 2.0) == 4.0 * i
        gc.collect()


def test_an_unknown_function_is_an_error():
    with pytest.raises(KeyError):
        Library(square()).address("cube")


def test_what_show_shows():
    assert "square" in assembly(square())
    assert "fmul" in str(optimise(square()))
    assert natural_lanes() in (2, 4, 8)
