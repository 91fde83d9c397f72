"""Text -> tokens, statement by statement.

A token is ``(kind, text, position)``. Kinds are ``name``, ``number``, ``superscript``, and every operator its own:
``+ - * / ^ ( ) , : = < <= > >= == != and or not``. Leibniz's dx/dt becomes the name ``x'`` here, Greek letters become
their names, so whatever reads tokens knows one spelling only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from dydt.errors import InputError, LawError

LARGEST_TEXT = 2_000_000

Token = tuple[str, str, int]

_SMALL = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu
            nu xi omicron pi rho sigma sigma tau upsilon phi chi psi omega""".split()  # noqa: SIM905
GREEK = {chr(0x3B1 + i): name for i, name in enumerate(_SMALL)}  # two forms of sigma
GREEK |= {chr(0x391 + i): name.capitalize() for i, name in enumerate(_SMALL) if i != 17}
GREEK |= {"ϵ": "epsilon", "ϑ": "theta", "ϕ": "phi", "ϱ": "rho", "ϖ": "pi", "ϰ": "kappa", "µ": "mu"}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_IN_NAMES = str.maketrans({**GREEK, **{chr(0x2080 + digit): str(digit) for digit in range(10)}})
# One character for one, so that positions stay true.
_LOOKALIKES = str.maketrans("−–·⋅∙×∗÷∕′’\ufeff", "--*****//'' ")
_SAME = {"**": "^", "≤": "<=", "≥": ">=", "≠": "!="}
_WORDS = {"and", "or", "not"}
_BREAKS = r"\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029"
_BREAK = rf"\r\n|[{_BREAKS}]"

_INSTEAD = {
    "[": "write round brackets ( )",
    "{": "write round brackets ( )",
    "&": "write `and`",
    "|": "write `or`; for the magnitude write abs(x)",
    "!": "write `not`",
    "%": "write mod(a, b)",
    "√": "write sqrt(x)",
    '"': "a second derivative is written with two primes, x''",
    "″": "a second derivative is written with two primes, x''",
    "'": "a prime follows the name it differentiates, as in x'",
    ".": "a number is written 0.5, .5 or 5e-1",
    "@": "write * to multiply",
    "∞": "numbers are finite here",
}


@dataclass(frozen=True)
class Source:
    """The text of a law, which knows how to complain about a place in it."""

    text: str
    independent: str = "t"

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


@dataclass(slots=True)
class Statement:
    """The tokens between two line ends; `equals` is the index of the `=`."""

    tokens: list[Token]
    equals: int

    @property
    def left(self) -> list[Token]:
        return self.tokens[: self.equals]

    @property
    def right(self) -> list[Token]:
        return self.tokens[self.equals + 1 :]


def shorten(text: str, width: int = 60) -> str:
    """The text as a message shows it: long ones are cut."""
    return text if len(text) <= width else text[: width - 1] + "…"


def plain_name(name: str) -> str:
    """The one spelling of a name: `α₁` is `alpha1`."""
    return name if name.isascii() else name.translate(_IN_NAMES)


def is_name(name: object) -> bool:
    """Whether something is the name of a quantity: letters, digits and underscores, then perhaps primes."""
    return isinstance(name, str) and plain_name(name).rstrip("'").isidentifier()


