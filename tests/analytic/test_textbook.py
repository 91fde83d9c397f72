"""The textbooks' equations: solved by our own methods, every answer put in, and every step with a formula checked."""

import collections
import time

import pytest

import dydt
from tests.analytic.textbook import TEXTBOOK

KINDS = list(dict.fromkeys(equation.kind for equation in TEXTBOOK))
LIMIT = 10.0  # seconds for one equation


def test_the_list_is_long_and_even():
    counts = collections.Counter(equation.kind for equation in TEXTBOOK)
    assert len(TEXTBOOK) >= 120
    assert min(counts.values()) >= 8
    assert all(equation.source for equation in TEXTBOOK)
    assert sum(bool(equation.initial) for equation in TEXTBOOK) >= 30


@pytest.mark.parametrize("kind", KINDS)
def test_textbook_equations_are_solved(kind):
    failed = []
    equations = [equation for equation in TEXTBOOK if equation.kind == kind]
    for equation in equations:
        ode = dydt.ODE(equation.law, independent=equation.independent)
        began = time.monotonic()
        start = equation.start if equation.initial else None
        found = ode.explain(start, values=equation.initial, time_limit=LIMIT)
        late = time.monotonic() - began > LIMIT
        stepped = found.steps and found.method != "dsolve"
        if not (found.solved and found.verified and stepped) or late:
            failed.append(f"{equation.law}: {found.message} {found.outcome.tried}")
        unchecked = [str(step) for step in found.steps if step.formula is not None and not step.checked]
        assert not unchecked, f"{equation.law}: {unchecked}"
        if found.native is not None and len(found.outcome.members) == 1:
            assert found.native.agrees, f"{equation.law}: {found.native}"
    assert not failed, "\n".join(failed)
