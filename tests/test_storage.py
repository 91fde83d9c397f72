"""Laws on disk and as source text of other languages: the same law comes back, and nothing in a file is run."""

import ctypes
import runpy
import shutil
import subprocess

import numpy as np
import pytest

import dydt
from dydt.expr.equations import Equations
from dydt.expr.graph import symbol
from dydt.expr.network import Network
from dydt.kernels.numpy import evaluate


def half_known(activation="tanh"):
    network = Network("nn", (2, 7, 5, 2), activation)
    x, y, a = symbol("x"), symbol("y'"), symbol("a")
    f, g = network(x, a * y)
    weights = np.random.default_rng(1).normal(size=network.count)
    parameters = {"a": 0.3} | dict(zip(network.weights, map(float, weights), strict=True))
    return dydt.ODE(Equations(("x", "y'"), (f - a * x, g), parameters=parameters))


def test_a_law_with_networks_comes_back_from_disk(tmp_path):
    ode = dydt.ODE(
        "x' = -k*x + nn(x, t)[1]; y' = nn(x, t)[0]; nn = network(5, swish); k = 2; x(0) = 1; y(0) = 0"
    )
    weights = np.random.default_rng(0).normal(size=len(ode.weights["nn"]))
    ode.parameters |= {f"nn[{i}]": float(w) for i, w in enumerate(weights)}
    again = dydt.load(ode.save(tmp_path / "law.npz"))
    assert again.parameters == ode.parameters
    assert again.equations.derivatives == ode.equations.derivatives or str(again) == str(ode)
    np.testing.assert_array_equal(again.solve(t=(0, 1)).y, ode.solve(t=(0, 1)).y)
    assert repr(ode).endswith("1 parameters, 27 weights>")


def test_every_gallery_law_is_the_text_it_says():
    for name in dydt.gallery.names():
        ode = dydt.gallery.get(name)
        again = dydt.ODE(str(ode), independent=ode.independent)
        assert again.states == ode.states, name
        assert all(
            a is b for a, b in zip(again.equations.derivatives, ode.equations.derivatives, strict=True)
        ), name
        assert again.parameters == ode.parameters, name
        assert again.equations.span == ode.equations.span, name


def test_files_that_are_no_laws_are_refused(tmp_path):
    with pytest.raises(dydt.InputError, match="there is no file"):
        dydt.load(tmp_path / "none.npz")
    path = tmp_path / "law.npz"
    path.write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(dydt.InputError, match="is no law saved by dydt"):
        dydt.load(path)
    np.savez(path, law=np.array(["x"], dtype=object), dydt=1, independent="t")
    with pytest.raises(dydt.InputError, match="is no law"):  # an object array would be a pickle
        dydt.load(path)
    np.savez(path, dydt=1, law="x' = nn(x)", independent="t", **{"weights nn": np.zeros(3)})
    with pytest.raises(dydt.InputError, match=r"does not hold the \d+ weights of `nn`"):
        dydt.load(path)
    np.savez(path, dydt=99, law="x' = x", independent="t")
    with pytest.raises(dydt.InputError, match="a later version"):
        dydt.load(path)
    with pytest.raises(dydt.InputError, match="saved as .npz"):
        half_known().save(tmp_path / "law.json")
    with pytest.raises(dydt.InputError, match="no folder"):
        half_known().save(tmp_path / "none" / "law.npz")


LAWS = [name for name in dydt.gallery.names() if dydt.gallery.get(name).equations.mass is None]


def points(ode, count=4):
    random = np.random.default_rng(3)
    return random.uniform(0.2, 1.5, size=(count, len(ode.states)))


def expected(ode, t, y):
    inputs = dict(zip(ode.states, y, strict=True)) | ode.parameters | {ode.independent: t}
    return np.array([float(v) for v in evaluate(ode.equations.derivatives, inputs)])


def check_python(ode, tmp_path):
    module = runpy.run_path(str(ode.export(tmp_path / "law.py")))
    assert module["STATES"] == list(ode.states)
    for y in points(ode):
        np.testing.assert_allclose(module["law"](0.7, y), expected(ode, 0.7, y), rtol=1e-12, atol=1e-13)


def check_c(ode, tmp_path, number=0):
    source = ode.export(tmp_path / f"law{number}.c")
    library = tmp_path / f"law{number}.so"
    flags = [
        "-std=c99",
        "-Wall",
        "-Werror",
        "-Wno-unused-function",
        "-O1",
        "-ffp-contract=off",
        "-shared",
        "-fPIC",
    ]
    subprocess.run(["cc", *flags, str(source), "-o", str(library), "-lm"], check=True, capture_output=True)
    law = ctypes.CDLL(str(library)).law
    pointer = ctypes.POINTER(ctypes.c_double)
    law.argtypes, law.restype = [ctypes.c_double, pointer, pointer, pointer], None
    p = np.array([float(v) for v in ode.parameters.values()] or [0.0])
    for y in points(ode):
        out = np.empty(len(y))
        law(0.7, *(a.ctypes.data_as(pointer) for a in (y, p, out)))
        np.testing.assert_allclose(out, expected(ode, 0.7, y), rtol=1e-12, atol=1e-13)


def test_gallery_laws_in_python(tmp_path):
    for name in LAWS:
        check_python(dydt.gallery.get(name), tmp_path)


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler here")
def test_some_gallery_laws_in_c(tmp_path):
    for number, name in enumerate(LAWS[::6]):
        check_c(dydt.gallery.get(name), tmp_path, number)


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler here")
def test_every_operation_in_c_and_python(tmp_path):
    ode = dydt.ODE(
        "x' = if(x > y and not (y >= 2) or x == 3, min(x, y), max(x, y)) + abs(x - y) + sign(y - x) + step(x - 1)\n"
        "y' = floor(3*x) + mod(-5*x, 2) + erf(y) + cbrt(x) + log10(x) + atan2(y, x) + x^y + tanh(x)\n"
        "z' = sinh(x) + cosh(y) + asin(x/9) + acos(y/9) + atan(t) + tan(x) + exp(-x) + log(y) + sqrt(x) - x*y + z^3"
    )
    check_c(ode, tmp_path)
    check_python(ode, tmp_path)


@pytest.mark.parametrize("activation", ["tanh", "softplus", "relu"])
def test_networks_in_python_and_c(activation, tmp_path):
    ode = half_known(activation)
    check_python(ode, tmp_path)
    if shutil.which("cc"):
        check_c(ode, tmp_path)


def test_what_cannot_be_exported_is_said(tmp_path):
    with pytest.raises(dydt.InputError, match="exported as .c or .py"):
        half_known().export(tmp_path / "law.rs")
    with pytest.raises(dydt.InputError, match="with constraints"):
        dydt.ODE("x' = -z; 0 = x + z^3 - 1").export(tmp_path / "law.c")


def test_the_law_in_jax_is_the_law():
    pytest.importorskip("jax", reason="JAX is an optional extra")
    ode = half_known()
    f, p = ode.to_jax()
    y = np.array([0.3, -0.4])
    np.testing.assert_allclose(f(0.0, y, p), expected(ode, 0.0, y), rtol=1e-5)
