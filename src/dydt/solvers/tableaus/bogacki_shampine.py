"""The 3(2) pair of Bogacki and Shampine: four stages, the last one reused; dense output by a cubic."""

from __future__ import annotations

from dydt.solvers.tableaus import Tableau

_B = (2 / 9, 1 / 3, 4 / 9, 0.0)


def _cubic_hermite(b: tuple[float, ...]) -> tuple[tuple[float, ...], ...]:
    """Weights of the cubic through both ends of the step with the slopes k_1 and k_last.

    Beyond y0 it is ``(3 theta^2 - 2 theta^3) (y1 - y0) + h (theta - 2 theta^2 + theta^3) k_1 +
    h (theta^3 - theta^2) k_last``, and ``y1 - y0 = h sum b_i k_i``.
    """
    rows = [[0.0, 3 * weight, -2 * weight] for weight in b]
    slope_at_start, slope_at_end = (1.0, -2.0, 1.0), (0.0, -1.0, 1.0)
    rows[0] = [x + y for x, y in zip(rows[0], slope_at_start, strict=True)]
    rows[-1] = [x + y for x, y in zip(rows[-1], slope_at_end, strict=True)]
    return tuple(tuple(row) for row in rows)


BS3 = Tableau(
    name="bs3",
    title="Bogacki–Shampine 3(2)",
    order=3,
    a=((), (1 / 2,), (0.0, 3 / 4), _B[:3]),
    b=_B,
    c=(0.0, 1 / 2, 3 / 4, 1.0),
    error=((2 / 9 - 7 / 24, 1 / 3 - 1 / 4, 4 / 9 - 1 / 3, -1 / 8),),
    error_order=2,
    extra_a=(),
    extra_c=(),
    dense=_cubic_hermite(_B),
    dense_order=3,
    source="P. Bogacki, L. F. Shampine, A 3(2) pair of Runge–Kutta formulas, Appl. Math. Lett. 2 (1989) "
    "321–325, doi:10.1016/0893-9659(89)90079-7",
)