@lru_cache(maxsize=16)
def _patterns(independent: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What a token looks like, and the parts of Leibniz's notation with this independent variable."""
    spellings = [independent, *(glyph for glyph, name in GREEK.items() if name == independent)]
    power = r"(?:(?:\^|\*\*)?([0-9]{1,3})|([⁰¹²³⁴-⁹]{1,3}))"
    bare = r"[^\W\d⁰¹²³⁴-⁹][^\W⁰¹²³⁴-⁹]*+"
    below = rf"[ \t]*+/[ \t]*+d(?:{'|'.join(map(re.escape, spellings))}){power}?+(?![\w'])"
    leibniz = rf"d(?:{power}[ \t]*+)?({bare}){below}"
    ungrouped = re.sub(r"\((?!\?)", "(?:", leibniz)
    kinds = [
        rf"(?P<leibniz>{ungrouped})",
        rf"(?P<name>{bare}'*+)",
        r"(?P<number>(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)",
        r"(?P<operator>\*\*|[=<>!]=|[-+*/^()=<>,:≤≥≠])",
        rf"(?P<end>{_BREAK}|;|\Z)",
        rf"(?P<comment>#[^{_BREAKS}]*+)",
        r"(?P<superscript>⁻?[⁰¹²³⁴-⁹]++)",
        r"(?P<other>.)",
    ]
    token = rf"[^\S{_BREAKS}]*+(?:{'|'.join(kinds)})"
    return re.compile(token, re.DOTALL), re.compile(leibniz)


def scan(text: str, independent: str = "t") -> tuple[Source, list[Statement], dict[str, int]]:
    """The statements of a law, and all names in order of appearance with their first position.

    Raises
    ------
    LawError
        At a character the language does not have, a bracket never closed, or a second `=`.
    """
    scanner = _Scanner(_source(text, independent))
    scanner.run()
    return scanner.source, scanner.statements, scanner.names


def scan_expression(text: str, independent: str = "t") -> tuple[Source, list[Token]]:
    """The tokens of a single expression."""
    scanner = _Scanner(_source(text, independent), bare=True)
    scanner.run()
    if len(scanner.statements) > 1:
        raise scanner.source.error("one expression is wanted here", scanner.statements[1].tokens[0][2])
    return scanner.source, scanner.statements[0].tokens if scanner.statements else []


def _source(text: str, independent: str) -> Source:
    if not isinstance(text, str):
        raise InputError(f"a law is text, not {type(text).__name__}")
    if len(text) > LARGEST_TEXT:
        raise LawError(f"the law has {len(text)} characters; at most {LARGEST_TEXT} can be read")
    if not is_name(independent) or independent.endswith("'"):
        raise InputError(f"{independent!r} can't name the independent variable; it is letters, like t or x")
    return Source(text, plain_name(independent))


class _Scanner:
    def __init__(self, source: Source, bare: bool = False) -> None:
        self.source = source
        self.first_equals = 0 if bare else -1  # a bare expression is the right-hand side of nothing
        self.statements: list[Statement] = []
        self.names: dict[str, int] = {}
        self.tokens: list[Token] = []
        self.equals = self.first_equals
        self.open: list[int] = []

    def run(self) -> None:
        text = self.source.text if self.source.text.isascii() else self.source.text.translate(_LOOKALIKES)
        pattern, leibniz = _patterns(self.source.independent)
        for match in pattern.finditer(text):
            kind = match.lastgroup
            word = match[kind]  # type: ignore[index]
            position = match.start(kind)  # type: ignore[arg-type]
            if kind == "name":
                self._name(word if word.isascii() else self._greek(word, position), position)
            elif kind == "operator":
                self._operator(_SAME.get(word, word), position)
            elif kind == "number":
                self.tokens.append(("number", word, position))
            elif kind == "end":
                self._end(word, position)
            elif kind == "superscript":
                self.tokens.append(("superscript", word.translate(_SUPERSCRIPTS), position))
            elif kind == "leibniz":
                self._name(self._derivative(leibniz.fullmatch(word), position), position)  # type: ignore[arg-type]
            elif kind == "other":
                hint = _INSTEAD.get(word, "")
                shown = word if word.isprintable() else repr(word)[1:-1]
                raise self.source.error(f"the character `{shown}` has no meaning here", position, hint)

    def _name(self, word: str, position: int) -> None:
        if word in _WORDS:
            self.tokens.append((word, word, position))
        else:
            self.tokens.append(("name", word, position))
            self.names.setdefault(word, position)

    def _greek(self, word: str, position: int) -> str:
        plain = plain_name(word)
        if not is_name(plain):
            raise self.source.error(f"`{shorten(word)}` can't be a name", position, "use letters and digits")
        return plain

    def _derivative(self, match: re.Match[str], position: int) -> str:
        """`x''` for the parts of d²x/dt²."""
        above, high, name, below, low = match.groups()
        order, again = (
            int((a or b or "1").translate(_SUPERSCRIPTS)) for a, b in ((above, high), (below, low))
        )
        if order != again or not 1 <= order <= 50:
            raise self.source.error(
                f"the orders above and below in `{shorten(match[0])}` must be the same, 1 to 50",
                position,
                f"write d^2{shorten(name)}/d{self.source.independent}^2",
            )
        return plain_name(name) + "'" * order

    def _operator(self, kind: str, position: int) -> None:
        if kind == "(":
            self.open.append(position)
        elif kind == ")":
            if self.open:
                self.open.pop()
        elif kind == "=":
            self._equals(position)
        self.tokens.append((kind, kind, position))

    def _equals(self, position: int) -> None:
        source = self.source
        if self.open:
            if source.place(self.open[-1])[0] == source.place(position)[0]:
                raise source.error("an `=` inside brackets", position, "write == to compare")
            raise self._never_closed()
        if self.equals >= 0:
            raise source.error(
                "a second `=` in one statement", position, "write == to compare, one `=` a line"
            )
        self.equals = len(self.tokens)

    def _never_closed(self) -> LawError:
        return self.source.error("this `(` is never closed", self.open[-1], "add a `)`")

    def _end(self, word: str, position: int) -> None:
        if self.open:
            if word and word != ";":
                return  # an expression in brackets may run over several lines
            raise self._never_closed()
        if self.tokens:
            self._check_statement()
            self.statements.append(Statement(self.tokens, self.equals))
        self.tokens, self.equals = [], self.first_equals

    def _check_statement(self) -> None:
        (_, word, position), *rest = self.tokens
        if word in ("when", "if") and rest and rest[0][0] in ("name", "number", "not"):
            raise self.source.error(
                f"not yet: events (`{word} …`) can't be written in a law's text",
                position,
                "for a law that switches, write if(condition, a, b)",
            )
        if self.equals < 0:
            raise self.source.error(
                "this statement has no `=`", position, "write x' = … or a = …; remarks follow a `#`"
            )
