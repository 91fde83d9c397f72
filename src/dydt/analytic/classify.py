"""The kind of a law, each answer with the term that decides it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import sympy

from dydt.analytic import textbook_types
from dydt.analytic.answer import Answer
from dydt.analytic.briefly import briefly
from dydt.analytic.problem import Problem, problem
from dydt.brief import brief
from dydt.calculus.notation import text
from dydt.expr.equations import Written
from dydt.expr.write import latex

if TYPE_CHECKING:
    from dydt.ode import ODE

_ORDERS = ("algebraic", "first", "second", "third", "fourth", "fifth", "sixth")
_SOLVE = 2.0  # seconds for bringing an equation into explicit form


@dataclass(frozen=True)
class Classification:
    """What kind of law it is; every answer is a value with a reason.

    Attributes
    ----------
    order : Answer
        The highest derivative, a whole number.
    orders : dict
        Unknown -> its own highest derivative.
    unknowns : Answer
        How many unknown functions.
    linear : Answer
        Whether the unknowns and their derivatives come in the first degree only.
    homogeneous : Answer
        Whether no term is without an unknown. None for a law that is not linear.
    autonomous : Answer
        Whether the independent variable is nowhere by itself.
    explicit : Answer
        Whether it is written as highest derivative = the rest.
    solvable : Answer
        Whether it can be written so, and where that fails.
    coefficients : Answer
        ``"constant"`` or ``"variable"``.
    types : dict
        The textbook types it is of, name -> Answer with what makes it so.
    written : tuple of Written
        The equations.
    """

    order: Answer
    orders: dict[str, int]
    unknowns: Answer
    linear: Answer
    homogeneous: Answer
    autonomous: Answer
    explicit: Answer
    solvable: Answer
    coefficients: Answer
    types: dict[str, Answer]
    written: tuple[Written, ...] = ()

    __repr__ = brief

    def __str__(self) -> str:
        rows = list(self._rows())
        width = max(len(says) for says, _ in rows)
        lines = [f"  {line}" for line in self.equations]
        lines += ["", self.summary, ""]
        lines += [f"  {says:<{width}}  {reason}".rstrip() for says, reason in rows]
        if self.types:
            lines += ["", "Textbook types"]
            width = max(map(len, self.types))
            lines += [f"  {name:<{width}}  {answer.reason}" for name, answer in self.types.items()]
        return "\n".join(lines)

    @property
    def equations(self) -> list[str]:
        """As they were written, in the language of laws."""
        return [f"{equation.left} = {equation.right}" for equation in self.written]

    @property
    def summary(self) -> str:
        """In one line: second order, non-linear, implicit, variable coefficients."""
        words = [says for says, _ in self._rows() if not says.startswith(("can be", "can't"))]
        return ", ".join(words)

    def _rows(self) -> Iterator[tuple[str, str]]:
        order = self.order.value
        yield (f"{_ORDERS[order]} order" if order < len(_ORDERS) else f"order {order}"), self.order.reason
        if self.unknowns.value > 1:
            yield f"{self.unknowns.value} unknowns", self.unknowns.reason
        yield ("linear" if self.linear.value else "non-linear"), self.linear.reason
        if self.homogeneous.value is not None:
            yield ("homogeneous" if self.homogeneous.value else "forced"), self.homogeneous.reason
        yield ("autonomous" if self.autonomous.value else "non-autonomous"), self.autonomous.reason
        yield ("explicit" if self.explicit.value else "implicit"), self.explicit.reason
        if not self.explicit.value:
            yield (
                ("can be made explicit" if self.solvable.value else "can't be made explicit"),
                self.solvable.reason,
            )
        yield f"{self.coefficients.value} coefficients", self.coefficients.reason

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        told: dict[str, Any] = {"equations": self.equations, "summary": self.summary}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, Answer):
                told[item.name] = value.to_dict()
        told["orders"] = dict(self.orders)
        told["types"] = {name: answer.to_dict() for name, answer in self.types.items()}
        return told

    def to_json(self) -> str:
        """Everything as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def to_latex(self) -> str:
        """The equations, and what they are, in LaTeX."""
        rows = [f"&{latex(e.left)} = {latex(e.right)}" for e in self.written]
        rows += [rf"&\text{{{_plain(says)}: }}\text{{{_plain(reason)}}}" for says, reason in self._rows()]
        return r"\begin{aligned}" + r"\\".join(rows) + r"\end{aligned}"

    def _repr_latex_(self) -> str:
        return f"$${self.to_latex()}$$"


def _plain(words: str) -> str:
    return words.replace("_", r"\_").replace("^", r"\textasciicircum{}").replace("&", r"\&")


