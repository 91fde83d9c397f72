"""Equations and constraints of a text -> M y' = f: the states, their right-hand sides and the mass matrix."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from dydt.errors import LawError
from dydt.expr.equations import Equations
from dydt.expr.graph import Node, symbol, symbols
from dydt.expr.linear import Equation, NotLinear, Solved, collect, residual, solve
from dydt.expr.mass import INDEX_HINT, Constraints, arranged, index_problem
from dydt.expr.source import Source, shorten
from dydt.expr.tidy import minus, negative


@dataclass
class Motion:
    """How the states of a law move.

    Attributes
    ----------
    states, derivatives, mass, singular
        See `Equations`.
    known : dict
        The highest derivatives that have an expression of their own.
    """

    states: tuple[str, ...]
    derivatives: tuple[Node, ...]
    mass: dict[tuple[int, int], float] | None = None
    singular: tuple[Node, ...] = ()
    known: dict[str, Node] = field(default_factory=dict)


@dataclass
class Said:
    """What a text says of its states.

    Attributes
    ----------
    orders : dict
        Of the highest derivative of each state that has one.
    about : list of str
        These derivatives, in the order of the equations.
    solved : dict
        Those that an equation gives.
    implicit : list of Equation
        The other equations with a highest derivative.
    constraints : list of Equation
        Those without.
    algebraic : list of str
        Names that the constraints are to determine.
    """

    orders: Mapping[str, int]
    about: list[str]
    solved: dict[str, Node]
    implicit: list[Equation]
    constraints: list[Equation]
    algebraic: list[str] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """How many algebraic states it takes for as many equations as unknowns."""
        return len(self.solved) + len(self.implicit) + len(self.constraints) - len(self.about)


def motion(said: Said, source: Source, positions: Mapping[str, int]) -> Motion:
    """The system that was said; `positions` are those of the highest derivatives in the text.

    Raises
    ------
    LawError
        If the equations don't settle the derivatives, or the constraints can't determine the algebraic states.
    """
    count = len(said.solved) + len(said.implicit)
    if said.constraints and count != len(said.about):
        return _with_tied_derivatives(said, source, positions)
    if said.implicit or count != len(said.about):
        explicit = [Equation(symbol(name), node, positions[name]) for name, node in said.solved.items()]
        found = solve(explicit + said.implicit, said.about, source)
    else:
        found = Solved(said.solved)
    states: list[str] = []
    for name in said.about:
        base = name.rstrip("'")
        states += [base + "'" * k for k in range(said.orders[base] + (name in found.tied))]
    rows = {state: found.derivatives.get(state + "'", symbol(state + "'")) for state in states}
    constraints = [(residual(e.left, e.right), e.position) for e in said.constraints]
    rows |= {name: node for name, (node, _) in found.tied.items()}
    rows |= {name: node for name, (node, _) in zip(said.algebraic, constraints, strict=True)}
    made = Motion(tuple(rows), tuple(rows.values()), None, tuple(found.singular), found.derivatives)
    algebraic = {*found.tied, *said.algebraic}
    if algebraic:
        made.mass = {(i, i): 1.0 for i, state in enumerate(made.states) if state not in algebraic}
        _arrange(made, source, [*constraints, *found.tied.values()])
    return made


def _with_tied_derivatives(said: Said, source: Source, positions: Mapping[str, int]) -> Motion:
    """Not one equation for each derivative: rows of M, as ``x' + y' = …`` is one."""
    states = [b + "'" * k for b in (n.rstrip("'") for n in said.about) for k in range(said.orders[b])]
    place = {state + "'": i for i, state in enumerate(states)}
    rows: list[tuple[dict[str, float], Node]] = [
        ({name: 1.0}, symbol(name)) for name in place if name not in said.about
    ]
    rows += [({name: 1.0}, node) for name, node in said.solved.items()]
    rows += [_constant_row(equation, said.about, source) for equation in said.implicit]
    constraints = [(residual(e.left, e.right), e.position) for e in said.constraints]
    rows += [({}, node) for node, _ in constraints]
    states += said.algebraic
    nodes = tuple(node for _, node in rows)
    mass = {(i, place[name]): m for i, (row, _) in enumerate(rows) for name, m in row.items()}
    made = Motion(tuple(states), nodes, mass, (), dict(said.solved))
    _arrange(made, source, constraints)
    return made


def _constant_row(
    equation: Equation, about: Collection[str], source: Source
) -> tuple[dict[str, float], Node]:
    """Σ mᵢ yᵢ' = node, from an equation that is linear in the highest derivatives with numbers as factors."""
    try:
        row, node = collect(minus(equation.left, equation.right), about)
    except NotLinear:
        row = {"": symbol("")}
        node = equation.left
    for name, factor in row.items():
        if factor.operation != "number":
            seen = f"`{shorten(name)}` has the factor `{factor}`" if name else "this equation is not linear"
            raise source.error(
                f"not yet: with fewer equations than highest derivatives their factors must be numbers, and {seen}",
                equation.position,
                "write one equation for each derivative, or divide by the factor",
            )
    return {name: float(factor.value) for name, factor in row.items()}, negative(node)


