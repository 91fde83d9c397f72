"""A part of a calculation that may take a short time only, in the process that calculates.

`dydt.calculus.patience` ends a whole process that is late. This breaks off one attempt inside, so that the next one
still gets its turn.
"""

from __future__ import annotations

import _weakrefset
import contextlib
import gc
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

_CALLED_BACK = (weakref.__file__, _weakrefset.__file__)  # what these files hear of is called by the collector


class TimeIsUp(BaseException):
    """The time is over. Not an `Exception`, so that nobody on the way takes it for an error of theirs."""


def briefly(seconds: float, work: Callable[..., Any], *arguments: Any, otherwise: Any = None) -> Any:
    """The result of a call that is broken off after so many seconds, and `otherwise` then.

    These are seconds of the processor, so that the result is the same on a busy machine. It works by a signal: only in
    the main thread, only where there are such signals, and only between two steps of Python. Elsewhere the call takes
    the time it takes. Calls may be nested.

    >>> briefly(1, sum, [1, 2])
    3
    """
    if not _can_ring() or 0 < signal.getitimer(signal.ITIMER_PROF)[0] <= seconds:
        # There are no alarms, or the one around this one rings first, and is its to catch.
        return work(*arguments)
    try:
        with _alarm(seconds):
            return work(*arguments)
    except TimeIsUp:
        return otherwise


def _can_ring() -> bool:
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    outer, _ = signal.getitimer(signal.ITIMER_PROF)
    before = signal.signal(signal.SIGPROF, _ring)
    began = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, max(seconds, 1e-3))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)
        if outer:
            signal.setitimer(signal.ITIMER_PROF, max(outer - (time.process_time() - began), 1e-3))


def _ring(number: int, frame: Any) -> None:
    if _is_deaf(frame):
        signal.setitimer(signal.ITIMER_PROF, 1e-3)  # once more, when it is heard
        return
    raise TimeIsUp


def _is_deaf(frame: Any) -> bool:
    """Whether Python would drop an exception here: where objects are taken away, in a destructor or its like."""
    listeners = {getattr(callback, "__code__", None) for callback in gc.callbacks}
    while frame is not None:
        code = frame.f_code
        if code.co_name == "__del__" or code.co_filename in _CALLED_BACK or code in listeners:
            return True
        frame = frame.f_back
    return False
