"""Calls that may take forever, in another process with a time limit.

SymPy's `integrate`, `limit`, `solveset` and `dsolve` are brilliant, and sometimes never come back. They are asked in
one helper process, which is started when it is first needed and kept; when it is late it is ended and the next call
starts another. It is a fresh interpreter and no fork, so that threads, notebooks and scripts without a main guard
are safe.
"""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import importlib
import io
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing.reduction import ForkingPickler
from typing import Any, BinaryIO

_MEMORY = 4 << 30  # bytes, for the helper
_START = 20.0  # seconds that a new helper may take until it answers at all
_LENGTH = struct.Struct("<Q")


class Unanswered(Exception):
    """A call that gave no answer: it took too long, or its process died (of too little memory, say)."""


def patiently(function: Callable[..., Any], *arguments: Any, limit: float = 10.0, **named: Any) -> Any:
    """The result of ``function(*arguments, **named)``, computed in the helper process within a time limit.

    Parameters
    ----------
    function : callable
        A function of a module that can be imported (``sympy.dsolve``), not of a script or a notebook.
    *arguments, **named
        What it is given: numbers, text, SymPy expressions, and lists of these.
    limit : float
        Seconds.

    Raises
    ------
    Unanswered
        When the time is over.
    Exception
        What the function raises.

    >>> import sympy
    >>> patiently(sympy.integrate, sympy.Symbol("x"), limit=30)
    x**2/2
    """
    with _lock:
        return _helper().ask((function.__module__, function.__qualname__), arguments, named, limit)


class _Helper:
    """The other process: questions go to its standard input, answers come from its standard output."""

    def __init__(self) -> None:
        paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", "from dydt.calculus.patience import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
            start_new_session=True,  # Ctrl-C is for the parent, which then ends it
        )
        self.owner = os.getpid()
        self.is_new = True

    @property
    def is_alive(self) -> bool:
        return self.owner == os.getpid() and self.process.poll() is None

    def ask(self, name: tuple[str, str], arguments: tuple, named: dict[str, Any], limit: float) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        late = threading.Event()

        def stop() -> None:
            late.set()
            self.process.kill()

        timer = threading.Timer(limit + (_START if self.is_new else 0.0), stop)
        timer.daemon = True
        timer.start()
        try:
            _send(self.process.stdin, (name, arguments, named, limit))
            kind, answer = _receive(self.process.stdout)
            self.is_new = False
        except (EOFError, BrokenPipeError):
            self.end()
            raise Unanswered(
                f"no answer within {limit:g} s" if late.is_set() else "its process died"
            ) from None
        except BaseException:  # Ctrl-C while waiting: the answer would be taken for that of the next question
            self.end()
            raise
        finally:
            timer.cancel()
        if kind == "raised":
            raise answer
        return answer

    def end(self) -> None:
        """End the process, and leave nothing open."""
        if self.owner != os.getpid():
            return
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


_lock = threading.Lock()
_current: list[_Helper] = []


def _helper() -> _Helper:
    if _current and not _current[0].is_alive:
        _current.pop().end()
    if not _current:
        _current.append(_Helper())
    return _current[0]


@atexit.register
def _end() -> None:
    while _current:
        _current.pop().end()


# -- what is sent ---------------------------------------------------------------------------------------------------


def _send(stream: BinaryIO | Any, message: Any) -> None:
    file = io.BytesIO()
    _Sender(file).dump(message)
    body = file.getvalue()
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def _receive(stream: BinaryIO | Any) -> Any:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    body = stream.read(_LENGTH.unpack(head)[0])
    return ForkingPickler.loads(body)


class _Sender(ForkingPickler):
    """Also sends unknown functions such as y of y(t), which SymPy makes as classes without a home."""

    def reducer_override(self, item: Any) -> Any:
        if type(item).__name__ == "UndefinedFunction":
            return _unknown, (item.__name__, dict(getattr(item, "_kwargs", {}) or {}))
        if type(item).__name__ in _KEPT and getattr(item, "args", None):
            return _as_it_was, (type(item), item.args)
        return NotImplemented


# Formulas that SymPy would work out anew when they arrive: 2 = 2 would be "true", and (e^t - 1)/2 taken apart.
_KEPT = {"Equality", "Unequality", "StrictLessThan", "LessThan", "StrictGreaterThan", "GreaterThan"}
_KEPT |= {"Add", "Mul", "Pow"}


def _as_it_was(kind: Any, arguments: tuple[Any, ...]) -> Any:
    return kind(*arguments, evaluate=False)


def _unknown(name: str, assumptions: dict[str, Any]) -> Any:
    import sympy

    return sympy.Function(name, **assumptions)


# -- the helper's side ----------------------------------------------------------------------------------------------


def serve() -> None:
    """Answer questions until there are no more."""
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever is printed must not get between the answers
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    sys.setrecursionlimit(10_000)
    while True:
        try:
            (module, path), arguments, named, limit = _receive(questions)
        except EOFError:
            return
        # The parent ends a helper that is late. Should it have gone, the helper ends itself.
        faulthandler.dump_traceback_later(limit + 2 * _START, exit=True, file=sys.stderr)
        try:
            found: Any = importlib.import_module(module)
            for part in path.split("."):
                found = getattr(found, part)
            reply = ("answer", found(*arguments, **named))
        except Exception as error:
            reply = ("raised", error)
        faulthandler.cancel_dump_traceback_later()
        try:
            _send(answers, reply)
        except Exception as error:
            _send(answers, ("raised", RuntimeError(f"{type(error).__name__}: {error}; asked for {reply[0]}")))
