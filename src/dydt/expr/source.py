"""The text of a law: how names in it are spelled, and how to point at a place in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dydt.errors import InputError, LawError
from dydt.expr.graph import OPERATIONS

LARGEST_TEXT = 2_000_000

# (kind, text, position): kinds are `name`, `number`, `superscript`, and anything else is its own.
Token = tuple[str, str, int]

_SMALL = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu
            nu xi omicron pi rho sigma sigma tau upsilon phi chi psi omega""".split()  # noqa: SIM905
GREEK = {chr(0x3B1 + i): name for i, name in enumerate(_SMALL)}  # two forms of sigma
GREEK |= {chr(0x391 + i): name.capitalize() for i, name in enumerate(_SMALL) if i != 17}
GREEK |= {"ϵ": "epsilon", "ϑ": "theta", "ϕ": "phi", "ϱ": "rho", "ϖ": "pi", "ϰ": "kappa", "µ": "mu"}
_IN_NAMES = str.maketrans({**GREEK, **{chr(0x2080 + digit): str(digit) for digit in range(10)}})
# One character for one, so that positions stay true.
_LOOKALIKES = str.maketrans("−–·⋅∙×∗÷∕′’\ufeff", "--*****//'' ")
_BREAK = r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]"

# What may be written before a bracket, and the operation it means.
FUNCTIONS = {row.name: row.name for row in OPERATIONS.values() if not row.infix and row.name != "select"}
FUNCTIONS |= {"if": "select", "ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan"}
FUNCTIONS |= {"arctan2": "atan2"}


@dataclass(frozen=True)
class Source:
    """The text of a law, which knows how to complain about a place in it.

    Raises
    ------
    InputError
        If `text` is no text, or `independent` no name.
    LawError
        If there is too much text.
    """

    text: str
    independent: str = "t"

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise InputError(f"a law is text, not {type(self.text).__name__}")
        if len(self.text) > LARGEST_TEXT:
            raise LawError(f"the law has {len(self.text)} characters; at most {LARGEST_TEXT} can be read")
        if not is_name(self.independent) or self.independent.endswith("'"):
            raise InputError(
                f"{self.independent!r} can't name the independent variable; it is letters, like t or x"
            )
        object.__setattr__(self, "independent", plain_name(self.independent))

    @property
    def plain_text(self) -> str:
        """The text with typographic minus signs, dots and primes as the ones on a keyboard."""
        return self.text if self.text.isascii() else self.text.translate(_LOOKALIKES)

    def place(self, position: int) -> tuple[int, int]:
        """Line and column, both from 1."""
        line, start = 1, 0
        for match in re.finditer(_BREAK, self.text[:position]):
            line, start = line + 1, match.end()
        return line, position - start + 1

    def error(self, message: str, position: int, hint: str = "") -> LawError:
        """What went wrong, with the caret at `position`."""
        line, column = self.place(position)
        return LawError(shorten(message, 400), self.text, line, column, shorten(hint, 400))

    def line_at(self, position: int) -> str:
        """The words `line 3: x' = a*x` for a second place to look at."""
        line, _ = self.place(position)
        return f"line {line}: {shorten(self.text.splitlines()[line - 1].strip())}"


def shorten(text: str, width: int = 60) -> str:
    """The text as a message shows it: long ones are cut."""
    return text if len(text) <= width else text[: width - 1] + "…"


def plain_name(name: str) -> str:
    """The one spelling of a name: `α₁` is `alpha1`."""
    return name if name.isascii() else name.translate(_IN_NAMES)


def is_name(name: object) -> bool:
    """Whether something is the name of a quantity: letters, digits and underscores, then perhaps primes."""
    return isinstance(name, str) and plain_name(name).rstrip("'").isidentifier()
