"""An explanation for the terminal, for a notebook, and as plain data."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import sympy

from dydt.analytic.classify import joined
from dydt.calculus.notation import latex, text
from dydt.expr.write import latex as latex_of_law

if TYPE_CHECKING:
    from dydt.analytic.explanation import Explanation
    from dydt.analytic.neural import Neural
    from dydt.analytic.problem import Problem

_WIDTH = 100
_LARGEST_DENOMINATOR = 10_000  # that somebody would write
_SPECIAL = (
    *(sympy.airyai, sympy.airybi, sympy.airyaiprime, sympy.airybiprime),
    *(sympy.besselj, sympy.bessely, sympy.besseli, sympy.besselk),
    *(sympy.hyper, sympy.meijerg, sympy.mathieus, sympy.mathieuc),
)


def message(explanation: Explanation) -> str:
    """What there is to say in a sentence: how it was solved, or why there is nothing to show."""
    outcome, problem = explanation.outcome, explanation.problem
    if explanation.neural is not None:
        return _of_networks(explanation, explanation.neural)
    if outcome.found is None and outcome.asked:
        why = "; ".join(outcome.tried.values()) or "the law is not of its type"
        return f"not solved by the method `{outcome.asked}`: {why}. Without a method all are tried"
    if outcome.found is None:
        limit = " within the time limit" if outcome.out_of_time else ""
        return f"no closed form found{limit}; {_in_numbers(explanation)}"
    if explanation.solved:
        told = f"solved by {outcome.found.title}"
        if any(equation.has(*_SPECIAL) for equation in explanation.solutions):
            told += "; in special functions, there is no closed form in elementary functions"
        if explanation.others:
            told += "; the initial values do not determine one solution"
        free = explanation.free
        if free and problem.initial:
            told += f"; the initial values leave {', '.join(free)} free: every value gives a solution"
        if explanation.ode.equations.events:
            told += "; it holds until the first event of the law"
        return told
    point = ", ".join(f"{name}({text(problem.start)}) = {text(v)}" for name, v in problem.initial.items())
    singular = ", where the law is singular" if _starts_singular(explanation) else ""
    singular = singular or (", where the law has no real value" if _starts_complex(problem) else "")
    return f"the general solution was found, and no member of it with {point}{singular}; {_in_numbers(explanation)}"


def _of_networks(explanation: Explanation, neural: Neural) -> str:
    """What there is to say about a law with networks."""
    if not neural.trained:
        return f"{neural.reason}, and these are not there yet: ode.fit(data) finds them"
    return f"{neural.reason}; {_in_numbers(explanation)}"


def _in_numbers(explanation: Explanation, most: int = 4) -> str:
    """How to have it in numbers."""
    initial = explanation.problem.initial
    plain = {name: value for name, value in initial.items() if "'" not in name}
    named = [f"{name}={_short(value)}" for name, value in plain.items()]
    named = named[:most] + ["…"] * (len(named) > most or not named)
    if len(plain) < len(initial):
        named.append("values={…}")
    return f"in numbers: ode.solve(t=(…), {', '.join(named)})"


def _short(value: Any) -> str:
    return f"{float(value):.6g}" if value.is_number else text(value)


def _readable(value: Any) -> str:
    """As it was meant; a number that was measured or computed as a decimal one."""
    return f"{float(value):.12g}" if value.is_Rational and value.q > _LARGEST_DENOMINATOR else text(value)


def _starts_singular(explanation: Explanation) -> bool:
    problem = explanation.problem
    if not problem.is_single:
        return False
    at = {problem.independent: problem.start}
    for k in range(problem.order):
        at[problem.letters[k]] = problem.initial[problem.name + "'" * k]
    leading = sympy.diff(problem.residual, problem.letters[-1]).subs(at)
    rest = problem.residual.subs(at)
    return bool(
        leading == 0
        or leading.has(sympy.zoo, sympy.nan, sympy.oo)
        or rest.has(sympy.zoo, sympy.nan, sympy.oo)
    )


def _starts_complex(problem: Problem) -> bool:
    """Whether the slope is not real at the initial point, as of y^(1/3) for y < 0."""
    if not problem.is_single or not problem.slopes:
        return False
    at = {problem.independent: problem.start}
    at |= {problem.letters[k]: problem.initial[problem.name + "'" * k] for k in range(problem.order)}
    return all(slope.subs(at).is_real is False for slope in problem.slopes)


def verifications(explanation: Explanation) -> list[str]:
    """How the solution was verified."""
    outcome = explanation.outcome
    if not explanation.solved:
        return []
    evidence = outcome.members[0].evidence if outcome.members else outcome.evidence[0]
    said = [str(evidence)]
    formulas = [step for step in explanation.steps if step.formula is not None]
    if formulas:
        count = sum(step.checked for step in formulas)
        said.append(f"{count} of {len(formulas)} steps with a formula checked by machine")
    if explanation.native is not None:
        said.append(str(explanation.native))
    return said


def as_text(explanation: Explanation) -> str:
    """For terminals, at most a hundred columns wide."""
    return "\n".join(_lines(explanation))


def _lines(explanation: Explanation) -> Iterator[str]:
    problem = explanation.problem
    for equation in explanation.ode.equations.written:
        yield from _wrapped(f"{equation.left} = {equation.right}", 2, 6)
    known = [f"{name} = {value:.6g}" for name, value in explanation.values.items() if value is not None]
    yield from _wrapped(",  ".join(known), 2)
    if problem.initial:
        start, initial = _readable(problem.start), problem.initial.items()
        yield from _wrapped(",  ".join(f"{name}({start}) = {_readable(v)}" for name, v in initial), 2)
    yield ""
    if explanation.neural is not None:
        yield from _networks(explanation.neural)
    if not explanation.solved:
        yield from _wrapped(_sentence(explanation.message), 0)
        if explanation.neural is not None and explanation.neural.trained:
            yield from _wrapped(f"Like any law it knows {joined(explanation.neural.verbs)} as well", 0)
        if explanation.outcome.found is None:
            return
        yield ""
    yield _sentence(explanation.title)
    yield from _numbered(explanation)
    yield ""
    yield from _answer(explanation)


def _networks(neural: Neural) -> Iterator[str]:
    first, *rows = str(neural).split("\n")
    yield from _wrapped(_sentence(first), 0, 4)
    for row in rows:
        yield from _wrapped(row.strip(), 2, 6)
    yield ""


def _numbered(explanation: Explanation) -> Iterator[str]:
    for number, step in enumerate(explanation.steps, 1):
        yield from _wrapped(f"{number:3}  {step.says}" + (":" if step.formula is not None else ""), 0, 5)
        if step.formula is not None:
            yield from _formula(step.formula, 9)


def _answer(explanation: Explanation) -> Iterator[str]:
    name = "Solution" if explanation.problem.initial else "General solution"
    shown = explanation.solutions or explanation.general
    yield name if explanation.solved else "General solution"
    for equation in shown:
        yield from _formula(equation, 4)
    where = explanation.interval
    if where is not None:
        yield f"    for {where}"
    for label, rows in (
        ("Lost on the way, and solutions too", _lost(explanation)),
        ("Through the same point", explanation.others),
    ):
        if rows:
            yield label
            for row in rows:
                for equation in row:
                    yield from _formula(equation, 4)
    said = verifications(explanation)
    if said:
        yield ""
        yield "Verified"
        for sentence in said:
            yield from _wrapped(sentence, 4)


def _lost(explanation: Explanation) -> list[tuple[Any, ...]]:
    return [] if explanation.problem.initial else [(equation,) for equation in explanation.lost]


def _formula(formula: Any, indent: int) -> Iterator[str]:
    rows = formula.args if isinstance(formula, sympy.Tuple) else (formula,)
    for row in rows:
        yield from _wrapped(text(row), indent, indent + 4)


def _wrapped(sentence: str, indent: int, further: int | None = None) -> list[str]:
    return textwrap.wrap(
        sentence,
        _WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if further is None else further),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def as_latex(explanation: Explanation) -> str:
    """Every step with its sentence, and the solution, as an aligned block."""
    rows = [f"&{latex_of_law(e.left)} = {latex_of_law(e.right)}" for e in explanation.ode.equations.written]
    for step in explanation.steps:
        rows.append(rf"&\text{{{_plain(step.says)}}}")
        if step.formula is not None:
            parts = step.formula.args if isinstance(step.formula, sympy.Tuple) else (step.formula,)
            rows += [rf"&\quad {latex(part)}" for part in parts]
    shown = explanation.solutions or explanation.general
    rows += [rf"&\boxed{{{latex(equation)}}}" for equation in shown]
    if not shown:
        rows.append(rf"&\text{{{_plain(explanation.message)}}}")
    if explanation.interval is not None:
        rows.append(rf"&\quad {explanation.interval.latex}")
    return r"\begin{aligned}" + r"\\".join(rows) + r"\end{aligned}"


def _plain(words: str) -> str:
    """Text inside LaTeX: what it would take for commands is written out."""
    for character in "\\{}$&#%_":
        words = words.replace(character, {"\\": r"\backslash "}.get(character, "\\" + character))
    return words.replace("^", r"\textasciicircum{}").replace("~", r"\textasciitilde{}")


def as_dict(explanation: Explanation) -> dict[str, Any]:
    """Plain data: formulas in the language of laws and in LaTeX."""
    problem, where = explanation.problem, explanation.interval
    return {
        "equations": [f"{e.left} = {e.right}" for e in explanation.ode.equations.written],
        "parameters": dict(explanation.values),
        "initial": {name: text(value) for name, value in problem.initial.items()},
        "start": text(problem.start) if problem.initial else None,
        "solved": explanation.solved,
        "verified": explanation.verified,
        "method": explanation.method,
        "title": explanation.title,
        "message": explanation.message,
        "neural": None if explanation.neural is None else explanation.neural.to_dict(),
        "solution": [text(equation) for equation in explanation.solutions],
        "latex": [latex(equation) for equation in explanation.solutions],
        "general": [text(equation) for equation in explanation.general],
        "constants": {name: text(value) for name, value in explanation.constants.items()},
        "lost": [text(equation) for equation in explanation.lost],
        "others": [[text(equation) for equation in row] for row in explanation.others],
        "interval": None
        if where is None
        else {"text": str(where), "low": _number(where.low), "high": _number(where.high)},
        "steps": [
            {"says": s.says, "formula": s.text, "latex": s.latex, "checked": s.checked}
            for s in explanation.steps
        ],
        "verification": verifications(explanation),
        "tried": dict(explanation.outcome.tried),
        "seconds": round(explanation.seconds, 3),
    }


def _number(end: Any) -> float | None:
    """A finite end as a number; None for an infinite one."""
    return float(end) if end.is_finite else None
