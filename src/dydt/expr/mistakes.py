"""What is said about text that the grammar does not know: what was seen, where, and the nearest fix."""

from __future__ import annotations

from dataclasses import dataclass

from dydt.errors import LawError
from dydt.expr.source import FUNCTIONS, Source, Token, shorten

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
_OPERANDS = {"name", "number", "superscript", ")"}


@dataclass(frozen=True)
class Mistake:
    """A statement that the grammar does not know, cut where that shows.

    Attributes
    ----------
    source : Source
    before : list of Token
        What could still have become a statement.
    rest : list of Token
        The one that fits nowhere, and what follows it up to the end of the statement.
    kind : str
        What Lark calls the token that fits nowhere; ``$END`` is the end of the statement.
    bare : bool
        An expression was wanted, no statement.
    whole : bool
        `rest` goes to the end; very long ones are cut.
    """

    source: Source
    before: list[Token]
    rest: list[Token]
    kind: str
    bare: bool = False
    whole: bool = True


def explain_character(source: Source, position: int) -> LawError:
    """About a character that the language does not have."""
    character = source.plain_text[position]
    shown = character if character.isprintable() else repr(character)[1:-1]
    hint = _INSTEAD.get(character, "")
    return source.error(f"the character `{shown}` has no meaning here", position, hint)


def explain(mistake: Mistake) -> LawError:
    """The first of the things wrong with a statement, the large ones before the small."""
    return (
        _frame(mistake)
        or _token(mistake)
        or _function_without_brackets(mistake)
        or _after_operand(mistake)
        or _missing(mistake)
    )


def _token(mistake: Mistake) -> LawError | None:
    """A token that is wrong wherever it stands."""
    source = mistake.source
    _, word, position = mistake.rest[0] if mistake.rest else ("", "", 0)
    match mistake.kind:
        case "LEIBNIZ":
            return source.error(
                f"the orders above and below in `{shorten(word)}` must be the same, 1 to 50",
                position,
                f"as in d^2x/d{source.independent}^2",
            )
        case "MISNAMED":
            return source.error(f"`{shorten(word)}` can't be a name", position, "use letters and digits")
        case "LSQB":
            return source.error(
                "`[` has a meaning only behind a network, as in nn(x, y)[1]",
                position,
                "write round brackets ( )",
            )
        case "TOO_DEEP":
            return source.error(
                "brackets are nested more than 1000 deep", position, "give the inner part a name: v = …"
            )
    return None


def _frame(mistake: Mistake) -> LawError | None:
    """Brackets that don't match, and more or less than one `=`."""
    source = mistake.source
    statement = mistake.before + mistake.rest
    if statement[0][1] == "when":
        hint = "an event is written: when y = 0 falling: v -> -0.9*v, or when x > 10: stop"
        return source.error(
            "this event can't be read", mistake.rest[0][2] if mistake.rest else statement[0][2], hint
        )
    open_brackets: list[int] = []
    equals = mistake.bare
    for kind, _, position in statement:
        if kind == "(":
            open_brackets.append(position)
        elif kind == ")" and open_brackets:
            open_brackets.pop()
        elif kind == "=" and open_brackets:
            if source.place(open_brackets[-1])[0] != source.place(position)[0]:
                return _never_closed(source, open_brackets[-1])
            return source.error("an `=` inside brackets", position, "write == to compare")
        elif kind == "=" and equals:
            hint = "write == to compare, one `=` a line"
            return source.error("a second `=` in one statement", position, hint)
        elif kind == "=":
            equals = True
    if mistake.whole and open_brackets:
        return _never_closed(source, open_brackets[-1])
    (_, word, position), *more = statement
    if word == "if" and more and more[0][0] in ("name", "number", "not"):
        hint = "for a law that switches, write if(condition, a, b); for an event, when condition: action"
        return source.error("a statement can't begin with `if`", position, hint)
    if mistake.whole and not equals:
        hint = "write x' = … or a = …; remarks follow a `#`"
        return source.error("this statement has no `=`", position, hint)
    return None


def _never_closed(source: Source, position: int) -> LawError:
    return source.error("this `(` is never closed", position, "add a `)`")


