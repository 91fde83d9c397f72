"""An answer about a law, with the reason for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """A value, why it is so, and the term that decides.

    Attributes
    ----------
    value : bool, int, str or None
    reason : str
    term : str
        In the language of laws; empty where no single term decides.
    """

    value: Any
    reason: str
    term: str = ""

    def __bool__(self) -> bool:
        return bool(self.value)

    def __str__(self) -> str:
        return f"{self.value}: {self.reason}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"value": self.value, "reason": self.reason, "term": self.term}
