"""The life of an equation: each stage says what the one before became."""

import re

import pytest

from dydt import gallery
from dydt.errors import InputError
from dydt.expr.parse import parse
from dydt.kernels.build import optimise
from dydt.ode import ODE
from dydt.show import STAGES, draw_graph, life, only_function, without_header, write_law

LORENZ = gallery.lorenz()


def stage(name, ode=LORENZ, **options):
    (only,) = life(ode, [name], **options)
    return only


@pytest.mark.parametrize("name", gallery.names())
def test_every_law_has_a_life(name):
    stages = life(gallery.get(name), method="tsit5")
    assert tuple(s.name for s in stages) == STAGES
    assert all(s.title and s.facts for s in stages)
    assert all(s.text for s in stages if s.name != "jacobian")
    assert all(s.seconds is None or s.seconds > 0 for s in stages)


def test_the_text_is_the_law_without_its_header():
    assert stage("text").text.startswith("x' = s*(y - x)        # how fast")
    assert without_header("# only a remark") == ""


def test_equations_read_back_to_the_same_law():
    for name in gallery.names():
        ode = gallery.get(name)
        again = parse(write_law(ode))
        if len(again.states) == len(ode.states) and again.states == ode.states:
            assert again.derivatives == ode.equations.derivatives
        assert set(again.parameters) == set(ode.parameters)
        assert again.span == ode.equations.span


def test_equations_of_the_first_order_that_say_nothing_are_left_out():
    assert write_law(ODE("x'' = -x")) == "x'' = -x"
    assert write_law(ODE("x'' = -k*x; x(1) = 2")) == "x'' = -k*x\n\nx(1) = 2\n# without a value: k"


def test_what_is_used_twice_is_drawn_once():
    ode = ODE("x' = sin(x*y) + 1; y' = sin(x*y)*2")
    drawn = stage("graph", ode).text
    assert drawn.count("sin [1]") == 1
    assert drawn.count("[1]") == 2
    assert drawn.splitlines()[0] == "x' = +"
    assert "1 of them used more than once" in stage("graph", ode).facts


def test_a_deep_graph_is_cut():
    ode = ODE("x' = " + "-(1 + sin(" * 150 + "x" + "))" * 150)
    drawn = draw_graph(ode.states, ode.equations.derivatives)
    assert "…" in drawn
    assert len(drawn) < 100_000


def test_the_jacobian_is_complete():
    lines = stage("jacobian").text.splitlines()
    assert len(lines) == 8
    assert "∂(y')/∂x = r - z" in lines
    assert stage("jacobian").facts == "8 of 9 entries are not zero"
    assert stage("jacobian", ODE("x' = 2")).text == ""


def test_the_tape_counts_its_operations():
    assert stage("tape").facts == "6 operations"
    assert "computed once per solve" in stage("tape", gallery.pendulum()).facts


def test_the_ir_of_the_law_alone_is_a_module():
    text = stage("ir").text
    assert text.startswith("define void @law(")
    assert "fsub double" in text
    declared = "declare double @llvm.fma.f64(double, double, double)\n" + text
    assert "law" in str(optimise(declared))
    assert "@advance" not in text


def test_the_whole_kernel_is_shown_on_request():
    assert re.search(r"@start\(.*@advance\(", stage("ir", method="tsit5", full=True).text, re.DOTALL)
    whole = stage("assembly", method="tsit5", full=True).text
    assert "advance:" in whole
    assert len(whole) > 5 * len(stage("assembly", method="tsit5").text)


def test_the_machine_code_is_that_of_the_law():
    text = stage("assembly").text
    assert text.startswith("law:\n")
    assert not re.search(r"^\s+\.", text, re.MULTILINE)
    assert 6 < len(text.splitlines()) < 60


def test_a_law_too_large_to_inline_has_a_life_too():
    facts = stage("ir", gallery.pleiades(), method="dop853").facts
    assert "dop853" in facts
    assert stage("assembly", gallery.pleiades(), method="dop853").text.startswith("law:")


def test_only_one_function_is_taken_from_a_listing():
    listing = "\t.text\n_other:\n\tnop\n_law:  ## @law\n\t.cfi_startproc\n\tret  # done\nLBB0_1:\n\tjmp\n"
    listing += "\t.cfi_endproc\n\tnop\n"
    assert only_function(listing, "law") == "law:\n        ret\nLBB0_1:\n        jmp"


def test_a_python_function_has_a_life():
    ode = ODE(lambda t, y, p: [-p.k * y[0]], states="x", k=2)
    assert stage("text", ode).text == "(a Python function)"
    assert stage("tape", ode).text.endswith("return %3")


def test_unknown_stages_and_methods_name_the_nearest():
    with pytest.raises(InputError, match="no stage `tapee`; did you mean `tape`"):
        life(LORENZ, ["tapee"])
    with pytest.raises(InputError, match="`tsit6`; did you mean `tsit5`"):
        life(LORENZ, method="tsit6")
