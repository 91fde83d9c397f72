"""How results show themselves in a session."""

from __future__ import annotations

from typing import Any


def brief(result: Any) -> str:
    """The kind of a result and the first line of what it says; `print` says all of it.

    >>> brief("first line\\n second line")
    '<str: first line>'
    """
    lines = (line.strip() for line in str(result).splitlines())
    return f"<{type(result).__name__}: {next((line for line in lines if line), '')}>"
