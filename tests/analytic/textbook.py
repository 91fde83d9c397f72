"""Equations from textbooks of ordinary differential equations, by the type under which the books treat them.

Books: Boyce & DiPrima, *Elementary Differential Equations and Boundary Value Problems*; Zill, *A First Course in
Differential Equations*; Tenenbaum & Pollard, *Ordinary Differential Equations* (by lesson); Nagle, Saff & Snider,
*Fundamentals of Differential Equations*; Kreyszig, *Advanced Engineering Mathematics*; Simmons, *Differential
Equations with Applications and Historical Notes*; Ross, *Differential Equations*; Ince, *Ordinary Differential
Equations*; Piaggio, *An Elementary Treatise on Differential Equations*; Arnold, *Ordinary Differential Equations*.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Textbook:
    """An equation, where it is from, and the initial values it is posed with."""

    kind: str
    source: str
    law: str
    initial: dict[str, float] = field(default_factory=dict)
    start: float = 0.0
    independent: str = "t"


def _list(kind: str, *rows: tuple) -> list[Textbook]:
    made = []
    for source, law, *rest in rows:
        initial, start = rest[0] if rest else ({}, 0.0)
        independent = "x" if _is_in_x(law) else "t"
        made.append(Textbook(kind, source, law, initial, start, independent))
    return made


def _is_in_x(law: str) -> bool:
    """Whether the book calls the independent variable x: there is an x, and no equation for it."""
    import re

    return bool(re.search(r"(?<![a-z])x(?![a-z'])", law)) and "x'" not in law


SEPARABLE = _list(
    "separable",
    ("Boyce & DiPrima 2.2, Example 1", "y' = x^2/(1 - y^2)"),
    (
        "Boyce & DiPrima 2.2, Example 2",
        "y' = (3*x^2 + 4*x + 2)/(2*(y - 1))",
        ({"y": -1}, 0),
    ),
    ("Boyce & DiPrima 2.2, Problem 9", "y' = (1 - 2*x)*y^2", ({"y": -1 / 6}, 0)),
    ("Boyce & DiPrima 2.5, the logistic equation", "y' = r*(1 - y/K)*y"),
    ("Zill 2.2, Example 1", "(1 + x)*y' = y"),
    ("Zill 2.2, Example 2", "y' = -x/y", ({"y": -3}, 4)),
    ("Zill 2.2, Example 3", "y' = y^2 - 4"),
    ("Zill 2.2, Example 4", "(exp(2*y) - y)*cos(x)*y' = exp(y)*sin(2*x)", ({"y": 0}, 0)),
    ("Kreyszig 1.3, Example 1", "y' = 1 + y^2", ({"y": 0}, 0)),
    ("Kreyszig 1.3, Example 2", "y' = (x + 1)*exp(-x)*y^2"),
    ("Tenenbaum & Pollard, Lesson 6", "x*sqrt(1 - y) - sqrt(1 - x^2)*y' = 0"),
    ("Nagle, Saff & Snider 2.2, Example 2", "y' = (y - 1)/(x + 3)", ({"y": 0}, -1)),
)

LINEAR = _list(
    "linear",
    ("Boyce & DiPrima 2.1, Example 1", "(4 + t^2)*y' + 2*t*y = 4*t"),
    ("Boyce & DiPrima 2.1, Example 2", "y' + y/2 = exp(t/3)/2", ({"y": 1}, 0)),
    ("Boyce & DiPrima 2.1, Example 4", "t*y' + 2*y = 4*t^2", ({"y": 2}, 1)),
    ("Boyce & DiPrima 2.1, Example 5", "2*y' + t*y = 2", ({"y": 1}, 0)),
    ("Zill 2.3, Example 3", "x*y' - 4*y = x^6*exp(x)"),
    ("Zill 2.3, Example 4", "(x^2 - 9)*y' + x*y = 0"),
    ("Zill 2.3, Example 5", "y' + y = x", ({"y": 4}, 0)),
    ("Kreyszig 1.5, Example 1", "y' - y = exp(2*x)"),
    ("Kreyszig 1.5, Example 2", "y' + y*tan(x) = sin(2*x)", ({"y": 1}, 0)),
    ("Nagle, Saff & Snider 2.3, Example 1", "y'/x - 2*y/x^2 = x*cos(x)"),
    ("Tenenbaum & Pollard, Lesson 11", "x*y' + y = x^3"),
    ("Simmons, section 10", "y' + y = 1/(1 + exp(2*x))"),
)

EXACT = _list(
    "exact",
    ("Boyce & DiPrima 2.6, Example 1", "2*x + y^2 + 2*x*y*y' = 0"),
    ("Boyce & DiPrima 2.6, Example 2", "y*cos(x) + 2*x*exp(y) + (sin(x) + x^2*exp(y) - 1)*y' = 0"),
    ("Boyce & DiPrima 2.6, Problem 3", "3*x^2 - 2*x*y + 2 + (6*y^2 - x^2 + 3)*y' = 0"),
    ("Zill 2.4, Example 1", "2*x*y + (x^2 - 1)*y' = 0"),
    ("Zill 2.4, Example 2", "exp(2*y) - y*cos(x*y) + (2*x*exp(2*y) - x*cos(x*y) + 2*y)*y' = 0"),
    ("Zill 2.4, Example 3", "y' = (x*y^2 - cos(x)*sin(x))/(y*(1 - x^2))", ({"y": 2}, 0)),
    ("Kreyszig 1.4, Example 1", "cos(x + y) + (3*y^2 + 2*y + cos(x + y))*y' = 0"),
    (
        "Kreyszig 1.4, Example 2",
        "cos(y)*sinh(x) + 1 - sin(y)*cosh(x)*y' = 0",
        ({"y": 2}, 1),
    ),
    ("Nagle, Saff & Snider 2.4, Example 2", "2*x*y - 1/cos(x)^2 + (x^2 + 2*y)*y' = 0"),
    ("Nagle, Saff & Snider 2.4, Example 3", "1 + exp(x)*y + x*exp(x)*y + (x*exp(x) + 2)*y' = 0"),
    ("Tenenbaum & Pollard, Lesson 9", "3*x^2*y + 8*x*y^2 + (x^3 + 8*x^2*y + 12*y^2)*y' = 0"),
)

INTEGRATING_FACTOR = _list(
    "integrating factor",
    ("Boyce & DiPrima 2.6, Example 4", "3*x*y + y^2 + (x^2 + x*y)*y' = 0"),
    ("Boyce & DiPrima 2.6, Problem 25", "3*x^2*y + 2*x*y + y^3 + (x^2 + y^2)*y' = 0"),
    ("Boyce & DiPrima 2.6, Problem 27", "1 + (x/y - sin(y))*y' = 0"),
    ("Boyce & DiPrima 2.6, Problem 28", "y + (2*x*y - exp(-2*y))*y' = 0"),
    ("Zill 2.4, Example 4", "x*y + (2*x^2 + 3*y^2 - 20)*y' = 0"),
    ("Zill 2.4, Exercises", "y*(x + y + 1) + (x + 2*y)*y' = 0"),
    ("Zill 2.4, Exercises", "6*x*y + (4*y + 9*x^2)*y' = 0"),
    ("Kreyszig 1.4, Example 3", "-y + x*y' = 0"),
    ("Kreyszig 1.4, Example 5", "exp(x + y) + y*exp(y) + (x*exp(y) - 1)*y' = 0", ({"y": -1}, 0)),
    ("Nagle, Saff & Snider 2.5, Example 2", "2*x^2 + y + (x^2*y - x)*y' = 0"),
    (
        "Tenenbaum & Pollard, Lesson 10",
        "2*x*y^4*exp(y) + 2*x*y^3 + y + (x^2*y^4*exp(y) - x^2*y^2 - 3*x)*y' = 0",
    ),
)

HOMOGENEOUS = _list(
    "homogeneous",
    ("Zill 2.5, Example 1", "x^2 + y^2 + (x^2 - x*y)*y' = 0"),
    ("Zill 2.5, Exercises", "x - y + x*y' = 0"),
    ("Zill 2.5, Exercises", "y' = (y - x)/(y + x)"),
    ("Zill 2.5, Exercises", "-y + (x + sqrt(x*y))*y' = 0"),
    ("Zill 2.5, Exercises", "x*y^2*y' = y^3 - x^3", ({"y": 2}, 1)),
    ("Boyce & DiPrima 2.2, Problem 30", "y' = (y - 4*x)/(x - y)"),
    ("Boyce & DiPrima 2.2, Problem 31", "y' = (x^2 + x*y + y^2)/x^2"),
    ("Boyce & DiPrima 2.2, Problem 32", "y' = (x^2 + 3*y^2)/(2*x*y)"),
    ("Kreyszig 1.3, reduction to separable form", "2*x*y*y' = y^2 - x^2"),
    ("Nagle, Saff & Snider 2.6, Example 1", "x*y + y^2 + x^2 - x^2*y' = 0"),
    ("Tenenbaum & Pollard, Lesson 7", "x*y' = y + sqrt(x^2 - y^2)", ({"y": 0.5}, 1)),
    ("Tenenbaum & Pollard, Lesson 7", "x*y' = y + x*sin(y/x)"),
)

BERNOULLI = _list(
    "Bernoulli",
    ("Zill 2.5, Example 2", "x*y' + y = x^2*y^2"),
    ("Zill 2.5, Exercises", "x*y' + y = 1/y^2"),
    ("Zill 2.5, Exercises", "y' = y*(x*y^3 - 1)"),
    ("Zill 2.5, Exercises", "x^2*y' - 2*x*y = 3*y^4", ({"y": 0.5}, 1)),
    ("Kreyszig 1.5, Example 4, the Verhulst equation", "y' = A*y - B*y^2"),
    ("Boyce & DiPrima 2.4, Problem 28", "t^2*y' + 2*t*y - y^3 = 0"),
    ("Boyce & DiPrima 2.4, Problem 30, bifurcation", "y' = eps*y - sigma*y^3"),
    ("Nagle, Saff & Snider 2.6, Example 3", "y' - 5*y = -5/2*x*y^3"),
    ("Tenenbaum & Pollard, Lesson 11", "y' + x*y = x/y^3"),
    ("Simmons, section 10", "x*y' + y = x^4*y^3"),
    ("Ross 2.3, Example", "y' + y = x*y^3"),
)

RICCATI = _list(
    "Riccati",
    ("Boyce & DiPrima 2.6, Problem 33", "y' = 1 + t^2 - 2*t*y + y^2"),
    ("Boyce & DiPrima 2.6, Problem 33", "y' = -1/t^2 - y/t + y^2"),
    ("Boyce & DiPrima 2.6, Problem 33", "y' = (2*cos(t)^2 - sin(t)^2 + y^2)/(2*cos(t))"),
    ("Zill 2.5, Exercises", "y' = -4/x^2 - y/x + y^2"),
    ("Zill 2.5, Exercises", "y' = 2*x^2 + y/x - 2*y^2"),
    ("Zill 2.5, Exercises", "y' = exp(2*x) + (1 + 2*exp(x))*y + y^2"),
    ("Zill 2.5, Exercises", "y' = 6 + 5*y + y^2"),
    ("Nagle, Saff & Snider 2.6, Exercises", "y' = x^3*(y - x)^2 + y/x"),
    ("Tenenbaum & Pollard, Lesson 11", "y' = x^3 + 2*y/x - y^2/x"),
    ("Ross 2.3, Exercises", "y' = (1 - x)*y^2 + (2*x - 1)*y - x"),
    ("Ross 2.3, Exercises", "y' = -8*x*y^2 + 4*x*(4*x + 1)*y - (8*x^3 + 4*x^2 - 1)", ({"y": 1}, 0)),
)

CLAIRAUT = _list(
    "Clairaut",
    ("Ince 2.44", "y = x*y' + (y')^2"),
    ("Ross 2.3, Exercises", "y = x*y' + 1 - (y')^2"),
    ("Zill 2.5, Exercises", "y = x*y' + 1 - log(y')"),
    ("Zill 2.5, Exercises", "y = x*y' + (y')^(-2)"),
    ("Piaggio 5, Clairaut's form", "y = x*y' + 1/y'"),
    ("Piaggio 5, Clairaut's form", "y = x*y' + 2/y'", ({"y": 3}, 1)),
    ("Nagle, Saff & Snider 2, group project on Clairaut equations", "y = x*y' - (y')^2/4"),
    ("Arnold, Ordinary Differential Equations 8.6, the Clairaut equation", "y = x*y' - (y')^2/2"),
    ("Kreyszig 1.5, Clairaut equation", "(y')^2 - x*y' + y = 0"),
    ("Ince 2.44", "y = x*y' + sqrt(1 + (y')^2)"),
    ("Piaggio 5, Clairaut's form", "y = x*y' - (y')^3"),
)

CAUCHY_EULER = _list(
    "Cauchy-Euler",
    ("Zill 4.7, Example 1", "x^2*y'' - 2*x*y' - 4*y = 0"),
    ("Zill 4.7, Example 2", "4*x^2*y'' + 8*x*y' + y = 0"),
    ("Zill 4.7, Example 3", "4*x^2*y'' + 17*y = 0", ({"y": -1, "y'": -0.5}, 1)),
    ("Zill 4.7, Example 4", "x^3*y''' + 5*x^2*y'' + 7*x*y' + 8*y = 0"),
    ("Zill 4.7, Example 5", "x^2*y'' - 3*x*y' + 3*y = 2*x^4*exp(x)"),
    ("Zill 4.7, Example 6", "x^2*y'' - x*y' + y = log(x)"),
    ("Boyce & DiPrima 5.4, Example 1", "2*x^2*y'' + 3*x*y' - y = 0"),
    ("Boyce & DiPrima 5.4, Example 2", "x^2*y'' + 5*x*y' + 4*y = 0"),
    ("Boyce & DiPrima 5.4, Example 3", "x^2*y'' + x*y' + y = 0"),
    ("Kreyszig 2.5, Example 1", "x^2*y'' + 1.5*x*y' - 0.5*y = 0"),
    ("Kreyszig 2.5, Example 2", "x^2*y'' + 0.6*x*y' + 16.04*y = 0"),
    ("Kreyszig 2.5, Example 3", "x^2*y'' - 5*x*y' + 9*y = 0", ({"y": 2, "y'": 1}, 1)),
)

REDUCIBLE = _list(
    "reducible order",
    ("Zill 4.10, Example 1", "y'' = 2*x*(y')^2"),
    ("Zill 4.10, Example 2", "y*y'' = (y')^2"),
    ("Zill 4.10, Exercises", "y'' + (y')^2 + 1 = 0"),
    ("Zill 4.10, Exercises", "x^2*y'' + (y')^2 = 0"),
    ("Zill 4.10, Exercises", "(y + 1)*y'' = (y')^2"),
    ("Boyce & DiPrima 2.9, Problem 36", "t^2*y'' + 2*t*y' - 1 = 0"),
    ("Boyce & DiPrima 2.9, Problem 42", "y*y'' + (y')^2 = 0"),
    ("Boyce & DiPrima 2.9, Problem 43", "y'' + y = 0"),
    ("Boyce & DiPrima 2.9, Problem 48", "y'*y'' = 2", ({"y": 1, "y'": 2}, 0)),
    ("Simmons, section 11", "x*y'' - y' = 3*x^2"),
    ("Simmons, section 11", "y'' = 1 + (y')^2"),
    ("Tenenbaum & Pollard, Lesson 35", "y'' = 2*y*y'", ({"y": 0, "y'": 1}, 0)),
    ("Kreyszig 2.1, Exercises", "x*y'' = 2*y'"),
)

REDUCTION = _list(
    "reduction of order",
    ("Boyce & DiPrima 3.4, Example 3", "2*t^2*y'' + 3*t*y' - y = 0"),
    ("Boyce & DiPrima 3.4, Problem 26", "t^2*y'' - t*(t + 2)*y' + (t + 2)*y = 0"),
    ("Boyce & DiPrima 3.4, Problem 28", "(x - 1)*y'' - x*y' + y = 0"),
    ("Zill 4.2, Exercises", "(1 - x^2)*y'' + 2*x*y' = 0"),
    ("Zill 4.2, Exercises", "(1 - 2*x - x^2)*y'' + 2*(1 + x)*y' - 2*y = 0"),
    ("Kreyszig 2.1, Example 7", "(x^2 - x)*y'' - x*y' + y = 0"),
    ("Simmons, section 16", "(1 - x^2)*y'' - 2*x*y' + 2*y = 0"),
    ("Nagle, Saff & Snider 4.7, Exercises", "x*y'' - (x + 1)*y' + y = 0"),
)

CONSTANT = _list(
    "constant coefficients",
    ("Boyce & DiPrima 3.1, Example 3", "y'' + 5*y' + 6*y = 0", ({"y": 2, "y'": 3}, 0)),
    ("Boyce & DiPrima 3.1, Example 4", "4*y'' - 8*y' + 3*y = 0", ({"y": 2, "y'": 0.5}, 0)),
    ("Boyce & DiPrima 3.3, Example 1", "y'' + y' + 9.25*y = 0", ({"y": 2, "y'": 8}, 0)),
    ("Boyce & DiPrima 3.3, Example 2", "16*y'' - 8*y' + 145*y = 0", ({"y": -2, "y'": 1}, 0)),
    ("Boyce & DiPrima 3.4, Example 2", "y'' - y' + y/4 = 0", ({"y": 2, "y'": 1 / 3}, 0)),
    (
        "Boyce & DiPrima 4.2, Example 1",
        "y'''' + y''' - 7*y'' - y' + 6*y = 0",
        ({"y": 1, "y'": 0, "y''": -2, "y'''": -1}, 0),
    ),
    (
        "Boyce & DiPrima 4.2, Example 2",
        "y'''' - y = 0",
        ({"y": 7 / 2, "y'": -4, "y''": 5 / 2, "y'''": -2}, 0),
    ),
    ("Boyce & DiPrima 4.2, Example 3", "y'''' + 2*y'' + y = 0"),
    ("Boyce & DiPrima 4.2, Example 4", "y'''' + y = 0"),
    ("Zill 4.3, Example 3", "y''' + 3*y'' - 4*y = 0"),
    ("Kreyszig 2.2, Example 5", "y'' + 0.4*y' + 9.04*y = 0", ({"y": 0, "y'": 3}, 0)),
    ("Boyce & DiPrima 3.7, the damped spring", "m*u'' + gamma*u' + k*u = 0"),
)

UNDETERMINED = _list(
    "undetermined coefficients",
    ("Boyce & DiPrima 3.5, Example 1", "y'' - 3*y' - 4*y = 3*exp(2*t)"),
    ("Boyce & DiPrima 3.5, Example 2", "y'' - 3*y' - 4*y = 2*sin(t)"),
    ("Boyce & DiPrima 3.5, Example 3", "y'' - 3*y' - 4*y = -8*exp(t)*cos(2*t)"),
    ("Boyce & DiPrima 3.5, Example 5", "y'' - 3*y' - 4*y = 2*exp(-t)"),
    ("Boyce & DiPrima 4.3, Example 1", "y''' - 3*y'' + 3*y' - y = 4*exp(t)"),
    ("Zill 4.4, Example 1", "y'' + 4*y' - 2*y = 2*x^2 - 3*x + 6"),
    ("Zill 4.4, Example 3", "y'' - 2*y' - 3*y = 4*x - 5 + 6*x*exp(2*x)"),
    ("Zill 4.4, Example 8", "y'' + y = 4*x + 10*sin(x)", ({"y": 0, "y'": 2}, 3.141592653589793)),
    ("Zill 4.4, Example 9", "y'' - 6*y' + 9*y = 6*x^2 + 2 - 12*exp(3*x)"),
    ("Zill 4.4, Example 11", "y'''' + y''' = 1 - x^2*exp(-x)"),
    ("Kreyszig 2.7, Example 1", "y'' + y = 0.001*x^2", ({"y": 0, "y'": 1.5}, 0)),
    (
        "Kreyszig 2.7, Example 3",
        "y'' + 2*y' + 0.75*y = 2*cos(x) - 0.25*sin(x) + 0.09*x",
        ({"y": 2.78, "y'": -0.43}, 0),
    ),
)

VARIATION = _list(
    "variation of parameters",
    ("Boyce & DiPrima 3.6, Example 1", "y'' + 4*y = 3/sin(t)"),
    ("Boyce & DiPrima 3.6, Problem 5", "y'' + y = tan(t)"),
    ("Boyce & DiPrima 3.6, Problem 7", "y'' + 4*y' + 4*y = exp(-2*t)/t^2"),
    ("Boyce & DiPrima 3.6, Problem 13", "t^2*y'' - 2*y = 3*t^2 - 1"),
    ("Zill 4.6, Example 1", "y'' - 4*y' + 4*y = (x + 1)*exp(2*x)"),
    ("Zill 4.6, Example 2", "4*y'' + 36*y = 1/sin(3*x)"),
    ("Zill 4.6, Exercises", "y'' + y = 1/cos(x)^2"),
    ("Zill 4.6, Exercises", "y'' + 3*y' + 2*y = 1/(1 + exp(x))"),
    ("Kreyszig 2.10, Example 1", "y'' + y = 1/cos(x)"),
    ("Nagle, Saff & Snider 4.6, Example 2", "y'' + y = tan(x) + 3*x - 1"),
    ("Tenenbaum & Pollard, Lesson 22", "y'' - 3*y' + 2*y = sin(exp(-x))"),
    ("Boyce & DiPrima 4.4, Problem 1", "y''' + y' = tan(t)"),
)

SYSTEMS = _list(
    "linear system",
    ("Boyce & DiPrima 7.5, Example 1", "x' = x + y; y' = 4*x + y"),
    ("Boyce & DiPrima 7.5, Example 2", "x' = -3*x + sqrt(2)*y; y' = sqrt(2)*x - 2*y"),
    ("Boyce & DiPrima 7.5, Example 3", "x' = y + z; y' = x + z; z' = x + y"),
    ("Boyce & DiPrima 7.6, Example 1", "x' = -x/2 + y; y' = -x - y/2"),
    ("Boyce & DiPrima 7.8, Example 1", "x' = x - y; y' = x + 3*y"),
    ("Zill 8.2, Example 1", "x' = 2*x + 3*y; y' = 2*x + y"),
    ("Zill 8.2, Example 3", "x' = x - 2*y + 2*z; y' = -2*x + y - 2*z; z' = 2*x - 2*y + z"),
    ("Zill 8.2, Example 4", "x' = 3*x - 18*y; y' = 2*x - 9*y"),
    ("Zill 8.2, Example 5", "x' = 2*x + y + 6*z; y' = 2*y + 5*z; z' = 2*z"),
    ("Zill 8.2, Example 6", "x' = 2*x + 8*y; y' = -x - 2*y", ({"x": 2, "y": -1}, 0)),
    ("Zill 8.3, undetermined coefficients", "x' = -x + 2*y - 8; y' = -x + y + 3"),
    ("Boyce & DiPrima 7.9, Example 1", "x' = -2*x + y + 2*exp(-t); y' = x - 2*y + 3*t"),
    (
        "Kreyszig 4.1, mixing in two tanks",
        "x' = -0.02*x + 0.02*y; y' = 0.02*x - 0.02*y",
        ({"x": 0, "y": 150}, 0),
    ),
    ("Kreyszig 4.3, Example 4, a centre", "x' = y; y' = -4*x"),
)

TEXTBOOK = (
    SEPARABLE
    + LINEAR
    + EXACT
    + INTEGRATING_FACTOR
    + HOMOGENEOUS
    + BERNOULLI
    + RICCATI
    + CLAIRAUT
    + CAUCHY_EULER
    + REDUCIBLE
    + REDUCTION
    + CONSTANT
    + UNDETERMINED
    + VARIATION
    + SYSTEMS
)
