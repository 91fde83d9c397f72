"""Rosenbrock–Wanner methods as data that prove themselves: stiff steps without an iteration.

>>> RODAS5P.order, RODAS5P.stages
(5, 8)
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial, fsum, sqrt

Row = tuple[float, ...]
Matrix = list[list[float]]

# Published with 16 digits: each condition may miss by some units in the last place of its terms.
_TOLERANCE = 1e-13


@dataclass(frozen=True)
class RosenbrockTableau:
    r"""The coefficients of one Rosenbrock method, in the form that needs no product with the Jacobian J.

    .. math::
        (I/(h\gamma) - J)\, u_i = f(t + c_i h,\ y + \sum_{j<i} a_{ij} u_j) + \sum_{j<i} C_{ij} u_j / h + h d_i f_t

    A step ends at :math:`y_1 = y + \sum_i m_i u_i`, its error is :math:`\sum_i e_i u_i`, and on the way
    :math:`y(t + \theta h) = (1-\theta) y + \theta (y_1 + (1-\theta)(K_1 + \theta (K_2 + \theta K_3)))` with
    :math:`K_j = \sum_i H_{ji} u_i` (Hairer & Wanner, Solving ODEs II, IV.7).

    Parameters
    ----------
    name, title : str
    order, error_order, dense_order : int
        Of the step, of the embedded formula and of the dense output.
    gamma : float
    a, c_matrix : tuple of tuples
        a and C; row ``i`` has ``i`` entries.
    m, error : tuple of float
    dense : tuple of tuples
        The rows of H.
    source : str

    Raises
    ------
    ValueError
        A condition the coefficients must meet is missed; the message names the method and the condition.
    """

    name: str
    title: str
    order: int
    error_order: int
    dense_order: int
    gamma: float
    a: tuple[Row, ...]
    c_matrix: tuple[Row, ...]
    m: Row
    error: Row
    dense: tuple[Row, ...]
    source: str
    c: Row = ()
    d: Row = ()

    def __post_init__(self) -> None:
        stages = len(self.m)
        if len(self.a) != stages or len(self.c_matrix) != stages or len(self.error) != stages:
            self._refuse(f"a, C, m and error must each have {stages} rows or entries")
        if any(len(row) != i for rows in (self.a, self.c_matrix) for i, row in enumerate(rows)):
            self._refuse("row i of a and of C must have i entries")
        if any(len(row) != stages for row in self.dense):
            self._refuse(f"each row of dense must have {stages} entries")
        gammas = self._gammas()
        alphas = [
            [fsum(a * gammas[k][j] for k, a in enumerate(row)) for j in range(stages)] for row in self.a
        ]
        for name, found in (("c", map(fsum, alphas)), ("d", map(fsum, gammas))):
            self._settle(name, tuple(found))
        self._prove(alphas, gammas)

    @property
    def stages(self) -> int:
        """How many linear systems a step solves."""
        return len(self.m)

    def _gammas(self) -> Matrix:
        """Γ = (I/γ - C)⁻¹, lower triangular, row by row."""
        stages = len(self.m)
        rows: Matrix = []
        for i, row in enumerate(self.c_matrix):
            unit = [float(i == j) for j in range(stages)]
            new = [u + fsum(c * rows[k][j] for k, c in enumerate(row)) for j, u in enumerate(unit)]
            rows.append([self.gamma * value for value in new])
        return rows

    def _settle(self, name: str, found: Row) -> None:
        """Take node sums from the coefficients, or compare them with the published ones."""
        given = getattr(self, name)
        if not given:
            object.__setattr__(self, name, tuple(round(v, 15) for v in found))
        elif len(given) != len(found):
            self._refuse(f"{name} must have {len(found)} entries")
        else:
            for i, (a, b) in enumerate(zip(given, found, strict=True)):
                self._demand(f"{name}[{i}]", [b], a, 100.0)

    def _prove(self, alphas: Matrix, gammas: Matrix) -> None:
        """Bushy and tall trees: Σ bᵢ αᵢᵏ⁻¹ = 1/k and Σ bᵢ (βᵏ⁻¹ 1)ᵢ = 1/k! for the step, its error and its output."""
        stages = range(self.stages)
        bushy, tall = [[1.0] * self.stages], [[1.0] * self.stages]
        nodes = [fsum(row) for row in alphas]
        for _ in range(1, self.order):
            bushy.append([v * c for v, c in zip(bushy[-1], nodes, strict=True)])
            before = tall[-1]
            tall.append([fsum((alphas[i][j] + gammas[i][j]) * before[j] for j in stages) for i in stages])
        for k in range(1, self.order + 1):
            for what, values, scale in (
                ("Σ b α", bushy[k - 1], float(k)),
                ("Σ b β", tall[k - 1], float(factorial(k))),
            ):
                if values is bushy[1]:
                    continue  # a tree with one branch is a tall one
                conditions = [("", self.m, 1 / scale)]
                if k <= self.error_order:
                    conditions.append(("error ", self.error, 0.0))
                for label, weights, wanted in conditions:
                    self._demand(f"{label}{what}^{k - 1}", self._terms(weights, gammas, values), wanted)
                if k <= self.dense_order:
                    for theta in (0.25, 0.5, 0.75):
                        terms = self._terms(self.dense_weights(theta), gammas, values)
                        self._demand(f"dense {what}^{k - 1} at θ = {theta}", terms, theta**k / scale)

    def _terms(self, weights: Row, gammas: Matrix, values: Row | list[float]) -> list[float]:
        """The terms of Σ bᵢ vᵢ, with b = m Γ."""
        stages = range(self.stages)
        return [weights[i] * gammas[i][j] * values[j] for i in stages for j in stages]

    def dense_weights(self, theta: float) -> Row:
        """The weight of each u in y(t + θh) - y."""
        rest = 1.0 - theta
        return tuple(
            theta * (m + rest * sum(row[i] * theta**j for j, row in enumerate(self.dense)))
            for i, m in enumerate(self.m)
        )

    def _demand(self, what: str, terms: list[float], wanted: float, slack: float = 1.0) -> None:
        found, size = fsum(terms), 1.0 + fsum(abs(term) for term in terms)
        if not abs(found - wanted) <= slack * _TOLERANCE * size:  # "not <=", so that a NaN is refused too
            self._refuse(f"{what} must be {wanted!r}, and is {found!r}")

    def _refuse(self, condition: str) -> None:
        raise ValueError(f"tableau of {self.name}: {condition}")


_D = 1 / (2 + sqrt(2))
_C32 = 6 + sqrt(2)

# The published form has k₁ = u₁/(hd), k₂ = (u₁ + u₂)/(hd), k₃ = (u₃ + (6 + √2) u₂ + 2 u₁)/(hd).
ROSENBROCK23 = RosenbrockTableau(
    name="rosenbrock23",
    title="Rosenbrock 2(3) of Shampine and Reichelt",
    order=2,
    error_order=2,
    dense_order=2,
    gamma=_D,
    a=((), (0.5 / _D,), (1 / _D, 1 / _D)),
    c_matrix=((), (-1 / _D,), (-2 / _D, -_C32 / _D)),
    m=(1 / _D, 1 / _D, 0.0),
    error=(1 / (6 * _D), (_C32 - 2) / (6 * _D), 1 / (6 * _D)),
    dense=((0.0, -1 / (_D * (1 - 2 * _D)), 0.0),),
    c=(0.0, 0.5, 1.0),
    d=(_D, 0.0, -_D),
    source="L. F. Shampine, M. W. Reichelt, The MATLAB ODE suite, SIAM J. Sci. Comput. 18 (1997) 1–22, "
    "doi:10.1137/S1064827594276424 (ode23s)",
)

# fmt: off
_LAST = (
    -7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946,
)

RODAS5P = RosenbrockTableau(
    name="rodas5p",
    title="Rodas5P of Steinebach, 5(4)",
    order=5,
    error_order=4,
    dense_order=4,
    gamma=0.21193756319429014,
    a=(
        (),
        (3.0,),
        (2.849394379747939, 0.45842242204463923),
        (-6.954028509809101, 2.489845061869568, -10.358996098473584),
        (2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641),
        _LAST,
        (*_LAST, 1.0),
        (*_LAST, 1.0, 1.0),
    ),
    c_matrix=(
        (),
        (-14.155112264123755,),
        (-17.97296035885952, -2.859693295451294),
        (147.12150275711716, -1.41221402718213, 71.68940251302358),
        (165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306),
        (24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471),
        (
            30.91273214028599, -3.1208243349937974, 77.79954646070892, 34.28646028294783, -19.097331116725623,
            -28.087943162872662,
        ),
        (
            37.80277123390563, -3.2571969029072276, 112.26918849496327, 66.9347231244047, -40.06618937091002,
            -54.66780262877968, -9.48861652309627,
        ),
    ),
    m=(*_LAST, 1.0, 1.0, 1.0),
    error=(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
    dense=(
        (
            25.948786856663858, -2.5579724845846235, 10.433815404888879, -2.3679251022685204, 0.524948541321073,
            1.1241088310450404, 0.4272876194431874, -0.17202221070155493,
        ),
        (
            -9.91568850695171, -0.9689944594115154, 3.0438037242978453, -24.495224566215796, 20.176138334709044,
            15.98066361424651, -6.789040303419874, -6.710236069923372,
        ),
        (
            11.419903575922262, 2.8879645146136994, 72.92137995996029, 80.12511834622643, -52.072871366152654,
            -59.78993625266729, -0.15582684282751913, 4.883087185713722,
        ),
    ),
    c=(0.0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1.0, 1.0, 1.0),
    d=(0.21193756319429014, -0.42387512638858027, -0.3384627126235924, 1.8046452872882734, 2.325825639765069,
       0.0, 0.0, 0.0),
    source="G. Steinebach, Construction of Rosenbrock–Wanner method Rodas5P and numerical benchmarks within the "
    "Julia Differential Equations package, BIT Numer. Math. 63 (2023) 27, doi:10.1007/s10543-023-00967-x; "
    "coefficients as in OrdinaryDiffEq.jl",
)

_LAST_4 = (-7.170454962423024, -4.741636671481785, -16.31002631330971, -1.062004044111401)

RODAS4P = RosenbrockTableau(
    name="rodas4p",
    title="Rodas4P of Steinebach, 4(3)",
    order=4,
    error_order=3,
    dense_order=3,
    gamma=0.25,
    a=(
        (),
        (3.0,),
        (1.831036793486759, 0.4955183967433795),
        (2.304376582692669, -0.05249275245743001, -1.176798761832782),
        _LAST_4,
        (*_LAST_4, 1.0),
    ),
    c_matrix=(
        (),
        (-12.0,),
        (-8.791795173947035, -2.207865586973518),
        (10.81793056857153, 6.780270611428266, 19.53485944642410),
        (34.19095006749676, 15.49671153725963, 54.74760875964130, 14.16005392148534),
        (34.62605830930532, 15.30084976114473, 56.99955578662667, 18.40807009793095, -5.714285714285717),
    ),
    m=(*_LAST_4, 1.0, 1.0),
    error=(0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
    dense=(
        (25.09876703708589, 11.62013104361867, 28.49148307714626, -5.664021568594133, 0.0, 0.0),
        (1.638054557396973, -0.7373619806678748, 8.477918219238990, 15.99253148779520, -1.882352941176471, 0.0),
    ),
    c=(0.0, 0.75, 0.21, 0.63, 1.0, 1.0),
    d=(0.25, -0.5, -0.023504, -0.0362, 0.0, 0.0),
    source="G. Steinebach, Order-reduction of ROW-methods for DAEs and method of lines applications, preprint 1741, "
    "TH Darmstadt (1995); coefficients as in OrdinaryDiffEq.jl",
)
# fmt: on

ROSENBROCK_METHODS = {"rodas5p": RODAS5P, "rodas4p": RODAS4P, "rosenbrock23": ROSENBROCK23}