def _arrange(made: Motion, source: Source, constraints: Sequence[tuple[Node, int]]) -> None:
    """Put the rows into order, and refuse what has a higher index."""
    law = arranged(Equations(made.states, made.derivatives, independent=source.independent, mass=made.mass))
    made.derivatives, made.mass = law.derivatives, law.mass
    found = Constraints.of(law)
    if found is None or not found.unsettled:
        return
    node = found.nodes[found.unsettled[0]]
    position = next((p for other, p in constraints if other is node), constraints[0][1])
    hint = INDEX_HINT.format(t=source.independent)
    raise source.error(index_problem(shorten(str(node)), law, found), position, hint)


def algebraic_names(
    said: Said, open_names: Sequence[str], started: Collection[str], source: Source
) -> list[str]:
    """Which of the names without a value the constraints are to determine.

    Those with an initial value are; then all that stand in constraints, if there are just as many as are needed; then
    all there are, if so.

    Raises
    ------
    LawError
        If there are too many of them, or too few.
    """
    wanted, position = said.missing, said.constraints[0].position
    certain = [name for name in open_names if name in started]
    held = set(symbols([side for e in said.constraints for side in (e.left, e.right)]))
    others = [name for name in open_names if name not in certain]
    inside = [name for name in others if name in held]
    for chosen in (inside, others):
        if len(certain) + len(chosen) == wanted:
            names = {*certain, *chosen}
            return [name for name in open_names if name in names]
    if len(certain) == wanted:
        return certain
    equations = f"{len(said.constraints)} constraint{'s' * (len(said.constraints) > 1)}"
    if wanted < 0:
        count = len(said.solved) + len(said.implicit)
        raise source.error(
            f"{count} equation{'s' * (count != 1)} and {equations} for {len(said.about)} highest derivatives: "
            + _listed(said.about),
            position,
            "there must be as many equations as unknowns",
        )
    if len(certain) + len(inside) < wanted:
        raise _too_many_equations(wanted, [*certain, *inside], position, source)
    left = wanted - len(certain)
    raise source.error(
        f"{left} of the names {_listed(inside)} must be found from the constraints, and all of them lack a value",
        position,
        "give the parameters among them their values, or the state that is to be found a guess, as in "
        f"{shorten(inside[0])}(0) = 1",
    )


def _too_many_equations(wanted: int, found: Sequence[str], position: int, source: Source) -> LawError:
    """About constraints that find nothing left to determine."""
    if not found:
        return source.error(
            "one equation too many: this constraint leaves nothing to determine, as each name in it is a state with an "
            "equation of its own, or has a value",
            position,
            "take it out; or is a quantity missing in it? A guess for one that is to be found is no value of a "
            "parameter: give it to solve(…), or write it as in z(0) = 1",
        )
    return source.error(
        f"{wanted} quantities should follow from the constraints, and only {_listed(found)} can",
        position,
        "take an equation out, or leave a parameter without a value",
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{shorten(name)}`" for name in names[:6]) + (" …" if len(names) > 6 else "")