def classify(ode: ODE) -> Classification:
    """The kind of a law, from its equations as they were written; see `ODE.classify`.

    Parameters keep their names: a constant is a constant whatever its value.
    """
    asked = problem(ode.equations, dict.fromkeys(ode.parameters), {})
    law = _Law(asked)
    found = textbook_types.of(asked, law.letters, law.linear.value)
    return Classification(
        order=law.order,
        orders={u.func.__name__: asked.order_of(u) for u in asked.unknowns},
        unknowns=law.unknowns,
        linear=law.linear,
        homogeneous=law.homogeneous,
        autonomous=law.autonomous,
        explicit=law.explicit,
        solvable=law.solvable,
        coefficients=law.coefficients,
        types=found,
        written=ode.equations.written,
    )


class _Law:
    """Looks at the equations term by term, with a letter in place of each unknown and derivative."""

    def __init__(self, asked: Problem) -> None:
        self.problem = asked
        self.t = asked.independent
        self.letters = {
            asked.derivative(k, u): sympy.Symbol(u.func.__name__ + "'" * k, real=True)
            for u in asked.unknowns
            for k in range(asked.order_of(u) + 1)
        }
        self.tops = [self.letters[asked.derivative(asked.order_of(u), u)] for u in asked.unknowns]
        self.all = list(self.letters.values())
        self.sides = [(e.lhs.xreplace(self.letters), e.rhs.xreplace(self.letters)) for e in asked.equations]
        self.terms = [
            t for a, b in self.sides for side in (a, b) for t in sympy.Add.make_args(sympy.expand_mul(side))
        ]
        self.order = self._order()
        names = [u.func.__name__ for u in asked.unknowns]
        self.unknowns = Answer(
            len(names), f"the unknown functions are {', '.join(names)}" if names[1:] else names[0]
        )
        self.linear = self._linear()
        self.homogeneous = self._homogeneous()
        self.autonomous = self._autonomous()
        self.explicit = self._explicit()
        self.solvable = self._solvable()
        self.coefficients = self._coefficients()

    def _order(self) -> Answer:
        order = self.problem.order
        highest = [text(top) for top in self.tops if top.name.count("'") == order]
        if order == 0:
            return Answer(0, "there is no derivative")
        shown = ", ".join(highest[:4]) + (" …" if highest[4:] else "")
        return Answer(
            order, f"the highest derivative is {shown}" if not highest[1:] else f"the highest are {shown}"
        )

    def _linear(self) -> Answer:
        for term in self.terms:
            inside = [letter for letter in self.all if term.has(letter)]
            if not inside:
                continue
            if any(sympy.diff(term, a, b) != 0 for a in inside for b in inside):
                return Answer(False, _not_linear(term, inside), text(term))
        names = [u.func.__name__ for u in self.problem.unknowns]
        whose = (
            f"{names[0]} and its derivatives"
            if not names[1:]
            else f"{', '.join(names)} and their derivatives"
        )
        return Answer(True, f"{whose} come in the first degree only, each in a term of its own")

    def _homogeneous(self) -> Answer:
        if not self.linear.value:
            return Answer(None, "only linear laws are called so")
        for term in self.terms:
            if term != 0 and not term.has(*self.all):
                return Answer(False, f"the term {text(term)} has no unknown in it", text(term))
        return Answer(True, "every term has an unknown in it")

    def _autonomous(self) -> Answer:
        for term in self.terms:
            if term.has(self.t):
                return Answer(False, f"the term {text(term)} depends on {self.t} itself", text(term))
        return Answer(True, f"{self.t} is nowhere by itself")

    def _explicit(self) -> Answer:
        left = [a for a, _ in self.sides]
        if left == self.tops or sorted(left, key=str) == sorted(self.tops, key=str):
            clean = all(not b.has(*self.tops) for _, b in self.sides)
            if clean and all(top.name.endswith("'") for top in self.tops):
                alone = joined([text(top) for top in self.tops[:4]])
                return Answer(True, f"{alone} stands alone" if not self.tops[1:] else f"{alone} stand alone")
        for side in (s for pair in self.sides for s in pair):
            for term in sympy.Add.make_args(side):
                reason = self._entangled(term)
                if reason:
                    return Answer(False, reason, text(term))
        constraint = next((e for e in self.sides if not any(s.has(*self._primed) for s in e)), None)
        if constraint is not None and self._primed:
            return Answer(False, f"{_equation(constraint)} has no derivative: it is a constraint")
        return Answer(
            False, f"{joined([text(top) for top in self.tops[:4]])} does not stand alone on one side"
        )

    @property
    def _primed(self) -> list[Any]:
        return [letter for letter in self.all if letter.name.endswith("'")]

    def _entangled(self, term: Any) -> str:
        for top in self.tops:
            if not term.has(top) or not top.name.endswith("'"):
                continue
            factor = sympy.diff(term, top)
            if factor.has(top):
                return f"{text(top)} is inside {text(term)}"
            if not factor.is_number:
                return f"the factor {text(factor)} stands in front of {text(top)}"
        return ""

    def _solvable(self) -> Answer:
        if self.explicit.value:
            return Answer(True, "it is explicit as it is written")
        if not self.problem.is_single:
            return self._system_solvable()
        top, residual = self.tops[0], self.sides[0][0] - self.sides[0][1]
        factor = sympy.diff(residual, top)
        if factor.has(top):
            return self._branches(residual, top)
        rest = sympy.expand(residual - factor * top)
        quotient = sympy.factor_terms(-rest / factor)
        shown = f"{text(top)} = {text(quotient)}"
        if factor.is_number or factor.is_nonzero:
            return Answer(True, shown)
        return Answer(True, f"{shown}, where {text(factor)} is not zero{self._zeros(factor)}", text(factor))

    def _zeros(self, factor: Any) -> str:
        """Where an explicit form fails: `; it fails at t = 0`."""
        if factor.free_symbols != {self.t}:
            return ""
        plain = sympy.Dummy()
        try:
            roots = briefly(0.5, sympy.solve, factor.xreplace({self.t: plain}), plain, otherwise=[])
        except NotImplementedError:
            return ""
        real = [r for r in roots if r.is_real]
        return f": it fails at {', '.join(f'{self.t} = {text(r)}' for r in real)}" if real else ""

    def _branches(self, residual: Any, top: Any) -> Answer:
        plain = sympy.Dummy("p")
        try:
            slopes = briefly(_SOLVE, sympy.solve, residual.xreplace({top: plain}), plain, otherwise=[])
        except NotImplementedError:
            slopes = []
        if not slopes:
            return Answer(False, f"it can't be solved for {text(top)} in a formula")
        if len(slopes) == 1:
            return Answer(True, f"{text(top)} = {text(slopes[0])}")
        return Answer(False, f"it gives {len(slopes)} values of {text(top)} at a point: {_some(slopes)}")

    def _system_solvable(self) -> Answer:
        if self.problem.order == 0 or any(not top.name.endswith("'") for top in self.tops):
            free = joined([text(top) for top in self.tops if not top.name.endswith("'")])
            return Answer(False, f"no equation has a derivative of {free}: constraints determine it")
        rows = [a - b for a, b in self.sides]
        if len(rows) != len(self.tops):
            return Answer(False, f"{len(rows)} equations for {len(self.tops)} unknowns")
        matrix = sympy.Matrix([[sympy.diff(row, top) for top in self.tops] for row in rows])
        if matrix.has(*self.tops):
            return Answer(False, "the highest derivatives are not in the first degree")
        determinant = sympy.factor(matrix.det())
        if determinant == 0:
            return Answer(False, "the equations do not determine all of the highest derivatives")
        if determinant.is_number:
            return Answer(True, "the highest derivatives follow from a linear system")
        where = f"where {text(determinant)} is not zero{self._zeros(determinant)}"
        return Answer(
            True, f"the highest derivatives follow from a linear system, {where}", text(determinant)
        )

    def _coefficients(self) -> Answer:
        """Constant if no product of an unknown and t is there; what only drives the law does not count."""
        for term in self.terms:
            if term.has(self.t) and term.has(*self.all):
                factor = sympy.Mul(*(f for f in sympy.Mul.make_args(term) if not f.has(*self.all)))
                rest = sympy.Mul(*(f for f in sympy.Mul.make_args(term) if f.has(*self.all)))
                if factor.has(self.t):
                    reason = f"the factor {text(factor)} stands in front of {text(rest)}"
                else:
                    reason = f"{self.t} is inside {text(rest)}"
                return Answer("variable", reason, text(term))
        return Answer("constant", f"no unknown is multiplied by anything that depends on {self.t}")


def _not_linear(term: Any, inside: list[Any]) -> str:
    """Why a term is not linear, in words that point at it."""
    core = sympy.Mul(*(f for f in sympy.Mul.make_args(term) if f.has(*inside)))
    names = [text(letter) for letter in inside]
    if hasattr(core.func, "output"):
        return f"{text(core)} is a network, which is not linear in {joined(names)}"
    if len(inside) > 1 and core == sympy.Mul(*inside):
        return f"{text(core)} multiplies {names[0]} by {joined(names[1:])}"
    if core.is_Pow and core.base in inside and core.exp.is_integer and core.exp > 1:
        return f"{text(core)} multiplies {names[0]} by itself"
    return f"{text(core)} is not linear in {joined(names)}"


def joined(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> joined(["x", "y", "z"])
    'x, y and z'
    """
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _equation(sides: tuple[Any, Any]) -> str:
    return f"{text(sides[0])} = {text(sides[1])}"


def _some(formulas: list[Any], most: int = 3) -> str:
    return ", ".join(map(text, formulas[:most])) + (" …" if formulas[most:] else "")
