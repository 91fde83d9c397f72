"""Calls that are broken off."""

import time

from dydt.analytic.briefly import briefly


def forever():
    while True:
        sum(range(1000))


def test_a_call_that_does_not_end_is_broken_off():
    began = time.process_time()
    assert briefly(0.2, forever, otherwise="late") == "late"
    assert time.process_time() - began < 1


def test_an_inner_limit_leaves_the_outer_one_in_force():
    def twice():
        assert briefly(0.05, forever, otherwise="inner") == "inner"
        forever()

    began = time.process_time()
    assert briefly(0.3, twice, otherwise="outer") == "outer"
    assert time.process_time() - began < 1


def test_time_that_is_slept_does_not_count():
    assert briefly(0.05, time.sleep, 0.2, otherwise="late") is None