def _function_without_brackets(mistake: Mistake) -> LawError | None:
    following = [kind for kind, _, _ in mistake.before[1:] + mistake.rest[:1]] + [""]
    for (kind, word, position), after in zip(mistake.before, following, strict=False):
        if kind == "name" and word in FUNCTIONS and after != "(":
            return function_without_brackets(mistake.source, word, position, after)
    return None


def function_without_brackets(source: Source, word: str, position: int, after: str = "") -> LawError:
    """About the name of a function that no bracket follows, but a token of kind `after`."""
    power = f", and a power as {word}( … )^2" if after in ("^", "superscript") else ""
    return source.error(
        f"`{word}` is a function, and needs its argument in brackets", position, f"write {word}( … ){power}"
    )


def _after_operand(mistake: Mistake) -> LawError | None:
    """What does not fit after a number, a name or a `)`."""
    source, before = mistake.source, mistake.before
    if not before or before[-1][0] not in _OPERANDS or not mistake.rest:
        return None
    kind, word, position = mistake.rest[0]
    last = shorten(before[-1][1])
    match kind:
        case "name" | "number" | "(":
            return _side_by_side(mistake)
        case ")":
            return source.error("this `)` closes nothing", position, "take it out, or add the `(` it closes")
        case ",":
            decimal = before[-1][0] == "number" and [token[0] for token in mistake.rest[1:2]] == ["number"]
            hint = "decimals have a point: 1.5" if decimal else "one statement ends with the line or a `;`"
            return source.error("a `,` only stands between the arguments of a function", position, hint)
        case ":" if any(token[0] == ":" for token in before):
            return source.error("a span has one `:`", position, f"write {source.independent} = 0:10")
        case "^" | "superscript":
            return _ambiguous(mistake, f"^{last}^{word.strip('^')}", "brackets around one of the powers")
    return source.error(f"`{shorten(word)}` can't stand here", position)


def _side_by_side(mistake: Mistake) -> LawError:
    """An operand right after an operand: `2x` and `(a)(b)` multiply, the rest is refused."""
    kind, word, position = mistake.rest[0]
    before, last, _ = mistake.before[-1]
    if kind == "number" or before == "name":
        product = f"{shorten(last)}*{shorten(word)}" if before != ")" else f"*{shorten(word)}"
        power = f" or {shorten(last)}^{word}" if kind == "number" and before == "name" else ""
        return mistake.source.error(
            f"`{shorten(last)}` and `{shorten(word)}` stand side by side",
            position,
            f"to multiply, write {product}{power}",
        )
    what = "( … )" if word == "(" else shorten(word)
    if mistake.kind == "BESIDE":
        below = "( … )" if before == ")" else last
        return _ambiguous(mistake, f"/{below} {what}", f"/({below}*{what}) or /{below}*{what}")
    return _ambiguous(mistake, f"^{last}{word}", f"^({last}*{what}) or ^{last} * {what}")


def _ambiguous(mistake: Mistake, seen: str, ways: str) -> LawError:
    position = mistake.rest[0][2]
    return mistake.source.error(f"`{shorten(seen)}` can be read in two ways", position, f"write {ways}")


def _missing(mistake: Mistake) -> LawError:
    """There should be a number, a name or a bracket."""
    source = mistake.source
    edge = ("", "", 0)
    before, seen, start = mistake.before[-1] if mistake.before else edge
    kind, word, position = mistake.rest[0] if mistake.rest else edge
    begins, ends = before in ("", "=", ":"), kind in ("", "=", ":")
    if begins and ends:
        return source.error("the expression is missing", position if kind else start)
    if ends:
        return source.error(f"the expression ends after `{shorten(seen)}`", start + len(seen) - 1)
    if begins:
        return source.error(f"an expression can't begin with `{word}`", position)
    if kind == "not":
        return source.error("`not` here needs brackets", position, "write (not …)")
    if before != "(":
        return source.error(f"something is missing between `{shorten(seen)}` and `{word}`", position)
    if kind == ")":
        return source.error("there is nothing between the brackets", position)
    return source.error(f"something is missing before `{word}`", position)
