"""Each law of the gallery is whole: it parses, explains every name, and solves to its end or says why not."""

import dataclasses
import warnings

import pytest

import dydt
from dydt import gallery
from dydt.errors import InputError

STIFF = {"robertson", "oregonator", "van-der-pol-stiff", "hires"}
NAMES = gallery.names()


def test_the_shelf_is_full_and_sorted():
    assert len(NAMES) >= 60
    assert list(NAMES) == sorted(set(NAMES))
    assert all(name == name.lower() and "_" not in name for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_law_is_whole(name):
    entry, ode = gallery.entry(name), gallery.get(name)
    assert entry.name == name
    assert 3 <= len(entry.title) <= 60
    assert len(entry.story) > 150
    assert "\n" not in entry.story
    assert len(entry.source) > 10
    for named in (*ode.states, *ode.parameters):
        assert entry.meanings.get(named), f"{name}: {named} has no meaning"
    assert all(value is not None for value in ode.parameters.values())
    assert ode.equations.span is not None
    assert set(ode.equations.initial) == set(ode.states)


@pytest.mark.parametrize("name", NAMES)
def test_a_law_solves_without_arguments(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dydt.SolveWarning)
        solution = gallery.get(name).solve(rtol=1e-6, atol=1e-9, step_limit=200_000)
    if name == "blow-up":
        assert solution.status == "blow-up"
        assert solution.t[-1] == pytest.approx(1.0, abs=1e-6)
    elif name in STIFF:
        assert solution.status in ("done", "step limit")
        assert solution.status == "done" or "stiff" in solution.message
    else:
        assert solution.status == "done", solution.message
        assert solution.t[-1] == gallery.get(name).equations.span[1]


def test_the_same_law_by_attribute_and_by_name():
    by_attribute, by_name = gallery.lotka_volterra(), gallery.get("lotka-volterra")
    assert by_attribute.text == by_name.text == gallery.entry("Lotka_Volterra").text
    assert str(dydt.gallery.lorenz()) == str(gallery.get("lorenz"))


def test_parameters_can_be_replaced():
    assert gallery.lorenz(r=24).parameters == {"s": 10.0, "r": 24.0, "b": 8 / 3}
    with pytest.raises(InputError, match="no parameter `q`"):
        gallery.lorenz(q=1)


def test_an_unknown_name_gives_the_nearest():
    for ask in (lambda: gallery.get("lorentz"), lambda: gallery.entry("lorentz"), lambda: gallery.lorentz()):
        with pytest.raises(InputError, match="no law `lorentz`; did you mean `lorenz`"):
            ask()
    assert not hasattr(gallery, "no_such_law")
    assert not hasattr(gallery, "__wrapped__")
    with pytest.raises(InputError, match="it has"):
        gallery.get("q" * 1000)
    for name in ("../lorenz", "/etc/passwd", "", "lorenz.ode.ode"):
        with pytest.raises(InputError):
            gallery.get(name)


def test_names_read_no_file_and_a_law_reads_one(monkeypatch):
    seen = []
    read = gallery._text
    monkeypatch.setattr(gallery, "_text", lambda name: seen.append(name) or read(name))
    gallery.names.cache_clear()
    assert "lorenz" in gallery.names()
    assert "lotka_volterra" in dir(gallery)
    assert seen == []
    gallery.lorenz()
    assert seen == ["lorenz"]


def test_an_entry_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        gallery.entry("lorenz").title = "other"


def test_remarks_become_meanings():
    entry = gallery.read_entry(
        "mine",
        """
# title: Mine
# story: One line,
#   and another.
# a remark of its own
# source: nowhere

α = 2                # how strong
d^2x/dt^2 = -α*x + (
    v)               # place, m
v = x^2              # its square
x(0) = 1             # where it starts
x'(0) = 0
t = 0:10             # seconds
t*w'' + w = 0        # implicit
""",
    )
    assert (entry.title, entry.story, entry.source) == ("Mine", "One line, and another.", "nowhere")
    assert entry.meanings == {
        "alpha": "how strong",
        "x": "place, m",
        "x'": "how fast x changes",
        "v": "its square",
        "t": "seconds",
        "w": "implicit",
        "w'": "how fast w changes",
    }
    assert ("x''", "d^2x/dt^2 = -α*x + (\n    v)") in entry.statements


def test_a_text_without_a_header_is_an_entry_too():
    entry = gallery.read_entry("", "x' = -x")
    assert (entry.title, entry.story, entry.source, entry.meanings) == ("", "", "", {})
