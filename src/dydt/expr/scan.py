"""Text -> statements: Lark reads them by the rules of grammar.lark, one after the other.

Here is what such rules can't say: which line ends count, where a product is written without a sign, and that dx/dt is
the name ``x'`` and α is ``alpha``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dydt.expr.mistakes import Mistake, explain, explain_character
from dydt.expr.source import GREEK, Source, Token, is_name, plain_name

if TYPE_CHECKING:
    import lark

DEEPEST_NESTING = 1000
HIGHEST_ORDER = 50

_GRAMMAR = Path(__file__).with_name("grammar.lark")
_KINDS = {"NAME": "name", "EULER": "name", "NUMBER": "number", "SUPERSCRIPT": "superscript"}
_SAME = {"**": "^", "≤": "<=", "≥": ">=", "≠": "!="}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_ENDS = {"NUMBER", "SUPERSCRIPT", "RPAR"}  # what a product without a sign begins after,
_BEGINS = {"NAME", "EULER", "LPAR"}  # and with
_LOOK_AHEAD = 20_000  # tokens, to understand a mistake


@dataclass(slots=True)
class Statement:
    """What stands between two line ends.

    Attributes
    ----------
    tokens : list of Token
    equals : int
        The index of the `=`.
    tree : lark.Tree
        What the grammar makes of it.
    """

    tokens: list[Token]
    equals: int
    tree: Any = None

    @property
    def left(self) -> list[Token]:
        return self.tokens[: self.equals]

    @property
    def right(self) -> list[Token]:
        return self.tokens[self.equals + 1 :]


@lru_cache(maxsize=16)
def language(independent: str) -> lark.Lark:
    """The parser of statements and of expressions; made when the first law is read."""
    from lark import Lark

    spellings = [independent, *(glyph for glyph, name in GREEK.items() if name == independent)]
    differential = "INDEPENDENT: " + " | ".join(f'"{spelling}"' for spelling in spellings)
    layout = _Layout()
    parser = Lark(
        _GRAMMAR.read_text(encoding="utf-8") + differential,
        parser="lalr",
        lexer="basic",
        start=["statement", "expression"],
        maybe_placeholders=False,
        postlex=layout,
    )
    layout.leibniz = re.compile(parser.get_terminal("LEIBNIZ").pattern.to_regexp())
    return parser


def scan(text: str, independent: str = "t") -> tuple[Source, list[Statement], dict[str, int]]:
    """The statements of a law, and all names in order of appearance with their first position.

    Raises
    ------
    LawError
        At the first place that the grammar does not know.
    """
    source = Source(text, independent)
    names: dict[str, int] = {}
    found = []
    for statement in statements(source):
        found.append(statement)
        for kind, word, position in statement.tokens:
            if kind == "name":
                names.setdefault(word, position)
    return source, found, names


def statements(source: Source, form: str = "statement") -> Iterator[Statement]:
    """The statements one by one, each parsed when its end is seen; `form` may also be ``expression``."""
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    parser = language(source.independent)
    stream = parser.parse_interactive(source.plain_text, start=form).lexer_thread.lex(None)
    tokens: list[Token] = []
    state = parser.parse_interactive(start=form)
    try:
        for token in stream:
            if token.type != "END":
                state.feed_token(token)
                if token.type != "BESIDE":
                    tokens.append(_plain(token))
            elif tokens:
                tree = state.feed_eof(token)
                equals = next((i for i, (kind, _, _) in enumerate(tokens) if kind == "="), -1)
                yield Statement(tokens, equals, tree)
                tokens, state = [], parser.parse_interactive(start=form)
    except UnexpectedToken as problem:
        rest = [] if problem.token.type == "$END" else _rest(problem.token, stream)
        known = {"bare": form == "expression", "whole": len(rest) < _LOOK_AHEAD}
        raise explain(Mistake(source, tokens, rest, problem.token.type, **known)) from None
    except UnexpectedCharacters as problem:
        raise explain_character(source, problem.pos_in_stream or 0) from None


def _plain(token: lark.Token) -> Token:
    return _KINDS.get(token.type, token.value), token.value, token.start_pos  # type: ignore[return-value]


def _rest(token: lark.Token, stream: Iterator[lark.Token]) -> list[Token]:
    """The tokens of a statement from one on."""
    from lark.exceptions import UnexpectedCharacters

    found = [token]
    with suppress(UnexpectedCharacters):
        found += takewhile(lambda token: token.type != "END", islice(stream, _LOOK_AHEAD))
    return [_plain(token) for token in found if token.type != "BESIDE"]


class _Layout:
    """Goes between Lark's lexer and its parser.

    What it finds wrong it passes on as a kind of token that no rule knows: ``LEIBNIZ``, ``MISNAMED``, ``TOO_DEEP``.
    """

    always_accept = ("END", "LEIBNIZ")  # in no rule: for this class only
    leibniz: re.Pattern[str]

    def process(self, stream: Iterator[lark.Token]) -> Iterator[lark.Token]:
        from lark import Token

        depth = 0
        exponent = False
        last = Token("END", "", 0, end_pos=0)
        for token in stream:
            if token.type == "END":
                if depth and token[0] != ";":
                    continue  # an expression in brackets may run over several lines
                depth = 0
            elif token.type == "LEIBNIZ":
                token = self._derivative(token)
            elif not token.isascii() or token.value == "**":
                token = _respell(token)
            kind = token.type
            if kind in _BEGINS and last.type in _ENDS and not (exponent and last.end_pos == token.start_pos):
                yield Token("BESIDE", "*", token.start_pos)
            if kind == "LPAR":
                depth += 1
                if depth > DEEPEST_NESTING:
                    token = token.update(type="TOO_DEEP")
            elif kind == "RPAR":
                depth -= 1
            yield token
            # The 2 in x^-2: a name that touches it could belong to the exponent.
            exponent = kind == "POWER" or (exponent and last.type != "NUMBER" and kind in ("SIGN", "NUMBER"))
            last = token
        yield Token("END", "", last.end_pos, end_pos=last.end_pos)

    def _derivative(self, token: lark.Token) -> lark.Token:
        """`x''` for d²x/dt²."""
        above, high, name, below, low = self.leibniz.fullmatch(token).groups()  # type: ignore[union-attr]
        order, again = (
            int((a or b or "1").translate(_SUPERSCRIPTS)) for a, b in ((above, high), (below, low))
        )
        if order != again or not 1 <= order <= HIGHEST_ORDER:
            return token
        return _respell(token.update(type="NAME", value=name + "'" * order))


def _respell(token: lark.Token) -> lark.Token:
    """The token in ASCII."""
    if token.type == "SUPERSCRIPT":
        return token.update(value=token.translate(_SUPERSCRIPTS))
    if token.type == "NAME":
        name = plain_name(token.value)
        return token.update(value=name, type=None if is_name(name) else "MISNAMED")
    return token.update(value=_SAME.get(token.value, token.value))
