"""The methods of the textbooks, for fixed steps: Euler, midpoint, Heun, Ralston, and the fourth-order one.

Their dense output is the natural one: the weights b_i(theta) of the highest order the stages allow.
"""

from __future__ import annotations

from dydt.solvers.tableaus import Tableau

_DENSE_SOURCE = "dense output: E. Hairer, S. P. Nørsett, G. Wanner, Solving ODEs I (1993), Section II.6"

EULER = Tableau(
    name="euler",
    title="Euler",
    order=1,
    a=((),),
    b=(1.0,),
    c=(0.0,),
    error=(),
    error_order=0,
    extra_a=(),
    extra_c=(),
    dense=((1.0,),),
    dense_order=1,
    source="L. Euler, Institutionum calculi integralis, vol. I (1768), Section II, Chapter VII",
)


def _two_stages(name: str, title: str, node: float, source: str) -> Tableau:
    """The second-order method with two stages, the second at `node`: b_2 = 1 / (2 node)."""
    weight = 1 / (2 * node)
    return Tableau(
        name=name,
        title=title,
        order=2,
        a=((), (node,)),
        b=(1.0 - weight, weight),
        c=(0.0, node),
        error=(),
        error_order=0,
        extra_a=(),
        extra_c=(),
        dense=((1.0, -weight), (0.0, weight)),
        dense_order=2,
        source=f"{source}; {_DENSE_SOURCE}",
    )


MIDPOINT = _two_stages(
    "midpoint",
    "explicit midpoint",
    1 / 2,
    "C. Runge, Ueber die numerische Auflösung von Differentialgleichungen, Math. Ann. 46 (1895) 167–178, "
    "eq. (2), doi:10.1007/BF01446807",
)

HEUN = _two_stages(
    "heun",
    "Heun (explicit trapezoid)",
    1.0,
    "K. Heun, Neue Methoden zur approximativen Integration der Differentialgleichungen einer unabhängigen "
    "Veränderlichen, Z. Math. Phys. 45 (1900) 23–38",
)

RALSTON = _two_stages(
    "ralston",
    "Ralston",
    2 / 3,
    "A. Ralston, Runge–Kutta methods with minimum error bounds, Math. Comp. 16 (1962) 431–437, "
    "doi:10.1090/S0025-5718-1962-0150954-0",
)

RK4 = Tableau(
    name="rk4",
    title="classical Runge–Kutta 4",
    order=4,
    a=((), (1 / 2,), (0.0, 1 / 2), (0.0, 0.0, 1.0)),
    b=(1 / 6, 1 / 3, 1 / 3, 1 / 6),
    c=(0.0, 1 / 2, 1 / 2, 1.0),
    error=(),
    error_order=0,
    extra_a=(),
    extra_c=(),
    dense=((1.0, -3 / 2, 2 / 3), (0.0, 1.0, -2 / 3), (0.0, 1.0, -2 / 3), (0.0, -1 / 2, 2 / 3)),
    dense_order=3,
    source="W. Kutta, Beitrag zur näherungsweisen Integration totaler Differentialgleichungen, "
    f"Z. Math. Phys. 46 (1901) 435–453; {_DENSE_SOURCE}",
)
