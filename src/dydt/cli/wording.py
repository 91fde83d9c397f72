"""What the room `learning` says names arguments of Python; on the command line these are options."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from dydt.errors import InputError

_WORDS = (
    (r"dydt\.read_data\(…, (states=\[[^]]*\])\)", r"\1"),
    (r'rename=\{"([^"]*)": "([^"]*)"\}', r'--rename "\1=\2"'),
    (r'values=\{"([^"]*)": (\S+)\}', r'--init "\1=\2"'),
    (r"fit them with initial=True", "leave --keep-initial away"),
    (
        r"initial values are chosen by initial=\[[^]]*\]",
        "initial values are fitted, unless --keep-initial is given",
    ),
    (r"initial=(False|…)", "--keep-initial"),
    (r"sort=True", "--sort"),
    (r"run=…", "--run NAME"),
    (r'\b(run|time)="(\w+)"', r"--\1 \2"),
    (r'\b(run|time)="([^"]*)"', r'--\1 "\2"'),
    (r"(states|free)=(…|\[…\])", r"--\1 NAME,…"),
    (r'loss="(\w+)"', r"--loss \1"),
    (r"starts=(\d+)", r"--starts \1"),
    (r"t0=…?", "--t0"),
    (r"augment=(\d+)", r"--augment \1"),
    (r"time_dependent=True", "--time-dependent"),
    (r"period=…", "--period NUMBER"),
)
_COLUMNS = re.compile(r"states=\[([^]]*)\]")
_VALUE = re.compile(r"as in ([^\W\d][\w']*(?:\[\d+\])?)=(-?\d[\d.e+-]*)")


def reworded(message: str, states: Collection[str] = ()) -> str:
    """A message with options in place of arguments; `states` are those of the law.

    >>> reworded("give it one, as in k=1, or several starts, starts=32")
    'give it one, as in --set k=1, or several starts, --starts 32'
    >>> reworded("leave it away, states=['x', 'y']")
    'leave it away, --states x,y'
    """
    for pattern, words in _WORDS:
        message = re.sub(pattern, words, message)
    message = _COLUMNS.sub(lambda found: f"--states {re.sub(chr(39) + '|[ ]', '', found[1])}", message)

    def value(found: re.Match[str]) -> str:
        option = "--init" if found[1] in states else "--set"
        given = f"{found[1]}={found[2]}"
        return f'as in {option} "{given}"' if "'" in given else f"as in {option} {given}"

    return _VALUE.sub(value, message)


@contextmanager
def in_options(states: Collection[str] = ()) -> Iterator[None]:
    """Errors inside are reworded."""
    try:
        yield
    except InputError as error:
        raise InputError(reworded(str(error), states)) from None
