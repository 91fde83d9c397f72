"""Time limits inside a calculation: they hold, are nested, and are heard even where Python would drop them."""

import gc
import time
import weakref

from dydt.analytic.briefly import briefly


def spin(seconds):
    began = time.process_time()
    while time.process_time() - began < seconds:
        pass
    return "done"


def test_what_takes_too_long_is_broken_off():
    began = time.process_time()
    assert briefly(0.05, spin, 5.0, otherwise="late") == "late"
    assert time.process_time() - began < 1.0
    assert briefly(5.0, spin, 0.01) == "done"


def test_limits_may_be_nested():
    def inner():
        return briefly(0.03, spin, 5.0, otherwise="inner late")

    assert briefly(3.0, inner) == "inner late"
    assert briefly(0.03, lambda: briefly(3.0, spin, 5.0), otherwise="outer late") == "outer late"


def test_an_alarm_in_a_destructor_is_not_lost():
    class Slow:
        def __del__(self):
            spin(0.1)

    def work():
        Slow()  # the time is over while it is taken away
        return spin(5.0)

    began = time.process_time()
    assert briefly(0.05, work, otherwise="late") == "late"
    assert time.process_time() - began < 1.0


def test_an_alarm_in_a_weak_reference_is_not_lost():
    class Thing:
        pass

    def work():
        known = weakref.WeakValueDictionary()
        began = time.process_time()
        while time.process_time() - began < 5.0:
            for i in range(200):
                known[i] = Thing()
        return "done"

    for _ in range(5):
        assert briefly(0.03, work, otherwise="late") == "late"


def test_an_alarm_while_garbage_is_collected_is_not_lost():
    def listen(phase, told):
        spin(0.1)

    def work():
        gc.collect()
        return spin(5.0)

    gc.callbacks.append(listen)
    try:
        assert briefly(0.05, work, otherwise="late") == "late"
    finally:
        gc.callbacks.remove(listen)
